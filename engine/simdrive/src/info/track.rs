//! READ TRACK INFORMATION by block, track or session (recipes 2.2 and 13).

use crate::dispatch::{Outcome, Request, reply};
use crate::medium::rewritable::Rewritable;
use crate::medium::sequential::{Damage, Sequential, Track};
use crate::medium::{MediumKind, Recorded};
use crate::recorder::Recorder;
use crate::refusal::Refusal;

/// Track number FFh: the invisible track of a DVD+R, where the next write goes.
const INVISIBLE: u32 = 0xFF;

#[derive(Default)]
struct Information {
    track: u16,
    session: u16,
    damage: bool,
    /// Bits 7-4 of byte 6: reserved, blank, packet, fixed packet.
    state: u8,
    nwa: Option<u32>,
    start: u32,
    free: u32,
    packet: u32,
    size: u32,
    last_recorded: Option<u32>,
    read_compatibility: u32,
    data_mode_unknown: bool,
}

impl Information {
    fn emit(&self) -> [u8; 48] {
        let mut out = [0; 48];
        out[1] = 46;
        [out[32], out[2]] = self.track.to_be_bytes();
        [out[33], out[3]] = self.session.to_be_bytes();
        // A data track.
        out[5] = u8::from(self.damage) << 5 | 4;
        // Mode 1 blocks.
        out[6] = self.state | if self.data_mode_unknown { 0x0F } else { 1 };
        out[7] = u8::from(self.nwa.is_some()) | u8::from(self.last_recorded.is_some()) << 1;
        let words = [
            (8, self.start),
            (12, self.nwa.unwrap_or(0)),
            (16, self.free),
            (20, self.packet),
            (24, self.size),
            (28, self.last_recorded.unwrap_or(0)),
            (36, self.read_compatibility),
        ];
        for (at, value) in words {
            out[at..at + 4].copy_from_slice(&value.to_be_bytes());
        }
        out
    }
}

pub(crate) fn read_track_information(
    drive: &mut Recorder,
    request: &Request<'_>,
    data_in: &mut [u8],
) -> Outcome {
    let medium = drive.medium().ok_or(Refusal::INTERNAL)?;
    let open = request.cdb.bit(1, 2);
    let number = request.cdb.be32(2);
    let by = request.cdb.byte(1) & 3;
    let mut information = match &medium.recorded {
        Recorded::Sequential(disc) => sequential(disc, medium.kind, by, open, number)?,
        Recorded::Rewritable(disc) => rewritable(disc, by, open, number)?,
    };
    let quirks = &drive.model.quirks;
    information.data_mode_unknown =
        quirks.data_mode_unknown_before_first_write && !drive.calibrated;
    if quirks.no_read_compatibility {
        information.read_compatibility = 0;
    }
    let allocation = usize::from(request.cdb.be16(7));
    reply(data_in, allocation, &information.emit())
}

fn sequential(
    disc: &Sequential,
    kind: MediumKind,
    by: u8,
    open: bool,
    number: u32,
) -> Result<Information, Refusal> {
    let found = match by {
        0 => disc.track_at(number),
        1 if number == INVISIBLE && kind != MediumKind::BdR => last_if_open(disc),
        1 => u16::try_from(number).ok(),
        2 => first_of_session(disc, number),
        _ => None,
    };
    let mut found = found.ok_or(Refusal::ILLEGAL_FIELD)?;
    if open {
        found = next_open(disc, found).ok_or(Refusal::ILLEGAL_FIELD)?;
    }
    let track = disc.track(u32::from(found)).ok_or(Refusal::ILLEGAL_FIELD)?;
    Ok(describe(disc, kind, found, track))
}

/// The track that the next write goes to, or that the next session begins with.
fn last_if_open(disc: &Sequential) -> Option<u16> {
    let last = disc.tracks.last()?;
    (!last.closed).then_some(disc.tracks.len() as u16)
}

fn first_of_session(disc: &Sequential, session: u32) -> Option<u16> {
    let at = disc
        .tracks
        .iter()
        .position(|t| u32::from(t.session) == session)?;
    Some(at as u16 + 1)
}

/// The first track from this number on that can be written.
fn next_open(disc: &Sequential, number: u16) -> Option<u16> {
    let at = disc
        .tracks
        .iter()
        .enumerate()
        .position(|(at, t)| at + 1 >= usize::from(number) && !t.closed)?;
    Some(at as u16 + 1)
}

fn describe(disc: &Sequential, kind: MediumKind, number: u16, track: &Track) -> Information {
    let writable = !disc.complete && track.writable();
    let mut state = 0;
    if !track.closed {
        state |= u8::from(track.reserved) << 7 | u8::from(track.is_blank()) << 6;
    }
    if kind == MediumKind::BdR {
        // Incremental recording in packets of one cluster.
        state |= 0x30;
    }
    Information {
        track: number,
        session: track.session,
        damage: track.damage != Damage::None,
        state,
        nwa: writable.then_some(track.nwa),
        start: track.start,
        free: if writable { track.end - track.nwa } else { 0 },
        packet: disc.rules.unit,
        size: track.end - track.start,
        // Invalid on DVD+R and DVD+RW, where LRA_V is always 0 (Pioneer's R11 command
        // reference, 4.22).
        last_recorded: (!track.is_blank() && !disc.rules.plus).then(|| track.nwa - 1),
        read_compatibility: match kind {
            MediumKind::DvdPlusR => 262_144,
            MediumKind::DvdPlusRDl => 266_240,
            _ => 0,
        },
        data_mode_unknown: false,
    }
}

fn rewritable(disc: &Rewritable, by: u8, open: bool, number: u32) -> Result<Information, Refusal> {
    let exists = match by {
        0 => number < disc.capacity,
        1 | 2 => number == 1,
        _ => false,
    };
    // Without a next writable address there is no open track.
    if !exists || open {
        return Err(Refusal::ILLEGAL_FIELD);
    }
    if !disc.is_formatted() {
        return Ok(Information {
            track: 1,
            session: 1,
            // Blank, incremental.
            state: 0x60,
            free: match disc.kind {
                MediumKind::DvdPlusRw => disc.raw_capacity,
                _ => 0,
            },
            size: disc.raw_capacity,
            packet: disc.kind.unit(),
            ..Information::default()
        });
    }
    Ok(Information {
        track: 1,
        session: 1,
        size: disc.capacity,
        packet: disc.kind.unit(),
        last_recorded: (disc.kind != MediumKind::DvdPlusRw).then(|| disc.capacity - 1),
        ..Information::default()
    })
}

//! READ TRACK INFORMATION by block, track or session (recipes 2.2 and 13).

use super::cd;
use crate::cd_recording;
use crate::dispatch::{Outcome, Request, reply};
use crate::medium::rewritable::Rewritable;
use crate::medium::sequential::{Damage, Sequential, Track};
use crate::medium::{MediumKind, Recorded};
use crate::recorder::Recorder;
use crate::refusal::Refusal;

/// Track number FFh: the invisible track of a DVD+R, where the next write goes.
const INVISIBLE: u32 = 0xFF;

/// Bits of a DVD-RW in restricted overwrite: packets of one ECC block, which is what growisofs
/// wants to hear there.
const RESTRICTED: u8 = 0x30;

#[derive(Default)]
pub(super) struct Information {
    pub(super) track: u16,
    pub(super) session: u16,
    pub(super) damage: bool,
    /// Bits 7-4 of byte 6: reserved, blank, packet, fixed packet.
    pub(super) state: u8,
    pub(super) nwa: Option<u32>,
    pub(super) start: u32,
    pub(super) free: u32,
    pub(super) packet: u32,
    pub(super) size: u32,
    pub(super) last_recorded: Option<u32>,
    pub(super) read_compatibility: u32,
    pub(super) data_mode_unknown: bool,
    /// Data in increments: the track mode of DVD-R and DVD-RW (recipe 3).
    pub(super) increments: bool,
    /// Control bits and data mode of a track of a CD.
    pub(super) cd: Option<(u8, u8)>,
}

impl Information {
    fn emit(&self) -> [u8; 48] {
        let mut out = [0; 48];
        out[1] = 46;
        [out[32], out[2]] = self.track.to_be_bytes();
        [out[33], out[3]] = self.session.to_be_bytes();
        // A data track.
        out[5] = u8::from(self.damage) << 5 | 4 | u8::from(self.increments);
        // Mode 1 blocks.
        out[6] = self.state | if self.data_mode_unknown { 0x0F } else { 1 };
        if let Some((control, data_mode)) = self.cd {
            out[5] = u8::from(self.damage) << 5 | control;
            out[6] = self.state | data_mode;
        }
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
        Recorded::Cd(disc) => {
            let page = cd_recording::parameters(drive);
            let lenient = drive.model.quirks.tells_address_before_write_parameters;
            cd::track_information(disc, page, lenient, by, open, number)?
        }
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
    let takes_none = disc.complete || disc.minus.layer_jump;
    let writable = !takes_none && track.writable();
    let mut state = 0;
    if !track.closed {
        state |= u8::from(track.reserved) << 7 | u8::from(track.is_blank()) << 6;
    }
    if track.closed && disc.pow.is_some() && !disc.complete {
        // It can be written again, though never on: partly written, reserved (R9).
        state |= 0x80;
    }
    if disc.rules.minus && disc.minus.at_once.is_none() {
        // Incremental, in packets of no fixed size: growisofs burns no other.
        state |= 0x20;
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
        // Invalid on DVD+R and DVD+RW, where LRA_V is always 0 (recipe 2.2).
        last_recorded: (!track.is_blank() && !disc.rules.plus).then(|| track.nwa - 1),
        read_compatibility: match kind {
            MediumKind::DvdPlusR => 262_144,
            MediumKind::DvdPlusRDl => 266_240,
            _ => 0,
        },
        cd: None,
        data_mode_unknown: false,
        increments: disc.rules.minus,
    }
}

fn rewritable(disc: &Rewritable, by: u8, open: bool, number: u32) -> Result<Information, Refusal> {
    let exists = match by {
        0 if disc.growing.is_some() => number < disc.raw_capacity,
        0 => number < disc.capacity,
        1 | 2 => number == 1,
        _ => false,
    };
    // Without a next writable address there is no open track.
    if !exists || (open && disc.growing.is_none()) {
        return Err(Refusal::ILLEGAL_FIELD);
    }
    if !disc.is_formatted() {
        return Ok(Information {
            track: 1,
            session: 1,
            // Blank, incremental.
            state: 0x60,
            free: match disc.kind {
                kind if kind.is_plus_rw() => disc.raw_capacity,
                _ => 0,
            },
            size: disc.raw_capacity,
            packet: disc.kind.unit(),
            ..Information::default()
        });
    }
    if let Some(nwa) = disc.growing {
        // The intermediate session of a DVD-RW (recipe 13).
        return Ok(Information {
            track: 1,
            session: 1,
            state: RESTRICTED,
            nwa: (nwa < disc.raw_capacity).then_some(nwa),
            free: disc.raw_capacity - nwa,
            size: disc.raw_capacity,
            packet: disc.kind.unit(),
            last_recorded: nwa.checked_sub(1),
            increments: true,
            ..Information::default()
        });
    }
    Ok(Information {
        track: 1,
        session: 1,
        state: match disc.kind {
            MediumKind::DvdMinusRw => RESTRICTED,
            _ => 0,
        },
        increments: disc.kind == MediumKind::DvdMinusRw,
        size: disc.capacity,
        packet: disc.kind.unit(),
        last_recorded: (!disc.kind.is_plus_rw()).then(|| disc.capacity - 1),
        ..Information::default()
    })
}

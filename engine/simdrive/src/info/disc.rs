//! READ DISC INFORMATION, types 0 (standard) and 1 (track resources); recipes 2.1, 13.

use super::cd;
use crate::dispatch::{Outcome, Request, reply};
use crate::medium::rewritable::Rewritable;
use crate::medium::sequential::{Sequential, Session};
use crate::medium::{Medium, MediumKind, Recorded};
use crate::recorder::Recorder;
use crate::refusal::Refusal;

/// Unrestricted use: no host application owns the disc.
const UNRESTRICTED: u8 = 0x20;

pub(super) struct Status {
    /// Bits 1-0: 0 blank, 1 appendable, 2 complete, 3 other.
    pub(super) disc: u8,
    /// Bits 3-2: 0 empty, 1 incomplete, 3 complete.
    pub(super) session: u8,
    pub(super) erasable: bool,
    pub(super) sessions: u16,
    pub(super) first_track: u16,
    pub(super) last_track: u16,
    pub(super) background: u8,
    /// Start of the next session's lead-in, 0 before the first, and the last block that a lead-out can
    /// begin at; told by DVD+R.
    pub(super) lead_in: u32,
    pub(super) lead_out: u32,
}

pub(crate) fn read_disc_information(
    drive: &mut Recorder,
    request: &Request<'_>,
    data_in: &mut [u8],
) -> Outcome {
    let medium = drive.medium().ok_or(Refusal::INTERNAL)?;
    let allocation = usize::from(request.cdb.be16(7));
    let out = match (request.cdb.byte(1) & 7, &medium.recorded) {
        (0, Recorded::Sequential(disc)) => {
            let status = Status {
                erasable: !medium.is_write_once(),
                ..sequential(disc)
            };
            let mut out = standard(&status).to_vec();
            if disc.rules.minus && drive.calibrated {
                attach_calibration(&mut out, drive.write_speed());
            }
            out
        }
        (0, Recorded::Cd(disc)) => cd::disc_information(disc).to_vec(),
        (0, Recorded::Rewritable(disc)) => standard(&rewritable(disc)).to_vec(),
        (1, Recorded::Sequential(disc)) => track_resources(disc).to_vec(),
        (2, Recorded::Sequential(disc)) if disc.pow.is_some() => pow_resources(medium).to_vec(),
        _ => return Err(Refusal::ILLEGAL_FIELD),
    };
    reply(data_in, allocation, &out)
}

fn sequential(disc: &Sequential) -> Status {
    let (status, session) = match disc.session() {
        // What was there is gone, and it is not blank.
        _ if disc.minus.half_blanked => (1, 2),
        Session::Complete => (2, 3),
        Session::Incomplete => (1, 1),
        Session::Empty if disc.closed_sessions > 0 || disc.spares.is_some() => (1, 0),
        Session::Empty => (0, 0),
    };
    let (first_track, last_track) = disc.last_session_tracks();
    Status {
        disc: status,
        session,
        erasable: false,
        sessions: disc.session_count(),
        first_track,
        last_track,
        background: 0,
        lead_in: if disc.rules.plus {
            disc.closed_end()
        } else {
            0
        },
        lead_out: if disc.rules.plus {
            disc.raw_capacity
        } else {
            0
        },
    }
}

fn rewritable(disc: &Rewritable) -> Status {
    let (status, session) = match disc.kind {
        MediumKind::DvdRam => (3, 3),
        // Nothing is on record of a disc in random recording: as other media that are
        // written anywhere and need no closing.
        MediumKind::BdR => (3, 3),
        _ if disc.growing.is_some() => (1, 1),
        _ if disc.is_formatted() => (2, 3),
        _ => (0, 0),
    };
    Status {
        disc: status,
        session,
        erasable: disc.kind != MediumKind::BdR,
        sessions: 1,
        first_track: 1,
        last_track: 1,
        background: disc.background.code(),
        lead_in: 0,
        lead_out: 0,
    }
}

pub(super) fn standard(status: &Status) -> [u8; 34] {
    let mut out = [0; 34];
    out[1] = 32;
    out[2] = status.disc | status.session << 2 | u8::from(status.erasable) << 4;
    out[3] = 1;
    let split = [
        (4, 9, status.sessions),
        (5, 10, status.first_track),
        (6, 11, status.last_track),
    ];
    for (low, high, value) in split {
        [out[high], out[low]] = value.to_be_bytes();
    }
    out[7] = UNRESTRICTED | status.background;
    out[16..20].copy_from_slice(&status.lead_in.to_be_bytes());
    out[20..24].copy_from_slice(&status.lead_out.to_be_bytes());
    if status.disc == 2 {
        // Neither a next lead-in nor a last possible lead-out.
        out[16..24].fill(0xFF);
    }
    out
}

/// One table of power calibration, once there was one: the speed in kB/s, and six values that
/// only the drive understands (recipe 2.1).
fn attach_calibration(out: &mut Vec<u8>, speed: u32) {
    let speed = u16::try_from(speed).unwrap_or(u16::MAX);
    out.extend(speed.to_be_bytes());
    out.extend([0x20, 0x21, 0x22, 0x23, 0x24, 0x25]);
    out[33] = 1;
    out[1] = (out.len() - 2) as u8;
}

/// Replacements, entries of the map and updates of the map that are left (recipe 2).
fn pow_resources(medium: &Medium) -> [u8; 16] {
    let mut out = [0; 16];
    out[1] = 14;
    out[2] = 2 << 5;
    let Some(pow) = medium.sequential().and_then(|disc| disc.pow) else {
        return out;
    };
    let replacements = medium.spares().map_or(0, |(free, _)| free);
    let values = [replacements, pow.map_entries_left(), pow.updates_left()];
    for (at, value) in [4, 8, 12].into_iter().zip(values) {
        out[at..at + 4].copy_from_slice(&value.to_be_bytes());
    }
    out
}

fn track_resources(disc: &Sequential) -> [u8; 12] {
    let mut out = [0; 12];
    out[1] = 10;
    out[2] = 1 << 5;
    let open = disc.tracks.iter().filter(|t| t.writable()).count();
    let values = [2000, disc.tracks.len(), disc.rules.max_reserved, open];
    for (at, value) in [4, 6, 8, 10].into_iter().zip(values) {
        let bytes = (value as u16).to_be_bytes();
        [out[at], out[at + 1]] = bytes;
    }
    out
}

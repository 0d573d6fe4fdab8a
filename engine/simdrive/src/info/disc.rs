//! READ DISC INFORMATION, types 0 (standard) and 1 (track resources); recipes 2.1, 13.

use crate::dispatch::{Outcome, Request, reply};
use crate::medium::rewritable::Rewritable;
use crate::medium::sequential::{Sequential, Session};
use crate::medium::{MediumKind, Recorded};
use crate::recorder::Recorder;
use crate::refusal::Refusal;

/// Unrestricted use: no host application owns the disc.
const UNRESTRICTED: u8 = 0x20;

struct Status {
    /// Bits 1-0: 0 blank, 1 appendable, 2 complete, 3 other.
    disc: u8,
    /// Bits 3-2: 0 empty, 1 incomplete, 3 complete.
    session: u8,
    erasable: bool,
    sessions: u16,
    first_track: u16,
    last_track: u16,
    background: u8,
    /// Start of the next session's lead-in, 0 before the first, and the last block that a lead-out can
    /// begin at; told by DVD+R.
    lead_in: u32,
    lead_out: u32,
}

pub(crate) fn read_disc_information(
    drive: &mut Recorder,
    request: &Request<'_>,
    data_in: &mut [u8],
) -> Outcome {
    let medium = drive.medium().ok_or(Refusal::INTERNAL)?;
    let allocation = usize::from(request.cdb.be16(7));
    let out = match (request.cdb.byte(1) & 7, &medium.recorded) {
        (0, Recorded::Sequential(disc)) => standard(&sequential(disc)).to_vec(),
        (0, Recorded::Rewritable(disc)) => standard(&rewritable(disc)).to_vec(),
        (1, Recorded::Sequential(disc)) => track_resources(disc).to_vec(),
        // There are no pseudo-overwrite resources, as there is no pseudo-overwrite.
        _ => return Err(Refusal::ILLEGAL_FIELD),
    };
    reply(data_in, allocation, &out)
}

fn sequential(disc: &Sequential) -> Status {
    let (status, session) = match disc.session() {
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
        _ if disc.is_formatted() => (2, 3),
        _ => (0, 0),
    };
    Status {
        disc: status,
        session,
        erasable: true,
        sessions: 1,
        first_track: 1,
        last_track: 1,
        background: disc.background.code(),
        lead_in: 0,
        lead_out: 0,
    }
}

fn standard(status: &Status) -> [u8; 34] {
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

//! What a CD tells of itself as a disc and by its tracks (recipes 2.1, 2.2 and 13).
//!
//! Owns how the record of the disc becomes the fields that all media share; the bytes are laid
//! out where those are.

use super::disc::{Status, standard};
use super::track::Information;
use crate::medium::cd::{self, CdDisc, Last, Next, Parameters, Track};
use crate::refusal::Refusal;

/// Asks for the track that is being written, or would be written next.
const INVISIBLE: u32 = 0xFF;
/// Blocks from the lead-in of a session to its pregap; the first one has its own.
const LEAD_IN: u32 = 4500;
/// A disc type that is not set yet.
const UNDEFINED: u8 = 0xFF;

/// READ DISC INFORMATION. Addresses are minutes, seconds and frames; a complete disc has FFh
/// in their place.
pub(super) fn disc_information(disc: &CdDisc) -> [u8; 34] {
    let lost = disc.open_tracks().any(|t| t.lost && !t.ended);
    let damaged = lost || disc.is_half_blanked();
    let (status, session) = match disc.last() {
        Last::Complete => (2, 3),
        Last::Incomplete if damaged => (1, 2),
        Last::Incomplete => (1, 1),
        Last::Empty if disc.sessions.is_empty() => (0, 0),
        Last::Empty => (1, 0),
    };
    let (first_track, last_track) = disc.last_session_tracks();
    let mut out = standard(&Status {
        disc: status,
        session,
        erasable: disc.is_rewritable(),
        sessions: u16::from(disc.session_count()),
        first_track: u16::from(first_track),
        last_track: u16::from(last_track),
        background: 0,
        lead_in: 0,
        lead_out: 0,
    });
    out[3] = disc.first_number();
    out[8] = disc.sessions.first().map_or(UNDEFINED, |s| s.format);
    let (lead_in, lead_out) = match status {
        2 => ([0xFF; 3], [0xFF; 3]),
        _ => (last_lead_in(disc), cd::msf(disc.capacity() as i32)),
    };
    out[16..24].fill(0);
    out[17..20].copy_from_slice(&lead_in);
    out[21..24].copy_from_slice(&lead_out);
    out
}

/// Where the lead-in of the session that is not closed begins.
fn last_lead_in(disc: &CdDisc) -> [u8; 3] {
    match disc.sessions.last() {
        None => cd::LEAD_IN_START,
        Some(_) => {
            let start = disc.session_start().saturating_sub(cd::PREGAP + LEAD_IN);
            cd::msf(start as i32)
        }
    }
}

/// READ TRACK INFORMATION by block (0), track (1) or session (2). Page 05h must have been set
/// for a CD before the next writable address is asked for, as that depends on it; `lenient` is
/// for drives that tell it all the same.
pub(super) fn track_information(
    disc: &CdDisc,
    page: Parameters,
    lenient: bool,
    by: u8,
    open: bool,
    number: u32,
) -> Result<Information, Refusal> {
    let next = (!disc.is_complete()).then(|| disc.next_number());
    let found = match by {
        0 => at_block(disc, number, next),
        1 if number == INVISIBLE => next,
        1 => u8::try_from(number)
            .ok()
            .filter(|n| disc.track(*n).is_some() || Some(*n) == next),
        2 => of_session(disc, number, next),
        _ => None,
    };
    let mut found = found.ok_or(Refusal::ILLEGAL_FIELD)?;
    if open {
        found = next.filter(|n| *n >= found).ok_or(Refusal::ILLEGAL_FIELD)?;
    }
    match disc.track(found) {
        Some(track) if track.ended => Ok(of_track(found, track)),
        written => {
            if !matches!(page.write_type, 1..=3) && !lenient {
                return Err(Refusal::ILLEGAL_FIELD);
            }
            Ok(of_open_track(disc, page, found, written))
        }
    }
}

fn at_block(disc: &CdDisc, lba: u32, next: Option<u8>) -> Option<u8> {
    let mut tracks = disc.numbered();
    let holds = |t: &Track| (t.first..t.close_end()).contains(&lba);
    let found = tracks.find(|(_, t)| t.ended && holds(t)).map(|(n, _)| n);
    let open_start = match disc.tracks.last().filter(|t| !t.ended) {
        Some(track) => Some(track.start),
        None => disc.next_start(),
    };
    found
        .or(next
            .filter(|_| open_start.is_some_and(|start| (start..disc.capacity()).contains(&lba))))
}

fn of_session(disc: &CdDisc, session: u32, next: Option<u8>) -> Option<u8> {
    let session = u8::try_from(session).ok().filter(|n| *n > 0)?;
    let first = disc.tracks_of(session).next().map(|(number, _)| number);
    first.or(next.filter(|_| session == disc.session_count()))
}

fn of_track(number: u8, track: &Track) -> Information {
    Information {
        track: u16::from(number),
        session: u16::from(track.session),
        damage: track.lost,
        start: track.start,
        // Run-out blocks count (recipe 5: a track is longer than what reads of it).
        size: track.close_end() - track.start,
        cd: Some((track.control, track.form.data_mode())),
        ..Information::default()
    }
}

/// The track that is being written, or the one that none can see yet.
fn of_open_track(
    disc: &CdDisc,
    page: Parameters,
    number: u8,
    track: Option<&Track>,
) -> Information {
    let lost = track.is_some_and(|t| t.lost) || disc.is_half_blanked();
    let writable = disc.writable(page.write_type).filter(|_| !lost);
    let free = writable.map_or(0, |(_, free)| free);
    let start = match track {
        Some(track) => track.start,
        None => disc.next_start().unwrap_or(0),
    };
    let form = track.map(|t| t.form).or(page.form());
    Information {
        track: u16::from(number),
        session: u16::from(disc.session_count()),
        damage: lost,
        state: if track.is_some() || disc.in_flight() {
            0
        } else {
            0x40
        },
        nwa: writable.map(|(nwa, _)| nwa as u32),
        start,
        free,
        size: {
            // Of a track that is lost, what is on the disc.
            let on_disc = track.map_or(start, |t| t.end);
            let end = writable.map_or(on_disc, |(nwa, _)| nwa.max(start as i32) as u32);
            (end - start).saturating_add(free)
        },
        cd: Some((
            track.map_or(page.control, |t| t.control),
            form.map_or(0x0F, |form| form.data_mode()),
        )),
        ..Information::default()
    }
}

/// Whether a pointer to a next session stands in the lead-in.
pub(super) fn pointer(next: Next) -> Option<[u8; 3]> {
    match next {
        Next::None => None,
        Next::Final => Some([0xFF; 3]),
        Next::At(lba) => Some(cd::msf(lba as i32)),
    }
}

//! READ TOC/PMA/ATIP on media that have no such thing: what drives make up from the
//! closed sessions, in formats 0 to 2 (recipe 2.3). The others are refused.

use super::cd_toc;
use crate::dispatch::{Outcome, Request, reply};
use crate::info::capacity::last_lba;
use crate::medium::{Medium, Recorded};
use crate::recorder::Recorder;
use crate::refusal::Refusal;

/// ADR 1 and the control bits of a data track.
const ADR_CONTROL: u8 = 0x14;
const LEAD_OUT: u8 = 0xAA;

struct Entry {
    session: u16,
    number: u16,
    start: u32,
    end: u32,
}

/// Tracks of closed sessions.
fn entries(medium: &Medium) -> Vec<Entry> {
    match &medium.recorded {
        Recorded::Sequential(disc) => disc
            .tracks
            .iter()
            .enumerate()
            .filter(|(_, t)| t.session <= disc.closed_sessions)
            .map(|(at, t)| Entry {
                session: t.session,
                number: at as u16 + 1,
                start: t.start,
                end: t.end,
            })
            .collect(),
        Recorded::Rewritable(disc) if disc.is_formatted() && disc.growing.is_none() => {
            vec![Entry {
                session: 1,
                number: 1,
                start: 0,
                end: disc.capacity,
            }]
        }
        // A CD has a table of its own.
        Recorded::Rewritable(_) | Recorded::Cd(_) => Vec::new(),
    }
}

/// Minutes, seconds and frames; the last address there is when it does not fit.
fn msf(lba: u32) -> [u8; 3] {
    let frames = u64::from(lba) + 150;
    let minutes = frames / (60 * 75);
    match u8::try_from(minutes) {
        Ok(minutes) => [minutes, (frames / 75 % 60) as u8, (frames % 75) as u8],
        Err(_) => [255, 59, 74],
    }
}

pub(crate) fn address(lba: u32, in_msf: bool) -> [u8; 4] {
    if in_msf {
        let [m, s, f] = msf(lba);
        [0, m, s, f]
    } else {
        lba.to_be_bytes()
    }
}

/// Numbers beyond what a byte holds are told as the last one that it holds.
fn byte(number: u16) -> u8 {
    number.min(99) as u8
}

/// The format asked for, in byte 2 or where ATAPI had it before MMC: in bits 7-6 of the last
/// byte. Linux finds the last session of every disc that it mounts in that older way.
fn format(request: &Request<'_>) -> u8 {
    match request.cdb.byte(2) & 0x0F {
        0 => request.cdb.byte(9) >> 6,
        format => format,
    }
}

pub(crate) fn read_toc(drive: &mut Recorder, request: &Request<'_>, data_in: &mut [u8]) -> Outcome {
    let medium = drive.medium().ok_or(Refusal::INTERNAL)?;
    if let Some(disc) = medium.cd() {
        let question = cd_toc::Question {
            format: format(request),
            in_msf: request.cdb.bit(1, 1),
            from: request.cdb.byte(6),
        };
        let rest = cd_toc::answer(drive, disc, &question)?;
        let mut out = (rest.len() as u16).to_be_bytes().to_vec();
        out.extend(rest);
        return reply(data_in, usize::from(request.cdb.be16(7)), &out);
    }
    let entries = entries(medium);
    let (Some(first), Some(last)) = (entries.first(), entries.last()) else {
        return Err(Refusal::ILLEGAL_FIELD);
    };
    let in_msf = request.cdb.bit(1, 1);
    let from = request.cdb.byte(6);
    let mut out = vec![0, 0];
    match format(request) {
        0 => {
            if from != LEAD_OUT && u16::from(from) > last.number {
                return Err(Refusal::ILLEGAL_FIELD);
            }
            out.extend([byte(first.number), byte(last.number)]);
            let mut line = |number: u8, lba: u32| {
                out.extend([0, ADR_CONTROL, number, 0]);
                out.extend(address(lba, in_msf));
            };
            let listed = |e: &&Entry| from != LEAD_OUT && e.number >= u16::from(from);
            for entry in entries.iter().filter(listed).take(99) {
                line(byte(entry.number), entry.start);
            }
            line(LEAD_OUT, last_lba(medium).saturating_add(1));
        }
        1 => {
            let opening = entries.iter().find(|e| e.session == last.session);
            let opening = opening.unwrap_or(last);
            out.extend([1, byte(last.session)]);
            out.extend([0, ADR_CONTROL, byte(opening.number), 0]);
            out.extend(address(opening.start, in_msf));
        }
        2 => {
            if u16::from(from) > last.session {
                return Err(Refusal::ILLEGAL_FIELD);
            }
            out.extend([1, byte(last.session)]);
            for session in from.max(1).into()..=last.session.min(99) {
                full_session(&entries, session, &mut out);
            }
        }
        _ => return Err(Refusal::ILLEGAL_FIELD),
    }
    let [high, low] = ((out.len() - 2) as u16).to_be_bytes();
    [out[0], out[1]] = [high, low];
    reply(data_in, usize::from(request.cdb.be16(7)), &out)
}

/// Points A0h, A1h and A2h of a session, then its tracks: 11 bytes each.
fn full_session(entries: &[Entry], session: u16, out: &mut Vec<u8>) {
    let tracks: Vec<&Entry> = entries.iter().filter(|e| e.session == session).collect();
    let (Some(first), Some(last)) = (tracks.first(), tracks.last()) else {
        return;
    };
    let mut line = |point: u8, [m, s, f]: [u8; 3]| {
        out.extend([byte(session), ADR_CONTROL, 0, point, 0, 0, 0, 0, m, s, f]);
    };
    line(0xA0, [byte(first.number), 0, 0]);
    line(0xA1, [byte(last.number), 0, 0]);
    line(0xA2, msf(last.end));
    for track in tracks {
        line(byte(track.number), msf(track.start));
    }
}

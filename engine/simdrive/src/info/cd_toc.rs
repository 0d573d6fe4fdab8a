//! READ TOC/PMA/ATIP on CD: what stands in the lead-ins of the closed sessions, in the program
//! memory area and in the groove (recipe 2.3).

use super::cd::pointer;
use super::toc::address;
use crate::medium::cd::{self, CdDisc, Track};
use crate::quirks::Quirks;
use crate::recorder::Recorder;
use crate::refusal::Refusal;

const LEAD_OUT: u8 = 0xAA;

/// What READ TOC was asked for.
pub(super) struct Question {
    pub(super) format: u8,
    pub(super) in_msf: bool,
    /// First track or session that is wanted.
    pub(super) from: u8,
}

/// The reply without its length field.
pub(super) fn answer(
    drive: &Recorder,
    disc: &CdDisc,
    question: &Question,
) -> Result<Vec<u8>, Refusal> {
    match question.format {
        3 => return Ok(program_memory_area(disc)),
        4 => return Ok(atip(drive, disc)),
        _ => {}
    }
    disc.check_table_of_contents()?;
    match question.format {
        0 => table(disc, question),
        1 => session_information(disc, question),
        2 => full_table(disc, question.from),
        5 if !disc.texts.is_empty() => Ok(texts(disc)),
        // There is no CD-TEXT, or no such format.
        _ => Err(Refusal::ILLEGAL_FIELD),
    }
}

/// ADR 1 in the high half.
fn adr_control(track: &Track) -> u8 {
    0x10 | track.control
}

fn table(disc: &CdDisc, question: &Question) -> Result<Vec<u8>, Refusal> {
    let tracks: Vec<(u8, &Track)> = disc.closed_tracks().collect();
    let (Some((first, _)), Some((last, end))) = (tracks.first(), tracks.last()) else {
        return Err(Refusal::ILLEGAL_FIELD);
    };
    if question.from != LEAD_OUT && question.from > *last {
        return Err(Refusal::ILLEGAL_FIELD);
    }
    let mut out = vec![*first, *last];
    let mut line = |adr_control: u8, number: u8, lba: u32| {
        out.extend([0, adr_control, number, 0]);
        out.extend(address(lba, question.in_msf));
    };
    for (number, track) in tracks.iter().filter(|(n, _)| *n >= question.from) {
        line(adr_control(track), *number, track.start);
    }
    line(adr_control(end), LEAD_OUT, disc.closed_end());
    Ok(out)
}

fn session_information(disc: &CdDisc, question: &Question) -> Result<Vec<u8>, Refusal> {
    let last = disc.sessions.len() as u8;
    let (number, track) = disc.tracks_of(last).next().ok_or(Refusal::INTERNAL)?;
    let mut out = vec![1, last, 0, adr_control(track), number, 0];
    out.extend(address(track.start, question.in_msf));
    Ok(out)
}

fn full_table(disc: &CdDisc, from: u8) -> Result<Vec<u8>, Refusal> {
    let sessions = disc.sessions.len() as u8;
    if from > sessions {
        return Err(Refusal::ILLEGAL_FIELD);
    }
    let mut out = vec![1, sessions];
    for (at, session) in disc.sessions.iter().enumerate() {
        let number = at as u8 + 1;
        let tracks: Vec<(u8, &Track)> = disc.tracks_of(number).collect();
        let (Some((first, opens)), Some((last, ends))) = (tracks.first(), tracks.last()) else {
            return Err(Refusal::INTERNAL);
        };
        if number < from {
            continue;
        }
        let mut line = |adr_control: u8, point: u8, time: [u8; 3], zero: u8, p: [u8; 3]| {
            out.extend([number, adr_control, 0, point]);
            out.extend(time);
            out.push(zero);
            out.extend(p);
        };
        line(
            adr_control(opens),
            0xA0,
            [0; 3],
            0,
            [*first, session.format, 0],
        );
        line(adr_control(ends), 0xA1, [0; 3], 0, [*last, 0, 0]);
        line(
            adr_control(ends),
            0xA2,
            [0; 3],
            0,
            cd::msf(session.lead_out as i32),
        );
        for (number, track) in &tracks {
            line(
                adr_control(track),
                *number,
                [0; 3],
                0,
                cd::msf(track.start as i32),
            );
        }
        if let Some(next) = pointer(session.next) {
            // ADR 5; two pointers in the first session, one in the others.
            let five = 0x50 | opens.control;
            let pointers = if at == 0 { 2 } else { 1 };
            let last_lead_out = cd::msf(disc.capacity() as i32);
            line(five, 0xB0, next, pointers, last_lead_out);
            if at == 0 {
                line(five, 0xC0, [0; 3], 0, cd::LEAD_IN_START);
            }
        }
    }
    Ok(out)
}

/// Two reserved bytes, and the packs of CD-TEXT.
fn texts(disc: &CdDisc) -> Vec<u8> {
    let mut out = vec![0, 0];
    disc.texts.packs().for_each(|pack| out.extend(pack));
    out
}

/// A line for each track that has ended: its end, then its start. Nothing but the header before
/// the first one.
fn program_memory_area(disc: &CdDisc) -> Vec<u8> {
    let mut out = vec![0, 0];
    for (number, track) in disc.numbered().filter(|(_, t)| t.ended) {
        out.extend([0, adr_control(track), 0, number]);
        out.extend(cd::msf(track.close_end() as i32));
        out.push(0);
        out.extend(cd::msf(track.start as i32));
    }
    out
}

/// What was pressed into the groove: where the first lead-in begins, and the last lead-out may.
fn atip(drive: &Recorder, disc: &CdDisc) -> Vec<u8> {
    let quirks = &drive.model.quirks;
    let mut out = vec![0; 26];
    if quirks.atip_is_zero {
        return out;
    }
    // Counted from behind the length field.
    if disc.is_rewritable() {
        let speed = drive.fastest_write();
        // Indicative power; the subtype goes by the speeds: 0 to 4x, 1 to 10x, 2 beyond.
        out[2] = 0xA2;
        let subtype = match speed {
            0..=706 => 0,
            707..=1764 => 1,
            _ => 2,
        };
        out[4] = 0xC0 | subtype << 3;
    } else {
        out[2] = 0xC0;
        out[4] = 0x80;
    }
    out[6..9].copy_from_slice(&coded(quirks, cd::LEAD_IN_START));
    out[10..13].copy_from_slice(&coded(quirks, cd::msf(disc.capacity() as i32)));
    out
}

/// Binary, but by old firmware.
fn coded(quirks: &Quirks, msf: [u8; 3]) -> [u8; 3] {
    match quirks.atip_in_bcd {
        true => msf.map(|n| ((n / 10) << 4) | (n % 10)),
        false => msf,
    }
}

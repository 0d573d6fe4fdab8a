//! Speeds: GET PERFORMANCE, SET STREAMING and SET CD SPEED (recipe 2.5).
//!
//! Settings survive a change of the medium; a speed that the drive does not have
//! becomes the nearest one below it.

use crate::cdb::be32;
use crate::dispatch::{Outcome, Request, check_medium, parameters, reply};
use crate::medium::Medium;
use crate::recorder::Recorder;
use crate::refusal::Refusal;

const WRITE_SPEEDS: u8 = 3;
const PERFORMANCE: u8 = 0;

pub(crate) fn get_performance(
    drive: &mut Recorder,
    request: &Request<'_>,
    data_in: &mut [u8],
) -> Outcome {
    check_medium(drive)?;
    let flags = request.cdb.byte(1);
    let start = request.cdb.be32(2);
    let most = usize::from(request.cdb.be16(8));
    let (header, descriptors) = match request.cdb.byte(10) {
        PERFORMANCE => (flags & 0x07, performance(drive, flags, start)?),
        WRITE_SPEEDS if flags == 0 => (0, write_speeds(drive)),
        _ => return Err(Refusal::ILLEGAL_FIELD),
    };
    let mut out = vec![0; 8];
    // Byte 4: write in bit 1, except in bit 0.
    out[4] = (header >> 1 & 2) | (header & 1);
    let len = (4 + 16 * descriptors.len()) as u32;
    out[..4].copy_from_slice(&len.to_be_bytes());
    for descriptor in descriptors.iter().take(most) {
        out.extend(descriptor);
    }
    reply(data_in, out.len(), &out)
}

/// Type 0: nominal performance. Tolerance 10b by the book; 00b is taken too.
fn performance(drive: &Recorder, flags: u8, start: u32) -> Result<Vec<[u8; 16]>, Refusal> {
    if !matches!(flags >> 3 & 3, 0 | 2) {
        return Err(Refusal::ILLEGAL_FIELD);
    }
    let write = flags & 4 != 0;
    match flags & 3 {
        0 => {}
        // Exceptions: there are none.
        1 | 2 => return Ok(Vec::new()),
        _ => return Err(Refusal::ILLEGAL_FIELD),
    }
    let Some(medium) = drive.medium() else {
        return Ok(Vec::new());
    };
    if write && medium.is_complete() {
        return Ok(Vec::new());
    }
    let end = medium.recordable().saturating_sub(1);
    if start > end {
        return Err(Refusal::LBA_OUT_OF_RANGE);
    }
    let descriptor = |first: u32, from: u32, last: u32, to: u32| {
        let mut out = [0; 16];
        for (at, value) in [(0, first), (4, from), (8, last), (12, to)] {
            out[at..at + 4].copy_from_slice(&value.to_be_bytes());
        }
        out
    };
    let nominal = drive.model.quirks.performance_is_nominal;
    if !write {
        let speed = match nominal {
            true => drive.fastest_read(),
            false => drive.read_speed(),
        };
        return Ok(vec![descriptor(start, speed, end, speed)]);
    }
    let speed = match nominal {
        true => drive.fastest_write(),
        false => drive.write_speed(),
    };
    let at = |lba| drive.zone(medium, speed, lba);
    // A disc of few fixed zones has a line for each; a constant rate one for all.
    let mut lines = Vec::new();
    let mut first = start;
    while lines.len() < 4 && first <= end {
        let zone = at(first);
        let last = zone.end.saturating_sub(1).min(end);
        lines.push(descriptor(first, zone.speed, last, zone.speed));
        first = last + 1;
    }
    if first <= end {
        let line = descriptor(start, at(start).speed, end, at(end).speed);
        return Ok(vec![line]);
    }
    Ok(lines)
}

/// Type 3: write speed descriptors, the fastest first.
fn write_speeds(drive: &Recorder) -> Vec<[u8; 16]> {
    let Some(medium) = drive
        .medium()
        .filter(|m| !m.is_complete() && drive.writes(m))
    else {
        return Vec::new();
    };
    let end = medium.recordable().saturating_sub(1);
    let read = drive.fastest_read();
    let no_end = drive.model.quirks.no_end_of_speeds_when_blank
        && medium.sequential().is_some_and(|disc| disc.is_unwritten())
        && !medium.kind.is_bd();
    let line = |speed: &u32| {
        let mut out = [0; 16];
        let constant_rate = turns_at_one_rate(drive, medium, *speed);
        // Rotation control in bits 4-3, exact in bit 1.
        out[0] = u8::from(constant_rate) << 3 | 0x02;
        let told = if no_end { 0 } else { end };
        out[4..8].copy_from_slice(&told.to_be_bytes());
        out[8..12].copy_from_slice(&read.to_be_bytes());
        out[12..16].copy_from_slice(&speed.to_be_bytes());
        out
    };
    drive
        .model
        .write_speeds
        .of(medium.kind)
        .iter()
        .map(line)
        .collect()
}

/// Whether the disc turns at one rate all the time when it is written at this speed.
fn turns_at_one_rate(drive: &Recorder, medium: &Medium, speed: u32) -> bool {
    let end = medium.recordable().saturating_sub(1);
    drive.zone(medium, speed, 0).end < end && !medium.kind.is_dual_layer_dvd()
}

/// Constant angular velocity is taken for speeds that are offered with it, and no others: a drive that
/// keeps one linear velocity has none.
fn offers_cav(drive: &Recorder, speed: u32) -> bool {
    drive.medium().is_some_and(|medium| {
        let mut offered = drive.model.write_speeds.of(medium.kind).iter();
        // 0 is the highest.
        let taken = offered.find(|offer| speed == 0 || **offer <= speed);
        taken.is_some_and(|speed| turns_at_one_rate(drive, medium, *speed))
    })
}

pub(crate) fn set_streaming(
    drive: &mut Recorder,
    request: &Request<'_>,
    _data_in: &mut [u8],
) -> Outcome {
    check_speed_taken(drive)?;
    // A CD has SET CD SPEED only (recipe 2.5).
    if drive.medium().is_some_and(|m| m.kind.is_cd()) {
        return Err(Refusal::ILLEGAL_FIELD);
    }
    if drive.model.quirks.refuses_set_streaming {
        return Err(Refusal::LBA_OUT_OF_RANGE);
    }
    if request.cdb.byte(8) != 0 {
        return Err(Refusal::ILLEGAL_FIELD);
    }
    let length = usize::from(request.cdb.be16(9));
    let list = parameters(request, length)?;
    if length != 28 {
        return Err(Refusal::LIST_LENGTH);
    }
    let flags = list.first().copied().unwrap_or(0);
    let reserved = list.iter().skip(1).take(3).any(|byte| *byte != 0);
    if flags & !0x1F != 0 || flags & 0x18 > 0x08 || reserved {
        return Err(Refusal::ILLEGAL_PARAMETER);
    }
    // Restore defaults.
    if flags & 0x04 != 0 {
        drive.read_speed = 0;
        drive.write_speed = 0;
        return Ok(length);
    }
    let (start, end) = (be32(list, 4), be32(list, 8));
    let read = rate(be32(list, 12), be32(list, 16))?;
    let write = rate(be32(list, 20), be32(list, 24))?;
    if end < start {
        return Err(Refusal::ILLEGAL_PARAMETER);
    }
    let exact = flags & 0x02 != 0;
    if exact && let Some(medium) = drive.medium() {
        let known = drive.model.write_speeds.of(medium.kind);
        if !known.contains(&write) {
            return Err(Refusal::ILLEGAL_PARAMETER);
        }
    }
    if flags & 0x18 != 0 && !offers_cav(drive, write) {
        return Err(Refusal::ILLEGAL_PARAMETER);
    }
    set_speeds(drive, read, write);
    Ok(length)
}

fn check_speed_taken(drive: &Recorder) -> Result<(), Refusal> {
    match drive.model.quirks.refuses_speeds {
        true => Err(Refusal::SEQUENCE),
        false => Ok(()),
    }
}

fn set_speeds(drive: &mut Recorder, read: u32, write: u32) {
    if !drive.model.quirks.ignores_speeds {
        drive.read_speed = read;
        drive.write_speed = write;
    }
}

/// kB/s of a size in kB over a time in ms.
fn rate(size: u32, time: u32) -> Result<u32, Refusal> {
    if time == 0 || size == 0 {
        return Err(Refusal::ILLEGAL_PARAMETER);
    }
    let rate = u64::from(size) * 1000 / u64::from(time);
    u32::try_from(rate.max(1)).map_err(|_| Refusal::ILLEGAL_PARAMETER)
}

pub(crate) fn set_cd_speed(
    drive: &mut Recorder,
    request: &Request<'_>,
    _data_in: &mut [u8],
) -> Outcome {
    if request.cdb.byte(1) > 1 {
        return Err(Refusal::ILLEGAL_FIELD);
    }
    check_speed_taken(drive)?;
    let speed = |value: u16| match value {
        0xFFFF => 0,
        other => u32::from(other),
    };
    let (read, write) = (speed(request.cdb.be16(2)), speed(request.cdb.be16(4)));
    let write = match drive.medium() {
        Some(medium) if drive.model.quirks.counts_cd_speeds_in_177 && medium.kind.is_cd() => {
            by_multiple(drive.model.write_speeds.of(medium.kind), write)?
        }
        _ => write,
    };
    if request.cdb.byte(1) == 1 && !offers_cav(drive, write) {
        return Err(Refusal::ILLEGAL_FIELD);
    }
    if !drive.model.quirks.ignores_set_cd_speed {
        set_speeds(drive, read, write);
    }
    Ok(0)
}

/// The speed on offer whose multiple of 1x this is, when 1x is taken for 177 kB/s; 0 stays the highest.
fn by_multiple(offered: &[u32], wanted: u32) -> Result<u32, Refusal> {
    if wanted == 0 {
        return Ok(0);
    }
    // 176.4 kB/s, and the half of it for rounding.
    let multiple = |speed: u32| (speed * 10 + 882) / 1764;
    let found = offered
        .iter()
        .find(|speed| multiple(**speed) == wanted / 177);
    found.copied().ok_or(Refusal::ILLEGAL_FIELD)
}

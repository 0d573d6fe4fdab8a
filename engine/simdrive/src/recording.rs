//! Writing: WRITE in its forms, the buffer, SYNCHRONIZE CACHE, RESERVE TRACK,
//! CLOSE TRACK/SESSION and power calibration (recipes 4 and 6 to 8, 13.2).
//!
//! Owns which write is let into the buffer, and in which order the refusals come:
//! the disc first (finished, protected, unformatted), then the address, then the
//! length, then the room. A refused write changes nothing.

use std::ops::Range;
use std::time::Duration;

use crate::cd_recording;
use crate::dispatch::{Outcome, Request, reply};
use crate::habits;
use crate::long_operation::Effect;
use crate::medium::cd::Wire;
use crate::medium::dvd_minus::WriteMode;
use crate::medium::sequential::Sequential;
use crate::medium::{Medium, MediumKind, Recorded, bd_r, dvd_minus, dvd_rw};
use crate::reading;
use crate::recorder::Recorder;
use crate::refusal::Refusal;
use crate::store::BLOCK_BYTES;
use crate::timing::{self, Task};
use crate::write_parameters;

struct Write<'a> {
    lba: u32,
    blocks: u32,
    data: &'a [u8],
    /// The host wants speed: no reading back.
    streaming: bool,
    /// The host wants reading back, whatever the medium.
    verify: bool,
    /// Not to be answered before it is on the disc.
    through: bool,
}

pub(crate) fn write_10(
    drive: &mut Recorder,
    request: &Request<'_>,
    _data_in: &mut [u8],
) -> Outcome {
    let write = Write {
        lba: request.cdb.be32(2),
        blocks: u32::from(request.cdb.be16(7)),
        data: request.data_out,
        streaming: false,
        verify: false,
        through: request.cdb.bit(1, 3),
    };
    accept(drive, &write)
}

pub(crate) fn write_12(
    drive: &mut Recorder,
    request: &Request<'_>,
    _data_in: &mut [u8],
) -> Outcome {
    let streaming = request.cdb.bit(10, 7);
    let write = Write {
        lba: request.cdb.be32(2),
        blocks: request.cdb.be32(6),
        data: request.data_out,
        streaming,
        verify: false,
        through: request.cdb.bit(1, 3),
    };
    if !streaming {
        return accept(drive, &write);
    }
    if is_short_streaming(drive, &write) && drive.model.quirks.junk_from_short_streaming {
        let junk: Vec<u8> = write.data.iter().map(|byte| !byte).collect();
        return accept(
            drive,
            &Write {
                data: &junk,
                ..write
            },
        );
    }
    check_streaming(drive, &write)?;
    accept(drive, &write)
}

/// Less than whole clusters of BD.
fn is_short_streaming(drive: &Recorder, write: &Write<'_>) -> bool {
    drive.medium().is_some_and(|m| {
        let unit = m.kind.unit();
        let whole = write.lba.is_multiple_of(unit) && write.blocks.is_multiple_of(unit);
        m.kind.is_bd() && !whole
    })
}

/// Streaming is for DVD-RAM and BD, and in whole ECC blocks (recipes 6 and 7).
fn check_streaming(drive: &Recorder, write: &Write<'_>) -> Result<(), Refusal> {
    let kind = drive.medium().map(|m| m.kind);
    let Some(kind @ (MediumKind::BdR | MediumKind::BdRe | MediumKind::DvdRam)) = kind else {
        return Err(Refusal::ILLEGAL_FIELD);
    };
    // Forced unit access contradicts it.
    if write.through
        || !write.lba.is_multiple_of(kind.unit())
        || !write.blocks.is_multiple_of(kind.unit())
    {
        return Err(Refusal::ILLEGAL_FIELD);
    }
    Ok(())
}

pub(crate) fn write_and_verify(
    drive: &mut Recorder,
    request: &Request<'_>,
    _data_in: &mut [u8],
) -> Outcome {
    // A drop-in for WRITE on overwritable media only.
    if drive.medium().is_none_or(|m| m.rewritable().is_none()) {
        return Err(Refusal::UNKNOWN_COMMAND);
    }
    let write = Write {
        lba: request.cdb.be32(2),
        blocks: u32::from(request.cdb.be16(7)),
        data: request.data_out,
        streaming: false,
        verify: true,
        through: false,
    };
    accept(drive, &write)
}

fn accept(drive: &mut Recorder, write: &Write<'_>) -> Outcome {
    // The length on the wire must be that of the CDB, or the link would hang.
    let medium = drive.medium().ok_or(Refusal::INTERNAL)?;
    let wire = cd_recording::wire(drive, medium, write.lba);
    let block_bytes = wire.map_or(BLOCK_BYTES, Wire::bytes);
    if write.data.len() as u64 != u64::from(write.blocks) * block_bytes as u64 {
        return Err(Refusal::DATA_PHASE);
    }
    if let Some(wire) = wire.filter(|_| cd_recording::takes_sectors(drive, medium)) {
        return accept_sectors(drive, write, wire);
    }
    match replaces(drive, medium, write)? {
        Some(clusters) if clusters.len() as u64 > u64::from(write.blocks) => {
            let data = read_and_modify(drive, write, &clusters)?;
            // All is looked at again: what was on its way to the disc may have failed meanwhile.
            let whole = Write {
                lba: clusters.start,
                blocks: clusters.end - clusters.start,
                data: &data,
                ..*write
            };
            accept_units(drive, &whole)?;
            Ok(write.data.len())
        }
        _ => accept_units(drive, write),
    }
}

/// Takes what a CD keeps as whole sectors, which are made when everything else was found right.
fn accept_sectors(drive: &mut Recorder, write: &Write<'_>, wire: Wire) -> Outcome {
    let medium = drive.medium().ok_or(Refusal::INTERNAL)?;
    check_write(drive, medium, write)?;
    if !medium.keeps_sectors() {
        return Err(Refusal::ILLEGAL_MODE.at(write.lba));
    }
    let sectors = wire.sectors(write.lba as i32, write.data);
    let sectors = sectors.map_err(|_| Refusal::ILLEGAL_MODE.at(write.lba))?;
    let whole = Write {
        data: &sectors,
        ..*write
    };
    accept_units(drive, &whole)?;
    Ok(write.data.len())
}

/// What the clusters hold, with the blocks of the write in it. Clusters that it covers are not read.
fn read_and_modify(
    drive: &mut Recorder,
    write: &Write<'_>,
    clusters: &Range<u32>,
) -> Result<Vec<u8>, Refusal> {
    let unit = bd_r::CLUSTER;
    let bytes = |blocks: u32| blocks as usize * BLOCK_BYTES;
    let mut data = vec![0; bytes(clusters.end - clusters.start)];
    let written = write.lba..write.lba + write.blocks;
    // The time that it reads is the drive's own: what was written before need not go on.
    drive.end_stream();
    for first in clusters.clone().step_by(unit as usize) {
        if first < written.start || first + unit > written.end {
            let at = bytes(first - clusters.start);
            let old = data.get_mut(at..at + bytes(unit));
            reading::read_blocks(drive, first, unit, old.ok_or(Refusal::INTERNAL)?)?;
        }
    }
    let at = bytes(written.start - clusters.start);
    let new = data.get_mut(at..at + write.data.len());
    new.ok_or(Refusal::INTERNAL)?.copy_from_slice(write.data);
    Ok(data)
}

/// Takes what need not be completed with what the disc holds.
fn accept_units(drive: &mut Recorder, write: &Write<'_>) -> Outcome {
    let medium = drive.medium().ok_or(Refusal::INTERNAL)?;
    let (replaced, track) = match replaces(drive, medium, write)? {
        Some(clusters) => ((clusters.end - clusters.start) / bd_r::CLUSTER, None),
        None => (0, check_write(drive, medium, write)?),
    };
    if write.blocks == 0 {
        return Ok(0);
    }
    if write.blocks > drive.buffer.capacity() {
        return Err(Refusal::ILLEGAL_FIELD);
    }
    drive.keep_rehearsal();
    let bytes = write.data.len() / write.blocks as usize;
    if drive.buffer.block_bytes() != bytes {
        drive.drain_all();
        drive.buffer.take_blocks_of(bytes);
    }
    let medium = drive.medium().ok_or(Refusal::INTERNAL)?;
    let mut verified = write.verify || (medium.verifies_writes() && !write.streaming);
    // On write-once media the drive collects whole units; the others are read and modified.
    let unit = medium.sequential().map_or(1, |disc| disc.rules.unit);
    if drive.buffer.free() < write.blocks {
        drive.wanted = write.blocks;
        drive.was_full = true;
        return Err(Refusal::BUFFER_FULL);
    }
    drive.wanted = 0;
    prepare(drive)?;
    drive.free_before_write = drive.buffer.free();
    drive.buffer.hold_parts_of(unit);
    if let Some(tail) = drive.buffer.back().filter(|_| drive.buffer.held() > 0) {
        if tail.lba + tail.blocks == write.lba {
            // One unit is written in one way.
            verified = tail.verified;
        } else {
            drive.complete_unit();
        }
    }
    drive.buffer.push(write.lba, write.data, verified);
    drive.continue_stream(write.lba, write.lba.wrapping_add(write.blocks));
    let page = cd_recording::parameters(drive);
    if replaced > 0
        && let Some(medium) = drive.medium_mut()
        && let Recorded::Sequential(disc) = &mut medium.recorded
        && let Some(pow) = &mut disc.pow
    {
        pow.accept(replaced);
    }
    match (drive.record_of_writing_mut(), track) {
        (Some(Recorded::Sequential(disc)), Some(track)) => disc.accept(track, write.blocks),
        (Some(Recorded::Rewritable(disc)), _) => disc.accept(write.lba, write.blocks),
        (Some(Recorded::Cd(disc)), _) => disc.accept(write.lba, write.blocks, page),
        _ => {}
    }
    if write.through {
        drive.drain_all();
        if let Some(refusal) = drive.deferred.take() {
            return Err(Refusal {
                deferred: false,
                ..refusal
            });
        }
    }
    Ok(write.data.len())
}

/// The clusters that the write replaces, where the disc is for pseudo-overwriting and was written
/// there.
fn replaces(
    drive: &Recorder,
    medium: &Medium,
    write: &Write<'_>,
) -> Result<Option<Range<u32>>, Refusal> {
    let Some(disc) = medium.sequential() else {
        return Ok(None);
    };
    let Some(clusters) = disc.check_overwrite(write.lba, write.blocks)? else {
        return Ok(None);
    };
    let blocks = clusters.end - clusters.start;
    if blocks > write.blocks && drive.model.refuses_part_units {
        return Err(Refusal::ILLEGAL_FIELD);
    }
    match medium.spares() {
        Some((free, _)) if blocks / bd_r::CLUSTER <= free => Ok(Some(clusters)),
        _ => Err(Refusal::NO_SPARE.at(write.lba)),
    }
}

/// Whether the blocks may be written now, and to which track.
fn check_write(
    drive: &Recorder,
    medium: &Medium,
    write: &Write<'_>,
) -> Result<Option<usize>, Refusal> {
    let quirks = &drive.model.quirks;
    if quirks.no_write_features {
        return Err(Refusal::CANNOT_WRITE_MEDIUM);
    }
    let whole = write.blocks.is_multiple_of(medium.kind.unit());
    match drive.record_of_writing(medium) {
        Recorded::Sequential(disc) => match check_track(drive, medium, disc, write) {
            Err(refusal)
                if quirks.wrong_address_is_out_of_range
                    && refusal.is(&Refusal::INVALID_WRITE_ADDRESS) =>
            {
                Err(Refusal::LBA_OUT_OF_RANGE.at(write.lba))
            }
            Ok(_) if !whole && !at_once(disc) && drive.model.refuses_part_units => {
                Err(Refusal::ILLEGAL_FIELD)
            }
            checked => checked.map(Some),
        },
        Recorded::Rewritable(disc) => {
            let overtakes = quirks.writes_past_suspended_format;
            disc.check_write(write.lba, write.blocks, overtakes)?;
            if medium.is_write_once() && drive.buffer.holds(write.lba) {
                return Err(Refusal::BLANK_CHECK.at(write.lba));
            }
            Ok(None)
        }
        Recorded::Cd(disc) => {
            let page = cd_recording::parameters(drive);
            disc.check_write(write.lba, write.blocks, page)?;
            Ok(None)
        }
    }
}

/// A recording at once is as long as was reserved, to the block (recipe 8).
fn at_once(disc: &Sequential) -> bool {
    disc.minus.at_once.is_some()
}

fn check_track(
    drive: &Recorder,
    medium: &Medium,
    disc: &Sequential,
    write: &Write<'_>,
) -> Result<usize, Refusal> {
    if !disc.rules.minus || disc.complete {
        return disc.check_write(write.lba, write.blocks);
    }
    let mode = write_parameters::mode(drive, medium)?;
    dvd_minus::check_write(disc, mode, write.lba, write.blocks)
}

/// What the drive does by itself before the first write: spin up and calibrate.
fn prepare(drive: &mut Recorder) -> Result<(), Refusal> {
    reading::wake(drive);
    if drive.calibrated {
        return Ok(());
    }
    if drive.model.quirks.not_ready_at_first_write {
        drive.start(Effect::Calibrated, Task::Calibrate);
        return Err(Refusal::BECOMING_READY);
    }
    drive.calibrated = true;
    let calibrates = drive.medium().is_some_and(needs_calibration);
    if calibrates && drive.model.calibrates_at_first_write {
        let kind = drive.medium().map_or(MediumKind::BdR, |m| m.kind);
        let time = timing::duration(Task::Calibrate, kind, 0);
        drive.advance(Duration::from_nanos(drive.scaled(time)));
    }
    Ok(())
}

/// The power of the laser is tried out on the disc before it is written.
fn needs_calibration(medium: &Medium) -> bool {
    medium.is_sequential() || medium.kind == MediumKind::DvdMinusRw
}

pub(crate) fn synchronize_cache(
    drive: &mut Recorder,
    request: &Request<'_>,
    _data_in: &mut [u8],
) -> Outcome {
    let immediate = request.cdb.bit(1, 1);
    drive.end_stream();
    if !drive.is_writing() {
        return Ok(0);
    }
    let medium = drive.medium().ok_or(Refusal::INTERNAL)?;
    // A DVD that is recorded at once ends all the same: no host sends a second one there (recipe 4).
    let ends_dvd = match drive.record_of_writing(medium) {
        Recorded::Sequential(disc) => dvd_minus::is_at_once_under_way(disc),
        _ => false,
    };
    if immediate && !ends_dvd && drive.model.quirks.synchronizes_immediately_only_in_name {
        drive.complete_unit();
        return Ok(0);
    }
    let medium = drive.medium().ok_or(Refusal::INTERNAL)?;
    match drive.record_of_writing(medium) {
        // The lead-out follows at once, out to where readers look for it.
        Recorded::Sequential(disc) if dvd_minus::is_at_once_under_way(disc) => {
            let padding = dvd_minus::padding_to_lead_out(disc);
            drive.start_after(Effect::Synchronized, Task::Finalize, padding);
        }
        Recorded::Cd(disc) if disc.ends_session_at_once() => {
            drive.start(Effect::Synchronized, Task::Finalize);
        }
        _ => drive.start(Effect::Synchronized, Task::Synchronize),
    }
    drive.wait_unless(immediate)
}

pub(crate) fn read_buffer_capacity(
    drive: &mut Recorder,
    request: &Request<'_>,
    data_in: &mut [u8],
) -> Outcome {
    let quirks = &drive.model.quirks;
    let begun = !drive.buffer.is_empty();
    if quirks.wedged_by_early_buffer_question && begun && !drive.was_full {
        drive.wedged = true;
        return Err(Refusal::UNIT_FAILED);
    }
    let in_blocks = request.cdb.bit(1, 0);
    let all = drive.buffer.capacity();
    let free = if quirks.absurd_free_space && begun && drive.write_speed() == drive.fastest_write()
    {
        all + drive.buffer.used()
    } else if quirks.late_buffer_reports {
        drive.free_before_write
    } else {
        drive.buffer.free()
    };
    let mut out = [0; 12];
    out[1] = 10;
    if in_blocks {
        out[3] = 1;
        out[8..12].copy_from_slice(&free.to_be_bytes());
    } else {
        let bytes = |blocks: u32| blocks.saturating_mul(BLOCK_BYTES as u32).to_be_bytes();
        out[4..8].copy_from_slice(&bytes(all));
        out[8..12].copy_from_slice(&bytes(free));
    }
    reply(data_in, usize::from(request.cdb.be16(7)), &out)
}

pub(crate) fn reserve_track(
    drive: &mut Recorder,
    request: &Request<'_>,
    _data_in: &mut [u8],
) -> Outcome {
    let blocks = request.cdb.be32(5);
    let medium = drive.medium().ok_or(Refusal::INTERNAL)?;
    let Recorded::Sequential(disc) = drive.record_of_writing(medium) else {
        return Err(Refusal::ILLEGAL_FIELD);
    };
    // Tried on a copy, done when the operation ends.
    let mut copy = disc.clone();
    let mut mode = WriteMode::Incremental;
    if disc.rules.minus && !disc.complete {
        mode = write_parameters::mode(drive, medium)?;
        dvd_minus::reserve(&mut copy, mode, blocks)?;
    } else {
        copy.reserve(blocks)?;
    }
    let effect = Effect::TrackReserved { blocks, mode };
    drive.start_and(false, effect, Task::ReserveTrack)
}

pub(crate) fn send_opc_information(
    drive: &mut Recorder,
    request: &Request<'_>,
    _data_in: &mut [u8],
) -> Outcome {
    let length = usize::from(request.cdb.be16(7));
    if length != 0 || !request.cdb.bit(1, 0) {
        // Tables of the host's own are not taken.
        return Err(Refusal::ILLEGAL_FIELD);
    }
    let medium = drive.medium().ok_or(Refusal::INTERNAL)?;
    let quirks = &drive.model.quirks;
    let habits = [
        (quirks.refuses_calibration, Refusal::SEQUENCE),
        (
            quirks.calibration_is_write_protected,
            Refusal::WRITE_PROTECTED,
        ),
        (
            quirks.calibration_wants_another_medium,
            Refusal::INCOMPATIBLE_MEDIUM,
        ),
    ];
    if let Some((_, refusal)) = habits.into_iter().find(|(on, _)| *on) {
        return Err(refusal);
    }
    if medium.is_complete() && medium.is_write_once() {
        return Err(Refusal::CANNOT_WRITE_MEDIUM);
    }
    // dvd+rw-format calibrates on a DVD-RW in any state.
    if !needs_calibration(medium) {
        return Err(Refusal::SEQUENCE);
    }
    drive.start_and(false, Effect::Calibrated, Task::Calibrate)
}

/// The pairs of function and medium that exist (recipe 4); all others are refused.
pub(crate) fn close_track_session(
    drive: &mut Recorder,
    request: &Request<'_>,
    _data_in: &mut [u8],
) -> Outcome {
    let immediate = request.cdb.bit(1, 0);
    let function = request.cdb.byte(2);
    let number = request.cdb.be16(4);
    let kind = drive.medium().ok_or(Refusal::INTERNAL)?.kind;
    // Functions for sessions have no use for a track; libburn names one when it
    // finishes a DVD+R, and drives take it there.
    let plus_r = matches!(kind, MediumKind::DvdPlusR | MediumKind::DvdPlusRDl);
    if function != 1 && number != 0 && !plus_r {
        return Err(Refusal::ILLEGAL_FIELD);
    }
    habits::check_settled(drive)?;
    // The laser writes nothing now, a lead-out neither.
    if drive.is_test_writing() {
        return Err(Refusal::SEQUENCE);
    }
    use MediumKind::{
        BdR, CdR, CdRw, DvdMinusR, DvdMinusRDl, DvdMinusRw, DvdPlusR, DvdPlusRDl, DvdPlusRw,
        DvdPlusRwDl,
    };
    let restricted = drive.medium().is_some_and(|m| m.rewritable().is_some());
    match (function, kind) {
        // In random recording there is no track to close, and no session.
        (_, BdR) if restricted => Err(Refusal::ILLEGAL_FIELD),
        (1 | 2 | 4 | 5 | 6, BdR | DvdPlusR | DvdPlusRDl) if drive.model.quirks.closes_too_much => {
            close_session(drive, true, immediate)
        }
        (1, BdR | DvdPlusR | DvdPlusRDl) => close_track(drive, number, immediate),
        (2, BdR | DvdPlusR | DvdPlusRDl) => close_session(drive, false, immediate),
        // A dual-layer session with an extended lead-out.
        (4, DvdPlusRDl) => close_session(drive, false, immediate),
        (5, DvdPlusR | DvdPlusRDl) | (6, BdR | DvdPlusR) => close_session(drive, true, immediate),
        // In restricted overwrite there are no tracks to close.
        (2 | 3, DvdMinusRw) if restricted => close_intermediate_session(drive, immediate),
        (1, DvdMinusR | DvdMinusRDl | DvdMinusRw) if !restricted => {
            check_closable(drive)?;
            close_track(drive, number, immediate)
        }
        (2, DvdMinusR | DvdMinusRDl | DvdMinusRw) => {
            let disc = check_closable(drive)?;
            let last = dvd_minus::is_last_session(kind, disc) || drive.pages.is_last_session();
            close_session(drive, last, immediate)
        }
        (1, CdR | CdRw) => cd_recording::close_track(drive, number, immediate),
        (2, CdR | CdRw) => cd_recording::close_session(drive, immediate),
        (0 | 2 | 3, DvdPlusRw | DvdPlusRwDl) => stop_background_format(drive, function, immediate),
        _ => Err(Refusal::ILLEGAL_FIELD),
    }
}

/// Whether a DVD-R or DVD-RW is one that is closed by command.
fn check_closable(drive: &Recorder) -> Result<&Sequential, Refusal> {
    let disc = drive
        .medium()
        .and_then(|m| m.sequential())
        .ok_or(Refusal::INTERNAL)?;
    dvd_minus::check_close(disc)?;
    Ok(disc)
}

/// DVD-RW in restricted overwrite: the lead-out behind what a quick format began.
fn close_intermediate_session(drive: &mut Recorder, immediate: bool) -> Outcome {
    let disc = drive
        .medium()
        .and_then(|m| m.rewritable())
        .ok_or(Refusal::INTERNAL)?;
    match dvd_rw::check_close(disc) {
        Err(refusal) if is_gladly_closed(drive, &refusal) => return Ok(0),
        checked => checked?,
    }
    let effect = Effect::SessionClosed { finalize: false };
    drive.start_and(immediate, effect, Task::CloseSession)
}

fn close_track(drive: &mut Recorder, number: u16, immediate: bool) -> Outcome {
    let disc = drive
        .medium()
        .and_then(|m| m.sequential())
        .ok_or(Refusal::INTERNAL)?;
    let padding = match disc.check_close_track(number) {
        Err(refusal) if is_gladly_closed(drive, &refusal) => return Ok(0),
        checked => checked?,
    };
    if disc.track(u32::from(number)).is_some_and(|t| t.closed) {
        return Ok(0);
    }
    drive.start_after(Effect::TrackClosed(number), Task::CloseTrack, padding);
    drive.wait_unless(immediate)
}

/// There is nothing to close, and the drive does not mind.
pub(crate) fn is_gladly_closed(drive: &Recorder, refusal: &Refusal) -> bool {
    drive.model.quirks.closes_nothing_gladly && refusal.is(&Refusal::NOTHING_TO_CLOSE)
}

fn close_session(drive: &mut Recorder, finalize: bool, immediate: bool) -> Outcome {
    let disc = drive
        .medium()
        .and_then(|m| m.sequential())
        .ok_or(Refusal::INTERNAL)?;
    let quirks = &drive.model.quirks;
    match disc.check_close_session(finalize) {
        Err(refusal) if is_gladly_closed(drive, &refusal) => return Ok(0),
        checked => checked?,
    }
    if quirks.closes_closed_tracks_only && disc.has_open_data() {
        return Err(Refusal::INCOMPLETE_TRACK);
    }
    let asks_page = quirks.finalizes_by_write_parameters
        && drive
            .medium()
            .is_some_and(|m| m.kind == MediumKind::DvdPlusR);
    let finalize = finalize && (!asks_page || drive.pages.is_last_session());
    let task = if finalize {
        Task::Finalize
    } else {
        Task::CloseSession
    };
    let padding = match disc.rules.minus && finalize {
        true => dvd_minus::padding_to_lead_out(disc),
        false => 0,
    };
    drive.start_after(Effect::SessionClosed { finalize }, task, padding);
    drive.wait_unless(immediate)
}

/// DVD+RW: 0 stops the background format, 2 and 3 also write a lead-out.
fn stop_background_format(drive: &mut Recorder, function: u8, immediate: bool) -> Outcome {
    let disc = drive
        .medium()
        .and_then(|m| m.rewritable())
        .ok_or(Refusal::INTERNAL)?;
    if !disc.is_formatted() {
        return Err(Refusal::UNFORMATTED);
    }
    let running = drive.background_format_left().is_some();
    let task = match function {
        0 if !running && drive.buffer.is_empty() => return Ok(0),
        0 => Task::StopBackgroundFormat,
        _ => Task::CloseSession,
    };
    drive.start_and(immediate, Effect::BackgroundFormatStopped, task)
}

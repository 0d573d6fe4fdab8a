//! Habits that concern a command before anybody serves it: whether the drive knows
//! it, takes its IMMED, says that it is ready, or has ceased to work at all.
//!
//! Owns no state. What a habit changes in the serving of one command lies there.

use crate::cdb::Cdb;
use crate::long_operation::{Effect, Operation};
use crate::quirks::Quirks;
use crate::recorder::Recorder;
use crate::refusal::Refusal;
use crate::timing::SECOND;

pub(crate) const TEST_UNIT_READY: u8 = 0x00;
const REQUEST_SENSE: u8 = 0x03;
const FORMAT_UNIT: u8 = 0x04;
const INQUIRY: u8 = 0x12;
const START_STOP_UNIT: u8 = 0x1B;
const PREVENT_ALLOW: u8 = 0x1E;
const WRITE_10: u8 = 0x2A;
const SYNCHRONIZE_CACHE: u8 = 0x35;
const GET_EVENT_STATUS: u8 = 0x4A;
const CLOSE_TRACK_SESSION: u8 = 0x5B;
const READ_BUFFER_CAPACITY: u8 = 0x5C;
const BLANK: u8 = 0xA1;
const WRITE_12: u8 = 0xAA;
const READ_MEDIA_SERIAL_NUMBER: u8 = 0xAB;

/// What SCSI-2 has for CD-ROM drives, and WRITE (10).
const BEFORE_MMC: &[u8] = &[
    0x00, 0x03, 0x12, 0x1A, 0x1B, 0x1E, 0x25, 0x28, 0x2A, 0x2F, 0x35, 0x43, 0x55, 0x5A,
];

/// Whether a drive of these habits knows the command at all.
pub(crate) fn knows(quirks: &Quirks, opcode: u8) -> bool {
    if quirks.pre_mmc && !BEFORE_MMC.contains(&opcode) {
        return false;
    }
    !match opcode {
        0x23 => quirks.no_format_capacities,
        0x46 => quirks.no_get_configuration,
        GET_EVENT_STATUS => quirks.no_event_status,
        0x51 => quirks.no_disc_information,
        0x53 => quirks.no_reserve_track,
        0x54 => quirks.no_calibration,
        READ_BUFFER_CAPACITY => quirks.no_buffer_capacity,
        0xAC => quirks.no_performance,
        0xAD => quirks.no_disc_structure,
        0xB6 => quirks.no_set_streaming,
        0xBB => quirks.no_set_cd_speed,
        _ => false,
    }
}

/// A drive that has ceased to work answers nothing else until the power comes anew.
pub(crate) fn check_alive(drive: &mut Recorder, opcode: u8) -> Result<(), Refusal> {
    if opcode == READ_MEDIA_SERIAL_NUMBER && drive.model.quirks.wedged_by_media_serial {
        drive.wedged = true;
    }
    match opcode {
        REQUEST_SENSE | INQUIRY => Ok(()),
        _ if drive.wedged => Err(Refusal::UNIT_FAILED),
        _ => Ok(()),
    }
}

/// Whether the drive takes the IMMED bit of the CDB, if it is set; that of FORMAT UNIT
/// is in its list.
pub(crate) fn check_immediate(quirks: &Quirks, opcode: u8, cdb: Cdb<'_>) -> Result<(), Refusal> {
    let immediate = match opcode {
        START_STOP_UNIT | CLOSE_TRACK_SESSION => cdb.bit(1, 0),
        SYNCHRONIZE_CACHE => cdb.bit(1, 1),
        BLANK => cdb.bit(1, 4),
        _ => false,
    };
    if immediate && quirks.refuses_immediate {
        return Err(Refusal::ILLEGAL_FIELD);
    }
    if immediate && quirks.breaks_immediate && matches!(opcode, SYNCHRONIZE_CACHE | BLANK) {
        return Err(Refusal::IMMEDIATE_BROKEN);
    }
    Ok(())
}

/// Whether the operation under way does not keep the command from being served: by habit,
/// or because a second eject without IMMED waits for the first one, as growisofs expects
/// of every drive.
pub(crate) fn passes_operation(
    drive: &Recorder,
    operation: &Operation,
    opcode: u8,
    cdb: Cdb<'_>,
) -> bool {
    let quirks = &drive.model.quirks;
    let spins_up = operation.effect == Effect::SpunUp;
    match (opcode, cdb.byte(4) & 3) {
        (START_STOP_UNIT, 1) => return spins_up && quirks.ready_too_early_after_start,
        (START_STOP_UNIT, 2) => return operation.effect == Effect::Ejected && !cdb.bit(1, 0),
        (TEST_UNIT_READY, _) => {}
        _ => return false,
    }
    let refusal = operation.effect.refusal();
    let formats = refusal.is(&Refusal::FORMAT_IN_PROGRESS);
    (quirks.ready_too_early && refusal.is(&Refusal::OPERATION_IN_PROGRESS))
        || (quirks.ready_too_early_after_start && spins_up)
        || (quirks.ready_before_format_begins
            && formats
            && operation.passed() < drive.scaled(SECOND))
}

/// What a load under way is told as, by a drive that is at a loss.
pub(crate) fn loading(quirks: &Quirks, operation: &Operation) -> Refusal {
    if quirks.absent_while_loading && operation.passed() < operation.left() {
        return Refusal::NO_MEDIUM_TRAY_CLOSED;
    }
    if quirks.clueless_while_loading {
        return Refusal::NOT_READY;
    }
    operation.effect.refusal()
}

/// The progress that is told, given the true one.
pub(crate) fn progress(quirks: &Quirks, progress: Option<u16>) -> Option<u16> {
    let told = progress.filter(|_| !quirks.no_progress)?;
    Some(match quirks.progress_runs_ahead {
        true => told.saturating_mul(2),
        false => told,
    })
}

/// Whether data in the buffer keep the drive from closing or ejecting.
pub(crate) fn check_settled(drive: &Recorder) -> Result<(), Refusal> {
    let quirks = &drive.model.quirks;
    if quirks.synchronizes_immediately_only_in_name && !drive.buffer.is_empty() {
        return Err(Refusal::OPERATION_IN_PROGRESS);
    }
    Ok(())
}

/// Remembers what came between two WRITEs; refuses the WRITE that comes after it.
pub(crate) fn keep_place(drive: &mut Recorder, opcode: u8) -> Result<(), Refusal> {
    if !drive.model.quirks.loses_its_place {
        return Ok(());
    }
    match opcode {
        WRITE_10 | WRITE_12 if drive.interrupted => return Err(Refusal::SEQUENCE),
        SYNCHRONIZE_CACHE => drive.interrupted = false,
        WRITE_10 | WRITE_12 | TEST_UNIT_READY | REQUEST_SENSE | INQUIRY | PREVENT_ALLOW
        | GET_EVENT_STATUS | READ_BUFFER_CAPACITY | FORMAT_UNIT | CLOSE_TRACK_SESSION => {}
        _ => drive.interrupted |= drive.is_writing(),
    }
    Ok(())
}

//! The one dispatch table: what each opcode is called, which bits of its CDB may
//! be set, when it may come, and who serves it.
//!
//! Owns the order in which a drive looks at a command: is the opcode known, is the
//! CDB in order, is a deferred error or an attention due, is an operation under
//! way, is there a medium. Must not know what any command does.

use crate::cdb::{self, Cdb};
use crate::habits;
use crate::long_operation::Effect;
use crate::recorder::{Recorder, Tray};
use crate::refusal::Refusal;
use crate::{
    cd_reading, cd_recording, event_status, features, formatting, identity, info, mode_select,
    mode_sense, performance, reading, recording, removal, served, sub_channel, unit_status,
};

/// One command as the handlers see it.
pub(crate) struct Request<'a> {
    pub(crate) cdb: Cdb<'a>,
    pub(crate) data_out: &'a [u8],
}

/// Bytes transferred, or why not.
pub(crate) type Outcome = Result<usize, Refusal>;

type Handler = fn(&mut Recorder, &Request<'_>, &mut [u8]) -> Outcome;

/// When a command may come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum When {
    /// At any time: no attention, operation or missing medium holds it up.
    Always,
    /// Attentions first; but neither an operation nor a missing medium matters.
    AfterAttention,
    /// Attentions first, and no operation may be under way.
    Idle,
    /// As [`When::Idle`], with a medium in the closed tray.
    WithMedium,
}

/// A row of the table.
struct Row {
    opcode: u8,
    /// The name in MMC-6 or SPC.
    name: &'static str,
    when: When,
    /// Bits of the CDB, from byte 1 on, that may be set; all others are reserved.
    bits: &'static [u8],
    serve: Handler,
}

const fn row(
    opcode: u8,
    name: &'static str,
    when: When,
    bits: &'static [u8],
    serve: Handler,
) -> Row {
    Row {
        opcode,
        name,
        when,
        bits,
        serve,
    }
}

use When::{AfterAttention, Always, Idle, WithMedium};
const F: u8 = 0xFF;

#[rustfmt::skip]
static TABLE: &[Row] = &[
    row(0x00, "TEST UNIT READY",                WithMedium,     &[0, 0, 0, 0, 0], unit_status::test_unit_ready),
    row(0x03, "REQUEST SENSE",                  Always,         &[0, 0, 0, F, 0], unit_status::request_sense),
    row(0x04, "FORMAT UNIT",                    WithMedium,     &[0x1F, 0, 0, 0, 0], formatting::format_unit),
    row(0x12, "INQUIRY",                        Always,         &[1, F, F, F, 0], identity::inquiry),
    row(0x1A, "MODE SENSE (6)",                 Idle,           &[8, F, 0, F, 0], mode_sense::mode_sense_6),
    row(0x1B, "START STOP UNIT",                Idle,           &[1, 0, 0, 3, 0], removal::start_stop_unit),
    row(0x1E, "PREVENT ALLOW MEDIUM REMOVAL",   AfterAttention, &[0, 0, 0, 3, 0], removal::prevent_allow),
    row(0x23, "READ FORMAT CAPACITIES",         WithMedium,     &[0, 0, 0, 0, 0, 0, F, F, 0], formatting::read_format_capacities),
    row(0x25, "READ CAPACITY",                  WithMedium,     &[0, 0, 0, 0, 0, 0, 0, 0, 0], info::capacity::read_capacity),
    row(0x28, "READ (10)",                      WithMedium,     &[0x18, F, F, F, F, 0, F, F, 0], reading::read_10),
    row(0x2A, "WRITE (10)",                     WithMedium,     &[0x18, F, F, F, F, 0, F, F, 0], recording::write_10),
    row(0x2E, "WRITE AND VERIFY (10)",          WithMedium,     &[0x10, F, F, F, F, 0, F, F, 0], recording::write_and_verify),
    row(0x2F, "VERIFY (10)",                    WithMedium,     &[0x10, F, F, F, F, 0, F, F, 0], reading::verify),
    row(0x35, "SYNCHRONIZE CACHE",              WithMedium,     &[2, F, F, F, F, 0, F, F, 0], recording::synchronize_cache),
    row(0x42, "READ SUB-CHANNEL",               WithMedium,     &[2, 0x40, F, 0, 0, F, F, F, 0], sub_channel::read_sub_channel),
    row(0x43, "READ TOC/PMA/ATIP",              WithMedium,     &[2, 0xF, 0, 0, 0, F, F, F, 0xC0], info::toc::read_toc),
    row(0x44, "READ HEADER",                    WithMedium,     &[2, F, F, F, F, 0, F, F, 0], sub_channel::read_header),
    row(0x46, "GET CONFIGURATION",              Always,         &[3, F, F, 0, 0, 0, F, F, 0], features::get_configuration),
    row(0x4A, "GET EVENT STATUS NOTIFICATION",  Always,         &[1, 0, 0, F, 0, 0, F, F, 0], event_status::get_event_status),
    row(0x51, "READ DISC INFORMATION",          WithMedium,     &[7, 0, 0, 0, 0, 0, F, F, 0], info::disc::read_disc_information),
    row(0x52, "READ TRACK INFORMATION",         WithMedium,     &[7, F, F, F, F, 0, F, F, 0], info::track::read_track_information),
    row(0x53, "RESERVE TRACK",                  WithMedium,     &[0, 0, 0, 0, F, F, F, F, 0], recording::reserve_track),
    row(0x54, "SEND OPC INFORMATION",           WithMedium,     &[1, 0, 0, 0, 0, 0, F, F, 0], recording::send_opc_information),
    row(0x55, "MODE SELECT (10)",               Idle,           &[0x11, 0, 0, 0, 0, 0, F, F, 0], mode_select::mode_select_10),
    row(0x5A, "MODE SENSE (10)",                Idle,           &[8, F, 0, 0, 0, 0, F, F, 0], mode_sense::mode_sense_10),
    row(0x5B, "CLOSE TRACK/SESSION",            WithMedium,     &[1, 7, 0, F, F, 0, 0, 0, 0], recording::close_track_session),
    row(0x5C, "READ BUFFER CAPACITY",           WithMedium,     &[1, 0, 0, 0, 0, 0, F, F, 0], recording::read_buffer_capacity),
    row(0x5D, "SEND CUE SHEET",                 WithMedium,     &[0, 0, 0, 0, 0, F, F, F, 0], cd_recording::send_cue_sheet),
    row(0xA0, "REPORT LUNS",                    Always,         &[0, F, 0, 0, 0, F, F, F, F, 0, 0], identity::report_luns),
    row(0xA1, "BLANK",                          WithMedium,     &[0x17, F, F, F, F, 0, 0, 0, 0, 0, 0], formatting::blank),
    row(0xA8, "READ (12)",                      WithMedium,     &[0x18, F, F, F, F, F, F, F, F, 0x80, 0], reading::read_12),
    row(0xAA, "WRITE (12)",                     WithMedium,     &[0x18, F, F, F, F, F, F, F, F, 0x80, 0], recording::write_12),
    row(0xAC, "GET PERFORMANCE",                Idle,           &[0x1F, F, F, F, F, 0, 0, F, F, F, 0], performance::get_performance),
    row(0xAD, "READ DISC STRUCTURE",            WithMedium,     &[0xF, F, F, F, F, F, F, F, F, 0xC0, 0], info::structure::read_disc_structure),
    row(0xB6, "SET STREAMING",                  Idle,           &[0, 0, 0, 0, 0, 0, 0, F, F, F, 0], performance::set_streaming),
    row(0xB9, "READ CD MSF",                    WithMedium,     &[0x1E, 0, F, F, F, F, F, F, F, 7, 0], cd_reading::read_cd_msf),
    row(0xBB, "SET CD SPEED",                   Idle,           &[3, F, F, F, F, 0, 0, 0, 0, 0, 0], performance::set_cd_speed),
    row(0xBD, "MECHANISM STATUS",               Always,         &[0, 0, 0, 0, 0, 0, 0, F, F, 0, 0], unit_status::mechanism_status),
    row(0xBE, "READ CD",                        WithMedium,     &[0x1E, F, F, F, F, F, F, F, F, 7, 0], cd_reading::read_cd),
    row(0xBF, "SEND DISC STRUCTURE",            WithMedium,     &[0xF, 0, 0, 0, 0, 0, F, F, F, 0, 0], info::structure::send_disc_structure),
];

/// Where each opcode stands in the table, plus 1; 0 where it is unknown.
static INDEX: [u8; 256] = {
    let mut index = [0; 256];
    let mut at = 0;
    while at < TABLE.len() {
        index[TABLE[at].opcode as usize] = at as u8 + 1;
        at += 1;
    }
    index
};

fn find(opcode: u8) -> Option<&'static Row> {
    let at = INDEX.get(usize::from(opcode)).copied().unwrap_or(0);
    TABLE.get(usize::from(at).checked_sub(1)?)
}

/// Opcodes that the drive knows, with their names in MMC-6 or SPC, in order of the opcode.
/// All others are refused with 5/20/00.
pub fn supported_commands() -> impl Iterator<Item = (u8, &'static str)> {
    TABLE.iter().map(|row| (row.opcode, row.name))
}

/// Looks at a command as a drive does, and serves it.
pub(crate) fn run(
    drive: &mut Recorder,
    cdb: &[u8],
    data_out: &[u8],
    data_in: &mut [u8],
) -> Outcome {
    let opcode = cdb.first().copied().ok_or(Refusal::UNKNOWN_COMMAND)?;
    habits::check_alive(drive, opcode)?;
    let row = find(opcode)
        .filter(|row| habits::knows(&drive.model.quirks, row.opcode))
        .ok_or(Refusal::UNKNOWN_COMMAND)?;
    let length = cdb::length(row.opcode);
    let (Some(cdb), Some(padding)) = (cdb.get(..length), cdb.get(length..)) else {
        return Err(Refusal::ILLEGAL_FIELD);
    };
    let reserved = |(byte, bits): (&u8, &u8)| byte & !bits != 0;
    let set = cdb.iter().skip(1).zip(row.bits).any(reserved);
    // A packet is 12 bytes long on some buses, 16 on others: zeros fill it up.
    if set || padding.iter().any(|byte| *byte != 0) {
        return Err(Refusal::ILLEGAL_FIELD);
    }
    let cdb = Cdb(cdb);
    check_state(drive, row, cdb)?;
    habits::check_immediate(&drive.model.quirks, opcode, cdb)?;
    habits::keep_place(drive, opcode)?;
    let request = Request { cdb, data_out };
    (row.serve)(drive, &request, data_in)
}

fn check_state(drive: &mut Recorder, row: &Row, cdb: Cdb<'_>) -> Result<(), Refusal> {
    if row.when == When::Always {
        return Ok(());
    }
    if let Some(refusal) = drive.deferred.take() {
        return Err(refusal);
    }
    if let Some(attention) = drive.attentions.pop_front() {
        return Err(attention);
    }
    if row.when == When::AfterAttention {
        return Ok(());
    }
    if let Some(operation) = &drive.operation
        && let Some(refusal) = operation_refusal(drive)
    {
        if habits::passes_operation(drive, operation, row.opcode, cdb) {
            return Ok(());
        }
        return Err(match drive.model.quirks.progress_only_by_request_sense {
            true => refusal.with_progress(None),
            false => refusal,
        });
    }
    if row.when == When::WithMedium {
        check_medium(drive)?;
        served::check_written(drive, row.opcode)?;
    }
    Ok(())
}

/// What the operation under way has the drive say, with its progress.
pub(crate) fn operation_refusal(drive: &Recorder) -> Option<Refusal> {
    let operation = drive.operation.as_ref()?;
    let quirks = &drive.model.quirks;
    let progress = operation
        .shows_progress()
        .then(|| operation.progress(drive.buffer.used()));
    let refusal = match operation.effect {
        Effect::Loaded => habits::loading(quirks, operation),
        effect => effect.refusal(),
    };
    Some(refusal.with_progress(habits::progress(quirks, progress)))
}

/// Whether a medium is there, and recognised.
pub(crate) fn check_medium(drive: &Recorder) -> Result<(), Refusal> {
    match drive.tray {
        Tray::Closed(Some(ref medium)) if !drive.reads(medium) => Err(Refusal::UNKNOWN_MEDIUM),
        Tray::Closed(Some(_)) => Ok(()),
        Tray::Closed(None) => Err(Refusal::NO_MEDIUM_TRAY_CLOSED),
        Tray::Open(_) => Err(Refusal::NO_MEDIUM_TRAY_OPEN),
    }
}

/// Puts a reply into what the host has room for, and what it asked for.
pub(crate) fn reply(data_in: &mut [u8], allocation: usize, bytes: &[u8]) -> Outcome {
    let len = bytes.len().min(allocation).min(data_in.len());
    if let (Some(to), Some(from)) = (data_in.get_mut(..len), bytes.get(..len)) {
        to.copy_from_slice(from);
    }
    Ok(len)
}

/// A parameter list of the length that the CDB states; what is shorter on the wire is an error.
pub(crate) fn parameters<'a>(request: &Request<'a>, length: usize) -> Result<&'a [u8], Refusal> {
    if request.data_out.len() != length {
        return Err(Refusal::DATA_PHASE);
    }
    Ok(request.data_out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_a_bit_map_as_long_as_its_cdb_and_stands_once() {
        for (at, row) in TABLE.iter().enumerate() {
            assert_eq!(row.bits.len() + 1, cdb::length(row.opcode), "{}", row.name);
            assert_eq!(
                usize::from(INDEX[usize::from(row.opcode)]),
                at + 1,
                "{}",
                row.name
            );
            assert!(!row.name.is_empty());
        }
    }
}

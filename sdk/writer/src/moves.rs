//! The named moves that all writers share: each a planned command with its time limits (recipe 4.1)
//! and the answers that do not end a job.
//!
//! Owns how a move is sent. Must not know which medium needs which move, nor their order.

#[cfg(test)]
mod tests;

use crate::plan::{Move, Occasion, PlannedCommand, SensePattern};
use crate::write_parameters::of_dvd;
use pitland_mmc::cdb::{
    Blank, BlankingType, Cdb, CloseFunction, CloseTrackSession, FormatUnit, ModeSelect10,
    ReserveTrack, RotationControl, SendCueSheet, SendDiscStructure, SendOpcInformation, SetCdSpeed,
    SetStreaming, StructureMedium, SynchronizeCache,
};
use pitland_mmc::mode_page::{
    ModePage, ModeParameterList, MultiSession, WriteParameters, WriteType,
};
use pitland_mmc::param::{CueSheetEntry, FormatParameterList, StreamingDescriptor};
use pitland_mmc::reply::{LayerBoundary, dvd_format};
use pitland_mmc::{SectorCount, TrackNumber};
use std::time::Duration;

/// A command that starts a long operation and answers before its end.
const STARTS: Duration = Duration::from_secs(200);
/// A cache sync or close that answers at its end, and the longest wait for one that does not.
const CLOSES: Duration = Duration::from_secs(60 * 60);
/// The longest format: a full certification of a BD-RE of three layers takes six hours and more at its
/// speed (recipe 14); of other discs recipe 4.1 has five.
const FORMATS: Duration = Duration::from_secs(12 * 60 * 60);
/// SEND DISC STRUCTURE writes to the disc before it answers.
const STRUCTURES: Duration = Duration::from_secs(240);

const ILLEGAL_REQUEST: SensePattern = SensePattern {
    key: Some(0x5),
    asc: None,
    ascq: None,
};
/// What two drives answer to speeds and calibrations that they do not care for (recipe 11, Q10).
const WRITE_PROTECTED: SensePattern = SensePattern::code(0x7, 0x27);
const RECOVERED: SensePattern = SensePattern {
    key: Some(0x1),
    asc: None,
    ascq: None,
};

/// What drives answer when nothing is left to close, besides GOOD (recipe 4).
const NOTHING_LEFT_TO_CLOSE: [SensePattern; 2] = [
    SensePattern::exactly(0x5, 0x72, 0x04),
    SensePattern::exactly(0x5, 0x30, 0x05),
];

/// Sets the speed by a performance descriptor (DVD and BD, recipe 2.5). A drive that refuses it is
/// served by [`set_cd_speed`], planned behind it with [`Occasion::IfRefused`].
pub fn set_streaming(descriptor: &StreamingDescriptor) -> PlannedCommand {
    let parameters = descriptor.emit();
    let cdb = SetStreaming {
        kind: 0,
        parameter_list_length: length_of(&parameters),
    };
    PlannedCommand::new(Move::SetSpeed, cdb.emit())
        .with_parameters(parameters)
        .tolerating(WRITE_PROTECTED, true)
}

/// Sets the speed in kB/s, [`u32::MAX`] for the highest (CD; the stand-in for [`set_streaming`]). A
/// drive that refuses this too burns at the speed of its choice, and the report says so.
pub fn set_cd_speed(write_kb_per_s: u32) -> PlannedCommand {
    set_cd_speed_turning(write_kb_per_s, RotationControl::Default)
}

/// The same, and how the disc is to turn.
pub fn set_cd_speed_turning(write_kb_per_s: u32, rotation: RotationControl) -> PlannedCommand {
    try_cd_speed(write_kb_per_s, rotation).tolerating(ILLEGAL_REQUEST, true)
}

/// The same where another number is planned behind it with [`Occasion::IfRefused`].
pub(crate) fn try_cd_speed(write_kb_per_s: u32, rotation: RotationControl) -> PlannedCommand {
    let cdb = SetCdSpeed {
        rotation,
        read_speed: u16::MAX,
        write_speed: u16::try_from(write_kb_per_s).unwrap_or(u16::MAX),
    };
    PlannedCommand::new(Move::SetSpeed, cdb.emit()).tolerating(WRITE_PROTECTED, true)
}

/// Calibrates the laser's power. Only a calibration area that is full or broken ends the job
/// (recipe 4, step 6); drives that calibrate by themselves refuse the command.
pub fn calibrate_power() -> PlannedCommand {
    let cdb = SendOpcInformation {
        do_opc: true,
        parameter_list_length: 0,
    };
    PlannedCommand::new(Move::CalibratePower, cdb.emit())
        .with_timeout(STARTS)
        .tolerating(RECOVERED, true)
        .tolerating(SensePattern::exactly(0x3, 0x73, 0x01), true)
        .tolerating(WRITE_PROTECTED, true)
        .tolerating(ILLEGAL_REQUEST, false)
}

/// Sets the write parameters (page 05h, recipe 3). Tolerates nothing: on media that are written by them,
/// a page that the drive does not take would be another burn than the one planned.
pub fn set_write_parameters(page: &WriteParameters) -> PlannedCommand {
    let page = WriteParameters {
        savable: false,
        ..page.clone()
    };
    let parameters = ModeParameterList::select(&ModePage::WriteParameters(page));
    let cdb = ModeSelect10 {
        page_format: true,
        save_pages: false,
        parameter_list_length: length_of(&parameters),
    };
    PlannedCommand::new(Move::SetWriteParameters, cdb.emit()).with_parameters(parameters)
}

/// Says by the write parameters that no further session comes. Some DVD+R firmware finalizes by them,
/// where the closing command alone should say it (recipe 11, Q7); most drives ignore them on media that
/// are not written by them, and some refuse them. The rest of the page is that of incremental writing.
pub fn announce_finalize() -> PlannedCommand {
    clear_test_write(&of_dvd(WriteParameters {
        buffer_underrun_free: true,
        write_type: WriteType::Incremental,
        multi_session: MultiSession::Final,
        ..WriteParameters::default()
    }))
}

/// Takes Test Write back, which a drive keeps from one job to the next (recipes 3 and 5), before something
/// that the write parameters do not govern. Nothing is lost where a drive refuses the page.
pub fn clear_test_write(page: &WriteParameters) -> PlannedCommand {
    let page = WriteParameters {
        test_write: false,
        ..page.clone()
    };
    set_write_parameters(&page).tolerating(ILLEGAL_REQUEST, false)
}

/// Blanks the medium, or the part of it that `address` names (a track or a block, by the type; else 0;
/// recipe 5).
pub fn blank(kind: BlankingType, address: u32) -> PlannedCommand {
    let cdb = Blank {
        immed: true,
        kind,
        address,
    };
    PlannedCommand::new(Move::Blank, cdb.emit())
        .with_timeout(STARTS)
        .until_ready(FORMATS)
}

/// Blanks the whole medium: the quick way and, where a worn disc does not take that, in full
/// (recipe 5); or in full at once.
pub fn blank_disc(full: bool) -> Vec<PlannedCommand> {
    let in_full = blank(BlankingType::Full, 0);
    match full {
        true => vec![in_full],
        false => vec![
            blank(BlankingType::Minimal, 0),
            in_full.only(Occasion::IfRefused),
        ],
    }
}

/// Reserves room for a track of that many blocks.
pub fn reserve_track(blocks: SectorCount) -> PlannedCommand {
    let cdb = ReserveTrack {
        size: blocks,
        ..ReserveTrack::default()
    };
    PlannedCommand::new(Move::ReserveTrack, cdb.emit())
        .with_timeout(STARTS)
        .until_ready(CLOSES)
}

/// Describes a session that is written at once (CD, recipe 5). Tolerates nothing: what follows is
/// written by the sheet.
pub fn send_cue_sheet(sheet: &[CueSheetEntry]) -> PlannedCommand {
    let parameters = CueSheetEntry::emit_sheet(sheet);
    let cdb = SendCueSheet {
        parameter_list_length: u32::try_from(parameters.len()).unwrap_or(u32::MAX),
    };
    PlannedCommand::new(Move::SendCueSheet, cdb.emit())
        .with_parameters(parameters)
        .with_timeout(STARTS)
}

/// Sets the layer break of a blank DVD+R DL: the blocks of its first layer, a multiple of 16
/// (recipe 6).
pub fn set_layer_break(layer_0_blocks: SectorCount) -> PlannedCommand {
    let parameters = LayerBoundary {
        fixed: false,
        layer0: layer_0_blocks,
    }
    .send();
    let cdb = SendDiscStructure {
        medium: StructureMedium::Dvd,
        format: dvd_format::LAYER_BOUNDARY,
        parameter_list_length: length_of(&parameters),
    };
    PlannedCommand::new(Move::SetLayerBreak, cdb.emit())
        .with_parameters(parameters)
        .with_timeout(STRUCTURES)
        .until_ready(CLOSES)
}

/// Formats the medium; done when the drive is ready, which on DVD+RW is long before the format is.
pub fn format(list: &FormatParameterList) -> PlannedCommand {
    format_unit(FormatUnit::WITH_LIST, list)
}

/// Formats a DVD-RAM to the size that it has, without going over its surface: the list of defects that
/// it has is the complete one (CmpLst, recipe 6).
pub fn reformat(list: &FormatParameterList) -> PlannedCommand {
    let cdb = FormatUnit {
        complete_list: true,
        ..FormatUnit::WITH_LIST
    };
    format_unit(cdb, list)
}

fn format_unit(cdb: FormatUnit, list: &FormatParameterList) -> PlannedCommand {
    PlannedCommand::new(Move::Format, cdb.emit())
        .with_parameters(list.emit())
        .with_timeout(STARTS)
        .until_ready(FORMATS)
}

/// Writes out the drive's buffer: once with IMMED and a wait that shows progress, and once without,
/// because Pioneer drives take the first for done too early (recipe 4).
pub fn synchronize_cache() -> [PlannedCommand; 2] {
    let cdb = |immed| {
        SynchronizeCache {
            immed,
            ..SynchronizeCache::default()
        }
        .emit()
    };
    [
        PlannedCommand::new(Move::SynchronizeCache, cdb(true))
            .with_timeout(STARTS)
            .until_ready(CLOSES)
            .only(Occasion::AfterWriting),
        PlannedCommand::new(Move::SynchronizeCache, cdb(false))
            .with_timeout(CLOSES)
            .only(Occasion::AfterWriting),
    ]
}

/// Closes a track by its number.
pub fn close_track(number: TrackNumber) -> PlannedCommand {
    close(Move::CloseTrack, CloseFunction::Track, number)
}

/// Closes the last session; the disc stays appendable.
pub fn close_session() -> PlannedCommand {
    close(Move::CloseSession, CloseFunction::Session, TrackNumber(0))
}

/// Finalizes the disc by the function that its medium knows (recipe 4).
pub fn finalize(function: CloseFunction) -> PlannedCommand {
    close(Move::FinalizeDisc, function, TrackNumber(0))
}

/// Stops a background format where it is. A drive that finished it just now has nothing to stop.
pub fn stop_format() -> PlannedCommand {
    close(
        Move::StopFormat,
        CloseFunction::StopBackgroundFormat,
        TrackNumber(0),
    )
    .tolerating(SensePattern::code(0x5, 0x24), false)
    .tolerating(SensePattern::code(0x5, 0x2C), false)
}

/// Closes with IMMED and a wait; "nothing left to close" is no failure: the medium, identified anew,
/// has the last word.
fn close(purpose: Move, function: CloseFunction, track: TrackNumber) -> PlannedCommand {
    let cdb = CloseTrackSession {
        immed: true,
        function,
        track,
    };
    let command = PlannedCommand::new(purpose, cdb.emit())
        .with_timeout(STARTS)
        .until_ready(CLOSES);
    NOTHING_LEFT_TO_CLOSE
        .into_iter()
        .fold(command, |command, pattern| {
            command.tolerating(pattern, false)
        })
}

/// The length of a parameter list as CDBs carry it; none here comes near the limit.
fn length_of(parameters: &[u8]) -> u16 {
    u16::try_from(parameters.len()).unwrap_or(u16::MAX)
}

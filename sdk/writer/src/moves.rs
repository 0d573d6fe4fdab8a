//! The named moves that all writers share: each a planned command with its time limits (recipe 4.1)
//! and the answers that do not end a job.
//!
//! Owns how a move is sent. Must not know which medium needs which move, nor their order.

#[cfg(test)]
mod tests;

use crate::plan::{Move, Occasion, PlannedCommand, SensePattern};
use pitland_mmc::cdb::{
    Cdb, CloseFunction, CloseTrackSession, FormatUnit, ModeSelect10, ReserveTrack,
    SendDiscStructure, SendOpcInformation, SetCdSpeed, SetStreaming, StructureMedium,
    SynchronizeCache,
};
use pitland_mmc::mode_page::{
    DataBlockType, ModePage, ModeParameterList, MultiSession, WriteParameters, WriteType,
};
use pitland_mmc::param::{FormatParameterList, StreamingDescriptor};
use pitland_mmc::reply::{LayerBoundary, dvd_format};
use pitland_mmc::{SectorCount, TrackNumber};
use std::time::Duration;

/// A command that starts a long operation and answers before its end.
const STARTS: Duration = Duration::from_secs(200);
/// A cache sync or close that answers at its end, and the longest wait for one that does not.
const CLOSES: Duration = Duration::from_secs(60 * 60);
/// The longest format: a full certification of a disc with several layers.
const FORMATS: Duration = Duration::from_secs(5 * 60 * 60);
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

/// Track mode of data that are written incrementally (recipe 3).
const DATA_INCREMENTAL: u8 = 5;

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
    let cdb = SetCdSpeed {
        read_speed: u16::MAX,
        write_speed: u16::try_from(write_kb_per_s).unwrap_or(u16::MAX),
        ..SetCdSpeed::default()
    };
    PlannedCommand::new(Move::SetSpeed, cdb.emit())
        .tolerating(ILLEGAL_REQUEST, true)
        .tolerating(WRITE_PROTECTED, true)
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

/// Says by the write parameters that no further session comes. Some DVD+R firmware finalizes by them,
/// where the closing command alone should say it (recipe 11, Q7); most drives ignore them on media that
/// are not written by them, and some refuse them. The rest of the page is that of incremental writing.
pub fn announce_finalize() -> PlannedCommand {
    let page = WriteParameters {
        buffer_underrun_free: true,
        write_type: WriteType::Incremental,
        multi_session: MultiSession::Final,
        track_mode: DATA_INCREMENTAL,
        data_block_type: DataBlockType::Mode1,
        ..WriteParameters::default()
    };
    let parameters = ModeParameterList::select(&ModePage::WriteParameters(page));
    let cdb = ModeSelect10 {
        page_format: true,
        save_pages: false,
        parameter_list_length: length_of(&parameters),
    };
    PlannedCommand::new(Move::SetWriteParameters, cdb.emit())
        .with_parameters(parameters)
        .tolerating(ILLEGAL_REQUEST, false)
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
    PlannedCommand::new(Move::Format, FormatUnit::WITH_LIST.emit())
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

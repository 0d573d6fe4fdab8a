//! What is different in writing a CD: page 05h decides how, a cue sheet announces a session at
//! once, and tracks end by themselves (recipe 5).
//!
//! Owns the commands that only CD has, and how the others go there; the state of the disc is
//! its own business.

use crate::dispatch::{Outcome, Request, parameters as parameter_list};
use crate::long_operation::Effect;
use crate::medium::cd::cue_sheet::{CueSheet, ENTRY};
use crate::medium::cd::{Blanking, CdDisc, MOST_OVERBURN, Main, Parameters, Sub, Wire};
use crate::medium::{Medium, Recorded};
use crate::recorder::Recorder;
use crate::recording::is_gladly_closed;
use crate::refusal::Refusal;
use crate::timing::Task;

/// Data block types of page 05h (recipe 3).
const RAW_BLOCK: u8 = 0;
const RAW_PQ: u8 = 1;
const RAW_PACKED: u8 = 2;
const RAW_RAW: u8 = 3;
const MODE_1: u8 = 8;
const MODE_2: u8 = 9;
const MODE_2_FORM_1: u8 = 10;
const MODE_2_MIXED: u8 = 13;

/// The write type of a session at once, and of one that the host makes whole.
const SESSION_AT_ONCE: u8 = 2;
const RAW: u8 = 3;

/// What page 05h says now.
pub(crate) fn parameters(drive: &Recorder) -> Parameters {
    let page = drive.pages.write_parameters();
    let data = page.track_mode() & 4 != 0;
    let wire = |main, sub| Some(Wire { main, sub });
    let wire = match (page.write_type(), page.data_block_type()) {
        (RAW, RAW_PQ) => wire(Main::Recorded, Sub::Pq16),
        (RAW, RAW_PACKED) => wire(Main::Recorded, Sub::Packed),
        (RAW, RAW_RAW) => wire(Main::Recorded, Sub::Raw),
        (RAW | SESSION_AT_ONCE, _) => None,
        (_, MODE_1) if data => wire(Main::Mode1, Sub::ByDrive),
        (_, MODE_2_FORM_1) if data => wire(Main::Form1, Sub::ByDrive),
        (_, MODE_2) if data => wire(Main::Mode2, Sub::ByDrive),
        (_, MODE_2_MIXED) if data => wire(Main::XaMixed, Sub::ByDrive),
        (_, RAW_BLOCK) if !data => wire(Main::Audio, Sub::ByDrive),
        _ => None,
    };
    Parameters {
        write_type: page.write_type(),
        control: page.track_mode(),
        wire,
        multi_session: page.multi_session(),
        session_format: page.session_format(),
        mcn: page.mcn(),
        isrc: page.isrc(),
        serial_copy: page.serial_copy(),
        overburn: drive.medium().map_or(0, |medium| overburn(drive, medium)),
    }
}

/// Blocks behind the last possible lead-out that can be written: as whole sectors, for which there
/// is room.
fn overburn(drive: &Recorder, medium: &Medium) -> u32 {
    match medium.keeps_sectors() {
        true => drive.model.overburn_blocks.min(MOST_OVERBURN),
        false => 0,
    }
}

/// How the blocks of a WRITE to this address come; `None` on media that know one form only, and
/// where the refusal of the WRITE will say what is wrong.
pub(crate) fn wire(drive: &Recorder, medium: &Medium, lba: u32) -> Option<Wire> {
    let Recorded::Cd(disc) = drive.record_of_writing(medium) else {
        return None;
    };
    disc.wire_at(lba as i32, parameters(drive))
}

/// Whether a CD is to keep whole sectors of what is written now.
pub(crate) fn takes_sectors(drive: &Recorder, medium: &Medium) -> bool {
    match drive.record_of_writing(medium) {
        Recorded::Cd(disc) => disc.takes_sectors(parameters(drive)),
        _ => false,
    }
}

/// What an operation writes before it ends: the padding of a short track, or nothing at all
/// where the whole disc was blanked.
pub(crate) fn prepare_end(medium: &mut Medium, effect: Effect) -> Result<(), Refusal> {
    match effect {
        Effect::Synchronized | Effect::TrackClosed(_) => {
            medium.pad_cd_track().map_err(|_| Refusal::WRITE_ERROR)
        }
        Effect::CdBlanked(Blanking::All) => {
            medium.erase_blocks().map_err(|_| Refusal::ERASE_FAILED)
        }
        _ => Ok(()),
    }
}

/// The end of an operation on the disc.
pub(crate) fn end(disc: &mut CdDisc, effect: Effect, page: Parameters) {
    match effect {
        Effect::Synchronized => disc.synchronized(),
        Effect::TrackClosed(_) => disc.close_track(),
        Effect::SessionClosed { .. } => disc.close_session(page),
        Effect::CdBlanked(blanking) => disc.blank_by(blanking),
        _ => {}
    }
}

pub(crate) fn send_cue_sheet(
    drive: &mut Recorder,
    request: &Request<'_>,
    _data_in: &mut [u8],
) -> Outcome {
    let length = request.cdb.be32(5) & 0x00FF_FFFF;
    let medium = drive.medium().ok_or(Refusal::INTERNAL)?;
    let Recorded::Cd(disc) = drive.record_of_writing(medium) else {
        return Err(Refusal::ILLEGAL_FIELD);
    };
    let page = parameters(drive);
    let start = disc.check_announce(drive.model.quirks.appends_at_once)?;
    if page.write_type != SESSION_AT_ONCE {
        return Err(Refusal::SEQUENCE);
    }
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    let most = drive.model.cue_sheet_bytes as usize;
    if length == 0 || length > most || !length.is_multiple_of(ENTRY) {
        return Err(Refusal::ILLEGAL_FIELD);
    }
    let list = parameter_list(request, length)?;
    let sheet = disc.read_sheet(list, start, overburn(drive, medium)).ok();
    let keeps = |sheet: &CueSheet| {
        let texts = drive.model.writes_cd_text || !sheet.has_texts();
        texts && (sheet.is_plain() || medium.keeps_sectors())
    };
    let Some(mut sheet) = sheet.filter(keeps) else {
        return Err(match drive.model.quirks.bad_cue_sheet_is_illegal_field {
            true => Refusal::ILLEGAL_FIELD,
            false => Refusal::ILLEGAL_PARAMETER,
        });
    };
    sheet.multi_session = page.multi_session;
    drive.keep_rehearsal();
    if let Some(Recorded::Cd(disc)) = drive.record_of_writing_mut() {
        disc.announce(sheet);
    }
    Ok(length)
}

/// Page 05h comes anew: not while a CD is being written, and a session that was announced under
/// the old one does not count.
pub(crate) fn forget_announced(drive: &mut Recorder) -> Result<(), Refusal> {
    let in_flight = |medium: &Medium| match drive.record_of_writing(medium) {
        Recorded::Cd(disc) => disc.in_flight(),
        _ => false,
    };
    if drive.medium().is_some_and(in_flight) {
        return Err(Refusal::SEQUENCE);
    }
    if let Some(Recorded::Cd(disc)) = &mut drive.rehearsal {
        disc.forget_announced();
    }
    if let Some(Recorded::Cd(disc)) = drive.medium_mut().map(|m| &mut m.recorded) {
        disc.forget_announced();
    }
    Ok(())
}

/// CLOSE TRACK does what SYNCHRONIZE CACHE does, for tracks that were not ended by that.
pub(crate) fn close_track(drive: &mut Recorder, number: u16, immediate: bool) -> Outcome {
    if drive.model.quirks.close_track_fails_on_cd {
        return Err(Refusal::ILLEGAL_FIELD);
    }
    let disc = disc(drive)?;
    match disc.check_close_track(number) {
        Err(refusal) if is_gladly_closed(drive, &refusal) => return Ok(0),
        checked => checked?,
    }
    let track = u8::try_from(number).ok().and_then(|n| disc.track(n));
    let open = track.is_some_and(|t| !t.ended);
    if !open {
        return Ok(0);
    }
    drive.start_and(immediate, Effect::TrackClosed(number), Task::CloseTrack)
}

/// CLOSE SESSION: lead-out and lead-in; the multi-session bits of page 05h say what the latter
/// tells of the next session.
pub(crate) fn close_session(drive: &mut Recorder, immediate: bool) -> Outcome {
    match disc(drive)?.check_close_session() {
        Err(refusal) if is_gladly_closed(drive, &refusal) => return Ok(0),
        checked => checked?,
    }
    let finalize = drive.pages.is_last_session();
    let effect = Effect::SessionClosed { finalize };
    drive.start_and(immediate, effect, Task::CloseSession)
}

fn disc(drive: &Recorder) -> Result<&CdDisc, Refusal> {
    let disc = drive.medium().and_then(|m| m.cd());
    disc.ok_or(Refusal::INTERNAL)
}

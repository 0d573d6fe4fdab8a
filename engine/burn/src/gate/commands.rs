//! The commands of a plan: each serves its purpose, carries what that purpose has, and was asked for.
//!
//! Owns these judgements. Must not know what is on the medium.

use super::{Allowances, MOST_BYTES, PlanFault, is_query, vendor};
use crate::patience;
use pitland_mmc::Lba;
use pitland_mmc::cdb::{BlankingType, CloseFunction, Command, DataDirection, ReserveTrack};
use pitland_mmc::mode_page::{ModePage, ModeParameterList, WriteParameters};
use pitland_mmc::param::{CuePosition, CueSheetEntry, CueSubchannel, DataForm};
use pitland_mmc::param::{FormatParameterList, FormatType};
use pitland_mmc::reply::dvd_format;
use pitland_writer::{
    BlockForm, EraseScope, Extent, Finish, Move, Occasion, PlannedCommand, Request, Settle,
    WritePlan,
};

/// Frames of a CD between 00:00:00 and block 0; also the blocks of a pregap.
const PREGAP: i64 = 150;
/// Track number of the lead-out in a cue sheet (recipe 5).
const LEAD_OUT: u8 = 0xAA;

/// Checks the commands of a plan.
///
/// # Errors
/// The first one that the engine would not send.
pub(super) fn check(
    plan: &WritePlan,
    request: &Request,
    allowed: Allowances,
) -> Result<(), PlanFault> {
    for planned in plan.commands() {
        bounds(planned)?;
        let command = Command::parse(planned.cdb.as_slice())?;
        serves(planned, &command, allowed)?;
        parameters(planned, &command)?;
        asked(planned, &command, request)?;
        describes(planned, &command, plan)?;
    }
    let mut between = plan.extents.iter().flat_map(|extent| &extent.before);
    if let Some(planned) = between.find(|planned| !may_come_between(planned.purpose)) {
        let purpose = planned.purpose;
        return Err(PlanFault::NotAsked { purpose });
    }
    test_write(plan, request)
}

/// What one track needs behind another.
fn may_come_between(purpose: Move) -> bool {
    matches!(
        purpose,
        Move::SynchronizeCache | Move::SetWriteParameters | Move::CloseTrack | Move::SetSpeed
    )
}

/// Times and lengths within reason.
fn bounds(planned: &PlannedCommand) -> Result<(), PlanFault> {
    let settles = match planned.settle {
        Settle::WhenReady { limit } => limit,
        _ => planned.timeout,
    };
    if planned.timeout.max(settles) > patience::LONGEST {
        return Err(PlanFault::TooLong {
            purpose: planned.purpose,
        });
    }
    let bytes = planned.parameters.len() as u64;
    if bytes > u64::from(MOST_BYTES) {
        return Err(PlanFault::TooManyBytes { bytes });
    }
    Ok(())
}

/// The command is the one of its purpose.
fn serves(
    planned: &PlannedCommand,
    command: &Command,
    allowed: Allowances,
) -> Result<(), PlanFault> {
    let serves = match planned.purpose {
        Move::SetSpeed => matches!(command, Command::SetStreaming(_) | Command::SetCdSpeed(_)),
        // Saved pages would outlive the job.
        Move::SetWriteParameters => matches!(command, Command::ModeSelect10(c) if !c.save_pages),
        Move::CalibratePower => matches!(command, Command::SendOpcInformation(_)),
        Move::Format => matches!(command, Command::FormatUnit(_)),
        Move::Blank => matches!(command, Command::Blank(_)),
        Move::ReserveTrack => matches!(command, Command::ReserveTrack(_)),
        Move::SetLayerBreak => {
            matches!(command, Command::SendDiscStructure(c) if c.format == dvd_format::LAYER_BOUNDARY)
        }
        Move::SendCueSheet => matches!(command, Command::SendCueSheet(_)),
        Move::SynchronizeCache => matches!(command, Command::SynchronizeCache(_)),
        Move::StopFormat | Move::CloseTrack | Move::CloseSession | Move::FinalizeDisc => {
            matches!(command, Command::CloseTrackSession(c) if closes(planned.purpose, c.function))
        }
        Move::Own(_) => match command {
            Command::Unknown(cdb) if allowed.vendor_commands => vendor(cdb, allowed).is_ok(),
            Command::Unknown(cdb) => match vendor(cdb, allowed) {
                fault @ Err(PlanFault::VendorCommand { .. }) => return fault,
                _ => false,
            },
            Command::StartStopUnit(c) => !c.load_eject && c.power_condition == 0,
            query => is_query(query),
        },
        _ => false,
    };
    if serves {
        return Ok(());
    }
    Err(PlanFault::WrongCommand {
        purpose: planned.purpose,
        command: command.to_string(),
    })
}

/// Whether a function of CLOSE TRACK/SESSION is what a move calls it (recipe 4). That of the lead-out
/// closes a DVD+RW, which has no sessions.
fn closes(purpose: Move, function: CloseFunction) -> bool {
    use CloseFunction as F;
    match purpose {
        Move::StopFormat => matches!(function, F::StopBackgroundFormat | F::FinalizeRw),
        Move::CloseTrack => function == F::Track,
        Move::CloseSession => function == F::Session,
        _ => !matches!(function, F::StopBackgroundFormat | F::Track),
    }
}

/// The parameters are as long as the command says, and of its kind.
fn parameters(planned: &PlannedCommand, command: &Command) -> Result<(), PlanFault> {
    let announced = match command {
        Command::FormatUnit(_) => FormatParameterList::LEN as u64,
        // Nobody but its vendor knows.
        Command::Unknown(_) => return Ok(()),
        out if out.direction() == DataDirection::Out => out.byte_len().unwrap_or(0).into(),
        _ => 0,
    };
    let given = planned.parameters.len() as u64;
    if announced != given {
        return Err(PlanFault::LengthMismatch {
            command: command.to_string(),
            announced,
            given,
        });
    }
    let purpose = planned.purpose;
    let bad = |what| Err(PlanFault::BadParameters { purpose, what });
    match purpose {
        Move::SetWriteParameters if write_parameters(planned).is_none() => {
            bad("it carries something else than mode page 05h")
        }
        Move::Format if FormatParameterList::parse(&planned.parameters).is_err() => {
            bad("its list is none of a format")
        }
        Move::SendCueSheet if cue_positions(planned).is_none() => bad("it is no cue sheet"),
        _ => Ok(()),
    }
}

/// The page 05h that a command sends; `None` when it sends anything else.
fn write_parameters(planned: &PlannedCommand) -> Option<WriteParameters> {
    let mut pages = ModeParameterList::parse(&planned.parameters).ok()?.pages;
    let page = pages.pop().filter(|_| pages.is_empty())?;
    match page {
        // Byte for byte: nothing may hide behind the page.
        ModePage::WriteParameters(page)
            if ModeParameterList::select(&ModePage::WriteParameters(page.clone())).len()
                == planned.parameters.len() =>
        {
            Some(page)
        }
        _ => None,
    }
}

/// Whether the request calls for the move.
fn asked(planned: &PlannedCommand, command: &Command, request: &Request) -> Result<(), PlanFault> {
    let asked = match (request, planned.purpose) {
        (_, Move::SetSpeed | Move::SetWriteParameters | Move::SynchronizeCache | Move::Own(_)) => {
            true
        }
        // What tells of the disc to come, and is simulated with it. The rest would be done for real.
        (Request::Burn(burn), purpose) if burn.test_write => matches!(
            purpose,
            Move::CalibratePower | Move::ReserveTrack | Move::SendCueSheet
        ),
        (Request::Burn(burn), Move::FinalizeDisc) => burn.finish == Finish::FinalizeDisc,
        (Request::Resume(resume), Move::FinalizeDisc) => resume.burn.finish == Finish::FinalizeDisc,
        // What is on the medium already must stay there.
        (Request::Resume(_), Move::Format) => {
            goes_on_formatting(planned) || formats_by(planned, &[FormatType::QuickGrow])
        }
        (Request::Burn(_) | Request::Resume(_), purpose) => purpose != Move::Blank,
        (Request::Format(_), purpose) => matches!(
            purpose,
            Move::Format
                | Move::Blank
                | Move::CalibratePower
                | Move::StopFormat
                | Move::CloseSession
        ),
        (Request::Erase(erase), Move::Blank) => erases(command, erase.scope),
        (Request::Erase(_), purpose) => !matches!(
            purpose,
            Move::ReserveTrack | Move::SetLayerBreak | Move::SendCueSheet | Move::FinalizeDisc
        ),
        (Request::Close(close), purpose) => match purpose {
            Move::CloseTrack | Move::CloseSession | Move::StopFormat => true,
            Move::FinalizeDisc => close.finalize,
            _ => false,
        },
        _ => false,
    };
    match asked {
        true => Ok(()),
        false => Err(PlanFault::NotAsked {
            purpose: planned.purpose,
        }),
    }
}

/// Whether a BLANK erases what was asked for, and no more or less (recipe 5).
fn erases(command: &Command, scope: EraseScope) -> bool {
    let Command::Blank(blank) = command else {
        return false;
    };
    match scope {
        EraseScope::Disc => matches!(blank.kind, BlankingType::Full | BlankingType::Minimal),
        EraseScope::LastSession => blank.kind == BlankingType::EraseSession,
        EraseScope::TrackTail(Lba(from)) => {
            blank.kind == BlankingType::TrackTail && blank.address == from as u32
        }
        _ => false,
    }
}

/// Whether a format is the rest of one that was suspended: only of a DVD+RW, by its parameter (recipe 6).
pub(super) fn goes_on_formatting(planned: &PlannedCommand) -> bool {
    FormatParameterList::parse(&planned.parameters)
        .is_ok_and(|list| list.kind == FormatType::DvdPlusRwBasic && list.parameter == 1)
}

/// Whether a format is one of these types.
pub(super) fn formats_by(planned: &PlannedCommand, kinds: &[FormatType]) -> bool {
    FormatParameterList::parse(&planned.parameters).is_ok_and(|list| kinds.contains(&list.kind))
}

/// Whether what a command says of the blocks to come is what the plan records.
fn describes(
    planned: &PlannedCommand,
    command: &Command,
    plan: &WritePlan,
) -> Result<(), PlanFault> {
    let purpose = planned.purpose;
    let what = match command {
        Command::ReserveTrack(c) if !reserves(*c, plan) => {
            "it reserves another number of blocks than the plan records"
        }
        Command::SendCueSheet(_) => match cue_positions(planned) {
            Some(positions) => match describes_extents(&positions, &plan.extents) {
                Ok(()) => return Ok(()),
                Err(what) => what,
            },
            None => "it is no cue sheet",
        },
        _ => return Ok(()),
    };
    Err(PlanFault::BadParameters { purpose, what })
}

/// A track is reserved for exactly what comes: it could not be closed otherwise (recipe 6).
fn reserves(command: ReserveTrack, plan: &WritePlan) -> bool {
    !command.by_address && u64::from(command.size.0) == plan.blocks()
}

/// The positions of a cue sheet in their order; `None` when it is none.
fn cue_positions(planned: &PlannedCommand) -> Option<Vec<CuePosition>> {
    let entries = CueSheetEntry::parse_sheet(&planned.parameters).ok()?;
    let mut positions = Vec::new();
    for entry in entries {
        match entry {
            CueSheetEntry::Position(position) => positions.push(position),
            CueSheetEntry::Mcn { .. } | CueSheetEntry::Isrc { .. } => {}
            _ => return None,
        }
    }
    Some(positions)
}

/// Whether a sheet describes these extents: from its first pregap to its lead-out without a gap, each
/// block in the form that its track has (recipe 5). Blocks of the lead-in are not described by it.
fn describes_extents(positions: &[CuePosition], extents: &[Extent]) -> Result<(), &'static str> {
    let [lead_in, tracks @ .., lead_out] = positions else {
        return Err("the cue sheet has neither lead-in nor lead-out");
    };
    if lead_in.track != 0 || lead_out.track != LEAD_OUT {
        return Err("the cue sheet does not go from lead-in to lead-out");
    }
    let Some(first) = tracks.first() else {
        return Err("the cue sheet has no track");
    };
    if !tracks.iter().all(|p| (1..=99).contains(&p.track)) {
        return Err("the cue sheet has a track that cannot be");
    }
    let frames: Vec<i64> = tracks
        .iter()
        .chain([lead_out])
        .map(|p| i64::from(p.start.frames()))
        .collect();
    if !positions.iter().all(|p| p.start.is_valid()) || !frames.is_sorted() {
        return Err("the times of the cue sheet do not rise");
    }
    let first_lba = i64::from(first.start.frames()) - PREGAP;
    let end = i64::from(lead_out.start.frames()) - PREGAP;
    let mut next = first_lba;
    for extent in extents.iter().filter(|e| e.form != BlockForm::CdText96) {
        let Lba(start) = extent.first_lba;
        // What the host makes itself, lead-in and lead-out among it, needs no sheet.
        if i64::from(start) != next {
            return Err("the extents do not begin where the cue sheet does, or leave a gap");
        }
        next = next.saturating_add_unsigned(extent.blocks);
        let begins = i64::from(start) + PREGAP;
        let ends = next + PREGAP;
        let at = tracks
            .iter()
            .rposition(|p| i64::from(p.start.frames()) <= begins);
        let mut inside = tracks.iter().skip(at.unwrap_or(tracks.len()));
        let in_form = |p: &CuePosition| block_bytes(p) == Some(extent.form.bytes());
        if at.is_none() || !inside.all(|p| i64::from(p.start.frames()) >= ends || in_form(p)) {
            return Err("an extent has blocks of another form than its track");
        }
    }
    match next == end {
        true => Ok(()),
        false => Err("the extents do not end where the cue sheet's lead-out begins"),
    }
}

/// Bytes of a block that the host sends in the form of a cue sheet's entry; `None` where the drive makes it.
fn block_bytes(position: &CuePosition) -> Option<u32> {
    let main = match position.form {
        DataForm::Audio | DataForm::Mode1Raw | DataForm::XaRaw | DataForm::Mode2Raw => 2352,
        DataForm::Mode1 => 2048,
        DataForm::Xa | DataForm::Mode2 => 2336,
        _ => return None,
    };
    match position.subchannel {
        CueSubchannel::ByDrive => Some(main),
        _ => Some(main + 96),
    }
}

/// A test write is one by the drive's own page, which it must take; and nothing else is one (recipe 3).
fn test_write(plan: &WritePlan, request: &Request) -> Result<(), PlanFault> {
    let wanted = matches!(request, Request::Burn(burn) if burn.test_write);
    let purpose = Move::SetWriteParameters;
    let bad = |what| Err(PlanFault::BadParameters { purpose, what });
    let pages = || {
        let between = plan.extents.iter().flat_map(|extent| &extent.before);
        let commands = plan.prepare.iter().chain(between);
        let commands = commands.filter(|c| c.purpose == purpose);
        commands.filter_map(|c| Some((c, write_parameters(c)?)))
    };
    if pages().any(|(_, page)| page.test_write != wanted) {
        return bad(match wanted {
            true => "the page would record what shall only be tried",
            false => "the page would only try what shall be recorded",
        });
    }
    let closing = plan.closing.iter().filter(|c| c.purpose == purpose);
    if closing.filter_map(write_parameters).any(|p| p.test_write) {
        return bad("the page is left in test write");
    }
    if !wanted {
        return Ok(());
    }
    // Refused and passed over, it would be a burn.
    let firm = pages()
        .any(|(command, _)| command.tolerate.is_empty() && command.occasion == Occasion::Always);
    match firm && pages().all(|(command, _)| command.tolerate.is_empty()) {
        true => Ok(()),
        false => bad("a test write needs the page, taken by the drive"),
    }
}

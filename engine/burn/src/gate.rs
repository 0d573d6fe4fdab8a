//! What a writer may have the engine do. Owns the check of plans and queries before anything is sent:
//! a writer is trusted code, but a slip of it must not reach the laser.

use crate::patience;
use crate::verify::{UNIT_BLOCKS, WrittenRun};
use crate::writing::MOST_CHUNK_BYTES;
use pitland_mmc::cdb::{CdbBytes, CloseFunction, Command};
use pitland_mmc::param::{FormatParameterList, FormatType};
use pitland_writer::{
    BlockForm, Extent, Finish, Move, Origin, PlannedCommand, Request, Service, Settle,
    WriteCommand, WritePlan,
};

/// Bytes that a command of a plan or a query may carry.
pub const MOST_BYTES: u32 = 256 * 1024;
/// Blocks of a streaming WRITE, and of its place: one drive wrote junk in smaller ones (recipe 7).
const STREAMING_BLOCKS: u32 = 32;
/// Commands and extents that a plan may hold.
const MOST_PARTS: usize = 4096;

/// Why a plan or a query is not carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanFault {
    /// A command is not one that its purpose allows.
    #[error("{command} does not serve the purpose \"{purpose}\"")]
    WrongCommand {
        /// The stated purpose.
        purpose: Move,
        /// The command, in words.
        command: String,
    },
    /// A command cannot be understood.
    #[error("a command of the plan is malformed: {0}")]
    Malformed(#[from] pitland_mmc::CdbError),
    /// A command that the request does not call for.
    #[error("{purpose} is not part of what was asked")]
    NotAsked {
        /// The purpose.
        purpose: Move,
    },
    /// A query that is more than a query.
    #[error("{command} is not a query")]
    NotAQuery {
        /// The command, in words.
        command: String,
    },
    /// More bytes than a command may carry.
    #[error("{bytes} bytes are more than a command may carry")]
    TooManyBytes {
        /// What was asked.
        bytes: u64,
    },
    /// A write unit that does not fit one command of this drive's link.
    #[error("a write unit of {unit_bytes} bytes does not fit a command of {most_bytes}")]
    UnitOverLimit {
        /// Bytes of the unit.
        unit_bytes: u32,
        /// The most bytes of a command.
        most_bytes: u32,
    },
    /// A command that may take longer than any.
    #[error("{purpose} may take longer than a day")]
    TooLong {
        /// The purpose.
        purpose: Move,
    },
    /// More parts than a plan may have.
    #[error("a plan of {parts} parts is refused")]
    TooManyParts {
        /// What was asked.
        parts: usize,
    },
    /// An extent that is empty, not of whole units, or of a form that its origin cannot have.
    #[error("extent {index} is not of whole write units")]
    BadExtent {
        /// Which.
        index: usize,
    },
    /// Extents that overlap or run backwards.
    #[error("extent {index} starts before the end of the one before it")]
    Overlap {
        /// Which.
        index: usize,
    },
    /// An extent outside of what the medium has free.
    #[error("extent {index} ends outside of the free blocks of the medium")]
    OutsideMedium {
        /// Which.
        index: usize,
    },
    /// The plan of a job that is resumed does not go on where the medium does.
    #[error("the plan does not go on where the burn was cut off")]
    NotTheRest,
    /// Fewer blocks than the image has.
    #[error("the plan records {planned} blocks of an image of {needed}")]
    ImageCut {
        /// Blocks of the image in the plan.
        planned: u64,
        /// Blocks of the image.
        needed: u64,
    },
}

/// Checks a plan against the request it serves and, for a burn, what the writer said is free.
///
/// # Errors
/// The first thing in the plan that the engine would not do.
pub fn check_plan(
    plan: &WritePlan,
    request: &Request,
    service: Option<&Service>,
) -> Result<(), PlanFault> {
    let parts = plan.prepare.len() + plan.extents.len() + plan.closing.len();
    if parts > MOST_PARTS {
        return Err(PlanFault::TooManyParts { parts });
    }
    for command in plan.prepare.iter().chain(&plan.closing) {
        check_command(command, request)?;
    }
    check_extents(&plan.extents, request, service)
}

fn check_command(planned: &PlannedCommand, request: &Request) -> Result<(), PlanFault> {
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
    let command = Command::parse(planned.cdb.as_slice())?;
    let serves = match planned.purpose {
        Move::SetSpeed => matches!(command, Command::SetStreaming(_) | Command::SetCdSpeed(_)),
        Move::SetWriteParameters => matches!(command, Command::ModeSelect10(_)),
        Move::CalibratePower => matches!(command, Command::SendOpcInformation(_)),
        Move::Format => matches!(command, Command::FormatUnit(_)),
        Move::Blank => matches!(command, Command::Blank(_)),
        Move::ReserveTrack => matches!(command, Command::ReserveTrack(_)),
        Move::SetLayerBreak => matches!(command, Command::SendDiscStructure(_)),
        Move::SendCueSheet => matches!(command, Command::SendCueSheet(_)),
        Move::SynchronizeCache => matches!(command, Command::SynchronizeCache(_)),
        Move::StopFormat | Move::CloseTrack | Move::CloseSession | Move::FinalizeDisc => {
            matches!(command, Command::CloseTrackSession(c) if closes(planned.purpose, c.function))
        }
        Move::Own(_) => {
            is_query(&command) || matches!(command, Command::StartStopUnit(c) if !c.load_eject)
        }
        _ => false,
    };
    if !serves {
        return Err(PlanFault::WrongCommand {
            purpose: planned.purpose,
            command: command.to_string(),
        });
    }
    let asked = match (request, planned.purpose) {
        (_, Move::SetSpeed | Move::SetWriteParameters | Move::SynchronizeCache | Move::Own(_)) => {
            true
        }
        (Request::Burn(burn), Move::FinalizeDisc) => burn.finish == Finish::FinalizeDisc,
        (Request::Resume(resume), Move::FinalizeDisc) => resume.burn.finish == Finish::FinalizeDisc,
        // What is on the medium already must stay there.
        (Request::Resume(_), Move::Format) => goes_on_formatting(planned),
        (Request::Burn(_) | Request::Resume(_), purpose) => purpose != Move::Blank,
        (Request::Format(_), purpose) => {
            matches!(
                purpose,
                Move::Format | Move::Blank | Move::CalibratePower | Move::StopFormat
            )
        }
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
    if asked {
        Ok(())
    } else {
        Err(PlanFault::NotAsked {
            purpose: planned.purpose,
        })
    }
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

/// Whether a format is the rest of one that was suspended: only of a DVD+RW, by its parameter (recipe 6).
fn goes_on_formatting(planned: &PlannedCommand) -> bool {
    FormatParameterList::parse(&planned.parameters)
        .is_ok_and(|list| list.kind == FormatType::DvdPlusRwBasic && list.parameter == 1)
}

fn check_extents(
    extents: &[Extent],
    request: &Request,
    service: Option<&Service>,
) -> Result<(), PlanFault> {
    if !extents.is_empty()
        && !matches!(
            request,
            Request::Burn(_) | Request::Erase(_) | Request::Resume(_)
        )
    {
        return Err(PlanFault::BadExtent { index: 0 });
    }
    let written_before = match request {
        Request::Resume(resume) => resume.written_blocks,
        _ => 0,
    };
    let mut image_blocks = 0u64;
    let mut previous_end = i64::MIN;
    for (index, extent) in extents.iter().enumerate() {
        let unit = u64::from(extent.unit);
        let fits_form = match &extent.origin {
            Origin::Bytes(bytes) => {
                bytes.len() as u64 == extent.blocks.saturating_mul(u64::from(extent.form.bytes()))
                    && bytes.len() as u64 <= u64::from(MOST_BYTES)
            }
            // The ring carries whole units of 2048-byte blocks, in slots that are powers of two.
            Origin::Image => {
                extent.form == BlockForm::Cooked2048
                    && unit.is_power_of_two()
                    && (image_blocks == 0
                        || (written_before + image_blocks).is_multiple_of(UNIT_BLOCKS.into()))
            }
            _ => true,
        };
        let fits_command =
            unit.saturating_mul(extent.form.bytes().into()) <= MOST_CHUNK_BYTES.into();
        let streams_whole = extent.command != WriteCommand::Write12Streaming
            || (extent.unit.is_multiple_of(STREAMING_BLOCKS)
                && extent.first_lba.0.rem_euclid(STREAMING_BLOCKS as i32) == 0);
        let as_asked = match request {
            Request::Burn(burn) => extent.test_write == burn.test_write,
            _ => !extent.test_write,
        };
        if extent.blocks == 0
            || unit == 0
            || extent.blocks % unit != 0
            || !fits_form
            || !fits_command
            || !streams_whole
            || !as_asked
        {
            return Err(PlanFault::BadExtent { index });
        }
        let start = i64::from(extent.first_lba.0);
        let Some(end) = i64::try_from(extent.blocks)
            .ok()
            .and_then(|n| start.checked_add(n))
        else {
            return Err(PlanFault::OutsideMedium { index });
        };
        if start < previous_end {
            return Err(PlanFault::Overlap { index });
        }
        if end > i64::from(i32::MAX) {
            return Err(PlanFault::OutsideMedium { index });
        }
        if let Some(service) = service {
            let first = i64::from(service.first_lba.0);
            let last = first.saturating_add_unsigned(service.free_blocks);
            // A volume is laid out for the address that the writer named.
            let displaced = extent.origin == Origin::Image && image_blocks == 0 && start != first;
            if start < first || end > last || displaced {
                return Err(PlanFault::OutsideMedium { index });
            }
        }
        previous_end = end;
        if extent.origin == Origin::Image {
            image_blocks = image_blocks.saturating_add(extent.blocks);
        }
    }
    let needed = match request {
        Request::Burn(burn) => burn.blocks,
        Request::Resume(resume) => resume.burn.blocks,
        _ => 0,
    };
    let planned = image_blocks.saturating_add(written_before);
    if planned < needed {
        return Err(PlanFault::ImageCut { planned, needed });
    }
    Ok(())
}

/// Checks that the plan of a job that is resumed goes on where the run that is on the medium ends, and
/// that there is no such run where nothing is resumed.
///
/// # Errors
/// [`PlanFault::NotTheRest`].
pub fn check_resumed(
    plan: &WritePlan,
    request: &Request,
    resumed: Option<&WrittenRun>,
) -> Result<(), PlanFault> {
    let first = plan.extents.iter().find(|e| e.origin == Origin::Image);
    let fits = match (request, resumed) {
        (Request::Resume(resume), Some(run)) => {
            let end = i64::from(run.first_lba.0).checked_add_unsigned(run.blocks);
            run.image_block == 0
                && run.blocks == resume.written_blocks
                && first.is_none_or(|extent| end == Some(extent.first_lba.0.into()))
        }
        // What is there is closed and then read back.
        (Request::Close(_), Some(run)) => run.image_block == 0 && plan.extents.is_empty(),
        (Request::Resume(_), None) | (_, Some(_)) => false,
        (_, None) => true,
    };
    if fits {
        Ok(())
    } else {
        Err(PlanFault::NotTheRest)
    }
}

/// Checks that a drive's link carries the write units of a plan: none is ever split.
///
/// # Errors
/// [`PlanFault::UnitOverLimit`].
pub fn check_limit(plan: &WritePlan, most_bytes: u32) -> Result<(), PlanFault> {
    let units = plan
        .extents
        .iter()
        .map(|e| e.unit.saturating_mul(e.form.bytes()));
    match units.max() {
        Some(unit_bytes) if unit_bytes > most_bytes => Err(PlanFault::UnitOverLimit {
            unit_bytes,
            most_bytes,
        }),
        _ => Ok(()),
    }
}

/// Checks that a writer's query is one.
///
/// # Errors
/// It changes something, or wants more than it may.
pub fn check_query(cdb: &CdbBytes, length: u32) -> Result<(), PlanFault> {
    if length > MOST_BYTES {
        return Err(PlanFault::TooManyBytes {
            bytes: length.into(),
        });
    }
    let command = Command::parse(cdb.as_slice())?;
    if is_query(&command) {
        Ok(())
    } else {
        Err(PlanFault::NotAQuery {
            command: command.to_string(),
        })
    }
}

fn is_query(command: &Command) -> bool {
    matches!(
        command,
        Command::TestUnitReady(_)
            | Command::RequestSense(_)
            | Command::Inquiry(_)
            | Command::ModeSense6(_)
            | Command::ModeSense10(_)
            | Command::GetConfiguration(_)
            | Command::GetEventStatusNotification(_)
            | Command::GetPerformance(_)
            | Command::ReadDiscInformation(_)
            | Command::ReadTrackInformation(_)
            | Command::ReadFormatCapacities(_)
            | Command::ReadCapacity(_)
            | Command::ReadTocPmaAtip(_)
            | Command::ReadDiscStructure(_)
            | Command::ReadBufferCapacity(_)
            | Command::MechanismStatus(_)
            | Command::Read10(_)
            | Command::Read12(_)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use pitland_mmc::Lba;
    use pitland_mmc::cdb::{Cdb, CloseFunction, CloseTrackSession, ReadCapacity, Write10};
    use pitland_mmc::param::FormatParameterList;
    use pitland_writer::{BurnRequest, CloseRequest, ResumeRequest, moves};

    fn burn(blocks: u64) -> Request {
        Request::Burn(BurnRequest::new(blocks))
    }

    fn plan_of(extents: Vec<Extent>) -> WritePlan {
        let mut plan = WritePlan::default();
        plan.extents = extents;
        plan
    }

    #[test]
    fn a_write_dressed_as_something_else_is_refused() {
        let mut plan = plan_of(vec![Extent::image(Lba(0), 32, 32)]);
        let write = Write10 {
            lba: Lba(0),
            blocks: 1,
            fua: false,
        }
        .emit();
        for purpose in [
            Move::SetSpeed,
            Move::SynchronizeCache,
            Move::CloseTrack,
            Move::Own(1),
        ] {
            plan.prepare = vec![PlannedCommand::new(purpose, write)];
            assert!(matches!(
                check_plan(&plan, &burn(1), None),
                Err(PlanFault::WrongCommand { .. })
            ));
        }
    }

    #[test]
    fn a_streaming_write_is_of_whole_and_aligned_64_kib_only() {
        let streaming = |lba, unit| {
            let mut extent = Extent::image(Lba(lba), 64, unit);
            extent.command = WriteCommand::Write12Streaming;
            check_plan(&plan_of(vec![extent]), &burn(64), None)
        };
        assert_eq!(streaming(0, 32), Ok(()));
        assert_eq!(streaming(0, 16), Err(PlanFault::BadExtent { index: 0 }));
        assert_eq!(streaming(16, 32), Err(PlanFault::BadExtent { index: 0 }));
    }

    #[test]
    fn a_query_that_writes_is_refused() {
        let write = Write10 {
            lba: Lba(0),
            blocks: 1,
            fua: false,
        }
        .emit();
        assert!(matches!(
            check_query(&write, 0),
            Err(PlanFault::NotAQuery { .. })
        ));
        let close = CloseTrackSession {
            function: CloseFunction::Session,
            ..Default::default()
        }
        .emit();
        assert!(matches!(
            check_query(&close, 0),
            Err(PlanFault::NotAQuery { .. })
        ));
        // "Simulate" of Ricoh, and the serial number of the medium, which made one drive unusable
        // (recipe 11, Q14).
        for vendor in [
            &[0xEA, 0, 0, 0, 0, 0][..],
            &[0xAB, 1, 0, 0, 0, 0, 0, 0, 0, 24, 0, 0],
        ] {
            let vendor = CdbBytes::from_slice(vendor).unwrap();
            assert!(matches!(
                check_query(&vendor, 24),
                Err(PlanFault::NotAQuery { .. })
            ));
        }
        assert_eq!(check_query(&ReadCapacity {}.emit(), 8), Ok(()));
    }

    #[test]
    fn a_disc_is_finalized_only_when_that_was_asked() {
        let mut plan = WritePlan::default();
        let close = CloseTrackSession {
            function: CloseFunction::Session,
            ..Default::default()
        }
        .emit();
        plan.closing = vec![PlannedCommand::new(Move::FinalizeDisc, close)];
        assert!(check_plan(&plan, &Request::Close(CloseRequest::new(true)), None).is_ok());
        assert!(matches!(
            check_plan(&plan, &Request::Close(CloseRequest::new(false)), None),
            Err(PlanFault::NotAsked { .. })
        ));
    }

    #[test]
    fn extents_must_be_whole_units_in_order_and_inside_the_medium() {
        let service = Service::new(Lba(0), 64, 32);
        let ok = plan_of(vec![Extent::image(Lba(0), 64, 32)]);
        assert_eq!(check_plan(&ok, &burn(50), Some(&service)), Ok(()));
        let short = plan_of(vec![Extent::image(Lba(0), 33, 32)]);
        assert!(matches!(
            check_plan(&short, &burn(33), None),
            Err(PlanFault::BadExtent { .. })
        ));
        let twice = plan_of(vec![
            Extent::image(Lba(0), 32, 32),
            Extent::image(Lba(16), 32, 32),
        ]);
        assert!(matches!(
            check_plan(&twice, &burn(33), None),
            Err(PlanFault::Overlap { .. })
        ));
        let outside = plan_of(vec![Extent::image(Lba(32), 64, 32)]);
        assert!(matches!(
            check_plan(&outside, &burn(33), Some(&service)),
            Err(PlanFault::OutsideMedium { .. })
        ));
        let cut = plan_of(vec![Extent::image(Lba(0), 32, 32)]);
        assert!(matches!(
            check_plan(&cut, &burn(33), None),
            Err(PlanFault::ImageCut { .. })
        ));
    }

    fn resume(blocks: u64, written: u64) -> Request {
        Request::Resume(ResumeRequest::new(BurnRequest::new(blocks), written))
    }

    #[test]
    fn the_rest_of_a_burn_must_be_all_of_it_and_follow_what_is_there() {
        let rest = plan_of(vec![Extent::image(Lba(1_048), 64, 16)]);
        assert_eq!(check_plan(&rest, &resume(112, 48), None), Ok(()));
        let cut = check_plan(&rest, &resume(113, 48), None);
        let (planned, needed) = (112, 113);
        assert_eq!(cut, Err(PlanFault::ImageCut { planned, needed }));
        let run = |first, blocks, image_block| WrittenRun {
            first_lba: Lba(first),
            blocks,
            image_block,
        };
        let check = |run: Option<WrittenRun>| check_resumed(&rest, &resume(112, 48), run.as_ref());
        assert_eq!(check(Some(run(1_000, 48, 0))), Ok(()));
        for other in [
            None,
            Some(run(1_000, 32, 0)),
            Some(run(984, 48, 0)),
            Some(run(1_000, 48, 32)),
        ] {
            assert_eq!(check(other), Err(PlanFault::NotTheRest));
        }
        let there = run(1_000, 48, 0);
        let anew = check_resumed(&rest, &burn(64), Some(&there));
        assert_eq!(anew, Err(PlanFault::NotTheRest));
        assert_eq!(check_resumed(&rest, &burn(64), None), Ok(()));
    }

    #[test]
    fn what_is_there_is_neither_formatted_away_nor_finalized_unasked() {
        let with = |command| {
            let mut plan = plan_of(vec![Extent::image(Lba(32), 32, 16)]);
            plan.prepare = vec![command];
            check_plan(&plan, &resume(64, 32), None)
        };
        let format = |kind, parameter| {
            moves::format(&FormatParameterList {
                fov: true,
                kind,
                parameter,
                ..FormatParameterList::default()
            })
        };
        assert_eq!(with(format(FormatType::DvdPlusRwBasic, 1)), Ok(()));
        for anew in [
            format(FormatType::DvdPlusRwBasic, 0),
            format(FormatType::Full, 1),
        ] {
            let purpose = Move::Format;
            assert_eq!(with(anew), Err(PlanFault::NotAsked { purpose }));
        }
        let purpose = Move::FinalizeDisc;
        let finalize = moves::finalize(CloseFunction::Finalize);
        assert_eq!(with(finalize), Err(PlanFault::NotAsked { purpose }));
    }
}

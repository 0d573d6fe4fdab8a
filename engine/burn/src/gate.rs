//! What a writer may have the engine do. Owns the check of plans and queries before anything is sent:
//! a writer is trusted code, but a slip of it must not reach the laser.
//!
//! Commands are judged in `commands`, what is recorded in `extents`, and both against what the drive itself
//! said of its medium in `medium`: a writer's own word about it is no proof.

mod bare;
mod cd;
mod commands;
mod extents;
mod medium;
#[cfg(test)]
mod tests;

pub(crate) use self::bare::check as check_bare;
pub(crate) use self::cd::end_of_medium;
pub(crate) use self::extents::STREAMING_BLOCKS;
use crate::verify::WrittenRun;
use pitland_mmc::Lba;
use pitland_mmc::cdb::{CdbBytes, Command, DataDirection};
use pitland_writer::{MediaFacts, Move, Origin, Request, Service, WritePlan};

/// Bytes that a command of a plan or a query may carry.
pub const MOST_BYTES: u32 = 256 * 1024;
/// Commands and extents that a plan may hold.
const MOST_PARTS: usize = 4096;

/// Operation codes that a vendor gives a meaning of its own (SPC: C0h to FFh).
const VENDOR_OPCODES: std::ops::RangeInclusive<u8> = 0xC0..=0xFF;
/// Bytes of a block where a query reads the medium.
pub(crate) const BLOCK_BYTES: u32 = 2048;

/// What the host allows one writer, by name, beside what every writer may. Nothing by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
#[non_exhaustive]
pub struct Allowances {
    /// Commands of the vendor's own (C0h to FFh), as queries and as moves of the writer's own. Nobody can
    /// say what they do, not even to which unit.
    pub vendor_commands: bool,
}

impl Allowances {
    /// Nothing beside what every writer may.
    pub const NONE: Self = Self {
        vendor_commands: false,
    };
    /// Commands of the vendor's own.
    pub const VENDOR_COMMANDS: Self = Self {
        vendor_commands: true,
    };
}

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
    /// A move that would lose what is on the medium, of which nobody spoke.
    #[error("{purpose} would lose what is on the medium")]
    LosesData {
        /// The purpose.
        purpose: Move,
    },
    /// A command of the vendor's own, by a writer that the host does not allow them.
    #[error(
        "operation code {opcode:02X}h is the vendor's own, which the host does not allow this writer"
    )]
    VendorCommand {
        /// The operation code.
        opcode: u8,
    },
    /// Other parameters than the move has.
    #[error("{purpose}: {what}")]
    BadParameters {
        /// The purpose.
        purpose: Move,
        /// What is wrong with them.
        what: &'static str,
    },
    /// A command announces another length than its data have.
    #[error("{command} announces {announced} bytes and has {given}")]
    LengthMismatch {
        /// The command, in words.
        command: String,
        /// Bytes by the command.
        announced: u64,
        /// Bytes by the plan or the query.
        given: u64,
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
    /// An extent of a volume that grows which is not the next part of the session or of its head.
    #[error("extent {index} is not where the volume was to grow")]
    NotTheGrowth {
        /// Which; the one behind the last where blocks are missing.
        index: usize,
    },
    /// An extent outside of what the medium has free.
    #[error("extent {index} ends outside of the free blocks of the medium")]
    OutsideMedium {
        /// Which.
        index: usize,
    },
    /// An extent over what is recorded and closed.
    #[error("extent {index} starts before the next writable address{}", .nwa.map(|nwa| format!(" {nwa}")).unwrap_or_default())]
    ClosedArea {
        /// Which.
        index: usize,
        /// The next writable address by the drive; `None` on a disc that has none left.
        nwa: Option<Lba>,
    },
    /// An extent of a kind that the medium does not have: blocks before the first one, or sectors of a CD.
    #[error("extent {index} is one that only a CD can have")]
    OnlyOnCd {
        /// Which.
        index: usize,
    },
    /// More zeros around the image than any medium needs.
    #[error("{blocks} blocks of padding are recorded, that nobody asked for")]
    TooMuchPadding {
        /// Blocks of padding.
        blocks: u64,
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

/// Everything that a plan is held to.
#[derive(Debug, Clone, Copy)]
pub struct Gate<'a> {
    /// What was asked.
    pub request: &'a Request,
    /// Drive and medium before the job.
    pub facts: &'a MediaFacts,
    /// What the writer said is free, for a burn.
    pub service: Option<&'a Service>,
    /// The most bytes that one command may carry.
    pub most_bytes: u32,
    /// What an earlier job has left on the medium of the same image.
    pub resumed: Option<&'a WrittenRun>,
    /// What the host allows this writer.
    pub allowed: Allowances,
}

impl Gate<'_> {
    /// Checks a plan.
    ///
    /// # Errors
    /// The first thing in the plan that the engine would not do.
    pub fn check(&self, plan: &WritePlan) -> Result<(), PlanFault> {
        self.judge(plan)?;
        check_resumed(plan, self.request, self.resumed)
    }

    /// Checks a plan but for how it goes on with what an earlier job has left, which may not be known yet: before
    /// anything else is made of it, room for its blocks for one.
    ///
    /// # Errors
    /// The first thing in the plan that the engine would not do.
    pub fn judge(&self, plan: &WritePlan) -> Result<(), PlanFault> {
        check_form(plan, self.request, self.service, self.allowed)?;
        medium::check(plan, self.request, self.facts)?;
        check_limit(plan, self.most_bytes)
    }
}

/// Checks a plan against the request it serves and, for a burn, what the writer said is free; not against
/// the medium ([`Gate::check`] does). No vendor command is allowed.
///
/// # Errors
/// The first thing in the plan that the engine would not do.
pub fn check_plan(
    plan: &WritePlan,
    request: &Request,
    service: Option<&Service>,
) -> Result<(), PlanFault> {
    check_form(plan, request, service, Allowances::NONE)
}

fn check_form(
    plan: &WritePlan,
    request: &Request,
    service: Option<&Service>,
    allowed: Allowances,
) -> Result<(), PlanFault> {
    let parts = plan.commands().count() + plan.extents.len();
    if parts > MOST_PARTS {
        return Err(PlanFault::TooManyParts { parts });
    }
    commands::check(plan, request, allowed)?;
    extents::check(&plan.extents, request, service)
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

/// Checks that a writer's query is one. No vendor command is allowed.
///
/// # Errors
/// It changes something, or wants more than it may.
pub fn check_query(cdb: &CdbBytes, length: u32) -> Result<(), PlanFault> {
    check_query_by(cdb, length, Allowances::NONE)
}

/// Checks that a query of a writer with these allowances is one.
///
/// # Errors
/// It changes something, or wants more than it may.
pub fn check_query_by(cdb: &CdbBytes, length: u32, allowed: Allowances) -> Result<(), PlanFault> {
    if length > MOST_BYTES {
        return Err(PlanFault::TooManyBytes {
            bytes: length.into(),
        });
    }
    let command = Command::parse(cdb.as_slice())?;
    if let Command::Unknown(cdb) = command {
        return vendor(&cdb, allowed);
    }
    if !is_query(&command) {
        return Err(PlanFault::NotAQuery {
            command: command.to_string(),
        });
    }
    // Room that differs from what the command announces ends in a transfer that no bridge survives.
    match command.transfer_len(BLOCK_BYTES) {
        Some(announced) if announced != u64::from(length) => Err(PlanFault::LengthMismatch {
            command: command.to_string(),
            announced,
            given: length.into(),
        }),
        None if length > 0 && command.direction() == DataDirection::None => {
            Err(PlanFault::LengthMismatch {
                command: command.to_string(),
                announced: 0,
                given: length.into(),
            })
        }
        _ => Ok(()),
    }
}

/// A command without a name here: one of the vendor's own, where the host allows them, or none at all.
fn vendor(cdb: &CdbBytes, allowed: Allowances) -> Result<(), PlanFault> {
    let opcode = cdb.opcode();
    if !VENDOR_OPCODES.contains(&opcode) {
        return Err(PlanFault::NotAQuery {
            command: Command::Unknown(*cdb).to_string(),
        });
    }
    match allowed.vendor_commands {
        true => Ok(()),
        false => Err(PlanFault::VendorCommand { opcode }),
    }
}

/// The questions that a writer may ask: what is not listed here is none.
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

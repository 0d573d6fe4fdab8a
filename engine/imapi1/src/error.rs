//! The errors of the facade: a condition of IMAPI 1, and what the engine said. Owns which of the engine's errors is which
//! condition.

use crate::condition::Condition;
use pitland::cd::CdError;
use pitland::mastering::EditError;
use pitland::mastering::import::ImportError;
use pitland::mastering::tree::ScanError;
use pitland::transport::ClaimDenied;
use pitland::writer::mmc::sense::Sense;
use pitland::{
    BurnError, EngineError, Fault, LeaseDenied, MediumState, Phase, QueryError, Refusal,
    SourceError,
};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A call that failed: by IMAPI's number, and with what the engine said of it.
#[derive(Debug, Clone)]
pub struct Imapi1Error {
    condition: Condition,
    cause: Option<Box<Cause>>,
}

/// What is behind a condition.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Cause {
    /// A job.
    #[error(transparent)]
    Burn(BurnError),
    /// A question to a drive.
    #[error(transparent)]
    Query(QueryError),
    /// A drive that is not free.
    #[error(transparent)]
    Denied(LeaseDenied),
    /// The engine.
    #[error(transparent)]
    Engine(Arc<EngineError>),
    /// What an earlier session of the disc holds.
    #[error(transparent)]
    Import(Arc<ImportError>),
    /// A folder that cannot be read.
    #[error(transparent)]
    Scan(Arc<ScanError>),
    /// Files that do not go together.
    #[error(transparent)]
    Edit(Arc<EditError>),
    /// Tracks that are no CD.
    #[error(transparent)]
    Cd(Arc<CdError>),
    /// A file.
    #[error("{}: {error}", .path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system said.
        error: Arc<io::Error>,
    },
    /// What was asked.
    #[error("{0}")]
    Asked(String),
}

impl Imapi1Error {
    pub(crate) fn caused_by(condition: Condition, cause: Cause) -> Self {
        let cause = Some(Box::new(cause));
        Self { condition, cause }
    }

    pub(crate) fn io(condition: Condition, path: &Path, error: io::Error) -> Self {
        let (path, error) = (path.to_owned(), Arc::new(error));
        Self::caused_by(condition, Cause::Io { path, error })
    }

    pub(crate) fn argument(text: impl Into<String>) -> Self {
        Self::caused_by(Condition::InvalidArgument, Cause::Asked(text.into()))
    }

    /// What went wrong.
    #[must_use]
    pub fn condition(&self) -> Condition {
        self.condition
    }

    /// IMAPI's number for it.
    #[must_use]
    pub fn code(&self) -> u32 {
        self.condition.code()
    }

    /// What to do now, in a sentence.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        self.condition.advice()
    }

    /// What the engine said.
    #[must_use]
    pub fn cause(&self) -> Option<&Cause> {
        self.cause.as_deref()
    }

    /// What the disc is now: untouched unless a job had begun to change it.
    #[must_use]
    pub fn medium_state(&self) -> MediumState {
        match self.cause() {
            Some(Cause::Burn(error)) => error.medium_state(),
            _ => MediumState::Untouched,
        }
    }
}

impl fmt::Display for Imapi1Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.condition.text())?;
        if let Some(cause) = self.cause() {
            write!(f, " ({cause})")?;
        }
        write!(f, ": {}", self.advice())
    }
}

impl std::error::Error for Imapi1Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause().map(|cause| cause as _)
    }
}

impl From<Condition> for Imapi1Error {
    fn from(condition: Condition) -> Self {
        Self {
            condition,
            cause: None,
        }
    }
}

impl From<LeaseDenied> for Imapi1Error {
    fn from(denied: LeaseDenied) -> Self {
        Self::caused_by(of_denied(&denied), Cause::Denied(denied))
    }
}

impl From<QueryError> for Imapi1Error {
    fn from(error: QueryError) -> Self {
        Self::caused_by(of_query(&error), Cause::Query(error))
    }
}

impl From<BurnError> for Imapi1Error {
    fn from(error: BurnError) -> Self {
        Self::caused_by(of_burn(&error), Cause::Burn(error))
    }
}

impl From<EngineError> for Imapi1Error {
    fn from(error: EngineError) -> Self {
        Self::caused_by(Condition::DeviceNotPresent, Cause::Engine(Arc::new(error)))
    }
}

impl From<EditError> for Imapi1Error {
    fn from(error: EditError) -> Self {
        let condition = of_edit(&error);
        Self::caused_by(condition, Cause::Edit(Arc::new(error)))
    }
}

impl From<CdError> for Imapi1Error {
    fn from(error: CdError) -> Self {
        let condition = match error.is_of_host() {
            true => Condition::FileAccess,
            false => Condition::InvalidImage,
        };
        Self::caused_by(condition, Cause::Cd(Arc::new(error)))
    }
}

fn of_edit(error: &EditError) -> Condition {
    match error {
        EditError::Exists { .. } | EditError::Kind { .. } => Condition::FileExists,
        EditError::Name { .. } => Condition::BadJolietName,
        EditError::Scan(_) => Condition::FileAccess,
        _ => Condition::FileSystem,
    }
}

fn of_denied(denied: &LeaseDenied) -> Condition {
    match denied {
        LeaseDenied::Held { .. } | LeaseDenied::Busy { .. } => Condition::DeviceStillInUse,
        LeaseDenied::Outside(outside) => match outside {
            ClaimDenied::Held { .. } | ClaimDenied::BeingLookedAt | ClaimDenied::Busy { .. } => {
                Condition::DeviceStillInUse
            }
            ClaimDenied::Mounted { .. } | ClaimDenied::NotUnmounted { .. } => Condition::FileSystem,
            ClaimDenied::Gone => Condition::DeviceNotPresent,
            _ => Condition::DeviceNotAccessible,
        },
        LeaseDenied::BadName => Condition::InvalidArgument,
        _ => Condition::DeviceNotPresent,
    }
}

/// MEDIUM NOT PRESENT, whatever is said of the tray.
const NO_MEDIUM: u8 = 0x3A;
/// WRITE ERROR - LOSS OF STREAMING.
const LOSS_OF_STREAMING: (u8, u8) = (0x0C, 0x09);

fn of_query(error: &QueryError) -> Condition {
    match error {
        QueryError::Denied(denied) => of_denied(denied),
        QueryError::Sense(sense) if sense.asc == NO_MEDIUM => Condition::MediumNotPresent,
        QueryError::NoAnswer(_) => Condition::DeviceNotPresent,
        QueryError::NotOptical | QueryError::Unusable(_) => Condition::DeviceInvalidType,
        _ => Condition::DiscInfo,
    }
}

fn of_refusal(refusal: &Refusal) -> Condition {
    match refusal {
        Refusal::NoMedium => Condition::MediumNotPresent,
        Refusal::UnrecognizedMedium
        | Refusal::NoWriter { .. }
        | Refusal::NoPrecedent { .. }
        | Refusal::DriveOnlyReads { .. }
        | Refusal::NotRewritable { .. }
        | Refusal::NoSessions { .. } => Condition::MediumInvalidType,
        Refusal::TooLarge { .. } => Condition::DiscFull,
        Refusal::Empty | Refusal::BadLayout(_) => Condition::InvalidImage,
        Refusal::NoTestWrite { .. } | Refusal::NotOffered => Condition::DeviceInvalidType,
        Refusal::OtherPlace { .. } => Condition::WrongDisc,
        Refusal::FactMissing { .. } => Condition::DiscInfo,
        Refusal::WriterFault(_) => Condition::Generic,
        _ => Condition::CannotWriteToMedia,
    }
}

fn of_source(error: &SourceError) -> Condition {
    match error {
        SourceError::Plan(_) | SourceError::Grow(_) => Condition::FileSystem,
        SourceError::Import(_) | SourceError::NoSession => Condition::DiscInfo,
        SourceError::Edit(error) => of_edit(error),
        SourceError::Image(_) => Condition::InvalidImage,
        SourceError::Vanished => Condition::Generic,
        _ => Condition::FileAccess,
    }
}

fn of_sense(phase: Phase, sense: &Sense) -> Condition {
    match phase {
        _ if sense.asc == NO_MEDIUM => Condition::MediumNotPresent,
        _ if (sense.asc, sense.ascq) == LOSS_OF_STREAMING => Condition::LossOfStreaming,
        Phase::Waiting | Phase::Identifying | Phase::Preparing => Condition::InitializeWrite,
        Phase::Closing => Condition::InitializeEndWrite,
        _ => Condition::CannotWriteToMedia,
    }
}

fn of_fault(fault: &Fault, source: Option<&SourceError>) -> Condition {
    match fault {
        Fault::Cancelled => Condition::UserAbort,
        Fault::AnotherMedium => Condition::WrongDisc,
        Fault::Drive { phase, sense, .. } => of_sense(*phase, sense),
        Fault::NoAnswer { .. } => Condition::DeviceNotPresent,
        Fault::Source => source.map_or(Condition::FileAccess, of_source),
        Fault::SourceTooSlow { .. } => Condition::LossOfStreaming,
        Fault::TestWriteNotTaken => Condition::DeviceInvalidType,
        Fault::NotProven(_) | Fault::Verification(_) => Condition::CannotWriteToMedia,
        _ => Condition::Generic,
    }
}

fn of_burn(error: &BurnError) -> Condition {
    match error {
        BurnError::Denied(denied) => of_denied(denied),
        BurnError::Refused(refusal) => of_refusal(refusal),
        BurnError::Source(source) => of_source(source),
        BurnError::Drive(query) => of_query(query),
        BurnError::DiscChanged => Condition::WrongDisc,
        BurnError::Cancelled => Condition::UserAbort,
        BurnError::Failed { fault, source, .. } => of_fault(fault, source.as_ref()),
        _ => Condition::Generic,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pitland::mastering::PlanError;
    use pitland::writer::mmc::Profile;

    /// What no virtual drive brings about.
    #[test]
    fn what_the_engine_says_has_a_number() {
        let mounted = ClaimDenied::Mounted { at: Vec::new() };
        let plan = PlanError::Conflict { what: "of two" };
        let profile = Profile::CdR;
        let cases: [(BurnError, Condition); 8] = [
            (BurnError::Abandoned, Condition::Generic),
            (
                BurnError::Denied(LeaseDenied::Outside(mounted)),
                Condition::FileSystem,
            ),
            (
                BurnError::Denied(LeaseDenied::Outside(ClaimDenied::Gone)),
                Condition::DeviceNotPresent,
            ),
            (
                BurnError::Source(SourceError::Plan(Arc::new(plan))),
                Condition::FileSystem,
            ),
            (
                BurnError::Refused(Refusal::NoTestWrite { profile }),
                Condition::DeviceInvalidType,
            ),
            (
                BurnError::Refused(Refusal::MediumDamaged),
                Condition::CannotWriteToMedia,
            ),
            (
                BurnError::Drive(QueryError::NotOptical),
                Condition::DeviceInvalidType,
            ),
            (BurnError::DiscChanged, Condition::WrongDisc),
        ];
        for (error, expected) in cases {
            let text = error.to_string();
            let error = Imapi1Error::from(error);
            assert_eq!(
                (error.condition(), error.code()),
                (expected, expected.code()),
                "{text}"
            );
            assert!(
                error.to_string().contains(&text) && error.to_string().ends_with(error.advice())
            );
        }
    }
}

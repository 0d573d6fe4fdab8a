//! Everything that can go wrong, by who caused it. Each error tells what state the medium is in and what
//! to do now.

use crate::cd::CdError;
use crate::drive::BurnReport;
use crate::plugin_host::{ChooseError, WriterOrigin, reason};
use crate::progress::Activity;
use pitland_burn::gate::PlanFault;
use pitland_burn::{Fault, MediumState, NoAnswer};
use pitland_mastering::grow::GrowError;
use pitland_mastering::import::ImportError;
use pitland_mastering::tree::{EditError, GlobError, WeightError};
use pitland_mastering::zisofs::CompressError;
use pitland_mastering::{EmitError, ImageError, PlanError, ScanError};
use pitland_mmc::Lba;
use pitland_mmc::sense::Sense;
use pitland_transport::ClaimDenied;
use pitland_writer::{Failure, Refusal};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// Who caused an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Blame {
    /// Whoever asked.
    Caller,
    /// The medium in the drive.
    Medium,
    /// The drive.
    Drive,
    /// The link between host and drive.
    Link,
    /// The source of the data.
    Source,
    /// A writer.
    Writer,
    /// The engine itself.
    Engine,
}

/// A drive is held by somebody else, or busy.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LeaseDenied {
    /// Somebody holds the drive.
    #[error("the drive is held by \"{holder}\"")]
    Held {
        /// Who, by the name they gave.
        holder: String,
    },
    /// The drive is at work.
    #[error("the drive is at work{}", .holder.as_ref().map(|h| format!(" for \"{h}\"")).unwrap_or_default())]
    Busy {
        /// For whom.
        holder: Option<String>,
        /// With what.
        activity: Activity,
    },
    /// Another program has it, or something of the system is missing to keep the drive.
    #[error(transparent)]
    Outside(ClaimDenied),
    /// The name is empty, too long, or not plain text.
    #[error("a client name has 1 to {most} characters, none of them a control character", most = crate::drive::MOST_NAME)]
    BadName,
    /// The client wants to go past the writers, and did not say so when it took the lease
    /// ([`LeaseOptions::raw`](crate::LeaseOptions::raw)).
    #[error("the lease was not taken for raw commands")]
    NotRaw,
    /// The drive's actor has ended: the engine is shut down.
    #[error("the engine is shut down")]
    Gone,
}

/// The engine could not be built or a drive not be added.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// There is no tokio runtime here.
    #[error("the engine needs a tokio runtime")]
    NoRuntime,
    /// A plug-in could not be loaded.
    #[error("plug-in: {0}")]
    Plugin(#[from] crate::plugin_host::PluginError),
    /// A linked-in writer could not say who it is.
    #[error("a writer: {0}")]
    Writer(#[source] pitland_writer::Failure),
    /// A drive could not be opened.
    #[error(transparent)]
    Open(#[from] pitland_transport::address::OpenError),
    /// There is no way to a drive behind an iSCSI target.
    #[error(transparent)]
    Connect(#[from] pitland_iscsi::initiator::ConnectError),
    /// The same drive is open already.
    #[error("{name} is open already")]
    SameDrive {
        /// How it was named.
        name: String,
    },
    /// The drives of the machine could not be listed.
    #[error("the drives of this machine cannot be listed: {0}")]
    Discovery(#[source] std::io::Error),
    /// A thread could not be started.
    #[error("a thread could not be started: {0}")]
    Thread(#[source] std::io::Error),
    /// The engine is shut down.
    #[error("the engine is shut down")]
    ShutDown,
}

/// A question to a drive was not answered.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum QueryError {
    /// Somebody else has the drive.
    #[error(transparent)]
    Denied(#[from] LeaseDenied),
    /// The drive answered with a sense.
    #[error("the drive answered: {0}")]
    Sense(Sense),
    /// The drive did not answer.
    #[error("the drive gave no answer: {0}")]
    NoAnswer(NoAnswer),
    /// The drive is one that cannot be used here.
    #[error("{0}")]
    Unusable(pitland_burn::Unusable),
    /// The device is of another kind.
    #[error("it is no optical drive")]
    NotOptical,
    /// The drive's answer makes no sense.
    #[error("{what}")]
    Nonsense {
        /// Which answer, and what is wrong with it.
        what: String,
    },
    /// There is no such track.
    #[error("the disc has no track {track}")]
    NoSuchTrack {
        /// What was asked.
        track: u16,
    },
    /// There is nothing to read.
    #[error("there is nothing on the disc to read")]
    NothingToRead,
    /// A block holds data, and cannot be read.
    #[error("block {} cannot be read: {sense}", lba.0)]
    Unreadable {
        /// Which.
        lba: Lba,
        /// What the drive answered.
        sense: Sense,
    },
}

impl From<ClaimDenied> for QueryError {
    fn from(denied: ClaimDenied) -> Self {
        Self::Denied(LeaseDenied::Outside(denied))
    }
}

/// The source of an image failed.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// A tree could not be read as a whole.
    #[error(transparent)]
    Scan(#[from] Arc<ScanError>),
    /// A tree could not become a volume.
    #[error(transparent)]
    Plan(#[from] Arc<PlanError>),
    /// A pattern that has no meaning.
    #[error(transparent)]
    Pattern(#[from] GlobError),
    /// A weight that has no meaning.
    #[error(transparent)]
    Weight(#[from] WeightError),
    /// What an earlier session holds cannot be had.
    #[error("the earlier session: {0}")]
    Import(#[from] Arc<ImportError>),
    /// What the disc holds cannot grow.
    #[error("the volume on the disc: {0}")]
    Grow(#[from] Arc<GrowError>),
    /// There is no such earlier session.
    #[error("the disc has no such closed session")]
    NoSession,
    /// The sources and what an earlier session holds do not go together.
    #[error(transparent)]
    Edit(#[from] Arc<EditError>),
    /// The files of a tree could not be compressed.
    #[error(transparent)]
    Compress(#[from] Arc<CompressError>),
    /// A file of a tree failed or changed.
    #[error(transparent)]
    Emit(#[from] Arc<EmitError>),
    /// A file or a stream could not be read.
    #[error("{name}: {error}")]
    Io {
        /// The file or what the stream is called.
        name: String,
        /// What the system said.
        error: Arc<std::io::Error>,
    },
    /// A stream ended before its stated length.
    #[error("the stream ended after {found} of {expected} bytes")]
    Short {
        /// As stated.
        expected: u64,
        /// As found.
        found: u64,
    },
    /// A stream gave more than its stated length.
    #[error("the stream gives more than the {expected} bytes stated")]
    Long {
        /// As stated.
        expected: u64,
    },
    /// An image file is not what it says, or not one that can be burned.
    #[error(transparent)]
    Image(#[from] Arc<ImageError>),
    /// A CD cannot be written in this way, or not onto this disc.
    #[error(transparent)]
    Cd(#[from] Arc<CdError>),
    /// An image file changed while it was read.
    #[error("{} changed while it was read", .path.display())]
    Changed {
        /// Which.
        path: PathBuf,
    },
    /// The place for stash files failed.
    #[error("the stash in {}: {error}", .dir.display())]
    Stash {
        /// Where.
        dir: PathBuf,
        /// What the system said.
        error: Arc<std::io::Error>,
    },
    /// The source is not one that can be burned.
    #[error("{}: neither a folder nor a file with data", .path.display())]
    NotData {
        /// Which.
        path: PathBuf,
    },
    /// The producing thread or task ended without a word.
    #[error("the source ended without a word")]
    Vanished,
    /// Discs that begin at different blocks need volumes of their own, and a file of the tree can be read but once.
    #[error(
        "the discs need different volumes, and a file of the tree can be read but once; burn one after the other"
    )]
    ComesOnce,
    /// The drive held the others of its set up, they went on, and the source cannot be read a second time.
    #[error("the drive fell behind the others, and the source cannot be read again; stash it")]
    LeftBehind,
}

/// A job did not do all that was asked.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum BurnError {
    /// The drive is not free.
    Denied(LeaseDenied),
    /// The request is not served; the medium is untouched.
    Refused(Refusal),
    /// No writer has the name that was asked for; the medium is untouched.
    NoSuchWriter {
        /// The name.
        name: String,
        /// The names there are.
        known: Vec<String>,
    },
    /// The source failed before the medium was touched.
    Source(SourceError),
    /// The drive could not be identified; the medium is untouched.
    Drive(QueryError),
    /// The job ended in a fault. The report says what the medium is now.
    Failed {
        /// What went wrong first.
        fault: Fault,
        /// The source's failure, where that was the fault.
        source: Option<SourceError>,
        /// All that is known of the job.
        report: Box<BurnReport>,
    },
    /// Cancelled before the drive was given anything to do.
    Cancelled,
    /// The writer's plan is not one that the engine carries out; the medium is untouched.
    Plan {
        /// The writer.
        writer: Box<WriterOrigin>,
        /// What is wrong with the plan.
        fault: Fault,
    },
    /// The writer failed when it was asked; the medium is untouched.
    Writer {
        /// The writer.
        writer: Box<WriterOrigin>,
        /// How it failed.
        failure: Failure,
    },
    /// Blocks that a client writes by itself cannot be sent so; the medium is untouched.
    Section(PlanFault),
    /// The disc is not the one that was examined; it is untouched.
    DiscChanged,
    /// The engine was shut down or its runtime ended before the job's end was known. The drive's thread
    /// ends the job by the safe sequence.
    Abandoned,
}

impl BurnError {
    /// What the medium is now.
    pub fn medium_state(&self) -> MediumState {
        match self {
            Self::Denied(_)
            | Self::Refused(_)
            | Self::Source(_)
            | Self::Drive(_)
            | Self::Plan { .. }
            | Self::Writer { .. }
            | Self::NoSuchWriter { .. }
            | Self::Section(_)
            | Self::DiscChanged
            | Self::Cancelled => MediumState::Untouched,
            Self::Failed { report, .. } => report.medium,
            Self::Abandoned => MediumState::Unknown,
        }
    }

    /// A refusal of this writer: of the request, or because it failed itself.
    pub(crate) fn refused_by(writer: &WriterOrigin, refusal: Refusal) -> Self {
        match refusal {
            Refusal::WriterFault(failure) => Self::Writer {
                writer: Box::new(writer.clone()),
                failure,
            },
            other => Self::Refused(other),
        }
    }

    /// The writer whose own fault it is.
    pub fn writer_at_fault(&self) -> Option<&WriterOrigin> {
        match self {
            Self::Plan { writer, .. } | Self::Writer { writer, .. } => Some(writer),
            Self::Failed {
                fault: Fault::Writer(_) | Fault::Plan(_),
                report,
                ..
            } => report.led_by.as_ref(),
            _ => None,
        }
    }

    /// The job's report, where a job was begun.
    pub fn report(&self) -> Option<&BurnReport> {
        match self {
            Self::Failed { report, .. } => Some(report),
            _ => None,
        }
    }

    /// Who caused it.
    pub fn blame(&self) -> Blame {
        match self {
            Self::Denied(_)
            | Self::NoSuchWriter { .. }
            | Self::Section(_)
            | Self::DiscChanged
            | Self::Cancelled => Blame::Caller,
            Self::Plan { .. } | Self::Writer { .. } => Blame::Writer,
            Self::Refused(refusal) => match refusal {
                Refusal::TooLarge { .. }
                | Refusal::Empty
                | Refusal::NotOffered
                | Refusal::NoSuchRecording { .. }
                | Refusal::NoUnderrunChoice { .. }
                | Refusal::NoSuchForm { .. }
                | Refusal::NoSuchCertification { .. }
                | Refusal::NoSuchFormat { .. } => Blame::Caller,
                Refusal::WriterFault(_) => Blame::Writer,
                Refusal::FactMissing { .. } => Blame::Drive,
                _ => Blame::Medium,
            },
            Self::Source(_) => Blame::Source,
            Self::Drive(QueryError::NoAnswer(_)) => Blame::Link,
            Self::Drive(QueryError::Denied(_)) => Blame::Caller,
            Self::Drive(_) => Blame::Drive,
            Self::Failed { fault, .. } => match fault {
                Fault::Cancelled | Fault::AnotherMedium => Blame::Caller,
                Fault::Drive { sense, .. } if sense.key.code() == 3 => Blame::Medium,
                Fault::Drive { .. } | Fault::NotProven(_) | Fault::TestWriteNotTaken => {
                    Blame::Drive
                }
                Fault::NoAnswer { .. } => Blame::Link,
                Fault::Writer(_) | Fault::Plan(_) => Blame::Writer,
                Fault::Source => Blame::Source,
                Fault::Verification(_) => Blame::Medium,
                _ => Blame::Engine,
            },
            Self::Abandoned => Blame::Engine,
        }
    }

    /// What to do now, in a sentence.
    pub fn advice(&self) -> &'static str {
        match (self.blame(), self.medium_state()) {
            (_, MediumState::Damaged) => {
                "close the disc's last session where the drive still can, erase the disc where it is \
                 rewritable, or burn the data onto another one"
            }
            (_, MediumState::Unknown) => "identify the medium anew before it is used",
            (Blame::Caller, _) => "ask again, corrected",
            (Blame::Medium, MediumState::Untouched) => "insert a medium that fits the request",
            (Blame::Medium, _) => "burn the data onto another disc, at a lower speed",
            (Blame::Drive, _) => "try again; if it stays, try another drive or its power switch",
            (Blame::Link, _) => "check the drive's connection, then identify the medium anew",
            (Blame::Source, MediumState::Untouched) => "mend the source and ask again",
            (Blame::Source, _) => {
                "mend the source and burn it as a new session or onto another disc"
            }
            (Blame::Writer, _) => "use another writer, or report the fault to its author",
            (Blame::Engine, _) => "identify the medium anew before it is used",
        }
    }
}

impl fmt::Display for BurnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(writer) = self.writer_at_fault() {
            write!(f, "{writer}: ")?;
        }
        match self {
            Self::Denied(denied) => denied.fmt(f),
            Self::Refused(refusal) => refusal.fmt(f),
            Self::Source(source) => source.fmt(f),
            Self::Drive(error) => error.fmt(f),
            Self::Failed {
                fault: Fault::Source,
                source: Some(source),
                ..
            } => source.fmt(f),
            Self::Failed { fault, .. } => fault.fmt(f),
            Self::NoSuchWriter { name, known } => {
                write!(
                    f,
                    "there is no writer {name}; there are: {}",
                    known.join(", ")
                )
            }
            Self::Section(fault) => fault.fmt(f),
            Self::DiscChanged => f.write_str("the disc is not the one that was examined"),
            Self::Cancelled => f.write_str("cancelled"),
            Self::Plan { fault, .. } => fault.fmt(f),
            Self::Writer { failure, .. } => failure.fmt(f),
            Self::Abandoned => f.write_str("the engine ended before the job did"),
        }
    }
}

impl std::error::Error for BurnError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Failed {
                source: Some(source),
                ..
            } => Some(source),
            _ => None,
        }
    }
}

impl From<LeaseDenied> for BurnError {
    fn from(denied: LeaseDenied) -> Self {
        Self::Denied(denied)
    }
}

impl From<ChooseError> for BurnError {
    fn from(error: ChooseError) -> Self {
        match error {
            ChooseError::NoSuchWriter { name, known } => Self::NoSuchWriter { name, known },
            ChooseError::Refused { ref refusals, .. } => match reason(refusals) {
                Some((writer, refusal)) => Self::refused_by(writer, refusal.clone()),
                None => Self::Refused(error.refusal()),
            },
        }
    }
}

impl From<Refusal> for BurnError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<SourceError> for BurnError {
    fn from(source: SourceError) -> Self {
        Self::Source(source)
    }
}

impl From<QueryError> for BurnError {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::Denied(denied) => Self::Denied(denied),
            other => Self::Drive(other),
        }
    }
}

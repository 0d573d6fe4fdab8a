//! The conditions of jobs: why a request is not taken, how a burn fails, and why one is not taken up again.

use super::drive::erases;
use super::{Code, Coded};
use crate::error::BurnError;
use crate::plugin_host::ChooseError;
use crate::resume::{ResumeError, SourceChange};
use pitland_burn::gate::PlanFault;
use pitland_burn::{Fault, NoAnswer, Unproven};
use pitland_journal::{JournalError, Verdict};
use pitland_writer::{Failure, LayoutFault, MissingFact, Refusal, Warning};

one_condition! {
    MissingFact: DriveFactMissing,
    PlanFault: WriterFault,
    SourceChange: ResumeSourceChanged,
}

impl Coded for Refusal {
    fn code(&self) -> Code {
        match self {
            Self::NoMedium => Code::MediumNone,
            Self::UnrecognizedMedium => Code::MediumUnrecognized,
            Self::NoWriter { .. } | Self::NoPrecedent { .. } | Self::PseudoOverwrite => {
                Code::MediumNotSupported
            }
            Self::MediumNotBlank { .. } => Code::MediumNotBlank,
            Self::EraseFirst | Self::MediumClosed => Code::MediumClosed,
            Self::MediumDamaged => Code::MediumDamaged,
            Self::SessionOpen => Code::MediumSessionOpen,
            Self::OnlyAnnounced => Code::MediumOnlyAnnounced,
            Self::TooLarge { .. } => Code::MediumTooSmall,
            Self::Empty => Code::SourceEmpty,
            Self::NoTestWrite { .. }
            | Self::NoSuchRecording { .. }
            | Self::NoUnderrunChoice { .. } => Code::DriveFeatureNotCurrent,
            Self::NotRewritable { .. } => Code::MediumNotRewritable,
            Self::NoSessions { .. } => Code::MediumNoSessions,
            Self::SessionLimit { .. } => Code::MediumSessionLimit,
            Self::NoSuchFormat { .. } | Self::NoSuchCertification { .. } | Self::NoCdText => {
                Code::DriveFeatureMissing
            }
            Self::NotFormattable { .. } | Self::FinalWithSessionOnly { .. } => {
                Code::MediumOtherState
            }
            Self::NothingToClose => Code::MediumNothingToClose,
            Self::NothingToResume => Code::ResumeNothing,
            Self::NotWhereCutOff { .. } => Code::MediumOther,
            Self::BadCheckpoint { .. } => Code::ResumeUnclear,
            Self::FactMissing { what } => what.code(),
            Self::DriveOnlyReads { .. } => Code::DriveOnlyReads,
            Self::NoSuchForm { .. } | Self::NoSuchMode { .. } => Code::CdSectorForm,
            Self::BadLayout(fault) => fault.code(),
            Self::OtherPlace { .. } => Code::MediumOtherPlace,
            Self::FormatNeeded => Code::MediumNotFormatted,
            Self::WriteProtected => Code::MediumWriteProtected,
            Self::NotOffered => Code::RequestNotOffered,
            Self::WriterFault(failure) => failure.code(),
            Self::Unknown { .. } => Code::RequestNotOffered,
            _ => Code::RequestNotOffered,
        }
    }
}

impl Coded for LayoutFault {
    fn code(&self) -> Code {
        match self {
            Self::Tracks { tracks: 0 } => Code::CdNoTrack,
            Self::Tracks { .. } => Code::CdTooManyTracks,
            Self::TooShort { .. } => Code::CdTrackTooShort,
            Self::Text => Code::CdText,
            Self::Number { .. }
            | Self::Form { .. }
            | Self::Place { .. }
            | Self::LeadOut
            | Self::Blocks { .. }
            | Self::CueSheet
            | Self::SheetTooLong { .. } => Code::CdLayout,
            _ => Code::CdLayout,
        }
    }
}

impl Coded for Failure {
    fn code(&self) -> Code {
        match self {
            Self::Drive(sense) => sense.code(),
            Self::TimedOut => Code::DriveTimeout,
            Self::MediumState => Code::MediumOtherState,
            Self::UnexpectedEvent
            | Self::Panicked { .. }
            | Self::Hung { .. }
            | Self::UnknownWord { .. }
            | Self::OutsidePlan => Code::WriterFault,
            _ => Code::WriterFault,
        }
    }
}

impl Coded for Unproven {
    fn code(&self) -> Code {
        match self {
            Self::NotBlank => Code::EraseNotProven,
            Self::StillBlank
            | Self::Sessions { .. }
            | Self::Appendable { .. }
            | Self::NextWritableAddress { .. }
            | Self::Capacity { .. }
            | Self::NotAsBefore
            | Self::DiscInformation
            | Self::TrackInformation { .. }
            | Self::Contents { .. }
            | Self::NotIdentified => Code::WriteNotProven,
            _ => Code::WriteNotProven,
        }
    }
}

impl Coded for Fault {
    fn code(&self) -> Code {
        match self {
            Self::Cancelled => Code::RequestCancelled,
            Self::AnotherMedium => Code::MediumOther,
            Self::Drive { cdb, sense, .. } => {
                Code::of_answer(cdb.as_slice().first().copied(), sense)
            }
            Self::NoAnswer {
                cdb,
                cause: NoAnswer::TimedOut,
                ..
            } if erases(cdb.as_slice().first().copied()) => Code::EraseFault,
            Self::NoAnswer { cause, .. } => cause.code(),
            Self::Writer(failure) => failure.code(),
            Self::Plan(fault) => fault.code(),
            Self::Source => Code::SourceUnreadable,
            Self::TestWriteNotTaken => Code::DriveTestWriteNotTaken,
            Self::SourceTooSlow { .. } => Code::WriteLossOfStreaming,
            Self::NotProven(unproven) => unproven.code(),
            Self::Verification(_) => Code::VerifyDiffers,
            _ => Code::EngineFault,
        }
    }
}

impl Coded for ChooseError {
    fn code(&self) -> Code {
        match self {
            Self::NoSuchWriter { .. } => Code::RequestNoSuchWriter,
            Self::Refused { .. } => self.refusal().code(),
        }
    }
}

impl Coded for BurnError {
    fn code(&self) -> Code {
        match self {
            Self::Denied(denied) => denied.code(),
            Self::Refused(refusal) => refusal.code(),
            Self::NoSuchWriter { .. } => Code::RequestNoSuchWriter,
            Self::Source(source) => source.code(),
            Self::Drive(error) => error.code(),
            Self::Failed {
                fault: Fault::Source,
                source: Some(source),
                ..
            } => source.code(),
            Self::Failed { fault, .. } | Self::Plan { fault, .. } => fault.code(),
            Self::Cancelled => Code::RequestCancelled,
            Self::Writer { failure, .. } => failure.code(),
            Self::Section(_) => Code::RequestUsage,
            Self::DiscChanged => Code::MediumOther,
            Self::Abandoned => Code::EngineStopped,
        }
    }
}

impl Coded for JournalError {
    fn code(&self) -> Code {
        match self {
            Self::Place { .. } | Self::TooLong { .. } => Code::JournalPlace,
            Self::NoSuchName { .. } | Self::NoSuchJob { .. } => Code::JournalMissing,
            Self::Running { .. } => Code::JournalRunning,
            Self::Damaged(_) | Self::Version { .. } => Code::JournalDamaged,
            _ => Code::JournalDamaged,
        }
    }
}

impl Coded for Verdict {
    fn code(&self) -> Code {
        match self {
            Self::NothingWritten => Code::ResumeNothing,
            Self::OtherDisc(_) => Code::MediumOther,
            Self::Lost(_) => Code::ResumeLost,
            Self::ResumeAt { .. }
            | Self::CloseOnly { .. }
            | Self::VerifyOnly
            | Self::Unclear(_) => Code::ResumeUnclear,
            _ => Code::ResumeUnclear,
        }
    }
}

impl Coded for ResumeError {
    fn code(&self) -> Code {
        match self {
            Self::Journal(error) => error.code(),
            Self::Drive(error) => error.code(),
            Self::Source(error) => error.code(),
            Self::SourceChanged(change) => change.code(),
            Self::SourceGone => Code::ResumeSourceChanged,
            Self::NotRead => Code::MediumOther,
            Self::Disc(verdict) => verdict.code(),
            Self::BurnAgain => Code::ResumeNothing,
            Self::Abandoned => Code::EngineStopped,
        }
    }
}

impl Code {
    /// The condition of a plan's warning, where it is one that programs ask for.
    pub fn of_warning(warning: &Warning) -> Option<Self> {
        match warning {
            Warning::SpeedAdjusted { .. } => Some(Self::SpeedAdjusted),
            Warning::RotationAdjusted => Some(Self::SpeedRotationAdjusted),
            Warning::SpeedAndRotationAdjusted { .. } => Some(Self::SpeedBothAdjusted),
            _ => None,
        }
    }
}

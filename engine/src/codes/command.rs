//! The conditions of what a lease holder sends to a drive by itself. Must not know what the commands are for.

use super::{Code, Coded};
use crate::drive::{CommandError, CommandRefused, CommandReply, PageError};

impl Coded for CommandRefused {
    fn code(&self) -> Code {
        match self {
            Self::WrongLength { .. } | Self::NoLength { .. } => Code::DriveNotSent,
            Self::Changes { .. } => Code::LeaseNotRaw,
            Self::Data(error) => error.code(),
        }
    }
}

impl Coded for CommandError {
    fn code(&self) -> Code {
        match self {
            Self::Refused(refused) => refused.code(),
            Self::Denied(denied) => denied.code(),
            Self::Sense { opcode, sense, .. } => Code::of_answer(Some(*opcode), sense),
            Self::Status(_) => Code::DriveLongOperation,
            Self::TimedOut { .. } => Code::DriveTimeout,
            Self::NoAnswer(cause) => cause.code(),
        }
    }
}

impl CommandReply {
    /// The condition that is worth telling of a command that was carried out: a sense beside it.
    pub fn code(&self) -> Option<Code> {
        self.sense.map(|_| Code::DriveSenseBeside)
    }
}

impl Coded for PageError {
    fn code(&self) -> Code {
        match self {
            Self::NoSuchModePage { .. } => Code::DriveModePageMissing,
            Self::InvalidModeParameters { .. } => Code::DriveModeRefused,
            Self::NotAPage(_) => Code::DriveNotSent,
            Self::NoSuchFeature { .. } => Code::DriveFeatureMissing,
            Self::FeatureIsNotCurrent { .. } => Code::DriveFeatureNotCurrent,
            Self::GetConfigurationNotSupported => Code::DriveTooOld,
            Self::Nonsense(_) => Code::DriveNonsense,
            Self::Command(error) => error.code(),
        }
    }
}

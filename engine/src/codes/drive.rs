//! The conditions of drives: who has one, the way to it, and what it answers. Must not know jobs.

use super::{Code, Coded};
use crate::error::{EngineError, LeaseDenied, QueryError};
use crate::plugin_host::PluginError;
use pitland_burn::{NoAnswer, Unusable};
use pitland_iscsi::initiator::{ConnectError, LinkError};
use pitland_mmc::cdb::{
    Blank, Cdb, FormatUnit, GetConfiguration, ModeSelect10, ModeSense10, ReadDiscStructure,
    StartStopUnit,
};
use pitland_mmc::sense::{Reaction, Sense, SenseKey};
use pitland_transport::ClaimDenied;
use pitland_transport::TransportError;
use pitland_transport::address::{AddressError, OpenError};
#[cfg(target_os = "linux")]
use pitland_transport::linux::DeviceError;
use pitland_transport::probe::ProbeError;
use pitland_transport::sim::DiscFileError;

one_condition! {
    LinkError: DriveLink,
}

/// Whether a command with this operation code erases or formats.
pub(super) fn erases(opcode: Option<u8>) -> bool {
    [Some(Blank::OPCODE), Some(FormatUnit::OPCODE)].contains(&opcode)
}

impl Code {
    /// The condition of a drive's answer. `opcode` is byte 0 of the command that was answered, where that is known: some
    /// answers mean one thing to one command and another to the next.
    pub fn of_answer(opcode: Option<u8>, sense: &Sense) -> Self {
        match (sense.key, sense.asc, sense.ascq) {
            (SenseKey::NoSense | SenseKey::RecoveredError, ..) => Self::DriveSenseBeside,
            (SenseKey::NotReady, 0x04, 0x04) => Self::DriveFormatting,
            (SenseKey::NotReady, 0x04, 0x07 | 0x08) => Self::DriveLongOperation,
            (SenseKey::NotReady, 0x04, 0x02 | 0x03) => Self::DriveNeedsHand,
            (SenseKey::NotReady, 0x04, _) => Self::DriveNotReady,
            // What drives say of a disc on which they find no place to begin: it may lie upside down.
            (SenseKey::NotReady, 0x06, 0x00) => Self::MediumUpsideDown,
            (SenseKey::NotReady | SenseKey::IllegalRequest, 0x3a, _) => Self::MediumNone,
            (SenseKey::MediumError, 0x0c, 0x09) => Self::WriteLossOfStreaming,
            (SenseKey::MediumError | SenseKey::HardwareError, ..) if erases(opcode) => {
                Self::EraseFault
            }
            (SenseKey::IllegalRequest, ..) => Self::of_refusal(opcode, sense),
            _ => Self::of_reaction(sense),
        }
    }

    /// Of an answer that the command, in its form or at this time, is not taken.
    fn of_refusal(opcode: Option<u8>, sense: &Sense) -> Self {
        // These say more than that the command does not fit.
        let told = Self::of_reaction(sense);
        match opcode {
            Some(ReadDiscStructure::OPCODE) if told != Self::MediumCopyProtected => {
                Self::DriveStructureMissing
            }
            _ if told != Self::DriveRefuses => told,
            Some(ModeSense10::OPCODE) => Self::DriveModePageMissing,
            Some(ModeSelect10::OPCODE) => Self::DriveModeRefused,
            Some(GetConfiguration::OPCODE) => Self::DriveTooOld,
            Some(StartStopUnit::OPCODE) => Self::DriveNeedsHand,
            _ if erases(opcode) => Self::EraseRefused,
            _ => told,
        }
    }

    /// By what a burn does about it.
    fn of_reaction(sense: &Sense) -> Self {
        match sense.reaction() {
            Reaction::NoMedium => Self::MediumNone,
            Reaction::IncompatibleMedium => Self::MediumUnrecognized,
            Reaction::FormatNeeded => Self::MediumNotFormatted,
            Reaction::WriteProtected => Self::MediumWriteProtected,
            Reaction::WriteFault
            | Reaction::StreamingLost
            | Reaction::SparesExhausted
            | Reaction::CloseFault => Self::MediumWriteFault,
            Reaction::ReadFault | Reaction::BlankArea => Self::MediumUnreadable,
            Reaction::EraseFault => Self::EraseFault,
            Reaction::CalibrationFault => Self::MediumCalibration,
            Reaction::Locked => Self::DriveTrayLocked,
            Reaction::Protected => Self::MediumCopyProtected,
            Reaction::MediumChanged | Reaction::OperatorRequest => Self::MediumOther,
            Reaction::Unsupported
            | Reaction::FallBack
            | Reaction::SequenceError
            | Reaction::ResyncNwa
            | Reaction::OutOfRange
            | Reaction::LayerJump
            | Reaction::WrongTrackMode
            | Reaction::CloseTrackFirst => Self::DriveRefuses,
            _ if sense.key == SenseKey::IllegalRequest => Self::DriveRefuses,
            _ if sense.key == SenseKey::NotReady => Self::DriveNotReady,
            _ => Self::DriveFault,
        }
    }
}

impl Coded for Sense {
    fn code(&self) -> Code {
        Code::of_answer(None, self)
    }
}

impl Coded for NoAnswer {
    fn code(&self) -> Code {
        match self {
            Self::TimedOut => Code::DriveTimeout,
            Self::Gone => Code::DriveGone,
            Self::NotSent => Code::DriveNotSent,
            Self::Link => Code::DriveLink,
            _ => Code::DriveLink,
        }
    }
}

impl Coded for TransportError {
    fn code(&self) -> Code {
        match self {
            Self::LengthMismatch { .. }
            | Self::NotWholeBlocks { .. }
            | Self::WrongDirection { .. }
            | Self::OverLimit { .. } => Code::DriveNotSent,
            Self::Overrun { .. } | Self::AbsurdResidual { .. } | Self::NoSense => {
                Code::DriveNonsense
            }
            Self::Gone => Code::DriveGone,
            Self::TimedOut { .. } => Code::DriveTimeout,
            Self::NotPermitted { .. } => Code::LeaseNotPermitted,
            Self::Storage(_) => Code::VirtualDisc,
            Self::Host { .. } | Self::System(_) | Self::Foreign(_) | Self::Diverged(_) => {
                Code::DriveLink
            }
            _ => Code::DriveLink,
        }
    }
}

impl Coded for Unusable {
    fn code(&self) -> Code {
        match self {
            Self::NotOptical => Code::DriveNotOptical,
            Self::PreMmc | Self::NoProfiles => Code::DriveTooOld,
            Self::Refused => Code::DriveRefuses,
            Self::NotReady => Code::DriveNotReady,
            _ => Code::DriveRefuses,
        }
    }
}

impl Coded for ProbeError {
    fn code(&self) -> Code {
        match self {
            Self::NotOptical(_) => Code::DriveNotOptical,
            Self::Refused { .. } => Code::DriveRefuses,
            Self::Nonsense(_) => Code::DriveNonsense,
            Self::Transport(error) => error.code(),
            _ => Code::DriveRefuses,
        }
    }
}

impl Coded for ClaimDenied {
    fn code(&self) -> Code {
        match self {
            Self::Held { .. } | Self::Busy { .. } | Self::BeingLookedAt => Code::LeaseHeld,
            Self::OddLockFile { .. } => Code::LeaseLockFile,
            Self::Mounted { .. } | Self::NotUnmounted { .. } => Code::LeaseMounted,
            Self::NotPermitted { .. } => Code::LeaseNotPermitted,
            Self::Gone => Code::DriveGone,
            Self::System { .. } => Code::HostFault,
            _ => Code::HostFault,
        }
    }
}

impl Coded for LeaseDenied {
    fn code(&self) -> Code {
        match self {
            Self::Held { .. } => Code::LeaseHeld,
            Self::Busy { .. } => Code::LeaseBusy,
            Self::Outside(denied) => denied.code(),
            Self::BadName => Code::LeaseBadName,
            Self::NotRaw => Code::LeaseNotRaw,
            Self::Gone => Code::EngineStopped,
        }
    }
}

impl Coded for QueryError {
    fn code(&self) -> Code {
        match self {
            Self::Denied(denied) => denied.code(),
            Self::Sense(sense) => sense.code(),
            Self::NoAnswer(cause) => cause.code(),
            Self::Unusable(why) => why.code(),
            Self::NotOptical => Code::DriveNotOptical,
            Self::Nonsense { .. } => Code::DriveNonsense,
            Self::NoSuchTrack { .. } => Code::MediumNoContents,
            Self::NothingToRead => Code::MediumEmpty,
            Self::Unreadable { .. } => Code::MediumUnreadable,
        }
    }
}

#[cfg(target_os = "linux")]
impl Coded for DeviceError {
    fn code(&self) -> Code {
        match self {
            Self::Missing { .. } => Code::DriveMissing,
            Self::NotADrive { .. } => Code::DriveNotOptical,
            Self::NotPermitted { .. } => Code::LeaseNotPermitted,
            Self::Busy { .. } => Code::LeaseHeld,
            Self::Gone { .. } => Code::DriveGone,
            Self::System { .. } => Code::HostFault,
            _ => Code::HostFault,
        }
    }
}

impl Coded for DiscFileError {
    fn code(&self) -> Code {
        match self {
            Self::InUse { .. } => Code::LeaseHeld,
            Self::Missing { .. }
            | Self::Exists { .. }
            | Self::NotMade { .. }
            | Self::NotAFile { .. }
            | Self::NotADisc { .. }
            | Self::Damaged { .. }
            | Self::Medium { .. }
            | Self::Io { .. } => Code::VirtualDisc,
            _ => Code::VirtualDisc,
        }
    }
}

impl Coded for AddressError {
    fn code(&self) -> Code {
        match self {
            Self::PathIsNoDrive { .. }
            | Self::UnknownDrive { .. }
            | Self::Iscsi { .. }
            | Self::MissingFile { .. } => Code::AddressSyntax,
            Self::UnknownOption { .. } | Self::BadValue { .. } | Self::RepeatedOption { .. } => {
                Code::VirtualOption
            }
            _ => Code::AddressSyntax,
        }
    }
}

impl Coded for OpenError {
    fn code(&self) -> Code {
        match self {
            #[cfg(target_os = "linux")]
            Self::Device(error) => error.code(),
            #[cfg(not(target_os = "linux"))]
            Self::NoDevices { .. } => Code::DriveMissing,
            Self::NeedsInitiator { .. } => Code::LinkRefused,
            Self::Faults { .. } | Self::Profile { .. } | Self::Bus(_) => Code::VirtualOption,
            Self::DiscFile(error) => error.code(),
            Self::Key { .. } => Code::VirtualDisc,
            _ => Code::DriveMissing,
        }
    }
}

impl Coded for ConnectError {
    fn code(&self) -> Code {
        match self {
            Self::NoSuchUnit { .. } => Code::DriveMissing,
            Self::Resolve { .. }
            | Self::Unreachable { .. }
            | Self::Login { .. }
            | Self::Link { .. } => Code::LinkRefused,
            _ => Code::LinkRefused,
        }
    }
}

impl Coded for PluginError {
    fn code(&self) -> Code {
        match self {
            Self::NotFound { .. }
            | Self::NotAFile { .. }
            | Self::UnsafeOwner { .. }
            | Self::WritableByOthers { .. }
            | Self::NotAPlugin { .. }
            | Self::OtherAbi { .. }
            | Self::AbortsOnPanic { .. }
            | Self::Loader { .. }
            | Self::Layout { .. }
            | Self::Module { .. }
            | Self::Hung { .. }
            | Self::DuplicateName { .. }
            | Self::Privileged { .. } => Code::PluginRejected,
        }
    }
}

impl Coded for EngineError {
    fn code(&self) -> Code {
        match self {
            Self::NoRuntime => Code::EngineNoRuntime,
            Self::Plugin(error) => error.code(),
            Self::Writer(failure) => failure.code(),
            Self::Open(error) => error.code(),
            Self::Connect(error) => error.code(),
            Self::SameDrive { .. } => Code::DriveSame,
            Self::Discovery(_) | Self::Thread(_) => Code::HostFault,
            Self::ShutDown => Code::EngineStopped,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// READ DISC INFORMATION, to which no answer is special.
    const ANY: Option<u8> = Some(0x51);

    #[test]
    fn an_answer_is_told_by_its_sense_and_by_what_was_asked() {
        for (opcode, (key, asc, ascq), code) in [
            (ANY, (2, 0x04, 0x00), Code::DriveNotReady),
            (ANY, (2, 0x04, 0x01), Code::DriveNotReady),
            (ANY, (2, 0x04, 0x02), Code::DriveNeedsHand),
            (ANY, (2, 0x04, 0x04), Code::DriveFormatting),
            (ANY, (2, 0x04, 0x08), Code::DriveLongOperation),
            (ANY, (2, 0x06, 0x00), Code::MediumUpsideDown),
            (ANY, (2, 0x30, 0x00), Code::MediumUnrecognized),
            (ANY, (2, 0x3a, 0x02), Code::MediumNone),
            (ANY, (3, 0x02, 0x00), Code::MediumWriteFault),
            (ANY, (3, 0x0c, 0x09), Code::WriteLossOfStreaming),
            (ANY, (3, 0x11, 0x05), Code::MediumUnreadable),
            (ANY, (3, 0x30, 0x10), Code::MediumNotFormatted),
            (ANY, (3, 0x51, 0x00), Code::EraseFault),
            (ANY, (3, 0x73, 0x03), Code::MediumCalibration),
            (ANY, (4, 0x44, 0x00), Code::DriveFault),
            (ANY, (5, 0x20, 0x00), Code::DriveRefuses),
            (ANY, (5, 0x24, 0x00), Code::DriveRefuses),
            (ANY, (5, 0x53, 0x02), Code::DriveTrayLocked),
            (ANY, (5, 0x6f, 0x01), Code::MediumCopyProtected),
            (ANY, (6, 0x28, 0x00), Code::MediumOther),
            (ANY, (7, 0x27, 0x00), Code::MediumWriteProtected),
            (ANY, (0xb, 0x08, 0x00), Code::DriveFault),
            (ANY, (1, 0x17, 0x01), Code::DriveSenseBeside),
            (Some(0x5a), (5, 0x24, 0x00), Code::DriveModePageMissing),
            (Some(0x5a), (5, 0x3a, 0x00), Code::MediumNone),
            (Some(0x55), (5, 0x26, 0x00), Code::DriveModeRefused),
            (Some(0x46), (5, 0x20, 0x00), Code::DriveTooOld),
            (Some(0xad), (5, 0x30, 0x02), Code::DriveStructureMissing),
            (Some(0xad), (5, 0x24, 0x00), Code::DriveStructureMissing),
            (Some(0xad), (5, 0x6f, 0x01), Code::MediumCopyProtected),
            (Some(0x1b), (5, 0x2c, 0x00), Code::DriveNeedsHand),
            (Some(0x1b), (5, 0x53, 0x02), Code::DriveTrayLocked),
            (Some(0xa1), (5, 0x24, 0x00), Code::EraseRefused),
            (Some(0xa1), (3, 0x0c, 0x00), Code::EraseFault),
            (Some(0xa1), (7, 0x27, 0x00), Code::MediumWriteProtected),
            (Some(0x04), (5, 0x26, 0x00), Code::EraseRefused),
            (Some(0x04), (3, 0x31, 0x01), Code::EraseFault),
        ] {
            let sense = Sense::new(key, asc, ascq);
            assert_eq!(
                Code::of_answer(opcode, &sense),
                code,
                "{opcode:02x?} {sense}"
            );
        }
    }
}

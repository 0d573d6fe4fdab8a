//! The conditions of volumes: of making one, and of reading, importing and going on with one that there is.

use super::{Code, Coded, Interface};
use pitland_mastering::checksums::ManifestError;
use pitland_mastering::el_torito::CatalogueError;
use pitland_mastering::hybrid::BootCodeFault;
use pitland_mastering::{
    BootImageFault, DiscError, GrowError, HybridFault, ImportError, PlanError, PlanWarning,
    ReadError, ReadyError, UdfFault, UnknownRevision,
};
use std::io::ErrorKind;

one_condition! {
    BootCodeFault: BootImage,
    UnknownRevision: RequestUsage,
}

impl Coded for PlanError {
    fn code(&self) -> Code {
        match self {
            Self::IllegalName { .. } => Code::NameRestricted,
            Self::TooDeep { .. } => Code::VolumeTooDeep,
            Self::TooManyFolders { .. } => Code::VolumeTooManyFolders,
            Self::Hybrid { fault } => fault.code(),
            Self::AttributesTooLarge { .. } => Code::VolumeAttributes,
            Self::NoFileSystem => Code::VolumeNoFileSystem,
            Self::Compressed { .. } | Self::Conflict { .. } => Code::VolumeOptions,
            Self::NoSuchFile { .. } => Code::TreeNotFound,
            Self::FileTooLarge { .. } => Code::VolumeFileTooLarge,
            Self::VolumeTooLarge { .. } | Self::ImageSizeLimit { .. } => Code::VolumeTooLarge,
            Self::TextTooLong { .. } => Code::VolumeText,
            Self::BootImage { fault, .. } => fault.code(),
            Self::TooManyFiles => Code::TreeTooMany,
            _ => Code::VolumeOptions,
        }
    }
}

impl Coded for HybridFault {
    fn code(&self) -> Code {
        match self {
            Self::NotAtTheBeginning { .. } => Code::BootConflict,
            Self::NoImageForTheCode
            | Self::TooLargeForAnMbr { .. }
            | Self::TooManyPartitions { .. } => Code::VolumeOptions,
            _ => Code::VolumeOptions,
        }
    }
}

impl Coded for BootImageFault {
    fn code(&self) -> Code {
        match self {
            Self::Size { .. } => Code::BootSize,
            Self::Recorded => Code::BootConflict,
            Self::Empty
            | Self::NoRoom
            | Self::Id { .. }
            | Self::Compressed
            | Self::DefaultIsNotSelected
            | Self::Criteria => Code::BootImage,
            _ => Code::BootImage,
        }
    }
}

impl Coded for ReadError {
    fn code(&self) -> Code {
        match self {
            Self::Source { .. } => Code::MediumUnreadable,
            Self::NoVolume { .. } => Code::VolumeNone,
            Self::Udf { source, .. } => source.code(),
            Self::NotAFolder { .. } => Code::TreeNotAFolder,
            Self::Compressed { .. }
            | Self::DescriptorSetBroken { .. }
            | Self::Descriptor { .. }
            | Self::NoRoot { .. }
            | Self::Record { .. }
            | Self::SystemUse { .. }
            | Self::Attribute { .. }
            | Self::Continuation { .. }
            | Self::IllegalName { .. }
            | Self::SectionMissing { .. }
            | Self::OwnRecord { .. }
            | Self::DirectoryLoop { .. }
            | Self::TooDeep { .. }
            | Self::PathsTooLong { .. }
            | Self::DirectoryTooLarge { .. }
            | Self::OutOfRange { .. } => Code::VolumeDamaged,
            _ => Code::VolumeDamaged,
        }
    }
}

impl Coded for UdfFault {
    fn code(&self) -> Code {
        match self {
            Self::BlockSize { .. } | Self::UnknownMap => Code::VolumeUnknownFeature,
            Self::Tag { .. }
            | Self::TagLocation { .. }
            | Self::Crc
            | Self::Field(_)
            | Self::Missing(_)
            | Self::NoPartition { .. }
            | Self::OutsidePartition { .. }
            | Self::Loop
            | Self::Name
            | Self::TooMuch { .. } => Code::VolumeDamaged,
            _ => Code::VolumeDamaged,
        }
    }
}

impl Coded for DiscError {
    fn code(&self) -> Code {
        match self {
            Self::Source(_) => Code::MediumUnreadable,
            Self::Mismatch { .. } => Code::MediumOther,
            _ => Code::MediumUnreadable,
        }
    }
}

impl Coded for ImportError {
    fn code(&self) -> Code {
        match self {
            Self::Volume(error) => error.code(),
            Self::Disc(error) => error.code(),
            Self::NoSuchNames { .. } => Code::VolumeNamesMissing,
            Self::CutShort { .. } => Code::MediumUnreadable,
            Self::SameName { .. } | Self::TooMuch { .. } => Code::VolumeDamaged,
            Self::Unreadable { source, .. } => source.code(),
            Self::NotInPlace { .. } => Code::ImportNotInPlace,
            Self::Edit(error) => error.code(),
            Self::TooMany { .. } => Code::TreeTooMany,
            _ => Code::VolumeDamaged,
        }
    }
}

impl Coded for ReadyError {
    fn code(&self) -> Code {
        match self {
            Self::Image(error) => error.code(),
            Self::NotWhole { .. } => Code::ImageNotWhole,
            // Too short for one.
            Self::NoVolume {
                source: ReadError::Source { source, .. },
                ..
            } if source.kind() == ErrorKind::UnexpectedEof => Code::VolumeNone,
            Self::NoVolume { source, .. } => source.code(),
            _ => Code::ImageFile,
        }
    }

    fn imapi_code(&self) -> Option<u32> {
        self.code().imapi_in(Interface::IsoManager)
    }
}

impl Coded for GrowError {
    fn code(&self) -> Code {
        match self {
            Self::Unaligned { .. }
            | Self::Inside { .. }
            | Self::Overwrites { .. }
            | Self::HeadInUse { .. } => Code::ImportNotInPlace,
            Self::Disc(error) => error.code(),
            Self::Emit(error) => error.code(),
            Self::Write(_) => Code::HostFault,
            Self::Stopped => Code::RequestCancelled,
            _ => Code::ImportNotInPlace,
        }
    }
}

impl Coded for CatalogueError {
    fn code(&self) -> Code {
        match self {
            Self::Source { .. } => Code::MediumUnreadable,
            Self::NotValid { .. } | Self::Unexpected { .. } | Self::TooLong { .. } => {
                Code::VolumeDamaged
            }
            _ => Code::VolumeDamaged,
        }
    }
}

impl Coded for ManifestError {
    fn code(&self) -> Code {
        match self {
            Self::None { .. } => Code::TreeNotFound,
            Self::Read(error) => error.code(),
            _ => Code::VolumeDamaged,
        }
    }
}

impl Code {
    /// The condition of what a volume will not show as the source has it, where it is one that programs ask for.
    pub fn of_plan_warning(warning: &PlanWarning) -> Option<Self> {
        match warning {
            PlanWarning::StreamsLeftOut { .. } | PlanWarning::RealTimeUnmarked { .. } => {
                Some(Self::VolumeWithoutEffect)
            }
            _ => None,
        }
    }
}

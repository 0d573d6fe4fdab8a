//! The conditions of what is burned: files, streams, trees, image files, and the place where they are stored twice.

use super::{Code, Coded};
use crate::drive::TreeError;
use crate::error::SourceError;
use crate::pipeline::stash::StashStep;
use pitland_mastering::extract::ExtractError;
use pitland_mastering::images::{CueError, CueFault};
use pitland_mastering::tree::NodeKind;
use pitland_mastering::tree::{
    EditError, ExtentFault, GlobError, LengthFault, NameFault, ScanError, WeightError,
};
use pitland_mastering::zisofs::CompressError;
use pitland_mastering::{EmitError, ImageError};
use std::io;

one_condition! {
    ExtentFault: TreeContents,
    GlobError: RequestPattern,
    WeightError: RequestPattern,
    LengthFault: SourceChanged,
    crate::streams::TooLong: RequestUsage,
}

condition_of_fault! {
    CueError,
}

/// A source that could not be opened is another condition than one that breaks off.
fn of_read(error: &io::Error) -> Code {
    match error.kind() {
        io::ErrorKind::NotFound
        | io::ErrorKind::PermissionDenied
        | io::ErrorKind::IsADirectory
        | io::ErrorKind::NotADirectory => Code::SourceMissing,
        _ => Code::SourceUnreadable,
    }
}

impl Coded for SourceError {
    fn code(&self) -> Code {
        match self {
            Self::Scan(error) => error.code(),
            Self::Plan(error) => error.code(),
            Self::Pattern(error) => error.code(),
            Self::Weight(error) => error.code(),
            Self::Import(error) => error.code(),
            Self::Grow(error) => error.code(),
            Self::NoSession => Code::MediumNoSuchSession,
            Self::Edit(error) => of_merge(error),
            Self::Compress(error) => error.code(),
            Self::Emit(error) => error.code(),
            Self::Io { error, .. } => of_read(error),
            Self::Short { .. } | Self::Long { .. } | Self::Changed { .. } => Code::SourceChanged,
            Self::Image(error) => error.code(),
            Self::Cd(error) => error.code(),
            Self::Stash { error, .. } => of_stash(error),
            Self::NotData { .. } => Code::SourceKind,
            Self::Vanished => Code::EngineFault,
            Self::ComesOnce | Self::LeftBehind => Code::SourceComesOnce,
        }
    }
}

fn of_stash(error: &io::Error) -> Code {
    match StashStep::of(error) {
        _ if error.kind() == io::ErrorKind::StorageFull => Code::StashNoRoom,
        Some(StashStep::Look) => Code::StashPlace,
        Some(StashStep::Open) => Code::StashOpen,
        Some(StashStep::Read) => Code::StashRead,
        Some(StashStep::Write) | None => Code::StashWrite,
    }
}

/// Sources are put into what an earlier session holds.
fn of_merge(error: &EditError) -> Code {
    match error {
        EditError::Kind {
            kind: NodeKind::Directory,
            ..
        } => Code::ImportFileIsFolder,
        EditError::Kind {
            wanted: NodeKind::Directory,
            ..
        } => Code::ImportFolderIsFile,
        other => other.code(),
    }
}

impl Coded for EditError {
    fn code(&self) -> Code {
        match self {
            Self::Name { fault, .. } => fault.code(),
            Self::NotFound { .. } => Code::TreeNotFound,
            Self::Kind {
                wanted: NodeKind::Directory,
                ..
            } => Code::TreeNotAFolder,
            Self::Kind { .. } => Code::TreeNotAFile,
            Self::Exists { .. } => Code::NameTaken,
            Self::NotEmpty { .. } => Code::TreeNotEmpty,
            Self::Root | Self::IntoItself { .. } => Code::NameIllegal,
            Self::NoBytes { .. } => Code::TreeContents,
            Self::Extents { fault, .. } => fault.code(),
            Self::Target { .. } => Code::NameIllegal,
            Self::Scan(error) => error.code(),
            Self::TooMany { .. } => Code::TreeTooMany,
            Self::NoSuchPoint => Code::TreeNoSuchPoint,
            _ => Code::RequestUsage,
        }
    }
}

impl Coded for NameFault {
    fn code(&self) -> Code {
        match self {
            Self::TooLong { .. } => Code::NameRestricted,
            Self::Empty | Self::Dots | Self::Slash | Self::Zero => Code::NameIllegal,
            _ => Code::NameIllegal,
        }
    }
}

impl Coded for ScanError {
    fn code(&self) -> Code {
        match self {
            Self::NoSource => Code::SourceEmpty,
            Self::Missing { .. } => Code::SourceMissing,
            Self::Unreadable { .. } => Code::SourceFolderUnreadable,
            Self::SpecialSource { .. } | Self::SpecialFile { .. } => Code::SourceKind,
            Self::Loop { .. } => Code::SourceLoop,
            Self::SameName { .. } => Code::NameTaken,
            Self::NoName { .. } => Code::NameIllegal,
            Self::TooMany { .. } => Code::TreeTooMany,
            _ => Code::SourceUnreadable,
        }
    }
}

impl Coded for EmitError {
    fn code(&self) -> Code {
        match self {
            Self::SourceChanged { .. } => Code::SourceChanged,
            Self::Unreadable { source, .. } => of_read(source),
            Self::WrongLength { fault, .. } => fault.code(),
            Self::Copy { .. } => Code::StashRead,
            Self::NoSource { .. } | Self::OutOfRange { .. } | Self::Unaligned { .. } => {
                Code::EngineFault
            }
            _ => Code::SourceUnreadable,
        }
    }
}

impl Coded for CompressError {
    fn code(&self) -> Code {
        match self {
            Self::SourceChanged { .. } => Code::SourceChanged,
            Self::Unreadable { source, .. } => of_read(source),
            Self::Spool { source, .. } => of_stash(source),
            _ => Code::SourceUnreadable,
        }
    }
}

impl Coded for ImageError {
    fn code(&self) -> Code {
        match self {
            Self::Unreadable { source, .. } => of_read(source),
            Self::Cue { error, .. } => error.code(),
            Self::EmptyTrack { .. } | Self::NotWhole { .. } => Code::ImageNotWhole,
            Self::TooLarge { .. } => Code::ImageTooLarge,
            Self::CueTooLong { .. }
            | Self::Outside { .. }
            | Self::BehindSound { .. }
            | Self::NoData { .. }
            | Self::Sound { .. }
            | Self::SeveralTracks { .. }
            | Self::NotAtStart { .. } => Code::ImageFile,
            _ => Code::ImageFile,
        }
    }
}

impl Coded for CueFault {
    fn code(&self) -> Code {
        match self {
            Self::TrackKind(_) => Code::SheetTrackKind,
            Self::NoIndex(_) => Code::SheetNoFirstIndex,
            Self::NoTrack => Code::CdNoTrack,
            Self::UnknownCommand(_)
            | Self::Words(_)
            | Self::FileKind(_)
            | Self::TrackNumber
            | Self::Time(_)
            | Self::Index
            | Self::Place(_) => Code::SheetSyntax,
            _ => Code::SheetSyntax,
        }
    }
}

impl Coded for TreeError {
    fn code(&self) -> Code {
        match self {
            Self::Query(error) => error.code(),
            Self::Source(error) => error.code(),
            Self::Volume(error) => error.code(),
            Self::Plan(error) => error.code(),
            Self::Gone => Code::EngineStopped,
        }
    }
}

impl Coded for ExtractError {
    fn code(&self) -> Code {
        match self {
            Self::NoSuchPath { .. } => Code::TreeNotFound,
            Self::Read { source, .. } => source.code(),
            Self::TooMuch { .. } => Code::RequestUsage,
            _ => Code::RequestUsage,
        }
    }
}

//! The conditions of CDs that are made of files: sheets, sound, texts, and the layout of a session.

use super::{Code, Coded};
use crate::cd::{CdError, CdFault, CompareError, DigestsError, ScanCdError};
use pitland_redbook::audio::{AudioError, AudioFault};
use pitland_redbook::ccd::{CcdError, CcdFault};
use pitland_redbook::cue::{CueError, CueFault};
use pitland_redbook::disc::LayoutError;
use pitland_redbook::sector::{EncodeError, SectorFault};
use pitland_redbook::subchannel::{IsrcError, McnError};
use pitland_redbook::text::TextError;
use pitland_redbook::toc::{TocError, TocFault};

one_condition! {
    McnError: CdMcn,
    IsrcError: CdIsrc,
    TextError: CdText,
    SectorFault: SectorDamaged,
    EncodeError: SoundLength,
    DigestsError: SheetSyntax,
}

condition_of_fault! {
    CdError,
    CueError,
    TocError,
    CcdError,
    AudioError,
}

impl Coded for CdFault {
    fn code(&self) -> Code {
        match self {
            Self::Io { .. } => Code::SourceMissing,
            Self::Sheet(fault) => fault.code(),
            Self::Toc(fault) => fault.code(),
            Self::Ccd(fault) => fault.code(),
            Self::Subchannels { .. } => Code::ImageNotWhole,
            Self::NotLevelled { .. } => Code::SoundFile,
            Self::Sound(error) => error.code(),
            Self::Layout(error) => error.code(),
            Self::Text(error) => error.code(),
            Self::NoPacks { .. } => Code::CdText,
            Self::Empty { .. } | Self::Length { .. } => Code::SoundLength,
            Self::TooLong { .. } => Code::CdTooLong,
            Self::DataInSound { .. } => Code::SheetTrackKind,
            Self::Sector { fault, .. } => fault.code(),
            Self::OtherMode { .. } => Code::SectorDamaged,
            Self::LeadInTooShort { .. } => Code::CdLeadIn,
            Self::Shared { .. }
            | Self::SubcodeLength { .. }
            | Self::SubcodeBits { .. }
            | Self::NoPlaceForSubcode
            | Self::OtherForm { .. }
            | Self::NoContents { .. }
            | Self::NoLeadOut { .. }
            | Self::NumberedByDrive { .. }
            | Self::LaterSession { .. } => Code::CdLayout,
        }
    }
}

impl Coded for CueFault {
    fn code(&self) -> Code {
        match self {
            Self::TrackKind(_) => Code::SheetTrackKind,
            Self::TooManyTracks => Code::CdTooManyTracks,
            Self::Catalogue(error) => error.code(),
            Self::Isrc(error) => error.code(),
            Self::NoIndex(_) => Code::SheetNoFirstIndex,
            Self::NoTrack => Code::CdNoTrack,
            Self::NoText
            | Self::UnknownWord(_)
            | Self::Words(_)
            | Self::FileKind(_)
            | Self::TrackNumber { .. }
            | Self::SessionInFile
            | Self::TooEarly(..)
            | Self::Misplaced(_)
            | Self::Time(_)
            | Self::Index(_)
            | Self::Flag(_) => Code::SheetSyntax,
            _ => Code::SheetSyntax,
        }
    }
}

impl Coded for TocFault {
    fn code(&self) -> Code {
        match self {
            Self::TooManyTracks => Code::CdTooManyTracks,
            Self::NoTrack => Code::CdNoTrack,
            Self::Catalogue(error) => error.code(),
            Self::Isrc(error) => error.code(),
            Self::EmptyTrack(_) | Self::BehindEnd { .. } | Self::StartBehindEnd { .. } => {
                Code::CdLayout
            }
            Self::NoText
            | Self::OpenQuotation
            | Self::Unexpected { .. }
            | Self::Misplaced(_)
            | Self::PartFrame { .. }
            | Self::Subchannels(_)
            | Self::NoFile(_)
            | Self::Language(_) => Code::SheetSyntax,
            _ => Code::SheetSyntax,
        }
    }
}

impl Coded for CcdFault {
    fn code(&self) -> Code {
        match self {
            Self::Mode { .. } => Code::SheetTrackKind,
            Self::Image { .. } => Code::ImageNotWhole,
            Self::Catalogue(error) => error.code(),
            Self::Isrc(error) => error.code(),
            Self::NotOne
            | Self::Line(_)
            | Self::Number(_)
            | Self::Sessions(_)
            | Self::Scrambled
            | Self::Missing(_)
            | Self::Order(_)
            | Self::Pack(_) => Code::SheetSyntax,
            _ => Code::SheetSyntax,
        }
    }
}

impl Coded for LayoutError {
    fn code(&self) -> Code {
        match self {
            Self::NoTrack => Code::CdNoTrack,
            Self::TooManyTracks(_) => Code::CdTooManyTracks,
            Self::TooShort { .. } => Code::CdTrackTooShort,
            Self::Index { .. } => Code::CdIndex,
            Self::TooManyIndexes { .. } => Code::CdTooManyIndexes,
            Self::TooLong { .. } | Self::Hidden { .. } => Code::CdTooLong,
            Self::Turn { .. }
            | Self::AudioOnly { .. }
            | Self::FirstNumber { .. }
            | Self::NumberedData { .. } => Code::CdLayout,
            _ => Code::CdLayout,
        }
    }
}

impl Coded for AudioFault {
    fn code(&self) -> Code {
        match self {
            Self::Io(_) => Code::SourceMissing,
            Self::Short { .. } | Self::Empty => Code::SoundLength,
            Self::Unknown(_)
            | Self::NoSound(_)
            | Self::Damaged { .. }
            | Self::Decoder
            | Self::Channels(_)
            | Self::Rate(_) => Code::SoundFile,
            _ => Code::SoundFile,
        }
    }
}

impl Coded for CompareError {
    fn code(&self) -> Code {
        match self {
            Self::Drive(error) => error.code(),
            Self::Source(error) => error.code(),
            Self::NoContents => Code::MediumNoContents,
            Self::Stopped => Code::RequestCancelled,
        }
    }
}

impl Coded for ScanCdError {
    fn code(&self) -> Code {
        match self {
            Self::Drive(error) => error.code(),
            Self::NoContents => Code::MediumNoContents,
            Self::NoSession(_) => Code::MediumNoSuchSession,
            Self::Contents(error) => error.code(),
        }
    }
}

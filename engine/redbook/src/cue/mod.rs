//! Cue sheets: the text files that say which tracks a disc has, and in which files they are.
//!
//! Owns the text and what follows from it: tracks, indexes, texts, and the parts of files that each track is made of. It
//! opens no file; how long each is, is told by the caller. Times of a sheet are frames of 75 a second from a file's beginning.

mod parse;
mod tracks;
mod write;

pub use crate::listing::SheetFile;
pub use parse::{CueError, CueFault};
pub use tracks::{CuePart, CueSession, CueTrackParts};
pub use write::{cue_text, cue_text_of};

use crate::sector::{SectorForm, Subheader};
use crate::subchannel::{Control, Isrc, Mcn};
use crate::text::TextKind;

/// A cue sheet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CueSheet {
    /// The catalogue number.
    pub catalogue: Option<Mcn>,
    /// The file of CD-TEXT packs that it names, and the line.
    pub cd_text_file: Option<(String, u32)>,
    /// Texts of the album.
    pub texts: Vec<(TextKind, String)>,
    /// Files, in their order.
    pub files: Vec<CueFile>,
    /// Tracks, in their order.
    pub tracks: Vec<CueTrack>,
    /// Files of later sessions, which stand behind `REM SESSION 02` and are not taken; `None`: it has one session.
    pub later_files: Option<usize>,
}

/// A file of a sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CueFile {
    /// As it is written.
    pub name: String,
    /// What is in it.
    pub kind: CueFileKind,
    /// The line that names it, from 1 on.
    pub line: u32,
}

/// What is in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CueFileKind {
    /// Sectors as the tracks have them; sound in the order of Intel.
    Binary,
    /// Sectors; sound in the order of Motorola.
    Motorola,
    /// A sound file, whatever word stands for its kind: the file itself tells.
    Sound,
}

/// What a track's sectors are, in the words of sheets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CueTrackKind {
    /// Sound.
    Audio,
    /// User bytes of 2048; the form says of which mode.
    Cooked(SectorForm),
    /// Mode 2 without sync and header, 2336 bytes.
    Mode2,
    /// Whole sectors of mode 1 or 2, as the header says.
    Raw(u8),
}

impl CueTrackKind {
    /// Bytes of a sector in a file.
    #[must_use]
    pub const fn sector_bytes(self) -> usize {
        match self {
            Self::Audio | Self::Raw(_) => 2352,
            Self::Cooked(_) => 2048,
            Self::Mode2 => 2336,
        }
    }

    /// What the sectors are on the disc. Of whole sectors of mode 2 it is what most are: each tells by itself.
    #[must_use]
    pub const fn form(self) -> SectorForm {
        match self {
            Self::Audio => SectorForm::Audio,
            Self::Cooked(form) => form,
            Self::Raw(1) => SectorForm::Mode1,
            Self::Mode2 | Self::Raw(_) => SectorForm::Mode2Form1(Subheader::data()),
        }
    }

    fn named(word: &str) -> Option<Self> {
        Some(match word.to_ascii_uppercase().as_str() {
            "AUDIO" => Self::Audio,
            "MODE1/2048" => Self::Cooked(SectorForm::Mode1),
            "MODE2/2048" => Self::Cooked(SectorForm::Mode2Form1(Subheader::data())),
            "MODE1/2352" => Self::Raw(1),
            "MODE2/2352" | "CDI/2352" => Self::Raw(2),
            "MODE2/2336" | "CDI/2336" => Self::Mode2,
            _ => return None,
        })
    }
}

/// A place in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CueIndex {
    /// 0 to 99.
    pub number: u8,
    /// Which file.
    pub file: usize,
    /// Frames from the file's beginning.
    pub frame: u32,
    /// The line, from 1 on.
    pub line: u32,
}

/// A track of a sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CueTrack {
    /// 1 to 99.
    pub number: u8,
    /// What its sectors are.
    pub kind: CueTrackKind,
    /// Its flags.
    pub control: Control,
    /// Whether it shall be marked as a copy of a copy.
    pub serial_copy: bool,
    /// Its recording code.
    pub isrc: Option<Isrc>,
    /// Its texts.
    pub texts: Vec<(TextKind, String)>,
    /// Frames of silence before it, in no file.
    pub pregap: u32,
    /// Frames of silence behind it, in no file.
    pub postgap: u32,
    /// Its indexes; index 1 is among them.
    pub indexes: Vec<CueIndex>,
    /// The line of the track, from 1 on.
    pub line: u32,
}

#[cfg(test)]
mod tests;

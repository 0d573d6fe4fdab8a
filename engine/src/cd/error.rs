//! Why files make no CD, and what is worth knowing of those that do. Each names the file, and the line where a cue sheet says it.

use pitland_mmc::Lba;
use pitland_redbook::audio::{AudioError, AudioFault, SAMPLE_RATE};
use pitland_redbook::ccd::CcdFault;
use pitland_redbook::cue::CueFault;
use pitland_redbook::disc::LayoutError;
use pitland_redbook::sector::SectorFault;
use pitland_redbook::text::TextError;
use pitland_redbook::toc::TocFault;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::error::SourceError;

/// A place in a cue sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CdPlace {
    /// The sheet.
    pub sheet: PathBuf,
    /// The line, from 1 on; `None`: the sheet as a whole.
    pub line: Option<u32>,
}

impl fmt::Display for CdPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.sheet.display())?;
        match self.line {
            Some(line) => write!(f, ", line {line}"),
            None => Ok(()),
        }
    }
}

/// Why files make no CD. It is the caller's to mend, and no drive was asked for anything.
#[derive(Debug, thiserror::Error)]
#[error("{}{fault}", .place.as_ref().map(|place| format!("{place}: ")).unwrap_or_default())]
pub struct CdError {
    /// Where a cue sheet says what is wrong; `None` where there is none.
    pub place: Option<CdPlace>,
    /// What is wrong.
    #[source]
    pub fault: CdFault,
}

/// What is wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CdFault {
    /// A file cannot be opened or read.
    #[error("{}: {error}", .path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// A line of the cue sheet.
    #[error(transparent)]
    Sheet(#[from] CueFault),
    /// A sound file.
    #[error(transparent)]
    Sound(#[from] AudioError),
    /// Tracks that are no session.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// Texts that cannot be recorded.
    #[error("CD-TEXT: {0}")]
    Text(#[from] TextError),
    /// A file that holds no packs of CD-TEXT.
    #[error("{}: this is no file of CD-TEXT packs, of 18 bytes each and with right checksums", .path.display())]
    NoPacks {
        /// Which.
        path: PathBuf,
    },
    /// A file of samples or sectors without any.
    #[error("{}: it is empty", .path.display())]
    Empty {
        /// Which.
        path: PathBuf,
    },
    /// A file that is longer than any CD.
    #[error("{}: it has {frames} frames; a CD has fewer than 404850", .path.display())]
    TooLong {
        /// Which.
        path: PathBuf,
        /// Its frames of 1/75 second, or sectors.
        frames: u64,
    },
    /// A file of samples, or of sectors, whose length is no whole number of them.
    #[error("{}: its {bytes} bytes are no whole number of {each}", .path.display())]
    Length {
        /// Which.
        path: PathBuf,
        /// Its bytes, or those of the part that is meant.
        bytes: u64,
        /// Bytes of a sector, or of a sample of both channels.
        each: usize,
    },
    /// A data track in a file of sound.
    #[error("track {track} is data, and {} is a sound file", .path.display())]
    DataInSound {
        /// Which file.
        path: PathBuf,
        /// The track.
        track: u8,
    },
    /// A sector of an image that is not what the track's kind says, or damaged beyond its own parity.
    #[error("{}: sector {sector}: {fault}", .path.display())]
    Sector {
        /// Which file.
        path: PathBuf,
        /// Its number in the part that is meant, from 0.
        sector: u64,
        /// What is wrong with it.
        fault: SectorFault,
    },
    /// A whole sector of another mode than the track.
    #[error("{}: sector {sector} is of mode {found}", .path.display())]
    OtherMode {
        /// Which file.
        path: PathBuf,
        /// Its number in the part that is meant, from 0.
        sector: u64,
        /// The mode that its header says.
        found: u8,
    },
    /// Samples alone, where the sound shall have another level.
    #[error("{}: samples alone are recorded as they are; a sound file can be made louder or quieter", .path.display())]
    NotLevelled {
        /// Which file.
        path: PathBuf,
    },
    /// The sub-channels of an image, which are not those of its sectors.
    #[error("{}: its {bytes} bytes are not 96 for each of the {sectors} sectors of the image", .path.display())]
    Subchannels {
        /// The file of sub-channels.
        path: PathBuf,
        /// Its bytes.
        bytes: u64,
        /// Sectors of the image that it belongs to.
        sectors: u64,
    },
    /// A line of a table-of-contents file.
    #[error(transparent)]
    Toc(#[from] TocFault),
    /// A line of a control file of CloneCD.
    #[error(transparent)]
    Ccd(#[from] CcdFault),
    /// R to W of another length than that of the program.
    #[error(
        "the sub-channels R to W have {bytes} bytes; the program, from block 0 to the lead-out, needs {needed}: 96 for each sector"
    )]
    SubcodeLength {
        /// Their bytes.
        bytes: u64,
        /// Those that it must be.
        needed: u64,
    },
    /// R to W with one of the upper two bits set, which are P's and Q's.
    #[error(
        "the sub-channels R to W of sector {sector} have bits of P or Q, the upper two of a byte"
    )]
    SubcodeBits {
        /// The first such sector, from 0.
        sector: u32,
    },
    /// R to W for blocks that have none.
    #[error(
        "there is no place for the sub-channels R to W but in a raw image with 96 bytes of sub-channels a sector"
    )]
    NoPlaceForSubcode,
    /// A later session that cannot be written behind the first one.
    #[error(
        "session {session} is not one track of data of mode 1, or of mode 2 form 1: no other is written behind the first session"
    )]
    LaterSession {
        /// Which one, from 2 on.
        session: u8,
    },
    /// Raw blocks that shall be written in another way than they were made for.
    #[error("the raw blocks of {} are of one form, and are burned raw in the same", .path.display())]
    OtherForm {
        /// The file with them.
        path: PathBuf,
    },
    /// Raw blocks whose lead-in says not what tracks there are.
    #[error("{}: its lead-in has no complete table of contents in Q", .path.display())]
    NoContents {
        /// Which file.
        path: PathBuf,
    },
    /// Raw blocks that end before the lead-out.
    #[error("{}: it ends before the lead-out, which begins at block {lead_out}", .path.display())]
    NoLeadOut {
        /// Which file.
        path: PathBuf,
        /// Where the lead-out begins.
        lead_out: Lba,
    },
    /// A lead-in that is shorter than the disc's.
    #[error("the lead-in has {given} blocks; that of this disc needs {needed}")]
    LeadInTooShort {
        /// Blocks that there are before the first pregap.
        given: u32,
        /// Blocks that the disc has.
        needed: u32,
    },
    /// The first track has another number than 1, which the drive does not write in this way.
    #[error("the first track has number {first}; tracks that are written one by one begin with 1")]
    NumberedByDrive {
        /// Its number.
        first: u8,
    },
    /// A gap that takes its sound from a track before, which has less, or is not sound.
    #[error(
        "the gap before track {track} takes {frames} frames from the track before, which has too few of sound"
    )]
    Shared {
        /// The track behind the gap.
        track: u8,
        /// Frames asked for.
        frames: u32,
    },
}

impl CdError {
    pub(super) fn io(path: &Path, error: io::Error) -> Self {
        let path = path.to_owned();
        CdFault::Io { path, error }.into()
    }

    /// At a line of a sheet.
    pub(super) fn at(mut self, sheet: &Path, line: Option<u32>) -> Self {
        self.place = Some(CdPlace {
            sheet: sheet.to_owned(),
            line,
        });
        self
    }

    /// Whether the host failed, not what the files say.
    pub fn is_of_host(&self) -> bool {
        match &self.fault {
            CdFault::Io { .. } => true,
            CdFault::Sound(error) => matches!(error.fault, AudioFault::Io(_)),
            _ => false,
        }
    }
}

impl<T: Into<CdFault>> From<T> for CdError {
    fn from(fault: T) -> Self {
        Self {
            place: None,
            fault: fault.into(),
        }
    }
}

impl From<SourceError> for CdError {
    fn from(error: SourceError) -> Self {
        match error {
            SourceError::Io { name, error } => {
                let again = io::Error::new(error.kind(), error.to_string());
                Self::io(Path::new(&name), again)
            }
            SourceError::NotData { path } => Self::io(&path, io::ErrorKind::IsADirectory.into()),
            other => Self::io(Path::new(""), io::Error::other(other)),
        }
    }
}

/// Something worth knowing that keeps no CD from being made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CdWarning {
    /// Sound that was converted: it had not the samples of a CD.
    #[error("{}: {}", .path.display(), told_converted(*.rate, *.channels))]
    Converted {
        /// Which file.
        path: PathBuf,
        /// Its samples a second.
        rate: u32,
        /// Its channels.
        channels: u8,
    },
    /// Sound that is greater than full scale once it is converted: its crests are cut off. [`Level`](super::Level) keeps them.
    #[error("{}: its sound goes {:.2} dB beyond full scale and is cut off there", .path.display(), f64::from(*.beyond) / 100.0)]
    Clipped {
        /// Which file.
        path: PathBuf,
        /// Hundredths of a decibel, more than none.
        beyond: i32,
    },
    /// Pre-emphasis that is turned on or off where there is no pause for it.
    #[error(
        "pre-emphasis changes with track {track}, behind a pause of {pause} frames: players may turn it late, for it changes in pauses of 150 frames (2 seconds) or more"
    )]
    EmphasisWithoutPause {
        /// The track that differs from the one before it.
        track: u8,
        /// Frames of its index 0.
        pause: u32,
    },
    /// A text with characters that CD-TEXT has not, which was left out.
    #[error("CD-TEXT has no {character:?}: \"{text}\" is left out")]
    TextLeftOut {
        /// The text.
        text: String,
        /// The first such character.
        character: char,
    },
    /// A catalogue number whose check digit does not fit; it is recorded as it is.
    #[error("the catalogue number {0} has a wrong check digit")]
    CheckDigit(String),
    /// A tag that is no recording code, which was left out.
    #[error("{}: {code:?} is no recording code, and is left out", .path.display())]
    BadIsrcTag {
        /// Which file.
        path: PathBuf,
        /// As it is written there.
        code: String,
    },
    /// Sound that was made louder or quieter.
    #[error("{}", told_level(*.gain, *.loudness, *.limited))]
    Levelled {
        /// Hundredths of a decibel; negative: quieter.
        gain: i32,
        /// How loud the album was, in hundredths of LUFS; `None`: that was not asked, or there is nothing to be heard.
        loudness: Option<i32>,
        /// Whether its peak kept it from becoming as loud as was wanted.
        limited: bool,
    },
    /// Sub-channels R to W of an image, which are not recorded: raw blocks of 96 bytes as they are recorded alone have them.
    #[error("{}: what its channels R to W hold is not recorded", .path.display())]
    SubchannelsLeftOut {
        /// The file of sub-channels.
        path: PathBuf,
    },
    /// Sessions of a sheet behind the first one, which are not taken.
    #[error("{}: what stands behind REM SESSION 2 is not taken", .path.display())]
    LaterSessionsLeftOut {
        /// The sheet.
        path: PathBuf,
    },
    /// A track that was filled up with silence, so that it has four seconds.
    #[error("track {track} is filled up with {frames} frames of silence")]
    Padded {
        /// The track.
        track: u8,
        /// The frames.
        frames: u32,
    },
}

fn told_converted(rate: u32, channels: u8) -> String {
    let sides = if channels == 1 {
        "one channel"
    } else {
        "two channels"
    };
    match rate {
        SAMPLE_RATE => format!("{sides} of samples that are not of 16 bits: rounded, with dither"),
        _ => format!("converted from {rate} samples a second of {sides}"),
    }
}

fn told_level(gain: i32, loudness: Option<i32>, limited: bool) -> String {
    let words = if gain < 0 { "quieter" } else { "louder" };
    let decibels = f64::from(gain.saturating_abs()) / 100.0;
    let from = loudness.map(|lufs| format!(" (it has {:.2} LUFS)", f64::from(lufs) / 100.0));
    let short = match limited {
        true => "; its peak allows no more",
        false => "",
    };
    format!(
        "the album becomes {decibels:.2} dB {words}{}{short}",
        from.unwrap_or_default()
    )
}

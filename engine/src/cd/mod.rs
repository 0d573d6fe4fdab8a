//! What a CD of sound, of sound and data, or made raw, shall hold: from sound files, images and cue sheets to the blocks
//! that a drive is given. Nothing here is asynchronous, and no file is held in memory.
//!
//! Owns the opening of files and what follows from their lengths. The Red Book's own rules are `pitland-redbook`'s; must not
//! know drives.
//!
//! A raw image is made as Windows' raw image creator makes it: track by track, then in any form.
//!
//! ```
//! use pitland::cd::{CdImage, CdTrack, Gap, SubchannelForm, TextKind};
//! use pitland::writer::mmc::Lba;
//!
//! # let folder = tempfile::tempdir()?;
//! # let first = folder.path().join("first.pcm");
//! # let second = folder.path().join("second.pcm");
//! # std::fs::write(&first, vec![1; 2352 * 300])?;
//! # std::fs::write(&second, vec![2; 2352 * 400])?;
//! let mut second = CdTrack::pcm(second);
//! second.isrc = Some("USAT29902803".parse()?);
//! let mut builder = CdImage::builder();
//! builder.gap = Gap::None;
//! builder.texts.push((TextKind::Title, "One Piece".into()));
//! builder.add(CdTrack::pcm(first));
//! builder.add(second);
//! let image = builder.finish()?;
//!
//! // 95:00:00, as Windows has it: the beginning of the longest lead-in.
//! let raw = image.raw(SubchannelForm::Raw96, Lba(-22_650))?;
//! let mut blocks = vec![0; 2 * raw.block_bytes()];
//! raw.reader().read_blocks(0, &mut blocks)?;
//! assert_eq!(raw.blocks(), 22_650 + 700 + 6750);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! **Gapless.** Files whose sound goes on from one to the next are one stream of samples, however their lengths divide into
//! frames of 588 samples: no sample is inserted or left out between them. A track begins at the frame in which its first sample
//! lies, at most 587 samples early; the last frame of the stream alone is filled up with silence.

mod build;
mod ccd;
mod compare;
mod cue;
mod description;
mod digest;
mod error;
mod expected;
mod image;
mod later;
mod layout;
mod level;
mod made;
mod moved;
mod positions;
mod program;
pub(crate) mod read_back;
mod samples;
mod scan;
mod sectors;
mod sheet;
mod subcode;
#[cfg(test)]
mod tests;
mod text;
mod toc;

pub use build::{CdImageBuilder, CdTrack, Gap};
pub use compare::{CdComparison, CdDifference, CompareError, LaterComparison};
pub use description::{CdFinding, FindingKind, Found, TextHead, TrackFlags};
pub use digest::{DigestsError, TrackDigest, TrackDigester};
pub use error::{CdError, CdFault, CdPlace, CdWarning};
pub use image::{CdBlocks, CdImage, CdImageReader};
pub use later::LaterSession;
pub use level::Level;
pub use program::ProgramReader;
pub use scan::{CdScan, ScanCdError};
pub use sheet::CueOptions;
pub use subcode::CdSubcode;
pub use text::CdTextFrom;

pub use pitland_writer::{CdMode, CdSubchannel};

pub use pitland_redbook::disc::{LayoutError, Limits, Placed, Session, Track};
pub use pitland_redbook::raw::{ProgramSource, SubchannelForm};
pub use pitland_redbook::subchannel::{Channels, Control, Isrc, Mcn};
pub use pitland_redbook::text::{
    CdText, Encoding, Language, Pack, PackKind, TextBlock, TextError, TextFault, TextKind,
};
pub use pitland_redbook::{
    SECTOR_BYTES, SectorCodec, SectorForm, audio, ccd as control_file, cue as cue_sheet,
    toc as toc_file,
};

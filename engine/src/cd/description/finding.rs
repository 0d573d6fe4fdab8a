//! What is found where a CD does not say of itself what its sheet says.

use pitland_mmc::Lba;
use pitland_redbook::subchannel::{Control, Isrc, Mcn};
use std::fmt::{self, Display};

/// One thing that a disc does not say of itself as its sheet does.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CdFinding {
    /// The catalogue number.
    Catalogue {
        /// That of the sheet.
        wanted: Mcn,
        /// What is there.
        found: Found<Mcn>,
    },
    /// The recording code of a track.
    Recording {
        /// The track.
        track: u8,
        /// The code of the sheet.
        wanted: Isrc,
        /// What is there.
        found: Found<Isrc>,
    },
    /// The flags of a track, in the table of contents or in the track itself.
    Flags {
        /// The track.
        track: u8,
        /// Those of the sheet.
        wanted: TrackFlags,
        /// Those of the disc.
        found: TrackFlags,
    },
    /// Where an index begins.
    Index {
        /// The track.
        track: u8,
        /// 0 for its pause, or 2 to 99.
        index: u8,
        /// Where it begins by the sheet; `None`: the sheet has none.
        wanted: Option<Lba>,
        /// Where it begins on the disc.
        found: Found<Lba>,
    },
    /// The drive gives no sub-channels: pauses, indexes, and flags that are in the tracks alone are not known.
    Positions,
}

/// What there is where a sheet says something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Found<T> {
    /// Something else.
    Other(T),
    /// Nothing.
    Nothing,
    /// Nothing, and it may have been left out as it was recorded: track by track there are no indexes and no texts, and
    /// drives may leave codes out.
    LeftOut,
    /// The drive does not tell.
    Untold,
}

/// What a finding says of a disc.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FindingKind {
    /// It is not what the sheet describes.
    Difference,
    /// It lacks what this way of recording leaves out.
    LeftOut,
    /// Nothing: the drive does not tell.
    Untold,
}

/// What a track says of itself in four bits, and how copies are permitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct TrackFlags {
    /// The flags; that of copies is off where it alternates.
    pub control: Control,
    /// The flag that permits copies alternates (SCMS): it must not be copied once more.
    pub serial_copy: bool,
}

impl TrackFlags {
    /// As far as they count for a kind of track: of data the lowest one tells how it was written, not what it is.
    pub(super) fn of_kind(self, is_data: bool, wanted: &Self) -> Self {
        match is_data && self.control.data {
            true => Self {
                control: Control {
                    pre_emphasis: wanted.control.pre_emphasis,
                    ..self.control
                },
                ..self
            },
            false => self,
        }
    }
}

impl Display for TrackFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Control {
            data,
            copy_permitted,
            pre_emphasis,
            four_channels,
        } = self.control;
        f.write_str(if data { "data" } else { "sound" })?;
        for (is_set, name) in [
            (copy_permitted, "copying permitted"),
            (self.serial_copy, "a copy (SCMS)"),
            (pre_emphasis, "pre-emphasis"),
            (four_channels, "four channels"),
        ] {
            if is_set {
                write!(f, ", {name}")?;
            }
        }
        Ok(())
    }
}

impl CdFinding {
    /// What it says of the disc.
    pub fn kind(&self) -> FindingKind {
        match self {
            Self::Catalogue { found, .. } => found.kind(),
            Self::Recording { found, .. } => found.kind(),
            Self::Index { found, .. } => found.kind(),
            Self::Flags { .. } => FindingKind::Difference,
            Self::Positions => FindingKind::Untold,
        }
    }

    /// The track that it is about; `None`: the disc.
    pub fn track(&self) -> Option<u8> {
        match self {
            Self::Recording { track, .. }
            | Self::Flags { track, .. }
            | Self::Index { track, .. } => Some(*track),
            Self::Catalogue { .. } | Self::Positions => None,
        }
    }
}

impl<T> Found<T> {
    const fn kind(&self) -> FindingKind {
        match self {
            Self::Other(_) | Self::Nothing => FindingKind::Difference,
            Self::LeftOut => FindingKind::LeftOut,
            Self::Untold => FindingKind::Untold,
        }
    }
}

impl Display for CdFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Catalogue { wanted, found } => told_code(f, "catalogue number", wanted, found),
            Self::Recording {
                track,
                wanted,
                found,
            } => {
                write!(f, "track {track}: ")?;
                told_code(f, "recording code", wanted, found)
            }
            Self::Flags {
                track,
                wanted,
                found,
            } => write!(f, "track {track}: the sheet says {wanted}; the disc says {found}"),
            Self::Index {
                track,
                index,
                wanted,
                found,
            } => {
                write!(f, "track {track}: ")?;
                match (wanted, found) {
                    (_, Found::LeftOut) => write!(
                        f,
                        "index {index} is not on the disc, which was written track by track: there are no indexes then"
                    ),
                    (_, Found::Untold) => write!(f, "the drive does not tell where index {index} begins"),
                    (Some(wanted), Found::Other(found)) => write!(
                        f,
                        "index {index} begins at LBA {}, by the sheet at LBA {}",
                        found.0, wanted.0
                    ),
                    (None, Found::Other(found)) => write!(
                        f,
                        "index {index} begins at LBA {}; the sheet has no such index",
                        found.0
                    ),
                    (Some(wanted), Found::Nothing) => write!(
                        f,
                        "there is no index {index}, which the sheet has at LBA {}",
                        wanted.0
                    ),
                    (None, Found::Nothing) => write!(f, "there is no index {index}"),
                }
            }
            Self::Positions => f.write_str(
                "the drive gives no sub-channels: pauses, indexes and the flags in the tracks were not compared",
            ),
        }
    }
}

fn told_code<T: Display>(
    f: &mut fmt::Formatter<'_>,
    what: &str,
    wanted: &T,
    found: &Found<T>,
) -> fmt::Result {
    match found {
        Found::Other(found) => write!(f, "the {what} is {found}, by the sheet {wanted}"),
        Found::Nothing => write!(f, "there is no {what}; the sheet has {wanted}"),
        Found::LeftOut => write!(
            f,
            "the {what} {wanted} is not on the disc: not every drive records one track by track"
        ),
        Found::Untold => write!(
            f,
            "the drive does not tell the {what}; the sheet has {wanted}"
        ),
    }
}

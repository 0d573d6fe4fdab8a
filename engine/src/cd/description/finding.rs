//! What is found where a CD does not say of itself what its sheet says.

use pitland_mmc::Lba;
use pitland_redbook::subchannel::{Control, Isrc, Mcn};
use pitland_redbook::text::{Encoding, Language, PackKind, TextBlock, TextKind};
use std::convert::Infallible;
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
    /// All texts.
    Texts {
        /// Blocks of them that the sheet has.
        blocks: u8,
        /// Why there is none.
        found: Found<Infallible>,
    },
    /// A block of texts: whether it is there, and what it says of itself.
    TextBlock {
        /// Its number, 0 to 7.
        block: u8,
        /// As the sheet has it; `None`: it has no such block.
        wanted: Option<TextHead>,
        /// As the disc has it; `None`: it has no such block.
        found: Option<TextHead>,
    },
    /// A text.
    Text {
        /// The block, 0 to 7.
        block: u8,
        /// What the text is.
        kind: TextKind,
        /// Whose it is; 0: the album's.
        track: u8,
        /// The text of the sheet.
        wanted: Option<String>,
        /// That of the disc.
        found: Option<String>,
    },
    /// The genre, its code and words.
    Genre {
        /// The block, 0 to 7.
        block: u8,
        /// That of the sheet.
        wanted: Option<(u16, String)>,
        /// That of the disc.
        found: Option<(u16, String)>,
    },
    /// Packs of a kind that holds no texts.
    Packs {
        /// The block, 0 to 7.
        block: u8,
        /// The kind.
        kind: PackKind,
    },
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

/// What a block of texts says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct TextHead {
    /// Which language.
    pub language: Language,
    /// How its characters are recorded.
    pub encoding: Encoding,
    /// The first track.
    pub first_track: u8,
    /// The last track.
    pub last_track: u8,
    /// The copyright byte.
    pub copyright: u8,
}

impl TextHead {
    pub(super) fn of(block: &TextBlock) -> Self {
        Self {
            language: block.language,
            encoding: block.encoding,
            first_track: block.first_track,
            last_track: block.last_track,
            copyright: block.copyright,
        }
    }
}

impl Display for TextHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "language {}, {}, tracks {} to {}, copyright {:02x}h",
            self.language.0, self.encoding, self.first_track, self.last_track, self.copyright
        )
    }
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
            Self::Texts { found, .. } => found.kind(),
            Self::Flags { .. }
            | Self::TextBlock { .. }
            | Self::Text { .. }
            | Self::Genre { .. }
            | Self::Packs { .. } => FindingKind::Difference,
            Self::Positions => FindingKind::Untold,
        }
    }

    /// The track that it is about; `None`: the disc.
    pub fn track(&self) -> Option<u8> {
        match self {
            Self::Recording { track, .. }
            | Self::Flags { track, .. }
            | Self::Index { track, .. } => Some(*track),
            Self::Text { track, .. } => (*track > 0).then_some(*track),
            _ => None,
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
            Self::Texts { blocks, found } => match found {
                Found::LeftOut => f.write_str(
                    "the sheet's CD-TEXT is not on the disc, which was written track by track: there are no texts then",
                ),
                Found::Untold => f.write_str(
                    "the drive does not read CD-TEXT: the texts of the sheet were not compared",
                ),
                _ => write!(f, "there is no CD-TEXT on the disc; languages in the sheet: {blocks}"),
            },
            Self::TextBlock {
                block,
                wanted,
                found,
            } => {
                write!(f, "CD-TEXT, block {block}: ")?;
                told_pair(f, wanted, found)
            }
            Self::Text {
                block,
                kind,
                track,
                wanted,
                found,
            } => {
                match track {
                    0 => f.write_str("album")?,
                    track => write!(f, "track {track}")?,
                }
                write!(f, ": CD-TEXT, block {block}, {}: ", name_of(*kind))?;
                // Quoted, with what would move a cursor escaped.
                let quoted = |text: &Option<String>| text.as_ref().map(|text| format!("{text:?}"));
                told_pair(f, &quoted(wanted), &quoted(found))
            }
            Self::Genre {
                block,
                wanted,
                found,
            } => {
                let told = |genre: &Option<(u16, String)>| {
                    genre.as_ref().map(|(code, words)| format!("{code} {words:?}"))
                };
                write!(f, "CD-TEXT, block {block}, genre: ")?;
                told_pair(f, &told(wanted), &told(found))
            }
            Self::Packs { block, kind } => {
                write!(f, "CD-TEXT, block {block}: the packs of kind {:02x}h differ", kind.0)
            }
        }
    }
}

/// What the disc has, and what the sheet.
fn told_pair<T: Display>(
    f: &mut fmt::Formatter<'_>,
    wanted: &Option<T>,
    found: &Option<T>,
) -> fmt::Result {
    match found {
        Some(found) => write!(f, "the disc has {found}, ")?,
        None => f.write_str("the disc has nothing, ")?,
    }
    match wanted {
        Some(wanted) => write!(f, "the sheet {wanted}"),
        None => f.write_str("the sheet nothing"),
    }
}

const fn name_of(kind: TextKind) -> &'static str {
    match kind {
        TextKind::Title => "title",
        TextKind::Performer => "performer",
        TextKind::Songwriter => "songwriter",
        TextKind::Composer => "composer",
        TextKind::Arranger => "arranger",
        TextKind::Message => "message",
        TextKind::DiscId => "disc identification",
        TextKind::Code => "code",
        _ => "text",
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

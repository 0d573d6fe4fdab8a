//! What can differ, in types and in words.
//!
//! Holds data; finds nothing out.

use std::io;
use std::path::{Path, PathBuf};

use crate::read::{Names, ReadError};
use crate::tree::{NodeKind, SourceChange};

/// An attribute that can differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Attribute {
    /// File type and permissions.
    Mode,
    /// The owner.
    User,
    /// The group.
    Group,
    /// The number of names.
    Links,
    /// The modification time, to the second.
    Modified,
    /// A symbolic link's target.
    Target,
    /// A device's number.
    Device,
    /// Which names are of one file, by their serial numbers.
    SameFile,
}

impl std::fmt::Display for Attribute {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Mode => "mode",
            Self::User => "owner",
            Self::Group => "group",
            Self::Links => "number of links",
            Self::Modified => "modification time",
            Self::Target => "link target",
            Self::Device => "device number",
            Self::SameFile => "file serial number",
        })
    }
}

/// One thing that differs. Paths are those of the volume.
#[derive(Debug)]
#[non_exhaustive]
pub enum Difference {
    /// The source has it, the volume has not.
    Missing {
        /// Where.
        path: PathBuf,
        /// By which names.
        names: Names,
        /// The first block of the folder in which it was looked for.
        lba: Option<u32>,
    },
    /// The volume has it, the source has not.
    Extra {
        /// Where.
        path: PathBuf,
        /// By which names.
        names: Names,
        /// The block of its record.
        lba: u32,
    },
    /// It is something else in the volume.
    Kind {
        /// Where.
        path: PathBuf,
        /// By which names.
        names: Names,
        /// The block of its record.
        lba: u32,
        /// In the volume.
        volume: NodeKind,
        /// In the source.
        source: NodeKind,
    },
    /// The file is longer or shorter in the volume.
    Size {
        /// Where.
        path: PathBuf,
        /// By which names.
        names: Names,
        /// The block of its record.
        lba: u32,
        /// In the volume.
        volume: u64,
        /// In the source.
        source: u64,
    },
    /// Bytes of the file differ.
    Content {
        /// Where.
        path: PathBuf,
        /// The block of the first byte that differs.
        lba: u32,
        /// The first byte that differs.
        offset: u64,
    },
    /// A block of the file cannot be read from the volume.
    Unreadable {
        /// Where.
        path: PathBuf,
        /// The first such block.
        lba: u32,
        /// The byte of the file with which the block begins.
        offset: u64,
        /// The answer.
        source: io::Error,
    },
    /// An attribute differs.
    Attribute {
        /// Where.
        path: PathBuf,
        /// The block of its record.
        lba: u32,
        /// Which.
        attribute: Attribute,
    },
    /// Two sets of names lead to different blocks for one file.
    Blocks {
        /// Where.
        path: PathBuf,
        /// The names that differ from the best ones.
        names: Names,
        /// The block of its record.
        lba: u32,
    },
    /// A structure of the volume is damaged; what lies below the folder was not compared by these names.
    Damaged {
        /// The folder.
        path: PathBuf,
        /// By which names.
        names: Names,
        /// What is wrong, with the block.
        error: ReadError,
    },
    /// The source changed since it was scanned, so this file was not compared.
    SourceChanged {
        /// Where, in the source.
        path: PathBuf,
        /// What changed.
        what: SourceChange,
    },
    /// The source cannot be read, so this file was not compared.
    SourceUnreadable {
        /// Where, in the source.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
}

impl Difference {
    /// The block that is at fault, where one is known.
    #[must_use]
    pub fn lba(&self) -> Option<u32> {
        match self {
            Self::Missing { lba, .. } => *lba,
            Self::Extra { lba, .. }
            | Self::Kind { lba, .. }
            | Self::Size { lba, .. }
            | Self::Content { lba, .. }
            | Self::Unreadable { lba, .. }
            | Self::Attribute { lba, .. }
            | Self::Blocks { lba, .. } => Some(*lba),
            Self::Damaged { error, .. } => Some(error.lba()),
            Self::SourceChanged { .. } | Self::SourceUnreadable { .. } => None,
        }
    }

    /// The file or folder: in the volume, or in the source where the source is at fault.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::Missing { path, .. }
            | Self::Extra { path, .. }
            | Self::Kind { path, .. }
            | Self::Size { path, .. }
            | Self::Content { path, .. }
            | Self::Unreadable { path, .. }
            | Self::Attribute { path, .. }
            | Self::Blocks { path, .. }
            | Self::Damaged { path, .. }
            | Self::SourceChanged { path, .. }
            | Self::SourceUnreadable { path, .. } => path,
        }
    }
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let path = self.path().display();
        match self {
            Self::Missing { names, .. } => write!(f, "{path} is missing in the volume ({names})"),
            Self::Extra { names, lba, .. } => {
                write!(
                    f,
                    "{path} is in the volume, but not in the source ({names}, LBA {lba})"
                )
            }
            Self::Kind {
                volume,
                source,
                lba,
                ..
            } => {
                write!(
                    f,
                    "{path} is a {volume} in the volume, a {source} in the source (LBA {lba})"
                )
            }
            Self::Size {
                volume,
                source,
                lba,
                ..
            } => {
                write!(
                    f,
                    "{path} has {volume} bytes in the volume, {source} in the source (LBA {lba})"
                )
            }
            Self::Content { lba, offset, .. } => {
                write!(f, "{path} differs at byte {offset} (LBA {lba})")
            }
            Self::Unreadable {
                lba,
                offset,
                source,
                ..
            } => {
                write!(
                    f,
                    "{path} cannot be read at byte {offset} (LBA {lba}): {source}"
                )
            }
            Self::Attribute { attribute, lba, .. } => {
                write!(
                    f,
                    "{path} has another {attribute} in the volume (LBA {lba})"
                )
            }
            Self::Blocks { names, lba, .. } => {
                write!(f, "{path} has other blocks by its {names} name (LBA {lba})")
            }
            Self::Damaged { names, error, .. } => {
                write!(f, "the {names} structures of {path} are damaged: {error}")
            }
            Self::SourceChanged { what, .. } => {
                write!(f, "{path} changed since it was scanned: {what}")
            }
            Self::SourceUnreadable { source, .. } => write!(f, "{path} cannot be read: {source}"),
        }
    }
}

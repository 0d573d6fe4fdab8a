//! Why a volume cannot be imported, and what of it will not be quite the same.
//!
//! Holds words; decides nothing.

use std::io;
use std::path::PathBuf;

use crate::read::{Names, ReadError};
use crate::sessions::DiscError;
use crate::tree::EditError;

/// Why a volume cannot be imported. Nothing of it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// There is no volume, or a part of it cannot be read.
    #[error(transparent)]
    Volume(#[from] ReadError),
    /// The disc is not the one that was expected.
    #[error(transparent)]
    Disc(#[from] DiscError),
    /// The volume has not the names that were asked for.
    #[error("the volume has no names of {names}")]
    NoSuchNames {
        /// Whose.
        names: Names,
    },
    /// A file lies, as a whole or in part, behind the end of the disc or image: it was cut short.
    #[error("{} ends at block {last_lba}, which cannot be read: {source}", .path.display())]
    CutShort {
        /// The file.
        path: PathBuf,
        /// Its last block.
        last_lba: u32,
        /// The source's answer to it.
        source: io::Error,
    },
    /// Two things in a folder have the same name.
    #[error("there are two of {}", .path.display())]
    SameName {
        /// Where.
        path: PathBuf,
    },
    /// A file of which parts are recorded nowhere, or not as they are read. It would have to be copied.
    #[error("{} is not recorded as it is read, so that it cannot be kept in its place", .path.display())]
    NotInPlace {
        /// The file.
        path: PathBuf,
    },
    /// A file of which a digest was wished cannot be read to its end.
    #[error("{} cannot be read: {source}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: ReadError,
    },
    /// The files of which digests were wished have more bytes together than can truly be there.
    #[error("the files have more than {limit} bytes together; the limit was passed at {}", .path.display())]
    TooMuch {
        /// Where the limit was passed.
        path: PathBuf,
        /// The limit.
        limit: u64,
    },
    /// A name, a link or extents that no tree can have.
    #[error(transparent)]
    Edit(#[from] EditError),
    /// The volume has more than the limits allow.
    #[error("the volume has more than {limit} files and folders; the limit was passed at {}", .path.display())]
    TooMany {
        /// Where the limit was passed.
        path: PathBuf,
        /// The limit.
        limit: u64,
    },
}

/// What of a volume will not be quite the same in a session that is built on it. The import stands.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ImportWarning {
    /// Files that other names of the same volume lead to, and the imported ones do not: the new session loses them.
    OnlyUnder {
        /// Whose names lead there.
        names: Names,
        /// How many.
        count: u64,
        /// The first of them.
        first: PathBuf,
    },
    /// Other names of the same volume cannot be read; what they lead to beside the imported ones is not known.
    Unreadable {
        /// Whose names.
        names: Names,
        /// Why.
        error: String,
    },
    /// Older versions of files, which ISO 9660 keeps under the same name: the newest one is imported.
    OlderVersions {
        /// How many.
        count: u64,
        /// The first of them.
        first: PathBuf,
    },
    /// The boot catalogue cannot be read: the new session starts no machine.
    BootCatalogue {
        /// Why.
        error: String,
    },
    /// Files and folders whose named streams are not imported.
    StreamsLeftOut {
        /// How many.
        count: u64,
        /// The first of them.
        first: PathBuf,
    },
    /// Files that share some of their blocks, but not all.
    Overlap {
        /// How many.
        count: u64,
        /// The first of them.
        first: PathBuf,
    },
}

impl std::fmt::Display for ImportWarning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::OnlyUnder {
                names,
                count,
                first,
            } => write!(
                f,
                "{count} files are found by the names of {names} only and are not imported; the first is {}",
                first.display()
            ),
            Self::Unreadable { names, error } => {
                write!(f, "the names of {names} cannot be read: {error}")
            }
            Self::OlderVersions { count, first } => write!(
                f,
                "{count} older versions of files are not imported; the first is of {}",
                first.display()
            ),
            Self::BootCatalogue { error } => {
                write!(f, "the boot catalogue is not imported: {error}")
            }
            Self::StreamsLeftOut { count, first } => write!(
                f,
                "the named streams of {count} files are not imported; the first is {}",
                first.display()
            ),
            Self::Overlap { count, first } => write!(
                f,
                "{count} files share some of their blocks with others; the first is {}",
                first.display()
            ),
        }
    }
}

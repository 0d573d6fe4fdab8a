//! Why a file could not serve as a virtual disc.
//!
//! Owns the words. Must not know how the file is read.

use std::io;
use std::path::{Path, PathBuf};

/// Why a file could not be opened or made as a virtual disc. An existing file
/// was not changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DiscFileError {
    /// There is no such file. Make one first, or correct the name.
    #[error("{path:?}: there is no such virtual disc; make it first, or correct the name")]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// There is something of that name already. Choose another name, or remove it.
    #[error("{path:?} exists already and is left as it is; choose another name")]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// Not an ordinary file.
    #[error("{path:?} is {kind}, not an ordinary file: it cannot be a virtual disc")]
    NotAFile {
        /// The path.
        path: PathBuf,
        /// What it is.
        kind: FileKind,
    },
    /// Another drive holds the disc. Wait until it is done.
    #[error("{path:?} is in use by {}; wait until it is done", holder_words(*holder))]
    InUse {
        /// The file.
        path: PathBuf,
        /// The process that holds it, where the system tells.
        holder: Option<u32>,
    },
    /// The file is something else than a virtual disc. Check the name.
    #[error("{path:?} is no virtual disc: it does not begin like one")]
    NotADisc {
        /// The file.
        path: PathBuf,
    },
    /// The file was a virtual disc and is damaged, or comes from another
    /// version. Restore it from a copy, or make a new one.
    #[error("{path:?} is a damaged virtual disc: {damage}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        damage: Damage,
    },
    /// The simulated recorder does not take the disc's state or the wanted
    /// capacity.
    #[error("{path:?}: {source}")]
    Medium {
        /// The file.
        path: PathBuf,
        /// What the recorder said.
        source: pitland_simdrive::MediumError,
    },
    /// A new file could not be made. Look at its folder, the permissions there, and the space left.
    #[error("{path:?} cannot be made: {source}")]
    NotMade {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The system refused. Look at the path, its permissions, and the space left.
    #[error("{path:?} cannot be used: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl DiscFileError {
    /// What the system said of `path`, with a missing file told apart.
    pub(crate) fn io(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::NotFound => Self::Missing { path },
            _ => Self::Io { path, source },
        }
    }
}

fn holder_words(holder: Option<u32>) -> String {
    match holder {
        Some(pid) if pid == std::process::id() => "another drive of this process".to_owned(),
        Some(pid) => format!("process {pid}"),
        None => "another process".to_owned(),
    }
}

/// What lies at a path where a file was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FileKind {
    /// A folder.
    Folder,
    /// A fifo (named pipe).
    Fifo,
    /// A block or character device.
    Device,
    /// A socket, or something that this system has beyond the others.
    Socket,
}

impl core::fmt::Display for FileKind {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Folder => "a folder",
            Self::Fifo => "a fifo",
            Self::Device => "a device",
            Self::Socket => "a socket",
        })
    }
}

/// What is wrong with a virtual disc's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Damage {
    /// It does not begin with the magic.
    #[error("it does not begin like a virtual disc")]
    BadMagic,
    /// Another version of the format.
    #[error("its format has version {found}, this program knows versions 1 and 2")]
    Version {
        /// The version found.
        found: u32,
    },
    /// The header's check sum is wrong.
    #[error("the check sum of its header is wrong")]
    HeaderSum,
    /// The header's numbers cannot be.
    #[error("its header speaks of {blocks} blocks of {block_bytes} bytes, which cannot be")]
    HeaderValues {
        /// Bytes of a block as the header has it.
        block_bytes: u32,
        /// Blocks as the header has it.
        blocks: u64,
    },
    /// The file is shorter or longer than its header says.
    #[error("it is {length} bytes long where its header says {expected}")]
    Truncated {
        /// Length found, in bytes.
        length: u64,
        /// Length expected, in bytes.
        expected: u64,
    },
    /// Neither copy of the state is valid.
    #[error("both copies of its state are damaged")]
    NoValidState,
    /// The state speaks of more blocks than the file has.
    #[error("its state speaks of {claimed} blocks where the file has room for {room}")]
    ClaimsMoreThanFile {
        /// Blocks that the state claims.
        claimed: u64,
        /// Blocks that the file has room for.
        room: u64,
    },
}

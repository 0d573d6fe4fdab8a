//! Why a tree cannot be edited so.
//!
//! Holds words; decides nothing.

use std::path::PathBuf;

use crate::tree::{ExtentFault, NodeKind, ScanError};

/// Why an edit is refused. The tree is as it was before. Each is the caller's to mend.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EditError {
    /// A name that no node can have.
    #[error("{} cannot be a path of the volume: {fault}", .path.display())]
    Name {
        /// The path that was asked for.
        path: PathBuf,
        /// What is wrong with the name.
        fault: NameFault,
    },
    /// There is nothing at this path.
    #[error("the tree has no {}", .path.display())]
    NotFound {
        /// Where.
        path: PathBuf,
    },
    /// There is something else than was expected.
    #[error("{} is a {kind}, not a {wanted}", .path.display())]
    Kind {
        /// Where.
        path: PathBuf,
        /// What it is.
        kind: NodeKind,
        /// What it would have to be.
        wanted: NodeKind,
    },
    /// There is something at this path already.
    #[error("the tree has a {} already", .path.display())]
    Exists {
        /// Where.
        path: PathBuf,
    },
    /// A folder that holds something, where an empty one is expected.
    #[error("the folder {} is not empty", .path.display())]
    NotEmpty {
        /// Where.
        path: PathBuf,
    },
    /// The root can be neither removed nor moved.
    #[error("the root can be neither removed nor moved")]
    Root,
    /// A folder cannot be moved into itself.
    #[error("{} cannot be moved into itself, to {}", .from.display(), .to.display())]
    IntoItself {
        /// What was to be moved.
        from: PathBuf,
        /// Where to.
        to: PathBuf,
    },
    /// A file was to be added without bytes: those of a file of the host come by its path.
    #[error("{} was to be added without saying where its bytes come from", .path.display())]
    NoBytes {
        /// Where.
        path: PathBuf,
    },
    /// Extents that no file can have.
    #[error("{} cannot be recorded there: {fault}", .path.display())]
    Extents {
        /// Where.
        path: PathBuf,
        /// What is wrong with them.
        fault: ExtentFault,
    },
    /// A link's target that is empty, too long, or has a zero byte in it.
    #[error("the link {} has a target of {length} bytes that no link can have; the limit is {limit}", .path.display())]
    Target {
        /// Where.
        path: PathBuf,
        /// The target's bytes.
        length: usize,
        /// The most that it could have.
        limit: usize,
    },
    /// A path of the host cannot be scanned.
    #[error(transparent)]
    Scan(#[from] ScanError),
    /// More nodes, or more bytes of names, than a tree can number.
    #[error("the tree has too many files, at {}; it can have {limit} nodes, and as many bytes of names", .path.display())]
    TooMany {
        /// Where the limit was passed.
        path: PathBuf,
        /// The limit.
        limit: u32,
    },
    /// The change point was given up, by rolling back beyond it or by locking in.
    #[error("there is no such change point any more")]
    NoSuchPoint,
}

/// Why something cannot be a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameFault {
    /// There is no name.
    #[error("it has no name")]
    Empty,
    /// `..` leads out of a tree.
    #[error("a name cannot be `..`")]
    Dots,
    /// A slash parts names.
    #[error("a name cannot have a slash")]
    Slash,
    /// A zero byte.
    #[error("a name cannot have a zero byte")]
    Zero,
    /// Longer than any file system of the volume takes.
    #[error("a name of {length} bytes is over the limit of {limit}")]
    TooLong {
        /// Its bytes.
        length: usize,
        /// The most that it could have.
        limit: usize,
    },
}

//! Why a plug-in is not loaded: who caused it, and what to do.

use pitland_abi::{AbiVersion, MetadataError, ModuleError};
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// A plug-in was not loaded. No drive and no disc was touched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PluginError {
    /// There is no such file, or a folder on the way cannot be searched.
    #[error("{}: cannot be opened: {source}", path.display())]
    NotFound {
        /// The path as it was given.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A folder, a device, a pipe: no regular file.
    #[error("{}: is no regular file", path.display())]
    NotAFile {
        /// The file.
        path: PathBuf,
    },
    /// The file, or a folder above it, belongs to somebody who could exchange it.
    #[error(
        "{}: {} belongs to user {uid}; a plug-in and every folder above it must belong to root or to you",
        plugin.display(),
        path.display()
    )]
    UnsafeOwner {
        /// The plug-in.
        plugin: PathBuf,
        /// The file or folder at fault.
        path: PathBuf,
        /// Its owner.
        uid: u32,
    },
    /// The file can be written by its group or by everybody, or a folder above it can, and is not sticky.
    #[error(
        "{}: {} can be written by others (mode {mode:04o}); take that away: chmod go-w",
        plugin.display(),
        path.display()
    )]
    WritableByOthers {
        /// The plug-in.
        plugin: PathBuf,
        /// The file or folder at fault.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file is no library, or no library of writers. None of its code was run.
    #[error("{}: is no plug-in of pitland: {reason}", path.display())]
    NotAPlugin {
        /// The file.
        path: PathBuf,
        /// What is missing.
        reason: NotAPlugin,
    },
    /// Built for another version of the ABI. None of its code was run.
    #[error(
        "{}: is built for version {theirs} of the plug-in ABI, this program has {ours}; rebuild {package} with pitland-abi {ours}",
        path.display()
    )]
    OtherAbi {
        /// The file.
        path: PathBuf,
        /// The version that it was built for.
        theirs: AbiVersion,
        /// The version of this program.
        ours: AbiVersion,
        /// The package to rebuild.
        package: String,
    },
    /// Built so that a panic would end this program. None of its code was run.
    #[error(
        "{}: is built with panic = \"abort\", so a panic in it would end this program; rebuild {package} with panic = \"unwind\"",
        path.display()
    )]
    AbortsOnPanic {
        /// The file.
        path: PathBuf,
        /// The package to rebuild.
        package: String,
    },
    /// The system's loader does not take it.
    #[error("{}: cannot be loaded: {reason}", path.display())]
    Loader {
        /// The file.
        path: PathBuf,
        /// What the loader said.
        reason: String,
    },
    /// It says the right version, but its layout is another one.
    #[error(
        "{}: says version {abi} of the plug-in ABI but is laid out differently; rebuild {package} with pitland-abi {abi} ({details})",
        path.display()
    )]
    Layout {
        /// The file.
        path: PathBuf,
        /// The version that both sides say.
        abi: AbiVersion,
        /// The package to rebuild.
        package: String,
        /// The first lines of what was found; the whole is logged.
        details: String,
    },
    /// Its writers cannot be asked who they are.
    #[error("{}: {source}", path.display())]
    Module {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: ModuleError,
    },
    /// It did not finish loading. Its thread is lost, nothing else.
    #[error("{}: did not finish loading within {limit:?}", path.display())]
    Hung {
        /// The file.
        path: PathBuf,
        /// The limit.
        limit: Duration,
    },
    /// A writer of this name is loaded already, from another library.
    #[error("{}: its writer {name} is already loaded from {}", path.display(), other.display())]
    DuplicateName {
        /// The file.
        path: PathBuf,
        /// The name.
        name: String,
        /// Where the first one came from.
        other: PathBuf,
    },
    /// The program runs with the rights of another user or group.
    #[error("{}: no plug-in is loaded by a program that is setuid or setgid", path.display())]
    Privileged {
        /// The file.
        path: PathBuf,
    },
}

/// What a file lacks to be a plug-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotAPlugin {
    /// No ELF file.
    #[error("it is no shared library")]
    NoLibrary,
    /// A library without our symbol.
    #[error("it is a library, but exports no writers (export_writers! makes the symbol)")]
    NoSymbol,
    /// Our symbol, with something else under it.
    #[error("{0}")]
    Metadata(#[from] MetadataError),
}

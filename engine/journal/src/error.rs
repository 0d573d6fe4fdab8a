//! What can be wrong with a folder of journals, or with a journal: each says what to do now. None of it
//! concerns a disc: nothing was sent to a drive.

use crate::record::FORMAT_VERSION;
use std::io;
use std::path::PathBuf;

/// Why a folder or a file of it is not used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FolderFault {
    /// A link: it may lead to where somebody else reads or writes.
    #[error("it is a link: name the folder itself")]
    Link,
    /// Neither a folder nor, in it, a file.
    #[error("it is no folder of journals, or no ordinary file in one: name another")]
    WrongKind,
    /// It belongs to another user.
    #[error("it belongs to user {owner}: name a folder of your own")]
    NotOurs {
        /// Whose it is.
        owner: u32,
    },
    /// Others may change it.
    #[error("others may write to it (mode {mode:03o}): take that right away with chmod go-w")]
    OthersMayWrite {
        /// Its permissions.
        mode: u32,
    },
    /// The file has another name besides.
    #[error("the file has a second name: remove one of them")]
    SecondName,
    /// The system's answer.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Where the bytes of a journal are not what a journal has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Damage {
    /// It does not begin as a journal does.
    NotAJournal,
    /// Longer than any journal.
    TooLong,
    /// It ends before it says what was to be burned.
    NothingBegun,
    /// A record's check is wrong, and it is not the last one.
    Check {
        /// Where the record begins, in bytes.
        at: u64,
    },
    /// A record's content makes no sense.
    Content {
        /// Where the record begins, in bytes.
        at: u64,
    },
    /// A record of a kind that is not known here, and that must not be passed over.
    UnknownRecord {
        /// Its kind.
        kind: u16,
        /// Where it begins, in bytes.
        at: u64,
    },
}

impl core::fmt::Display for Damage {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::NotAJournal => f.write_str("it does not begin as a journal does"),
            Self::TooLong => f.write_str("it is longer than any journal"),
            Self::NothingBegun => f.write_str("it ends before it says what was to be burned"),
            Self::Check { at } => write!(f, "the check of the record at byte {at} is wrong"),
            Self::Content { at } => write!(f, "the record at byte {at} makes no sense"),
            Self::UnknownRecord { kind, at } => {
                write!(
                    f,
                    "the record at byte {at} is of kind {kind}, which is not known here"
                )
            }
        }
    }
}

/// Why a journal is not read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The folder or the file itself.
    #[error("{}: {fault}", .path.display())]
    Place {
        /// Which.
        path: PathBuf,
        /// Why.
        fault: FolderFault,
    },
    /// Not the name of a job.
    #[error("{name:?} is not the name of a job: pitland jobs lists them")]
    NoSuchName {
        /// What was asked for.
        name: String,
    },
    /// No such job.
    #[error("there is no job {id}: it ended well, or its journal is elsewhere")]
    NoSuchJob {
        /// Which.
        id: String,
    },
    /// The job is running, or being resumed, in another process.
    #[error("the job {id} is running: it has to end first")]
    Running {
        /// Which.
        id: String,
    },
    /// Bent, or of something else.
    #[error("the journal cannot be relied on: {0}")]
    Damaged(Damage),
    /// Written by a later version.
    #[error("the journal is of version {found}, and this program reads up to {FORMAT_VERSION}")]
    Version {
        /// Its version.
        found: u32,
    },
    /// What was to be noted is longer than a journal takes.
    #[error("the job cannot be described in a journal: {what} is too long")]
    TooLong {
        /// What.
        what: &'static str,
    },
}

impl From<Damage> for JournalError {
    fn from(damage: Damage) -> Self {
        Self::Damaged(damage)
    }
}

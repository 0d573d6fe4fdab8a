//! Why a burn that was cut off is not taken up. Whatever it is, nothing was changed by saying so.

use crate::error::{LeaseDenied, QueryError, SourceError};
use pitland_journal::{JournalError, Verdict};

/// How a source shows that it is not what was burned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SourceChange {
    /// Names, sizes, times or attributes of what is in it.
    #[error("names, sizes, times or attributes of its files are not what they were")]
    Tree,
    /// The image file's own.
    #[error("the file was changed or replaced")]
    File,
    /// Its length.
    #[error("its size is not what it was")]
    Size,
    /// What is in it.
    #[error("the data of block {block} of the image are not what they were")]
    Content {
        /// First block of the first unit that differs.
        block: u64,
    },
}

/// Why a burn is not taken up. The medium is as the interruption left it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResumeError {
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The drive did not answer, or is not free.
    #[error(transparent)]
    Drive(#[from] QueryError),
    /// The source cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The source is not what was burned.
    #[error("the source has changed: {0}")]
    SourceChanged(SourceChange),
    /// The source was a stream, which comes only once.
    #[error("the source was a stream, and cannot be read a second time")]
    SourceGone,
    /// The source was not read, because the disc made it needless.
    #[error("the source was not looked at")]
    NotRead,
    /// Nothing can be done with this disc.
    #[error("{0}")]
    Disc(Verdict),
    /// Nothing was written, and what is on the disc would be overwritten or added to: that is for a burn that
    /// is asked for anew.
    #[error("nothing is known to be written: burn it again")]
    BurnAgain,
    /// The engine ended.
    #[error("the engine ended")]
    Abandoned,
}

impl ResumeError {
    /// What to do now, in a sentence.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Journal(JournalError::Running { .. }) => "wait for it, or cancel it",
            Self::Journal(_) => {
                "identify the disc: what a journal cannot tell, the disc itself may"
            }
            Self::Drive(_) => "check the drive and its connection, then ask again",
            Self::Source(_) => "make the source readable again, then ask again",
            Self::SourceChanged(_) => {
                "restore the source as it was, or close the disc and burn the data anew"
            }
            Self::SourceGone => "close the disc to read what is on it, and burn the data anew",
            Self::NotRead | Self::Disc(Verdict::OtherDisc(_)) => "insert the job's own disc",
            Self::Disc(Verdict::Lost(_)) => {
                "close the disc to read what is on it, and burn the data onto another one"
            }
            Self::Disc(_) => "identify the disc anew, or in another drive",
            Self::BurnAgain => "start the burn again",
            Self::Abandoned => "identify the disc anew before it is used",
        }
    }
}

impl From<LeaseDenied> for ResumeError {
    fn from(denied: LeaseDenied) -> Self {
        Self::Drive(QueryError::Denied(denied))
    }
}

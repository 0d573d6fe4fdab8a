//! The journal of a burn: what was planned, which blocks the drive acknowledged, which closing steps ran;
//! on stable storage, so that a burn that was cut off can be taken up again, or be called lost for certain.
//!
//! One file a job, in a folder of the user's own ([`JobFolder`]). [`JobJournal`] writes it from a thread of
//! its own: the drive's thread only stores a number. [`JobFolder::list`] tells running, dead and damaged jobs
//! apart, [`Journal::parse`] reads what may have been bent by anybody, and [`survey`] judges, by rules that
//! are written there, what can be done with the disc that is in the drive.
//!
//! The journal is a memory, never a proof. What is on the disc is read from the disc: a verdict that lets
//! anything be written rests on units that were read back and are those of the image.
//!
//! This crate must not know drives, tokio, or how a burn is done.
#![forbid(unsafe_code)]

mod compare;
mod error;
mod folder;
mod journal;
mod record;
mod verdict;
mod wire;
mod writer;

pub use compare::{Comparison, UnitFound, UnitToRead};
pub use error::{Damage, FolderFault, JournalError};
pub use folder::{JobFile, JobFolder, JobId, JobState, Listed, default_folder};
pub use journal::{Checks, Journal, MOST_FILE_BYTES, Tail};
pub use record::{
    Begun, DiscMark, DriveMark, Ended, FORMAT_VERSION, FileMark, Finish, Placement, SourceMark,
    Special, Speed, Verify, Wish,
};
pub use verdict::{
    DiscNow, DiscState, LostBecause, OtherBecause, Survey, UnclearBecause, Verdict, survey,
};
pub use writer::{Acknowledging, JobJournal, JournalCheck, Trouble};

/// Blocks that share one check: CRC-32C over 64 KiB, the last unit of an image filled up with zeros.
pub const UNIT_BLOCKS: u64 = 32;

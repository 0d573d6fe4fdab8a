//! A strict MMC recorder with a virtual clock.
//!
//! [`Recorder`] takes CDBs and answers as a real drive does, refusals included;
//! [`Medium`] is a disc that it writes, kept in a [`DiscStore`]. Nothing here does
//! I/O, knows a thread or reads a clock: time passes when the caller says so.
//!
//! The media are BD-R (sequential), BD-RE, DVD+R, DVD+R DL, DVD+RW and DVD-RAM.
//! The rules come from the recipes that the comments name, never from what our own
//! writers send. Where sources differ the drive takes the strict side, and a field
//! of [`DriveModel`] the other one. [`Quirks`] are the habits of single drives, one flag
//! each; [`DriveModel::named`] is a drive on record, with its name and its habits.
//!
//! ```
//! use pitland_simdrive::{DriveModel, Medium, MediumKind, MemoryStore, Recorder, Status};
//! use std::time::Duration;
//!
//! let mut drive = Recorder::new(DriveModel::default());
//! drive.insert(Medium::blank(MediumKind::BdR, None, Box::new(MemoryStore::new()))?);
//! // 6/29/00 power on, then 2/04/01 until the disc is recognised, then 6/28/00.
//! let mut answer = drive.execute(&[0; 6], &[], &mut []);
//! while answer.status != Status::Good {
//!     drive.advance(drive.next_change().unwrap_or(Duration::from_millis(100)));
//!     answer = drive.execute(&[0; 6], &[], &mut []);
//! }
//! # Ok::<(), pitland_simdrive::MediumError>(())
//! ```
//!
//! **What the drive decides where the recipes leave a choice** (each has a test):
//!
//! - A WRITE on write-once media may be any number of blocks: what is less than an ECC
//!   block waits in the buffer, and is padded with zeros when the host synchronizes, closes
//!   or writes elsewhere. Data that are not as
//!   long as the CDB says, and a WRITE larger than the buffer, are refused (B/4B/00,
//!   5/24/00); a full buffer is 2/04/08.
//! - BD-R knows SRM only: pseudo-overwrite and RRM are refused (5/26/00), feature 0038h
//!   and the pseudo-overwrite resources do not exist.
//! - A closed DVD+R track takes no more (5/2C/00) until its session is closed; tracks that
//!   were reserved before it are closed and written in any order. The 153rd session
//!   completes the disc. Finishing a DVD+R DL is function 5, never 6.
//! - Fixing layer 0 of a DVD+R DL makes the capacity twice that.
//! - A suspended DVD+RW format is restarted before it is overtaken (5/2C/00).
//! - A block that was never written is not read (3/11/05, or 5/21/00 past the capacity),
//!   on formatted media too, unless a certification or the background format was there.
//! - A buffer that runs empty is linked over, and counted ([`Recorder::underruns`]); without
//!   protection ([`DriveModel::underrun_protection`]) the next command is told 3/0C/09,
//!   deferred, the track reads no more, takes no more, and can only be closed.
//! - No test writing, no idle spin-down, no defects: spares are never used up.
//!
//! **What survives.** Blocks reach the store before the state that counts them, so
//! after a kill at any moment the store holds what had left the drive's buffer, and
//! the next writable address says how much that is.

#![forbid(unsafe_code)]

mod buffer;
mod cdb;
mod dispatch;
mod draining;
mod event_status;
mod events;
mod features;
mod formatting;
mod habits;
mod identity;
mod info;
mod known_drives;
mod long_operation;
mod medium;
mod mode_pages;
mod mode_select;
mod mode_sense;
mod model;
mod performance;
mod quirks;
mod reading;
mod recorder;
mod recording;
mod refusal;
mod removal;
mod store;
mod timing;
mod underrun;
mod unit_status;

pub use dispatch::supported_commands;
pub use medium::{Medium, MediumError, MediumKind};
pub use model::{DriveModel, Identity, WriteSpeeds};
pub use quirks::Quirks;
pub use recorder::{Answer, Recorder, Status};
pub use store::{BLOCK_BYTES, DiscStore, MAX_STATE_BYTES, MemoryStore, NullStore, StoreError};
pub use underrun::Underruns;

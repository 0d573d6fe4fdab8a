//! A strict MMC recorder with a virtual clock.
//!
//! [`Recorder`] takes CDBs and answers as a real drive does, refusals included;
//! [`Medium`] is a disc that it writes, kept in a [`DiscStore`]. Nothing here does
//! I/O, knows a thread or reads a clock: time passes when the caller says so.
//!
//! The media are CD, DVD and BD, recordable and rewritable ([`MediumKind`], [`DiscType`]).
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
//! - On a BD-R for pseudo-overwriting, each cluster that a WRITE replaces is from the spares; when
//!   these are spent it is refused (3/32/00). A part of one is taken too (growisofs sends it): the
//!   drive reads the cluster, and records it whole. What closes is as on other BD-R.
//! - In random recording (RRM) a cluster that was written is not written again (8/00/00).
//! - Bad places ([`Medium::add_defects`], [`DriveModel::defects`]) go to the spare area where the
//!   drive reads back what it writes, until none is left (3/32/00); elsewhere writing fails
//!   (3/0C/00, deferred), or reading does (3/11/05). A format that certifies finds them all.
//! - A closed DVD+R track takes no more (5/2C/00) until its session is closed; tracks that
//!   were reserved before it are closed and written in any order. The 153rd session
//!   completes the disc. Finishing a DVD+R DL is function 5, never 6.
//! - Fixing layer 0 of a DVD+R DL makes the capacity twice that.
//! - A suspended DVD+RW format is restarted before it is overtaken (5/2C/00).
//! - A block that was never written is not read (3/11/05, or 5/21/00 past the capacity),
//!   on formatted media too, unless a certification or the background format was there.
//! - A buffer that runs empty is linked over, and counted ([`Recorder::underruns`]); without
//!   protection ([`DriveModel::underrun_protection`]) the next command is told 3/0C/09,
//!   deferred, the track reads no more, takes no more, and can only be closed. On media that
//!   page 05h rules (CD, DVD-R, DVD-RW in sequence) its BUFE bit decides as well.
//! - In test writing nothing of the disc changes, and what a close, BLANK or FORMAT UNIT would
//!   do is refused (5/2C/00). The buffer drains at speed; a synchronization ends the run.
//! - Page 05h outlives its medium: what it says of another one is 5/64/00 at the WRITE.
//! - A border of DVD-R and DVD-RW is closed over closed tracks only (5/72/03), an empty one never
//!   (5/72/04), not even to finish the disc. The gaps between borders shrink with a small disc.
//! - A recording of DVD-R at once is as long as was reserved, to the block, and ends with the
//!   first synchronization, whether all came or not. One that was cut off is lost, one that
//!   was only reserved is forgotten. No CLOSE is for it (5/2C/00 before, 5/30/05 after), but for
//!   a lost one.
//! - A DVD-RW that was blanked quickly takes a recording at once only (5/64/00); one whose
//!   BLANK was cut off takes nothing (3/51/00).
//! - In restricted overwrite what is no whole ECC block is refused with 5/21/00, what lies above
//!   an intermediate session with 5/21/02. A session with nothing in it is not closed (5/72/04).
//! - On CD a track at once ends with its synchronization, padded to 300 blocks; its two run-out
//!   blocks are 5/64/00. A session closes over ended tracks only (5/72/03). The next writable
//!   address is not told before page 05h was set for a CD (5/24/00), and while a track or a
//!   session is written neither a read nor page 05h is served (5/2C/00).
//! - A session at once keeps to its cue sheet, and is lost when it is synchronized too early, as
//!   any recording of a CD is that the power fails in. What is lost can be closed over. On a CD
//!   that has a session already it is refused (5/24/00).
//! - A CD is written raw from the beginning of the lead-in that its ATIP tells, without a gap, up to a
//!   lead-out. Its table of contents, texts and codes are what the sub-channels say whose sums are
//!   right; without a table nothing of it reads (3/57/00). In the form of 16 bytes the drive makes
//!   Q's sum by itself, as hosts differ in it. R to W of the packed form are kept as they come:
//!   neither parity nor interleaving is made of them.
//! - What a host sends of header and codes of a data sector in a session at once is made anew.
//!   All blocks of a WRITE have one form (5/64/00). A track of less than four seconds is refused in a
//!   cue sheet, its pause not counted.
//! - Run-out and pause of audio tracks at once read as silence, those of data do not. A read ends where
//!   sound becomes data (5/64/00). Bad places of sound are given, with their C2 bits.
//! - A CD of a store without sectors ([`DiscStore::keeps_sectors`]) takes plain data only: page 05h
//!   and cue sheets of all else are 5/26/00, but for page 05h of an audio track, where the WRITE is
//!   5/64/00.
//! - Packets are not written on CD, nor is a CD-RW formatted, so 0021h, 0023h and 0026h are not
//!   current.
//! - DVD-R DL is finished with its first session. One begun by layer jumps is read, and takes
//!   nothing (5/64/00).
//! - No idle spin-down.
//!
//! **What survives.** Blocks reach the store before the state that counts them, so
//! after a kill at any moment the store holds what had left the drive's buffer, and
//! the next writable address says how much that is.

#![forbid(unsafe_code)]

mod buffer;
mod cd_reading;
mod cd_recording;
mod cd_selection;
mod cdb;
mod dispatch;
mod draining;
mod drive_profile;
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
mod rehearsal;
mod removal;
mod served;
mod store;
mod sub_channel;
mod timing;
mod underrun;
mod unit_status;
mod write_parameters;

pub use dispatch::supported_commands;
pub use drive_profile::DriveProfileError;
pub use medium::{Defect, DiscType, Medium, MediumError, MediumKind, Protection};
pub use model::{DriveModel, Identity, RawForms, WriteSpeeds};
pub use quirks::Quirks;
pub use recorder::{Answer, Recorder, Status};
pub use store::{
    BLOCK_BYTES, DiscStore, FIRST_SECTOR, MAX_STATE_BYTES, MemoryStore, NullStore, SECTOR_BYTES,
    SECTORS_BEHIND, StoreError, whole_sectors,
};
pub use underrun::Underruns;

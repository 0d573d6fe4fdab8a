//! MMC-6 and SPC vocabulary: command descriptor blocks, parameter lists,
//! replies, profiles, features, mode pages and sense data.
//!
//! This crate owns the *words* in which a host and a recorder speak: where
//! each field lies, what its codes are called, what may be said and what may
//! not. It must not know of devices, files, clocks, threads or how a burn
//! proceeds.
//!
//! Every structure comes at two levels that are never mixed:
//!
//! * a **view** (`XxxView<T>`) reads any field of whatever bytes arrived,
//!   answers `None` where the bytes end too early, and judges nothing;
//! * a **value** (`Xxx`) has public fields and holds only what makes sense:
//!   `parse` names the structure and the field that was wrong, `emit` writes
//!   the bytes back.
//!
//! Codes without a name here are kept (`Other(..)`, [`Command::Unknown`]),
//! never dropped. Nothing in this crate panics on bytes from outside.
//!
//! ```
//! use pitland_mmc::{Command, Lba, cdb::{Cdb, Write10}};
//!
//! let cdb = Write10 { lba: Lba(4096), blocks: 32, fua: false }.emit();
//! assert_eq!(cdb.as_slice(), [0x2A, 0, 0, 0, 0x10, 0, 0, 0, 0x20, 0]);
//! let command = Command::parse(cdb.as_slice())?;
//! assert_eq!(command.to_string(), "WRITE (10) lba 4096, 32 blocks");
//! # Ok::<(), pitland_mmc::CdbError>(())
//! ```

#![forbid(unsafe_code)]

#[macro_use]
mod wire;

pub mod addr;
pub mod cdb;
pub mod feature;
pub mod medium_type;
pub mod mode_page;
pub mod param;
pub mod pretty;
pub mod profile;
pub mod reply;
pub mod sense;

pub use addr::{Lba, Msf, SectorCount, SessionNumber, TrackNumber};
pub use cdb::{CdbBytes, CdbError, Command, DataDirection};
pub use medium_type::MediumType;
pub use profile::{MediumFamily, Profile};
pub use reply::ReplyError;
pub use sense::{Reaction, Sense, SenseKey};

//! CD sectors and sub-channels, byte for byte.
//!
//! Owns the codes of the Yellow Book (sync, header, error detection, parity, scrambling) for every kind of sector, the sub-channels, CD-TEXT, the times of a session, raw images, and the files that describe discs. It makes and
//! judges bytes in memory; it must not know drives, files, or the async runtime.

#[cfg(feature = "decode")]
pub mod audio;
mod bcd;
pub mod ccd;
pub mod cue;
pub mod disc;
mod listing;
pub mod raw;
pub mod sector;
pub mod subchannel;
pub mod text;
pub mod toc;

pub use sector::{SECTOR_BYTES, SectorCodec, SectorForm};

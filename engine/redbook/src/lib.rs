//! CD sectors and sub-channels, byte for byte.
//!
//! Owns the codes of the Yellow Book (sync, header, error detection, parity, scrambling) for every kind of sector. It makes and
//! judges bytes in memory; it must not know drives, files, or the async runtime.

pub mod sector;

pub use sector::{SECTOR_BYTES, SectorCodec, SectorForm};

//! Where a virtual disc's file has what: its header page, its blocks, its sectors.
//!
//! Owns the header and the arithmetic of the format that `file_store` describes. Must not know
//! states, locks, nor names of files.

use super::disc_file_error::{Damage, DiscFileError};
use crate::sum::crc32c;
use pitland_simdrive::{FIRST_SECTOR, SECTOR_BYTES, SECTORS_BEHIND};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// First bytes of every virtual disc.
pub const MAGIC: &[u8; 20] = b"PITLAND VIRTUAL DISC";
/// The newest version of the format. Version 1, without whole sectors, is read too, and written
/// where there is no CD.
pub const VERSION: u32 = 2;
/// Bytes of a block.
pub const BLOCK_BYTES: u32 = 2048;

pub(super) const HEADER_BYTES: usize = 4096;
/// Behind the header and both slots of the state.
pub(super) const BLOCKS_AT: u64 = 135_168;

/// The version without sectors.
const BLOCKS_ONLY: u32 = 1;

const _: () = assert!(pitland_simdrive::BLOCK_BYTES == BLOCK_BYTES as usize);

/// What there is room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) blocks: u64,
    /// 0 in version 1.
    pub(super) sectors: u64,
}

impl Layout {
    pub(super) fn new(blocks: u32, sectors: bool) -> Self {
        let blocks = u64::from(blocks);
        Self {
            blocks,
            sectors: if sectors { sectors_beside(blocks) } else { 0 },
        }
    }

    pub(super) fn sectors_at(&self) -> u64 {
        BLOCKS_AT + self.blocks * u64::from(BLOCK_BYTES)
    }

    /// Bytes of the file.
    pub(super) fn length(&self) -> u64 {
        self.sectors_at() + self.sectors * SECTOR_BYTES as u64
    }

    pub(super) fn write(&self, file: &File) -> io::Result<()> {
        let mut page = vec![0; HEADER_BYTES];
        let version = if self.sectors > 0 {
            VERSION
        } else {
            BLOCKS_ONLY
        };
        put(&mut page, 0, MAGIC);
        put(&mut page, 20, &version.to_le_bytes());
        put(&mut page, 24, &BLOCK_BYTES.to_le_bytes());
        put(&mut page, 32, &self.blocks.to_le_bytes());
        if self.sectors > 0 {
            put(&mut page, 40, &(SECTOR_BYTES as u32).to_le_bytes());
            put(&mut page, 44, &FIRST_SECTOR.to_le_bytes());
            put(&mut page, 48, &self.sectors.to_le_bytes());
        }
        let sum = crc32c(page.get(..HEADER_BYTES - 4).unwrap_or(&[]));
        put(&mut page, HEADER_BYTES - 4, &sum.to_le_bytes());
        file.write_all_at(&page, 0)?;
        file.set_len(self.length())
    }

    /// Judges the header page of a file of so many bytes.
    pub(super) fn read(file: &File, length: u64) -> Result<Self, Fault> {
        let mut page = [0; HEADER_BYTES];
        let have = read_up_to(file, &mut page, 0)?;
        if page.get(..MAGIC.len()) != Some(MAGIC.as_slice()) {
            return Err(Damage::BadMagic.into());
        }
        let truncated = |expected| Damage::Truncated { length, expected };
        if have < HEADER_BYTES {
            return Err(truncated(BLOCKS_AT).into());
        }
        let version = le32(&page, 20);
        if !(BLOCKS_ONLY..=VERSION).contains(&version) {
            return Err(Damage::Version { found: version }.into());
        }
        if le32(&page, HEADER_BYTES - 4) != crc32c(page.get(..HEADER_BYTES - 4).unwrap_or(&[])) {
            return Err(Damage::HeaderSum.into());
        }
        let block_bytes = le32(&page, 24);
        let blocks = le64(&page, 32);
        if block_bytes != BLOCK_BYTES || !(1..=u64::from(u32::MAX)).contains(&blocks) {
            return Err(Damage::HeaderValues {
                block_bytes,
                blocks,
            }
            .into());
        }
        let mut layout = Self { blocks, sectors: 0 };
        if version == VERSION {
            layout.sectors = le64(&page, 48);
            let sector_bytes = le32(&page, 40);
            if sector_bytes as usize != SECTOR_BYTES
                || le32(&page, 44) != FIRST_SECTOR.cast_unsigned()
                || layout.sectors != sectors_beside(blocks)
            {
                return Err(Damage::HeaderValues {
                    block_bytes: sector_bytes,
                    blocks: layout.sectors,
                }
                .into());
            }
        }
        if length != layout.length() {
            return Err(truncated(layout.length()).into());
        }
        Ok(layout)
    }
}

fn sectors_beside(blocks: u64) -> u64 {
    u64::from(FIRST_SECTOR.unsigned_abs()) + blocks + u64::from(SECTORS_BEHIND)
}

fn put(page: &mut [u8], at: usize, bytes: &[u8]) {
    if let Some(room) = page.get_mut(at..at + bytes.len()) {
        room.copy_from_slice(bytes);
    }
}

/// What can go wrong below the level that knows the path.
pub(super) enum Fault {
    Io(io::Error),
    Damaged(Damage),
}

impl Fault {
    pub(super) fn at(self, path: &Path) -> DiscFileError {
        let path = path.to_owned();
        match self {
            Self::Io(source) => DiscFileError::Io { path, source },
            Self::Damaged(Damage::BadMagic) => DiscFileError::NotADisc { path },
            Self::Damaged(damage) => DiscFileError::Damaged { path, damage },
        }
    }
}

impl From<io::Error> for Fault {
    fn from(source: io::Error) -> Self {
        Self::Io(source)
    }
}

impl From<Damage> for Fault {
    fn from(damage: Damage) -> Self {
        Self::Damaged(damage)
    }
}

fn read_up_to(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut have = 0;
    while let Some(room) = buffer.get_mut(have..).filter(|room| !room.is_empty()) {
        match file.read_at(room, offset + have as u64) {
            Ok(0) => break,
            Ok(count) => have += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(have)
}

pub(super) fn le32(bytes: &[u8], at: usize) -> u32 {
    bytes
        .get(at..)
        .and_then(<[u8]>::first_chunk)
        .copied()
        .map_or(0, u32::from_le_bytes)
}

pub(super) fn le64(bytes: &[u8], at: usize) -> u64 {
    bytes
        .get(at..)
        .and_then(<[u8]>::first_chunk)
        .copied()
        .map_or(0, u64::from_le_bytes)
}

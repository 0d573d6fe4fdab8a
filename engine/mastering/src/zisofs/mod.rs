//! zisofs: files that stand compressed in the volume, block by block, and that readers of Rock Ridge show as they were.
//!
//! Knows the format of such a file and of the `ZF` entry that names it; `compress` makes them of a tree's files, and the
//! reader of volumes turns them back. The format is that of zisofs-tools 1.0.8: blocks of zlib behind a table of their
//! places, less than 4 GiB.

mod compress;

pub use compress::{CompressError, Compressed, Compression};

use crate::iso9660::{HalvesDiffer, both_u32, read_both_u32, read_u32_le};

/// The first bytes of a compressed file.
pub const MAGIC: [u8; 8] = [0x37, 0xe4, 0x53, 0x96, 0xc9, 0xdb, 0xd6, 0x07];

/// Bytes of the header that this crate writes; the table of places follows.
pub const HEADER_BYTES: usize = 16;

/// Bytes of a `ZF` entry.
pub const ZF_LENGTH: usize = 16;

/// The block size of this crate's files: that of mkzftree and xorriso, which every Linux takes.
const BLOCK_LOG2: u8 = 15;

/// How a file is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Zisofs {
    /// Its bytes as they were.
    pub size: u32,
    /// Bytes of the header, a multiple of 4.
    pub header_bytes: u16,
    /// The binary logarithm of the block size: 15, 16 or 17.
    pub block_log2: u8,
}

impl Zisofs {
    /// What this crate's files have.
    pub(crate) fn of_size(size: u32) -> Self {
        Self {
            size,
            header_bytes: HEADER_BYTES as u16,
            block_log2: BLOCK_LOG2,
        }
    }

    /// Bytes that are compressed at a time.
    #[must_use]
    pub fn block_bytes(self) -> usize {
        1 << self.block_log2
    }

    /// Number of blocks.
    #[must_use]
    pub fn blocks(self) -> u32 {
        self.size.div_ceil(1 << self.block_log2)
    }

    /// Where the first compressed block begins: behind the header and a place for each block, and one for the end.
    #[must_use]
    pub fn data_start(self) -> u64 {
        u64::from(self.header_bytes) + 4 * (u64::from(self.blocks()) + 1)
    }

    /// The file's header.
    #[must_use]
    pub fn header(self) -> [u8; HEADER_BYTES] {
        let mut header = [0; HEADER_BYTES];
        header[..8].copy_from_slice(&MAGIC);
        header[8..12].copy_from_slice(&self.size.to_le_bytes());
        header[12] = (self.header_bytes / 4) as u8;
        header[13] = self.block_log2;
        header
    }

    /// Reads a file's header; `None` for a file that is not compressed, or by another method.
    #[must_use]
    pub fn parse_header(bytes: &[u8]) -> Option<Self> {
        let [words, block_log2] = *bytes.get(12..14)?.as_array()?;
        (bytes.get(..8)? == MAGIC && is_usable(words, block_log2)).then(|| Self {
            size: read_u32_le(bytes.get(8..).unwrap_or_default()),
            header_bytes: u16::from(words) * 4,
            block_log2,
        })
    }

    /// The `ZF` entry.
    #[must_use]
    pub fn emit(self) -> [u8; ZF_LENGTH] {
        let mut entry = [0; ZF_LENGTH];
        entry[..6].copy_from_slice(&[b'Z', b'F', ZF_LENGTH as u8, 1, b'p', b'z']);
        entry[6] = (self.header_bytes / 4) as u8;
        entry[7] = self.block_log2;
        entry[8..].copy_from_slice(&both_u32(self.size));
        entry
    }

    /// Reads the data of a `ZF` entry; `None` for a method that is not known, whose file is shown as it stands there.
    ///
    /// # Errors
    /// [`HalvesDiffer`], when the two byte orders of the size differ.
    pub fn parse(data: &[u8]) -> Result<Option<Self>, HalvesDiffer> {
        let [b'p', b'z', words, block_log2, size @ ..] = data else {
            return Ok(None);
        };
        if !is_usable(*words, *block_log2) || size.len() < 8 {
            return Ok(None);
        }
        Ok(Some(Self {
            size: read_both_u32(size)?,
            header_bytes: u16::from(*words) * 4,
            block_log2: *block_log2,
        }))
    }
}

fn is_usable(header_words: u8, block_log2: u8) -> bool {
    header_words >= 4 && (15..=17).contains(&block_log2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zf_has_the_bytes_of_the_published_example() {
        let value = Zisofs::of_size(1_234_567);
        let bytes = b"ZF\x10\x01pz\x04\x0f\x87\xd6\x12\x00\x00\x12\xd6\x87";
        assert_eq!(&value.emit(), bytes);
        assert_eq!(Zisofs::parse(&bytes[4..]), Ok(Some(value)));
        assert_eq!(Zisofs::parse(b"PZ\x04\x0f\0\0\0\0\0\0\0\0"), Ok(None));
        assert_eq!(Zisofs::parse(b"pz\x04\x20\0\0\0\0\0\0\0\0"), Ok(None));
        assert_eq!(Zisofs::parse(b"pz"), Ok(None));
        assert!(Zisofs::parse(b"pz\x04\x0f\x01\0\0\0\0\0\0\0").is_err());
    }

    #[test]
    fn a_header_says_what_zf_says() {
        let value = Zisofs::of_size(32_769);
        assert_eq!(Zisofs::parse_header(&value.header()), Some(value));
        assert_eq!((value.blocks(), value.data_start()), (2, 28));
        assert_eq!(Zisofs::parse_header(&[0; 16]), None);
        assert_eq!(Zisofs::parse_header(&MAGIC), None);
    }
}

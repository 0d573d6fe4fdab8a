//! The block: the unit in which volumes are laid out and read, and the seam to whatever holds one.
//!
//! Must not know what the blocks mean.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// Bytes in one logical block of a volume, and in one user-data block of every disc that we master for.
pub const BLOCK_SIZE: usize = 2048;

/// [`BLOCK_SIZE`] where sizes of files are counted.
pub(crate) const BLOCK_BYTES: u64 = BLOCK_SIZE as u64;

/// Blocks that hold `bytes` bytes.
pub(crate) fn blocks_for(bytes: u64) -> u64 {
    bytes.div_ceil(BLOCK_BYTES)
}

/// Blocks in a row on the disc, and the bytes of a file in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// The first block, absolute on the disc.
    pub first_lba: u32,
    /// How many; none for a hole, whose bytes are zeros that stand nowhere.
    pub blocks: u32,
    /// Bytes of the file in them.
    pub bytes: u32,
}

impl Extent {
    /// The most bytes of one extent that every format can record: 32 bits of whole blocks.
    pub const MOST_BYTES: u32 = u32::MAX - (BLOCK_SIZE as u32 - 1);

    /// The same blocks as extents of at most `most` bytes, which is a multiple of [`BLOCK_SIZE`].
    pub fn pieces(self, most: u32) -> impl Iterator<Item = Self> {
        (0..self.bytes)
            .step_by(most.max(BLOCK_SIZE as u32) as usize)
            .map(move |before| {
                let bytes = (self.bytes - before).min(most);
                Self {
                    first_lba: self.first_lba + before / BLOCK_SIZE as u32,
                    blocks: blocks_for(bytes.into()) as u32,
                    bytes,
                }
            })
    }

    /// Whether the bytes are zeros that have no blocks.
    #[must_use]
    pub const fn is_hole(&self) -> bool {
        self.blocks == 0 && self.bytes > 0
    }
}

/// Extents as runs of blocks, first block and bytes: file systems part one run into extents of different lengths. Holes
/// are runs without blocks, from block 0 on.
pub(crate) fn runs<'a>(extents: impl IntoIterator<Item = &'a Extent>) -> Vec<(u32, u64)> {
    let mut runs: Vec<(u32, u64)> = Vec::new();
    for extent in extents {
        if let Some((first, bytes)) = runs.last_mut() {
            let next = u64::from(*first) + blocks_for(*bytes);
            let follows = next == u64::from(extent.first_lba) && !extent.is_hole();
            if follows && bytes.is_multiple_of(BLOCK_BYTES) {
                *bytes += u64::from(extent.bytes);
                continue;
            }
        }
        runs.push((extent.first_lba, extent.bytes.into()));
    }
    runs
}

/// Something that holds the blocks of a volume: a drive, an image file, a slice in memory.
pub trait BlockSource {
    /// Fills `out`, whose length is a multiple of [`BLOCK_SIZE`], with the blocks from `lba` on.
    ///
    /// `lba` is absolute on the disc. A block that does not exist is an error, never zeros.
    ///
    /// # Errors
    /// What the source answered; [`io::ErrorKind::UnexpectedEof`] beyond its last block.
    fn read_blocks(&mut self, lba: u32, out: &mut [u8]) -> io::Result<()>;

    /// How many blocks there are from LBA 0 on, where the source knows. Some structures of UDF are found by the end of what
    /// was recorded.
    fn blocks(&mut self) -> Option<u32> {
        None
    }
}

impl<S: BlockSource + ?Sized> BlockSource for &mut S {
    fn read_blocks(&mut self, lba: u32, out: &mut [u8]) -> io::Result<()> {
        (**self).read_blocks(lba, out)
    }

    fn blocks(&mut self) -> Option<u32> {
        (**self).blocks()
    }
}

impl<S: BlockSource + ?Sized> BlockSource for Box<S> {
    fn read_blocks(&mut self, lba: u32, out: &mut [u8]) -> io::Result<()> {
        (**self).read_blocks(lba, out)
    }

    fn blocks(&mut self) -> Option<u32> {
        (**self).blocks()
    }
}

/// A whole image in memory; its first byte is LBA 0.
impl BlockSource for &[u8] {
    fn read_blocks(&mut self, lba: u32, out: &mut [u8]) -> io::Result<()> {
        let start = usize::try_from(u64::from(lba) * BLOCK_BYTES).unwrap_or(usize::MAX);
        let piece = start
            .checked_add(out.len())
            .and_then(|end| self.get(start..end));
        match piece {
            Some(piece) => {
                out.copy_from_slice(piece);
                Ok(())
            }
            None => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    fn blocks(&mut self) -> Option<u32> {
        u32::try_from(self.len() / BLOCK_SIZE).ok()
    }
}

/// An image file; its first byte is LBA 0.
#[derive(Debug)]
pub struct ImageFile(File);

impl ImageFile {
    /// Reads the image through `file`, whose position is neither used nor moved.
    #[must_use]
    pub fn new(file: File) -> Self {
        Self(file)
    }
}

impl BlockSource for ImageFile {
    fn read_blocks(&mut self, lba: u32, out: &mut [u8]) -> io::Result<()> {
        let read = self.0.read_exact_at(out, u64::from(lba) * BLOCK_BYTES);
        read.map_err(|error| match error.kind() {
            // In words for people, as the other sources have it.
            io::ErrorKind::UnexpectedEof => io::ErrorKind::UnexpectedEof.into(),
            _ => error,
        })
    }

    fn blocks(&mut self) -> Option<u32> {
        let bytes = self.0.metadata().ok()?.len();
        u32::try_from(bytes / BLOCK_BYTES).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extents_that_follow_one_another_are_one_run() {
        let extent = |first_lba, bytes: u32| Extent {
            first_lba,
            blocks: bytes.div_ceil(2048),
            bytes,
        };
        let hole = Extent {
            first_lba: 0,
            blocks: 0,
            bytes: 4096,
        };
        let parted = [extent(5, 4096), extent(7, 2049), extent(20, 1), hole];
        assert_eq!(runs(&parted), [(5, 6145), (20, 1), (0, 4096)]);
        assert_eq!(runs(&[]), []);
    }

    #[test]
    fn a_slice_answers_its_own_blocks_and_no_others() {
        let image = [[1u8; BLOCK_SIZE], [2; BLOCK_SIZE]].concat();
        let mut source = image.as_slice();
        let mut out = [0; BLOCK_SIZE];
        source.read_blocks(1, &mut out).unwrap();
        assert_eq!(out, [2; BLOCK_SIZE]);
        assert!(source.read_blocks(2, &mut out).is_err());
        assert!(source.read_blocks(u32::MAX, &mut out).is_err());
    }
}

//! Pass 2: the bytes of any range of blocks, made from the plan and the files.
//!
//! Owns open files and small windows of made structures; decides no address. Ranges are independent of one another,
//! but the next range after the last is the fast one: the file is still open.

mod ahead;
pub(crate) mod contents;
mod manifest;
mod structures;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

pub use ahead::{AheadFiles, ReadAhead};
pub use contents::{FileContents, SourceReader};
pub(crate) use manifest::Digests;
use manifest::Summing;

use crate::block::{BLOCK_BYTES, BLOCK_SIZE};
use crate::el_torito::{INFO_TABLE_END, INFO_TABLE_START, add_words, info_table};
use crate::iso9660::FIRST_DESCRIPTOR;
use crate::layout::{Layout, Region};
use crate::tree::{LengthFault, NodeId, SourceChange};

/// Why blocks cannot be made. The plan stays valid.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EmitError {
    /// A source is not what it was when it was scanned. Its bytes are not handed out as if nothing had happened: scan
    /// and plan again.
    #[error("{} changed since it was planned: {what}", .path.display())]
    SourceChanged {
        /// Where.
        path: PathBuf,
        /// What changed first.
        what: SourceChange,
    },
    /// A source cannot be opened or read.
    #[error("{} cannot be read: {source}", .path.display())]
    Unreadable {
        /// Where.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// A stream does not have the bytes that were said.
    #[error("{}: {fault}", .path.display())]
    WrongLength {
        /// The file in the volume.
        path: PathBuf,
        /// What it has instead.
        fault: LengthFault,
    },
    /// A copy of a source, taken before, cannot be read.
    #[error("the copy of {} cannot be read: {source}", .path.display())]
    Copy {
        /// Where the source is.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// The bytes of a file come from no source: it stands on the disc already, or is a manifest.
    #[error("{} has no source that could be read", .path.display())]
    NoSource {
        /// Its path in the volume.
        path: PathBuf,
    },
    /// The caller asked for blocks beyond the volume.
    #[error("blocks {first} to {} were asked for; the volume has {blocks}", .first.saturating_add(.count.saturating_sub(1)))]
    OutOfRange {
        /// First block asked for, relative to the image.
        first: u64,
        /// How many were asked for.
        count: u64,
        /// How many there are.
        blocks: u64,
    },
    /// The caller's buffer does not hold whole blocks.
    #[error("a buffer of {length} bytes does not hold whole blocks")]
    Unaligned {
        /// Its length.
        length: usize,
    },
}

/// Bytes of a boot image that are summed up at a time: whole words.
const INFO_PIECE: usize = 1 << 16;

/// Blocks of structures that are made at a time.
const WINDOW: u32 = 256;

/// Makes a volume's bytes. Holds at most one file and one folder open.
#[derive(Debug)]
pub struct Emitter {
    layout: Arc<Layout>,
    source: SourceReader,
    contents: Option<Box<dyn FileContents>>,
    /// Position of the file that was read last.
    last_extent: usize,
    /// Blocks of structures made last, and the first of them.
    window: Vec<u8>,
    window_first: u32,
    /// What goes by is summed up for a manifest.
    summing: Summing,
}

impl Emitter {
    pub(crate) fn new(layout: Arc<Layout>, contents: Option<Box<dyn FileContents>>) -> Self {
        Self {
            source: SourceReader::new(Arc::clone(&layout)),
            contents,
            layout,
            last_extent: 0,
            window: Vec::new(),
            window_first: 0,
            summing: Summing::default(),
        }
    }

    /// The plan.
    #[must_use]
    pub fn layout(&self) -> &Arc<Layout> {
        &self.layout
    }

    /// Fills `out` with the blocks from `first_block` on, counted from the volume's first block.
    ///
    /// # Errors
    /// [`EmitError`]. What `out` holds then is not to be used. A later call may go on elsewhere, or try again.
    pub fn read_blocks(&mut self, first_block: u64, out: &mut [u8]) -> Result<(), EmitError> {
        if !out.len().is_multiple_of(BLOCK_SIZE) {
            return Err(EmitError::Unaligned { length: out.len() });
        }
        let count = (out.len() / BLOCK_SIZE) as u64;
        let blocks = self.layout.blocks();
        let out_of_range = EmitError::OutOfRange {
            first: first_block,
            count,
            blocks,
        };
        if first_block
            .checked_add(count)
            .is_none_or(|end| end > blocks)
        {
            return Err(out_of_range);
        }
        let mut block = first_block as u32; // below `blocks`, which fits
        let mut rest = out;
        while !rest.is_empty() {
            let region = self.layout.region_at(block);
            let made = match region {
                Some(Region::Data) => self.fill_from_file(block, rest)?,
                Some(region @ Region::SystemArea) if self.layout.hybrid.is_some() => {
                    self.fill_from_window(region, block, rest)
                }
                Some(
                    Region::SystemArea | Region::EmptyFiles | Region::Reserve | Region::Padding,
                ) => {
                    let (_, end) = self.layout.region_bounds(block);
                    let length = rest.len().min((end - block) as usize * BLOCK_SIZE);
                    rest.get_mut(..length).unwrap_or_default().fill(0);
                    length
                }
                Some(region) => self.fill_from_window(region, block, rest),
                None => 0,
            };
            if made == 0 {
                return Err(out_of_range);
            }
            block += (made / BLOCK_SIZE) as u32;
            rest = rest.get_mut(made..).unwrap_or_default();
        }
        Ok(())
    }

    fn fill_from_window(&mut self, region: Region, block: u32, out: &mut [u8]) -> usize {
        let held = (self.window.len() / BLOCK_SIZE) as u32;
        if !(self.window_first..self.window_first + held).contains(&block) {
            self.window_first = block;
            structures::make(&self.layout, region, block, WINDOW, &mut self.window);
        }
        let from = (block - self.window_first) as usize * BLOCK_SIZE;
        let made = self.window.get(from..).unwrap_or_default();
        let length = made.len().min(out.len());
        for (to, from) in out.chunks_mut(BLOCK_SIZE).zip(made.chunks(BLOCK_SIZE)) {
            to.copy_from_slice(from);
        }
        length
    }

    /// Position of the file that holds a block: mostly that of the last one, or the next.
    fn extent_index(&self, block: u32) -> Option<usize> {
        let layout = &self.layout;
        for guess in [self.last_extent, self.last_extent + 1] {
            let begins = layout
                .extent(guess)
                .is_some_and(|(first, _)| first <= block);
            if begins
                && layout
                    .extent(guess + 1)
                    .is_none_or(|(first, _)| first > block)
            {
                return Some(guess);
            }
        }
        layout.extent_index(block)
    }

    /// Fills from the file that holds `block`, to its end or to that of `out`. Answers the bytes filled.
    fn fill_from_file(&mut self, block: u32, out: &mut [u8]) -> Result<usize, EmitError> {
        let Some(index) = self.extent_index(block) else {
            return Ok(0);
        };
        let Some((first, node)) = self.layout.extent(index) else {
            return Ok(0);
        };
        self.last_extent = index;
        let size = self.layout.tree.size(node);
        let offset = u64::from(block - first) * BLOCK_BYTES;
        let left = size.saturating_sub(offset);
        let room = left.next_multiple_of(BLOCK_BYTES).min(out.len() as u64) as usize;
        let wanted = left.min(room as u64) as usize;
        let (data, tail) = out.get_mut(..room).unwrap_or_default().split_at_mut(wanted);
        tail.fill(0);
        if self.layout.tree.is_manifest(node) {
            self.fill_manifest(offset, data)?;
            return Ok(room);
        }
        read_file(&mut self.contents, &mut self.source, node, offset, data)?;
        let table = INFO_TABLE_START as u64..INFO_TABLE_END as u64;
        if offset < table.end && self.layout.has_info_table(node) {
            let made = self.info_table(node, first)?;
            // Blocks begin before the table and end behind it.
            if let Some(place) = out.get_mut(INFO_TABLE_START..INFO_TABLE_END) {
                place.copy_from_slice(&made);
            }
        }
        if let Some(digests) = self.layout.digests() {
            let data = out.get(..wanted).unwrap_or_default();
            self.summing.take(digests, index, offset, data, size);
        }
        Ok(room)
    }

    /// The table that is put into a boot image, whose first block is `first`. The image is read for its sum.
    fn info_table(&mut self, node: NodeId, first: u32) -> Result<[u8; 56], EmitError> {
        let size = self.layout.tree.size(node);
        let mut piece = vec![0; INFO_PIECE];
        let mut sum = 0;
        let mut at = INFO_TABLE_END as u64;
        while at < size {
            let length = (size - at).min(INFO_PIECE as u64) as usize;
            let piece = piece.get_mut(..length).unwrap_or_default();
            read_file(&mut self.contents, &mut self.source, node, at, piece)?;
            sum = add_words(sum, piece);
            at += length as u64;
        }
        Ok(info_table(
            self.layout.absolute(FIRST_DESCRIPTOR),
            self.layout.absolute(first),
            // Loaders of more than 4 GiB do not exist.
            u32::try_from(size).unwrap_or(u32::MAX),
            sum,
        ))
    }
}

fn read_file(
    contents: &mut Option<Box<dyn FileContents>>,
    source: &mut SourceReader,
    file: NodeId,
    offset: u64,
    out: &mut [u8],
) -> Result<(), EmitError> {
    let given = match contents {
        Some(contents) => contents.read(file, offset, out)?,
        None => false,
    };
    if !given {
        source.read(file, offset, out)?;
    }
    Ok(())
}

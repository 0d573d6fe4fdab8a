//! What the sectors of a CD shall be, for whoever reads them back: the checks that were taken as they were sent, or the
//! sources themselves.
//!
//! Owns the comparison of one sector. Which sectors are read, and from where, is [`read_back`](super::read_back)'s.

use super::compare::CompareError;
use super::image::{CdBlocks, CdImageReader};
use crate::error::SourceError;
use crate::pipeline::sectors::{SectorChecks, Told, check};
use pitland_burn::NoAnswer;
use pitland_redbook::SECTOR_BYTES;

/// Sectors of the sources that are read at a time.
const PIECE: u32 = 24;

/// What sectors shall be, by the blocks of an image.
pub(crate) trait Expected {
    /// Why it cannot be told any more.
    type Fault;

    /// Whether a sector is what a block shall be, as far as its bytes are told of; `None`: nothing is known of the block.
    fn is(&mut self, block: u32, told: Told, sector: &[u8]) -> Result<Option<bool>, Self::Fault>;

    /// The same for some samples of a block of sound, from a byte of it on.
    fn has(&mut self, block: u32, from: usize, samples: &[u8])
    -> Result<Option<bool>, Self::Fault>;
}

/// A check tells of a whole sector, and not of a part.
impl Expected for &SectorChecks {
    type Fault = NoAnswer;

    fn is(&mut self, block: u32, told: Told, sector: &[u8]) -> Result<Option<bool>, NoAnswer> {
        Ok(self
            .of_block(block)
            .map(|wanted| wanted == check(told.of(sector))))
    }

    fn has(&mut self, _: u32, _: usize, _: &[u8]) -> Result<Option<bool>, NoAnswer> {
        Ok(None)
    }
}

/// The sources of a CD, read once more; mostly one sector behind the other.
pub(super) struct Sources {
    reader: CdImageReader,
    blocks: u32,
    /// Two pieces, so that what lies astride of them is not read again.
    window: Vec<u8>,
    first: u32,
}

impl Sources {
    pub(super) fn new(blocks: &CdBlocks) -> Self {
        Self {
            reader: blocks.reader(),
            blocks: blocks.blocks(),
            window: Vec::new(),
            first: 0,
        }
    }

    /// The sector of a block; `None` behind the last one.
    fn sector(&mut self, block: u32) -> Result<Option<&[u8]>, SourceError> {
        if block >= self.blocks {
            return Ok(None);
        }
        let there = (self.window.len() / SECTOR_BYTES) as u32; // at most two pieces
        let end = self.first + there;
        if block < self.first || block >= end {
            let goes_on = block >= end && block - end < PIECE;
            match goes_on {
                true => {
                    let gone = there.saturating_sub(PIECE);
                    self.window.drain(..gone as usize * SECTOR_BYTES);
                    self.first += gone;
                }
                false => {
                    self.window.clear();
                    self.first = block;
                }
            }
            self.read_on()?;
        }
        let at = (block - self.first) as usize * SECTOR_BYTES;
        Ok(self.window.get(at..at + SECTOR_BYTES))
    }

    /// Takes the next piece into the window.
    fn read_on(&mut self) -> Result<(), SourceError> {
        let old = self.window.len();
        let next = self.first + (old / SECTOR_BYTES) as u32; // at most two pieces
        let count = PIECE.min(self.blocks.saturating_sub(next)) as usize;
        self.window.resize(old + count * SECTOR_BYTES, 0);
        let position = u64::from(next) * SECTOR_BYTES as u64;
        let out = self.window.get_mut(old..).unwrap_or_default();
        let read = self.reader.read_at(position, out);
        if read.is_err() {
            self.window.clear();
        }
        read
    }
}

impl Expected for Sources {
    type Fault = CompareError;

    fn is(&mut self, block: u32, told: Told, sector: &[u8]) -> Result<Option<bool>, CompareError> {
        let wanted = self.sector(block)?;
        Ok(wanted.map(|wanted| told.of(wanted) == told.of(sector)))
    }

    fn has(
        &mut self,
        block: u32,
        from: usize,
        samples: &[u8],
    ) -> Result<Option<bool>, CompareError> {
        let wanted = self.sector(block)?;
        Ok(wanted.map(|wanted| wanted.get(from..from + samples.len()) == Some(samples)))
    }
}

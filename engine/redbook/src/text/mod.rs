//! CD-TEXT: what an album and its tracks are called, in the lead-in of a disc, in up to eight languages.
//!
//! Owns the texts and how they are split into packs of 18 bytes (recipe 5). Must not know where packs are written, nor
//! where texts come from.

mod block;
mod pack;

pub use block::{Encoding, Language, TextBlock, TextKind};
pub use pack::{PACK_BYTES, Pack, PackKind, packs_in, symbols_of};

use block::read_block;

/// Most languages of one disc.
pub const MOST_BLOCKS: usize = 8;
/// Most packs of one language: their number is one byte.
pub const MOST_PACKS: usize = 256;

/// Why texts cannot be recorded. Each is the caller's to mend.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TextError {
    /// More languages than a disc holds.
    #[error("{0} languages; a disc holds at most {MOST_BLOCKS}")]
    TooManyBlocks(usize),
    /// A track that there cannot be, or beyond those that the block is for.
    #[error("there is a text for track {track}; the tracks are {first} to {last}")]
    Track {
        /// Whose text it is.
        track: u8,
        /// The first track.
        first: u8,
        /// The last track.
        last: u8,
    },
    /// A character that the encoding has not.
    #[error("{text:?} has {character:?}, which {encoding} has not")]
    Character {
        /// The text.
        text: String,
        /// The first such character.
        character: char,
        /// The encoding.
        encoding: Encoding,
    },
    /// More text than one language has room for.
    #[error("the texts of one language take {packs} packs; there is room for {MOST_PACKS}")]
    TooLong {
        /// The packs that they take.
        packs: usize,
    },
}

/// What is wrong with packs that were read. What is right of them is told all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TextFault {
    /// A pack whose checksum is not that of its bytes; it was left out.
    #[error("pack {0} is damaged")]
    Damaged(usize),
    /// Packs that do not follow one another; texts around the gap are left out.
    #[error("pack {0} does not follow the one before")]
    Gap(usize),
    /// A block without, or with a damaged, size information; what it says is guessed.
    #[error("block {0} does not say how large it is")]
    NoSizes(u8),
    /// An encoding that is not known; the block was read as Latin-1.
    #[error("block {block} has an unknown encoding, {code:02x}")]
    UnknownEncoding {
        /// Which block.
        block: u8,
        /// The code.
        code: u8,
    },
    /// Bytes at the end that are no whole pack.
    #[error("{0} bytes at the end are no pack")]
    Rest(usize),
}

/// The texts of a disc.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CdText {
    /// One for each language, the first the main one.
    pub blocks: Vec<TextBlock>,
}

impl CdText {
    /// The packs, in the order in which they are recorded, again and again, over the lead-in.
    ///
    /// # Errors
    /// [`TextError`]: too many languages or too much text, characters that the encoding has not.
    pub fn packs(&self) -> Result<Vec<Pack>, TextError> {
        if self.blocks.len() > MOST_BLOCKS {
            return Err(TextError::TooManyBlocks(self.blocks.len()));
        }
        let numbered = self.blocks.iter().zip(0u8..);
        let mut made = numbered
            .map(|(block, number)| block.contents(number))
            .collect::<Result<Vec<_>, _>>()?;
        // Each block tells of all how long they are and which languages they have.
        let mut last_packs = [0; MOST_BLOCKS];
        let mut languages = [0; MOST_BLOCKS];
        for (at, (block, packs)) in self.blocks.iter().zip(&made).enumerate() {
            let packs = packs.len() + block::SIZE_PACKS;
            if packs > MOST_PACKS {
                return Err(TextError::TooLong { packs });
            }
            last_packs[at] = (packs - 1) as u8;
            languages[at] = block.language.0;
        }
        for ((block, packs), number) in self.blocks.iter().zip(&mut made).zip(0u8..) {
            block.append_sizes(number, packs, &last_packs, &languages);
        }
        Ok(made.into_iter().flatten().collect())
    }

    /// Reads packs, as READ TOC gives them without its header, and what is wrong with them.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> (Self, Vec<TextFault>) {
        let mut faults = Vec::new();
        let (pieces, rest) = bytes.as_chunks::<PACK_BYTES>();
        let mut sorted: [Vec<Pack>; MOST_BLOCKS] = Default::default();
        for (at, piece) in pieces.iter().enumerate() {
            match Pack::parse(piece) {
                Some(pack) => sorted[usize::from(pack.block() & 7)].push(pack),
                None => faults.push(TextFault::Damaged(at)),
            }
        }
        // Some programs keep the byte behind the last pack that such files end with.
        if !rest.is_empty() && rest != [0] {
            faults.push(TextFault::Rest(rest.len()));
        }
        let blocks = sorted
            .iter()
            .zip(0u8..)
            .filter(|(packs, _)| !packs.is_empty())
            .map(|(packs, number)| read_block(number, packs, &mut faults))
            .collect();
        (Self { blocks }, faults)
    }
}

#[cfg(test)]
mod tests;

//! An image whose every block is different, made from its number: nothing is stored.
//!
//! Owns the bytes. Must not know where they go.

/// Bytes of a block.
pub(crate) const BLOCK_BYTES: usize = 2048;

/// An image of known length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Image {
    /// Its blocks.
    pub blocks: u64,
    /// What sets this image apart from others of the same length.
    pub seed: u64,
    /// Bytes of a block: 2048, or those of a CD's layout.
    pub block_bytes: usize,
}

impl Image {
    /// An image of `blocks` blocks of 2048 bytes.
    pub const fn new(blocks: u64, seed: u64) -> Self {
        Self {
            blocks,
            seed,
            block_bytes: BLOCK_BYTES,
        }
    }

    /// The same of blocks of so many bytes, one at least.
    #[must_use]
    pub const fn of_blocks(mut self, block_bytes: usize) -> Self {
        self.block_bytes = if block_bytes > 0 { block_bytes } else { 1 };
        self
    }

    /// Fills `out` with whole blocks from `block` on; zeros beyond the end.
    pub fn fill(&self, block: u64, out: &mut [u8]) {
        for (number, bytes) in (block..).zip(out.chunks_mut(self.block_bytes.max(1))) {
            if number >= self.blocks {
                bytes.fill(0);
                continue;
            }
            let mut state = mix(self.seed ^ number.wrapping_mul(0x9E37_79B9_7F4A_7C15));
            for word in bytes.chunks_mut(8) {
                state = mix(state);
                for (byte, value) in word.iter_mut().zip(state.to_le_bytes()) {
                    *byte = value;
                }
            }
        }
    }
}

/// The next number of a sequence that looks random and is always the same; never 0.
pub(crate) fn mix(mut state: u64) -> u64 {
    state |= u64::from(state == 0);
    state ^= state << 13;
    state ^= state >> 7;
    state ^ state << 17
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(image: &Image, number: u64) -> Vec<u8> {
        let mut bytes = vec![1; BLOCK_BYTES];
        image.fill(number, &mut bytes);
        bytes
    }

    #[test]
    fn blocks_differ_and_are_always_the_same() {
        let image = Image::new(3, 7);
        assert_eq!(block(&image, 1), block(&image, 1));
        assert_ne!(block(&image, 1), block(&image, 2));
        assert_ne!(block(&image, 1), block(&Image::new(3, 8), 1));
        let mut both = vec![0; 2 * BLOCK_BYTES];
        image.fill(1, &mut both);
        assert_eq!(both, [block(&image, 1), block(&image, 2)].concat());
    }

    #[test]
    fn beyond_the_end_are_zeros() {
        assert_eq!(block(&Image::new(3, 7), 3), vec![0; BLOCK_BYTES]);
    }
}

//! Bytes made of other bytes, or of nothing: one stream behind the other, several in turn, zeros, and noise that is
//! always the same.
//!
//! All of them are [`FileBytes`]: read from any place, as often as one likes, by several at once. They can be files of a
//! tree ([`Origin::Given`](pitland_mastering::Origin)), an image ([`Image::given`](crate::Image::given)), what is written by
//! itself ([`DriveLease::write_section`](crate::DriveLease::write_section)), or be read by anyone ([`Reader`]). Owns
//! which byte is whose. Must not know discs.

mod reader;
#[cfg(test)]
mod tests;

pub use reader::{Reader, source};

use pitland_mastering::FileBytes;
use std::io;
use std::num::NonZeroU64;
use std::sync::Arc;

/// Streams that together have more bytes than can be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the streams together have more than 2^64 bytes")]
pub struct TooLong;

/// Zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Zeros(u64);

impl Zeros {
    /// So many.
    pub const fn new(length: u64) -> Self {
        Self(length)
    }
}

impl FileBytes for Zeros {
    fn length(&self) -> u64 {
        self.0
    }

    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        within(offset, out, self.0)?;
        out.fill(0);
        Ok(())
    }
}

/// Bytes that look random, and are the same for the same seed in every version: the words of SplitMix64, each with its
/// lowest byte first. No secrets are made of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PseudoRandom {
    seed: u64,
    length: u64,
}

impl PseudoRandom {
    /// So many bytes from this seed. Of two lengths the shorter one is the beginning of the longer one.
    pub const fn new(seed: u64, length: u64) -> Self {
        Self { seed, length }
    }

    /// The word of this number.
    const fn word(self, number: u64) -> u64 {
        let steps = number.wrapping_add(1);
        let mut z = self
            .seed
            .wrapping_add(steps.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

impl FileBytes for PseudoRandom {
    fn length(&self) -> u64 {
        self.length
    }

    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        within(offset, out, self.length)?;
        let mut number = offset / 8;
        // The first word may be begun in its middle.
        let mut skipped = (offset % 8) as usize;
        let mut rest = out;
        while !rest.is_empty() {
            let word = self.word(number).to_le_bytes();
            let from = word.get(skipped..).unwrap_or_default();
            let count = from.len().min(rest.len());
            let (now, later) = rest.split_at_mut(count);
            now.copy_from_slice(from.get(..count).unwrap_or_default());
            rest = later;
            number += 1;
            skipped = 0;
        }
        Ok(())
    }
}

/// Streams one behind the other. The same one may come several times.
#[derive(Debug, Clone)]
pub struct Concatenated {
    parts: Vec<Arc<dyn FileBytes>>,
    /// The byte behind each part.
    ends: Vec<u64>,
}

impl Concatenated {
    /// These, in this order.
    ///
    /// # Errors
    /// Their lengths cannot be added up.
    pub fn new(parts: Vec<Arc<dyn FileBytes>>) -> Result<Self, TooLong> {
        let mut end = 0u64;
        let mut ends = Vec::with_capacity(parts.len());
        for part in &parts {
            end = end.checked_add(part.length()).ok_or(TooLong)?;
            ends.push(end);
        }
        Ok(Self { parts, ends })
    }
}

impl FileBytes for Concatenated {
    fn length(&self) -> u64 {
        self.ends.last().copied().unwrap_or(0)
    }

    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        within(offset, out, self.length())?;
        let mut at = offset;
        let mut rest = out;
        let first = self.ends.partition_point(|end| *end <= offset);
        for (part, end) in self.parts.iter().zip(&self.ends).skip(first) {
            if rest.is_empty() {
                break;
            }
            let (now, later) = rest.split_at_mut(at_most(end - at, rest.len()));
            let into = part.length().saturating_sub(end - at);
            part.read_at(into, now)?;
            at += now.len() as u64;
            rest = later;
        }
        Ok(())
    }

    fn repeatable(&self) -> bool {
        self.parts.iter().all(|part| part.repeatable())
    }
}

/// Streams in turn: so many bytes of the first, so many of the second, and from the first again. What is left at a
/// stream's end is a shorter piece; the others go on without it.
#[derive(Debug, Clone)]
pub struct Interleaved {
    parts: Vec<(Arc<dyn FileBytes>, NonZeroU64)>,
    length: u64,
}

/// A piece of a round.
struct Piece {
    part: usize,
    /// Its first byte in the part.
    from: u64,
    bytes: u64,
}

impl Interleaved {
    /// These streams, with the bytes of each that come in one turn.
    ///
    /// # Errors
    /// Their lengths cannot be added up.
    pub fn new(parts: Vec<(Arc<dyn FileBytes>, NonZeroU64)>) -> Result<Self, TooLong> {
        let mut lengths = parts.iter().map(|(part, _)| part.length());
        let length = lengths.try_fold(0, u64::checked_add).ok_or(TooLong)?;
        Ok(Self { parts, length })
    }

    /// Bytes of all rounds before this one.
    fn before(&self, round: u64) -> u64 {
        let parts = self.parts.iter();
        // Never more than the length, which is a number.
        parts
            .map(|(part, each)| round.saturating_mul(each.get()).min(part.length()))
            .sum()
    }

    /// The round that the byte is in.
    fn round_of(&self, offset: u64) -> u64 {
        let turns = |(part, each): &(Arc<dyn FileBytes>, NonZeroU64)| part.length() / *each;
        let (mut first, mut last) = (0, self.parts.iter().map(turns).max().unwrap_or(0));
        while first < last {
            let middle = last - (last - first) / 2;
            match self.before(middle) <= offset {
                true => first = middle,
                false => last = middle - 1,
            }
        }
        first
    }

    /// The pieces of a round, in turn.
    fn pieces(&self, round: u64) -> impl Iterator<Item = Piece> + '_ {
        let parts = self.parts.iter().enumerate();
        parts.map(move |(index, (part, each))| {
            let from = round.saturating_mul(each.get()).min(part.length());
            Piece {
                part: index,
                from,
                bytes: each.get().min(part.length().saturating_sub(from)),
            }
        })
    }
}

impl FileBytes for Interleaved {
    fn length(&self) -> u64 {
        self.length
    }

    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        within(offset, out, self.length)?;
        let mut round = self.round_of(offset);
        let mut skipped = offset - self.before(round);
        let mut rest = out;
        while !rest.is_empty() {
            for piece in self.pieces(round) {
                let passed = skipped.min(piece.bytes);
                skipped -= passed;
                let (now, later) = rest.split_at_mut(at_most(piece.bytes - passed, rest.len()));
                if let Some((part, _)) = self.parts.get(piece.part).filter(|_| !now.is_empty()) {
                    part.read_at(piece.from + passed, now)?;
                }
                rest = later;
            }
            round += 1;
        }
        Ok(())
    }

    fn repeatable(&self) -> bool {
        self.parts.iter().all(|(part, _)| part.repeatable())
    }
}

/// So many bytes of what there is room for.
fn at_most(bytes: u64, room: usize) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX).min(room)
}

/// Whether all that is asked for is there.
fn within(offset: u64, out: &[u8], length: u64) -> io::Result<()> {
    match offset.checked_add(out.len() as u64) {
        Some(end) if end <= length => Ok(()),
        _ => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

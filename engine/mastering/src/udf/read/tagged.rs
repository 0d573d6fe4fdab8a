//! Descriptors with their tags: read as whole blocks, and judged before anything in them is believed.
//!
//! Must not know what the descriptors mean.

use super::UdfFault;
use super::fields::View;
use crate::block::{BLOCK_SIZE, BlockSource};
use crate::read::{Location, ReadError};
use crate::udf::tag::{self, TAG_BYTES};

/// A block of the disc.
pub(super) type Block = [u8; BLOCK_SIZE];

/// A fault at the beginning of a block.
pub(super) fn fault(lba: u32, source: UdfFault) -> ReadError {
    let location = Location { lba, offset: 0 };
    ReadError::Udf { location, source }
}

/// Reads a block.
pub(super) fn read(source: &mut impl BlockSource, lba: u32) -> Result<Block, ReadError> {
    let mut block = [0; BLOCK_SIZE];
    source
        .read_blocks(lba, &mut block)
        .map_err(|source| ReadError::Source { lba, source })?;
    Ok(block)
}

/// The identifier in the tag of a descriptor, if the tag is whole.
pub(super) fn identifier(bytes: &[u8]) -> Option<u16> {
    let tag = bytes.get(..TAG_BYTES)?;
    let sum = tag
        .iter()
        .enumerate()
        .filter(|(at, _)| *at != 4)
        .fold(0u8, |sum, (_, byte)| sum.wrapping_add(*byte));
    let view = View(bytes);
    (view.u8(4) == sum && view.u16(0) != 0).then(|| view.u16(0))
}

/// Whether the descriptor is whole, by its CRC.
pub(super) fn is_whole(bytes: &[u8]) -> bool {
    let view = View(bytes);
    let length = usize::from(view.u16(10));
    let body = bytes.get(TAG_BYTES..TAG_BYTES + length);
    body.is_some_and(|body| tag::crc(body) == view.u16(8))
}

/// Reads a descriptor that must be one of those named. `location` is the block that its tag tells, where that is not
/// `lba` itself.
pub(super) fn read_tagged(
    source: &mut impl BlockSource,
    lba: u32,
    location: u32,
    expected: &[u16],
) -> Result<(u16, Block), ReadError> {
    let block = read(source, lba)?;
    let found = judge(&block, location, expected).map_err(|source| fault(lba, source))?;
    Ok((found, block))
}

/// Judges the descriptor that begins a block.
pub(super) fn judge(block: &[u8], location: u32, expected: &[u16]) -> Result<u16, UdfFault> {
    let found = identifier(block).filter(|found| expected.contains(found));
    let Some(found) = found else {
        return Err(UdfFault::Tag {
            expected: expected.first().copied().unwrap_or(0),
            found: View(block).u16(0),
        });
    };
    let told = View(block).u32(12);
    if told != location {
        return Err(UdfFault::TagLocation { told });
    }
    match is_whole(block) {
        true => Ok(found),
        false => Err(UdfFault::Crc),
    }
}

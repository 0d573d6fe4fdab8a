//! ISO 9660 (ECMA-119): the wire structures and the names.
//!
//! Each structure has a file: a private `field` module of byte ranges, a view over bytes that judges nothing,
//! a value that holds only what makes sense, and tests over real bytes. Nothing here knows where a structure
//! lies on the disc, or where its contents come from.

pub mod descriptor;
pub mod directory_record;
pub mod names;
pub mod path_table;
pub mod rules;
pub mod stamp;

/// The first block of a session's volume descriptors, relative to the session's first LBA; before it lies the
/// system area of 16 blocks.
pub const FIRST_DESCRIPTOR: u32 = 16;

/// The most bytes that one section of a file holds in this crate's volumes: the largest multiple of the block size
/// that 32 bits hold, so that the next section begins at the very next block.
pub const SECTION_BYTES: u64 = (1 << 32) - 2048;

/// Puts a 32-bit number in both byte orders, as most numbers of ISO 9660 are recorded.
pub(crate) fn both_u32(value: u32) -> [u8; 8] {
    let [a, b, c, d] = value.to_le_bytes();
    [a, b, c, d, d, c, b, a]
}

/// Puts a 16-bit number in both byte orders.
pub(crate) fn both_u16(value: u16) -> [u8; 4] {
    let [a, b] = value.to_le_bytes();
    [a, b, b, a]
}

/// A number that should have been recorded in both byte orders, but the two halves differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HalvesDiffer {
    /// What the little-endian half says.
    pub little: u32,
    /// What the big-endian half says.
    pub big: u32,
}

/// Reads a 32-bit number recorded in both byte orders. Missing bytes count as zero.
pub(crate) fn read_both_u32(bytes: &[u8]) -> Result<u32, HalvesDiffer> {
    let little = read_u32_le(bytes);
    let big = bytes
        .get(4..8)
        .and_then(|half| half.try_into().ok())
        .map_or(0, u32::from_be_bytes);
    if little == big {
        Ok(little)
    } else {
        Err(HalvesDiffer { little, big })
    }
}

/// Reads a 16-bit number recorded in both byte orders. Missing bytes count as zero.
pub(crate) fn read_both_u16(bytes: &[u8]) -> Result<u16, HalvesDiffer> {
    let little = bytes
        .get(..2)
        .and_then(|half| half.try_into().ok())
        .map_or(0, u16::from_le_bytes);
    let big = bytes
        .get(2..4)
        .and_then(|half| half.try_into().ok())
        .map_or(0, u16::from_be_bytes);
    if little == big {
        Ok(little)
    } else {
        Err(HalvesDiffer {
            little: u32::from(little),
            big: u32::from(big),
        })
    }
}

/// Reads a little-endian 32-bit number. Missing bytes count as zero.
pub(crate) fn read_u32_le(bytes: &[u8]) -> u32 {
    bytes
        .get(..4)
        .and_then(|half| half.try_into().ok())
        .map_or(0, u32::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_byte_orders_mirror_each_other() {
        assert_eq!(
            both_u32(0x1234_5678),
            [0x78, 0x56, 0x34, 0x12, 0x12, 0x34, 0x56, 0x78]
        );
        assert_eq!(both_u16(0x0800), [0x00, 0x08, 0x08, 0x00]);
        assert_eq!(read_both_u32(&both_u32(77)), Ok(77));
        assert_eq!(read_both_u16(&both_u16(77)), Ok(77));
    }

    #[test]
    fn halves_that_differ_are_told_apart() {
        assert_eq!(
            read_both_u32(&[1, 0, 0, 0, 0, 0, 0, 2]),
            Err(HalvesDiffer { little: 1, big: 2 })
        );
        assert_eq!(
            read_both_u16(&[1, 0, 0, 2]),
            Err(HalvesDiffer { little: 1, big: 2 })
        );
    }
}

//! The one record that crosses the border, and messages made of it.
//!
//! Owns the shape. Must not know what any code means.

use abi_stable::StableAbi;
use abi_stable::std_types::RVec;

/// Most bytes that one record carries: 256 KiB.
pub const MAX_BYTES: usize = 256 * 1024;

/// Most records of one message.
pub const MAX_RECORDS: usize = 65_536;

/// Most bytes of all records of one message together.
pub const MAX_MESSAGE_BYTES: usize = 64 * 1024 * 1024;

/// A word and what belongs to it.
///
/// The shape is for good; what a field means depends on the code ([`crate::codes`]).
#[repr(C)]
#[derive(StableAbi, Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The word.
    pub code: u32,
    /// Yes-or-no parts of the word; bits without a meaning are zero.
    pub flags: u32,
    /// An address.
    pub lba: i64,
    /// A number: a count, an index, a size.
    pub count: u64,
    /// Bytes, or text, or further numbers of eight bytes each (least significant first).
    pub bytes: RVec<u8>,
    /// Zero.
    pub reserved: u64,
}

/// A sequence of records. A word made of others stands before them and tells how many there are.
pub type Message = RVec<Record>;

impl Record {
    /// A word alone.
    pub fn word(code: u32) -> Self {
        Self {
            code,
            flags: 0,
            lba: 0,
            count: 0,
            bytes: RVec::new(),
            reserved: 0,
        }
    }

    /// With a number.
    #[must_use]
    pub fn count(mut self, count: u64) -> Self {
        self.count = count;
        self
    }

    /// With an address.
    #[must_use]
    pub fn lba(mut self, lba: i64) -> Self {
        self.lba = lba;
        self
    }

    /// With this flag, if `on`.
    #[must_use]
    pub fn flag(mut self, flag: u32, on: bool) -> Self {
        if on {
            self.flags |= flag;
        }
        self
    }

    /// With bytes.
    #[must_use]
    pub fn bytes(mut self, bytes: &[u8]) -> Self {
        self.bytes = RVec::from(bytes.to_vec());
        self
    }

    /// With further numbers, which take the place of bytes.
    #[must_use]
    pub fn numbers(mut self, numbers: &[u64]) -> Self {
        self.bytes = numbers.iter().flat_map(|n| n.to_le_bytes()).collect();
        self
    }
}

#[cfg(all(test, target_pointer_width = "64"))]
mod tests {
    use super::*;
    use std::mem::{offset_of, size_of};

    /// abi_stable compares what both sides say; this compares with what was given out.
    #[test]
    fn the_shape_of_a_record_is_for_good() {
        let offsets = [
            offset_of!(Record, code),
            offset_of!(Record, flags),
            offset_of!(Record, lba),
            offset_of!(Record, count),
            offset_of!(Record, bytes),
            offset_of!(Record, reserved),
            size_of::<Record>(),
        ];
        assert_eq!(offsets, [0, 4, 8, 16, 24, 56, 64]);
    }
}

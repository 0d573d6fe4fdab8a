//! The bytes of one command descriptor block, by value.
//!
//! Owns storage and printing. Must not know what any byte means, but for the
//! group of the operation code, which tells the length.

use core::fmt;

use super::CdbError;

/// Up to 16 bytes of a command descriptor block.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CdbBytes {
    bytes: [u8; Self::MAX],
    len: u8,
}

impl CdbBytes {
    /// Longest block that is carried.
    pub const MAX: usize = 16;

    /// Copies `cdb`.
    ///
    /// # Errors
    /// [`CdbError::Empty`] and [`CdbError::TooLong`]; the content is not
    /// judged.
    pub fn from_slice(cdb: &[u8]) -> Result<Self, CdbError> {
        if cdb.is_empty() {
            return Err(CdbError::Empty);
        }
        if cdb.len() > Self::MAX {
            return Err(CdbError::TooLong { found: cdb.len() });
        }
        Ok(Self::copied(cdb))
    }

    /// Copies what fits; for blocks whose length is known to be right.
    pub(super) fn copied(cdb: &[u8]) -> Self {
        let len = cdb.len().min(Self::MAX);
        let mut bytes = [0; Self::MAX];
        bytes[..len].copy_from_slice(&cdb[..len]);
        Self {
            bytes,
            len: len as u8,
        }
    }

    /// The block, in the length it has.
    pub fn as_slice(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    /// Length in bytes, 1 to 16.
    pub fn byte_len(&self) -> usize {
        usize::from(self.len)
    }

    /// Byte 0.
    pub fn opcode(&self) -> u8 {
        self.bytes[0]
    }
}

impl AsRef<[u8]> for CdbBytes {
    fn as_ref(&self) -> &[u8] {
        self.as_slice()
    }
}

impl fmt::Display for CdbBytes {
    /// Hexadecimal digits, two a byte, a space between bytes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, byte) in self.as_slice().iter().enumerate() {
            let gap = if i == 0 { "" } else { " " };
            write!(f, "{gap}{byte:02X}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for CdbBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CdbBytes({self})")
    }
}

/// Length of the block that an operation code announces by its group (the
/// upper three bits): 6, 10, 12 or 16 bytes; `None` for the groups whose
/// length is reserved, variable or the vendor's.
///
/// Links that pad every block to a fixed length (ATAPI to 12 bytes, iSCSI to
/// 16) cut it back with this before [`super::Command::parse`].
pub const fn cdb_len(opcode: u8) -> Option<usize> {
    match opcode >> 5 {
        0 => Some(6),
        1 | 2 => Some(10),
        4 => Some(16),
        5 => Some(12),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_keeps_its_length() {
        let cdb = CdbBytes::from_slice(&[0x5B, 1, 2, 0, 0, 0, 0, 0, 0, 0]).unwrap();
        assert_eq!(cdb.byte_len(), 10);
        assert_eq!(cdb.opcode(), 0x5B);
        assert_eq!(cdb.to_string(), "5B 01 02 00 00 00 00 00 00 00");
    }

    #[test]
    fn empty_and_oversized_blocks_are_refused() {
        assert_eq!(CdbBytes::from_slice(&[]), Err(CdbError::Empty));
        assert_eq!(
            CdbBytes::from_slice(&[0; 17]),
            Err(CdbError::TooLong { found: 17 })
        );
    }

    #[test]
    fn the_group_tells_the_length() {
        assert_eq!(cdb_len(0x00), Some(6));
        assert_eq!(cdb_len(0x2A), Some(10));
        assert_eq!(cdb_len(0x5D), Some(10));
        assert_eq!(cdb_len(0xAA), Some(12));
        assert_eq!(cdb_len(0xBF), Some(12));
        assert_eq!(cdb_len(0x88), Some(16));
        assert_eq!(cdb_len(0xEA), None);
    }
}

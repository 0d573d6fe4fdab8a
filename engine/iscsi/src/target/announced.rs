//! How many bytes a CDB asks for, whatever the initiator expects.
//!
//! Owns that one question: the difference of the two is a command's residual.
//! Must not know tasks or PDUs.

use pitland_mmc::cdb::cdb_len;
use pitland_mmc::{CdbBytes, Command, DataDirection};

/// Sizes of blocks on optical discs, with and without headers and sub-channels.
const BLOCK_SIZES: [u64; 9] = [2048, 2056, 2324, 2332, 2336, 2352, 2368, 2448, 96];

/// What a CDB says about its data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Announced {
    /// Which way they go; `None` where the CDB is not understood.
    pub(crate) direction: Option<DataDirection>,
    /// How many bytes; the initiator's own number where the CDB does not say.
    pub(crate) bytes: u64,
    /// Blocks of a WRITE, and 0 for all else.
    pub(crate) blocks: u32,
}

impl Announced {
    /// Of a CDB in its 16-byte field, for which `expected` bytes are expected.
    pub(crate) fn of(cdb: &CdbBytes, expected: u32) -> Self {
        let unknown = Self {
            direction: None,
            bytes: expected.into(),
            blocks: 0,
        };
        let Ok(command) = Command::parse(cdb.as_slice()) else {
            return unknown;
        };
        if let Command::Unknown(_) = command {
            return unknown;
        }
        let direction = command.direction();
        let bytes = match (direction, command.blocks()) {
            (DataDirection::None, _) => 0,
            (DataDirection::Out, Some(blocks)) => written(blocks, expected),
            // The form of a FORMAT UNIT's list tells its length.
            _ => command.transfer_len(2048).unwrap_or(expected.into()),
        };
        Self {
            direction: Some(direction),
            bytes,
            blocks: command.blocks().filter(|_| command.is_write()).unwrap_or(0),
        }
    }

    /// Bytes of one block of a WRITE of `len` bytes, where that comes out even.
    pub(crate) fn block_bytes(&self, len: usize) -> Option<u32> {
        let len = u32::try_from(len).ok()?;
        let even = self.blocks > 0 && len > 0 && len.is_multiple_of(self.blocks);
        even.then(|| len / self.blocks)
    }
}

/// The CDB of a WRITE does not say how long a block is: the initiator's number
/// is right if it makes blocks of a size that discs have.
fn written(blocks: u32, expected: u32) -> u64 {
    let fits = |size: &u64| u64::from(blocks) * size == u64::from(expected);
    let size = BLOCK_SIZES.iter().find(|size| fits(size)).unwrap_or(&2048);
    u64::from(blocks) * size
}

/// The CDB in its own length: the field of 16 bytes is filled with zeros.
/// What has anything else behind its end is left as it came.
pub(crate) fn trimmed(field: &[u8; 16]) -> Option<CdbBytes> {
    let own = cdb_len(field[0]).unwrap_or(field.len());
    let (cdb, filling) = field.split_at_checked(own)?;
    let whole = filling.iter().any(|byte| *byte != 0);
    CdbBytes::from_slice(if whole { field } else { cdb }).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(bytes: &[u8], expected: u32) -> (Option<DataDirection>, u64) {
        let mut field = [0; 16];
        field[..bytes.len()].copy_from_slice(bytes);
        let announced = Announced::of(&trimmed(&field).unwrap(), expected);
        (announced.direction, announced.bytes)
    }

    use DataDirection::{In, None as Nothing, Out};

    #[test]
    fn the_cdb_tells_more_or_less_than_is_expected() {
        let write = [0x2A, 0, 0, 0, 0, 0, 0, 0, 32, 0];
        assert_eq!(of(&write, 65536), (Some(Out), 65536));
        assert_eq!(of(&write, 2048), (Some(Out), 65536));
        assert_eq!(of(&write, 32 * 2352), (Some(Out), 32 * 2352));
        assert_eq!(
            of(&[0x28, 0, 0, 0, 0, 0, 0, 0, 2, 0], 512),
            (Some(In), 4096)
        );
        assert_eq!(of(&[0x12, 0, 0, 0, 36, 0], 255), (Some(In), 36));
        assert_eq!(of(&[0; 6], 512), (Some(Nothing), 0));
        assert_eq!(of(&[0x04, 0x11, 0, 0, 0, 0], 12), (Some(Out), 12));
    }

    #[test]
    fn of_what_is_not_understood_the_expectation_stands() {
        assert_eq!(of(&[0xEE, 1, 2], 77), (None, 77));
        // Reserved bits are the drive's to refuse.
        assert_eq!(of(&[0x12, 0x80, 0, 0, 36, 0], 255), (None, 255));
    }

    #[test]
    fn a_cdb_has_its_own_length_unless_something_follows() {
        let mut field = [0; 16];
        field[0] = 0x2A;
        assert_eq!(trimmed(&field).unwrap().byte_len(), 10);
        field[12] = 1;
        assert_eq!(trimmed(&field).unwrap().byte_len(), 16);
        field[0] = 0xEE;
        assert_eq!(trimmed(&field).unwrap().byte_len(), 16);
    }
}

//! The check of each write unit as data pass: a hardware CRC-32C. Owns the choice of the check and
//! its unit; must not know where the data come from or go to.

use crate::pipeline::ring::{SLOT_BLOCKS, SLOT_BYTES};

/// Blocks that share one check: the largest write unit (a BD cluster), and a multiple of all others.
pub(crate) const CHECK_BLOCKS: u32 = 32;
const CHECK_BYTES: usize = CHECK_BLOCKS as usize * 2048;
const CHECKS_PER_SLOT: usize = (SLOT_BLOCKS / CHECK_BLOCKS) as usize;
const _: () = assert!(SLOT_BYTES.is_multiple_of(CHECK_BYTES));

/// The check of some bytes.
pub(crate) fn check(bytes: &[u8]) -> u32 {
    crc32c::crc32c(bytes)
}

/// The checks of one slot.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Digest {
    checks: [u32; CHECKS_PER_SLOT],
    count: usize,
}

impl Digest {
    /// Takes the check of each unit in `bytes`; a last short unit is checked as it is.
    pub(crate) fn take(&mut self, bytes: &[u8]) {
        self.count = 0;
        for (place, unit) in self.checks.iter_mut().zip(bytes.chunks(CHECK_BYTES)) {
            *place = check(unit);
            self.count += 1;
        }
    }

    /// The checks, in order.
    pub(crate) fn checks(&self) -> &[u32] {
        self.checks.get(..self.count).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_is_crc_32c() {
        // The catalogue's check value for CRC-32C (iSCSI) over "123456789".
        assert_eq!(check(b"123456789"), 0xE306_9283);
    }

    #[test]
    fn a_slot_has_a_check_for_each_unit_and_for_a_short_last_one() {
        let mut digest = Digest::default();
        digest.take(&vec![1u8; CHECK_BYTES + 2048]);
        assert_eq!(digest.checks().len(), 2);
        assert_ne!(digest.checks()[0], digest.checks()[1]);
    }
}

//! The scrambler (recipe 5): what all bytes behind the sync pattern are added to.
//!
//! Owns the sequence. A register of 15 bits that begins with 1 gives its lowest bit, and takes in the sum of its two lowest
//! bits at the top.

use super::SECTOR_BYTES;

/// Bytes of the sync pattern, which stay as they are.
const SYNC: usize = 12;

/// The sequence, with zeros in place of the sync pattern.
pub(crate) static SEQUENCE: [u8; SECTOR_BYTES] = sequence();

const fn sequence() -> [u8; SECTOR_BYTES] {
    let mut out = [0; SECTOR_BYTES];
    let mut register = 1u16;
    let mut at = SYNC;
    while at < SECTOR_BYTES {
        let mut bit = 0;
        while bit < 8 {
            out[at] |= ((register & 1) as u8) << bit;
            let taken = (register ^ (register >> 1)) & 1;
            register = (register >> 1) | (taken << 14);
            bit += 1;
        }
        at += 1;
    }
    out
}

/// Scrambles a sector, or takes the scrambling away.
pub(crate) fn scramble(sector: &mut [u8; SECTOR_BYTES]) {
    for (byte, key) in sector.iter_mut().zip(&SEQUENCE) {
        *byte ^= key;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As every published table of the sequence begins.
    #[test]
    fn the_sequence_begins_as_it_is_known_to() {
        assert_eq!(
            SEQUENCE[12..22],
            [0x01, 0x80, 0x00, 0x60, 0x00, 0x28, 0x00, 0x1e, 0x80, 0x08]
        );
    }

    #[test]
    fn scrambling_twice_changes_nothing() {
        let mut sector = [0x5a; SECTOR_BYTES];
        scramble(&mut sector);
        assert_ne!(sector, [0x5a; SECTOR_BYTES]);
        assert_eq!(sector[..12], [0x5a; 12]);
        scramble(&mut sector);
        assert_eq!(sector, [0x5a; SECTOR_BYTES]);
    }
}

//! A sector of mode 1 made byte for byte as ECMA-130 has it, with the
//! tables that anybody would make and nothing else: what faster codecs are measured by.
#![allow(
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "every index is within the sector"
)]

/// Tables of the plain codec.
pub struct Plain {
    /// The remainder that each byte leaves.
    remainder: [u32; 256],
    /// Each byte times alpha.
    doubled: [u8; 256],
    /// Each byte divided by alpha + 1.
    divided: [u8; 256],
    /// What bytes 12 to 2351 are scrambled with.
    mask: [u8; 2340],
}

impl Plain {
    pub fn new() -> Self {
        let remainder = std::array::from_fn(|byte| {
            (0..8).fold(byte as u32, |value, _| {
                (value >> 1) ^ if value & 1 == 1 { 0xD801_8001 } else { 0 }
            })
        });
        let doubled: [u8; 256] = std::array::from_fn(|byte| {
            let byte = byte as u8;
            (byte << 1) ^ if byte & 0x80 == 0 { 0 } else { 0x1D }
        });
        let mut divided = [0; 256];
        for byte in 0..=255u8 {
            divided[usize::from(doubled[usize::from(byte)] ^ byte)] = byte;
        }
        let mut mask = [0; 2340];
        let mut register = 1u16;
        for byte in &mut mask {
            for bit in 0..8 {
                *byte |= ((register & 1) as u8) << bit;
                let next = (register ^ (register >> 1)) & 1;
                register = (register >> 1) | (next << 14);
            }
        }
        Self {
            remainder,
            doubled,
            divided,
            mask,
        }
    }

    /// A scrambled sector.
    pub fn encode(&self, lba: u32, user: &[u8], sector: &mut [u8]) {
        let frames = lba + 150;
        let decimal = |value: u32| (value / 10 * 16 + value % 10) as u8;
        sector[0] = 0;
        sector[1..11].fill(0xFF);
        sector[11] = 0;
        sector[12] = decimal(frames / 4500);
        sector[13] = decimal(frames / 75 % 60);
        sector[14] = decimal(frames % 75);
        sector[15] = 1;
        sector[16..2064].copy_from_slice(user);
        let mut check = 0u32;
        for byte in &sector[..2064] {
            check = (check >> 8) ^ self.remainder[(check as u8 ^ byte) as usize];
        }
        sector[2064..2068].copy_from_slice(&check.to_le_bytes());
        sector[2068..2076].fill(0);
        // P: 43 columns of 24 words; Q: 26 diagonals of 43 words, P among them. Words have two bytes.
        for column in 0..43 {
            for low in 0..2 {
                let at = |row: usize| 12 + 2 * (43 * row + column) + low;
                let (first, second) = self.parity((0..24).map(|row| sector[at(row)]));
                sector[at(24)] = first;
                sector[at(25)] = second;
            }
        }
        for diagonal in 0..26 {
            for low in 0..2 {
                let at = |step: usize| 12 + 2 * ((44 * step + 43 * diagonal) % 1118) + low;
                let (first, second) = self.parity((0..43).map(|step| sector[at(step)]));
                sector[2248 + 2 * diagonal + low] = first;
                sector[2300 + 2 * diagonal + low] = second;
            }
        }
        for (byte, mask) in sector[12..].iter_mut().zip(&self.mask) {
            *byte ^= mask;
        }
    }

    /// The two bytes that make the sum of all zero, and that of each times a power of alpha that falls to 0.
    fn parity(&self, bytes: impl Iterator<Item = u8>) -> (u8, u8) {
        let (mut sum, mut weighted) = (0, 0);
        for byte in bytes {
            sum ^= byte;
            weighted = self.doubled[usize::from(weighted ^ byte)];
        }
        let first = self.divided[usize::from(sum ^ self.doubled[usize::from(weighted)])];
        (first, sum ^ first)
    }
}

//! The eight sub-channels P to W, one byte of each for every twelfth of a sector.
//!
//! Owns how a frame of Q is made and read, and how the channels lie among one another in what a drive takes and gives. Must
//! not know what a disc holds: `Q` is told what to say.

mod q;
pub(crate) use q::checksum;

pub use q::{
    BadQ, Control, Isrc, IsrcError, LeadInPoint, Mcn, McnError, Q, QMessage, SubchannelTrack,
};

/// Bytes of one channel in a sector.
pub const CHANNEL_BYTES: usize = 12;

/// The channels of one sector, each by itself: P first, W last. The first bit of a channel is the highest of its first byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Channels(pub [[u8; CHANNEL_BYTES]; 8]);

impl Channels {
    /// P all ones or all zeros, a frame of Q, and nothing in R to W.
    #[must_use]
    pub const fn new(p: bool, q: [u8; CHANNEL_BYTES]) -> Self {
        let zero = [0; CHANNEL_BYTES];
        let p = if p { [0xff; CHANNEL_BYTES] } else { zero };
        Self([p, q, zero, zero, zero, zero, zero, zero])
    }

    /// As drives take and give them raw: 96 bytes, each with one bit of every channel, P highest (recipe 5).
    #[must_use]
    pub fn interleaved(&self) -> [u8; 96] {
        let mut out = [0; 96];
        for (number, channel) in self.0.iter().enumerate() {
            for (at, out) in out.iter_mut().enumerate() {
                let bit = channel[at / 8] >> (7 - at % 8) & 1;
                *out |= bit << (7 - number);
            }
        }
        out
    }

    /// The inverse of [`Channels::interleaved`].
    #[must_use]
    pub fn from_interleaved(bytes: &[u8; 96]) -> Self {
        let mut out = [[0; CHANNEL_BYTES]; 8];
        for (number, channel) in out.iter_mut().enumerate() {
            for (at, byte) in bytes.iter().enumerate() {
                let bit = byte >> (7 - number) & 1;
                channel[at / 8] |= bit << (7 - at % 8);
            }
        }
        Self(out)
    }

    /// With the lower six bits of each of 96 bytes in R to W, as packs have them (recipe 5).
    #[must_use]
    pub fn with_symbols(self, symbols: &[u8; 96]) -> Self {
        let mut raw = self.interleaved();
        for (byte, symbol) in raw.iter_mut().zip(symbols) {
            *byte = (*byte & 0xc0) | (symbol & 0x3f);
        }
        Self::from_interleaved(&raw)
    }

    /// R to W as 96 values of six bits.
    #[must_use]
    pub fn symbols(&self) -> [u8; 96] {
        self.interleaved().map(|byte| byte & 0x3f)
    }

    /// Whether P is set: most of its bits, for reading errors are common.
    #[must_use]
    pub fn p(&self) -> bool {
        let ones: u32 = self.0[0].iter().map(|byte| byte.count_ones()).sum();
        ones > 48
    }

    /// The bytes of Q.
    #[must_use]
    pub const fn q(&self) -> [u8; CHANNEL_BYTES] {
        self.0[1]
    }

    /// As drives take 16 bytes a sector: Q, three zeros, and P as the highest bit of the last (recipe 5).
    #[must_use]
    pub fn sixteen(&self) -> [u8; 16] {
        let mut out = [0; 16];
        for (to, from) in out.iter_mut().zip(self.q()) {
            *to = from;
        }
        out[15] = if self.p() { 0x80 } else { 0 };
        out
    }

    /// The inverse of [`Channels::sixteen`]; R to W are zeros.
    #[must_use]
    pub fn from_sixteen(bytes: &[u8; 16]) -> Self {
        let mut q = [0; CHANNEL_BYTES];
        for (to, from) in q.iter_mut().zip(bytes) {
            *to = *from;
        }
        Self::new(bytes[15] & 0x80 != 0, q)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn p_is_the_highest_bit_of_each_byte_and_q_the_next() {
        let mut q = [0; CHANNEL_BYTES];
        q[0] = 0x80;
        q[11] = 0x01;
        let raw = Channels::new(true, q).interleaved();
        assert_eq!((raw[0], raw[1], raw[95]), (0xc0, 0x80, 0xc0));
    }

    proptest! {
        #[test]
        fn what_is_interleaved_comes_apart_again(raw in any::<[u8; 32]>(), symbols in any::<[u8; 32]>()) {
            let mut bytes = [0; 96];
            for (at, byte) in bytes.iter_mut().enumerate() {
                *byte = raw[at % 32].rotate_left((at / 32) as u32);
            }
            let channels = Channels::from_interleaved(&bytes);
            prop_assert_eq!(channels.interleaved(), bytes);
            let mut six = [0; 96];
            for (at, symbol) in six.iter_mut().enumerate() {
                *symbol = symbols[at % 32] & 0x3f;
            }
            let with = channels.with_symbols(&six);
            prop_assert_eq!(with.symbols(), six);
            prop_assert_eq!((with.0[0], with.q()), (channels.0[0], channels.q()));
        }

        #[test]
        fn sixteen_bytes_keep_p_and_q(q in any::<[u8; 12]>(), p in any::<bool>()) {
            let channels = Channels::new(p, q);
            prop_assert_eq!(Channels::from_sixteen(&channels.sixteen()), channels);
        }
    }
}

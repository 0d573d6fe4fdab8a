//! Reading the fields of a CDB by their byte positions.
//!
//! The drive decodes what comes over the wire by itself: were it to share the
//! host's encoder, a field that the host puts in the wrong place would look right.

/// The bytes of one command, as long as its opcode says.
#[derive(Clone, Copy)]
pub(crate) struct Cdb<'a>(pub(crate) &'a [u8]);

impl Cdb<'_> {
    pub(crate) fn byte(self, at: usize) -> u8 {
        self.0.get(at).copied().unwrap_or(0)
    }

    pub(crate) fn bit(self, at: usize, bit: u8) -> bool {
        self.byte(at) >> bit & 1 == 1
    }

    pub(crate) fn be16(self, at: usize) -> u16 {
        u16::from_be_bytes([self.byte(at), self.byte(at + 1)])
    }

    pub(crate) fn be32(self, at: usize) -> u32 {
        be32(self.0, at)
    }
}

/// Bytes that a CDB has, by the group code in its opcode.
pub(crate) fn length(opcode: u8) -> usize {
    match opcode >> 5 {
        0 => 6,
        1 | 2 => 10,
        4 => 16,
        _ => 12,
    }
}

/// A big-endian field of a parameter list; what is missing counts as zero.
pub(crate) fn be32(bytes: &[u8], at: usize) -> u32 {
    let byte = |i: usize| bytes.get(at + i).copied().unwrap_or(0);
    u32::from_be_bytes([byte(0), byte(1), byte(2), byte(3)])
}

//! CRC-32C, the one sum of traces and of virtual discs.
//!
//! Owns the choice of implementation. In hardware where there is some: a trace
//! sums up every byte of a burn, and the table-driven way takes many times as
//! long.

/// Sum of `bytes`.
pub(crate) fn crc32c(bytes: &[u8]) -> u32 {
    crc32c::crc32c(bytes)
}

/// Sum of the pieces, one after the other.
pub(crate) fn crc32c_of(pieces: &[&[u8]]) -> u32 {
    pieces
        .iter()
        .fold(0, |sum, piece| crc32c::crc32c_append(sum, piece))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_is_the_one_of_iscsi() {
        assert_eq!(crc32c(b"123456789"), 0xE306_9283);
        assert_eq!(crc32c_of(&[b"12345", b"", b"6789"]), 0xE306_9283);
        assert_eq!(crc32c(&[0; 32]), 0x8A91_36AA);
    }
}

//! Numbers in binary coded decimal, as headers and Q have them.

/// A number up to 99.
pub(crate) const fn bcd(number: u8) -> u8 {
    ((number / 10) << 4) | (number % 10)
}

/// The number; `None` where a half byte is no digit.
pub(crate) const fn from_bcd(byte: u8) -> Option<u8> {
    match (byte >> 4, byte & 0x0f) {
        (tens @ 0..=9, ones @ 0..=9) => Some(tens * 10 + ones),
        _ => None,
    }
}

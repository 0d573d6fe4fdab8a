//! The table that boot loaders from ISOLINUX on look for in their own image: where it and the volume are.
//!
//! Makes bytes from numbers; must not read the image.

/// Where the table begins that is put into an image.
pub(crate) const INFO_TABLE_START: usize = 8;
/// Where it ends; the checksum in it covers what follows.
pub(crate) const INFO_TABLE_END: usize = 64;

/// The table: the block of the primary descriptor, that of the image, its bytes, and the sum of its 32-bit words behind
/// the table. The layout is ISOLINUX's, which other loaders follow.
pub(crate) fn info_table(descriptor: u32, image: u32, bytes: u32, sum: u32) -> [u8; 56] {
    let mut table = [0; INFO_TABLE_END - INFO_TABLE_START];
    for (field, value) in table
        .chunks_exact_mut(4)
        .zip([descriptor, image, bytes, sum])
    {
        field.copy_from_slice(&value.to_le_bytes());
    }
    table
}

/// Adds the 32-bit words of `bytes` to a sum; a last one that is not whole is filled up with zeros.
pub(crate) fn add_words(sum: u32, bytes: &[u8]) -> u32 {
    bytes.chunks(4).fold(sum, |sum, chunk| {
        let mut word = [0; 4];
        for (to, from) in word.iter_mut().zip(chunk) {
            *to = *from;
        }
        sum.wrapping_add(u32::from_le_bytes(word))
    })
}

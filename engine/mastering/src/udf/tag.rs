//! The tag that begins every descriptor (ECMA-167 3/7.2, 4/7.2): what it is, where it stands, and that it is whole.

use super::UdfRevision;

/// Bytes of a tag.
pub(crate) const TAG_BYTES: usize = 16;

pub(crate) const PRIMARY_VOLUME: u16 = 1;
pub(crate) const ANCHOR: u16 = 2;
pub(crate) const VOLUME_POINTER: u16 = 3;
pub(crate) const IMPLEMENTATION_USE: u16 = 4;
pub(crate) const PARTITION: u16 = 5;
pub(crate) const LOGICAL_VOLUME: u16 = 6;
pub(crate) const UNALLOCATED_SPACE: u16 = 7;
pub(crate) const TERMINATING: u16 = 8;
pub(crate) const LOGICAL_VOLUME_INTEGRITY: u16 = 9;
pub(crate) const FILE_SET: u16 = 256;
pub(crate) const FILE_IDENTIFIER: u16 = 257;
pub(crate) const ALLOCATION_EXTENT: u16 = 258;
pub(crate) const INDIRECT_ENTRY: u16 = 259;
pub(crate) const FILE_ENTRY: u16 = 261;
pub(crate) const EXTENDED_ATTRIBUTE_HEADER: u16 = 262;
pub(crate) const EXTENDED_FILE_ENTRY: u16 = 266;

static CRC: crc::Crc<u16> = crc::Crc::<u16>::new(&crc::CRC_16_XMODEM);

/// The CRC of what follows a tag.
pub(crate) fn crc(body: &[u8]) -> u16 {
    CRC.checksum(body)
}

/// Which descriptor a block's tag says that it is; `None` where the tag's own sum is wrong.
pub(crate) fn identifier(descriptor: &[u8]) -> Option<u16> {
    let tag: [u8; TAG_BYTES] = descriptor.get(..TAG_BYTES)?.try_into().ok()?;
    let mut sealed = tag;
    seal_tag(&mut sealed);
    (sealed == tag).then_some(u16::from_le_bytes([tag[0], tag[1]]))
}

/// Moves a sealed descriptor to another block: its tag tells that one, and is whole again.
pub(crate) fn retag(descriptor: &mut [u8], location: u32) {
    let Some(tag) = descriptor.get_mut(..TAG_BYTES) else {
        return;
    };
    if let Some(place) = tag.get_mut(12..) {
        place.copy_from_slice(&location.to_le_bytes());
    }
    seal_tag(tag);
}

/// The sum of all bytes of a tag but that which holds it.
fn seal_tag(tag: &mut [u8]) {
    let others = |(at, byte): (usize, &u8)| (at != 4).then_some(*byte);
    let sum = tag.iter().enumerate().filter_map(others);
    let sum = sum.fold(0, u8::wrapping_add);
    if let Some(place) = tag.get_mut(4) {
        *place = sum;
    }
}

/// Fills in the tag of a descriptor, whose first [`TAG_BYTES`] are left free for it. `location` is the block that it
/// stands in: of the disc, or of its partition. The CRC covers all that follows the tag.
pub(crate) fn seal(descriptor: &mut [u8], identifier: u16, revision: UdfRevision, location: u32) {
    let Some((tag, body)) = descriptor.split_at_mut_checked(TAG_BYTES) else {
        return;
    };
    let version: u16 = if revision.third_edition() { 3 } else { 2 };
    let mut bytes = [0; TAG_BYTES];
    bytes[..2].copy_from_slice(&identifier.to_le_bytes());
    bytes[2..4].copy_from_slice(&version.to_le_bytes());
    bytes[8..10].copy_from_slice(&crc(body).to_le_bytes());
    // Descriptors are a block at most.
    let length = u16::try_from(body.len()).unwrap_or(u16::MAX);
    bytes[10..12].copy_from_slice(&length.to_le_bytes());
    bytes[12..].copy_from_slice(&location.to_le_bytes());
    seal_tag(&mut bytes);
    tag.copy_from_slice(&bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_has_the_checksums_that_a_mastering_program_of_others_wrote() {
        // The terminating descriptor that mkudffs 2.3 writes: 496 zeros behind the tag. Its CRC is 0.
        let mut descriptor = [0; 512];
        seal(&mut descriptor, TERMINATING, UdfRevision::V2_01, 0x25);
        assert_eq!(
            descriptor[..16],
            [8, 0, 3, 0, 0x21, 0, 0, 0, 0, 0, 0xf0, 0x01, 0x25, 0, 0, 0]
        );
    }

    #[test]
    fn a_descriptor_that_was_moved_is_as_one_that_was_made_there() {
        let made = |location| {
            let mut descriptor = [7; 512];
            seal(&mut descriptor, ANCHOR, UdfRevision::V2_01, location);
            descriptor
        };
        let mut moved = made(5000);
        retag(&mut moved, 256);
        assert_eq!(moved, made(256));
    }

    #[test]
    fn the_crc_is_that_of_the_example_in_the_standard() {
        // ECMA-167 1/7.2.1 and UDF 6.6 print it: the bytes 70h 6Ah 77h give 3299h.
        let mut descriptor = [0; 19];
        descriptor[16..].copy_from_slice(&[0x70, 0x6a, 0x77]);
        seal(&mut descriptor, FILE_SET, UdfRevision::V1_02, 0);
        assert_eq!(descriptor[8..10], [0x99, 0x32]);
    }
}

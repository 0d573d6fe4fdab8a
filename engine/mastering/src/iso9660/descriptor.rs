//! Volume descriptors: the primary one, Joliet's supplementary one, and the terminator. One block each.
//!
//! Must not know how Joliet encodes its texts: they arrive as bytes.

use std::ops::Range;

use super::stamp::LongStamp;
use super::{HalvesDiffer, both_u16, both_u32, read_both_u16, read_both_u32, read_u32_le};
use crate::block::BLOCK_SIZE;

mod field {
    use super::Range;

    pub(super) const KIND: usize = 0;
    pub(super) const IDENTIFIER: Range<usize> = 1..6;
    pub(super) const VERSION: usize = 6;
    pub(super) const SYSTEM: Range<usize> = 8..40;
    pub(super) const VOLUME: Range<usize> = 40..72;
    pub(super) const SPACE: Range<usize> = 80..88;
    pub(super) const ESCAPES: Range<usize> = 88..120;
    pub(super) const SET_SIZE: Range<usize> = 120..124;
    pub(super) const SEQUENCE: Range<usize> = 124..128;
    pub(super) const BLOCK: Range<usize> = 128..132;
    pub(super) const PATH_TABLE_BYTES: Range<usize> = 132..140;
    pub(super) const PATH_TABLE_L: Range<usize> = 140..144;
    pub(super) const PATH_TABLE_M: Range<usize> = 148..152;
    pub(super) const ROOT: Range<usize> = 156..190;
    pub(super) const VOLUME_SET: Range<usize> = 190..318;
    pub(super) const PUBLISHER: Range<usize> = 318..446;
    pub(super) const PREPARER: Range<usize> = 446..574;
    pub(super) const APPLICATION: Range<usize> = 574..702;
    pub(super) const COPYRIGHT: Range<usize> = 702..739;
    pub(super) const ABSTRACT: Range<usize> = 739..776;
    pub(super) const BIBLIOGRAPHY: Range<usize> = 776..813;
    pub(super) const CREATED: Range<usize> = 813..830;
    pub(super) const MODIFIED: Range<usize> = 830..847;
    pub(super) const EXPIRES: Range<usize> = 847..864;
    pub(super) const EFFECTIVE: Range<usize> = 864..881;
    pub(super) const STRUCTURE_VERSION: usize = 881;
}

/// Which descriptor a block holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DescriptorKind {
    /// Type 0: a boot record.
    Boot,
    /// Type 1: the primary volume descriptor.
    Primary,
    /// Type 2: a supplementary volume descriptor, such as Joliet's.
    Supplementary,
    /// Type 3: a partition.
    Partition,
    /// Type 255: no more descriptors.
    Terminator,
    /// Any other number.
    Unknown(u8),
}

impl From<u8> for DescriptorKind {
    fn from(number: u8) -> Self {
        match number {
            0 => Self::Boot,
            1 => Self::Primary,
            2 => Self::Supplementary,
            3 => Self::Partition,
            255 => Self::Terminator,
            other => Self::Unknown(other),
        }
    }
}

/// The kind of descriptor in a block, or `None` where the block does not say `CD001`.
#[must_use]
pub fn kind(block: &[u8]) -> Option<DescriptorKind> {
    (block.get(field::IDENTIFIER)? == b"CD001")
        .then(|| block.first().copied().map(DescriptorKind::from))?
}

/// Writes another size of the volume into a descriptor that has one; leaves any other block as it is.
pub(crate) fn set_volume_size(block: &mut [u8], blocks: u32) {
    if let Some(DescriptorKind::Primary | DescriptorKind::Supplementary) = kind(block)
        && let Some(size) = block.get_mut(field::SPACE)
    {
        size.copy_from_slice(&both_u32(blocks));
    }
}

/// The terminator's block.
#[must_use]
pub fn terminator() -> [u8; BLOCK_SIZE] {
    let mut block = [0; BLOCK_SIZE];
    block[field::KIND] = 255;
    block[field::IDENTIFIER].copy_from_slice(b"CD001");
    block[field::VERSION] = 1;
    block
}

/// Why a block is no volume descriptor that can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DescriptorError {
    /// The block is shorter than a block.
    #[error("the volume descriptor is cut short")]
    Truncated,
    /// The two byte orders of a number differ.
    #[error("the {field} of a volume descriptor is {} in one byte order and {} in the other", .halves.little, .halves.big)]
    Halves {
        /// Which number.
        field: &'static str,
        /// The two values.
        halves: HalvesDiffer,
    },
    /// The logical block size is not 2048.
    #[error("the logical block size is {0}; only 2048 is supported")]
    BlockSize(u16),
}

/// Most bytes of the name of a file in a volume descriptor.
pub const FILE_NAME_BYTES: usize = 37;

/// Which of the descriptors that describe a volume.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VolumeKind {
    /// The primary one.
    Primary,
    /// A supplementary one of version 1, with the escape sequences that name its character set.
    Supplementary([u8; 32]),
    /// A supplementary one of version 2: the enhanced one of ISO 9660:1999.
    Enhanced,
}

impl VolumeKind {
    /// What pads texts: one space, or in the two-byte sets of a supplementary descriptor the bytes `00 20`.
    fn filler(self) -> &'static [u8] {
        match self {
            Self::Supplementary(_) => &[0, b' '],
            Self::Primary | Self::Enhanced => b" ",
        }
    }
}

/// The value: a primary, supplementary or enhanced volume descriptor. Texts are padded by [`VolumeDescriptor::emit`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VolumeDescriptor {
    /// Which one.
    pub kind: VolumeKind,
    /// System identifier, at most 32 bytes.
    pub system: Vec<u8>,
    /// Volume identifier, at most 32 bytes.
    pub volume: Vec<u8>,
    /// Blocks in the volume.
    pub blocks: u32,
    /// Bytes in each path table.
    pub path_table_bytes: u32,
    /// The path table of type L, absolute on the disc.
    pub path_table_l: u32,
    /// The path table of type M, absolute on the disc.
    pub path_table_m: u32,
    /// The root folder's record: 34 bytes.
    pub root: [u8; 34],
    /// Volume set identifier, at most 128 bytes.
    pub volume_set: Vec<u8>,
    /// Publisher, at most 128 bytes.
    pub publisher: Vec<u8>,
    /// Data preparer, at most 128 bytes.
    pub preparer: Vec<u8>,
    /// Application, at most 128 bytes.
    pub application: Vec<u8>,
    /// Name of a file in the root that holds the copyright, at most 37 bytes.
    pub copyright_file: Vec<u8>,
    /// Name of a file in the root that says what is in the volume, at most 37 bytes.
    pub abstract_file: Vec<u8>,
    /// Name of a file in the root with bibliographic records, at most 37 bytes.
    pub bibliographic_file: Vec<u8>,
    /// When the volume was created.
    pub created: LongStamp,
    /// When the volume was modified.
    pub modified: LongStamp,
    /// When what is in the volume may be taken for out of date.
    pub expires: LongStamp,
    /// From when on what is in the volume may be used.
    pub effective: LongStamp,
}

impl VolumeDescriptor {
    /// The descriptor's block.
    #[must_use]
    pub fn emit(&self) -> [u8; BLOCK_SIZE] {
        let mut block = [0; BLOCK_SIZE];
        let filler = self.kind.filler();
        let mut text = |range: Range<usize>, value: &[u8]| {
            // A range of odd length (the 37-byte file names) ends in a lone zero in UCS-2.
            let whole = range.len() - range.len() % filler.len();
            let padded = value.iter().chain(filler.iter().cycle()).take(whole);
            for (to, from) in block[range].iter_mut().zip(padded) {
                *to = *from;
            }
        };
        text(field::SYSTEM, &self.system);
        text(field::VOLUME, &self.volume);
        text(field::VOLUME_SET, &self.volume_set);
        text(field::PUBLISHER, &self.publisher);
        text(field::PREPARER, &self.preparer);
        text(field::APPLICATION, &self.application);
        text(field::COPYRIGHT, &self.copyright_file);
        text(field::ABSTRACT, &self.abstract_file);
        text(field::BIBLIOGRAPHY, &self.bibliographic_file);
        let (number, version, escapes) = match self.kind {
            VolumeKind::Primary => (1, 1, [0; 32]),
            VolumeKind::Supplementary(escapes) => (2, 1, escapes),
            VolumeKind::Enhanced => (2, 2, [0; 32]),
        };
        block[field::KIND] = number;
        block[field::IDENTIFIER].copy_from_slice(b"CD001");
        block[field::VERSION] = version;
        block[field::SPACE].copy_from_slice(&both_u32(self.blocks));
        block[field::ESCAPES].copy_from_slice(&escapes);
        block[field::SET_SIZE].copy_from_slice(&both_u16(1));
        block[field::SEQUENCE].copy_from_slice(&both_u16(1));
        block[field::BLOCK].copy_from_slice(&both_u16(2048));
        block[field::PATH_TABLE_BYTES].copy_from_slice(&both_u32(self.path_table_bytes));
        block[field::PATH_TABLE_L].copy_from_slice(&self.path_table_l.to_le_bytes());
        block[field::PATH_TABLE_M].copy_from_slice(&self.path_table_m.to_be_bytes());
        block[field::ROOT].copy_from_slice(&self.root);
        block[field::CREATED].copy_from_slice(&self.created.0);
        block[field::MODIFIED].copy_from_slice(&self.modified.0);
        block[field::EXPIRES].copy_from_slice(&self.expires.0);
        block[field::EFFECTIVE].copy_from_slice(&self.effective.0);
        block[field::STRUCTURE_VERSION] = version;
        block
    }

    /// Reads a block of [`DescriptorKind::Primary`] or [`DescriptorKind::Supplementary`].
    ///
    /// # Errors
    /// [`DescriptorError`]: too few bytes, numbers whose halves differ, another block size.
    pub fn parse(block: &[u8]) -> Result<Self, DescriptorError> {
        let block: &[u8; BLOCK_SIZE] = block
            .get(..BLOCK_SIZE)
            .and_then(|b| b.try_into().ok())
            .ok_or(DescriptorError::Truncated)?;
        let mut escapes = [0; 32];
        escapes.copy_from_slice(&block[field::ESCAPES]);
        let kind = match (block[field::KIND], block[field::VERSION]) {
            (2, 2) => VolumeKind::Enhanced,
            (2, _) => VolumeKind::Supplementary(escapes),
            _ => VolumeKind::Primary,
        };
        let both = |field, range: Range<usize>| {
            read_both_u32(&block[range]).map_err(|halves| DescriptorError::Halves { field, halves })
        };
        let block_size =
            read_both_u16(&block[field::BLOCK]).map_err(|halves| DescriptorError::Halves {
                field: "logical block size",
                halves,
            })?;
        if usize::from(block_size) != BLOCK_SIZE {
            return Err(DescriptorError::BlockSize(block_size));
        }
        let text = |range: Range<usize>| {
            let mut value = &block[range];
            let filler = kind.filler();
            while let Some(shorter) = value
                .strip_suffix(filler)
                .or_else(|| value.strip_suffix(&[0]))
            {
                value = shorter;
            }
            // A character of UCS-2 whose second byte is zero keeps it.
            let mut value = value.to_vec();
            if filler.len() == 2 && value.len() % 2 == 1 {
                value.push(0);
            }
            value
        };
        let array = |range: Range<usize>| {
            let mut stamp = [0; 17];
            stamp.copy_from_slice(&block[range]);
            LongStamp(stamp)
        };
        let mut root = [0; 34];
        root.copy_from_slice(&block[field::ROOT]);
        Ok(Self {
            kind,
            system: text(field::SYSTEM),
            volume: text(field::VOLUME),
            blocks: both("volume space size", field::SPACE)?,
            path_table_bytes: both("path table size", field::PATH_TABLE_BYTES)?,
            path_table_l: read_u32_le(&block[field::PATH_TABLE_L]),
            path_table_m: read_u32_le(&block[field::PATH_TABLE_M]).swap_bytes(),
            root,
            volume_set: text(field::VOLUME_SET),
            publisher: text(field::PUBLISHER),
            preparer: text(field::PREPARER),
            application: text(field::APPLICATION),
            copyright_file: text(field::COPYRIGHT),
            abstract_file: text(field::ABSTRACT),
            bibliographic_file: text(field::BIBLIOGRAPHY),
            created: array(field::CREATED),
            modified: array(field::MODIFIED),
            expires: array(field::EXPIRES),
            effective: array(field::EFFECTIVE),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;

    fn primary() -> VolumeDescriptor {
        VolumeDescriptor {
            kind: VolumeKind::Primary,
            system: b"LINUX".to_vec(),
            volume: b"ISOIMAGE".to_vec(),
            blocks: 0x0001_0203,
            path_table_bytes: 10,
            path_table_l: 20,
            path_table_m: 21,
            root: [7; 34],
            volume_set: b"SET".to_vec(),
            publisher: b"WE".to_vec(),
            preparer: b"US".to_vec(),
            application: b"PITLAND".to_vec(),
            copyright_file: b"COPYING.;1".to_vec(),
            abstract_file: b"ABSTRACT.TXT;1".to_vec(),
            bibliographic_file: b"".to_vec(),
            created: LongStamp::new(Timestamp::from_seconds(0)),
            modified: LongStamp::new(Timestamp::from_seconds(1)),
            expires: LongStamp::UNSPECIFIED,
            effective: LongStamp::new(Timestamp::from_seconds(2)),
        }
    }

    #[test]
    fn the_primary_descriptor_has_each_field_at_its_bytes() {
        let block = primary().emit();
        assert_eq!(&block[..8], b"\x01CD001\x01\0");
        assert_eq!(&block[8..16], b"LINUX   ");
        assert_eq!(&block[40..52], b"ISOIMAGE    ");
        assert_eq!(block[72..80], [0; 8]);
        assert_eq!(block[80..88], [3, 2, 1, 0, 0, 1, 2, 3]);
        assert_eq!(block[88..120], [0; 32]);
        assert_eq!(block[120..132], [1, 0, 0, 1, 1, 0, 0, 1, 0, 8, 8, 0]);
        assert_eq!(block[132..140], [10, 0, 0, 0, 0, 0, 0, 10]);
        assert_eq!(
            block[140..156],
            [20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 21, 0, 0, 0, 0]
        );
        assert_eq!(block[156..190], [7; 34]);
        assert_eq!(&block[190..194], b"SET ");
        assert_eq!(&block[318..321], b"WE ");
        assert_eq!(&block[446..449], b"US ");
        assert_eq!(&block[574..582], b"PITLAND ");
        assert_eq!(&block[702..713], b"COPYING.;1 ");
        assert_eq!(&block[739..754], b"ABSTRACT.TXT;1 ");
        assert_eq!(block[776..813], [b' '; 37]);
        assert_eq!(&block[813..830], b"1970010100000000\0");
        assert_eq!(&block[830..847], b"1970010100000100\0");
        assert_eq!(&block[847..864], b"0000000000000000\0");
        assert_eq!(&block[864..881], b"1970010100000200\0");
        assert_eq!(block[881], 1);
        assert_eq!(block[882..], [0; 2048 - 882]);
        assert_eq!(kind(&block), Some(DescriptorKind::Primary));
        assert_eq!(VolumeDescriptor::parse(&block), Ok(primary()));
    }

    #[test]
    fn a_supplementary_descriptor_pads_its_texts_in_two_byte_units() {
        let value = VolumeDescriptor {
            kind: VolumeKind::Supplementary([7; 32]),
            volume: b"\0A\x01\0".to_vec(),
            copyright_file: Vec::new(),
            ..primary()
        };
        let block = value.emit();
        assert_eq!(block[0], 2);
        assert_eq!(block[40..48], [0, b'A', 1, 0, 0, b' ', 0, b' ']);
        assert_eq!(block[702..706], [0, b' ', 0, b' ']);
        assert_eq!(block[738], 0);
        let read = VolumeDescriptor::parse(&block).unwrap();
        assert_eq!(read.volume, b"\0A\x01\0");
    }

    #[test]
    fn an_enhanced_descriptor_is_a_supplementary_one_of_version_2() {
        let value = VolumeDescriptor {
            kind: VolumeKind::Enhanced,
            ..primary()
        };
        let block = value.emit();
        assert_eq!(&block[..7], b"\x02CD001\x02");
        assert_eq!(block[88..120], [0; 32]);
        assert_eq!(block[881], 2);
        assert_eq!(VolumeDescriptor::parse(&block), Ok(value));
    }

    #[test]
    fn the_terminator_says_so_and_nothing_else() {
        let block = terminator();
        assert_eq!(&block[..8], b"\xffCD001\x01\0");
        assert!(block[8..].iter().all(|b| *b == 0));
        assert_eq!(kind(&block), Some(DescriptorKind::Terminator));
        assert_eq!(kind(&[0; 2048]), None);
        assert_eq!(kind(b"\x01CD0"), None);
    }

    #[test]
    fn a_damaged_number_is_named() {
        let mut block = primary().emit();
        block[80] ^= 1;
        let refused = VolumeDescriptor::parse(&block);
        assert!(matches!(
            refused,
            Err(DescriptorError::Halves {
                field: "volume space size",
                ..
            })
        ));
        let mut block = primary().emit();
        block[128..132].copy_from_slice(&both_u16(512));
        assert_eq!(
            VolumeDescriptor::parse(&block),
            Err(DescriptorError::BlockSize(512))
        );
        assert_eq!(
            VolumeDescriptor::parse(&block[..2047]),
            Err(DescriptorError::Truncated)
        );
    }
}

//! READ CAPACITY, READ FORMAT CAPACITIES and READ BUFFER CAPACITY.
//!
//! Owns their layouts. Must not know which capacity a medium should have.

use core::fmt;

use super::{ReplyError, need};
use crate::addr::{Lba, SectorCount};
use crate::param::FormatType;
use crate::wire::Field;

layout! {
    /// Fields of READ CAPACITY, unjudged.
    CapacityView, CapacityPut {
        /// Last block.
        last_lba: Lba = Field::be(0, 4),
        /// Bytes of a block.
        block_length: u32 = Field::be(4, 4),
    }
}

/// Last readable block. 0 with GOOD status means that no session is complete,
/// it is no error (recipe 13).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Capacity {
    /// Last block.
    pub last_lba: Lba,
    /// Bytes of a block.
    pub block_length: u32,
}

impl Capacity {
    /// Length in bytes.
    pub const LEN: usize = 8;

    /// Reads a reply.
    ///
    /// # Errors
    /// Fewer than 8 bytes.
    pub fn parse(data: &[u8]) -> Result<Self, ReplyError> {
        need("capacity", data, Self::LEN)?;
        let view = CapacityView::new(data);
        Ok(Self {
            last_lba: view.last_lba().unwrap_or_default(),
            block_length: view.block_length().unwrap_or_default(),
        })
    }

    /// The 8 bytes.
    pub fn emit(&self) -> Vec<u8> {
        let mut data = vec![0; Self::LEN];
        CapacityPut(&mut data)
            .last_lba(self.last_lba)
            .block_length(self.block_length);
        data
    }
}

coded! {
    /// What the current/maximum capacity descriptor describes.
    CapacityKind: u8 {
        /// Reserved.
        Reserved = 0 => "reserved",
        /// Unformatted: the most that a format can give.
        Unformatted = 1 => "unformatted",
        /// Formatted: what there is.
        Formatted = 2 => "formatted",
        /// No medium, or an intermediate session.
        NoMedium = 3 => "no medium or unknown",
    }
}

layout! {
    /// Fields of one capacity descriptor, unjudged.
    CapacityDescriptorView, DescriptorPut {
        /// Blocks.
        blocks: SectorCount = Field::be(0, 4),
        /// Kind of the first (current/maximum) descriptor.
        capacity_kind: CapacityKind = Field::bits(4, 1, 0),
        /// Kind of format of the later ones.
        kind: FormatType = Field::bits(4, 7, 2),
        /// Subtype of the later ones.
        subtype: u8 = Field::bits(4, 1, 0),
        /// Block length or another parameter.
        parameter: u32 = Field::be(5, 3),
    }
}

/// One format that the medium can take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct CapacityDescriptor {
    /// Blocks.
    pub blocks: SectorCount,
    /// Kind of format.
    pub kind: FormatType,
    /// Subtype, 0 to 3.
    pub subtype: u8,
    /// Block length, spare clusters or what the kind says; 24 bits. Must be
    /// copied into the list of FORMAT UNIT.
    pub parameter: u32,
}

/// Formats that the medium can take.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct FormatCapacities {
    /// What there is, or the most there can be.
    pub current: CurrentCapacity,
    /// Formats on offer.
    pub formats: Vec<CapacityDescriptor>,
}

/// The current or maximum capacity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct CurrentCapacity {
    /// Blocks.
    pub blocks: SectorCount,
    /// Which of both it is.
    pub kind: CapacityKind,
    /// Bytes of a block.
    pub block_length: u32,
}

impl FormatCapacities {
    /// Length of the header.
    pub const HEADER_LEN: usize = 4;

    const NAME: &'static str = "format capacities";

    /// Length of the list that the header announces (byte 3).
    pub const LIST_LENGTH: core::ops::Range<usize> = 3..4;

    /// Reads a reply.
    ///
    /// # Errors
    /// No complete current/maximum descriptor, or a list length that is no
    /// multiple of 8. Descriptors beyond the bytes that came are left out.
    pub fn parse(data: &[u8]) -> Result<Self, ReplyError> {
        need(Self::NAME, data, Self::HEADER_LEN)?;
        let length = data[3];
        if length < 8 || !length.is_multiple_of(8) {
            return Err(ReplyError::invalid(Self::NAME, "list length", length));
        }
        need(Self::NAME, data, Self::HEADER_LEN + 8)?;
        let end = data.len().min(Self::HEADER_LEN + usize::from(length));
        let (descriptors, _) = data[Self::HEADER_LEN..end].as_chunks::<8>();
        let mut views = descriptors.iter().map(CapacityDescriptorView::new);
        let current = views.next().map(|view| CurrentCapacity {
            blocks: view.blocks().unwrap_or_default(),
            kind: view.capacity_kind().unwrap_or_default(),
            block_length: view.parameter().unwrap_or_default(),
        });
        Ok(Self {
            current: current.unwrap_or_default(),
            formats: views
                .map(|view| CapacityDescriptor {
                    blocks: view.blocks().unwrap_or_default(),
                    kind: view.kind().unwrap_or_default(),
                    subtype: view.subtype().unwrap_or_default(),
                    parameter: view.parameter().unwrap_or_default(),
                })
                .collect(),
        })
    }

    /// The bytes; at most 30 formats, which is what the length can say.
    pub fn emit(&self) -> Vec<u8> {
        let mut data = vec![0; Self::HEADER_LEN];
        let mut descriptor = [0; 8];
        DescriptorPut(&mut descriptor)
            .blocks(self.current.blocks)
            .capacity_kind(self.current.kind)
            .parameter(self.current.block_length);
        data.extend(descriptor);
        for format in self.formats.iter().take(30) {
            let mut descriptor = [0; 8];
            DescriptorPut(&mut descriptor)
                .blocks(format.blocks)
                .kind(format.kind)
                .subtype(format.subtype)
                .parameter(format.parameter);
            data.extend(descriptor);
        }
        data[3] = (data.len() - Self::HEADER_LEN) as u8;
        data
    }
}

impl fmt::Display for CapacityDescriptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} (type {:02X}h/{}): {} blocks, parameter {:06X}h",
            self.kind,
            self.kind.code(),
            self.subtype,
            self.blocks,
            self.parameter
        )
    }
}

layout! {
    /// Fields of READ BUFFER CAPACITY, unjudged.
    BufferCapacityView, BufferPut {
        /// Bytes after byte 1.
        length: u16 = Field::be(0, 2),
        /// BLOCK: the free room is in blocks.
        in_blocks: bool = Field::bit(3, 0),
        /// Room in all.
        total: u32 = Field::be(4, 4),
        /// Free room.
        free: u32 = Field::be(8, 4),
    }
}

/// How full the drive's write buffer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BufferCapacity {
    /// In bytes.
    Bytes {
        /// Room in all.
        total: u32,
        /// Free room; some drives say more than `total`.
        free: u32,
    },
    /// In blocks, on request.
    Blocks {
        /// Free room.
        free: u32,
    },
}

impl BufferCapacity {
    /// Length in bytes.
    pub const LEN: usize = 12;

    /// Reads a reply.
    ///
    /// # Errors
    /// Fewer than 12 bytes.
    pub fn parse(data: &[u8]) -> Result<Self, ReplyError> {
        need("buffer capacity", data, Self::LEN)?;
        let view = BufferCapacityView::new(data);
        let free = view.free().unwrap_or_default();
        Ok(if view.in_blocks().unwrap_or_default() {
            Self::Blocks { free }
        } else {
            Self::Bytes {
                total: view.total().unwrap_or_default(),
                free,
            }
        })
    }

    /// The 12 bytes.
    pub fn emit(&self) -> Vec<u8> {
        let mut data = vec![0; Self::LEN];
        let mut put = BufferPut(&mut data);
        put.length((Self::LEN - 2) as u16);
        match self {
            Self::Bytes { total, free } => put.total(*total).free(*free),
            Self::Blocks { free } => put.in_blocks(true).free(*free),
        };
        data
    }

    /// How full the buffer is, 0 to 1; `None` when counted in blocks or when
    /// the drive names no size. Free room beyond the total counts as half
    /// (recipe 2).
    pub fn fill(&self) -> Option<f64> {
        match *self {
            Self::Bytes { total: 0, .. } | Self::Blocks { .. } => None,
            Self::Bytes { total, free } if free > total => Some(0.5),
            Self::Bytes { total, free } => Some(1.0 - f64::from(free) / f64::from(total)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_last_block_and_its_length() {
        let data = [0, 0xB4, 0x73, 0x7F, 0, 0, 8, 0];
        let read = Capacity::parse(&data).unwrap();
        assert_eq!(read.last_lba, Lba(11_826_047));
        assert_eq!(read.block_length, 2048);
        assert_eq!(read.emit(), data);
        assert!(Capacity::parse(&data[..7]).is_err());
    }

    /// A blank BD-R lists the default and two choices of spare area.
    #[rustfmt::skip]
    const BD_R: [u8; 36] = [
        0, 0, 0, 32, 0x00, 0xBA, 0x74, 0x00, 0x01, 0, 8, 0,
        0x00, 0xB4, 0x74, 0x00, 0x00, 0, 0x30, 0, 0x00, 0xB8, 0x74, 0x00, 0xC8, 0, 0x10, 0,
        0x00, 0x58, 0x74, 0x00, 0xC9, 0, 0, 0,
    ];

    #[test]
    fn formats_are_listed_with_type_and_parameter() {
        let read = FormatCapacities::parse(&BD_R).unwrap();
        assert_eq!(read.current.kind, CapacityKind::Unformatted);
        assert_eq!(read.current.blocks, SectorCount(12_219_392));
        assert_eq!(read.current.block_length, 2048);
        assert_eq!(read.formats.len(), 3);
        assert_eq!(
            read.formats[1],
            CapacityDescriptor {
                blocks: SectorCount(12_088_320),
                kind: FormatType::BdRWithSpare,
                subtype: 0,
                parameter: 0x1000,
            }
        );
        assert_eq!(read.formats[2].subtype, 1);
        assert_eq!(read.emit(), BD_R);
        assert_eq!(
            read.formats[0].to_string(),
            "full (type 00h/0): 11826176 blocks, parameter 003000h"
        );
    }

    #[test]
    fn a_list_that_is_cut_off_keeps_its_whole_descriptors() {
        let read = FormatCapacities::parse(&BD_R[..30]).unwrap();
        assert_eq!(read.formats.len(), 2);
    }

    #[test]
    fn each_malformed_length_is_named() {
        let named = |data: &[u8]| FormatCapacities::parse(data).unwrap_err().to_string();
        assert!(named(&BD_R[..3]).contains("at least 4"));
        assert!(named(&BD_R[..11]).contains("at least 12"));
        let mut data = BD_R;
        data[3] = 12;
        assert!(named(&data).contains("list length is 12"));
        data[3] = 0;
        assert!(named(&data).contains("list length is 0"));
    }

    #[test]
    fn the_buffer_is_counted_in_bytes_or_blocks() {
        let bytes = [0, 10, 0, 0, 0, 0x10, 0, 0, 0, 0x04, 0, 0];
        let read = BufferCapacity::parse(&bytes).unwrap();
        assert_eq!(read.fill(), Some(0.75));
        assert_eq!(read.emit(), bytes);
        let blocks = [0, 10, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0];
        let read = BufferCapacity::parse(&blocks).unwrap();
        assert_eq!(read, BufferCapacity::Blocks { free: 256 });
        assert_eq!(read.fill(), None);
        assert_eq!(read.emit(), blocks);
        assert!(BufferCapacity::parse(&bytes[..11]).is_err());
    }

    #[test]
    fn an_absurd_buffer_report_counts_as_half() {
        let fill = |total, free| BufferCapacity::Bytes { total, free }.fill();
        assert_eq!(fill(1000, 2000), Some(0.5));
        assert_eq!(fill(0, 0), None);
        assert_eq!(fill(1000, 1000), Some(0.0));
    }

    proptest! {
        #[test]
        fn any_list_returns(
            current in any::<(u32, u8, u32)>(),
            formats in prop::collection::vec(any::<(u32, u8, u8, u32)>(), 0..31),
        ) {
            let list = FormatCapacities {
                current: CurrentCapacity {
                    blocks: SectorCount(current.0),
                    kind: CapacityKind::from_code(current.1 & 3),
                    block_length: current.2 >> 8,
                },
                formats: formats
                    .iter()
                    .map(|f| CapacityDescriptor {
                        blocks: SectorCount(f.0),
                        kind: FormatType::from_code(f.1 & 0x3F),
                        subtype: f.2 & 3,
                        parameter: f.3 >> 8,
                    })
                    .collect(),
            };
            prop_assert_eq!(FormatCapacities::parse(&list.emit()), Ok(list));
        }
    }
}

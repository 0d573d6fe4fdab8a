//! READ DISC STRUCTURE and SEND DISC STRUCTURE (recipe 2.4).
//!
//! Owns the header and the formats that writers use. Must not know which
//! drive answers which format.

use core::fmt;

use super::{ReplyError, need};
use crate::addr::SectorCount;
use crate::wire::Field;

/// Formats of DVD structures.
pub mod dvd_format {
    /// Physical format information.
    pub const PHYSICAL: u8 = 0x00;
    /// DVD-RAM spare area.
    pub const SPARE_AREA: u8 = 0x0A;
    /// ADIP information of DVD+ media.
    pub const ADIP: u8 = 0x11;
    /// Layer boundary of DVD+R DL and DVD-R DL.
    pub const LAYER_BOUNDARY: u8 = 0x20;
    /// Start of the shifted middle area.
    pub const SHIFTED_MIDDLE_AREA: u8 = 0x21;
    /// Disc control block of DVD+RW, the one whose content descriptor is the question's address.
    pub const DISC_CONTROL_BLOCK: u8 = 0x30;
    /// Write protection state.
    pub const WRITE_PROTECTION: u8 = 0xC0;
    /// List of readable formats.
    pub const LIST: u8 = 0xFF;
}

/// Bits of the first byte of [`dvd_format::WRITE_PROTECTION`]: what protects the medium.
pub mod write_protection {
    /// The drive, until its power goes.
    pub const UNTIL_POWER_DOWN: u8 = 1;
    /// A command, for good.
    pub const PERSISTENT: u8 = 1 << 1;
    /// The tab of the cartridge.
    pub const CARTRIDGE: u8 = 1 << 2;
    /// A cause of the medium's own.
    pub const MEDIUM_SPECIFIC: u8 = 1 << 3;
    /// Any of them.
    pub const ANY: u8 = UNTIL_POWER_DOWN | PERSISTENT | CARTRIDGE | MEDIUM_SPECIFIC;
}

/// Formats of BD structures.
pub mod bd_format {
    /// Disc information.
    pub const DISC_INFORMATION: u8 = 0x00;
    /// Spare area.
    pub const SPARE_AREA: u8 = 0x0A;
    /// Physical access control.
    pub const PAC: u8 = 0x30;
}

layout! {
    /// Fields of the 4-byte header, unjudged.
    DiscStructureView, HeaderPut {
        /// Bytes after byte 1.
        length: u16 = Field::be(0, 2),
    }
}

/// A structure: what follows the 4-byte header.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct DiscStructure {
    /// Payload, as it came.
    pub data: Vec<u8>,
}

impl DiscStructure {
    /// Length of the header.
    pub const HEADER_LEN: usize = 4;

    /// Reads a reply or a list of SEND DISC STRUCTURE. A length field of 0
    /// counts as "all that came".
    ///
    /// # Errors
    /// No header, or a length that ends within it.
    pub fn parse(data: &[u8]) -> Result<Self, ReplyError> {
        const NAME: &str = "disc structure";
        need(NAME, data, Self::HEADER_LEN)?;
        let length = DiscStructureView::new(data).length().unwrap_or_default();
        let end = match length {
            0 => data.len(),
            length => data.len().min(2 + usize::from(length)),
        };
        let payload = data
            .get(Self::HEADER_LEN..end)
            .ok_or_else(|| ReplyError::invalid(NAME, "data length", length))?;
        Ok(Self {
            data: payload.to_vec(),
        })
    }

    /// The bytes, header included.
    pub fn emit(&self) -> Vec<u8> {
        let mut data = vec![0; Self::HEADER_LEN];
        data.extend(&self.data);
        let length = u16::try_from(data.len() - 2).unwrap_or(u16::MAX);
        HeaderPut(&mut data).length(length);
        data
    }
}

coded! {
    /// Kind of DVD by its book.
    BookType: u8 {
        /// DVD-ROM.
        DvdRom = 0x0 => "DVD-ROM",
        /// DVD-RAM.
        DvdRam = 0x1 => "DVD-RAM",
        /// DVD-R.
        DvdMinusR = 0x2 => "DVD-R",
        /// DVD-RW.
        DvdMinusRw = 0x3 => "DVD-RW",
        /// DVD+RW.
        DvdPlusRw = 0x9 => "DVD+RW",
        /// DVD+R.
        DvdPlusR = 0xA => "DVD+R",
        /// DVD+RW DL.
        DvdPlusRwDl = 0xD => "DVD+RW DL",
        /// DVD+R DL.
        DvdPlusRDl = 0xE => "DVD+R DL",
    }
}

layout! {
    /// Fields of DVD format 00h after the header, unjudged.
    DvdPhysicalView, DvdPhysicalPut {
        /// Book type.
        book: BookType = Field::bits(0, 7, 4),
        /// Part version.
        part_version: u8 = Field::bits(0, 3, 0),
        /// Disc size: 0 for 120 mm, 1 for 80 mm.
        disc_size: u8 = Field::bits(1, 7, 4),
        /// Maximum rate.
        max_rate: u8 = Field::bits(1, 3, 0),
        /// Layers, less one.
        layers: u8 = Field::bits(2, 6, 5),
        /// Track path: opposite instead of parallel.
        opposite_track_path: bool = Field::bit(2, 4),
        /// Layer type.
        layer_type: u8 = Field::bits(2, 3, 0),
        /// Densities.
        density: u8 = Field::be(3, 1),
        /// First physical sector of the data area.
        data_start: u32 = Field::be(5, 3),
        /// Last physical sector of the data area.
        data_end: u32 = Field::be(9, 3),
        /// Last physical sector of layer 0.
        layer0_end: u32 = Field::be(13, 3),
        /// BCA.
        bca: bool = Field::bit(16, 7),
    }
}

/// DVD format 00h: physical format information.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct DvdPhysical {
    /// Book type; drives can be told to lie here.
    pub book: BookType,
    /// Part version.
    pub part_version: u8,
    /// Disc size: 0 for 120 mm, 1 for 80 mm.
    pub disc_size: u8,
    /// Maximum rate.
    pub max_rate: u8,
    /// Layers, less one.
    pub layers: u8,
    /// Opposite instead of parallel track path.
    pub opposite_track_path: bool,
    /// Layer type.
    pub layer_type: u8,
    /// Densities.
    pub density: u8,
    /// First physical sector of the data area, 24 bits.
    pub data_start: u32,
    /// Last physical sector of the data area, 24 bits.
    pub data_end: u32,
    /// Last physical sector of layer 0, 24 bits.
    pub layer0_end: u32,
    /// BCA.
    pub bca: bool,
    /// What follows byte 16: on DVD+ media maker (bytes 19 to 26, counted
    /// after the header), media id (27 to 29) and revision (30).
    pub media_specific: Vec<u8>,
}

impl DvdPhysical {
    /// Length before the media specific part.
    pub const LEN: usize = 17;

    /// Reads the payload of a [`DiscStructure`].
    ///
    /// # Errors
    /// Fewer than 17 bytes.
    pub fn parse(data: &[u8]) -> Result<Self, ReplyError> {
        need("DVD physical format", data, Self::LEN)?;
        let view = DvdPhysicalView::new(data);
        Ok(Self {
            book: view.book().unwrap_or_default(),
            part_version: view.part_version().unwrap_or_default(),
            disc_size: view.disc_size().unwrap_or_default(),
            max_rate: view.max_rate().unwrap_or_default(),
            layers: view.layers().unwrap_or_default(),
            opposite_track_path: view.opposite_track_path().unwrap_or_default(),
            layer_type: view.layer_type().unwrap_or_default(),
            density: view.density().unwrap_or_default(),
            data_start: view.data_start().unwrap_or_default(),
            data_end: view.data_end().unwrap_or_default(),
            layer0_end: view.layer0_end().unwrap_or_default(),
            bca: view.bca().unwrap_or_default(),
            media_specific: data[Self::LEN..].to_vec(),
        })
    }

    /// The bytes, without the header.
    pub fn emit(&self) -> Vec<u8> {
        let mut data = vec![0; Self::LEN];
        data.extend(&self.media_specific);
        DvdPhysicalPut(&mut data)
            .book(self.book)
            .part_version(self.part_version)
            .disc_size(self.disc_size)
            .max_rate(self.max_rate)
            .layers(self.layers)
            .opposite_track_path(self.opposite_track_path)
            .layer_type(self.layer_type)
            .density(self.density)
            .data_start(self.data_start)
            .data_end(self.data_end)
            .layer0_end(self.layer0_end)
            .bca(self.bca);
        data
    }

    /// Maker of DVD+ media, 8 characters.
    pub fn plus_maker(&self) -> Option<[u8; 8]> {
        self.media_specific.get(2..10)?.try_into().ok()
    }

    /// Media id of DVD+ media, 3 characters.
    pub fn plus_media_id(&self) -> Option<[u8; 3]> {
        self.media_specific.get(10..13)?.try_into().ok()
    }

    /// Revision of DVD+ media.
    pub fn plus_revision(&self) -> Option<u8> {
        self.media_specific.get(13).copied()
    }
}

layout! {
    /// Fields of format 20h after the header, unjudged.
    LayerBoundaryView, BoundaryPut {
        /// The boundary is set and cannot be changed.
        fixed: bool = Field::bit(0, 7),
        /// Capacity of layer 0 in blocks.
        layer0: SectorCount = Field::be(4, 4),
    }
}

/// DVD format 20h: where layer 0 ends. Read it, and send it before the first
/// write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct LayerBoundary {
    /// It is set and cannot be changed; 0 when sent.
    pub fixed: bool,
    /// Capacity of layer 0 in blocks, a multiple of 16.
    pub layer0: SectorCount,
}

impl LayerBoundary {
    /// Length without the header; with it, 12.
    pub const LEN: usize = 8;

    /// Reads the payload of a [`DiscStructure`].
    ///
    /// # Errors
    /// Fewer than 8 bytes.
    pub fn parse(data: &[u8]) -> Result<Self, ReplyError> {
        need("layer boundary", data, Self::LEN)?;
        let view = LayerBoundaryView::new(data);
        Ok(Self {
            fixed: view.fixed().unwrap_or_default(),
            layer0: view.layer0().unwrap_or_default(),
        })
    }

    /// The bytes, without the header.
    pub fn emit(&self) -> Vec<u8> {
        let mut data = vec![0; Self::LEN];
        BoundaryPut(&mut data).fixed(self.fixed).layer0(self.layer0);
        data
    }

    /// The 12 bytes of SEND DISC STRUCTURE, header included.
    pub fn send(&self) -> Vec<u8> {
        DiscStructure { data: self.emit() }.emit()
    }
}

impl fmt::Display for LayerBoundary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "layer 0 of {} blocks", self.layer0)?;
        if self.fixed {
            f.write_str(", fixed")?;
        }
        Ok(())
    }
}

layout! {
    /// Fields of BD format 00h (the first unit) after the header, unjudged.
    BdDiscInformationView, BdPut {
        /// "DI".
        identifier: u16 = Field::be(0, 2),
        /// Format of the unit.
        format: u8 = Field::be(2, 1),
        /// Units in a frame.
        units: u8 = Field::be(3, 1),
        /// Bytes used in the unit.
        used: u8 = Field::be(6, 1),
        /// Media revision.
        revision: u8 = Field::be(111, 1),
    }
}

/// BD format 00h: the first unit of disc information, whole.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BdDiscInformation {
    /// `BDO`, `BDR` or `BDW` for ROM, R or RE.
    pub type_id: [u8; 3],
    /// Maker, 6 characters.
    pub maker: [u8; 6],
    /// Media id, 3 characters.
    pub media_id: [u8; 3],
    /// Media revision.
    pub revision: u8,
    /// All bytes that came, these fields among them.
    pub raw: Vec<u8>,
}

impl BdDiscInformation {
    /// Length of one unit.
    pub const LEN: usize = 112;

    /// A unit of zeros with these names, for a drive to answer.
    pub fn new(type_id: [u8; 3], maker: [u8; 6], media_id: [u8; 3], revision: u8) -> Self {
        let mut raw = vec![0; Self::LEN];
        BdPut(&mut raw).identifier(DI).format(1).units(1).used(98);
        Self {
            type_id,
            maker,
            media_id,
            revision,
            raw,
        }
    }

    /// Reads the payload of a [`DiscStructure`].
    ///
    /// # Errors
    /// Fewer than 112 bytes, or they do not begin with "DI".
    pub fn parse(data: &[u8]) -> Result<Self, ReplyError> {
        const NAME: &str = "BD disc information";
        need(NAME, data, Self::LEN)?;
        let view = BdDiscInformationView::new(data);
        let identifier = view.identifier().unwrap_or_default();
        if identifier != DI {
            return Err(ReplyError::invalid(NAME, "identifier", identifier));
        }
        Ok(Self {
            type_id: core::array::from_fn(|i| data[8 + i]),
            maker: core::array::from_fn(|i| data[100 + i]),
            media_id: core::array::from_fn(|i| data[106 + i]),
            revision: view.revision().unwrap_or_default(),
            raw: data.to_vec(),
        })
    }

    /// The bytes, without the header.
    pub fn emit(&self) -> Vec<u8> {
        let mut data = self.raw.clone();
        if data.len() < Self::LEN {
            data.resize(Self::LEN, 0);
        }
        data[8..11].copy_from_slice(&self.type_id);
        data[100..106].copy_from_slice(&self.maker);
        data[106..109].copy_from_slice(&self.media_id);
        BdPut(&mut data).identifier(DI).revision(self.revision);
        data
    }
}

/// "DI".
const DI: u16 = u16::from_be_bytes(*b"DI");

layout! {
    /// Fields of BD format 0Ah after the header, unjudged.
    BdSpareAreaView, BdSparePut {
        /// Free spares.
        free: u32 = Field::be(4, 4),
        /// Spares in all.
        allocated: u32 = Field::be(8, 4),
    }
}

/// BD format 0Ah: spares. Drives disagree on the unit: use the ratio only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct BdSpareArea {
    /// Free spares.
    pub free: u32,
    /// Spares in all.
    pub allocated: u32,
}

impl BdSpareArea {
    /// Length without the header.
    pub const LEN: usize = 12;

    /// Reads the payload of a [`DiscStructure`].
    ///
    /// # Errors
    /// Fewer than 12 bytes.
    pub fn parse(data: &[u8]) -> Result<Self, ReplyError> {
        need("BD spare area", data, Self::LEN)?;
        let view = BdSpareAreaView::new(data);
        Ok(Self {
            free: view.free().unwrap_or_default(),
            allocated: view.allocated().unwrap_or_default(),
        })
    }

    /// The bytes, without the header.
    pub fn emit(&self) -> Vec<u8> {
        let mut data = vec![0; Self::LEN];
        BdSparePut(&mut data)
            .free(self.free)
            .allocated(self.allocated);
        data
    }
}

layout! {
    /// Fields of DVD format 0Ah after the header, unjudged.
    DvdRamSpareAreaView, DvdRamSparePut {
        /// Free primary spares.
        primary_free: u32 = Field::be(0, 4),
        /// Free supplementary spares.
        supplementary_free: u32 = Field::be(4, 4),
        /// Supplementary spares in all.
        supplementary_allocated: u32 = Field::be(8, 4),
    }
}

/// DVD format 0Ah: spares of a DVD-RAM, in blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct DvdRamSpareArea {
    /// Free primary spares, of 12800 (5120 on version 1).
    pub primary_free: u32,
    /// Free supplementary spares.
    pub supplementary_free: u32,
    /// Supplementary spares in all.
    pub supplementary_allocated: u32,
}

impl DvdRamSpareArea {
    /// Length without the header.
    pub const LEN: usize = 12;

    /// Reads the payload of a [`DiscStructure`].
    ///
    /// # Errors
    /// Fewer than 12 bytes.
    pub fn parse(data: &[u8]) -> Result<Self, ReplyError> {
        need("DVD-RAM spare area", data, Self::LEN)?;
        let view = DvdRamSpareAreaView::new(data);
        Ok(Self {
            primary_free: view.primary_free().unwrap_or_default(),
            supplementary_free: view.supplementary_free().unwrap_or_default(),
            supplementary_allocated: view.supplementary_allocated().unwrap_or_default(),
        })
    }

    /// The bytes, without the header.
    pub fn emit(&self) -> Vec<u8> {
        let mut data = vec![0; Self::LEN];
        DvdRamSparePut(&mut data)
            .primary_free(self.primary_free)
            .supplementary_free(self.supplementary_free)
            .supplementary_allocated(self.supplementary_allocated);
        data
    }
}

layout! {
    /// Fields of DVD format 30h after the header where it is a write inhibit block, unjudged.
    WriteInhibitView, WriteInhibitPut {
        /// What the block is.
        descriptor: u32 = Field::be(0, 4),
        /// Who may change it.
        needs_password: bool = Field::bit(47, 7),
        /// What is inhibited.
        status: u8 = Field::bits(47, 1, 0),
    }
}

/// DVD format 30h: the block by which a DVD+RW is write protected, as `DVD_DISC_CONTROL_BLOCK_WRITE_INHIBIT` of Windows'
/// `ntddmmc.h` lays it out. Its first 48 bytes; a password and reserved bytes follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct WriteInhibitBlock {
    /// How the disc is protected: two bits, 0 when it is not.
    pub status: u8,
    /// The block is changed only by one who knows the password.
    pub needs_password: bool,
}

impl WriteInhibitBlock {
    /// The content descriptor, which is the address of the question too.
    pub const DESCRIPTOR: u32 = 0x5744_4300;
    /// Length without the header of what is read here.
    pub const LEN: usize = 48;

    /// Reads the payload of a [`DiscStructure`].
    ///
    /// # Errors
    /// Fewer than 48 bytes, or a block of another kind.
    pub fn parse(data: &[u8]) -> Result<Self, ReplyError> {
        const NAME: &str = "write inhibit block";
        need(NAME, data, Self::LEN)?;
        let view = WriteInhibitView::new(data);
        let descriptor = view.descriptor().unwrap_or_default();
        if descriptor != Self::DESCRIPTOR {
            return Err(ReplyError::invalid(NAME, "content descriptor", descriptor));
        }
        Ok(Self {
            status: view.status().unwrap_or_default(),
            needs_password: view.needs_password().unwrap_or_default(),
        })
    }

    /// The bytes, without the header.
    pub fn emit(&self) -> Vec<u8> {
        let mut data = vec![0; Self::LEN];
        WriteInhibitPut(&mut data)
            .descriptor(Self::DESCRIPTOR)
            .status(self.status)
            .needs_password(self.needs_password);
        data
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_structure_ends_where_its_header_says() {
        let data = [0, 4, 0, 0, 1, 2, 3, 4];
        let read = DiscStructure::parse(&data).unwrap();
        assert_eq!(read.data, [1, 2]);
        assert_eq!(read.emit(), data[..6]);
        assert_eq!(DiscStructure::parse(&data[..5]).unwrap().data, [1]);
        assert!(DiscStructure::parse(&data[..3]).is_err());
        let error = DiscStructure::parse(&[0, 1, 0, 0]).unwrap_err().to_string();
        assert_eq!(error, "disc structure: data length is 1 (0x1)");
    }

    #[test]
    fn the_physical_format_of_a_dvd_plus_r_names_its_maker() {
        #[rustfmt::skip]
        let mut data = vec![
            0xE1, 0x0F, 0b0011_0010, 0x20, 0, 0x03, 0, 0, 0, 0xFC, 0xFF, 0xFF, 0, 0x22, 0xD7, 0xFF,
            0x80, 0, 0,
        ];
        data.extend(b"MKM     003\x34");
        let read = DvdPhysical::parse(&data).unwrap();
        assert_eq!(read.book, BookType::DvdPlusRDl);
        assert_eq!(
            (read.part_version, read.disc_size, read.max_rate),
            (1, 0, 15)
        );
        assert_eq!((read.layers, read.layer_type, read.density), (1, 2, 0x20));
        assert!(read.opposite_track_path && read.bca);
        assert_eq!(read.data_start, 0x03_0000);
        assert_eq!(read.data_end, 0xFC_FFFF);
        assert_eq!(read.layer0_end, 0x22_D7FF);
        assert_eq!(read.plus_maker(), Some(*b"MKM     "));
        assert_eq!(read.plus_media_id(), Some(*b"003"));
        assert_eq!(read.plus_revision(), Some(0x34));
        assert_eq!(read.emit(), data);
        assert!(DvdPhysical::parse(&data[..16]).is_err());
        assert_eq!(DvdPhysical::parse(&data[..17]).unwrap().plus_maker(), None);
    }

    #[test]
    fn the_layer_boundary_is_sent_in_twelve_bytes() {
        let boundary = LayerBoundary {
            fixed: false,
            layer0: SectorCount(2_086_912),
        };
        let list = [0, 10, 0, 0, 0, 0, 0, 0, 0x00, 0x1F, 0xD8, 0x00];
        assert_eq!(boundary.send(), list);
        let structure = DiscStructure::parse(&list).unwrap();
        assert_eq!(LayerBoundary::parse(&structure.data), Ok(boundary));
        // A length of 0 is no length.
        let structure = DiscStructure::parse(&[&[0; 4][..], &list[4..]].concat()).unwrap();
        assert_eq!(LayerBoundary::parse(&structure.data), Ok(boundary));
        assert!(LayerBoundary::parse(&list[4..11]).is_err());
        let fixed = LayerBoundary::parse(&[0x80, 0, 0, 0, 0, 0, 0, 16]).unwrap();
        assert_eq!(fixed.to_string(), "layer 0 of 16 blocks, fixed");
    }

    #[test]
    fn bd_disc_information_names_type_maker_and_media() {
        let new = BdDiscInformation::new(*b"BDR", *b"CMCMAG", *b"BA5", 2);
        let data = new.emit();
        assert_eq!(&data[..4], b"DI\x01\x01");
        assert_eq!(
            (&data[8..11], &data[100..109]),
            (&b"BDR"[..], &b"CMCMAGBA5"[..])
        );
        assert_eq!(data[111], 2);
        let read = BdDiscInformation::parse(&data).unwrap();
        assert_eq!((read.type_id, read.maker), (*b"BDR", *b"CMCMAG"));
        assert_eq!((read.media_id, read.revision), (*b"BA5", 2));
        assert_eq!(read.emit(), data);
        let view = BdDiscInformationView::new(&data);
        assert_eq!(
            (view.format(), view.units(), view.used()),
            (Some(1), Some(1), Some(98))
        );
        assert!(BdDiscInformation::parse(&data[..111]).is_err());
        let error = BdDiscInformation::parse(&[0; 112]).unwrap_err().to_string();
        assert!(error.contains("identifier is 0"));
    }

    #[test]
    fn spare_areas_are_counts() {
        let bd = [0, 0, 0, 0, 0, 0, 0x10, 0, 0, 1, 0, 0];
        let read = BdSpareArea::parse(&bd).unwrap();
        assert_eq!((read.free, read.allocated), (4096, 65536));
        assert_eq!(read.emit(), bd);
        let ram = [0, 0, 0x32, 0, 0, 0, 0, 7, 0, 0, 0, 9];
        let read = DvdRamSpareArea::parse(&ram).unwrap();
        assert_eq!(read.primary_free, 12_800);
        assert_eq!(
            (read.supplementary_free, read.supplementary_allocated),
            (7, 9)
        );
        assert_eq!(read.emit(), ram);
        assert!(BdSpareArea::parse(&bd[..11]).is_err());
        assert!(DvdRamSpareArea::parse(&ram[..11]).is_err());
    }

    #[test]
    fn a_write_inhibit_block_is_told_from_other_blocks() {
        let block = WriteInhibitBlock {
            status: 2,
            needs_password: true,
        };
        let mut data = block.emit();
        assert_eq!((&data[..4], data[47]), (&b"WDC\0"[..], 0x82));
        assert_eq!(WriteInhibitBlock::parse(&data), Ok(block));
        data[0] = b'S';
        assert!(WriteInhibitBlock::parse(&data).is_err());
        assert!(WriteInhibitBlock::parse(&data[..47]).is_err());
    }

    proptest! {
        #[test]
        fn what_is_read_is_written_and_read_the_same(data in prop::collection::vec(any::<u8>(), 17..140)) {
            let physical = DvdPhysical::parse(&data).unwrap();
            prop_assert_eq!(DvdPhysical::parse(&physical.emit()), Ok(physical));
            let structure = DiscStructure { data: data.clone() };
            prop_assert_eq!(DiscStructure::parse(&structure.emit()), Ok(structure));
            if let Ok(info) = BdDiscInformation::parse(&data) {
                prop_assert_eq!(info.emit(), data);
            }
        }
    }
}

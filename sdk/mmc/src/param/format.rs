//! The list of FORMAT UNIT (recipe 6).
//!
//! Owns the 12 bytes and the names of the format types. Must not know which
//! medium lists which type.

use core::fmt;

use crate::addr::SectorCount;
use crate::reply::{ReplyError, need};
use crate::wire::Field;

coded! {
    /// Kind of format, the six bits that READ FORMAT CAPACITIES and FORMAT
    /// UNIT share (recipes 6 and 7).
    FormatType: u8 {
        /// Full format; parameter is the block length or, on BD, the spare.
        Full = 0x00 => "full",
        /// Expand the spare area (DVD-RAM).
        SpareExpansion = 0x01 => "spare area expansion",
        /// Zone reformat.
        ZoneReformat = 0x04 => "zone reformat",
        /// Zone format.
        ZoneFormat = 0x05 => "zone format",
        /// Full format of CD-RW or DVD-RW.
        CdRwDvdRwFull = 0x10 => "CD-RW/DVD-RW full",
        /// Grow the last session.
        GrowSession = 0x11 => "grow session",
        /// Add a session.
        AddSession = 0x12 => "add session",
        /// Quick grow of the last border (DVD-RW).
        QuickGrow = 0x13 => "quick grow",
        /// Quick add of a border (DVD-RW).
        QuickAddBorder = 0x14 => "quick add border",
        /// Quick format (DVD-RW); blocks 0 is instant.
        Quick = 0x15 => "quick",
        /// HD DVD-R test zone.
        TestZoneExpansion = 0x16 => "test zone expansion",
        /// Mount Rainier.
        Mrw = 0x24 => "MRW",
        /// Basic format of DVD+RW, in the background.
        DvdPlusRwBasic = 0x26 => "DVD+RW basic",
        /// BD-RE with a chosen spare area.
        BdReWithSpare = 0x30 => "BD-RE with spare areas",
        /// BD-RE without spare area.
        BdReWithoutSpare = 0x31 => "BD-RE without spare areas",
        /// BD-R with a chosen spare area.
        BdRWithSpare = 0x32 => "BD-R with spare areas",
    }
}

layout! {
    /// Fields of a FORMAT UNIT list, unjudged.
    FormatParameterListView, FormatPut {
        /// Bit 7: the option bits below are valid.
        fov: bool = Field::bit(1, 7),
        /// Bit 6: no primary defects.
        dpry: bool = Field::bit(1, 6),
        /// Bit 5: no certification.
        dcrt: bool = Field::bit(1, 5),
        /// Bit 4: stop at a defect list error.
        stpf: bool = Field::bit(1, 4),
        /// Bit 2: try out only.
        try_out: bool = Field::bit(1, 2),
        /// Bit 1: answer before the end.
        immed: bool = Field::bit(1, 1),
        /// Bit 0: vendor's.
        vendor: bool = Field::bit(1, 0),
        /// Length of the descriptor; 8.
        descriptor_length: u16 = Field::be(2, 2),
        /// Blocks.
        blocks: SectorCount = Field::be(4, 4),
        /// Kind.
        kind: FormatType = Field::bits(8, 7, 2),
        /// Subtype.
        subtype: u8 = Field::bits(8, 1, 0),
        /// Parameter that depends on the kind.
        parameter: u32 = Field::be(9, 3),
    }
}

/// The 12-byte list of FORMAT UNIT: a 4-byte header and one descriptor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct FormatParameterList {
    /// FOV: the option bits are valid.
    pub fov: bool,
    /// DCRT: no certification.
    pub dcrt: bool,
    /// IMMED: answer before the end.
    pub immed: bool,
    /// Blocks to format; FFFFFFFFh lets a DVD+RW choose.
    pub blocks: SectorCount,
    /// Kind of format.
    pub kind: FormatType,
    /// Subtype, 0 to 3; on BD the certification or the recording mode.
    pub subtype: u8,
    /// Parameter that depends on the kind, 24 bits: block length, spare
    /// clusters, or restart.
    pub parameter: u32,
}

impl FormatParameterList {
    /// Length in bytes.
    pub const LEN: usize = 12;

    /// Reads a list.
    ///
    /// # Errors
    /// The list does not have 12 bytes, its descriptor not 8, or an option is
    /// set that no recipe knows.
    pub fn parse(list: &[u8]) -> Result<Self, ReplyError> {
        const NAME: &str = "FORMAT UNIT parameter list";
        need(NAME, list, Self::LEN)?;
        let view = FormatParameterListView::new(list);
        let length = view.descriptor_length().unwrap_or_default();
        if length != 8 {
            return Err(ReplyError::invalid(NAME, "descriptor length", length));
        }
        if list.len() != Self::LEN {
            return Err(ReplyError::invalid(NAME, "list length", list.len() as u32));
        }
        let odd = list[1] & 0b0101_1101;
        if odd != 0 {
            return Err(ReplyError::invalid(NAME, "option bits", odd));
        }
        Ok(Self {
            fov: view.fov().unwrap_or_default(),
            dcrt: view.dcrt().unwrap_or_default(),
            immed: view.immed().unwrap_or_default(),
            blocks: view.blocks().unwrap_or_default(),
            kind: view.kind().unwrap_or_default(),
            subtype: view.subtype().unwrap_or_default(),
            parameter: view.parameter().unwrap_or_default(),
        })
    }

    /// The bytes of the list.
    pub fn emit(&self) -> Vec<u8> {
        let mut list = vec![0; Self::LEN];
        FormatPut(&mut list)
            .fov(self.fov)
            .dcrt(self.dcrt)
            .immed(self.immed)
            .descriptor_length(8)
            .blocks(self.blocks)
            .kind(self.kind)
            .subtype(self.subtype)
            .parameter(self.parameter);
        list
    }
}

impl fmt::Display for FormatParameterList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "format {} (type {:02X}h/{}), {} blocks, parameter {:06X}h",
            self.kind,
            self.kind.code(),
            self.subtype,
            self.blocks,
            self.parameter
        )?;
        for (set, word) in [
            (self.fov, "FOV"),
            (self.dcrt, "DCRT"),
            (self.immed, "IMMED"),
        ] {
            if set {
                write!(f, ", {word}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A DVD+RW is formatted in the background (recipe 6).
    const BACKGROUND: [u8; 12] = [0, 2, 0, 8, 0xFF, 0xFF, 0xFF, 0xFF, 0x98, 0, 0, 0];

    #[test]
    fn the_format_of_a_dvd_plus_rw_is_read_and_written() {
        let list = FormatParameterList::parse(&BACKGROUND).unwrap();
        assert_eq!(list.kind, FormatType::DvdPlusRwBasic);
        assert!(list.immed && !list.fov);
        assert_eq!(list.blocks, SectorCount(u32::MAX));
        assert_eq!(list.emit(), BACKGROUND);
        assert_eq!(
            list.to_string(),
            "format DVD+RW basic (type 26h/0), 4294967295 blocks, parameter 000000h, IMMED"
        );
    }

    #[test]
    fn the_format_of_a_bd_r_has_subtype_and_spares() {
        let bytes = [0, 0x82, 0, 8, 0, 0xB4, 0x73, 0x80, 0xC9, 0, 0, 0];
        let list = FormatParameterList::parse(&bytes).unwrap();
        assert_eq!(list.kind, FormatType::BdRWithSpare);
        assert_eq!(list.subtype, 1);
        assert!(list.fov);
        assert_eq!(list.emit(), bytes);
    }

    #[test]
    fn each_malformed_field_is_named() {
        let named = |bytes: &[u8]| FormatParameterList::parse(bytes).unwrap_err().to_string();
        assert!(named(&BACKGROUND[..11]).contains("at least 12"));
        let mut wrong = BACKGROUND;
        wrong[3] = 16;
        assert!(named(&wrong).contains("descriptor length is 16"));
        let mut wrong = BACKGROUND;
        wrong[1] = 0x40;
        assert!(named(&wrong).contains("option bits"));
        assert!(named(&[&BACKGROUND[..], &[0; 8]].concat()).contains("list length is 20"));
    }

    proptest! {
        #[test]
        fn any_list_returns(
            fov: bool, dcrt: bool, immed: bool, blocks: u32, kind in 0u8..64,
            subtype in 0u8..4, parameter in 0u32..1 << 24,
        ) {
            let list = FormatParameterList {
                fov, dcrt, immed, subtype, parameter,
                blocks: SectorCount(blocks), kind: FormatType::from_code(kind),
            };
            prop_assert_eq!(FormatParameterList::parse(&list.emit()), Ok(list));
        }
    }
}

//! El Torito: the boot record, and the catalogue of the images that a machine can start from.
//!
//! Owns both structures and what a caller says of an entry. Must not know where images come from: an entry names a file
//! of the tree. No boot code is in here. The source of the layouts is the "El Torito" Bootable CD-ROM Format
//! Specification, version 1.0, in the order of its figures 2 to 7; of platform EFh the UEFI specification.

use crate::block::{BLOCK_SIZE, blocks_for};
use crate::layout::PlanError;
use crate::tree::NodeId;

/// Bytes of a sector as the catalogue counts them: those of the emulated media, not of the disc.
const SECTOR_BYTES: u64 = 512;
const ENTRY_BYTES: usize = 32;
const BOOTABLE: u8 = 0x88;
const NOT_BOOTABLE: u8 = 0x00;
const MORE_SECTIONS: u8 = 0x90;
const LAST_SECTION: u8 = 0x91;

/// The machine that an entry is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Platform {
    /// 80x86 with a BIOS.
    Bios,
    /// PowerPC.
    PowerPc,
    /// Macintosh.
    Macintosh,
    /// A machine with UEFI, whose image is a FAT file system.
    Efi,
    /// Any other number.
    Other(u8),
}

impl Platform {
    /// The number in the catalogue.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Bios => 0,
            Self::PowerPc => 1,
            Self::Macintosh => 2,
            Self::Efi => 0xef,
            Self::Other(code) => code,
        }
    }
}

/// What a BIOS makes of an image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Emulation {
    /// Loaded into memory and run.
    #[default]
    None,
    /// A floppy of 1.2 MB (1,228,800 bytes).
    Floppy1200,
    /// A floppy of 1.44 MB (1,474,560 bytes).
    Floppy1440,
    /// A floppy of 2.88 MB (2,949,120 bytes).
    Floppy2880,
    /// A hard drive with one partition; its first sector holds the partition table.
    HardDrive {
        /// The type byte of its partition.
        partition_type: u8,
    },
}

impl Emulation {
    fn code(self) -> u8 {
        match self {
            Self::None => 0,
            Self::Floppy1200 => 1,
            Self::Floppy1440 => 2,
            Self::Floppy2880 => 3,
            Self::HardDrive { .. } => 4,
        }
    }

    /// The size that an image must have.
    fn size(self) -> Option<u64> {
        match self {
            Self::None | Self::HardDrive { .. } => None,
            Self::Floppy1200 => Some(1_228_800),
            Self::Floppy1440 => Some(1_474_560),
            Self::Floppy2880 => Some(2_949_120),
        }
    }
}

/// An entry of the catalogue. The first of a volume is the one that is started by default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BootEntry {
    /// The image: a file of the tree, or one that [`Tree::add_boot_image`](crate::Tree::add_boot_image) has added.
    pub image: NodeId,
    /// The machine that it is for.
    pub platform: Platform,
    /// What a BIOS makes of it.
    pub emulation: Emulation,
    /// Segment at which a BIOS loads it; 0 is its own choice, 7C0h.
    pub load_segment: u16,
    /// Sectors of 512 bytes that are loaded. Without it 4 for a BIOS that runs the image, 1 for one that emulates, and the
    /// whole image for UEFI.
    pub load_sectors: Option<u16>,
    /// Name of the entry's section, at most 28 bytes (24 for the first entry), ASCII. Entries in a row with the same
    /// platform and name stand in one section.
    pub id: String,
    /// Selection criteria: their kind, and what it says. All zeros without any.
    pub criteria: [u8; 20],
    /// Puts into bytes 8 to 63 of the image where it and the volume are: what boot loaders from ISOLINUX on look for.
    pub info_table: bool,
    /// Whether a machine may start it; entries without are there for their data.
    pub bootable: bool,
}

impl BootEntry {
    /// An entry for a BIOS that loads the image and runs it.
    #[must_use]
    pub fn new(image: NodeId, platform: Platform) -> Self {
        Self {
            image,
            platform,
            emulation: Emulation::None,
            load_segment: 0,
            load_sectors: None,
            id: String::new(),
            criteria: [0; 20],
            info_table: false,
            bootable: true,
        }
    }

    fn sectors(&self, size: u64) -> u16 {
        let all = size.div_ceil(SECTOR_BYTES);
        match (self.load_sectors, self.platform, self.emulation) {
            (Some(sectors), ..) => sectors,
            // More than the field holds: 0 is all up to the end of the disc (UEFI 13.3.2.1).
            (None, Platform::Efi, _) => u16::try_from(all).unwrap_or(0),
            (None, _, Emulation::None) => 4,
            (None, ..) => 1,
        }
    }

    /// Whether an image of this size can be what the entry says.
    pub(crate) fn check(&self, size: u64) -> Result<(), BootImageFault> {
        let longest_id = 28;
        match self.emulation.size() {
            Some(needed) if size != needed => Err(BootImageFault::Size { size, needed }),
            _ if size == 0 => Err(BootImageFault::Empty),
            _ if self.info_table && size < INFO_TABLE_END as u64 => Err(BootImageFault::NoRoom),
            _ if self.id.len() > longest_id || !self.id.is_ascii() => Err(BootImageFault::Id),
            _ => Ok(()),
        }
    }
}

/// Why an image cannot be what its entry says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BootImageFault {
    /// It has no bytes, or is no file.
    #[error("it has no bytes")]
    Empty,
    /// A floppy of another size.
    #[error("it has {size} bytes, and such a floppy {needed}")]
    Size {
        /// Bytes that it has.
        size: u64,
        /// Bytes that it must have.
        needed: u64,
    },
    /// Too short for the table that is to be put into it.
    #[error("it is too short for the table of 64 bytes that is to be put into it")]
    NoRoom,
    /// The name is too long, or not ASCII.
    #[error("its name is longer than 28 characters, or not ASCII")]
    Id,
}

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

/// The boot record, which must stand in the block behind the primary descriptor.
pub(crate) fn boot_record(catalogue: u32) -> [u8; BLOCK_SIZE] {
    let mut block = [0; BLOCK_SIZE];
    block[1..6].copy_from_slice(b"CD001");
    block[6] = 1;
    block[7..30].copy_from_slice(b"EL TORITO SPECIFICATION");
    block[71..75].copy_from_slice(&catalogue.to_le_bytes());
    block
}

/// The block of the catalogue, where a volume descriptor is a boot record by El Torito.
pub(crate) fn catalogue_of(boot_record: &[u8]) -> Option<u32> {
    let system = boot_record.get(7..39)?;
    let catalogue = boot_record.get(71..75)?.try_into().ok()?;
    system
        .starts_with(b"EL TORITO SPECIFICATION")
        .then(|| u32::from_le_bytes(catalogue))
}

/// Blocks of the catalogue.
pub(crate) fn catalogue_blocks(entries: &[BootEntry]) -> Result<u64, PlanError> {
    if entries.is_empty() {
        return Ok(0);
    }
    let sections = sections(entries);
    if sections
        .iter()
        .any(|section| u16::try_from(section.len()).is_err())
    {
        return Err(PlanError::TooManyFiles);
    }
    // The validation entry and the default one; a header and its entries for each section.
    let count = 2 + sections
        .iter()
        .map(|section| 1 + section.len())
        .sum::<usize>();
    // A machine reads on while there are entries; one of zeros ends it for those that do not look at the headers.
    Ok(blocks_for(((count + 1) * ENTRY_BYTES) as u64))
}

/// The entries behind the first, parted where platform or name change.
fn sections(entries: &[BootEntry]) -> Vec<&[BootEntry]> {
    let rest = entries.get(1..).unwrap_or_default();
    rest.chunk_by(|a, b| a.platform == b.platform && a.id == b.id)
        .collect()
}

/// The catalogue. `place` tells the first block of an image and its bytes.
pub(crate) fn catalogue(entries: &[BootEntry], place: impl Fn(NodeId) -> (u32, u64)) -> Vec<u8> {
    let mut out = Vec::new();
    let Some(first) = entries.first() else {
        return out;
    };
    let mut validation = [0; ENTRY_BYTES];
    validation[0] = 1;
    validation[1] = first.platform.code();
    put_text(&mut validation[4..28], &first.id);
    validation[30..].copy_from_slice(&[0x55, 0xaa]);
    let sum = validation.chunks_exact(2).fold(0u16, |sum, word| {
        sum.wrapping_add(u16::from_le_bytes([word[0], word[1]]))
    });
    validation[28..30].copy_from_slice(&sum.wrapping_neg().to_le_bytes());
    out.extend_from_slice(&validation);
    out.extend_from_slice(&entry(first, &place));
    let sections = sections(entries);
    let last = sections.len().saturating_sub(1);
    for (at, section) in sections.into_iter().enumerate() {
        let mut header = [0; ENTRY_BYTES];
        header[0] = if at == last {
            LAST_SECTION
        } else {
            MORE_SECTIONS
        };
        if let Some(first) = section.first() {
            header[1] = first.platform.code();
            put_text(&mut header[4..], &first.id);
        }
        let count = u16::try_from(section.len()).unwrap_or(u16::MAX);
        header[2..4].copy_from_slice(&count.to_le_bytes());
        out.extend_from_slice(&header);
        for one in section {
            out.extend_from_slice(&entry(one, &place));
        }
    }
    out.resize(out.len().next_multiple_of(BLOCK_SIZE), 0);
    out
}

fn entry(entry: &BootEntry, place: &impl Fn(NodeId) -> (u32, u64)) -> [u8; ENTRY_BYTES] {
    let (lba, size) = place(entry.image);
    let mut out = [0; ENTRY_BYTES];
    out[0] = if entry.bootable {
        BOOTABLE
    } else {
        NOT_BOOTABLE
    };
    out[1] = entry.emulation.code();
    out[2..4].copy_from_slice(&entry.load_segment.to_le_bytes());
    if let Emulation::HardDrive { partition_type } = entry.emulation {
        out[4] = partition_type;
    }
    out[6..8].copy_from_slice(&entry.sectors(size).to_le_bytes());
    out[8..12].copy_from_slice(&lba.to_le_bytes());
    out[12..].copy_from_slice(&entry.criteria);
    out
}

fn put_text(field: &mut [u8], text: &str) {
    for (to, from) in field.iter_mut().zip(text.bytes()) {
        *to = from;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(_: NodeId) -> (u32, u64) {
        (0x1234, 70_000)
    }

    #[test]
    fn the_words_of_the_validation_entry_add_up_to_nothing() {
        let mut first = BootEntry::new(NodeId(1), Platform::Bios);
        first.id = "PITLAND".into();
        let made = catalogue(&[first], at);
        assert_eq!(made.len(), BLOCK_SIZE);
        let sum = made[..32].chunks_exact(2).fold(0u16, |sum, word| {
            sum.wrapping_add(u16::from_le_bytes([word[0], word[1]]))
        });
        assert_eq!(sum, 0);
        assert_eq!(made[32..44], [0x88, 0, 0, 0, 0, 0, 4, 0, 0x34, 0x12, 0, 0]);
    }

    #[test]
    fn entries_with_another_platform_or_name_begin_a_section() {
        let bios = BootEntry::new(NodeId(1), Platform::Bios);
        let efi = BootEntry::new(NodeId(2), Platform::Efi);
        let named = BootEntry {
            id: "second".into(),
            ..efi.clone()
        };
        let made = catalogue(&[bios, efi.clone(), efi, named], at);
        let heads: Vec<(u8, u8)> = made.chunks(32).take(7).map(|e| (e[0], e[1])).collect();
        assert_eq!(
            heads,
            [
                (1, 0),
                (0x88, 0),
                (0x90, 0xef),
                (0x88, 0),
                (0x88, 0),
                (0x91, 0xef),
                (0x88, 0)
            ]
        );
        // All of the image, in sectors of 512 bytes.
        assert_eq!(made[3 * 32 + 6..3 * 32 + 8], 137u16.to_le_bytes());
    }

    #[test]
    fn an_image_for_uefi_beyond_32_mib_is_told_without_a_length() {
        let efi = BootEntry::new(NodeId(1), Platform::Efi);
        assert_eq!(efi.sectors(65_535 * 512), 65_535);
        assert_eq!(efi.sectors(65_535 * 512 + 1), 0);
    }

    #[test]
    fn a_floppy_of_another_size_is_refused() {
        let floppy = BootEntry {
            emulation: Emulation::Floppy1440,
            ..BootEntry::new(NodeId(1), Platform::Bios)
        };
        assert_eq!(floppy.check(1_474_560), Ok(()));
        let fault = BootImageFault::Size {
            size: 1_474_561,
            needed: 1_474_560,
        };
        assert_eq!(floppy.check(1_474_561), Err(fault));
    }
}

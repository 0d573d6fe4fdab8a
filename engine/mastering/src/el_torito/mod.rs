//! El Torito: the boot record, and the catalogue of the images that a machine can start from.
//!
//! Owns what a caller says of an entry; `catalogue` the bytes, `read` what others recorded. Must not know where images
//! come from: an entry names a file of the tree. No boot code is in here. The source of the layouts is the "El Torito" Bootable CD-ROM Format
//! Specification, version 1.0, in the order of its figures 2 to 7; of platform EFh the UEFI specification.

mod catalogue;
mod info_table;
mod read;

pub(crate) use catalogue::{
    boot_record, catalogue, catalogue_blocks, catalogue_bytes, catalogue_of,
};
pub(crate) use info_table::{INFO_TABLE_END, INFO_TABLE_START, add_words, info_table};
pub use read::{BootCatalogue, CatalogueEntry, CatalogueError};

use crate::tree::NodeId;

/// Bytes of a sector as the catalogue counts them: those of the emulated media, not of the disc.
const SECTOR_BYTES: u64 = 512;

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

    /// The platform of a number in the catalogue.
    #[must_use]
    pub const fn from_code(code: u8) -> Self {
        match code {
            0 => Self::Bios,
            1 => Self::PowerPc,
            2 => Self::Macintosh,
            0xef => Self::Efi,
            other => Self::Other(other),
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
    const FLOPPIES: [Self; 3] = [Self::Floppy1200, Self::Floppy1440, Self::Floppy2880];

    /// The floppy that an image of exactly so many bytes is one of.
    #[must_use]
    pub fn floppy_of(bytes: u64) -> Option<Self> {
        let mut floppies = Self::FLOPPIES.into_iter();
        floppies.find(|floppy| floppy.size() == Some(bytes))
    }

    /// The hard drive whose first sector this is: the type of its partition is that of the only one, or of the first that
    /// is active. `None`: the sector holds no partition table, or an empty one.
    #[must_use]
    pub fn hard_drive_of(first_sector: &[u8]) -> Option<Self> {
        if first_sector.get(510..512)? != [0x55, 0xaa] {
            return None;
        }
        let partitions = first_sector.get(446..510)?.chunks_exact(16);
        let kinds: Vec<(bool, u8)> = partitions
            .filter_map(|entry| Some((*entry.first()? == 0x80, *entry.get(4)?)))
            .filter(|(_, kind)| *kind != 0)
            .collect();
        let active = kinds.iter().find(|(active, _)| *active);
        let (_, partition_type) = active.or(kinds.first()).copied()?;
        Some(Self::HardDrive { partition_type })
    }

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
    pub(crate) fn size(self) -> Option<u64> {
        match self {
            Self::None | Self::HardDrive { .. } => None,
            Self::Floppy1200 => Some(1_228_800),
            Self::Floppy1440 => Some(1_474_560),
            Self::Floppy2880 => Some(2_949_120),
        }
    }
}

/// By what a machine may choose an entry among those of a section.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Selection {
    /// How the criteria are to be understood: 0 for none, 1 for language and version as IBM defined them.
    pub kind: u8,
    /// The criteria, at most [`Selection::MOST_BYTES`]: 19 in the entry, the rest in extensions behind it, of 30 each.
    pub criteria: Vec<u8>,
}

impl Selection {
    /// The most bytes of criteria: so many that an entry and its extensions fill one block.
    pub const MOST_BYTES: usize = 19 + 62 * 30;

    /// The parts of the criteria that stand in extensions.
    fn extensions(&self) -> impl Iterator<Item = &[u8]> {
        let rest = self.criteria.get(catalogue::OWN_CRITERIA..);
        rest.unwrap_or_default()
            .chunks(catalogue::EXTENSION_CRITERIA)
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
    /// By what a machine may choose it. The first entry is started without a choice, and has none.
    pub selection: Selection,
    /// Puts into bytes 8 to 63 of the image where it and the volume are: what boot loaders from ISOLINUX on look for.
    pub info_table: bool,
    /// Whether a machine may start it; entries without are there for their data.
    pub bootable: bool,
}

/// The most characters of the default entry's name.
pub(crate) const DEFAULT_ID_BYTES: usize = 24;

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
            selection: Selection::default(),
            info_table: false,
            bootable: true,
        }
    }

    /// What the entry says of the sectors to load, for an image of so many.
    fn sectors(&self, all: u64) -> u16 {
        match (self.load_sectors, self.platform, self.emulation) {
            (Some(sectors), ..) => sectors,
            // More than the field holds: 0 is all up to the end of the disc (UEFI 13.3.2.1).
            (None, Platform::Efi, _) => u16::try_from(all).unwrap_or(0),
            (None, _, Emulation::None) => 4,
            (None, ..) => 1,
        }
    }

    /// Whether an image of this size can be what the entry says; `first` is the default entry of a volume.
    pub(crate) fn check(&self, size: u64, first: bool) -> Result<(), BootImageFault> {
        let limit = if first { DEFAULT_ID_BYTES } else { 28 };
        let chosen = self.selection != Selection::default();
        match self.emulation.size() {
            Some(needed) if size != needed => Err(BootImageFault::Size { size, needed }),
            _ if size == 0 => Err(BootImageFault::Empty),
            _ if self.info_table && size < INFO_TABLE_END as u64 => Err(BootImageFault::NoRoom),
            _ if self.id.len() > limit || !self.id.is_ascii() => Err(BootImageFault::Id { limit }),
            _ if first && chosen => Err(BootImageFault::DefaultIsNotSelected),
            _ if self.selection.criteria.len() > Selection::MOST_BYTES => {
                Err(BootImageFault::Criteria)
            }
            _ => Ok(()),
        }
    }
}

/// Why an image cannot be what its entry says. The caller's to mend.
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
    #[error("its name is longer than {limit} characters, or not ASCII")]
    Id {
        /// The most characters: 24 for the first entry, 28 for others.
        limit: usize,
    },
    /// It stands on the disc already, in parts, or so that nothing can be put into it.
    #[error("it is recorded already, in parts or without the table that is to be put into it")]
    Recorded,
    /// It is compressed, which no machine undoes.
    #[error("it is compressed")]
    Compressed,
    /// The first entry has selection criteria.
    #[error(
        "the first entry is the one that is started without a choice; it has no selection criteria"
    )]
    DefaultIsNotSelected,
    /// More selection criteria than [`Selection::MOST_BYTES`].
    #[error(
        "it has more than {} bytes of selection criteria",
        Selection::MOST_BYTES
    )]
    Criteria,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_for_uefi_beyond_32_mib_is_told_without_a_length() {
        let efi = BootEntry::new(NodeId(1), Platform::Efi);
        assert_eq!(efi.sectors(65_535), 65_535);
        assert_eq!(efi.sectors(65_536), 0);
    }

    #[test]
    fn a_floppy_of_another_size_is_refused() {
        let floppy = BootEntry {
            emulation: Emulation::Floppy1440,
            ..BootEntry::new(NodeId(1), Platform::Bios)
        };
        assert_eq!(floppy.check(1_474_560, true), Ok(()));
        let fault = BootImageFault::Size {
            size: 1_474_561,
            needed: 1_474_560,
        };
        assert_eq!(floppy.check(1_474_561, true), Err(fault));
    }

    #[test]
    fn an_image_tells_by_its_size_which_floppy_it_is() {
        for floppy in Emulation::FLOPPIES {
            let size = floppy.size().unwrap();
            assert_eq!(Emulation::floppy_of(size), Some(floppy));
            assert_eq!(Emulation::floppy_of(size - 1), None);
        }
    }

    #[test]
    fn a_hard_drive_is_of_the_type_of_its_active_partition() {
        let mut sector = [0; 512];
        sector[510..].copy_from_slice(&[0x55, 0xaa]);
        assert_eq!(Emulation::hard_drive_of(&sector), None);
        sector[446 + 4] = 0x06;
        let of = |partition_type| Some(Emulation::HardDrive { partition_type });
        assert_eq!(Emulation::hard_drive_of(&sector), of(0x06));
        sector[462] = 0x80;
        sector[462 + 4] = 0x0e;
        assert_eq!(Emulation::hard_drive_of(&sector), of(0x0e));
        sector[511] = 0;
        assert_eq!(Emulation::hard_drive_of(&sector), None);
    }

    #[test]
    fn the_default_entry_has_a_shorter_name_and_no_criteria() {
        let named = BootEntry {
            id: "x".repeat(28),
            ..BootEntry::new(NodeId(1), Platform::Bios)
        };
        assert_eq!(named.check(1, false), Ok(()));
        assert_eq!(named.check(1, true), Err(BootImageFault::Id { limit: 24 }));
        let selected = BootEntry {
            selection: Selection {
                kind: 1,
                criteria: Vec::new(),
            },
            ..BootEntry::new(NodeId(1), Platform::Bios)
        };
        assert_eq!(selected.check(1, false), Ok(()));
        assert_eq!(
            selected.check(1, true),
            Err(BootImageFault::DefaultIsNotSelected)
        );
    }
}

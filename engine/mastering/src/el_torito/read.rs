//! The catalogue of a volume that somebody has recorded, perhaps with malice.
//!
//! Reads records one after the other and believes no count: what it holds is bounded by
//! [`BootCatalogue::MOST_RECORDS`]. Must not know the tree: an entry tells a block, and whose file that is, others find
//! out.

use std::io;

use super::catalogue::{
    BOOTABLE, EXTENSION, EXTENSION_FOLLOWS, LAST_SECTION, MORE_SECTIONS, NOT_BOOTABLE,
    RECORD_BYTES, VALIDATION, sum_of_words,
};
use super::{Emulation, Platform, SECTOR_BYTES, Selection};
use crate::block::{BLOCK_SIZE, BlockSource};

/// A boot catalogue as it is recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BootCatalogue {
    /// Its first block, absolute on the disc.
    pub lba: u32,
    /// How many blocks it takes.
    pub blocks: u32,
    /// Its entries; the first is the default one.
    pub entries: Vec<CatalogueEntry>,
}

/// An entry of a catalogue that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CatalogueEntry {
    /// The machine that it is for.
    pub platform: Platform,
    /// The name of its section, or of the whole catalogue for the first entry: bytes up to the first zero.
    pub id: Vec<u8>,
    /// Whether a machine may start it.
    pub bootable: bool,
    /// What a BIOS makes of the image. `None`: a number that the format does not define.
    pub emulation: Option<Emulation>,
    /// Segment at which a BIOS loads it; 0 is its own choice.
    pub load_segment: u16,
    /// Sectors of 512 bytes that are loaded.
    pub load_sectors: u16,
    /// The image's first block, absolute on the disc.
    pub lba: u32,
    /// By what a machine may choose it; without the zeros at its end.
    pub selection: Selection,
}

impl CatalogueEntry {
    /// The bytes of the image, as far as the entry tells: those of a floppy, else those that are loaded. A hard drive's
    /// are not told, and the image of a BIOS without emulation may go on behind what is loaded.
    #[must_use]
    pub fn known_bytes(&self) -> u64 {
        let floppy = self.emulation.and_then(Emulation::size);
        floppy.unwrap_or(u64::from(self.load_sectors) * SECTOR_BYTES)
    }
}

/// Why a catalogue cannot be read: the disc's fault.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CatalogueError {
    /// The source of the blocks answered with an error.
    #[error("LBA {lba} cannot be read: {source}")]
    Source {
        /// The block.
        lba: u32,
        /// The answer.
        source: io::Error,
    },
    /// The first record is no validation entry, or its sum is wrong.
    #[error("LBA {lba}: the boot catalogue has no valid first entry")]
    NotValid {
        /// The catalogue's block.
        lba: u32,
    },
    /// A record is none that may stand where it does.
    #[error(
        "LBA {lba}: record {record} of the boot catalogue is of the unexpected kind {kind:02x}h"
    )]
    Unexpected {
        /// The catalogue's block.
        lba: u32,
        /// Which record, from 0.
        record: u32,
        /// Its first byte.
        kind: u8,
    },
    /// More records than are believed.
    #[error(
        "LBA {lba}: the boot catalogue goes on beyond {} records",
        BootCatalogue::MOST_RECORDS
    )]
    TooLong {
        /// The catalogue's block.
        lba: u32,
    },
}

impl BootCatalogue {
    /// The most records that are read: more than any machine looks at.
    pub const MOST_RECORDS: u32 = 4096;

    /// Reads the catalogue that begins at a block, which
    /// [`Volume::boot_catalogue`](crate::Volume::boot_catalogue) tells.
    ///
    /// # Errors
    /// [`CatalogueError`].
    pub fn read(source: &mut impl BlockSource, lba: u32) -> Result<Self, CatalogueError> {
        let mut records = Records {
            source,
            first: lba,
            next: 0,
            block: [0; BLOCK_SIZE],
        };
        let validation = records.next()?;
        if validation.first() != Some(&VALIDATION)
            || validation.get(30..) != Some(&[0x55, 0xaa])
            || sum_of_words(&validation) != 0
        {
            return Err(CatalogueError::NotValid { lba });
        }
        let mut section = Section {
            platform: Platform::from_code(byte(&validation, 1)),
            id: text(validation.get(4..28).unwrap_or_default()),
        };
        let first = records.next()?;
        let mut entries = vec![entry(&first, &section)];
        // Machines look at the headers only while there are some; catalogues of one entry have none.
        loop {
            let header = records.next()?;
            let last = match byte(&header, 0) {
                MORE_SECTIONS => false,
                LAST_SECTION => true,
                _ => break,
            };
            section = Section {
                platform: Platform::from_code(byte(&header, 1)),
                id: text(header.get(4..).unwrap_or_default()),
            };
            for _ in 0..u16_at(&header, 2) {
                let record = records.next()?;
                let kind = byte(&record, 0);
                // Some count the extensions among the entries, which have been read by now.
                if matches!(kind, MORE_SECTIONS | LAST_SECTION) {
                    records.next -= 1;
                    break;
                }
                if !matches!(kind, BOOTABLE | NOT_BOOTABLE) {
                    return Err(records.unexpected(kind));
                }
                // What ends a catalogue whose count is too high.
                if record == [0; RECORD_BYTES] {
                    break;
                }
                let mut read = entry(&record, &section);
                let mut more = byte(&record, 1) & EXTENSION_FOLLOWS != 0;
                while more {
                    let extension = records.next()?;
                    if byte(&extension, 0) != EXTENSION {
                        return Err(records.unexpected(byte(&extension, 0)));
                    }
                    more = byte(&extension, 1) & EXTENSION_FOLLOWS != 0;
                    let rest = extension.get(2..).unwrap_or_default();
                    read.selection.criteria.extend_from_slice(rest);
                }
                trim(&mut read.selection.criteria);
                entries.push(read);
            }
            if last {
                break;
            }
        }
        let per_block = (BLOCK_SIZE / RECORD_BYTES) as u32;
        Ok(Self {
            lba,
            blocks: records.next.div_ceil(per_block),
            entries,
        })
    }
}

struct Section {
    platform: Platform,
    id: Vec<u8>,
}

fn entry(record: &[u8; RECORD_BYTES], section: &Section) -> CatalogueEntry {
    let partition_type = byte(record, 4);
    let mut criteria = record.get(13..).unwrap_or_default().to_vec();
    if byte(record, 1) & EXTENSION_FOLLOWS == 0 {
        trim(&mut criteria);
    }
    CatalogueEntry {
        platform: section.platform,
        id: section.id.clone(),
        bootable: byte(record, 0) == BOOTABLE,
        emulation: match byte(record, 1) & 0x0f {
            0 => Some(Emulation::None),
            1 => Some(Emulation::Floppy1200),
            2 => Some(Emulation::Floppy1440),
            3 => Some(Emulation::Floppy2880),
            4 => Some(Emulation::HardDrive { partition_type }),
            _ => None,
        },
        load_segment: u16_at(record, 2),
        load_sectors: u16_at(record, 6),
        lba: u32::from(u16_at(record, 8)) | u32::from(u16_at(record, 10)) << 16,
        selection: Selection {
            kind: byte(record, 12),
            criteria,
        },
    }
}

/// The records of a catalogue, in a row.
struct Records<'a, S> {
    source: &'a mut S,
    first: u32,
    next: u32,
    block: [u8; BLOCK_SIZE],
}

impl<S: BlockSource> Records<'_, S> {
    fn next(&mut self) -> Result<[u8; RECORD_BYTES], CatalogueError> {
        let per_block = (BLOCK_SIZE / RECORD_BYTES) as u32;
        let (block, within) = (self.next / per_block, self.next % per_block);
        let too_long = CatalogueError::TooLong { lba: self.first };
        if self.next == BootCatalogue::MOST_RECORDS {
            return Err(too_long);
        }
        // One that was given back stands in the block that is held, for only the first of a block is read anew.
        if within == 0 {
            let lba = self.first.checked_add(block).ok_or(too_long)?;
            self.source
                .read_blocks(lba, &mut self.block)
                .map_err(|source| CatalogueError::Source { lba, source })?;
        }
        self.next += 1;
        let from = within as usize * RECORD_BYTES;
        let record = self.block.get(from..).unwrap_or_default();
        Ok(record.first_chunk().copied().unwrap_or_default())
    }

    fn unexpected(&self, kind: u8) -> CatalogueError {
        CatalogueError::Unexpected {
            lba: self.first,
            record: self.next - 1,
            kind,
        }
    }
}

fn byte(record: &[u8], at: usize) -> u8 {
    record.get(at).copied().unwrap_or(0)
}

fn u16_at(record: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([byte(record, at), byte(record, at + 1)])
}

fn text(field: &[u8]) -> Vec<u8> {
    field.iter().copied().take_while(|b| *b != 0).collect()
}

fn trim(bytes: &mut Vec<u8>) {
    let end = bytes.iter().rposition(|b| *b != 0).map_or(0, |at| at + 1);
    bytes.truncate(end);
}

#[cfg(test)]
mod tests {
    use super::super::{BootEntry, catalogue};
    use super::*;
    use crate::tree::NodeId;
    use proptest::prelude::*;

    fn read(bytes: &[u8]) -> Result<BootCatalogue, CatalogueError> {
        BootCatalogue::read(&mut &*bytes, 0)
    }

    fn selection() -> impl Strategy<Value = Selection> {
        let criteria = proptest::collection::vec(1u8.., 0..100);
        (any::<u8>(), criteria).prop_map(|(kind, criteria)| Selection { kind, criteria })
    }

    fn boot_entry() -> impl Strategy<Value = BootEntry> {
        let plain = (any::<u8>(), any::<bool>(), any::<u16>(), any::<u16>());
        (plain, 0u32..50, "[a-z]{0,2}", selection()).prop_map(
            |((platform, bootable, segment, sectors), node, id, selection)| BootEntry {
                load_segment: segment,
                load_sectors: Some(sectors),
                id,
                selection,
                bootable,
                ..BootEntry::new(NodeId(node + 1), Platform::from_code(platform))
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(mut entries in proptest::collection::vec(boot_entry(), 1..40)) {
            entries[0].selection = Selection::default();
            let made = catalogue(&entries, |node| (node.0, 2048));
            let found = read(&made).unwrap();
            prop_assert!((found.blocks as usize) <= made.len() / BLOCK_SIZE);
            prop_assert_eq!(found.entries.len(), entries.len());
            for (found, entry) in found.entries.iter().zip(&entries) {
                prop_assert_eq!(found.platform, entry.platform);
                prop_assert_eq!(&found.id, entry.id.as_bytes());
                prop_assert_eq!(found.bootable, entry.bootable);
                prop_assert_eq!(found.emulation, Some(Emulation::None));
                prop_assert_eq!(found.load_segment, entry.load_segment);
                prop_assert_eq!(Some(found.load_sectors), entry.load_sectors);
                prop_assert_eq!(found.lba, entry.image.0);
                prop_assert_eq!(&found.selection, &entry.selection);
            }
        }

        #[test]
        fn changed_bytes_are_an_error_or_other_entries(
            changes in proptest::collection::vec((0usize..2048, any::<u8>()), 1..8),
        ) {
            let entries: Vec<BootEntry> = (1..20)
                .map(|at| BootEntry::new(NodeId(at), Platform::Other(at as u8 / 4)))
                .collect();
            let mut made = catalogue(&entries, |node| (node.0, 2048));
            for (at, value) in changes {
                made[at] = value;
            }
            if let Ok(found) = read(&made) {
                prop_assert!(found.entries.len() <= made.len() / RECORD_BYTES);
            }
        }
    }

    #[test]
    fn extensions_that_are_counted_as_entries_do_no_harm() {
        let entries = [
            BootEntry::new(NodeId(1), Platform::Bios),
            BootEntry {
                selection: Selection {
                    kind: 1,
                    criteria: vec![1; 40],
                },
                ..BootEntry::new(NodeId(2), Platform::Efi)
            },
            BootEntry::new(NodeId(3), Platform::Macintosh),
        ];
        let mut made = catalogue(&entries, |node| (node.0, 2048));
        assert_eq!(made[64..68], [MORE_SECTIONS, 0xef, 1, 0]);
        made[66] = 2;
        assert_eq!(read(&made).unwrap().entries.len(), 3);
    }

    #[test]
    fn a_catalogue_without_an_end_is_cut_off() {
        let entry = BootEntry::new(NodeId(1), Platform::Bios);
        let mut made = catalogue(&[entry], |node| (node.0, 2048));
        made.truncate(64);
        made.extend([&[LAST_SECTION, 0, 0xff, 0xff][..], &[0; 28]].concat());
        while made.len() < 1 << 20 {
            made.extend([&[BOOTABLE][..], &[0; 31]].concat());
        }
        assert!(matches!(
            read(&made),
            Err(CatalogueError::TooLong { lba: 0 })
        ));
        made.truncate(BLOCK_SIZE);
        assert!(matches!(
            read(&made),
            Err(CatalogueError::Source { lba: 1, .. })
        ));
        made[0] = 2;
        assert!(matches!(
            read(&made),
            Err(CatalogueError::NotValid { lba: 0 })
        ));
    }
}

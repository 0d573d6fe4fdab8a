//! The boot record and the catalogue, as they are recorded.
//!
//! Owns their bytes; must not know where images come from.

use super::{BootEntry, Emulation, SECTOR_BYTES, Selection};
use crate::block::{BLOCK_SIZE, blocks_for};
use crate::layout::PlanError;
use crate::tree::NodeId;

/// Bytes of every record in a catalogue.
pub(super) const RECORD_BYTES: usize = 32;
pub(super) const VALIDATION: u8 = 0x01;
pub(super) const BOOTABLE: u8 = 0x88;
pub(super) const NOT_BOOTABLE: u8 = 0x00;
pub(super) const MORE_SECTIONS: u8 = 0x90;
pub(super) const LAST_SECTION: u8 = 0x91;
pub(super) const EXTENSION: u8 = 0x44;
/// In the second byte of an entry or an extension: an extension follows.
pub(super) const EXTENSION_FOLLOWS: u8 = 1 << 5;
/// Bytes of selection criteria that an entry holds, besides their kind.
pub(super) const OWN_CRITERIA: usize = 19;
/// Bytes of selection criteria that an extension holds.
pub(super) const EXTENSION_CRITERIA: usize = 30;
const SYSTEM: &[u8] = b"EL TORITO SPECIFICATION";

/// The boot record, which must stand in the block behind the primary descriptor.
pub(crate) fn boot_record(catalogue: u32) -> [u8; BLOCK_SIZE] {
    let mut block = [0; BLOCK_SIZE];
    block[1..6].copy_from_slice(b"CD001");
    block[6] = 1;
    block[7..30].copy_from_slice(SYSTEM);
    block[71..75].copy_from_slice(&catalogue.to_le_bytes());
    block
}

/// The block of the catalogue, where a volume descriptor is a boot record by El Torito.
pub(crate) fn catalogue_of(boot_record: &[u8]) -> Option<u32> {
    let system = boot_record.get(7..39)?;
    let catalogue = boot_record.get(71..75)?.try_into().ok()?;
    system
        .starts_with(SYSTEM)
        .then(|| u32::from_le_bytes(catalogue))
}

/// Bytes of the catalogue up to its end; none without entries.
pub(crate) fn catalogue_bytes(entries: &[BootEntry]) -> Result<u64, PlanError> {
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
    let of_sections: usize = sections
        .into_iter()
        .flatten()
        .map(|entry| 1 + entry.selection.extensions().count())
        .sum();
    // The validation entry, the default one and the headers; and one of zeros, which ends the catalogue for machines that
    // do not look at headers.
    let count = 2 + self::sections(entries).len() + of_sections + 1;
    Ok((count * RECORD_BYTES) as u64)
}

/// Blocks of the catalogue.
pub(crate) fn catalogue_blocks(entries: &[BootEntry]) -> Result<u64, PlanError> {
    catalogue_bytes(entries).map(blocks_for)
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
    let mut validation = [0; RECORD_BYTES];
    validation[0] = VALIDATION;
    validation[1] = first.platform.code();
    put(&mut validation[4..28], first.id.as_bytes());
    validation[30..].copy_from_slice(&[0x55, 0xaa]);
    let sum = sum_of_words(&validation).wrapping_neg();
    validation[28..30].copy_from_slice(&sum.to_le_bytes());
    out.extend_from_slice(&validation);
    out.extend_from_slice(&entry(first, &place));
    let sections = sections(entries);
    let last = sections.len().saturating_sub(1);
    for (at, section) in sections.into_iter().enumerate() {
        let mut header = [0; RECORD_BYTES];
        header[0] = if at == last {
            LAST_SECTION
        } else {
            MORE_SECTIONS
        };
        if let Some(first) = section.first() {
            header[1] = first.platform.code();
            put(&mut header[4..], first.id.as_bytes());
        }
        let count = u16::try_from(section.len()).unwrap_or(u16::MAX);
        header[2..4].copy_from_slice(&count.to_le_bytes());
        out.extend_from_slice(&header);
        for one in section {
            out.extend_from_slice(&entry(one, &place));
            extensions(&one.selection, &mut out);
        }
    }
    out.resize((out.len() + RECORD_BYTES).next_multiple_of(BLOCK_SIZE), 0);
    out
}

/// The sum of a record's 16-bit words; that of a validation entry is 0.
pub(super) fn sum_of_words(record: &[u8]) -> u16 {
    record.chunks_exact(2).fold(0, |sum, word| {
        let word = word.try_into().map_or(0, u16::from_le_bytes);
        sum.wrapping_add(word)
    })
}

fn entry(entry: &BootEntry, place: &impl Fn(NodeId) -> (u32, u64)) -> [u8; RECORD_BYTES] {
    let (lba, size) = place(entry.image);
    let mut out = [0; RECORD_BYTES];
    out[0] = if entry.bootable {
        BOOTABLE
    } else {
        NOT_BOOTABLE
    };
    out[1] = entry.emulation.code();
    if entry.selection.extensions().count() > 0 {
        out[1] |= EXTENSION_FOLLOWS;
    }
    out[2..4].copy_from_slice(&entry.load_segment.to_le_bytes());
    if let Emulation::HardDrive { partition_type } = entry.emulation {
        out[4] = partition_type;
    }
    out[6..8].copy_from_slice(&entry.sectors(size.div_ceil(SECTOR_BYTES)).to_le_bytes());
    out[8..12].copy_from_slice(&lba.to_le_bytes());
    out[12] = entry.selection.kind;
    put(&mut out[13..], &entry.selection.criteria);
    out
}

/// The records with the criteria that an entry has no room for.
fn extensions(selection: &Selection, out: &mut Vec<u8>) {
    let mut extensions = selection.extensions().peekable();
    while let Some(criteria) = extensions.next() {
        let mut record = [0; RECORD_BYTES];
        record[0] = EXTENSION;
        if extensions.peek().is_some() {
            record[1] = EXTENSION_FOLLOWS;
        }
        put(&mut record[2..], criteria);
        out.extend_from_slice(&record);
    }
}

/// Puts bytes into a field, up to its end.
fn put(field: &mut [u8], bytes: &[u8]) {
    for (to, from) in field.iter_mut().zip(bytes) {
        *to = *from;
    }
}

#[cfg(test)]
mod tests {
    use super::super::Platform;
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
    fn criteria_go_on_in_extensions() {
        let first = BootEntry::new(NodeId(1), Platform::Bios);
        let chosen = BootEntry {
            selection: Selection {
                kind: 7,
                criteria: (1..=50).collect(),
            },
            ..BootEntry::new(NodeId(2), Platform::Efi)
        };
        let plain = BootEntry::new(NodeId(3), Platform::Efi);
        let entries = [first, chosen, plain];
        let made = catalogue(&entries, at);
        let record = |at: usize| &made[at * 32..][..32];
        assert_eq!(record(2)[..4], [LAST_SECTION, 0xef, 2, 0]);
        assert_eq!(record(3)[..2], [BOOTABLE, EXTENSION_FOLLOWS]);
        assert_eq!(record(3)[12], 7);
        assert_eq!(record(3)[13..], (1..=19).collect::<Vec<u8>>());
        assert_eq!(record(4)[..2], [EXTENSION, EXTENSION_FOLLOWS]);
        assert_eq!(record(4)[2..], (20..=49).collect::<Vec<u8>>());
        assert_eq!(record(5)[..4], [EXTENSION, 0, 50, 0]);
        assert_eq!(record(6)[..2], [BOOTABLE, 0]);
        assert_eq!(catalogue_bytes(&entries).unwrap(), 8 * 32);
    }
}

//! The GUID partition table (UEFI 5.3): a header and an array of entries behind the MBR, and both once more at the end.
//!
//! Owns its bytes; must not know files.

use super::{HybridPlan, Kind, Partition, SECTOR};

/// Places in the array.
pub(super) const ENTRIES: usize = 128;
const ENTRY_BYTES: usize = 128;
const ARRAY_SECTORS: u64 = (ENTRIES * ENTRY_BYTES / SECTOR) as u64;
const HEADER_BYTES: usize = 92;
/// The first sector that a partition may have.
const FIRST_USABLE: u64 = 2 + ARRAY_SECTORS;

/// C12A7328-F81F-11D2-BA4B-00A0C93EC93B, an EFI system partition.
const EFI_SYSTEM: [u8; 16] = [
    0x28, 0x73, 0x2a, 0xc1, 0x1f, 0xf8, 0xd2, 0x11, 0xba, 0x4b, 0x00, 0xa0, 0xc9, 0x3e, 0xc9, 0x3b,
];
/// EBD0A0A2-B9E5-4433-87C0-68B6B72699C7, a basic data partition.
const BASIC_DATA: [u8; 16] = [
    0xa2, 0xa0, 0xd0, 0xeb, 0xe5, 0xb9, 0x33, 0x44, 0x87, 0xc0, 0x68, 0xb6, 0xb7, 0x26, 0x99, 0xc7,
];
/// Of basic data: not to be written to, and without a drive letter.
const READ_ONLY_AND_UNLISTED: u64 = 1 << 60 | 1 << 63;

static CRC: crc::Crc<u32, crc::Table<1>> =
    crc::Crc::<u32, crc::Table<1>>::new(&crc::CRC_32_ISO_HDLC);

/// Header and array, as they stand behind the MBR.
pub(super) fn primary(plan: &HybridPlan) -> Vec<u8> {
    let array = array(plan);
    let mut out = header(plan, &array, 1, plan.sectors - 1, 2).to_vec();
    out.extend(array);
    out
}

/// Array and header, as they stand at the end.
pub(super) fn backup(plan: &HybridPlan) -> Vec<u8> {
    let mut out = array(plan);
    let last = plan.sectors - 1;
    out.extend(header(plan, &out, last, 1, last - ARRAY_SECTORS));
    out
}

fn header(plan: &HybridPlan, array: &[u8], own: u64, other: u64, array_at: u64) -> [u8; SECTOR] {
    let mut out = [0; SECTOR];
    out[..8].copy_from_slice(b"EFI PART");
    out[8..12].copy_from_slice(&0x0001_0000u32.to_le_bytes());
    out[12..16].copy_from_slice(&(HEADER_BYTES as u32).to_le_bytes());
    out[24..32].copy_from_slice(&own.to_le_bytes());
    out[32..40].copy_from_slice(&other.to_le_bytes());
    out[40..48].copy_from_slice(&FIRST_USABLE.to_le_bytes());
    let last_usable = plan.sectors - 2 - ARRAY_SECTORS;
    out[48..56].copy_from_slice(&last_usable.to_le_bytes());
    out[56..72].copy_from_slice(&plan.id);
    out[72..80].copy_from_slice(&array_at.to_le_bytes());
    out[80..84].copy_from_slice(&(ENTRIES as u32).to_le_bytes());
    out[84..88].copy_from_slice(&(ENTRY_BYTES as u32).to_le_bytes());
    out[88..92].copy_from_slice(&CRC.checksum(array).to_le_bytes());
    let sum = CRC.checksum(&out[..HEADER_BYTES]);
    out[16..20].copy_from_slice(&sum.to_le_bytes());
    out
}

fn array(plan: &HybridPlan) -> Vec<u8> {
    let mut out = Vec::with_capacity(ENTRIES * ENTRY_BYTES);
    for (at, partition) in plan.partitions.iter().take(ENTRIES).enumerate() {
        out.extend(entry(partition, plan.id, at as u8));
    }
    out.resize(ENTRIES * ENTRY_BYTES, 0);
    out
}

fn entry(partition: &Partition, id: [u8; 16], at: u8) -> [u8; ENTRY_BYTES] {
    let mut out = [0; ENTRY_BYTES];
    let (kind, flags, name) = match partition.kind {
        Kind::Efi => (EFI_SYSTEM, 0, "EFI"),
        Kind::Volume => (BASIC_DATA, READ_ONLY_AND_UNLISTED, "ISO 9660"),
    };
    out[..16].copy_from_slice(&kind);
    out[16..32].copy_from_slice(&id);
    // Another number than the whole has, and than all other partitions.
    out[31] ^= at + 1;
    out[32..40].copy_from_slice(&partition.first.to_le_bytes());
    out[40..48].copy_from_slice(&partition.last.to_le_bytes());
    out[48..56].copy_from_slice(&flags.to_le_bytes());
    for (to, unit) in out[56..].chunks_exact_mut(2).zip(name.encode_utf16()) {
        to.copy_from_slice(&unit.to_le_bytes());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> HybridPlan {
        HybridPlan {
            partitions: vec![
                Partition {
                    first: 64,
                    last: 2047,
                    kind: Kind::Volume,
                },
                Partition {
                    first: 2048,
                    last: 4095,
                    kind: Kind::Efi,
                },
            ],
            sectors: 8192,
            image: 0,
            id: [7; 16],
        }
    }

    fn u64_at(bytes: &[u8], at: usize) -> u64 {
        u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap())
    }

    #[test]
    fn both_headers_name_one_another_and_their_array() {
        let plan = plan();
        let (primary, backup) = (primary(&plan), backup(&plan));
        let (first, last) = (&primary[..SECTOR], &backup[backup.len() - SECTOR..]);
        assert_eq!((u64_at(first, 24), u64_at(first, 32)), (1, 8191));
        assert_eq!((u64_at(last, 24), u64_at(last, 32)), (8191, 1));
        assert_eq!((u64_at(first, 72), u64_at(last, 72)), (2, 8159));
        // What partitions may use ends where the second array begins.
        assert_eq!((u64_at(first, 40), u64_at(first, 48)), (34, 8158));
        assert_eq!(primary[SECTOR..], backup[..backup.len() - SECTOR]);
    }

    #[test]
    fn a_partition_tells_its_first_and_its_last_sector() {
        let array = array(&plan());
        let entry = &array[128..256];
        assert_eq!(entry[..16], EFI_SYSTEM);
        assert_eq!((u64_at(entry, 32), u64_at(entry, 40)), (2048, 4095));
        assert_eq!(entry[56..62], *b"E\0F\0I\0");
        assert_ne!(array[16..32], entry[16..32]);
    }
}

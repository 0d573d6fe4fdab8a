//! The master boot record: boot code, four partitions, and a signature (UEFI 5.2).
//!
//! Owns the first 512 bytes of a hybrid image; must not know files.

use super::{Hybrid, HybridPlan, Kind, PartitionTable, SECTOR};

/// Places in the table.
pub(super) const ENTRIES: usize = 4;
/// Bytes of code before the number of the drive.
const CODE_BYTES: usize = 440;
/// Where the code may be told the place of an image.
const POINTER: usize = 432;
const PROTECTIVE: u8 = 0xee;
const EFI: u8 = 0xef;
/// What `isohybrid` gives the volume: a type that no system takes for one of its own.
const HIDDEN: u8 = 0x17;
const UNUSED: u8 = 0x00;

/// What boot code is told of where the first image for a BIOS is, in the eight bytes from 432 on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Pointer {
    /// Nothing: the eight bytes are the code's.
    #[default]
    None,
    /// Its first sector of 512 bytes, as the MBR of ISOLINUX looks for it.
    Isolinux,
    /// Its fifth sector of 512 bytes, as the MBR of GRUB looks for it.
    Grub,
}

/// Boot code of the caller's for the first sector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BootCode {
    bytes: Vec<u8>,
    pointer: Pointer,
}

/// Why bytes cannot be boot code. The caller's to mend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BootCodeFault {
    /// There are none.
    #[error("there is no boot code")]
    Empty,
    /// More than a sector.
    #[error("boot code of {length} bytes is longer than a sector of 512")]
    TooLong {
        /// How many.
        length: usize,
    },
}

impl BootCode {
    /// Code of up to 440 bytes. Of a whole sector the first 440 are taken: what follows them is the partition table,
    /// which is the image's own.
    ///
    /// # Errors
    /// [`BootCodeFault`].
    pub fn new(code: &[u8], pointer: Pointer) -> Result<Self, BootCodeFault> {
        match code.len() {
            0 => Err(BootCodeFault::Empty),
            length if length > SECTOR => Err(BootCodeFault::TooLong { length }),
            _ => Ok(Self {
                bytes: code.iter().copied().take(CODE_BYTES).collect(),
                pointer,
            }),
        }
    }

    /// Code of which nobody says how it finds its image: GRUB's tells its name, and what leaves the eight bytes from 432
    /// on free waits for what ISOLINUX's is told.
    ///
    /// # Errors
    /// [`BootCodeFault`].
    pub fn recognize(code: &[u8]) -> Result<Self, BootCodeFault> {
        let grub = code.windows(5).any(|window| window == b"GRUB ");
        let free = code.iter().skip(POINTER).take(8).all(|byte| *byte == 0);
        let pointer = match (grub, free) {
            (true, _) => Pointer::Grub,
            (false, true) => Pointer::Isolinux,
            (false, false) => Pointer::None,
        };
        Self::new(code, pointer)
    }

    /// What it is told of its image.
    #[must_use]
    pub fn pointer(&self) -> Pointer {
        self.pointer
    }

    /// The code.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn looks_for_image(&self) -> bool {
        self.pointer == Pointer::Grub
    }
}

#[derive(Clone, Copy)]
struct Entry {
    active: bool,
    kind: u8,
    first: u64,
    sectors: u64,
}

pub(super) fn emit(hybrid: &Hybrid, plan: &HybridPlan) -> [u8; SECTOR] {
    let mut out = [0; SECTOR];
    if let Some(code) = &hybrid.code {
        for (to, from) in out.iter_mut().zip(&code.bytes) {
            *to = *from;
        }
        let place = match code.pointer {
            Pointer::None => None,
            Pointer::Isolinux => Some(plan.image),
            Pointer::Grub => Some(plan.image + 4),
        };
        if let Some(place) = place {
            out[POINTER..CODE_BYTES].copy_from_slice(&place.to_le_bytes());
        }
    }
    // With a GPT the number of the drive stands in there: an MBR that does no more than protect it has none.
    if hybrid.table != PartitionTable::Gpt {
        out[CODE_BYTES..444].copy_from_slice(&plan.id[..4]);
    }
    let entries = entries(hybrid, plan);
    for (place, entry) in out[446..510].chunks_exact_mut(16).zip(entries) {
        place.copy_from_slice(&record(entry));
    }
    out[510..].copy_from_slice(&[0x55, 0xaa]);
    out
}

fn entries(hybrid: &Hybrid, plan: &HybridPlan) -> Vec<Entry> {
    let active = hybrid.code.is_some();
    let kept = |kind: Kind| match kind {
        Kind::Efi => EFI,
        Kind::Volume => HIDDEN,
    };
    let of = |at: usize, partition: &super::Partition| Entry {
        active: active && at == 0,
        kind: kept(partition.kind),
        first: partition.first,
        sectors: partition.sectors(),
    };
    let protective = |sectors: u64| Entry {
        active: false,
        kind: PROTECTIVE,
        first: 1,
        sectors,
    };
    match hybrid.table {
        PartitionTable::Gpt => {
            let mut entries = vec![protective(plan.sectors - 1)];
            if active {
                entries.push(Entry {
                    active,
                    kind: UNUSED,
                    first: 0,
                    sectors: 1,
                });
            }
            entries
        }
        PartitionTable::GptAndMbr => {
            let first = plan.partitions.first().map_or(1, |first| first.first);
            let mut entries = vec![protective(first - 1)];
            let parts = plan.partitions.iter().enumerate();
            entries.extend(parts.map(|(at, partition)| of(at, partition)));
            entries
        }
        PartitionTable::Mbr => {
            let efi = plan.partitions.iter().filter(|p| p.kind == Kind::Efi);
            let end_of_volume = plan.partitions.iter().filter(|p| p.kind == Kind::Volume);
            let end = end_of_volume.map(|p| p.last + 1).max().unwrap_or(0);
            let overlaps = efi.clone().any(|p| p.first < end);
            let whole = Entry {
                active,
                // Firmware refuses a table whose partitions overlap, but for those of no type.
                kind: if overlaps { UNUSED } else { HIDDEN },
                first: 0,
                sectors: end,
            };
            let mut entries = vec![whole];
            entries.extend(efi.map(|partition| of(1, partition)));
            entries
        }
    }
}

fn record(entry: Entry) -> [u8; 16] {
    let mut out = [0; 16];
    out[0] = if entry.active { 0x80 } else { 0 };
    out[1..4].copy_from_slice(&cylinder_head_sector(entry.first));
    out[4] = entry.kind;
    let last = entry.first + entry.sectors.saturating_sub(1);
    out[5..8].copy_from_slice(&cylinder_head_sector(last));
    let field = |value: u64| u32::try_from(value).unwrap_or(u32::MAX).to_le_bytes();
    out[8..12].copy_from_slice(&field(entry.first));
    out[12..].copy_from_slice(&field(entry.sectors));
    out
}

/// The oldest way to tell a sector: 63 to a track, 255 tracks to a cylinder; all ones beyond 1024 cylinders.
fn cylinder_head_sector(sector: u64) -> [u8; 3] {
    let (track, within) = (sector / 63, sector % 63 + 1);
    let (cylinder, head) = (track / 255, track % 255);
    if cylinder > 1023 {
        return [0xff; 3];
    }
    [
        head as u8,
        within as u8 | (cylinder >> 2) as u8 & 0xc0,
        cylinder as u8,
    ]
}

#[cfg(test)]
mod tests {
    use super::super::Partition;
    use super::*;

    #[test]
    fn sectors_become_cylinders_heads_and_sectors() {
        assert_eq!(cylinder_head_sector(0), [0, 1, 0]);
        assert_eq!(cylinder_head_sector(1), [0, 2, 0]);
        assert_eq!(cylinder_head_sector(63 * 255 * 1024 - 1), [254, 0xff, 0xff]);
        assert_eq!(cylinder_head_sector(63 * 255 * 1024), [0xff; 3]);
    }

    #[test]
    fn code_tells_by_itself_what_it_looks_for() {
        let pointer = |code: &[u8]| BootCode::recognize(code).unwrap().pointer();
        assert_eq!(pointer(&[0x90; 432]), Pointer::Isolinux);
        assert_eq!(pointer(&[0x90; 440]), Pointer::None);
        let mut grub = vec![0; 512];
        grub[0x180..0x185].copy_from_slice(b"GRUB ");
        assert_eq!(pointer(&grub), Pointer::Grub);
        let fault = BootCode::recognize(&[0; 513]).unwrap_err();
        assert_eq!(fault, BootCodeFault::TooLong { length: 513 });
        assert_eq!(BootCode::recognize(&[]), Err(BootCodeFault::Empty));
    }

    #[test]
    fn the_code_is_told_where_its_image_is() {
        let plan = HybridPlan {
            partitions: vec![Partition {
                first: 64,
                last: 4095,
                kind: Kind::Volume,
            }],
            sectors: 8192,
            image: 0x1234,
            id: [7; 16],
        };
        let told = |pointer| {
            let mut hybrid = Hybrid {
                code: BootCode::new(&[0x90; 512], pointer).ok(),
                ..Hybrid::default()
            };
            let sector = emit(&hybrid, &plan);
            // A number of its own is for an MBR that names partitions.
            assert_eq!(sector[440..446], [0; 6]);
            for table in [PartitionTable::Mbr, PartitionTable::GptAndMbr] {
                hybrid.table = table;
                assert_eq!(emit(&hybrid, &plan)[440..446], [7, 7, 7, 7, 0, 0]);
            }
            u64::from_le_bytes(sector[432..440].try_into().unwrap())
        };
        assert_eq!(told(Pointer::None), 0x9090_9090_9090_9090);
        assert_eq!(told(Pointer::Isolinux), 0x1234);
        assert_eq!(told(Pointer::Grub), 0x1238);
    }
}

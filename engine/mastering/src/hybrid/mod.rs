//! Images that machines start from a stick or a hard drive as well as from a disc: the partition tables in the system
//! area, and what of them stands at the image's end.
//!
//! Owns where the partitions are and whose they are; `mbr` and `gpt` own the bytes. No boot code is in here: a caller
//! brings its own. A table counts sectors of 512 bytes, four to a block.

mod gpt;
mod mbr;

pub use mbr::{BootCode, BootCodeFault, Pointer};

use crate::block::{BLOCK_BYTES, BLOCK_SIZE, blocks_for};
use crate::el_torito::Platform;
use crate::layout::{Layout, PlanError, VolumeOptions};
use crate::tree::NodeId;

/// Bytes of a sector of sticks and hard drives.
const SECTOR: usize = 512;
/// Sectors in a block.
const SECTORS: u64 = BLOCK_BYTES / SECTOR as u64;
/// Blocks of the system area.
const SYSTEM_AREA: u32 = 16;
/// Appended partitions begin at a multiple of so many blocks, 1 MiB, and so does what follows the image.
pub(crate) const ALIGNMENT: u64 = 512;
/// Blocks at the end of the image that hold the second GPT.
pub(crate) const BACKUP_BLOCKS: u64 = 9;

/// What makes an image one that starts from sticks and hard drives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hybrid {
    /// What a BIOS runs that starts from it. Without it only machines with UEFI can.
    pub code: Option<BootCode>,
    /// How the partitions are told.
    pub table: PartitionTable,
    /// Where the images of the entries for UEFI stand, each of which becomes a partition.
    pub efi: EfiPartition,
}

/// How an image tells its partitions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum PartitionTable {
    /// By a GPT, with an MBR that protects it. With boot code an empty active entry stands in the MBR beside, for the
    /// BIOSes that start from nothing else.
    #[default]
    Gpt,
    /// By an MBR alone. Its first partition is the volume from sector 0 on, so that it can be mounted.
    Mbr,
    /// By both: the MBR protects the GPT and names the first three partitions once more, for firmware that goes by it.
    GptAndMbr,
}

impl PartitionTable {
    pub(crate) fn has_gpt(self) -> bool {
        self != Self::Mbr
    }
}

/// Where the images for UEFI stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum EfiPartition {
    /// Among the other files.
    #[default]
    Embedded,
    /// Behind the other files, at multiples of 1 MiB, so that their partitions part nothing.
    Appended,
}

/// Why an image cannot be a hybrid one. The caller's to mend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HybridFault {
    /// The volume is a further session; partition tables count from the beginning of the disc.
    #[error("a volume that begins at LBA {first_lba} cannot hold a partition table")]
    NotAtTheBeginning {
        /// Where it begins.
        first_lba: u32,
    },
    /// The boot code looks for an image, and there is no entry for a BIOS.
    #[error("the boot code looks for an image, and no boot entry is for a BIOS")]
    NoImageForTheCode,
    /// An MBR cannot tell partitions of more than 2^32 sectors.
    #[error("an MBR cannot tell the {sectors} sectors of the image; take a GPT")]
    TooLargeForAnMbr {
        /// Its sectors.
        sectors: u64,
    },
    /// More entries for UEFI than the table has places.
    #[error("{entries} boot images for UEFI are more than the table can name")]
    TooManyPartitions {
        /// How many.
        entries: usize,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A part of the volume.
    Volume,
    /// A FAT file system for UEFI.
    Efi,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Partition {
    first: u64,
    /// The last sector, not the one behind it.
    last: u64,
    kind: Kind,
}

impl Partition {
    fn sectors(&self) -> u64 {
        self.last + 1 - self.first
    }
}

/// The partitions of a placed volume.
#[derive(Debug)]
pub(crate) struct HybridPlan {
    /// They do not overlap, and stand in their order.
    partitions: Vec<Partition>,
    /// Sectors of the whole image.
    sectors: u64,
    /// Sector of the image that the boot code looks for.
    image: u64,
    id: [u8; 16],
}

/// The images for UEFI, each once.
pub(crate) fn efi_images(options: &VolumeOptions) -> Vec<NodeId> {
    let mut images: Vec<NodeId> = options
        .boot
        .iter()
        .filter(|entry| entry.platform == Platform::Efi)
        .map(|entry| entry.image)
        .collect();
    images.sort_unstable();
    images.dedup();
    images
}

/// Whether a hybrid image can be what these options say.
pub(crate) fn check(options: &VolumeOptions, first_lba: u32) -> Result<(), PlanError> {
    let Some(hybrid) = &options.hybrid else {
        return Ok(());
    };
    let fault = |fault| Err(PlanError::Hybrid { fault });
    if first_lba != 0 {
        return fault(HybridFault::NotAtTheBeginning { first_lba });
    }
    let looks = hybrid.code.as_ref().is_some_and(BootCode::looks_for_image);
    if looks && bios_image(options).is_none() {
        return fault(HybridFault::NoImageForTheCode);
    }
    let entries = efi_images(options).len();
    let places = match hybrid.table {
        // Between any two of them, and around, there is a part of the volume.
        PartitionTable::Gpt | PartitionTable::GptAndMbr => (gpt::ENTRIES - 1) / 2,
        PartitionTable::Mbr => mbr::ENTRIES - 1,
    };
    if entries > places {
        return fault(HybridFault::TooManyPartitions { entries });
    }
    Ok(())
}

fn bios_image(options: &VolumeOptions) -> Option<NodeId> {
    let mut entries = options.boot.iter();
    let entry = entries.find(|entry| entry.platform == Platform::Bios)?;
    Some(entry.image)
}

/// Finds the partitions of a volume whose files have their places. `used` is the first block behind all that a reader of
/// the volume needs.
pub(crate) fn plan(layout: &Layout, used: u32) -> Result<Option<HybridPlan>, PlanError> {
    let options = layout.options();
    let Some(hybrid) = &options.hybrid else {
        return Ok(None);
    };
    let sectors = layout.blocks() * SECTORS;
    let mut efi: Vec<(u64, u64)> = efi_images(options)
        .into_iter()
        .map(|image| {
            let first = u64::from(layout.first_lba_of(image));
            (first, first + blocks_for(layout.tree().size(image)))
        })
        .collect();
    efi.sort_unstable();
    efi.dedup();
    let mut partitions = Vec::new();
    let mut part = |from: u64, to: u64, kind| {
        if from < to {
            partitions.push(Partition {
                first: from * SECTORS,
                last: to * SECTORS - 1,
                kind,
            });
        }
    };
    let mut next = u64::from(SYSTEM_AREA);
    for (first, end) in efi {
        part(next, first, Kind::Volume);
        part(first, end, Kind::Efi);
        next = end;
    }
    part(next, u64::from(used), Kind::Volume);
    if hybrid.table != PartitionTable::Gpt && u32::try_from(sectors).is_err() {
        return Err(PlanError::Hybrid {
            fault: HybridFault::TooLargeForAnMbr { sectors },
        });
    }
    let image = bios_image(options).map_or(0, |image| layout.first_lba_of(image));
    Ok(Some(HybridPlan {
        partitions,
        sectors,
        image: u64::from(image) * SECTORS,
        id: id(options, sectors),
    }))
}

static CRC: crc::Crc<u64, crc::Table<1>> = crc::Crc::<u64, crc::Table<1>>::new(&crc::CRC_64_XZ);

/// The number by which systems tell drives apart: made from the volume's name, its time and its size, so that the same
/// volume has the same. Marked as one of the maker's own kind (version 8 of UUIDs).
fn id(options: &VolumeOptions, sectors: u64) -> [u8; 16] {
    let half = |number: u8| {
        let mut sum = CRC.digest();
        sum.update(&[number]);
        sum.update(options.volume_id.as_bytes());
        sum.update(&options.created.seconds.to_le_bytes());
        sum.update(&options.created.nanoseconds.to_le_bytes());
        sum.update(&sectors.to_le_bytes());
        sum.finalize().to_le_bytes()
    };
    let mut id = [0; 16];
    for (to, from) in id.iter_mut().zip(half(0).into_iter().chain(half(1))) {
        *to = from;
    }
    // The first three fields of a GUID are recorded with the low byte first.
    id[7] = id[7] & 0x0f | 0x80;
    id[8] = id[8] & 0x3f | 0x80;
    id
}

/// The 16 blocks of the system area.
pub(crate) fn system_area(hybrid: &Hybrid, plan: &HybridPlan) -> Vec<u8> {
    let mut out = mbr::emit(hybrid, plan).to_vec();
    if hybrid.table.has_gpt() {
        out.extend(gpt::primary(plan));
    }
    out.resize(SYSTEM_AREA as usize * BLOCK_SIZE, 0);
    out
}

/// The last blocks of the image.
pub(crate) fn backup(plan: &HybridPlan) -> Vec<u8> {
    let table = gpt::backup(plan);
    let mut out = vec![0; (BACKUP_BLOCKS as usize * BLOCK_SIZE).saturating_sub(table.len())];
    out.extend(table);
    out
}

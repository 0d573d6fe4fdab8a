//! What machines can start from: files of the host that become images of a boot catalogue. Owns what a caller says of
//! one; the catalogue is mastering's.

use crate::error::SourceError;
use pitland_mastering::{BootEntry, Emulation, NodeId, Platform, Tree};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// An image that a machine can start from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BootImage {
    /// A file of the host. Where it is one of the volume's files, too, it is stored once.
    pub path: PathBuf,
    /// The machine that it is for.
    pub platform: Platform,
    /// What a BIOS makes of it.
    pub emulation: BootEmulation,
    /// Sectors of 512 bytes that are loaded; `None`: what the kind of entry usually has.
    pub load_sectors: Option<u16>,
    /// Segment at which a BIOS loads it; 0 is its own choice.
    pub load_segment: u16,
    /// Name of the entry's section: ASCII, at most 28 bytes, 24 for the first.
    pub id: String,
    /// Puts into the image where it and the volume are, as ISOLINUX and its like look for it.
    pub info_table: bool,
}

/// What a BIOS makes of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum BootEmulation {
    /// Loads and runs it.
    #[default]
    None,
    /// A floppy: of 1.2, 1.44 or 2.88 MB, by the image's size.
    Floppy,
    /// A hard drive, by the partition table in the image's first sector.
    HardDrive,
}

impl BootImage {
    /// An image for this machine, without emulation.
    pub fn new(path: impl Into<PathBuf>, platform: Platform) -> Self {
        Self {
            path: path.into(),
            platform,
            emulation: BootEmulation::default(),
            load_sectors: None,
            load_segment: 0,
            id: String::new(),
            info_table: false,
        }
    }

    /// The entry of the catalogue; the image becomes part of the tree.
    pub(super) fn entry(&self, tree: &mut Tree) -> Result<BootEntry, SourceError> {
        let image = tree.add_boot_image(&self.path).map_err(Arc::new)?;
        let mut entry = BootEntry::new(image, self.platform);
        entry.emulation = self.emulation_of(tree, image)?;
        entry.load_sectors = self.load_sectors;
        entry.load_segment = self.load_segment;
        entry.id.clone_from(&self.id);
        entry.info_table = self.info_table;
        Ok(entry)
    }

    fn emulation_of(&self, tree: &Tree, image: NodeId) -> Result<Emulation, SourceError> {
        Ok(match self.emulation {
            BootEmulation::None => Emulation::None,
            BootEmulation::Floppy => match tree.size(image) {
                1_228_800 => Emulation::Floppy1200,
                2_949_120 => Emulation::Floppy2880,
                // The plan says what is wrong with one of another size.
                _ => Emulation::Floppy1440,
            },
            BootEmulation::HardDrive => Emulation::HardDrive {
                partition_type: partition_type(&self.path)?,
            },
        })
    }
}

/// Where the four entries of a partition table begin in the first sector, and what each takes.
const PARTITIONS: (usize, usize) = (446, 16);
/// With what a sector ends that holds such a table.
const SIGNATURE: [u8; 2] = [0x55, 0xAA];
/// The type byte in an entry.
const TYPE: usize = 4;

/// The type of the first partition that is in use.
fn partition_type(path: &Path) -> Result<u8, SourceError> {
    let wrong = |error| SourceError::Io {
        name: path.display().to_string(),
        error: Arc::new(error),
    };
    let mut sector = [0; 512];
    let file = File::open(path).map_err(wrong)?;
    file.read_exact_at(&mut sector, 0).map_err(wrong)?;
    let (start, length) = PARTITIONS;
    let has_table = sector.ends_with(&SIGNATURE);
    let entries = sector.get(start..).filter(|_| has_table);
    let entries = entries.unwrap_or_default().chunks_exact(length);
    let types = entries.filter_map(|entry| entry.get(TYPE));
    types.copied().find(|kind| *kind != 0).ok_or_else(|| {
        wrong(std::io::Error::new(
            std::io::ErrorKind::InvalidData,
            "there is no partition table in its first sector",
        ))
    })
}

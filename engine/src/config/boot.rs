//! What machines can start from: files of the host that become images of a boot catalogue. Owns what a caller says of
//! one; the catalogue is mastering's.

use crate::error::SourceError;
use pitland_mastering::{BootCode, BootEntry, Emulation, Hybrid, NodeId, Platform, Tree};
use std::fs::File;
use std::io::{self, Read};
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
            // The plan says what is wrong with one of another size.
            BootEmulation::Floppy => {
                Emulation::floppy_of(tree.size(image)).unwrap_or(Emulation::Floppy1440)
            }
            BootEmulation::HardDrive => hard_drive(&self.path)?,
        })
    }
}

fn hard_drive(path: &Path) -> Result<Emulation, SourceError> {
    let wrong = |error| unusable(path, error);
    let mut sector = [0; 512];
    let file = File::open(path).map_err(wrong)?;
    file.read_exact_at(&mut sector, 0).map_err(wrong)?;
    Emulation::hard_drive_of(&sector).ok_or_else(|| {
        let text = "there is no partition table in its first sector";
        wrong(io::Error::new(io::ErrorKind::InvalidData, text))
    })
}

fn unusable(path: &Path, error: io::Error) -> SourceError {
    SourceError::Io {
        name: path.display().to_string(),
        error: Arc::new(error),
    }
}

/// That an image starts machines from a USB stick or a hard drive as well, with the images of its boot catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct HybridImage {
    /// A file of the host with the code that a BIOS runs, at most 512 bytes; without it only machines with UEFI start.
    pub code: Option<PathBuf>,
}

impl HybridImage {
    /// With this code.
    #[must_use]
    pub fn code(mut self, path: impl Into<PathBuf>) -> Self {
        self.code = Some(path.into());
        self
    }

    pub(super) fn hybrid(&self) -> Result<Hybrid, SourceError> {
        let mut hybrid = Hybrid::default();
        if let Some(path) = &self.code {
            let mut code = Vec::new();
            let file = File::open(path).map_err(|error| unusable(path, error))?;
            // One byte more than can be used tells that it is too long.
            file.take(513)
                .read_to_end(&mut code)
                .map_err(|error| unusable(path, error))?;
            let known = BootCode::recognize(&code);
            hybrid.code = Some(known.map_err(|fault| {
                unusable(path, io::Error::new(io::ErrorKind::InvalidData, fault))
            })?);
        }
        Ok(hybrid)
    }
}

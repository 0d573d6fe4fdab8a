//! The boot catalogue of an imported volume, for the next session's.
//!
//! Owns which file an entry's image is; must not know how a catalogue is recorded.

use std::path::PathBuf;

use super::{ImportError, ImportWarning, Imported};
use crate::block::{BLOCK_SIZE, BlockSource, Extent};
use crate::el_torito::{BootCatalogue, BootEntry, CatalogueEntry, DEFAULT_ID_BYTES, Selection};
use crate::read::Volume;
use crate::time::Timestamp;
use crate::tree::{Attributes, Extras, HiddenIn, NodeId, Origin, Tree};

/// Permissions of a boot image that has no name of its own.
const PERMISSIONS: u32 = 0o400;

/// The entries of a volume's boot catalogue; none, with a warning, where it cannot be read.
pub(super) fn read<R: BlockSource>(
    volume: &mut Volume<R>,
    warnings: &mut Vec<ImportWarning>,
) -> Vec<CatalogueEntry> {
    let Some(lba) = volume.boot_catalogue() else {
        return Vec::new();
    };
    match BootCatalogue::read(volume.source(), lba) {
        Ok(catalogue) => catalogue.entries,
        Err(error) => {
            let error = error.to_string();
            warnings.push(ImportWarning::BootCatalogue { error });
            Vec::new()
        }
    }
}

impl Imported {
    /// Puts the images that no name leads to into the tree, hidden in every file system. They may stand behind the volume,
    /// in partitions of a hybrid image. `end` is that of the source, where it is known.
    pub(super) fn add_hidden_images(&mut self, end: Option<u32>) -> Result<(), ImportError> {
        for entry in &self.boot {
            if entry.lba == 0 || self.file_at(entry.lba).is_some() {
                continue;
            }
            let bytes = u32::try_from(entry.known_bytes().max(1)).unwrap_or(BLOCK_SIZE as u32);
            let behind = entry.lba.saturating_add(bytes.div_ceil(BLOCK_SIZE as u32));
            // An entry may have more loaded than there is.
            let behind = end.map_or(behind, |end| behind.min(end));
            let Some(blocks) = behind.checked_sub(entry.lba).filter(|blocks| *blocks > 0) else {
                continue;
            };
            let extent = Extent {
                first_lba: entry.lba,
                blocks,
                bytes: bytes.min(blocks.saturating_mul(BLOCK_SIZE as u32)),
            };
            self.end = self.end.max(behind);
            let mut path = PathBuf::from(format!("/boot image at {}", entry.lba));
            while self.builder.get(&path).is_some() {
                path.as_mut_os_string().push("'");
            }
            let made = self.volume.created.unwrap_or(Timestamp::from_seconds(0));
            let attributes = Attributes::new(PERMISSIONS, made);
            let origin = Origin::Recorded([extent].into());
            self.builder.add_file(&path, origin, &attributes)?;
            let extras = Extras {
                hidden_in: HiddenIn::ALL,
                ..Extras::default()
            };
            self.builder.set_extras(&path, extras)?;
            let at = self.files.partition_point(|(lba, _)| *lba < entry.lba);
            self.files.insert(at, (entry.lba, path));
        }
        Ok(())
    }

    /// The entries of the imported volume's boot catalogue for a plan of `tree`, which was made from
    /// [`Imported::builder`]: for [`VolumeOptions::boot`](crate::VolumeOptions::boot). The images stay where they are, as
    /// they are. Entries whose image was removed or replaced are left out, and so are those that no plan can have; where
    /// that is the default one, the next takes its place, which has no criteria.
    #[must_use]
    pub fn boot_entries(&self, tree: &Tree) -> Vec<BootEntry> {
        let image = |entry: &CatalogueEntry| -> Option<NodeId> {
            let begins = |id: &NodeId| {
                let extents = tree.recorded(*id);
                extents.is_some_and(|extents| {
                    extents.len() == 1 && extents.first().is_some_and(|e| e.first_lba == entry.lba)
                })
            };
            tree.nodes().find(begins)
        };
        let mut kept: Vec<BootEntry> = Vec::new();
        for (at, entry) in self.boot.iter().enumerate() {
            let (Some(image), Some(emulation)) = (image(entry), entry.emulation) else {
                continue;
            };
            let mut made = BootEntry::new(image, entry.platform);
            made.emulation = emulation;
            made.load_segment = entry.load_segment;
            made.load_sectors = Some(entry.load_sectors);
            made.id = match entry.id.is_ascii() {
                true => String::from_utf8_lossy(&entry.id).into_owned(),
                false => String::new(),
            };
            made.selection = entry.selection.clone();
            made.bootable = entry.bootable;
            let is_default = kept.is_empty();
            if is_default && at > 0 {
                made.id.truncate(DEFAULT_ID_BYTES);
                made.selection = Selection::default();
            }
            let is_plain = tree.extras(image).is_none_or(|of| of.zisofs.is_none());
            if is_plain && made.check(tree.size(image), is_default).is_ok() {
                kept.push(made);
            }
        }
        kept
    }
}

//! What a plan makes sure of about boot images, and the catalogue as a file of the tree.
//!
//! Owns the checks and the contents of that file; must not know the catalogue's layout.

use std::path::PathBuf;

use super::{Layout, PlanError, VolumeOptions};
use crate::block::Extent;
use crate::el_torito::{self, BootImageFault};
use crate::tree::{NodeId, NodeKind, Tree};

pub(super) fn check(tree: &Tree, options: &VolumeOptions) -> Result<(), PlanError> {
    for (at, entry) in options.boot.iter().enumerate() {
        let known = entry.image.index() < tree.node_count();
        let size = if known { tree.size(entry.image) } else { 0 };
        let recorded = match known {
            true => tree.recorded(entry.image).map(<[Extent]>::len),
            false => None,
        };
        let fault = match recorded {
            Some(extents) if extents > 1 || entry.info_table => Err(BootImageFault::Recorded),
            _ if known && is_compressed(tree, entry.image) => Err(BootImageFault::Compressed),
            _ => entry.check(size, at == 0),
        };
        fault.map_err(|fault| PlanError::BootImage {
            path: match known {
                true => tree.source_path(entry.image),
                false => PathBuf::new(),
            },
            fault,
        })?;
    }
    let Some(catalogue) = options.boot_catalogue else {
        return Ok(());
    };
    let conflict = |what| Err(PlanError::Conflict { what });
    let is_file = catalogue.index() < tree.node_count() && tree.kind(catalogue) == NodeKind::File;
    if !is_file || tree.link_count(catalogue) > 1 {
        return conflict("the boot catalogue is to be something else than a file with one name");
    }
    if options.boot.is_empty() {
        return conflict("there is a file for the boot catalogue, and nothing to start from");
    }
    if options.boot.iter().any(|entry| entry.image == catalogue) {
        return conflict("the boot catalogue is to be a boot image");
    }
    Ok(())
}

fn is_compressed(tree: &Tree, image: NodeId) -> bool {
    let extras = tree.extras(tree.first_name(image));
    extras.is_some_and(|extras| extras.zisofs.is_some())
}

/// Gives each file that becomes different bytes when it is planned a place of its own, and the catalogue its size.
pub(super) fn prepare(tree: &mut Tree, options: &VolumeOptions) -> Result<(), PlanError> {
    for entry in options.boot.iter().filter(|entry| entry.info_table) {
        tree.keep_apart(entry.image);
    }
    if let Some(catalogue) = options.boot_catalogue {
        let bytes = el_torito::catalogue_bytes(&options.boot)?;
        let bytes = usize::try_from(bytes).map_err(|_| PlanError::TooManyFiles)?;
        tree.set_contents(catalogue, vec![0; bytes]);
    }
    Ok(())
}

impl Layout {
    /// Fills the catalogue that is a file of the tree, when all addresses are known.
    pub(super) fn fill_boot_catalogue(&mut self) {
        if let Some(file) = self.options.boot_catalogue {
            let mut bytes = self.boot_catalogue_bytes();
            bytes.truncate(usize::try_from(self.tree.size(file)).unwrap_or(usize::MAX));
            self.boot_catalogue = self.first_lba_of(file) - self.first_lba();
            self.tree.set_contents(file, bytes);
        }
    }

    /// The boot catalogue, in whole blocks.
    pub(crate) fn boot_catalogue_bytes(&self) -> Vec<u8> {
        let place = |image: NodeId| (self.first_lba_of(image), self.tree.size(image));
        el_torito::catalogue(&self.options.boot, place)
    }
}

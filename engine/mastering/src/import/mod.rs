//! An earlier session of a disc or image becomes a tree that can be edited, its files staying where they are.
//!
//! Owns what is kept of a volume and what is told as lost; reads folders and descriptors, no file but the few bytes that
//! stand in a folder's own structures. Must not know how a new session is planned.
//!
//! Unless the caller says otherwise, the names that are imported are Rock Ridge's where there are any, for they alone keep
//! modes, owners, links and devices; else UDF's, whose names and times are the fullest, and which on the discs of others
//! is often the only one that has all files; else Joliet's, and the plain ones at last. A new session has all of the file
//! systems that it is planned with, made from this one tree.

mod boot;
mod collect;
mod digests;
mod error;
mod facts;

use std::path::{Path, PathBuf};

pub use error::{ImportError, ImportWarning};
pub use facts::VolumeFacts;

use crate::block::BlockSource;
use crate::el_torito::CatalogueEntry;
use crate::read::{Names, ReadLimits, Volume};
use crate::sessions::{DiscId, volume_end};
use crate::tree::TreeBuilder;
use collect::Collector;

/// What is imported, and how much of it is believed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ImportOptions {
    /// Whose names; without it the best that there are.
    pub names: Option<Names>,
    /// Limits of the reader.
    pub limits: ReadLimits,
    /// Most files and folders.
    pub most_nodes: u64,
    /// The disc that is expected.
    pub disc: Option<DiscId>,
    /// Look whether other names of the volume lead to files that the imported ones do not.
    pub compare_names: bool,
    /// Note the SHA-256 of each file, so that a manifest of the next session lists it: as the manifest that stands at this
    /// path of the volume has it, where it lists the file and is newer; else the file is read from end to end.
    pub digests: Option<PathBuf>,
}

impl Default for ImportOptions {
    fn default() -> Self {
        Self {
            names: None,
            limits: ReadLimits::default(),
            most_nodes: 16_000_000,
            disc: None,
            compare_names: true,
            digests: None,
        }
    }
}

/// An imported volume.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Imported {
    /// The tree. Its files have [`Origin::Recorded`](crate::Origin::Recorded): they stay where they are.
    pub builder: TreeBuilder,
    /// Whose names it has.
    pub names: Names,
    /// All names that the volume has.
    pub offered: Vec<Names>,
    /// What the descriptors say.
    pub volume: VolumeFacts,
    /// What a session built on this will lose, or what is odd.
    pub warnings: Vec<ImportWarning>,
    /// The disc that this was imported from.
    pub disc: DiscId,
    /// The first block behind all that was seen: behind the volume, and behind each of its files.
    pub end: u32,
    /// The entries of its boot catalogue, as they are recorded; [`Imported::boot_entries`] makes them those of a plan.
    pub boot: Vec<CatalogueEntry>,
    /// Files with bytes on the disc, in the order of their first blocks.
    files: Vec<(u32, PathBuf)>,
}

impl Imported {
    /// The path of the file whose bytes begin at a block: of a boot image, say.
    #[must_use]
    pub fn file_at(&self, lba: u32) -> Option<&Path> {
        let at = self.files.partition_point(|(first, _)| *first < lba);
        let (first, path) = self.files.get(at)?;
        (*first == lba).then_some(path.as_path())
    }

    /// Where a session may begin that grows what was imported, on a medium that can be overwritten: behind everything,
    /// at a multiple of `alignment` ([`SESSION_ALIGNMENT`](crate::sessions::SESSION_ALIGNMENT) or that of Blu-ray discs).
    /// `None` behind the last block that can be addressed. Elsewhere the drive tells its next writable address.
    #[must_use]
    pub fn next_session(&self, alignment: u32) -> Option<u32> {
        self.end.checked_next_multiple_of(alignment)
    }
}

/// Imports the volume of the session that begins at `session_first_lba`.
///
/// # Errors
/// [`ImportError`]: nothing is imported by halves.
pub fn import(
    mut source: impl BlockSource,
    session_first_lba: u32,
    options: &ImportOptions,
) -> Result<Imported, ImportError> {
    let disc = match options.disc {
        Some(expected) => {
            expected.check(&mut source)?;
            expected
        }
        None => {
            DiscId::of(&mut source, session_first_lba).map_err(crate::sessions::DiscError::from)?
        }
    };
    let mut volume = Volume::open_with(source, session_first_lba, options.limits)?;
    if let Some(names) = options.names
        && !volume.use_names(names)
    {
        return Err(ImportError::NoSuchNames { names });
    }
    let names = volume.names();
    let offered = volume.offered_names();
    let mut collector = Collector::new(names, options.most_nodes);
    collector.summed = options.digests.as_ref().map(|_| Vec::new());
    collector.take_tree(&mut volume)?;
    collector.check_end(volume.source())?;
    let mut warnings = collector.warnings();
    if options.compare_names {
        for other in offered.iter().filter(|other| **other != names) {
            volume.use_names(*other);
            warnings.extend(collector.missing_under(&mut volume, *other));
        }
        volume.use_names(names);
    }
    if let Some((manifest, files)) = options.digests.as_ref().zip(collector.summed.take()) {
        digests::take(&mut volume, &mut collector.builder, files, manifest)?;
    }
    let boot = boot::read(&mut volume, &mut warnings);
    let mut files = std::mem::take(&mut collector.files);
    files.sort();
    let facts = facts::of(&mut volume, &files);
    let end = volume.source().blocks();
    let volume_end = volume_end(session_first_lba, facts.blocks, end);
    let mut imported = Imported {
        names,
        offered,
        warnings,
        disc,
        end: volume_end.max(collector.end()),
        volume: facts,
        boot,
        files,
        builder: collector.builder,
    };
    imported.add_hidden_images(end)?;
    Ok(imported)
}

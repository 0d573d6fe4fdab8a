//! Whether a volume holds what its source holds, and where it does not.
//!
//! Reads both sides and reports; decides nothing about the disc. File contents are compared in the order of their
//! blocks, which is the order that a drive likes.

mod contents;
mod difference;
mod names;

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

pub use difference::{Attribute, Difference};

use crate::block::BlockSource;
use crate::checksums::Digest;
use crate::iso9660;
use crate::iso9660::rules::{Deep, IsoLevel, IsoNames};
use crate::joliet::{self, Surrogates};
use crate::layout::PlanError;
use crate::read::{Entry, Names, Volume};
use crate::tree::source::Opener;
use crate::tree::{Attributes, EditError, NodeId, NodeKind, Tree};
use crate::udf;

/// What is compared.
#[derive(Clone, Copy, Debug)]
pub struct CompareOptions {
    /// The bytes of the files.
    pub contents: bool,
    /// Modes, owners, numbers of links and modification times, where the volume has Rock Ridge or UDF.
    pub attributes: bool,
    /// The other names of the volume, too: those of UDF and Joliet and the plain ones must lead to the same bytes.
    pub all_names: bool,
    /// With which names the volume was mastered: the level of ISO 9660.
    pub iso_level: IsoLevel,
    /// What its ISO 9660 names may have beyond the standard's characters.
    pub iso_names: IsoNames,
    /// What became of folders that lie deeper than ISO 9660 allows.
    pub deep: Deep,
    /// Whether its Joliet names have up to 103 units.
    pub joliet_long: bool,
    /// What Joliet did with characters beyond 16 bits.
    pub surrogates: Surrogates,
}

impl Default for CompareOptions {
    fn default() -> Self {
        Self {
            contents: true,
            attributes: true,
            all_names: true,
            iso_level: IsoLevel::default(),
            iso_names: IsoNames::STRICT,
            deep: Deep::AsIs,
            joliet_long: false,
            surrogates: Surrogates::default(),
        }
    }
}

impl CompareOptions {
    /// Everything is compared, by the options with which the volume was mastered, as far as its names show them. Reads its
    /// folders; what cannot be read shows nothing.
    pub fn of_volume<R: BlockSource>(volume: &mut Volume<R>) -> Self {
        let best = volume.names();
        let mut options = Self::default();
        let folders = folders_in_root(volume);
        if volume.use_names(Names::Plain) {
            // Folders that stand in the root alone by the plain names were moved there.
            if folders_in_root(volume) > folders {
                options.deep = Deep::Relocate;
            }
            let mut long = false;
            for (path, entry) in volume.walk().filter_map(Result::ok) {
                let name = path.file_name().unwrap_or_default().as_bytes();
                long |= !iso9660::names::is_short(name);
                let allowed = IsoNames::shown_by(name, entry.kind == NodeKind::Directory);
                options.iso_names = options.iso_names.or(allowed);
            }
            if !long {
                options.iso_level = IsoLevel::One;
            }
        }
        if volume.use_names(Names::Joliet) {
            let usual = joliet::most_units(false);
            let mut walk = volume.walk().filter_map(Result::ok);
            options.joliet_long = walk.any(|(path, _)| {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                name.encode_utf16().count() > usual
            });
        }
        volume.use_names(best);
        options
    }
}

fn folders_in_root<R: BlockSource>(volume: &mut Volume<R>) -> usize {
    let entries = volume.root().and_then(|root| volume.read_dir(&root));
    let entries = entries.unwrap_or_default().into_iter();
    entries.filter(|e| e.kind == NodeKind::Directory).count()
}

/// The tree with the manifest that the volume has under this name, where the source has none of its own: what it must
/// list is then compared, too.
///
/// # Errors
/// [`EditError`], where the tree cannot have such a file.
pub fn with_manifest_of<R: BlockSource>(
    volume: &mut Volume<R>,
    tree: Tree,
    name: &str,
) -> Result<Tree, EditError> {
    let path = Path::new("/").join(name);
    // UDF tells times most exactly. What cannot be read is told when it is compared.
    let best = volume.names();
    volume.use_names(Names::Udf);
    let found = volume.find(&path).ok().flatten();
    volume.use_names(best);
    match found.filter(|entry| entry.kind == NodeKind::File && tree.find(&path).is_none()) {
        Some(entry) => {
            let made = entry.modified.unwrap_or_default();
            tree.with_manifest(name, &Attributes::new(0o444, made))
        }
        None => Ok(tree),
    }
}

/// Takes the findings as they come.
pub trait CompareObserver {
    /// Something differs.
    fn difference(&mut self, difference: Difference);

    /// So many bytes of files were compared since the last call. [`ControlFlow::Break`] ends the comparison.
    fn compared(&mut self, bytes: u64) -> ControlFlow<()> {
        let _ = bytes;
        ControlFlow::Continue(())
    }
}

/// Collects all differences.
impl CompareObserver for Vec<Difference> {
    fn difference(&mut self, difference: Difference) {
        self.push(difference);
    }
}

/// How a comparison went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CompareSummary {
    /// Names that were compared, folders among them.
    pub names: u64,
    /// Bytes of files that were compared.
    pub bytes: u64,
    /// Differences that were reported.
    pub differences: u64,
    /// The observer ended it early.
    pub stopped: bool,
}

/// Compares a volume with the tree of its source, and reports what differs.
///
/// # Errors
/// [`PlanError`], when the tree could not have become a volume at all. Whatever is wrong with the volume or the files
/// is reported as a [`Difference`].
pub fn compare<R: BlockSource>(
    volume: &mut Volume<R>,
    tree: &Tree,
    options: &CompareOptions,
    observer: &mut dyn CompareObserver,
) -> Result<CompareSummary, PlanError> {
    let best = volume.names();
    let mut comparison = Comparison {
        tree,
        options,
        observer,
        summary: CompareSummary::default(),
        files: Vec::new(),
        copies: Vec::new(),
        opener: Opener::default(),
        shown: udf::shown::Shown::of(tree),
        serials: HashMap::new(),
        serial_of: HashMap::new(),
        modified_noted: HashSet::new(),
        digests: HashMap::new(),
        manifest: tree.manifests().next(),
    };
    comparison.structure(volume, best, true)?;
    if options.all_names {
        for names in volume.offered_names() {
            if names != best && volume.use_names(names) {
                comparison.structure(volume, names, false)?;
            }
        }
        volume.use_names(best);
        if let Some(error) = volume.take_udf_fault() {
            comparison.report(Difference::Damaged {
                path: "/".into(),
                names: Names::Udf,
                error,
            });
        }
    }
    if options.contents {
        comparison.contents(volume);
    }
    Ok(comparison.summary)
}

struct Comparison<'a> {
    tree: &'a Tree,
    options: &'a CompareOptions,
    observer: &'a mut dyn CompareObserver,
    summary: CompareSummary,
    /// Files whose contents are to be compared.
    files: Vec<(NodeId, Entry)>,
    /// Further copies of their contents, inside of entries of UDF.
    copies: Vec<(NodeId, Entry)>,
    opener: Opener,
    /// Which nodes have a name in UDF.
    shown: udf::shown::Shown,
    /// Which file of the source was met under which serial number, and the other way round.
    serials: HashMap<(Names, u32), NodeId>,
    serial_of: HashMap<(Names, NodeId), u32>,
    /// Whose modification time was found to differ.
    modified_noted: HashSet<NodeId>,
    /// The manifest, and the sums of the files that are as they should be.
    manifest: Option<NodeId>,
    digests: HashMap<NodeId, Digest>,
}

impl Comparison<'_> {
    fn report(&mut self, difference: Difference) {
        self.summary.differences += 1;
        self.observer.difference(difference);
    }
}

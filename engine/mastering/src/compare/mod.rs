//! Whether a volume holds what its source holds, and where it does not.
//!
//! Reads both sides and reports; decides nothing about the disc. File contents are compared in the order of their
//! blocks, which is the order that a drive likes.

mod contents;
mod difference;
mod names;

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

pub use difference::{Attribute, Difference};

use crate::block::BlockSource;
use crate::iso9660::rules::{IsoLevel, IsoNames};
use crate::joliet::Surrogates;
use crate::layout::PlanError;
use crate::read::{Entry, Names, Volume};
use crate::tree::source::Opener;
use crate::tree::{NodeId, Tree};
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
            joliet_long: false,
            surrogates: Surrogates::default(),
        }
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
}

impl Comparison<'_> {
    fn report(&mut self, difference: Difference) {
        self.summary.differences += 1;
        self.observer.difference(difference);
    }
}

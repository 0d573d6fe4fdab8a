//! Where the bytes of the files go, and where they are.
//!
//! Owns the order of the data and the one answer to "in which extents is this file", whatever its origin; must not know
//! the records that tell it.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::iter::FusedIterator;

use super::{Layout, PlanError, Planner, Region};
use crate::block::{BLOCK_BYTES, Extent, blocks_for};
use crate::tree::{NodeId, NodeKind, Tree};
use crate::udf::UdfRevision;

/// File data begin here or later: what grows a volume on an overwritable disc writes the descriptors of the newest
/// session into the first 32 blocks (seen with xorriso 1.5.4), and would overwrite the files of a small one.
const FIRST_DATA_BLOCK: u64 = 32;

/// Extents that a file's bytes take; none for an empty file.
fn extent_count(tree: &Tree, id: NodeId) -> u64 {
    match tree.recorded(id) {
        Some(extents) => extents.len() as u64,
        None => tree.size(id).div_ceil(Extent::MOST_BYTES.into()),
    }
}

/// Records of a file in a folder: one for each extent, and one for an empty file.
pub(crate) fn sections(tree: &Tree, id: NodeId) -> u64 {
    extent_count(tree, id).max(1)
}

/// The extents of a file, absolute on the disc. All but the last hold whole blocks, none more than
/// [`Extent::MOST_BYTES`]. An empty file has none.
#[derive(Clone, Debug)]
pub struct Extents<'a> {
    run: Run<'a>,
    next: u64,
    count: u64,
}

#[derive(Clone, Debug)]
enum Run<'a> {
    /// One behind the other.
    Row {
        first_lba: u32,
        size: u64,
    },
    Recorded(&'a [Extent]),
}

impl Extents<'_> {
    /// The extent at a position, whatever was taken.
    #[must_use]
    pub fn get(&self, at: u64) -> Option<Extent> {
        match self.run {
            Run::Recorded(extents) => extents.get(usize::try_from(at).ok()?).copied(),
            Run::Row { first_lba, size } => {
                let before = at.checked_mul(Extent::MOST_BYTES.into())?;
                let left = size.checked_sub(before).filter(|left| *left > 0)?;
                let bytes = left.min(Extent::MOST_BYTES.into());
                Some(Extent {
                    // The plan has refused what is larger.
                    first_lba: first_lba + (before / BLOCK_BYTES) as u32,
                    blocks: blocks_for(bytes) as u32,
                    bytes: bytes as u32,
                })
            }
        }
    }
}

impl Iterator for Extents<'_> {
    type Item = Extent;

    fn next(&mut self) -> Option<Extent> {
        let extent = self.get(self.next)?;
        self.next += 1;
        Some(extent)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = usize::try_from(self.count - self.next).unwrap_or(usize::MAX);
        (left, Some(left))
    }
}

impl ExactSizeIterator for Extents<'_> {}
impl FusedIterator for Extents<'_> {}

impl Layout {
    /// Where a file's bytes are, whatever their origin; nowhere for an empty file and for what is no file.
    #[must_use]
    pub fn extents_of(&self, id: NodeId) -> Extents<'_> {
        let run = match self.tree.recorded(id) {
            Some(extents) => Run::Recorded(extents),
            None => Run::Row {
                first_lba: self.first_lba_of(id),
                size: self.tree.size(id),
            },
        };
        Extents {
            run,
            next: 0,
            count: extent_count(&self.tree, id),
        }
    }

    /// The first block of a file's bytes, absolute on the disc. What has none has the block of all empty files.
    #[must_use]
    pub fn first_lba_of(&self, id: NodeId) -> u32 {
        match self.tree.recorded(id).and_then(<[Extent]>::first) {
            Some(extent) => extent.first_lba,
            None => self.absolute(self.places.get(id.index()).copied().unwrap_or(0)),
        }
    }

    /// The position of a file's bytes in the order of files with data; none of what has no blocks of its own or another's.
    pub(crate) fn data_index(&self, id: NodeId) -> Option<usize> {
        let data = self.tree.data_of(id);
        has_own_data(&self.tree, data)
            .then(|| self.places.get(data.index()))
            .flatten()
            .and_then(|block| self.extent_index(*block))
    }

    pub(super) fn place_files(&mut self, planner: &mut Planner) -> Result<(), PlanError> {
        let tree = &self.tree;
        let has_no_data =
            |id: &NodeId| tree.kind(*id) != NodeKind::Directory && tree.size(*id) == 0;
        let empty = tree.nodes().any(|id| has_no_data(&id));
        let empty_block = planner.region(Region::EmptyFiles, u64::from(empty))?;
        let reserve = FIRST_DATA_BLOCK.saturating_sub(planner.next);
        planner.region(Region::Reserve, reserve)?;
        planner.region(Region::Data, 0)?;
        let appended = self.appended();
        let inside = |id: &NodeId| !appended.contains(id);
        let streams = self.options.udf.is_some_and(UdfRevision::third_edition);
        for id in in_order(tree, streams).into_iter().filter(inside) {
            let block = planner.take(blocks_for(tree.size(id)))?;
            self.extents.push((block, id));
            if let Some(place) = self.places.get_mut(id.index()) {
                *place = block;
            }
        }
        for id in tree.nodes() {
            let shared = tree.data_of(id);
            let block = match tree.kind(id) {
                NodeKind::Directory => continue,
                NodeKind::File if has_own_data(tree, id) => continue,
                NodeKind::File if has_own_data(tree, shared) => {
                    self.places.get(shared.index()).copied()
                }
                _ => None,
            };
            if let Some(place) = self.places.get_mut(id.index()) {
                *place = block.unwrap_or(empty_block);
            }
        }
        Ok(())
    }
}

/// Whether a node's bytes get blocks.
fn has_own_data(tree: &Tree, id: NodeId) -> bool {
    tree.size(id) > 0 && tree.data_of(id) == id && tree.recorded(id).is_none()
}

/// The files that get blocks, in the order of these: by their weights, and as they stand in the tree where those are the
/// same. Of several names of a file, or files with equal bytes, the greatest weight counts that one was given.
/// A manifest stands behind all that it lists. Named streams have blocks where a file system of the volume has them.
fn in_order(tree: &Tree, streams: bool) -> Vec<NodeId> {
    let mut files: Vec<NodeId> = tree
        .nodes()
        .filter(|id| has_own_data(tree, *id) && (streams || !tree.is_stream(*id)))
        .collect();
    let mut weights: HashMap<NodeId, i32> = HashMap::new();
    for (id, weight) in tree.weights() {
        let data = weights.entry(tree.data_of(id)).or_insert(weight);
        *data = weight.max(*data);
    }
    if !weights.is_empty() || tree.has_manifest() {
        let weight = |id: &NodeId| weights.get(id).copied().unwrap_or(0);
        files.sort_by_key(|id| (tree.is_manifest(*id), Reverse(weight(id))));
    }
    files
}

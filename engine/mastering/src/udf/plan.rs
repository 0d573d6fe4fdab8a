//! Where the structures of UDF stand: what pass 1 finds out about them.
//!
//! Owns the order and the lengths of file entries and folders; the layout owns the blocks of the image.

use std::collections::HashMap;

use super::UdfRevision;
use super::allocation;
use super::directory;
use super::entry;
use super::field::Address;
use super::names::Names;
use super::shown::Shown;
use super::streams;
use crate::block::blocks_for;
use crate::layout::{Count, PlanError, VolumeOptions};
use crate::tree::{NodeId, NodeKind, Tree};

/// Blocks in which one piece of a metadata partition is a multiple, and at whose multiples it begins: those of one ECC
/// block of a Blu-ray disc (UDF 2.2.10).
pub(crate) const ALLOCATION_UNIT: u32 = 32;

/// Blocks before the first file entry: the file set descriptor and the terminator behind it.
const FIRST_ENTRY: u32 = 2;

/// Children between two marks in a large folder.
pub(crate) const MARK_EVERY: usize = 1024;

/// The planned structures of UDF. Blocks are relative to the image unless they are said to be of the partition.
#[derive(Debug)]
pub(crate) struct UdfPlan {
    pub(crate) revision: UdfRevision,
    pub(crate) names: Names,
    pub(crate) shown: Shown,
    /// Whether access times are recorded.
    pub(crate) access_times: bool,
    /// Whether there is a second copy of the metadata.
    pub(crate) mirrored: bool,
    /// The first block of the files of earlier sessions, absolute on the disc.
    pub(crate) first_recorded: Option<u32>,
    first_lba: u32,
    /// For each node the offset of its file entry among the metadata. A further name of a file has none: its own is the
    /// next one's.
    entries: Vec<u32>,
    /// For large folders: how many bytes of identifiers precede every [`MARK_EVERY`]th child.
    marks: HashMap<NodeId, Vec<u64>>,
    /// File set descriptor, file entries and folders together.
    pub(crate) metadata_blocks: u32,
    /// First block of these.
    pub(crate) metadata: u32,
    /// First block of their second copy; the same where there is none.
    pub(crate) mirror: u32,
    /// The file entries of the metadata file and of its mirror.
    pub(crate) metadata_files: [u32; 2],
    pub(crate) main_sequence: u32,
    pub(crate) reserve_sequence: u32,
    pub(crate) integrity: u32,
    /// First block of the partition, absolute on the disc: it may begin in an earlier session.
    pub(crate) partition: u32,
    pub(crate) partition_blocks: u32,
    pub(crate) files: u32,
    pub(crate) directories: u32,
}

impl UdfPlan {
    pub(crate) fn new(
        tree: &Tree,
        revision: UdfRevision,
        first_lba: u32,
        options: &VolumeOptions,
        changed: &mut Count,
    ) -> Result<Self, PlanError> {
        let shown = Shown::of(tree);
        let names = Names::settle(tree, changed);
        let mut entries = Vec::with_capacity(tree.node_count());
        let mut marks = HashMap::new();
        let mut next = u64::from(FIRST_ENTRY);
        for id in tree.nodes() {
            entries.push(u32::try_from(next).map_err(|_| PlanError::TooManyFiles)?);
            next += match tree.kind(id) {
                _ if tree.first_name(id) != id => 0,
                // A stream has an entry where the file has one that can have streams.
                _ if tree.is_stream(id) => match tree.parent(id) {
                    file if revision.third_edition() && has_name(tree, &shown, file) => {
                        1 + allocation::further_blocks(revision, tree, id)
                    }
                    _ => 0,
                },
                _ if tree.is_hidden(id) || !has_name(tree, &shown, id) => 0,
                NodeKind::Directory => {
                    let (bytes, own) = directory::measure(tree, &names, &shown, id);
                    if !own.is_empty() {
                        marks.insert(id, own);
                    }
                    1 + entry::blocks_beside(revision, tree, id, bytes)
                }
                NodeKind::Symlink => {
                    1 + entry::blocks_beside(revision, tree, id, entry::link_bytes(tree, id))
                }
                NodeKind::File => 1 + allocation::further_blocks(revision, tree, id),
                _ => 1,
            };
            if has_name(tree, &shown, id) && tree.first_name(id) == id {
                next += streams::blocks(revision, tree, id);
            }
        }
        let metadata_blocks = match revision.has_metadata_partition() {
            true => next.next_multiple_of(u64::from(ALLOCATION_UNIT)),
            false => next,
        };
        let count = |number: u64| u32::try_from(number).map_err(|_| PlanError::TooManyFiles);
        let (hidden_files, hidden_directories) = shown.hidden(tree);
        let first_recorded = tree
            .nodes()
            .filter_map(|id| tree.recorded(id))
            .flatten()
            .map(|extent| extent.first_lba)
            .min();
        Ok(Self {
            revision,
            names,
            shown,
            access_times: options.access_times,
            mirrored: options.udf_options.mirror,
            first_recorded,
            first_lba,
            entries,
            marks,
            metadata_blocks: count(metadata_blocks)?,
            metadata: 0,
            mirror: 0,
            metadata_files: [0; 2],
            main_sequence: 0,
            reserve_sequence: 0,
            integrity: 0,
            partition: 0,
            partition_blocks: 0,
            files: count(tree.file_count().saturating_sub(hidden_files))?,
            directories: count(tree.directory_count().saturating_sub(hidden_directories))?,
        })
    }

    /// The node to whose file entry, or what follows it, a block of the metadata belongs, and how many blocks of the
    /// node precede it.
    pub(crate) fn node_at(&self, offset: u32) -> Option<(NodeId, u32)> {
        let after = self.entries.partition_point(|first| *first <= offset);
        let at = after.checked_sub(1)?;
        let first = self.entries.get(at)?;
        Some((NodeId(u32::try_from(at).ok()?), offset - first))
    }

    /// The offset behind the node's last block.
    pub(crate) fn end_of(&self, id: NodeId) -> u32 {
        let next = self.entries.get(id.index() + 1);
        next.copied().unwrap_or(self.metadata_blocks)
    }

    fn offset(&self, tree: &Tree, id: NodeId) -> u32 {
        let first = tree.first_name(id);
        self.entries.get(first.index()).copied().unwrap_or(0)
    }

    /// Where a block of the metadata is, as allocation descriptors say it.
    pub(crate) fn metadata_address(&self, offset: u32) -> Address {
        match self.revision.has_metadata_partition() {
            true => Address {
                block: offset,
                partition: 1,
            },
            false => self.partition_address(self.metadata + offset),
        }
    }

    /// Where a block of the image is in the partition.
    pub(crate) fn partition_address(&self, block: u32) -> Address {
        self.disc_address(self.first_lba.saturating_add(block))
    }

    /// Where a block of the disc is in the partition.
    pub(crate) fn disc_address(&self, lba: u32) -> Address {
        Address {
            block: lba.saturating_sub(self.partition),
            partition: 0,
        }
    }

    /// Where the file entry of a node is.
    pub(crate) fn entry_address(&self, tree: &Tree, id: NodeId) -> Address {
        self.metadata_address(self.offset(tree, id))
    }

    /// Whether the node has streams that are recorded.
    pub(crate) fn has_streams(&self, tree: &Tree, id: NodeId) -> bool {
        streams::blocks(self.revision, tree, id) > 0
    }

    /// Blocks of a node's entry and what lies beside it, without the folder of its streams.
    pub(crate) fn own_blocks(&self, tree: &Tree, id: NodeId) -> u32 {
        let all = self.end_of(id).saturating_sub(self.offset(tree, id));
        all.saturating_sub(streams::blocks(self.revision, tree, id) as u32)
    }

    /// Where the folder of a node's streams is: behind all else of the node.
    pub(crate) fn streams_address(&self, tree: &Tree, id: NodeId) -> Address {
        self.metadata_address(self.offset(tree, id) + self.own_blocks(tree, id))
    }

    /// The number of a file that no other has. Those up to 15 are not given to files; the root has 0.
    pub(crate) fn unique(tree: &Tree, id: NodeId) -> u32 {
        match tree.first_name(id) {
            NodeId::ROOT => 0,
            first => first.0.saturating_add(15),
        }
    }

    /// The first number that no file has.
    pub(crate) fn next_unique(tree: &Tree) -> u64 {
        tree.node_count() as u64 + 16
    }

    /// The last mark in a folder at or before a byte of it: how many children, and how many bytes.
    pub(crate) fn mark_before(&self, id: NodeId, byte: u64) -> (usize, u64) {
        let Some(marks) = self.marks.get(&id) else {
            return (0, 0);
        };
        let after = marks.partition_point(|mark| *mark <= byte);
        match after.checked_sub(1).and_then(|at| marks.get(at)) {
            Some(mark) => (after * MARK_EVERY, *mark),
            None => (0, 0),
        }
    }

    /// Bytes of identifiers of a folder.
    pub(crate) fn directory_bytes(&self, tree: &Tree, id: NodeId) -> u64 {
        let children = self.shown.count(tree, id);
        let (from, bytes) = match self.marks.get(&id).and_then(|marks| marks.last()) {
            Some(mark) => (children / MARK_EVERY * MARK_EVERY, *mark),
            None => (0, directory::PARENT_BYTES),
        };
        let rest = self.shown.children(tree, id).skip(from);
        bytes
            + rest
                .map(|child| directory::identifier_bytes(self.names.length(tree, child)))
                .sum::<u64>()
    }
}

/// Whether this name or another one of the same file is shown.
fn has_name(tree: &Tree, shown: &Shown, id: NodeId) -> bool {
    shown.shows(id) || (tree.kind(id) != NodeKind::Directory && shown.links(tree, id) > 0)
}

/// Blocks that a number of bytes takes, where the plan has made sure that 32 bits count them.
pub(crate) fn blocks(bytes: u64) -> u32 {
    blocks_for(bytes) as u32
}

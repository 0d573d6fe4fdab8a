//! From files to names and blocks, and from blocks back to files.
//!
//! Answers from the plan alone, before a byte of it is made.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use super::{Extents, Hierarchy, Layout};
use crate::read::{Names, shown_name};
use crate::tree::{NodeId, NodeKind};
use crate::udf::read::expected;

/// A recorded extent: first block, the block behind its last, and whose it is.
pub(super) type RecordedExtent = (u32, u32, NodeId);

impl Layout {
    /// The hierarchy of ISO 9660 that has these names.
    fn hierarchy_of(&self, names: Names) -> Option<&Hierarchy> {
        let wanted = match names {
            Names::RockRidge => Names::Plain,
            other => other,
        };
        self.hierarchies.iter().find(|hierarchy| {
            let rock_ridge = hierarchy.namespace.rock_ridge().is_some();
            let own = match hierarchy.namespace.names() {
                Names::RockRidge => Names::Plain,
                other => other,
            };
            own == wanted && (names != Names::RockRidge || rock_ridge)
        })
    }

    /// The name that a node will have in a file system of the volume, as [`Entry::name`](crate::Entry) has it when it is
    /// read; `None` where it has none there, or there is no such file system. The root's is empty.
    #[must_use]
    pub fn name_in(&self, names: Names, id: NodeId) -> Option<Vec<u8>> {
        self.named(names, id, self.tree.parent(id))
    }

    /// The name of a node in a folder: its own, or the root where its records were moved there.
    fn named(&self, names: Names, id: NodeId, folder: NodeId) -> Option<Vec<u8>> {
        let hidden = |id: NodeId| {
            self.tree
                .extras(id)
                .is_some_and(|extras| extras.hidden_in.udf)
        };
        match names {
            _ if self.tree.is_hidden(id) => None,
            Names::Udf => {
                let udf = self.udf.as_ref()?;
                if id == NodeId::ROOT {
                    return Some(Vec::new());
                }
                (!hidden(id)).then(|| expected::name(&udf.names.of(&self.tree, id)))?
            }
            _ => {
                let hierarchy = self.hierarchy_of(names)?;
                if !hierarchy.holds(id) {
                    return None;
                }
                Some(match names {
                    _ if id == NodeId::ROOT => Vec::new(),
                    Names::RockRidge => self.tree.name_bytes(id).to_vec(),
                    _ => shown_name(names, hierarchy.identifier_in(folder, &self.tree, id)),
                })
            }
        }
    }

    /// The path that a node will have in a file system of the volume, from `/`; `None` where it has none there. A folder
    /// that lies too deep for ISO 9660 may stand in the root by its plain names.
    #[must_use]
    pub fn path_in(&self, names: Names, id: NodeId) -> Option<PathBuf> {
        let mut parts = Vec::new();
        let mut at = id;
        self.name_in(names, NodeId::ROOT)?;
        while at != NodeId::ROOT {
            let moved =
                names == Names::Plain && self.hierarchy_of(names).is_some_and(|h| h.is_moved(at));
            let folder = match moved {
                true => NodeId::ROOT,
                false => self.tree.parent(at),
            };
            parts.push(OsString::from_vec(self.named(names, at, folder)?));
            at = folder;
        }
        let mut path = PathBuf::from("/");
        path.extend(parts.into_iter().rev());
        Some(path)
    }

    /// Where the bytes of the file at a path of the tree are; `None` where there is none.
    #[must_use]
    pub fn extents_at(&self, path: &Path) -> Option<Extents<'_>> {
        let id = self.tree.find(path)?;
        (self.tree.kind(id) == NodeKind::File).then(|| self.extents_of(id))
    }

    /// The files whose bytes are in a block, absolute on the disc, in the order of the tree: several where a file has
    /// several names, or others have its bytes. Files that stand on the disc already are among them. Looks at every node.
    #[must_use]
    pub fn files_at(&self, lba: u32) -> Vec<NodeId> {
        let data = lba
            .checked_sub(self.first_lba)
            .filter(|block| self.region_at(*block) == Some(super::Region::Data))
            .and_then(|block| self.extent(self.extent_index(block)?))
            .map(|(_, id)| id);
        let in_block = |id: &NodeId| match self.tree.recorded(*id) {
            Some(extents) => extents
                .iter()
                .any(|extent| (extent.first_lba..extent.first_lba + extent.blocks).contains(&lba)),
            None => data.is_some_and(|data| self.tree.data_of(*id) == data),
        };
        self.tree
            .nodes()
            .filter(|id| self.tree.size(*id) > 0 && in_block(id))
            .collect()
    }

    /// The extents of files that stand on the disc already, in the order of their blocks.
    pub(super) fn recorded_extents(&self) -> Vec<RecordedExtent> {
        let mut all: Vec<RecordedExtent> = self
            .tree
            .nodes()
            .filter(|id| self.tree.first_name(*id) == *id)
            .flat_map(|id| {
                let extents = self.tree.recorded(id).unwrap_or_default();
                extents
                    .iter()
                    .map(move |extent| (extent.first_lba, extent.first_lba + extent.blocks, id))
            })
            .collect();
        all.sort_unstable();
        all
    }

    /// The first of the files recorded before that has a block, and the byte of it with which the block begins.
    pub(super) fn recorded_at(&self, lba: u32) -> Option<(NodeId, u64)> {
        let after = self.recorded.partition_point(|(first, ..)| *first <= lba);
        // Extents of two files may be the same, and of a hostile volume overlap: the nearest that holds the block.
        let before = self.recorded.get(..after)?.iter().rev().take(64);
        let (first, _, id) = before.copied().find(|(_, end, _)| lba < *end)?;
        let mut offset = 0;
        for extent in self.tree.recorded(id)? {
            if extent.first_lba == first {
                break;
            }
            offset += u64::from(extent.bytes);
        }
        let within = u64::from(lba - first) * crate::block::BLOCK_BYTES;
        Some((id, offset + within))
    }
}

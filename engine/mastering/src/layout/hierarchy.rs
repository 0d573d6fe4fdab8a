//! One hierarchy of folders, ISO 9660's or Joliet's: identifiers, orders, and the folders in path table order.
//!
//! Knows which name stands where among its siblings; `records` knows how long a record is.

use super::options::{PlanError, PlanWarning};
use super::records::Checkpoint;
use crate::iso9660::names::{self, settle};
use crate::joliet::{self, Surrogates};
use crate::tree::{NodeId, NodeKind, Tree};

/// What of Rock Ridge is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RockRidge {
    pub(crate) access_times: bool,
}

/// Which names a hierarchy has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Namespace {
    Iso {
        /// `None` without Rock Ridge.
        rock_ridge: Option<RockRidge>,
    },
    Joliet {
        surrogates: Surrogates,
    },
}

impl Namespace {
    /// Whether a node of this kind has a record here.
    pub(crate) fn holds(self, kind: NodeKind) -> bool {
        matches!(kind, NodeKind::Directory | NodeKind::File) || self.rock_ridge().is_some()
    }

    pub(crate) fn rock_ridge(self) -> Option<RockRidge> {
        match self {
            Self::Iso { rock_ridge } => rock_ridge,
            Self::Joliet { .. } => None,
        }
    }

    pub(crate) fn is_joliet(self) -> bool {
        matches!(self, Self::Joliet { .. })
    }
}

/// A folder's place in a hierarchy.
#[derive(Debug)]
pub(crate) struct DirectoryPlace {
    pub(crate) node: NodeId,
    /// Position of the parent in the path table, from 0.
    pub(crate) parent: u32,
    /// Children that have a record here.
    pub(crate) entries: u32,
    /// First block, relative to the image.
    pub(crate) block: u32,
    /// Blocks of records.
    pub(crate) record_blocks: u32,
    /// Blocks of continuation areas, which follow the records.
    pub(crate) continuation_blocks: u32,
    /// Where one can begin in the middle of a large folder.
    pub(crate) checkpoints: Vec<Checkpoint>,
}

#[derive(Debug)]
pub(crate) struct Hierarchy {
    pub(crate) namespace: Namespace,
    /// Identifiers as they are recorded, in the order of the nodes.
    identifiers: Vec<u8>,
    /// The end of each node's identifier.
    ends: Vec<u32>,
    /// For each folder, in the range of its children: those that have a record here, in recorded order.
    order: Vec<u32>,
    /// Folders in path table order.
    pub(crate) directories: Vec<DirectoryPlace>,
    /// From a folder's ordinal in the tree to its position in `directories`.
    positions: Vec<u32>,
    pub(crate) path_table_bytes: u32,
    /// First blocks of the path tables of type L and M, relative to the image.
    pub(crate) path_tables: [u32; 2],
}

impl Hierarchy {
    /// Names and orders everything. `ordinals` gives each folder's ordinal in the tree.
    pub(crate) fn new(
        tree: &Tree,
        namespace: Namespace,
        ordinals: &[u32],
        warnings: &mut Vec<PlanWarning>,
    ) -> Result<Self, PlanError> {
        let count = tree.nodes.len();
        let mut this = Self {
            namespace,
            identifiers: Vec::with_capacity(count * 16),
            ends: Vec::with_capacity(count),
            order: vec![0; count],
            directories: Vec::new(),
            positions: Vec::new(),
            path_table_bytes: 0,
            path_tables: [0; 2],
        };
        this.name_all(tree, warnings)?;
        this.number_folders(tree, ordinals)?;
        Ok(this)
    }

    fn name_all(&mut self, tree: &Tree, warnings: &mut Vec<PlanWarning>) -> Result<(), PlanError> {
        self.ends.push(0); // the root has no name
        let mut changed = Count::default();
        let mut left_out = Count::default();
        for folder in tree
            .nodes()
            .filter(|id| tree.kind(*id) == NodeKind::Directory)
        {
            let first = tree.node(folder).first as usize;
            let held: Vec<NodeId> = tree
                .children(folder)
                .filter(|child| {
                    let held = self.namespace.holds(tree.kind(*child));
                    if !held {
                        left_out.add(*child);
                    }
                    held
                })
                .collect();
            let identifiers = self.identify(tree, &held, &mut changed);
            let mut held_with = held.iter().copied().zip(&identifiers).peekable();
            for child in tree.children(folder) {
                if let Some((_, identifier)) = held_with.next_if(|(id, _)| *id == child) {
                    self.identifiers.extend_from_slice(identifier);
                }
                self.ends.push(
                    u32::try_from(self.identifiers.len()).map_err(|_| PlanError::TooManyFiles)?,
                );
            }
            let mut sorted: Vec<(&[u8], u32)> = identifiers
                .iter()
                .map(Vec::as_slice)
                .zip(held.iter().map(|id| id.0))
                .collect();
            // In ISO 9660 the name is compared before the extension, the shorter one as if filled up with spaces. The dot
            // is less than every character of a name, so that the order of the bytes is the same, but for the version:
            // its separator is greater than a digit. Joliet's units are compared as numbers, which big-endian bytes keep.
            let joliet = self.namespace.is_joliet();
            sorted.sort_unstable_by_key(|&(identifier, id)| {
                let unversioned = identifier.strip_suffix(b";1").filter(|_| !joliet);
                (unversioned.unwrap_or(identifier), id)
            });
            let places = self.order.get_mut(first..).unwrap_or_default();
            for (place, (_, id)) in places.iter_mut().zip(&sorted) {
                *place = *id;
            }
        }
        if let Some(first) = left_out.first {
            let first = tree.disc_path(first);
            let count = left_out.count;
            warnings.push(if self.namespace.is_joliet() {
                PlanWarning::JolietLeavesOut { count, first }
            } else {
                PlanWarning::LeftOut { count, first }
            });
        }
        if let Some(first) = changed.first {
            warnings.push(PlanWarning::JolietNamesChanged {
                count: changed.count,
                first: tree.disc_path(first),
            });
        }
        Ok(())
    }

    fn identify(&self, tree: &Tree, held: &[NodeId], changed: &mut Count) -> Vec<Vec<u8>> {
        match self.namespace {
            Namespace::Iso { .. } => {
                let parts = held
                    .iter()
                    .map(|id| match tree.kind(*id) {
                        NodeKind::Directory => names::directory_parts(tree.name_bytes(*id)),
                        _ => names::file_parts(tree.name_bytes(*id)),
                    })
                    .collect();
                let mut identifiers = settle(parts, names::shown);
                for (id, identifier) in held.iter().zip(&mut identifiers) {
                    if tree.kind(*id) != NodeKind::Directory {
                        *identifier = names::file_identifier(identifier);
                    }
                }
                identifiers
            }
            Namespace::Joliet { surrogates } => {
                let parts = held
                    .iter()
                    .map(|id| {
                        joliet::parts(
                            tree.name_bytes(*id),
                            tree.kind(*id) == NodeKind::Directory,
                            surrogates,
                        )
                    })
                    .collect();
                let settled = settle(parts, joliet::identifier);
                for (id, units) in held.iter().zip(&settled) {
                    let original = std::str::from_utf8(tree.name_bytes(*id));
                    if !original.is_ok_and(|name| name.encode_utf16().eq(units.iter().copied())) {
                        changed.add(*id);
                    }
                }
                settled.iter().map(|units| joliet::bytes(units)).collect()
            }
        }
    }

    fn number_folders(&mut self, tree: &Tree, ordinals: &[u32]) -> Result<(), PlanError> {
        let place = |node: NodeId, parent: u32| DirectoryPlace {
            node,
            parent,
            entries: tree
                .children(node)
                .filter(|child| self.namespace.holds(tree.kind(*child)))
                .count() as u32,
            block: 0,
            record_blocks: 0,
            continuation_blocks: 0,
            checkpoints: Vec::new(),
        };
        // Breadth first, in recorded order within each folder: the order that path tables have.
        let mut directories = vec![place(NodeId::ROOT, 0)];
        let mut at = 0;
        let mut bytes = 10u64; // the root's record
        while let Some(directory) = directories.get(at) {
            let children: Vec<NodeId> = self
                .ordered_children(tree, directory)
                .filter(|child| tree.kind(*child) == NodeKind::Directory)
                .collect();
            for child in children {
                bytes += crate::iso9660::path_table::PathTableRecord::length(
                    self.identifier(child).len(),
                ) as u64;
                directories.push(place(child, at as u32));
            }
            at += 1;
        }
        self.path_table_bytes = u32::try_from(bytes).map_err(|_| PlanError::TooManyFiles)?;
        self.positions = vec![0; directories.len()];
        for (position, directory) in directories.iter().enumerate() {
            let ordinal = ordinals.get(directory.node.index()).copied().unwrap_or(0) as usize;
            if let Some(place) = self.positions.get_mut(ordinal) {
                *place = position as u32;
            }
        }
        self.directories = directories;
        Ok(())
    }

    /// The identifier as it is recorded: empty for the root and for what has no record here.
    pub(crate) fn identifier(&self, id: NodeId) -> &[u8] {
        let end = |at: usize| self.ends.get(at).copied().unwrap_or(0) as usize;
        let start = id.index().checked_sub(1).map_or(0, end);
        self.identifiers
            .get(start..end(id.index()))
            .unwrap_or_default()
    }

    /// The children of a folder that have a record here, in recorded order.
    pub(crate) fn ordered_children(
        &self,
        tree: &Tree,
        directory: &DirectoryPlace,
    ) -> impl ExactSizeIterator<Item = NodeId> + '_ {
        let first = tree.node(directory.node).first as usize;
        let range = first..first + directory.entries as usize;
        self.order
            .get(range)
            .unwrap_or_default()
            .iter()
            .map(|id| NodeId(*id))
    }

    /// The folder's place, by its ordinal in the tree.
    pub(crate) fn directory(&self, ordinal: u32) -> Option<&DirectoryPlace> {
        self.directories
            .get(self.positions.get(ordinal as usize).copied()? as usize)
    }
}

/// How many, and which was the first.
#[derive(Default)]
pub(crate) struct Count {
    pub(crate) count: u64,
    pub(crate) first: Option<NodeId>,
}

impl Count {
    pub(crate) fn add(&mut self, id: NodeId) {
        self.count += 1;
        self.first.get_or_insert(id);
    }
}

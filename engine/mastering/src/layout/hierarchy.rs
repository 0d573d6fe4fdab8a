//! One hierarchy of folders, of ISO 9660, its version of 1999, or Joliet: identifiers, orders, and the folders in path table order.
//!
//! Knows which name stands where among its siblings; `records` knows how long a record is.

use super::options::{PlanError, PlanWarning, VolumeOptions};
use super::records::Checkpoint;
use crate::iso9660::names::{self, Rules, settle};
use crate::iso9660::rules::{Deep, LEVELS, PATH_BYTES};
use crate::joliet::{self, Surrogates};
use crate::read::Names;
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
        rules: Rules,
        deep: Deep,
        /// `None` without Rock Ridge.
        rock_ridge: Option<RockRidge>,
    },
    Joliet {
        surrogates: Surrogates,
        /// Most units of a name.
        units: usize,
    },
    /// The names of ISO 9660:1999.
    Enhanced,
}

impl Namespace {
    /// The hierarchies that are wished, in the order of their descriptors.
    pub(crate) fn all(options: &VolumeOptions) -> Vec<Self> {
        if !options.iso9660 {
            return Vec::new();
        }
        let iso = Self::Iso {
            rules: Rules {
                level: options.iso_level,
                names: options.iso_names,
            },
            deep: options.deep,
            rock_ridge: options.rock_ridge.then_some(RockRidge {
                access_times: options.access_times,
            }),
        };
        let joliet = Self::Joliet {
            surrogates: options.surrogates,
            units: joliet::most_units(options.joliet_long),
        };
        [
            Some(iso),
            options.joliet.then_some(joliet),
            options.enhanced.then_some(Self::Enhanced),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// Whether a node of this kind has a record here.
    pub(crate) fn holds(self, kind: NodeKind) -> bool {
        matches!(kind, NodeKind::Directory | NodeKind::File) || self.rock_ridge().is_some()
    }

    pub(crate) fn rock_ridge(self) -> Option<RockRidge> {
        match self {
            Self::Iso { rock_ridge, .. } => rock_ridge,
            Self::Joliet { .. } | Self::Enhanced => None,
        }
    }

    /// The names that a reader finds here, without Rock Ridge's.
    pub(crate) fn names(self) -> Names {
        match self {
            Self::Iso { .. } => Names::Plain,
            Self::Joliet { .. } => Names::Joliet,
            Self::Enhanced => Names::Enhanced,
        }
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
            // is less than every character of a strict name, so that the order of the bytes is the same, but for the
            // version: its separator is greater than a digit. Joliet's units are compared as numbers, which big-endian
            // bytes keep.
            match self.namespace {
                Namespace::Iso { rules, .. } if rules.names.ascii || rules.names.dots => sorted
                    .sort_unstable_by(|a, b| {
                        names::recorded_order(a.0, b.0).then_with(|| a.1.cmp(&b.1))
                    }),
                Namespace::Iso { .. } => sorted.sort_unstable_by_key(|&(identifier, id)| {
                    (names::without_version(identifier), id)
                }),
                Namespace::Joliet { .. } | Namespace::Enhanced => sorted.sort_unstable(),
            }
            let places = self.order.get_mut(first..).unwrap_or_default();
            for (place, (_, id)) in places.iter_mut().zip(&sorted) {
                *place = *id;
            }
        }
        if let Some(first) = left_out.first {
            let first = tree.disc_path(first);
            let count = left_out.count;
            warnings.push(match self.namespace {
                Namespace::Iso { .. } => PlanWarning::LeftOut { count, first },
                Namespace::Joliet { .. } => PlanWarning::JolietLeavesOut { count, first },
                Namespace::Enhanced => PlanWarning::EnhancedLeavesOut { count, first },
            });
        }
        if let Some(first) = changed.first {
            let first = tree.disc_path(first);
            let count = changed.count;
            warnings.push(match self.namespace {
                Namespace::Enhanced => PlanWarning::EnhancedNamesChanged { count, first },
                _ => PlanWarning::JolietNamesChanged { count, first },
            });
        }
        Ok(())
    }

    fn identify(&self, tree: &Tree, held: &[NodeId], changed: &mut Count) -> Vec<Vec<u8>> {
        match self.namespace {
            Namespace::Iso { rules, .. } => {
                let parts: Vec<_> = held
                    .iter()
                    .map(|id| match tree.kind(*id) {
                        NodeKind::Directory => rules.directory_parts(tree.name_bytes(*id)),
                        _ => rules.file_parts(tree.name_bytes(*id)),
                    })
                    .collect();
                let extended: Vec<bool> = parts.iter().map(|p| !p.extension.is_empty()).collect();
                let mut identifiers = settle(parts, Vec::truncate, names::shown);
                for ((id, identifier), extended) in held.iter().zip(&mut identifiers).zip(extended)
                {
                    if tree.kind(*id) != NodeKind::Directory {
                        *identifier = rules.file_identifier(identifier, extended);
                    }
                }
                identifiers
            }
            Namespace::Enhanced => {
                let parts = held
                    .iter()
                    .map(|id| {
                        let directory = tree.kind(*id) == NodeKind::Directory;
                        names::enhanced_parts(tree.name_bytes(*id), directory)
                    })
                    .collect();
                let identifiers = settle(parts, names::cut_utf8, names::enhanced_identifier);
                for (id, identifier) in held.iter().zip(&identifiers) {
                    if tree.name_bytes(*id) != identifier {
                        changed.add(*id);
                    }
                }
                identifiers
            }
            Namespace::Joliet { surrogates, units } => {
                let parts = held
                    .iter()
                    .map(|id| {
                        joliet::parts(
                            tree.name_bytes(*id),
                            tree.kind(*id) == NodeKind::Directory,
                            surrogates,
                            units,
                        )
                    })
                    .collect();
                let settled = settle(parts, joliet::cut, joliet::identifier);
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
            // The number of a parent has 16 bits.
            if at >= usize::from(u16::MAX)
                && let Some(child) = children.first()
            {
                return Err(PlanError::TooManyFolders {
                    path: tree.disc_path(*child),
                    names: self.namespace.names(),
                    limit: u16::MAX,
                });
            }
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
        self.check_depth(tree)
    }

    /// Refuses what lies too deep, where that is wished.
    fn check_depth(&self, tree: &Tree) -> Result<(), PlanError> {
        let Namespace::Iso {
            deep: Deep::Refuse, ..
        } = self.namespace
        else {
            return Ok(());
        };
        // Levels, and bytes of the path with one for each folder, of the folders before.
        let mut depths: Vec<(usize, usize)> = vec![(1, 0)];
        for (at, directory) in self.directories.iter().enumerate() {
            if at > 0 {
                let (levels, bytes) = depths
                    .get(directory.parent as usize)
                    .copied()
                    .unwrap_or((1, 0));
                let length = self.identifier(directory.node).len();
                depths.push((levels + 1, bytes + length + 1));
            }
            let (levels, bytes) = depths.last().copied().unwrap_or((1, 0));
            let longest = self
                .ordered_children(tree, directory)
                .max_by_key(|child| self.identifier(*child).len())
                .filter(|child| bytes + self.identifier(*child).len() > PATH_BYTES);
            if levels > LEVELS || longest.is_some() {
                return Err(PlanError::TooDeep {
                    path: tree.disc_path(longest.unwrap_or(directory.node)),
                    levels: LEVELS,
                    path_bytes: PATH_BYTES,
                });
            }
        }
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

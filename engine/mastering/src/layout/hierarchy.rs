//! One hierarchy of folders, of ISO 9660, its version of 1999, or Joliet: identifiers, orders, and the folders in path table order.
//!
//! Knows which name stands where among its siblings; `records` knows how long a record is.

use std::collections::BTreeMap;

use super::options::{PlanError, PlanWarning, VolumeOptions};
use super::records::Checkpoint;
use crate::iso9660::names::{self, Rules};
use crate::iso9660::rules::{Deep, LEVELS, PATH_BYTES};
use crate::joliet::{self, Surrogates};
use crate::read::Names;
use crate::rock_ridge::StampForm;
use crate::settle::{Parts, settle};
use crate::tree::{NodeId, NodeKind, Tree};

/// What of Rock Ridge is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RockRidge {
    pub(crate) access_times: bool,
    pub(crate) stamps: StampForm,
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
                stamps: match options.long_times {
                    true => StampForm::Long,
                    false => StampForm::Short,
                },
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

    /// Whether a node is to have no name here. What a hidden folder holds has none either.
    fn hides(self, tree: &Tree, id: NodeId) -> bool {
        tree.extras(id).is_some_and(|extras| match self {
            Self::Iso { .. } | Self::Enhanced => extras.hidden_in.iso,
            Self::Joliet { .. } => extras.hidden_in.joliet,
        })
    }

    /// Names the children of one folder that have a record here, and counts those whose name is not quite their own.
    /// `record` gets each identifier in its turn.
    fn identify(
        self,
        tree: &Tree,
        held: &[NodeId],
        changed: &mut Count,
        mut record: impl FnMut(NodeId, &[u8]) -> Result<(), PlanError>,
    ) -> Result<(), PlanError> {
        let named = |at: usize| {
            let id = held.get(at).copied().unwrap_or(NodeId::ROOT);
            let directory = tree.kind(id) == NodeKind::Directory;
            (tree.name_bytes(id), directory)
        };
        match self {
            Self::Iso { rules, .. } => {
                let parts = |at| match named(at) {
                    (name, true) => rules.directory_parts(name),
                    (name, false) => rules.file_parts(name),
                };
                let settled = settle(held.len(), parts, Vec::truncate, names::shown);
                let mut identifier = Vec::new();
                for (at, (id, shown)) in held.iter().zip(settled.iter()).enumerate() {
                    identifier.clear();
                    identifier.extend_from_slice(shown);
                    if tree.kind(*id) != NodeKind::Directory {
                        rules.end_file(!parts(at).extension.is_empty(), &mut identifier);
                    }
                    record(*id, &identifier)?;
                }
            }
            Self::Enhanced => {
                let parts = |at| {
                    let (name, directory) = named(at);
                    names::enhanced_parts(name, directory)
                };
                let settled = settle(held.len(), parts, names::cut_utf8, Parts::append_to);
                for (id, identifier) in held.iter().zip(settled.iter()) {
                    if tree.name_bytes(*id) != identifier {
                        changed.add(*id);
                    }
                    record(*id, identifier)?;
                }
            }
            Self::Joliet { surrogates, units } => {
                let parts = |at| {
                    let (name, directory) = named(at);
                    joliet::parts(name, directory, surrogates, units)
                };
                let settled = settle(held.len(), parts, joliet::cut, Parts::append_to);
                for (id, units) in held.iter().zip(settled.iter()) {
                    let original = std::str::from_utf8(tree.name_bytes(*id));
                    if !original.is_ok_and(|name| name.encode_utf16().eq(units.iter().copied())) {
                        changed.add(*id);
                    }
                    record(*id, &joliet::bytes(units))?;
                }
            }
        }
        Ok(())
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
    /// First block, relative to the image.
    pub(crate) block: u32,
    /// Blocks of records.
    pub(crate) record_blocks: u32,
    /// Blocks of continuation areas, which follow the records.
    pub(crate) continuation_blocks: u32,
    /// Where one can begin in the middle of a large folder.
    pub(crate) checkpoints: Vec<Checkpoint>,
}

/// Folders whose records were moved to the root, for they lie too deep.
#[derive(Debug, Default)]
struct Moved {
    /// Their identifiers in the root.
    identifiers: BTreeMap<NodeId, Vec<u8>>,
    /// What has a record in the root, in recorded order; empty where nothing was moved.
    root_order: Vec<u32>,
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
    moved: Moved,
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
            moved: Moved::default(),
            directories: Vec::new(),
            positions: Vec::new(),
            path_table_bytes: 0,
            path_tables: [0; 2],
        };
        this.name_all(tree, warnings)?;
        this.settle_depth(tree)?;
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
            let shown = self.holds(folder);
            let mut held: Vec<NodeId> = tree
                .children(folder)
                .filter(|child| shown && !self.namespace.hides(tree, *child))
                .filter(|child| {
                    let held = self.namespace.holds(tree.kind(*child));
                    if !held {
                        left_out.add(*child);
                    }
                    held
                })
                .collect();
            let identifiers = &mut self.identifiers;
            let ends = &mut self.ends;
            let mut end_before = |next: usize, end: usize| {
                let end = u32::try_from(end).map_err(|_| PlanError::TooManyFiles)?;
                ends.resize(next.max(ends.len()), end);
                Ok(())
            };
            self.namespace
                .identify(tree, &held, &mut changed, |id, identifier| {
                    // What has no record here has an empty identifier.
                    end_before(id.index(), identifiers.len())?;
                    identifiers.extend_from_slice(identifier);
                    end_before(id.index() + 1, identifiers.len())
                })?;
            end_before(first + tree.children(folder).len(), identifiers.len())?;
            self.sort(&mut held);
            let places = self.order.get_mut(first..).unwrap_or_default();
            for (place, id) in places.iter_mut().zip(&held) {
                *place = id.0;
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

    /// Puts the children of one folder into recorded order.
    fn sort(&self, children: &mut [NodeId]) {
        // In ISO 9660 the name is compared before the extension, the shorter one as if filled up with spaces. The dot
        // is less than every character of a strict name, so that the order of the bytes is the same, but for the
        // version: its separator is greater than a digit. Joliet's units are compared as numbers, which big-endian
        // bytes keep.
        let compare = match self.namespace {
            Namespace::Iso { rules, .. } if rules.names.ascii || rules.names.dots => {
                names::recorded_order
            }
            Namespace::Iso { .. } => {
                |a: &[u8], b: &[u8]| names::without_version(a).cmp(names::without_version(b))
            }
            Namespace::Joliet { .. } | Namespace::Enhanced => |a: &[u8], b: &[u8]| a.cmp(b),
        };
        children.sort_unstable_by(|a, b| {
            compare(self.identifier(*a), self.identifier(*b)).then_with(|| a.cmp(b))
        });
    }

    /// Looks for what lies too deep, and refuses it or moves it, as is wished.
    fn settle_depth(&mut self, tree: &Tree) -> Result<(), PlanError> {
        let Namespace::Iso { deep, .. } = self.namespace else {
            return Ok(());
        };
        if deep == Deep::AsIs {
            return Ok(());
        }
        // Of each folder its levels, the root among them, and the bytes of its path with one for each folder.
        let mut pending = vec![(NodeId::ROOT, 1, 0)];
        let mut moved = Vec::new();
        while let Some((folder, mut levels, mut bytes)) = pending.pop() {
            let held = || tree.children(folder).filter(|child| self.holds(*child));
            let longest = held().max_by_key(|child| self.identifier(*child).len());
            let name = longest.map_or(0, |child| self.identifier(child).len());
            let beyond = bytes + name > PATH_BYTES;
            if levels > LEVELS || beyond {
                if deep == Deep::Refuse {
                    return Err(PlanError::TooDeep {
                        path: tree.disc_path(longest.filter(|_| beyond).unwrap_or(folder)),
                        levels: LEVELS,
                        path_bytes: PATH_BYTES,
                    });
                }
                moved.push(folder);
                (levels, bytes) = (2, names::DIRECTORY_CHARACTERS + 1);
            }
            let folders = held().filter(|child| tree.kind(*child) == NodeKind::Directory);
            let below = folders.map(|child| {
                let own = self.identifier(child).len() + 1;
                (child, levels + 1, bytes + own)
            });
            pending.extend(below.collect::<Vec<_>>().into_iter().rev());
        }
        self.move_to_root(tree, moved);
        Ok(())
    }

    /// Gives moved folders identifiers that stand nowhere in the root, and their places among its records.
    fn move_to_root(&mut self, tree: &Tree, mut folders: Vec<NodeId>) {
        let Namespace::Iso { rules, .. } = self.namespace else {
            return;
        };
        if folders.is_empty() {
            return;
        }
        folders.sort_unstable();
        let own: Vec<NodeId> = self.children_of(tree, NodeId::ROOT).collect();
        let owned = own.iter().map(|id| {
            let shown = names::without_version(self.identifier(*id));
            Parts::whole(shown.strip_suffix(b".").unwrap_or(shown).to_vec())
        });
        let moved = folders
            .iter()
            .map(|id| rules.directory_parts(tree.name_bytes(*id)));
        let all: Vec<Parts<u8>> = owned.chain(moved).collect();
        let parts = |at: usize| {
            let known = all.get(at).cloned();
            known.unwrap_or_else(|| Parts::whole(Vec::new()))
        };
        // The first of equals keeps its identifier: what is in the root by itself stands before what comes there.
        let settled = settle(all.len(), parts, Vec::truncate, names::shown);
        self.moved.identifiers = folders
            .into_iter()
            .zip(settled.iter().skip(own.len()).map(<[u8]>::to_vec))
            .collect();
        let mut order = own;
        order.extend(self.moved.identifiers.keys());
        let identifier = |id: &NodeId| self.identifier_in(NodeId::ROOT, tree, *id);
        order.sort_by(|a, b| names::recorded_order(identifier(a), identifier(b)));
        self.moved.root_order = order.into_iter().map(|id| id.0).collect();
    }

    fn number_folders(&mut self, tree: &Tree, ordinals: &[u32]) -> Result<(), PlanError> {
        let place = |node: NodeId, parent: u32| DirectoryPlace {
            node,
            parent,
            block: 0,
            record_blocks: 0,
            continuation_blocks: 0,
            checkpoints: Vec::new(),
        };
        // Breadth first, in recorded order within each folder: the order that path tables have.
        let mut directories = vec![place(NodeId::ROOT, 0)];
        let mut at = 0;
        let mut bytes = 10u64; // the root's record
        while let Some(folder) = directories.get(at).map(|directory| directory.node) {
            let children: Vec<NodeId> = self
                .children_of(tree, folder)
                .filter(|child| tree.kind(*child) == NodeKind::Directory)
                .filter(|child| !self.is_placeholder(folder, *child))
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
                    self.identifier_in(folder, tree, child).len(),
                ) as u64;
                directories.push(place(child, at as u32));
            }
            at += 1;
        }
        self.path_table_bytes = u32::try_from(bytes).map_err(|_| PlanError::TooManyFiles)?;
        self.positions = vec![u32::MAX; tree.directory_count() as usize];
        for (position, directory) in directories.iter().enumerate() {
            let ordinal = ordinals.get(directory.node.index()).copied().unwrap_or(0) as usize;
            if let Some(place) = self.positions.get_mut(ordinal) {
                *place = position as u32;
            }
        }
        self.directories = directories;
        Ok(())
    }

    /// Whether a node has a name here.
    pub(crate) fn holds(&self, id: NodeId) -> bool {
        id == NodeId::ROOT || !self.identifier(id).is_empty()
    }

    /// The identifier as it is recorded: empty for the root and for what has no record here.
    pub(crate) fn identifier(&self, id: NodeId) -> &[u8] {
        let end = |at: usize| self.ends.get(at).copied().unwrap_or(0) as usize;
        let start = id.index().checked_sub(1).map_or(0, end);
        self.identifiers
            .get(start..end(id.index()))
            .unwrap_or_default()
    }

    /// The identifier of the record that a node has in a folder: in the root, where it was moved there, another one than
    /// in its own folder.
    pub(crate) fn identifier_in(&self, folder: NodeId, tree: &Tree, id: NodeId) -> &[u8] {
        let moved = self.moved.identifiers.get(&id);
        match moved.filter(|_| folder == NodeId::ROOT && tree.parent(id) != folder) {
            Some(identifier) => identifier,
            None => self.identifier(id),
        }
    }

    /// Whether the records of a folder were moved to the root.
    pub(crate) fn is_moved(&self, id: NodeId) -> bool {
        self.moved.identifiers.contains_key(&id)
    }

    /// Whether the record of a node in a folder stands for one that was moved from there.
    pub(crate) fn is_placeholder(&self, folder: NodeId, id: NodeId) -> bool {
        folder != NodeId::ROOT && self.is_moved(id)
    }

    /// The nodes that have a record in a folder, in recorded order: its children, and in the root what was moved there.
    pub(crate) fn children_of(
        &self,
        tree: &Tree,
        folder: NodeId,
    ) -> impl ExactSizeIterator<Item = NodeId> + '_ {
        let nodes = if folder == NodeId::ROOT && !self.moved.root_order.is_empty() {
            self.moved.root_order.as_slice()
        } else {
            let node = tree.node(folder);
            let range = node.first as usize..(node.first + node.count) as usize;
            let places = self.order.get(range).unwrap_or_default();
            // The root is no child: where it stands, no more records follow.
            let held = places.partition_point(|id| *id != NodeId::ROOT.0);
            places.get(..held).unwrap_or_default()
        };
        nodes.iter().map(|id| NodeId(*id))
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

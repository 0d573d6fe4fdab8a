//! Which nodes of a tree have a name in UDF, and how many names and folders that leaves.
//!
//! Takes no memory for a tree that hides nothing.

use std::collections::{HashMap, HashSet};

use crate::tree::{NodeId, NodeKind, Tree};

/// The nodes without a name.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    hidden: HashSet<NodeId>,
    /// First names of files with several, to how many of these are hidden.
    names_less: HashMap<NodeId, u32>,
}

impl Shown {
    pub(crate) fn of(tree: &Tree) -> Self {
        let mut this = Self::default();
        if !tree.has_extras() {
            return this;
        }
        for id in tree.nodes().skip(1) {
            let own = tree.extras(id).is_some_and(|extras| extras.hidden_in.udf);
            // A folder stands before what it holds.
            if tree.is_hidden(id) || !(own || this.hidden.contains(&tree.parent(id))) {
                continue;
            }
            this.hidden.insert(id);
            if tree.kind(id) != NodeKind::Directory {
                *this.names_less.entry(tree.first_name(id)).or_insert(0) += 1;
            }
        }
        this
    }

    /// Whether the node has a name.
    pub(crate) fn shows(&self, id: NodeId) -> bool {
        !self.hidden.contains(&id)
    }

    /// The children of a folder that have a name.
    pub(crate) fn children<'a>(
        &'a self,
        tree: &Tree,
        id: NodeId,
    ) -> impl Iterator<Item = NodeId> + use<'a> {
        tree.children(id).filter(|child| self.shows(*child))
    }

    /// How many children of a folder have a name.
    pub(crate) fn count(&self, tree: &Tree, id: NodeId) -> usize {
        match self.hidden.is_empty() {
            true => tree.children(id).len(),
            false => self.children(tree, id).count(),
        }
    }

    /// How many names a file has; as a file entry counts those of a folder: the one in its parent, and the way back from
    /// each folder inside.
    pub(crate) fn links(&self, tree: &Tree, id: NodeId) -> u32 {
        if tree.kind(id) != NodeKind::Directory {
            let less = self.names_less.get(&tree.first_name(id));
            return tree.link_count(id) - less.copied().unwrap_or(0);
        }
        let all = tree.link_count(id) - 1;
        match self.hidden.is_empty() {
            true => all,
            false => {
                let hidden = tree.children(id).filter(|child| {
                    tree.kind(*child) == NodeKind::Directory && !self.shows(*child)
                });
                all - hidden.count() as u32 // each was counted
            }
        }
    }

    /// Nodes without a name: files, with all else that is no folder, and folders.
    pub(crate) fn hidden(&self, tree: &Tree) -> (u64, u64) {
        let folders = self
            .hidden
            .iter()
            .filter(|id| tree.kind(**id) == NodeKind::Directory)
            .count() as u64;
        (self.hidden.len() as u64 - folders, folders)
    }
}

//! The nodes of a tree that is edited: shared between the states of the tree until one of them changes.
//!
//! Owns how one is found and changed; must not know what an edit means. Nothing here recurses: trees may be as deep as
//! they like.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crate::time::Timestamp;
use crate::tree::{Attributes, Extras, Identity, NodeKind, Origin};

pub(super) type Children = BTreeMap<Box<[u8]>, Arc<EditNode>>;

/// Where on the host a node is.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// In the source of its folder, under its own name.
    Inherited,
    At(Arc<Path>),
    /// Nowhere.
    Made,
}

#[derive(Clone, Debug)]
pub(super) enum Body {
    Folder(Children),
    File(Origin),
    Link(Box<[u8]>),
    /// A device, fifo or socket, with its number.
    Special(u64),
}

/// Names that share one are those of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct FileKey(pub(super) u64);

#[derive(Clone, Debug)]
pub(super) struct EditNode {
    pub(super) kind: NodeKind,
    pub(super) body: Body,
    pub(super) followed: bool,
    pub(super) mode: u32,
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) accessed: i64,
    /// What the source is compared with; of a file its size.
    pub(super) identity: Identity,
    pub(super) modified: Timestamp,
    pub(super) changed: Timestamp,
    pub(super) source: Source,
    /// Of a file with several names.
    pub(super) file: Option<FileKey>,
    pub(super) extras: Option<Arc<Extras>>,
}

impl EditNode {
    /// A node that is not of the host. Its size is set by who knows it.
    pub(super) fn made(kind: NodeKind, body: Body, attributes: &Attributes) -> Self {
        let mut node = Self {
            kind,
            body,
            followed: false,
            mode: type_bits(kind),
            uid: 0,
            gid: 0,
            accessed: 0,
            identity: Identity::default(),
            modified: attributes.modified,
            changed: attributes.changed,
            source: Source::Made,
            file: None,
            extras: None,
        };
        node.set_attributes(attributes);
        node
    }

    pub(super) fn folder(attributes: &Attributes) -> Self {
        let body = Body::Folder(Children::new());
        Self::made(NodeKind::Directory, body, attributes)
    }

    pub(super) fn attributes(&self) -> Attributes {
        Attributes {
            permissions: self.mode & 0o7777,
            owner: self.uid,
            group: self.gid,
            modified: self.modified,
            changed: self.changed,
            accessed: Timestamp::from_seconds(self.accessed),
            created: self.extras.as_ref().and_then(|extras| extras.created),
        }
    }

    pub(super) fn set_attributes(&mut self, attributes: &Attributes) {
        let Attributes {
            permissions,
            owner,
            group,
            modified,
            changed,
            accessed,
            created,
        } = *attributes;
        self.mode = self.mode & !0o7777 | permissions & 0o7777;
        self.uid = owner;
        self.gid = group;
        self.accessed = accessed.seconds;
        self.modified = modified;
        self.changed = changed;
        let mut extras = self.extras.as_deref().cloned().unwrap_or_default();
        extras.created = created;
        self.set_extras(extras);
    }

    pub(super) fn set_extras(&mut self, extras: Extras) {
        self.extras = (!extras.are_none()).then(|| Arc::new(extras));
    }

    pub(super) fn children(&self) -> Option<&Children> {
        match &self.body {
            Body::Folder(children) => Some(children),
            _ => None,
        }
    }

    pub(super) fn children_mut(&mut self) -> Option<&mut Children> {
        match &mut self.body {
            Body::Folder(children) => Some(children),
            _ => None,
        }
    }

    pub(super) fn find(&self, parts: &[&[u8]]) -> Option<&Self> {
        let mut at = self;
        for part in parts {
            at = at.children()?.get(*part)?;
        }
        Some(at)
    }
}

/// A folder holds folders, and so on: dropped in a loop, for the stack is not as deep as a tree may be.
impl Drop for EditNode {
    fn drop(&mut self) {
        let taken = |node: &mut Self| node.children_mut().map(std::mem::take).unwrap_or_default();
        let mut left: Vec<_> = taken(self).into_values().collect();
        while let Some(node) = left.pop() {
            if let Some(mut node) = Arc::into_inner(node) {
                left.extend(taken(&mut node).into_values());
            }
        }
    }
}

/// The node at a path, to be changed: it and the folders above it are no longer shared with other states.
pub(super) fn find_mut<'a>(
    root: &'a mut Arc<EditNode>,
    parts: &[&[u8]],
) -> Option<&'a mut EditNode> {
    let mut at = Arc::make_mut(root);
    for part in parts {
        at = Arc::make_mut(at.children_mut()?.get_mut(*part)?);
    }
    Some(at)
}

fn type_bits(kind: NodeKind) -> u32 {
    match kind {
        NodeKind::Directory => 0o040_000,
        NodeKind::File => 0o100_000,
        NodeKind::Symlink => 0o120_000,
        NodeKind::CharacterDevice => 0o020_000,
        NodeKind::BlockDevice => 0o060_000,
        NodeKind::Fifo => 0o010_000,
        NodeKind::Socket => 0o140_000,
    }
}

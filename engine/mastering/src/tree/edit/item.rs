//! Looking at a tree that is edited.
//!
//! Changes nothing.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::node::{Body, EditNode};
use super::{TreeBuilder, parts};
use crate::tree::{Attributes, Extras, NodeKind, Origin};

/// A node of a tree that is edited.
#[derive(Clone, Debug)]
pub struct Item<'a> {
    path: PathBuf,
    node: &'a EditNode,
}

impl<'a> Item<'a> {
    /// Where it stands in the volume, from `/`.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it is.
    #[must_use]
    pub fn kind(&self) -> NodeKind {
        self.node.kind
    }

    /// A file's bytes; 0 for everything else.
    #[must_use]
    pub fn size(&self) -> u64 {
        match self.node.kind {
            NodeKind::File => self.node.identity.size,
            _ => 0,
        }
    }

    /// Where a file's bytes come from.
    #[must_use]
    pub fn origin(&self) -> &'a Origin {
        match &self.node.body {
            Body::File(origin) => origin,
            _ => &Origin::Host,
        }
    }

    /// Whose it is, what may be done with it, and its times.
    #[must_use]
    pub fn attributes(&self) -> Attributes {
        self.node.attributes()
    }

    /// What it has that few have; `None` where it has nothing of it.
    #[must_use]
    pub fn extras(&self) -> Option<&'a Extras> {
        self.node.extras.as_deref()
    }

    /// A symbolic link's target; `None` for everything else.
    #[must_use]
    pub fn link_target(&self) -> Option<&'a Path> {
        match &self.node.body {
            Body::Link(target) => Some(Path::new(OsStr::from_bytes(target))),
            _ => None,
        }
    }

    /// A device's number; `None` for everything else.
    #[must_use]
    pub fn device_number(&self) -> Option<u64> {
        match (&self.node.body, self.node.kind) {
            (Body::Special(number), NodeKind::CharacterDevice | NodeKind::BlockDevice) => {
                Some(*number)
            }
            _ => None,
        }
    }

    /// What a folder holds, in the byte order of the names.
    pub fn children(&self) -> impl DoubleEndedIterator<Item = Self> + use<'a> {
        let path = self.path.clone();
        self.node
            .children()
            .into_iter()
            .flatten()
            .map(move |(name, node)| Self {
                path: path.join(OsStr::from_bytes(name)),
                node,
            })
    }
}

impl TreeBuilder {
    /// What stands at a path; `None` where there is nothing, or the path is none of a volume.
    #[must_use]
    pub fn get(&self, path: impl AsRef<Path>) -> Option<Item<'_>> {
        let parts = parts(path.as_ref()).ok()?;
        let node = self.root.find(&parts)?;
        Some(Item {
            path: super::shown(&parts),
            node,
        })
    }

    /// All there is, the root first, each folder before what it holds, in the byte order of the names.
    pub fn walk(&self) -> impl Iterator<Item = Item<'_>> {
        let mut left = vec![Item {
            path: "/".into(),
            node: &self.root,
        }];
        std::iter::from_fn(move || {
            let next = left.pop()?;
            left.extend(next.children().rev());
            Some(next)
        })
    }
}

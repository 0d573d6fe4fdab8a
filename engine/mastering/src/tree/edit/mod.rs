//! A tree that can be edited: made from nothing or from a scanned one, changed path by path, and finished.
//!
//! Owns what an edit means, and the states that can be gone back to; must not open a file. Each edit is done whole or
//! not at all. States share what did not change between them.

mod convert;
mod error;
mod item;
mod merge;
mod node;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

pub use error::{EditError, NameFault};
pub use item::Item;
pub use merge::Clash;

use super::{Attributes, Extras, NodeId, NodeKind, Origin, Tree, WalkOptions};
use crate::checksums::Digest;
use crate::time::Timestamp;
use node::{Body, EditNode, FileKey, Source, find_mut};

/// Bytes of a name that every file system of a volume takes at most.
const LONGEST_NAME: usize = 255;
/// Bytes of a link's target; no system has longer paths.
const LONGEST_TARGET: usize = 4095;

/// What the root has before somebody says more.
const NO_ATTRIBUTES: Attributes = Attributes::new(0o755, Timestamp::from_seconds(0));

/// A state of a tree that can be gone back to, with [`TreeBuilder::roll_back_to`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChangePoint(u64);

/// A tree that can be edited. Paths are those of the volume, from its root; a slash before them changes nothing.
///
/// ```
/// use pitland_mastering::{Attributes, Origin, Timestamp, TreeBuilder};
///
/// # fn main() -> Result<(), pitland_mastering::EditError> {
/// let now = Timestamp::from_seconds(1_700_000_000);
/// let mut builder = TreeBuilder::new();
/// builder.add_folder("docs", &Attributes::new(0o755, now))?;
/// builder.add_file("docs/hello.txt", Origin::memory(*b"hello"), &Attributes::new(0o644, now))?;
/// let tree = builder.finish()?;
/// assert_eq!(tree.data_bytes(), 5);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct TreeBuilder {
    root: Arc<EditNode>,
    points: Vec<(ChangePoint, Arc<EditNode>)>,
    next_point: u64,
    next_key: u64,
    skipped: u64,
}

impl Default for TreeBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl Tree {
    /// The same tree with a file that lists the SHA-256 of all others, for `sha256sum -c` in the root of the volume. Ids
    /// of nodes are not those of before. Files that stand on the disc already are listed where their digests
    /// were imported ([`ImportOptions::digests`](crate::ImportOptions::digests)), and what has no name in
    /// any file system of the volume is not. A manifest of an earlier session gives way.
    ///
    /// # Errors
    /// [`EditError`]; [`EditError::Exists`] where something else has the path.
    pub fn with_manifest(
        self,
        path: impl AsRef<Path>,
        attributes: &Attributes,
    ) -> Result<Self, EditError> {
        let path = path.as_ref();
        let mut builder = self.edit();
        let earlier = builder
            .get(path)
            .is_some_and(|item| matches!(item.origin(), Origin::Recorded(_)));
        if earlier {
            builder.remove(path)?;
        }
        builder.add_file(path, Origin::Manifest, attributes)?;
        builder.finish()
    }

    /// A boot image that has no name in the volume and is no file of the host: its bytes are given, or stand on the disc
    /// already. `name` is told in errors. For [`BootEntry::image`](crate::BootEntry::image).
    ///
    /// # Errors
    /// [`EditError`].
    pub fn add_hidden(
        &mut self,
        name: impl AsRef<Path>,
        origin: Origin,
    ) -> Result<NodeId, EditError> {
        let name = name.as_ref();
        let (_, last) = split(name)?;
        let file = match origin {
            Origin::Manifest => Err(EditError::NoBytes {
                path: name.to_path_buf(),
            }),
            origin => made_file(name, origin, &NO_ATTRIBUTES),
        };
        convert::add_hidden(self, last, &file?)
    }

    /// The same tree, to be edited. Boot images that stand in no folder of it are left behind, and so are the ids of its
    /// nodes: those are looked for again, and boot images added, when it is finished.
    #[must_use]
    pub fn edit(self) -> TreeBuilder {
        let mut next_key = 0;
        let root = convert::open(&self, &mut next_key);
        TreeBuilder {
            root: Arc::new(root),
            points: Vec::new(),
            next_point: 0,
            next_key,
            skipped: self.skipped,
        }
    }
}

/// The names of a path of the volume.
fn parts(path: &Path) -> Result<Vec<&[u8]>, EditError> {
    let refused = |fault| EditError::Name {
        path: path.to_path_buf(),
        fault,
    };
    let mut parts = Vec::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => parts.push(name.as_bytes()),
            Component::RootDir | Component::CurDir => {}
            Component::ParentDir | Component::Prefix(_) => return Err(refused(NameFault::Dots)),
        }
    }
    let bad = parts.iter().find_map(|name| name_fault(name));
    match bad {
        Some(fault) => Err(refused(fault)),
        None => Ok(parts),
    }
}

fn name_fault(name: &[u8]) -> Option<NameFault> {
    if name.len() > LONGEST_NAME {
        return Some(NameFault::TooLong {
            length: name.len(),
            limit: LONGEST_NAME,
        });
    }
    name.contains(&0).then_some(NameFault::Zero)
}

/// The folder of a path, and the name in it.
fn split(path: &Path) -> Result<(Vec<&[u8]>, &[u8]), EditError> {
    let mut parts = parts(path)?;
    match parts.pop() {
        Some(name) => Ok((parts, name)),
        None => Err(EditError::Name {
            path: path.to_path_buf(),
            fault: NameFault::Empty,
        }),
    }
}

/// As paths are told: from the root.
fn shown(parts: &[&[u8]]) -> PathBuf {
    let mut path = PathBuf::from("/");
    path.extend(parts.iter().map(|part| OsStr::from_bytes(part)));
    path
}

impl TreeBuilder {
    /// An empty root with permissions `0o755`, of the first second of 1970; [`TreeBuilder::set_attributes`] of `/` says
    /// otherwise.
    #[must_use]
    pub fn new() -> Self {
        Self {
            root: Arc::new(EditNode::folder(&NO_ATTRIBUTES)),
            points: Vec::new(),
            next_point: 0,
            next_key: 0,
            skipped: 0,
        }
    }

    fn find(&self, parts: &[&[u8]]) -> Result<&EditNode, EditError> {
        self.root
            .find(parts)
            .ok_or_else(|| EditError::NotFound { path: shown(parts) })
    }

    /// A folder to be changed. Whether it is there is asked first, so that a refusal costs no copies.
    fn folder_mut(&mut self, parts: &[&[u8]]) -> Result<&mut node::Children, EditError> {
        let kind = self.find(parts)?.kind;
        let missing = || EditError::Kind {
            path: shown(parts),
            kind,
            wanted: NodeKind::Directory,
        };
        if kind != NodeKind::Directory {
            return Err(missing());
        }
        find_mut(&mut self.root, parts)
            .and_then(EditNode::children_mut)
            .ok_or_else(missing)
    }

    fn insert(&mut self, path: &Path, node: EditNode) -> Result<(), EditError> {
        let (folder, name) = split(path)?;
        self.vacant(&folder, name)?;
        self.folder_mut(&folder)?
            .insert(name.into(), Arc::new(node));
        Ok(())
    }

    /// Whether a name is free in a folder that there is.
    fn vacant(&self, folder: &[&[u8]], name: &[u8]) -> Result<(), EditError> {
        let held = self.find(folder)?;
        match held.children() {
            None => Err(EditError::Kind {
                path: shown(folder),
                kind: held.kind,
                wanted: NodeKind::Directory,
            }),
            Some(children) if children.contains_key(name) => Err(EditError::Exists {
                path: shown(&[folder, &[name]].concat()),
            }),
            Some(_) => Ok(()),
        }
    }

    /// Adds an empty folder to a folder that there is.
    ///
    /// # Errors
    /// [`EditError`].
    pub fn add_folder(
        &mut self,
        path: impl AsRef<Path>,
        attributes: &Attributes,
    ) -> Result<(), EditError> {
        self.insert(path.as_ref(), EditNode::folder(attributes))
    }

    /// Adds a folder and those above it, as far as there are none yet. The attributes are those of all that are added.
    ///
    /// # Errors
    /// [`EditError`].
    pub fn add_folders(
        &mut self,
        path: impl AsRef<Path>,
        attributes: &Attributes,
    ) -> Result<(), EditError> {
        let parts = parts(path.as_ref())?;
        for length in 0..=parts.len() {
            let (above, _) = parts.split_at(length);
            match self.root.find(above) {
                Some(node) if node.kind != NodeKind::Directory => {
                    return Err(EditError::Kind {
                        path: shown(above),
                        kind: node.kind,
                        wanted: NodeKind::Directory,
                    });
                }
                Some(_) => {}
                None => self.insert(&shown(above), EditNode::folder(attributes))?,
            }
        }
        Ok(())
    }

    /// Adds a file to a folder that there is. A file of the host comes by [`TreeBuilder::add_host`].
    ///
    /// # Errors
    /// [`EditError`].
    pub fn add_file(
        &mut self,
        path: impl AsRef<Path>,
        origin: Origin,
        attributes: &Attributes,
    ) -> Result<(), EditError> {
        let path = path.as_ref();
        self.insert(path, made_file(path, origin, attributes)?)
    }

    /// Adds a symbolic link to a folder that there is.
    ///
    /// # Errors
    /// [`EditError`].
    pub fn add_link(
        &mut self,
        path: impl AsRef<Path>,
        target: impl AsRef<Path>,
        attributes: &Attributes,
    ) -> Result<(), EditError> {
        let path = path.as_ref();
        let target = target.as_ref().as_os_str().as_bytes();
        if target.is_empty() || target.len() > LONGEST_TARGET || target.contains(&0) {
            return Err(EditError::Target {
                path: path.to_path_buf(),
                length: target.len(),
                limit: LONGEST_TARGET,
            });
        }
        let body = Body::Link(target.into());
        self.insert(path, EditNode::made(NodeKind::Symlink, body, attributes))
    }

    /// Adds a device with its number, a fifo or a socket to a folder that there is.
    ///
    /// # Errors
    /// [`EditError`]; [`EditError::Kind`] where `kind` is none of these.
    pub fn add_special(
        &mut self,
        path: impl AsRef<Path>,
        kind: NodeKind,
        number: u64,
        attributes: &Attributes,
    ) -> Result<(), EditError> {
        let path = path.as_ref();
        if !kind.is_special() {
            return Err(EditError::Kind {
                path: path.to_path_buf(),
                kind,
                wanted: NodeKind::CharacterDevice,
            });
        }
        let body = Body::Special(number);
        self.insert(path, EditNode::made(kind, body, attributes))
    }

    /// Gives something that is no folder a further name.
    ///
    /// # Errors
    /// [`EditError`].
    pub fn add_hard_link(
        &mut self,
        path: impl AsRef<Path>,
        to: impl AsRef<Path>,
    ) -> Result<(), EditError> {
        let (folder, name) = split(path.as_ref())?;
        self.vacant(&folder, name)?;
        let known = parts(to.as_ref())?;
        let node = self.find(&known)?;
        if node.kind == NodeKind::Directory {
            return Err(EditError::Kind {
                path: shown(&known),
                kind: node.kind,
                wanted: NodeKind::File,
            });
        }
        let fresh = FileKey(self.next_key);
        let mut further = node.clone();
        let key = *further.file.get_or_insert(fresh);
        further.source = self.source_of(&known, node);
        if key == fresh {
            self.next_key += 1;
            if let Some(first) = find_mut(&mut self.root, &known) {
                first.file = Some(key);
            }
        }
        self.folder_mut(&folder)?
            .insert(name.into(), Arc::new(further));
        Ok(())
    }

    /// Puts a folder or file of the host at a path, under the name that the path has; of a folder all that it holds.
    ///
    /// # Errors
    /// [`EditError`]; [`EditError::Scan`] where the host's is not to be had.
    pub fn add_host(
        &mut self,
        path: impl AsRef<Path>,
        source: impl AsRef<Path>,
        options: &WalkOptions,
    ) -> Result<(), EditError> {
        let path = path.as_ref();
        let (folder, name) = split(path)?;
        self.vacant(&folder, name)?;
        let tree = Tree::scan(&[source.as_ref().to_path_buf()], options)?;
        let mut root = convert::open(&tree, &mut self.next_key);
        self.skipped += tree.skipped_count();
        // A folder has become the root; a file stands in one that was made up.
        let node = match root.source {
            Source::Made => {
                let only = convert::take_children(&mut root).into_values().next();
                only.ok_or_else(|| EditError::NotFound {
                    path: source.as_ref().to_path_buf(),
                })?
            }
            _ => Arc::new(root),
        };
        self.folder_mut(&folder)?.insert(name.into(), node);
        Ok(())
    }

    /// Removes a file, a link, a special file or an empty folder.
    ///
    /// # Errors
    /// [`EditError`].
    pub fn remove(&mut self, path: impl AsRef<Path>) -> Result<(), EditError> {
        let parts = parts(path.as_ref())?;
        let node = self.find(&parts)?;
        if node.children().is_some_and(|children| !children.is_empty()) {
            return Err(EditError::NotEmpty {
                path: shown(&parts),
            });
        }
        self.take(&parts).map(drop)
    }

    /// Removes whatever stands at a path, a folder with all that it holds. Of the root, all that it holds.
    ///
    /// # Errors
    /// [`EditError`].
    pub fn remove_tree(&mut self, path: impl AsRef<Path>) -> Result<(), EditError> {
        let parts = parts(path.as_ref())?;
        if parts.is_empty() {
            self.folder_mut(&[])?.clear();
            return Ok(());
        }
        self.take(&parts).map(drop)
    }

    fn take(&mut self, parts: &[&[u8]]) -> Result<Arc<EditNode>, EditError> {
        let (name, folder) = parts.split_last().ok_or(EditError::Root)?;
        let taken = self.folder_mut(folder)?.remove(*name);
        taken.ok_or_else(|| EditError::NotFound { path: shown(parts) })
    }

    /// Gives something another name, in the same folder or in another one that there is.
    ///
    /// # Errors
    /// [`EditError`]; [`EditError::Exists`] where the new name is taken.
    pub fn rename(
        &mut self,
        from: impl AsRef<Path>,
        to: impl AsRef<Path>,
    ) -> Result<(), EditError> {
        let from = parts(from.as_ref())?;
        let (folder, name) = split(to.as_ref())?;
        let target = [&folder[..], &[name]].concat();
        if from.is_empty() {
            return Err(EditError::Root);
        }
        let node = self.find(&from)?;
        if from == target {
            return Ok(());
        }
        if target.starts_with(&from) {
            return Err(EditError::IntoItself {
                from: shown(&from),
                to: shown(&target),
            });
        }
        self.vacant(&folder, name)?;
        let source = self.source_of(&from, node);
        let mut node = self.take(&from)?;
        Arc::make_mut(&mut node).source = source;
        self.folder_mut(&folder)?.insert(name.into(), node);
        Ok(())
    }

    /// Gives a file other bytes and attributes. It keeps its extras; it is no longer one with its further names.
    ///
    /// # Errors
    /// [`EditError`].
    pub fn replace(
        &mut self,
        path: impl AsRef<Path>,
        origin: Origin,
        attributes: &Attributes,
    ) -> Result<(), EditError> {
        let path = path.as_ref();
        let parts = parts(path)?;
        let old = self.find(&parts)?;
        if old.kind != NodeKind::File {
            return Err(EditError::Kind {
                path: shown(&parts),
                kind: old.kind,
                wanted: NodeKind::File,
            });
        }
        let mut new = made_file(path, origin, attributes)?;
        if let Some(extras) = old.extras.as_deref() {
            new.set_extras(Extras {
                created: attributes.created,
                // These are of the bytes.
                zisofs: None,
                digest: None,
                ..extras.clone()
            });
        }
        if let Some(place) = find_mut(&mut self.root, &parts) {
            *place = new;
        }
        Ok(())
    }

    /// Gives a node other attributes; all names of a file with several have them.
    ///
    /// # Errors
    /// [`EditError`].
    pub fn set_attributes(
        &mut self,
        path: impl AsRef<Path>,
        attributes: &Attributes,
    ) -> Result<(), EditError> {
        let parts = parts(path.as_ref())?;
        match self.find(&parts)?.file {
            Some(file) => merge::change_all(&mut self.root, file, attributes),
            None => {
                if let Some(node) = find_mut(&mut self.root, &parts) {
                    node.set_attributes(attributes);
                }
            }
        }
        Ok(())
    }

    /// Gives a node other extras. Of a file with several names, this name alone. What is said of its bytes stays as it is
    /// where the new extras say nothing of them: a compressed file is one still.
    ///
    /// # Errors
    /// [`EditError`].
    pub fn set_extras(&mut self, path: impl AsRef<Path>, extras: Extras) -> Result<(), EditError> {
        let parts = parts(path.as_ref())?;
        self.find(&parts)?;
        let streams = extras.streams.iter().map(|stream| stream.name.as_bytes());
        for (at, name) in streams.clone().enumerate() {
            let fault = match name {
                b"" => Some(NameFault::Empty),
                name if name.contains(&b'/') => Some(NameFault::Slash),
                name => name_fault(name),
            };
            let path = || {
                let mut path = shown(&parts).into_os_string();
                path.push(":");
                path.push(OsStr::from_bytes(name));
                PathBuf::from(path)
            };
            if let Some(fault) = fault {
                return Err(EditError::Name {
                    path: path(),
                    fault,
                });
            }
            if streams.clone().take(at).any(|before| before == name) {
                return Err(EditError::Exists { path: path() });
            }
        }
        if let Some(node) = find_mut(&mut self.root, &parts) {
            let old = node.extras.as_deref();
            let zisofs = extras.zisofs.or(old.and_then(|old| old.zisofs));
            let digest = extras.digest.or(old.and_then(|old| old.digest));
            node.set_extras(Extras {
                zisofs,
                digest,
                ..extras
            });
        }
        Ok(())
    }

    /// Notes the digest of the bytes of a file that stands on the disc already.
    pub(crate) fn set_digest(&mut self, path: &Path, digest: Digest) -> Result<(), EditError> {
        let item = self.get(path);
        let extras = item.and_then(|item| item.extras().cloned());
        let extras = Extras {
            digest: Some(digest),
            ..extras.unwrap_or_default()
        };
        self.set_extras(path, extras)
    }

    /// Puts all that a tree's root holds into a folder that there is. Folders of the same name become one.
    ///
    /// # Errors
    /// [`EditError`]; nothing was added then.
    pub fn graft(
        &mut self,
        tree: Tree,
        at: impl AsRef<Path>,
        clash: Clash,
    ) -> Result<(), EditError> {
        let folder = parts(at.as_ref())?;
        self.folder_mut(&folder)?;
        let mut root = Arc::clone(&self.root);
        let mut next_key = self.next_key;
        let from = convert::open(&tree, &mut next_key);
        merge::merge(&mut root, &folder, from, clash)?;
        self.root = root;
        self.next_key = next_key;
        self.skipped += tree.skipped_count();
        Ok(())
    }

    /// Where on the host a node is, told without its folder.
    fn source_of(&self, parts: &[&[u8]], node: &EditNode) -> Source {
        if !matches!(node.source, Source::Inherited) {
            return node.source.clone();
        }
        let above = (0..parts.len()).rev().find_map(|length| {
            let (folder, rest) = parts.split_at(length);
            match &self.root.find(folder)?.source {
                Source::Inherited => None,
                source => Some((source, rest)),
            }
        });
        match above {
            Some((Source::At(base), rest)) => {
                let mut path = base.to_path_buf();
                path.extend(rest.iter().map(|part| OsStr::from_bytes(part)));
                Source::At(path.into())
            }
            _ => Source::Made,
        }
    }

    /// Remembers the state of the tree. It costs nothing but what is changed from then on.
    pub fn change_point(&mut self) -> ChangePoint {
        let point = ChangePoint(self.next_point);
        self.next_point += 1;
        self.points.push((point, Arc::clone(&self.root)));
        point
    }

    /// Goes back to the state at a change point. Later points are given up; this one may be gone back to again.
    ///
    /// # Errors
    /// [`EditError::NoSuchPoint`].
    pub fn roll_back_to(&mut self, point: ChangePoint) -> Result<(), EditError> {
        let at = self.points.iter().position(|(known, _)| *known == point);
        let at = at.ok_or(EditError::NoSuchPoint)?;
        self.points.truncate(at + 1);
        if let Some((_, root)) = self.points.last() {
            self.root = Arc::clone(root);
        }
        Ok(())
    }

    /// Gives up all change points: what was edited up to now stays.
    pub fn lock_in(&mut self) {
        self.points.clear();
    }

    /// The tree, ready to be planned.
    ///
    /// # Errors
    /// [`EditError::TooMany`].
    pub fn finish(&self) -> Result<Tree, EditError> {
        convert::finish(&self.root, self.skipped)
    }
}

fn made_file(path: &Path, origin: Origin, attributes: &Attributes) -> Result<EditNode, EditError> {
    let origin = match origin {
        Origin::Host => {
            return Err(EditError::NoBytes {
                path: path.to_path_buf(),
            });
        }
        Origin::Recorded(extents) => {
            let pieces = Origin::in_pieces(&extents);
            Origin::Recorded(pieces.map_err(|fault| EditError::Extents {
                path: path.to_path_buf(),
                fault,
            })?)
        }
        given @ (Origin::Given(_) | Origin::Manifest) => given,
    };
    let size = origin.length().unwrap_or(0);
    let mut node = EditNode::made(NodeKind::File, Body::File(origin), attributes);
    node.identity.size = size;
    Ok(node)
}

//! A tree of files, as it will stand in the volume: an arena filled by one walk.
//!
//! Holds names and what `stat` said, and knows where each file's bytes are; must not know any disc format.
//! Memory grows with the number of files alone. The nodes stand breadth first, so the children of a folder are
//! neighbours, in the byte order of their names.

mod attributes;
mod edit;
mod extras;
pub mod globs;
mod origin;
mod scan;
pub(crate) mod source;

use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use edit::{ChangePoint, Clash, EditError, Item, NameFault, TreeBuilder};
pub use extras::{Attributes, ExtendedAttribute, Extras, HiddenIn, NamedStream};
pub use globs::{GlobError, Globs, WeightError, Weights};
pub use origin::{ExtentFault, FileBytes, LengthFault, Origin};
pub use scan::{HardLinks, ScanError, SpecialFiles, WalkOptions};
pub use source::SourceChange;

use crate::block::Extent;
use crate::checksums::Digest;
use crate::time::Timestamp;
use crate::zisofs::Zisofs;

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NodeKind {
    /// A folder.
    Directory,
    /// A file with bytes.
    File,
    /// A symbolic link, stored as a link.
    Symlink,
    /// A character device.
    CharacterDevice,
    /// A block device.
    BlockDevice,
    /// A named pipe.
    Fifo,
    /// A socket.
    Socket,
}

impl std::fmt::Display for NodeKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Directory => "folder",
            Self::File => "file",
            Self::Symlink => "symbolic link",
            Self::CharacterDevice => "character device",
            Self::BlockDevice => "block device",
            Self::Fifo => "fifo",
            Self::Socket => "socket",
        })
    }
}

impl NodeKind {
    /// The kind that an `st_mode` names; unknown types count as sockets, which have neither bytes nor children.
    #[must_use]
    pub fn from_mode(mode: u32) -> Self {
        match mode & 0o170_000 {
            0o040_000 => Self::Directory,
            0o100_000 => Self::File,
            0o120_000 => Self::Symlink,
            0o020_000 => Self::CharacterDevice,
            0o060_000 => Self::BlockDevice,
            0o010_000 => Self::Fifo,
            _ => Self::Socket,
        }
    }

    /// Neither folder, file nor link.
    #[must_use]
    pub fn is_special(self) -> bool {
        matches!(
            self,
            Self::CharacterDevice | Self::BlockDevice | Self::Fifo | Self::Socket
        )
    }
}

/// A node of a [`Tree`]: its place in the arena. The root is the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub(crate) u32);

impl NodeId {
    /// The root folder.
    pub const ROOT: Self = Self(0);

    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// What makes a file the same file, unchanged: compared when it is opened and after its last byte was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) device: u64,
    pub(crate) inode: u64,
    pub(crate) size: u64,
    pub(crate) modified: Timestamp,
    pub(crate) changed: Timestamp,
}

#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) name_at: u32,
    pub(crate) name_length: u16,
    pub(crate) kind: NodeKind,
    /// Found through a symbolic link, or it may be one: opened as what it points to.
    pub(crate) followed: bool,
    pub(crate) parent: u32,
    pub(crate) mode: u32,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    /// Folder: first child. Link: where the target lies among the names. Device: high half of its number.
    pub(crate) first: u32,
    /// Folder: number of children. Link: length of the target. Device: low half of its number.
    pub(crate) count: u32,
    pub(crate) accessed: i64,
    pub(crate) identity: Identity,
}

/// A tree of files, scanned and ready to be planned.
#[derive(Debug, Default)]
pub struct Tree {
    pub(crate) nodes: Vec<Node>,
    /// Names and link targets, one behind the other.
    names: Vec<u8>,
    /// Nodes whose source path is not their parent's with their name.
    bases: HashMap<u32, PathBuf>,
    /// Nodes that are further names of a file met before: to its first name.
    same_file: HashMap<u32, u32>,
    /// First names of files with several: how many in the tree. Folders that hold folders: as many and two.
    links: HashMap<u32, u32>,
    /// Files whose bytes are not the host's.
    origins: HashMap<u32, Origin>,
    extras: HashMap<u32, Arc<Extras>>,
    /// Nodes with named streams: the first of these, which are nodes, and how many.
    streams: HashMap<u32, (u32, u32)>,
    /// Files with the bytes of another one, which need no place of their own: to that one. First names all.
    same_data: HashMap<u32, u32>,
    /// And back.
    sharers: HashMap<u32, Vec<NodeId>>,
    /// Times of modification and of change, where they are not those of the source.
    times: HashMap<u32, (Timestamp, Timestamp)>,
    file_count: u64,
    directory_count: u64,
    data_bytes: u64,
    skipped: u64,
    /// Nodes at the end that stand in no folder.
    hidden: usize,
}

impl Tree {
    /// Files, links and special files: all that are no folders.
    #[must_use]
    pub fn file_count(&self) -> u64 {
        self.file_count
    }

    /// Folders, the root among them.
    #[must_use]
    pub fn directory_count(&self) -> u64 {
        self.directory_count
    }

    /// Bytes in all files; a file with several names counts once.
    #[must_use]
    pub fn data_bytes(&self) -> u64 {
        self.data_bytes
    }

    /// Special files that were left out, under [`SpecialFiles::Skip`].
    #[must_use]
    pub fn skipped_count(&self) -> u64 {
        self.skipped
    }

    /// Whether a node stands in no folder of the volume: its data alone are there.
    pub(crate) fn is_hidden(&self, id: NodeId) -> bool {
        id.index() >= self.nodes.len() - self.hidden
    }

    /// The named streams of a file: nodes that stand in no folder, and whose parent is the file.
    pub fn streams_of(&self, id: NodeId) -> impl ExactSizeIterator<Item = NodeId> + use<> {
        let of = self.streams.get(&self.first_name(id).0);
        let (first, count) = of.copied().unwrap_or_default();
        (first..first + count).map(NodeId)
    }

    /// Whether a node is a named stream of its parent.
    pub(crate) fn is_stream(&self, id: NodeId) -> bool {
        let streams = self.streams.get(&self.node(id).parent);
        streams.is_some_and(|(first, count)| (*first..first + count).contains(&id.0))
    }

    /// All nodes, the root among them.
    pub(crate) fn node_count(&self) -> usize {
        self.nodes.len()
    }

    /// All nodes, the root first, each folder before its children.
    pub fn nodes(&self) -> impl Iterator<Item = NodeId> + '_ {
        (0..self.nodes.len() as u32).map(NodeId)
    }

    pub(crate) fn node(&self, id: NodeId) -> &Node {
        // Ids are made by this tree alone, and nodes are never taken out.
        &self.nodes[id.index()]
    }

    /// What the node is.
    #[must_use]
    pub fn kind(&self, id: NodeId) -> NodeKind {
        self.node(id).kind
    }

    /// The node's name in its folder; empty for the root.
    #[must_use]
    pub fn name(&self, id: NodeId) -> &OsStr {
        OsStr::from_bytes(self.name_bytes(id))
    }

    pub(crate) fn name_bytes(&self, id: NodeId) -> &[u8] {
        let node = self.node(id);
        self.text(node.name_at, u32::from(node.name_length))
    }

    fn text(&self, at: u32, length: u32) -> &[u8] {
        self.names
            .get(at as usize..at as usize + length as usize)
            .unwrap_or_default()
    }

    /// A file's bytes; 0 for everything else.
    #[must_use]
    pub fn size(&self, id: NodeId) -> u64 {
        let node = self.node(id);
        if node.kind == NodeKind::File {
            node.identity.size
        } else {
            0
        }
    }

    /// `st_mode`: type and permissions.
    #[must_use]
    pub fn mode(&self, id: NodeId) -> u32 {
        self.node(id).mode
    }

    /// Owner and group.
    #[must_use]
    pub fn owner(&self, id: NodeId) -> (u32, u32) {
        let node = self.node(id);
        (node.uid, node.gid)
    }

    /// Where a file's bytes come from. Further names of a file have that of the first.
    #[must_use]
    pub fn origin(&self, id: NodeId) -> &Origin {
        self.origins
            .get(&self.first_name(id).0)
            .unwrap_or(&Origin::Host)
    }

    /// Whether a file lists the checksums of the others.
    pub(crate) fn is_manifest(&self, id: NodeId) -> bool {
        matches!(self.origin(id), Origin::Manifest)
    }

    pub(crate) fn has_manifest(&self) -> bool {
        self.manifests().next().is_some()
    }

    pub(crate) fn manifests(&self) -> impl Iterator<Item = NodeId> + '_ {
        let origins = self.origins.iter();
        origins
            .filter(|(_, origin)| matches!(origin, Origin::Manifest))
            .map(|(id, _)| NodeId(*id))
    }

    /// Gives manifests the length that they have for what they list.
    fn settle_manifests(&mut self) {
        if !self.has_manifest() {
            return;
        }
        let size = crate::checksums::lines(self)
            .map(|(_, line)| line.length())
            .sum();
        let manifests: Vec<NodeId> = self.manifests().collect();
        for id in manifests {
            if let Some(node) = self.nodes.get_mut(id.index()) {
                self.data_bytes = self.data_bytes - node.identity.size + size;
                node.identity.size = size;
            }
        }
    }

    /// Whether a node has no name in any file system of the volume, for it or a folder above it is hidden in all.
    pub(crate) fn is_nowhere(&self, id: NodeId) -> bool {
        let everywhere = |id| {
            self.extras(id)
                .is_some_and(|e| e.hidden_in == HiddenIn::ALL)
        };
        let mut at = id;
        loop {
            if self.is_hidden(at) || everywhere(at) {
                return true;
            }
            if at == NodeId::ROOT || self.extras.is_empty() {
                return false;
            }
            at = self.parent(at);
        }
    }

    /// The extents of a file that stands on the disc already.
    pub(crate) fn recorded(&self, id: NodeId) -> Option<&[Extent]> {
        match self.origin(id) {
            Origin::Recorded(extents) => Some(extents),
            _ => None,
        }
    }

    /// What the node has that few have; `None` where it has nothing of it.
    #[must_use]
    pub fn extras(&self, id: NodeId) -> Option<&Extras> {
        self.extras.get(&id.0).map(Arc::as_ref)
    }

    /// The nodes with weights.
    pub(crate) fn weights(&self) -> impl Iterator<Item = (NodeId, i32)> + '_ {
        let extras = self.extras.iter();
        extras
            .filter(|(_, extras)| extras.weight != 0)
            .map(|(id, extras)| (NodeId(*id), extras.weight))
    }

    /// Whether any node has extras.
    pub(crate) fn has_extras(&self) -> bool {
        !self.extras.is_empty()
    }

    /// Gives a file, under all its names, bytes that are compressed.
    /// `digest` is that of the bytes as they were.
    pub(crate) fn set_compressed(
        &mut self,
        id: NodeId,
        zisofs: Zisofs,
        digest: Digest,
        origin: Origin,
    ) {
        let length = origin.length().unwrap_or(0);
        self.data_bytes -= self.size(id);
        self.data_bytes += length;
        self.origins.insert(id.0, origin);
        let further = self.same_file.iter().filter(|(_, first)| **first == id.0);
        let names: Vec<u32> = further.map(|(name, _)| *name).chain([id.0]).collect();
        for name in names {
            self.change_extras(NodeId(name), |extras| {
                extras.zisofs = Some(zisofs);
                extras.digest = Some(digest);
            });
            if let Some(node) = self.nodes.get_mut(name as usize) {
                node.identity.size = length;
            }
        }
    }

    /// Modification time.
    #[must_use]
    pub fn modified(&self, id: NodeId) -> Timestamp {
        match self.times.get(&id.0) {
            Some((modified, _)) => *modified,
            None => self.node(id).identity.modified,
        }
    }

    /// When the node's attributes or bytes were changed last.
    #[must_use]
    pub fn changed(&self, id: NodeId) -> Timestamp {
        match self.times.get(&id.0) {
            Some((_, changed)) => *changed,
            None => self.node(id).identity.changed,
        }
    }

    /// When the node was read last, in whole seconds.
    #[must_use]
    pub fn accessed(&self, id: NodeId) -> Timestamp {
        Timestamp::from_seconds(self.node(id).accessed)
    }

    /// When the node was made, where that is known.
    #[must_use]
    pub fn created(&self, id: NodeId) -> Option<Timestamp> {
        self.extras(id)?.created
    }

    /// The file system (`st_dev`) and the inode on it of the node's source; zeros for what is not of the host.
    #[must_use]
    pub fn inode(&self, id: NodeId) -> (u64, u64) {
        let identity = &self.node(id).identity;
        (identity.device, identity.inode)
    }

    /// A symbolic link's target; `None` for everything else.
    #[must_use]
    pub fn link_target(&self, id: NodeId) -> Option<&Path> {
        let node = self.node(id);
        (node.kind == NodeKind::Symlink)
            .then(|| Path::new(OsStr::from_bytes(self.text(node.first, node.count))))
    }

    /// A device's number; `None` for everything else.
    #[must_use]
    pub fn device_number(&self, id: NodeId) -> Option<u64> {
        let node = self.node(id);
        matches!(node.kind, NodeKind::CharacterDevice | NodeKind::BlockDevice)
            .then(|| u64::from(node.first) << 32 | u64::from(node.count))
    }

    /// A folder's children in the byte order of their names; none for everything else.
    pub fn children(&self, id: NodeId) -> impl ExactSizeIterator<Item = NodeId> + use<> {
        let node = self.node(id);
        let range = match node.kind {
            NodeKind::Directory => node.first..node.first + node.count,
            _ => 0..0,
        };
        range.map(NodeId)
    }

    /// The folder that holds the node; the root holds itself.
    #[must_use]
    pub fn parent(&self, id: NodeId) -> NodeId {
        NodeId(self.node(id).parent)
    }

    /// The first name of the file that this node names; the node itself, where it is the first or the only one.
    #[must_use]
    pub fn first_name(&self, id: NodeId) -> NodeId {
        NodeId(self.same_file.get(&id.0).copied().unwrap_or(id.0))
    }

    /// The node whose bytes in the volume are this one's too: its first name, or the first file with equal bytes.
    #[must_use]
    pub fn data_of(&self, id: NodeId) -> NodeId {
        let first = self.first_name(id);
        NodeId(self.same_data.get(&first.0).copied().unwrap_or(first.0))
    }

    /// Gives a file the place of another one, whose bytes it has.
    pub(crate) fn share_data(&mut self, file: NodeId, first: NodeId) {
        self.same_data.insert(file.0, first.0);
        self.sharers.entry(first.0).or_default().push(file);
    }

    /// The files that are stored as this one.
    pub(crate) fn sharers_of(&self, id: NodeId) -> &[NodeId] {
        self.sharers.get(&id.0).map_or(&[], Vec::as_slice)
    }

    /// Makes bytes in memory the contents of a file with one name.
    pub(crate) fn set_contents(&mut self, id: NodeId, bytes: Vec<u8>) {
        self.keep_apart(id);
        self.data_bytes = self.data_bytes.saturating_sub(self.size(id)) + bytes.len() as u64;
        if let Some(node) = self.nodes.get_mut(id.index()) {
            node.identity.size = bytes.len() as u64;
        }
        self.origins.insert(id.0, Origin::memory(bytes));
    }

    /// Lets a file share its bytes with no other one, however equal they were.
    pub(crate) fn keep_apart(&mut self, id: NodeId) {
        let first = self.first_name(id).0;
        self.same_data
            .retain(|file, shared| *file != first && *shared != first);
        self.sharers.remove(&first);
        for sharers in self.sharers.values_mut() {
            sharers.retain(|sharer| sharer.0 != first);
        }
    }

    /// How many names the file has in this tree; for a folder two, and one for each folder in it.
    #[must_use]
    pub fn link_count(&self, id: NodeId) -> u32 {
        let alone = match self.kind(id) {
            NodeKind::Directory => 2,
            _ => 1,
        };
        let links = self.links.get(&self.first_name(id).0);
        links.copied().unwrap_or(alone)
    }

    /// Counts a folder that is added. The number of those in its parent is kept, for each of them records it in its way
    /// back: to count them there would take the square of their number.
    fn count_folder(&mut self, id: u32, parent: u32) {
        self.directory_count += 1;
        if id != NodeId::ROOT.0 {
            *self.links.entry(parent).or_insert(2) += 1;
        }
    }

    /// Where the node will be in the volume: an absolute path, `/` for the root. Of a named stream, the path of its file
    /// with the stream's name behind a colon.
    #[must_use]
    pub fn disc_path(&self, id: NodeId) -> PathBuf {
        if self.is_stream(id) {
            let mut path = self.disc_path(self.parent(id)).into_os_string();
            path.push(":");
            path.push(self.name(id));
            return path.into();
        }
        let mut names = Vec::new();
        let mut at = id;
        while at != NodeId::ROOT {
            names.push(self.name(at));
            at = self.parent(at);
        }
        let mut path = PathBuf::from("/");
        path.extend(names.into_iter().rev());
        path
    }

    /// Where on the host the node was found, and a file's bytes are. Of what is not of the host, the path in the volume.
    #[must_use]
    pub fn source_path(&self, id: NodeId) -> PathBuf {
        if !matches!(self.origin(id), Origin::Host) {
            return match self.bases.get(&id.0) {
                Some(path) => path.clone(),
                None => self.disc_path(id),
            };
        }
        let mut names = Vec::new();
        let mut at = id;
        let mut path = loop {
            if let Some(base) = self.bases.get(&at.0) {
                break base.clone();
            }
            if at == NodeId::ROOT {
                break PathBuf::from("/");
            }
            names.push(self.name(at));
            at = self.parent(at);
        };
        path.extend(names.into_iter().rev());
        path
    }

    /// Whether the path of the node's source is not that of its parent's with its name.
    pub(crate) fn is_base(&self, id: NodeId) -> bool {
        self.bases.contains_key(&id.0)
    }

    /// The node at a path of the volume, if there is one.
    #[must_use]
    pub fn find(&self, path: &Path) -> Option<NodeId> {
        let mut at = NodeId::ROOT;
        for part in path.components() {
            if let std::path::Component::Normal(name) = part {
                let node = self.node(at);
                if node.kind != NodeKind::Directory {
                    return None;
                }
                let children = self
                    .nodes
                    .get(node.first as usize..(node.first + node.count) as usize)?;
                let found = children
                    .binary_search_by(|child| {
                        self.text(child.name_at, u32::from(child.name_length))
                            .cmp(name.as_bytes())
                    })
                    .ok()?;
                at = NodeId(node.first + u32::try_from(found).ok()?);
            }
        }
        Some(at)
    }
}

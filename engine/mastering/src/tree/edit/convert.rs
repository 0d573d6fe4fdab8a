//! From the arena of a tree to nodes that can be edited, and back.
//!
//! Must not change anything on the way: a tree that is edited and finished without an edit is the same tree.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::sync::Arc;

use super::EditError;
use super::node::{Body, Children, EditNode, FileKey, Source};
use crate::tree::{Extras, Identity, Node, NodeId, NodeKind, Origin, Tree};

/// The nodes of a tree. Boot images without a name in it are left behind. `next_key` is the first free one.
pub(super) fn open(tree: &Tree, next_key: &mut u64) -> EditNode {
    let first_key = *next_key;
    *next_key += tree.nodes.len() as u64;
    let named = tree.nodes.len() - tree.hidden;
    // Children stand behind their folder: from the back, all of a folder's are made before it.
    let mut made: Vec<Option<EditNode>> = (0..named).map(|_| None).collect();
    for at in (0..named).rev() {
        let id = NodeId(at as u32); // a tree has no more
        let node = tree.node(id);
        let body = match node.kind {
            NodeKind::Directory => Body::Folder(
                tree.children(id)
                    .filter_map(|child| {
                        let name = tree.name_bytes(child).into();
                        Some((name, Arc::new(made.get_mut(child.index())?.take()?)))
                    })
                    .collect(),
            ),
            NodeKind::File => Body::File(tree.origin(id).clone()),
            NodeKind::Symlink => Body::Link(
                tree.link_target(id)
                    .map_or(&[][..], |target| target.as_os_str().as_bytes())
                    .into(),
            ),
            _ => Body::Special(tree.device_number(id).unwrap_or(0)),
        };
        let source = match tree.bases.get(&id.0) {
            Some(path) => Source::At(path.as_path().into()),
            None if id == NodeId::ROOT || !matches!(tree.origin(id), Origin::Host) => Source::Made,
            None => Source::Inherited,
        };
        let several = node.kind != NodeKind::Directory && tree.link_count(id) > 1;
        if let Some(place) = made.get_mut(at) {
            *place = Some(EditNode {
                kind: node.kind,
                body,
                followed: node.followed,
                mode: node.mode,
                uid: node.uid,
                gid: node.gid,
                accessed: node.accessed,
                identity: node.identity,
                modified: tree.modified(id),
                changed: tree.changed(id),
                source,
                file: several.then(|| FileKey(first_key + u64::from(tree.first_name(id).0))),
                extras: tree.extras.get(&id.0).cloned(),
            });
        }
    }
    let root = made.into_iter().next().flatten();
    root.unwrap_or_else(|| EditNode::folder(&super::NO_ATTRIBUTES))
}

/// The arena of the nodes.
pub(super) fn finish(root: &EditNode, skipped: u64) -> Result<Tree, EditError> {
    let mut tree = Tree {
        skipped,
        ..Tree::default()
    };
    let mut first_names: HashMap<FileKey, u32> = HashMap::new();
    let mut open = vec![root];
    add(&mut tree, &mut first_names, 0, b"", root)?;
    let mut at = 0;
    while let Some(folder) = open.get(at).copied() {
        if let Body::Folder(children) = &folder.body {
            let first = tree.nodes.len() as u32; // below the limit that `add` keeps
            for (name, child) in children {
                add(&mut tree, &mut first_names, at as u32, name, child)?;
                open.push(child);
            }
            if let Some(node) = tree.nodes.get_mut(at) {
                node.first = first;
                node.count = children.len() as u32;
            }
        }
        at += 1;
    }
    add_streams(&mut tree)?;
    tree.settle_manifests();
    Ok(tree)
}

/// Adds a file that stands in no folder.
pub(super) fn add_hidden(
    tree: &mut Tree,
    name: &[u8],
    file: &EditNode,
) -> Result<NodeId, EditError> {
    let id = NodeId(tree.nodes.len() as u32); // `add` refuses what is more
    add(tree, &mut HashMap::new(), NodeId::ROOT.0, name, file)?;
    tree.hidden += 1;
    tree.file_count -= 1;
    Ok(id)
}

/// Named streams become nodes behind all others, which stand in no folder; what has them is their parent.
fn add_streams(tree: &mut Tree) -> Result<(), EditError> {
    let mut having: Vec<(u32, Arc<Extras>)> = tree
        .extras
        .iter()
        .filter(|(id, extras)| !extras.streams.is_empty() && !tree.same_file.contains_key(id))
        .map(|(id, extras)| (*id, Arc::clone(extras)))
        .collect();
    having.sort_unstable_by_key(|(id, _)| *id);
    for (parent, extras) in having {
        let first = tree.nodes.len();
        for stream in &extras.streams {
            let too_many = || EditError::TooMany {
                path: tree.disc_path(NodeId(parent)),
                limit: u32::MAX,
            };
            let id = u32::try_from(tree.nodes.len()).map_err(|_| too_many())?;
            let name_at = u32::try_from(tree.names.len()).map_err(|_| too_many())?;
            let of = tree.node(NodeId(parent)).clone();
            let name = stream.name.as_bytes();
            tree.names.extend_from_slice(name);
            tree.nodes.push(Node {
                name_at,
                name_length: name.len() as u16, // no longer ones are let in
                kind: NodeKind::File,
                followed: false,
                parent,
                mode: 0o100_000 | of.mode & 0o666,
                first: 0,
                count: 0,
                identity: Identity {
                    size: stream.bytes.length(),
                    modified: tree.modified(NodeId(parent)),
                    changed: tree.changed(NodeId(parent)),
                    ..Identity::default()
                },
                ..of
            });
            tree.origins
                .insert(id, Origin::Given(Arc::clone(&stream.bytes)));
            tree.hidden += 1;
        }
        tree.streams
            .insert(parent, (first as u32, extras.streams.len() as u32));
    }
    Ok(())
}

fn add(
    tree: &mut Tree,
    first_names: &mut HashMap<FileKey, u32>,
    parent: u32,
    name: &[u8],
    from: &EditNode,
) -> Result<(), EditError> {
    let too_many = |tree: &Tree| {
        let mut path: PathBuf = match tree.nodes.is_empty() {
            true => "/".into(),
            false => tree.disc_path(NodeId(parent)),
        };
        path.push(OsStr::from_bytes(name));
        EditError::TooMany {
            path,
            limit: u32::MAX,
        }
    };
    let id = u32::try_from(tree.nodes.len()).map_err(|_| too_many(tree))?;
    let name_at = u32::try_from(tree.names.len()).map_err(|_| too_many(tree))?;
    tree.names.extend_from_slice(name);
    let mut node = Node {
        name_at,
        name_length: name.len() as u16, // no longer ones are let in
        kind: from.kind,
        followed: from.followed,
        parent,
        mode: from.mode,
        uid: from.uid,
        gid: from.gid,
        first: 0,
        count: 0,
        accessed: from.accessed,
        identity: from.identity,
    };
    let of_host = matches!(from.body, Body::File(Origin::Host));
    if !of_host {
        node.identity.modified = from.modified;
        node.identity.changed = from.changed;
    } else if (from.modified, from.changed) != (node.identity.modified, node.identity.changed) {
        // What a source is compared with stays as it was scanned.
        tree.times.insert(id, (from.modified, from.changed));
    }
    let further = from
        .file
        .map(|key| *first_names.entry(key).or_insert(id))
        .filter(|first| *first != id);
    if let Some(first) = further {
        tree.same_file.insert(id, first);
        *tree.links.entry(first).or_insert(1) += 1;
    }
    match &from.body {
        Body::Folder(_) => tree.count_folder(id, parent),
        Body::File(origin) => {
            if further.is_none() {
                tree.data_bytes += node.identity.size;
                if !matches!(origin, Origin::Host) {
                    tree.origins.insert(id, origin.clone());
                }
            }
        }
        Body::Link(target) => {
            node.first = u32::try_from(tree.names.len()).map_err(|_| too_many(tree))?;
            node.count = target.len() as u32; // no longer ones are let in
            tree.names.extend_from_slice(target);
        }
        Body::Special(number) => {
            node.first = (number >> 32) as u32;
            node.count = (number & u64::from(u32::MAX)) as u32;
        }
    }
    if from.kind != NodeKind::Directory {
        tree.file_count += 1;
    }
    if let Source::At(path) = &from.source {
        tree.bases.insert(id, path.to_path_buf());
    }
    if let Some(extras) = &from.extras {
        tree.extras.insert(id, Arc::clone(extras));
    }
    tree.nodes.push(node);
    Ok(())
}

/// Takes the children out of a folder.
pub(super) fn take_children(node: &mut EditNode) -> Children {
    node.children_mut().map(std::mem::take).unwrap_or_default()
}

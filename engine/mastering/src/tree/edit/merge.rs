//! One tree put into another, and what is changed in many places at once.
//!
//! Owns who wins where both have something of one name; works on a copy of the root that is thrown away on a refusal.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::convert::take_children;
use super::node::{EditNode, FileKey, Source, find_mut};
use super::{EditError, shown};
use crate::tree::{Attributes, NodeKind};

/// Who wins where two trees have something of the same name. Two folders become one in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Clash {
    /// Nobody: the edit is refused.
    #[default]
    Refuse,
    /// What was there before; a folder keeps its attributes.
    Keep,
    /// What comes; a folder gets the attributes of the one that comes. Something else in the place of a folder is refused,
    /// for it would take with it all that the folder holds: remove that first.
    Replace,
}

/// Puts what `from` holds into the folder at `at`.
pub(super) fn merge(
    root: &mut Arc<EditNode>,
    at: &[&[u8]],
    from: EditNode,
    clash: Clash,
) -> Result<(), EditError> {
    // Folders that both have: where they stand, and what is to come into them.
    let mut open: Vec<(Vec<Box<[u8]>>, EditNode)> =
        vec![(at.iter().map(|part| (*part).into()).collect(), from)];
    while let Some((path, mut folder)) = open.pop() {
        let parts: Vec<&[u8]> = path.iter().map(|part| &**part).collect();
        let Some(into) = find_mut(root, &parts) else {
            continue;
        };
        if clash == Clash::Replace {
            let created = folder.attributes();
            into.set_attributes(&created);
        }
        let source = folder.source.clone();
        let Some(children) = into.children_mut() else {
            continue;
        };
        for (name, mut node) in take_children(&mut folder) {
            // Its folder is another one now.
            if let (Source::Inherited, Source::At(base)) = (&node.source, &source) {
                let path: Arc<Path> = base.join(OsStr::from_bytes(&name)).into();
                Arc::make_mut(&mut node).source = Source::At(path);
            }
            let both_folders = children
                .get(&name)
                .is_some_and(|old| old.children().is_some() && node.children().is_some());
            if both_folders {
                let mut below = path.clone();
                below.push(name);
                open.push((below, Arc::unwrap_or_clone(node)));
                continue;
            }
            let old = children.get(&name).map(|old| old.kind);
            match (clash, old) {
                (Clash::Keep, Some(_)) => {}
                (Clash::Refuse, Some(old)) | (Clash::Replace, Some(old @ NodeKind::Directory)) => {
                    let mut clashing = parts.clone();
                    clashing.push(&name);
                    return Err(refused(shown(&clashing), old, node.kind));
                }
                (Clash::Replace, Some(_)) | (_, None) => {
                    children.insert(name, node);
                }
            }
        }
    }
    Ok(())
}

/// A folder and something else under one name is another mistake than two files.
fn refused(path: PathBuf, kind: NodeKind, wanted: NodeKind) -> EditError {
    match kind == NodeKind::Directory || wanted == NodeKind::Directory {
        true => EditError::Kind { path, kind, wanted },
        false => EditError::Exists { path },
    }
}

/// Gives all names of a file these attributes.
pub(super) fn change_all(root: &mut Arc<EditNode>, file: FileKey, attributes: &Attributes) {
    for path in names_of(root, file) {
        let parts: Vec<&[u8]> = path.iter().map(|part| &**part).collect();
        if let Some(node) = find_mut(root, &parts) {
            node.set_attributes(attributes);
        }
    }
}

/// Where a file with several names stands.
fn names_of(root: &Arc<EditNode>, file: FileKey) -> Vec<Vec<Box<[u8]>>> {
    let mut names = Vec::new();
    let mut open: Vec<(Vec<Box<[u8]>>, &EditNode)> = vec![(Vec::new(), root)];
    while let Some((path, node)) = open.pop() {
        if node.file == Some(file) {
            names.push(path.clone());
        }
        for (name, child) in node.children().into_iter().flatten() {
            if child.file == Some(file) || child.children().is_some() {
                let mut below = path.clone();
                below.push(name.clone());
                open.push((below, child));
            }
        }
    }
    names
}

//! Files with equal bytes, which need blocks but once.
//!
//! Reads the sources; must not know where files stand.

use std::collections::HashMap;

use sha2::{Digest as _, Sha256};

use super::line::Digest;
use crate::emit::EmitError;
use crate::emit::contents::FileReader;
use crate::tree::{NodeId, NodeKind, Origin, Tree};

/// Bytes at the beginning of a file that are compared before all of it is read.
const BEGINNING: u64 = 64 << 10;

/// What is gained by storing equal files once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shared {
    /// Files that need no blocks of their own.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// Finds the files of the tree with equal bytes, so that a plan gives them the same blocks. Those of one size are read;
/// equal are those with the same SHA-256. When the volume is made, each of them is compared once more with what it was
/// when the tree was scanned, so none is stored as another one that it has ceased to be equal to.
///
/// `apart` have blocks of their own in any case: boot images that a table is put into, which makes them other files.
/// Files that can be read but once, and those that stand on the disc already, are not looked at. Call it last: a tree
/// that is edited forgets what was found.
///
/// # Errors
/// [`EmitError`], when a source cannot be read or has changed since the scan.
pub fn share_equal_files(tree: &mut Tree, apart: &[NodeId]) -> Result<Shared, EmitError> {
    let mut reader = FileReader::default();
    let apart: Vec<NodeId> = apart.iter().map(|id| tree.first_name(*id)).collect();
    let candidates = tree.nodes().filter(|id| {
        tree.kind(*id) == NodeKind::File
            && tree.size(*id) > 0
            && tree.first_name(*id) == *id
            && !apart.contains(id)
            && match tree.origin(*id) {
                Origin::Host => true,
                Origin::Given(bytes) => bytes.repeatable(),
                Origin::Recorded(_) | Origin::Manifest => false,
            }
    });
    let by_size = grouped(candidates, |id| Ok(tree.size(id)))?;
    let mut equal: Vec<(NodeId, NodeId)> = Vec::new();
    for group in by_size {
        let beginnings = grouped(group.into_iter(), |id| {
            digest(tree, &mut reader, id, BEGINNING)
        })?;
        for group in beginnings {
            let whole = match group.first() {
                // What was compared is all there is.
                Some(first) if tree.size(*first) <= BEGINNING => vec![group],
                _ => grouped(group.into_iter(), |id| {
                    digest(tree, &mut reader, id, u64::MAX)
                })?,
            };
            for group in whole {
                if let Some((first, others)) = group.split_first() {
                    equal.extend(others.iter().map(|other| (*other, *first)));
                }
            }
        }
    }
    let mut shared = Shared::default();
    for (other, first) in equal {
        shared.files += 1;
        shared.bytes += tree.size(other);
        tree.share_data(other, first);
    }
    Ok(shared)
}

/// Groups of two or more with the same key, each in the order of the tree.
fn grouped<K: std::hash::Hash + Eq>(
    ids: impl Iterator<Item = NodeId>,
    mut key: impl FnMut(NodeId) -> Result<K, EmitError>,
) -> Result<Vec<Vec<NodeId>>, EmitError> {
    let mut groups: HashMap<K, Vec<NodeId>> = HashMap::new();
    for id in ids {
        groups.entry(key(id)?).or_default().push(id);
    }
    let mut groups: Vec<Vec<NodeId>> = groups.into_values().filter(|g| g.len() > 1).collect();
    groups.sort_unstable();
    Ok(groups)
}

/// The SHA-256 of a file's first bytes, at most `most`.
fn digest(
    tree: &Tree,
    reader: &mut FileReader,
    id: NodeId,
    most: u64,
) -> Result<Digest, EmitError> {
    const PIECE: u64 = 1 << 20;
    let size = tree.size(id).min(most);
    let mut piece = vec![0; size.min(PIECE) as usize];
    let mut sum = Sha256::new();
    let mut at = 0;
    while at < size {
        let length = (size - at).min(PIECE) as usize;
        let piece = piece.get_mut(..length).unwrap_or_default();
        reader.read(tree, id, at, piece)?;
        sum.update(&*piece);
        at += length as u64;
    }
    Ok(sum.finalize().into())
}

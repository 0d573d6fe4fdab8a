//! Named streams, from 2.00 on: the folder of a file's further bytes, which stands behind the file's entry (ECMA-167
//! 4/14.17, UDF 3.3.5).
//!
//! Each stream is a node of the tree, with an entry of its own among the others; must not know where its bytes are.

use super::UdfRevision;
use super::directory::{IS_DIRECTORY, IS_PARENT, PARENT_BYTES, identifier, identifier_bytes};
use super::entry::{self, Entry, INSIDE, SHORT, STREAM_DIRECTORY, fixed_bytes};
use super::field::Address;
use super::names::{NAME_BYTES, compressed, cut};
use super::plan::UdfPlan;
use crate::block::{BLOCK_BYTES, BLOCK_SIZE, blocks_for};
use crate::tree::{NodeId, Tree};

/// Bytes that can lie in the entry of the folder.
const fn room(revision: UdfRevision) -> u64 {
    (BLOCK_SIZE - fixed_bytes(revision)) as u64
}

/// A stream's name as it is recorded.
fn name(tree: &Tree, stream: NodeId) -> Vec<u8> {
    let name = tree.name(stream).to_string_lossy();
    compressed(cut(&name, NAME_BYTES).encode_utf16())
}

fn directory_bytes(tree: &Tree, id: NodeId) -> u64 {
    let names = tree.streams_of(id).map(|stream| name(tree, stream).len());
    PARENT_BYTES + names.map(identifier_bytes).sum::<u64>()
}

/// Blocks of the folder of a node's streams; none where it has no streams, or the revision has none.
pub(crate) fn blocks(revision: UdfRevision, tree: &Tree, id: NodeId) -> u64 {
    if !revision.third_edition() || tree.streams_of(id).len() == 0 {
        return 0;
    }
    let bytes = directory_bytes(tree, id);
    match bytes <= room(revision) {
        true => 1,
        false => 1 + blocks_for(bytes),
    }
}

/// Bytes of all streams of a node.
pub(crate) fn bytes(tree: &Tree, id: NodeId) -> u64 {
    tree.streams_of(id).map(|stream| tree.size(stream)).sum()
}

/// The folder of a node's streams, whole; `first` is the block of its entry.
pub(crate) fn emit(plan: &UdfPlan, tree: &Tree, id: NodeId, first: Address) -> Vec<u8> {
    let bytes = directory_bytes(tree, id);
    let is_inside = bytes <= room(plan.revision);
    let beside = Address {
        block: first.block + u32::from(!is_inside),
        ..first
    };
    let mut folder: Vec<u8> = Vec::new();
    let block = |folder: &Vec<u8>| beside.block + (folder.len() as u64 / BLOCK_BYTES) as u32;
    let main = plan.entry_address(tree, id);
    folder.extend(identifier(
        plan,
        main,
        UdfPlan::unique(tree, id),
        IS_DIRECTORY | IS_PARENT,
        &[],
        block(&folder),
    ));
    for stream in tree.streams_of(id) {
        let to = plan.entry_address(tree, stream);
        let unique = UdfPlan::unique(tree, stream);
        let at = block(&folder);
        folder.extend(identifier(plan, to, unique, 0, &name(tree, stream), at));
    }
    // Owner and permissions are those of the file.
    let mut entry = Entry {
        kind: STREAM_DIRECTORY,
        links: 0,
        unique: 0,
        bytes,
        object_bytes: bytes,
        streams: None,
        ..entry::of_node(plan, tree, id, bytes)
    };
    if is_inside {
        entry.form = INSIDE;
        entry.allocation = std::mem::take(&mut folder);
    } else {
        entry.form = SHORT;
        entry.recorded_blocks = blocks_for(bytes);
        entry.allocation = entry::beside_allocation(bytes, beside);
    }
    let mut out = entry.emit(plan.revision, first.block);
    out.resize(BLOCK_SIZE, 0);
    out.extend(folder);
    out.resize(out.len().next_multiple_of(BLOCK_SIZE), 0);
    out
}

//! Folders: a row of file identifier descriptors (ECMA-167 4/14.4), the first of which leads to the parent.
//!
//! They cross blocks freely; a large folder is entered at marks, so that any block of it is made without the whole.

use super::field::{Address, Fields};
use super::names::Names;
use super::plan::{MARK_EVERY, UdfPlan};
use super::shown::Shown;
use super::tag;
use crate::block::{BLOCK_BYTES, BLOCK_SIZE};
use crate::tree::{NodeId, NodeKind, Tree};

/// Bytes of an identifier descriptor before the name.
const FIXED_BYTES: u64 = 38;
/// That of the parent has no name.
pub(crate) const PARENT_BYTES: u64 = 40;

const IS_HIDDEN: u8 = 1 << 0;
pub(crate) const IS_DIRECTORY: u8 = 1 << 1;
pub(crate) const IS_PARENT: u8 = 1 << 3;

/// Bytes of the descriptor of a name that takes `name` bytes.
pub(crate) const fn identifier_bytes(name: usize) -> u64 {
    (FIXED_BYTES + name as u64).next_multiple_of(4)
}

/// The bytes of a folder, and the marks of a large one.
pub(crate) fn measure(tree: &Tree, names: &Names, shown: &Shown, id: NodeId) -> (u64, Vec<u64>) {
    let mut bytes = PARENT_BYTES;
    let mut marks = Vec::new();
    for (at, child) in shown.children(tree, id).enumerate() {
        if at > 0 && at.is_multiple_of(MARK_EVERY) {
            marks.push(bytes);
        }
        bytes += identifier_bytes(names.length(tree, child));
    }
    // One at the very end spares another look at the children before it.
    let children = shown.count(tree, id);
    if children > 0 && children.is_multiple_of(MARK_EVERY) {
        marks.push(bytes);
    }
    (bytes, marks)
}

/// Appends the bytes of a folder from `start` on to `out`, until `out` holds `length` bytes or the folder ends. `at` is the
/// block of the folder's first byte, as tags have it.
pub(crate) fn emit(
    plan: &UdfPlan,
    tree: &Tree,
    id: NodeId,
    at: u32,
    start: u64,
    length: usize,
    out: &mut Vec<u8>,
) {
    let (skipped, mut position) = plan.mark_before(id, start);
    let mut put = |position: &mut u64, make: &dyn Fn(u32) -> Vec<u8>, bytes: u64| -> bool {
        let begins = *position;
        *position += bytes;
        if *position > start {
            let block = at + (begins / BLOCK_BYTES) as u32;
            let made = make(block);
            let cut = start.saturating_sub(begins) as usize;
            out.extend_from_slice(made.get(cut..).unwrap_or_default());
        }
        out.len() < length
    };
    if skipped == 0 {
        let parent = tree.parent(id);
        let to = plan.entry_address(tree, parent);
        let unique = UdfPlan::unique(tree, parent);
        let make = |block| identifier(plan, to, unique, IS_DIRECTORY | IS_PARENT, &[], block);
        if !put(&mut position, &make, PARENT_BYTES) {
            return;
        }
    }
    for child in plan.shown.children(tree, id).skip(skipped) {
        let bytes = identifier_bytes(plan.names.length(tree, child));
        let make = |block| {
            let mut flags = match tree.kind(child) {
                NodeKind::Directory => IS_DIRECTORY,
                _ => 0,
            };
            if tree
                .extras(child)
                .is_some_and(|extras| extras.marked_hidden)
            {
                flags |= IS_HIDDEN;
            }
            let to = plan.entry_address(tree, child);
            let name = plan.names.of(tree, child);
            identifier(plan, to, UdfPlan::unique(tree, child), flags, &name, block)
        };
        if !put(&mut position, &make, bytes) {
            return;
        }
    }
}

/// The descriptor of a name. `block` is that in which it begins.
pub(crate) fn identifier(
    plan: &UdfPlan,
    to: Address,
    unique: u32,
    flags: u8,
    name: &[u8],
    block: u32,
) -> Vec<u8> {
    let mut fields = Fields::new();
    fields
        .u16(1)
        .u8(flags)
        .u8(u8::try_from(name.len()).unwrap_or(u8::MAX))
        .long_allocation(BLOCK_SIZE as u32, to, unique)
        .u16(0)
        .bytes(name);
    let length = fields.0.len().next_multiple_of(4);
    fields.sealed(length, tag::FILE_IDENTIFIER, plan.revision, block)
}

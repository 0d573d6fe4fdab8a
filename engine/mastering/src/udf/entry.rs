//! File entries (ECMA-167 4/14.9 and 4/14.17): what a file is, whose it is, and where its bytes are.
//!
//! Owns the entry with its allocation descriptors and the few bytes that lie inside of it; must not know where the
//! entry itself was placed.

use super::UdfRevision;
use super::allocation::{self, EXTENT_BYTES};
use super::attributes;
use super::directory;
use super::field::{Address, Fields};
use super::names::{NAME_BYTES, compressed, cut, holds_name};
use super::plan::{UdfPlan, blocks};
use super::shown::Shown;
use super::streams;
use super::tag;
use crate::block::{BLOCK_BYTES, BLOCK_SIZE, blocks_for};
use crate::layout::Layout;
use crate::time::Timestamp;
use crate::tree::{NodeId, NodeKind, Tree};
use std::os::unix::ffi::OsStrExt;

pub(super) const SHORT: u16 = 0;
const LONG: u16 = 1;
pub(super) const INSIDE: u16 = 3;

/// The folder of a file's streams (ECMA-167 4/14.6.6).
pub(crate) const STREAM_DIRECTORY: u8 = 13;
/// File types that UDF has added: the virtual allocation table, a file to be read in real time, the metadata file and its
/// mirror (UDF 2.2.11, 2.2.13, 2.3.5.2).
pub(crate) const VIRTUAL_TABLE: u8 = 248;
pub(crate) const REAL_TIME: u8 = 249;
pub(crate) const METADATA_FILE: u8 = 250;
pub(crate) const METADATA_MIRROR: u8 = 251;

/// Bytes of an entry before its allocation descriptors.
pub(crate) const fn fixed_bytes(revision: UdfRevision) -> usize {
    match revision.third_edition() {
        true => 216,
        false => 176,
    }
}

/// Bytes that can lie in the entry of a node itself.
pub(crate) fn room(revision: UdfRevision, tree: &Tree, id: NodeId) -> usize {
    BLOCK_SIZE - fixed_bytes(revision) - attributes::length(revision, tree, id)
}

/// Blocks that the bytes of a folder or link take beside its entry: none where they fit into it.
pub(crate) fn blocks_beside(revision: UdfRevision, tree: &Tree, id: NodeId, bytes: u64) -> u64 {
    match bytes <= room(revision, tree, id) as u64 {
        true => 0,
        false => blocks_for(bytes),
    }
}

/// A link's target as path components (ECMA-167 4/14.16).
pub(crate) fn components(tree: &Tree, id: NodeId) -> Vec<u8> {
    let target = tree
        .link_target(id)
        .map_or(&[][..], |target| target.as_os_str().as_bytes());
    let mut out = Vec::with_capacity(target.len() + 16);
    if target.first() == Some(&b'/') {
        out.extend_from_slice(&[2, 0, 0, 0]);
    }
    for part in target.split(|byte| *byte == b'/') {
        match part {
            b"" => {}
            b"." => out.extend_from_slice(&[4, 0, 0, 0]),
            b".." => out.extend_from_slice(&[3, 0, 0, 0]),
            name => {
                let text = String::from_utf8_lossy(name);
                let name = compressed(cut(&text, NAME_BYTES).encode_utf16());
                out.extend_from_slice(&[5, name.len() as u8, 0, 0]);
                out.extend_from_slice(&name);
            }
        }
    }
    out
}

/// Whether a link's target is recorded with all its characters: one part of it may have as many as a name.
pub(crate) fn holds_target(tree: &Tree, id: NodeId) -> bool {
    let target = tree.link_target(id).map(|target| target.as_os_str());
    target.is_none_or(|target| {
        let parts = target.as_bytes().split(|byte| *byte == b'/');
        parts.into_iter().all(holds_name)
    })
}

/// Bytes of a link's target as it is recorded.
pub(crate) fn link_bytes(tree: &Tree, id: NodeId) -> u64 {
    components(tree, id).len() as u64
}

/// What an entry says of a file.
pub(super) struct Entry {
    pub(super) kind: u8,
    pub(super) mode: u32,
    pub(super) owner: (u32, u32),
    pub(super) links: u16,
    pub(super) bytes: u64,
    /// With those of all streams.
    pub(super) object_bytes: u64,
    pub(super) recorded_blocks: u64,
    pub(super) accessed: Timestamp,
    pub(super) modified: Timestamp,
    pub(super) created: Timestamp,
    pub(super) changed: Timestamp,
    pub(super) unique: u64,
    /// Where the folder of the file's streams is.
    pub(super) streams: Option<Address>,
    /// Whether it is itself a stream of a file.
    pub(super) is_stream: bool,
    pub(super) attributes: Vec<u8>,
    pub(super) form: u16,
    pub(super) allocation: Vec<u8>,
}

impl Entry {
    pub(super) fn emit(&self, revision: UdfRevision, location: u32) -> Vec<u8> {
        const STREAM: u16 = 1 << 13;
        let third = revision.third_edition();
        let stream = if self.is_stream { STREAM } else { 0 };
        let mut fields = Fields::new();
        // The ICB tag: strategy 4, one entry.
        fields
            .u32(0)
            .u16(4)
            .u16(0)
            .u16(1)
            .u8(0)
            .u8(self.kind)
            .zeros(6)
            .u16(self.form | special_bits(self.mode) | stream)
            .u32(self.owner.0)
            .u32(self.owner.1)
            .u32(permissions(self.mode))
            .u16(self.links)
            .zeros(2 + 4)
            .u64(self.bytes);
        if third {
            fields.u64(self.object_bytes);
        }
        fields
            .u64(self.recorded_blocks)
            .time(self.accessed)
            .time(self.modified);
        if third {
            fields.time(self.created);
        }
        fields.time(self.changed).u32(1);
        if third {
            fields.u32(0);
        }
        // No extended attributes outside of the entry.
        fields.zeros(16);
        match self.streams {
            Some(folder) if third => {
                fields.long_allocation(BLOCK_SIZE as u32, folder, 0);
            }
            None if third => {
                fields.zeros(16);
            }
            _ => {}
        }
        fields
            .implementation()
            .u64(self.unique)
            .u32(self.attributes.len() as u32)
            .u32(self.allocation.len() as u32)
            .bytes(&self.attributes)
            .bytes(&self.allocation);
        let identifier = if third {
            tag::EXTENDED_FILE_ENTRY
        } else {
            tag::FILE_ENTRY
        };
        let length = fields.0.len();
        fields.sealed(length, identifier, revision, location)
    }
}

/// `st_mode`'s set-id and sticky bits, as the flags of an ICB tag have them (ECMA-167 4/14.6.8).
fn special_bits(mode: u32) -> u16 {
    [(0o4000, 6), (0o2000, 7), (0o1000, 8)]
        .into_iter()
        .filter(|(bit, _)| mode & bit != 0)
        .map(|(_, at)| 1 << at)
        .sum()
}

/// Five bits each for others, group and owner (ECMA-167 4/14.9.5): execute, write, read, change attributes, delete.
fn permissions(mode: u32) -> u32 {
    let five = |three: u32| {
        let write = three >> 1 & 1;
        three & 0b111 | write << 4
    };
    let owner = five(mode >> 6) | (mode >> 7 & 1) << 3;
    five(mode) | five(mode >> 3) << 5 | owner << 10
}

fn file_type(kind: NodeKind) -> u8 {
    match kind {
        NodeKind::Directory => 4,
        NodeKind::File => 5,
        NodeKind::BlockDevice => 6,
        NodeKind::CharacterDevice => 7,
        NodeKind::Fifo => 9,
        NodeKind::Socket => 10,
        NodeKind::Symlink => 12,
    }
}

/// Makes the blocks of a node's entry and what lies beside it, from the node's `from`th on: at most `most`.
pub(crate) fn emit(layout: &Layout, plan: &UdfPlan, id: NodeId, from: u32, most: u32) -> Vec<u8> {
    let tree = &layout.tree;
    let first = plan.entry_address(tree, id);
    let beside = Address {
        block: first.block + 1,
        ..first
    };
    let own = plan.own_blocks(tree, id);
    if let Some(skip) = from.checked_sub(own) {
        let folder = streams::emit(plan, tree, id, plan.streams_address(tree, id));
        let start = skip as usize * BLOCK_SIZE;
        let mut out = folder.get(start..).unwrap_or_default().to_vec();
        out.truncate(most as usize * BLOCK_SIZE);
        return out;
    }
    let most = most.min(own - from);
    let mut out = Vec::new();
    let bytes = match tree.kind(id) {
        NodeKind::Directory => plan.directory_bytes(tree, id),
        NodeKind::Symlink => link_bytes(tree, id),
        _ => tree.size(id),
    };
    let is_beside = blocks_beside(plan.revision, tree, id, bytes) > 0;
    if from == 0 {
        let mut entry = of_node(plan, tree, id, bytes);
        if plan.has_streams(tree, id) {
            entry.object_bytes += streams::bytes(tree, id);
            entry.streams = Some(plan.streams_address(tree, id));
        }
        entry.attributes = attributes::emit(plan.revision, tree, id, first.block);
        match tree.kind(id) {
            NodeKind::File => {
                entry.form = match plan.revision.has_metadata_partition() {
                    true => LONG,
                    false => SHORT,
                };
                entry.recorded_blocks = blocks_for(bytes);
                entry.allocation = allocation::groups(layout, plan, id, beside).swap_remove(0);
            }
            NodeKind::Directory | NodeKind::Symlink if is_beside => {
                entry.form = SHORT;
                entry.recorded_blocks = blocks_for(bytes);
                entry.allocation = beside_allocation(bytes, beside);
            }
            _ => {
                entry.form = INSIDE;
                contents(
                    plan,
                    tree,
                    id,
                    first.block,
                    0,
                    BLOCK_SIZE,
                    &mut entry.allocation,
                );
            }
        }
        let mut block = entry.emit(plan.revision, first.block);
        block.resize(BLOCK_SIZE, 0);
        out = block;
        if most == 1 {
            return out;
        }
    }
    let skip = from.saturating_sub(1);
    let wanted = most as usize * BLOCK_SIZE - out.len();
    match tree.kind(id) {
        NodeKind::Directory | NodeKind::Symlink if is_beside => {
            let left = u64::from(blocks(bytes).saturating_sub(skip)) * BLOCK_BYTES;
            let length = left.min(wanted as u64) as usize;
            let mut made = Vec::with_capacity(length);
            let start = u64::from(skip) * BLOCK_BYTES;
            contents(plan, tree, id, beside.block, start, length, &mut made);
            made.resize(length, 0);
            out.extend_from_slice(&made);
        }
        NodeKind::File => {
            let further = allocation::groups(layout, plan, id, beside);
            let blocks = further.iter().enumerate().skip(1 + skip as usize);
            for (at, allocation) in blocks.take(wanted / BLOCK_SIZE) {
                let location = beside.block + at as u32 - 1;
                let mut fields = Fields::new();
                fields.u32(0).u32(allocation.len() as u32).bytes(allocation);
                let length = fields.0.len();
                let mut block =
                    fields.sealed(length, tag::ALLOCATION_EXTENT, plan.revision, location);
                block.resize(BLOCK_SIZE, 0);
                out.extend_from_slice(&block);
            }
        }
        _ => {}
    }
    out
}

/// The number of names as an entry has it.
pub(crate) fn links(tree: &Tree, shown: &Shown, id: NodeId) -> u16 {
    u16::try_from(shown.links(tree, id)).unwrap_or(u16::MAX)
}

/// What the entry of a node says, but for where the bytes are.
pub(super) fn of_node(plan: &UdfPlan, tree: &Tree, id: NodeId, bytes: u64) -> Entry {
    let kind = match tree.extras(id) {
        Some(extras) if extras.real_time && plan.revision >= UdfRevision::V2_01 => REAL_TIME,
        _ => file_type(tree.kind(id)),
    };
    let modified = tree.modified(id);
    Entry {
        kind,
        mode: tree.mode(id),
        owner: tree.owner(id),
        links: links(tree, &plan.shown, id),
        bytes,
        object_bytes: bytes,
        recorded_blocks: 0,
        // Access times change by reading, ours among it.
        accessed: match plan.access_times {
            true => tree.accessed(id),
            false => modified,
        },
        modified,
        created: tree.created(id).unwrap_or(modified.min(tree.changed(id))),
        changed: tree.changed(id),
        unique: UdfPlan::unique(tree, id).into(),
        streams: None,
        is_stream: tree.is_stream(id),
        attributes: Vec::new(),
        form: INSIDE,
        allocation: Vec::new(),
    }
}

/// The bytes of a folder or link; `at` is the block of the first.
fn contents(
    plan: &UdfPlan,
    tree: &Tree,
    id: NodeId,
    at: u32,
    start: u64,
    length: usize,
    out: &mut Vec<u8>,
) {
    match tree.kind(id) {
        NodeKind::Directory => directory::emit(plan, tree, id, at, start, length, out),
        NodeKind::Symlink => {
            let target = components(tree, id);
            let rest = usize::try_from(start).ok().and_then(|at| target.get(at..));
            out.extend_from_slice(rest.unwrap_or_default());
        }
        _ => {}
    }
    out.truncate(length);
}

/// One extent, or several of a folder beyond a gigabyte.
pub(super) fn beside_allocation(bytes: u64, beside: Address) -> Vec<u8> {
    let mut fields = Fields(Vec::new());
    let mut done = 0;
    while done < bytes {
        let length = (bytes - done).min(EXTENT_BYTES);
        fields.short_allocation(length as u32, beside.block + blocks(done));
        done += length;
    }
    fields.0
}

/// The entry of the metadata file, or of its mirror: where the metadata partition's blocks are.
pub(crate) fn metadata_file(layout: &Layout, plan: &UdfPlan, mirror: bool) -> Vec<u8> {
    let (block, kind) = match mirror {
        true => (plan.mirror, METADATA_MIRROR),
        false => (plan.metadata, METADATA_FILE),
    };
    let [own, other] = plan.metadata_files;
    let location = plan
        .partition_address(if mirror { other } else { own })
        .block;
    let created = layout.options.created;
    let bytes = u64::from(plan.metadata_blocks) * BLOCK_BYTES;
    // Whole allocation units in each extent.
    let most = EXTENT_BYTES / (32 * BLOCK_BYTES) * (32 * BLOCK_BYTES);
    let mut fields = Fields(Vec::new());
    let mut done = 0;
    while done < bytes {
        let length = (bytes - done).min(most);
        let to = plan.partition_address(block + (done / BLOCK_BYTES) as u32);
        fields.short_allocation(length as u32, to.block);
        done += length;
    }
    let entry = Entry {
        kind,
        mode: 0,
        owner: (u32::MAX, u32::MAX),
        links: 0,
        bytes,
        object_bytes: bytes,
        recorded_blocks: plan.metadata_blocks.into(),
        accessed: created,
        modified: created,
        created,
        changed: created,
        unique: 0,
        streams: None,
        is_stream: false,
        attributes: Vec::new(),
        form: SHORT,
        allocation: fields.0,
    };
    let mut made = entry.emit(plan.revision, location);
    made.resize(BLOCK_SIZE, 0);
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_are_five_bits_for_each_of_three() {
        assert_eq!(permissions(0o755), 0b11111_00101_00101);
        assert_eq!(permissions(0o644), 0b11110_00100_00100);
        assert_eq!(special_bits(0o7777), 0b1_1100_0000);
    }
}

//! The records of one folder: which there are, how long each is, and where it falls.
//!
//! The plan measures with it and the emitter writes with it, so both always agree. Knows no file contents.

use super::hierarchy::{DirectoryPlace, Hierarchy, RockRidge};
use super::{Layout, sections};
use crate::aaip;
use crate::block::BLOCK_BYTES;
use crate::iso9660::directory_record::{
    DirectoryRecord, FLAG_DIRECTORY, FLAG_HIDDEN, FLAG_MULTI_EXTENT, MAX_LENGTH, PARENT_IDENTIFIER,
    SELF_IDENTIFIER, base_length,
};
use crate::iso9660::stamp::ShortStamp;
use crate::rock_ridge::{self, Posix};
use crate::susp::{self, CE_LENGTH, Continuation, Packer};
use crate::tree::{NodeId, NodeKind, Tree};
use crate::zisofs::{ZF_LENGTH, Zisofs};

/// Children between two checkpoints of a large folder.
const CHECKPOINT_EVERY: usize = 2048;

/// Where the next record and the next continuation area of a folder go, in bytes from the start of each part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub(crate) records: u64,
    pub(crate) continuations: u64,
}

/// Places a piece that must not cross a block's end, and moves on.
fn place(cursor: &mut u64, length: usize) -> u64 {
    let length = length as u64;
    if *cursor % BLOCK_BYTES + length > BLOCK_BYTES {
        *cursor = cursor.next_multiple_of(BLOCK_BYTES);
    }
    let at = *cursor;
    *cursor += length;
    at
}

/// A point in the middle of a folder from which its records can be made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Checkpoint {
    /// Position among the ordered children.
    pub(crate) child: u32,
    pub(crate) cursor: Cursor,
}

/// Which record of a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    This,
    Parent,
    Child,
}

/// One record to be placed or made.
#[derive(Clone, Copy, Debug)]
struct Slot {
    role: Role,
    /// Whose attributes it has.
    node: NodeId,
    /// Which section of the file.
    section: u64,
}

/// What a record says about folders that were moved to the root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Relocation {
    /// The folder was moved here.
    Here,
    /// It stands for a folder that was moved from here.
    Child,
    /// The folder whose record of its parent this is was moved from that one.
    Parent(NodeId),
}

/// The records of one folder.
pub(crate) struct Records<'a> {
    pub(crate) tree: &'a Tree,
    pub(crate) hierarchy: &'a Hierarchy,
    pub(crate) directory: &'a DirectoryPlace,
}

impl<'a> Records<'a> {
    fn slots(&self, from: usize) -> impl Iterator<Item = Slot> + use<'a> {
        let tree = self.tree;
        let folder = self.directory.node;
        let head = [
            Slot {
                role: Role::This,
                node: folder,
                section: 0,
            },
            Slot {
                role: Role::Parent,
                node: match self.hierarchy.is_moved(folder) {
                    true => NodeId::ROOT,
                    false => tree.parent(folder),
                },
                section: 0,
            },
        ];
        let head = head.into_iter().filter(move |_| from == 0);
        let children = self.hierarchy.children_of(tree, folder).skip(from);
        head.chain(children.flat_map(move |node| {
            (0..sections(tree, node)).map(move |section| Slot {
                role: Role::Child,
                node,
                section,
            })
        }))
    }

    fn identifier(&self, slot: &Slot) -> &'a [u8] {
        match slot.role {
            Role::This => SELF_IDENTIFIER,
            Role::Parent => PARENT_IDENTIFIER,
            Role::Child => {
                let folder = self.directory.node;
                self.hierarchy.identifier_in(folder, self.tree, slot.node)
            }
        }
    }

    fn has_attributes(&self, id: NodeId) -> bool {
        let extras = self.tree.extras(id);
        extras.is_some_and(|extras| !extras.attributes.is_empty())
    }

    /// How the file of a slot is compressed.
    fn zisofs(&self, slot: &Slot) -> Option<Zisofs> {
        let extras = self.tree.extras(slot.node)?;
        extras.zisofs.filter(|_| slot.role == Role::Child)
    }

    /// What a slot says about folders that were moved.
    fn relocation(&self, slot: &Slot) -> Option<Relocation> {
        let folder = self.directory.node;
        let moved = |id| self.hierarchy.is_moved(id);
        match slot.role {
            Role::Parent if moved(folder) => Some(Relocation::Parent(self.tree.parent(folder))),
            Role::Child if moved(slot.node) => Some(match folder {
                NodeId::ROOT => Relocation::Here,
                _ => Relocation::Child,
            }),
            _ => None,
        }
    }

    /// The length of a slot's Rock Ridge entries, where it can be told without making them.
    fn plain_length(&self, slot: &Slot, recorded: RockRidge) -> Option<usize> {
        let times = rock_ridge::times_length(recorded.stamps, recorded.access_times);
        let attributes = rock_ridge::PX_LENGTH
            + times
            + self.zisofs(slot).map_or(0, |_| ZF_LENGTH)
            + match self.relocation(slot) {
                None => 0,
                Some(Relocation::Here) => rock_ridge::RE.len(),
                Some(Relocation::Parent(_) | Relocation::Child) => rock_ridge::LINK_LENGTH,
            };
        match slot.role {
            Role::This if slot.node == NodeId::ROOT => None,
            Role::Child if self.has_attributes(slot.node) => None,
            Role::This | Role::Parent => Some(attributes),
            Role::Child => {
                let device = match self.tree.kind(slot.node) {
                    NodeKind::Symlink => return None,
                    NodeKind::CharacterDevice | NodeKind::BlockDevice => rock_ridge::PN_LENGTH,
                    _ => 0,
                };
                Some(
                    attributes
                        + device
                        + rock_ridge::name_length(self.tree.name_bytes(slot.node).len()),
                )
            }
        }
    }

    /// Packs a slot's Rock Ridge entries for a record with `room` bytes of system use. Without a layout, while it is
    /// made, addresses in them are 0.
    fn pack(&self, packer: &mut Packer, slot: &Slot, room: usize, layout: Option<&Layout>) {
        self.pack_within(packer, slot, usize::MAX, layout);
        if packer.total() > room {
            self.pack_within(packer, slot, room.saturating_sub(CE_LENGTH), layout);
        }
    }

    fn pack_within(
        &self,
        packer: &mut Packer,
        slot: &Slot,
        capacity: usize,
        layout: Option<&Layout>,
    ) {
        packer.begin(capacity);
        let Some(recorded) = self.hierarchy.namespace.rock_ridge() else {
            return;
        };
        let tree = self.tree;
        let node = tree.node(slot.node);
        if slot.role == Role::This && slot.node == NodeId::ROOT {
            packer.push(&susp::SP);
        }
        let (uid, gid) = tree.owner(slot.node);
        let posix = Posix {
            mode: node.mode,
            links: tree.link_count(slot.node),
            uid,
            gid,
            serial: tree.first_name(slot.node).0.wrapping_add(1),
        };
        packer.push(&posix.emit());
        let accessed = recorded.access_times.then(|| tree.accessed(slot.node));
        let (modified, changed) = (tree.modified(slot.node), tree.changed(slot.node));
        rock_ridge::pack_times(packer, recorded.stamps, modified, accessed, changed);
        let records_of = |folder| layout.map_or(0, |layout| self.records_of(layout, folder));
        match self.relocation(slot) {
            None => {}
            Some(Relocation::Here) => packer.push(&rock_ridge::RE),
            Some(Relocation::Child) => packer.push(&rock_ridge::child_link(records_of(slot.node))),
            Some(Relocation::Parent(folder)) => {
                packer.push(&rock_ridge::parent_link(records_of(folder)));
            }
        }
        if slot.role == Role::Child {
            if let Some(number) = tree.device_number(slot.node) {
                packer.push(&rock_ridge::emit_device(number));
            }
            rock_ridge::pack_name(packer, tree.name_bytes(slot.node));
            if let Some(target) = tree.link_target(slot.node) {
                rock_ridge::pack_link(packer, target.as_os_str().as_encoded_bytes());
            }
        }
        if let Some(zisofs) = self.zisofs(slot) {
            packer.push(&zisofs.emit());
        }
        if slot.role == Role::This && slot.node == NodeId::ROOT {
            packer.push(&susp::extension_reference(
                rock_ridge::EXTENSION_IDENTIFIER,
                b"",
                b"",
            ));
        }
        // Behind all that readers of Rock Ridge need: what comes last is what a continuation area takes. The root's are in its
        // record of itself, for no folder has another one of it.
        let named =
            slot.role == Role::Child || (slot.role == Role::This && slot.node == NodeId::ROOT);
        if let Some(extras) = tree.extras(slot.node).filter(|_| named)
            && !extras.attributes.is_empty()
        {
            rock_ridge::pack_attributes(packer, &aaip::components(&extras.attributes));
        }
    }

    /// The bytes of areas after the first, with the `CE` entry of those that are not the last.
    fn area_lengths(packer: &Packer) -> impl Iterator<Item = usize> {
        let last = packer.count() - 1;
        packer
            .areas()
            .map(<[u8]>::len)
            .enumerate()
            .map(move |(at, length)| {
                if at == last {
                    length
                } else {
                    length + CE_LENGTH
                }
            })
    }

    /// Places every record, and says where the parts end and where one can begin in the middle.
    pub(crate) fn measure(&self, packer: &mut Packer) -> (Cursor, Vec<Checkpoint>) {
        let mut cursor = Cursor::default();
        let mut checkpoints = Vec::new();
        let mut children = 0;
        for slot in self.slots(0) {
            if slot.role == Role::Child && slot.section == 0 {
                if children > 0 && children % CHECKPOINT_EVERY == 0 {
                    checkpoints.push(Checkpoint {
                        child: children as u32,
                        cursor,
                    });
                }
                children += 1;
            }
            let base = base_length(self.identifier(&slot).len());
            let room = MAX_LENGTH - base;
            let plain = match self.hierarchy.namespace.rock_ridge() {
                Some(recorded) => self.plain_length(&slot, recorded),
                None => Some(0),
            };
            match plain.filter(|length| *length <= room) {
                Some(length) => {
                    place(&mut cursor.records, (base + length).next_multiple_of(2));
                }
                None => {
                    self.pack(packer, &slot, room, None);
                    let mut lengths = Self::area_lengths(packer);
                    let first = lengths.next().unwrap_or(0);
                    place(&mut cursor.records, (base + first).next_multiple_of(2));
                    for length in lengths {
                        place(&mut cursor.continuations, length);
                    }
                }
            }
        }
        (cursor, checkpoints)
    }

    /// Makes the blocks from `first` on, counted from the folder's first block, into `out`, which is zeroed.
    pub(crate) fn emit(&self, layout: &Layout, first: u32, out: &mut [u8]) {
        let start = u64::from(first) * BLOCK_BYTES;
        let end = start + out.len() as u64;
        let records_end = u64::from(self.directory.record_blocks) * BLOCK_BYTES;
        // Both parts as one run of bytes: the continuation areas follow the blocks of records.
        let mut put = |at: u64, bytes: &[u8]| {
            // A piece never crosses a block's end, so it is within the window or outside.
            if let Some(to) = at
                .checked_sub(start)
                .and_then(|at| usize::try_from(at).ok())
                .and_then(|at| out.get_mut(at..at + bytes.len()))
            {
                to.copy_from_slice(bytes);
            }
        };
        let before = |checkpoint: &&Checkpoint| {
            checkpoint.cursor.records <= start
                && records_end + checkpoint.cursor.continuations <= start.max(records_end)
        };
        let mut cursor = Cursor::default();
        let mut from = 0;
        if let Some(checkpoint) = self.directory.checkpoints.iter().rev().find(before) {
            cursor = checkpoint.cursor;
            from = checkpoint.child as usize;
        }
        let mut packer = Packer::default();
        let mut bytes = Vec::with_capacity(MAX_LENGTH);
        let mut system_use = Vec::with_capacity(MAX_LENGTH);
        for slot in self.slots(from) {
            let records_done = cursor.records >= end.min(records_end);
            let continuations_done =
                end <= records_end || records_end + cursor.continuations >= end;
            if records_done && continuations_done {
                break;
            }
            let identifier = self.identifier(&slot);
            let room = MAX_LENGTH - base_length(identifier.len());
            self.pack(&mut packer, &slot, room, Some(layout));
            // The areas get their places first, for each names the next.
            let mut places = Vec::new();
            for (at, length) in Self::area_lengths(&packer).enumerate() {
                places.push(if at == 0 {
                    (0, 0)
                } else {
                    (place(&mut cursor.continuations, length), length)
                });
            }
            let block = u64::from(self.directory.block) + u64::from(self.directory.record_blocks);
            let onward = |at: usize| {
                places.get(at + 1).map(|(offset, length)| {
                    Continuation {
                        lba: layout.absolute((block + offset / BLOCK_BYTES) as u32),
                        offset: (offset % BLOCK_BYTES) as u32,
                        length: *length as u32,
                    }
                    .emit()
                })
            };
            system_use.clear();
            for (at, area) in packer.areas().enumerate() {
                if at == 0 {
                    system_use.extend_from_slice(area);
                    system_use.extend(onward(at).into_iter().flatten());
                } else if let Some((offset, _)) = places.get(at) {
                    let next = onward(at);
                    put(
                        records_end + offset,
                        &[area, next.as_ref().map_or(&[][..], |ce| ce)].concat(),
                    );
                }
            }
            bytes.clear();
            self.record(layout, &slot, identifier, &system_use)
                .emit(&mut bytes);
            put(place(&mut cursor.records, bytes.len()), &bytes);
        }
    }

    /// The first block of a folder's records, absolute on the disc.
    fn records_of(&self, layout: &Layout, folder: NodeId) -> u32 {
        let place = self.hierarchy.directory(layout.ordinal(folder));
        layout.absolute(place.map_or(0, |place| place.block))
    }

    fn record<'b>(
        &self,
        layout: &Layout,
        slot: &Slot,
        identifier: &'b [u8],
        system_use: &'b [u8],
    ) -> DirectoryRecord<'b> {
        let tree = self.tree;
        let stamp = ShortStamp::new(tree.modified(slot.node));
        let marked = slot.role == Role::Child
            && tree
                .extras(slot.node)
                .is_some_and(|extras| extras.marked_hidden);
        let hidden = if marked { FLAG_HIDDEN } else { 0 };
        if self.relocation(slot) == Some(Relocation::Child) {
            return DirectoryRecord {
                lba: self.records_of(layout, slot.node),
                bytes: 0,
                stamp,
                flags: hidden,
                identifier,
                system_use,
            };
        }
        if tree.kind(slot.node) == NodeKind::Directory {
            let place = self.hierarchy.directory(layout.ordinal(slot.node));
            return DirectoryRecord {
                lba: self.records_of(layout, slot.node),
                bytes: place.map_or(0, |p| p.record_blocks * BLOCK_BYTES as u32),
                stamp,
                flags: FLAG_DIRECTORY | hidden,
                identifier,
                system_use,
            };
        }
        let extent = layout.extents_of(slot.node).get(slot.section);
        let more = slot.section + 1 < sections(tree, slot.node);
        DirectoryRecord {
            lba: extent.map_or_else(|| layout.first_lba_of(slot.node), |e| e.first_lba),
            bytes: extent.map_or(0, |extent| extent.bytes),
            stamp,
            flags: hidden | if more { FLAG_MULTI_EXTENT } else { 0 },
            identifier,
            system_use,
        }
    }
}

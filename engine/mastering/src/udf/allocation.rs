//! Allocation descriptors (ECMA-167 4/14.14): where the bytes of a file are, in its entry and in further blocks.
//!
//! Knows extents of either origin, placed now or recorded in an earlier session; must not know entries' other fields.

use super::UdfRevision;
use super::entry::room;
use super::field::{Address, Fields};
use super::plan::UdfPlan;
use crate::block::{BLOCK_BYTES, BLOCK_SIZE, Extent, runs};
use crate::layout::Layout;
use crate::tree::{NodeId, Tree};

/// Most bytes of one extent: 30 bits of whole blocks.
pub(crate) const EXTENT_BYTES: u64 = (1 << 30) - BLOCK_BYTES;
/// An extent that holds further allocation descriptors, in the upper two bits of its length.
const CONTINUES: u32 = 3 << 30;
/// Bytes of an allocation extent descriptor before the allocation descriptors.
const HEADER: usize = 24;

/// Bytes of one allocation descriptor of a file. Where its entry lies in the metadata partition and its bytes do not,
/// the descriptor names the partition.
const fn descriptor_bytes(revision: UdfRevision) -> usize {
    match revision.has_metadata_partition() {
        true => 16,
        false => 8,
    }
}

/// Extents that the bytes of a file take.
fn extents(tree: &Tree, id: NodeId) -> u64 {
    match tree.recorded(id) {
        Some(recorded) => runs(recorded)
            .into_iter()
            .map(|(_, bytes)| bytes.div_ceil(EXTENT_BYTES))
            .sum(),
        None => tree.size(id).div_ceil(EXTENT_BYTES),
    }
}

/// Blocks of further allocation descriptors that a file needs.
pub(crate) fn further_blocks(revision: UdfRevision, tree: &Tree, id: NodeId) -> u64 {
    further(revision, room(revision, tree, id), extents(tree, id))
}

fn further(revision: UdfRevision, room: usize, extents: u64) -> u64 {
    let one = descriptor_bytes(revision);
    let inside = room / one;
    if extents <= inside as u64 {
        return 0;
    }
    // The last place of each block but the last leads to the next one.
    let each = (BLOCK_SIZE - HEADER) / one - 1;
    let rest = extents - (inside as u64 - 1);
    // The last block of all may use that place too; a block more where that is just so does no harm.
    rest.div_ceil(each as u64)
}

/// The allocation descriptors of a file: those in its entry, and those of each further block. `beside` is the first block
/// behind the entry.
pub(crate) fn groups(layout: &Layout, plan: &UdfPlan, id: NodeId, beside: Address) -> Vec<Vec<u8>> {
    let revision = plan.revision;
    let one = descriptor_bytes(revision);
    let further = further_blocks(revision, &layout.tree, id) as usize;
    let descriptor = |fields: &mut Fields, length: u32, to: Address| {
        match revision.has_metadata_partition() {
            true => fields.long_allocation(length, to, 0),
            false => fields.short_allocation(length, to.block),
        };
    };
    let placed: Vec<Extent> = layout.extents_of(id).collect();
    let mut extents = runs(&placed).into_iter().flat_map(|(first_lba, bytes)| {
        (0..bytes.div_ceil(EXTENT_BYTES)).map(move |at| {
            let before = at * EXTENT_BYTES;
            let length = (bytes - before).min(EXTENT_BYTES) as u32;
            (first_lba + (before / BLOCK_BYTES) as u32, length)
        })
    });
    let mut groups = Vec::with_capacity(further + 1);
    for group in 0..=further {
        let room = match group {
            0 => room(revision, &layout.tree, id),
            _ => BLOCK_SIZE - HEADER,
        } / one;
        let leads_on = group < further;
        let own = room - usize::from(leads_on);
        let mut fields = Fields(Vec::new());
        for (first_lba, length) in extents.by_ref().take(own) {
            descriptor(&mut fields, length, plan.disc_address(first_lba));
        }
        if leads_on {
            let to = Address {
                block: beside.block + group as u32,
                ..beside
            };
            descriptor(&mut fields, CONTINUES | BLOCK_SIZE as u32, to);
        }
        groups.push(fields.0);
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_beyond_what_an_entry_holds_goes_on_in_further_blocks() {
        let old = |extents| further(UdfRevision::V1_02, BLOCK_SIZE - 176, extents);
        assert_eq!(old(234), 0);
        assert_eq!(old(235), 1);
        // 233 in the entry, 252 and a lead in the first block.
        assert_eq!(old(233 + 252), 1);
        assert_eq!(old(233 + 252 + 1), 2);
        let new = |extents| further(UdfRevision::V2_50, BLOCK_SIZE - 216, extents);
        assert_eq!(new(114), 0);
        assert_eq!(new(115), 1);
    }
}

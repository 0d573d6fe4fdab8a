//! The descriptors of volume, partition and file set (ECMA-167 3/10, 4/14.1), as UDF fills them in.

use super::UdfRevision;
use super::field::Fields;
use super::plan::{ALLOCATION_UNIT, UdfPlan};
use super::tag;
use crate::block::BLOCK_SIZE;
use crate::layout::Layout;
use crate::tree::NodeId;

/// Blocks of a volume descriptor sequence: the least that the standard allows (UDF 2.2.3).
pub(crate) const SEQUENCE_BLOCKS: u32 = 16;
/// Where an anchor stands (ECMA-167 3/8.4.2.1); the other one is the last block.
pub(crate) const ANCHOR_BLOCK: u32 = 256;
/// Bytes of a descriptor that has a whole sector's worth of fields.
const DESCRIPTOR_BYTES: usize = 512;

/// The three blocks by which UDF is recognized, behind ISO 9660's descriptors (ECMA-167 2/8.3, 3/9.1).
pub(crate) fn recognition(revision: UdfRevision) -> Vec<u8> {
    let nsr: &[u8; 5] = match revision.third_edition() {
        true => b"NSR03",
        false => b"NSR02",
    };
    let mut out = vec![0; 3 * BLOCK_SIZE];
    for (block, identifier) in out
        .chunks_exact_mut(BLOCK_SIZE)
        .zip([b"BEA01", nsr, b"TEA01"])
    {
        block[1..6].copy_from_slice(identifier);
        block[6] = 1;
    }
    out
}

/// An anchor: where both sequences are.
pub(crate) fn anchor(layout: &Layout, plan: &UdfPlan, block: u32) -> Vec<u8> {
    let mut fields = Fields::new();
    fields
        .extent(SEQUENCE_BLOCKS, layout.absolute(plan.main_sequence))
        .extent(SEQUENCE_BLOCKS, layout.absolute(plan.reserve_sequence));
    block_of(fields.sealed(
        DESCRIPTOR_BYTES,
        tag::ANCHOR,
        plan.revision,
        layout.absolute(block),
    ))
}

fn block_of(mut descriptor: Vec<u8>) -> Vec<u8> {
    descriptor.resize(descriptor.len().next_multiple_of(BLOCK_SIZE), 0);
    descriptor
}

/// A volume descriptor sequence, whole.
pub(crate) fn sequence(layout: &Layout, plan: &UdfPlan, first: u32) -> Vec<u8> {
    let makers: [fn(&Layout, &UdfPlan, u32) -> Fields; 6] = [
        primary_volume,
        implementation_use,
        partition,
        logical_volume,
        |_, _, number| {
            let mut fields = Fields::new();
            fields.u32(number).u32(0);
            fields
        },
        |_, _, _| Fields::new(),
    ];
    let identifiers = [
        tag::PRIMARY_VOLUME,
        tag::IMPLEMENTATION_USE,
        tag::PARTITION,
        tag::LOGICAL_VOLUME,
        tag::UNALLOCATED_SPACE,
        tag::TERMINATING,
    ];
    let mut out = Vec::with_capacity(SEQUENCE_BLOCKS as usize * BLOCK_SIZE);
    for (number, (make, identifier)) in (0..).zip(makers.into_iter().zip(identifiers)) {
        let fields = make(layout, plan, number);
        // That of unallocated space ends behind its count; all others have their whole length.
        let length = match identifier {
            tag::UNALLOCATED_SPACE => fields.0.len(),
            _ => DESCRIPTOR_BYTES,
        };
        let location = layout.absolute(first + number);
        out.extend(block_of(fields.sealed(
            length,
            identifier,
            plan.revision,
            location,
        )));
    }
    out.resize(SEQUENCE_BLOCKS as usize * BLOCK_SIZE, 0);
    out
}

fn primary_volume(layout: &Layout, _: &UdfPlan, number: u32) -> Fields {
    let options = &layout.options;
    let mut fields = Fields::new();
    fields
        .u32(number)
        .u32(0)
        .text(&options.volume_id, 32)
        // The first and only volume of its set, at interchange level 2.
        .u16(1)
        .u16(1)
        .u16(2)
        .u16(2)
        .u32(1)
        .u32(1)
        .text(&set_identifier(layout), 128)
        .character_set()
        .character_set()
        .zeros(16)
        .zeros(32)
        .time(options.created)
        .implementation();
    fields
}

/// The volume set's name. Its first 16 characters should be another one's in no other volume (UDF 2.2.2.5): when it was
/// made, and what it holds.
fn set_identifier(layout: &Layout) -> String {
    let options = &layout.options;
    let made = options.created.seconds as u32; // wraps where 32 bits end; it is a number like another
    let held = layout.tree.data_bytes() as u32 ^ options.created.nanoseconds;
    let name = match options.texts.volume_set_id.is_empty() {
        true => &options.volume_id,
        false => &options.texts.volume_set_id,
    };
    format!("{made:08x}{held:08x}{name}")
}

fn implementation_use(layout: &Layout, plan: &UdfPlan, number: u32) -> Fields {
    let mut fields = Fields::new();
    fields
        .u32(number)
        .defined_by_osta(b"*UDF LV Info", plan.revision)
        .character_set()
        .text(&layout.options.volume_id, 128)
        .text(&layout.options.texts.publisher, 36)
        .text(&layout.options.texts.preparer, 36)
        .text(&layout.options.texts.application, 36)
        .implementation();
    fields
}

fn partition(_: &Layout, plan: &UdfPlan, number: u32) -> Fields {
    const ALLOCATED: u16 = 1;
    const READ_ONLY: u32 = 1;
    let mut fields = Fields::new();
    fields
        .u32(number)
        .u16(ALLOCATED)
        .u16(0)
        .partition_contents(plan.revision)
        .zeros(128)
        .u32(READ_ONLY)
        .u32(plan.partition)
        .u32(plan.partition_blocks)
        .implementation();
    fields
}

fn logical_volume(layout: &Layout, plan: &UdfPlan, number: u32) -> Fields {
    let metadata = plan.revision.has_metadata_partition();
    let mut fields = Fields::new();
    fields
        .u32(number)
        .character_set()
        .text(&layout.options.volume_id, 128)
        .u32(BLOCK_SIZE as u32)
        .domain(plan.revision)
        // The file set descriptor and the terminator behind it.
        .long_allocation(2 * BLOCK_SIZE as u32, plan.metadata_address(0), 0)
        .u32(if metadata { 6 + 64 } else { 6 })
        .u32(if metadata { 2 } else { 1 })
        .implementation()
        .zeros(128)
        .extent(2, layout.absolute(plan.integrity))
        // The partition itself.
        .bytes(&[1, 6])
        .u16(1)
        .u16(0);
    if metadata {
        const DUPLICATED: u8 = 1;
        let [own, mirror] = plan
            .metadata_files
            .map(|block| plan.partition_address(block).block);
        fields
            .bytes(&[2, 64, 0, 0])
            .defined_by_osta(b"*UDF Metadata Partition", plan.revision)
            .u16(1)
            .u16(0)
            .u32(own)
            .u32(mirror)
            // No bitmap of what is free: nothing ever will be.
            .u32(u32::MAX)
            .u32(ALLOCATION_UNIT)
            .u16(ALLOCATION_UNIT as u16)
            .u8(if plan.mirrored { DUPLICATED } else { 0 })
            .zeros(5);
    }
    fields
}

/// The integrity sequence: closed, with the counts; and its terminator.
pub(crate) fn integrity(layout: &Layout, plan: &UdfPlan) -> Vec<u8> {
    const CLOSED: u32 = 1;
    let sizes: &[u32] = match plan.revision.has_metadata_partition() {
        true => &[plan.partition_blocks, plan.metadata_blocks],
        false => &[plan.partition_blocks],
    };
    let mut fields = Fields::new();
    fields
        .time(layout.options.created)
        .u32(CLOSED)
        .zeros(8)
        .u64(UdfPlan::next_unique(&layout.tree))
        .zeros(24)
        .u32(sizes.len() as u32)
        .u32(46);
    for _ in sizes {
        fields.u32(0); // nothing free
    }
    for size in sizes {
        fields.u32(*size);
    }
    fields
        .implementation()
        .u32(plan.files)
        .u32(plan.directories)
        .u16(plan.revision.least_reader())
        .u16(plan.revision.code())
        .u16(plan.revision.code());
    let length = fields.0.len();
    let at = layout.absolute(plan.integrity);
    let mut out = block_of(fields.sealed(length, tag::LOGICAL_VOLUME_INTEGRITY, plan.revision, at));
    out.extend(terminator(plan.revision, at + 1));
    out
}

fn terminator(revision: UdfRevision, location: u32) -> Vec<u8> {
    block_of(Fields::new().sealed(DESCRIPTOR_BYTES, tag::TERMINATING, revision, location))
}

/// The file set descriptor and its terminator.
pub(crate) fn file_set(layout: &Layout, plan: &UdfPlan) -> Vec<u8> {
    let at = plan.metadata_address(0);
    let mut fields = Fields::new();
    fields
        .time(layout.options.created)
        .u16(3)
        .u16(3)
        .u32(1)
        .u32(1)
        .u32(0)
        .u32(0)
        .character_set()
        .text(&layout.options.volume_id, 128)
        .character_set()
        .text(&layout.options.volume_id, 32)
        .zeros(32)
        .zeros(32)
        .long_allocation(
            BLOCK_SIZE as u32,
            plan.entry_address(&layout.tree, NodeId::ROOT),
            0,
        )
        .domain(plan.revision);
    let mut out = block_of(fields.sealed(DESCRIPTOR_BYTES, tag::FILE_SET, plan.revision, at.block));
    out.extend(terminator(plan.revision, at.block + 1));
    out
}

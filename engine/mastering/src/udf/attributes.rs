//! Extended attributes inside of file entries (ECMA-167 4/14.10): the numbers of a device, and when a file was made.
//!
//! UDF has none for the attributes of systems like ours: those are not recorded.

use super::UdfRevision;
use super::field::Fields;
use super::tag;
use crate::tree::{NodeId, Tree};

/// Bytes of the header that attributes begin with.
const HEADER: usize = 24;
/// With the name of who wrote it, which UDF asks for (UDF 3.3.4.4).
const DEVICE_BYTES: usize = 24 + 32;
const FILE_TIMES_BYTES: usize = 32;

/// Extended entries have a field of their own for it.
fn has_file_times(revision: UdfRevision, tree: &Tree, id: NodeId) -> bool {
    !revision.third_edition() && tree.created(id).is_some()
}

/// Bytes that the attributes of a node take.
pub(crate) fn length(revision: UdfRevision, tree: &Tree, id: NodeId) -> usize {
    let mut bytes = 0;
    if tree.device_number(id).is_some() {
        bytes += DEVICE_BYTES;
    }
    if has_file_times(revision, tree, id) {
        bytes += FILE_TIMES_BYTES;
    }
    match bytes {
        0 => 0,
        _ => HEADER + bytes,
    }
}

/// The attributes of a node behind their header, which is sealed and so has to know its block; nothing where there are
/// none.
pub(crate) fn emit(revision: UdfRevision, tree: &Tree, id: NodeId, location: u32) -> Vec<u8> {
    let end = length(revision, tree, id);
    if end == 0 {
        return Vec::new();
    }
    let mut header = Fields::new();
    // Those of implementations and applications: there are none, which earlier revisions say by the end of all.
    let none = match revision.has_metadata_partition() {
        true => u32::MAX,
        false => end as u32,
    };
    header.u32(none).u32(none);
    let sealed = header.sealed(HEADER, tag::EXTENDED_ATTRIBUTE_HEADER, revision, location);
    let mut fields = Fields(sealed);
    if let Some(created) = tree.created(id).filter(|_| !revision.third_edition()) {
        const FILE_TIMES: u32 = 5;
        const CREATION: u32 = 1 << 0;
        fields
            .u32(FILE_TIMES)
            .u8(1)
            .zeros(3)
            .u32(FILE_TIMES_BYTES as u32)
            .u32(12)
            .u32(CREATION)
            .time(created);
    }
    if let Some(number) = tree.device_number(id) {
        const DEVICE: u32 = 12;
        fields
            .u32(DEVICE)
            .u8(1)
            .zeros(3)
            .u32(DEVICE_BYTES as u32)
            .u32(32)
            .u32(rustix::fs::major(number))
            .u32(rustix::fs::minor(number))
            .implementation();
    }
    fields.0
}

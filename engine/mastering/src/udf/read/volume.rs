//! From nothing to a logical volume: the recognition sequence, an anchor, a volume descriptor sequence.
//!
//! Must not know files; what partition maps mean is `space`'s.

use super::UdfFault;
use super::fields::{Allocation, DiscExtent, View};
use super::tagged::{Block, fault, identifier, is_whole, judge, read};
use crate::block::{BLOCK_BYTES, BLOCK_SIZE, BlockSource};
use crate::read::ReadError;
use crate::time::Timestamp;
use crate::udf::descriptors::ANCHOR_BLOCK;
use crate::udf::tag;

/// The first block of the volume structure descriptors, in a session.
const FIRST_STRUCTURE: u32 = 16;
/// Most volume structure descriptors that are looked at.
const MOST_STRUCTURES: u32 = 128;
/// Most blocks of one volume descriptor sequence, extents of it that pointers lead to among them.
const MOST_DESCRIPTORS: u32 = 4096;
/// Most blocks of the integrity sequence that are looked at.
const MOST_INTEGRITY: u32 = 256;
/// Where the anchor of a medium is whose session is still open, on write-once discs (UDF 1.50 6.10.1).
const OPEN_ANCHOR: u32 = 512;

/// A partition of the disc.
#[derive(Clone, Copy, Debug)]
pub(super) struct Partition {
    pub(super) number: u16,
    pub(super) lba: u32,
    pub(super) blocks: u32,
}

/// What the volume descriptor sequence says.
#[derive(Debug)]
pub(super) struct Descriptors {
    pub(super) volume_id: String,
    pub(super) volume_set_id: String,
    pub(super) created: Option<Timestamp>,
    pub(super) partitions: Vec<Partition>,
    /// The partition maps, as they are recorded.
    pub(super) maps: Vec<u8>,
    pub(super) map_count: u32,
    /// The revision that the domain tells, in binary coded decimal.
    pub(super) revision: u16,
    pub(super) file_set: Allocation,
    pub(super) integrity: DiscExtent,
    /// The block of the logical volume descriptor.
    pub(super) lba: u32,
}

/// Whether the session says that it has UDF.
pub(super) fn is_recognized(
    source: &mut impl BlockSource,
    session_first_lba: u32,
) -> Result<bool, ReadError> {
    for number in 0..MOST_STRUCTURES {
        let Some(lba) = session_first_lba.checked_add(FIRST_STRUCTURE + number) else {
            return Ok(false);
        };
        let block = match read(source, lba) {
            Ok(block) => block,
            Err(error) if number == 0 => return Err(error),
            Err(_) => return Ok(false),
        };
        match View(&block).bytes(1, 5) {
            b"NSR02" | b"NSR03" => return Ok(true),
            b"BEA01" | b"BOOT2" | b"CD001" | b"CDW02" | b"TEA01" => {}
            _ => return Ok(false),
        }
    }
    Ok(false)
}

/// Finds an anchor, and reads the sequence that it leads to; the reserve where the main one is damaged.
pub(super) fn open(
    source: &mut impl BlockSource,
    session_first_lba: u32,
) -> Result<Descriptors, ReadError> {
    let first = session_first_lba.saturating_add(ANCHOR_BLOCK);
    let mut places = vec![first];
    if let Some(last) = source.blocks().and_then(|blocks| blocks.checked_sub(1)) {
        places.push(last);
        places.extend(last.checked_sub(ANCHOR_BLOCK));
    }
    places.push(session_first_lba.saturating_add(OPEN_ANCHOR));
    let mut first_fault = None;
    for lba in places {
        let sequences = match anchor(source, lba) {
            Ok(sequences) => sequences,
            Err(error) => {
                first_fault.get_or_insert(error);
                continue;
            }
        };
        for extent in sequences {
            match sequence(source, extent) {
                Ok(descriptors) => return Ok(descriptors),
                Err(error) => {
                    first_fault.get_or_insert(error);
                }
            }
        }
    }
    Err(first_fault.unwrap_or_else(|| fault(first, UdfFault::Missing("anchor"))))
}

fn anchor(source: &mut impl BlockSource, lba: u32) -> Result<[DiscExtent; 2], ReadError> {
    let block = read(source, lba)?;
    judge(&block, lba, &[tag::ANCHOR]).map_err(|source| fault(lba, source))?;
    let view = View(&block);
    Ok([view.extent(16), view.extent(24)])
}

/// A descriptor of the sequence that no later one of its kind has replaced.
struct Prevailing {
    number: u32,
    lba: u32,
    block: Block,
}

fn prevail(place: &mut Option<Prevailing>, lba: u32, block: &Block) {
    let number = View(block).u32(16);
    if place.as_ref().is_none_or(|found| found.number <= number) {
        *place = Some(Prevailing {
            number,
            lba,
            block: *block,
        });
    }
}

fn sequence(source: &mut impl BlockSource, extent: DiscExtent) -> Result<Descriptors, ReadError> {
    let (mut primary, mut logical) = (None, None);
    let mut partitions: Vec<(u32, Partition)> = Vec::new();
    let mut extent = extent;
    let mut looked_at = 0;
    let mut next = 0;
    while next < extent.bytes.div_ceil(BLOCK_SIZE as u32) && looked_at < MOST_DESCRIPTORS {
        let Some(lba) = extent.lba.checked_add(next) else {
            break;
        };
        next += 1;
        looked_at += 1;
        let block = read(source, lba)?;
        if block.iter().all(|byte| *byte == 0) {
            break;
        }
        let expected = [
            tag::PRIMARY_VOLUME,
            tag::VOLUME_POINTER,
            tag::IMPLEMENTATION_USE,
            tag::PARTITION,
            tag::LOGICAL_VOLUME,
            tag::UNALLOCATED_SPACE,
            tag::TERMINATING,
        ];
        let found = judge(&block, lba, &expected).map_err(|source| fault(lba, source))?;
        let view = View(&block);
        match found {
            tag::PRIMARY_VOLUME => prevail(&mut primary, lba, &block),
            tag::LOGICAL_VOLUME => prevail(&mut logical, lba, &block),
            tag::PARTITION => {
                let number = view.u32(16);
                let partition = Partition {
                    number: view.u16(22),
                    lba: view.u32(188),
                    blocks: view.u32(192),
                };
                match partitions
                    .iter_mut()
                    .find(|(_, known)| known.number == partition.number)
                {
                    Some(known) if known.0 <= number => *known = (number, partition),
                    Some(_) => {}
                    None => partitions.push((number, partition)),
                }
            }
            tag::VOLUME_POINTER => {
                extent = view.extent(20);
                next = 0;
            }
            tag::TERMINATING => break,
            _ => {}
        }
    }
    let missing = |what| fault(extent.lba, UdfFault::Missing(what));
    let primary = primary.ok_or_else(|| missing("primary volume descriptor"))?;
    let logical = logical.ok_or_else(|| missing("logical volume descriptor"))?;
    let (primary, lba, logical) = (View(&primary.block), logical.lba, View(&logical.block));
    let bytes = logical.u32(212);
    if u64::from(bytes) != BLOCK_BYTES {
        return Err(fault(lba, UdfFault::BlockSize { bytes }));
    }
    let map_bytes = logical.u32(264) as usize;
    if map_bytes > BLOCK_SIZE - 440 {
        return Err(fault(
            lba,
            UdfFault::Field("the table of partition maps is cut short"),
        ));
    }
    Ok(Descriptors {
        volume_id: logical.text(84, 128),
        volume_set_id: primary.text(72, 128),
        created: primary.time(376),
        partitions: partitions.into_iter().map(|(_, found)| found).collect(),
        maps: logical.bytes(440, map_bytes).to_vec(),
        map_count: logical.u32(268),
        revision: logical.u16(216 + 24),
        file_set: logical.long_allocation(248),
        integrity: logical.extent(432),
        lba,
    })
}

/// What the newest integrity descriptor says (ECMA-167 3/10.10, UDF 2.2.6).
#[derive(Clone, Copy, Debug)]
pub(super) struct Integrity {
    pub(super) closed: bool,
    pub(super) files: u32,
    pub(super) directories: u32,
    pub(super) least_reader: u16,
}

/// Reads the integrity sequence; `None` where nothing in it can be used, which readers can do without.
pub(super) fn integrity(source: &mut impl BlockSource, extent: DiscExtent) -> Option<Integrity> {
    let mut extent = extent;
    let mut newest = None;
    let mut next = 0;
    for _ in 0..MOST_INTEGRITY {
        if next >= extent.bytes.div_ceil(BLOCK_SIZE as u32) {
            break;
        }
        let lba = extent.lba.checked_add(next)?;
        let Ok(block) = read(source, lba) else { break };
        if identifier(&block) != Some(tag::LOGICAL_VOLUME_INTEGRITY) || !is_whole(&block) {
            break;
        }
        let view = View(&block);
        let counts = 80 + 8 * view.u32(72).min(128) as usize;
        let has_counts = view.u32(76) >= 46;
        newest = Some(Integrity {
            closed: view.u32(28) == 1,
            files: if has_counts { view.u32(counts + 32) } else { 0 },
            directories: if has_counts { view.u32(counts + 36) } else { 0 },
            least_reader: if has_counts { view.u16(counts + 40) } else { 0 },
        });
        let further = view.extent(32);
        match further.bytes {
            0 => next += 1,
            _ => {
                extent = further;
                next = 0;
            }
        }
    }
    newest
}

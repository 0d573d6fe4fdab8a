//! File entries: what a file is, whose it is, and where its bytes are (ECMA-167 4/14.9, 4/14.17).
//!
//! Follows indirect entries and chains of allocation descriptors, each no further than the volume goes. Must not know
//! names.

use std::collections::HashSet;

use super::UdfFault;
use super::fields::{Allocation, Recorded, View};
use super::space::Space;
use super::tagged::{Block, fault, judge, read};
use crate::block::{BLOCK_BYTES, BLOCK_SIZE, BlockSource, Extent};
use crate::read::{ReadError, ReadLimits};
use crate::time::Timestamp;
use crate::udf::field::Address;
use crate::udf::tag;

/// Most indirect entries in a row: the versions of a file on a write-once disc.
const MOST_INDIRECT: usize = 4096;

/// An entry as it is recorded, with the places of its bytes on the disc.
#[derive(Clone, Debug)]
pub(super) struct FileEntry {
    /// The file type of the ICB tag.
    pub(super) kind: u8,
    /// Set-user, set-group and sticky bits, and permissions, as `st_mode` has them.
    pub(super) mode: u32,
    pub(super) owner: (u32, u32),
    pub(super) links: u16,
    pub(super) size: u64,
    pub(super) extents: Vec<Extent>,
    pub(super) inline: Option<Vec<u8>>,
    pub(super) accessed: Option<Timestamp>,
    pub(super) modified: Option<Timestamp>,
    pub(super) created: Option<Timestamp>,
    pub(super) changed: Option<Timestamp>,
    pub(super) unique: u64,
    pub(super) streams: Option<Address>,
    /// Major and minor number of a device.
    pub(super) device: Option<(u32, u32)>,
    /// The entry's own block on the disc.
    pub(super) lba: u32,
}

impl FileEntry {
    /// All bytes. For folders, links and tables, whose size was judged.
    pub(super) fn read_whole(&self, source: &mut impl BlockSource) -> Result<Vec<u8>, ReadError> {
        if let Some(inline) = &self.inline {
            return Ok(inline.clone());
        }
        read_extents(source, &self.extents, self.lba)
    }
}

/// Reads whole extents. Grows with what was read, so that a size that nothing stands behind takes no memory.
pub(super) fn read_extents(
    source: &mut impl BlockSource,
    extents: &[Extent],
    entry: u32,
) -> Result<Vec<u8>, ReadError> {
    const PIECE: u32 = 32;
    let mut out = Vec::new();
    for extent in extents {
        if extent.blocks == 0 {
            return Err(fault(
                entry,
                UdfFault::Field("a folder or table has a hole"),
            ));
        }
        let begin = out.len();
        let mut done = 0;
        while done < extent.blocks {
            let count = PIECE.min(extent.blocks - done);
            let lba = extent.first_lba.saturating_add(done);
            let at = out.len();
            out.resize(at + count as usize * BLOCK_SIZE, 0);
            let piece = out.get_mut(at..).unwrap_or_default();
            source
                .read_blocks(lba, piece)
                .map_err(|source| ReadError::Source { lba, source })?;
            done += count;
        }
        out.truncate(begin + extent.bytes as usize);
    }
    Ok(out)
}

/// One reading of entries: the source, the partitions, and how much it may still take.
pub(super) struct Reading<'a, R> {
    pub(super) source: &'a mut R,
    pub(super) space: &'a Space,
    /// Bytes that may still be held or read beside the entries themselves: so many of one folder's entries may lead to
    /// one long chain that neither memory nor time would end.
    budget: u64,
    limit: u64,
}

impl<'a, R: BlockSource> Reading<'a, R> {
    pub(super) fn new(source: &'a mut R, space: &'a Space, limits: ReadLimits) -> Self {
        Self {
            source,
            space,
            budget: limits.directory_bytes,
            limit: limits.directory_bytes,
        }
    }

    fn spend(&mut self, lba: u32, bytes: usize) -> Result<(), ReadError> {
        match self.budget.checked_sub(bytes as u64) {
            Some(left) => {
                self.budget = left;
                Ok(())
            }
            None => Err(fault(lba, UdfFault::TooMuch { bytes: self.limit })),
        }
    }

    /// The block of the disc that an address names.
    pub(super) fn lba_of(&self, at: Address, from: u32) -> Result<u32, ReadError> {
        let outside = UdfFault::OutsidePartition {
            block: at.block,
            partition: at.partition,
        };
        let run = self.space.run(at, 1);
        run.map(|(lba, _)| lba).ok_or_else(|| fault(from, outside))
    }

    /// The entry that an address names, or the one that the newest indirect entry behind it leads to.
    pub(super) fn entry(&mut self, at: Address) -> Result<FileEntry, ReadError> {
        const STRATEGY_4096: u16 = 4096;
        const ENTRIES: [u16; 3] = [
            tag::FILE_ENTRY,
            tag::EXTENDED_FILE_ENTRY,
            tag::INDIRECT_ENTRY,
        ];
        let mut at = at;
        let mut from = 0;
        for _ in 0..MOST_INDIRECT {
            let lba = self.lba_of(at, from)?;
            from = lba;
            let block = read(self.source, lba)?;
            let found = judge(&block, at.block, &ENTRIES).map_err(|source| fault(lba, source))?;
            if found == tag::INDIRECT_ENTRY {
                at = View(&block).long_allocation(36).at;
                continue;
            }
            // By this strategy a newer entry stands in the next block, once there is one.
            if View(&block).u16(20) == STRATEGY_4096 {
                let next = Address {
                    block: at.block.saturating_add(1),
                    ..at
                };
                if let Some(newer) = self.newer(next) {
                    at = newer;
                    continue;
                }
            }
            return self.parse(&block, lba, at.partition);
        }
        Err(fault(from, UdfFault::Loop))
    }

    fn newer(&mut self, at: Address) -> Option<Address> {
        let (lba, _) = self.space.run(at, 1)?;
        let block = read(self.source, lba).ok()?;
        judge(&block, at.block, &[tag::INDIRECT_ENTRY]).ok()?;
        let to = View(&block).long_allocation(36);
        (to.bytes > 0).then_some(to.at)
    }

    /// Parses the entry in a block. `partition` is the one that short allocation descriptors mean.
    pub(super) fn parse(
        &mut self,
        block: &Block,
        lba: u32,
        partition: u16,
    ) -> Result<FileEntry, ReadError> {
        const SPECIAL: [(u16, u32); 3] = [(6, 0o4000), (7, 0o2000), (8, 0o1000)];
        let view = View(block);
        let extended = view.u16(0) == tag::EXTENDED_FILE_ENTRY;
        let (times, lengths) = if extended { (80, 208) } else { (72, 168) };
        let fixed = lengths + 8;
        let attribute_bytes = view.u32(lengths) as usize;
        let allocation_bytes = view.u32(lengths + 4) as usize;
        let attributes = block.get(fixed..).and_then(|r| r.get(..attribute_bytes));
        let allocation = attributes
            .and_then(|_| block.get(fixed + attribute_bytes..))
            .and_then(|rest| rest.get(..allocation_bytes));
        let (Some(attributes), Some(allocation)) = (attributes, allocation) else {
            return Err(fault(
                lba,
                UdfFault::Field("an entry's lengths reach beyond its block"),
            ));
        };
        let flags = view.u16(34);
        let special = SPECIAL
            .into_iter()
            .filter(|(bit, _)| flags >> bit & 1 == 1)
            .map(|(_, mode)| mode)
            .sum::<u32>();
        let streams = extended.then(|| view.long_allocation(152));
        let mut entry = FileEntry {
            kind: view.u8(27),
            mode: special | mode(view.u32(44)),
            owner: (view.u32(36), view.u32(40)),
            links: view.u16(48),
            size: view.u64(56),
            extents: Vec::new(),
            inline: None,
            accessed: view.time(times),
            modified: view.time(times + 12),
            created: extended.then(|| view.time(times + 24)).flatten(),
            changed: view.time(times + if extended { 36 } else { 24 }),
            unique: view.u64(lengths - 8),
            streams: streams.filter(|to| to.bytes > 0).map(|to| to.at),
            device: None,
            lba,
        };
        take_attributes(attributes, &mut entry);
        match flags & 7 {
            3 => {
                // Readers that others wrote take what is there.
                let end = usize::try_from(entry.size).unwrap_or(usize::MAX);
                let Some(inline) = allocation.get(..end) else {
                    return Err(fault(
                        lba,
                        UdfFault::Field("an entry has fewer bytes than it says"),
                    ));
                };
                self.spend(lba, inline.len())?;
                entry.inline = Some(inline.to_vec());
            }
            form @ (0 | 1) => {
                entry.extents = self.extents(allocation, form == 1, partition, &entry)?;
            }
            _ => {
                return Err(fault(
                    lba,
                    UdfFault::Field("an entry's allocation is of an unknown kind"),
                ));
            }
        }
        Ok(entry)
    }

    /// Follows allocation descriptors until they end or cover the file.
    fn extents(
        &mut self,
        allocation: &[u8],
        long: bool,
        partition: u16,
        entry: &FileEntry,
    ) -> Result<Vec<Extent>, ReadError> {
        let mut extents: Vec<Extent> = Vec::new();
        let mut left = entry.size;
        let mut descriptors = allocation.to_vec();
        let mut met = HashSet::new();
        'chain: loop {
            let step = if long { 16 } else { 8 };
            let mut next = None;
            for bytes in descriptors.chunks_exact(step) {
                let view = View(bytes);
                let allocation = match long {
                    true => view.long_allocation(0),
                    false => {
                        let block = view.u32(4);
                        Allocation::new(view.u32(0), Address { block, partition })
                    }
                };
                if allocation.bytes == 0 || left == 0 {
                    break 'chain;
                }
                match allocation.recorded {
                    Recorded::Continues => {
                        next = Some(allocation.at);
                        break;
                    }
                    Recorded::No => {
                        let bytes = left.min(allocation.bytes.into()) as u32;
                        self.spend(entry.lba, size_of::<Extent>())?;
                        extents.push(Extent {
                            first_lba: 0,
                            blocks: 0,
                            bytes,
                        });
                        left -= u64::from(bytes);
                    }
                    Recorded::Yes => {
                        let bytes = left.min(allocation.bytes.into());
                        self.place(allocation.at, bytes, entry.lba, &mut extents)?;
                        left -= bytes;
                        // Only the last extent of a file may end inside of a block.
                        if left > 0 && !bytes.is_multiple_of(BLOCK_BYTES) {
                            let told = UdfFault::Field("an extent ends inside of a block");
                            return Err(fault(entry.lba, told));
                        }
                    }
                }
            }
            let Some(at) = next else { break };
            let lba = self.lba_of(at, entry.lba)?;
            if !met.insert(lba) {
                return Err(fault(lba, UdfFault::Loop));
            }
            self.spend(lba, BLOCK_SIZE)?;
            let block = read(self.source, lba)?;
            judge(&block, at.block, &[tag::ALLOCATION_EXTENT])
                .map_err(|source| fault(lba, source))?;
            let length = View(&block).u32(20) as usize;
            descriptors = match block.get(24..).and_then(|rest| rest.get(..length)) {
                Some(rest) => rest.to_vec(),
                None => {
                    let told = UdfFault::Field("allocation descriptors reach beyond their block");
                    return Err(fault(lba, told));
                }
            };
        }
        match left {
            0 => Ok(extents),
            _ => Err(fault(
                entry.lba,
                UdfFault::Field("the extents hold less than the entry says"),
            )),
        }
    }

    /// Adds an extent of a partition, as what it is on the disc; joined with the one before where it follows that.
    fn place(
        &mut self,
        at: Address,
        bytes: u64,
        entry: u32,
        extents: &mut Vec<Extent>,
    ) -> Result<(), ReadError> {
        let (mut at, mut left) = (at, bytes);
        while left > 0 {
            let blocks = left.div_ceil(BLOCK_BYTES) as u32;
            let outside = UdfFault::OutsidePartition {
                block: at.block,
                partition: at.partition,
            };
            let (lba, run) = self
                .space
                .run(at, blocks)
                .filter(|(_, run)| *run > 0)
                .ok_or_else(|| fault(entry, outside))?;
            let held = left.min(u64::from(run) * BLOCK_BYTES) as u32;
            left -= u64::from(held);
            at.block = at.block.saturating_add(run);
            if let Some(last) = extents.last_mut() {
                let follows = last.blocks > 0
                    && last.first_lba.checked_add(last.blocks) == Some(lba)
                    && u64::from(last.bytes) == u64::from(last.blocks) * BLOCK_BYTES;
                let joined = last.bytes.checked_add(held).filter(|_| follows);
                if let Some(joined) = joined {
                    last.bytes = joined;
                    last.blocks += run;
                    continue;
                }
            }
            self.spend(entry, size_of::<Extent>())?;
            extents.push(Extent {
                first_lba: lba,
                blocks: run,
                bytes: held,
            });
        }
        Ok(())
    }
}

/// Permissions as `st_mode` has them: three of each five bits (ECMA-167 4/14.9.5).
fn mode(permissions: u32) -> u32 {
    permissions & 7 | (permissions >> 5 & 7) << 3 | (permissions >> 10 & 7) << 6
}

/// Looks through the extended attributes inside of an entry (ECMA-167 4/14.10).
fn take_attributes(bytes: &[u8], entry: &mut FileEntry) {
    const HEADER: usize = 24;
    const FILE_TIMES: u32 = 5;
    const DEVICE: u32 = 12;
    let mut rest = bytes.get(HEADER..).unwrap_or_default();
    loop {
        let view = View(rest);
        let length = view.u32(8) as usize;
        if length < 12 || length > rest.len() {
            return;
        }
        match view.u32(0) {
            DEVICE => entry.device = Some((view.u32(16), view.u32(20))),
            // Only the first of the times is looked at: when the file was made.
            FILE_TIMES if view.u32(16) & 1 == 1 && entry.created.is_none() => {
                entry.created = view.time(20);
            }
            _ => {}
        }
        rest = rest.get(length..).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_lose_what_no_mode_has() {
        assert_eq!(mode(0b11111_00101_00101), 0o755);
        assert_eq!(mode(0b11110_00100_00100), 0o644);
    }
}

//! Where a block of a partition really is: partition maps of all four kinds (ECMA-167 3/10.7, UDF 2.2.8 to 2.2.10).
//!
//! Owns the tables that stand between a partition and the disc: spared packets, the virtual allocation table, the
//! metadata file and its mirror. Must not know names.

use std::collections::BTreeMap;

use super::UdfFault;
use super::entry::{FileEntry, Reading};
use super::fields::View;
use super::tagged::{fault, identifier, is_whole, read};
use super::volume::{Descriptors, Partition};
use crate::block::{BLOCK_BYTES, BLOCK_SIZE, BlockSource, Extent};
use crate::read::{ReadError, ReadLimits};
use crate::udf::entry::{METADATA_FILE, METADATA_MIRROR, VIRTUAL_TABLE};
use crate::udf::field::Address;
use crate::udf::tag;

/// Most blocks before the end of the disc in which the file of the virtual allocation table is looked for: what drives
/// put behind the last one written.
const VIRTUAL_TABLE_WITHIN: u32 = 512;
/// Most bytes of a virtual allocation table: an entry for each block of the largest write-once disc.
const MOST_TABLE_BYTES: u64 = 1 << 28;

/// Which copy of the metadata is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Copy {
    Own,
    Mirror,
}

/// What a partition reference number stands for.
#[derive(Debug)]
enum Map {
    Plain(Partition),
    /// With packets that were moved: first block in the partition, to the first block on the disc.
    Sparable {
        partition: Partition,
        packet: u32,
        moved: BTreeMap<u32, u32>,
    },
    /// Each block is where the table says, in the plain partition.
    Virtual {
        partition: Partition,
        table: Vec<u32>,
    },
    /// A file in the plain or sparable partition, and its second copy.
    Metadata {
        own: Option<Vec<Extent>>,
        mirror: Option<Vec<Extent>>,
    },
}

/// All partitions of a logical volume.
#[derive(Debug)]
pub(super) struct Space {
    maps: Vec<Map>,
    pub(super) copy: Copy,
}

/// A map as it is recorded, before its tables were read.
enum Recorded {
    Plain(u16),
    Sparable {
        number: u16,
        packet: u16,
        tables: Vec<u32>,
    },
    Virtual(u16),
    Metadata {
        number: u16,
        files: [u32; 2],
    },
}

impl Space {
    /// Reads the tables of all maps.
    pub(super) fn open(
        source: &mut impl BlockSource,
        descriptors: &Descriptors,
        limits: ReadLimits,
    ) -> Result<Self, ReadError> {
        let lba = descriptors.lba;
        let recorded = recorded(descriptors)?;
        let partition = |number: u16| {
            let found = descriptors.partitions.iter().find(|p| p.number == number);
            let missing = fault(lba, UdfFault::NoPartition { number });
            found.copied().ok_or(missing)
        };
        let mut this = Self {
            maps: Vec::new(),
            copy: Copy::Own,
        };
        // The tables of virtual and metadata partitions are files in the others.
        for map in &recorded {
            this.maps.push(match map {
                Recorded::Plain(number) | Recorded::Virtual(number) => {
                    Map::Plain(partition(*number)?)
                }
                Recorded::Metadata { .. } => Map::Metadata {
                    own: None,
                    mirror: None,
                },
                Recorded::Sparable {
                    number,
                    packet,
                    tables,
                } => Map::Sparable {
                    partition: partition(*number)?,
                    packet: u32::from(*packet),
                    moved: moved_packets(source, tables)?,
                },
            });
        }
        for (at, map) in recorded.iter().enumerate() {
            let made = match map {
                Recorded::Plain(_) | Recorded::Sparable { .. } => continue,
                Recorded::Virtual(number) => Map::Virtual {
                    partition: partition(*number)?,
                    table: this.virtual_table(source, partition(*number)?, limits)?,
                },
                Recorded::Metadata { number, files } => {
                    let under = recorded.iter().position(|other| match other {
                        Recorded::Plain(n) | Recorded::Sparable { number: n, .. } => n == number,
                        _ => false,
                    });
                    let under = under.and_then(|under| u16::try_from(under).ok());
                    let under = under
                        .ok_or_else(|| fault(lba, UdfFault::NoPartition { number: *number }))?;
                    let [own, mirror] = files;
                    let own = this.metadata(source, under, *own, METADATA_FILE, limits);
                    let mirror = this.metadata(source, under, *mirror, METADATA_MIRROR, limits);
                    match (own, mirror) {
                        (Err(error), Err(_)) => return Err(error),
                        (own, mirror) => Map::Metadata {
                            own: own.ok(),
                            mirror: mirror.ok(),
                        },
                    }
                }
            };
            if let Some(place) = this.maps.get_mut(at) {
                *place = made;
            }
        }
        Ok(this)
    }

    /// Whether there is a second copy of the metadata.
    pub(super) fn has_mirror(&self) -> bool {
        let mirrored = |map: &Map| {
            matches!(
                map,
                Map::Metadata {
                    own: Some(_),
                    mirror: Some(_)
                }
            )
        };
        self.maps.iter().any(mirrored)
    }

    /// The block behind the last partition.
    pub(super) fn end(&self) -> u32 {
        let end = |map: &Map| match map {
            Map::Plain(p)
            | Map::Sparable { partition: p, .. }
            | Map::Virtual { partition: p, .. } => p.lba.saturating_add(p.blocks),
            Map::Metadata { .. } => 0,
        };
        self.maps.iter().map(end).max().unwrap_or(0)
    }

    /// Where a block is on the disc, and how many from it on, at most `most`, follow one another there. `None`: outside
    /// of the partition, or there is no such partition.
    pub(super) fn run(&self, at: Address, most: u32) -> Option<(u32, u32)> {
        let inside = |partition: &Partition, block: u32| {
            let left = partition
                .blocks
                .checked_sub(block)
                .filter(|left| *left > 0)?;
            Some((partition.lba.checked_add(block)?, most.min(left)))
        };
        match self.maps.get(usize::from(at.partition))? {
            Map::Plain(partition) => inside(partition, at.block),
            Map::Sparable {
                partition,
                packet,
                moved,
            } => {
                let (lba, most) = inside(partition, at.block)?;
                if let Some((first, to)) = moved.range(..=at.block).next_back() {
                    let within = at.block - first;
                    if within < *packet {
                        return Some((to.checked_add(within)?, most.min(packet - within)));
                    }
                }
                let next = moved.range(at.block..).next();
                Some((
                    lba,
                    next.map_or(most, |(first, _)| most.min(first - at.block)),
                ))
            }
            Map::Virtual { partition, table } => {
                let block = *table.get(usize::try_from(at.block).ok()?)?;
                inside(partition, block).map(|(lba, _)| (lba, most.min(1)))
            }
            Map::Metadata { own, mirror } => {
                let file = match self.copy {
                    Copy::Own => own.as_ref().or(mirror.as_ref()),
                    Copy::Mirror => mirror.as_ref(),
                }?;
                let mut before = 0u32;
                for extent in file {
                    let within = at.block - before;
                    if within < extent.blocks {
                        let lba = extent.first_lba.checked_add(within)?;
                        return Some((lba, most.min(extent.blocks - within)));
                    }
                    before = before.checked_add(extent.blocks)?;
                    if at.block < before {
                        return None;
                    }
                }
                None
            }
        }
    }

    /// The extents of the metadata file, or of its mirror.
    fn metadata(
        &self,
        source: &mut impl BlockSource,
        partition: u16,
        block: u32,
        kind: u8,
        limits: ReadLimits,
    ) -> Result<Vec<Extent>, ReadError> {
        let mut reading = Reading::new(source, self, limits);
        let file = reading.entry(Address { block, partition })?;
        let told = fault(file.lba, UdfFault::Field("this is no metadata file"));
        // A hole has no blocks that a partition could have.
        let whole = |extent: &Extent| {
            extent.blocks > 0 && u64::from(extent.bytes) == u64::from(extent.blocks) * BLOCK_BYTES
        };
        match file.kind == kind && file.extents.iter().all(whole) {
            true => Ok(file.extents),
            false => Err(told),
        }
    }

    /// The virtual allocation table of the last session (UDF 2.2.11): its file is the last thing written.
    fn virtual_table(
        &self,
        source: &mut impl BlockSource,
        partition: Partition,
        limits: ReadLimits,
    ) -> Result<Vec<u32>, ReadError> {
        let missing = || fault(partition.lba, UdfFault::Missing("virtual allocation table"));
        let end = source.blocks().ok_or_else(missing)?;
        let first = end.saturating_sub(VIRTUAL_TABLE_WITHIN).max(partition.lba);
        for lba in (first..end).rev() {
            // Blocks at the end of a track may not be readable.
            let Ok(block) = read(source, lba) else {
                continue;
            };
            let is_entry = matches!(
                identifier(&block),
                Some(tag::FILE_ENTRY | tag::EXTENDED_FILE_ENTRY)
            );
            let told = View(&block).u32(12);
            if !is_entry || !is_whole(&block) || told != lba - partition.lba {
                continue;
            }
            let mut reading = Reading::new(source, self, limits);
            let Ok(file) = reading.parse(&block, lba, self.plain_reference(partition)) else {
                continue;
            };
            if let Some(table) = table_of(source, &file)? {
                return Ok(table);
            }
        }
        Err(missing())
    }

    fn plain_reference(&self, partition: Partition) -> u16 {
        let at = self
            .maps
            .iter()
            .position(|map| matches!(map, Map::Plain(p) if p.number == partition.number));
        at.and_then(|at| u16::try_from(at).ok()).unwrap_or(0)
    }
}

/// The table in a file, if it is one: of its newer form, or of that of 1.50, which has its name at the end.
fn table_of(
    source: &mut impl BlockSource,
    file: &FileEntry,
) -> Result<Option<Vec<u32>>, ReadError> {
    const UNSPECIFIED: u8 = 0;
    const TRAILER: usize = 36;
    if !matches!(file.kind, UNSPECIFIED | VIRTUAL_TABLE) || file.size > MOST_TABLE_BYTES {
        return Ok(None);
    }
    let bytes = file.read_whole(source)?;
    let table = match file.kind {
        VIRTUAL_TABLE => {
            let header = usize::from(View(&bytes).u16(0));
            bytes.get(header..)
        }
        _ => {
            let end = bytes.len().saturating_sub(TRAILER);
            let named = View(&bytes).entity(end) == b"*UDF Virtual Alloc Tbl";
            bytes.get(..end).filter(|_| named)
        }
    };
    let number = |entry: &[u8]| View(entry).u32(0);
    Ok(table.map(|table| table.chunks_exact(4).map(number).collect()))
}

/// The packets that were moved, by the newest table that can be read (UDF 2.2.12).
fn moved_packets(
    source: &mut impl BlockSource,
    tables: &[u32],
) -> Result<BTreeMap<u32, u32>, ReadError> {
    const ENTRIES: usize = 56;
    const UNUSED: u32 = 0xffff_fff0;
    let mut newest: Option<(u32, BTreeMap<u32, u32>)> = None;
    let mut first_error = None;
    for lba in tables {
        let mut block = match read(source, *lba) {
            Ok(block) => block.to_vec(),
            Err(error) => {
                first_error.get_or_insert(error);
                continue;
            }
        };
        if View(&block).entity(16) != b"*UDF Sparing Table" {
            let wrong = fault(*lba, UdfFault::Missing("sparing table"));
            first_error.get_or_insert(wrong);
            continue;
        }
        let count = usize::from(View(&block).u16(48));
        let blocks = (ENTRIES + count * 8).div_ceil(BLOCK_SIZE) as u32;
        for further in 1..blocks {
            block.extend(read(source, lba.saturating_add(further))?);
        }
        let view = View(&block);
        let sequence = view.u32(52);
        let moved = (0..count)
            .map(|at| ENTRIES + at * 8)
            .map(|at| (view.u32(at), view.u32(at + 4)))
            .filter(|(first, _)| *first < UNUSED)
            .collect();
        if newest.as_ref().is_none_or(|(known, _)| *known < sequence) {
            newest = Some((sequence, moved));
        }
    }
    match (newest, first_error) {
        (Some((_, moved)), _) => Ok(moved),
        (None, Some(error)) => Err(error),
        (None, None) => Ok(BTreeMap::new()),
    }
}

fn recorded(descriptors: &Descriptors) -> Result<Vec<Recorded>, ReadError> {
    let lba = descriptors.lba;
    let wrong = || fault(lba, UdfFault::Field("a partition map has another length"));
    let mut maps = Vec::new();
    let mut rest = descriptors.maps.as_slice();
    // Each map has bytes of the descriptor's block, whatever their number is said to be.
    for _ in 0..descriptors.map_count {
        let view = View(rest);
        let length = usize::from(view.u8(1));
        let map = rest.get(..length).filter(|map| map.len() >= 6);
        let view = View(map.ok_or_else(wrong)?);
        rest = rest.get(length..).unwrap_or_default();
        let is_long = length >= 64;
        maps.push(match (view.u8(0), view.entity(4)) {
            (1, _) => Recorded::Plain(view.u16(4)),
            (2, b"*UDF Virtual Partition") if is_long => Recorded::Virtual(view.u16(38)),
            (2, b"*UDF Sparable Partition") if is_long => {
                let tables = usize::from(view.u8(42)).min(4);
                Recorded::Sparable {
                    number: view.u16(38),
                    packet: view.u16(40),
                    tables: (0..tables).map(|at| view.u32(48 + at * 4)).collect(),
                }
            }
            (2, b"*UDF Metadata Partition") if is_long => Recorded::Metadata {
                number: view.u16(38),
                files: [view.u32(40), view.u32(44)],
            },
            _ => return Err(fault(lba, UdfFault::UnknownMap)),
        });
    }
    Ok(maps)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(block: u32) -> Address {
        Address {
            block,
            partition: 0,
        }
    }

    #[test]
    fn spared_packets_are_read_where_they_were_moved_to() {
        let partition = Partition {
            number: 0,
            lba: 1000,
            blocks: 320,
        };
        let space = Space {
            maps: vec![Map::Sparable {
                partition,
                packet: 32,
                moved: BTreeMap::from([(64, 5000), (128, 6000)]),
            }],
            copy: Copy::Own,
        };
        assert_eq!(space.run(at(0), 500), Some((1000, 64)));
        assert_eq!(space.run(at(70), 500), Some((5006, 26)));
        assert_eq!(space.run(at(96), 10), Some((1096, 10)));
        assert_eq!(space.run(at(96), 500), Some((1096, 32)));
        assert_eq!(space.run(at(160), 500), Some((1160, 160)));
        assert_eq!(space.run(at(320), 1), None);
    }

    #[test]
    fn virtual_blocks_are_where_the_table_says() {
        let partition = Partition {
            number: 0,
            lba: 300,
            blocks: 100,
        };
        let space = Space {
            maps: vec![Map::Virtual {
                partition,
                table: vec![7, u32::MAX, 99],
            }],
            copy: Copy::Own,
        };
        assert_eq!(space.run(at(0), 5), Some((307, 1)));
        assert_eq!(space.run(at(1), 1), None);
        assert_eq!(space.run(at(2), 1), Some((399, 1)));
        assert_eq!(space.run(at(3), 1), None);
    }

    #[test]
    fn metadata_blocks_are_those_of_the_file_or_of_its_mirror() {
        let extent = |first_lba, blocks| Extent {
            first_lba,
            blocks,
            bytes: blocks * BLOCK_SIZE as u32,
        };
        let mut space = Space {
            maps: vec![Map::Metadata {
                own: Some(vec![extent(320, 32), extent(640, 64)]),
                mirror: Some(vec![extent(9000, 96)]),
            }],
            copy: Copy::Own,
        };
        assert_eq!(space.run(at(30), 9), Some((350, 2)));
        assert_eq!(space.run(at(32), 9), Some((640, 9)));
        assert_eq!(space.run(at(96), 1), None);
        space.copy = Copy::Mirror;
        assert_eq!(space.run(at(32), 9), Some((9032, 9)));
    }
}

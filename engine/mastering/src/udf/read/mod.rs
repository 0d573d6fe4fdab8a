//! The reader of UDF volumes, as ECMA-167 and OSTA's revisions 1.02 to 2.60 have them.
//!
//! It reads what others wrote, perhaps with malice: every descriptor is judged by its tag, loops end, and memory is bounded
//! by what the volume really holds and by [`ReadLimits`]. Blocks of other sizes than 2048 bytes, which no disc has, are
//! refused. Must not know plans or sources.

mod directory;
mod entry;
pub(crate) mod expected;
mod fields;
mod space;
mod tagged;
mod volume;

use crate::block::{BLOCK_SIZE, BlockSource, Extent};
use crate::read::{Entry, Location, ReadError, ReadLimits};
use crate::rock_ridge::Posix;
use crate::time::Timestamp;
use crate::tree::NodeKind;
use crate::udf::entry::{METADATA_FILE, REAL_TIME, VIRTUAL_TABLE};
use crate::udf::field::Address;
use crate::udf::tag;
use entry::{FileEntry, Reading};
use fields::View;
use space::{Copy, Space};
use tagged::{fault, read_tagged};
use volume::Integrity;

/// What is wrong with a structure of UDF.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UdfFault {
    /// Another descriptor stands here, or none.
    #[error("a descriptor with tag {expected} is expected here, and {found} found")]
    Tag {
        /// The tag identifier that is expected.
        expected: u16,
        /// The one that is found.
        found: u16,
    },
    /// A descriptor that belongs elsewhere.
    #[error("the descriptor says that it belongs into block {told}")]
    TagLocation {
        /// The block that it tells, of the disc or of its partition.
        told: u32,
    },
    /// The CRC is another than that of the bytes.
    #[error("the descriptor's CRC is wrong")]
    Crc,
    /// A field says what cannot be.
    #[error("{0}")]
    Field(&'static str),
    /// A structure that there must be.
    #[error("there is no {0}")]
    Missing(&'static str),
    /// Blocks of a size that no disc has.
    #[error("the volume has blocks of {bytes} bytes, where discs have 2048")]
    BlockSize {
        /// Their size.
        bytes: u32,
    },
    /// A partition map that no revision up to 2.60 has.
    #[error("there is a partition map of an unknown kind")]
    UnknownMap,
    /// A partition map names a partition that has no descriptor.
    #[error("there is no partition number {number}")]
    NoPartition {
        /// Its number.
        number: u16,
    },
    /// An address outside of its partition.
    #[error("block {block} is outside of partition {partition}")]
    OutsidePartition {
        /// The block in the partition.
        block: u32,
        /// The partition reference number.
        partition: u16,
    },
    /// Descriptors that lead to one another in a circle, or in too long a row.
    #[error("descriptors lead to one another without an end")]
    Loop,
    /// A name without characters, or of an unknown compression.
    #[error("a name has no characters")]
    Name,
    /// The entries of one folder, with what they lead to, take more than the limit.
    #[error("the entries of one folder take more than {bytes} bytes")]
    TooMuch {
        /// The limit.
        bytes: u64,
    },
}

/// What UDF alone tells of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UdfFacts {
    /// The number that no other file of the volume has; 0 for the root, and for every file of some writers.
    pub unique_id: u64,
    /// Whether the file is to be read in real time (from 2.01 on).
    pub real_time: bool,
    /// Whether there are named streams: [`Volume::named_streams`](crate::Volume::named_streams) lists them.
    pub has_streams: bool,
    icb: Address,
    streams: Option<Address>,
}

/// What a volume's descriptors of UDF say.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UdfVolumeFacts {
    /// The revision that it complies with, in binary coded decimal: 0x0201 for 2.01.
    pub revision: u16,
    /// The least revision that a reader must know; 0 where the volume does not say.
    pub least_reader: u16,
    /// The logical volume's name.
    pub volume_id: String,
    /// The name of the volume set.
    pub volume_set_id: String,
    /// When the volume was made.
    pub created: Option<Timestamp>,
    /// Files and folders, where the volume tells them.
    pub counts: Option<(u32, u32)>,
    /// Whether whoever wrote it last has finished; `None` where the volume does not say.
    pub closed: Option<bool>,
    /// The block behind its last partition.
    pub end: u32,
}

/// A UDF volume that was opened.
#[derive(Debug)]
pub(crate) struct UdfVolume {
    space: Space,
    facts: UdfVolumeFacts,
    root: Address,
    /// Blocks of the source, where it knows them.
    blocks: Option<u32>,
    limits: ReadLimits,
}

/// The newest revision whose volumes are read.
const NEWEST: u16 = 0x0260;

impl UdfVolume {
    /// Opens the volume of the session that begins at `session_first_lba`; `None` where the session says that it has none.
    pub(crate) fn open(
        source: &mut impl BlockSource,
        session_first_lba: u32,
        limits: ReadLimits,
    ) -> Result<Option<Self>, ReadError> {
        if !volume::is_recognized(source, session_first_lba)? {
            return Ok(None);
        }
        let descriptors = volume::open(source, session_first_lba)?;
        let integrity = volume::integrity(source, descriptors.integrity);
        let least_reader = integrity.map_or(0, |told| told.least_reader);
        if least_reader > NEWEST {
            let told =
                UdfFault::Field("the volume asks for a reader of a newer revision than 2.60");
            return Err(fault(descriptors.integrity.lba, told));
        }
        let space = Space::open(source, &descriptors, limits)?;
        let counts = |told: Integrity| (told.files, told.directories);
        let facts = UdfVolumeFacts {
            revision: descriptors.revision,
            least_reader,
            volume_id: descriptors.volume_id,
            volume_set_id: descriptors.volume_set_id,
            created: descriptors.created,
            counts: integrity.map(counts),
            closed: integrity.map(|told| told.closed),
            end: space.end(),
        };
        let mut this = Self {
            space,
            facts,
            root: Address::default(),
            blocks: source.blocks(),
            limits,
        };
        let at = descriptors.file_set.at;
        this.root = this.with_mirror(|this| this.file_set(source, at, descriptors.lba))?;
        Ok(Some(this))
    }

    /// What its descriptors say.
    pub(crate) fn facts(&self) -> &UdfVolumeFacts {
        &self.facts
    }

    /// The root folder that the file set names.
    fn file_set(
        &self,
        source: &mut impl BlockSource,
        at: Address,
        from: u32,
    ) -> Result<Address, ReadError> {
        let outside = UdfFault::OutsidePartition {
            block: at.block,
            partition: at.partition,
        };
        let run = self.space.run(at, 1);
        let (lba, _) = run.ok_or_else(|| fault(from, outside))?;
        let (_, block) = read_tagged(source, lba, at.block, &[tag::FILE_SET])?;
        Ok(View(&block).long_allocation(400).at)
    }

    /// Does something with the first copy of the metadata, and where that fails with the second one, if there is one.
    fn with_mirror<T>(
        &mut self,
        mut act: impl FnMut(&mut Self) -> Result<T, ReadError>,
    ) -> Result<T, ReadError> {
        self.space.copy = Copy::Own;
        let first = act(self);
        let Err(error) = first else {
            return first;
        };
        if !self.space.has_mirror() {
            return Err(error);
        }
        self.space.copy = Copy::Mirror;
        let second = act(self);
        self.space.copy = Copy::Own;
        second.map_err(|_| error)
    }

    /// The root folder.
    pub(crate) fn root(&mut self, source: &mut impl BlockSource) -> Result<Entry, ReadError> {
        self.with_mirror(|this| {
            let root = this.root;
            let mut reading = Reading::new(source, &this.space, this.limits);
            let file = reading.entry(root)?;
            let lba = file.lba;
            let entry = entry_of(&mut reading, file, root)?;
            match entry.kind {
                NodeKind::Directory => Ok(entry),
                _ => Err(fault(lba, UdfFault::Field("the root is no folder"))),
            }
        })
    }

    /// The files and folders of a folder.
    pub(crate) fn read_dir(
        &mut self,
        source: &mut impl BlockSource,
        folder: &Entry,
    ) -> Result<Vec<Entry>, ReadError> {
        let Some(facts) = &folder.udf else {
            return Err(ReadError::NotAFolder {
                location: folder.location,
            });
        };
        let icb = facts.icb;
        self.with_mirror(|this| this.list(source, icb))
    }

    /// The named streams of a file or folder.
    pub(crate) fn streams(
        &mut self,
        source: &mut impl BlockSource,
        of: &Entry,
    ) -> Result<Vec<Entry>, ReadError> {
        match of.udf.as_ref().and_then(|facts| facts.streams) {
            None => Ok(Vec::new()),
            Some(streams) => self.with_mirror(|this| this.list(source, streams)),
        }
    }

    fn list(&self, source: &mut impl BlockSource, at: Address) -> Result<Vec<Entry>, ReadError> {
        let end = self.blocks;
        let mut reading = Reading::new(source, &self.space, self.limits);
        let folder = reading.entry(at)?;
        let location = Location {
            lba: folder.lba,
            offset: 0,
        };
        // Extents may name one block again and again, so that they hold more than there is.
        let blocks: u64 = folder.extents.iter().map(|e| u64::from(e.blocks)).sum();
        let beyond = end.is_some_and(|end| blocks > u64::from(end));
        if beyond || folder.size > self.limits.directory_bytes {
            return Err(ReadError::DirectoryTooLarge {
                location,
                bytes: folder.size,
            });
        }
        let bytes = folder.read_whole(reading.source)?;
        let identifiers =
            directory::identifiers(&bytes).map_err(|(at, source)| ReadError::Udf {
                location: place(&folder, at),
                source,
            })?;
        let mut entries = Vec::with_capacity(identifiers.len());
        for identifier in identifiers {
            // A name that leads nowhere: what is left of a file that was never finished.
            if identifier.to.bytes == 0 {
                continue;
            }
            let file = reading.entry(identifier.to.at)?;
            let mut entry = entry_of(&mut reading, file, identifier.to.at)?;
            entry.name = identifier.name;
            entry.hidden = identifier.hidden;
            entries.push(entry);
        }
        Ok(entries)
    }
}

/// Where a byte of a folder is.
fn place(folder: &FileEntry, at: usize) -> Location {
    let mut before = 0;
    for extent in &folder.extents {
        let within = at - before;
        if within < extent.bytes as usize {
            return Location {
                lba: extent.first_lba + (within / BLOCK_SIZE) as u32, // it was read
                offset: (within % BLOCK_SIZE) as u32,
            };
        }
        before += extent.bytes as usize;
    }
    Location {
        lba: folder.lba,
        offset: 0,
    }
}

/// Longest target of a link that is believed.
const MOST_TARGET_BYTES: u64 = 1 << 16;

fn entry_of<R: BlockSource>(
    reading: &mut Reading<'_, R>,
    file: FileEntry,
    icb: Address,
) -> Result<Entry, ReadError> {
    // Streams' folders are folders; what belongs to the file system itself is shown as files.
    let kind = match file.kind {
        4 | 13 => NodeKind::Directory,
        6 => NodeKind::BlockDevice,
        7 => NodeKind::CharacterDevice,
        9 => NodeKind::Fifo,
        10 => NodeKind::Socket,
        12 => NodeKind::Symlink,
        0 | 5 | 8 | VIRTUAL_TABLE | REAL_TIME | METADATA_FILE..=252 => NodeKind::File,
        _ => {
            return Err(fault(
                file.lba,
                UdfFault::Field("the file is of an unknown type"),
            ));
        }
    };
    let mut target = None;
    if kind == NodeKind::Symlink {
        let unreadable = || {
            fault(
                file.lba,
                UdfFault::Field("the link's target cannot be read"),
            )
        };
        if file.size > MOST_TARGET_BYTES {
            return Err(unreadable());
        }
        let components = file.read_whole(reading.source)?;
        target = Some(directory::target(&components).ok_or_else(unreadable)?);
    }
    let has_bytes = matches!(kind, NodeKind::Directory | NodeKind::File);
    let is_device = matches!(kind, NodeKind::BlockDevice | NodeKind::CharacterDevice);
    Ok(Entry {
        name: Vec::new(),
        kind,
        size: if has_bytes { file.size } else { 0 },
        zisofs: None,
        attributes: Vec::new(),
        extents: if has_bytes {
            file.extents
        } else {
            Vec::<Extent>::new()
        },
        inline: file.inline.filter(|_| has_bytes),
        posix: Some(Posix {
            mode: type_bits(kind) | file.mode,
            links: file.links.into(),
            uid: file.owner.0,
            gid: file.owner.1,
            serial: file.lba,
        }),
        target,
        device: file
            .device
            .filter(|_| is_device)
            .map(|(major, minor)| rustix::fs::makedev(major, minor)),
        hidden: false,
        modified: file.modified,
        accessed: file.accessed,
        changed: file.changed,
        created: file.created,
        location: Location {
            lba: file.lba,
            offset: 0,
        },
        udf: Some(Box::new(UdfFacts {
            unique_id: file.unique,
            real_time: file.kind == REAL_TIME,
            has_streams: file.streams.is_some(),
            icb,
            streams: file.streams,
        })),
    })
}

/// The type in `st_mode`.
const fn type_bits(kind: NodeKind) -> u32 {
    match kind {
        NodeKind::Directory => 0o040_000,
        NodeKind::File => 0o100_000,
        NodeKind::Symlink => 0o120_000,
        NodeKind::CharacterDevice => 0o020_000,
        NodeKind::BlockDevice => 0o060_000,
        NodeKind::Fifo => 0o010_000,
        NodeKind::Socket => 0o140_000,
    }
}

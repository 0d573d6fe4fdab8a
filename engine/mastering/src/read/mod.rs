//! A small reader of ISO 9660 volumes: Rock Ridge names where there are any, else Joliet's, else the plain ones.
//!
//! It reads what others wrote, perhaps with malice: every length is checked, loops end, memory is bounded by
//! [`ReadLimits`], and each error says the block and the field. Must not know plans or sources.

mod directory;
mod error;

pub(crate) use directory::shown_name;

use std::collections::HashSet;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

pub use error::{Location, ReadError};

use crate::block::{BLOCK_BYTES, BLOCK_SIZE, BlockSource, Extent};
use crate::iso9660::FIRST_DESCRIPTOR;
use crate::iso9660::descriptor::{self, DescriptorKind, VolumeDescriptor};
use crate::iso9660::directory_record::{DirectoryRecord, RecordBytes};
use crate::joliet;
use crate::rock_ridge::Posix;
use crate::susp;
use crate::time::Timestamp;
use crate::tree::NodeKind;

/// Whose names and attributes are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Names {
    /// Rock Ridge: names as bytes, modes, owners, links, times.
    RockRidge,
    /// Joliet: names in Unicode.
    Joliet,
    /// ISO 9660 alone: upper case, short.
    Plain,
}

impl std::fmt::Display for Names {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::RockRidge => "Rock Ridge",
            Self::Joliet => "Joliet",
            Self::Plain => "ISO 9660",
        })
    }
}

/// How much of a volume is believed.
#[derive(Clone, Copy, Debug)]
pub struct ReadLimits {
    /// Most bytes in one folder.
    pub directory_bytes: u64,
    /// Most bytes in all folders of a walk.
    pub total_directory_bytes: u64,
    /// Most folders inside one another.
    pub depth: usize,
}

impl Default for ReadLimits {
    fn default() -> Self {
        Self {
            directory_bytes: 1 << 30,
            total_directory_bytes: 1 << 32,
            depth: 4096,
        }
    }
}

/// One name in a volume, and what it names.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry {
    /// The name as bytes; empty for the root. Never `.`, `..`, empty otherwise, or with a slash or a zero byte.
    pub name: Vec<u8>,
    /// What it is.
    pub kind: NodeKind,
    /// Bytes of a file or a folder.
    pub size: u64,
    /// Where those bytes are, in order.
    pub extents: Vec<Extent>,
    /// Mode, links, owner and serial number, with Rock Ridge.
    pub posix: Option<Posix>,
    /// A symbolic link's target.
    pub target: Option<Vec<u8>>,
    /// A device's number.
    pub device: Option<u64>,
    /// Modification time: Rock Ridge's, else that of the record.
    pub modified: Option<Timestamp>,
    /// Access time, with Rock Ridge.
    pub accessed: Option<Timestamp>,
    /// Attribute change time, with Rock Ridge.
    pub changed: Option<Timestamp>,
    /// Where the record is.
    pub location: Location,
}

impl Entry {
    /// The block that holds a byte of the file, and the first byte's offset in it.
    #[must_use]
    pub fn lba_of(&self, offset: u64) -> Option<u32> {
        let (extent, within) = self.extent_at(offset)?;
        extent
            .first_lba
            .checked_add(u32::try_from(within / BLOCK_BYTES).ok()?)
    }

    /// The extent that holds a byte of the file, and the byte's offset in the extent.
    fn extent_at(&self, offset: u64) -> Option<(Extent, u64)> {
        let mut before = 0;
        for extent in &self.extents {
            let bytes = u64::from(extent.bytes);
            if offset < before + bytes {
                return Some((*extent, offset - before));
            }
            before += bytes;
        }
        None
    }
}

/// An open volume.
#[derive(Debug)]
pub struct Volume<R> {
    source: R,
    first_lba: u32,
    primary: VolumeDescriptor,
    joliet: Option<VolumeDescriptor>,
    /// Bytes to skip in each system use field, when Rock Ridge is there.
    rock_ridge: Option<u8>,
    names: Names,
    limits: ReadLimits,
}

/// Most volume descriptors that are looked at.
const MOST_DESCRIPTORS: u32 = 64;

impl<R: BlockSource> Volume<R> {
    /// Opens the volume of the session that begins at `session_first_lba`, with the best names that it has.
    ///
    /// # Errors
    /// [`ReadError`]: no volume there, a damaged descriptor, or what the source answered.
    pub fn open(source: R, session_first_lba: u32) -> Result<Self, ReadError> {
        Self::open_with(source, session_first_lba, ReadLimits::default())
    }

    /// Opens as [`Volume::open`] does, with limits of the caller's.
    ///
    /// # Errors
    /// As [`Volume::open`].
    pub fn open_with(
        mut source: R,
        session_first_lba: u32,
        limits: ReadLimits,
    ) -> Result<Self, ReadError> {
        let mut primary = None;
        let mut joliet = None;
        let mut block = [0; BLOCK_SIZE];
        for number in 0..MOST_DESCRIPTORS {
            let lba = session_first_lba
                .checked_add(FIRST_DESCRIPTOR + number)
                .ok_or(ReadError::NoVolume {
                    lba: session_first_lba,
                })?;
            source
                .read_blocks(lba, &mut block)
                .map_err(|source| ReadError::Source { lba, source })?;
            let wrap = |source| ReadError::Descriptor { lba, source };
            match descriptor::kind(&block) {
                None if number == 0 => return Err(ReadError::NoVolume { lba }),
                None => return Err(ReadError::DescriptorSetBroken { lba }),
                Some(DescriptorKind::Terminator) => break,
                Some(DescriptorKind::Primary) if primary.is_none() => {
                    primary = Some((lba, VolumeDescriptor::parse(&block).map_err(wrap)?));
                }
                Some(DescriptorKind::Supplementary) if joliet.is_none() => {
                    let value = VolumeDescriptor::parse(&block).map_err(wrap)?;
                    if joliet::is_joliet(&value.escapes) {
                        joliet = Some(value);
                    }
                }
                Some(_) => {}
            }
        }
        let Some((lba, primary)) = primary else {
            return Err(ReadError::NoVolume {
                lba: session_first_lba.saturating_add(FIRST_DESCRIPTOR),
            });
        };
        let mut this = Self {
            source,
            first_lba: session_first_lba,
            primary,
            joliet,
            rock_ridge: None,
            names: Names::Plain,
            limits,
        };
        this.rock_ridge = this.find_rock_ridge(lba)?;
        this.names = match (this.rock_ridge, &this.joliet) {
            (Some(_), _) => Names::RockRidge,
            (None, Some(_)) => Names::Joliet,
            (None, None) => Names::Plain,
        };
        Ok(this)
    }

    /// Looks into the root's record of itself for `SP` and `PX`.
    fn find_rock_ridge(&mut self, descriptor_lba: u32) -> Result<Option<u8>, ReadError> {
        let root = root_record(&self.primary, descriptor_lba)?;
        let mut block = [0; BLOCK_SIZE];
        let lba = root.first_lba;
        self.source
            .read_blocks(lba, &mut block)
            .map_err(|source| ReadError::Source { lba, source })?;
        let location = Location { lba, offset: 0 };
        let record = RecordBytes::new_checked(&block)
            .map_err(|source| ReadError::Record { location, source })?;
        let Some(record) = record else {
            return Ok(None);
        };
        let mut skip = None;
        for entry in susp::Entries::new(record.system_use()).map_while(Result::ok) {
            match (&entry.signature, entry.data) {
                (b"SP", [0xbe, 0xef, bytes, ..]) => skip = Some(*bytes),
                (b"PX", _) if skip.is_some() => return Ok(skip),
                _ => {}
            }
        }
        Ok(None)
    }

    /// The volume's name: Joliet's, where its names are in use, else that of ISO 9660.
    #[must_use]
    pub fn volume_id(&self) -> String {
        match (&self.joliet, self.names) {
            (Some(joliet), Names::Joliet) => joliet::to_utf8(&joliet.volume),
            _ => String::from_utf8_lossy(&self.primary.volume).into_owned(),
        }
    }

    /// Blocks in the volume, as its descriptor says.
    #[must_use]
    pub fn blocks(&self) -> u32 {
        self.primary.blocks
    }

    /// The first LBA of the session.
    #[must_use]
    pub fn first_lba(&self) -> u32 {
        self.first_lba
    }

    /// When the volume says that it was made.
    #[must_use]
    pub fn created(&self) -> Option<Timestamp> {
        self.primary.created.time()
    }

    /// Whose names are in use.
    #[must_use]
    pub fn names(&self) -> Names {
        self.names
    }

    /// The names that the volume has, the best first.
    #[must_use]
    pub fn offered_names(&self) -> Vec<Names> {
        let rock_ridge = self.rock_ridge.map(|_| Names::RockRidge);
        let joliet = self.joliet.as_ref().map(|_| Names::Joliet);
        rock_ridge
            .into_iter()
            .chain(joliet)
            .chain([Names::Plain])
            .collect()
    }

    /// Reads other names from now on. `false`: the volume has none of them, and nothing changed.
    pub fn use_names(&mut self, names: Names) -> bool {
        let offered = self.offered_names().contains(&names);
        if offered {
            self.names = names;
        }
        offered
    }

    /// The source, to look at blocks that are no part of the tree.
    pub fn source(&mut self) -> &mut R {
        &mut self.source
    }

    /// The root folder.
    ///
    /// # Errors
    /// [`ReadError`], when its record cannot be used.
    pub fn root(&mut self) -> Result<Entry, ReadError> {
        let joliet = self.joliet.as_ref().filter(|_| self.names == Names::Joliet);
        let descriptor_lba = self.first_lba.saturating_add(FIRST_DESCRIPTOR);
        let extent = root_record(joliet.unwrap_or(&self.primary), descriptor_lba)?;
        self.own_entry(extent)
    }

    /// The folders and files of a folder, as they are recorded.
    ///
    /// # Errors
    /// [`ReadError`], which says the block and the field; the folder is not read beyond it.
    pub fn read_dir(&mut self, folder: &Entry) -> Result<Vec<Entry>, ReadError> {
        if folder.kind != NodeKind::Directory {
            return Err(ReadError::NotAFolder {
                location: folder.location,
            });
        }
        self.read_folder(folder)
    }

    /// Reads bytes of a file from `offset` on, and answers how many: fewer than asked for at its end only.
    ///
    /// Fastest where `offset` and the length of `out` are multiples of the block size.
    ///
    /// # Errors
    /// [`ReadError::Source`] with the block that could not be read, or the first of those read at once.
    pub fn read_file(
        &mut self,
        file: &Entry,
        offset: u64,
        out: &mut [u8],
    ) -> Result<usize, ReadError> {
        let mut filled = 0;
        while let Some(rest) = out.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            let at = offset.saturating_add(filled as u64);
            let Some((extent, within)) = file.extent_at(at) else {
                break;
            };
            let beyond = ReadError::OutOfRange {
                location: file.location,
            };
            let lba = u32::try_from(within / BLOCK_BYTES)
                .ok()
                .and_then(|n| extent.first_lba.checked_add(n));
            let lba = lba.ok_or(beyond)?;
            let left = (u64::from(extent.bytes) - within).min(rest.len() as u64) as usize;
            let skip = (within % BLOCK_BYTES) as usize;
            let whole = if skip == 0 {
                rest.len().min(left.next_multiple_of(BLOCK_SIZE)) / BLOCK_SIZE
            } else {
                0
            };
            if whole > 0 {
                let length = whole * BLOCK_SIZE;
                let piece = rest.get_mut(..length).unwrap_or_default();
                self.source
                    .read_blocks(lba, piece)
                    .map_err(|source| ReadError::Source { lba, source })?;
                filled += length.min(left);
            } else {
                let mut block = [0; BLOCK_SIZE];
                self.source
                    .read_blocks(lba, &mut block)
                    .map_err(|source| ReadError::Source { lba, source })?;
                let from = block.get(skip..).unwrap_or_default();
                let length = from.len().min(left);
                for (to, from) in rest.iter_mut().zip(from).take(length) {
                    *to = *from;
                }
                filled += length;
            }
        }
        Ok(filled)
    }

    /// Walks the whole tree, each folder before what it holds. A folder that cannot be read yields its error, and the
    /// walk goes on beside it.
    pub fn walk(&mut self) -> Walk<'_, R> {
        let first = self.root().map(|root| (PathBuf::from("/"), root, 0));
        Walk {
            guard: Guard::new(self.limits),
            volume: self,
            pending: vec![first],
        }
    }

    pub(crate) fn limits(&self) -> ReadLimits {
        self.limits
    }
}

fn root_record(descriptor: &VolumeDescriptor, lba: u32) -> Result<Extent, ReadError> {
    let location = Location { lba, offset: 156 };
    let record = RecordBytes::new_checked(&descriptor.root)
        .and_then(|record| {
            record
                .map(|record| DirectoryRecord::parse(&record))
                .transpose()
        })
        .map_err(|source| ReadError::Record { location, source })?
        .ok_or(ReadError::NoRoot { location })?;
    Ok(Extent {
        first_lba: record.lba,
        blocks: record.bytes.div_ceil(BLOCK_SIZE as u32),
        bytes: record.bytes,
    })
}

/// Sees to it that a walk ends: no folder twice, none too deep, not too much in all.
#[derive(Debug)]
pub(crate) struct Guard {
    limits: ReadLimits,
    entered: HashSet<u32>,
    bytes: u64,
}

impl Guard {
    pub(crate) fn new(limits: ReadLimits) -> Self {
        Self {
            limits,
            entered: HashSet::new(),
            bytes: 0,
        }
    }

    /// Notes that a folder is entered.
    pub(crate) fn enter(&mut self, folder: &Entry, depth: usize) -> Result<(), ReadError> {
        let location = folder.location;
        let Some(extent) = folder.extents.first() else {
            return Ok(());
        };
        if !self.entered.insert(extent.first_lba) {
            return Err(ReadError::DirectoryLoop {
                location,
                lba: extent.first_lba,
            });
        }
        self.bytes = self.bytes.saturating_add(folder.size);
        if depth > self.limits.depth {
            return Err(ReadError::TooDeep { location });
        }
        if self.bytes > self.limits.total_directory_bytes {
            return Err(ReadError::DirectoryTooLarge {
                location,
                bytes: self.bytes,
            });
        }
        Ok(())
    }
}

/// A walk over a volume's tree.
#[derive(Debug)]
pub struct Walk<'a, R> {
    volume: &'a mut Volume<R>,
    guard: Guard,
    pending: Vec<Result<(PathBuf, Entry, usize), ReadError>>,
}

impl<R: BlockSource> Iterator for Walk<'_, R> {
    type Item = Result<(PathBuf, Entry), ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let (path, entry, depth) = match self.pending.pop()? {
            Ok(next) => next,
            Err(error) => return Some(Err(error)),
        };
        if entry.kind == NodeKind::Directory {
            let entries = self
                .guard
                .enter(&entry, depth)
                .and_then(|()| self.volume.read_dir(&entry));
            match entries {
                Ok(entries) => self.pending.extend(entries.into_iter().rev().map(|child| {
                    let path = path.join(OsString::from_vec(child.name.clone()));
                    Ok((path, child, depth + 1))
                })),
                Err(error) => self.pending.push(Err(error)),
            }
        }
        Some(Ok((path, entry)))
    }
}

//! A reader of volumes: ISO 9660 by its Rock Ridge, Joliet and plain names, and UDF.
//!
//! It reads what others wrote, perhaps with malice: every length is checked, loops end, memory is bounded by
//! [`ReadLimits`], and each error says the block and the field. Must not know plans or sources.

mod directory;
mod error;
mod iso;
mod walk;
mod zisofs;

use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

pub(crate) use directory::shown_name;
pub use error::{Location, ReadError};
pub(crate) use walk::Guard;
pub use walk::Walk;

use crate::block::{BLOCK_BYTES, BLOCK_SIZE, BlockSource, Extent};
use crate::iso9660::descriptor::VolumeDescriptor;
use crate::joliet;
use crate::rock_ridge::Posix;
use crate::time::Timestamp;
use crate::tree::{ExtendedAttribute, NodeKind};
use crate::udf::read::{UdfFacts, UdfVolume, UdfVolumeFacts};
use crate::zisofs::Zisofs;
use directory::Folders;
use iso::IsoVolume;

/// Whose names and attributes are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Names {
    /// Rock Ridge: names as bytes, modes, owners, links, times.
    RockRidge,
    /// Joliet: names in Unicode.
    Joliet,
    /// ISO 9660:1999, the enhanced volume descriptor: names as bytes, up to 207 of them.
    Enhanced,
    /// ISO 9660 alone: upper case, short.
    Plain,
    /// UDF: names in Unicode, modes, owners, links, times.
    Udf,
}

impl std::fmt::Display for Names {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::RockRidge => "Rock Ridge",
            Self::Joliet => "Joliet",
            Self::Enhanced => "ISO 9660:1999",
            Self::Plain => "ISO 9660",
            Self::Udf => "UDF",
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
    /// Most bytes in the paths of all that a walk finds: below deep folders with long names each file has a path that is
    /// far longer than its record.
    pub path_bytes: u64,
}

impl Default for ReadLimits {
    fn default() -> Self {
        Self {
            directory_bytes: 1 << 30,
            total_directory_bytes: 1 << 32,
            depth: 4096,
            path_bytes: 1 << 32,
        }
    }
}

/// How many times the bytes of a volume the paths of a walk may have, and what they may have in any case.
const PATHS_IN_VOLUME: u64 = 16;
const PATHS_AT_LEAST: u64 = 64 << 20;

impl ReadLimits {
    /// Not more than a source of so many blocks can truly hold.
    fn within(mut self, blocks: Option<u32>) -> Self {
        if let Some(blocks) = blocks {
            let bytes = u64::from(blocks) * BLOCK_BYTES;
            self.directory_bytes = self.directory_bytes.min(bytes);
            self.total_directory_bytes = self.total_directory_bytes.min(bytes);
            let paths = (bytes * PATHS_IN_VOLUME).max(PATHS_AT_LEAST);
            self.path_bytes = self.path_bytes.min(paths);
        }
        self
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
    /// Bytes of a file or a folder; of a compressed file, as they were.
    pub size: u64,
    /// Where those bytes are, in order; of a compressed file, the compressed ones.
    pub extents: Vec<Extent>,
    /// How the file is compressed, with Rock Ridge. [`Volume::read_file`] gives its bytes as they were,
    /// [`Volume::read_stored`] as they stand there.
    pub zisofs: Option<Zisofs>,
    /// The bytes themselves, where UDF has put them into the file's own entry.
    pub inline: Option<Vec<u8>>,
    /// Mode, links, owner and serial number, with Rock Ridge or UDF. UDF's serial number is the block of the file entry.
    pub posix: Option<Posix>,
    /// A symbolic link's target.
    pub target: Option<Vec<u8>>,
    /// A device's number.
    pub device: Option<u64>,
    /// Whether the name is marked as one that is not to be shown to users.
    pub hidden: bool,
    /// Modification time: Rock Ridge's or UDF's, else that of the record.
    pub modified: Option<Timestamp>,
    /// Access time, with Rock Ridge or UDF.
    pub accessed: Option<Timestamp>,
    /// Attribute change time, with Rock Ridge or UDF.
    pub changed: Option<Timestamp>,
    /// When the file was made, where UDF says so.
    pub created: Option<Timestamp>,
    /// Extended attributes and access control lists, with Rock Ridge.
    pub attributes: Vec<ExtendedAttribute>,
    /// Where the record is, or UDF's file entry.
    pub location: Location,
    /// What UDF alone tells.
    pub udf: Option<Box<UdfFacts>>,
}

impl Entry {
    /// The block that holds a byte of the file; none for bytes of a hole, or in the file's entry.
    #[must_use]
    pub fn lba_of(&self, offset: u64) -> Option<u32> {
        let (extent, within) = self.extent_at(offset)?;
        if extent.is_hole() {
            return None;
        }
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
    iso: Option<IsoVolume>,
    udf: Option<UdfVolume>,
    udf_fault: Option<ReadError>,
    names: Names,
    limits: ReadLimits,
}

impl<R: BlockSource> Volume<R> {
    /// Opens the volume of the session that begins at `session_first_lba`, with the best names that it has: ISO 9660, UDF,
    /// or both. Where ISO 9660 can be read and UDF cannot, [`Volume::udf_fault`] says so.
    ///
    /// # Errors
    /// [`ReadError`]: no volume there, a damaged descriptor, or what the source answered.
    pub fn open(source: R, session_first_lba: u32) -> Result<Self, ReadError> {
        Self::open_with(source, session_first_lba, ReadLimits::default())
    }

    /// Opens as [`Volume::open`] does, with limits of the caller's; they shrink to what a source that knows its size can hold.
    ///
    /// # Errors
    /// As [`Volume::open`].
    pub fn open_with(
        mut source: R,
        session_first_lba: u32,
        limits: ReadLimits,
    ) -> Result<Self, ReadError> {
        let limits = limits.within(source.blocks());
        let iso = match IsoVolume::open(&mut source, session_first_lba) {
            Ok(iso) => Ok(iso),
            // A volume of UDF alone has other descriptors in this place.
            Err(error @ ReadError::NoVolume { .. }) => Err(error),
            Err(error) => return Err(error),
        };
        let udf = UdfVolume::open(&mut source, session_first_lba, limits);
        let (iso, udf, udf_fault) = match (iso, udf) {
            (Ok(iso), Ok(udf)) => (Some(iso), udf, None),
            (Ok(iso), Err(fault)) => (Some(iso), None, Some(fault)),
            (Err(_), Ok(Some(udf))) => (None, Some(udf), None),
            (Err(error), Ok(None)) | (Err(_), Err(error)) => return Err(error),
        };
        let mut this = Self {
            source,
            first_lba: session_first_lba,
            iso,
            udf,
            udf_fault,
            names: Names::Plain,
            limits,
        };
        this.names = this
            .offered_names()
            .first()
            .copied()
            .unwrap_or(Names::Plain);
        Ok(this)
    }

    /// The volume's name: that of Joliet or UDF, where their names are in use, else that of ISO 9660.
    #[must_use]
    pub fn volume_id(&self) -> String {
        match (self.descriptor(), &self.udf) {
            (Some(descriptor), _) if self.names == Names::Joliet => {
                joliet::to_utf8(&descriptor.volume)
            }
            (Some(descriptor), _) => String::from_utf8_lossy(&descriptor.volume).into_owned(),
            (None, Some(udf)) => udf.facts().volume_id.clone(),
            (None, None) => String::new(),
        }
    }

    /// Blocks in the volume, as its descriptor says; up to the end of the last partition, with UDF alone.
    #[must_use]
    pub fn blocks(&self) -> u32 {
        match (&self.iso, &self.udf) {
            (Some(iso), _) => iso.descriptor(Names::Plain).blocks,
            (None, Some(udf)) => udf.facts().end.saturating_sub(self.first_lba),
            (None, None) => 0,
        }
    }

    /// The first LBA of the session.
    #[must_use]
    pub fn first_lba(&self) -> u32 {
        self.first_lba
    }

    /// When the volume says that it was made.
    #[must_use]
    pub fn created(&self) -> Option<Timestamp> {
        match (&self.iso, &self.udf) {
            (Some(iso), _) => iso.descriptor(Names::Plain).created.time(),
            (None, Some(udf)) => udf.facts().created,
            (None, None) => None,
        }
    }

    /// ISO 9660's descriptor of the volume whose names are in use, with its texts as they are recorded; none while UDF's
    /// are in use.
    #[must_use]
    pub fn descriptor(&self) -> Option<&VolumeDescriptor> {
        let iso = self.iso.as_ref().filter(|_| self.names != Names::Udf);
        iso.map(|iso| iso.descriptor(self.names))
    }

    /// ISO 9660's descriptor of the volume that has these names, whichever are in use.
    pub(crate) fn descriptor_of(&self, names: Names) -> Option<&VolumeDescriptor> {
        let iso = self.iso.as_ref()?;
        iso.offered_names()
            .contains(&names)
            .then(|| iso.descriptor(names))
    }

    /// What the descriptors of UDF say, where there is UDF.
    #[must_use]
    pub fn udf(&self) -> Option<&UdfVolumeFacts> {
        self.udf.as_ref().map(UdfVolume::facts)
    }

    /// Why UDF cannot be read although the volume says that it is there.
    #[must_use]
    pub fn udf_fault(&self) -> Option<&ReadError> {
        self.udf_fault.as_ref()
    }

    pub(crate) fn take_udf_fault(&mut self) -> Option<ReadError> {
        self.udf_fault.take()
    }

    /// The block of the boot catalogue, absolute on the disc, where a boot record by El Torito names one.
    #[must_use]
    pub fn boot_catalogue(&self) -> Option<u32> {
        self.iso.as_ref().and_then(IsoVolume::boot_catalogue)
    }

    /// Whose names are in use.
    #[must_use]
    pub fn names(&self) -> Names {
        self.names
    }

    /// The names that the volume has, the best first.
    #[must_use]
    pub fn offered_names(&self) -> Vec<Names> {
        let iso = self.iso.as_ref().map(IsoVolume::offered_names);
        let mut names = iso.unwrap_or_default();
        if self.udf.is_some() {
            // What has owners and modes comes before what has not.
            let at = names.iter().take_while(|n| **n == Names::RockRidge).count();
            names.insert(at, Names::Udf);
        }
        names
    }

    /// Reads other names from now on. `false`: the volume has none of them, and nothing changed.
    pub fn use_names(&mut self, names: Names) -> bool {
        let offered = self.offered_names().contains(&names);
        if offered {
            self.names = names;
        }
        offered
    }

    fn folders(&mut self) -> Folders<'_, R> {
        Folders {
            source: &mut self.source,
            rock_ridge: self.iso.as_ref().and_then(IsoVolume::rock_ridge),
            names: self.names,
            limits: self.limits,
        }
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
        match (&mut self.udf, &self.iso) {
            (Some(udf), _) if self.names == Names::Udf => udf.root(&mut self.source),
            (_, Some(iso)) => {
                let extent = iso.root(self.names)?;
                self.folders().own_entry(extent)
            }
            (_, None) => Err(ReadError::NoVolume {
                lba: self.first_lba,
            }),
        }
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
        match &mut self.udf {
            Some(udf) if folder.udf.is_some() => udf.read_dir(&mut self.source, folder),
            _ => self.folders().read(folder),
        }
    }

    /// The named streams of a file or folder, in UDF from 2.00 on. Each is read like a file.
    ///
    /// # Errors
    /// [`ReadError`], when their folder cannot be read.
    pub fn named_streams(&mut self, of: &Entry) -> Result<Vec<Entry>, ReadError> {
        match &mut self.udf {
            Some(udf) => udf.streams(&mut self.source, of),
            None => Ok(Vec::new()),
        }
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
        match file.zisofs {
            Some(zisofs) => self.read_compressed(file, zisofs, offset, out),
            None => self.read_stored(file, offset, out),
        }
    }

    /// As [`Volume::read_file`], but gives the bytes of a compressed file as they stand in the volume.
    ///
    /// # Errors
    /// As [`Volume::read_file`].
    pub fn read_stored(
        &mut self,
        file: &Entry,
        offset: u64,
        out: &mut [u8],
    ) -> Result<usize, ReadError> {
        if let Some(inline) = &file.inline {
            let from = usize::try_from(offset).ok().and_then(|at| inline.get(at..));
            let from = from.unwrap_or_default();
            for (to, from) in out.iter_mut().zip(from) {
                *to = *from;
            }
            return Ok(from.len().min(out.len()));
        }
        let mut filled = 0;
        while let Some(rest) = out.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            let at = offset.saturating_add(filled as u64);
            let Some((extent, within)) = file.extent_at(at) else {
                break;
            };
            if extent.is_hole() {
                let left = (u64::from(extent.bytes) - within).min(rest.len() as u64) as usize;
                rest.get_mut(..left).unwrap_or_default().fill(0);
                filled += left;
                continue;
            }
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
        let root = self.root().map(|root| (PathBuf::from("/"), root));
        Walk::new(self, root)
    }

    /// Walks an entry and what is below it, as [`Volume::walk`] does. The paths begin with `path`.
    pub fn walk_from(&mut self, path: PathBuf, entry: Entry) -> Walk<'_, R> {
        Walk::new(self, Ok((path, entry)))
    }

    /// The entry at a path from the root, by its exact names among those in use. Links are not followed, and there is
    /// nothing at a path with `..`.
    ///
    /// # Errors
    /// [`ReadError`], when a folder on the way cannot be read.
    pub fn find(&mut self, path: &Path) -> Result<Option<Entry>, ReadError> {
        let mut at = self.root()?;
        for part in path.components() {
            let name = match part {
                Component::RootDir | Component::CurDir => continue,
                Component::Normal(name) => name.as_bytes(),
                Component::ParentDir | Component::Prefix(_) => return Ok(None),
            };
            if at.kind != NodeKind::Directory {
                return Ok(None);
            }
            let entries = self.read_dir(&at)?;
            let Some(entry) = entries.into_iter().find(|entry| entry.name == name) else {
                return Ok(None);
            };
            at = entry;
        }
        Ok(Some(at))
    }

    pub(crate) fn limits(&self) -> ReadLimits {
        self.limits
    }
}

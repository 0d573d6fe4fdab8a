//! The walk over a volume that becomes a tree.
//!
//! Owns which name is which file, and where the files are; must not know descriptors.

use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::{ImportError, ImportWarning};
use crate::block::{BLOCK_SIZE, BlockSource, Extent};
use crate::read::{Entry, Names, Volume};
use crate::time::Timestamp;
use crate::tree::{
    Attributes, EditError, ExtendedAttribute, Extras, NodeKind, Origin, TreeBuilder,
};

/// Permissions of what has none recorded.
const FOLDER_PERMISSIONS: u32 = 0o755;
const FILE_PERMISSIONS: u32 = 0o644;

/// Where genisoimage keeps the folders that it has moved; they are put back, and it stays empty.
const RELOCATION_FOLDERS: [&str; 2] = ["/rr_moved", "/.rr_moved"];

/// How many, and the first of them.
#[derive(Debug, Default)]
struct Count {
    count: u64,
    first: Option<PathBuf>,
}

impl Count {
    fn add(&mut self, path: &Path) {
        self.count += 1;
        self.first.get_or_insert_with(|| path.to_path_buf());
    }

    fn told(self, warning: impl FnOnce(u64, PathBuf) -> ImportWarning) -> Option<ImportWarning> {
        let count = self.count;
        self.first.map(|first| warning(count, first))
    }
}

/// What makes two names one file: its kind, the serial number and the first block, where the file says that it has several names.
type FileKey = (NodeKind, u32, u32);

pub(super) struct Collector {
    names: Names,
    most_nodes: u64,
    nodes: u64,
    pub(super) builder: TreeBuilder,
    /// The files as they are recorded, where their digests are wished.
    pub(super) summed: Option<Vec<(PathBuf, Entry)>>,
    /// The files with bytes on the disc, and the first block of each.
    pub(super) files: Vec<(u32, PathBuf)>,
    /// All extents, each with the place of its file in `files`.
    extents: Vec<(Extent, usize)>,
    first_names: HashMap<FileKey, PathBuf>,
    older_versions: Count,
    /// Files with named streams.
    streams: Count,
}

impl Collector {
    pub(super) fn new(names: Names, most_nodes: u64) -> Self {
        Self {
            names,
            most_nodes,
            nodes: 0,
            builder: TreeBuilder::new(),
            summed: None,
            files: Vec::new(),
            extents: Vec::new(),
            first_names: HashMap::new(),
            older_versions: Count::default(),
            streams: Count::default(),
        }
    }

    pub(super) fn take_tree<R: BlockSource>(
        &mut self,
        volume: &mut Volume<R>,
    ) -> Result<(), ImportError> {
        let created = volume.created().unwrap_or_default();
        for found in volume.walk() {
            let (path, entry) = found?;
            self.nodes += 1;
            if self.nodes > self.most_nodes {
                return Err(ImportError::TooMany {
                    path,
                    limit: self.most_nodes,
                });
            }
            self.take(path, &entry, created)?;
        }
        if self.names == Names::RockRidge {
            self.remove_relocation_folder();
        }
        Ok(())
    }

    fn take(
        &mut self,
        path: PathBuf,
        entry: &Entry,
        created: Timestamp,
    ) -> Result<(), ImportError> {
        let attributes = attributes(entry, created);
        let builder = &mut self.builder;
        let known = file_key(entry).and_then(|key| self.first_names.get(&key));
        let added = match (entry.kind, known) {
            (NodeKind::Directory, _) if path == Path::new("/") => {
                builder.set_attributes(&path, &attributes)
            }
            (NodeKind::Directory, _) => builder.add_folder(&path, &attributes),
            (_, Some(first)) => builder.add_hard_link(&path, first),
            (NodeKind::Symlink, None) => {
                let target = OsStr::from_bytes(entry.target.as_deref().unwrap_or_default());
                builder.add_link(&path, target, &attributes)
            }
            (NodeKind::File, None) => match origin(entry) {
                Some(origin) => builder.add_file(&path, origin, &attributes),
                None => return Err(ImportError::NotInPlace { path }),
            },
            (kind, None) => {
                let number = entry.device.unwrap_or(0);
                builder.add_special(&path, kind, number, &attributes)
            }
        };
        match added {
            Ok(()) => {}
            // The newest version stands first.
            Err(EditError::Exists { path }) if self.names == Names::Plain => {
                self.older_versions.add(&path);
                return Ok(());
            }
            Err(EditError::Exists { path }) => return Err(ImportError::SameName { path }),
            Err(error) => return Err(error.into()),
        }
        let facts = entry.udf.as_deref();
        if facts.is_some_and(|facts| facts.has_streams) {
            self.streams.add(&path);
        }
        let extras = Extras {
            marked_hidden: entry.hidden,
            real_time: facts.is_some_and(|facts| facts.real_time),
            zisofs: entry.zisofs,
            attributes: attributes_kept(entry),
            ..Extras::default()
        };
        if !extras.are_none() {
            self.builder.set_extras(&path, extras)?;
        }
        if let Some(key) = file_key(entry) {
            self.first_names.entry(key).or_insert_with(|| path.clone());
        }
        if let Some(summed) = self
            .summed
            .as_mut()
            .filter(|_| entry.kind == NodeKind::File)
        {
            summed.push((path.clone(), entry.clone()));
        }
        if let (NodeKind::File, Some(first)) = (entry.kind, entry.extents.first())
            && entry.size > 0
        {
            let file = self.files.len();
            self.extents
                .extend(entry.extents.iter().map(|extent| (*extent, file)));
            self.files.push((first.first_lba, path));
        }
        Ok(())
    }

    fn remove_relocation_folder(&mut self) {
        for folder in RELOCATION_FOLDERS {
            let moved_from = self
                .builder
                .get(folder)
                .is_some_and(|item| item.kind() == NodeKind::Directory);
            if moved_from {
                // What is not empty is somebody's own.
                let _ = self.builder.remove(folder);
            }
        }
    }

    /// The first block behind all files.
    pub(super) fn end(&self) -> u32 {
        let ends = self.extents.iter().map(|(extent, _)| end_of(extent));
        ends.max().unwrap_or(0)
    }

    /// Sees to it that the last block of all is there: an image that was cut short has lost those at its end.
    pub(super) fn check_end(&self, source: &mut impl BlockSource) -> Result<(), ImportError> {
        let last = self.extents.iter().max_by_key(|(extent, _)| end_of(extent));
        let Some((extent, file)) = last else {
            return Ok(());
        };
        let mut block = [0; BLOCK_SIZE];
        let last_lba = end_of(extent).saturating_sub(1);
        source
            .read_blocks(last_lba, &mut block)
            .map_err(|source| ImportError::CutShort {
                path: self.path(*file),
                last_lba,
                source,
            })
    }

    fn path(&self, file: usize) -> PathBuf {
        self.files
            .get(file)
            .map(|(_, path)| path.clone())
            .unwrap_or_default()
    }

    /// What is odd about the tree.
    pub(super) fn warnings(&mut self) -> Vec<ImportWarning> {
        let mut warnings = Vec::new();
        let older = std::mem::take(&mut self.older_versions);
        warnings.extend(older.told(|count, first| ImportWarning::OlderVersions { count, first }));
        let streams = std::mem::take(&mut self.streams);
        warnings
            .extend(streams.told(|count, first| ImportWarning::StreamsLeftOut { count, first }));
        let mut overlaps = Count::default();
        self.extents
            .sort_by_key(|(extent, file)| (extent.first_lba, end_of(extent), *file));
        let mut before: Option<Extent> = None;
        for (extent, file) in &self.extents {
            if let Some(widest) = before {
                let same = (widest.first_lba, widest.blocks) == (extent.first_lba, extent.blocks);
                if !same && extent.first_lba < end_of(&widest) {
                    overlaps.add(&self.path(*file));
                }
            }
            if before.is_none_or(|widest| end_of(extent) >= end_of(&widest)) {
                before = Some(*extent);
            }
        }
        warnings.extend(overlaps.told(|count, first| ImportWarning::Overlap { count, first }));
        warnings
    }

    /// What other names lead to, and the imported ones do not. `volume` has those names in use.
    pub(super) fn missing_under<R: BlockSource>(
        &self,
        volume: &mut Volume<R>,
        names: Names,
    ) -> Option<ImportWarning> {
        let known: HashSet<u32> = self
            .extents
            .iter()
            .map(|(extent, _)| extent.first_lba)
            .collect();
        let mut missing = Count::default();
        for found in volume.walk() {
            let (path, entry) = match found {
                Ok(found) => found,
                Err(error) => {
                    let error = error.to_string();
                    return Some(ImportWarning::Unreadable { names, error });
                }
            };
            let first = entry.extents.first().map(|extent| extent.first_lba);
            let is_file = entry.kind == NodeKind::File && entry.size > 0;
            if is_file && first.is_some_and(|lba| !known.contains(&lba)) {
                missing.add(&path);
            }
        }
        missing.told(|count, first| ImportWarning::OnlyUnder {
            names,
            count,
            first,
        })
    }
}

fn end_of(extent: &Extent) -> u32 {
    extent.first_lba.saturating_add(extent.blocks)
}

fn attributes(entry: &Entry, volume_created: Timestamp) -> Attributes {
    let modified = entry.modified.unwrap_or(volume_created);
    let without = match entry.kind {
        NodeKind::Directory => FOLDER_PERMISSIONS,
        _ => FILE_PERMISSIONS,
    };
    let posix = entry.posix;
    Attributes {
        permissions: posix.map_or(without, |posix| posix.mode & 0o7777),
        owner: posix.map_or(0, |posix| posix.uid),
        group: posix.map_or(0, |posix| posix.gid),
        modified,
        changed: entry.changed.unwrap_or(modified),
        accessed: entry.accessed.unwrap_or(modified),
        created: entry.created,
    }
}

/// The extended attributes without those that libisofs keeps for itself, such as checksums of what it has written.
fn attributes_kept(entry: &Entry) -> Vec<ExtendedAttribute> {
    let kept = |attribute: &&ExtendedAttribute| !attribute.name.starts_with(b"isofs.");
    entry.attributes.iter().filter(kept).cloned().collect()
}

/// What makes this name one of several of a file. Where no serial number was recorded, its bytes say which file it is.
fn file_key(entry: &Entry) -> Option<FileKey> {
    let posix = entry.posix.filter(|posix| posix.links > 1)?;
    let first_lba = match entry.size {
        0 => 0,
        _ => entry.extents.first().map_or(0, |extent| extent.first_lba),
    };
    let known = posix.serial != 0 || first_lba != 0;
    (known && entry.kind != NodeKind::Directory).then_some((entry.kind, posix.serial, first_lba))
}

/// Where the bytes of a file are; `None` where they are not recorded as they are read.
fn origin(entry: &Entry) -> Option<Origin> {
    if let Some(inline) = &entry.inline {
        return Some(Origin::memory(inline.as_slice()));
    }
    let extents: Vec<Extent> = entry
        .extents
        .iter()
        .filter(|extent| extent.bytes > 0)
        .copied()
        .collect();
    let recorded: u64 = extents.iter().map(|extent| u64::from(extent.bytes)).sum();
    // Of a compressed file the entry tells the plain size.
    let whole = entry.zisofs.is_some() || recorded == entry.size;
    match whole && extents.iter().all(|extent| extent.blocks > 0) {
        true => Some(Origin::Recorded(extents.into())),
        false => None,
    }
}

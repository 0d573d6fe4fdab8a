//! Files of a volume onto the host: nothing is made outside of the folder that was named, whatever the volume says.
//!
//! Owns what is made, in which order, and how much of it at most. A volume is hostile: its links are made last and never
//! followed, devices are left out, set-user-id and its like are dropped, and the bytes that are written are counted before
//! the first of them. Must not know where the volume comes from.

mod attributes;
mod beneath;

use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, Mode};

use crate::block::{BLOCK_SIZE, BlockSource, Extent};
use crate::read::{Entry, ReadError, Volume};
use crate::tree::NodeKind;
use attributes::{Attributes, set_extended};
use beneath::{Beneath, Made};

/// Bytes that are read at a time.
const PIECE: usize = 512 * BLOCK_SIZE;

/// How files are taken out of a volume.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ExtractOptions {
    /// Files and links that stand in the place of what is extracted are removed first; folders never are. Without it they
    /// stay, and each is an [`ExtractProblem::Host`].
    pub replace: bool,
    /// Give files their owners, where the volume has such. Mostly the right of the superuser alone.
    pub owners: bool,
    /// Set the extended attributes of files and folders that begin with `user.`; the others are left out. What the host
    /// refuses is an [`ExtractProblem::Attribute`], and the file stays.
    pub attributes: bool,
    /// The most bytes that all files together may have. Files can share blocks, so that a small image may hold more than
    /// any drive.
    pub most_bytes: u64,
}

impl ExtractOptions {
    /// Nothing is replaced, owners and attributes are left alone; at most `most_bytes`.
    #[must_use]
    pub fn new(most_bytes: u64) -> Self {
        Self {
            replace: false,
            owners: false,
            attributes: false,
            most_bytes,
        }
    }
}

/// Why nothing was extracted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExtractError {
    /// The volume does not have what was asked for.
    #[error("the volume has no {}", .path.display())]
    NoSuchPath {
        /// What was asked for.
        path: PathBuf,
    },
    /// A folder on the way to what was asked for cannot be read.
    #[error("{}: {source}", .path.display())]
    Read {
        /// What was asked for.
        path: PathBuf,
        /// What is wrong.
        source: ReadError,
    },
    /// The files would take more than the caller allows.
    #[error("the files have {bytes} bytes together, more than the {most} that are allowed")]
    TooMuch {
        /// What they have.
        bytes: u64,
        /// What is allowed.
        most: u64,
    },
}

/// Something that could not be extracted; the rest was.
#[derive(Debug)]
#[non_exhaustive]
pub enum ExtractProblem {
    /// The folder cannot be read, and what is below it is missing.
    Damaged {
        /// The folder, or what lies in it, as far as that is known.
        path: PathBuf,
        /// What is wrong.
        error: ReadError,
    },
    /// A file cannot be read to its end; nothing of it was kept.
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong, with the block.
        error: ReadError,
    },
    /// A file ends before its size.
    Short {
        /// The file.
        path: PathBuf,
    },
    /// The host did not take it.
    Host {
        /// The path in the volume.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// The host did not take an extended attribute; the file or folder has all else.
    Attribute {
        /// The path in the volume.
        path: PathBuf,
        /// The attribute's name.
        name: Vec<u8>,
        /// The system's answer.
        source: io::Error,
    },
    /// Devices, fifos and sockets are not made.
    LeftOut {
        /// The path in the volume.
        path: PathBuf,
        /// What it is.
        kind: NodeKind,
    },
}

impl ExtractProblem {
    /// The path in the volume.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::Damaged { path, .. }
            | Self::Unreadable { path, .. }
            | Self::Short { path }
            | Self::Host { path, .. }
            | Self::Attribute { path, .. }
            | Self::LeftOut { path, .. } => path,
        }
    }
}

impl std::fmt::Display for ExtractProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let path = self.path().display();
        match self {
            Self::Damaged { error, .. } => write!(f, "{path} is damaged: {error}"),
            Self::Unreadable { error, .. } => write!(f, "{path} cannot be read: {error}"),
            Self::Short { .. } => write!(f, "{path} ends before its size"),
            Self::Host { source, .. } => write!(f, "{path} cannot be made: {source}"),
            Self::Attribute { name, source, .. } => {
                let name = name.escape_ascii();
                write!(f, "{path} cannot have the attribute {name}: {source}")
            }
            Self::LeftOut { kind, .. } => write!(f, "{path} is a {kind}, and is left out"),
        }
    }
}

/// Takes what is told on the way.
pub trait ExtractObserver {
    /// Something could not be extracted.
    fn problem(&mut self, problem: ExtractProblem);

    /// So many bytes of so many are written. [`ControlFlow::Break`] ends the extraction; the file under way is removed.
    fn extracted(&mut self, bytes: u64, of: u64) -> ControlFlow<()> {
        let _ = (bytes, of);
        ControlFlow::Continue(())
    }
}

/// Collects all problems.
impl ExtractObserver for Vec<ExtractProblem> {
    fn problem(&mut self, problem: ExtractProblem) {
        self.push(problem);
    }
}

/// What was extracted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExtractSummary {
    /// Files, further names of a file among them.
    pub files: u64,
    /// Folders.
    pub folders: u64,
    /// Symbolic links.
    pub links: u64,
    /// Bytes of the files that were kept.
    pub bytes: u64,
    /// Devices, fifos and sockets, which are not made.
    pub left_out: u64,
    /// What else could not be extracted.
    pub problems: u64,
    /// The observer ended it early.
    pub stopped: bool,
}

/// Extracts `paths` of a volume, with all that is below them, into the folder `target`, each under its whole path; without
/// any path all of the volume.
///
/// Files are read in the order of their blocks. Modes lose set-user-id, set-group-id and the sticky bit; where the volume
/// has no modes they are as the process makes files. Links are made as they are recorded, also those that lead elsewhere.
///
/// # Errors
/// [`ExtractError`], before anything is made. What goes wrong later is told to the observer.
pub fn extract<R: BlockSource>(
    volume: &mut Volume<R>,
    paths: &[PathBuf],
    target: OwnedFd,
    options: &ExtractOptions,
    observer: &mut dyn ExtractObserver,
) -> Result<ExtractSummary, ExtractError> {
    let mut summary = ExtractSummary::default();
    let found = find(volume, paths, &mut |problem| {
        summary.problems += 1;
        observer.problem(problem);
    })?;
    let total = found.bytes();
    if total > options.most_bytes {
        return Err(ExtractError::TooMuch {
            bytes: total,
            most: options.most_bytes,
        });
    }
    let mut extraction = Extraction {
        below: Beneath::new(target),
        options,
        observer,
        summary,
        written: 0,
        total,
        first_names: HashMap::new(),
    };
    extraction.make_all(volume, found);
    Ok(extraction.summary)
}

/// What is to be extracted, in the order in which it is made.
#[derive(Default)]
struct Found {
    /// Each before what it holds.
    folders: Vec<(PathBuf, Entry)>,
    /// In the order of their blocks.
    files: Vec<(PathBuf, Entry)>,
    links: Vec<(PathBuf, Entry)>,
    others: Vec<(PathBuf, NodeKind)>,
}

impl Found {
    fn take(&mut self, path: PathBuf, entry: Entry) {
        match entry.kind {
            NodeKind::Directory => self.folders.push((path, entry)),
            NodeKind::File => self.files.push((path, entry)),
            NodeKind::Symlink => self.links.push((path, entry)),
            kind => self.others.push((path, kind)),
        }
    }

    /// Bytes that all files take; a file of several names counts once.
    fn bytes(&self) -> u64 {
        let mut met = HashSet::new();
        let files = self.files.iter().filter(|(_, file)| {
            let of_several = SameFile::of(file);
            of_several.is_none_or(|same| met.insert(same))
        });
        files.fold(0, |sum, (_, file)| sum.saturating_add(file.size))
    }
}

fn find<R: BlockSource>(
    volume: &mut Volume<R>,
    paths: &[PathBuf],
    problem: &mut dyn FnMut(ExtractProblem),
) -> Result<Found, ExtractError> {
    let mut found = Found::default();
    // Folders that were taken; a volume may hold one twice, and its second half belongs to the same folder.
    let mut folders = HashSet::new();
    for path in outermost(paths)? {
        let read = |source| ExtractError::Read {
            path: path.clone(),
            source,
        };
        let none = || ExtractError::NoSuchPath { path: path.clone() };
        // The folders on the way are made as they are recorded, too.
        let above: Vec<&Path> = path.ancestors().skip(1).collect();
        for above in above.into_iter().rev() {
            if folders.insert(above.to_owned()) {
                let entry = volume.find(above).map_err(read)?.ok_or_else(none)?;
                found.take(above.to_owned(), entry);
            }
        }
        let entry = volume.find(&path).map_err(read)?.ok_or_else(none)?;
        // An error's place is best told by what was read before it.
        let mut last = path.clone();
        for next in volume.walk_from(path.clone(), entry) {
            match next {
                Ok((path, entry)) => {
                    last.clone_from(&path);
                    if entry.kind != NodeKind::Directory || folders.insert(path.clone()) {
                        found.take(path, entry);
                    }
                }
                Err(error) => problem(ExtractProblem::Damaged {
                    path: last.clone(),
                    error,
                }),
            }
        }
    }
    let first_lba = |file: &Entry| file.extents.first().map_or(0, |extent| extent.first_lba);
    found.files.sort_by_key(|(_, file)| first_lba(file));
    Ok(found)
}

/// The paths from the root on, without those that lie below another one; all of the volume where none is named.
fn outermost(paths: &[PathBuf]) -> Result<Vec<PathBuf>, ExtractError> {
    let mut whole = Vec::new();
    for path in paths {
        let mut from_root = PathBuf::from("/");
        for part in path.components() {
            match part {
                Component::RootDir | Component::CurDir => {}
                Component::Normal(name) => from_root.push(name),
                Component::ParentDir | Component::Prefix(_) => {
                    return Err(ExtractError::NoSuchPath { path: path.clone() });
                }
            }
        }
        whole.push(from_root);
    }
    if whole.is_empty() {
        whole.push("/".into());
    }
    whole.sort();
    // What lies below a path follows it.
    whole.dedup_by(|next, kept| next.starts_with(kept));
    Ok(whole)
}

/// By what the names of one file are known: all of it, so that a volume that lies joins no files that differ.
#[derive(PartialEq, Eq, Hash)]
struct SameFile {
    serial: u32,
    size: u64,
    extents: Vec<(u32, u32)>,
}

impl SameFile {
    fn of(file: &Entry) -> Option<Self> {
        let posix = file.posix.filter(|posix| posix.links > 1)?;
        if posix.serial == 0 || file.size == 0 {
            return None;
        }
        let pair = |extent: &Extent| (extent.first_lba, extent.bytes);
        Some(Self {
            serial: posix.serial,
            size: file.size,
            extents: file.extents.iter().map(pair).collect(),
        })
    }
}

struct Extraction<'a> {
    below: Beneath,
    options: &'a ExtractOptions,
    observer: &'a mut dyn ExtractObserver,
    summary: ExtractSummary,
    /// Bytes that were written, those of files that were not kept among them.
    written: u64,
    total: u64,
    first_names: HashMap<SameFile, PathBuf>,
}

/// What ends a file.
enum FileFault {
    Host(io::Error),
    Read(ReadError),
    Short,
    Stopped,
}

impl From<io::Error> for FileFault {
    fn from(error: io::Error) -> Self {
        Self::Host(error)
    }
}

impl Extraction<'_> {
    fn make_all<R: BlockSource>(&mut self, volume: &mut Volume<R>, found: Found) {
        for (path, kind) in found.others {
            self.summary.left_out += 1;
            self.observer
                .problem(ExtractProblem::LeftOut { path, kind });
        }
        let mut made = Vec::new();
        for (path, folder) in found.folders {
            match self.make_folder(&path, &folder) {
                Ok(Made::New) => made.push((path, folder)),
                Ok(Made::WasThere) => {}
                Err(source) => self.problem(ExtractProblem::Host { path, source }),
            }
        }
        let mut buffer = vec![0; PIECE];
        for (path, file) in found.files {
            match self.make_file(volume, &path, &file, &mut buffer) {
                Ok(()) => self.summary.files += 1,
                Err(FileFault::Host(source)) => self.problem(ExtractProblem::Host { path, source }),
                Err(FileFault::Read(error)) => {
                    self.problem(ExtractProblem::Unreadable { path, error });
                }
                Err(FileFault::Short) => self.problem(ExtractProblem::Short { path }),
                Err(FileFault::Stopped) => {
                    self.summary.stopped = true;
                    return;
                }
            }
        }
        for (path, link) in found.links {
            match self.make_link(&path, &link) {
                Ok(()) => self.summary.links += 1,
                Err(source) => self.problem(ExtractProblem::Host { path, source }),
            }
        }
        // What is made in a folder changes its time, and its mode may forbid it.
        for (path, folder) in made.into_iter().rev() {
            let attributes = Attributes::of(&folder, self.options.owners);
            let set = self.below.folder(&path).and_then(|at| {
                let refused = extended(self.options, at, &folder);
                attributes.set(at).map(|()| refused)
            });
            let set = set.map(|refused| self.refused(&path, refused));
            if let Err(source) = set {
                self.problem(ExtractProblem::Host { path, source });
            }
        }
    }

    fn problem(&mut self, problem: ExtractProblem) {
        self.summary.problems += 1;
        self.observer.problem(problem);
    }

    fn refused(&mut self, path: &Path, attributes: Vec<(Vec<u8>, io::Error)>) {
        for (name, source) in attributes {
            self.problem(ExtractProblem::Attribute {
                path: path.to_owned(),
                name,
                source,
            });
        }
    }

    fn make_folder(&mut self, path: &Path, folder: &Entry) -> io::Result<Made> {
        let Some((parent, name)) = split(path) else {
            return Ok(Made::WasThere);
        };
        let mode = match folder.posix {
            Some(_) => Mode::RWXU,
            None => Mode::RWXU | Mode::RWXG | Mode::RWXO,
        };
        let made = self.below.make_folder(parent, name, mode)?;
        self.summary.folders += 1;
        Ok(made)
    }

    fn make_file<R: BlockSource>(
        &mut self,
        volume: &mut Volume<R>,
        path: &Path,
        file: &Entry,
        buffer: &mut [u8],
    ) -> Result<(), FileFault> {
        let (parent, name) = split(path)
            .ok_or(io::ErrorKind::IsADirectory)
            .map_err(io::Error::from)?;
        if self.options.replace {
            self.below.remove(parent, name)?;
        }
        let same = SameFile::of(file);
        if let Some(first) = same.as_ref().and_then(|same| self.first_names.get(same))
            && let Some((first_parent, first_name)) = split(first)
        {
            let first_parent = self.below.folder(first_parent)?.try_clone_to_owned()?;
            let parent = self.below.folder(parent)?;
            rustix::fs::linkat(first_parent, first_name, parent, name, AtFlags::empty())
                .map_err(io::Error::from)?;
            return Ok(());
        }
        let mode = match file.posix {
            Some(_) => Mode::RUSR | Mode::WUSR,
            None => Mode::RUSR | Mode::WUSR | Mode::RGRP | Mode::WGRP | Mode::ROTH | Mode::WOTH,
        };
        let out = File::from(self.below.make_file(parent, name, mode)?);
        let filled = self.fill(volume, file, &out, buffer).and_then(|()| {
            // First of all: the mode may take away the right to it.
            let refused = extended(self.options, &out, file);
            self.refused(path, refused);
            let attributes = Attributes::of(file, self.options.owners);
            Ok(attributes.set(&out)?)
        });
        if filled.is_err() {
            // It was made here; if it cannot be removed, the error before says more.
            let _ = self.below.remove(parent, name);
        } else {
            self.summary.bytes += file.size;
            if let Some(same) = same {
                self.first_names.insert(same, path.to_owned());
            }
        }
        filled
    }

    fn fill<R: BlockSource>(
        &mut self,
        volume: &mut Volume<R>,
        file: &Entry,
        mut out: &File,
        buffer: &mut [u8],
    ) -> Result<(), FileFault> {
        let mut done = 0;
        while done < file.size {
            let wanted = usize::try_from(file.size - done)
                .unwrap_or(PIECE)
                .min(buffer.len());
            let piece = buffer.get_mut(..wanted).unwrap_or_default();
            let read = volume
                .read_file(file, done, piece)
                .map_err(FileFault::Read)?;
            if read == 0 {
                return Err(FileFault::Short);
            }
            out.write_all(piece.get(..read).unwrap_or_default())?;
            done += read as u64;
            self.written += read as u64;
            let told = self.observer.extracted(self.written, self.total);
            if told.is_break() {
                return Err(FileFault::Stopped);
            }
        }
        Ok(())
    }

    fn make_link(&mut self, path: &Path, link: &Entry) -> io::Result<()> {
        let (parent, name) = split(path).ok_or(io::ErrorKind::IsADirectory)?;
        let target = link.target.as_deref().unwrap_or_default();
        if self.options.replace {
            self.below.remove(parent, name)?;
        }
        let parent = self.below.folder(parent)?;
        rustix::fs::symlinkat(OsStr::from_bytes(target), parent, name)?;
        Attributes::of(link, self.options.owners).set_link(parent, name)
    }
}

/// Sets extended attributes where they are wished, and answers those that were refused.
fn extended(options: &ExtractOptions, file: impl AsFd, entry: &Entry) -> Vec<(Vec<u8>, io::Error)> {
    match options.attributes {
        true => set_extended(file, entry),
        false => Vec::new(),
    }
}

/// The folder and the name of a path below the root.
fn split(path: &Path) -> Option<(&Path, &OsStr)> {
    Some((path.parent()?, path.file_name()?))
}

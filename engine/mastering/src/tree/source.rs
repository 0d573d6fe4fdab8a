//! The source's side of a file: opened without following what appeared since the scan, and judged unchanged or not.
//!
//! Must not know volumes.

use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Mode, OFlags, Stat};

use super::{Identity, NodeId, NodeKind, Tree};
use crate::time::Timestamp;

/// What changed in a source between plan and read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SourceChange {
    /// It is gone.
    Gone,
    /// It is on another device.
    Device,
    /// It is another file of the same name.
    Inode,
    /// It has become longer or shorter.
    Size,
    /// It was modified.
    ModificationTime,
    /// Its attributes were changed, or it was modified and its modification time set back.
    ChangeTime,
}

impl std::fmt::Display for SourceChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Gone => "it is gone",
            Self::Device => "it is on another device",
            Self::Inode => "it is another file of that name",
            Self::Size => "its size changed",
            Self::ModificationTime => "its modification time changed",
            Self::ChangeTime => "its attributes changed",
        })
    }
}

impl Identity {
    pub(crate) fn of(stat: &Stat) -> Self {
        // The fields' types differ between machines; the values are never negative but for the seconds.
        #[allow(clippy::unnecessary_cast)]
        Self {
            device: stat.st_dev as u64,
            inode: stat.st_ino as u64,
            size: stat.st_size as u64,
            modified: Timestamp {
                seconds: stat.st_mtime as i64,
                nanoseconds: stat.st_mtime_nsec as u32,
            },
            changed: Timestamp {
                seconds: stat.st_ctime as i64,
                nanoseconds: stat.st_ctime_nsec as u32,
            },
        }
    }

    /// What differs from an earlier identity, the most telling first.
    pub(crate) fn change_since(&self, earlier: &Self) -> Option<SourceChange> {
        if self.device != earlier.device {
            Some(SourceChange::Device)
        } else if self.inode != earlier.inode {
            Some(SourceChange::Inode)
        } else if self.size != earlier.size {
            Some(SourceChange::Size)
        } else if self.modified != earlier.modified {
            Some(SourceChange::ModificationTime)
        } else if self.changed != earlier.changed {
            Some(SourceChange::ChangeTime)
        } else {
            None
        }
    }
}

/// Bytes of a path that the system takes in one piece, with room to spare.
const PIECE: usize = 2048;

/// Opens a folder whose path may be longer than the system takes in one piece.
pub(crate) fn open_directory(path: &Path, follow: bool) -> io::Result<OwnedFd> {
    let last = if follow {
        OFlags::empty()
    } else {
        OFlags::NOFOLLOW
    };
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    if path.as_os_str().len() <= PIECE {
        return Ok(rustix::fs::openat(CWD, path, flags | last, Mode::empty())?);
    }
    let mut at: Option<OwnedFd> = None;
    let mut piece = PathBuf::new();
    let step = |at: &Option<OwnedFd>, piece: &Path, flags| match at {
        Some(fd) => rustix::fs::openat(fd, piece, flags, Mode::empty()),
        None => rustix::fs::openat(CWD, piece, flags, Mode::empty()),
    };
    for part in path.components() {
        let part: &OsStr = match part {
            Component::CurDir => continue,
            other => other.as_os_str(),
        };
        if piece.as_os_str().len() + part.len() > PIECE {
            at = Some(step(&at, &piece, flags)?);
            piece = PathBuf::new();
        }
        piece.push(part);
    }
    Ok(step(&at, &piece, flags | last)?)
}

/// Opens files of a tree one after the other, and keeps the last folder open, for the next file is mostly in it.
#[derive(Debug, Default)]
pub(crate) struct Opener {
    directory: Option<(NodeId, OwnedFd)>,
}

/// Why a file could not be opened as the file that was scanned.
#[derive(Debug)]
pub(crate) enum OpenError {
    Changed(SourceChange),
    Io(io::Error),
}

impl From<rustix::io::Errno> for OpenError {
    fn from(error: rustix::io::Errno) -> Self {
        match error {
            rustix::io::Errno::NOENT | rustix::io::Errno::NOTDIR => {
                Self::Changed(SourceChange::Gone)
            }
            // What was a file is a link now.
            rustix::io::Errno::LOOP => Self::Changed(SourceChange::Inode),
            other => Self::Io(other.into()),
        }
    }
}

impl Opener {
    /// Opens the file of a node and compares it with what was scanned.
    pub(crate) fn open(&mut self, tree: &Tree, id: NodeId) -> Result<OwnedFd, OpenError> {
        // NONBLOCK: should a fifo have taken the file's place, the open must not wait for its writer.
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
        let flags = if tree.node(id).followed {
            flags
        } else {
            flags | OFlags::NOFOLLOW
        };
        let file = if tree.is_base(id) {
            match apart(&tree.source_path(id))? {
                (Some(folder), rest) => rustix::fs::openat(folder, rest, flags, Mode::empty())?,
                (None, path) => rustix::fs::openat(CWD, path, flags, Mode::empty())?,
            }
        } else {
            let directory = self.folder(tree, tree.parent(id))?;
            rustix::fs::openat(directory, tree.name(id), flags, Mode::empty())?
        };
        check_unchanged(&file, tree, id)?;
        Ok(file)
    }

    /// Compares what stands in a file's place with what was scanned.
    pub(crate) fn look(&mut self, tree: &Tree, id: NodeId) -> Result<(), OpenError> {
        let flags = if tree.node(id).followed {
            AtFlags::empty()
        } else {
            AtFlags::SYMLINK_NOFOLLOW
        };
        let stat = if tree.is_base(id) {
            match apart(&tree.source_path(id))? {
                (Some(folder), rest) => rustix::fs::statat(folder, rest, flags)?,
                (None, path) => rustix::fs::statat(CWD, path, flags)?,
            }
        } else {
            let directory = self.folder(tree, tree.parent(id))?;
            rustix::fs::statat(directory, tree.name(id), flags)?
        };
        compare(&stat, tree, id)
    }

    /// A folder of the tree, opened unless it is the last one.
    fn folder(&mut self, tree: &Tree, folder: NodeId) -> Result<BorrowedFd<'_>, OpenError> {
        let open = match self.directory.take() {
            Some((id, open)) if id == folder => open,
            _ => {
                let follow = tree.node(folder).followed;
                open_directory(&tree.source_path(folder), follow).map_err(|error| {
                    rustix::io::Errno::from_io_error(&error)
                        .map_or_else(|| OpenError::Io(error), OpenError::from)
                })?
            }
        };
        Ok(self.directory.insert((folder, open)).1.as_fd())
    }
}

/// A path as the system takes it: one that is too long for one piece by its folder, which is opened.
fn apart(path: &Path) -> Result<(Option<OwnedFd>, &Path), OpenError> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Ok((None, path));
    };
    if path.as_os_str().len() <= PIECE {
        return Ok((None, path));
    }
    match open_directory(folder, true) {
        Ok(open) => Ok((Some(open), Path::new(name))),
        Err(error) => Err(rustix::io::Errno::from_io_error(&error)
            .map_or_else(|| OpenError::Io(error), OpenError::from)),
    }
}

/// Compares an open file with what was scanned.
pub(crate) fn check_unchanged(file: impl AsFd, tree: &Tree, id: NodeId) -> Result<(), OpenError> {
    compare(&rustix::fs::fstat(file)?, tree, id)
}

fn compare(stat: &Stat, tree: &Tree, id: NodeId) -> Result<(), OpenError> {
    // A file that was removed may leave its inode number to the next one.
    if NodeKind::from_mode(stat.st_mode) != tree.kind(id) {
        return Err(OpenError::Changed(SourceChange::Inode));
    }
    let now = Identity::of(stat);
    match now.change_since(&tree.node(id).identity) {
        Some(change) => Err(OpenError::Changed(change)),
        None => Ok(()),
    }
}

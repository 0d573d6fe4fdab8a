//! A folder of the host that nothing made through it can leave: each component of a path is opened by itself, below the
//! one before it, and no link is followed.
//!
//! Owns the open folders. Must not know volumes.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Component, Path};

use rustix::fs::{AtFlags, Mode, OFlags};

/// Folders that stay open at a time. Below them a path is opened anew from the root, so that depth is not bounded by
/// what a process may have open.
const MOST_OPEN: usize = 64;

/// A folder, and those below it that were opened last.
#[derive(Debug)]
pub(super) struct Beneath {
    root: OwnedFd,
    /// The components of the path that was opened last. The upper ones of a deep path are closed.
    path: Vec<(OsString, Option<OwnedFd>)>,
}

impl Beneath {
    /// Works below `root` from now on.
    pub(super) fn new(root: OwnedFd) -> Self {
        Self {
            root,
            path: Vec::new(),
        }
    }

    /// The folder at a path below the root; every component must be a folder, and none a link.
    ///
    /// # Errors
    /// The system's answer; [`io::ErrorKind::InvalidInput`] for a path with `..`.
    pub(super) fn folder(&mut self, path: &Path) -> io::Result<BorrowedFd<'_>> {
        let parts = components(path)?;
        let same = self.path.iter().zip(&parts);
        let same = same.take_while(|((name, _), part)| name == *part).count();
        self.path.truncate(same);
        if self.path.last().is_some_and(|(_, open)| open.is_none()) {
            self.path.clear();
        }
        for part in parts.into_iter().skip(self.path.len()) {
            let open = open_folder(self.last(), part)?;
            self.path.push((part.to_owned(), Some(open)));
            let upper = self.path.len().checked_sub(MOST_OPEN + 1);
            if let Some((_, upper)) = upper.and_then(|at| self.path.get_mut(at)) {
                *upper = None;
            }
        }
        Ok(self.last())
    }

    fn last(&self) -> BorrowedFd<'_> {
        match self.path.last() {
            Some((_, Some(open))) => open.as_fd(),
            _ => self.root.as_fd(),
        }
    }

    /// Makes a folder below an open one. One that is there already is as good; a link to one is not.
    ///
    /// # Errors
    /// The system's answer.
    pub(super) fn make_folder(
        &mut self,
        path: &Path,
        name: &OsStr,
        mode: Mode,
    ) -> io::Result<Made> {
        let parent = self.folder(path)?;
        match rustix::fs::mkdirat(parent, name, mode) {
            Ok(()) => Ok(Made::New),
            Err(rustix::io::Errno::EXIST) => {
                open_folder(parent, name)?;
                Ok(Made::WasThere)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Makes a file that was not there.
    ///
    /// # Errors
    /// The system's answer; [`io::ErrorKind::AlreadyExists`] whatever it is that is there, a link above all.
    pub(super) fn make_file(
        &mut self,
        path: &Path,
        name: &OsStr,
        mode: Mode,
    ) -> io::Result<OwnedFd> {
        let flags = OFlags::WRONLY
            | OFlags::CREATE
            | OFlags::EXCL
            | OFlags::NOFOLLOW
            | OFlags::CLOEXEC
            | OFlags::NOCTTY;
        Ok(rustix::fs::openat(self.folder(path)?, name, flags, mode)?)
    }

    /// Removes what stands under a name, unless it is a folder. Nothing there is no error.
    ///
    /// # Errors
    /// The system's answer.
    pub(super) fn remove(&mut self, path: &Path, name: &OsStr) -> io::Result<()> {
        match rustix::fs::unlinkat(self.folder(path)?, name, AtFlags::empty()) {
            Ok(()) | Err(rustix::io::Errno::NOENT) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// What came of making a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Made {
    New,
    WasThere,
}

fn open_folder(parent: BorrowedFd<'_>, name: &OsStr) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(rustix::fs::openat(parent, name, flags, Mode::empty())?)
}

fn components(path: &Path) -> io::Result<Vec<&OsStr>> {
    let parts = path.components().filter_map(|part| match part {
        Component::RootDir | Component::CurDir => None,
        Component::Normal(name) => Some(Ok(name)),
        Component::ParentDir | Component::Prefix(_) => {
            Some(Err(io::Error::from(io::ErrorKind::InvalidInput)))
        }
    });
    parts.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::path::PathBuf;

    fn beneath(folder: &Path) -> Beneath {
        Beneath::new(File::open(folder).unwrap().into())
    }

    #[test]
    fn no_component_is_a_link_and_none_leads_up() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("real")).unwrap();
        std::os::unix::fs::symlink("/tmp", dir.path().join("out")).unwrap();
        std::os::unix::fs::symlink("real", dir.path().join("inside")).unwrap();
        let mut below = beneath(dir.path());
        assert!(below.folder(Path::new("/real")).is_ok());
        for path in ["out", "inside", "../real", "real/../..", "missing"] {
            assert!(below.folder(Path::new(path)).is_err(), "{path}");
        }
        let mode = Mode::RWXU;
        let there = below.make_folder(Path::new("/"), OsStr::new("inside"), mode);
        assert!(there.is_err());
        let there = below.make_folder(Path::new("/"), OsStr::new("real"), mode);
        assert_eq!(there.unwrap(), Made::WasThere);
        let link = below.make_file(Path::new("/"), OsStr::new("out"), mode);
        assert_eq!(link.unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    }

    #[test]
    fn paths_may_be_deeper_than_files_may_be_open() {
        let dir = tempfile::tempdir().unwrap();
        let mut below = beneath(dir.path());
        let mut path = PathBuf::from("/");
        let depth = MOST_OPEN * 3;
        for n in 0..depth {
            let name = OsString::from(format!("folder {n}"));
            below.make_folder(&path, &name, Mode::RWXU).unwrap();
            path.push(name);
            below.folder(&path).unwrap();
            let open = below.path.iter().filter(|(_, open)| open.is_some());
            assert!(open.count() <= MOST_OPEN);
        }
        // The way back up finds the folders that were closed.
        while path.pop() {
            below.folder(&path).unwrap();
            assert_eq!(below.path.len(), path.components().count() - 1);
        }
        below.remove(Path::new("/"), OsStr::new("none")).unwrap();
    }
}

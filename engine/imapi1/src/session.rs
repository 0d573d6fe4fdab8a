//! One session on this machine. Owns the lock file that says so; must not know what a session does.
//!
//! The file is `pitland-imapi1.lock` in the folder where the engine's programs have the locks of drives, or in one that the
//! settings name. The lock is `flock`, as theirs: the kernel gives it back when the process ends, however it ends. The file
//! stays, empty, for all users.

use crate::condition::Condition;
use crate::error::Imapi1Error;
use rustix::fs::OFlags;
use std::fs::{File, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

const NAME: &str = "pitland-imapi1.lock";
/// Everyone may lock.
const MODE: u32 = 0o666;

/// The lock while it is held; dropping it gives it back.
#[derive(Debug)]
pub(crate) struct SessionLock {
    file: File,
}

impl Drop for SessionLock {
    /// Closing the file is not enough: a child that another thread is just starting has it open until it runs its own
    /// program.
    fn drop(&mut self) {
        let _ = self.file.unlock();
    }
}

impl SessionLock {
    /// Takes the lock in a folder.
    pub(crate) fn take(folder: &Path) -> Result<Self, Imapi1Error> {
        let path = folder.join(NAME);
        let failed = |error| Imapi1Error::io(Condition::FileAccess, &path, error);
        let file = open_or_make(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { file }),
            Err(TryLockError::WouldBlock) => Err(Condition::AlreadyOpen.into()),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }
}

/// Opens a file of ours, or makes it: never one that a link leads to.
fn open_or_make(path: &Path) -> io::Result<File> {
    // First without making it: the kernel refuses that for a file of another user in a folder for all.
    match options().read(true).open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        other => return plain(other?),
    }
    let made = options().write(true).create_new(true).mode(MODE).open(path);
    match made {
        // Somebody else has just made it.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            plain(options().read(true).open(path)?)
        }
        Err(error) => Err(error),
        Ok(file) => {
            // Whatever the umask is.
            file.set_permissions(Permissions::from_mode(MODE))?;
            Ok(file)
        }
    }
}

/// Never through a link, and never held up by a fifo.
pub(crate) fn options() -> OpenOptions {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let mut options = OpenOptions::new();
    options.custom_flags(i32::try_from(flags.bits()).unwrap_or(0));
    options
}

/// A file with one name.
pub(crate) fn plain(file: File) -> io::Result<File> {
    let meta = file.metadata()?;
    match meta.is_file() && meta.nlink() <= 1 {
        true => Ok(file),
        false => Err(io::Error::other("it is not a plain file: remove it")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn the_second_is_refused_until_the_first_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let first = SessionLock::take(folder.path()).unwrap();
        let second = SessionLock::take(folder.path()).unwrap_err();
        assert_eq!(second.condition(), Condition::AlreadyOpen);
        let of_a_child = first.file.try_clone().unwrap();
        drop(first);
        SessionLock::take(folder.path()).unwrap();
        drop(of_a_child);
        let mode = folder.path().join(NAME).metadata().unwrap().mode();
        assert_eq!(mode & 0o777, MODE);
    }

    #[test]
    fn a_link_in_its_place_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let other = folder.path().join("other");
        std::fs::write(&other, "").unwrap();
        symlink(&other, folder.path().join(NAME)).unwrap();
        let error = SessionLock::take(folder.path()).unwrap_err();
        assert_eq!(error.condition(), Condition::FileAccess);
    }
}

//! The stash: one file that what is staged is copied into, so that sources may change or go once a call has returned. Owns the
//! file, its bound and its lock; must not know what the bytes are.
//!
//! The file is `pitland-imapi1-UID.stash` in the folder that the settings name, for its user's eyes alone, and is removed with
//! the session. One that a killed program left behind is emptied and used by the next session.

use crate::condition::Condition;
use crate::error::Imapi1Error;
use crate::joliet::Stop;
use crate::session::{options, plain};
use crate::volume::{Host, StashDoubt, Volume};
use pitland::mastering::FileBytes;
use std::fs::{self, File, TryLockError};
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The most bytes of a stash: what one CD takes.
pub const MOST_STASH_BYTES: u64 = 800 * 1000 * 1000;
/// Bytes between two questions whether to stop.
const PIECE: usize = 256 * 1024;
/// How often a file is opened anew that was removed meanwhile.
const REOPENS: usize = 20;

/// The stash of a session.
#[derive(Debug)]
pub(crate) struct Stash {
    tail: Arc<Mutex<Tail>>,
    path: PathBuf,
    doubts: Vec<StashDoubt>,
}

/// Where the next bytes go. Whoever writes holds it, so that a call that was given up in mid-copy and the next one do not
/// meet.
#[derive(Debug)]
pub(crate) struct Tail {
    file: Arc<File>,
    path: PathBuf,
    length: u64,
    most: u64,
}

impl Stash {
    /// Makes the file, or takes the one that was left behind, for at most so many bytes.
    pub(crate) fn open(folder: &Path, most: u64, host: &Host) -> Result<Self, Imapi1Error> {
        let name = format!(
            "pitland-imapi1-{}.stash",
            rustix::process::getuid().as_raw()
        );
        let path = folder.join(name);
        let failed = |error| Imapi1Error::io(Condition::FileAccess, &path, error);
        let volume = Volume::of(folder, host).map_err(failed)?;
        let doubts = volume.judge(most)?;
        for _ in 0..REOPENS {
            let made = options()
                .read(true)
                .write(true)
                .create(true)
                .mode(0o600)
                .open(&path);
            let file = made.and_then(plain).map_err(failed)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(Condition::StashInUse.into()),
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
            // The session before may have removed it between the two.
            if !is_at(&file, &path) {
                continue;
            }
            file.set_len(0).map_err(failed)?;
            let file = Arc::new(file);
            let tail = Tail {
                file,
                path: path.clone(),
                length: 0,
                most,
            };
            return Ok(Self {
                tail: Arc::new(Mutex::new(tail)),
                path,
                doubts,
            });
        }
        Err(Condition::StashInUse.into())
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn doubts(&self) -> &[StashDoubt] {
        &self.doubts
    }

    /// What writes at its end, for a thread that may wait.
    pub(crate) fn tail(&self) -> Arc<Mutex<Tail>> {
        Arc::clone(&self.tail)
    }

    /// Bytes in it.
    pub(crate) fn length(&self) -> u64 {
        self.tail
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .length
    }

    /// Forgets all that is in it.
    pub(crate) fn clear(&self) {
        self.cut(0);
    }

    /// Forgets what lies behind a length that it had.
    pub(crate) fn cut(&self, length: u64) {
        let mut tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
        tail.cut(length);
    }
}

impl Drop for Stash {
    fn drop(&mut self) {
        // While the lock is held: what others make afterwards is not touched. A burn that is still being cancelled
        // reads what it needs from the open file.
        let _ = fs::remove_file(&self.path);
    }
}

fn is_at(file: &File, path: &Path) -> bool {
    match (file.metadata(), path.symlink_metadata()) {
        (Ok(open), Ok(there)) => (open.dev(), open.ino()) == (there.dev(), there.ino()),
        _ => false,
    }
}

/// Where bytes lie in the stash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) first: u64,
    pub(crate) length: u64,
}

impl Tail {
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// Goes back to a length that it had.
    pub(crate) fn cut(&mut self, length: u64) {
        self.length = length;
        // What lies behind the end is never read; the room is given back where the system can.
        if let Err(error) = self.file.set_len(length) {
            tracing::warn!(%error, "the stash cannot be shortened");
        }
    }

    /// Appends these bytes.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<Stored, Imapi1Error> {
        let first = self.length;
        let length = bytes.len() as u64;
        if length > self.most.saturating_sub(first) {
            return Err(Condition::NoRoomForStash.into());
        }
        self.file.write_all_at(bytes, first).map_err(|error| {
            let condition = match error.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                    Condition::NoRoomForStash
                }
                _ => Condition::FileAccess,
            };
            Imapi1Error::io(condition, &self.path, error)
        })?;
        self.length += length;
        Ok(Stored { first, length })
    }

    /// Appends all that a source has; `step` is told after each piece how many bytes it had.
    pub(crate) fn copy(
        &mut self,
        mut source: impl Read,
        of: &Path,
        stop: &Stop,
        mut step: impl FnMut(u64),
    ) -> Result<Stored, Imapi1Error> {
        let first = self.length;
        let mut piece = vec![0; PIECE];
        loop {
            if stop.is_wanted() {
                return Err(Condition::UserAbort.into());
            }
            let failed = |error| Imapi1Error::io(Condition::FileAccess, of, error);
            let count = match source.read(&mut piece) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                other => other.map_err(failed)?,
            };
            if count == 0 {
                let length = self.length - first;
                return Ok(Stored { first, length });
            }
            self.push(piece.get(..count).unwrap_or_default())?;
            step(count as u64);
        }
    }

    /// A file of a volume whose bytes lie there.
    pub(crate) fn bytes(&self, stored: Stored) -> Arc<dyn FileBytes> {
        Arc::new(StashedFile {
            file: Arc::clone(&self.file),
            stored,
        })
    }
}

/// A file of a volume whose bytes lie in the stash.
#[derive(Debug)]
struct StashedFile {
    file: Arc<File>,
    stored: Stored,
}

impl FileBytes for StashedFile {
    fn length(&self) -> u64 {
        self.stored.length
    }

    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file
            .read_exact_at(out, self.stored.first.saturating_add(offset))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stash(folder: &Path) -> Result<Stash, Imapi1Error> {
        Stash::open(folder, 10_000, &Host::this_one())
    }

    #[test]
    fn it_is_one_file_with_a_bound_and_goes_with_its_session() {
        let folder = tempfile::tempdir().unwrap();
        let first = stash(folder.path()).unwrap();
        let second = stash(folder.path()).unwrap_err();
        assert_eq!(second.condition(), Condition::StashInUse);
        let tail = first.tail();
        let stored = tail.lock().unwrap().push(&[7; 6000]).unwrap();
        assert_eq!(
            stored,
            Stored {
                first: 0,
                length: 6000
            }
        );
        let over = tail.lock().unwrap().push(&[8; 4001]).unwrap_err();
        assert_eq!(over.condition(), Condition::NoRoomForStash);
        let rest = tail
            .lock()
            .unwrap()
            .copy(&[9; 4000][..], Path::new("x"), &Stop::default(), |_| {})
            .unwrap();
        let mut out = [0; 2];
        tail.lock()
            .unwrap()
            .bytes(rest)
            .read_at(3998, &mut out)
            .unwrap();
        assert_eq!((out, first.length()), ([9; 2], 10_000));
        assert_eq!(fs::metadata(first.path()).unwrap().mode() & 0o777, 0o600);
        first.clear();
        assert_eq!(fs::metadata(first.path()).unwrap().len(), 0);
        drop((tail, first));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_a_killed_program_left_is_used_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = stash(folder.path()).unwrap().path().to_owned();
        fs::write(&path, "left behind").unwrap();
        let again = stash(folder.path()).unwrap();
        assert_eq!((again.path(), again.length()), (path.as_path(), 0));
        assert_eq!(fs::metadata(&path).unwrap().len(), 0);
    }
}

//! The folder of the journals: whose it is, who may look into it, which jobs run and which are dead.
//!
//! The folder is the user's own and has mode 0700, its files 0600; neither is reached through a link, and
//! what others may write is refused. Files are opened by the folder's descriptor: once it is open, a folder
//! that is put in its place is never used. A file gets its name when its first record is on stable storage;
//! from then until its job has ended its writer holds a lock (`flock`) on it, which the kernel gives back
//! however the process ends.
//!
//! Must not know what a journal says.

use crate::error::{Damage, FolderFault, JournalError};
use crate::journal::{Journal, MOST_FILE_BYTES, Tail};
use rustix::fs::{AtFlags, Dir, FlockOperation, Mode, OFlags};
use rustix::io::Errno;
use std::fmt;
use std::fs::{DirBuilder, File};
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The ending of a journal's name.
const ENDING: &str = ".job";
/// The ending of one that is being made.
const NEW_ENDING: &str = ".new";
/// A file that is being made and is older than this was left by a crash.
const STALE: Duration = Duration::from_secs(60);
/// The most characters of a job's name.
const MOST_NAME: usize = 32;
/// Names that are tried for a new job.
const MOST_TRIES: u32 = 4096;
/// How long a look by others may keep a job from being taken.
const LOOKS: u32 = 50;
const LOOK: Duration = Duration::from_millis(4);

/// The name of a job: letters, digits and `-`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JobId(String);

impl JobId {
    fn of_file(name: &str) -> Option<Self> {
        name.strip_suffix(ENDING)?.parse().ok()
    }

    fn file(&self) -> String {
        format!("{}{ENDING}", self.0)
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for JobId {
    type Err = JournalError;

    fn from_str(name: &str) -> Result<Self, JournalError> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if (1..=MOST_NAME).contains(&name.len()) && name.chars().all(is_plain) {
            Ok(Self(name.to_owned()))
        } else {
            Err(JournalError::NoSuchName {
                name: name.to_owned(),
            })
        }
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An open folder of journals. Cheap to clone.
#[derive(Debug, Clone)]
pub struct JobFolder {
    fd: Arc<OwnedFd>,
    path: PathBuf,
}

/// A journal's file, held by its lock.
#[derive(Debug)]
pub struct JobFile {
    pub(crate) file: File,
    folder: JobFolder,
    id: JobId,
}

/// A journal in the folder.
#[derive(Debug)]
#[non_exhaustive]
pub struct Listed {
    /// Its job.
    pub id: JobId,
    /// When it was last written to.
    pub written: SystemTime,
    /// What is known of it.
    pub state: JobState,
}

/// What is known of a job.
#[derive(Debug)]
#[non_exhaustive]
pub enum JobState {
    /// Its process lives.
    Running(Box<Journal>),
    /// It was cut off, or did not end well.
    Dead(Box<Journal>),
    /// Its journal cannot be used, and why.
    Unusable(JournalError),
}

/// The folder that is used where none is named: `/var/lib/pitland/jobs` for root; else
/// `$XDG_STATE_HOME/pitland/jobs`, else `~/.local/state/pitland/jobs`. `None` without a home.
pub fn default_folder() -> Option<PathBuf> {
    let absolute = |name| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    if rustix::process::geteuid().is_root() {
        return Some("/var/lib/pitland/jobs".into());
    }
    let state = absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local/state")));
    Some(state?.join("pitland/jobs"))
}

impl JobFolder {
    /// Opens the folder, and makes it, with those above it, where it is missing.
    ///
    /// # Errors
    /// [`JournalError::Place`]: it is a link, no folder, of another user, or others may write to it.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        match Self::existing(path)? {
            Some(folder) => Ok(folder),
            None => {
                let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
                made.map_err(|error| place(path, error))?;
                Self::existing(path)?
                    .ok_or_else(|| place(path, io::Error::from(io::ErrorKind::NotFound)))
            }
        }
    }

    /// Opens the folder if it is there.
    ///
    /// # Errors
    /// As [`JobFolder::open`].
    pub fn existing(path: &Path) -> Result<Option<Self>, JournalError> {
        let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::RDONLY | OFlags::CLOEXEC;
        let fd = match rustix::fs::open(path, flags, Mode::empty()) {
            Ok(fd) => fd,
            Err(Errno::NOENT) => return Ok(None),
            // With both flags a link is "not a directory".
            Err(Errno::LOOP | Errno::NOTDIR) => {
                let is_link = path
                    .symlink_metadata()
                    .is_ok_and(|found| found.is_symlink());
                return Err(place(
                    path,
                    if is_link {
                        FolderFault::Link
                    } else {
                        FolderFault::WrongKind
                    },
                ));
            }
            Err(error) => return Err(place(path, io::Error::from(error))),
        };
        let file = File::from(fd);
        let found = file.metadata().map_err(|error| place(path, error))?;
        ours(&found).map_err(|fault| place(path, fault))?;
        Ok(Some(Self {
            fd: Arc::new(file.into()),
            path: path.to_owned(),
        }))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The journals, the oldest first. What is not named as a journal is passed over.
    ///
    /// # Errors
    /// The folder cannot be read. A journal that cannot be is listed with its reason.
    pub fn list(&self) -> Result<Vec<Listed>, JournalError> {
        let failed = |error: Errno| place(&self.path, io::Error::from(error));
        let mut listed = Vec::new();
        for entry in Dir::read_from(&*self.fd).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name().to_str().unwrap_or_default();
            let Some(id) = JobId::of_file(name) else {
                continue;
            };
            let (written, state) = self.look(&id);
            // It ended well between being seen and being looked at.
            if matches!(state, JobState::Unusable(JournalError::NoSuchJob { .. })) {
                continue;
            }
            listed.push(Listed { id, written, state });
        }
        listed.sort_by(|a, b| (a.written, &a.id).cmp(&(b.written, &b.id)));
        Ok(listed)
    }

    fn look(&self, id: &JobId) -> (SystemTime, JobState) {
        let looked = self.open_file(id).and_then(|mut file| {
            let written = self.of(id, file.metadata().and_then(|found| found.modified()))?;
            let running = match rustix::fs::flock(&file, FlockOperation::NonBlockingLockShared) {
                Ok(()) => {
                    let unlocked = rustix::fs::flock(&file, FlockOperation::Unlock);
                    self.of(id, unlocked.map_err(io::Error::from))?;
                    false
                }
                Err(Errno::WOULDBLOCK) => true,
                Err(error) => return Err(self.at(id, io::Error::from(error))),
            };
            Ok((written, running, self.parse(id, &mut file)))
        });
        match looked {
            Ok((written, true, Ok(journal))) => (written, JobState::Running(Box::new(journal))),
            Ok((written, false, Ok(journal))) => (written, JobState::Dead(Box::new(journal))),
            Ok((written, _, Err(error))) => (written, JobState::Unusable(error)),
            Err(error) => (UNIX_EPOCH, JobState::Unusable(error)),
        }
    }

    /// Takes a job that nobody works on, for as long as the file is held, and reads its journal.
    ///
    /// # Errors
    /// [`JournalError::Running`], [`JournalError::NoSuchJob`], [`JournalError::Damaged`],
    /// [`JournalError::Version`], [`JournalError::Place`].
    pub fn take(&self, id: &JobId) -> Result<(JobFile, Journal), JournalError> {
        let mut file = self.open_file(id)?;
        if !self.of(id, lock(&file, LOOKS))? {
            return Err(JournalError::Running { id: id.0.clone() });
        }
        // Its writer may have removed it between the two.
        if self.of(id, file.metadata())?.nlink() == 0 {
            return Err(JournalError::NoSuchJob { id: id.0.clone() });
        }
        let journal = self.parse(id, &mut file)?;
        let held = JobFile {
            file,
            folder: self.clone(),
            id: id.clone(),
        };
        Ok((held, journal))
    }

    /// Removes the journal of a job that nobody works on, readable or not.
    ///
    /// # Errors
    /// [`JournalError::Running`], [`JournalError::NoSuchJob`], [`JournalError::Place`].
    pub fn forget(&self, id: &JobId) -> Result<(), JournalError> {
        let file = self.open_file(id)?;
        if !self.of(id, lock(&file, LOOKS))? {
            return Err(JournalError::Running { id: id.0.clone() });
        }
        // Another job may have its name by now.
        if self.of(id, file.metadata())?.nlink() == 0 {
            return Err(JournalError::NoSuchJob { id: id.0.clone() });
        }
        let held = JobFile {
            file,
            folder: self.clone(),
            id: id.clone(),
        };
        held.remove()
    }

    /// A file of a new job that holds `bytes`, locked and on stable storage.
    pub(crate) fn create(&self, bytes: &[u8]) -> Result<JobFile, JournalError> {
        self.sweep();
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let since = since.unwrap_or_default().as_secs();
        let flags = OFlags::CREATE
            | OFlags::EXCL
            | OFlags::NOFOLLOW
            | OFlags::RDWR
            | OFlags::APPEND
            | OFlags::CLOEXEC;
        for number in 1..=MOST_TRIES {
            let id = JobId(format!("{since:x}-{number}"));
            let new = format!("{}{NEW_ENDING}", id.0);
            let fd = match rustix::fs::openat(&*self.fd, &new, flags, Mode::from_raw_mode(0o600)) {
                Ok(fd) => fd,
                Err(Errno::EXIST) => continue,
                Err(error) => return Err(self.at(&id, io::Error::from(error))),
            };
            let made = self.fill(File::from(fd), &new, &id, bytes);
            if made.is_err() {
                let _ = rustix::fs::unlinkat(&*self.fd, &new, AtFlags::empty());
            }
            match made {
                Ok(Some(file)) => return Ok(file),
                Ok(None) => continue,
                Err(error) => return Err(self.at(&id, error)),
            }
        }
        Err(place(
            &self.path,
            io::Error::other("too many jobs begin at once"),
        ))
    }

    /// Fills and names a file; `None` when the name is taken.
    fn fill(&self, file: File, new: &str, id: &JobId, bytes: &[u8]) -> io::Result<Option<JobFile>> {
        use std::io::Write;
        if !lock(&file, LOOKS)? {
            return Err(io::Error::from(io::ErrorKind::WouldBlock));
        }
        (&file).write_all(bytes)?;
        file.sync_all()?;
        let named = rustix::fs::renameat_with(
            &*self.fd,
            new,
            &*self.fd,
            id.file(),
            rustix::fs::RenameFlags::NOREPLACE,
        );
        match named {
            Ok(()) => {}
            Err(Errno::EXIST) => {
                rustix::fs::unlinkat(&*self.fd, new, AtFlags::empty())?;
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        }
        rustix::fs::fsync(&*self.fd)?;
        Ok(Some(JobFile {
            file,
            folder: self.clone(),
            id: id.clone(),
        }))
    }

    /// Removes what a crash left half made. Failure harms nothing.
    fn sweep(&self) {
        let Ok(entries) = Dir::read_from(&*self.fd) else {
            return;
        };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let is_new = name.to_bytes().ends_with(NEW_ENDING.as_bytes());
            let stale = || {
                let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::RDWR | OFlags::CLOEXEC;
                let file =
                    File::from(rustix::fs::openat(&*self.fd, name, flags, Mode::empty()).ok()?);
                let age = file.metadata().ok()?.modified().ok()?.elapsed().ok()?;
                (age > STALE && lock(&file, 1).ok()?).then_some(())
            };
            if is_new && stale().is_some() {
                let _ = rustix::fs::unlinkat(&*self.fd, name, AtFlags::empty());
            }
        }
    }

    fn open_file(&self, id: &JobId) -> Result<File, JournalError> {
        let flags =
            OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::RDWR | OFlags::APPEND | OFlags::CLOEXEC;
        let fd = match rustix::fs::openat(&*self.fd, id.file(), flags, Mode::empty()) {
            Ok(fd) => fd,
            Err(Errno::NOENT) => return Err(JournalError::NoSuchJob { id: id.0.clone() }),
            Err(Errno::LOOP) => return Err(self.at(id, FolderFault::Link)),
            Err(Errno::ISDIR) => return Err(self.at(id, FolderFault::WrongKind)),
            Err(error) => return Err(self.at(id, io::Error::from(error))),
        };
        let file = File::from(fd);
        let found = self.of(id, file.metadata())?;
        if !found.is_file() {
            return Err(self.at(id, FolderFault::WrongKind));
        }
        ours(&found).map_err(|fault| self.at(id, fault))?;
        if found.nlink() > 1 {
            return Err(self.at(id, FolderFault::SecondName));
        }
        Ok(file)
    }

    fn parse(&self, id: &JobId, file: &mut File) -> Result<Journal, JournalError> {
        let mut bytes = Vec::new();
        let read = file.take(MOST_FILE_BYTES + 1).read_to_end(&mut bytes);
        self.of(id, read)?;
        if bytes.is_empty() {
            return Err(Damage::NothingBegun.into());
        }
        Journal::parse(&bytes)
    }

    fn at(&self, id: &JobId, fault: impl Into<FolderFault>) -> JournalError {
        place(&self.path.join(id.file()), fault)
    }

    fn of<T>(&self, id: &JobId, result: io::Result<T>) -> Result<T, JournalError> {
        result.map_err(|error| self.at(id, error))
    }
}

impl JobFile {
    /// Its job.
    pub fn id(&self) -> &JobId {
        &self.id
    }

    /// Where it is.
    pub fn folder(&self) -> &JobFolder {
        &self.folder
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path.join(self.id.file())
    }

    /// Adds a record, on stable storage.
    pub(crate) fn append(&self, bytes: &[u8]) -> Result<(), JournalError> {
        use std::io::Write;
        let written = (&self.file)
            .write_all(bytes)
            .and_then(|()| self.file.sync_data());
        self.folder.of(&self.id, written)
    }

    /// Takes away a record that was torn, so that more can follow.
    pub(crate) fn cut_torn_end(&self, journal: &Journal) -> Result<(), JournalError> {
        let Tail::Torn { at } = journal.tail else {
            return Ok(());
        };
        let cut = self.file.set_len(at).and_then(|()| self.file.sync_all());
        self.folder.of(&self.id, cut)
    }

    /// Removes it where it can be; what is left is listed, and harms nothing.
    pub(crate) fn remove_quietly(self) -> Option<Self> {
        let _ = self.remove();
        None
    }

    /// Removes it: the job has nothing left to do.
    ///
    /// # Errors
    /// [`JournalError::Place`].
    pub fn remove(self) -> Result<(), JournalError> {
        let folder = &self.folder;
        let removed = rustix::fs::unlinkat(&*folder.fd, self.id.file(), AtFlags::empty())
            .and_then(|()| rustix::fs::fsync(folder.fd.as_fd()));
        folder.of(&self.id, removed.map_err(io::Error::from))
    }
}

impl Drop for JobFile {
    /// Closing the file is not enough: a child that another thread is just starting has it open until it runs its own
    /// program.
    fn drop(&mut self) {
        let _ = rustix::fs::flock(&self.file, FlockOperation::Unlock);
    }
}

/// Locks a file for its only user; `false` when it has one. A look by others is waited for.
fn lock(file: &File, tries: u32) -> io::Result<bool> {
    for left in (0..tries).rev() {
        match rustix::fs::flock(file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(true),
            Err(Errno::WOULDBLOCK) if left > 0 => std::thread::sleep(LOOK),
            Err(Errno::WOULDBLOCK) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(false)
}

fn ours(found: &std::fs::Metadata) -> Result<(), FolderFault> {
    const WRITABLE_BY_OTHERS: u32 = 0o022;
    if found.uid() != rustix::process::geteuid().as_raw() {
        return Err(FolderFault::NotOurs { owner: found.uid() });
    }
    let mode = found.mode() & 0o7777;
    if mode & WRITABLE_BY_OTHERS != 0 {
        return Err(FolderFault::OthersMayWrite { mode });
    }
    Ok(())
}

fn place(path: &Path, fault: impl Into<FolderFault>) -> JournalError {
    JournalError::Place {
        path: path.to_owned(),
        fault: fault.into(),
    }
}

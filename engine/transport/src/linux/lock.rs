//! The advisory lock of a drive: which programs of ours look at it or hold it,
//! across processes and users.
//!
//! Owns the file: its place, its mode, its text, and what of all that is
//! believed. Must not know the drive's nodes; that the *kernel* keeps others
//! off is the hold's doing.
//!
//! # The file
//!
//! One for each SCSI device, by the address that sysfs gives it (the same for
//! the sr and the sg node, also when one of them is missing):
//!
//! ```text
//! FOLDER/pitland-H:C:T:L.lock       as pitland-2:0:0:0.lock
//! ```
//!
//! FOLDER is the first of these that fits, so that all programs agree on it:
//!
//! 1. `/run/lock/pitland`, where the administrator has made it (mode 1777, or
//!    2770 of a group to restrict it);
//! 2. `/run/lock`, where everyone may write (mode 1777, as on Debian);
//! 3. `/tmp`, likewise. A service with a `/tmp` of its own is not seen there.
//!
//! The mode is 0666, whatever the umask: all users of the drive share it. It
//! stays when the lock is given back. It is not to be removed while somebody
//! holds the drive: a look would find nothing and pass.
//!
//! Whoever may lock may keep others off: a user who holds a share of the lock
//! for ever refuses the drive to all. Where users are not to be trusted so far,
//! the administrator's folder and its group are the remedy.
//!
//! The lock is `flock`: shared for a look, exclusive for a hold. The kernel
//! gives it back when the process ends, however it ends.
//!
//! # The text
//!
//! One line, `PID NAME`, written by who holds the lock and removed with it.
//! Everyone can write the file, so the text is a hint: nobody is believed to
//! hold a drive whose lock is free, and a name is told only if the kernel's
//! own list of locks (`/proc/locks`) has no other process as the holder.

use super::ScsiAddress;
use super::holders::program_name;
use super::permission::{self, Access};
use crate::{ClaimDenied, Holder, flock};
use std::fs::{self, File, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Characters of a name that are kept.
pub const MOST_NAME_CHARS: usize = 64;
/// Bytes of the file that are read: a line of the longest name fits.
const MOST_TEXT_BYTES: usize = 512;
/// Everyone may lock.
const MODE: u32 = 0o666;

/// Where the lock files lie.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum LockPlace {
    /// In the folder that all programs agree on; see the module's page.
    #[default]
    Agreed,
    /// In a folder of one's own. Programs that use another one do not see
    /// each other's locks.
    Folder(PathBuf),
}

impl LockPlace {
    /// The folder as of now.
    pub fn folder(&self) -> PathBuf {
        match self {
            Self::Folder(folder) => folder.clone(),
            Self::Agreed => agreed(
                Path::new("/run/lock/pitland"),
                &[Path::new("/run/lock"), Path::new("/tmp")],
            ),
        }
    }

    /// The lock file of a SCSI device.
    pub fn file(&self, scsi: ScsiAddress) -> PathBuf {
        self.folder().join(format!("pitland-{scsi}.lock"))
    }
}

/// The folder that root has made, or the first that everyone may write.
fn agreed(made: &Path, shared: &[&Path]) -> PathBuf {
    const STICKY_FOR_ALL: u32 = 0o1777;
    let is_folder = |path: &Path| fs::symlink_metadata(path).is_ok_and(|found| found.is_dir());
    if is_folder(made) && fs::symlink_metadata(made).is_ok_and(|found| found.uid() == 0) {
        return made.to_owned();
    }
    let is_shared = |path: &Path| {
        fs::metadata(path)
            .is_ok_and(|found| found.is_dir() && found.mode() & STICKY_FOR_ALL == STICKY_FOR_ALL)
    };
    let fits = shared.iter().find(|path| is_shared(path));
    fits.or(shared.last())
        .map_or_else(|| made.to_owned(), |path| path.to_path_buf())
}

/// What became of an attempt to lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempt {
    /// It is ours.
    Ours,
    /// Others look at the drive; they will be done soon.
    BeingLookedAt,
    /// Another program holds it.
    Held(Holder),
}

/// One program's side of a drive's lock. Dropping it gives the lock back.
#[derive(Debug)]
pub struct DriveLock {
    path: PathBuf,
    proc: PathBuf,
    file: Option<File>,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Free,
    Shared,
    Exclusive,
}

impl DriveLock {
    /// The lock of a SCSI device, not taken. `proc` is where procfs is.
    pub fn new(place: &LockPlace, scsi: ScsiAddress, proc: &Path) -> Self {
        Self {
            path: place.file(scsi),
            proc: proc.to_owned(),
            file: None,
            state: State::Free,
        }
    }

    /// The lock file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// For a look. Where the file is not there and may not be made, nobody
    /// of us can have locked it, and the look goes on without a lock.
    ///
    /// # Errors
    /// The file cannot be used; the [`ClaimDenied`] names it.
    pub fn share(&mut self) -> Result<Attempt, ClaimDenied> {
        match self.attempt(Wanted::Shared) {
            Err(ClaimDenied::NotPermitted { .. } | ClaimDenied::System { .. })
                if is_missing(&self.path) =>
            {
                Ok(Attempt::Ours)
            }
            other => other,
        }
    }

    /// For a hold, under a name of which 64 printable characters are kept. A
    /// look of one's own becomes the hold.
    ///
    /// # Errors
    /// The file cannot be used; the [`ClaimDenied`] names it.
    pub fn hold(&mut self, who: &str) -> Result<Attempt, ClaimDenied> {
        let attempt = self.attempt(Wanted::Exclusive)?;
        if let (Attempt::Ours, Some(file)) = (&attempt, &self.file) {
            let text = format!("{} {}\n", std::process::id(), kept(who));
            let written = file
                .set_len(0)
                .and_then(|()| file.write_all_at(text.as_bytes(), 0));
            written.map_err(|cause| system(&self.path, cause))?;
        }
        Ok(attempt)
    }

    /// From a hold back to the look that was there before.
    pub fn back_to_look(&mut self) {
        self.forget_text();
        if let Some(file) = &self.file {
            // Between the two another program may take it; the look is then over.
            self.state = match file.try_lock_shared() {
                Ok(()) => State::Shared,
                Err(_) => State::Free,
            };
        }
    }

    /// Gives the lock back.
    pub fn free(&mut self) {
        self.forget_text();
        self.close();
        self.state = State::Free;
    }

    /// Closing the file is not enough: a child that another thread is just starting has it open until it runs
    /// its own program.
    fn close(&mut self) {
        if let Some(file) = self.file.take() {
            let _ = file.unlock();
        }
    }

    fn forget_text(&mut self) {
        if let (State::Exclusive, Some(file)) = (self.state, &self.file) {
            // A text that stays is not believed by anyone.
            let _ = file.set_len(0);
        }
    }

    fn attempt(&mut self, wanted: Wanted) -> Result<Attempt, ClaimDenied> {
        // A look may have had to open the file for reading only.
        self.close();
        for _ in 0..REOPENS {
            let file = open(&self.path, wanted)?;
            let attempt =
                lock(&file, wanted, &self.proc).map_err(|cause| system(&self.path, cause))?;
            match attempt {
                // Somebody has removed the file: a lock on it excludes nobody.
                Attempt::Ours if !is_at(&file, &self.path) => continue,
                Attempt::Ours => {
                    self.state = match wanted {
                        Wanted::Shared => State::Shared,
                        Wanted::Exclusive => State::Exclusive,
                    };
                }
                // A look that was there may be lost by now: flock changes in two steps.
                _ if self.state == State::Shared && file.try_lock_shared().is_ok() => {}
                _ => {
                    self.state = State::Free;
                    return Ok(attempt);
                }
            }
            self.file = Some(file);
            return Ok(attempt);
        }
        let cause = io::Error::other("it is removed again and again");
        Err(system(&self.path, cause))
    }
}

impl Drop for DriveLock {
    fn drop(&mut self) {
        self.free();
    }
}

/// Whether nothing has this name for sure: a folder that may not be searched
/// says nothing.
fn is_missing(path: &Path) -> bool {
    path.symlink_metadata()
        .is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
}

/// How often a lock file is opened anew that was removed meanwhile.
const REOPENS: usize = 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Shared,
    Exclusive,
}

/// Who holds a drive, for anyone who asks. A look is no hold.
///
/// # Errors
/// The file is there and cannot be used; the [`ClaimDenied`] names it.
pub fn holder(
    place: &LockPlace,
    scsi: ScsiAddress,
    proc: &Path,
) -> Result<Option<Holder>, ClaimDenied> {
    let path = place.file(scsi);
    let file = match open_existing(&path, Wanted::Shared) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(not_opened(&path, Wanted::Shared, error)),
    };
    vet(&file, &path)?;
    match lock(&file, Wanted::Shared, proc).map_err(|cause| system(&path, cause))? {
        Attempt::Held(holder) => Ok(Some(holder)),
        _ => Ok(None),
    }
}

/// One try, on a file that is open.
fn lock(file: &File, wanted: Wanted, proc: &Path) -> io::Result<Attempt> {
    let tried = match wanted {
        Wanted::Shared => file.try_lock_shared(),
        Wanted::Exclusive => file.try_lock(),
    };
    match (tried, wanted) {
        (Ok(()), _) => return Ok(Attempt::Ours),
        (Err(TryLockError::Error(error)), _) => return Err(error),
        (Err(TryLockError::WouldBlock), Wanted::Shared) => {}
        (Err(TryLockError::WouldBlock), Wanted::Exclusive) => {
            // If a share is to be had, only lookers stand in the way.
            if file.try_lock_shared().is_ok() {
                file.unlock()?;
                return Ok(Attempt::BeingLookedAt);
            }
        }
    }
    Ok(Attempt::Held(who_holds(file, proc)?))
}

/// Opens the file, or makes it.
fn open(path: &Path, wanted: Wanted) -> Result<File, ClaimDenied> {
    let mut last = io::Error::from(io::ErrorKind::NotFound);
    for _ in 0..REOPENS {
        // First without O_CREAT: the kernel refuses that for a file of another user in a folder for all
        // (fs.protected_regular), to root, too.
        let opened = match open_existing(path, wanted) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => create(path),
            other => other,
        };
        match opened {
            Ok(file) => {
                vet(&file, path)?;
                return Ok(file);
            }
            // Somebody else has just made it, and may not have set its mode yet.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => last = error,
            Err(error)
                if error.kind() == io::ErrorKind::PermissionDenied && is_being_made(path) =>
            {
                last = error;
                std::thread::sleep(BEING_MADE);
            }
            Err(error) => return Err(not_opened(path, wanted, error)),
        }
    }
    Err(not_opened(path, wanted, last))
}

/// Between the making of a file and the setting of its mode.
const BEING_MADE: core::time::Duration = core::time::Duration::from_millis(5);

fn is_being_made(path: &Path) -> bool {
    let age = |found: fs::Metadata| found.modified().ok()?.elapsed().ok();
    fs::symlink_metadata(path)
        .ok()
        .and_then(age)
        .is_some_and(|age| age < BEING_MADE * REOPENS as u32)
}

fn open_existing(path: &Path, wanted: Wanted) -> io::Result<File> {
    const FLAGS: i32 = libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_NOCTTY | libc::O_CLOEXEC;
    let open = |write| {
        OpenOptions::new()
            .read(true)
            .write(write)
            .custom_flags(FLAGS)
            .open(path)
    };
    match (open(true), wanted) {
        // A look writes nothing.
        (Err(error), Wanted::Shared) if error.kind() != io::ErrorKind::NotFound => open(false),
        (opened, _) => opened,
    }
}

fn create(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .mode(MODE)
        .open(path)?;
    // The umask has taken bits away.
    file.set_permissions(Permissions::from_mode(MODE))?;
    Ok(file)
}

/// Refuses what is no plain file of one name: a name that leads elsewhere
/// could make us write into another user's file.
fn vet(file: &File, path: &Path) -> Result<(), ClaimDenied> {
    let found = file.metadata().map_err(|cause| system(path, cause))?;
    if !found.is_file() {
        return Err(odd(path, "it is no plain file"));
    }
    match found.nlink() {
        0 | 1 => Ok(()),
        _ => Err(odd(path, "it has a second name")),
    }
}

/// Whether the open file is still the one at the path.
fn is_at(file: &File, path: &Path) -> bool {
    match (file.metadata(), fs::symlink_metadata(path)) {
        (Ok(open), Ok(there)) => (open.dev(), open.ino()) == (there.dev(), there.ino()),
        _ => false,
    }
}

fn odd(path: &Path, why: &'static str) -> ClaimDenied {
    ClaimDenied::OddLockFile {
        path: path.to_owned(),
        why,
    }
}

fn system(path: &Path, cause: io::Error) -> ClaimDenied {
    ClaimDenied::System {
        path: path.to_owned(),
        cause: Arc::new(cause),
    }
}

fn not_opened(path: &Path, wanted: Wanted, error: io::Error) -> ClaimDenied {
    match error.raw_os_error() {
        Some(libc::ELOOP) => return odd(path, "it is a symbolic link"),
        Some(libc::EISDIR | libc::ENXIO) => return odd(path, "it is no plain file"),
        _ => {}
    }
    if !permission::is_refusal(&error) {
        return system(path, error);
    }
    let access = match wanted {
        Wanted::Shared => Access::Read,
        Wanted::Exclusive => Access::ReadWrite,
    };
    // A file that may not be made is the folder's refusal.
    let folder = path.parent().unwrap_or(path);
    let refuses = if path.exists() { path } else { folder };
    ClaimDenied::NotPermitted {
        node: refuses.to_owned(),
        missing: permission::missing(refuses, access, &error),
    }
}

/// The name as it is written: one line, of limited length, never empty.
fn kept(who: &str) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    let kept: String = who.chars().take(MOST_NAME_CHARS).map(plain).collect();
    match kept.trim() {
        "" => "-".into(),
        name => name.into(),
    }
}

/// Process and name of a text; `None`: it is not one of ours.
fn parse(text: &[u8]) -> Option<(u32, String)> {
    let end = text.iter().position(|b| *b == b'\n')?;
    let line = core::str::from_utf8(text.get(..end)?).ok()?;
    let (pid, name) = line.split_once(' ')?;
    let is_name = !name.is_empty()
        && name.chars().count() <= MOST_NAME_CHARS
        && !name.chars().any(char::is_control);
    let pid = pid.parse().ok().filter(|pid| *pid > 0)?;
    is_name.then(|| (pid, name.to_owned()))
}

/// Whom the text and the kernel's list name, of a lock that is not free.
fn who_holds(file: &File, proc: &Path) -> io::Result<Holder> {
    let mut text = [0; MOST_TEXT_BYTES];
    let read = file.read_at(&mut text, 0)?;
    let told = parse(text.get(..read).unwrap_or_default());
    let found = file.metadata()?;
    let listed = fs::read_to_string(proc.join("locks")).unwrap_or_default();
    let owner = flock::held(&listed, &found).find(|lock| lock.is_exclusive);
    let (who, pid) = match (owner.map(|lock| lock.pid), told) {
        (Some(pid), Some((told, who))) if pid == told => (Some(who), Some(pid)),
        // The text is another process': an old one's, or a lie.
        (Some(pid), _) => (None, Some(pid)),
        // A process of another namespace has no number here.
        (None, Some((_, who))) => (Some(who), None),
        (None, None) => (None, None),
    };
    let program = pid.and_then(|pid| program_name(proc, pid));
    Ok(Holder::new(who, pid, program))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_lock_that_is_given_back_is_free_though_a_child_has_its_file_open() {
        let folder = tempfile::tempdir().unwrap();
        let place = LockPlace::Folder(folder.path().to_owned());
        let scsi = ScsiAddress {
            host: 9,
            channel: 0,
            target: 0,
            lun: 0,
        };
        let proc = Path::new("/proc");
        let mut held = DriveLock::new(&place, scsi, proc);
        assert!(matches!(held.hold("first"), Ok(Attempt::Ours)));
        let child = held.file.as_ref().unwrap().try_clone().unwrap();
        let mut next = DriveLock::new(&place, scsi, proc);
        assert!(matches!(next.hold("second"), Ok(Attempt::Held(_))));
        held.free();
        assert!(matches!(next.hold("second"), Ok(Attempt::Ours)));
        drop(child);
    }

    #[test]
    fn what_is_written_is_one_short_line() {
        for (who, name) in [
            ("archive", "archive"),
            ("two\nlines\u{1b}[2J", "two lines [2J"),
            ("", "-"),
            (" \n ", "-"),
        ] {
            assert_eq!(kept(who), name);
        }
        assert_eq!(kept(&"ß".repeat(100)).chars().count(), MOST_NAME_CHARS);
    }

    #[test]
    fn texts_that_are_not_ours_are_not_read() {
        for odd in [
            "",
            "\n",
            "12",
            "12 \n",
            "12 name",
            "x name\n",
            "-1 name\n",
            "0 name\n",
            "12 a\u{7}b\n",
            "4294967296 name\n",
        ] {
            assert_eq!(parse(odd.as_bytes()), None, "{odd:?}");
        }
        assert_eq!(parse(b"12 \xFFx\n"), None);
        let long = format!("12 {}\n", "x".repeat(65));
        assert_eq!(parse(long.as_bytes()), None);
        assert_eq!(parse(b"12 a b\nrest"), Some((12, "a b".into())));
    }

    proptest! {
        #[test]
        fn every_name_reads_back_as_it_is_kept(who in "\\PC{0,80}|.{0,80}", pid in 1u32..) {
            let text = format!("{pid} {}\n", kept(&who));
            prop_assert!(text.len() <= MOST_TEXT_BYTES);
            prop_assert_eq!(parse(text.as_bytes()), Some((pid, kept(&who))));
        }

        #[test]
        fn any_text_is_read_without_a_panic(text in prop::collection::vec(any::<u8>(), 0..80)) {
            if let Some((_, name)) = parse(&text) {
                prop_assert!(name.chars().count() <= MOST_NAME_CHARS);
                prop_assert!(!name.chars().any(char::is_control));
            }
        }
    }

    #[test]
    fn the_folder_is_the_one_that_root_made_or_one_for_all() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str, mode| {
            let path = folder.path().join(name);
            fs::create_dir(&path).unwrap();
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            path
        };
        let (closed, open) = (at("closed", 0o755), at("open", 0o1777));
        let missing = folder.path().join("missing");
        assert_eq!(agreed(&missing, &[&closed, &open]), open);
        assert_eq!(agreed(&missing, &[&open, &closed]), open);
        assert_eq!(agreed(&missing, &[&missing, &closed]), closed);
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&closed, &link).unwrap();
        assert_eq!(agreed(&link, &[&open]), open);
        let made_by_root = fs::metadata(&closed).unwrap().uid() == 0;
        let expected = if made_by_root { &closed } else { &open };
        assert_eq!(&agreed(&closed, &[&open]), expected);
    }
}

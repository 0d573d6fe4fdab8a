//! What a session is told beforehand. Owns the defaults.

use crate::stash::MOST_STASH_BYTES;
use pitland::VerifyLevel;
use pitland::transport::linux::lock::LockPlace;
use pitland::transport::linux::watch::WatchOptions;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// How a session is opened. The default: the drives of the engine alone, a stash of up to 800 MB in the folder for large
/// temporary files, one session on this machine.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct DiscMasterSettings {
    /// The client's name, by which others see who has a drive: 1 to 64 characters.
    pub client: String,
    /// The drives of the machine, too: opened when they are enumerated, and watched. `None`: those that the engine has.
    pub machine: Option<WatchOptions>,
    /// Where the stash lies; `None`: where `TMPDIR` says, else in the folder for large temporary files.
    pub stash_folder: Option<PathBuf>,
    /// The most bytes of the stash, for which there must be room: 800 million, or fewer.
    pub stash_bytes: u64,
    /// Where the lock of the session lies; `None`: where all programs of this machine agree to have it.
    pub lock_folder: Option<PathBuf>,
    /// How much of a data disc is read back. IMAPI 1 reads nothing back.
    pub verify: VerifyLevel,
    /// When volumes say they were made; `None`: when the session is opened.
    pub created: Option<SystemTime>,
}

impl Default for DiscMasterSettings {
    fn default() -> Self {
        Self {
            client: "IMAPI 1".into(),
            machine: None,
            stash_folder: None,
            stash_bytes: MOST_STASH_BYTES,
            lock_folder: None,
            verify: VerifyLevel::None,
            created: None,
        }
    }
}

impl DiscMasterSettings {
    /// With the stash in this folder.
    #[must_use]
    pub fn stash_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.stash_folder = Some(folder.into());
        self
    }

    /// With a stash of at most so many bytes.
    #[must_use]
    pub fn stash_bytes(mut self, bytes: u64) -> Self {
        self.stash_bytes = bytes;
        self
    }

    /// With the lock in this folder: sessions that have theirs in others are not seen.
    #[must_use]
    pub fn lock_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.lock_folder = Some(folder.into());
        self
    }

    /// With the drives of the machine.
    #[must_use]
    pub fn machine(mut self, options: WatchOptions) -> Self {
        self.machine = Some(options);
        self
    }

    /// With another client's name.
    #[must_use]
    pub fn client(mut self, name: impl Into<String>) -> Self {
        self.client = name.into();
        self
    }

    /// With data discs read back.
    #[must_use]
    pub fn verify(mut self, verify: VerifyLevel) -> Self {
        self.verify = verify;
        self
    }

    /// With a stated time of creation, for discs that can be made again bit by bit.
    #[must_use]
    pub fn created(mut self, created: SystemTime) -> Self {
        self.created = Some(created);
        self
    }

    pub(crate) fn stash_in(&self) -> PathBuf {
        let standard = || {
            let large = Path::new("/var/tmp");
            match std::env::var_os("TMPDIR").is_none() && large.is_dir() {
                true => large.to_owned(),
                false => std::env::temp_dir(),
            }
        };
        self.stash_folder.clone().unwrap_or_else(standard)
    }

    pub(crate) fn lock_in(&self) -> PathBuf {
        let agreed = || LockPlace::Agreed.folder();
        self.lock_folder.clone().unwrap_or_else(agreed)
    }

    pub(crate) fn most_stash(&self) -> u64 {
        self.stash_bytes.min(MOST_STASH_BYTES)
    }
}

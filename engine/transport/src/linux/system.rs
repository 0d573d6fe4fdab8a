//! Where the kernel shows things, and where our locks lie.
//!
//! Owns the folders only, so that a test puts its own in their place.

use super::lock::LockPlace;
use std::path::PathBuf;

/// The folders that everything here reads.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct System {
    /// Where sysfs is mounted.
    pub sys: PathBuf,
    /// Where procfs is mounted.
    pub proc: PathBuf,
    /// Where the device nodes are.
    pub dev: PathBuf,
    /// The folder of the lock files.
    pub locks: LockPlace,
}

impl Default for System {
    fn default() -> Self {
        Self {
            sys: "/sys".into(),
            proc: "/proc".into(),
            dev: "/dev".into(),
            locks: LockPlace::default(),
        }
    }
}

impl System {
    /// The same with the lock files in another folder.
    pub fn with_locks(mut self, locks: LockPlace) -> Self {
        self.locks = locks;
        self
    }
}

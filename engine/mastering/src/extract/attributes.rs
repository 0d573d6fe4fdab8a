//! What a file of the host takes over of its record: mode, owner, times and attributes, as far as that is harmless.
//!
//! Must not know paths.

use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use rustix::fs::{AtFlags, Gid, Mode, Timespec, Timestamps, Uid, XattrFlags};

use crate::read::Entry;
use crate::time::Timestamp;
use crate::tree::ExtendedAttribute;

/// Permissions that are taken over: none that lends anybody the rights of another.
const PERMISSIONS: u32 = 0o777;

/// The namespace whose attributes mean something to users alone.
const OF_USERS: &[u8] = b"user.";

/// What is set on a file when it is complete.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attributes {
    mode: Option<Mode>,
    owner: Option<(Uid, Gid)>,
    times: Option<(Timestamp, Timestamp)>,
}

/// Sets an entry's extended attributes that belong to users, on an open file or folder that its owner may still write to.
/// All others can change what a program may do, or whom a file belongs to. Answers the names that the system refused.
pub(super) fn set_extended(file: impl AsFd, entry: &Entry) -> Vec<(Vec<u8>, io::Error)> {
    let of_users = entry
        .attributes
        .iter()
        .filter(|attribute| attribute.name.starts_with(OF_USERS));
    let refused = of_users.filter_map(|ExtendedAttribute { name, value }| {
        let set = rustix::fs::fsetxattr(&file, name.as_slice(), value, XattrFlags::empty());
        set.err().map(|error| (name.clone(), error.into()))
    });
    refused.collect()
}

impl Attributes {
    /// Those of an entry.
    pub(super) fn of(entry: &Entry, with_owners: bool) -> Self {
        let posix = entry.posix;
        // All bits set mean "leave it" to the system.
        let owner = posix.filter(|p| with_owners && p.uid != u32::MAX && p.gid != u32::MAX);
        Self {
            mode: posix.map(|posix| Mode::from_raw_mode(posix.mode & PERMISSIONS)),
            owner: owner.map(|posix| (Uid::from_raw(posix.uid), Gid::from_raw(posix.gid))),
            times: entry
                .modified
                .map(|modified| (entry.accessed.unwrap_or(modified), modified)),
        }
    }

    /// Sets them on an open file or folder; the owner before the mode, which may take away the right to it.
    pub(super) fn set(&self, file: impl AsFd) -> io::Result<()> {
        let file = file.as_fd();
        if let Some((uid, gid)) = self.owner {
            rustix::fs::fchown(file, Some(uid), Some(gid))?;
        }
        if let Some(mode) = self.mode {
            rustix::fs::fchmod(file, mode)?;
        }
        if let Some(times) = self.timestamps() {
            rustix::fs::futimens(file, &times)?;
        }
        Ok(())
    }

    /// Sets them on a link itself, which has no mode.
    pub(super) fn set_link(&self, parent: BorrowedFd<'_>, name: &OsStr) -> io::Result<()> {
        let itself = AtFlags::SYMLINK_NOFOLLOW;
        if let Some((uid, gid)) = self.owner {
            rustix::fs::chownat(parent, name, Some(uid), Some(gid), itself)?;
        }
        if let Some(times) = self.timestamps() {
            rustix::fs::utimensat(parent, name, &times, itself)?;
        }
        Ok(())
    }

    fn timestamps(&self) -> Option<Timestamps> {
        let (accessed, modified) = self.times?;
        let spec = |time: Timestamp| Timespec {
            tv_sec: time.seconds,
            tv_nsec: time.nanoseconds.min(999_999_999).into(),
        };
        Some(Timestamps {
            last_access: spec(accessed),
            last_modification: spec(modified),
        })
    }
}

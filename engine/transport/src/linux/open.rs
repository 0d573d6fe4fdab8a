//! Opening a drive's nodes.
//!
//! Owns the flags, what a refusal is called, and the limits that an open node
//! has. Must not know what it is opened for.

use super::permission::{self, Access};
use super::sg_io::Channel;
use super::{DeviceError, DeviceNumber, DriveNodes, Node, NodeKind, System, holders, lock, sys};
use crate::address::OpenMode;
use crate::{Holder, Limits};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The open node that commands go through.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) file: File,
    pub(super) channel: Channel,
}

impl Link {
    /// Opens a node for commands: for reading only where that is all that is
    /// granted and `mode` asks for no more.
    pub(super) fn open(
        nodes: &DriveNodes,
        mode: OpenMode,
        system: &System,
    ) -> Result<Self, DeviceError> {
        let node = nodes.for_commands().ok_or_else(|| DeviceError::Missing {
            path: nodes.folder.clone(),
        })?;
        let refused = match open_node(node, Access::ReadWrite, 0) {
            Ok(file) => return Ok(Self::new(file, node, false)),
            Err(error) => error,
        };
        let may_read_only = mode == OpenMode::ReadOnly
            && matches!(
                refused.raw_os_error(),
                Some(libc::EACCES | libc::EPERM | libc::EROFS | libc::EBUSY)
            );
        if !may_read_only {
            return Err(open_refused(
                nodes,
                node,
                Access::ReadWrite,
                system,
                refused,
            ));
        }
        open_node(node, Access::Read, 0)
            .map(|file| Self::new(file, node, true))
            .map_err(|error| open_refused(nodes, node, Access::Read, system, error))
    }

    /// A node that is open.
    pub(super) fn new(file: File, node: &Node, read_only: bool) -> Self {
        Self {
            file,
            channel: Channel {
                generic: node.number.kind == NodeKind::Generic,
                read_only,
            },
        }
    }
}

/// Opens a node without waiting for a disc; `flags` are further ones. A path
/// that leads to another device by now is refused as one that is gone.
pub(super) fn open_node(node: &Node, access: Access, flags: i32) -> io::Result<File> {
    let file = OpenOptions::new()
        .read(true)
        .write(access == Access::ReadWrite)
        .custom_flags(libc::O_NONBLOCK | libc::O_CLOEXEC | libc::O_NOCTTY | flags)
        .open(&node.path)?;
    match DeviceNumber::of_file(&file)? {
        Some(number) if number == node.number => Ok(file),
        _ => Err(io::Error::from_raw_os_error(libc::ENODEV)),
    }
}

/// A client of ours by the name that it has given, others by their programs.
fn holders_of(nodes: &DriveNodes, node: &Node, system: &System) -> Vec<Holder> {
    match lock::holder(&system.locks, nodes.scsi, &system.proc) {
        Ok(Some(holder)) => vec![holder],
        _ => holders::of_node(system, node.number),
    }
}

fn open_refused(
    nodes: &DriveNodes,
    node: &Node,
    access: Access,
    system: &System,
    error: io::Error,
) -> DeviceError {
    let path = node.path.clone();
    match error.raw_os_error() {
        Some(libc::ENOENT) => DeviceError::Missing { path },
        Some(libc::ENODEV | libc::ENXIO) => DeviceError::Gone { path },
        Some(libc::EBUSY) => DeviceError::Busy {
            node: path,
            holders: holders_of(nodes, node, system),
        },
        _ if permission::is_refusal(&error) => DeviceError::NotPermitted {
            missing: permission::missing(&path, access, &error),
            node: path,
        },
        _ => DeviceError::System {
            path,
            source: error,
        },
    }
}

/// What one exchange may carry: the usual 64 KiB, or less where the host
/// adapter takes less.
pub(super) fn limits(nodes: &DriveNodes, link: &Link) -> Limits {
    let most = match (&nodes.block_folder, link.channel.generic) {
        (Some(folder), _) => queue_bytes(&folder.join("queue")),
        (None, true) => sys::generic_transfer_bytes(link.file.as_fd()).ok(),
        (None, false) => None,
    };
    Limits::with_max_transfer(most.map_or(Limits::DEFAULT_TRANSFER_BYTES, whole_blocks))
}

fn whole_blocks(most: usize) -> usize {
    let whole = most.min(Limits::DEFAULT_TRANSFER_BYTES) / BLOCK * BLOCK;
    whole.max(BLOCK)
}

const BLOCK: usize = 2048;
const PAGE: usize = 4096;

/// The least of what a block device's queue in sysfs limits.
fn queue_bytes(queue: &Path) -> Option<usize> {
    let number = |name: &str| -> Option<usize> {
        let text = fs::read_to_string(queue.join(name)).ok()?;
        text.trim_end().parse().ok()
    };
    let kib = |name| number(name)?.checked_mul(1024);
    // A buffer that begins within a page takes one page more than its length.
    let by_segments = number("max_segments")
        .filter(|segments| *segments > 1)
        .and_then(|segments| (segments - 1).checked_mul(PAGE));
    [kib("max_hw_sectors_kb"), kib("max_sectors_kb"), by_segments]
        .into_iter()
        .flatten()
        .filter(|bytes| *bytes > 0)
        .min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_narrowest_of_a_queues_limits_counts() {
        let queue = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(queue.path().join(name), text).unwrap();
        assert_eq!(queue_bytes(queue.path()), None);
        write("max_hw_sectors_kb", "32766\n");
        write("max_sectors_kb", "1280\n");
        assert_eq!(queue_bytes(queue.path()), Some(1280 * 1024));
        write("max_segments", "9\n");
        assert_eq!(queue_bytes(queue.path()), Some(8 * 4096));
        write("max_hw_sectors_kb", "16\n");
        assert_eq!(queue_bytes(queue.path()), Some(16 * 1024));
        write("max_hw_sectors_kb", "99999999999999999999\n");
        write("max_segments", "0\n");
        write("max_sectors_kb", "x\n");
        assert_eq!(queue_bytes(queue.path()), None);
    }

    #[test]
    fn limits_are_whole_blocks_and_never_above_the_usual() {
        let bytes = |most| whole_blocks(most);
        assert_eq!(bytes(usize::MAX), Limits::DEFAULT_TRANSFER_BYTES);
        assert_eq!(bytes(65536), 65536);
        assert_eq!(bytes(5000), 4096);
        assert_eq!(bytes(0), 2048);
    }

    #[test]
    fn a_path_that_leads_elsewhere_by_now_is_gone() {
        let null = DeviceNumber::of(Path::new("/dev/null")).unwrap().unwrap();
        let node = Node {
            path: "/dev/zero".into(),
            number: null,
        };
        let refused = open_node(&node, Access::Read, 0).unwrap_err();
        assert_eq!(refused.raw_os_error(), Some(libc::ENODEV));
        let path = "/dev/null".into();
        open_node(&Node { path, number: null }, Access::Read, 0).unwrap();
    }
}

//! The steps of having a drive for oneself.
//!
//! Owns their order, their undoing and how long others are waited for:
//!
//! 1. the advisory lock, exclusively, with the client's name: our own programs
//!    are told who has the drive, without a look at its nodes;
//! 2. nothing is mounted from the drive, or it is unmounted when asked for;
//! 3. the block node, opened with `O_EXCL`: no mount and no other exclusive
//!    open from now on. That open file is also locked by `flock`, which
//!    systemd's udev respects: it does not probe the drive meanwhile;
//! 4. the sg node, opened with `O_EXCL`: no other open at all from now on.
//!
//! Steps 3 and 4 do not see each other in the kernel, and an open of the sg
//! node succeeds though the disc is mounted: so it takes both. Plain opens of
//! the block node go on for everyone; nothing can keep them out.
//!
//! Lookers of our own and udev's short probes are waited for, two seconds in
//! all. Whatever fails, everything before it is undone; but what was
//! unmounted stays unmounted.

use super::lock::{Attempt, DriveLock};
use super::open::open_node;
use super::permission::{self, Access};
use super::{DriveNodes, Node, System, holders, mounts};
use crate::ClaimDenied;
use core::time::Duration;
use std::fs::File;
use std::io;
use std::sync::Arc;
use std::time::Instant;

/// How long others are waited for.
const PATIENCE: Duration = Duration::from_secs(2);
/// The first wait between two tries; each is longer by as much, up to ten times.
const FIRST_WAIT: Duration = Duration::from_millis(20);

/// A drive's nodes, for oneself. Dropping it gives them back, the sg node
/// first. The advisory lock is the caller's to give back, after it.
#[derive(Debug)]
pub struct Hold {
    generic: Option<File>,
    block: Option<File>,
}

impl Hold {
    /// Takes lock and nodes. On a failure the nodes are free, and the lock is
    /// as this call has left it: the caller gives it back.
    ///
    /// No sg node of the drive may be open in this process: the kernel counts
    /// that as another one's.
    ///
    /// # Errors
    /// [`ClaimDenied`]: who has the drive, or what is missing.
    pub fn take(
        nodes: &DriveNodes,
        system: &System,
        lock: &mut DriveLock,
        who: &str,
        unmount: bool,
    ) -> Result<Self, ClaimDenied> {
        Self::take_with(nodes, system, lock, who, unmount, None)
    }

    /// The same where the block node is open exclusively already, as [`block_alone`] opens it: the kernel would count
    /// a second open as another one's.
    pub(super) fn take_with(
        nodes: &DriveNodes,
        system: &System,
        lock: &mut DriveLock,
        who: &str,
        unmount: bool,
        alone: Option<&File>,
    ) -> Result<Self, ClaimDenied> {
        let mut waiting = Waiting::new();
        take_lock(lock, who, &mut waiting)?;
        if let Some(node) = &nodes.block {
            clear_mounts(node, system, unmount, &waiting)?;
            refuse_loops(node, system)?;
        }
        // Dropped in this order should the second fail.
        let block = match (&nodes.block, alone) {
            (Some(node), Some(alone)) => Some(same_file(node, alone)?),
            (Some(node), None) => Some(take_block(node, nodes, system, &mut waiting)?),
            (None, _) => None,
        };
        let generic = match &nodes.generic {
            Some(node) => Some(take_generic(node, system, &mut waiting)?),
            None => None,
        };
        Ok(Self { generic, block })
    }

    /// The sg node, which nobody else can open now: a drive that has no other
    /// one takes its commands through it.
    pub fn generic(&self) -> Option<&File> {
        self.generic.as_ref()
    }

    /// The block node.
    pub fn block(&self) -> Option<&File> {
        self.block.as_ref()
    }
}

/// The block node, exclusively: while it is open so for writing, the kernel does not ask the drive for its events. `None`
/// of a drive that has no such node, and is not asked. It is given back by being dropped.
///
/// # Errors
/// [`ClaimDenied`]: the disc is mounted, or somebody else has the node so; or what is missing.
pub(super) fn block_alone(
    nodes: &DriveNodes,
    system: &System,
) -> Result<Option<File>, ClaimDenied> {
    let Some(node) = &nodes.block else {
        return Ok(None);
    };
    take_block(node, nodes, system, &mut Waiting::new()).map(Some)
}

/// An open file once more.
pub(super) fn same_file(node: &Node, file: &File) -> Result<File, ClaimDenied> {
    file.try_clone().map_err(|error| ClaimDenied::System {
        path: node.path.clone(),
        cause: Arc::new(error),
    })
}

/// How long it has been waited, and how long the next wait is.
struct Waiting {
    until: Instant,
    next: Duration,
}

impl Waiting {
    fn new() -> Self {
        Self {
            until: Instant::now() + PATIENCE,
            next: FIRST_WAIT,
        }
    }

    /// Waits; `false`: it has been long enough.
    fn wait(&mut self) -> bool {
        if Instant::now() >= self.until {
            return false;
        }
        std::thread::sleep(self.next);
        self.next = (self.next + FIRST_WAIT).min(FIRST_WAIT * 10);
        true
    }
}

fn take_lock(lock: &mut DriveLock, who: &str, waiting: &mut Waiting) -> Result<(), ClaimDenied> {
    loop {
        match lock.hold(who)? {
            Attempt::Ours => return Ok(()),
            Attempt::Held(holder) => return Err(ClaimDenied::Held { holder }),
            Attempt::BeingLookedAt if waiting.wait() => {}
            Attempt::BeingLookedAt => return Err(ClaimDenied::BeingLookedAt),
        }
    }
}

fn clear_mounts(
    node: &Node,
    system: &System,
    unmount: bool,
    waiting: &Waiting,
) -> Result<(), ClaimDenied> {
    if unmount {
        return mounts::unmount_all(system, node.number, waiting.until);
    }
    let at = mounts::of_device(system, node.number).map_err(|cause| ClaimDenied::System {
        path: system.proc.join("self/mountinfo"),
        cause: Arc::new(cause),
    })?;
    if !at.is_empty() {
        return Err(ClaimDenied::Mounted { at });
    }
    Ok(())
}

/// A loop device excludes nobody from what it lies on.
fn refuse_loops(node: &Node, system: &System) -> Result<(), ClaimDenied> {
    let loops = holders::loops_on(system, node.number);
    if loops.is_empty() {
        return Ok(());
    }
    Err(ClaimDenied::Busy {
        node: node.path.clone(),
        holders: loops,
    })
}

fn take_block(
    node: &Node,
    nodes: &DriveNodes,
    system: &System,
    waiting: &mut Waiting,
) -> Result<File, ClaimDenied> {
    // For writing, though nothing is written through it: only then does the
    // kernel stop its own polling of the drive, which would go between the
    // WRITEs and take the drive's events.
    match exclusively(node, Access::ReadWrite, waiting) {
        Ok(file) => {
            // A courtesy to udev, not a claim of ours: who has it is not asked.
            let _ = file.try_lock();
            Ok(file)
        }
        Err(error) if error.raw_os_error() == Some(libc::EBUSY) => {
            let mut at = mounts::of_device(system, node.number).unwrap_or_default();
            if at.is_empty() {
                at = mounts::in_other_namespaces(system, node.number);
            }
            if !at.is_empty() {
                return Err(ClaimDenied::Mounted { at });
            }
            let mut holders = holders::of_block_device(system, nodes);
            holders.extend(holders::of_node(system, node.number));
            Err(ClaimDenied::Busy {
                node: node.path.clone(),
                holders,
            })
        }
        Err(error) => Err(denied(node, Access::ReadWrite, error)),
    }
}

fn take_generic(node: &Node, system: &System, waiting: &mut Waiting) -> Result<File, ClaimDenied> {
    // The kernel grants exclusion there only with leave to write.
    match exclusively(node, Access::ReadWrite, waiting) {
        Ok(file) => Ok(file),
        Err(error) if error.raw_os_error() == Some(libc::EBUSY) => Err(ClaimDenied::Busy {
            node: node.path.clone(),
            holders: holders::of_node(system, node.number),
        }),
        Err(error) => Err(denied(node, Access::ReadWrite, error)),
    }
}

fn exclusively(node: &Node, access: Access, waiting: &mut Waiting) -> io::Result<File> {
    loop {
        match open_node(node, access, libc::O_EXCL) {
            Err(error) if error.raw_os_error() == Some(libc::EBUSY) && waiting.wait() => {}
            result => return result,
        }
    }
}

fn denied(node: &Node, access: Access, error: io::Error) -> ClaimDenied {
    match error.raw_os_error() {
        Some(libc::ENOENT | libc::ENODEV | libc::ENXIO) => ClaimDenied::Gone,
        _ if permission::is_refusal(&error) => ClaimDenied::NotPermitted {
            node: node.path.clone(),
            missing: permission::missing(&node.path, access, &error),
        },
        _ => ClaimDenied::System {
            path: node.path.clone(),
            cause: Arc::new(error),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linux::lock::{LockPlace, holder};
    use crate::linux::{DeviceNumber, NodeKind};
    use std::fs;
    use std::path::Path;
    use tempfile::TempDir;

    /// A drive whose block node is one of another number by now, and a mount
    /// table.
    fn drive(table: &str) -> (TempDir, System, DriveNodes) {
        let folder = tempfile::tempdir().unwrap();
        let proc = folder.path().join("proc");
        fs::create_dir_all(proc.join("self")).unwrap();
        fs::write(proc.join("self/mountinfo"), table).unwrap();
        let locks = LockPlace::Folder(folder.path().to_owned());
        let mut system = System::default().with_locks(locks);
        system.proc = proc;
        let number = DeviceNumber {
            kind: NodeKind::Block,
            major: 11,
            minor: 0,
        };
        let nodes = DriveNodes {
            scsi: "0:0:0:0".parse().unwrap(),
            block: Some(Node {
                path: "/dev/null".into(),
                number,
            }),
            generic: None,
            folder: folder.path().to_owned(),
            block_folder: None,
        };
        (folder, system, nodes)
    }

    fn take(system: &System, nodes: &DriveNodes, unmount: bool) -> ClaimDenied {
        let mut lock = DriveLock::new(&system.locks, nodes.scsi, Path::new("/proc"));
        let denied = Hold::take(nodes, system, &mut lock, "us", unmount).unwrap_err();
        // The lock comes first: whoever asks meanwhile is told who is at it.
        let found = holder(&system.locks, nodes.scsi, Path::new("/proc")).unwrap();
        assert_eq!(found.unwrap().who.as_deref(), Some("us"));
        denied
    }

    #[test]
    fn a_mounted_disc_is_refused_before_a_node_is_touched() {
        let (_folder, system, nodes) = drive("9 1 11:0 / /media/disc ro - x y z\n");
        let denied = take(&system, &nodes, false);
        assert!(
            matches!(&denied, ClaimDenied::Mounted { at } if at == &[Path::new("/media/disc")]),
            "{denied}"
        );
    }

    #[test]
    fn what_cannot_be_unmounted_is_refused_before_a_node_is_touched() {
        let (folder, system, nodes) = drive("");
        let table = format!("9 1 11:0 / {} ro - x y z\n", folder.path().display());
        fs::write(system.proc.join("self/mountinfo"), table).unwrap();
        let denied = take(&system, &nodes, true);
        assert!(
            matches!(denied, ClaimDenied::NotUnmounted { .. }),
            "{denied}"
        );
    }

    #[test]
    fn a_node_that_leads_elsewhere_is_a_drive_that_is_gone() {
        let (_folder, system, nodes) = drive("");
        let denied = take(&system, &nodes, false);
        assert!(matches!(denied, ClaimDenied::Gone), "{denied}");
    }
}

//! Who is likely to have a drive, a mount or a node, as far as procfs and
//! sysfs show it.
//!
//! Owns guesses that name programs in messages. Must not decide anything: as
//! an ordinary user one sees one's own processes only, and a process may end
//! while it is looked at.

use super::{DeviceNumber, DriveNodes, System};
use crate::Holder;
use rustix::fs::{major, minor};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

/// More names than these help nobody.
const MOST: usize = 8;

/// The program's name of a process, as the kernel has it (15 characters, of
/// its own choosing).
pub(super) fn program_name(proc: &Path, pid: u32) -> Option<String> {
    let name = fs::read(proc.join(pid.to_string()).join("comm")).ok()?;
    let name = String::from_utf8_lossy(&name);
    let name = name.trim_end_matches('\n');
    (!name.is_empty()).then(|| name.to_owned())
}

/// Other processes that have this node open.
pub fn of_node(system: &System, node: DeviceNumber) -> Vec<Holder> {
    let is_it = |link: &Path, entry: &Path| {
        // Only nodes are looked at further: a look at a file of a server that is gone would never end.
        link.starts_with(&system.dev)
            && matches!(DeviceNumber::of(entry), Ok(Some(found)) if found == node)
    };
    processes(&system.proc, |process| {
        links(&process.join("fd")).any(|(link, entry)| is_it(&link, &entry))
    })
}

/// What the kernel has put on top of a drive's block device: a mapping, a
/// loop device, packet writing.
pub fn of_block_device(system: &System, nodes: &DriveNodes) -> Vec<Holder> {
    let named = |name: String| Holder::new(None, None, Some(name));
    let mut found = Vec::new();
    if let Some(folder) = &nodes.block_folder {
        let above = fs::read_dir(folder.join("holders")).into_iter().flatten();
        let names = above.flatten().map(|entry| entry.file_name());
        found.extend(names.map(|name| named(name.to_string_lossy().into_owned())));
    }
    if let Some(node) = &nodes.block {
        let map = system.sys.join("class/pktcdvd/device_map");
        let map = fs::read_to_string(map).unwrap_or_default();
        found.extend(packet_writers(&map, node.number).map(named));
    }
    found.truncate(MOST);
    found
}

/// Loop devices that lie on a block device: sysfs names what they lie on.
pub fn loops_on(system: &System, node: DeviceNumber) -> Vec<Holder> {
    let lies_on_it = |folder: &Path| {
        let path = fs::read_to_string(folder.join("loop/backing_file")).ok()?;
        let below = fs::metadata(path.trim_end_matches('\n')).ok()?;
        let is_it = below.file_type().is_block_device()
            && (major(below.rdev()), minor(below.rdev())) == (node.major, node.minor);
        is_it.then_some(())
    };
    let devices = fs::read_dir(system.sys.join("block")).into_iter().flatten();
    devices
        .flatten()
        .filter(|device| lies_on_it(&device.path()).is_some())
        .map(|device| {
            let name = device.file_name().to_string_lossy().into_owned();
            Holder::new(None, None, Some(name))
        })
        .take(MOST)
        .collect()
}

/// Lines of pktcdvd's map, `NAME OWN:NUMBER MAPPED:NUMBER`, that map a drive.
fn packet_writers(map: &str, drive: DeviceNumber) -> impl Iterator<Item = String> {
    let mapped = format!("{}:{}", drive.major, drive.minor);
    map.lines().filter_map(move |line| {
        let mut words = line.split_ascii_whitespace();
        let name = words.next()?;
        (words.nth(1)? == mapped).then(|| format!("pktcdvd (packet writing, as {name})"))
    })
}

/// Other processes that use files below a mount point: open, as their folder,
/// their root, their program, or mapped.
pub fn of_mount(proc: &Path, at: &Path) -> Vec<Holder> {
    processes(proc, |process| {
        let one = |name| fs::read_link(process.join(name)).is_ok_and(|link| link.starts_with(at));
        ["cwd", "root", "exe"].into_iter().any(one)
            || links(&process.join("fd")).any(|(link, _)| link.starts_with(at))
            || maps(&process.join("maps"), at)
    })
}

/// Whether a file below `at` is mapped.
fn maps(file: &Path, at: &Path) -> bool {
    let text = fs::read(file).unwrap_or_default();
    text.split(|b| *b == b'\n').any(|line| {
        let start = line.iter().position(|b| *b == b'/');
        let path = start.and_then(|start| line.get(start..));
        path.is_some_and(|path| Path::new(std::ffi::OsStr::from_bytes(path)).starts_with(at))
    })
}

/// The links of a folder, each with where it leads.
fn links(folder: &Path) -> impl Iterator<Item = (PathBuf, PathBuf)> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| {
        let path = entry.path();
        Some((fs::read_link(&path).ok()?, path))
    })
}

/// The processes of which it is true, without ourselves.
fn processes(proc: &Path, is_one: impl Fn(&Path) -> bool) -> Vec<Holder> {
    let entries = fs::read_dir(proc).into_iter().flatten().flatten();
    let mut numbers: Vec<u32> = entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|pid| *pid != std::process::id())
        .collect();
    numbers.sort_unstable();
    let named = |pid: u32| Holder::new(None, Some(pid), program_name(proc, pid));
    numbers
        .into_iter()
        .filter(|pid| is_one(&proc.join(pid.to_string())))
        .map(named)
        .take(MOST)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linux::{Node, NodeKind};
    use std::os::unix::fs::symlink;

    /// A process as procfs shows it.
    fn process(proc: &Path, pid: u32, name: &str, links: &[(&str, &Path)]) {
        let at = proc.join(pid.to_string());
        fs::create_dir_all(at.join("fd")).unwrap();
        fs::write(at.join("comm"), format!("{name}\n")).unwrap();
        for (link, to) in links {
            symlink(to, at.join(link)).unwrap();
        }
    }

    fn pids(holders: &[Holder]) -> Vec<Option<u32>> {
        holders.iter().map(|holder| holder.pid).collect()
    }

    #[test]
    fn programs_with_the_node_open_are_named() {
        let proc = tempfile::tempdir().unwrap();
        let null = Path::new("/dev/null");
        process(
            proc.path(),
            30,
            "wodim",
            &[("fd/0", Path::new("/dev/zero")), ("fd/3", null)],
        );
        process(proc.path(), 7, "(udev-worker)", &[("fd/9", null)]);
        process(
            proc.path(),
            8,
            "other",
            &[("fd/9", Path::new("/dev/zero")), ("cwd", null)],
        );
        process(proc.path(), std::process::id(), "we", &[("fd/3", null)]);
        fs::create_dir(proc.path().join("sys")).unwrap();
        let system = System {
            proc: proc.path().to_owned(),
            ..System::default()
        };
        let node = DeviceNumber::of(null).unwrap().unwrap();
        let found = of_node(&system, node);
        assert_eq!(pids(&found), [Some(7), Some(30)]);
        assert_eq!(found[1].program.as_deref(), Some("wodim"));
    }

    #[test]
    fn users_of_a_mount_are_found_by_each_of_their_ties() {
        let proc = tempfile::tempdir().unwrap();
        let inside = Path::new("/mnt/disc/a file");
        for (pid, tie) in [(1, "cwd"), (2, "root"), (3, "exe"), (4, "fd/3")] {
            process(proc.path(), pid, "user", &[(tie, inside)]);
        }
        process(proc.path(), 5, "mapper", &[]);
        let map = "7f00-7f01 r--p 00000000 0b:00 12     /mnt/disc/a file\n";
        fs::write(proc.path().join("5/maps"), map).unwrap();
        process(proc.path(), 6, "other", &[("cwd", Path::new("/mnt/disco"))]);
        fs::write(
            proc.path().join("6/maps"),
            "7f00-7f01 r--p 0 0:0 0 [heap]\n",
        )
        .unwrap();
        let found = of_mount(proc.path(), Path::new("/mnt/disc"));
        assert_eq!(pids(&found), [1, 2, 3, 4, 5].map(Some));
    }

    #[test]
    fn no_more_than_a_few_are_named() {
        let proc = tempfile::tempdir().unwrap();
        for pid in 1..30 {
            process(proc.path(), pid, "user", &[("cwd", Path::new("/mnt"))]);
        }
        assert_eq!(of_mount(proc.path(), Path::new("/mnt")).len(), MOST);
    }

    #[test]
    fn mappings_on_top_of_the_drive_are_named() {
        let sys = tempfile::tempdir().unwrap();
        let folder = sys.path().join("block/sr0");
        fs::create_dir_all(folder.join("holders/dm-3")).unwrap();
        fs::create_dir_all(sys.path().join("class/pktcdvd")).unwrap();
        let map = "pktcdvd0 252:0 11:0\npktcdvd1 252:1 11:1\nodd\n";
        fs::write(sys.path().join("class/pktcdvd/device_map"), map).unwrap();
        let system = System {
            sys: sys.path().to_owned(),
            ..System::default()
        };
        let number = DeviceNumber {
            kind: NodeKind::Block,
            major: 11,
            minor: 0,
        };
        let nodes = DriveNodes {
            scsi: "0:0:0:0".parse().unwrap(),
            block: Some(Node {
                path: "/dev/sr0".into(),
                number,
            }),
            generic: None,
            folder: sys.path().to_owned(),
            block_folder: Some(folder),
        };
        let found: Vec<String> = of_block_device(&system, &nodes)
            .iter()
            .map(Holder::to_string)
            .collect();
        assert_eq!(found, ["dm-3", "pktcdvd (packet writing, as pktcdvd0)"]);
    }
}

//! What is mounted from a drive, and unmounting it.
//!
//! Owns the reading of the kernel's mount table and the way to unmount. Must
//! not know why.

use super::holders;
use super::{DeviceNumber, System, sys};
use crate::ClaimDenied;
use core::time::Duration;
use std::collections::HashSet;
use std::ffi::{CString, OsString};
use std::fs;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

/// One line of a mount table.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mount {
    /// Major and minor number of the file system's device.
    pub device: (u32, u32),
    /// Where it is mounted.
    pub at: PathBuf,
}

/// The mounts of a table in the form of `/proc/PID/mountinfo`, in its order:
/// a mount comes after the one that it lies in. Lines that do not read as
/// mounts are left out.
pub fn parse(table: &[u8]) -> Vec<Mount> {
    table
        .split(|b| *b == b'\n')
        .filter_map(|line| {
            // Mount, its parent, device, root within the file system, mount point.
            let mut fields = line.split(|b| *b == b' ').skip(2);
            let device = core::str::from_utf8(fields.next()?).ok()?;
            let (major, minor) = device.split_once(':')?;
            let at = unescaped(fields.nth(1)?);
            Some(Mount {
                device: (major.parse().ok()?, minor.parse().ok()?),
                at: PathBuf::from(OsString::from_vec(at)),
            })
        })
        .collect()
}

/// The kernel writes blanks, line ends and backslashes as `\` and three octal
/// digits.
fn unescaped(field: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field;
    while let [first, tail @ ..] = rest {
        rest = tail;
        let octal = match (first, tail) {
            (
                b'\\',
                [
                    a @ b'0'..=b'3',
                    b @ b'0'..=b'7',
                    c @ b'0'..=b'7',
                    after @ ..,
                ],
            ) => {
                rest = after;
                Some((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'))
            }
            _ => None,
        };
        bytes.push(octal.unwrap_or(*first));
    }
    bytes
}

/// Where a block device is mounted, as this process sees it, in the order of
/// the table.
///
/// # Errors
/// The table cannot be read.
pub fn of_device(system: &System, device: DeviceNumber) -> io::Result<Vec<PathBuf>> {
    let table = fs::read(system.proc.join("self/mountinfo"))?;
    Ok(points(&table, device).collect())
}

fn points(table: &[u8], device: DeviceNumber) -> impl Iterator<Item = PathBuf> {
    let number = (device.major, device.minor);
    parse(table)
        .into_iter()
        .filter(move |mount| mount.device == number)
        .map(|mount| mount.at)
}

/// Where a block device is mounted in the view of other processes that may be
/// looked at: the paths lead there through `/proc/PID/root`.
pub fn in_other_namespaces(system: &System, device: DeviceNumber) -> Vec<PathBuf> {
    let namespace = |process: &Path| fs::read_link(process.join("ns/mnt")).ok();
    let mut seen: HashSet<PathBuf> = namespace(&system.proc.join("self")).into_iter().collect();
    let entries = fs::read_dir(&system.proc).into_iter().flatten().flatten();
    let mut processes: Vec<u32> = entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect();
    processes.sort_unstable();
    let mut found = Vec::new();
    for pid in processes {
        let process = system.proc.join(pid.to_string());
        // Each namespace once, by the first of its processes.
        if !namespace(&process).is_some_and(|namespace| seen.insert(namespace)) {
            continue;
        }
        let table = fs::read(process.join("mountinfo")).unwrap_or_default();
        let within = |at: PathBuf| {
            let below = at.strip_prefix("/").unwrap_or(&at).to_owned();
            process.join("root").join(below)
        };
        found.extend(points(&table, device).map(within));
    }
    found
}

/// Unmounts everything that is mounted from a block device, the innermost
/// first; what is in use is tried again until `until`. Neither by force nor
/// lazily: what is left is left as it was.
///
/// # Errors
/// [`ClaimDenied::NotUnmounted`]; what was unmounted before it stays so.
pub fn unmount_all(
    system: &System,
    device: DeviceNumber,
    until: Instant,
) -> Result<(), ClaimDenied> {
    let table = |cause| ClaimDenied::System {
        path: system.proc.join("self/mountinfo"),
        cause: Arc::new(cause),
    };
    for _ in 0..MOST_MOUNTS {
        // Read anew each time: one mount may lie on another at the same place.
        let Some(at) = of_device(system, device).map_err(table)?.pop() else {
            return Ok(());
        };
        let refused = loop {
            // What lies on top is somebody else's: unmounting goes by the path.
            if !is_topmost(system, device, &at) {
                break is_mounted(system, device, &at)
                    .then(|| io::Error::other("something else is mounted over it"));
            }
            match unmount(&at) {
                Ok(()) => break None,
                Err(error) if is_busy(&error) && Instant::now() < until => {
                    std::thread::sleep(BETWEEN_TRIES);
                }
                // Somebody else may have unmounted it.
                Err(_) if !is_mounted(system, device, &at) => break None,
                Err(error) => break Some(error),
            }
        };
        if let Some(cause) = refused {
            let users = match is_busy(&cause) {
                true => holders::of_mount(&system.proc, &at),
                false => Vec::new(),
            };
            let cause = Arc::new(cause);
            return Err(ClaimDenied::NotUnmounted { at, cause, users });
        }
    }
    Err(table(io::Error::other("it is mounted again and again")))
}

fn is_mounted(system: &System, device: DeviceNumber, at: &Path) -> bool {
    // A table that cannot be read unmounts nothing.
    of_device(system, device).map_or(true, |points| points.iter().any(|point| point == at))
}

/// Whether the last mount at a path is that of the device.
fn is_topmost(system: &System, device: DeviceNumber, at: &Path) -> bool {
    let table = fs::read(system.proc.join("self/mountinfo")).unwrap_or_default();
    let last = parse(&table).into_iter().rfind(|mount| mount.at == at);
    last.is_some_and(|mount| mount.device == (device.major, device.minor))
}

const BETWEEN_TRIES: Duration = Duration::from_millis(100);
/// Unmounts at most, should somebody mount as fast as we unmount.
const MOST_MOUNTS: usize = 64;

fn is_busy(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::EBUSY)
}

fn unmount(at: &Path) -> io::Result<()> {
    let path = CString::new(at.as_os_str().as_bytes())?;
    match sys::unmount(&path) {
        // What a user has mounted, with the system's leave, the system's
        // program unmounts for the user.
        Err(error) if error.raw_os_error() == Some(libc::EPERM) => {
            let Some(program) = UMOUNT.iter().find(|path| Path::new(path).exists()) else {
                let text = "the capability CAP_SYS_ADMIN is missing, and so is the program umount";
                return Err(io::Error::new(error.kind(), text));
            };
            by_program(Path::new(program), at)
        }
        result => result,
    }
}

/// How long the system's program may take.
const PROGRAM_LIMIT: Duration = Duration::from_secs(30);
const UMOUNT: [&str; 2] = ["/usr/bin/umount", "/bin/umount"];
/// Characters of its complaint that are passed on.
const COMPLAINT_CHARS: usize = 300;

/// Calls `umount`.
fn by_program(program: &Path, at: &Path) -> io::Result<()> {
    let child = Command::new(program)
        .arg(at)
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| {
            io::Error::new(
                e.kind(),
                format!("{} does not start: {e}", program.display()),
            )
        })?;
    ended(child)
}

fn ended(mut child: Child) -> io::Result<()> {
    let until = Instant::now() + PROGRAM_LIMIT;
    let status = loop {
        match child.try_wait()? {
            Some(status) => break status,
            None if Instant::now() < until => std::thread::sleep(BETWEEN_TRIES / 10),
            None => {
                // A program that is root's now may not be killed; it goes on by itself.
                let _ = child.kill();
                return Err(io::Error::new(
                    io::ErrorKind::TimedOut,
                    "umount does not end",
                ));
            }
        }
    };
    if status.success() {
        return Ok(());
    }
    let told = child.wait_with_output()?.stderr;
    let told = String::from_utf8_lossy(&told);
    let told: String = told.trim().chars().take(COMPLAINT_CHARS).collect();
    Err(match told.contains("target is busy") {
        true => io::Error::from_raw_os_error(libc::EBUSY),
        false => io::Error::other(told.escape_debug().to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linux::NodeKind;
    use proptest::prelude::*;
    use std::os::unix::fs::symlink;

    const SR0: DeviceNumber = DeviceNumber {
        kind: NodeKind::Block,
        major: 11,
        minor: 0,
    };

    const TABLE: &str = "\
        22 1 0:21 / / rw,relatime shared:1 - overlay overlay rw\n\
        40 22 11:0 / /media/a\\040disc ro,nosuid shared:9 - iso9660 /dev/sr0 ro\n\
        41 22 11:1 / /media/other ro - iso9660 /dev/sr1 ro\n\
        odd line\n\
        42 40 11:0 /sub /media/a\\040disc/in\\134side ro - iso9660 /dev/sr0 ro\n\
        43 22 0:40 / /bad\\09 rw - tmpfs tmpfs rw\n";

    fn system(table: &str) -> (tempfile::TempDir, System) {
        let proc = tempfile::tempdir().unwrap();
        fs::create_dir(proc.path().join("self")).unwrap();
        fs::write(proc.path().join("self/mountinfo"), table).unwrap();
        let system = System {
            proc: proc.path().to_owned(),
            ..System::default()
        };
        (proc, system)
    }

    #[test]
    fn mounts_are_found_by_number_and_their_names_are_read() {
        let (_proc, system) = system(TABLE);
        let found = of_device(&system, SR0).unwrap();
        assert_eq!(
            found,
            ["/media/a disc", "/media/a disc/in\\side"].map(PathBuf::from)
        );
        let all = parse(TABLE.as_bytes());
        assert_eq!(all.len(), 5);
        assert_eq!(all[4].at, PathBuf::from("/bad\\09"));
    }

    #[test]
    fn a_mount_in_another_view_is_named_through_its_process() {
        let (proc, system) = system("");
        symlink("mnt:[1]", proc.path().join("x")).unwrap();
        for (pid, namespace) in [("50", "mnt:[2]"), ("7", "mnt:[2]"), ("60", "mnt:[1]")] {
            let process = proc.path().join(pid);
            fs::create_dir_all(process.join("ns")).unwrap();
            symlink(namespace, process.join("ns/mnt")).unwrap();
            fs::write(process.join("mountinfo"), "9 1 11:0 / /mnt ro - x y z\n").unwrap();
        }
        fs::create_dir(proc.path().join("self/ns")).unwrap();
        symlink("mnt:[1]", proc.path().join("self/ns/mnt")).unwrap();
        let found = in_other_namespaces(&system, SR0);
        assert_eq!(found, [proc.path().join("7").join("root/mnt")]);
    }

    #[test]
    fn what_cannot_be_unmounted_is_named_with_its_users() {
        let folder = tempfile::tempdir().unwrap();
        let line = format!("9 1 11:0 / {} ro - x y z\n", folder.path().display());
        let (_proc, system) = system(&line);
        // It is in the table, but nothing is mounted there.
        let refused = unmount_all(&system, SR0, Instant::now()).unwrap_err();
        let ClaimDenied::NotUnmounted { at, users, .. } = refused else {
            panic!("{refused}");
        };
        assert_eq!(at, folder.path());
        assert!(users.is_empty());
    }

    #[test]
    fn what_is_mounted_over_the_disc_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().display();
        let table = format!(
            "9 1 11:0 / {at} ro - iso9660 /dev/sr0 ro\n10 9 0:50 / {at} rw - tmpfs tmpfs rw\n"
        );
        let (_proc, system) = system(&table);
        let refused = unmount_all(&system, SR0, Instant::now()).unwrap_err();
        assert!(
            refused
                .to_string()
                .contains("something else is mounted over it"),
            "{refused}"
        );
    }

    #[test]
    fn nothing_mounted_is_nothing_to_do() {
        let (_proc, system) = system("");
        unmount_all(&system, SR0, Instant::now()).unwrap();
    }

    proptest! {
        #[test]
        fn any_table_is_read_without_a_panic(table in prop::collection::vec(any::<u8>(), 0..200)) {
            parse(&table);
        }

        #[test]
        fn every_name_reads_back(name in prop::collection::vec(1u8.., 1..20)) {
            let written: Vec<u8> = name.iter().flat_map(|b| match b {
                b' ' | b'\t' | b'\n' | b'\\' => format!("\\{b:03o}").into_bytes(),
                b => vec![*b],
            }).collect();
            prop_assert_eq!(unescaped(&written), name);
        }
    }
}

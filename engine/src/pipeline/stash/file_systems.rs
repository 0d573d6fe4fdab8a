//! What a file system is: told by the table of mounts and by what the system says of the device under it.
//! Reads `/proc` and `/sys`, never the file system itself.

use super::rules::FileSystemKind;
use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Devices on devices are followed no deeper than this.
const MOST_LAYERS: u32 = 8;

/// The major number of optical drives.
const OPTICAL_MAJOR: u32 = 11;

/// Types whose files are another machine's.
const NETWORK: [&str; 16] = [
    "9p",
    "afs",
    "beegfs",
    "ceph",
    "cifs",
    "coda",
    "gfs2",
    "glusterfs",
    "lustre",
    "ncpfs",
    "nfs",
    "nfs4",
    "ocfs2",
    "orangefs",
    "smb3",
    "smbfs",
];

/// One line of the table of mounts.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Mount {
    device: (u32, u32),
    point: PathBuf,
    kind: String,
    source: PathBuf,
}

/// All file systems that are mounted.
#[derive(Debug)]
pub(crate) struct FileSystems {
    mounts: Vec<Mount>,
    sys: PathBuf,
}

impl FileSystems {
    /// As the system tells now. Where it tells nothing, every file system counts as local.
    pub(crate) fn of_this_machine() -> Self {
        let table = fs::read("/proc/self/mountinfo").unwrap_or_default();
        Self::new(&table, "/sys".into())
    }

    fn new(table: &[u8], sys: PathBuf) -> Self {
        Self {
            mounts: table.split(|b| *b == b'\n').filter_map(parse).collect(),
            sys,
        }
    }

    /// The kind of the file system with this `st_dev` that holds `path`.
    pub(crate) fn kind_of(&self, device: u64, path: &Path) -> FileSystemKind {
        self.kind_within(device, path, MOST_LAYERS)
    }

    fn kind_within(&self, device: u64, path: &Path, layers: u32) -> FileSystemKind {
        let number = (rustix::fs::major(device), rustix::fs::minor(device));
        // Some file systems show another number in their files than in the table: then the path tells.
        let mount = self
            .mounts
            .iter()
            .rfind(|mount| mount.device == number)
            .or_else(|| {
                self.mounts
                    .iter()
                    .filter(|mount| path.starts_with(&mount.point))
                    .max_by_key(|mount| mount.point.as_os_str().len())
            });
        let Some(mount) = mount else {
            return self.kind_of_block_device(number, layers);
        };
        if NETWORK.contains(&mount.kind.as_str()) {
            return FileSystemKind::Network;
        }
        // `fuseblk` is a block device of this machine with a driver in user space: the device decides.
        if mount.kind == "fuse" || mount.kind.starts_with("fuse.") || mount.kind == "virtiofs" {
            return FileSystemKind::UserSpace;
        }
        let block = match mount.device {
            (0, _) => block_device(&mount.source),
            number => Some(number),
        };
        block.map_or(FileSystemKind::Local, |number| {
            self.kind_of_block_device(number, layers)
        })
    }

    fn kind_of_block_device(&self, number: (u32, u32), layers: u32) -> FileSystemKind {
        if number.0 == OPTICAL_MAJOR {
            return FileSystemKind::Optical;
        }
        let link = self
            .sys
            .join(format!("dev/block/{}:{}", number.0, number.1));
        let Ok(mut folder) = fs::canonicalize(link) else {
            return FileSystemKind::Local;
        };
        if folder.join("partition").exists() {
            folder.pop();
        }
        let on_usb = folder
            .components()
            .any(|part| part.as_os_str().as_bytes().starts_with(b"usb"));
        let says = |name: &str, answer: &str| {
            fs::read_to_string(folder.join(name)).is_ok_and(|text| text.trim() == answer)
        };
        if on_usb || says("removable", "1") || says("device/type", "SD") {
            return FileSystemKind::Removable;
        }
        let Some(below) = layers.checked_sub(1) else {
            return FileSystemKind::Local;
        };
        // A mapped device is what the worst of those under it is; an image in a loop is what its file is.
        let slaves = fs::read_dir(folder.join("slaves"))
            .into_iter()
            .flatten()
            .filter_map(|slave| fs::read_to_string(slave.ok()?.path().join("dev")).ok())
            .filter_map(|text| numbers(text.trim()))
            .map(|number| self.kind_of_block_device(number, below));
        let backing = fs::read(folder.join("loop/backing_file"))
            .ok()
            .map(|mut path| {
                while path.last() == Some(&b'\n') {
                    path.pop();
                }
                PathBuf::from(OsString::from_vec(path))
            })
            .and_then(|path| {
                let device = fs::metadata(&path).ok()?.dev();
                Some(self.kind_within(device, &path, below))
            });
        slaves
            .chain(backing)
            .find(|kind| *kind != FileSystemKind::Local)
            .unwrap_or(FileSystemKind::Local)
    }
}

/// The number of a block device by its node.
fn block_device(node: &Path) -> Option<(u32, u32)> {
    let meta = fs::metadata(node).ok()?;
    let is_block = meta.mode() & 0o170_000 == 0o060_000;
    is_block.then(|| {
        (
            rustix::fs::major(meta.rdev()),
            rustix::fs::minor(meta.rdev()),
        )
    })
}

fn numbers(text: &str) -> Option<(u32, u32)> {
    let (major, minor) = text.split_once(':')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// A line as proc(5) has it: fields with blanks between them, some of them optional up to a lone hyphen.
fn parse(line: &[u8]) -> Option<Mount> {
    let mut fields = line.split(|b| *b == b' ');
    let device = numbers(std::str::from_utf8(fields.nth(2)?).ok()?)?;
    let point = unescape(fields.nth(1)?);
    fields.find(|field| *field == b"-")?;
    let kind = String::from_utf8_lossy(fields.next()?).into_owned();
    let source = unescape(fields.next().unwrap_or_default());
    Some(Mount {
        device,
        point,
        kind,
        source,
    })
}

/// Blanks, tabs, line ends and backslashes stand as a backslash and three octal digits.
fn unescape(field: &[u8]) -> PathBuf {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((first, after)) = rest.split_first() {
        let escaped = match (first, after) {
            (b'\\', [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', ..]) => {
                Some((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'))
            }
            _ => None,
        };
        bytes.push(escaped.unwrap_or(*first));
        rest = match escaped {
            Some(_) => after.get(3..).unwrap_or_default(),
            None => after,
        };
    }
    OsString::from_vec(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    const TABLE: &[u8] = b"21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n\
        30 21 0:40 / /mnt/my\\040files rw - nfs4 server:/export rw\n\
        31 21 0:41 / /mnt/phone rw shared:9 master:2 - fuse.mtpfs mtpfs rw\n\
        32 21 0:42 / /mnt/share rw - smb3 //server/share rw\n\
        33 21 8:17 / /media/stick rw - vfat /dev/sdb1 rw\n\
        34 21 11:0 / /media/disc ro - iso9660 /dev/sr0 ro\n\
        35 21 0:43 / /home rw - btrfs /dev/none rw\n\
        36 21 253:0 / /data rw - xfs /dev/mapper/data rw\n\
        37 21 0:44 / /windows rw - fuseblk /dev/none rw\n\
        38 21 179:1 / /card rw - exfat /dev/mmcblk0p1 rw\n\
        nonsense\n";

    /// A `/sys` with two drives, of which the second is on USB, a card, and a device mapped onto the stick.
    fn system(place: &Path) -> FileSystems {
        let sys = place.join("sys");
        let drive = |path: &str, removable: &str| {
            let folder = sys.join("devices").join(path);
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("removable"), removable).unwrap();
            folder
        };
        let sda = drive("pci0000:00/ata1/block/sda", "0\n");
        let sdb = drive("pci0000:00/usb1/1-1/block/sdb", "0\n");
        let card = drive("platform/mmc_host/mmc0/block/mmcblk0", "0\n");
        let dm = drive("virtual/block/dm-0", "0\n");
        fs::create_dir_all(card.join("device")).unwrap();
        fs::write(card.join("device/type"), "SD\n").unwrap();
        fs::create_dir_all(dm.join("slaves/sdb1")).unwrap();
        fs::write(dm.join("slaves/sdb1/dev"), "8:17\n").unwrap();
        let block = sys.join("dev/block");
        fs::create_dir_all(&block).unwrap();
        for (drive, name, number) in [
            (&sda, "sda1", "8:1"),
            (&sdb, "sdb1", "8:17"),
            (&card, "p1", "179:1"),
        ] {
            fs::create_dir_all(drive.join(name)).unwrap();
            fs::write(drive.join(name).join("partition"), "1\n").unwrap();
            symlink(drive.join(name), block.join(number)).unwrap();
        }
        symlink(&dm, block.join("253:0")).unwrap();
        FileSystems::new(TABLE, sys)
    }

    #[test]
    fn each_kind_is_told_by_the_table_and_the_device() {
        let place = tempfile::tempdir().unwrap();
        let systems = system(place.path());
        let of = |major, minor, path: &str| {
            systems.kind_of(rustix::fs::makedev(major, minor), Path::new(path))
        };
        assert_eq!(of(8, 1, "/etc"), FileSystemKind::Local);
        assert_eq!(of(0, 40, "/mnt/my files/x"), FileSystemKind::Network);
        assert_eq!(of(0, 41, "/mnt/phone/x"), FileSystemKind::UserSpace);
        assert_eq!(of(0, 42, "/mnt/share/x"), FileSystemKind::Network);
        assert_eq!(of(8, 17, "/media/stick/x"), FileSystemKind::Removable);
        assert_eq!(of(11, 0, "/media/disc/x"), FileSystemKind::Optical);
        assert_eq!(
            of(253, 0, "/data/x"),
            FileSystemKind::Removable,
            "mapped onto the stick"
        );
        assert_eq!(of(0, 44, "/windows/x"), FileSystemKind::Local);
        assert_eq!(of(179, 1, "/card/x"), FileSystemKind::Removable);
        // A number that the table does not have: the path tells.
        assert_eq!(of(0, 99, "/mnt/my files/sub/x"), FileSystemKind::Network);
        assert_eq!(of(0, 98, "/home/x"), FileSystemKind::Local);
    }

    #[test]
    fn a_stick_that_says_it_is_removable_needs_no_usb() {
        let place = tempfile::tempdir().unwrap();
        let systems = system(place.path());
        let removable = place
            .path()
            .join("sys/devices/pci0000:00/ata1/block/sda/removable");
        let kind = || systems.kind_of(rustix::fs::makedev(8, 1), Path::new("/x"));
        assert_eq!(kind(), FileSystemKind::Local);
        fs::write(removable, "1\n").unwrap();
        assert_eq!(kind(), FileSystemKind::Removable);
    }

    #[test]
    fn a_device_that_lies_on_itself_ends_the_search() {
        let place = tempfile::tempdir().unwrap();
        let systems = system(place.path());
        let dm = place.path().join("sys/devices/virtual/block/dm-0");
        fs::write(dm.join("slaves/sdb1/dev"), "253:0\n").unwrap();
        let kind = systems.kind_of(rustix::fs::makedev(253, 0), Path::new("/data"));
        assert_eq!(kind, FileSystemKind::Local);
    }

    #[test]
    fn the_table_of_this_machine_is_understood() {
        let table = fs::read("/proc/self/mountinfo").unwrap();
        let lines = table.split(|b| *b == b'\n').filter(|line| !line.is_empty());
        let systems = FileSystems::of_this_machine();
        assert_eq!(systems.mounts.len(), lines.count());
        let device = fs::metadata("/proc").unwrap().dev();
        assert_eq!(
            systems.kind_of(device, Path::new("/proc")),
            FileSystemKind::Local
        );
    }
}

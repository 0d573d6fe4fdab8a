//! Whether a folder may hold the stash: not on a volume that is compressed, encrypted, removable or full. Owns what the system
//! is asked for that, and what it does not tell; must not know the stash.
//!
//! What can be known on Linux: the attributes of the folder (`FS_COMPR_FL`, and `FS_ENCRYPT_FL` of fscrypt), the options of
//! a btrfs, the types of file systems that encrypt file by file, and what sysfs says of the device, also under a mapping. A
//! volume that is encrypted as a whole, below its file system, counts as plain: what lies on it is read as from any other.

use crate::condition::Condition;
use crate::error::Imapi1Error;
use rustix::fs::{IFlags, ioctl_getflags, major, minor, statvfs};
use std::fs::{self, File};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// fscrypt's attribute, which is not among the named ones.
const FS_ENCRYPT_FL: u32 = 0x800;
/// Types of file systems that encrypt each file.
const ENCRYPTING: [&str; 5] = [
    "ecryptfs",
    "fuse.encfs",
    "fuse.gocryptfs",
    "fuse.cryfs",
    "fuse.securefs",
];
/// Mappings on mappings are followed no deeper than this.
const MOST_LAYERS: u32 = 8;

/// Something that the system does not tell of the stash's volume. The stash is not refused for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StashDoubt {
    /// Whether it is compressed: its file system has no such attribute, or no way to ask for it.
    Compressed,
    /// Whether it is encrypted, likewise.
    Encrypted,
    /// Whether it is removable: there is no device of this machine under it that could be asked.
    Removable,
}

/// Where the system tells of its volumes.
#[derive(Debug, Clone)]
pub(crate) struct Host {
    /// The table of mounts, as `/proc/self/mountinfo` has it.
    pub(crate) mounts: Vec<u8>,
    pub(crate) sys: PathBuf,
}

impl Host {
    pub(crate) fn this_one() -> Self {
        Self {
            mounts: fs::read("/proc/self/mountinfo").unwrap_or_default(),
            sys: "/sys".into(),
        }
    }
}

/// What is known of a folder's volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Volume {
    compressed: Option<bool>,
    encrypted: Option<bool>,
    removable: Option<bool>,
    /// Bytes that there is room for.
    free: u64,
}

impl Volume {
    /// Asks the system.
    pub(crate) fn of(folder: &Path, host: &Host) -> io::Result<Self> {
        let opened = File::open(folder)?;
        let flags = ioctl_getflags(&opened).ok();
        let room = statvfs(folder)?;
        let device = opened.metadata()?.dev();
        let free = room.f_bavail.saturating_mul(room.f_frsize);
        Ok(Self::told(flags, host.mount_of(device), device, free, host))
    }

    fn told(
        flags: Option<IFlags>,
        mount: Option<Mount>,
        device: u64,
        free: u64,
        host: &Host,
    ) -> Self {
        let by_type = mount.as_ref().is_some_and(Mount::encrypts);
        let by_option = mount.as_ref().is_some_and(Mount::compresses);
        let has = |bit: u32| flags.map(|flags| flags.bits() & bit != 0);
        let block = match (major(device), &mount) {
            (0, Some(mount)) => block_device(&mount.source),
            (0, None) => None,
            _ => Some(device),
        };
        Self {
            compressed: match by_option {
                true => Some(true),
                false => has(IFlags::COMPRESSED.bits()),
            },
            encrypted: match by_type {
                true => Some(true),
                false => has(FS_ENCRYPT_FL),
            },
            removable: block.and_then(|device| host.is_removable(device, MOST_LAYERS)),
            free,
        }
    }

    /// Whether a stash of so many bytes may lie there, and what is not known.
    pub(crate) fn judge(&self, bytes: u64) -> Result<Vec<StashDoubt>, Imapi1Error> {
        let refusals = [
            (self.compressed, Condition::CompressedStash),
            (self.encrypted, Condition::EncryptedStash),
            (self.removable, Condition::RemovableStash),
            (Some(self.free < bytes), Condition::NoRoomForStash),
        ];
        for (told, condition) in refusals {
            if told == Some(true) {
                return Err(condition.into());
            }
        }
        let doubts = [
            (self.compressed, StashDoubt::Compressed),
            (self.encrypted, StashDoubt::Encrypted),
            (self.removable, StashDoubt::Removable),
        ];
        let unknown = doubts.into_iter().filter(|(told, _)| told.is_none());
        Ok(unknown.map(|(_, doubt)| doubt).collect())
    }
}

/// One line of the table of mounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mount {
    device: (u32, u32),
    kind: String,
    source: PathBuf,
    options: String,
}

impl Mount {
    /// `ID PARENT MAJOR:MINOR ROOT POINT OPTIONS [TAGS] - TYPE SOURCE OPTIONS`, as `man 5 proc` has it.
    fn parse(line: &[u8]) -> Option<Self> {
        let line = std::str::from_utf8(line).ok()?;
        let (before, behind) = line.split_once(" - ")?;
        let (major, minor) = before.split(' ').nth(2)?.split_once(':')?;
        let mut behind = behind.split(' ');
        Some(Self {
            device: (major.parse().ok()?, minor.parse().ok()?),
            kind: behind.next()?.to_owned(),
            source: behind.next()?.into(),
            options: behind.next().unwrap_or_default().to_owned(),
        })
    }

    fn encrypts(&self) -> bool {
        ENCRYPTING.contains(&self.kind.as_str())
    }

    fn compresses(&self) -> bool {
        let mut options = self
            .options
            .split(',')
            .map(|option| option.split_once('=').unwrap_or((option, "")));
        self.kind == "btrfs"
            && options.any(|(name, how)| {
                matches!(name, "compress" | "compress-force") && !matches!(how, "no" | "none")
            })
    }
}

impl Host {
    fn mount_of(&self, device: u64) -> Option<Mount> {
        let number = (major(device), minor(device));
        let mounts = self
            .mounts
            .split(|byte| *byte == b'\n')
            .rev()
            .filter_map(Mount::parse);
        mounts.into_iter().find(|mount| mount.device == number)
    }

    /// Whether the device, or one under it, can be taken away; `None` where sysfs has none.
    fn is_removable(&self, device: u64, layers: u32) -> Option<bool> {
        let link = self
            .sys
            .join(format!("dev/block/{}:{}", major(device), minor(device)));
        let mut folder = fs::canonicalize(link).ok()?;
        if folder.join("partition").exists() {
            folder.pop();
        }
        let on_usb = folder
            .components()
            .any(|part| part.as_os_str().as_bytes().starts_with(b"usb"));
        let says = fs::read_to_string(folder.join("removable")).ok();
        if on_usb || says.as_deref().map(str::trim) == Some("1") {
            return Some(true);
        }
        let below = layers.checked_sub(1)?;
        for slave in fs::read_dir(folder.join("slaves"))
            .into_iter()
            .flatten()
            .flatten()
        {
            let number = fs::read_to_string(slave.path().join("dev")).ok()?;
            let (major, minor) = number.trim().split_once(':')?;
            let device = rustix::fs::makedev(major.parse().ok()?, minor.parse().ok()?);
            if self.is_removable(device, below)? {
                return Some(true);
            }
        }
        says.map(|_| false)
    }
}

/// The number of the block device at a path.
fn block_device(source: &Path) -> Option<u64> {
    use std::os::unix::fs::FileTypeExt;
    let meta = fs::metadata(source).ok()?;
    (source.is_absolute() && meta.file_type().is_block_device()).then(|| meta.rdev())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    const PLAIN: &str = "36 35 8:1 / / rw,noatime shared:1 - ext4 /dev/sda1 rw,errors=remount-ro";

    /// A host whose volume is told by this line, on a drive that is removable or not.
    fn host(root: &Path, line: &str, removable: &str) -> Host {
        let device = root.join("sys/devices/pci0/ata1/block/sda");
        let partition = device.join("sda1");
        fs::create_dir_all(&partition).unwrap();
        fs::create_dir_all(root.join("sys/dev/block")).unwrap();
        fs::write(device.join("removable"), removable).unwrap();
        fs::write(partition.join("partition"), "1\n").unwrap();
        symlink(&partition, root.join("sys/dev/block/8:1")).unwrap();
        Host {
            mounts: line.into(),
            sys: root.join("sys"),
        }
    }

    fn refusal(
        line: &str,
        removable: &str,
        flags: u32,
        free: u64,
    ) -> Result<Vec<StashDoubt>, Condition> {
        let root = tempfile::tempdir().unwrap();
        let host = host(root.path(), line, removable);
        let device = rustix::fs::makedev(8, 1);
        let flags = Some(IFlags::from_bits_retain(flags));
        let volume = Volume::told(flags, host.mount_of(device), device, free, &host);
        volume.judge(1000).map_err(|error| error.condition())
    }

    #[test]
    fn each_reason_refuses_a_stash() {
        assert_eq!(refusal(PLAIN, "0\n", 0, 1000), Ok(vec![]));
        assert_eq!(
            refusal(PLAIN, "0\n", 0, 999),
            Err(Condition::NoRoomForStash)
        );
        assert_eq!(
            refusal(PLAIN, "1\n", 0, 1000),
            Err(Condition::RemovableStash)
        );
        let compressed = IFlags::COMPRESSED.bits();
        assert_eq!(
            refusal(PLAIN, "0\n", compressed, 1000),
            Err(Condition::CompressedStash)
        );
        assert_eq!(
            refusal(PLAIN, "0\n", FS_ENCRYPT_FL, 1000),
            Err(Condition::EncryptedStash)
        );
        let btrfs = "36 35 8:1 /@ / rw - btrfs /dev/sda1 rw,ssd,compress=zstd:3,subvol=/@";
        assert_eq!(
            refusal(btrfs, "0\n", 0, 1000),
            Err(Condition::CompressedStash)
        );
        let off = "36 35 8:1 /@ / rw - btrfs /dev/sda1 rw,compress=none";
        assert_eq!(refusal(off, "0\n", 0, 1000), Ok(vec![]));
        let ecryptfs = "36 35 8:1 / /home rw - ecryptfs /home/.ecryptfs rw";
        assert_eq!(
            refusal(ecryptfs, "0\n", 0, 1000),
            Err(Condition::EncryptedStash)
        );
    }

    #[test]
    fn a_mapping_is_as_removable_as_what_lies_under_it() {
        let root = tempfile::tempdir().unwrap();
        let host = host(root.path(), PLAIN, "1\n");
        let mapped = root.path().join("sys/devices/virtual/block/dm-0");
        let slave = mapped.join("slaves/sda1");
        fs::create_dir_all(&slave).unwrap();
        fs::write(slave.join("dev"), "8:1\n").unwrap();
        fs::write(mapped.join("removable"), "0\n").unwrap();
        symlink(&mapped, root.path().join("sys/dev/block/253:0")).unwrap();
        let device = rustix::fs::makedev(253, 0);
        assert_eq!(host.is_removable(device, MOST_LAYERS), Some(true));
        fs::write(
            root.path()
                .join("sys/devices/pci0/ata1/block/sda/removable"),
            "0\n",
        )
        .unwrap();
        assert_eq!(host.is_removable(device, MOST_LAYERS), Some(false));
        fs::write(slave.join("dev"), "253:0\n").unwrap();
        assert_eq!(
            host.is_removable(device, MOST_LAYERS),
            None,
            "a mapping on itself ends"
        );
    }

    #[test]
    fn what_the_system_does_not_tell_is_a_doubt() {
        let host = Host {
            mounts: Vec::new(),
            sys: "nowhere".into(),
        };
        let volume = Volume::told(None, None, rustix::fs::makedev(0, 40), 1000, &host);
        let all = [
            StashDoubt::Compressed,
            StashDoubt::Encrypted,
            StashDoubt::Removable,
        ];
        assert_eq!(volume.judge(1000).unwrap(), all);
    }
}

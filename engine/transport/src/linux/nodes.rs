//! From a path to the one SCSI device behind it, and from there to both of
//! its nodes.
//!
//! Owns what sysfs says of nodes and numbers. Must not open a node: opening
//! one sends commands to the drive.
//!
//! A device is known by number, not by name: `/dev/cdrom`, `/dev/sr0` and
//! `/dev/sg1` are the same drive when sysfs leads from their numbers to the
//! same host, channel, target and unit.

use super::{DeviceError, System};
use core::fmt;
use core::str::FromStr;
use rustix::fs::{major, minor};
use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

/// Where a SCSI device is: `H:C:T:L`, as sysfs names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ScsiAddress {
    /// Host adapter.
    pub host: u32,
    /// Channel of it.
    pub channel: u32,
    /// Target on the channel.
    pub target: u32,
    /// Logical unit of the target.
    pub lun: u64,
}

impl fmt::Display for ScsiAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            host,
            channel,
            target,
            lun,
        } = self;
        write!(f, "{host}:{channel}:{target}:{lun}")
    }
}

/// A text that is no `H:C:T:L`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no SCSI address: it is four numbers, as 2:0:0:0")]
pub struct NoScsiAddress;

impl FromStr for ScsiAddress {
    type Err = NoScsiAddress;

    fn from_str(text: &str) -> Result<Self, NoScsiAddress> {
        let mut parts = text.split(':');
        let mut number = || {
            let part = parts.next().ok_or(NoScsiAddress)?;
            let digits = part.bytes().all(|b| b.is_ascii_digit());
            let number = part.parse::<u64>().ok().filter(|_| digits);
            number.ok_or(NoScsiAddress)
        };
        let (host, channel, target, lun) = (number()?, number()?, number()?, number()?);
        let short = |number: u64| u32::try_from(number).map_err(|_| NoScsiAddress);
        let address = Self {
            host: short(host)?,
            channel: short(channel)?,
            target: short(target)?,
            lun,
        };
        match parts.next() {
            None => Ok(address),
            Some(_) => Err(NoScsiAddress),
        }
    }
}

/// The two kinds of nodes that lead to a SCSI device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NodeKind {
    /// `/dev/srN`.
    Block,
    /// `/dev/sgN`.
    Generic,
}

impl NodeKind {
    /// Its folder below `/sys/dev`.
    const fn folder(self) -> &'static str {
        match self {
            Self::Block => "block",
            Self::Generic => "char",
        }
    }

    /// Its folder below that of the SCSI device.
    const fn class(self) -> &'static str {
        match self {
            Self::Block => "block",
            Self::Generic => "scsi_generic",
        }
    }
}

/// The number of a device node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DeviceNumber {
    /// Block or character device.
    pub kind: NodeKind,
    /// Major number.
    pub major: u32,
    /// Minor number.
    pub minor: u32,
}

impl DeviceNumber {
    /// The number of the node that a path leads to; `None`: it is no node.
    ///
    /// # Errors
    /// What the system says of the path.
    pub fn of(path: &Path) -> io::Result<Option<Self>> {
        Ok(Self::of_metadata(&fs::metadata(path)?))
    }

    /// The number of an open node; `None`: it is none.
    ///
    /// # Errors
    /// What the system says of the file.
    pub fn of_file(file: &fs::File) -> io::Result<Option<Self>> {
        Ok(Self::of_metadata(&file.metadata()?))
    }

    fn of_metadata(found: &fs::Metadata) -> Option<Self> {
        let kind = match found.file_type() {
            kind if kind.is_block_device() => NodeKind::Block,
            kind if kind.is_char_device() => NodeKind::Generic,
            _ => return None,
        };
        Some(Self {
            kind,
            major: major(found.rdev()),
            minor: minor(found.rdev()),
        })
    }

    /// From `MAJOR:MINOR`, as sysfs writes it.
    fn parse(kind: NodeKind, text: &str) -> Option<Self> {
        let (major, minor) = text.trim_end().split_once(':')?;
        Some(Self {
            kind,
            major: major.parse().ok()?,
            minor: minor.parse().ok()?,
        })
    }
}

/// A node that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Its path.
    pub path: PathBuf,
    /// Its number.
    pub number: DeviceNumber,
}

/// An optical drive's nodes: at least one of them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DriveNodes {
    /// The SCSI device.
    pub scsi: ScsiAddress,
    /// Its block node, where sysfs names one and it exists.
    pub block: Option<Node>,
    /// Its sg node, likewise.
    pub generic: Option<Node>,
    /// The SCSI device's folder in sysfs.
    pub folder: PathBuf,
    /// The block device's folder in sysfs, whether or not its node exists.
    pub block_folder: Option<PathBuf>,
}

/// SCSI's peripheral device type of CD, DVD and BD drives.
const TYPE_CD_DVD: &str = "5";

impl DriveNodes {
    /// Finds the drive behind what a person named.
    ///
    /// # Errors
    /// There is nothing of that name, or it is no optical drive.
    pub fn find(path: &Path, system: &System) -> Result<Self, DeviceError> {
        let is = |is: &str| DeviceError::NotADrive {
            path: path.to_owned(),
            is: is.to_owned(),
        };
        let number = match DeviceNumber::of(path) {
            Ok(Some(number)) => number,
            Ok(None) => return Err(is("no device node")),
            Err(error) => return Err(not_looked_at(path, error)),
        };
        Self::find_by_number(path, number, system, &DeviceNumber::of)
    }

    /// The same from a number on, with a way to ask for the numbers of paths.
    fn find_by_number(
        path: &Path,
        number: DeviceNumber,
        system: &System,
        number_of: &dyn Fn(&Path) -> io::Result<Option<DeviceNumber>>,
    ) -> Result<Self, DeviceError> {
        let is = |is: String| DeviceError::NotADrive {
            path: path.to_owned(),
            is,
        };
        let DeviceNumber { kind, major, minor } = number;
        let numbers = system.sys.join("dev").join(kind.folder());
        let entry = numbers.join(format!("{major}:{minor}"));
        if !entry.exists() {
            // A node may outlive its device; and without sysfs nothing is known.
            return Err(match numbers.exists() {
                true => gone(path),
                false => not_looked_at(&numbers, io::ErrorKind::NotFound.into()),
            });
        }
        let no_scsi = || is("a node of something that is no SCSI device".to_owned());
        let link = entry.join("device");
        let device = fs::canonicalize(&link).map_err(|_| match link.symlink_metadata() {
            Ok(_) => gone(path),
            Err(_) => no_scsi(),
        })?;
        let scsi: ScsiAddress = device
            .file_name()
            .and_then(|name| name.to_str())
            .and_then(|name| name.parse().ok())
            .ok_or_else(no_scsi)?;
        let named = |kind| node_of(&device, kind, &system.dev, path, number, number_of);
        match fs::read_to_string(device.join("type")) {
            Ok(text) if text.trim_end() == TYPE_CD_DVD => {}
            Ok(text) => return Err(is(other_type(text.trim_end()))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(gone(path)),
            Err(error) => return Err(not_looked_at(&device, error)),
        }
        Ok(Self {
            scsi,
            block: named(NodeKind::Block),
            generic: named(NodeKind::Generic),
            block_folder: folder_of(&device, NodeKind::Block),
            folder: device,
        })
    }

    /// Whether the kernel has taken the device away, or given it up. What it
    /// says of a command that was under way then is any of its errors.
    pub fn is_gone(&self) -> bool {
        match fs::read_to_string(self.folder.join("state")) {
            Ok(state) => matches!(
                state.trim_end(),
                "cancel" | "deleted" | "offline" | "transport-offline"
            ),
            // It was there when the drive was opened.
            Err(error) => {
                error.kind() == io::ErrorKind::NotFound
                    || error.raw_os_error() == Some(libc::ENODEV)
            }
        }
    }

    /// The one that commands go through: the block node where there is one.
    pub fn for_commands(&self) -> Option<&Node> {
        self.block.as_ref().or(self.generic.as_ref())
    }
}

fn gone(path: &Path) -> DeviceError {
    DeviceError::Gone {
        path: path.to_owned(),
    }
}

fn not_looked_at(path: &Path, source: io::Error) -> DeviceError {
    let path = path.to_owned();
    match source.kind() {
        io::ErrorKind::NotFound => DeviceError::Missing { path },
        _ => DeviceError::System { path, source },
    }
}

/// The folder of the device's block or sg device in sysfs.
fn folder_of(device: &Path, kind: NodeKind) -> Option<PathBuf> {
    let entries = fs::read_dir(device.join(kind.class())).ok()?;
    let mut folders: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    folders.sort();
    folders.into_iter().next()
}

/// The node of that kind: the one that was named, or the one in `/dev` that
/// is called as sysfs calls the device and has its number.
fn node_of(
    device: &Path,
    kind: NodeKind,
    dev: &Path,
    given: &Path,
    given_number: DeviceNumber,
    number_of: &dyn Fn(&Path) -> io::Result<Option<DeviceNumber>>,
) -> Option<Node> {
    let folder = folder_of(device, kind)?;
    let number = fs::read_to_string(folder.join("dev"))
        .ok()
        .and_then(|text| DeviceNumber::parse(kind, &text))?;
    let path = match given_number == number {
        true => given.to_owned(),
        false => dev.join(folder.file_name()?),
    };
    let exists = matches!(number_of(&path), Ok(Some(found)) if found == number);
    exists.then_some(Node { path, number })
}

/// In words, the peripheral device types that stand beside a drive often.
fn other_type(number: &str) -> String {
    let name = match number {
        "0" | "14" => "a hard disk",
        "1" => "a tape drive",
        "3" => "a processor",
        "7" => "a magneto-optical drive",
        "8" => "a media changer",
        "13" => "an enclosure",
        _ => "a SCSI device of another kind",
    };
    format!("{name} (SCSI type {})", number.escape_debug())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;
    use std::os::unix::fs::symlink;
    use tempfile::TempDir;

    const SR0: DeviceNumber = DeviceNumber {
        kind: NodeKind::Block,
        major: 11,
        minor: 0,
    };
    const SG1: DeviceNumber = DeviceNumber {
        kind: NodeKind::Generic,
        major: 21,
        minor: 1,
    };

    /// A machine with one SCSI device, as its sysfs shows it.
    struct Machine {
        folder: TempDir,
        nodes: HashMap<PathBuf, DeviceNumber>,
    }

    impl Machine {
        fn new(scsi_type: &str) -> Self {
            let folder = tempfile::tempdir().unwrap();
            let sys = folder.path().join("sys");
            let device = sys.join("devices/pci0000:00/host2/target2:0:0/2:0:0:3");
            let mut machine = Self {
                folder,
                nodes: HashMap::new(),
            };
            for (class, name, number) in [("block", "sr0", SR0), ("scsi_generic", "sg1", SG1)] {
                let at = device.join(class).join(name);
                fs::create_dir_all(&at).unwrap();
                fs::write(
                    at.join("dev"),
                    format!("{}:{}\n", number.major, number.minor),
                )
                .unwrap();
                symlink("../..", at.join("device")).unwrap();
                let numbers = sys.join("dev").join(number.kind.folder());
                fs::create_dir_all(&numbers).unwrap();
                let entry = numbers.join(format!("{}:{}", number.major, number.minor));
                symlink(&at, entry).unwrap();
                let node = machine.system().dev.join(name);
                machine.nodes.insert(node, number);
            }
            fs::write(device.join("type"), scsi_type).unwrap();
            fs::write(device.join("state"), "running\n").unwrap();
            machine
        }

        fn system(&self) -> System {
            System {
                sys: self.folder.path().join("sys"),
                dev: "/machine/dev".into(),
                ..System::default()
            }
        }

        fn device(&self) -> PathBuf {
            self.system()
                .sys
                .join("devices/pci0000:00/host2/target2:0:0/2:0:0:3")
        }

        fn find(&self, path: &str, number: DeviceNumber) -> Result<DriveNodes, DeviceError> {
            let number_of = |path: &Path| match self.nodes.get(path) {
                Some(number) => Ok(Some(*number)),
                None => Err(io::ErrorKind::NotFound.into()),
            };
            let path = Path::new(path);
            DriveNodes::find_by_number(path, number, &self.system(), &number_of)
        }
    }

    fn path(node: &Option<Node>) -> Option<&str> {
        node.as_ref().and_then(|node| node.path.to_str())
    }

    #[test]
    fn either_node_leads_to_both() {
        let machine = Machine::new("5\n");
        let by_block = machine.find("/machine/dev/sr0", SR0).unwrap();
        let by_generic = machine.find("/machine/dev/sg1", SG1).unwrap();
        assert_eq!(by_block, by_generic);
        assert_eq!(by_block.scsi.to_string(), "2:0:0:3");
        assert_eq!(path(&by_block.block), Some("/machine/dev/sr0"));
        assert_eq!(path(&by_block.generic), Some("/machine/dev/sg1"));
    }

    #[test]
    fn a_node_by_another_name_keeps_that_name() {
        let mut machine = Machine::new("5\n");
        machine.nodes.insert("/home/me/burner".into(), SR0);
        let nodes = machine.find("/home/me/burner", SR0).unwrap();
        assert_eq!(path(&nodes.block), Some("/home/me/burner"));
        assert_eq!(path(&nodes.generic), Some("/machine/dev/sg1"));
    }

    #[test]
    fn a_name_with_another_number_is_not_the_drives_node() {
        let mut machine = Machine::new("5\n");
        machine
            .nodes
            .insert("/machine/dev/sg1".into(), DeviceNumber { minor: 7, ..SG1 });
        let nodes = machine.find("/machine/dev/sr0", SR0).unwrap();
        assert_eq!(path(&nodes.generic), None);
        assert_eq!(nodes.for_commands(), nodes.block.as_ref());
    }

    #[test]
    fn a_drive_without_a_block_driver_is_its_sg_node() {
        let machine = Machine::new("5\n");
        fs::remove_dir_all(machine.device().join("block")).unwrap();
        let nodes = machine.find("/machine/dev/sg1", SG1).unwrap();
        assert_eq!(nodes.block, None);
        assert_eq!(nodes.block_folder, None);
        assert_eq!(nodes.for_commands(), nodes.generic.as_ref());
    }

    #[test]
    fn other_devices_are_refused_in_words() {
        for (number, word) in [
            ("0\n", "a hard disk"),
            ("8\n", "changer"),
            ("\u{1b}[1m", "kind"),
        ] {
            let refused = Machine::new(number)
                .find("/machine/dev/sg1", SG1)
                .unwrap_err();
            assert!(refused.to_string().contains(word), "{refused}");
            assert!(!refused.to_string().contains('\u{1b}'));
        }
        let machine = Machine::new("5\n");
        let loop0 = machine.system().sys.join("dev/block/7:0");
        fs::create_dir_all(loop0).unwrap();
        let number = DeviceNumber { major: 7, ..SR0 };
        let refused = machine.find("/machine/dev/loop0", number).unwrap_err();
        assert!(
            matches!(refused, DeviceError::NotADrive { .. }),
            "{refused}"
        );
    }

    #[test]
    fn a_device_that_went_away_is_gone() {
        let machine = Machine::new("5\n");
        fs::remove_file(machine.device().join("type")).unwrap();
        let refused = machine.find("/machine/dev/sr0", SR0).unwrap_err();
        assert!(matches!(refused, DeviceError::Gone { .. }), "{refused}");
        let number = DeviceNumber { minor: 9, ..SR0 };
        let refused = machine.find("/machine/dev/sr9", number).unwrap_err();
        assert!(matches!(refused, DeviceError::Gone { .. }), "{refused}");
    }

    #[test]
    fn a_drive_that_is_being_removed_counts_as_gone() {
        let machine = Machine::new("5\n");
        let nodes = machine.find("/machine/dev/sr0", SR0).unwrap();
        assert!(!nodes.is_gone());
        for (state, gone) in [
            ("cancel\n", true),
            ("blocked\n", false),
            ("offline\n", true),
        ] {
            fs::write(machine.device().join("state"), state).unwrap();
            assert_eq!(nodes.is_gone(), gone, "{state}");
        }
        fs::remove_dir_all(machine.device()).unwrap();
        assert!(nodes.is_gone());
    }

    #[test]
    fn what_is_no_node_is_told() {
        let system = System::default();
        let folder = tempfile::tempdir().unwrap();
        let refused = DriveNodes::find(folder.path(), &system).unwrap_err();
        assert!(
            matches!(refused, DeviceError::NotADrive { .. }),
            "{refused}"
        );
        let refused = DriveNodes::find(&folder.path().join("no"), &system).unwrap_err();
        assert!(matches!(refused, DeviceError::Missing { .. }), "{refused}");
        let refused = DriveNodes::find(Path::new("/dev/null"), &system).unwrap_err();
        assert!(
            matches!(refused, DeviceError::NotADrive { .. }),
            "{refused}"
        );
    }

    #[test]
    fn scsi_addresses_read_back_and_odd_ones_do_not_read() {
        let address: ScsiAddress = "33:0:1:16384".parse().unwrap();
        assert_eq!(address.to_string(), "33:0:1:16384");
        for odd in [
            "",
            "1:2:3",
            "1:2:3:4:5",
            "1:2:3:x",
            "+1:2:3:4",
            "1::3:4",
            "4294967296:0:0:0",
        ] {
            assert_eq!(odd.parse::<ScsiAddress>(), Err(NoScsiAddress), "{odd}");
        }
    }
}

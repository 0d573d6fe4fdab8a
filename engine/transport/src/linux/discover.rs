//! Which optical drives the machine has, from sysfs.
//!
//! Needs no permission on a drive and sends it nothing. What a drive can do is
//! asked of the drive itself ([`crate::probe`]).
//!
//! Owns what the kernel tells of a drive. Must not know how one is opened, and
//! trusts nothing: names come from devices, and a device may vanish between
//! two reads.

use super::bus::{self, Bus};
use super::{ScsiAddress, System, mounts, sysfs};
use crate::printable::printable;
use core::time::Duration;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

/// The kernel's number of the device type CD/DVD (SCSI type 5), as sysfs
/// prints it.
const OPTICAL: u8 = 5;

/// A drive as the kernel shows it. Its texts are printable ASCII without
/// padding; what was not printable stands as `\xNN`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FoundDrive {
    /// The block node, as `/dev/sr0`; `None` while the kernel's CD driver does
    /// not have the drive. The node may be missing in a container.
    pub block: Option<PathBuf>,
    /// The generic node, as `/dev/sg1`; `None` without the kernel's generic
    /// driver.
    pub generic: Option<PathBuf>,
    /// Host, channel, target, LUN.
    pub address: ScsiAddress,
    /// Vendor, at most 8 characters (INQUIRY bytes 8 to 15). Old SATA drives
    /// say `ATAPI` here and their vendor in `model`.
    pub vendor: String,
    /// Product, at most 16 characters (INQUIRY bytes 16 to 31).
    pub model: String,
    /// Firmware revision, at most 4 characters (INQUIRY bytes 32 to 35).
    pub revision: String,
    /// Serial number: of the drive (vital product data page 80h) where the
    /// kernel has that, else of the USB case. Many drives have none; cases are
    /// known that all bear the same.
    pub serial: Option<String>,
    /// World wide name, as `naa.5000c50015ea71aa`; most drives have none.
    pub wwid: Option<String>,
    /// The bus, as the host sees it.
    pub bus: Bus,
    /// Where on that bus: `ata2`, the USB port as `1-1.4`, the iSCSI target.
    /// The same hole of the same machine has the same USB port.
    pub port: Option<String>,
    /// Where file systems of the disc are mounted, as this process sees it.
    /// In other mount namespaces it may be mounted unseen.
    pub mounts: Vec<PathBuf>,
    /// The medium can be taken out. True for all but odd drives.
    pub removable: bool,
    /// The kernel can reach the drive: false after it gave up on it.
    pub online: bool,
    /// How often the kernel looks for a change of the medium. `None`: it does
    /// not, unless something opens the block node.
    pub polled: Option<Duration>,
    /// A number that is another one after each change of the medium that the
    /// kernel has seen; never the same for two drives. Linux 5.15 and newer.
    pub medium_number: Option<u64>,
    /// The block node's number, major and minor.
    number: Option<(u32, u32)>,
    instance: Instance,
}

/// What makes a device the same one at two looks: its folder in sysfs, and the
/// number that sysfs gives each folder anew.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Instance {
    folder: PathBuf,
    inode: u64,
}

impl FoundDrive {
    /// Whether both are the same device, which was there all the time between:
    /// a drive that was unplugged and plugged in again is another one.
    pub fn is_same_device(&self, other: &Self) -> bool {
        self.instance == other.instance
    }

    /// Whether the kernel tells the same of both, but for what changes with the
    /// medium.
    pub(super) fn has_same_facts(&self, other: &Self) -> bool {
        let without_medium = |drive: &Self| Self {
            mounts: Vec::new(),
            medium_number: None,
            ..drive.clone()
        };
        without_medium(self) == without_medium(other)
    }

    /// The node to open: the block node, else the generic one.
    pub fn node(&self) -> Option<&Path> {
        self.block.as_deref().or(self.generic.as_deref())
    }
}

/// The drives of the machine, sorted by SCSI address. Only what vanished
/// meanwhile, and what cannot be made out, is left out.
///
/// A drive may have just one of the two nodes; one that arrives gets them one
/// after the other.
///
/// # Errors
/// Sysfs is not there or cannot be listed, or the process has no file or memory
/// left. No drive at all is no error.
pub fn drives(system: &System) -> io::Result<Vec<FoundDrive>> {
    let sys = system.sys.canonicalize()?;
    let mut devices: BTreeMap<PathBuf, Nodes> = BTreeMap::new();
    for (folder, name) in listed(&sys.join("block"))? {
        if name.starts_with("sr")
            && let Some(device) = device_of(&sys, &folder)?
        {
            devices.entry(device).or_default().block = Some((folder, name));
        }
    }
    let generic = match listed(&sys.join("class/scsi_generic")) {
        // The driver is not loaded.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        other => other?,
    };
    for (folder, name) in generic {
        if let Some(device) = device_of(&sys, &folder)? {
            devices.entry(device).or_default().generic = Some((folder, name));
        }
    }
    let mut found = Vec::new();
    for (device, nodes) in devices {
        found.extend(drive(system, &sys, device, &nodes)?);
    }
    found.sort_by(|a, b| (a.address, &a.instance).cmp(&(b.address, &b.instance)));
    if found.iter().any(|drive| drive.block.is_some()) {
        // Where the table cannot be had, nothing is known of mounts.
        let table = sysfs::had(std::fs::read(system.proc.join("self/mountinfo")))?;
        let table = mounts::parse(&table.unwrap_or_default());
        for drive in &mut found {
            let of_it = table
                .iter()
                .filter(|mount| Some(mount.device) == drive.number);
            drive.mounts = of_it.map(|mount| mount.at.clone()).collect();
        }
    }
    Ok(found)
}

/// The folders of a device's nodes in sysfs, with their names.
#[derive(Debug, Default)]
struct Nodes {
    block: Option<(PathBuf, String)>,
    generic: Option<(PathBuf, String)>,
}

/// Entries of a folder of links, with the printable ones of their names:
/// the kernel gives no others.
fn listed(folder: &Path) -> io::Result<Vec<(PathBuf, String)>> {
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if let Ok(name) = entry.file_name().into_string() {
            entries.push((entry.path(), name));
        }
    }
    Ok(entries)
}

/// The real path of the SCSI device behind a node's folder.
fn device_of(sys: &Path, folder: &Path) -> io::Result<Option<PathBuf>> {
    let device = sysfs::had(folder.join("device").canonicalize())?;
    Ok(device.filter(|device| device.starts_with(sys)))
}

/// The number that sysfs gave the folder when the device came.
fn inode(device: &Path) -> io::Result<Option<u64>> {
    Ok(sysfs::had(device.metadata())?.map(|folder| folder.ino()))
}

/// Whether all that was read is of this device: one that vanished meanwhile
/// would be half a drive. The kernel takes the device's type away before what
/// names the drive.
fn is_still_there(instance: &Instance) -> io::Result<bool> {
    let folder = &instance.folder;
    Ok(is_optical(folder)? && inode(folder)? == Some(instance.inode))
}

fn is_optical(device: &Path) -> io::Result<bool> {
    Ok(sysfs::number::<u8>(device, "type")? == Some(OPTICAL))
}

fn drive(
    system: &System,
    sys: &Path,
    device: PathBuf,
    nodes: &Nodes,
) -> io::Result<Option<FoundDrive>> {
    let address: Option<ScsiAddress> = device
        .file_name()
        .and_then(|name| name.to_str()?.parse().ok());
    let (Some(inode_before), Some(address)) = (inode(&device)?, address) else {
        return Ok(None);
    };
    if !is_optical(&device)? {
        return Ok(None);
    }
    let text = |name| sysfs::text(&device, name).map(Option::unwrap_or_default);
    let place = bus::place(sys, &device)?;
    let mut found = FoundDrive {
        block: node(system, nodes.block.as_ref())?,
        generic: node(system, nodes.generic.as_ref())?,
        address,
        vendor: text("vendor")?,
        model: text("model")?,
        revision: text("rev")?,
        serial: page_80(&device)?.or(place.serial),
        wwid: sysfs::text(&device, "wwid")?,
        bus: place.bus,
        port: place.port,
        mounts: Vec::new(),
        removable: true,
        online: sysfs::text(&device, "state")?.is_none_or(|state| state == "running"),
        polled: None,
        medium_number: None,
        number: None,
        instance: Instance {
            inode: inode_before,
            folder: device,
        },
    };
    if let Some((folder, _)) = &nodes.block {
        found.removable = sysfs::number::<u8>(folder, "removable")? != Some(0);
        found.polled = polled(sys, folder)?;
        found.medium_number = sysfs::number(folder, "diskseq")?;
        found.number = numbers(folder)?;
    }
    let is_whole = is_still_there(&found.instance)?;
    Ok(is_whole.then_some(found))
}

/// The device node of an entry, by the name that the kernel gives it.
fn node(system: &System, entry: Option<&(PathBuf, String)>) -> io::Result<Option<PathBuf>> {
    let Some((folder, name)) = entry else {
        return Ok(None);
    };
    let uevent = sysfs::bytes(folder, "uevent")?.unwrap_or_default();
    let told = uevent
        .split(|byte| *byte == b'\n')
        .find_map(|line| line.strip_prefix(b"DEVNAME="))
        .unwrap_or(name.as_bytes());
    let path = Path::new(OsStr::from_bytes(told));
    let is_below = path
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    Ok((is_below && !told.is_empty()).then(|| system.dev.join(path)))
}

/// The serial number in vital product data page 80h, which sysfs gives as the
/// drive sent it: a head of 4 bytes, the length in its last two.
fn page_80(device: &Path) -> io::Result<Option<String>> {
    let page = sysfs::bytes(device, "vpd_pg80")?.unwrap_or_default();
    let Some((head, rest)) = page.split_first_chunk::<4>() else {
        return Ok(None);
    };
    let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
    let serial = printable(rest.get(..length).unwrap_or(rest));
    Ok((!serial.is_empty()).then_some(serial))
}

/// How often the kernel looks at the drive: -1 stands for the default of all.
fn polled(sys: &Path, block: &Path) -> io::Result<Option<Duration>> {
    let interval = match sysfs::number::<i64>(block, "events_poll_msecs")? {
        Some(..0) => sysfs::number(
            &sys.join("module/block/parameters"),
            "events_dfl_poll_msecs",
        )?,
        own => own,
    };
    Ok(interval
        .and_then(|interval| u64::try_from(interval).ok())
        .filter(|interval| *interval != 0)
        .map(Duration::from_millis))
}

/// MAJOR:MINOR of a node's folder.
fn numbers(folder: &Path) -> io::Result<Option<(u32, u32)>> {
    let text = sysfs::text(folder, "dev")?.unwrap_or_default();
    let numbers = text
        .split_once(':')
        .and_then(|(major, minor)| Some((major.parse().ok()?, minor.parse().ok()?)));
    Ok(numbers)
}

#[cfg(test)]
mod tests {
    use super::super::machine::*;
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    fn found(machine: &Machine) -> Vec<FoundDrive> {
        drives(&machine.system()).unwrap()
    }

    fn one(device: &Device) -> FoundDrive {
        let [drive] =
            <[_; 1]>::try_from(found(&Machine::with(std::slice::from_ref(device)))).unwrap();
        drive
    }

    #[test]
    fn each_drive_is_told_as_the_kernel_shows_it() {
        let drive = one(&NAMED);
        assert_eq!(drive.block.as_deref(), Some(Path::new("/dev/sr1")));
        assert_eq!(drive.generic.as_deref(), Some(Path::new("/dev/sg1")));
        assert_eq!(drive.node(), drive.block.as_deref());
        assert_eq!(drive.address.to_string(), "0:0:5:0");
        assert_eq!(
            (&*drive.vendor, &*drive.model, &*drive.revision),
            ("HL-DT-ST", "BD-RE", "2.5+")
        );
        assert_eq!(drive.serial.as_deref(), Some("SER123"));
        assert_eq!(drive.wwid.as_deref(), Some("naa.5000c50015ea71aa"));
        assert!(drive.removable && drive.online);
        assert_eq!((drive.polled, drive.medium_number), (None, Some(2)));
        assert!(drive.mounts.is_empty());
    }

    #[test]
    fn the_bus_and_the_place_on_it_are_told() {
        let told = |device: &Device| {
            let drive = one(device);
            (
                drive.bus,
                drive.port.unwrap_or_default(),
                drive.serial.unwrap_or_default(),
            )
        };
        let words = |bus, port: &str, serial: &str| (bus, port.to_owned(), serial.to_owned());
        assert_eq!(told(&VIRTIO), words(Bus::Virtio, "virtio3", "beaf11"));
        assert_eq!(told(&SATA), words(Bus::Sata, "ata2", ""));
        assert_eq!(told(&PARALLEL), words(Bus::Ata, "ata8", ""));
        assert_eq!(told(&USB), words(Bus::Usb, "2-2", "USBSER"));
        let pseudo = Bus::Unknown("pseudo_0".into());
        assert_eq!(told(&PSEUDO), words(pseudo, "", "22000"));
        assert_eq!(told(&ISCSI), words(Bus::Iscsi, "session1", ""));
        let other = |path| Device { path, ..PSEUDO };
        assert_eq!(
            told(&other(
                "pci0000:00/0000:00:04.0/fw1/fw1.0/host3/target3:0:0/3:0:0:0"
            )),
            words(Bus::FireWire, "fw1", "22000")
        );
        assert_eq!(
            told(&other("pci0000:00/0000:00:04.0/host3/target3:0:4/3:0:4:0")),
            words(Bus::Scsi, "", "22000")
        );
        assert_eq!(
            told(&other(
                "pci0000:00/0000:00:04.0/host3/port-3:0/end_device-3:0/target3:0:0/3:0:0:0"
            )),
            words(Bus::Scsi, "end_device-3:0", "22000")
        );
        // An adapter in a dock that itself hangs on USB.
        assert_eq!(
            told(&other(
                "pci0000:00/0000:00:07.0/usb2/2-2/2-2:1.0/ata3/host3/target3:0:0/3:0:0:0"
            )),
            words(Bus::Ata, "ata3", "22000")
        );
    }

    #[test]
    fn an_iscsi_target_has_its_name_where_the_kernel_tells_it() {
        let machine = Machine::with(&[ISCSI]);
        machine.write(
            "sys/class/iscsi_session/session1/targetname",
            b"iqn.2000-01.x:y\n",
        );
        assert_eq!(found(&machine)[0].port.as_deref(), Some("iqn.2000-01.x:y"));
    }

    #[test]
    fn drives_are_sorted_and_what_is_none_is_left_out() {
        let all = [
            ISCSI, CONTROLLER, PSEUDO, USB, PARALLEL, SATA, NAMED, VIRTIO,
        ];
        let machine = Machine::with(&all);
        machine.write("sys/block/loop0/size", b"0\n");
        let addresses: Vec<String> = found(&machine)
            .iter()
            .map(|drive| drive.address.to_string())
            .collect();
        assert_eq!(
            addresses,
            [
                "0:0:1:0", "0:0:5:0", "2:0:0:0", "8:0:0:0", "9:0:0:0", "10:0:0:0", "11:0:0:1"
            ]
        );
        assert_eq!(found(&machine), found(&machine));
    }

    #[test]
    fn one_node_is_enough() {
        let generic = one(&Device {
            block: None,
            ..SATA
        });
        assert_eq!(
            (generic.block.as_deref(), generic.node()),
            (None, Some(Path::new("/dev/sg2")))
        );
        assert_eq!((generic.polled, generic.medium_number), (None, None));
        let machine = Machine::with(&[Device {
            generic: None,
            ..SATA
        }]);
        fs::remove_dir(machine.at("sys/class/scsi_generic")).unwrap();
        let block = &found(&machine)[0];
        assert_eq!(
            (block.node(), block.generic.as_deref()),
            (Some(Path::new("/dev/sr2")), None)
        );
    }

    #[test]
    fn a_machine_without_drives_has_none_and_one_without_sysfs_is_an_error() {
        assert!(found(&Machine::new()).is_empty());
        let machine = Machine::new();
        fs::remove_dir_all(machine.at("sys")).unwrap();
        let error = drives(&machine.system()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn the_kernel_s_own_look_at_the_medium_is_told() {
        let machine = Machine::with(&[SATA]);
        let polled = || found(&machine)[0].polled;
        assert_eq!(polled(), None);
        machine.write(
            "sys/module/block/parameters/events_dfl_poll_msecs",
            b"2000\n",
        );
        assert_eq!(polled(), Some(Duration::from_secs(2)));
        fs::write(machine.of(&SATA, "block/sr2/events_poll_msecs"), "500\n").unwrap();
        assert_eq!(polled(), Some(Duration::from_millis(500)));
        fs::write(machine.of(&SATA, "block/sr2/events_poll_msecs"), "0\n").unwrap();
        assert_eq!(polled(), None);
    }

    #[test]
    fn mounts_are_found_by_the_node_s_number() {
        let machine = Machine::with(&[NAMED, VIRTIO]);
        machine.write(
            "proc/self/mountinfo",
            b"31 1 0:26 / / rw,relatime - overlay over rw\n\
              43 31 11:1 / /mnt ro,relatime - iso9660 /dev/sr1 ro,blocksize=2048\n\
              44 31 11:11 / /other ro - iso9660 /dev/sr11 ro\n\
              45 31 11:1 / /media/my\\040disc\\134n\\01 ro shared:5 - udf /dev/sr1 ro\n\
              46 31 11:1\n",
        );
        let drives = found(&machine);
        assert_eq!(drives[0].mounts, [] as [&Path; 0]);
        assert_eq!(
            drives[1].mounts,
            [Path::new("/mnt"), Path::new("/media/my disc\\n\\01")]
        );
        fs::remove_file(machine.at("proc/self/mountinfo")).unwrap();
        assert!(found(&machine)[1].mounts.is_empty());
    }

    #[test]
    fn what_a_device_says_of_itself_is_made_fit_to_print() {
        let machine = Machine::with(&[SATA]);
        fs::write(machine.of(&SATA, "vendor"), b"\x1b[2J\xff\n").unwrap();
        fs::write(machine.of(&SATA, "vpd_pg80"), b"\x05\x80\xff\xffA\nB\0\0").unwrap();
        fs::write(
            machine.of(&SATA, "block/sr2/uevent"),
            "DEVNAME=../../etc/shadow\n",
        )
        .unwrap();
        fs::write(
            machine.of(&SATA, "scsi_generic/sg2/uevent"),
            "DEVNAME=/etc/shadow\n",
        )
        .unwrap();
        let drive = &found(&machine)[0];
        assert_eq!(drive.vendor, "\\x1b[2J\\xff");
        assert_eq!(drive.serial.as_deref(), Some("A\\nB"));
        assert_eq!(drive.node(), None);
    }

    #[test]
    fn a_drive_that_tells_nothing_of_itself_is_still_one() {
        let machine = Machine::with(&[SATA]);
        for name in [
            "vendor",
            "model",
            "rev",
            "state",
            "block/sr2/uevent",
            "block/sr2/dev",
        ] {
            fs::remove_file(machine.of(&SATA, name)).unwrap();
        }
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        let kind = rustix::fs::FileType::Fifo;
        let model = machine.of(&SATA, "model");
        rustix::fs::mknodat(rustix::fs::CWD, model, kind, mode, 0).unwrap();
        let drive = &found(&machine)[0];
        assert_eq!(
            (&*drive.vendor, &*drive.model, drive.online),
            ("", "", true)
        );
        assert_eq!(drive.block.as_deref(), Some(Path::new("/dev/sr2")));
    }

    #[test]
    fn links_that_lead_nowhere_or_out_of_the_tree_are_passed_by() {
        let machine = Machine::with(&[SATA]);
        symlink("../devices/gone/block/sr8", machine.at("sys/block/sr8")).unwrap();
        symlink("sg9", machine.at("sys/class/scsi_generic/sg9")).unwrap();
        let outside = machine.at("elsewhere/3:0:0:0");
        fs::create_dir_all(&outside).unwrap();
        fs::write(outside.join("type"), "5\n").unwrap();
        for (name, device) in [
            ("sr6", outside.as_path()),
            ("sr7", Path::new("../../devices")),
        ] {
            let node = machine.at("sys/block").join(name);
            fs::create_dir(&node).unwrap();
            symlink(device, node.join("device")).unwrap();
        }
        assert_eq!(found(&machine).len(), 1);
    }

    #[test]
    fn a_drive_that_goes_while_it_is_read_is_noticed() {
        let machine = Machine::with(&[SATA]);
        let instance = found(&machine).remove(0).instance;
        assert!(is_still_there(&instance).unwrap());
        fs::remove_file(machine.of(&SATA, "type")).unwrap();
        assert!(!is_still_there(&instance).unwrap());
        fs::write(machine.of(&SATA, "type"), "5\n").unwrap();
        machine.unplug(&SATA);
        assert!(!is_still_there(&instance).unwrap());
        machine.plug(&SATA);
        assert!(!is_still_there(&instance).unwrap());
    }

    #[test]
    fn half_a_drive_is_never_told() {
        let machine = Machine::new();
        let system = machine.system();
        for _ in 0..20 {
            machine.plug(&SATA);
            let begun = std::sync::Barrier::new(2);
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    begun.wait();
                    machine.unplug(&SATA);
                });
                begun.wait();
                loop {
                    let drives = drives(&system).unwrap();
                    let Some(drive) = drives.first() else { break };
                    assert_eq!((&*drive.vendor, &*drive.revision), ("QEMU", "2.5+"));
                }
            });
        }
    }

    #[test]
    fn a_drive_that_was_plugged_in_again_is_another_one() {
        let machine = Machine::with(&[SATA]);
        let before = found(&machine);
        assert!(before[0].is_same_device(&found(&machine)[0]));
        machine.unplug(&SATA);
        assert!(found(&machine).is_empty());
        machine.plug(&SATA);
        let after = found(&machine);
        assert_eq!(after[0].address, before[0].address);
        assert!(!after[0].is_same_device(&before[0]));
    }
}

//! A machine for tests: folders built as a real kernel (Linux 6.1) showed
//! its drives, with what else stands there.
#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

use super::System;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// One SCSI device.
pub(super) struct Device {
    /// Its folder below `devices`.
    pub(super) path: &'static str,
    /// Name and number of its block node.
    pub(super) block: Option<(&'static str, &'static str)>,
    /// Name of its generic node.
    pub(super) generic: Option<&'static str>,
    /// Vendor, model and revision, as sysfs has them, the line's end left out.
    pub(super) names: [&'static str; 3],
    /// Further attributes.
    pub(super) more: &'static [(&'static str, &'static [u8])],
}

/// A drive of tgtd, on the virtual adapter.
pub(super) const VIRTIO: Device = Device {
    path: "pci0000:00/0000:00:05.0/virtio3/host0/target0:0:1/0:0:1:0",
    block: Some(("sr0", "11:0")),
    generic: Some("sg0"),
    names: ["IET     ", "VIRTUAL-CDROM   ", "0001"],
    more: &[
        (
            "vpd_pg80",
            b"\x05\x80\0\x24                              beaf11",
        ),
        ("wwid", b"naa.60000000000000000e00000000010001\n"),
    ],
};

/// QEMU's drive with a name and a serial number of one's own.
pub(super) const NAMED: Device = Device {
    path: "pci0000:00/0000:00:05.0/virtio3/host0/target0:0:5/0:0:5:0",
    block: Some(("sr1", "11:1")),
    generic: Some("sg1"),
    names: ["HL-DT-ST", "BD-RE           ", "2.5+"],
    more: &[
        ("vpd_pg80", b"\x05\x80\0\x06SER123"),
        ("wwid", b"naa.5000c50015ea71aa\n"),
    ],
};

/// QEMU's drive on an AHCI adapter.
pub(super) const SATA: Device = Device {
    path: "pci0000:00/0000:00:06.0/ata2/host2/target2:0:0/2:0:0:0",
    block: Some(("sr2", "11:2")),
    generic: Some("sg2"),
    names: ["QEMU    ", "QEMU DVD-ROM    ", "2.5+"],
    more: &[("../../../link2/ata_link/link2/sata_spd", b"1.5 Gbps\n")],
};

/// QEMU's drive on the adapter of an old PC.
pub(super) const PARALLEL: Device = Device {
    path: "pci0000:00/0000:00:01.1/ata8/host8/target8:0:0/8:0:0:0",
    block: Some(("sr3", "11:3")),
    generic: Some("sg3"),
    names: ["QEMU    ", "QEMU DVD-ROM    ", "2.5+"],
    more: &[("../../../link8/ata_link/link8/sata_spd", b"<unknown>\n")],
};

/// QEMU's drive in a USB case.
pub(super) const USB: Device = Device {
    path: "pci0000:00/0000:00:07.0/usb2/2-2/2-2:1.0/host9/target9:0:0/9:0:0:0",
    block: Some(("sr4", "11:4")),
    generic: Some("sg4"),
    names: ["QEMU    ", "QEMU CD-ROM     ", "2.5+"],
    more: &[("../../../../serial", b"USBSER\n")],
};

/// The kernel's own pretended adapter.
pub(super) const PSEUDO: Device = Device {
    path: "pseudo_0/adapter0/host10/target10:0:0/10:0:0:0",
    block: Some(("sr5", "11:5")),
    generic: Some("sg5"),
    names: ["Linux   ", "scsi_debug      ", "0191"],
    more: &[("vpd_pg80", b"\x05\x80\0\x0522000")],
};

/// A drive of tgtd by the kernel's iSCSI initiator.
pub(super) const ISCSI: Device = Device {
    path: "platform/host11/session1/target11:0:0/11:0:0:1",
    block: Some(("sr6", "11:6")),
    generic: Some("sg7"),
    names: ["IET     ", "VIRTUAL-CDROM   ", "0001"],
    more: &[],
};

/// What tgtd has at LUN 0: no drive.
pub(super) const CONTROLLER: Device = Device {
    path: "platform/host11/session1/target11:0:0/11:0:0:0",
    block: None,
    generic: Some("sg6"),
    names: ["IET     ", "Controller      ", "0001"],
    more: &[("type", b"12\n")],
};

/// The folders.
pub(super) struct Machine {
    folder: TempDir,
}

impl Machine {
    /// A machine without drives, whose kernel does not poll.
    pub(super) fn new() -> Self {
        let machine = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        for folder in ["sys/block", "sys/class/scsi_generic", "sys/devices"] {
            fs::create_dir_all(machine.at(folder)).unwrap();
        }
        machine.write("sys/module/block/parameters/events_dfl_poll_msecs", b"0\n");
        machine.write(
            "proc/self/mountinfo",
            b"31 1 0:26 / / rw,relatime - overlay over rw,lowerdir=/lower\n",
        );
        machine
    }

    /// A machine with these.
    pub(super) fn with(devices: &[Device]) -> Self {
        let machine = Self::new();
        for device in devices {
            machine.plug(device);
        }
        machine
    }

    pub(super) fn system(&self) -> System {
        System {
            sys: self.at("sys"),
            proc: self.at("proc"),
            dev: "/dev".into(),
            ..System::default()
        }
    }

    /// A path in the folder.
    pub(super) fn at(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// A path in the folder of a device.
    pub(super) fn of(&self, device: &Device, name: &str) -> PathBuf {
        self.at("sys/devices").join(device.path).join(name)
    }

    /// Writes a file, and the folders above it.
    pub(super) fn write(&self, path: &str, bytes: &[u8]) {
        write(&self.at(path), bytes);
    }

    /// Puts a device where the kernel shows it.
    pub(super) fn plug(&self, device: &Device) {
        let folder = self.at("sys/devices").join(device.path);
        fs::create_dir_all(&folder).unwrap();
        let names = ["vendor", "model", "rev"].into_iter().zip(device.names);
        for (name, text) in names.chain([("type", "5"), ("state", "running")]) {
            write(&folder.join(name), format!("{text}\n").as_bytes());
        }
        for (name, bytes) in device.more {
            write(&folder.join(name), bytes);
        }
        if let Some((name, number)) = device.block {
            let node = self.plug_node(device, "block", name);
            write(&node.join("dev"), format!("{number}\n").as_bytes());
            write(&node.join("removable"), b"1\n");
            write(&node.join("events_poll_msecs"), b"-1\n");
            write(&node.join("diskseq"), b"2\n");
            symlink(node, self.at("sys/block").join(name)).unwrap();
        }
        if let Some(name) = device.generic {
            let node = self.plug_node(device, "scsi_generic", name);
            symlink(node, self.at("sys/class/scsi_generic").join(name)).unwrap();
        }
    }

    fn plug_node(&self, device: &Device, class: &str, name: &str) -> PathBuf {
        let node = self.of(device, class).join(name);
        let uevent = format!("MAJOR=1\nMINOR=2\nDEVNAME={name}\n");
        write(&node.join("uevent"), uevent.as_bytes());
        let (_, address) = device.path.rsplit_once('/').unwrap();
        symlink(format!("../../../{address}"), node.join("device")).unwrap();
        node
    }

    /// Takes a device away, in the kernel's order. Its folder is kept aside, so
    /// that one which is put in its place is another one.
    pub(super) fn unplug(&self, device: &Device) {
        if let Some((name, _)) = device.block {
            fs::remove_file(self.at("sys/block").join(name)).unwrap();
        }
        if let Some(name) = device.generic {
            fs::remove_file(self.at("sys/class/scsi_generic").join(name)).unwrap();
        }
        for name in ["type", "vendor", "model", "rev", "state"] {
            fs::remove_file(self.of(device, name)).unwrap();
        }
        let aside = tempfile::Builder::new().tempdir_in(&self.folder).unwrap();
        fs::rename(self.of(device, ""), aside.keep().join("gone")).unwrap();
    }
}

fn write(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

//! On which bus a drive hangs, judged from its path in sysfs.
//!
//! Owns the meaning of the names of a path. Must not know the drive.

use super::sysfs;
use crate::BusShare;
use crate::printable::printable;
use core::fmt;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// The bus of a drive, as the host sees it: a SATA drive in a USB case is
/// [`Bus::Usb`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Bus {
    /// Serial ATA: the link tells a speed.
    Sata,
    /// ATA. The link does not tell whether it is serial or parallel.
    Ata,
    /// USB, by the bulk-only transport or UAS.
    Usb,
    /// FireWire (SBP-2).
    FireWire,
    /// iSCSI by the kernel's initiator.
    Iscsi,
    /// The virtual adapter of a virtual machine.
    Virtio,
    /// A SCSI adapter, SAS too.
    Scsi,
    /// None of these: the name at which the path in sysfs begins.
    Unknown(String),
}

impl fmt::Display for Bus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Sata => "SATA",
            Self::Ata => "ATA",
            Self::Usb => "USB",
            Self::FireWire => "FireWire",
            Self::Iscsi => "iSCSI",
            Self::Virtio => "virtio",
            Self::Scsi => "SCSI",
            Self::Unknown(name) => name,
        })
    }
}

/// A place on a bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) bus: Bus,
    /// Which port, in the words of the bus.
    pub(super) port: Option<String>,
    /// Serial number of the case round the drive: USB only.
    pub(super) serial: Option<String>,
}

impl Place {
    fn on(bus: Bus, port: Option<String>) -> Self {
        Self {
            bus,
            port,
            serial: None,
        }
    }
}

/// The place of the SCSI device in `device`, a real path in `sys`.
///
/// The name nearest to the device decides: an adapter may itself hang on
/// another bus.
///
/// # Errors
/// As [`sysfs::had`].
pub(super) fn place(sys: &Path, device: &Path) -> io::Result<Place> {
    let devices = sys.join("devices");
    let below = || {
        device
            .ancestors()
            .skip(1)
            .take_while(|folder| *folder != devices && folder.starts_with(&devices))
    };
    for folder in below() {
        let name = name_of(folder);
        if numbered(&name, "session") {
            let session = sys.join("class/iscsi_session").join(&name);
            let target = sysfs::text(&session, "targetname")?;
            return Ok(Place::on(Bus::Iscsi, target.or(Some(name))));
        }
        if let Some(number) = name.strip_prefix("ata").filter(|rest| is_number(rest)) {
            let link = format!("link{number}/ata_link/link{number}");
            let told = sysfs::text(&folder.join(link), "sata_spd")?;
            // An adapter that cannot tell says <unknown>, parallel or not.
            let serial = told.is_some_and(|speed| speed.ends_with("Gbps"));
            let bus = if serial { Bus::Sata } else { Bus::Ata };
            return Ok(Place::on(bus, Some(name)));
        }
        if is_usb_port(&name) {
            return Ok(Place {
                serial: sysfs::text(folder, "serial")?,
                ..Place::on(Bus::Usb, Some(name))
            });
        }
        if numbered(&name, "fw") {
            return Ok(Place::on(Bus::FireWire, Some(name)));
        }
        if numbered(&name, "virtio") {
            return Ok(Place::on(Bus::Virtio, Some(name)));
        }
        if name.starts_with("end_device-") {
            return Ok(Place::on(Bus::Scsi, Some(name)));
        }
    }
    let top = below().last().map(name_of).unwrap_or_default();
    let bus = match top.starts_with("pci") {
        true => Bus::Scsi,
        false => Bus::Unknown(top),
    };
    Ok(Place::on(bus, None))
}

/// What a USB bus of 480 Mbit/s is taken to carry, in kB/s: a cautious two
/// thirds of the 53 MB/s that 13 packets of 512 bytes in each of 8000
/// microframes a second make. Not measured here.
const USB_2: u32 = 35_000;

/// The bandwidth that the SCSI device in `device`, a real path in `sys`, shares
/// with others; `None` where sysfs does not tell, or where the bus carries more
/// than drives ask.
pub(super) fn share(sys: &Path, device: &Path) -> Option<BusShare> {
    let devices = sys.join("devices");
    let port = device
        .ancestors()
        .take_while(|folder| *folder != devices && folder.starts_with(&devices))
        .find(|folder| is_usb_port(&name_of(folder)))?;
    let speed = sysfs::text(port, "speed").ok().flatten()?;
    let name = name_of(port);
    let (bus, _) = name.split_once('-')?;
    match speed.as_str() {
        "480" => BusShare::new(&format!("usb{bus}"), USB_2).ok(),
        _ => None,
    }
}

fn name_of(folder: &Path) -> String {
    printable(folder.file_name().unwrap_or_default().as_bytes())
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn numbered(name: &str, word: &str) -> bool {
    name.strip_prefix(word).is_some_and(is_number)
}

/// `2-2`, `1-1.4.3`: bus, then the ports of the hubs. The interface `2-2:1.0`
/// below it is none.
fn is_usb_port(name: &str) -> bool {
    name.split_once('-')
        .is_some_and(|(bus, ports)| is_number(bus) && ports.split('.').all(is_number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_usb_port_is_told_from_its_interface() {
        for port in ["2-2", "1-1.4", "10-3.2.1"] {
            assert!(is_usb_port(port), "{port}");
        }
        for other in ["2-2:1.0", "usb2", "2-", "-2", "1-1.", "x-1", "end_device-1"] {
            assert!(!is_usb_port(other), "{other}");
        }
    }

    #[test]
    fn drives_behind_one_usb_2_bus_share_it() {
        let root = tempfile::tempdir().unwrap();
        let sys = root.path();
        let told = |port: &str, speed: &str| {
            let port = sys.join("devices/pci0000:00/usb3").join(port);
            let device = port.join("host0/target0:0:0/0:0:0:0");
            std::fs::create_dir_all(&device).unwrap();
            std::fs::write(port.join("speed"), speed).unwrap();
            share(sys, &device).map(|share| (share.name().to_owned(), share.bytes_per_second()))
        };
        let usb_2 = Some(("usb3".to_owned(), 35_000_000));
        assert_eq!(told("3-1", "480\n"), usb_2);
        assert_eq!(told("3-2/3-2.4", "480\n"), usb_2);
        for (port, speed) in [("3-3", "5000"), ("3-4", ""), ("3-5", "x"), ("ata1", "480")] {
            assert_eq!(told(port, speed), None, "{port} {speed}");
        }
    }

    #[test]
    fn a_path_outside_of_the_tree_has_no_bus() {
        let place = place(Path::new("/s"), Path::new("/elsewhere/ata1/host0/0:0:0:0")).unwrap();
        assert_eq!(place, Place::on(Bus::Unknown(String::new()), None));
    }
}

//! How a drive is named, and when two names are the same drive.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

use pitland_transport::address::*;
use proptest::prelude::*;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

fn file(path: &str, tenths: Option<u32>) -> DriveAddress {
    DriveAddress::VirtualFile {
        path: PathBuf::from(path),
        options: tenths.and_then(SpeedFactor::from_tenths).into(),
    }
}

fn with(path: &str, tenths: Option<u32>, bus: Option<&str>, faults: Option<&str>) -> DriveAddress {
    DriveAddress::VirtualFile {
        path: PathBuf::from(path),
        options: VirtualOptions {
            speed: tenths.and_then(SpeedFactor::from_tenths),
            bus: bus.map(|text| text.parse().unwrap()),
            faults: faults.map(PathBuf::from),
            profile: None,
        },
    }
}

fn in_drive(path: &str, profile: &str) -> DriveAddress {
    DriveAddress::VirtualFile {
        path: PathBuf::from(path),
        options: VirtualOptions {
            profile: Some(profile.into()),
            ..VirtualOptions::default()
        },
    }
}

fn null(id: u32, tenths: Option<u32>) -> DriveAddress {
    DriveAddress::VirtualNull {
        id,
        options: tenths.and_then(SpeedFactor::from_tenths).into(),
    }
}

#[test]
fn names_are_read_and_written_back() {
    for (text, address) in [
        ("virtual:x.vdisc", file("x.vdisc", None)),
        ("virtual:x.vdisc,speed=16x", file("x.vdisc", Some(160))),
        ("virtual:/a b/x,speed=2.4x", file("/a b/x", Some(24))),
        ("virtual:x,profile=early-bd", in_drive("x", "early-bd")),
        (
            "virtual:x,profile=my%2C%25drive.toml",
            in_drive("x", "my,%drive.toml"),
        ),
        ("virtual:null", null(0, None)),
        ("virtual:null,id=7", null(7, None)),
        ("virtual:null,id=7,speed=1x", null(7, Some(10))),
        ("virtual:./null", file("./null", None)),
        ("virtual:a,b.vdisc", file("a,b.vdisc", None)),
        ("virtual:a,b=c,", file("a,b=c", None)),
        ("virtual:a,b=c,,speed=4x", file("a,b=c", Some(40))),
        ("virtual:a,,", file("a,", None)),
        ("virtual:virtual:x", file("virtual:x", None)),
        ("virtual:a=b", file("a=b", None)),
        ("virtual:a,B=c", file("a,B=c", None)),
        (
            "virtual:x,speed=4x,bus=usb-1@35MB/s,faults=bad/drive.txt",
            with("x", Some(40), Some("usb-1@35MB/s"), Some("bad/drive.txt")),
        ),
        (
            "virtual:x,bus=b@480kB/s",
            with("x", None, Some("b@480kB/s"), None),
        ),
        (
            "virtual:x,faults=a%2Cb=1%25",
            with("x", None, None, Some("a,b=1%")),
        ),
    ] {
        assert_eq!(text.parse::<DriveAddress>().unwrap(), address, "{text}");
        assert_eq!(address.to_string(), text);
    }
    assert_eq!("virtual:x,speed=16".parse(), Ok(file("x", Some(160))));
    assert_eq!("virtual:null,speed=1x,id=3".parse(), Ok(null(3, Some(10))));
    assert_eq!("virtual:x,".parse(), Ok(file("x", None)));
    assert_eq!(
        "virtual:x,faults=50%,bus=b@480000kB/s".parse(),
        Ok(with("x", None, Some("b@480MB/s"), Some("50%")))
    );
}

#[test]
fn drives_of_the_machine_and_of_targets_are_read_and_written_back() {
    for text in ["/dev/sr0", "/dev/disk/by-id/usb-x,y=z", "/dev/../tmp/x"] {
        let address: DriveAddress = text.parse().unwrap();
        let path = PathBuf::from(text);
        assert_eq!(address, DriveAddress::Device { path });
        assert_eq!(address.to_string(), text);
        assert_eq!(address.speed(), None);
    }
    let given = OsStr::from_bytes(b"/dev/\xFF");
    assert_eq!(DriveAddress::parse(given).unwrap().to_os_string(), given);
    let text = "iscsi://127.0.0.1:4000/iqn.2026-11.org.pitland:drive/2";
    let address: DriveAddress = text.parse().unwrap();
    assert_eq!(address.to_string(), text);
    let refused = address.open(OpenMode::Existing).map(|_| ()).unwrap_err();
    assert!(matches!(refused, OpenError::NeedsInitiator { unit } if unit.lun() == 2));
    let other: DriveAddress = "iscsi://127.0.0.1:04000/iqn.2026-11.org.pitland:drive/002"
        .parse()
        .unwrap();
    assert_eq!(
        address.same_drive_key().unwrap(),
        other.same_drive_key().unwrap()
    );
}

#[test]
#[cfg(target_os = "linux")]
fn a_node_that_is_no_drive_is_refused_when_it_is_opened() {
    let address: DriveAddress = "/dev/null".parse().unwrap();
    let refused = address.open(OpenMode::ReadOnly).map(|_| ()).unwrap_err();
    assert!(
        refused.to_string().contains("no optical drive"),
        "{refused}"
    );
    let missing: DriveAddress = "/dev/no such drive".parse().unwrap();
    assert!(missing.same_drive_key().is_err());
}

#[test]
fn what_names_no_drive_is_refused_by_its_kind() {
    let refused = |text: &str| text.parse::<DriveAddress>().unwrap_err();
    assert!(matches!(
        refused("/dev/"),
        AddressError::PathIsNoDrive { .. }
    ));
    for odd in ["iscsi:x", "iscsi://h/disc/0", "iscsi://h"] {
        assert!(matches!(refused(odd), AddressError::Iscsi { .. }), "{odd}");
    }
    assert!(matches!(
        refused("/home/x.vdisc"),
        AddressError::PathIsNoDrive { .. }
    ));
    assert!(matches!(
        refused("x.vdisc"),
        AddressError::PathIsNoDrive { .. }
    ));
    for unknown in ["", "burner", "Virtual:x", "D:"] {
        assert!(
            matches!(refused(unknown), AddressError::UnknownDrive { .. }),
            "{unknown}"
        );
    }
    for missing in ["virtual:", "virtual:,", "virtual:,speed=1x"] {
        assert!(
            matches!(refused(missing), AddressError::MissingFile { .. }),
            "{missing}"
        );
    }
    assert!(
        matches!(refused("virtual:x,fast=1"), AddressError::UnknownOption { option, .. } if option == "fast")
    );
    assert!(matches!(
        refused("virtual:x,id=1"),
        AddressError::UnknownOption { .. }
    ));
    assert!(matches!(
        refused("virtual:x,speed=1x,speed=2x"),
        AddressError::RepeatedOption {
            option: "speed",
            ..
        }
    ));
}

#[test]
fn numbers_out_of_range_are_refused() {
    for bad in [
        "", "x", "0", "0x", "0.0x", "-1x", "1001x", "99999x", "1.25x", "1.x", ".5x", "16X", "1e3",
        "+4x", " 4x",
    ] {
        let refused = format!("virtual:x,speed={bad}")
            .parse::<DriveAddress>()
            .unwrap_err();
        assert!(
            matches!(
                refused,
                AddressError::BadValue {
                    option: "speed",
                    ..
                }
            ),
            "{bad}: {refused}"
        );
    }
    for bad in ["", "-1", "+1", "4294967296", "x"] {
        let refused = format!("virtual:null,id={bad}")
            .parse::<DriveAddress>()
            .unwrap_err();
        assert!(
            matches!(refused, AddressError::BadValue { option: "id", .. }),
            "{bad}"
        );
    }
    for bad in [
        "",
        "b",
        "b@",
        "b@35",
        "@35MB/s",
        "b@0MB/s",
        "b@99kB/s",
        "b@1GB/s",
        "b@+5MB/s",
        "b@-5MB/s",
        "b@4.5MB/s",
        "b@100001MB/s",
        "b@99999999999MB/s",
        "a b@5MB/s",
        "b@5MB/s@5MB/s",
        "a-name-of-more-than-32-characters@5MB/s",
    ] {
        let refused = format!("virtual:x,bus={bad}")
            .parse::<DriveAddress>()
            .unwrap_err();
        assert!(
            matches!(refused, AddressError::BadValue { option: "bus", .. }),
            "{bad}"
        );
    }
    assert!("virtual:x,speed=1000x".parse::<DriveAddress>().is_ok());
    assert!("virtual:x,speed=0.1x".parse::<DriveAddress>().is_ok());
}

#[test]
fn a_file_whose_name_is_not_utf8_keeps_its_bytes() {
    let given = OsStr::from_bytes(b"virtual:\xFFx,speed=4x");
    let address = DriveAddress::parse(given).unwrap();
    assert_eq!(address.to_os_string(), given);
}

#[test]
fn the_same_file_by_another_name_is_the_same_drive() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path().join("x");
    std::fs::write(&here, "").unwrap();
    std::fs::hard_link(&here, folder.path().join("hard")).unwrap();
    std::os::unix::fs::symlink(&here, folder.path().join("soft")).unwrap();
    std::os::unix::fs::symlink(folder.path(), folder.path().join("loop")).unwrap();
    let key = |name: &str| {
        DriveAddress::VirtualFile {
            path: folder.path().join(name),
            options: VirtualOptions::default(),
        }
        .same_drive_key()
        .unwrap()
    };
    for other in ["./x", "hard", "soft", "loop/x"] {
        assert_eq!(key("x"), key(other), "{other}");
    }
    assert_eq!(key("missing"), key("loop/missing"));
    assert_ne!(key("missing"), key("x"));
    assert_eq!(
        null(1, None).same_drive_key().unwrap(),
        null(1, Some(40)).same_drive_key().unwrap()
    );
    assert_ne!(
        null(1, None).same_drive_key().unwrap(),
        null(2, None).same_drive_key().unwrap()
    );
    let nowhere = file("/no such folder/x", None).same_drive_key();
    assert!(matches!(nowhere, Err(OpenError::Key { .. })));
}

proptest! {
    #[test]
    fn every_address_parses_back_to_itself(
        name in prop::collection::vec(prop_oneof![Just(b','), Just(b'='), Just(b'a'), Just(b'/'), 1u8..], 1..12),
        tenths in prop::option::of(1u32..=10_000),
        id in any::<u32>(),
        bus in prop::option::of(100u32..=100_000_000),
        faults in prop::option::of(prop::collection::vec(
            prop_oneof![Just(b','), Just(b'='), Just(b'%'), Just(b'2'), Just(b'C'), 1u8..], 1..12)),
    ) {
        let path = PathBuf::from(OsStr::from_bytes(&name));
        let options = VirtualOptions {
            speed: tenths.and_then(SpeedFactor::from_tenths),
            bus: bus.map(|rate| pitland_transport::BusShare::new("a.b", rate).unwrap()),
            profile: faults.as_ref().map(|name| PathBuf::from(OsStr::from_bytes(name))),
            faults: faults.map(|name| PathBuf::from(OsStr::from_bytes(&name))),
        };
        for address in [
            DriveAddress::VirtualFile { path, options: options.clone() },
            DriveAddress::VirtualNull { id, options },
        ] {
            prop_assert_eq!(DriveAddress::parse(&address.to_os_string()), Ok(address));
        }
    }

    #[test]
    fn any_text_is_read_without_a_panic(text in prop::collection::vec(any::<u8>(), 0..60)) {
        let _ = DriveAddress::parse(OsStr::from_bytes(&text));
        let _ = DriveAddress::parse(OsStr::from_bytes(&[b"virtual:", &text[..]].concat()));
        let _ = DriveAddress::parse(OsStr::from_bytes(&[b"virtual:x,faults=", &text[..]].concat()));
        let _ = DriveAddress::parse(OsStr::from_bytes(&[b"virtual:x,bus=", &text[..]].concat()));
    }
}

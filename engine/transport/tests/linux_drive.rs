//! A drive of the machine: its claims, and what it says of what is no drive.
//!
//! No machine that runs this has a drive, so a node that every machine has
//! stands in for one, under a sysfs of the test's own. What the kernel's
//! drivers do with commands and exclusive opens is for the guest.

#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

use pitland_mmc::CdbBytes;
use pitland_transport::address::OpenMode;
use pitland_transport::linux::lock::{LockPlace, holder};
use pitland_transport::linux::{DeviceError, LinuxDrive, System};
use pitland_transport::{
    Claim, ClaimDenied, DeviceClock, Exchange, Limits, Transport, TransportError,
};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

/// The node that stands in for `/dev/sgN`, and its number.
const NODE: &str = "/dev/null";
const NUMBER: &str = "1:3";

/// A machine whose `/dev/null` is the sg node of a drive without a block one.
struct Machine {
    folder: TempDir,
}

impl Machine {
    fn new() -> Self {
        let machine = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        let generic = machine.device().join("scsi_generic/null");
        fs::create_dir_all(&generic).unwrap();
        fs::write(generic.join("dev"), format!("{NUMBER}\n")).unwrap();
        symlink("../..", generic.join("device")).unwrap();
        fs::write(machine.device().join("type"), "5\n").unwrap();
        fs::write(machine.device().join("state"), "running\n").unwrap();
        let numbers = machine.path("sys/dev/char");
        fs::create_dir_all(&numbers).unwrap();
        symlink(&generic, numbers.join(NUMBER)).unwrap();
        fs::create_dir(machine.path("locks")).unwrap();
        machine
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn device(&self) -> PathBuf {
        self.path("sys/devices/host4/4:0:0:0")
    }

    fn system(&self) -> System {
        let mut system = System::default().with_locks(LockPlace::Folder(self.path("locks")));
        system.sys = self.path("sys");
        system
    }

    fn drive(&self) -> LinuxDrive {
        LinuxDrive::open_in(Path::new(NODE), OpenMode::Existing, self.system()).unwrap()
    }

    fn holder(&self) -> Option<String> {
        let system = self.system();
        let scsi = "4:0:0:0".parse().unwrap();
        let found = holder(&system.locks, scsi, &system.proc).unwrap();
        found.and_then(|holder| holder.who)
    }
}

fn hold(who: &str) -> Claim<'_> {
    Claim::Hold {
        who,
        unmount: false,
    }
}

fn ready(drive: &mut LinuxDrive) -> Result<(), TransportError> {
    let cdb = CdbBytes::from_slice(&[0; 6]).unwrap();
    let exchange = Exchange::none(cdb, Duration::from_secs(1));
    drive.execute(exchange).map(|_| ())
}

#[test]
fn a_drive_is_one_on_the_real_clock_under_the_name_it_was_given() {
    let machine = Machine::new();
    let drive = machine.drive();
    assert_eq!(drive.identity_hint(), NODE);
    assert_eq!(drive.clock(), DeviceClock::Real);
    assert_eq!(drive.limits(), Limits::default());
    assert_eq!(drive.nodes().scsi.to_string(), "4:0:0:0");
    assert!(!drive.host_remembers_medium());
}

#[test]
fn a_second_client_is_refused_with_the_firsts_name() {
    let machine = Machine::new();
    let (mut first, mut second) = (machine.drive(), machine.drive());
    first.claim(hold("first")).unwrap();
    for claim in [hold("second"), Claim::Look] {
        let denied = second.claim(claim).unwrap_err();
        let ClaimDenied::Held { holder } = &denied else {
            panic!("{denied}");
        };
        assert_eq!(holder.who.as_deref(), Some("first"));
        assert_eq!(holder.pid, Some(std::process::id()));
    }
    first.release();
    second.claim(hold("second")).unwrap();
    assert_eq!(machine.holder().as_deref(), Some("second"));
}

#[test]
fn claims_are_counted_and_the_first_hold_names_them() {
    let machine = Machine::new();
    let mut drive = machine.drive();
    drive.claim(hold("outer")).unwrap();
    drive.claim(hold("inner")).unwrap();
    drive.claim(Claim::Look).unwrap();
    for _ in 0..2 {
        drive.release();
        assert_eq!(machine.holder().as_deref(), Some("outer"));
    }
    drive.release();
    assert_eq!(machine.holder(), None);
    drive.release();
    drive.claim(hold("again")).unwrap();
    assert_eq!(machine.holder().as_deref(), Some("again"));
}

#[test]
fn a_hold_within_a_look_ends_in_the_look() {
    let machine = Machine::new();
    let (mut drive, mut other) = (machine.drive(), machine.drive());
    drive.claim(Claim::Look).unwrap();
    other.claim(Claim::Look).unwrap();
    other.release();
    drive.claim(hold("us")).unwrap();
    assert_eq!(machine.holder().as_deref(), Some("us"));
    drive.release();
    assert_eq!(machine.holder(), None);
    other.claim(Claim::Look).unwrap();
    let denied = drive.claim(hold("us")).unwrap_err();
    assert!(matches!(denied, ClaimDenied::BeingLookedAt), "{denied}");
    other.release();
    drive.claim(hold("us")).unwrap();
    assert_eq!(machine.holder().as_deref(), Some("us"));
}

#[test]
fn a_drive_that_is_dropped_is_free() {
    let machine = Machine::new();
    let mut drive = machine.drive();
    drive.claim(hold("us")).unwrap();
    drop(drive);
    assert_eq!(machine.holder(), None);
    machine.drive().claim(hold("next")).unwrap();
}

#[test]
fn a_claim_that_fails_leaves_nothing_behind() {
    let machine = Machine::new();
    let mut drive = machine.drive();
    let file = machine.system().locks.file("4:0:0:0".parse().unwrap());
    fs::create_dir(&file).unwrap();
    let denied = drive.claim(hold("us")).unwrap_err();
    assert!(
        matches!(denied, ClaimDenied::OddLockFile { .. }),
        "{denied}"
    );
    fs::remove_dir(&file).unwrap();
    drive.release();
    drive.claim(hold("us")).unwrap();
    drive.release();
    assert_eq!(machine.holder(), None);
}

#[test]
fn a_node_that_takes_no_commands_says_so_and_one_that_went_away_is_gone() {
    let machine = Machine::new();
    let mut drive = machine.drive();
    let held_before_and_after = |drive: &mut LinuxDrive| {
        let first = ready(drive).unwrap_err();
        drive.claim(hold("us")).unwrap();
        let within = ready(drive).unwrap_err();
        drive.release();
        [first, within, ready(drive).unwrap_err()]
    };
    for error in held_before_and_after(&mut drive) {
        assert!(matches!(error, TransportError::System(_)), "{error}");
    }
    fs::write(machine.device().join("state"), "deleted\n").unwrap();
    for error in held_before_and_after(&mut drive) {
        assert!(matches!(error, TransportError::Gone), "{error}");
    }
}

#[test]
fn what_is_no_drive_is_not_opened() {
    let machine = Machine::new();
    let open = |path: &str| {
        LinuxDrive::open_in(Path::new(path), OpenMode::ReadOnly, machine.system()).unwrap_err()
    };
    assert!(matches!(open("/dev/zero"), DeviceError::Gone { .. }));
    assert!(matches!(open("/dev"), DeviceError::NotADrive { .. }));
    assert!(matches!(open("/dev/no"), DeviceError::Missing { .. }));
    fs::write(machine.device().join("type"), "0\n").unwrap();
    let refused = open(NODE).to_string();
    assert!(refused.contains("no optical drive"), "{refused}");
}

//! What a program hears of drives and media without asking for anything: arrival, removal, a disc put in.

#![allow(clippy::unwrap_used, reason = "a test's helpers")]

use futures::StreamExt;
use pitland::transport::MediumEvent;
use pitland::transport::linux::watch::WatchOptions;
use pitland::transport::linux::{DriveEvent, System};
use pitland::transport::sim::{MediumKind, create_disc};
use pitland::{Engine, QueryError};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;

/// A sysfs with what is looked at, and one drive, or none.
fn system(root: &Path) -> System {
    for folder in ["sys/block", "proc", "dev"] {
        fs::create_dir_all(root.join(folder)).unwrap();
    }
    let mut system = System::default();
    system.sys = root.join("sys");
    system.proc = root.join("proc");
    system.dev = root.join("dev");
    system
}

fn plug_in(root: &Path) {
    let device = root.join("sys/devices/pci0/ata1/host0/target0:0:0/0:0:0:0");
    let block = device.join("block/sr0");
    fs::create_dir_all(&block).unwrap();
    for (name, text) in [
        ("type", "5\n"),
        ("vendor", "PIONEER \n"),
        ("model", "BD-RW   BDR-209D\n"),
        ("rev", "1.34\n"),
    ] {
        fs::write(device.join(name), text).unwrap();
    }
    fs::write(block.join("dev"), "11:0\n").unwrap();
    symlink(&device, block.join("device")).unwrap();
    symlink(&block, root.join("sys/block/sr0")).unwrap();
}

fn unplug(root: &Path) {
    fs::remove_file(root.join("sys/block/sr0")).unwrap();
    fs::remove_dir_all(root.join("sys/devices")).unwrap();
}

#[tokio::test]
async fn a_drive_that_comes_and_goes_is_told() {
    let root = tempfile::tempdir().unwrap();
    let mut options = WatchOptions::default();
    options.system = system(root.path());
    options.interval = Duration::from_millis(10);
    options.messages = false;
    let mut changes = pitland::watch_drives(options).unwrap();
    plug_in(root.path());
    match changes.next().await {
        Some(DriveEvent::Arrived(drive)) => {
            assert_eq!(
                (drive.vendor.as_str(), drive.model.as_str()),
                ("PIONEER", "BD-RW   BDR-209D")
            );
            assert_eq!(
                drive.block.as_deref(),
                Some(root.path().join("dev/sr0").as_path())
            );
        }
        other => panic!("{other:?}"),
    }
    unplug(root.path());
    // Half of it may be seen gone first.
    loop {
        match changes.next().await {
            Some(DriveEvent::Removed(drive)) => break assert_eq!(drive.revision, "1.34"),
            Some(DriveEvent::Updated(_)) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_disc_taken_out_and_put_in_is_told_by_the_drive_itself() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("disc.vdisc");
    drop(create_disc(&file, MediumKind::DvdPlusR, None).unwrap());
    let engine = Engine::builder().build().unwrap();
    let address = format!("virtual:{}", file.display()).parse().unwrap();
    let drive = engine.open(&address).unwrap();
    drive.medium().await.unwrap();
    let mut events = drive.medium_events(Duration::from_millis(1));
    assert_eq!(
        events.next().await,
        Some(Ok(MediumEvent::Inserted)),
        "of the disc that was in"
    );
    drive.eject().await.unwrap();
    assert_eq!(events.next().await, Some(Ok(MediumEvent::Removed)));
    drive.load().await.unwrap();
    assert_eq!(events.next().await, Some(Ok(MediumEvent::Inserted)));
    engine.shutdown(Duration::from_secs(60)).await;
    let last: Option<Result<MediumEvent, QueryError>> = events.next().await;
    assert_eq!(last, None);
}

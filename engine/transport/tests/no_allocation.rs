//! A WRITE through the layers allocates nothing: what is counted is what the
//! simulated recorder does by itself.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

#[path = "../../../tests/common/counting.rs"]
mod counting;
mod host;

use host::*;
use pitland_mmc::Lba;
use pitland_mmc::cdb::{Cdb, Write10};
use pitland_transport::address::{DriveAddress, OpenMode, VirtualOptions};
use pitland_transport::sim::*;
use pitland_transport::trace::{Detail, Trace};
use pitland_transport::*;
use std::path::Path;
use std::time::Duration;

const WARM_UP: u32 = 300;
const WRITES: u32 = 1000;

/// Allocations of `WRITES` writes from block 0 on, after a warm-up.
fn allocations(mut write: impl FnMut(u32, &[u8])) -> u64 {
    let bytes = pattern(0, 32);
    (0..WARM_UP).for_each(|n| write(n * 32, &bytes));
    let before = counting::allocations();
    (WARM_UP..WARM_UP + WRITES).for_each(|n| write(n * 32, &bytes));
    counting::allocations() - before
}

fn cdb(lba: u32) -> pitland_mmc::CdbBytes {
    Write10 {
        lba: Lba(lba as i32),
        blocks: 32,
        fua: false,
    }
    .emit()
}

/// What the recorder allocates when nothing of ours is round it.
fn of_the_recorder() -> u64 {
    let store = Box::new(pitland_simdrive::NullStore::new());
    let mut recorder = pitland_simdrive::Recorder::new(DriveModel::default());
    recorder.insert(Medium::blank(MediumKind::BdR, None, store).unwrap());
    let ready = |recorder: &mut pitland_simdrive::Recorder| {
        while recorder.execute(&[0; 6], &[], &mut []).status != pitland_simdrive::Status::Good {
            recorder.advance(Duration::from_secs(1));
        }
    };
    ready(&mut recorder);
    allocations(|lba, bytes| {
        while recorder.execute(cdb(lba).as_slice(), bytes, &mut []).status
            != pitland_simdrive::Status::Good
        {
            recorder.advance(Duration::from_millis(100));
        }
    })
}

fn of_the_layers(mut drive: impl Transport) -> u64 {
    wait_ready(&mut drive);
    allocations(|lba, bytes| {
        while drive
            .execute(Exchange::blocks(cdb(lba), bytes, 2048, LIMIT))
            .unwrap()
            .status
            != Status::Good
        {
            drive.advance(Duration::from_millis(100));
        }
    })
}

fn drive(path: &Path) -> Box<dyn Transport> {
    DriveAddress::VirtualFile {
        path: path.to_owned(),
        options: VirtualOptions::default(),
    }
    .open(OpenMode::Existing)
    .unwrap()
}

#[test]
fn a_write_through_checks_trace_and_file_allocates_no_more_than_the_recorder() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.vdisc");
    let recorder = of_the_recorder();
    drop(create_disc(&path, MediumKind::BdR, None).unwrap());
    assert_eq!(of_the_layers(Checked::new(drive(&path))), recorder);
    std::fs::remove_file(&path).unwrap();
    drop(create_disc(&path, MediumKind::BdR, None).unwrap());
    let trace = Trace::new(drive(&path), std::io::sink(), Detail::Replay);
    assert_eq!(of_the_layers(Checked::new(trace)), recorder);
    assert!(
        recorder < u64::from(WRITES) / 10,
        "{recorder}: the recorder itself should reuse its memory"
    );
}

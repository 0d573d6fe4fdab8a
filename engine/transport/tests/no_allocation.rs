//! A WRITE through the layers allocates nothing: what is counted is what the
//! simulated recorder does by itself.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]
#![allow(
    unsafe_code,
    reason = "a counting allocator is an unsafe trait; nothing of the crate is unsafe"
)]

mod host;

use host::*;
use pitland_mmc::Lba;
use pitland_mmc::cdb::{Cdb, Write10};
use pitland_transport::address::{DriveAddress, OpenMode, VirtualOptions};
use pitland_transport::sim::*;
use pitland_transport::trace::{Detail, Trace};
use pitland_transport::*;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::path::Path;
use std::time::Duration;

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: every call goes to the system's allocator unchanged; the counter is a
// constant thread-local without a destructor, so counting does not allocate.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller keeps the contract of `realloc`.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const WARM_UP: u32 = 300;
const WRITES: u32 = 1000;

/// Allocations of `WRITES` writes from block 0 on, after a warm-up.
fn allocations(mut write: impl FnMut(u32, &[u8])) -> u64 {
    let bytes = pattern(0, 32);
    (0..WARM_UP).for_each(|n| write(n * 32, &bytes));
    let before = ALLOCATIONS.get();
    (WARM_UP..WARM_UP + WRITES).for_each(|n| write(n * 32, &bytes));
    ALLOCATIONS.get() - before
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

//! A WRITE over iSCSI allocates nothing on the side that sends it.
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

mod common;

use common::*;
use pitland_iscsi::initiator::InitiatorOptions;
use pitland_iscsi::negotiation::{Digests, Wish};
use pitland_iscsi::target::TargetOptions;
use pitland_transport::sim::MediumKind;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

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

#[test]
fn a_write_allocates_nothing_whatever_was_agreed_on() {
    let target = target(&[MediumKind::BdR; 3], TargetOptions::default());
    let plain = Wish::default();
    let wishes = [
        plain,
        Wish {
            header_digest: Digests::Crc32c,
            data_digest: Digests::Crc32c,
            ..plain
        },
        Wish {
            initial_r2t: true,
            immediate_data: false,
            max_burst_length: 20_000,
            ..plain
        },
    ];
    let unit = [7; 65536];
    for (lun, wish) in (1..).zip(wishes) {
        let mut options = InitiatorOptions::default();
        options.wish = wish;
        let mut drive = connected_with(&target, lun, options);
        wait_ready(&mut drive);
        write(&mut drive, 0, &unit);
        let before = ALLOCATIONS.get();
        for number in 1..100 {
            write(&mut drive, number * 32, &unit);
        }
        assert_eq!(ALLOCATIONS.get() - before, 0, "{wish:?}");
    }
}

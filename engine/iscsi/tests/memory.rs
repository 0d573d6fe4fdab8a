//! What a target holds in memory does not grow with what is thrown at it.
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

use common::peer::Peer;
use common::*;
use pitland_iscsi::pdu::*;
use pitland_iscsi::target::{Target, TargetOptions};
use pitland_transport::sim::MediumKind;
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

struct Counting;

static LIVE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

fn came(bytes: usize) {
    let live = LIVE.fetch_add(bytes, Ordering::Relaxed) + bytes;
    PEAK.fetch_max(live, Ordering::Relaxed);
}

// SAFETY: every call goes to the system's allocator unchanged; counting touches
// atomics only, so it does not allocate.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        came(layout.size());
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        came(size);
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of `realloc`.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const MIB: usize = 1 << 20;

/// How much more than now is held at most while `act` runs.
fn peak_of(act: impl FnOnce()) -> usize {
    let before = LIVE.load(Ordering::Relaxed);
    PEAK.store(before, Ordering::Relaxed);
    act();
    PEAK.load(Ordering::Relaxed).saturating_sub(before)
}

/// A session that announces as much as it can and sends none of it.
fn greedy(target: &Target, number: u32) -> Peer {
    let name = format!("iqn.a:greedy{number}");
    let mut peer = Peer::session(target.local_address(), &name, &[("InitialR2T", "Yes")]);
    for tag in 0..8 {
        let command = ScsiCommand {
            last: true,
            write: true,
            lun: [0, 1, 0, 0, 0, 0, 0, 0],
            initiator_task_tag: tag,
            expected_data_transfer_length: 4 << 20,
            cmd_sn: 1 + tag,
            cdb: [0x2A, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0],
            ..ScsiCommand::default()
        };
        peer.send(command.emit(), &[]);
    }
    // Two have room; what the others are told is let pass.
    for _ in 0..2 {
        assert!(peer.next().is_some());
    }
    peer
}

/// One test: the allocator counts for the whole process.
#[test]
fn memory_is_bounded_by_the_sessions_and_comes_back() {
    let target = target(&[MediumKind::DvdRam], TargetOptions::default());
    let mut drive = connected(&target, 1);
    burn(&mut drive, MediumKind::DvdRam, 2);
    drop(drive);

    // Lengths that announce 16 MiB each, texts without end, and noise.
    let thrown = peak_of(|| {
        for round in 0..300u32 {
            let mut peer = Peer::connect(target.local_address());
            let mut login = LoginRequest {
                continues: true,
                ..LoginRequest::default()
            }
            .emit();
            match round % 3 {
                0 => {
                    login.set_data_bytes(0x00FF_FFFF);
                    peer.raw(&login.0);
                }
                1 => {
                    while peer.send(login, &[b'a'; 1024])
                        && peer
                            .next()
                            .is_some_and(|c| LoginResponse::parse(&c.header).status.is_success())
                    {
                    }
                }
                _ => {
                    peer.raw(&round.wrapping_mul(0x9E37_79B9).to_be_bytes().repeat(60));
                }
            }
            let _ = peer.stream.shutdown(std::net::Shutdown::Write);
            assert!(peer.is_closed_by_peer());
        }
    });
    assert!(thrown < 4 * MIB, "{thrown} bytes");

    // A session holds 8 MiB of announced data, and a little.
    let held = peak_of(|| {
        let peers: Vec<Peer> = (0..4).map(|number| greedy(&target, number)).collect();
        drop(peers);
    });
    assert!((8 * MIB..4 * 10 * MIB).contains(&held), "{held} bytes");

    // One after the other: what they held has come back, or this would be 160 MiB.
    let again = peak_of(|| {
        let before = target.counts().sessions;
        for number in 4..24 {
            let mut peer = greedy(&target, number);
            peer.stream.shutdown(std::net::Shutdown::Write).unwrap();
            assert!(peer.is_closed_by_peer());
        }
        assert_eq!(target.counts().sessions, before + 20);
    });
    assert!(again < 4 * 10 * MIB, "{again} bytes");
}

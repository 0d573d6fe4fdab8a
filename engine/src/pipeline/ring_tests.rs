//! What the ring promises, on real threads. Beside it and not in it, because the ring is also compiled
//! with other primitives, by the test that explores the order in which threads run.

use super::ring::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

const FOR_EVER: Duration = Duration::MAX;

fn shape(slots: usize) -> Shape {
    Shape {
        slots,
        slot_bytes: UNIT_BYTES,
        start_mark: slots.div_ceil(2),
        first_byte: 0,
    }
}

fn one<E: Clone>(slots: usize) -> (Filler<E>, Reader<E>) {
    let (filler, mut readers) = ring(shape(slots), 1);
    (filler, readers.pop().unwrap())
}

fn push<E>(filler: &mut Filler<E>, byte: u8) {
    let mut slot = filler.free_within(FOR_EVER).unwrap();
    slot.space().fill(byte);
    filler.push(slot, UNIT_BYTES);
}

/// The byte that fills the next slot.
fn take<E: Clone + std::fmt::Debug>(reader: &mut Reader<E>) -> u8 {
    match reader.next(|| false) {
        Some(Next::Slot(slot)) => {
            let first = slot.bytes()[0];
            assert!(slot.bytes().iter().all(|byte| *byte == first));
            first
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn slots_start_on_a_page_and_hold_whole_units() {
    let (mut filler, _reader) = one::<()>(2);
    let mut slot = filler.free_within(FOR_EVER).unwrap();
    assert_eq!(slot.space().as_ptr() as usize % 4096, 0);
    assert_eq!(slot.space().len(), UNIT_BYTES);
    let odd = Shape {
        slots: 0,
        slot_bytes: 1,
        ..shape(2)
    };
    let (mut filler, _readers) = ring::<()>(odd, 1);
    let mut first = filler.free_within(FOR_EVER).unwrap();
    let _second = filler.free_within(FOR_EVER).unwrap();
    assert_eq!(first.space().len(), UNIT_BYTES);
}

#[test]
fn every_reader_gets_all_of_it_in_order_out_of_the_same_memory() {
    let (mut filler, readers) = ring::<()>(shape(4), 3);
    let threads: Vec<_> = readers
        .into_iter()
        .map(|mut reader| {
            std::thread::spawn(move || {
                let mut places = std::collections::BTreeSet::new();
                for n in 0..100u64 {
                    let Some(Next::Slot(slot)) = reader.next(|| false) else {
                        panic!("slot {n}");
                    };
                    assert_eq!(slot.position(), n * UNIT_BYTES as u64);
                    assert!(slot.bytes().iter().all(|b| *b == n as u8));
                    assert!(reader.gauge().fill().full <= 4);
                    places.insert(slot.bytes().as_ptr() as usize);
                }
                assert!(matches!(reader.next(|| false), Some(Next::Complete)));
                assert!(matches!(reader.next(|| false), Some(Next::Complete)));
                assert!(places.len() <= 4, "{places:?}");
            })
        })
        .collect();
    for n in 0..100 {
        push(&mut filler, n);
    }
    filler.complete();
    for thread in threads {
        thread.join().unwrap();
    }
}

#[test]
fn a_burn_that_goes_on_counts_from_where_it_stopped() {
    let from = Shape {
        first_byte: 7 * UNIT_BYTES as u64,
        ..shape(2)
    };
    let (mut filler, mut readers) = ring::<()>(from, 1);
    push(&mut filler, 1);
    let Some(Next::Slot(slot)) = readers[0].next(|| false) else {
        panic!("no slot");
    };
    assert_eq!(slot.position(), 7 * UNIT_BYTES as u64);
}

#[test]
fn a_short_slot_moves_the_position_by_what_is_in_it_and_an_empty_one_is_only_given_back() {
    let (mut filler, mut reader) = one::<()>(2);
    for filled in [2048, 0, 0, 4096] {
        let slot = filler.free_within(FOR_EVER).unwrap();
        filler.push(slot, filled);
    }
    for (position, filled) in [(0, 2048), (2048, 4096)] {
        let Some(Next::Slot(slot)) = reader.next(|| false) else {
            panic!("no slot");
        };
        assert_eq!((slot.position(), slot.bytes().len()), (position, filled));
    }
}

#[test]
fn a_failed_source_is_told_to_every_reader_after_what_it_gave() {
    let (mut filler, mut readers) = ring::<&str>(shape(2), 2);
    push(&mut filler, 1);
    filler.fail("gone");
    for reader in &mut readers {
        assert_eq!(reader.early_failure("vanished"), Some("gone"));
        assert_eq!(take(reader), 1);
        assert!(matches!(reader.next(|| false), Some(Next::Failed("gone"))));
    }
}

#[test]
fn a_filler_that_vanishes_does_not_leave_the_readers_waiting() {
    let (filler, mut readers) = ring::<&str>(shape(2), 2);
    std::thread::spawn(move || {
        let _held = filler;
        std::panic::resume_unwind(Box::new(()));
    })
    .join()
    .unwrap_err();
    for reader in &mut readers {
        reader.wait_for_start(|| false);
        assert_eq!(reader.early_failure("vanished"), Some("vanished"));
        assert!(matches!(reader.next(|| false), Some(Next::Vanished)));
    }
}

#[test]
fn a_source_that_ended_well_has_not_failed_early() {
    let (mut filler, reader) = one::<&str>(4);
    assert_eq!(reader.early_failure("vanished"), None);
    push(&mut filler, 1);
    filler.complete();
    reader.wait_for_start(|| false);
    assert_eq!(reader.early_failure("vanished"), None);
}

#[test]
fn the_filler_is_told_when_the_last_reader_is_gone_and_not_before() {
    let (mut filler, mut readers) = ring::<()>(shape(2), 2);
    push(&mut filler, 1);
    push(&mut filler, 2);
    drop(readers.remove(0));
    assert_eq!(take(&mut readers[0]), 1);
    assert_eq!(take(&mut readers[0]), 2);
    push(&mut filler, 3);
    assert_eq!(take(&mut readers[0]), 3);
    drop(readers);
    assert_eq!(
        filler.free_within(FOR_EVER).unwrap_err(),
        NoSlot::AllGone(AllGone)
    );
    let limit = Duration::from_secs(1);
    assert_eq!(
        filler.free_within(limit).unwrap_err(),
        NoSlot::AllGone(AllGone)
    );
}

#[test]
fn a_slot_is_free_when_the_slowest_has_passed_it() {
    let (mut filler, mut readers) = ring::<()>(shape(2), 2);
    push(&mut filler, 1);
    push(&mut filler, 2);
    let [fast, slow] = &mut readers[..] else {
        panic!("two readers");
    };
    assert_eq!((take(fast), take(fast)), (1, 2));
    assert!(fast.next(|| true).is_none());
    assert_eq!((fast.gauge().fill().full, slow.gauge().fill().full), (0, 2));
    let blocked = NoSlot::Blocked { slowest: vec![1] };
    assert_eq!(filler.free_within(Duration::ZERO).unwrap_err(), blocked);
    assert_eq!(take(slow), 1);
    // It still reads what it was given last.
    assert_eq!(filler.free_within(Duration::ZERO).unwrap_err(), blocked);
    assert_eq!(take(slow), 2);
    push(&mut filler, 3);
    assert_eq!(take(fast), 3);
}

#[test]
fn who_is_let_go_is_told_where_and_reads_what_it_holds_to_its_end() {
    let (mut filler, mut readers) = ring::<()>(shape(2), 3);
    push(&mut filler, 1);
    push(&mut filler, 2);
    let [fast, slow, silent] = &mut readers[..] else {
        panic!("three readers");
    };
    assert_eq!((take(fast), take(fast)), (1, 2));
    let Some(Next::Slot(held)) = slow.next(|| false) else {
        panic!("no slot");
    };
    assert!(fast.next(|| true).is_none());
    assert_eq!(filler.let_go_slowest(), [1, 2]);
    // Both slots are to be had again, and neither is the one that is still read.
    for byte in [3, 4] {
        push(&mut filler, byte);
        assert!(held.bytes().iter().all(|byte| *byte == 1));
    }
    assert_eq!((take(fast), take(fast)), (3, 4));
    drop(held);
    let unit = UNIT_BYTES as u64;
    for _ in 0..2 {
        let told = slow.next(|| false);
        assert!(matches!(told, Some(Next::LetGo { position }) if position == unit));
    }
    let told = silent.next(|| false);
    assert!(matches!(told, Some(Next::LetGo { position: 0 })));
    assert_eq!(slow.gauge().fill().full, 0);
    push(&mut filler, 5);
    assert_eq!(take(fast), 5);
}

#[test]
fn the_filler_is_told_when_all_were_let_go() {
    let (mut filler, mut readers) = ring::<()>(shape(2), 2);
    push(&mut filler, 1);
    assert_eq!(filler.let_go_slowest(), [0, 1]);
    assert_eq!(
        filler.free_within(FOR_EVER).unwrap_err(),
        NoSlot::AllGone(AllGone)
    );
    drop(filler);
    // To be let go is what happened to it; how the source ended is no matter of its own.
    let told = readers[0].next(|| false);
    assert!(matches!(told, Some(Next::LetGo { position: 0 })));
}

#[test]
fn an_interrupted_wait_returns_without_a_slot() {
    for starting in [false, true] {
        let (_filler, mut reader) = one::<()>(2);
        let gauge = reader.gauge();
        let flag = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&flag);
        let waiter = std::thread::spawn(move || {
            let interrupted = || seen.load(Ordering::SeqCst);
            if starting {
                reader.wait_for_start(interrupted);
                true
            } else {
                reader.next(interrupted).is_none()
            }
        });
        flag.store(true, Ordering::SeqCst);
        gauge.interrupt();
        assert!(waiter.join().unwrap());
    }
}

#[test]
fn a_reader_that_finds_nothing_after_it_has_started_has_starved() {
    let (mut filler, mut reader) = one::<()>(2);
    let gauge = reader.gauge();
    assert!(reader.next(|| true).is_none());
    assert_eq!(gauge.starved(), 0);
    push(&mut filler, 1);
    assert_eq!(take(&mut reader), 1);
    let before = gauge.starved();
    let waiter = std::thread::spawn(move || take(&mut reader));
    while gauge.starved() == before {
        std::thread::yield_now();
    }
    push(&mut filler, 2);
    assert_eq!(waiter.join().unwrap(), 2);
    assert_eq!(gauge.starved(), before + 1);
}

/// Counts how often it was called.
#[derive(Default)]
struct Calls(std::sync::atomic::AtomicUsize);

impl Wake for Calls {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn a_task_is_called_when_half_of_the_ring_is_free_and_once() {
    let (mut filler, mut reader) = one::<()>(4);
    let calls = Arc::new(Calls::default());
    let called = || calls.0.load(Ordering::SeqCst);
    let waker = Waker::from(Arc::clone(&calls));
    let mut cx = Context::from_waker(&waker);
    for byte in 0..4 {
        push(&mut filler, byte);
    }
    assert!(filler.poll_free(&mut cx).is_pending());
    assert_eq!((take(&mut reader), take(&mut reader)), (0, 1));
    assert_eq!(called(), 0);
    assert_eq!(take(&mut reader), 2);
    assert_eq!(called(), 1);
    assert_eq!(take(&mut reader), 3);
    assert_eq!(called(), 1);
    let Poll::Ready(Ok(slot)) = filler.poll_free(&mut cx) else {
        panic!("three slots are free");
    };
    filler.push(slot, 2048);
    // One that waits for its source is not called for slots, but when all are gone.
    assert!(filler.poll_abandoned(&mut cx).is_pending());
    assert!(matches!(reader.next(|| false), Some(Next::Slot(_))));
    assert_eq!(called(), 1);
    drop(reader);
    assert_eq!(called(), 2);
    assert!(filler.poll_abandoned(&mut cx).is_ready());
    assert!(matches!(
        filler.poll_free(&mut cx),
        Poll::Ready(Err(AllGone))
    ));
}

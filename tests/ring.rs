//! The ring under a scheduler that decides who runs next: many orders of events are explored, and one that
//! leaves all threads waiting is found. The same source as in the engine, with other primitives under it.
//!
//! `PITLAND_FULL=1` explores many more. A failure prints its schedule, which `shuttle::replay` repeats.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

/// What the ring finds in place of the engine's primitives.
mod sync {
    use shuttle::sync::Condvar;
    use shuttle::sync::atomic::{AtomicBool, Ordering};
    use shuttle::thread;
    use std::time::Duration;

    pub(crate) use shuttle::sync::{Arc, Mutex, MutexGuard};
    pub(crate) use std::sync::PoisonError;

    #[derive(Debug, Default)]
    pub(crate) struct Bell(Arc<Condvar>);

    impl Bell {
        pub(crate) fn ring(&self) {
            self.0.notify_one();
        }

        pub(crate) fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
            self.0.wait(guard).unwrap()
        }

        /// Time is a thread that runs when the scheduler lets it.
        pub(crate) fn wait_until<'a, T>(
            &self,
            guard: MutexGuard<'a, T>,
            deadline: Deadline,
        ) -> (MutexGuard<'a, T>, bool) {
            if deadline.0.is_zero() {
                return (guard, true);
            }
            if deadline.0 == Duration::MAX {
                return (self.wait(guard), false);
            }
            let (passed, awake) = (Arc::new(AtomicBool::new(false)), Arc::default());
            let time = Time {
                bell: Arc::clone(&self.0),
                passed: Arc::clone(&passed),
                awake: Arc::clone(&awake),
            };
            thread::spawn(move || time.pass());
            let guard = self.wait(guard);
            awake.store(true, Ordering::SeqCst);
            (guard, passed.load(Ordering::SeqCst))
        }
    }

    struct Time {
        bell: Arc<Condvar>,
        passed: Arc<AtomicBool>,
        awake: Arc<AtomicBool>,
    }

    impl Time {
        /// Rings until it is heard: the sleeper may not sleep yet.
        fn pass(self) {
            self.passed.store(true, Ordering::SeqCst);
            while !self.awake.load(Ordering::SeqCst) {
                self.bell.notify_all();
                thread::yield_now();
            }
        }
    }

    #[derive(Debug, Clone, Copy)]
    pub(crate) struct Deadline(Duration);

    impl Deadline {
        pub(crate) fn after(limit: Duration) -> Self {
            Self(limit)
        }
    }
}

#[path = "common/outside.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    reason = "shared by tests, each of which uses a part"
)]
mod outside;

#[path = "../engine/src/pipeline/ring.rs"]
#[allow(dead_code, reason = "the engine uses all of it")]
mod ring;

use ring::{AllGone, Filler, Gauge, Next, NoSlot, Reader, Shape, Slot, UNIT_BYTES, ring};
use shuttle::rand::{Rng, thread_rng};
use shuttle::scheduler::{PctScheduler, RandomScheduler};
use shuttle::sync::Arc;
use shuttle::sync::atomic::{AtomicBool, Ordering};
use shuttle::{Config, Runner, thread};
use std::collections::BTreeSet;
use std::future::poll_fn;
use std::process::Command;
use std::task::Poll;
use std::time::Duration;

/// Explores by chance, and with few but telling changes of who runs.
fn explore(scenario: impl Fn() + Send + Sync + Clone + 'static) {
    let full = std::env::var_os("PITLAND_FULL").is_some_and(|value| value == "1");
    let iterations = if full { 8_000 } else { 600 };
    Runner::new(RandomScheduler::new(iterations), Config::new()).run(scenario.clone());
    Runner::new(PctScheduler::new(3, iterations), Config::new()).run(scenario);
}

/// True once in so many times.
fn chance(of: u32) -> bool {
    thread_rng().gen_range(0..of) == 0
}

fn some_shape() -> Shape {
    let slots = thread_rng().gen_range(2..5);
    Shape {
        slots,
        slot_bytes: UNIT_BYTES,
        start_mark: thread_rng().gen_range(1..=slots),
        first_byte: 0,
    }
}

/// Makes the slot's content from its place in the image: at both ends, for speed.
fn stamp(position: u64, bytes: &mut [u8]) {
    let ends = [0, bytes.len() - 8];
    for at in ends {
        bytes[at..at + 8].copy_from_slice(&(position + at as u64).to_le_bytes());
    }
}

fn assert_stamped(position: u64, bytes: &[u8]) {
    let ends = [0, bytes.len() - 8];
    for at in ends {
        let stamp = u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
        assert_eq!(
            stamp,
            position + at as u64,
            "a slot was filled while it was read"
        );
    }
}

/// Pushes slots and watches the memory that they are in.
struct Source {
    filler: Filler<&'static str>,
    position: u64,
    places: BTreeSet<usize>,
    let_go: usize,
}

impl Source {
    fn new(filler: Filler<&'static str>) -> Self {
        Self {
            filler,
            position: 0,
            places: BTreeSet::new(),
            let_go: 0,
        }
    }

    fn push(&mut self, mut slot: Slot) {
        let filled = 2048 * thread_rng().gen_range(1..=UNIT_BYTES / 2048);
        self.places.insert(slot.space().as_ptr() as usize);
        stamp(self.position, &mut slot.space()[..filled]);
        self.filler.push(slot, filled);
        self.position += filled as u64;
    }

    /// A slot, by whichever way of waiting.
    fn free(&mut self) -> Result<Slot, AllGone> {
        match thread_rng().gen_range(0..3) {
            0 => match self.filler.free_within(Duration::MAX) {
                Ok(slot) => Ok(slot),
                Err(NoSlot::AllGone(gone)) => Err(gone),
                Err(blocked) => panic!("{blocked}"),
            },
            1 => shuttle::future::block_on(self.filler.free_async()),
            _ => loop {
                match self.filler.free_within(Duration::from_secs(1)) {
                    Ok(slot) => return Ok(slot),
                    Err(NoSlot::AllGone(gone)) => return Err(gone),
                    Err(NoSlot::Blocked { slowest }) => {
                        assert!(!slowest.is_empty());
                        thread::yield_now();
                    }
                }
            },
        }
    }

    /// Pushes so many slots, unless all readers are gone before.
    fn pour(&mut self, slots: usize) -> Result<(), AllGone> {
        for _ in 0..slots {
            let slot = self.free()?;
            self.push(slot);
        }
        Ok(())
    }
}

#[derive(Debug, PartialEq, Eq)]
enum End {
    Complete,
    Failed,
    Vanished,
    LetGo,
    Interrupted,
    HadEnough,
}

/// Reads until there is no more, or `most` slots: what it was given must be all, in order and unharmed.
fn read(
    reader: &mut Reader<&'static str>,
    most: usize,
    interrupted: impl Fn() -> bool,
) -> (u64, End) {
    let mut position = 0;
    for _ in 0..most {
        match reader.next(&interrupted) {
            Some(Next::Slot(slot)) => {
                assert_eq!(slot.position(), position);
                assert_stamped(position, slot.bytes());
                if chance(2) {
                    thread::yield_now();
                    assert_stamped(position, slot.bytes());
                }
                position += slot.bytes().len() as u64;
            }
            Some(Next::Complete) => return (position, End::Complete),
            Some(Next::Failed(error)) => {
                assert_eq!(error, "broken");
                return (position, End::Failed);
            }
            Some(Next::Vanished) => return (position, End::Vanished),
            Some(Next::LetGo { position: told }) => {
                assert_eq!(told, position);
                return (position, End::LetGo);
            }
            None => {
                assert!(interrupted());
                return (position, End::Interrupted);
            }
        }
    }
    (position, End::HadEnough)
}

fn read_to_the_end(mut reader: Reader<&'static str>) -> (u64, End) {
    if chance(2) {
        reader.wait_for_start(|| false);
    }
    read(&mut reader, usize::MAX, || false)
}

/// A reader on a thread of its own, and what it found.
type Reading = thread::JoinHandle<(u64, End)>;

fn each(
    readers: Vec<Reader<&'static str>>,
    how: impl Fn(Reader<&'static str>) -> (u64, End) + Clone + Send + 'static,
) -> Vec<Reading> {
    readers
        .into_iter()
        .map(|reader| {
            let how = how.clone();
            thread::spawn(move || how(reader))
        })
        .collect()
}

#[test]
fn every_reader_gets_all_of_it_in_order_and_the_memory_stays_the_same() {
    explore(|| {
        let shape = some_shape();
        let (filler, readers) = ring(shape, thread_rng().gen_range(1..4));
        let readings = each(readers, read_to_the_end);
        let mut source = Source::new(filler);
        source.pour(thread_rng().gen_range(0..12)).unwrap();
        let bytes = source.position;
        assert!(source.places.len() <= shape.slots);
        source.filler.complete();
        for reading in readings {
            assert_eq!(reading.join().unwrap(), (bytes, End::Complete));
        }
    });
}

#[test]
fn readers_that_vanish_hold_up_nobody() {
    explore(|| {
        let (filler, mut readers) = ring(some_shape(), 3);
        let stays = chance(2).then(|| readers.remove(0));
        let stays = each(stays.into_iter().collect(), read_to_the_end);
        let go = each(readers, |mut reader| {
            let most = thread_rng().gen_range(0..8);
            read(&mut reader, most, || false)
        });
        let mut source = Source::new(filler);
        let poured = source.pour(30);
        assert_eq!(poured.is_ok(), !stays.is_empty());
        let bytes = source.position;
        drop(source);
        for reading in stays {
            assert_eq!(reading.join().unwrap(), (bytes, End::Vanished));
        }
        for reading in go {
            assert_eq!(reading.join().unwrap().1, End::HadEnough);
        }
    });
}

#[test]
fn a_source_that_fails_vanishes_or_panics_is_told_to_all_after_what_it_gave() {
    explore(|| {
        let (filler, readers) = ring(some_shape(), 2);
        let readings = each(readers, read_to_the_end);
        let how = thread_rng().gen_range(0..3);
        let source = thread::spawn(move || {
            let mut source = Source::new(filler);
            source.pour(thread_rng().gen_range(0..6)).unwrap();
            let bytes = source.position;
            match how {
                0 => source.filler.fail("broken"),
                1 => drop(source),
                _ => {
                    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                        let _lost = source.free();
                        let _held = source;
                        std::panic::resume_unwind(Box::new(()));
                    }));
                    panicked.unwrap_err();
                }
            }
            bytes
        });
        let bytes = source.join().unwrap();
        let end = || if how == 0 { End::Failed } else { End::Vanished };
        for reading in readings {
            assert_eq!(reading.join().unwrap(), (bytes, end()));
        }
    });
}

/// A reader that reads its first slot while all the others go on, until it is told that it may, too.
fn stand_still(mut reader: Reader<&'static str>, may_go_on: &AtomicBool) -> (u64, End) {
    let first = match reader.next(|| false) {
        Some(Next::Slot(slot)) => slot,
        // It had not come to read anything.
        Some(Next::LetGo { position: 0 }) => return (0, End::LetGo),
        other => panic!("{other:?}"),
    };
    while !may_go_on.load(Ordering::SeqCst) {
        thread::yield_now();
        assert_stamped(0, first.bytes());
    }
    let bytes = first.bytes().len() as u64;
    drop(first);
    match reader.next(|| false) {
        Some(Next::LetGo { position }) => {
            assert_eq!(position, bytes);
            (position, End::LetGo)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_reader_that_stands_still_is_let_go_and_the_others_get_all_of_it() {
    explore(|| {
        let shape = some_shape();
        let (filler, mut readers) = ring(shape, 3);
        let may_go_on = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&may_go_on);
        let still = each(readers.split_off(2), move |reader| {
            stand_still(reader, &told)
        });
        let others = each(readers, read_to_the_end);
        let mut source = Source::new(filler);
        let mut slots = 0;
        while slots < 12 {
            match source.filler.free_within(Duration::ZERO) {
                Ok(slot) => {
                    source.push(slot);
                    slots += 1;
                }
                // Only the one that stands still, and when nobody else is as far behind.
                Err(NoSlot::Blocked { slowest }) if slowest == [2] => {
                    source.filler.let_go(&slowest);
                    source.let_go += 1;
                }
                Err(NoSlot::Blocked { .. }) => thread::yield_now(),
                Err(NoSlot::AllGone(gone)) => panic!("{gone}"),
            }
        }
        assert_eq!(source.let_go, 1, "more slots than the ring has were pushed");
        assert!(source.places.len() <= shape.slots + 1);
        let bytes = source.position;
        source.filler.complete();
        may_go_on.store(true, Ordering::SeqCst);
        for reading in others {
            assert_eq!(reading.join().unwrap(), (bytes, End::Complete));
        }
        for reading in still {
            assert_eq!(reading.join().unwrap().1, End::LetGo);
        }
    });
}

#[test]
fn whoever_is_let_go_at_whatever_moment_has_had_all_before_it() {
    explore(|| {
        let shape = some_shape();
        let (filler, readers) = ring(shape, 3);
        let readings = each(readers, read_to_the_end);
        let mut source = Source::new(filler);
        let mut gone = false;
        for _ in 0..10 {
            match source.filler.free_within(Duration::from_secs(1)) {
                Ok(slot) => source.push(slot),
                Err(NoSlot::Blocked { .. }) => {
                    source.let_go += source.filler.let_go_slowest().len();
                }
                Err(NoSlot::AllGone(_)) => gone = true,
            }
            if chance(12) {
                source.filler.let_go(&[thread_rng().gen_range(0..4)]);
                source.let_go += 1;
            }
        }
        assert!(source.places.len() <= shape.slots + source.let_go);
        let bytes = source.position;
        source.filler.complete();
        let mut complete = 0;
        for reading in readings {
            match reading.join().unwrap() {
                (position, End::Complete) => {
                    assert_eq!(position, bytes);
                    complete += 1;
                }
                (position, End::LetGo) => assert!(position <= bytes),
                other => panic!("{other:?}"),
            }
        }
        assert!(!gone || complete == 0);
    });
}

/// A slot for a task, unless its time is up before: then `None`.
fn free_in_time(filler: &mut Filler<&'static str>) -> Option<Result<Slot, AllGone>> {
    let time_is_up = Arc::new(AtomicBool::new(false));
    let mut ticking = false;
    shuttle::future::block_on(poll_fn(|cx| {
        if let Poll::Ready(free) = filler.poll_free(cx) {
            return Poll::Ready(Some(free));
        }
        if time_is_up.load(Ordering::SeqCst) {
            return Poll::Ready(None);
        }
        if !std::mem::replace(&mut ticking, true) {
            let (ends, waker) = (Arc::clone(&time_is_up), cx.waker().clone());
            thread::spawn(move || {
                ends.store(true, Ordering::SeqCst);
                waker.wake();
            });
        }
        Poll::Pending
    }))
}

#[test]
fn only_those_who_starve_others_are_let_go_and_never_all() {
    explore(|| {
        let (filler, mut readers) = ring(some_shape(), 3);
        let may_go_on = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&may_go_on);
        let one_stands_still = chance(2);
        let still = if one_stands_still {
            readers.split_off(2)
        } else {
            Vec::new()
        };
        let still = each(still, move |reader| stand_still(reader, &told));
        let others = each(readers, read_to_the_end);
        let mut source = Source::new(filler);
        let mut slots = 0;
        while slots < 10 {
            match free_in_time(&mut source.filler) {
                Some(free) => {
                    source.push(free.unwrap());
                    slots += 1;
                }
                None => {
                    source.let_go += source.filler.let_go_of_those_who_starve_others();
                    thread::yield_now();
                }
            }
        }
        let bytes = source.position;
        source.filler.complete();
        may_go_on.store(true, Ordering::SeqCst);
        let ends: Vec<_> = others.into_iter().map(|r| r.join().unwrap()).collect();
        assert!(ends.contains(&(bytes, End::Complete)), "{ends:?}");
        let mut let_go = ends.iter().filter(|(_, end)| *end == End::LetGo).count();
        for reading in still {
            assert_eq!(reading.join().unwrap().1, End::LetGo);
            let_go += 1;
        }
        assert_eq!(let_go, source.let_go);
    });
}

#[test]
fn an_interrupted_reader_returns_whatever_the_source_does() {
    explore(|| {
        let (filler, mut readers) = ring(some_shape(), 2);
        let flag = Arc::new(AtomicBool::new(false));
        let mut interrupted = readers.remove(0);
        let gauge: Gauge<_> = interrupted.gauge();
        let seen = Arc::clone(&flag);
        let waiter = thread::spawn(move || {
            let look = || seen.load(Ordering::SeqCst);
            if chance(2) {
                interrupted.wait_for_start(look);
            }
            read(&mut interrupted, usize::MAX, look).1
        });
        let others = each(readers, read_to_the_end);
        let caller = thread::spawn(move || {
            flag.store(true, Ordering::SeqCst);
            gauge.interrupt();
        });
        let mut source = Source::new(filler);
        source.pour(thread_rng().gen_range(0..5)).unwrap();
        // The source stands still: nothing else wakes the waiter.
        let end = waiter.join().unwrap();
        assert_eq!(end, End::Interrupted);
        caller.join().unwrap();
        let bytes = source.position;
        source.filler.complete();
        for reading in others {
            assert_eq!(reading.join().unwrap(), (bytes, End::Complete));
        }
    });
}

#[test]
fn a_task_whose_source_stands_still_is_told_when_all_readers_are_gone() {
    explore(|| {
        let (filler, readers) = ring(some_shape(), 2);
        let readings = each(readers, |mut reader| read(&mut reader, 2, || false));
        let mut source = Source::new(filler);
        let _ = source.pour(thread_rng().gen_range(2..5));
        shuttle::future::block_on(source.filler.abandoned());
        assert_eq!(source.free().unwrap_err(), AllGone);
        for reading in readings {
            assert_eq!(reading.join().unwrap().1, End::HadEnough);
        }
    });
}

/// What is explored here is the order of events; miri looks at the memory.
#[test]
fn the_tests_on_real_threads_pass_under_miri() {
    let miri = || {
        let mut command = Command::new("cargo");
        command.args(["+nightly", "miri"]);
        command
    };
    let found = miri().arg("--version").output();
    if found.is_ok_and(|output| output.status.success()) {
        outside::run(miri().args(["test", "-p", "pitland", "--lib", "ring_tests"]));
    } else {
        outside::tell_not_run(
            "the_tests_on_real_threads_pass_under_miri",
            "no nightly toolchain with miri",
        );
    }
}

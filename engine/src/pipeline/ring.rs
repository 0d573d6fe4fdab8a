//! The ring between a source and a drive: a fixed set of page-aligned slots of whole write units,
//! allocated once. Owns the slots, their order and the waiting at both ends; knows nothing of files,
//! commands or discs.
//!
//! A slot is either free (with the producer), full (waiting), or lent to the drive's thread. One lock
//! is taken per slot, never per block, and nothing is allocated while slots flow.

use crate::pipeline::digest::Digest;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Bytes of one slot: a whole number of every medium's write units.
pub(crate) const SLOT_BYTES: usize = 1 << 20;
/// Blocks of 2048 bytes in one slot.
pub(crate) const SLOT_BLOCKS: u32 = (SLOT_BYTES / 2048) as u32;
/// Slots start on a page.
const PAGE: usize = 4096;

/// A piece of the image: page-aligned bytes and the checks of their write units.
#[derive(Debug)]
pub(crate) struct Slot {
    /// One page more than a slot, so that an aligned slot fits wherever the allocator put it.
    storage: Vec<u8>,
    offset: usize,
    filled: usize,
    digest: Digest,
}

impl Slot {
    fn new() -> Self {
        let storage = vec![0u8; SLOT_BYTES + PAGE];
        let misaligned = storage.as_ptr() as usize % PAGE;
        Self {
            offset: (PAGE - misaligned) % PAGE,
            storage,
            filled: 0,
            digest: Digest::default(),
        }
    }

    /// The bytes that were filled.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.storage
            .get(self.offset..self.offset + self.filled)
            .unwrap_or_default()
    }

    /// The whole slot, to be filled from its start.
    pub(crate) fn space(&mut self) -> &mut [u8] {
        self.storage
            .get_mut(self.offset..self.offset + SLOT_BYTES)
            .unwrap_or_default()
    }

    /// Declares the first `filled` bytes as the slot's content and, when asked, takes their checks.
    pub(crate) fn seal(&mut self, filled: usize, checked: bool) {
        self.filled = filled.min(SLOT_BYTES);
        self.digest = Digest::default();
        if checked {
            let mut digest = Digest::default();
            digest.take(self.bytes());
            self.digest = digest;
        }
    }

    /// The checks of the slot's write units; empty where none were asked for.
    pub(crate) fn digest(&self) -> &Digest {
        &self.digest
    }
}

/// How full a ring is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fill {
    /// Slots waiting for the drive.
    pub(crate) full: usize,
    /// Slots in all.
    pub(crate) slots: usize,
}

/// Why a producer ended.
#[derive(Debug)]
enum Finish<E> {
    Complete,
    Failed(E),
    Vanished,
}

#[derive(Debug)]
struct State<E> {
    free: Vec<Slot>,
    full: VecDeque<Slot>,
    finish: Option<Finish<E>>,
    abandoned: bool,
}

#[derive(Debug)]
struct Shared<E> {
    state: Mutex<State<E>>,
    /// Wakes the drive's thread: a slot is full, the source ended, or the job was interrupted.
    filled: Condvar,
    /// Wakes a producing thread: a slot is free, or the drive is gone.
    freed: Condvar,
    /// Wakes a producing task.
    freed_async: Notify,
    slots: usize,
}

impl<E> Shared<E> {
    /// A panic cannot leave the state half changed: every change is one push or pop.
    fn lock(&self) -> MutexGuard<'_, State<E>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The end that fills slots.
#[derive(Debug)]
pub(crate) struct Filler<E>(Arc<Shared<E>>);

/// The end that empties slots.
#[derive(Debug)]
pub(crate) struct Drain<E>(Arc<Shared<E>>);

/// A view of the ring's fill for whoever reports progress.
#[derive(Debug)]
pub(crate) struct Gauge<E>(Arc<Shared<E>>);

impl<E> Clone for Gauge<E> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// What the drive's thread finds.
#[derive(Debug)]
pub(crate) enum Next<E> {
    /// The next piece.
    Slot(Slot),
    /// The source has ended well and all of it was taken.
    Complete,
    /// The source failed.
    Failed(E),
    /// The producer is gone without a word: its thread panicked or its task was dropped.
    Vanished,
}

/// A ring of `slots` slots (at least two): memory is `slots` MiB, from now on and for good.
pub(crate) fn ring<E>(slots: usize) -> (Filler<E>, Drain<E>, Gauge<E>) {
    let slots = slots.max(2);
    let shared = Arc::new(Shared {
        state: Mutex::new(State {
            free: (0..slots).map(|_| Slot::new()).collect(),
            full: VecDeque::with_capacity(slots),
            finish: None,
            abandoned: false,
        }),
        filled: Condvar::new(),
        freed: Condvar::new(),
        freed_async: Notify::new(),
        slots,
    });
    (
        Filler(Arc::clone(&shared)),
        Drain(Arc::clone(&shared)),
        Gauge(shared),
    )
}

/// The drive no longer takes anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the drive no longer takes data")]
pub(crate) struct DriveGone;

impl<E> Filler<E> {
    /// A free slot; waits for one on a thread of its own.
    ///
    /// # Errors
    /// [`DriveGone`] when the job has ended.
    pub(crate) fn free(&self) -> Result<Slot, DriveGone> {
        let mut state = self.0.lock();
        loop {
            if state.abandoned {
                return Err(DriveGone);
            }
            if let Some(slot) = state.free.pop() {
                return Ok(slot);
            }
            state = self
                .0
                .freed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// A free slot; waits for one in a task. Cancel-safe: a slot is taken only when it is returned.
    ///
    /// # Errors
    /// [`DriveGone`] when the job has ended.
    pub(crate) async fn free_async(&self) -> Result<Slot, DriveGone> {
        loop {
            let freed = self.0.freed_async.notified();
            {
                let mut state = self.0.lock();
                if state.abandoned {
                    return Err(DriveGone);
                }
                if let Some(slot) = state.free.pop() {
                    return Ok(slot);
                }
            }
            freed.await;
        }
    }

    /// Waits until the drive no longer takes anything. Cancel-safe.
    pub(crate) async fn abandoned(&self) {
        loop {
            let freed = self.0.freed_async.notified();
            if self.0.lock().abandoned {
                return;
            }
            freed.await;
        }
    }

    /// Hands a sealed slot on.
    pub(crate) fn push(&self, slot: Slot) {
        self.0.lock().full.push_back(slot);
        self.0.filled.notify_one();
    }

    /// The source has ended well.
    pub(crate) fn complete(self) {
        self.finish(Finish::Complete);
    }

    /// The source failed; what was pushed before is still taken first.
    pub(crate) fn fail(self, error: E) {
        self.finish(Finish::Failed(error));
    }

    fn finish(&self, finish: Finish<E>) {
        let mut state = self.0.lock();
        if state.finish.is_none() {
            state.finish = Some(finish);
        }
        drop(state);
        self.0.filled.notify_one();
    }
}

impl<E> Drop for Filler<E> {
    fn drop(&mut self) {
        self.finish(Finish::Vanished);
    }
}

impl<E> Drain<E> {
    /// The next piece, waiting for it until `interrupted` says otherwise (then `None`). The waiting
    /// ends at [`Gauge::interrupt`], so that a flag raised before that call is seen.
    pub(crate) fn next(&self, interrupted: impl Fn() -> bool) -> Option<Next<E>> {
        let mut state = self.0.lock();
        loop {
            if let Some(slot) = state.full.pop_front() {
                return Some(Next::Slot(slot));
            }
            match state.finish.take() {
                Some(Finish::Complete) => {
                    state.finish = Some(Finish::Complete);
                    return Some(Next::Complete);
                }
                Some(Finish::Failed(error)) => return Some(Next::Failed(error)),
                Some(Finish::Vanished) => return Some(Next::Vanished),
                None => {}
            }
            if interrupted() {
                return None;
            }
            state = self
                .0
                .filled
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Waits until `slots` slots are full or the source has ended or failed: the start mark.
    /// Returns at once when `interrupted`.
    pub(crate) fn wait_for_start(&self, slots: usize, interrupted: impl Fn() -> bool) {
        let mark = slots.min(self.0.slots);
        let mut state = self.0.lock();
        while state.full.len() < mark && state.finish.is_none() && !interrupted() {
            state = self
                .0
                .filled
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The failure of a source that broke before anything was taken from it, if it did; `vanished` is what
    /// one is called that went without a word.
    pub(crate) fn early_failure(&self, vanished: E) -> Option<E> {
        let mut state = self.0.lock();
        match state.finish.take() {
            Some(Finish::Failed(error)) => Some(error),
            Some(Finish::Vanished) => Some(vanished),
            other => {
                state.finish = other;
                None
            }
        }
    }

    /// Gives a slot back.
    pub(crate) fn recycle(&self, slot: Slot) {
        self.0.lock().free.push(slot);
        self.0.freed.notify_one();
        self.0.freed_async.notify_one();
    }
}

impl<E> Drop for Drain<E> {
    fn drop(&mut self) {
        self.0.lock().abandoned = true;
        self.0.freed.notify_all();
        // A permit is kept for a producer that is just about to wait.
        self.0.freed_async.notify_one();
    }
}

impl<E> Gauge<E> {
    /// How full the ring is now.
    pub(crate) fn fill(&self) -> Fill {
        Fill {
            full: self.0.lock().full.len(),
            slots: self.0.slots,
        }
    }

    /// Wakes the drive's thread so that it looks at its interruption flag.
    pub(crate) fn interrupt(&self) {
        // The lock orders this after a waiter's look at the flag and before its wait, or after it.
        drop(self.0.lock());
        self.0.filled.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_start_on_a_page_and_hold_whole_units() {
        let slot = Slot::new();
        assert_eq!(slot.storage[slot.offset..].as_ptr() as usize % PAGE, 0);
        assert_eq!(SLOT_BYTES % (32 * 2048), 0);
        assert_eq!(SLOT_BYTES % (16 * 2048), 0);
    }

    #[test]
    fn what_goes_in_comes_out_in_order_and_memory_stays_the_same() {
        let (filler, drain, gauge) = ring::<()>(3);
        let producer = std::thread::spawn(move || {
            for n in 0..20u8 {
                let mut slot = filler.free().unwrap();
                slot.space().fill(n);
                slot.seal(SLOT_BYTES, false);
                filler.push(slot);
            }
            filler.complete();
        });
        let mut seen = 0u8;
        while let Some(Next::Slot(slot)) = drain.next(|| false) {
            assert!(slot.bytes().iter().all(|b| *b == seen));
            assert!(gauge.fill().full <= 3);
            drain.recycle(slot);
            seen += 1;
        }
        producer.join().unwrap();
        assert_eq!(seen, 20);
    }

    #[test]
    fn a_failed_source_is_told_after_what_it_gave() {
        let (filler, drain, _) = ring::<&str>(2);
        let mut slot = filler.free().unwrap();
        slot.seal(2048, false);
        filler.push(slot);
        filler.fail("gone");
        assert!(matches!(drain.next(|| false), Some(Next::Slot(_))));
        assert!(matches!(drain.next(|| false), Some(Next::Failed("gone"))));
    }

    #[test]
    fn a_producer_that_vanishes_does_not_leave_the_drive_waiting() {
        let (filler, drain, _) = ring::<()>(2);
        std::thread::spawn(move || {
            let _held = filler;
            std::panic::resume_unwind(Box::new(()));
        })
        .join()
        .unwrap_err();
        assert!(matches!(drain.next(|| false), Some(Next::Vanished)));
    }

    #[test]
    fn a_producer_whose_drive_is_gone_is_told() {
        let (filler, drain, _) = ring::<()>(2);
        drop(drain);
        assert_eq!(filler.free().unwrap_err(), DriveGone);
    }

    #[test]
    fn an_interrupted_wait_returns_without_a_slot() {
        let (_filler, drain, gauge) = ring::<()>(2);
        let flag = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let seen = Arc::clone(&flag);
        let waiter = std::thread::spawn(move || {
            drain
                .next(|| seen.load(std::sync::atomic::Ordering::SeqCst))
                .is_none()
        });
        flag.store(true, std::sync::atomic::Ordering::SeqCst);
        gauge.interrupt();
        assert!(waiter.join().unwrap());
    }
}

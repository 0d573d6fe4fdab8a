//! The primitives that the ring waits with, and nothing else: a test puts others of the same names in
//! their place, which explore the order in which threads run.

use std::sync::Condvar;
use std::time::{Duration, Instant};

pub(crate) use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What one thread sleeps at.
#[derive(Debug, Default)]
pub(crate) struct Bell(Condvar);

impl Bell {
    /// Wakes the sleeper, if there is one.
    pub(crate) fn ring(&self) {
        self.0.notify_one();
    }

    /// Sleeps until the bell rings, or for no reason.
    pub(crate) fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
        self.0.wait(guard).unwrap_or_else(PoisonError::into_inner)
    }

    /// As [`Self::sleep`], but not beyond `deadline`; `true` when that has passed.
    pub(crate) fn wait_until<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        deadline: Deadline,
    ) -> (MutexGuard<'a, T>, bool) {
        let Some(end) = deadline.0 else {
            return (self.wait(guard), false);
        };
        let left = end.saturating_duration_since(Instant::now());
        let (guard, _) = self
            .0
            .wait_timeout(guard, left)
            .unwrap_or_else(PoisonError::into_inner);
        (guard, Instant::now() >= end)
    }
}

/// A moment after which a wait is given up; never, where the clock does not reach so far.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline(Option<Instant>);

impl Deadline {
    /// The moment when `limit` from now has passed.
    pub(crate) fn after(limit: Duration) -> Self {
        Self(Instant::now().checked_add(limit))
    }
}

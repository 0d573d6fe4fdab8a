//! What a script has done so far, told also when the layer is out of reach.
//!
//! Owns the counters. Must not know the rules.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts what a [`Fault`](super::Fault) has seen and done. A test that
/// expects a fault asks it whether the fault came.
#[derive(Debug, Clone)]
pub struct FaultTally(Arc<Counters>);

#[derive(Debug)]
struct Counters {
    commands: AtomicU64,
    fired: Box<[AtomicU64]>,
}

impl FaultTally {
    pub(super) fn new(rules: usize) -> Self {
        Self(Arc::new(Counters {
            commands: AtomicU64::new(0),
            fired: (0..rules).map(|_| AtomicU64::new(0)).collect(),
        }))
    }

    pub(super) fn count_command(&self) {
        self.0.commands.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_fired(&self, rule: usize) {
        if let Some(fired) = self.0.fired.get(rule) {
            fired.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Commands that came to the layer.
    pub fn commands(&self) -> u64 {
        self.0.commands.load(Ordering::Relaxed)
    }

    /// Faults of all rules.
    pub fn fired(&self) -> u64 {
        let counts = self.0.fired.iter();
        counts.map(|count| count.load(Ordering::Relaxed)).sum()
    }

    /// Faults of one rule, by its place in the script; 0 where there is none.
    pub fn fired_by(&self, rule: usize) -> u64 {
        let count = self.0.fired.get(rule);
        count.map_or(0, |count| count.load(Ordering::Relaxed))
    }
}

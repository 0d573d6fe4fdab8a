//! The start line of a set of drives that share one source: none writes before all are ready, so that a
//! drive that still calibrates does not make the others run dry.
//!
//! Owns who has arrived. Must not know what happens behind the line.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Thread;
use std::time::{Duration, Instant};

/// The longest wait for the others: a calibration of the slowest kind is shorter (recipe 4.1).
const LONGEST: Duration = Duration::from_secs(180);

#[derive(Debug, Default)]
struct Line {
    /// Runners that have neither arrived nor left.
    under_way: usize,
    waiting: Vec<Thread>,
}

/// One drive on its way to the line. Dropped, it leaves the race: nobody waits for it any more.
#[derive(Debug)]
pub(crate) struct Runner {
    line: Arc<Mutex<Line>>,
    arrived: bool,
}

/// A line with so many runners.
pub(crate) fn start_line(runners: usize) -> Vec<Runner> {
    let line = Arc::new(Mutex::new(Line {
        under_way: runners,
        waiting: Vec::with_capacity(runners),
    }));
    let runner = |_| Runner {
        line: Arc::clone(&line),
        arrived: false,
    };
    (0..runners).map(runner).collect()
}

impl Runner {
    /// Arrives, and waits on this thread until all others have arrived or left, for a few minutes at most,
    /// or until `interrupted`: whoever raises that flag unparks the thread.
    pub(crate) fn wait(&mut self, interrupted: impl Fn() -> bool) {
        self.arrive(true);
        let end = Instant::now() + LONGEST;
        while !interrupted() && self.others_under_way() {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                tracing::warn!("the other drives are not ready; this one starts without them");
                return;
            }
            std::thread::park_timeout(left);
        }
    }

    fn others_under_way(&self) -> bool {
        self.line
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .under_way
            > 0
    }

    fn arrive(&mut self, waits: bool) {
        if std::mem::replace(&mut self.arrived, true) {
            return;
        }
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        line.under_way = line.under_way.saturating_sub(1);
        if line.under_way == 0 {
            for thread in line.waiting.drain(..) {
                thread.unpark();
            }
        } else if waits {
            line.waiting.push(std::thread::current());
        }
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        self.arrive(false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    #[test]
    fn nobody_passes_before_the_last_has_arrived_or_left() {
        let mut runners = start_line(3);
        let late = runners.pop().unwrap();
        let passed = Arc::new(AtomicUsize::new(0));
        let (arrived, arrivals) = std::sync::mpsc::channel();
        let threads: Vec<_> = runners
            .into_iter()
            .map(|mut runner| {
                let passed = Arc::clone(&passed);
                let arrived = arrived.clone();
                std::thread::spawn(move || {
                    runner.wait(|| {
                        let _ = arrived.send(());
                        false
                    });
                    passed.fetch_add(1, Ordering::SeqCst);
                })
            })
            .collect();
        arrivals.recv().unwrap();
        arrivals.recv().unwrap();
        assert_eq!(passed.load(Ordering::SeqCst), 0);
        drop(late);
        threads.into_iter().for_each(|t| t.join().unwrap());
        assert_eq!(passed.load(Ordering::SeqCst), 2);
    }

    #[test]
    fn an_interrupted_runner_waits_for_nobody() {
        let mut runners = start_line(2);
        let mut first = runners.remove(0);
        let stop = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&stop);
        let waiting = std::thread::spawn(move || first.wait(|| seen.load(Ordering::SeqCst)));
        stop.store(true, Ordering::SeqCst);
        waiting.thread().unpark();
        waiting.join().unwrap();
    }
}

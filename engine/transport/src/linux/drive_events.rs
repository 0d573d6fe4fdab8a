//! What happens to the machine's drives, in words, and a queue of it for a
//! reader that may be slow.
//!
//! Owns the events and how they merge. Must not know how they are noticed.

use super::FoundDrive;
use core::time::Duration;
use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Something that happened, with the drive as it is since then.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DriveEvent {
    /// A drive is there; also told of each that is there from the beginning.
    /// udev may not have set the permissions of its nodes yet: an open that is
    /// refused is tried again for a while.
    Arrived(FoundDrive),
    /// The kernel tells other things of a drive than before: its second node
    /// has come, or it cannot be reached any more. Mounts are not told.
    Updated(FoundDrive),
    /// A drive is gone; as it was last seen.
    Removed(FoundDrive),
    /// The medium may be another one, or out: identify it. Told on what the
    /// kernel sees; it looks while something makes it do so
    /// ([`FoundDrive::polled`]), but not at a drive that is open for one
    /// program alone.
    MediumChanged(FoundDrive),
    /// The eject button was pressed while the door was locked.
    EjectRequested(FoundDrive),
}

impl DriveEvent {
    /// The drive.
    pub fn drive(&self) -> &FoundDrive {
        match self {
            Self::Arrived(drive)
            | Self::Updated(drive)
            | Self::Removed(drive)
            | Self::MediumChanged(drive)
            | Self::EjectRequested(drive) => drive,
        }
    }

    /// The same event with the drive as the other one has it.
    fn refreshed_by(&mut self, newer: &Self) {
        match self {
            Self::Arrived(drive)
            | Self::Updated(drive)
            | Self::Removed(drive)
            | Self::MediumChanged(drive)
            | Self::EjectRequested(drive) => drive.clone_from(newer.drive()),
        }
    }

    fn is_same_kind(&self, other: &Self) -> bool {
        core::mem::discriminant(self) == core::mem::discriminant(other)
    }
}

/// A queue of events that merge while nobody reads: it never blocks the one
/// that fills it, and holds at most three events for each drive that there is,
/// and one for each whose end was not read yet.
///
/// What merges: an event that waits already is told once, with the newest
/// facts; what a drive did before its removal is not told; a drive that came
/// and went unread is not told at all.
#[derive(Debug, Default)]
pub struct DriveEvents {
    waiting: Mutex<VecDeque<DriveEvent>>,
    filled: Condvar,
}

impl DriveEvents {
    /// An empty queue.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts an event behind those that wait, or into one of them.
    pub fn push(&self, event: DriveEvent) {
        let mut waiting = self.lock();
        merge(&mut waiting, event);
        drop(waiting);
        self.filled.notify_one();
    }

    /// The oldest event, if one waits.
    pub fn pop(&self) -> Option<DriveEvent> {
        self.lock().pop_front()
    }

    /// The oldest event; waits for one at most so long.
    pub fn wait(&self, at_most: Duration) -> Option<DriveEvent> {
        let (mut waiting, _) = self
            .filled
            .wait_timeout_while(self.lock(), at_most, |waiting| waiting.is_empty())
            .unwrap_or_else(PoisonError::into_inner);
        waiting.pop_front()
    }

    /// Events that wait.
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// No code runs under the lock that could leave the queue half changed.
    fn lock(&self) -> MutexGuard<'_, VecDeque<DriveEvent>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_coming_or_going(event: &DriveEvent) -> bool {
    matches!(event, DriveEvent::Arrived(_) | DriveEvent::Removed(_))
}

fn merge(waiting: &mut VecDeque<DriveEvent>, event: DriveEvent) {
    let is_of_it = |other: &DriveEvent| other.drive().is_same_device(event.drive());
    if let DriveEvent::Removed(_) = event {
        // What the reader was told, or will be told before anything else.
        let is_known = !waiting
            .iter()
            .any(|other| is_of_it(other) && is_coming_or_going(other));
        waiting.retain(|other| !is_of_it(other) || matches!(other, DriveEvent::Removed(_)));
        if is_known {
            waiting.push_back(event);
        }
        return;
    }
    let is_part_of_arrival = matches!(event, DriveEvent::Updated(_) | DriveEvent::MediumChanged(_));
    let into = waiting.iter_mut().find(|other| {
        is_of_it(other)
            && (other.is_same_kind(&event)
                || is_part_of_arrival && matches!(other, DriveEvent::Arrived(_)))
    });
    match into {
        Some(other) => other.refreshed_by(&event),
        None => waiting.push_back(event),
    }
}

#[cfg(test)]
mod tests {
    use super::super::discover::drives;
    use super::super::machine::*;
    use super::DriveEvent::*;
    use super::*;
    use proptest::prelude::*;
    use std::sync::LazyLock;

    fn three() -> Vec<FoundDrive> {
        static FOUND: LazyLock<Vec<FoundDrive>> =
            LazyLock::new(|| drives(&Machine::with(&[VIRTIO, NAMED, SATA]).system()).unwrap());
        FOUND.clone()
    }

    fn read(queue: &DriveEvents) -> Vec<DriveEvent> {
        core::iter::from_fn(|| queue.pop()).collect()
    }

    fn after(events: Vec<DriveEvent>) -> Vec<DriveEvent> {
        let queue = DriveEvents::new();
        events.into_iter().for_each(|event| queue.push(event));
        read(&queue)
    }

    #[test]
    fn events_of_several_drives_come_in_their_order() {
        let [a, b, c] = <[_; 3]>::try_from(three()).unwrap();
        let events = vec![
            Arrived(a.clone()),
            Arrived(b),
            Removed(c),
            EjectRequested(a),
        ];
        assert_eq!(after(events.clone()), events);
    }

    #[test]
    fn what_waits_already_is_told_once_with_the_newest_facts() {
        let [old, other, _] = <[_; 3]>::try_from(three()).unwrap();
        let mut new = old.clone();
        new.medium_number = Some(9);
        assert_eq!(
            after(vec![
                MediumChanged(old.clone()),
                EjectRequested(other.clone()),
                MediumChanged(new.clone()),
                EjectRequested(other.clone()),
            ]),
            [MediumChanged(new.clone()), EjectRequested(other)]
        );
        assert_eq!(
            after(vec![
                Updated(old.clone()),
                MediumChanged(old.clone()),
                Updated(new.clone())
            ]),
            [Updated(new.clone()), MediumChanged(old.clone())]
        );
        assert_eq!(
            after(vec![
                Arrived(old.clone()),
                Updated(new.clone()),
                MediumChanged(new.clone())
            ]),
            [Arrived(new)]
        );
    }

    #[test]
    fn a_removal_ends_what_waited_and_an_arrival_that_nobody_read() {
        let drive = three().remove(0);
        assert_eq!(
            after(vec![
                MediumChanged(drive.clone()),
                EjectRequested(drive.clone()),
                Removed(drive.clone())
            ]),
            [Removed(drive.clone())]
        );
        assert_eq!(after(vec![Arrived(drive.clone()), Removed(drive)]), []);
    }

    #[test]
    fn a_reader_that_waits_is_woken_and_one_for_whom_nothing_comes_returns() {
        let queue = DriveEvents::new();
        assert_eq!(queue.wait(Duration::from_millis(1)), None);
        let drive = three().remove(0);
        std::thread::scope(|scope| {
            let reader = scope.spawn(|| queue.wait(Duration::from_secs(600)));
            queue.push(Arrived(drive.clone()));
            assert_eq!(reader.join().unwrap(), Some(Arrived(drive)));
        });
        assert!(queue.is_empty());
    }

    proptest! {
        /// Drives come, do things and go at random; a reader who reads now and
        /// then knows, once it has read all, exactly the drives that are there.
        #[test]
        fn a_slow_reader_ends_with_the_truth_and_the_queue_stays_short(
            steps in prop::collection::vec((0usize..3, 0u8..6), 0..200),
        ) {
            let all = three();
            let queue = DriveEvents::new();
            let mut there = [false; 3];
            let mut known = [false; 3];
            let read_one = |known: &mut [bool; 3]| {
                let event = queue.pop()?;
                let at = all.iter().position(|drive| drive.is_same_device(event.drive()))?;
                match event {
                    Arrived(_) => assert!(!core::mem::replace(&mut known[at], true)),
                    Removed(_) => assert!(core::mem::replace(&mut known[at], false)),
                    _ => assert!(known[at], "{event:?}"),
                }
                Some(())
            };
            for (at, what) in steps {
                let drive = all[at].clone();
                match (what, there[at]) {
                    (0, true) => queue.push(Removed(drive)),
                    (0, false) => queue.push(Arrived(drive)),
                    (1, true) => queue.push(Updated(drive)),
                    (2, true) => queue.push(MediumChanged(drive)),
                    (3, true) => queue.push(EjectRequested(drive)),
                    _ => { read_one(&mut known); }
                }
                if what == 0 { there[at] = !there[at]; }
                prop_assert!(queue.len() <= 3 * 3);
            }
            while read_one(&mut known).is_some() {}
            prop_assert_eq!(known, there);
        }
    }
}

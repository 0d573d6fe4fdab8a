//! The tasks of a session, from command to answer.
//!
//! Owns their memory: what is announced is taken from a budget before a byte
//! is read. Must not know how tasks are carried out.

use super::gather::Gathering;
use crate::pdu::{
    LogoutRequest, LogoutResult, ScsiCommand, TaskManagementRequest, TaskManagementResult,
};
use pitland_mmc::Sense;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Most bytes of one command, either way.
pub(crate) const MOST_TRANSFER: usize = 4 << 20;
/// Most bytes of data on their way in, over all commands of a session. With
/// one answer of [`MOST_TRANSFER`] and the spares that nobody uses this bounds
/// a session's data to 13 MiB.
pub(crate) const MOST_INCOMING: usize = 8 << 20;
/// Spare rooms that are kept for the next command, and their size.
const SPARES: usize = 4;
const MOST_SPARE: usize = 256 << 10;

/// What a task is known by while it lives.
#[derive(Debug)]
pub(crate) struct Control {
    pub(crate) tag: u32,
    /// Index of the unit; `None` where there is none.
    pub(crate) unit: Option<usize>,
    /// The unit's generation when the task came.
    pub(crate) generation: u64,
    aborted: AtomicBool,
}

impl Control {
    pub(crate) fn new(tag: u32, unit: Option<usize>, generation: u64) -> Arc<Self> {
        Arc::new(Self {
            tag,
            unit,
            generation,
            aborted: AtomicBool::new(false),
        })
    }

    /// The task gets no answer any more.
    pub(crate) fn abort(&self) {
        self.aborted.store(true, Ordering::SeqCst);
    }

    pub(crate) fn is_aborted(&self) -> bool {
        self.aborted.load(Ordering::SeqCst)
    }
}

/// Why a command fails without being shown to the drive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    Sense(Sense),
    /// No memory for it now: TASK SET FULL.
    Full,
}

/// A command with its data, or on the way to having them.
pub(crate) struct Task {
    pub(crate) control: Arc<Control>,
    pub(crate) command: ScsiCommand,
    pub(crate) gathering: Gathering,
    pub(crate) room: Room,
    pub(crate) failure: Option<Failure>,
}

/// What the thread that carries out is given, in this order.
pub(crate) enum Job {
    Command(Box<Task>),
    TaskManagement {
        request: TaskManagementRequest,
        result: TaskManagementResult,
    },
    Logout {
        request: LogoutRequest,
        result: LogoutResult,
    },
}

/// Memory of a session for data on their way in.
#[derive(Debug, Default)]
pub(crate) struct Rooms {
    used: AtomicUsize,
    spares: Mutex<Vec<Vec<u8>>>,
}

/// Some of that memory; it goes back when dropped.
#[derive(Debug)]
pub(crate) struct Room {
    /// A spare may be larger than what was asked for; all of it is charged.
    bytes: Vec<u8>,
    len: usize,
    charged: usize,
    of: Arc<Rooms>,
}

impl Rooms {
    /// Takes `len` bytes; `None` where the session has no more.
    pub(crate) fn take(self: &Arc<Self>, len: usize) -> Option<Room> {
        let spare = self.spare(len).filter(|spare| self.charge(spare.len()));
        let (bytes, charged) = match spare {
            Some(spare) => {
                let charged = spare.len();
                (spare, charged)
            }
            None if self.charge(len) => (vec![0; len], len),
            None => return None,
        };
        Some(Room {
            bytes,
            len,
            charged,
            of: Arc::clone(self),
        })
    }

    /// Whether there are still so many bytes; they are taken then.
    fn charge(&self, bytes: usize) -> bool {
        self.used
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |used| {
                used.checked_add(bytes).filter(|sum| *sum <= MOST_INCOMING)
            })
            .is_ok()
    }

    /// A spare of at least `len` bytes.
    fn spare(&self, len: usize) -> Option<Vec<u8>> {
        let mut spares = self.spares.lock().unwrap_or_else(PoisonError::into_inner);
        let at = spares.iter().position(|spare| spare.len() >= len)?;
        (len > 0).then(|| spares.swap_remove(at))
    }

    #[cfg(test)]
    pub(crate) fn used(&self) -> usize {
        self.used.load(Ordering::SeqCst)
    }
}

impl Room {
    pub(crate) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        self.bytes.get_mut(..self.len).unwrap_or_default()
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.of.used.fetch_sub(self.charged, Ordering::SeqCst);
        let bytes = core::mem::take(&mut self.bytes);
        if (1..=MOST_SPARE).contains(&bytes.len()) {
            let mut spares = self
                .of
                .spares
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            if spares.len() < SPARES {
                spares.push(bytes);
            } else if let Some(smallest) = spares.iter_mut().min_by_key(|spare| spare.len())
                && smallest.len() < bytes.len()
            {
                *smallest = bytes;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_s_memory_is_bounded_and_comes_back() {
        let rooms = Arc::new(Rooms::default());
        let first = rooms.take(MOST_INCOMING - 10).unwrap();
        assert!(rooms.take(11).is_none());
        let mut second = rooms.take(10).unwrap();
        assert_eq!(second.bytes_mut().len(), 10);
        assert!(rooms.take(usize::MAX).is_none());
        drop(first);
        assert_eq!(rooms.used(), 10);
        drop(second);
        assert_eq!(rooms.used(), 0);
        // Only small ones are kept.
        assert_eq!(rooms.spares.lock().unwrap().len(), 1);
    }

    #[test]
    fn a_spare_is_charged_as_large_as_it_is() {
        let rooms = Arc::new(Rooms::default());
        drop(rooms.take(MOST_SPARE));
        let mut small = rooms.take(10).unwrap();
        assert_eq!((rooms.used(), small.bytes_mut().len()), (MOST_SPARE, 10));
        drop(small);
        assert_eq!(rooms.used(), 0);
        // Where that is too much, it has a room of its own size.
        let _most = rooms.take(MOST_INCOMING - 10).unwrap();
        let _small = rooms.take(10).unwrap();
        assert_eq!(rooms.used(), MOST_INCOMING);
    }

    #[test]
    fn large_spares_take_the_place_of_small_ones() {
        let rooms = Arc::new(Rooms::default());
        let small: Vec<_> = (0..SPARES).map(|_| rooms.take(8).unwrap()).collect();
        drop(small);
        drop(rooms.take(MOST_SPARE));
        assert!(rooms.spare(MOST_SPARE).is_some());
    }
}

//! Which connections there are, and whose session takes the place of whose.
//!
//! Must not know what is said on them.

use crate::socket::Socket;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What makes two sessions the same: a newer one ends the older one (RFC 7143
/// calls it reinstatement).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SessionKey {
    pub(crate) initiator_name: String,
    pub(crate) isid: [u8; 6],
}

struct Entry {
    id: u64,
    socket: Socket,
    /// Set where the session is over: nothing more is done for it.
    closed: Arc<AtomicBool>,
    key: Option<Arc<SessionKey>>,
}

impl Entry {
    fn end(&self) {
        self.closed.store(true, Ordering::SeqCst);
        self.socket.close();
    }
}

/// All connections, from their first byte on.
#[derive(Default)]
pub(crate) struct Sessions {
    entries: Mutex<Vec<Entry>>,
}

impl Sessions {
    fn entries(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection has come.
    pub(crate) fn add(&self, id: u64, socket: Socket, closed: Arc<AtomicBool>) {
        self.entries().push(Entry {
            id,
            socket,
            closed,
            key: None,
        });
    }

    /// A connection has a session now. Gives whether an older one of the same
    /// key was ended.
    pub(crate) fn establish(&self, id: u64, key: Arc<SessionKey>) -> bool {
        let mut entries = self.entries();
        let mut ended = false;
        for entry in entries.iter_mut().filter(|entry| entry.id != id) {
            if entry.key.as_ref() == Some(&key) {
                entry.key = None;
                entry.end();
                ended = true;
            }
        }
        if let Some(entry) = entries.iter_mut().find(|entry| entry.id == id) {
            entry.key = Some(key);
        }
        ended
    }

    /// A connection is over.
    pub(crate) fn remove(&self, id: u64) {
        self.entries().retain(|entry| entry.id != id);
    }

    /// Ends all connections.
    pub(crate) fn close_all(&self) {
        self.entries().iter().for_each(Entry::end);
    }
}

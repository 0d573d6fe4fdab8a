//! Which connections there are, and whose session takes the place of whose.
//!
//! Must not know what is said on them.

use crate::socket::Socket;
use std::sync::{Mutex, MutexGuard, PoisonError};

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
    key: Option<SessionKey>,
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
    pub(crate) fn add(&self, id: u64, socket: Socket) {
        self.entries().push(Entry {
            id,
            socket,
            key: None,
        });
    }

    /// A connection has a session now. Gives whether an older one of the same
    /// key was ended.
    pub(crate) fn establish(&self, id: u64, key: SessionKey) -> bool {
        let mut entries = self.entries();
        let mut ended = false;
        for entry in entries.iter_mut().filter(|entry| entry.id != id) {
            if entry.key.as_ref() == Some(&key) {
                entry.key = None;
                entry.socket.close();
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
        for entry in self.entries().iter() {
            entry.socket.close();
        }
    }
}

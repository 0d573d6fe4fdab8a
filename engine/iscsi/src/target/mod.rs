//! A small iSCSI target whose logical units are drives.
//!
//! Owns listening, sessions and tasks. Must not know what a drive does: every
//! CDB, residual and sense passes as it is. What is answered without the drive
//! is REPORT LUNS, and everything at a logical unit that is not there.
//!
//! # Who waits for whom
//!
//! One thread listens. Each connection has a thread that reads and, once it
//! has a session, one that carries its commands out in order; both answer, one
//! PDU at a time. So a ping is answered and a task can be aborted while the
//! drive works. A drive does one command at a time: sessions take turns.
//!
//! A second session is simply another initiator of the same drive. It sees
//! what the drive says when it comes next: an attention of the drive is told
//! once, to whoever asks first. What the target itself did, a reset by task
//! management, each initiator is told once.
//!
//! # Bounds
//!
//! | what | bound |
//! | --- | --- |
//! | connections | [`TargetOptions::most_connections`], two threads each |
//! | a login | 64 requests, 64 keys, 16 KiB of text, [`TargetOptions::login_timeout`] |
//! | data of one PDU | [`Wish::max_recv_data_segment_length`](crate::negotiation::Wish), 256 KiB |
//! | data of one command | 4 MiB either way; more is 5/24/00 |
//! | commands under way | 8 a session, and 8 more of other kinds |
//! | memory of a session | 8 MiB on their way in, 4 MiB on their way out, 1 MiB spare, 256 KiB of a ping or a text, 32 KiB of text put together and answered |
//! | initiators that are remembered after their session | 64 a unit, with what they have still to hear |

mod announced;
mod connection;
mod executor;
mod gather;
mod luns;
mod options;
mod outbound;
mod pace;
mod ports;
mod sessions;
mod task;
mod unit;

pub use options::{BindError, Counts, TargetOptions};
pub use unit::LogicalUnit;

use crate::negotiation::Identity;
use crate::{IscsiAddress, Portal, TARGET_NAME};
use options::{Counters, count};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use sessions::Sessions;
use std::io::Read;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::JoinHandle;
use unit::Unit;

/// Most logical units of a target: numbers of one byte, from 1.
const MOST_UNITS: usize = 255;

/// Commands that a session may send before one is answered.
const WINDOW: u32 = 8;

/// What all connections share.
struct Shared {
    units: Vec<Unit>,
    options: TargetOptions,
    identity: Identity,
    sessions: Sessions,
    counters: Counters,
    stopping: AtomicBool,
    /// Numbers of sessions; those of the units' nexuses, too.
    next_session: AtomicU64,
    /// A byte in here wakes the thread that listens.
    wake: Mutex<UnixStream>,
}

impl Shared {
    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    /// Ends everything; threads notice by and by.
    fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        self.sessions.close_all();
        let wake = self.wake.lock().unwrap_or_else(PoisonError::into_inner);
        // A full pipe wakes as well.
        let _ = std::io::Write::write(&mut &*wake, &[0]);
    }
}

/// A target that serves until it is stopped or dropped.
///
/// Dropped or joined, it has no thread left, and its drives have finished what
/// they were told.
pub struct Target {
    shared: Arc<Shared>,
    address: SocketAddr,
    listening: Option<JoinHandle<()>>,
}

impl core::fmt::Debug for Target {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Target")
            .field("address", &self.address)
            .field("units", &self.shared.units.len())
            .finish_non_exhaustive()
    }
}

/// Stops a [`Target`] from elsewhere; cheap to clone. It keeps nothing alive: a
/// target that has ended has let go of its drives.
#[derive(Clone)]
pub struct StopHandle {
    shared: Weak<Shared>,
}

impl core::fmt::Debug for StopHandle {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("StopHandle").finish_non_exhaustive()
    }
}

impl StopHandle {
    /// Closes all connections and stops listening. Returns at once; a command
    /// that a drive works on comes to its end.
    pub fn stop(&self) {
        if let Some(shared) = self.shared.upgrade() {
            shared.stop();
        }
    }
}

impl Target {
    /// Listens on `address` (port 0: any free one) and offers `units` as
    /// logical units 1, 2, 3 and so on of [`TARGET_NAME`]. Logical unit 0 has
    /// no device.
    ///
    /// # Errors
    /// A [`BindError`]; nothing listens then, and the drives are dropped.
    pub fn bind(
        address: SocketAddr,
        units: Vec<LogicalUnit>,
        options: TargetOptions,
    ) -> Result<Self, BindError> {
        if !address.ip().is_loopback() && !options.insecure {
            return Err(BindError::NotLoopback { address });
        }
        if units.len() > MOST_UNITS {
            return Err(BindError::TooManyUnits {
                given: units.len(),
                most: MOST_UNITS,
            });
        }
        let system = |source| BindError::System { address, source };
        let listener = TcpListener::bind(address).map_err(system)?;
        listener.set_nonblocking(true).map_err(system)?;
        let bound = listener.local_addr().map_err(system)?;
        let (wake, woken) = UnixStream::pair().map_err(system)?;
        wake.set_nonblocking(true).map_err(system)?;
        let shared = Arc::new(Shared {
            units: units.into_iter().map(Unit::new).collect(),
            options,
            identity: Identity {
                target_name: TARGET_NAME.into(),
                target_alias: Some("Pitland virtual drives".into()),
                portal_group: 1,
                window: WINDOW,
            },
            sessions: Sessions::default(),
            counters: Counters::default(),
            stopping: AtomicBool::new(false),
            next_session: AtomicU64::new(1),
            wake: Mutex::new(wake),
        });
        let listening = std::thread::Builder::new()
            .name("pitland-iscsi".into())
            .spawn({
                let shared = Arc::clone(&shared);
                move || listen(&shared, &listener, woken)
            })
            .map_err(system)?;
        Ok(Self {
            shared,
            address: bound,
            listening: Some(listening),
        })
    }

    /// Where it listens.
    pub fn local_address(&self) -> SocketAddr {
        self.address
    }

    /// How an initiator names logical unit `lun`, from 1; `None` where there
    /// is none.
    pub fn address(&self, lun: u16) -> Option<IscsiAddress> {
        let there = (1..=self.shared.units.len()).contains(&usize::from(lun));
        Portal::from(self.address)
            .unit(TARGET_NAME, lun)
            .ok()
            .filter(|_| there)
    }

    /// What it has seen so far.
    pub fn counts(&self) -> Counts {
        self.shared.counters.now()
    }

    /// A handle by which another thread can stop it.
    pub fn stop_handle(&self) -> StopHandle {
        StopHandle {
            shared: Arc::downgrade(&self.shared),
        }
    }

    /// Waits until somebody has stopped it, and all its threads have ended.
    pub fn join(mut self) {
        self.join_threads();
    }

    fn join_threads(&mut self) {
        if let Some(listening) = self.listening.take()
            && listening.join().is_err()
        {
            tracing::error!("the thread that listened for iSCSI panicked");
        }
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        self.shared.stop();
        self.join_threads();
    }
}

/// Takes connections until the target is stopped, then waits for their threads.
fn listen(shared: &Arc<Shared>, listener: &TcpListener, mut woken: UnixStream) {
    let mut connections: Vec<JoinHandle<()>> = Vec::new();
    while !shared.is_stopping() {
        let mut fds = [
            PollFd::new(listener, PollFlags::IN),
            PollFd::new(&woken, PollFlags::IN),
        ];
        if let Err(error) = poll(&mut fds, None)
            && error != rustix::io::Errno::INTR
        {
            tracing::error!(%error, "listening for iSCSI failed");
            break;
        }
        connections.retain(|connection| !connection.is_finished());
        if shared.is_stopping() {
            break;
        }
        let (stream, peer) = match listener.accept() {
            Ok(accepted) => accepted,
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => continue,
            Err(error) => {
                tracing::warn!(%error, "an iSCSI connection could not be taken");
                pause(&woken);
                continue;
            }
        };
        count(&shared.counters.connections);
        if connections.len() >= shared.options.most_connections {
            count(&shared.counters.turned_away);
            tracing::warn!(%peer, "too many iSCSI connections: one is turned away");
            continue;
        }
        let spawned = std::thread::Builder::new()
            .name("pitland-iscsi-in".into())
            .spawn({
                let shared = Arc::clone(shared);
                move || connection::serve(&shared, stream, peer)
            });
        match spawned {
            Ok(thread) => connections.push(thread),
            Err(error) => tracing::warn!(%error, "no thread for an iSCSI connection"),
        }
    }
    // What was accepted a moment ago may have missed the call.
    shared.sessions.close_all();
    for connection in connections {
        if connection.join().is_err() {
            tracing::error!("the thread of an iSCSI connection panicked");
        }
    }
    let _ = woken.read(&mut [0; 64]);
}

/// Without descriptors nothing can be accepted: waits a while, or for the end.
fn pause(woken: &UnixStream) {
    let while_ = Timespec {
        tv_sec: 0,
        tv_nsec: 100_000_000,
    };
    let _ = poll(&mut [PollFd::new(woken, PollFlags::IN)], Some(&while_));
}

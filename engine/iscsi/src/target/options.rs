//! How a target is set up, and what it has seen.

use crate::negotiation::Wish;
use core::time::Duration;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};

/// How a target behaves.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TargetOptions {
    /// Serve others than this machine, too. Nobody is asked for a password,
    /// and everything can be listened to: whoever reaches the port owns the
    /// drives.
    pub insecure: bool,
    /// Connections at a time; more are closed as they come.
    pub most_connections: usize,
    /// How long a login may take, from the connection on.
    pub login_timeout: Duration,
    /// How long the rest of a message, or the taking of an answer, may take.
    pub stall_timeout: Duration,
    /// What is wished of each session.
    pub wish: Wish,
}

impl Default for TargetOptions {
    /// Loopback only, 16 connections, 15 seconds for a login.
    fn default() -> Self {
        Self {
            insecure: false,
            most_connections: 16,
            login_timeout: Duration::from_secs(15),
            stall_timeout: Duration::from_secs(60),
            wish: Wish::default(),
        }
    }
}

/// Why a target could not begin.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// The address is reachable from elsewhere, which was not allowed.
    #[error(
        "{address} can be reached from other machines, and whoever reaches it owns the drives; choose a loopback address, or allow it with --insecure"
    )]
    NotLoopback {
        /// The address.
        address: SocketAddr,
    },
    /// More drives than a target numbers.
    #[error("{given} drives are too many for one target; at most {most}")]
    TooManyUnits {
        /// Drives given.
        given: usize,
        /// Most drives.
        most: usize,
    },
    /// The system did not give the address, or a thread.
    #[error("{address} cannot be listened on: {source}")]
    System {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
}

/// What a target has seen so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Counts {
    /// Connections that came.
    pub connections: u64,
    /// Of these, closed at once because there were too many.
    pub turned_away: u64,
    /// Sessions that were agreed on.
    pub sessions: u64,
    /// Logins that were refused or not finished in time.
    pub failed_logins: u64,
    /// SCSI commands that were answered.
    pub commands: u64,
    /// PDUs that were rejected, or ended their connection.
    pub protocol_errors: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) connections: AtomicU64,
    pub(crate) turned_away: AtomicU64,
    pub(crate) sessions: AtomicU64,
    pub(crate) failed_logins: AtomicU64,
    pub(crate) commands: AtomicU64,
    pub(crate) protocol_errors: AtomicU64,
}

pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl Counters {
    pub(crate) fn now(&self) -> Counts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counts {
            connections: read(&self.connections),
            turned_away: read(&self.turned_away),
            sessions: read(&self.sessions),
            failed_logins: read(&self.failed_logins),
            commands: read(&self.commands),
            protocol_errors: read(&self.protocol_errors),
        }
    }
}

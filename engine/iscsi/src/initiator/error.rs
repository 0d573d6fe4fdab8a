//! Why there is no drive behind an address, or no answer of one.

use crate::negotiation::{LoginError, TextError};
use crate::pdu::{AsyncEvent, FrameError, RejectReason};
use std::sync::Arc;

/// Why a target could not be reached or talked to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The host's name leads nowhere. Look at the name.
    #[error("the host {host:?} cannot be found: {source}")]
    Resolve {
        /// The host.
        host: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// Nobody takes the connection. Look at address, port and network, and
    /// whether the target runs.
    #[error("no connection to {portal}: {source}")]
    Unreachable {
        /// Host and port.
        portal: String,
        /// What the system said about the last address tried.
        source: std::io::Error,
    },
    /// The target refused the login, or broke its rules.
    #[error("no session at {portal}: {source}")]
    Login {
        /// Host and port.
        portal: String,
        /// Why.
        source: LoginError,
    },
    /// The connection failed before there was a session.
    #[error("the connection to {portal} failed while a session was asked for: {source}")]
    Link {
        /// Host and port.
        portal: String,
        /// How.
        source: LinkError,
    },
    /// The target has no such logical unit.
    #[error("the target has no logical unit {lun}")]
    NoSuchUnit {
        /// The number.
        lun: u16,
    },
}

/// Why a command brought no answer of the drive. The connection is closed
/// afterwards; the next command makes a new one. Whether the drive carried the
/// command out is unknown: identify drive and medium anew.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum LinkError {
    /// The target closed the connection.
    #[error("the target closed the connection")]
    Closed,
    /// Bytes could not be sent or received.
    #[error(transparent)]
    Frame(Arc<FrameError>),
    /// The target rejected a message of ours.
    #[error("the target rejected the command's messages: {reason}")]
    Rejected {
        /// Why.
        reason: RejectReason,
    },
    /// The target says that the command did not reach the drive.
    #[error("the target could not pass the command on (response {response:02X}h)")]
    TargetFailure {
        /// The response's code.
        response: u8,
    },
    /// The target announced that it ends the session.
    #[error("the target ends the session: {event}")]
    Ended {
        /// What it announced.
        event: AsyncEvent,
    },
    /// The target broke the rules of the protocol. It cannot be trusted.
    #[error("the target broke the protocol: {0}")]
    Breach(#[from] Breach),
    /// The target's text is none.
    #[error(transparent)]
    Text(#[from] TextError),
}

impl From<FrameError> for LinkError {
    fn from(error: FrameError) -> Self {
        Self::Frame(Arc::new(error))
    }
}

/// How a target broke the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Breach {
    /// A PDU with an operation code that means nothing here.
    #[error("a message with operation code {opcode:02X}h")]
    Opcode {
        /// The code.
        opcode: u8,
    },
    /// A PDU that nobody asked for.
    #[error("a message that was not asked for (operation code {opcode:02X}h)")]
    Unasked {
        /// The code.
        opcode: u8,
    },
    /// A PDU for a task that is not under way.
    #[error("a message for task {found:08X}h where {expected:08X}h is under way")]
    Tag {
        /// The tag that came.
        found: u32,
        /// The tag of the task under way.
        expected: u32,
    },
    /// A status number that is not the next one: something is missing.
    #[error("status number {found} where {expected} comes next")]
    StatusNumber {
        /// The number that came.
        found: u32,
        /// The next one.
        expected: u32,
    },
    /// Data, or a request for data, that do not continue what was there.
    #[error("data at byte {found} where byte {expected} comes next")]
    Order {
        /// Where they begin.
        found: u32,
        /// Where the next ones begin.
        expected: u32,
    },
    /// Data, or a request for data, beyond the command's data.
    #[error("data up to byte {end} of a command that has {length}")]
    Beyond {
        /// Where they end.
        end: u64,
        /// Bytes of the command's data.
        length: usize,
    },
    /// A request for no data at all, or for more than a burst.
    #[error("a request for {length} bytes of data")]
    RequestLength {
        /// Bytes asked for.
        length: u32,
    },
    /// Data of a command that has none of that direction.
    #[error("data of a command that has none in that direction")]
    Direction,
    /// More and less than expected at once, or less than nothing.
    #[error("a residual of {count} bytes that cannot be, of {length}")]
    Residual {
        /// The count.
        count: u32,
        /// Bytes of the command's data.
        length: usize,
    },
    /// A data PDU that has neither data nor a status.
    #[error("a data message without data")]
    Empty,
    /// Fewer data went over than the answer says.
    #[error("{moved} bytes of data where the answer says {said}")]
    Missing {
        /// Bytes that came, or that the target asked for.
        moved: usize,
        /// Bytes that the answer says.
        said: usize,
    },
    /// CHECK CONDITION without sense data that can be read.
    #[error("CHECK CONDITION without sense data")]
    NoSense,
    /// Messages without end.
    #[error("messages without end that nobody asked for")]
    Flood,
    /// A text that does not end.
    #[error("a text that does not end")]
    EndlessText,
}

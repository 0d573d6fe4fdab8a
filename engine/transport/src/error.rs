//! Why there is no answer of the drive.
//!
//! Owns the failures of the way to a drive. What the drive itself says (sense)
//! is no error here.

use crate::trace::Divergence;
use core::time::Duration;
use std::sync::Arc;

/// Why an exchange brought no answer of the drive.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// The caller gave data whose length is not what the command announces.
    /// Nothing was sent; the caller has to mend its command.
    #[error(
        "not sent, a fault of the caller: {given} bytes of data given where the command announces {announced}"
    )]
    LengthMismatch {
        /// Bytes given.
        given: usize,
        /// Bytes that the CDB announces, with the stated block size.
        announced: u64,
    },
    /// The caller gave data that are no whole number of blocks of the stated
    /// size. Nothing was sent; the caller has to mend its command.
    #[error(
        "not sent, a fault of the caller: {given} bytes are no whole number of blocks of {block_bytes} bytes"
    )]
    NotWholeBlocks {
        /// Bytes given.
        given: usize,
        /// The stated block size.
        block_bytes: u32,
    },
    /// The caller gave data in another direction or of another kind than the
    /// command has. Nothing was sent; the caller has to mend its command.
    #[error(
        "not sent, a fault of the caller: the command takes {announced}, and {given} came with it"
    )]
    WrongDirection {
        /// What the caller gave.
        given: DataKind,
        /// What the command does with data.
        announced: DataKind,
    },
    /// The caller gave more than one exchange carries
    /// ([`Limits`](crate::Limits)). Nothing was sent; split the transfer.
    #[error(
        "not sent, a fault of the caller: {given} bytes in one command where the drive's link carries {limit}"
    )]
    OverLimit {
        /// Bytes given.
        given: usize,
        /// Most bytes an exchange.
        limit: usize,
    },
    /// The drive answered with more bytes than there is room for: a fault of
    /// the transport, whose answers cannot be trusted.
    #[error(
        "the transport reports {transferred} bytes moved where at most {given} could: a fault of that transport"
    )]
    Overrun {
        /// Bytes that the transport reports.
        transferred: usize,
        /// Bytes that could travel.
        given: usize,
    },
    /// The drive is gone: unplugged, switched off or closed. Connect it again
    /// and open it anew.
    #[error("the drive is gone: connect it again and open it anew")]
    Gone,
    /// No answer within the time that the caller gave. Whether the drive
    /// carried the command out is unknown: identify drive and medium anew.
    #[error(
        "the drive did not answer within {limit:?}: identify drive and medium anew before going on"
    )]
    TimedOut {
        /// The time limit.
        limit: Duration,
    },
    /// The host adapter or its driver failed. Look at cable, port and the
    /// system's log.
    #[error(
        "the host adapter failed (host status {host:04X}h, driver status {driver:04X}h): look at cable, port and the system's log"
    )]
    Host {
        /// The host adapter's status.
        host: u16,
        /// The driver's status.
        driver: u16,
    },
    /// The link says how many bytes it left over, and the number cannot be:
    /// its answers cannot be trusted. Whether the drive carried the command
    /// out is unknown. Look at cable, port and the bridge in between.
    #[error(
        "the link reports {residual} bytes left over of {given}: look at cable, port and the bridge in between"
    )]
    AbsurdResidual {
        /// Bytes left over, as the link says.
        residual: i32,
        /// Bytes that could travel.
        given: usize,
    },
    /// The drive refused or remarked something, and the sense data that say
    /// what did not come with it. Whether it carried the command out is
    /// unknown: identify drive and medium anew.
    #[error(
        "the drive answered CHECK CONDITION without sense data: identify drive and medium anew before going on"
    )]
    NoSense,
    /// The kernel does not let this process send this command. Nothing was
    /// sent; get what is missing.
    #[error("not sent: the kernel wants {missing} for command {opcode:02X}h")]
    NotPermitted {
        /// The operation code of the command.
        opcode: u8,
        /// What is missing.
        missing: MissingAccess,
    },
    /// The system failed to carry the command. Whether it was sent is not
    /// known for sure: identify drive and medium anew.
    #[error("the system could not carry the command: {0}")]
    System(#[source] Arc<std::io::Error>),
    /// The file of a virtual disc could not be read or written. Look at the
    /// file system it lies on.
    #[error("the virtual disc's file failed: {0}")]
    Storage(#[source] Arc<std::io::Error>),
    /// A transport of the embedder failed for a reason of its own.
    #[error("the transport failed: {0}")]
    Foreign(#[source] Arc<dyn std::error::Error + Send + Sync>),
    /// A replay was asked something else than was recorded.
    #[error(transparent)]
    Diverged(#[from] Box<Divergence>),
}

/// The kind of data of an exchange or a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DataKind {
    /// None at all.
    None,
    /// From the drive.
    In,
    /// To the drive: a parameter list.
    Out,
    /// To the drive: blocks of a stated size.
    Blocks,
}

impl core::fmt::Display for DataKind {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::None => "no data",
            Self::In => "room for data from the drive",
            Self::Out => "a parameter list",
            Self::Blocks => "blocks",
        })
    }
}

/// What a process lacks to send a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MissingAccess {
    /// The device node could be opened for reading only.
    WriteAccess,
    /// A capability: commands outside of the kernel's list are root's.
    RawIo,
}

impl core::fmt::Display for MissingAccess {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::WriteAccess => {
                "write permission on the drive's node, which is open for reading only,"
            }
            Self::RawIo => "the capability CAP_SYS_RAWIO",
        })
    }
}

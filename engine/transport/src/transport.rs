//! The trait behind which every drive stands, and the words of one exchange.
//!
//! Owns shapes only. Must not know any particular kind of drive, nor the
//! meaning of a command.

use crate::{BusShare, Claim, ClaimDenied, TransportError};
use core::fmt;
use core::time::Duration;
use pitland_mmc::{CdbBytes, Sense};

/// A drive, or a layer round one.
///
/// A transport carries one command at a time: the drive's thread owns it. An
/// implementation of one's own needs [`execute`](Self::execute) and
/// [`identity_hint`](Self::identity_hint); the engine puts
/// [`Checked`](crate::Checked) round it, so that lengths are already sound.
///
/// Nothing on the write path may allocate: not [`Exchange`], not [`Reply`].
pub trait Transport: Send {
    /// Sends one command, waits for its end, and brings back the answer.
    ///
    /// Sense data are an answer ([`Status::CheckCondition`]), not an error.
    /// When [`Exchange::timeout`] has passed on the device's clock, the
    /// command is given up ([`TransportError::TimedOut`]); whether the drive
    /// carried it out is then unknown.
    ///
    /// # Errors
    /// A [`TransportError`] when there is no answer of the drive to return.
    fn execute(&mut self, exchange: Exchange<'_>) -> Result<Reply, TransportError>;

    /// What one exchange may carry.
    fn limits(&self) -> Limits {
        Limits::default()
    }

    /// Which clock the drive runs on.
    fn clock(&self) -> DeviceClock;

    /// Time on that clock since the drive was opened. Never runs backwards.
    fn now(&self) -> Duration;

    /// Lets device time pass.
    ///
    /// On a virtual clock this much passes at once, for the drive too: that is
    /// how a caller waits. On the real clock this does nothing: the caller
    /// really waits.
    fn advance(&mut self, by: Duration);

    /// How a person names this drive, as `virtual:x.vdisc`. For messages and
    /// traces; not checked, may hold any character.
    fn identity_hint(&self) -> String;

    /// Keeps other programs off the drive. Claims are counted: each that was
    /// granted takes one [`release`](Self::release), a look within a hold is
    /// granted, and the process' end releases all. A drive that no other
    /// program can reach has nothing to do here; a layer passes both on.
    ///
    /// # Errors
    /// [`ClaimDenied`] says who has the drive, or what is missing.
    fn claim(&mut self, claim: Claim<'_>) -> Result<(), ClaimDenied> {
        let _ = claim;
        Ok(())
    }

    /// Gives the last claim back.
    fn release(&mut self) {}

    /// Whether the host keeps what it once learned of a medium, its size above
    /// all, until it sees the medium go. A layer passes it on.
    fn host_remembers_medium(&self) -> bool {
        false
    }

    /// Has the host look at the drive as it is now, and so learn that the
    /// medium is out, or in. A layer passes it on.
    fn have_host_look(&mut self) {}

    /// Keeps the host from asking the drive for its events by itself, or lets it
    /// again. Not counted; the process' end gives it back. A drive that no host
    /// asks has nothing to do here; a layer passes it on.
    ///
    /// # Errors
    /// [`ClaimDenied`] says who uses the drive so that it cannot be, or what is
    /// missing. To let the host ask again never fails.
    fn quieten(&mut self, quiet: bool) -> Result<(), ClaimDenied> {
        let _ = quiet;
        Ok(())
    }

    /// The bus that the drive shares with others, and what it carries; `None`
    /// where nobody knows. A layer passes it on.
    fn bus(&self) -> Option<BusShare> {
        None
    }
}

/// One command on its way to a drive.
#[derive(Debug)]
pub struct Exchange<'a> {
    /// The command descriptor block.
    pub cdb: CdbBytes,
    /// What travels with it.
    pub data: Data<'a>,
    /// How long the command may take on the device's clock.
    pub timeout: Duration,
}

impl<'a> Exchange<'a> {
    /// A command without data.
    pub fn none(cdb: CdbBytes, timeout: Duration) -> Self {
        Self {
            cdb,
            data: Data::None,
            timeout,
        }
    }

    /// A command whose answer is read into `buffer`.
    pub fn data_in(cdb: CdbBytes, buffer: &'a mut [u8], timeout: Duration) -> Self {
        Self {
            cdb,
            data: Data::In(buffer),
            timeout,
        }
    }

    /// A command with a parameter list.
    pub fn data_out(cdb: CdbBytes, list: &'a [u8], timeout: Duration) -> Self {
        Self {
            cdb,
            data: Data::Out(list),
            timeout,
        }
    }

    /// A write of whole blocks of `block_bytes` bytes each.
    pub fn blocks(cdb: CdbBytes, bytes: &'a [u8], block_bytes: u32, timeout: Duration) -> Self {
        Self {
            cdb,
            data: Data::Blocks { bytes, block_bytes },
            timeout,
        }
    }

    /// The same exchange with a shorter life: lets a layer pass it on and
    /// still look at the data afterwards.
    pub fn reborrow(&mut self) -> Exchange<'_> {
        Exchange {
            cdb: self.cdb,
            data: self.data.reborrow(),
            timeout: self.timeout,
        }
    }
}

/// What travels with a command.
#[derive(Debug)]
pub enum Data<'a> {
    /// Nothing.
    None,
    /// From the drive into this buffer. Its length is what the command
    /// announces; [`Reply::transferred`] is what came.
    In(&'a mut [u8]),
    /// To the drive: a parameter list (mode page, cue sheet, format list).
    Out(&'a [u8]),
    /// To the drive: the blocks of a write.
    Blocks {
        /// The payload, a whole number of blocks.
        bytes: &'a [u8],
        /// Size of one block in bytes: 2048, 2352, 2448, and the like. The
        /// caller states it, because the CDB of a write does not.
        block_bytes: u32,
    },
}

impl Data<'_> {
    /// Bytes to or from the drive.
    pub fn len(&self) -> usize {
        match self {
            Self::None => 0,
            Self::In(buffer) => buffer.len(),
            Self::Out(bytes) | Self::Blocks { bytes, .. } => bytes.len(),
        }
    }

    /// Whether no byte travels.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The same data with a shorter life.
    pub fn reborrow(&mut self) -> Data<'_> {
        match self {
            Self::None => Data::None,
            Self::In(buffer) => Data::In(buffer),
            Self::Out(bytes) => Data::Out(bytes),
            Self::Blocks { bytes, block_bytes } => Data::Blocks {
                bytes,
                block_bytes: *block_bytes,
            },
        }
    }
}

/// What the drive answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reply {
    /// The SCSI status, with sense where there is some.
    pub status: Status,
    /// Bytes that travelled: read into the buffer, or taken by the drive.
    /// At most the length of the data given.
    pub transferred: usize,
}

impl Reply {
    /// GOOD, with so many bytes moved.
    pub const fn good(transferred: usize) -> Self {
        Self {
            status: Status::Good,
            transferred,
        }
    }

    /// CHECK CONDITION with its sense, nothing moved.
    pub const fn check(sense: Sense) -> Self {
        Self {
            status: Status::CheckCondition(sense),
            transferred: 0,
        }
    }
}

/// The SCSI status of an answer. What the host adapter or driver says about
/// the transport is a [`TransportError`] instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Status {
    /// Done, or begun where the command was immediate.
    Good,
    /// Not done, or done with a remark: the sense says which.
    CheckCondition(Sense),
    /// The device cannot take a command now; the same one may be sent again.
    Busy,
    /// Another initiator has reserved the device.
    ReservationConflict,
    /// A status without a name here, kept as it came.
    Other(u8),
}

impl Status {
    /// The sense, if the status carries one.
    pub const fn sense(&self) -> Option<&Sense> {
        match self {
            Self::CheckCondition(sense) => Some(sense),
            _ => None,
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Good => f.write_str("GOOD"),
            Self::CheckCondition(sense) => write!(f, "CHECK CONDITION: {sense}"),
            Self::Busy => f.write_str("BUSY"),
            Self::ReservationConflict => f.write_str("RESERVATION CONFLICT"),
            Self::Other(code) => write!(f, "status {code:02X}h"),
        }
    }
}

/// What one exchange may carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Most bytes of data in one exchange.
    pub max_transfer_bytes: usize,
}

impl Limits {
    /// Bytes that every transport can be expected to carry.
    pub const DEFAULT_TRANSFER_BYTES: usize = 64 * 1024;

    /// Limits with this many bytes an exchange.
    pub const fn with_max_transfer(max_transfer_bytes: usize) -> Self {
        Self { max_transfer_bytes }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::with_max_transfer(Self::DEFAULT_TRANSFER_BYTES)
    }
}

/// The clock that a drive runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeviceClock {
    /// The clock on the wall: waiting takes its time.
    Real,
    /// A clock that moves only when it is told to, or when a command takes
    /// device time: waiting costs nothing.
    Virtual,
}

//! Commands of a client's own: what a lease holder sends to the drive as it is, and what comes back, sense and all.
//!
//! Owns what is refused before anything is sent, and the words of the answer. Who may send is the actor's to say; nothing
//! is repeated here, and no answer is judged.

mod effect;
mod pages;

pub use effect::CommandEffect;
pub use pages::PageError;

use crate::drive::lease::DriveLease;
#[cfg(doc)]
use crate::drive::lease::LeaseOptions;
use crate::drive::thread::{Device, Order, no_answer};
use crate::error::LeaseDenied;
use bytes::Bytes;
use pitland_burn::{NoAnswer, patience};
use pitland_mmc::cdb::{
    Cdb, CdbBytes, Write10, Write10View, Write12, Write12View, WriteAndVerify10, cdb_len,
};
use pitland_mmc::sense::{Sense, SenseKey};
use pitland_transport::{ClaimDenied, Data, Exchange, Reply, Status, Transport, TransportError};
use std::time::Duration;
use tokio::sync::oneshot;

/// A command that is given no other limit may take so long.
const USUAL_LIMIT: Duration = Duration::from_secs(10);

/// From here on an operation code is a vendor's: only the vendor knows how long the block is.
const VENDOR: u8 = 0xC0;

/// The shortest block that there is.
const SHORTEST: usize = 6;

/// A command as it goes to the drive, and the data that go with it or come back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawCommand {
    cdb: CdbBytes,
    data: RawData,
    limit: Duration,
    /// A typed question or setting: asked again where the drive has something else to tell first.
    typed: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum RawData {
    None,
    FromDrive(usize),
    ToDrive(Bytes),
}

/// What a drive answered to a command that it carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CommandReply {
    /// What came from the drive; perhaps less than there was room for.
    pub data: Bytes,
    /// What the drive remarked, though it carried the command out: a recovered error, or what is no error.
    pub sense: Option<Sense>,
}

/// Why a command was not sent: whoever asked has to mend it.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum CommandRefused {
    /// The operation code's group tells the length of the block, and this is another one.
    #[error("a block of {found} bytes for operation code {opcode:02X}h, must be {expected}")]
    WrongLength {
        /// Byte 0.
        opcode: u8,
        /// Bytes that its group has.
        expected: usize,
        /// Bytes given.
        found: usize,
    },
    /// A block of no length that is carried, or of a group that has none.
    #[error("no block of {found} bytes with operation code {opcode:02X}h can be sent")]
    NoLength {
        /// Byte 0; 0 of an empty block.
        opcode: u8,
        /// Bytes given.
        found: usize,
    },
    /// The command does more than to ask, and the lease was not taken for that ([`LeaseOptions::raw`]).
    #[error("operation code {opcode:02X}h {effect}, and the lease was not taken for changes")]
    Changes {
        /// Byte 0.
        opcode: u8,
        /// What it changes.
        effect: CommandEffect,
    },
    /// The data do not fit the command, or the link.
    #[error(transparent)]
    Data(TransportError),
}

/// A command of a client's own was not carried out.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError {
    /// Nothing was sent: the command is not one that may be.
    #[error("not sent: {0}")]
    Refused(#[from] CommandRefused),
    /// Nothing was sent: the drive is somebody else's, or at work.
    #[error(transparent)]
    Denied(#[from] LeaseDenied),
    /// The drive refused it, or failed.
    #[error("the drive answered: {sense}")]
    Sense {
        /// Byte 0 of the command.
        opcode: u8,
        /// What it said.
        sense: Sense,
        /// What came all the same.
        data: Bytes,
    },
    /// The drive had no time for it, or holds it to be another host's to send. It may be sent again.
    #[error("the drive answered {0}")]
    Status(Status),
    /// No answer in the time that was given. Whether the drive carried it out is unknown: identify drive and medium
    /// anew.
    #[error("no answer within {limit:?}: identify drive and medium anew before going on")]
    TimedOut {
        /// The time.
        limit: Duration,
    },
    /// The drive gave no answer.
    #[error("the drive gave no answer: {0}")]
    NoAnswer(NoAnswer),
}

impl From<ClaimDenied> for CommandError {
    fn from(denied: ClaimDenied) -> Self {
        Self::Denied(LeaseDenied::Outside(denied))
    }
}

impl RawCommand {
    /// A command without data, of 10 seconds at most.
    ///
    /// # Errors
    /// A block of another length than its operation code has: 6 bytes from 00h, 10 from 20h, 16 from 80h, 12 from A0h,
    /// 6 to 16 from C0h on; and one from 60h to 7Fh, which have no length of their own.
    pub fn new(cdb: &[u8]) -> Result<Self, CommandRefused> {
        Ok(Self::of(checked(cdb)?))
    }

    fn of(cdb: CdbBytes) -> Self {
        Self {
            cdb,
            data: RawData::None,
            limit: USUAL_LIMIT,
            typed: false,
        }
    }

    /// A question of the engine's own on the same way.
    fn asking(command: impl Cdb, bytes: usize) -> Self {
        Self {
            typed: true,
            ..Self::of(command.emit())
                .receiving(bytes)
                .within(patience::QUICK)
        }
    }

    /// With room for so many bytes from the drive: what the block announces.
    #[must_use]
    pub fn receiving(self, bytes: usize) -> Self {
        Self {
            data: RawData::FromDrive(bytes),
            ..self
        }
    }

    /// With these bytes for the drive.
    #[must_use]
    pub fn sending(self, bytes: impl Into<Bytes>) -> Self {
        Self {
            data: RawData::ToDrive(bytes.into()),
            ..self
        }
    }

    /// With another limit of its time.
    #[must_use]
    pub fn within(self, limit: Duration) -> Self {
        Self { limit, ..self }
    }

    /// The block.
    pub fn cdb(&self) -> CdbBytes {
        self.cdb
    }

    /// What it changes.
    pub fn effect(&self) -> CommandEffect {
        CommandEffect::of(self.cdb.opcode())
    }
}

fn checked(cdb: &[u8]) -> Result<CdbBytes, CommandRefused> {
    let (opcode, found) = (cdb.first().copied().unwrap_or_default(), cdb.len());
    let none = CommandRefused::NoLength { opcode, found };
    match cdb_len(opcode) {
        Some(expected) if found > 0 && found != expected => {
            return Err(CommandRefused::WrongLength {
                opcode,
                expected,
                found,
            });
        }
        None if opcode < VENDOR || found < SHORTEST => return Err(none),
        _ => {}
    }
    CdbBytes::from_slice(cdb).map_err(|_| none)
}

impl DriveLease {
    /// Sends a command as it is, once, and brings back what the drive answered, its sense too where the command
    /// succeeded. What it does to the disc is the caller's: no plan is made, nothing is watched, nothing is closed.
    ///
    /// # Errors
    /// Refused before anything is sent: changes through a lease that was not taken for them, data of another length or
    /// direction than the block announces, and anything while a job runs. Else the drive's answer. Dropping the future does not take the
    /// command back.
    pub async fn execute(&self, command: RawCommand) -> Result<CommandReply, CommandError> {
        let effect = command.effect();
        if effect != CommandEffect::Nothing && !self.raw && !command.typed {
            let opcode = command.cdb.opcode();
            return Err(CommandRefused::Changes { opcode, effect }.into());
        }
        let (done, answer) = oneshot::channel();
        self.holders(Order::Command(command, done)).await?;
        answer.await.map_err(|_| LeaseDenied::Gone)?
    }
}

impl Device {
    /// Sends a client's command.
    pub(super) fn carry(&mut self, command: &RawCommand) -> Result<CommandReply, CommandError> {
        let mut tries = 0;
        loop {
            let answer = self.carry_once(command);
            let Err(CommandError::Sense { sense, .. }) = &answer else {
                return answer;
            };
            match when_again(sense) {
                Some(pause) if command.typed && tries < patience::BUSY_TRIES => {
                    self.wait(pause, None);
                }
                _ => return answer,
            }
            tries += 1;
        }
    }

    fn carry_once(&mut self, command: &RawCommand) -> Result<CommandReply, CommandError> {
        let (cdb, timeout) = (command.cdb, command.limit);
        let mut room = Vec::new();
        let data = match &command.data {
            RawData::None => Data::None,
            RawData::FromDrive(bytes) => {
                self.has_room_for(*bytes)?;
                room.resize(*bytes, 0);
                Data::In(&mut room)
            }
            RawData::ToDrive(bytes) => match blocks_of(cdb) {
                Some(blocks) => Data::Blocks {
                    bytes,
                    block_bytes: block_bytes(bytes.len(), blocks),
                },
                None => Data::Out(bytes),
            },
        };
        let reply = self.transport.execute(Exchange { cdb, data, timeout });
        let Reply {
            status,
            transferred,
        } = reply.map_err(failed)?;
        room.truncate(transferred);
        let data = Bytes::from(room);
        match status {
            Status::Good => Ok(CommandReply { data, sense: None }),
            Status::CheckCondition(sense) if is_remark(&sense) => Ok(CommandReply {
                data,
                sense: Some(sense),
            }),
            Status::CheckCondition(sense) => Err(CommandError::Sense {
                opcode: cdb.opcode(),
                sense,
                data,
            }),
            other => Err(CommandError::Status(other)),
        }
    }

    /// No room is made for more than the link carries.
    fn has_room_for(&self, bytes: usize) -> Result<(), CommandRefused> {
        let limit = self.transport.limits().max_transfer_bytes;
        match bytes <= limit {
            true => Ok(()),
            false => Err(CommandRefused::Data(TransportError::OverLimit {
                given: bytes,
                limit,
            })),
        }
    }
}

/// When a question is asked again that the drive was not ready for: after a sense that tells of something else at once.
fn when_again(sense: &Sense) -> Option<Duration> {
    match sense.reaction() {
        it if it.is_attention() => Some(Duration::ZERO),
        it if it.is_busy() => Some(patience::POLL),
        _ => None,
    }
}

/// Whether the command was carried out all the same.
fn is_remark(sense: &Sense) -> bool {
    !sense.deferred && matches!(sense.key, SenseKey::NoSense | SenseKey::RecoveredError)
}

/// How many blocks a WRITE says that it carries, and `None` for all else.
fn blocks_of(cdb: CdbBytes) -> Option<u32> {
    match cdb.opcode() {
        // WRITE AND VERIFY has the layout of WRITE (10).
        Write10::OPCODE | WriteAndVerify10::OPCODE => Write10View::new(cdb).blocks().map(u32::from),
        Write12::OPCODE => Write12View::new(cdb).blocks(),
        _ => None,
    }
}

/// The blocks of a WRITE are as long as their bytes make them; what does not divide is refused behind this.
fn block_bytes(bytes: usize, blocks: u32) -> u32 {
    let each = bytes.checked_div(blocks as usize).unwrap_or_default();
    u32::try_from(each).unwrap_or_default()
}

fn failed(error: TransportError) -> CommandError {
    match error {
        TransportError::TimedOut { limit } => CommandError::TimedOut { limit },
        error if no_answer(&error) == NoAnswer::NotSent => {
            CommandError::Refused(CommandRefused::Data(error))
        }
        error => {
            tracing::warn!(%error, "no answer");
            CommandError::NoAnswer(no_answer(&error))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The whole rule, from the groups of operation codes.
    fn takes(opcode: u8, length: usize) -> bool {
        match opcode {
            0x00..=0x1F => length == 6,
            0x20..=0x5F => length == 10,
            0x60..=0x7F => false,
            0x80..=0x9F => length == 16,
            0xA0..=0xBF => length == 12,
            0xC0..=0xFF => (6..=16).contains(&length),
        }
    }

    #[test]
    fn a_block_has_the_length_of_its_group() {
        for opcode in 0..=0xFF {
            for length in 1..=18 {
                let mut cdb = vec![0; length];
                cdb[0] = opcode;
                let made = RawCommand::new(&cdb);
                assert_eq!(made.is_ok(), takes(opcode, length), "{opcode:02X} {length}");
            }
        }
        assert!(RawCommand::new(&[]).is_err());
    }
}

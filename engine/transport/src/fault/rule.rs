//! What a fault is, and the script that says which come.
//!
//! Owns the data. Must not know how a fault is played, nor the text.

use super::when::When;
use core::time::Duration;
use pitland_mmc::Sense;

/// Faults for one drive: rules, and the seed of their chances.
///
/// Every rule counts every command. Of those that come to a command,
/// [`What::Delay`] and [`What::Pause`] add up, and the first of all others
/// decides what becomes of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub struct FaultScript {
    /// Where all chance comes from.
    pub seed: u64,
    /// The rules, in order.
    pub rules: Vec<FaultRule>,
}

impl FaultScript {
    /// A script without rules, which lets everything pass.
    pub fn new(seed: u64) -> Self {
        let rules = Vec::new();
        Self { seed, rules }
    }

    /// With one more rule, after the others.
    #[must_use]
    pub fn rule(mut self, when: When, what: What) -> Self {
        self.rules.push(FaultRule { when, what });
        self
    }
}

/// One fault, and when it comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct FaultRule {
    /// When it comes.
    pub when: When,
    /// What it is.
    pub what: What,
}

impl FaultRule {
    /// This fault at that time.
    pub fn new(when: When, what: What) -> Self {
        Self { when, what }
    }
}

/// A fault.
///
/// Where it says *carried out*, the drive does what the command wants, and its
/// own answer is lost; where not, the drive never sees the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum What {
    /// CHECK CONDITION with this sense, current or deferred.
    Sense {
        /// What the drive says.
        sense: Sense,
        /// Whether the command was carried out before.
        carried_out: bool,
    },
    /// BUSY; not carried out.
    Busy,
    /// GOOD, all bytes moved; not carried out. On every WRITE it is the drive
    /// that takes everything and leaves the disc blank. Data that are read
    /// come as zeros.
    Good,
    /// READ TRACK INFORMATION answers a next writable address that is off by
    /// so many blocks. Other commands pass.
    NextWritable {
        /// Blocks, forward or back.
        by: i32,
    },
    /// Carried out, and the answer is lost: the host adapter failed.
    LostReply,
    /// Lost on its way to the drive: the host adapter failed.
    LostCommand,
    /// No answer until the command's time limit has passed on the device's
    /// clock.
    Timeout {
        /// Whether the drive carried the command out.
        carried_out: bool,
    },
    /// The bus is reset: the command is lost, the door's lock is open, and the
    /// next command finds 6/29/00. Mode pages and the buffer stay.
    Reset,
    /// The drive is gone from now on.
    Unplug,
    /// The command takes so much longer. If that is more than its time limit,
    /// there is no answer, though it was carried out.
    Delay(Duration),
    /// So much device time passes before the command is sent; its time limit
    /// runs from then on.
    Pause(Duration),
    /// At most so many bytes travel. Of a WRITE the drive gets the whole
    /// blocks among them, and carries out only those.
    Short {
        /// Bytes.
        bytes: u32,
    },
    /// One bit of what was read is wrong; which one is the seed's choice.
    FlipBit,
    /// The process gets SIGKILL: for tests of what a crash leaves behind.
    Kill {
        /// Whether the drive carried the command out before.
        carried_out: bool,
    },
}

impl What {
    /// This sense, the command not carried out.
    pub const fn sense(sense: Sense) -> Self {
        Self::Sense {
            sense,
            carried_out: false,
        }
    }

    /// This sense, though the command was carried out.
    pub const fn sense_after(sense: Sense) -> Self {
        Self::Sense {
            sense,
            carried_out: true,
        }
    }
}

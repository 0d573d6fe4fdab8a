//! What a writer says, and what it is told.
//!
//! The engine answers every step with one event; a writer that does not know an event answers
//! [`Failure::UnexpectedEvent`].

use crate::facts::MediaFacts;
use crate::plan::WritePlan;
use pitland_mmc::Lba;
use pitland_mmc::cdb::CdbBytes;
use pitland_mmc::sense::Sense;
use std::time::Duration;

/// What the engine shall do next.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Step {
    /// Send the plan's preparing command of this index.
    Prepare(u32),
    /// Write the plan's extent of this index.
    Write(u32),
    /// Send a command that the plan has before one of its extents, once the extent before that is written.
    Between {
        /// The extent that it comes before.
        extent: u32,
        /// Its index among the commands before that extent.
        command: u32,
    },
    /// Send the plan's closing command of this index.
    Close(u32),
    /// Ask the drive something that changes nothing. Answered by [`Event::Answer`] or [`Event::Refused`].
    Ask {
        /// The query: never WRITE, BLANK, FORMAT, CLOSE, SEND or RESERVE.
        cdb: CdbBytes,
        /// Bytes of answer wanted, at most 256 KiB.
        length: u32,
    },
    /// Wait until the drive reports ready. Answered by [`Event::Done`] or [`Event::Refused`].
    WaitReady {
        /// How long at most.
        limit: Duration,
    },
    /// Wait this long. Answered by [`Event::Done`].
    Wait(Duration),
    /// Identify drive and medium anew. Answered by [`Event::Facts`].
    Identify,
    /// A new plan takes the place of the old one; only before the first user block. Answered by
    /// [`Event::Done`], or the job ends if the new plan is refused.
    Replan(Box<WritePlan>),
    /// All done.
    Finished,
    /// Cannot go on. The engine ends what is open by its own safe sequence.
    Failed(Failure),
}

/// What became of the last step.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// The job starts.
    Begin,
    /// The step succeeded (a sense answer that its command tolerates counts as success).
    Done,
    /// The answer to [`Step::Ask`].
    Answer(Vec<u8>),
    /// The step was answered with a sense that nothing tolerates.
    Refused {
        /// The drive's answer.
        sense: Sense,
    },
    /// An extent ended early: the drive refused a WRITE for good.
    WriteRefused {
        /// The extent.
        extent: u32,
        /// The first block that is not known to be taken.
        lba: Lba,
        /// The drive's answer.
        sense: Sense,
    },
    /// Drive and medium, identified anew.
    Facts(Box<MediaFacts>),
    /// The job is to end early. Blocks may have been written: the writer now leads the medium into a
    /// named state with closing commands of its plan, and finishes.
    Cancelled {
        /// Blocks of the extents that the drive has taken.
        written_blocks: u64,
    },
    /// The step did not end within its limit.
    TimedOut,
}

/// Why a writer cannot go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The drive's answer ends the job.
    #[error("the drive answered: {0}")]
    Drive(Sense),
    /// An event came that does not answer the last step: a fault of the engine.
    #[error("an event came that answers no step")]
    UnexpectedEvent,
    /// A long operation did not end in time.
    #[error("the drive did not become ready in time")]
    TimedOut,
    /// The writer panicked; it is not called again.
    #[error("the writer panicked: {message}")]
    Panicked {
        /// What the panic said.
        message: String,
    },
    /// The writer did not answer in time; it is not called again.
    #[error("the writer did not answer within {limit:?}")]
    Hung {
        /// The limit.
        limit: Duration,
    },
    /// The writer spoke a word that this engine does not know.
    #[error("the writer used a word unknown to this version (code {code})")]
    UnknownWord {
        /// The code as it came.
        code: u32,
    },
    /// The writer asked for what its plan or the request does not contain.
    #[error("the writer asked for what its plan does not contain")]
    OutsidePlan,
    /// The medium is not in the state that the writer needs to go on.
    #[error("the medium is not in the state that the writer needs to go on")]
    MediumState,
}

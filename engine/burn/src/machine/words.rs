//! The words between the machine and whoever drives it: jobs in, inputs in, actions out.

use crate::outcome::{Ending, Verification};
use crate::verify::{Unit, WrittenRun};
use crate::writing::WriteChunk;
use pitland_mmc::Lba;
use pitland_mmc::cdb::CdbBytes;
use pitland_mmc::sense::Sense;
use pitland_writer::{Event, MediaFacts, Request, Service, Step, WritePlan};
use std::time::Duration;

/// How much is read back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum VerifyLevel {
    /// Nothing; the medium must still prove by its state that something was recorded.
    None,
    /// Both ends and a sample.
    Quick,
    /// Every block.
    #[default]
    Full,
}

/// A job for the machine: what is asked, what is known, and the plan that binds it.
#[derive(Debug, Clone)]
pub struct Job {
    /// What is asked.
    pub request: Request,
    /// Drive and medium before.
    pub facts: MediaFacts,
    /// What the writer said is free, for a burn.
    pub service: Option<Service>,
    /// The writer's plan.
    pub plan: WritePlan,
    /// How much is read back.
    pub verify: VerifyLevel,
    /// End before the first command that changes the medium.
    pub rehearse: bool,
    /// The most bytes that one command may carry.
    pub most_bytes: u32,
    /// What an earlier job has left on the medium of the same image, from its first block on: the plan
    /// covers the rest. Blocks of the image and units are counted in the whole image, and what is read
    /// back covers this run, too. `None` but for [`Request::Resume`].
    pub resumed: Option<WrittenRun>,
}

/// Reading back what is on a medium, without a burn: in another drive, or before a burn is resumed.
#[derive(Debug, Clone)]
pub struct ReadBack {
    /// Drive and medium before; the medium is identified anew all the same.
    pub facts: MediaFacts,
    /// What is on the medium of the image; each run starts at a unit of the image.
    pub runs: Vec<WrittenRun>,
    /// How much is read; with [`VerifyLevel::None`] a [sample](crate::verify::sample).
    pub level: VerifyLevel,
    /// The most bytes that one command may carry.
    pub most_bytes: u32,
}

/// Data of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Payload {
    /// None.
    None,
    /// This many bytes are wanted.
    In(u32),
    /// These bytes go out.
    Out(Vec<u8>),
}

impl Payload {
    /// Room for so many bytes of answer; none for 0.
    pub(crate) fn wanting(bytes: u32) -> Self {
        if bytes == 0 {
            Self::None
        } else {
            Self::In(bytes)
        }
    }

    /// This parameter list; none where it is empty.
    pub(crate) fn carrying(parameters: &[u8]) -> Self {
        if parameters.is_empty() {
            Self::None
        } else {
            Self::Out(parameters.to_vec())
        }
    }
}

/// A command to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The command, complete.
    pub cdb: CdbBytes,
    /// Its data.
    pub payload: Payload,
    /// How long it may take.
    pub timeout: Duration,
}

/// Units to read at once and to compare with their checks, one by one. Most often one; more only where
/// [`Job::most_bytes`] allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadChunk {
    /// What to read. The check of its `n`-th unit, of 64 KiB or what is left, has the index `index + n`.
    pub unit: Unit,
    /// Bytes of each block.
    pub block_bytes: u32,
}

/// What the driver of the machine shall do.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Action {
    /// Send this; answer with [`Input::Good`], [`Input::Sense`] or [`Input::NoAnswer`].
    Send(Command),
    /// Write this; answer likewise, or with [`Input::SourceFailed`].
    Write(WriteChunk),
    /// Read and compare this; answer with [`Input::Compared`], [`Input::Unchecked`], [`Input::Sense`] or
    /// [`Input::NoAnswer`].
    Read(ReadChunk),
    /// Compare the sectors of a CD with what was sent of them, all or, in short, some of each run of sectors; where they are
    /// [`Machine::written`](crate::Machine::written) says. Answer with [`Input::SectorsCompared`], with [`Input::Unchecked`]
    /// where there is nothing to compare with, or with [`Input::NoAnswer`].
    CompareSectors {
        /// Some of them are enough.
        in_short: bool,
    },
    /// Let this much time pass; answer with [`Input::Waited`].
    Wait(Duration),
    /// Ask the writer; answer with [`Input::Advice`].
    Consult(Event),
    /// The next thing changes the medium. Make sure that the source is ready; answer with
    /// [`Input::Proceed`] or [`Input::SourceFailed`].
    Commit,
    /// It is over.
    Finished(Box<Ending>),
}

/// Why a command got no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoAnswer {
    /// Not in time.
    #[error("not in time")]
    TimedOut,
    /// The drive is gone.
    #[error("the drive is gone")]
    Gone,
    /// The host could not send it, or the link failed.
    #[error("the link to the drive failed")]
    Link,
    /// The request was not one that may be sent.
    #[error("it may not be sent")]
    NotSent,
}

/// What happened.
#[derive(Debug)]
#[non_exhaustive]
pub enum Input<'a> {
    /// The job starts.
    Start,
    /// The command succeeded, with this data.
    Good(&'a [u8]),
    /// The drive answered with a sense.
    Sense(Sense),
    /// There was no answer.
    NoAnswer(NoAnswer),
    /// The time has passed.
    Waited,
    /// The writer answered.
    Advice(Step),
    /// The source is ready.
    Proceed,
    /// The source failed; nothing of the chunk was sent.
    SourceFailed,
    /// The units were read; whether all of them are as written.
    Compared(bool),
    /// The units were read, and for one of them at least there is no check. It counts as read and not as
    /// compared; of several they are asked for one by one.
    Unchecked,
    /// What came of the comparison of sectors.
    SectorsCompared(Box<SectorsCompared>),
}

/// What came of the comparison of a CD's sectors with what was sent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SectorsCompared {
    /// The result; its units are single sectors.
    pub verification: Verification,
    /// Sectors that had to be read more than once, the first of them.
    pub reread: Vec<Lba>,
    /// Samples that the drive gives sound from behind the place that was asked for; negative: before it. `None`: there is no
    /// sound that could tell.
    pub read_offset: Option<i32>,
}

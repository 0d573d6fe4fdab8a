//! The burn machine: from the locked door to the proven medium. Owns the phases and their order; what
//! each phase consists of is in [`crate::writing`], [`crate::settle`], [`crate::identify`] and
//! [`crate::verify`], and what is to be done is the writer's.
//!
//! ```text
//! lock door -> drain events -> [writer: prepare.. | write.. | close..] -> unlock -> identify -> prove -> verify
//!                                  |  first change of the disc                ^
//!                                  +--> Commit                                |
//!      writer fails, source fails, cancel after Commit --> safe ending -------+
//! ```

use crate::gate::{self, PlanFault};
use crate::identify::{Identify, IdentifyAction};
use crate::outcome::{Completed, Ending, Fault, MediumState, Note, Outcome, Unproven};
use crate::patience;
use crate::phase::{Phase, Progress};
use crate::proof;
use crate::settle::{Settled, Settling};
use crate::verify::{self, Verifying, WrittenRun};
use crate::writing::{self, Writing};
use pitland_mmc::SenseKey;
use pitland_mmc::cdb::{
    Cdb, CdbBytes, GetEventStatusNotification, PreventAllowMediumRemoval, ReadBufferCapacity,
    SynchronizeCache, TestUnitReady,
};
use pitland_mmc::reply::BufferCapacity;
use pitland_mmc::sense::{Reaction, Sense};
use pitland_writer::{
    Change, Event, Failure, MediumCondition, Move, Origin, PlannedCommand, Settle, Step, WritePlan,
};
use std::time::Duration;
mod advice;
mod blocks;
mod ending;
mod words;

pub use words::{Action, Command, Input, Job, NoAnswer, Payload, ReadChunk, VerifyLevel};

/// A command of the plan, by place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Planned {
    Prepare(usize),
    Close(usize),
}

#[derive(Debug)]
enum State {
    Start,
    LockingDoor {
        tries: u8,
    },
    DrainingEvents {
        left: u8,
    },
    Consulting,
    Committing {
        then: AfterCommit,
    },
    Sending {
        planned: Planned,
        attentions: u8,
        busy: u32,
    },
    Settling {
        planned: Option<Planned>,
        settling: Settling,
    },
    Asking,
    Pausing,
    Reidentifying(Box<Identify>),
    Writing(Box<Writing>),
    Synchronizing(Box<Writing>),
    Resyncing(Box<Writing>),
    Gauging(Box<Writing>),
    /// The engine's own ending, command by command of the plan's closing list.
    SafeEnding {
        next: SafeStep,
        busy: u32,
    },
    UnlockingDoor {
        tries: u8,
    },
    Proving(Box<Identify>),
    Verifying(Box<Verifying>),
    Done,
}

/// A step of the engine's own ending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SafeStep {
    /// The plan's closing command of this index.
    Close(usize),
    /// Only what the drive holds is written out: the track stays open.
    SynchronizeOnly,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AfterCommit {
    Send(Planned),
    Write(usize),
}

/// Steps that a writer may take in one job: far more than any medium needs.
const MOST_STEPS: u32 = 20_000;

/// The sans-I/O burn machine. See the crate's page for how to drive it.
#[derive(Debug)]
pub struct Machine {
    job: Job,
    state: State,
    now: Duration,
    progress: Progress,
    fault: Option<Fault>,
    notes: Vec<Note>,
    /// The writer can no longer close what it opened.
    writer_lost: bool,
    /// The facts are those of after the job.
    proved: bool,
    /// The medium shows what the plan expects.
    as_planned: bool,
    cancel_requested: bool,
    cancel_told: bool,
    rehearsed: bool,
    steps: u32,
    /// Blocks taken of each extent of the plan.
    taken: Vec<u64>,
    written_runs: Vec<WrittenRun>,
    pending_command: Option<CdbBytes>,
    test_write_only: bool,
    buffer_unknown: bool,
}

impl Machine {
    /// A machine for a job whose plan is one that the engine carries out.
    ///
    /// # Errors
    /// The first thing in the plan that the engine would not do.
    pub fn new(job: Job) -> Result<Self, PlanFault> {
        gate::check_plan(&job.plan, &job.request, job.service.as_ref())?;
        gate::check_limit(&job.plan, job.most_bytes)?;
        let notes = job
            .plan
            .warnings
            .iter()
            .copied()
            .map(Note::Planned)
            .collect();
        let test_write_only = !job.plan.changes_disc();
        Ok(Self {
            taken: vec![0; job.plan.extents.len()],
            job,
            state: State::Start,
            now: Duration::ZERO,
            progress: Progress::default(),
            fault: None,
            notes,
            writer_lost: false,
            proved: false,
            as_planned: false,
            cancel_requested: false,
            cancel_told: false,
            rehearsed: false,
            steps: 0,
            written_runs: Vec::new(),
            pending_command: None,
            test_write_only,
            buffer_unknown: false,
        })
    }

    /// Where the job stands.
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// The plan being carried out.
    pub fn plan(&self) -> &WritePlan {
        &self.job.plan
    }

    /// What is worth telling so far; empty once the job has finished, whose ending has them all.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// Asks for an early end. Before the medium is changed, nothing more is done; from then on the
    /// medium is led into a named state first. Reading back is skipped.
    pub fn cancel(&mut self) {
        self.cancel_requested = true;
    }

    /// Takes what happened and says what to do next. `now` is the time of the drive's clock.
    pub fn next(&mut self, now: Duration, input: Input<'_>) -> Action {
        self.now = now;
        let state = std::mem::replace(&mut self.state, State::Done);
        match state {
            State::Start => {
                self.progress.phase = Phase::Preparing;
                self.lock(0)
            }
            State::LockingDoor { tries } => self.door_answered(tries, input),
            State::DrainingEvents { left } => self.event_drained(left, input),
            State::Consulting => self.advised(input),
            State::Committing { then } => self.commit_answered(then, input),
            State::Sending {
                planned,
                attentions,
                busy,
            } => self.planned_answered(planned, attentions, busy, input),
            State::Settling { planned, settling } => self.settle_answered(planned, settling, input),
            State::Asking => self.query_answered(input),
            State::Pausing => self.consult(Event::Done),
            State::Reidentifying(identify) => self.reidentify_answered(identify, input),
            State::Writing(writing) => self.write_answered(writing, input),
            State::Synchronizing(writing) => match input {
                Input::NoAnswer(cause) => self.write_unanswered(writing, cause),
                Input::Sense(sense) if ends_writing(&sense) => {
                    self.write_turn(writing, writing::Turn::Refused(sense))
                }
                _ => self.write_turn(writing, writing::Turn::Pause(patience::BUSY)),
            },
            State::Resyncing(writing) => self.address_answered(writing, input),
            State::Gauging(writing) => self.buffer_answered(writing, input),
            State::SafeEnding { next, busy } => self.safe_end_answered(next, busy, input),
            State::UnlockingDoor { tries } => self.unlock_answered(tries, input),
            State::Proving(identify) => self.proof_answered(identify, input),
            State::Verifying(verifying) => self.verify_answered(verifying, input),
            State::Done => self.finish(None),
        }
    }
    // --- the way in ---

    fn lock(&mut self, tries: u8) -> Action {
        self.state = State::LockingDoor { tries };
        self.send(
            PreventAllowMediumRemoval {
                prevent: true,
                persistent: false,
            }
            .emit(),
            Payload::None,
        )
    }

    fn door_answered(&mut self, tries: u8, input: Input<'_>) -> Action {
        match input {
            // Attentions stand in the way of the lock, and a drive may still be busy.
            Input::Sense(sense) if tries < patience::ATTENTIONS && passes(&sense) => {
                return match sense.key {
                    SenseKey::UnitAttention => self.lock(tries + 1),
                    _ => {
                        self.state = State::LockingDoor { tries };
                        Action::Wait(patience::POLL)
                    }
                };
            }
            Input::Waited => return self.lock(tries + 1),
            Input::Sense(sense) => self.notes.push(Note::Door { sense }),
            Input::NoAnswer(cause) => return self.command_lost(cause),
            _ => {}
        }
        self.drain_events(patience::EVENTS)
    }

    fn drain_events(&mut self, left: u8) -> Action {
        self.state = State::DrainingEvents { left };
        let cdb = GetEventStatusNotification {
            polled: true,
            classes: 0x7E,
            allocation_length: 8,
        }
        .emit();
        self.send(cdb, Payload::In(8))
    }

    fn event_drained(&mut self, left: u8, input: Input<'_>) -> Action {
        if let Input::NoAnswer(cause) = input {
            return self.command_lost(cause);
        }
        // Bytes 2 and 4: no event of any class, or a notification without a code.
        let more = matches!(input, Input::Good(data)
            if data.get(2).is_some_and(|b| b & 0x87 != 0 && b & 0x80 == 0)
                && data.get(4).is_some_and(|b| b & 0x0F != 0));
        match left.checked_sub(1) {
            Some(left) if more => self.drain_events(left),
            _ => self.consult(Event::Begin),
        }
    }

    // --- small helpers ---

    fn send(&mut self, cdb: CdbBytes, payload: Payload) -> Action {
        self.pending_command = Some(cdb);
        Action::Send(Command {
            cdb,
            payload,
            timeout: patience::QUICK,
        })
    }

    /// The command that a fault is blamed on.
    fn blamed(&self) -> CdbBytes {
        self.pending_command
            .unwrap_or_else(|| TestUnitReady {}.emit())
    }

    /// Without becoming the command that a fault is blamed on.
    fn send_quietly(&mut self, cdb: CdbBytes) -> Action {
        Action::Send(Command {
            cdb,
            payload: Payload::None,
            timeout: patience::QUICK,
        })
    }

    fn send_long(&mut self, cdb: CdbBytes) -> Action {
        Action::Send(Command {
            cdb,
            payload: Payload::None,
            timeout: Duration::from_secs(3600),
        })
    }

    fn continue_identify(
        &mut self,
        mut identify: Box<Identify>,
        state: fn(Box<Identify>) -> State,
    ) -> Action {
        let action = identify.action();
        self.state = state(identify);
        self.identify_action(action)
    }

    fn identify_action(&mut self, action: IdentifyAction) -> Action {
        match action {
            IdentifyAction::Ask { cdb, length } => Action::Send(Command {
                cdb,
                payload: Payload::wanting(length),
                timeout: patience::QUICK,
            }),
            IdentifyAction::Wait(pause) => Action::Wait(pause),
            // The caller has looked for these two.
            IdentifyAction::Done(_) | IdentifyAction::Failed { .. } => Action::Wait(Duration::ZERO),
        }
    }

    fn feed(
        identify: &mut Identify,
        now: Duration,
        input: Input<'_>,
    ) -> Result<IdentifyAction, NoAnswer> {
        match input {
            Input::Good(data) => Ok(identify.answered(now, data)),
            Input::Sense(sense) => Ok(identify.refused(now, sense)),
            Input::NoAnswer(cause) => Err(cause),
            _ => Ok(identify.action()),
        }
    }
}

/// Whether an answer goes away by itself: an attention, or a drive that is busy.
fn passes(sense: &Sense) -> bool {
    sense.key == SenseKey::UnitAttention || is_busy(sense)
}

/// Whether the drive is busy with something else.
fn is_busy(sense: &Sense) -> bool {
    matches!(
        sense.reaction(),
        Reaction::PollOperation
            | Reaction::PollUntilReady
            | Reaction::PollBriefly
            | Reaction::PollFormat
            | Reaction::BufferFull
    )
}

/// Whether a sense that answers another command in mid-burn says that writing cannot go on: an earlier
/// WRITE failed, or the drive or its medium is not what it was.
fn ends_writing(sense: &Sense) -> bool {
    sense.deferred
        || !(is_busy(sense)
            || matches!(
                sense.reaction(),
                Reaction::Continue
                    | Reaction::ContinueAndWarn
                    | Reaction::Unsupported
                    | Reaction::FallBack
            ))
}

//! The burn machine: from the locked door to the proven medium. Owns the phases and their order; what
//! each phase consists of is in [`crate::writing`], [`crate::settle`], [`crate::identify`] and
//! [`crate::verify`], and what is to be done is the writer's.
//!
//! ```text
//! lock door -> drain events -> [writer: prepare.. | write.. | close..] -> unlock -> identify -> prove -> verify
//!                                  |  first change of the disc                ^  ^          |
//!                                  +--> Commit                                |  +- refresh +- not so: once
//!      writer fails, source fails, cancel after Commit --> safe ending -------+
//! ```

use crate::flow::{Flow, FlowTurn, Supply};
use crate::gate::{self, Allowances, Gate, PlanFault};
use crate::identify::{Identify, IdentifyAction};
use crate::immed;
use crate::outcome::{
    Completed, Ending, Fault, MediumState, Note, Outcome, Unproven, Verification,
};
use crate::patience;
use crate::phase::{Phase, Progress};
use crate::proof::{self, Before};
use crate::quirks::{HostQuirks, QuirkTable};
use crate::settle::{Settled, Settling};
use crate::verify::{self, Choice, Verifying, WrittenRun};
use crate::writing::{self, Writing};
use pitland_mmc::cdb::{
    Cdb, CdbBytes, GetEventStatusNotification, PreventAllowMediumRemoval, ReadBufferCapacity,
    ReadDiscInformation, RequestSense, StartStopUnit, SynchronizeCache, TestUnitReady,
};
use pitland_mmc::reply::{self, BufferCapacity, EventClass, EventStatus, MediaEvent};
use pitland_mmc::sense::{Reaction, Sense};
use pitland_mmc::{Lba, MediumFamily, SenseKey};
use pitland_writer::{
    Change, CloseRequest, Event, Failure, MediaFacts, MediumCondition, Move, Occasion, Origin,
    PlannedCommand, Request, Settle, Step, WritePlan,
};
use std::time::Duration;
mod advice;
mod bare;
mod blocks;
mod ending;
mod growing;
mod placing;
mod reading;
mod recognizing;
mod refresh;
mod slowing;
mod speed;
mod test_write;
mod verdict;
mod words;

pub use bare::BareWrite;
pub use words::{
    Action, Command, Input, Job, NoAnswer, Payload, ReadBack, ReadChunk, SectorsCompared,
    VerifyLevel,
};

/// A command of the plan, by place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Planned {
    Prepare(usize),
    /// Before an extent, the command of this index.
    Between(usize, usize),
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
        last: Option<EventStatus>,
    },
    /// A question is out that tells discs apart.
    Recognizing {
        number: usize,
        tries: u8,
        then: recognizing::Recognized,
    },
    Consulting,
    Committing {
        then: AfterCommit,
    },
    Sending {
        planned: Planned,
        tries: Tries,
    },
    CheckingSpeed {
        wanted: u32,
    },
    Settling {
        planned: Option<Planned>,
        settling: Settling,
    },
    /// REQUEST SENSE is out, to a drive that tells of its progress no other way.
    AskingProgress {
        planned: Option<Planned>,
        settling: Settling,
    },
    /// A long operation on a CD is over by TEST UNIT READY; READ DISC INFORMATION is out, which some
    /// drives still refuse then.
    AskingDisc {
        planned: Option<Planned>,
        settling: Settling,
    },
    Asking,
    Pausing,
    /// Page 05h is asked for, before what would change the disc if it were not a test write.
    ConfirmingTest {
        then: AfterCommit,
        tries: u8,
    },
    /// Page 05h goes out without Test Write.
    RecordingAgain {
        tries: u8,
    },
    Reidentifying(Box<Identify>),
    /// The drive is asked where it goes on, for an extent that begins there.
    Placing {
        extent: usize,
        tries: u8,
    },
    Writing(Box<Writing>),
    Synchronizing(Box<Writing>),
    Resyncing(Box<Writing>),
    Gauging(Box<Writing>),
    /// A lower speed is being set.
    SlowingDown(Box<Writing>, slowing::Slowing),
    /// The engine's own ending, command by command of the plan's closing list.
    SafeEnding {
        next: SafeStep,
        busy: u32,
    },
    /// A command of it has begun, and the drive is busy with it.
    SafeSettling {
        next: SafeStep,
        settling: Settling,
    },
    UnlockingDoor {
        tries: u8,
    },
    Refreshing {
        spin: refresh::Spin,
        busy: u32,
    },
    Proving(Box<Identify>),
    /// The highest speed for reading is being set.
    Hastening(reading::Hastening),
    Verifying(Box<Verifying>),
    /// The sectors of a CD are being compared.
    ComparingSectors,
    Done,
}

/// How often a command of the plan was sent, and in which form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Tries {
    attentions: u8,
    busy: u32,
    /// It was sent without IMMED, because the drive refused it with.
    without_immed: bool,
}

/// A step of the engine's own ending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SafeStep {
    /// The plan's closing command of this index.
    Close(usize),
    /// The same, without IMMED.
    CloseWaiting(usize),
    /// What the drive holds is written out: the engine's own command, where the plan has none.
    Synchronize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AfterCommit {
    Send(Planned),
    Write(usize),
}

/// The classes of events that are drained: all that have a name (recipe 2.6).
const EVENT_CLASSES: u8 = EventClass::OperationalChange.mask()
    | EventClass::PowerManagement.mask()
    | EventClass::ExternalRequest.mask()
    | EventClass::Media.mask()
    | EventClass::MultiHost.mask()
    | EventClass::DeviceBusy.mask();

/// Steps that a writer may take in one job: far more than any medium needs.
const MOST_STEPS: u32 = 20_000;

/// The sans-I/O burn machine. See the crate's page for how to drive it.
#[derive(Debug)]
pub struct Machine {
    job: Job,
    /// What the host allows the writer beside what all may do.
    allowed: Allowances,
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
    quirks: HostQuirks,
    /// The disc was stopped and started, so that the drive tells of it as it is.
    refreshed: bool,
    /// The first look at the disc after the job did not prove it.
    unproven_once: bool,
    /// Looks at the disc for the proof: one in which a question failed is repeated.
    looks: u8,
    /// The medium before the job.
    before: Before,
    /// What is known of the drive's test mode.
    test_mode: test_write::TestMode,
    /// The drive refused the first WRITE with this, and the writer was asked what else can be done.
    refused_at_once: Option<Sense>,
    /// The engine's own ending only writes out what the drive holds: the track stays open.
    leaves_open: bool,
    /// The drive knows READ DISC INFORMATION: not all do.
    tells_of_discs: bool,
    /// The medium is read back, and nothing else is done to it.
    reads_only: bool,
    /// Blocks are written, and nothing else is done.
    writes_only: bool,
    /// When the first WRITE went out, and when the last command of the job was answered, by the drive's
    /// clock.
    wrote_from: Option<Duration>,
    wrote_until: Duration,
    formatted: bool,
    /// A command that closes the session was taken.
    session_closed: bool,
    /// Of a volume that grows in place.
    head: growing::Head,
    flow: Option<Flow>,
    supply: Option<Supply>,
    /// What came of the comparison of a CD's sectors.
    compared: Option<Verification>,
}

impl Machine {
    /// A machine for a job whose plan is one that the engine carries out. What is known of the drive
    /// is looked up in [`QuirkTable::builtin`], by what its facts say that it is called.
    ///
    /// # Errors
    /// The first thing in the plan that the engine would not do.
    pub fn new(job: Job) -> Result<Self, PlanFault> {
        Self::allowing(job, Allowances::NONE)
    }

    /// As [`Machine::new`], for a writer that the host allows more.
    ///
    /// # Errors
    /// As [`Machine::new`].
    pub fn allowing(job: Job, allowed: Allowances) -> Result<Self, PlanFault> {
        let mut machine = Self::of(job);
        machine.allowed = allowed;
        machine.gate().check(&machine.job.plan)?;
        Ok(machine)
    }

    /// The gate that every plan of the job passes.
    fn gate(&self) -> Gate<'_> {
        Gate {
            request: &self.job.request,
            facts: &self.job.facts,
            service: self.job.service.as_ref(),
            most_bytes: self.job.most_bytes,
            resumed: self.job.resumed.as_ref(),
            allowed: self.allowed,
        }
    }

    /// A machine that reads a medium back and changes nothing. What was found is in
    /// [`Completed::verification`], or in [`Fault::Verification`]; nothing is asked of any writer.
    pub fn read_back(job: ReadBack) -> Self {
        let mut machine = Self::of(Job {
            request: Request::Close(CloseRequest::new(false)),
            facts: job.facts,
            service: None,
            plan: WritePlan::default(),
            verify: job.level,
            rehearse: false,
            most_bytes: job.most_bytes,
            resumed: None,
        });
        machine.written_runs = job.runs;
        machine.reads_only = true;
        machine
    }

    fn of(job: Job) -> Self {
        let notes = job
            .plan
            .warnings
            .iter()
            .copied()
            .map(Note::Planned)
            .collect();
        let test_write_only = !job.plan.changes_disc();
        let before = Before::of(&job.facts);
        let tells_of_discs = job.facts.disc.is_some();
        let quirks = job
            .facts
            .inquiry
            .as_ref()
            .map(|inquiry| QuirkTable::builtin().of_drive(inquiry))
            .unwrap_or_default();
        Self {
            taken: vec![0; job.plan.extents.len()],
            written_runs: job.resumed.into_iter().collect(),
            job,
            allowed: Allowances::NONE,
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
            pending_command: None,
            test_write_only,
            buffer_unknown: quirks.no_buffer_reports,
            quirks,
            refreshed: false,
            unproven_once: false,
            looks: 0,
            before,
            test_mode: test_write::TestMode::default(),
            refused_at_once: None,
            leaves_open: false,
            tells_of_discs,
            reads_only: false,
            writes_only: false,
            wrote_from: None,
            wrote_until: Duration::ZERO,
            formatted: false,
            session_closed: false,
            head: growing::Head::default(),
            flow: None,
            supply: None,
            compared: None,
        }
    }

    /// With these habits, in the place of those that the table has for the drive. Before the first
    /// [`Machine::next`].
    #[must_use]
    pub fn obeying(mut self, quirks: HostQuirks) -> Self {
        self.buffer_unknown = quirks.no_buffer_reports;
        self.quirks = quirks;
        self
    }

    /// What is done for this drive beside what is done for all.
    pub fn quirks(&self) -> HostQuirks {
        self.quirks
    }

    /// Where the job stands.
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// The plan being carried out.
    pub fn plan(&self) -> &WritePlan {
        &self.job.plan
    }

    /// What is on the medium of the image so far, by the drive's word.
    pub fn written(&self) -> &[WrittenRun] {
        &self.written_runs
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

    /// Whether the source is not needed any more: all is written, or the job has failed or was cancelled.
    pub fn writes_no_more(&self) -> bool {
        let ended = self.fault.is_some() || self.cancel_told;
        (ended && self.refused_at_once.is_none()) || self.all_taken()
    }

    /// Tells what the source has given, for media that cannot wait for it ([`crate::flow`]). Before
    /// [`Input::Proceed`], and before any answer to [`Action::Write`]; never told, the source counts as
    /// fast enough.
    pub fn supplied(&mut self, supply: Supply) {
        self.supply = Some(supply);
    }

    /// Takes what happened and says what to do next. `now` is the time of the drive's clock.
    pub fn next(&mut self, now: Duration, input: Input<'_>) -> Action {
        self.now = now;
        let state = std::mem::replace(&mut self.state, State::Done);
        match state {
            State::Start if self.reads_only => {
                self.progress.phase = Phase::Identifying;
                self.look()
            }
            State::Start if self.writes_only => self.consult(Event::Begin),
            State::Start => {
                self.progress.phase = Phase::Preparing;
                self.lock(0)
            }
            State::LockingDoor { tries } => self.door_answered(tries, input),
            State::DrainingEvents { left, last } => self.event_drained(left, last, input),
            State::Recognizing {
                number,
                tries,
                then,
            } => self.recognize_answered(number, tries, then, input),
            State::Consulting => self.advised(input),
            State::Committing { then } => self.commit_answered(then, input),
            State::Sending { planned, tries } => self.planned_answered(planned, tries, input),
            State::CheckingSpeed { wanted } => self.speed_answered(wanted, input),
            State::Settling { planned, settling } => self.settle_answered(planned, settling, input),
            State::AskingProgress { planned, settling } => {
                self.progress_answered(planned, settling, input)
            }
            State::AskingDisc { planned, settling } => self.disc_answered(planned, settling, input),
            State::ConfirmingTest { then, tries } => self.test_confirmed(then, tries, input),
            State::RecordingAgain { tries } => self.records_again(tries, input),
            State::Asking => self.query_answered(input),
            State::Pausing => self.consult(Event::Done),
            State::Reidentifying(identify) => self.reidentify_answered(identify, input),
            State::Placing { extent, tries } => self.place_answered(extent, tries, input),
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
            State::SlowingDown(writing, slowing) => self.slowing_answered(writing, slowing, input),
            State::SafeEnding { next, busy } => self.safe_end_answered(next, busy, input),
            State::SafeSettling { next, settling } => self.safe_settled(next, settling, input),
            State::UnlockingDoor { tries } => self.unlock_answered(tries, input),
            State::Refreshing { spin, busy } => self.refresh_answered(spin, busy, input),
            State::Proving(identify) => self.proof_answered(identify, input),
            State::Hastening(hastening) => self.hastening_answered(hastening, input),
            State::Verifying(verifying) => self.verify_answered(verifying, input),
            State::ComparingSectors => self.sectors_compared(input),
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
            // The disc that was judged may not be the one that is there now. Nothing was sent to it yet.
            Input::Sense(sense) if sense.reaction() == Reaction::MediumChanged => {
                self.fail(Fault::Drive {
                    phase: Phase::Preparing,
                    cdb: self.blamed(),
                    sense,
                });
                return self.end();
            }
            // Other attentions stand in the way of the lock, and a drive may still be busy.
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
        self.drain_events(patience::EVENTS, None)
    }

    fn drain_events(&mut self, left: u8, last: Option<EventStatus>) -> Action {
        self.state = State::DrainingEvents { left, last };
        let cdb = GetEventStatusNotification {
            polled: true,
            classes: EVENT_CLASSES,
            allocation_length: EventStatus::LEN as u16,
        }
        .emit();
        self.send(cdb, Payload::In(EventStatus::LEN as u32))
    }

    fn event_drained(&mut self, left: u8, last: Option<EventStatus>, input: Input<'_>) -> Action {
        if let Input::NoAnswer(cause) = input {
            return self.command_lost(cause);
        }
        // A drive that does not know the question has nothing to drain.
        let told = match input {
            Input::Good(data) => EventStatus::parse(data).ok(),
            _ => None,
        };
        // Some firmware tells the same event for ever.
        let news = told.filter(|told| is_news(told) && last != Some(*told));
        match left.checked_sub(1) {
            Some(left) if news.is_some() => self.drain_events(left, news),
            _ => self.recognize(0, 0, recognizing::Recognized::Begin),
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
            IdentifyAction::Send { cdb, parameters } => Action::Send(Command {
                cdb,
                payload: Payload::Out(parameters),
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
            Input::NoAnswer(NoAnswer::TimedOut) => {
                identify.unanswered(now).ok_or(NoAnswer::TimedOut)
            }
            Input::NoAnswer(cause) => Err(cause),
            _ => Ok(identify.action()),
        }
    }
}

/// Whether something happened: with a code of 0, nothing did.
fn is_news(told: &EventStatus) -> bool {
    match told.event {
        None => false,
        Some(reply::Event::Media { code, .. }) => code != MediaEvent::None,
        Some(reply::Event::DeviceBusy { changed, .. }) => changed,
        Some(reply::Event::Raw { code, .. }) => code != 0,
        Some(_) => true,
    }
}

/// Whether an answer goes away by itself: an attention, or a drive that is busy.
fn passes(sense: &Sense) -> bool {
    sense.key == SenseKey::UnitAttention || sense.reaction().is_busy()
}

/// Whether a sense that answers another command in mid-burn says that writing cannot go on: an earlier
/// WRITE failed, or the drive or its medium is not what it was.
fn ends_writing(sense: &Sense) -> bool {
    sense.deferred
        || !(sense.reaction().is_busy()
            || matches!(
                sense.reaction(),
                Reaction::Continue
                    | Reaction::ContinueAndWarn
                    | Reaction::Unsupported
                    | Reaction::FallBack
            ))
}

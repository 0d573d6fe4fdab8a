//! The drive's thread: the only place that speaks to the device. Owns the transport, the waiting, and the
//! loop that carries out what a burn machine says; decides nothing by itself.
//!
//! While blocks flow nothing is allocated per WRITE, and nobody is woken but through the ring.

use crate::bus::BusTime;
use crate::drive::command::{CommandError, CommandReply, RawCommand};
use crate::drive::handle::{Counted, ThreadsRunning};
use crate::drive::incoming::Incoming;
use crate::drive::quiet::QuietCount;
use crate::drive::read::{MOST_BLOCKS, ReadError};
use crate::drive::start_line::Runner;
use crate::error::{QueryError, SourceError};
use crate::inhibit::Awake;
use crate::pipeline::checks::Checks;
use crate::pipeline::ring::Gauge;
use crate::progress::Teller;
use bytes::Bytes;
use pitland_burn::{
    Action, Command, Ending, HostQuirks, Input, Machine, MediumState, NoAnswer, Note, Outcome,
    Payload, Phase, QuirkTable, patience,
};
use pitland_journal::{Acknowledging, Ended, JobJournal};
use pitland_mmc::Lba;
use pitland_mmc::cdb::{Cdb, CdbBytes, Read10};
use pitland_mmc::sense::{Reaction, Sense};
use pitland_transport::probe::Capabilities;
use pitland_transport::{
    Checked, Claim, ClaimDenied, Data, DeviceClock, Exchange, Status, Transport, TransportError,
};
use pitland_transport::{MediumEvent, MediumEvents};
use pitland_writer::{ActiveWriter, MediaFacts, WritePlan};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc as blocking;
use std::sync::{Arc, Weak};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::Thread;
use std::time::{Duration, Instant};
use tokio::sync::{Notify, oneshot};

/// What the thread is told to do.
#[derive(Debug)]
pub(crate) enum Order {
    Identify(oneshot::Sender<Result<Box<MediaFacts>, QueryError>>),
    Read {
        lba: Lba,
        blocks: u16,
        reply: oneshot::Sender<Result<Bytes, ReadError>>,
    },
    /// Something that changes nothing, and is asked again while the drive is not ready for it.
    Ask(Question, oneshot::Sender<Result<Bytes, ReadError>>),
    Tray(Tray, oneshot::Sender<Result<(), QueryError>>),
    /// A client's own.
    Command(
        RawCommand,
        oneshot::Sender<Result<CommandReply, CommandError>>,
    ),
    /// What the drive can do.
    Probe(oneshot::Sender<Result<Box<Capabilities>, QueryError>>),
    /// The host is to ask the drive no more, as long as somebody wants that.
    Quiet(oneshot::Sender<Result<(), ClaimDenied>>),
    /// What has happened to the medium since the last time.
    Events(oneshot::Sender<Result<Vec<MediumEvent>, QueryError>>),
    Job(Box<Work>),
    /// Keeps other programs off the drive for a lease.
    Hold(Hold),
    /// A lease has ended: nothing to do but to see it.
    LookUp,
}

/// A command that only reads.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Question {
    pub(crate) cdb: CdbBytes,
    /// Room for the answer.
    pub(crate) length: usize,
    pub(crate) timeout: Duration,
}

/// A lease that is to hold the drive against other programs, too.
#[derive(Debug)]
pub(crate) struct Hold {
    pub(crate) who: String,
    pub(crate) unmount: bool,
    /// Set when the lease has ended.
    pub(crate) ended: Arc<AtomicBool>,
    pub(crate) reply: oneshot::Sender<Result<(), ClaimDenied>>,
}

/// A movement of the tray.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tray {
    Eject,
    Load,
}

/// A job with all that its thread needs: it can go on when everybody else is gone.
pub(crate) struct Work {
    pub(crate) machine: Machine,
    pub(crate) writer: Box<dyn ActiveWriter>,
    /// The image; `None` for a job without one, and for a rehearsal.
    pub(crate) incoming: Option<Incoming>,
    /// The place at the start line, where drives share a source.
    pub(crate) runner: Option<Runner>,
    /// Checks of the image's units, taken as they come.
    pub(crate) checks: Arc<Checks>,
    /// Where the image begins on the medium.
    pub(crate) first_lba: Lba,
    /// Bytes of a block of the image.
    pub(crate) block_bytes: u32,
    /// What the engine itself has to tell of the job.
    pub(crate) notes: Vec<Note>,
    pub(crate) control: Arc<JobControl>,
    pub(crate) at_work: Arc<AtWork>,
    /// The medium is taken out and in again where the host would not see the change otherwise.
    pub(crate) reload: bool,
    /// The journal by which the job can be resumed.
    pub(crate) journal: Option<JobJournal>,
    pub(crate) acknowledging: Option<Acknowledging>,
    pub(crate) closing_told: bool,
    /// What there was to tell of the source when it was left.
    pub(crate) source_failure: Option<SourceError>,
    pub(crate) ran_dry: u64,
    /// The part of the bus that the job has.
    pub(crate) bus_time: Option<Arc<BusTime>>,
    /// Keeps the machine from sleeping for as long as the work goes on, whoever else is gone.
    pub(crate) awake: Option<Awake>,
    pub(crate) teller: Teller,
    pub(crate) done: oneshot::Sender<Done>,
}

impl std::fmt::Debug for Work {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Work")
            .field("machine", &self.machine)
            .finish_non_exhaustive()
    }
}

/// What the thread brings back.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) ending: Box<Ending>,
    pub(crate) source: Option<SourceError>,
    pub(crate) ring_ran_dry: u64,
    pub(crate) device_time: Duration,
}

/// Shared by those who work on a job: while one of them does, the drive is busy.
#[derive(Debug)]
pub(crate) struct AtWork;

/// How a job is asked to end early, from wherever.
#[derive(Debug, Default)]
pub(crate) struct JobControl {
    cancelled: AtomicBool,
    wake: Mutex<Wake>,
    /// Wakes a task that waits for a cancel.
    told: Notify,
    /// This one is for work that several jobs share: it counts as cancelled when all of them are.
    all_of: Vec<Arc<JobControl>>,
}

#[derive(Debug, Default)]
struct Wake {
    thread: Option<Thread>,
    gauge: Option<Gauge<SourceError>>,
    /// What the job shares with others.
    shared: Weak<JobControl>,
}

impl JobControl {
    /// For work that is done for several jobs at once.
    pub(crate) fn of_all(jobs: Vec<Arc<Self>>) -> Arc<Self> {
        let shared = Arc::new(Self {
            all_of: jobs,
            ..Self::default()
        });
        for job in &shared.all_of {
            job.lock().shared = Arc::downgrade(&shared);
        }
        shared
    }

    /// Asks for an early end; wakes the thread wherever it waits.
    pub(crate) fn cancel(&self) {
        self.cancelled.store(true, Ordering::SeqCst);
        let shared = Weak::clone(&self.lock().shared);
        if let Some(shared) = shared.upgrade() {
            shared.wake();
        }
        self.wake();
    }

    fn wake(&self) {
        self.told.notify_waiters();
        let wake = self.lock();
        if let Some(thread) = &wake.thread {
            thread.unpark();
        }
        if let Some(gauge) = &wake.gauge {
            gauge.interrupt();
        }
    }

    /// Waits for a cancel. Cancel-safe.
    pub(crate) async fn cancelled(&self) {
        loop {
            let told = self.told.notified();
            tokio::pin!(told);
            told.as_mut().enable();
            if self.is_cancelled() {
                return;
            }
            told.await;
        }
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::SeqCst)
            || !self.all_of.is_empty() && self.all_of.iter().all(|job| job.is_cancelled())
    }

    /// Says where a cancel has to wake: this thread, and the ring that it may wait for.
    pub(crate) fn at_work(&self, gauge: Option<Gauge<SourceError>>) {
        let mut wake = self.lock();
        wake.thread = Some(std::thread::current());
        wake.gauge = gauge;
    }

    fn lock(&self) -> MutexGuard<'_, Wake> {
        self.wake.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Starts the thread. It ends when nobody can give it orders any more, and what it is doing has ended.
pub(crate) fn start(
    transport: Checked<Box<dyn Transport>>,
    orders: blocking::Receiver<Order>,
    table: Arc<QuirkTable>,
    wanted_quiet: QuietCount,
    name: &str,
    threads: &Arc<ThreadsRunning>,
) -> io::Result<()> {
    let counted = threads.count_one();
    let span = tracing::info_span!("drive", name);
    std::thread::Builder::new()
        .name("pitland-drive".into())
        .spawn(move || {
            let _entered = span.entered();
            let mut device = Device {
                transport,
                buffer: Vec::new(),
                part: Vec::new(),
                held_for: None,
                wanted_quiet,
                is_quiet: false,
                table,
                quirks: HostQuirks::NONE,
                events: MediumEvents::new(),
                _counted: counted,
            };
            while let Ok(order) = orders.recv() {
                device.let_go();
                device.obey(order);
                device.let_go();
                device.let_host_ask();
            }
        })?;
    Ok(())
}

pub(super) struct Device {
    pub(super) transport: Checked<Box<dyn Transport>>,
    /// For answers, and for blocks read back.
    buffer: Vec<u8>,
    /// What is sent of whole sectors, where the drive makes the rest of them.
    pub(super) part: Vec<u8>,
    /// The end of the lease for which other programs are kept off.
    held_for: Option<Arc<AtomicBool>>,
    /// How many want the host not to ask the drive for its events.
    wanted_quiet: QuietCount,
    is_quiet: bool,
    pub(super) events: MediumEvents,
    /// What is known of single drives.
    pub(super) table: Arc<QuirkTable>,
    /// What is known of this one, since it was identified.
    pub(super) quirks: HostQuirks,
    _counted: Counted,
}

/// What a command brought.
pub(super) enum Brought {
    Good(usize),
    Sense(Sense),
    NoAnswer(NoAnswer),
}

impl Device {
    fn obey(&mut self, order: Order) {
        match order {
            Order::Identify(reply) => {
                let answer = self.looking(Self::identify);
                let _ = reply.send(answer);
            }
            Order::Read { lba, blocks, reply } => {
                let answer = self.looking(|device| device.read(lba, blocks));
                let _ = reply.send(answer);
            }
            Order::Ask(question, reply) => {
                let answer = self.looking(|device| device.asked(question));
                let _ = reply.send(answer);
            }
            Order::Tray(tray, reply) => {
                let _ = reply.send(self.moving(tray));
            }
            Order::Command(command, reply) => {
                let answer = self.looking(|device| device.carry(&command));
                let _ = reply.send(answer);
            }
            Order::Probe(reply) => {
                let answer = self.looking(Self::probe);
                let _ = reply.send(answer);
            }
            Order::Events(reply) => {
                // What happens meanwhile is told when they are wanted again: the drive keeps it.
                let answer = match self.wanted_quiet.now() {
                    0 => self.looking(Self::medium_events),
                    _ => Ok(Vec::new()),
                };
                let _ = reply.send(answer);
            }
            Order::Quiet(reply) => {
                let _ = reply.send(self.quieten());
            }
            Order::Job(work) => self.work(*work),
            Order::Hold(hold) => self.hold(hold),
            Order::LookUp => {}
        }
    }

    // --- other programs ---

    fn hold(&mut self, hold: Hold) {
        let claim = Claim::Hold {
            who: &hold.who,
            unmount: hold.unmount,
        };
        // A lease counts as gone a moment before it says so: its hold must not become part of this one.
        if self.held_for.take().is_some() {
            self.transport.release();
        }
        let claimed = self.transport.claim(claim);
        if claimed.is_ok() {
            self.held_for = Some(hold.ended);
        }
        // Nobody may be left to hear it; then the lease has ended, too.
        let _ = hold.reply.send(claimed);
    }

    /// Gives the drive back to other programs when the lease has ended.
    fn let_go(&mut self) {
        if let Some(ended) = &self.held_for
            && ended.load(Ordering::SeqCst)
        {
            self.held_for = None;
            self.transport.release();
        }
    }

    fn quieten(&mut self) -> Result<(), ClaimDenied> {
        if !self.is_quiet {
            self.transport.quieten(true)?;
            self.is_quiet = true;
        }
        Ok(())
    }

    /// When nobody wants it otherwise any more.
    fn let_host_ask(&mut self) {
        if self.is_quiet && self.wanted_quiet.now() == 0 {
            self.is_quiet = false;
            // It never fails.
            let _ = self.transport.quieten(false);
        }
    }

    /// Moves the tray, unless another program holds the drive or uses its disc.
    fn moving(&mut self, tray: Tray) -> Result<(), QueryError> {
        let claim = match self.held_for {
            Some(_) => Claim::Look,
            None => Claim::Hold {
                who: "the tray",
                unmount: false,
            },
        };
        self.transport.claim(claim)?;
        let moved = self.move_tray(tray);
        self.transport.release();
        moved
    }

    /// Does something that touches the medium, unless another program holds the drive.
    fn looking<T, E: From<ClaimDenied>>(
        &mut self,
        what: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        self.transport.claim(Claim::Look)?;
        let result = what(self);
        self.transport.release();
        result
    }

    // --- one command ---

    pub(super) fn exchange(&mut self, cdb: CdbBytes, data: Data<'_>, timeout: Duration) -> Brought {
        // The words are made only for a log that wants them.
        tracing::trace!(command = %pitland_mmc::pretty::describe(cdb.as_slice(), &[]), "sent");
        let wanted = match &data {
            Data::In(room) => room.len(),
            _ => 0,
        };
        let result = self.transport.execute(Exchange { cdb, data, timeout });
        match result {
            Ok(reply) => match reply.status {
                Status::Good => Brought::Good(reply.transferred),
                // Recovered by the drive: the data came all the same.
                Status::CheckCondition(sense)
                    if wanted > 0
                        && reply.transferred == wanted
                        && !sense.deferred
                        && matches!(
                            sense.reaction(),
                            Reaction::Continue | Reaction::ContinueAndWarn
                        ) =>
                {
                    tracing::info!(%sense, "recovered");
                    Brought::Good(reply.transferred)
                }
                Status::CheckCondition(sense) => Brought::Sense(sense),
                other => without_sense(other),
            },
            Err(error) => {
                tracing::warn!(%error, command = %cdb, "no answer");
                Brought::NoAnswer(no_answer(&error))
            }
        }
    }

    pub(super) fn ask(&mut self, cdb: CdbBytes, length: usize, timeout: Duration) -> Brought {
        let mut buffer = std::mem::take(&mut self.buffer);
        if buffer.len() < length {
            buffer.resize(length, 0);
        }
        let room = buffer.get_mut(..length).unwrap_or_default();
        let data = if length == 0 {
            Data::None
        } else {
            Data::In(room)
        };
        let brought = self.exchange(cdb, data, timeout);
        self.buffer = buffer;
        brought
    }

    /// Reads blocks into the buffer, in as many commands as the link needs.
    pub(super) fn ask_blocks(&mut self, lba: Lba, blocks: u32) -> Brought {
        let most = u32::try_from(self.transport.limits().max_transfer_bytes / 2048)
            .unwrap_or(u32::MAX)
            .clamp(1, u32::from(MOST_BLOCKS));
        let mut buffer = std::mem::take(&mut self.buffer);
        let length = blocks as usize * 2048;
        if buffer.len() < length {
            buffer.resize(length, 0);
        }
        let mut came = 0;
        let mut first = lba.0;
        let pieces = buffer.get_mut(..length).unwrap_or_default();
        let mut end = None;
        for piece in pieces.chunks_mut(most as usize * 2048) {
            let count = u16::try_from(piece.len() / 2048).unwrap_or(u16::MAX);
            let cdb = Read10 {
                lba: Lba(first),
                blocks: count,
                fua: false,
            }
            .emit();
            match self.exchange(cdb, Data::In(piece), patience::READ) {
                Brought::Good(bytes) => came += bytes,
                other => {
                    end = Some(other);
                    break;
                }
            }
            first = first.saturating_add(i32::from(count));
        }
        self.buffer = buffer;
        end.unwrap_or(Brought::Good(came))
    }

    pub(super) fn answer(&self, length: usize) -> &[u8] {
        self.buffer.get(..length).unwrap_or_default()
    }

    /// Lets device time pass; on the real clock, until a cancel comes that was not `seen` yet.
    pub(super) fn wait(&mut self, pause: Duration, job: Option<(&JobControl, bool)>) {
        if self.transport.clock() == DeviceClock::Virtual {
            self.transport.advance(pause);
            return;
        }
        let heard = || job.is_some_and(|(control, seen)| control.is_cancelled() != seen);
        let end = Instant::now() + pause;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() || heard() {
                return;
            }
            std::thread::park_timeout(left);
        }
    }

    // --- a job ---

    fn work(&mut self, mut work: Work) {
        work.control.at_work(None);
        if let Some(incoming) = &work.incoming {
            incoming.heed(&work.control);
        }
        let began = self.transport.now();
        let mut told = 0;
        let mut action = work.machine.next(began, Input::Start);
        let mut ending = loop {
            let cancelled = work.control.is_cancelled();
            if cancelled {
                work.machine.cancel();
            }
            let incoming = work.incoming.as_ref();
            work.teller
                .figures(work.machine.progress(), || incoming.map(Incoming::fill));
            for note in work.machine.notes().get(told..).unwrap_or_default() {
                work.teller.note(note.clone());
                told += 1;
            }
            work.note_let_go();
            if work.machine.writes_no_more() {
                work.leave_source();
            }
            work.note_closing();
            action = match action {
                Action::Send(command) => self.send(&mut work, command),
                Action::Write(chunk) => self.write(&mut work, &chunk),
                Action::Read(chunk) => self.read_back(&mut work, &chunk),
                Action::CompareSectors { in_short } => self.compare_sectors(&mut work, in_short),
                Action::Wait(pause) => {
                    let control = Arc::clone(&work.control);
                    self.wait(pause, Some((&control, cancelled)));
                    work.machine.next(self.transport.now(), Input::Waited)
                }
                Action::Consult(event) => {
                    let step = work.writer.next(event);
                    work.machine.next(self.transport.now(), Input::Advice(step))
                }
                Action::Commit => {
                    tracing::debug!("the medium is changed from here on");
                    let ready = work.source_is_ready();
                    if work.control.is_cancelled() {
                        work.machine.cancel();
                    }
                    work.tell_supply();
                    let input = if ready {
                        Input::Proceed
                    } else {
                        Input::SourceFailed
                    };
                    work.machine.next(self.transport.now(), input)
                }
                Action::Finished(ending) => break ending,
                _ => work
                    .machine
                    .next(self.transport.now(), Input::NoAnswer(NoAnswer::NotSent)),
            };
        };
        if work.reload && ending.medium != MediumState::Untouched {
            self.show_the_host(&mut ending);
        }
        for note in ending.notes.iter().skip(told) {
            work.teller.note(note.clone());
        }
        work.end_journal(&ending);
        ending.notes.append(&mut work.notes);
        work.teller.phase(Phase::Ended);
        let device_time = self.transport.now().saturating_sub(began);
        work.leave_source();
        // What was read back need not be kept by an idle drive.
        self.buffer.truncate(IDLE_BUFFER);
        self.buffer.shrink_to_fit();
        // The drive is free before the client hears of the end, or its next request would find it busy.
        drop(work.at_work);
        drop(work.awake);
        drop(work.bus_time);
        // Nobody may be left to hear it.
        let _ = work.done.send(Done {
            ending,
            source: work.source_failure,
            ring_ran_dry: work.ran_dry,
            device_time,
        });
    }

    fn send(&mut self, work: &mut Work, command: Command) -> Action {
        let brought = match command.payload {
            Payload::In(length) => self.ask(command.cdb, length as usize, command.timeout),
            Payload::Out(bytes) => self.exchange(command.cdb, Data::Out(&bytes), command.timeout),
            _ => self.ask(command.cdb, 0, command.timeout),
        };
        let now = self.transport.now();
        match brought {
            Brought::Good(length) => {
                let data = self.buffer.get(..length).unwrap_or_default();
                work.machine.next(now, Input::Good(data))
            }
            Brought::Sense(sense) => work.machine.next(now, Input::Sense(sense)),
            Brought::NoAnswer(cause) => work.machine.next(now, Input::NoAnswer(cause)),
        }
    }
}

/// Whether the drive may wait for the source at any time.
pub(super) fn is_protected(plan: &WritePlan) -> bool {
    plan.extents.iter().all(|extent| extent.underrun_protection)
}

impl Work {
    /// Tells where the others of the set went on without this drive.
    fn note_let_go(&mut self) {
        if let Some(position) = self.incoming.as_mut().and_then(Incoming::take_let_go) {
            let block = position / u64::from(self.block_bytes.max(1));
            let lba = i32::try_from(block).unwrap_or(i32::MAX);
            self.note(Note::LetGo {
                lba: Lba(self.first_lba.0.saturating_add(lba)),
            });
        }
    }

    /// The others of the set need not wait for this drive any more, which may close for minutes, and nobody
    /// keeps the ring: whoever holds the job's control would, for as long as the drive is idle.
    fn leave_source(&mut self) {
        if let Some(incoming) = self.incoming.take() {
            self.control.at_work(None);
            self.source_failure = incoming.failure().cloned();
            self.ran_dry = incoming.ran_dry();
        }
    }

    /// Before the first closing command is sent, the journal has what was written before it.
    fn note_closing(&mut self) {
        let closing = self.machine.progress().phase == Phase::Closing;
        if closing
            && !std::mem::replace(&mut self.closing_told, closing)
            && let Some(journal) = &self.journal
        {
            journal.closing("close");
        }
    }

    /// A job that left something to be resumed or to be known keeps its journal.
    fn end_journal(&mut self, ending: &Ending) {
        let Some(journal) = self.journal.take() else {
            return;
        };
        if let Some(trouble) = journal.trouble() {
            tracing::warn!(%trouble, "the journal could not be written");
            self.note(Note::JournalLost);
        }
        let kept = matches!(
            ending.outcome,
            Outcome::Resumable | Outcome::Lost | Outcome::ReadableOpen
        );
        let ended = kept.then(|| Ended {
            outcome: ending.outcome.name().into(),
            medium: ending.medium.name().into(),
        });
        if let Err(error) = journal.ended(ended.as_ref()) {
            tracing::warn!(%error, "the journal of a job that has ended could not be removed");
        }
    }

    fn note(&mut self, note: Note) {
        self.teller.note(note.clone());
        self.notes.push(note);
    }

    /// Tells the machine what the source gives, where the medium cannot wait for it.
    fn tell_supply(&mut self) {
        if let Some(incoming) = &self.incoming
            && !is_protected(self.machine.plan())
        {
            self.machine.supplied(incoming.supply());
        }
    }

    /// Waits for the source's start mark, and then for the other drives of the set; `false`: the source failed
    /// before anything was written.
    fn source_is_ready(&mut self) -> bool {
        let control = &self.control;
        if let Some(incoming) = &mut self.incoming
            && !incoming.is_ready(control)
        {
            return false;
        }
        if let Some(runner) = &mut self.runner {
            runner.wait(|| control.is_cancelled());
        }
        true
    }
}

/// Bytes of answers that an idle drive keeps room for.
const IDLE_BUFFER: usize = 64 << 10;

/// 2/04/07: for a drive, or its target, that is not ready for the command; it may be sent again.
pub(super) const BUSY: Sense = Sense::new(2, 0x04, 0x07);
/// TASK SET FULL (SAM): too many commands of somebody's.
const TASK_SET_FULL: u8 = 0x28;

pub(super) fn without_sense(status: Status) -> Brought {
    match status {
        Status::Busy | Status::Other(TASK_SET_FULL) => Brought::Sense(BUSY),
        // An aborted task may have been carried out in part, a reservation is another host's: neither is
        // repeated blindly.
        other => {
            tracing::warn!(status = %other, "the drive did not carry the command out");
            Brought::NoAnswer(NoAnswer::Link)
        }
    }
}

pub(super) fn no_answer(error: &TransportError) -> NoAnswer {
    match error {
        TransportError::Gone => NoAnswer::Gone,
        TransportError::TimedOut { .. } => NoAnswer::TimedOut,
        TransportError::LengthMismatch { .. }
        | TransportError::NotWholeBlocks { .. }
        | TransportError::WrongDirection { .. }
        | TransportError::OverLimit { .. }
        | TransportError::NotPermitted { .. }
        | TransportError::Diverged(_) => NoAnswer::NotSent,
        _ => NoAnswer::Link,
    }
}

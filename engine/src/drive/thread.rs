//! The drive's thread: the only place that speaks to the device. Owns the transport, the waiting, and the
//! loop that carries out what a burn machine says; decides nothing by itself.
//!
//! While blocks flow nothing is allocated per WRITE, and nobody is woken but through the ring.

use crate::drive::handle::{Counted, ThreadsRunning};
use crate::drive::read::{MOST_BLOCKS, ReadError};
use crate::error::{QueryError, SourceError};
use crate::inhibit::Awake;
use crate::pipeline::digest::check;
use crate::pipeline::ring::{Drain, Gauge, Next, SLOT_BYTES, Slot};
use crate::progress::Teller;
use bytes::Bytes;
use pitland_burn::{
    Action, Command, Ending, HostQuirks, Input, Machine, MediumState, NoAnswer, Payload,
    QuirkTable, ReadChunk, Source, WriteChunk, patience,
};
use pitland_mmc::Lba;
use pitland_mmc::cdb::{Cdb, CdbBytes, Read10};
use pitland_mmc::sense::{Reaction, Sense};
use pitland_transport::probe::Capabilities;
use pitland_transport::{
    Checked, Claim, ClaimDenied, Data, DeviceClock, Exchange, Status, Transport, TransportError,
};
use pitland_transport::{MediumEvent, MediumEvents};
use pitland_writer::{ActiveWriter, MediaFacts};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc as blocking;
use std::sync::{Mutex, PoisonError};
use std::thread::Thread;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// What the thread is told to do.
#[derive(Debug)]
pub(crate) enum Order {
    Identify(oneshot::Sender<Result<Box<MediaFacts>, QueryError>>),
    Read {
        lba: Lba,
        blocks: u16,
        reply: oneshot::Sender<Result<Bytes, ReadError>>,
    },
    Tray(Tray, oneshot::Sender<Result<(), QueryError>>),
    /// What the drive can do.
    Probe(oneshot::Sender<Result<Box<Capabilities>, QueryError>>),
    /// What has happened to the medium since the last time.
    Events(oneshot::Sender<Result<Vec<MediumEvent>, QueryError>>),
    Job(Box<Work>),
    /// Keeps other programs off the drive for a lease.
    Hold(Hold),
    /// A lease has ended: nothing to do but to see it.
    LookUp,
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
    pub(crate) drain: Option<Drain<SourceError>>,
    pub(crate) gauge: Option<Gauge<SourceError>>,
    /// Slots that must be full before the laser is on.
    pub(crate) start_mark: usize,
    /// Checks of the units that were written, in order; has room for all of them.
    pub(crate) checks: Vec<u32>,
    pub(crate) control: Arc<JobControl>,
    pub(crate) at_work: Arc<AtWork>,
    /// The medium is taken out and in again where the host would not see the change otherwise.
    pub(crate) reload: bool,
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
}

#[derive(Debug, Default)]
struct Wake {
    thread: Option<Thread>,
    gauge: Option<Gauge<SourceError>>,
}

impl JobControl {
    /// Asks for an early end; wakes the thread wherever it waits.
    pub(crate) fn cancel(&self) {
        self.cancelled.store(true, Ordering::SeqCst);
        let wake = self.wake.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(thread) = &wake.thread {
            thread.unpark();
        }
        if let Some(gauge) = &wake.gauge {
            gauge.interrupt();
        }
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::SeqCst)
    }

    /// Says where a cancel has to wake: this thread, and the ring that it may wait for.
    pub(crate) fn at_work(&self, gauge: Option<Gauge<SourceError>>) {
        *self.wake.lock().unwrap_or_else(PoisonError::into_inner) = Wake {
            thread: Some(std::thread::current()),
            gauge,
        };
    }
}

/// Starts the thread. It ends when nobody can give it orders any more, and what it is doing has ended.
pub(crate) fn start(
    transport: Checked<Box<dyn Transport>>,
    orders: blocking::Receiver<Order>,
    table: Arc<QuirkTable>,
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
                held_for: None,
                table,
                quirks: HostQuirks::NONE,
                events: MediumEvents::new(),
                _counted: counted,
            };
            while let Ok(order) = orders.recv() {
                device.let_go();
                device.obey(order);
                device.let_go();
            }
        })?;
    Ok(())
}

pub(super) struct Device {
    pub(super) transport: Checked<Box<dyn Transport>>,
    /// For answers, and for blocks read back.
    buffer: Vec<u8>,
    /// The end of the lease for which other programs are kept off.
    held_for: Option<Arc<AtomicBool>>,
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
            Order::Tray(tray, reply) => {
                let _ = reply.send(self.moving(tray));
            }
            Order::Probe(reply) => {
                let answer = self.looking(Self::probe);
                let _ = reply.send(answer);
            }
            Order::Events(reply) => {
                let answer = self.looking(Self::medium_events);
                let _ = reply.send(answer);
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

    fn exchange(&mut self, cdb: CdbBytes, data: Data<'_>, timeout: Duration) -> Brought {
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

    /// Lets device time pass; on the real clock, until a cancel that has not been seen yet.
    pub(super) fn wait(&mut self, pause: Duration, control: Option<&JobControl>) {
        if self.transport.clock() == DeviceClock::Virtual {
            self.transport.advance(pause);
            return;
        }
        let seen = control.is_some_and(JobControl::is_cancelled);
        let end = Instant::now() + pause;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() || control.is_some_and(JobControl::is_cancelled) != seen {
                return;
            }
            std::thread::park_timeout(left);
        }
    }

    // --- a job ---

    fn work(&mut self, mut work: Work) {
        work.control.at_work(work.gauge.clone());
        let began = self.transport.now();
        let mut hand = Hand {
            slot: None,
            slot_end: 0,
            source: None,
            zeros: Vec::new(),
        };
        let mut told = 0;
        let mut action = work.machine.next(began, Input::Start);
        let mut ending = loop {
            if work.control.is_cancelled() {
                work.machine.cancel();
            }
            let gauge = work.gauge.as_ref();
            work.teller
                .figures(work.machine.progress(), || gauge.map(Gauge::fill));
            for note in work.machine.notes().get(told..).unwrap_or_default() {
                work.teller.note(note.clone());
                told += 1;
            }
            action = match action {
                Action::Send(command) => self.send(&mut work, command),
                Action::Write(chunk) => self.write(&mut work, &mut hand, &chunk),
                Action::Read(chunk) => self.read_back(&mut work, &chunk),
                Action::Wait(pause) => {
                    let control = Arc::clone(&work.control);
                    self.wait(pause, Some(&control));
                    work.machine.next(self.transport.now(), Input::Waited)
                }
                Action::Consult(event) => {
                    let step = work.writer.next(event);
                    work.machine.next(self.transport.now(), Input::Advice(step))
                }
                Action::Commit => {
                    tracing::debug!("the medium is changed from here on");
                    let ready = hand.source_ready(&mut work);
                    if work.control.is_cancelled() {
                        work.machine.cancel();
                    }
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
        work.teller.phase(pitland_burn::Phase::Ended);
        let device_time = self.transport.now().saturating_sub(began);
        // The drive is free before the client hears of the end, or its next request would find it busy.
        drop(work.at_work);
        drop(work.awake);
        // Nobody may be left to hear it.
        let _ = work.done.send(Done {
            ending,
            source: hand.source,
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

    fn write(&mut self, work: &mut Work, hand: &mut Hand, chunk: &WriteChunk) -> Action {
        let Work {
            machine,
            drain,
            checks,
            control,
            ..
        } = work;
        let length = chunk.blocks as usize * chunk.block_bytes as usize;
        let bytes = match chunk.source {
            Source::Image { block } => {
                let position = block * u64::from(chunk.block_bytes);
                match hand.image_bytes(drain.as_ref(), checks, control, position, length) {
                    Some(bytes) => bytes,
                    None => {
                        let cancelled = hand.source.is_none() && control.is_cancelled();
                        let now = self.transport.now();
                        if cancelled {
                            machine.cancel();
                            return machine.next(now, Input::Waited);
                        }
                        return machine.next(now, Input::SourceFailed);
                    }
                }
            }
            Source::Bytes { extent, offset } => {
                match machine.plan().extents.get(extent).map(|e| &e.origin) {
                    Some(pitland_writer::Origin::Bytes(all)) => {
                        all.get(offset..offset + length).unwrap_or_default()
                    }
                    _ => &[],
                }
            }
            _ => hand.zeros(length),
        };
        let exchange = Exchange::blocks(chunk.cdb, bytes, chunk.block_bytes, patience::WRITE);
        let result = self.transport.execute(exchange);
        let now = self.transport.now();
        match result {
            Ok(reply) => match reply.status {
                Status::Good if reply.transferred == length => machine.next(now, Input::Good(&[])),
                // Not all of it went over: what the drive has taken, its next writable address tells.
                Status::Good => {
                    tracing::warn!(took = reply.transferred, of = length, "a WRITE fell short");
                    machine.next(now, Input::NoAnswer(NoAnswer::Link))
                }
                Status::CheckCondition(sense) => machine.next(now, Input::Sense(sense)),
                other => match without_sense(other) {
                    Brought::NoAnswer(cause) => machine.next(now, Input::NoAnswer(cause)),
                    _ => machine.next(now, Input::Sense(BUSY)),
                },
            },
            Err(error) => {
                tracing::warn!(%error, command = %chunk.cdb, "no answer");
                machine.next(now, Input::NoAnswer(no_answer(&error)))
            }
        }
    }

    fn read_back(&mut self, work: &mut Work, chunk: &ReadChunk) -> Action {
        let unit = chunk.unit;
        let length = unit.blocks as usize * chunk.block_bytes as usize;
        let brought = self.ask_blocks(unit.lba, unit.blocks);
        let now = self.transport.now();
        let input = match brought {
            // Blocks that did not come are not compared with what the buffer held before.
            Brought::Good(came) if came != length => Input::NoAnswer(NoAnswer::Link),
            Brought::Good(_) => {
                let expected = usize::try_from(unit.index)
                    .ok()
                    .and_then(|i| work.checks.get(i));
                Input::Compared(expected == Some(&check(self.answer(length))))
            }
            Brought::Sense(sense) => Input::Sense(sense),
            Brought::NoAnswer(cause) => Input::NoAnswer(cause),
        };
        work.machine.next(now, input)
    }
}

/// 2/04/07: for a drive, or its target, that is not ready for the command; it may be sent again.
const BUSY: Sense = Sense::new(2, 0x04, 0x07);
/// TASK SET FULL (SAM): too many commands of somebody's.
const TASK_SET_FULL: u8 = 0x28;

fn without_sense(status: Status) -> Brought {
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

/// What the write loop holds in its hand.
struct Hand {
    slot: Option<Slot>,
    /// Byte of the image behind the slot.
    slot_end: u64,
    /// Why the source failed, if it did.
    source: Option<SourceError>,
    zeros: Vec<u8>,
}

impl Hand {
    /// Waits for the start mark; `false`: the source failed before anything was written.
    fn source_ready(&mut self, work: &mut Work) -> bool {
        let Some(drain) = &work.drain else {
            return true;
        };
        let control = &work.control;
        drain.wait_for_start(work.start_mark, || control.is_cancelled());
        match drain.early_failure(SourceError::Vanished) {
            Some(error) => {
                self.source = Some(error);
                false
            }
            None => true,
        }
    }

    /// The image's bytes from `position` on; `None`: the source failed, or a cancel came while waiting.
    fn image_bytes(
        &mut self,
        drain: Option<&Drain<SourceError>>,
        checks: &mut Vec<u32>,
        control: &JobControl,
        position: u64,
        length: usize,
    ) -> Option<&[u8]> {
        let drain = drain?;
        if position >= self.slot_end {
            if let Some(slot) = self.slot.take() {
                drain.recycle(slot);
            }
            match drain.next(|| control.is_cancelled()) {
                Some(Next::Slot(slot)) => {
                    checks.extend_from_slice(slot.digest().checks());
                    self.slot_end += slot.bytes().len() as u64;
                    self.slot = Some(slot);
                }
                Some(Next::Failed(error)) => {
                    self.source = Some(error);
                    return None;
                }
                Some(Next::Complete | Next::Vanished) => {
                    self.source = Some(SourceError::Vanished);
                    return None;
                }
                None => return None,
            }
        }
        let bytes = self.slot.as_ref()?.bytes();
        let start = self.slot_end - bytes.len() as u64;
        let at = usize::try_from(position.checked_sub(start)?).ok()?;
        bytes.get(at..at + length)
    }

    fn zeros(&mut self, length: usize) -> &[u8] {
        if self.zeros.len() < length {
            self.zeros.resize(length.max(SLOT_BYTES / 16), 0);
        }
        self.zeros.get(..length).unwrap_or_default()
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

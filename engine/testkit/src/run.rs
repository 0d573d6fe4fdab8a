//! One job from the first question to the ending: writer, burn machine and drive together.
//!
//! Owns the driving, the faults that are put in its way, and the recording. Must not judge.

use crate::bench::SimulatedDrive;
use crate::image::{BLOCK_BYTES, Image, mix};
use crate::trace::{Entry, Given, Load, Outgoing, Trace};
use pitland_burn::gate::PlanFault;
use pitland_burn::verify::UNIT_BLOCKS;
use pitland_burn::{
    Action, Ending, Identify, IdentifyAction, Input, Job, Machine, NoAnswer, Payload, ReadChunk,
    SectorsCompared, Source, VerifyLevel, WriteChunk, WrittenRun,
};
use pitland_writer::mmc::cdb::{Cdb, CdbBytes, Command, ReadCd, TestUnitReady};
use pitland_writer::mmc::param::DataForm;
use pitland_writer::mmc::{Lba, Sense};
use pitland_writer::{
    BurnRequest, CdLayout, CdMode, CdTrack, Event, Failure, Fit, MediaFacts, MediaWriter, Refusal,
    Request, Step, WritePlan,
};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Bytes that a command says it brings, if it says so.
fn announced(cdb: &CdbBytes) -> Option<u64> {
    let command = Command::parse(cdb.as_slice()).ok()?;
    command.transfer_len(BLOCK_BYTES as u32)
}

/// Actions of the machine that no honest job on a small disc comes near.
const MOST_ACTIONS: usize = 200_000;
/// Sync and header of a CD's sector.
const SECTOR_HEADER: usize = 16;
/// Bytes of one command, as a careful host allows them (recipe 8).
const MOST_BYTES: u32 = 64 * 1024;

/// What is put in the way of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Fault {
    /// Nothing.
    #[default]
    None,
    /// A cancel, before the machine's action of this number (from 0). Waits and polls for readiness
    /// do not count: a close of a minute is one place, not a hundred.
    CancelAt(usize),
    /// A sense in the place of the answer to the acting command of this number (from 0). The drive
    /// never sees the command. Questions do not count.
    SenseAt {
        /// Which command.
        command: usize,
        /// The answer.
        sense: Sense,
    },
    /// The host is gone before the machine's action of this number: nobody says anything to the drive
    /// any more, which keeps what it has. Counted as for a cancel; the job ends in [`NotRun::CutOff`].
    CutAt(usize),
    /// Senses and a cancel where chance has it, by this seed.
    Random(u64),
}

/// Why a job did not come to run, or to no ending.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum NotRun {
    /// The writer does not take the medium for one of its own.
    #[error("the writer says that the medium is not its own")]
    NotMine,
    /// The writer refused.
    #[error("the writer refuses: {0}")]
    Refused(#[from] Refusal),
    /// The writer says one thing when it is asked and another when it begins.
    #[error("the writer agreed when asked and refuses to begin: {0}")]
    Disagrees(Refusal),
    /// The engine does not carry out such a plan.
    #[error("the plan is refused: {0}")]
    Plan(#[from] PlanFault),
    /// Drive and medium could not be identified.
    #[error("drive and medium could not be identified")]
    NotIdentified,
    /// The host was taken away in the middle of it ([`Fault::CutAt`]).
    #[error("the job was cut off behind {written_blocks} blocks")]
    CutOff {
        /// Blocks of this job that the drive had taken, by its word.
        written_blocks: u64,
    },
    /// The job did not come to an end.
    #[error("the job had no end after {MOST_ACTIONS} actions")]
    Endless,
}

/// A job that ran to its ending, well or not.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Run {
    /// How it ended.
    pub ending: Ending,
    /// What the medium was before.
    pub before: MediaFacts,
    /// The plan at the end.
    pub plan: WritePlan,
    /// WRITE commands that the drive took, in order: first block and blocks.
    pub writes: Vec<(Lba, u32)>,
    /// Acting commands that were sent or forged.
    pub commands: usize,
    /// Actions of the machine, waits and polls for readiness apart.
    pub actions: usize,
    /// What the writer said when it panicked.
    pub panicked: Option<String>,
}

/// Asks what drive and medium are.
///
/// # Errors
/// [`NotRun::NotIdentified`].
pub fn identify(drive: &mut dyn SimulatedDrive, trace: &mut Trace) -> Result<MediaFacts, NotRun> {
    let mut load = Load::default();
    let mut identify = Identify::new(drive.now());
    let mut action = identify.action();
    for _ in 0..MOST_ACTIONS {
        action = match action {
            IdentifyAction::Ask { cdb, length } => {
                let outgoing = wanting(length);
                match exchange(drive, trace, &mut load, cdb, outgoing, &Image::new(0, 0)) {
                    Ok(data) => identify.answered(drive.now(), &data),
                    Err(sense) => identify.refused(drive.now(), sense),
                }
            }
            IdentifyAction::Send { cdb, parameters } => {
                let outgoing = Outgoing::Bytes(parameters);
                match exchange(drive, trace, &mut load, cdb, outgoing, &Image::new(0, 0)) {
                    Ok(_) => identify.answered(drive.now(), &[]),
                    Err(sense) => identify.refused(drive.now(), sense),
                }
            }
            IdentifyAction::Wait(by) => {
                trace.entries.push(Entry::Wait(by));
                drive.advance(by);
                identify.action()
            }
            IdentifyAction::Done(facts) => return Ok(*facts),
            IdentifyAction::Failed { .. } => return Err(NotRun::NotIdentified),
        };
    }
    Err(NotRun::Endless)
}

/// Burns an image, by a request whose length is set to the image's.
///
/// # Errors
/// The job did not come to run.
pub fn burn<W: MediaWriter>(
    drive: &mut dyn SimulatedDrive,
    trace: &mut Trace,
    mut request: BurnRequest,
    image: &Image,
    fault: Fault,
) -> Result<Run, NotRun> {
    request.blocks = image.blocks;
    perform::<W>(drive, trace, &Request::Burn(request), image, fault)
}

/// Does any job; the image is for those that write one.
///
/// # Errors
/// The job did not come to run.
pub fn perform<W: MediaWriter>(
    drive: &mut dyn SimulatedDrive,
    trace: &mut Trace,
    request: &Request,
    image: &Image,
    fault: Fault,
) -> Result<Run, NotRun> {
    let before = identify(drive, trace)?;
    let service = match W::assess(&before, request) {
        Fit::Serves(service) => service,
        Fit::Refuses(refusal) => return Err(refusal.into()),
        _ => return Err(NotRun::NotMine),
    };
    let (writer, plan) = W::begin(&before, request).map_err(NotRun::Disagrees)?;
    let is_burn = matches!(request, Request::Burn(_) | Request::Resume(_));
    let resumed = match request {
        Request::Resume(resume) => Some(run_before(service.first_lba, resume.written_blocks)),
        _ => None,
    };
    let machine = Machine::new(Job {
        request: request.clone(),
        facts: before.clone(),
        service: is_burn.then_some(service),
        plan,
        verify: if is_burn {
            VerifyLevel::Full
        } else {
            VerifyLevel::None
        },
        rehearse: false,
        most_bytes: MOST_BYTES,
        resumed,
    })?;
    let run = Running {
        drive,
        trace,
        writer,
        machine,
        image,
        load: Load::default(),
        hurdles: Hurdles::new(fault),
        writes: Vec::new(),
        commands: 0,
        panicked: None,
        layout: match request {
            Request::Burn(burn) => burn.cd.clone(),
            _ => None,
        },
    };
    run.play_out(before)
}

/// What an earlier job has left on the medium, whose rest starts at `rest`.
fn run_before(rest: Lba, blocks: u64) -> WrittenRun {
    let offset = i32::try_from(blocks).unwrap_or(i32::MAX);
    WrittenRun {
        first_lba: Lba(rest.0.saturating_sub(offset)),
        blocks,
        image_block: 0,
    }
}

struct Running<'a, W> {
    drive: &'a mut dyn SimulatedDrive,
    trace: &'a mut Trace,
    writer: W,
    machine: Machine,
    image: &'a Image,
    load: Load,
    hurdles: Hurdles,
    writes: Vec<(Lba, u32)>,
    commands: usize,
    panicked: Option<String>,
    /// What a CD of whole sectors is.
    layout: Option<CdLayout>,
}

/// What came of an action, owned, so that the machine can borrow it.
enum Came {
    Answer(Result<Vec<u8>, Sense>),
    Compared(bool),
    NotSent,
    Waited,
    Advice(Step),
    Proceed,
    SectorsCompared(Box<SectorsCompared>),
    /// There is nothing to compare with.
    Nothing,
}

impl<W: MediaWriter> Running<'_, W> {
    fn play_out(mut self, before: MediaFacts) -> Result<Run, NotRun> {
        let mut action = self.machine.next(self.drive.now(), Input::Start);
        let mut actions = 0;
        for _ in 0..MOST_ACTIONS {
            if let Action::Finished(ending) = action {
                return Ok(Run {
                    ending: *ending,
                    before,
                    plan: self.machine.plan().clone(),
                    writes: self.writes,
                    commands: self.commands,
                    actions,
                    panicked: self.panicked,
                });
            }
            if counts(&action) {
                if self.hurdles.cancels(actions) {
                    self.machine.cancel();
                }
                if self.hurdles.cuts(actions) {
                    let taken = self.writes.iter().map(|(_, blocks)| u64::from(*blocks));
                    let written_blocks = taken.sum();
                    return Err(NotRun::CutOff { written_blocks });
                }
                actions += 1;
            }
            let came = self.act(action);
            let now = self.drive.now();
            action = match &came {
                Came::Answer(Ok(data)) => self.machine.next(now, Input::Good(data)),
                Came::Answer(Err(sense)) => self.machine.next(now, Input::Sense(*sense)),
                Came::Compared(equal) => self.machine.next(now, Input::Compared(*equal)),
                Came::NotSent => {
                    let input = Input::NoAnswer(NoAnswer::NotSent);
                    self.machine.next(now, input)
                }
                Came::Waited => self.machine.next(now, Input::Waited),
                Came::Advice(step) => self.machine.next(now, Input::Advice(step.clone())),
                Came::Proceed => self.machine.next(now, Input::Proceed),
                Came::SectorsCompared(compared) => {
                    let input = Input::SectorsCompared(compared.clone());
                    self.machine.next(now, input)
                }
                Came::Nothing => self.machine.next(now, Input::Unchecked),
            };
        }
        Err(NotRun::Endless)
    }

    fn act(&mut self, action: Action) -> Came {
        match action {
            // No link takes room that differs from what the command announces.
            Action::Send(pitland_burn::Command {
                cdb,
                payload: Payload::In(room),
                ..
            }) if announced(&cdb).is_some_and(|announced| announced != u64::from(room)) => {
                Came::NotSent
            }
            Action::Send(command) => {
                let outgoing = match command.payload {
                    Payload::Out(bytes) => Outgoing::Bytes(bytes),
                    Payload::In(length) => wanting(length),
                    _ => Outgoing::None,
                };
                Came::Answer(self.exchange(command.cdb, outgoing))
            }
            Action::Write(chunk) => {
                let outgoing = self.outgoing(&chunk);
                let answer = self.exchange(chunk.cdb, outgoing);
                if answer.is_ok() {
                    self.writes.push((chunk.lba, chunk.blocks));
                }
                Came::Answer(answer)
            }
            Action::Read(chunk) => match self.read(&chunk) {
                Ok(equal) => Came::Compared(equal),
                Err(sense) => Came::Answer(Err(sense)),
            },
            Action::Wait(by) => {
                self.trace.entries.push(Entry::Wait(by));
                self.drive.advance(by);
                Came::Waited
            }
            Action::Consult(event) => Came::Advice(self.consult(event)),
            Action::CompareSectors { .. } => {
                self.compare_sectors().map_or(Came::Nothing, |compared| {
                    Came::SectorsCompared(Box::new(compared))
                })
            }
            _ => Came::Proceed,
        }
    }

    fn outgoing(&self, chunk: &WriteChunk) -> Outgoing {
        let bytes = chunk.blocks as usize * chunk.block_bytes as usize;
        match chunk.source {
            Source::Image { block } if chunk.image_block_bytes != chunk.block_bytes => {
                Outgoing::Bytes(self.cut(block, chunk))
            }
            Source::Image { block } => Outgoing::Image { block, bytes },
            Source::Bytes { extent, offset } => {
                let own = self.machine.plan().extents.get(extent).map(|e| &e.origin);
                let own = match own {
                    Some(pitland_writer::Origin::Bytes(own)) => own.as_slice(),
                    _ => &[],
                };
                let chunk = own.get(offset..).unwrap_or_default();
                Outgoing::Bytes(chunk.iter().copied().take(bytes).collect())
            }
            _ => Outgoing::Zeros(bytes),
        }
    }

    /// What is sent of sectors whose sync and header the drive makes.
    fn cut(&self, block: u64, chunk: &WriteChunk) -> Vec<u8> {
        let mut sector = vec![0; self.image.block_bytes];
        let mut sent = Vec::new();
        for number in (block..).take(chunk.blocks as usize) {
            self.image.fill(number, &mut sector);
            let cut = sector.iter().skip(SECTOR_HEADER);
            sent.extend(cut.take(chunk.block_bytes as usize));
        }
        sent
    }

    /// Sends a command, or answers in the drive's place.
    fn exchange(&mut self, cdb: CdbBytes, outgoing: Outgoing) -> Result<Vec<u8>, Sense> {
        if acts(&cdb) {
            let number = self.commands;
            self.commands += 1;
            if let Some(sense) = self.hurdles.sense(number) {
                let given = Given::Forged(sense);
                self.trace.entries.push(Entry::Command {
                    cdb,
                    outgoing,
                    given,
                });
                return Err(sense);
            }
        }
        exchange(
            self.drive,
            self.trace,
            &mut self.load,
            cdb,
            outgoing,
            self.image,
        )
    }

    fn read(&mut self, chunk: &ReadChunk) -> Result<bool, Sense> {
        let bytes = chunk.unit.blocks.saturating_mul(chunk.block_bytes);
        let data = self.exchange(chunk.unit.cdb, wanting(bytes))?;
        let mut expected = vec![0; chunk.unit.blocks as usize * BLOCK_BYTES];
        self.image
            .fill(chunk.unit.index * u64::from(UNIT_BLOCKS), &mut expected);
        Ok(data == expected)
    }

    /// Compares whole sectors with the image; `None` where its blocks are made for the disc.
    fn compare_sectors(&mut self) -> Option<SectorsCompared> {
        let layout = self.layout.clone()?;
        if matches!(layout.mode, CdMode::Raw(_)) {
            return None;
        }
        let mut compared = SectorsCompared::default();
        let of = &mut compared.verification;
        for run in self.machine.written().to_vec() {
            // What lies before block 0 is not read.
            let before = u64::from(run.first_lba.0.min(0).unsigned_abs());
            let mut into = before.min(run.blocks);
            while into < run.blocks {
                let part = told(&layout, run.image_block + into);
                let same = (into..run.blocks.min(into + MOST_SECTORS))
                    .take_while(|into| told(&layout, run.image_block + into) == part);
                let count = same.count() as u64;
                let first = i32::try_from(into).unwrap_or(i32::MAX);
                let first = Lba(run.first_lba.0.saturating_add(first));
                let found = self.sectors(first, count);
                for (at, lba) in (0..count).zip(first.0..) {
                    let mut wanted = vec![0; self.image.block_bytes];
                    self.image.fill(run.image_block + into + at, &mut wanted);
                    let sector = found.as_ref().map(|found| {
                        let mut sectors = found.chunks_exact(SECTOR_BYTES as usize);
                        sectors.nth(at as usize).and_then(|s| s.get(part.clone()))
                    });
                    match sector {
                        Ok(sector) if sector == wanted.get(part.clone()) => {}
                        Ok(_) => of.add_bad(Lba(lba), 1, None),
                        Err(sense) => of.add_bad(Lba(lba), 1, Some(*sense)),
                    }
                }
                of.blocks_written += count;
                of.blocks_compared += count;
                into += count;
            }
        }
        Some(compared)
    }

    /// Whole sectors of a CD, all of one kind.
    fn sectors(&mut self, lba: Lba, count: u64) -> Result<Vec<u8>, Sense> {
        let count = u32::try_from(count).unwrap_or(0);
        let cdb = ReadCd {
            lba,
            blocks: count,
            sync: true,
            headers: 3,
            user_data: true,
            edc_ecc: true,
            ..ReadCd::default()
        };
        self.exchange(cdb.emit(), wanting(count.saturating_mul(SECTOR_BYTES)))
    }

    /// Asks the writer, with a fence round it as the engine has one.
    fn consult(&mut self, event: Event) -> Step {
        let writer = &mut self.writer;
        match catch_unwind(AssertUnwindSafe(|| writer.next(event))) {
            Ok(step) => step,
            Err(panic) => {
                let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
                let message = text
                    .or_else(|| panic.downcast_ref::<String>().cloned())
                    .unwrap_or_default();
                self.panicked = Some(message.clone());
                Step::Failed(Failure::Panicked { message })
            }
        }
    }
}

/// Sectors that are read at a time.
const MOST_SECTORS: u64 = 24;
/// Bytes of a whole sector.
const SECTOR_BYTES: u32 = 2352;

/// The bytes of a sector that do not depend on its address.
fn told(layout: &CdLayout, block: u64) -> std::ops::Range<usize> {
    let ends = |track: &&CdTrack| block < track.image_block + track.blocks;
    let track = layout.tracks.iter().find(ends);
    match track.map(|track| track.form) {
        Some(DataForm::Mode1Raw) => 16..2064,
        Some(DataForm::XaRaw | DataForm::Mode2Raw) => 16..2348,
        _ => 0..SECTOR_BYTES as usize,
    }
}

/// Whether an action is a place of its own in a job, and not one of many polls.
fn counts(action: &Action) -> bool {
    match action {
        Action::Wait(_) => false,
        Action::Send(command) => command.cdb.opcode() != TestUnitReady::OPCODE,
        _ => true,
    }
}

fn wanting(length: u32) -> Outgoing {
    match length {
        0 => Outgoing::None,
        length => Outgoing::In(length as usize),
    }
}

fn exchange(
    drive: &mut dyn SimulatedDrive,
    trace: &mut Trace,
    load: &mut Load,
    cdb: CdbBytes,
    outgoing: Outgoing,
    image: &Image,
) -> Result<Vec<u8>, Sense> {
    let answer = load.send(drive, &cdb, &outgoing, image);
    let given = match &answer {
        Ok(data) => Given::Good(data.len()),
        Err(sense) => Given::Sense(*sense),
    };
    trace.entries.push(Entry::Command {
        cdb,
        outgoing,
        given,
    });
    answer
}

/// Whether a command does something to drive or medium, as a writer plans it.
fn acts(cdb: &CdbBytes) -> bool {
    matches!(
        Command::parse(cdb.as_slice()),
        Ok(Command::FormatUnit(_)
            | Command::Write10(_)
            | Command::Write12(_)
            | Command::WriteAndVerify10(_)
            | Command::SynchronizeCache(_)
            | Command::ReserveTrack(_)
            | Command::SendOpcInformation(_)
            | Command::ModeSelect10(_)
            | Command::CloseTrackSession(_)
            | Command::SendCueSheet(_)
            | Command::Blank(_)
            | Command::SetStreaming(_)
            | Command::SetCdSpeed(_)
            | Command::SendDiscStructure(_)
            | Command::Unknown(_))
    )
}

/// Answers that real drives give, of every class of recipe 9.
pub(crate) const SENSES: [Sense; 10] = [
    Sense::new(0x2, 0x04, 0x08),
    Sense::new(0x2, 0x3A, 0x01),
    Sense::new(0x3, 0x0C, 0x00),
    Sense::new(0x3, 0x73, 0x03),
    Sense::new(0x4, 0x44, 0x00),
    Sense::new(0x5, 0x24, 0x00),
    Sense::new(0x5, 0x72, 0x03),
    Sense::new(0x6, 0x29, 0x00),
    Sense::new(0xB, 0x08, 0x00),
    Sense::new(0x3, 0x0C, 0x00).as_deferred(),
];

/// When which fault is due.
struct Hurdles {
    fault: Fault,
    state: u64,
}

impl Hurdles {
    fn new(fault: Fault) -> Self {
        let state = match fault {
            Fault::Random(seed) => mix(seed.wrapping_add(1)),
            _ => 0,
        };
        Self { fault, state }
    }

    /// True once in so many calls, by chance.
    fn chance(&mut self, one_in: u64) -> bool {
        self.state = mix(self.state);
        (self.state >> 32).is_multiple_of(one_in)
    }

    fn cancels(&mut self, action: usize) -> bool {
        match self.fault {
            Fault::CancelAt(at) => at == action,
            Fault::Random(_) => self.chance(40),
            _ => false,
        }
    }

    fn cuts(&self, action: usize) -> bool {
        self.fault == Fault::CutAt(action)
    }

    fn sense(&mut self, number: usize) -> Option<Sense> {
        match self.fault {
            Fault::SenseAt { command, sense } => (command == number).then_some(sense),
            Fault::Random(_) => {
                let due = self.chance(6);
                let index = (self.state >> 40) as usize % SENSES.len();
                SENSES.get(index).copied().filter(|_| due)
            }
            _ => None,
        }
    }
}

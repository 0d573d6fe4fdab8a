//! A disc in a drive, as small as can be: what it was told to hold, and what it says of itself. It can be
//! made to lie. Written from what a drive does (recipes 2 and 13), apart from the machine.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test's helpers, of which no test uses all"
)]

use pitland_burn::{Action, Ending, Input, Job, Machine, NoAnswer, Source, VerifyLevel};
use pitland_mmc::cdb::{CdbBytes, CloseFunction, Command, TrackAddressType};
use pitland_mmc::reply::{DiscStatus, SessionState};
use pitland_mmc::sense::Sense;
use pitland_mmc::{Lba, Profile, TrackNumber};
use pitland_writer::testing::{FactsBuilder, media};
use pitland_writer::{
    BurnRequest, Event, ExpectedMedium, Extent, MediaFacts, Occasion, Recipe, Request,
    ResumeRequest, Step, WritePlan, moves,
};
use std::collections::BTreeMap;
use std::time::Duration;

pub const UNIT: u64 = 32;
pub const ILLEGAL: Sense = Sense::new(5, 0x24, 0);
/// Time that a block takes at the highest speed offered.
const BLOCK_TIME: Duration = Duration::from_micros(57);

/// What became of a command.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    Good(Vec<u8>),
    Sense(Sense),
    Nothing(NoAnswer),
}

/// A drive with a disc in it.
#[derive(Debug, Clone)]
pub struct Disc {
    pub sequential: bool,
    /// Which block of the image each block of the disc holds.
    pub holds: BTreeMap<i64, u64>,
    pub nwa: i64,
    pub track_closed: bool,
    pub session_closed: bool,
    pub locked: bool,
    /// Takes every WRITE and records nothing.
    pub records_nothing: bool,
    /// Says of itself what it would if it had done what it was told.
    pub hides_that: bool,
    /// Writes in no time.
    pub takes_no_time: bool,
    /// Shows zeros where volumes start (a rewritable disc only).
    pub looks_empty: bool,
    pub now: Duration,
    /// Speeds that were set, by SET STREAMING or SET CD SPEED.
    pub speeds_set: usize,
}

impl Disc {
    /// A blank BD-R, or a formatted BD-RE that holds something else.
    pub fn new(sequential: bool) -> Self {
        Self {
            sequential,
            holds: BTreeMap::new(),
            nwa: 0,
            track_closed: false,
            session_closed: false,
            locked: false,
            records_nothing: false,
            hides_that: false,
            takes_no_time: false,
            looks_empty: false,
            now: Duration::ZERO,
            speeds_set: 0,
        }
    }

    /// What the drive says, question by question.
    pub fn facts(&self) -> MediaFacts {
        if !self.sequential {
            let speeds = [35_968, 17_984];
            return media::bd_re_formatted()
                .speeds(media::BD_DEFAULT - 1, &speeds)
                .track(pitland_mmc::reply::TrackInformation {
                    track: TrackNumber(1),
                    session: pitland_mmc::SessionNumber(1),
                    ..Default::default()
                })
                .first_blocks(if self.looks_empty { 0 } else { 7 })
                .build();
        }
        let blank = self.nwa == 0 || (self.records_nothing && !self.hides_that);
        let written = u32::try_from(self.nwa).unwrap();
        let disc = FactsBuilder::new(Profile::BdRSrm, &[0x10, 0x21, 0x40, 0x41])
            .speeds(media::BD_RAW - 1, &[35_968, 17_984]);
        let appendable = DiscStatus::Appendable;
        let open = |state, session| {
            disc.clone()
                .disc(appendable, state, session, (session, session))
        };
        if blank {
            return media::bd_r_blank().build();
        }
        if self.session_closed {
            let next = written + 64;
            return open(SessionState::Empty, 2)
                .closed_track(1, 1, 0, written)
                .writable_track(2, 2, next as i32, next as i32, media::BD_RAW - next)
                .last_block(written as i32 - 1)
                .build();
        }
        let open = open(SessionState::Incomplete, 1).last_block(0);
        if self.track_closed {
            return open.closed_track(1, 1, 0, written).build();
        }
        open.writable_track(1, 1, 0, written as i32, media::BD_RAW - written)
            .build()
    }

    /// Takes a WRITE of blocks of the image.
    pub fn write(&mut self, lba: i64, blocks: u32, image_block: u64) -> Answer {
        if !self.takes_no_time {
            self.now += BLOCK_TIME * blocks;
        }
        if self.sequential {
            if self.session_closed || self.track_closed || lba != self.nwa {
                return Answer::Sense(Sense::new(5, 0x21, 2));
            }
            self.nwa += i64::from(blocks);
        }
        for n in 0..i64::from(blocks) {
            if !self.records_nothing {
                self.holds.insert(lba + n, image_block + n as u64);
            }
        }
        Answer::Good(Vec::new())
    }

    /// Whether these blocks hold these of the image; a sense, where they were never written.
    pub fn read(&self, lba: i64, blocks: u32, image_block: u64) -> Result<bool, Sense> {
        let found = (0..i64::from(blocks)).map(|n| self.holds.get(&(lba + n)).copied());
        let found: Option<Vec<u64>> = found.collect();
        match found {
            Some(found) => Ok(found
                .into_iter()
                .eq(image_block..image_block + u64::from(blocks))),
            // A rewritable disc has something everywhere.
            None if !self.sequential => Ok(false),
            None => Err(Sense::new(8, 0, 0)),
        }
    }

    /// Takes any other command.
    pub fn command(&mut self, cdb: &CdbBytes, room: usize) -> Answer {
        let command = Command::parse(cdb.as_slice()).unwrap();
        match command {
            Command::TestUnitReady(_) | Command::SynchronizeCache(_) => Answer::Good(Vec::new()),
            Command::StartStopUnit(_) => Answer::Good(Vec::new()),
            Command::SetStreaming(_) | Command::SetCdSpeed(_) => {
                self.speeds_set += 1;
                Answer::Good(Vec::new())
            }
            Command::PreventAllowMediumRemoval(c) => {
                self.locked = c.prevent;
                Answer::Good(Vec::new())
            }
            Command::CloseTrackSession(c) => {
                self.track_closed |= c.function == CloseFunction::Track;
                self.session_closed |= c.function == CloseFunction::Session;
                Answer::Good(Vec::new())
            }
            question => self.answer(&question, room),
        }
    }

    fn answer(&self, question: &Command, room: usize) -> Answer {
        let facts = self.facts();
        let known = facts.answers.iter().find(|answer| {
            let asked = Command::parse(answer.cdb.as_slice()).unwrap();
            match (asked, question) {
                (Command::ReadTrackInformation(a), Command::ReadTrackInformation(q)) => {
                    let by_number = q.address_type == TrackAddressType::Track;
                    a.address == if by_number { q.address } else { 1 }
                }
                (Command::GetPerformance(a), Command::GetPerformance(q)) => a.kind == q.kind,
                (a, q) => a.opcode() == q.opcode(),
            }
        });
        match known {
            Some(answer) => {
                let mut data = answer.data.clone();
                data.truncate(room);
                Answer::Good(data)
            }
            None => Answer::Sense(ILLEGAL),
        }
    }
}

/// The plan of a burn of so many blocks, of which some are on the disc.
pub fn recipe(disc: &Disc, blocks: u64, written: u64) -> (Recipe, WritePlan) {
    let mut closing = Vec::from(moves::synchronize_cache());
    let mut expected = ExpectedMedium::capacity(Some(blocks));
    if disc.sequential {
        closing.push(moves::close_track(TrackNumber(1)).only(Occasion::AfterBlocks));
        closing.push(moves::close_session().only(Occasion::AfterBlocks));
        expected = ExpectedMedium::sessions(1, Some(true));
        expected.nwa_at_least = Some(Lba(blocks as i32));
        expected.capacity_at_least = Some(blocks);
    }
    let mut recipe = Recipe::new().close(closing).expect(expected).resumable();
    if written < blocks {
        let first = Lba(written as i32);
        recipe = recipe.extent(Extent::image(first, blocks - written, UNIT as u32));
    }
    if written > 0 {
        recipe = recipe.goes_on();
    }
    recipe.build()
}

pub fn job(disc: &Disc, plan: WritePlan, blocks: u64, written: u64, verify: VerifyLevel) -> Job {
    let burn = BurnRequest::new(blocks);
    let resumed = (written > 0).then_some(pitland_burn::WrittenRun {
        first_lba: Lba(0),
        blocks: written,
        image_block: 0,
    });
    Job {
        request: match resumed {
            Some(_) => Request::Resume(ResumeRequest::new(burn, written)),
            None => Request::Burn(burn),
        },
        facts: disc.facts(),
        service: None,
        plan,
        verify,
        rehearse: false,
        most_bytes: 64 * 1024,
        resumed,
    }
}

/// What stands between machine and disc; the default does nothing.
pub trait Between {
    /// Before each action.
    fn before(&mut self, _machine: &mut Machine, _action: &Action) {}
    /// In the place of a command's answer, or after it.
    fn instead(&mut self, _disc: &mut Disc, _cdb: &CdbBytes) -> Option<Fate> {
        None
    }
    /// In the place of the writer.
    fn advises(&mut self, _event: &Event) -> Option<Step> {
        None
    }
    /// Whether the source fails now.
    fn source_fails(&mut self) -> bool {
        false
    }
    /// Whether a unit of the image has a check.
    fn has_check(&self, _unit: u64) -> bool {
        true
    }
}

/// What happens to a command.
#[derive(Debug, Clone, PartialEq)]
pub enum Fate {
    /// The disc never sees it.
    Forged(Answer),
    /// The disc carries it out, and the answer is lost.
    Lost(NoAnswer),
    /// The disc carries it out, and that was not easy.
    Recovered(Sense),
}

/// Nothing stands between them.
pub struct Clear;
impl Between for Clear {}

/// Drives a machine to its ending.
pub fn drive(
    mut machine: Machine,
    mut writer: Recipe,
    disc: &mut Disc,
    between: &mut dyn Between,
) -> Box<Ending> {
    let mut action = machine.next(disc.now, Input::Start);
    for _ in 0..600_000 {
        between.before(&mut machine, &action);
        let answered = match action {
            Action::Finished(ending) => return ending,
            Action::Wait(pause) => {
                disc.now += pause;
                action = machine.next(disc.now, Input::Waited);
                continue;
            }
            Action::Commit => {
                let input = match between.source_fails() {
                    true => Input::SourceFailed,
                    false => Input::Proceed,
                };
                action = machine.next(disc.now, input);
                continue;
            }
            Action::Consult(event) => {
                let step = between
                    .advises(&event)
                    .unwrap_or_else(|| writer.next(event));
                action = machine.next(disc.now, Input::Advice(step));
                continue;
            }
            Action::Write(_) if between.source_fails() => {
                action = machine.next(disc.now, Input::SourceFailed);
                continue;
            }
            Action::Write(chunk) => {
                let Source::Image { block } = chunk.source else {
                    panic!("{chunk:?}")
                };
                let lba = chunk.lba.0.into();
                fated(disc, between, &chunk.cdb, |disc| {
                    disc.write(lba, chunk.blocks, block)
                })
            }
            Action::Read(chunk) => {
                let unit = chunk.unit;
                let mut equal = Ok(true);
                let answered = fated(disc, between, &unit.cdb, |disc| {
                    equal = disc.read(unit.lba.0.into(), unit.blocks, unit.index * UNIT);
                    match &equal {
                        Ok(_) => Answer::Good(Vec::new()),
                        Err(sense) => Answer::Sense(*sense),
                    }
                });
                let units = unit.index..unit.index + u64::from(unit.units());
                let checked = units.into_iter().all(|unit| between.has_check(unit));
                let input = match answered {
                    Answer::Sense(sense) => Input::Sense(sense),
                    Answer::Nothing(cause) => Input::NoAnswer(cause),
                    Answer::Good(_) if !checked => Input::Unchecked,
                    Answer::Good(_) => Input::Compared(equal == Ok(true)),
                };
                action = machine.next(disc.now, input);
                continue;
            }
            Action::Send(command) => {
                let room = match command.payload {
                    pitland_burn::Payload::In(room) => room as usize,
                    _ => 0,
                };
                let cdb = command.cdb;
                fated(disc, between, &cdb, |disc| disc.command(&cdb, room))
            }
            other => panic!("{other:?}"),
        };
        action = match &answered {
            Answer::Good(data) => machine.next(disc.now, Input::Good(data)),
            Answer::Sense(sense) => machine.next(disc.now, Input::Sense(*sense)),
            Answer::Nothing(cause) => machine.next(disc.now, Input::NoAnswer(*cause)),
        };
    }
    panic!("the machine does not end")
}

fn fated(
    disc: &mut Disc,
    between: &mut dyn Between,
    cdb: &CdbBytes,
    act: impl FnOnce(&mut Disc) -> Answer,
) -> Answer {
    match between.instead(disc, cdb) {
        None => act(disc),
        Some(Fate::Forged(answer)) => answer,
        Some(Fate::Recovered(sense)) => match act(disc) {
            Answer::Good(_) => Answer::Sense(sense),
            refused => refused,
        },
        Some(Fate::Lost(cause)) => {
            act(disc);
            Answer::Nothing(cause)
        }
    }
}

/// Burns an image of so many blocks, of which some are on the disc.
pub fn burn(
    disc: &mut Disc,
    blocks: u64,
    written: u64,
    verify: VerifyLevel,
    between: &mut dyn Between,
) -> Box<Ending> {
    let (writer, plan) = recipe(disc, blocks, written);
    let machine = Machine::new(job(disc, plan, blocks, written, verify)).unwrap();
    drive(machine, writer, disc, between)
}

//! The recipe: a plain, linear job as a table.
//!
//! Owns the walk through a plan (prepare, write, close), and which closing commands still make sense
//! after a cancel, a refused WRITE or a refused command. Must not know any medium: a writer fills the
//! table from the named [`moves`], and a writer with nothing special is that table.
//!
//! ```text
//! Begin -> Prepare(0..) -> [Identify] -> Write(0..) -> Close(0..) -> Finished
//!             |                |            |             |
//!             +---- refused, timed out -----+-------------+--> what is safe to close -> Failed
//!             +---- cancelled --------------+----------------> what must be closed   -> Finished
//!             +---- refused as foreseen, no block taken -----> another plan: Prepare(0..)
//! ```

#[cfg(test)]
mod tests;

use crate::facts::MediaFacts;
use crate::moves;
use crate::plan::{
    ExpectedMedium, Extent, Move, Occasion, PlannedCommand, SensePattern, Warning, WritePlan,
};
use crate::speed::SpeedChoice;
use crate::step::{Event, Failure, Step};
use pitland_mmc::cdb::CdbBytes;
use pitland_mmc::mode_page::WriteParameters;
use pitland_mmc::sense::{Sense, SenseKey};

/// The answers to an erase that failed: itself, or by a table of contents that cannot be recovered
/// (recipe 9).
const ERASE_FAILED: [SensePattern; 2] =
    [SensePattern::code(0x3, 0x51), SensePattern::code(0x3, 0x57)];

/// Judges a medium that was identified anew in the middle of a job: may the plan go on?
///
/// # Errors
/// The failure that ends the job.
pub type Check = fn(&MediaFacts, &WritePlan) -> Result<(), Failure>;

/// The check after a preparing format: the medium is formatted now, and has room for every extent.
///
/// # Errors
/// [`Failure::MediumState`], when it is not so.
pub fn has_room(facts: &MediaFacts, plan: &WritePlan) -> Result<(), Failure> {
    let end = plan
        .extents
        .iter()
        .map(|extent| i64::from(extent.first_lba.0).saturating_add_unsigned(extent.blocks))
        .max()
        .unwrap_or(0);
    let room = facts
        .total_capacity()
        .and_then(|blocks| i64::try_from(blocks).ok());
    if facts.condition().is_writable() && room.is_some_and(|room| room >= end) {
        Ok(())
    } else {
        Err(Failure::MediumState)
    }
}

/// A linear job: first filled as a table, then walked.
///
/// ```
/// use pitland_writer::mmc::{Lba, TrackNumber};
/// use pitland_writer::{Event, Extent, Occasion, Recipe, Step, moves};
///
/// let (mut recipe, plan) = Recipe::new()
///     .prepare([moves::set_cd_speed(u32::MAX)])
///     .extent(Extent::image(Lba(0), 64, 32))
///     .close(moves::synchronize_cache())
///     .close([moves::close_track(TrackNumber(1)).only(Occasion::AfterBlocks)])
///     .build();
/// assert_eq!(plan.blocks(), 64);
/// assert_eq!(recipe.next(Event::Begin), Step::Prepare(0));
/// assert_eq!(recipe.next(Event::Done), Step::Write(0));
/// // Cancelled before the drive took a block: the buffer is written out, nothing is closed.
/// assert_eq!(recipe.next(Event::Cancelled { written_blocks: 0 }), Step::Close(0));
/// assert_eq!(recipe.next(Event::Done), Step::Close(1));
/// assert_eq!(recipe.next(Event::Done), Step::Finished);
/// ```
#[derive(Debug, Clone)]
pub struct Recipe {
    plan: WritePlan,
    /// Checks by the index of the preparing command that they follow.
    checks: Vec<(usize, Check)>,
    /// Questions by the index of the preparing command that they come before, with the length of the answer.
    questions: Vec<(usize, CdbBytes, u32)>,
    state: State,
    course: Course,
    wrote: bool,
    took_blocks: bool,
    formatted: bool,
    reclosed: bool,
    /// The job in another way, for a drive that refuses this one in the way it is known to.
    instead: Option<(SensePattern, Box<Recipe>)>,
}

/// Which step is out, waiting for its event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Table,
    /// The question before a preparing command.
    Ask(usize),
    Prepare(usize),
    Identify(usize),
    /// A command before an extent.
    Between {
        extent: usize,
        command: usize,
    },
    Write(usize),
    Close(usize),
    /// The plan of this recipe was handed over in the place of another.
    Replan,
    /// A track that a close of a session found open is closed first; then the session again.
    CloseTrackFor {
        session: usize,
    },
    Ended,
}

/// How the job ends, as far as is known.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Course {
    Complete,
    Cancelled,
    Failing(Failure),
}

impl Default for Recipe {
    fn default() -> Self {
        Self::new()
    }
}

impl Recipe {
    /// An empty table.
    pub fn new() -> Self {
        Self {
            plan: WritePlan::default(),
            checks: Vec::new(),
            questions: Vec::new(),
            state: State::Table,
            course: Course::Complete,
            wrote: false,
            took_blocks: false,
            formatted: false,
            reclosed: false,
            instead: None,
        }
    }

    /// With preparing commands, in order.
    #[must_use]
    pub fn prepare(mut self, commands: impl IntoIterator<Item = PlannedCommand>) -> Self {
        self.plan.prepare.extend(commands);
        self
    }

    /// After the preparing commands so far, identifies the medium anew and lets `check` judge it
    /// (recipe 4, step 3). Nothing happens when there is no preparing command yet.
    #[must_use]
    pub fn identify(mut self, check: Check) -> Self {
        if let Some(last) = self.plan.prepare.len().checked_sub(1) {
            self.checks.push((last, check));
        }
        self
    }

    /// Before the preparing command that comes next, asks the drive something whose answer of up to `length`
    /// bytes is of no matter, nor is a refusal: for firmware that must have been asked.
    #[must_use]
    pub fn ask(mut self, question: CdbBytes, length: u32) -> Self {
        let next = self.plan.prepare.len();
        self.questions.push((next, question, length));
        self
    }

    /// At a speed: what sets it, and what is to be said of it.
    #[must_use]
    pub fn at_speed(self, speed: SpeedChoice) -> Self {
        self.prepare(speed.commands).warn(speed.warning)
    }

    /// With a run of blocks.
    #[must_use]
    pub fn extent(mut self, extent: Extent) -> Self {
        self.plan.extents.push(extent);
        self
    }

    /// With runs of blocks, in order.
    #[must_use]
    pub fn extents(mut self, extents: impl IntoIterator<Item = Extent>) -> Self {
        self.plan.extents.extend(extents);
        self
    }

    /// With closing commands, in order.
    #[must_use]
    pub fn close(mut self, commands: impl IntoIterator<Item = PlannedCommand>) -> Self {
        self.plan.closing.extend(commands);
        self
    }

    /// With what the user should know.
    #[must_use]
    pub fn warn(mut self, warnings: impl IntoIterator<Item = Warning>) -> Self {
        self.plan.warnings.extend(warnings);
        self
    }

    /// With what the medium must show afterwards.
    #[must_use]
    pub fn expect(mut self, expected: ExpectedMedium) -> Self {
        self.plan.expected = expected;
        self
    }

    /// As a job that can be resumed when it is cut off.
    #[must_use]
    pub fn resumable(mut self) -> Self {
        self.plan.resumable = true;
        self
    }

    /// As the rest of a job: the medium holds blocks of it already, and so there is something to close
    /// even before the drive takes another one.
    #[must_use]
    pub fn goes_on(mut self) -> Self {
        self.took_blocks = true;
        self
    }

    /// With another recipe for the same image, whose plan takes the place of this one when the drive
    /// answers with such a sense before it has taken a block. The warnings of that plan say what is
    /// different then.
    #[must_use]
    pub fn instead(mut self, when: SensePattern, other: Self) -> Self {
        self.instead = Some((when, Box::new(other)));
        self
    }

    /// A recipe that empties the whole medium by BLANK, once the page says that nothing is in test write
    /// (recipe 5).
    pub fn blank(page: &WriteParameters, full: bool) -> Self {
        Self::new()
            .prepare([moves::clear_test_write(page)])
            .prepare(moves::blank_disc(full))
            .expect(ExpectedMedium::blank())
    }

    /// The walk, and the plan that binds it.
    pub fn build(self) -> (Self, WritePlan) {
        let plan = self.plan.clone();
        (self, plan)
    }

    /// The next step, given what became of the last one. An event that answers no step ends the job.
    pub fn next(&mut self, event: Event) -> Step {
        match self.state {
            State::Table => match event {
                Event::Begin => self.prepare_from(0),
                Event::Cancelled { .. } => self.end(Step::Finished),
                _ => self.unexpected(),
            },
            State::Ask(index) => match event {
                Event::Answer(_) | Event::Refused { .. } => self.send(index),
                other => self.common(other),
            },
            State::Prepare(index) => self.after_prepare(index, event),
            State::Identify(index) => self.after_identify(index, event),
            State::Between { extent, command } => match event {
                Event::Done => self.between(extent, command + 1),
                Event::Refused { sense } => self.fail(Failure::Drive(sense)),
                other => self.common(other),
            },
            State::Write(index) => self.after_write(index, event),
            State::Close(index) => self.after_close(index, event),
            State::Replan => match event {
                Event::Done => self.prepare_from(0),
                other => self.common(other),
            },
            State::CloseTrackFor { session } => self.after_close_track_for(session, event),
            State::Ended => self.unexpected(),
        }
    }

    fn after_prepare(&mut self, index: usize, event: Event) -> Step {
        match event {
            Event::Done => match self.checks.iter().any(|(at, _)| *at == index) {
                true => {
                    self.state = State::Identify(index);
                    Step::Identify
                }
                false => self.prepare_from(index + 1),
            },
            Event::Refused { sense } if self.has_fallback(index, &sense) => {
                self.prepare_at(index + 1)
            }
            Event::Refused { sense } => self.refused(sense),
            other => self.common(other),
        }
    }

    fn after_identify(&mut self, index: usize, event: Event) -> Step {
        match event {
            Event::Facts(facts) => {
                let judged = self
                    .checks
                    .iter()
                    .filter(|(at, _)| *at == index)
                    .try_for_each(|(_, check)| check(&facts, &self.plan));
                match judged {
                    Ok(()) => self.prepare_from(index + 1),
                    Err(failure) => self.fail(failure),
                }
            }
            Event::Refused { sense } => self.fail(Failure::Drive(sense)),
            other => self.common(other),
        }
    }

    fn after_write(&mut self, index: usize, event: Event) -> Step {
        match event {
            Event::Done => {
                self.took_blocks |= self.plan.extents.get(index).is_some_and(|e| e.blocks > 0);
                self.write_from(index + 1)
            }
            Event::WriteRefused { extent, lba, sense } if extent as usize == index => {
                // Where an extent follows another, blocks were taken.
                let first = self.plan.extents.get(index).map(|e| e.first_lba);
                self.took_blocks |= first != Some(lba);
                self.refused(sense)
            }
            Event::Refused { sense } => self.fail(Failure::Drive(sense)),
            other => self.common(other),
        }
    }

    fn after_close(&mut self, index: usize, event: Event) -> Step {
        match event {
            // All blocks are written or the course is settled already: a cancel has nothing left to
            // end early, and a half-closed disc helps nobody.
            Event::Done | Event::Cancelled { .. } => self.close_from(index + 1),
            Event::Refused { sense } => match self.open_track_before(index, &sense) {
                Some(track) => {
                    self.reclosed = true;
                    self.state = State::CloseTrackFor { session: index };
                    Step::Close(track)
                }
                None => self.fail_closing(index, Failure::Drive(sense)),
            },
            Event::TimedOut => self.fail_closing(index, Failure::TimedOut),
            _ => self.unexpected(),
        }
    }

    fn after_close_track_for(&mut self, session: usize, event: Event) -> Step {
        match event {
            // Whatever became of the track: the session's own answer is the one that counts.
            Event::Done | Event::Refused { .. } | Event::Cancelled { .. } => {
                self.state = State::Close(session);
                Step::Close(index_of(session))
            }
            Event::TimedOut => self.fail_closing(session, Failure::TimedOut),
            _ => self.unexpected(),
        }
    }

    /// Events that mean the same before and while blocks are written.
    fn common(&mut self, event: Event) -> Step {
        match event {
            Event::TimedOut => self.fail(Failure::TimedOut),
            Event::Cancelled { written_blocks } => {
                self.took_blocks |= written_blocks > 0;
                self.course = Course::Cancelled;
                self.close_from(0)
            }
            _ => self.unexpected(),
        }
    }

    fn prepare_at(&mut self, index: usize) -> Step {
        match self.questions.iter().find(|(before, ..)| *before == index) {
            Some((_, cdb, length)) => {
                self.state = State::Ask(index);
                Step::Ask {
                    cdb: *cdb,
                    length: *length,
                }
            }
            None => self.send(index),
        }
    }

    fn send(&mut self, index: usize) -> Step {
        let format = |c: &PlannedCommand| c.purpose == Move::Format;
        self.formatted |= self.plan.prepare.get(index).is_some_and(format);
        self.state = State::Prepare(index);
        Step::Prepare(index_of(index))
    }

    /// The next preparing command that the normal course has, or the first extent.
    fn prepare_from(&mut self, index: usize) -> Step {
        let wanted = |c: &PlannedCommand| c.occasion != Occasion::IfRefused;
        let rest = self.plan.prepare.iter().skip(index);
        match rest.clone().position(wanted) {
            Some(skipped) => self.prepare_at(index + skipped),
            None => self.write_from(0),
        }
    }

    fn write_from(&mut self, index: usize) -> Step {
        if index < self.plan.extents.len() {
            self.wrote = true;
            self.between(index, 0)
        } else {
            self.close_from(0)
        }
    }

    /// The command of this index before an extent, or the extent.
    fn between(&mut self, extent: usize, command: usize) -> Step {
        let planned = self.plan.extents.get(extent).map(|extent| &extent.before);
        match planned.is_some_and(|before| command < before.len()) {
            true => {
                self.state = State::Between { extent, command };
                Step::Between {
                    extent: index_of(extent),
                    command: index_of(command),
                }
            }
            false => {
                self.state = State::Write(extent);
                Step::Write(index_of(extent))
            }
        }
    }

    /// The next closing command that the course of the job asks for, or the end.
    fn close_from(&mut self, index: usize) -> Step {
        let rest = self.plan.closing.iter().skip(index);
        match rest.clone().position(|c| self.closes_with(c)) {
            Some(skipped) => {
                self.state = State::Close(index + skipped);
                Step::Close(index_of(index + skipped))
            }
            None => match std::mem::replace(&mut self.course, Course::Complete) {
                Course::Failing(failure) => self.end(Step::Failed(failure)),
                Course::Complete | Course::Cancelled => self.end(Step::Finished),
            },
        }
    }

    fn closes_with(&self, command: &PlannedCommand) -> bool {
        let failing = matches!(self.course, Course::Failing(_));
        match command.occasion {
            Occasion::Always => true,
            Occasion::IfRefused => false,
            Occasion::AfterWriting => self.wrote,
            Occasion::AfterBlocks => self.took_blocks && !failing,
            Occasion::AfterAll => self.course == Course::Complete,
            Occasion::AfterCancel => self.course == Course::Cancelled && self.took_blocks,
            Occasion::AfterFormat => self.formatted,
        }
    }

    /// Whether a refused preparing command has a stand-in. A stand-in helps only against an illegal
    /// request, and an erase in full where a quick one failed; a medium that is gone or broken is as gone
    /// for it.
    fn has_fallback(&self, index: usize, sense: &Sense) -> bool {
        let stand_in = self.plan.prepare.get(index + 1);
        let erase_failed = ERASE_FAILED.iter().any(|pattern| pattern.matches(sense));
        (sense.key == SenseKey::IllegalRequest || erase_failed)
            && stand_in.is_some_and(|c| c.occasion == Occasion::IfRefused)
    }

    /// The drive refuses the way that was planned: another one, if there is one for that answer and
    /// nothing is on the medium yet.
    fn refused(&mut self, sense: Sense) -> Step {
        match self.instead.take() {
            Some((when, other)) if when.matches(&sense) && !self.took_blocks => {
                *self = *other;
                self.state = State::Replan;
                Step::Replan(Box::new(self.plan.clone()))
            }
            _ => self.fail(Failure::Drive(sense)),
        }
    }

    /// The close of the track that must come first, when a close of the session was answered with
    /// "incomplete track": once (recipe 9).
    fn open_track_before(&self, index: usize, sense: &Sense) -> Option<u32> {
        let closes_more = matches!(
            self.plan.closing.get(index)?.purpose,
            Move::CloseSession | Move::FinalizeDisc
        );
        let incomplete = (sense.asc, sense.ascq) == (0x72, 0x03);
        if self.reclosed || !closes_more || !incomplete {
            return None;
        }
        let track = |c: &PlannedCommand| c.purpose == Move::CloseTrack;
        self.plan.closing.iter().position(track).map(index_of)
    }

    fn fail(&mut self, failure: Failure) -> Step {
        self.course = Course::Failing(failure);
        self.close_from(0)
    }

    /// A closing command failed: what is left that can do no harm is still tried; the first failure
    /// is the one reported.
    fn fail_closing(&mut self, index: usize, failure: Failure) -> Step {
        if !matches!(self.course, Course::Failing(_)) {
            self.course = Course::Failing(failure);
        }
        self.close_from(index + 1)
    }

    fn unexpected(&mut self) -> Step {
        self.end(Step::Failed(Failure::UnexpectedEvent))
    }

    fn end(&mut self, step: Step) -> Step {
        self.state = State::Ended;
        step
    }
}

/// An index as steps carry it. Plans are far shorter than that; the engine checks the length.
fn index_of(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

//! A driver that plays the engine to a writer: good days, and arbitrary ones.
//!
//! Owns the bound within which a writer must come to an end. Must not judge what it does on the way.

use crate::facts::MediaFacts;
use crate::plan::WritePlan;
use crate::step::{Event, Failure, Step};
use crate::writer::ActiveWriter;
use pitland_mmc::Lba;
use pitland_mmc::sense::Sense;

/// Kinds of event that [`event_of`] can make.
pub const HISTORY_EVENTS: u8 = 16;

/// Answers of drives that writers meet: of every class of the sense table.
const SENSES: [(u8, u8, u8); 8] = [
    (0x5, 0x24, 0x00),
    (0x5, 0x72, 0x03),
    (0x5, 0x72, 0x04),
    (0x3, 0x0C, 0x00),
    (0x2, 0x3A, 0x01),
    (0x4, 0x44, 0x00),
    (0x6, 0x28, 0x00),
    (0x3, 0x73, 0x03),
];

/// Plays a writer from [`Event::Begin`] to its end; `answer` says what becomes of each step. Every
/// step but the last is answered. The last is [`Step::Finished`] or [`Step::Failed`].
///
/// Asserts that the end comes within a bound that no honest writer reaches, and that no step lies
/// outside the plan.
pub fn walk<W: ActiveWriter>(
    writer: &mut W,
    plan: &WritePlan,
    mut answer: impl FnMut(&Step) -> Event,
) -> Vec<Step> {
    let bound = 16 + 4 * (plan.commands().count() + plan.extents.len());
    let mut steps = Vec::new();
    let mut event = Event::Begin;
    loop {
        let step = writer.next(event);
        let inside = match step {
            Step::Prepare(index) => (index as usize) < plan.prepare.len(),
            Step::Write(index) => (index as usize) < plan.extents.len(),
            Step::Between { extent, command } => plan
                .extents
                .get(extent as usize)
                .is_some_and(|extent| (command as usize) < extent.before.len()),
            Step::Close(index) => (index as usize) < plan.closing.len(),
            _ => true,
        };
        assert!(
            inside,
            "{step:?} lies outside the plan; before it: {steps:?}"
        );
        steps.push(step.clone());
        if matches!(step, Step::Finished | Step::Failed(_)) {
            return steps;
        }
        assert!(
            steps.len() <= bound,
            "no end after {bound} steps: {steps:?}"
        );
        event = answer(&step);
    }
}

/// What becomes of a step on a good day; `facts` answers an identification.
pub fn all_goes_well(step: &Step, facts: &MediaFacts) -> Event {
    match step {
        Step::Identify => Event::Facts(Box::new(facts.clone())),
        Step::Ask { length, .. } => Event::Answer(vec![0; *length as usize]),
        _ => Event::Done,
    }
}

/// An event by number, for random histories: good ones, and every kind of bad one, also such as do
/// not answer the step. Numbers wrap at [`HISTORY_EVENTS`].
pub fn event_of(number: u8, step: &Step, facts: &MediaFacts) -> Event {
    let sense = |n: u8| {
        let (key, asc, ascq) = SENSES[usize::from(n) % SENSES.len()];
        Sense::new(key, asc, ascq)
    };
    match number % HISTORY_EVENTS {
        8 => Event::Cancelled { written_blocks: 0 },
        9 => Event::Cancelled { written_blocks: 32 },
        10 => Event::TimedOut,
        11 => Event::Begin,
        12 => Event::Facts(Box::new(facts.clone())),
        13 => Event::Answer(vec![0; 4]),
        n @ 0..8 => match step {
            Step::Write(extent) if n % 2 == 0 => Event::WriteRefused {
                extent: *extent,
                lba: Lba(0),
                sense: sense(n),
            },
            _ => Event::Refused { sense: sense(n) },
        },
        _ => all_goes_well(step, facts),
    }
}

/// Plays a random history. All goes well once the numbers are used up. After the end the writer is
/// asked once more, and must say that this is no answer.
pub fn play<W: ActiveWriter>(
    mut writer: W,
    plan: &WritePlan,
    facts: &MediaFacts,
    history: &[u8],
) -> Vec<Step> {
    let mut numbers = history.iter();
    let steps = walk(&mut writer, plan, |step| match numbers.next() {
        Some(number) => event_of(*number, step, facts),
        None => all_goes_well(step, facts),
    });
    let after = writer.next(Event::Done);
    assert_eq!(
        after,
        Step::Failed(Failure::UnexpectedEvent),
        "asked after {:?}",
        steps.last()
    );
    steps
}

//! A job that was played from its beginning to its end.
//!
//! Owns what was done, step by step. Must not judge it.

#![allow(clippy::panic, reason = "a test says so by panicking")]

use super::{FactsBuilder, all_goes_well, walk};
use crate::{Event, MediaWriter, Move, Request, Step, WritePlan};
use pitland_mmc::cdb::Command;

/// A medium, what is wanted of it, and what a fresh look finds in the middle of the job.
#[derive(Debug, Clone)]
pub struct TestJob {
    /// The medium before.
    pub medium: FactsBuilder,
    /// The medium as it is identified once the job has begun.
    pub later: FactsBuilder,
    /// What is wanted.
    pub request: Request,
}

impl TestJob {
    /// A job on a medium that a look in its middle finds as it was.
    pub fn new(medium: FactsBuilder, request: Request) -> Self {
        Self {
            later: medium.clone(),
            medium,
            request,
        }
    }

    /// With another medium in its middle.
    #[must_use]
    pub fn becoming(mut self, later: FactsBuilder) -> Self {
        self.later = later;
        self
    }
}

/// What was done.
#[derive(Debug)]
pub struct Played {
    /// The steps, the last of them [`Step::Finished`] or [`Step::Failed`], and what each command was for.
    pub steps: Vec<(Step, Option<Move>)>,
    /// The plan, the last one where it was replaced.
    pub plan: WritePlan,
}

impl Played {
    /// Plays a job; `answer` is asked before all goes well.
    ///
    /// # Panics
    /// The writer refuses the job, or breaks a rule of [`walk`].
    pub fn new<W: MediaWriter>(
        job: &TestJob,
        mut answer: impl FnMut(Option<Move>, &Step) -> Option<Event>,
    ) -> Self {
        let later = job.later.clone().build();
        let (mut writer, first) = match W::begin(&job.medium.clone().build(), &job.request) {
            Ok(begun) => begun,
            Err(refusal) => panic!("{:?} is refused: {refusal}", job.request),
        };
        let mut plan = first.clone();
        let mut done = Vec::new();
        let steps = walk(&mut writer, &first, |step| {
            let command = match step {
                Step::Prepare(index) => plan.prepare.get(*index as usize),
                Step::Close(index) => plan.closing.get(*index as usize),
                Step::Between { extent, command } => plan
                    .extents
                    .get(*extent as usize)
                    .and_then(|extent| extent.before.get(*command as usize)),
                _ => None,
            };
            let purpose = command.map(|command| command.purpose);
            if let Step::Replan(other) = step {
                plan = other.as_ref().clone();
            }
            done.push((step.clone(), purpose));
            answer(purpose, step).unwrap_or_else(|| all_goes_well(step, &later))
        });
        done.extend(steps.last().map(|last| (last.clone(), None)));
        Self { steps: done, plan }
    }

    /// Plays it with another event at the n-th step, from 0; `None` where it has none.
    ///
    /// # Panics
    /// As [`Played::new`].
    pub fn with<W: MediaWriter>(
        job: &TestJob,
        n: usize,
        mut event: impl FnMut(&Step) -> Event,
    ) -> Option<Self> {
        let mut number = 0;
        let played = Self::new::<W>(job, |_, step| {
            number += 1;
            (number - 1 == n).then(|| event(step))
        });
        (number > n).then_some(played)
    }

    /// The last step.
    pub fn last(&self) -> Option<&Step> {
        self.steps.last().map(|(step, _)| step)
    }

    /// What the commands were for.
    pub fn sent(&self) -> Vec<Move> {
        self.steps.iter().filter_map(|(_, sent)| *sent).collect()
    }

    /// What the closing commands were for.
    pub fn closed(&self) -> Vec<Move> {
        let closing = |(step, _): &&(Step, _)| matches!(step, Step::Close(_));
        let steps = self.steps.iter().filter(closing);
        steps.filter_map(|(_, sent)| *sent).collect()
    }

    /// All but the end, in words.
    pub fn words(&self) -> Vec<String> {
        let mut words: Vec<String> = self.steps.iter().map(|step| self.word(step)).collect();
        words.pop();
        words
    }

    fn word(&self, step: &(Step, Option<Move>)) -> String {
        match step {
            (_, Some(purpose)) => purpose.to_string(),
            (Step::Write(index), _) => match self.plan.extents.get(*index as usize) {
                Some(extent) => format!("write from {}", extent.first_lba),
                None => format!("write extent {index}"),
            },
            (Step::Ask { cdb, .. }, _) => match Command::parse(cdb.as_slice()) {
                Ok(command) => command.name().to_owned(),
                Err(error) => error.to_string(),
            },
            (Step::Replan(_), _) => "replan".to_owned(),
            (other, _) => format!("{other:?}"),
        }
    }
}

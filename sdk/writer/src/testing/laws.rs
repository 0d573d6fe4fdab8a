//! What holds for every writer of media that are written track after track: one test each, for a table
//! of jobs.
//!
//! Owns the laws; the jobs and the media are the writer's tests'.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says so by panicking"
)]

use super::{FactsBuilder, all_goes_well, event_of, walk};
use crate::{Answer, Event, MediaFacts, MediaWriter, Move, Request, Step};

/// A medium, and what is wanted of it.
pub type TestJob = (FactsBuilder, Request);

/// Steps of a job that are cancelled or refused one after another: more than any of them has.
const STEPS: usize = 16;

/// On a good day every job ends well.
///
/// # Panics
/// When the writer breaks this law.
pub fn every_job_ends_well_on_a_good_day<W: MediaWriter>(jobs: Vec<TestJob>) {
    for (medium, request) in jobs {
        let facts = medium.build();
        let (mut writer, plan) = W::begin(&facts, &request).unwrap();
        let steps = walk(&mut writer, &plan, |step| all_goes_well(step, &facts));
        assert_eq!(steps.last(), Some(&Step::Finished), "{request:?}");
    }
}

/// A cancel at any step ends the job, and closes track and session if blocks were taken.
///
/// # Panics
/// When the writer breaks this law.
pub fn a_cancel_at_any_step_ends_and_closes_what_was_begun<W: MediaWriter>(jobs: Vec<TestJob>) {
    for (medium, request) in jobs {
        let facts = medium.build();
        for at in 0..STEPS {
            let (mut writer, plan) = W::begin(&facts, &request).unwrap();
            let mut number = 0;
            let mut cancelled_in_write = false;
            let steps = walk(&mut writer, &plan, |step| {
                number += 1;
                if number - 1 != at {
                    return all_goes_well(step, &facts);
                }
                cancelled_in_write = matches!(step, Step::Write(_));
                Event::Cancelled {
                    written_blocks: if cancelled_in_write { 32 } else { 0 },
                }
            });
            let ended = steps.last();
            assert_eq!(
                ended,
                Some(&Step::Finished),
                "{request:?} cancelled at {at}"
            );
            if cancelled_in_write {
                let closed: Vec<Move> = steps
                    .iter()
                    .filter_map(|step| match step {
                        Step::Close(index) => plan.closing.get(*index as usize),
                        _ => None,
                    })
                    .map(|command| command.purpose)
                    // What the close leaves behind may be said anew.
                    .filter(|purpose| *purpose != Move::SetWriteParameters)
                    .collect();
                let sync = Move::SynchronizeCache;
                assert_eq!(closed, [sync, sync, Move::CloseTrack, Move::CloseSession]);
            }
        }
    }
}

/// Any sense at any step ends the job, well or not.
///
/// # Panics
/// When the writer breaks this law.
pub fn any_sense_at_any_step_ends_the_job<W: MediaWriter>(jobs: Vec<TestJob>) {
    for (medium, request) in jobs {
        let facts = medium.build();
        for (at, sense) in (0..STEPS).flat_map(|at| (0..8).map(move |sense| (at, sense))) {
            let (mut writer, plan) = W::begin(&facts, &request).unwrap();
            let mut number = 0;
            walk(&mut writer, &plan, |step| {
                number += 1;
                match number - 1 == at {
                    true => event_of(sense, step, &facts),
                    false => all_goes_well(step, &facts),
                }
            });
        }
    }
}

/// Whatever a drive answers behind the first `head` bytes of its replies, the writer judges it.
///
/// # Panics
/// When the writer breaks this law.
pub fn any_answers_are_judged<W: MediaWriter>(
    medium: FactsBuilder,
    head: usize,
    answers: Vec<Vec<u8>>,
    requests: &[Request],
) {
    let mut told: Vec<Answer> = medium.build().answers;
    for (answer, data) in told.iter_mut().skip(2).zip(answers) {
        // The head stays, so that much of it parses.
        answer.data.truncate(head);
        answer.data.extend(data);
    }
    let facts = MediaFacts::from_answers(told);
    for request in requests {
        let _ = W::assess(&facts, request);
        let _ = W::begin(&facts, request);
    }
}

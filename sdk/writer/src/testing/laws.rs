//! What holds for every writer, for a table of jobs: [`laws_of`](crate::laws_of) makes the tests.
//!
//! Owns the laws; the jobs and the media are the writer's tests'.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says so by panicking"
)]

use super::{Played, TestJob, event_of, play};
use crate::{Answer, Event, MediaFacts, MediaWriter, Move, Occasion, Request, Step};

/// Answers that are left as they are when others are made up: who the drive is, and what it can do.
const KNOWN_ANSWERS: usize = 2;

/// The tests of a writer's histories, for a function that gives its jobs as a `Vec<TestJob>`. The crate
/// that calls it has `proptest` among its dependencies.
#[macro_export]
macro_rules! laws_of {
    ($writer:ty, $jobs:path) => {
        mod laws {
            use super::*;
            use $crate::testing::{HISTORY_EVENTS, laws};

            #[test]
            fn every_job_ends_well_on_a_good_day() {
                laws::every_job_ends_well_on_a_good_day::<$writer>(&$jobs());
            }

            #[test]
            fn a_cancel_at_any_step_ends_and_closes_what_was_begun() {
                laws::a_cancel_at_any_step_ends_and_closes_what_was_begun::<$writer>(&$jobs());
            }

            #[test]
            fn any_sense_at_any_step_ends_the_job() {
                laws::any_sense_at_any_step_ends_the_job::<$writer>(&$jobs());
            }

            ::proptest::proptest! {
                #[test]
                fn no_history_panics_or_loops(
                    job: ::proptest::sample::Index,
                    history in ::proptest::collection::vec(0..HISTORY_EVENTS, 0..40),
                ) {
                    laws::no_history_panics_or_loops::<$writer>(job.get(&$jobs()), &history);
                }

                #[test]
                fn any_answers_are_judged_without_panic(
                    job: ::proptest::sample::Index,
                    head in 0..5usize,
                    answers in ::proptest::collection::vec(
                        ::proptest::collection::vec(::proptest::prelude::any::<u8>(), 0..60),
                        6,
                    ),
                    blocks: u64,
                    written_blocks: u64,
                    flag: bool,
                ) {
                    let requests = $crate::testing::asked::every_kind(blocks, written_blocks, flag);
                    laws::any_answers_are_judged::<$writer>(
                        job.get(&$jobs()),
                        head,
                        answers,
                        &requests,
                    );
                }
            }
        }
    };
}

/// On a good day every job ends well, and all that is planned for it is sent.
///
/// # Panics
/// When the writer breaks this law.
pub fn every_job_ends_well_on_a_good_day<W: MediaWriter>(jobs: &[TestJob]) {
    for job in jobs {
        let request = &job.request;
        let played = Played::new::<W>(job, |_, _| None);
        assert_eq!(played.last(), Some(&Step::Finished), "{request:?}");
        let writes = !played.plan.extents.is_empty();
        let of_good_days = played.plan.closing.iter().filter(|c| match c.occasion {
            Occasion::AfterCancel | Occasion::IfRefused => false,
            Occasion::AfterWriting => writes,
            _ => true,
        });
        let planned: Vec<Move> = of_good_days.map(|command| command.purpose).collect();
        assert_eq!(played.closed(), planned, "{request:?}");
    }
}

/// A cancel at any step ends the job. If blocks were taken, all that the plan closes is closed, but no
/// disc is finalized; if a format was sent, it is stopped, or its session ended.
///
/// # Panics
/// When the writer breaks this law.
pub fn a_cancel_at_any_step_ends_and_closes_what_was_begun<W: MediaWriter>(jobs: &[TestJob]) {
    for job in jobs {
        for at in 0.. {
            let mut in_write = false;
            let mut in_prepare = false;
            let played = Played::with::<W>(job, at, |step| {
                in_write = matches!(step, Step::Write(_));
                in_prepare = matches!(step, Step::Prepare(_) | Step::Identify | Step::Ask { .. });
                let written_blocks = if in_write { 32 } else { 0 };
                Event::Cancelled { written_blocks }
            });
            let Some(played) = played else { break };
            let case = format!("{:?} cancelled at {at}", job.request);
            assert_eq!(played.last(), Some(&Step::Finished), "{case}");
            let closed = played.closed();
            if in_write {
                assert_eq!(without_pages(&closed), closes_early(&played), "{case}");
            }
            if in_prepare {
                // What an earlier job left open may be closed, whatever became of this one.
                let goes_on = matches!(job.request, Request::Resume(_));
                assert!(!closed.contains(&Move::FinalizeDisc), "{case}");
                assert!(goes_on || !closed.contains(&Move::CloseTrack), "{case}");
            }
            if (in_write || in_prepare) && played.sent().contains(&Move::Format) {
                for end in [Move::StopFormat, Move::CloseSession] {
                    let planned = played.plan.closing.iter().any(|c| c.purpose == end);
                    assert!(!planned || closed.contains(&end), "{case}: {end}");
                }
            }
        }
    }
}

/// What a plan closes, where nobody asked for a final disc any more.
fn closes_early(played: &Played) -> Vec<Move> {
    let closing: Vec<Move> = played.plan.closing.iter().map(|c| c.purpose).collect();
    let mut closing = without_pages(&closing);
    closing.retain(|purpose| *purpose != Move::FinalizeDisc);
    closing
}

/// What the close leaves behind may be said anew by a page.
fn without_pages(moves: &[Move]) -> Vec<Move> {
    let mut moves = moves.to_vec();
    moves.retain(|purpose| *purpose != Move::SetWriteParameters);
    moves
}

/// Any sense at any step ends the job, well or not.
///
/// # Panics
/// When the writer breaks this law.
pub fn any_sense_at_any_step_ends_the_job<W: MediaWriter>(jobs: &[TestJob]) {
    for job in jobs {
        let facts = job.later.clone().build();
        for sense in 0..8 {
            let mut at = 0;
            while Played::with::<W>(job, at, |step| event_of(sense, step, &facts)).is_some() {
                at += 1;
            }
            assert!(at > 0, "{:?} has no step", job.request);
        }
    }
}

/// No history of events makes the writer panic, or go on for ever.
///
/// # Panics
/// When the writer breaks this law.
pub fn no_history_panics_or_loops<W: MediaWriter>(job: &TestJob, history: &[u8]) {
    let (writer, plan) = W::begin(&job.medium.clone().build(), &job.request).unwrap();
    play(writer, &plan, &job.later.clone().build(), history);
}

/// Whatever a drive answers behind the first `head` bytes of its replies, the writer judges every
/// request.
///
/// # Panics
/// When the writer breaks this law.
pub fn any_answers_are_judged<W: MediaWriter>(
    job: &TestJob,
    head: usize,
    answers: Vec<Vec<u8>>,
    requests: &[Request],
) {
    let mut told: Vec<Answer> = job.medium.clone().build().answers;
    for (answer, data) in told.iter_mut().skip(KNOWN_ANSWERS).zip(answers) {
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

//! The BD-R writer on good days, cancelled days and arbitrary ones.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says so by panicking"
)]

use pitland_bd_r::BdR;
use pitland_writer::testing::{FactsBuilder, HISTORY_EVENTS, laws, media, play};
use pitland_writer::{
    BurnRequest, CloseRequest, Finish, FormatRequest, MediaWriter, Placement, Request,
    ResumeRequest,
};
use proptest::prelude::*;

fn resume(blocks: u64, written_blocks: u64) -> Request {
    Request::Resume(ResumeRequest::new(BurnRequest::new(blocks), written_blocks))
}

/// Every kind of job that the writer takes.
fn jobs() -> Vec<(FactsBuilder, Request)> {
    let burn = |finish, placement| {
        let mut burn = BurnRequest::new(100);
        burn.finish = finish;
        burn.placement = placement;
        Request::Burn(burn)
    };
    vec![
        (
            media::bd_r_blank(),
            burn(Finish::CloseSession, Placement::BlankOnly),
        ),
        (
            media::bd_r_formatted(),
            burn(Finish::FinalizeDisc, Placement::BlankOnly),
        ),
        (
            media::bd_r_appendable(1),
            burn(Finish::FinalizeDisc, Placement::NewSession),
        ),
        (
            media::bd_r_blank(),
            Request::Format(FormatRequest::default()),
        ),
        (media::bd_r_open(), Request::Close(CloseRequest::new(false))),
        (
            media::bd_r_appendable(1),
            Request::Close(CloseRequest::new(true)),
        ),
        (media::bd_r_open(), resume(3_300, 3_200)),
        (media::bd_r_open(), resume(3_200, 3_200)),
    ]
}

#[test]
fn every_job_ends_well_on_a_good_day() {
    laws::every_job_ends_well_on_a_good_day::<BdR>(jobs());
}

#[test]
fn a_cancel_at_any_step_ends_and_closes_what_was_begun() {
    laws::a_cancel_at_any_step_ends_and_closes_what_was_begun::<BdR>(jobs());
}

#[test]
fn any_sense_at_any_step_ends_the_job() {
    laws::any_sense_at_any_step_ends_the_job::<BdR>(jobs());
}

proptest! {
    #[test]
    fn no_history_panics_or_loops(
        job in 0..8usize,
        history in prop::collection::vec(0..HISTORY_EVENTS, 0..40),
    ) {
        let (medium, request) = jobs().swap_remove(job);
        let facts = medium.build();
        let (writer, plan) = BdR::begin(&facts, &request).unwrap();
        play(writer, &plan, &facts, &history);
    }

    #[test]
    fn any_answers_are_judged_without_panic(
        answers in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 5),
        blocks: u64,
        written: u64,
        finalize: bool,
    ) {
        let mut burn = BurnRequest::new(blocks);
        burn.finish = if finalize { Finish::FinalizeDisc } else { Finish::CloseSession };
        let requests = [
            Request::Burn(burn),
            Request::Format(FormatRequest::new(None, Some(blocks))),
            Request::Close(CloseRequest::new(finalize)),
            resume(blocks, blocks),
            resume(blocks, written),
        ];
        laws::any_answers_are_judged::<BdR>(media::bd_r_blank(), 2, answers, &requests);
    }
}

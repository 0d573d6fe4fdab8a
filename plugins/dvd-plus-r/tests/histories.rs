//! The DVD+R writer on good days, cancelled days and arbitrary ones.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says so by panicking"
)]

use pitland_dvd_plus_r::DvdPlusR;
use pitland_writer::mmc::Profile;
use pitland_writer::testing::{FactsBuilder, HISTORY_EVENTS, laws, media, play};
use pitland_writer::{
    BurnRequest, CloseRequest, Finish, MediaWriter, Placement, Request, ResumeRequest,
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
    let appendable = || media::dvd_plus_r_appendable(Profile::DvdPlusR, 1);
    let mut two_layers = BurnRequest::new(3_000_000);
    two_layers.finish = Finish::FinalizeDisc;
    vec![
        (
            media::dvd_plus_r_blank(),
            burn(Finish::CloseSession, Placement::BlankOnly),
        ),
        (media::dvd_plus_r_dl_blank(), Request::Burn(two_layers)),
        (
            appendable(),
            burn(Finish::FinalizeDisc, Placement::NewSession),
        ),
        (
            media::dvd_plus_r_dl_blank(),
            burn(Finish::CloseSession, Placement::NewSession),
        ),
        (
            media::dvd_plus_r_open(),
            Request::Close(CloseRequest::new(false)),
        ),
        (appendable(), Request::Close(CloseRequest::new(true))),
        (media::dvd_plus_r_open(), resume(1_700, 1_600)),
        (media::dvd_plus_r_open(), resume(1_600, 1_600)),
    ]
}

#[test]
fn every_job_ends_well_on_a_good_day() {
    laws::every_job_ends_well_on_a_good_day::<DvdPlusR>(jobs());
}

#[test]
fn a_cancel_at_any_step_ends_and_closes_what_was_begun() {
    laws::a_cancel_at_any_step_ends_and_closes_what_was_begun::<DvdPlusR>(jobs());
}

#[test]
fn any_sense_at_any_step_ends_the_job() {
    laws::any_sense_at_any_step_ends_the_job::<DvdPlusR>(jobs());
}

proptest! {
    #[test]
    fn no_history_panics_or_loops(
        job in 0..8usize,
        history in prop::collection::vec(0..HISTORY_EVENTS, 0..40),
    ) {
        let (medium, request) = jobs().swap_remove(job);
        let facts = medium.build();
        let (writer, plan) = DvdPlusR::begin(&facts, &request).unwrap();
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
            Request::Close(CloseRequest::new(finalize)),
            resume(blocks, blocks),
            resume(blocks, written),
        ];
        laws::any_answers_are_judged::<DvdPlusR>(media::dvd_plus_r_dl_blank(), 2, answers, &requests);
    }
}

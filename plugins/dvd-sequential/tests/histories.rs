//! The writer of DVD-R and DVD-RW on good days, cancelled days and arbitrary ones.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says so by panicking"
)]

use pitland_dvd_sequential::DvdSequential;
use pitland_writer::mmc::Profile;
use pitland_writer::testing::{FactsBuilder, HISTORY_EVENTS, dvd_minus, laws, play};
use pitland_writer::{
    BurnRequest, CloseRequest, EraseRequest, Finish, MediaWriter, Placement, Recording, Request,
    ResumeRequest,
};
use proptest::prelude::*;

const R: Profile = Profile::DvdMinusRSequential;
const RW: Profile = Profile::DvdMinusRwSequential;

fn resume(blocks: u64, written_blocks: u64) -> Request {
    Request::Resume(ResumeRequest::new(BurnRequest::new(blocks), written_blocks))
}

/// Every kind of job that the writer takes and that closes what it writes.
fn jobs() -> Vec<(FactsBuilder, Request)> {
    let burn = |finish, placement| {
        let mut burn = BurnRequest::new(100);
        burn.finish = finish;
        burn.placement = placement;
        Request::Burn(burn)
    };
    vec![
        (
            dvd_minus::dvd_r_blank(),
            burn(Finish::CloseSession, Placement::BlankOnly),
        ),
        (
            dvd_minus::dvd_minus_appendable(R, 1),
            burn(Finish::CloseSession, Placement::NewSession),
        ),
        (
            dvd_minus::dvd_minus_appendable(RW, 2),
            burn(Finish::FinalizeDisc, Placement::NewSession),
        ),
        (
            dvd_minus::dvd_minus_open(RW),
            Request::Close(CloseRequest::new(true)),
        ),
        (
            dvd_minus::dvd_minus_complete(RW),
            Request::Erase(EraseRequest::new(false)),
        ),
        (dvd_minus::dvd_minus_open(R), resume(1_650, 1_600)),
        (dvd_minus::dvd_minus_open(R), resume(1_600, 1_600)),
    ]
}

/// And those that close nothing: at once, and in test write.
fn all_jobs() -> Vec<(FactsBuilder, Request)> {
    let burn = |change: fn(&mut BurnRequest)| {
        let mut burn = BurnRequest::new(100);
        change(&mut burn);
        (dvd_minus::dvd_rw_blank(), Request::Burn(burn))
    };
    let more = [
        burn(|burn| burn.recording = Recording::AtOnce),
        burn(|burn| burn.test_write = true),
    ];
    jobs().into_iter().chain(more).collect()
}

#[test]
fn every_job_ends_well_on_a_good_day() {
    laws::every_job_ends_well_on_a_good_day::<DvdSequential>(all_jobs());
}

#[test]
fn a_cancel_at_any_step_ends_and_closes_what_was_begun() {
    laws::a_cancel_at_any_step_ends_and_closes_what_was_begun::<DvdSequential>(jobs());
}

#[test]
fn any_sense_at_any_step_ends_the_job() {
    laws::any_sense_at_any_step_ends_the_job::<DvdSequential>(all_jobs());
}

proptest! {
    #[test]
    fn no_history_panics_or_loops(
        job in 0..9usize,
        history in prop::collection::vec(0..HISTORY_EVENTS, 0..40),
    ) {
        let (medium, request) = all_jobs().swap_remove(job);
        let facts = medium.build();
        let (writer, plan) = DvdSequential::begin(&facts, &request).unwrap();
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
            Request::Erase(EraseRequest::new(finalize)),
            Request::Close(CloseRequest::new(finalize)),
            resume(blocks, blocks),
            resume(blocks, written),
        ];
        laws::any_answers_are_judged::<DvdSequential>(
            dvd_minus::dvd_r_dl_blank(), 2, answers, &requests,
        );
    }
}

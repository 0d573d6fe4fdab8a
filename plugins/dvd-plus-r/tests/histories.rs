//! The DVD+R writer on good days, cancelled days and arbitrary ones.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says so by panicking"
)]

use pitland_dvd_plus_r::DvdPlusR;
use pitland_writer::mmc::Profile;
use pitland_writer::testing::{
    FactsBuilder, HISTORY_EVENTS, all_goes_well, event_of, media, play, walk,
};
use pitland_writer::{
    BurnRequest, CloseRequest, Event, Finish, MediaWriter, Move, Placement, Request, Step,
};
use proptest::prelude::*;

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
    ]
}

#[test]
fn every_job_ends_well_on_a_good_day() {
    for (medium, request) in jobs() {
        let facts = medium.build();
        let (mut writer, plan) = DvdPlusR::begin(&facts, &request).unwrap();
        let steps = walk(&mut writer, &plan, |step| all_goes_well(step, &facts));
        assert_eq!(steps.last(), Some(&Step::Finished), "{request:?}");
    }
}

#[test]
fn a_cancel_at_any_step_ends_and_closes_what_was_begun() {
    for (medium, request) in jobs() {
        let facts = medium.build();
        let length = 16;
        for at in 0..length {
            let (mut writer, plan) = DvdPlusR::begin(&facts, &request).unwrap();
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
            assert_eq!(
                steps.last(),
                Some(&Step::Finished),
                "{request:?} cancelled at {at}"
            );
            if cancelled_in_write {
                let closed: Vec<Move> = steps
                    .iter()
                    .filter_map(|step| match step {
                        Step::Close(index) => Some(plan.closing[*index as usize].purpose),
                        _ => None,
                    })
                    .collect();
                let sync = Move::SynchronizeCache;
                assert_eq!(closed, [sync, sync, Move::CloseTrack, Move::CloseSession]);
            }
        }
    }
}

#[test]
fn any_sense_at_any_step_ends_the_job() {
    for (medium, request) in jobs() {
        let facts = medium.build();
        for at in 0..16 {
            for sense in 0..8 {
                let (mut writer, plan) = DvdPlusR::begin(&facts, &request).unwrap();
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
}

proptest! {
    #[test]
    fn no_history_panics_or_loops(
        job in 0..6usize,
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
        finalize: bool,
    ) {
        let mut medium = media::dvd_plus_r_dl_blank().build().answers;
        for (answer, data) in medium.iter_mut().skip(2).zip(answers) {
            let length = answer.data.len();
            // The head stays, so that much of it parses.
            answer.data.truncate(length.min(2));
            answer.data.extend(data);
        }
        let facts = pitland_writer::MediaFacts::from_answers(medium);
        let mut burn = BurnRequest::new(blocks);
        burn.finish = if finalize { Finish::FinalizeDisc } else { Finish::CloseSession };
        for request in [
            Request::Burn(burn),
            Request::Close(CloseRequest::new(finalize)),
        ] {
            let _ = DvdPlusR::assess(&facts, &request);
            let _ = DvdPlusR::begin(&facts, &request);
        }
    }
}

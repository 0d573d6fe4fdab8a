//! The writer of overwritable media on good days, cancelled days and arbitrary ones.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says so by panicking"
)]

use pitland_overwritable::Overwritable;
use pitland_writer::testing::{
    FactsBuilder, HISTORY_EVENTS, all_goes_well, dvd_minus, event_of, media, play, walk,
};
use pitland_writer::{
    BurnRequest, CloseRequest, EraseRequest, Event, Failure, Finish, FormatRequest, MediaFacts,
    MediaWriter, Move, Placement, Request, ResumeRequest, Step, WritePlan,
};
use proptest::prelude::*;

fn resume(blocks: u64, written_blocks: u64) -> Request {
    Request::Resume(ResumeRequest::new(BurnRequest::new(blocks), written_blocks))
}

/// Every kind of job: the medium before, and the medium as a fresh look finds it in between.
fn jobs() -> Vec<(FactsBuilder, FactsBuilder, Request)> {
    let burn = |finish| {
        let mut burn = BurnRequest::new(2_000);
        burn.placement = Placement::Overwrite;
        burn.finish = finish;
        Request::Burn(burn)
    };
    let erase = |full| Request::Erase(EraseRequest::new(full));
    let same = |medium: FactsBuilder, request| (medium.clone(), medium, request);
    let plus_rw = media::dvd_plus_rw_unformatted;
    let formatting = media::dvd_plus_rw_formatting;
    vec![
        (plus_rw(), formatting(), burn(Finish::FinalizeDisc)),
        (
            media::dvd_plus_rw_suspended(1_600),
            formatting(),
            burn(Finish::CloseSession),
        ),
        (
            media::bd_re_unformatted(),
            media::bd_re_formatted(),
            burn(Finish::CloseSession),
        ),
        (plus_rw(), formatting(), erase(false)),
        same(media::bd_re_formatted(), erase(true)),
        same(media::dvd_ram(), burn(Finish::FinalizeDisc)),
        same(formatting(), burn(Finish::CloseSession)),
        same(formatting(), Request::Close(CloseRequest::new(true))),
        same(
            media::bd_re_unformatted(),
            Request::Format(FormatRequest::default()),
        ),
        same(media::dvd_ram().first_blocks(7), resume(2_000, 1_008)),
        same(formatting().first_blocks(7), resume(2_000, 2_000)),
        (
            dvd_minus::dvd_rw_formatted(1_600),
            dvd_minus::dvd_rw_intermediate(1_600),
            burn(Finish::CloseSession),
        ),
        same(
            dvd_minus::dvd_rw_intermediate(0),
            burn(Finish::CloseSession),
        ),
        (
            dvd_minus::dvd_rw_blank(),
            dvd_minus::dvd_rw_intermediate(0),
            Request::Format(FormatRequest::default()),
        ),
        same(dvd_minus::dvd_rw_intermediate(1_008), resume(2_000, 1_008)),
    ]
}

fn begun(medium: FactsBuilder, request: &Request) -> (Overwritable, WritePlan) {
    Overwritable::begin(&medium.build(), request).unwrap()
}

fn closed(steps: &[Step], plan: &WritePlan) -> Vec<Move> {
    let purpose = |step: &Step| match step {
        Step::Close(index) => Some(plan.closing[*index as usize].purpose),
        _ => None,
    };
    steps.iter().filter_map(purpose).collect()
}

#[test]
fn every_job_ends_well_on_a_good_day() {
    for (medium, later, request) in jobs() {
        let later: MediaFacts = later.build();
        let (mut writer, plan) = begun(medium, &request);
        let steps = walk(&mut writer, &plan, |step| all_goes_well(step, &later));
        assert_eq!(steps.last(), Some(&Step::Finished), "{request:?}");
        assert_eq!(
            closed(&steps, &plan).len(),
            plan.closing.len(),
            "{request:?}"
        );
        let formats = plan.prepare.iter().any(|c| c.purpose == Move::Format);
        let looks = steps.contains(&Step::Identify);
        assert_eq!(looks, formats && !plan.extents.is_empty(), "{request:?}");
    }
}

#[test]
fn a_cancel_at_any_step_ends_and_stops_a_format_that_was_begun() {
    for (medium, later, request) in jobs() {
        let later = later.build();
        for at in 0..16 {
            let (mut writer, plan) = begun(medium.clone(), &request);
            let mut number = 0;
            let steps = walk(&mut writer, &plan, |step| {
                number += 1;
                let written_blocks = if matches!(step, Step::Write(_)) {
                    16
                } else {
                    0
                };
                match number - 1 == at {
                    true => Event::Cancelled { written_blocks },
                    false => all_goes_well(step, &later),
                }
            });
            assert_eq!(
                steps.last(),
                Some(&Step::Finished),
                "{request:?} cancelled at {at}"
            );
            let formats = plan.prepare.iter().any(|c| c.purpose == Move::Format);
            let stops = plan.closing.iter().any(|c| c.purpose == Move::StopFormat);
            // An intermediate session never stays one.
            let ends = plan.closing.iter().any(|c| c.purpose == Move::CloseSession);
            let sent = steps.iter().any(|step| {
                matches!(step, Step::Prepare(at)
                if plan.prepare[*at as usize].purpose == Move::Format)
            });
            if sent && ends {
                let ended = closed(&steps, &plan).contains(&Move::CloseSession);
                assert!(ended, "{request:?} cancelled at {at}: {steps:?}");
            }
            if formats && stops {
                let stopped = closed(&steps, &plan).contains(&Move::StopFormat);
                assert!(stopped, "{request:?} cancelled at {at}: {steps:?}");
            }
        }
    }
}

#[test]
fn a_format_that_left_the_medium_as_it_was_ends_the_job() {
    for medium in [media::dvd_plus_rw_unformatted(), media::bd_re_unformatted()] {
        let facts = medium.clone().build();
        let (mut writer, plan) = begun(medium, &Request::Burn(BurnRequest::new(64)));
        let steps = walk(&mut writer, &plan, |step| all_goes_well(step, &facts));
        assert_eq!(steps.last(), Some(&Step::Failed(Failure::MediumState)));
        assert!(!steps.iter().any(|step| matches!(step, Step::Write(_))));
    }
}

#[test]
fn any_sense_at_any_step_ends_the_job() {
    for (medium, later, request) in jobs() {
        let later = later.build();
        for (at, sense) in (0..16).flat_map(|at| (0..8).map(move |sense| (at, sense))) {
            let (mut writer, plan) = begun(medium.clone(), &request);
            let mut number = 0;
            walk(&mut writer, &plan, |step| {
                number += 1;
                match number - 1 == at {
                    true => event_of(sense, step, &later),
                    false => all_goes_well(step, &later),
                }
            });
        }
    }
}

proptest! {
    #[test]
    fn no_history_panics_or_loops(
        job in 0..15usize,
        history in prop::collection::vec(0..HISTORY_EVENTS, 0..40),
    ) {
        let (medium, later, request) = jobs().swap_remove(job);
        let (writer, plan) = begun(medium, &request);
        play(writer, &plan, &later.build(), &history);
    }

    #[test]
    fn any_answers_are_judged_without_panic(
        number in 0..15usize,
        answers in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 6),
        blocks: u64,
        written: u64,
        flag: bool,
    ) {
        let mut medium = jobs().swap_remove(number).0.build().answers;
        for (answer, data) in medium.iter_mut().skip(2).zip(answers) {
            // The head stays, so that much of it parses.
            answer.data.truncate(4);
            answer.data.extend(data);
        }
        let facts = MediaFacts::from_answers(medium);
        let mut burn = BurnRequest::new(blocks);
        burn.placement = Placement::Overwrite;
        let mut erase = EraseRequest::new(flag);
        erase.volume_blocks = blocks;
        for request in [
            Request::Burn(burn),
            Request::Erase(erase),
            Request::Format(FormatRequest::new(None, Some(blocks))),
            Request::Format(FormatRequest::new(Some(0x30), flag.then_some(blocks))),
            Request::Close(CloseRequest::new(flag)),
            resume(blocks, written),
            resume(written, written),
        ] {
            let _ = Overwritable::assess(&facts, &request);
            let _ = Overwritable::begin(&facts, &request);
        }
    }
}

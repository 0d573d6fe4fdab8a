//! The SAO writer on good days, cancelled days, with drives of other tastes, and on arbitrary days.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says so by panicking"
)]

use pitland_cd_sao::CdSao;
use pitland_writer::mmc::cdb::Command;
use pitland_writer::mmc::sense::Sense;
use pitland_writer::mmc::{Lba, Profile};
use pitland_writer::testing::{FactsBuilder, HISTORY_EVENTS, all_goes_well, cd, laws, play, walk};
use pitland_writer::{
    BurnRequest, CloseRequest, Event, Failure, Finish, MediaWriter, Move, Request, Step, WritePlan,
};
use proptest::prelude::*;

fn jobs() -> Vec<(FactsBuilder, Request)> {
    let burn = |finish, test_write, blocks| {
        let mut burn = BurnRequest::new(blocks);
        burn.finish = finish;
        burn.test_write = test_write;
        Request::Burn(burn)
    };
    vec![
        (
            cd::blank(Profile::CdR),
            burn(Finish::CloseSession, false, 1_000),
        ),
        (
            cd::blank(Profile::CdRw),
            burn(Finish::FinalizeDisc, false, 20),
        ),
        (
            cd::blank(Profile::CdR),
            burn(Finish::CloseSession, true, 1_000),
        ),
        (
            cd::damaged(Profile::CdR),
            Request::Close(CloseRequest::new(true)),
        ),
    ]
}

/// What was done, in words, and the last plan.
struct Played {
    steps: Vec<String>,
    plan: WritePlan,
    last: Option<Step>,
}

/// Plays a job; `answer` is asked before all goes well.
fn played(mut answer: impl FnMut(Option<Move>, &Step) -> Option<Event>) -> Played {
    let facts = cd::blank(Profile::CdR).build();
    let request = Request::Burn(BurnRequest::new(1_000));
    let (mut writer, first) = CdSao::begin(&facts, &request).unwrap();
    let mut plan = first.clone();
    let mut words = Vec::new();
    let steps = walk(&mut writer, &first, |step| {
        let command = match step {
            Step::Prepare(index) => plan.prepare.get(*index as usize),
            Step::Close(index) => plan.closing.get(*index as usize),
            _ => None,
        };
        let purpose = command.map(|command| command.purpose);
        words.push(match (step, purpose) {
            (_, Some(purpose)) => purpose.to_string(),
            (Step::Write(index), _) => {
                format!("write from {}", plan.extents[*index as usize].first_lba)
            }
            (Step::Ask { cdb, .. }, _) => Command::parse(cdb.as_slice()).unwrap().name().to_owned(),
            (Step::Replan(_), _) => "replan".to_owned(),
            other => format!("{other:?}"),
        });
        if let Step::Replan(other) = step {
            plan = other.as_ref().clone();
        }
        answer(purpose, step).unwrap_or_else(|| all_goes_well(step, &facts))
    });
    Played {
        steps: words,
        plan,
        last: steps.last().cloned(),
    }
}

const ALL: [&str; 9] = [
    "set write parameters",
    "set speed",
    "calibrate power",
    "READ TRACK INFORMATION",
    "send cue sheet",
    "write from -150",
    "write from 0",
    "synchronize cache",
    "synchronize cache",
];

#[test]
fn the_drive_closes_the_session_by_itself() {
    let burned = played(|_, _| None);
    assert_eq!(burned.steps, ALL);
    assert_eq!(burned.last, Some(Step::Finished));
}

#[test]
fn what_a_drive_says_of_its_track_before_the_sheet_is_of_no_matter() {
    for strange in [
        Event::Refused {
            sense: Sense::new(5, 0x24, 0),
        },
        Event::Answer(Vec::new()),
    ] {
        let burned = played(|_, step| matches!(step, Step::Ask { .. }).then(|| strange.clone()));
        assert_eq!(burned.steps, ALL);
        assert_eq!(burned.last, Some(Step::Finished));
    }
}

#[test]
fn a_drive_that_wants_the_page_to_agree_with_the_sheet_is_served() {
    // The page itself, or only the sheet, is what it does not take (recipe 5).
    for (refused, asc) in [
        (Move::SetWriteParameters, 0x26),
        (Move::SendCueSheet, 0x26),
        (Move::SendCueSheet, 0x24),
    ] {
        let mut times = 0;
        let burned = played(|purpose, _| {
            let now = purpose == Some(refused) && times == 0;
            times += u32::from(now);
            now.then_some(Event::Refused {
                sense: Sense::new(5, asc, 0),
            })
        });
        assert_eq!(burned.last, Some(Step::Finished));
        let again = burned.steps.iter().position(|step| step == "replan");
        assert_eq!(burned.steps[again.unwrap() + 1..], ALL);
        let page = burned.plan.prepare[0].to_string();
        assert!(page.contains("track mode 4, mode 1 2048"), "{page}");
    }
}

#[test]
fn a_drive_that_takes_neither_page_is_not_asked_a_third_time() {
    let sense = Sense::new(5, 0x26, 0);
    let burned = played(|purpose, _| {
        (purpose == Some(Move::SendCueSheet)).then_some(Event::Refused { sense })
    });
    assert_eq!(burned.last, Some(Step::Failed(Failure::Drive(sense))));
    let sheets = burned.steps.iter().filter(|s| *s == "send cue sheet");
    assert_eq!(sheets.count(), 2);
    assert!(!burned.steps.iter().any(|s| s.starts_with("write")));
}

#[test]
fn a_medium_that_is_gone_is_not_tried_in_another_way() {
    let sense = Sense::new(2, 0x3A, 1);
    let burned = played(|purpose, _| {
        (purpose == Some(Move::SendCueSheet)).then_some(Event::Refused { sense })
    });
    assert_eq!(burned.last, Some(Step::Failed(Failure::Drive(sense))));
    assert!(!burned.steps.iter().any(|step| step == "replan"));
}

#[test]
fn the_first_block_may_be_what_a_drive_refuses() {
    let mut times = 0;
    let burned = played(|_, step| {
        let now = *step == Step::Write(0) && times == 0;
        times += u32::from(now);
        now.then_some(Event::WriteRefused {
            extent: 0,
            lba: Lba(-150),
            sense: Sense::new(5, 0x64, 0),
        })
    });
    assert_eq!(burned.last, Some(Step::Finished));
    let mut further = 0;
    let spoiled = played(|_, step| {
        let now = *step == Step::Write(0) && further == 0;
        further += u32::from(now);
        now.then_some(Event::WriteRefused {
            extent: 0,
            lba: Lba(-134),
            sense: Sense::new(5, 0x64, 0),
        })
    });
    assert!(!spoiled.steps.iter().any(|step| step == "replan"));
}

#[test]
fn every_job_ends_well_on_a_good_day() {
    laws::every_job_ends_well_on_a_good_day::<CdSao>(jobs());
}

#[test]
fn any_sense_at_any_step_ends_the_job() {
    laws::any_sense_at_any_step_ends_the_job::<CdSao>(jobs());
}

#[test]
fn a_cancelled_session_is_written_out_and_nothing_is_closed() {
    let mut at = 0;
    loop {
        let mut number = 0;
        let burned = played(|_, _| {
            number += 1;
            (number - 1 == at).then_some(Event::Cancelled { written_blocks: 0 })
        });
        if number <= at {
            break;
        }
        assert_eq!(burned.last, Some(Step::Finished), "cancelled at {at}");
        assert!(!burned.steps.iter().any(|step| step.starts_with("close")));
        at += 1;
    }
    assert!(at >= ALL.len());
}

proptest! {
    #[test]
    fn no_history_panics_or_loops(
        job in 0..4usize,
        history in prop::collection::vec(0..HISTORY_EVENTS, 0..40),
    ) {
        let (medium, request) = jobs().swap_remove(job);
        let facts = medium.build();
        let (writer, plan) = CdSao::begin(&facts, &request).unwrap();
        play(writer, &plan, &facts, &history);
    }

    #[test]
    fn any_answers_are_judged_without_panic(
        answers in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 6),
        blocks: u64,
        finalize: bool,
    ) {
        let mut burn = BurnRequest::new(blocks);
        burn.finish = if finalize { Finish::FinalizeDisc } else { Finish::CloseSession };
        let requests = [Request::Burn(burn), Request::Close(CloseRequest::new(finalize))];
        laws::any_answers_are_judged::<CdSao>(cd::blank(Profile::CdRw), 2, answers, &requests);
    }
}

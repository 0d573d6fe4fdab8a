//! The SAO writer on good days, cancelled days, with drives of other tastes, and on arbitrary days.

#![allow(clippy::unwrap_used, reason = "a test says so by panicking")]

use pitland_cd_sao::CdSao;
use pitland_writer::mmc::sense::Sense;
use pitland_writer::mmc::{Lba, Profile};
use pitland_writer::testing::asked::burn;
use pitland_writer::testing::{Played, TestJob, cd};
use pitland_writer::{
    BurnRequest, CloseRequest, Event, Failure, Finish, Move, Placement, Request, Step,
};

fn jobs() -> Vec<TestJob> {
    let burn = |blocks, finish| burn(blocks, Placement::BlankOnly, finish);
    let mut test = BurnRequest::new(1_000);
    test.test_write = true;
    vec![
        TestJob::new(cd::blank(Profile::CdR), burn(1_000, Finish::CloseSession)),
        TestJob::new(cd::blank(Profile::CdRw), burn(20, Finish::FinalizeDisc)),
        TestJob::new(cd::blank(Profile::CdR), Request::Burn(test)),
        TestJob::new(
            cd::damaged(Profile::CdR),
            Request::Close(CloseRequest::new(true)),
        ),
    ]
}

pitland_writer::laws_of!(CdSao, jobs);

/// A burn of 1000 blocks; `answer` is asked before all goes well.
fn played(answer: impl FnMut(Option<Move>, &Step) -> Option<Event>) -> Played {
    let request = Request::Burn(BurnRequest::new(1_000));
    Played::new::<CdSao>(&TestJob::new(cd::blank(Profile::CdR), request), answer)
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
    assert_eq!(burned.words(), ALL);
    assert_eq!(burned.last(), Some(&Step::Finished));
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
        assert_eq!(burned.words(), ALL);
        assert_eq!(burned.last(), Some(&Step::Finished));
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
        assert_eq!(burned.last(), Some(&Step::Finished));
        let again = burned.words().iter().position(|step| step == "replan");
        assert_eq!(burned.words()[again.unwrap() + 1..], ALL);
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
    assert_eq!(burned.last(), Some(&Step::Failed(Failure::Drive(sense))));
    let sent = burned.sent();
    let sheets = sent.iter().filter(|sent| **sent == Move::SendCueSheet);
    assert_eq!(sheets.count(), 2);
    assert!(!burned.words().iter().any(|s| s.starts_with("write")));
}

#[test]
fn a_medium_that_is_gone_is_not_tried_in_another_way() {
    let sense = Sense::new(2, 0x3A, 1);
    let burned = played(|purpose, _| {
        (purpose == Some(Move::SendCueSheet)).then_some(Event::Refused { sense })
    });
    assert_eq!(burned.last(), Some(&Step::Failed(Failure::Drive(sense))));
    assert!(!burned.words().iter().any(|step| step == "replan"));
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
    assert_eq!(burned.last(), Some(&Step::Finished));
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
    assert!(!spoiled.words().iter().any(|step| step == "replan"));
}

#[test]
fn a_cancelled_session_is_written_out_and_nothing_is_closed() {
    let job = TestJob::new(
        cd::blank(Profile::CdR),
        Request::Burn(BurnRequest::new(1_000)),
    );
    for at in 0..ALL.len() {
        let cancelled = |_: &Step| Event::Cancelled { written_blocks: 0 };
        let burned = Played::with::<CdSao>(&job, at, cancelled).unwrap();
        let closes = |step: &String| step.starts_with("close");
        assert!(!burned.words().iter().any(closes), "cancelled at {at}");
    }
}

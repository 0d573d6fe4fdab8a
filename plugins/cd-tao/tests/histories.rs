//! The TAO writer on good days, cancelled days and arbitrary ones.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says so by panicking"
)]

use pitland_cd_tao::CdTao;
use pitland_writer::mmc::reply::DiscType;
use pitland_writer::mmc::sense::Sense;
use pitland_writer::mmc::{Lba, Profile};
use pitland_writer::testing::{FactsBuilder, HISTORY_EVENTS, all_goes_well, cd, laws, play, walk};
use pitland_writer::{
    BurnRequest, CloseRequest, EraseRequest, EraseScope, Event, Failure, Finish, MediaWriter, Move,
    Placement, Request, ResumeRequest, Step,
};
use proptest::prelude::*;

fn burn(finish: Finish, test_write: bool) -> Request {
    let mut burn = BurnRequest::new(1_000);
    burn.finish = finish;
    burn.placement = Placement::NewSession;
    burn.test_write = test_write;
    Request::Burn(burn)
}

/// Jobs that write a session.
fn burns() -> Vec<(FactsBuilder, Request)> {
    let appendable = || cd::appendable(Profile::CdRw, 2, DiscType::CdRomXa);
    vec![
        (cd::blank(Profile::CdR), burn(Finish::CloseSession, false)),
        (cd::blank(Profile::CdRw), burn(Finish::FinalizeDisc, false)),
        (appendable(), burn(Finish::CloseSession, false)),
        (appendable(), burn(Finish::FinalizeDisc, false)),
    ]
}

/// Every kind of job that the writer takes.
fn jobs() -> Vec<(FactsBuilder, Request)> {
    let erase = |full, scope| {
        let mut erase = EraseRequest::new(full);
        erase.scope = scope;
        Request::Erase(erase)
    };
    let mut jobs = burns();
    jobs.extend([
        (cd::blank(Profile::CdR), burn(Finish::CloseSession, true)),
        (
            cd::open(Profile::CdR),
            Request::Close(CloseRequest::new(false)),
        ),
        (
            cd::open(Profile::CdR),
            Request::Close(CloseRequest::new(true)),
        ),
        (cd::complete(Profile::CdRw), erase(false, EraseScope::Disc)),
        (cd::complete(Profile::CdRw), erase(true, EraseScope::Disc)),
        (
            cd::open(Profile::CdRw),
            erase(false, EraseScope::TrackTail(Lba(300))),
        ),
    ]);
    jobs
}

#[test]
fn every_job_ends_well_on_a_good_day() {
    laws::every_job_ends_well_on_a_good_day::<CdTao>(jobs());
}

#[test]
fn any_sense_at_any_step_ends_the_job() {
    laws::any_sense_at_any_step_ends_the_job::<CdTao>(jobs());
}

/// The commands that a job sent, by purpose.
fn sent(
    medium: FactsBuilder,
    request: &Request,
    mut answer: impl FnMut(Option<Move>, &Step) -> Option<Event>,
) -> (Vec<Move>, Option<Step>) {
    let facts = medium.build();
    let (mut writer, plan) = CdTao::begin(&facts, request).unwrap();
    let mut sent = Vec::new();
    let steps = walk(&mut writer, &plan, |step| {
        let command = match step {
            Step::Prepare(index) => plan.prepare.get(*index as usize),
            Step::Close(index) => plan.closing.get(*index as usize),
            _ => None,
        };
        let purpose = command.map(|command| command.purpose);
        sent.extend(purpose);
        answer(purpose, step).unwrap_or_else(|| all_goes_well(step, &facts))
    });
    (sent, steps.last().cloned())
}

#[test]
fn the_buffer_ends_the_track_and_no_close_of_a_track_is_sent() {
    for (medium, request) in burns() {
        let (sent, _) = sent(medium, &request, |_, _| None);
        assert!(!sent.contains(&Move::CloseTrack), "{sent:?}");
        let buffer = sent.iter().position(|m| *m == Move::SynchronizeCache);
        let close = sent
            .iter()
            .position(|m| matches!(m, Move::CloseSession | Move::FinalizeDisc));
        assert!(buffer.unwrap() < close.unwrap(), "{sent:?}");
    }
}

#[test]
fn a_cancelled_burn_closes_its_session_and_never_finalizes() {
    for (medium, request) in burns() {
        let mut cancelled = false;
        let (sent, last) = sent(medium, &request, |_, step| {
            let now = matches!(step, Step::Write(_)) && !cancelled;
            cancelled |= now;
            now.then_some(Event::Cancelled { written_blocks: 64 })
        });
        assert!(cancelled && last == Some(Step::Finished));
        assert_eq!(sent.last(), Some(&Move::CloseSession));
        assert!(!sent.contains(&Move::FinalizeDisc));
        let finalizes = matches!(&request, Request::Burn(b) if b.finish == Finish::FinalizeDisc);
        // The page that said "final" is taken back first.
        let pages = sent.iter().filter(|m| **m == Move::SetWriteParameters);
        assert_eq!(pages.count(), 1 + usize::from(finalizes));
    }
}

#[test]
fn a_burn_that_is_cancelled_before_the_first_block_closes_nothing() {
    for (medium, request) in burns() {
        let (sent, last) = sent(medium, &request, |purpose, _| {
            (purpose == Some(Move::CalibratePower))
                .then_some(Event::Cancelled { written_blocks: 0 })
        });
        assert_eq!(last, Some(Step::Finished));
        assert_eq!(sent.last(), Some(&Move::CalibratePower));
    }
}

#[test]
fn a_drive_that_goes_on_elsewhere_after_the_page_writes_nothing() {
    let elsewhere = cd::appendable(Profile::CdR, 1, DiscType::CdDaOrRom).build();
    let request = burn(Finish::CloseSession, false);
    let (sent, last) = sent(cd::blank(Profile::CdR), &request, |_, step| {
        (*step == Step::Identify).then(|| Event::Facts(Box::new(elsewhere.clone())))
    });
    assert_eq!(last, Some(Step::Failed(Failure::MediumState)));
    assert_eq!(sent, [Move::SetWriteParameters]);
}

#[test]
fn a_worn_disc_that_is_not_erased_the_quick_way_is_erased_in_full() {
    let request = Request::Erase(EraseRequest::new(false));
    for sense in [Sense::new(3, 0x51, 0), Sense::new(5, 0x24, 0)] {
        let mut refused = false;
        let (sent, last) = sent(cd::complete(Profile::CdRw), &request, |purpose, _| {
            let now = purpose == Some(Move::Blank) && !refused;
            refused |= now;
            now.then_some(Event::Refused { sense })
        });
        assert_eq!(sent, [Move::SetWriteParameters, Move::Blank, Move::Blank]);
        assert_eq!(last, Some(Step::Finished));
    }
}

proptest! {
    #[test]
    fn no_history_panics_or_loops(
        job in 0..10usize,
        history in prop::collection::vec(0..HISTORY_EVENTS, 0..40),
    ) {
        let (medium, request) = jobs().swap_remove(job);
        let facts = medium.build();
        let (writer, plan) = CdTao::begin(&facts, &request).unwrap();
        play(writer, &plan, &facts, &history);
    }

    #[test]
    fn any_answers_are_judged_without_panic(
        answers in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 6),
        blocks: u64,
        tail: i32,
        finalize: bool,
    ) {
        let mut burn = BurnRequest::new(blocks);
        burn.finish = if finalize { Finish::FinalizeDisc } else { Finish::CloseSession };
        burn.placement = Placement::NewSession;
        let mut erase = EraseRequest::new(finalize);
        erase.scope = EraseScope::TrackTail(Lba(tail));
        let requests = [
            Request::Burn(burn.clone()),
            Request::Close(CloseRequest::new(finalize)),
            Request::Resume(ResumeRequest::new(burn, blocks)),
            Request::Erase(EraseRequest::new(finalize)),
            Request::Erase(erase),
        ];
        for medium in [cd::blank(Profile::CdRw), cd::appendable(Profile::CdRw, 2, DiscType::CdI), cd::open(Profile::CdRw)] {
            laws::any_answers_are_judged::<CdTao>(medium, 2, answers.clone(), &requests);
        }
    }
}

//! The TAO writer on good days, cancelled days and arbitrary ones.

#![allow(clippy::unwrap_used, reason = "a test says so by panicking")]

use pitland_cd_tao::CdTao;
use pitland_writer::mmc::reply::DiscType;
use pitland_writer::mmc::sense::Sense;
use pitland_writer::mmc::{Lba, Profile};
use pitland_writer::testing::asked::burn;
use pitland_writer::testing::{Played, TestJob, cd};
use pitland_writer::{
    BurnRequest, CloseRequest, EraseRequest, EraseScope, Event, Failure, Finish, Move, Placement,
    Request, Step,
};

/// Jobs that write a session. The page, which they send first, leaves the disc as it is.
fn burns() -> Vec<TestJob> {
    let appendable = || cd::appendable(Profile::CdRw, 2, DiscType::CdRomXa);
    let burn = |finish| burn(1_000, Placement::NewSession, finish);
    vec![
        TestJob::new(cd::blank(Profile::CdR), burn(Finish::CloseSession)),
        TestJob::new(cd::blank(Profile::CdRw), burn(Finish::FinalizeDisc)),
        TestJob::new(appendable(), burn(Finish::CloseSession)),
        TestJob::new(appendable(), burn(Finish::FinalizeDisc)),
    ]
}

/// Every kind of job that the writer takes.
fn jobs() -> Vec<TestJob> {
    let erase = |full, scope| {
        let mut erase = EraseRequest::new(full);
        erase.scope = scope;
        Request::Erase(erase)
    };
    let mut test = BurnRequest::new(1_000);
    test.test_write = true;
    let complete = || cd::complete(Profile::CdRw);
    let open = || cd::open(Profile::CdR);
    let mut jobs = burns();
    jobs.extend([
        TestJob::new(cd::blank(Profile::CdR), Request::Burn(test)),
        TestJob::new(open(), Request::Close(CloseRequest::new(false))),
        TestJob::new(open(), Request::Close(CloseRequest::new(true))),
        TestJob::new(complete(), erase(false, EraseScope::Disc)),
        TestJob::new(complete(), erase(true, EraseScope::Disc)),
        TestJob::new(
            cd::open(Profile::CdRw),
            erase(false, EraseScope::TrackTail(Lba(300))),
        ),
    ]);
    jobs
}

pitland_writer::laws_of!(CdTao, jobs);

#[test]
fn the_buffer_ends_the_track_and_no_close_of_a_track_is_sent() {
    for job in burns() {
        let sent = Played::new::<CdTao>(&job, |_, _| None).sent();
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
    for job in burns() {
        let mut cancelled = false;
        let played = Played::new::<CdTao>(&job, |_, step| {
            let now = matches!(step, Step::Write(_)) && !cancelled;
            cancelled |= now;
            now.then_some(Event::Cancelled { written_blocks: 64 })
        });
        let sent = played.sent();
        assert!(cancelled && played.last() == Some(&Step::Finished));
        assert_eq!(sent.last(), Some(&Move::CloseSession));
        assert!(!sent.contains(&Move::FinalizeDisc));
        let finalizes =
            matches!(&job.request, Request::Burn(b) if b.finish == Finish::FinalizeDisc);
        // The page that said "final" is taken back first.
        let pages = sent.iter().filter(|m| **m == Move::SetWriteParameters);
        assert_eq!(pages.count(), 1 + usize::from(finalizes));
    }
}

#[test]
fn a_burn_that_is_cancelled_before_the_first_block_closes_nothing() {
    for job in burns() {
        let played = Played::new::<CdTao>(&job, |purpose, _| {
            (purpose == Some(Move::CalibratePower))
                .then_some(Event::Cancelled { written_blocks: 0 })
        });
        assert_eq!(played.last(), Some(&Step::Finished));
        assert_eq!(played.sent().last(), Some(&Move::CalibratePower));
    }
}

#[test]
fn a_drive_that_goes_on_elsewhere_after_the_page_writes_nothing() {
    let request = burn(1_000, Placement::NewSession, Finish::CloseSession);
    let elsewhere = cd::appendable(Profile::CdR, 1, DiscType::CdDaOrRom);
    let job = TestJob::new(cd::blank(Profile::CdR), request).becoming(elsewhere);
    let played = Played::new::<CdTao>(&job, |_, _| None);
    assert_eq!(played.last(), Some(&Step::Failed(Failure::MediumState)));
    assert_eq!(played.sent(), [Move::SetWriteParameters]);
}

#[test]
fn a_worn_disc_that_is_not_erased_the_quick_way_is_erased_in_full() {
    let request = Request::Erase(EraseRequest::new(false));
    let job = TestJob::new(cd::complete(Profile::CdRw), request);
    for sense in [Sense::new(3, 0x51, 0), Sense::new(5, 0x24, 0)] {
        let mut refused = false;
        let played = Played::new::<CdTao>(&job, |purpose, _| {
            let now = purpose == Some(Move::Blank) && !refused;
            refused |= now;
            now.then_some(Event::Refused { sense })
        });
        let all = [Move::SetWriteParameters, Move::Blank, Move::Blank];
        assert_eq!(played.sent(), all);
        assert_eq!(played.last(), Some(&Step::Finished));
    }
}

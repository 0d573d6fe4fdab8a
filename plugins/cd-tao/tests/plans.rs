//! What the TAO writer plans, line by line as a person reads it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says so by panicking"
)]

use pitland_cd_tao::CdTao;
use pitland_writer::mmc::reply::DiscType;
use pitland_writer::mmc::{Lba, Profile};
use pitland_writer::testing::asked::lines;
use pitland_writer::testing::{FactsBuilder, asked, cd};
use pitland_writer::{
    BurnRequest, CdForm, CloseRequest, EraseRequest, EraseScope, ExpectedMedium, Finish, Placement,
    Request, Warning, WritePlan,
};

fn plan(medium: FactsBuilder, request: Request) -> WritePlan {
    let plan = asked::plan::<CdTao>(medium, &request);
    assert!(!plan.resumable);
    plan
}

fn burn(blocks: u64, finish: Finish) -> BurnRequest {
    let mut burn = BurnRequest::new(blocks);
    burn.placement = Placement::NewSession;
    burn.finish = finish;
    burn
}

#[test]
fn a_first_session() {
    let plan = plan(
        cd::blank(Profile::CdR),
        Request::Burn(burn(1_000, Finish::CloseSession)),
    );
    assert_eq!(
        lines(&plan),
        [
            "set write parameters: MODE SELECT (10) 62 bytes: write parameters: track at once, next session allowed, track mode 4, mode 1 2048, BUFE",
            "set speed: SET CD SPEED read max, write 8467 kB/s, default rotation",
            "set speed: SET CD SPEED read max, write 8644 kB/s, default rotation (only if the one before is refused)",
            "calibrate power: SEND OPC INFORMATION calibrate",
            "write 1000 blocks of 2048 bytes from LBA 0 by WRITE (10), the image",
            "write 150 blocks of 2048 bytes from LBA 1000 by WRITE (10), zeros",
            "synchronize cache: SYNCHRONIZE CACHE, IMMED",
            "synchronize cache: SYNCHRONIZE CACHE",
            "close session: CLOSE TRACK/SESSION session, IMMED",
        ]
    );
    let mut expected = ExpectedMedium::sessions(1, Some(true));
    expected.nwa_at_least = Some(Lba(1_150 + 2 + 11_400));
    expected.capacity_at_least = Some(1_000);
    assert_eq!(plan.expected, expected);
}

#[test]
fn a_further_session_that_finalizes() {
    let plan = plan(
        cd::appendable(Profile::CdRw, 2, DiscType::CdRomXa),
        Request::Burn(burn(20, Finish::FinalizeDisc)),
    );
    assert_eq!(
        lines(&plan),
        [
            "set write parameters: MODE SELECT (10) 62 bytes: write parameters: track at once, final, track mode 4, XA form 1 2048, BUFE, CD-ROM XA",
            "set speed: SET CD SPEED read max, write 8467 kB/s, default rotation",
            "set speed: SET CD SPEED read max, write 8644 kB/s, default rotation (only if the one before is refused)",
            "calibrate power: SEND OPC INFORMATION calibrate",
            "write 20 blocks of 2048 bytes from LBA 19204 by WRITE (10), the image",
            "write 280 blocks of 2048 bytes from LBA 19224 by WRITE (10), zeros",
            "synchronize cache: SYNCHRONIZE CACHE, IMMED",
            "synchronize cache: SYNCHRONIZE CACHE",
            "finalize disc: CLOSE TRACK/SESSION session, IMMED",
            "set write parameters: MODE SELECT (10) 62 bytes: write parameters: track at once, next session allowed, track mode 4, XA form 1 2048, BUFE, CD-ROM XA (only after a cancel)",
            "close session: CLOSE TRACK/SESSION session, IMMED (only after a cancel)",
        ]
    );
    let mut expected = ExpectedMedium::sessions(3, Some(false));
    expected.capacity_at_least = Some(19_224);
    assert_eq!(plan.expected, expected);
}

#[test]
fn a_test_write_calibrates_and_closes_nothing() {
    let mut rehearsal = burn(1_000, Finish::CloseSession);
    rehearsal.test_write = true;
    let plan = plan(cd::blank(Profile::CdR), Request::Burn(rehearsal));
    assert_eq!(
        lines(&plan),
        [
            "set write parameters: MODE SELECT (10) 62 bytes: write parameters: track at once, next session allowed, track mode 4, mode 1 2048, BUFE, test write",
            "set speed: SET CD SPEED read max, write 8467 kB/s, default rotation",
            "set speed: SET CD SPEED read max, write 8644 kB/s, default rotation (only if the one before is refused)",
            "write 1000 blocks of 2048 bytes from LBA 0 by WRITE (10), the image",
            "write 150 blocks of 2048 bytes from LBA 1000 by WRITE (10), zeros",
            "synchronize cache: SYNCHRONIZE CACHE, IMMED",
            "synchronize cache: SYNCHRONIZE CACHE",
        ]
    );
    assert!(!plan.changes_disc());
    assert_eq!(plan.expected, ExpectedMedium::default());
}

#[test]
fn a_drive_without_underrun_protection_is_not_asked_for_it() {
    let (mut track, mut mastering) = cd::able();
    track.buffer_underrun_free = false;
    mastering.buffer_underrun_free = false;
    let plan = plan(
        cd::blank_in(Profile::CdR, (track, mastering)),
        Request::Burn(burn(1_000, Finish::CloseSession)),
    );
    assert_eq!(plan.warnings, [Warning::NoUnderrunProtection]);
    assert!(plan.extents.iter().all(|e| !e.underrun_protection));
    assert!(!lines(&plan)[1].contains("BUFE"));
}

#[test]
fn the_form_of_the_blocks_is_chosen_by_who_asks() {
    let mut xa = burn(1_000, Finish::CloseSession);
    xa.cd_form = CdForm::Mode2Form1;
    let plan = plan(cd::blank(Profile::CdR), Request::Burn(xa));
    let page = &lines(&plan)[0];
    assert!(
        page.contains("XA form 1 2048") && page.contains("CD-ROM XA"),
        "{page}"
    );
}

#[test]
fn a_session_that_was_left_open_is_closed() {
    let closing = plan(
        cd::open(Profile::CdR),
        Request::Close(CloseRequest::new(false)),
    );
    assert_eq!(
        lines(&closing),
        [
            "synchronize cache: SYNCHRONIZE CACHE, IMMED",
            "synchronize cache: SYNCHRONIZE CACHE",
            "set write parameters: MODE SELECT (10) 62 bytes: write parameters: track at once, next session allowed, track mode 4, mode 1 2048, BUFE",
            "close session: CLOSE TRACK/SESSION session, IMMED",
        ]
    );
    assert_eq!(closing.expected.closed_sessions, Some(1));
    let last = plan(
        cd::damaged(Profile::CdR),
        Request::Close(CloseRequest::new(true)),
    );
    assert_eq!(
        lines(&last)[2..],
        [
            "set write parameters: MODE SELECT (10) 62 bytes: write parameters: track at once, final, track mode 4, mode 1 2048, BUFE",
            "finalize disc: CLOSE TRACK/SESSION session, IMMED",
        ]
    );
    assert_eq!(last.expected, ExpectedMedium::sessions(1, Some(false)));
}

fn erase(full: bool, scope: EraseScope) -> Request {
    let mut erase = EraseRequest::new(full);
    erase.scope = scope;
    Request::Erase(erase)
}

const CLEARED: &str = "set write parameters: MODE SELECT (10) 62 bytes: write parameters: track at once, next session allowed, track mode 4, mode 1 2048, BUFE";

#[test]
fn an_erase_is_quick_and_else_in_full() {
    let quick = plan(cd::complete(Profile::CdRw), erase(false, EraseScope::Disc));
    assert_eq!(
        lines(&quick),
        [
            CLEARED,
            "blank: BLANK minimal, IMMED",
            "blank: BLANK whole disc, IMMED (only if the one before is refused)",
        ]
    );
    assert_eq!(quick.expected, ExpectedMedium::blank());
    let full = plan(
        cd::appendable(Profile::CdRw, 2, DiscType::CdDaOrRom),
        erase(true, EraseScope::Disc),
    );
    assert_eq!(lines(&full), [CLEARED, "blank: BLANK whole disc, IMMED"]);
}

#[test]
fn a_part_of_the_disc_is_erased() {
    let disc = || cd::appendable(Profile::CdRw, 2, DiscType::CdDaOrRom);
    let last = plan(disc(), erase(false, EraseScope::LastSession));
    assert_eq!(
        lines(&last),
        [CLEARED, "blank: BLANK erase last session, IMMED"]
    );
    assert_eq!(last.expected, ExpectedMedium::sessions(1, Some(true)));
    let only = plan(
        cd::complete(Profile::CdRw),
        erase(false, EraseScope::LastSession),
    );
    assert_eq!(only.expected, ExpectedMedium::blank());
    let tail = plan(
        cd::open(Profile::CdRw),
        erase(false, EraseScope::TrackTail(Lba(300))),
    );
    assert_eq!(
        lines(&tail),
        [CLEARED, "blank: BLANK track tail at 300, IMMED"]
    );
}

//! What the writer of DVD-R and DVD-RW plans, line by line as a person reads it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says so by panicking"
)]

use pitland_dvd_sequential::DvdSequential;
use pitland_writer::mmc::reply::{DiscStatus, SessionState, TrackInformation};
use pitland_writer::mmc::{Lba, Profile, SectorCount, Sense, SessionNumber, TrackNumber};
use pitland_writer::testing::asked::{lines, rest as resume};
use pitland_writer::testing::{FactsBuilder, asked, dvd_minus};
use pitland_writer::{
    BurnRequest, CloseRequest, EraseRequest, Event, ExpectedMedium, Failure, Finish, MediaWriter,
    Move, Placement, Recording, Request, Step, Warning, WritePlan,
};

const R: Profile = Profile::DvdMinusRSequential;
const RW: Profile = Profile::DvdMinusRwSequential;

const PAGE_APPENDABLE: &str = "set write parameters: MODE SELECT (10) 60 bytes: write parameters: incremental, next session allowed, track mode 5, mode 1 2048, BUFE, fixed packets, packet 16, link 16";
const PAGE_FINAL: &str = "set write parameters: MODE SELECT (10) 60 bytes: write parameters: incremental, final, track mode 5, mode 1 2048, BUFE, fixed packets, packet 16, link 16";
const PAGE_AT_ONCE: &str = "set write parameters: MODE SELECT (10) 60 bytes: write parameters: session at once, final, track mode 5, mode 1 2048, BUFE";
const SPEED: &str = "set speed: SET STREAMING type 0, 28 bytes: read 11080 kB/s, write 11080 kB/s, blocks 0 to 2297887, default rotation";
const SPEED_BY_NUMBER: &str = "set speed: SET CD SPEED read max, write 11080 kB/s, default rotation (only if the one before is refused)";
const OPC: &str = "calibrate power: SEND OPC INFORMATION calibrate";
const SYNC: &str = "synchronize cache: SYNCHRONIZE CACHE, IMMED";
const SYNC_TO_THE_END: &str = "synchronize cache: SYNCHRONIZE CACHE";
const CLOSE_SESSION: &str = "close session: CLOSE TRACK/SESSION session, IMMED";

fn plan(medium: FactsBuilder, request: Request) -> WritePlan {
    asked::plan::<DvdSequential>(medium, &request)
}

fn burn(blocks: u64, change: impl FnOnce(&mut BurnRequest)) -> Request {
    let mut burn = BurnRequest::new(blocks);
    change(&mut burn);
    Request::Burn(burn)
}

#[test]
fn a_first_session() {
    let plan = plan(dvd_minus::dvd_r_blank(), burn(100, |_| {}));
    assert_eq!(
        lines(&plan),
        [
            PAGE_APPENDABLE,
            SPEED,
            SPEED_BY_NUMBER,
            OPC,
            "write 112 blocks of 2048 bytes from LBA 0 by WRITE (10), the image",
            SYNC,
            SYNC_TO_THE_END,
            "close track: CLOSE TRACK/SESSION track 1, IMMED",
            CLOSE_SESSION,
        ]
    );
    assert_eq!(plan.expected.closed_sessions, Some(1));
    assert_eq!(plan.expected.appendable, Some(true));
    assert_eq!(plan.expected.nwa_at_least, Some(Lba(112)));
    assert_eq!(plan.expected.capacity_at_least, Some(112));
    assert!(plan.resumable && plan.extents[0].underrun_protection);
}

#[test]
fn a_third_session_that_finalizes_and_takes_that_back_when_it_is_cancelled() {
    let plan = plan(
        dvd_minus::dvd_minus_appendable(R, 2),
        burn(400_000, |burn| {
            burn.placement = Placement::NewSession;
            burn.finish = Finish::FinalizeDisc;
        }),
    );
    assert_eq!(
        lines(&plan),
        [
            PAGE_FINAL,
            SPEED,
            SPEED_BY_NUMBER,
            OPC,
            "write 400000 blocks of 2048 bytes from LBA 78784 by WRITE (10), the image",
            SYNC,
            SYNC_TO_THE_END,
            "close track: CLOSE TRACK/SESSION track 3, IMMED",
            "finalize disc: CLOSE TRACK/SESSION session, IMMED",
            &format!("{PAGE_APPENDABLE} (only after a cancel)"),
            &format!("{CLOSE_SESSION} (only after a cancel)"),
        ]
    );
    assert_eq!(plan.expected.closed_sessions, Some(3));
    assert_eq!(plan.expected.appendable, Some(false));
}

#[test]
fn a_disc_at_once_is_reserved_to_the_block_and_not_closed() {
    let plan = plan(
        dvd_minus::dvd_r_blank(),
        burn(100, |burn| {
            burn.recording = Recording::AtOnce;
            burn.finish = Finish::FinalizeDisc;
        }),
    );
    assert_eq!(
        lines(&plan),
        [
            "warning: so short a burn is filled up by the drive: closing takes minutes",
            PAGE_AT_ONCE,
            SPEED,
            SPEED_BY_NUMBER,
            OPC,
            "reserve track: RESERVE TRACK 112 blocks",
            "write 112 blocks of 2048 bytes from LBA 0 by WRITE (10), the image",
            SYNC,
        ]
    );
    assert_eq!(plan.expected.appendable, Some(false));
    assert_eq!(plan.expected.closed_sessions, Some(1));
    assert!(!plan.resumable);
}

#[test]
fn a_disc_that_was_blanked_the_quick_way_is_written_at_once() {
    let plan = plan(dvd_minus::dvd_rw_quickly_blanked(), burn(400_000, |_| {}));
    assert_eq!(lines(&plan)[1], PAGE_AT_ONCE);
    assert_eq!(plan.warnings, [Warning::BecomesFinal]);
    assert_eq!(plan.expected.appendable, Some(false));
}

/// Some drives offer incremental recording of such a disc all the same, and refuse its first block.
#[test]
fn a_drive_that_refuses_the_first_block_is_given_the_disc_at_once() {
    let refused = |lba| Event::WriteRefused {
        extent: 0,
        lba,
        sense: Sense::new(0x5, 0x64, 0x00),
    };
    let begin = |change: fn(&mut BurnRequest)| {
        let facts = dvd_minus::dvd_rw_blank().build();
        let (mut writer, plan) = DvdSequential::begin(&facts, &burn(400_000, change)).unwrap();
        assert_eq!(lines(&plan)[0], PAGE_APPENDABLE);
        let mut step = writer.next(Event::Begin);
        while !matches!(step, Step::Write(_)) {
            step = writer.next(Event::Done);
        }
        writer
    };
    let mut writer = begin(|_| {});
    let Step::Replan(plan) = writer.next(refused(Lba(0))) else {
        panic!("no other plan");
    };
    assert_eq!(lines(&plan)[1], PAGE_AT_ONCE);
    assert_eq!(plan.image_blocks(), 400_000);
    assert_eq!(plan.warnings, [Warning::BecomesFinal]);
    assert_eq!(writer.next(Event::Done), Step::Prepare(0));

    // Not behind a block that was taken, nor where the user wants it track by track.
    let too_late = begin(|_| {}).next(refused(Lba(16)));
    assert!(matches!(too_late, Step::Close(_)), "{too_late:?}");
    let insisted = begin(|burn| burn.recording = Recording::TrackByTrack).next(refused(Lba(0)));
    assert!(matches!(insisted, Step::Close(_)), "{insisted:?}");
    let mut other = begin(|_| {});
    let sense = Sense::new(0x3, 0x0C, 0x00);
    let mut step = other.next(Event::WriteRefused {
        extent: 0,
        lba: Lba(0),
        sense,
    });
    while matches!(step, Step::Close(_)) {
        step = other.next(Event::Done);
    }
    assert_eq!(step, Step::Failed(Failure::Drive(sense)));
}

#[test]
fn a_test_write_closes_nothing_and_changes_nothing() {
    let plan_of = |recording| {
        let request = burn(100, |burn| {
            burn.test_write = true;
            burn.recording = recording;
        });
        plan(dvd_minus::dvd_r_blank(), request)
    };
    let incremental = plan_of(Recording::AsUsual);
    assert_eq!(
        lines(&incremental),
        [
            "set write parameters: MODE SELECT (10) 60 bytes: write parameters: incremental, next session allowed, track mode 5, mode 1 2048, BUFE, test write, fixed packets, packet 16, link 16",
            SPEED,
            SPEED_BY_NUMBER,
            "write 112 blocks of 2048 bytes from LBA 0 by WRITE (10), the image",
            SYNC,
            SYNC_TO_THE_END,
        ]
    );
    let at_once = plan_of(Recording::AtOnce);
    assert_eq!(
        lines(&at_once),
        [
            "set write parameters: MODE SELECT (10) 60 bytes: write parameters: session at once, final, track mode 5, mode 1 2048, BUFE, test write",
            SPEED,
            SPEED_BY_NUMBER,
            "reserve track: RESERVE TRACK 112 blocks",
            "write 112 blocks of 2048 bytes from LBA 0 by WRITE (10), the image",
            SYNC,
        ]
    );
    for plan in [incremental, at_once] {
        assert!(!plan.changes_disc() && !plan.resumable);
        assert!(plan.extents.iter().all(|extent| extent.test_write));
        assert_eq!(plan.expected, ExpectedMedium::default());
        assert_eq!(plan.prepare[0].tolerate, [], "the page must be taken");
    }
}

#[test]
fn a_dual_layer_disc_takes_one_session_and_more_than_one_layer() {
    let all = u64::from(dvd_minus::DVD_MINUS_DL);
    let large = plan(dvd_minus::dvd_r_dl_blank(), burn(all, |_| {}));
    assert_eq!(lines(&large)[1], PAGE_FINAL);
    assert_eq!(large.warnings, [Warning::BecomesFinal]);
    assert_eq!(large.expected.appendable, Some(false));
    let layer = u64::from(dvd_minus::DVD_MINUS_DL_LAYER_0);
    let small = |blocks| {
        let finalize = |burn: &mut BurnRequest| burn.finish = Finish::FinalizeDisc;
        plan(dvd_minus::dvd_r_dl_blank(), burn(blocks, finalize)).warnings
    };
    let needed = layer;
    assert_eq!(small(layer), [Warning::WouldFitOneLayer { needed, layer }]);
    assert_eq!(small(layer + 1), []);
}

#[test]
fn a_drive_without_underrun_protection_is_not_asked_for_it() {
    let plain = dvd_minus::dvd_r_blank_in_a_plain_drive();
    let unprotected = plan(plain.clone(), burn(100, |_| {}));
    assert_eq!(unprotected.warnings, [Warning::NoUnderrunProtection]);
    assert!(!unprotected.extents[0].underrun_protection);
    assert!(!lines(&unprotected)[1].contains("BUFE"));
    let unwanted = |medium| {
        let off = |burn: &mut BurnRequest| burn.underrun_protection = false;
        plan(medium, burn(100, off))
    };
    assert_eq!(unwanted(plain).warnings, []);
    let off = unwanted(dvd_minus::dvd_r_blank());
    assert!(!lines(&off)[0].contains("BUFE") && !off.extents[0].underrun_protection);
}

#[test]
fn the_rest_of_a_burn_that_was_cut_off() {
    let cut_off = || dvd_minus::dvd_minus_open(R);
    let missing = plan(cut_off(), resume(1_650, 1_600, Finish::CloseSession));
    assert_eq!(
        lines(&missing),
        [
            PAGE_APPENDABLE,
            SPEED,
            SPEED_BY_NUMBER,
            OPC,
            "write 64 blocks of 2048 bytes from LBA 1600 by WRITE (10), the image",
            SYNC,
            SYNC_TO_THE_END,
            "close track: CLOSE TRACK/SESSION track 1, IMMED",
            CLOSE_SESSION,
        ]
    );
    let ended = plan(cut_off(), resume(1_600, 1_600, Finish::CloseSession));
    assert_eq!(
        lines(&ended),
        [
            PAGE_APPENDABLE,
            SYNC,
            SYNC_TO_THE_END,
            "close track: CLOSE TRACK/SESSION track 1, IMMED",
            CLOSE_SESSION,
        ]
    );
}

#[test]
fn an_open_session_is_closed_and_may_be_the_last() {
    let close = |finalize| {
        let request = Request::Close(CloseRequest::new(finalize));
        plan(dvd_minus::dvd_minus_open(RW), request)
    };
    assert_eq!(
        lines(&close(false)),
        [
            SYNC,
            PAGE_APPENDABLE,
            "close track: CLOSE TRACK/SESSION track 1, IMMED",
            CLOSE_SESSION,
        ]
    );
    assert_eq!(close(false).expected, ExpectedMedium::sessions(1, None));
    assert_eq!(
        lines(&close(true)),
        [
            SYNC,
            PAGE_FINAL,
            "close track: CLOSE TRACK/SESSION track 1, IMMED",
            "finalize disc: CLOSE TRACK/SESSION session, IMMED",
        ]
    );
    let expected = ExpectedMedium::sessions(1, Some(false));
    assert_eq!(close(true).expected, expected);
}

/// Other burners reserve tracks, and leave them (recipe 13).
#[test]
fn every_track_that_was_begun_is_closed_before_its_session() {
    let track = |number: u16, reserved, blank, nwa: Option<i32>| TrackInformation {
        track: TrackNumber(number),
        session: SessionNumber(1),
        start: Lba(i32::from(number) * 1_600),
        reserved,
        blank,
        nwa: nwa.map(Lba),
        size: Some(SectorCount(1_600)),
        ..TrackInformation::default()
    };
    let border = FactsBuilder::new(R, &[0x21, 0x2F])
        .disc(DiscStatus::Appendable, SessionState::Incomplete, 1, (1, 4))
        .track(track(1, false, false, None))
        .track(track(2, true, false, Some(3_264)))
        .track(track(3, true, true, Some(4_800)))
        .track(track(4, false, true, Some(6_400)));
    let closed = lines(&plan(border, Request::Close(CloseRequest::new(false))));
    assert_eq!(
        closed[2..],
        [
            "close track: CLOSE TRACK/SESSION track 2, IMMED",
            "close track: CLOSE TRACK/SESSION track 3, IMMED",
            CLOSE_SESSION,
        ]
    );
}

#[test]
fn an_erase_is_a_blank_and_the_quick_way_has_its_price() {
    let erase = |full| {
        let request = Request::Erase(EraseRequest::new(full));
        plan(dvd_minus::dvd_minus_complete(RW), request)
    };
    let page = "set write parameters: MODE SELECT (10) 60 bytes: write parameters: incremental, final, track mode 5, mode 1 2048";
    assert_eq!(
        lines(&erase(false)),
        [
            "warning: after a quick erase the disc can only be written at once, in one session: erase it in full to add sessions",
            page,
            "blank: BLANK minimal, IMMED",
            "blank: BLANK whole disc, IMMED (only if the one before is refused)",
        ]
    );
    assert_eq!(
        lines(&erase(true)),
        [page, "blank: BLANK whole disc, IMMED"]
    );
    assert_eq!(erase(true).expected, ExpectedMedium::blank());
}

#[test]
fn a_worn_disc_that_does_not_take_the_quick_way_is_blanked_in_full() {
    let walk = |sense| {
        let facts = dvd_minus::dvd_minus_complete(RW).build();
        let request = Request::Erase(EraseRequest::new(false));
        let (mut writer, plan) = DvdSequential::begin(&facts, &request).unwrap();
        let mut step = writer.next(Event::Begin);
        while !matches!(step, Step::Prepare(at) if plan.prepare[at as usize].purpose == Move::Blank)
        {
            step = writer.next(Event::Done);
        }
        writer.next(Event::Refused { sense })
    };
    for sense in [Sense::new(0x3, 0x51, 0x00), Sense::new(0x3, 0x57, 0x00)] {
        assert_eq!(walk(sense), Step::Prepare(2));
    }
    let gone = Sense::new(0x2, 0x3A, 0x01);
    assert_eq!(walk(gone), Step::Failed(Failure::Drive(gone)));
}

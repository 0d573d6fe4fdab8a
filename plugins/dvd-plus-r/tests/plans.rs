//! What the DVD+R writer plans, line by line as a person reads it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says so by panicking"
)]

use pitland_dvd_plus_r::DvdPlusR;
use pitland_writer::mmc::{Lba, Profile};
use pitland_writer::testing::asked::{burn, lines};
use pitland_writer::testing::{FactsBuilder, asked, media};
use pitland_writer::{
    BurnRequest, CloseRequest, ExpectedMedium, Finish, Move, Placement, Request, ResumeRequest,
    Warning, WritePlan,
};

const L0: u64 = media::DVD_PLUS_DL_LAYER_0 as u64;

fn plan(medium: FactsBuilder, request: Request) -> WritePlan {
    asked::plan::<DvdPlusR>(medium, &request)
}

#[test]
fn the_rest_of_a_burn_that_finalizes() {
    let mut burn = BurnRequest::new(1_700);
    burn.finish = Finish::FinalizeDisc;
    let resume = Request::Resume(ResumeRequest::new(burn, 1_600));
    let plan = plan(media::dvd_plus_r_open(), resume);
    let lines = lines(&plan);
    assert_eq!(
        lines[2..],
        [
            "set write parameters: MODE SELECT (10) 60 bytes: write parameters: incremental, final, track mode 5, mode 1 2048, BUFE",
            "write 112 blocks of 2048 bytes from LBA 1600 by WRITE (10), the image",
            "synchronize cache: SYNCHRONIZE CACHE, IMMED",
            "synchronize cache: SYNCHRONIZE CACHE",
            "close track: CLOSE TRACK/SESSION track 1, IMMED",
            "finalize disc: CLOSE TRACK/SESSION finalize disc, IMMED",
            "close session: CLOSE TRACK/SESSION session, IMMED (only after a cancel)"
        ]
    );
    assert!(plan.resumable);
    assert_eq!(plan.expected.capacity_at_least, Some(1_712));
}

fn on_two_layers(blocks: u64, finish: Finish) -> WritePlan {
    plan(
        media::dvd_plus_r_dl_blank(),
        burn(blocks, Placement::BlankOnly, finish),
    )
}

fn breaks_layer(plan: &WritePlan) -> bool {
    plan.prepare
        .iter()
        .any(|c| c.purpose == Move::SetLayerBreak)
}

#[test]
fn a_first_session() {
    let plan = plan(
        media::dvd_plus_r_blank(),
        burn(100, Placement::BlankOnly, Finish::CloseSession),
    );
    assert_eq!(
        lines(&plan),
        [
            "set speed: SET STREAMING type 0, 28 bytes: read 22160 kB/s, write 22160 kB/s, blocks 0 to 2295103, default rotation",
            "set speed: SET CD SPEED read max, write 22160 kB/s, default rotation (only if the one before is refused)",
            "write 112 blocks of 2048 bytes from LBA 0 by WRITE (10), the image",
            "synchronize cache: SYNCHRONIZE CACHE, IMMED",
            "synchronize cache: SYNCHRONIZE CACHE",
            "close track: CLOSE TRACK/SESSION track 1, IMMED",
            "close session: CLOSE TRACK/SESSION session, IMMED"
        ]
    );
    assert_eq!(plan.expected.closed_sessions, Some(1));
    assert_eq!(plan.expected.appendable, Some(true));
    assert_eq!(plan.expected.nwa_at_least, Some(Lba(112)));
    assert_eq!(plan.expected.capacity_at_least, Some(112));
}

#[test]
fn a_further_session_that_finalizes() {
    let plan = plan(
        media::dvd_plus_r_appendable(Profile::DvdPlusR, 2),
        burn(64, Placement::NewSession, Finish::FinalizeDisc),
    );
    assert_eq!(
        lines(&plan),
        [
            "set speed: SET STREAMING type 0, 28 bytes: read 22160 kB/s, write 22160 kB/s, blocks 0 to 2295103, default rotation",
            "set speed: SET CD SPEED read max, write 22160 kB/s, default rotation (only if the one before is refused)",
            "set write parameters: MODE SELECT (10) 60 bytes: write parameters: incremental, final, track mode 5, mode 1 2048, BUFE",
            "write 64 blocks of 2048 bytes from LBA 7296 by WRITE (10), the image",
            "synchronize cache: SYNCHRONIZE CACHE, IMMED",
            "synchronize cache: SYNCHRONIZE CACHE",
            "close track: CLOSE TRACK/SESSION track 3, IMMED",
            "finalize disc: CLOSE TRACK/SESSION finalize disc, IMMED",
            "close session: CLOSE TRACK/SESSION session, IMMED (only after a cancel)"
        ]
    );
    let mut expected = ExpectedMedium::sessions(3, Some(false));
    expected.capacity_at_least = Some(7_360);
    assert_eq!(plan.expected, expected);
}

#[test]
fn two_layers_that_are_finalized_are_filled_alike() {
    let plan = on_two_layers(L0 + 101, Finish::FinalizeDisc);
    assert_eq!(
        lines(&plan),
        [
            "set speed: SET STREAMING type 0, 28 bytes: read 22160 kB/s, write 22160 kB/s, blocks 0 to 4173823, default rotation",
            "set speed: SET CD SPEED read max, write 22160 kB/s, default rotation (only if the one before is refused)",
            "set layer break: SEND DISC STRUCTURE DVD format 20h, 12 bytes: layer 0 of 1043520 blocks",
            "set write parameters: MODE SELECT (10) 60 bytes: write parameters: incremental, final, track mode 5, mode 1 2048, BUFE",
            "write 2087024 blocks of 2048 bytes from LBA 0 by WRITE (10), the image",
            "synchronize cache: SYNCHRONIZE CACHE, IMMED",
            "synchronize cache: SYNCHRONIZE CACHE",
            "close track: CLOSE TRACK/SESSION track 1, IMMED",
            "finalize disc: CLOSE TRACK/SESSION finalize with minimal radius, IMMED",
            "close session: CLOSE TRACK/SESSION session, IMMED (only after a cancel)"
        ]
    );
    assert_eq!(plan.warnings, []);
}

#[test]
fn data_that_would_fit_one_layer_are_burned_with_a_warning() {
    for finish in [Finish::CloseSession, Finish::FinalizeDisc] {
        let plan = on_two_layers(L0, finish);
        let warning = Warning::WouldFitOneLayer {
            needed: L0,
            layer: L0,
        };
        assert_eq!(plan.warnings, [warning]);
        assert!(!breaks_layer(&plan));
        assert_eq!(plan.blocks(), L0);
    }
}

#[test]
fn the_layer_break_stays_where_it_is_for_good_reasons() {
    assert!(breaks_layer(&on_two_layers(L0 + 1, Finish::FinalizeDisc)));
    // Further sessions may come.
    assert!(!breaks_layer(&on_two_layers(L0 + 1, Finish::CloseSession)));
    // Half of a full disc is where the break is.
    assert!(!breaks_layer(&on_two_layers(2 * L0, Finish::FinalizeDisc)));
    // The drive says that it cannot be moved.
    let request = || burn(L0 + 1, Placement::NewSession, Finish::FinalizeDisc);
    let fixed = plan(
        media::layer_0(media::dvd_plus_r_dl_blank(), true),
        request(),
    );
    assert!(!breaks_layer(&fixed));
    // A session lies on the disc already.
    let used = media::dvd_plus_r_appendable(Profile::DvdPlusRDl, 1);
    let used = plan(used, request());
    assert!(!breaks_layer(&used) && used.warnings.is_empty());
}

#[test]
fn the_last_session_of_all_need_not_leave_the_disc_appendable() {
    let plan = plan(
        media::dvd_plus_r_appendable(Profile::DvdPlusR, 152),
        burn(64, Placement::NewSession, Finish::CloseSession),
    );
    let expected = (Some(153), None, None);
    let e = plan.expected;
    assert_eq!((e.closed_sessions, e.appendable, e.nwa_at_least), expected);
}

#[test]
fn a_disc_without_room_for_a_further_border_need_not_stay_appendable() {
    let room = u64::from(media::DVD_PLUS);
    let appendable = |blocks| {
        let request = burn(blocks, Placement::BlankOnly, Finish::CloseSession);
        plan(media::dvd_plus_r_blank(), request).expected.appendable
    };
    assert_eq!(appendable(room - 2_080), Some(true));
    assert_eq!(appendable(room - 2_064), None);
}

#[test]
fn an_open_session_is_closed_with_its_track() {
    let close = |medium, finalize| plan(medium, Request::Close(CloseRequest::new(finalize)));
    assert_eq!(
        lines(&close(media::dvd_plus_r_open(), false)),
        [
            "close track: CLOSE TRACK/SESSION track 1, IMMED",
            "close session: CLOSE TRACK/SESSION session, IMMED"
        ]
    );
    assert_eq!(
        lines(&close(media::dvd_plus_r_open(), true)),
        [
            "set write parameters: MODE SELECT (10) 60 bytes: write parameters: incremental, final, track mode 5, mode 1 2048, BUFE",
            "close track: CLOSE TRACK/SESSION track 1, IMMED",
            "finalize disc: CLOSE TRACK/SESSION finalize disc, IMMED"
        ]
    );
    let dual = close(media::dvd_plus_r_appendable(Profile::DvdPlusRDl, 1), true);
    assert_eq!(
        lines(&dual),
        [
            "set write parameters: MODE SELECT (10) 60 bytes: write parameters: incremental, final, track mode 5, mode 1 2048, BUFE",
            "finalize disc: CLOSE TRACK/SESSION finalize with minimal radius, IMMED"
        ]
    );
    assert_eq!(dual.expected, ExpectedMedium::sessions(1, Some(false)));
}

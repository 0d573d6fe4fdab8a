//! What the BD-R writer plans, line by line as a person reads it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says so by panicking"
)]

use pitland_bd_r::BdR;
use pitland_writer::mmc::feature::{Feature, FeatureDescriptor, RealTimeStreaming};
use pitland_writer::mmc::reply::{DiscStatus, SessionState};
use pitland_writer::mmc::{Lba, Profile};
use pitland_writer::testing::asked::{burn, lines};
use pitland_writer::testing::{FactsBuilder, asked, media};
use pitland_writer::{
    BurnRequest, CloseRequest, ExpectedMedium, Finish, FormatRequest, Placement, Request, Warning,
    WritePlan,
};

fn plan(medium: FactsBuilder, request: Request) -> WritePlan {
    asked::plan::<BdR>(medium, &request)
}

#[test]
fn a_first_session() {
    let plan = plan(
        media::bd_r_blank(),
        burn(100, Placement::BlankOnly, Finish::CloseSession),
    );
    assert_eq!(
        lines(&plan),
        [
            "set speed: SET STREAMING type 0, 28 bytes: read 35968 kB/s, write 35968 kB/s, blocks 0 to 12219391, default rotation",
            "set speed: SET CD SPEED read max, write 35968 kB/s, default rotation (only if the one before is refused)",
            "write 128 blocks of 2048 bytes from LBA 0 by WRITE (10), the image",
            "synchronize cache: SYNCHRONIZE CACHE, IMMED",
            "synchronize cache: SYNCHRONIZE CACHE",
            "close track: CLOSE TRACK/SESSION track 1, IMMED",
            "close session: CLOSE TRACK/SESSION session, IMMED"
        ]
    );
    assert_eq!(plan.expected.closed_sessions, Some(1));
    assert_eq!(plan.expected.appendable, Some(true));
    assert_eq!(plan.expected.nwa_at_least, Some(Lba(128)));
    assert_eq!(plan.expected.capacity_at_least, Some(128));
}

#[test]
fn a_third_session_that_finalizes() {
    let plan = plan(
        media::bd_r_appendable(2),
        burn(64, Placement::NewSession, Finish::FinalizeDisc),
    );
    assert_eq!(
        lines(&plan),
        [
            "set speed: SET STREAMING type 0, 28 bytes: read 35968 kB/s, write 35968 kB/s, blocks 0 to 12219391, default rotation",
            "set speed: SET CD SPEED read max, write 35968 kB/s, default rotation (only if the one before is refused)",
            "write 64 blocks of 2048 bytes from LBA 6528 by WRITE (10), the image",
            "synchronize cache: SYNCHRONIZE CACHE, IMMED",
            "synchronize cache: SYNCHRONIZE CACHE",
            "close track: CLOSE TRACK/SESSION track 3, IMMED",
            "finalize disc: CLOSE TRACK/SESSION finalize disc, IMMED",
            "close session: CLOSE TRACK/SESSION session, IMMED (only after a cancel)"
        ]
    );
    assert_eq!(plan.expected.closed_sessions, Some(3));
    assert_eq!(plan.expected.appendable, Some(false));
    assert_eq!(plan.expected.nwa_at_least, None);
    assert_eq!(plan.expected.capacity_at_least, Some(6_592));
}

fn resume(blocks: u64, finish: Finish, written: u64) -> Request {
    asked::rest(blocks, written, finish)
}

#[test]
fn the_rest_of_a_burn_that_was_cut_off() {
    let plan = plan(
        media::bd_r_open(),
        resume(3_300, Finish::CloseSession, 3_200),
    );
    assert_eq!(
        lines(&plan),
        [
            "set speed: SET STREAMING type 0, 28 bytes: read 35968 kB/s, write 35968 kB/s, blocks 0 to 12219391, default rotation",
            "set speed: SET CD SPEED read max, write 35968 kB/s, default rotation (only if the one before is refused)",
            "write 128 blocks of 2048 bytes from LBA 3200 by WRITE (10), the image",
            "synchronize cache: SYNCHRONIZE CACHE, IMMED",
            "synchronize cache: SYNCHRONIZE CACHE",
            "close track: CLOSE TRACK/SESSION track 1, IMMED",
            "close session: CLOSE TRACK/SESSION session, IMMED"
        ]
    );
    assert_eq!(plan.expected.closed_sessions, Some(1));
    assert_eq!(plan.expected.nwa_at_least, Some(Lba(3_328)));
    assert_eq!(plan.expected.capacity_at_least, Some(3_328));
    assert!(plan.resumable);
}

#[test]
fn a_burn_that_lacks_only_its_end() {
    let plan = plan(
        media::bd_r_open(),
        resume(3_200, Finish::FinalizeDisc, 3_200),
    );
    assert_eq!(
        lines(&plan),
        [
            "synchronize cache: SYNCHRONIZE CACHE, IMMED",
            "synchronize cache: SYNCHRONIZE CACHE",
            "close track: CLOSE TRACK/SESSION track 1, IMMED",
            "finalize disc: CLOSE TRACK/SESSION finalize disc, IMMED",
            "close session: CLOSE TRACK/SESSION session, IMMED (only after a cancel)"
        ]
    );
    assert_eq!(plan.expected.appendable, Some(false));
    assert_eq!(plan.expected.capacity_at_least, Some(3_200));
}

#[test]
fn a_disc_that_is_filled_need_not_stay_appendable() {
    let all = u64::from(media::BD_RAW);
    let plan = plan(
        media::bd_r_blank(),
        burn(all, Placement::BlankOnly, Finish::CloseSession),
    );
    assert_eq!(
        (plan.expected.appendable, plan.expected.nwa_at_least),
        (None, None)
    );
}

#[test]
fn many_sessions_and_a_verifying_drive_are_warned_of() {
    let request = || burn(64, Placement::NewSession, Finish::CloseSession);
    let warnings = plan(media::bd_r_appendable(300), request()).warnings;
    assert_eq!(warnings, [Warning::ManySessions { sessions: 300 }]);
    assert_eq!(plan(media::bd_r_appendable(299), request()).warnings, []);
    assert_eq!(
        plan(media::bd_r_formatted(), request()).warnings,
        [Warning::VerifiedByDrive]
    );
}

#[test]
fn a_format_is_sequential_without_pseudo_overwrite() {
    let format = |kind, spare| {
        let plan = plan(
            media::bd_r_blank(),
            Request::Format(FormatRequest::new(kind, spare)),
        );
        assert_eq!(plan.expected, ExpectedMedium::sessions(0, None));
        assert_eq!((plan.extents.len(), plan.closing.len()), (0, 0));
        lines(&plan)
    };
    assert_eq!(
        format(None, None),
        [
            "format: FORMAT UNIT code 1: format full (type 00h/1), 11826176 blocks, parameter 003000h, FOV, IMMED"
        ]
    );
    assert_eq!(
        format(Some(0x32), None),
        [
            "format: FORMAT UNIT code 1: format BD-R with spare areas (type 32h/1), 5796864 blocks, parameter 000000h, FOV, IMMED"
        ]
    );
    // 1 GiB of spare area: 524288 blocks less than the raw capacity.
    assert_eq!(
        format(None, Some(1 << 30)),
        [
            "format: FORMAT UNIT code 1: format BD-R with spare areas (type 32h/1), 11695104 blocks, parameter 000000h, FOV, IMMED"
        ]
    );
    // Less than the least that is listed is given as much as that.
    assert_eq!(
        format(None, Some(1)),
        [
            "format: FORMAT UNIT code 1: format BD-R with spare areas (type 32h/1), 12088320 blocks, parameter 000000h, FOV, IMMED"
        ]
    );
}

#[test]
fn an_open_session_is_closed_with_its_track() {
    let plan = plan(media::bd_r_open(), Request::Close(CloseRequest::new(false)));
    assert_eq!(
        lines(&plan),
        [
            "close track: CLOSE TRACK/SESSION track 1, IMMED",
            "close session: CLOSE TRACK/SESSION session, IMMED"
        ]
    );
    assert_eq!(plan.expected, ExpectedMedium::sessions(1, None));
}

#[test]
fn an_appendable_disc_is_finalized() {
    let plan = plan(
        media::bd_r_appendable(2),
        Request::Close(CloseRequest::new(true)),
    );
    assert_eq!(
        lines(&plan),
        ["finalize disc: CLOSE TRACK/SESSION finalize disc, IMMED"]
    );
    assert_eq!(plan.expected, ExpectedMedium::sessions(2, Some(false)));
}

#[test]
fn a_fast_write_leaves_the_verification_of_spare_areas_out() {
    let plan_in = |stream_writing, features: &[u16], fast_write| {
        let streams = Feature::RealTimeStreaming(RealTimeStreaming {
            stream_writing,
            ..RealTimeStreaming::default()
        });
        let mut burn = BurnRequest::new(10_000);
        burn.fast_write = fast_write;
        let bare = |code: &u16| FeatureDescriptor {
            code: *code,
            current: true,
            ..FeatureDescriptor::default()
        };
        let mut features: Vec<_> = features.iter().map(bare).collect();
        features.push(FeatureDescriptor::new(&streams, true));
        let medium = FactsBuilder::with_features(Profile::BdRSrm, features)
            .disc(DiscStatus::Appendable, SessionState::Empty, 1, (1, 1))
            .writable_track(1, 1, 0, 0, media::BD_DEFAULT);
        plan(medium, Request::Burn(burn))
    };
    let plan = |features: &[u16], fast_write| plan_in(true, features, fast_write);
    let with_spare = [0x21, 0x24, 0x41];
    let in_another_drive = plan_in(false, &with_spare, true);
    assert_eq!(in_another_drive.extents.len(), 1);
    assert_eq!(in_another_drive.warnings, [Warning::VerifiedByDrive]);
    let fast = plan(&with_spare, true);
    let writes = lines(&fast);
    assert_eq!(
        writes
            .iter()
            .filter(|line| line.starts_with("write"))
            .collect::<Vec<_>>(),
        [
            "write 2048 blocks of 2048 bytes from LBA 0 by WRITE (10), the image",
            "write 7968 blocks of 2048 bytes from LBA 2048 by WRITE (12) streaming, the image",
        ]
    );
    assert_eq!(fast.warnings, [Warning::DefectsNotReplaced]);
    assert_eq!(fast.expected.capacity_at_least, Some(10_016));
    let checked = plan(&with_spare, false);
    assert_eq!(
        (checked.extents.len(), checked.warnings),
        (1, vec![Warning::VerifiedByDrive])
    );
    let without_spare = plan(&[0x21, 0x41], true);
    assert_eq!(
        (without_spare.extents.len(), without_spare.warnings),
        (1, vec![])
    );
}

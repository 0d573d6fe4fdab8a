//! What the SAO writer plans, line by line as a person reads it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says so by panicking"
)]

use pitland_cd_sao::CdSao;
use pitland_writer::mmc::{Lba, Profile};
use pitland_writer::testing::asked::lines;
use pitland_writer::testing::{asked, cd};
use pitland_writer::{BurnRequest, ExpectedMedium, Finish, Move, Request, WritePlan};

fn plan(burn: BurnRequest) -> WritePlan {
    let plan = asked::plan::<CdSao>(cd::blank(Profile::CdR), &Request::Burn(burn));
    assert!(!plan.resumable);
    plan
}

#[test]
fn a_final_session() {
    let mut burn = BurnRequest::new(1_000);
    burn.finish = Finish::FinalizeDisc;
    let plan = plan(burn);
    assert_eq!(
        lines(&plan),
        [
            "set write parameters: MODE SELECT (10) 62 bytes: write parameters: session at once, final, track mode 0, raw 2352, BUFE",
            "set speed: SET CD SPEED read max, write 8467 kB/s, default rotation",
            "set speed: SET CD SPEED read max, write 8644 kB/s, default rotation (only if the one before is refused)",
            "calibrate power: SEND OPC INFORMATION calibrate",
            "send cue sheet: SEND CUE SHEET 32 bytes: lead-in at 00:00:00, mode 1 by the drive, control 4h; track 1 index 0 at 00:00:00, mode 1 2048, control 4h; track 1 index 1 at 00:02:00, mode 1 2048, control 4h; lead-out at 00:15:25, mode 1 by the drive, control 4h",
            "write 150 blocks of 2048 bytes from LBA -150 by WRITE (10), zeros",
            "write 1000 blocks of 2048 bytes from LBA 0 by WRITE (10), the image",
            "synchronize cache: SYNCHRONIZE CACHE, IMMED",
            "synchronize cache: SYNCHRONIZE CACHE",
        ]
    );
    let mut expected = ExpectedMedium::sessions(1, Some(false));
    expected.capacity_at_least = Some(1_000);
    assert_eq!(plan.expected, expected);
}

#[test]
fn a_session_that_another_may_follow() {
    let plan = plan(BurnRequest::new(1_000));
    assert!(lines(&plan)[0].contains("next session allowed"));
    let mut expected = ExpectedMedium::sessions(1, Some(true));
    expected.nwa_at_least = Some(Lba(1_000 + 11_400));
    expected.capacity_at_least = Some(1_000);
    assert_eq!(plan.expected, expected);
}

#[test]
fn a_short_image_becomes_a_track_of_four_seconds() {
    let plan = plan(BurnRequest::new(20));
    assert_eq!(
        lines(&plan)[5..8],
        [
            "write 150 blocks of 2048 bytes from LBA -150 by WRITE (10), zeros",
            "write 20 blocks of 2048 bytes from LBA 0 by WRITE (10), the image",
            "write 280 blocks of 2048 bytes from LBA 20 by WRITE (10), zeros",
        ]
    );
    assert!(lines(&plan)[4].contains("lead-out at 00:06:00"));
    assert_eq!(plan.expected.capacity_at_least, Some(20));
    assert_eq!(plan.expected.nwa_at_least, Some(Lba(300 + 11_400)));
}

#[test]
fn a_test_write_sends_its_sheet_and_does_not_calibrate() {
    let mut burn = BurnRequest::new(1_000);
    burn.test_write = true;
    let plan = plan(burn);
    assert!(lines(&plan)[0].ends_with("test write"));
    let purposes: Vec<Move> = plan.prepare.iter().map(|c| c.purpose).collect();
    assert_eq!(
        purposes,
        [
            Move::SetWriteParameters,
            Move::SetSpeed,
            Move::SetSpeed,
            Move::SendCueSheet
        ]
    );
    assert!(plan.extents.iter().all(|extent| extent.test_write));
    assert!(!plan.changes_disc());
    assert_eq!(plan.expected, ExpectedMedium::default());
}

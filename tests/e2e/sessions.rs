//! Further sessions on the sequential media: each is readable on its own, and none disturbs another.

use crate::common::burn::{self, Opened, Place};
use crate::common::outside::{self, Session};
use crate::common::seen::{assert_same, look_without_link_times};
use crate::common::tree;
use pitland::transport::sim::DiscType;
use pitland::{BurnError, Finish, MediumState, ReadOptions, Refusal};

/// Blocks of a disc whose gaps between sessions are in proportion to it.
const SMALL_DVD: Option<u32> = Some(64 * 1024);
/// Blocks of a disc of which every one is read.
const SMALL_BD: Option<u32> = Some(64 * 1024);

async fn three_sessions_are_readable_on(kind: DiscType, blocks: Option<u32>) {
    let place = Place::new();
    let sources = ["first", "second", "third"].map(|name| place.path(name));
    let wanted = tree::Wanted {
        files: 200,
        over_4_gib: false,
        raw_names: true,
    };
    tree::small(&sources[0]);
    tree::realistic(&sources[1], wanted);
    tree::small(&sources[2]);
    tree::write(&sources[2].join("third.bin"), &tree::noise(5, 777_777));
    let disc = place.path("disc.vdisc");
    burn::blank(&disc, kind, blocks);

    let opened = Opened::new(&disc);
    let mut sessions: Vec<(&std::path::PathBuf, u32)> = Vec::new();
    let mut end = 0;
    for (number, source) in (1..).zip(&sources) {
        let options = match number {
            1 => burn::options(),
            _ => burn::new_session(),
        };
        let report = opened.burn_tree(options, source).await;
        assert_eq!(report.medium, MediumState::Appendable, "{kind}: {report:?}");
        let start = u32::try_from(report.first_lba).unwrap();
        assert!(u64::from(start) >= end, "{kind}: {report:?}");
        end = u64::from(start) + report.written.blocks();
        opened.assert_holds(source).await;
        assert_eq!(opened.facts().await.closed_sessions(), Some(number));
        sessions.push((source, start));
    }
    let image = place.path("image.iso");
    assert!(burn::export(&opened.drive, None, &image).await >= end);
    opened.close().await;

    if outside::outsider("xorriso") {
        for (source, lba) in sessions {
            let restored = place.path("restored");
            outside::xorriso_restore(&image, Session::At(lba), &restored);
            assert_same(
                "xorriso",
                &look_without_link_times(source),
                &look_without_link_times(&restored),
            );
            std::fs::remove_dir_all(&restored).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn three_sessions_are_readable_on_bd_r() {
    three_sessions_are_readable_on(DiscType::BdR, None).await;
    // All of it can be read from the start, so that a small one is enough to read.
    three_sessions_are_readable_on(DiscType::BdRPow, SMALL_BD).await;
    three_sessions_are_readable_on(DiscType::BdRXl, None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn three_sessions_are_readable_on_dvd_plus_r() {
    three_sessions_are_readable_on(DiscType::DvdPlusR, None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn three_sessions_are_readable_on_dvd_plus_r_dl() {
    three_sessions_are_readable_on(DiscType::DvdPlusRDl, None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn three_sessions_are_readable_on_dvd_minus_r() {
    three_sessions_are_readable_on(DiscType::DvdMinusR, SMALL_DVD).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn three_sessions_are_readable_on_dvd_minus_rw() {
    three_sessions_are_readable_on(DiscType::DvdMinusRw, SMALL_DVD).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn three_sessions_are_readable_on_cd_r() {
    three_sessions_are_readable_on(DiscType::CdR, None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn three_sessions_are_readable_on_cd_rw() {
    three_sessions_are_readable_on(DiscType::CdRw, None).await;
}

/// The image and its padding are given without the two blocks behind them that no drive reads; the whole
/// disc has zeros there (recipe 5).
#[tokio::test(flavor = "multi_thread")]
async fn the_run_out_of_a_cd_trips_no_reader() {
    let place = Place::new();
    let (folder, disc) = (place.path("folder"), place.path("disc.vdisc"));
    tree::small(&folder);
    burn::blank(&disc, DiscType::CdR, None);
    let opened = Opened::new(&disc);
    let report = opened.burn_tree(burn::options(), &folder).await;
    let reading = ReadOptions::default().track(1);
    let reading = opened.drive.read(reading).await.unwrap();
    let blocks = reading.blocks;
    let pieces: Vec<_> = futures::StreamExt::collect(reading.pieces).await;
    let lengths = pieces.into_iter().map(|piece| piece.unwrap().bytes.len());
    let bytes: usize = lengths.sum();
    assert_eq!(blocks, report.blocks_written);
    assert_eq!(bytes as u64, blocks * 2048);
    let whole = burn::export(&opened.drive, None, &place.path("whole.iso")).await;
    assert_eq!(whole, blocks + 2);
    opened.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_session_is_as_it_was_when_others_follow() {
    let place = Place::new();
    let (folder, disc) = (place.path("folder"), place.path("disc.vdisc"));
    tree::small(&folder);
    burn::blank(&disc, DiscType::BdR, None);
    let opened = Opened::new(&disc);
    let one = opened.burn_tree(burn::options(), &folder).await;
    let before = place.path("before.iso");
    burn::export(&opened.drive, Some(one.blocks_written), &before).await;
    for session in 2..=6 {
        opened.burn_tree(burn::new_session(), &folder).await;
        assert_eq!(opened.facts().await.closed_sessions(), Some(session));
    }
    let after = place.path("after.iso");
    burn::export(&opened.drive, Some(one.blocks_written), &after).await;
    assert!(std::fs::read(before).unwrap() == std::fs::read(after).unwrap());
}

/// A finalized disc takes nothing more, says so, and is not touched by being asked.
async fn a_finalized_disc_is_refused(kind: DiscType) {
    let place = Place::new();
    let (folder, disc) = (place.path("folder"), place.path("disc.vdisc"));
    tree::small(&folder);
    burn::blank(&disc, kind, None);
    let opened = Opened::new(&disc);
    let report = opened
        .burn_tree(burn::options().finish(Finish::FinalizeDisc), &folder)
        .await;
    assert_eq!(report.medium, MediumState::Closed);
    opened.assert_holds(&folder).await;
    for options in [burn::options(), burn::new_session()] {
        let error = opened.burn(options, burn::tree(&folder)).await.unwrap_err();
        assert!(
            matches!(error, BurnError::Refused(Refusal::MediumClosed)),
            "{error:?}"
        );
        assert_eq!(error.medium_state(), MediumState::Untouched);
    }
    opened.assert_holds(&folder).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finalized_bd_r_is_refused() {
    a_finalized_disc_is_refused(DiscType::BdR).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finalized_dvd_plus_r_is_refused() {
    a_finalized_disc_is_refused(DiscType::DvdPlusR).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finalized_dvd_plus_r_dl_is_refused() {
    a_finalized_disc_is_refused(DiscType::DvdPlusRDl).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finalized_dvd_minus_r_is_refused() {
    a_finalized_disc_is_refused(DiscType::DvdMinusR).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finalized_cd_r_is_refused() {
    a_finalized_disc_is_refused(DiscType::CdR).await;
}

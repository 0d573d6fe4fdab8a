//! Further sessions on the sequential media: each is readable on its own, and none disturbs another.

use crate::common::burn::{self, Opened, Place};
use crate::common::outside::{self, Session};
use crate::common::seen::{assert_same, look_without_link_times};
use crate::common::tree;
use pitland::transport::sim::MediumKind;
use pitland::{BurnError, Finish, MediumState, Refusal};

async fn two_sessions_are_readable_on(kind: MediumKind) {
    let place = Place::new();
    let (first, second) = (place.path("first"), place.path("second"));
    let wanted = tree::Wanted {
        files: 400,
        over_4_gib: false,
        raw_names: true,
    };
    tree::small(&first);
    tree::realistic(&second, wanted);
    let disc = place.path("disc.vdisc");
    burn::blank(&disc, kind, None);

    let opened = Opened::new(&disc);
    let one = opened.burn_tree(burn::options(), &first).await;
    opened.assert_holds(&first).await;
    let two = opened.burn_tree(burn::new_session(), &second).await;
    opened.assert_holds(&second).await;
    assert_eq!(two.medium, MediumState::Appendable);
    let start = u32::try_from(two.first_lba).unwrap();
    assert!(u64::from(start) >= one.blocks_written, "{one:?} {two:?}");
    assert_eq!(opened.facts().await.closed_sessions(), Some(2));
    let image = place.path("image.iso");
    let blocks = burn::export(&opened.drive, None, &image).await;
    assert!(blocks >= u64::from(start) + two.blocks_written);
    opened.close().await;

    if outside::outsider("xorriso") {
        for (name, lba, source) in [("one", 0, &first), ("two", start, &second)] {
            let restored = place.path(name);
            outside::xorriso_restore(&image, Session::At(lba), &restored);
            assert_same(
                name,
                &look_without_link_times(source),
                &look_without_link_times(&restored),
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_sessions_are_readable_on_bd_r() {
    two_sessions_are_readable_on(MediumKind::BdR).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_sessions_are_readable_on_dvd_plus_r() {
    two_sessions_are_readable_on(MediumKind::DvdPlusR).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_sessions_are_readable_on_dvd_plus_r_dl() {
    two_sessions_are_readable_on(MediumKind::DvdPlusRDl).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_session_is_as_it_was_when_others_follow() {
    let place = Place::new();
    let (folder, disc) = (place.path("folder"), place.path("disc.vdisc"));
    tree::small(&folder);
    burn::blank(&disc, MediumKind::BdR, None);
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
async fn a_finalized_disc_is_refused(kind: MediumKind) {
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
    a_finalized_disc_is_refused(MediumKind::BdR).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finalized_dvd_plus_r_is_refused() {
    a_finalized_disc_is_refused(MediumKind::DvdPlusR).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finalized_dvd_plus_r_dl_is_refused() {
    a_finalized_disc_is_refused(MediumKind::DvdPlusRDl).await;
}

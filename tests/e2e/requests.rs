//! What is asked of a disc besides a burn onto a blank one: overwrite, erase, format, close, rehearse,
//! plan.

use crate::common::burn::{self, Opened, Place};
use crate::common::tree;
use pitland::transport::sim::MediumKind;
use pitland::writer::MediumCondition;
use pitland::{BurnError, Image, MediumState, Outcome, Placement, Refusal, Simulate, VerifyLevel};
use std::fs;

const REWRITABLE: [MediumKind; 3] = [MediumKind::BdRe, MediumKind::DvdPlusRw, MediumKind::DvdRam];
const SEQUENTIAL: [MediumKind; 3] = [
    MediumKind::BdR,
    MediumKind::DvdPlusR,
    MediumKind::DvdPlusRDl,
];

/// Two small folders that differ.
fn folders(place: &Place) -> [std::path::PathBuf; 2] {
    let folders = [place.path("first"), place.path("second")];
    tree::small(&folders[0]);
    tree::small(&folders[1]);
    tree::write(&folders[1].join("more.bin"), &tree::noise(3, 2_000_000));
    folders
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rewritable_disc_is_overwritten_only_when_asked_to() {
    for kind in REWRITABLE {
        let place = Place::new();
        let [first, second] = folders(&place);
        let disc = place.path("disc.vdisc");
        burn::blank(&disc, kind, None);
        let opened = Opened::new(&disc);
        opened.burn_tree(burn::options(), &first).await;
        let error = opened
            .burn(burn::options(), burn::tree(&second))
            .await
            .unwrap_err();
        let offer = Some(Placement::Overwrite);
        assert!(
            matches!(&error, BurnError::Refused(Refusal::MediumNotBlank { offer: o }) if *o == offer),
            "{kind:?}: {error:?}"
        );
        opened.assert_holds(&first).await;
        let report = opened.burn_tree(burn::overwrite(), &second).await;
        assert_eq!(report.first_lba, 0, "{kind:?}");
        opened.assert_holds(&second).await;
        opened.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sequential_disc_takes_a_session_only_when_asked_to() {
    for kind in SEQUENTIAL {
        let place = Place::new();
        let [first, second] = folders(&place);
        let disc = place.path("disc.vdisc");
        burn::blank(&disc, kind, None);
        let opened = Opened::new(&disc);
        opened.burn_tree(burn::options(), &first).await;
        let error = opened
            .burn(burn::options(), burn::tree(&second))
            .await
            .unwrap_err();
        let offer = Some(Placement::NewSession);
        assert!(
            matches!(&error, BurnError::Refused(Refusal::MediumNotBlank { offer: o }) if *o == offer),
            "{kind:?}: {error:?}"
        );
        let error = opened
            .burn(burn::overwrite(), burn::tree(&second))
            .await
            .unwrap_err();
        assert!(
            matches!(&error, BurnError::Refused(_)),
            "{kind:?}: {error:?}"
        );
        assert_eq!(opened.facts().await.closed_sessions(), Some(1));
        opened.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erased_disc_is_blank_and_burns_again() {
    for kind in REWRITABLE {
        for full in [false, true] {
            let place = Place::new();
            let [first, second] = folders(&place);
            let disc = place.path("disc.vdisc");
            burn::blank(&disc, kind, Some(8192));
            let opened = Opened::new(&disc);
            opened.burn_tree(burn::options(), &first).await;
            assert_eq!(
                opened.facts().await.condition().is_blank(),
                Some(false),
                "{kind:?}"
            );
            let lease = opened.drive.lease("a test").await.unwrap();
            let report = lease.erase(full).report().await.unwrap();
            assert_ne!(
                report.medium,
                MediumState::Untouched,
                "{kind:?} full={full}: {report:?}"
            );
            drop(lease);
            assert_eq!(
                opened.facts().await.condition().is_blank(),
                Some(true),
                "{kind:?} full={full}"
            );
            opened.burn_tree(burn::options(), &second).await;
            opened.assert_holds(&second).await;
            opened.close().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disc_that_can_be_written_once_is_not_erased() {
    for kind in SEQUENTIAL {
        let place = Place::new();
        let [first, _] = folders(&place);
        let disc = place.path("disc.vdisc");
        burn::blank(&disc, kind, None);
        let opened = Opened::new(&disc);
        opened.burn_tree(burn::options(), &first).await;
        let lease = opened.drive.lease("a test").await.unwrap();
        let error = lease.erase(true).report().await.unwrap_err();
        assert!(
            matches!(&error, BurnError::Refused(Refusal::NotRewritable { .. })),
            "{kind:?}: {error:?}"
        );
        opened.assert_holds(&first).await;
        opened.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_formatted_disc_burns() {
    for kind in REWRITABLE {
        let place = Place::new();
        let [first, _] = folders(&place);
        let disc = place.path("disc.vdisc");
        burn::blank(&disc, kind, Some(8192));
        let opened = Opened::new(&disc);
        let lease = opened.drive.lease("a test").await.unwrap();
        let report = lease.format(None, None).report().await.unwrap();
        assert_ne!(
            report.medium,
            MediumState::Untouched,
            "{kind:?}: {report:?}"
        );
        let facts = opened.facts().await;
        assert!(
            matches!(facts.condition(), MediumCondition::Formatted { .. }),
            "{kind:?}: {:?}",
            facts.condition()
        );
        drop(lease);
        let options = match facts.condition().is_blank() {
            Some(true) => burn::options(),
            _ => burn::overwrite(),
        };
        opened.burn_tree(options, &first).await;
        opened.assert_holds(&first).await;
        opened.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_appendable_disc_is_finalized() {
    for kind in SEQUENTIAL {
        let place = Place::new();
        let [first, second] = folders(&place);
        let disc = place.path("disc.vdisc");
        burn::blank(&disc, kind, None);
        let opened = Opened::new(&disc);
        opened.burn_tree(burn::options(), &first).await;
        let lease = opened.drive.lease("a test").await.unwrap();
        // There is no open session.
        let error = lease.close(false).report().await.unwrap_err();
        assert!(
            matches!(&error, BurnError::Refused(Refusal::NothingToClose)),
            "{kind:?}: {error:?}"
        );
        let report = lease.close(true).report().await.unwrap();
        assert_eq!(report.medium, MediumState::Closed, "{kind:?}: {report:?}");
        drop(lease);
        assert_eq!(opened.facts().await.condition(), MediumCondition::Complete);
        opened.assert_holds(&first).await;
        let error = opened
            .burn(burn::new_session(), burn::tree(&second))
            .await
            .unwrap_err();
        assert!(
            matches!(&error, BurnError::Refused(Refusal::MediumClosed)),
            "{kind:?}: {error:?}"
        );
        opened.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rehearsal_and_a_plan_leave_every_medium_as_it_is() {
    for kind in MediumKind::ALL {
        let place = Place::new();
        let [first, _] = folders(&place);
        let disc = place.path("disc.vdisc");
        burn::blank(&disc, kind, Some(8192));
        let before = fs::read(&disc).unwrap();
        let opened = Opened::new(&disc);
        let lease = opened.drive.lease("a test").await.unwrap();
        let plan = lease
            .plan(burn::options(), burn::tree(&first))
            .await
            .unwrap();
        assert!(
            plan.image_blocks > 100 && !plan.plan.extents.is_empty(),
            "{kind:?}: {plan:?}"
        );
        let rehearsal = burn::options().simulate(Simulate::Host);
        let report = lease
            .burn(rehearsal, burn::tree(&first))
            .report()
            .await
            .unwrap();
        assert!(report.rehearsed, "{kind:?}: {report:?}");
        assert_eq!(
            report.medium,
            MediumState::Untouched,
            "{kind:?}: {report:?}"
        );
        assert_eq!(
            report.outcome,
            Outcome::NothingWritten,
            "{kind:?}: {report:?}"
        );
        assert_eq!(report.blocks_written, 0, "{kind:?}");
        let error = lease
            .burn(
                burn::options().simulate(Simulate::TestWrite),
                burn::tree(&first),
            )
            .report()
            .await
            .unwrap_err();
        assert!(
            matches!(&error, BurnError::Refused(Refusal::NoTestWrite { .. })),
            "{kind:?}: {error:?}"
        );
        drop(lease);
        opened.close().await;
        assert!(
            fs::read(&disc).unwrap() == before,
            "{kind:?}: the disc was changed"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_file_is_burned_as_it_is() {
    for kind in MediumKind::ALL {
        let place = Place::new();
        let (disc, image, back) = (
            place.path("disc.vdisc"),
            place.path("i.iso"),
            place.path("back"),
        );
        // Not a whole number of blocks.
        let bytes = tree::noise(77, 3_000_000);
        fs::write(&image, &bytes).unwrap();
        burn::blank(&disc, kind, None);
        let opened = Opened::new(&disc);
        let report = opened
            .burn(burn::options(), Image::file(&image))
            .await
            .unwrap();
        assert_eq!(report.outcome, Outcome::Verified);
        assert_eq!(report.image_bytes, 3_000_000);
        let blocks = bytes.len().div_ceil(2048) as u64;
        burn::export(&opened.drive, Some(blocks), &back).await;
        let back = fs::read(back).unwrap();
        assert!(back[..bytes.len()] == bytes[..], "{kind:?}");
        assert!(
            back[bytes.len()..].iter().all(|byte| *byte == 0),
            "{kind:?}"
        );
        opened.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_verification_the_outcome_says_so() {
    let place = Place::new();
    let [first, _] = folders(&place);
    let disc = place.path("disc.vdisc");
    burn::blank(&disc, MediumKind::DvdPlusR, None);
    let opened = Opened::new(&disc);
    let options = burn::options().verify(VerifyLevel::None);
    let report = opened.burn(options, burn::tree(&first)).await.unwrap();
    assert_eq!(report.outcome, Outcome::Unverified);
    assert_eq!(report.verification, None);
    opened.assert_holds(&first).await;
    opened.close().await;
}

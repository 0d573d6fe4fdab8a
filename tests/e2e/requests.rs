//! What is asked of a disc besides a burn onto a blank one: overwrite, erase, format, close, rehearse,
//! plan.

use crate::common::burn::{self, Opened, Place};
use crate::common::tree;
use pitland::transport::sim::DiscType;
use pitland::writer::{MediumCondition, Recording};
use pitland::{
    BurnError, Finish, Image, MediumState, Outcome, Placement, Refusal, Simulate, VerifyLevel,
};
use std::fs;

/// Those of which any block may be written again.
const OVERWRITABLE: [DiscType; 7] = [
    DiscType::BdRe,
    DiscType::BdReDl,
    DiscType::BdReXl,
    DiscType::DvdMinusRwRestrictedOverwrite,
    DiscType::DvdPlusRw,
    DiscType::DvdPlusRwDl,
    DiscType::DvdRam,
];
/// Those that are written session behind session, and can be blanked.
const BLANKABLE: [DiscType; 2] = [DiscType::CdRw, DiscType::DvdMinusRw];
/// Those that take a session behind another, once.
const WRITE_ONCE: [DiscType; 7] = [
    DiscType::BdR,
    DiscType::BdRDl,
    DiscType::BdRXl,
    DiscType::CdR,
    DiscType::DvdMinusR,
    DiscType::DvdPlusR,
    DiscType::DvdPlusRDl,
];
/// Those that are finalized by a close alone.
const CLOSED_ALONE: [DiscType; 4] = [
    DiscType::BdR,
    DiscType::BdRDl,
    DiscType::DvdPlusR,
    DiscType::DvdPlusRDl,
];
/// Those that are finalized together with a session, by page 05h.
const CLOSED_BY_PAGE: [DiscType; 4] = [
    DiscType::CdR,
    DiscType::CdRw,
    DiscType::DvdMinusR,
    DiscType::DvdMinusRw,
];
/// Those that a drive can write without recording.
const TESTABLE: [DiscType; 5] = [
    DiscType::CdR,
    DiscType::CdRw,
    DiscType::DvdMinusR,
    DiscType::DvdMinusRw,
    DiscType::DvdMinusRDl,
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
    for kind in OVERWRITABLE {
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
    for kind in WRITE_ONCE.into_iter().chain(BLANKABLE) {
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
    for kind in OVERWRITABLE.into_iter().chain(BLANKABLE) {
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
    for kind in WRITE_ONCE {
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
    for kind in OVERWRITABLE.into_iter().chain([DiscType::DvdMinusRw]) {
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
    for kind in CLOSED_ALONE {
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
    for kind in DiscType::ALL {
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
        let tested = lease
            .burn(
                burn::options().simulate(Simulate::TestWrite),
                burn::tree(&first),
            )
            .report()
            .await;
        match tested {
            Ok(report) => {
                assert!(TESTABLE.contains(&kind), "{kind}: {report:?}");
                assert!(report.test_written && !report.rehearsed, "{kind}");
                assert_eq!(report.medium, MediumState::Untouched, "{kind}");
                assert_eq!(report.outcome, Outcome::NothingWritten, "{kind}");
                assert!(report.blocks_written >= plan.image_blocks, "{kind}");
                assert_eq!(report.verification, None, "{kind}");
            }
            Err(error) => {
                let refused = matches!(&error, BurnError::Refused(Refusal::NoTestWrite { .. }));
                assert!(refused && !TESTABLE.contains(&kind), "{kind}: {error:?}");
            }
        }
        drop(lease);
        opened.close().await;
        assert!(
            fs::read(&disc).unwrap() == before,
            "{kind:?}: the disc was changed"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_finalized_by_its_last_session_is_not_finalized_without() {
    for kind in CLOSED_BY_PAGE {
        let place = Place::new();
        let [first, second] = folders(&place);
        let disc = place.path("disc.vdisc");
        burn::blank(&disc, kind, None);
        let opened = Opened::new(&disc);
        opened.burn_tree(burn::options(), &first).await;
        let lease = opened.drive.lease("a test").await.unwrap();
        let error = lease.close(true).report().await.unwrap_err();
        let wanted = matches!(
            &error,
            BurnError::Refused(Refusal::FinalWithSessionOnly { .. })
        );
        assert!(wanted, "{kind}: {error:?}");
        drop(lease);
        let last = burn::new_session().finish(Finish::FinalizeDisc);
        let report = opened.burn_tree(last, &second).await;
        assert_eq!(report.medium, MediumState::Closed, "{kind}: {report:?}");
        opened.assert_holds(&second).await;
        opened.close().await;
    }
}

/// A burn for real behind a test of it, in the same drive: what the test leaves set would record nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_burn_behind_a_test_write_records() {
    for kind in TESTABLE {
        for recording in [Recording::AsUsual, Recording::AtOnce] {
            let place = Place::new();
            let [first, _] = folders(&place);
            let disc = place.path("disc.vdisc");
            burn::blank(&disc, kind, None);
            let opened = Opened::new(&disc);
            let options = burn::options().recording(recording);
            let test = options.clone().simulate(Simulate::TestWrite);
            let report = opened.burn(test, burn::tree(&first)).await.unwrap();
            assert!(report.test_written, "{kind} {recording}: {report:?}");
            let report = opened.burn_tree(options, &first).await;
            assert!(!report.test_written, "{kind} {recording}");
            opened.assert_holds(&first).await;
            opened.close().await;
        }
    }
}

/// In one go: disc at once on DVD, session at once on CD.
#[tokio::test(flavor = "multi_thread")]
async fn a_disc_written_at_once_holds_the_folder() {
    for kind in [
        DiscType::CdR,
        DiscType::CdRw,
        DiscType::DvdMinusR,
        DiscType::DvdMinusRw,
        DiscType::DvdMinusRDl,
    ] {
        let place = Place::new();
        let [_, second] = folders(&place);
        let disc = place.path("disc.vdisc");
        burn::blank(&disc, kind, None);
        let opened = Opened::new(&disc);
        let at_once = burn::options().recording(Recording::AtOnce);
        let report = opened.burn_tree(at_once, &second).await;
        let is_cd = matches!(kind, DiscType::CdR | DiscType::CdRw);
        let left = match is_cd {
            true => MediumState::Appendable,
            false => MediumState::Closed,
        };
        assert_eq!(report.medium, left, "{kind}: {report:?}");
        assert_eq!(report.first_lba, 0, "{kind}: the pregap is not the image");
        opened.assert_holds(&second).await;
        opened.close().await;
    }
}

/// A DVD-RW that was erased quickly is burned by another plan than the first one where its drive refuses
/// that (recipe 6), and erased in full it takes sessions again.
#[tokio::test(flavor = "multi_thread")]
async fn a_quickly_erased_dvd_rw_takes_one_session_and_a_fully_erased_one_more() {
    let place = Place::new();
    let [first, second] = folders(&place);
    let disc = place.path("disc.vdisc");
    burn::blank(&disc, DiscType::DvdMinusRw, Some(32 * 1024));
    let opened = Opened::new(&disc);
    opened.burn_tree(burn::options(), &first).await;
    for (full, left) in [
        (false, MediumState::Closed),
        (true, MediumState::Appendable),
    ] {
        let lease = opened.drive.lease("a test").await.unwrap();
        lease.erase(full).report().await.unwrap();
        drop(lease);
        assert_eq!(opened.facts().await.condition(), MediumCondition::Blank);
        let report = opened.burn_tree(burn::options(), &second).await;
        assert_eq!(report.medium, left, "full={full}: {report:?}");
        opened.assert_holds(&second).await;
    }
    opened.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_file_is_burned_as_it_is() {
    for kind in DiscType::ALL {
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
    burn::blank(&disc, DiscType::DvdPlusR, None);
    let opened = Opened::new(&disc);
    let options = burn::options().verify(VerifyLevel::None);
    let report = opened.burn(options, burn::tree(&first)).await.unwrap();
    assert_eq!(report.outcome, Outcome::Unverified);
    assert_eq!(report.verification, None);
    opened.assert_holds(&first).await;
    opened.close().await;
}

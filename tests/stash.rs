//! What is stored before a burn, seen from outside: the disc holds what the source held, whatever goes on with
//! the source, and nothing is left behind.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

mod common;

use common::burn::{self, Opened, Place};
use common::tree;
use futures::stream;
use pitland::transport::sim::MediumKind;
use pitland::{
    BurnError, Image, MediumState, Outcome, SourceError, StashPlace, StashPolicy, StashWhy,
    VerifyLevel,
};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A folder with many small files and a large one, a folder for the stash, and a blank disc.
struct Scene {
    place: Place,
    source: PathBuf,
    stash: PathBuf,
    disc: PathBuf,
}

impl Scene {
    fn new() -> Self {
        let place = Place::new();
        let (source, stash) = (place.path("source"), place.path("stash"));
        let disc = place.path("disc.vdisc");
        fs::create_dir(&stash).unwrap();
        for number in 0..200 {
            let bytes = tree::noise(number, 10 + number as usize * 40);
            tree::write(&source.join(format!("{}/{number}", number % 7)), &bytes);
        }
        tree::write(&source.join("large"), &tree::noise(999, 1_500_000));
        burn::blank(&disc, MediumKind::BdRe, Some(8192));
        Self {
            place,
            source,
            stash,
            disc,
        }
    }

    fn options(&self, policy: StashPolicy) -> pitland::BurnOptions {
        burn::options()
            .stash(policy, vec![self.stash.clone()])
            .stash_bounds(100_000, None)
    }

    fn nothing_is_left(&self) {
        assert_eq!(fs::read_dir(&self.stash).unwrap().count(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn under_each_policy_the_disc_holds_what_the_folder_holds() {
    for policy in [StashPolicy::Auto, StashPolicy::All, StashPolicy::Never] {
        let scene = Scene::new();
        let opened = Opened::new(&scene.disc);
        opened.burn_tree(scene.options(policy), &scene.source).await;
        opened.assert_holds(&scene.source).await;
        opened.close().await;
        scene.nothing_is_left();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_tells_of_each_file_where_it_goes_and_why() {
    let scene = Scene::new();
    let opened = Opened::new(&scene.disc);
    let lease = opened.drive.lease("a test").await.unwrap();
    let options = scene.options(StashPolicy::All);
    let plan = lease
        .plan(options, burn::tree(&scene.source))
        .await
        .unwrap();
    let rows: Vec<_> = plan.stash.rows().collect();
    assert_eq!(rows.len(), 201);
    assert!(rows.iter().all(|row| row.why == StashWhy::Policy));
    let large = rows
        .iter()
        .find(|row| row.path == Path::new("/large"))
        .unwrap();
    assert_eq!((large.place, large.bytes), (StashPlace::File, 1_500_000));
    let totals = plan.stash.totals();
    assert!(totals.memory.bytes <= 100_000 && totals.memory.files > 0);
    assert_eq!(totals.memory.files + totals.file.files, 201);
    drop(lease);
    opened.close().await;
    scene.nothing_is_left();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stash_that_does_not_fit_is_refused_and_the_disc_is_untouched() {
    let scene = Scene::new();
    let opened = Opened::new(&scene.disc);
    let missing = scene.place.path("missing");
    let no_folder = scene
        .options(StashPolicy::All)
        .stash(StashPolicy::All, vec![missing]);
    let over_quota = scene
        .options(StashPolicy::All)
        .stash_bounds(100_000, Some(1_000_000));
    for options in [no_folder, over_quota] {
        let image = burn::tree(&scene.source);
        let error = opened.burn(options, image).await.unwrap_err();
        assert_eq!(error.medium_state(), MediumState::Untouched);
        assert!(
            matches!(error, BurnError::Source(SourceError::Stash { .. })),
            "{error}"
        );
        assert!(
            error.to_string().contains("burn without a stash"),
            "{error}"
        );
    }
    opened.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_is_stored_whole_before_the_disc_is_touched() {
    let scene = Scene::new();
    let opened = Opened::new(&scene.disc);
    let bytes = tree::noise(3, 1_000_000);
    let pieces = |length: usize| {
        let pieces: Vec<_> = bytes
            .get(..length)
            .unwrap()
            .chunks(7001)
            .map(|piece| Ok(bytes::Bytes::copy_from_slice(piece)))
            .collect();
        Image::stream(1_000_000, stream::iter(pieces))
    };
    // One that ends early costs no disc.
    let options = scene.options(StashPolicy::Auto);
    let error = opened
        .burn(options.clone(), pieces(999_999))
        .await
        .unwrap_err();
    assert_eq!(error.medium_state(), MediumState::Untouched);
    assert!(
        matches!(error, BurnError::Source(SourceError::Short { .. })),
        "{error}"
    );
    let report = opened.burn(options, pieces(1_000_000)).await.unwrap();
    assert_eq!(report.outcome, Outcome::Verified);
    let out = scene.place.path("out");
    burn::export(&opened.drive, Some(489), &out).await;
    assert!(fs::read(out).unwrap()[..1_000_000] == bytes);
    opened.close().await;
    scene.nothing_is_left();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_stands_still_can_be_cancelled_and_the_drive_is_free() {
    let scene = Scene::new();
    let opened = Opened::new(&scene.disc);
    let (begun, has_begun) = tokio::sync::oneshot::channel();
    let mut begun = Some(begun);
    let standing = stream::poll_fn(move |_| {
        if let Some(begun) = begun.take() {
            begun.send(()).unwrap();
        }
        std::task::Poll::Pending
    });
    let lease = opened.drive.lease("a test").await.unwrap();
    let job = lease.burn(
        scene.options(StashPolicy::Auto),
        Image::stream(1_000_000, standing),
    );
    has_begun.await.unwrap();
    job.cancel();
    let error = job.report().await.unwrap_err();
    assert_eq!(error.medium_state(), MediumState::Untouched);
    assert!(matches!(error, BurnError::Cancelled), "{error}");
    drop(lease);
    opened.drive.lease("another").await.unwrap();
    opened.close().await;
    scene.nothing_is_left();
}

#[tokio::test(flavor = "multi_thread")]
async fn several_burns_share_the_folders_of_one_stash() {
    let scene = Scene::new();
    let discs: Vec<PathBuf> = (0..4)
        .map(|number| scene.place.path(&format!("disc {number}.vdisc")))
        .collect();
    let burns = discs.iter().map(|disc| {
        let scene = &scene;
        async move {
            burn::blank(disc, MediumKind::BdRe, Some(8192));
            let opened = Opened::new(disc);
            let options = scene.options(StashPolicy::All).verify(VerifyLevel::Full);
            opened.burn_tree(options, &scene.source).await;
            opened.assert_holds(&scene.source).await;
            opened.close().await;
        }
    });
    let all = futures::future::join_all(burns);
    tokio::time::timeout(Duration::from_secs(300), all)
        .await
        .unwrap();
    scene.nothing_is_left();
}

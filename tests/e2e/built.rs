//! Trees that a caller puts together, with files from memory and from streams: what is burned is what was given, or
//! the disc is left alone.

use crate::common::burn::{self, Opened, Place};
use crate::common::outside::{self, Session};
use crate::common::tree::{self, noise};
use bytes::Bytes;
use futures::stream;
use pitland::mastering::{Attributes, EmitError, LengthFault, Origin, Timestamp, TreeBuilder};
use pitland::transport::sim::MediumKind;
use pitland::{
    Append, BurnError, Image, MediumState, OpenMode, Outcome, SourceError, StashPolicy, StashWhy,
    burn_together, streamed_file,
};
use std::fs;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

const STREAMED: usize = 1_234_567;

fn attributes() -> Attributes {
    Attributes::new(
        0o644,
        Timestamp::from(UNIX_EPOCH + Duration::from_secs(1_700_000_000)),
    )
}

/// A file that states `length` bytes, of a stream that has `there`, with a pause before each piece.
fn file_of_stream(length: usize, there: usize) -> Origin {
    let bytes = noise(7, there);
    let pieces: Vec<Bytes> = bytes.chunks(7001).map(Bytes::copy_from_slice).collect();
    let paused = stream::unfold(pieces.into_iter(), async |mut left| {
        tokio::task::yield_now().await;
        left.next().map(|piece| (Ok(piece), left))
    });
    streamed_file(length as u64, paused)
}

fn tree_with(streamed: Origin) -> TreeBuilder {
    let mut builder = TreeBuilder::new();
    let folder = Attributes::new(0o755, attributes().modified);
    builder.add_folder("kept", &folder).unwrap();
    let kept = Origin::memory(noise(8, 30_000));
    builder
        .add_file("kept/memory.bin", kept, &attributes())
        .unwrap();
    builder
        .add_file("kept/streamed.bin", streamed, &attributes())
        .unwrap();
    builder
        .add_file("empty", file_of_stream(0, 0), &attributes())
        .unwrap();
    builder
}

fn image(builder: TreeBuilder) -> Image {
    Image::built(builder, burn::mastering())
}

fn assert_restored(folder: &Path) {
    assert!(fs::read(folder.join("kept/memory.bin")).unwrap() == noise(8, 30_000));
    assert!(fs::read(folder.join("kept/streamed.bin")).unwrap() == noise(7, STREAMED));
    assert_eq!(fs::read(folder.join("empty")).unwrap(), b"");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tree_of_streams_is_burned_and_xorriso_reads_it() {
    for policy in [StashPolicy::Auto, StashPolicy::All, StashPolicy::Never] {
        let place = Place::new();
        let disc = place.path("disc.vdisc");
        burn::blank(&disc, MediumKind::BdRe, Some(8192));
        let opened = Opened::new(&disc);
        let options = burn::options().stash(policy, Vec::new());
        let built = tree_with(file_of_stream(STREAMED, STREAMED));
        let report = opened.burn(options, image(built)).await.unwrap();
        assert_eq!(report.outcome, Outcome::Verified);
        let whole = place.path("image.iso");
        burn::export(&opened.drive, None, &whole).await;
        opened.close().await;
        if outside::outsider("xorriso") {
            let restored = place.path("restored");
            outside::xorriso_restore(&whole, Session::Default, &restored);
            assert_restored(&restored);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_stashes_the_streams_of_a_tree_alone() {
    let place = Place::new();
    let disc = place.path("disc.vdisc");
    burn::blank(&disc, MediumKind::BdRe, Some(8192));
    let opened = Opened::new(&disc);
    let lease = opened.drive.lease("a test").await.unwrap();
    let built = tree_with(file_of_stream(STREAMED, STREAMED));
    let plan = lease.plan(burn::options(), image(built)).await.unwrap();
    let stored: Vec<_> = plan
        .stash
        .rows()
        .filter(|row| row.place.is_stored())
        .map(|row| (row.path, row.why))
        .collect();
    assert_eq!(stored.len(), 1, "{stored:?}");
    assert_eq!(stored[0].0, Path::new("/kept/streamed.bin"));
    assert_eq!(stored[0].1, StashWhy::Once);
    drop(lease);
    opened.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_of_another_length_leaves_the_disc_blank() {
    let place = Place::new();
    let disc = place.path("disc.vdisc");
    burn::blank(&disc, MediumKind::BdR, None);
    let opened = Opened::new(&disc);
    let (stated, found) = (STREAMED as u64, STREAMED as u64 - 1);
    for (there, expected) in [
        (STREAMED - 1, LengthFault::Short { stated, found }),
        (STREAMED + 1, LengthFault::Long { stated }),
    ] {
        let built = tree_with(file_of_stream(STREAMED, there));
        let error = opened
            .burn(burn::options(), image(built))
            .await
            .unwrap_err();
        assert_eq!(error.medium_state(), MediumState::Untouched);
        let BurnError::Source(SourceError::Emit(emit)) = &error else {
            panic!("{error:?}");
        };
        let EmitError::WrongLength { path, fault } = emit.as_ref() else {
            panic!("{error:?}");
        };
        assert_eq!(path, Path::new("/kept/streamed.bin"));
        assert_eq!(*fault, expected);
        assert_eq!(opened.facts().await.condition().is_blank(), Some(true));
    }
    opened.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tree_of_streams_goes_on_with_a_session_of_a_disc() {
    let place = Place::new();
    let (folder, disc) = (place.path("folder"), place.path("disc.vdisc"));
    tree::write(&folder.join("first.txt"), b"first");
    burn::blank(&disc, MediumKind::BdR, None);
    let opened = Opened::new(&disc);
    opened.burn_tree(burn::options(), &folder).await;
    let built = tree_with(file_of_stream(STREAMED, STREAMED));
    let image = Image::built(built, burn::mastering().append(Append::default()));
    let report = opened.burn(burn::new_session(), image).await.unwrap();
    assert_eq!(report.outcome, Outcome::Verified);
    let whole = place.path("image.iso");
    burn::export(&opened.drive, None, &whole).await;
    opened.close().await;
    if outside::outsider("xorriso") {
        let restored = place.path("restored");
        let last = u32::try_from(report.first_lba).unwrap();
        outside::xorriso_restore(&whole, Session::At(last), &restored);
        assert_restored(&restored);
        assert_eq!(fs::read(restored.join("first.txt")).unwrap(), b"first");
    }
}

/// Volumes for sessions that start elsewhere have other addresses in them, and need the tree's bytes once more.
#[tokio::test(flavor = "multi_thread")]
async fn discs_that_start_elsewhere_share_what_can_be_read_again_alone() {
    let place = Place::new();
    let folder = place.path("folder");
    tree::write(&folder.join("first.txt"), b"first");
    let discs = ["begun.vdisc", "blank.vdisc"].map(|name| place.path(name));
    for disc in &discs {
        burn::blank(disc, MediumKind::BdR, None);
    }
    let begun = Opened::new(&discs[0]);
    let blank =
        begun
            .engine
            .open_with(&burn::address(&discs[1]), OpenMode::Existing, |transport| {
                transport
            });
    let blank = blank.unwrap();
    begun.burn_tree(burn::options(), &folder).await;
    let mut repeatable = TreeBuilder::new();
    let bytes = Origin::memory(noise(8, 30_000));
    repeatable
        .add_file("memory.bin", bytes, &attributes())
        .unwrap();
    let once = tree_with(file_of_stream(STREAMED, STREAMED));
    for (built, refused) in [(once, 1), (repeatable, 0)] {
        let mut onto = Vec::new();
        for drive in [&begun.drive, &blank] {
            onto.push((drive.lease("a test").await.unwrap(), burn::new_session()));
        }
        let mut failed = Vec::new();
        for job in burn_together(image(built), onto) {
            match job.report().await {
                Ok(report) => assert_eq!(report.outcome, Outcome::Verified),
                Err(error) => failed.push(error),
            }
        }
        assert_eq!(failed.len(), refused, "{failed:?}");
        for error in failed {
            assert_eq!(error.medium_state(), MediumState::Untouched);
            assert!(
                matches!(error, BurnError::Source(SourceError::ComesOnce)),
                "{error}"
            );
        }
    }
    begun.close().await;
}

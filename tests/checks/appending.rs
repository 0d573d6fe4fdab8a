//! Further sessions: what is written of them, what shows them, and onto which disc they go.

use crate::common::burn::{self, Opened, Place, mastering};
use crate::common::outside::{self, Session, outsider};
use crate::common::tree::{noise, write};
use crate::volumes::{FILE, contents, files_below};
use pitland::codes::{Coded, imapi};
use pitland::mastering::import::ImportOptions;
use pitland::mastering::{
    BLOCK_SIZE, DiscError, ImportError, Names, Origin, UdfRevision, Volume, import,
};
use pitland::transport::sim::DiscType;
use pitland::{
    Append, BurnError, FileSystems, Image, MasterOptions, MediumState, Outcome, SourceError, Udf,
};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn with_udf() -> MasterOptions {
    mastering().file_systems(FileSystems::default().udf(Udf::Revision(UdfRevision::V1_02)))
}

/// A disc with a volume that has UDF, from a folder with `old`.
async fn disc_with_volume(place: &Place, name: &str, kind: DiscType) -> (PathBuf, Opened) {
    let (folder, disc) = (place.path("old"), place.path(name));
    write(&folder.join("old.bin"), &noise(1, 200_000));
    burn::blank(&disc, kind, Some(16 * 1024));
    let opened = Opened::new(&disc);
    let image = Image::tree(vec![folder], with_udf());
    let report = opened.burn(burn::options(), image).await.unwrap();
    assert_eq!(report.outcome, Outcome::Verified);
    (disc, opened)
}

/// A folder with something new, to go on with what a disc holds.
fn more(place: &Place) -> Image {
    let folder = place.path("new");
    write(&folder.join("new.bin"), &noise(2, 100_000));
    Image::tree(vec![folder], with_udf().append(Append::default()))
}

async fn blocks_of(opened: &Opened, out: PathBuf) -> Vec<u8> {
    burn::export(&opened.drive, None, &out).await;
    fs::read(out).unwrap()
}

/// Whether a block is a descriptor of UDF with this tag, for this block (ECMA-167 3/7.2).
fn is_tagged(image: &[u8], lba: usize, tag: u16) -> bool {
    let block = &image[lba * BLOCK_SIZE..][..16];
    let sum = block.iter().enumerate().filter(|(at, _)| *at != 4);
    let sum = sum.fold(0u8, |sum, (_, byte)| sum.wrapping_add(*byte));
    block[..2] == tag.to_le_bytes() && block[4] == sum && block[12..] == (lba as u32).to_le_bytes()
}

#[tokio::test(flavor = "multi_thread")]
async fn check_48_a_session_on_a_write_once_disc_shows_old_and_new() {
    let place = Place::new();
    let (_, opened) = disc_with_volume(&place, "disc.vdisc", DiscType::BdR).await;
    let before = blocks_of(&opened, place.path("before")).await;
    let report = opened
        .burn(burn::new_session(), more(&place))
        .await
        .unwrap();
    assert_eq!(report.outcome, Outcome::Verified);
    let after = blocks_of(&opened, place.path("after")).await;
    let first = report.first_lba as usize;
    // Nothing of the first session is written anew, neither its blocks nor its file's bytes.
    assert!(after.starts_with(&before[..first.min(before.len() / BLOCK_SIZE) * BLOCK_SIZE]));
    let old = noise(1, 200_000);
    let copies = after
        .chunks(BLOCK_SIZE)
        .filter(|block| old.starts_with(block))
        .count();
    assert_eq!(copies, 1);
    // The session has an anchor and descriptors of its own.
    assert!(is_tagged(&after, first + 256, 2));
    assert_eq!(&after[(first + 16) * BLOCK_SIZE..][..6], b"\x01CD001");
    let mut volume = Volume::open(after.as_slice(), first as u32).unwrap();
    for names in [Names::Udf, Names::RockRidge] {
        assert!(volume.use_names(names));
        let found: BTreeSet<_> = volume.walk().map(|found| found.unwrap().0).collect();
        assert!(found.contains(Path::new("/old.bin")) && found.contains(Path::new("/new.bin")));
    }
    if outsider("xorriso") {
        let to = place.path("restored");
        outside::xorriso_restore(&place.path("after"), Session::At(first as u32), &to);
        let expected = [("new.bin", noise(2, 100_000)), ("old.bin", old)];
        assert_eq!(
            files_below(&to),
            expected.map(|(name, bytes)| (name.into(), bytes)).into()
        );
    }
    opened.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn check_49_a_rewritable_disc_grows_by_the_modified_blocks_alone() {
    let place = Place::new();
    let (_, opened) = disc_with_volume(&place, "disc.vdisc", DiscType::DvdPlusRw).await;
    let before = blocks_of(&opened, place.path("before")).await;
    let lease = opened.drive.lease("a check").await.unwrap();
    let plan = lease.plan(burn::new_session(), more(&place)).await.unwrap();
    drop(lease);
    // The session first, then the head, each in whole write units.
    let runs: Vec<_> = plan
        .plan
        .extents
        .iter()
        .map(|e| (e.first_lba.0 as u64, e.blocks))
        .collect();
    assert!(
        runs.iter()
            .all(|(first, blocks)| first % 16 == 0 && blocks % 16 == 0),
        "{runs:?}"
    );
    assert!(
        runs.len() == 3 && runs[0].0 > runs[1].0 && runs[1].0 > runs[2].0,
        "{runs:?}"
    );
    assert_eq!((runs[1].0, runs[2].0), (256, 16));
    let report = opened
        .burn(burn::new_session(), more(&place))
        .await
        .unwrap();
    assert_eq!(report.outcome, Outcome::Verified);
    let after = blocks_of(&opened, place.path("after")).await;
    let changed = before
        .chunks(BLOCK_SIZE)
        .zip(after.chunks(BLOCK_SIZE))
        .enumerate();
    let changed = changed
        .filter(|(_, (before, after))| before != after)
        .map(|(at, _)| at as u64);
    let changed: Vec<_> = changed.collect();
    let within = |at: &u64| {
        runs.iter()
            .any(|(first, blocks)| (*first..first + blocks).contains(at))
    };
    assert!(changed.iter().all(within), "{changed:?}");
    // The first anchor now leads to the new descriptors.
    assert!(changed.contains(&256) && is_tagged(&after, 256, 2));
    let sequence =
        |image: &[u8]| u32::from_le_bytes(image[256 * BLOCK_SIZE + 20..][..4].try_into().unwrap());
    assert!(sequence(&after) as u64 >= runs[0].0 && (sequence(&before) as u64) < runs[0].0);
    let found = contents(&after, Names::Udf);
    assert_eq!(found[Path::new("/old.bin")], Some(noise(1, 200_000)));
    assert_eq!(found[Path::new("/new.bin")], Some(noise(2, 100_000)));
    opened.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn check_51_an_imported_tree_is_burned_onto_its_own_disc_alone() {
    let place = Place::new();
    for kind in [DiscType::BdR, DiscType::DvdPlusRw] {
        let name = |what: &str| format!("{what} {kind}.vdisc");
        let (_, right) = disc_with_volume(&place, &name("right"), kind).await;
        let other = Opened::new(&{
            let (folder, disc) = (place.path("other"), place.path(&name("other")));
            write(&folder.join("other.bin"), &noise(9, 200_000));
            burn::blank(&disc, kind, Some(16 * 1024));
            let opened = Opened::new(&disc);
            opened.burn_tree(burn::options(), &folder).await;
            opened.close().await;
            disc
        });
        let reader = right.drive.reader();
        let imported =
            tokio::task::spawn_blocking(move || import(reader, 0, &ImportOptions::default()));
        let mut imported = imported.await.unwrap().unwrap();
        imported.builder.rename("old.bin", "renamed.bin").unwrap();
        imported
            .builder
            .add_file("new", Origin::memory(*b"new"), &FILE)
            .unwrap();
        let image = || Image::imported(imported.clone(), with_udf().volume_id("EDITED"));
        let error = other.burn(burn::new_session(), image()).await.unwrap_err();
        assert_eq!(error.medium_state(), MediumState::Untouched);
        assert_eq!(error.imapi_code(), Some(imapi::IMAPI_E_DISC_MISMATCH));
        let BurnError::Source(SourceError::Import(cause)) = &error else {
            panic!("{error:?}");
        };
        assert!(
            matches!(**cause, ImportError::Disc(DiscError::Mismatch { .. })),
            "{error}"
        );
        let report = right.burn(burn::new_session(), image()).await.unwrap();
        assert_eq!(report.outcome, Outcome::Verified);
        let whole = blocks_of(&right, place.path("whole")).await;
        let mut volume = Volume::open(whole.as_slice(), report.first_lba as u32).unwrap();
        assert_eq!(volume.volume_id(), "EDITED");
        let entry = volume.find(Path::new("/renamed.bin")).unwrap().unwrap();
        let mut bytes = vec![0; entry.size as usize];
        volume.read_file(&entry, 0, &mut bytes).unwrap();
        assert!(bytes == noise(1, 200_000) && volume.find(Path::new("/new")).unwrap().is_some());
        // The disc is another one since: the same import is refused.
        let error = right.burn(burn::new_session(), image()).await;
        if kind == DiscType::DvdPlusRw {
            assert_eq!(
                error.unwrap_err().imapi_code(),
                Some(imapi::IMAPI_E_DISC_MISMATCH)
            );
        }
        right.close().await;
        other.close().await;
    }
}

//! CDs of sound through the public API: what differs from its files is found, sector by sector.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test's helpers fail by panicking"
)]

use pitland::cd::{CdImage, CdMode, CdSubchannel, CdTrack, Gap, SECTOR_BYTES};
use pitland::transport::sim::{MediumKind, create_disc};
use pitland::writer::mmc::Lba;
use pitland::{BurnOptions, Engine, Image, OpenMode, Outcome, StashPolicy, VerifyLevel};
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

/// Samples that all differ from their neighbours.
fn sound(frames: u32) -> Vec<u8> {
    let sample = |n: u32| (n.wrapping_mul(2_654_435_761) | 0x0101_0101).to_le_bytes();
    (0..frames * 588).flat_map(sample).collect()
}

fn image(folder: &Path, first: &[u8], second: &[u8]) -> CdImage {
    let mut builder = CdImage::builder();
    builder.gap = Gap::None;
    for (name, samples) in [("first", first), ("second", second)] {
        let path = folder.join(name);
        fs::write(&path, samples).unwrap();
        builder.add(CdTrack::pcm(path));
    }
    builder.finish().unwrap()
}

#[tokio::test]
async fn a_sample_that_differs_is_found_and_a_stash_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::builder().build().unwrap();
    let (first, second) = (sound(400), sound(500));
    let modes = [
        CdMode::SessionAtOnce,
        CdMode::TrackAtOnce,
        CdMode::Raw(CdSubchannel::Raw96),
    ];
    for (number, mode) in modes.into_iter().enumerate() {
        let disc = folder.path().join(format!("{number}.vdisc"));
        drop(create_disc(&disc, MediumKind::CdR, None).unwrap());
        let drive = format!("virtual:{}", disc.display()).parse().unwrap();
        let drive = engine
            .open_with(&drive, OpenMode::Existing, |drive| drive)
            .unwrap();
        let lease = drive.lease("test").await.unwrap();
        let burned = image(folder.path(), &first, &second);
        let options = BurnOptions::default()
            .verify(VerifyLevel::None)
            .stash(StashPolicy::All, vec![folder.path().to_owned()]);
        let report = lease
            .burn(options, Image::cd(burned.clone(), mode))
            .report()
            .await
            .unwrap();
        assert_eq!(report.block_bytes, mode.block().bytes());
        assert_eq!(
            report.outcome,
            Outcome::Unverified,
            "the job itself compares nothing"
        );
        let facts = drive.medium().await.unwrap().facts;
        let compare = async |image: CdImage| {
            let (reader, facts) = (lease.reader(), facts.clone());
            let work =
                move || reader.compare_cd(&image, mode, &facts, |_, _| ControlFlow::Continue(()));
            tokio::task::spawn_blocking(work).await.unwrap().unwrap()
        };
        let same = compare(burned).await;
        assert!(same.is_equal(), "{mode}: {same:?}");
        assert_eq!((same.compared, same.read_offset), (900, Some(0)));
        assert_eq!(same.c2_sectors, Some(0));
        let mut other = second.clone();
        other[7 * SECTOR_BYTES + 1001] ^= 1;
        let differs = compare(image(folder.path(), &first, &other)).await;
        let start = facts.cd.toc.as_ref().unwrap().entries[1].start;
        assert_eq!(differs.bad_sectors, [Lba(start.0 + 7)], "{mode}");
        assert!(!differs.is_equal() && differs.bad == 1);
    }
}

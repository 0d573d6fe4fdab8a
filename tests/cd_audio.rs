//! CDs of sound through the public API: what differs from its files is found, sector by sector.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test's helpers fail by panicking"
)]

use pitland::cd::{
    CdError, CdFinding, CdImage, CdImageBuilder, CdMode, CdSubchannel, CdTrack, FindingKind, Found,
    Gap, SECTOR_BYTES, SubchannelForm, TextKind,
};
use pitland::transport::layer::Around;
use pitland::transport::sim::{MediumKind, create_disc};
use pitland::writer::MediaFacts;
use pitland::writer::mmc::Lba;
use pitland::writer::mmc::cdb::CdbBytes;
use pitland::{BurnOptions, Engine, Image, OpenMode, Outcome, StashPolicy, VerifyLevel};
use proptest::collection::vec;
use proptest::prelude::*;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::OnceLock;

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

/// A reader that met a file cut short gave what came then from its own place.
#[test]
fn sound_stays_moved_behind_a_read_that_failed() {
    const MOVED: i32 = 20;
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (sound(300), sound(400));
    let sectors = image(folder.path(), &first, &second).moved(MOVED).sectors();
    let silence = vec![0; MOVED as usize * 4];
    let stream = [silence, first, second].concat();
    let mut reader = sectors.reader();
    let mut read = |lba: i32| {
        let mut sector = [0; SECTOR_BYTES];
        let block = (lba - sectors.first_lba().0).unsigned_abs();
        let told = reader.read_blocks(block, &mut sector);
        told.map(|()| sector)
    };
    let stands = |lba: i32| &stream[lba as usize * SECTOR_BYTES..][..SECTOR_BYTES];
    assert_eq!(read(299).unwrap(), stands(299));
    let file = folder.path().join("second");
    let whole = fs::read(&file).unwrap();
    fs::write(&file, &whole[..SECTOR_BYTES]).unwrap();
    assert!(read(500).is_err());
    fs::write(&file, whole).unwrap();
    for lba in [500, 501, 300, 0, 600] {
        assert_eq!(read(lba).unwrap(), stands(lba), "{lba}");
    }
}

#[tokio::test]
async fn a_difference_is_told_by_its_track_and_time_whatever_the_read_offset() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::builder().build().unwrap();
    let (first, second) = (sound(400), sound(500));
    for (mode, pieces) in [(CdMode::SessionAtOnce, 1), (CdMode::TrackAtOnce, 2)] {
        let disc = folder.path().join(format!("{mode}.vdisc"));
        drop(create_disc(&disc, MediumKind::CdR, None).unwrap());
        // A drive that gives sound from 594 samples behind the place that is asked for.
        let drive = format!("virtual:{},profile=first-dvd-writer", disc.display());
        let drive = engine
            .open_with(&drive.parse().unwrap(), OpenMode::Existing, |drive| drive)
            .unwrap();
        let lease = drive.lease("test").await.unwrap();
        let burned = image(folder.path(), &first, &second);
        let options = BurnOptions::default().verify(VerifyLevel::None);
        let job = lease.burn(options, Image::cd(burned.clone(), mode));
        job.report().await.unwrap();
        let facts = drive.medium().await.unwrap().facts;
        assert_eq!(burned.recorded_as(&facts), mode);
        let compare = async |image: CdImage| {
            let (reader, facts) = (lease.reader(), facts.clone());
            let work =
                move || reader.compare_cd(&image, mode, &facts, |_, _| ControlFlow::Continue(()));
            tokio::task::spawn_blocking(work).await.unwrap().unwrap()
        };
        let same = compare(burned).await;
        assert!(same.is_equal(), "{mode}: {same:?}");
        assert_eq!((same.read_offset, same.reread), (Some(594), 0));
        // A sector of each piece of sound lies before what the drive gives of it, and six samples of the next one.
        assert_eq!(
            (same.unseen_samples, same.compared),
            (594 * pieces, 900 - pieces)
        );
        let mut other = second.clone();
        other[7 * SECTOR_BYTES + 1001] ^= 1;
        let differs = compare(image(folder.path(), &first, &other)).await;
        let [difference] = differs.differences[..] else {
            panic!("{mode}: {differs:?}");
        };
        let start = facts.cd.toc.as_ref().unwrap().entries[1].start;
        assert_eq!(difference.lba, Lba(start.0 + 7), "{mode}");
        assert_eq!(difference.to_string(), "track 2, 00:00:07 differs");
        assert_eq!(differs.bad_sectors, [difference.lba]);
    }
}

/// A disc with codes and an index that was burned in one go, what a drive of this kind says of it, and what is found when it
/// is compared with another album.
async fn findings(
    mut odd: impl FnMut(&mut CdbBytes) + Send + 'static,
    tell: impl FnOnce(&mut MediaFacts),
    other: impl FnOnce(&mut CdImageBuilder, &mut CdTrack),
) -> Vec<CdFinding> {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::builder().build().unwrap();
    let path = folder.path().join("sound");
    fs::write(&path, sound(900)).unwrap();
    let mut track = CdTrack::pcm(&path);
    track.isrc = Some("USAT29902803".parse().unwrap());
    track.indexes = vec![500];
    let mut builder = CdImage::builder();
    builder.catalogue = Some("4006381333931".parse().unwrap());
    let mut burned = builder.clone();
    burned.add(track.clone());
    other(&mut builder, &mut track);
    builder.add(track);
    let disc = folder.path().join("disc.vdisc");
    drop(create_disc(&disc, MediumKind::CdR, None).unwrap());
    let drive = format!("virtual:{}", disc.display()).parse().unwrap();
    let drive = engine
        .open_with(&drive, OpenMode::Existing, move |drive| {
            Box::new(Around::new(drive, move |drive, mut exchange| {
                odd(&mut exchange.cdb);
                drive.execute(exchange)
            }))
        })
        .unwrap();
    let lease = drive.lease("test").await.unwrap();
    let mode = CdMode::SessionAtOnce;
    let options = BurnOptions::default().verify(VerifyLevel::None);
    let job = lease.burn(options, Image::cd(burned.finish().unwrap(), mode));
    job.report().await.unwrap();
    let mut facts = drive.medium().await.unwrap().facts;
    tell(&mut facts);
    let (reader, image) = (lease.reader(), builder.finish().unwrap());
    let work = move || {
        let observe = |_, _| ControlFlow::Continue(());
        reader.compare_cd_description(&image, mode, &facts, observe)
    };
    tokio::task::spawn_blocking(work).await.unwrap().unwrap()
}

/// A command like another one but for a byte.
fn with_byte(cdb: &CdbBytes, at: usize, byte: u8) -> CdbBytes {
    let mut bytes = cdb.as_slice().to_vec();
    bytes[at] = byte;
    CdbBytes::from_slice(&bytes).unwrap()
}

const READ_CD: u8 = 0xbe;
const READ_SUB_CHANNEL: u8 = 0x42;
/// The feature CD Read, whose first bit tells of texts.
const CD_READ: u16 = 0x1e;

#[tokio::test]
async fn what_a_drive_does_not_tell_of_a_disc_is_no_difference() {
    // No such sub-channels and no such question are known.
    let silent = |cdb: &mut CdbBytes| match cdb.as_slice() {
        [READ_CD, .., 1, _] => *cdb = with_byte(cdb, 10, 7),
        [READ_SUB_CHANNEL, ..] => *cdb = with_byte(cdb, 3, 9),
        _ => {}
    };
    let told = findings(silent, |_| {}, |_, _| {}).await;
    let kinds: Vec<FindingKind> = told.iter().map(CdFinding::kind).collect();
    assert_eq!(kinds, [FindingKind::Untold; 3], "{told:?}");
    assert!(matches!(
        told[..],
        [
            CdFinding::Catalogue { .. },
            CdFinding::Recording { track: 1, .. },
            CdFinding::Positions
        ]
    ));
}

#[tokio::test]
async fn sub_channels_from_a_place_nearby_are_known_by_their_own_addresses() {
    let beside = |cdb: &mut CdbBytes| {
        if let [READ_CD, _, _, _, a, b, .., 1, _] = *cdb.as_slice() {
            let [a, b] = (u16::from_be_bytes([a, b]) + 5).to_be_bytes();
            *cdb = with_byte(&with_byte(cdb, 4, a), 5, b);
        }
    };
    assert_eq!(findings(beside, |_| {}, |_, _| {}).await, []);
    let exact = |_: &mut CdbBytes| {};
    let told = findings(exact, |_| {}, |_, track| track.indexes = vec![600]).await;
    let [CdFinding::Index { wanted, found, .. }] = told[..] else {
        panic!("{told:?}");
    };
    assert_eq!((wanted, found), (Some(Lba(600)), Found::Other(Lba(500))));
}

#[tokio::test]
async fn texts_that_do_not_come_are_missing_where_the_drive_reads_them() {
    let texts = |builder: &mut CdImageBuilder, _: &mut CdTrack| {
        builder.texts.push((TextKind::Title, "One Piece".into()));
    };
    let exact = |_: &mut CdbBytes| {};
    let reads = findings(exact, |_| {}, texts).await;
    let none = |facts: &mut MediaFacts| {
        let features = &mut facts.configuration.as_mut().unwrap().features;
        let feature = features.iter_mut().find(|feature| feature.code == CD_READ);
        feature.unwrap().data[0] &= !1;
    };
    let reads_none = findings(exact, none, texts).await;
    let found = |found| [CdFinding::Texts { blocks: 1, found }];
    assert_eq!(reads, found(Found::Nothing));
    assert_eq!(reads[0].kind(), FindingKind::Difference);
    assert_eq!(reads_none, found(Found::Untold));
    assert_eq!(reads_none[0].kind(), FindingKind::Untold);
}

/// Blocks of lead-in before the first pregap: some rounds of the table of contents.
const LEAD_IN: u32 = 60;
/// Bytes of a block with P and Q, Q behind the sector.
const BLOCK: usize = 2368;

/// CRC of Q: x^16 + x^12 + x^5 + 1, inverted.
fn crc(q: &[u8]) -> [u8; 2] {
    let shifted = |crc: u16, _| match crc & 0x8000 {
        0 => crc << 1,
        _ => crc << 1 ^ 0x1021,
    };
    let taken = |crc: u16, byte: &u8| (0..8).fold(crc ^ u16::from(*byte) << 8, shifted);
    (!q.iter().fold(0, taken)).to_be_bytes()
}

/// A small disc as a stream of raw blocks, lead-in first.
fn raw_blocks() -> &'static [u8] {
    static BLOCKS: OnceLock<Vec<u8>> = OnceLock::new();
    BLOCKS.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let image = image(folder.path(), &sound(300), &sound(300));
        let first = Lba(-150 - LEAD_IN as i32);
        let raw = image.raw(SubchannelForm::Pq16, first).unwrap();
        let mut blocks = vec![0; raw.blocks() as usize * raw.block_bytes()];
        raw.reader().read_blocks(0, &mut blocks).unwrap();
        // All but the beginning of the lead-out.
        blocks.truncate((LEAD_IN as usize + 150 + 600 + 100) * BLOCK);
        blocks
    })
}

fn opened(blocks: &[u8]) -> Result<CdImage, CdError> {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), blocks).unwrap();
    CdImage::from_raw_blocks(file.path(), SubchannelForm::Pq16, Some(LEAD_IN))
}

#[test]
fn a_stream_of_raw_blocks_has_the_tracks_that_its_lead_in_says() {
    let starts = opened(raw_blocks()).unwrap();
    let starts: Vec<Lba> = starts.session().tracks().map(|(_, t)| t.index_1).collect();
    assert_eq!(starts, [Lba(0), Lba(300)]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// With the CRC made right again: what is believed is what is dangerous.
    #[test]
    fn a_lead_in_that_says_anything_is_a_disc_or_an_error(
        changes in vec((0..LEAD_IN as usize + 8, 0..10_usize, any::<u8>()), 1..200),
        cut in 0..40_usize,
    ) {
        let mut blocks = raw_blocks().to_vec();
        for (block, at, byte) in changes {
            let q = &mut blocks[block * BLOCK + SECTOR_BYTES..][..12];
            q[at] = byte;
            let sum = crc(&q[..10]);
            q[10..].copy_from_slice(&sum);
        }
        let whole = blocks.len() / BLOCK;
        blocks.truncate((whole - whole * cut / 80) * BLOCK);
        if let Ok(image) = opened(&blocks) {
            prop_assert!((1..=99).contains(&image.session().tracks().len()));
        }
    }
}

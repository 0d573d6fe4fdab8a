//! A stash from the plan to the last byte, and what its tests share.

use super::*;
use crate::config::StashPolicy;
use crate::drive::JobControl;
use crate::error::SourceError;
use crate::pipeline::image::{Feed, ImageSource, Readable};
use crate::pipeline::image_file::ImageFile;
use bytes::Bytes;
use pitland_mastering::{
    BLOCK_SIZE, EmitError, Layout, SourceChange, Timestamp, Tree, VolumeOptions, WalkOptions,
};
use proptest::prelude::*;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Bytes that look random and are always the same.
pub(super) fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    (0..length)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 32) as u8
        })
        .collect()
}

/// A folder to be burned, beside a folder for stash files.
pub(super) struct Folder {
    place: tempfile::TempDir,
}

impl Folder {
    pub(super) fn new() -> Self {
        let place = tempfile::tempdir().unwrap();
        fs::create_dir(place.path().join("source")).unwrap();
        fs::create_dir(place.path().join("stash")).unwrap();
        Self { place }
    }

    /// Files of these sizes in some folders.
    fn of_sizes(sizes: &[usize]) -> Self {
        let folder = Self::new();
        for (number, size) in sizes.iter().enumerate() {
            folder.write(
                &format!("{}/f{number}", number % 5),
                &noise(number as u64, *size),
            );
        }
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.place.path().join("source").join(name)
    }

    pub(super) fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    pub(super) fn plan(&self) -> Arc<Layout> {
        let tree = Tree::scan(&[self.path("")], &WalkOptions::default()).unwrap();
        let options = VolumeOptions::new("STASH", Timestamp::from_seconds(1_700_000_000));
        Arc::new(Layout::plan(tree, 0, &options).unwrap())
    }

    fn stash_dir(&self) -> PathBuf {
        self.place.path().join("stash")
    }

    /// Stash files that somebody could see.
    fn names_in_stash_dir(&self) -> usize {
        fs::read_dir(self.stash_dir()).unwrap().count()
    }

    fn options(&self, policy: StashPolicy) -> StashOptions {
        StashOptions {
            policy,
            dirs: vec![self.stash_dir()],
            memory: 100_000,
            quota: None,
            drive_rate: None,
        }
    }
}

fn volume(layout: &Arc<Layout>) -> Feed {
    Feed::Again(Readable::Layout(Arc::clone(layout)))
}

/// A time at which nothing was changed a moment ago.
fn later() -> Timestamp {
    Timestamp::from_seconds(Timestamp::now().seconds + 1000)
}

/// The image as it is without a stash.
fn plain(layout: &Arc<Layout>) -> Vec<u8> {
    let mut out = vec![0; layout.blocks() as usize * BLOCK_SIZE];
    layout.emitter().read_blocks(0, &mut out).unwrap();
    out
}

fn carried_out(plan: StashPlan, feed: Feed, bytes: u64) -> Result<Option<Feed>, SourceError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(carry_out(plan, feed, bytes, Arc::default()))
}

fn stashed(plan: StashPlan, feed: Feed, bytes: u64) -> Arc<Stashed> {
    match carried_out(plan, feed, bytes) {
        Ok(Some(Feed::Again(Readable::Stashed(stashed)))) => stashed,
        Ok(_) => panic!("nothing was stashed"),
        Err(error) => panic!("{error}"),
    }
}

fn whole(stashed: &Arc<Stashed>, bytes: usize) -> Vec<u8> {
    let mut out = vec![0xa5; bytes];
    stashed.reader().read(0, &mut out).unwrap();
    out
}

/// Plans at a time when all is calm.
fn plan_of(layout: &Arc<Layout>, options: StashOptions) -> StashPlan {
    StashPlan::of_at(&volume(layout), layout.blocks() * 2048, options, later())
}

#[test]
fn each_file_has_a_row_with_its_place_and_the_reason() {
    let folder = Folder::of_sizes(&[100; 70]);
    folder.write("large", &noise(1, 300_000));
    folder.write("empty", b"");
    fs::hard_link(folder.path("large"), folder.path("large again")).unwrap();
    let layout = folder.plan();
    let plan = plan_of(&layout, folder.options(StashPolicy::Auto));
    let rows: Vec<_> = plan.rows().collect();
    assert_eq!(rows.len(), 71, "each file with data once");
    for row in &rows {
        let expected = if row.path == Path::new("/large") {
            (StashPlace::Straight, StashWhy::Steady)
        } else {
            (StashPlace::Ahead, StashWhy::Small)
        };
        assert_eq!((row.place, row.why), expected, "{}", row.path.display());
    }
    assert_eq!(
        plan.totals().ahead,
        StashTotal {
            files: 70,
            bytes: 7000
        }
    );
    assert_eq!(
        plan.totals().straight,
        StashTotal {
            files: 1,
            bytes: 300_000
        }
    );
    assert_eq!(plan.totals().stored_bytes(), 0);
    assert_eq!(plan.dirs(), [folder.stash_dir()]);
    let rooms = plan.rooms();
    assert_eq!(rooms.len(), 1);
    assert_eq!(rooms[0].dir, folder.stash_dir());
    assert!(rooms[0].free.is_some());
    let options = StashOptions {
        dirs: vec![folder.path("missing")],
        ..folder.options(StashPolicy::Auto)
    };
    assert_eq!(plan_of(&layout, options).rooms()[0].free, None);
}

#[test]
fn what_was_changed_a_moment_ago_is_stored() {
    let folder = Folder::of_sizes(&[100; 70]);
    let layout = folder.plan();
    let feed = volume(&layout);
    let options = folder.options(StashPolicy::Auto);
    // The clock of the files, not this one's, for it may lag by a tick.
    let newest = layout.tree().changed(layout.files().last().unwrap().node());
    let plan = StashPlan::of_at(&feed, 0, options, newest);
    assert!(
        plan.rows()
            .all(|row| row.why == StashWhy::Changing && row.place == StashPlace::Memory)
    );
}

#[test]
fn a_large_file_that_is_still_being_written_is_told_from_one_that_is_not() {
    let folder = Folder::new();
    folder.write("calm", &noise(1, 17 << 20));
    folder.write("growing", &noise(2, 17 << 20));
    let layout = folder.plan();
    folder.write("growing", &noise(3, 18 << 20));
    let now = layout.tree().changed(layout.files().last().unwrap().node());
    let options = folder.options(StashPolicy::Auto);
    let plan = StashPlan::of_at(&volume(&layout), 0, options, now);
    let why: Vec<_> = plan.rows().map(|row| row.why).collect();
    assert_eq!(why, [StashWhy::Steady, StashWhy::Changing]);
    // What changed since it was planned is named, and not stored as if nothing had happened.
    let error = carried_out(plan, volume(&layout), 0).map(drop).unwrap_err();
    assert!(error.to_string().contains("growing"), "{error}");
}

#[test]
fn a_slow_file_system_is_found_by_measuring() {
    let folder = Folder::of_sizes(&[100; 70]);
    folder.write("large", &noise(1, 3_000_000));
    let layout = folder.plan();
    let with = |rate| {
        let options = StashOptions {
            drive_rate: Some(rate),
            ..folder.options(StashPolicy::Auto)
        };
        let plan = plan_of(&layout, options);
        plan.rows().map(|row| row.why).collect::<Vec<_>>()
    };
    assert!(with(u64::MAX).iter().all(|why| *why == StashWhy::Slow));
    assert!(with(1).iter().all(|why| *why != StashWhy::Slow));
}

#[test]
fn an_image_file_is_decided_and_stored_as_one() {
    let folder = Folder::new();
    let bytes = noise(9, 200_001);
    folder.write("image", &bytes);
    let open = || {
        Feed::Again(Readable::File(Arc::new(
            ImageFile::open(&folder.path("image")).unwrap(),
        )))
    };
    let rows = |policy| {
        let plan = StashPlan::of_at(&open(), 200_001, folder.options(policy), later());
        plan.rows()
            .map(|row| (row.place, row.why))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        rows(StashPolicy::Auto),
        [(StashPlace::Straight, StashWhy::Steady)]
    );
    assert_eq!(
        rows(StashPolicy::Never),
        [(StashPlace::Straight, StashWhy::Policy)]
    );
    assert_eq!(
        rows(StashPolicy::All),
        [(StashPlace::File, StashWhy::Policy)]
    );
    let plan = StashPlan::of(&open(), 200_001, folder.options(StashPolicy::All));
    let stashed = stashed(plan.clone(), open(), 200_001);
    fs::remove_file(folder.path("image")).unwrap();
    assert_eq!(whole(&stashed, bytes.len()), bytes);
    assert_eq!(folder.names_in_stash_dir(), 0);
    // One that changes meanwhile is named.
    folder.write("image", &bytes);
    let feed = open();
    folder.write("image", &bytes[..1000]);
    let error = carried_out(plan, feed, 200_001).map(drop).unwrap_err();
    assert!(matches!(error, SourceError::Changed { .. }), "{error}");
}

/// A stream of pieces, the last of which may be an error or never come.
struct Pieces {
    length: u64,
    pieces: Vec<Vec<u8>>,
    hangs: Option<tokio::sync::oneshot::Sender<()>>,
}

#[async_trait::async_trait]
impl ImageSource for Pieces {
    fn length(&self) -> u64 {
        self.length
    }

    fn name(&self) -> String {
        "the pieces".into()
    }

    async fn next_piece(&mut self) -> std::io::Result<Option<Bytes>> {
        if self.pieces.is_empty() {
            if let Some(begun) = self.hangs.take() {
                begun.send(()).unwrap();
                std::future::pending::<()>().await;
            }
            return Ok(None);
        }
        tokio::task::yield_now().await;
        Ok(Some(self.pieces.remove(0).into()))
    }
}

fn stream(length: u64, pieces: &[&[u8]]) -> Feed {
    Feed::Once(Box::new(Pieces {
        length,
        pieces: pieces.iter().map(|piece| piece.to_vec()).collect(),
        hangs: None,
    }))
}

#[test]
fn a_stream_is_stored_and_can_then_be_read_from_anywhere() {
    let folder = Folder::new();
    let bytes = noise(4, 250_000);
    let pieces: Vec<&[u8]> = bytes.chunks(7001).collect();
    for (memory, place) in [(100_000, StashPlace::File), (250_000, StashPlace::Memory)] {
        let feed = stream(250_000, &pieces);
        let options = StashOptions {
            memory,
            ..folder.options(StashPolicy::Auto)
        };
        let plan = StashPlan::of(&feed, 250_000, options);
        let rows: Vec<_> = plan.rows().collect();
        assert_eq!((rows[0].place, rows[0].why), (place, StashWhy::Once));
        assert_eq!(rows[0].path, Path::new("the pieces"));
        let stashed = stashed(plan, feed, 250_000);
        assert_eq!(whole(&stashed, bytes.len()), bytes);
        let mut middle = vec![0; 1000];
        stashed.reader().read(123_456, &mut middle).unwrap();
        assert_eq!(middle, bytes[123_456..124_456]);
        assert_eq!(folder.names_in_stash_dir(), 0);
    }
}

#[test]
fn a_stream_of_another_length_is_refused() {
    let folder = Folder::new();
    let told = |length, pieces: &[&[u8]]| {
        let feed = stream(length, pieces);
        let plan = StashPlan::of(&feed, length, folder.options(StashPolicy::All));
        carried_out(plan, feed, length).map(drop).unwrap_err()
    };
    assert!(matches!(
        told(10, &[b"12345"]),
        SourceError::Short {
            expected: 10,
            found: 5
        }
    ));
    assert!(matches!(
        told(10, &[b"12345", b"123456"]),
        SourceError::Long { expected: 10 }
    ));
    assert!(matches!(
        told(10, &[b"1234512345", b"", b"1"]),
        SourceError::Long { .. }
    ));
}

#[test]
fn under_never_a_stream_stays_one() {
    let folder = Folder::new();
    let feed = stream(5, &[b"12345"]);
    let plan = StashPlan::of(&feed, 5, folder.options(StashPolicy::Never));
    assert!(matches!(
        carried_out(plan, feed, 5),
        Ok(Some(Feed::Once(_)))
    ));
}

#[tokio::test]
async fn a_cancel_ends_the_wait_for_a_stream_that_stands_still() {
    let folder = Folder::new();
    let (begun, has_begun) = tokio::sync::oneshot::channel();
    let feed = Feed::Once(Box::new(Pieces {
        length: 1000,
        pieces: vec![b"first".to_vec()],
        hangs: Some(begun),
    }));
    let plan = StashPlan::of(&feed, 1000, folder.options(StashPolicy::Auto));
    let control = Arc::new(JobControl::default());
    let carrying = tokio::spawn(carry_out(plan, feed, 1000, Arc::clone(&control)));
    has_begun.await.unwrap();
    control.cancel();
    assert!(carrying.await.unwrap().unwrap().is_none());
}

#[test]
fn a_job_that_is_cancelled_already_copies_nothing() {
    let folder = Folder::of_sizes(&[1000; 3]);
    let layout = folder.plan();
    let plan = plan_of(&layout, folder.options(StashPolicy::All));
    let control = Arc::new(JobControl::default());
    control.cancel();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let ended = runtime.block_on(carry_out(plan, volume(&layout), 0, control));
    assert!(ended.unwrap().is_none());
}

#[test]
fn no_more_is_stored_than_the_quota_allows() {
    let folder = Folder::of_sizes(&[1000; 3]);
    let layout = folder.plan();
    let with = |quota| {
        let options = StashOptions {
            quota: Some(quota),
            ..folder.options(StashPolicy::All)
        };
        carried_out(plan_of(&layout, options), volume(&layout), 0)
    };
    assert!(with(3000).is_ok());
    let error = with(2999).map(drop).unwrap_err().to_string();
    assert!(error.contains("3000") && error.contains("2999"), "{error}");
}

#[test]
fn without_room_nothing_begins() {
    let folder = Folder::of_sizes(&[200_000; 3]);
    let layout = folder.plan();
    let options = StashOptions {
        dirs: vec![folder.path("missing")],
        ..folder.options(StashPolicy::All)
    };
    let plan = plan_of(&layout, options);
    let error = carried_out(plan, volume(&layout), 0).map(drop).unwrap_err();
    assert!(matches!(&error, SourceError::Stash { .. }), "{error}");
    assert!(error.to_string().contains("600000 bytes"), "{error}");
}

/// What becomes of a burn whose source is changed after the plan, and after the stash.
fn changed(policy: StashPolicy, late: bool, change: impl Fn(&Path)) -> SourceError {
    let folder = Folder::of_sizes(&[3000; 80]);
    folder.write("victim", &noise(1, 3000));
    let layout = folder.plan();
    let plan = plan_of(&layout, folder.options(policy));
    if !late {
        change(&folder.path("victim"));
    }
    let feed = carried_out(plan, volume(&layout), 0);
    if !late {
        return feed.map(drop).unwrap_err();
    }
    change(&folder.path("victim"));
    let Ok(Some(Feed::Again(Readable::Stashed(stashed)))) = feed else {
        panic!("nothing was stashed");
    };
    let mut out = vec![0; layout.blocks() as usize * BLOCK_SIZE];
    stashed.reader().read(0, &mut out).unwrap_err()
}

#[test]
fn a_source_that_changed_is_named_before_the_disc_is_touched_and_while_it_is_burned() {
    let vanish = |path: &Path| fs::remove_file(path).unwrap();
    let grow = |path: &Path| fs::write(path, noise(1, 4000)).unwrap();
    let link = |path: &Path| {
        let other = path.with_file_name("other");
        fs::rename(path, &other).unwrap();
        symlink(other, path).unwrap();
    };
    let expect = |error: SourceError, expected: SourceChange| {
        let SourceError::Emit(emit) = &error else {
            panic!("{error}");
        };
        let EmitError::SourceChanged { path, what } = emit.as_ref() else {
            panic!("{error}");
        };
        assert_eq!(path.file_name().unwrap(), "victim");
        assert_eq!(*what, expected);
    };
    for (policy, late) in [
        (StashPolicy::Auto, false),
        (StashPolicy::Auto, true),
        (StashPolicy::All, false),
    ] {
        expect(changed(policy, late, vanish), SourceChange::Gone);
        expect(changed(policy, late, grow), SourceChange::Size);
        expect(changed(policy, late, link), SourceChange::Inode);
    }
}

#[test]
fn what_is_stored_is_burned_as_it_was_whatever_becomes_of_the_source() {
    let folder = Folder::of_sizes(&[0, 1, 2047, 2048, 2049, 90_000, 200_000, 70_000]);
    let layout = folder.plan();
    let expected = plain(&layout);
    let plan = plan_of(&layout, folder.options(StashPolicy::All));
    let stashed = stashed(plan, volume(&layout), 0);
    assert_eq!(folder.names_in_stash_dir(), 0, "while the job runs");
    fs::remove_dir_all(folder.path("")).unwrap();
    assert!(whole(&stashed, expected.len()) == expected);
    assert!(Arc::ptr_eq(stashed.layout().unwrap(), &layout));
}

#[test]
fn several_jobs_and_several_readers_at_once_get_the_same_bytes() {
    let sizes: Vec<usize> = (0..300).map(|n| 100 + n * 37).collect();
    let folder = Folder::of_sizes(&sizes);
    let layout = folder.plan();
    let expected = plain(&layout);
    std::thread::scope(|scope| {
        for policy in [
            StashPolicy::All,
            StashPolicy::Auto,
            StashPolicy::All,
            StashPolicy::Auto,
        ] {
            let (folder, layout, expected) = (&folder, &layout, &expected);
            scope.spawn(move || {
                let stashed = stashed(plan_of(layout, folder.options(policy)), volume(layout), 0);
                std::thread::scope(|scope| {
                    // The second begins in the middle, as one does that was let go.
                    for first in [0, expected.len() / 4096 * 2048] {
                        let stashed = Arc::clone(&stashed);
                        scope.spawn(move || {
                            let mut reader = stashed.reader();
                            let mut position = first;
                            for piece in expected[first..].chunks(64 << 10) {
                                let mut out = vec![0; piece.len()];
                                reader.read(position as u64, &mut out).unwrap();
                                assert!(out == piece, "at {position}");
                                position += piece.len();
                            }
                        });
                    }
                });
            });
        }
    });
}

fn policies() -> impl Strategy<Value = StashPolicy> {
    prop_oneof![Just(StashPolicy::Auto), Just(StashPolicy::All)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn any_range_of_any_stash_is_a_piece_of_the_plain_image(
        sizes in proptest::collection::vec(
            prop_oneof![6 => 0usize..5000, 1 => 60_000usize..300_000], 1..160),
        memory in 0u64..200_000,
        policy in policies(),
        recent in any::<bool>(),
        ranges in proptest::collection::vec((0.0f64..1.0, 1usize..300), 1..20),
    ) {
        let folder = Folder::of_sizes(&sizes);
        let layout = folder.plan();
        let expected = plain(&layout);
        let options = StashOptions { memory, ..folder.options(policy) };
        let now = if recent { Timestamp::now() } else { later() };
        let plan = StashPlan::of_at(&volume(&layout), 0, options, now);

        // Every byte has one place, and memory is kept within its bound.
        let rows: Vec<_> = plan.rows().collect();
        let mut paths: Vec<_> = rows.iter().map(|row| &row.path).collect();
        paths.dedup();
        prop_assert_eq!(paths.len(), sizes.iter().filter(|size| **size > 0).count());
        let totals = plan.totals();
        let all = totals.straight.bytes + totals.ahead.bytes + totals.stored_bytes();
        prop_assert_eq!(all, sizes.iter().sum::<usize>() as u64);
        prop_assert!(totals.memory.bytes <= memory);
        if policy == StashPolicy::All {
            prop_assert_eq!(all, totals.stored_bytes());
        }

        let stashed = match carried_out(plan, volume(&layout), 0) {
            Ok(Some(Feed::Again(Readable::Stashed(stashed)))) => stashed,
            Ok(Some(Feed::Again(Readable::Layout(_)))) if totals.stored_bytes() == 0 => return Ok(()),
            _ => return Err(TestCaseError::fail("no stash")),
        };
        let mut reader = stashed.reader();
        for (at, blocks) in ranges {
            let count = expected.len() / BLOCK_SIZE;
            let first = (at * count as f64) as usize;
            let blocks = blocks.min(count - first);
            let mut out = vec![0x5a; blocks * BLOCK_SIZE];
            reader.read((first * BLOCK_SIZE) as u64, &mut out).unwrap();
            prop_assert!(out == expected[first * BLOCK_SIZE..][..out.len()]);
        }
    }
}

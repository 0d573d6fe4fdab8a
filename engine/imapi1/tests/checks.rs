//! What a program of IMAPI 1 counts on: the three checks of the old API's behaviour that are its first version's.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

mod support;

use bytes::Bytes;
use futures::channel::oneshot;
use futures::stream::{self, StreamExt};
use pitland::transport::sim::MediumKind;
use pitland::writer::MediumCondition;
use pitland::writer::mmc::Lba;
use pitland::{BurnOptions, DriveHandle, Image, MasterOptions, MediumState, Outcome};
use pitland_imapi1::{
    Applied, Condition, DiscMaster, DiscMasterFormat, DiscMasterProgress, DiscMasterSettings,
    DiscRecorder, MOST_STASH_BYTES, MediaFlags, MediaType, PropertySet, RecorderState,
    RecorderType,
};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use support::shelf::Shelf;
use support::{Bench, Listener, Told, choose, condition, noise, samples};

/// The disc's newest volume holds what a folder holds.
async fn assert_holds(drive: &DriveHandle, folder: &Path) {
    let compared = drive
        .verify_tree(vec![folder.to_owned()], MasterOptions::default())
        .await
        .unwrap();
    let differences: Vec<String> = compared.differences.iter().map(|d| d.to_string()).collect();
    assert!(compared.is_equal(), "{differences:#?}");
}

async fn state_of(drive: &DriveHandle) -> MediumCondition {
    drive.medium().await.unwrap().facts.condition()
}

/// The sound from a block on.
async fn heard(drive: &DriveHandle, lba: i32, blocks: usize) -> Vec<u8> {
    let reader = drive.reader();
    let read = move || {
        let mut out = vec![0; blocks * 2352];
        for (at, piece) in out.chunks_mut(2352 * 16).enumerate() {
            reader
                .read_sectors(Lba(lba + 16 * at as i32), false, piece)
                .unwrap();
        }
        out
    };
    tokio::task::spawn_blocking(read).await.unwrap()
}

async fn data_disc() {
    let bench = Bench::new();
    let drive = bench.drive("disc", MediumKind::CdR, None);
    // Larger than 128 KB, which some such programs failed at.
    let large = noise(300_000, 1);
    let first = bench.files(
        "first",
        &[("hello.txt", b"hello"), ("docs/large.bin", &large)],
    );
    let mut master = bench.open().await;
    assert_eq!(
        master.active_disc_master_format().unwrap(),
        DiscMasterFormat::Joliet
    );
    assert_eq!(master.enum_disc_master_formats().unwrap().len(), 2);

    let recorder = choose(&mut master).await;
    assert_eq!(recorder.recorder_type(), RecorderType::Cdrw);
    assert_eq!(
        condition(recorder.query_media_type().await),
        Condition::NotInitialized
    );
    recorder.open_exclusive().await.unwrap();
    assert_eq!(recorder.recorder_state(), RecorderState::Opened);
    let flags = MediaFlags {
        blank: true,
        rw: false,
        writable: true,
    };
    assert_eq!(
        recorder.query_media_type().await.unwrap(),
        (MediaType::CdOther, flags)
    );
    let info = recorder.query_media_info().await.unwrap();
    assert_eq!(
        (info.sessions, info.last_track, info.next_writable),
        (0, 0, 0)
    );
    assert!(info.free_blocks > 300_000);
    recorder.close();

    let mut joliet = master.joliet().unwrap();
    let named = PropertySet::new()
        .with("VolumeName", "Checked")
        .with("NoSuch", 1);
    let applied = joliet.set_joliet_properties(&named).unwrap();
    assert_eq!(
        (applied.code(), applied),
        (0x40200, Applied::PropertiesIgnored(vec!["NoSuch".into()]))
    );
    assert_eq!(
        joliet.joliet_properties().unwrap().text("VolumeName"),
        Some("Checked")
    );
    joliet.add_data(first.clone(), false).await.unwrap();
    let (used, total) = (
        joliet.used_data_blocks().unwrap(),
        joliet.total_data_blocks().unwrap(),
    );
    assert!(
        (150..1000).contains(&used) && total == u64::from(info.free_blocks),
        "{used} of {total}"
    );
    assert!(master.stash().unwrap().1 >= 300_005);

    // A simulation writes nothing, and takes what was staged with it, as there.
    master.record_disc(true, false).await.unwrap();
    assert_eq!(state_of(&drive).await, MediumCondition::Blank);
    assert_eq!(master.stash().unwrap().1, 0);
    assert_eq!(
        condition(master.record_disc(false, false).await),
        Condition::NoActiveRecorder
    );

    master.set_active_disc_recorder(&recorder).await.unwrap();
    master
        .joliet()
        .unwrap()
        .add_data(first.clone(), false)
        .await
        .unwrap();
    master.record_disc(false, true).await.unwrap();
    assert_eq!(state_of(&drive).await, MediumCondition::NoMedium, "ejected");
    drive.load().await.unwrap();
    assert_holds(&drive, &first).await;

    // The same disc again: a session that goes on with it.
    let second = bench.files("second", &[("docs/more.txt", b"more")]);
    master.set_active_disc_recorder(&recorder).await.unwrap();
    let mut joliet = master.joliet().unwrap();
    assert_eq!(
        condition(joliet.add_data(first.clone(), false).await),
        Condition::FileExists
    );
    joliet.add_data(second, false).await.unwrap();
    master.record_disc(false, false).await.unwrap();
    let both: &[(&str, &[u8])] = &[
        ("hello.txt", b"hello"),
        ("docs/large.bin", &large),
        ("docs/more.txt", b"more"),
    ];
    assert_holds(&drive, &bench.files("both", both)).await;
    recorder.open_exclusive().await.unwrap();
    assert_eq!(recorder.query_media_info().await.unwrap().sessions, 2);
    master.close();
    master.close();
    assert_eq!(
        condition(master.record_disc(false, false).await),
        Condition::NotOpened
    );
}

async fn audio_disc() {
    let bench = Bench::new();
    let drive = bench.drive("disc", MediumKind::CdR, None);
    let mut master = bench.open().await;
    master
        .set_active_disc_master_format(DiscMasterFormat::Redbook)
        .unwrap();
    let recorder = choose(&mut master).await;
    let tracks = [samples(400, 1), samples(350, 2)];
    for simulate in [true, false] {
        master.set_active_disc_recorder(&recorder).await.unwrap();
        let mut redbook = master.redbook().unwrap();
        assert_eq!(redbook.audio_block_size(), 2352);
        for track in &tracks {
            redbook.create_audio_track(1).unwrap();
            let (front, back) = track.split_at(100 * 2352);
            redbook.add_audio_track_blocks(front).await.unwrap();
            redbook.add_audio_track_blocks(back).await.unwrap();
            redbook.close_audio_track().unwrap();
        }
        assert_eq!(redbook.total_audio_tracks().unwrap(), 2);
        assert_eq!(redbook.used_audio_blocks().unwrap(), 400 + 350 + 2 * 152);
        let free = redbook.total_audio_blocks().unwrap() - redbook.used_audio_blocks().unwrap();
        assert_eq!(redbook.available_audio_track_blocks().unwrap(), free - 152);
        master.record_disc(simulate, false).await.unwrap();
        let blank = state_of(&drive).await == MediumCondition::Blank;
        assert_eq!(blank, simulate);
    }
    let facts = drive.medium().await.unwrap().facts;
    let toc = facts.cd.toc.unwrap();
    let starts: Vec<i32> = toc.tracks().map(|(track, _)| track.start.0).collect();
    assert_eq!(
        toc.tracks().filter(|(track, _)| !track.is_data()).count(),
        2
    );
    for (start, track) in starts.iter().zip(&tracks) {
        assert!(
            heard(&drive, *start, track.len() / 2352).await == *track,
            "the track at {start}"
        );
    }
}

#[tokio::test]
async fn check_58_joliet_and_redbook_jobs_run_from_open_to_close() {
    data_disc().await;
    audio_disc().await;
}

/// Whether another process can lock the file.
fn another_process_can_lock(file: &Path) -> bool {
    let locked = Command::new("flock")
        .arg("-n")
        .arg(file)
        .arg("true")
        .status();
    locked
        .expect("flock(1) of util-linux is installed")
        .success()
}

#[tokio::test]
async fn check_59_one_session_and_one_stash_and_other_drives_are_free() {
    let bench = Bench::new();
    let folder = bench.folder.path();
    let elsewhere = bench.files("elsewhere", &[("x", b"x")]);
    let mine = bench.drive("mine", MediumKind::CdR, None);
    let theirs = bench.drive("theirs", MediumKind::DvdPlusR, None);
    let mut master = bench.open().await;
    let open =
        async |settings: DiscMasterSettings| DiscMaster::open(bench.engine.clone(), settings).await;
    assert_eq!(
        condition(open(bench.settings()).await),
        Condition::AlreadyOpen
    );
    let other_stash = bench.settings().stash_folder(&elsewhere);
    assert_eq!(condition(open(other_stash).await), Condition::AlreadyOpen);
    let other_lock = bench.settings().lock_folder(&elsewhere);
    assert_eq!(condition(open(other_lock).await), Condition::StashInUse);
    assert!(!another_process_can_lock(
        &folder.join("pitland-imapi1.lock")
    ));

    // Of the engine's drives, those for CDs: both are, whatever is in them.
    assert_eq!(master.enum_disc_recorders().await.unwrap().len(), 2);
    let recorders = master.enum_disc_recorders().await.unwrap();
    let recorder = recorders
        .iter()
        .find(|recorder| recorder.path() == mine.name())
        .unwrap();
    master.set_active_disc_recorder(recorder).await.unwrap();
    let files = bench.files("files", &[("data.bin", &noise(2_000_000, 7))]);
    master
        .joliet()
        .unwrap()
        .add_data(files.clone(), false)
        .await
        .unwrap();
    // One file, which has what the sources had: they may go.
    let (stash, length) = master.stash().unwrap();
    assert_eq!((stash.parent(), length), (Some(folder), 2_000_000));
    std::fs::rename(&files, folder.join("away")).unwrap();

    // Another client is in the middle of a burn, in another drive, while this one records.
    let image = noise(4 << 20, 9);
    let (go_on, held) = oneshot::channel::<()>();
    let halves: Vec<Bytes> = image.chunks(2 << 20).map(Bytes::copy_from_slice).collect();
    let (front, back) = (halves[0].clone(), halves[1].clone());
    let rest = stream::once(async move {
        held.await.unwrap();
        Ok(back)
    });
    let source = stream::once(async move { Ok(front) }).chain(rest);
    let lease = theirs.lease("version 2").await.unwrap();
    let job = lease.burn(
        BurnOptions::default(),
        Image::stream(image.len() as u64, source),
    );
    master.record_disc(false, false).await.unwrap();
    assert!(matches!(
        condition(recorders_of(&mut master, theirs.name()).await),
        Condition::DeviceStillInUse
    ));
    go_on.send(()).unwrap();
    assert_eq!(job.report().await.unwrap().outcome, Outcome::Verified);
    assert_holds(&mine, &folder.join("away")).await;

    // 800 million bytes, one CD, are the most, whatever is asked.
    assert_eq!(MOST_STASH_BYTES, 800_000_000);
    master.close();
    assert!(another_process_can_lock(
        &folder.join("pitland-imapi1.lock")
    ));
    assert!(!folder.read_dir().unwrap().any(|entry| {
        entry
            .unwrap()
            .path()
            .extension()
            .is_some_and(|ending| ending == "stash")
    }));
    drop(bench.open().await);
}

/// Chooses the recorder of that name.
async fn recorders_of(
    master: &mut DiscMaster,
    name: &str,
) -> Result<(), pitland_imapi1::Imapi1Error> {
    let recorders = master.enum_disc_recorders().await?;
    let recorder = recorders
        .iter()
        .find(|recorder| recorder.path() == name)
        .unwrap();
    master.set_active_disc_recorder(recorder).await
}

/// Numbers that begin with 0, end with their total, and never go back.
fn assert_rises(figures: &[(u64, u64)]) {
    let total = figures[0].1;
    assert_eq!(
        (figures[0].0, figures.last().unwrap().0),
        (0, total),
        "{figures:?}"
    );
    assert!(
        figures.is_sorted() && figures.iter().all(|(_, of)| *of == total),
        "{figures:?}"
    );
}

fn blocks(told: &[Told]) -> Vec<(u64, u64)> {
    let blocks = told.iter().filter_map(|told| match told {
        Told::Block(done, total) => Some((*done, *total)),
        _ => None,
    });
    blocks.collect()
}

fn tracks(told: &[Told]) -> Vec<(u64, u64)> {
    let tracks = told.iter().filter_map(|told| match told {
        Told::Track(done, total) => Some((u64::from(*done), u64::from(*total))),
        _ => None,
    });
    tracks.collect()
}

/// What a burn tells but its figures.
fn landmarks(told: &[Told]) -> Vec<Told> {
    let mut landmarks: Vec<Told> = told.to_vec();
    landmarks.retain(|told| !matches!(told, Told::Block(..) | Told::Track(..)));
    landmarks
}

const WHOLE: [Told; 3] = [Told::Preparing, Told::Closing, Told::Burned(0)];

#[tokio::test]
async fn check_60_progress_comes_in_order_and_stops_all_three_calls() {
    let bench = Bench::new();
    bench.drive("disc", MediumKind::CdRw, None);
    let files = bench.files(
        "files",
        &[("a.bin", &noise(900_000, 3)), ("b.bin", &noise(10_000, 4))],
    );
    let mut master = bench.open().await;
    let recorder = choose(&mut master).await;
    let listener = Arc::new(Listener::default());
    let cookie = master.progress_advise(listener.clone()).unwrap();

    // Staging and recording of data.
    master
        .joliet()
        .unwrap()
        .add_data(files.clone(), false)
        .await
        .unwrap();
    let added: Vec<(u64, u64)> = listener
        .take()
        .into_iter()
        .map(|told| match told {
            Told::Add(done, total) => (done, total),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_rises(&added);
    assert!(added[0].1 == 910_000 && listener.asked() > 4);
    master.record_disc(false, false).await.unwrap();
    let told = listener.take();
    assert_eq!(landmarks(&told), WHOLE);
    assert_eq!(
        (told[0], told[told.len() - 2]),
        (Told::Preparing, Told::Closing)
    );
    assert_rises(&blocks(&told));
    assert!(listener.asked() > 0);

    // An erase.
    recorder.open_exclusive().await.unwrap();
    recorder.erase(false).await.unwrap();
    recorder.close();
    assert_eq!(listener.take(), [Told::Erased(0)]);

    // Audio: tracks among the blocks, each once it is written.
    master
        .set_active_disc_master_format(DiscMasterFormat::Redbook)
        .unwrap();
    master.set_active_disc_recorder(&recorder).await.unwrap();
    let mut redbook = master.redbook().unwrap();
    for seed in 1..=3 {
        redbook.create_audio_track(300).unwrap();
        redbook
            .add_audio_track_blocks(&samples(300, seed))
            .await
            .unwrap();
        redbook.close_audio_track().unwrap();
    }
    assert!(listener.asked() >= 3);
    master.record_disc(false, false).await.unwrap();
    let told = listener.take();
    assert_eq!(landmarks(&told), WHOLE);
    assert_rises(&blocks(&told));
    assert_eq!(tracks(&told), [(0, 3), (1, 3), (2, 3), (3, 3)]);
    assert_eq!(blocks(&told)[0].1, 900);
    let mut written = 0;
    for told in &told {
        match told {
            Told::Block(done, _) => written = *done,
            Told::Track(track, _) => assert!(
                written >= u64::from(*track) * 300,
                "{told:?} after {written}"
            ),
            _ => {}
        }
    }

    // Who has gone is told nothing.
    master.progress_unadvise(cookie).unwrap();
    assert_eq!(
        condition(master.progress_unadvise(cookie)),
        Condition::InvalidArgument
    );
    recorder.open_exclusive().await.unwrap();
    recorder.erase(false).await.unwrap();
    recorder.close();
    assert_eq!(listener.take(), []);
    stopping(&bench, &mut master).await;
}

/// Each of the three calls is stopped, and leaves things as they were.
async fn stopping(bench: &Bench, master: &mut DiscMaster) {
    let recorder = master.enum_disc_recorders().await.unwrap().remove(0);
    let abort = Condition::UserAbort.code();

    // In the midst of a file.
    master
        .set_active_disc_master_format(DiscMasterFormat::Joliet)
        .unwrap();
    master.set_active_disc_recorder(&recorder).await.unwrap();
    let stops = Arc::new(Listener::stopping_at(|told| {
        matches!(told, Told::Add(1.., _))
    }));
    let cookie = master.progress_advise(stops.clone()).unwrap();
    let files = bench.folder.path().join("files");
    assert_eq!(
        condition(
            master
                .joliet()
                .unwrap()
                .add_data(files.clone(), false)
                .await
        ),
        Condition::UserAbort
    );
    let last = stops.take().pop();
    assert!(
        matches!(last, Some(Told::Add(done, 910_000)) if done < 900_000),
        "{last:?}"
    );
    assert_eq!(master.stash().unwrap().1, 0, "nothing is staged by halves");
    assert_eq!(
        condition(master.record_disc(false, false).await),
        Condition::InvalidImage
    );
    master.progress_unadvise(cookie).unwrap();

    // Before anything is written.
    master
        .joliet()
        .unwrap()
        .add_data(files, false)
        .await
        .unwrap();
    let stops = Arc::new(Listener::stopping_at(|told| *told == Told::Preparing));
    let cookie = master.progress_advise(stops.clone()).unwrap();
    let error = master.record_disc(false, false).await.unwrap_err();
    assert_eq!(error.condition(), Condition::UserAbort);
    assert_eq!(stops.take(), [Told::Preparing, Told::Burned(abort)]);
    let drive = bench.engine.drives().remove(0);
    assert_eq!(state_of(&drive).await, MediumCondition::Blank);
    master.progress_unadvise(cookie).unwrap();

    // While sound is staged.
    master
        .set_active_disc_master_format(DiscMasterFormat::Redbook)
        .unwrap();
    master.set_active_disc_recorder(&recorder).await.unwrap();
    let stops = Arc::new(Listener::stopping_at(|_| true));
    stops.take();
    master.progress_advise(Arc::new(Always)).unwrap();
    let mut redbook = master.redbook().unwrap();
    redbook.create_audio_track(300).unwrap();
    assert_eq!(
        condition(redbook.add_audio_track_blocks(&samples(300, 1)).await),
        Condition::UserAbort
    );
    assert_eq!(master.stash().unwrap().1, 0);
}

/// Says stop at once.
struct Always;

impl DiscMasterProgress for Always {
    fn query_cancel(&self) -> bool {
        true
    }
}

/// Says stop once blocks are written, and lets the drive go on once that was heard.
struct Stopping {
    shelf: Shelf,
    recorder: DiscRecorder,
    listener: Listener,
    asked: AtomicU32,
}

impl DiscMasterProgress for Stopping {
    fn notify_block_progress(&self, completed: u64, total: u64) {
        assert_eq!(self.recorder.recorder_state(), RecorderState::Burning);
        self.listener.notify_block_progress(completed, total);
    }
    fn notify_burn_complete(&self, status: u32) {
        self.listener.notify_burn_complete(status);
    }
    fn query_cancel(&self) -> bool {
        let stop = self.listener.query_cancel();
        // Asked once more, it was heard.
        if stop && self.asked.fetch_add(1, Ordering::SeqCst) > 0 {
            self.shelf.go_on();
        }
        stop
    }
}

#[tokio::test]
async fn a_burn_is_stopped_in_the_midst_of_its_blocks() {
    let bench = Bench::new();
    let (drive, shelf, _) = bench.shelf(&["disc"]);
    let files = bench.files("files", &[("a.bin", &noise(8_000_000, 3))]);
    let mut master = bench.open().await;
    let recorder = choose(&mut master).await;
    master
        .joliet()
        .unwrap()
        .add_data(files, false)
        .await
        .unwrap();
    let stopping = Arc::new(Stopping {
        shelf: shelf.clone(),
        recorder: recorder.clone(),
        listener: Listener::stopping_at(|told| matches!(told, Told::Block(..))),
        asked: AtomicU32::new(0),
    });
    master.progress_advise(stopping.clone()).unwrap();
    shelf.hold();
    let error = master.record_disc(false, false).await.unwrap_err();
    assert_eq!(error.condition(), Condition::UserAbort);
    assert_ne!(error.medium_state(), MediumState::Untouched, "{error}");
    let told = stopping.listener.take();
    let (done, total) = *blocks(&told).last().unwrap();
    assert!(done < total, "{told:?}");
    assert_eq!(told.last(), Some(&Told::Burned(error.code())));
    assert_ne!(state_of(&drive).await, MediumCondition::Blank);
    assert!(
        master.stash().unwrap().1 > 0,
        "what is staged stays where a burn fails"
    );
}

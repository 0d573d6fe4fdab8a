//! Every number that a call can fail with, brought about; and what the members do that no check shows.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

mod support;

use pitland::mastering::{
    Attributes, FileBytes, NodeKind, Origin, Timestamp, TreeBuilder, read::Volume,
};
use pitland::transport::linux::System;
use pitland::transport::linux::watch::WatchOptions;
use pitland::transport::sim::MediumKind;
use pitland::writer::MediumCondition;
use pitland::{Engine, MediumState};
use pitland_imapi1::{
    Applied, Condition, DiscMaster, DiscMasterFormat, DiscRecorder, Imapi1Error, MediaType,
    PropertySet, RecorderState, RecorderType,
};
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use support::{Bench, Listener, Told, choose, condition, noise, samples};

/// A session with a blank disc chosen, and what is in `files` staged.
async fn staged(bench: &Bench) -> (DiscMaster, DiscRecorder) {
    let mut master = bench.open().await;
    let recorder = choose(&mut master).await;
    let files = bench.files("files", &[("a.bin", &noise(400_000, 1))]);
    master
        .joliet()
        .unwrap()
        .add_data(files, false)
        .await
        .unwrap();
    (master, recorder)
}

/// A burn in a drive that fails by a script.
async fn failing(script: &str) -> Imapi1Error {
    let bench = Bench::new();
    drop(
        pitland::transport::sim::create_disc(
            &bench.folder.path().join("disc.vdisc"),
            MediumKind::CdR,
            None,
        )
        .unwrap(),
    );
    let faults = bench.folder.path().join("faults");
    fs::write(&faults, script).unwrap();
    bench.drive_with("disc", &format!(",faults={}", faults.display()));
    let (mut master, _) = staged(&bench).await;
    let error = master.record_disc(false, false).await.expect_err(script);
    assert!(master.stash().unwrap().1 > 0, "what is staged stays");
    error
}

#[tokio::test]
async fn what_a_drive_answers_has_the_number_of_its_phase() {
    let cases = [
        (
            "when mode-select-10 from 2 do sense 5/26/00",
            Condition::InitializeWrite,
        ),
        (
            "when write from 3 do sense 3/0C/00",
            Condition::CannotWriteToMedia,
        ),
        (
            "when write from 3 do sense 3/0C/09",
            Condition::LossOfStreaming,
        ),
        (
            "when close-track-session do sense 3/72/00",
            Condition::InitializeEndWrite,
        ),
        ("when write nth 3 do unplug", Condition::DeviceNotPresent),
    ];
    for (script, expected) in cases {
        let error = failing(script).await;
        assert_eq!(error.condition(), expected, "{script}: {error}");
        assert!(error.to_string().contains(error.advice()) && error.cause().is_some());
    }
    let error = failing("when write from 3 do sense 3/0C/00").await;
    assert_ne!(error.medium_state(), MediumState::Untouched);
}

#[tokio::test]
async fn a_disc_that_cannot_be_read_is_not_gone_on_with() {
    let bench = Bench::new();
    bench.drive("disc", MediumKind::CdR, None);
    let (mut master, _) = staged(&bench).await;
    master.record_disc(false, false).await.unwrap();
    master.close();
    bench.engine.clone().shutdown(Duration::from_secs(60)).await;

    let faults = bench.folder.path().join("faults");
    fs::write(&faults, "when read lba 0..100 do sense 3/11/05").unwrap();
    let bench = Bench {
        engine: Engine::builder().build().unwrap(),
        ..bench
    };
    bench.drive_with("disc", &format!(",faults={}", faults.display()));
    let mut master = bench.open().await;
    let recorder = master.enum_disc_recorders().await.unwrap().remove(0);
    assert_eq!(
        condition(master.set_active_disc_recorder(&recorder).await),
        Condition::DiscInfo
    );
}

#[tokio::test]
async fn a_disc_that_does_not_fit_is_refused_when_its_recorder_is_chosen() {
    let bench = Bench::new();
    let other = bench.drive("other", MediumKind::DvdPlusR, None);
    let mut master = bench.open().await;
    let recorders = master.enum_disc_recorders().await.unwrap();
    let of = |result: Result<(), Imapi1Error>| condition(result);
    assert_eq!(
        of(master.set_active_disc_recorder(&recorders[0]).await),
        Condition::MediumInvalidType
    );
    recorders[0].open_exclusive().await.unwrap();
    assert_eq!(
        condition(recorders[0].query_media_info().await),
        Condition::MediumInvalidType
    );
    assert_eq!(
        of(master.set_active_disc_recorder(&recorders[0]).await),
        Condition::DeviceNotAccessible
    );
    recorders[0].eject().await.unwrap();
    assert_eq!(
        recorders[0].query_media_type().await.unwrap().0,
        MediaType::None
    );
    assert_eq!(
        condition(recorders[0].query_media_info().await),
        Condition::MediumNotPresent
    );
    recorders[0].close();
    assert_eq!(
        of(master.set_active_disc_recorder(&recorders[0]).await),
        Condition::MediumNotPresent
    );
    let held = other.lease("another client").await.unwrap();
    assert_eq!(
        of(master.set_active_disc_recorder(&recorders[0]).await),
        Condition::DeviceStillInUse
    );
    assert_eq!(
        of(recorders[0].open_exclusive().await),
        Condition::DeviceStillInUse
    );
    drop(held);
    // A recorder of a session that is over.
    master.close();
    assert_eq!(
        condition(recorders[0].recorder_properties()),
        Condition::NotOpened
    );
    assert_eq!(
        of(recorders[0].open_exclusive().await),
        Condition::NotOpened
    );
    let mut again = bench.open().await;
    assert_eq!(
        of(again.set_active_disc_recorder(&recorders[0]).await),
        Condition::DeviceNotPresent
    );
}

#[tokio::test]
async fn a_disc_that_is_written_once_is_not_erased() {
    let bench = Bench::new();
    bench.drive("disc", MediumKind::CdR, None);
    let (mut master, recorder) = staged(&bench).await;
    let listener = Arc::new(Listener::default());
    master.record_disc(false, false).await.unwrap();
    master.progress_advise(listener.clone()).unwrap();
    assert_eq!(
        condition(recorder.erase(true).await),
        Condition::NotInitialized
    );
    recorder.open_exclusive().await.unwrap();
    let error = recorder.erase(true).await.unwrap_err();
    assert_eq!(error.condition(), Condition::MediumInvalidType);
    assert_eq!(listener.take(), [Told::Erased(error.code())]);
    assert_eq!(recorder.recorder_state(), RecorderState::Opened);
    assert_eq!(
        condition(master.set_active_disc_recorder(&recorder).await),
        Condition::DeviceNotAccessible
    );
    recorder.close();
    // For sound it would have to be blank.
    master
        .set_active_disc_master_format(DiscMasterFormat::Redbook)
        .unwrap();
    assert_eq!(
        condition(master.set_active_disc_recorder(&recorder).await),
        Condition::CannotWriteToMedia
    );
}

#[tokio::test]
async fn what_is_staged_fits_the_disc_the_stash_and_joliet() {
    let bench = Bench::new();
    bench.drive("disc", MediumKind::CdR, Some(20_000));
    let mut master = DiscMaster::open(bench.engine.clone(), bench.settings().stash_bytes(50 << 20))
        .await
        .unwrap();
    let recorder = choose(&mut master).await;
    let mut joliet = master.joliet().unwrap();
    let total = joliet.total_data_blocks().unwrap();
    assert!((1000..20_001).contains(&total), "{total}");
    let time = Attributes::new(0o644, Timestamp::from_seconds(1_700_000_000));
    let tree = |name: &str, bytes: Arc<dyn FileBytes>| {
        let mut tree = TreeBuilder::new();
        tree.add_file(name, Origin::Given(bytes), &time).unwrap();
        tree
    };
    joliet
        .add_data(tree("small", Arc::new(Nothing(1000))), false)
        .await
        .unwrap();
    let used = joliet.used_data_blocks().unwrap();
    let over = tree("large", Arc::new(Nothing(total * 2048)));
    assert_eq!(
        condition(joliet.add_data(over, false).await),
        Condition::DiscFull
    );
    let far_over = tree("large", Arc::new(Nothing(51 << 20)));
    assert_eq!(
        condition(joliet.add_data(far_over, false).await),
        Condition::NoRoomForStash
    );
    for name in ["a:b", "what?", &"n".repeat(65)] {
        let tree = tree(name, Arc::new(Nothing(1)));
        assert_eq!(
            condition(joliet.add_data(tree, false).await),
            Condition::BadJolietName,
            "{name}"
        );
    }
    let again = tree("small", Arc::new(Nothing(7)));
    assert_eq!(
        condition(joliet.add_data(again.clone(), false).await),
        Condition::FileExists
    );
    let mut fifo = TreeBuilder::new();
    fifo.add_special("fifo", NodeKind::Fifo, 0, &time).unwrap();
    assert_eq!(
        condition(joliet.add_data(fifo, false).await),
        Condition::InvalidArgument
    );
    let nowhere = bench.folder.path().join("nowhere");
    assert_eq!(
        condition(joliet.add_data(nowhere, false).await),
        Condition::FileAccess
    );
    let breaks = tree("breaks", Arc::new(Broken));
    assert_eq!(
        condition(joliet.add_data(breaks, false).await),
        Condition::FileAccess
    );
    assert_eq!(
        joliet.used_data_blocks().unwrap(),
        used,
        "of what was refused nothing is staged"
    );
    joliet.add_data(again, true).await.unwrap();
    assert_eq!(master.stash().unwrap().1, 1007);
    master.record_disc(false, false).await.unwrap();
    recorder.open_exclusive().await.unwrap();
    assert_eq!(recorder.query_media_info().await.unwrap().sessions, 1);
}

#[tokio::test]
async fn a_further_session_needs_the_disc_that_it_goes_on_with() {
    let bench = Bench::new();
    let (drive, shelf, discs) = bench.shelf(&["one", "other"]);
    let (mut master, recorder) = staged(&bench).await;
    master.record_disc(false, false).await.unwrap();
    // The other disc has another volume.
    shelf.change(&discs[1]);
    master.set_active_disc_recorder(&recorder).await.unwrap();
    let other = bench.files("other", &[("b.bin", &noise(300_000, 2))]);
    master
        .joliet()
        .unwrap()
        .add_data(other, false)
        .await
        .unwrap();
    master.record_disc(false, false).await.unwrap();

    master.set_active_disc_recorder(&recorder).await.unwrap();
    let more = bench.files("more", &[("c.bin", &noise(5_000, 3))]);
    master
        .joliet()
        .unwrap()
        .add_data(more, false)
        .await
        .unwrap();
    shelf.change(&discs[0]);
    assert_eq!(
        condition(master.record_disc(false, false).await),
        Condition::WrongDisc
    );
    assert_eq!(
        drive.medium().await.unwrap().facts.closed_sessions(),
        Some(1),
        "nothing was written"
    );
    shelf.change(&discs[1]);
    master.record_disc(false, false).await.unwrap();
    assert_eq!(
        drive.medium().await.unwrap().facts.closed_sessions(),
        Some(2)
    );

    // Without the earlier session a blank disc is needed.
    master.set_active_disc_recorder(&recorder).await.unwrap();
    master.clear_format_content().unwrap();
    let files = bench.folder.path().join("files");
    assert_eq!(
        condition(master.joliet().unwrap().add_data(files, false).await),
        Condition::CannotWriteToMedia
    );
}

/// A file of zeros.
#[derive(Debug)]
struct Nothing(u64);

impl FileBytes for Nothing {
    fn length(&self) -> u64 {
        self.0
    }
    fn read_at(&self, _: u64, out: &mut [u8]) -> io::Result<()> {
        out.fill(0);
        Ok(())
    }
}

/// A file that cannot be read.
#[derive(Debug)]
struct Broken;

impl FileBytes for Broken {
    fn length(&self) -> u64 {
        10
    }
    fn read_at(&self, _: u64, _: &mut [u8]) -> io::Result<()> {
        Err(io::Error::other("it is broken"))
    }
}

#[tokio::test]
async fn a_disc_of_sound_is_filled_to_its_last_block() {
    let bench = Bench::new();
    let drive = bench.drive("disc", MediumKind::CdR, Some(20_000));
    let mut master = bench.open().await;
    assert_eq!(
        condition(master.redbook().map(drop)),
        Condition::WrongFormat
    );
    master
        .set_active_disc_master_format(DiscMasterFormat::Redbook)
        .unwrap();
    assert_eq!(condition(master.joliet().map(drop)), Condition::WrongFormat);
    let mut redbook = master.redbook().unwrap();
    assert_eq!(
        condition(redbook.create_audio_track(1)),
        Condition::NoActiveRecorder
    );
    choose(&mut master).await;
    let mut redbook = master.redbook().unwrap();
    let some = samples(299, 1);
    assert_eq!(
        condition(redbook.add_audio_track_blocks(&some).await),
        Condition::TrackNotOpen
    );
    assert_eq!(
        condition(redbook.close_audio_track()),
        Condition::TrackNotOpen
    );
    redbook.create_audio_track(1).unwrap();
    assert_eq!(
        condition(redbook.create_audio_track(1)),
        Condition::TrackOpen
    );
    assert_eq!(
        condition(redbook.add_audio_track_blocks(&some[1..]).await),
        Condition::InvalidArgument
    );
    redbook.add_audio_track_blocks(&some).await.unwrap();
    assert_eq!(
        condition(redbook.close_audio_track()),
        Condition::TrackNotBigEnough
    );
    assert_eq!(
        condition(master.record_disc(false, false).await),
        Condition::TrackOpen
    );
    let mut redbook = master.redbook().unwrap();
    redbook
        .add_audio_track_blocks(&samples(1, 9))
        .await
        .unwrap();
    redbook.close_audio_track().unwrap();
    redbook.create_audio_track(1).unwrap();
    let left = u32::try_from(redbook.available_audio_track_blocks().unwrap()).unwrap();
    let rest = samples(left + 5, 3);
    assert_eq!(
        condition(redbook.add_audio_track_blocks(&rest).await),
        Condition::DiscFull
    );
    assert_eq!(
        redbook.available_audio_track_blocks().unwrap(),
        0,
        "what fits is kept"
    );
    redbook.close_audio_track().unwrap();
    assert_eq!(redbook.available_audio_track_blocks().unwrap(), 0);
    master.record_disc(false, false).await.unwrap();
    let facts = drive.medium().await.unwrap().facts;
    assert_eq!(facts.condition(), MediumCondition::Complete);
    let tracks: Vec<u32> = facts
        .cd
        .toc
        .unwrap()
        .tracks()
        .map(|(track, next)| next.start.0.abs_diff(track.start.0))
        .collect();
    assert_eq!(tracks.len(), 2);
    assert!(tracks[1] >= left, "{tracks:?} {left}");
}

#[tokio::test]
async fn a_disc_has_99_tracks() {
    let bench = Bench::new();
    bench.drive("disc", MediumKind::CdR, None);
    let mut master = DiscMaster::open(
        bench.engine.clone(),
        bench.settings().stash_bytes(100 << 20),
    )
    .await
    .unwrap();
    master
        .set_active_disc_master_format(DiscMasterFormat::Redbook)
        .unwrap();
    choose(&mut master).await;
    let mut redbook = master.redbook().unwrap();
    let track = samples(300, 5);
    for _ in 0..99 {
        redbook.create_audio_track(300).unwrap();
        redbook.add_audio_track_blocks(&track).await.unwrap();
        redbook.close_audio_track().unwrap();
    }
    assert_eq!(
        condition(redbook.create_audio_track(300)),
        Condition::DiscFull
    );
    assert_eq!(redbook.total_audio_tracks().unwrap(), 99);
}

#[tokio::test]
async fn a_recorder_tells_what_it_is_and_takes_its_properties() {
    let bench = Bench::new();
    let drive = bench.drive("disc", MediumKind::CdR, None);
    let mut master = bench.open().await;
    let recorders = master.enum_disc_recorders().await.unwrap();
    let recorder = &recorders[0];
    assert_eq!(
        recorder
            .recorder_properties()
            .unwrap()
            .integer("MaxWriteSpeed"),
        Some(0),
        "not known yet"
    );
    master.set_active_disc_recorder(recorder).await.unwrap();
    assert_eq!(
        (recorder.recorder_guid(), recorder.path()),
        (drive.name(), drive.name())
    );
    let (vendor, product, revision) = recorder.display_names();
    assert!(
        [&vendor, &product, &revision]
            .iter()
            .all(|name| !name.is_empty())
    );
    assert!(
        recorder
            .base_pnp_id()
            .starts_with(&vendor.replace(' ', "_"))
    );
    assert_eq!(recorder.recorder_type() as u32, RecorderType::Cdrw as u32);
    assert_eq!(recorder.recorder_state() as u32, 0);
    let told = recorder.recorder_properties().unwrap();
    assert!(told.integer("MaxWriteSpeed") >= Some(16), "{told:?}");
    assert_eq!(told.integer("WriteSpeed"), Some(-1));
    assert_eq!(
        (
            told.integer("AudioGapSize"),
            told.integer("BufferUnderrunFreeCapable")
        ),
        (Some(150), Some(1))
    );
    let wished = PropertySet::new()
        .with("WriteSpeed", 8)
        .with("AudioGapSize", 0)
        .with("EnableBufferUnderrunFree", 0)
        .with("MaxWriteSpeed", 99)
        .with("Colour", "blue");
    let applied = recorder.set_recorder_properties(&wished).unwrap();
    assert_eq!(
        applied,
        Applied::PropertiesIgnored(vec!["Colour".into(), "MaxWriteSpeed".into()])
    );
    assert_eq!(applied.code(), 0x0004_0200);
    for (name, value) in [
        ("WriteSpeed", 0),
        ("AudioGapSize", 226),
        ("EnableBufferUnderrunFree", 2),
    ] {
        let wrong = PropertySet::new()
            .with(name, value)
            .with("AudioGapSize", 226);
        assert_eq!(
            condition(recorder.set_recorder_properties(&wrong)),
            Condition::InvalidArgument
        );
    }
    let now = recorder.recorder_properties().unwrap();
    assert_eq!(
        (now.integer("WriteSpeed"), now.integer("AudioGapSize")),
        (Some(8), Some(0))
    );
    assert_eq!(
        recorder
            .set_recorder_properties(&PropertySet::new())
            .unwrap()
            .code(),
        0
    );

    // Without a gap one track goes on where the other ends.
    master
        .set_active_disc_master_format(DiscMasterFormat::Redbook)
        .unwrap();
    master.set_active_disc_recorder(recorder).await.unwrap();
    let mut redbook = master.redbook().unwrap();
    for seed in [1, 2] {
        redbook.create_audio_track(0).unwrap();
        redbook
            .add_audio_track_blocks(&samples(300, seed))
            .await
            .unwrap();
        redbook.close_audio_track().unwrap();
    }
    master.record_disc(false, false).await.unwrap();
    let toc = drive.medium().await.unwrap().facts.cd.toc.unwrap();
    let starts: Vec<i32> = toc.entries.iter().map(|entry| entry.start.0).collect();
    assert_eq!(starts, [0, 300, 600]);
    // Properties end with the session.
    master.close();
    let mut master = bench.open().await;
    let again = master.enum_disc_recorders().await.unwrap().remove(0);
    assert_eq!(
        again.recorder_properties().unwrap().integer("AudioGapSize"),
        Some(150)
    );
}

#[tokio::test]
async fn a_boot_image_has_the_size_of_its_floppy() {
    let bench = Bench::new();
    let drive = bench.drive("disc", MediumKind::CdR, None);
    let (mut master, _) = staged(&bench).await;
    let mut joliet = master.joliet().unwrap();
    let wished = PropertySet::new()
        .with("VolumeName", "Startable")
        .with("PlaceBootImageOnDisc", 1)
        .with("BootImageManufacturerIDString", "somebody")
        .with("BootImagePlatform", 0)
        .with("BootImageEmulationType", 2);
    assert_eq!(joliet.set_joliet_properties(&wished).unwrap(), Applied::All);
    assert_eq!(
        condition(master.record_disc(false, false).await),
        Condition::InvalidImage,
        "there is none"
    );
    let image = |bytes| PropertySet::new().with("BootImage", noise(bytes, 3));
    let mut joliet = master.joliet().unwrap();
    assert_eq!(
        joliet.set_joliet_properties(&image(1_000)).unwrap(),
        Applied::All
    );
    assert_eq!(
        condition(master.record_disc(false, false).await),
        Condition::InvalidImage,
        "of another size"
    );
    let mut joliet = master.joliet().unwrap();
    assert_eq!(
        joliet.set_joliet_properties(&image(1_474_560)).unwrap(),
        Applied::All
    );
    for (name, value) in [("BootImagePlatform", 3), ("BootImageEmulationType", 5)] {
        let wrong = PropertySet::new().with(name, value);
        assert_eq!(
            condition(joliet.set_joliet_properties(&wrong)),
            Condition::InvalidArgument
        );
    }
    let long = PropertySet::new().with("VolumeName", "a name of seventeen");
    assert_eq!(
        condition(joliet.set_joliet_properties(&long)),
        Condition::InvalidArgument
    );
    let long = PropertySet::new().with("BootImageManufacturerIDString", "n".repeat(25).as_str());
    assert_eq!(
        condition(joliet.set_joliet_properties(&long)),
        Condition::InvalidArgument
    );
    assert_eq!(
        joliet.joliet_properties().unwrap().text("VolumeName"),
        Some("Startable")
    );
    master.record_disc(false, false).await.unwrap();

    let reader = drive.reader();
    let imported = tokio::task::spawn_blocking(move || {
        let volume = Volume::open(reader.clone(), 0).unwrap();
        let name = volume.volume_id();
        (
            name,
            pitland::mastering::import(reader, 0, &Default::default()).unwrap(),
        )
    });
    let (name, imported) = imported.await.unwrap();
    assert_eq!(name, "Startable");
    // Recorded once.
    assert_eq!(imported.boot.len(), 1);
    let recorder = master.enum_disc_recorders().await.unwrap().remove(0);
    recorder.open_exclusive().await.unwrap();
    let written = recorder.query_media_info().await.unwrap().next_writable;
    assert!(written < 11_402 + 2 * 720 + 600, "{written}");
}

/// A sysfs with what is looked at, and no drive.
fn system(root: &Path) -> System {
    for folder in ["sys/block", "proc", "dev"] {
        fs::create_dir_all(root.join(folder)).unwrap();
    }
    let mut system = System::default();
    system.sys = root.join("sys");
    system.proc = root.join("proc");
    system.dev = root.join("dev");
    system
}

#[tokio::test]
async fn recorders_that_come_and_go_are_told() {
    let bench = Bench::new();
    let root = bench.folder.path().join("root");
    let mut options = WatchOptions::default();
    options.system = system(&root);
    options.interval = Duration::from_millis(10);
    options.messages = false;
    let settings = bench.settings().machine(options);
    let mut master = DiscMaster::open(bench.engine.clone(), settings)
        .await
        .unwrap();
    let listener = Arc::new(Announced::default());
    master.progress_advise(listener.clone()).unwrap();
    assert_eq!(master.enum_disc_recorders().await.unwrap().len(), 0);
    let device = root.join("sys/devices/pci0/ata1/host0/target0:0:0/0:0:0:0");
    let block = device.join("block/sr0");
    fs::create_dir_all(&block).unwrap();
    for (name, text) in [
        ("type", "5\n"),
        ("vendor", "PIONEER \n"),
        ("model", "BD-RW\n"),
        ("rev", "1.34\n"),
    ] {
        fs::write(device.join(name), text).unwrap();
    }
    fs::write(block.join("dev"), "11:0\n").unwrap();
    symlink(&device, block.join("device")).unwrap();
    symlink(&block, root.join("sys/block/sr0")).unwrap();
    listener.0.notified().await;
    // It has no node that could be opened, and is left out.
    assert_eq!(master.enum_disc_recorders().await.unwrap().len(), 0);
    fs::remove_file(root.join("sys/block/sr0")).unwrap();
    fs::remove_dir_all(root.join("sys/devices")).unwrap();
    listener.0.notified().await;
}

#[derive(Default)]
struct Announced(tokio::sync::Notify);

impl pitland_imapi1::DiscMasterProgress for Announced {
    fn notify_pnp_activity(&self) {
        self.0.notify_one();
    }
}

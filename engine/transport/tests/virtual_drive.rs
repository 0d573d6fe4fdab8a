//! The virtual drive: its disc, its clocks, and who may hold it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

mod host;

use host::*;
use pitland_transport::address::{DriveAddress, OpenError, OpenMode, SpeedFactor, VirtualOptions};
use pitland_transport::sim::*;
use pitland_transport::trace::{Detail, Replay, Trace};
use pitland_transport::*;
use std::io::Cursor;
use std::path::Path;
use std::time::{Duration, Instant};

fn open(path: &Path, mode: OpenMode) -> Result<Box<dyn Transport>, OpenError> {
    DriveAddress::VirtualFile {
        path: path.to_owned(),
        options: VirtualOptions::default(),
    }
    .open(mode)
}

fn new_disc(kind: MediumKind, blocks: u32) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.vdisc");
    drop(create_disc(&path, kind, Some(blocks)).unwrap());
    (folder, path)
}

#[test]
fn what_one_drive_burns_another_reads() {
    let (_folder, path) = new_disc(MediumKind::BdR, 64 * 32);
    let mut drive = Checked::new(open(&path, OpenMode::Existing).unwrap());
    assert_eq!(drive.clock(), DeviceClock::Virtual);
    assert_eq!(drive.identity_hint(), format!("virtual:{}", path.display()));
    wait_ready(&mut drive);
    for lba in (0..256).step_by(32) {
        assert_eq!(good(write(&mut drive, lba, &pattern(lba, 32))), UNIT);
    }
    synchronize(&mut drive);
    drop(drive);
    let mut drive = open(&path, OpenMode::ReadOnly).unwrap();
    wait_ready(&mut drive);
    let mut back = vec![0; UNIT];
    for lba in (0..256).step_by(32) {
        good(read(&mut drive, lba, &mut back));
        assert_eq!(back, pattern(lba, 32));
    }
    let mut disc = open_disc(&path, Access::ReadOnly).unwrap();
    assert_eq!(
        (disc.kind(), disc.tracks()),
        (MediumKind::BdR, vec![(0, 256)])
    );
    disc.read_blocks(32, &mut back).unwrap();
    assert_eq!(back, pattern(32, 32));
}

#[test]
fn a_drive_that_is_dropped_writes_what_its_buffer_holds() {
    let (_folder, path) = new_disc(MediumKind::BdR, 64 * 32);
    let mut drive = open(&path, OpenMode::Existing).unwrap();
    wait_ready(&mut drive);
    good(write(&mut drive, 0, &pattern(0, 32)));
    drop(drive);
    assert_eq!(
        open_disc(&path, Access::ReadOnly).unwrap().written_end(),
        32
    );
}

#[test]
fn waiting_costs_no_time_on_the_virtual_clock() {
    let (_folder, path) = new_disc(MediumKind::BdR, 4096 * 32);
    let begun = Instant::now();
    let mut drive = open(&path, OpenMode::Existing).unwrap();
    wait_ready(&mut drive);
    let piece = pattern(0, 32);
    for lba in (0..4096).step_by(32) {
        good(write(&mut drive, lba, &piece));
    }
    synchronize(&mut drive);
    drive.advance(Duration::from_secs(3600));
    assert!(drive.now() > Duration::from_secs(3600));
    assert!(begun.elapsed() < Duration::from_secs(600));
}

#[test]
fn a_command_that_takes_longer_than_its_limit_times_out() {
    let (_folder, path) = new_disc(MediumKind::BdR, 64 * 32);
    let mut drive = open(&path, OpenMode::Existing).unwrap();
    wait_ready(&mut drive);
    good(write(&mut drive, 0, &pattern(0, 32)));
    let limit = Duration::from_micros(1);
    let result = drive.execute(Exchange::none(
        cdb(&[0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
        limit,
    ));
    assert!(matches!(result, Err(TransportError::TimedOut { limit: told }) if told == limit));
}

#[test]
fn with_a_speed_named_time_is_real_and_the_speed_is_the_limit() {
    let address = DriveAddress::VirtualNull {
        id: 0,
        options: SpeedFactor::from_tenths(10_000).into(),
    };
    let begun = Instant::now();
    let mut drive = address.open(OpenMode::Existing).unwrap();
    assert_eq!(drive.clock(), DeviceClock::Real);
    drive.advance(Duration::from_secs(1_000_000));
    assert!(drive.now() <= begun.elapsed());
    wait_ready(&mut drive);
    // GET PERFORMANCE type 3: the first descriptor has the fastest speed, 1000 x 4495.5 kB/s.
    let mut list = [0; 24];
    let ask = cdb(&[0xAC, 0, 0, 0, 0, 0, 0, 0, 0, 1, 3, 0]);
    assert_eq!(
        good(patient(&mut drive, |drive| drive
            .execute(Exchange::data_in(ask, &mut list, LIMIT)))),
        24
    );
    assert_eq!(
        u32::from_be_bytes([list[20], list[21], list[22], list[23]]),
        4_495_500
    );
}

#[test]
fn a_long_command_really_takes_its_time_in_real_time() {
    let mut drive = DriveAddress::VirtualNull {
        id: 0,
        options: SpeedFactor::from_tenths(10_000).into(),
    }
    .open(OpenMode::Existing)
    .unwrap();
    wait_ready(&mut drive);
    let begun = Instant::now();
    // Power calibration takes seconds; the caller gives it 50 ms.
    let limit = Duration::from_millis(50);
    let result = drive.execute(Exchange::none(
        cdb(&[0x54, 1, 0, 0, 0, 0, 0, 0, 0, 0]),
        limit,
    ));
    assert!(
        matches!(result, Err(TransportError::TimedOut { .. })),
        "{result:?}"
    );
    assert!(begun.elapsed() >= limit);
}

#[test]
fn a_disc_is_held_by_one_writer_or_many_readers() {
    let (_folder, path) = new_disc(MediumKind::DvdPlusRw, 64 * 16);
    let in_use = |result: Result<Box<dyn Transport>, OpenError>| match result {
        Err(OpenError::DiscFile(DiscFileError::InUse { holder, .. })) => holder,
        other => panic!("{:?}", other.map(|drive| drive.identity_hint())),
    };
    let writer = open(&path, OpenMode::Existing).unwrap();
    let holder = in_use(open(&path, OpenMode::Existing));
    if Path::new("/proc/locks").exists() && holder.is_some() {
        assert_eq!(holder, Some(std::process::id()));
    }
    in_use(open(&path, OpenMode::ReadOnly));
    drop(writer);
    let first = open(&path, OpenMode::ReadOnly).unwrap();
    let second = open(&path, OpenMode::ReadOnly).unwrap();
    in_use(open(&path, OpenMode::Existing));
    drop((first, second));
    open(&path, OpenMode::Existing).unwrap();
}

#[test]
fn a_disc_that_is_opened_for_reading_is_write_protected_and_stays_as_it_is() {
    let (_folder, path) = new_disc(MediumKind::BdRe, 64 * 32);
    let before = std::fs::read(&path).unwrap();
    let mut drive = open(&path, OpenMode::ReadOnly).unwrap();
    wait_ready(&mut drive);
    let refused = write(&mut drive, 0, &pattern(0, 32));
    assert_eq!(refused.status.sense().unwrap().triple(), (7, 0x27, 0));
    drop(drive);
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn a_missing_file_is_made_only_when_asked_and_as_a_blank_bd_r() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new.vdisc");
    for mode in [OpenMode::Existing, OpenMode::ReadOnly] {
        assert!(matches!(
            open(&path, mode),
            Err(OpenError::DiscFile(DiscFileError::Missing { .. }))
        ));
    }
    drop(open(&path, OpenMode::CreateBlankBdR).unwrap());
    let disc = open_disc(&path, Access::ReadOnly).unwrap();
    assert_eq!((disc.kind(), disc.written_end()), (MediumKind::BdR, 0));
    drop(disc);
    drop(open(&path, OpenMode::CreateBlankBdR).unwrap());
    assert_eq!(
        std::fs::read_dir(folder.path()).unwrap().count(),
        1,
        "nothing else is left behind"
    );
}

#[test]
fn a_drive_without_data_takes_a_disc_of_100_gb() {
    let mut drive = DriveAddress::VirtualNull {
        id: 3,
        options: VirtualOptions::default(),
    }
    .open(OpenMode::Existing)
    .unwrap();
    wait_ready(&mut drive);
    good(write(&mut drive, 0, &pattern(0, 32)));
    let mut info = [0; 36];
    let ask = cdb(&[0x52, 1, 0, 0, 0, 1, 0, 0, 36, 0]);
    good(patient(&mut drive, |drive| {
        drive.execute(Exchange::data_in(ask, &mut info, LIMIT))
    }));
    let free = u32::from_be_bytes([info[16], info[17], info[18], info[19]]);
    assert!((48_000_000..=48_878_592).contains(&free), "{free}");
}

#[test]
fn a_burn_on_a_virtual_drive_replays_from_its_trace() {
    fn burn(drive: &mut dyn Transport) -> Duration {
        wait_ready(drive);
        for lba in (0..128).step_by(32) {
            good(write(drive, lba, &pattern(lba, 32)));
        }
        synchronize(drive);
        good(patient(drive, |d| {
            d.execute(Exchange::none(
                cdb(&[0x5B, 1, 2, 0, 0, 0, 0, 0, 0, 0]),
                LIMIT,
            ))
        }));
        wait_ready(drive);
        let mut back = vec![0; UNIT];
        for lba in (0..128).step_by(32) {
            good(read(drive, lba, &mut back));
            assert_eq!(back, pattern(lba, 32));
        }
        drive.now()
    }
    let (_folder, path) = new_disc(MediumKind::BdR, 64 * 32);
    let mut text = Vec::new();
    let mut trace = Trace::new(
        open(&path, OpenMode::Existing).unwrap(),
        &mut text,
        Detail::Replay,
    );
    let took = burn(&mut Checked::new(&mut trace));
    trace.finish().1.unwrap();
    let mut replay = Replay::new(Cursor::new(text)).unwrap();
    assert_eq!(burn(&mut Checked::new(&mut replay)), took);
    assert!(replay.finish().unwrap() > 10);
}

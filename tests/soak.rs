//! What many burns leave behind in a process, and what one large one takes at its peak.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

mod common;

use common::full;
use common::outside::tell_not_run;
use common::program::pitland;
use pitland::transport::sim::{Pace, VirtualDrive};
use pitland::{
    BurnOptions, DriveHandle, Engine, Image, Outcome, Placement, StashPolicy, VerifyLevel,
};
use serde_json::Value;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

const DRIVES: u32 = 16;
/// Bytes of the image that is burned over and over. Of zeros, so that a drive that keeps no data can be verified.
const IMAGE_BYTES: u64 = 2 << 20;
/// Things that each drive may have on their way at the moment of counting.
const SLACK: u64 = DRIVES as u64;

/// One test of this file at a time: they count what the whole process has.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the process has now.
#[derive(Debug, Clone, Copy)]
struct Held {
    memory_kib: u64,
    descriptors: u64,
    threads: u64,
}

impl Held {
    fn now() -> Self {
        let count = |folder: &str| fs::read_dir(folder).unwrap().count() as u64;
        Self {
            memory_kib: status_kib(Path::new("/proc/self/status"), "VmRSS:").unwrap(),
            descriptors: count("/proc/self/fd"),
            threads: count("/proc/self/task"),
        }
    }
}

/// A line of `/proc/PID/status`; `None` once the process has ended.
fn status_kib(status: &Path, name: &str) -> Option<u64> {
    let text = fs::read_to_string(status).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

/// What the allocator's pools grow by, which depends on how threads happen to run: up to 7 MiB were seen.
const NOISE_KIB: u64 = 16 << 10;

/// One burn onto each drive, all at once. The first one finds the discs blank.
async fn round(drives: &[DriveHandle], image: &Path, first: bool) {
    let mut jobs = Vec::new();
    for drive in drives {
        let placement = match first {
            true => Placement::BlankOnly,
            false => Placement::NewSession,
        };
        let options = BurnOptions::default()
            .placement(placement)
            .verify(VerifyLevel::Full)
            .stash(StashPolicy::Never, Vec::new());
        let lease = drive.lease("soak").await.unwrap();
        jobs.push(lease.burn(options, Image::file(image)));
    }
    for job in jobs {
        assert_eq!(job.report().await.unwrap().outcome, Outcome::Verified);
    }
    for drive in drives {
        assert_eq!(drive.status().await.unwrap().holder, None);
    }
}

#[test]
fn many_burns_leave_no_memory_descriptor_thread_or_lease_behind() {
    let _alone = alone();
    // 1,008 burns, or 192.
    let rounds = if full() { 63 } else { 12 };
    if !full() {
        tell_not_run("soak of 1,000 burns", "PITLAND_FULL=1 runs it");
    }
    let warm = rounds / 4;
    let folder = tempfile::tempdir().unwrap();
    let image = folder.path().join("image");
    File::create(&image).unwrap().set_len(IMAGE_BYTES).unwrap();
    let runtime = || {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            // Few, so that how many of them happen to live is not mistaken for a leak.
            .max_blocking_threads(4)
            .enable_all()
            .build()
            .unwrap()
    };
    // The first runtime opens what all of a process share: sockets by which its signals are told.
    drop(runtime());
    let before = Held::now();
    let runtime = runtime();
    runtime.block_on(async {
        let engine = Engine::builder().build().unwrap();
        let drives: Vec<DriveHandle> = (0..DRIVES)
            .map(|id| {
                let drive = VirtualDrive::null(id, Pace::Virtual, format!("null {id}")).unwrap();
                engine.attach(Box::new(drive)).unwrap()
            })
            .collect();
        for number in 0..warm {
            round(&drives, &image, number == 0).await;
        }
        let warmed = Held::now();
        for _ in warm..rounds {
            round(&drives, &image, false).await;
        }
        let end = Held::now();
        let told = format!("{warmed:?} {end:?}");
        assert!(end.memory_kib <= warmed.memory_kib + NOISE_KIB, "{told}");
        assert!(end.descriptors <= warmed.descriptors + SLACK, "{told}");
        assert!(end.threads <= warmed.threads + SLACK, "{told}");
        drop(drives);
        let shut = engine.shutdown(Duration::from_secs(60)).await;
        assert_eq!(shut.still_running, 0);
    });
    drop(runtime);
    let after = Held::now();
    let told = format!("{before:?} {after:?}");
    assert!(after.descriptors <= before.descriptors, "{told}");
    assert!(after.threads < before.threads + SLACK, "{told}");
}

/// The peak of a process that burns a folder with so many empty files and one large one, in KiB. The large
/// one is a hole, and the disc keeps no data, so that neither takes room.
fn peak_of_burning(files: u64, bytes: u64) -> u64 {
    let folder = tempfile::tempdir().unwrap();
    let large = File::create(folder.path().join("large")).unwrap();
    large.set_len(bytes).unwrap();
    for file in 0..files {
        let branch = folder.path().join(format!("{:03}", file % 100));
        fs::create_dir_all(&branch).unwrap();
        File::create(branch.join(format!("{file}"))).unwrap();
    }
    let mut program = pitland();
    program.args([
        "--json",
        "burn",
        "--drive",
        "virtual:null",
        "--verify",
        "none",
    ]);
    let mut burning = program
        .arg(folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let status = Path::new("/proc")
        .join(burning.id().to_string())
        .join("status");
    let mut peak = None;
    let mut last = Value::Null;
    for line in BufReader::new(burning.stdout.take().unwrap()).lines() {
        last = serde_json::from_str(&line.unwrap()).unwrap();
        // The peak never falls: the last look before the process is gone counts. What follows the closing
        // phase is the report alone.
        peak = status_kib(&status, "VmHWM:").or(peak);
        if last["type"] == "phase" && last["phase"] == "closing" {
            assert!(peak.is_some(), "the process was never seen");
        }
    }
    assert!(burning.wait().unwrap().success(), "{last}");
    assert_eq!(last["type"], "report", "{last}");
    assert!(last["image_bytes"].as_u64().unwrap() > bytes, "{last}");
    peak.unwrap()
}

#[test]
fn burning_takes_64_mib_and_512_bytes_a_file_however_large_the_image() {
    let _alone = alone();
    let (files, bytes) = if full() {
        (100_000, 20_000_000_000)
    } else {
        tell_not_run("peak memory at 20 GB", "PITLAND_FULL=1 runs it");
        (1000, 1_000_000_000)
    };
    let peak = peak_of_burning(files, bytes);
    let most = (64 << 10) + files * 512 / 1024;
    assert!(peak <= most, "{peak} KiB, {most} at most");
}

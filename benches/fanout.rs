//! One source onto 1, 4, 16, 64 and 256 drives at once, each at 72 MB/s in real time: the share of a core,
//! the peak of memory, and who ran dry.
//!
//! `PITLAND_BENCH_SECONDS` says how long each count burns, `PITLAND_BENCH_DRIVES` names one count alone.
//! Whether a drive's buffer runs empty depends on what else the machine does, so that it is only told here;
//! in virtual time a test asserts it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a bench fails by panicking"
)]

mod beside;

use beside::{cached_zeros, goal, number, peak_kib, timed};
use futures::StreamExt;
use pitland::transport::address::SpeedFactor;
use pitland::transport::layer;
use pitland::transport::sim::{Pace, VirtualDrive};
use pitland::{BurnOptions, Engine, Image, Job, JobEvent, Phase, VerifyLevel, burn_together};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What a drive takes at 16 times the speed of BD: 16 x 4,495.5 kB/s.
const BYTES_PER_SECOND: u64 = 71_928_000;
/// Names the image to a process that burns onto one count of drives.
const IMAGE: &str = "PITLAND_BENCH_IMAGE";

/// A drive that says at its end how often its buffer had run empty.
struct Watched {
    drive: VirtualDrive,
    ran_empty: Arc<AtomicU64>,
}

impl layer::Layer for Watched {
    type Inner = VirtualDrive;

    fn inner(&self) -> &Self::Inner {
        &self.drive
    }

    fn inner_mut(&mut self) -> &mut Self::Inner {
        &mut self.drive
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let count = self.drive.underruns().count;
        self.ran_empty.fetch_add(count, Ordering::Relaxed);
    }
}

/// How long a job writes.
async fn writing(job: &mut Job) -> Duration {
    let mut began = Instant::now();
    while let Some(event) = job.next().await {
        match event {
            JobEvent::Phase(Phase::Writing) => began = Instant::now(),
            JobEvent::Phase(Phase::Closing) => break,
            _ => {}
        }
    }
    began.elapsed()
}

/// Burns onto so many drives and prints what it took. Has a process to itself, for its peak of memory.
fn burn_onto(drives: u64, image: &Path) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let ran_empty = Arc::new(AtomicU64::new(0));
    let bytes = std::fs::metadata(image).unwrap().len();
    let mut written_in = Duration::ZERO;
    let (ring_ran_dry, took) = timed(|| {
        runtime.block_on(async {
            let engine = Engine::builder().build().unwrap();
            let mut onto = Vec::new();
            for id in 0..u32::try_from(drives).unwrap() {
                let pace = Pace::Real(SpeedFactor::from_tenths(160).unwrap());
                let drive = VirtualDrive::null(id, pace, format!("null {id}")).unwrap();
                let watched = Watched {
                    drive,
                    ran_empty: Arc::clone(&ran_empty),
                };
                let drive = engine.attach(Box::new(watched)).unwrap();
                let options = BurnOptions::default().verify(VerifyLevel::None);
                onto.push((drive.lease("bench").await.unwrap(), options));
            }
            let mut ran_dry = 0;
            let mut jobs = burn_together(Image::file(image), onto);
            written_in = writing(&mut jobs[0]).await;
            for job in jobs {
                let report = job.report().await.unwrap();
                assert_eq!(report.image_bytes, bytes);
                ran_dry += report.ring_ran_dry;
            }
            engine.shutdown(Duration::from_secs(60)).await;
            ran_dry
        })
    });
    let peak = peak_kib() as f64 / 1024.0;
    let megabytes = (drives * bytes) as f64 / 1e6 / written_in.as_secs_f64();
    println!(
        "{drives:>4} drives: written in {:.1} s, {megabytes:.0} MB/s in all; {:.1} s with all before and after, {:.2} CPU-s; the ring ran dry {ring_ran_dry} times, buffers of drives {} times",
        written_in.as_secs_f64(),
        took.wall.as_secs_f64(),
        took.cpu.as_secs_f64(),
        ran_empty.load(Ordering::Relaxed),
    );
    // All of the CPU time over the writing alone: the drives' long closing would make it look small.
    let share = 100.0 * took.cpu.as_secs_f64() / written_in.as_secs_f64();
    match drives {
        16 => goal("share of a core", Some(share), 10.0, "%"),
        64 => goal("share of a core", Some(share), 25.0, "%"),
        _ => println!("  share of a core: {share:.1} %"),
    }
    let most = 16.0 + 0.125 * drives as f64;
    goal("peak of memory", Some(peak), most, "MiB");
}

fn main() {
    if let Some(image) = std::env::var_os(IMAGE) {
        burn_onto(number("PITLAND_BENCH_DRIVES", 1), &PathBuf::from(image));
        return;
    }
    let seconds = number("PITLAND_BENCH_SECONDS", 10);
    let place = tempfile::tempdir().unwrap();
    let image = place.path().join("image");
    cached_zeros(&image, seconds * BYTES_PER_SECOND);
    let only = number("PITLAND_BENCH_DRIVES", 0);
    println!("one cached file of {seconds} s onto drives of 72 MB/s each, in real time");
    for drives in [1, 4, 16, 64, 256] {
        if only != 0 && only != drives {
            continue;
        }
        let status = Command::new(std::env::current_exe().unwrap())
            .env(IMAGE, &image)
            .env("PITLAND_BENCH_DRIVES", drives.to_string())
            .status()
            .unwrap();
        assert!(status.success(), "{drives} drives: {status}");
        let mut dd = Command::new("dd");
        dd.arg(format!("if={}", image.display()));
        dd.args(["of=/dev/null", "bs=1M", "status=none"]);
        let (status, took) = timed(|| dd.status());
        match status {
            Ok(status) if status.success() => println!(
                "  the same bytes by dd, once for each drive (reckoned from one): {:.2} CPU-s",
                took.cpu.as_secs_f64() * drives as f64
            ),
            _ => println!("  dd: not run, it is missing"),
        }
    }
}

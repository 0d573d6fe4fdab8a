//! What the path from a file to a drive costs: a cached file onto `virtual:null`, beside a plain copy to
//! nowhere and beside another burner; what reading back adds on a disc that keeps its data; and what of it
//! is the plug-in's.
//!
//! `PITLAND_BENCH_MIB` sets the file's size; `path`, `back` and `writer` on the command line name parts.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a bench fails by panicking"
)]

mod beside;

use beside::{Runner, cached_zeros, cpu_time_of_thread, goal, measure, number, timed};
use pitland::writer::{
    ActiveWriter, Event, Fit, MediaFacts, Refusal, Request, Step, WritePlan, WriterInfo,
    WriterModule, module_of,
};
use pitland::{BurnOptions, BurnReport, DriveHandle, Engine, Image, OpenMode, VerifyLevel};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::runtime::Runtime;

/// Burns of one measurement: CPU time is told in steps of 10 ms, and a burn takes few of them.
const TIMES: u32 = 4;

async fn burn(
    engine: &Engine,
    drive: &DriveHandle,
    file: &Path,
    options: BurnOptions,
) -> BurnReport {
    let lease = drive.lease("bench").await.unwrap();
    let report = lease
        .burn(options, Image::file(file))
        .report()
        .await
        .unwrap();
    engine.release(drive);
    report
}

fn onto_null(runtime: &Runtime, file: &Path, options: &BurnOptions) -> bool {
    runtime.block_on(async {
        let engine = Engine::builder().build().unwrap();
        for _ in 0..TIMES {
            let drive = engine.open(&"virtual:null".parse().unwrap()).unwrap();
            burn(&engine, &drive, file, options.clone()).await;
        }
        engine.shutdown(Duration::from_secs(10)).await;
    });
    true
}

fn onto_disc(runtime: &Runtime, file: &Path, disc: &Path, options: &BurnOptions) -> bool {
    let _ = std::fs::remove_file(disc);
    runtime.block_on(async {
        let engine = Engine::builder().build().unwrap();
        let address = format!("virtual:{}", disc.display()).parse().unwrap();
        let drive = engine
            .open_with(&address, OpenMode::CreateBlankBdR, |drive| drive)
            .unwrap();
        burn(&engine, &drive, file, options.clone()).await;
        engine.shutdown(Duration::from_secs(10)).await;
    });
    true
}

fn the_path(runtime: &Runtime, place: &Path, mebibytes: u64) {
    let file = place.join("image");
    cached_zeros(&file, mebibytes << 20);
    let repeated = |program: &str| {
        let mut command = Command::new("sh");
        command.arg("-c");
        command.arg(format!(
            "set -e; for n in $(seq {TIMES}); do {program}; done"
        ));
        command.arg("sh").arg(&file);
        command
    };
    let none = BurnOptions::default().verify(VerifyLevel::None);
    let full = BurnOptions::default().verify(VerifyLevel::Full);
    let checked = full.clone().verify_elsewhere();
    let missing = || !installed("cdrskin");
    let mut cdrskin =
        repeated("cdrskin --allow_emulated_drives dev=stdio:/dev/null \"$1\" >/dev/null 2>&1");
    let mut runners = [
        Runner::program("dd bs=1M", repeated("dd if=\"$1\" of=/dev/null bs=1M")),
        Runner::new("pitland, no verification", || {
            onto_null(runtime, &file, &none)
        }),
        Runner::new("pitland, every unit's check taken", || {
            onto_null(runtime, &file, &checked)
        }),
        Runner::new("pitland, read back as well", || {
            onto_null(runtime, &file, &full)
        }),
        Runner::new("cdrskin dev=stdio:/dev/null", || {
            !missing() && cdrskin.status().unwrap().success()
        }),
    ];
    let figures = measure(
        &format!("a cached file of {mebibytes} MiB to a null drive, {TIMES} times"),
        &mut runners,
    );
    let gigabytes = f64::from(TIMES) * (mebibytes << 20) as f64 / 1e9;
    let cpu = |n: usize| figures[n].map(|figures| figures.cpu / gigabytes);
    let per = "CPU-seconds a gigabyte";
    let [dd, plain, checked, cdrskin] = [cpu(0), cpu(1), cpu(2), cpu(4)];
    let over = |peer: Option<f64>| plain.zip(peer).map(|(own, peer)| own / peer);
    goal("no verification", plain, 0.15, per);
    goal("beside dd bs=1M", over(dd), 2.0, "times");
    goal("beside cdrskin", over(cdrskin), 0.05, "times");
    goal("with every unit's check", checked, 0.30, per);
    drop(runners);
    std::fs::remove_file(file).unwrap();
}

fn installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

fn reading_back(runtime: &Runtime, place: &Path, mebibytes: u64) {
    let (file, disc) = (place.join("image"), place.join("bench.vdisc"));
    cached_zeros(&file, mebibytes << 20);
    let with = |level| BurnOptions::default().verify(level);
    let figures = measure(
        &format!("{mebibytes} MiB onto a virtual disc"),
        &mut [
            Runner::new("no verification", || {
                onto_disc(runtime, &file, &disc, &with(VerifyLevel::None))
            }),
            Runner::new("full verification", || {
                onto_disc(runtime, &file, &disc, &with(VerifyLevel::Full))
            }),
        ],
    );
    if let [Some(none), Some(full)] = figures[..] {
        let gigabytes = (mebibytes << 20) as f64 / 1e9;
        println!(
            "  reading back adds {:.3} CPU-seconds and {:.3} seconds a gigabyte",
            (full.cpu - none.cpu) / gigabytes,
            (full.wall - none.wall) / gigabytes
        );
    }
    std::fs::remove_file(file).unwrap();
    std::fs::remove_file(disc).unwrap();
}

/// A writer with a clock at its border.
struct Metered {
    inner: Box<dyn WriterModule>,
    spent: Arc<Spent>,
}

#[derive(Default)]
struct Spent {
    nanoseconds: AtomicU64,
    slowest: AtomicU64,
    calls: AtomicU64,
}

impl Spent {
    fn on<T>(&self, call: impl FnOnce() -> T) -> T {
        let start = cpu_time_of_thread();
        let result = call();
        let nanoseconds = u64::try_from((cpu_time_of_thread() - start).as_nanos()).unwrap();
        self.nanoseconds.fetch_add(nanoseconds, Ordering::Relaxed);
        self.slowest.fetch_max(nanoseconds, Ordering::Relaxed);
        self.calls.fetch_add(1, Ordering::Relaxed);
        result
    }
}

impl WriterModule for Metered {
    fn info(&self) -> WriterInfo {
        self.spent.on(|| self.inner.info())
    }

    fn assess(&self, facts: &MediaFacts, request: &Request) -> Fit {
        self.spent.on(|| self.inner.assess(facts, request))
    }

    fn begin(
        &self,
        facts: &MediaFacts,
        request: &Request,
    ) -> Result<(Box<dyn ActiveWriter>, WritePlan), Refusal> {
        let (inner, plan) = self.spent.on(|| self.inner.begin(facts, request))?;
        let spent = Arc::clone(&self.spent);
        Ok((Box::new(MeteredJob { inner, spent }), plan))
    }
}

struct MeteredJob {
    inner: Box<dyn ActiveWriter>,
    spent: Arc<Spent>,
}

impl ActiveWriter for MeteredJob {
    fn next(&mut self, event: Event) -> Step {
        self.spent.on(|| self.inner.next(event))
    }
}

fn the_plug_in(runtime: &Runtime, place: &Path, mebibytes: u64) {
    let file = place.join("image");
    cached_zeros(&file, mebibytes << 20);
    let spent = Arc::new(Spent::default());
    // The bare writer: one that is built in has the host's thread and deadline around it.
    let metered = Metered {
        inner: module_of::<pitland_bd_r::BdR>(),
        spent: Arc::clone(&spent),
    };
    let builder = Engine::builder()
        .without_builtin_writers()
        .writer(Box::new(metered));
    let options = BurnOptions::default().verify(VerifyLevel::None);
    let (_, took) = timed(|| {
        runtime.block_on(async {
            let engine = builder.build().unwrap();
            for _ in 0..TIMES {
                let drive = engine.open(&"virtual:null".parse().unwrap()).unwrap();
                burn(&engine, &drive, &file, options.clone()).await;
            }
        });
    });
    let calls = spent.calls.load(Ordering::Relaxed);
    assert!(calls > u64::from(TIMES), "the metered writer was not used");
    let own = Duration::from_nanos(spent.nanoseconds.load(Ordering::Relaxed));
    println!(
        "the writers' own CPU time in {TIMES} burns of {mebibytes} MiB: {own:?} in {calls} calls ({:?} the slowest), of {:?}",
        Duration::from_nanos(spent.slowest.load(Ordering::Relaxed)),
        took.cpu
    );
    let share = 100.0 * own.as_secs_f64() / took.cpu.as_secs_f64();
    goal("a writer's share", Some(share), 0.1, "%");
    std::fs::remove_file(file).unwrap();
}

/// Whether a part shall run: all do, unless some are named on the command line.
fn wanted(part: &str) -> bool {
    let named = || {
        std::env::args()
            .skip(1)
            .filter(|arg| !arg.starts_with("--"))
    };
    named().next().is_none() || named().any(|name| name == part)
}

fn main() {
    let mebibytes = number("PITLAND_BENCH_MIB", 1024);
    let place = tempfile::tempdir().unwrap();
    let runtime = Runtime::new().unwrap();
    if wanted("path") {
        the_path(&runtime, place.path(), mebibytes);
    }
    if wanted("back") {
        reading_back(&runtime, place.path(), mebibytes.min(512));
    }
    if wanted("writer") {
        the_plug_in(&runtime, place.path(), mebibytes);
    }
}

//! Measuring one thing beside another in the same run: wall time, and CPU time of this process and of its
//! children. Seconds of a shared machine mean little, so that ratios are printed. A goal that is missed is
//! said in words, and fails nothing.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    unreachable_pub,
    dead_code,
    reason = "a bench fails by panicking; shared by benches, each of which uses a part"
)]

use rustix::time::{ClockId, clock_gettime};
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Rounds of each thing, taken in turn.
const ROUNDS: usize = 3;

/// Something to measure; `false`: it is not to be had here.
pub struct Runner<'a> {
    pub name: &'a str,
    pub run: Box<dyn FnMut() -> bool + 'a>,
}

impl<'a> Runner<'a> {
    pub fn new(name: &'a str, run: impl FnMut() -> bool + 'a) -> Self {
        Self {
            name,
            run: Box::new(run),
        }
    }

    /// A program of others, whose output is thrown away.
    pub fn program(name: &'a str, mut command: Command) -> Self {
        Self::new(name, move || {
            let child = command
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
            match child {
                Ok(status) => {
                    assert!(status.success(), "{command:?}: {status}");
                    true
                }
                Err(_) => false,
            }
        })
    }
}

/// What something took.
#[derive(Debug, Clone, Copy)]
pub struct Took {
    pub wall: Duration,
    pub cpu: Duration,
}

/// Runs something once.
pub fn timed<T>(run: impl FnOnce() -> T) -> (T, Took) {
    let (start, cpu) = (Instant::now(), cpu_time());
    let result = run();
    let took = Took {
        wall: start.elapsed(),
        cpu: cpu_time() - cpu,
    };
    (result, took)
}

/// The best wall time and the best CPU time of all rounds, and the median wall time; in seconds.
#[derive(Debug, Clone, Copy)]
pub struct Figures {
    pub wall: f64,
    pub median: f64,
    pub cpu: f64,
}

/// Runs everything in turn, a warming round first, and prints best and median beside the first one. The
/// figures are in the order of the runners; `None`: it is not to be had here.
pub fn measure(what: &str, runners: &mut [Runner<'_>]) -> Vec<Option<Figures>> {
    println!("{what}");
    let mut took: Vec<Option<Vec<Took>>> = runners
        .iter_mut()
        .map(|runner| (runner.run)().then(Vec::new))
        .collect();
    for _ in 0..ROUNDS {
        for (runner, took) in runners.iter_mut().zip(&mut took) {
            if let Some(took) = took {
                took.push(timed(|| (runner.run)()).1);
            }
        }
    }
    let figures: Vec<_> = took
        .into_iter()
        .map(|took| took.map(best_and_median))
        .collect();
    let first = figures.first().copied().flatten();
    println!(
        "{:<44} {:>8} {:>8} {:>8} {:>9} {:>9}",
        "", "wall s", "median", "CPU s", "wall", "CPU"
    );
    for (runner, figure) in runners.iter().zip(&figures) {
        let Some(Figures { wall, median, cpu }) = figure else {
            println!("{:<44} not run: it is missing", runner.name);
            continue;
        };
        let ratio = |own: f64, others: Option<f64>| match others {
            Some(others) if others > 0.0 => format!("x {:.2}", own / others),
            _ => "-".to_owned(),
        };
        println!(
            "{:<44} {wall:>8.2} {median:>8.2} {cpu:>8.2} {:>9} {:>9}",
            runner.name,
            ratio(*wall, first.map(|f| f.wall)),
            ratio(*cpu, first.map(|f| f.cpu)),
        );
    }
    figures
}

fn best_and_median(mut took: Vec<Took>) -> Figures {
    took.sort_by_key(|took| took.wall);
    let seconds = |took: Option<&Took>| took.map_or(0.0, |took| took.wall.as_secs_f64());
    let cpu = took.iter().map(|took| took.cpu).min().unwrap_or_default();
    Figures {
        wall: seconds(took.first()),
        median: seconds(took.get(took.len() / 2)),
        cpu: cpu.as_secs_f64(),
    }
}

/// Prints a figure beside its goal, which is the most that it may be. One that could not be measured is
/// told, too.
pub fn goal(what: &str, figure: Option<f64>, most: f64, unit: &str) {
    match figure {
        Some(figure) => {
            let word = if figure <= most { "met" } else { "NOT met" };
            println!("  {what}: {figure:.3} {unit}, goal at most {most:.3}: {word}");
        }
        None => println!("  {what}: not run, goal at most {most:.3} {unit}"),
    }
}

/// CPU time of this process, and of its children that have ended: of those in ticks of 10 ms.
pub fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    // The name in brackets may hold anything.
    let (_, rest) = stat.rsplit_once(')').unwrap();
    let ticks: u64 = rest
        .split_whitespace()
        .skip(13)
        .take(2)
        .map(|field| field.parse::<u64>().unwrap())
        .sum();
    of_clock(ClockId::ProcessCPUTime) + Duration::from_millis(ticks * 10)
}

/// CPU time of this thread.
pub fn cpu_time_of_thread() -> Duration {
    of_clock(ClockId::ThreadCPUTime)
}

fn of_clock(clock: ClockId) -> Duration {
    let time = clock_gettime(clock);
    Duration::new(
        time.tv_sec.try_into().unwrap(),
        time.tv_nsec.try_into().unwrap(),
    )
}

/// The most memory that this process ever had, in KiB.
pub fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let words = line.and_then(|line| line.split_whitespace().nth(1));
    words.unwrap().parse().unwrap()
}

/// A file of zeros, read once so that it is cached. A disc that keeps no data reads back as zeros, so that
/// it can be verified on one.
pub fn cached_zeros(path: &Path, bytes: u64) {
    let mut file = File::create(path).unwrap();
    let piece = vec![0; 1 << 20];
    let mut left = bytes;
    while left > 0 {
        let some = left.min(piece.len() as u64);
        file.write_all(&piece[..some as usize]).unwrap();
        left -= some;
    }
    std::io::copy(&mut File::open(path).unwrap(), &mut std::io::sink()).unwrap();
}

/// A number from the environment.
pub fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable)
        .ok()
        .map_or(default, |text| text.parse().expect("a number"))
}

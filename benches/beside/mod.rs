//! Measuring one thing beside another in the same run: wall time, and CPU time of this process and of its
//! children. Seconds of a shared machine mean little, so that ratios are printed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    unreachable_pub,
    dead_code,
    reason = "a bench fails by panicking; shared by benches, each of which uses a part"
)]

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

/// One figure of one round.
#[derive(Clone, Copy)]
struct Took {
    wall: Duration,
    cpu: Duration,
}

/// Runs everything in turn, a warming round first, and prints best and median beside the first one.
pub fn measure(what: &str, runners: &mut [Runner<'_>]) {
    println!("{what}");
    let mut took: Vec<Option<Vec<Took>>> = runners
        .iter_mut()
        .map(|runner| (runner.run)().then(Vec::new))
        .collect();
    for _ in 0..ROUNDS {
        for (runner, took) in runners.iter_mut().zip(&mut took) {
            if let Some(took) = took {
                let (start, cpu) = (Instant::now(), cpu_time());
                (runner.run)();
                took.push(Took {
                    wall: start.elapsed(),
                    cpu: cpu_time() - cpu,
                });
            }
        }
    }
    let figures: Vec<_> = took
        .into_iter()
        .map(|took| took.map(best_and_median))
        .collect();
    let first = figures.first().copied().flatten();
    println!(
        "{:<40} {:>8} {:>8} {:>8} {:>9} {:>9}",
        "", "wall s", "median", "CPU s", "wall", "CPU"
    );
    for (runner, figure) in runners.iter().zip(figures) {
        let Some((wall, median, cpu)) = figure else {
            println!("{:<40} not run: it is missing", runner.name);
            continue;
        };
        let ratio = |own: f64, others: Option<f64>| match others {
            Some(others) if others > 0.0 => format!("x {:.2}", own / others),
            _ => "-".to_owned(),
        };
        println!(
            "{:<40} {wall:>8.2} {median:>8.2} {cpu:>8.2} {:>9} {:>9}",
            runner.name,
            ratio(wall, first.map(|f| f.0)),
            ratio(cpu, first.map(|f| f.2)),
        );
    }
}

fn best_and_median(mut took: Vec<Took>) -> (f64, f64, f64) {
    took.sort_by_key(|took| took.wall);
    let cpu = took.iter().map(|took| took.cpu).min().unwrap_or_default();
    let median = took
        .get(took.len() / 2)
        .map_or(0.0, |took| took.wall.as_secs_f64());
    (
        took.first().map_or(0.0, |took| took.wall.as_secs_f64()),
        median,
        cpu.as_secs_f64(),
    )
}

/// CPU time of this process and of its children that have ended, in ticks of 10 ms.
fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    // The name in brackets may hold anything.
    let (_, rest) = stat.rsplit_once(')').unwrap();
    let ticks: u64 = rest
        .split_whitespace()
        .skip(11)
        .take(4)
        .map(|field| field.parse::<u64>().unwrap())
        .sum();
    Duration::from_millis(ticks * 10)
}

/// A number from the environment.
pub fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable)
        .ok()
        .map_or(default, |text| text.parse().expect("a number"))
}

//! The matrix: every case of [`crate::cases`], or a sample of them, judged.

use crate::bench::{Hall, Run};
use crate::cases::{self, Case};
use crate::common::full;
use crate::judge::{Excuses, lies};
use crate::media::SCENES;
use futures::{StreamExt, stream};
use pitland::transport::fault::FaultScript;
use pitland::{LeaseDenied, MediumState, Outcome, VerifyLevel};
use std::process::Command;
use std::sync::Mutex;
use std::time::Duration;

/// Blocks of the image: not a whole number of units.
const BLOCKS: usize = 650;
/// Cases of the default run.
const SAMPLE: usize = 3000;
/// Cases after which threads and files are counted.
const LEAK_SAMPLE: usize = 150;
/// Burns at a time.
const AT_ONCE: usize = 4;

static PANICS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Every so-manyth of all, so that each scene, command, position and fault is among them.
fn sample(all: Vec<Case>, wanted: usize) -> Vec<Case> {
    if full() {
        return all;
    }
    // Odd and prime to the lists that the cases are made of.
    let step = (all.len() / wanted).max(1) | 1;
    all.into_iter().step_by(step).collect()
}

async fn run_all(hall: &Hall, cases: Vec<Case>, verify: VerifyLevel) -> Vec<String> {
    let lied = stream::iter(cases).map(|case| async move {
        let options = case.scene.options().verify(verify);
        let run = hall.burn(case.scene, options, case.script()).await;
        let mut lies = lies(Excuses::of(&case), verify, &hall.bytes, &run);
        if run.fired == 0 {
            lies.push("the fault never came".into());
        }
        let ended = match &run.result {
            Ok(report) => format!("{}", report.outcome),
            Err(error) => error.to_string(),
        };
        if std::env::var_os("PITLAND_TELL").is_some() {
            println!("{case} -> {ended}");
        }
        (!lies.is_empty()).then(|| {
            format!(
                "{case}\n    {}\n    the job said: {ended}",
                lies.join("\n    ")
            )
        })
    });
    lied.buffer_unordered(AT_ONCE)
        .filter_map(|lied| async { lied })
        .collect()
        .await
}

fn assert_none(lied: Vec<String>, of: usize) {
    let panics = std::mem::take(&mut *PANICS.lock().unwrap());
    assert!(panics.is_empty(), "{panics:#?}");
    if lied.is_empty() {
        return;
    }
    let count = lied.len();
    let text = lied.join("\n");
    panic!(
        "{count} of {of} cases lie. Each replays with: pitland virtual create --medium MEDIUM x; \
         pitland burn IMAGE --drive virtual:x,faults=SCRIPT\n{text}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_a_command_is_answered_the_job_ends_and_tells_the_truth() {
    watch_for_panics();
    let hall = Hall::new(BLOCKS);
    let all = cases::all(&hall, VerifyLevel::Full).await;
    // Six media and more, each with a dozen commands and more, each with every fault.
    assert!(all.len() > 20_000, "{}", all.len());
    for scene in SCENES {
        assert!(all.iter().any(|case| case.scene.name == scene.name));
    }
    let chosen = sample(all, SAMPLE);
    let of = chosen.len();
    println!("{of} cases");
    let lied = run_all(&hall, chosen, VerifyLevel::Full).await;
    assert_none(lied, of);
}

/// Without reading back a lie of the drive about a WRITE may stay; a blank disc never passes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_reading_back_nothing_is_called_verified_and_no_blank_disc_is_burned() {
    let hall = Hall::new(BLOCKS);
    let chosen = sample(cases::all(&hall, VerifyLevel::None).await, SAMPLE / 2);
    let of = chosen.len();
    let lied = run_all(&hall, chosen, VerifyLevel::None).await;
    assert_none(lied, of);
}

/// Set for a process of its own, in which no other test has threads or files.
const ALONE: &str = "PITLAND_TEST_ALONE";

#[test]
fn no_thread_and_no_file_is_left_behind() {
    if std::env::var_os(ALONE).is_none() {
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "matrix::no_thread_and_no_file_is_left_behind"])
            .env(ALONE, "1")
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        return;
    }
    let runtime = || {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap()
    };
    // The first runtime opens what all of a process share: sockets by which its signals are told.
    drop(runtime());
    let before = (names("task"), names("fd"));
    let runtime = runtime();
    runtime.block_on(async {
        let hall = Hall::new(BLOCKS);
        let all = cases::all(&hall, VerifyLevel::Full).await;
        let step = (all.len() / LEAK_SAMPLE) | 1;
        let chosen: Vec<Case> = all.into_iter().step_by(step).collect();
        assert!(chosen.len() >= LEAK_SAMPLE / 2);
        drop(run_all(&hall, chosen, VerifyLevel::Full).await);
        let ended = hall.engine.shutdown(Duration::from_secs(60)).await;
        assert_eq!(ended.still_running, 0);
    });
    // Waits for the threads of the runtime.
    drop(runtime);
    assert_eq!((names("task"), names("fd")), before);
}

/// The names of the threads, or what is open, of this process.
fn names(what: &str) -> Vec<String> {
    let entries = std::fs::read_dir(format!("/proc/self/{what}")).unwrap();
    let mut names: Vec<String> = entries
        .filter_map(|entry| {
            let path = entry.unwrap().path();
            // A thread that ends while it is looked at is no more; nor is the folder that is looked at.
            match what {
                "task" => std::fs::read_to_string(path.join("comm")).ok(),
                _ => std::fs::read_link(path)
                    .ok()
                    .map(|to| to.display().to_string()),
            }
        })
        .collect();
    names.sort();
    names
}

fn watch_for_panics() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        // A test's own verdict is no fault of the engine.
        if panic
            .location()
            .is_none_or(|at| !at.file().contains("tests/faults"))
        {
            PANICS.lock().unwrap().push(panic.to_string());
        }
        before(panic);
    }));
}

/// A judge that finds nothing finds nothing where there is something.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_judge_sees_what_is_not_true() {
    type Spoil = fn(&mut Run);
    let hall = Hall::new(BLOCKS);
    let scene = &SCENES[0];
    let verdict = async |spoil: Spoil| {
        let none = FaultScript::new(0);
        let mut run = hall.burn(scene, scene.options(), none).await;
        spoil(&mut run);
        lies(Excuses::default(), VerifyLevel::Full, &hall.bytes, &run)
    };
    assert_eq!(verdict(|_| {}).await, [""; 0]);
    let spoilers: [(&str, Spoil); 6] = [
        ("not on the disc", |run| run.disc.spoil(649)),
        ("not true", |run| {
            run.result.as_mut().unwrap().medium = MediumState::Closed;
        }),
        ("not true", |run| {
            run.result.as_mut().unwrap().medium = MediumState::Unknown;
        }),
        ("nothing written", |run| {
            run.result.as_mut().unwrap().outcome = Outcome::NothingWritten;
        }),
        ("locked", |run| run.heard.locked = true),
        ("refused", |run| run.next = Err(LeaseDenied::Gone)),
    ];
    for (told, spoil) in spoilers {
        let lies = verdict(spoil).await.join("; ");
        assert!(lies.contains(told), "{told}: {lies}");
    }
}

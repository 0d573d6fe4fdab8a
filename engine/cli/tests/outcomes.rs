//! A burn that fails: its status, its words and its JSON say what became of the data and what to do now.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod common;

use common::{Bench, Run};
use serde_json::Value;
use std::fs;
use std::os::unix::process::ExitStatusExt;

const DISC: &str = "virtual:disc.vdisc";
const FAILING: &str = "virtual:disc.vdisc,faults=script";

/// A blank BD-R in a drive that fails by this script, and a tree that is larger than a few WRITEs.
fn failing(script: &str) -> Bench {
    let bench = Bench::new();
    bench.disc("disc.vdisc", "bd-r");
    bench.tree("tree");
    let noise: Vec<u8> = (0..4_000_000u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    fs::write(bench.path("tree/noise"), noise).unwrap();
    fs::write(bench.path("script"), script).unwrap();
    bench
}

/// The error of a run, which has to be told as its report says.
fn error_of(run: &Run, code: &str, outcome: &str) -> Value {
    let error = run.of_type("error").pop().expect("an error");
    assert_eq!(error["code"], code, "{error}");
    assert_eq!(error["status"], run.status);
    let report = &error["report"];
    assert_eq!(report["exit"], run.status);
    assert_eq!(report["outcome"], outcome);
    assert_eq!(report["medium"], error["medium"]);
    error
}

#[test]
fn a_burn_that_was_cut_off_names_the_job_by_which_it_is_resumed() {
    let bench = failing("when write from 5 do unplug\n");
    let run = bench.expect(14, &["burn", "tree", "--drive", FAILING, "--json"]);
    let error = error_of(&run, "resumable", "resumable");
    let jobs = bench.expect(0, &["jobs", "--json"]).json().remove(0);
    let job = jobs["jobs"][0]["job"].as_str().unwrap();
    let advice = error["advice"].as_str().unwrap();
    assert!(advice.contains("not ruined"), "{advice}");
    assert!(
        advice.ends_with(&format!("pitland resume {job}")),
        "{advice}"
    );

    let resumed = bench.expect(0, &["resume", job, "--drive", DISC, "--json"]);
    let verdict = resumed.of_type("resume").remove(0);
    assert_eq!(verdict["verdict"], "resume", "{verdict}");
    let report = resumed.of_type("report").remove(0);
    assert_eq!(report["outcome"], "verified", "{report}");
    bench.expect(0, &["verify", DISC, "tree"]);
    let jobs = bench.expect(0, &["jobs", "--json"]).json().remove(0);
    assert_eq!(jobs["jobs"], Value::Array(Vec::new()));
}

#[test]
fn a_killed_program_is_taken_up_again_by_another() {
    // These discs tell how far they were written, however young the journal is.
    for medium in ["bd-r", "dvd+r", "dvd+r-dl"] {
        // What the drive has in its buffer dies with it: enough has to be on the disc.
        let bench = failing("when write from 150 do kill\n");
        let zeros = fs::File::create(bench.path("tree/zeros")).unwrap();
        zeros.set_len(12 << 20).unwrap();
        fs::remove_file(bench.path("disc.vdisc")).unwrap();
        bench.disc("disc.vdisc", medium);
        let burn = ["burn", "tree", "--drive", FAILING];
        let killed = bench.command(&burn).output().unwrap();
        assert_eq!(killed.status.signal(), Some(9), "{medium}");
        let jobs = bench.expect(0, &["jobs", "--json"]).json().remove(0);
        assert_eq!(jobs["jobs"][0]["state"], "interrupted", "{medium}");
        let looked = bench.expect(0, &["resume", "--drive", DISC, "--plan", "--json"]);
        let verdict = looked.of_type("resume").remove(0);
        assert_eq!(verdict["verdict"], "resume", "{medium}: {verdict}");
        let resumed = bench.expect(0, &["resume", "--drive", DISC, "--json"]);
        let report = resumed.of_type("report").remove(0);
        assert_eq!(report["outcome"], "verified", "{medium}: {report}");
        bench.expect(0, &["verify", DISC, "tree"]);
    }
}

#[test]
fn a_named_folder_of_journals_stands_in_the_advice_and_holds_the_job() {
    let bench = failing("when write from 5 do unplug\n");
    let burn = ["burn", "tree", "--drive", FAILING, "--journal", "jobs"];
    let run = bench.expect(14, &burn);
    assert!(run.stderr.contains(" --journal jobs\n"), "{}", run.stderr);
    let usual = bench.expect(0, &["jobs"]);
    assert!(usual.text().starts_with("no jobs"), "{}", usual.text());
    bench.expect(0, &["resume", "--journal", "jobs", "--drive", DISC]);
    bench.expect(0, &["verify", DISC, "tree"]);
}

#[test]
fn without_a_journal_nobody_is_told_to_resume() {
    let bench = failing("when write from 5 do unplug\n");
    let burn = ["burn", "tree", "--drive", FAILING, "--journal", "none"];
    let run = bench.expect(14, &burn);
    assert!(run.stderr.contains("no journal"), "{}", run.stderr);
    assert!(!run.stderr.contains("pitland resume"), "{}", run.stderr);
    let jobs = bench.expect(0, &["jobs"]);
    assert!(jobs.text().starts_with("no jobs"), "{}", jobs.text());
}

#[test]
fn a_rehearsal_leaves_no_journal() {
    let bench = failing("when write from 1 do unplug\n");
    let burn = ["burn", "tree", "--drive", DISC, "--simulate=host"];
    bench.expect(0, &[&burn[..], &["--journal", "jobs"]].concat());
    assert!(!bench.path("jobs").exists());
}

#[test]
fn a_folder_that_cannot_hold_journals_is_refused_when_it_is_named() {
    let bench = failing("");
    bench.expect(
        11,
        &["burn", "tree", "--drive", DISC, "--journal", "script"],
    );
    bench.expect(0, &["burn", "tree", "--drive", DISC, "--journal", "none"]);
}

#[test]
fn blocks_that_read_back_wrongly_are_named_with_their_files() {
    let bench = failing("when read lba 1000..1000 do flip\n");
    let run = bench.expect(9, &["burn", "tree", "--drive", FAILING, "--json"]);
    let error = error_of(&run, "differs", "lost");
    let verification = &error["report"]["verification"];
    let run_of_blocks = &verification["bad_runs"][0];
    let first = run_of_blocks["lba"].as_i64().unwrap();
    let blocks = run_of_blocks["blocks"].as_i64().unwrap();
    assert!((first..first + blocks).contains(&1000), "{verification}");
    assert_eq!(verification["bad_units"], 1);
    assert_eq!(verification["first_bad_lba"], first);
    let files = verification["bad_files"].as_array().unwrap();
    assert!(files.iter().any(|file| file == "/noise"), "{verification}");
    assert_eq!(verification["first_bad_owner"], files[0]);
}

#[test]
fn a_drive_that_dies_while_it_reads_back_leaves_a_burn_that_is_not_verified() {
    let bench = failing("when read lba 1000..1000 do unplug\n");
    let run = bench.expect(16, &["burn", "tree", "--drive", FAILING, "--json"]);
    let error = error_of(&run, "unverified", "unverified");
    let advice = error["advice"].as_str().unwrap();
    assert!(advice.contains("not ruined"), "{advice}");
    bench.expect(0, &["verify", DISC, "tree"]);
}

#[test]
fn a_disc_of_which_only_the_close_failed_is_complete_after_the_close_that_is_advised() {
    for medium in ["cd-r", "cd-rw", "dvd-r", "dvd-rw", "dvd+r", "bd-r"] {
        let bench = failing("when close-track-session do sense 5/72/03\n");
        fs::remove_file(bench.path("disc.vdisc")).unwrap();
        bench.expect(0, &["virtual", "create", "disc.vdisc", "--medium", medium]);
        let run = bench.expect(13, &["burn", "tree", "--drive", FAILING, "--json"]);
        let error = error_of(&run, "readable-but-open", "readable-but-open");
        let advice = error["advice"].as_str().unwrap();
        assert!(
            advice.contains("pitland close DRIVE ends it"),
            "{medium}: {advice}"
        );
        assert!(!advice.contains("once more"), "{medium}: {advice}");
        bench.expect(0, &["close", DISC]);
        bench.expect(0, &["verify", DISC, "tree"]);
    }
}

#[test]
fn a_cd_that_was_cut_off_takes_the_data_by_the_way_that_is_advised() {
    for (medium, erases) in [("cd-r", false), ("cd-rw", true)] {
        let bench = failing("when write from 40 do sense 3/0C/00\n");
        fs::remove_file(bench.path("disc.vdisc")).unwrap();
        bench.expect(0, &["virtual", "create", "disc.vdisc", "--medium", medium]);
        let run = bench.run(&["burn", "tree", "--drive", FAILING, "--json"]);
        let error = run.of_type("error").remove(0);
        let advice = error["advice"].as_str().unwrap();
        assert!(!advice.contains("--overwrite"), "{medium}: {advice}");
        let offers = advice.contains("pitland erase DRIVE");
        assert_eq!(offers, erases, "{medium}: {advice}");
        if advice.contains("pitland close DRIVE") {
            bench.expect(0, &["close", DISC]);
        }
        if advice.contains("--new-session") {
            bench.expect(0, &["burn", "tree", "--drive", DISC, "--new-session"]);
            bench.expect(0, &["verify", DISC, "tree"]);
        }
        if erases {
            bench.expect(0, &["erase", DISC]);
            bench.expect(0, &["burn", "tree", "--drive", DISC]);
            bench.expect(0, &["verify", DISC, "tree"]);
        }
    }
}

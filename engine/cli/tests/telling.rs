//! What is told of small mishaps: to whom, once, with the right cause, and what a person can do now.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{Bench, Run};
use std::fs;

/// A run whose standard output takes nothing.
fn unheard(bench: &Bench, args: &[&str]) -> Run {
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    Run::new(bench.command(args).stdout(full).output().unwrap())
}

#[test]
fn what_only_looks_left_the_disc_untouched_also_where_nobody_could_be_told() {
    let bench = Bench::new();
    bench.tree("tree");
    bench.disc("disc", "bd-r");
    let burn = ["burn", "tree", "--drive", "virtual:disc"];
    let looks: [&[&str]; 4] = [
        &["medium", "virtual:disc"],
        &[&burn[..], &["--plan"]].concat(),
        &[&burn[..], &["--simulate=host"]].concat(),
        &["exit-statuses"],
    ];
    for args in looks {
        let run = unheard(&bench, args);
        assert_eq!(run.status, 11, "{args:?}");
        let told = run.stderr;
        assert!(told.contains("medium: untouched"), "{args:?}: {told}");
    }
    let run = unheard(&bench, &burn);
    assert_eq!(run.status, 11);
    assert!(run.stderr.contains("medium: unknown"), "{}", run.stderr);
}

#[test]
fn data_that_standard_output_does_not_take_are_told_by_its_name() {
    let bench = Bench::new();
    bench.tree("tree");
    let run = unheard(&bench, &["image", "tree", "-o", "-"]);
    assert_eq!(run.status, 11);
    let said = "pitland: standard output cannot be written";
    assert!(run.stderr.contains(said), "{}", run.stderr);
}

#[test]
fn a_virtual_disc_that_cannot_be_made_is_a_file_that_cannot_be_made() {
    let bench = Bench::new();
    let run = bench.expect(11, &["virtual", "create", "no/disc", "--medium", "bd-r"]);
    assert!(run.stderr.contains("cannot be made"), "{}", run.stderr);
    assert!(run.stderr.contains("the space left"), "{}", run.stderr);
}

#[test]
fn an_error_names_its_drive_once() {
    let bench = Bench::new();
    bench.tree("tree");
    bench.disc("disc", "bd-r");
    bench.expect(0, &["burn", "tree", "--drive", "virtual:disc"]);
    let run = bench.expect(4, &["ls", "virtual:disc", "nothing"]);
    let first = run.stderr.lines().next().unwrap();
    assert_eq!(first, "pitland: virtual:disc: the volume has no nothing");
}

#[test]
fn a_disc_that_is_still_to_be_made_is_planned_for_the_drive_that_is_named() {
    let bench = Bench::new();
    bench.tree("tree");
    let refused = |options: &str, status, how: &str| {
        let drive = format!("virtual:new,{options}");
        bench.expect(status, &["burn", "tree", "--drive", &drive, how]);
    };
    for how in ["--plan", "--simulate=host"] {
        refused("profile=first-dvd-writer", 4, how);
        refused("profile=nobody", 2, how);
        refused("faults=nothing", 2, how);
    }
    bench.expect(0, &["burn", "tree", "--drive", "virtual:new", "--plan"]);
    assert!(!bench.path("new").exists());
}

#[test]
fn a_rehearsal_onto_a_disc_that_is_still_to_be_made_says_so() {
    let bench = Bench::new();
    bench.tree("tree");
    let burn = ["burn", "tree", "--simulate=host", "--drive", "virtual:new"];
    let run = bench.expect(0, &burn);
    assert!(run.stderr.contains("no such file"), "{}", run.stderr);
    assert!(!bench.path("new").exists());
}

#[test]
fn a_disc_of_data_is_not_called_no_disc_where_sound_is_wanted() {
    let bench = Bench::new();
    bench.tree("tree");
    bench.disc("disc", "cd-r");
    let rip = ["cd", "rip", "virtual:disc", "-o", "out"];
    let blank = bench.expect(4, &rip);
    assert!(
        blank.stderr.contains("no CD with closed"),
        "{}",
        blank.stderr
    );
    bench.expect(0, &["burn", "tree", "--drive", "virtual:disc"]);
    let data = bench.expect(4, &rip);
    assert!(data.stderr.contains("no track of sound"), "{}", data.stderr);
    assert!(data.stderr.contains("pitland cd read"), "{}", data.stderr);
    let read = ["cd", "read", "virtual:disc", "-o", "out", "--session", "4"];
    let run = bench.expect(4, &read);
    assert!(run.stderr.contains("lists the sessions"), "{}", run.stderr);
}

#[test]
fn files_that_are_there_already_are_told_with_the_option_that_replaces_them() {
    let bench = Bench::new();
    bench.tree("tree");
    bench.expect(0, &["image", "tree", "-o", "image"]);
    bench.expect(0, &["extract", "image", "-o", "out"]);
    let run = bench.expect(11, &["extract", "image", "-o", "out"]);
    assert!(run.stderr.contains("--replace"), "{}", run.stderr);
    let run = bench.expect(0, &["extract", "image", "-o", "out", "--replace"]);
    assert!(!run.stderr.contains("--replace"), "{}", run.stderr);
}

#[test]
fn a_folder_among_sound_files_is_called_a_folder() {
    let bench = Bench::new();
    bench.tree("tree");
    bench.disc("disc", "cd-r");
    let run = bench.expect(3, &["audio", "tree", "--drive", "virtual:disc"]);
    assert!(run.stderr.contains("is a directory"), "{}", run.stderr);
}

#[test]
fn data_of_a_wrong_length_are_not_sent_and_that_is_said_once() {
    let bench = Bench::new();
    bench.disc("disc", "bd-r");
    let ask = ["12", "00", "00", "00", "24", "00", "--in", "30"];
    let run = bench.expect(2, &[&["scsi", "virtual:disc"], &ask[..]].concat());
    assert_eq!(run.stderr.matches("not sent").count(), 1, "{}", run.stderr);
}

#[test]
fn a_virtual_drive_that_stops_answering_leads_to_the_file_of_its_disc() {
    let bench = Bench::new();
    bench.tree("tree");
    bench.disc("disc", "bd-r");
    let script = "when synchronize-cache do lost-command\n";
    fs::write(bench.path("script"), script).unwrap();
    let drive = "virtual:disc,faults=script";
    let run = bench.run(&["burn", "tree", "--drive", drive]);
    assert_ne!(run.status, 0);
    let told = "the file system that the virtual disc lies on";
    assert!(run.stderr.contains(told), "{}", run.stderr);
}

#[test]
fn options_that_do_not_fit_the_disc_are_named_where_they_are_refused() {
    let bench = Bench::new();
    bench.tree("tree");
    bench.disc("rewritable", "dvd-rw");
    bench.disc("disc", "bd-re");
    let advised = |args: &[&str], option: &str| {
        let run = bench.expect(4, args);
        let advice = run.stderr.lines().find(|line| line.contains("advice"));
        assert!(advice.unwrap().contains(option), "{}", run.stderr);
    };
    let erase = ["erase", "virtual:rewritable", "--last-session"];
    advised(&erase, "--last-session");
    let burn = [
        "burn",
        "tree",
        "--drive",
        "virtual:disc",
        "--writer",
        "bd-r",
    ];
    advised(&burn, "--writer");
    fs::write(bench.path("sheet.cue"), SHEET).unwrap();
    fs::write(bench.path("sound.bin"), vec![0; 600 * 2352]).unwrap();
    let audio = ["audio", "--cue", "sheet.cue", "--drive", "virtual:disc"];
    advised(&audio, "a CD-R or CD-RW");
}

const SHEET: &str = "FILE \"sound.bin\" BINARY\n TRACK 01 AUDIO\n  INDEX 01 00:00:00\n";

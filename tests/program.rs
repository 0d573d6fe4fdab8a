//! The program as it is built, on what only a whole process shows: a realistic folder from end to end,
//! and a kill in mid-write. Its options and outputs have tests of their own beside it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

mod common;

use common::burn::Place;
use common::outside::{self, Session};
use common::program::pitland;
use common::seen::{assert_same, look_without_link_times};
use common::{full, tree};
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Stdio;

/// Runs to a success; gives what it says as JSON.
fn said(args: &[&str], more: &[&Path]) -> Vec<Value> {
    let output = outside::run(pitland().arg("--json").args(args).args(more));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn of_type<'a>(said: &'a [Value], wanted: &str) -> &'a Value {
    said.iter()
        .find(|line| line["type"] == wanted)
        .expect(wanted)
}

#[test]
fn a_realistic_folder_goes_onto_a_disc_and_comes_back() {
    let media: &[&str] = if full() {
        &["bd-r", "bd-re", "dvd+r", "dvd+r-dl", "dvd+rw", "dvd-ram"]
    } else {
        &["bd-r"]
    };
    for medium in media {
        let place = Place::new();
        let (source, disc) = (place.path("source"), place.path("disc.vdisc"));
        tree::realistic(&source, tree::Wanted::usual());
        said(&["virtual", "create", "--medium", medium], &[&disc]);
        let drive = format!("virtual:{}", disc.display());
        let burned = said(&["burn", "--drive", &drive], &[&source]);
        let report = of_type(&burned, "report");
        assert_eq!(report["outcome"], "verified", "{medium}: {report}");
        said(&["verify", &drive], &[&source]);
        let (image, restored) = (place.path("image.iso"), place.path("restored"));
        said(
            &["virtual", "export", "--output", image.to_str().unwrap()],
            &[&disc],
        );
        if outside::outsider("xorriso") {
            outside::xorriso_restore(&image, Session::Default, &restored);
            let expected = look_without_link_times(&source);
            assert_same(medium, &expected, &look_without_link_times(&restored));
        }
    }
}

#[test]
fn a_killed_program_leaves_a_disc_that_can_be_closed_and_used() {
    for medium in ["bd-r", "dvd+r"] {
        let place = Place::new();
        let (folder, disc) = (place.path("folder"), place.path("disc.vdisc"));
        tree::small(&folder);
        said(&["virtual", "create", "--medium", medium], &[&disc]);
        let drive = format!("virtual:{}", disc.display());
        let mut child = pitland()
            .args(["--json", "burn", "-", "--size", "64M", "--drive", &drive])
            .args(["--stash", "never", "--journal", "none"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // More than the ring holds: when it is taken, the drive has written some and waits for the rest.
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(&tree::noise(1, 48 << 20)).unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let writing = lines
            .map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap())
            .any(|line| line["phase"] == "writing");
        assert!(writing, "{medium}");
        child.kill().unwrap();
        assert_eq!(child.wait().unwrap().signal(), Some(9));

        let told = said(&["medium", &drive], &[]);
        let told = of_type(&told, "medium");
        assert_eq!(told["blank"], false, "{medium}: {told}");
        said(&["close", &drive], &[]);
        said(&["burn", "--new-session", "--drive", &drive], &[&folder]);
        said(&["verify", &drive], &[&folder]);
    }
}

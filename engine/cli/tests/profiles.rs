//! Discs by the names that they are sold under, and virtual drives that follow a drive profile.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::Bench;
use common::running::Running;
use std::fs;
use std::process::Stdio;

/// Names of discs and what the drive says of each.
const DISCS: [(&str, &str); 18] = [
    ("cd-r", "CD-R"),
    ("cd-rw", "CD-RW"),
    ("dvd-r", "DVD-R"),
    ("dvd-rw", "DVD-RW sequential"),
    ("dvd-rw-ro", "DVD-RW restricted overwrite"),
    ("dvd-r-dl", "DVD-R DL"),
    ("dvd+r", "DVD+R"),
    ("dvd+r-dl", "DVD+R DL"),
    ("dvd+rw", "DVD+RW"),
    ("dvd+rw-dl", "DVD+RW DL"),
    ("dvd-ram", "DVD-RAM"),
    ("bd-r", "BD-R SRM"),
    ("bd-r-pow", "BD-R SRM"),
    ("bd-re", "BD-RE"),
    ("bd-r-dl", "BD-R SRM"),
    ("bd-re-dl", "BD-RE"),
    ("bd-r-xl", "BD-R SRM"),
    ("bd-re-xl", "BD-RE"),
];

#[test]
fn every_disc_that_has_a_name_can_be_made_and_is_known_by_its_drive() {
    let bench = Bench::new();
    for (name, told) in DISCS {
        bench.expect(0, &["virtual", "create", name, "--medium", name]);
        let run = bench.expect(0, &["medium", &format!("virtual:{name}")]);
        let text = run.text();
        assert!(text.contains(&format!("{told} (")), "{name}: {text}");
    }
}

#[test]
fn a_drive_does_what_its_profile_says_by_name_and_by_file() {
    let bench = Bench::new();
    bench.tree("tree");
    bench.disc("disc", "bd-r-dl");
    let drive = "virtual:disc,profile=early-bd";
    let text = bench.expect(0, &["medium", drive]).text();
    assert!(text.contains("PITLAND EARLY BD WRITER"), "{text}");
    assert!(
        !text.contains("BD-R"),
        "a drive of one layer knows no disc of two: {text}"
    );
    bench.expect(4, &["burn", "tree", "--drive", drive]);
    let profile = "about = \"x\"\n[identity]\nproduct = \"OF MY OWN\"\n";
    fs::write(bench.path("my,drive.toml"), profile).unwrap();
    let drive = "virtual:disc,profile=my%2Cdrive.toml";
    let text = bench.expect(0, &["medium", drive]).text();
    assert!(text.contains("PITLAND OF MY OWN"), "{text}");
    bench.expect(0, &["burn", "tree", "--drive", drive]);
    bench.expect(0, &["verify", drive, "tree"]);
    let text = bench
        .expect(0, &["medium", "virtual:null,profile=strict-bd"])
        .text();
    assert!(text.contains("STRICT BD WRITER"), "{text}");
}

#[test]
fn a_profile_that_cannot_be_read_is_refused_with_what_is_wrong() {
    let bench = Bench::new();
    bench.disc("disc", "bd-r");
    fs::write(bench.path("bad.toml"), "about = \"x\"\n[can]\nfly = true\n").unwrap();
    for (profile, word) in [("bad.toml", "line 3"), ("missing", "early-bd")] {
        let drive = format!("virtual:disc,profile={profile}");
        for command in ["medium", "erase"] {
            let run = bench.expect(2, &[command, &drive]);
            assert!(run.stderr.contains(word), "{}", run.stderr);
        }
        let serve = format!("disc,profile={profile}");
        let args = ["virtual", "serve", &serve, "--listen", "127.0.0.1:0"];
        let run = bench.expect(2, &args);
        assert!(run.stderr.contains(word), "{}", run.stderr);
    }
    bench.expect(2, &["medium", "virtual:disc,profile="]);
}

#[test]
fn a_drive_is_served_in_its_profile() {
    let bench = Bench::new();
    bench.disc("disc", "bd-r");
    let args = [
        "virtual",
        "serve",
        "disc,profile=strict-bd",
        "--json",
        "--listen",
        "127.0.0.1:0",
    ];
    let mut running = Running::start(&bench, &args, Stdio::null());
    let told = running.until(|value| value["type"] == "serving");
    let address = told["drives"][0]["address"].as_str().unwrap().to_owned();
    let text = bench.expect(0, &["medium", &address]).text();
    assert!(text.contains("STRICT BD WRITER"), "{text}");
    running.signal("-TERM");
    assert_eq!(running.end().0, Some(0));
}

//! A disc that is read back in another drive than the one that burned it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod common;

use common::Bench;
use common::running::Running;
use std::process::Stdio;

const DISC: &str = "virtual:disc.vdisc";

fn bench() -> Bench {
    let bench = Bench::new();
    bench.tree("tree");
    bench.disc("disc.vdisc", "bd-r");
    bench
}

#[test]
fn a_virtual_disc_is_let_go_and_read_back_from_the_same_file() {
    let bench = bench();
    let burn = ["burn", "tree", "--drive", DISC, "--verify-drive", DISC];
    let run = bench.expect(0, &[&burn[..], &["--trace", "trace", "--json"]].concat());
    let reports = run.of_type("report");
    assert_eq!(reports.len(), 1, "one burn, one report");
    let report = &reports[0];
    assert_eq!(report["outcome"], "verified");
    assert_eq!(report["verified_in"], DISC);
    let verification = &report["verification"];
    assert_eq!(verification["blocks_compared"], report["blocks_written"]);
    let trace = |name: &str| String::from_utf8(bench.bytes(name)).unwrap();
    let (burner, reader) = (trace("trace.1"), trace("trace.2"));
    assert!(burner.contains("WRITE (10) lba 0") && !burner.contains("READ (10) lba 32"));
    assert!(reader.contains("READ (10) lba") && !reader.contains("WRITE (10)"));
    bench.expect(0, &["verify", DISC, "tree"]);
}

#[test]
fn another_disc_in_the_other_drive_is_found_out() {
    let bench = bench();
    bench.disc("other.vdisc", "bd-r");
    std::fs::write(bench.path("image.iso"), vec![7; 1 << 20]).unwrap();
    bench.expect(0, &["burn", "image.iso", "--drive", "virtual:other.vdisc"]);
    let burn = ["burn", "tree", "--drive", DISC, "--json", "--verify-drive"];
    let run = bench.expect(9, &[&burn[..], &["virtual:other.vdisc"]].concat());
    let error = run.of_type("error").pop().unwrap();
    assert_eq!(error["code"], "differs");
    assert_eq!(error["drive"], "virtual:other.vdisc");
    let report = &error["report"];
    assert_eq!(report["drive"], DISC);
    assert_eq!(report["verified_in"], "virtual:other.vdisc");
    assert_ne!(report["verification"]["bad_units"], 0);
}

#[test]
fn a_drive_that_cannot_be_had_leaves_a_burn_that_is_not_verified() {
    let bench = bench();
    let burn = ["burn", "tree", "--drive", DISC, "--json", "--verify-drive"];
    let run = bench.expect(16, &[&burn[..], &["virtual:missing.vdisc"]].concat());
    let error = run.of_type("error").pop().unwrap();
    assert_eq!(error["report"]["outcome"], "unverified");
    assert_eq!(error["medium"], "appendable");
    bench.expect(0, &["verify", DISC, "tree"]);
}

#[test]
fn what_makes_no_sense_is_refused_before_the_disc_is_touched() {
    let bench = bench();
    let before = bench.bytes("disc.vdisc");
    for (drive, more) in [
        (DISC, &["--verify-drive", DISC, "--verify", "none"][..]),
        (DISC, &["--verify-drive", DISC, "--simulate=host"]),
        (DISC, &["--verify-drive", DISC, "--drive", "virtual:null"]),
        ("virtual:null", &["--verify-drive", "virtual:null"]),
        (DISC, &["--verify-drive", "disc.vdisc"]),
    ] {
        let burn = ["burn", "tree", "--drive", drive];
        let run = bench.run(&[&burn[..], more].concat());
        assert!(matches!(run.status, 2 | 5), "{more:?}: {}", run.stderr);
    }
    assert!(bench.bytes("disc.vdisc") == before);
}

#[test]
fn the_disc_is_awaited_in_a_drive_that_is_no_file() {
    let bench = bench();
    bench.disc("twin.vdisc", "bd-r");
    std::fs::write(bench.path("image.iso"), vec![7; 1 << 20]).unwrap();
    // Nobody carries a virtual disc: a twin with the same data lies in the other drive.
    bench.expect(0, &["burn", "image.iso", "--drive", "virtual:twin.vdisc"]);
    let serve = ["virtual", "serve", "disc.vdisc", "twin.vdisc", "--json"];
    let serve = [&serve[..], &["--listen", "127.0.0.1:0"]].concat();
    let mut served = Running::start(&bench, &serve, Stdio::null());
    let told = served.until(|line| line["type"] == "serving");
    let address = |at: usize| told["drives"][at]["address"].as_str().unwrap().to_owned();
    let (burner, reader) = (address(0), address(1));
    let burn = ["burn", "image.iso", "--json", "--drive", &burner];
    let args = [&burn[..], &["--verify-drive", &reader]].concat();

    let mut burn = Running::start(&bench, &args, Stdio::null());
    let awaiting = burn.until(|line| line["type"] == "awaiting-disc");
    assert_eq!(awaiting["drive"], reader);
    bench.expect(0, &["load", &reader]);
    let (status, rest) = burn.end();
    assert_eq!(status, Some(0), "{rest:?}");
    let report = rest.iter().find(|line| line["type"] == "report").unwrap();
    assert_eq!(report["outcome"], "verified");
    assert_eq!(report["verified_in"], reader);

    // Whoever does not want to wait ends it; the disc is burned all the same.
    bench.expect(0, &["load", &burner]);
    let again = [&args[..], &["--new-session"]].concat();
    let mut burn = Running::start(&bench, &again, Stdio::null());
    burn.until(|line| line["type"] == "awaiting-disc");
    burn.signal("-INT");
    let (status, rest) = burn.end();
    assert_eq!(status, Some(130), "{rest:?}");
    let error = rest.iter().find(|line| line["type"] == "error").unwrap();
    assert_eq!(error["report"]["outcome"], "unverified");
    assert!(!rest.iter().any(|line| line["phase"] == "verifying"));
    served.signal("-TERM");
    assert_eq!(served.end().0, Some(0));
}

//! Virtual discs as drives of an iSCSI target, used by the program itself; others judge the target in its own tests.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::Bench;
use common::running::Running;
use std::fs;
use std::process::Stdio;

const LISTEN: [&str; 2] = ["--listen", "127.0.0.1:0"];

/// A bench with two discs that are served, and their addresses.
fn serving(bench: &Bench, more: &[&str]) -> (Running, Vec<String>) {
    bench.tree("tree");
    for (file, medium) in [("first.vdisc", "dvd+r"), ("second.vdisc", "bd-re")] {
        bench.expect(0, &["virtual", "create", file, "--medium", medium]);
    }
    let mut args = vec!["virtual", "serve", "first.vdisc", "second.vdisc", "--json"];
    args.extend(LISTEN);
    args.extend(more);
    let mut running = Running::start(bench, &args, Stdio::null());
    let told = running.until(|value| value["type"] == "serving");
    let drives = told["drives"].as_array().unwrap();
    assert_eq!(drives[0]["drive"], "virtual:first.vdisc");
    assert_eq!(drives[1]["lun"], 2);
    let address = |drive: &serde_json::Value| drive["address"].as_str().unwrap().to_owned();
    (running, drives.iter().map(address).collect())
}

#[test]
fn what_is_burned_through_the_target_is_on_the_disc_when_it_has_ended() {
    let bench = Bench::new();
    let (running, addresses) = serving(&bench, &["--trace", "trace"]);
    for address in &addresses {
        bench.expect(0, &["burn", "tree", "--drive", address]);
        bench.expect(0, &["verify", address, "tree"]);
    }
    let denied = bench.expect(6, &["medium", "virtual:first.vdisc", "--json"]);
    assert_eq!(denied.json()[0]["code"], "busy", "the target has the disc");
    running.signal("-TERM");
    assert_eq!(running.end().0, Some(0));
    for (file, trace) in [
        ("virtual:first.vdisc", "trace.1"),
        ("virtual:second.vdisc", "trace.2"),
    ] {
        bench.expect(0, &["verify", file, "tree"]);
        let trace = fs::read_to_string(bench.path(trace)).unwrap();
        assert!(trace.starts_with("pitland-trace "), "{trace:.40}");
        assert!(
            trace.contains("WRITE (10) lba 0") && trace.trim_end().contains("\nend "),
            "a whole trace"
        );
    }
}

#[test]
fn an_address_that_others_reach_is_refused_unless_it_is_asked_for() {
    let bench = Bench::new();
    bench.disc("a.vdisc", "dvd+r");
    let args = ["virtual", "serve", "a.vdisc", "--listen", "0.0.0.0:0"];
    let refused = bench.expect(2, &args);
    assert!(refused.stderr.contains("--insecure"), "{}", refused.stderr);
    // What is refused leaves an older trace as it was.
    bench.expect(
        0,
        &[
            "burn",
            "a.vdisc",
            "--drive",
            "virtual:b.vdisc",
            "--trace",
            "trace",
        ],
    );
    let before = bench.bytes("trace");
    bench.expect(2, &[&args[..], &["--trace", "trace"]].concat());
    assert!(bench.bytes("trace") == before);
    let args = ["virtual", "serve", "missing.vdisc", "--trace", "trace"];
    bench.expect(5, &args);
    assert!(bench.bytes("trace") == before);
    let twice = ["virtual", "serve", "a.vdisc", "./a.vdisc"];
    bench.expect(2, &twice);
    bench.expect(5, &["virtual", "serve", "missing.vdisc"]);
}

#[test]
fn a_trace_that_is_lost_is_told() {
    let bench = Bench::new();
    bench.disc("a.vdisc", "dvd+r");
    let mut args = vec![
        "virtual",
        "serve",
        "a.vdisc",
        "--trace",
        "/dev/full",
        "--json",
    ];
    args.extend(LISTEN);
    let mut running = Running::start(&bench, &args, Stdio::null());
    running.until(|value| value["type"] == "serving");
    running.signal("-TERM");
    let (status, told) = running.end();
    assert_eq!(status, Some(11), "{told:?}");
}

#[test]
fn a_drive_that_nobody_serves_is_told_with_what_was_tried() {
    let bench = Bench::new();
    // A port that was free a moment ago.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    drop(silent);
    let address = format!("iscsi://127.0.0.1:{port}/iqn.2026-11.org.pitland:drive/1");
    let told = bench.expect(5, &["medium", &address]);
    assert!(told.stderr.contains(&port.to_string()), "{}", told.stderr);
    bench.expect(2, &["medium", "iscsi://127.0.0.1/no-such-name/1"]);
}

//! What happens in the middle of a run: Ctrl-C, of which the first one ends in good order and the second
//! one says so, and a source that changes.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::Bench;
use common::running::Running;
use std::fs;
use std::io::Write;
use std::process::Stdio;

#[test]
fn a_burn_is_cancelled_in_good_order_and_the_disc_takes_another_session() {
    let bench = Bench::new();
    bench.expect(
        0,
        &[
            "virtual",
            "create",
            "disc.vdisc",
            "--medium",
            "bd-r",
            "--capacity",
            "128M",
        ],
    );
    let args = [
        "burn",
        "-",
        "--size",
        "64M",
        "--drive",
        "virtual:disc.vdisc",
        "--stash",
        "never",
        "--json",
    ];
    let mut burn = Running::start(&bench, &args, Stdio::piped());
    // More than the ring holds: when it is taken, the drive has written some, and waits for the rest.
    let mut stdin = burn.child.stdin.take().unwrap();
    stdin.write_all(&vec![7; 40 << 20]).unwrap();
    burn.signal("-INT");
    burn.until(|line| line["type"] == "interrupt" && line["count"] == 1);
    burn.signal("-INT");
    let (status, rest) = burn.end();
    assert_eq!(status, Some(130), "{rest:?}");
    let error = rest.iter().find(|line| line["type"] == "error").unwrap();
    assert_eq!(error["code"], "cancelled");
    assert_eq!(error["medium"], error["report"]["medium"]);
    assert_ne!(error["medium"], "untouched");
    assert!(
        error["report"]["blocks_written"].as_u64().unwrap() > 0,
        "{error}"
    );
    bench.tree("small");
    bench.expect(
        0,
        &[
            "burn",
            "small",
            "--drive",
            "virtual:disc.vdisc",
            "--new-session",
        ],
    );
    bench.expect(0, &["verify", "virtual:disc.vdisc", "small"]);
}

#[test]
fn a_burn_that_waits_for_standard_input_can_be_cancelled() {
    let bench = Bench::new();
    bench.disc("disc.vdisc", "bd-r");
    let args = [
        "burn",
        "-",
        "--size",
        "4M",
        "--drive",
        "virtual:disc.vdisc",
        "--json",
    ];
    let mut burn = Running::start(&bench, &args, Stdio::piped());
    burn.until(|line| line["type"] == "phase");
    burn.signal("-TERM");
    let (status, rest) = burn.end();
    assert_eq!(status, Some(130), "{rest:?}");
    assert!(
        rest.iter()
            .any(|line| line["type"] == "error" && line["code"] == "cancelled")
    );
}

#[test]
fn an_image_that_is_cancelled_leaves_no_file() {
    let bench = Bench::new();
    bench.tree("tree");
    let big = fs::File::create(bench.path("tree/big")).unwrap();
    big.set_len(400 << 30).unwrap();
    let mut image = Running::start(
        &bench,
        &["image", "tree", "-o", "out.iso", "--json"],
        Stdio::null(),
    );
    image.until(|line| line["phase"] == "mastering");
    image.signal("-INT");
    let (status, _) = image.end();
    assert_eq!(status, Some(130));
    assert_eq!(bench.names(), ["tree"]);
}

#[test]
fn an_end_is_heard_while_files_are_read_for_a_plan() {
    let bench = Bench::new();
    fs::create_dir(bench.path("tree")).unwrap();
    // Two of one size are read whole to see whether they are equal, which takes minutes.
    for name in ["tree/a", "tree/b"] {
        let zeros = fs::File::create(bench.path(name)).unwrap();
        zeros.set_len(400 << 30).unwrap();
    }
    bench.expect(0, &["image", "tree/..", "--exclude", "tree", "-o", "x.iso"]);
    bench.disc("disc.vdisc", "bd-r");
    let before = bench.names();
    let image = bench.bytes("x.iso");
    let drive = "virtual:disc.vdisc";
    for (args, phase) in [
        (["image", "tree", "-o", "out.iso"], "planning"),
        (["image", "tree", "--append-to", "x.iso"], "planning"),
        (["burn", "tree", "--drive", drive], "identifying"),
    ] {
        let args = [&args[..], &["--dedup", "--json"]].concat();
        let mut run = Running::start(&bench, &args, Stdio::null());
        run.until(|line| line["phase"] == phase);
        run.signal("-INT");
        let (status, rest) = run.end();
        assert_eq!(status, Some(130), "{args:?}: {rest:?}");
        assert_eq!(bench.names(), before);
    }
    assert!(bench.bytes("x.iso") == image);
    bench.expect(0, &["burn", "x.iso", "--drive", drive]);
}

#[test]
fn a_source_that_changes_while_it_is_burned_is_named() {
    let bench = Bench::new();
    bench.tree("tree");
    // Far more than the ring holds lies before the file that changes.
    let big = fs::File::create(bench.path("tree/0-big")).unwrap();
    big.set_len(1 << 30).unwrap();
    fs::write(bench.path("tree/z-last"), "as planned").unwrap();
    let args = ["burn", "tree", "--drive", "virtual:disc.vdisc", "--json"];
    let args = [&args[..], &["--stash", "never"]].concat();
    let mut burn = Running::start(&bench, &args, Stdio::null());
    burn.until(|line| line["type"] == "phase" && line["phase"] == "writing");
    fs::write(bench.path("tree/z-last"), "as changed").unwrap();
    let (status, rest) = burn.end();
    assert_eq!(status, Some(13), "{rest:?}");
    let error = rest.iter().find(|line| line["type"] == "error").unwrap();
    assert_eq!(error["code"], error["report"]["outcome"]);
    assert_eq!(error["blame"], "source");
    assert!(
        error["message"].as_str().unwrap().contains("z-last"),
        "{error}"
    );
    assert_ne!(error["medium"], "untouched");
}

#[test]
fn a_watch_of_drives_goes_on_until_it_is_ended_in_good_order() {
    let bench = Bench::new();
    // A closed terminal is an end as well.
    for signal in ["-TERM", "-INT", "-HUP"] {
        // Under nohup the program, too, wants none of it.
        if signal == "-HUP" && ignores_hangup() {
            continue;
        }
        let mut watch = Running::start(&bench, &["drives", "--watch", "--json"], Stdio::null());
        watch.until(|line| line["type"] == "watching");
        watch.signal(signal);
        let (status, _) = watch.end();
        assert_eq!(status, Some(0), "{signal}");
    }
}

fn ignores_hangup() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let mask = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .unwrap();
    u64::from_str_radix(mask.trim(), 16).unwrap() & 1 != 0
}

#[test]
fn an_image_that_grows_is_taken_back_to_what_it_was() {
    let bench = Bench::new();
    bench.tree("small");
    bench.expect(0, &["image", "small", "-o", "x.iso"]);
    let before = bench.bytes("x.iso");
    // Takes longer than a signal; it has no bytes on the host.
    fs::create_dir(bench.path("large")).unwrap();
    let large = fs::File::create(bench.path("large/zeros")).unwrap();
    large.set_len(4 << 30).unwrap();
    let args = ["image", "large", "--append-to", "x.iso", "--json"];
    let mut growth = Running::start(&bench, &args, Stdio::null());
    growth.until(|line| line["type"] == "phase" && line["phase"] == "mastering");
    growth.signal("-INT");
    let (status, rest) = growth.end();
    assert_eq!(status, Some(130), "{rest:?}");
    assert!(bench.bytes("x.iso") == before);
}

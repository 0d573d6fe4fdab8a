//! One source onto several drives at once.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod common;

use common::Bench;
use std::fs;

const DISC: &str = "virtual:disc.vdisc";

fn bench() -> Bench {
    let bench = Bench::new();
    bench.tree("tree");
    bench.disc("disc.vdisc", "bd-r");
    bench
}

#[test]
fn standard_input_is_read_once_for_all_drives() {
    let bench = bench();
    let data: Vec<u8> = (0..9_000_000u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    fs::write(bench.path("data"), &data).unwrap();
    for (stash, discs) in [("never", ["a", "b"]), ("auto", ["c", "d"])] {
        let drives = discs.map(|name| {
            bench.disc(&format!("{name}.vdisc"), "bd-r");
            format!("virtual:{name}.vdisc")
        });
        let burn = ["burn", "-", "--size", "9000000", "--stash", stash, "--json"];
        let onto = [
            "--drive", &drives[0], "--drive", &drives[1], "--buffer", "2M",
        ];
        let mut command = bench.command(&[&burn[..], &onto].concat());
        command.stdin(fs::File::open(bench.path("data")).unwrap());
        let run = common::Run::new(command.output().unwrap());
        assert_eq!(run.status, 0, "{}{}", run.text(), run.stderr);
        let reports = run.of_type("report");
        assert_eq!(reports.len(), 2);
        assert!(reports.iter().all(|report| report["outcome"] == "verified"));
        for name in discs {
            let disc = format!("{name}.vdisc");
            bench.expect(0, &["virtual", "export", &disc, "-o", "out"]);
            assert!(bench.bytes("out")[..data.len()] == data[..], "{name}");
        }
    }
}

#[test]
fn a_drive_that_fails_does_not_concern_the_other_one() {
    let bench = bench();
    bench.disc("failing.vdisc", "bd-r");
    fs::write(bench.path("script"), "when write from 2 do sense 3/0C/00\n").unwrap();
    let failing = "virtual:failing.vdisc,faults=script";
    let burn = [
        "burn", "tree", "--json", "--drive", failing, "--drive", DISC,
    ];
    let run = bench.expect(14, &burn);
    let error = run.of_type("error").pop().unwrap();
    assert_eq!(error["drive"], failing);
    let report = run.of_type("report").pop().unwrap();
    assert_eq!(report["drive"], DISC);
    assert_eq!(report["exit"], 0);
    bench.expect(0, &["verify", DISC, "tree"]);
}

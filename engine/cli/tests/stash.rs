//! What a plan says of the stash, and the bounds that a burn keeps to.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod common;

use common::Bench;
use std::collections::BTreeMap;
use std::fs;

const DISC: &str = "virtual:disc.vdisc";

fn bench() -> Bench {
    let bench = Bench::new();
    bench.tree("tree");
    bench.disc("disc.vdisc", "bd-r");
    bench
}

#[test]
fn a_plan_has_a_row_for_every_file_that_says_where_it_goes_and_why() {
    let bench = bench();
    fs::create_dir(bench.path("stash")).unwrap();
    let plan = ["burn", "tree", "--drive", DISC, "--plan", "--json"];
    let stash = [
        "--stash",
        "all",
        "--stash-memory",
        "1k",
        "--stash-dir",
        "stash",
    ];
    let run = bench.expect(0, &[&plan[..], &stash].concat());
    let rows = run.of_type("stash-row");
    let places: BTreeMap<_, _> = rows
        .iter()
        .map(|row| {
            (
                row["path"].as_str().unwrap(),
                row["place"].as_str().unwrap(),
            )
        })
        .collect();
    let of = |path: &str| places.get(path).copied();
    assert_eq!(of("/a/data.bin"), Some("file"), "{places:?}");
    assert_eq!(of("/a/b/c/d/e/f/g/h/i/j/deep.txt"), Some("memory"));
    // Two names of one file are one row, and what has no bytes has none.
    let twice = [of("/hello.txt"), of("/a/hard")];
    assert_eq!(twice.iter().flatten().count(), 1, "{places:?}");
    assert_eq!(of("/empty"), None);
    assert!(rows.iter().all(|row| row["why"] == "policy"), "{rows:?}");

    let stashing = &run.of_type("plan")[0]["stashing"];
    for place in ["file", "memory", "ahead", "straight"] {
        let of_place = rows.iter().filter(|row| row["place"] == place);
        let bytes: u64 = of_place
            .clone()
            .map(|row| row["bytes"].as_u64().unwrap())
            .sum();
        assert_eq!(stashing[place]["files"], of_place.count(), "{place}");
        assert_eq!(stashing[place]["bytes"], bytes, "{place}");
    }
    assert_eq!(stashing["folders"][0]["folder"], "stash");
    assert!(stashing["folders"][0]["free_bytes"].is_u64());

    let words = bench.expect(0, &[&plan[..5], &stash].concat()).text();
    assert!(
        words.contains("    file      /a/data.bin (300 kB): as asked for\n"),
        "{words}"
    );
    assert!(words.contains("  stash in  stash, "), "{words}");
    assert_eq!(fs::read_dir(bench.path("stash")).unwrap().count(), 0);
}

#[test]
fn a_stash_over_its_quota_ends_the_burn_before_the_disc_is_touched() {
    let bench = bench();
    let before = bench.bytes("disc.vdisc");
    let burn = ["burn", "tree", "--drive", DISC, "--json", "--stash", "all"];
    let run = bench.expect(11, &[&burn[..], &["--stash-quota", "100k"]].concat());
    let error = run.of_type("error").pop().unwrap();
    let advice = error["advice"].as_str().unwrap();
    assert!(advice.contains("--stash-quota"), "{error}");
    assert_eq!(error["medium"], "untouched");
    assert!(bench.bytes("disc.vdisc") == before);
    bench.expect(0, &[&burn[..], &["--stash-quota", "1M"]].concat());
    bench.expect(0, &["verify", DISC, "tree"]);
}

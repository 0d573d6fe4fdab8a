//! `pitland read` of discs that cannot be read as a whole: what is no damage comes as zeros, and damage is never taken
//! for it silently.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod common;

use common::Bench;
use serde_json::{Value, json};
use std::fs;

const DISC: &str = "virtual:disc.vdisc";
const FAILING: &str = "virtual:disc.vdisc,faults=script";

/// A disc with a burned tree, the bytes of its volume, and what `pitland medium` says of it.
fn burned(medium: &str, options: &[&str], script: &str) -> (Bench, Vec<u8>, Value) {
    let bench = Bench::new();
    bench.tree("tree");
    let args = ["virtual", "create", "disc.vdisc", "--medium", medium];
    bench.expect(0, &[&args[..], options].concat());
    bench.expect(0, &["burn", "tree", "--drive", DISC]);
    bench.expect(0, &["virtual", "export", "disc.vdisc", "-o", "export.img"]);
    let medium = bench
        .expect(0, &["medium", DISC, "--json"])
        .json()
        .remove(0);
    fs::write(bench.path("script"), script).unwrap();
    let export = bench.bytes("export.img");
    (bench, export, medium)
}

fn empty_of(bench: &Bench, status: i32, args: &[&str]) -> Value {
    let run = bench.expect(status, &[&["read"], args, &["--json"]].concat());
    run.of_type("read").remove(0)["empty"].clone()
}

/// Blocks 40 to 42 of the volume give the answer of damage, which is also that of a block that was never written.
const DAMAGE: &str =
    "when read lba 40..42 do sense 3/11/05\nwhen read lba 50..50 do sense 3/02/00\n";

fn damage_is_told(medium: &str, options: &[&str]) {
    let (bench, export, _) = burned(medium, options, DAMAGE);
    let run = bench.expect(9, &["read", FAILING, "-o", "out.img", "--json"]);
    let error = run.of_type("error").remove(0);
    assert_eq!(error["code"], "differs", "{medium}");
    assert_eq!(error["blame"], "medium", "{medium}");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("block 40 cannot be read"), "{message}");
    assert!(!bench.path("out.img").exists(), "{medium}");

    let track = ["--track", "1"];
    for track in [&[][..], &track[..]] {
        let args = [&[FAILING, "-o", "out.img", "--skip-errors"], track].concat();
        let empty = empty_of(&bench, 9, &args);
        assert_eq!(empty["unreadable_blocks"], 4, "{medium}");
        assert_eq!(
            empty["unreadable_runs"],
            json!([{"lba": 40, "blocks": 3}, {"lba": 50, "blocks": 1}]),
            "{medium}"
        );
        let mut expected = export.clone();
        expected[40 * 2048..43 * 2048].fill(0);
        expected[50 * 2048..51 * 2048].fill(0);
        let read = bench.bytes("out.img");
        let same = read.len().min(expected.len());
        assert!(read[..same] == expected[..same], "{medium}");
        assert!(expected[same..].iter().all(|byte| *byte == 0), "{medium}");
    }
    let run = bench.expect(9, &["read", FAILING, "-o", "out.img", "--skip-errors"]);
    let told = String::from_utf8(run.stdout).unwrap();
    assert!(told.contains("bad: 3 blocks from LBA 40"), "{told}");
}

#[test]
fn damage_ends_the_reading_or_is_listed_on_a_bd_r() {
    damage_is_told("bd-r", &["--capacity", "32M"]);
}

#[test]
fn damage_ends_the_reading_or_is_listed_on_a_cd_r() {
    damage_is_told("cd-r", &[]);
}

#[test]
fn damage_within_the_volume_of_an_overwritable_disc_is_no_gap() {
    damage_is_told("bd-re", &["--capacity", "32M"]);
}

#[test]
fn what_is_behind_the_volume_of_an_overwritable_disc_is_told_but_no_error() {
    let (bench, export, medium) = burned("bd-re", &["--capacity", "32M"], "");
    let end = medium["volume"]["blocks"].as_u64().unwrap();
    let script = format!("when read lba {end}..{} do sense 3/11/05\n", end + 9);
    fs::write(bench.path("script"), script).unwrap();
    let run = bench.expect(0, &["read", FAILING, "-o", "out.img", "--json"]);
    let read = run.of_type("read").remove(0);
    let empty = &read["empty"];
    assert_eq!(empty["unreadable_blocks"], 0);
    assert!(empty["unclear_blocks"].as_u64().unwrap() >= 10, "{empty}");
    let warning = run.of_type("warning").remove(0);
    let message = warning["message"].as_str().unwrap();
    assert!(
        message.contains("never written or are damaged"),
        "{message}"
    );
    let volume = usize::try_from(end).unwrap() * 2048;
    assert!(bench.bytes("out.img")[..volume] == export[..volume]);
}

#[test]
fn run_out_and_gaps_are_no_errors_and_are_counted() {
    let (bench, _, _) = burned("cd-r", &[], "");
    bench.expect(0, &["burn", "tree", "--drive", DISC, "--new-session"]);
    let empty = empty_of(&bench, 0, &[DISC, "-o", "out.img"]);
    assert_eq!(empty["unreadable_blocks"], 0);
    assert_eq!(empty["unclear_blocks"], 0);
    // Two blocks of run-out behind each track, and what is between the sessions.
    let never = empty["never_written_blocks"].as_u64().unwrap();
    assert!(never > 11_400, "{empty}");
    let of_track = empty_of(&bench, 0, &[DISC, "--track", "2", "-o", "out.img"]);
    assert_eq!(of_track["never_written_blocks"], 0);
}

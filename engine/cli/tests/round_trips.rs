//! Burn, verify, read and export on every medium, by the built program.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{Bench, MEDIA, find};
use std::fs;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::process::Stdio;

const DISC: &str = "virtual:disc.vdisc";

#[test]
fn a_folder_comes_back_from_each_of_the_six_media() {
    for medium in MEDIA {
        let bench = Bench::new();
        bench.tree("tree");
        bench.disc("disc.vdisc", medium);
        let burned = bench.expect(0, &["burn", "tree", "--drive", DISC, "--json"]);
        let report = &burned.of_type("report")[0];
        assert_eq!(report["outcome"], "verified", "{medium}");
        assert_eq!(report["medium"], "appendable", "{medium}");
        assert_eq!(
            report["verification"]["blocks_compared"], report["blocks_written"],
            "{medium}"
        );
        bench.expect(0, &["verify", DISC, "tree"]);
        bench.expect(0, &["read", DISC, "-o", "read.img"]);
        bench.expect(0, &["virtual", "export", "disc.vdisc", "-o", "export.img"]);
        let export = bench.bytes("export.img");
        assert_eq!(&export[16 * 2048 + 1..][..5], b"CD001", "{medium}");
        let read = bench.bytes("read.img");
        assert_eq!(read[..export.len()], export[..], "{medium}");
        assert!(read[export.len()..].iter().all(|b| *b == 0), "{medium}");
        let data = fs::read(bench.path("tree/a/data.bin")).unwrap();
        assert_eq!(find(&export, &data) % 2048, 0, "{medium}");
    }
}

#[test]
fn a_second_folder_becomes_a_second_session_on_sequential_media() {
    for medium in ["bd-r", "dvd+r", "dvd+r-dl"] {
        let bench = Bench::new();
        bench.tree("one");
        bench.tree("two");
        bench.disc("disc.vdisc", medium);
        bench.expect(0, &["burn", "one", "--drive", DISC]);
        let second = bench.expect(
            0,
            &["burn", "two", "--drive", DISC, "--new-session", "--json"],
        );
        let report = &second.of_type("report")[0];
        assert_eq!(report["sessions"], 2, "{medium}");
        let first_lba = report["first_lba"].as_u64().unwrap();
        assert!(first_lba > 0);
        bench.expect(0, &["verify", DISC, "two"]);
        bench.expect(9, &["verify", DISC, "one"]);
        // Each session is a track, and a volume of its own.
        for (track, text) in [("1", "hello from one"), ("2", "hello from two")] {
            bench.expect(0, &["read", DISC, "--track", track, "-o", "track.img"]);
            bench.expect(
                0,
                &[
                    "virtual",
                    "export",
                    "disc.vdisc",
                    "--track",
                    track,
                    "-o",
                    "export.img",
                ],
            );
            let read = bench.bytes("track.img");
            let export = bench.bytes("export.img");
            assert_eq!(&read[16 * 2048 + 1..][..5], b"CD001", "{medium} {track}");
            assert_eq!(
                read[..export.len().min(read.len())],
                export[..export.len().min(read.len())]
            );
            find(&read, text.as_bytes());
        }
    }
}

#[test]
fn a_byte_that_changed_on_the_disc_is_named_by_block_and_file() {
    let bench = Bench::new();
    bench.tree("tree");
    bench.disc("disc.vdisc", "bd-r");
    bench.expect(0, &["burn", "tree", "--drive", DISC]);
    bench.expect(0, &["virtual", "export", "disc.vdisc", "-o", "before.img"]);
    let data = fs::read(bench.path("tree/a/data.bin")).unwrap();
    let lba = find(&bench.bytes("before.img"), &data) / 2048 + 7;
    // The same block in the virtual disc's file.
    let at = find(&bench.bytes("disc.vdisc"), &data) + 7 * 2048 + 99;
    let file = fs::File::options()
        .write(true)
        .open(bench.path("disc.vdisc"))
        .unwrap();
    file.write_all_at(&[!data[7 * 2048 + 99]], at as u64)
        .unwrap();
    drop(file);

    let run = bench.expect(9, &["verify", DISC, "tree", "--json"]);
    let differences = run.of_type("difference");
    assert_eq!(differences.len(), 1);
    assert_eq!(differences[0]["lba"], lba);
    assert_eq!(differences[0]["path"], "/a/data.bin");
    let verified = &run.of_type("verified")[0];
    assert_eq!(verified["equal"], false);

    let human = bench.expect(9, &["verify", DISC, "tree"]);
    assert!(
        human.text().contains(&format!("LBA {lba}")),
        "{}",
        human.text()
    );
    assert!(human.text().contains("a/data.bin"), "{}", human.text());
    // The image that was burned differs in the same block, which belongs to the same file.
    fs::rename(bench.path("before.img"), bench.path("before.iso")).unwrap();
    let image = bench.expect(9, &["verify", DISC, "before.iso", "--json"]);
    let difference = &image.of_type("difference")[0];
    assert_eq!(difference["lba"], lba);
    assert_eq!(difference["path"], "/a/data.bin");
}

#[test]
fn a_missing_file_is_made_as_a_blank_bd_r_by_burn_alone() {
    let bench = Bench::new();
    bench.tree("tree");
    bench.expect(
        0,
        &[
            "burn",
            "tree",
            "--drive",
            "virtual:new.vdisc",
            "--verify",
            "quick",
        ],
    );
    let medium = bench.expect(0, &["medium", "virtual:new.vdisc", "--json"]);
    assert_eq!(medium.json()[0]["profile_code"], "0041h");
    assert_eq!(medium.json()[0]["volume"]["id"], "PITLAND");
    for command in ["medium", "erase", "format", "close", "eject", "load"] {
        bench.expect(5, &[command, "virtual:missing.vdisc"]);
    }
    bench.expect(5, &["verify", "virtual:missing.vdisc", "tree"]);
    bench.expect(5, &["read", "virtual:missing.vdisc", "-o", "out"]);
    bench.expect(5, &["virtual", "export", "missing.vdisc", "-o", "out"]);
    assert_eq!(bench.names(), ["new.vdisc", "tree"]);
}

#[test]
fn several_sources_stand_under_their_own_names() {
    let bench = Bench::new();
    bench.tree("one");
    bench.tree("two");
    bench.expect(0, &["burn", "one", "two/hello.txt", "--drive", DISC]);
    bench.expect(0, &["verify", DISC, "one", "two/hello.txt"]);
    let run = bench.expect(9, &["verify", DISC, "one", "--json"]);
    assert!(
        run.of_type("difference")
            .iter()
            .any(|d| d["path"] == "/one"),
        "{}",
        run.text()
    );
}

#[test]
fn an_iso_file_is_burned_as_the_image_it_is_or_as_a_file() {
    let bench = Bench::new();
    bench.tree("tree");
    bench.expect(
        0,
        &[
            "image",
            "tree",
            "-o",
            "tree.iso",
            "--volume-id",
            "FROM_IMAGE",
        ],
    );
    bench.expect(0, &["burn", "tree.iso", "--drive", DISC]);
    let medium = bench.expect(0, &["medium", DISC, "--json"]);
    assert_eq!(medium.json()[0]["volume"]["id"], "FROM_IMAGE");
    bench.expect(0, &["verify", DISC, "tree"]);
    bench.expect(0, &["verify", DISC, "tree.iso"]);

    bench.expect(
        0,
        &[
            "burn",
            "tree.iso",
            "--as-file",
            "--drive",
            "virtual:file.vdisc",
        ],
    );
    bench.expect(
        0,
        &["verify", "virtual:file.vdisc", "tree.iso", "--as-file"],
    );
    bench.expect(9, &["verify", "virtual:file.vdisc", "tree.iso"]);
}

#[test]
fn an_image_goes_through_pipes_from_and_to_the_program() {
    let bench = Bench::new();
    bench.tree("tree");
    let image = bench.expect(0, &["image", "tree", "-o", "-", "--json"]);
    assert_eq!(&image.stdout[16 * 2048 + 1..][..5], b"CD001");
    // JSON goes where the data do not.
    let told = common::lines(&image.stderr);
    assert_eq!(told.last().unwrap()["bytes"], image.stdout.len());

    let size = image.stdout.len().to_string();
    let args = ["burn", "-", "--size", &size, "--drive", DISC];
    let mut burn = bench
        .command(&args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    burn.stdin.take().unwrap().write_all(&image.stdout).unwrap();
    assert!(burn.wait_with_output().unwrap().status.success());
    bench.expect(0, &["verify", DISC, "tree"]);
    let read = bench.expect(0, &["read", DISC, "-o", "-"]);
    assert_eq!(read.stdout[..image.stdout.len()], image.stdout);
}

#[test]
fn a_stream_of_another_length_than_stated_is_never_called_burned() {
    for (given, size) in [(4096usize, "8192"), (8192, "4096")] {
        let bench = Bench::new();
        bench.disc("disc.vdisc", "bd-r");
        let args = ["burn", "-", "--size", size, "--drive", DISC, "--json"];
        let mut burn = bench
            .command(&args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // The program may have ended before it took everything.
        let _ = burn.stdin.take().unwrap().write_all(&vec![7; given]);
        let run = common::Run::new(burn.wait_with_output().unwrap());
        let error = &run.of_type("error")[0];
        assert_eq!(error["blame"], "source", "{given} of {size}: {error}");
        assert!([3, 8].contains(&run.status), "{}", run.status);
    }
}

#[test]
fn two_drives_are_burned_at_once_and_each_tells_its_own_result() {
    let bench = Bench::new();
    bench.tree("tree");
    bench.disc("small.vdisc", "dvd+r");
    bench.expect(
        0,
        &["burn", "tree", "--drive", "virtual:small.vdisc", "--close"],
    );
    let before = bench.bytes("small.vdisc");
    let run = bench.expect(
        4,
        &[
            "burn",
            "tree",
            "--drive",
            DISC,
            "--drive",
            "virtual:small.vdisc",
            "--json",
        ],
    );
    assert_eq!(run.of_type("report")[0]["drive"], DISC);
    let error = &run.of_type("error")[0];
    assert_eq!(error["drive"], "virtual:small.vdisc");
    assert_eq!(error["code"], "refused");
    assert_eq!(bench.bytes("small.vdisc"), before);
    bench.expect(0, &["verify", DISC, "tree"]);

    bench.expect(
        0,
        &[
            "burn",
            "tree",
            "--drive",
            "virtual:a",
            "--drive",
            "virtual:b",
            "--trace",
            "trace",
        ],
    );
    for name in ["trace.1", "trace.2"] {
        let text = String::from_utf8(bench.bytes(name)).unwrap();
        assert!(text.contains("WRITE (10)"), "{name}");
    }
}

#[test]
fn rewritable_media_are_overwritten_erased_and_formatted_when_asked() {
    for medium in ["bd-re", "dvd+rw", "dvd-ram"] {
        let bench = Bench::new();
        bench.tree("one");
        bench.tree("two");
        bench.disc("disc.vdisc", medium);
        bench.expect(0, &["burn", "one", "--drive", DISC]);
        let refused = bench.expect(4, &["burn", "two", "--drive", DISC]);
        assert!(refused.stderr.contains("--overwrite"), "{}", refused.stderr);
        bench.expect(4, &["burn", "two", "--drive", DISC, "--new-session"]);
        bench.expect(0, &["verify", DISC, "one"]);
        bench.expect(0, &["burn", "two", "--drive", DISC, "--overwrite"]);
        bench.expect(0, &["verify", DISC, "two"]);
        bench.expect(0, &["erase", DISC]);
        let medium_now = bench.expect(0, &["medium", DISC, "--json"]);
        assert_eq!(medium_now.json()[0]["blank"], true, "{medium}");
        bench.expect(0, &["burn", "one", "--drive", DISC]);
        bench.expect(0, &["format", DISC]);
        bench.expect(2, &["format", DISC, "--kind", "64"]);
        bench.expect(4, &["format", DISC, "--kind", "3fh"]);
    }
}

#[test]
fn a_rehearsal_on_the_host_and_a_plan_leave_the_disc_as_it_was() {
    let bench = Bench::new();
    bench.tree("tree");
    bench.disc("disc.vdisc", "bd-r");
    let before = bench.bytes("disc.vdisc");
    let run = bench.expect(
        0,
        &["burn", "tree", "--drive", DISC, "--simulate=host", "--json"],
    );
    assert_eq!(run.of_type("report")[0]["rehearsed"], true);
    assert_eq!(run.of_type("report")[0]["outcome"], "nothing-written");
    let plan = bench.expect(0, &["burn", "tree", "--drive", DISC, "--plan", "--json"]);
    let plan = &plan.json()[0];
    assert_eq!(plan["type"], "plan");
    assert_eq!(
        plan["blocks"].as_u64().unwrap() % plan["write_unit"].as_u64().unwrap(),
        0
    );
    assert!(
        plan["closing"]
            .as_array()
            .unwrap()
            .iter()
            .any(|c| c["purpose"] == "close session")
    );
    bench.expect(4, &["burn", "tree", "--drive", DISC, "--simulate"]);
    assert_eq!(bench.bytes("disc.vdisc"), before);

    // A missing disc is not made for any of them.
    for option in ["--plan", "--simulate=host"] {
        bench.expect(0, &["burn", "tree", "--drive", "virtual:new", option]);
    }
    bench.expect(4, &["burn", "tree", "--drive", "virtual:new", "--simulate"]);
    assert_eq!(bench.names(), ["disc.vdisc", "tree"]);
}

#[test]
fn the_stash_and_the_other_options_of_a_burn_change_nothing_in_the_result() {
    let bench = Bench::new();
    bench.tree("tree");
    fs::create_dir(bench.path("stash")).unwrap();
    bench.expect(
        0,
        &[
            "burn",
            "tree",
            "--drive",
            DISC,
            "--stash",
            "all",
            "--stash-dir",
            "stash",
            "--speed",
            "4x",
            "--writer",
            "bd-r",
            "--client",
            "a test",
            "--volume-id",
            "BACKUP",
            "--close",
        ],
    );
    assert_eq!(fs::read_dir(bench.path("stash")).unwrap().count(), 0);
    bench.expect(0, &["verify", DISC, "tree"]);
    let medium = bench.expect(0, &["medium", DISC, "--json"]);
    assert_eq!(medium.json()[0]["condition"], "closed");
    assert_eq!(medium.json()[0]["volume"]["id"], "BACKUP");
}

#[test]
fn data_that_would_fit_one_layer_are_burned_on_two_with_a_warning() {
    let bench = Bench::new();
    bench.tree("tree");
    bench.disc("disc.vdisc", "dvd+r-dl");
    let run = bench.expect(0, &["burn", "tree", "--drive", DISC, "--json"]);
    let warned = |text: &str| text.contains("one layer");
    assert!(
        run.of_type("warning")
            .iter()
            .any(|w| warned(w["message"].as_str().unwrap()))
    );
    let notes = run.of_type("report")[0]["notes"].clone();
    assert!(
        notes
            .as_array()
            .unwrap()
            .iter()
            .any(|n| warned(n.as_str().unwrap())),
        "{notes}"
    );
}

#[test]
fn the_disc_that_keeps_nothing_is_burned_but_never_verified() {
    let bench = Bench::new();
    bench.tree("tree");
    let none = bench.expect(
        0,
        &[
            "burn",
            "tree",
            "--drive",
            "virtual:null,id=3",
            "--verify",
            "none",
            "--json",
        ],
    );
    assert_eq!(none.of_type("report")[0]["outcome"], "unverified");
    let full = bench.expect(9, &["burn", "tree", "--drive", "virtual:null", "--json"]);
    let error = &full.of_type("error")[0];
    assert_eq!(error["code"], "differs");
    assert!(
        error["report"]["verification"]["first_bad_owner"].is_string(),
        "{error}"
    );
}

#[test]
fn a_damaged_structure_of_the_volume_is_named_by_its_block() {
    let bench = Bench::new();
    bench.tree("tree");
    bench.disc("disc.vdisc", "bd-r");
    bench.expect(0, &["burn", "tree", "--drive", DISC]);
    let descriptor = find(&bench.bytes("disc.vdisc"), b"\x01CD001");
    let file = fs::File::options()
        .write(true)
        .open(bench.path("disc.vdisc"))
        .unwrap();
    file.write_all_at(b"X", descriptor as u64 + 1).unwrap();
    let run = bench.expect(9, &["verify", DISC, "tree", "--json"]);
    assert_eq!(run.of_type("difference")[0]["lba"], 16, "{}", run.text());
    assert_eq!(run.of_type("verified")[0]["equal"], false);
}

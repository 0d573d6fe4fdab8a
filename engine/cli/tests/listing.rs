//! `pitland ls` and `pitland extract`: on images of this program and of others, and on discs with several sessions.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::Bench;
use common::tools::{output, tool};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

/// The entries below a path, by their paths.
fn entries(bench: &Bench, args: &[&str]) -> BTreeMap<String, Value> {
    let run = bench.expect(0, &[&["ls", "-R", "--json"], args].concat());
    let entries = run.of_type("entry").into_iter();
    let entries: BTreeMap<_, _> = entries
        .map(|entry| (entry["path"].as_str().unwrap().to_owned(), entry))
        .collect();
    let listed = run.of_type("listed");
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0]["entries"], entries.len());
    entries
}

#[test]
fn ls_and_xorriso_find_the_same_names() {
    if tool("ls_and_xorriso_find_the_same_names", "xorriso").is_none() {
        return;
    }
    let bench = Bench::new();
    bench.tree("tree");
    bench.expect(0, &["image", "tree", "-o", "ours.iso"]);
    output(
        &bench,
        "xorriso",
        &["-as", "mkisofs", "-quiet", "-J", "-o", "theirs.iso", "tree"],
    );
    for image in ["ours.iso", "theirs.iso"] {
        let found = output(
            &bench,
            "xorriso",
            &["-indev", image, "-find", "/", "-exec", "lsdl", "--"],
        );
        let entries = entries(&bench, &[image]);
        // -rw-r--r--    1 0        0           300000 Nov 23 11:47 '/a/data.bin'
        let mut names = 0;
        for line in found.lines().filter(|line| line.contains('\'')) {
            let words: Vec<&str> = line.split_whitespace().collect();
            let name = line.split('\'').nth(1).unwrap();
            let entry = entries.get(name).unwrap_or_else(|| panic!("{line}"));
            if entry["kind"] == "file" {
                assert_eq!(entry["size"], words[4].parse::<u64>().unwrap(), "{line}");
            }
            if entry["kind"] == "symbolic-link" {
                let target = line.rsplit('\'').nth(1).unwrap();
                assert_eq!(entry["target"], target, "{line}");
            }
            names += 1;
        }
        assert_eq!(names, entries.len(), "{found}");
    }
}

/// What isoinfo -l says of each file: size and first block.
fn isoinfo(bench: &Bench, how: &[&str]) -> BTreeMap<String, (u64, u64)> {
    let text = output(bench, "isoinfo", &[&["-l"], how].concat());
    let mut folder = String::new();
    let mut files = BTreeMap::new();
    for line in text.lines() {
        if let Some(path) = line.strip_prefix("Directory listing of ") {
            folder = path.trim_end().to_owned();
        } else if let Some((before, rest)) = line.split_once('[') {
            let (block, name) = rest.split_once(']').unwrap();
            let name = name.get(2..).unwrap_or("").trim_end();
            let size = before.split_whitespace().nth(4).unwrap().parse().unwrap();
            let block = block.split_whitespace().next().unwrap().parse().unwrap();
            if before.starts_with('-') && !matches!(name, "." | "..") {
                files.insert(format!("{folder}{name}"), (size, block));
            }
        }
    }
    files
}

#[test]
fn ls_and_isoinfo_see_the_same_sizes_and_blocks_by_each_kind_of_names() {
    if tool("ls_and_isoinfo_see_the_same_sizes", "isoinfo").is_none() {
        return;
    }
    let bench = Bench::new();
    bench.tree("tree");
    fs::remove_file(bench.path("tree/größe 写真 🎵.txt")).unwrap();
    fs::remove_file(bench.path("tree/link")).unwrap();
    bench.expect(0, &["image", "tree", "-o", "x.iso"]);
    for (ours, theirs) in [("rr", "-R"), ("joliet", "-J")] {
        let seen = isoinfo(&bench, &[theirs, "-i", "x.iso"]);
        assert!(seen.len() >= 4, "{seen:?}");
        let entries = entries(&bench, &["x.iso", "--fs", ours]);
        for (path, (size, block)) in seen {
            let entry = &entries[path.as_str()];
            assert_eq!(entry["size"], size, "{path}");
            assert_eq!(entry["extents"][0]["first_lba"], block, "{path}");
        }
    }
}

#[test]
fn what_is_extracted_is_what_was_mastered() {
    let bench = Bench::new();
    let tree = bench.tree("tree");
    bench.expect(0, &["image", "tree", "-o", "x.iso"]);
    bench.expect(0, &["extract", "x.iso", "-o", "out"]);
    let diff = Command::new("diff")
        .args(["-r", "--no-dereference"])
        .arg(&tree)
        .arg(bench.path("out"))
        .output()
        .unwrap();
    assert!(diff.status.success(), "{diff:?}");
    // It is not done twice over itself unless that is wanted.
    let again = bench.expect(11, &["extract", "x.iso", "-o", "out", "--json"]);
    assert_eq!(again.of_type("extracted")[0]["files"], 0);
    bench.expect(0, &["extract", "x.iso", "-o", "out", "--replace"]);
    bench.expect(0, &["extract", "x.iso", "a/data.bin", "link", "-o", "part"]);
    let part = fs::read(bench.path("part/a/data.bin")).unwrap();
    assert!(part == fs::read(tree.join("a/data.bin")).unwrap());
    assert_eq!(
        fs::read_link(bench.path("part/link")).unwrap(),
        Path::new("hello.txt")
    );
    assert!(!bench.path("part/hello.txt").exists());
}

#[test]
fn each_session_of_a_disc_can_be_looked_into() {
    let bench = Bench::new();
    bench.disc("disc.vdisc", "bd-r");
    for name in ["one", "two"] {
        fs::create_dir(bench.path(name)).unwrap();
        fs::write(bench.path(name).join(name), name).unwrap();
    }
    let disc = "virtual:disc.vdisc";
    bench.expect(0, &["burn", "one", "--drive", disc]);
    bench.expect(0, &["burn", "two", "--drive", disc, "--new-session"]);
    let names = |args: &[&str]| {
        let found = entries(&bench, &[&[disc], args].concat());
        found.into_keys().collect::<Vec<_>>().concat()
    };
    assert_eq!(names(&[]), "//two");
    assert_eq!(names(&["--session", "1"]), "//one");
    assert_eq!(names(&["--session", "2"]), "//two");
    assert_eq!(names(&["--session-lba", "0"]), "//one");
    bench.expect(4, &["ls", disc, "--session", "3"]);
    bench.expect(0, &["extract", disc, "--session", "1", "-o", "out"]);
    assert_eq!(fs::read(bench.path("out/one")).unwrap(), b"one");
}

#[test]
fn what_is_not_there_is_told_and_makes_nothing() {
    let bench = Bench::new();
    bench.tree("tree");
    bench.expect(0, &["image", "tree", "-o", "x.iso"]);
    fs::write(bench.path("no.iso"), vec![0; 100_000]).unwrap();
    let before = bench.names();
    for (status, args) in [
        (3, vec!["ls", "missing.iso"]),
        (3, vec!["ls", "tree"]),
        (4, vec!["ls", "no.iso"]),
        (4, vec!["ls", "x.iso", "missing"]),
        (4, vec!["ls", "x.iso", "a/../hello.txt"]),
        (4, vec!["ls", "x.iso", "--session", "2"]),
        (5, vec!["ls", "virtual:missing"]),
        (4, vec!["extract", "x.iso", "missing", "-o", "out"]),
        (4, vec!["extract", "x.iso", "-o", "out", "--most", "100k"]),
        (4, vec!["extract", "no.iso", "-o", "out"]),
        (11, vec!["extract", "x.iso", "-o", "no.iso"]),
        (11, vec!["extract", "x.iso", "-o", "missing/out"]),
    ] {
        let run = bench.expect(status, &args);
        assert!(run.stderr.contains("pitland: "), "{}", run.stderr);
        assert!(!run.stderr.contains("panicked"), "{}", run.stderr);
        assert_eq!(bench.names(), before, "{args:?}");
    }
}

#[test]
fn a_damaged_folder_is_named_and_the_rest_is_listed() {
    let bench = Bench::new();
    bench.tree("tree");
    bench.expect(0, &["image", "tree", "-o", "x.iso"]);
    let entries = entries(&bench, &["x.iso"]);
    let lba = entries["/a/b"]["extents"][0]["first_lba"].as_u64().unwrap();
    let mut image = bench.bytes("x.iso");
    image[lba as usize * 2048..][..2048].fill(0xff);
    fs::write(bench.path("x.iso"), image).unwrap();
    let run = bench.expect(9, &["ls", "-R", "x.iso", "--json"]);
    assert_eq!(run.of_type("listed")[0]["problems"], 1);
    assert_eq!(run.of_type("problem")[0]["path"], "/a/b");
    let run = bench.expect(9, &["extract", "x.iso", "-o", "out"]);
    assert!(run.stderr.contains("/a/b is damaged"), "{}", run.stderr);
    assert!(bench.path("out/a/data.bin").is_file());
}

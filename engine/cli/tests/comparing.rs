//! Discs that were mastered in all ways, compared with their sources: what was asked for is no difference, and what was
//! not is one.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::Bench;
use std::fs;

const DISC: &str = "virtual:disc.vdisc";

fn bench() -> Bench {
    let bench = Bench::new();
    let tree = bench.tree("tree");
    let long = "n".repeat(100);
    let text = "the same line again and again\n".repeat(10_000);
    for name in [
        "Mixed.Case Name.text",
        "mixed.case name.text",
        "twice",
        &long,
    ] {
        fs::write(tree.join(name), &text).unwrap();
    }
    fs::write(tree.join("boot.img"), vec![0x90; 5_000]).unwrap();
    bench
}

#[test]
fn a_disc_equals_its_source_however_it_was_mastered() {
    let bench = bench();
    for options in [
        &[][..],
        &["--relaxed"],
        &["--iso-level", "1"],
        &["--joliet-long", "--relaxed"],
        &["--relocate"],
        &["--relocate", "--relaxed", "--iso-level", "1"],
        &["--iso-1999"],
        &["--fs", "iso,joliet", "--iso-level", "1", "--joliet-long"],
        &["--fs", "iso,rr", "--manifest"],
        &["--fs", "udf", "--manifest"],
        &["--udf", "2.01", "--manifest", "--relocate"],
        &["--dedup"],
        &["--dedup", "--manifest", "--zisofs"],
        &["--manifest", "--boot", "tree/boot.img,info-table"],
    ] {
        // A disc is made where there is none.
        let _ = fs::remove_file(bench.path("disc.vdisc"));
        bench.expect(0, &[&["burn", "tree", "--drive", DISC], options].concat());
        let run = bench.run(&["verify", DISC, "tree"]);
        assert_eq!(run.status, 0, "{options:?}\n{}{}", run.text(), run.stderr);
        if options.contains(&"--manifest") {
            bench.expect(0, &["verify", DISC]);
        }
    }
}

#[test]
fn what_was_hidden_is_not_missed_where_that_is_said() {
    let bench = bench();
    let hide = ["--hide", "twice", "--hide", "a/b/"];
    let burn = ["burn", "tree", "--drive", DISC, "--manifest"];
    bench.expect(0, &[&burn[..], &hide].concat());
    bench.expect(0, &[&["verify", DISC, "tree"], &hide[..]].concat());
    bench.expect(0, &["verify", DISC]);
    let run = bench.expect(9, &["verify", DISC, "tree"]);
    assert!(run.text().contains("/twice"), "{}", run.text());
}

#[test]
fn a_manifest_is_compared_with_what_it_must_list() {
    let bench = bench();
    bench.expect(0, &["image", "tree", "-o", "x.iso", "--manifest"]);
    let image = bench.bytes("x.iso");
    let digest = b"  a/b/c/d/e/f/g/h/i/j/deep.txt\n";
    let at = common::find(&image, digest) - 1;
    let burn = ["burn", "x.iso", "--drive", DISC];
    for (changed, status) in [(false, 0), (true, 9)] {
        let mut image = image.clone();
        if changed {
            image[at] = if image[at] == b'0' { b'1' } else { b'0' };
        }
        fs::write(bench.path("x.iso"), image).unwrap();
        let _ = fs::remove_file(bench.path("disc.vdisc"));
        bench.expect(0, &burn);
        let run = bench.expect(status, &["verify", DISC, "tree"]);
        assert_eq!(
            run.text().contains("/SHA256SUMS"),
            changed,
            "{}",
            run.text()
        );
        let alone = bench.expect(status, &["verify", DISC]);
        assert_eq!(alone.text().contains("deep.txt"), changed);
    }
    // A source that has such a file itself is compared with it.
    fs::write(bench.path("tree/SHA256SUMS"), "something else").unwrap();
    let run = bench.expect(9, &["verify", DISC, "tree"]);
    assert!(run.text().contains("/SHA256SUMS"), "{}", run.text());
}

#[test]
fn a_moved_folder_is_compared_all_the_same() {
    let bench = bench();
    bench.expect(0, &["burn", "tree", "--drive", DISC, "--relocate"]);
    fs::write(bench.path("tree/a/b/c/d/e/f/g/h/i/j/more"), "").unwrap();
    let run = bench.expect(9, &["verify", DISC, "tree", "--json"]);
    let missing = run.of_type("difference").into_iter().filter(|told| {
        let what = told["what"].as_str().unwrap_or_default().to_owned();
        what.contains("more") && what.contains("missing")
    });
    // By Rock Ridge, by Joliet, and by the plain names.
    assert_eq!(missing.count(), 3, "{}", run.text());
}

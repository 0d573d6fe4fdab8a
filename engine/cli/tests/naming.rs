//! What the line says of names, texts, compression and attributes, and what programs of others find of it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::Bench;
use common::tools::{output, tool};
use std::fs;
use std::io::Write;
use std::path::Path;

const DISC: &str = "virtual:disc.vdisc";

fn image(bench: &Bench, name: &str, options: &[&str]) {
    bench.expect(0, &[&["image", "tree", "-o", name], options].concat());
}

#[test]
fn the_descriptor_has_the_texts_that_were_said() {
    if tool("the_descriptor_has_the_texts", "isoinfo").is_none() {
        return;
    }
    let bench = Bench::new();
    bench.tree("tree");
    for name in ["LICENCE.TXT", "ABOUT.TXT", "BOOKS.TXT"] {
        fs::write(bench.path("tree").join(name), name).unwrap();
    }
    let said = [
        ("--publisher", "THE PUBLISHER", "Publisher id: "),
        ("--preparer", "THE PREPARER", "Data preparer id: "),
        ("--application", "BY HAND", "Application id: "),
        ("--volume-set", "SET 7", "Volume set id: "),
        ("--system-id", "LINUX", "System id: "),
        ("--copyright", "LICENCE.TXT", "Copyright File id: "),
        ("--abstract", "ABOUT.TXT", "Abstract File id: "),
        ("--biblio", "BOOKS.TXT", "Bibliographic File id: "),
    ];
    let options: Vec<&str> = said
        .iter()
        .flat_map(|(option, text, _)| [*option, text])
        .collect();
    image(&bench, "x.iso", &options);
    let told = output(&bench, "isoinfo", &["-d", "-i", "x.iso"]);
    for (_, text, field) in said {
        let line = told
            .lines()
            .find_map(|line| line.strip_prefix(field))
            .unwrap_or_else(|| panic!("{field} in {told}"));
        assert!(line.starts_with(text), "{field}{line}");
    }
    let long = "x".repeat(129);
    bench.expect(2, &["image", "tree", "-o", "no.iso", "--publisher", &long]);
    bench.expect(
        3,
        &["image", "tree", "-o", "no.iso", "--copyright", "missing"],
    );
}

#[test]
fn names_are_as_strict_or_as_long_as_was_said() {
    let test = "names_are_as_strict_or_as_long";
    if tool(test, "isoinfo").is_none() || tool(test, "7z").is_none() {
        return;
    }
    let bench = Bench::new();
    let tree = bench.tree("tree");
    // isoinfo shows it in a form of its own.
    fs::remove_file(tree.join("größe 写真 🎵.txt")).unwrap();
    fs::write(bench.path("tree/Mixed.Case Name"), "").unwrap();
    let long = "n".repeat(100);
    fs::write(bench.path("tree").join(&long), "").unwrap();
    let plain = |name: &str| output(&bench, "isoinfo", &["-f", "-i", name]);
    let joliet = |name: &str| output(&bench, "isoinfo", &["-J", "-f", "-i", name]);
    image(&bench, "strict.iso", &[]);
    image(&bench, "relaxed.iso", &["--relaxed", "--joliet-long"]);
    assert!(plain("strict.iso").contains("/MIXED.CASE_NAME;1"));
    assert!(plain("relaxed.iso").contains("/Mixed.Case Name\n"));
    assert!(!joliet("strict.iso").contains(&long));
    assert!(joliet("relaxed.iso").contains(&long));
    // The deep folder stands in the root where only ISO 9660 is read, and where it was by Rock Ridge.
    let deep = "a/b/c/d/e/f/g/h/i/j/deep.txt";
    image(&bench, "moved.iso", &["--relocate"]);
    let found = plain("moved.iso");
    let deepest = found.lines().map(|path| path.matches('/').count()).max();
    assert!(deepest.unwrap() <= 8, "{found}");
    let found = plain("strict.iso");
    let deepest = found.lines().map(|path| path.matches('/').count()).max();
    assert!(deepest.unwrap() > 8, "{found}");
    if tool(test, "xorriso").is_some() {
        let args = ["-indev", "moved.iso", "-osirrox", "on"];
        output(
            &bench,
            "xorriso",
            &[&args[..], &["-extract", "/", "theirs"]].concat(),
        );
        assert_eq!(fs::read(bench.path("theirs").join(deep)).unwrap(), b"deep");
    }
    image(&bench, "1999.iso", &["--fs", "iso", "--iso-1999"]);
    let listed = bench.expect(0, &["ls", "1999.iso", "-R", "--fs", "enhanced"]);
    assert!(listed.text().contains(&long));
    // 7-Zip takes the descriptor of 1999 for one of its own, and shows the first.
    let told = output(&bench, "iso-info", &["-l", "-i", "1999.iso"]);
    assert!(
        told.contains("deep.txt") || told.contains("DEEP.TXT"),
        "{told}"
    );
}

#[test]
fn compressed_files_are_shown_as_they_were() {
    if tool("compressed_files_are_shown_as_they_were", "xorriso").is_none() {
        return;
    }
    let bench = Bench::new();
    bench.tree("tree");
    let text = "the same line again and again\n".repeat(40_000);
    fs::write(bench.path("tree/text"), &text).unwrap();
    fs::write(bench.path("tree/again"), &text).unwrap();
    image(&bench, "plain.iso", &[]);
    let options = ["--zisofs", "--dedup", "--manifest"];
    image(&bench, "small.iso", &options);
    assert!(bench.bytes("small.iso").len() * 2 < bench.bytes("plain.iso").len());
    let args = ["-indev", "small.iso", "-osirrox", "on"];
    output(
        &bench,
        "xorriso",
        &[&args[..], &["-extract", "/", "theirs"]].concat(),
    );
    assert!(fs::read(bench.path("theirs/text")).unwrap() == text.as_bytes());
    // More than what an image of this size plausibly holds is asked for.
    bench.expect(4, &["extract", "small.iso", "-o", "ours"]);
    bench.expect(0, &["extract", "small.iso", "-o", "ours", "--most", "9M"]);
    assert!(fs::read(bench.path("ours/again")).unwrap() == text.as_bytes());
    // What sha256sum says of the files that xorriso took out is what the manifest says.
    let summed = output(
        &bench,
        "sh",
        &["-c", "cd theirs && sha256sum --quiet -c SHA256SUMS"],
    );
    assert_eq!(summed, "");
    bench.disc("disc.vdisc", "bd-r");
    fs::create_dir(bench.path("spool")).unwrap();
    let burn = ["burn", "tree", "--drive", DISC, "--stash-dir", "spool"];
    bench.expect(0, &[&burn[..], &options].concat());
    assert_eq!(fs::read_dir(bench.path("spool")).unwrap().count(), 0);
    bench.expect(0, &["verify", DISC]);
    // By Joliet's names and the plain ones the files are shorter than at the source.
    bench.disc("plain.vdisc", "bd-r");
    let plain = "virtual:plain.vdisc";
    bench.expect(0, &["burn", "tree", "--drive", plain, "--zisofs"]);
    bench.expect(0, &["verify", plain, "tree"]);
    for wrong in [
        &["--udf", "2.01"][..],
        &["--fs", "iso,rr,udf"],
        &["--fs", "iso,joliet"],
    ] {
        let args = ["image", "tree", "-o", "no.iso", "--zisofs"];
        bench.expect(2, &[&args[..], wrong].concat());
    }
    bench.disc("other.vdisc", "bd-r");
    let missing = ["--zisofs", "--stash-dir", "missing"];
    let burn = ["burn", "tree", "--drive", "virtual:other.vdisc"];
    let refused = bench.expect(11, &[&burn[..], &missing].concat());
    assert!(refused.stderr.contains("--stash-dir"), "{}", refused.stderr);
}

#[test]
fn attributes_of_users_go_there_and_back() {
    let test = "attributes_of_users_go_there_and_back";
    if tool(test, "xorriso").is_none() {
        return;
    }
    let bench = Bench::new();
    bench.tree("tree");
    let set = |path: &Path, value: &[u8]| {
        let flags = rustix::fs::XattrFlags::empty();
        rustix::fs::setxattr(path, "user.pitland.note", value, flags)
    };
    let get = |path: &Path| {
        let mut value = [0; 100];
        let length = rustix::fs::getxattr(path, "user.pitland.note", &mut value).ok()?;
        Some(value[..length].to_vec())
    };
    let (file, folder) = (bench.path("tree/hello.txt"), bench.path("tree/a"));
    if set(&file, b"kept\0as it is").is_err() {
        // The harness captures what a test prints that passes; what goes to the descriptor is seen.
        let _ = writeln!(
            std::io::stderr().lock(),
            "not run: {test}: this file system has no user attributes"
        );
        return;
    }
    set(&folder, b"of a folder").unwrap();
    let mut mode = fs::metadata(&file).unwrap().permissions();
    mode.set_readonly(true);
    fs::set_permissions(&file, mode).unwrap();
    image(&bench, "without.iso", &[]);
    image(&bench, "with.iso", &["--xattr"]);
    let args = [
        "-xattr",
        "on",
        "-indev",
        "with.iso",
        "-getfattr",
        "/hello.txt",
        "--",
    ];
    let told = output(&bench, "xorriso", &args);
    assert!(told.contains("user.pitland.note="), "{told}");
    for (image, options, kept) in [
        ("without.iso", &["--xattr"][..], false),
        ("with.iso", &[], false),
        ("with.iso", &["--xattr"], true),
    ] {
        bench.expect(0, &[&["extract", image, "-o", "out"], options].concat());
        let of_file = get(&bench.path("out/hello.txt"));
        assert_eq!(of_file.as_deref(), kept.then_some(&b"kept\0as it is"[..]));
        let of_folder = get(&bench.path("out/a"));
        assert_eq!(of_folder.as_deref(), kept.then_some(&b"of a folder"[..]));
        fs::remove_dir_all(bench.path("out")).unwrap();
    }
    let args = ["image", "tree", "-o", "no.iso", "--xattr", "--fs"];
    bench.expect(2, &[&args[..], &["iso,joliet"]].concat());
}

//! The options of a volume, judged by programs of others.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::Bench;
use common::tools::{output, tool};
use std::fs;

/// A time that builds are told.
const TIME: &str = "1000000000";

fn image(bench: &Bench, name: &str, options: &[&str]) {
    let args = [&["image", "tree", "-o", name], options].concat();
    let made = bench.command(&args).env("SOURCE_DATE_EPOCH", TIME).output();
    let made = made.unwrap();
    assert!(made.status.success(), "{made:?}");
}

fn bench() -> Bench {
    let bench = Bench::new();
    bench.tree("tree");
    fs::write(bench.path("boot.img"), vec![0x90; 5_000]).unwrap();
    bench
}

#[test]
fn the_time_of_a_build_makes_the_same_image_twice() {
    let bench = bench();
    let options = ["--udf", "2.01", "--boot", "boot.img,info-table"];
    image(&bench, "one.iso", &options);
    image(&bench, "two.iso", &options);
    assert!(bench.bytes("one.iso") == bench.bytes("two.iso"));
    // 2001-09-09 01:46:40, where the primary descriptor has it.
    let date = &bench.bytes("one.iso")[16 * 2048 + 813..][..16];
    assert_eq!(date, b"2001090901464000");
    let mut wrong = bench.command(&["image", "tree", "-o", "no.iso"]);
    let refused = wrong.env("SOURCE_DATE_EPOCH", "soon").output().unwrap();
    assert_eq!(refused.status.code(), Some(2));
}

#[test]
fn each_file_system_is_there_when_it_is_asked_for() {
    if tool("each_file_system_is_there", "isoinfo").is_none()
        || tool("each_file_system_is_there", "udfinfo").is_none()
    {
        return;
    }
    let bench = bench();
    for (options, joliet, rock_ridge, udf) in [
        (&[][..], true, true, None),
        (&["--fs", "iso"], false, false, None),
        (&["--fs", "iso,joliet"], true, false, None),
        (&["--fs", "rr,iso,udf"], false, true, Some("1.02")),
        (&["--udf", "2.50"], true, true, Some("2.50")),
        (
            &["--fs", "iso,udf", "--udf", "1.50"],
            false,
            false,
            Some("1.50"),
        ),
    ] {
        image(&bench, "x.iso", options);
        let told = output(&bench, "isoinfo", &["-d", "-i", "x.iso"]);
        assert_eq!(
            told.contains("Joliet with UCS level 3 found"),
            joliet,
            "{options:?}: {told}"
        );
        let found = told.contains("Rock Ridge signatures version 1 found");
        assert_eq!(found, rock_ridge, "{options:?}: {told}");
        if let Some(revision) = udf {
            let told = output(&bench, "udfinfo", &["x.iso"]);
            let line = format!("udfrev={revision}");
            assert!(told.lines().any(|told| told == line), "{options:?}: {told}");
        } else {
            assert!(
                !bench.bytes("x.iso").windows(4).any(|id| id == b"NSR0"),
                "{options:?}"
            );
        }
    }
    image(&bench, "x.iso", &["--fs", "udf", "--udf", "2.01"]);
    assert!(!bench.bytes("x.iso").windows(5).any(|id| id == b"CD001"));
    let told = output(&bench, "udfinfo", &["x.iso"]);
    assert!(told.contains("udfrev=2.01"), "{told}");
}

#[test]
fn names_of_level_1_are_short() {
    if tool("names_of_level_1_are_short", "isoinfo").is_none() {
        return;
    }
    let bench = bench();
    fs::write(bench.path("tree/a name that is long.text"), "").unwrap();
    image(&bench, "x.iso", &["--fs", "iso", "--iso-level", "1"]);
    let told = output(&bench, "isoinfo", &["-f", "-i", "x.iso"]);
    for name in told.lines().filter_map(|path| path.rsplit('/').next()) {
        let name = name.split(';').next().unwrap();
        let (stem, extension) = name.split_once('.').unwrap_or((name, ""));
        assert!(stem.len() <= 8 && extension.len() <= 3, "{name}");
    }
}

#[test]
fn xorriso_finds_every_boot_entry() {
    if tool("xorriso_finds_every_boot_entry", "xorriso").is_none() {
        return;
    }
    let bench = bench();
    fs::write(bench.path("floppy.img"), vec![1; 1_474_560]).unwrap();
    let mut hard_drive = vec![0; 512 * 64];
    hard_drive[446 + 16 + 4] = 0x0C;
    hard_drive[510..512].copy_from_slice(&[0x55, 0xAA]);
    fs::write(bench.path("hd.img"), hard_drive).unwrap();
    let options = [
        "--boot",
        "boot.img,load-size=9,load-segment=7e0,info-table",
        "--boot",
        "boot.img,platform=efi,id=EFI",
        "--boot",
        "floppy.img,emulation=floppy,id=old",
        "--boot",
        "hd.img,emulation=hd,id=older",
    ];
    image(&bench, "x.iso", &options);
    let told = output(
        &bench,
        "xorriso",
        &["-indev", "x.iso", "-report_el_torito", "plain"],
    );
    // El Torito boot img :   1  BIOS  y   none  0x07e0  0x00      9         421
    let entries: Vec<Vec<&str>> = told
        .lines()
        .filter(|line| line.starts_with("El Torito boot img :"))
        .map(|line| line.split_whitespace().skip(5).collect())
        .collect();
    let kinds: Vec<&[&str]> = entries.iter().map(|entry| &entry[..6]).collect();
    assert_eq!(
        kinds,
        [
            &["1", "BIOS", "y", "none", "0x07e0", "0x00"][..],
            &["2", "UEFI", "y", "none", "0x0000", "0x00"],
            &["3", "BIOS", "y", "fd1.4", "0x0000", "0x00"],
            &["4", "BIOS", "y", "hd", "0x0000", "0x0c"],
        ],
        "{told}"
    );
    assert_eq!((entries[0][6], entries[1][6]), ("9", "10"), "{told}");
}

#[test]
fn options_that_contradict_one_another_are_refused() {
    let bench = bench();
    let before = bench.names();
    for options in [
        &["--fs", "rr"][..],
        &["--fs", "joliet,udf"],
        &["--fs", "iso", "--udf", "2.01"],
        &["--fs", "udf", "--iso-level", "2"],
        &["--fs", "hfs"],
        &["--iso-level", "4"],
        &["--udf", "2.5"],
        &["--boot", "boot.img,platform=mars"],
        &["--boot", ""],
    ] {
        bench.expect(2, &[&["image", "tree", "-o", "x.iso"], options].concat());
    }
    for options in [
        &["--boot", "missing.img"][..],
        &["--boot", "tree"],
        &["--boot", "boot.img,emulation=floppy"],
        &["--boot", "boot.img,emulation=hd"],
    ] {
        bench.expect(3, &[&["image", "tree", "-o", "x.iso"], options].concat());
    }
    assert_eq!(bench.names(), before);
}

#[test]
fn what_is_excluded_is_not_there_and_what_is_hidden_has_no_name() {
    let bench = bench();
    let options = [
        "--exclude",
        "*.bin",
        "--exclude",
        "/a/b/",
        "--hide",
        "hello.txt",
    ];
    image(&bench, "x.iso", &options);
    let listed = bench
        .expect(0, &["ls", "-R", "x.iso", "--json"])
        .of_type("entry");
    let names: Vec<&str> = listed.iter().map(|e| e["path"].as_str().unwrap()).collect();
    assert!(
        names.contains(&"/a/hard") && names.contains(&"/empty"),
        "{names:?}"
    );
    for gone in ["/a/data.bin", "/a/b", "/hello.txt"] {
        assert!(!names.contains(&gone), "{names:?}");
    }
    let image = bench.bytes("x.iso");
    let text = b"hello from tree";
    assert!(image.windows(text.len()).any(|bytes| bytes == text));
    bench.expect(2, &["image", "tree", "-o", "y.iso", "--exclude", "a["]);
    bench.disc("disc.vdisc", "bd-r");
    let disc = "virtual:disc.vdisc";
    bench.expect(0, &["burn", "tree", "--drive", disc, "--exclude", "*.bin"]);
    bench.expect(0, &["verify", disc, "tree", "--exclude", "*.bin"]);
    bench.expect(9, &["verify", disc, "tree"]);
}

#[test]
fn weights_decide_which_file_comes_first() {
    let bench = bench();
    fs::write(bench.path("tree/last.txt"), "first on the disc").unwrap();
    fs::write(
        bench.path("weights"),
        "# the larger, the earlier\nlast.txt 10\n",
    )
    .unwrap();
    image(&bench, "x.iso", &["--sort-file", "weights"]);
    let listed = bench
        .expect(0, &["ls", "-R", "x.iso", "--json"])
        .of_type("entry");
    let files = listed
        .iter()
        .filter(|e| e["kind"] == "file" && e["size"] != 0);
    let first = files
        .min_by_key(|e| e["extents"][0]["first_lba"].as_u64())
        .unwrap();
    assert_eq!(first["path"], "/last.txt");
    fs::write(bench.path("weights"), "last.txt").unwrap();
    bench.expect(
        3,
        &["image", "tree", "-o", "y.iso", "--sort-file", "weights"],
    );
}

#[test]
fn equal_files_are_stored_once_when_that_is_asked_for() {
    let bench = bench();
    fs::copy(bench.path("tree/a/data.bin"), bench.path("tree/copy.bin")).unwrap();
    image(&bench, "plain.iso", &[]);
    image(&bench, "once.iso", &["--dedup"]);
    let (plain, once) = (
        bench.bytes("plain.iso").len(),
        bench.bytes("once.iso").len(),
    );
    assert_eq!(plain - once, 147 * 2048);
    bench.expect(0, &["extract", "once.iso", "-o", "out"]);
    let copy = fs::read(bench.path("out/copy.bin")).unwrap();
    assert!(copy == fs::read(bench.path("tree/a/data.bin")).unwrap());
}

#[test]
fn a_manifest_is_what_sha256sum_checks() {
    if tool("a_manifest_is_what_sha256sum_checks", "sha256sum").is_none() {
        return;
    }
    let bench = bench();
    image(&bench, "x.iso", &["--manifest"]);
    bench.expect(0, &["extract", "x.iso", "-o", "."]);
    let told = output(&bench, "sha256sum", &["--strict", "-c", "SHA256SUMS"]);
    assert_eq!(
        told.lines().filter(|line| line.ends_with(": OK")).count(),
        6,
        "{told}"
    );
}

#[test]
fn a_hybrid_image_has_the_partitions_that_fdisk_shows() {
    if tool("a_hybrid_image_has_partitions", "fdisk").is_none() {
        return;
    }
    let bench = bench();
    fs::write(bench.path("mbr.bin"), vec![0xF4; 432]).unwrap();
    let boot = ["--boot", "boot.img", "--boot", "boot.img,platform=efi"];
    image(&bench, "x.iso", &[&boot[..], &["--isohybrid"]].concat());
    let told = output(&bench, "fdisk", &["-l", "x.iso"]);
    assert!(
        told.contains("gpt") && told.contains("EFI System"),
        "{told}"
    );
    image(
        &bench,
        "x.iso",
        &[&boot[..], &["--isohybrid=mbr.bin"]].concat(),
    );
    assert_eq!(&bench.bytes("x.iso")[..16], [0xF4; 16]);
    fs::write(bench.path("mbr.bin"), vec![0xF4; 600]).unwrap();
    bench.expect(
        3,
        &[
            "image",
            "tree",
            "-o",
            "y.iso",
            "--isohybrid=mbr.bin",
            "--boot",
            "boot.img",
        ],
    );
}

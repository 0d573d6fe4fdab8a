//! Sessions that go on with earlier ones: on discs and in image files, judged by programs of others.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::Bench;
use common::tools::{output, tool};
use std::fs;
use std::path::Path;
use std::process::Command;

const DISC: &str = "virtual:disc.vdisc";

/// Three folders: the second replaces a file of the first, and the third adds one that is not small.
fn bench() -> Bench {
    let bench = Bench::new();
    for (name, text) in [
        ("one/first", "1"),
        ("one/folder/kept", "kept"),
        ("one/folder/old", "old"),
        ("two/folder/old", "new"),
        ("two/second", "2"),
    ] {
        let path = bench.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    fs::create_dir(bench.path("three")).unwrap();
    fs::write(bench.path("three/large"), vec![0x33; 1_000_000]).unwrap();
    bench
}

/// What the third session must hold.
fn assert_whole(folder: &Path) {
    let expected = [
        ("folder/kept", b"kept".to_vec()),
        ("folder/old", b"new".to_vec()),
        ("second", b"2".to_vec()),
        ("large", vec![0x33; 1_000_000]),
    ];
    for (name, bytes) in expected {
        assert!(fs::read(folder.join(name)).unwrap() == bytes, "{name}");
    }
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(names, ["folder", "large", "second"]);
}

/// The files of a session as xorriso takes them out.
fn xorriso_extract(bench: &Bench, image: &str, session: u64, to: &str) {
    let address = session.to_string();
    let load = [
        "-load", "sbsector", &address, "-indev", image, "-osirrox", "on",
    ];
    let args = [&load[..], &["-extract", "/", to]].concat();
    output(bench, "xorriso", &args);
    let mended = Command::new("chmod")
        .args(["-R", "u+rwX"])
        .arg(bench.path(to))
        .status();
    assert!(mended.unwrap().success());
}

fn session_lba(bench: &Bench, place: &str) -> u64 {
    let listed = bench.expect(0, &["ls", place, "--json"]).of_type("listed");
    listed[0]["session_lba"].as_u64().unwrap()
}

#[test]
fn three_sessions_of_a_disc_are_one_tree() {
    if tool("three_sessions_of_a_disc_are_one_tree", "xorriso").is_none() {
        return;
    }
    for medium in ["bd-r", "dvd+r", "dvd-r", "cd-r"] {
        let bench = bench();
        // What lies between two sessions of a DVD-R alone is more than a small disc has.
        let create = ["virtual", "create", "disc.vdisc", "--medium", medium];
        bench.expect(0, &[&create[..], &["--capacity", "512M"]].concat());
        let capacity = |bench: &Bench| {
            let told = bench
                .expect(0, &["medium", DISC, "--json"])
                .of_type("medium");
            told[0]["free_blocks"].as_u64().unwrap()
        };
        bench.expect(0, &["burn", "one", "--drive", DISC, "--volume-id", "NAMED"]);
        bench.expect(
            0,
            &["burn", "two", "--drive", DISC, "--append", "--replace"],
        );
        let before = capacity(&bench);
        bench.expect(
            0,
            &[
                "burn", "three", "--drive", DISC, "--append", "--remove", "first",
            ],
        );
        // A million bytes are 489 blocks; the rest is structures, padding and what the medium takes for a session.
        assert!(before - capacity(&bench) < 489 + 20_000, "{medium}");
        bench.expect(0, &["extract", DISC, "-o", "ours"]);
        assert_whole(&bench.path("ours"));
        bench.expect(0, &["extract", DISC, "-o", "joliet", "--fs", "joliet"]);
        assert_whole(&bench.path("joliet"));
        bench.expect(0, &["virtual", "export", "disc.vdisc", "-o", "disc.img"]);
        let session = session_lba(&bench, DISC);
        assert!(session > 0);
        xorriso_extract(&bench, "disc.img", session, "theirs");
        assert_whole(&bench.path("theirs"));
        // The earlier sessions are as they were, and the name goes on.
        bench.expect(0, &["extract", DISC, "--session", "1", "-o", "first"]);
        assert_eq!(fs::read(bench.path("first/folder/old")).unwrap(), b"old");
        let listed = bench.expect(0, &["ls", DISC, "--json"]).of_type("listed");
        assert_eq!(listed[0]["volume_id"], "NAMED");
    }
}

/// A small disc of this name; `dvd-rw-quick` is one that was formatted the quick way, and grows as it is written.
fn overwritable(bench: &Bench, medium: &str) {
    match medium {
        "dvd-rw-quick" => {
            bench.disc("disc.vdisc", "dvd-rw");
            bench.expect(0, &["format", DISC]);
        }
        medium => bench.disc("disc.vdisc", medium),
    }
}

#[test]
fn a_disc_that_is_overwritten_grows_in_place() {
    let test = "a_disc_that_is_overwritten_grows_in_place";
    let judges = ["xorriso", "isoinfo", "7z", "udfinfo"].map(|name| tool(test, name));
    for medium in [
        "dvd+rw",
        "dvd+rw-dl",
        "dvd-ram",
        "bd-re",
        "dvd-rw-ro",
        "dvd-rw-quick",
    ] {
        // Without UDF, with it from the beginning, and from the third session on; of revisions that 7-Zip reads.
        for udf in [
            [&[][..], &[]],
            [&["--udf", "2.01"], &["--udf", "2.01"]],
            [&[], &["--udf", "1.50"]],
        ] {
            let bench = bench();
            overwritable(&bench, medium);
            let burn = ["burn", "--drive", DISC];
            let first = [&burn[..], &["one", "--volume-id", "NAMED"], udf[0]].concat();
            bench.expect(0, &first);
            let second = [&burn[..], &["two", "--append", "--replace"]].concat();
            bench.expect(0, &second);
            let third = ["three", "--append", "--remove", "first", "--json"];
            // The plan tells what comes between the session and its head.
            let plan = bench.expect(0, &[&burn[..], &third, &["--plan"], udf[1]].concat());
            let extents = plan.of_type("plan")[0]["extents"].clone();
            assert!(extents[0]["before"].is_null(), "{extents}");
            let between = extents[1]["before"][0]["purpose"].as_str();
            assert_eq!(between, Some("synchronize cache"), "{extents}");
            let third = bench.expect(0, &[&burn[..], &third, udf[1]].concat());
            let report = &third.of_type("report")[0];
            assert_eq!(report["outcome"], "verified", "{medium}");
            // A million bytes are 489 blocks; the rest is structures, padding and the head.
            assert!(report["blocks_written"].as_u64().unwrap() < 489 + 1000);
            let has_udf = udf.concat().len() > 1;
            let unix = &["rr", "joliet", "udf"][..if has_udf { 3 } else { 2 }];
            for fs in unix {
                bench.expect(0, &["extract", DISC, "--fs", fs, "-o", fs]);
                assert_whole(&bench.path(fs));
            }
            // The name goes on, and an anchor is there where something stands behind it.
            let listed = bench.expect(0, &["ls", DISC, "--json"]).of_type("listed");
            assert_eq!(listed[0]["volume_id"], "NAMED");
            assert_eq!(listed[0]["session_lba"], 0);
            bench.expect(0, &["virtual", "export", "disc.vdisc", "-o", "disc.img"]);
            if judges[0].is_some() {
                xorriso_extract(&bench, "disc.img", 0, "theirs");
                assert_whole(&bench.path("theirs"));
            }
            if judges[1].is_some() {
                let names = output(&bench, "isoinfo", &["-R", "-f", "-i", "disc.img"]);
                let mut names: Vec<_> = names.lines().collect();
                names.sort_unstable();
                let whole = [
                    "/folder",
                    "/folder/kept",
                    "/folder/old",
                    "/large",
                    "/second",
                ];
                assert_eq!(names, whole, "{medium}");
            }
            if has_udf && judges[2].is_some() {
                let out = ["x", "-tudf", "-bd", "-y", "-oby-7z", "disc.img"];
                output(&bench, "7z", &out);
                assert_whole(&bench.path("by-7z"));
            }
            if has_udf && judges[3].is_some() {
                let told = output(&bench, "udfinfo", &["disc.img"]);
                assert!(told.contains("numfiles=4\n"), "{told}");
            }
        }
    }
}

#[test]
fn an_image_grows_and_xorriso_finds_one_tree_at_its_head() {
    if tool("an_image_grows", "xorriso").is_none() {
        return;
    }
    for udf in [&[][..], &["--udf", "2.01"]] {
        let bench = bench();
        bench.expect(0, &[&["image", "one", "-o", "x.iso"], udf].concat());
        let first = bench.bytes("x.iso").len();
        bench.expect(0, &["image", "two", "--append-to", "x.iso", "--replace"]);
        let grown = bench.expect(
            0,
            &[
                "image",
                "three",
                "--append-to",
                "x.iso",
                "--remove",
                "first",
                "--json",
            ],
        );
        let view = &grown.of_type("image")[0];
        assert!(view["first_lba"].as_u64().unwrap() * 2048 > first as u64);
        bench.expect(0, &["extract", "x.iso", "-o", "ours"]);
        assert_whole(&bench.path("ours"));
        xorriso_extract(&bench, "x.iso", 0, "theirs");
        assert_whole(&bench.path("theirs"));
        if !udf.is_empty() {
            // Whoever reads UDF sees the newest tree as well.
            bench.expect(0, &["extract", "x.iso", "-o", "by-udf", "--fs", "udf"]);
            assert_whole(&bench.path("by-udf"));
        }
    }
}

#[test]
fn what_somebody_else_has_made_is_gone_on_with() {
    if tool("what_somebody_else_has_made", "genisoimage").is_none() {
        return;
    }
    let bench = bench();
    output(
        &bench,
        "genisoimage",
        &["-quiet", "-R", "-J", "-V", "THEIRS", "-o", "x.iso", "one"],
    );
    bench.expect(0, &["image", "two", "--append-to", "x.iso", "--replace"]);
    bench.expect(
        0,
        &[
            "image",
            "three",
            "--append-to",
            "x.iso",
            "--remove",
            "/first",
        ],
    );
    bench.expect(0, &["extract", "x.iso", "-o", "ours"]);
    assert_whole(&bench.path("ours"));
    let listed = bench
        .expect(0, &["ls", "x.iso", "--json"])
        .of_type("listed");
    assert_eq!(listed[0]["volume_id"], "THEIRS");
}

#[test]
fn what_a_volume_says_of_itself_goes_on_unless_something_else_is_said() {
    if tool("what_a_volume_says_of_itself", "isoinfo").is_none() {
        return;
    }
    let bench = bench();
    fs::write(bench.path("one/Licence of all.txt"), "free").unwrap();
    let said = [
        ("--volume-id", "Fête №1"),
        ("--publisher", "The Publisher, Zürich"),
        ("--preparer", "the preparer"),
        ("--application", "an application"),
        ("--volume-set", "a set"),
        ("--system-id", "a system"),
        ("--copyright", "Licence of all.txt"),
    ];
    let mut args = vec!["image", "one", "-o", "x.iso"];
    args.extend(said.iter().flat_map(|(option, text)| [*option, *text]));
    bench.expect(0, &args);
    let texts = || -> Vec<String> {
        output(&bench, "isoinfo", &["-d", "-i", "x.iso"])
            .lines()
            .filter(|line| line.contains(" id: "))
            .map(str::to_owned)
            .collect()
    };
    let unicode = || {
        let listed = bench.expect(0, &["ls", "x.iso", "--fs", "joliet", "--json"]);
        listed.of_type("listed")[0]["volume_id"].clone()
    };
    let before = texts();
    assert!(before.contains(&"Publisher id: The Publisher, Z_rich".to_owned()));
    assert!(before.contains(&"Copyright File id: LICENCE_OF_ALL.TXT;1".to_owned()));
    bench.expect(0, &["image", "two", "--append-to", "x.iso", "--replace"]);
    assert_eq!(texts(), before);
    assert_eq!(unicode(), "Fête №1");
    // Said anew, taken away, and of a file that is no longer there.
    let mut args = vec!["image", "--append-to", "x.iso"];
    args.extend(["--publisher", "", "--preparer", "another one"]);
    bench.expect(
        0,
        &[&args[..], &["--remove", "Licence of all.txt"]].concat(),
    );
    let expected: Vec<String> = before
        .iter()
        .map(|line| match line.split_once(": ") {
            Some((name @ ("Publisher id" | "Copyright File id"), _)) => format!("{name}: "),
            Some(("Data preparer id", _)) => "Data preparer id: another one".to_owned(),
            _ => line.clone(),
        })
        .collect();
    assert_eq!(texts(), expected);
}

#[test]
fn a_folder_gives_way_to_a_file_only_where_it_is_removed() {
    let bench = bench();
    bench.expect(0, &["image", "one", "-o", "x.iso"]);
    fs::write(bench.path("folder"), "a file").unwrap();
    let before = bench.bytes("x.iso");
    let grow = ["image", "folder", "--append-to", "x.iso", "--replace"];
    let refused = bench.expect(3, &grow);
    assert!(refused.stderr.contains("--remove"), "{}", refused.stderr);
    assert!(bench.bytes("x.iso") == before);
    bench.expect(0, &[&grow[..], &["--remove", "folder"]].concat());
    bench.expect(0, &["extract", "x.iso", "-o", "out"]);
    assert_eq!(fs::read(bench.path("out/folder")).unwrap(), b"a file");
    // A file gives way to a folder as to another file.
    fs::remove_file(bench.path("folder")).unwrap();
    fs::create_dir(bench.path("folder")).unwrap();
    bench.expect(0, &grow);
}

#[test]
fn what_cannot_be_gone_on_with_stays_as_it_is() {
    let bench = bench();
    bench.disc("disc.vdisc", "bd-r");
    // Nothing is there yet.
    bench.expect(4, &["burn", "one", "--drive", DISC, "--append"]);
    bench.expect(0, &["burn", "one", "--drive", DISC]);
    bench.expect(0, &["image", "one", "-o", "x.iso"]);
    let (disc, image) = (bench.bytes("disc.vdisc"), bench.bytes("x.iso"));
    for (status, options) in [
        // A name that is there already; something that is not; a session that is not.
        (3, &["two"][..]),
        (3, &["--remove", "missing"]),
        (4, &["three", "--session", "2"]),
    ] {
        let burn = [&["burn", "--drive", DISC, "--append"], options].concat();
        let grow = [&["image", "--append-to", "x.iso"], options].concat();
        for args in [burn, grow] {
            let run = bench.run(&args);
            assert_eq!(run.status, status, "{args:?}: {}", run.stderr);
            assert!(
                bench.bytes("disc.vdisc") == disc && bench.bytes("x.iso") == image,
                "{args:?}"
            );
        }
    }
    for args in [
        &["burn", "three", "--drive", DISC, "--remove", "first"][..],
        &["burn", "three", "--drive", DISC, "--append", "--overwrite"],
        &["image", "three", "-o", "y.iso", "--replace"],
        &["image", "three", "-o", "y.iso", "--append-to", "x.iso"],
        &["burn", "--drive", DISC],
    ] {
        bench.expect(2, args);
    }
    // One that holds nothing has nothing to go on with, also where it is overwritten.
    bench.disc("again.vdisc", "bd-re");
    let again = "virtual:again.vdisc";
    bench.expect(4, &["burn", "one", "--drive", again, "--append"]);
    bench.expect(0, &["burn", "one", "--drive", again]);
    let before = bench.bytes("again.vdisc");
    bench.expect(3, &["burn", "two", "--drive", again, "--append"]);
    bench.expect(
        4,
        &[
            "burn",
            "two",
            "--drive",
            again,
            "--append",
            "--session",
            "2",
        ],
    );
    assert!(bench.bytes("again.vdisc") == before);
    // An image is not made of itself.
    fs::copy(bench.path("x.iso"), bench.path("three/x.iso")).unwrap();
    bench.expect(2, &["image", "three", "--append-to", "three/x.iso"]);
}

#[test]
fn a_disc_with_a_manifest_is_verified_without_its_source() {
    let bench = bench();
    bench.disc("disc.vdisc", "bd-r");
    bench.expect(0, &["burn", "three", "--drive", DISC, "--manifest"]);
    fs::remove_dir_all(bench.path("three")).unwrap();
    let run = bench.expect(0, &["verify", DISC, "--json"]);
    assert_eq!(run.of_type("verified")[0]["equal"], true);
    // One byte of the file, where the virtual disc has it.
    let mut disc = bench.bytes("disc.vdisc");
    let at = common::find(&disc, &[0x33; 2048]) + 5;
    disc[at] ^= 1;
    fs::write(bench.path("disc.vdisc"), disc).unwrap();
    let run = bench.expect(9, &["verify", DISC, "--json"]);
    let what = run.of_type("difference")[0]["what"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(what.contains("/large"), "{what}");
    bench.disc("plain.vdisc", "bd-r");
    bench.expect(0, &["burn", "one", "--drive", "virtual:plain.vdisc"]);
    bench.expect(4, &["verify", "virtual:plain.vdisc"]);
}

#[test]
fn what_starts_a_machine_is_kept_and_a_loss_is_told() {
    if tool("what_starts_a_machine_is_kept", "xorriso").is_none() {
        return;
    }
    let bench = bench();
    fs::write(bench.path("one/boot.img"), [0xE9; 4096]).unwrap();
    let boots = |image: &str, session: u64| {
        let address = session.to_string();
        let args = ["-load", "sbsector", &address, "-indev", image];
        let report = ["-report_el_torito", "plain"];
        output(&bench, "xorriso", &[&args[..], &report].concat())
            .contains("El Torito img path :   1  /boot.img")
    };
    bench.expect(
        0,
        &["image", "one", "-o", "x.iso", "--boot", "one/boot.img,id=A"],
    );
    assert!(boots("x.iso", 0));
    bench.expect(0, &["image", "three", "--append-to", "x.iso"]);
    assert!(boots("x.iso", 0));
    bench.disc("disc.vdisc", "bd-r");
    bench.expect(0, &["burn", "x.iso", "--drive", DISC]);
    bench.expect(
        0,
        &["burn", "two", "--drive", DISC, "--append", "--replace"],
    );
    bench.expect(0, &["virtual", "export", "disc.vdisc", "-o", "disc.img"]);
    assert!(boots("disc.img", session_lba(&bench, DISC)));
    let lost = [
        "burn", "--drive", DISC, "--append", "--remove", "boot.img", "--json",
    ];
    let told = bench.expect(0, &lost).of_type("report");
    assert!(
        told[0]["notes"].to_string().contains("boot catalogue"),
        "{told:?}"
    );
}

#[test]
fn files_that_no_imported_name_leads_to_are_told_of_discs_and_images() {
    if tool("files_that_no_imported_name_leads_to", "genisoimage").is_none() {
        return;
    }
    let bench = bench();
    output(
        &bench,
        "genisoimage",
        &["-quiet", "-R", "-J", "-hide", "first", "-o", "x.iso", "one"],
    );
    bench.disc("disc.vdisc", "bd-r");
    bench.expect(0, &["burn", "x.iso", "--drive", DISC]);
    let grown = bench.expect(0, &["image", "three", "--append-to", "x.iso", "--json"]);
    let told = grown.of_type("image")[0]["warnings"].to_string();
    assert!(told.contains("names of Joliet only"), "{told}");
    let burned = bench.expect(0, &["burn", "three", "--drive", DISC, "--append", "--json"]);
    let told = burned.of_type("report")[0]["notes"].to_string();
    assert!(told.contains("names of Joliet only"), "{told}");
}

#[test]
fn a_manifest_goes_on_with_what_an_earlier_one_lists_and_what_it_does_not() {
    let bench = bench();
    bench.disc("disc.vdisc", "bd-r");
    bench.expect(0, &["image", "one", "-o", "x.iso", "--manifest"]);
    bench.expect(0, &["burn", "one", "--drive", DISC, "--manifest"]);
    // One session without a manifest, in which a file that is listed becomes another one.
    let two = ["two", "--replace"];
    let three = ["three", "--manifest"];
    for more in [&two[..], &three] {
        bench.expect(0, &[&["image", "--append-to", "x.iso"], more].concat());
        bench.expect(0, &[&["burn", "--append", "--drive", DISC], more].concat());
    }
    bench.expect(0, &["verify", DISC]);
    bench.expect(0, &["extract", "x.iso", "-o", "image"]);
    bench.expect(0, &["extract", DISC, "-o", "disc"]);
    let lists = |folder: &str| fs::read_to_string(bench.path(folder).join("SHA256SUMS")).unwrap();
    assert_eq!(lists("image"), lists("disc"));
    assert_eq!(lists("image").lines().count(), 5);
    for folder in ["image", "disc"] {
        let mut check = Command::new("sha256sum");
        check.args(["--strict", "--quiet", "-c", "SHA256SUMS"]);
        assert!(
            check
                .current_dir(bench.path(folder))
                .status()
                .unwrap()
                .success()
        );
    }
    // What has changed since it was listed does not become right by being listed again.
    let mut image = bench.bytes("x.iso");
    let at = image.windows(4).position(|bytes| bytes == b"kept").unwrap();
    image[at] = b'K';
    fs::write(bench.path("x.iso"), &image).unwrap();
    bench.expect(0, &["image", "--append-to", "x.iso", "--manifest"]);
    bench.expect(0, &["extract", "x.iso", "-o", "after"]);
    assert_eq!(lists("after"), lists("image"));
}

#[test]
fn a_manifest_that_does_not_list_what_is_new_is_told() {
    let bench = bench();
    bench.expect(0, &["image", "one", "-o", "x.iso", "--manifest"]);
    let grow = ["image", "--append-to", "x.iso", "--json"];
    let told = |more: &[&str]| {
        let run = bench.expect(0, &[&grow[..], more].concat());
        let warnings = run.of_type("image")[0]["warnings"].to_string();
        warnings.contains("/SHA256SUMS")
    };
    assert!(!told(&[]));
    assert!(told(&["three"]));
    assert!(told(&["--remove", "first"]));
    assert!(!told(&["--remove", "SHA256SUMS"]));
}

#[test]
fn udf_comes_to_an_image_shorter_than_its_anchor_and_not_over_a_file() {
    let bench = bench();
    bench.expect(0, &["image", "one", "-o", "x.iso", "--fs", "iso"]);
    assert!(bench.bytes("x.iso").len() < 256 * 2048);
    bench.expect(
        0,
        &[
            "image",
            "two",
            "--append-to",
            "x.iso",
            "--replace",
            "--udf",
            "2.50",
        ],
    );
    bench.expect(0, &["image", "three", "--append-to", "x.iso"]);
    bench.expect(0, &["extract", "x.iso", "-o", "by-udf", "--fs", "udf"]);
    let kept = bench.path("by-udf/FOLDER/KEPT");
    assert_eq!(fs::read(kept).unwrap(), b"kept");
    // A file lies where the anchor would have to be.
    bench.expect(0, &["image", "three", "-o", "y.iso"]);
    let before = bench.bytes("y.iso");
    let run = bench.expect(
        3,
        &["image", "two", "--append-to", "y.iso", "--udf", "2.01"],
    );
    assert!(
        run.stderr.contains("/large") && run.stderr.contains("--fs"),
        "{}",
        run.stderr
    );
    assert!(bench.bytes("y.iso") == before);
    bench.expect(0, &["image", "two", "--append-to", "y.iso"]);
    // The same on a disc.
    bench.disc("again.vdisc", "dvd+rw");
    let again = "virtual:again.vdisc";
    bench.expect(0, &["burn", "three", "--drive", again]);
    let grow = ["burn", "two", "--append", "--drive", again];
    let run = bench.expect(3, &[&grow[..], &["--udf", "2.01"]].concat());
    assert!(run.stderr.contains("--fs"), "{}", run.stderr);
    bench.expect(0, &grow);
}

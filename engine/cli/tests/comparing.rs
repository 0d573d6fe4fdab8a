//! Discs that were mastered in all ways, compared with their sources: what was asked for is no difference, and what was
//! not is one. The same for CDs of sound and their sheets.

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

/// Samples that nowhere repeat themselves.
fn samples(frames: u32) -> Vec<u8> {
    (0..frames * 588)
        .flat_map(|n| (n.wrapping_mul(2_654_435_761) | 1).to_le_bytes())
        .collect()
}

/// Sound before the first track, gapless sound, a pause, and data behind it.
const SHEET: &str = "FILE a.bin BINARY\nTRACK 1 AUDIO\nINDEX 0 0:0:0\nINDEX 1 0:1:0\nTRACK 2 AUDIO\nINDEX 1 0:6:0\n\
    TRACK 3 AUDIO\nPREGAP 0:2:0\nINDEX 1 0:11:0\nFILE d.bin BINARY\nTRACK 4 MODE1/2048\nPREGAP 0:2:0\nINDEX 1 0:0:0\n";

#[test]
fn a_cd_of_sound_and_data_is_compared_with_its_sheet_sector_by_sector() {
    let bench = Bench::new();
    let sound = samples(1200);
    let data: Vec<u8> = (0..350 * 2048u32).map(|n| (n / 7) as u8).collect();
    let write = |sound: &[u8], data: &[u8]| {
        fs::write(bench.path("a.bin"), sound).unwrap();
        fs::write(bench.path("d.bin"), data).unwrap();
    };
    fs::write(bench.path("a.cue"), SHEET).unwrap();
    for (name, mode) in [("sao", "sao"), ("tao", "tao")] {
        let disc = format!("{name}.vdisc");
        bench.expect(0, &["virtual", "create", &disc, "--medium", "cd-r"]);
        // Its sound comes from 594 samples behind the place that is asked for.
        let drive = format!("virtual:{disc},profile=first-dvd-writer");
        write(&sound, &data);
        let burn = ["audio", "--cue", "a.cue", "--drive", &drive];
        bench.expect(0, &[&burn[..], &["--mode", mode]].concat());
        let run = bench.expect(0, &["verify", &drive, "a.cue", "--json"]);
        let told = &run.of_type("cd-verified")[0];
        assert_eq!(told["equal"], true, "{mode}");
        assert_eq!(told["read_offset"], 594, "{mode}");
        let recording = if mode == "tao" {
            "track-by-track"
        } else {
            "at-once"
        };
        assert_eq!(told["recording"], recording);
        // A bit of sound, and one of data: track and time are told.
        let mut other = sound.clone();
        other[700 * 2352 + 17] ^= 1;
        let mut others = data.clone();
        others[250 * 2048 + 5] ^= 1;
        write(&other, &others);
        let run = bench.expect(9, &["verify", &drive, "a.cue", "--json"]);
        let said: Vec<String> = run
            .of_type("difference")
            .iter()
            .map(|told| told["what"].to_string())
            .collect();
        assert_eq!(said.len(), 2, "{mode}: {said:?}");
        assert!(said[0].contains("track 2, 00:03:25 differs"), "{said:?}");
        assert!(said[1].contains("track 4, 00:03:25 differs"), "{said:?}");
        assert_eq!(run.of_type("cd-verified")[0]["bad"], 2);
    }
    // Where the sheet has a track elsewhere it is told so.
    write(&sound, &data);
    let moved = SHEET.replace("INDEX 1 0:6:0", "INDEX 1 0:6:1");
    fs::write(bench.path("moved.cue"), moved).unwrap();
    let run = bench.expect(9, &["verify", "virtual:sao.vdisc", "moved.cue"]);
    let said = "track 2 begins at LBA 450, not at LBA 451";
    assert!(run.text().contains(said), "{}", run.text());
    // A sheet with a track fewer has the same sectors, and is another disc.
    let fewer = SHEET.replace("TRACK 2 AUDIO\nINDEX 1 0:6:0\n", "");
    let fewer = fewer
        .replace("TRACK 3 A", "TRACK 2 A")
        .replace("TRACK 4 M", "TRACK 3 M");
    fs::write(bench.path("fewer.cue"), fewer).unwrap();
    for disc in ["virtual:sao.vdisc", "virtual:tao.vdisc"] {
        let run = bench.expect(9, &["verify", disc, "fewer.cue"]);
        let said = "track 4 is not in the sheet";
        assert!(run.text().contains(said), "{}", run.text());
    }
    // And one that ends earlier.
    write(&sound, &data[..300 * 2048]);
    let run = bench.expect(9, &["verify", "virtual:sao.vdisc", "a.cue", "--json"]);
    let told = &run.of_type("cd-verified")[0];
    assert_eq!((&told["bad"], &told["lead_out"]), (&0.into(), &1850.into()));
    write(&sound, &data);
    bench.expect(3, &["verify", "virtual:sao.vdisc", "missing.cue"]);
    bench.expect(2, &["verify", DISC, "tree", "--pad"]);
}

/// What a sheet says beside its samples: codes, flags, a pause and an index.
const SAID: &str = "CATALOG 4006381333931\nFILE a.bin BINARY\nTRACK 1 AUDIO\nFLAGS DCP\nISRC USAT29902803\nINDEX 1 0:0:0\n\
    TRACK 2 AUDIO\nFLAGS PRE\nISRC DEA120512345\nINDEX 0 0:5:0\nINDEX 1 0:7:0\nINDEX 2 0:9:30\n\
    TRACK 3 AUDIO\nFLAGS SCMS\nINDEX 1 0:11:0\nFILE d.bin BINARY\nTRACK 4 MODE1/2048\nPREGAP 0:2:0\nINDEX 1 0:0:0\n";

/// A bench with the files of that sheet, and the disc that was burned from it in a mode.
fn said(mode: &str) -> Bench {
    burned(SAID, mode)
}

fn burned(sheet: &str, mode: &str) -> Bench {
    let bench = Bench::new();
    fs::write(bench.path("a.bin"), samples(1200)).unwrap();
    let data: Vec<u8> = (0..300 * 2048u32).map(|n| (n / 7) as u8).collect();
    fs::write(bench.path("d.bin"), data).unwrap();
    fs::write(bench.path("a.cue"), sheet).unwrap();
    bench.expect(0, &["virtual", "create", "disc.vdisc", "--medium", "cd-r"]);
    let burn = ["audio", "--cue", "a.cue", "--drive", DISC, "--mode", mode];
    bench.expect(0, &burn);
    bench
}

/// The words of all differences between the disc and a sheet that says other things.
fn differences(bench: &Bench, sheet: &str) -> Vec<String> {
    fs::write(bench.path("other.cue"), sheet).unwrap();
    let run = bench.expect(9, &["verify", DISC, "other.cue", "--json"]);
    let told = &run.of_type("cd-verified")[0];
    assert_eq!(told["bad"], 0, "{told}");
    let all = run.of_type("difference");
    all.iter()
        .map(|told| told["what"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_disc_that_says_something_else_than_its_sheet_is_told_by_name() {
    for mode in ["sao", "raw", "raw-pq"] {
        let bench = said(mode);
        let run = bench.expect(0, &["verify", DISC, "a.cue", "--json"]);
        assert_eq!(
            run.of_type("cd-verified")[0]["findings"].to_string(),
            "[]",
            "{mode}"
        );
        for (was, becomes, words) in [
            (
                "4006381333931",
                "4006381333900",
                "the catalogue number is 4006381333931, by the sheet 4006381333900",
            ),
            (
                "DEA120512345",
                "DEA120512346",
                "track 2: the recording code is DEA120512345, by the sheet DEA120512346",
            ),
            (
                "FLAGS SCMS\n",
                "FLAGS SCMS\nISRC DEA120512347\n",
                "track 3: there is no recording code; the sheet has DEA120512347",
            ),
            (
                "FLAGS PRE\n",
                "",
                "track 2: the sheet says sound; the disc says sound, pre-emphasis",
            ),
            (
                "FLAGS SCMS\n",
                "",
                "track 3: the sheet says sound; the disc says sound, a copy (SCMS)",
            ),
            (
                "FLAGS DCP\n",
                "FLAGS SCMS\n",
                "track 1: the sheet says sound, a copy (SCMS); the disc says sound, copying permitted",
            ),
            (
                "INDEX 0 0:5:0",
                "INDEX 0 0:5:1",
                "track 2: index 0 begins at LBA 375, by the sheet at LBA 376",
            ),
            (
                "INDEX 0 0:5:0\n",
                "",
                "track 2: index 0 begins at LBA 375; the sheet has no such index",
            ),
            (
                "INDEX 2 0:9:30",
                "INDEX 2 0:8:30",
                "track 2: index 2 begins at LBA 705, by the sheet at LBA 630",
            ),
            (
                "INDEX 2 0:9:30\n",
                "",
                "track 2: index 2 begins at LBA 705; the sheet has no such index",
            ),
            (
                "INDEX 2 0:9:30\n",
                "INDEX 2 0:9:30\nINDEX 3 0:10:20\n",
                "track 2: there is no index 3, which the sheet has at LBA 770",
            ),
        ] {
            let sheet = SAID.replacen(was, becomes, 1);
            assert_eq!(differences(&bench, &sheet), [words], "{mode}: {becomes}");
        }
        // What a sheet does not say is not missed, and a number of zeros is none.
        let sheet = SAID.replacen("4006381333931", "0000000000000", 1);
        fs::write(
            bench.path("a.cue"),
            sheet.replacen("ISRC USAT29902803\n", "", 1),
        )
        .unwrap();
        bench.expect(0, &["verify", DISC, "a.cue"]);
    }
}

#[test]
fn what_is_left_out_track_by_track_is_told_and_is_no_difference() {
    let bench = said("tao");
    let run = bench.expect(0, &["verify", DISC, "a.cue", "--json"]);
    let told = &run.of_type("cd-verified")[0];
    assert_eq!(told["equal"], true);
    assert_eq!(told["findings"].as_array().unwrap().len(), 1, "{told}");
    let finding = &told["findings"][0];
    assert_eq!(finding["result"], "left-out");
    assert_eq!(
        (&finding["track"], &finding["index"]),
        (&2.into(), &2.into())
    );
    let warned = run.of_type("warning");
    let warned = warned.last().unwrap()["message"].to_string();
    assert!(
        warned.contains("track 2: index 2 is not on the disc"),
        "{warned}"
    );
    // A code that is another one differs all the same.
    let other = SAID.replacen("DEA120512345", "DEA120512346", 1);
    let words = "track 2: the recording code is DEA120512345, by the sheet DEA120512346";
    assert_eq!(differences(&bench, &other), [words]);
    // The only track of a disc has no gap to be known by.
    let one = "FILE a.bin BINARY\nTRACK 1 AUDIO\nINDEX 1 0:0:0\nINDEX 2 0:5:0\n";
    fs::write(bench.path("one.cue"), one).unwrap();
    bench.expect(0, &["virtual", "create", "one.vdisc", "--medium", "cd-r"]);
    let drive = "virtual:one.vdisc";
    bench.expect(
        0,
        &[
            "audio", "--cue", "one.cue", "--drive", drive, "--mode", "tao",
        ],
    );
    let run = bench.expect(0, &["verify", drive, "one.cue", "--json"]);
    assert_eq!(run.of_type("cd-verified")[0]["recording"], "track-by-track");
}

#[test]
fn codes_that_a_drive_does_not_tell_are_found_among_the_positions() {
    let bench = said("sao");
    fs::write(bench.path("faults"), "when 42h do sense 5/20/00\n").unwrap();
    let drive = format!("{DISC},faults=faults");
    let run = bench.expect(0, &["verify", &drive, "a.cue", "--json"]);
    assert_eq!(run.of_type("cd-verified")[0]["findings"].to_string(), "[]");
    let other = SAID.replacen("DEA120512345", "DEA120512346", 1);
    fs::write(bench.path("a.cue"), other).unwrap();
    let run = bench.expect(9, &["verify", &drive, "a.cue"]);
    let words = "track 2: the recording code is DEA120512345";
    assert!(run.text().contains(words), "{}", run.text());
}

/// The same sheet with texts of the album and of two tracks.
fn with_texts() -> String {
    let sheet = SAID.replacen("FILE", "TITLE Album\nPERFORMER \"The Band\"\nFILE", 1);
    let sheet = sheet.replacen("FLAGS DCP", "TITLE First\nFLAGS DCP", 1);
    sheet.replacen("FLAGS PRE", "TITLE Second\nFLAGS PRE", 1)
}

#[test]
fn texts_of_a_disc_are_compared_one_by_one() {
    let texts = with_texts();
    for mode in ["sao", "raw", "raw-packed"] {
        let bench = burned(&texts, mode);
        bench.expect(0, &["verify", DISC, "a.cue"]);
        for (was, becomes, words) in [
            (
                "TITLE Second",
                "TITLE Sceond",
                "track 2: CD-TEXT, block 0, title: the disc has \"Second\", the sheet \"Sceond\"",
            ),
            (
                "PERFORMER \"The Band\"\n",
                "",
                "album: CD-TEXT, block 0, performer: the disc has \"The Band\", the sheet nothing",
            ),
            (
                "TITLE Album\n",
                "TITLE Album\nSONGWRITER Me\n",
                "album: CD-TEXT, block 0, songwriter: the disc has nothing, the sheet \"Me\"",
            ),
        ] {
            let sheet = texts.replacen(was, becomes, 1);
            assert_eq!(differences(&bench, &sheet), [words], "{mode}");
        }
        // A sheet without texts asks for none, nor does one whose texts were left out.
        fs::write(bench.path("a.cue"), SAID).unwrap();
        bench.expect(0, &["verify", DISC, "a.cue"]);
    }
}

#[test]
fn a_disc_without_the_texts_of_its_sheet_is_told_by_how_it_was_written() {
    let texts = with_texts();
    let bench = burned(SAID, "sao");
    let words = "there is no CD-TEXT on the disc; languages in the sheet: 1";
    assert_eq!(differences(&bench, &texts), [words]);
    bench.expect(0, &["verify", DISC, "other.cue", "--cd-text", "none"]);
    // Track by track there are none, whatever the drive reads.
    let bench = burned(&texts, "tao");
    let run = bench.expect(0, &["verify", DISC, "a.cue", "--json"]);
    let told = &run.of_type("cd-verified")[0];
    let results: Vec<_> = told["findings"].as_array().unwrap().iter().collect();
    assert_eq!(results.len(), 2, "{told}");
    assert_eq!(results[1]["what"], "texts");
    assert!(
        results
            .iter()
            .all(|finding| finding["result"] == "left-out")
    );
    bench.expect(2, &["verify", DISC, "tree", "--cd-text", "none"]);
}

#[test]
fn the_packs_that_a_sheet_names_are_compared_with_those_of_the_disc() {
    let bench = burned(&with_texts(), "sao");
    // The disc's own packs, as READ TOC answers them.
    let mut cdb = ["scsi", DISC].to_vec();
    cdb.extend([
        "43", "00", "05", "00", "00", "00", "00", "08", "00", "00", "--in", "2048", "-o", "toc.bin",
    ]);
    bench.expect(0, &cdb);
    let answer = bench.bytes("toc.bin");
    let length = 2 + usize::from(u16::from_be_bytes([answer[0], answer[1]]));
    fs::write(bench.path("packs"), &answer[..length]).unwrap();
    let named = format!("CDTEXTFILE packs\n{SAID}");
    fs::write(bench.path("named.cue"), &named).unwrap();
    bench.expect(0, &["verify", DISC, "named.cue"]);
    let mut other = answer[..length].to_vec();
    let text = common::find(&other, b"Album");
    other[text] = b'a';
    let pack = 4 + (text - 4) / 18 * 18;
    let sum = crc(&other[pack..pack + 16]);
    other[pack + 16..pack + 18].copy_from_slice(&sum);
    fs::write(bench.path("packs"), other).unwrap();
    let words = "album: CD-TEXT, block 0, title: the disc has \"Album\", the sheet \"album\"";
    assert_eq!(differences(&bench, &named), [words]);
}

/// The sum of a pack: x^16 + x^12 + x^5 + 1, inverted.
fn crc(pack: &[u8]) -> [u8; 2] {
    let shifted = |crc: u16, _| match crc & 0x8000 {
        0 => crc << 1,
        _ => crc << 1 ^ 0x1021,
    };
    let taken = |crc: u16, byte: &u8| (0..8).fold(crc ^ u16::from(*byte) << 8, shifted);
    (!pack.iter().fold(0, taken)).to_be_bytes()
}

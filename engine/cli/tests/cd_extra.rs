//! Discs of sound with a session of data behind it: players see the sound, and readers of the last session the files.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{Bench, tools};
use std::fs;

const DRIVE: &str = "virtual:disc.vdisc";

/// A disc with two tracks of sound in an open session's disc, and files behind them.
fn bench() -> Bench {
    let bench = Bench::new();
    let samples: Vec<u8> = (0..900 * 588u32)
        .flat_map(|n| (n.wrapping_mul(2_654_435_761) | 1).to_le_bytes())
        .collect();
    fs::write(bench.path("a.bin"), samples).unwrap();
    let sheet = "TITLE Album\nFILE a.bin BINARY\nTRACK 1 AUDIO\nTITLE One\nINDEX 1 0:0:0\nTRACK 2 AUDIO\nTITLE Two\nINDEX 1 0:6:0\n";
    fs::write(bench.path("a.cue"), sheet).unwrap();
    bench.tree("tree");
    bench.expect(0, &["virtual", "create", "disc.vdisc", "--medium", "cd-r"]);
    bench
}

#[test]
fn data_are_added_behind_sound_in_a_session_of_their_own() {
    let bench = bench();
    bench.expect(0, &["audio", "--cue", "a.cue", "--drive", DRIVE]);
    bench.expect(
        0,
        &["burn", "tree", "--drive", DRIVE, "--new-session", "--close"],
    );
    bench.expect(0, &["verify", DRIVE, "tree"]);
    let toc = &bench.expect(0, &["cd", "toc", DRIVE, "--json"]).json()[0];
    let kinds: Vec<_> = (0..3)
        .map(|at| toc["tracks"][at]["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["audio", "audio", "data"]);
    let length = |at: usize| toc["tracks"][at]["blocks"].as_u64();
    assert_eq!((length(0), length(1)), (Some(450), Some(450)));
    // The sound ends where its session ends, not where the data begin.
    bench.expect(0, &["cd", "rip", DRIVE, "-o", "rip", "--sheet", "cue"]);
    let sound = bench.bytes("a.bin");
    assert!(bench.bytes("rip/track01.wav")[44..] == sound[..450 * 2352]);
    assert!(bench.bytes("rip/track02.wav")[44..] == sound[450 * 2352..]);
    let first = [
        "cd",
        "read",
        DRIVE,
        "-o",
        "copy",
        "--session",
        "1",
        "--json",
    ];
    let read = bench.expect(0, &first);
    let read = &read.of_type("cd-read")[0];
    assert_eq!(
        (read["sessions"].as_u64(), read["lead_out"].as_i64()),
        (Some(2), Some(900))
    );
    assert!(bench.bytes("copy.bin") == sound);
    // The data are those of a disc of CD-ROM XA: mode 2, form 1.
    let start = toc["tracks"][2]["first_lba"].as_u64().unwrap();
    assert_eq!(start, 900 + 11_400);
    let medium = &bench.expect(0, &["medium", DRIVE, "--json"]).json()[0];
    assert_eq!(medium["sessions"], 2);
    bench.expect(0, &["read", DRIVE, "--track", "3", "-o", "session.img"]);
    if tools::tool("cd_extra", "isoinfo").is_none() {
        return;
    }
    // The program is told where the image stood on the disc.
    let start = start.to_string();
    let isoinfo = |more: &[&str]| {
        let args = ["-R", "-N", &start, "-i", "session.img"];
        tools::output(&bench, "isoinfo", &[&args[..], more].concat())
    };
    let list = isoinfo(&["-f"]);
    for name in ["hello.txt", "data.bin", "deep.txt"] {
        assert!(list.contains(name), "{name}\n{list}");
    }
    assert_eq!(isoinfo(&["-x", "/hello.txt"]), "hello from tree\n");
}

/// Every sector of a disc with its sub-channels, and what describes it.
fn whole(bench: &Bench, drive: &str) -> [Vec<u8>; 3] {
    bench.expect(0, &["cd", "read", drive, "-o", "whole", "--as", "ccd"]);
    ["whole.img", "whole.sub", "whole.ccd"].map(|name| bench.bytes(name))
}

#[test]
fn both_sessions_are_read_with_their_numbers_and_places_and_burned_again() {
    let bench = bench();
    bench.expect(0, &["audio", "--cue", "a.cue", "--drive", DRIVE]);
    let close = ["burn", "tree", "--drive", DRIVE, "--new-session", "--close"];
    bench.expect(0, &close);
    let medium = |drive: &str| bench.expect(0, &["cd", "toc", drive, "--json"]).json()[0].clone();
    let toc = medium(DRIVE);
    let first = whole(&bench, DRIVE);
    let text = String::from_utf8(first[2].clone()).unwrap();
    for told in [
        "Sessions=2",
        "[TRACK 3]\r\nMODE=2\r\nINDEX 1=0",
        "PLBA=12300",
        "TocEntries=9",
    ] {
        assert!(text.contains(told), "{told}\n{text}");
    }
    // Sound, and behind it the sectors of the data with the addresses that they have on the disc.
    let sound = bench.bytes("a.bin");
    assert!(first[0].starts_with(&sound));
    let data = &first[0][sound.len()..];
    assert_eq!(
        data[12..16],
        [0x02, 0x46, 0x00, 2],
        "00:02:00 and 12300 frames in BCD"
    );
    let blocks = toc["lead_out"].as_u64().unwrap() as usize - 12_300;
    assert_eq!(
        (data.len(), first[1].len()),
        (blocks * 2352, (900 + blocks) * 96)
    );
    bench.expect(0, &["read", DRIVE, "--track", "3", "-o", "session.img"]);
    let user = bench.bytes("session.img");
    for (sector, user) in data.chunks(2352).zip(user.chunks(2048)) {
        assert!(sector[24..24 + 2048] == *user);
    }
    // The copy is the disc: sectors, sub-channels, tables of contents.
    bench.expect(0, &["virtual", "create", "copy.vdisc", "--medium", "cd-r"]);
    let copy = "virtual:copy.vdisc";
    bench.expect(0, &["burn", "whole.ccd", "--drive", copy, "--close"]);
    bench.expect(0, &["verify", copy, "tree"]);
    assert_eq!(medium(copy)["tracks"], toc["tracks"]);
    assert_eq!(medium(copy)["lead_out"], toc["lead_out"]);
    let again = whole(&bench, copy);
    assert!(again[0] == first[0] && again[1] == first[1]);
    assert_eq!(again[2], first[2]);
    // One session by itself; as sheets, a file for each.
    let one = [
        "cd",
        "read",
        DRIVE,
        "-o",
        "two",
        "--as",
        "toc",
        "--session",
        "2",
    ];
    bench.expect(0, &one);
    assert!(bench.bytes("two.bin") == data);
    bench.expect(0, &["cd", "read", DRIVE, "-o", "sheet"]);
    assert!(bench.bytes("sheet.bin") == sound && bench.bytes("sheet.2.bin") == data);
    let sheet = String::from_utf8(bench.bytes("sheet.cue")).unwrap();
    let second = "REM SESSION 02\nFILE \"sheet.2.bin\" BINARY\n  TRACK 03 MODE2/2352\n    INDEX 01 00:00:00\n";
    assert!(
        sheet.starts_with("REM SESSION 01\n") && sheet.ends_with(second),
        "{sheet}"
    );
    // The first session of such a sheet is taken, and what is not is told.
    let image = [
        "cd",
        "image",
        "sheet.cue",
        "-o",
        "raw",
        "--form",
        "pq16",
        "--json",
    ];
    let told = bench.expect(0, &image).of_type("cd-image")[0].clone();
    assert_eq!(told["lead_out"], 900);
    assert!(told["warnings"].to_string().contains("REM SESSION 2"));
    bench.expect(4, &["cd", "read", DRIVE, "-o", "none", "--session", "3"]);
    // Where the first session ends elsewhere, the volume of the second would not be found: nothing is written.
    bench.expect(0, &["virtual", "create", "tao.vdisc", "--medium", "cd-r"]);
    let before = bench.bytes("tao.vdisc");
    let tao = [
        "audio",
        "--cue",
        "whole.ccd",
        "--drive",
        "virtual:tao.vdisc",
        "--mode",
        "tao",
    ];
    bench.expect(4, &tao);
    assert!(bench.bytes("tao.vdisc") == before);
}

#[test]
fn the_form_of_the_data_can_be_asked_for() {
    for (more, mode) in [
        (&[][..], 2),
        (&["--cd-form", "mode1"], 1),
        (&["--cd-form", "mode2"], 2),
    ] {
        let bench = bench();
        bench.expect(0, &["audio", "--cue", "a.cue", "--drive", DRIVE]);
        let burn = [
            "burn",
            "tree",
            "--drive",
            DRIVE,
            "--new-session",
            "--trace",
            "trace",
        ];
        bench.expect(0, &[&burn[..], more].concat());
        bench.expect(0, &["verify", DRIVE, "tree"]);
        let trace = fs::read_to_string(bench.path("trace")).unwrap();
        let is_xa = trace.to_lowercase().contains("xa form 1")
            || trace.to_lowercase().contains("mode 2 form 1");
        assert_eq!(is_xa, mode == 2, "{more:?}");
    }
}

#[test]
fn sessions_behind_the_first_one_are_compared_with_the_image_of_the_disc() {
    let bench = bench();
    bench.expect(0, &["audio", "--cue", "a.cue", "--drive", DRIVE]);
    let close = ["burn", "tree", "--drive", DRIVE, "--new-session", "--close"];
    bench.expect(0, &close);
    let [image, ..] = whole(&bench, DRIVE);
    let run = bench.expect(0, &["verify", DRIVE, "whole.ccd", "--json"]);
    let told = &run.of_type("cd-verified")[0];
    let later = &told["later_sessions"][0];
    // A run-out of two sectors behind it is the drive's own.
    let blocks = image.len() / 2352 - 900;
    assert_eq!(later["session"], 2);
    assert_eq!((&later["lba"], &later["bad"]), (&12_300.into(), &0.into()));
    assert_eq!(later["sectors"].as_u64(), Some(blocks as u64 - 2));
    let said = |drive: &str| {
        let run = bench.expect(9, &["verify", drive, "whole.ccd", "--json"]);
        assert_eq!(
            run.of_type("cd-verified")[0]["bad"],
            0,
            "the first session is the same"
        );
        let told = run.of_type("difference");
        told.iter()
            .map(|told| told["what"].to_string())
            .collect::<Vec<_>>()
    };
    // The same sound, and behind it nothing, other data, or data that begin elsewhere.
    let other = |name: &str, mode: &str| {
        bench.expect(0, &["virtual", "create", name, "--medium", "cd-r"]);
        let drive = format!("virtual:{name}");
        bench.expect(
            0,
            &["audio", "--cue", "a.cue", "--drive", &drive, "--mode", mode],
        );
        drive
    };
    let drive = other("other.vdisc", "sao");
    let missing = said(&drive);
    assert!(
        missing.len() == 1 && missing[0].contains("session 2 is missing"),
        "{missing:?}"
    );
    let hello = bench.path("tree/hello.txt");
    let text = fs::read_to_string(&hello).unwrap();
    fs::write(&hello, text.replace("hello", "Hello")).unwrap();
    bench.expect(
        0,
        &[
            "burn",
            "tree",
            "--drive",
            &drive,
            "--new-session",
            "--close",
        ],
    );
    let differ = said(&drive);
    assert!(
        !differ.is_empty() && differ.iter().all(|what| what.contains("track 3, 00:")),
        "{differ:?}"
    );
    let drive = other("elsewhere.vdisc", "tao");
    bench.expect(
        0,
        &[
            "burn",
            "tree",
            "--drive",
            &drive,
            "--new-session",
            "--close",
        ],
    );
    let moved = said(&drive);
    assert!(
        moved[0].contains("session 2 begins at LBA 12454, not at LBA 12300"),
        "{moved:?}"
    );
    // A cue sheet has no more than its first session, which is told.
    bench.expect(0, &["cd", "read", DRIVE, "-o", "sheet"]);
    let run = bench.expect(0, &["verify", DRIVE, "sheet.cue", "--json"]);
    let warned = run.of_type("warning");
    assert!(
        warned
            .iter()
            .any(|told| told.to_string().contains("REM SESSION 2"))
    );
}

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
    // The sound ends where its session ends, not where the data begin.
    bench.expect(0, &["cd", "rip", DRIVE, "-o", "rip", "--sheet", "cue"]);
    let sound = bench.bytes("a.bin");
    assert!(bench.bytes("rip/track01.wav")[44..] == sound[..450 * 2352]);
    assert!(bench.bytes("rip/track02.wav")[44..] == sound[450 * 2352..]);
    let read = bench.expect(0, &["cd", "read", DRIVE, "-o", "copy", "--json"]);
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

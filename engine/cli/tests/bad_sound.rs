//! Sound that cannot become a CD: named by its file before the disc is touched.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{Bench, tools};
use std::fs;

fn wave(bench: &Bench, name: &str, frames: u32) {
    let samples: Vec<u8> = (0..frames * 588)
        .flat_map(|n| (n.wrapping_mul(2_654_435_761) | 1).to_le_bytes())
        .collect();
    let mut out = b"RIFF".to_vec();
    out.extend((samples.len() as u32 + 36).to_le_bytes());
    out.extend(b"WAVEfmt \x10\0\0\0\x01\0\x02\0\x44\xac\0\0\x10\xb1\x02\0\x04\0\x10\0data");
    out.extend((samples.len() as u32).to_le_bytes());
    out.extend(samples);
    fs::write(bench.path(name), out).unwrap();
}

#[test]
fn what_is_no_sound_for_a_cd_is_named_by_its_file() {
    let bench = Bench::new();
    wave(&bench, "good.wav", 400);
    wave(&bench, "none.wav", 0);
    wave(&bench, "short.wav", 299);
    wave(&bench, "long.wav", 4600);
    fs::write(bench.path("text.wav"), "this is no sound").unwrap();
    fs::write(bench.path("empty.wav"), "").unwrap();
    let args = [
        "virtual",
        "create",
        "a.vdisc",
        "--medium",
        "cd-r",
        "--capacity",
        "8M",
    ];
    bench.expect(0, &args);
    let before = bench.bytes("a.vdisc");
    let refused = |status: i32, tracks: &[&str], said: &str| {
        let more = ["--drive", "virtual:a.vdisc"];
        let run = bench.expect(status, &[&["audio"], tracks, &more].concat());
        assert!(
            run.stderr.contains(said),
            "{tracks:?}: {said}\n{}",
            run.stderr
        );
        assert!(run.stderr.contains("medium: untouched"), "{}", run.stderr);
        assert!(bench.bytes("a.vdisc") == before, "{tracks:?}");
    };
    for bad in ["text.wav", "empty.wav", "none.wav", "missing.wav"] {
        refused(3, &["good.wav", bad], &format!("{bad}: "));
    }
    refused(3, &["good.wav", "short.wav"], "track 2 has 299 frames");
    refused(
        3,
        &vec!["good.wav"; 100],
        "100 tracks; a disc has at most 99",
    );
    // What the files cannot tell, the disc does.
    refused(4, &["long.wav"], "4600");
}

#[test]
fn damaged_sound_is_found_before_the_disc_is_touched() {
    let bench = Bench::new();
    if tools::tool("bad_sound", "flac").is_none() {
        return;
    }
    wave(&bench, "a.wav", 600);
    tools::output(&bench, "flac", &["-s", "-o", "a.flac", "a.wav"]);
    bench.expect(0, &["virtual", "create", "a.vdisc", "--medium", "cd-r"]);
    let before = bench.bytes("a.vdisc");
    let whole = bench.bytes("a.flac");
    let mut flipped = whole.clone();
    let middle = whole.len() / 2;
    flipped[middle] ^= 0x55;
    for damaged in [&whole[..middle], &flipped] {
        fs::write(bench.path("a.flac"), damaged).unwrap();
        let run = bench.expect(3, &["audio", "a.flac", "--drive", "virtual:a.vdisc"]);
        assert!(run.stderr.contains("a.flac: "), "{}", run.stderr);
        assert!(bench.bytes("a.vdisc") == before);
    }
}

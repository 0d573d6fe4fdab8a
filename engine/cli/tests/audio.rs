//! CDs of sound burned onto virtual ones and read back: the samples are those that sox cut, not one inserted or lost.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{Bench, tools};
use serde_json::Value;
use std::fs;

const TRACKS: [&str; 3] = ["a.wav", "b.wav", "c.wav"];

fn blank(bench: &Bench, name: &str) {
    bench.expect(0, &["virtual", "create", name, "--medium", "cd-r"]);
}

/// Burns the tracks onto a new disc, has them read back, and answers the report.
fn burn(bench: &Bench, drive: &str, more: &[&str]) -> Value {
    let args = [&["audio"][..], &TRACKS, &["--drive", drive, "--json"], more].concat();
    let lines = bench.expect(0, &args).json();
    let report = lines.iter().find(|line| line["type"] == "report").unwrap();
    assert_eq!(report["outcome"], "verified", "{report}");
    report.clone()
}

/// The samples of each track of a disc.
fn ripped(bench: &Bench, drive: &str, more: &[&str]) -> Vec<Vec<u8>> {
    let _ = fs::remove_dir_all(bench.path("rip"));
    bench.expect(0, &[&["cd", "rip", drive, "-o", "rip"], more].concat());
    let samples = |n: usize| bench.bytes(&format!("rip/track{n:02}.wav"))[44..].to_vec();
    (1..=TRACKS.len()).map(samples).collect()
}

fn is_silent(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == 0)
}

#[test]
fn an_album_without_gaps_comes_back_as_the_piece_that_it_was_cut_from() {
    let bench = Bench::new();
    let Some(whole) = tools::album("audio", &bench) else {
        return;
    };
    for mode in ["sao", "raw", "raw-packed", "raw-pq"] {
        let disc = format!("{mode}.vdisc");
        blank(&bench, &disc);
        let drive = format!("virtual:{disc}");
        burn(&bench, &drive, &["--gapless", "--mode", mode]);
        let read = ripped(&bench, &drive, &[]).concat();
        assert!(read[..whole.len()] == whole, "{mode}");
        assert!(
            is_silent(&read[whole.len()..]) && read.len() < whole.len() + 2352,
            "{mode}"
        );
    }
}

#[test]
fn pauses_and_the_gaps_of_a_drive_are_all_that_is_added() {
    let bench = Bench::new();
    let Some(whole) = tools::album("audio", &bench) else {
        return;
    };
    let lengths = TRACKS.map(|name| bench.bytes(name).len() - 44);
    // A pause belongs to the end of the track before, as tables of contents have it; behind tracks that are written one by
    // one there are two blocks of run-out, too.
    for (mode, pause) in [("sao", 75), ("raw", 75), ("tao", 152)] {
        let disc = format!("{mode}.vdisc");
        blank(&bench, &disc);
        let drive = format!("virtual:{disc}");
        let given = if mode == "tao" { "150" } else { "75" };
        burn(&bench, &drive, &["--pause", given, "--mode", mode]);
        let mut from = 0;
        for (track, length) in ripped(&bench, &drive, &[]).iter().zip(lengths) {
            assert!(track[..length] == whole[from..from + length], "{mode}");
            assert!(is_silent(&track[length..]), "{mode}");
            let frames = length.div_ceil(2352);
            let is_last = from + length == whole.len();
            let added = track.len() / 2352 - frames;
            match (is_last, mode) {
                (true, "tao") => assert_eq!(added, 2),
                (true, _) => assert_eq!(added, 0),
                _ => assert_eq!(added, pause, "{mode}"),
            }
            from += length;
        }
    }
}

#[test]
fn a_drive_that_reads_from_elsewhere_is_seen_through() {
    let bench = Bench::new();
    let Some(whole) = tools::album("audio", &bench) else {
        return;
    };
    blank(&bench, "disc.vdisc");
    for (profile, offset) in [("late", 667_i32), ("early", -1164)] {
        let text = format!("about = \"a read offset\"\n[does]\naudio_read_offset = {offset}\n");
        fs::write(bench.path(format!("{profile}.toml")), text).unwrap();
        let disc = format!("{profile}.vdisc");
        blank(&bench, &disc);
        let drive = format!("virtual:{disc},profile={profile}.toml");
        let report = burn(&bench, &drive, &["--gapless"]);
        let notes = report["notes"].to_string();
        let told = format!("read offset is {offset:+} samples");
        assert!(notes.contains(&told), "{notes}");
        let moved = (-offset).to_string();
        let read = ripped(&bench, &drive, &["--read-offset", &moved]).concat();
        let seen = offset.unsigned_abs() as usize * 4;
        let (from, to) = if offset > 0 {
            (seen, whole.len())
        } else {
            (0, whole.len() - seen)
        };
        assert!(read[from..to] == whole[from..to], "{profile}");
    }
}

#[test]
fn a_sheet_with_sound_is_burned_as_its_tracks_say() {
    let bench = Bench::new();
    if tools::album("audio", &bench).is_none() {
        return;
    }
    let sheet = "CATALOG 4006381333931\nTITLE Album\nFILE a.wav WAVE\nTRACK 1 AUDIO\nTITLE One\nFLAGS DCP\nISRC USAT29902803\n\
        INDEX 1 0:0:0\nFILE b.wav WAVE\nTRACK 2 AUDIO\nTITLE Two\nPREGAP 0:2:0\nINDEX 1 0:0:0\n";
    fs::write(bench.path("a.cue"), sheet).unwrap();
    blank(&bench, "disc.vdisc");
    let drive = "virtual:disc.vdisc";
    let options = [
        ["--cd-form", "mode1"],
        ["--recording", "at-once"],
        ["--journal", "none"],
    ];
    for [option, value] in options {
        let refused = bench.expect(2, &["burn", "a.cue", "--drive", drive, option, value]);
        assert!(refused.stderr.contains(option), "{}", refused.stderr);
    }
    bench.expect(0, &["burn", "a.cue", "--drive", drive]);
    let toc = bench.expect(0, &["cd", "toc", drive, "--json"]).json();
    let tracks = toc[0]["tracks"].as_array().unwrap();
    let told: Vec<_> = tracks
        .iter()
        .map(|track| {
            (
                track["kind"].as_str().unwrap(),
                track["first_lba"].as_i64().unwrap(),
                track["copy_permitted"].as_bool().unwrap(),
            )
        })
        .collect();
    assert_eq!(told, [("audio", 0, true), ("audio", 310 + 150, false)]);
    let text = bench.expect(0, &["cd", "text", drive]).text();
    for line in [
        "album     title: Album",
        "track 1   title: One",
        "track 2   title: Two",
        "code: USAT29902803",
    ] {
        assert!(text.contains(line), "{text}");
    }
    // The disc is full of sound; it takes no second album.
    let refused = bench.expect(4, &["burn", "a.cue", "--drive", drive]);
    assert!(refused.stderr.contains("medium: "), "{}", refused.stderr);
}

#[test]
fn data_and_sound_on_one_disc_are_both_compared() {
    let bench = Bench::new();
    let mut file: Vec<u8> = (0..300 * 2048u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    file.extend((0..400 * 588u32).flat_map(|n| (n.wrapping_mul(2_654_435_761) | 1).to_le_bytes()));
    fs::write(bench.path("a.bin"), &file).unwrap();
    let sheet = "FILE a.bin BINARY\nTRACK 1 MODE1/2048\nINDEX 1 0:0:0\nTRACK 2 AUDIO\nPREGAP 0:2:0\nINDEX 1 0:4:0\n";
    fs::write(bench.path("a.cue"), sheet).unwrap();
    for mode in ["sao", "tao", "raw"] {
        let disc = format!("{mode}.vdisc");
        blank(&bench, &disc);
        let drive = format!("virtual:{disc}");
        let args = ["audio", "--cue", "a.cue", "--drive", &drive, "--mode", mode];
        bench.expect(0, &args);
        let read = bench.expect(0, &["read", &drive, "--track", "1", "-o", "data"]);
        drop(read);
        assert!(
            bench.bytes("data")[..300 * 2048] == file[..300 * 2048],
            "{mode}"
        );
        let _ = fs::remove_dir_all(bench.path("rip"));
        bench.expect(0, &["cd", "rip", &drive, "-o", "rip"]);
        let sound = bench.bytes("rip/track02.wav");
        assert!(sound[44..][..400 * 2352] == file[300 * 2048..], "{mode}");
    }
}

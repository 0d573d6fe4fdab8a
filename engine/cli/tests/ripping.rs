//! Sound that is read back from a disc: in the format that is asked for, against the digests that were taken when it was
//! burned, and through drives that write or read it beside its place.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{Bench, tools};
use serde_json::Value;
use std::fs;

/// Frames of the three tracks.
const FRAMES: [u32; 3] = [400, 350, 500];

/// Sound that a FLAC encoder can shorten: a wave with a little noise on it.
fn samples(frames: u32, seed: u32) -> Vec<u8> {
    (0..frames * 588)
        .flat_map(|n| {
            let noise = (((n ^ seed).wrapping_mul(2_654_435_761) >> 24) as i16) - 128;
            let wave = ((f64::from(n) / 40.0).sin() * 8000.0) as i16;
            [wave + noise, -wave + noise].map(i16::to_le_bytes).concat()
        })
        .collect()
}

fn wave(bench: &Bench, name: &str, samples: &[u8]) {
    let mut out = b"RIFF".to_vec();
    out.extend((samples.len() as u32 + 36).to_le_bytes());
    out.extend(b"WAVEfmt \x10\0\0\0\x01\0\x02\0\x44\xac\0\0\x10\xb1\x02\0\x04\0\x10\0data");
    out.extend((samples.len() as u32).to_le_bytes());
    out.extend(samples);
    fs::write(bench.path(name), out).unwrap();
}

/// Three tracks, and all of their samples.
fn album(bench: &Bench) -> Vec<u8> {
    let mut whole = Vec::new();
    for (number, frames) in FRAMES.into_iter().enumerate() {
        let track = samples(frames, number as u32 * 77);
        wave(bench, &format!("{number}.wav"), &track);
        whole.extend(track);
    }
    whole
}

fn blank(bench: &Bench, name: &str, more: &str) -> String {
    bench.expect(0, &["virtual", "create", name, "--medium", "cd-r"]);
    format!("virtual:{name}{more}")
}

fn burn(bench: &Bench, drive: &str, more: &[&str]) {
    let album = [
        "audio",
        "0.wav",
        "1.wav",
        "2.wav",
        "--gapless",
        "--drive",
        drive,
    ];
    bench.expect(0, &[&album[..], more].concat());
}

/// What was said of a rip, which ends with this status.
fn rip(bench: &Bench, drive: &str, status: i32, more: &[&str]) -> Value {
    let _ = fs::remove_dir_all(bench.path("rip"));
    let args = ["cd", "rip", drive, "-o", "rip", "--json"];
    let run = bench.expect(status, &[&args[..], more].concat());
    run.of_type("cd-ripped")[0].clone()
}

fn read(bench: &Bench) -> Vec<u8> {
    let track = |n: usize| bench.bytes(&format!("rip/track{n:02}.wav"))[44..].to_vec();
    (1..=FRAMES.len()).flat_map(track).collect()
}

fn results(ripped: &Value) -> Vec<String> {
    let tracks = ripped["tracks"].as_array().unwrap();
    let result = |track: &Value| track["digest"].as_str().unwrap_or("none").to_owned();
    tracks.iter().map(result).collect()
}

#[test]
fn a_rip_is_judged_by_the_digests_of_its_burn() {
    let bench = Bench::new();
    album(&bench);
    for mode in ["sao", "tao", "raw"] {
        let drive = blank(&bench, &format!("{mode}.vdisc"), "");
        burn(&bench, &drive, &["--mode", mode, "--digests", "sums"]);
        let text = fs::read_to_string(bench.path("sums")).unwrap();
        assert_eq!(text.lines().count(), 2 + FRAMES.len(), "{text}");
        let ripped = rip(&bench, &drive, 0, &["--digests", "sums"]);
        assert_eq!(results(&ripped), ["equal"; 3], "{mode}");
        // A digest that says something else is seen, and told by its track.
        let line = text.lines().nth(3).unwrap();
        let digits = line.split(' ').nth(3).unwrap();
        let other = digits.replace(|c: char| c.is_ascii_digit(), "e");
        fs::write(bench.path("sums"), text.replace(digits, &other)).unwrap();
        let ripped = rip(&bench, &drive, 9, &["--digests", "sums"]);
        assert_eq!(results(&ripped), ["equal", "differs", "equal"], "{mode}");
        // So is a track that the disc has not.
        let more = text.lines().last().unwrap().replacen("3 ", "4 ", 1);
        fs::write(bench.path("sums"), format!("{text}{more}\n")).unwrap();
        let ripped = rip(&bench, &drive, 9, &["--digests", "sums"]);
        assert_eq!(ripped["missing"], serde_json::json!([4]), "{mode}");
        let one = rip(&bench, &drive, 0, &["--digests", "sums", "--track", "2"]);
        assert_eq!(results(&one), ["equal"]);
    }
}

#[test]
fn files_that_are_no_digests_are_refused_by_line() {
    let bench = Bench::new();
    album(&bench);
    let drive = blank(&bench, "a.vdisc", "");
    burn(&bench, &drive, &["--digests", "sums"]);
    let text = fs::read_to_string(bench.path("sums")).unwrap();
    for (wrong, said) in [
        ("nothing\n".to_owned(), "sums: line 1: "),
        (text.replacen("\n2 ", "\n1 ", 1), "sums: line 4: "),
        (text.replacen("\n3 ", "\nthree ", 1), "sums: line 5: "),
    ] {
        fs::write(bench.path("sums"), wrong).unwrap();
        let run = bench.expect(3, &["cd", "rip", &drive, "-o", "rip", "--digests", "sums"]);
        assert!(run.stderr.contains(said), "{said}: {}", run.stderr);
    }
    // The digests never take the place of the sound.
    let other = blank(&bench, "b.vdisc", "");
    let args = ["audio", "0.wav", "--drive", &other, "--digests", "0.wav"];
    bench.expect(2, &args);
    assert!(bench.bytes("0.wav").starts_with(b"RIFF"));
}

#[test]
fn sound_that_is_written_beside_its_place_is_read_from_there() {
    let bench = Bench::new();
    let whole = album(&bench);
    for mode in ["sao", "raw"] {
        for offset in [667i32, -30, 588, -1200] {
            let drive = blank(&bench, &format!("{mode}{offset}.vdisc"), "");
            let text = offset.to_string();
            let more = ["--mode", mode, "--write-offset", &text, "--digests", "sums"];
            burn(&bench, &drive, &more);
            let said = format!("{mode}, {offset}");
            // Read as it stands, it is beside its place by so many samples, and silence where nothing came to stand.
            rip(&bench, &drive, 0, &[]);
            let moved = (offset.unsigned_abs() as usize) * 4;
            let as_it_stands = read(&bench);
            match offset > 0 {
                true => {
                    assert!(
                        as_it_stands[moved..] == whole[..whole.len() - moved],
                        "{said}"
                    );
                    assert!(
                        as_it_stands[..moved].iter().all(|byte| *byte == 0),
                        "{said}"
                    );
                }
                false => {
                    assert!(
                        as_it_stands[..whole.len() - moved] == whole[moved..],
                        "{said}"
                    );
                    let rest = &as_it_stands[whole.len() - moved..];
                    assert!(rest.iter().all(|byte| *byte == 0), "{said}");
                }
            }
            // Read from where it stands it is the same; what came to stand outside of the program is lost.
            let ripped = rip(
                &bench,
                &drive,
                0,
                &["--read-offset", &text, "--digests", "sums"],
            );
            let again = read(&bench);
            let (from, to) = match offset > 0 {
                true => (0, whole.len() - moved),
                false => (moved, whole.len()),
            };
            assert!(again[from..to] == whole[from..to], "{said}");
            let ends = match offset > 0 {
                true => ["equal", "equal", "equal-inside"],
                false => ["equal-inside", "equal", "equal"],
            };
            assert_eq!(results(&ripped), ends, "{said}");
            // Without the offset no digest is met.
            let wrong = rip(&bench, &drive, 9, &["--digests", "sums"]);
            assert_eq!(results(&wrong), ["differs"; 3], "{said}");
        }
    }
}

#[test]
fn flac_files_are_whole_and_know_what_they_are() {
    let bench = Bench::new();
    let whole = album(&bench);
    let required = ["flac", "metaflac"].map(|program| tools::tool("ripping", program));
    if required.contains(&None) {
        return;
    }
    let sheet = "CATALOG 4006381333931\nTITLE Album\nPERFORMER Somebody\n".to_owned()
        + "FILE 0.wav WAVE\nTRACK 1 AUDIO\nTITLE One\nISRC USAT29902803\nINDEX 1 0:0:0\n"
        + "FILE 1.wav WAVE\nTRACK 2 AUDIO\nTITLE \"Größe\"\nPERFORMER Another\nINDEX 1 0:0:0\n"
        + "FILE 2.wav WAVE\nTRACK 3 AUDIO\nINDEX 1 0:0:0\n";
    fs::write(bench.path("a.cue"), sheet).unwrap();
    let drive = blank(&bench, "a.vdisc", "");
    bench.expect(
        0,
        &[
            "audio",
            "--cue",
            "a.cue",
            "--drive",
            &drive,
            "--digests",
            "sums",
        ],
    );
    let ripped = rip(
        &bench,
        &drive,
        0,
        &["--format", "flac", "--digests", "sums"],
    );
    assert_eq!(results(&ripped), ["equal"; 3]);
    let mut from = 0;
    for (frames, number) in FRAMES.into_iter().zip(1..) {
        let name = format!("rip/track{number:02}.flac");
        // The encoder's own sum of the samples is among what is tested, and a warning fails, too.
        tools::output(&bench, "flac", &["-s", "-w", "-t", &name]);
        tools::output(
            &bench,
            "flac",
            &[
                "-s",
                "-d",
                "-f",
                "--force-raw-format",
                "--endian=little",
                "--sign=signed",
                "-o",
                "raw",
                &name,
            ],
        );
        let bytes = frames as usize * 2352;
        assert!(bench.bytes("raw") == whole[from..from + bytes], "{name}");
        assert!(bench.bytes(&name).len() < bytes, "{name}");
        from += bytes;
        let list = tools::output(&bench, "metaflac", &["--list", &name]);
        for said in [
            "sample_rate: 44100 Hz",
            "channels: 2",
            "bits-per-sample: 16",
            &format!("total samples: {}", frames * 588),
        ] {
            assert!(list.contains(said), "{said}\n{list}");
        }
        assert!(
            !list.contains("MD5 signature: 00000000000000000000000000000000"),
            "{list}"
        );
    }
    let tag = |number: u32, name: &str| {
        let show = format!("--show-tag={name}");
        tools::output(
            &bench,
            "metaflac",
            &[&show, &format!("rip/track{number:02}.flac")],
        )
    };
    assert_eq!(tag(1, "TITLE").trim(), "TITLE=One");
    assert_eq!(tag(1, "ISRC").trim(), "ISRC=USAT29902803");
    assert_eq!(tag(1, "ARTIST").trim(), "ARTIST=Somebody");
    assert_eq!(tag(2, "TITLE").trim(), "TITLE=Größe");
    assert_eq!(tag(2, "ARTIST").trim(), "ARTIST=Another");
    assert_eq!(tag(3, "TRACKNUMBER").trim(), "TRACKNUMBER=3");
    assert_eq!(tag(3, "ALBUM").trim(), "ALBUM=Album");
    assert_eq!(tag(3, "MCN").trim(), "MCN=4006381333931");
    rip(&bench, &drive, 0, &["--format", "flac", "--whole"]);
    tools::output(&bench, "flac", &["-s", "-w", "-t", "rip/disc.flac"]);
    tools::output(
        &bench,
        "flac",
        &[
            "-s",
            "-d",
            "-f",
            "--force-raw-format",
            "--endian=little",
            "--sign=signed",
            "-o",
            "raw",
            "rip/disc.flac",
        ],
    );
    assert!(bench.bytes("raw") == whole);
}

#[test]
fn sound_that_is_hidden_before_the_first_track_is_read_too() {
    let bench = Bench::new();
    let whole = album(&bench);
    fs::write(bench.path("a.bin"), &whole).unwrap();
    let sheet = "FILE a.bin BINARY\nTRACK 1 AUDIO\nINDEX 0 0:0:0\nINDEX 1 0:5:25\nTRACK 2 AUDIO\nINDEX 1 0:10:0\n";
    fs::write(bench.path("a.cue"), sheet).unwrap();
    let drive = blank(&bench, "a.vdisc", "");
    bench.expect(0, &["burn", "a.cue", "--drive", &drive]);
    let ripped = rip(&bench, &drive, 0, &[]);
    let numbers: Vec<_> = ripped["tracks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|track| track["number"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, [0, 1, 2]);
    assert!(bench.bytes("rip/track00.wav")[44..] == whole[..400 * 2352]);
    let one = rip(&bench, &drive, 0, &["--track", "1"]);
    assert_eq!(one["tracks"].as_array().unwrap().len(), 1);
}

#[test]
fn what_a_disc_says_of_itself_is_listed() {
    let bench = Bench::new();
    fs::write(bench.path("a.bin"), samples(1500, 3)).unwrap();
    let sheet = "CATALOG 4006381333931\nFILE a.bin BINARY\nTRACK 1 AUDIO\nISRC USAT29902803\nINDEX 1 0:0:0\nINDEX 2 0:3:0\nINDEX 3 0:4:50\n\
        TRACK 2 AUDIO\nINDEX 0 0:8:0\nINDEX 1 0:10:0\nTRACK 3 AUDIO\nISRC USAT29902805\nINDEX 1 0:14:5\n";
    fs::write(bench.path("a.cue"), sheet).unwrap();
    for mode in ["sao", "raw"] {
        let drive = blank(&bench, &format!("{mode}.vdisc"), "");
        bench.expect(
            0,
            &["audio", "--cue", "a.cue", "--drive", &drive, "--mode", mode],
        );
        let toc = &bench.expect(0, &["cd", "toc", &drive, "--json"]).json()[0];
        assert_eq!(toc["catalogue"], "4006381333931", "{mode}");
        let codes: Vec<_> = (0..3)
            .map(|at| toc["tracks"][at]["isrc"].as_str())
            .collect();
        assert_eq!(codes, [Some("USAT29902803"), None, Some("USAT29902805")]);
        assert!(toc["tracks"][0].get("indexes").is_none());
        let toc = &bench
            .expect(0, &["cd", "toc", &drive, "--indexes", "--json"])
            .json()[0];
        let track = |at: usize, field: &str| toc["tracks"][at][field].clone();
        assert_eq!(track(0, "indexes"), serde_json::json!([225, 350]), "{mode}");
        assert_eq!(
            (track(0, "pregap"), track(1, "pregap"), track(2, "pregap")),
            (0.into(), 150.into(), 0.into())
        );
        assert_eq!(track(1, "indexes"), serde_json::json!([]));
        let text = bench.expect(0, &["cd", "toc", &drive, "--indexes"]).text();
        for said in [
            "index 3 at LBA 350",
            "behind 00:02:00",
            "ISRC USAT29902805",
            "catalogue",
        ] {
            assert!(text.contains(said), "{said}\n{text}");
        }
    }
}

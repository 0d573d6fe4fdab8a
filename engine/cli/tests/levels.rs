//! Albums that are made louder or quieter: what sox measures of the samples that came onto the disc.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{Bench, tools};
use std::fs;
use std::process::Command;

/// A quiet track and a quieter one.
fn album(bench: &Bench) -> Option<()> {
    tools::tool("levels", "sox")?;
    for (name, level) in [("a.wav", "0.25"), ("b.wav", "0.05")] {
        let args = [
            "-R",
            "-n",
            "-r",
            "44100",
            "-c",
            "2",
            "-b",
            "16",
            name,
            "synth",
            "8",
            "pinknoise",
            "vol",
            level,
        ];
        tools::output(bench, "sox", &args);
    }
    Some(())
}

/// Burns at a level; what was told, and the greatest sample of each track on the disc.
fn burned(bench: &Bench, level: &str) -> (String, [u16; 2]) {
    let disc = format!("{}.vdisc", level.replace('=', ""));
    bench.expect(0, &["virtual", "create", &disc, "--medium", "cd-r"]);
    let drive = format!("virtual:{disc}");
    let args = [
        "audio",
        "a.wav",
        "b.wav",
        "--drive",
        &drive,
        "--normalise",
        level,
    ];
    let run = bench.expect(0, &args);
    let _ = fs::remove_dir_all(bench.path("rip"));
    bench.expect(0, &["cd", "rip", &drive, "-o", "rip"]);
    let peak = |n: usize| {
        let samples = bench.bytes(&format!("rip/track{n:02}.wav"));
        let samples = samples[44..].as_chunks::<2>().0.iter();
        samples
            .map(|sample| i16::from_le_bytes(*sample).unsigned_abs())
            .max()
            .unwrap()
    };
    (run.stderr, [peak(1), peak(2)])
}

fn peaks(bench: &Bench) -> [u16; 2] {
    ["a.wav", "b.wav"].map(|name| {
        let samples = bench.bytes(name);
        let samples = samples[44..].as_chunks::<2>().0.iter();
        samples
            .map(|sample| i16::from_le_bytes(*sample).unsigned_abs())
            .max()
            .unwrap()
    })
}

#[test]
fn the_greatest_sample_of_the_album_comes_to_full_scale_and_its_tracks_stay_apart() {
    let bench = Bench::new();
    if album(&bench).is_none() {
        return;
    }
    let before = peaks(&bench);
    let (told, after) = burned(&bench, "peak");
    assert!(told.contains("dB louder"), "{told}");
    assert!((32_766..=32_768).contains(&after[0]), "{after:?}");
    let ratio = |peaks: [u16; 2]| f64::from(peaks[0]) / f64::from(peaks[1]);
    assert!(
        (ratio(before) / ratio(after) - 1.0).abs() < 0.01,
        "{before:?} {after:?}"
    );
}

#[test]
fn an_album_comes_to_its_loudness_but_not_beyond_its_ceiling() {
    let bench = Bench::new();
    if album(&bench).is_none() {
        return;
    }
    let before = f64::from(peaks(&bench)[0]);
    let (told, after) = burned(&bench, "loudness=-30");
    assert!(told.contains("LUFS"), "{told}");
    assert!(!told.contains("allows no more"), "{told}");
    // What is told is what was done.
    let gain: f64 = told
        .split(" dB ")
        .next()
        .unwrap()
        .rsplit(' ')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    let gain = if told.contains("quieter") {
        -gain
    } else {
        gain
    };
    let wanted = before * 10f64.powf(gain / 20.0);
    assert!(
        (f64::from(after[0]) / wanted - 1.0).abs() < 0.01,
        "{gain} {before} {after:?}"
    );
    let heard: f64 = told
        .split("(it has ")
        .nth(1)
        .unwrap()
        .split(' ')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    assert!((heard + gain - -30.0).abs() < 0.02, "{told}");
    // One decibel below full scale is as far as it goes.
    let (told, after) = burned(&bench, "loudness=-5");
    assert!(told.contains("allows no more"), "{told}");
    let ceiling = 32_768.0 * 10f64.powf(-1.0 / 20.0);
    assert!(f64::from(after[0]) < ceiling + 4.0, "{after:?}");
    // So it is between samples, for another program: at four times as many of them.
    let args = ["rip/track01.wav", "-n", "rate", "-v", "176400", "stats"];
    let asked = Command::new("sox")
        .args(args)
        .current_dir(bench.path("."))
        .output();
    let said = String::from_utf8_lossy(&asked.unwrap().stderr).into_owned();
    let line = said.lines().find(|line| line.starts_with("Pk lev dB"));
    let peak: f64 = line
        .unwrap()
        .split_whitespace()
        .nth(3)
        .unwrap()
        .parse()
        .unwrap();
    assert!((-1.15..=-0.85).contains(&peak), "{said}");
}

#[test]
fn the_plan_tells_the_gain_and_samples_alone_have_none() {
    let bench = Bench::new();
    if album(&bench).is_none() {
        return;
    }
    bench.expect(0, &["virtual", "create", "p.vdisc", "--medium", "cd-r"]);
    let plan = [
        "audio",
        "a.wav",
        "b.wav",
        "--drive",
        "virtual:p.vdisc",
        "--normalise",
        "peak",
        "--plan",
        "--json",
    ];
    let lines = bench.expect(0, &plan).of_type("warning");
    let told: Vec<_> = lines
        .iter()
        .map(|line| line["message"].to_string())
        .collect();
    assert!(
        told.iter().any(|line| line.contains("dB louder")),
        "{told:?}"
    );
    let sound = bench.bytes("a.wav")[44..].to_vec();
    fs::write(bench.path("a.bin"), sound).unwrap();
    fs::write(
        bench.path("a.cue"),
        "FILE a.bin BINARY\nTRACK 1 AUDIO\nINDEX 1 0:0:0\n",
    )
    .unwrap();
    let args = [
        "audio",
        "--cue",
        "a.cue",
        "--drive",
        "virtual:p.vdisc",
        "--normalise",
        "peak",
    ];
    let refused = bench.expect(3, &args);
    assert!(
        refused.stderr.contains("a.bin: samples alone"),
        "{}",
        refused.stderr
    );
    for wrong in ["loud", "loudness=5", "peak=3"] {
        bench.expect(
            2,
            &[
                "audio",
                "a.wav",
                "--drive",
                "virtual:p.vdisc",
                "--normalise",
                wrong,
            ],
        );
    }
}

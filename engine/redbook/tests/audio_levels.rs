//! An album made louder or quieter: as the standard's own signal and another program's measure say.
#![cfg(feature = "decode")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

use pitland_redbook::audio::{AudioFile, Gain, Loudness, Sample};
use std::f64::consts::TAU;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;

/// A file of so many seconds of 1 kHz on both channels, so many decibels below full scale.
fn tone(folder: &Path, name: &str, seconds: u32, decibels: f64) -> AudioFile {
    let amplitude = 10f64.powf(decibels / 20.0) * 32_768.0;
    let data: Vec<u8> = (0..seconds * 44_100)
        .map(|at| (f64::from(at) / 44_100.0 * 1000.0 * TAU).sin() * amplitude)
        .flat_map(|value| [value.round() as i16; 2])
        .flat_map(i16::to_le_bytes)
        .collect();
    let path = folder.join(name);
    fs::write(&path, wav(&data)).unwrap();
    AudioFile::measure(&path).unwrap()
}

fn wav(data: &[u8]) -> Vec<u8> {
    let mut out = b"RIFF".to_vec();
    out.extend((36 + data.len() as u32).to_le_bytes());
    out.extend(b"WAVEfmt \x10\0\0\0\x01\0\x02\0");
    out.extend(44_100u32.to_le_bytes());
    out.extend(176_400u32.to_le_bytes());
    out.extend(b"\x04\0\x10\0data");
    out.extend((data.len() as u32).to_le_bytes());
    out.extend(data);
    out
}

fn samples(file: &AudioFile, gain: Gain) -> Vec<Sample> {
    let mut stream = file.stream_at(gain).unwrap();
    let mut all = vec![[0; 2]; file.samples() as usize + 1];
    let read = stream.read(&mut all).unwrap();
    all.truncate(read);
    all
}

#[track_caller]
fn near(found: f64, wanted: f64, by: f64) {
    assert!((found - wanted).abs() <= by, "{found}, not {wanted}");
}

/// The first signals of the EBU's own list (Tech 3341): a tone of 1 kHz at -23 and at -33 decibels has these loudnesses.
#[test]
fn tones_are_as_loud_as_the_standard_says() {
    let folder = tempfile::tempdir().unwrap();
    for decibels in [-23.0, -33.0] {
        let file = tone(folder.path(), "tone.wav", 20, decibels);
        near(
            Loudness::measure(&file).unwrap().lufs().unwrap(),
            decibels,
            0.1,
        );
    }
    let path = folder.path().join("silence.wav");
    fs::write(&path, wav(&[0; 400_000])).unwrap();
    let silence = AudioFile::measure(&path).unwrap();
    assert_eq!(Loudness::measure(&silence).unwrap().lufs(), None);
    assert!(Gain::to_peak([&silence], 0.0).is_none());
}

#[test]
fn tracks_of_an_album_keep_their_levels_beside_one_another() {
    let folder = tempfile::tempdir().unwrap();
    let loud = tone(folder.path(), "loud.wav", 8, -20.0);
    let quiet = tone(folder.path(), "quiet.wav", 8, -26.0);
    let heard = [&loud, &quiet].map(|file| Loudness::measure(file).unwrap());
    let album = Loudness::of_album(&heard).unwrap();
    assert!((-26.0..-20.0).contains(&album), "{album}");
    let gain = Gain::to_loudness([&loud, &quiet], album, album + 6.0, -1.0);
    near(gain.decibels(), 6.0, 0.01);
    let peak = |file| {
        let samples = samples(file, gain);
        f64::from(
            samples
                .as_flattened()
                .iter()
                .map(|s| s.unsigned_abs())
                .max()
                .unwrap(),
        )
    };
    near(20.0 * (peak(&loud) / peak(&quiet)).log10(), 6.0, 0.02);
    // A target beyond what there is room for ends at the ceiling.
    let gain = Gain::to_loudness([&loud, &quiet], album, 0.0, -1.0);
    near(gain.decibels(), 19.0, 0.01);
}

#[test]
fn another_program_finds_the_peak_that_was_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let file = tone(folder.path(), "a.wav", 4, -17.0);
    let gain = Gain::to_peak([&file], -0.5);
    let louder: Vec<u8> = samples(&file, gain)
        .as_flattened()
        .iter()
        .flat_map(|sample| sample.to_le_bytes())
        .collect();
    let path = folder.path().join("louder.wav");
    fs::write(&path, wav(&louder)).unwrap();
    let asked = Command::new("sox")
        .arg(&path)
        .args(["-n", "stats"])
        .output();
    let Ok(output) = asked else {
        assert!(
            std::env::var("PITLAND_REQUIRE_TOOLS").as_deref() != Ok("1"),
            "sox is missing, and PITLAND_REQUIRE_TOOLS=1"
        );
        // Past the harness, which keeps what passing tests print.
        let _ = writeln!(std::io::stderr(), "not run: audio_levels: sox missing");
        return;
    };
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let line = said.lines().find(|line| line.starts_with("Pk lev dB"));
    let peak = line
        .unwrap_or_else(|| panic!("{said}"))
        .split_whitespace()
        .nth(3);
    near(peak.unwrap().parse().unwrap(), -0.5, 0.01);
}

#[test]
fn no_gain_is_every_bit_and_the_same_gain_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    let file = tone(folder.path(), "a.wav", 2, -10.0);
    let mut plain = vec![[0; 2]; file.samples() as usize];
    file.stream().unwrap().read(&mut plain).unwrap();
    assert_eq!(samples(&file, Gain::NONE), plain);
    let gain = Gain::to_peak([&file], -3.0);
    assert_eq!(samples(&file, gain), samples(&file, gain));
    assert_ne!(samples(&file, gain), plain);
}

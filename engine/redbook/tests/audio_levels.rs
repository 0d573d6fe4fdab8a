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
        let file = tone(folder.path(), "tone.wav", 5, decibels);
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
    let loud = tone(folder.path(), "loud.wav", 3, -20.0);
    let quiet = tone(folder.path(), "quiet.wav", 3, -26.0);
    let heard = [&loud, &quiet].map(|file| Loudness::measure(file).unwrap());
    let album = Loudness::of_album(&heard).unwrap();
    assert!((-26.0..-20.0).contains(&album), "{album}");
    let gain = Gain::to_loudness(&heard, album, album + 6.0, -1.0);
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
    let gain = Gain::to_loudness(&heard, album, 0.0, -1.0);
    near(gain.decibels(), 19.0, 0.01);
}

/// A sine whose samples all lie halfway between its crests and its zeros: the true peak is 3.01 decibels above them. It
/// fades in and out, for a sudden beginning has peaks of its own.
fn between_samples(folder: &Path, decibels: f64) -> AudioFile {
    let amplitude = 10f64.powf(decibels / 20.0) * 32_768.0;
    let count = 44_100u32;
    let data: Vec<u8> = (0..count)
        .map(|at| {
            let fade = f64::from(at.min(count - at)) / 4410.0;
            ((f64::from(at) + 0.5) * TAU / 4.0).sin() * amplitude * fade.min(1.0)
        })
        .flat_map(|value| [value.round() as i16; 2])
        .flat_map(i16::to_le_bytes)
        .collect();
    let path = folder.join("between.wav");
    fs::write(&path, wav(&data)).unwrap();
    AudioFile::measure(&path).unwrap()
}

#[test]
fn a_peak_between_samples_limits_loudness() {
    let folder = tempfile::tempdir().unwrap();
    let file = between_samples(folder.path(), -6.0);
    let decibels = |peak: f64| 20.0 * peak.log10();
    near(decibels(file.peak()), -9.01, 0.01);
    let heard = [Loudness::measure(&file).unwrap()];
    near(decibels(heard[0].true_peak()), -6.0, 0.1);
    let album = Loudness::of_album(&heard).unwrap();
    // As loud as it could be: 5 dB, not the 8 for which its samples alone have room.
    let gain = Gain::to_loudness(&heard, album, album + 20.0, -1.0);
    near(gain.decibels(), 5.0, 0.1);
    let gain = Gain::to_loudness(&heard, album, album + 2.0, -1.0);
    near(gain.decibels(), 2.0, 0.001);
    // A peak is one of samples.
    near(Gain::to_peak([&file], -1.0).decibels(), 8.01, 0.01);
}

/// Floating samples may be greater than full scale: what is cut off when they are recorded as they are is there when they
/// are made quieter.
#[test]
fn what_is_above_full_scale_is_not_lost_before_it_becomes_quieter() {
    let folder = tempfile::tempdir().unwrap();
    let values = (0..88_200u32).map(|at| (f64::from(at) / 441.0 * TAU).sin() * 2.0);
    let data: Vec<u8> = values
        .clone()
        .flat_map(|value| [value as f32; 2])
        .flat_map(f32::to_le_bytes)
        .collect();
    let mut content = wav(&data);
    content[20..22].copy_from_slice(&3u16.to_le_bytes());
    content[28..32].copy_from_slice(&352_800u32.to_le_bytes());
    content[32..36].copy_from_slice(&[8, 0, 32, 0]);
    let path = folder.path().join("loud.wav");
    fs::write(&path, &content).unwrap();
    let file = AudioFile::measure(&path).unwrap();
    near(file.peak(), 2.0, 1e-4);
    let gain = Gain::to_peak([&file], -6.0);
    near(gain.decibels(), -12.02, 0.01);
    let half = 10f64.powf(-6.0 / 20.0) * 16_384.0;
    for (value, [left, _]) in values.zip(samples(&file, gain)) {
        near(f64::from(left), value * half, 1.6);
    }
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

//! Sound files judged by other programs: they encode, and their decoders say what the samples are.
#![cfg(feature = "decode")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

use pitland_redbook::audio::{AudioFault, AudioFile, Sample};
use std::f64::consts::TAU;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Runs a program of others; `false` where it is missing, which is said.
fn outside(test: &str, command: &mut Command) -> bool {
    let program = command.get_program().to_string_lossy().into_owned();
    match command.output() {
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.success(), "{command:?}: {said}");
            true
        }
        Err(_) => {
            assert!(
                std::env::var("PITLAND_REQUIRE_TOOLS").as_deref() != Ok("1"),
                "{program} is missing, and PITLAND_REQUIRE_TOOLS=1"
            );
            // Past the harness, which keeps what passing tests print.
            let _ = writeln!(io::stderr(), "not run: {test}: {program} missing");
            false
        }
    }
}

fn wav(rate: u32, channels: u16, bits: u16, data: &[u8]) -> Vec<u8> {
    let each = channels * bits / 8;
    let mut out = b"RIFF".to_vec();
    out.extend((36 + data.len() as u32).to_le_bytes());
    out.extend(b"WAVEfmt \x10\0\0\0\x01\0");
    out.extend(channels.to_le_bytes());
    out.extend(rate.to_le_bytes());
    out.extend((rate * u32::from(each)).to_le_bytes());
    out.extend(each.to_le_bytes());
    out.extend(bits.to_le_bytes());
    out.extend(b"data");
    out.extend((data.len() as u32).to_le_bytes());
    out.extend(data);
    out
}

/// Two tones that do not repeat soon.
fn sound(count: usize, rate: f64) -> Vec<Sample> {
    let tone = |at: usize, hertz: f64| {
        let phase = at as f64 / rate * hertz * TAU;
        (phase.sin() * 12_000.0).round() as i16
    };
    (0..count)
        .map(|at| [tone(at, 440.0), tone(at, 997.0)])
        .collect()
}

fn bytes(samples: &[Sample]) -> Vec<u8> {
    samples
        .iter()
        .flatten()
        .flat_map(|s| s.to_le_bytes())
        .collect()
}

fn put(folder: &Path, name: &str, content: &[u8]) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, content).unwrap();
    path
}

fn samples(file: &AudioFile) -> Vec<Sample> {
    let mut stream = file.stream().unwrap();
    let mut out = Vec::new();
    // An odd piece, so that packets and pieces never meet.
    let mut piece = vec![[0; 2]; 1237];
    loop {
        let read = stream.read(&mut piece).unwrap();
        if read == 0 {
            return out;
        }
        out.extend_from_slice(&piece[..read]);
    }
}

fn measured(path: &Path) -> (AudioFile, Vec<Sample>) {
    let file = AudioFile::measure(path).unwrap();
    let all = samples(&file);
    assert_eq!(all.len() as u64, file.samples(), "counted and read");
    (file, all)
}

#[test]
fn what_has_the_samples_of_a_cd_passes_bit_for_bit() {
    let folder = tempfile::tempdir().unwrap();
    let original = sound(100_003, 44_100.0);
    let path = put(
        folder.path(),
        "a.wav",
        &wav(44_100, 2, 16, &bytes(&original)),
    );
    let (file, read) = measured(&path);
    assert!(file.is_exact() && read == original);
    assert_eq!(file.peak(), 12_000.0 / 32_768.0);
    assert_eq!(file.frames(), 171);

    let mono: Vec<u8> = original
        .iter()
        .flat_map(|[left, _]| left.to_le_bytes())
        .collect();
    let path = put(folder.path(), "m.wav", &wav(44_100, 1, 16, &mono));
    let (file, read) = measured(&path);
    assert_eq!((file.channels(), file.is_exact()), (1, true));
    assert!(
        read.iter()
            .zip(&original)
            .all(|(read, original)| *read == [original[0]; 2])
    );
}

#[test]
fn lossless_encoders_of_others_give_the_same_samples_back() {
    let folder = tempfile::tempdir().unwrap();
    let original = sound(90_001, 44_100.0);
    let source = put(
        folder.path(),
        "a.wav",
        &wav(44_100, 2, 16, &bytes(&original)),
    );
    let flac = folder.path().join("a.flac");
    let mut encode = Command::new("flac");
    encode.args([
        "-s",
        "-T",
        "TITLE=One",
        "-T",
        "ARTIST=Nobody",
        "-T",
        "ISRC=USAT29902803",
    ]);
    if outside("audio", encode.arg("-o").arg(&flac).arg(&source)) {
        let (file, read) = measured(&flac);
        assert!(file.is_exact() && read == original);
        let tags = file.tags();
        assert_eq!(tags.title.as_deref(), Some("One"));
        assert_eq!(tags.artist.as_deref(), Some("Nobody"));
        assert_eq!(tags.isrc.as_deref(), Some("USAT29902803"));
    }
    let aiff = folder.path().join("a.aiff");
    if outside("audio", Command::new("sox").arg(&source).arg(&aiff)) {
        let (file, read) = measured(&aiff);
        assert!(file.is_exact() && read == original);
    }
}

/// The length is that of the original to the sample, and the sound stands where it stood.
fn is_in_place(read: &[Sample], original: &[Sample], most: i32) {
    assert_eq!(read.len(), original.len());
    let worst = read
        .iter()
        .zip(original)
        .skip(4000)
        .take(original.len().saturating_sub(8000))
        .flat_map(|(a, b)| {
            [
                i32::from(a[0]) - i32::from(b[0]),
                i32::from(a[1]) - i32::from(b[1]),
            ]
        })
        .map(i32::abs)
        .max()
        .unwrap();
    assert!(worst <= most, "{worst} of 32768 apart");
}

#[test]
fn lossy_encoders_of_others_lose_no_sample_at_either_end() {
    let folder = tempfile::tempdir().unwrap();
    let original = sound(123_457, 44_100.0);
    let source = put(
        folder.path(),
        "a.wav",
        &wav(44_100, 2, 16, &bytes(&original)),
    );
    let mp3 = folder.path().join("a.mp3");
    let mut lame = Command::new("lame");
    if outside(
        "audio",
        lame.args(["--quiet", "-b", "320"]).arg(&source).arg(&mp3),
    ) {
        let (file, read) = measured(&mp3);
        assert!(!file.is_exact());
        is_in_place(&read, &original, 300);
    }
    let ogg = folder.path().join("a.ogg");
    let mut oggenc = Command::new("oggenc");
    if outside(
        "audio",
        oggenc.args(["-Q", "-q", "9", "-o"]).arg(&ogg).arg(&source),
    ) {
        let (_, read) = measured(&ogg);
        is_in_place(&read, &original, 600);
    }
}

/// An MP3 without an encoder's words on its length, whose first frames are longer than the rest: by their bit rate it would
/// be less than half as long.
#[test]
fn an_mp3_that_does_not_say_its_length_is_read_to_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let mut original = sound(220_500, 44_100.0);
    let mut noise = 1u32;
    for sample in original.iter_mut().take(33_075).flatten() {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *sample = (noise >> 17) as i16;
    }
    original[33_075..].fill([0; 2]);
    let source = put(
        folder.path(),
        "a.wav",
        &wav(44_100, 2, 16, &bytes(&original)),
    );
    let mp3 = folder.path().join("a.mp3");
    let mut lame = Command::new("lame");
    lame.args(["--quiet", "-t", "-V", "4"]);
    if outside("audio", lame.arg(&source).arg(&mp3)) {
        let read = measured(&mp3).1.len();
        // With what encoder and frames add, which nobody says.
        let whole = original.len()..original.len() + 3 * 1152;
        assert!(whole.contains(&read), "{read} of {whole:?}");
    }
}

#[test]
fn lossy_files_that_lack_a_part_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let original = wav(44_100, 2, 16, &bytes(&sound(130_000, 44_100.0)));
    let source = put(folder.path(), "a.wav", &original);
    let judge = |name: &str, of: &Path| {
        let whole = fs::read(of).unwrap();
        let middle = whole.len() / 2;
        let told = |content: &[u8]| {
            let error = AudioFile::measure(&put(folder.path(), name, content)).unwrap_err();
            let fault = &error.fault;
            let is_told = matches!(fault, AudioFault::Short { .. } | AudioFault::Damaged { .. });
            assert!(is_told && error.to_string().contains(name), "{error}");
        };
        told(&whole[..middle]);
        let mut damaged = whole.clone();
        damaged[middle..middle + 9000].fill(0x55);
        told(&damaged);
    };
    let mp3 = folder.path().join("a.mp3");
    let mut lame = Command::new("lame");
    lame.args(["--quiet", "-b", "192"]);
    if outside("audio", lame.arg(&source).arg(&mp3)) {
        judge("part.mp3", &mp3);
    }
    let ogg = folder.path().join("a.ogg");
    let mut oggenc = Command::new("oggenc");
    oggenc.args(["-Q", "-q", "9", "-o"]).arg(&ogg);
    if outside("audio", oggenc.arg(&source)) {
        judge("part.ogg", &ogg);
    }
}

#[test]
fn another_rate_becomes_that_of_a_cd_in_the_same_time() {
    let folder = tempfile::tempdir().unwrap();
    for rate in [48_000u32, 96_000, 22_050, 8_000] {
        let original = sound(rate as usize * 2 + 17, f64::from(rate));
        let path = put(folder.path(), "a.wav", &wav(rate, 2, 16, &bytes(&original)));
        let (file, read) = measured(&path);
        assert_eq!(file.rate(), rate);
        let exact = original.len() as f64 * 44_100.0 / f64::from(rate);
        assert_eq!(read.len(), exact.round() as usize, "{rate}");
        is_in_place(&read, &sound(read.len(), 44_100.0), 40);
        assert_eq!(read, samples(&file), "the same each time");
    }
}

/// One recording cut into files at these samples.
fn cut(folder: &Path, rate: u32, whole: &[Sample], at: &[usize]) -> Vec<AudioFile> {
    let ends = at.iter().copied().chain([whole.len()]);
    let starts = [0].into_iter().chain(at.iter().copied());
    let part = |(number, (from, to)): (usize, (usize, usize))| {
        let sound = wav(rate, 2, 16, &bytes(&whole[from..to]));
        AudioFile::measure(&put(folder, &format!("{number}.wav"), &sound)).unwrap()
    };
    starts.zip(ends).enumerate().map(part).collect()
}

#[test]
fn files_that_go_on_are_converted_as_the_uncut_sound_is() {
    let folder = tempfile::tempdir().unwrap();
    for rate in [48_000, 96_000, 192_000, 11_025, 88_200] {
        let original = sound(80_001, f64::from(rate));
        let uncut = put(
            folder.path(),
            "uncut.wav",
            &wav(rate, 2, 16, &bytes(&original)),
        );
        let (whole, read) = measured(&uncut);
        // Two of the parts are shorter than what a filter hears.
        let mut parts = cut(
            folder.path(),
            rate,
            &original,
            &[31_337, 31_400, 32_411, 70_001],
        );
        let apart: Vec<Sample> = parts.iter().flat_map(samples).collect();
        for at in 1..parts.len() {
            let (before, after) = parts.split_at_mut(at);
            after[0].go_on_from(before.last().unwrap());
        }
        for at in (1..parts.len()).rev() {
            let (until, after) = parts.split_at_mut(at);
            until.last_mut().unwrap().lead_to(&after[0]);
        }
        let lengths: Vec<u64> = parts.iter().map(AudioFile::samples).collect();
        assert_eq!(lengths.iter().sum::<u64>(), whole.samples(), "{rate}");
        let peak = parts.iter().map(AudioFile::peak).fold(0.0, f64::max);
        assert!((peak - whole.peak()).abs() < 1e-4, "{rate}: {peak}");
        for part in &parts {
            let greatest = samples(part).into_iter().flatten().map(i16::unsigned_abs);
            let greatest = f64::from(greatest.max().unwrap()) / 32_768.0;
            assert!((part.peak() - greatest).abs() < 1e-4, "{rate}: a part's");
        }
        let together: Vec<Sample> = parts.iter().flat_map(samples).collect();
        assert_eq!(together.len(), read.len(), "{rate}: said and given");
        // Each file has a dither of its own, of up to one step either way.
        let off = |made: &[Sample]| {
            let pairs = made.iter().flatten().zip(read.iter().flatten());
            pairs.map(|(a, b)| a.abs_diff(*b)).max().unwrap()
        };
        assert!(off(&together) <= 3, "{rate}: {}", off(&together));
        assert!(
            off(&apart) > 100,
            "{rate}: by themselves they show the cuts"
        );
    }
}

#[test]
fn only_files_of_one_rate_are_converted_as_one() {
    let folder = tempfile::tempdir().unwrap();
    let [first, second, third] = [(48_000, 50_001), (96_000, 70_001), (44_100, 10_001)].map(
        |(rate, count): (u32, usize)| {
            let sound = wav(rate, 2, 16, &bytes(&sound(count, f64::from(rate))));
            let path = put(folder.path(), &format!("{rate}.wav"), &sound);
            AudioFile::measure(&path).unwrap()
        },
    );
    for (before, after) in [
        (&first, &second),
        (&first, &third),
        (&third, &first),
        (&third, &third),
    ] {
        let (mut before_joined, mut after_joined) = (before.clone(), after.clone());
        after_joined.go_on_from(&before_joined);
        before_joined.lead_to(&after_joined);
        assert_eq!((&before_joined, &after_joined), (before, after));
    }
}

#[test]
fn more_bits_are_dithered_and_silence_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let quiet: Vec<u8> = (0..40_000)
        .flat_map(|_| [0x40, 0x00, 0x00].repeat(2))
        .collect();
    let path = put(folder.path(), "q.wav", &wav(44_100, 2, 24, &quiet));
    let (file, read) = measured(&path);
    assert!(!file.is_exact());
    // A quarter of a step: truncated it would be nothing at all.
    let sum: i64 = read.iter().map(|sample| i64::from(sample[0])).sum();
    let mean = sum as f64 / read.len() as f64;
    assert!((mean - 0.25).abs() < 0.02, "{mean}");
    let silent = put(folder.path(), "s.wav", &wav(44_100, 2, 24, &[0; 60_000]));
    assert!(measured(&silent).1.iter().all(|sample| *sample == [0, 0]));
}

#[test]
fn what_cannot_be_recorded_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let fault = |name: &str, content: &[u8]| {
        let error = AudioFile::measure(&put(folder.path(), name, content)).unwrap_err();
        assert!(error.to_string().contains(name));
        error.fault
    };
    assert!(matches!(
        fault("text.wav", b"this is no sound at all"),
        AudioFault::Unknown(_)
    ));
    assert!(matches!(fault("empty.flac", b""), AudioFault::Unknown(_)));
    assert!(matches!(
        fault("none.wav", &wav(44_100, 2, 16, &[])),
        AudioFault::Empty
    ));
    assert!(matches!(
        fault("six.wav", &wav(44_100, 6, 16, &[0; 1200])),
        AudioFault::Channels(6)
    ));
    let missing = AudioFile::measure(&folder.path().join("nothing.wav")).unwrap_err();
    assert!(matches!(missing.fault, AudioFault::Io(_)));

    let source = put(
        folder.path(),
        "a.wav",
        &wav(44_100, 2, 16, &bytes(&sound(90_000, 44_100.0))),
    );
    let flac = folder.path().join("a.flac");
    if outside(
        "audio",
        Command::new("flac")
            .args(["-s", "-o"])
            .arg(&flac)
            .arg(&source),
    ) {
        let mut damaged = fs::read(&flac).unwrap();
        let middle = damaged.len() / 2;
        for byte in &mut damaged[middle..middle + 3000] {
            *byte ^= 0x5a;
        }
        // A decoder may find its way again behind the damage, but some samples are missing then.
        let told = |fault: AudioFault| {
            let is_told = matches!(fault, AudioFault::Short { .. } | AudioFault::Damaged { .. });
            assert!(is_told, "{fault:?}");
        };
        told(fault("damaged.flac", &damaged));
        let whole = fs::read(&flac).unwrap();
        told(fault("cut.flac", &whole[..middle]));
    }
    let whole = fs::read(&source).unwrap();
    let cut = fault("cut.wav", &whole[..100_000]);
    let is_told = matches!(cut, AudioFault::Short { .. } | AudioFault::Damaged { .. });
    assert!(is_told, "{cut:?}");
}

/// Found by fuzzing: a header that states 44 channels, over which a decoder of others panics where overflow is checked.
#[test]
fn a_file_over_which_a_decoder_panics_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut content = wav(44_100, 2, 16, &[0; 400]);
    let extensible = b"\xfe\xff\x2c\0\x44\xac\0\0\x20\x62\x05\0\x08\0\x20\0\x16\0\x20\0\x03\0\0\0";
    let kind = b"\x01\0\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71";
    content.splice(16..36, [&b"\x28\0\0\0"[..], extensible, kind].concat());
    let path = put(folder.path(), "mask.wav", &content);
    let error = AudioFile::measure(&path).unwrap_err();
    let refused = matches!(error.fault, AudioFault::Decoder | AudioFault::Channels(44));
    assert!(refused, "{error}");
}

/// Bits of a stream, the highest first.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    free: u32,
}

impl Bits {
    fn put(&mut self, value: u32, bits: u32) {
        for bit in (0..bits).rev() {
            if self.free == 0 {
                self.bytes.push(0);
                self.free = 8;
            }
            self.free -= 1;
            if let Some(last) = self.bytes.last_mut() {
                *last |= ((value >> bit & 1) as u8) << self.free;
            }
        }
    }
}

/// A packet of ALAC that holds its samples as they are, which the format has for noise: a pair of channels, its number of
/// samples, then all of them.
fn alac_packet(samples: &[Sample]) -> Vec<u8> {
    let mut bits = Bits::default();
    let pair = [(1, 3), (0, 4), (0, 12)];
    let (has_count, shifted_bytes, as_they_are) = ((1, 1), (0, 2), (1, 1));
    let count = (samples.len() as u32, 32);
    for (value, width) in pair
        .into_iter()
        .chain([has_count, shifted_bytes, as_they_are, count])
    {
        bits.put(value, width);
    }
    for sample in samples.iter().flatten() {
        bits.put(u32::from(sample.cast_unsigned()), 16);
    }
    let end = (7, 3);
    bits.put(end.0, end.1);
    bits.bytes
}

fn atom(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let length = 8 + content.len() as u32;
    [&length.to_be_bytes(), &name[..], content].concat()
}

/// Fields of 32 bits.
fn words(fields: &[u32]) -> Vec<u8> {
    fields
        .iter()
        .flat_map(|field| field.to_be_bytes())
        .collect()
}

const ALAC_PACKET: u32 = 4096;

/// ALAC in an MP4, of 44,100 pairs of 16 bits a second. Its index lies behind the sound.
fn alac(samples: &[Sample]) -> Vec<u8> {
    let packets: Vec<Vec<u8>> = samples
        .chunks(ALAC_PACKET as usize)
        .map(alac_packet)
        .collect();
    let (count, all) = (packets.len() as u32, samples.len() as u32);
    let mut description = words(&[0, ALAC_PACKET]);
    // Version, bits, three numbers of its prediction, channels, longest run.
    description.extend([0, 16, 40, 10, 14, 2, 0, 255]);
    description.extend(words(&[0, 0, 44_100]));
    let mut entry = words(&[0, 1, 0, 0, 0x0002_0010, 0, 44_100 << 16]);
    entry.extend(atom(b"alac", &description));
    let entries = [words(&[0, 1]), atom(b"alac", &entry)].concat();
    let last = all - (count - 1) * ALAC_PACKET;
    let lengths: Vec<u32> = packets.iter().map(|packet| packet.len() as u32).collect();
    let kind = atom(b"ftyp", b"M4A \0\0\0\0M4A ");
    let behind = kind.len() as u32 + 8;
    let table = [
        atom(b"stsd", &entries),
        atom(b"stts", &words(&[0, 2, count - 1, ALAC_PACKET, 1, last])),
        atom(b"stsc", &words(&[0, 1, 1, count, 1])),
        atom(b"stsz", &words(&[&[0, 0, count], &lengths[..]].concat())),
        atom(b"stco", &words(&[0, 1, behind])),
    ];
    let here = atom(
        b"dref",
        &[words(&[0, 1]), atom(b"url ", &words(&[1]))].concat(),
    );
    let information = [
        atom(b"smhd", &words(&[0, 0])),
        atom(b"dinf", &here),
        atom(b"stbl", &table.concat()),
    ];
    let handler = [&words(&[0, 0])[..], b"soun", &words(&[0, 0, 0]), b"sound\0"];
    let media = [
        atom(b"mdhd", &words(&[0, 0, 0, 44_100, all, 0x55C4_0000])),
        atom(b"hdlr", &handler.concat()),
        atom(b"minf", &information.concat()),
    ];
    let matrix = [0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000];
    let track = [&[3, 0, 0, 1, 0, all, 0, 0, 0, 0x0100_0000], &matrix[..]];
    let track = [
        atom(b"tkhd", &words(&[&track.concat()[..], &[0, 0]].concat())),
        atom(b"mdia", &media.concat()),
    ];
    let film = [
        &[0, 0, 0, 44_100, all, 0x1_0000, 0x0100_0000, 0, 0],
        &matrix[..],
    ]
    .concat();
    let film = [&film[..], &[0, 0, 0, 0, 0, 0, 2]].concat();
    let index = [atom(b"mvhd", &words(&film)), atom(b"trak", &track.concat())];
    [
        kind,
        atom(b"mdat", &packets.concat()),
        atom(b"moov", &index.concat()),
    ]
    .concat()
}

/// Two whole packets and a part of one.
#[test]
fn alac_is_the_same_samples() {
    let folder = tempfile::tempdir().unwrap();
    let original = sound(9001, 44_100.0);
    let whole = alac(&original);
    let path = put(folder.path(), "tones.m4a", &whole);
    let (file, read) = measured(&path);
    assert!(file.is_exact() && read == original);
    // Without the end of its index nothing can be found in it.
    let cut = put(folder.path(), "cut.m4a", &whole[..whole.len() - 100]);
    assert!(AudioFile::measure(&cut).is_err());
}

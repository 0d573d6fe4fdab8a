//! Raw images judged by a decoder in another language, which knows the definitions and none of our code (`judge.py`).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

use pitland_mmc::Lba;
use pitland_redbook::disc::{Limits, Session, Track};
use pitland_redbook::raw::{ProgramSource, RawImage, SubchannelForm};
use pitland_redbook::sector::{SectorForm, Subheader};
use std::io::{self, Write};
use std::process::{Command, Output};

struct Noise;

impl ProgramSource for Noise {
    fn read(&mut self, track: u8, frame: u32, out: &mut [u8]) -> io::Result<()> {
        let seed = u32::from(track) << 24 | frame;
        for (byte, at) in out.iter_mut().zip(0u32..) {
            *byte = ((seed ^ at.wrapping_mul(40_503)).wrapping_mul(2_654_435_761) >> 24) as u8;
        }
        Ok(())
    }
}

fn judged(first: i32, image: &[u8]) -> Option<Output> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(image).unwrap();
    let judge = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/judge.py");
    let asked = Command::new("python3")
        .args([judge, &first.to_string()])
        .arg(file.path())
        .output();
    if let Ok(output) = asked {
        return Some(output);
    }
    assert!(
        std::env::var("PITLAND_REQUIRE_TOOLS").as_deref() != Ok("1"),
        "python3 is missing, and PITLAND_REQUIRE_TOOLS=1"
    );
    // Past the harness, which keeps what passing tests print.
    let _ = writeln!(io::stderr(), "not run: raw_judge: python3 missing");
    None
}

/// Two kinds of data and audio, with a catalogue number, an ISRC, a hidden sound and a second index.
fn session() -> Session {
    let audio = Track {
        isrc: Some("USAT29902803".parse().unwrap()),
        lead: 30,
        indexes: vec![75],
        ..Track::audio(310).with_pause(150)
    };
    let tracks = vec![
        Track::data(SectorForm::Mode1, 300),
        Track::data(SectorForm::Mode2Form1(Subheader::data()), 300).with_pause(150),
        audio,
        Track::audio(400),
    ];
    Session::new(tracks, &Limits::ADDRESSES)
        .unwrap()
        .with_catalogue("4006381333931".parse().unwrap())
}

fn blocks(image: &RawImage<'_>, first: i32, count: usize) -> Vec<u8> {
    let mut out = vec![0; count * SubchannelForm::Raw96.block_bytes()];
    let made = image.read_blocks(Lba(first), &mut Noise, &mut out).unwrap();
    assert_eq!(made, count);
    out
}

#[test]
fn a_decoder_of_the_definitions_finds_every_code_right_and_the_contents_that_were_asked_for() {
    let session = session();
    let image = RawImage::new(&session, Lba(-4650), SubchannelForm::Raw96, Vec::new());
    // The end of the lead-in, the program, and the beginning of the lead-out.
    let first = -250;
    let count = 250 + session.lead_out().0 as usize + 50;
    let Some(output) = judged(first, &blocks(&image, first, count)) else {
        return;
    };
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let expected = "toc 01 00:02:00\ntoc 02 00:08:00\ntoc 03 00:14:30\ntoc 04 00:18:40\n\
         toc A0 01:20:00\ntoc A1 04:00:00\ntoc A2 00:23:65\n\
         index 01.00 -150\nindex 01.01 0\nindex 02.00 300\nindex 02.01 450\n\
         index 03.00 750\nindex 03.01 930\nindex 03.02 1005\nindex 04.01 1240\nindex AA.01 1640\n\
         flag -150 0\nflag 300 450\nflag 750 930\nflag 1090 1240\nflag 1490 1640\n";
    let (contents, rest) = said.split_at(said.find("code ").unwrap());
    assert_eq!(contents, expected);
    let lines: Vec<&str> = rest.lines().collect();
    let [catalogue, isrc, kinds] = lines[..] else {
        panic!("{rest}");
    };
    assert!(
        catalogue.starts_with("code 2 40063813339310"),
        "{catalogue}"
    );
    // U and S are 25h and 23h, A is 11h, T 24h, 2 itself, and two zero bits (recipe 5).
    let characters = 0x25 << 26 | 0x23 << 20 | 0x11 << 14 | 0x24 << 8 | 2 << 2;
    assert_eq!(isrc, format!("code 3 {characters:08x}99028030"));
    // Lead-in and data tracks with their pauses are data, all behind them audio.
    assert_eq!(
        kinds.trim(),
        format!("audio {} data {}", 890 + 50, 100 + 150 + 750)
    );
}

/// The judge finds a wrong bit wherever it is.
#[test]
fn the_decoder_refuses_a_wrong_bit() {
    let session = session();
    let image = RawImage::new(&session, Lba(-4650), SubchannelForm::Raw96, Vec::new());
    for at in [5, 13, 40, 2070, 2100, 2300, 2352 + 3] {
        let mut block = blocks(&image, 10, 1);
        block[at] ^= 0x40;
        let Some(output) = judged(10, &block) else {
            return;
        };
        assert!(!output.status.success(), "byte {at}");
    }
}

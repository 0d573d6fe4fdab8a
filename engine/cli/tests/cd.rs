//! CDs of sound, and of sound and data, made raw without a drive: judged by sox, which cut the sound, and by a decoder in
//! another language, which knows the standards and none of our code.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{Bench, tools};
use std::fs;

/// 98:00:00: a lead-in of one minute.
const LEAD_IN: &str = "99:00:00";
const FIRST_LBA: i32 = -4650;

const FORMS: [(&str, usize); 3] = [("raw96", 2448), ("packed96", 2448), ("pq16", 2368)];

fn sheet(bench: &Bench, text: &str) {
    fs::write(bench.path("a.cue"), text).unwrap();
}

const GAPLESS: &str = "CATALOG 4006381333931\nFILE a.wav WAVE\nTRACK 1 AUDIO\nISRC USAT29902803\nINDEX 1 0:0:0\n\
    FILE b.wav WAVE\nTRACK 2 AUDIO\nINDEX 1 0:0:0\nFILE c.wav WAVE\nTRACK 3 AUDIO\nINDEX 1 0:0:0\n";

fn make(bench: &Bench, form: &str, more: &[&str]) -> Vec<u8> {
    let args = [
        "cd",
        "image",
        "a.cue",
        "-o",
        "image",
        "--form",
        form,
        "--lead-in",
        LEAD_IN,
    ];
    bench.expect(0, &[&args[..], more].concat());
    bench.bytes("image")
}

/// The sectors from a block of the program on.
fn sectors(image: &[u8], each: usize, lba: i32, count: usize) -> Vec<u8> {
    let skipped = (lba - FIRST_LBA) as usize;
    let blocks = image.chunks_exact(each).skip(skipped).take(count);
    blocks.flat_map(|block| &block[..2352]).copied().collect()
}

/// What the judge says of the end of the lead-in, the program and the first of the lead-out; all of the rest is alike.
fn judged(bench: &Bench, image: &[u8], lead_out: i32) -> Option<String> {
    tools::tool("cd", "python3")?;
    let judge = concat!(env!("CARGO_MANIFEST_DIR"), "/../redbook/tests/judge.py");
    let part = image.chunks_exact(2448).skip((-250 - FIRST_LBA) as usize);
    let part: Vec<&[u8]> = part.take((lead_out + 270) as usize).collect();
    fs::write(bench.path("part"), part.concat()).unwrap();
    Some(tools::output(bench, "python3", &[judge, "-250", "part"]))
}

#[test]
fn an_album_that_was_cut_out_of_one_piece_is_that_piece_in_every_form() {
    let bench = Bench::new();
    let Some(whole) = tools::album("cd", &bench) else {
        return;
    };
    sheet(&bench, GAPLESS);
    let frames = whole.len().div_ceil(2352);
    for (form, each) in FORMS {
        let image = make(&bench, form, &[]);
        let (sound, rest) = {
            let mut sound = sectors(&image, each, 0, frames);
            let rest = sound.split_off(whole.len());
            (sound, rest)
        };
        assert!(sound == whole, "{form}: not the samples of the whole piece");
        assert!(rest.iter().all(|byte| *byte == 0));
        assert_eq!(image.len(), each * (4650 + frames + 6750), "{form}");
    }
    let image = make(&bench, "raw96", &[]);
    let Some(said) = judged(&bench, &image, 998) else {
        return;
    };
    // 4.1234 s and 8.7235 s: each track begins in the frame that its first sample lies in.
    for line in [
        "index 02.01 309",
        "index 03.01 654",
        "index AA.01 998",
        "toc A2 00:15:23",
        "code 2 40063813339310",
    ] {
        assert!(said.contains(line), "{line}\n{said}");
    }
}

#[test]
fn pauses_are_silence_and_nothing_else_is() {
    let bench = Bench::new();
    let Some(whole) = tools::album("cd", &bench) else {
        return;
    };
    let paused = GAPLESS.replace("TRACK 2 AUDIO\n", "TRACK 2 AUDIO\nPREGAP 0:1:5\n");
    sheet(&bench, &paused);
    let image = make(&bench, "pq16", &[]);
    let first = bench.bytes("a.wav").len() - 44;
    let frames = first.div_ceil(2352);
    let before = sectors(&image, 2368, 0, frames + 80);
    assert!(before[..first] == whole[..first]);
    assert!(before[first..].iter().all(|byte| *byte == 0));
    let behind = sectors(
        &image,
        2368,
        frames as i32 + 80,
        (whole.len() - first) / 2352,
    );
    assert!(behind == whole[first..][..behind.len()]);
}

#[test]
fn sound_files_of_other_kinds_are_the_same_samples() {
    let bench = Bench::new();
    if tools::album("cd", &bench).is_none() || tools::tool("cd", "flac").is_none() {
        return;
    }
    sheet(&bench, GAPLESS);
    let wave = make(&bench, "raw96", &["--cd-text", "none"]);
    tools::output(&bench, "flac", &["-s", "-o", "b.flac", "b.wav"]);
    tools::output(&bench, "sox", &["c.wav", "c.aiff"]);
    sheet(
        &bench,
        &GAPLESS
            .replace("b.wav WAVE", "b.flac WAVE")
            .replace("c.wav WAVE", "c.aiff AIFF"),
    );
    assert!(make(&bench, "raw96", &["--cd-text", "none"]) == wave);
}

/// A file with a track of each length of sector, as many programs write it.
#[test]
fn data_and_sound_of_one_file_have_the_codes_of_their_places() {
    let bench = Bench::new();
    let mut file = vec![0x5a; 300 * 2048];
    let mut xa = [[0u8; 2336]; 300];
    for (number, sector) in xa.iter_mut().enumerate() {
        // Every third one is form 2.
        let submode = if number % 3 == 0 { 0x28 } else { 0x08 };
        sector[..8].copy_from_slice(&[0, 0, submode, 0, 0, 0, submode, 0]);
        sector[8..].fill(number as u8);
    }
    file.extend(xa.as_flattened());
    file.extend(vec![7; 300 * 2352]);
    fs::write(bench.path("a.bin"), &file).unwrap();
    sheet(
        &bench,
        "FILE a.bin BINARY\nTRACK 1 MODE1/2048\nINDEX 1 0:0:0\nTRACK 2 MODE2/2336\nPREGAP 0:2:0\nINDEX 1 0:4:0\n\
         TRACK 3 AUDIO\nPREGAP 0:2:0\nINDEX 1 0:8:0\n",
    );
    let image = make(&bench, "raw96", &[]);
    assert!(
        sectors(&image, 2448, 900, 300)
            .iter()
            .all(|byte| *byte == 7)
    );
    let Some(said) = judged(&bench, &image, 1200) else {
        return;
    };
    for line in [
        "index 01.01 0",
        "index 02.00 300",
        "index 02.01 450",
        "index 03.01 900",
    ] {
        assert!(said.contains(line), "{line}\n{said}");
    }
}

#[test]
fn what_is_wrong_with_a_sheet_is_named_by_file_and_line() {
    let bench = Bench::new();
    fs::write(bench.path("a.bin"), vec![1; 2352 * 900]).unwrap();
    fs::write(bench.path("odd.bin"), vec![1; 2352 * 300 + 1]).unwrap();
    fs::write(bench.path("none.bin"), "").unwrap();
    fs::write(bench.path("no.wav"), "this is no sound").unwrap();
    let ok = "FILE a.bin BINARY\nTRACK 1 AUDIO\nINDEX 1 0:0:0\n";
    let many: String = (2..=100)
        .map(|n| {
            format!(
                "TRACK {n} AUDIO\nINDEX 1 0:{}:{}\n",
                (n - 1) / 75,
                (n - 1) % 75
            )
        })
        .collect();
    for (text, said) in [
        (ok.replace("a.bin", "missing.bin"), "a.cue, line 1: "),
        (
            ok.replace("a.bin", "odd.bin"),
            "line 1: odd.bin: its 705601 bytes",
        ),
        (
            ok.replace("a.bin", "none.bin"),
            "line 1: none.bin: it is empty",
        ),
        (
            ok.replace("a.bin BINARY", "no.wav WAVE"),
            "line 1: no.wav: ",
        ),
        (
            ok.replace("AUDIO", "MODE1/2352"),
            "sector 0: there is no sync pattern",
        ),
        (ok.replace("AUDIO", "MODE9/2352"), "line 2: "),
        (format!("{ok}WORD\n"), "line 4: \"WORD\" is no word"),
        (
            format!("{ok}TRACK 2 AUDIO\nINDEX 1 0:8:0\nINDEX 2 0:7:0\n"),
            "line 6: ",
        ),
        (format!("{ok}TRACK 2 AUDIO\nINDEX 1 0:12:0\n"), "line 5: "),
        (
            format!("{ok}TRACK 2 AUDIO\nINDEX 1 0:10:0\n"),
            "line 4: track 2 has 150 frames",
        ),
        (format!("{ok}{many}"), "a disc has at most 99 tracks"),
        (ok.replace("INDEX", "ISRC 123\nINDEX"), "line 3: "),
        (format!("CATALOG 12\n{ok}"), "line 1: "),
        (
            format!("CDTEXTFILE a.bin\n{ok}"),
            "line 1: a.bin: this is no file of CD-TEXT packs",
        ),
        (String::new(), "there is no track"),
    ] {
        sheet(&bench, &text);
        let run = bench.expect(3, &["cd", "image", "a.cue", "-o", "image"]);
        assert!(run.stderr.contains(said), "{text}: {}", run.stderr);
        assert!(!bench.path("image").exists());
    }
    sheet(&bench, &format!("{ok}TRACK 2 AUDIO\nINDEX 1 0:10:0\n"));
    bench.expect(0, &["cd", "image", "a.cue", "-o", "image", "--pad"]);
    bench.expect(2, &["cd", "image", "a.cue", "-o", "a.bin", "--pad"]);
    bench.expect(2, &["cd", "image", "a.cue", "-o", "a.cue", "--pad"]);
}

//! Cue sheets as images: what one track of data holds is burned and compared, and all else is refused before a disc is
//! touched.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::Bench;
use std::fs;

const DISC: &str = "virtual:disc.vdisc";

/// The sum of a sector, bit by bit and without a table of the program's.
fn edc(bytes: &[u8]) -> [u8; 4] {
    let step = |sum: u32| (sum >> 1) ^ if sum & 1 == 1 { 0xd801_8001 } else { 0 };
    let sum = bytes.iter().fold(0, |sum: u32, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| step(sum))
    });
    sum.to_le_bytes()
}

/// Raw sectors of mode 1 or of mode 2 form 1; what corrects errors in them is left out.
fn raw(mode: u8, image: &[u8]) -> Vec<u8> {
    let decimal = |n: usize| (n / 10 * 16 + n % 10) as u8;
    let sector = |(lba, block): (usize, &[u8])| {
        let at = lba + 150;
        let mut sector = [vec![0], vec![255; 10], vec![0]].concat();
        let time = [at / 4500, at / 75 % 60, at % 75].map(decimal);
        sector.extend(time);
        sector.push(mode);
        if mode == 2 {
            sector.extend([0, 0, 8, 0, 0, 0, 8, 0]);
        }
        sector.extend(block);
        sector.extend(edc(&sector[if mode == 2 { 16 } else { 0 }..]));
        sector.resize(2352, 0);
        sector
    };
    image.chunks(2048).enumerate().flat_map(sector).collect()
}

/// A folder, its image `x.iso`, and a sheet `x.cue` for a track of it.
fn bench(form: &str, track: impl FnOnce(&[u8]) -> Vec<u8>) -> Bench {
    let bench = Bench::new();
    bench.tree("tree");
    bench.expect(0, &["image", "tree", "-o", "x.iso"]);
    fs::write(bench.path("x.bin"), track(&bench.bytes("x.iso"))).unwrap();
    sheet(&bench, &format!("TRACK 01 {form}\nINDEX 01 00:00:00\n"));
    bench
}

fn sheet(bench: &Bench, tracks: &str) {
    let text = format!("FILE \"x.bin\" BINARY\n{tracks}");
    fs::write(bench.path("x.cue"), text).unwrap();
}

#[test]
fn the_data_of_a_track_are_the_image() {
    for (medium, form) in [
        ("cd-r", "MODE1/2352"),
        ("dvd+r", "MODE2/2352"),
        ("bd-r", "MODE1/2048"),
    ] {
        let bench = bench(form, |image| match form {
            "MODE1/2352" => raw(1, image),
            "MODE2/2352" => raw(2, image),
            _ => image.to_vec(),
        });
        bench.disc("disc.vdisc", medium);
        let burned = bench.expect(0, &["burn", "x.cue", "--drive", DISC, "--json"]);
        assert_eq!(burned.of_type("report")[0]["outcome"], "verified");
        bench.expect(0, &["virtual", "export", "disc.vdisc", "-o", "export.img"]);
        let (image, export) = (bench.bytes("x.iso"), bench.bytes("export.img"));
        assert!(export.starts_with(&image), "{medium}");
        for source in ["tree", "x.cue", "x.iso"] {
            bench.expect(0, &["verify", DISC, source]);
        }
        // What the disc does not hold is seen.
        let mut other = image;
        other[40_000] ^= 1;
        fs::write(bench.path("x.bin"), other).unwrap();
        sheet(&bench, "TRACK 01 MODE1/2048\nINDEX 01 00:00:00\n");
        bench.expect(9, &["verify", DISC, "x.cue"]);
    }
}

#[test]
fn a_damaged_sector_is_found_before_the_disc_is_touched() {
    for stash in ["auto", "all", "never"] {
        let bench = bench("MODE1/2352", |image| {
            let mut track = raw(1, image);
            let last = track.len() - 1000;
            track[last] ^= 0x10;
            track
        });
        bench.disc("disc.vdisc", "cd-r");
        let before = bench.bytes("disc.vdisc");
        let burn = ["burn", "x.cue", "--drive", DISC, "--stash", stash];
        let run = bench.expect(3, &burn);
        assert!(run.stderr.contains("is damaged"), "{}", run.stderr);
        assert!(bench.bytes("disc.vdisc") == before, "{stash}");
    }
}

#[test]
fn what_is_no_image_is_refused_in_words() {
    let bench = bench("MODE1/2352", |image| raw(1, image));
    bench.disc("disc.vdisc", "cd-r");
    let before = bench.bytes("disc.vdisc");
    let data = "TRACK 01 MODE1/2352\nINDEX 01 00:00:00\n";
    for (tracks, words) in [
        (
            "TRACK 01 MODE1/2352\nINDEX 00 00:00:00\nINDEX 01 00:01:00\n",
            "x.cue:2: the track begins at LBA 75, not at LBA 0",
        ),
        (
            "TRACK 01 MODE1/2353\nINDEX 01 00:00:00\n",
            "x.cue:2: `MODE1/2353` is no kind of track",
        ),
    ] {
        sheet(&bench, tracks);
        for args in [
            &["burn", "x.cue", "--drive", DISC][..],
            &["burn", "x.cue", "--drive", DISC, "--plan"],
        ] {
            let run = bench.expect(3, args);
            assert!(run.stderr.contains(words), "{}", run.stderr);
        }
    }
    assert!(bench.bytes("disc.vdisc") == before);
    // As a file it can be burned all the same.
    bench.expect(0, &["burn", "x.cue", "--as-file", "--drive", DISC]);
    let listed = bench.expect(0, &["ls", DISC]).text();
    assert!(listed.contains("x.cue"), "{listed}");
    // A sheet of several tracks is that of a whole CD, whose rules it keeps.
    for kind in ["AUDIO", "MODE1/2352"] {
        sheet(
            &bench,
            &format!("{data}TRACK 02 {kind}\nINDEX 01 00:01:00\n"),
        );
        let run = bench.expect(3, &["verify", DISC, "x.cue"]);
        let words = "line 2: track 1 has 75 frames; the shortest has 300";
        assert!(run.stderr.contains(words), "{kind}: {}", run.stderr);
    }
    // Neither the sheet nor its sectors grow.
    sheet(&bench, data);
    let track = bench.bytes("x.bin");
    for image in ["x.bin", "x.cue"] {
        let run = bench.expect(4, &["image", "tree", "--append-to", image]);
        assert!(run.stderr.contains("raw CD sectors"), "{}", run.stderr);
    }
    assert!(bench.bytes("x.bin") == track);
}

//! Discs that are read into images and burned again: the copy is the disc, in its main channel and in its sub-channels. And
//! what is wrong with such images, named by file and line.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{Bench, tools};
use std::fs;

/// Samples that nowhere repeat themselves.
fn samples(frames: u32, seed: u32) -> Vec<u8> {
    (0..frames * 588)
        .flat_map(|n| ((n ^ seed).wrapping_mul(2_654_435_761) | 1).to_le_bytes())
        .collect()
}

fn blank(bench: &Bench, name: &str) -> String {
    bench.expect(0, &["virtual", "create", name, "--medium", "cd-r"]);
    format!("virtual:{name}")
}

/// A disc of sound with everything that sub-channels and lead-ins tell.
const RICH: &str = "CATALOG 4006381333931\nTITLE \"An Album\"\nPERFORMER Somebody\nFILE a.bin BINARY\n\
    TRACK 1 AUDIO\nTITLE One\nFLAGS DCP\nISRC USAT29902803\nINDEX 0 0:0:0\nINDEX 1 0:2:0\nINDEX 2 0:4:30\nINDEX 3 0:5:0\n\
    TRACK 2 AUDIO\nTITLE Two\nFLAGS PRE\nINDEX 0 0:8:0\nINDEX 1 0:9:10\n\
    TRACK 3 AUDIO\nISRC USAT29902804\nPREGAP 0:1:0\nINDEX 1 0:14:5\n";

fn rich(bench: &Bench) {
    fs::write(bench.path("a.bin"), samples(1500, 0)).unwrap();
    fs::write(bench.path("a.cue"), RICH).unwrap();
}

/// Reads a disc and burns what was read.
fn copy(bench: &Bench, from: &str, kind: &str, mode: &str) -> String {
    let name = format!("copy-{kind}-{mode}");
    bench.expect(0, &["cd", "read", from, "-o", &name, "--as", kind]);
    let to = blank(bench, &format!("{name}.vdisc"));
    let ending = if kind == "bincue" { "cue" } else { kind };
    let sheet = format!("{name}.{ending}");
    bench.expect(
        0,
        &["audio", "--cue", &sheet, "--drive", &to, "--mode", mode],
    );
    to
}

/// Every sector of a disc with its sub-channels, and what describes it.
fn whole(bench: &Bench, drive: &str) -> [Vec<u8>; 3] {
    bench.expect(0, &["cd", "read", drive, "-o", "whole", "--as", "ccd"]);
    ["whole.img", "whole.sub", "whole.ccd"].map(|name| bench.bytes(name))
}

#[test]
fn a_disc_of_sound_that_is_read_and_burned_again_is_the_same_disc() {
    let bench = Bench::new();
    rich(&bench);
    for mode in ["sao", "raw"] {
        let drive = blank(&bench, &format!("{mode}.vdisc"));
        bench.expect(
            0,
            &["audio", "--cue", "a.cue", "--drive", &drive, "--mode", mode],
        );
        let [image, subchannels, control] = whole(&bench, &drive);
        let end = 1500 + 75;
        assert_eq!((image.len(), subchannels.len()), (end * 2352, end * 96));
        // Samples, the pause before the last track, samples: nothing else.
        let sound = samples(1500, 0);
        let cut = (14 * 75 + 5) * 2352;
        assert!(image[..cut] == sound[..cut] && image[cut + 75 * 2352..] == sound[cut..]);
        assert!(image[cut..cut + 75 * 2352].iter().all(|byte| *byte == 0));
        for kind in ["bincue", "toc", "ccd"] {
            let copied = whole(&bench, &copy(&bench, &drive, kind, mode));
            assert!(copied[0] == image, "{mode}, {kind}: another main channel");
            assert!(
                copied[1] == subchannels,
                "{mode}, {kind}: other sub-channels"
            );
            assert!(copied[2] == control, "{mode}, {kind}: other texts or codes");
        }
    }
}

/// Texts in two languages, of which a cue sheet has words for one.
const TWO_LANGUAGES: &str = "CD_DA\nCD_TEXT { LANGUAGE_MAP { 0 : 9 1 : 8 }\n\
    LANGUAGE 0 { TITLE \"The Sea\" PERFORMER \"Somebody\" }\n\
    LANGUAGE 1 { TITLE \"Das Meer\" PERFORMER \"Jemand\" } }\n\
    TRACK AUDIO\nCD_TEXT { LANGUAGE 0 { TITLE \"Waves\" PERFORMER \"\" } LANGUAGE 1 { TITLE \"Wellen\" PERFORMER \"\" } }\n\
    FILE \"a.bin\" 0\n";

#[test]
fn texts_that_a_cue_sheet_has_no_words_for_stand_beside_it() {
    let bench = Bench::new();
    fs::write(bench.path("a.bin"), samples(400, 0)).unwrap();
    fs::write(bench.path("a.toc"), TWO_LANGUAGES).unwrap();
    let drive = blank(&bench, "a.vdisc");
    bench.expect(0, &["audio", "--cue", "a.toc", "--drive", &drive]);
    let original = whole(&bench, &drive);
    assert!(String::from_utf8_lossy(&original[2]).contains("[CDText]"));
    for kind in ["bincue", "toc", "ccd"] {
        let again = copy(&bench, &drive, kind, "sao");
        assert!(whole(&bench, &again) == original, "{kind}");
    }
    let run = bench.expect(
        0,
        &["cd", "read", &drive, "-o", "b", "--as", "bincue", "--json"],
    );
    let files = run.of_type("cd-read")[0]["outputs"].to_string();
    assert_eq!(files, r#"["b.bin","b.cue","b.cdt"]"#);
    bench.expect(0, &["verify", &drive, "b.cue"]);
    // The files of a rip are the disc again, too.
    bench.expect(0, &["cd", "rip", &drive, "-o", "rip", "--sheet", "cue"]);
    let again = blank(&bench, "rip.vdisc");
    let sheet = ["audio", "--cue", "rip/disc.cue", "--drive", &again];
    bench.expect(0, &sheet);
    assert!(whole(&bench, &again) == original);
    // Where its own words say all, there is nothing beside a sheet.
    rich(&bench);
    let drive = blank(&bench, "rich.vdisc");
    bench.expect(0, &["audio", "--cue", "a.cue", "--drive", &drive]);
    bench.expect(0, &["cd", "read", &drive, "-o", "c"]);
    assert!(!bench.path("c.cdt").exists());
}

#[test]
fn a_track_that_is_a_copy_stays_one_where_the_sheet_has_a_word_for_it() {
    let bench = Bench::new();
    fs::write(bench.path("a.bin"), samples(900, 0)).unwrap();
    let sheet = "FILE a.bin BINARY\nTRACK 1 AUDIO\nINDEX 1 0:0:0\nTRACK 2 AUDIO\nFLAGS SCMS\nINDEX 1 0:6:0\n";
    fs::write(bench.path("a.cue"), sheet).unwrap();
    for mode in ["sao", "raw"] {
        let drive = blank(&bench, &format!("{mode}.vdisc"));
        bench.expect(
            0,
            &["audio", "--cue", "a.cue", "--drive", &drive, "--mode", mode],
        );
        let first = whole(&bench, &drive);
        let to = copy(&bench, &drive, "bincue", mode);
        assert!(whole(&bench, &to) == first, "{mode}");
        bench.expect(0, &["verify", &drive, &format!("copy-bincue-{mode}.cue")]);
        for (kind, told) in [("bincue", false), ("toc", true), ("ccd", true)] {
            let read = ["cd", "read", &drive, "-o", "told", "--as", kind, "--json"];
            let run = bench.expect(0, &read);
            let mut warned = run.of_type("warning").into_iter();
            let is_told = warned.any(|told| {
                told.to_string()
                    .contains("track 2 says that it is a copy (SCMS)")
            });
            assert_eq!(is_told, told, "{kind}");
        }
    }
}

#[test]
fn data_and_sound_are_copied_as_they_are() {
    let bench = Bench::new();
    let mut file: Vec<u8> = (0..400 * 2048u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    file.extend(samples(500, 9));
    fs::write(bench.path("m.bin"), &file).unwrap();
    let sheet = "FILE m.bin BINARY\nTRACK 1 MODE1/2048\nINDEX 1 0:0:0\nTRACK 2 AUDIO\nPREGAP 0:2:0\nINDEX 1 0:5:25\n";
    fs::write(bench.path("m.cue"), sheet).unwrap();
    let drive = blank(&bench, "m.vdisc");
    bench.expect(0, &["burn", "m.cue", "--drive", &drive]);
    let first = whole(&bench, &drive);
    for kind in ["bincue", "toc", "ccd"] {
        let to = copy(&bench, &drive, kind, "sao");
        assert!(whole(&bench, &to) == first, "{kind}");
        bench.expect(0, &["read", &to, "--track", "1", "-o", "data"]);
        assert!(
            bench.bytes("data")[..400 * 2048] == file[..400 * 2048],
            "{kind}"
        );
    }
}

#[test]
fn cdrdao_reads_what_describes_a_disc() {
    let bench = Bench::new();
    if tools::tool("copying", "cdrdao").is_none() {
        return;
    }
    rich(&bench);
    let drive = blank(&bench, "a.vdisc");
    bench.expect(0, &["audio", "--cue", "a.cue", "--drive", &drive]);
    bench.expect(0, &["cd", "read", &drive, "-o", "copy", "--as", "toc"]);
    let size = tools::output(&bench, "cdrdao", &["toc-size", "copy.toc"]);
    assert_eq!(size.trim(), (1500 + 75).to_string());
    let folder = ["cd", "rip", &drive, "-o", "rip", "--sheet", "toc"];
    bench.expect(0, &folder);
    let size = tools::output(&bench, "cdrdao", &["toc-size", "rip/disc.toc"]);
    assert_eq!(size.trim(), (1500 + 75).to_string());
}

#[test]
fn a_rip_with_its_sheet_is_the_disc_again() {
    let bench = Bench::new();
    rich(&bench);
    let drive = blank(&bench, "a.vdisc");
    bench.expect(0, &["audio", "--cue", "a.cue", "--drive", &drive]);
    let first = whole(&bench, &drive);
    for (number, more) in [
        &["--sheet", "cue"][..],
        &["--sheet", "toc"],
        &["--sheet", "cue", "--whole"],
        &["--sheet", "toc", "--whole"],
        &["--sheet", "cue", "--format", "flac"],
    ]
    .iter()
    .enumerate()
    {
        let folder = format!("rip{number}");
        bench.expect(0, &[&["cd", "rip", &drive, "-o", &folder], *more].concat());
        let to = blank(&bench, &format!("{folder}.vdisc"));
        let sheet = format!("{folder}/disc.{}", more[1]);
        bench.expect(0, &["burn", &sheet, "--drive", &to]);
        let again = whole(&bench, &to);
        for (at, what) in ["main channel", "sub-channels", "texts or codes"]
            .iter()
            .enumerate()
        {
            assert!(again[at] == first[at], "{more:?}: other {what}");
        }
    }
}

#[test]
fn what_is_wrong_with_tables_of_contents_and_control_files_is_named_by_file_and_line() {
    let bench = Bench::new();
    rich(&bench);
    let drive = blank(&bench, "a.vdisc");
    bench.expect(0, &["audio", "--cue", "a.cue", "--drive", &drive]);
    bench.expect(0, &["cd", "read", &drive, "-o", "t", "--as", "toc"]);
    bench.expect(0, &["cd", "read", &drive, "-o", "c", "--as", "ccd"]);
    let untouched = blank(&bench, "b.vdisc");
    let before = bench.bytes("b.vdisc");
    // Each command that takes sheets refuses them; in turns, for the reading is one.
    let turn = std::cell::Cell::new(0);
    let refused = |sheet: &str, said: &str| {
        let commands = [
            &["audio", "--cue", sheet, "--drive", &untouched][..],
            &["burn", sheet, "--drive", &untouched],
            &["cd", "image", sheet, "-o", "image"],
        ];
        let run = bench.expect(3, commands[turn.get() % 3]);
        turn.set(turn.get() + 1);
        assert!(run.stderr.contains(said), "{sheet}: {said}\n{}", run.stderr);
        assert!(bench.bytes("b.vdisc") == before, "{sheet}");
    };
    let text = fs::read_to_string(bench.path("t.toc")).unwrap();
    for (from, to, said) in [
        ("CD_DA", "CD_XY", "t.toc, line 1: "),
        ("4006381333931", "400638", "t.toc, line 2: "),
        ("t.bin", "missing.bin", "missing.bin"),
        ("TRACK AUDIO", "TRACK SOUND", "t.toc, line "),
        ("ISRC \"USAT29902803\"", "ISRC \"U\"", "t.toc, line "),
        ("START 00:02:00", "START 99:02:00", "t.toc, line "),
    ] {
        assert!(text.contains(from), "{from}\n{text}");
        fs::write(bench.path("t.toc"), text.replacen(from, to, 1)).unwrap();
        refused("t.toc", said);
    }
    // An image that is shorter than its table of contents says.
    fs::write(bench.path("t.toc"), &text).unwrap();
    let image = bench.bytes("t.bin");
    fs::write(bench.path("t.bin"), &image[..image.len() - 2352]).unwrap();
    refused("t.toc", "t.toc, line ");
    let text = fs::read_to_string(bench.path("c.ccd")).unwrap();
    for (from, to, said) in [
        ("[CloneCD]", "[Other]", "c.ccd, line 1: "),
        ("Sessions=1", "Sessions=0", "c.ccd, line 6: "),
        ("CATALOG=4006381333931", "CATALOG=4", "c.ccd, line "),
        ("MODE=0", "MODE=7", "c.ccd, line "),
    ] {
        assert!(text.contains(from), "{from}\n{text}");
        fs::write(bench.path("c.ccd"), text.replacen(from, to, 1)).unwrap();
        refused("c.ccd", said);
    }
    fs::write(bench.path("c.ccd"), &text).unwrap();
    let subchannels = bench.bytes("c.sub");
    fs::write(bench.path("c.sub"), &subchannels[1..]).unwrap();
    refused(
        "c.ccd",
        "c.ccd, line 1: c.sub: its 151199 bytes are not 96 for each of the 1575 sectors",
    );
    fs::write(bench.path("c.sub"), &subchannels).unwrap();
    let image = bench.bytes("c.img");
    fs::write(bench.path("c.img"), &image[1..]).unwrap();
    refused("c.ccd", "c.ccd, line 1: c.img: its ");
    fs::remove_file(bench.path("c.img")).unwrap();
    refused("c.ccd", "c.ccd, line 1: c.img: ");
}

#[test]
fn channels_beyond_q_are_told_to_be_left_out() {
    let bench = Bench::new();
    rich(&bench);
    let drive = blank(&bench, "a.vdisc");
    bench.expect(0, &["audio", "--cue", "a.cue", "--drive", &drive]);
    bench.expect(0, &["cd", "read", &drive, "-o", "c", "--as", "ccd"]);
    let plain = bench.expect(
        0,
        &["cd", "image", "c.ccd", "-o", "image", "--form", "pq16"],
    );
    assert!(!plain.stderr.contains("R to W"), "{}", plain.stderr);
    let mut subchannels = bench.bytes("c.sub");
    subchannels[96 * 700 + 50] = 1;
    fs::write(bench.path("c.sub"), subchannels).unwrap();
    let told = bench.expect(
        0,
        &[
            "cd", "image", "c.ccd", "-o", "image", "--form", "pq16", "--json",
        ],
    );
    let warnings = told.of_type("cd-image")[0]["warnings"].to_string();
    assert!(
        warnings.contains("c.sub: what its channels R to W hold"),
        "{warnings}"
    );
}

/// R to W of a sector as a disc has them, with nothing in the bits of P and Q.
fn graphics(sector: usize) -> [u8; 96] {
    std::array::from_fn(|at| {
        let n = (sector * 96 + at) as u32;
        (n.wrapping_mul(2_654_435_761) >> 24) as u8 & 0x3f
    })
}

/// The bits R to W of each of the 96 bytes of a sector, out of twelve bytes of each channel.
fn beyond_q(by_channel: &[u8]) -> [u8; 96] {
    std::array::from_fn(|at| {
        (2..8).fold(0, |value, channel| {
            value << 1 | by_channel[channel * 12 + at / 8] >> (7 - at % 8) & 1
        })
    })
}

#[test]
fn graphics_of_a_sub_file_go_onto_the_disc_and_come_back_frame_by_frame() {
    let bench = Bench::new();
    rich(&bench);
    let drive = blank(&bench, "a.vdisc");
    bench.expect(
        0,
        &[
            "audio", "--cue", "a.cue", "--drive", &drive, "--mode", "raw",
        ],
    );
    let [image, plain, control] = whole(&bench, &drive);
    // R to W go in as a person would put them in: channel by channel, behind P and Q.
    let mut subchannels = plain;
    for (number, sector) in subchannels.chunks_mut(96).enumerate() {
        for (at, value) in graphics(number).into_iter().enumerate() {
            for channel in 2..8 {
                let bit = value >> (7 - channel) & 1;
                sector[channel * 12 + at / 8] |= bit << (7 - at % 8);
            }
        }
    }
    for (name, bytes) in [
        ("g.img", &image),
        ("g.sub", &subchannels),
        ("g.ccd", &control),
    ] {
        fs::write(bench.path(name), bytes).unwrap();
    }
    let burn = |name: &str, mode: &str| {
        let drive = blank(&bench, name);
        let run = bench.expect(
            0,
            &[
                "audio", "--cue", "g.ccd", "--drive", &drive, "--mode", mode, "--json",
            ],
        );
        let told = run.of_type("warning");
        let told = told.iter().map(ToString::to_string);
        (drive, told.filter(|told| told.contains("R to W")).count())
    };
    let (raw, told) = burn("raw.vdisc", "raw");
    assert_eq!(told, 0, "nothing is left out");
    let copied = whole(&bench, &raw);
    let sectors = copied[1].chunks(96).zip(subchannels.chunks(96));
    for (number, (sector, wanted)) in sectors.enumerate() {
        assert_eq!(beyond_q(sector), graphics(number), "sector {number}");
        assert!(sector == wanted, "P or Q of sector {number} is another");
    }
    assert!(copied[0] == image && copied[2] == control);
    // The raw image has them in the same bytes; the other ways have no place for them, and tell it.
    let form = |form: &str| {
        let args = [
            "cd", "image", "g.ccd", "-o", "raw", "--form", form, "--json",
        ];
        let run = bench.expect(0, &args);
        run.of_type("cd-image")[0]["warnings"].to_string()
    };
    assert!(!form("raw96").contains("R to W"));
    let raw = bench.bytes("raw");
    for (number, block) in raw.chunks(2448).skip(22_650).take(1575).enumerate() {
        let beyond: Vec<u8> = block[2352..].iter().map(|byte| byte & 0x3f).collect();
        assert_eq!(beyond, graphics(number), "sector {number}");
    }
    for other in ["packed96", "pq16"] {
        assert!(form(other).contains("R to W"), "{other}");
    }
    let (sao, told) = burn("sao.vdisc", "sao");
    assert_eq!(told, 1);
    let nothing = |sector: &[u8]| beyond_q(sector) == [0; 96];
    assert!(whole(&bench, &sao)[1].chunks(96).all(nothing));
    let own = ["cd", "image", "g.ccd", "-o", "g.sub"];
    bench.expect(2, &own);
}

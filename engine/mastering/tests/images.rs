//! Image files of all kinds: cue sheets, raw sectors, plain blocks; each holds the same volume.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

use pitland_mastering::images::{CueSheet, SectorForm};
use pitland_mastering::{BLOCK_SIZE, BlockSource, DiscImage, ImageError, NodeKind, Volume};
use proptest::prelude::*;
use support::*;

/// The sum of a sector, bit by bit, with the polynomial (x^16 + x^15 + x^2 + 1)(x^16 + x^2 + x + 1).
fn edc(bytes: &[u8]) -> [u8; 4] {
    let mut sum = 0u32;
    for byte in bytes {
        sum ^= u32::from(*byte);
        for _ in 0..8 {
            sum = (sum >> 1) ^ if sum & 1 == 1 { 0xd801_8001 } else { 0 };
        }
    }
    sum.to_le_bytes()
}

fn raw(mode: u8, lba: u32, data: &[u8]) -> Vec<u8> {
    let at = lba + 150;
    let digits = |n: u32| (n / 10 * 16 + n % 10) as u8;
    let mut sector = [0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0].to_vec();
    sector.extend([
        digits(at / 4500),
        digits(at / 75 % 60),
        digits(at % 75),
        mode,
    ]);
    if mode == 2 {
        sector.extend([0, 0, 8, 0, 0, 0, 8, 0]);
    }
    sector.extend(data);
    let covered = if mode == 2 { 16 } else { 0 };
    sector.extend(edc(&sector[covered..]));
    // What corrects errors is not looked at.
    sector.resize(2352, 0x5a);
    sector
}

fn sectors(form: SectorForm, first_lba: u32, image: &[u8]) -> Vec<u8> {
    let blocks = image.chunks(BLOCK_SIZE).zip(first_lba..);
    blocks
        .flat_map(|(block, lba)| match form {
            SectorForm::Mode1 => raw(1, lba, block),
            SectorForm::Mode2 => raw(2, lba, block),
            SectorForm::Mode2WithoutHeader => raw(2, lba, block)[16..].to_vec(),
            SectorForm::Mode1WithSubchannels => [raw(1, lba, block), vec![0xc5; 96]].concat(),
            SectorForm::Mode2WithSubchannels => [raw(2, lba, block), vec![0xc5; 96]].concat(),
            _ => block.to_vec(),
        })
        .collect()
}

/// A small tree, and its volume from `first_lba` on.
fn volume(first_lba: u32) -> (tempfile::TempDir, Vec<u8>) {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("folder/file.bin"), &noise(3, 70_000));
    write(&dir.path().join("small"), b"small");
    let bytes = image(&plan(dir.path(), first_lba));
    (dir, bytes)
}

fn assert_volume(image: &mut DiscImage, first_lba: u32, source: &Path) {
    let mut volume = Volume::open(image, first_lba).unwrap();
    for name in ["folder/file.bin", "small"] {
        let expected = fs::read(source.join(name)).unwrap();
        let entry = volume.find(Path::new(name)).unwrap().unwrap();
        let mut content = vec![0; expected.len()];
        assert_eq!(
            volume.read_file(&entry, 0, &mut content).unwrap(),
            expected.len()
        );
        assert!(content == expected, "{name}");
    }
}

#[test]
fn every_form_of_sectors_holds_the_same_volume() {
    let (source, bytes) = volume(0);
    let dir = tempfile::tempdir().unwrap();
    for form in [
        SectorForm::Cooked,
        SectorForm::Mode1,
        SectorForm::Mode2,
        SectorForm::Mode1WithSubchannels,
        SectorForm::Mode2WithSubchannels,
    ] {
        let path = dir.path().join("image.bin");
        write(&path, &sectors(form, 0, &bytes));
        let mut image = DiscImage::open(&path).unwrap();
        assert_eq!(image.tracks()[0].form(), form);
        assert_eq!(image.end() as usize, bytes.len() / BLOCK_SIZE);
        assert_volume(&mut image, 0, source.path());
    }
}

#[test]
fn a_raw_image_of_a_later_session_stands_where_its_headers_say() {
    let (source, bytes) = volume(11_702);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("second.bin");
    write(&path, &sectors(SectorForm::Mode1, 11_702, &bytes));
    let mut image = DiscImage::open(&path).unwrap();
    assert_eq!(image.tracks()[0].first_lba(), 11_702);
    assert_volume(&mut image, 11_702, source.path());
    let mut block = [0; BLOCK_SIZE];
    let before = image.read_blocks(11_701, &mut block).unwrap_err();
    assert_eq!(before.kind(), ErrorKind::UnexpectedEof);
}

/// Sound, then two tracks of data in two files; the second track of data begins where this says.
fn cue(dir: &Path, form: SectorForm, named: &str) -> (tempfile::TempDir, u32) {
    let first_lba = 750 + 150 + 40 + 20;
    let (source, bytes) = volume(first_lba);
    let mut file = vec![0; 2352 * 750];
    file.extend(sectors(SectorForm::Mode1, 900, &noise(1, 40 * BLOCK_SIZE)));
    write(&dir.join("first file.bin"), &file);
    // A pregap that the file holds.
    let mut file = sectors(form, 940, &[0; 20 * BLOCK_SIZE]);
    file.extend(sectors(form, first_lba, &bytes));
    write(&dir.join("sub/second.bin"), &file);
    write(
        &dir.join("disc.cue"),
        format!("REM COMMENT \"x\"\n\
        FILE \"first file.bin\" BINARY\n  TRACK 01 AUDIO\n    INDEX 01 00:00:00\n\
        \x20 TRACK 02 MODE1/2352\n    PREGAP 00:02:00\n    INDEX 01 00:10:00\n\
        FILE \"sub/second.bin\" BINARY\n  TRACK 03 {named}\n    INDEX 00 00:00:00\n    INDEX 01 00:00:20\n")
        .as_bytes(),
    );
    (source, first_lba)
}

#[test]
fn a_cue_sheet_places_its_tracks_on_the_disc() {
    let dir = tempfile::tempdir().unwrap();
    let (source, first_lba) = cue(dir.path(), SectorForm::Mode2WithoutHeader, "MODE2/2336");
    let mut image = DiscImage::open(&dir.path().join("disc.cue")).unwrap();
    let places: Vec<(u32, u32)> = image
        .tracks()
        .iter()
        .map(|track| (track.first_lba(), track.blocks()))
        .collect();
    assert_eq!(places[0], (900, 40));
    assert_eq!(places[1].0, first_lba);
    assert_volume(&mut image, first_lba, source.path());
    // The sound, the silence, and what lies behind are no blocks.
    let mut block = [0; BLOCK_SIZE];
    for lba in [0, 749, 750, 899, 940, 959, image.end(), u32::MAX] {
        assert!(image.read_blocks(lba, &mut block).is_err(), "{lba}");
    }
    image.read_blocks(900, &mut block).unwrap();
    assert_eq!(block, noise(1, 40 * BLOCK_SIZE)[..BLOCK_SIZE]);
}

#[test]
fn a_track_that_is_alone_and_at_the_beginning_is_an_image_by_itself() {
    let dir = tempfile::tempdir().unwrap();
    let sheet = dir.path().join("disc.cue");
    let image = noise(3, 100 * BLOCK_SIZE);
    write(
        &dir.path().join("a.bin"),
        &sectors(SectorForm::Mode2, 0, &image),
    );
    let only = |tracks: &str| {
        write(&sheet, format!("FILE a.bin BINARY\n{tracks}").as_bytes());
        DiscImage::only_track(&sheet)
    };
    let data = "TRACK 01 MODE2/2352\nINDEX 01 00:00:00\n";
    let mut track = only(data).unwrap();
    assert!(track.have_sums());
    assert_eq!((track.first_lba(), track.blocks()), (0, 100));
    let mut found = vec![0; image.len()];
    track.read_blocks(0, &mut found).unwrap();
    assert!(found == image);
    let sound = only(&format!("{data}TRACK 02 AUDIO\nINDEX 01 00:01:00\n")).unwrap_err();
    assert!(
        matches!(
            sound,
            ImageError::Sound {
                line: 4,
                track: 2,
                ..
            }
        ),
        "{sound}"
    );
    let two = only(&format!("{data}TRACK 02 MODE2/2352\nINDEX 01 00:01:00\n")).unwrap_err();
    assert!(
        matches!(two, ImageError::SeveralTracks { tracks: 2, .. }),
        "{two}"
    );
    let later = only("TRACK 01 MODE2/2352\nINDEX 00 00:00:00\nINDEX 01 00:00:20\n").unwrap_err();
    assert!(
        matches!(
            later,
            ImageError::NotAtStart {
                line: 2,
                first_lba: 20,
                ..
            }
        ),
        "{later}"
    );
}

#[test]
fn cdrdao_places_the_tracks_of_a_cue_sheet_alike() {
    if tool("cdrdao_places_the_tracks_of_a_cue_sheet_alike", "cdrdao").is_none() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    // It refuses discs of both modes.
    cue(dir.path(), SectorForm::Mode1, "MODE1/2352");
    let output = run(Command::new("cdrdao")
        .args(["show-toc", "disc.cue"])
        .current_dir(dir.path()));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let places = |word: &str| -> Vec<u32> {
        let lines = text.lines().filter(|line| line.trim().starts_with(word));
        lines
            .map(|line| {
                let number = line.rsplit('(').next().unwrap();
                number
                    .trim_matches(|c| c == ')' || c == ' ')
                    .parse()
                    .unwrap()
            })
            .collect()
    };
    let image = DiscImage::open(&dir.path().join("disc.cue")).unwrap();
    let ours: Vec<(u32, u32)> = image
        .tracks()
        .iter()
        .map(|track| (track.first_lba(), track.first_lba() + track.blocks()))
        .collect();
    let theirs: Vec<(u32, u32)> = places("START").into_iter().zip(places("END")).collect();
    assert_eq!(theirs.len(), 3, "{text}");
    // What cdrdao calls the end of a track is that of the pregap behind it, where the file holds that.
    assert_eq!((theirs[1].0, theirs[2].0), (ours[0].0, ours[1].0), "{text}");
    assert_eq!(theirs[2].1, ours[1].1, "{text}");
}

#[test]
fn a_damaged_sector_is_an_error_and_not_other_bytes() {
    let (_source, bytes) = volume(0);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("image.bin");
    for form in [SectorForm::Mode1, SectorForm::Mode2] {
        let good = sectors(form, 0, &bytes);
        let sector = 40 * 2352;
        for (at, bit) in [(0, 1), (15, 3), (24, 1), (1000, 1), (2063, 0x80)] {
            let mut bad = good.clone();
            bad[sector + at] ^= bit;
            write(&path, &bad);
            let mut image = DiscImage::open(&path).unwrap();
            let mut blocks = vec![0; 80 * BLOCK_SIZE];
            let error = image.read_blocks(0, &mut blocks).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidData);
            assert!(error.to_string().contains("LBA 40 "), "{error}");
            assert!(image.read_blocks(39, &mut blocks[..BLOCK_SIZE]).is_ok());
        }
    }
    // Form 2 holds other bytes.
    let mut form_2 = sectors(SectorForm::Mode2, 0, &bytes);
    form_2[18] = 0x20;
    write(&path, &form_2);
    let mut block = [0; BLOCK_SIZE];
    let error = DiscImage::open(&path)
        .unwrap()
        .read_blocks(0, &mut block)
        .unwrap_err();
    assert!(error.to_string().contains("form 2"), "{error}");
}

#[test]
fn a_cue_sheet_never_leaves_its_folder() {
    let dir = tempfile::tempdir().unwrap();
    let secret = dir.path().join("secret.bin");
    write(&secret, &[0; BLOCK_SIZE * 4]);
    let folder = dir.path().join("folder");
    fs::create_dir(&folder).unwrap();
    std::os::unix::fs::symlink(&secret, folder.join("link.bin")).unwrap();
    let sheet = folder.join("disc.cue");
    for name in [
        "../secret.bin",
        secret.to_str().unwrap(),
        "link.bin",
        "a/../../secret.bin",
    ] {
        write(
            &sheet,
            format!("FILE \"{name}\" BINARY\nTRACK 01 MODE1/2048\nINDEX 01 00:00:00\n").as_bytes(),
        );
        let error = DiscImage::open(&sheet).unwrap_err();
        assert!(
            matches!(&error, ImageError::Outside { path, line: 1, file } if *path == sheet && file == Path::new(name)),
            "{error}"
        );
    }
}

#[test]
fn what_is_wrong_with_a_cue_sheet_is_told_with_file_and_line() {
    let dir = tempfile::tempdir().unwrap();
    let sheet = dir.path().join("disc.cue");
    write(&dir.path().join("a.bin"), &[0; BLOCK_SIZE * 4]);
    write(&dir.path().join("odd.bin"), &[0; BLOCK_SIZE * 4 + 1]);
    write(&dir.path().join("a.wav"), &[0; 2352 * 4]);
    let refuse = |text: &str| {
        write(&sheet, text.as_bytes());
        let error = DiscImage::open(&sheet).unwrap_err();
        let words = error.to_string();
        assert!(words.starts_with(dir.path().to_str().unwrap()), "{words}");
        error
    };
    let track = |file: &str, from: &str| {
        format!("FILE {file} BINARY\nTRACK 01 MODE1/2048\nINDEX 01 {from}\n")
    };
    let error = refuse("FILE a.bin BINARY\n\nTRUCK 01 AUDIO");
    assert!(
        error
            .to_string()
            .ends_with("disc.cue:3: `TRUCK` is no command of a cue sheet")
    );
    for from in ["00:00:04", "99:00:00"] {
        let error = refuse(&track("a.bin", from));
        assert!(
            matches!(
                error,
                ImageError::EmptyTrack {
                    line: 2,
                    track: 1,
                    ..
                }
            ),
            "{error}"
        );
    }
    let beyond = format!(
        "{}TRACK 02 AUDIO\nINDEX 01 00:00:05\n",
        track("a.bin", "00:00:00")
    );
    assert!(matches!(
        refuse(&beyond),
        ImageError::EmptyTrack { line: 2, .. }
    ));
    let error = refuse(&track("odd.bin", "00:00:00"));
    assert!(
        matches!(
            error,
            ImageError::NotWhole {
                bytes: 8193,
                sector: 2048,
                ..
            }
        ),
        "{error}"
    );
    let error = refuse(&track("none.bin", "00:00:00"));
    assert!(matches!(&error, ImageError::Unreadable { path, .. } if path.ends_with("none.bin")));
    let sound = "FILE a.wav WAVE\nTRACK 01 AUDIO\nINDEX 01 00:00:00\n";
    assert!(matches!(refuse(sound), ImageError::NoData { .. }));
    let behind = format!("{sound}FILE a.bin BINARY\nTRACK 02 MODE1/2048\nINDEX 01 00:00:00\n");
    assert!(matches!(
        refuse(&behind),
        ImageError::BehindSound {
            line: 5,
            track: 2,
            ..
        }
    ));
    fs::write(&sheet, vec![b' '; (1 << 20) + 1]).unwrap();
    let error = DiscImage::open(&sheet).unwrap_err();
    assert!(matches!(error, ImageError::CueTooLong { .. }), "{error}");
    let missing: PathBuf = dir.path().join("missing.iso");
    assert!(matches!(
        DiscImage::open(&missing),
        Err(ImageError::Unreadable { .. })
    ));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// Lines of a cue sheet in any order, and any damage to them.
    #[test]
    fn a_sheet_of_any_lines_is_read_or_refused(
        picks in proptest::collection::vec((0..12usize, 0..4u8, any::<(u16, u8)>()), 0..30),
    ) {
        let dir = tempfile::tempdir().unwrap();
        write(&dir.path().join("a.bin"), &noise(5, 2352 * 10));
        let mut text = Vec::new();
        for (line, number, (at, byte)) in picks {
            let line = match line {
                0 | 1 => "FILE a.bin BINARY\n".to_owned(),
                2..=4 => format!("TRACK 0{number} MODE1/2352\n"),
                5 => format!("TRACK 0{number} MODE2/2336\n"),
                6..=8 => format!("INDEX 0{} 00:00:0{number}\n", number % 3),
                9 => "PREGAP 00:02:00\n".to_owned(),
                10 => "POSTGAP 99:59:74\n".to_owned(),
                _ => {
                    let length = text.len();
                    if length > 0 {
                        text[usize::from(at) % length] = byte;
                    }
                    String::new()
                }
            };
            text.extend(line.bytes());
        }
        if let Ok(sheet) = CueSheet::parse(&text) {
            prop_assert!(sheet.files.iter().all(|file| !file.tracks.is_empty()));
        }
        let path = dir.path().join("any.cue");
        write(&path, &text);
        if let Ok(mut image) = DiscImage::open(&path) {
            let tracks: Vec<_> = image.tracks().iter().map(|t| (t.first_lba(), t.blocks())).collect();
            prop_assert!(tracks.windows(2).all(|pair| pair[0].0 + pair[0].1 <= pair[1].0), "{tracks:?}");
            let mut blocks = [0; 3 * BLOCK_SIZE];
            for (first, _) in tracks {
                let _ = image.read_blocks(first, &mut blocks);
            }
        }
    }
}

#[test]
fn a_plain_image_needs_no_form() {
    let (_source, mut bytes) = volume(0);
    bytes.extend([1, 2, 3]);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("image.iso");
    write(&path, &bytes);
    let mut image = DiscImage::open(&path).unwrap();
    let mut volume = Volume::open(&mut image, 0).unwrap();
    let kinds = volume.walk().map(|entry| entry.unwrap().1.kind);
    assert_eq!(kinds.filter(|kind| *kind == NodeKind::File).count(), 2);
}

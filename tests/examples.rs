//! The small examples, run as programs on virtual drives: each does what its header says, and none has become long.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

mod common;

use common::burn::{self, Opened, Place};
use common::outside::{self, Session};
use common::program::example;
use common::seen::{assert_same, look_without_link_times};
use common::tree;
use pitland::MediaFacts;
use pitland::transport::sim::{DiscType, MediumKind};
use pitland::writer::MediumCondition;
use pitland::writer::mmc::Lba;
use std::fs;
use std::path::Path;

/// A program of more lines shows more than one thing.
const MOST_LINES: usize = 60;

const SMALL: [&str; 9] = [
    "list_drives",
    "burn_folder",
    "burn_streams",
    "burn_audio",
    "burn_raw_image",
    "erase_disc",
    "add_session",
    "boot_image",
    "quiet_drive",
];

/// Runs an example to its end; what it says.
fn run(name: &str, drive: &str, more: &[&Path]) -> String {
    let output = outside::run(example(name).arg(drive).args(more));
    String::from_utf8(output.stdout).unwrap()
}

/// That an example told this outcome, and not that the disc is unverified.
fn assert_verified(said: &str) {
    assert!(
        said.lines().any(|line| line.starts_with("verified: ")),
        "{said}"
    );
}

/// A new disc, and the drive that it is in.
fn disc(place: &Place, name: &str, kind: impl Into<DiscType>) -> (std::path::PathBuf, String) {
    let disc = place.path(name);
    burn::blank(&disc, kind, None);
    let drive = format!("virtual:{}", disc.display());
    (disc, drive)
}

async fn facts(disc: &Path) -> MediaFacts {
    let opened = Opened::new(disc);
    let facts = opened.drive.medium().await.unwrap().facts;
    opened.close().await;
    facts
}

async fn image_of(disc: &Path, image: &Path) {
    let opened = Opened::new(disc);
    burn::export(&opened.drive, None, image).await;
    opened.close().await;
}

/// Sound of so many frames that is never silent.
fn sound(place: &Place, name: &str, frames: usize) -> std::path::PathBuf {
    let path = place.path(name);
    let samples: Vec<u8> = tree::noise(frames as u64, frames * 2352);
    fs::write(&path, samples).unwrap();
    path
}

/// Frames of a CD as the drive reads them.
async fn frames(disc: &Path, first: i32, count: usize) -> Vec<u8> {
    let opened = Opened::new(disc);
    opened.drive.medium().await.unwrap();
    let reader = opened.drive.reader();
    let read = tokio::task::spawn_blocking(move || {
        let mut out = vec![0; count * 2352];
        reader.read_sectors(Lba(first), false, &mut out).unwrap();
        out
    });
    let read = read.await.unwrap();
    opened.close().await;
    read
}

#[test]
fn the_small_examples_are_small() {
    for name in SMALL {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("examples/{name}.rs"));
        let lines = fs::read_to_string(&path).unwrap().lines().count();
        assert!(lines < MOST_LINES, "{name}: {lines} lines");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn drives_are_listed_with_what_is_in_them() {
    let place = Place::new();
    let (_, drive) = disc(&place, "disc.vdisc", MediumKind::DvdPlusR);
    let said = run("list_drives", &drive, &[]);
    assert!(said.contains("Blank"), "{said}");
    assert!(said.contains("2295104 of 2295104 blocks free"), "{said}");
    assert!(said.contains("next writable address Some("), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn folders_are_burned_and_added_and_the_disc_is_erased() {
    let place = Place::new();
    let (first, second) = (place.path("first"), place.path("second"));
    tree::small(&first);
    fs::create_dir(&second).unwrap();
    fs::write(second.join("added later"), "in a second session").unwrap();
    let (disc, drive) = disc(&place, "disc.vdisc", MediumKind::CdRw);

    let output = outside::run(example("burn_folder").arg(&first).arg(&drive));
    assert_verified(&String::from_utf8_lossy(&output.stdout));
    let said = run("add_session", &drive, &[&second]);
    assert!(said.contains("begins at Some(Lba(0))"), "{said}");
    assert_verified(&said);
    let facts_of_both = facts(&disc).await;
    assert_eq!(facts_of_both.closed_sessions(), Some(2));
    let last = facts_of_both.last_closed_session_start().unwrap();
    if outside::outsider("xorriso") {
        let (image, restored) = (place.path("image.iso"), place.path("restored"));
        image_of(&disc, &image).await;
        outside::xorriso_restore(&image, Session::At(last.0.unsigned_abs()), &restored);
        fs::copy(second.join("added later"), first.join("added later")).unwrap();
        let names = |folder: &Path| {
            let mut names: Vec<_> = fs::read_dir(folder)
                .unwrap()
                .map(|entry| entry.unwrap().file_name())
                .collect();
            names.sort();
            names
        };
        assert_eq!(names(&first), names(&restored));
    }

    for how in [&[][..], &[Path::new("--full")]] {
        let said = run("erase_disc", &drive, how);
        assert!(said.ends_with(": Blank\n"), "{said}");
        assert_eq!(facts(&disc).await.condition(), MediumCondition::Blank);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sound_is_burned_track_by_track_with_gaps_and_raw_without() {
    let place = Place::new();
    let tracks = [400, 350].map(|frames| sound(&place, &format!("{frames}.pcm"), frames));
    let whole: Vec<u8> = tracks
        .iter()
        .flat_map(|path| fs::read(path).unwrap())
        .collect();

    let (raw, drive) = disc(&place, "raw.vdisc", MediumKind::CdR);
    let said = run("burn_raw_image", &drive, &[&tracks[0], &tracks[1]]);
    assert!(said.contains("of 2448 bytes"), "{said}");
    assert_verified(&said);
    assert!(frames(&raw, 0, 750).await == whole);

    // The same with a head, for track at once takes files as they are found.
    let files = tracks.map(|path| {
        let wav = path.with_extension("wav");
        fs::write(&wav, wave(&fs::read(&path).unwrap())).unwrap();
        wav
    });
    let (at_once, drive) = disc(&place, "tao.vdisc", MediumKind::CdR);
    let said = run("burn_audio", &drive, &[&files[0], &files[1]]);
    assert_verified(&said);
    let (first, second) = whole.split_at(400 * 2352);
    assert!(frames(&at_once, 0, 400).await == first);
    // Two blocks of run-out, and the two seconds before the next track.
    assert!(frames(&at_once, 400 + 152, 350).await == second);
}

/// A WAVE file of a CD's samples.
fn wave(samples: &[u8]) -> Vec<u8> {
    let length = samples.len() as u32;
    let mut out = Vec::new();
    out.extend(b"RIFF");
    out.extend((36 + length).to_le_bytes());
    out.extend(b"WAVEfmt \x10\0\0\0\x01\0\x02\0");
    out.extend(44_100_u32.to_le_bytes());
    out.extend(176_400_u32.to_le_bytes());
    out.extend(b"\x04\0\x10\0data");
    out.extend(length.to_le_bytes());
    out.extend(samples);
    out
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disc_gets_an_entry_for_each_machine_that_shall_start_from_it() {
    let place = Place::new();
    let folder = place.path("folder");
    tree::small(&folder);
    let (bios, uefi) = (place.path("bios.img"), place.path("uefi.img"));
    fs::write(&bios, vec![0x90; 2048]).unwrap();
    fs::write(&uefi, vec![0x91; 65_536]).unwrap();
    let (disc, drive) = disc(&place, "disc.vdisc", MediumKind::BdR);
    let said = run("boot_image", &drive, &[&folder, &bios, &uefi]);
    assert_verified(&said);
    if outside::outsider("xorriso") {
        let image = place.path("image.iso");
        image_of(&disc, &image).await;
        let report = outside::run(
            std::process::Command::new("xorriso")
                .args(["-no_rc", "-indev"])
                .arg(&image)
                .args(["-report_el_torito", "plain"]),
        );
        let report = String::from_utf8_lossy(&report.stdout).into_owned();
        for entry in ["BIOS", "UEFI"] {
            let line = report.lines().find(|line| line.contains(entry));
            assert!(line.is_some_and(|line| line.contains(" y ")), "{report}");
        }
        let restored = place.path("restored");
        outside::xorriso_restore(&image, Session::Default, &restored);
        let expected = look_without_link_times(&folder);
        assert_same("bootable", &expected, &look_without_link_times(&restored));
    }
}

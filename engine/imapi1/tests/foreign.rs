//! The data discs of the facade, read by programs of others: by the names of Joliet, session by session. Its discs of sound
//! are read by others behind a real kernel (`tests/vm/facade.rs`).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

#[allow(
    dead_code,
    unreachable_pub,
    reason = "shared by tests, each of which uses a part"
)]
#[path = "../../../tests/common/outside.rs"]
mod outside;
mod support;

use futures::StreamExt;
use pitland::transport::sim::MediumKind;
use pitland::{DriveHandle, ReadOptions};
use pitland_imapi1::{PropertySet, Storage};
use std::ffi::OsStr;
use std::fs::File;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use support::{Bench, choose, contents, noise};

/// What a reader sees of the disc, from its first block to its last one.
async fn export(drive: &DriveHandle, image: &Path) {
    let mut pieces = drive.read(ReadOptions::default()).await.unwrap().pieces;
    let mut file = File::create(image).unwrap();
    while let Some(piece) = pieces.next().await {
        file.write_all(&piece.unwrap().bytes).unwrap();
    }
}

/// The files of a session and its folders, by their names in Joliet, as isoinfo reads them: it knows Latin-1 alone.
fn by_isoinfo(image: &Path, session: &str) -> (Vec<(PathBuf, Vec<u8>)>, Vec<PathBuf>) {
    let isoinfo = |more: &[&OsStr]| {
        let mut command = Command::new("isoinfo");
        command.args(["-J", "-j", "iso8859-1", "-T", session, "-i"]);
        outside::run(command.arg(image).args(more)).stdout
    };
    let listed = isoinfo(&["-f".as_ref()]);
    let paths: Vec<&[u8]> = listed
        .split(|byte| *byte == b'\n')
        .filter(|path| !path.is_empty())
        .collect();
    let (mut files, mut folders) = (Vec::new(), Vec::new());
    for path in &paths {
        let name: String = path[1..].iter().map(|byte| char::from(*byte)).collect();
        let inside = [*path, b"/"].concat();
        // It lists folders as it does files; none here is empty.
        match paths.iter().any(|other| other.starts_with(&inside)) {
            true => folders.push(name.into()),
            false => {
                let bytes = isoinfo(&["-x".as_ref(), OsStr::from_bytes(path)]);
                files.push((name.into(), bytes));
            }
        }
    }
    files.sort();
    folders.sort();
    (files, folders)
}

/// The files of a session by their names in Joliet, as xorriso restores them.
fn by_xorriso(image: &Path, session: &str, to: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut command = Command::new("xorriso");
    command.args([
        "-no_rc",
        "-abort_on",
        "FAILURE",
        "-return_with",
        "SORRY",
        "32",
    ]);
    command.args(["-read_fs", "norock", "-load", "sbsector", session, "-indev"]);
    command.arg(image).args(["-osirrox", "on", "-extract", "/"]);
    outside::run(command.arg(to));
    contents(to)
}

#[tokio::test]
async fn what_is_recorded_is_read_by_others_by_its_names_in_joliet() {
    let programs = ["isoinfo", "xorriso", "7z"].map(outside::outsider);
    let bench = Bench::new();
    let drive = bench.drive("disc", MediumKind::CdR, None);
    let large = noise(300_001, 1);
    let block = noise(2048, 2);
    let first: &[(&str, &[u8])] = &[
        ("Read me first, please.txt", b"hello"),
        ("nothing", b""),
        ("Bilder/Übersicht der Größen.bin", &block),
        ("Bilder/2006/Zwölf Monate/a.b.c.tar.gz", &large),
    ];
    let folder = bench.files("first", first);
    let mut master = bench.open().await;
    let recorder = choose(&mut master).await;
    let named = PropertySet::new().with("VolumeName", "Eins und Zwei");
    let mut joliet = master.joliet().unwrap();
    let _ = joliet.set_joliet_properties(&named).unwrap();
    joliet.add_data(folder.clone(), false).await.unwrap();
    master.record_disc(false, false).await.unwrap();
    let image = bench.folder.path().join("disc.iso");
    export(&drive, &image).await;
    let path = |name: &str| bench.folder.path().join(name);
    judge(programs, &image, "0", &folder, &path("one"));
    if programs[0] {
        let head = outside::run(Command::new("isoinfo").args(["-d", "-i"]).arg(&image)).stdout;
        let head = String::from_utf8_lossy(&head).into_owned();
        assert!(head.contains("Joliet with UCS level 3 found"), "{head}");
        assert!(head.contains("Volume id: Eins und Zwei"), "{head}");
    }
    if programs[2] {
        let unpacked = path("unpacked");
        outside::seven_zip_unpack(&image, &unpacked);
        assert!(contents(&unpacked) == contents(&folder), "7z");
    }

    // A session behind it has what the first one had, too; a file of its own takes the place of an earlier one.
    let second = bench.files(
        "second",
        &[("nothing", b"something"), ("Bilder/Später.txt", b"later")],
    );
    master.set_active_disc_recorder(&recorder).await.unwrap();
    let mut joliet = master.joliet().unwrap();
    joliet
        .add_data(Storage::from(second.as_path()), true)
        .await
        .unwrap();
    master.record_disc(false, false).await.unwrap();
    export(&drive, &image).await;
    let facts = drive.medium().await.unwrap().facts;
    let begins = facts.last_closed_session_start().unwrap().0.to_string();
    let mut both: Vec<(&str, &[u8])> = first.to_vec();
    both[1].1 = b"something";
    both.push(("Bilder/Später.txt", b"later"));
    let both = bench.files("both", &both);
    judge(programs, &image, &begins, &both, &path("two"));
    judge(programs, &image, "0", &folder, &path("one, again"));
    master.close();
}

/// The session of the image that begins at this block holds what the folder holds, by the word of isoinfo and xorriso where
/// they are installed.
fn judge([isoinfo, xorriso, _]: [bool; 3], image: &Path, session: &str, folder: &Path, to: &Path) {
    let expected = contents(folder);
    if isoinfo {
        let (files, folders) = by_isoinfo(image, session);
        assert!(
            files == expected,
            "isoinfo, session at {session}: {:?}",
            names(&files)
        );
        let expected = ["Bilder", "Bilder/2006", "Bilder/2006/Zwölf Monate"];
        assert_eq!(folders, expected.map(PathBuf::from));
    }
    if xorriso {
        let files = by_xorriso(image, session, to);
        assert!(
            files == expected,
            "xorriso, session at {session}: {:?}",
            names(&files)
        );
    }
}

fn names(files: &[(PathBuf, Vec<u8>)]) -> Vec<(&Path, usize)> {
    files
        .iter()
        .map(|(path, bytes)| (path.as_path(), bytes.len()))
        .collect()
}

//! Files taken out of a volume: what a sound one gives, and what a hostile one cannot do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::fs::{self, File};
use std::ops::ControlFlow;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use pitland_mastering::extract::{ExtractError, ExtractObserver, ExtractProblem, ExtractSummary};
use pitland_mastering::{BLOCK_SIZE, ExtractOptions, Names, Volume, extract};
use support::*;

/// A folder to extract into, beside which nothing may appear.
struct Cage {
    dir: tempfile::TempDir,
}

impl Cage {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        for name in ["out", "outside", "source"] {
            fs::create_dir(dir.path().join(name)).unwrap();
        }
        fs::write(dir.path().join("outside/kept"), "kept").unwrap();
        Self { dir }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The image of what stands in `source`.
    fn image(&self) -> Vec<u8> {
        image(&plan(&self.path("source"), 0))
    }

    fn extract(&self, image: &[u8], paths: &[&str]) -> (ExtractSummary, Vec<ExtractProblem>) {
        self.extract_with(image, paths, &ExtractOptions::new(1 << 30))
            .unwrap()
    }

    fn extract_with(
        &self,
        image: &[u8],
        paths: &[&str],
        options: &ExtractOptions,
    ) -> Result<(ExtractSummary, Vec<ExtractProblem>), ExtractError> {
        let mut volume = Volume::open(image, 0).unwrap();
        let paths: Vec<PathBuf> = paths.iter().map(PathBuf::from).collect();
        let target = File::open(self.path("out")).unwrap();
        let mut problems = Vec::new();
        let summary = extract(&mut volume, &paths, target.into(), options, &mut problems)?;
        self.assert_nothing_left();
        Ok((summary, problems))
    }

    fn assert_nothing_left(&self) {
        let names = |path: &Path| {
            let entries = fs::read_dir(path).unwrap();
            let mut names: Vec<_> = entries.map(|e| e.unwrap().file_name()).collect();
            names.sort();
            names
        };
        assert_eq!(names(self.dir.path()), ["out", "outside", "source"]);
        assert_eq!(names(&self.path("outside")), ["kept"]);
        assert_eq!(fs::read(self.path("outside/kept")).unwrap(), b"kept");
    }
}

/// Replaces every occurrence of a text in an image by another one of the same length: what no honest writer makes.
fn replace(image: &mut [u8], old: &str, new: &str) {
    assert_eq!(old.len(), new.len());
    let mut found = 0;
    for at in 0..image.len() - old.len() {
        let place = &mut image[at..at + old.len()];
        if place == old.as_bytes() {
            place.copy_from_slice(new.as_bytes());
            found += 1;
        }
    }
    assert!(found > 0, "{old}");
}

#[test]
fn a_tree_comes_out_as_it_went_in() {
    let cage = Cage::new();
    let source = cage.path("source");
    fs::create_dir_all(source.join("a/b")).unwrap();
    write(&source.join("a/data"), &noise(1, 1_500_000));
    write(&source.join("a/b/small"), b"small");
    write(&source.join("empty"), b"");
    fs::hard_link(source.join("a/data"), source.join("a/b/second name")).unwrap();
    symlink("../../elsewhere", source.join("a/link")).unwrap();
    fs::set_permissions(source.join("a/b"), PermissionsExt::from_mode(0o500)).unwrap();
    set_time(&source.join("a/data"), 1_000_000_000, 0);
    set_time(&source.join("a"), 1_100_000_000, 0);
    let (summary, problems) = cage.extract(&cage.image(), &[]);
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!((summary.files, summary.folders, summary.links), (4, 2, 1));
    assert_eq!(summary.bytes, 1_500_005);
    assert_same(&snapshot(&source), &snapshot(&cage.path("out")));
    fs::set_permissions(source.join("a/b"), PermissionsExt::from_mode(0o700)).unwrap();
    let made = cage.path("out/a/b");
    fs::set_permissions(made, PermissionsExt::from_mode(0o700)).unwrap();
}

#[test]
fn paths_that_are_named_keep_their_whole_path_and_overlap_without_harm() {
    let cage = Cage::new();
    let source = cage.path("source");
    for name in ["a/b/one", "a/b/two", "a/three", "four"] {
        write(&source.join(name), name.as_bytes());
    }
    let paths = ["a/b/one", "/a/b", "./a/b/two", "a/b"];
    let (summary, problems) = cage.extract(&cage.image(), &paths);
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!(summary.files, 2);
    assert_eq!(fs::read(cage.path("out/a/b/two")).unwrap(), b"a/b/two");
    assert!(!cage.path("out/a/three").exists() && !cage.path("out/four").exists());
    for path in ["missing", "a/../four", "four/below"] {
        let options = ExtractOptions::new(1 << 30);
        let error = cage.extract_with(&cage.image(), &[path], &options);
        let is_missing = matches!(error.unwrap_err(), ExtractError::NoSuchPath { .. });
        assert!(is_missing, "{path}");
    }
}

#[test]
fn the_rights_to_act_as_somebody_else_are_not_taken_over() {
    let cage = Cage::new();
    let source = cage.path("source");
    write(&source.join("tool"), b"#!/bin/sh\n");
    fs::create_dir(source.join("shared")).unwrap();
    for (name, mode) in [("tool", 0o6755), ("shared", 0o3777)] {
        fs::set_permissions(source.join(name), PermissionsExt::from_mode(mode)).unwrap();
    }
    cage.extract(&cage.image(), &[]);
    let mode = |name| fs::metadata(cage.path(name)).unwrap().mode() & 0o7777;
    assert_eq!(mode("out/tool"), 0o755);
    assert_eq!(mode("out/shared"), 0o777);
}

#[test]
fn devices_and_fifos_are_left_out_and_named() {
    let cage = Cage::new();
    let fifo = cage.path("source/fifo");
    let made = std::process::Command::new("mkfifo").arg(&fifo).status();
    assert!(made.unwrap().success());
    let store = pitland_mastering::SpecialFiles::Store;
    let walk = pitland_mastering::WalkOptions {
        special: store,
        ..Default::default()
    };
    let tree = pitland_mastering::Tree::scan(&[cage.path("source")], &walk).unwrap();
    let layout = pitland_mastering::Layout::plan(tree, 0, &options()).unwrap();
    let (summary, problems) = cage.extract(&image(&layout.into()), &[]);
    assert_eq!((summary.left_out, summary.problems), (1, 0));
    assert!(
        matches!(&problems[..], [ExtractProblem::LeftOut { path, .. }] if path == Path::new("/fifo"))
    );
    assert!(!cage.path("out/fifo").exists());
}

/// The image says that one name is a folder with a file and a link to a folder outside, in either order.
#[test]
fn a_folder_that_is_a_link_as_well_leads_nowhere() {
    for (folder, link) in [("evil-a", "evil-b"), ("evil-b", "evil-a")] {
        let cage = Cage::new();
        let source = cage.path("source");
        write(&source.join(folder).join("file"), b"caught");
        symlink(cage.path("outside"), source.join(link)).unwrap();
        let mut image = cage.image();
        replace(&mut image, folder, link);
        let (_, problems) = cage.extract(&image, &[]);
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert_eq!(
            fs::read(cage.path("out").join(link).join("file")).unwrap(),
            b"caught"
        );
        // A further attempt, over what is there, and over the link itself.
        let mut options = ExtractOptions::new(1 << 30);
        options.replace = true;
        cage.extract_with(&image, &[], &options).unwrap();
        fs::remove_dir_all(cage.path("out").join(link)).unwrap();
        symlink(cage.path("outside"), cage.path("out").join(link)).unwrap();
        let (summary, _) = cage.extract_with(&image, &[], &options).unwrap();
        assert_eq!(summary.files, 0);
    }
}

#[test]
fn what_stands_in_the_way_is_kept_unless_it_may_be_replaced_and_is_never_followed() {
    let cage = Cage::new();
    write(&cage.path("source/kept"), b"from the image");
    let image = cage.image();
    symlink(cage.path("outside/kept"), cage.path("out/kept")).unwrap();
    let (summary, problems) = cage.extract(&image, &[]);
    assert_eq!((summary.files, problems.len()), (0, 1));
    let mut options = ExtractOptions::new(1 << 30);
    options.replace = true;
    let (summary, _) = cage.extract_with(&image, &[], &options).unwrap();
    assert_eq!(summary.files, 1);
    let made = fs::symlink_metadata(cage.path("out/kept")).unwrap();
    assert!(made.is_file());
    // A folder is never removed for a file.
    fs::remove_file(cage.path("out/kept")).unwrap();
    fs::create_dir(cage.path("out/kept")).unwrap();
    let (summary, problems) = cage.extract_with(&image, &[], &options).unwrap();
    assert_eq!((summary.files, problems.len()), (0, 1));
}

#[test]
fn names_that_lead_up_or_elsewhere_are_not_believed() {
    for name in ["..", "./", "a/", "/x"] {
        let cage = Cage::new();
        write(&cage.path("source/QQ/file"), b"caught");
        let mut image = cage.image();
        // NM entries have a flags byte before the name; the records of ISO 9660 have their length.
        replace(&mut image, "\u{1}\0QQ", &format!("\u{1}\0{name}"));
        let (summary, problems) = cage.extract(&image, &[]);
        assert_eq!(summary.files, 0, "{name}");
        assert_eq!(problems.len(), 1, "{name}: {problems:?}");
    }
}

#[test]
fn files_that_share_blocks_do_not_fill_the_host() {
    let cage = Cage::new();
    write(&cage.path("source/one"), &noise(1, 100_000));
    for n in 0..20 {
        fs::hard_link(cage.path("source/one"), cage.path(&format!("source/{n}"))).unwrap();
    }
    let image = cage.image();
    let options = ExtractOptions::new(image.len() as u64);
    // By Rock Ridge they are one file.
    let (summary, _) = cage.extract_with(&image, &[], &options).unwrap();
    assert_eq!((summary.files, summary.bytes), (21, 100_000));
    // Joliet does not say so: each would be stored by itself.
    fs::remove_dir_all(cage.path("out")).unwrap();
    fs::create_dir(cage.path("out")).unwrap();
    let mut volume = Volume::open(image.as_slice(), 0).unwrap();
    assert!(volume.use_names(Names::Joliet));
    let target = File::open(cage.path("out")).unwrap();
    let tried = extract(&mut volume, &[], target.into(), &options, &mut Vec::new());
    assert!(matches!(
        tried,
        Err(ExtractError::TooMuch {
            bytes: 2_100_000,
            ..
        })
    ));
    assert_eq!(fs::read_dir(cage.path("out")).unwrap().count(), 0);
}

#[test]
fn a_file_that_cannot_be_read_to_its_end_is_not_kept() {
    let cage = Cage::new();
    write(&cage.path("source/a-whole"), &noise(1, 10_000));
    write(&cage.path("source/cut"), &noise(2, 3_000_000));
    let mut image = cage.image();
    image.truncate(image.len() - 300 * BLOCK_SIZE);
    let (summary, problems) = cage.extract(&image, &[]);
    assert_eq!((summary.files, summary.problems), (1, 1));
    assert_eq!(summary.bytes, 10_000, "those of the file that was kept");
    assert!(
        matches!(&problems[..], [ExtractProblem::Unreadable { path, .. }] if path == Path::new("/cut"))
    );
    assert!(!cage.path("out/cut").exists());
}

struct StopAtOnce;

impl ExtractObserver for StopAtOnce {
    fn problem(&mut self, problem: ExtractProblem) {
        panic!("{problem}");
    }

    fn extracted(&mut self, _: u64, _: u64) -> ControlFlow<()> {
        ControlFlow::Break(())
    }
}

#[test]
fn whoever_watches_can_end_it_and_no_part_of_a_file_stays() {
    let cage = Cage::new();
    write(&cage.path("source/large"), &noise(1, 3_000_000));
    let image = cage.image();
    let mut volume = Volume::open(image.as_slice(), 0).unwrap();
    let target = File::open(cage.path("out")).unwrap();
    let options = ExtractOptions::new(1 << 30);
    let ended = extract(&mut volume, &[], target.into(), &options, &mut StopAtOnce).unwrap();
    assert!(ended.stopped);
    assert_eq!(fs::read_dir(cage.path("out")).unwrap().count(), 0);
}

/// What fuzzing does, on a stable compiler: images with a few wrong bytes in their structures.
#[test]
fn images_with_wrong_bytes_leave_the_folder_never() {
    let cage = Cage::new();
    let source = cage.path("source");
    write(&source.join("folder/below/file"), &noise(1, 5_000));
    write(&source.join("folder/other"), &noise(2, 100));
    symlink(cage.path("outside"), source.join("link")).unwrap();
    symlink("../outside", source.join("folder/up")).unwrap();
    let sound = cage.image();
    let mut options = ExtractOptions::new(10 << 20);
    options.replace = true;
    for seed in 0..1_500 {
        let mut image = sound.clone();
        let bytes = noise(seed, 64);
        let numbers: Vec<usize> = bytes
            .chunks(4)
            .map(|b| u32::from_le_bytes(b.try_into().unwrap()) as usize)
            .collect();
        for pair in numbers[..2 * (1 + seed as usize % 8)].chunks(2) {
            // Descriptors, path tables and folders stand in blocks 16 to 31.
            let at = 16 * BLOCK_SIZE + pair[0] % (16 * BLOCK_SIZE);
            image[at] = pair[1] as u8;
        }
        let Ok(mut volume) = Volume::open(image.as_slice(), 0) else {
            continue;
        };
        for names in volume.offered_names() {
            volume.use_names(names);
            let target = File::open(cage.path("out")).unwrap();
            let _ = extract(&mut volume, &[], target.into(), &options, &mut Vec::new());
        }
        cage.assert_nothing_left();
        if seed % 50 == 0 {
            // Folders may have lost every permission.
            let _ = std::process::Command::new("chmod")
                .args(["-R", "u+rwx"])
                .arg(cage.path("out"))
                .status();
            fs::remove_dir_all(cage.path("out")).unwrap();
            fs::create_dir(cage.path("out")).unwrap();
        }
    }
    let _ = std::process::Command::new("chmod")
        .args(["-R", "u+rwx"])
        .arg(cage.path("out"))
        .status();
}

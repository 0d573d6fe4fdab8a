//! Trees of ISO 9660 that are not those of the source: deep folders moved, names hidden; and the finer parts of Rock Ridge.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use pitland_mastering::tree::{Attributes, Extras, HiddenIn};
use pitland_mastering::zisofs::Compression;
use pitland_mastering::{
    CompareOptions, Deep, ImageFile, Layout, Names, PlanError, PlanWarning, Timestamp, TreeBuilder,
    Volume, VolumeOptions, VolumeSize, compare,
};
use support::*;

fn plan_with(dir: &Path, first_lba: u32, change: impl FnOnce(&mut VolumeOptions)) -> Arc<Layout> {
    let mut options = options();
    change(&mut options);
    Arc::new(Layout::plan(scan(dir), first_lba, &options).unwrap())
}

fn open(layout: &Arc<Layout>) -> Volume<ImageFile> {
    let file = tempfile::tempfile().unwrap();
    write_image(layout, &file);
    Volume::open(ImageFile::new(file), layout.first_lba()).unwrap()
}

fn paths(volume: &mut Volume<ImageFile>, names: Names) -> Vec<PathBuf> {
    assert!(volume.use_names(names));
    let mut paths: Vec<_> = volume.walk().map(|e| e.unwrap().0).skip(1).collect();
    paths.sort();
    paths
}

/// A tree with folders beyond the eighth level, in several places, and a path of more than 255 bytes within it.
fn deep_tree(root: &Path) {
    for top in ["one", "two"] {
        let mut path = root.join(top);
        for level in 2..=20 {
            path.push(format!("level {level}"));
            write(&path.join(format!("file {level}.txt")), &noise(level, 300));
        }
    }
    let long: PathBuf = (0..7).map(|n| format!("{n}{}", "d".repeat(60))).collect();
    write(
        &root
            .join(&long)
            .join("a file with a long name of its own.text"),
        b"far",
    );
    // Names that the moved folders would have in the root, too.
    write(&root.join("LEVEL_9"), b"a file");
    fs::create_dir(root.join("level 16")).unwrap();
    std::os::unix::fs::symlink("../level 2", root.join("one/level 2/level 3/link")).unwrap();
}

#[test]
fn deep_folders_are_moved_and_shown_where_they_belong() {
    let test = "deep_folders_are_moved_and_shown_where_they_belong";
    let dir = tempfile::tempdir().unwrap();
    let (source, file) = (dir.path().join("s"), dir.path().join("i.iso"));
    deep_tree(&source);
    for first_lba in [0, 5008] {
        let layout = plan_with(&source, first_lba, |o| o.deep = Deep::Relocate);
        let mut volume = open(&layout);
        // By Rock Ridge, and by Joliet, nothing is to be seen of it.
        let mut differences = Vec::new();
        let options = CompareOptions {
            all_names: false,
            ..CompareOptions::default()
        };
        compare(&mut volume, layout.tree(), &options, &mut differences).unwrap();
        assert!(differences.is_empty(), "{differences:#?}");
        // By the plain names no folder is too deep, and no path too long.
        let plain = paths(&mut volume, Names::Plain);
        for path in &plain {
            assert!(path.components().count() - 1 <= 8, "{path:?}");
            assert!(path.as_os_str().len() <= 255 + 2, "{path:?}");
        }
        let moved = |path: &&PathBuf| path.parent() == Some(Path::new("/"));
        assert!(plain.iter().filter(moved).count() > 8, "{plain:#?}");
    }
    image_file(&plan_with(&source, 0, |o| o.deep = Deep::Relocate), &file);
    if tool(test, "xorriso").is_some() {
        let out = dir.path().join("o");
        xorriso_extract(&file, None, &out);
        assert_same(&snapshot_for_xorriso(&source), &snapshot_for_xorriso(&out));
    }
    if tool(test, "isoinfo").is_some() {
        // isoinfo follows no CL: it lists the moved folders in the root, by their own names, with all their files.
        let listed = run(Command::new("isoinfo").args(["-R", "-f", "-i"]).arg(&file)).stdout;
        let listed = String::from_utf8_lossy(&listed);
        let files = |text: &str| text.lines().filter(|l| l.ends_with(".txt")).count();
        assert_eq!(files(&listed), 38, "{listed}");
    }
    let mut options = options();
    options.deep = Deep::Relocate;
    options.rock_ridge = false;
    let error = Layout::plan(scan(&source), 0, &options).unwrap_err();
    assert!(matches!(error, PlanError::Conflict { .. }), "{error}");
}

/// `xorriso -find` tells what it made of the tree that another program moved.
#[test]
fn folders_that_others_moved_are_read_where_they_belong() {
    let test = "folders_that_others_moved_are_read_where_they_belong";
    let dir = tempfile::tempdir().unwrap();
    let (source, file) = (dir.path().join("s"), dir.path().join("i.iso"));
    deep_tree(&source);
    if tool(test, "genisoimage").is_some() {
        run(Command::new("genisoimage")
            .args(["-quiet", "-R", "-o"])
            .arg(&file)
            .arg(&source));
        let mut volume = Volume::open(ImageFile::new(fs::File::open(&file).unwrap()), 0).unwrap();
        let found = paths(&mut volume, Names::RockRidge);
        let expected: Vec<PathBuf> = snapshot(&source)
            .into_keys()
            .filter(|path| !path.as_os_str().is_empty())
            .map(|path| Path::new("/").join(path))
            .collect();
        let missing: Vec<_> = expected
            .iter()
            .filter(|path| !found.contains(path))
            .collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}

#[test]
fn hidden_names_are_nowhere_and_their_bytes_are_there() {
    let test = "hidden_names_are_nowhere_and_their_bytes_are_there";
    let dir = tempfile::tempdir().unwrap();
    let (source, file) = (dir.path().join("s"), dir.path().join("i.iso"));
    for name in [
        "both",
        "iso only",
        "joliet only",
        "folder/below/file",
        "shown/file",
    ] {
        write(&source.join(name), name.as_bytes());
    }
    let mut builder = scan(&source).edit();
    let hide = |iso, joliet| {
        let mut extras = Extras::default();
        extras.hidden_in = HiddenIn {
            iso,
            joliet,
            udf: false,
        };
        extras
    };
    for (path, extras) in [
        ("/iso only", hide(false, true)),
        ("/joliet only", hide(true, false)),
        ("/folder", hide(true, true)),
    ] {
        builder.set_extras(Path::new(path), extras).unwrap();
    }
    let mut marked = Extras::default();
    marked.marked_hidden = true;
    builder
        .set_extras(Path::new("/shown/file"), marked)
        .unwrap();
    let mut with = options();
    with.enhanced = true;
    let layout = Arc::new(Layout::plan(builder.finish().unwrap(), 0, &with).unwrap());
    let mut volume = open(&layout);
    let of = |names: &[&str]| names.iter().map(PathBuf::from).collect::<Vec<_>>();
    let iso = of(&["/both", "/iso only", "/shown", "/shown/file"]);
    let joliet = of(&["/both", "/joliet only", "/shown", "/shown/file"]);
    assert_eq!(paths(&mut volume, Names::RockRidge), iso);
    assert_eq!(paths(&mut volume, Names::Enhanced), iso);
    assert_eq!(paths(&mut volume, Names::Joliet), joliet);
    let bytes = image(&layout);
    assert!(bytes.windows(17).any(|b| b == b"folder/below/file"));
    image_file(&layout, &file);
    if tool(test, "isoinfo").is_some() {
        for (flag, expected) in [("-R", &iso), ("-J", &joliet)] {
            // Hidden names are listed with `-l` only, and marked there.
            let listed = run(Command::new("isoinfo").args([flag, "-f", "-i"]).arg(&file)).stdout;
            let listed = String::from_utf8(listed).unwrap();
            let mut listed: Vec<_> = listed.lines().map(PathBuf::from).collect();
            listed.sort();
            assert_eq!(&listed, expected, "{flag}");
        }
    }
    if tool(test, "7z").is_some() {
        let out = dir.path().join("o");
        run(Command::new("7z")
            .args(["x", "-bd", "-y", &format!("-o{}", out.display())])
            .arg(&file));
        let got: BTreeMap<_, _> = snapshot(&out);
        assert!(
            got.contains_key(Path::new("joliet only")) && !got.contains_key(Path::new("folder"))
        );
    }
}

#[test]
fn hundredths_of_seconds_are_recorded_where_they_are_asked_for() {
    let test = "hundredths_of_seconds_are_recorded_where_they_are_asked_for";
    let dir = tempfile::tempdir().unwrap();
    let (source, file) = (dir.path().join("s"), dir.path().join("i.iso"));
    rich_tree(&source);
    write(&source.join("times/fine"), b"1");
    set_time(&source.join("times/fine"), 1_234_567_890, 678_900_000);
    for access_times in [false, true] {
        let layout = plan_with(&source, 0, |o| {
            o.long_times = true;
            o.access_times = access_times;
        });
        let mut volume = open(&layout);
        let entry = volume.find(Path::new("/times/fine")).unwrap().unwrap();
        let modified = entry.modified.unwrap();
        assert_eq!(
            (modified.seconds, modified.nanoseconds),
            (1_234_567_890, 670_000_000)
        );
        assert_eq!(entry.accessed.is_some(), access_times);
        image_file(&layout, &file);
        if tool(test, "xorriso").is_some() {
            let out = dir.path().join(format!("o{access_times}"));
            xorriso_extract(&file, None, &out);
            assert_same(&snapshot_for_xorriso(&source), &snapshot_for_xorriso(&out));
        }
    }
}

/// Linux takes the address of a continuation area for one beyond the volume, where the volume's size counts the
/// session's own blocks: what the plan warns of, and what the other size mends (seen with 6.1.192).
#[test]
fn the_size_of_a_further_session_is_what_was_asked_for() {
    let test = "the_size_of_a_further_session_is_what_was_asked_for";
    let dir = tempfile::tempdir().unwrap();
    let (source, file) = (dir.path().join("s"), dir.path().join("i.iso"));
    write(&source.join("folder/short"), b"1");
    let warned = |layout: &Layout| {
        layout.warnings().iter().any(|w| {
            matches!(w, PlanWarning::ContinuedInSession { count: 1, first } if first == Path::new("/folder"))
        })
    };
    assert!(!warned(&plan_with(&source, 5008, |_| ())));
    write(&source.join("folder").join("n".repeat(250)), b"2");
    assert!(!warned(&plan_with(&source, 0, |_| ())));
    image_file(&plan_with(&source, 0, |_| ()), &file);
    for (size, stated) in [(VolumeSize::Session, 0), (VolumeSize::ToEnd, 5008)] {
        let layout = plan_with(&source, 5008, |o| o.volume_size = size);
        assert_eq!(warned(&layout), size == VolumeSize::Session);
        let mut volume = open(&layout);
        assert_eq!(u64::from(volume.blocks()), layout.blocks() + stated);
        assert_eq!(paths(&mut volume, Names::RockRidge).len(), 3);
        if tool(test, "xorriso").is_some() {
            let image = fs::File::options().write(true).open(&file).unwrap();
            write_image(&layout, &image);
            let out = dir.path().join(format!("o{stated}"));
            xorriso_extract(&file, Some(5008), &out);
            assert_same(&snapshot_for_xorriso(&source), &snapshot_for_xorriso(&out));
        }
    }
}

#[test]
fn folders_beyond_what_a_path_table_numbers_are_refused_where_they_hold_others() {
    let attributes = Attributes::new(0o755, Timestamp::from_seconds(1));
    let mut builder = TreeBuilder::new();
    for number in 0..65_540 {
        builder
            .add_folder(format!("/{number}"), &attributes)
            .unwrap();
    }
    let planned = |builder: &TreeBuilder| Layout::plan(builder.finish().unwrap(), 0, &options());
    planned(&builder).unwrap();
    // The last of all by name, so that its number is beyond 16 bits.
    builder.add_folder("/z", &attributes).unwrap();
    builder.add_folder("/z/below", &attributes).unwrap();
    let error = planned(&builder).unwrap_err();
    assert!(
        matches!(&error, PlanError::TooManyFolders { path, names: Names::Plain, limit: 65_535 }
            if path == Path::new("/z/below")),
        "{error}"
    );
}

#[test]
fn a_compressed_file_stays_one_whatever_it_is_given_more() {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("zeros"), &vec![0; 100_000]);
    let mut tree = scan(dir.path());
    assert_eq!(tree.compress(&Compression::default()).unwrap().files, 1);
    let mut builder = tree.edit();
    let mut extras = Extras::default();
    extras.weight = 5;
    builder.set_extras("/zeros", extras).unwrap();
    let layout = Arc::new(Layout::plan(builder.finish().unwrap(), 0, &options()).unwrap());
    let mut volume = open(&layout);
    let entry = volume.find(Path::new("/zeros")).unwrap().unwrap();
    assert_eq!(entry.size, 100_000);
    let mut bytes = vec![1; 100_000];
    assert_eq!(volume.read_file(&entry, 0, &mut bytes).unwrap(), 100_000);
    assert!(bytes.iter().all(|byte| *byte == 0));
}

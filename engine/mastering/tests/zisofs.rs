//! Compressed files: written for others, read from others, and hostile ones.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use pitland_mastering::tree::{Attributes, Origin};
use pitland_mastering::zisofs::{CompressError, Compression, MAGIC};
use pitland_mastering::{
    Entry, ImageFile, Layout, PlanError, PlanWarning, ReadError, Timestamp, Tree, TreeBuilder,
    UdfRevision, Volume,
};
use proptest::prelude::*;
use support::*;

/// Files that gain, that gain nothing, and those at the ends of blocks.
fn compressible_tree(root: &Path) {
    let lines = |count: usize| (0..count).flat_map(|n| format!("line {n}\n").into_bytes());
    write(&root.join("text"), &lines(40_000).collect::<Vec<_>>());
    write(&root.join("noise"), &noise(3, 100_000));
    write(&root.join("small"), b"small");
    write(&root.join("zeros"), &vec![0; 200_000]);
    write(&root.join("empty"), b"");
    for size in [32_767, 32_768, 32_769, 65_536] {
        let text: Vec<u8> = lines(10_000).take(size).collect();
        write(&root.join(format!("sub/{size}")), &text);
    }
    // Zeros, text, zeros: blocks without bytes among others.
    let mut mixed = vec![0; 40_000];
    mixed.extend(lines(5_000));
    mixed.extend(vec![0; 100_000]);
    write(&root.join("mixed"), &mixed);
    fs::hard_link(root.join("text"), root.join("sub/text again")).unwrap();
}

fn compressed(dir: &Path, how: &Compression) -> Tree {
    let mut tree = scan(dir);
    let done = tree.compress(how).unwrap();
    assert_eq!(done.files, 7, "{done:?}");
    assert!(done.bytes_after * 2 < done.bytes_before, "{done:?}");
    tree
}

fn layout(tree: Tree) -> Arc<Layout> {
    Arc::new(Layout::plan(tree, 0, &options()).unwrap())
}

fn open(path: &Path) -> Volume<ImageFile> {
    Volume::open(ImageFile::new(File::open(path).unwrap()), 0).unwrap()
}

fn read_all(volume: &mut Volume<ImageFile>, entry: &Entry) -> Result<Vec<u8>, ReadError> {
    let mut bytes = vec![0; entry.size as usize];
    let read = volume.read_file(entry, 0, &mut bytes)?;
    bytes.truncate(read);
    Ok(bytes)
}

/// All files of a volume have the bytes of the host's.
fn assert_reads(image: &Path, source: &Path) {
    let mut volume = open(image);
    for (path, seen) in snapshot(source) {
        let Some(content) = seen.content else {
            continue;
        };
        let entry = volume.find(&Path::new("/").join(&path)).unwrap().unwrap();
        assert_eq!(entry.size, content.len() as u64, "{}", path.display());
        assert!(
            read_all(&mut volume, &entry).unwrap() == content,
            "{}",
            path.display()
        );
        for (at, length) in [(0, 1), (32_760, 20), (39_990, 30_000), (content.len(), 5)] {
            let mut piece = vec![0; length];
            let read = volume.read_file(&entry, at as u64, &mut piece).unwrap();
            let expected = content.get(at..).unwrap_or_default();
            let expected = &expected[..expected.len().min(length)];
            assert!(&piece[..read] == expected, "{} {at}", path.display());
        }
    }
}

#[test]
fn compressed_files_come_back_as_they_were() {
    let test = "compressed_files_come_back_as_they_were";
    let dir = tempfile::tempdir().unwrap();
    let (source, file) = (dir.path().join("s"), dir.path().join("i.iso"));
    compressible_tree(&source);
    let plain = layout(scan(&source)).blocks();
    let made = layout(compressed(&source, &Compression::default()));
    assert!(made.blocks() < plain);
    assert!(
        made.warnings()
            .iter()
            .any(|w| matches!(w, PlanWarning::CompressedElsewhere { count: 8, .. })),
        "{:?}",
        made.warnings()
    );
    image_file(&made, &file);
    assert_reads(&file, &source);
    if tool(test, "xorriso").is_some() {
        let out = dir.path().join("o");
        xorriso_extract(&file, None, &out);
        assert_same(&snapshot_for_xorriso(&source), &snapshot_for_xorriso(&out));
        let listed = run(Command::new("xorriso")
            .args(["-no_rc", "-indev"])
            .arg(&file)
            .args(["-find", "/", "-type", "f", "-exec", "show_stream"]))
        .stdout;
        let listed = String::from_utf8_lossy(&listed);
        let decoded = listed.matches("--zisofs-decode").count();
        assert_eq!(decoded, 8, "{listed}");
    }
}

#[test]
fn the_same_bytes_come_from_memory_and_from_a_folder_and_every_time() {
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("s");
    compressible_tree(&source);
    let spool = Compression {
        spool: Some(dir.path().to_path_buf()),
        ..Compression::default()
    };
    let [one, two, kept] = [Compression::default(), Compression::default(), spool]
        .map(|how| layout(compressed(&source, &how)));
    assert!(image(&one) == image(&two));
    assert!(image(&one) == image(&kept));
    assert_eq!(one.fingerprint(), kept.fingerprint());
    assert_ne!(one.fingerprint(), layout(scan(&source)).fingerprint());
    // Nothing of the spool has a name.
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    // What was compressed is not read again.
    fs::remove_dir_all(&source).unwrap();
    let mut emitter = kept.emitter();
    let text = kept
        .files()
        .find(|f| f.path() == Path::new("/mixed"))
        .unwrap();
    let mut block = [0; 2048];
    emitter
        .read_blocks(u64::from(text.first_lba()), &mut block)
        .unwrap();
    assert_eq!(block[..8], MAGIC);
}

#[test]
fn a_source_that_changed_is_named() {
    let dir = tempfile::tempdir().unwrap();
    compressible_tree(dir.path());
    let mut tree = scan(dir.path());
    write(&dir.path().join("text"), b"shorter");
    let error = tree.compress(&Compression::default()).unwrap_err();
    assert!(
        matches!(&error, CompressError::SourceChanged { path, .. } if path.ends_with("text")),
        "{error}"
    );
    let nowhere = Compression {
        spool: Some(dir.path().join("nowhere")),
        ..Compression::default()
    };
    let error = scan(dir.path()).compress(&nowhere).unwrap_err();
    assert!(matches!(error, CompressError::Spool { .. }), "{error}");
}

#[test]
fn a_volume_that_would_not_say_that_files_are_compressed_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    compressible_tree(dir.path());
    let refused = |change: fn(&mut pitland_mastering::VolumeOptions)| {
        let mut options = options();
        change(&mut options);
        let tree = compressed(dir.path(), &Compression::default());
        matches!(
            Layout::plan(tree, 0, &options),
            Err(PlanError::Compressed { .. })
        )
    };
    assert!(refused(|o| o.rock_ridge = false));
    assert!(refused(|o| o.udf = Some(UdfRevision::V2_01)));
    assert!(!refused(|o| o.joliet = false));
}

#[test]
fn files_that_others_compressed_are_read() {
    let test = "files_that_others_compressed_are_read";
    let dir = tempfile::tempdir().unwrap();
    let (source, file) = (dir.path().join("s"), dir.path().join("i.iso"));
    compressible_tree(&source);
    if tool(test, "xorriso").is_some() {
        for block_size in ["32k", "64k", "128k"] {
            let _ = fs::remove_file(&file);
            run(Command::new("xorriso")
                .args(["-no_rc", "-zisofs"])
                .arg(format!("block_size={block_size}"))
                .arg("-outdev")
                .arg(&file)
                .args(["-map"])
                .arg(&source)
                .args([
                    "/",
                    "-find",
                    "/",
                    "-type",
                    "f",
                    "-exec",
                    "set_filter",
                    "--zisofs",
                    "--",
                ]));
            let mut volume = open(&file);
            let text = volume.find(Path::new("/text")).unwrap().unwrap();
            assert!(text.zisofs.is_some(), "{block_size}");
            assert_reads(&file, &source);
        }
    }
    if tool(test, "genisoimage").is_some() && tool(test, "mkzftree").is_some() {
        let packed = dir.path().join("packed");
        run(Command::new("mkzftree").arg(&source).arg(&packed));
        run(Command::new("genisoimage")
            .args(["-quiet", "-R", "-z", "-o"])
            .arg(&file)
            .arg(&packed));
        assert_reads(&file, &source);
    }
}

/// A volume with one compressed file, and where the file's bytes are in it.
fn hostile_base() -> (Vec<u8>, usize, usize) {
    let text: Vec<u8> = (0..9_000)
        .flat_map(|n| format!("{n},").into_bytes())
        .collect();
    let mut builder = TreeBuilder::new();
    let attributes = Attributes::new(0o644, Timestamp::from_seconds(1));
    builder
        .add_file("/file", Origin::memory(text), &attributes)
        .unwrap();
    let mut tree = builder.finish().unwrap();
    assert_eq!(tree.compress(&Compression::default()).unwrap().files, 1);
    let layout = layout(tree);
    let planned = layout.files().next().unwrap();
    let at = planned.first_lba() as usize * 2048;
    (image(&layout), at, planned.size() as usize)
}

fn read_hostile(bytes: &[u8]) -> Result<Vec<u8>, ReadError> {
    let mut volume = Volume::open(bytes, 0)?;
    let root = volume.root()?;
    let entry = volume.read_dir(&root)?.remove(0);
    let mut out = vec![0; 1 << 20];
    let read = volume.read_file(&entry, 0, &mut out)?;
    out.truncate(read);
    Ok(out)
}

#[test]
fn a_damaged_compressed_file_is_named() {
    let (bytes, at, _) = hostile_base();
    assert!(read_hostile(&bytes).is_ok());
    let damage = |offset: usize, value: &[u8]| {
        let mut bytes = bytes.clone();
        bytes[at + offset..at + offset + value.len()].copy_from_slice(value);
        match read_hostile(&bytes) {
            Err(ReadError::Compressed { what, .. }) => what,
            other => panic!("{offset}: {other:?}"),
        }
    };
    assert!(damage(0, b"X").contains("header"));
    assert!(damage(8, &[1]).contains("header"));
    assert!(damage(16, &[0, 0, 0, 0]).contains("outside"));
    assert!(damage(20, &[0xff, 0xff, 0xff, 0x7f]).contains("outside"));
    assert!(damage(20, &[0, 0, 0, 0]).contains("outside"));
    assert!(damage(60, &[0xff; 40]).contains("damaged"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]
    #[test]
    fn no_damage_makes_a_compressed_file_longer_than_it_says(
        hits in proptest::collection::vec((0usize..4096, any::<u8>()), 1..8),
    ) {
        let (mut bytes, at, size) = hostile_base();
        let plain = read_hostile(&bytes).unwrap();
        for (offset, value) in hits {
            bytes[at + offset % size] = value;
        }
        if let Ok(read) = read_hostile(&bytes) {
            prop_assert_eq!(read.len(), plain.len());
        }
    }
}

//! Trees made by chance, in UDF of every revision: our reader finds them again, and so do programs of others.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

mod support;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use pitland_mastering::{
    Attributes, BlockSource, Clash, CompareOptions, Emitter, FileBytes, Layout, Names, NodeKind,
    Origin, Timestamp, TreeBuilder, UdfRevision, Volume, compare,
};
use proptest::prelude::*;
use support::*;

/// What is put into a tree: under which folder, its name, what it is, how large.
type Piece = (prop::sample::Index, String, u8, usize);

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-zA-Z0-9 ._-]{1,12}",
        2 => "[à-ÿ]{1,6}\\.[a-z]{3}",
        2 => "[Ā-ſа-я日本語]{1,10}",
        1 => "[a-z🦀😀]{1,5}",
        1 => "[a-z]{230,254}",
        1 => "[а-я]{120,127}",
    ]
    .prop_filter("a name of a folder's own", |name| {
        name != "." && name != ".."
    })
}

/// Pieces whose names clash are left out.
fn tree(pieces: &[Piece]) -> TreeBuilder {
    let mut builder = TreeBuilder::new();
    let mut folders = vec![PathBuf::from("/")];
    let mut files = Vec::new();
    for (number, (parent, name, kind, size)) in pieces.iter().enumerate() {
        let path = parent.get(&folders).join(name);
        let at = Attributes {
            owner: number as u32 * 1000,
            group: u32::MAX - number as u32,
            ..Attributes::new(
                (number as u32 * 37) & 0o7777,
                Timestamp {
                    seconds: number as i64 * 86_400_000 - 1_000_000_000,
                    nanoseconds: number as u32 * 1000,
                },
            )
        };
        match kind {
            0..=2 => {
                if builder.add_folder(&path, &at).is_ok() {
                    folders.push(path);
                }
            }
            3 => drop(builder.add_link(&path, Path::new("../x/./y"), &at)),
            4 if !files.is_empty() => {
                let first: &PathBuf = parent.get(&files);
                let _ = builder.add_hard_link(first, &path);
            }
            _ => {
                let bytes = noise(number as u64, *size);
                if builder.add_file(&path, Origin::memory(bytes), &at).is_ok() {
                    files.push(path);
                }
            }
        }
    }
    builder
}

fn piece() -> impl Strategy<Value = Piece> {
    let size = prop_oneof![0..3usize, 1800..2100usize, 4000..20_000usize];
    (any::<prop::sample::Index>(), name(), 0..9u8, size)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn a_tree_of_chance_comes_back(pieces in proptest::collection::vec(piece(), 0..120), first_lba in 0..3u32) {
        let builder = tree(&pieces);
        for (number, revision) in UdfRevision::ALL.into_iter().enumerate() {
            let mut wanted = options();
            wanted.udf = Some(revision);
            wanted.iso9660 = (number + pieces.len()).is_multiple_of(2);
            wanted.udf_options.mirror = !pieces.len().is_multiple_of(3);
            let layout = Layout::plan(builder.finish().unwrap(), first_lba * 1600, &wanted).unwrap();
            let layout = Arc::new(layout);
            let dir = tempfile::tempdir().unwrap();
            let file = dir.path().join("image");
            image_file(&layout, &file);
            let source = pitland_mastering::ImageFile::new(std::fs::File::open(&file).unwrap());
            let mut volume = Volume::open(source, layout.first_lba()).unwrap();
            prop_assert!(volume.use_names(Names::Udf));
            let mut differences = Vec::new();
            let options = CompareOptions::default();
            compare(&mut volume, layout.tree(), &options, &mut differences).unwrap();
            prop_assert!(differences.is_empty(), "{}: {:?}", revision, differences);
        }
    }

    #[test]
    fn others_find_a_tree_of_chance(pieces in proptest::collection::vec(piece(), 1..60)) {
        let name = "others_find_a_tree_of_chance";
        if tool(name, "udfinfo").is_none() || tool(name, "7z").is_none() {
            return Ok(());
        }
        // 7-Zip opens no volume that has a symbolic link, and calls `[]` what is named by spaces alone.
        let shown = |(_, name, kind, _): &Piece| *kind != 3 && !name.trim().is_empty();
        let pieces: Vec<Piece> = pieces.into_iter().filter(shown).collect();
        let mut builder = tree(&pieces);
        // It looks for the last anchor right behind the last block that it knows to be UDF's. In a bridge without a
        // byte of any file, ISO 9660's records stand between the two.
        let last = Attributes::new(0o644, Timestamp::from_seconds(0));
        let bytes = Origin::memory(noise(0, 3000));
        builder.add_file(Path::new("/a file with bytes"), bytes, &last).unwrap();
        for revision in UdfRevision::ALL {
            let mut wanted = options();
            wanted.udf = Some(revision);
            wanted.iso9660 = !pieces.len().is_multiple_of(2);
            let layout = Arc::new(Layout::plan(builder.finish().unwrap(), 0, &wanted).unwrap());
            let dir = tempfile::tempdir().unwrap();
            let (file, out) = (dir.path().join("image"), dir.path().join("out"));
            image_file(&layout, &file);
            let output = run(Command::new("udfinfo").arg(&file));
            prop_assert_eq!(String::from_utf8_lossy(&output.stderr), "");
            // 7-Zip knows no metadata partition.
            if revision >= UdfRevision::V2_50 {
                continue;
            }
            let mut to = std::ffi::OsString::from("-o");
            to.push(&out);
            run(Command::new("7z").args(["x", "-tudf", "-y", "-bd"]).arg(to).arg(&file));
            let tree = layout.tree();
            let mut expected = BTreeMap::new();
            for id in tree.nodes().filter(|id| tree.kind(*id) == NodeKind::File) {
                let mut bytes = vec![0; tree.size(id) as usize];
                let first = tree.first_name(id);
                if let Origin::Given(given) = tree.origin(first) {
                    given.read_at(0, &mut bytes).unwrap();
                }
                let path = tree.disc_path(id);
                expected.insert(path.strip_prefix("/").unwrap().to_owned(), bytes);
            }
            let found: BTreeMap<PathBuf, Vec<u8>> = snapshot(&out)
                .into_iter()
                .filter_map(|(path, seen)| Some((path, seen.content?)))
                .collect();
            prop_assert_eq!(found.len(), expected.len());
            for (path, bytes) in &expected {
                prop_assert!(found.get(path) == Some(bytes), "{revision}: {path:?}");
            }
        }
    }
}

/// Bytes that nobody has.
#[derive(Debug)]
struct Vast(u64);

impl FileBytes for Vast {
    fn length(&self) -> u64 {
        self.0
    }

    fn read_at(&self, _: u64, out: &mut [u8]) -> std::io::Result<()> {
        out.fill(7);
        Ok(())
    }
}

/// A volume whose blocks are made when they are asked for.
struct Made(Emitter);

impl BlockSource for Made {
    fn read_blocks(&mut self, lba: u32, out: &mut [u8]) -> std::io::Result<()> {
        self.0
            .read_blocks(lba.into(), out)
            .map(drop)
            .map_err(std::io::Error::other)
    }
}

#[test]
fn a_file_of_three_tebibytes_is_found_from_its_first_byte_to_its_last() {
    const SIZE: u64 = (3 << 40) + 5;
    let at = Attributes::new(0o644, options().created);
    let mut builder = TreeBuilder::new();
    builder
        .add_file("/vast", Origin::Given(Arc::new(Vast(SIZE))), &at)
        .unwrap();
    builder
        .add_file("/small", Origin::memory(b"behind".to_vec()), &at)
        .unwrap();
    for revision in UdfRevision::ALL {
        let mut wanted = options();
        wanted.udf = Some(revision);
        let layout = Arc::new(Layout::plan(builder.finish().unwrap(), 0, &wanted).unwrap());
        let mut volume = Volume::open(Made(layout.emitter()), 0).unwrap();
        assert!(volume.use_names(Names::Udf));
        let file = volume.find(Path::new("/vast")).unwrap().unwrap();
        assert_eq!(file.size, SIZE);
        let held: u64 = file.extents.iter().map(|e| u64::from(e.bytes)).sum();
        assert_eq!(held, SIZE);
        let id = layout.tree().find(Path::new("/vast")).unwrap();
        let first = layout.first_lba_of(id);
        for offset in [0, 1 << 40, SIZE - 1] {
            assert_eq!(file.lba_of(offset), Some(first + (offset / 2048) as u32));
        }
        let mut end = [0; 2 * 2048];
        assert_eq!(volume.read_file(&file, SIZE - 7, &mut end).unwrap(), 7);
        let small = volume.find(Path::new("/small")).unwrap().unwrap();
        assert_eq!(volume.read_file(&small, 0, &mut end).unwrap(), 6);
        assert_eq!(&end[..6], b"behind");
    }
}

/// Two trees grafted together are one volume as well.
#[test]
fn grafted_trees_are_read_as_one() {
    let at = Attributes::new(0o644, options().created);
    let mut builder = TreeBuilder::new();
    builder
        .add_file(Path::new("/a"), Origin::memory(b"a".to_vec()), &at)
        .unwrap();
    let mut other = TreeBuilder::new();
    other
        .add_file(Path::new("/b"), Origin::memory(b"b".to_vec()), &at)
        .unwrap();
    let other = other.finish().unwrap();
    builder.add_folder(Path::new("/inside"), &at).unwrap();
    builder
        .graft(other, Path::new("/inside"), Clash::Refuse)
        .unwrap();
    let mut wanted = options();
    wanted.udf = Some(UdfRevision::V2_01);
    let layout = Arc::new(Layout::plan(builder.finish().unwrap(), 0, &wanted).unwrap());
    let image = image(&layout);
    let mut volume = Volume::open(image.as_slice(), 0).unwrap();
    volume.use_names(Names::Udf);
    let paths: Vec<PathBuf> = volume.walk().map(|found| found.unwrap().0).collect();
    let expected = ["/", "/a", "/inside", "/inside/b"].map(PathBuf::from);
    assert_eq!(paths, expected);
}

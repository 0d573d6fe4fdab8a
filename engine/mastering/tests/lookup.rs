//! Asked before a byte is made: names in each file system, and blocks of files and back.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests"
)]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use pitland_mastering::iso9660::rules::Deep;
use pitland_mastering::{
    Attributes, BootEntry, Extent, Globs, HiddenIn, Layout, Names, NodeKind, Origin, Owner,
    Platform, Timestamp, UdfRevision, Volume,
};
use support::{image, options, rich_tree, scan, write};

const FILE: Attributes = Attributes::new(0o644, Timestamp::from_seconds(1_700_000_000));

#[test]
fn names_and_paths_are_those_that_will_be_read() {
    let dir = tempfile::tempdir().unwrap();
    rich_tree(dir.path());
    write(&dir.path().join("hidden/below/x.txt"), b"x");
    for deep in [Deep::AsIs, Deep::Relocate] {
        let mut options = options();
        options.udf = Some(UdfRevision::V2_01);
        options.enhanced = true;
        options.deep = deep;
        let mut tree = scan(dir.path());
        let joliet = HiddenIn {
            joliet: true,
            ..HiddenIn::default()
        };
        let udf = HiddenIn {
            udf: true,
            ..HiddenIn::default()
        };
        tree.hide(&Globs::new(["/hidden"]).unwrap(), joliet);
        tree.hide(&Globs::new(["/hidden/below"]).unwrap(), udf);
        let layout = Arc::new(Layout::plan(tree, 0, &options).unwrap());
        let image = image(&layout);
        let mut volume = Volume::open(image.as_slice(), 0).unwrap();
        for names in [
            Names::RockRidge,
            Names::Udf,
            Names::Joliet,
            Names::Enhanced,
            Names::Plain,
        ] {
            assert!(volume.use_names(names), "{names}");
            let read: BTreeSet<PathBuf> = volume.walk().map(|found| found.unwrap().0).collect();
            let told: BTreeSet<PathBuf> = layout
                .tree()
                .nodes()
                .filter_map(|id| layout.path_in(names, id))
                .collect();
            let differing: Vec<_> = read.symmetric_difference(&told).collect();
            // A folder that was moved leaves a record behind, which plain readers show as a file.
            let left_behind = match (names, deep) {
                (Names::Plain, Deep::Relocate) => 2,
                _ => 0,
            };
            assert_eq!(differing.len(), left_behind, "{names}: {differing:?}");
            assert!(told.is_subset(&read));
            for id in layout.tree().nodes() {
                let Some(path) = layout.path_in(names, id) else {
                    continue;
                };
                let entry = volume.find(&path).unwrap().unwrap();
                if names != Names::Plain {
                    assert_eq!(layout.name_in(names, id).unwrap(), entry.name);
                }
                if entry.posix.is_some() {
                    assert_eq!(entry.kind, layout.tree().kind(id));
                }
            }
        }
    }
}

#[test]
fn a_file_system_that_is_not_there_has_no_names() {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("file"), b"1");
    let mut options = options();
    options.joliet = false;
    options.rock_ridge = false;
    let layout = Layout::plan(scan(dir.path()), 0, &options).unwrap();
    let id = layout.tree().find(Path::new("/file")).unwrap();
    assert_eq!(layout.name_in(Names::Plain, id).unwrap(), b"FILE");
    for names in [Names::RockRidge, Names::Udf, Names::Joliet, Names::Enhanced] {
        assert_eq!(layout.name_in(names, id), None);
        assert_eq!(layout.path_in(names, id), None);
    }
}

#[test]
fn every_block_leads_to_its_files_and_back() {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("one"), &support::noise(1, 5000));
    write(&dir.path().join("same"), &support::noise(1, 5000));
    fs::hard_link(dir.path().join("one"), dir.path().join("link")).unwrap();
    let extent = |first_lba, bytes: u32| Extent {
        first_lba,
        blocks: bytes.div_ceil(2048),
        bytes,
    };
    let mut builder = scan(dir.path()).edit();
    let old = [extent(300, 4096), extent(100, 9)];
    builder
        .add_file("old", Origin::Recorded(old.into()), &FILE)
        .unwrap();
    let mut tree = builder.finish().unwrap();
    let boot = tree
        .add_hidden("loader", Origin::memory(vec![1; 3000]))
        .unwrap();
    pitland_mastering::checksums::share_equal_files(&mut tree, &[]).unwrap();
    let mut options = options();
    options.boot.push(BootEntry::new(boot, Platform::Bios));
    let layout = Layout::plan(tree, 1000, &options).unwrap();
    let paths = |lba| -> Vec<PathBuf> {
        layout
            .files_at(lba)
            .into_iter()
            .map(|id| layout.tree().disc_path(id))
            .collect()
    };
    let one = layout
        .extents_at(Path::new("/one"))
        .unwrap()
        .next()
        .unwrap();
    assert_eq!(one.bytes, 5000);
    for block in 0..3 {
        assert_eq!(
            paths(one.first_lba + block),
            ["/link", "/one", "/same"].map(PathBuf::from)
        );
    }
    assert_eq!(
        layout.owner_of(one.first_lba + 2),
        Some(Owner::File {
            path: "/link".into(),
            offset: 4096
        })
    );
    assert_eq!(
        layout
            .extents_at(Path::new("/old"))
            .unwrap()
            .collect::<Vec<_>>(),
        old
    );
    for (lba, offset) in [(300, 0), (301, 2048), (100, 4096)] {
        assert_eq!(paths(lba), [PathBuf::from("/old")]);
        let path = "/old".into();
        assert_eq!(layout.owner_of(lba), Some(Owner::File { path, offset }));
    }
    for lba in [0, 99, 101, 299, 302, 999] {
        assert_eq!(paths(lba), [] as [PathBuf; 0]);
        assert_eq!(layout.owner_of(lba), None, "{lba}");
    }
    let image = layout.first_lba_of(boot);
    assert!(matches!(
        layout.owner_of(image + 1),
        Some(Owner::BootImage { source, offset: 2048 }) if source == Path::new("/loader")
    ));
    assert!(layout.extents_at(Path::new("/")).is_none());
    assert!(layout.extents_at(Path::new("/none")).is_none());
    assert_eq!(layout.tree().kind(boot), NodeKind::File);
}

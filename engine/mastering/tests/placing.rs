//! What is left out, hidden, and where files go on the disc.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests"
)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use pitland_mastering::{
    Globs, HardLinks, HiddenIn, Layout, PlanError, Tree, WalkOptions, Weights,
};
use support::{image, options, scan, write};

fn paths(tree: &Tree) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = tree.nodes().map(|id| tree.disc_path(id)).collect();
    paths.sort();
    paths
}

fn small_tree() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (at, name) in ["a.o", "a.txt", "sub/b.o", "sub/deep/c.txt", "tmp/d.txt"]
        .into_iter()
        .enumerate()
    {
        write(
            &dir.path().join(name),
            &support::noise(at as u64, 3000 + 2048 * at),
        );
    }
    dir
}

#[test]
fn what_is_excluded_is_not_there() {
    let dir = small_tree();
    let options = WalkOptions {
        exclude: Globs::new(["*.o", "/sub/deep", "tmp/"]).unwrap(),
        ..WalkOptions::default()
    };
    let tree = Tree::scan(&[dir.path().to_path_buf()], &options).unwrap();
    let expected: Vec<PathBuf> = ["/", "/a.txt", "/sub"].map(PathBuf::from).into();
    assert_eq!(paths(&tree), expected);
    assert_eq!(tree.file_count(), 1);
    // A SOURCE is there because it was named.
    let sources = [dir.path().join("a.o"), dir.path().join("tmp")];
    let tree = Tree::scan(&sources, &options).unwrap();
    let expected: Vec<PathBuf> = ["/", "/a.o", "/tmp", "/tmp/d.txt"]
        .map(PathBuf::from)
        .into();
    assert_eq!(paths(&tree), expected);
}

#[test]
fn names_of_one_file_are_several_files_where_that_is_wished() {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("one"), &[7; 5000]);
    fs::hard_link(dir.path().join("one"), dir.path().join("two")).unwrap();
    let apart = WalkOptions {
        hard_links: HardLinks::Apart,
        ..WalkOptions::default()
    };
    for (walk, bytes, links) in [(WalkOptions::default(), 5000, 2), (apart, 10_000, 1)] {
        let tree = Tree::scan(&[dir.path().to_path_buf()], &walk).unwrap();
        let two = tree.find(Path::new("/two")).unwrap();
        assert_eq!((tree.data_bytes(), tree.link_count(two)), (bytes, links));
        Layout::plan(tree, 0, &options()).unwrap();
    }
}

#[test]
fn files_of_greater_weight_stand_nearer_to_the_beginning() {
    let dir = small_tree();
    let mut tree = scan(dir.path());
    let weights = "*.txt -1\n/sub 10\n/sub/deep/c.txt 20\n/tmp -7\n";
    tree.weigh(&Weights::parse(weights).unwrap());
    let layout = Arc::new(Layout::plan(tree, 0, &options()).unwrap());
    let order: Vec<PathBuf> = layout.placed_files().map(|file| file.path()).collect();
    let expected = [
        "/sub/deep/c.txt",
        "/sub/b.o",
        "/a.o",
        "/a.txt",
        "/tmp/d.txt",
    ];
    assert_eq!(order, expected.map(PathBuf::from));
    let lbas: Vec<u32> = layout.placed_files().map(|file| file.first_lba()).collect();
    assert!(lbas.is_sorted());
    let image = image(&layout);
    for file in layout.placed_files() {
        let source = fs::read(file.source_path()).unwrap();
        let at = file.first_lba() as usize * 2048;
        assert!(image[at..at + source.len()] == source, "{:?}", file.path());
    }
}

#[test]
fn what_is_hidden_keeps_its_bytes() {
    let dir = small_tree();
    let mut tree = scan(dir.path());
    let count = tree.hide(
        &Globs::new(["*.o"]).unwrap(),
        HiddenIn {
            joliet: true,
            ..HiddenIn::default()
        },
    );
    assert_eq!(count, 2);
    let hidden = tree.find(Path::new("/sub/b.o")).unwrap();
    let hidden_in = tree.extras(hidden).unwrap().hidden_in;
    assert!(hidden_in.joliet && !hidden_in.iso);
    let shown = tree.find(Path::new("/sub")).unwrap();
    assert!(tree.extras(shown).is_none());
    let layout = Layout::plan(tree, 0, &options()).unwrap();
    assert_eq!(layout.placed_files().count(), 5);
}

#[test]
fn a_volume_beyond_the_room_that_there_is_is_refused() {
    let dir = small_tree();
    let blocks = Layout::plan(scan(dir.path()), 0, &options())
        .unwrap()
        .blocks();
    let with = |most| {
        let mut options = options();
        options.most_blocks = Some(most);
        Layout::plan(scan(dir.path()), 0, &options)
    };
    assert_eq!(with(blocks).unwrap().blocks(), blocks);
    assert_eq!(
        with(blocks - 1).unwrap_err(),
        PlanError::ImageSizeLimit {
            blocks,
            limit: blocks - 1
        }
    );
}

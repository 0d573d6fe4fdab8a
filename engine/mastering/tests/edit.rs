//! A tree that is edited: what each edit does, what it refuses, and that states come back.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests"
)]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use pitland_mastering::{
    Attributes, Clash, EditError, Extent, Extras, HiddenIn, Layout, NameFault, NamedStream, NodeId,
    NodeKind, Origin, Timestamp, Tree, TreeBuilder, UdfRevision, Volume, WalkOptions,
};
use support::{image, options, rich_tree, scan, write};

const FILE: Attributes = Attributes::new(0o644, Timestamp::from_seconds(1_700_000_000));
const FOLDER: Attributes = Attributes::new(0o755, Timestamp::from_seconds(1_700_000_000));

/// All that a tree says of its nodes, in their order.
fn facts(tree: &Tree) -> Vec<String> {
    let counts = format!(
        "{} {} {} {}",
        tree.file_count(),
        tree.directory_count(),
        tree.data_bytes(),
        tree.skipped_count()
    );
    let nodes = tree.nodes().map(|id| {
        format!(
            "{id:?} {:?} in {:?} {} {:o} {:?} {} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {} {:?}",
            tree.disc_path(id),
            tree.parent(id),
            tree.kind(id),
            tree.mode(id),
            tree.owner(id),
            tree.size(id),
            tree.modified(id),
            tree.changed(id),
            tree.accessed(id),
            tree.inode(id),
            tree.link_target(id),
            tree.device_number(id),
            tree.first_name(id),
            tree.link_count(id),
            tree.source_path(id),
        )
    });
    std::iter::once(counts).chain(nodes).collect()
}

/// The files of an image with their bytes, as the reader of Rock Ridge finds them.
fn files_of(image: &[u8]) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut volume = Volume::open(image, 0).unwrap();
    let mut files = BTreeMap::new();
    let mut open = vec![(PathBuf::from("/"), volume.root().unwrap())];
    while let Some((path, folder)) = open.pop() {
        for entry in volume.read_dir(&folder).unwrap() {
            let below = path.join(std::ffi::OsStr::from_bytes(&entry.name));
            match entry.kind {
                NodeKind::Directory => open.push((below, entry)),
                NodeKind::File => {
                    let mut bytes = vec![0; entry.size as usize];
                    volume.read_file(&entry, 0, &mut bytes).unwrap();
                    files.insert(below, bytes);
                }
                _ => {}
            }
        }
    }
    files
}

fn master(tree: Tree) -> Vec<u8> {
    image(&Arc::new(Layout::plan(tree, 0, &options()).unwrap()))
}

#[test]
fn a_tree_edited_without_an_edit_is_the_same_tree() {
    let dir = tempfile::tempdir().unwrap();
    rich_tree(dir.path());
    write(&dir.path().join("links/one"), b"several names");
    fs::hard_link(dir.path().join("links/one"), dir.path().join("a-link")).unwrap();
    let tree = scan(dir.path());
    let before = facts(&tree);
    assert_eq!(facts(&tree.edit().finish().unwrap()), before);
    assert_eq!(
        master(scan(dir.path()).edit().finish().unwrap()),
        master(scan(dir.path()))
    );
}

#[test]
fn a_tree_with_files_from_memory_is_read_back() {
    let mut builder = TreeBuilder::new();
    builder.add_folders("a/b", &FOLDER).unwrap();
    builder
        .add_file("/a/b/one.txt", Origin::memory(*b"one"), &FILE)
        .unwrap();
    builder
        .add_file("empty", Origin::memory(*b""), &FILE)
        .unwrap();
    let big = support::noise(3, 300_000);
    builder
        .add_file("big.bin", Origin::memory(big.clone()), &FILE)
        .unwrap();
    builder.add_hard_link("again", "big.bin").unwrap();
    builder.add_link("link", "a/b/one.txt", &FILE).unwrap();
    let tree = builder.finish().unwrap();
    assert_eq!(tree.data_bytes(), 300_003);
    let again = tree.find(Path::new("/again")).unwrap();
    assert_eq!(tree.link_count(again), 2);
    let files = files_of(&master(tree));
    let expected: BTreeMap<PathBuf, Vec<u8>> = [
        ("/a/b/one.txt".into(), b"one".to_vec()),
        ("/again".into(), big.clone()),
        ("/big.bin".into(), big),
        ("/empty".into(), Vec::new()),
    ]
    .into();
    assert_eq!(files, expected);
}

#[test]
fn a_host_folder_under_other_names_is_still_found() {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("sub/deep/file"), b"bytes");
    write(&dir.path().join("other"), b"other");
    symlink("other", dir.path().join("link")).unwrap();
    let mut builder = scan(dir.path()).edit();
    builder.rename("sub", "renamed").unwrap();
    builder.rename("renamed/deep/file", "moved").unwrap();
    builder
        .add_host(
            "copy",
            dir.path().join("link").as_path(),
            &WalkOptions::default(),
        )
        .unwrap();
    builder
        .add_host(
            "renamed/all",
            dir.path().join("sub"),
            &WalkOptions::default(),
        )
        .unwrap();
    let files = files_of(&master(builder.finish().unwrap()));
    let expected: BTreeMap<PathBuf, Vec<u8>> = [
        ("/copy".into(), b"other".to_vec()),
        ("/moved".into(), b"bytes".to_vec()),
        ("/other".into(), b"other".to_vec()),
        ("/renamed/all/deep/file".into(), b"bytes".to_vec()),
    ]
    .into();
    assert_eq!(files, expected);
}

#[test]
fn a_file_with_a_path_too_long_for_one_call_is_moved_to_the_root() {
    let dir = tempfile::tempdir().unwrap();
    let name = "n".repeat(200);
    // Folder by folder, for the system takes no path of 6000 bytes.
    let mut at = fs::File::open(dir.path()).unwrap();
    for _ in 0..30 {
        let mode = rustix::fs::Mode::from_raw_mode(0o755);
        rustix::fs::mkdirat(&at, &*name, mode).unwrap();
        let flags = rustix::fs::OFlags::DIRECTORY;
        at = rustix::fs::openat(&at, &*name, flags, rustix::fs::Mode::empty())
            .unwrap()
            .into();
    }
    let mode = rustix::fs::Mode::from_raw_mode(0o644);
    let flags = rustix::fs::OFlags::CREATE | rustix::fs::OFlags::WRONLY;
    let file = rustix::fs::openat(&at, "file", flags, mode).unwrap();
    rustix::io::write(file, b"deep down").unwrap();
    let deep: PathBuf = (0..30).map(|_| name.as_str()).collect();
    let mut builder = scan(dir.path()).edit();
    builder.rename(deep.join("file"), "moved").unwrap();
    let layout = Arc::new(Layout::plan(builder.finish().unwrap(), 0, &options()).unwrap());
    let id = layout.tree().find(Path::new("/moved")).unwrap();
    layout.sources().look(id).unwrap();
    let mut out = [0; 9];
    layout.sources().read(id, 0, &mut out).unwrap();
    assert_eq!(&out, b"deep down");
}

#[test]
fn other_times_for_a_host_file_do_not_make_it_a_changed_one() {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("file"), b"bytes");
    let mut builder = scan(dir.path()).edit();
    builder.set_attributes("file", &FILE).unwrap();
    let tree = builder.finish().unwrap();
    let id = tree.find(Path::new("/file")).unwrap();
    assert_eq!(tree.modified(id), FILE.modified);
    let layout = Arc::new(Layout::plan(tree, 0, &options()).unwrap());
    assert_eq!(files_of(&image(&layout)).len(), 1);
    // And one that has changed is still told.
    support::set_time(&dir.path().join("file"), 1_600_000_000, 0);
    let mut out = vec![0; layout.blocks() as usize * 2048];
    layout.emitter().read_blocks(0, &mut out).unwrap_err();
}

#[test]
fn a_graft_is_done_whole_or_not_at_all() {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("sub/a"), b"new a");
    write(&dir.path().join("sub/z"), b"new z");
    write(&dir.path().join("plain"), b"plain");
    let base = || {
        let mut builder = TreeBuilder::new();
        builder.add_folders("sub", &FOLDER).unwrap();
        builder
            .add_file("sub/z", Origin::memory(*b"old z"), &FILE)
            .unwrap();
        builder
    };
    let mut builder = base();
    let before = facts(&builder.finish().unwrap());
    let clash = builder
        .graft(scan(dir.path()), "/", Clash::Refuse)
        .unwrap_err();
    assert!(
        matches!(&clash, EditError::Exists { path } if path == Path::new("/sub/z")),
        "{clash}"
    );
    assert_eq!(facts(&builder.finish().unwrap()), before);
    for (clash, z) in [(Clash::Keep, b"old z"), (Clash::Replace, b"new z")] {
        let mut builder = base();
        builder.graft(scan(dir.path()), "/", clash).unwrap();
        let files = files_of(&master(builder.finish().unwrap()));
        let expected: BTreeMap<PathBuf, Vec<u8>> = [
            ("/plain".into(), b"plain".to_vec()),
            ("/sub/a".into(), b"new a".to_vec()),
            ("/sub/z".into(), z.to_vec()),
        ]
        .into();
        assert_eq!(files, expected);
    }
}

#[test]
fn what_cannot_be_done_is_refused_by_name() {
    let mut builder = TreeBuilder::new();
    builder.add_folders("a/b", &FOLDER).unwrap();
    builder
        .add_file("a/f", Origin::memory(*b"f"), &FILE)
        .unwrap();
    let before = facts(&builder.finish().unwrap());
    let memory = || Origin::memory(*b"x");
    let long = "n".repeat(256);
    let refusals = [
        builder.add_file("a/f", memory(), &FILE).unwrap_err(),
        builder.add_file("no/f", memory(), &FILE).unwrap_err(),
        builder.add_file("a/f/g", memory(), &FILE).unwrap_err(),
        builder.add_file("a/../g", memory(), &FILE).unwrap_err(),
        builder.add_file("a/x\0y", memory(), &FILE).unwrap_err(),
        builder.add_file(&long, memory(), &FILE).unwrap_err(),
        builder.add_file("/", memory(), &FILE).unwrap_err(),
        builder.add_file("h", Origin::Host, &FILE).unwrap_err(),
        builder.add_folders("a/f/g", &FOLDER).unwrap_err(),
        builder.add_link("l", "", &FILE).unwrap_err(),
        builder
            .add_special("s", NodeKind::File, 0, &FILE)
            .unwrap_err(),
        builder.add_hard_link("d", "a").unwrap_err(),
        builder.remove("a").unwrap_err(),
        builder.remove("/").unwrap_err(),
        builder.remove("a/none").unwrap_err(),
        builder.rename("a", "a/b/c").unwrap_err(),
        builder.rename("a", "none/c").unwrap_err(),
        builder.rename("/", "c").unwrap_err(),
        builder.rename("a/f", "a/b").unwrap_err(),
        builder.replace("a", memory(), &FILE).unwrap_err(),
        builder.set_attributes("none", &FILE).unwrap_err(),
    ];
    let said: Vec<String> = refusals.iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "the tree has a /a/f already",
            "the tree has no /no",
            "/a/f is a file, not a folder",
            "a/../g cannot be a path of the volume: a name cannot be `..`",
            "a/x\0y cannot be a path of the volume: a name cannot have a zero byte",
            &format!(
                "{long} cannot be a path of the volume: a name of 256 bytes is over the limit of 255"
            ),
            "/ cannot be a path of the volume: it has no name",
            "h was to be added without saying where its bytes come from",
            "/a/f is a file, not a folder",
            "the link l has a target of 0 bytes that no link can have; the limit is 4095",
            "s is a file, not a character device",
            "/a is a folder, not a file",
            "the folder /a is not empty",
            "the folder / is not empty",
            "the tree has no /a/none",
            "/a cannot be moved into itself, to /a/b/c",
            "the tree has no /none",
            "the root can be neither removed nor moved",
            "the tree has a /a/b already",
            "/a is a folder, not a file",
            "the tree has no /none",
        ]
    );
    assert!(matches!(
        refusals[5],
        EditError::Name {
            fault: NameFault::TooLong {
                length: 256,
                limit: 255
            },
            ..
        }
    ));
    assert_eq!(facts(&builder.finish().unwrap()), before);
}

#[test]
fn recorded_files_take_no_blocks_and_are_found_where_they_are() {
    let extents = [
        Extent {
            first_lba: 700,
            blocks: 2,
            bytes: 4096,
        },
        Extent {
            first_lba: 500,
            blocks: 1,
            bytes: 7,
        },
    ];
    let mut builder = TreeBuilder::new();
    builder
        .add_file("old", Origin::Recorded(extents.into()), &FILE)
        .unwrap();
    builder
        .add_file("new", Origin::memory(*b"new"), &FILE)
        .unwrap();
    let with = Layout::plan(builder.finish().unwrap(), 2000, &options()).unwrap();
    builder.remove("old").unwrap();
    let without = Layout::plan(builder.finish().unwrap(), 2000, &options()).unwrap();
    assert_eq!(with.blocks(), without.blocks());
    let old = with.tree().find(Path::new("/old")).unwrap();
    assert_eq!(with.extents_of(old).collect::<Vec<_>>(), extents);
    assert_eq!(with.tree().size(old), 4103);

    let first = with.first_lba();
    let session = image(&Arc::new(with));
    // The disc: something recorded before, and the session behind it.
    let mut disc = vec![0; first as usize * 2048];
    disc[700 * 2048..702 * 2048].fill(b'7');
    disc[500 * 2048..500 * 2048 + 7].fill(b'5');
    disc.extend(session);
    let mut volume = Volume::open(disc.as_slice(), first).unwrap();
    let root = volume.root().unwrap();
    let entries = volume.read_dir(&root).unwrap();
    let entry = entries.iter().find(|entry| entry.name == b"old").unwrap();
    let mut bytes = vec![0; 4103];
    volume.read_file(entry, 0, &mut bytes).unwrap();
    assert_eq!(bytes, [[b'7'; 4096].as_slice(), &[b'5'; 7]].concat());
}

#[test]
fn extras_stay_with_their_node() {
    let mut builder = TreeBuilder::new();
    builder.add_file("f", Origin::memory(*b"1"), &FILE).unwrap();
    let mut extras = Extras::default();
    extras.hidden_in = HiddenIn::ALL;
    extras.weight = 7;
    builder.set_extras("f", extras).unwrap();
    builder.rename("f", "g").unwrap();
    builder.replace("g", Origin::memory(*b"2"), &FILE).unwrap();
    let tree = builder.finish().unwrap().edit().finish().unwrap();
    let id = tree.find(Path::new("/g")).unwrap();
    let kept = tree.extras(id).unwrap();
    assert_eq!((kept.hidden_in, kept.weight), (HiddenIn::ALL, 7));
    assert!(tree.extras(NodeId::ROOT).is_none());
}

#[test]
fn named_streams_are_nodes_behind_all_others() {
    let stream = |name: &str, bytes: &'static [u8]| {
        let Origin::Given(bytes) = Origin::memory(bytes) else {
            unreachable!()
        };
        NamedStream {
            name: name.into(),
            bytes,
        }
    };
    let mut builder = TreeBuilder::new();
    builder
        .add_file("f", Origin::memory(*b"main"), &FILE)
        .unwrap();
    let mut extras = Extras::default();
    extras.streams = vec![stream("one", b"first"), stream("two", b"second")];
    builder.set_extras("f", extras.clone()).unwrap();
    let tree = builder.finish().unwrap();
    let file = tree.find(Path::new("/f")).unwrap();
    let streams: Vec<NodeId> = tree.streams_of(file).collect();
    let told: Vec<(PathBuf, u64)> = streams
        .iter()
        .map(|id| (tree.disc_path(*id), tree.size(*id)))
        .collect();
    assert_eq!(told, [("/f:one".into(), 5), ("/f:two".into(), 6)]);
    assert_eq!(tree.parent(streams[1]), file);
    assert_eq!(tree.file_count(), 1);
    // An edited tree has them again, and once.
    let tree = tree.edit().finish().unwrap();
    assert_eq!(tree.streams_of(file).len(), 2);
    // They take blocks where a file system of the volume holds them.
    let placed = |udf| {
        let mut options = options();
        options.udf = udf;
        let layout = Layout::plan(builder.finish().unwrap(), 0, &options).unwrap();
        layout.placed_files().count()
    };
    assert_eq!(placed(Some(UdfRevision::V2_01)), 3);
    assert_eq!(placed(Some(UdfRevision::V1_50)), 1);
    assert_eq!(placed(None), 1);

    extras.streams.push(stream("one", b"again"));
    let error = builder.set_extras("f", extras.clone()).unwrap_err();
    assert!(matches!(&error, EditError::Exists { path } if path == Path::new("/f:one")));
    extras.streams = vec![stream("a/b", b"")];
    assert!(matches!(
        builder.set_extras("f", extras).unwrap_err(),
        EditError::Name {
            fault: NameFault::Slash,
            ..
        }
    ));
}

#[test]
fn change_points_come_back_until_they_are_locked_in() {
    let state = |builder: &TreeBuilder| facts(&builder.finish().unwrap());
    let mut builder = TreeBuilder::new();
    builder.add_folders("a", &FOLDER).unwrap();
    let first = builder.change_point();
    let at_first = state(&builder);
    builder
        .add_file("a/f", Origin::memory(*b"f"), &FILE)
        .unwrap();
    let second = builder.change_point();
    let at_second = state(&builder);
    builder.remove_tree("/").unwrap();
    builder.roll_back_to(second).unwrap();
    assert_eq!(state(&builder), at_second);
    builder.roll_back_to(first).unwrap();
    assert_eq!(state(&builder), at_first);
    assert!(matches!(
        builder.roll_back_to(second),
        Err(EditError::NoSuchPoint)
    ));
    builder.rename("a", "b").unwrap();
    builder.roll_back_to(first).unwrap();
    assert_eq!(state(&builder), at_first);
    builder.lock_in();
    assert!(matches!(
        builder.roll_back_to(first),
        Err(EditError::NoSuchPoint)
    ));
}

#[test]
fn a_tree_may_be_deeper_than_a_stack() {
    const DEPTH: usize = 1000;
    let edits = || {
        let mut builder = TreeBuilder::new();
        let deep: PathBuf = (0..DEPTH).map(|_| "d").collect();
        builder.add_folders(&deep, &FOLDER).unwrap();
        let tree = builder.finish().unwrap();
        assert_eq!(tree.directory_count(), DEPTH as u64 + 1);
        let mut other = TreeBuilder::new();
        other.graft(tree, "/", Clash::Refuse).unwrap();
        let again = builder.finish().unwrap();
        other.graft(again, "/", Clash::Refuse).unwrap();
        assert_eq!(other.walk().count(), DEPTH + 1);
        other.remove_tree("d").unwrap();
        assert_eq!(other.walk().count(), 1);
    };
    // Too small for a call in a call for each folder.
    let small = std::thread::Builder::new().stack_size(64 << 10);
    small.spawn(edits).unwrap().join().unwrap();
}

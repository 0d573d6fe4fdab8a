//! What a plan tells beside the bytes: its fingerprint, whose blocks are whose, and where bytes may come from.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::{Arc, Mutex};

use pitland_mastering::{
    BLOCK_SIZE, Deep, EmitError, FileContents, IsoLevel, Layout, NodeId, Owner, SourceChange,
    Structure, Tree, Volume, VolumeOptions, WalkOptions,
};
use proptest::prelude::*;
use support::*;

fn fingerprint(dir: &Path) -> u64 {
    plan(dir, 0).fingerprint()
}

#[test]
fn an_unchanged_folder_has_the_same_fingerprint_and_the_same_bytes_though_it_was_read() {
    let dir = tempfile::tempdir().unwrap();
    rich_tree(dir.path());
    // So old that reading a file changes its access time, however the file system is mounted.
    set_time(&dir.path().join("times"), 1_000_000_000, 0);
    let first = plan(dir.path(), 0);
    let bytes = image(&first);
    for file in first.files() {
        fs::read(file.source_path()).ok();
    }
    let again = plan(dir.path(), 0);
    assert_eq!(first.fingerprint(), again.fingerprint());
    assert!(image(&again) == bytes);
}

#[test]
fn access_times_are_recorded_where_they_are_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    write(&file, b"1");
    let at = |seconds| rustix::fs::Timespec {
        tv_sec: seconds,
        tv_nsec: 0,
    };
    let read_at = |accessed| {
        let times = rustix::fs::Timestamps {
            last_access: at(accessed),
            last_modification: at(1_000_000_000),
        };
        rustix::fs::utimensat(rustix::fs::CWD, &file, &times, rustix::fs::AtFlags::empty())
            .unwrap();
        let with = VolumeOptions {
            access_times: true,
            ..options()
        };
        let recorded = Layout::plan(scan(dir.path()), 0, &with).unwrap();
        let bytes = image(&Arc::new(recorded));
        let mut volume = Volume::open(bytes.as_slice(), 0).unwrap();
        let root = volume.root().unwrap();
        let entry = volume.read_dir(&root).unwrap().remove(0);
        entry.accessed.map(|time| time.seconds)
    };
    assert_eq!(read_at(1_200_000_000), Some(1_200_000_000));
    assert_eq!(read_at(1_300_000_000), Some(1_300_000_000));
}

/// Changes a folder, and says whether the fingerprint tells.
fn tells(change: impl Fn(&Path)) -> bool {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("sub/file"), b"12345");
    write(&dir.path().join("sub/other"), b"12345");
    symlink("target", dir.path().join("link")).unwrap();
    for name in ["sub/file", "sub/other", "sub", ""] {
        set_time(&dir.path().join(name), 1_000_000_000, 5);
    }
    let before = fingerprint(dir.path());
    assert_eq!(before, fingerprint(dir.path()));
    change(dir.path());
    before != fingerprint(dir.path())
}

#[test]
fn the_fingerprint_tells_every_change_of_a_source() {
    assert!(!tells(|_| ()));
    assert!(tells(|dir| write(&dir.join("sub/file"), b"123456")));
    assert!(tells(|dir| set_time(
        &dir.join("sub/file"),
        1_000_000_000,
        6
    )));
    assert!(tells(|dir| fs::rename(
        dir.join("sub/file"),
        dir.join("sub/filf")
    )
    .unwrap()));
    assert!(tells(|dir| fs::remove_file(dir.join("sub/other")).unwrap()));
    assert!(tells(|dir| write(&dir.join("new"), b"")));
    // Another file with the same name, size and modification time.
    assert!(tells(|dir| {
        write(&dir.join("sub/new"), b"54321");
        set_time(&dir.join("sub/new"), 1_000_000_000, 5);
        fs::rename(dir.join("sub/new"), dir.join("sub/file")).unwrap();
        set_time(&dir.join("sub"), 1_000_000_000, 5);
    }));
    assert!(tells(|dir| {
        fs::remove_file(dir.join("link")).unwrap();
        symlink("targeT", dir.join("link")).unwrap();
    }));
}

#[test]
fn the_fingerprint_tells_options_and_place() {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("file"), b"12345");
    let of = |first_lba, options: &VolumeOptions| {
        Layout::plan(scan(dir.path()), first_lba, options)
            .unwrap()
            .fingerprint()
    };
    let plain = options();
    let mut seen = vec![of(0, &plain), of(32, &plain)];
    let changes: [fn(&mut VolumeOptions); 17] = [
        |o| o.volume_id.push('X'),
        |o| o.texts.publisher.push('X'),
        |o| o.texts.preparer.push('X'),
        |o| o.created.nanoseconds += 1,
        |o| o.rock_ridge = false,
        |o| o.joliet = false,
        |o| o.padding_blocks += 1,
        |o| o.access_times = true,
        |o| o.texts.copyright_file = "file".into(),
        |o| o.texts.abstract_file = "file".into(),
        |o| o.modified = Some(o.created),
        |o| o.expires = Some(o.created),
        |o| o.iso_level = IsoLevel::Two,
        |o| o.iso_names.dots = true,
        |o| o.deep = Deep::Refuse,
        |o| o.enhanced = true,
        |o| o.joliet_long = true,
    ];
    for change in changes {
        let mut changed = options();
        change(&mut changed);
        seen.push(of(0, &changed));
    }
    let count = seen.len();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), count);
    // The same folder by another way is another source.
    let follow = WalkOptions {
        follow_links: true,
        ..WalkOptions::default()
    };
    let tree = Tree::scan(&[dir.path().to_path_buf()], &follow).unwrap();
    let followed = Layout::plan(tree, 0, &plain).unwrap().fingerprint();
    assert!(!seen.contains(&followed));
}

#[test]
fn files_begin_behind_what_growing_an_overwritable_volume_rewrites() {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("file"), b"12345");
    write(&dir.path().join("empty"), b"");
    for first_lba in [0, 5000] {
        let layout = plan(dir.path(), first_lba);
        let file = layout.files().find(|file| file.size() > 0).unwrap();
        assert_eq!(file.first_lba(), first_lba + 32);
        assert_eq!(
            layout.owner_of(first_lba + 31),
            Some(Owner::Structure(Structure::Reserve))
        );
        let bytes = image(&layout);
        assert!(
            bytes[31 * BLOCK_SIZE..32 * BLOCK_SIZE]
                .iter()
                .all(|b| *b == 0)
        );
        assert_eq!(&bytes[32 * BLOCK_SIZE..][..5], b"12345");
    }
}

#[test]
fn a_grown_small_volume_keeps_its_files() {
    if tool("a_grown_small_volume_keeps_its_files", "xorriso").is_none() {
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let (old, new) = (place.path().join("old"), place.path().join("new"));
    write(&old.join("old"), &noise(1, 5000));
    write(&new.join("new"), &noise(2, 50_000));
    let (disc, session) = (place.path().join("disc"), place.path().join("session"));
    let first = plan(&old, 0);
    image_file(&first, &disc);
    let burner = || {
        let mut xorriso = std::process::Command::new("xorriso");
        xorriso
            .args(["-no_rc", "-as", "cdrecord", "--grow_overwriteable_iso"])
            .arg(format!("dev=stdio:{}", disc.display()));
        xorriso
    };
    let start = run(burner().arg("-msinfo")).stdout;
    let start = String::from_utf8(start).unwrap();
    let start: u32 = start.trim().split_once(',').unwrap().1.parse().unwrap();
    fs::write(&session, image(&plan(&new, start))).unwrap();
    run(burner().arg("-multi").arg(&session));
    // The head of the disc is the new session's now, and the files of the old one are as they were.
    let disc = fs::read(&disc).unwrap();
    let head = 16 * BLOCK_SIZE..32 * BLOCK_SIZE;
    assert!(disc[head.clone()] != image(&first)[head]);
    let file = first.files().next().unwrap().first_lba() as usize * BLOCK_SIZE;
    assert!(disc[file..file + 5000] == noise(1, 5000));
}

/// Every owner of a run, by asking for each block.
fn owners_one_by_one(layout: &Layout, first_lba: u32, blocks: u32) -> Vec<Owner> {
    let mut owners: Vec<Owner> = Vec::new();
    for lba in first_lba..first_lba + blocks {
        let Some(owner) = layout.owner_of(lba) else {
            continue;
        };
        let same = |last: &Owner| match (last, &owner) {
            (Owner::File { path: a, .. }, Owner::File { path: b, .. }) => a == b,
            (a, b) => *a == *b,
        };
        if !owners.last().is_some_and(same) {
            owners.push(owner);
        }
    }
    owners
}

#[test]
fn each_owner_of_a_run_is_told_once_and_in_order() {
    let dir = tempfile::tempdir().unwrap();
    rich_tree(dir.path());
    let layout = plan(dir.path(), 300);
    let blocks = layout.blocks() as u32;
    let whole: Vec<_> = layout.owners_of(0, u32::MAX).collect();
    assert_eq!(whole, owners_one_by_one(&layout, 300, blocks));
    assert!(whole.len() > 20);
    for (first, count) in [
        (0, 300),
        (299, 2),
        (316, 1),
        (320, 50),
        (299 + blocks, 9),
        (300 + blocks, 9),
    ] {
        let owners: Vec<_> = layout.owners_of(first, count).collect();
        assert_eq!(
            owners,
            owners_one_by_one(&layout, first, count),
            "{first} {count}"
        );
    }
    assert_eq!(layout.owners_of(300, 0).count(), 0);
}

/// Gives what it was told to give, and remembers what it was asked for.
#[derive(Debug)]
struct Given {
    bytes: HashMap<NodeId, Vec<u8>>,
    asked: Arc<Mutex<Vec<(NodeId, u64, usize)>>>,
}

impl FileContents for Given {
    fn read(&mut self, file: NodeId, offset: u64, out: &mut [u8]) -> Result<bool, EmitError> {
        self.asked.lock().unwrap().push((file, offset, out.len()));
        let Some(bytes) = self.bytes.get(&file) else {
            out.fill(0xee);
            return Ok(false);
        };
        out.copy_from_slice(&bytes[offset as usize..][..out.len()]);
        Ok(true)
    }
}

#[test]
fn bytes_may_come_from_elsewhere_file_by_file() {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("a"), &noise(1, 3000));
    write(&dir.path().join("b"), &noise(2, 3000));
    write(&dir.path().join("c"), b"");
    let layout = plan(dir.path(), 0);
    let expected = image(&layout);
    let a = layout.files().next().unwrap().node();
    let asked = Arc::default();
    let given = Given {
        bytes: HashMap::from([(a, noise(1, 3000))]),
        asked: Arc::clone(&asked),
    };
    // What is given is not looked for at its source.
    fs::remove_file(dir.path().join("a")).unwrap();
    let mut emitter = layout.emitter_with(Box::new(given));
    let mut out = vec![0x5a; expected.len()];
    emitter.read_blocks(0, &mut out).unwrap();
    assert!(out == expected);
    emitter.read_blocks(33, &mut out[..BLOCK_SIZE]).unwrap();
    let asked = asked.lock().unwrap();
    let of_a: Vec<_> = asked.iter().filter(|(file, ..)| *file == a).collect();
    assert_eq!(of_a, [&(a, 0, 3000), &(a, 2048, 952)]);
    assert_eq!(asked.len(), 3, "an empty file is nobody's to give");
    // And what is not given is compared as ever.
    drop(asked);
    write(&dir.path().join("b"), b"other");
    match emitter.read_blocks(34, &mut out[..BLOCK_SIZE]) {
        Err(EmitError::SourceChanged { path, what }) => {
            assert_eq!(path, dir.path().join("b"));
            assert_eq!(what, SourceChange::Size);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_look_finds_what_changed_without_reading() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["same", "gone", "grown", "link"] {
        write(&dir.path().join("sub").join(name), b"12345");
    }
    let layout = plan(dir.path(), 0);
    let sub = dir.path().join("sub");
    fs::remove_file(sub.join("gone")).unwrap();
    write(&sub.join("grown"), b"123456");
    fs::rename(sub.join("link"), sub.join("moved")).unwrap();
    symlink("moved", sub.join("link")).unwrap();
    let mut sources = layout.sources();
    let mut found = HashMap::new();
    for file in layout.files() {
        let name = file.path().file_name().unwrap().to_owned();
        let change = match sources.look(file.node()) {
            Ok(()) => None,
            Err(EmitError::SourceChanged { what, .. }) => Some(what),
            Err(other) => panic!("{other}"),
        };
        found.insert(name.into_string().unwrap(), change);
    }
    assert_eq!(found["same"], None);
    assert_eq!(found["gone"], Some(SourceChange::Gone));
    assert_eq!(found["grown"], Some(SourceChange::Size));
    assert_eq!(found["link"], Some(SourceChange::Inode));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]
    #[test]
    fn a_source_is_read_in_any_pieces(
        size in 1usize..20_000,
        cuts in proptest::collection::vec((0.0f64..1.0, 0usize..5000), 1..20),
    ) {
        let dir = tempfile::tempdir().unwrap();
        write(&dir.path().join("file"), &noise(7, size));
        let layout = plan(dir.path(), 0);
        let file = layout.files().next().unwrap().node();
        let mut sources = layout.sources();
        for (at, length) in cuts {
            let first = (at * size as f64) as usize;
            let length = length.min(size - first);
            let mut out = vec![0; length];
            sources.read(file, first as u64, &mut out).unwrap();
            prop_assert!(out == noise(7, size)[first..first + length]);
        }
        let mut beyond = [0; 2];
        prop_assert!(sources.read(file, size as u64 - 1, &mut beyond).is_err());
    }
}

//! The bytes of a planned volume: always the same, in any order, and never silently those of another file.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::sync::Arc;

use pitland_mastering::{
    BLOCK_SIZE, EmitError, Layout, NodeKind, Owner, SourceChange, Structure, Timestamp,
    VolumeOptions,
};
use proptest::prelude::*;
use support::*;

#[test]
fn layouts_are_shared_between_threads() {
    fn is_send_sync<T: Send + Sync + 'static>() {}
    fn is_send<T: Send + 'static>() {}
    is_send_sync::<Layout>();
    is_send::<pitland_mastering::Emitter>();
}

#[test]
fn the_same_tree_gives_the_same_bytes() {
    let dir = tempfile::tempdir().unwrap();
    rich_tree(dir.path());
    let layout = plan(dir.path(), 0);
    let first = image(&layout);
    assert!(first == image(&layout), "another emitter");
    assert_eq!(first.len() as u64, layout.blocks() * BLOCK_SIZE as u64);
    let tree = Arc::into_inner(layout).unwrap().into_tree();
    let again = Arc::new(Layout::plan(tree, 0, &options()).unwrap());
    assert!(first == image(&again), "another plan");
}

#[test]
fn the_first_lba_is_added_to_every_address_and_to_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("a"), b"1");
    let (at_zero, later) = (plan(dir.path(), 0), plan(dir.path(), 5_000));
    assert_eq!(at_zero.blocks(), later.blocks());
    let (a, b) = (
        at_zero.files().next().unwrap(),
        later.files().next().unwrap(),
    );
    assert_eq!(a.first_lba() + 5_000, b.first_lba());
    let number =
        |image: &[u8], at: usize| u32::from_le_bytes(image[at..at + 4].try_into().unwrap());
    let (first, second) = (image(&at_zero), image(&later));
    let descriptor = 16 * BLOCK_SIZE;
    // The volume's size is that of the session; path table and root are where the disc has them.
    assert_eq!(
        number(&first, descriptor + 80),
        number(&second, descriptor + 80)
    );
    assert_eq!(
        number(&first, descriptor + 140) + 5_000,
        number(&second, descriptor + 140)
    );
    assert_eq!(
        number(&first, descriptor + 158) + 5_000,
        number(&second, descriptor + 158)
    );
}

#[test]
fn every_block_has_an_owner() {
    let dir = tempfile::tempdir().unwrap();
    rich_tree(dir.path());
    let layout = plan(dir.path(), 300);
    let mut counts = std::collections::BTreeMap::new();
    for block in 0..layout.blocks() as u32 {
        let owner = layout.owner_of(300 + block).unwrap();
        let name = match &owner {
            Owner::File { path, .. } => path.display().to_string(),
            Owner::Structure(structure) => structure.to_string(),
            _ => unreachable!(),
        };
        *counts.entry(name).or_insert(0u32) += 1;
    }
    assert_eq!(layout.owner_of(299), None);
    assert_eq!(layout.owner_of(300 + layout.blocks() as u32), None);
    assert_eq!(counts["the system area"], 16);
    assert_eq!(counts["the padding"], 150);
    assert_eq!(counts["the Joliet folder /"], 1);
    for file in layout
        .files()
        .filter(|file| file.size() > 0 && !file.is_further_name())
    {
        assert_eq!(counts[&file.path().display().to_string()], file.blocks());
        let last = file.first_lba() + file.blocks() - 1;
        let offset = u64::from(file.blocks() - 1) * BLOCK_SIZE as u64;
        assert_eq!(
            layout.owner_of(last),
            Some(Owner::File {
                path: file.path(),
                offset
            })
        );
    }
    assert_eq!(
        layout.owner_of(316),
        Some(Owner::Structure(Structure::PrimaryVolumeDescriptor))
    );
}

#[test]
fn names_of_one_file_share_its_blocks() {
    let dir = tempfile::tempdir().unwrap();
    rich_tree(dir.path());
    let layout = plan(dir.path(), 0);
    let of = |name: &str| {
        layout
            .files()
            .find(|file| file.path() == Path::new(name))
            .unwrap()
    };
    assert_eq!(
        of("/links/again").first_lba(),
        of("/links/original").first_lba()
    );
    assert_eq!(
        of("/links/sub/once more").first_lba(),
        of("/links/original").first_lba()
    );
    assert!(of("/links/original").is_further_name() && !of("/links/again").is_further_name());
    assert_eq!(layout.tree().link_count(of("/links/original").node()), 3);
}

#[test]
fn a_large_folder_is_the_same_in_windows_and_at_once() {
    let dir = tempfile::tempdir().unwrap();
    for number in 0..9_000 {
        // Long names and links take continuation areas.
        let name = format!(
            "{number} {}",
            "n".repeat(if number % 50 == 0 { 240 } else { 20 })
        );
        if number % 70 == 0 {
            symlink("t".repeat(200), dir.path().join(name)).unwrap();
        } else {
            File::create(dir.path().join(name)).unwrap();
        }
    }
    let layout = plan(dir.path(), 77);
    let whole = image(&layout);
    let mut emitter = layout.emitter();
    let mut block = [0; BLOCK_SIZE];
    // Backwards, so that no window is at hand.
    for number in (0..layout.blocks()).rev().filter(|n| n % 37 == 0) {
        emitter.read_blocks(number, &mut block).unwrap();
        let at = number as usize * BLOCK_SIZE;
        assert!(block == whole[at..at + BLOCK_SIZE], "block {number}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn any_range_is_a_piece_of_the_whole(
        ranges in proptest::collection::vec((0.0f64..1.0, 1u64..400), 1..30),
        sizes in proptest::collection::vec(0usize..9_000, 1..40),
        first_lba in 0u32..100_000,
    ) {
        let dir = tempfile::tempdir().unwrap();
        for (number, size) in sizes.iter().enumerate() {
            write(&dir.path().join(format!("{}/f{number}", number % 5)), &noise(number as u64, *size));
        }
        let layout = plan(dir.path(), first_lba);
        let whole = image(&layout);
        let mut emitter = layout.emitter();
        for (at, blocks) in ranges {
            let first = (at * layout.blocks() as f64) as u64;
            let blocks = blocks.min(layout.blocks() - first);
            let mut out = vec![0x5a; blocks as usize * BLOCK_SIZE];
            emitter.read_blocks(first, &mut out).unwrap();
            let from = first as usize * BLOCK_SIZE;
            prop_assert!(out == whole[from..from + out.len()]);
        }
    }
}

#[test]
fn the_callers_mistakes_are_told() {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("a"), b"1");
    let layout = plan(dir.path(), 0);
    let mut emitter = layout.emitter();
    let blocks = layout.blocks();
    assert!(matches!(
        emitter.read_blocks(0, &mut [0; 100]),
        Err(EmitError::Unaligned { length: 100 })
    ));
    let mut block = [0; BLOCK_SIZE];
    assert!(matches!(
        emitter.read_blocks(blocks, &mut block),
        Err(EmitError::OutOfRange { .. })
    ));
    assert!(matches!(
        emitter.read_blocks(u64::MAX, &mut block),
        Err(EmitError::OutOfRange { .. })
    ));
    emitter.read_blocks(blocks, &mut []).unwrap();
    emitter.read_blocks(blocks - 1, &mut block).unwrap();
}

/// Plans a folder with a file of 3 MiB, changes it, and says what the emitter says.
fn after(change: impl Fn(&Path)) -> Result<(), EmitError> {
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("source");
    let file = source.join("sub/file");
    write(&file, &noise(1, 3 << 20));
    write(&source.join("sub/other"), &noise(2, 10));
    set_time(&file, 1_000_000_000, 0);
    let layout = plan(&source, 0);
    change(&file);
    let mut out = vec![0; layout.blocks() as usize * BLOCK_SIZE];
    let result = layout.emitter().read_blocks(0, &mut out);
    if let Err(EmitError::SourceChanged { path, .. }) = &result {
        assert_eq!(path, &file);
    }
    result
}

fn change_of(result: Result<(), EmitError>) -> SourceChange {
    match result {
        Err(EmitError::SourceChanged { what, .. }) => what,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_source_that_changed_is_named_and_not_read() {
    after(|_| {}).unwrap();
    let append = |path: &Path| {
        OpenOptions::new()
            .append(true)
            .open(path)
            .unwrap()
            .write_all(b"x")
            .unwrap()
    };
    assert_eq!(change_of(after(append)), SourceChange::Size);
    let shrink = |path: &Path| {
        OpenOptions::new()
            .write(true)
            .open(path)
            .unwrap()
            .set_len(9)
            .unwrap()
    };
    assert_eq!(change_of(after(shrink)), SourceChange::Size);
    assert_eq!(
        change_of(after(|path| fs::remove_file(path).unwrap())),
        SourceChange::Gone
    );
    assert_eq!(
        change_of(after(
            |path| fs::remove_dir_all(path.parent().unwrap()).unwrap()
        )),
        SourceChange::Gone
    );
    let overwrite = |path: &Path| {
        OpenOptions::new()
            .write(true)
            .open(path)
            .unwrap()
            .write_all_at(b"changed", 0)
            .unwrap();
    };
    assert_eq!(change_of(after(overwrite)), SourceChange::ModificationTime);
    let overwrite_and_hide = |path: &Path| {
        let stamp = || {
            fs::metadata(path)
                .map(|m| (m.ctime(), m.ctime_nsec()))
                .unwrap()
        };
        let planned = stamp();
        // The kernel's clock for stamps moves in ticks: change it until it has another stamp.
        while stamp() == planned {
            overwrite(path);
            set_time(path, 1_000_000_000, 0);
        }
    };
    assert_eq!(
        change_of(after(overwrite_and_hide)),
        SourceChange::ChangeTime
    );
    let replace = |path: &Path| {
        let other = path.with_file_name("replacement");
        fs::write(&other, noise(1, 3 << 20)).unwrap();
        fs::rename(other, path).unwrap();
    };
    assert_eq!(change_of(after(replace)), SourceChange::Inode);
    let link = |path: &Path| {
        let other = path.with_file_name("moved");
        fs::rename(path, &other).unwrap();
        symlink(other, path).unwrap();
    };
    assert_eq!(change_of(after(link)), SourceChange::Inode);
    let fifo = |path: &Path| {
        fs::remove_file(path).unwrap();
        let mode = rustix::fs::Mode::from_raw_mode(0o644);
        rustix::fs::mknodat(rustix::fs::CWD, path, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    };
    assert_eq!(change_of(after(fifo)), SourceChange::Inode);
}

#[test]
fn a_change_while_the_file_is_read_is_found_at_its_last_byte() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    write(&path, &noise(1, 3 << 20));
    set_time(&path, 1_000_000_000, 0);
    let layout = plan(dir.path(), 0);
    let file = layout.files().next().unwrap();
    let first = u64::from(file.first_lba());
    let mut emitter = layout.emitter();
    let mut half = vec![0; 768 * BLOCK_SIZE];
    emitter.read_blocks(first, &mut half).unwrap();
    OpenOptions::new()
        .write(true)
        .open(&path)
        .unwrap()
        .write_all_at(b"changed", 3 << 19)
        .unwrap();
    let refused = emitter.read_blocks(first + 768, &mut half);
    assert_eq!(change_of(refused), SourceChange::ModificationTime);
    // A file that shrinks while it is read never gives zeros for what is gone.
    let layout = plan(dir.path(), 0);
    let mut emitter = layout.emitter();
    emitter.read_blocks(first, &mut half).unwrap();
    OpenOptions::new()
        .write(true)
        .open(&path)
        .unwrap()
        .set_len(1 << 20)
        .unwrap();
    assert_eq!(
        change_of(emitter.read_blocks(first + 768, &mut half)),
        SourceChange::Size
    );
}

#[test]
fn the_layout_stays_valid_after_a_refusal() {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("a"), &noise(1, 3000));
    write(&dir.path().join("b"), &noise(2, 3000));
    let layout = plan(dir.path(), 0);
    let whole = image(&layout);
    let moved = dir.path().with_extension("moved");
    fs::rename(dir.path().join("a"), &moved).unwrap();
    let mut emitter = layout.emitter();
    let mut out = vec![0; whole.len()];
    assert_eq!(
        change_of(emitter.read_blocks(0, &mut out)),
        SourceChange::Gone
    );
    let b = layout.files().nth(1).unwrap();
    let mut blocks = vec![0; 2 * BLOCK_SIZE];
    emitter
        .read_blocks(u64::from(b.first_lba()), &mut blocks)
        .unwrap();
    assert!(blocks[..3000] == noise(2, 3000));
    fs::remove_file(moved).unwrap();
}

#[test]
fn several_sources_stand_under_their_own_names() {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("x/folder/inner"), b"inner");
    write(&dir.path().join("y/file"), b"file");
    symlink(dir.path().join("y/file"), dir.path().join("link")).unwrap();
    let sources = ["y/file", "x/folder", "link"].map(|name| dir.path().join(name));
    let tree = pitland_mastering::Tree::scan(&sources, &Default::default()).unwrap();
    let names: Vec<_> = tree
        .nodes()
        .map(|id| tree.disc_path(id).display().to_string())
        .collect();
    assert_eq!(names, ["/", "/file", "/folder", "/link", "/folder/inner"]);
    let link = tree.find(Path::new("/link")).unwrap();
    assert_eq!(
        tree.kind(link),
        NodeKind::File,
        "a source that is a link is followed"
    );
    let layout = Arc::new(Layout::plan(tree, 0, &options()).unwrap());
    let whole = image(&layout);
    let inner = layout
        .files()
        .find(|file| file.path() == Path::new("/folder/inner"))
        .unwrap();
    assert_eq!(
        &whole[inner.first_lba() as usize * BLOCK_SIZE..][..5],
        b"inner"
    );
    // One plain file stands under its own name, too.
    let tree = pitland_mastering::Tree::scan(&sources[..1], &Default::default()).unwrap();
    assert!(tree.find(Path::new("/file")).is_some());
}

#[test]
fn paths_longer_than_the_system_takes_at_once_are_read() {
    let dir = tempfile::tempdir().unwrap();
    // 25 folders with names of 200 bytes: over 4096 in all.
    let mut at = rustix::fs::openat(
        rustix::fs::CWD,
        dir.path(),
        rustix::fs::OFlags::RDONLY | rustix::fs::OFlags::DIRECTORY,
        rustix::fs::Mode::empty(),
    )
    .unwrap();
    let name = "d".repeat(200);
    for _ in 0..25 {
        rustix::fs::mkdirat(&at, &name, rustix::fs::Mode::from_raw_mode(0o755)).unwrap();
        let flags = rustix::fs::OFlags::RDONLY | rustix::fs::OFlags::DIRECTORY;
        at = rustix::fs::openat(&at, &name, flags, rustix::fs::Mode::empty()).unwrap();
    }
    let flags = rustix::fs::OFlags::WRONLY | rustix::fs::OFlags::CREATE;
    let file =
        rustix::fs::openat(&at, "bottom", flags, rustix::fs::Mode::from_raw_mode(0o644)).unwrap();
    File::from(file).write_all(b"deep").unwrap();
    let layout = plan(dir.path(), 0);
    let bottom = layout.files().next().unwrap();
    let whole = image(&layout);
    assert_eq!(
        &whole[bottom.first_lba() as usize * BLOCK_SIZE..][..4],
        b"deep"
    );
    // Tidying by path may fail for its length: rename the chain shorter from its top.
    let mut top = dir.path().to_path_buf();
    for _ in 0..25 {
        fs::rename(top.join(&name), top.join("d")).unwrap();
        top.push("d");
    }
}

#[test]
fn without_rock_ridge_and_joliet_files_remain() {
    let dir = tempfile::tempdir().unwrap();
    rich_tree(dir.path());
    let plain = VolumeOptions {
        rock_ridge: false,
        joliet: false,
        padding_blocks: 0,
        ..options()
    };
    let layout = Arc::new(Layout::plan(scan(dir.path()), 0, &plain).unwrap());
    assert!(
        layout
            .warnings()
            .iter()
            .any(|w| w.to_string().contains("left out without Rock Ridge"))
    );
    let bytes = image(&layout);
    assert!(!bytes.windows(10).any(|window| window == b"IEEE_P1282"));
    fs::set_permissions(
        dir.path().join("modes/mode 400"),
        fs::Permissions::from_mode(0o600),
    )
    .unwrap();
    let other = VolumeOptions::new("X", Timestamp::from_seconds(1));
    assert_ne!(other.created, plain.created);
}

#[test]
fn the_root_of_a_further_session_needs_no_continuation_area_to_be_known_as_rock_ridge() {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("a"), b"1");
    let layout = plan(dir.path(), 11_735);
    let whole = image(&layout);
    // The root's extent stands in its record in the primary descriptor.
    let descriptor = &whole[16 * BLOCK_SIZE..17 * BLOCK_SIZE];
    let root = u32::from_le_bytes(descriptor[158..162].try_into().unwrap()) - 11_735;
    let start = root as usize * BLOCK_SIZE;
    let record = &whole[start..start + usize::from(whole[start])];
    let holds = |text: &[u8]| record.windows(text.len()).any(|window| window == text);
    assert!(holds(b"ER\x12\x01") && holds(b"IEEE_P1282"));
    assert!(!holds(b"CE\x1c\x01"));
}

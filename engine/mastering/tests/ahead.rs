//! Reading ahead changes how long it takes, and nothing else: neither the bytes nor what is said of sources that changed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;

use pitland_mastering::checksums::share_equal_files;
use pitland_mastering::{
    AheadFiles, Attributes, BLOCK_SIZE, EmitError, Emitter, FileContents, Layout, Origin,
    ReadAhead, Timestamp, UdfRevision, Weights,
};
use proptest::prelude::*;
use support::*;

/// The whole image in pieces of so many blocks, or the first error and the block of the piece that met it.
fn poured(mut emitter: Emitter, piece: u64) -> Result<Vec<u8>, (u64, EmitError)> {
    let blocks = emitter.layout().blocks();
    let mut out = vec![0xaa; blocks as usize * BLOCK_SIZE];
    let mut block = 0;
    while block < blocks {
        let count = piece.min(blocks - block);
        let from = block as usize * BLOCK_SIZE;
        let space = &mut out[from..from + count as usize * BLOCK_SIZE];
        let met = emitter.read_blocks(block, space);
        met.map_err(|error| (block, error))?;
        block += count;
    }
    Ok(out)
}

/// Lengths about the edges of blocks and of what counts as small, and others.
fn length() -> impl Strategy<Value = usize> {
    prop_oneof![
        8 => 0usize..9000,
        1 => Just(2048usize),
        1 => 65_530usize..65_545,
        1 => 100_000usize..300_000,
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn an_image_is_the_same_whether_files_are_read_ahead_or_not(
        lengths in proptest::collection::vec(length(), 1..300),
        folders in 1usize..9,
        udf in any::<bool>(),
        weighed in any::<bool>(),
        dedup in any::<bool>(),
        piece in 1u64..700,
    ) {
        let dir = tempfile::tempdir().unwrap();
        for (number, length) in lengths.iter().enumerate() {
            let path = dir.path().join(format!("{}/{number}", number % folders));
            // Some are equal to others.
            write(&path, &noise(number as u64 % 50, *length));
            if number % 31 == 0 {
                fs::hard_link(&path, dir.path().join(format!("again {number}"))).unwrap();
            }
        }
        let mut tree = scan(dir.path());
        if weighed {
            tree.weigh(&Weights::parse("*3 10\n*7 -5\n").unwrap());
        }
        if dedup {
            share_equal_files(&mut tree, &[]).unwrap();
        }
        let mut options = options();
        options.udf = udf.then_some(UdfRevision::V2_01);
        let layout = Arc::new(Layout::plan(tree, 0, &options).unwrap());
        let plain = poured(layout.emitter(), piece).unwrap();
        prop_assert!(plain == poured(layout.emitter_ahead(), piece).unwrap());
    }
}

type Change = fn(&Path);

/// 600 files that fill several batches, and one of them in the midst.
fn planned() -> (tempfile::TempDir, Arc<Layout>, std::path::PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    for number in 0..600 {
        write(
            &dir.path().join(format!("{number:03}")),
            &noise(number, 3000),
        );
    }
    let layout = plan(dir.path(), 0);
    let one = dir.path().join("400");
    (dir, layout, one)
}

#[test]
fn what_changed_is_told_as_if_nothing_had_been_read_ahead() {
    let changes: [(&str, Change); 6] = [
        ("gone", |path| fs::remove_file(path).unwrap()),
        ("shorter", |path| {
            OpenOptions::new()
                .write(true)
                .open(path)
                .unwrap()
                .set_len(2999)
                .unwrap();
        }),
        ("longer", |path| {
            OpenOptions::new()
                .append(true)
                .open(path)
                .unwrap()
                .write_all(b"x")
                .unwrap();
        }),
        ("another", |path| {
            fs::remove_file(path).unwrap();
            fs::create_dir(path).unwrap();
        }),
        ("a link", |path| {
            fs::remove_file(path).unwrap();
            symlink("401", path).unwrap();
        }),
        ("touched", |path| set_time(path, 12, 34)),
    ];
    for (what, change) in changes {
        let (_dir, layout, one) = planned();
        change(&one);
        // Without the image, should there be one.
        let refused = |emitter| poured(emitter, 64).map(|image| image.len()).unwrap_err();
        let (block, plain) = refused(layout.emitter());
        let (ahead_block, ahead) = refused(layout.emitter_ahead());
        assert_eq!(format!("{plain:?}"), format!("{ahead:?}"), "{what}");
        assert!(format!("{plain:?}").contains("400"), "{what}: {plain:?}");
        assert_eq!(block, ahead_block, "{what}");
    }
}

#[test]
fn small_files_of_this_machine_are_what_is_read_ahead() {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("empty"), b"");
    write(&dir.path().join("large"), &noise(1, 65_537));
    let layout = plan(dir.path(), 0);
    assert!(AheadFiles::small(&layout).is_empty());
    write(&dir.path().join("small"), &noise(1, 65_536));
    let mut builder = scan(dir.path()).edit();
    builder
        .add_file(
            "given",
            Origin::memory(*b"12345"),
            &Attributes::new(0o644, Timestamp::from_seconds(5)),
        )
        .unwrap();
    let layout = Arc::new(Layout::plan(builder.finish().unwrap(), 0, &options()).unwrap());
    let files = AheadFiles::small(&layout);
    let mut ahead = ReadAhead::new(Arc::clone(&layout), Arc::new(files));
    let mut read = Vec::new();
    for file in layout.placed_files() {
        let mut out = vec![0; file.size() as usize];
        if ahead.read(file.node(), 0, &mut out).unwrap() {
            assert_eq!(out, noise(1, 65_536));
            read.push(file.path());
        }
    }
    assert_eq!(read, [Path::new("/small")]);
}

//! Mastering many small files to nowhere, beside what others do with the same folder in the same run.
//! `PITLAND_BENCH_FILES` sets how many.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a bench fails by panicking"
)]

mod beside;

use beside::{Runner, measure, number};
use pitland::mastering::{BLOCK_SIZE, Layout, Timestamp, Tree, VolumeOptions, WalkOptions};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

fn folder(root: &Path, files: u64) {
    for number in 0..files {
        let dir = root.join(format!("{:03}", number / 200));
        if number % 200 == 0 {
            fs::create_dir_all(&dir).unwrap();
        }
        let length = 500 + (number * 7919) % 12_000;
        fs::write(
            dir.join(format!("a file of a name of some length {number}.txt")),
            vec![number as u8; length as usize],
        )
        .unwrap();
    }
}

fn plan(root: &Path) -> Arc<Layout> {
    let tree = Tree::scan(&[root.to_path_buf()], &WalkOptions::default()).unwrap();
    let options = VolumeOptions::new("BENCH", Timestamp::now());
    Arc::new(Layout::plan(tree, 0, &options).unwrap())
}

fn master(root: &Path) {
    let layout = plan(root);
    let mut emitter = layout.emitter();
    let mut piece = vec![0; 512 * BLOCK_SIZE];
    let mut block = 0;
    while block < layout.blocks() {
        let blocks = (layout.blocks() - block).min(512);
        emitter
            .read_blocks(block, &mut piece[..blocks as usize * BLOCK_SIZE])
            .unwrap();
        block += blocks;
    }
}

fn main() {
    let files = number("PITLAND_BENCH_FILES", 100_000);
    let place = tempfile::tempdir().unwrap();
    let root = place.path().join("source");
    folder(&root, files);

    let mut xorriso = Command::new("xorriso");
    xorriso
        .args(["-no_rc", "-as", "mkisofs", "-quiet", "-R", "-J"])
        .args(["-joliet-long", "-o", "/dev/null"])
        .arg(&root);
    let mut genisoimage = Command::new("genisoimage");
    genisoimage
        .args(["-quiet", "-R", "-J", "-joliet-long"])
        .arg(&root);
    let mut cat = Command::new("sh");
    cat.args(["-c", "find \"$0\" -type f -print0 | xargs -0 cat"])
        .arg(&root);
    measure(
        &format!("{files} small files to a null sink"),
        &mut [
            Runner::new("pitland", || {
                master(&root);
                true
            }),
            Runner::new("pitland, plan alone", || {
                plan(&root);
                true
            }),
            Runner::program("xorriso -as mkisofs", xorriso),
            Runner::program("genisoimage", genisoimage),
            Runner::program("find | xargs cat", cat),
        ],
    );
}

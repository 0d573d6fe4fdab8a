//! What the tests of further sessions share: importing, growing, and asking xorriso.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use pitland_mastering::sessions::SESSION_ALIGNMENT;
use pitland_mastering::{
    Attributes, BLOCK_SIZE, DiscImage, ImportOptions, Imported, Layout, Timestamp, VolumeOptions,
    grow_file, import,
};

use super::{Seen, run, snapshot_for_xorriso, xorriso_extract};

pub fn bring_in(image: &Path, session_first_lba: u32) -> Imported {
    let source = DiscImage::open(image).unwrap();
    import(source, session_first_lba, &ImportOptions::default()).unwrap()
}

/// Plans a tree as a session that grows an image, and grows it.
pub fn grow(image: &Path, imported: &Imported, options: &VolumeOptions) -> Arc<Layout> {
    let tree = imported.builder.finish().unwrap();
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .open(image)
        .unwrap();
    let blocks = file.metadata().unwrap().len().div_ceil(BLOCK_SIZE as u64) as u32;
    let first_lba = imported.next_session(SESSION_ALIGNMENT).unwrap();
    let first_lba = first_lba.max(blocks.next_multiple_of(SESSION_ALIGNMENT));
    let layout = Arc::new(Layout::plan(tree, first_lba, options).unwrap());
    grow_file(&file, &layout, Some(imported.disc)).unwrap();
    layout
}

pub fn options_of(name: &str) -> VolumeOptions {
    let made = Timestamp::from_seconds(1_700_000_000);
    VolumeOptions {
        padding_blocks: 0,
        ..VolumeOptions::new(name, made)
    }
}

pub fn given(seconds: i64) -> Attributes {
    Attributes {
        owner: 7,
        group: 8,
        ..Attributes::new(0o640, Timestamp::from_seconds(seconds))
    }
}

/// What xorriso finds in the session that an image shows, by path: kind and content, or target.
pub fn xorriso_sees(image: &Path, sbsector: Option<u32>, to: &Path) -> BTreeMap<PathBuf, Seen> {
    xorriso_extract(image, sbsector, to);
    let seen = snapshot_for_xorriso(to);
    run(Command::new("chmod").args(["-R", "u+rwX"]).arg(to));
    fs::remove_dir_all(to).unwrap();
    seen
}

/// xorriso as mkisofs of a folder.
pub fn xorriso_image(options: &[&str], source: &Path, image: &Path) {
    run(Command::new("xorriso")
        .args(["-as", "mkisofs", "-quiet"])
        .args(options)
        .arg("-o")
        .arg(image)
        .arg(source));
}

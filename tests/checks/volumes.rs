//! Volumes for the checks of images: trees made in memory, the images of them, and what is seen in those. Judges nothing.

use pitland::mastering::{
    Attributes, BLOCK_SIZE, BlockSource, Emitter, FileBytes, Layout, Names, NodeKind, Origin,
    PlanError, Timestamp, Tree, TreeBuilder, Volume, VolumeOptions, WalkOptions,
};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(crate) const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);
pub(crate) const FILE: Attributes = Attributes::new(0o644, NOW);
pub(crate) const FOLDER: Attributes = Attributes::new(0o755, NOW);

/// The usual options, changed.
pub(crate) fn options(change: impl FnOnce(&mut VolumeOptions)) -> VolumeOptions {
    let mut options = VolumeOptions::new("CHECK", NOW);
    change(&mut options);
    options
}

/// ISO 9660 and nothing besides.
pub(crate) fn plain(options: &mut VolumeOptions) {
    (options.joliet, options.rock_ridge) = (false, false);
}

/// A tree of these files with their folders.
pub(crate) fn tree(files: &[(&str, &[u8])]) -> TreeBuilder {
    let mut builder = TreeBuilder::new();
    for (path, bytes) in files {
        if let Some(folder) = Path::new(path).parent() {
            builder.add_folders(folder, &FOLDER).unwrap();
        }
        builder
            .add_file(path, Origin::memory(bytes.to_vec()), &FILE)
            .unwrap();
    }
    builder
}

pub(crate) fn scan(folder: &Path) -> Tree {
    Tree::scan(&[folder.to_path_buf()], &WalkOptions::default()).unwrap()
}

pub(crate) fn plan(tree: Tree, options: &VolumeOptions) -> Result<Arc<Layout>, PlanError> {
    Layout::plan(tree, 0, options).map(Arc::new)
}

pub(crate) fn planned(
    builder: &TreeBuilder,
    change: impl FnOnce(&mut VolumeOptions),
) -> Arc<Layout> {
    plan(builder.finish().unwrap(), &options(change)).unwrap()
}

/// The whole image.
pub(crate) fn image(layout: &Arc<Layout>) -> Vec<u8> {
    let mut out = vec![0xa5; layout.blocks() as usize * BLOCK_SIZE];
    layout.emitter().read_blocks(0, &mut out).unwrap();
    out
}

/// What a planned volume will be, before any of it is written down.
pub(crate) struct Unwritten(pub(crate) Emitter, pub(crate) u64);

impl BlockSource for Unwritten {
    fn read_blocks(&mut self, lba: u32, out: &mut [u8]) -> io::Result<()> {
        if u64::from(lba) + (out.len() / BLOCK_SIZE) as u64 > self.1 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.0
            .read_blocks(lba.into(), out)
            .map_err(io::Error::other)
    }

    fn blocks(&mut self) -> Option<u32> {
        u32::try_from(self.1).ok()
    }
}

/// All paths under these names, and the bytes of files; folders have none.
pub(crate) fn contents(image: &[u8], names: Names) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
    let mut volume = Volume::open(image, 0).unwrap();
    assert!(volume.use_names(names), "there are no names of {names}");
    let found: Vec<_> = volume.walk().map(Result::unwrap).collect();
    let mut all = BTreeMap::new();
    for (path, entry) in found {
        let bytes = (entry.kind == NodeKind::File).then(|| {
            let mut bytes = vec![0; entry.size as usize];
            volume.read_file(&entry, 0, &mut bytes).unwrap();
            bytes
        });
        all.insert(path, bytes);
    }
    all
}

/// What the files below a folder hold, by their paths from it.
pub(crate) fn files_below(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut pending = vec![root.to_path_buf()];
    while let Some(folder) = pending.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                pending.push(path);
            } else {
                let name = path.strip_prefix(root).unwrap().to_path_buf();
                found.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    found
}

/// So many zeros with a mark at the end; counts how often they are asked for.
#[derive(Debug)]
pub(crate) struct Zeros {
    pub(crate) length: u64,
    pub(crate) asked: Arc<std::sync::atomic::AtomicU64>,
}

impl Zeros {
    pub(crate) const MARK: &[u8] = b"the end";

    pub(crate) fn new(length: u64) -> Self {
        Self {
            length,
            asked: Arc::default(),
        }
    }

    pub(crate) fn origin(self) -> Origin {
        Origin::Given(Arc::new(self))
    }
}

impl FileBytes for Zeros {
    fn length(&self) -> u64 {
        self.length
    }

    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.asked
            .fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        out.fill(0);
        let marked = self.length - Self::MARK.len() as u64;
        for (at, byte) in (marked..).zip(Self::MARK) {
            if let Some(place) = at
                .checked_sub(offset)
                .and_then(|at| out.get_mut(at as usize))
            {
                *place = *byte;
            }
        }
        Ok(())
    }
}

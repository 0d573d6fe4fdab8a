//! What a folder holds, for comparison. Owns what counts as the same.

use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::fs::{self, File};
use std::hash::Hasher;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// What must come back of one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub mode: u32,
    /// User and group; `None` where the test cannot set them.
    pub owner: Option<(u32, u32)>,
    pub seconds: i64,
    pub target: Option<PathBuf>,
    /// Length and sum of a file's bytes.
    pub content: Option<(u64, u64)>,
    /// The first path of the same file.
    pub same_as: PathBuf,
}

pub type Folder = BTreeMap<PathBuf, Seen>;

pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Everything below a folder, with the folder itself as the empty path.
pub fn look(root: &Path) -> Folder {
    let mut all = Vec::new();
    let mut pending = vec![PathBuf::new()];
    while let Some(path) = pending.pop() {
        let full = root.join(&path);
        if fs::symlink_metadata(&full).unwrap().is_dir() {
            for entry in fs::read_dir(&full).unwrap() {
                pending.push(path.join(entry.unwrap().file_name()));
            }
        }
        all.push(path);
    }
    all.sort();
    let mut inodes = BTreeMap::new();
    let mut found = Folder::new();
    let mut buffer = vec![0; 1 << 20];
    for path in all {
        let full = root.join(&path);
        let metadata = fs::symlink_metadata(&full).unwrap();
        let same_as = inodes
            .entry((metadata.dev(), metadata.ino()))
            .or_insert_with(|| path.clone())
            .clone();
        let content = metadata.is_file().then(|| sum(&full, &mut buffer));
        let seen = Seen {
            mode: metadata.mode(),
            owner: is_root().then(|| (metadata.uid(), metadata.gid())),
            seconds: metadata.mtime(),
            target: metadata.is_symlink().then(|| fs::read_link(&full).unwrap()),
            content,
            same_as,
        };
        found.insert(path, seen);
    }
    found
}

/// As [`look`], without the times of symbolic links, which xorriso does not restore.
pub fn look_without_link_times(root: &Path) -> Folder {
    let mut found = look(root);
    for seen in found.values_mut().filter(|seen| seen.target.is_some()) {
        seen.seconds = 0;
    }
    found
}

/// Length and sum of a file's bytes.
fn sum(path: &Path, buffer: &mut [u8]) -> (u64, u64) {
    let mut file = File::open(path).unwrap();
    let mut hasher = DefaultHasher::new();
    let mut length = 0;
    loop {
        let read = file.read(buffer).unwrap();
        if read == 0 {
            return (length, hasher.finish());
        }
        length += read as u64;
        // A stream to this hasher: where it is cut does not matter.
        hasher.write(&buffer[..read]);
    }
}

/// Compares two folders and names what differs, for the whole would fill the screen.
#[track_caller]
pub fn assert_same(what: &str, expected: &Folder, got: &Folder) {
    let mut differences = Vec::new();
    for (path, seen) in expected {
        match got.get(path) {
            None => differences.push(format!("{} is missing", path.display())),
            Some(other) if other != seen => differences.push(format!(
                "{}: {seen:?}\n    came back as {other:?}",
                path.display()
            )),
            Some(_) => {}
        }
    }
    for path in got.keys().filter(|path| !expected.contains_key(*path)) {
        differences.push(format!("{} is too many", path.display()));
    }
    let shown = differences
        .iter()
        .take(20)
        .cloned()
        .collect::<Vec<_>>()
        .join("\n");
    assert!(
        differences.is_empty(),
        "{what}: {} of {} names differ:\n{shown}",
        differences.len(),
        expected.len()
    );
}

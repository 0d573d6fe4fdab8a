//! The files of the project: those that git has or would take. Owns what counts as one of ours.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A text file of the tree.
pub(crate) struct File {
    /// From the top of the tree, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl File {
    pub(crate) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Whether it is part of a library or a program, not of its tests.
    pub(crate) fn is_source(&self) -> bool {
        let named = self.path.ends_with("/tests.rs") || self.path.contains("/fuzz/");
        self.is_rust() && self.path.contains("src/") && !self.is_test() && !named
    }

    pub(crate) fn is_test(&self) -> bool {
        self.path.starts_with("tests/")
            || self.path.starts_with("benches/")
            || self.path.contains("/tests/")
            || self.path.contains("/benches/")
    }
}

pub(crate) fn top() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Paths of all files, sorted.
pub(crate) fn paths() -> Vec<PathBuf> {
    let output = Command::new("git")
        .args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ])
        .current_dir(top())
        .output()
        .expect("git runs");
    assert!(output.status.success(), "git ls-files: {output:?}");
    let listed = String::from_utf8(output.stdout).expect("paths are UTF-8");
    let mut paths: Vec<PathBuf> = listed
        .split('\0')
        .filter(|path| !path.is_empty())
        .map(PathBuf::from)
        // One that is deleted and not yet committed is still listed.
        .filter(|path| top().join(path).is_file())
        .collect();
    paths.sort();
    paths.dedup();
    assert!(paths.len() > 100, "only {} files", paths.len());
    paths
}

/// All text files.
pub(crate) fn files() -> Vec<File> {
    paths()
        .into_iter()
        .filter_map(|path| {
            let text = String::from_utf8(fs::read(top().join(&path)).ok()?).ok()?;
            Some(File {
                path: path.to_str()?.to_owned(),
                text,
            })
        })
        .collect()
}

#[test]
fn no_file_of_the_tree_is_binary() {
    let broken = paths()
        .into_iter()
        .filter(|path| {
            let bytes = fs::read(top().join(path)).unwrap();
            bytes.contains(&0) || std::str::from_utf8(&bytes).is_err()
        })
        .map(|path| path.display().to_string())
        .collect();
    super::none("the tree holds text", broken);
}

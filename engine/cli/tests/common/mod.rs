//! The built program, run in a folder of its own.
#![allow(dead_code)] // Each test file uses its own part.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub(crate) mod running;
pub(crate) mod tools;

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A folder of its own for a test, and the program run inside of it.
pub(crate) struct Bench {
    folder: tempfile::TempDir,
    journals: tempfile::TempDir,
}

/// What a run of the program left.
pub(crate) struct Run {
    pub(crate) status: i32,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

/// The six media and a small disc of each, in bytes.
pub(crate) const MEDIA: [&str; 6] = ["bd-r", "bd-re", "dvd+r", "dvd+r-dl", "dvd+rw", "dvd-ram"];
/// Bytes of a small disc: whole ECC blocks of every medium, also on two layers.
pub(crate) const SMALL: &str = "32M";

impl Bench {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            journals: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pitland"));
        command
            .args(args)
            .current_dir(self.folder.path())
            .stdin(Stdio::null());
        command
            .env("PITLAND_JOURNAL_DIR", self.journals.path())
            .env_remove("PITLAND_PLUGIN_DIR")
            .env_remove("PITLAND_LOG");
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Run {
        Run::new(self.command(args).output().unwrap())
    }

    /// Runs, and insists on the status.
    pub(crate) fn expect(&self, status: i32, args: &[&str]) -> Run {
        let run = self.run(args);
        assert_eq!(
            run.status,
            status,
            "pitland {args:?}\n{}\n{}",
            run.text(),
            run.stderr
        );
        run
    }

    /// A small tree with what makes trees hard: an empty file, a deep folder, a link, names of all kinds.
    pub(crate) fn tree(&self, name: &str) -> PathBuf {
        let root = self.path(name);
        fs::create_dir_all(root.join("a/b/c/d/e/f/g/h/i/j")).unwrap();
        fs::write(root.join("hello.txt"), format!("hello from {name}\n")).unwrap();
        fs::write(root.join("empty"), "").unwrap();
        fs::write(root.join("a/b/c/d/e/f/g/h/i/j/deep.txt"), "deep").unwrap();
        fs::write(root.join("größe 写真 🎵.txt"), "names").unwrap();
        let bytes: Vec<u8> = (0..300_000u32)
            .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8)
            .collect();
        fs::write(root.join("a/data.bin"), bytes).unwrap();
        std::os::unix::fs::symlink("hello.txt", root.join("link")).unwrap();
        fs::hard_link(root.join("hello.txt"), root.join("a/hard")).unwrap();
        root
    }

    /// Makes a small virtual disc.
    pub(crate) fn disc(&self, name: &str, medium: &str) {
        self.expect(
            0,
            &[
                "virtual",
                "create",
                name,
                "--medium",
                medium,
                "--capacity",
                SMALL,
            ],
        );
    }

    pub(crate) fn bytes(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    /// Names in the folder, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<String> = entries
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

impl Run {
    pub(crate) fn new(output: Output) -> Self {
        Self {
            status: output
                .status
                .code()
                .expect("the program was killed by a signal"),
            stdout: output.stdout,
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// Standard output as JSON lines, each of the schema.
    pub(crate) fn json(&self) -> Vec<Value> {
        lines(&self.text())
    }

    /// The JSON lines of one type.
    pub(crate) fn of_type(&self, kind: &str) -> Vec<Value> {
        self.json()
            .into_iter()
            .filter(|line| line["type"] == kind)
            .collect()
    }
}

pub(crate) fn lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| {
            let value: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{line}: {e}"));
            assert_eq!(value["schema"], "pitland/1", "{line}");
            assert!(value["type"].is_string(), "{line}");
            value
        })
        .collect()
}

/// Where `needle` begins in `hay`.
pub(crate) fn find(hay: &[u8], needle: &[u8]) -> usize {
    hay.windows(needle.len())
        .position(|window| window == needle)
        .unwrap()
}

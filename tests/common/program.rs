//! The program and the examples as they are built, for tests of what only a whole process shows. Owns how they are found.

use std::env;
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// The program, built in the profile of this test if it is not up to date.
pub fn pitland() -> Command {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let folder = BUILT.get_or_init(|| built(&["--bin", "pitland"]));
    command(&folder.join("pitland"))
}

/// An example of this name, built likewise.
pub fn example(name: &str) -> Command {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let folder = BUILT.get_or_init(|| built(&["--examples"]));
    command(&folder.join("examples").join(name))
}

/// Builds what is asked for, and answers where programs are put.
fn built(what: &[&str]) -> PathBuf {
    let test = env::current_exe().unwrap();
    let folder = test.ancestors().nth(2).unwrap();
    let profile = match folder.file_name().unwrap().to_str() {
        Some("debug") => "dev",
        other => other.unwrap(),
    };
    let status = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        // The whole workspace decides on features, as when everything is built.
        .args(["build", "--workspace", "--offline", "--quiet"])
        .args(what)
        .args(["--profile", profile, "--target-dir"])
        .arg(folder.parent().unwrap())
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()
        .unwrap();
    assert!(status.success());
    folder.to_owned()
}

fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .stdin(Stdio::null())
        .env_remove("PITLAND_PLUGIN_DIR")
        // A test's jobs are none of the user's.
        .env("PITLAND_JOURNAL_DIR", journals());
    command
}

/// The folder of the journals of tests.
fn journals() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("journals");
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&folder)
        .unwrap();
    folder
}

//! The program `pitland`. Owns how a test gets it, up to date.

use super::common::outside;
use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// The program's file, built in the profile of this test if it is not up to date.
pub(crate) fn path() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let test = env::current_exe().unwrap();
        let folder = test.ancestors().nth(2).unwrap();
        let profile = match folder.file_name().unwrap().to_str() {
            Some("debug") => "dev",
            other => other.unwrap(),
        };
        outside::run(
            Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
                // The whole workspace decides on features, as when everything is built.
                .args(["build", "--workspace", "--bin", "pitland"])
                .args(["--offline", "--quiet", "--profile", profile, "--target-dir"])
                .arg(folder.parent().unwrap())
                .current_dir(env!("CARGO_MANIFEST_DIR")),
        );
        folder.join("pitland")
    })
}

/// A call of the program.
pub(crate) fn pitland() -> Command {
    let mut command = Command::new(path());
    command
        .stdin(Stdio::null())
        .env_remove("PITLAND_PLUGIN_DIR");
    command
}

//! Where the libraries of writers are, built in the profile of the running test.
#![allow(
    unreachable_pub,
    dead_code,
    reason = "shared by tests, each of which uses a part"
)]

use std::env;
use std::path::PathBuf;
use std::process::Command;

/// `target/<profile>` of the running test.
pub fn profile_folder() -> PathBuf {
    let test = env::current_exe().expect("a test knows where it is");
    test.ancestors()
        .nth(2)
        .expect("a test lies in deps")
        .to_path_buf()
}

/// The `cdylib` of a package, `pitland-bd-r-plugin` for one, built if it is not up to date.
pub fn library(package: &str) -> PathBuf {
    cargo(&["build", "--package", package, "--lib"], &[]);
    profile_folder().join(format!("lib{}.so", package.replace('-', "_")))
}

/// An example of a package that is a `cdylib`, with these options for the compiler.
pub fn example(package: &str, name: &str, rustc: &[&str]) -> PathBuf {
    cargo(&["rustc", "--package", package, "--example", name], rustc);
    profile_folder()
        .join("examples")
        .join(format!("lib{name}.so"))
}

/// The `cdylib` of a package outside of the workspace, by its folder from the top of the tree.
pub fn library_outside(folder: &str, name: &str) -> PathBuf {
    let manifest = format!("{folder}/Cargo.toml");
    cargo(&["build", "--lib", "--manifest-path", &manifest], &[]);
    profile_folder().join(format!("lib{name}.so"))
}

fn cargo(command: &[&str], rustc: &[&str]) {
    let folder = profile_folder();
    let profile = match folder.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(other) => other,
    };
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        // What the test was built from is here already.
        .args(command)
        .args(["--offline", "--quiet", "--profile", profile])
        .arg("--target-dir")
        .arg(folder.parent().expect("a profile lies in a target folder"));
    if !rustc.is_empty() {
        cargo.arg("--").args(rustc);
    }
    let status = cargo.status().expect("cargo runs");
    assert!(status.success(), "{command:?} failed: {status}");
}

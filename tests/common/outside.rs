//! Programs of others. Owns how a missing one is told, and how each is asked; judges nothing.

use std::ffi::OsStr;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Whether a program is installed. If not, the running test goes by name into the file of
/// `PITLAND_NOT_RUN`, or onto stderr; where `PITLAND_REQUIRE_TOOLS` is 1 it fails.
#[track_caller]
pub fn outsider(program: &str) -> bool {
    let found = std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|dir| dir.join(program).is_file()));
    if !found {
        not_run(&format!("{program} missing"));
    }
    found
}

/// Tells that the running test, or a part of it, is not run for want of something that is installed by
/// `tests/run --install`.
#[track_caller]
pub fn not_run(reason: &str) {
    let thread = std::thread::current();
    // The harness names a test's thread after it, unless it runs all of them on the main one.
    let place = std::panic::Location::caller().to_string();
    let test = thread
        .name()
        .filter(|name| *name != "main")
        .unwrap_or(&place);
    let required = std::env::var_os("PITLAND_REQUIRE_TOOLS").is_some_and(|value| value == "1");
    assert!(!required, "{reason}, and PITLAND_REQUIRE_TOOLS=1");
    tell_not_run(test, reason);
}

/// As [`not_run`], for what cannot be installed by a package manager and is never required.
pub fn tell_not_run(test: &str, reason: &str) {
    let line = format!("not run: {test} ({reason})\n");
    if let Some(file) = std::env::var_os("PITLAND_NOT_RUN") {
        // One write of one line: tests of several programs append to the same file.
        let mut file = OpenOptions::new()
            .append(true)
            .create(true)
            .open(file)
            .unwrap();
        file.write_all(line.as_bytes()).unwrap();
    } else {
        // The harness captures `eprintln!` of a test that passes; what goes to the descriptor is seen.
        let _ = std::io::stderr().lock().write_all(line.as_bytes());
    }
}

/// Runs a program to its end, which must be a success.
pub fn run(command: &mut Command) -> Output {
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(
        output.status.success(),
        "{command:?}: {}\n{}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

/// Which session of an image xorriso shall take.
#[derive(Debug, Clone, Copy)]
pub enum Session {
    /// The one that a reader finds by itself.
    Default,
    /// The one that begins at this block.
    At(u32),
}

/// Restores a volume with xorriso. Hard links are told apart only if asked for before the image is
/// loaded.
pub fn xorriso_restore(image: &Path, session: Session, to: &Path) {
    let mut command = Command::new("xorriso");
    command.args(["-no_rc", "-abort_on", "FAILURE"]);
    command.args(["-return_with", "SORRY", "32", "-hardlinks", "on"]);
    if let Session::At(lba) = session {
        command.args(["-load", "sbsector", &lba.to_string()]);
    }
    command.arg("-indev").arg(image);
    command.args(["-osirrox", "on:sparse=1m", "-extract", "/"]);
    run(command.arg(to));
}

/// Unpacks a volume by its Joliet names with 7z.
pub fn seven_zip_unpack(image: &Path, to: &Path) {
    let mut out = std::ffi::OsString::from("-o");
    out.push(to);
    run(Command::new("7z")
        .args(["x", "-bd", "-y"])
        .arg(out)
        .arg(image));
}

/// Every path of a volume by its Rock Ridge names, sorted, as isoinfo lists them.
pub fn isoinfo_paths(image: &Path) -> Vec<PathBuf> {
    let listed = run(Command::new("isoinfo").args(["-R", "-f", "-i"]).arg(image)).stdout;
    let mut paths: Vec<PathBuf> = listed
        .split(|byte| *byte == b'\n')
        .filter_map(|line| line.strip_prefix(b"/"))
        .map(|path| PathBuf::from(OsStr::from_bytes(path)))
        .collect();
    paths.sort();
    // A file of several extents is listed once for each.
    paths.dedup();
    paths
}

/// The bytes of one file of a volume, as isoinfo reads them.
pub fn isoinfo_bytes(image: &Path, path: &Path) -> Vec<u8> {
    let disc_path = Path::new("/").join(path);
    run(Command::new("isoinfo")
        .arg("-R")
        .arg("-x")
        .arg(disc_path)
        .arg("-i")
        .arg(image))
    .stdout
}

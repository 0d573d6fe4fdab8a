//! Programs in C and in Python that use the library as their authors would: burn, verify, cancel, and errors.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The folder of the library, which cargo builds with this test.
fn built() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let folder = test.parent().unwrap().to_path_buf();
    assert!(library(&folder).is_file(), "{}", folder.display());
    folder
}

fn library(folder: &Path) -> PathBuf {
    folder.join("libpitland_capi.so")
}

/// A program of others; one that is missing is told by name, and fails where they are required.
fn outsider(program: &str) -> bool {
    let found = std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|dir| dir.join(program).is_file()));
    if !found {
        let required = std::env::var_os("PITLAND_REQUIRE_TOOLS").is_some_and(|value| value == "1");
        assert!(
            !required,
            "{program} is missing, and PITLAND_REQUIRE_TOOLS=1"
        );
        let thread = std::thread::current();
        let test = thread.name().unwrap_or("a test of the C face");
        let _ = writeln!(
            std::io::stderr().lock(),
            "not run: {test} ({program} missing)"
        );
    }
    found
}

fn run(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let words = [&output.stdout[..], &output.stderr[..]]
        .map(String::from_utf8_lossy)
        .concat();
    assert!(
        output.status.success(),
        "{command:?}: {}\n{words}",
        output.status
    );
    words
}

/// Makes a program of a text in C, as strictly as compilers can be.
fn compile(source: &Path, program: &Path) {
    let built = built();
    let mut rpath = std::ffi::OsString::from("-Wl,-rpath,");
    rpath.push(&built);
    run(Command::new("cc")
        .args([
            "-std=c11",
            "-D_POSIX_C_SOURCE=200809L",
            "-Wall",
            "-Wextra",
            "-Wpedantic",
            "-Werror",
        ])
        .arg("-I")
        .arg(here("include"))
        .arg(source)
        .arg("-o")
        .arg(program)
        .arg("-L")
        .arg(&built)
        .arg("-lpitland_capi")
        .arg(rpath)
        .arg("-pthread"));
}

/// A folder with a few files.
fn folder(at: &Path) -> PathBuf {
    let folder = at.join("a folder");
    fs::create_dir_all(folder.join("sub")).unwrap();
    fs::write(folder.join("ä.txt"), "text").unwrap();
    let noise: Vec<u8> = (0..600_000u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    fs::write(folder.join("sub/noise.bin"), noise).unwrap();
    folder
}

/// A folder that takes so long to burn that a cancel comes in time: its one file is a hole of many gigabytes.
fn large_folder(at: &Path) -> PathBuf {
    let folder = at.join("large");
    fs::create_dir(&folder).unwrap();
    let file = fs::File::create(folder.join("hole.img")).unwrap();
    file.set_len(20 << 30).unwrap();
    folder
}

/// A drive that makes its disc, a BD-R, when it is opened.
fn drive(at: &Path, name: &str) -> String {
    format!("virtual:{}/{name}.vdisc", at.display())
}

#[test]
fn a_program_in_c_burns_verifies_and_cancels() {
    if !outsider("cc") {
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let at = place.path();
    let program = at.join("burn");
    compile(&here("tests/programs/burn.c"), &program);
    let words = run(Command::new(program)
        .arg(folder(at))
        .arg(drive(at, "first"))
        .arg(large_folder(at))
        .arg(drive(at, "second"))
        .arg(drive(at, "third")));
    assert!(
        words.contains("burned by bd-r") && words.contains("checks"),
        "{words}"
    );
}

#[test]
fn a_program_in_python_burns_verifies_and_cancels() {
    if !outsider("python3") {
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let at = place.path();
    let words = run(Command::new("python3")
        .arg(here("tests/programs/burn.py"))
        .arg(library(&built()))
        .arg(here("include/pitland.h"))
        .arg(folder(at))
        .arg(drive(at, "first"))
        .arg(large_folder(at))
        .arg(drive(at, "second")));
    assert!(words.contains("burned by bd-r"), "{words}");
}

#[test]
fn the_header_is_one_of_cpp_as_well() {
    if !outsider("c++") {
        return;
    }
    let header = here("include/pitland.h");
    let strict = ["-std=c++17", "-Wall", "-Wextra", "-Werror", "-fsyntax-only"];
    run(Command::new("c++")
        .args(strict)
        .args(["-x", "c++"])
        .arg(header));
}

#[test]
fn the_example_of_the_docs_burns_a_folder() {
    if !outsider("cc") {
        return;
    }
    let page = fs::read_to_string(here("../../docs/c.md")).unwrap();
    let example = page
        .split("```c\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next());
    let place = tempfile::tempdir().unwrap();
    let at = place.path();
    let source = at.join("example.c");
    fs::write(&source, example.unwrap()).unwrap();
    compile(&source, &at.join("example"));
    let words = run(Command::new(at.join("example"))
        .arg(folder(at))
        .arg(drive(at, "disc")));
    assert!(words.lines().any(|line| line == "verified"), "{words}");
}

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

/// Makes a program of a text in C with the header of this folder, as strictly as compilers can be.
fn compile_with(include: &Path, source: &Path, program: &Path, flags: &[&str]) {
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
            "-g",
        ])
        .args(flags)
        .arg("-I")
        .arg(include)
        .arg(source)
        .arg("-o")
        .arg(program)
        .arg("-L")
        .arg(&built)
        .arg("-lpitland_capi")
        .arg(rpath)
        .arg("-pthread"));
}

fn compile(source: &Path, program: &Path) {
    compile_with(&here("include"), source, program, &[]);
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

/// With the header of the first version of the interface: what was built with it goes on working.
#[test]
fn a_program_in_c_burns_verifies_and_cancels() {
    if !outsider("cc") {
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let at = place.path();
    let include = at.join("include");
    fs::create_dir(&include).unwrap();
    fs::copy(here("tests/frozen/pitland-1.h"), include.join("pitland.h")).unwrap();
    let program = at.join("burn");
    let source = here("tests/programs/burn.c");
    compile_with(&include, &source, &program, &[]);
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

/// The program that uses every function, in a folder of its own; what it said.
fn whole(at: &Path, flags: &[&str], run_by: &[&str]) -> String {
    let program = at.join("whole");
    let source = here("tests/programs/whole.c");
    compile_with(&here("include"), &source, &program, flags);
    let folder = at.join("folder");
    fs::create_dir(&folder).unwrap();
    let words = match run_by.split_first() {
        None => run(Command::new(program).arg(folder)),
        Some((first, rest)) => run(Command::new(first).args(rest).arg(program).arg(folder)),
    };
    assert!(words.contains(" checks"), "{words}");
    words
}

#[test]
fn every_function_is_used_in_the_program_that_is_looked_at() {
    let header = fs::read_to_string(here("include/pitland.h")).unwrap();
    let program = fs::read_to_string(here("tests/programs/whole.c")).unwrap();
    let declared = header.split("pitland_").skip(1).filter_map(|part| {
        let end = part.find(|c: char| !(c.is_alphanumeric() || c == '_'))?;
        part[end..]
            .starts_with('(')
            .then(|| format!("pitland_{}(", &part[..end]))
    });
    let unused: Vec<String> = declared
        .filter(|name| name != "pitland_progress_fn(" && !program.contains(name.as_str()))
        .collect();
    assert_eq!(unused, Vec::<String>::new());
}

/// What was appended is read by others from the second session of what was read back.
#[test]
fn the_discs_of_a_program_in_c_are_read_by_others() {
    if !(outsider("cc") && outsider("isoinfo")) {
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let at = place.path();
    let words = whole(at, &[], &[]);
    let start = words
        .lines()
        .find_map(|line| line.strip_prefix("second session at "))
        .unwrap();
    let image = at.join("folder/sessions.img");
    let isoinfo = |session: &str, what: &[&str]| {
        run(Command::new("isoinfo")
            .args(["-R", "-T", session])
            .args(what)
            .arg("-i")
            .arg(&image))
    };
    let names = |session| {
        let listed = isoinfo(session, &["-f"]);
        let mut names: Vec<_> = listed.lines().map(str::to_owned).collect();
        names.sort();
        names
    };
    assert_eq!(
        names("0"),
        ["/kept.txt", "/same.txt", "/sub", "/sub/gone.txt"]
    );
    assert_eq!(names(start), ["/kept.txt", "/new.txt", "/same.txt", "/sub"]);
    for (session, file, holds) in [
        ("0", "/same.txt", "earlier"),
        (start, "/same.txt", "later"),
        (start, "/kept.txt", "kept"),
        (start, "/new.txt", "new"),
    ] {
        assert_eq!(isoinfo(session, &["-x", file]), holds, "{session} {file}");
    }
    for session in ["0", start] {
        let about = isoinfo(session, &["-d"]);
        assert!(about.contains("Volume id: BEGUN"), "{about}");
    }
    // What was broken off, or failed, left nothing.
    let left = fs::read_dir(at.join("folder")).unwrap();
    let left = left.map(|entry| entry.unwrap().file_name().into_string());
    let strange: Vec<_> = left
        .flatten()
        .filter(|name| name.starts_with(".pitland") || name == "ended.img" || name == "sound.img")
        .collect();
    assert_eq!(strange, Vec::<String>::new());
}

/// No byte is used that was not set, was freed, or is nobody's, and nothing that was given out is lost. What is only
/// "possibly" lost is no error: the standard library keeps its threads, and a codec its tables, by pointers into their
/// middle.
#[test]
fn valgrind_finds_nothing_in_a_program_that_uses_everything() {
    if !(outsider("cc") && outsider("valgrind")) {
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let strict = [
        "valgrind",
        "--quiet",
        "--error-exitcode=9",
        "--leak-check=full",
        "--show-leak-kinds=definite,indirect",
        "--errors-for-leak-kinds=definite,indirect",
        "--fair-sched=yes",
    ];
    whole(place.path(), &[], &strict);
}

#[test]
fn the_sanitizers_find_nothing_in_a_program_that_uses_everything() {
    if !outsider("cc") {
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let flags = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
    whole(place.path(), &flags, &[]);
}

/// As docs/c.md says, but for the build: header, library and pkg-config's file, put into a folder of their own; the shared
/// library, and where that is not, the static one.
#[test]
fn an_installed_library_is_found_by_pkg_config() {
    if !(outsider("cc") && outsider("pkg-config")) {
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let at = place.path();
    let prefix = at.join("prefix");
    // The shared one alone, and by a link: nobody waits for hundreds of megabytes.
    let shared = at.join("built");
    fs::create_dir(&shared).unwrap();
    std::os::unix::fs::symlink(library(&built()), library(&shared)).unwrap();
    run(Command::new(here("install")).arg(&prefix).arg(&shared));
    let asked = |words: &[&str]| {
        let told = run(Command::new("pkg-config")
            .args(words)
            .arg("pitland")
            .env("PKG_CONFIG_PATH", prefix.join("lib/pkgconfig")));
        told.trim().to_owned()
    };
    assert_eq!(asked(&["--modversion"]), env!("CARGO_PKG_VERSION"));
    assert!(asked(&["--static", "--libs"]).contains("-lpthread"));
    let source = at.join("version.c");
    fs::write(
        &source,
        "#include <pitland.h>\n#include <stdio.h>\nint main(void) { puts(pitland_version()); return 0; }\n",
    )
    .unwrap();
    let program = at.join("version");
    let linked = |words: &[&str]| {
        // The words are a shell's.
        let line = format!("cc \"$1\" {} -Wl,-rpath,\"$3\" -o \"$2\"", asked(words));
        run(Command::new("sh")
            .args(["-euc", &line, "sh"])
            .arg(&source)
            .arg(&program)
            .arg(prefix.join("lib")));
        let words = run(&mut Command::new(&program));
        assert_eq!(words.trim(), env!("CARGO_PKG_VERSION"));
    };
    linked(&["--cflags", "--libs"]);
    let of_prefix = library(&prefix.join("lib"));
    fs::remove_file(&of_prefix).unwrap();
    let fixed = "libpitland_capi.a";
    std::os::unix::fs::symlink(built().join(fixed), of_prefix.with_file_name(fixed)).unwrap();
    linked(&["--static", "--cflags", "--libs"]);
}

#[test]
fn the_library_exports_its_own_names_alone() {
    if !outsider("nm") {
        return;
    }
    let library = library(&built());
    let symbols = run(Command::new("nm")
        .args(["--dynamic", "--defined-only", "--format=posix"])
        .arg(&library));
    let names: Vec<_> = symbols
        .lines()
        .filter_map(|line| line.split(' ').next())
        .collect();
    let strange: Vec<_> = names
        .iter()
        .filter(|name| !name.starts_with("pitland_"))
        .collect();
    assert_eq!(strange, Vec::<&&str>::new());
    assert!(names.len() > 60, "{names:?}");
    // The name that programs look for, wherever they were linked with it.
    let about = run(Command::new("objdump").arg("-p").arg(&library));
    let name = about.lines().find(|line| line.contains("SONAME"));
    assert!(
        name.is_some_and(|name| name.ends_with(" libpitland_capi.so")),
        "{name:?}"
    );
}

//! Programs of others as judges. Owns what is said where one is missing.

use super::Bench;
use std::io::Write;
use std::process::{Command, Stdio};

/// A program that judges; `None` where it is missing, which is said, and fails where tools are required.
pub(crate) fn tool(test: &str, program: &str) -> Option<()> {
    let found = std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|dir| dir.join(program).is_file()));
    if found {
        return Some(());
    }
    let required = std::env::var_os("PITLAND_REQUIRE_TOOLS").is_some_and(|value| value == "1");
    assert!(!required, "{test}: {program} is missing");
    // The harness captures what a test prints that passes; what goes to the descriptor is seen.
    let _ = writeln!(
        std::io::stderr().lock(),
        "not run: {test}: {program} missing"
    );
    None
}

/// What a program says, run in the bench's folder.
pub(crate) fn output(bench: &Bench, program: &str, args: &[&str]) -> String {
    let mut command = Command::new(program);
    command
        .args(args)
        .current_dir(bench.path(""))
        .stdin(Stdio::null());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{program} {args:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Thirteen seconds of noise in one file, the same cut in places that are no frames, and its samples.
pub(crate) fn album(test: &str, bench: &Bench) -> Option<Vec<u8>> {
    tool(test, "sox")?;
    let sox = |args: &[&str]| output(bench, "sox", args);
    sox(&[
        "-R",
        "-n",
        "-r",
        "44100",
        "-c",
        "2",
        "-b",
        "16",
        "whole.wav",
        "synth",
        "13.3",
        "pinknoise",
    ]);
    sox(&["whole.wav", "a.wav", "trim", "0", "4.1234"]);
    sox(&["whole.wav", "b.wav", "trim", "4.1234", "4.6001"]);
    sox(&["whole.wav", "c.wav", "trim", "8.7235"]);
    sox(&["whole.wav", "-t", "raw", "whole.pcm"]);
    Some(bench.bytes("whole.pcm"))
}

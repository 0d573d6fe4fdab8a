//! What was given out stays: the numbers, functions and structs of earlier headers are those of today's. `frozen/` has the
//! header of each earlier version, and all numbers; both are written by hand when something comes to the interface.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

use pitland_capi::*;
use std::collections::BTreeSet;
use std::fs;
use std::mem::offset_of;
use std::path::Path;

fn file(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

/// The numbers of a header, as "NAME NUMBER".
fn numbers(header: &str) -> BTreeSet<String> {
    let number = |line: &str| {
        let line = line.trim().trim_end_matches(',');
        let (name, value) = match line.strip_prefix("#define ") {
            Some(defined) => defined.split_once(' ')?,
            None => line.split_once(" = ")?,
        };
        let is_one = name.starts_with("PITLAND_")
            && name != "PITLAND_ABI"
            && value.bytes().all(|byte| byte.is_ascii_digit());
        is_one.then(|| format!("{name} {value}"))
    };
    header.lines().filter_map(number).collect()
}

#[test]
fn numbers_stay() {
    let listed = file("tests/frozen/numbers.txt");
    let listed: BTreeSet<String> = listed.lines().map(str::to_owned).collect();
    assert!(listed.len() > 90, "{}", listed.len());
    assert_eq!(numbers(&file("include/pitland.h")), listed);
    let first = numbers(&file("tests/frozen/pitland-1.h"));
    assert!(first.len() > 50 && first.is_subset(&listed));
}

/// The declarations of a header: functions, and structs with all that is in them; one line each, without comments.
fn declarations(header: &str) -> BTreeSet<String> {
    let lines = header.lines().map(|line| line.split("//").next().unwrap());
    let code: Vec<&str> = lines.filter(|line| !line.starts_with('#')).collect();
    let one_line = code.join(" ");
    let words: Vec<&str> = one_line.split_whitespace().collect();
    let text = words.join(" ");
    let functions = text
        .split(';')
        .filter_map(|part| part.trim().rsplit(['{', '}']).next())
        .map(str::trim)
        .filter(|part| part.contains("pitland_") && part.ends_with(')'))
        .map(str::to_owned);
    let structs = text
        .split("typedef struct ")
        .skip(1)
        .filter_map(|part| part.split_once("} pitland_"))
        .filter(|(body, _)| body.contains('{'))
        .map(|(body, _)| body.to_owned());
    functions.chain(structs).collect()
}

#[test]
fn functions_and_structs_stay() {
    let first = declarations(&file("tests/frozen/pitland-1.h"));
    assert!(first.len() > 45, "{}", first.len());
    let now = declarations(&file("include/pitland.h"));
    let gone: Vec<_> = first.difference(&now).collect();
    assert_eq!(gone, Vec::<&String>::new());
}

/// A struct grows at its end alone.
#[test]
#[cfg(target_pointer_width = "64")]
fn fields_stay_where_they_are() {
    assert_eq!(
        [
            offset_of!(pitland_progress, phase),
            offset_of!(pitland_progress, committed),
            offset_of!(pitland_progress, done),
            offset_of!(pitland_progress, remaining_ms),
            size_of::<pitland_progress>(),
        ],
        [8, 12, 16, 56, 64]
    );
    assert_eq!(
        [
            offset_of!(pitland_burn_options, label),
            offset_of!(pitland_burn_options, client),
            offset_of!(pitland_burn_options, progress),
            offset_of!(pitland_burn_options, user),
            offset_of!(pitland_burn_options, speed),
            offset_of!(pitland_burn_options, reserved),
            size_of::<pitland_burn_options>(),
        ],
        [8, 16, 24, 32, 40, 60, 64]
    );
    assert_eq!(
        [
            offset_of!(pitland_job_options, client),
            offset_of!(pitland_job_options, progress),
            offset_of!(pitland_job_options, user),
            size_of::<pitland_job_options>(),
        ],
        [8, 16, 24, 32]
    );
    assert_eq!(
        [
            offset_of!(pitland_append_options, remove),
            offset_of!(pitland_append_options, remove_count),
            offset_of!(pitland_append_options, session),
            offset_of!(pitland_append_options, replace),
            size_of::<pitland_append_options>(),
        ],
        [8, 16, 24, 28, 32]
    );
    assert_eq!(
        [
            offset_of!(pitland_format_options, kind),
            offset_of!(pitland_format_options, spare),
            offset_of!(pitland_format_options, spare_bytes),
            size_of::<pitland_format_options>(),
        ],
        [8, 16, 24, 32]
    );
    assert_eq!(
        [
            offset_of!(pitland_audio_options, cd_text_file),
            offset_of!(pitland_audio_options, mode),
            offset_of!(pitland_audio_options, write_offset),
            size_of::<pitland_audio_options>(),
        ],
        [8, 16, 44, 48]
    );
    assert_eq!(
        [
            offset_of!(pitland_read_options, progress),
            offset_of!(pitland_read_options, user),
            offset_of!(pitland_read_options, track),
            offset_of!(pitland_read_options, skip_errors),
            size_of::<pitland_read_options>(),
        ],
        [8, 16, 24, 28, 32]
    );
}

//! Rules over each source file: its header, its length, `unsafe`, what must not be left in.

use super::code::{code_of, has_word};
use super::none;
use super::tree::{File, files, top};
use std::collections::BTreeSet;

/// Where hand-written `unsafe` may stand. Tests may count allocations.
const UNSAFE: [&str; 6] = [
    "engine/transport/src/linux/",
    "engine/src/pipeline/ring.rs",
    "engine/redbook/src/",
    "engine/src/plugin_host/",
    "sdk/abi/src/",
    "engine/capi/src/",
];

/// Lines of `unsafe` in the wrong place, or without a word on why it is sound.
fn broken_unsafe(file: &File) -> Vec<String> {
    let lines: Vec<&str> = file.text.lines().collect();
    let allowed = file.is_test() || UNSAFE.iter().any(|place| file.path.starts_with(place));
    let mut broken = Vec::new();
    for (number, line) in code_of(&file.text).lines().enumerate() {
        if !has_word(line, "unsafe") {
            continue;
        }
        // A signature states a contract; keeping one needs the word.
        let states = line.contains("unsafe fn") || line.contains("unsafe extern");
        let above = &lines[number.saturating_sub(3)..=number];
        if !allowed {
            broken.push(format!("{}:{}: not here", file.path, number + 1));
        } else if !states && !above.iter().any(|line| line.contains("// SAFETY:")) {
            broken.push(format!("{}:{}: no SAFETY", file.path, number + 1));
        }
    }
    broken
}

#[test]
fn unsafe_stands_in_its_places_and_says_why_it_is_sound() {
    let broken = files()
        .iter()
        .filter(|file| file.is_rust())
        .flat_map(broken_unsafe)
        .collect();
    none(
        "unsafe has six places, and // SAFETY: within three lines above",
        broken,
    );
}

#[test]
fn a_misplaced_unsafe_is_found() {
    let file = |path: &str, text: &str| File {
        path: path.to_owned(),
        text: text.to_owned(),
    };
    let told = "// SAFETY: so.\nunsafe { x() }\n";
    assert!(broken_unsafe(&file("engine/burn/src/machine.rs", told)).len() == 1);
    assert!(broken_unsafe(&file("sdk/abi/src/export.rs", told)).is_empty());
    assert!(broken_unsafe(&file("sdk/abi/src/export.rs", "unsafe { x() }\n")).len() == 1);
    assert!(
        broken_unsafe(&file(
            "engine/burn/src/a.rs",
            "// unsafe\n#![forbid(unsafe_code)]"
        ))
        .is_empty()
    );
}

/// Lines that a file may have without being asked why.
const MOST_LINES: usize = 800;

/// The files that ARCHITECTURE.md lists under "Files over 800 lines", with a reason each.
fn listed(architecture: &str) -> BTreeSet<String> {
    architecture
        .lines()
        .skip_while(|line| !(line.starts_with('#') && line.contains("Files over 800 lines")))
        .skip(1)
        .take_while(|line| !line.starts_with('#'))
        .filter_map(|line| {
            let mut cells = line.strip_prefix('|')?.split('|').map(str::trim);
            let path = cells.next()?.trim_matches('`').to_owned();
            let reason = cells.next()?;
            (path.contains('/') && reason.len() > 10).then_some(path)
        })
        .collect()
}

#[test]
fn long_files_are_listed_with_a_reason() {
    let architecture = std::fs::read_to_string(top().join("ARCHITECTURE.md")).unwrap_or_default();
    let listed = listed(&architecture);
    let long: BTreeSet<String> = files()
        .iter()
        .filter(|file| file.is_rust() && file.text.lines().count() > MOST_LINES)
        .map(|file| file.path.clone())
        .collect();
    let unlisted = long
        .difference(&listed)
        .map(|path| format!("{path} is not listed"));
    let stale = listed
        .difference(&long)
        .map(|path| format!("{path} is listed, and short"));
    none(
        "a file over 800 lines says why in ARCHITECTURE.md",
        unlisted.chain(stale).collect(),
    );
}

#[test]
fn the_table_of_long_files_is_read() {
    let text = "# A\n| `a/b.rs` | not of this table |\n## Files over 800 lines\n\n| file | why |\n|---|---|\n\
                | `x/y.rs` | a table, which is one thing |\n| z/w.rs | short |\n## B\n| `c/d.rs` | of another table |\n";
    assert_eq!(listed(text), BTreeSet::from(["x/y.rs".to_owned()]));
}

#[test]
fn every_module_says_what_it_owns() {
    let broken = files()
        .iter()
        .filter(|file| file.is_rust())
        .filter(|file| {
            let first = file.text.lines().find(|line| {
                let line = line.trim();
                !line.is_empty() && !line.starts_with("#!") && !line.starts_with("// ")
            });
            !first.is_some_and(|line| line.starts_with("//! ") && line.len() > 12)
        })
        .map(|file| file.path.clone())
        .collect();
    none("a module begins with //!", broken);
}

#[test]
fn nothing_is_left_undone_or_switched_off() {
    let marks = [
        "todo!",
        "unimplemented!",
        "dbg!",
        "#[ignore",
        "Other(String)",
        "allow(dead_code)",
    ];
    let mut broken = Vec::new();
    for file in files().iter().filter(|file| file.is_rust()) {
        for (number, line) in code_of(&file.text).lines().enumerate() {
            for mark in marks.iter().filter(|mark| line.contains(**mark)) {
                // What tests share, each of them uses a part of.
                if !(*mark == "allow(dead_code)" && file.is_test()) {
                    broken.push(format!("{}:{}: {mark}", file.path, number + 1));
                }
            }
        }
    }
    none(
        "no stub, no test that is never run, no error that is only a string",
        broken,
    );
}

#[test]
fn tests_do_not_sleep() {
    let mut broken = Vec::new();
    for file in files()
        .iter()
        .filter(|file| file.is_rust() && file.is_test())
    {
        for (number, line) in code_of(&file.text).lines().enumerate() {
            // A guest that hangs is what the test is about; a program of others tells nobody when it is up.
            let guest = file.path.starts_with("tests/plugins/hostile/")
                || file.path == "engine/iscsi/tests/common/outside.rs";
            if !guest && has_word(line, "sleep") && !line.contains("fn ") {
                broken.push(format!("{}:{}", file.path, number + 1));
            }
        }
    }
    none("waiting is for an event, not for a time", broken);
}

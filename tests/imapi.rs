//! `docs/imapi.md` against the code: each item that the page names is there, and so is each test.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

use std::fs;
use std::path::{Path, PathBuf};

/// Crates that the page has short names for, and where their sources are.
const CRATES: [(&str, &str); 9] = [
    ("codes", "engine/src/codes"),
    ("cd", "engine/src/cd"),
    ("writer", "sdk/writer/src"),
    ("mmc", "sdk/mmc/src"),
    ("transport", "engine/transport/src"),
    ("mastering", "engine/mastering/src"),
    ("redbook", "engine/redbook/src"),
    ("plugin_host", "engine/src/plugin_host"),
    ("imapi1", "engine/imapi1/src"),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The rows of all tables: their cells, without the heads.
fn rows(page: &str) -> Vec<Vec<String>> {
    let rows = page.lines().filter(|line| line.starts_with('|'));
    rows.map(|line| {
        let cells = line.trim_matches('|').split('|');
        cells.map(|cell| cell.trim().to_owned()).collect::<Vec<_>>()
    })
    .filter(|cells| {
        !["IMAPI 1", "IMAPI 2"].contains(&cells[0].as_str()) && !cells[0].starts_with("---")
    })
    .collect()
}

/// What stands between grave accents.
fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

fn sources(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, out);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            out.push(path);
        }
    }
}

/// Whether a folder's sources have a public item, a field or a variant of that name.
fn has_item(folder: &str, name: &str) -> bool {
    let mut files = Vec::new();
    sources(&root().join(folder), &mut files);
    let is_name = |word: &str| word == name;
    files.iter().any(|file| {
        let text = fs::read_to_string(file).unwrap();
        text.lines().any(|line| {
            let line = line.trim_start();
            let mut words = line.split(|c: char| !(c.is_alphanumeric() || c == '_'));
            let variant = line.starts_with(name) && words.clone().next() == Some(name);
            variant || (line.starts_with("pub ") && words.any(is_name))
        })
    })
}

fn known(item: &str, api: &str, commands: &str) -> bool {
    if item.starts_with("--") {
        return commands.contains(&format!("`{item}"));
    }
    if let Some(command) = item.strip_prefix("pitland ") {
        return commands.contains(&format!("### `pitland {command}"))
            || commands.contains(&format!("`pitland {command}"));
    }
    let (first, _) = item.split_once("::").unwrap_or((item, ""));
    let name = item.rsplit("::").next().unwrap();
    if let Some((_, folder)) = CRATES.iter().find(|(short, _)| *short == first) {
        let folder_of = root().join(folder);
        let is_module =
            folder_of.join(format!("{name}.rs")).exists() || folder_of.join(name).is_dir();
        return is_module || has_item(folder, name);
    }
    let path = format!("pitland::{item}");
    let ends = |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_');
    let named = |line: &str| {
        line.split_once(' ')
            .and_then(|(_, rest)| rest.strip_prefix(path.as_str()).map(ends))
    };
    // What is handed on from another crate has its parts there.
    let handed_on = format!("use pitland::{first} = pitland_");
    api.lines().any(|line| named(line) == Some(true))
        || api.lines().any(|line| {
            let from = line
                .strip_prefix(&handed_on)
                .and_then(|rest| rest.split_once("::"));
            from.is_some_and(|(of, _)| has_item(&folder_of_crate(of), name))
        })
}

fn folder_of_crate(name: &str) -> String {
    match name {
        "writer" | "mmc" | "abi" => format!("sdk/{name}/src"),
        other => format!("engine/{other}/src"),
    }
}

#[test]
fn every_item_and_every_test_of_the_page_is_there() {
    assert_true("docs/imapi.md", 50, known);
}

/// The page of the file systems has the names of mastering without its own.
#[test]
fn every_item_and_every_test_of_the_file_systems_is_there() {
    assert_true("docs/mastering.md", 30, |item, api, commands| {
        known(item, api, commands) || known(&format!("mastering::{item}"), api, commands)
    });
}

fn assert_true(page: &str, least: usize, known: impl Fn(&str, &str, &str) -> bool) {
    let (api, commands) = (read("tests/api/pitland.txt"), read("docs/cli.md"));
    let page = read(page);
    // Other tables of a page have other heads.
    let table = page.find("| IMAPI 2 |").unwrap();
    let mut wrong = Vec::new();
    let rows = rows(&page[table..]);
    for row in &rows {
        let [theirs, here, shown, other] = &row[..] else {
            wrong.push(format!("not four cells: {row:?}"));
            continue;
        };
        for item in quoted(here).filter(|item| !known(item, &api, &commands)) {
            wrong.push(format!("{theirs}: there is no {item}"));
        }
        for test in quoted(shown) {
            let (file, name) = test.split_once("::").unwrap_or((test, ""));
            let path = root().join(file);
            let is_there = fs::read_to_string(path)
                .is_ok_and(|text| name.is_empty() || text.contains(&format!("fn {name}(")));
            if !is_there {
                wrong.push(format!("{theirs}: there is no test {test}"));
            }
        }
        if (here.is_empty() || shown.is_empty()) && other.is_empty() {
            wrong.push(format!(
                "{theirs}: neither an item with its test nor a reason"
            ));
        }
    }
    assert!(rows.len() > least, "{} rows were found", rows.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_not_there_is_seen() {
    let (api, commands) = (read("tests/api/pitland.txt"), read("docs/cli.md"));
    for item in [
        "Engine::drives",
        "LeaseDenied::Held",
        "writer::MediaFacts::nwa",
        "pitland erase",
    ] {
        assert!(known(item, &api, &commands), "{item}");
    }
    for item in [
        "Engine::drive",
        "LeaseDenied::Heldby",
        "writer::MediaFacts::nowhere",
        "pitland erases",
    ] {
        assert!(!known(item, &api, &commands), "{item}");
    }
}

/// The points that a program counts on, numbered from 1.
const CHECKS: u32 = 60;

#[test]
fn every_check_has_one_test_that_bears_its_number() {
    let mut files = Vec::new();
    for folder in ["tests/checks", "engine/imapi1/tests"] {
        sources(&root().join(folder), &mut files);
    }
    let mut numbers: Vec<u32> = Vec::new();
    for file in files {
        let text = fs::read_to_string(file).unwrap();
        let names = text.split("fn check_").skip(1);
        numbers.extend(names.map(|name| name[..2].parse::<u32>().unwrap()));
    }
    numbers.sort_unstable();
    assert_eq!(numbers, Vec::from_iter(1..=CHECKS));
}

//! How long each writer is, as `docs/plugins.md` tells it: one that grows is seen in review.

use super::code::code_of;
use super::none;
use super::tree::{File, files, top};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

/// By how many lines the page may say too much.
const SLACK: usize = 100;

/// The writer that a source file is part of.
fn writer_of(file: &File) -> Option<&str> {
    if !file.is_source() {
        return None;
    }
    let (writer, rest) = match file.path.strip_prefix("plugins/") {
        Some(path) => path.split_once('/')?,
        None => (
            "plugin-template",
            file.path.strip_prefix("examples/plugin-template/")?,
        ),
    };
    rest.starts_with("src/").then_some(writer)
}

/// Lines of code by writer: neither comments nor empty ones.
fn lines(files: &[File]) -> BTreeMap<&str, usize> {
    let mut lines = BTreeMap::new();
    for file in files {
        if let Some(writer) = writer_of(file) {
            let code = code_of(&file.text);
            let count = code.lines().filter(|line| !line.trim().is_empty()).count();
            *lines.entry(writer).or_insert(0) += count;
        }
    }
    lines
}

/// The page's table: `| name | at most so many |`.
fn told(page: &str) -> BTreeMap<&str, usize> {
    let rows = page.lines().filter_map(|line| {
        let (name, rest) = line.strip_prefix("| `")?.split_once("` | ")?;
        let (most, _) = rest.split_once(" |")?;
        Some((name, most.parse().ok()?))
    });
    rows.collect()
}

fn broken(lines: &BTreeMap<&str, usize>, told: &BTreeMap<&str, usize>) -> Vec<String> {
    let names: BTreeSet<&str> = lines.keys().chain(told.keys()).copied().collect();
    let wrong = names
        .iter()
        .filter(|name| match (lines.get(*name), told.get(*name)) {
            (Some(lines), Some(most)) => lines > most || most - lines > SLACK,
            _ => true,
        });
    let told = |name: &&str| {
        format!(
            "{name}: {:?} lines, told: {:?}",
            lines.get(name),
            told.get(name)
        )
    };
    wrong.map(told).collect()
}

#[test]
fn writers_are_as_short_as_the_page_says() {
    let page = fs::read_to_string(top().join("docs/plugins.md")).unwrap();
    let files = files();
    let lines = lines(&files);
    assert!(lines.len() > 6, "{lines:?}");
    none(
        "docs/plugins.md tells the lines of each writer, and at most 100 too many",
        broken(&lines, &told(&page)),
    );
}

#[test]
fn a_writer_that_grew_or_is_not_told_is_found() {
    let told =
        told("| writer | most |\n| --- | --- |\n| `a` | 150 |\n| `b` | 150 |\n| `c` | 150 |\n");
    let lines = BTreeMap::from([("a", 151), ("b", 120), ("d", 1)]);
    let found = broken(&lines, &told);
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(!found.iter().any(|line| line.starts_with("b:")));
    let lines = BTreeMap::from([("a", 150), ("b", 49), ("c", 50)]);
    assert_eq!(broken(&lines, &told).len(), 1);
}

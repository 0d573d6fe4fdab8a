//! `docs/compatibility.md`: which program does what with which medium on our drive. Owns the document's
//! form, and the comparison of what was run with what it says.

use super::trials::{KNOWN_TO_FAIL, all};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

/// A line of the table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Row {
    program: String,
    medium: String,
    mode: String,
}

impl Row {
    pub(crate) fn new(program: &str, medium: &str, mode: &str) -> Self {
        Self {
            program: program.to_owned(),
            medium: medium.to_owned(),
            mode: mode.to_owned(),
        }
    }
}

/// Outcomes by program, medium and mode.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Table(BTreeMap<Row, String>);

/// Every row that there can be.
fn rows_of_trials() -> BTreeSet<Row> {
    let rows = |trial: &super::trials::Trial| -> Vec<Row> {
        let steps = trial.steps.iter();
        steps
            .map(|step| Row::new(trial.program, trial.medium, step))
            .collect()
    };
    let files = all();
    let files = files.iter().flat_map(rows);
    files.chain(super::sound::rows()).collect()
}

const HEAD: &str = "# Programs of others on the virtual drive

Made by the test `vm` (`PITLAND_UPDATE_TABLE=1 PITLAND_FULL=1 cargo test --test vm` writes it anew): each
program runs on a real Linux kernel, whose drive `/dev/sr0` is the virtual drive behind iSCSI. *ok*: the
program ended well, the disc reads back through the kernel as it is in its file, the kernel mounts it (of
two sessions each), and every file has its bytes. *refused*: the program said so in its own words, as it
does with a real drive, and what was on the disc is still there. *fails*: a fault of the virtual drive that
is known and not mended yet, told below. Each run compares itself with this table.

Of the modes *blank* makes a new disc ready for the program, *append* adds a session, or files on a medium
without sessions; *reblank*, *reformat* and *reburn* follow each other in the order that the medium asks
for (`tests/vm/burners`). *sound* is an album of two tracks, at once by tracks (tao) or as a session (sao),
or raw; cdparanoia, cdrdao and cd-info read the same samples, starts, texts, index, catalogue number and
codes back. wodim writes neither texts nor codes in tao and raw here, and cdrdao's raw driver gives up
where a drive answers that its buffer is full in place of waiting: its drive takes no time.
Discs are small: 64 MiB, a DVD-RW 256 MiB, a DVD-R DL 3 MiB.
";

impl Table {
    pub(crate) fn insert(&mut self, row: Row, outcome: &str) {
        self.0.insert(row, outcome.to_owned());
    }

    /// The lines of a document that have four cells, but for the head's.
    fn parse(text: &str) -> Self {
        let cells = |line: &str| {
            let line = line.strip_prefix("| ")?.strip_suffix(" |")?;
            let cells: Vec<&str> = line.split(" | ").map(str::trim).collect();
            match cells[..] {
                [program, medium, mode, outcome] if !["program", "---"].contains(&program) => {
                    Some((Row::new(program, medium, mode), outcome.to_owned()))
                }
                _ => None,
            }
        };
        Self(text.lines().filter_map(cells).collect())
    }

    fn document(&self, versions: &str) -> String {
        let mut text = format!("{HEAD}\nLast written with\n\n{versions}\n");
        text += "| program | medium | mode | outcome |\n| --- | --- | --- | --- |\n";
        for (row, outcome) in &self.0 {
            let Row {
                program,
                medium,
                mode,
            } = row;
            writeln!(text, "| {program} | {medium} | {mode} | {outcome} |").unwrap();
        }
        if !KNOWN_TO_FAIL.is_empty() {
            text += "\nWhat fails, and why:\n\n";
        }
        for (program, medium, mode, why) in KNOWN_TO_FAIL {
            writeln!(text, "- {program}, {medium}, {mode}: {why}").unwrap();
        }
        text
    }

    /// What is wrong with the rows whatever was run: one that no trial has, or a failure without a reason.
    fn unknown(&self) -> String {
        let known: BTreeSet<Row> = rows_of_trials();
        let failing =
            KNOWN_TO_FAIL.map(|(program, medium, mode, _)| Row::new(program, medium, mode));
        let mut lines = String::new();
        for (row, outcome) in &self.0 {
            if !known.contains(row) {
                writeln!(lines, "{row:?}: no trial has it").unwrap();
            }
            let well = ["ok", "refused"].contains(&outcome.as_str());
            if well == failing.contains(row) {
                writeln!(lines, "{row:?}: {outcome}, unlike KNOWN_TO_FAIL").unwrap();
            }
        }
        lines
    }

    /// Compares what was run with the document; `told` is what went wrong, in detail. With
    /// `PITLAND_UPDATE_TABLE=1` the document is written instead, lines that were not run staying.
    pub(crate) fn judge(&self, versions: &str, told: &str) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/compatibility.md");
        let mut kept = Self::parse(&std::fs::read_to_string(&path).unwrap_or_default());
        if std::env::var_os("PITLAND_UPDATE_TABLE").is_some_and(|value| value == "1") {
            let known = rows_of_trials();
            kept.0.retain(|row, _| known.contains(row));
            kept.0.extend(self.0.clone());
            std::fs::write(&path, kept.document(versions)).unwrap();
            eprintln!("{told}");
            let lines = kept.unknown();
            assert!(lines.is_empty(), "{lines}");
            return;
        }
        let mut lines = kept.unknown();
        for (row, outcome) in &self.0 {
            let before = kept.0.get(row).map_or("not there", String::as_str);
            if before != outcome {
                writeln!(lines, "{row:?}: {outcome}, in the table: {before}").unwrap();
            }
        }
        assert!(lines.is_empty(), "{lines}{told}");
    }
}

#[test]
fn a_table_is_read_as_it_is_written() {
    let mut table = Table::default();
    table.insert(Row::new("growisofs", "dvd+r", "burn"), "ok");
    table.insert(Row::new("wodim", "dvd+r", "burn"), "fails");
    let text = table.document("- growisofs 7.1 | of | old | days\n");
    assert_eq!(Table::parse(&text), table);
}

#[test]
fn the_page_has_no_row_but_those_of_trials() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/compatibility.md");
    let page = Table::parse(&std::fs::read_to_string(path).unwrap());
    assert!(page.0.len() > 100, "{} rows", page.0.len());
    assert_eq!(page.unknown(), "");
    let mut wrong = page;
    wrong.insert(Row::new("growisofs", "dvd+r", "dream"), "ok");
    wrong.insert(Row::new("growisofs", "dvd+r", "burn"), "fails");
    assert_eq!(wrong.unknown().lines().count(), 2);
}

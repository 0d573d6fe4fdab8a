//! `docs/compatibility.md`: which program does what with which medium on our drive. Owns the document's
//! form, and the comparison of what was run with what it says.

use std::collections::BTreeMap;
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

const HEAD: &str = "# Programs of others on the virtual drive

Made by the test `vm` (`PITLAND_UPDATE_TABLE=1 PITLAND_FULL=1 cargo test --test vm` writes it anew): each
program runs on a real Linux kernel, whose drive `/dev/sr0` is the virtual drive behind iSCSI. *ok*: the
program ended well, the disc reads back through the kernel as it is in its file, the kernel mounts it, and
every file has its bytes. Each run compares itself with this table.
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
        text
    }

    /// Compares what was run with the document; `told` is what went wrong, in detail. With
    /// `PITLAND_UPDATE_TABLE=1` the document is written instead, lines that were not run staying.
    pub(crate) fn judge(&self, versions: &str, told: &str) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/compatibility.md");
        let mut kept = Self::parse(&std::fs::read_to_string(&path).unwrap_or_default());
        if std::env::var_os("PITLAND_UPDATE_TABLE").is_some_and(|value| value == "1") {
            kept.0.extend(self.0.clone());
            std::fs::write(&path, kept.document(versions)).unwrap();
            eprintln!("{told}");
            return;
        }
        let mut lines = String::new();
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

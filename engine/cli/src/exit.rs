//! The published table of exit statuses. Owns the numbers and their words: the program's help and the
//! documentation are made from this table; what leads to a status is told by whoever meets it.

use std::fmt::Write as _;

/// How the program ended. 0 only when all that was asked is true.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    Done,
    Internal,
    Usage,
    Source,
    Refused,
    NoDrive,
    Busy,
    DriveFailed,
    BurnFailed,
    Differs,
    Plugin,
    Output,
    NotPermitted,
    ReadableOpen,
    Resumable,
    Lost,
    Unverified,
    Unknown,
    Cancelled,
}

/// One line of the table.
pub(crate) struct Line {
    pub(crate) exit: Exit,
    /// The status, as a shell sees it.
    pub(crate) status: u8,
    /// The stable name, as `"code"` in JSON.
    pub(crate) code: &'static str,
    pub(crate) meaning: &'static str,
}

const fn line(exit: Exit, status: u8, code: &'static str, meaning: &'static str) -> Line {
    Line {
        exit,
        status,
        code,
        meaning,
    }
}

/// The table, by rising status.
pub(crate) const TABLE: [Line; 19] = [
    line(
        Exit::Done,
        0,
        "done",
        "All that was asked is done and true.",
    ),
    line(
        Exit::Internal,
        1,
        "internal",
        "A fault of the program itself; the medium's state is told, or unknown.",
    ),
    line(
        Exit::Usage,
        2,
        "usage",
        "The command line is wrong: an unknown option, an illegal value, the same drive twice. Nothing was touched.",
    ),
    line(
        Exit::Source,
        3,
        "source",
        "A source is missing, unreadable, of a kind that cannot be stored, or changed while it was read. The disc is untouched.",
    ),
    line(
        Exit::Refused,
        4,
        "refused",
        "The medium does not fit what was asked: absent, not blank, closed, full, too small, of the wrong kind, without such a track, session or file. The disc is untouched.",
    ),
    line(
        Exit::NoDrive,
        5,
        "no-drive",
        "There is no such drive, the path is no drive, or its virtual disc is missing, damaged or no virtual disc.",
    ),
    line(
        Exit::Busy,
        6,
        "busy",
        "Somebody else holds the drive or its disc, or the disc is mounted.",
    ),
    line(
        Exit::DriveFailed,
        7,
        "drive-failed",
        "The drive refused a command or gave no answer. The disc is untouched.",
    ),
    line(
        Exit::BurnFailed,
        8,
        "burn-failed",
        "The job failed after the disc was changed, and none of 13 to 17 fits; the disc's state is told.",
    ),
    line(
        Exit::Differs,
        9,
        "differs",
        "What was read back or compared is not what it should be.",
    ),
    line(
        Exit::Plugin,
        10,
        "plugin",
        "A plug-in cannot be loaded, or a writer failed before the disc was changed.",
    ),
    line(
        Exit::Output,
        11,
        "output",
        "A file to be made (image, trace, stash, virtual disc) or the standard output cannot be written, or an address cannot be listened on.",
    ),
    line(
        Exit::NotPermitted,
        12,
        "not-permitted",
        "A permission, group or capability is missing to use the drive; the message says which. Nothing was sent to it.",
    ),
    line(
        Exit::ReadableOpen,
        13,
        "readable-but-open",
        "The burn failed. The disc can be read as far as it goes, but not all data, or not what closes them, are on it.",
    ),
    line(
        Exit::Resumable,
        14,
        "resumable",
        "The burn failed, and the disc waits for the rest.",
    ),
    line(
        Exit::Lost,
        15,
        "lost",
        "The burn failed, and what is on the disc of it cannot be relied on.",
    ),
    line(
        Exit::Unverified,
        16,
        "unverified",
        "All was recorded and closed, but reading it back did not come to its end.",
    ),
    line(
        Exit::Unknown,
        17,
        "unknown",
        "The burn failed, and the drive no longer tells what is on the disc.",
    ),
    line(
        Exit::Cancelled,
        130,
        "cancelled",
        "Cancelled by Ctrl-C or a termination signal, in good order; the disc's state is told.",
    ),
];

impl Exit {
    fn line(self) -> &'static Line {
        TABLE
            .iter()
            .find(|line| line.exit == self)
            .unwrap_or(&TABLE[1])
    }

    /// The status, as a shell sees it.
    pub(crate) fn status(self) -> u8 {
        self.line().status
    }

    /// The stable name, as `"code"` in JSON.
    pub(crate) fn code(self) -> &'static str {
        self.line().code
    }
}

/// The table in words, for the help.
pub(crate) fn table() -> String {
    let mut text = String::from("Exit statuses:\n");
    for line in &TABLE {
        // Writing into a String cannot fail.
        let _ = writeln!(
            text,
            "  {:>3}  {:<17}  {}",
            line.status, line.code, line.meaning
        );
    }
    text.push_str(
        "With several drives: that of the first drive on the command line that failed.\n",
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_status_and_each_name_stands_for_one_thing() {
        for (index, line) in TABLE.iter().enumerate() {
            assert_eq!(line.exit.status(), line.status);
            for other in &TABLE[..index] {
                assert!(other.status < line.status);
                assert_ne!(other.code, line.code);
            }
        }
    }

    #[test]
    fn the_documentation_has_the_same_table() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/cli.md");
        let text = std::fs::read_to_string(path).unwrap();
        for line in &TABLE {
            let row = format!("| {} | `{}` | {} |", line.status, line.code, line.meaning);
            assert!(text.contains(&row), "docs/cli.md lacks: {row}");
        }
    }
}

//! What a volume holds, and what was taken out of it: JSON forms and words.

use super::Say;
use super::escape;
use super::human;
use super::json::Name;
use pitland::mastering::time::Civil;
use pitland::mastering::{BlockSource, Entry, NodeKind, Timestamp, Volume};
use serde::Serialize;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// `"entry"`: a name in a volume. What the file system in use does not record is null.
#[derive(Debug, Serialize)]
pub(crate) struct EntryView {
    pub(crate) path: Name,
    /// `folder`, `file`, `symbolic-link`, `character-device`, `block-device`, `fifo`, `socket`.
    pub(crate) kind: &'static str,
    pub(crate) size: u64,
    /// File type and permissions, octal.
    pub(crate) mode: Option<String>,
    pub(crate) links: Option<u32>,
    pub(crate) uid: Option<u32>,
    pub(crate) gid: Option<u32>,
    pub(crate) serial: Option<u32>,
    pub(crate) target: Option<Name>,
    /// Seconds since 1970.
    pub(crate) modified: Option<f64>,
    pub(crate) extents: Vec<ExtentView>,
    #[serde(skip)]
    words: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct ExtentView {
    pub(crate) first_lba: u32,
    pub(crate) blocks: u32,
    pub(crate) bytes: u64,
}

impl EntryView {
    /// `shown`: the path as a person reads it; `lba`: with the blocks.
    pub(crate) fn new(path: &Path, shown: &Path, entry: &Entry, lba: bool) -> Self {
        let posix = entry.posix;
        let extents = entry.extents.iter().map(|extent| ExtentView {
            first_lba: extent.first_lba,
            blocks: extent.blocks,
            bytes: extent.bytes.into(),
        });
        let seconds = |time: Timestamp| time.seconds as f64 + f64::from(time.nanoseconds) / 1e9;
        let mut view = Self {
            path: Name::new(path),
            kind: kind_name(entry.kind),
            size: entry.size,
            mode: posix.map(|posix| format!("{:06o}", posix.mode)),
            links: posix.map(|posix| posix.links),
            uid: posix.map(|posix| posix.uid),
            gid: posix.map(|posix| posix.gid),
            serial: posix.map(|posix| posix.serial),
            target: entry
                .target
                .as_deref()
                .map(|t| Name::new(OsStr::from_bytes(t))),
            modified: entry.modified.map(seconds),
            extents: extents.collect(),
            words: String::new(),
        };
        view.words = view.line(shown, entry, lba);
        view
    }

    fn line(&self, shown: &Path, entry: &Entry, lba: bool) -> String {
        let mut line = mode_words(entry);
        if let Some(posix) = entry.posix {
            let _ = write!(
                line,
                " {:>3} {:>5} {:>5}",
                posix.links, posix.uid, posix.gid
            );
        }
        let time = entry.modified.map_or_else(|| "-".into(), time_words);
        let _ = write!(line, " {:>12} {time:<19}", self.size);
        if lba {
            let runs = self.extents.iter();
            let runs: Vec<String> = runs
                .map(|e| format!("{}+{}", e.first_lba, e.blocks))
                .collect();
            let runs = if runs.is_empty() {
                "-".into()
            } else {
                runs.join(",")
            };
            let _ = write!(line, " {runs:>12}");
        }
        let _ = write!(line, " {}", escape::name(shown.as_os_str()));
        if let Some(target) = &self.target {
            let _ = write!(line, " -> {}", target.escaped());
        }
        line.push('\n');
        line
    }
}

impl Say for EntryView {
    const TYPE: &'static str = "entry";

    fn say(&self) -> String {
        self.words.clone()
    }
}

fn kind_name(kind: NodeKind) -> &'static str {
    match kind {
        NodeKind::Directory => "folder",
        NodeKind::File => "file",
        NodeKind::Symlink => "symbolic-link",
        NodeKind::CharacterDevice => "character-device",
        NodeKind::BlockDevice => "block-device",
        NodeKind::Fifo => "fifo",
        NodeKind::Socket => "socket",
    }
}

/// As `ls -l` shows kind and permissions.
fn mode_words(entry: &Entry) -> String {
    let kind = match entry.kind {
        NodeKind::Directory => 'd',
        NodeKind::File => '-',
        NodeKind::Symlink => 'l',
        NodeKind::CharacterDevice => 'c',
        NodeKind::BlockDevice => 'b',
        NodeKind::Fifo => 'p',
        NodeKind::Socket => 's',
    };
    let mut words = String::from(kind);
    let Some(posix) = entry.posix else {
        return words;
    };
    let mode = posix.mode;
    for (shift, special, lent) in [(6, 0o4000, 's'), (3, 0o2000, 's'), (0, 0o1000, 't')] {
        let has = |bit: u32| mode >> shift & bit != 0;
        words.push(if has(4) { 'r' } else { '-' });
        words.push(if has(2) { 'w' } else { '-' });
        words.push(match (mode & special != 0, has(1)) {
            (true, true) => lent,
            (true, false) => lent.to_ascii_uppercase(),
            (false, true) => 'x',
            (false, false) => '-',
        });
    }
    words
}

/// Date and time, GMT.
fn time_words(time: Timestamp) -> String {
    let at = Civil::from_seconds(time.seconds);
    format!(
        "{:04}-{:02}-{:02} {:02}:{:02}:{:02}",
        at.year, at.month, at.day, at.hour, at.minute, at.second
    )
}

/// `"listed"`: the end of a listing.
#[derive(Debug, Serialize)]
pub(crate) struct ListedView {
    pub(crate) source: Name,
    pub(crate) session_lba: u32,
    pub(crate) volume_id: String,
    /// Whose names were shown.
    pub(crate) names: String,
    /// Whose names the volume has, the best first.
    pub(crate) offered: Vec<String>,
    pub(crate) entries: u64,
    pub(crate) problems: u64,
}

impl ListedView {
    pub(crate) fn new<R: BlockSource>(
        source: Name,
        volume: &Volume<R>,
        entries: u64,
        problems: u64,
    ) -> Self {
        Self {
            source,
            session_lba: volume.first_lba(),
            volume_id: volume.volume_id(),
            names: volume.names().to_string(),
            offered: volume
                .offered_names()
                .iter()
                .map(ToString::to_string)
                .collect(),
            entries,
            problems,
        }
    }
}

impl Say for ListedView {
    const TYPE: &'static str = "listed";

    /// The lines before it say all that a person asked for.
    fn say(&self) -> String {
        String::new()
    }
}

/// `"problem"`: a part of a volume that could not be listed or extracted.
#[derive(Debug, Serialize)]
pub(crate) struct ProblemView {
    pub(crate) source: Name,
    pub(crate) path: Name,
    pub(crate) what: String,
}

impl Say for ProblemView {
    const TYPE: &'static str = "problem";

    fn say(&self) -> String {
        let what = escape::text(&self.what);
        let path = self.path.escaped();
        match what.starts_with(&path) {
            true => format!("{}: {what}\n", self.source.escaped()),
            false => format!("{}: {path}: {what}\n", self.source.escaped()),
        }
    }
}

/// `"extracted"`: files of a volume are on the host.
#[derive(Debug, Serialize)]
pub(crate) struct ExtractedView {
    pub(crate) source: Name,
    pub(crate) output: Name,
    pub(crate) session_lba: u32,
    pub(crate) files: u64,
    pub(crate) folders: u64,
    pub(crate) links: u64,
    pub(crate) bytes: u64,
    /// Devices, fifos and sockets.
    pub(crate) left_out: u64,
    pub(crate) problems: u64,
}

impl Say for ExtractedView {
    const TYPE: &'static str = "extracted";

    fn say(&self) -> String {
        let mut text = format!(
            "{}: {} files, {} folders and {} links ({}) in {}",
            self.source.escaped(),
            self.files,
            self.folders,
            self.links,
            human::bytes(self.bytes),
            self.output.escaped(),
        );
        for (count, what) in [
            (self.left_out, "left out"),
            (self.problems, "not extracted"),
        ] {
            if count > 0 {
                let _ = write!(text, ", {count} {what}");
            }
        }
        text.push('\n');
        text
    }
}

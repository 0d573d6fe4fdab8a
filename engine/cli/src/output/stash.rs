//! Where each file of a source goes before it is burned, as JSON and in words.

use super::json::Name;
use super::{Say, human};
use human::{Lines, bytes};
use pitland::{StashPlace, StashPlan, StashRow, StashTotal, StashTotals};
use serde::Serialize;

/// How much goes where, and the folders for stash files.
#[derive(Debug, Serialize)]
pub(crate) struct StashingView {
    pub(crate) straight: TotalView,
    pub(crate) ahead: TotalView,
    pub(crate) memory: TotalView,
    pub(crate) file: TotalView,
    /// Where stash files go, in the order in which they are filled; empty where none are needed.
    pub(crate) folders: Vec<FolderView>,
}

#[derive(Debug, Serialize)]
pub(crate) struct FolderView {
    pub(crate) folder: Name,
    /// What a stash may take there; folders of one file system share it. Null: the folder cannot be used.
    pub(crate) free_bytes: Option<u64>,
}

#[derive(Debug, Serialize)]
pub(crate) struct TotalView {
    pub(crate) files: u64,
    pub(crate) bytes: u64,
}

impl From<StashTotal> for TotalView {
    fn from(total: StashTotal) -> Self {
        Self {
            files: total.files,
            bytes: total.bytes,
        }
    }
}

/// `"stash-row"`: one file of the source, or a whole image.
#[derive(Debug, Serialize)]
pub(crate) struct StashRowView {
    pub(crate) drive: Name,
    /// The path in the volume; of an image its file, or what the stream is called.
    pub(crate) path: Name,
    pub(crate) bytes: u64,
    pub(crate) place: &'static str,
    pub(crate) why: &'static str,
    /// The reason in words.
    pub(crate) words: &'static str,
}

/// The places, those first in which something is stored.
const PLACES: [StashPlace; 4] = [
    StashPlace::File,
    StashPlace::Memory,
    StashPlace::Ahead,
    StashPlace::Straight,
];

/// All rows of a plan, those of one place together.
pub(crate) fn rows<'a>(
    drive: &'a Name,
    plan: &'a StashPlan,
) -> impl Iterator<Item = StashRowView> + 'a {
    let of_place = |place| plan.rows().filter(move |row| row.place == place);
    let rows = PLACES.into_iter().flat_map(of_place);
    rows.map(|row| StashRowView::new(drive.clone(), &row))
}

impl StashRowView {
    fn new(drive: Name, row: &StashRow) -> Self {
        Self {
            drive,
            path: Name::new(&row.path),
            bytes: row.bytes,
            place: row.place.name(),
            why: row.why.name(),
            words: row.why.words(),
        }
    }
}

impl StashingView {
    pub(crate) fn new(plan: &StashPlan) -> Self {
        let totals = plan.totals();
        let rooms = match totals.file.bytes {
            0 => Vec::new(),
            _ => plan.rooms(),
        };
        let folders = rooms.into_iter().map(|room| FolderView {
            folder: Name::new(&room.dir),
            free_bytes: room.free,
        });
        Self {
            straight: totals.straight.into(),
            ahead: totals.ahead.into(),
            memory: totals.memory.into(),
            file: totals.file.into(),
            folders: folders.collect(),
        }
    }

    /// What concerns stash files only.
    pub(super) fn fields(&self, lines: &mut Lines) {
        if self.file.bytes > 0 {
            let needed = bytes(self.file.bytes);
            lines.field("needs", format!("{needed} for stash files"));
        }
        for room in &self.folders {
            let free = match room.free_bytes {
                Some(free) => format!("{} free", bytes(free)),
                None => "cannot be used".into(),
            };
            lines.field("stash in", format!("{}, {free}", room.folder.escaped()));
        }
    }
}

/// How much goes where, in a line.
pub(super) fn summary(totals: &StashTotals) -> String {
    let words = [
        (totals.file, "stored in stash files first"),
        (totals.memory, "stored in memory first"),
        (totals.ahead, "read ahead while it is burned"),
        (totals.straight, "streamed straight from its source"),
    ];
    let some: Vec<_> = words.iter().filter(|(total, _)| total.files > 0).collect();
    match some.as_slice() {
        [] => "holds no data".to_owned(),
        [(_, words)] => (*words).to_owned(),
        several => {
            let part = |(total, words): &&(StashTotal, &str)| {
                let files = if total.files == 1 { "file" } else { "files" };
                format!("{} {files} ({}) {words}", total.files, bytes(total.bytes))
            };
            several.iter().map(part).collect::<Vec<_>>().join(", ")
        }
    }
}

impl Say for StashRowView {
    const TYPE: &'static str = "stash-row";

    fn say(&self) -> String {
        format!(
            "    {:<9} {} ({}): {}\n",
            self.place,
            self.path.escaped(),
            bytes(self.bytes),
            self.words
        )
    }
}

//! What is said of a CD that was read into an image.

use crate::output::Say;
use crate::output::cd::{CdTrackView, say_tracks, tracks};
use crate::output::escape;
use crate::output::human::{Lines, bytes};
use crate::output::json::Name;
use pitland::cd::CdScan;
use serde::Serialize;

/// `"cd-read"`: a CD was read into an image and a file that describes it.
#[derive(Debug, Serialize)]
pub(crate) struct CdReadView {
    pub(crate) drive: Name,
    /// The files: the image, its sub-channels where they are a file, and what describes them.
    pub(crate) outputs: Vec<Name>,
    /// Of the image.
    pub(crate) bytes: u64,
    /// Where the last lead-out that was read begins.
    pub(crate) lead_out: i32,
    /// Sectors that could not be read, and are silence or zeros.
    pub(crate) unreadable: u64,
    /// Blocks of run-out behind data that do not read on such discs, and are zeros.
    pub(crate) run_out: u64,
    /// Sectors with error bits of the drive; null: it has none.
    pub(crate) c2_sectors: Option<u64>,
    /// The SHA-256 of all sectors, samples with the lower byte first.
    pub(crate) sha256: String,
    /// Closed sessions of the disc.
    pub(crate) sessions: u8,
    /// Those that were read.
    pub(crate) read_sessions: Vec<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) catalogue: Option<String>,
    /// Languages of its CD-TEXT.
    pub(crate) text_languages: usize,
    pub(crate) tracks: Vec<CdTrackView>,
}

impl CdReadView {
    /// What the disc is, in these files; of its sectors nothing is known yet.
    pub(crate) fn of_disc(outputs: Vec<Name>, scans: &[CdScan]) -> Self {
        let (first, last) = (scans.first(), scans.last());
        let catalogue = first.and_then(|scan| scan.session.catalogue());
        Self {
            drive: Name::new(""),
            outputs,
            bytes: 0,
            lead_out: last.map_or(0, |scan| scan.session.lead_out().0),
            unreadable: 0,
            run_out: 0,
            c2_sectors: None,
            sha256: String::new(),
            sessions: first.map_or(0, |scan| scan.sessions),
            read_sessions: scans.iter().map(|scan| scan.number).collect(),
            catalogue: catalogue.map(|number| number.to_string()),
            text_languages: first.map_or(0, |scan| scan.text.blocks.len()),
            tracks: scans
                .iter()
                .flat_map(|scan| tracks(&scan.session))
                .collect(),
        }
    }
}

impl Say for CdReadView {
    const TYPE: &'static str = "cd-read";

    fn say(&self) -> String {
        let mut lines = Lines::new();
        let names: Vec<String> = self.outputs.iter().map(Name::escaped).collect();
        lines.line(format!(
            "{}: {}, {}",
            self.drive.escaped(),
            names.join(", "),
            bytes(self.bytes)
        ));
        say_tracks(&self.tracks, &mut lines);
        lines.field("lead-out", format!("at LBA {}", self.lead_out));
        if self.sessions > 1 {
            let read: Vec<String> = self.read_sessions.iter().map(u8::to_string).collect();
            let (read, all) = (read.join(", "), self.sessions);
            lines.field("sessions", format!("{read} of {all}"));
        }
        if let Some(catalogue) = &self.catalogue {
            lines.field("catalogue", escape::text(catalogue));
        }
        if self.text_languages > 0 {
            lines.field("CD-TEXT", format!("in {} language(s)", self.text_languages));
        }
        if self.unreadable > 0 {
            lines.field("unreadable", format!("{} sectors", self.unreadable));
        }
        if self.run_out > 0 {
            lines.field("run-out", format!("{} blocks, as zeros", self.run_out));
        }
        if let Some(flagged) = self.c2_sectors.filter(|flagged| *flagged > 0) {
            lines.field("C2", format!("error bits in {flagged} sectors"));
        }
        lines.0
    }
}

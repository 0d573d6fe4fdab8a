//! What is said of a CD that was compared with its sheet.

use crate::output::Say;
use crate::output::human::Lines;
use crate::output::json::Name;
use pitland::cd::{CdComparison, CdImage, CdMode};
use serde::Serialize;

/// `"cd-verified"`: a CD was compared with its sheet.
#[derive(Debug, Serialize)]
pub(crate) struct CdVerifiedView {
    pub(crate) drive: Name,
    pub(crate) equal: bool,
    /// `at-once`, or `track-by-track` with the drive's gaps between the tracks.
    pub(crate) recording: &'static str,
    pub(crate) tracks: usize,
    /// Sectors that were compared.
    pub(crate) sectors: u64,
    /// Those that differ or cannot be read.
    pub(crate) bad: u64,
    /// Those that were right when they were read again.
    pub(crate) reread: u64,
    /// Sectors with error bits of the drive; null: it has none.
    pub(crate) c2_sectors: Option<u64>,
    /// Samples by which the drive's sound is moved; null: there is no sound that could tell.
    pub(crate) read_offset: Option<i32>,
    /// Samples at the ends of sound that the offset keeps away.
    pub(crate) unseen_samples: u64,
    /// Tracks that are elsewhere, or missing.
    pub(crate) misplaced: Vec<u8>,
}

impl CdVerifiedView {
    pub(crate) fn new(drive: Name, mode: CdMode, image: &CdImage, compared: &CdComparison) -> Self {
        Self {
            drive,
            equal: compared.is_equal(),
            recording: match mode {
                CdMode::TrackAtOnce => "track-by-track",
                _ => "at-once",
            },
            tracks: image.session().tracks().len(),
            sectors: compared.compared,
            bad: compared.bad,
            reread: compared.reread,
            c2_sectors: compared.c2_sectors,
            read_offset: compared.read_offset,
            unseen_samples: compared.unseen_samples,
            misplaced: compared.misplaced.clone(),
        }
    }
}

impl Say for CdVerifiedView {
    const TYPE: &'static str = "cd-verified";

    fn say(&self) -> String {
        let mut lines = Lines::new();
        let result = match self.equal {
            true => "equal to its source".to_owned(),
            false => format!("{} sectors differ", self.bad),
        };
        lines.line(format!(
            "{}: {result}; {} tracks, {} sectors compared, recorded {}",
            self.drive.escaped(),
            self.tracks,
            self.sectors,
            self.recording
        ));
        if let Some(offset) = self.read_offset.filter(|offset| *offset != 0) {
            lines.field(
                "read offset",
                format!("{offset:+} samples; {} not seen", self.unseen_samples),
            );
        }
        if self.reread > 0 {
            lines.field("read again", format!("{} sectors", self.reread));
        }
        if let Some(flagged) = self.c2_sectors.filter(|flagged| *flagged > 0) {
            lines.field("C2", format!("error bits in {flagged} sectors"));
        }
        lines.0
    }
}

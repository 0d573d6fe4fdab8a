//! What is said of a CD that was compared with its sheet.

use super::text_kind;
use crate::output::Say;
use crate::output::human::Lines;
use crate::output::json::Name;
use pitland::cd::{CdComparison, CdFinding, CdImage, CdMode, FindingKind, Found, LaterComparison};
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
    /// Tracks that are elsewhere, missing, or not in the sheet.
    pub(crate) misplaced: Vec<u8>,
    /// Where the session ends, if elsewhere than by the sheet.
    pub(crate) lead_out: Option<i32>,
    /// What the disc does not say of itself as the sheet does.
    pub(crate) findings: Vec<FindingView>,
    /// The sessions behind the first one.
    pub(crate) later_sessions: Vec<LaterView>,
}

/// A session behind the first one that was compared with the sheet.
#[derive(Debug, Serialize)]
pub(crate) struct LaterView {
    /// Which one, from 2 on.
    pub(crate) session: u8,
    /// Where it begins; null: it is missing.
    pub(crate) lba: Option<i32>,
    /// Sectors that were compared.
    pub(crate) sectors: u64,
    /// Those that differ or cannot be read.
    pub(crate) bad: u64,
    /// Those that were right when they were read again.
    pub(crate) reread: u64,
}

/// All that came of the comparison of a CD with its sheet.
pub(crate) struct Compared {
    pub(crate) sectors: CdComparison,
    pub(crate) later: Vec<LaterComparison>,
    pub(crate) findings: Vec<CdFinding>,
}

impl Compared {
    pub(crate) fn is_equal(&self) -> bool {
        let differs = |finding: &CdFinding| finding.kind() == FindingKind::Difference;
        self.sectors.is_equal()
            && self.later.iter().all(LaterComparison::is_equal)
            && !self.findings.iter().any(differs)
    }
}

/// One thing that a disc does not say of itself as its sheet does.
#[derive(Debug, Serialize)]
pub(crate) struct FindingView {
    /// `catalogue`, `isrc`, `flags`, `index`, `positions`, `texts`, `text-block`, `text`, `genre` or `packs`.
    pub(crate) what: &'static str,
    /// `differs`; `left-out`: this way of recording has no place for it; `untold`: the drive does not tell.
    pub(crate) result: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) track: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) index: Option<u8>,
    /// Of texts: the block, 0 to 7.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) block: Option<u8>,
    /// Of a text, or of packs: the kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) kind: Option<String>,
    /// What the sheet says; null: nothing.
    pub(crate) sheet: Option<Said>,
    /// What the disc says; null: nothing.
    pub(crate) disc: Option<Said>,
}

/// A code, flags or a text in words, or the block at which an index begins.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Said {
    Words(String),
    Lba(i32),
}

impl FindingView {
    fn new(finding: &CdFinding) -> Self {
        let (mut index, mut sheet, mut disc) = (None, None, None);
        let (mut of_block, mut of_kind) = (None, None);
        let what = match finding {
            CdFinding::Catalogue { wanted, found } => {
                (sheet, disc) = (words(Some(wanted)), words(other(found)));
                "catalogue"
            }
            CdFinding::Recording { wanted, found, .. } => {
                (sheet, disc) = (words(Some(wanted)), words(other(found)));
                "isrc"
            }
            CdFinding::Flags { wanted, found, .. } => {
                (sheet, disc) = (words(Some(wanted)), words(Some(found)));
                "flags"
            }
            CdFinding::Index {
                index: number,
                wanted,
                found,
                ..
            } => {
                index = Some(*number);
                sheet = wanted.map(|lba| Said::Lba(lba.0));
                disc = other(found).map(|lba| Said::Lba(lba.0));
                "index"
            }
            CdFinding::Positions => "positions",
            CdFinding::Texts { .. } => "texts",
            CdFinding::TextBlock {
                block,
                wanted,
                found,
            } => {
                of_block = Some(*block);
                (sheet, disc) = (words(wanted.as_ref()), words(found.as_ref()));
                "text-block"
            }
            CdFinding::Text {
                block,
                kind,
                wanted,
                found,
                ..
            } => {
                (of_block, of_kind) = (Some(*block), Some(text_kind(*kind).to_owned()));
                (sheet, disc) = (words(wanted.as_ref()), words(found.as_ref()));
                "text"
            }
            CdFinding::Genre {
                block,
                wanted,
                found,
            } => {
                of_block = Some(*block);
                (sheet, disc) = (genre(wanted.as_ref()), genre(found.as_ref()));
                "genre"
            }
            CdFinding::Packs { block, kind } => {
                (of_block, of_kind) = (Some(*block), Some(format!("{:02x}h", kind.0)));
                "packs"
            }
            _ => "other",
        };
        Self {
            what,
            result: match finding.kind() {
                FindingKind::LeftOut => "left-out",
                FindingKind::Untold => "untold",
                _ => "differs",
            },
            track: finding.track(),
            index,
            block: of_block,
            kind: of_kind,
            sheet,
            disc,
        }
    }
}

fn other<T>(found: &Found<T>) -> Option<&T> {
    match found {
        Found::Other(other) => Some(other),
        _ => None,
    }
}

/// Its code, and its words behind it.
fn genre(genre: Option<&(u16, String)>) -> Option<Said> {
    genre.map(|(code, words)| Said::Words(format!("{code} {words}").trim_end().to_owned()))
}

fn words(what: Option<&impl ToString>) -> Option<Said> {
    what.map(|what| Said::Words(what.to_string()))
}

impl CdVerifiedView {
    pub(crate) fn new(drive: Name, mode: CdMode, image: &CdImage, compared: &Compared) -> Self {
        let later = |later: &LaterComparison| LaterView {
            session: later.session,
            lba: later.found.map(|lba| lba.0),
            sectors: later.compared,
            bad: later.bad,
            reread: later.reread,
        };
        let sectors = &compared.sectors;
        Self {
            drive,
            equal: compared.is_equal(),
            recording: match mode {
                CdMode::TrackAtOnce => "track-by-track",
                _ => "at-once",
            },
            tracks: image.session().tracks().len(),
            sectors: sectors.compared,
            bad: sectors.bad,
            reread: sectors.reread,
            c2_sectors: sectors.c2_sectors,
            read_offset: sectors.read_offset,
            unseen_samples: sectors.unseen_samples,
            misplaced: sectors.misplaced.clone(),
            lead_out: sectors.lead_out.map(|lba| lba.0),
            findings: compared.findings.iter().map(FindingView::new).collect(),
            later_sessions: compared.later.iter().map(later).collect(),
        }
    }
}

impl Say for CdVerifiedView {
    const TYPE: &'static str = "cd-verified";

    fn say(&self) -> String {
        let mut lines = Lines::new();
        let findings = self.findings.iter();
        let said = findings
            .filter(|finding| finding.result == "differs")
            .count();
        let later = self.later_sessions.iter();
        let bad = self.bad + later.clone().map(|later| later.bad).sum::<u64>();
        let compared = self.sectors + later.map(|later| later.sectors).sum::<u64>();
        let result = match (self.equal, said) {
            (true, _) => "equal to its source".to_owned(),
            (false, 0) if bad == 0 => "not laid out as its source".to_owned(),
            (false, 0) => format!("{bad} sectors differ"),
            (false, said) => {
                format!("{bad} sectors differ, and {said} of the things that the sheet says")
            }
        };
        lines.line(format!(
            "{}: {result}; {} tracks, {} sectors compared, recorded {}",
            self.drive.escaped(),
            self.tracks,
            compared,
            self.recording
        ));
        if !self.later_sessions.is_empty() {
            let sessions = 1 + self.later_sessions.len();
            lines.field("sessions", sessions.to_string());
        }
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

//! What is said of sound that was read from a CD.

use crate::output::Say;
use crate::output::cd::time;
use crate::output::human::Lines;
use crate::output::json::Name;
use serde::Serialize;

/// `"cd-ripped"`: the sound of a CD was read into files.
#[derive(Debug, Serialize)]
pub(crate) struct RippedView {
    pub(crate) drive: Name,
    /// Samples that were read further on.
    pub(crate) read_offset: i32,
    /// The sheet beside the files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sheet: Option<Name>,
    /// Tracks that there are digests of, and that the disc has not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) missing: Vec<u8>,
    pub(crate) tracks: Vec<TrackRippedView>,
}

/// One of them.
#[derive(Debug, Serialize)]
pub(crate) struct TrackRippedView {
    /// 0: what is hidden before the first track.
    pub(crate) number: u8,
    pub(crate) output: Name,
    pub(crate) first_lba: i32,
    pub(crate) blocks: u32,
    /// Sectors that could not be read, and are silence in the file.
    pub(crate) unreadable: u64,
    /// Sectors with error bits of the drive; null: it has none.
    pub(crate) c2_sectors: Option<u64>,
    /// The SHA-256 of the samples, without the file's header.
    pub(crate) sha256: String,
    /// The sums of the samples as AccurateRip has them, in both versions.
    pub(crate) crc_1: String,
    pub(crate) crc_2: String,
    /// How the samples compare with the digests; missing where there are none of the track.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) digest: Option<DigestResult>,
}

/// How samples compare with digests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum DigestResult {
    /// Every sample is the same.
    Equal,
    /// All but those at the ends of the disc, which the drive's offset keeps away.
    EqualInside,
    /// They differ.
    Differs,
}

impl RippedView {
    /// Whether all was read, and is what the digests say.
    pub(crate) fn is_as_wanted(&self) -> bool {
        self.missing.is_empty()
            && self
                .tracks
                .iter()
                .all(|track| track.unreadable == 0 && track.digest != Some(DigestResult::Differs))
    }
}

impl Say for RippedView {
    const TYPE: &'static str = "cd-ripped";

    fn say(&self) -> String {
        let mut lines = Lines::new();
        lines.line(format!(
            "{}: {} tracks",
            self.drive.escaped(),
            self.tracks.len()
        ));
        for track in &self.tracks {
            let mut more = String::new();
            if track.unreadable > 0 {
                more.push_str(&format!(", {} sectors unreadable", track.unreadable));
            }
            if let Some(flagged) = track.c2_sectors.filter(|flagged| *flagged > 0) {
                more.push_str(&format!(", C2 error bits in {flagged} sectors"));
            }
            more.push_str(match track.digest {
                None => "",
                Some(DigestResult::Equal) => ", as its digest",
                Some(DigestResult::EqualInside) => ", as its digest but for the ends of the disc",
                Some(DigestResult::Differs) => ", differs from its digest",
            });
            lines.field(
                &format!("track {}", track.number),
                format!("{}, {}{more}", track.output.escaped(), time(track.blocks)),
            );
        }
        for track in &self.missing {
            lines.field("missing", format!("track {track}, which has a digest"));
        }
        if let Some(sheet) = &self.sheet {
            lines.field("sheet", sheet.escaped());
        }
        lines.0
    }
}

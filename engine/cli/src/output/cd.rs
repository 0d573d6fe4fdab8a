//! What is said of CDs beyond one data track.

use super::Say;
use super::escape;
use super::human::{Lines, bytes, strings};
use super::json::Name;
use pitland::cd::{CdImage, SectorForm};
use pitland::writer::mmc::{Lba, Msf};
use serde::Serialize;

/// A track of a CD that is made or was read.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct CdTrackView {
    pub(crate) number: u8,
    /// `audio`, `mode1`, `mode2`, `mode2-form1`, `mode2-form2` or `mode0`.
    pub(crate) kind: &'static str,
    /// Blocks of its index 0; of the first track without the 150 that every disc begins with.
    pub(crate) pregap: u32,
    /// Where its index 1 stands.
    pub(crate) index_1: i32,
    /// Blocks from index 1 to its end.
    pub(crate) blocks: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) isrc: Option<String>,
}

/// The tracks of a CD as it is laid out.
pub(crate) fn tracks(image: &CdImage) -> Vec<CdTrackView> {
    let view = |(track, placed): (&pitland::cd::Track, pitland::cd::Placed)| CdTrackView {
        number: placed.number,
        kind: kind(track.form),
        pregap: track.pregap(),
        index_1: placed.index_1.0,
        blocks: placed.end.0.abs_diff(placed.index_1.0),
        isrc: track.isrc.map(|code| code.to_string()),
    };
    image.session().tracks().map(view).collect()
}

fn kind(form: SectorForm) -> &'static str {
    match form {
        SectorForm::Audio => "audio",
        SectorForm::Mode0 => "mode0",
        SectorForm::Mode1 => "mode1",
        SectorForm::Mode2 => "mode2",
        SectorForm::Mode2Form1(_) => "mode2-form1",
        SectorForm::Mode2Form2(_) => "mode2-form2",
        _ => "other",
    }
}

/// `"cd-image"`: a raw image was made.
#[derive(Debug, Serialize)]
pub(crate) struct CdImageView {
    pub(crate) output: Name,
    /// `raw96`, `packed96` or `pq16`.
    pub(crate) form: &'static str,
    /// Where its first block stands: the lead-in's beginning.
    pub(crate) first_lba: i32,
    /// Where the lead-out begins.
    pub(crate) lead_out: i32,
    pub(crate) blocks: u32,
    pub(crate) block_bytes: usize,
    pub(crate) bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) catalogue: Option<String>,
    /// Packs of CD-TEXT.
    pub(crate) text_packs: usize,
    pub(crate) tracks: Vec<CdTrackView>,
    pub(crate) warnings: Vec<String>,
}

/// As players show it.
pub(crate) fn time(blocks: u32) -> String {
    let Msf { m, s, f } = Msf::from_frames(blocks).unwrap_or_default();
    format!("{m:02}:{s:02}:{f:02}")
}

pub(crate) fn say_tracks(tracks: &[CdTrackView], lines: &mut Lines) {
    for track in tracks {
        let gap = match track.pregap {
            0 => String::new(),
            pregap => format!(", behind {}", time(pregap)),
        };
        let isrc = track.isrc.as_ref().map(|code| format!(", ISRC {code}"));
        lines.field(
            &format!("track {}", track.number),
            format!(
                "{}, {} at LBA {}{gap}{}",
                track.kind,
                time(track.blocks),
                track.index_1,
                isrc.unwrap_or_default()
            ),
        );
    }
}

impl Say for CdImageView {
    const TYPE: &'static str = "cd-image";

    fn say(&self) -> String {
        let mut lines = Lines::new();
        lines.line(format!(
            "{}: {} blocks of {} bytes ({}) from LBA {} on, {}",
            self.output.escaped(),
            self.blocks,
            self.block_bytes,
            bytes(self.bytes),
            Lba(self.first_lba).0,
            self.form
        ));
        say_tracks(&self.tracks, &mut lines);
        lines.field("lead-out", format!("at LBA {}", self.lead_out));
        if let Some(catalogue) = &self.catalogue {
            lines.field("catalogue", escape::text(catalogue));
        }
        if self.text_packs > 0 {
            lines.field("CD-TEXT", format!("{} packs", self.text_packs));
        }
        strings(&self.warnings, &mut lines, "warning");
        lines.0
    }
}

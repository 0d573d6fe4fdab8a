//! What is said of CDs beyond one data track.

pub(crate) mod compared;
pub(crate) mod read;
pub(crate) mod ripped;

use super::Say;
use super::escape;
use super::human::{Lines, bytes, strings};
use super::json::Name;
use pitland::cd::{CdText, Isrc, Mcn, SectorForm, Session, TextBlock, TextFault, TextKind};
use pitland::writer::mmc::reply::{Toc, TocEntry};
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

/// The tracks of a CD as it is laid out, or as it was read.
pub(crate) fn tracks(session: &Session) -> Vec<CdTrackView> {
    let view = |(track, placed): (&pitland::cd::Track, pitland::cd::Placed)| CdTrackView {
        number: placed.number,
        kind: kind(track.form),
        pregap: track.pregap(),
        index_1: placed.index_1.0,
        blocks: placed.end.0.abs_diff(placed.index_1.0),
        isrc: track.isrc.map(|code| code.to_string()),
    };
    session.tracks().map(view).collect()
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

/// `"cd-toc"`: the tracks that a CD says it has.
#[derive(Debug, Serialize)]
pub(crate) struct TocView {
    pub(crate) drive: Name,
    pub(crate) lead_out: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) catalogue: Option<String>,
    pub(crate) tracks: Vec<TocTrackView>,
}

/// One of them.
#[derive(Debug, Serialize)]
pub(crate) struct TocTrackView {
    pub(crate) number: u8,
    /// `audio` or `data`.
    pub(crate) kind: &'static str,
    pub(crate) first_lba: i32,
    /// Blocks up to the next track or the lead-out of its session, the pause of the next among them.
    pub(crate) blocks: u32,
    pub(crate) copy_permitted: bool,
    pub(crate) pre_emphasis: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) isrc: Option<String>,
    /// Blocks of its index 0, where it was looked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pregap: Option<u32>,
    /// Where index 2 and on begin, where they were looked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) indexes: Option<Vec<i32>>,
}

/// What a disc says of itself besides its table of contents.
#[derive(Debug, Default)]
pub(crate) struct Codes {
    pub(crate) catalogue: Option<Mcn>,
    /// By the numbers of tracks.
    pub(crate) recordings: Vec<(u8, Isrc)>,
    /// By the last tracks of sessions: where the lead-out begins, if another session follows.
    pub(crate) session_ends: Vec<(u8, Lba)>,
    /// The first session with its pauses and indexes, if these were looked for.
    pub(crate) session: Option<Session>,
}

impl TocView {
    pub(crate) fn new(drive: Name, toc: &Toc, codes: &Codes) -> Self {
        let track = |(entry, next): (&TocEntry, &TocEntry)| {
            let mut recordings = codes.recordings.iter();
            let isrc = recordings.find(|(track, _)| *track == entry.track);
            let mut ends = codes.session_ends.iter();
            let end = ends
                .find(|(track, _)| *track == entry.track)
                .map_or(next.start, |(_, end)| *end);
            let mut scanned = codes.session.iter().flat_map(Session::tracks);
            let scanned = scanned.find(|(_, placed)| placed.number == entry.track);
            TocTrackView {
                number: entry.track,
                kind: if entry.is_data() { "data" } else { "audio" },
                first_lba: entry.start.0,
                blocks: u32::try_from(i64::from(end.0) - i64::from(entry.start.0)).unwrap_or(0),
                copy_permitted: entry.control & 2 != 0,
                pre_emphasis: entry.control & 5 == 1,
                isrc: isrc.map(|(_, code)| code.to_string()),
                pregap: scanned.map(|(track, _)| track.pregap()),
                indexes: scanned.map(|(track, placed)| {
                    let starts = track.indexes.iter();
                    starts
                        .map(|start| placed.index_1.0.saturating_add_unsigned(*start))
                        .collect()
                }),
            }
        };
        Self {
            drive,
            lead_out: toc.lead_out().map(|lba| lba.0),
            catalogue: codes.catalogue.map(|number| number.to_string()),
            tracks: toc.tracks().map(track).collect(),
        }
    }
}

impl Say for TocView {
    const TYPE: &'static str = "cd-toc";

    fn say(&self) -> String {
        let mut lines = Lines::new();
        lines.line(format!(
            "{}: {} tracks",
            self.drive.escaped(),
            self.tracks.len()
        ));
        for track in &self.tracks {
            let mut more = String::new();
            if let Some(pregap) = track.pregap.filter(|pregap| *pregap > 0) {
                more.push_str(&format!(", behind {}", time(pregap)));
            }
            for (index, lba) in (2..).zip(track.indexes.iter().flatten()) {
                more.push_str(&format!(", index {index} at LBA {lba}"));
            }
            if track.copy_permitted {
                more.push_str(", copy permitted");
            }
            if track.pre_emphasis {
                more.push_str(", pre-emphasis");
            }
            if let Some(code) = &track.isrc {
                more.push_str(&format!(", ISRC {code}"));
            }
            lines.field(
                &format!("track {}", track.number),
                format!(
                    "{}, {} at LBA {}{more}",
                    track.kind,
                    time(track.blocks),
                    track.first_lba
                ),
            );
        }
        if let Some(lead_out) = self.lead_out {
            lines.field("lead-out", format!("at LBA {lead_out}"));
        }
        if let Some(catalogue) = &self.catalogue {
            lines.field("catalogue", escape::text(catalogue));
        }
        lines.0
    }
}

/// `"cd-text"`: the texts of a CD.
#[derive(Debug, Serialize)]
pub(crate) struct TextView {
    pub(crate) drive: Name,
    pub(crate) packs: usize,
    pub(crate) languages: Vec<TextLanguageView>,
    pub(crate) faults: Vec<String>,
}

/// Those of one language.
#[derive(Debug, Serialize)]
pub(crate) struct TextLanguageView {
    /// Its code, as EBU Tech 3264 numbers them: 9 is English.
    pub(crate) language: u8,
    pub(crate) texts: Vec<TextItemView>,
}

/// One text.
#[derive(Debug, Serialize)]
pub(crate) struct TextItemView {
    /// 0 is the album.
    pub(crate) track: u8,
    pub(crate) kind: &'static str,
    pub(crate) text: String,
}

impl TextView {
    pub(crate) fn new(drive: Name, packs: usize, text: &CdText, faults: &[TextFault]) -> Self {
        let item = |((kind, track), text): (&(TextKind, u8), &String)| TextItemView {
            track: *track,
            kind: text_kind(*kind),
            text: text.clone(),
        };
        let language = |block: &TextBlock| {
            let mut texts: Vec<_> = block.texts.iter().map(item).collect();
            texts.sort_by_key(|text| text.track);
            TextLanguageView {
                language: block.language.0,
                texts,
            }
        };
        Self {
            drive,
            packs,
            languages: text.blocks.iter().map(language).collect(),
            faults: faults.iter().map(ToString::to_string).collect(),
        }
    }
}

pub(super) fn text_kind(kind: TextKind) -> &'static str {
    match kind {
        TextKind::Title => "title",
        TextKind::Performer => "performer",
        TextKind::Songwriter => "songwriter",
        TextKind::Composer => "composer",
        TextKind::Arranger => "arranger",
        TextKind::Message => "message",
        TextKind::DiscId => "disc-id",
        TextKind::Code => "code",
        _ => "other",
    }
}

impl Say for TextView {
    const TYPE: &'static str = "cd-text";

    fn say(&self) -> String {
        let mut lines = Lines::new();
        lines.line(match self.packs {
            0 => format!("{}: no CD-TEXT", self.drive.escaped()),
            packs => format!("{}: {packs} packs of CD-TEXT", self.drive.escaped()),
        });
        for language in &self.languages {
            lines.field("language", language.language.to_string());
            for text in &language.texts {
                let whose = match text.track {
                    0 => "album".to_owned(),
                    track => format!("track {track}"),
                };
                lines.field(
                    &whose,
                    format!("{}: {}", text.kind, escape::text(&text.text)),
                );
            }
        }
        strings(&self.faults, &mut lines, "fault");
        lines.0
    }
}

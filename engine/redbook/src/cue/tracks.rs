//! From a sheet to a session: which parts of which files each track is made of.

use super::{CueError, CueFault, CueIndex, CueSheet, CueTrack};
use crate::disc::Track;
use crate::sector::SectorForm;
use crate::text::{CdText, Language, TextBlock, TextKind};

/// A run of frames of one file, or of silence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CuePart {
    /// Which file of the sheet; `None`: silence, or sectors without user data.
    pub file: Option<usize>,
    /// The first frame; 0 in silence.
    pub first: u32,
    /// How many.
    pub frames: u32,
}

/// A track, and what its source is made of: its lead, and what stands from index 1 on, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CueTrackParts {
    /// The track, to be placed by [`Session::new`](crate::disc::Session::new).
    pub track: Track,
    /// Its parts, one behind the other.
    pub parts: Vec<CuePart>,
}

/// What a sheet describes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CueSession {
    /// The tracks.
    pub tracks: Vec<CueTrackParts>,
    /// Their texts; of no language where there are none.
    pub text: CdText,
}

impl CueSheet {
    /// What the sheet describes, where its files have so many frames each: a last one in part counts.
    ///
    /// # Errors
    /// [`CueError`]: a time behind the end of its file, with the line.
    pub fn session(&self, file_frames: &[u32]) -> Result<CueSession, CueError> {
        let points: Vec<(usize, &CueIndex)> = self
            .tracks
            .iter()
            .enumerate()
            .flat_map(|(at, track)| track.indexes.iter().map(move |index| (at, index)))
            .collect();
        let mut tracks: Vec<CueTrackParts> = self.tracks.iter().map(bare).collect();
        for (at, (number, index)) in points.iter().enumerate() {
            let end = file_frames.get(index.file).copied().unwrap_or(0);
            let until = match points.get(at + 1) {
                Some((_, next)) if next.file == index.file => next.frame,
                _ => end,
            };
            if index.frame >= until || until > end {
                return Err(CueError {
                    line: index.line,
                    fault: CueFault::Time(format!("{} of a file of {end} frames", index.frame)),
                });
            }
            let Some(track) = tracks.get_mut(*number) else {
                continue;
            };
            // What a file has before its first index belongs to that index's track, as its lead.
            let begins_file = at.checked_sub(1).and_then(|before| points.get(before));
            let is_first = begins_file.is_none_or(|(_, before)| before.file != index.file);
            if is_first && index.frame > 0 {
                track.add(index, 0, index.frame, true);
            }
            track.add(index, index.frame, until - index.frame, index.number == 0);
        }
        for (parts, track) in tracks.iter_mut().zip(&self.tracks) {
            if track.postgap > 0 {
                parts.push(None, 0, track.postgap, false);
            }
        }
        let blocks = self.text().into_iter().collect();
        Ok(CueSession {
            tracks,
            text: CdText { blocks },
        })
    }

    /// The texts as a block of CD-TEXT in English; `None` where there are none. Catalogue number and recording codes stand
    /// in it, too, where there are other texts.
    #[must_use]
    pub fn text(&self) -> Option<TextBlock> {
        let is_bare =
            self.texts.is_empty() && self.tracks.iter().all(|track| track.texts.is_empty());
        if is_bare {
            return None;
        }
        let last = self.tracks.last().map_or(1, |track| track.number);
        let first = self.tracks.first().map_or(1, |track| track.number);
        let mut block = TextBlock::new(Language::ENGLISH, first, last);
        for (kind, text) in &self.texts {
            block = block.with(*kind, 0, text);
        }
        if let Some(number) = self.catalogue {
            block = block.with(TextKind::Code, 0, number.to_string());
        }
        for track in &self.tracks {
            for (kind, text) in &track.texts {
                block = block.with(*kind, track.number, text);
            }
            if let Some(code) = track.isrc {
                block = block.with(TextKind::Code, track.number, code.to_string());
            }
        }
        Some(block)
    }
}

/// A track without any part.
fn bare(track: &CueTrack) -> CueTrackParts {
    let form = track.kind.form();
    let on_disc = match form {
        SectorForm::Audio => Track::audio(0),
        _ => Track::data(form, 0),
    };
    CueTrackParts {
        track: Track {
            control: track.control,
            serial_copy: track.serial_copy,
            isrc: track.isrc,
            pause: track.pregap,
            ..on_disc
        },
        parts: Vec::new(),
    }
}

impl CueTrackParts {
    fn add(&mut self, index: &CueIndex, first: u32, frames: u32, is_lead: bool) {
        if !is_lead && index.number > 1 {
            self.track.indexes.push(self.track.frames);
        }
        self.push(Some(index.file), first, frames, is_lead);
    }

    /// Appends a part to the track's source; one that goes on where the last one ended becomes part of it.
    pub(crate) fn push(&mut self, file: Option<usize>, first: u32, frames: u32, is_lead: bool) {
        if frames == 0 {
            return;
        }
        let counted = match is_lead {
            true => &mut self.track.lead,
            false => &mut self.track.frames,
        };
        *counted = counted.saturating_add(frames);
        match self.parts.last_mut() {
            Some(last) if last.file == file && (file.is_none() || last.end() == first) => {
                last.frames = last.frames.saturating_add(frames);
            }
            _ => self.parts.push(CuePart {
                file,
                first,
                frames,
            }),
        }
    }
}

impl CuePart {
    fn end(&self) -> u32 {
        self.first.saturating_add(self.frames)
    }
}

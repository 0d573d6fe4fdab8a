//! The table-of-contents files of cdrdao: text files that say which tracks a disc has, and of which parts of files and
//! silence each is made.
//!
//! Owns their text and what follows from it; the facts are those of cdrdao's manual page. It opens no file. What such a
//! file describes is told in the words of [`cue`](crate::cue), so that both kinds are one to whoever reads the files.

mod parse;
mod words;
mod write;

pub use words::{TocError, TocFault};
pub use write::{toc_text, toc_text_of};

use crate::cue::{CueFile, CuePart, CueSession, CueTrackKind, CueTrackParts};
use crate::disc::Track;
use crate::sector::SectorForm;
use crate::subchannel::{Control, Isrc, Mcn};
use crate::text::CdText;

/// A table-of-contents file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TocFile {
    /// The catalogue number.
    pub catalogue: Option<Mcn>,
    /// The texts, for each language that the file has a number for.
    pub text: CdText,
    /// Files, each once for each way in which it is read.
    pub files: Vec<CueFile>,
    /// Tracks, in their order.
    pub tracks: Vec<TocTrack>,
}

/// A track of such a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TocTrack {
    /// What its sectors are in files.
    pub kind: CueTrackKind,
    /// Its flags.
    pub control: Control,
    /// Its recording code.
    pub isrc: Option<Isrc>,
    /// What it is made of.
    pub pieces: Vec<TocPiece>,
    /// Where it begins.
    pub start: TocStart,
    /// Frames from index 1 to index 2 and on.
    pub indexes: Vec<u32>,
    /// The line of the track, from 1 on.
    pub line: u32,
}

/// A piece of a track.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TocPiece {
    /// Which file; `None`: silence, or sectors without user data.
    pub file: Option<usize>,
    /// The first frame of the file.
    pub first: u32,
    /// How many frames; `None`: up to the file's end.
    pub frames: Option<u32>,
    /// The line, from 1 on.
    pub line: u32,
}

/// Where index 1 of a track is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TocStart {
    /// At its first frame.
    #[default]
    First,
    /// So many frames behind its first one.
    Frames(u32),
    /// Behind so many of its pieces.
    Behind(usize),
}

impl TocFile {
    /// What the file describes, where the files that it names have so many frames each: a last one in part counts.
    ///
    /// # Errors
    /// [`TocError`]: a piece behind the end of its file, a beginning behind that of the track; with the line.
    pub fn session(&self, file_frames: &[u32]) -> Result<CueSession, TocError> {
        self.session_of(|file, _| file_frames.get(file).copied().unwrap_or(0))
    }

    /// The same where one file has sectors of several lengths: `file_frames` tells how many of this kind a file has.
    ///
    /// # Errors
    /// As [`TocFile::session`].
    pub fn session_of(
        &self,
        file_frames: impl Fn(usize, CueTrackKind) -> u32,
    ) -> Result<CueSession, TocError> {
        let tracks = self
            .tracks
            .iter()
            .map(|track| track.parts(&|file| file_frames(file, track.kind)))
            .collect::<Result<_, _>>()?;
        Ok(CueSession {
            tracks,
            text: self.text.clone(),
        })
    }
}

impl TocTrack {
    fn parts(&self, file_frames: &dyn Fn(usize) -> u32) -> Result<CueTrackParts, TocError> {
        let pieces = self
            .pieces
            .iter()
            .map(|piece| piece.part(file_frames))
            .collect::<Result<Vec<_>, _>>()?;
        let frames_of = |pieces: &[CuePart]| {
            let frames = pieces.iter().map(|part| part.frames);
            frames.fold(0u32, u32::saturating_add)
        };
        let all = frames_of(&pieces);
        let lead = match self.start {
            TocStart::First => 0,
            TocStart::Frames(frames) => frames,
            TocStart::Behind(count) => frames_of(pieces.get(..count).unwrap_or(&pieces)),
        };
        if lead > all {
            return Err(TocError {
                line: self.line,
                fault: TocFault::StartBehindEnd { start: lead, all },
            });
        }
        let bare = match self.kind.form() {
            SectorForm::Audio => Track::audio(0),
            form => Track::data(form, 0),
        };
        let mut made = CueTrackParts {
            track: Track {
                control: self.control,
                isrc: self.isrc,
                indexes: self.indexes.clone(),
                ..bare
            },
            parts: Vec::new(),
        };
        let mut rest = lead;
        for part in pieces {
            let before = part.frames.min(rest);
            rest -= before;
            let from = match part.file {
                Some(_) => part.first.saturating_add(before),
                None => 0,
            };
            made.push(part.file, part.first, before, true);
            made.push(part.file, from, part.frames - before, false);
        }
        Ok(made)
    }
}

impl TocPiece {
    fn part(&self, file_frames: &dyn Fn(usize) -> u32) -> Result<CuePart, TocError> {
        let Some(file) = self.file else {
            return Ok(CuePart {
                file: None,
                first: 0,
                frames: self.frames.unwrap_or(0),
            });
        };
        let all = file_frames(file);
        let left = all.saturating_sub(self.first);
        let frames = self.frames.unwrap_or(left);
        if frames == 0 || frames > left {
            return Err(TocError {
                line: self.line,
                fault: TocFault::BehindEnd {
                    first: self.first,
                    frames,
                    all,
                },
            });
        }
        Ok(CuePart {
            file: Some(file),
            first: self.first,
            frames,
        })
    }
}

#[cfg(test)]
mod tests;

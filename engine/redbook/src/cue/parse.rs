//! The text of a cue sheet, line by line.

use super::{CueFile, CueFileKind, CueIndex, CueSheet, CueTrack, CueTrackKind};
use crate::listing::{decoded, frames_of};
use crate::subchannel::Control;
use crate::text::TextKind;

/// What is wrong with a cue sheet, and where. The file's author has to mend it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {fault}")]
pub struct CueError {
    /// The line, from 1 on; the last one where something is missing at the end.
    pub line: u32,
    /// What is wrong there.
    pub fault: CueFault,
}

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CueFault {
    /// It is no text.
    #[error("this is no text in UTF-8, UTF-16 or Latin-1")]
    NoText,
    /// A word that sheets do not begin lines with.
    #[error("{0:?} is no word of a cue sheet")]
    UnknownWord(String),
    /// Too few words, too many, or an open quotation mark.
    #[error("{0} has not the words that belong to it")]
    Words(&'static str),
    /// A kind of file that there is not.
    #[error("{0:?} is no kind of file: BINARY, MOTOROLA, WAVE, AIFF, MP3, FLAC")]
    FileKind(String),
    /// A kind of track that there is not.
    #[error("{0:?} is no kind of track that can be recorded")]
    TrackKind(String),
    /// A track number that does not follow the one before.
    #[error("the track has number {given}, not {expected}")]
    TrackNumber {
        /// As it is written.
        given: String,
        /// The one that is due.
        expected: u8,
    },
    /// More than 99 tracks.
    #[error("a disc has at most 99 tracks")]
    TooManyTracks,
    /// A line that belongs to a track, or to a file, before any.
    #[error("{0} stands before the first {1}")]
    TooEarly(&'static str, &'static str),
    /// A line that must stand before the indexes, or only once.
    #[error("{0} stands in the wrong place, or twice")]
    Misplaced(&'static str),
    /// No time.
    #[error("{0:?} is no time: minutes, seconds below 60, frames below 75")]
    Time(String),
    /// An index that does not follow the one before, or a time that goes backward.
    #[error("index {0:?} does not follow the one before it")]
    Index(String),
    /// An unknown flag.
    #[error("{0:?} is no flag: DCP, 4CH, PRE, SCMS")]
    Flag(String),
    /// A later session in a file of the one before: where that ends cannot be told.
    #[error(
        "a later session goes on in the file of the one before; it needs a file of its own, or a .ccd that describes both"
    )]
    SessionInFile,
    /// No catalogue number.
    #[error(transparent)]
    Catalogue(#[from] crate::subchannel::McnError),
    /// No recording code.
    #[error(transparent)]
    Isrc(#[from] crate::subchannel::IsrcError),
    /// A track without index 1.
    #[error("track {0} has no INDEX 01")]
    NoIndex(u8),
    /// No track at all.
    #[error("there is no track")]
    NoTrack,
}

impl CueSheet {
    /// Reads a sheet. Text is UTF-8, with or without its mark, UTF-16 with it, else Latin-1; lines end as on any system.
    /// Names of files and texts may lack their quotation marks, and a pause of no length is none: other programs write such
    /// sheets.
    ///
    /// # Errors
    /// [`CueError`], with the line.
    pub fn parse(text: &[u8]) -> Result<Self, CueError> {
        let text = decoded(text).ok_or(CueError {
            line: 1,
            fault: CueFault::NoText,
        })?;
        let mut sheet = Self::default();
        let mut line = 0;
        for content in text.replace("\r\n", "\n").split(['\n', '\r']) {
            line += 1;
            sheet
                .take_line(line, content.trim())
                .map_err(|fault| CueError { line, fault })?;
        }
        sheet
            .close_track()
            .map_err(|fault| CueError { line, fault })?;
        match sheet.tracks.is_empty() {
            true => Err(CueError {
                line,
                fault: CueFault::NoTrack,
            }),
            false => Ok(sheet),
        }
    }

    fn take_line(&mut self, line: u32, content: &str) -> Result<(), CueFault> {
        if content.is_empty() || content.starts_with(';') {
            return Ok(());
        }
        let (word, rest) = content
            .split_once(char::is_whitespace)
            .map_or((content, ""), |(word, rest)| (word, rest.trim()));
        let word_as_told = word.to_ascii_uppercase();
        if let Some(files) = &mut self.later_files {
            return match word_as_told.as_str() {
                "FILE" => {
                    *files += 1;
                    Ok(())
                }
                "TRACK" | "INDEX" if *files == 0 => Err(CueFault::SessionInFile),
                _ => Ok(()),
            };
        }
        match word_as_told.as_str() {
            "REM" => {
                self.take_remark(rest);
                Ok(())
            }
            "CATALOG" => {
                let [number] = words("CATALOG", rest)?;
                if self.catalogue.is_some() || !self.tracks.is_empty() {
                    return Err(CueFault::Misplaced("CATALOG"));
                }
                self.catalogue = Some(number.parse()?);
                Ok(())
            }
            "CDTEXTFILE" => {
                let [name] = words("CDTEXTFILE", rest)?;
                self.cd_text_file = Some((name, line));
                Ok(())
            }
            "FILE" => self.take_file(line, rest),
            "TRACK" => self.take_track(line, rest),
            "INDEX" => self.take_index(line, rest),
            "PREGAP" => {
                let frames = time_of("PREGAP", rest)?;
                let track = self.track_before_indexes("PREGAP")?;
                track.pregap = frames;
                Ok(())
            }
            "POSTGAP" => {
                let frames = time_of("POSTGAP", rest)?;
                let track = self.track("POSTGAP")?;
                if !has_index_1(track) {
                    return Err(CueFault::Misplaced("POSTGAP"));
                }
                track.postgap = frames;
                Ok(())
            }
            "FLAGS" => self.take_flags(rest),
            "ISRC" => {
                let [code] = words("ISRC", rest)?;
                self.track_before_indexes("ISRC")?.isrc = Some(code.parse()?);
                Ok(())
            }
            other => match TextKind::of_word(other) {
                Some(kind) => {
                    let text = text_of(kind.word(), rest)?;
                    let texts = match self.tracks.last_mut() {
                        Some(track) => &mut track.texts,
                        None => &mut self.texts,
                    };
                    texts.push((kind, text));
                    Ok(())
                }
                None => Err(CueFault::UnknownWord(word.to_owned())),
            },
        }
    }

    fn take_file(&mut self, line: u32, rest: &str) -> Result<(), CueFault> {
        let (name, kind) = match rest.rsplit_once(char::is_whitespace) {
            Some((name, kind)) if !rest.contains('"') => {
                (name.trim_end().to_owned(), kind.to_owned())
            }
            _ => words("FILE", rest)?.into(),
        };
        let kind = match kind.to_ascii_uppercase().as_str() {
            "BINARY" => CueFileKind::Binary,
            "MOTOROLA" => CueFileKind::Motorola,
            "WAVE" | "WAV" | "AIFF" | "AIFC" | "MP3" | "FLAC" | "OGG" | "AAC" | "ALAC" => {
                CueFileKind::Sound
            }
            _ => return Err(CueFault::FileKind(kind)),
        };
        self.files.push(CueFile { name, kind, line });
        Ok(())
    }

    /// `REM SESSION` is how other programs say where a later session begins.
    fn take_remark(&mut self, rest: &str) {
        let number = rest
            .split_once(char::is_whitespace)
            .filter(|(word, _)| word.eq_ignore_ascii_case("SESSION"))
            .and_then(|(_, number)| number.trim().parse::<u8>().ok());
        if number.is_some_and(|number| number > 1) && !self.tracks.is_empty() {
            self.later_files = Some(0);
        }
    }

    fn take_track(&mut self, line: u32, rest: &str) -> Result<(), CueFault> {
        let [number, kind] = words("TRACK", rest)?;
        if self.files.is_empty() {
            return Err(CueFault::TooEarly("TRACK", "FILE"));
        }
        self.close_track()?;
        let expected = match self.tracks.last() {
            Some(track) if track.number >= 99 => return Err(CueFault::TooManyTracks),
            Some(track) => track.number + 1,
            // The first one may have any.
            None => number.parse().unwrap_or(1),
        };
        if number.parse() != Ok(expected) || !(1..=99).contains(&expected) {
            return Err(CueFault::TrackNumber {
                given: number,
                expected,
            });
        }
        let kind = CueTrackKind::named(&kind).ok_or(CueFault::TrackKind(kind))?;
        self.tracks.push(CueTrack {
            number: expected,
            kind,
            control: Control {
                data: kind != CueTrackKind::Audio,
                ..Control::AUDIO
            },
            serial_copy: false,
            isrc: None,
            texts: Vec::new(),
            pregap: 0,
            postgap: 0,
            indexes: Vec::new(),
            line,
        });
        Ok(())
    }

    fn take_index(&mut self, line: u32, rest: &str) -> Result<(), CueFault> {
        let [number, begins] = words("INDEX", rest)?;
        let frame = time(&begins)?;
        let file = self
            .files
            .len()
            .checked_sub(1)
            .ok_or(CueFault::TooEarly("INDEX", "FILE"))?;
        let refused = || CueFault::Index(rest.to_owned());
        let value: u8 = number
            .parse()
            .ok()
            .filter(|number| *number < 100)
            .ok_or_else(refused)?;
        let track = self.track("INDEX")?;
        // A pause of no length.
        if let ([pause], 1) = (track.indexes.as_slice(), value)
            && (pause.number, pause.file, pause.frame) == (0, file, frame)
        {
            track.indexes.clear();
        }
        let before = self
            .tracks
            .iter()
            .flat_map(|track| &track.indexes)
            .next_back()
            .map(|index| (index.file, index.frame));
        let track = self.track("INDEX")?;
        let follows = match track.indexes.last() {
            Some(last) => value == last.number + 1,
            None => value < 2,
        };
        // In one file times go on; in the next one they begin anew. A track's beginning may be the end of the one before.
        let goes_on = before.is_none_or(|(last_file, last)| last_file < file || last < frame);
        if !follows || !goes_on || track.postgap > 0 {
            return Err(refused());
        }
        track.indexes.push(CueIndex {
            number: value,
            file,
            frame,
            line,
        });
        Ok(())
    }

    fn take_flags(&mut self, rest: &str) -> Result<(), CueFault> {
        let track = self.track_before_indexes("FLAGS")?;
        for flag in rest.split_whitespace() {
            match flag.to_ascii_uppercase().as_str() {
                "DCP" => track.control.copy_permitted = true,
                "4CH" => track.control.four_channels = true,
                "PRE" => track.control.pre_emphasis = true,
                "SCMS" => track.serial_copy = true,
                // What the track's kind says already.
                "DATA" => {}
                _ => return Err(CueFault::Flag(flag.to_owned())),
            }
        }
        Ok(())
    }

    fn track(&mut self, word: &'static str) -> Result<&mut CueTrack, CueFault> {
        self.tracks
            .last_mut()
            .ok_or(CueFault::TooEarly(word, "TRACK"))
    }

    fn track_before_indexes(&mut self, word: &'static str) -> Result<&mut CueTrack, CueFault> {
        let track = self.track(word)?;
        match track.indexes.is_empty() {
            true => Ok(track),
            false => Err(CueFault::Misplaced(word)),
        }
    }

    fn close_track(&self) -> Result<(), CueFault> {
        match self.tracks.last() {
            Some(track) if !has_index_1(track) => Err(CueFault::NoIndex(track.number)),
            _ => Ok(()),
        }
    }
}

fn has_index_1(track: &CueTrack) -> bool {
    track.indexes.iter().any(|index| index.number == 1)
}

/// So many words, each perhaps between quotation marks.
fn words<const N: usize>(of: &'static str, rest: &str) -> Result<[String; N], CueFault> {
    let mut out = Vec::with_capacity(N);
    let mut rest = rest.trim();
    while !rest.is_empty() {
        let (word, behind) = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').ok_or(CueFault::Words(of))?,
            None => rest.split_once(char::is_whitespace).unwrap_or((rest, "")),
        };
        out.push(word.to_owned());
        rest = behind.trim_start();
    }
    out.try_into().map_err(|_| CueFault::Words(of))
}

/// One text: what stands between quotation marks, or all that stands there where there are none.
fn text_of(of: &'static str, rest: &str) -> Result<String, CueFault> {
    if !rest.is_empty() && !rest.contains('"') {
        return Ok(rest.to_owned());
    }
    let [text] = words(of, rest)?;
    Ok(text)
}

fn time_of(of: &'static str, rest: &str) -> Result<u32, CueFault> {
    let [text] = words(of, rest)?;
    time(&text)
}

fn time(text: &str) -> Result<u32, CueFault> {
    frames_of(text).ok_or_else(|| CueFault::Time(text.to_owned()))
}

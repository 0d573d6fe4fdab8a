//! From the words of a table-of-contents file to its tracks.

use std::collections::BTreeMap;

use super::words::{Word, Words};
use super::{TocError, TocFault, TocFile, TocPiece, TocStart, TocTrack};
use crate::cue::{CueFile, CueFileKind, CueTrackKind};
use crate::sector::{SectorForm, Subheader};
use crate::subchannel::Control;
use crate::text::{CdText, Language, MOST_BLOCKS, TextBlock, TextKind};

/// Samples of a frame, each of both channels.
const SAMPLES: u64 = 588;
/// Endings of names by which a file is known to tell by itself what it is; any other is samples alone.
const SOUND_FILES: [&str; 8] = ["wav", "mp3", "ogg", "flac", "aiff", "aif", "m4a", "aac"];

impl TocFile {
    /// Reads such a file. Text is UTF-8, with or without its mark, UTF-16 with it, else Latin-1.
    ///
    /// # Errors
    /// [`TocError`], with the line.
    pub fn parse(text: &[u8]) -> Result<Self, TocError> {
        let mut reading = Reading {
            words: Words::of(text)?,
            file: Self::default(),
            languages: BTreeMap::new(),
            texts: BTreeMap::new(),
        };
        reading.all().map_err(|fault| TocError {
            line: match fault {
                // What was taken is wrong, not what comes.
                TocFault::Catalogue(_)
                | TocFault::Isrc(_)
                | TocFault::NoFile(_)
                | TocFault::Language(_)
                | TocFault::PartFrame { .. } => reading.words.last_line(),
                _ => reading.words.line(),
            },
            fault,
        })?;
        Ok(reading.file)
    }
}

struct Reading {
    words: Words,
    file: TocFile,
    /// Codes of the languages, by their numbers.
    languages: BTreeMap<u64, u8>,
    /// Texts by the language's number, the kind and the track.
    texts: BTreeMap<u64, BTreeMap<(TextKind, u8), String>>,
}

impl Reading {
    fn all(&mut self) -> Result<(), TocFault> {
        while let Some(word) = self.words.peek() {
            let Word::Bare(word) = word.clone() else {
                return Err(self.words.unexpected("TRACK"));
            };
            self.word(&word)?;
        }
        self.end_track()?;
        if self.file.tracks.is_empty() {
            return Err(TocFault::NoTrack);
        }
        self.file.text = self.text();
        Ok(())
    }

    fn word(&mut self, word: &str) -> Result<(), TocFault> {
        let is_header = self.file.tracks.is_empty();
        let line = self.words.line();
        match word {
            "CATALOG" if is_header => {
                self.words.next();
                let number = self.words.quoted("a catalogue number")?;
                self.file.catalogue = Some(number.parse()?);
            }
            // What a disc is, is told by its tracks.
            "CD_DA" | "CD_ROM" | "CD_ROM_XA" | "CD_I" if is_header => {
                self.words.next();
            }
            "CD_TEXT" => {
                self.words.next();
                self.texts()?;
            }
            "TRACK" => {
                self.end_track()?;
                self.words.next();
                self.begin_track(line)?;
            }
            _ => {
                let before = self.words.unexpected("a word of the header, or TRACK");
                let Some(track) = self.file.tracks.last_mut() else {
                    return Err(before);
                };
                self.words.next();
                take(track, &mut self.file.files, &mut self.words, word, line)?;
            }
        }
        Ok(())
    }

    fn begin_track(&mut self, line: u32) -> Result<(), TocFault> {
        if self.file.tracks.len() >= 99 {
            return Err(TocFault::TooManyTracks);
        }
        let wanted = "AUDIO, MODE1, MODE1_RAW, MODE2, MODE2_FORM1, MODE2_FORM_MIX or MODE2_RAW";
        let kind = match self.words.peek() {
            Some(Word::Bare(word)) => kind_named(word),
            _ => None,
        };
        let kind = kind.ok_or_else(|| self.words.unexpected(wanted))?;
        self.words.next();
        if let Some(Word::Bare(word)) = self.words.peek()
            && matches!(word.as_str(), "RW" | "RW_RAW")
        {
            return Err(TocFault::Subchannels(word.clone()));
        }
        self.file.tracks.push(TocTrack {
            kind,
            control: Control {
                data: kind != CueTrackKind::Audio,
                ..Control::AUDIO
            },
            isrc: None,
            pieces: Vec::new(),
            start: TocStart::First,
            indexes: Vec::new(),
            line,
        });
        Ok(())
    }

    fn end_track(&self) -> Result<(), TocFault> {
        match self.file.tracks.last() {
            Some(track) if track.pieces.is_empty() => {
                Err(TocFault::EmptyTrack(self.file.tracks.len()))
            }
            _ => Ok(()),
        }
    }

    /// A block of texts, of the album or of the last track.
    fn texts(&mut self) -> Result<(), TocFault> {
        let track = self.file.tracks.len() as u8; // at most 99
        self.words.mark('{', "{")?;
        while !self.words.take_mark('}') {
            match self.words.peek() {
                Some(Word::Bare(word)) if word == "LANGUAGE_MAP" && track == 0 => {
                    self.words.next();
                    self.language_map()?;
                }
                Some(Word::Bare(word)) if word == "LANGUAGE" => {
                    self.words.next();
                    let number = self.words.number("the number of a language")?;
                    if !self.languages.contains_key(&number) {
                        return Err(TocFault::Language(number));
                    }
                    self.language(number, track)?;
                }
                _ => return Err(self.words.unexpected("LANGUAGE_MAP, LANGUAGE or }")),
            }
        }
        Ok(())
    }

    fn language_map(&mut self) -> Result<(), TocFault> {
        self.words.mark('{', "{")?;
        while !self.words.take_mark('}') {
            let number = self.words.number("the number of a language, or }")?;
            if number >= MOST_BLOCKS as u64 {
                return Err(TocFault::Language(number));
            }
            self.words.mark(':', ":")?;
            let english = Word::Bare("EN".to_owned());
            let code = match self.words.peek() == Some(&english) {
                true => {
                    self.words.next();
                    Language::ENGLISH.0
                }
                false => self.byte("EN, or the code of a language")?,
            };
            self.languages.insert(number, code);
        }
        Ok(())
    }

    fn language(&mut self, number: u64, track: u8) -> Result<(), TocFault> {
        self.words.mark('{', "{")?;
        while !self.words.take_mark('}') {
            let wanted = "a kind of text, or }";
            let Some(Word::Bare(word)) = self.words.peek().cloned() else {
                return Err(self.words.unexpected(wanted));
            };
            let kind = match word.as_str() {
                "UPC_EAN" | "ISRC" => Some(TextKind::Code),
                // Made anew from what is recorded, or of no use to a player.
                "GENRE" | "TOC_INFO1" | "TOC_INFO2" | "SIZE_INFO" => None,
                other => match TextKind::of_word(other) {
                    None => return Err(self.words.unexpected(wanted)),
                    kind => kind,
                },
            };
            self.words.next();
            if self.words.take_mark('{') {
                while !self.words.take_mark('}') {
                    self.byte("a number below 256")?;
                    self.words.take_mark(',');
                }
                continue;
            }
            let text = self.words.quoted("a text")?;
            if let Some(kind) = kind.filter(|_| !text.is_empty()) {
                let texts = self.texts.entry(number).or_default();
                texts.insert((kind, track), text);
            }
        }
        Ok(())
    }

    fn byte(&mut self, wanted: &'static str) -> Result<u8, TocFault> {
        let unexpected = self.words.unexpected(wanted);
        let number = self.words.number(wanted)?;
        u8::try_from(number).map_err(|_| unexpected)
    }

    fn text(&self) -> CdText {
        let last = self.file.tracks.len() as u8; // at most 99
        let block = |(number, texts): (&u64, &BTreeMap<(TextKind, u8), String>)| {
            let code = self.languages.get(number).copied().unwrap_or_default();
            let mut block = TextBlock::new(Language(code), 1, last);
            for ((kind, track), text) in texts {
                block = block.with(*kind, *track, text);
            }
            block
        };
        CdText {
            blocks: self.texts.iter().map(block).collect(),
        }
    }
}

/// A word of a track.
fn take(
    track: &mut TocTrack,
    files: &mut Vec<CueFile>,
    words: &mut Words,
    word: &str,
    line: u32,
) -> Result<(), TocFault> {
    let is_audio = track.kind == CueTrackKind::Audio;
    let unit = match is_audio {
        true => SAMPLES,
        false => track.kind.sector_bytes() as u64,
    };
    let silence = |frames| TocPiece {
        file: None,
        first: 0,
        frames: Some(frames),
        line,
    };
    let length = |words: &mut Words| {
        let missing = words.unexpected("a length");
        words.length(unit)?.ok_or(missing)
    };
    match word {
        "NO" => {
            let flag = match words.next() {
                Some(Word::Bare(flag)) => flag,
                _ => String::new(),
            };
            set_flag(track, &flag, false)?;
        }
        "COPY" | "PRE_EMPHASIS" | "TWO_CHANNEL_AUDIO" | "FOUR_CHANNEL_AUDIO" => {
            set_flag(track, word, true)?;
        }
        "ISRC" => track.isrc = Some(words.quoted("a recording code")?.parse()?),
        "SILENCE" | "ZERO" => {
            // The kind of sectors that ZERO may name is the track's own.
            while matches!(words.peek(), Some(Word::Bare(kind)) if kind_named(kind).is_some()) {
                words.next();
            }
            let frames = length(words)?;
            track.pieces.push(silence(frames));
        }
        "PREGAP" => {
            if !track.pieces.is_empty() || track.start != TocStart::First {
                return Err(TocFault::Misplaced("PREGAP"));
            }
            let frames = length(words)?;
            track.pieces.push(silence(frames));
            track.start = TocStart::Frames(frames);
        }
        "START" => {
            if track.start != TocStart::First {
                return Err(TocFault::Misplaced("START"));
            }
            track.start = match words.length(unit)? {
                Some(frames) => TocStart::Frames(frames),
                None => TocStart::Behind(track.pieces.len()),
            };
        }
        "INDEX" => {
            let frames = length(words)?;
            track.indexes.push(frames);
        }
        "FILE" | "AUDIOFILE" | "DATAFILE" => {
            let name = words.quoted("the name of a file")?;
            if name == "-" {
                return Err(TocFault::NoFile("-"));
            }
            let swap = matches!(words.peek(), Some(Word::Bare(word)) if word == "SWAP");
            if swap {
                words.next();
            }
            let offset = match words.take_mark('#') {
                true => {
                    let given = words.number("an offset in bytes")?;
                    let unit = track.kind.sector_bytes() as u64;
                    if !given.is_multiple_of(unit) {
                        return Err(TocFault::PartFrame { given, unit });
                    }
                    given / unit
                }
                false => 0,
            };
            let start = match word {
                "DATAFILE" => 0,
                _ => length(words)?,
            };
            let first = offset.saturating_add(start.into());
            let first = u32::try_from(first).map_err(|_| words.unexpected("a shorter offset"))?;
            // A length of nothing stands for all.
            let frames = words.length(unit)?.filter(|frames| *frames > 0);
            let file = file_of(files, name, is_audio, swap, line);
            track.pieces.push(TocPiece {
                file: Some(file),
                first,
                frames,
                line,
            });
        }
        "FIFO" => return Err(TocFault::NoFile("FIFO")),
        other => {
            return Err(TocFault::Unexpected {
                found: other.to_owned(),
                wanted: "a word of a track",
            });
        }
    }
    Ok(())
}

fn set_flag(track: &mut TocTrack, flag: &str, set: bool) -> Result<(), TocFault> {
    match flag {
        "COPY" => track.control.copy_permitted = set,
        "PRE_EMPHASIS" => track.control.pre_emphasis = set,
        "TWO_CHANNEL_AUDIO" => track.control.four_channels = !set,
        "FOUR_CHANNEL_AUDIO" => track.control.four_channels = set,
        other => {
            return Err(TocFault::Unexpected {
                found: other.to_owned(),
                wanted: "COPY or PRE_EMPHASIS",
            });
        }
    }
    Ok(())
}

/// The place of a file among the files: each once for each way of reading it.
fn file_of(files: &mut Vec<CueFile>, name: String, is_audio: bool, swap: bool, line: u32) -> usize {
    let ending = name
        .rsplit_once('.')
        .map(|(_, ending)| ending.to_lowercase());
    let is_sound = ending.is_some_and(|ending| SOUND_FILES.contains(&ending.as_str()));
    // Samples alone are in Motorola's order, unless they are said to be swapped.
    let kind = match (is_audio, is_sound, swap) {
        (true, true, _) => CueFileKind::Sound,
        (true, false, false) => CueFileKind::Motorola,
        (true, false, true) | (false, ..) => CueFileKind::Binary,
    };
    let known = files
        .iter()
        .position(|file| file.name == name && file.kind == kind);
    known.unwrap_or_else(|| {
        files.push(CueFile { name, kind, line });
        files.len() - 1
    })
}

fn kind_named(word: &str) -> Option<CueTrackKind> {
    Some(match word {
        "AUDIO" => CueTrackKind::Audio,
        "MODE1" => CueTrackKind::Cooked(SectorForm::Mode1),
        "MODE2_FORM1" => CueTrackKind::Cooked(SectorForm::Mode2Form1(Subheader::data())),
        "MODE1_RAW" => CueTrackKind::Raw(1),
        "MODE2_RAW" => CueTrackKind::Raw(2),
        "MODE2" | "MODE2_FORM_MIX" => CueTrackKind::Mode2,
        _ => return None,
    })
}

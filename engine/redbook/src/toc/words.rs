//! The words of a table-of-contents file: how its text is cut into them, and what can be wrong.

use crate::listing::{decoded, frames_of};

/// What is wrong with such a file, and where. Its author has to mend it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {fault}")]
pub struct TocError {
    /// The line, from 1 on.
    pub line: u32,
    /// What is wrong there.
    pub fault: TocFault,
}

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TocFault {
    /// It is no text.
    #[error("this is no text in UTF-8, UTF-16 or Latin-1")]
    NoText,
    /// A quotation that does not end.
    #[error("the quotation mark has no second one")]
    OpenQuotation,
    /// A word that does not belong where it is.
    #[error("{found:?} stands where {wanted} should")]
    Unexpected {
        /// What is there; empty at the end of the file.
        found: String,
        /// What should be.
        wanted: &'static str,
    },
    /// A word that stands twice, or too late.
    #[error("{0} stands in the wrong place, or twice")]
    Misplaced(&'static str),
    /// A length that is no whole number of frames.
    #[error("{given} is not a whole number of frames, of {unit} each")]
    PartFrame {
        /// As it is written.
        given: u64,
        /// What a frame has of what is counted.
        unit: u64,
    },
    /// Sub-channels in a file.
    #[error("{0:?}: files with sub-channels are not taken; the sub-channels are made here")]
    Subchannels(String),
    /// Data from a pipe.
    #[error("{0}: data come from files only")]
    NoFile(&'static str),
    /// More than 99 tracks.
    #[error("a disc has at most 99 tracks")]
    TooManyTracks,
    /// No track at all.
    #[error("there is no track")]
    NoTrack,
    /// A track without data.
    #[error("track {0} is made of nothing")]
    EmptyTrack(usize),
    /// A piece behind the end of its file.
    #[error("{frames} frames from {first} on of a file of {all}")]
    BehindEnd {
        /// The first frame.
        first: u32,
        /// How many.
        frames: u32,
        /// How many the file has.
        all: u32,
    },
    /// Index 1 behind the end of the track.
    #[error("the track of {all} frames begins {start} frames behind its first one")]
    StartBehindEnd {
        /// Where it begins.
        start: u32,
        /// How many frames it has.
        all: u32,
    },
    /// A language without a number, or an unknown one.
    #[error("language {0} is not in the LANGUAGE_MAP")]
    Language(u64),
    /// No catalogue number.
    #[error(transparent)]
    Catalogue(#[from] crate::subchannel::McnError),
    /// No recording code.
    #[error(transparent)]
    Isrc(#[from] crate::subchannel::IsrcError),
}

/// A word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Word {
    /// A word or a number, as it is written.
    Bare(String),
    /// What stood between quotation marks, or a run of such, one behind the other.
    Quoted(String),
    /// `{`, `}`, `:`, `,` or `#`.
    Mark(char),
}

/// The words of a file, with their lines.
#[derive(Debug)]
pub(super) struct Words {
    words: Vec<(u32, Word)>,
    at: usize,
}

impl Words {
    /// Cuts a text. UTF-8, with or without its mark, UTF-16 with it, else Latin-1.
    pub(super) fn of(text: &[u8]) -> Result<Self, TocError> {
        let text = decoded(text).ok_or(TocError {
            line: 1,
            fault: TocFault::NoText,
        })?;
        let mut words = Vec::new();
        let mut line = 1;
        let mut rest = text.chars().peekable();
        while let Some(character) = rest.next() {
            let word = match character {
                '\n' => {
                    line += 1;
                    continue;
                }
                space if space.is_whitespace() => continue,
                '/' if rest.peek() == Some(&'/') => {
                    while rest.next_if(|character| *character != '\n').is_some() {}
                    continue;
                }
                '"' => {
                    let fault = TocFault::OpenQuotation;
                    let quoted = quoted(&mut rest).ok_or(TocError { line, fault })?;
                    // Strings that follow one another are one.
                    if let Some((_, Word::Quoted(before))) = words.last_mut() {
                        before.push_str(&quoted);
                        continue;
                    }
                    Word::Quoted(quoted)
                }
                '{' | '}' | ',' | '#' => Word::Mark(character),
                // Within a time it is part of the word.
                ':' => Word::Mark(':'),
                other => {
                    let mut word = String::from(other);
                    while let Some(next) = rest.next_if(|next| {
                        next.is_alphanumeric() || matches!(next, '_' | '-' | '.' | ':')
                    }) {
                        word.push(next);
                    }
                    // `0:` of a language map.
                    match word.strip_suffix(':') {
                        Some(number) => {
                            words.push((line, Word::Bare(number.to_owned())));
                            Word::Mark(':')
                        }
                        None => Word::Bare(word),
                    }
                }
            };
            words.push((line, word));
        }
        Ok(Self { words, at: 0 })
    }

    /// The line of the next word; the last one's at the end.
    pub(super) fn line(&self) -> u32 {
        let here = self.words.get(self.at).or(self.words.last());
        here.map_or(1, |(line, _)| *line)
    }

    /// The line of the word that was taken last.
    pub(super) fn last_line(&self) -> u32 {
        let last = self.at.checked_sub(1).and_then(|at| self.words.get(at));
        last.map_or_else(|| self.line(), |(line, _)| *line)
    }

    pub(super) fn peek(&self) -> Option<&Word> {
        self.words.get(self.at).map(|(_, word)| word)
    }

    pub(super) fn next(&mut self) -> Option<Word> {
        let word = self.peek().cloned();
        self.at += 1;
        word
    }

    /// Takes the next word if it is this one.
    pub(super) fn take_mark(&mut self, mark: char) -> bool {
        let is_it = self.peek() == Some(&Word::Mark(mark));
        self.at += usize::from(is_it);
        is_it
    }

    pub(super) fn mark(&mut self, mark: char, wanted: &'static str) -> Result<(), TocFault> {
        match self.take_mark(mark) {
            true => Ok(()),
            false => Err(self.unexpected(wanted)),
        }
    }

    pub(super) fn quoted(&mut self, wanted: &'static str) -> Result<String, TocFault> {
        match self.peek() {
            Some(Word::Quoted(text)) => {
                let text = text.clone();
                self.at += 1;
                Ok(text)
            }
            _ => Err(self.unexpected(wanted)),
        }
    }

    pub(super) fn number(&mut self, wanted: &'static str) -> Result<u64, TocFault> {
        let number = match self.peek() {
            Some(Word::Bare(word)) => word.parse().ok(),
            _ => None,
        };
        let number = number.ok_or_else(|| self.unexpected(wanted))?;
        self.at += 1;
        Ok(number)
    }

    /// Minutes, seconds and frames, or a number of units of which a frame has so many; `None`: neither stands here.
    pub(super) fn length(&mut self, unit: u64) -> Result<Option<u32>, TocFault> {
        let Some(Word::Bare(word)) = self.peek() else {
            return Ok(None);
        };
        if !word.starts_with(|first: char| first.is_ascii_digit()) {
            return Ok(None);
        }
        let frames = match word.contains(':') {
            true => frames_of(word),
            false => {
                let given: u64 = word.parse().map_err(|_| self.unexpected("a length"))?;
                if !given.is_multiple_of(unit) {
                    return Err(TocFault::PartFrame { given, unit });
                }
                u32::try_from(given / unit).ok()
            }
        };
        let frames = frames.ok_or_else(|| self.unexpected("a time, or a length"))?;
        self.at += 1;
        Ok(Some(frames))
    }

    pub(super) fn unexpected(&self, wanted: &'static str) -> TocFault {
        let found = match self.peek() {
            Some(Word::Bare(word) | Word::Quoted(word)) => word.clone(),
            Some(Word::Mark(mark)) => mark.to_string(),
            None => String::new(),
        };
        TocFault::Unexpected { found, wanted }
    }
}

/// What stands up to the second quotation mark; a backslash takes the meaning from the character behind it, or tells its
/// code in three octal digits.
fn quoted(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<String> {
    let mut text = String::new();
    loop {
        match rest.next()? {
            '"' => return Some(text),
            '\n' => return None,
            '\\' => {
                let octal: String = rest
                    .clone()
                    .take(3)
                    .take_while(|digit| ('0'..='7').contains(digit))
                    .collect();
                let code = u8::from_str_radix(&octal, 8).ok();
                match code.filter(|_| octal.len() == 3) {
                    Some(code) => {
                        text.push(char::from(code));
                        rest.nth(2);
                    }
                    None => text.push(rest.next()?),
                }
            }
            other => text.push(other),
        }
    }
}

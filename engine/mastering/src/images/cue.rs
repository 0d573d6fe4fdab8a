//! Cue sheets: which tracks a `.bin` holds, and where. Commands and track types are those of CDRWIN's guide.
//!
//! Reads text alone; must not open what it names. Data tracks are the purpose here: what says something about sound or
//! titles is checked for its form and not kept.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use super::sectors::SectorForm;

/// Frames, and so sectors, in a second.
const FRAMES: u32 = 75;
/// Tracks that a CD can have.
const MOST_TRACKS: u8 = 99;

/// A cue sheet: files, and the tracks in each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CueSheet {
    /// The files, in the order of the disc. Each has a track at least.
    pub files: Vec<CueFile>,
}

/// A file of a cue sheet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CueFile {
    /// Its name, as the sheet has it.
    pub name: OsString,
    /// Whether it holds sectors as they are, little-endian or big; sound formats are no place for data.
    pub binary: bool,
    /// The line of its command, from 1 on.
    pub line: u32,
    /// Its tracks, in order.
    pub tracks: Vec<CueTrack>,
}

/// A track of a cue sheet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CueTrack {
    /// 1 to 99.
    pub number: u8,
    /// What its sectors hold.
    pub form: TrackForm,
    /// Sectors of silence before it that no file holds.
    pub pregap: u32,
    /// Sectors of silence behind it that no file holds.
    pub postgap: u32,
    /// The sector of its first index in the file.
    pub start: u32,
    /// The sector of index 1 in the file: `start`, or behind a pregap that the file holds.
    pub index_1: u32,
    /// The line of its command, from 1 on.
    pub line: u32,
}

/// What the sectors of a track hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TrackForm {
    /// Sound, 2352 bytes a sector.
    Audio,
    /// Sound with the 96 bytes of the sub-channels behind it.
    AudioWithSubchannels,
    /// Data.
    Data(SectorForm),
}

impl TrackForm {
    /// Bytes of a sector in the file.
    #[must_use]
    pub fn sector_bytes(self) -> u64 {
        match self {
            Self::Audio => 2352,
            Self::AudioWithSubchannels => 2448,
            Self::Data(form) => form.sector_bytes(),
        }
    }

    fn named(word: &[u8]) -> Option<Self> {
        let data = |form| Some(Self::Data(form));
        match word.to_ascii_uppercase().as_slice() {
            b"AUDIO" => Some(Self::Audio),
            b"CDG" => Some(Self::AudioWithSubchannels),
            b"MODE1/2048" | b"MODE2/2048" => data(SectorForm::Cooked),
            b"MODE1/2352" => data(SectorForm::Mode1),
            b"MODE2/2352" | b"CDI/2352" => data(SectorForm::Mode2),
            b"MODE2/2336" | b"CDI/2336" => data(SectorForm::Mode2WithoutHeader),
            _ => None,
        }
    }
}

/// What is wrong with a line of a cue sheet.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {fault}")]
pub struct CueError {
    /// The line, from 1 on; that behind the last where something is missing.
    pub line: u32,
    /// What is wrong.
    pub fault: CueFault,
}

/// Why a cue sheet cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CueFault {
    /// A command that cue sheets do not have.
    #[error("`{0}` is no command of a cue sheet")]
    UnknownCommand(String),
    /// A command with too few or too many words, or a text whose quotation mark does not end.
    #[error("{0} does not have the words that it needs")]
    Words(&'static str),
    /// A file of a kind that cue sheets do not have.
    #[error("`{0}` is no kind of file; there are BINARY, MOTOROLA, AIFF, WAVE and MP3")]
    FileKind(String),
    /// A track of a kind that cue sheets do not have.
    #[error("`{0}` is no kind of track")]
    TrackKind(String),
    /// A track whose number is not 1 to 99, or not above that before it.
    #[error("the track's number is not one above that of the track before it, or not 1 to 99")]
    TrackNumber,
    /// No time of minutes, seconds below 60 and frames below 75.
    #[error("`{0}` is no time: MM:SS:FF, with seconds below 60 and frames below 75")]
    Time(String),
    /// An index out of order in number or time.
    #[error("the index does not follow the one before it in number and time")]
    Index,
    /// A command outside of the file or track that it belongs to.
    #[error("{0} stands before the command that it belongs to")]
    Place(&'static str),
    /// A track without index 1.
    #[error("track {0} has no INDEX 01")]
    NoIndex(u8),
    /// A file without a track, or a sheet without a file.
    #[error("there is no track")]
    NoTrack,
}

/// A track that is being read.
struct Open {
    track: CueTrack,
    last_index: Option<(u8, u32)>,
    has_index_1: bool,
}

#[derive(Default)]
struct Parser {
    files: Vec<CueFile>,
    open: Option<Open>,
    last_track: u8,
}

impl CueSheet {
    /// Reads a cue sheet. A byte order mark of UTF-8 is passed over; lines end as on any system.
    ///
    /// # Errors
    /// [`CueError`], with the line.
    pub fn parse(text: &[u8]) -> Result<Self, CueError> {
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        let mut parser = Parser::default();
        let mut line = 0;
        for content in text.split(|byte| *byte == b'\n') {
            line += 1;
            parser
                .line(line, content)
                .map_err(|fault| CueError { line, fault })?;
        }
        let end = |fault| CueError { line, fault };
        parser.close_file().map_err(end)?;
        if parser.files.is_empty() {
            return Err(end(CueFault::NoTrack));
        }
        Ok(Self {
            files: parser.files,
        })
    }
}

impl Parser {
    fn line(&mut self, line: u32, content: &[u8]) -> Result<(), CueFault> {
        let content = content.trim_ascii();
        let end = content
            .iter()
            .position(u8::is_ascii_whitespace)
            .unwrap_or(content.len());
        let (command, rest) = content.split_at(end);
        let rest = rest.trim_ascii();
        match command.to_ascii_uppercase().as_slice() {
            b"" | b"REM" => Ok(()),
            b"FILE" => self.file(line, rest),
            b"TRACK" => self.track(line, rest),
            b"INDEX" => self.index(rest),
            b"PREGAP" => {
                let [time] = words("PREGAP", rest)?;
                let track = self.track_before_index("PREGAP")?;
                track.pregap = frames(time)?;
                Ok(())
            }
            b"POSTGAP" => {
                let [time] = words("POSTGAP", rest)?;
                let open = self.open.as_mut().ok_or(CueFault::Place("POSTGAP"))?;
                if !open.has_index_1 {
                    return Err(CueFault::Place("POSTGAP"));
                }
                open.track.postgap = frames(time)?;
                Ok(())
            }
            b"FLAGS" => self.track_before_index("FLAGS").map(|_| ()),
            b"ISRC" => {
                let [_] = words("ISRC", rest)?;
                self.track_before_index("ISRC").map(|_| ())
            }
            b"CATALOG" => words::<1>("CATALOG", rest).map(|_| ()),
            b"CDTEXTFILE" => words::<1>("CDTEXTFILE", rest).map(|_| ()),
            // Texts stand with quotation marks or without.
            b"TITLE" | b"PERFORMER" | b"SONGWRITER" => Ok(()),
            other => Err(CueFault::UnknownCommand(shown(other))),
        }
    }

    fn file(&mut self, line: u32, rest: &[u8]) -> Result<(), CueFault> {
        self.close_file()?;
        let [name, kind] = words("FILE", rest)?;
        let binary = match kind.to_ascii_uppercase().as_slice() {
            // The order of the bytes matters to sound alone.
            b"BINARY" | b"MOTOROLA" => true,
            b"AIFF" | b"WAVE" | b"MP3" => false,
            _ => return Err(CueFault::FileKind(shown(kind))),
        };
        self.files.push(CueFile {
            name: OsStr::from_bytes(name).to_owned(),
            binary,
            line,
            tracks: Vec::new(),
        });
        Ok(())
    }

    fn track(&mut self, line: u32, rest: &[u8]) -> Result<(), CueFault> {
        self.close_track()?;
        if self.files.is_empty() {
            return Err(CueFault::Place("TRACK"));
        }
        let [number, kind] = words("TRACK", rest)?;
        let number = number_of(number)
            .filter(|number| (1..=MOST_TRACKS).contains(number))
            .filter(|number| self.last_track == 0 || *number == self.last_track + 1)
            .ok_or(CueFault::TrackNumber)?;
        let form = TrackForm::named(kind).ok_or_else(|| CueFault::TrackKind(shown(kind)))?;
        self.last_track = number;
        let track = CueTrack {
            number,
            form,
            pregap: 0,
            postgap: 0,
            start: 0,
            index_1: 0,
            line,
        };
        self.open = Some(Open {
            track,
            last_index: None,
            has_index_1: false,
        });
        Ok(())
    }

    fn index(&mut self, rest: &[u8]) -> Result<(), CueFault> {
        let [number, time] = words("INDEX", rest)?;
        let number = number_of(number)
            .filter(|number| *number <= MOST_TRACKS)
            .ok_or(CueFault::Index)?;
        let time = frames(time)?;
        let before = self
            .files
            .last()
            .and_then(|file| file.tracks.last())
            .map_or(0, |track| track.index_1);
        let open = self.open.as_mut().ok_or(CueFault::Place("INDEX"))?;
        let follows = match open.last_index {
            None => number <= 1 && time >= before,
            Some((last, at)) => number == last + 1 && time >= at,
        };
        if !follows {
            return Err(CueFault::Index);
        }
        if open.last_index.is_none() {
            open.track.start = time;
        }
        if number == 1 {
            open.track.index_1 = time;
            open.has_index_1 = true;
        }
        open.last_index = Some((number, time));
        Ok(())
    }

    /// The track whose commands before its first index are being read.
    fn track_before_index(&mut self, command: &'static str) -> Result<&mut CueTrack, CueFault> {
        self.open
            .as_mut()
            .filter(|open| open.last_index.is_none())
            .map(|open| &mut open.track)
            .ok_or(CueFault::Place(command))
    }

    fn close_track(&mut self) -> Result<(), CueFault> {
        let Some(open) = self.open.take() else {
            return Ok(());
        };
        if !open.has_index_1 {
            return Err(CueFault::NoIndex(open.track.number));
        }
        let file = self.files.last_mut().ok_or(CueFault::Place("TRACK"))?;
        file.tracks.push(open.track);
        Ok(())
    }

    fn close_file(&mut self) -> Result<(), CueFault> {
        self.close_track()?;
        match self.files.last() {
            Some(file) if file.tracks.is_empty() => Err(CueFault::NoTrack),
            _ => Ok(()),
        }
    }
}

/// The words behind a command, exactly `N`; one in quotation marks may hold spaces.
fn words<'a, const N: usize>(
    command: &'static str,
    mut rest: &'a [u8],
) -> Result<[&'a [u8]; N], CueFault> {
    let mut found = [b"".as_slice(); N];
    for word in &mut found {
        rest = rest.trim_ascii_start();
        let (taken, after) = match rest.strip_prefix(b"\"") {
            Some(quoted) => {
                let end = quoted.iter().position(|byte| *byte == b'"');
                let (taken, after) = quoted.split_at(end.ok_or(CueFault::Words(command))?);
                (taken, after.get(1..).unwrap_or_default())
            }
            None => {
                let end = rest.iter().position(u8::is_ascii_whitespace);
                rest.split_at(end.unwrap_or(rest.len()))
            }
        };
        if taken.is_empty() {
            return Err(CueFault::Words(command));
        }
        *word = taken;
        rest = after;
    }
    match rest.trim_ascii().is_empty() {
        true => Ok(found),
        false => Err(CueFault::Words(command)),
    }
}

fn number_of(word: &[u8]) -> Option<u8> {
    let digits = word.len() <= 3 && word.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(word)
        .ok()
        .filter(|_| digits)?
        .parse()
        .ok()
}

fn frames(word: &[u8]) -> Result<u32, CueFault> {
    let error = || CueFault::Time(shown(word));
    let mut parts = word.split(|byte| *byte == b':');
    let mut next = |most: u8| {
        let part = parts.next().filter(|part| part.len() == 2)?;
        number_of(part).filter(|n| *n <= most).map(u32::from)
    };
    let (minutes, seconds, frames) = match (next(99), next(59), next(74)) {
        (Some(minutes), Some(seconds), Some(frames)) => (minutes, seconds, frames),
        _ => return Err(error()),
    };
    match parts.next() {
        None => Ok((minutes * 60 + seconds) * FRAMES + frames),
        Some(_) => Err(error()),
    }
}

/// A word for a message: not all of it, where somebody has put a whole file into one.
fn shown(word: &[u8]) -> String {
    String::from_utf8_lossy(word.get(..40).unwrap_or(word)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHEET: &str = "\u{feff}REM made by nobody\r\nCATALOG 1234567890123\r\n\
        FILE \"a disc.bin\" BINARY\r\n  TRACK 01 MODE1/2352\r\n    INDEX 01 00:00:00\r\n\
        \x20 TRACK 02 AUDIO\r\n    FLAGS DCP\r\n    TITLE \"One more\"\r\n    INDEX 00 00:10:00\r\n    INDEX 01 00:12:05\r\n\
        FILE second.bin BINARY\r\n  TRACK 03 mode2/2336\r\n    PREGAP 00:02:00\r\n    INDEX 01 00:00:00\r\n";

    #[test]
    fn a_sheet_names_files_and_their_tracks() {
        let sheet = CueSheet::parse(SHEET.as_bytes()).unwrap();
        assert_eq!(sheet.files.len(), 2);
        assert_eq!(sheet.files[0].name, "a disc.bin");
        let [data, sound] = sheet.files[0].tracks[..] else {
            panic!("{sheet:?}");
        };
        assert_eq!(data.form, TrackForm::Data(SectorForm::Mode1));
        assert_eq!((sound.start, sound.index_1), (750, 905));
        let third = sheet.files[1].tracks[0];
        assert_eq!((third.pregap, third.number), (150, 3));
        assert_eq!(third.form, TrackForm::Data(SectorForm::Mode2WithoutHeader));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let check = |text: &str, line: u32, fault: CueFault| {
            assert_eq!(
                CueSheet::parse(text.as_bytes()),
                Err(CueError { line, fault }),
                "{text}"
            );
        };
        let track = "FILE a BINARY\nTRACK 01 MODE1/2048\n";
        let time = |t: &str| CueFault::Time(t.into());
        check("", 1, CueFault::NoTrack);
        check("FILE a BINARY\n", 2, CueFault::NoTrack);
        check("HELLO", 1, CueFault::UnknownCommand("HELLO".into()));
        check("FILE \"a BINARY", 1, CueFault::Words("FILE"));
        check("FILE a BINARY more", 1, CueFault::Words("FILE"));
        check("FILE a FLAC", 1, CueFault::FileKind("FLAC".into()));
        check("TRACK 01 AUDIO", 1, CueFault::Place("TRACK"));
        check("INDEX 01 00:00:00", 1, CueFault::Place("INDEX"));
        check(
            "FILE a BINARY\nTRACK 01 MODE3",
            2,
            CueFault::TrackKind("MODE3".into()),
        );
        check("FILE a BINARY\nTRACK 00 AUDIO", 2, CueFault::TrackNumber);
        check(track, 3, CueFault::NoIndex(1));
        for wrong in [
            "00:60:00",
            "00:00:75",
            "0:00:00",
            "00:00",
            "00:00:00:00",
            "xx:00:00",
        ] {
            check(&format!("{track}INDEX 01 {wrong}"), 3, time(wrong));
        }
        check(&format!("{track}INDEX 02 00:00:00"), 3, CueFault::Index);
        let both = format!("{track}INDEX 01 00:02:00\n");
        check(&format!("{both}INDEX 02 00:01:00"), 4, CueFault::Index);
        check(&format!("{both}TRACK 03 AUDIO"), 4, CueFault::TrackNumber);
        check(
            &format!("{both}TRACK 02 AUDIO\nINDEX 01 00:01:00"),
            5,
            CueFault::Index,
        );
        check(
            &format!("{both}PREGAP 00:02:00"),
            4,
            CueFault::Place("PREGAP"),
        );
    }
}

//! From the text of a control file to its tracks, and to what a session is made of.

use std::collections::BTreeMap;

use super::{CcdFile, CcdSession, CcdTrack};
use crate::cue::{CueSession, CueTrackParts};
use crate::disc::Track;
use crate::sector::{SectorForm, Subheader};
use crate::subchannel::Control;
use crate::text::{CdText, PACK_BYTES, Pack};

/// What is wrong with a control file, and where. Its author has to mend it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {fault}")]
pub struct CcdError {
    /// The line, from 1 on; the last one where something is missing.
    pub line: u32,
    /// What is wrong there.
    pub fault: CcdFault,
}

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CcdFault {
    /// It is no control file.
    #[error("this is no control file of CloneCD: the first section is not [CloneCD]")]
    NotOne,
    /// Neither a section nor a property, or one outside of any section.
    #[error("{0:?} is neither a section nor a property of one")]
    Line(String),
    /// A number that is none, or too large.
    #[error("{0:?} is no number that can stand here")]
    Number(String),
    /// A number of sessions that no disc has.
    #[error("it describes {0} sessions; a disc has 1 to 99")]
    Sessions(i64),
    /// A disc whose data tracks are kept scrambled.
    #[error("its data tracks are scrambled; they are taken as they were before")]
    Scrambled,
    /// Something that must be there.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// A kind of track that there is not.
    #[error("track {track} has mode {mode}; there are 0 (audio), 1 and 2")]
    Mode {
        /// Which track.
        track: u8,
        /// Its mode.
        mode: i64,
    },
    /// Tracks that do not follow one another, or indexes.
    #[error("track {0} does not follow the one before it")]
    Order(u8),
    /// A pack of texts that is none.
    #[error("{0:?} is no pack of texts: sixteen bytes, each of two digits")]
    Pack(String),
    /// An image that is too short.
    #[error("the image has {given} sectors; the disc has {needed}")]
    Image {
        /// Sectors of the image.
        given: u32,
        /// Those of all sessions.
        needed: u32,
    },
    /// No catalogue number.
    #[error(transparent)]
    Catalogue(#[from] crate::subchannel::McnError),
    /// No recording code.
    #[error(transparent)]
    Isrc(#[from] crate::subchannel::IsrcError),
}

/// Longer files are none: a hundred tracks of a hundred indexes have less.
const MOST_BYTES: usize = 1 << 20;
/// POINT of the lead-out.
const LEAD_OUT: i64 = 0xa2;

/// A property's text and its line.
type Property = (u32, String);
/// Properties by their names, in small letters without spaces.
type Section = BTreeMap<String, Property>;
/// Entries of the table of contents by session and POINT: the line, the flags, the block.
type Points = BTreeMap<(i64, i64), (u32, i64, i64)>;

impl CcdFile {
    /// Reads a control file.
    ///
    /// # Errors
    /// [`CcdError`], with the line.
    pub fn parse(text: &[u8]) -> Result<Self, CcdError> {
        let (sections, last_line) = sections(text)?;
        let missing = |what| CcdError {
            line: last_line,
            fault: CcdFault::Missing(what),
        };
        let empty = Section::new();
        let disc = sections.get("disc").ok_or_else(|| missing("[Disc]"))?;
        let count = match number(disc, "sessions")? {
            None => 1,
            Some((_, count @ 1..=99)) => count,
            Some((line, count)) => {
                let fault = CcdFault::Sessions(count);
                return Err(CcdError { line, fault });
            }
        };
        if let Some((line, 1..)) = number(disc, "datatracksscrambled")? {
            let fault = CcdFault::Scrambled;
            return Err(CcdError { line, fault });
        }
        let mut catalogue = None;
        if let Some((line, digits)) = disc.get("catalog") {
            let parsed = digits.parse().map_err(|error| CcdError {
                line: *line,
                fault: CcdFault::Catalogue(error),
            })?;
            catalogue = Some(parsed);
        }
        let mut points = Points::new();
        for section in (0..).map_while(|at| sections.get(&format!("entry{at}"))) {
            let (_, point) = number(section, "point")?.ok_or_else(|| missing("Point"))?;
            let (_, control) = number(section, "control")?.unwrap_or((0, 0));
            let (line, at) = number(section, "plba")?.ok_or_else(|| missing("PLBA"))?;
            let (_, session) = number(section, "session")?.unwrap_or((0, 1));
            // Entries of mode 5 tell of sessions and of skips.
            if number(section, "adr")?.is_none_or(|(_, mode)| mode == 1) {
                points.insert((session, point), (line, control, at));
            }
        }
        let mut found: Vec<CcdSession> = Vec::new();
        for session in 1..=count {
            let next = next_session(session, &points, &sections, found.last(), &missing)?;
            found.push(next);
        }
        Ok(Self {
            catalogue,
            text: texts(sections.get("cdtext").unwrap_or(&empty))?,
            sessions: found,
        })
    }

    /// The sectors that the image must have.
    #[must_use]
    pub fn sectors(&self) -> u32 {
        let each = self.sessions.iter().map(CcdSession::sectors);
        each.fold(0, u32::saturating_add)
    }

    /// What the first session is made of, where the image has so many sectors.
    ///
    /// # Errors
    /// [`CcdFault::Image`] where it is too short for all sessions.
    pub fn session(&self, image_sectors: u32) -> Result<CueSession, CcdError> {
        let mut sessions = self.all_sessions(image_sectors)?.into_iter();
        sessions.next().ok_or(CcdError {
            line: 1,
            fault: CcdFault::Missing("the entry of a track"),
        })
    }

    /// What each session is made of, where the image has so many sectors: parts are counted in sectors of the image.
    ///
    /// # Errors
    /// [`CcdFault::Image`] where it is too short.
    pub fn all_sessions(&self, image_sectors: u32) -> Result<Vec<CueSession>, CcdError> {
        let needed = self.sectors();
        if image_sectors < needed {
            let given = image_sectors;
            let fault = CcdFault::Image { given, needed };
            return Err(CcdError { line: 1, fault });
        }
        let mut made = Vec::with_capacity(self.sessions.len());
        let mut in_image = 0;
        for session in &self.sessions {
            let starts: Vec<u32> = session.tracks.iter().map(CcdTrack::start).collect();
            let ends = starts.iter().skip(1).copied().chain([session.lead_out]);
            let mut first = session.begin;
            let parts = |(track, end): (&CcdTrack, u32)| {
                let mut parts = track.parts(first, end);
                for part in &mut parts.parts {
                    part.first = part.first.saturating_sub(session.begin) + in_image;
                }
                first = end;
                parts
            };
            made.push(CueSession {
                tracks: session.tracks.iter().zip(ends).map(parts).collect(),
                text: self.text.clone(),
            });
            in_image = in_image.saturating_add(session.sectors());
        }
        Ok(made)
    }
}

/// A session, behind the one before it.
fn next_session(
    session: i64,
    points: &Points,
    sections: &BTreeMap<String, Section>,
    before: Option<&CcdSession>,
    missing: &dyn Fn(&'static str) -> CcdError,
) -> Result<CcdSession, CcdError> {
    let empty = Section::new();
    let (line, _, at) = points
        .get(&(session, LEAD_OUT))
        .ok_or_else(|| missing("the entry of the lead-out"))?;
    let lead_out = u32::try_from(*at).map_err(|_| CcdError {
        line: *line,
        fault: CcdFault::Number(at.to_string()),
    })?;
    let before_it = before.map_or(0, |before| before.lead_out);
    let mut begin = 0;
    let mut tracks: Vec<CcdTrack> = Vec::new();
    for ((_, point), (line, control, at)) in points.range((session, 1)..=(session, 99)) {
        let number = *point as u8; // 1 to 99
        let section = sections.get(&format!("track{number}")).unwrap_or(&empty);
        let (track, own_begin) = track(number, *control, (*line, *at), section)?;
        let order = CcdError {
            line: *line,
            fault: CcdFault::Order(number),
        };
        let start = track.start();
        let last_of_before = before.and_then(|before| before.tracks.last());
        let follows = match tracks.last() {
            Some(last) => {
                number == last.number + 1 && last.indexes.last().is_some_and(|last| *last < start)
            }
            None => {
                // Times of a later session count from its beginning; where they do not, it begins with its first track.
                begin = match (before, own_begin) {
                    (None, _) => 0,
                    (Some(_), begin) if begin >= before_it => begin,
                    _ => start,
                };
                let goes_on = last_of_before.is_none_or(|last| number == last.number + 1);
                start >= before_it.max(begin) && goes_on
            }
        };
        if !follows || track.indexes.last().is_some_and(|last| *last >= lead_out) {
            return Err(order);
        }
        tracks.push(track);
    }
    match tracks.is_empty() {
        true => Err(missing("the entry of a track")),
        false => Ok(CcdSession {
            begin,
            tracks,
            lead_out,
        }),
    }
}

impl CcdTrack {
    /// Its first block.
    fn start(&self) -> u32 {
        let index_1 = self.indexes.first().copied().unwrap_or(0);
        self.index_0.unwrap_or(index_1)
    }

    fn parts(&self, first: u32, end: u32) -> CueTrackParts {
        let form = match self.mode {
            0 => SectorForm::Audio,
            1 => SectorForm::Mode1,
            _ => SectorForm::Mode2Form1(Subheader::data()),
        };
        let bare = match form {
            SectorForm::Audio => Track::audio(0),
            form => Track::data(form, 0),
        };
        let index_1 = self.indexes.first().copied().unwrap_or(0);
        let later = self.indexes.iter().skip(1);
        let mut parts = CueTrackParts {
            track: Track {
                control: self.control,
                isrc: self.isrc,
                indexes: later.map(|index| index.saturating_sub(index_1)).collect(),
                ..bare
            },
            parts: Vec::new(),
        };
        parts.push(Some(0), first, index_1.saturating_sub(first), true);
        parts.push(Some(0), index_1, end.saturating_sub(index_1), false);
        parts
    }
}

/// A track, and the block from which its times count: block 0 in the first session.
fn track(
    track: u8,
    control: i64,
    (line, at): (u32, i64),
    section: &Section,
) -> Result<(CcdTrack, u32), CcdError> {
    let control = Control::from_bits((control & 15) as u8); // four bits
    let mode = match number(section, "mode")? {
        Some((_, mode @ 0..=2)) => mode as u8,
        Some((line, mode)) => {
            let fault = CcdFault::Mode { track, mode };
            return Err(CcdError { line, fault });
        }
        None => u8::from(control.data),
    };
    let order = |line| CcdError {
        line,
        fault: CcdFault::Order(track),
    };
    // The table of contents says where index 1 is on the disc.
    let begin = number(section, "index1")?.map_or(0, |(_, index_1)| at - index_1);
    let block = |(line, time): (u32, i64)| u32::try_from(begin + time).map_err(|_| order(line));
    let index_0 = number(section, "index0")?.map(block).transpose()?;
    let mut indexes = vec![u32::try_from(at).map_err(|_| order(line))?];
    for index in 2..100 {
        let Some(place) = number(section, &format!("index{index}"))? else {
            break;
        };
        indexes.push(block(place)?);
    }
    let rises = index_0
        .iter()
        .chain(&indexes)
        .zip(index_0.iter().chain(&indexes).skip(1))
        .all(|(before, after)| before < after);
    if !rises {
        return Err(order(line));
    }
    let mut isrc = None;
    if let Some((line, code)) = section.get("isrc") {
        let parsed = code.parse().map_err(|error| CcdError {
            line: *line,
            fault: CcdFault::Isrc(error),
        })?;
        isrc = Some(parsed);
    }
    let track = CcdTrack {
        number: track,
        mode,
        control,
        isrc,
        index_0,
        indexes,
    };
    Ok((track, u32::try_from(begin).unwrap_or(0)))
}

/// Packs stand there without their checksums.
fn texts(section: &Section) -> Result<CdText, CcdError> {
    let mut packs = Vec::new();
    for (line, text) in (0..).map_while(|at| section.get(&format!("entry{at}"))) {
        let bytes: Option<Vec<u8>> = text
            .split_whitespace()
            .map(|byte| u8::from_str_radix(byte, 16).ok())
            .collect();
        let bytes: Option<[u8; PACK_BYTES - 2]> = bytes.and_then(|bytes| bytes.try_into().ok());
        let bytes = bytes.ok_or_else(|| CcdError {
            line: *line,
            fault: CcdFault::Pack(text.clone()),
        })?;
        packs.extend_from_slice(Pack::of_contents(&bytes).bytes());
    }
    // What is wrong among the packs was wrong on the disc: what is right of them is told.
    Ok(CdText::parse(&packs).0)
}

/// Sections by their names, in small letters without spaces, and the number of lines.
fn sections(text: &[u8]) -> Result<(BTreeMap<String, Section>, u32), CcdError> {
    let not_one = CcdError {
        line: 1,
        fault: CcdFault::NotOne,
    };
    let text = std::str::from_utf8(text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text));
    let text = text.ok().filter(|text| text.len() <= MOST_BYTES);
    let text = text.ok_or_else(|| not_one.clone())?;
    let squeezed = |name: &str| name.replace(' ', "").to_lowercase();
    let mut sections: BTreeMap<String, Section> = BTreeMap::new();
    let mut here: Option<String> = None;
    let mut line = 0;
    for content in text.lines() {
        line += 1;
        let content = content.trim();
        if content.is_empty() || content.starts_with(';') {
            continue;
        }
        if let Some(name) = content.strip_prefix('[').and_then(|c| c.strip_suffix(']')) {
            if here.is_none() && squeezed(name) != "clonecd" {
                return Err(not_one);
            }
            here = Some(squeezed(name));
            sections.entry(squeezed(name)).or_default();
            continue;
        }
        let section = here.as_ref().and_then(|name| sections.get_mut(name));
        let (Some(section), Some((name, value))) = (section, content.split_once('=')) else {
            let fault = match here {
                Some(_) => CcdFault::Line(content.to_owned()),
                None => CcdFault::NotOne,
            };
            return Err(CcdError { line, fault });
        };
        section.insert(squeezed(name), (line, value.trim().to_owned()));
    }
    match sections.is_empty() {
        true => Err(not_one),
        false => Ok((sections, line)),
    }
}

/// A number, decimal or behind `0x`.
fn number(section: &Section, name: &str) -> Result<Option<(u32, i64)>, CcdError> {
    let Some((line, text)) = section.get(name) else {
        return Ok(None);
    };
    let parsed = match text.strip_prefix("0x").or(text.strip_prefix("0X")) {
        Some(digits) => u32::from_str_radix(digits, 16).ok().map(i64::from),
        None => text.parse::<i32>().ok().map(i64::from),
    };
    let value = parsed.ok_or_else(|| CcdError {
        line: *line,
        fault: CcdFault::Number(text.clone()),
    })?;
    Ok(Some((*line, value)))
}

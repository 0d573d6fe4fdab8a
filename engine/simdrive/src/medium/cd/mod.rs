//! CD-R and CD-RW: tracks with their gaps, sessions with their lead-ins and lead-outs, and what
//! of them a recorder can tell (recipes 2.1 to 2.3, 5 and 13).
//!
//! Owns the record of a disc and its addresses. Its saved form lies in `saved`, how it is written in
//! `writing`, what a host may announce of a session in `cue_sheet`, what BLANK leaves in
//! `blanking`. Must not know time, buffers or stores.
//!
//! ```text
//! lead-in  -150 pregap  0 track 1  +2 run-out  +150 link and pregap  track 2  +2  lead-out
//!                                   session 2 begins 11400 blocks after the first lead-out
//! ```
//!
//! Of tracks of plain data the store keeps the user data of blocks from 0 on; of all else it keeps
//! whole sectors (`track`), which the drive makes of what the host sends (`wire`). What link and
//! run-out blocks, lead-ins and lead-outs hold is not read, but for what it says (`heard`,
//! `subcode`). A disc is saved as the loss of power would
//! leave it, as nothing that was begun on a CD can be gone on with after that (recipe 8).

mod blanking;
pub(crate) mod cue_sheet;
mod heard;
mod raw;
mod saved;
mod sound;
mod subcode;
mod track;
mod wire;
mod writing;

pub(crate) use blanking::Blanking;
pub(crate) use cue_sheet::CueSheet;
pub(crate) use heard::Texts;
pub(crate) use sound::Place;
pub(crate) use track::{Form, Kept, Track};
pub(crate) use wire::{MAIN_BYTES, Main, Sub, Wire, form_of, is_form_2};
pub(crate) use writing::Parameters;

use pitland_redbook::subchannel::Mcn;

use self::heard::Heard;
use super::{FormatDescriptor, MediumError, MediumKind};
use crate::refusal::Refusal;

/// Where the last possible lead-out of an 80-minute disc begins (recipe 13.3, R1).
pub(crate) const CAPACITY: u32 = 359_846;
/// Blocks of the smallest disc that is accepted.
pub(crate) const LEAST_CAPACITY: u32 = 2048;
/// Blocks of the largest one: addresses from 90 minutes on are those of a lead-in (recipe 2.3).
pub(crate) const MOST_CAPACITY: u32 = 90 * 60 * 75 - 150 - 1;
/// Where the first lead-in begins, as minutes, seconds and frames (recipe 2.3).
pub(crate) const LEAD_IN_START: [u8; 3] = [97, 28, 0];
/// The same as an address: minutes from 90 on lie before the program (recipe 2.3).
pub(crate) const LEAD_IN: i32 = -11_550;

/// Blocks behind the last possible lead-out that a drive may write all the same: two minutes.
pub(crate) const MOST_OVERBURN: u32 = 9000;

/// The pause before a track, which is the least pregap of the first one.
pub(crate) const PREGAP: u32 = 150;
/// Blocks that end a track that was written at once; they do not read.
pub(crate) const RUN_OUT: u32 = 2;
/// The shortest track: four seconds.
pub(crate) const LEAST_TRACK: u32 = 300;
/// Track numbers have two digits.
pub(crate) const MOST_TRACKS: usize = 99;
/// Indexes from 2 on that a disc's record has room for: more than six full cue sheets tell of.
pub(crate) const MOST_INDEXES: usize = 2000;
/// Lead-out, next lead-in and pregap, after the first session and after later ones.
const GAPS: (u32, u32) = (11_400, 6900);

/// What the pointer B0h of a lead-in says of the sessions to come (recipe 2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// No pointer: a disc of one session.
    None,
    /// FF:FF:FF.
    Final,
    /// Where the next program area begins, pregap included.
    At(u32),
}

/// A closed session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Session {
    pub(crate) lead_out: u32,
    pub(crate) next: Next,
    /// 00h data or audio, 10h CD-I, 20h XA.
    pub(crate) format: u8,
    pub(crate) mcn: Option<Mcn>,
}

/// What is under way.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Writing {
    Nothing,
    /// The last track, written at once; the next block to be taken.
    Track {
        nwa: u32,
    },
    /// A session was announced, and nothing of it came.
    Announced(CueSheet),
    /// A session at once. Addresses are those of blocks, from -150 on.
    Session {
        sheet: CueSheet,
        next: i32,
        recorded: i32,
        texts: Texts,
    },
    /// A session that the host makes whole, from the lead-in to the lead-out.
    Raw {
        heard: Heard,
        next: i32,
        recorded: i32,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CdDisc {
    pub(crate) kind: MediumKind,
    /// Where the last possible lead-out begins.
    capacity: u32,
    pub(crate) tracks: Vec<Track>,
    /// The number of the first track: another than 1 only where a host wrote its lead-in so.
    first_number: u8,
    /// The closed ones.
    pub(crate) sessions: Vec<Session>,
    complete: bool,
    /// A blanking of the whole disc was begun, and has not come to its end: nothing helps but
    /// another one.
    half_blanked: bool,
    /// A session was written raw, and its lead-in has no table of contents: nothing reads.
    pub(crate) unreadable: bool,
    /// CD-TEXT in the first lead-in.
    pub(crate) texts: Texts,
    writing: Writing,
}

/// Where the last session stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Last {
    Empty,
    Incomplete,
    Complete,
}

impl CdDisc {
    pub(crate) fn blank(kind: MediumKind, capacity: u32) -> Self {
        Self {
            kind,
            capacity,
            tracks: Vec::new(),
            first_number: 1,
            sessions: Vec::new(),
            complete: false,
            half_blanked: false,
            unreadable: false,
            texts: Texts::default(),
            writing: Writing::Nothing,
        }
    }

    pub(crate) fn capacity(&self) -> u32 {
        self.capacity
    }

    /// What was there is gone, and the disc is not blank.
    pub(crate) fn is_half_blanked(&self) -> bool {
        self.half_blanked
    }

    pub(crate) fn is_rewritable(&self) -> bool {
        self.kind == MediumKind::CdRw
    }

    pub(crate) fn is_complete(&self) -> bool {
        self.complete
    }

    /// Neither a track nor a session.
    pub(crate) fn is_blank(&self) -> bool {
        self.tracks.is_empty() && self.sessions.is_empty() && !self.half_blanked
    }

    /// Blocks are being taken, and the track or session they belong to has not ended.
    pub(crate) fn in_flight(&self) -> bool {
        matches!(
            self.writing,
            Writing::Track { .. } | Writing::Session { .. } | Writing::Raw { .. }
        )
    }

    pub(crate) fn last(&self) -> Last {
        match self.complete {
            true => Last::Complete,
            false if self.half_blanked || self.in_flight() => Last::Incomplete,
            false if self.open_tracks().next().is_some() => Last::Incomplete,
            false => Last::Empty,
        }
    }

    /// Sessions as disc information counts them: an open or empty last one too.
    pub(crate) fn session_count(&self) -> u8 {
        (self.sessions.len() + usize::from(!self.complete)) as u8
    }

    /// Tracks of the session that is not closed.
    pub(crate) fn open_tracks(&self) -> impl Iterator<Item = &Track> {
        let open = self.sessions.len() + 1;
        self.tracks
            .iter()
            .filter(move |t| usize::from(t.session) == open)
    }

    /// Tracks of a session, with their numbers.
    pub(crate) fn tracks_of(&self, session: u8) -> impl Iterator<Item = (u8, &Track)> {
        self.numbered().filter(move |(_, t)| t.session == session)
    }

    pub(crate) fn numbered(&self) -> impl Iterator<Item = (u8, &Track)> {
        self.tracks
            .iter()
            .enumerate()
            .map(|(at, t)| (self.first_number + at as u8, t))
    }

    /// The number of the first track.
    pub(crate) fn first_number(&self) -> u8 {
        self.first_number
    }

    /// The track of a number.
    pub(crate) fn track(&self, number: u8) -> Option<&Track> {
        self.tracks
            .get(usize::from(number.checked_sub(self.first_number)?))
    }

    /// The number of a track behind all that there are.
    fn number_behind(&self) -> u8 {
        self.first_number + self.tracks.len() as u8
    }

    /// Tracks of closed sessions: what a table of contents holds.
    pub(crate) fn closed_tracks(&self) -> impl Iterator<Item = (u8, &Track)> {
        let closed = self.sessions.len();
        self.numbered()
            .filter(move |(_, t)| usize::from(t.session) <= closed)
    }

    /// The number of the track that is being written, or would be written next.
    pub(crate) fn next_number(&self) -> u8 {
        let open = self.tracks.last().is_some_and(|t| !t.ended);
        match open {
            true => self.number_behind() - 1,
            false => self.number_behind(),
        }
    }

    /// Numbers of the first and last track of the last session.
    pub(crate) fn last_session_tracks(&self) -> (u8, u8) {
        let last = match self.complete {
            true => self.number_behind() - 1,
            false => self.next_number(),
        };
        let first = self.tracks_of(self.session_count()).next();
        (first.map_or(last, |(number, _)| number), last)
    }

    /// The number of a track of this disc.
    pub(crate) fn number_of(&self, track: &Track) -> u8 {
        let found = self.numbered().find(|(_, t)| t.start == track.start);
        found.map_or(0, |(number, _)| number)
    }

    /// Whether the disc tells what is on it.
    pub(crate) fn check_table_of_contents(&self) -> Result<(), Refusal> {
        match (self.unreadable, self.sessions.is_empty()) {
            (true, _) => Err(Refusal::NO_TABLE_OF_CONTENTS),
            (false, true) => Err(Refusal::ILLEGAL_FIELD),
            (false, false) => Ok(()),
        }
    }

    /// Lead-out of the last closed session; 0 when there is none.
    pub(crate) fn closed_end(&self) -> u32 {
        self.sessions.last().map_or(0, |s| s.lead_out)
    }

    /// The last address that a reader may count on (recipe 13).
    pub(crate) fn last_lba(&self) -> u32 {
        self.closed_end().saturating_sub(1)
    }

    /// Where the program area of the session that is not closed begins, behind its pregap.
    pub(crate) fn session_start(&self) -> u32 {
        match self.sessions.as_slice() {
            [] => 0,
            [first] => first.lead_out.saturating_add(GAPS.0),
            [.., last] => last.lead_out.saturating_add(GAPS.1),
        }
    }

    /// Where the next track begins, behind its pregap; `None` while one is open, and where none
    /// fits any more.
    pub(crate) fn next_start(&self) -> Option<u32> {
        if self.complete || self.half_blanked {
            return None;
        }
        let start = match self.open_tracks().last() {
            Some(track) if !track.ended => return None,
            Some(track) => track.close_end() + PREGAP,
            None => self.session_start(),
        };
        (!self.is_out_of_tracks() && start + LEAST_TRACK + RUN_OUT <= self.capacity)
            .then_some(start)
    }

    /// Whether there is no number for one more track.
    fn is_out_of_tracks(&self) -> bool {
        usize::from(self.number_behind()) > MOST_TRACKS
    }

    pub(crate) fn readable_tracks(&self) -> Vec<(u32, u32)> {
        let readable =
            |t: &&Track| t.ended && !t.lost && t.end > t.start && !t.is_audio() && !self.unreadable;
        self.tracks
            .iter()
            .filter(readable)
            .map(|t| (t.start, t.end - t.start))
            .collect()
    }

    pub(crate) fn written_end(&self) -> u32 {
        self.tracks.iter().map(|t| t.end).max().unwrap_or(0)
    }

    /// The end of what the store keeps as blocks.
    pub(crate) fn blocks_end(&self) -> u32 {
        let blocks = self.tracks.iter().filter(|t| t.kept == Kept::Blocks);
        blocks.map(|t| t.end).max().unwrap_or(0)
    }

    /// Nothing that this drive formats to: neither packets nor Mount Rainier.
    pub(crate) fn formats(&self) -> Vec<FormatDescriptor> {
        Vec::new()
    }

    /// Whether the block is one of the two behind a track that was written at once.
    pub(crate) fn is_run_out(&self, lba: u32) -> bool {
        self.tracks
            .iter()
            .any(|t| t.ended && (t.end..t.close_end()).contains(&lba))
    }

    /// The first block of the range that does not read as data, with the reason (recipe 13.2).
    ///
    /// A recorder finds the tracks of a session that is not closed in the PMA. While a track is
    /// written the laser is there, and nowhere else.
    pub(crate) fn check_read(&self, lba: u32, blocks: u32) -> Result<(), Refusal> {
        if self.in_flight() {
            return Err(Refusal::SEQUENCE);
        }
        if self.unreadable {
            return Err(Refusal::NO_TABLE_OF_CONTENTS);
        }
        let ends = self.tracks.iter().map(Track::close_end);
        let limit = ends.max().unwrap_or(0).max(self.closed_end());
        let end = lba
            .checked_add(blocks)
            .ok_or(Refusal::LBA_OUT_OF_RANGE.at(lba))?;
        if lba >= limit {
            return Err(Refusal::LBA_OUT_OF_RANGE.at(lba));
        }
        let mut at = lba;
        while at < end {
            let track = self.tracks.iter().find(|t| (t.first..t.end).contains(&at));
            match track {
                Some(t) if t.lost || !t.ended => return Err(Refusal::READ_ERROR.at(at)),
                Some(t) if !matches!(t.form, Form::Mode1 | Form::Xa) => {
                    return Err(Refusal::ILLEGAL_MODE.at(at));
                }
                Some(t) => at = t.end,
                None if self.is_run_out(at) => return Err(Refusal::ILLEGAL_MODE.at(at)),
                None if at >= limit => return Err(Refusal::LBA_OUT_OF_RANGE.at(at)),
                None => return Err(Refusal::READ_ERROR.at(at)),
            }
        }
        Ok(())
    }

    /// What must hold of every disc, whoever wrote its state.
    pub(crate) fn validate(&self) -> Result<(), MediumError> {
        let wrong = |what| Err(MediumError::Corrupt(what));
        if !self.kind.is_cd() || !(LEAST_CAPACITY..=MOST_CAPACITY).contains(&self.capacity) {
            return wrong("the capacity is impossible");
        }
        let last_number = usize::from(self.first_number) + self.tracks.len();
        if self.first_number == 0 || last_number > MOST_TRACKS + 1 {
            return wrong("tracks have numbers that are none");
        }
        if self.first_number != 1 && self.tracks.is_empty() {
            return wrong("a disc without tracks has a number for the first");
        }
        if self.sessions.len() > self.tracks.len() {
            return wrong("there are too many sessions");
        }
        if self.half_blanked && (!self.is_rewritable() || !self.tracks.is_empty()) {
            return wrong("a disc that was being blanked has tracks");
        }
        if self.complete && self.sessions.is_empty() {
            return wrong("a complete disc has no session");
        }
        let (mut from, mut session) = (0, 1);
        for (at, track) in self.tracks.iter().enumerate() {
            let in_order = from <= track.first && track.first <= track.start;
            let limit = match track.kept {
                Kept::Blocks => self.capacity,
                Kept::Sectors | Kept::Raw => self.capacity + MOST_OVERBURN,
            };
            if !in_order || track.end < track.start || track.close_end() > limit {
                return wrong("tracks overlap or leave the disc");
            }
            if track.session != session && (at == 0 || track.session != session + 1) {
                return wrong("the sessions are out of order");
            }
            let closed = usize::from(track.session) <= self.sessions.len();
            let written = matches!(self.writing, Writing::Track { .. });
            let open = (track.lost || written) && !closed && at + 1 == self.tracks.len();
            if !track.ended && !open {
                return wrong("a track has no end");
            }
            if track.control > 0x0F {
                return wrong("a track's control bits are too many");
            }
            (session, from) = (track.session, track.close_end());
        }
        let open = usize::from(self.open_tracks().next().is_some());
        if usize::from(session) != (self.sessions.len() + open).max(1) {
            return wrong("the number of sessions is not that of the tracks");
        }
        if open == 1 && self.complete {
            return wrong("a complete disc has an open session");
        }
        for (at, session) in self.sessions.iter().enumerate() {
            let end = self
                .tracks_of(at as u8 + 1)
                .map(|(_, t)| t.close_end())
                .max();
            let limit = self.capacity + MOST_OVERBURN;
            if end.is_none_or(|end| end > session.lead_out) || session.lead_out > limit {
                return wrong("a lead-out lies in its session, or outside the disc");
            }
        }
        Ok(())
    }
}

/// Minutes, seconds and frames of an address that counts from the start of the program area
/// (recipe 2.3); negative ones are of the pregap.
pub(crate) fn msf(lba: i32) -> [u8; 3] {
    let frames = lba.saturating_add(PREGAP as i32).max(0) as u32;
    let minutes = (frames / (60 * 75)).min(99);
    [minutes as u8, (frames / 75 % 60) as u8, (frames % 75) as u8]
}

/// The reverse of [`msf`], below 90 minutes; `None` where seconds or frames are too many.
pub(crate) fn lba([m, s, f]: [u8; 3]) -> Option<i32> {
    let frames = (i32::from(m) * 60 + i32::from(s)) * 75 + i32::from(f);
    (m < 90 && s < 60 && f < 75).then_some(frames - PREGAP as i32)
}

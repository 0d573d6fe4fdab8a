//! The cue sheet: what a host announces of a session at once, entry by entry, and which
//! sheets a strict drive takes (recipe 5).
//!
//! Owns the rules. Must not know commands, nor what becomes of the session.

use pitland_redbook::subchannel::{Isrc, Mcn};

use super::track::Form;
use super::wire::{Main, Sub, Wire};
use super::{CdDisc, LEAD_IN, LEAST_TRACK, MOST_INDEXES, MOST_TRACKS, PREGAP, lba};

/// Bytes of an entry.
pub(crate) const ENTRY: usize = 8;
const LEAD_OUT: u8 = 0xAA;
/// A data track, in the control bits.
const DATA: u8 = 4;
/// The lead-in brings CD-TEXT.
const CD_TEXT: u8 = 0x40;

/// A track of the session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Planned {
    /// Index 0, or index 1 where there is none: the first block that the host sends of it.
    pub(crate) first: i32,
    /// Index 1.
    pub(crate) start: u32,
    pub(crate) control: u8,
    pub(crate) form: Form,
    /// Where index 2 and the following ones begin.
    pub(crate) indexes: Vec<u32>,
    pub(crate) isrc: Option<Isrc>,
    /// A copy that must not be copied once more.
    pub(crate) serial_copy: bool,
    /// The blocks that the host sends of it.
    wire: Wire,
    /// DATA FORM as it came.
    data_form: u8,
}

/// A session, as it was announced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CueSheet {
    pub(crate) tracks: Vec<Planned>,
    pub(crate) lead_out: u32,
    /// As page 05h had it when the sheet came.
    pub(crate) multi_session: u8,
    /// 00h data or audio, 10h CD-I, 20h XA.
    pub(crate) format: u8,
    pub(crate) mcn: Option<Mcn>,
    has_cd_text: bool,
    /// The lead-out lies behind the last possible one.
    is_beyond: bool,
}

/// The sheet breaks a rule; which one is not told (5/26/00).
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BadSheet;

#[derive(Clone, Copy)]
struct Entry {
    control: u8,
    adr: u8,
    track: u8,
    index: u8,
    form: u8,
    scms: u8,
    time: [u8; 3],
    /// As it came.
    bytes: [u8; ENTRY],
}

impl Entry {
    fn of(bytes: [u8; ENTRY]) -> Self {
        let [first, track, index, form, scms, m, s, f] = bytes;
        Self {
            control: first >> 4,
            adr: first & 0x0F,
            track,
            index,
            form,
            scms,
            time: [m, s, f],
            bytes,
        }
    }
}

/// Entries, one after the other.
struct Entries<'a>(&'a [u8]);

impl Entries<'_> {
    fn peek(&self) -> Option<Entry> {
        self.0.first_chunk().map(|bytes| Entry::of(*bytes))
    }

    fn next(&mut self) -> Result<Entry, BadSheet> {
        let entry = self.peek().ok_or(BadSheet)?;
        self.0 = self.0.get(ENTRY..).unwrap_or_default();
        Ok(entry)
    }
}

impl CueSheet {
    /// Reads a sheet for the session that begins at `start`, behind its pregap, with the track
    /// of this number. Times count from the first block of the disc's pregap.
    pub(crate) fn parse(
        bytes: &[u8],
        start: u32,
        number: u8,
        (capacity, overburn): (u32, u32),
    ) -> Result<Self, BadSheet> {
        if bytes.is_empty() || !bytes.len().is_multiple_of(ENTRY) {
            return Err(BadSheet);
        }
        let mut entries = Entries(bytes);
        let mcn = catalogue_number(&mut entries)?;
        let lead_in = entries.next()?;
        let format = check_lead_in(lead_in)?;
        let mut sheet = Self {
            tracks: Vec::new(),
            lead_out: 0,
            multi_session: 0,
            format,
            mcn,
            has_cd_text: lead_in.form & CD_TEXT != 0,
            is_beyond: false,
        };
        // What came last, in blocks.
        let mut time = start as i32 - PREGAP as i32;
        while entries.peek().is_some_and(|e| e.track != LEAD_OUT) {
            let number = usize::from(number) + sheet.tracks.len();
            if number > MOST_TRACKS {
                return Err(BadSheet);
            }
            let first = sheet.tracks.is_empty();
            let track = parse_track(&mut entries, number as u8, first, &mut time)?;
            sheet.tracks.push(track);
        }
        sheet.lead_out = check_lead_out(&mut entries, lead_in, &sheet, time)?;
        sheet.check_lengths(start, capacity + overburn)?;
        sheet.is_beyond = sheet.lead_out > capacity;
        if sheet
            .tracks
            .first()
            .is_none_or(|t| t.control & DATA != lead_in.control & DATA)
        {
            return Err(BadSheet);
        }
        Ok(sheet)
    }

    /// The first block of the program that the host sends.
    pub(crate) fn program(&self) -> i32 {
        self.tracks.first().map_or(0, |t| t.first)
    }

    /// The first block that the host sends: of the lead-in where it brings texts, which only that
    /// of the first session has.
    pub(crate) fn first(&self) -> i32 {
        match self.has_cd_text {
            true => LEAD_IN,
            false => self.program(),
        }
    }

    /// Whether a store that keeps 2048 bytes of each block keeps all that is announced.
    pub(crate) fn is_plain(&self) -> bool {
        !self.has_cd_text && !self.is_beyond && self.tracks.iter().all(|t| t.wire.is_plain())
    }

    /// Whether the host brings texts for the lead-in.
    pub(crate) fn has_texts(&self) -> bool {
        self.has_cd_text
    }

    /// The form of the blocks at an address, and the address behind the last one of it.
    pub(crate) fn wire_at(&self, lba: i32) -> Option<(Wire, i32)> {
        if lba < self.program() {
            return self.has_cd_text.then_some((Wire::TEXT, self.program()));
        }
        let after = self.tracks.partition_point(|t| t.first <= lba);
        let wire = self.tracks.get(after.checked_sub(1)?)?.wire;
        let mut following = self.tracks.iter().skip(after);
        let end = following.find(|t| t.wire != wire).map(|t| t.first);
        Some((wire, end.unwrap_or(self.lead_out as i32)))
    }

    fn indexes(&self) -> usize {
        self.tracks.iter().map(|t| t.indexes.len()).sum()
    }

    /// The first track begins behind a pregap of two seconds at the start of the session, every
    /// one is four seconds long, and the lead-out lies on the disc.
    fn check_lengths(&self, start: u32, capacity: u32) -> Result<(), BadSheet> {
        let first = self.tracks.first().ok_or(BadSheet)?;
        let pregap = start as i32 - PREGAP as i32;
        let ends = self.tracks.iter().skip(1).map(|t| t.first);
        let ends = ends.chain([self.lead_out as i32]);
        let short = |(track, end): (&Planned, i32)| end - (track.start as i32) < LEAST_TRACK as i32;
        if first.first != pregap
            || first.start < start
            || self.tracks.iter().zip(ends).any(short)
            || self.lead_out > capacity
        {
            return Err(BadSheet);
        }
        Ok(())
    }
}

/// Two entries at most, at the beginning: seven digits, then six and a zero.
fn catalogue_number(entries: &mut Entries<'_>) -> Result<Option<Mcn>, BadSheet> {
    if entries.peek().is_none_or(|e| e.adr != 2) {
        return Ok(None);
    }
    let (first, second) = (entries.next()?.bytes, entries.next()?.bytes);
    if second[0] != first[0] || second[7] != 0 {
        return Err(BadSheet);
    }
    let number = text(&[&first[1..], &second[1..7]])?;
    number.parse().map(Some).map_err(|_| BadSheet)
}

fn text(halves: &[&[u8]; 2]) -> Result<String, BadSheet> {
    String::from_utf8(halves.concat()).map_err(|_| BadSheet)
}

/// Gives the session format.
fn check_lead_in(entry: Entry) -> Result<u8, BadSheet> {
    let format = match (entry.form & !CD_TEXT, entry.control & DATA) {
        (0x01, 0) => 0x00,
        (0x14 | 0x34, DATA) => 0x00,
        (0x24, DATA) => 0x20,
        _ => return Err(BadSheet),
    };
    let right =
        (entry.adr, entry.track, entry.index, entry.scms) == (1, 0, 0, 0) && entry.time == [0; 3];
    right.then_some(format).ok_or(BadSheet)
}

/// ISRC, index 0, index 1 and the following ones of one track.
fn parse_track(
    entries: &mut Entries<'_>,
    number: u8,
    is_first: bool,
    time: &mut i32,
) -> Result<Planned, BadSheet> {
    let isrc = isrc(entries, number)?;
    let begin = entries.next()?;
    let (form, wire) = main_channel(begin.form)?;
    let data = if form == Form::Audio { 0 } else { DATA };
    if begin.control & DATA != data || isrc.is_some_and(|(control, _)| control != begin.control) {
        return Err(BadSheet);
    }
    let mut check = |entry: Entry, index: u8| {
        let at = lba(entry.time).ok_or(BadSheet)?;
        let right = (entry.adr, entry.track, entry.index) == (1, number, index)
            && (entry.control, entry.form, entry.scms) == (begin.control, begin.form, begin.scms)
            && matches!(entry.scms, 0 | 0x80)
            && at >= *time;
        *time = at;
        right.then_some(at).ok_or(BadSheet)
    };
    let (first, start) = match begin.index {
        0 => (check(begin, 0)?, check(entries.next()?, 1)?),
        _ if is_first => return Err(BadSheet),
        _ => {
            let at = check(begin, 1)?;
            (at, at)
        }
    };
    let mut indexes = Vec::new();
    for index in 2..=99 {
        if entries
            .peek()
            .is_none_or(|e| e.adr != 1 || e.track != number)
        {
            break;
        }
        let at = check(entries.next()?, index)?;
        indexes.push(u32::try_from(at).map_err(|_| BadSheet)?);
    }
    Ok(Planned {
        first,
        start: u32::try_from(start).map_err(|_| BadSheet)?,
        control: begin.control,
        form,
        indexes,
        isrc: isrc.map(|(_, code)| code),
        serial_copy: begin.scms == 0x80,
        wire,
        data_form: begin.form,
    })
}

/// Two entries at most, before index 0: six characters each. Gives the control bits, and the code.
fn isrc(entries: &mut Entries<'_>, number: u8) -> Result<Option<(u8, Isrc)>, BadSheet> {
    if entries.peek().is_none_or(|e| e.adr != 3) {
        return Ok(None);
    }
    let (first, second) = (entries.next()?, entries.next()?);
    let right = [first, second]
        .iter()
        .all(|e| (e.adr, e.track) == (3, number) && e.control == first.control);
    let code = text(&[&first.bytes[2..], &second.bytes[2..]])?;
    let code = code.parse().map_err(|_| BadSheet)?;
    right.then_some(Some((first.control, code))).ok_or(BadSheet)
}

/// What the blocks hold, and how they come. Sub-channel from the host (bits 7-6: 01 raw, 11
/// packed) may come with any.
fn main_channel(form: u8) -> Result<(Form, Wire), BadSheet> {
    let sub = match form >> 6 {
        0 => Sub::ByDrive,
        1 => Sub::Raw,
        3 => Sub::Packed,
        _ => return Err(BadSheet),
    };
    let (form, main) = match form & 0x3F {
        0x00 => (Form::Audio, Main::Audio),
        0x10 => (Form::Mode1, Main::Mode1),
        0x11 => (Form::Mode1, Main::Mode1Sector),
        0x20 => (Form::Xa, Main::Xa),
        0x21 => (Form::Xa, Main::XaSector),
        0x30 => (Form::Mode2, Main::Mode2),
        0x31 => (Form::Mode2, Main::Mode2Sector),
        _ => return Err(BadSheet),
    };
    Ok((form, Wire { main, sub }))
}

/// The last entry. Its form is that of the lead-in by recipe 5, or that of the last track, as
/// wodim has it where the two differ.
fn check_lead_out(
    entries: &mut Entries<'_>,
    lead_in: Entry,
    sheet: &CueSheet,
    time: i32,
) -> Result<u32, BadSheet> {
    let entry = entries.next()?;
    let last = sheet.tracks.last().ok_or(BadSheet)?;
    let by_drive = match last.data_form & 0x30 {
        0x00 => 0x01,
        main => main | 0x04,
    };
    let right = (entry.adr, entry.track, entry.index, entry.scms) == (1, LEAD_OUT, 1, 0)
        && (entry.form == lead_in.form & !CD_TEXT || entry.form == by_drive)
        && (entry.control & DATA == DATA) == (entry.form != 0x01)
        && entries.0.is_empty();
    match lba(entry.time).filter(|at| right && *at > time) {
        Some(at) => u32::try_from(at).map_err(|_| BadSheet),
        None => Err(BadSheet),
    }
}

impl CdDisc {
    /// Reads the sheet for the session that this disc can take next.
    pub(crate) fn read_sheet(
        &self,
        bytes: &[u8],
        start: u32,
        overburn: u32,
    ) -> Result<CueSheet, BadSheet> {
        let number = self.number_behind();
        let sheet = CueSheet::parse(bytes, start, number, (self.capacity(), overburn))?;
        let indexes: usize = self.tracks.iter().map(|t| t.indexes.len()).sum();
        // Texts stand in the lead-in of the first session only (recipe 5).
        let misplaced = sheet.has_cd_text && !self.is_blank();
        match misplaced || indexes + sheet.indexes() > MOST_INDEXES {
            true => Err(BadSheet),
            false => Ok(sheet),
        }
    }
}

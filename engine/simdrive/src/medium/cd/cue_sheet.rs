//! The cue sheet: what a host announces of a session at once, entry by entry, and which
//! sheets a strict drive takes (recipe 5).
//!
//! Owns the rules. Must not know commands, nor what becomes of the session.

use super::{CdDisc, Form, LEAST_TRACK, MOST_TRACKS, PREGAP, lba};

/// Bytes of an entry.
pub(crate) const ENTRY: usize = 8;
/// Bytes of a sheet at most (feature 002Eh; recipe 2.4).
pub(crate) const MOST_BYTES: usize = 3072;

const LEAD_OUT: u8 = 0xAA;
/// A data track, in the control bits.
const DATA: u8 = 4;
/// The lead-in brings CD-TEXT.
const CD_TEXT: u8 = 0x40;

/// A track of the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Planned {
    /// Index 0, or index 1 where there is none: the first block that the host sends of it.
    pub(crate) first: i32,
    /// Index 1.
    pub(crate) start: u32,
    pub(crate) control: u8,
    pub(crate) form: Form,
    /// DATA FORM as it came: not all that a sheet may announce can be kept.
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
    has_cd_text: bool,
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
        capacity: u32,
    ) -> Result<Self, BadSheet> {
        if bytes.is_empty() || !bytes.len().is_multiple_of(ENTRY) {
            return Err(BadSheet);
        }
        let mut entries = Entries(bytes);
        skip_catalogue_number(&mut entries)?;
        let lead_in = entries.next()?;
        let format = check_lead_in(lead_in)?;
        let mut sheet = Self {
            tracks: Vec::new(),
            lead_out: 0,
            multi_session: 0,
            format,
            has_cd_text: lead_in.form & CD_TEXT != 0,
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
        sheet.check_lengths(start, capacity)?;
        if sheet
            .tracks
            .first()
            .is_none_or(|t| t.control & DATA != lead_in.control & DATA)
        {
            return Err(BadSheet);
        }
        Ok(sheet)
    }

    /// The first block that the host sends.
    pub(crate) fn first(&self) -> i32 {
        self.tracks.first().map_or(0, |t| t.first)
    }

    /// Whether the disc's store can keep what is announced: blocks of 2048 bytes, mode 1.
    /// Audio, raw blocks and CD-TEXT are understood, and have no place yet.
    pub(crate) fn can_be_kept(&self) -> bool {
        !self.has_cd_text && self.tracks.iter().all(|t| t.data_form == 0x10)
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
fn skip_catalogue_number(entries: &mut Entries<'_>) -> Result<(), BadSheet> {
    if entries.peek().is_none_or(|e| e.adr != 2) {
        return Ok(());
    }
    let digits = |bytes: &[u8]| bytes.iter().all(u8::is_ascii_digit);
    let (first, second) = (entries.next()?.bytes, entries.next()?.bytes);
    let right =
        second[0] == first[0] && digits(&first[1..]) && digits(&second[1..7]) && second[7] == 0;
    right.then_some(()).ok_or(BadSheet)
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
    let isrc = skip_isrc(entries, number)?;
    let begin = entries.next()?;
    let (form, data) = main_channel(begin.form)?;
    if begin.control & DATA != data || isrc.is_some_and(|control| control != begin.control) {
        return Err(BadSheet);
    }
    let mut check = |entry: Entry, index: u8| {
        let at = lba(entry.time).ok_or(BadSheet)?;
        let right = (entry.adr, entry.track, entry.index) == (1, number, index)
            && (entry.control, entry.form) == (begin.control, begin.form)
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
    for index in 2..=99 {
        if entries
            .peek()
            .is_none_or(|e| e.adr != 1 || e.track != number)
        {
            break;
        }
        check(entries.next()?, index)?;
    }
    Ok(Planned {
        first,
        start: u32::try_from(start).map_err(|_| BadSheet)?,
        control: begin.control,
        form,
        data_form: begin.form,
    })
}

/// Two entries at most, before index 0: six characters each. Gives the control bits.
fn skip_isrc(entries: &mut Entries<'_>, number: u8) -> Result<Option<u8>, BadSheet> {
    if entries.peek().is_none_or(|e| e.adr != 3) {
        return Ok(None);
    }
    let (first, second) = (entries.next()?, entries.next()?);
    let characters = |e: &Entry| e.bytes.iter().skip(2).all(u8::is_ascii_alphanumeric);
    let right = [first, second]
        .iter()
        .all(|e| (e.adr, e.track) == (3, number) && e.control == first.control && characters(e));
    right.then_some(Some(first.control)).ok_or(BadSheet)
}

/// What the blocks hold, and whether the control bits must say data. Sub-channel from the host
/// (bits 7-6: 01 raw, 11 packed) may come with any.
fn main_channel(form: u8) -> Result<(Form, u8), BadSheet> {
    if form >> 6 == 2 {
        return Err(BadSheet);
    }
    match form & 0x3F {
        0x00 => Ok((Form::Audio, 0)),
        0x10 | 0x11 => Ok((Form::Mode1, DATA)),
        // What else mode 2 may hold is not told apart, as none of it can be kept.
        0x20 | 0x21 | 0x30 | 0x31 => Ok((Form::XaForm1, DATA)),
        _ => Err(BadSheet),
    }
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
    pub(crate) fn read_sheet(&self, bytes: &[u8], start: u32) -> Result<CueSheet, BadSheet> {
        CueSheet::parse(bytes, start, self.tracks.len() as u8 + 1, self.capacity())
    }
}

//! What a disc in a drive is: its tracks, their pauses and indexes, its codes and texts, as a session that sheets can be
//! made of.
//!
//! Owns which pauses and indexes, of which no table of contents tells, are looked for. Where they begin is
//! [`positions`](super::positions)'s. Must not know files.

use super::positions::{FLAG_SECTORS, Position, Positions, flags_of};
use crate::drive::DriveReader;
use crate::error::QueryError;
use pitland_mmc::Lba;
use pitland_mmc::reply::TocEntry;
use pitland_redbook::SECTOR_BYTES;
use pitland_redbook::disc::{LayoutError, Session, Track};
use pitland_redbook::sector::{SectorForm, Subheader};
use pitland_redbook::subchannel::Control;
use pitland_redbook::text::CdText;
use pitland_writer::MediaFacts;

/// Points of the full table of contents that tell of the first and the last track of a session.
const FIRST_TRACK: u8 = 0xa0;
const LAST_TRACK: u8 = 0xa1;
/// Where a data sector has its mode.
const MODE_AT: usize = 15;
/// Blocks of pause where sound and data meet, which there must be even where the drive does not show them.
const TURN: i32 = 150;

/// A session of a CD, as a drive reads it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CdScan {
    /// Which one, from 1 on.
    pub number: u8,
    /// Its tracks, by their numbers on the disc. All that stands from block 0 on is source: what is silent on the disc is so
    /// by its samples. Of a later session what stands before index 1 of its first track is none.
    pub session: Session,
    /// Its texts; none of a later session, whose lead-in has none.
    pub text: CdText,
    /// Closed sessions of the disc.
    pub sessions: u8,
    /// Whether pauses and indexes are known; `false`: the drive gives no sub-channels.
    pub has_positions: bool,
}

/// Why a disc could not be scanned.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScanCdError {
    /// The drive.
    #[error(transparent)]
    Drive(#[from] QueryError),
    /// The disc has no table of contents.
    #[error("there is no CD with closed tracks in the drive")]
    NoContents,
    /// The disc has no such session.
    #[error("the disc has no session {0} that is closed")]
    NoSession(u8),
    /// What the table of contents says is no session.
    #[error("the table of contents makes no sense: {0}")]
    Contents(LayoutError),
}

impl DriveReader {
    /// Finds out what the first session of a CD is, blocking. Finding the indexes moves the pickup some hundred times on a
    /// disc of many tracks.
    ///
    /// # Errors
    /// [`ScanCdError`].
    ///
    /// # Panics
    /// When called inside of an async task.
    pub fn scan_cd(&self, facts: &MediaFacts) -> Result<CdScan, ScanCdError> {
        self.scan_cd_session(facts, 1)
    }

    /// The same of any session, counted from 1.
    ///
    /// # Errors
    /// [`ScanCdError`].
    ///
    /// # Panics
    /// When called inside of an async task.
    pub fn scan_cd_session(&self, facts: &MediaFacts, number: u8) -> Result<CdScan, ScanCdError> {
        let contents = Contents::of(facts, number)?;
        let entries = &contents.tracks;
        let first = match (entries.first(), number) {
            (Some(first), _) => first,
            (None, 1) => return Err(ScanCdError::NoContents),
            (None, _) => return Err(ScanCdError::NoSession(number)),
        };
        let begin = match number {
            1 => Lba(0),
            _ => first.start,
        };
        let mut scan = Scan {
            reader: self,
            positions: Positions::new(self),
            has_positions: true,
        };
        // A look at the first sector tells whether there are sub-channels at all.
        scan.has_positions = scan.position(first.start)?.is_some();
        let mut begins = vec![begin.0];
        for (before, entry) in entries.iter().zip(entries.iter().skip(1)) {
            begins.push(scan.beginning(before, entry)?);
        }
        let mut tracks = Vec::with_capacity(entries.len());
        let ends = begins.iter().skip(1).copied().chain([contents.lead_out]);
        for ((entry, begin), end) in entries.iter().zip(&begins).zip(ends) {
            tracks.push(scan.track(entry, *begin, end)?);
        }
        let has_positions = scan.has_positions;
        let session = Session::of_disc_from(tracks, first.track, begin);
        let mut session = session.map_err(ScanCdError::Contents)?;
        let mut text = CdText::default();
        if number == 1 {
            if let Some(number) = self.read_catalogue()? {
                session = session.with_catalogue(number);
            }
            let packs = self.read_cd_text()?;
            text = CdText::parse(packs.as_flattened()).0;
        }
        Ok(CdScan {
            number,
            session,
            text,
            sessions: contents.sessions,
            has_positions,
        })
    }
}

/// What the tables of contents say of a session.
pub(super) struct Contents {
    pub(super) tracks: Vec<TocEntry>,
    lead_out: i32,
    /// Closed sessions of the disc.
    sessions: u8,
}

impl Contents {
    pub(super) fn of(facts: &MediaFacts, number: u8) -> Result<Self, ScanCdError> {
        let toc = facts.cd.toc.as_ref().ok_or(ScanCdError::NoContents)?;
        let full = facts.cd.full_toc.as_ref();
        let sessions = full.map_or(1, |full| full.last_session);
        if number == 0 || number > sessions.max(1) {
            return Err(ScanCdError::NoSession(number));
        }
        let pointed = |point| full.and_then(|full| full.entry(number, point));
        let first = match number {
            1 => 1,
            _ => pointed(FIRST_TRACK).map_or(u8::MAX, |entry| entry.pointed.m),
        };
        let last = pointed(LAST_TRACK).map_or(toc.last_track, |entry| entry.pointed.m);
        let all_end = toc.lead_out();
        let lead_out = match full.and_then(|full| full.lead_out(number)).or(all_end) {
            Some(lead_out) => lead_out,
            None => return Err(ScanCdError::NoContents),
        };
        let tracks = toc.entries.iter().filter(|entry| !entry.is_lead_out());
        let mut tracks: Vec<TocEntry> = tracks
            .filter(|entry| (first..=last).contains(&entry.track))
            .copied()
            .collect();
        // A drive may say anything.
        let (mut before, mut due) = (-1, None);
        tracks.retain(|entry| {
            let goes_on = entry.start.0 > before
                && entry.start < lead_out
                && due.is_none_or(|due| due == entry.track);
            if goes_on {
                before = entry.start.0;
                due = entry.track.checked_add(1);
            }
            goes_on
        });
        Ok(Self {
            tracks,
            lead_out: lead_out.0,
            sessions,
        })
    }
}

struct Scan<'a> {
    reader: &'a DriveReader,
    positions: Positions<'a>,
    has_positions: bool,
}

impl Scan<'_> {
    /// Where index 0 of a track begins behind another one.
    fn beginning(&self, before: &TocEntry, entry: &TocEntry) -> Result<i32, QueryError> {
        let index_1 = entry.start.0;
        let turned = match before.is_data() != entry.is_data() {
            true => (index_1 - TURN).max(before.start.0 + 1),
            false => index_1,
        };
        match self.position(Lba(index_1 - 1))? {
            Some(last) if last < (entry.track, 0) => Ok(index_1),
            Some(_) => self
                .positions
                .first_at(before.start.0, index_1, (entry.track, 0)),
            None => Ok(turned),
        }
    }

    fn track(&self, entry: &TocEntry, begin: i32, end: i32) -> Result<Track, QueryError> {
        let index_1 = entry.start.0;
        let frames = end.abs_diff(index_1);
        let mut track = match entry.is_data() {
            true => Track::data(self.form(entry.start)?, frames),
            false => Track {
                isrc: self.reader.read_isrc(entry.track)?,
                serial_copy: self.is_copy(entry, end)?,
                ..Track::audio(frames)
            },
        };
        track.control = Control::from_bits(entry.control);
        track.lead = index_1.abs_diff(begin);
        let last = self.position(Lba(end - 1))?;
        let indexes = last
            .filter(|last| last.0 == entry.track)
            .map_or(1, |last| last.1);
        let mut from = index_1;
        for index in 2..=indexes {
            from = self
                .positions
                .first_at(from, end - 1, (entry.track, index))?;
            track.indexes.push(from.abs_diff(index_1));
        }
        Ok(track)
    }

    /// Whether the flag of copies alternates, of which the table of contents does not tell.
    fn is_copy(&self, entry: &TocEntry, end: i32) -> Result<bool, QueryError> {
        if !self.has_positions {
            return Ok(false);
        }
        let sectors = FLAG_SECTORS.min(end.saturating_sub(entry.start.0));
        let count = u32::try_from(sectors).unwrap_or(0);
        let frames = self
            .positions
            .frames(entry.start, count)?
            .unwrap_or_default();
        Ok(flags_of(&frames, entry.track).is_some_and(|(_, alternates)| alternates))
    }

    /// The position of a block; `None`: neither it nor those around it tell one.
    fn position(&self, lba: Lba) -> Result<Option<Position>, QueryError> {
        match self.has_positions {
            true => self.positions.at(lba),
            false => Ok(None),
        }
    }

    /// What the sectors of a data track are; where the first one cannot be read, what most are.
    fn form(&self, lba: Lba) -> Result<SectorForm, QueryError> {
        let mut sector = [0; SECTOR_BYTES];
        match self.reader.read_sectors(lba, false, &mut sector) {
            Ok(_) => {}
            Err(QueryError::Sense(_)) => return Ok(SectorForm::Mode1),
            Err(error) => return Err(error),
        }
        Ok(match sector.get(MODE_AT) {
            Some(0) => SectorForm::Mode0,
            Some(2) => SectorForm::Mode2Form1(Subheader::data()),
            _ => SectorForm::Mode1,
        })
    }
}

//! What a disc in a drive is: its tracks, their pauses and indexes, its codes and texts, as a session that sheets can be
//! made of.
//!
//! Owns the search for pauses and indexes, which no table of contents has: each is a place where the position in Q changes,
//! and is found by halving. Must not know files.

use crate::drive::DriveReader;
use crate::error::QueryError;
use pitland_mmc::Lba;
use pitland_mmc::reply::TocEntry;
use pitland_redbook::SECTOR_BYTES;
use pitland_redbook::disc::{LayoutError, Session, Track};
use pitland_redbook::sector::{SectorForm, Subheader};
use pitland_redbook::subchannel::{Channels, Control, Q, QMessage, SubchannelTrack};
use pitland_redbook::text::CdText;
use pitland_writer::MediaFacts;

/// Where a data sector has its mode.
const MODE_AT: usize = 15;
/// Blocks of pause where sound and data meet, which there must be even where the drive does not show them.
const TURN: i32 = 150;
/// Sectors around one whose own position is not known, among which its neighbours' is looked for.
const AROUND: i32 = 2;

/// The first session of a CD, as a drive reads it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CdScan {
    /// Its tracks. All that stands from block 0 on is source: what is silent on the disc is so by its samples.
    pub session: Session,
    /// Its texts.
    pub text: CdText,
    /// Closed sessions of the disc; those behind the first one are not scanned.
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
    /// What the table of contents says is no session.
    #[error("the table of contents makes no sense: {0}")]
    Contents(LayoutError),
}

/// Track and index; the order is that of the disc.
type Position = (u8, u8);

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
        let (entries, lead_out, sessions) = contents(facts).ok_or(ScanCdError::NoContents)?;
        let first = entries.first().ok_or(ScanCdError::NoContents)?;
        let mut scan = Scan {
            reader: self,
            has_positions: true,
        };
        // A look at the first sector tells whether there are sub-channels at all.
        scan.has_positions = scan.position(first.start)?.is_some();
        let mut begins = Vec::with_capacity(entries.len());
        for (at, entry) in entries.iter().enumerate() {
            let before = at.checked_sub(1).and_then(|before| entries.get(before));
            begins.push(scan.beginning(before, entry)?);
        }
        let mut tracks = Vec::with_capacity(entries.len());
        let ends = begins.iter().skip(1).copied().chain([lead_out]);
        for ((entry, begin), end) in entries.iter().zip(&begins).zip(ends) {
            tracks.push(scan.track(entry, *begin, end)?);
        }
        let has_positions = scan.has_positions;
        let mut session = Session::of_disc(tracks).map_err(ScanCdError::Contents)?;
        if let Some(number) = self.read_catalogue()? {
            session = session.with_catalogue(number);
        }
        let packs = self.read_cd_text()?;
        Ok(CdScan {
            session,
            text: CdText::parse(packs.as_flattened()).0,
            sessions,
            has_positions,
        })
    }
}

/// The tracks of the first session, where its lead-out begins, and how many sessions there are.
fn contents(facts: &MediaFacts) -> Option<(Vec<TocEntry>, i32, u8)> {
    let toc = facts.cd.toc.as_ref()?;
    let full = facts.cd.full_toc.as_ref();
    let last = full
        .and_then(|full| full.entry(1, 0xa1))
        .map_or(toc.last_track, |entry| entry.pointed.m);
    let tracks = toc.entries.iter().filter(|entry| !entry.is_lead_out());
    let mut tracks: Vec<TocEntry> = tracks
        .filter(|entry| entry.track <= last)
        .copied()
        .collect();
    let lead_out = full.and_then(|full| full.lead_out(1)).or(toc.lead_out())?;
    let sessions = full.map_or(1, |full| full.last_session);
    // A drive may say anything.
    let mut before = -1;
    tracks.retain(|entry| {
        let goes_on = entry.start.0 > before && entry.start < lead_out;
        before = before.max(entry.start.0);
        goes_on
    });
    Some((tracks, lead_out.0, sessions))
}

struct Scan<'a> {
    reader: &'a DriveReader,
    has_positions: bool,
}

impl Scan<'_> {
    /// Where index 0 of a track begins; of the first one, block 0.
    fn beginning(&self, before: Option<&TocEntry>, entry: &TocEntry) -> Result<i32, QueryError> {
        let Some(before) = before else { return Ok(0) };
        let index_1 = entry.start.0;
        let turned = match before.is_data() != entry.is_data() {
            true => (index_1 - TURN).max(before.start.0 + 1),
            false => index_1,
        };
        match self.position(Lba(index_1 - 1))? {
            Some(last) if last < (entry.track, 0) => Ok(index_1),
            Some(_) => self.first_at(before.start.0, index_1, (entry.track, 0)),
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
            from = self.first_at(from, end - 1, (entry.track, index))?;
            track.indexes.push(from.abs_diff(index_1));
        }
        Ok(track)
    }

    /// The first block behind `from` at or behind a position that `to` has.
    fn first_at(&self, from: i32, to: i32, wanted: Position) -> Result<i32, QueryError> {
        let (mut before, mut at) = (from, to);
        while at - before > 1 {
            let middle = before + (at - before) / 2;
            match self.position(Lba(middle))? {
                Some(position) if position < wanted => before = middle,
                _ => at = middle,
            }
        }
        Ok(at)
    }

    /// The position of a block; `None`: neither it nor those around it tell one.
    fn position(&self, lba: Lba) -> Result<Option<Position>, QueryError> {
        if !self.has_positions {
            return Ok(None);
        }
        let own = self.told(lba)?;
        if own.is_some() {
            return Ok(own);
        }
        // A code stands in its place, or a reading error. A code is never the first of a position: what was before goes on.
        for distance in 1..=AROUND {
            let before = lba.0 - distance;
            let told = match before < 0 {
                true => None,
                false => self.told(Lba(before))?,
            };
            if told.is_some() {
                return Ok(told);
            }
        }
        self.told(Lba(lba.0.saturating_add(1)))
    }

    fn told(&self, lba: Lba) -> Result<Option<Position>, QueryError> {
        let mut channels = [[0; 96]];
        match self.reader.read_subchannels(lba, None, &mut channels) {
            Ok(()) => {}
            Err(QueryError::Sense(_)) => return Ok(None),
            Err(error) => return Err(error),
        }
        let [channels] = channels;
        let q = Channels::from_interleaved(&channels).q();
        Ok(match Q::parse(&q).map(|q| q.message) {
            Ok(QMessage::Position {
                track: SubchannelTrack::Number(track),
                index,
                ..
            }) => Some((track, index)),
            _ => None,
        })
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

//! Comparing what a CD says of itself beside its sectors with what its sheet says: the catalogue number, recording codes,
//! flags, where pauses and indexes begin, and its texts.
//!
//! Owns what is asked of a drive for each, and what its silence means. What stands in the sectors is
//! [`compare`](super::compare)'s.

mod finding;
mod text;

pub use finding::{CdFinding, FindingKind, Found, TextHead, TrackFlags};

use super::compare::CompareError;
use super::image::CdImage;
use super::positions::{FLAG_SECTORS, Position, Positions, flags_of, position_of};
use crate::drive::{CodeAnswer, DriveReader};
use crate::error::QueryError;
use pitland_mmc::Lba;
use pitland_mmc::feature::FeatureCode;
use pitland_mmc::reply::TocEntry;
use pitland_redbook::disc::{Placed, Session, Track};
use pitland_redbook::sector::SectorForm;
use pitland_redbook::subchannel::{Control, Isrc, Mcn, Q, QMessage};
use pitland_writer::{CdMode, MediaFacts};
use std::ops::{ControlFlow, Range};

/// Sectors to either side of a place where the position changes that are looked at.
const AROUND: i32 = FLAG_SECTORS;
/// Sectors in which a code is looked for that the drive does not tell by itself: it stands in one of a hundred.
const CODE_SECTORS: i32 = 312;
/// The bit of the feature CD Read that says that texts are read.
const TEXTS: u8 = 1;
/// Sectors that are asked for at a time.
const PIECE: i32 = 24;

impl DriveReader {
    /// Compares what a disc says of itself with the image that was burned onto it in this way, blocking: the catalogue number
    /// and recording codes that the image has, the flags of its tracks, where their pauses and indexes begin, and its texts. The pickup
    /// moves some times for each track. `observe` is told the tracks done and all, and may end it. What the image does
    /// not say of codes is not looked for, nor are texts where it has none. Of a disc that was written track by track neither
    /// pauses nor indexes are compared: the drive makes the ones, and leaves the others out.
    ///
    /// # Errors
    /// [`CompareError`]; what differs is no error, nor is what a drive does not tell.
    ///
    /// # Panics
    /// When called inside of an async task.
    pub fn compare_cd_description(
        &self,
        image: &CdImage,
        mode: CdMode,
        facts: &MediaFacts,
        mut observe: impl FnMut(u64, u64) -> ControlFlow<()>,
    ) -> Result<Vec<CdFinding>, CompareError> {
        let toc = facts.cd.toc.as_ref().ok_or(CompareError::NoContents)?;
        let session = image.session();
        let starts = |number: u8| toc.entries.iter().find(|entry| entry.track == number);
        let total = session.tracks().len() as u64;
        let mut comparison = Comparison {
            reader: self,
            positions: Positions::new(self),
            session,
            by_track: mode == CdMode::TrackAtOnce,
            has_positions: None,
            findings: Vec::new(),
        };
        comparison.catalogue()?;
        for (done, (track, placed)) in (0..).zip(session.tracks()) {
            if observe(done, total).is_break() {
                return Err(CompareError::Stopped);
            }
            // A missing track is told with the sectors.
            if let Some(entry) = starts(placed.number) {
                let next = match placed.number == session.last_track() {
                    true => {
                        let blocks = placed.index_1.0.abs_diff(placed.end.0);
                        Some(Lba(entry.start.0.saturating_add_unsigned(blocks)))
                    }
                    false => starts(placed.number.saturating_add(1)).map(|next| next.start),
                };
                comparison.track(track, placed, entry, next)?;
            }
        }
        let mut findings = comparison.findings;
        if !image.text().is_empty() {
            let packs = self.read_cd_text()?;
            let missing = if mode == CdMode::TrackAtOnce {
                Found::LeftOut
            } else if reads_texts(facts) {
                // A drive answers the question with an error, too, where there is nothing.
                Found::Nothing
            } else {
                Found::Untold
            };
            findings.extend(text::compare(image.text(), &packs, missing));
        }
        let _ = observe(total, total);
        Ok(findings)
    }
}

/// Whether the drive says that it reads CD-TEXT.
fn reads_texts(facts: &MediaFacts) -> bool {
    let configuration = facts.configuration.as_ref();
    let feature = configuration.and_then(|all| all.feature(FeatureCode::CdRead.code()));
    feature.is_some_and(|feature| feature.data.first().is_some_and(|bits| bits & TEXTS != 0))
}

struct Comparison<'a> {
    reader: &'a DriveReader,
    positions: Positions<'a>,
    session: &'a Session,
    by_track: bool,
    /// Whether the drive gives sub-channels; `None`: none were read yet.
    has_positions: Option<bool>,
    findings: Vec<CdFinding>,
}

impl Comparison<'_> {
    /// The catalogue number. One of zeros is none.
    fn catalogue(&mut self) -> Result<(), QueryError> {
        let number = self.session.catalogue().filter(|number| !number.is_zero());
        let Some(wanted) = number else {
            return Ok(());
        };
        let told = self.reader.ask_catalogue()?;
        let first = self.session.tracks().next();
        let first = first.map_or(Lba(0), |(_, placed)| placed.index_1);
        let in_q = |message| match message {
            QMessage::Catalogue { number, .. } => {
                Some(number).filter(|number: &Mcn| !number.is_zero())
            }
            _ => None,
        };
        let found = self.code(wanted, told, (None, first.0), in_q)?;
        let finding = found.map(|found| CdFinding::Catalogue { wanted, found });
        self.findings.extend(finding);
        Ok(())
    }

    /// What was found in the place of a code; `None`: the code itself. A drive may give the code of another track; a frame
    /// of Q has a checksum.
    fn code<T: Copy + PartialEq>(
        &self,
        wanted: T,
        told: CodeAnswer<T>,
        (of, from): (Option<u8>, i32),
        in_q: impl Fn(QMessage) -> Option<T>,
    ) -> Result<Option<Found<T>>, QueryError> {
        if told == CodeAnswer::Code(wanted) {
            return Ok(None);
        }
        let to = from
            .saturating_add(CODE_SECTORS)
            .min(self.session.lead_out().0);
        let mut heard = CodeAnswer::Refused;
        // A frame with a code does not say in which track it stands.
        let mut track = of;
        for at in (from..to).step_by(PIECE as usize) {
            if self.has_positions == Some(false) {
                break;
            }
            let count = PIECE.min(to - at).unsigned_abs();
            let frames = self.positions.frames(Lba(at), count)?;
            // A drive may give sub-channels, and nothing in them.
            let Some(frames) = frames.filter(|frames| !frames.is_empty()) else {
                break;
            };
            if heard == CodeAnswer::Refused {
                heard = CodeAnswer::Nothing;
            }
            let code = frames.iter().find_map(|q| {
                track = of.and(position_of(q).map(|position| position.0).or(track));
                in_q(q.message).filter(|_| track == of)
            });
            if let Some(code) = code {
                heard = CodeAnswer::Code(code);
                break;
            }
        }
        Ok(match (heard, told) {
            (CodeAnswer::Code(code), _) | (_, CodeAnswer::Code(code)) => {
                (code != wanted).then_some(Found::Other(code))
            }
            (CodeAnswer::Refused, CodeAnswer::Refused) => Some(Found::Untold),
            // Not every drive records codes track by track.
            _ if self.by_track => Some(Found::LeftOut),
            _ => Some(Found::Nothing),
        })
    }

    /// A track, from index 1 to where the next one has its own.
    fn track(
        &mut self,
        track: &Track,
        placed: Placed,
        entry: &TocEntry,
        next: Option<Lba>,
    ) -> Result<(), QueryError> {
        let number = placed.number;
        if let Some(wanted) = track.isrc {
            let told = self.reader.ask_isrc(number)?;
            let in_q = |message| match message {
                QMessage::Recording { code, .. } => Some(code),
                _ => None,
            };
            let found: Option<Found<Isrc>> =
                self.code(wanted, told, (Some(number), entry.start.0), in_q)?;
            let finding = found.map(|found| CdFinding::Recording {
                track: number,
                wanted,
                found,
            });
            self.findings.extend(finding);
        }
        let end = next.filter(|next| *next > entry.start);
        let around = entry.start.0..entry.start.0.saturating_add(AROUND);
        let frames = match end {
            Some(end) => self.frames(around.start..around.end.min(end.0))?,
            None => None,
        };
        self.flags(track, number, entry, frames.as_deref());
        if self.by_track {
            self.left_out(track, placed);
            return Ok(());
        }
        let end = match end {
            // A track that is elsewhere is told with the sectors.
            Some(end) if entry.start == placed.index_1 => end,
            _ => return Ok(()),
        };
        let wanted = self.changes(track, placed);
        let next_place = self.place(number.saturating_add(1));
        if next_place.is_some_and(|next| next.index_1 != end) || frames.is_none() {
            return Ok(());
        }
        if self.agrees(placed.index_1.0, end.0, &wanted)? {
            return Ok(());
        }
        let found = self.found(number, placed.index_1.0, end.0)?;
        self.told_changes(&wanted, found);
        Ok(())
    }

    fn place(&self, number: u8) -> Option<Placed> {
        let mut placed = self.session.tracks().map(|(_, placed)| placed);
        placed.find(|placed| placed.number == number)
    }

    /// Frames of Q of these sectors; `None`: the drive gives no sub-channels, which is told once.
    fn frames(&mut self, sectors: Range<i32>) -> Result<Option<Vec<Q>>, QueryError> {
        if self.has_positions == Some(false) {
            return Ok(None);
        }
        let count = sectors.start.abs_diff(sectors.end);
        let frames = self.positions.frames(Lba(sectors.start), count)?;
        let is_first = self.has_positions.is_none();
        let has_any = frames.as_ref().is_some_and(|frames| !frames.is_empty());
        if is_first && !has_any {
            self.has_positions = Some(false);
            self.findings.push(CdFinding::Positions);
            return Ok(None);
        }
        self.has_positions = Some(true);
        // Sectors that cannot be read among others that can are not the drive's fault.
        Ok(Some(frames.unwrap_or_default()))
    }

    /// The flags in the table of contents, and those in the track itself.
    fn flags(&mut self, track: &Track, number: u8, entry: &TocEntry, frames: Option<&[Q]>) {
        let wanted = TrackFlags {
            control: track.recorded_control(),
            serial_copy: track.serial_copy,
        };
        let own = flags_of(frames.unwrap_or_default(), number);
        let contents = TrackFlags {
            control: Control::from_bits(entry.control),
            serial_copy: own.map_or(wanted.serial_copy, |(_, alternates)| alternates),
        };
        let subchannel = own.map(|(told, alternates)| TrackFlags {
            control: Control {
                copy_permitted: told.copy_permitted && !alternates,
                ..told
            },
            serial_copy: alternates,
        });
        let is_data = track.form != SectorForm::Audio;
        let other = [Some(contents), subchannel].into_iter().flatten();
        let other = other.map(|found| found.of_kind(is_data, &wanted));
        let found = other.into_iter().find(|found| *found != wanted);
        self.findings.extend(found.map(|found| CdFinding::Flags {
            track: number,
            wanted,
            found,
        }));
    }

    /// What has no place on a disc that is written track by track.
    fn left_out(&mut self, track: &Track, placed: Placed) {
        let indexes = (2..).zip(&track.indexes);
        let missing = indexes.map(|(index, offset)| CdFinding::Index {
            track: placed.number,
            index,
            wanted: Some(Lba(placed.index_1.0.saturating_add_unsigned(*offset))),
            found: Found::LeftOut,
        });
        self.findings.extend(missing);
    }

    /// Where positions change from a track's index 1 on up to the next one's.
    fn changes(&self, track: &Track, placed: Placed) -> Vec<(Position, i32)> {
        let offsets = track.indexes.iter();
        let starts = offsets.map(|offset| placed.index_1.0.saturating_add_unsigned(*offset));
        let own = (2..).zip(starts);
        let mut changes: Vec<_> = own
            .map(|(index, start)| ((placed.number, index), start))
            .collect();
        let next = self.place(placed.number.saturating_add(1));
        let next = next.filter(|next| next.start < next.index_1);
        changes.extend(next.map(|next| ((next.number, 0), next.start.0)));
        changes
    }

    /// Whether Q says so around each change and at the end. Each frame tells its own address, so that a drive may give
    /// sub-channels from a place nearby.
    fn agrees(
        &mut self,
        begin: i32,
        end: i32,
        wanted: &[(Position, i32)],
    ) -> Result<bool, QueryError> {
        let places = wanted.iter().map(|(_, start)| *start);
        for place in places.chain([end]) {
            let from = place.saturating_sub(AROUND).max(begin);
            let to = place.saturating_add(AROUND).min(end);
            let Some(frames) = self.frames(from..to)? else {
                // Nothing more will be known.
                return Ok(true);
            };
            let (mut before, mut behind) = (false, place == end);
            for q in &frames {
                let QMessage::Position { absolute, .. } = q.message else {
                    continue;
                };
                let Some(lba) = absolute
                    .to_lba()
                    .filter(|lba| (begin..end).contains(&lba.0))
                else {
                    continue;
                };
                let spot = self.session.at(lba);
                let spot = spot.map(|spot| (spot.placed.number, spot.index));
                if position_of(q) != spot {
                    return Ok(false);
                }
                match lba.0 < place {
                    true => before = true,
                    false => behind = true,
                }
            }
            if !before || !behind {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The changes that the disc itself has there; `None`: it cannot be told.
    fn found(
        &self,
        number: u8,
        begin: i32,
        end: i32,
    ) -> Result<Option<Vec<(Position, i32)>>, QueryError> {
        let Some(last) = self.positions.at(Lba(end.saturating_sub(1)))? else {
            return Ok(None);
        };
        let next = (number.saturating_add(1), 0);
        let (own_end, own_last) = match last >= next {
            true => {
                let start = self.positions.first_at(begin, end, next)?;
                let before = self.positions.at(Lba(start.saturating_sub(1)))?;
                let Some(before) = before else {
                    return Ok(None);
                };
                (start, before)
            }
            false => (end, last),
        };
        let mut changes = Vec::new();
        let mut from = begin;
        let indexes = if own_last.0 == number { own_last.1 } else { 1 };
        for index in 2..=indexes {
            let position = (number, index);
            from = self
                .positions
                .first_at(from, own_end.saturating_sub(1), position)?;
            changes.push((position, from));
        }
        if last >= next {
            changes.push((next, own_end));
        }
        Ok(Some(changes))
    }

    fn told_changes(&mut self, wanted: &[(Position, i32)], found: Option<Vec<(Position, i32)>>) {
        let start = |of: &[(Position, i32)], position: Position| {
            let change = of.iter().find(|change| change.0 == position);
            change.map(|change| Lba(change.1))
        };
        let mut all: Vec<Position> = wanted
            .iter()
            .chain(found.iter().flatten())
            .map(|c| c.0)
            .collect();
        all.sort_unstable();
        all.dedup();
        for position in all {
            let wanted = start(wanted, position);
            let there = found.as_deref().map(|found| start(found, position));
            let found = match there {
                None => Found::Untold,
                Some(there) if there == wanted => continue,
                Some(Some(lba)) => Found::Other(lba),
                Some(None) => Found::Nothing,
            };
            self.findings.push(CdFinding::Index {
                track: position.0,
                index: position.1,
                wanted,
                found,
            });
        }
    }
}

//! Comparing a disc with what it shall hold, sector by sector, where READ (10) cannot: sound, and data among sound.
//!
//! Owns where the image lies on a disc that was burned in one way or another, and what is told of a difference. The reading
//! and judging is [`read_back`](super::read_back)'s.

mod later;

pub use later::LaterComparison;

use super::expected::Sources;
use super::image::{CdBlocks, CdImage};
use super::layout::runs_by_track;
use super::read_back::{BadSector, ReadBack, Unread};
use super::scan::Contents;
use crate::drive::DriveReader;
use crate::error::{QueryError, SourceError};
use crate::pipeline::sectors::{DiscRun, on_disc, runs_of};
use pitland_burn::WrittenRun;
use pitland_mmc::reply::Toc;
use pitland_mmc::sense::Sense;
use pitland_mmc::{Lba, Msf};
use pitland_writer::{CdMode, MediaFacts};
use std::fmt;
use std::ops::ControlFlow;

/// Keys of answers that tell of the drive and not of the sector: nothing in it is ready, or something else is in it.
const NOT_READY: u8 = 2;
const UNIT_ATTENTION: u8 = 6;
/// Key of a command that a drive does not know, or not so.
const ILLEGAL_REQUEST: u8 = 5;

/// What became of a comparison.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct CdComparison {
    /// Samples that the drive gives sound from behind the place that was asked for; negative: before it. `None`: there is no
    /// sound that could tell.
    pub read_offset: Option<i32>,
    /// Sectors that were compared, those at an end of sound that are seen in part among them.
    pub compared: u64,
    /// Sectors that differ or cannot be read, read again or not.
    pub bad: u64,
    /// The first ones, 64 at most.
    pub bad_sectors: Vec<Lba>,
    /// The same, and where they lie on the disc.
    pub differences: Vec<CdDifference>,
    /// Sectors that were right when they were read again.
    pub reread: u64,
    /// Sectors with C2 error bits; `None`: the drive has none.
    pub c2_sectors: Option<u64>,
    /// Samples at the ends of sound that the read offset keeps away.
    pub unseen_samples: u64,
    /// Tracks that do not begin where they should, are missing, or are on the disc and not in the image.
    pub misplaced: Vec<u8>,
    /// Where the session ends, if elsewhere than it should. Of a disc that was written track by track that is not told: the
    /// drive has made its run-out.
    pub lead_out: Option<Lba>,
}

impl CdComparison {
    /// Whether everything that could be compared is as it shall be.
    pub fn is_equal(&self) -> bool {
        self.bad == 0 && self.misplaced.is_empty() && self.lead_out.is_none()
    }
}

/// A sector that is not as it shall be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct CdDifference {
    /// Where it is on the disc.
    pub lba: Lba,
    /// The track that it belongs to.
    pub track: u8,
    /// Sectors from the track's index 1; negative in what lies before that.
    pub in_track: i32,
    /// The drive's answer, where it cannot be read.
    pub sense: Option<Sense>,
}

impl fmt::Display for CdDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Msf { m, s, f: frames } =
            Msf::from_frames(self.in_track.unsigned_abs()).unwrap_or_default();
        let side = if self.in_track < 0 { "-" } else { "" };
        write!(f, "track {}, {side}{m:02}:{s:02}:{frames:02}", self.track)?;
        match &self.sense {
            Some(sense) => write!(f, " cannot be read: {sense}"),
            None => write!(f, " differs"),
        }
    }
}

/// Why a disc could not be compared to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CompareError {
    /// The drive.
    #[error(transparent)]
    Drive(#[from] QueryError),
    /// A file of the image.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The disc has no table of contents.
    #[error("the disc has no table of contents")]
    NoContents,
    /// Somebody wanted an end.
    #[error("the comparison was ended")]
    Stopped,
}

impl DriveReader {
    /// Compares a disc with the image that was burned onto it in this way, blocking. `observe` is told the sectors done and
    /// all, and may end it. Pauses are compared, too, but where the drive has made them. Of data what is recorded behind
    /// the headers is compared, for where the drive makes the gaps the addresses differ. A sector that differs or cannot be
    /// read is read twice more.
    ///
    /// # Errors
    /// [`CompareError`]; what differs is no error, nor is a sector that cannot be read.
    ///
    /// # Panics
    /// When called inside of an async task.
    pub fn compare_cd(
        &self,
        image: &CdImage,
        mode: CdMode,
        facts: &MediaFacts,
        mut observe: impl FnMut(u64, u64) -> ControlFlow<()>,
    ) -> Result<CdComparison, CompareError> {
        let Placed {
            blocks,
            runs,
            misplaced,
            lead_out,
        } = Placed::of(image, mode, facts)?;
        let mut c2_sectors = Some(0);
        let read = |lba: Lba, out: &mut [u8]| {
            let read = match (
                self.read_sectors(lba, c2_sectors.is_some(), out),
                c2_sectors,
            ) {
                // Not every drive has error bits.
                (Err(QueryError::Sense(sense)), Some(_)) if sense.triple().0 == ILLEGAL_REQUEST => {
                    let read = self.read_sectors(lba, false, out);
                    if read.is_ok() {
                        c2_sectors = None;
                    }
                    read
                }
                (read, _) => read,
            };
            match read {
                Ok(flagged) => {
                    c2_sectors = c2_sectors.map(|before| before + u64::from(flagged));
                    Ok(())
                }
                Err(error) => Err(unread(error)),
            }
        };
        let reading = ReadBack::new(Sources::new(&blocks), read);
        let done = reading.compare(&runs, false, &mut observe)?;
        if done.was_ended {
            return Err(CompareError::Stopped);
        }
        let verification = &done.compared.verification;
        Ok(CdComparison {
            read_offset: done.compared.read_offset,
            compared: verification.blocks_compared,
            bad: verification.bad_units,
            bad_sectors: done.bad.iter().map(|bad| bad.lba).collect(),
            differences: done.bad.iter().map(|bad| told(&blocks, bad)).collect(),
            reread: done.reread,
            c2_sectors,
            unseen_samples: done.unseen_samples,
            misplaced,
            lead_out,
        })
    }
}

/// Whether sectors alone do not come, or nothing more will.
fn unread(error: QueryError) -> Unread<CompareError> {
    match error {
        QueryError::Sense(sense) if ![NOT_READY, UNIT_ATTENTION].contains(&sense.triple().0) => {
            Unread::Sense(sense)
        }
        error => Unread::Fault(error.into()),
    }
}

/// Whose sector it is.
fn told(blocks: &CdBlocks, bad: &BadSector) -> CdDifference {
    let session = blocks.image().session();
    let spot = blocks.lba(bad.image_block).and_then(|lba| {
        let spot = session.at(lba)?;
        Some((spot.placed.number, lba.0 - spot.placed.index_1.0))
    });
    let (track, in_track) = spot.unwrap_or_default();
    CdDifference {
        lba: bad.lba,
        track,
        in_track,
        sense: bad.sense,
    }
}

/// An image on a disc.
struct Placed {
    blocks: CdBlocks,
    runs: Vec<DiscRun>,
    /// Tracks that are elsewhere, missing, or too many.
    misplaced: Vec<u8>,
    /// Where the session ends, if that is wrong.
    lead_out: Option<Lba>,
}

impl Placed {
    fn of(image: &CdImage, mode: CdMode, facts: &MediaFacts) -> Result<Self, CompareError> {
        let by_track = mode == CdMode::TrackAtOnce;
        // Whichever way all was written in one go, it is read the same.
        let (blocks, mode) = match by_track {
            true => (image.by_track(), mode),
            false => (image.sectors(), CdMode::SessionAtOnce),
        };
        let toc = facts.cd.toc.as_ref().ok_or(CompareError::NoContents)?;
        let starts = |number: u8| {
            let mut entries = toc.entries.iter();
            let entry = entries.find(|entry| entry.track == number);
            entry.map(|entry| entry.start)
        };
        let mut misplaced = Vec::new();
        let mut written = Vec::new();
        let mut image_block = 0;
        let session = image.session();
        for ((_, placed), runs) in session.tracks().zip(runs_by_track(session)) {
            let found = starts(placed.number);
            let of_track = runs.iter().map(|run| u64::from(run.1)).sum();
            match found {
                Some(first_lba) if by_track => written.push(WrittenRun {
                    first_lba,
                    blocks: of_track,
                    image_block,
                }),
                Some(first_lba) if first_lba == placed.index_1 => {}
                _ => misplaced.push(placed.number),
            }
            image_block += of_track;
        }
        if !by_track {
            written.push(WrittenRun {
                first_lba: blocks.first_lba(),
                blocks: blocks.blocks().into(),
                image_block: 0,
            });
        }
        // Where the drive does not tell sessions apart, more tracks may be of a later one.
        let full = facts.cd.full_toc.as_ref();
        let first = full.and_then(|_| Contents::of(facts, 1).ok());
        let found = first.iter().flat_map(|first| &first.tracks);
        let is_known = |track: &u8| session.tracks().any(|(_, placed)| placed.number == *track);
        misplaced.extend(
            found
                .map(|entry| entry.track)
                .filter(|track| !is_known(track)),
        );
        let lead_out = full.and_then(|full| full.lead_out(1));
        let layout = image.layout(mode, blocks.first_lba());
        let runs = on_disc(&runs_of(&layout, blocks.blocks()), &written);
        Ok(Self {
            blocks,
            runs,
            misplaced,
            lead_out: lead_out.filter(|end| !by_track && *end != session.lead_out()),
        })
    }
}

impl CdImage {
    /// How a disc that this image was burned onto was written, as its table of contents tells: with the drive's gaps between
    /// the tracks where they stand where those put them, else all in one go. A single track written by itself is known by
    /// the run-out before the lead-out.
    pub fn recorded_as(&self, facts: &MediaFacts) -> CdMode {
        let starts = |contents: &Toc| {
            let tracks = contents.tracks();
            let starts = tracks.map(|(entry, _)| (entry.track, entry.start));
            starts.collect::<Vec<_>>()
        };
        let cd = &facts.cd;
        let found = cd.toc.as_ref().map(starts).unwrap_or_default();
        let first = cd.full_toc.as_ref().and_then(|full| full.lead_out(1));
        let lead_out = first.or_else(|| cd.toc.as_ref()?.lead_out());
        let is = |mode| {
            let expected = self.expected_contents(mode);
            let begins = found.starts_with(&starts(&expected));
            (begins, begins && lead_out == expected.lead_out())
        };
        match (is(CdMode::SessionAtOnce), is(CdMode::TrackAtOnce)) {
            ((false, _), (true, _)) | ((_, false), (_, true)) => CdMode::TrackAtOnce,
            _ => CdMode::SessionAtOnce,
        }
    }
}

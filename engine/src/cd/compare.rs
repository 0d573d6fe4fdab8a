//! Comparing a disc with what it shall hold, sector by sector, where READ (10) cannot: sound, and data among sound.
//!
//! Owns the search for the drive's read offset: drives give sound from some samples before or behind the place that was asked
//! for. Data tracks are compared by what is recorded behind their headers, for where the drive makes the gaps the addresses
//! differ. Must not know how sectors are read.

use super::image::{CdBlocks, CdImage, CdImageReader};
use super::layout::runs_by_track;
use super::read_back::{AROUND, SAMPLE, TRIES, WINDOW, is_lively};
use crate::drive::DriveReader;
use crate::error::{QueryError, SourceError};
use pitland_mmc::Lba;
use pitland_redbook::SECTOR_BYTES;
use pitland_redbook::audio::FRAME_SAMPLES;
use pitland_redbook::sector::SectorForm;
use pitland_writer::{CdMode, MediaFacts};
use std::ops::ControlFlow;

/// Frames that must be equal for an offset to be found.
const PROBE: u32 = 8;
/// Sectors that are read at a time.
const PIECE: u32 = 16;
/// Differences that are told one by one.
const MOST_TOLD: usize = 64;

/// What became of a comparison.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct CdComparison {
    /// Samples that the drive gives sound from behind the place that was asked for; negative: before it. `None`: there is no
    /// sound that could tell.
    pub read_offset: Option<i32>,
    /// Sectors that were compared.
    pub compared: u64,
    /// Sectors that differ, read again or not.
    pub bad: u64,
    /// The first ones that differ.
    pub bad_sectors: Vec<Lba>,
    /// Sectors that were right when they were read again.
    pub reread: u64,
    /// Sectors with C2 error bits; `None`: the drive has none.
    pub c2_sectors: Option<u64>,
    /// Samples at the ends of sound that the read offset keeps away.
    pub unseen_samples: u64,
    /// Tracks that do not begin where they should, or are missing.
    pub misplaced: Vec<u8>,
}

impl CdComparison {
    /// Whether everything that could be compared is as it shall be.
    pub fn is_equal(&self) -> bool {
        self.bad == 0 && self.misplaced.is_empty()
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

/// A run of sectors of the disc and where it stands in the image.
#[derive(Debug, Clone, Copy)]
struct Run {
    first: Lba,
    image_block: u32,
    blocks: u32,
    is_audio: bool,
    /// Bytes of a data sector that count.
    counts: (usize, usize),
}

impl DriveReader {
    /// Compares a disc with the image that was burned onto it in this way, blocking. `observe` is told the sectors done and
    /// all, and may end it. Pauses are compared, too, but where the drive has made them.
    ///
    /// # Errors
    /// [`CompareError`]; what differs is no error.
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
        let mut done = CdComparison::default();
        let (blocks, runs) = runs_of(image, mode, facts, &mut done)?;
        let total = runs.iter().map(|run| u64::from(run.blocks)).sum();
        let mut comparing = Comparing {
            reader: self,
            c2: true,
            expected: Expected::new(&blocks),
            offset: None,
            done,
        };
        let mut before = 0;
        for run in runs {
            let mut told = |so_far: u32| observe(before + u64::from(so_far), total);
            match run.is_audio {
                true => comparing.sound(run, &mut told)?,
                false => comparing.data(run, &mut told)?,
            }
            before += u64::from(run.blocks);
        }
        let Comparing {
            mut done,
            offset,
            c2,
            ..
        } = comparing;
        done.read_offset = offset.and_then(|offset| i32::try_from(offset).ok());
        if !c2 {
            done.c2_sectors = None;
        }
        Ok(done)
    }
}

/// The runs of the disc, sound that goes on joined.
fn runs_of(
    image: &CdImage,
    mode: CdMode,
    facts: &MediaFacts,
    done: &mut CdComparison,
) -> Result<(CdBlocks, Vec<Run>), CompareError> {
    let toc = facts.cd.toc.as_ref().ok_or(CompareError::NoContents)?;
    let starts = |number: u8| {
        toc.entries
            .iter()
            .find(|entry| entry.track == number)
            .map(|entry| entry.start)
    };
    let by_track = mode == CdMode::TrackAtOnce;
    let blocks = match by_track {
        true => image.by_track(),
        false => image.sectors(),
    };
    let mut runs: Vec<Run> = Vec::new();
    let mut image_block = 0;
    for ((track, placed), of_track) in image.session().tracks().zip(runs_by_track(image.session()))
    {
        let found = starts(placed.number);
        let is_audio = track.form == SectorForm::Audio;
        let (first, block, count) = if by_track {
            let count = of_track.iter().map(|run| run.1).sum();
            let first = (found.unwrap_or_default(), image_block, count);
            image_block += count;
            first
        } else {
            // What lies before block 0 cannot be read.
            let first = Lba(placed.start.0.max(0));
            (
                first,
                first.0.abs_diff(-150),
                placed.end.0.abs_diff(first.0),
            )
        };
        if found.is_none() || !by_track && found != Some(placed.index_1) {
            done.misplaced.push(placed.number);
            if by_track {
                continue;
            }
        }
        let next = Run {
            first,
            image_block: block,
            blocks: count,
            is_audio,
            counts: match track.form {
                SectorForm::Mode1 | SectorForm::Mode0 => (16, 2064),
                _ => (16, 2348),
            },
        };
        match runs.last_mut() {
            Some(last) if last.is_audio && is_audio && joins(last, &next) => {
                last.blocks += next.blocks
            }
            _ => runs.push(next),
        }
    }
    Ok((blocks, runs))
}

fn joins(last: &Run, next: &Run) -> bool {
    i64::from(last.first.0) + i64::from(last.blocks) == i64::from(next.first.0)
        && last.image_block + last.blocks == next.image_block
}

struct Comparing<'a> {
    reader: &'a DriveReader,
    c2: bool,
    expected: Expected,
    offset: Option<i64>,
    done: CdComparison,
}

type Observe<'a> = &'a mut dyn FnMut(u32) -> ControlFlow<()>;

impl Comparing<'_> {
    fn read(&mut self, lba: Lba, out: &mut [u8]) -> Result<(), CompareError> {
        match self.reader.read_sectors(lba, self.c2, out) {
            Ok(flagged) if self.c2 => {
                *self.done.c2_sectors.get_or_insert(0) += u64::from(flagged);
                Ok(())
            }
            // Not every drive has error bits.
            Err(QueryError::Sense(sense)) if self.c2 && sense.triple().0 == 5 => {
                self.c2 = false;
                self.reader.read_sectors(lba, false, out)?;
                Ok(())
            }
            other => Ok(other.map(drop)?),
        }
    }

    fn data(&mut self, run: Run, observe: Observe<'_>) -> Result<(), CompareError> {
        let mut at = 0;
        let mut read = vec![0; PIECE as usize * SECTOR_BYTES];
        while at < run.blocks {
            let count = PIECE.min(run.blocks - at);
            let lba = Lba(run.first.0.saturating_add_unsigned(at));
            let read = read
                .get_mut(..count as usize * SECTOR_BYTES)
                .unwrap_or_default();
            let from = i64::from(run.image_block + at) * SECTOR_BYTES as i64;
            let wanted = self.expected.bytes(from, read.len())?.to_vec();
            self.same(lba, read, |read| {
                let pairs = read
                    .chunks_exact(SECTOR_BYTES)
                    .zip(wanted.chunks_exact(SECTOR_BYTES));
                let (a, b) = run.counts;
                pairs
                    .map(|(read, wanted)| read.get(a..b) == wanted.get(a..b))
                    .collect()
            })?;
            at += count;
            if observe(at).is_break() {
                return Err(CompareError::Stopped);
            }
        }
        Ok(())
    }

    /// Reads sectors until they are right or were read often enough.
    fn same(
        &mut self,
        lba: Lba,
        read: &mut [u8],
        judge: impl Fn(&[u8]) -> Vec<bool>,
    ) -> Result<(), CompareError> {
        let mut first_bad = 0;
        for again in 0..=TRIES {
            self.read(lba, read)?;
            let right = judge(read);
            let bad = right.iter().filter(|right| !**right).count() as u64;
            if again == 0 {
                self.done.compared += right.len() as u64;
                first_bad = bad;
            }
            if bad == 0 || again == TRIES {
                self.done.reread += first_bad.saturating_sub(bad);
                self.done.bad += bad;
                for (at, _) in (0..).zip(&right).filter(|(_, right)| !**right) {
                    if self.done.bad_sectors.len() < MOST_TOLD {
                        self.done.bad_sectors.push(Lba(lba.0.saturating_add(at)));
                    }
                }
                return Ok(());
            }
        }
        Ok(())
    }

    fn sound(&mut self, run: Run, observe: Observe<'_>) -> Result<(), CompareError> {
        if self.offset.is_none() {
            self.offset = self.find_offset(run)?;
        }
        let offset = self.offset.unwrap_or(0) * SAMPLE;
        self.done.unseen_samples += (offset / SAMPLE)
            .unsigned_abs()
            .min(u64::from(run.blocks) * FRAME_SAMPLES);
        let start = i64::from(run.image_block) * SECTOR_BYTES as i64;
        let end = start + i64::from(run.blocks) * SECTOR_BYTES as i64;
        let mut buffer = vec![0; PIECE as usize * SECTOR_BYTES];
        let mut at = 0;
        while at < run.blocks {
            let count = PIECE.min(run.blocks - at);
            let lba = Lba(run.first.0.saturating_add_unsigned(at));
            let read = buffer
                .get_mut(..count as usize * SECTOR_BYTES)
                .unwrap_or_default();
            let from = start + i64::from(at) * SECTOR_BYTES as i64 + offset;
            let until = from + read.len() as i64;
            // What lies outside of the run is not known.
            let (known, known_end) = (from.clamp(start, end), until.clamp(start, end));
            let skipped = (known - from) as usize;
            let wanted = self
                .expected
                .bytes(known, (known_end - known) as usize)?
                .to_vec();
            self.same(lba, read, |read| {
                let sectors = read.chunks_exact(SECTOR_BYTES).enumerate();
                sectors
                    .map(|(at, sector)| {
                        let place = at * SECTOR_BYTES;
                        let head = skipped.saturating_sub(place).min(SECTOR_BYTES);
                        let wanted = wanted
                            .get((place + head).saturating_sub(skipped)..)
                            .unwrap_or_default();
                        let sector = sector.get(head..).unwrap_or_default();
                        sector.iter().zip(wanted).all(|(a, b)| a == b)
                    })
                    .collect()
            })?;
            at += count;
            if observe(at).is_break() {
                return Err(CompareError::Stopped);
            }
        }
        Ok(())
    }

    /// Looks for the offset in the first loud enough part of a run; `None`: there is none.
    fn find_offset(&mut self, run: Run) -> Result<Option<i64>, CompareError> {
        let mut place = AROUND;
        let bytes_of = |frames: u32| frames as usize * SECTOR_BYTES;
        while place + PROBE + AROUND <= run.blocks {
            let from = i64::from(run.image_block + place) * SECTOR_BYTES as i64;
            let probe = self.expected.bytes(from, bytes_of(PROBE))?;
            if !is_lively(probe) {
                place += PROBE;
                continue;
            }
            let mut read = vec![0; bytes_of(PROBE + 2 * AROUND)];
            self.read(
                Lba(run.first.0.saturating_add_unsigned(place - AROUND)),
                &mut read,
            )?;
            let middle = i64::from(AROUND) * SECTOR_BYTES as i64;
            let probe = self.expected.bytes(from, bytes_of(PROBE))?;
            let head = probe.get(..64).unwrap_or_default();
            // The nearest offsets first: what repeats itself fits in many places.
            for distance in 0..=WINDOW {
                for offset in [distance, -distance] {
                    // What was asked for is found so many samples before its place.
                    let at = (middle - offset * SAMPLE) as usize;
                    let here = read.get(at..at + probe.len()).unwrap_or_default();
                    if here.starts_with(head) && here == probe {
                        return Ok(Some(offset));
                    }
                }
            }
            // Perhaps these sectors are damaged.
            place += run.blocks.max(64) / 8;
        }
        Ok(None)
    }
}

/// The image's bytes, mostly one behind the other.
struct Expected {
    reader: CdImageReader,
    blocks: u32,
    /// Bytes from `first` on.
    buffer: Vec<u8>,
    first: i64,
}

impl Expected {
    fn new(blocks: &CdBlocks) -> Self {
        Self {
            reader: blocks.reader(),
            blocks: blocks.blocks(),
            buffer: Vec::new(),
            first: 0,
        }
    }

    fn bytes(&mut self, from: i64, length: usize) -> Result<&[u8], SourceError> {
        let end = self.first + self.buffer.len() as i64;
        if from < self.first || from > end {
            self.buffer.clear();
            self.first = from - from.rem_euclid(SECTOR_BYTES as i64);
        } else {
            // What lies before is not asked for again, but for a few sectors.
            let kept = from - 2 * WINDOW * SAMPLE;
            let gone = (kept - self.first).max(0) / SECTOR_BYTES as i64 * SECTOR_BYTES as i64;
            if gone > (1 << 20) {
                self.buffer.drain(..(gone as usize).min(self.buffer.len()));
                self.first += gone;
            }
        }
        let needed = (from - self.first) as usize + length;
        while self.buffer.len() < needed {
            let next = (self.first + self.buffer.len() as i64) / SECTOR_BYTES as i64;
            let next = u32::try_from(next).unwrap_or(u32::MAX);
            let count = PIECE.min(self.blocks.saturating_sub(next));
            if count == 0 {
                return Err(SourceError::Vanished);
            }
            let old = self.buffer.len();
            self.buffer.resize(old + count as usize * SECTOR_BYTES, 0);
            let position = u64::from(next) * SECTOR_BYTES as u64;
            let out = self.buffer.get_mut(old..).unwrap_or_default();
            self.reader.read_at(position, out)?;
        }
        let at = (from - self.first) as usize;
        Ok(self.buffer.get(at..at + length).unwrap_or_default())
    }
}

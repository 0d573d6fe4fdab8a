//! Reading a CD of whole sectors back within its own job: each sector is compared with the check that was taken as it was
//! sent, so that no source is read again.
//!
//! Owns the search for the drive's read offset, by the checks alone, and what is looked at. Must not know how sectors are read.

use crate::pipeline::sectors::{DiscRun, SectorChecks, Told, check};
use pitland_burn::{NoAnswer, SectorsCompared};
use pitland_mmc::Lba;
use pitland_mmc::sense::Sense;
use pitland_redbook::audio::FRAME_SAMPLES;
use pitland_redbook::{SECTOR_BYTES, SectorCodec};
use std::ops::{ControlFlow, Range};

/// Sectors that are read at a time.
const PIECE: u32 = 24;
/// Pieces of a run that are looked at in short, both ends among them.
const SHORT_PIECES: u32 = 16;
/// Times that a sector is read again that differs.
pub(super) const TRIES: u8 = 2;
/// Bytes of a sample of both channels.
pub(super) const SAMPLE: i64 = 4;
/// Samples to either side among which the read offset is looked for; the greatest that are known are below 1800.
pub(super) const WINDOW: i64 = AROUND as i64 * FRAME_SAMPLES as i64;
/// Sectors of that window.
pub(super) const AROUND: u32 = 6;
/// Sectors side by side that an offset must fit.
const PROBE: u32 = 4;
/// Places of a run where an offset is looked for.
const PLACES: u32 = 48;
/// Sectors that had to be read more than once and are told one by one.
const MOST_TOLD: usize = 16;

/// Why sectors did not come.
#[derive(Debug)]
pub(crate) enum Unread {
    Sense(Sense),
    NoAnswer(NoAnswer),
}

/// How far a comparison has come, in sectors done and all; may end it.
pub(crate) type Observe<'a> = &'a mut dyn FnMut(u64, u64) -> ControlFlow<()>;

/// A comparison under way.
pub(crate) struct ReadBack<'a, R> {
    checks: &'a SectorChecks,
    /// Fills its room with whole sectors from an address on.
    read: R,
    codec: SectorCodec,
    /// Samples that sound comes from behind the place that was asked for.
    offset: Option<i64>,
    done: SectorsCompared,
}

impl<'a, R: FnMut(Lba, &mut [u8]) -> Result<(), Unread>> ReadBack<'a, R> {
    pub(crate) fn new(checks: &'a SectorChecks, read: R) -> Self {
        Self {
            checks,
            read,
            codec: SectorCodec::new(),
            offset: None,
            done: SectorsCompared::default(),
        }
    }

    /// Compares the runs, all of them or `in_short`.
    ///
    /// # Errors
    /// The drive gives no answer any more.
    pub(crate) fn compare(
        mut self,
        runs: &[DiscRun],
        in_short: bool,
        observe: Observe<'_>,
    ) -> Result<SectorsCompared, NoAnswer> {
        let pieces_of = |run: &DiscRun| pieces(run.run.blocks, in_short);
        let total = runs
            .iter()
            .flat_map(pieces_of)
            .map(|piece| u64::from(piece.end - piece.start))
            .sum();
        let mut so_far = 0;
        for run in runs {
            if run.run.told == Told::Sound && self.offset.is_none() {
                self.offset = self.find_offset(run)?;
            }
            for piece in pieces_of(run) {
                so_far += u64::from(piece.end - piece.start);
                match run.run.told {
                    Told::Sound => self.sound(run, piece)?,
                    Told::Data { .. } => self.data(run, piece)?,
                }
                if observe(so_far, total).is_break() {
                    return Ok(self.done);
                }
            }
        }
        let hidden = |run: &DiscRun| match run.run.told {
            Told::Sound => {
                let bytes = (self.offset.unwrap_or(0) * SAMPLE).unsigned_abs();
                bytes
                    .div_ceil(SECTOR_BYTES as u64)
                    .min(run.run.blocks.into())
            }
            Told::Data { .. } => 0,
        };
        // What the offset hides at the ends cannot be read back, and nothing is known of it.
        self.done.verification.blocks_written = runs
            .iter()
            .map(|run| u64::from(run.run.blocks) - hidden(run))
            .sum();
        self.done.read_offset = self.offset.and_then(|offset| i32::try_from(offset).ok());
        Ok(self.done)
    }

    /// Reads sectors of a run, by their numbers in it.
    fn fetch(&mut self, run: &DiscRun, sectors: Range<u32>) -> Result<Came, NoAnswer> {
        let count = (sectors.end - sectors.start) as usize;
        let mut came = Came {
            first: sectors.start,
            bytes: vec![0; count * SECTOR_BYTES],
            missing: vec![None; count],
        };
        let first = run.lba.saturating_add_unsigned(sectors.start);
        match (self.read)(Lba(first), &mut came.bytes) {
            Ok(()) => return Ok(came),
            Err(Unread::NoAnswer(cause)) => return Err(cause),
            Err(Unread::Sense(_)) => {}
        }
        let each = came.bytes.chunks_exact_mut(SECTOR_BYTES);
        for ((sector, missing), lba) in each.zip(&mut came.missing).zip(first..) {
            match (self.read)(Lba(lba), sector) {
                Ok(()) => {}
                Err(Unread::Sense(sense)) => *missing = Some(sense),
                Err(Unread::NoAnswer(cause)) => return Err(cause),
            }
        }
        Ok(came)
    }

    fn data(&mut self, run: &DiscRun, piece: Range<u32>) -> Result<(), NoAnswer> {
        let mut came = self.fetch(run, piece.clone())?;
        for sector in piece {
            let mut found = self.judge_data(run, sector, &mut came);
            let mut tries = 0;
            while found != Found::Right && tries < TRIES {
                let mut again = self.fetch(run, sector..sector + 1)?;
                found = self.judge_data(run, sector, &mut again);
                tries += 1;
            }
            self.count(run, sector, found, tries > 0);
        }
        Ok(())
    }

    fn judge_data(&self, run: &DiscRun, sector: u32, came: &mut Came) -> Found {
        let (told, block) = (run.run.told, run.run.image_block + sector);
        let bytes = match came.sector(sector) {
            Ok(bytes) => bytes,
            Err(sense) => return Found::Missing(sense),
        };
        if let Told::Data {
            scrambled: true, ..
        } = told
        {
            self.codec.scramble(bytes);
        }
        self.judge(block, told.of(bytes))
    }

    fn judge(&self, block: u32, bytes: &[u8]) -> Found {
        match self.checks.of_block(block) {
            None => Found::Unchecked,
            Some(wanted) if wanted == check(bytes) => Found::Right,
            Some(_) => Found::Other,
        }
    }

    fn sound(&mut self, run: &DiscRun, piece: Range<u32>) -> Result<(), NoAnswer> {
        // Of the piece, the sectors that the offset lets see as a whole.
        let seen: Vec<(u32, Range<u32>)> = piece
            .clone()
            .filter_map(|sector| Some((sector, self.place_of(run, sector)?)))
            .collect();
        let hidden = (piece.end - piece.start) as usize - seen.len();
        self.done.verification.blocks_unchecked += hidden as u64;
        let (Some((_, first)), Some((_, last))) = (seen.first(), seen.last()) else {
            return Ok(());
        };
        let came = self.fetch(run, first.start..last.end)?;
        for (sector, place) in seen {
            let mut found = self.judge_sound(run, sector, &came);
            let mut tries = 0;
            while found != Found::Right && tries < TRIES {
                let again = self.fetch(run, place.clone())?;
                found = self.judge_sound(run, sector, &again);
                tries += 1;
            }
            self.count(run, sector, found, tries > 0);
        }
        Ok(())
    }

    /// Where the samples of a sector begin in what the drive gives of the run, in bytes.
    fn begin_of(&self, sector: u32) -> i64 {
        i64::from(sector) * SECTOR_BYTES as i64 - self.offset.unwrap_or(0) * SAMPLE
    }

    /// The sectors that have to be read for the samples of one; `None` where some lie outside of the run.
    fn place_of(&self, run: &DiscRun, sector: u32) -> Option<Range<u32>> {
        let begin = self.begin_of(sector);
        let each = SECTOR_BYTES as i64;
        let first = u32::try_from(begin.div_euclid(each)).ok()?;
        let end = u32::try_from((begin + each - 1).div_euclid(each) + 1).ok()?;
        (end <= run.run.blocks).then_some(first..end)
    }

    fn judge_sound(&self, run: &DiscRun, sector: u32, came: &Came) -> Found {
        let begin = self.begin_of(sector) - i64::from(came.first) * SECTOR_BYTES as i64;
        let from = usize::try_from(begin).unwrap_or(usize::MAX);
        let to = from.saturating_add(SECTOR_BYTES);
        let touched = came
            .missing
            .get(from / SECTOR_BYTES..to.div_ceil(SECTOR_BYTES));
        if let Some(sense) = touched.unwrap_or_default().iter().flatten().next() {
            return Found::Missing(*sense);
        }
        match came.bytes.get(from..to) {
            Some(bytes) => self.judge(run.run.image_block + sector, bytes),
            None => Found::Other,
        }
    }

    fn count(&mut self, run: &DiscRun, sector: u32, found: Found, read_again: bool) {
        let lba = Lba(run.lba.saturating_add_unsigned(sector));
        let of = &mut self.done.verification;
        match found {
            Found::Unchecked => {
                of.blocks_unchecked += 1;
                return;
            }
            Found::Right if read_again && self.done.reread.len() < MOST_TOLD => {
                self.done.reread.push(lba);
            }
            Found::Right => {}
            Found::Other => of.add_bad(lba, 1, None),
            Found::Missing(sense) => of.add_bad(lba, 1, Some(sense)),
        }
        of.blocks_compared += 1;
    }

    /// Looks for the offset at some places of a run, where the sound is lively enough to tell; `None`: nowhere.
    fn find_offset(&mut self, run: &DiscRun) -> Result<Option<i64>, NoAnswer> {
        let whole = PROBE + 2 * AROUND;
        let Some(last) = run.run.blocks.checked_sub(whole) else {
            return Ok(None);
        };
        let step = (last / PLACES).max(1);
        for first in (0..=last).step_by(step as usize) {
            let came = self.fetch(run, first..first + whole)?;
            if came.missing.iter().any(Option::is_some) {
                continue;
            }
            let block = run.run.image_block + first + AROUND;
            let found = (0..=WINDOW)
                .flat_map(|distance| [distance, -distance])
                // The nearest first: what repeats itself fits in many places.
                .find(|offset| self.fits(block, *offset, &came.bytes));
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// Whether the sectors from `block` on, which lie in the middle of these bytes, are there with this offset.
    fn fits(&self, block: u32, offset: i64, bytes: &[u8]) -> bool {
        let middle = AROUND as i64 * SECTOR_BYTES as i64;
        let from = usize::try_from(middle - offset * SAMPLE).unwrap_or(usize::MAX);
        let there = bytes.get(from..).unwrap_or_default();
        let mut sectors = there.chunks_exact(SECTOR_BYTES).take(PROBE as usize);
        let is_equal = |(sector, block): (&[u8], u32)| self.judge(block, sector) == Found::Right;
        sectors.len() == PROBE as usize
            && there.get(..SECTOR_BYTES).is_some_and(is_lively)
            && sectors.by_ref().zip(block..).all(is_equal)
    }
}

/// Sectors of a run that were read.
struct Came {
    /// The first one's number in the run.
    first: u32,
    bytes: Vec<u8>,
    /// What was answered for those that did not come.
    missing: Vec<Option<Sense>>,
}

impl Came {
    fn sector(&mut self, number: u32) -> Result<&mut [u8; SECTOR_BYTES], Sense> {
        let nothing = Sense::new(3, 0x11, 0);
        let at = number.checked_sub(self.first).ok_or(nothing)? as usize;
        if let Some(sense) = self.missing.get(at).copied().flatten() {
            return Err(sense);
        }
        let sectors = self.bytes.as_chunks_mut::<SECTOR_BYTES>().0;
        sectors.get_mut(at).ok_or(nothing)
    }
}

/// What a sector is found to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    Right,
    Other,
    Missing(Sense),
    /// There is no check of it.
    Unchecked,
}

/// Whether samples differ enough from one another that they are not taken for their neighbours.
pub(super) fn is_lively(sound: &[u8]) -> bool {
    let samples = sound.as_chunks::<4>().0;
    let pairs = samples.iter().zip(samples.iter().skip(1));
    pairs.filter(|(a, b)| a != b).count() >= samples.len() / 2
}

/// The pieces of a run of so many sectors that are looked at.
fn pieces(blocks: u32, in_short: bool) -> Vec<Range<u32>> {
    let starts = (0..blocks).step_by(PIECE as usize);
    let all = u32::try_from(starts.len()).unwrap_or(u32::MAX);
    let is_looked_at = |number: u32| {
        // Spread evenly, the first and the last among them.
        let place = |n: u32| u64::from(n) * u64::from(all - 1) / u64::from(SHORT_PIECES - 1);
        !in_short || all <= SHORT_PIECES || (0..SHORT_PIECES).any(|n| place(n) == number.into())
    };
    starts
        .zip(0u32..)
        .filter(|(_, number)| is_looked_at(*number))
        .map(|(start, _)| start..(start + PIECE).min(blocks))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use pitland_burn::WrittenRun;
    use pitland_mmc::param::DataForm;
    use pitland_writer::{CdLayout, CdMode, CdTrack};

    const BLOCKS: u32 = 150 + 700;

    /// Samples of the image's block, all different; those of the first pregap and of some more are silence.
    fn block(number: u32) -> Vec<u8> {
        let sample = |n: u32| match number {
            0..200 | 600..640 => [0; 4],
            _ => (n.wrapping_mul(2_654_435_761) | 0x0101_0101).to_le_bytes(),
        };
        (number * 588..(number + 1) * 588)
            .flat_map(sample)
            .collect()
    }

    fn checks() -> SectorChecks {
        let mut layout = CdLayout::new(CdMode::SessionAtOnce, Lba(-150));
        layout.tracks = vec![
            CdTrack::audio(1, Lba(0), 150, 300),
            CdTrack::audio(2, Lba(300), 450, 400),
        ];
        layout.tracks[0].pregap = 150;
        let checks = SectorChecks::of(&layout, BLOCKS.into());
        let image: Vec<u8> = (0..BLOCKS).flat_map(block).collect();
        checks.take(0, &image);
        checks
    }

    fn written() -> WrittenRun {
        WrittenRun {
            first_lba: Lba(-150),
            blocks: BLOCKS.into(),
            image_block: 0,
        }
    }

    /// A disc of these sectors in a drive with a read offset; what lies outside is silence.
    fn drive(
        offset: i64,
        change: impl Fn(&mut Vec<u8>),
    ) -> impl FnMut(Lba, &mut [u8]) -> Result<(), Unread> {
        let mut disc: Vec<u8> = (150..BLOCKS).flat_map(block).collect();
        change(&mut disc);
        move |lba, out| {
            for (byte, at) in out.iter_mut().zip(0i64..) {
                let at = i64::from(lba.0) * 2352 + offset * 4 + at;
                *byte = usize::try_from(at)
                    .ok()
                    .and_then(|at| disc.get(at).copied())
                    .unwrap_or(0);
            }
            Ok(())
        }
    }

    fn compared(offset: i64, in_short: bool, change: impl Fn(&mut Vec<u8>)) -> SectorsCompared {
        let checks = checks();
        let runs = checks.on_disc(&[written()]);
        let reading = ReadBack::new(&checks, drive(offset, change));
        let mut seen = Vec::new();
        let done = reading
            .compare(&runs, in_short, &mut |done, total| {
                seen.push((done, total));
                ControlFlow::Continue(())
            })
            .unwrap();
        assert!(seen.is_sorted() && seen.last().is_some_and(|(done, total)| done == total));
        done
    }

    #[test]
    fn every_sector_is_compared_whatever_the_read_offset() {
        for (offset, hidden) in [(0, 0), (30, 1), (-30, 1), (667, 2), (-1164, 2), (1776, 4)] {
            let done = compared(offset, false, |_| {});
            let of = &done.verification;
            assert_eq!(done.read_offset, Some(offset as i32));
            assert!(of.is_complete(), "{offset}: {of:?}");
            assert_eq!(
                (of.blocks_compared, of.blocks_unchecked),
                (700 - hidden, hidden),
                "{offset}"
            );
        }
    }

    #[test]
    fn one_wrong_bit_is_found_and_named_by_its_sector() {
        for offset in [0, 30, -667] {
            let done = compared(offset, false, |disc| disc[333 * 2352 + 1001] ^= 1);
            let of = &done.verification;
            assert_eq!(
                (of.bad_units, of.first_bad),
                (1, Some(Lba(333))),
                "{offset}"
            );
            assert!(!of.is_complete());
        }
    }

    #[test]
    fn in_short_a_part_is_looked_at_and_never_counts_as_all() {
        let done = compared(30, true, |_| {});
        assert!(done.verification.blocks_compared < 500, "{done:?}");
        assert!(!done.verification.is_complete());
        let blank = compared(0, true, |disc| disc.fill(0));
        assert!(blank.verification.bad_units > 100);
    }

    #[test]
    fn a_sector_that_cannot_be_read_is_bad_and_its_neighbours_are_not() {
        let checks = checks();
        let runs = checks.on_disc(&[written()]);
        let mut whole = drive(0, |_| {});
        let sense = Sense::new(3, 0x11, 5);
        let reading = ReadBack::new(&checks, |lba: Lba, out: &mut [u8]| {
            let end = lba.0 + (out.len() / SECTOR_BYTES) as i32;
            match (lba.0..end).contains(&400) {
                true => Err(Unread::Sense(sense)),
                false => whole(lba, out),
            }
        });
        let done = reading
            .compare(&runs, false, &mut |_, _| ControlFlow::Continue(()))
            .unwrap();
        let of = done.verification;
        assert_eq!(
            (of.bad_units, of.first_bad, of.first_sense),
            (1, Some(Lba(400)), Some(sense))
        );
        assert_eq!(of.blocks_compared, 700);
    }

    #[test]
    fn data_are_compared_without_what_depends_on_their_place() {
        let mut layout = CdLayout::new(CdMode::Raw(pitland_writer::CdSubchannel::Pq16), Lba(-4650));
        let mut track = CdTrack::audio(1, Lba(0), 4650, 300);
        (track.form, track.control, track.pregap) = (DataForm::Mode1Raw, 4, 150);
        layout.tracks = vec![track];
        let checks = SectorChecks::of(&layout, 4950);
        let plain = |number: u32| [number as u8; SECTOR_BYTES];
        let codec = SectorCodec::new();
        let image: Vec<u8> = (0..4950)
            .flat_map(|number| {
                let mut sector = plain(number);
                codec.scramble(&mut sector);
                [sector.to_vec(), vec![0; 16]].concat()
            })
            .collect();
        checks.take(0, &image);
        let written = WrittenRun {
            first_lba: Lba(-4650),
            blocks: 4950,
            image_block: 0,
        };
        let runs = checks.on_disc(&[written]);
        let reading = ReadBack::new(&checks, |lba: Lba, out: &mut [u8]| {
            for (sector, lba) in out.chunks_exact_mut(SECTOR_BYTES).zip(lba.0..) {
                sector.copy_from_slice(&plain((lba + 4650) as u32));
                sector[14] = 77;
            }
            Ok(())
        });
        let done = reading
            .compare(&runs, false, &mut |_, _| ControlFlow::Continue(()))
            .unwrap();
        assert!(done.verification.is_complete() && done.verification.blocks_compared == 300);
        assert_eq!(done.read_offset, None);
    }
}

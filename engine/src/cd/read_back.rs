//! Reading a CD of whole sectors back: each sector is judged by what is expected of it, the checks that were taken as it was
//! sent or the sources.
//!
//! Owns the search for the drive's read offset, and what is looked at. Must not know how sectors are read, nor what is
//! expected.

use super::expected::Expected;
use crate::pipeline::sectors::{DiscRun, Told};
use pitland_burn::SectorsCompared;
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
const TRIES: u8 = 2;
/// Bytes of a sample of both channels.
const SAMPLE: i64 = 4;
const SECTOR: i64 = SECTOR_BYTES as i64;
/// Sectors to either side among which the read offset is looked for; the greatest that are known are below 1800 samples.
const AROUND: u32 = 6;
/// Samples of that window.
const WINDOW: i64 = AROUND as i64 * FRAME_SAMPLES as i64;
/// Sectors side by side that an offset must fit.
const PROBE: u32 = 4;
/// Places of a run where an offset is looked for.
const PLACES: u32 = 48;
/// Sectors that had to be read more than once and are told one by one.
const MOST_REREAD: usize = 16;
/// Sectors that differ and are told one by one.
const MOST_BAD: usize = 64;

/// Why sectors did not come.
#[derive(Debug)]
pub(crate) enum Unread<F> {
    /// The drive's answer.
    Sense(Sense),
    /// No more sectors will come.
    Fault(F),
}

/// How far a comparison has come, in sectors done and all; may end it.
pub(crate) type Observe<'a> = &'a mut dyn FnMut(u64, u64) -> ControlFlow<()>;

/// A sector that is not what is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BadSector {
    pub(crate) lba: Lba,
    /// The block of the image that it should be.
    pub(crate) image_block: u32,
    /// The drive's answer, where it could not be read.
    pub(crate) sense: Option<Sense>,
}

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Done {
    pub(crate) compared: SectorsCompared,
    /// Sectors that were right when they were read again.
    pub(crate) reread: u64,
    /// The first sectors that are bad.
    pub(crate) bad: Vec<BadSector>,
    /// Samples at the ends of sound that the read offset keeps away.
    pub(crate) unseen_samples: u64,
    /// The observer ended it before all was compared, or as that was done.
    pub(crate) was_ended: bool,
}

/// A comparison under way.
pub(crate) struct ReadBack<X, R> {
    expected: X,
    /// Fills its room with whole sectors from an address on.
    read: R,
    codec: SectorCodec,
    /// Samples that sound comes from behind the place that was asked for.
    offset: Option<i64>,
    done: Done,
}

impl<X, R> ReadBack<X, R>
where
    X: Expected,
    R: FnMut(Lba, &mut [u8]) -> Result<(), Unread<X::Fault>>,
{
    pub(crate) fn new(expected: X, read: R) -> Self {
        Self {
            expected,
            read,
            codec: SectorCodec::new(),
            offset: None,
            done: Done::default(),
        }
    }

    /// Compares the runs, all of them or `in_short`.
    ///
    /// # Errors
    /// No more sectors come, or what is expected cannot be told.
    pub(crate) fn compare(
        mut self,
        runs: &[DiscRun],
        in_short: bool,
        observe: Observe<'_>,
    ) -> Result<Done, X::Fault> {
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
                self.piece(run, piece)?;
                if observe(so_far, total).is_break() {
                    self.done.was_ended = true;
                    return Ok(self.done);
                }
            }
        }
        let offset = self.offset.unwrap_or(0).unsigned_abs();
        // What the offset hides at the ends cannot be read back, and nothing is known of it.
        let hidden = |run: &DiscRun| match run.run.told {
            Told::Sound => {
                let samples = u64::from(run.run.blocks) * FRAME_SAMPLES;
                offset.min(samples)
            }
            Told::Data { .. } => 0,
        };
        let Done {
            compared,
            unseen_samples,
            ..
        } = &mut self.done;
        *unseen_samples = runs.iter().map(hidden).sum();
        compared.verification.blocks_written = runs
            .iter()
            .map(|run| u64::from(run.run.blocks) - hidden(run).div_ceil(FRAME_SAMPLES))
            .sum();
        compared.read_offset = self.offset.and_then(|offset| i32::try_from(offset).ok());
        Ok(self.done)
    }

    /// Reads sectors of a run, by their numbers in it.
    fn fetch(&mut self, run: &DiscRun, sectors: Range<u32>) -> Result<Came, X::Fault> {
        let count = (sectors.end - sectors.start) as usize;
        let mut came = Came {
            first: sectors.start,
            bytes: vec![0; count * SECTOR_BYTES],
            missing: vec![None; count],
        };
        let first = run.lba.saturating_add_unsigned(sectors.start);
        match (self.read)(Lba(first), &mut came.bytes) {
            Ok(()) => return Ok(came),
            Err(Unread::Fault(fault)) => return Err(fault),
            Err(Unread::Sense(_)) => {}
        }
        let each = came.bytes.chunks_exact_mut(SECTOR_BYTES);
        for ((sector, missing), lba) in each.zip(&mut came.missing).zip(first..) {
            match (self.read)(Lba(lba), sector) {
                Ok(()) => {}
                Err(Unread::Sense(sense)) => *missing = Some(sense),
                Err(Unread::Fault(fault)) => return Err(fault),
            }
        }
        Ok(came)
    }

    fn piece(&mut self, run: &DiscRun, piece: Range<u32>) -> Result<(), X::Fault> {
        // The sectors of the piece that the offset lets see, at least in part.
        let seen: Vec<(u32, Seen)> = piece
            .clone()
            .filter_map(|sector| Some((sector, self.seen_of(run, sector)?)))
            .collect();
        let hidden = (piece.end - piece.start) as usize - seen.len();
        self.done.compared.verification.blocks_unchecked += hidden as u64;
        let (Some((_, first)), Some((_, last))) = (seen.first(), seen.last()) else {
            return Ok(());
        };
        let mut came = self.fetch(run, first.sectors().start..last.sectors().end)?;
        for (sector, place) in seen {
            let mut found = self.judge(run, sector, place, &mut came)?;
            let mut tries = 0;
            while found.may_be_mended() && tries < TRIES {
                let mut again = self.fetch(run, place.sectors())?;
                found = self.judge(run, sector, place, &mut again)?;
                tries += 1;
            }
            self.count(run, sector, found, tries > 0);
        }
        Ok(())
    }

    /// Where the bytes of a sector lie in what the drive gives of the run; `None` where all of them lie outside of it.
    fn seen_of(&self, run: &DiscRun, sector: u32) -> Option<Seen> {
        let moved = match run.run.told {
            Told::Sound => self.offset.unwrap_or(0) * SAMPLE,
            Told::Data { .. } => 0,
        };
        let begin = i64::from(sector) * SECTOR - moved;
        let (from, to) = (begin.max(0), begin + SECTOR);
        let to = to.min(i64::from(run.run.blocks) * SECTOR);
        (from < to).then_some(Seen {
            from: from as u64,
            to: to as u64,
            skipped: (from - begin) as usize,
        })
    }

    fn judge(
        &mut self,
        run: &DiscRun,
        sector: u32,
        seen: Seen,
        came: &mut Came,
    ) -> Result<Found, X::Fault> {
        let block = run.run.image_block + sector;
        let bytes = match came.bytes_of(seen) {
            Ok(bytes) => bytes,
            Err(sense) => return Ok(Found::Missing(sense)),
        };
        let is = match run.run.told {
            Told::Sound if bytes.len() < SECTOR_BYTES => {
                self.expected.has(block, seen.skipped, bytes)?
            }
            told => {
                if let (true, Some(bytes)) = (told.is_scrambled(), bytes.first_chunk_mut()) {
                    self.codec.scramble(bytes);
                }
                self.expected.is(block, told, bytes)?
            }
        };
        Ok(match is {
            None => Found::Unchecked,
            Some(true) => Found::Right,
            Some(false) => Found::Other,
        })
    }

    fn count(&mut self, run: &DiscRun, sector: u32, found: Found, read_again: bool) {
        let lba = Lba(run.lba.saturating_add_unsigned(sector));
        let Done {
            compared,
            reread,
            bad,
            ..
        } = &mut self.done;
        let sense = match found {
            Found::Unchecked => {
                compared.verification.blocks_unchecked += 1;
                return;
            }
            Found::Right => {
                if read_again {
                    *reread += 1;
                }
                if read_again && compared.reread.len() < MOST_REREAD {
                    compared.reread.push(lba);
                }
                compared.verification.blocks_compared += 1;
                return;
            }
            Found::Other => None,
            Found::Missing(sense) => Some(sense),
        };
        compared.verification.blocks_compared += 1;
        compared.verification.add_bad(lba, 1, sense);
        if bad.len() < MOST_BAD {
            bad.push(BadSector {
                lba,
                image_block: run.run.image_block + sector,
                sense,
            });
        }
    }

    /// Looks for the offset at some places of a run, where the sound is lively enough to tell; `None`: nowhere.
    fn find_offset(&mut self, run: &DiscRun) -> Result<Option<i64>, X::Fault> {
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
            // The nearest first: what repeats itself fits in many places.
            for offset in (0..=WINDOW).flat_map(|distance| [distance, -distance]) {
                if self.fits(block, offset, &came.bytes)? {
                    return Ok(Some(offset));
                }
            }
        }
        Ok(None)
    }

    /// Whether the sectors from `block` on, which lie in the middle of these bytes, are there with this offset.
    fn fits(&mut self, block: u32, offset: i64, bytes: &[u8]) -> Result<bool, X::Fault> {
        let middle = i64::from(AROUND) * SECTOR;
        let from = usize::try_from(middle - offset * SAMPLE).unwrap_or(usize::MAX);
        let there = bytes.get(from..).unwrap_or_default();
        let sectors = there.chunks_exact(SECTOR_BYTES).take(PROBE as usize);
        if sectors.len() < PROBE as usize || !there.get(..SECTOR_BYTES).is_some_and(is_lively) {
            return Ok(false);
        }
        for (sector, block) in sectors.zip(block..) {
            if self.expected.is(block, Told::Sound, sector)? != Some(true) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// The bytes of a sector, as far as they lie in what the drive gives of a run, counted from the run's first.
#[derive(Debug, Clone, Copy)]
struct Seen {
    from: u64,
    to: u64,
    /// Bytes of the sector before them, which are not seen.
    skipped: usize,
}

impl Seen {
    /// The sectors that have to be read for them, by their numbers in the run.
    fn sectors(self) -> Range<u32> {
        let each = SECTOR_BYTES as u64;
        // A run has no more sectors than that.
        (self.from / each) as u32..self.to.div_ceil(each) as u32
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
    /// Bytes of the run, where all the sectors that they lie in have come.
    fn bytes_of(&mut self, seen: Seen) -> Result<&mut [u8], Sense> {
        let nothing = Sense::new(3, 0x11, 0);
        let sectors = seen.sectors();
        let at = |sector: u32| sector.checked_sub(self.first).map(|at| at as usize);
        let (Some(first), Some(end)) = (at(sectors.start), at(sectors.end)) else {
            return Err(nothing);
        };
        let missing = self.missing.get(first..end).ok_or(nothing)?;
        if let Some(sense) = missing.iter().flatten().next() {
            return Err(*sense);
        }
        let before = u64::from(self.first) * SECTOR_BYTES as u64;
        let place = |byte: u64| usize::try_from(byte.saturating_sub(before)).unwrap_or(usize::MAX);
        self.bytes
            .get_mut(place(seen.from)..place(seen.to))
            .ok_or(nothing)
    }
}

/// What a sector is found to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    Right,
    Other,
    Missing(Sense),
    /// Nothing is known of it.
    Unchecked,
}

impl Found {
    /// Whether reading it once more may show something better.
    fn may_be_mended(self) -> bool {
        matches!(self, Self::Other | Self::Missing(_))
    }
}

/// Whether samples differ enough from one another that they are not taken for their neighbours.
fn is_lively(sound: &[u8]) -> bool {
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
        !in_short || all <= SHORT_PIECES || (0..SHORT_PIECES).any(|n| place(n) == u64::from(number))
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
    use crate::pipeline::sectors::SectorChecks;
    use pitland_burn::{NoAnswer, WrittenRun};
    use pitland_mmc::param::DataForm;
    use pitland_writer::{CdLayout, CdMode, CdTrack};

    const BLOCKS: u32 = 150 + 700;

    /// Samples of the image's block, all different; those of the first pregap and of some more are silence.
    fn block(number: u32) -> Vec<u8> {
        bytes_of(number).collect()
    }

    fn bytes_of(number: u32) -> impl Iterator<Item = u8> {
        let sample = move |n: u32| match number {
            0..200 | 600..640 => [0; 4],
            _ => (n.wrapping_mul(2_654_435_761) | 0x0101_0101).to_le_bytes(),
        };
        (number * 588..(number + 1) * 588).flat_map(sample)
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
    ) -> impl FnMut(Lba, &mut [u8]) -> Result<(), Unread<NoAnswer>> {
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

    /// The samples themselves, as sources have them.
    struct Samples;

    impl Expected for Samples {
        type Fault = NoAnswer;

        fn is(&mut self, number: u32, _: Told, sector: &[u8]) -> Result<Option<bool>, NoAnswer> {
            Ok(Some(bytes_of(number).eq(sector.iter().copied())))
        }

        fn has(
            &mut self,
            number: u32,
            from: usize,
            samples: &[u8],
        ) -> Result<Option<bool>, NoAnswer> {
            Ok(Some(block(number)[from..].starts_with(samples)))
        }
    }

    fn compared_with_samples(offset: i64, change: impl Fn(&mut Vec<u8>)) -> Done {
        let runs = checks().on_disc(&[written()]);
        ReadBack::new(Samples, drive(offset, change))
            .compare(&runs, false, &mut |_, _| ControlFlow::Continue(()))
            .unwrap()
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
        done.compared
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
    fn samples_are_compared_up_to_the_last_one_that_is_seen() {
        for (offset, hidden) in [(0, 0), (30, 0), (-30, 0), (667, 1), (-1164, 1), (1776, 3)] {
            let done = compared_with_samples(offset, |_| {});
            let of = &done.compared.verification;
            assert_eq!(done.compared.read_offset, Some(offset as i32));
            assert_eq!((of.bad_units, &done.bad[..]), (0, &[][..]), "{offset}");
            let counted = (of.blocks_compared, of.blocks_unchecked);
            assert_eq!(counted, (700 - hidden, hidden), "{offset}");
            assert_eq!(done.unseen_samples, offset.unsigned_abs());
        }
        // The sector at the beginning has lost 30 samples, or the one at the end: what is left of them counts.
        for (offset, byte, lba) in [(30, 30 * 4, 0), (-30, 700 * 2352 - 30 * 4 - 1, 699)] {
            let bad = BadSector {
                lba: Lba(lba),
                image_block: 150 + lba as u32,
                sense: None,
            };
            let done = compared_with_samples(offset, |disc| disc[byte] ^= 1);
            assert_eq!(done.bad, [bad], "{offset}");
        }
        let unseen = compared_with_samples(30, |disc| disc[30 * 4 - 1] ^= 1);
        assert_eq!(unseen.bad, []);
    }

    #[test]
    fn what_is_right_when_it_is_read_again_is_no_difference() {
        let runs = checks().on_disc(&[written()]);
        let mut whole = drive(0, |_| {});
        let mut reads = 0;
        let reading = ReadBack::new(Samples, |lba: Lba, out: &mut [u8]| {
            whole(lba, out)?;
            let end = lba.0 + (out.len() / SECTOR_BYTES) as i32;
            if (lba.0..end).contains(&333) {
                reads += 1;
                if reads == 1 {
                    out[(333 - lba.0) as usize * SECTOR_BYTES + 9] ^= 1;
                }
            }
            Ok(())
        });
        let done = reading
            .compare(&runs, false, &mut |_, _| ControlFlow::Continue(()))
            .unwrap();
        assert_eq!((done.bad, done.reread), (vec![], 1));
        assert_eq!(done.compared.reread, [Lba(333)]);
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
        let of = done.compared.verification;
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
        let done = done.compared;
        assert!(done.verification.is_complete() && done.verification.blocks_compared == 300);
        assert_eq!(done.read_offset, None);
    }
}

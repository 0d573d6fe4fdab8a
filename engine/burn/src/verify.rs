//! Reading back: which units, in what order, and what it amounts to. Owns the choice of units and the
//! account of bad ones; the comparison itself is made where the bytes are.

use crate::outcome::Verification;
use crate::patience;
use pitland_mmc::Lba;
use pitland_mmc::cdb::{Cdb, CdbBytes, Read10};
use pitland_mmc::sense::{Reaction, Sense};
use std::time::Duration;

/// Blocks that are compared at once: the unit of the checks taken while writing.
pub const UNIT_BLOCKS: u32 = 32;
/// Units of a [`sample`] at most.
pub const SAMPLE_UNITS: u64 = 32;
/// Units compared at each end and in the middle when verification is quick.
const QUICK_UNITS: u64 = 16;
/// Units of one READ at most, where the drive's link carries them.
const MOST_UNITS: u32 = 16;

/// The units of an image of so many units that are looked at when nobody asked for a verification and
/// the burn looks suspicious: at most 32, spread evenly, both ends among them; rising.
pub fn sample(units: u64) -> Vec<u64> {
    let count = units.min(SAMPLE_UNITS);
    let Some(gaps) = count.checked_sub(1).filter(|gaps| *gaps > 0) else {
        return (0..count).collect();
    };
    // In 128 bits: the number of units is anyone's claim.
    let place = |n| u128::from(n) * u128::from(units - 1) / u128::from(gaps);
    (0..count)
        .filter_map(|n| u64::try_from(place(n)).ok())
        .collect()
}

/// What is on the medium and shall be read back: a run of blocks whose checks were taken in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WrittenRun {
    /// First block on the medium.
    pub first_lba: Lba,
    /// Blocks.
    pub blocks: u64,
    /// Block of the image that the first one is: a multiple of [`UNIT_BLOCKS`].
    pub image_block: u64,
}

impl WrittenRun {
    /// The block of the image behind the run.
    pub fn image_end(&self) -> u64 {
        self.image_block.saturating_add(self.blocks)
    }

    /// Takes `next` in, if it follows on both medium and image.
    pub(crate) fn joins(&mut self, next: &Self) -> bool {
        let end = i64::from(self.first_lba.0).checked_add_unsigned(self.blocks);
        let follows = end == Some(next.first_lba.0.into()) && self.image_end() == next.image_block;
        if follows {
            self.blocks = self.blocks.saturating_add(next.blocks);
        }
        follows
    }
}

/// Units to read at once, and to compare one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unit {
    /// The command, complete.
    pub cdb: CdbBytes,
    /// First block.
    pub lba: Lba,
    /// Blocks: 32 of each unit, but for a last short one.
    pub blocks: u32,
    /// Number of the first unit in the image: the index of its check. The others follow.
    pub index: u64,
}

impl Unit {
    /// How many units these are.
    pub const fn units(&self) -> u32 {
        self.blocks.div_ceil(UNIT_BLOCKS)
    }
}

/// Which units are looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Choice {
    All,
    /// Both ends, and some between.
    Quick,
    /// These units of the image, rising.
    Sample(Vec<u64>),
}

impl Choice {
    /// Whether a unit of a run is looked at.
    fn has(&self, run: &WrittenRun, unit: u64) -> bool {
        match self {
            Self::All => true,
            Self::Quick => is_quick(unit, units_in(run)),
            Self::Sample(units) => units.binary_search(&number_of(run, unit)).is_ok(),
        }
    }

    /// The first unit of a run, from this one on, that is looked at.
    fn next(&self, run: &WrittenRun, unit: u64) -> Option<u64> {
        (unit..units_in(run)).find(|unit| self.has(run, *unit))
    }
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    Read(Unit),
    Pause(Duration),
    Complete,
    /// The drive is gone or not ready any more.
    Broken(Sense),
}

/// Reading back one job.
#[derive(Debug)]
pub(crate) struct Verifying {
    runs: Vec<WrittenRun>,
    choice: Choice,
    /// Units of one READ at most.
    at_once: u32,
    run: usize,
    /// Unit within the run.
    unit: u64,
    /// Units that were read together with a bad one, and are now read alone.
    alone: u32,
    tries: u8,
    busy: u32,
    timeouts: u8,
    pub(crate) result: Verification,
    pub(crate) reread_at: Option<Lba>,
    total_units: u64,
    done_units: u64,
}

impl Verifying {
    /// Reading back these runs, with at most so many bytes in one READ.
    pub(crate) fn new(runs: Vec<WrittenRun>, choice: Choice, most_bytes: u32) -> Self {
        let result = Verification {
            blocks_written: runs.iter().map(|r| r.blocks).sum(),
            ..Verification::default()
        };
        let of_run = |run: &WrittenRun| match &choice {
            Choice::All => units_in(run),
            _ => (0..units_in(run))
                .filter(|unit| choice.has(run, *unit))
                .count() as u64,
        };
        let total_units = runs.iter().map(of_run).sum();
        Self {
            runs,
            choice,
            at_once: (most_bytes / (UNIT_BLOCKS * 2048)).clamp(1, MOST_UNITS),
            run: 0,
            unit: 0,
            alone: 0,
            tries: 0,
            busy: 0,
            timeouts: 0,
            result,
            reread_at: None,
            total_units,
            done_units: 0,
        }
    }

    /// Blocks compared and to compare.
    pub(crate) fn progress(&self) -> (u64, u64) {
        let unit = u64::from(UNIT_BLOCKS);
        (self.done_units * unit, self.total_units * unit)
    }

    /// The units to read now.
    pub(crate) fn turn(&mut self) -> Turn {
        while let Some(run) = self.runs.get(self.run) {
            match self.choice.next(run, self.unit) {
                Some(unit) => {
                    self.unit = unit;
                    return self.current().map_or(Turn::Complete, Turn::Read);
                }
                None => {
                    self.run += 1;
                    self.unit = 0;
                }
            }
        }
        Turn::Complete
    }

    /// One more READ without an answer in a row.
    pub(crate) fn timed_out(&mut self) -> u8 {
        self.timeouts = self.timeouts.saturating_add(1);
        self.timeouts
    }

    /// The units were read; `equal`: all are as they were written.
    pub(crate) fn compared(&mut self, equal: bool) -> Turn {
        self.timeouts = 0;
        if !equal {
            if self.one_by_one() {
                return self.turn();
            }
            // Data that differ are read again once: the fault may lie on the way.
            self.tries += 1;
            if self.tries < 2 {
                return self.turn();
            }
            self.bad(None);
        } else if self.tries > 0 {
            self.reread_at = self.current().map(|u| u.lba);
        }
        self.result.blocks_compared += self.current().map_or(0, |u| u64::from(u.blocks));
        self.pass();
        self.turn()
    }

    /// The units were read, and there is no check to compare one of them with.
    pub(crate) fn unchecked(&mut self) -> Turn {
        self.timeouts = 0;
        if !self.one_by_one() {
            self.result.blocks_unchecked += self.current().map_or(0, |u| u64::from(u.blocks));
            self.pass();
        }
        self.turn()
    }

    /// The READ was answered with a sense.
    pub(crate) fn refused(&mut self, sense: Sense) -> Turn {
        match sense.reaction() {
            it if it.is_busy() => {
                self.busy += 1;
                if self.busy > patience::BUSY_TRIES {
                    Turn::Broken(sense)
                } else {
                    Turn::Pause(patience::BUSY)
                }
            }
            it if it.is_attention() => {
                self.busy += 1;
                if self.busy > u32::from(patience::ATTENTIONS) {
                    Turn::Broken(sense)
                } else {
                    self.turn()
                }
            }
            Reaction::NoMedium | Reaction::HardwareFault | Reaction::InterventionNeeded => {
                Turn::Broken(sense)
            }
            _ if self.one_by_one() => self.turn(),
            _ => {
                self.tries += 1;
                if self.tries < patience::READ_TRIES {
                    return self.turn();
                }
                self.bad(Some(sense));
                self.pass();
                self.turn()
            }
        }
    }

    /// What the next READ reads: units that follow one another, or one alone.
    fn current(&self) -> Option<Unit> {
        let run = self.runs.get(self.run)?;
        let most = if self.alone > 0 { 1 } else { self.at_once };
        let wanted = |more: &u32| self.choice.has(run, self.unit + u64::from(*more));
        let left = units_in(run).saturating_sub(self.unit);
        let more = (1..most).take_while(|more| u64::from(*more) < left && wanted(more));
        Some(units_of(run, self.unit, 1 + more.count() as u32))
    }

    /// Where several units were read at once, has them read one by one.
    fn one_by_one(&mut self) -> bool {
        let units = self.current().map_or(0, |unit| unit.units());
        let several = units > 1;
        if several {
            self.alone = units;
        }
        several
    }

    fn bad(&mut self, sense: Option<Sense>) {
        let Some(unit) = self.current() else {
            return;
        };
        self.result.add_bad(unit.lba, unit.blocks.into(), sense);
    }

    /// What was read is dealt with.
    fn pass(&mut self) {
        let units = self.current().map_or(1, |unit| unit.units());
        self.unit += u64::from(units);
        self.done_units += u64::from(units);
        self.alone = self.alone.saturating_sub(1);
        self.tries = 0;
        self.busy = 0;
    }
}

fn units_in(run: &WrittenRun) -> u64 {
    run.blocks.div_ceil(u64::from(UNIT_BLOCKS))
}

/// The number in the image of a unit of a run.
fn number_of(run: &WrittenRun, unit: u64) -> u64 {
    run.image_block / u64::from(UNIT_BLOCKS) + unit
}

/// Whether a quick verification looks at this unit: both ends, and as many spread between.
fn is_quick(unit: u64, units: u64) -> bool {
    let stride = (units / QUICK_UNITS).max(1);
    unit < QUICK_UNITS || unit + QUICK_UNITS >= units || unit.is_multiple_of(stride)
}

fn units_of(run: &WrittenRun, unit: u64, count: u32) -> Unit {
    let offset = unit * u64::from(UNIT_BLOCKS);
    let most = count * UNIT_BLOCKS;
    let blocks = run.blocks.saturating_sub(offset).min(u64::from(most));
    let blocks = u32::try_from(blocks).unwrap_or(most);
    let lba = Lba(run
        .first_lba
        .0
        .saturating_add(i32::try_from(offset).unwrap_or(i32::MAX)));
    Unit {
        cdb: Read10 {
            lba,
            blocks: u16::try_from(blocks).unwrap_or(0),
            fua: false,
        }
        .emit(),
        lba,
        blocks,
        index: number_of(run, unit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::{BadRun, MOST_BAD_RUNS};

    const UNIT_BYTES: u32 = UNIT_BLOCKS * 2048;

    fn run(blocks: u64) -> WrittenRun {
        WrittenRun {
            first_lba: Lba(64),
            blocks,
            image_block: 0,
        }
    }

    fn verifying(blocks: u64, choice: Choice, units_at_once: u32) -> Verifying {
        Verifying::new(vec![run(blocks)], choice, units_at_once * UNIT_BYTES)
    }

    /// Reads all that is asked for; these units are bad. Answers the result, and the units of each READ.
    fn read_all(mut v: Verifying, bad: &[u64]) -> (Verification, Vec<(u64, u32)>) {
        let mut reads = Vec::new();
        let mut turn = v.turn();
        loop {
            match turn {
                Turn::Read(unit) => {
                    reads.push((unit.index, unit.units()));
                    let units = unit.index..unit.index + u64::from(unit.units());
                    turn = v.compared(!bad.iter().any(|bad| units.contains(bad)));
                }
                Turn::Complete => return (v.result, reads),
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn full_verification_reads_every_block_once() {
        let (result, reads) = read_all(verifying(100, Choice::All, 1), &[]);
        assert_eq!(reads, [(0, 1), (1, 1), (2, 1), (3, 1)]);
        assert_eq!(result.blocks_compared, 100);
        assert_eq!(result.bad_units, 0);
    }

    #[test]
    fn several_units_are_read_at_once_where_the_link_carries_them() {
        let (result, reads) = read_all(verifying(10 * 32 + 1, Choice::All, 4), &[]);
        assert_eq!(reads, [(0, 4), (4, 4), (8, 3)]);
        assert_eq!(result.blocks_compared, 321);
    }

    #[test]
    fn a_bad_unit_among_several_is_found_by_reading_them_one_by_one() {
        let (result, reads) = read_all(verifying(8 * 32, Choice::All, 4), &[2]);
        let alone = [(0, 1), (1, 1), (2, 1), (2, 1), (3, 1)];
        assert_eq!(reads, [&[(0, 4)], &alone[..], &[(4, 4)]].concat());
        assert_eq!((result.bad_units, result.blocks_compared), (1, 256));
        assert_eq!(result.first_bad, Some(Lba(64 + 64)));
    }

    #[test]
    fn a_unit_that_differs_twice_is_bad_and_named_by_its_first_block() {
        let (result, reads) = read_all(verifying(100, Choice::All, 1), &[2]);
        assert_eq!(reads.len(), 5);
        assert_eq!(result.bad_units, 1);
        assert_eq!(result.first_bad, Some(Lba(64 + 64)));
    }

    #[test]
    fn bad_units_side_by_side_are_one_run() {
        let (result, _) = read_all(verifying(100, Choice::All, 1), &[0, 2, 3]);
        let runs = [(64, 32), (128, 36)].map(|(first, blocks)| BadRun {
            first: Lba(first),
            blocks,
        });
        assert_eq!(result.bad_runs, runs);
        assert_eq!((result.bad_units, result.bad_units_beyond), (3, 0));
        assert_eq!(result.last_bad, Some(Lba(64 + 96)));
    }

    #[test]
    fn bad_runs_are_told_up_to_a_bound_and_counted_beyond() {
        let every_other: Vec<u64> = (0..400).step_by(2).collect();
        let (result, _) = read_all(verifying(400 * 32, Choice::All, 1), &every_other);
        assert_eq!(result.bad_runs.len(), MOST_BAD_RUNS);
        assert_eq!(result.bad_units, 200);
        assert_eq!(result.bad_units_beyond, 200 - MOST_BAD_RUNS as u64);
        assert_eq!(result.last_bad, Some(Lba(64 + 398 * 32)));
    }

    #[test]
    fn quick_verification_reads_both_ends_and_little_between() {
        let quick = || verifying(32 * 10_000, Choice::Quick, 1);
        let (result, reads) = read_all(quick(), &[]);
        assert!(reads.len() < 60, "{reads:?}");
        assert!(result.blocks_compared < result.blocks_written);
        let (bad, _) = read_all(quick(), &[9_999]);
        assert_eq!(bad.bad_units, 1);
    }

    #[test]
    fn a_sample_has_both_ends_and_at_most_32_units() {
        assert_eq!(sample(0), []);
        assert_eq!(sample(1), [0]);
        assert_eq!(sample(3), [0, 1, 2]);
        for units in [32, 33, 1_000, u64::MAX] {
            let sample = sample(units);
            assert_eq!(sample.len(), 32);
            assert_eq!((sample[0], sample[31]), (0, units - 1));
            assert!(sample.is_sorted_by(|a, b| a < b));
        }
        let units = sample(10_000);
        let (result, reads) = read_all(
            verifying(32 * 10_000, Choice::Sample(units.clone()), 4),
            &[],
        );
        assert!(reads.iter().map(|(unit, _)| *unit).eq(units));
        assert_eq!(result.blocks_compared, 32 * 32);
    }

    #[test]
    fn a_unit_without_a_check_counts_as_read_and_not_as_compared() {
        let mut v = verifying(64, Choice::All, 2);
        assert!(matches!(v.turn(), Turn::Read(u) if u.units() == 2));
        assert!(matches!(v.unchecked(), Turn::Read(u) if u.units() == 1));
        assert!(matches!(v.unchecked(), Turn::Read(u) if u.index == 1));
        assert_eq!(v.compared(true), Turn::Complete);
        assert_eq!(v.result.blocks_unchecked, 32);
        assert_eq!(v.result.blocks_compared, 32);
    }

    #[test]
    fn an_unreadable_unit_is_tried_again_then_counted_and_passed() {
        let mut v = verifying(64, Choice::All, 1);
        let sense = Sense::new(3, 0x11, 0);
        for _ in 0..patience::READ_TRIES {
            assert!(matches!(v.turn(), Turn::Read(u) if u.index == 0));
            v.refused(sense);
        }
        assert!(matches!(v.turn(), Turn::Read(u) if u.index == 1));
        assert_eq!(v.result.first_sense, Some(sense));
    }

    #[test]
    fn runs_that_follow_one_another_on_medium_and_image_become_one() {
        let mut before = run(48);
        let mut rest = WrittenRun {
            first_lba: Lba(64 + 48),
            blocks: 16,
            image_block: 48,
        };
        assert!(before.joins(&rest));
        assert_eq!(before, run(64));
        rest.first_lba = Lba(0);
        assert!(!before.joins(&rest));
    }
}

//! Reading back: which units, in what order, and what it amounts to. Owns the choice of units and the
//! count of bad ones; the comparison itself is made where the bytes are.

use crate::outcome::Verification;
use crate::patience;
use pitland_mmc::Lba;
use pitland_mmc::cdb::{Cdb, CdbBytes, Read10};
use pitland_mmc::sense::{Reaction, Sense};
use std::time::Duration;

/// Blocks read and compared at once: the unit of the checks taken while writing.
pub const UNIT_BLOCKS: u32 = 32;
/// Units compared at each end and in the middle when verification is quick.
const QUICK_UNITS: u64 = 16;

/// What was written and shall be read back: a run of blocks whose checks were taken in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WrittenRun {
    /// First block on the medium.
    pub first_lba: Lba,
    /// Blocks.
    pub blocks: u64,
    /// Block of the image that the first one is.
    pub image_block: u64,
}

/// One unit to read and compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unit {
    /// The command, complete.
    pub cdb: CdbBytes,
    /// First block.
    pub lba: Lba,
    /// Blocks, 32 but for a last short unit.
    pub blocks: u32,
    /// Number of the unit in the image: the index of its check.
    pub index: u64,
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
    quick: bool,
    run: usize,
    /// Unit within the run.
    unit: u64,
    tries: u8,
    busy: u32,
    timeouts: u8,
    pub(crate) result: Verification,
    pub(crate) reread_at: Option<Lba>,
    total_units: u64,
    done_units: u64,
}

impl Verifying {
    pub(crate) fn new(runs: Vec<WrittenRun>, quick: bool) -> Self {
        let blocks_written = runs.iter().map(|r| r.blocks).sum();
        let total_units = runs
            .iter()
            .map(|r| {
                (0..units_in(r))
                    .filter(|u| !quick || sampled(*u, units_in(r)))
                    .count() as u64
            })
            .sum();
        Self {
            runs,
            quick,
            run: 0,
            unit: 0,
            tries: 0,
            busy: 0,
            timeouts: 0,
            result: Verification {
                blocks_written,
                ..Verification::default()
            },
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

    /// The unit to read now.
    pub(crate) fn turn(&mut self) -> Turn {
        while let Some(run) = self.runs.get(self.run) {
            let units = units_in(run);
            if self.quick {
                while self.unit < units && !sampled(self.unit, units) {
                    self.unit += 1;
                }
            }
            if self.unit < units {
                return Turn::Read(unit_of(run, self.unit));
            }
            self.run += 1;
            self.unit = 0;
        }
        Turn::Complete
    }

    /// One more READ without an answer in a row.
    pub(crate) fn timed_out(&mut self) -> u8 {
        self.timeouts = self.timeouts.saturating_add(1);
        self.timeouts
    }

    /// The unit was read; `equal`: as it was written.
    pub(crate) fn compared(&mut self, equal: bool) -> Turn {
        self.timeouts = 0;
        if !equal {
            // Data that differ are read again once: the fault may lie on the way.
            self.tries += 1;
            if self.tries < 2 {
                return self.turn();
            }
            self.bad(None);
        } else if self.tries > 0 {
            self.reread_at = self.current().map(|u| u.lba);
        }
        self.count();
        self.turn()
    }

    /// The unit was answered with a sense.
    pub(crate) fn refused(&mut self, sense: Sense) -> Turn {
        match sense.reaction() {
            Reaction::PollBriefly
            | Reaction::PollUntilReady
            | Reaction::PollOperation
            | Reaction::PollFormat
            | Reaction::BufferFull => {
                self.busy += 1;
                if self.busy > patience::BUSY_TRIES {
                    Turn::Broken(sense)
                } else {
                    Turn::Pause(patience::BUSY)
                }
            }
            Reaction::MediumChanged
            | Reaction::Reset
            | Reaction::UnitAttention
            | Reaction::ParametersChanged => {
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
            _ => {
                self.tries += 1;
                if self.tries < patience::READ_TRIES {
                    return self.turn();
                }
                self.bad(Some(sense));
                self.skip();
                self.turn()
            }
        }
    }

    fn current(&self) -> Option<Unit> {
        self.runs.get(self.run).map(|run| unit_of(run, self.unit))
    }

    fn bad(&mut self, sense: Option<Sense>) {
        let unit = self.current();
        self.result.bad_units += 1;
        if self.result.first_bad.is_none() {
            self.result.first_bad = unit.map(|u| u.lba);
            self.result.first_sense = sense;
        }
    }

    fn count(&mut self) {
        self.result.blocks_compared += self.current().map_or(0, |u| u64::from(u.blocks));
        self.skip();
    }

    fn skip(&mut self) {
        self.unit += 1;
        self.done_units += 1;
        self.tries = 0;
        self.busy = 0;
    }
}

fn units_in(run: &WrittenRun) -> u64 {
    run.blocks.div_ceil(u64::from(UNIT_BLOCKS))
}

/// Whether a quick verification looks at this unit: both ends, and as many spread between.
fn sampled(unit: u64, units: u64) -> bool {
    let stride = (units / QUICK_UNITS).max(1);
    unit < QUICK_UNITS || unit + QUICK_UNITS >= units || unit.is_multiple_of(stride)
}

fn unit_of(run: &WrittenRun, unit: u64) -> Unit {
    let offset = unit * u64::from(UNIT_BLOCKS);
    let blocks = run
        .blocks
        .saturating_sub(offset)
        .min(u64::from(UNIT_BLOCKS));
    let blocks = u32::try_from(blocks).unwrap_or(UNIT_BLOCKS);
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
        index: (run.image_block + offset) / u64::from(UNIT_BLOCKS),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(blocks: u64) -> WrittenRun {
        WrittenRun {
            first_lba: Lba(64),
            blocks,
            image_block: 0,
        }
    }

    fn read_all(mut v: Verifying, bad: &[u64]) -> (Verification, u64) {
        let mut reads = 0;
        let mut turn = v.turn();
        loop {
            match turn {
                Turn::Read(unit) => {
                    reads += 1;
                    turn = v.compared(!bad.contains(&unit.index));
                }
                Turn::Complete => return (v.result, reads),
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn full_verification_reads_every_block_once() {
        let (result, reads) = read_all(Verifying::new(vec![run(100)], false), &[]);
        assert_eq!(reads, 4);
        assert_eq!(result.blocks_compared, 100);
        assert_eq!(result.bad_units, 0);
    }

    #[test]
    fn a_unit_that_differs_twice_is_bad_and_named_by_its_first_block() {
        let (result, reads) = read_all(Verifying::new(vec![run(100)], false), &[2]);
        assert_eq!(reads, 5);
        assert_eq!(result.bad_units, 1);
        assert_eq!(result.first_bad, Some(Lba(64 + 64)));
    }

    #[test]
    fn quick_verification_reads_both_ends_and_little_between() {
        let (result, reads) = read_all(Verifying::new(vec![run(32 * 10_000)], true), &[]);
        assert!(reads < 60, "{reads}");
        assert!(result.blocks_compared < result.blocks_written);
        let (bad, _) = read_all(Verifying::new(vec![run(32 * 10_000)], true), &[9_999]);
        assert_eq!(bad.bad_units, 1);
    }

    #[test]
    fn an_unreadable_unit_is_tried_again_then_counted_and_passed() {
        let mut v = Verifying::new(vec![run(64)], false);
        let sense = Sense::new(3, 0x11, 0);
        for _ in 0..patience::READ_TRIES {
            assert!(matches!(v.turn(), Turn::Read(u) if u.index == 0));
            v.refused(sense);
        }
        assert!(matches!(v.turn(), Turn::Read(u) if u.index == 1));
        assert_eq!(v.result.first_sense, Some(sense));
    }
}

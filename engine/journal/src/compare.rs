//! Reading back before anything is written: which units, and what they amount to. Owns the choice of units
//! and the count of those that are the image's; reading and comparing are made where the bytes are.

use crate::UNIT_BLOCKS;
use crate::journal::Journal;
use crate::verdict::{LostBecause, MOST_LOST_BLOCKS, OtherBecause, UnclearBecause, Verdict};

/// Units in a row that must be the image's before the place where writing goes on.
const UNITS_BEFORE: u64 = 64;
/// Units at the image's start that are compared besides: there a volume's own structures are.
const UNITS_AT_START: u64 = 8;
/// Units spread over what lies between.
const UNITS_SPREAD: u64 = 16;
/// Units that are looked through backwards for the end of what is on an overwritable disc: four times what a
/// drive can lose from its buffer.
const MOST_BACK: u64 = 4096;
/// Units that are looked at in any case: behind what a buffer lost, an older version of the image may be equal.
const MOST_LOST_UNITS: u64 = MOST_LOST_BLOCKS / UNIT_BLOCKS;

/// What is to be done if the units are the image's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Aim {
    /// Go on here.
    Resume { block: u64 },
    /// Close.
    Close { finalize: bool },
    /// Nothing but to read back.
    Verify,
    /// Say that it is lost, when it is known to be the job's; so many blocks of the image are on it.
    Lost { blocks: u64, because: LostBecause },
    /// Find the place to go on at.
    Search,
}

/// A unit of the image that is to be read from the disc and compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct UnitToRead {
    /// Its number in the image.
    pub unit: u64,
    /// Its first block on the medium.
    pub lba: u32,
    /// Blocks of it that are on the medium: 32, fewer at the end of what was written.
    pub blocks: u32,
}

/// What came of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UnitFound {
    /// It is the image's, by the journal's check and by the source, as far as there are such.
    Equal,
    /// It is something else.
    Differs,
    /// It cannot be read.
    Unreadable,
    /// There is nothing to compare it with.
    Unknown,
}

/// A comparison under way: ask for [`Comparison::next_unit`], tell what was [`Comparison::found`], until there
/// is a [`Comparison::verdict`].
#[derive(Debug, Clone)]
pub struct Comparison {
    aim: Aim,
    first_lba: u32,
    write_unit: u64,
    /// Blocks of the image that are taken to be on the medium.
    end: u64,
    /// Search: the unit that comes next, backwards; how many are left to look at.
    search: Option<Search>,
    /// Units still to be read, the last one first.
    waiting: Vec<u64>,
    asked: Option<u64>,
    equal: u64,
    first_bad: Option<(u64, UnitFound)>,
    /// Search: something was read that is not the image's.
    held_other_data: bool,
    /// Search: some units were the image's, and too few to know the disc by.
    held_too_little: bool,
    /// Search: behind a gap enough units were the image's to know the disc by.
    held_enough: bool,
}

#[derive(Debug, Clone, Copy)]
struct Search {
    /// Units before this one are still to be looked at.
    next: u64,
    in_a_row: u64,
    /// How many of them it takes: volumes of the same name may begin with the same units.
    enough: u64,
    left: u64,
}

impl Comparison {
    pub(crate) fn new(journal: &Journal, aim: Aim) -> Self {
        let begun = &journal.begun;
        let planned = begun.planned_blocks;
        let end = match aim {
            Aim::Resume { block } => block,
            Aim::Lost { blocks, .. } => blocks.min(planned),
            Aim::Close { .. } | Aim::Verify => planned,
            Aim::Search => journal.acknowledged.min(planned),
        };
        let mut comparison = Self {
            aim,
            first_lba: begun.first_lba,
            write_unit: u64::from(begun.write_unit.max(1)),
            end,
            search: None,
            waiting: Vec::new(),
            asked: None,
            equal: 0,
            first_bad: None,
            held_other_data: false,
            held_too_little: false,
            held_enough: false,
        };
        if aim == Aim::Search {
            // The last unit is written again in any case: that closes the disc as well.
            let units = end.min(planned.saturating_sub(1)) / UNIT_BLOCKS;
            comparison.end = units * UNIT_BLOCKS;
            comparison.search = Some(Search {
                next: units,
                in_a_row: 0,
                enough: (units / 2).clamp(1, UNITS_BEFORE),
                left: MOST_BACK,
            });
        } else {
            comparison.waiting = sample(end.div_ceil(UNIT_BLOCKS));
        }
        comparison
    }

    /// The next unit to read; `None` when there is a verdict.
    pub fn next_unit(&mut self) -> Option<UnitToRead> {
        if self.asked.is_none() {
            self.asked = self.choose();
        }
        let unit = self.asked?;
        let first = unit * UNIT_BLOCKS;
        Some(UnitToRead {
            unit,
            lba: self.first_lba.saturating_add(u32::try_from(first).ok()?),
            blocks: u32::try_from(self.end.saturating_sub(first).min(UNIT_BLOCKS)).ok()?,
        })
    }

    fn choose(&mut self) -> Option<u64> {
        if let Some(search) = &self.search {
            let looked_at = MOST_BACK - search.left;
            let found = search.in_a_row >= UNITS_BEFORE && looked_at >= MOST_LOST_UNITS;
            if found || search.next == 0 || search.left == 0 {
                self.search_ended();
            } else {
                return Some(search.next - 1);
            }
        }
        self.waiting.pop()
    }

    /// What came of the unit that was asked for last. Without such a unit nothing happens.
    pub fn found(&mut self, found: UnitFound) {
        let Some(unit) = self.asked.take() else {
            return;
        };
        let Some(search) = &mut self.search else {
            self.count(unit, found);
            return;
        };
        search.next = unit;
        search.left -= 1;
        match found {
            UnitFound::Equal => search.in_a_row += 1,
            UnitFound::Unknown => {}
            UnitFound::Differs | UnitFound::Unreadable => {
                // Whatever lay behind a gap is written anew.
                self.held_enough |= search.in_a_row >= search.enough;
                search.in_a_row = 0;
                self.end = unit * UNIT_BLOCKS;
                self.held_other_data |= found == UnitFound::Differs;
            }
        }
    }

    /// The units in a row count, and the rest of the disc before them is sampled.
    fn search_ended(&mut self) {
        let Some(search) = self.search.take() else {
            return;
        };
        if search.in_a_row >= search.enough {
            self.equal = search.in_a_row;
            self.waiting = sample(self.end.div_ceil(UNIT_BLOCKS));
            self.waiting.retain(|unit| *unit < search.next);
        } else if self.held_enough {
            self.equal = search.enough;
            self.count(self.end / UNIT_BLOCKS, UnitFound::Differs);
        } else {
            self.held_too_little = search.in_a_row > 0;
        }
    }

    fn count(&mut self, unit: u64, found: UnitFound) {
        match found {
            UnitFound::Equal => self.equal += 1,
            UnitFound::Unknown => {}
            UnitFound::Differs | UnitFound::Unreadable => {
                if self.first_bad.is_none_or(|(bad, _)| unit < bad) {
                    self.first_bad = Some((unit, found));
                }
            }
        }
    }

    /// What it amounts to; `None` while there are units to read.
    pub fn verdict(&mut self) -> Option<Verdict> {
        if self.next_unit().is_some() {
            return None;
        }
        // Of a disc that is lost already, no more is asked than to be the job's.
        let bad = match self.aim {
            Aim::Lost { .. } if self.equal > 0 => None,
            _ => self.first_bad,
        };
        Some(match (self.equal, bad) {
            (0, None) if self.held_too_little => Verdict::Unclear(UnclearBecause::TooLittle),
            (0, None) if self.held_other_data => {
                Verdict::OtherDisc(OtherBecause::Data { block: self.end })
            }
            (0, None | Some((_, UnitFound::Unreadable))) => {
                Verdict::Unclear(UnclearBecause::NothingCompared)
            }
            (0, Some((unit, _))) => Verdict::OtherDisc(OtherBecause::Data {
                block: unit * UNIT_BLOCKS,
            }),
            (_, Some((unit, UnitFound::Unreadable))) => Verdict::Lost(LostBecause::Unreadable {
                block: unit * UNIT_BLOCKS,
            }),
            (_, Some((unit, _))) => Verdict::Lost(LostBecause::Differs {
                block: unit * UNIT_BLOCKS,
            }),
            (_, None) => self.recognized(),
        })
    }

    fn recognized(&self) -> Verdict {
        match self.aim {
            Aim::Resume { block } => Verdict::ResumeAt { block },
            Aim::Close { finalize } => Verdict::CloseOnly { finalize },
            Aim::Verify => Verdict::VerifyOnly,
            Aim::Lost { because, .. } => Verdict::Lost(because),
            Aim::Search => Verdict::ResumeAt {
                block: self.end - self.end % self.write_unit,
            },
        }
    }
}

/// The units to read of so many: the last ones, the first ones, and some between; the last one first out.
fn sample(units: u64) -> Vec<u64> {
    let before = units.saturating_sub(UNITS_BEFORE)..units;
    let spread = (1..=UNITS_SPREAD).map(|n| before.start / (UNITS_SPREAD + 1) * n);
    let mut sample: Vec<u64> = (0..UNITS_AT_START.min(units))
        .chain(spread.filter(|unit| *unit < before.start))
        .chain(before.clone())
        .collect();
    sample.sort_unstable();
    sample.dedup();
    sample
}

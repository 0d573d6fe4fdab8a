//! Places of a disc that are bad: they do not take data, or do not give them back; and
//! where a disc with spares has put what belonged there (recipes 7 and 9).
//!
//! Owns which blocks are bad and which ECC blocks live in the spare area. Must not know
//! how many spares there are, nor kinds of media.

use std::ops::Range;

use super::MediumError;
use super::ranges::Ranges;
use super::state::{Reader, Writer};

/// Ranges kept at most of each sort, so that the saved state stays small.
const MOST: usize = 400;

/// How a place of a disc is bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Defect {
    /// Writing there fails (3/0C/00), and so does reading.
    Unwritable,
    /// Writing there goes well unless the drive reads back; reading fails (3/11/05).
    Unreadable,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Defects {
    unwritable: Ranges,
    unreadable: Ranges,
    /// Whole ECC blocks that were put into the spare area.
    replaced: Ranges,
}

impl Defects {
    pub(crate) fn is_empty(&self) -> bool {
        self.unwritable.len() + self.unreadable.len() + self.replaced.len() == 0
    }

    /// Adds a bad place. Past a few hundred places of a sort the two that lie closest
    /// become one. Says whether that changed anything.
    pub(crate) fn add(&mut self, blocks: Range<u32>, defect: Defect) -> bool {
        let list = match defect {
            Defect::Unwritable => &mut self.unwritable,
            Defect::Unreadable => &mut self.unreadable,
        };
        list.insert_within(blocks, MOST)
    }

    /// The first bad block of the range whose ECC block is not in the spare area, and how it is bad.
    pub(crate) fn first(&self, blocks: Range<u32>) -> Option<(u32, Defect)> {
        let mut at = blocks.start;
        while at < blocks.end {
            let unwritable = self.unwritable.first_held(at, blocks.end);
            let unreadable = self.unreadable.first_held(at, blocks.end);
            let bad = match (unwritable, unreadable) {
                (Some(a), Some(b)) if b < a => (b, Defect::Unreadable),
                (Some(a), _) => (a, Defect::Unwritable),
                (None, Some(b)) => (b, Defect::Unreadable),
                (None, None) => return None,
            };
            match self.replaced.first_gap(bad.0, blocks.end) {
                Some(free) if free == bad.0 => return Some(bad),
                Some(free) => at = free,
                None => return None,
            }
        }
        None
    }

    /// Puts the ECC block into the spare area: from now on it is good. Past a few hundred ranges
    /// the two that lie closest become one, and what lies between them counts as put there, too.
    pub(crate) fn replace(&mut self, unit: Range<u32>) {
        self.replaced.insert_within(unit, MOST);
    }

    /// ECC blocks of so many blocks that are in the spare area.
    pub(crate) fn replaced_units(&self, unit: u32) -> u32 {
        let blocks = self.replaced.iter().map(|r| r.end - r.start);
        blocks.sum::<u32>().div_ceil(unit.max(1))
    }

    /// The disc is formatted anew: all spares are free.
    pub(crate) fn free_spares(&mut self) {
        self.replaced.clear();
    }

    pub(super) fn save(&self, out: &mut Writer<'_>) {
        for list in [&self.unwritable, &self.unreadable, &self.replaced] {
            out.half(list.len() as u16);
            for range in list.iter() {
                out.word(range.start);
                out.word(range.end);
            }
        }
    }

    pub(super) fn load(from: &mut Reader<'_>) -> Result<Self, MediumError> {
        let mut defects = Self::default();
        for list in [
            &mut defects.unwritable,
            &mut defects.unreadable,
            &mut defects.replaced,
        ] {
            for _ in 0..from.half()? {
                let range = from.word()?..from.word()?;
                if range.is_empty() {
                    return Err(MediumError::Corrupt("a bad place has no blocks"));
                }
                list.insert_within(range, MOST);
            }
        }
        Ok(defects)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bad_block_that_is_not_replaced_is_found() {
        let mut defects = Defects::default();
        defects.add(40..41, Defect::Unwritable);
        defects.add(70..72, Defect::Unreadable);
        assert_eq!(defects.first(0..40), None);
        assert_eq!(defects.first(0..100), Some((40, Defect::Unwritable)));
        defects.replace(32..64);
        assert_eq!(defects.first(0..100), Some((70, Defect::Unreadable)));
        assert_eq!(defects.first(71..100), Some((71, Defect::Unreadable)));
        defects.replace(64..96);
        assert_eq!(defects.first(0..100), None);
        assert_eq!(defects.replaced_units(32), 2);
        defects.free_spares();
        assert_eq!(defects.first(0..100), Some((40, Defect::Unwritable)));
    }

    #[test]
    fn a_block_that_is_bad_in_both_ways_cannot_be_written() {
        let mut defects = Defects::default();
        defects.add(5..6, Defect::Unreadable);
        defects.add(5..6, Defect::Unwritable);
        assert_eq!(defects.first(0..16), Some((5, Defect::Unwritable)));
    }
}

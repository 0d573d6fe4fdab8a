//! The parts of a rewritable disc that hold data: sorted ranges that never touch.
//!
//! Kept in whole ECC blocks, because a drive that writes one block of 2 KiB
//! rewrites the ECC block around it. The number of ranges is bounded, so that the
//! saved state stays small: past the bound the two neighbours with the smallest
//! gap become one, and the blocks between them then read as what the store holds.

use std::ops::Range;

/// Ranges kept at most: 8 bytes each in the saved state.
pub(crate) const MAX_RANGES: usize = 4000;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Ranges(Vec<Range<u32>>);

impl Ranges {
    pub(crate) fn iter(&self) -> impl Iterator<Item = Range<u32>> + '_ {
        self.0.iter().cloned()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Adds a range; says whether that changed anything.
    pub(crate) fn insert(&mut self, new: Range<u32>) -> bool {
        self.insert_within(new, MAX_RANGES)
    }

    /// As [`Self::insert`], with so many ranges at most.
    pub(crate) fn insert_within(&mut self, new: Range<u32>, most: usize) -> bool {
        if new.is_empty() {
            return false;
        }
        let first = self.0.partition_point(|r| r.end < new.start);
        let last = self.0.partition_point(|r| r.start <= new.end);
        if first == last {
            self.0.insert(first, new);
            if self.0.len() > most {
                self.close_smallest_gap();
            }
            return true;
        }
        let joined = self.0[first].start.min(new.start)..self.0[last - 1].end.max(new.end);
        if last - first == 1 && self.0[first] == joined {
            return false;
        }
        self.0.splice(first..last, [joined]);
        true
    }

    fn close_smallest_gap(&mut self) {
        let smallest = (1..self.0.len()).min_by_key(|&i| self.0[i].start - self.0[i - 1].end);
        if let Some(i) = smallest {
            self.0[i - 1].end = self.0[i].end;
            self.0.remove(i);
        }
    }

    /// The first block from `start` on, before `end`, that a range holds.
    pub(crate) fn first_held(&self, start: u32, end: u32) -> Option<u32> {
        let at = self.0.partition_point(|r| r.end <= start);
        let first = self.0.get(at)?.start.max(start);
        (first < end).then_some(first)
    }

    /// Forgets what lies at `end` and beyond.
    pub(crate) fn truncate(&mut self, end: u32) {
        self.0.retain(|r| r.start < end);
        if let Some(last) = self.0.last_mut() {
            last.end = last.end.min(end);
        }
    }

    /// The first block from `start` on, before `end`, that no range holds.
    pub(crate) fn first_gap(&self, start: u32, end: u32) -> Option<u32> {
        let at = self.0.partition_point(|r| r.end <= start);
        match self.0.get(at) {
            Some(range) if range.start <= start => (range.end < end).then_some(range.end),
            _ => (start < end).then_some(start),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn neighbours_join_and_repeats_change_nothing() {
        let mut ranges = Ranges::default();
        assert!(ranges.insert(0..16));
        assert!(ranges.insert(32..48));
        assert!(ranges.insert(16..32));
        assert!(!ranges.insert(16..32));
        assert_eq!(ranges.len(), 1);
        assert_eq!(ranges.iter().next(), Some(0..48));
        assert_eq!(ranges.first_gap(0, 48), None);
        assert_eq!(ranges.first_gap(40, 64), Some(48));
    }

    #[test]
    fn the_number_of_ranges_is_bounded() {
        let mut ranges = Ranges::default();
        for i in 0..MAX_RANGES as u32 + 500 {
            ranges.insert(i * 64..i * 64 + 16);
        }
        assert_eq!(ranges.len(), MAX_RANGES);
    }

    proptest! {
        #[test]
        fn a_set_of_blocks_says_the_same(inserts in prop::collection::vec((0u32..300, 1u32..40), 0..60)) {
            let mut ranges = Ranges::default();
            let mut model = vec![false; 400];
            for (start, len) in inserts {
                let before = model.clone();
                model[start as usize..(start + len) as usize].fill(true);
                prop_assert_eq!(ranges.insert(start..start + len), before != model);
            }
            for start in 0..340u32 {
                let expected = (start..start + 30).find(|&b| !model[b as usize]);
                prop_assert_eq!(ranges.first_gap(start, start + 30), expected);
                let held = (start..start + 30).find(|&b| model[b as usize]);
                prop_assert_eq!(ranges.first_held(start, start + 30), held);
            }
        }
    }
}

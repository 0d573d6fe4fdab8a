//! Which blocks a trace has written: a bounded set of ranges.
//!
//! Owns the set. Must not know bytes or lines.

/// Ranges kept at most. A burn needs a handful; past the bound blocks are
/// forgotten, and their READs are then recorded whole.
const MAX_RANGES: usize = 4096;

/// Sorted ranges that never touch.
#[derive(Debug, Default)]
pub(super) struct Written {
    ranges: Vec<(i64, i64)>,
}

impl Written {
    /// Adds `blocks` blocks from `start` on.
    pub(super) fn insert(&mut self, start: i64, blocks: u32) {
        let (mut start, mut end) = (start, start + i64::from(blocks));
        if start == end {
            return;
        }
        // The usual write goes on where the last one ended.
        if let Some(last) = self.ranges.last_mut()
            && last.1 == start
        {
            last.1 = end;
            return;
        }
        let first = self.ranges.partition_point(|range| range.1 < start);
        let behind = self.ranges.partition_point(|range| range.0 <= end);
        for range in self.ranges.drain(first..behind.max(first)) {
            start = start.min(range.0);
            end = end.max(range.1);
        }
        if self.ranges.len() < MAX_RANGES {
            self.ranges.insert(first, (start, end));
        }
    }

    /// Whether all of `blocks` blocks from `start` on are in the set.
    pub(super) fn holds(&self, start: i64, blocks: u32) -> bool {
        let end = start + i64::from(blocks);
        let at = self.ranges.partition_point(|range| range.1 <= start);
        self.ranges
            .get(at)
            .is_some_and(|range| range.0 <= start && end <= range.1)
    }

    /// Forgets everything: the disc was blanked or formatted.
    pub(super) fn clear(&mut self) {
        self.ranges.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_plain_set_of_blocks_says_the_same(
            inserts in prop::collection::vec((0i64..200, 0u32..30), 0..40),
            asks in prop::collection::vec((0i64..220, 1u32..20), 20),
        ) {
            let mut written = Written::default();
            let mut model = [false; 300];
            for (start, blocks) in inserts {
                written.insert(start, blocks);
                model[start as usize..start as usize + blocks as usize].fill(true);
            }
            for (start, blocks) in asks {
                let expected = model[start as usize..start as usize + blocks as usize].iter().all(|b| *b);
                prop_assert_eq!(written.holds(start, blocks), expected);
            }
        }
    }
}

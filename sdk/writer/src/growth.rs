//! A volume that grows on a medium that can be overwritten: where its new session goes, and what is written over the
//! beginning when the session is there.
//!
//! Owns the places and their order. Must not know what a volume is.

use pitland_mmc::Lba;

/// A run of blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Run {
    /// The first.
    pub first_lba: Lba,
    /// How many.
    pub blocks: u64,
}

impl Run {
    /// This many blocks from there on.
    pub const fn new(first_lba: Lba, blocks: u64) -> Self {
        Self { first_lba, blocks }
    }

    /// The block behind it.
    pub fn end(&self) -> i64 {
        i64::from(self.first_lba.0).saturating_add_unsigned(self.blocks)
    }
}

/// Runs that the head of a volume can have: UDF's anchor, and the descriptors.
pub const HEAD_RUNS: usize = 2;

/// Where the image of a volume that grows goes. Its first blocks are a session behind what the medium holds; the
/// others are its head, which replaces blocks of the old volume's beginning so that a reader finds the session. Nothing
/// of the head is written before the session is on the medium: a job that is cut off until then leaves the old volume as
/// it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Growth {
    /// The session; of no blocks while its length is not known.
    pub session: Run,
    /// The head, in the order in which it is written; a run of no blocks is none. All of it lies before the session.
    pub head: [Run; HEAD_RUNS],
}

impl Growth {
    /// With a session of yet unknown length that begins there.
    pub fn from(first_lba: Lba) -> Self {
        Self {
            session: Run::new(first_lba, 0),
            ..Self::default()
        }
    }

    /// With a session of so many blocks.
    #[must_use]
    pub fn session(mut self, blocks: u64) -> Self {
        self.session.blocks = blocks;
        self
    }

    /// With this head.
    #[must_use]
    pub fn head(mut self, head: [Run; HEAD_RUNS]) -> Self {
        self.head = head;
        self
    }

    /// The runs of the head that there are.
    pub fn head_runs(&self) -> impl Iterator<Item = Run> {
        self.head.into_iter().filter(|run| run.blocks > 0)
    }

    /// All runs, in the order of the image.
    pub fn runs(&self) -> impl Iterator<Item = Run> {
        std::iter::once(self.session).chain(self.head_runs())
    }

    /// Blocks of the whole image.
    pub fn blocks(&self) -> u64 {
        self.runs()
            .fold(0, |sum, run| sum.saturating_add(run.blocks))
    }

    /// Whether these are places that a volume can grow at: a session of whole write units, and before it, one apart
    /// from the other, a head of such units.
    pub fn is_sound(&self, unit: u32) -> bool {
        let whole = |run: Run| {
            let first = u32::try_from(run.first_lba.0);
            first.is_ok_and(|first| first.is_multiple_of(unit))
                && run.blocks.is_multiple_of(unit.into())
        };
        let [one, other] = self.head;
        let apart = one.blocks == 0
            || other.blocks == 0
            || one.end() <= other.first_lba.0.into()
            || other.end() <= one.first_lba.0.into();
        self.runs().all(whole)
            && apart
            && self.head_runs().count() > 0
            && self
                .head_runs()
                .all(|run| run.end() <= self.session.first_lba.0.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grown(first: i32) -> Growth {
        Growth::from(Lba(first)).session(64)
    }

    #[test]
    fn a_head_lies_in_whole_units_before_its_session() {
        let descriptors = Run::new(Lba(16), 16);
        let anchor = Run::new(Lba(256), 32);
        for (growth, unit, sound) in [
            (grown(288).head([anchor, descriptors]), 16, true),
            (grown(288).head([Run::default(), descriptors]), 16, true),
            (grown(288).head([anchor, descriptors]), 32, false),
            (grown(272).head([anchor, descriptors]), 16, false),
            (grown(280).head([Run::default(), descriptors]), 16, false),
            (grown(288), 16, false),
            (grown(288).head([anchor, anchor]), 16, false),
            (grown(288).head([Run::new(Lba(-16), 16), anchor]), 16, false),
        ] {
            assert_eq!(growth.is_sound(unit), sound, "{growth:?} {unit}");
        }
    }
}

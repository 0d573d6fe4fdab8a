//! BD-R pseudo-overwrite (SRM+POW): what replacing a cluster costs (recipes 7, 13).
//!
//! A BD-R that was formatted so takes a cluster anew where it was written before:
//! the drive puts it into a spare cluster and notes that in a map on the disc. Owns the
//! three resources that this spends, as READ DISC INFORMATION type 2 tells them (recipe 2):
//! replacements, entries of the map, and updates of the map. How many there are of the
//! last two is this drive's choice. Must not know tracks, blocks or time.

use super::MediumError;
use super::state::{Reader, Writer};

/// Entries that the map of a disc has room for.
const MAP_ENTRIES: u32 = 30_000;
/// How often the map can be put on the disc.
const MAP_UPDATES: u32 = 16_000;

/// What was spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Pow {
    /// Clusters that the drive has taken for replacement, in its buffer or on the disc.
    accepted: u32,
    /// Those of them that are on the disc; each has one entry of the map.
    recorded: u32,
    /// Times that the map was put on the disc.
    updates: u32,
    /// Clusters were replaced since.
    map_changed: bool,
}

impl Pow {
    /// Replacements that the map and the updates still allow, whatever spares there are.
    pub(crate) fn room(&self) -> u32 {
        match self.updates < MAP_UPDATES {
            true => MAP_ENTRIES.saturating_sub(self.accepted),
            false => 0,
        }
    }

    pub(crate) fn accepted(&self) -> u32 {
        self.accepted
    }

    pub(crate) fn map_entries_left(&self) -> u32 {
        MAP_ENTRIES.saturating_sub(self.recorded)
    }

    pub(crate) fn updates_left(&self) -> u32 {
        MAP_UPDATES.saturating_sub(self.updates)
    }

    /// The drive took clusters that are to replace others.
    pub(crate) fn accept(&mut self, clusters: u32) {
        self.accepted = self.accepted.saturating_add(clusters);
    }

    /// Such clusters are on the disc.
    pub(crate) fn record(&mut self, clusters: u32) {
        self.recorded = self.recorded.saturating_add(clusters);
        self.accepted = self.accepted.max(self.recorded);
        self.map_changed = true;
    }

    /// What was accepted and is not on the disc is lost.
    pub(crate) fn forget_unrecorded(&mut self) {
        self.accepted = self.recorded;
    }

    /// The map is put on the disc, if it changed.
    pub(crate) fn update_map(&mut self) {
        if std::mem::take(&mut self.map_changed) {
            self.updates = self.updates.saturating_add(1);
        }
    }

    pub(super) fn save(&self, out: &mut Writer<'_>) {
        out.word(self.recorded);
        out.word(self.updates);
        out.flag(self.map_changed);
    }

    pub(super) fn load(from: &mut Reader<'_>) -> Result<Self, MediumError> {
        let recorded = from.word()?;
        let disc = Self {
            accepted: recorded,
            recorded,
            updates: from.word()?,
            map_changed: from.flag()?,
        };
        if disc.recorded > MAP_ENTRIES || disc.updates > MAP_UPDATES {
            return Err(MediumError::Corrupt(
                "more was replaced than the map has room for",
            ));
        }
        Ok(disc)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_power_took_is_not_spent_and_an_unchanged_map_is_not_written() {
        let mut pow = Pow::default();
        pow.accept(3);
        pow.record(1);
        assert_eq!((pow.room(), pow.map_entries_left()), (29_997, 29_999));
        pow.forget_unrecorded();
        assert_eq!(pow.room(), 29_999);
        pow.update_map();
        pow.update_map();
        assert_eq!(pow.updates_left(), 15_999);
    }

    #[test]
    fn without_updates_nothing_is_replaced() {
        let pow = Pow {
            updates: MAP_UPDATES,
            ..Pow::default()
        };
        assert_eq!((pow.room(), pow.updates_left()), (0, 0));
    }
}

//! Reading the source once more for its checks, and the disc for what is on it. Owns the comparison of the
//! three: journal, source and disc; what it amounts to is the journal's verdict.

use crate::drive::incoming::Supply;
use crate::drive::{DriveReader, JobControl};
use crate::error::{QueryError, SourceError};
use crate::pipeline::checks::{Checks, check};
use crate::pipeline::{Feed, Readable};
use crate::resume::ResumeError;
use pitland_journal::{Comparison, Journal, UNIT_BLOCKS, UnitFound, UnitToRead, Verdict};
use pitland_mmc::Lba;
use std::sync::Arc;
use std::time::Duration;

const BLOCK_BYTES: u64 = 2048;
const UNIT_BYTES: u64 = UNIT_BLOCKS * BLOCK_BYTES;
/// The ring between the source and its checks.
const RING_BYTES: u64 = 4 << 20;

/// The start of a unit whose end is not on the disc, and its check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PartOfUnit {
    pub(crate) unit: u64,
    pub(crate) blocks: u32,
    pub(crate) check: u32,
}

/// What is to be read of a source.
pub(crate) struct Reading {
    pub(crate) source: Readable,
    pub(crate) image_bytes: u64,
    pub(crate) planned_blocks: u64,
    /// Blocks that are on the disc.
    pub(crate) written_blocks: u64,
}

impl Reading {
    /// Reads the whole source; its checks go into `checks`. Gives the part of a unit with which the disc ends,
    /// where it ends with one.
    pub(crate) async fn take_checks(
        self,
        checks: Arc<Checks>,
    ) -> Result<Option<PartOfUnit>, SourceError> {
        let control = Arc::new(JobControl::default());
        let cancel = CancelOnDrop(Arc::clone(&control));
        let read = tokio::task::spawn_blocking(move || self.read(&control, checks));
        let part = read.await.map_err(|_| SourceError::Vanished)?;
        drop(cancel);
        part
    }

    fn read(
        self,
        control: &JobControl,
        checks: Arc<Checks>,
    ) -> Result<Option<PartOfUnit>, SourceError> {
        let padded_bytes = self.planned_blocks * BLOCK_BYTES;
        let supply = Supply {
            block_bytes: 2048,
            feed: Feed::Again(self.source),
            bytes: self.image_bytes,
            padded_bytes,
            tail: None,
            from: 0,
            checks,
            most_lag: Duration::MAX,
        };
        let mut incoming = supply.start(RING_BYTES, 1)?;
        let mut incoming = incoming.pop().ok_or(SourceError::Vanished)?;
        incoming.heed(control);
        let unit = self.written_blocks / UNIT_BLOCKS;
        let blocks = self.written_blocks % UNIT_BLOCKS;
        let mut part = None;
        let mut position = 0;
        while position < padded_bytes {
            if incoming.reach(control, position).is_none() {
                let failure = incoming.failure().cloned();
                return Err(failure.unwrap_or(SourceError::Vanished));
            }
            if position == unit * UNIT_BYTES && blocks > 0 {
                let bytes = usize::try_from(blocks * BLOCK_BYTES).unwrap_or(0);
                part = incoming.bytes(position, bytes).map(|bytes| PartOfUnit {
                    unit,
                    blocks: u32::try_from(blocks).unwrap_or(0),
                    check: check(bytes),
                });
            }
            position += UNIT_BYTES;
        }
        Ok(part)
    }
}

/// Whoever waits for the reading is gone: it ends.
struct CancelOnDrop(Arc<JobControl>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// Where source and journal differ.
pub(crate) fn first_difference(journal: &Journal, checks: &Checks) -> Option<u64> {
    let differs = |(unit, noted): &(u64, u32)| checks.of(*unit) != Some(*noted);
    journal.checks.iter().find(differs).map(|(unit, _)| unit)
}

/// What the units on a disc are compared with.
pub(crate) struct Expected<'a> {
    pub(crate) journal: &'a Journal,
    /// The source's checks, where it could be read.
    pub(crate) checks: Option<&'a Checks>,
    pub(crate) part: Option<PartOfUnit>,
}

impl Expected<'_> {
    /// Reads what the comparison asks for.
    ///
    /// # Errors
    /// The drive is not free, or gives no answer: what it cannot read is no error.
    pub(crate) async fn compare(
        &self,
        reader: &DriveReader,
        mut comparison: Box<Comparison>,
    ) -> Result<Verdict, ResumeError> {
        loop {
            if let Some(verdict) = comparison.verdict() {
                return Ok(verdict);
            }
            if let Some(unit) = comparison.next_unit() {
                comparison.found(self.look(reader, unit).await?);
            }
        }
    }

    async fn look(&self, reader: &DriveReader, unit: UnitToRead) -> Result<UnitFound, ResumeError> {
        let Some(expected) = self.of(unit) else {
            return Ok(UnitFound::Unknown);
        };
        let (Ok(lba), Ok(blocks)) = (i32::try_from(unit.lba), u16::try_from(unit.blocks)) else {
            return Ok(UnitFound::Unreadable);
        };
        match reader.read_whole(Lba(lba), blocks).await {
            Ok(bytes) if check(&bytes) != expected => Ok(UnitFound::Differs),
            Ok(_) if self.tells(expected) => Ok(UnitFound::Equal),
            Ok(_) => Ok(UnitFound::Unknown),
            Err(QueryError::Sense(_)) => Ok(UnitFound::Unreadable),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether a unit with this check tells that it was written: zeros do not where all blocks can be read.
    fn tells(&self, expected: u32) -> bool {
        let overwritable = self.journal.begun.disc.profile.is_overwritable();
        !(overwritable && expected == check(&[]))
    }

    /// The check that a unit must have; by the source, which was compared with the journal, else by the
    /// journal alone.
    fn of(&self, unit: UnitToRead) -> Option<u32> {
        let part = self.part.filter(|part| part.unit == unit.unit);
        let first = unit.unit * UNIT_BLOCKS;
        let left = self.journal.begun.planned_blocks.saturating_sub(first);
        if u64::from(unit.blocks) < left.min(UNIT_BLOCKS) {
            return part
                .filter(|part| part.blocks == unit.blocks)
                .map(|part| part.check);
        }
        match self.checks {
            Some(checks) => checks.of(unit.unit),
            None => self.journal.checks.get(unit.unit),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::checks::Kept;
    use pitland_journal::{
        Begun, DiscMark, DriveMark, Ended, JobFolder, JobJournal, SourceMark, Wish,
    };
    use std::time::UNIX_EPOCH;

    /// The journal of a burn of 100 units, of which 60 were acknowledged.
    fn journal(checks: &Arc<Checks>) -> Journal {
        let dir = tempfile::tempdir().unwrap();
        let folder = JobFolder::open(&dir.path().join("jobs")).unwrap();
        let begun = Begun {
            began: UNIX_EPOCH,
            client: "a client".into(),
            drive: DriveMark::default(),
            disc: DiscMark::default(),
            writer: "a writer".into(),
            wish: Wish::default(),
            source: SourceMark::Stream {
                name: "a stream".into(),
            },
            image_bytes: 100 * UNIT_BYTES,
            first_lba: 0,
            planned_blocks: 100 * UNIT_BLOCKS,
            write_unit: 32,
        };
        let of = Arc::clone(checks);
        let journal = JobJournal::begin(&folder, &begun, move |unit| of.of(unit)).unwrap();
        journal.acknowledging().blocks(60 * UNIT_BLOCKS);
        let id = journal.id().clone();
        let ended = Ended {
            outcome: "resumable".into(),
            medium: "unknown".into(),
        };
        journal.ended(Some(&ended)).unwrap();
        folder.take(&id).unwrap().1
    }

    #[test]
    fn a_source_with_other_data_is_found_out_by_its_first_unit_that_differs() {
        let burned = Checks::new(100 * UNIT_BLOCKS, Kept::All);
        let now = Checks::new(100 * UNIT_BLOCKS, Kept::All);
        for unit in 0..100 {
            burned.put(unit, unit as u32);
            now.put(unit, unit as u32);
        }
        let journal = journal(&burned);
        assert_eq!(journal.checks.len(), 60);
        assert_eq!(first_difference(&journal, &now), None);
        // What was never acknowledged may be anything.
        now.put(60, 1);
        assert_eq!(first_difference(&journal, &now), None);
        now.put(59, 1);
        now.put(41, 1);
        assert_eq!(first_difference(&journal, &now), Some(41));
    }
}

//! A volume on a disc that is overwritten grows: what is read of it beforehand, and what is written behind the image.
//!
//! Owns where the session begins, and the head: the old disc's write units with the new blocks in them. What the new blocks are
//! is mastering's; the order in which all of it is written is the plan's.

use crate::config::EarlierSession;
use crate::drive::DriveReader;
use crate::error::{BurnError, SourceError};
use crate::pipeline::checks::CHECK_BLOCKS;
use crate::pipeline::image::blocking;
use pitland_mastering::grow::{self, GrowError, next_session, shown_end};
use pitland_mastering::import::{ImportOptions, Imported, import};
use pitland_mastering::sessions::{DiscError, DiscId, sessions};
use pitland_mastering::{BlockSource, Layout};
use pitland_mmc::Lba;
use pitland_writer::growth::HEAD_RUNS;
use pitland_writer::{Growth, MediaFacts, MediumCondition, Placement, Refusal, Run};
use std::io;
use std::ops::Range;
use std::sync::Arc;

const BLOCK: usize = 2048;
/// The block of UDF's anchor.
const ANCHOR: u32 = 256;
/// No session begins before it: here the units with the anchor end.
const LEAST_START: u32 = ANCHOR + CHECK_BLOCKS;

/// What an image goes on with of a disc.
#[derive(Debug, Clone)]
pub(crate) struct GoesOnWith {
    pub(crate) session: EarlierSession,
    /// How it is imported.
    pub(crate) import: ImportOptions,
}

/// A disc's volume that is to grow.
#[derive(Debug)]
pub(crate) struct OldVolume {
    pub(crate) imported: Imported,
    /// Where its further session begins.
    pub(crate) first_lba: u32,
    /// The first write unit that holds nothing of it.
    behind: u32,
    /// The first block behind its volume; behind all blocks where that is not told.
    end: u32,
    /// Blocks of a write unit.
    unit: u32,
}

/// What is written of a volume that grows: the image's places, and its last blocks.
#[derive(Debug, Clone)]
pub(crate) struct Grown {
    pub(crate) growth: Growth,
    /// The head's write units.
    pub(crate) tail: Arc<Tail>,
}

/// Bytes behind an image that are no zeros.
#[derive(Debug)]
pub(crate) struct Tail {
    /// Where they begin, in bytes from the image's first.
    at: u64,
    bytes: Vec<u8>,
}

impl Tail {
    /// Puts the bytes that lie within it into a piece that begins at `position`.
    pub(crate) fn put(&self, position: u64, piece: &mut [u8]) {
        let begin = position.max(self.at);
        let end = (position + piece.len() as u64).min(self.at + self.bytes.len() as u64);
        let within = |from: u64| {
            let place = |at: u64| usize::try_from(at.checked_sub(from)?).ok();
            Some(place(begin)?..place(end)?)
        };
        if begin < end
            && let Some(to) = within(position).and_then(|range| piece.get_mut(range))
            && let Some(from) = within(self.at).and_then(|range| self.bytes.get(range))
        {
            to.copy_from_slice(from);
        }
    }
}

impl OldVolume {
    /// Reads what an image goes on with that is to become a further session of a disc that is overwritten; `None` for all
    /// other images and discs.
    ///
    /// # Errors
    /// There is no such volume, or it cannot be imported. The medium is untouched.
    pub(crate) async fn find(
        goes_on_with: Option<GoesOnWith>,
        placement: Placement,
        facts: &MediaFacts,
        reader: DriveReader,
    ) -> Result<Option<Self>, BurnError> {
        let overwrites = facts.profile().is_overwritable();
        let Some(earlier) = goes_on_with.filter(|_| overwrites) else {
            return Ok(None);
        };
        match (placement, facts.condition()) {
            // It would be written over what it goes on with.
            (Placement::Overwrite, _) => Err(Refusal::NotOffered.into()),
            (Placement::NewSession, MediumCondition::OpenSession) => {
                Err(Refusal::SessionOpen.into())
            }
            (Placement::NewSession, condition) if condition.is_blank() == Some(true) => {
                Err(SourceError::NoSession.into())
            }
            (Placement::NewSession, _) => {
                let unit = facts.profile().write_unit().unwrap_or(CHECK_BLOCKS);
                let found = blocking(move || Self::read(reader, &earlier, unit)).await?;
                Ok(Some(found))
            }
            _ => Ok(None),
        }
    }

    fn read(reader: DriveReader, earlier: &GoesOnWith, unit: u32) -> Result<Self, SourceError> {
        let mut disc = OldDisc {
            reader,
            end: u32::MAX,
        };
        disc.end = match shown_end(&mut disc).map_err(unreadable)? {
            0 => u32::MAX,
            end => end,
        };
        let first = match earlier.session {
            EarlierSession::Last => 0,
            EarlierSession::At(first) => first,
            EarlierSession::Number(number) => numbered(&mut disc, number)?,
        };
        let imported = import(&mut disc, first, &earlier.import);
        let imported = imported.map_err(Arc::new)?;
        let behind = next_session(&imported, &mut disc, unit).map_err(not_grown)?;
        // Behind the last address there is no room, which the writer says.
        let behind = behind.unwrap_or(u32::MAX);
        Ok(Self {
            first_lba: behind.max(LEAST_START),
            behind,
            end: disc.end,
            imported,
            unit,
        })
    }

    /// Where its session goes, of a length that is not known yet.
    pub(crate) fn placement(&self) -> Placement {
        Placement::Grow(Growth::from(lba(self.first_lba)))
    }

    /// What tells how it grows, when the imported tree has become a plan.
    pub(crate) fn mark(&self) -> Mark {
        Mark {
            disc: self.imported.disc,
            end: self.end,
            behind: self.behind,
            unit: self.unit,
        }
    }
}

/// What is known of a volume that grows, beside its tree.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark {
    disc: DiscId,
    end: u32,
    behind: u32,
    unit: u32,
}

impl Mark {
    /// How the session of a layout and its head are written. Blocks: it reads the write units of the head.
    ///
    /// # Errors
    /// The disc is not what it was, cannot be read, or has files where the head goes.
    pub(crate) fn grown(
        self,
        layout: &Arc<Layout>,
        reader: DriveReader,
    ) -> Result<Grown, SourceError> {
        let mut old = OldDisc {
            reader,
            end: self.end,
        };
        let planned = grow::Growth::new(layout, &mut old, Some(self.disc)).map_err(not_grown)?;
        // Each run is read back by itself, in whole units of checks.
        let session = layout.blocks().next_multiple_of(CHECK_BLOCKS.into());
        let mut runs = [Run::default(); HEAD_RUNS];
        let mut bytes = Vec::new();
        for (run, blocks) in runs.iter_mut().zip(self.units(planned.head())) {
            let mut units = old.units(&blocks)?;
            for (first, new) in planned.head() {
                if let Some(offset) = first.checked_sub(blocks.start)
                    && let Some(behind) = units.get_mut(offset as usize * BLOCK..)
                    && let Some(place) = behind.get_mut(..new.len())
                {
                    place.copy_from_slice(new);
                }
            }
            *run = Run::new(lba(blocks.start), u64::from(blocks.end - blocks.start));
            bytes.append(&mut units);
        }
        let growth = Growth::from(lba(layout.first_lba()));
        Ok(Grown {
            growth: growth.session(session).head(runs),
            tail: Arc::new(Tail {
                at: session * BLOCK as u64,
                bytes,
            }),
        })
    }
    /// The blocks that are written of the head, of which mastering has made the new ones: whole write units, and before the last
    /// ones, whole units of checks. What lies between the old volume and a session that had to stay behind the
    /// anchor of UDF is written with them: blocks that cannot be read are not left in the midst of the disc.
    fn units(self, head: &[(u32, Vec<u8>)]) -> Vec<Range<u32>> {
        let anchor = head
            .iter()
            .find(|(first, _)| *first >= ANCHOR)
            .map(|_| ANCHOR);
        let gap = Some(self.behind).filter(|behind| *behind < LEAST_START);
        let low = anchor.into_iter().chain(gap).min();
        let low = low.map(|first| first - first % CHECK_BLOCKS..LEAST_START);
        let descriptors = head.iter().find(|(first, _)| *first < ANCHOR);
        let last = descriptors.map(|(first, new)| {
            let end = first + new.len().div_ceil(BLOCK) as u32; // a few
            first - first % self.unit..end.next_multiple_of(self.unit)
        });
        low.into_iter().chain(last).collect()
    }
}

/// A disc before its volume grows. Behind that volume a block that cannot be read is one that was never written.
struct OldDisc {
    reader: DriveReader,
    end: u32,
}

impl BlockSource for OldDisc {
    fn read_blocks(&mut self, lba: u32, out: &mut [u8]) -> io::Result<()> {
        let read = BlockSource::read_blocks(&mut self.reader, lba, out);
        read.map_err(|error| match lba >= self.end {
            true => io::Error::new(io::ErrorKind::UnexpectedEof, error),
            false => error,
        })
    }

    fn blocks(&mut self) -> Option<u32> {
        self.reader.blocks()
    }
}

impl OldDisc {
    /// Blocks as they stand on the disc; zeros where nothing was ever written.
    fn units(&mut self, blocks: &Range<u32>) -> Result<Vec<u8>, SourceError> {
        let mut bytes = vec![0; blocks.len() * BLOCK];
        for (at, block) in blocks.clone().zip(bytes.chunks_mut(BLOCK)) {
            match self.read_blocks(at, block) {
                Err(_) if at >= self.end => block.fill(0),
                read => read.map_err(unreadable)?,
            }
        }
        Ok(bytes)
    }
}

/// The first block of a session, counted from 1.
fn numbered(disc: &mut OldDisc, number: u16) -> Result<u32, SourceError> {
    let found = sessions(disc).map_err(unreadable)?;
    let session = usize::from(number)
        .checked_sub(1)
        .and_then(|at| found.get(at));
    Ok(session.ok_or(SourceError::NoSession)?.first_lba)
}

fn lba(block: u32) -> Lba {
    Lba(i32::try_from(block).unwrap_or(i32::MAX))
}

fn unreadable(error: io::Error) -> SourceError {
    not_grown(DiscError::from(error))
}

fn not_grown(error: impl Into<GrowError>) -> SourceError {
    SourceError::Grow(Arc::new(error.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tail_is_put_into_the_pieces_that_it_lies_in() {
        let tail = Tail {
            at: 10,
            bytes: (1..=6).collect(),
        };
        for (position, expected) in [
            (0, [0, 0, 0, 0, 0, 0, 0, 0]),
            (4, [0, 0, 0, 0, 0, 0, 1, 2]),
            (9, [0, 1, 2, 3, 4, 5, 6, 0]),
            (12, [3, 4, 5, 6, 0, 0, 0, 0]),
            (16, [0, 0, 0, 0, 0, 0, 0, 0]),
        ] {
            let mut piece = [0; 8];
            tail.put(position, &mut piece);
            assert_eq!(piece, expected, "{position}");
        }
    }
}

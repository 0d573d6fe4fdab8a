//! Comparing a session behind the first one with the image that it is burned from: the user data of its one track.
//!
//! Owns where the session is looked for on the disc. The reading and judging is
//! [`read_back`](crate::cd::read_back)'s.

use super::{CdDifference, CompareError, unread};
use crate::cd::expected::Expected;
use crate::cd::later::LaterSession;
use crate::cd::read_back::ReadBack;
use crate::cd::scan::Contents;
use crate::drive::DriveReader;
use crate::error::SourceError;
use crate::pipeline::sectors::{DiscRun, SectorRun, Told};
use pitland_mastering::FileBytes;
use pitland_mmc::Lba;
use pitland_writer::{CdForm, MediaFacts};
use std::ops::ControlFlow;
use std::sync::Arc;

/// User bytes of a block.
const BLOCK_BYTES: usize = 2048;
/// Where they stand in a sector of mode 1, and in one of mode 2 form 1.
const MODE_1_AT: usize = 16;
const FORM_1_AT: usize = 24;

/// What became of the comparison of a later session.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LaterComparison {
    /// Which session, from 2 on.
    pub session: u8,
    /// Where it should begin.
    pub wanted: Lba,
    /// Where it begins on the disc; `None`: it is not there, and nothing was compared.
    pub found: Option<Lba>,
    /// Sectors that were compared.
    pub compared: u64,
    /// Sectors that differ or cannot be read, read again or not.
    pub bad: u64,
    /// The first ones, 64 at most.
    pub differences: Vec<CdDifference>,
    /// Sectors that were right when they were read again.
    pub reread: u64,
}

impl LaterComparison {
    /// Whether it is there, in its place, and every sector as it shall be.
    pub fn is_equal(&self) -> bool {
        self.bad == 0 && self.found == Some(self.wanted)
    }
}

impl DriveReader {
    /// Compares a session behind the first one with what it is burned from, blocking: the user data of its sectors, wherever it
    /// begins. `observe` is told the sectors done and all, and may end it. A sector that differs or cannot be read is
    /// read twice more.
    ///
    /// # Errors
    /// [`CompareError`]; what differs is no error, nor is a sector that cannot be read.
    ///
    /// # Panics
    /// When called inside of an async task.
    pub fn compare_cd_session(
        &self,
        session: &LaterSession,
        facts: &MediaFacts,
        mut observe: impl FnMut(u64, u64) -> ControlFlow<()>,
    ) -> Result<LaterComparison, CompareError> {
        let contents = Contents::of(facts, session.number()).ok();
        let first = contents
            .as_ref()
            .and_then(|contents| contents.tracks.first());
        let mut comparison = LaterComparison {
            session: session.number(),
            wanted: session.first_lba(),
            found: first.map(|entry| entry.start),
            compared: 0,
            bad: 0,
            differences: Vec::new(),
            reread: 0,
        };
        let Some(first) = first else {
            return Ok(comparison);
        };
        let from = match session.form() {
            CdForm::Mode2Form1 => FORM_1_AT,
            _ => MODE_1_AT,
        };
        let run = DiscRun {
            lba: first.start.0,
            run: SectorRun {
                image_block: 0,
                blocks: session.blocks(),
                told: Told::Data {
                    from,
                    to: from + BLOCK_BYTES,
                    scrambled: false,
                },
            },
        };
        let read = |lba: Lba, out: &mut [u8]| {
            let read = self.read_sectors(lba, false, out);
            read.map(drop).map_err(unread)
        };
        let reading = ReadBack::new(UserBlocks(session), read);
        let done = reading.compare(&[run], false, &mut observe)?;
        if done.was_ended {
            return Err(CompareError::Stopped);
        }
        comparison.compared = done.compared.verification.blocks_compared;
        comparison.bad = done.compared.verification.bad_units;
        comparison.reread = done.reread;
        comparison.differences = done
            .bad
            .iter()
            .map(|bad| CdDifference {
                lba: bad.lba,
                track: first.track,
                in_track: i32::try_from(bad.image_block).unwrap_or(i32::MAX),
                sense: bad.sense,
            })
            .collect();
        Ok(comparison)
    }
}

/// The user data of a session, by its blocks.
struct UserBlocks<'a>(&'a LaterSession);

impl Expected for UserBlocks<'_> {
    type Fault = CompareError;

    fn is(&mut self, block: u32, told: Told, sector: &[u8]) -> Result<Option<bool>, CompareError> {
        let mut wanted = [0; BLOCK_BYTES];
        let position = u64::from(block) * BLOCK_BYTES as u64;
        let read = self.0.user_data().read_at(position, &mut wanted);
        read.map_err(|error| match error.downcast::<SourceError>() {
            // What is wrong with a file of the image is told by its name.
            Ok(error) => error,
            Err(error) => SourceError::Io {
                name: "the CD's sources".into(),
                error: Arc::new(error),
            },
        })?;
        Ok(Some(told.of(sector) == wanted))
    }

    /// There is no sound in it.
    fn has(&mut self, _: u32, _: usize, _: &[u8]) -> Result<Option<bool>, CompareError> {
        Ok(None)
    }
}

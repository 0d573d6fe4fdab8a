//! A simulated Sketch disc, as strict as its strictest drive: blocks in whole units, only at the next
//! writable address, none behind a close.

use super::{GAP, PROFILE, UNIT};
use pitland_testkit::{Blocks, SimulatedMedium, Told};
use pitland_writer::mmc::cdb::{CloseFunction, Command};
use pitland_writer::mmc::{Lba, Profile, SectorCount, Sense};
use std::ops::Range;

/// Blocks of the disc.
const CAPACITY: i32 = 8192;

/// A disc; by default a blank one.
#[derive(Debug, Default)]
pub(crate) struct SketchDisc {
    blocks: Blocks,
    closed: Vec<Range<i32>>,
    open: Range<i32>,
    track_closed: bool,
    finalized: bool,
}

impl SketchDisc {
    fn close_session(&mut self) {
        if !self.open.is_empty() {
            let next = self.open.end + GAP as i32;
            self.closed
                .push(std::mem::replace(&mut self.open, next..next));
        }
        self.track_closed = false;
    }
}

impl SimulatedMedium for SketchDisc {
    fn profile(&self) -> Profile {
        PROFILE
    }

    fn told(&self) -> Told {
        let open = (!self.finalized).then(|| self.open.clone());
        let free = SectorCount((CAPACITY - self.open.end).max(0) as u32);
        Told::sessions(&self.closed, open, (!self.track_closed).then_some(free))
    }

    fn read(&self, lba: Lba, out: &mut [u8]) -> Result<(), Sense> {
        self.blocks.read(lba, out)
    }

    fn write(&mut self, lba: Lba, data: &[u8]) -> Result<(), Sense> {
        let end = lba.0 + (data.len() / 2048) as i32;
        let refusal = match () {
            () if self.finalized => (0x30, 0x05),
            () if self.track_closed || lba.0 != self.open.end => (0x21, 0x02),
            () if (end - lba.0) % UNIT as i32 != 0 => (0x24, 0x00),
            () if end > CAPACITY => (0x21, 0x00),
            () => {
                self.blocks.write(lba, data);
                self.open.end = end;
                return Ok(());
            }
        };
        Err(Sense::new(0x5, refusal.0, refusal.1))
    }

    fn command(&mut self, command: &Command, _: &[u8]) -> Result<(), Sense> {
        match command {
            Command::CloseTrackSession(close) => match close.function {
                CloseFunction::Track => self.track_closed = !self.open.is_empty(),
                CloseFunction::Session => self.close_session(),
                _ => {
                    self.close_session();
                    self.finalized = true;
                }
            },
            _ => return Err(Sense::new(0x5, 0x20, 0x00)),
        }
        Ok(())
    }
}

//! The path of the blocks: from the ring to the drive, and from the drive to the comparison with their checks. Owns which
//! bytes a WRITE carries; which block is next is the machine's.

use crate::drive::thread::{BUSY, Brought, Device, Work, is_protected, no_answer, without_sense};
use crate::pipeline::checks::{CHECK_BYTES, Checks};
use pitland_burn::{Action, Input, NoAnswer, ReadChunk, Source, WriteChunk, patience};
use pitland_transport::{Exchange, Status, Transport};

impl Device {
    pub(super) fn write(&mut self, work: &mut Work, chunk: &WriteChunk) -> Action {
        let Work {
            machine,
            incoming,
            control,
            ..
        } = work;
        let length = chunk.blocks as usize * chunk.block_bytes as usize;
        let bytes = match chunk.source {
            Source::Image { block } => {
                let position = block * u64::from(chunk.image_block_bytes);
                let reached = incoming.as_mut().and_then(|i| i.reach(control, position));
                // Once a slot is often enough for a ring to be seen running low.
                if let (Some(true), Some(incoming)) = (reached, incoming.as_ref())
                    && !is_protected(machine.plan())
                {
                    machine.supplied(incoming.supply());
                }
                let failed = incoming.as_ref().is_none_or(|i| i.failure().is_some());
                if reached.is_none() && !failed && control.is_cancelled() {
                    machine.cancel();
                    return machine.next(self.transport.now(), Input::Waited);
                }
                let whole = chunk.blocks as usize * chunk.image_block_bytes as usize;
                let whole = incoming.as_ref().and_then(|i| i.bytes(position, whole));
                match chunk.image_block_bytes == chunk.block_bytes {
                    true => whole,
                    false => whole.and_then(|whole| {
                        users_part(whole, chunk, &mut self.part)?;
                        Some(self.part.as_slice())
                    }),
                }
            }
            Source::Bytes { extent, offset } => {
                match machine.plan().extents.get(extent).map(|e| &e.origin) {
                    Some(pitland_writer::Origin::Bytes(all)) => all.get(offset..offset + length),
                    _ => None,
                }
            }
            _ => ZEROS.get(..length),
        };
        let Some(bytes) = bytes else {
            return machine.next(self.transport.now(), Input::SourceFailed);
        };
        let exchange = Exchange::blocks(chunk.cdb, bytes, chunk.block_bytes, patience::WRITE);
        let result = self.transport.execute(exchange);
        let now = self.transport.now();
        match result {
            Ok(reply) => match reply.status {
                Status::Good if reply.transferred == length => {
                    if let (Some(acknowledging), Source::Image { block }) =
                        (&work.acknowledging, chunk.source)
                    {
                        acknowledging.blocks(block + u64::from(chunk.blocks));
                    }
                    machine.next(now, Input::Good(&[]))
                }
                // Not all of it went over: what the drive has taken, its next writable address tells.
                Status::Good => {
                    tracing::warn!(took = reply.transferred, of = length, "a WRITE fell short");
                    machine.next(now, Input::NoAnswer(NoAnswer::Link))
                }
                Status::CheckCondition(sense) => machine.next(now, Input::Sense(sense)),
                other => match without_sense(other) {
                    Brought::NoAnswer(cause) => machine.next(now, Input::NoAnswer(cause)),
                    _ => machine.next(now, Input::Sense(BUSY)),
                },
            },
            Err(error) => {
                tracing::warn!(%error, command = %chunk.cdb, "no answer");
                machine.next(now, Input::NoAnswer(no_answer(&error)))
            }
        }
    }

    pub(super) fn read_back(&mut self, work: &mut Work, chunk: &ReadChunk) -> Action {
        let unit = chunk.unit;
        let length = unit.blocks as usize * chunk.block_bytes as usize;
        let brought = self.ask_blocks(unit.lba, unit.blocks);
        let now = self.transport.now();
        let input = match brought {
            // Blocks that did not come are not compared with what the buffer held before.
            Brought::Good(came) if came != length => Input::NoAnswer(NoAnswer::Link),
            Brought::Good(_) => compared(&work.checks, unit.index, self.answer(length)),
            Brought::Sense(sense) => Input::Sense(sense),
            Brought::NoAnswer(cause) => Input::NoAnswer(cause),
        };
        work.machine.next(now, input)
    }
}

/// Puts into `part` what is sent of whole sectors: so many bytes of each behind sync and header.
fn users_part(sectors: &[u8], chunk: &WriteChunk, part: &mut Vec<u8>) -> Option<()> {
    let (from, bytes) = (SECTOR_HEADER, chunk.block_bytes as usize);
    part.clear();
    for sector in sectors.chunks_exact(chunk.image_block_bytes as usize) {
        part.extend_from_slice(sector.get(from..from + bytes)?);
    }
    Some(())
}

/// Bytes of sync and header.
const SECTOR_HEADER: usize = 16;

/// Compares what was read with the checks of its units, the first of which is `index`.
fn compared(checks: &Checks, index: u64, bytes: &[u8]) -> Input<'static> {
    let mut unchecked = false;
    for (index, unit) in (index..).zip(bytes.chunks(CHECK_BYTES)) {
        match checks.matches(index, unit) {
            Some(false) => return Input::Compared(false),
            Some(true) => {}
            None => unchecked = true,
        }
    }
    if unchecked {
        Input::Unchecked
    } else {
        Input::Compared(true)
    }
}

/// Blocks of zeros for one command: more than any carries.
static ZEROS: [u8; 1 << 20] = [0; 1 << 20];

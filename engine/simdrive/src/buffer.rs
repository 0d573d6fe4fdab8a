//! The drive's write buffer: a bounded ring of blocks on their way to the disc.
//!
//! Owns the bytes and their addresses, in the order in which they came, and holds back
//! the end of an ECC block that is not whole yet. On their way to a disc that keeps no
//! data, blocks are counted, and their bytes are never looked at. Must not know speeds,
//! media or stores.

use std::collections::VecDeque;

use crate::store::BLOCK_BYTES;

/// Room beside the capacity for blocks that are held back, and for their padding.
const HELD_AT_MOST: u32 = 32;

/// Consecutive blocks in the buffer. An address below 0 stands as its two's complement, as in
/// the CDB (recipe 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) lba: u32,
    pub(crate) blocks: u32,
    /// The drive reads these back after writing them.
    pub(crate) verified: bool,
}

impl Run {
    /// The address behind it; 0 behind the pregap of a CD, whose addresses are negative.
    pub(crate) fn end(&self) -> u32 {
        self.lba.wrapping_add(self.blocks)
    }
}

pub(crate) struct WriteBuffer {
    /// Has its memory from the first block on that is kept; none where no bytes are.
    ring: Vec<u8>,
    keeps_bytes: bool,
    /// Bytes of what is in it: blocks, or whole sectors of a CD.
    block_bytes: usize,
    capacity: u32,
    /// Blocks of the ring: the capacity and what may be held back.
    room: u32,
    head: u32,
    used: u32,
    /// Blocks of a unit, of which a part is held back; 1 where nothing is.
    unit: u32,
    runs: VecDeque<Run>,
}

impl WriteBuffer {
    pub(crate) fn new(bytes: usize) -> Self {
        let capacity = u32::try_from((bytes / BLOCK_BYTES).max(64)).unwrap_or(u32::MAX / 4096);
        let room = capacity + HELD_AT_MOST;
        Self {
            ring: Vec::new(),
            keeps_bytes: true,
            block_bytes: BLOCK_BYTES,
            capacity,
            room,
            head: 0,
            used: 0,
            unit: 1,
            runs: VecDeque::with_capacity(64),
        }
    }

    /// Empties the buffer for another disc; `keeps` says whether that disc keeps data.
    pub(crate) fn prepare_for_disc(&mut self, keeps: bool) {
        self.clear();
        self.keeps_bytes = keeps;
        if !keeps {
            self.ring = Vec::new();
        }
    }

    /// From now on it takes blocks of so many bytes. Nothing may be in it, unless they are what it
    /// takes already.
    pub(crate) fn take_blocks_of(&mut self, bytes: usize) {
        debug_assert!(self.used == 0 || self.block_bytes == bytes);
        if self.block_bytes != bytes {
            self.clear();
            self.ring = Vec::new();
            self.block_bytes = bytes;
        }
    }

    /// Bytes of each block in it.
    pub(crate) fn block_bytes(&self) -> usize {
        self.block_bytes
    }

    pub(crate) fn capacity(&self) -> u32 {
        self.capacity
    }

    pub(crate) fn used(&self) -> u32 {
        self.used
    }

    /// Blocks at the end that wait for the rest of their unit.
    pub(crate) fn held(&self) -> u32 {
        self.runs
            .back()
            .map_or(0, |run| (run.end() % self.unit).min(run.blocks))
    }

    /// Blocks that can be written to the disc now.
    pub(crate) fn drainable(&self) -> u32 {
        self.used - self.held()
    }

    pub(crate) fn free(&self) -> u32 {
        self.capacity.saturating_sub(self.drainable())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.used == 0
    }

    pub(crate) fn runs(&self) -> impl Iterator<Item = Run> + '_ {
        self.runs.iter().copied()
    }

    pub(crate) fn back(&self) -> Option<Run> {
        self.runs.back().copied()
    }

    /// From now on, what is not whole units of so many blocks (32 at most) is held back.
    pub(crate) fn hold_parts_of(&mut self, unit: u32) {
        self.unit = unit.clamp(1, HELD_AT_MOST);
    }

    pub(crate) fn front(&self) -> Option<Run> {
        self.runs.front().copied()
    }

    /// Takes whole blocks; the caller has seen that there is room. A run never crosses the
    /// address 0, which the pregap of a CD leads up to.
    pub(crate) fn push(&mut self, lba: u32, data: &[u8], verified: bool) {
        let blocks = (data.len() / self.block_bytes) as u32;
        let before_0 = lba.wrapping_neg();
        if lba != 0 && before_0 < blocks {
            let (pregap, program) = data.split_at(before_0 as usize * self.block_bytes);
            self.push(lba, pregap, verified);
            return self.push(0, program, verified);
        }
        debug_assert!(self.used + blocks <= self.room);
        if self.keeps_bytes {
            self.copy_in(data);
        }
        self.used += blocks;
        match self.runs.back_mut() {
            Some(run) if run.verified == verified && run.end() == lba && lba != 0 => {
                run.blocks += blocks;
            }
            _ => self.runs.push_back(Run {
                lba,
                blocks,
                verified,
            }),
        }
    }

    fn copy_in(&mut self, data: &[u8]) {
        if self.ring.is_empty() {
            self.ring = vec![0; self.room as usize * self.block_bytes];
        }
        let tail = ((self.head + self.used) % self.room) as usize * self.block_bytes;
        let first = data.len().min(self.ring.len() - tail);
        self.ring[tail..tail + first].copy_from_slice(&data[..first]);
        self.ring[..data.len() - first].copy_from_slice(&data[first..]);
    }

    /// The bytes of the first `blocks` blocks of the front run, in two parts where the ring
    /// wraps; `None` where no bytes are kept.
    pub(crate) fn front_bytes(&self, blocks: u32) -> Option<(&[u8], &[u8])> {
        if !self.keeps_bytes {
            return None;
        }
        let blocks = blocks.min(self.used);
        let start = self.head as usize * self.block_bytes;
        let len = blocks as usize * self.block_bytes;
        let first = len.min(self.ring.len() - start);
        Some((&self.ring[start..start + first], &self.ring[..len - first]))
    }

    /// Forgets the first `blocks` blocks of the front run.
    pub(crate) fn pop(&mut self, blocks: u32) {
        let Some(run) = self.runs.front_mut() else {
            return;
        };
        let blocks = blocks.min(run.blocks);
        run.lba = run.lba.wrapping_add(blocks);
        run.blocks -= blocks;
        if run.blocks == 0 {
            self.runs.pop_front();
        }
        self.used -= blocks;
        // From the start again when there is nothing: memory that was just used is in the cache.
        self.head = match self.used {
            0 => 0,
            _ => (self.head + blocks) % self.room,
        };
    }

    pub(crate) fn clear(&mut self) {
        self.runs.clear();
        self.head = 0;
        self.used = 0;
    }

    /// Whether the block is on its way to the disc.
    pub(crate) fn holds(&self, lba: u32) -> bool {
        self.runs
            .iter()
            .any(|run| lba.wrapping_sub(run.lba) < run.blocks)
    }

    /// Lays what is still in the buffer over blocks read from the disc; what came last is on top.
    pub(crate) fn overlay(&self, lba: u32, out: &mut [u8]) {
        // What is on its way as whole sectors is read when it is on the disc.
        if !self.keeps_bytes || self.block_bytes != BLOCK_BYTES {
            return;
        }
        let end = u64::from(lba) + (out.len() / self.block_bytes) as u64;
        let mut at = self.head;
        for run in &self.runs {
            let first = run.lba.max(lba);
            let last = (u64::from(run.lba) + u64::from(run.blocks)).min(end);
            for block in u64::from(first)..last {
                let from =
                    ((at + (block as u32 - run.lba)) % self.room) as usize * self.block_bytes;
                let to = (block as u32 - lba) as usize * self.block_bytes;
                out[to..to + self.block_bytes]
                    .copy_from_slice(&self.ring[from..from + self.block_bytes]);
            }
            at = (at + run.blocks) % self.room;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(n: u8) -> Vec<u8> {
        vec![n; BLOCK_BYTES]
    }

    #[test]
    fn runs_join_and_wrap_around() {
        let mut buffer = WriteBuffer::new(64 * BLOCK_BYTES);
        buffer.push(0, &block(1).repeat(60), false);
        buffer.pop(50);
        buffer.push(60, &block(2).repeat(40), false);
        assert_eq!(buffer.runs().count(), 1);
        assert_eq!(buffer.used(), 50);
        let (a, b) = buffer.front_bytes(50).unwrap();
        assert_eq!((a.len(), b.len()), (46 * BLOCK_BYTES, 4 * BLOCK_BYTES));
        assert_eq!((a[0], b[0]), (1, 2));
    }

    #[test]
    fn a_part_of_a_unit_is_held_back_and_takes_no_room() {
        let mut buffer = WriteBuffer::new(64 * BLOCK_BYTES);
        buffer.hold_parts_of(32);
        buffer.push(32, &block(1).repeat(48), false);
        assert_eq!((buffer.held(), buffer.drainable()), (16, 32));
        buffer.pop(32);
        assert_eq!(
            (buffer.held(), buffer.drainable(), buffer.free()),
            (16, 0, 64)
        );
        buffer.push(80, &block(2).repeat(64), false);
        assert_eq!(
            (buffer.held(), buffer.drainable(), buffer.free()),
            (16, 64, 0)
        );
        buffer.push(144, &block(0).repeat(16), false);
        assert_eq!((buffer.held(), buffer.drainable()), (0, 96));
        let (a, b) = buffer.front_bytes(96).unwrap();
        assert_eq!(a.len() + b.len(), 96 * BLOCK_BYTES);
    }

    #[test]
    fn what_no_disc_keeps_takes_room_and_no_memory() {
        let mut buffer = WriteBuffer::new(64 * BLOCK_BYTES);
        buffer.prepare_for_disc(false);
        buffer.push(0, &block(1).repeat(40), false);
        assert_eq!((buffer.used(), buffer.free()), (40, 24));
        assert!(buffer.front_bytes(40).is_none());
        assert_eq!(buffer.ring.capacity(), 0);
        buffer.pop(40);
        buffer.prepare_for_disc(true);
        buffer.push(0, &block(2), false);
        assert_eq!(buffer.front_bytes(1).unwrap().0, block(2));
    }

    #[test]
    fn the_last_write_of_a_block_is_on_top() {
        let mut buffer = WriteBuffer::new(64 * BLOCK_BYTES);
        buffer.push(5, &block(1), false);
        buffer.push(9, &block(2), false);
        buffer.push(5, &block(3), false);
        let mut out = vec![0; 3 * BLOCK_BYTES];
        buffer.overlay(4, &mut out);
        assert_eq!((out[0], out[BLOCK_BYTES], out[2 * BLOCK_BYTES]), (0, 3, 0));
        assert!(buffer.holds(9) && !buffer.holds(6));
    }
}

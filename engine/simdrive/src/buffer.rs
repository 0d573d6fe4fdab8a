//! The drive's write buffer: a bounded ring of blocks on their way to the disc.
//!
//! Owns the bytes and their addresses, in the order in which they came. Must not
//! know speeds, media or stores.

use std::collections::VecDeque;

use crate::store::BLOCK_BYTES;

/// Consecutive blocks in the buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) lba: u32,
    pub(crate) blocks: u32,
    /// The drive reads these back after writing them.
    pub(crate) verified: bool,
}

pub(crate) struct WriteBuffer {
    ring: Vec<u8>,
    capacity: u32,
    head: u32,
    used: u32,
    runs: VecDeque<Run>,
}

impl WriteBuffer {
    pub(crate) fn new(bytes: usize) -> Self {
        let capacity = u32::try_from((bytes / BLOCK_BYTES).max(64)).unwrap_or(u32::MAX / 4096);
        Self {
            ring: vec![0; capacity as usize * BLOCK_BYTES],
            capacity,
            head: 0,
            used: 0,
            runs: VecDeque::with_capacity(64),
        }
    }

    pub(crate) fn capacity(&self) -> u32 {
        self.capacity
    }

    pub(crate) fn used(&self) -> u32 {
        self.used
    }

    pub(crate) fn free(&self) -> u32 {
        self.capacity - self.used
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.used == 0
    }

    pub(crate) fn runs(&self) -> impl Iterator<Item = Run> + '_ {
        self.runs.iter().copied()
    }

    pub(crate) fn front(&self) -> Option<Run> {
        self.runs.front().copied()
    }

    /// Takes whole blocks; the caller has seen that there is room.
    pub(crate) fn push(&mut self, lba: u32, data: &[u8], verified: bool) {
        let blocks = (data.len() / BLOCK_BYTES) as u32;
        debug_assert!(blocks <= self.free());
        let tail = ((self.head + self.used) % self.capacity) as usize * BLOCK_BYTES;
        let first = data.len().min(self.ring.len() - tail);
        self.ring[tail..tail + first].copy_from_slice(&data[..first]);
        self.ring[..data.len() - first].copy_from_slice(&data[first..]);
        self.used += blocks;
        match self.runs.back_mut() {
            Some(run) if run.verified == verified && run.lba + run.blocks == lba => {
                run.blocks += blocks;
            }
            _ => self.runs.push_back(Run {
                lba,
                blocks,
                verified,
            }),
        }
    }

    /// The bytes of the first `blocks` blocks of the front run, in two parts where the ring wraps.
    pub(crate) fn front_bytes(&self, blocks: u32) -> (&[u8], &[u8]) {
        let blocks = blocks.min(self.used);
        let start = self.head as usize * BLOCK_BYTES;
        let len = blocks as usize * BLOCK_BYTES;
        let first = len.min(self.ring.len() - start);
        (&self.ring[start..start + first], &self.ring[..len - first])
    }

    /// Forgets the first `blocks` blocks of the front run.
    pub(crate) fn pop(&mut self, blocks: u32) {
        let Some(run) = self.runs.front_mut() else {
            return;
        };
        let blocks = blocks.min(run.blocks);
        run.lba += blocks;
        run.blocks -= blocks;
        if run.blocks == 0 {
            self.runs.pop_front();
        }
        self.head = (self.head + blocks) % self.capacity;
        self.used -= blocks;
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
            .any(|run| (run.lba..run.lba + run.blocks).contains(&lba))
    }

    /// Lays what is still in the buffer over blocks read from the disc; what came last is on top.
    pub(crate) fn overlay(&self, lba: u32, out: &mut [u8]) {
        let end = u64::from(lba) + (out.len() / BLOCK_BYTES) as u64;
        let mut at = self.head;
        for run in &self.runs {
            let first = run.lba.max(lba);
            let last = u64::from(run.lba + run.blocks).min(end);
            for block in u64::from(first)..last {
                let from = ((at + (block as u32 - run.lba)) % self.capacity) as usize * BLOCK_BYTES;
                let to = (block as u32 - lba) as usize * BLOCK_BYTES;
                out[to..to + BLOCK_BYTES].copy_from_slice(&self.ring[from..from + BLOCK_BYTES]);
            }
            at = (at + run.blocks) % self.capacity;
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
        buffer.push(60, &block(2).repeat(10), false);
        assert_eq!(buffer.runs().count(), 1);
        assert_eq!(buffer.used(), 20);
        let (a, b) = buffer.front_bytes(20);
        assert_eq!(a.len() + b.len(), 20 * BLOCK_BYTES);
        assert_eq!((a[0], b[0]), (1, 2));
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

//! The fields that descriptors are made of: texts, times, names of implementations, addresses.
//!
//! Everything is appended to a growing descriptor, in the order of the standard's tables.

use super::UdfRevision;
use super::names;
use crate::block::BLOCK_SIZE;
use crate::time::{Civil, Timestamp};

/// A descriptor that grows field by field; the tag's place is left free at its beginning.
#[derive(Debug)]
pub(crate) struct Fields(pub(crate) Vec<u8>);

/// Where an extent lies: the block in a partition, and which partition map that is (ECMA-167 4/7.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) block: u32,
    pub(crate) partition: u16,
}

impl Fields {
    pub(crate) fn new() -> Self {
        let mut bytes = Vec::with_capacity(BLOCK_SIZE);
        bytes.resize(super::tag::TAG_BYTES, 0);
        Self(bytes)
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(bytes);
        self
    }

    pub(crate) fn zeros(&mut self, count: usize) -> &mut Self {
        self.0.resize(self.0.len() + count, 0);
        self
    }

    pub(crate) fn u8(&mut self, value: u8) -> &mut Self {
        self.bytes(&[value])
    }

    pub(crate) fn u16(&mut self, value: u16) -> &mut Self {
        self.bytes(&value.to_le_bytes())
    }

    pub(crate) fn u32(&mut self, value: u32) -> &mut Self {
        self.bytes(&value.to_le_bytes())
    }

    pub(crate) fn u64(&mut self, value: u64) -> &mut Self {
        self.bytes(&value.to_le_bytes())
    }

    /// A character set specification, 64 bytes: always OSTA's (UDF 2.1.2).
    pub(crate) fn character_set(&mut self) -> &mut Self {
        self.u8(0).bytes(b"OSTA Compressed Unicode").zeros(40)
    }

    /// A text in a field of `length` bytes: the characters, and at the end how many bytes they take (ECMA-167 1/7.2.12).
    /// What does not fit is cut.
    pub(crate) fn text(&mut self, text: &str, length: usize) -> &mut Self {
        let room = length.saturating_sub(1);
        let mut held = names::compressed(text.encode_utf16());
        if held.len() > room {
            held = names::compressed(names::cut(text, room).encode_utf16());
        }
        // An empty text has no bytes at all, not even that of its compression.
        if text.is_empty() {
            held.clear();
        }
        let used = held.len();
        self.bytes(&held).zeros(room - used);
        self.u8(u8::try_from(used).unwrap_or(u8::MAX))
    }

    /// A point in time, 12 bytes, in Coordinated Universal Time (ECMA-167 1/7.3). Years beyond 16 bits become the
    /// nearest that is held.
    pub(crate) fn time(&mut self, time: Timestamp) -> &mut Self {
        let civil = Civil::from_seconds(time.seconds);
        let year = civil.year.clamp(1, 9999) as i16; // held by 16 bits then
        let micros = time.nanoseconds / 1000;
        // Type 1: local time, at no distance from UTC.
        self.u16(0x1000).bytes(&year.to_le_bytes()).bytes(&[
            civil.month,
            civil.day,
            civil.hour,
            civil.minute,
            civil.second,
            (micros / 10_000) as u8,
            (micros / 100 % 100) as u8,
            (micros % 100) as u8,
        ])
    }

    /// An entity identifier, 32 bytes (ECMA-167 1/7.4).
    fn entity(&mut self, name: &[u8], suffix: [u8; 8]) -> &mut Self {
        let before = self.0.len();
        self.u8(0).bytes(name);
        let used = self.0.len() - before;
        self.zeros(24usize.saturating_sub(used)).bytes(&suffix)
    }

    /// Who wrote it (UDF 2.1.5.3: class and kind of the operating system follow).
    pub(crate) fn implementation(&mut self) -> &mut Self {
        self.entity(b"*Pitland", [0; 8])
    }

    /// What the volume complies with; the suffix of a domain (UDF 2.1.5.3).
    pub(crate) fn domain(&mut self, revision: UdfRevision) -> &mut Self {
        let [low, high] = revision.code().to_le_bytes();
        self.entity(b"*OSTA UDF Compliant", [low, high, 0, 0, 0, 0, 0, 0])
    }

    /// A structure that OSTA defines, with the suffix of such (UDF 2.1.5.3).
    pub(crate) fn defined_by_osta(&mut self, name: &[u8], revision: UdfRevision) -> &mut Self {
        let [low, high] = revision.code().to_le_bytes();
        self.entity(name, [low, high, 0, 0, 0, 0, 0, 0])
    }

    /// The standard that a partition's contents follow.
    pub(crate) fn partition_contents(&mut self, revision: UdfRevision) -> &mut Self {
        let name: &[u8] = if revision.third_edition() {
            b"+NSR03"
        } else {
            b"+NSR02"
        };
        self.entity(name, [0; 8])
    }

    /// An extent of whole blocks on the disc: bytes and first block.
    pub(crate) fn extent(&mut self, blocks: u32, first: u32) -> &mut Self {
        self.u32(blocks * BLOCK_SIZE as u32).u32(first)
    }

    /// A short allocation descriptor: in the partition of whoever holds it. The upper two bits of `length` are the kind.
    pub(crate) fn short_allocation(&mut self, length: u32, block: u32) -> &mut Self {
        self.u32(length).u32(block)
    }

    /// A long allocation descriptor. `unique` is that of the file that it leads to (UDF 2.3.4.3).
    pub(crate) fn long_allocation(&mut self, length: u32, to: Address, unique: u32) -> &mut Self {
        self.u32(length)
            .u32(to.block)
            .u16(to.partition)
            .u16(0)
            .u32(unique)
    }

    /// Ends the descriptor: fills it up to `length` and seals it.
    pub(crate) fn sealed(
        mut self,
        length: usize,
        identifier: u16,
        revision: UdfRevision,
        location: u32,
    ) -> Vec<u8> {
        self.0.resize(self.0.len().max(length), 0);
        super::tag::seal(&mut self.0, identifier, revision, location);
        self.0
    }
}

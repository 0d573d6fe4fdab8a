//! The System Use Sharing Protocol: small signed entries in the bytes that ISO 9660 leaves to the system,
//! continued elsewhere where a directory record is too short.
//!
//! Knows the entries that frame others (`SP`, `CE`, `ER`, `ST`), not what Rock Ridge says in the rest.

use crate::iso9660::{HalvesDiffer, both_u32, read_both_u32};

/// Bytes of a `CE` entry.
pub const CE_LENGTH: usize = 28;

/// The most bytes in a continuation area. Readers take an area as one piece of one block.
const AREA: usize = crate::block::BLOCK_SIZE;

/// `SP`, the first entry of the root's record of itself: the protocol is in use, and no bytes are to be skipped.
pub const SP: [u8; 7] = [b'S', b'P', 7, 1, 0xbe, 0xef, 0];

/// Where a system use field goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Continuation {
    /// The block, absolute on the disc.
    pub lba: u32,
    /// First byte in the block.
    pub offset: u32,
    /// Bytes of the area.
    pub length: u32,
}

impl Continuation {
    /// The `CE` entry.
    #[must_use]
    pub fn emit(&self) -> [u8; CE_LENGTH] {
        let mut entry = [0; CE_LENGTH];
        entry[..4].copy_from_slice(&[b'C', b'E', 28, 1]);
        entry[4..12].copy_from_slice(&both_u32(self.lba));
        entry[12..20].copy_from_slice(&both_u32(self.offset));
        entry[20..28].copy_from_slice(&both_u32(self.length));
        entry
    }

    /// Reads the data of a `CE` entry.
    ///
    /// # Errors
    /// [`HalvesDiffer`], when a number's two byte orders differ.
    pub fn parse(data: &[u8]) -> Result<Self, HalvesDiffer> {
        let number = |at: usize| read_both_u32(data.get(at..).unwrap_or_default());
        Ok(Self {
            lba: number(0)?,
            offset: number(8)?,
            length: number(16)?,
        })
    }
}

/// `ER`: which extension is in use, its text and its source.
#[must_use]
pub fn extension_reference(identifier: &[u8], descriptor: &[u8], source: &[u8]) -> Vec<u8> {
    let byte = |length: usize| u8::try_from(length).unwrap_or(u8::MAX);
    let length = 8 + identifier.len() + descriptor.len() + source.len();
    debug_assert!(length <= 255, "an ER entry of {length} bytes");
    let head = [
        b'E',
        b'R',
        byte(length),
        1,
        byte(identifier.len()),
        byte(descriptor.len()),
        byte(source.len()),
        1,
    ];
    [&head, identifier, descriptor, source].concat()
}

/// One entry of a system use field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Two letters.
    pub signature: [u8; 2],
    /// What follows signature, length and version.
    pub data: &'a [u8],
}

/// A system use entry whose length is impossible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a system use entry has the length {length}, with {room} bytes left in its area")]
pub struct EntryLength {
    /// What the length byte says.
    pub length: u8,
    /// Bytes left.
    pub room: usize,
}

/// The entries of one area. Ends at its end, at `ST`, or where only padding is left.
#[derive(Clone, Debug)]
pub struct Entries<'a>(&'a [u8]);

impl<'a> Entries<'a> {
    /// The entries of the area `bytes`.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Result<Entry<'a>, EntryLength>;

    fn next(&mut self) -> Option<Self::Item> {
        let [a, b, length, _version, ..] = *self.0 else {
            return None;
        };
        if (a, b) == (0, 0) || (a, b) == (b'S', b'T') {
            return None;
        }
        let error = EntryLength {
            length,
            room: self.0.len(),
        };
        if length < 4 || usize::from(length) > self.0.len() {
            self.0 = &[];
            return Some(Err(error));
        }
        let (entry, rest) = self.0.split_at(usize::from(length));
        self.0 = rest;
        Some(Ok(Entry {
            signature: [a, b],
            data: entry.get(4..).unwrap_or_default(),
        }))
    }
}

/// Packs entries into the bytes of a record and, where those run out, into continuation areas.
///
/// The first area is the rest of a directory record. If everything fits there, nothing else happens; otherwise each
/// area but the last ends in a `CE` entry, whose numbers the caller fills in when the areas have their places.
#[derive(Debug, Default)]
pub(crate) struct Packer {
    bytes: Vec<u8>,
    /// The end of each finished area in `bytes`.
    ends: Vec<usize>,
    /// Bytes that entries may take in the area at work.
    capacity: usize,
}

impl Packer {
    /// Begins anew, with `capacity` bytes in the first area for entries (room for `CE` already taken off).
    pub(crate) fn begin(&mut self, capacity: usize) {
        self.bytes.clear();
        self.ends.clear();
        self.capacity = capacity;
    }

    fn start(&self) -> usize {
        self.ends.last().copied().unwrap_or(0)
    }

    /// Bytes left in the area at work.
    pub(crate) fn room(&self) -> usize {
        self.capacity
            .saturating_sub(self.bytes.len() - self.start())
    }

    /// Closes the area at work and begins the next.
    pub(crate) fn next_area(&mut self) {
        self.ends.push(self.bytes.len());
        self.capacity = AREA - CE_LENGTH;
    }

    /// Adds an entry, in the next area if it does not fit in this one.
    pub(crate) fn push(&mut self, entry: &[u8]) {
        if self.room() < entry.len() {
            self.next_area();
        }
        self.bytes.extend_from_slice(entry);
    }

    /// The areas so far, the one at work last.
    pub(crate) fn areas(&self) -> impl Iterator<Item = &[u8]> {
        let ends = self.ends.iter().copied().chain([self.bytes.len()]);
        let mut start = 0;
        ends.map(move |end| {
            let area = self.bytes.get(start..end).unwrap_or_default();
            start = end;
            area
        })
    }

    /// Number of areas.
    pub(crate) fn count(&self) -> usize {
        self.ends.len() + 1
    }

    /// All bytes, of all areas.
    pub(crate) fn total(&self) -> usize {
        self.bytes.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_continuation_has_the_bytes_of_a_recorded_one() {
        let bytes = b"CE\x1c\x01\x34\0\0\0\0\0\0\x34\0\0\0\0\0\0\0\0\x8a\x01\0\0\0\0\x01\x8a";
        let value = Continuation {
            lba: 52,
            offset: 0,
            length: 394,
        };
        assert_eq!(&value.emit(), bytes);
        assert_eq!(Continuation::parse(&bytes[4..]), Ok(value));
        let mut damaged = *bytes;
        damaged[4] ^= 1;
        assert!(Continuation::parse(&damaged[4..]).is_err());
    }

    #[test]
    fn an_extension_reference_counts_its_three_texts() {
        assert_eq!(
            extension_reference(b"ID", b"TEXT", b"S"),
            b"ER\x0f\x01\x02\x04\x01\x01IDTEXTS"
        );
    }

    #[test]
    fn entries_end_at_padding_at_st_and_at_the_end() {
        let take = |bytes: &'static [u8]| {
            Entries::new(bytes)
                .map(|e| e.unwrap().signature)
                .collect::<Vec<_>>()
        };
        assert_eq!(take(b"NM\x05\x01\x02PX\x04\x01\0"), [*b"NM", *b"PX"]);
        assert_eq!(take(b"NM\x05\x01\x02ST\x04\x01PX\x04\x01"), [*b"NM"]);
        assert_eq!(take(b"\0\0\0\0NM\x04\x01"), [[0; 2]; 0]);
    }

    #[test]
    fn an_impossible_length_is_an_error_and_ends_the_area() {
        for bytes in [
            b"NM\x03\x01\x02".as_slice(),
            b"NM\x06\x01\x02",
            b"NM\x00\x01\x02",
        ] {
            let all: Vec<_> = Entries::new(bytes).collect();
            assert!(matches!(all[..], [Err(EntryLength { .. })]));
        }
    }

    #[test]
    fn the_packer_opens_areas_as_they_fill() {
        let mut packer = Packer::default();
        packer.begin(10);
        packer.push(&[1; 6]);
        packer.push(&[2; 6]);
        packer.push(&[3; 2014]);
        packer.push(&[4; 1]);
        assert_eq!(
            packer.areas().map(<[u8]>::len).collect::<Vec<_>>(),
            [6, 2020, 1]
        );
        assert_eq!((packer.count(), packer.total()), (3, 2027));
    }
}

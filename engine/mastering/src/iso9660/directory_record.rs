//! Directory records: one name, where its bytes are, and the bytes left for Rock Ridge.
//!
//! Must not know what the system use bytes mean.

use std::ops::Range;

use super::stamp::ShortStamp;
use super::{HalvesDiffer, both_u16, both_u32, read_both_u16, read_both_u32};

mod field {
    use super::Range;

    pub(super) const LENGTH: usize = 0;
    pub(super) const EXTENT: Range<usize> = 2..10;
    pub(super) const DATA_LENGTH: Range<usize> = 10..18;
    pub(super) const STAMP: Range<usize> = 18..25;
    pub(super) const FLAGS: usize = 25;
    pub(super) const UNIT_SIZE: usize = 26;
    pub(super) const GAP: usize = 27;
    pub(super) const VOLUME: Range<usize> = 28..32;
    pub(super) const NAME_LENGTH: usize = 32;
    pub(super) const NAME: usize = 33;
}

/// Flag: the name is not to be shown to users.
pub const FLAG_HIDDEN: u8 = 0x01;
/// Flag: the record names bytes that belong to the file of the same name, such as a resource fork.
pub const FLAG_ASSOCIATED: u8 = 0x04;
/// Flag: the record names a folder.
pub const FLAG_DIRECTORY: u8 = 0x02;
/// Flag: another record with the next section of the same file follows.
pub const FLAG_MULTI_EXTENT: u8 = 0x80;

/// The longest record that this crate writes. A record has an even length of at most 255 bytes.
pub const MAX_LENGTH: usize = 254;

/// The identifier of a folder's record of itself.
pub const SELF_IDENTIFIER: &[u8] = &[0];
/// The identifier of a folder's record of its parent.
pub const PARENT_IDENTIFIER: &[u8] = &[1];

/// Bytes before the system use field, for an identifier of this length with its pad byte. Always even.
#[must_use]
pub fn base_length(identifier: usize) -> usize {
    field::NAME + identifier + (identifier + 1) % 2
}

/// The view: any bytes as a directory record. Every field is read as it lies; nothing is judged.
#[derive(Clone, Copy, Debug)]
pub struct RecordBytes<'a>(&'a [u8]);

/// Why bytes are no directory record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The record's length is below that of the shortest possible, or reaches beyond the bytes at hand.
    #[error("a directory record has the length {length}, with {room} bytes left in its block")]
    Length {
        /// What the length byte says.
        length: u8,
        /// Bytes left.
        room: usize,
    },
    /// The identifier is empty or reaches beyond the record.
    #[error("a directory record of {length} bytes has an identifier of {identifier}")]
    Identifier {
        /// The record's length.
        length: u8,
        /// The identifier's length.
        identifier: u8,
    },
    /// The two byte orders of a number differ.
    #[error("the {field} of a directory record is {} in one byte order and {} in the other", .halves.little, .halves.big)]
    Halves {
        /// Which number.
        field: &'static str,
        /// The two values.
        halves: HalvesDiffer,
    },
    /// The file is interleaved, which no reader in use supports.
    #[error("a directory record names an interleaved file")]
    Interleaved,
}

impl<'a> RecordBytes<'a> {
    /// Takes the record at the start of `block`, which ends where the block ends.
    /// `Ok(None)`: a zero length, no more records in this block.
    ///
    /// # Errors
    /// [`RecordError::Length`] and [`RecordError::Identifier`], when a field would lie outside.
    pub fn new_checked(block: &'a [u8]) -> Result<Option<Self>, RecordError> {
        let Some(&length) = block.first() else {
            return Ok(None);
        };
        if length == 0 {
            return Ok(None);
        }
        let error = RecordError::Length {
            length,
            room: block.len(),
        };
        let record = block.get(..usize::from(length)).ok_or(error)?;
        let identifier = *record.get(field::NAME_LENGTH).ok_or(error)?;
        if identifier == 0 || field::NAME + usize::from(identifier) > record.len() {
            return Err(RecordError::Identifier { length, identifier });
        }
        Ok(Some(Self(record)))
    }

    fn bytes(&self, range: Range<usize>) -> &'a [u8] {
        self.0.get(range).unwrap_or_default()
    }

    fn byte(&self, at: usize) -> u8 {
        self.0.get(at).copied().unwrap_or(0)
    }

    /// The record's length in bytes.
    #[must_use]
    pub fn length(&self) -> usize {
        self.0.len()
    }

    /// The flags byte.
    #[must_use]
    pub fn flags(&self) -> u8 {
        self.byte(field::FLAGS)
    }

    /// The identifier: a name, or the single byte 0 or 1.
    #[must_use]
    pub fn identifier(&self) -> &'a [u8] {
        let length = usize::from(self.byte(field::NAME_LENGTH));
        self.bytes(field::NAME..field::NAME + length)
    }

    /// What lies behind the identifier and its pad byte.
    #[must_use]
    pub fn system_use(&self) -> &'a [u8] {
        let base = base_length(usize::from(self.byte(field::NAME_LENGTH)));
        self.0.get(base..).unwrap_or_default()
    }
}

/// The value: a directory record that makes sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DirectoryRecord<'a> {
    /// First block of the extent, absolute on the disc.
    pub lba: u32,
    /// Bytes in the extent.
    pub bytes: u32,
    /// When it was recorded; by the custom of this crate the file's modification time.
    pub stamp: ShortStamp,
    /// [`FLAG_DIRECTORY`], [`FLAG_MULTI_EXTENT`], and others that are kept as they are.
    pub flags: u8,
    /// The identifier.
    pub identifier: &'a [u8],
    /// The system use field.
    pub system_use: &'a [u8],
}

impl<'a> DirectoryRecord<'a> {
    /// Judges a view.
    ///
    /// # Errors
    /// [`RecordError`]: a number whose halves differ, or an interleaved file.
    pub fn parse(view: &RecordBytes<'a>) -> Result<Self, RecordError> {
        let both = |field, range| {
            read_both_u32(view.bytes(range)).map_err(|halves| RecordError::Halves { field, halves })
        };
        if view.byte(field::UNIT_SIZE) != 0 || view.byte(field::GAP) != 0 {
            return Err(RecordError::Interleaved);
        }
        read_both_u16(view.bytes(field::VOLUME)).map_err(|halves| RecordError::Halves {
            field: "volume sequence number",
            halves,
        })?;
        let mut stamp = [0; 7];
        for (to, from) in stamp.iter_mut().zip(view.bytes(field::STAMP)) {
            *to = *from;
        }
        Ok(Self {
            lba: both("extent location", field::EXTENT)?,
            bytes: both("data length", field::DATA_LENGTH)?,
            stamp: ShortStamp(stamp),
            flags: view.flags(),
            identifier: view.identifier(),
            system_use: view.system_use(),
        })
    }

    /// Bytes that the record takes: even.
    #[must_use]
    pub fn buffer_len(&self) -> usize {
        (base_length(self.identifier.len()) + self.system_use.len()).next_multiple_of(2)
    }

    /// Appends the record to `out`. The caller has seen to it that [`Self::buffer_len`] is at most [`MAX_LENGTH`].
    pub fn emit(&self, out: &mut Vec<u8>) {
        let start = out.len();
        let length = self.buffer_len();
        debug_assert!(length <= MAX_LENGTH, "a record of {length} bytes");
        out.resize(start + field::NAME, 0);
        if let Some(head) = out.get_mut(start..) {
            head[field::LENGTH] = u8::try_from(length).unwrap_or(0);
            head[field::EXTENT].copy_from_slice(&both_u32(self.lba));
            head[field::DATA_LENGTH].copy_from_slice(&both_u32(self.bytes));
            head[field::STAMP].copy_from_slice(&self.stamp.0);
            head[field::FLAGS] = self.flags;
            head[field::VOLUME].copy_from_slice(&both_u16(1));
            head[field::NAME_LENGTH] = u8::try_from(self.identifier.len()).unwrap_or(0);
        }
        out.extend_from_slice(self.identifier);
        if self.identifier.len().is_multiple_of(2) {
            out.push(0);
        }
        out.extend_from_slice(self.system_use);
        out.resize(start + length, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A record as xorriso wrote it, without its system use bytes, the length made to fit.
    const RECORD: &[u8] =
        b"\x2a\x00\x45\x00\x00\x00\x00\x00\x00\x45\x00\x08\x00\x00\x00\x00\x08\x00\
        \x7e\x0b\x16\x15\x2d\x1e\x00\x00\x00\x00\x01\x00\x00\x01\x09.HIDDEN;1";

    fn value() -> DirectoryRecord<'static> {
        DirectoryRecord {
            lba: 69,
            bytes: 2048,
            stamp: ShortStamp([0x7e, 0x0b, 0x16, 0x15, 0x2d, 0x1e, 0]),
            flags: 0,
            identifier: b".HIDDEN;1",
            system_use: b"",
        }
    }

    #[test]
    fn a_recorded_record_is_read_and_written_alike() {
        let view = RecordBytes::new_checked(RECORD).unwrap().unwrap();
        assert_eq!(DirectoryRecord::parse(&view), Ok(value()));
        let mut out = Vec::new();
        value().emit(&mut out);
        assert_eq!(out, RECORD);
    }

    #[test]
    fn an_even_identifier_gets_a_pad_byte_before_the_system_use_field() {
        let record = DirectoryRecord {
            identifier: b"AB",
            system_use: b"PX",
            ..value()
        };
        let mut out = Vec::new();
        record.emit(&mut out);
        assert_eq!(out.len(), 38);
        assert_eq!(&out[33..], b"AB\0PX");
        let view = RecordBytes::new_checked(&out).unwrap().unwrap();
        assert_eq!(view.system_use(), b"PX");
    }

    #[test]
    fn lengths_that_reach_outside_are_refused() {
        assert!(matches!(RecordBytes::new_checked(&[]), Ok(None)));
        assert!(matches!(RecordBytes::new_checked(&[0; 40]), Ok(None)));
        assert!(matches!(
            RecordBytes::new_checked(&RECORD[..41]),
            Err(RecordError::Length {
                length: 42,
                room: 41
            })
        ));
        assert!(matches!(
            RecordBytes::new_checked(&[5; 40]),
            Err(RecordError::Length { .. })
        ));
        let mut long_name = RECORD.to_vec();
        long_name[32] = 10;
        let refused = RecordBytes::new_checked(&long_name);
        assert!(matches!(
            refused,
            Err(RecordError::Identifier {
                length: 42,
                identifier: 10
            })
        ));
    }

    #[test]
    fn a_number_whose_halves_differ_is_named() {
        for (at, name) in [
            (2, "extent location"),
            (17, "data length"),
            (28, "volume sequence number"),
        ] {
            let mut bytes = RECORD.to_vec();
            bytes[at] ^= 1;
            let view = RecordBytes::new_checked(&bytes).unwrap().unwrap();
            assert!(
                matches!(DirectoryRecord::parse(&view), Err(RecordError::Halves { field, .. }) if field == name)
            );
        }
    }
}

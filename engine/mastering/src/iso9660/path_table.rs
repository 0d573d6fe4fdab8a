//! Path table records: each folder's name, its block, and the number of its parent.
//!
//! Type L holds its numbers in little-endian order, type M in big-endian order; nothing else differs.

/// The byte order of one path table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathTableKind {
    /// Type L: little-endian.
    L,
    /// Type M: big-endian.
    M,
}

mod field {
    pub(super) const NAME_LENGTH: usize = 0;
    pub(super) const LBA: std::ops::Range<usize> = 2..6;
    pub(super) const PARENT: std::ops::Range<usize> = 6..8;
    pub(super) const NAME: usize = 8;
}

/// One record of a path table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PathTableRecord<'a> {
    /// The folder's identifier; a single zero byte for the root.
    pub identifier: &'a [u8],
    /// The folder's first block, absolute on the disc.
    pub lba: u32,
    /// The number of the parent's record, from 1; the root is its own parent.
    pub parent: u16,
}

/// Why bytes are no path table record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathTableError {
    /// The table ends inside a record.
    #[error("the path table ends inside a record")]
    Truncated,
    /// A record whose identifier has no byte.
    #[error("a path table record has an empty identifier")]
    NoIdentifier,
}

impl<'a> PathTableRecord<'a> {
    /// Bytes that a record takes for an identifier of this length, with its pad byte.
    #[must_use]
    pub fn length(identifier: usize) -> usize {
        field::NAME + identifier + identifier % 2
    }

    /// Appends the record to `out`. An identifier over 255 bytes is cut.
    pub fn emit(&self, kind: PathTableKind, out: &mut Vec<u8>) {
        let length = u8::try_from(self.identifier.len()).unwrap_or(u8::MAX);
        out.push(length);
        out.push(0); // no extended attribute record
        match kind {
            PathTableKind::L => {
                out.extend(self.lba.to_le_bytes());
                out.extend(self.parent.to_le_bytes());
            }
            PathTableKind::M => {
                out.extend(self.lba.to_be_bytes());
                out.extend(self.parent.to_be_bytes());
            }
        }
        out.extend(self.identifier.iter().take(usize::from(length)));
        if length % 2 == 1 {
            out.push(0);
        }
    }

    /// Reads the record at the start of `bytes`.
    ///
    /// # Errors
    /// [`PathTableError`] when the bytes end early, or the identifier is empty.
    pub fn parse(kind: PathTableKind, bytes: &'a [u8]) -> Result<Self, PathTableError> {
        let length = usize::from(
            *bytes
                .get(field::NAME_LENGTH)
                .ok_or(PathTableError::Truncated)?,
        );
        if length == 0 {
            return Err(PathTableError::NoIdentifier);
        }
        let lba = bytes
            .get(field::LBA)
            .and_then(|b| b.try_into().ok())
            .ok_or(PathTableError::Truncated)?;
        let parent = bytes
            .get(field::PARENT)
            .and_then(|b| b.try_into().ok())
            .ok_or(PathTableError::Truncated)?;
        let identifier = bytes
            .get(field::NAME..field::NAME + length)
            .ok_or(PathTableError::Truncated)?;
        Ok(match kind {
            PathTableKind::L => Self {
                identifier,
                lba: u32::from_le_bytes(lba),
                parent: u16::from_le_bytes(parent),
            },
            PathTableKind::M => Self {
                identifier,
                lba: u32::from_be_bytes(lba),
                parent: u16::from_be_bytes(parent),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const L: &[u8] = b"\x03\x00\x36\x00\x00\x00\x01\x00ABC\x00";
    const M: &[u8] = b"\x03\x00\x00\x00\x00\x36\x00\x01ABC\x00";

    #[test]
    fn the_two_types_differ_in_byte_order_alone() {
        let record = PathTableRecord {
            identifier: b"ABC",
            lba: 54,
            parent: 1,
        };
        for (kind, bytes) in [(PathTableKind::L, L), (PathTableKind::M, M)] {
            let mut out = Vec::new();
            record.emit(kind, &mut out);
            assert_eq!(out, bytes);
            assert_eq!(out.len(), PathTableRecord::length(3));
            assert_eq!(PathTableRecord::parse(kind, bytes), Ok(record));
        }
    }

    #[test]
    fn a_table_that_ends_early_is_refused() {
        for end in 0..11 {
            assert_eq!(
                PathTableRecord::parse(PathTableKind::L, &L[..end]),
                Err(PathTableError::Truncated)
            );
        }
        assert_eq!(
            PathTableRecord::parse(PathTableKind::L, &[0; 8]),
            Err(PathTableError::NoIdentifier)
        );
    }
}

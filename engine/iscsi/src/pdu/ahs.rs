//! Additional header segments: what does not fit into 48 bytes.
//!
//! Owns their framing. Must not know what becomes of a long CDB: no command of
//! an optical drive is longer than 16 bytes.

/// Type of a segment with the rest of a CDB of more than 16 bytes.
const EXTENDED_CDB: u8 = 1;
/// Type of a segment with the length of the data of a bidirectional read.
const BIDIRECTIONAL_READ: u8 = 2;

/// One additional header segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AdditionalHeader<'a> {
    /// What a CDB has beyond its 16th byte, with the padding.
    ExtendedCdb(&'a [u8]),
    /// Bytes that the initiator expects to read besides those that it writes.
    BidirectionalReadLength(u32),
    /// A type without a name here.
    Other {
        /// The type.
        kind: u8,
        /// Its content, with the padding.
        content: &'a [u8],
    },
}

/// A list of additional headers that contradicts itself: a segment is longer
/// than what is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the peer sent an additional header that ends {missing} bytes after the last one")]
pub struct BadAdditionalHeader {
    /// Bytes that are missing.
    pub missing: usize,
}

/// Takes the segments apart, one after the other.
#[derive(Debug, Clone)]
pub struct AdditionalHeaders<'a> {
    rest: &'a [u8],
}

impl<'a> AdditionalHeaders<'a> {
    /// Looks at the bytes between the header and its digest.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }
}

impl<'a> Iterator for AdditionalHeaders<'a> {
    type Item = Result<AdditionalHeader<'a>, BadAdditionalHeader>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let [high, low, kind, body @ ..] = self.rest else {
            let missing = 3 - self.rest.len();
            self.rest = &[];
            return Some(Err(BadAdditionalHeader { missing }));
        };
        // The length counts from the byte after the type, the first of which
        // is the type's own or reserved.
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let whole = length + super::padding(3 + length);
        let Some((content, rest)) = body.split_at_checked(whole) else {
            let missing = whole - body.len();
            self.rest = &[];
            return Some(Err(BadAdditionalHeader { missing }));
        };
        self.rest = rest;
        Some(Ok(match (*kind, content) {
            (EXTENDED_CDB, [_, cdb @ ..]) => AdditionalHeader::ExtendedCdb(cdb),
            (BIDIRECTIONAL_READ, [_, a, b, c, d]) => {
                AdditionalHeader::BidirectionalReadLength(u32::from_be_bytes([*a, *b, *c, *d]))
            }
            (kind, content) => AdditionalHeader::Other { kind, content },
        }))
    }
}

impl AdditionalHeader<'_> {
    /// Adds the segment to `out`, filled to whole words. Content is cut at
    /// 1000 bytes, which no list of segments has room for beyond.
    pub fn emit(&self, out: &mut Vec<u8>) {
        let (kind, reserved, number, content): (u8, &[u8], [u8; 4], &[u8]) = match self {
            Self::ExtendedCdb(cdb) => (EXTENDED_CDB, &[0], [0; 4], cdb),
            Self::BidirectionalReadLength(length) => {
                (BIDIRECTIONAL_READ, &[0], length.to_be_bytes(), &[])
            }
            Self::Other { kind, content } => (*kind, &[], [0; 4], content),
        };
        let number: &[u8] = match self {
            Self::BidirectionalReadLength(_) => &number,
            _ => &[],
        };
        let content = content.get(..1000).unwrap_or(content);
        let length = reserved.len() + number.len() + content.len();
        out.extend((length as u16).to_be_bytes());
        out.push(kind);
        out.extend(reserved);
        out.extend(number);
        out.extend(content);
        out.resize(out.len() + super::padding(3 + length), 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_length_of_a_bidirectional_read_is_eight_bytes() {
        let mut bytes = Vec::new();
        AdditionalHeader::BidirectionalReadLength(0x0102_0304).emit(&mut bytes);
        assert_eq!(bytes, [0, 5, 2, 0, 1, 2, 3, 4]);
        let all: Vec<_> = AdditionalHeaders::new(&bytes).collect();
        assert_eq!(
            all,
            [Ok(AdditionalHeader::BidirectionalReadLength(0x0102_0304))]
        );
    }

    #[test]
    fn a_long_cdb_is_filled_to_whole_words() {
        let mut bytes = Vec::new();
        AdditionalHeader::ExtendedCdb(&[7; 14]).emit(&mut bytes);
        assert_eq!(bytes.len(), 20);
        assert_eq!(bytes[..5], [0, 15, 1, 0, 7]);
        let Some(Ok(AdditionalHeader::ExtendedCdb(cdb))) = AdditionalHeaders::new(&bytes).next()
        else {
            panic!("no long CDB in {bytes:?}");
        };
        assert_eq!(cdb[..14], [7; 14]);
    }

    #[test]
    fn a_segment_that_ends_too_late_is_told_once() {
        let all: Vec<_> = AdditionalHeaders::new(&[0, 9, 1, 0]).collect();
        assert_eq!(all, [Err(BadAdditionalHeader { missing: 8 })]);
        let all: Vec<_> = AdditionalHeaders::new(&[0]).collect();
        assert_eq!(all, [Err(BadAdditionalHeader { missing: 2 })]);
    }

    proptest! {
        #[test]
        fn any_bytes_come_to_an_end(bytes in prop::collection::vec(any::<u8>(), 0..1021)) {
            let mut out = Vec::new();
            let mut whole = true;
            for segment in AdditionalHeaders::new(&bytes) {
                match segment {
                    Ok(segment) => segment.emit(&mut out),
                    Err(_) => whole = false,
                }
            }
            prop_assert!(!whole || AdditionalHeaders::new(&out).all(|one| one.is_ok()));
        }
    }
}

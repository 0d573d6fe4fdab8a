//! The fields of descriptors as they are read: numbers, texts, times, names of implementations, addresses.
//!
//! Judges nothing but the encoding; must not read blocks.

use crate::joliet;
use crate::time::{Civil, Timestamp};
use crate::udf::field::Address;

/// The bytes of a descriptor. A field that lies outside of them reads as zeros: descriptors that are cut short fail where
/// their lengths are judged, or say nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct View<'a>(pub(super) &'a [u8]);

impl<'a> View<'a> {
    fn array<const N: usize>(self, at: usize) -> [u8; N] {
        let mut out = [0; N];
        if let Some(bytes) = at.checked_add(N).and_then(|end| self.0.get(at..end)) {
            out.copy_from_slice(bytes);
        }
        out
    }

    pub(super) fn u8(self, at: usize) -> u8 {
        u8::from_le_bytes(self.array(at))
    }

    pub(super) fn u16(self, at: usize) -> u16 {
        u16::from_le_bytes(self.array(at))
    }

    pub(super) fn u32(self, at: usize) -> u32 {
        u32::from_le_bytes(self.array(at))
    }

    pub(super) fn u64(self, at: usize) -> u64 {
        u64::from_le_bytes(self.array(at))
    }

    /// Bytes from `at` on; fewer where there are fewer.
    pub(super) fn bytes(self, at: usize, length: usize) -> &'a [u8] {
        let rest = self.0.get(at..).unwrap_or_default();
        rest.get(..length).unwrap_or(rest)
    }

    /// The name in an entity identifier (ECMA-167 1/7.4), without what fills it up.
    pub(super) fn entity(self, at: usize) -> &'a [u8] {
        let name = self.bytes(at + 1, 23);
        let end = name.iter().position(|byte| *byte == 0);
        name.get(..end.unwrap_or(name.len())).unwrap_or(name)
    }

    /// A text in a field of `length` bytes, the last of which says how many are used (ECMA-167 1/7.2.12).
    pub(super) fn text(self, at: usize, length: usize) -> String {
        let last = length.saturating_sub(1);
        let used = usize::from(self.u8(at + last)).min(last);
        String::from_utf8(characters(self.bytes(at, used))).unwrap_or_default()
    }

    /// An extent of the disc: bytes and first block (ECMA-167 3/7.1).
    pub(super) fn extent(self, at: usize) -> DiscExtent {
        DiscExtent {
            bytes: self.u32(at),
            lba: self.u32(at + 4),
        }
    }

    /// A long allocation descriptor (ECMA-167 4/14.14.2).
    pub(super) fn long_allocation(self, at: usize) -> Allocation {
        Allocation::new(
            self.u32(at),
            Address {
                block: self.u32(at + 4),
                partition: self.u16(at + 8),
            },
        )
    }

    /// A point in time (ECMA-167 1/7.3); `None` where there is none.
    pub(super) fn time(self, at: usize) -> Option<Timestamp> {
        const LOCAL: u16 = 1;
        let zone = self.u16(at);
        let civil = Civil {
            year: i64::from(self.u16(at + 2).cast_signed()),
            month: self.u8(at + 4),
            day: self.u8(at + 5),
            hour: self.u8(at + 6),
            minute: self.u8(at + 7),
            second: self.u8(at + 8),
        };
        let is_date = (1..=12).contains(&civil.month)
            && (1..=31).contains(&civil.day)
            && civil.hour < 24
            && civil.minute < 60
            && civil.second < 60;
        if !is_date {
            return None;
        }
        // Twelve bits with a sign: minutes from UTC. One value says that nobody knows.
        let minutes = i64::from((zone << 4).cast_signed() >> 4);
        let ahead = match zone >> 12 == LOCAL && (-1440..=1440).contains(&minutes) {
            true => minutes * 60,
            false => 0,
        };
        let parts = [(9, 10_000_000), (10, 100_000), (11, 1000)];
        let nanoseconds = parts
            .into_iter()
            .map(|(byte, unit)| u32::from(self.u8(at + byte).min(99)) * unit)
            .sum();
        Some(Timestamp {
            seconds: civil.to_seconds() - ahead,
            nanoseconds,
        })
    }
}

/// Blocks in a row on the disc itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DiscExtent {
    pub(super) bytes: u32,
    pub(super) lba: u32,
}

/// What an allocation descriptor says of its extent (ECMA-167 4/14.14.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Recorded {
    /// The bytes are there.
    Yes,
    /// Nothing was ever written: zeros.
    No,
    /// It holds further allocation descriptors.
    Continues,
}

/// An allocation descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Allocation {
    pub(super) recorded: Recorded,
    pub(super) bytes: u32,
    pub(super) at: Address,
}

impl Allocation {
    /// `length` has the kind in its upper two bits.
    pub(super) fn new(length: u32, at: Address) -> Self {
        Self {
            recorded: match length >> 30 {
                0 => Recorded::Yes,
                3 => Recorded::Continues,
                _ => Recorded::No,
            },
            bytes: length & 0x3fff_ffff,
            at,
        }
    }
}

/// A text in OSTA's compressed Unicode (UDF 2.1.1) as UTF-8; lone surrogates become U+FFFD. Nothing for an unknown
/// compression.
pub(super) fn characters(recorded: &[u8]) -> Vec<u8> {
    match recorded.split_first() {
        // 254 and 255 are those of names that were deleted.
        Some((8 | 254, text)) => text
            .iter()
            .map(|byte| char::from(*byte))
            .collect::<String>()
            .into_bytes(),
        Some((16 | 255, text)) => joliet::to_utf8(text).into_bytes(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::udf::field::Fields;
    use crate::udf::names::compressed;

    #[test]
    fn a_time_comes_back_to_the_microsecond() {
        for seconds in [0, -1, 951_782_400, 4_102_444_800] {
            let time = Timestamp {
                seconds,
                nanoseconds: 987_654_000,
            };
            let mut fields = Fields(Vec::new());
            fields.time(time);
            assert_eq!(View(&fields.0).time(0), Some(time));
        }
        assert_eq!(View(&[0; 12]).time(0), None);
    }

    #[test]
    fn a_time_of_another_zone_is_moved_to_utc() {
        // 2001-09-09 03:46:40, two hours ahead: as a mastering program east of Greenwich writes it.
        let mut bytes = [0x78, 0x10, 0xd1, 0x07, 9, 9, 3, 46, 40, 0, 0, 0];
        let told = |bytes: &[u8]| View(bytes).time(0).map(|time| time.seconds);
        assert_eq!(told(&bytes), Some(1_000_000_000));
        // An hour behind; and a zone that nobody knows.
        [bytes[0], bytes[1]] = 0x1fc4u16.to_le_bytes();
        assert_eq!(told(&bytes), Some(1_000_000_000 + 3 * 3600));
        [bytes[0], bytes[1]] = 0x1801u16.to_le_bytes();
        assert_eq!(told(&bytes), Some(1_000_000_000 + 2 * 3600));
    }

    #[test]
    fn texts_of_both_widths_come_back() {
        for text in ["aé", "aż", "😀", ""] {
            let mut recorded = compressed(text.encode_utf16());
            assert_eq!(characters(&recorded), text.as_bytes());
            recorded.resize(31, 0);
            recorded.push(if text.is_empty() {
                0
            } else {
                recorded.len() as u8
            });
        }
        let mut fields = Fields(Vec::new());
        fields.text("Żółw", 32);
        assert_eq!(View(&fields.0).text(0, 32), "Żółw");
    }
}

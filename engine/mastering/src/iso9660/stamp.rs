//! The two stamps of ISO 9660: 7 bytes in directory records and Rock Ridge, 17 characters in volume descriptors.
//!
//! Both are always written in GMT, with the offset byte 0, as xorriso's default has them; any offset is read.

use crate::time::{Civil, Timestamp};

/// The 7-byte stamp: years since 1900, month, day, hour, minute, second, offset from GMT in quarters of an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShortStamp(pub [u8; 7]);

const FIRST_SHORT: i64 = -2_208_988_800; // 1900-01-01T00:00:00Z
const LAST_SHORT: i64 = 5_869_583_999; // 2155-12-31T23:59:59Z

impl ShortStamp {
    /// The stamp of a point in time, to the second. What lies outside 1900 to 2155 becomes the nearest second inside.
    #[must_use]
    pub fn new(time: Timestamp) -> Self {
        let c = Civil::from_seconds(time.seconds.clamp(FIRST_SHORT, LAST_SHORT));
        let years = u8::try_from(c.year - 1900).unwrap_or(u8::MAX);
        Self([years, c.month, c.day, c.hour, c.minute, c.second, 0])
    }

    /// Whether a point in time can be stamped as it is.
    #[must_use]
    pub fn can_hold(time: Timestamp) -> bool {
        (FIRST_SHORT..=LAST_SHORT).contains(&time.seconds)
    }

    /// The point in time, or `None` for a stamp that names none: all zeros, or a month, day or time out of range.
    #[must_use]
    pub fn time(self) -> Option<Timestamp> {
        let [years, month, day, hour, minute, second, offset] = self.0;
        if !(1..=12).contains(&month)
            || !(1..=31).contains(&day)
            || hour > 23
            || minute > 59
            || second > 59
        {
            return None;
        }
        let civil = Civil {
            year: 1900 + i64::from(years),
            month,
            day,
            hour,
            minute,
            second,
        };
        let quarters = i64::from(offset.cast_signed());
        Some(Timestamp::from_seconds(civil.to_seconds() - quarters * 900))
    }
}

/// The 17-byte stamp: `YYYYMMDDhhmmsscc` in digits, and the offset from GMT in quarters of an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LongStamp(pub [u8; 17]);

impl LongStamp {
    /// "Not specified": sixteen digits 0 and a zero byte.
    pub const UNSPECIFIED: Self = {
        let mut bytes = [b'0'; 17];
        bytes[16] = 0;
        Self(bytes)
    };

    /// The stamp of a point in time, with its hundredths. Years outside 1 to 9999 become the nearest inside.
    #[must_use]
    pub fn new(time: Timestamp) -> Self {
        let c = Civil::from_seconds(time.seconds.clamp(-62_135_596_800, 253_402_300_799));
        let text = format!(
            "{:04}{:02}{:02}{:02}{:02}{:02}{:02}",
            c.year,
            c.month,
            c.day,
            c.hour,
            c.minute,
            c.second,
            (time.nanoseconds / 10_000_000).min(99)
        );
        let mut bytes = [0; 17];
        for (to, from) in bytes.iter_mut().zip(text.bytes()) {
            *to = from;
        }
        Self(bytes)
    }

    /// The point in time, or `None` where it is not specified or not a date.
    #[must_use]
    pub fn time(self) -> Option<Timestamp> {
        let number = |range: std::ops::Range<usize>| -> Option<i64> {
            let text = std::str::from_utf8(self.0.get(range)?).ok()?;
            if text.bytes().all(|b| b.is_ascii_digit()) {
                text.parse().ok()
            } else {
                None
            }
        };
        let small = |range, least: i64, most: i64| {
            number(range)
                .filter(|n| (least..=most).contains(n))
                .and_then(|n| u8::try_from(n).ok())
        };
        let civil = Civil {
            year: number(0..4)?,
            month: small(4..6, 1, 12)?,
            day: small(6..8, 1, 31)?,
            hour: small(8..10, 0, 23)?,
            minute: small(10..12, 0, 59)?,
            second: small(12..14, 0, 59)?,
        };
        let hundredths = number(14..16)?;
        let quarters = i64::from(self.0[16].cast_signed());
        Some(Timestamp {
            seconds: civil.to_seconds() - quarters * 900,
            nanoseconds: u32::try_from(hundredths * 10_000_000).unwrap_or(0),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_stamp_has_the_bytes_of_a_recorded_one() {
        // 2026-11-22T21:45:30Z, as xorriso wrote it.
        let stamp = ShortStamp([0x7e, 0x0b, 0x16, 0x15, 0x2d, 0x1e, 0x00]);
        let time = Timestamp::from_seconds(1_795_383_930);
        assert_eq!(stamp.time(), Some(time));
        assert_eq!(ShortStamp::new(time), stamp);
    }

    #[test]
    fn an_offset_from_gmt_is_taken_off() {
        let gmt = ShortStamp([100, 1, 1, 12, 0, 0, 0]).time().unwrap();
        let east = ShortStamp([100, 1, 1, 13, 0, 0, 4]).time().unwrap();
        let west = ShortStamp([100, 1, 1, 11, 0, 0, 0xfc]).time().unwrap();
        assert_eq!((gmt, gmt), (east, west));
    }

    #[test]
    fn years_beyond_the_byte_are_held_at_its_ends() {
        let far = Timestamp::from_seconds(253_402_300_799);
        assert!(!ShortStamp::can_hold(far));
        assert_eq!(ShortStamp::new(far).0, [255, 12, 31, 23, 59, 59, 0]);
        assert_eq!(
            ShortStamp::new(Timestamp::from_seconds(i64::MIN)).0,
            [0, 1, 1, 0, 0, 0, 0]
        );
    }

    #[test]
    fn a_stamp_that_is_no_date_names_no_time() {
        assert_eq!(ShortStamp([0; 7]).time(), None);
        assert_eq!(ShortStamp([1, 13, 1, 0, 0, 0, 0]).time(), None);
        assert_eq!(LongStamp::UNSPECIFIED.time(), None);
        assert_eq!(LongStamp([b'x'; 17]).time(), None);
    }

    #[test]
    fn the_long_stamp_is_digits_with_hundredths() {
        let time = Timestamp {
            seconds: 951_782_400,
            nanoseconds: 250_000_000,
        };
        let stamp = LongStamp::new(time);
        assert_eq!(&stamp.0, b"2000022900000025\0");
        assert_eq!(stamp.time(), Some(time));
    }
}

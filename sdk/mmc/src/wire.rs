//! Where a field lies in a big-endian structure, and the two macros that turn
//! such a layout into a view and a value.
//!
//! Owns bit positions and nothing else: no command, no reply, no meaning.
//! All multi-byte fields of MMC are big-endian (recipes, preamble).

use crate::addr::{Lba, Msf, SectorCount, SessionNumber, TrackNumber};
use crate::profile::Profile;

/// Position of one field: some bits of one byte, or one to four whole bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Field {
    start: usize,
    bytes: usize,
    shift: u32,
    width: u32,
}

impl Field {
    /// One bit of one byte.
    pub(crate) const fn bit(byte: usize, bit: u32) -> Self {
        Self::bits(byte, bit, bit)
    }

    /// Bits `high..=low` of one byte.
    pub(crate) const fn bits(byte: usize, high: u32, low: u32) -> Self {
        Self {
            start: byte,
            bytes: 1,
            shift: low,
            width: high - low + 1,
        }
    }

    /// `bytes` whole bytes from `start`, most significant first; 1 to 4.
    pub(crate) const fn be(start: usize, bytes: usize) -> Self {
        Self {
            start,
            bytes,
            shift: 0,
            width: bytes as u32 * 8,
        }
    }

    /// Largest value the field holds.
    pub(crate) const fn max(self) -> u32 {
        if self.width >= 32 {
            u32::MAX
        } else {
            (1 << self.width) - 1
        }
    }

    /// The field's raw value; `None` where the bytes end before it does.
    pub(crate) fn get(self, data: &[u8]) -> Option<u32> {
        let bytes = data.get(self.start..self.start + self.bytes)?;
        let raw = bytes.iter().fold(0u32, |sum, b| sum << 8 | u32::from(*b));
        Some(raw >> self.shift & self.max())
    }

    /// Writes the field and leaves the other bits alone. A value too large is
    /// written as the largest one: it stays visibly wrong, where a cut value
    /// would be a small and believable one. Outside of `data` nothing happens.
    pub(crate) fn put(self, data: &mut [u8], value: u32) {
        let Some(bytes) = data.get_mut(self.start..self.start + self.bytes) else {
            return;
        };
        let raw = value.min(self.max()) << self.shift;
        let mask = self.max() << self.shift;
        for (i, byte) in bytes.iter_mut().rev().enumerate() {
            let at = i as u32 * 8;
            *byte = *byte & !((mask >> at) as u8) | (raw >> at) as u8;
        }
    }

    /// Adds the field's bits to a mask of the bits that have a meaning.
    pub(crate) fn mark(self, mask: &mut [u8]) {
        self.put(mask, self.max());
    }
}

/// A type that a [`Field`] can carry.
pub(crate) trait FieldValue {
    /// From the raw bits; total, because codes without a name are kept.
    fn from_raw(raw: u32) -> Self;
    /// Back to the raw bits.
    fn to_raw(self) -> u32;
}

macro_rules! field_value {
    ($($ty:ty: $from:expr, $to:expr;)+) => {
        $(impl FieldValue for $ty {
            fn from_raw(raw: u32) -> Self { ($from)(raw) }
            fn to_raw(self) -> u32 { ($to)(self) }
        })+
    };
}

field_value! {
    bool: |raw| raw != 0, u32::from;
    u8: |raw| raw as u8, u32::from;
    u16: |raw| raw as u16, u32::from;
    u32: |raw| raw, |value| value;
    Lba: |raw| Lba(raw as i32), |lba: Lba| lba.0 as u32;
    SectorCount: SectorCount, |count: SectorCount| count.0;
    TrackNumber: |raw| TrackNumber(raw as u16), |n: TrackNumber| u32::from(n.0);
    SessionNumber: |raw| SessionNumber(raw as u16), |n: SessionNumber| u32::from(n.0);
    Profile: |raw| Profile::from_code(raw as u16), |p: Profile| u32::from(p.code());
    Msf: |raw: u32| Msf { m: (raw >> 16) as u8, s: (raw >> 8) as u8, f: raw as u8 },
        |msf: Msf| u32::from(msf.m) << 16 | u32::from(msf.s) << 8 | u32::from(msf.f);
}

/// An enum of named codes that keeps the codes it has no name for.
macro_rules! coded {
    ($(#[$meta:meta])* $name:ident: $repr:ty {
        $($(#[$vmeta:meta])* $variant:ident = $code:literal => $words:literal,)+
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$vmeta])* $variant,)+
            /// A code without a name here, kept as it came.
            Other($repr),
        }

        impl $name {
            /// The name of a code; total.
            pub const fn from_code(code: $repr) -> Self {
                match code {
                    $($code => Self::$variant,)+
                    other => Self::Other(other),
                }
            }

            /// The code as it stands in the bytes.
            pub const fn code(self) -> $repr {
                match self {
                    $(Self::$variant => $code,)+
                    Self::Other(other) => other,
                }
            }
        }

        impl Default for $name {
            /// The name of code 0.
            fn default() -> Self {
                Self::from_code(0)
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                match self {
                    $(Self::$variant => f.write_str($words),)+
                    Self::Other(other) => write!(f, "code {other:02X}h"),
                }
            }
        }

        impl $crate::wire::FieldValue for $name {
            fn from_raw(raw: u32) -> Self { Self::from_code(raw as $repr) }
            fn to_raw(self) -> u32 { self.code().into() }
        }
    };
}

/// A view that reads the named fields of whatever bytes it is given.
macro_rules! view {
    ($(#[$meta:meta])* $view:ident {
        $($(#[$fmeta:meta])* $field:ident: $ty:ty = $at:expr,)*
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy)]
        pub struct $view<T>(T);

        impl<T: AsRef<[u8]>> $view<T> {
            /// Looks at `bytes`; any length, any content.
            pub const fn new(bytes: T) -> Self {
                Self(bytes)
            }

            /// The bytes that were given.
            pub fn bytes(&self) -> &[u8] {
                self.0.as_ref()
            }

            $($(#[$fmeta])*
            #[doc = ""]
            #[doc = "`None` where the bytes end before the field does."]
            pub fn $field(&self) -> Option<$ty> {
                let raw = $at.get(self.0.as_ref())?;
                Some(<$ty as $crate::wire::FieldValue>::from_raw(raw))
            })*
        }
    };
}

/// A view of a parameter list or reply, and setters for the same fields that
/// `emit` uses: one layout for both directions.
macro_rules! layout {
    ($(#[$meta:meta])* $view:ident, $put:ident {
        $($(#[$fmeta:meta])* $field:ident: $ty:ty = $at:expr,)*
    }) => {
        view! { $(#[$meta])* $view { $($(#[$fmeta])* $field: $ty = $at,)* } }

        /// Writes single fields of the same layout; used by `emit` alone.
        struct $put<'a>(&'a mut [u8]);

        #[allow(dead_code, reason = "some fields are derived from others on emit")]
        impl $put<'_> {
            $(fn $field(&mut self, value: $ty) -> &mut Self {
                $at.put(self.0, $crate::wire::FieldValue::to_raw(value));
                self
            })*
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_read_and_written_in_place() {
        let field = Field::bits(1, 5, 3);
        let mut data = [0xFF, 0xFF, 0xFF];
        field.put(&mut data, 0b010);
        assert_eq!(data, [0xFF, 0b1101_0111, 0xFF]);
        assert_eq!(field.get(&data), Some(0b010));
    }

    #[test]
    fn whole_bytes_are_big_endian() {
        let mut data = [0; 6];
        Field::be(1, 4).put(&mut data, 0x0102_0304);
        assert_eq!(data, [0, 1, 2, 3, 4, 0]);
        assert_eq!(Field::be(2, 3).get(&data), Some(0x0002_0304));
    }

    #[test]
    fn a_value_too_large_is_written_as_the_largest() {
        let mut data = [0; 3];
        Field::be(0, 3).put(&mut data, 0x0100_0001);
        assert_eq!(data, [0xFF; 3]);
    }

    #[test]
    fn short_bytes_have_no_field() {
        assert_eq!(Field::be(2, 2).get(&[0; 3]), None);
        Field::be(2, 2).put(&mut [0; 3], 1);
    }
}

//! Where a field lies in the 48 bytes of a header, and the macro that turns
//! such a layout into a value that is parsed and emitted.
//!
//! Owns bit positions and nothing else: no PDU, no meaning. All fields of
//! more than one byte are big-endian.

use super::BasicHeaderSegment;

/// Position of one field: some bits of one byte, or whole bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Field {
    start: usize,
    bytes: usize,
    shift: u32,
    width: u32,
}

impl Field {
    /// One bit of one byte; 7 is the most significant.
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

    /// `bytes` whole bytes from `start`.
    pub(crate) const fn be(start: usize, bytes: usize) -> Self {
        Self {
            start,
            bytes,
            shift: 0,
            width: bytes as u32 * 8,
        }
    }

    const fn max(self) -> u32 {
        if self.width >= 32 {
            u32::MAX
        } else {
            (1 << self.width) - 1
        }
    }

    /// The raw value of a field of at most four bytes.
    pub(crate) fn number(self, header: &BasicHeaderSegment) -> u32 {
        let raw = self
            .slice(header)
            .iter()
            .fold(0u32, |sum, byte| sum << 8 | u32::from(*byte));
        raw >> self.shift & self.max()
    }

    /// Writes a field of at most four bytes and leaves the other bits alone;
    /// bits beyond the field's width are dropped.
    pub(crate) fn put_number(self, header: &mut BasicHeaderSegment, value: u32) {
        let raw = (value & self.max()) << self.shift;
        let mask = self.max() << self.shift;
        for (i, byte) in self.slice_mut(header).iter_mut().rev().enumerate() {
            let at = i as u32 * 8;
            *byte = *byte & !((mask >> at) as u8) | (raw >> at) as u8;
        }
    }

    /// The field's bytes. Layouts lie within the header, so that this is never
    /// short; an empty slice is what a mistaken layout would give.
    pub(crate) fn slice(self, header: &BasicHeaderSegment) -> &[u8] {
        header
            .0
            .get(self.start..self.start + self.bytes)
            .unwrap_or_default()
    }

    pub(crate) fn slice_mut(self, header: &mut BasicHeaderSegment) -> &mut [u8] {
        header
            .0
            .get_mut(self.start..self.start + self.bytes)
            .unwrap_or_default()
    }
}

/// A type that a [`Field`] can carry. Total in both directions: a header of
/// any content is read, and judged by who uses it.
pub(crate) trait FieldValue: Sized {
    /// Reads the field.
    fn get(header: &BasicHeaderSegment, at: Field) -> Self;
    /// Writes the field.
    fn put(self, header: &mut BasicHeaderSegment, at: Field);
}

macro_rules! numbers {
    ($($ty:ty: $from:expr, $to:expr;)+) => {
        $(impl FieldValue for $ty {
            fn get(header: &BasicHeaderSegment, at: Field) -> Self {
                ($from)(at.number(header))
            }
            fn put(self, header: &mut BasicHeaderSegment, at: Field) {
                at.put_number(header, ($to)(self));
            }
        })+
    };
}

numbers! {
    bool: |raw| raw != 0, u32::from;
    u8: |raw| raw as u8, u32::from;
    u16: |raw| raw as u16, u32::from;
    u32: |raw| raw, |value| value;
}

impl<const N: usize> FieldValue for [u8; N] {
    fn get(header: &BasicHeaderSegment, at: Field) -> Self {
        let mut value = [0; N];
        for (to, from) in value.iter_mut().zip(at.slice(header)) {
            *to = *from;
        }
        value
    }

    fn put(self, header: &mut BasicHeaderSegment, at: Field) {
        for (to, from) in at.slice_mut(header).iter_mut().zip(self) {
            *to = from;
        }
    }
}

/// An enum of named codes that keeps the codes it has no name for.
macro_rules! coded {
    ($(#[$meta:meta])* $name:ident {
        $($(#[$vmeta:meta])* $variant:ident = $code:literal => $words:literal,)+
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$vmeta])* $variant,)+
            /// A code without a name here, kept as it came.
            Other(u8),
        }

        impl $name {
            /// The name of a code; total.
            pub const fn from_code(code: u8) -> Self {
                match code {
                    $($code => Self::$variant,)+
                    other => Self::Other(other),
                }
            }

            /// The code as it stands in the bytes.
            pub const fn code(self) -> u8 {
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

        impl $crate::pdu::wire::FieldValue for $name {
            fn get(
                header: &$crate::pdu::BasicHeaderSegment,
                at: $crate::pdu::wire::Field,
            ) -> Self {
                Self::from_code(<u8 as $crate::pdu::wire::FieldValue>::get(header, at))
            }
            fn put(
                self,
                header: &mut $crate::pdu::BasicHeaderSegment,
                at: $crate::pdu::wire::Field,
            ) {
                $crate::pdu::wire::FieldValue::put(self.code(), header, at);
            }
        }
    };
}

/// A PDU's header: its fields by name, read from 48 bytes and written to them.
/// `ones` are bits that the layout fixes at 1.
macro_rules! header {
    ($(#[$meta:meta])* $name:ident = $opcode:literal, ones $ones:expr, {
        $($(#[$fmeta:meta])* $field:ident: $ty:ty = $at:expr,)*
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        pub struct $name {
            $($(#[$fmeta])* pub $field: $ty,)*
        }

        impl $name {
            /// Low six bits of byte 0.
            pub const OPCODE: u8 = $opcode;

            /// Reads the fields; the operation code, the lengths and reserved
            /// bits are not looked at.
            pub fn parse(header: &$crate::pdu::BasicHeaderSegment) -> Self {
                Self {
                    $($field: <$ty as $crate::pdu::wire::FieldValue>::get(header, $at),)*
                }
            }

            /// The 48 bytes, without lengths: whoever sends it knows the data.
            pub fn emit(&self) -> $crate::pdu::BasicHeaderSegment {
                let mut header = $crate::pdu::BasicHeaderSegment::of_opcode($opcode);
                let ones: &[$crate::pdu::wire::Field] = $ones;
                for field in ones {
                    field.put_number(&mut header, u32::MAX);
                }
                $($crate::pdu::wire::FieldValue::put(self.$field, &mut header, $at);)*
                header
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_read_and_written_in_place() {
        let mut header = BasicHeaderSegment([0xFF; 48]);
        Field::bits(1, 5, 3).put_number(&mut header, 0b010);
        assert_eq!(header.0[1], 0b1101_0111);
        assert_eq!(Field::bits(1, 5, 3).number(&header), 0b010);
        assert!(
            header
                .0
                .iter()
                .enumerate()
                .all(|(i, b)| i == 1 || *b == 0xFF)
        );
    }

    #[test]
    fn whole_bytes_are_big_endian_and_too_much_is_dropped() {
        let mut header = BasicHeaderSegment([0; 48]);
        Field::be(5, 3).put_number(&mut header, 0x0A0B_0C0D);
        assert_eq!(header.0[4..9], [0, 0x0B, 0x0C, 0x0D, 0]);
        Field::be(44, 4).put_number(&mut header, u32::MAX);
        assert_eq!(Field::be(44, 4).number(&header), u32::MAX);
    }
}

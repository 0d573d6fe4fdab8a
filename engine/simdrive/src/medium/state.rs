//! The saved state of a disc: bytes with a magic, a version and a checksum.
//!
//! Owns the frame and the plain fields; what the fields mean is the business of
//! the medium that writes and reads them, in the same order.
//!
//! ```text
//! 0..8    "PLVDISC" and the version of the layout (2)
//! 8       medium kind
//! 9..n-4  fields, big-endian
//! n-4..n  CRC-32 (ISO-HDLC) of all before it
//! ```

use crc::{CRC_32_ISO_HDLC, Crc};

use super::MediumError;

const MAGIC: &[u8; 8] = b"PLVDISC\x02";
const CHECKSUM: Crc<u32, crc::Table<16>> = Crc::<u32, crc::Table<16>>::new(&CRC_32_ISO_HDLC);

/// Writes fields into a buffer that is kept from save to save.
pub(super) struct Writer<'a>(&'a mut Vec<u8>);

impl<'a> Writer<'a> {
    pub(super) fn begin(buffer: &'a mut Vec<u8>, kind: u8) -> Self {
        buffer.clear();
        buffer.extend_from_slice(MAGIC);
        buffer.push(kind);
        Self(buffer)
    }

    pub(super) fn byte(&mut self, value: u8) {
        self.0.push(value);
    }

    pub(super) fn flag(&mut self, value: bool) {
        self.0.push(u8::from(value));
    }

    pub(super) fn half(&mut self, value: u16) {
        self.0.extend_from_slice(&value.to_be_bytes());
    }

    pub(super) fn word(&mut self, value: u32) {
        self.0.extend_from_slice(&value.to_be_bytes());
    }

    pub(super) fn end(self) {
        let sum = CHECKSUM.checksum(self.0);
        self.0.extend_from_slice(&sum.to_be_bytes());
    }
}

/// Reads the fields back; every fault is an error, never a panic.
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// Checks frame and checksum, and gives the kind byte.
    pub(super) fn begin(state: &'a [u8]) -> Result<(u8, Self), MediumError> {
        let Some((body, sum)) = state.split_last_chunk::<4>() else {
            return Err(MediumError::Corrupt("the state is too short"));
        };
        let Some((magic, rest)) = body.split_first_chunk::<8>() else {
            return Err(MediumError::Corrupt("the state is too short"));
        };
        if magic[..7] != MAGIC[..7] {
            return Err(MediumError::Corrupt("the state has no known beginning"));
        }
        if magic[7] != MAGIC[7] {
            return Err(MediumError::Version(magic[7]));
        }
        if CHECKSUM.checksum(body) != u32::from_be_bytes(*sum) {
            return Err(MediumError::Corrupt("the state's checksum is wrong"));
        }
        let Some((kind, fields)) = rest.split_first() else {
            return Err(MediumError::Corrupt("the state is too short"));
        };
        Ok((*kind, Self(fields)))
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], MediumError> {
        let (field, rest) = self
            .0
            .split_first_chunk::<N>()
            .ok_or(MediumError::Corrupt("the state ends too early"))?;
        self.0 = rest;
        Ok(*field)
    }

    pub(super) fn byte(&mut self) -> Result<u8, MediumError> {
        self.take::<1>().map(|[byte]| byte)
    }

    pub(super) fn flag(&mut self) -> Result<bool, MediumError> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(MediumError::Corrupt("a flag is neither 0 nor 1")),
        }
    }

    pub(super) fn half(&mut self) -> Result<u16, MediumError> {
        self.take().map(u16::from_be_bytes)
    }

    pub(super) fn word(&mut self) -> Result<u32, MediumError> {
        self.take().map(u32::from_be_bytes)
    }

    /// Nothing is left to read.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn end(self) -> Result<(), MediumError> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(MediumError::Corrupt("the state is too long"))
        }
    }
}

//! The list of SEND OPC INFORMATION, and the tables of READ DISC INFORMATION
//! that it copies.
//!
//! Owns the 8-byte entries. Must not know when to calibrate.

use crate::reply::{ReplyError, need};
use crate::wire::Field;

layout! {
    /// Fields of one entry, unjudged.
    OpcInformationView, OpcPut {
        /// Speed in kB/s.
        speed: u16 = Field::be(0, 2),
    }
}

/// Power calibration values for one speed, as the drive gave them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct OpcInformation {
    /// Speed in kB/s.
    pub speed: u16,
    /// Values that only the drive understands.
    pub values: [u8; 6],
}

impl OpcInformation {
    /// Length of an entry.
    pub const LEN: usize = 8;

    const NAME: &'static str = "OPC information";

    /// Reads one entry.
    ///
    /// # Errors
    /// Fewer than 8 bytes.
    pub fn parse(bytes: &[u8]) -> Result<Self, ReplyError> {
        need(Self::NAME, bytes, Self::LEN)?;
        Ok(Self {
            speed: OpcInformationView::new(bytes).speed().unwrap_or_default(),
            values: core::array::from_fn(|i| bytes[2 + i]),
        })
    }

    /// Reads the whole list.
    ///
    /// # Errors
    /// A length that is no multiple of 8.
    pub fn parse_list(list: &[u8]) -> Result<Vec<Self>, ReplyError> {
        if !list.len().is_multiple_of(Self::LEN) {
            return Err(ReplyError::invalid(
                Self::NAME,
                "list length",
                list.len() as u32,
            ));
        }
        list.chunks(Self::LEN).map(Self::parse).collect()
    }

    /// The 8 bytes.
    pub fn emit(&self) -> [u8; Self::LEN] {
        let mut bytes = [0; Self::LEN];
        bytes[2..].copy_from_slice(&self.values);
        OpcPut(&mut bytes).speed(self.speed);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_returns() {
        let bytes = [0x15, 0xA4, 1, 2, 3, 4, 5, 6];
        let entry = OpcInformation::parse(&bytes).unwrap();
        assert_eq!(entry.speed, 5540);
        assert_eq!(entry.emit(), bytes);
        assert_eq!(OpcInformation::parse_list(&bytes).unwrap(), [entry]);
    }

    #[test]
    fn a_broken_list_is_refused() {
        assert!(OpcInformation::parse(&[0; 7]).is_err());
        assert!(OpcInformation::parse_list(&[0; 12]).is_err());
        assert_eq!(OpcInformation::parse_list(&[]), Ok(Vec::new()));
    }
}

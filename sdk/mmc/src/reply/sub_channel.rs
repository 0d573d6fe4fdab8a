//! READ SUB-CHANNEL, formats 2 and 3: the disc's catalogue number, and a track's recording code.
//!
//! Owns the layout. Must not know which characters a code may have.

use super::{ReplyError, need};
use crate::wire::Field;

layout! {
    /// Fields of a code, unjudged.
    SubChannelCodeView, SubChannelCodePut {
        /// Bytes after byte 3.
        length: u16 = Field::be(2, 2),
        /// What is told: 2 the catalogue number, 3 a recording code.
        format: u8 = Field::be(4, 1),
        /// ADR.
        adr: u8 = Field::bits(5, 7, 4),
        /// CONTROL.
        control: u8 = Field::bits(5, 3, 0),
        /// Track; 0 with the catalogue number.
        track: u8 = Field::be(6, 1),
        /// MCVAL or TCVAL: the drive found one.
        valid: bool = Field::bit(8, 7),
    }
}

/// A catalogue number or a recording code, as a drive read it from the sub-channel.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct SubChannelCode {
    /// What is told: 2 the catalogue number, 3 a recording code.
    pub format: u8,
    /// Whose recording code it is; 0 with the catalogue number.
    pub track: u8,
    /// The characters, 13 of a catalogue number or 12 of a recording code; `None`: the drive found none.
    pub code: Option<String>,
}

impl SubChannelCode {
    /// Length in bytes.
    pub const LEN: usize = 24;
    /// Where the characters begin.
    const FIRST: usize = 9;

    /// Reads a reply.
    ///
    /// # Errors
    /// Fewer bytes than the characters need. Characters that are no ASCII are none.
    pub fn parse(data: &[u8]) -> Result<Self, ReplyError> {
        const NAME: &str = "sub-channel code";
        need(NAME, data, Self::FIRST)?;
        let view = SubChannelCodeView::new(data);
        let format = view.format().unwrap_or_default();
        let end = Self::FIRST + Self::characters(format);
        need(NAME, data, end)?;
        let characters = data.get(Self::FIRST..end).unwrap_or_default();
        let text = std::str::from_utf8(characters).ok().filter(|text| {
            view.valid().unwrap_or_default() && text.bytes().all(|byte| byte.is_ascii_graphic())
        });
        Ok(Self {
            format,
            track: view.track().unwrap_or_default(),
            code: text.map(str::to_owned),
        })
    }

    /// The 24 bytes.
    pub fn emit(&self) -> Vec<u8> {
        let mut data = vec![0; Self::LEN];
        SubChannelCodePut(&mut data)
            .length((Self::LEN - 4) as u16)
            .format(self.format)
            .track(self.track)
            .valid(self.code.is_some());
        let code = self.code.iter().flat_map(|code| code.bytes());
        let room = data.iter_mut().skip(Self::FIRST);
        for (to, from) in room.zip(code).take(Self::characters(self.format)) {
            *to = from;
        }
        data
    }

    const fn characters(format: u8) -> usize {
        match format {
            2 => 13,
            _ => 12,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_bytes_are_refused_or_come_back(data in prop::collection::vec(any::<u8>(), 0..40)) {
            if let Ok(told) = SubChannelCode::parse(&data) {
                prop_assert_eq!(SubChannelCode::parse(&told.emit()), Ok(told));
            }
        }
    }

    #[test]
    fn codes_come_as_they_were_put() {
        for (format, track, code) in [
            (2, 0, Some("4006381333931")),
            (3, 7, Some("USAT29902803")),
            (3, 1, None),
        ] {
            let told = SubChannelCode {
                format,
                track,
                code: code.map(str::to_owned),
            };
            let bytes = told.emit();
            assert_eq!(bytes.len(), SubChannelCode::LEN);
            assert_eq!(SubChannelCode::parse(&bytes), Ok(told));
        }
    }

    #[test]
    fn what_is_no_code_is_none() {
        let mut bytes = SubChannelCode {
            format: 3,
            track: 1,
            code: Some("USAT29902803".into()),
        }
        .emit();
        assert!(SubChannelCode::parse(&bytes[..20]).is_err());
        bytes[12] = 0;
        assert_eq!(SubChannelCode::parse(&bytes).unwrap().code, None);
        bytes[12] = b'A';
        bytes[8] = 0;
        assert_eq!(SubChannelCode::parse(&bytes).unwrap().code, None);
    }
}

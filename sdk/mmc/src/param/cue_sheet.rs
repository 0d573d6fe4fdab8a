//! The cue sheet of a session-at-once CD (recipe 5).
//!
//! Owns the 8-byte entries. Must not know how a sheet is composed; that is
//! the Red Book's business.

use core::fmt;

use crate::addr::Msf;
use crate::reply::{ReplyError, need};
use crate::wire::Field;

coded! {
    /// Main channel of an entry: the low six bits of DATA FORM.
    DataForm: u8 {
        /// Audio, 2352 bytes.
        Audio = 0x00 => "audio 2352",
        /// Audio made by the drive: lead-in, pause and lead-out.
        AudioByDrive = 0x01 => "audio by the drive",
        /// Mode 1, 2048 bytes.
        Mode1 = 0x10 => "mode 1 2048",
        /// Mode 1, 2352 bytes from the host.
        Mode1Raw = 0x11 => "mode 1 2352",
        /// Mode 1 made by the drive.
        Mode1ByDrive = 0x14 => "mode 1 by the drive",
        /// Mode 2 XA, 2336 bytes.
        Xa = 0x20 => "XA 2336",
        /// Mode 2 XA, 2352 bytes from the host.
        XaRaw = 0x21 => "XA 2352",
        /// Mode 2 XA made by the drive.
        XaByDrive = 0x24 => "XA by the drive",
        /// Mode 2, 2336 bytes.
        Mode2 = 0x30 => "mode 2 2336",
        /// Mode 2, 2352 bytes from the host.
        Mode2Raw = 0x31 => "mode 2 2352",
        /// Mode 2 made by the drive.
        Mode2ByDrive = 0x34 => "mode 2 by the drive",
    }
}

coded! {
    /// Sub-channel of an entry: the high two bits of DATA FORM. In the
    /// lead-in, [`CueSubchannel::Raw`] announces CD-TEXT.
    CueSubchannel: u8 {
        /// The drive makes it.
        ByDrive = 0 => "no sub-channel",
        /// 96 raw bytes from the host.
        Raw = 1 => "raw P-W",
        /// 96 packed bytes from the host.
        Packed = 3 => "packed R-W",
    }
}

layout! {
    /// Fields of one entry, unjudged.
    CueSheetEntryView, CuePut {
        /// CTL.
        control: u8 = Field::bits(0, 7, 4),
        /// ADR.
        adr: u8 = Field::bits(0, 3, 0),
        /// TNO; 0 lead-in, AAh lead-out.
        track: u8 = Field::be(1, 1),
        /// INDEX.
        index: u8 = Field::be(2, 1),
        /// Sub-channel part of DATA FORM.
        subchannel: CueSubchannel = Field::bits(3, 7, 6),
        /// Main channel part of DATA FORM.
        form: DataForm = Field::bits(3, 5, 0),
        /// SCMS.
        scms: u8 = Field::be(4, 1),
        /// Start.
        start: Msf = Field::be(5, 3),
    }
}

/// One entry of a cue sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CueSheetEntry {
    /// ADR 1: where an index begins.
    Position(CuePosition),
    /// ADR 2: half of the media catalogue number; 7 digits, then 6 and a 0.
    Mcn {
        /// CTL.
        control: u8,
        /// Seven bytes of ASCII.
        characters: [u8; 7],
    },
    /// ADR 3: half of an ISRC.
    Isrc {
        /// CTL.
        control: u8,
        /// Track.
        track: u8,
        /// Six bytes of ASCII.
        characters: [u8; 6],
    },
    /// Another ADR, kept as it came.
    Other([u8; 8]),
}

/// Where an index begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct CuePosition {
    /// CTL: 4 data, 1 pre-emphasis, 2 copy permitted, 8 four channels.
    pub control: u8,
    /// Track; 0 lead-in, AAh lead-out.
    pub track: u8,
    /// Index; 0 pause, 1 to 99.
    pub index: u8,
    /// Main channel.
    pub form: DataForm,
    /// Sub-channel.
    pub subchannel: CueSubchannel,
    /// Serial copy management: 80h for a second generation.
    pub scms: u8,
    /// Start, binary.
    pub start: Msf,
}

impl CueSheetEntry {
    /// Length of an entry.
    pub const LEN: usize = 8;

    const NAME: &'static str = "cue sheet";

    /// Reads one entry; total, as every eight bytes are one.
    pub fn from_bytes(bytes: [u8; Self::LEN]) -> Self {
        let view = CueSheetEntryView::new(&bytes);
        let control = view.control().unwrap_or_default();
        let track = view.track().unwrap_or_default();
        match view.adr() {
            Some(1) => Self::Position(CuePosition {
                control,
                track,
                index: view.index().unwrap_or_default(),
                form: view.form().unwrap_or_default(),
                subchannel: view.subchannel().unwrap_or_default(),
                scms: view.scms().unwrap_or_default(),
                start: view.start().unwrap_or_default(),
            }),
            Some(2) => Self::Mcn {
                control,
                characters: core::array::from_fn(|i| bytes[1 + i]),
            },
            Some(3) => Self::Isrc {
                control,
                track,
                characters: core::array::from_fn(|i| bytes[2 + i]),
            },
            _ => Self::Other(bytes),
        }
    }

    /// Reads a whole sheet.
    ///
    /// # Errors
    /// A sheet that is empty or no multiple of 8 bytes.
    pub fn parse_sheet(sheet: &[u8]) -> Result<Vec<Self>, ReplyError> {
        need(Self::NAME, sheet, Self::LEN)?;
        let (entries, rest) = sheet.as_chunks();
        if !rest.is_empty() {
            return Err(ReplyError::invalid(
                Self::NAME,
                "list length",
                sheet.len() as u32,
            ));
        }
        Ok(entries.iter().copied().map(Self::from_bytes).collect())
    }

    /// The bytes of a whole sheet.
    pub fn emit_sheet(entries: &[Self]) -> Vec<u8> {
        entries.iter().flat_map(|entry| entry.emit()).collect()
    }

    /// The 8 bytes of the entry.
    pub fn emit(&self) -> [u8; Self::LEN] {
        let mut bytes = [0; Self::LEN];
        match *self {
            Self::Position(position) => {
                CuePut(&mut bytes)
                    .control(position.control)
                    .adr(1)
                    .track(position.track)
                    .index(position.index)
                    .form(position.form)
                    .subchannel(position.subchannel)
                    .scms(position.scms)
                    .start(position.start);
            }
            Self::Mcn {
                control,
                characters,
            } => {
                bytes[1..].copy_from_slice(&characters);
                CuePut(&mut bytes).control(control).adr(2);
            }
            Self::Isrc {
                control,
                track,
                characters,
            } => {
                bytes[2..].copy_from_slice(&characters);
                CuePut(&mut bytes).control(control).adr(3).track(track);
            }
            Self::Other(other) => bytes = other,
        }
        bytes
    }
}

impl fmt::Display for CueSheetEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Position(p) => {
                match p.track {
                    0x00 => f.write_str("lead-in")?,
                    0xAA => f.write_str("lead-out")?,
                    track => write!(f, "track {track} index {}", p.index)?,
                }
                write!(f, " at {}, {}", p.start, p.form)?;
                if p.subchannel != CueSubchannel::ByDrive {
                    write!(f, ", {}", p.subchannel)?;
                }
                if p.control != 0 {
                    write!(f, ", control {:X}h", p.control)?;
                }
                if p.scms != 0 {
                    write!(f, ", SCMS {:02X}h", p.scms)?;
                }
                Ok(())
            }
            Self::Mcn { characters, .. } => write!(f, "MCN \"{}\"", characters.escape_ascii()),
            Self::Isrc {
                track, characters, ..
            } => write!(f, "track {track} ISRC \"{}\"", characters.escape_ascii()),
            Self::Other(bytes) => {
                f.write_str("entry")?;
                bytes.iter().try_for_each(|byte| write!(f, " {byte:02X}"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A data track and two audio tracks, as wodim sent them.
    #[rustfmt::skip]
    const MIXED: [u8; 64] = [
        0x41, 0x00, 0x00, 0x14, 0, 0x00, 0x00, 0x00, 0x41, 0x01, 0x00, 0x10, 0, 0x00, 0x00, 0x00,
        0x41, 0x01, 0x01, 0x10, 0, 0x00, 0x02, 0x00, 0x01, 0x02, 0x00, 0x00, 0, 0x00, 0x0E, 0x13,
        0x01, 0x02, 0x01, 0x00, 0, 0x00, 0x11, 0x31, 0x01, 0x03, 0x00, 0x00, 0, 0x00, 0x14, 0x4A,
        0x01, 0x03, 0x01, 0x00, 0, 0x00, 0x16, 0x4A, 0x01, 0xAA, 0x01, 0x01, 0, 0x00, 0x1D, 0x31,
    ];

    #[test]
    fn a_captured_sheet_is_read_and_written() {
        let sheet = CueSheetEntry::parse_sheet(&MIXED).unwrap();
        assert_eq!(sheet.len(), 8);
        assert_eq!(
            sheet[3],
            CueSheetEntry::Position(CuePosition {
                track: 2,
                start: Msf::new(0, 14, 19),
                ..Default::default()
            })
        );
        assert_eq!(CueSheetEntry::emit_sheet(&sheet), MIXED);
        assert_eq!(
            sheet[2].to_string(),
            "track 1 index 1 at 00:02:00, mode 1 2048, control 4h"
        );
        assert_eq!(
            sheet[7].to_string(),
            "lead-out at 00:29:49, audio by the drive"
        );
    }

    #[test]
    fn catalogue_numbers_and_isrc_are_characters() {
        let mcn = CueSheetEntry::from_bytes(*b"\x021234567");
        assert_eq!(mcn.to_string(), "MCN \"1234567\"");
        let isrc = CueSheetEntry::from_bytes(*b"\x23\x01GBAYE9");
        assert_eq!(isrc.to_string(), "track 1 ISRC \"GBAYE9\"");
        assert_eq!(&isrc.emit(), b"\x23\x01GBAYE9");
    }

    #[test]
    fn a_lead_in_with_cd_text_says_so() {
        let entry = CueSheetEntry::from_bytes([0x01, 0, 0, 0x41, 0, 0, 0, 0]);
        assert_eq!(
            entry.to_string(),
            "lead-in at 00:00:00, audio by the drive, raw P-W"
        );
    }

    #[test]
    fn a_broken_sheet_is_refused() {
        assert!(CueSheetEntry::parse_sheet(&[]).is_err());
        assert_eq!(
            CueSheetEntry::parse_sheet(&MIXED[..12]),
            Err(ReplyError::Invalid {
                structure: "cue sheet",
                field: "list length",
                value: 12
            })
        );
    }

    proptest! {
        #[test]
        fn any_entry_returns(bytes: [u8; 8]) {
            let entry = CueSheetEntry::from_bytes(bytes);
            prop_assert_eq!(entry.emit(), bytes);
            prop_assert!(!entry.to_string().is_empty());
        }
    }
}

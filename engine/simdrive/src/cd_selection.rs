//! Which parts of a CD's sectors READ CD gives: the main channel selection, the error flags and
//! the sub-channel selection (recipe 10).
//!
//! Owns the rule that what is selected of a sector is one piece of it, whatever the sector is.
//! Must not know discs.

use pitland_redbook::subchannel::Channels;

use crate::medium::{CD_MAIN_BYTES as MAIN_BYTES, SectorKind};
use crate::refusal::Refusal;
use crate::store::SECTOR_BYTES;

/// Bits of the main channel selection.
const SYNC: u8 = 0x80;
const SUBHEADER: u8 = 0x40;
const HEADER: u8 = 0x20;
const USER_DATA: u8 = 0x10;
const CODES: u8 = 0x08;

/// Bytes of the C2 error bits: one for each byte of a sector.
pub(crate) const C2_BYTES: usize = MAIN_BYTES / 8;

/// What is to be given of a sector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Selection {
    main: u8,
    /// Bytes of error flags: none, C2 bits, or these behind a summary of two bytes.
    errors: Errors,
    sub: SubSelection,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Errors {
    None,
    C2,
    C2AndBlock,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SubSelection {
    None,
    /// 96 bytes, P to W as they are on the disc.
    Raw,
    /// 16 bytes: Q, and P.
    Q,
    /// 96 bytes, R to W corrected.
    RToW,
}

impl Selection {
    /// From bytes 9 and 10 of READ CD.
    pub(crate) fn of(main: u8, sub: u8) -> Result<Self, Refusal> {
        let (selected, header) = (main & 0xF8, main & HEADER != 0);
        // Codes follow user data only. Between sync and what is behind it stands the header.
        let broken = (selected & CODES != 0 && selected & USER_DATA == 0)
            || (selected & SYNC != 0 && selected != SYNC && !header);
        if broken || main & 1 != 0 {
            return Err(Refusal::ILLEGAL_FIELD);
        }
        Ok(Self {
            main: selected,
            errors: match main >> 1 & 3 {
                0 => Errors::None,
                1 => Errors::C2,
                2 => Errors::C2AndBlock,
                _ => return Err(Refusal::ILLEGAL_FIELD),
            },
            sub: match sub & 7 {
                0 => SubSelection::None,
                1 => SubSelection::Raw,
                2 => SubSelection::Q,
                4 => SubSelection::RToW,
                _ => return Err(Refusal::ILLEGAL_FIELD),
            },
        })
    }

    pub(crate) fn wants_error_flags(&self) -> bool {
        self.errors != Errors::None
    }

    /// Nothing is selected: a seek.
    pub(crate) fn is_nothing(&self) -> bool {
        self.main == 0 && self.errors == Errors::None && self.sub == SubSelection::None
    }

    /// The bytes of the main channel: where they begin, and how many there are. Selected parts
    /// that the sector does not have are left out; those that it has must follow one another.
    fn main(&self, kind: SectorKind) -> Result<(usize, usize), Refusal> {
        // Sync, header, subheader, user data, codes: where each ends.
        let ends = match kind {
            SectorKind::Audio => {
                let all = self.main & USER_DATA != 0;
                return Ok((0, if all { MAIN_BYTES } else { 0 }));
            }
            SectorKind::Mode1 => [12, 16, 16, 2064, MAIN_BYTES],
            SectorKind::Mode2 => [12, 16, 16, MAIN_BYTES, MAIN_BYTES],
            SectorKind::Form1 => [12, 16, 24, 2072, MAIN_BYTES],
            SectorKind::Form2 => [12, 16, 24, MAIN_BYTES, MAIN_BYTES],
        };
        let bits = [SYNC, HEADER, SUBHEADER, USER_DATA, CODES];
        let (mut from, mut piece) = (0, None);
        for (end, bit) in ends.into_iter().zip(bits) {
            let part = (from, end);
            from = end;
            if self.main & bit == 0 || part.0 == part.1 {
                continue;
            }
            piece = match piece {
                None => Some(part),
                Some((first, last)) if last == part.0 => Some((first, part.1)),
                Some(_) => return Err(Refusal::ILLEGAL_FIELD),
            };
        }
        Ok(piece.map_or((0, 0), |(first, last)| (first, last - first)))
    }

    /// Bytes that a sector of this kind gives.
    pub(crate) fn bytes(&self, kind: SectorKind) -> Result<usize, Refusal> {
        let (_, main) = self.main(kind)?;
        let errors = match self.errors {
            Errors::None => 0,
            Errors::C2 => C2_BYTES,
            Errors::C2AndBlock => C2_BYTES + 2,
        };
        let sub = match self.sub {
            SubSelection::None => 0,
            SubSelection::Raw | SubSelection::RToW => SECTOR_BYTES - MAIN_BYTES,
            SubSelection::Q => 16,
        };
        Ok(main + errors + sub)
    }

    /// Adds what is selected of a sector: main channel, error flags, sub-channel.
    pub(crate) fn append(
        &self,
        kind: SectorKind,
        sector: &[u8; SECTOR_BYTES],
        c2: &[u8; C2_BYTES],
        out: &mut Vec<u8>,
    ) -> Result<(), Refusal> {
        let (from, len) = self.main(kind)?;
        out.extend_from_slice(sector.get(from..from + len).unwrap_or_default());
        match self.errors {
            Errors::None => {}
            Errors::C2 => out.extend_from_slice(c2),
            Errors::C2AndBlock => {
                // All bits together, then a byte of padding.
                out.extend([c2.iter().fold(0, |all, byte| all | byte), 0]);
                out.extend_from_slice(c2);
            }
        }
        let raw = sector.last_chunk::<96>().ok_or(Refusal::INTERNAL)?;
        match self.sub {
            SubSelection::None => {}
            SubSelection::Raw => out.extend_from_slice(raw),
            SubSelection::Q => out.extend(Channels::from_interleaved(raw).sixteen()),
            SubSelection::RToW => out.extend(Channels::from_interleaved(raw).symbols()),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rows of MMC's table of READ CD: selection, then what sectors of audio, mode 1, mode 2
    /// without forms, form 1 and form 2 give; `None` is refused.
    #[test]
    fn the_parts_of_a_sector_are_given_where_they_are_one_piece() {
        const NO: Option<usize> = None;
        let some = |n: usize| Some(n);
        let kinds = [
            SectorKind::Audio,
            SectorKind::Mode1,
            SectorKind::Mode2,
            SectorKind::Form1,
            SectorKind::Form2,
        ];
        let rows = [
            (0x00, [0, 0, 0, 0, 0].map(some)),
            (0x10, [2352, 2048, 2336, 2048, 2328].map(some)),
            (0x18, [2352, 2336, 2336, 2328, 2328].map(some)),
            (0x20, [0, 4, 4, 4, 4].map(some)),
            (0x30, [some(2352), some(2052), some(2340), NO, NO]),
            (0x38, [some(2352), some(2340), some(2340), NO, NO]),
            (0x40, [0, 0, 0, 8, 8].map(some)),
            (0x50, [2352, 2048, 2336, 2056, 2336].map(some)),
            (0x58, [2352, 2336, 2336, 2336, 2336].map(some)),
            (0x60, [0, 4, 4, 12, 12].map(some)),
            (0x70, [2352, 2052, 2340, 2060, 2340].map(some)),
            (0x78, [2352, 2340, 2340, 2340, 2340].map(some)),
            (0x80, [0, 12, 12, 12, 12].map(some)),
            (0x90, [NO; 5]),
            (0x98, [NO; 5]),
            (0xA0, [0, 16, 16, 16, 16].map(some)),
            (0xB0, [some(2352), some(2064), some(2352), NO, NO]),
            (0xB8, [some(2352), some(2352), some(2352), NO, NO]),
            (0xC0, [NO; 5]),
            (0xD0, [NO; 5]),
            (0xD8, [NO; 5]),
            (0xE0, [0, 16, 16, 24, 24].map(some)),
            (0xF0, [2352, 2064, 2352, 2072, 2352].map(some)),
            (0xF8, [2352; 5].map(some)),
            (0x08, [NO; 5]),
            (0x68, [NO; 5]),
            (0x11, [NO; 5]),
            (0x16, [NO; 5]),
        ];
        for (main, expected) in rows {
            let selection = Selection::of(main, 0).ok();
            let given = kinds.map(|kind| selection.and_then(|s| s.bytes(kind).ok()));
            assert_eq!(given, expected, "{main:02X}");
        }
    }

    #[test]
    fn error_flags_and_sub_channels_follow_the_main_channel() {
        let mut sector = [0; SECTOR_BYTES];
        sector[0] = 1;
        sector[MAIN_BYTES] = 0xFF;
        let mut c2 = [0; C2_BYTES];
        c2[7] = 0x20;
        let given = |main: u8, sub: u8| {
            let selection = Selection::of(main, sub).unwrap();
            let mut out = Vec::new();
            let appended = selection.append(SectorKind::Audio, &sector, &c2, &mut out);
            appended.unwrap();
            assert_eq!(out.len(), selection.bytes(SectorKind::Audio).unwrap());
            out
        };
        assert_eq!(given(0x12, 0).len(), 2352 + 294);
        let both = given(0x14, 1);
        assert_eq!(both.len(), 2352 + 296 + 96);
        assert_eq!((both[2352], both[2353], both[2354 + 7]), (0x20, 0, 0x20));
        assert_eq!(both[2352 + 296], 0xFF);
        assert_eq!(given(0, 2)[0], 0x80, "Q, first bit");
        assert_eq!(given(0, 4)[0], 0x3F);
        assert!(Selection::of(0, 3).is_err());
    }
}

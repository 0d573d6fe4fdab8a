//! A frame of Q: 96 bits that say where on the disc this sector is, or what the disc is.
//!
//! Owns the three modes that discs have (recipe 5): position and table of contents, catalogue number, and ISRC, with their
//! checksum. Numbers are binary coded decimal but for the control nibble and the track number AAh of the lead-out.

use std::fmt;
use std::str::FromStr;

use crc::{CRC_16_GSM, Crc, NoTable};
use pitland_mmc::Msf;

use super::CHANNEL_BYTES;
use crate::bcd::{bcd, from_bcd};

/// x^16 + x^12 + x^5 + 1 from zero, inverted: the sum of Q, and of packs of CD-TEXT.
const CHECKSUM: Crc<u16, NoTable> = Crc::<u16, NoTable>::new(&CRC_16_GSM);

/// The checksum of a frame's first ten bytes.
pub(crate) fn checksum(bytes: &[u8]) -> u16 {
    CHECKSUM.checksum(bytes)
}

/// What a track is, in four bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Control {
    /// Data; else audio.
    pub data: bool,
    /// Digital copies are permitted.
    pub copy_permitted: bool,
    /// Audio with pre-emphasis; data recorded in increments.
    pub pre_emphasis: bool,
    /// Audio of four channels.
    pub four_channels: bool,
}

impl Control {
    /// Audio without any flag.
    pub const AUDIO: Self = Self {
        data: false,
        copy_permitted: false,
        pre_emphasis: false,
        four_channels: false,
    };

    /// Data without any other flag.
    pub const DATA: Self = Self {
        data: true,
        ..Self::AUDIO
    };

    /// The nibble.
    #[must_use]
    pub const fn bits(self) -> u8 {
        (self.four_channels as u8) << 3
            | (self.data as u8) << 2
            | (self.copy_permitted as u8) << 1
            | self.pre_emphasis as u8
    }

    /// From the lower four bits.
    #[must_use]
    pub const fn from_bits(bits: u8) -> Self {
        Self {
            four_channels: bits & 8 != 0,
            data: bits & 4 != 0,
            copy_permitted: bits & 2 != 0,
            pre_emphasis: bits & 1 != 0,
        }
    }
}

/// Whose sector it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SubchannelTrack {
    /// A track's, 1 to 99.
    Number(u8),
    /// The lead-out's.
    LeadOut,
}

/// An entry of the table of contents, as the lead-in repeats it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LeadInPoint {
    /// Where a track's index 1 is.
    Track {
        /// 1 to 99.
        number: u8,
        /// From the disc's beginning.
        start: Msf,
    },
    /// Point A0h: the first track, and the kind of disc: 0 CD-DA and CD-ROM, 10h CD-I, 20h CD-ROM XA.
    First {
        /// 1 to 99.
        track: u8,
        /// The kind of disc.
        kind: u8,
    },
    /// Point A1h: the last track.
    Last {
        /// 1 to 99.
        track: u8,
    },
    /// Point A2h: where the lead-out begins.
    LeadOut {
        /// From the disc's beginning.
        start: Msf,
    },
    /// Any other: B0h and on of discs with several sessions.
    Other {
        /// The point, as it is recorded.
        point: u8,
        /// The time beside it, which says what the point has it say.
        time: Msf,
        /// PMIN, PSEC and PFRAME.
        value: Msf,
        /// The byte between both.
        zero: u8,
    },
}

/// What a frame says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum QMessage {
    /// Mode 1 in the program and in the lead-out: where this is.
    Position {
        /// The track.
        track: SubchannelTrack,
        /// 0 in a pregap, 1 to 99.
        index: u8,
        /// From the track's index 1; in a pregap what is left of it.
        relative: Msf,
        /// From the disc's beginning.
        absolute: Msf,
    },
    /// Mode 1 in the lead-in: an entry of the table of contents.
    Contents {
        /// The entry.
        point: LeadInPoint,
        /// The time in the lead-in.
        running: Msf,
    },
    /// Mode 2: the disc's catalogue number.
    Catalogue {
        /// The number.
        number: Mcn,
        /// The frame of the absolute time, 0 to 74.
        frame: u8,
    },
    /// Mode 3: the recording's code.
    Recording {
        /// The code.
        code: Isrc,
        /// The frame of the absolute time, 0 to 74.
        frame: u8,
    },
}

/// A frame of Q.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Q {
    /// What the track is.
    pub control: Control,
    /// What the frame says.
    pub message: QMessage,
}

/// Why a frame cannot be read. Of a disc that is read frames are lost as a matter of course.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadQ {
    /// The checksum is not that of the bytes.
    #[error("the checksum is {given:04x}, that of the bytes {made:04x}")]
    Checksum {
        /// As it is recorded.
        given: u16,
        /// As it should be.
        made: u16,
    },
    /// A mode that is none of 1, 2 and 3.
    #[error("there is no mode {0} of Q")]
    Mode(u8),
    /// A byte is no number in binary coded decimal, or out of its range.
    #[error("byte {at} is {value:02x}")]
    Number {
        /// Which byte.
        at: usize,
        /// What it is.
        value: u8,
    },
}

const LEAD_OUT: u8 = 0xaa;

fn put_msf(to: &mut [u8], time: Msf) {
    for (to, part) in to.iter_mut().zip([time.m, time.s, time.f]) {
        *to = bcd(part);
    }
}

fn number(bytes: &[u8; CHANNEL_BYTES], at: usize, most: u8) -> Result<u8, BadQ> {
    let value = bytes.get(at).copied().unwrap_or_default();
    from_bcd(value)
        .filter(|number| *number <= most)
        .ok_or(BadQ::Number { at, value })
}

fn time(bytes: &[u8; CHANNEL_BYTES], at: usize) -> Result<Msf, BadQ> {
    Ok(Msf::new(
        number(bytes, at, 99)?,
        number(bytes, at + 1, 59)?,
        number(bytes, at + 2, 74)?,
    ))
}

impl Q {
    /// The twelve bytes, checksum and all.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; CHANNEL_BYTES] {
        let mut out = [0; CHANNEL_BYTES];
        let mode = match &self.message {
            QMessage::Position {
                track,
                index,
                relative,
                absolute,
            } => {
                out[1] = match track {
                    SubchannelTrack::Number(number) => bcd(*number),
                    SubchannelTrack::LeadOut => LEAD_OUT,
                };
                out[2] = bcd(*index);
                put_msf(&mut out[3..6], *relative);
                put_msf(&mut out[7..10], *absolute);
                1
            }
            QMessage::Contents { point, running } => {
                put_msf(&mut out[3..6], *running);
                put_point(&mut out, *point);
                1
            }
            QMessage::Catalogue { number, frame } => {
                out[1..8].copy_from_slice(&number.packed());
                out[9] = bcd(*frame);
                2
            }
            QMessage::Recording { code, frame } => {
                out[1..9].copy_from_slice(&code.packed());
                out[9] = bcd(*frame);
                3
            }
        };
        out[0] = self.control.bits() << 4 | mode;
        Self::with_checksum(out)
    }

    /// The same bytes with the checksum that belongs to the first ten.
    #[must_use]
    pub fn with_checksum(mut bytes: [u8; CHANNEL_BYTES]) -> [u8; CHANNEL_BYTES] {
        let sum = checksum(&bytes[..10]);
        bytes[10..].copy_from_slice(&sum.to_be_bytes());
        bytes
    }

    /// Reads a frame.
    ///
    /// # Errors
    /// [`BadQ`]: the checksum, an unknown mode, or a number out of its range.
    pub fn parse(bytes: &[u8; CHANNEL_BYTES]) -> Result<Self, BadQ> {
        let made = checksum(&bytes[..10]);
        let given = u16::from_be_bytes([bytes[10], bytes[11]]);
        if given != made {
            return Err(BadQ::Checksum { given, made });
        }
        let message = match bytes[0] & 0x0f {
            1 if bytes[1] == 0 => QMessage::Contents {
                point: point(bytes)?,
                running: time(bytes, 3)?,
            },
            1 => QMessage::Position {
                track: match bytes[1] {
                    LEAD_OUT => SubchannelTrack::LeadOut,
                    _ => SubchannelTrack::Number(number(bytes, 1, 99)?),
                },
                index: number(bytes, 2, 99)?,
                relative: time(bytes, 3)?,
                absolute: time(bytes, 7)?,
            },
            2 => QMessage::Catalogue {
                number: Mcn::unpack(bytes)?,
                frame: number(bytes, 9, 74)?,
            },
            3 => QMessage::Recording {
                code: Isrc::unpack(bytes)?,
                frame: number(bytes, 9, 74)?,
            },
            other => return Err(BadQ::Mode(other)),
        };
        Ok(Self {
            control: Control::from_bits(bytes[0] >> 4),
            message,
        })
    }
}

fn put_point(out: &mut [u8; CHANNEL_BYTES], point: LeadInPoint) {
    match point {
        LeadInPoint::Track { number, start } => {
            out[2] = bcd(number);
            put_msf(&mut out[7..10], start);
        }
        LeadInPoint::First { track, kind } => {
            out[2] = 0xa0;
            out[7] = bcd(track);
            out[8] = kind;
        }
        LeadInPoint::Last { track } => {
            out[2] = 0xa1;
            out[7] = bcd(track);
        }
        LeadInPoint::LeadOut { start } => {
            out[2] = 0xa2;
            put_msf(&mut out[7..10], start);
        }
        LeadInPoint::Other {
            point,
            time,
            value,
            zero,
        } => {
            out[2] = point;
            put_msf(&mut out[3..6], time);
            out[6] = zero;
            put_msf(&mut out[7..10], value);
        }
    }
}

fn point(bytes: &[u8; CHANNEL_BYTES]) -> Result<LeadInPoint, BadQ> {
    Ok(match bytes[2] {
        0xa0 => LeadInPoint::First {
            track: number(bytes, 7, 99)?,
            kind: bytes[8],
        },
        0xa1 => LeadInPoint::Last {
            track: number(bytes, 7, 99)?,
        },
        0xa2 => LeadInPoint::LeadOut {
            start: time(bytes, 7)?,
        },
        0x01..=0x99 => LeadInPoint::Track {
            number: number(bytes, 2, 99)?,
            start: time(bytes, 7)?,
        },
        point => LeadInPoint::Other {
            point,
            time: time(bytes, 3)?,
            value: time(bytes, 7)?,
            zero: bytes[6],
        },
    })
}

/// A media catalogue number: 13 digits, as under a bar code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Mcn([u8; 13]);

/// A text that is no catalogue number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no catalogue number: it has 13 digits")]
pub struct McnError(pub String);

impl Mcn {
    /// Whether the last digit is the check digit of the others, as that of a bar code. Discs are sold whose is not.
    #[must_use]
    pub fn has_check_digit(&self) -> bool {
        let sum: u32 = self
            .0
            .iter()
            .enumerate()
            .map(|(at, digit)| u32::from(*digit) * if at % 2 == 0 { 1 } else { 3 })
            .sum();
        sum.is_multiple_of(10)
    }

    /// Whether all digits are zero: drives and programs say so where there is no number.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.0 == [0; 13]
    }

    /// Two digits a byte, the last half byte zero.
    fn packed(&self) -> [u8; 7] {
        let mut out = [0; 7];
        for (at, digit) in self.0.iter().enumerate() {
            out[at / 2] |= digit << (4 - at % 2 * 4);
        }
        out
    }

    fn unpack(bytes: &[u8; CHANNEL_BYTES]) -> Result<Self, BadQ> {
        let mut out = [0; 13];
        for (at, digit) in out.iter_mut().enumerate() {
            let value = bytes[1 + at / 2];
            *digit = value >> (4 - at % 2 * 4) & 0x0f;
            if *digit > 9 {
                return Err(BadQ::Number {
                    at: 1 + at / 2,
                    value,
                });
            }
        }
        Ok(Self(out))
    }
}

impl FromStr for Mcn {
    type Err = McnError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = || McnError(text.to_owned());
        let digits: Vec<u8> = text
            .bytes()
            .map(|byte| byte.is_ascii_digit().then(|| byte - b'0'))
            .collect::<Option<_>>()
            .ok_or_else(refused)?;
        digits.try_into().map(Self).map_err(|_| refused())
    }
}

impl fmt::Display for Mcn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|digit| write!(f, "{digit}"))
    }
}

/// An international standard recording code: country, owner, year and number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Isrc([u8; 12]);

/// A text that is no recording code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no ISRC: two letters, three letters or digits, seven digits, with or without hyphens"
)]
pub struct IsrcError(pub String);

impl Isrc {
    /// Five characters of six bits, two zero bits, and seven digits and a zero half byte (recipe 5).
    fn packed(&self) -> [u8; 8] {
        let (characters, digits) = self.0.split_at(5);
        let mut out = 0u64;
        for character in characters {
            out = out << 6 | u64::from(six_bits(*character));
        }
        out <<= 2;
        for digit in digits {
            out = out << 4 | u64::from(digit - b'0');
        }
        (out << 4).to_be_bytes()
    }

    fn unpack(bytes: &[u8; CHANNEL_BYTES]) -> Result<Self, BadQ> {
        let refused = |at: usize| BadQ::Number {
            at,
            value: bytes.get(at).copied().unwrap_or_default(),
        };
        let packed = bytes[1..]
            .first_chunk::<8>()
            .map_or(0, |packed| u64::from_be_bytes(*packed));
        let mut out = [0; 12];
        for (at, character) in out.iter_mut().enumerate() {
            *character = match at {
                0..5 => from_six_bits((packed >> (58 - 6 * at) & 0x3f) as u8)
                    .ok_or_else(|| refused(1 + at * 6 / 8))?,
                _ => {
                    let digit = (packed >> (28 - 4 * (at - 5)) & 0x0f) as u8;
                    if digit > 9 {
                        return Err(refused(5 + (at - 5) / 2));
                    }
                    b'0' + digit
                }
            };
        }
        Ok(Self(out))
    }
}

/// A digit is itself, A is 11h.
fn six_bits(character: u8) -> u8 {
    match character {
        b'0'..=b'9' => character - b'0',
        _ => character - b'A' + 0x11,
    }
}

fn from_six_bits(value: u8) -> Option<u8> {
    match value {
        0..=9 => Some(b'0' + value),
        0x11..=0x2a => Some(b'A' + value - 0x11),
        _ => None,
    }
}

impl FromStr for Isrc {
    type Err = IsrcError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = || IsrcError(text.to_owned());
        let characters: Vec<u8> = text
            .bytes()
            .filter(|byte| *byte != b'-')
            .map(|byte| byte.to_ascii_uppercase())
            .collect();
        let code: [u8; 12] = characters.try_into().map_err(|_| refused())?;
        let fits = code.iter().enumerate().all(|(at, byte)| match at {
            0..2 => byte.is_ascii_uppercase(),
            2..5 => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
            _ => byte.is_ascii_digit(),
        });
        fits.then_some(Self(code)).ok_or_else(refused)
    }
}

impl fmt::Display for Isrc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// From a pressed disc, by recipe 5.
    const PRESSED: [u8; 12] = [
        0x01, 0x00, 0xa0, 0x98, 0x06, 0x12, 0x00, 0x01, 0x00, 0x00, 0xe3, 0x74,
    ];

    #[test]
    fn a_frame_of_a_pressed_disc_is_read_and_made_again() {
        let q = Q::parse(&PRESSED).unwrap();
        assert_eq!(
            q,
            Q {
                control: Control::AUDIO,
                message: QMessage::Contents {
                    point: LeadInPoint::First { track: 1, kind: 0 },
                    running: Msf::new(98, 6, 12),
                },
            }
        );
        assert_eq!(q.to_bytes(), PRESSED);
    }

    #[test]
    fn a_wrong_bit_is_told_by_the_checksum() {
        for bit in 0..96 {
            let mut bytes = PRESSED;
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(matches!(Q::parse(&bytes), Err(BadQ::Checksum { .. })));
        }
    }

    #[test]
    fn codes_are_read_as_they_are_shown_and_others_refused() {
        let isrc: Isrc = "US-AT2-99-02803".parse().unwrap();
        assert_eq!(isrc.to_string(), "USAT29902803");
        for bad in [
            "",
            "USAT2990280",
            "1SAT29902803",
            "USAT2990280X",
            "US\u{e9}T2990280",
        ] {
            assert_eq!(bad.parse::<Isrc>(), Err(IsrcError(bad.into())));
        }
        let mcn: Mcn = "4006381333931".parse().unwrap();
        assert!(mcn.has_check_digit());
        assert_eq!(mcn.to_string(), "4006381333931");
        assert!("400638133393".parse::<Mcn>().is_err());
        assert!("400638133393A".parse::<Mcn>().is_err());
    }

    fn msf() -> impl Strategy<Value = Msf> {
        (0u8..100, 0u8..60, 0u8..75).prop_map(|(m, s, f)| Msf::new(m, s, f))
    }

    fn message() -> impl Strategy<Value = QMessage> {
        prop_oneof![
            (1u8..100, 0u8..100, msf(), msf(), any::<bool>()).prop_map(
                |(number, index, relative, absolute, out)| QMessage::Position {
                    track: match out {
                        true => SubchannelTrack::LeadOut,
                        false => SubchannelTrack::Number(number),
                    },
                    index,
                    relative,
                    absolute,
                }
            ),
            (1u8..100, msf(), msf()).prop_map(|(number, start, running)| QMessage::Contents {
                point: LeadInPoint::Track { number, start },
                running,
            }),
            (1u8..100, msf()).prop_map(|(track, running)| QMessage::Contents {
                point: LeadInPoint::Last { track },
                running,
            }),
            ("[0-9]{13}", 0u8..75).prop_map(|(number, frame)| QMessage::Catalogue {
                number: number.parse().unwrap(),
                frame,
            }),
            ("[A-Z]{2}[A-Z0-9]{3}[0-9]{7}", 0u8..75).prop_map(|(code, frame)| {
                QMessage::Recording {
                    code: code.parse().unwrap(),
                    frame,
                }
            }),
        ]
    }

    proptest! {
        #[test]
        fn what_is_made_is_read(message in message(), control in 0u8..16) {
            let q = Q { control: Control::from_bits(control), message };
            prop_assert_eq!(Q::parse(&q.to_bytes()), Ok(q));
        }

        #[test]
        fn anything_is_read_or_refused(bytes in any::<[u8; 10]>()) {
            let mut frame = [0; 12];
            frame[..10].copy_from_slice(&bytes);
            frame[10..].copy_from_slice(&checksum(&bytes).to_be_bytes());
            let _ = Q::parse(&frame);
        }
    }
}

//! Sense data: what a drive says when a command did not simply succeed.
//!
//! Owns both forms of the bytes, the keys, the standard's words
//! (`text`) and the one table of reactions (`reaction`). Must not know which
//! command was sent or how often it was tried: that is the burn's business.

mod reaction;
mod text;

pub use reaction::{REACTIONS, Reaction, ReactionRow};

use core::fmt;

use crate::reply::{ReplyError, need};
use crate::wire::Field;

coded! {
    /// Sense key: the class of an answer.
    SenseKey: u8 {
        /// 0: nothing to report.
        NoSense = 0x0 => "NO SENSE",
        /// 1: succeeded, with the drive's own recovery.
        RecoveredError = 0x1 => "RECOVERED ERROR",
        /// 2: not ready.
        NotReady = 0x2 => "NOT READY",
        /// 3: the medium.
        MediumError = 0x3 => "MEDIUM ERROR",
        /// 4: the hardware.
        HardwareError = 0x4 => "HARDWARE ERROR",
        /// 5: the request cannot be served.
        IllegalRequest = 0x5 => "ILLEGAL REQUEST",
        /// 6: something changed behind the host's back.
        UnitAttention = 0x6 => "UNIT ATTENTION",
        /// 7: protected.
        DataProtect = 0x7 => "DATA PROTECT",
        /// 8: blank where data were expected, or the reverse.
        BlankCheck = 0x8 => "BLANK CHECK",
        /// 9: the vendor's own.
        VendorSpecific = 0x9 => "VENDOR SPECIFIC",
        /// A: copy aborted.
        CopyAborted = 0xA => "COPY ABORTED",
        /// B: the drive gave up the command.
        AbortedCommand = 0xB => "ABORTED COMMAND",
        /// D: the end of the medium came first.
        VolumeOverflow = 0xD => "VOLUME OVERFLOW",
        /// E: compared and found different.
        Miscompare = 0xE => "MISCOMPARE",
    }
}

layout! {
    /// Fields of fixed format sense data, unjudged.
    FixedSenseView, FixedPut {
        /// Bit 7 of byte 0: `information` is valid.
        valid: bool = Field::bit(0, 7),
        /// Response code: 70h current, 71h deferred.
        response_code: u8 = Field::bits(0, 6, 0),
        /// ILI: the length was not the one of the medium.
        incorrect_length: bool = Field::bit(2, 5),
        /// Key.
        key: SenseKey = Field::bits(2, 3, 0),
        /// Usually the block at fault.
        information: u32 = Field::be(3, 4),
        /// Bytes after byte 7.
        additional_length: u8 = Field::be(7, 1),
        /// Additional sense code.
        asc: u8 = Field::be(12, 1),
        /// Its qualifier.
        ascq: u8 = Field::be(13, 1),
        /// SKSV: the key-specific bytes are valid.
        key_specific_valid: bool = Field::bit(15, 7),
        /// Key-specific: progress in 1/65536, with keys 0 and 2.
        progress: u16 = Field::be(16, 2),
    }
}

/// What a drive says, judged.
///
/// ```
/// use pitland_mmc::Sense;
///
/// let sense = Sense::new(5, 0x21, 0x02);
/// assert_eq!(
///     sense.to_string(),
///     "ILLEGAL REQUEST, invalid address for write (5/21/02)",
/// );
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Sense {
    /// It belongs to an *earlier* command: never retry the current one on it.
    pub deferred: bool,
    /// Key.
    pub key: SenseKey,
    /// Additional sense code.
    pub asc: u8,
    /// Its qualifier.
    pub ascq: u8,
    /// Progress of a long operation in 1/65536, if the drive told it.
    pub progress: Option<u16>,
    /// The information field, usually the block at fault, where valid. Some
    /// drives fill it without calling it valid; look at the view then.
    pub information: Option<u32>,
}

impl Sense {
    /// Length of the fixed form that [`Sense::emit`] writes.
    pub const LEN: usize = 18;

    /// A current (not deferred) answer of key, code and qualifier.
    pub const fn new(key: u8, asc: u8, ascq: u8) -> Self {
        Self {
            deferred: false,
            key: SenseKey::from_code(key),
            asc,
            ascq,
            progress: None,
            information: None,
        }
    }

    /// The same answer with a progress in 1/65536.
    pub const fn with_progress(mut self, progress: u16) -> Self {
        self.progress = Some(progress);
        self
    }

    /// The same answer with a block at fault.
    pub const fn with_information(mut self, information: u32) -> Self {
        self.information = Some(information);
        self
    }

    /// The same answer about an earlier command.
    pub const fn as_deferred(mut self) -> Self {
        self.deferred = true;
        self
    }

    /// Key, code and qualifier, for a `match`.
    pub const fn triple(&self) -> (u8, u8, u8) {
        (self.key.code(), self.asc, self.ascq)
    }

    /// Reads sense data of either form: 70h and 71h fixed, 72h and 73h
    /// descriptors. Bytes that are not there count as zero, once the key is.
    ///
    /// # Errors
    /// Fewer bytes than the key needs, or another response code.
    pub fn parse(data: &[u8]) -> Result<Self, ReplyError> {
        const NAME: &str = "sense data";
        need(NAME, data, 1)?;
        match data[0] & 0x7F {
            0x70 | 0x71 => {
                need(NAME, data, 3)?;
                Ok(Self::parse_fixed(data))
            }
            0x72 | 0x73 => {
                need(NAME, data, 2)?;
                Ok(Self::parse_descriptors(data))
            }
            other => Err(ReplyError::invalid(NAME, "response code", other)),
        }
    }

    fn parse_fixed(data: &[u8]) -> Self {
        let view = FixedSenseView::new(data);
        let key = view.key().unwrap_or_default();
        let valid = view.valid().unwrap_or_default();
        let specific = view.key_specific_valid().unwrap_or_default();
        Self {
            deferred: view.response_code() == Some(0x71),
            key,
            asc: view.asc().unwrap_or_default(),
            ascq: view.ascq().unwrap_or_default(),
            progress: view.progress().filter(|_| specific && has_progress(key)),
            information: view.information().filter(|_| valid),
        }
    }

    fn parse_descriptors(data: &[u8]) -> Self {
        let at = |i: usize| data.get(i).copied().unwrap_or_default();
        let key = SenseKey::from_code(at(1) & 0x0F);
        let mut sense = Self {
            deferred: data[0] & 0x7F == 0x73,
            key,
            asc: at(2),
            ascq: at(3),
            progress: None,
            information: None,
        };
        let end = data.len().min(8 + usize::from(at(7)));
        let mut rest = data.get(8..end).unwrap_or_default();
        while let [kind, length, body @ ..] = rest {
            let length = usize::from(*length).min(body.len());
            let (body, next) = body.split_at(length);
            match kind {
                // Information: valid bit, then eight bytes; the lower four
                // hold every address of a disc.
                0x00 if body.first().is_some_and(|b| b & 0x80 != 0) => {
                    sense.information = Field::be(6, 4).get(body);
                }
                // Key specific: bytes 4 to 6 of the descriptor.
                0x02 if has_progress(key) => {
                    sense.progress = Field::be(3, 2)
                        .get(body)
                        .filter(|_| body[2] & 0x80 != 0)
                        .map(|raw| raw as u16);
                }
                // Progress of another command.
                0x0A => {
                    sense.progress = Field::be(4, 2).get(body).map(|raw| raw as u16);
                }
                _ => {}
            }
            rest = next;
        }
        sense
    }

    /// The 18 bytes of the fixed form.
    pub fn emit(&self) -> [u8; Self::LEN] {
        let mut data = [0; Self::LEN];
        let mut put = FixedPut(&mut data);
        put.response_code(if self.deferred { 0x71 } else { 0x70 })
            .key(self.key)
            .additional_length((Self::LEN - 8) as u8)
            .asc(self.asc)
            .ascq(self.ascq);
        if let Some(information) = self.information {
            put.valid(true).information(information);
        }
        if let Some(progress) = self.progress {
            put.key_specific_valid(true).progress(progress);
        }
        data
    }

    /// The standard's words for code and qualifier.
    pub fn text(&self) -> &'static str {
        text::lookup(self.asc, self.ascq)
    }

    /// What a burn does about it, by the one table [`REACTIONS`]. Whether an
    /// answer is deferred is a separate question that the caller asks first.
    pub fn reaction(&self) -> Reaction {
        reaction::lookup(self)
    }
}

/// Keys whose specific bytes are a progress.
fn has_progress(key: SenseKey) -> bool {
    matches!(key, SenseKey::NoSense | SenseKey::NotReady)
}

impl fmt::Display for Sense {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (key, asc, ascq) = self.triple();
        if self.deferred {
            f.write_str("deferred ")?;
        }
        write!(
            f,
            "{}, {} ({key:X}/{asc:02X}/{ascq:02X})",
            self.key,
            self.text()
        )?;
        if let Some(progress) = self.progress {
            write!(f, ", {} % done", u32::from(progress) * 100 / 65536)?;
        }
        if let Some(information) = self.information {
            write!(f, ", at {}", information as i32)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A drive that is formatting, 25 % done.
    const FORMATTING: [u8; 18] = [
        0x70, 0, 2, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x04, 0x04, 0, 0x80, 0x40, 0x00,
    ];

    #[test]
    fn fixed_sense_tells_key_code_and_progress() {
        let sense = Sense::parse(&FORMATTING).unwrap();
        assert_eq!(sense, Sense::new(2, 4, 4).with_progress(0x4000));
        assert_eq!(sense.emit(), FORMATTING);
        assert_eq!(
            sense.to_string(),
            "NOT READY, logical unit not ready, format in progress (2/04/04), 25 % done"
        );
    }

    #[test]
    fn every_fixed_field_is_where_the_view_says() {
        let data = [
            0xF1, 0, 0x23, 0, 0, 0x10, 0x20, 10, 0, 0, 0, 0, 0x0C, 0x09, 0, 0x80, 0x12, 0x34,
        ];
        let view = FixedSenseView::new(&data);
        assert_eq!(view.valid(), Some(true));
        assert_eq!(view.response_code(), Some(0x71));
        assert_eq!(view.incorrect_length(), Some(true));
        assert_eq!(view.key(), Some(SenseKey::MediumError));
        assert_eq!(view.information(), Some(0x1020));
        assert_eq!(view.additional_length(), Some(10));
        assert_eq!((view.asc(), view.ascq()), (Some(0x0C), Some(0x09)));
        assert_eq!(view.key_specific_valid(), Some(true));
        assert_eq!(view.progress(), Some(0x1234));
        let sense = Sense::parse(&data).unwrap();
        assert!(sense.deferred);
        assert_eq!(sense.information, Some(0x1020));
        // With a medium error those bytes count retries, they are no progress.
        assert_eq!(sense.progress, None);
    }

    #[test]
    fn descriptor_sense_tells_the_same() {
        let data = [
            0x73, 0x03, 0x0C, 0x00, 0, 0, 0, 12, // header
            0x00, 0x0A, 0x80, 0, 0, 0, 0, 0, 0, 0, 0x12, 0x34, // information
        ];
        let sense = Sense::parse(&data).unwrap();
        assert_eq!(sense.triple(), (3, 0x0C, 0));
        assert!(sense.deferred);
        // The list ends where byte 7 says, so the last bytes are still in.
        assert_eq!(sense.information, Some(0x1234));
        let data = [0x72, 2, 4, 7, 0, 0, 0, 8, 2, 6, 0, 0, 0x80, 0x80, 0, 0];
        assert_eq!(Sense::parse(&data).unwrap().progress, Some(0x8000));
    }

    #[test]
    fn short_sense_is_read_as_far_as_it_goes() {
        let sense = Sense::parse(&[0x70, 0, 5]).unwrap();
        assert_eq!(sense.triple(), (5, 0, 0));
        assert_eq!(
            Sense::parse(&[0x70, 0]),
            Err(ReplyError::Short {
                structure: "sense data",
                needed: 3,
                found: 2
            })
        );
        assert!(Sense::parse(&[]).is_err());
    }

    #[test]
    fn an_unknown_response_code_is_named() {
        let error = Sense::parse(&[0x7E; 18]).unwrap_err();
        assert_eq!(error.to_string(), "sense data: response code is 126 (0x7E)");
    }

    proptest! {
        #[test]
        fn what_is_emitted_is_read_back(
            deferred: bool, key in 0u8..16, asc: u8, ascq: u8,
            progress: Option<u16>, information: Option<u32>,
        ) {
            let key = SenseKey::from_code(key);
            let sense = Sense {
                deferred, key, asc, ascq, information,
                progress: progress.filter(|_| has_progress(key)),
            };
            prop_assert_eq!(Sense::parse(&sense.emit()), Ok(sense));
            prop_assert!(!sense.to_string().is_empty());
            let _ = sense.reaction();
        }
    }
}

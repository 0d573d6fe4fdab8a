//! What the drive answers when it does not do as it was told: a sense key, a
//! code and its qualifier, and the bytes that carry them.
//!
//! Must not know which rule refused; the rules name the constants below.

/// Bytes of fixed-format sense data.
pub(crate) const SENSE_BYTES: usize = 18;

/// A refusal, a deferred error or an attention, before it becomes sense bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) deferred: bool,
    pub(crate) key: u8,
    pub(crate) asc: u8,
    pub(crate) ascq: u8,
    /// How far a long operation is, in 65536ths.
    pub(crate) progress: Option<u16>,
    /// The block that is to blame.
    pub(crate) information: Option<u32>,
}

const fn sense(key: u8, asc: u8, ascq: u8) -> Refusal {
    Refusal {
        deferred: false,
        key,
        asc,
        ascq,
        progress: None,
        information: None,
    }
}

impl Refusal {
    pub(crate) const NO_SENSE: Self = sense(0, 0, 0);
    pub(crate) const BACKGROUND_FORMAT: Self = sense(0, 0x04, 0x04);
    pub(crate) const IMMEDIATE_BROKEN: Self = sense(2, 0x00, 0x00);
    pub(crate) const NOT_READY: Self = sense(2, 0x04, 0x00);
    pub(crate) const BECOMING_READY: Self = sense(2, 0x04, 0x01);
    pub(crate) const FORMAT_IN_PROGRESS: Self = sense(2, 0x04, 0x04);
    pub(crate) const OPERATION_IN_PROGRESS: Self = sense(2, 0x04, 0x07);
    pub(crate) const BUFFER_FULL: Self = sense(2, 0x04, 0x08);
    pub(crate) const UNKNOWN_MEDIUM: Self = sense(2, 0x30, 0x00);
    pub(crate) const NO_MEDIUM_TRAY_CLOSED: Self = sense(2, 0x3A, 0x01);
    pub(crate) const NO_MEDIUM_TRAY_OPEN: Self = sense(2, 0x3A, 0x02);
    pub(crate) const WRITE_ERROR: Self = sense(3, 0x0C, 0x00);
    pub(crate) const LOSS_OF_STREAMING: Self = sense(3, 0x0C, 0x09);
    pub(crate) const READ_ERROR: Self = sense(3, 0x11, 0x05);
    pub(crate) const UNFORMATTED: Self = sense(3, 0x31, 0x00);
    pub(crate) const FORMAT_FAILED: Self = sense(3, 0x31, 0x01);
    pub(crate) const NO_SPARE: Self = sense(3, 0x32, 0x00);
    pub(crate) const ERASE_FAILED: Self = sense(3, 0x51, 0x00);
    pub(crate) const NO_TABLE_OF_CONTENTS: Self = sense(3, 0x57, 0x00);
    pub(crate) const UNIT_FAILED: Self = sense(4, 0x3E, 0x01);
    pub(crate) const INTERNAL: Self = sense(4, 0x44, 0x00);
    pub(crate) const LIST_LENGTH: Self = sense(5, 0x1A, 0x00);
    pub(crate) const UNKNOWN_COMMAND: Self = sense(5, 0x20, 0x00);
    pub(crate) const LBA_OUT_OF_RANGE: Self = sense(5, 0x21, 0x00);
    pub(crate) const INVALID_WRITE_ADDRESS: Self = sense(5, 0x21, 0x02);
    pub(crate) const ILLEGAL_FIELD: Self = sense(5, 0x24, 0x00);
    pub(crate) const ILLEGAL_PARAMETER: Self = sense(5, 0x26, 0x00);
    pub(crate) const SEQUENCE: Self = sense(5, 0x2C, 0x00);
    pub(crate) const INCOMPATIBLE_MEDIUM: Self = sense(5, 0x30, 0x02);
    pub(crate) const CANNOT_WRITE_MEDIUM: Self = sense(5, 0x30, 0x05);
    pub(crate) const CANNOT_FORMAT_MEDIUM: Self = sense(5, 0x30, 0x06);
    pub(crate) const NO_SAVED_PAGES: Self = sense(5, 0x39, 0x00);
    pub(crate) const REMOVAL_PREVENTED: Self = sense(5, 0x53, 0x02);
    pub(crate) const END_OF_USER_AREA: Self = sense(5, 0x63, 0x00);
    pub(crate) const ILLEGAL_MODE: Self = sense(5, 0x64, 0x00);
    pub(crate) const INCOMPLETE_TRACK: Self = sense(5, 0x72, 0x03);
    pub(crate) const NOTHING_TO_CLOSE: Self = sense(5, 0x72, 0x04);
    pub(crate) const NO_MORE_TRACKS: Self = sense(5, 0x72, 0x05);
    pub(crate) const MEDIUM_CHANGED: Self = sense(6, 0x28, 0x00);
    pub(crate) const POWER_ON: Self = sense(6, 0x29, 0x00);
    pub(crate) const INSUFFICIENT_TIME: Self = sense(6, 0x2E, 0x00);
    pub(crate) const WRITE_PROTECTED: Self = sense(7, 0x27, 0x00);
    pub(crate) const BLANK_CHECK: Self = sense(8, 0x00, 0x00);
    /// The data that came do not fit the CDB: the transfer, not the command, is wrong.
    pub(crate) const DATA_PHASE: Self = sense(0xB, 0x4B, 0x00);

    pub(crate) const fn at(mut self, lba: u32) -> Self {
        self.information = Some(lba);
        self
    }

    pub(crate) const fn with_progress(mut self, progress: Option<u16>) -> Self {
        self.progress = progress;
        self
    }

    /// The same sense key and codes, whatever goes with them.
    pub(crate) fn is(&self, other: &Self) -> bool {
        (self.key, self.asc, self.ascq) == (other.key, other.asc, other.ascq)
    }

    pub(crate) const fn deferred(mut self) -> Self {
        self.deferred = true;
        self
    }

    /// Fixed-format sense data (recipe 9; byte 15 bit 7 marks progress, recipe 2).
    pub(crate) fn emit(&self) -> [u8; SENSE_BYTES] {
        let mut out = [0; SENSE_BYTES];
        out[0] = if self.deferred { 0x71 } else { 0x70 };
        out[2] = self.key;
        out[7] = (SENSE_BYTES - 8) as u8;
        out[12] = self.asc;
        out[13] = self.ascq;
        if let Some(lba) = self.information {
            out[0] |= 0x80;
            out[3..7].copy_from_slice(&lba.to_be_bytes());
        }
        if let Some(progress) = self.progress {
            out[15] = 0x80;
            out[16..18].copy_from_slice(&progress.to_be_bytes());
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_and_information_have_their_bytes() {
        let bytes = Refusal::OPERATION_IN_PROGRESS
            .with_progress(Some(0x1234))
            .emit();
        assert_eq!(
            bytes,
            [
                0x70, 0, 2, 0, 0, 0, 0, 10, 0, 0, 0, 0, 4, 7, 0, 0x80, 0x12, 0x34
            ]
        );
        let bytes = Refusal::WRITE_ERROR.at(0x0102_0304).deferred().emit();
        assert_eq!(bytes[..8], [0xF1, 0, 3, 1, 2, 3, 4, 10]);
    }
}

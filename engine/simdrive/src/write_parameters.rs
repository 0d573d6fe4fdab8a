//! Mode page 05h, write parameters: its fields, and which of their values each medium takes
//! (recipes 3 and 13.2).
//!
//! Owns what the bytes mean. What a WRITE makes of them lies in `recording`; on media that
//! are not named here the page has no use.

use pitland_redbook::subchannel::{Isrc, Mcn};

use crate::medium::dvd_minus::WriteMode;
use crate::medium::{Medium, MediumKind, Recorded};
use crate::model::DriveModel;
use crate::recorder::Recorder;
use crate::refusal::Refusal;

/// Blocks of the packets, and of the link, on DVD.
const DVD_PACKET: u32 = 16;
/// Blocks of 2352 bytes, and with sub-channels behind them.
const RAW_BLOCK: u8 = 0;
const RAW_PQ: u8 = 1;
const RAW_PACKED: u8 = 2;
const RAW_RAW: u8 = 3;
/// Blocks of 2048 bytes: mode 1, and mode 2 form 1.
const MODE_1: u8 = 8;
const MODE_2_FORM_1: u8 = 10;
/// Blocks of 2336 bytes, mode 2, and of 2332, mode 2 of both forms.
const MODE_2: u8 = 9;
const MODE_2_MIXED: u8 = 13;

/// In the track mode.
const COPY_PERMITTED: u8 = 2;

/// Multi-session bits.
const LAST_SESSION_B0: u8 = 1;
const RESERVED: u8 = 2;

/// The page, header included.
#[derive(Clone, Copy)]
pub(crate) struct WriteParameters<'a>(pub(crate) &'a [u8]);

impl WriteParameters<'_> {
    fn byte(self, at: usize) -> u8 {
        self.0.get(at).copied().unwrap_or(0)
    }

    /// BUFE: the drive is to go on where its buffer ran empty.
    pub(crate) fn underrun_protection(self) -> bool {
        self.byte(2) & 0x40 != 0
    }

    fn link_size(self) -> Option<u8> {
        (self.byte(2) & 0x20 != 0).then(|| self.byte(5))
    }

    /// The laser stays at reading power: nothing is recorded.
    pub(crate) fn test_write(self) -> bool {
        self.byte(2) & 0x10 != 0
    }

    /// 0 packet or incremental, 1 track at once, 2 session or disc at once, 3 raw, 4 layer jump.
    pub(crate) fn write_type(self) -> u8 {
        self.byte(2) & 0x0F
    }

    /// 0 and 1: no session may follow; 3: one may.
    pub(crate) fn multi_session(self) -> u8 {
        self.byte(3) >> 6
    }

    fn fixed_packets(self) -> Option<u32> {
        let size = [10, 11, 12, 13].map(|at| self.byte(at));
        (self.byte(3) & 0x20 != 0).then(|| u32::from_be_bytes(size))
    }

    /// The Copy bit: what is recorded is a copy that must not be copied once more.
    pub(crate) fn serial_copy(self) -> bool {
        self.byte(3) & 0x10 != 0
    }

    /// The control bits of the track: 4 data, 5 data in increments, less than 4 audio.
    pub(crate) fn track_mode(self) -> u8 {
        self.byte(3) & 0x0F
    }

    /// The form of the blocks that the host sends.
    pub(crate) fn data_block_type(self) -> u8 {
        self.byte(4) & 0x0F
    }

    pub(crate) fn session_format(self) -> u8 {
        self.byte(8)
    }

    /// The catalogue number, where one is set that is one.
    pub(crate) fn mcn(self) -> Option<Mcn> {
        self.code(16, 13)
    }

    /// The recording code, where one is set that is one.
    pub(crate) fn isrc(self) -> Option<Isrc> {
        self.code(32, 12)
    }

    /// A code behind the byte that says whether it counts (bit 7).
    fn code<Code: std::str::FromStr>(self, at: usize, length: usize) -> Option<Code> {
        let set = self.byte(at) & 0x80 != 0;
        let text = self.0.get(at + 1..at + 1 + length).filter(|_| set)?;
        str::from_utf8(text).ok()?.parse().ok()
    }

    /// Whether each field has a value that the page names (recipe 3).
    fn has_meaning(self) -> bool {
        self.write_type() <= 4
            && self.multi_session() != RESERVED
            && !matches!(self.data_block_type(), 4..=6)
            && matches!(self.session_format(), 0x00 | 0x10 | 0x20)
    }

    fn suits_dvd(self, strict: bool) -> bool {
        let incremental = self.write_type() == 0;
        let strictly =
            self.track_mode() == 5 && (!incremental || self.fixed_packets() == Some(DVD_PACKET));
        matches!(self.write_type(), 0 | 2)
            && (!strict || strictly)
            && self.track_mode() & 4 != 0
            && self.data_block_type() == MODE_1
            && self.session_format() == 0
            && self.multi_session() != LAST_SESSION_B0
            // A disc at once has no links, and one session whatever the bits say: cdrecord leaves
            // in both fields what it finds there.
            && (!incremental || self.link_size().is_none_or(|size| u32::from(size) == DVD_PACKET))
            && self.fixed_packets().is_none_or(|size| size == DVD_PACKET)
    }

    /// Packets are not written on CD here. Links are what the disc has, whatever the page says.
    fn suits_cd(self, model: &DriveModel, medium: &Medium) -> bool {
        let plain = matches!(self.data_block_type(), MODE_1 | MODE_2_FORM_1);
        let whole = matches!(self.data_block_type(), MODE_2 | MODE_2_MIXED);
        let data = matches!(self.track_mode() & !COPY_PERMITTED, 4)
            && (plain || (whole && medium.keeps_sectors()));
        let audio = self.track_mode() < 4 && self.data_block_type() == RAW_BLOCK;
        match self.write_type() {
            // Where there is no place for audio its page is taken all the same, as it is sent only
            // to ask for an address; the WRITE is refused.
            1 => data || audio,
            // In a session at once the cue sheet says what the tracks are; the sub-channel forms
            // are for texts in the lead-in.
            2 => matches!(
                self.data_block_type(),
                RAW_BLOCK | RAW_PACKED | RAW_RAW | MODE_1 | MODE_2_FORM_1
            ),
            3 => {
                let forms = &model.raw_forms;
                medium.keeps_sectors()
                    && match self.data_block_type() {
                        RAW_PQ => forms.pq16,
                        RAW_PACKED => forms.packed96,
                        RAW_RAW => forms.raw96,
                        _ => false,
                    }
            }
            _ => false,
        }
    }
}

/// Whether the page rules how the medium is written. One
/// maker's drives give it no effect on a formatted DVD-RW (recipe 3), but it is taken there (recipe 1).
pub(crate) fn rules_writing(medium: &Medium) -> bool {
    match &medium.recorded {
        Recorded::Sequential(disc) => disc.rules.minus,
        Recorded::Rewritable(_) => false,
        Recorded::Cd(_) => true,
    }
}

/// Whether the medium can be written to in test only.
pub(crate) fn has_test_write(model: &DriveModel, medium: &Medium) -> bool {
    model.test_write && rules_writing(medium)
}

/// Whether the drive takes the page as it is sent, for the medium that is in it. Bits that
/// cannot be set, as Test Write where there is none, are not changeable at all.
pub(crate) fn check(drive: &Recorder, page: WriteParameters<'_>) -> Result<(), Refusal> {
    if !page.has_meaning() {
        return Err(Refusal::ILLEGAL_PARAMETER);
    }
    let suits = match drive.medium() {
        None => true,
        Some(medium) => suits(drive, medium, page),
    };
    match suits {
        true => Ok(()),
        false => Err(Refusal::ILLEGAL_PARAMETER),
    }
}

fn suits(drive: &Recorder, medium: &Medium, page: WriteParameters<'_>) -> bool {
    let kind = medium.kind;
    match &medium.recorded {
        Recorded::Cd(_) => page.suits_cd(&drive.model, medium),
        Recorded::Sequential(disc) if disc.rules.minus => {
            page.suits_dvd(drive.model.quirks.wants_packet_write_parameters)
        }
        Recorded::Rewritable(_) if kind == MediumKind::DvdMinusRw => {
            page.write_type() == 0 && page.suits_dvd(false)
        }
        // It has no use there: growisofs sends it to DVD+R all the same, so no drive refuses it.
        _ => kind == MediumKind::DvdPlusR || !drive.model.refuses_write_parameters,
    }
}

/// How the page has the medium written, or 5/64/00 where it was set for another one.
pub(crate) fn mode(drive: &Recorder, medium: &Medium) -> Result<WriteMode, Refusal> {
    let page = drive.pages.write_parameters();
    if !page.has_meaning() || !suits(drive, medium, page) {
        return Err(Refusal::ILLEGAL_MODE);
    }
    match page.write_type() {
        0 => Ok(WriteMode::Incremental),
        1 => Ok(WriteMode::TrackAtOnce),
        2 => Ok(WriteMode::AtOnce),
        _ => Err(Refusal::ILLEGAL_MODE),
    }
}

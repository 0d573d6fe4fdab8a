//! Mode page 05h: how the next track is written (recipe 3).
//!
//! Owns the layout and the codes. Must not know which values suit a medium.

use core::fmt;

use super::check_page;
use crate::reply::ReplyError;
use crate::wire::Field;

coded! {
    /// Write type.
    WriteType: u8 {
        /// Packet or incremental.
        Incremental = 0 => "incremental",
        /// Track at once.
        TrackAtOnce = 1 => "track at once",
        /// Session at once, on DVD disc at once.
        SessionAtOnce = 2 => "session at once",
        /// Everything from the host.
        Raw = 3 => "raw",
        /// Layer jump recording.
        LayerJump = 4 => "layer jump",
    }
}

coded! {
    /// What the next CLOSE leaves behind.
    MultiSession: u8 {
        /// No B0 pointer: the disc is final.
        Final = 0 => "final",
        /// B0 pointer FF:FF:FF: final.
        FinalWithB0 = 1 => "final with B0",
        /// A next session is allowed.
        NextSessionAllowed = 3 => "next session allowed",
    }
}

coded! {
    /// Layout of the blocks that the host sends.
    DataBlockType: u8 {
        /// 2352 bytes.
        Raw2352 = 0 => "raw 2352",
        /// 2352 and 16 bytes of P and Q.
        Raw2368PQ = 1 => "raw 2352 + 16 P-Q",
        /// 2352 and 96 bytes of packed P to W.
        Raw2448Packed = 2 => "raw 2352 + 96 packed P-W",
        /// 2352 and 96 bytes of raw P to W.
        Raw2448 = 3 => "raw 2352 + 96 raw P-W",
        /// Mode 1, 2048 bytes.
        Mode1 = 8 => "mode 1 2048",
        /// Mode 2, 2336 bytes.
        Mode2 = 9 => "mode 2 2336",
        /// XA form 1, 2048 bytes.
        XaForm1 = 10 => "XA form 1 2048",
        /// XA form 1 with sub-header, 2056 bytes.
        XaForm1SubHeader = 11 => "XA form 1 2056",
        /// XA form 2, 2324 bytes.
        XaForm2 = 12 => "XA form 2 2324",
        /// XA of either form with sub-header, 2332 bytes.
        XaMixed = 13 => "XA mixed 2332",
    }
}

impl DataBlockType {
    /// Bytes of a block on the wire; `None` for a code without a name.
    pub const fn block_len(self) -> Option<u32> {
        Some(match self {
            Self::Raw2352 => 2352,
            Self::Raw2368PQ => 2368,
            Self::Raw2448Packed | Self::Raw2448 => 2448,
            Self::Mode1 | Self::XaForm1 => 2048,
            Self::Mode2 => 2336,
            Self::XaForm1SubHeader => 2056,
            Self::XaForm2 => 2324,
            Self::XaMixed => 2332,
            Self::Other(_) => return None,
        })
    }
}

coded! {
    /// Format of the session, as the TOC will name it.
    SessionFormat: u8 {
        /// CD-DA, CD-ROM and everything that is no CD.
        CdDaOrRom = 0x00 => "CD-DA or CD-ROM",
        /// CD-I.
        CdI = 0x10 => "CD-I",
        /// CD-ROM XA.
        CdRomXa = 0x20 => "CD-ROM XA",
    }
}

layout! {
    /// Fields of page 05h, unjudged.
    WriteParametersView, WritePut {
        /// PS: the page can be saved.
        savable: bool = Field::bit(0, 7),
        /// Page code.
        code: u8 = Field::bits(0, 5, 0),
        /// Bytes after byte 1.
        length: u8 = Field::be(1, 1),
        /// BUFE: underrun protection.
        buffer_underrun_free: bool = Field::bit(2, 6),
        /// LS_V: the link size is valid.
        link_size_valid: bool = Field::bit(2, 5),
        /// Test write.
        test_write: bool = Field::bit(2, 4),
        /// Write type.
        write_type: WriteType = Field::bits(2, 3, 0),
        /// Multi-session.
        multi_session: MultiSession = Field::bits(3, 7, 6),
        /// FP: fixed packets.
        fixed_packet: bool = Field::bit(3, 5),
        /// Copy: second or later generation.
        copy: bool = Field::bit(3, 4),
        /// Track mode.
        track_mode: u8 = Field::bits(3, 3, 0),
        /// Data block type.
        data_block_type: DataBlockType = Field::bits(4, 3, 0),
        /// Link size in blocks.
        link_size: u8 = Field::be(5, 1),
        /// Host application code.
        application_code: u8 = Field::bits(7, 5, 0),
        /// Session format.
        session_format: SessionFormat = Field::be(8, 1),
        /// Packet size in blocks.
        packet_size: u32 = Field::be(10, 4),
        /// Audio pause length in blocks.
        audio_pause: u16 = Field::be(14, 2),
        /// The MCN is valid.
        mcn_valid: bool = Field::bit(16, 7),
        /// The ISRC is valid.
        isrc_valid: bool = Field::bit(32, 7),
    }
}

/// Page 05h, write parameters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct WriteParameters {
    /// PS, only in answers.
    pub savable: bool,
    /// BUFE: underrun protection.
    pub buffer_underrun_free: bool,
    /// Link size in blocks, where valid.
    pub link_size: Option<u8>,
    /// The laser stays low: nothing is recorded.
    pub test_write: bool,
    /// Write type.
    pub write_type: WriteType,
    /// What the next CLOSE leaves behind.
    pub multi_session: MultiSession,
    /// FP: fixed packets.
    pub fixed_packet: bool,
    /// Second or later generation.
    pub copy: bool,
    /// Track mode: 4 data, 5 data incremental, 0 audio, 1 pre-emphasis; +2
    /// copy permitted.
    pub track_mode: u8,
    /// Layout of the blocks sent.
    pub data_block_type: DataBlockType,
    /// Host application code.
    pub application_code: u8,
    /// Format of the session.
    pub session_format: SessionFormat,
    /// Packet size in blocks.
    pub packet_size: u32,
    /// Audio pause length in blocks.
    pub audio_pause: u16,
    /// Media catalogue number, where valid: 13 digits of ASCII.
    pub mcn: Option<[u8; 13]>,
    /// ISRC, where valid: 12 characters of ASCII.
    pub isrc: Option<[u8; 12]>,
    /// Sub-header for mode 2.
    pub sub_header: [u8; 4],
    /// The vendor's bytes after byte 51, which MODE SENSE gave.
    pub vendor: Vec<u8>,
}

impl Default for WriteParameters {
    /// A page of zeros but for an audio pause of 150 blocks.
    fn default() -> Self {
        Self {
            savable: false,
            buffer_underrun_free: false,
            link_size: None,
            test_write: false,
            write_type: WriteType::Incremental,
            multi_session: MultiSession::Final,
            fixed_packet: false,
            copy: false,
            track_mode: 0,
            data_block_type: DataBlockType::Raw2352,
            application_code: 0,
            session_format: SessionFormat::CdDaOrRom,
            packet_size: 0,
            audio_pause: 150,
            mcn: None,
            isrc: None,
            sub_header: [0; 4],
            vendor: Vec::new(),
        }
    }
}

impl WriteParameters {
    /// Page code.
    pub const CODE: u8 = 0x05;
    /// Length without vendor bytes; byte 1 then says 32h.
    pub const LEN: usize = 52;

    /// Reads the page.
    ///
    /// # Errors
    /// Another page, or fewer than 52 bytes.
    pub fn parse(page: &[u8]) -> Result<Self, ReplyError> {
        check_page("write parameters page", Self::CODE, page, Self::LEN)?;
        let view = WriteParametersView::new(page);
        let end = page.len().min(2 + usize::from(page[1]));
        Ok(Self {
            savable: view.savable().unwrap_or_default(),
            buffer_underrun_free: view.buffer_underrun_free().unwrap_or_default(),
            link_size: view
                .link_size()
                .filter(|_| view.link_size_valid().unwrap_or_default()),
            test_write: view.test_write().unwrap_or_default(),
            write_type: view.write_type().unwrap_or_default(),
            multi_session: view.multi_session().unwrap_or_default(),
            fixed_packet: view.fixed_packet().unwrap_or_default(),
            copy: view.copy().unwrap_or_default(),
            track_mode: view.track_mode().unwrap_or_default(),
            data_block_type: view.data_block_type().unwrap_or_default(),
            application_code: view.application_code().unwrap_or_default(),
            session_format: view.session_format().unwrap_or_default(),
            packet_size: view.packet_size().unwrap_or_default(),
            audio_pause: view.audio_pause().unwrap_or_default(),
            mcn: text(page, 17).filter(|_| view.mcn_valid().unwrap_or_default()),
            isrc: text(page, 33).filter(|_| view.isrc_valid().unwrap_or_default()),
            sub_header: text(page, 48).unwrap_or_default(),
            vendor: page.get(Self::LEN..end).unwrap_or_default().to_vec(),
        })
    }

    /// The bytes of the page.
    pub fn emit(&self) -> Vec<u8> {
        let mut page = vec![0; Self::LEN];
        if let Some(mcn) = &self.mcn {
            page[17..30].copy_from_slice(mcn);
        }
        if let Some(isrc) = &self.isrc {
            page[33..45].copy_from_slice(isrc);
        }
        page[48..52].copy_from_slice(&self.sub_header);
        page.extend(self.vendor.iter().take(255 + 2 - Self::LEN));
        let length = (page.len() - 2) as u8;
        WritePut(&mut page)
            .savable(self.savable)
            .code(Self::CODE)
            .length(length)
            .buffer_underrun_free(self.buffer_underrun_free)
            .link_size_valid(self.link_size.is_some())
            .test_write(self.test_write)
            .write_type(self.write_type)
            .multi_session(self.multi_session)
            .fixed_packet(self.fixed_packet)
            .copy(self.copy)
            .track_mode(self.track_mode)
            .data_block_type(self.data_block_type)
            .link_size(self.link_size.unwrap_or_default())
            .application_code(self.application_code)
            .session_format(self.session_format)
            .packet_size(self.packet_size)
            .audio_pause(self.audio_pause)
            .mcn_valid(self.mcn.is_some())
            .isrc_valid(self.isrc.is_some());
        page
    }
}

/// `N` bytes of the page.
fn text<const N: usize>(page: &[u8], start: usize) -> Option<[u8; N]> {
    page.get(start..start + N)?.try_into().ok()
}

impl fmt::Display for WriteParameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "write parameters: {}, {}, track mode {}, {}",
            self.write_type, self.multi_session, self.track_mode, self.data_block_type
        )?;
        for (set, word) in [
            (self.buffer_underrun_free, "BUFE"),
            (self.test_write, "test write"),
            (self.copy, "copy"),
            (self.fixed_packet, "fixed packets"),
        ] {
            if set {
                write!(f, ", {word}")?;
            }
        }
        if self.packet_size != 0 {
            write!(f, ", packet {}", self.packet_size)?;
        }
        if let Some(link) = self.link_size {
            write!(f, ", link {link}")?;
        }
        if self.session_format != SessionFormat::CdDaOrRom {
            write!(f, ", {}", self.session_format)?;
        }
        if let Some(mcn) = &self.mcn {
            write!(f, ", MCN \"{}\"", mcn.escape_ascii())?;
        }
        if let Some(isrc) = &self.isrc {
            write!(f, ", ISRC \"{}\"", isrc.escape_ascii())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Session at once of a data track, as wodim sent it.
    fn captured() -> Vec<u8> {
        let mut page = vec![0; 52];
        page[..6].copy_from_slice(&[0x05, 0x32, 0x22, 0x04, 0x08, 0x07]);
        page[15] = 0x96;
        page
    }

    #[test]
    fn a_captured_page_is_read_and_written() {
        let page = WriteParameters::parse(&captured()).unwrap();
        assert_eq!(page.write_type, WriteType::SessionAtOnce);
        assert_eq!(page.link_size, Some(7));
        assert_eq!(page.data_block_type, DataBlockType::Mode1);
        assert_eq!(page.audio_pause, 150);
        assert_eq!(page.emit(), captured());
        assert_eq!(
            page.to_string(),
            "write parameters: session at once, final, track mode 4, mode 1 2048, link 7"
        );
    }

    #[test]
    fn every_field_is_where_the_recipe_says() {
        let mut page = captured();
        page[2] = 0b0101_0001;
        page[3] = 0b1111_0101;
        page[4] = 0x0A;
        page[7] = 0x2A;
        page[8] = 0x20;
        page[10..14].copy_from_slice(&16u32.to_be_bytes());
        page[16] = 0x80;
        page[17..30].copy_from_slice(b"4006408263791");
        page[32] = 0x80;
        page[33..45].copy_from_slice(b"GBAYE9300106");
        page[48..52].copy_from_slice(&[1, 2, 3, 4]);
        let read = WriteParameters::parse(&page).unwrap();
        let expected = WriteParameters {
            buffer_underrun_free: true,
            test_write: true,
            write_type: WriteType::TrackAtOnce,
            multi_session: MultiSession::NextSessionAllowed,
            fixed_packet: true,
            copy: true,
            track_mode: 5,
            data_block_type: DataBlockType::XaForm1,
            application_code: 0x2A,
            session_format: SessionFormat::CdRomXa,
            packet_size: 16,
            mcn: Some(*b"4006408263791"),
            isrc: Some(*b"GBAYE9300106"),
            sub_header: [1, 2, 3, 4],
            ..Default::default()
        };
        assert_eq!(read, expected);
        page[5] = 0; // without LS_V the link size is nothing
        assert_eq!(read.emit(), page);
    }

    #[test]
    fn vendor_bytes_of_the_drive_survive() {
        let mut page = captured();
        page[1] = 0x36;
        page.extend([9, 8, 7, 6]);
        let read = WriteParameters::parse(&page).unwrap();
        assert_eq!(read.vendor, [9, 8, 7, 6]);
        assert_eq!(read.emit(), page);
    }

    #[test]
    fn each_malformed_field_is_named() {
        let named = |page: &[u8]| WriteParameters::parse(page).unwrap_err().to_string();
        assert!(named(&captured()[..51]).contains("at least 52"));
        let mut wrong = captured();
        wrong[0] = 0x08;
        assert!(named(&wrong).contains("page code is 8"));
        let mut wrong = captured();
        wrong[1] = 0x31;
        assert!(named(&wrong).contains("page length is 49"));
    }

    #[test]
    fn block_lengths_are_those_on_the_wire() {
        for (code, len) in [
            (0, 2352),
            (1, 2368),
            (2, 2448),
            (3, 2448),
            (8, 2048),
            (9, 2336),
            (10, 2048),
            (11, 2056),
            (12, 2324),
            (13, 2332),
        ] {
            assert_eq!(DataBlockType::from_code(code).block_len(), Some(len));
        }
        assert_eq!(DataBlockType::Other(15).block_len(), None);
    }

    proptest! {
        #[test]
        fn what_is_read_is_written_and_read_the_same(mut page in prop::collection::vec(any::<u8>(), 52..80)) {
            page[0] = 0x05;
            page[1] = (page.len() - 2) as u8;
            let read = WriteParameters::parse(&page).unwrap();
            prop_assert_eq!(WriteParameters::parse(&read.emit()), Ok(read));
        }
    }
}

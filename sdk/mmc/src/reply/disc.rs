//! READ DISC INFORMATION: status, sessions and tracks (recipe 2.1).
//!
//! Owns the layouts of its data types. Must not know what a status means for
//! a burn.

use super::{ReplyError, need};
use crate::addr::TrackNumber;
use crate::cdb::DiscInformationType;
use crate::wire::Field;

coded! {
    /// Status of the disc.
    DiscStatus: u8 {
        /// Nothing on it.
        Blank = 0 => "blank",
        /// A further session may follow.
        Appendable = 1 => "appendable",
        /// Nothing may follow; or overwritable.
        Complete = 2 => "complete",
        /// None of those: DVD-RAM.
        RandomAccess = 3 => "random access",
    }
}

coded! {
    /// State of the last session.
    SessionState: u8 {
        /// Nothing in it.
        Empty = 0 => "empty",
        /// Open, something in it.
        Incomplete = 1 => "incomplete",
        /// Damaged.
        Damaged = 2 => "damaged",
        /// Closed.
        Complete = 3 => "complete",
    }
}

coded! {
    /// State of a background format.
    BackgroundFormat: u8 {
        /// None was started, or there is no such thing on the medium.
        None = 0 => "none",
        /// Started, and stopped before the end.
        Suspended = 1 => "suspended",
        /// Under way.
        Running = 2 => "running",
        /// Done.
        Complete = 3 => "complete",
    }
}

coded! {
    /// Kind of CD by its TOC.
    DiscType: u8 {
        /// CD-DA or CD-ROM; every other medium too.
        CdDaOrRom = 0x00 => "CD-DA or CD-ROM",
        /// CD-I.
        CdI = 0x10 => "CD-I",
        /// CD-ROM XA.
        CdRomXa = 0x20 => "CD-ROM XA",
        /// Not yet decided.
        Undefined = 0xFF => "undefined",
    }
}

layout! {
    /// Fields of standard disc information, unjudged.
    DiscInformationView, DiscPut {
        /// Bytes after byte 1.
        length: u16 = Field::be(0, 2),
        /// Echo of the data type.
        data_type: DiscInformationType = Field::bits(2, 7, 5),
        /// Erasable.
        erasable: bool = Field::bit(2, 4),
        /// State of the last session.
        last_session_state: SessionState = Field::bits(2, 3, 2),
        /// Status of the disc.
        status: DiscStatus = Field::bits(2, 1, 0),
        /// First track.
        first_track: u8 = Field::be(3, 1),
        /// Sessions, lower byte.
        sessions_lsb: u8 = Field::be(4, 1),
        /// First track of the last session, lower byte.
        first_track_lsb: u8 = Field::be(5, 1),
        /// Last track of the last session, lower byte.
        last_track_lsb: u8 = Field::be(6, 1),
        /// DID_V: the disc id is valid.
        disc_id_valid: bool = Field::bit(7, 7),
        /// DBC_V: the bar code is valid.
        bar_code_valid: bool = Field::bit(7, 6),
        /// URU: unrestricted use.
        unrestricted_use: bool = Field::bit(7, 5),
        /// DAC_V: the application code is valid.
        application_code_valid: bool = Field::bit(7, 4),
        /// The disc was written since the background format ended (dirty).
        dirty: bool = Field::bit(7, 2),
        /// Background format.
        background_format: BackgroundFormat = Field::bits(7, 1, 0),
        /// Kind of CD.
        disc_type: DiscType = Field::be(8, 1),
        /// Sessions, upper byte.
        sessions_msb: u8 = Field::be(9, 1),
        /// First track of the last session, upper byte.
        first_track_msb: u8 = Field::be(10, 1),
        /// Last track of the last session, upper byte.
        last_track_msb: u8 = Field::be(11, 1),
        /// Disc id.
        disc_id: u32 = Field::be(12, 4),
        /// Start of the last lead-in: CD 00 M S F, else a block.
        last_lead_in: u32 = Field::be(16, 4),
        /// Last possible start of a lead-out, in the same form.
        last_possible_lead_out: u32 = Field::be(20, 4),
        /// Bar code, upper half.
        bar_code_high: u32 = Field::be(24, 4),
        /// Bar code, lower half.
        bar_code_low: u32 = Field::be(28, 4),
        /// Application code.
        application_code: u8 = Field::be(32, 1),
        /// OPC tables that follow, 8 bytes each.
        opc_table_count: u8 = Field::be(33, 1),
    }
}

/// Standard disc information.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct DiscInformation {
    /// Status of the disc.
    pub status: DiscStatus,
    /// State of the last session.
    pub last_session_state: SessionState,
    /// The disc can be erased or overwritten.
    pub erasable: bool,
    /// First track of the disc.
    pub first_track: TrackNumber,
    /// Sessions, an open or empty last one included.
    pub sessions: u16,
    /// First track of the last session.
    pub first_track_in_last_session: TrackNumber,
    /// Last track of the last session, the invisible one included.
    pub last_track_in_last_session: TrackNumber,
    /// URU: unrestricted use.
    pub unrestricted_use: bool,
    /// State of a background format.
    pub background_format: BackgroundFormat,
    /// The disc was written since the background format ended.
    pub dirty: bool,
    /// Kind of CD.
    pub disc_type: DiscType,
    /// Disc id, where valid.
    pub disc_id: Option<u32>,
    /// Start of the last lead-in: on CD `00 M S F`, else a block.
    pub last_lead_in: Option<u32>,
    /// Last possible start of a lead-out, in the same form.
    pub last_possible_lead_out: Option<u32>,
    /// Bar code, where valid.
    pub bar_code: Option<u64>,
    /// Application code, where valid.
    pub application_code: Option<u8>,
    /// OPC tables that the drive has for the disc; `None` when the answer was
    /// too short to tell.
    pub opc_table_count: Option<u8>,
    /// The tables, as far as they were attached: the host asks for 34 bytes
    /// usually, and then there are none.
    pub opc_tables: Vec<[u8; 8]>,
}

impl DiscInformation {
    /// Length without OPC tables.
    pub const LEN: usize = 34;

    const NAME: &'static str = "disc information";

    /// Reads the standard kind.
    ///
    /// # Errors
    /// Fewer than 12 bytes, or the echo of another data type. Fields beyond
    /// the 12th byte are `None` where the answer, or its own length field,
    /// ends before them.
    pub fn parse(data: &[u8]) -> Result<Self, ReplyError> {
        need(Self::NAME, data, 12)?;
        let declared = DiscInformationView::new(data).length().unwrap_or_default();
        let end = data.len().min(2 + usize::from(declared));
        let data = &data[..end];
        need(Self::NAME, data, 12)?;
        let view = DiscInformationView::new(data);
        let kind = view.data_type().unwrap_or_default();
        if kind != DiscInformationType::Standard {
            return Err(ReplyError::invalid(Self::NAME, "data type", kind.code()));
        }
        let number = |msb: Option<u8>, lsb: Option<u8>| {
            u16::from_be_bytes([msb.unwrap_or_default(), lsb.unwrap_or_default()])
        };
        let valid = |flag: Option<bool>| flag.unwrap_or_default();
        let bar_code =
            || Some(u64::from(view.bar_code_high()?) << 32 | u64::from(view.bar_code_low()?));
        Ok(Self {
            status: view.status().unwrap_or_default(),
            last_session_state: view.last_session_state().unwrap_or_default(),
            erasable: view.erasable().unwrap_or_default(),
            first_track: TrackNumber(view.first_track().unwrap_or_default().into()),
            sessions: number(view.sessions_msb(), view.sessions_lsb()),
            first_track_in_last_session: TrackNumber(number(
                view.first_track_msb(),
                view.first_track_lsb(),
            )),
            last_track_in_last_session: TrackNumber(number(
                view.last_track_msb(),
                view.last_track_lsb(),
            )),
            unrestricted_use: view.unrestricted_use().unwrap_or_default(),
            background_format: view.background_format().unwrap_or_default(),
            dirty: view.dirty().unwrap_or_default(),
            disc_type: view.disc_type().unwrap_or_default(),
            disc_id: view.disc_id().filter(|_| valid(view.disc_id_valid())),
            last_lead_in: view.last_lead_in(),
            last_possible_lead_out: view.last_possible_lead_out(),
            bar_code: bar_code().filter(|_| valid(view.bar_code_valid())),
            application_code: view
                .application_code()
                .filter(|_| valid(view.application_code_valid())),
            opc_table_count: view.opc_table_count(),
            opc_tables: data
                .get(Self::LEN..)
                .unwrap_or_default()
                .as_chunks()
                .0
                .to_vec(),
        })
    }

    /// The bytes: 34 and the tables.
    pub fn emit(&self) -> Vec<u8> {
        let mut data = vec![0; Self::LEN];
        for table in &self.opc_tables {
            data.extend_from_slice(table);
        }
        let length = u16::try_from(data.len() - 2).unwrap_or(u16::MAX);
        let [sessions_msb, sessions_lsb] = self.sessions.to_be_bytes();
        let [first_msb, first_lsb] = self.first_track_in_last_session.0.to_be_bytes();
        let [last_msb, last_lsb] = self.last_track_in_last_session.0.to_be_bytes();
        let bar_code = self.bar_code.unwrap_or_default();
        let mut put = DiscPut(&mut data);
        put.length(length)
            .erasable(self.erasable)
            .last_session_state(self.last_session_state)
            .status(self.status)
            .first_track(self.first_track.0.min(255) as u8)
            .sessions_lsb(sessions_lsb)
            .first_track_lsb(first_lsb)
            .last_track_lsb(last_lsb)
            .disc_id_valid(self.disc_id.is_some())
            .bar_code_valid(self.bar_code.is_some())
            .unrestricted_use(self.unrestricted_use)
            .application_code_valid(self.application_code.is_some())
            .dirty(self.dirty)
            .background_format(self.background_format)
            .disc_type(self.disc_type)
            .sessions_msb(sessions_msb)
            .first_track_msb(first_msb)
            .last_track_msb(last_msb)
            .disc_id(self.disc_id.unwrap_or_default())
            .last_lead_in(self.last_lead_in.unwrap_or_default())
            .last_possible_lead_out(self.last_possible_lead_out.unwrap_or_default())
            .bar_code_high((bar_code >> 32) as u32)
            .bar_code_low(bar_code as u32)
            .application_code(self.application_code.unwrap_or_default())
            .opc_table_count(self.opc_table_count.unwrap_or_default());
        data
    }

    /// Sessions that are closed: all, or all but the last, by the state of
    /// the last one (recipe 2.1).
    pub fn closed_sessions(&self) -> u16 {
        match self.last_session_state {
            SessionState::Complete => self.sessions,
            _ => self.sessions.saturating_sub(1),
        }
    }
}

layout! {
    /// Fields of pseudo-overwrite resources, unjudged.
    PowResourcesView, PowPut {
        /// Bytes after byte 1.
        length: u16 = Field::be(0, 2),
        /// Echo of the data type.
        data_type: DiscInformationType = Field::bits(2, 7, 5),
        /// Replacements still possible.
        replacements: u32 = Field::be(4, 4),
        /// Entries of the map still free.
        map_entries: u32 = Field::be(8, 4),
        /// Updates still possible.
        updates: u32 = Field::be(12, 4),
    }
}

/// Pseudo-overwrite resources of a BD-R.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct PowResources {
    /// Replacements still possible.
    pub replacements: u32,
    /// Entries of the map still free.
    pub map_entries: u32,
    /// Updates still possible.
    pub updates: u32,
}

impl PowResources {
    /// Length in bytes.
    pub const LEN: usize = 16;

    const NAME: &'static str = "pseudo-overwrite resources";

    /// Reads the reply.
    ///
    /// # Errors
    /// Fewer than 16 bytes, or the echo of another data type.
    pub fn parse(data: &[u8]) -> Result<Self, ReplyError> {
        need(Self::NAME, data, Self::LEN)?;
        let view = PowResourcesView::new(data);
        let kind = view.data_type().unwrap_or_default();
        if kind != DiscInformationType::PowResources {
            return Err(ReplyError::invalid(Self::NAME, "data type", kind.code()));
        }
        Ok(Self {
            replacements: view.replacements().unwrap_or_default(),
            map_entries: view.map_entries().unwrap_or_default(),
            updates: view.updates().unwrap_or_default(),
        })
    }

    /// The 16 bytes.
    pub fn emit(&self) -> Vec<u8> {
        let mut data = vec![0; Self::LEN];
        PowPut(&mut data)
            .length((Self::LEN - 2) as u16)
            .data_type(DiscInformationType::PowResources)
            .replacements(self.replacements)
            .map_entries(self.map_entries)
            .updates(self.updates);
        data
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// An appendable disc with every field set to a value of its own.
    #[rustfmt::skip]
    const DISC: [u8; 42] = [
        0, 40, 0b0001_0101, 1, 0x03, 0x02, 0x05, 0b1111_0110, 0x20, 0x01, 0x02, 0x03,
        1, 2, 3, 4, 0, 97, 34, 23, 0, 79, 59, 74, 5, 6, 7, 8, 9, 10, 11, 12, 0x5A, 1,
        0x15, 0xA4, 1, 2, 3, 4, 5, 6,
    ];

    #[test]
    fn every_field_is_where_the_recipe_says() {
        let expected = DiscInformation {
            status: DiscStatus::Appendable,
            last_session_state: SessionState::Incomplete,
            erasable: true,
            first_track: TrackNumber(1),
            sessions: 0x0103,
            first_track_in_last_session: TrackNumber(0x0202),
            last_track_in_last_session: TrackNumber(0x0305),
            unrestricted_use: true,
            background_format: BackgroundFormat::Running,
            dirty: true,
            disc_type: DiscType::CdRomXa,
            disc_id: Some(0x0102_0304),
            last_lead_in: Some(0x0061_2217),
            last_possible_lead_out: Some(0x004F_3B4A),
            bar_code: Some(0x0506_0708_090A_0B0C),
            application_code: Some(0x5A),
            opc_table_count: Some(1),
            opc_tables: vec![[0x15, 0xA4, 1, 2, 3, 4, 5, 6]],
        };
        assert_eq!(DiscInformation::parse(&DISC), Ok(expected.clone()));
        assert_eq!(expected.emit(), DISC);
        assert_eq!(expected.closed_sessions(), 0x0102);
    }

    #[test]
    fn what_is_not_declared_valid_is_nothing() {
        let mut disc = DISC;
        disc[7] = 0;
        let read = DiscInformation::parse(&disc).unwrap();
        assert_eq!((read.disc_id, read.bar_code), (None, None));
        assert_eq!(read.application_code, None);
        assert!(!read.unrestricted_use && !read.dirty);
    }

    #[test]
    fn a_short_answer_is_read_as_far_as_it_goes() {
        // Some burners ask for 16 bytes.
        let read = DiscInformation::parse(&DISC[..16]).unwrap();
        assert_eq!(read.sessions, 0x0103);
        assert_eq!(read.last_lead_in, None);
        assert_eq!(read.opc_table_count, None);
        // The length field ends it too, whatever the buffer holds.
        let mut disc = DISC;
        disc[1] = 32;
        assert!(DiscInformation::parse(&disc).unwrap().opc_tables.is_empty());
    }

    #[test]
    fn each_malformed_field_is_named() {
        let named = |data: &[u8]| DiscInformation::parse(data).unwrap_err().to_string();
        assert!(named(&DISC[..11]).contains("at least 12"));
        let mut disc = DISC;
        disc[1] = 4;
        assert!(named(&disc).contains("6 bytes, at least 12"));
        let mut disc = DISC;
        disc[2] = 0x41;
        assert!(named(&disc).contains("data type is 2"));
        let standard = PowResources::parse(&DISC).unwrap_err().to_string();
        assert!(standard.contains("data type is 0"));
    }

    #[test]
    fn pow_resources_are_three_counts() {
        let data = [0, 14, 0x40, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3];
        let read = PowResources::parse(&data).unwrap();
        assert_eq!(
            (read.replacements, read.map_entries, read.updates),
            (1, 2, 3)
        );
        assert_eq!(read.emit(), data);
    }

    proptest! {
        #[test]
        fn what_is_read_is_written_and_read_the_same(mut data in prop::collection::vec(any::<u8>(), 34..60)) {
            data[0] = 0;
            data[1] = 60;
            data[2] &= 0x1F;
            let read = DiscInformation::parse(&data).unwrap();
            prop_assert_eq!(DiscInformation::parse(&read.emit()), Ok(read));
        }
    }
}

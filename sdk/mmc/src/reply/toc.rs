//! READ TOC/PMA/ATIP: formats 0, 1, 2, 4 and 5 (recipe 2.3).
//!
//! Owns their layouts. Must not know sub-channels or how packs become text.

use super::{DiscType, ReplyError, need};
use crate::addr::{Lba, Msf};
use crate::wire::Field;

/// POINT of the first track's number (PMIN) and the kind of disc (PSEC).
const POINT_FIRST_TRACK: u8 = 0xA0;
/// POINT of the lead-out.
const POINT_LEAD_OUT: u8 = 0xA2;

layout! {
    /// Fields of the 4-byte header of formats 0 to 2, unjudged.
    TocHeaderView, TocHeaderPut {
        /// Bytes after byte 1.
        length: u16 = Field::be(0, 2),
        /// First track or session.
        first: u8 = Field::be(2, 1),
        /// Last track or session.
        last: u8 = Field::be(3, 1),
    }
}

layout! {
    /// Fields of an entry of formats 0 and 1, unjudged.
    TocEntryView, TocEntryPut {
        /// ADR.
        adr: u8 = Field::bits(1, 7, 4),
        /// CONTROL.
        control: u8 = Field::bits(1, 3, 0),
        /// Track; AAh is the lead-out.
        track: u8 = Field::be(2, 1),
        /// Start as a block, when the host asked for blocks.
        start: Lba = Field::be(4, 4),
        /// Start as a time, when the host asked for times.
        start_msf: Msf = Field::be(5, 3),
    }
}

/// One entry of a TOC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct TocEntry {
    /// ADR; 1.
    pub adr: u8,
    /// CONTROL: 4 data, 1 pre-emphasis, 2 copy permitted.
    pub control: u8,
    /// Track; AAh is the lead-out.
    pub track: u8,
    /// First block. With the MSF bit in the CDB these four bytes are `00 M S
    /// F`; see [`TocEntry::start_msf`].
    pub start: Lba,
}

impl TocEntry {
    /// Whether it is the lead-out, which is listed as a track.
    pub const fn is_lead_out(&self) -> bool {
        self.track == 0xAA
    }

    /// Whether its sectors hold data, not sound.
    pub const fn is_data(&self) -> bool {
        self.control & 4 != 0
    }

    /// The start as a time, for an answer to a CDB with the MSF bit.
    pub const fn start_msf(&self) -> Msf {
        let [_, m, s, f] = self.start.0.to_be_bytes();
        Msf { m, s, f }
    }

    fn from_bytes(bytes: &[u8; 8]) -> Self {
        let view = TocEntryView::new(bytes);
        Self {
            adr: view.adr().unwrap_or_default(),
            control: view.control().unwrap_or_default(),
            track: view.track().unwrap_or_default(),
            start: view.start().unwrap_or_default(),
        }
    }

    fn emit(&self) -> [u8; 8] {
        let mut bytes = [0; 8];
        TocEntryPut(&mut bytes)
            .adr(self.adr)
            .control(self.control)
            .track(self.track)
            .start(self.start);
        bytes
    }
}

/// What the length field of a TOC answer leaves of the bytes that came.
fn body<'a>(name: &'static str, data: &'a [u8], header: usize) -> Result<&'a [u8], ReplyError> {
    need(name, data, header)?;
    let length = TocHeaderView::new(data).length().unwrap_or_default();
    let end = data.len().min(2 + usize::from(length));
    data.get(header..end)
        .ok_or_else(|| ReplyError::invalid(name, "data length", length))
}

/// Header and entries as bytes.
fn with_header(first: u8, last: u8, entries: impl Iterator<Item = u8>) -> Vec<u8> {
    let mut data = vec![0; 4];
    data.extend(entries);
    let length = u16::try_from(data.len() - 2).unwrap_or(u16::MAX);
    TocHeaderPut(&mut data)
        .length(length)
        .first(first)
        .last(last);
    data
}

/// Format 0: the TOC. To be believed on CD only; on DVD and BD the drive makes
/// it up.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Toc {
    /// First track.
    pub first_track: u8,
    /// Last track.
    pub last_track: u8,
    /// Tracks, and the lead-out as the last.
    pub entries: Vec<TocEntry>,
}

impl Toc {
    /// Reads a reply.
    ///
    /// # Errors
    /// No header, or a length that ends within it. An entry that is cut off
    /// is left out.
    pub fn parse(data: &[u8]) -> Result<Self, ReplyError> {
        let body = body("TOC", data, 4)?;
        let view = TocHeaderView::new(data);
        Ok(Self {
            first_track: view.first().unwrap_or_default(),
            last_track: view.last().unwrap_or_default(),
            entries: body
                .as_chunks()
                .0
                .iter()
                .map(TocEntry::from_bytes)
                .collect(),
        })
    }

    /// The bytes.
    pub fn emit(&self) -> Vec<u8> {
        let entries = self.entries.iter().flat_map(TocEntry::emit);
        with_header(self.first_track, self.last_track, entries)
    }

    /// Start of the lead-out, if it is listed.
    pub fn lead_out(&self) -> Option<Lba> {
        let entry = self.entries.iter().find(|entry| entry.is_lead_out())?;
        Some(entry.start)
    }

    /// The tracks, each with what is listed behind it: another track, or the lead-out. A last one with nothing
    /// behind it has no end and is left out.
    pub fn tracks(&self) -> impl Iterator<Item = (&TocEntry, &TocEntry)> {
        let following = self.entries.iter().skip(1);
        let pairs = self.entries.iter().zip(following);
        pairs.filter(|(entry, _)| !entry.is_lead_out())
    }
}

/// Format 1: sessions. A file system is mounted by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct SessionInfo {
    /// First session.
    pub first_session: u8,
    /// Last complete session.
    pub last_session: u8,
    /// First track of the last complete session.
    pub first_track: TocEntry,
}

impl SessionInfo {
    /// Length in bytes.
    pub const LEN: usize = 12;

    /// Reads a reply.
    ///
    /// # Errors
    /// Fewer than 12 bytes.
    pub fn parse(data: &[u8]) -> Result<Self, ReplyError> {
        const NAME: &str = "session information";
        need(NAME, data, Self::LEN)?;
        let body = body(NAME, data, 4)?;
        let Some(entry) = body.first_chunk() else {
            return Err(ReplyError::invalid(
                NAME,
                "data length",
                body.len() as u32 + 2,
            ));
        };
        let view = TocHeaderView::new(data);
        Ok(Self {
            first_session: view.first().unwrap_or_default(),
            last_session: view.last().unwrap_or_default(),
            first_track: TocEntry::from_bytes(entry),
        })
    }

    /// The 12 bytes.
    pub fn emit(&self) -> Vec<u8> {
        let entry = self.first_track.emit().into_iter();
        with_header(self.first_session, self.last_session, entry)
    }
}

layout! {
    /// Fields of an entry of format 2, unjudged.
    FullTocEntryView, FullTocEntryPut {
        /// Session.
        session: u8 = Field::be(0, 1),
        /// ADR; the high nibble, the reverse of the Q channel.
        adr: u8 = Field::bits(1, 7, 4),
        /// CONTROL; the low nibble.
        control: u8 = Field::bits(1, 3, 0),
        /// TNO; 0 in a lead-in.
        track: u8 = Field::be(2, 1),
        /// POINT: track 1 to 99, or A0h, A1h, A2h, B0h, C0h.
        point: u8 = Field::be(3, 1),
        /// Running time; with B0h the next possible program start.
        time: Msf = Field::be(4, 3),
        /// The byte between; 0.
        zero: u8 = Field::be(7, 1),
        /// PMIN, PSEC, PFRAME.
        pointed: Msf = Field::be(8, 3),
    }
}

/// One entry of the full TOC, as the lead-in has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct FullTocEntry {
    /// Session.
    pub session: u8,
    /// ADR.
    pub adr: u8,
    /// CONTROL.
    pub control: u8,
    /// TNO; 0.
    pub track: u8,
    /// POINT: track 1 to 99, A0h first track and disc type, A1h last track,
    /// A2h lead-out, B0h next program, C0h first lead-in.
    pub point: u8,
    /// Running time; with B0h the next possible program start.
    pub time: Msf,
    /// The byte between; 0.
    pub zero: u8,
    /// PMIN, PSEC, PFRAME.
    pub pointed: Msf,
}

/// Format 2: the full (raw) TOC of a CD. The PMA (format 3) comes in the same
/// layout, with its own points and without numbers of sessions in the header.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct FullToc {
    /// First session.
    pub first_session: u8,
    /// Last session.
    pub last_session: u8,
    /// Entries of all sessions.
    pub entries: Vec<FullTocEntry>,
}

impl FullToc {
    /// Length of an entry.
    pub const ENTRY_LEN: usize = 11;

    /// Reads a reply.
    ///
    /// # Errors
    /// No header, or a length that ends within it.
    pub fn parse(data: &[u8]) -> Result<Self, ReplyError> {
        let body = body("full TOC", data, 4)?;
        let header = TocHeaderView::new(data);
        let (entries, _) = body.as_chunks::<{ Self::ENTRY_LEN }>();
        Ok(Self {
            first_session: header.first().unwrap_or_default(),
            last_session: header.last().unwrap_or_default(),
            entries: entries
                .iter()
                .map(FullTocEntryView::new)
                .map(|view| FullTocEntry {
                    session: view.session().unwrap_or_default(),
                    adr: view.adr().unwrap_or_default(),
                    control: view.control().unwrap_or_default(),
                    track: view.track().unwrap_or_default(),
                    point: view.point().unwrap_or_default(),
                    time: view.time().unwrap_or_default(),
                    zero: view.zero().unwrap_or_default(),
                    pointed: view.pointed().unwrap_or_default(),
                })
                .collect(),
        })
    }

    /// The entry of a session with that POINT, as the Q channel has it (ADR 1).
    pub fn entry(&self, session: u8, point: u8) -> Option<&FullTocEntry> {
        self.entries
            .iter()
            .find(|entry| (entry.session, entry.adr, entry.point) == (session, 1, point))
    }

    /// The first track of a session, by its A0 entry.
    pub fn first_track(&self, session: u8) -> Option<u8> {
        Some(self.entry(session, POINT_FIRST_TRACK)?.pointed.m)
    }

    /// Where the first track of a session starts: where a reader looks for the
    /// volume of that session.
    pub fn session_start(&self, session: u8) -> Option<Lba> {
        let first = self.first_track(session)?;
        self.entry(session, first)?.pointed.to_lba()
    }

    /// Where the lead-out of a session starts, by its A2 entry.
    pub fn lead_out(&self, session: u8) -> Option<Lba> {
        self.entry(session, POINT_LEAD_OUT)?.pointed.to_lba()
    }

    /// The kind of CD, by the A0 entry of its first session.
    pub fn disc_type(&self) -> Option<DiscType> {
        let entry = self.entry(self.first_session, POINT_FIRST_TRACK)?;
        Some(DiscType::from_code(entry.pointed.s))
    }

    /// The bytes.
    pub fn emit(&self) -> Vec<u8> {
        let entries = self.entries.iter().flat_map(|entry| {
            let mut bytes = [0; Self::ENTRY_LEN];
            FullTocEntryPut(&mut bytes)
                .session(entry.session)
                .adr(entry.adr)
                .control(entry.control)
                .track(entry.track)
                .point(entry.point)
                .time(entry.time)
                .zero(entry.zero)
                .pointed(entry.pointed);
            bytes
        });
        with_header(self.first_session, self.last_session, entries)
    }
}

layout! {
    /// Fields of format 4, from the reply's first byte, unjudged.
    AtipView, AtipPut {
        /// Bytes after byte 1.
        length: u16 = Field::be(0, 2),
        /// Indicative target writing power.
        writing_power: u8 = Field::bits(4, 6, 4),
        /// Reference speed.
        reference_speed: u8 = Field::bits(4, 2, 0),
        /// URU: unrestricted use.
        unrestricted_use: bool = Field::bit(5, 6),
        /// CD-RW.
        rewritable: bool = Field::bit(6, 6),
        /// Sub-type.
        sub_type: u8 = Field::bits(6, 5, 3),
        /// A1 is valid.
        a1_valid: bool = Field::bit(6, 2),
        /// A2 is valid.
        a2_valid: bool = Field::bit(6, 1),
        /// A3 is valid.
        a3_valid: bool = Field::bit(6, 0),
        /// Start of the lead-in.
        lead_in: Msf = Field::be(8, 3),
        /// Last possible start of the lead-out.
        lead_out: Msf = Field::be(12, 3),
        /// A1: speeds.
        a1: u32 = Field::be(16, 3),
        /// A2: power.
        a2: u32 = Field::be(20, 3),
        /// A3.
        a3: u32 = Field::be(24, 3),
    }
}

/// Format 4: what the blank disc says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Atip {
    /// Indicative target writing power, 3 bits.
    pub writing_power: u8,
    /// Reference speed, 3 bits.
    pub reference_speed: u8,
    /// URU: unrestricted use.
    pub unrestricted_use: bool,
    /// CD-RW.
    pub rewritable: bool,
    /// Sub-type, 3 bits.
    pub sub_type: u8,
    /// Start of the lead-in; it also tells the maker.
    pub lead_in: Msf,
    /// Last possible start of the lead-out.
    pub lead_out: Msf,
    /// A1, 24 bits, where valid.
    pub a1: Option<u32>,
    /// A2, 24 bits, where valid.
    pub a2: Option<u32>,
    /// A3, 24 bits, where valid.
    pub a3: Option<u32>,
}

impl Atip {
    /// Length of the whole reply.
    pub const LEN: usize = 28;

    /// Reads a reply. Whether it makes sense is [`Atip::is_plausible`].
    ///
    /// # Errors
    /// Fewer than 15 bytes, which is up to the lead-out.
    pub fn parse(data: &[u8]) -> Result<Self, ReplyError> {
        const NAME: &str = "ATIP";
        need(NAME, data, 15)?;
        let length = AtipView::new(data).length().unwrap_or_default();
        let end = data.len().min(2 + usize::from(length));
        let data = &data[..end];
        need(NAME, data, 15)?;
        let view = AtipView::new(data);
        let valid = |flag: Option<bool>| flag.unwrap_or_default();
        Ok(Self {
            writing_power: view.writing_power().unwrap_or_default(),
            reference_speed: view.reference_speed().unwrap_or_default(),
            unrestricted_use: view.unrestricted_use().unwrap_or_default(),
            rewritable: view.rewritable().unwrap_or_default(),
            sub_type: view.sub_type().unwrap_or_default(),
            lead_in: view.lead_in().unwrap_or_default(),
            lead_out: view.lead_out().unwrap_or_default(),
            a1: view.a1().filter(|_| valid(view.a1_valid())),
            a2: view.a2().filter(|_| valid(view.a2_valid())),
            a3: view.a3().filter(|_| valid(view.a3_valid())),
        })
    }

    /// The 28 bytes.
    pub fn emit(&self) -> Vec<u8> {
        let mut data = vec![0; Self::LEN];
        // The standard's first bit of bytes 4 and 6 is always 1.
        data[4] = 0x80;
        data[6] = 0x80;
        AtipPut(&mut data)
            .length((Self::LEN - 2) as u16)
            .writing_power(self.writing_power)
            .reference_speed(self.reference_speed)
            .unrestricted_use(self.unrestricted_use)
            .rewritable(self.rewritable)
            .sub_type(self.sub_type)
            .a1_valid(self.a1.is_some())
            .a2_valid(self.a2.is_some())
            .a3_valid(self.a3.is_some())
            .lead_in(self.lead_in)
            .lead_out(self.lead_out)
            .a1(self.a1.unwrap_or_default())
            .a2(self.a2.unwrap_or_default())
            .a3(self.a3.unwrap_or_default());
        data
    }

    /// Whether both times are times and the lead-in lies before the program:
    /// some drives answer zeros or nonsense.
    pub fn is_plausible(&self) -> bool {
        match (self.lead_in.to_lba(), self.lead_out.to_lba()) {
            (Some(lead_in), Some(lead_out)) => lead_in < lead_out && lead_in.0 < -150,
            _ => false,
        }
    }
}

/// Format 5: CD-TEXT packs, as they are.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct CdTextPacks {
    /// Packs of 18 bytes, their CRC included.
    pub packs: Vec<[u8; 18]>,
}

impl CdTextPacks {
    /// Reads a reply.
    ///
    /// # Errors
    /// No header, or a length that ends within it. A pack that is cut off is
    /// left out.
    pub fn parse(data: &[u8]) -> Result<Self, ReplyError> {
        Ok(Self {
            packs: body("CD-TEXT", data, 4)?.as_chunks().0.to_vec(),
        })
    }

    /// The bytes.
    pub fn emit(&self) -> Vec<u8> {
        with_header(0, 0, self.packs.iter().flatten().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_toc_lists_tracks_and_lead_out() {
        #[rustfmt::skip]
        let data = [
            0, 18, 1, 1, 0, 0x14, 1, 0, 0, 0, 0, 0, 0, 0x10, 0xAA, 0, 0, 0, 0x10, 0,
        ];
        let read = Toc::parse(&data).unwrap();
        assert_eq!((read.first_track, read.last_track), (1, 1));
        assert_eq!((read.entries[0].adr, read.entries[0].control), (1, 4));
        assert_eq!(read.lead_out(), Some(Lba(4096)));
        assert_eq!(read.emit(), data);
        let entry = TocEntry {
            start: Lba(0x0002_0304),
            ..Default::default()
        };
        assert_eq!(entry.start_msf(), Msf::new(2, 3, 4));
        let view = TocEntryView::new([0, 0, 0, 0, 0, 2, 3, 4]);
        assert_eq!(view.start_msf(), Some(Msf::new(2, 3, 4)));
    }

    #[test]
    fn session_information_points_to_the_last_session() {
        let data = [0, 10, 1, 2, 0, 0x14, 3, 0, 0, 0, 0x2D, 0xB6];
        let read = SessionInfo::parse(&data).unwrap();
        assert_eq!((read.first_session, read.last_session), (1, 2));
        assert_eq!(read.first_track.track, 3);
        assert_eq!(read.first_track.start, Lba(11_702));
        assert_eq!(read.emit(), data);
        assert!(SessionInfo::parse(&data[..11]).is_err());
        let mut short = data;
        short[1] = 8;
        assert!(SessionInfo::parse(&short).is_err());
    }

    #[test]
    fn the_full_toc_has_the_nibbles_reversed() {
        #[rustfmt::skip]
        let data = [
            0, 13, 1, 2, 2, 0x14, 0, 0xA2, 1, 2, 3, 9, 14, 15, 16,
        ];
        let read = FullToc::parse(&data).unwrap();
        assert_eq!(
            read.entries,
            [FullTocEntry {
                session: 2,
                adr: 1,
                control: 4,
                track: 0,
                point: 0xA2,
                time: Msf::new(1, 2, 3),
                zero: 9,
                pointed: Msf::new(14, 15, 16),
            }]
        );
        assert_eq!(read.emit(), data);
    }

    /// Two sessions of a data track each, as the lead-ins of a multi-session
    /// disc have them: A0, A1, A2 and the track of each.
    #[rustfmt::skip]
    const TWO_SESSIONS: [u8; 4 + 8 * 11] = [
        0, 90, 1, 2,
        1, 0x14, 0, 0xA0, 0, 0, 0, 0,  1, 0x20, 0,
        1, 0x14, 0, 0xA1, 0, 0, 0, 0,  1,  0,  0,
        1, 0x14, 0, 0xA2, 0, 0, 0, 0,  0,  6,  2,
        1, 0x14, 0, 0x01, 0, 0, 0, 0,  0,  2,  0,
        2, 0x14, 0, 0xA0, 0, 0, 0, 0,  2, 0x20, 0,
        2, 0x14, 0, 0xA1, 0, 0, 0, 0,  2,  0,  0,
        2, 0x14, 0, 0xA2, 0, 0, 0, 0,  2, 42,  4,
        2, 0x14, 0, 0x02, 0, 0, 0, 0,  2, 38,  2,
    ];

    #[test]
    fn the_full_toc_tells_where_sessions_start_and_end() {
        let toc = FullToc::parse(&TWO_SESSIONS).unwrap();
        assert_eq!(toc.session_start(1), Some(Lba(0)));
        assert_eq!(toc.lead_out(1), Some(Lba(302)));
        // A session of 300 blocks by track at once is followed at 11702
        // (recipe 5).
        assert_eq!(toc.session_start(2), Some(Lba(11_702)));
        assert_eq!(toc.first_track(2), Some(2));
        assert_eq!(toc.lead_out(2), Some(Lba(12_004)));
        assert_eq!(toc.session_start(3), None);
        assert_eq!(toc.disc_type(), Some(DiscType::CdRomXa));
        assert_eq!(FullToc::default().disc_type(), None);
    }

    /// An 80 minute CD-RW with valid A1 and A3.
    #[rustfmt::skip]
    const ATIP: [u8; 28] = [
        0, 26, 0, 0, 0xD5, 0x40, 0xDD, 0, 97, 34, 23, 0, 79, 59, 74, 0,
        1, 2, 3, 0, 0, 0, 0, 0, 7, 8, 9, 0,
    ];

    #[test]
    fn the_atip_tells_where_a_disc_begins_and_ends() {
        let read = Atip::parse(&ATIP).unwrap();
        let expected = Atip {
            writing_power: 5,
            reference_speed: 5,
            unrestricted_use: true,
            rewritable: true,
            sub_type: 3,
            lead_in: Msf::new(97, 34, 23),
            lead_out: Msf::new(79, 59, 74),
            a1: Some(0x01_0203),
            a2: None,
            a3: Some(0x07_0809),
        };
        assert_eq!(read, expected);
        assert_eq!(read.emit(), ATIP);
        assert!(read.is_plausible());
        assert!(!Atip::default().is_plausible());
        let short = Atip::parse(&ATIP[..16]).unwrap();
        assert_eq!(short.a1, None);
        assert!(Atip::parse(&ATIP[..14]).is_err());
    }

    #[test]
    fn cd_text_is_packs_of_18_bytes() {
        let mut data = vec![0, 38, 0, 0];
        data.extend(0..36u8);
        let read = CdTextPacks::parse(&data).unwrap();
        assert_eq!(read.packs.len(), 2);
        assert_eq!(read.packs[1][0], 18);
        assert_eq!(read.emit(), data);
        assert_eq!(CdTextPacks::parse(&data[..30]).unwrap().packs.len(), 1);
    }

    #[test]
    fn a_length_within_the_header_is_named() {
        let error = Toc::parse(&[0, 1, 1, 1]).unwrap_err().to_string();
        assert_eq!(error, "TOC: data length is 1 (0x1)");
        assert!(FullToc::parse(&[0, 2, 1]).is_err());
        assert!(FullToc::parse(&[0, 2, 1, 1]).unwrap().entries.is_empty());
    }

    proptest! {
        #[test]
        fn what_is_read_is_written_and_read_the_same(mut data in prop::collection::vec(any::<u8>(), 4..120)) {
            data[0] = 0;
            data[1] |= 64;
            let toc = Toc::parse(&data).unwrap();
            let emitted = Toc::parse(&toc.emit());
            prop_assert_eq!(emitted, Ok(toc));
            let full = FullToc::parse(&data).unwrap();
            prop_assert_eq!(FullToc::parse(&full.emit()), Ok(full));
            let text = CdTextPacks::parse(&data).unwrap();
            prop_assert_eq!(CdTextPacks::parse(&text.emit()), Ok(text));
            if let Ok(info) = SessionInfo::parse(&data) {
                prop_assert_eq!(SessionInfo::parse(&info.emit()), Ok(info));
            }
            if let Ok(atip) = Atip::parse(&data) {
                prop_assert_eq!(Atip::parse(&atip.emit()), Ok(atip));
            }
        }
    }
}

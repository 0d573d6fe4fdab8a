//! READ TRACK INFORMATION: one track (recipe 2.2).
//!
//! Owns the layout. Must not know which track to ask for on which medium.

use super::{ReplyError, need};
use crate::addr::{Lba, SectorCount, SessionNumber, TrackNumber};
use crate::wire::Field;

coded! {
    /// Kind of data in a track.
    DataMode: u8 {
        /// Mode 1; DVD and BD too.
        Mode1 = 0x1 => "mode 1",
        /// Mode 2.
        Mode2 = 0x2 => "mode 2",
        /// Unknown: nothing written yet.
        Unknown = 0xF => "unknown mode",
    }
}

layout! {
    /// Fields of track information, unjudged.
    TrackInformationView, TrackPut {
        /// Bytes after byte 1.
        length: u16 = Field::be(0, 2),
        /// Track, lower byte.
        track_lsb: u8 = Field::be(2, 1),
        /// Session, lower byte.
        session_lsb: u8 = Field::be(3, 1),
        /// LJRS: layer-jump recording state.
        layer_jump_state: u8 = Field::bits(5, 7, 6),
        /// Damaged: a write was cut off.
        damage: bool = Field::bit(5, 5),
        /// Copy: second or later generation.
        copy: bool = Field::bit(5, 4),
        /// Track mode: 4 data, 5 data incremental, 0 audio.
        track_mode: u8 = Field::bits(5, 3, 0),
        /// RT: reserved.
        reserved: bool = Field::bit(6, 7),
        /// Blank.
        blank: bool = Field::bit(6, 6),
        /// Packet or incremental.
        packet: bool = Field::bit(6, 5),
        /// FP: fixed packets.
        fixed_packet: bool = Field::bit(6, 4),
        /// Kind of data.
        data_mode: DataMode = Field::bits(6, 3, 0),
        /// NWA_V: the next writable address is valid.
        nwa_valid: bool = Field::bit(7, 0),
        /// LRA_V: the last recorded address is valid.
        last_recorded_valid: bool = Field::bit(7, 1),
        /// First block.
        start: Lba = Field::be(8, 4),
        /// Next writable address.
        nwa: Lba = Field::be(12, 4),
        /// Blocks still free.
        free_blocks: SectorCount = Field::be(16, 4),
        /// Packet size or blocking factor.
        packet_size: u32 = Field::be(20, 4),
        /// Blocks of the track.
        size: SectorCount = Field::be(24, 4),
        /// Last recorded address.
        last_recorded: Lba = Field::be(28, 4),
        /// Track, upper byte.
        track_msb: u8 = Field::be(32, 1),
        /// Session, upper byte.
        session_msb: u8 = Field::be(33, 1),
        /// Read-compatibility LBA.
        read_compatibility: Lba = Field::be(36, 4),
        /// Next layer-jump address.
        next_layer_jump: Lba = Field::be(40, 4),
        /// Last layer-jump address.
        last_layer_jump: Lba = Field::be(44, 4),
    }
}

/// One track.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct TrackInformation {
    /// Its number.
    pub track: TrackNumber,
    /// Its session.
    pub session: SessionNumber,
    /// Damaged: with an NWA it can be resumed, without only closed.
    pub damage: bool,
    /// Second or later generation.
    pub copy: bool,
    /// Track mode, as in mode page 05h.
    pub track_mode: u8,
    /// Reserved.
    pub reserved: bool,
    /// Blank.
    pub blank: bool,
    /// Packet or incremental.
    pub packet: bool,
    /// Fixed packets.
    pub fixed_packet: bool,
    /// Kind of data.
    pub data_mode: DataMode,
    /// LJRS: layer-jump recording state.
    pub layer_jump_state: u8,
    /// First block.
    pub start: Lba,
    /// Next writable address, where valid.
    pub nwa: Option<Lba>,
    /// Blocks still free.
    pub free_blocks: SectorCount,
    /// Packet size or blocking factor; 0 where there is none.
    pub packet_size: u32,
    /// Blocks of the track; `None` in a short answer (cdrskin asks for 20
    /// bytes).
    pub size: Option<SectorCount>,
    /// Last recorded address, where valid.
    pub last_recorded: Option<Lba>,
    /// Read-compatibility LBA (DVD+R).
    pub read_compatibility: Option<Lba>,
    /// Next layer-jump address.
    pub next_layer_jump: Option<Lba>,
    /// Last layer-jump address.
    pub last_layer_jump: Option<Lba>,
}

impl TrackInformation {
    /// Length of the whole reply.
    pub const LEN: usize = 48;

    /// Reads a reply.
    ///
    /// # Errors
    /// Fewer than 20 bytes: without start, NWA and free blocks it says
    /// nothing.
    pub fn parse(data: &[u8]) -> Result<Self, ReplyError> {
        const NAME: &str = "track information";
        need(NAME, data, 20)?;
        let declared = TrackInformationView::new(data).length().unwrap_or_default();
        let end = data.len().min(2 + usize::from(declared));
        let data = &data[..end];
        need(NAME, data, 20)?;
        let view = TrackInformationView::new(data);
        let number = |msb: Option<u8>, lsb: Option<u8>| {
            u16::from_be_bytes([msb.unwrap_or_default(), lsb.unwrap_or_default()])
        };
        Ok(Self {
            track: TrackNumber(number(view.track_msb(), view.track_lsb())),
            session: SessionNumber(number(view.session_msb(), view.session_lsb())),
            damage: view.damage().unwrap_or_default(),
            copy: view.copy().unwrap_or_default(),
            track_mode: view.track_mode().unwrap_or_default(),
            reserved: view.reserved().unwrap_or_default(),
            blank: view.blank().unwrap_or_default(),
            packet: view.packet().unwrap_or_default(),
            fixed_packet: view.fixed_packet().unwrap_or_default(),
            data_mode: view.data_mode().unwrap_or_default(),
            layer_jump_state: view.layer_jump_state().unwrap_or_default(),
            start: view.start().unwrap_or_default(),
            nwa: view.nwa().filter(|_| view.nwa_valid().unwrap_or_default()),
            free_blocks: view.free_blocks().unwrap_or_default(),
            packet_size: view.packet_size().unwrap_or_default(),
            size: view.size(),
            last_recorded: view
                .last_recorded()
                .filter(|_| view.last_recorded_valid().unwrap_or_default()),
            read_compatibility: view.read_compatibility(),
            next_layer_jump: view.next_layer_jump(),
            last_layer_jump: view.last_layer_jump(),
        })
    }

    /// The bytes: 48, or 40 or 36 where the later fields are `None`.
    pub fn emit(&self) -> Vec<u8> {
        let len = if self.next_layer_jump.is_some() || self.last_layer_jump.is_some() {
            Self::LEN
        } else if self.read_compatibility.is_some() {
            40
        } else {
            36
        };
        let mut data = vec![0; len];
        let [track_msb, track_lsb] = self.track.0.to_be_bytes();
        let [session_msb, session_lsb] = self.session.0.to_be_bytes();
        TrackPut(&mut data)
            .length((len - 2) as u16)
            .track_lsb(track_lsb)
            .session_lsb(session_lsb)
            .layer_jump_state(self.layer_jump_state)
            .damage(self.damage)
            .copy(self.copy)
            .track_mode(self.track_mode)
            .reserved(self.reserved)
            .blank(self.blank)
            .packet(self.packet)
            .fixed_packet(self.fixed_packet)
            .data_mode(self.data_mode)
            .nwa_valid(self.nwa.is_some())
            .last_recorded_valid(self.last_recorded.is_some())
            .start(self.start)
            .nwa(self.nwa.unwrap_or_default())
            .free_blocks(self.free_blocks)
            .packet_size(self.packet_size)
            .size(self.size.unwrap_or_default())
            .last_recorded(self.last_recorded.unwrap_or_default())
            .track_msb(track_msb)
            .session_msb(session_msb)
            .read_compatibility(self.read_compatibility.unwrap_or_default())
            .next_layer_jump(self.next_layer_jump.unwrap_or_default())
            .last_layer_jump(self.last_layer_jump.unwrap_or_default());
        data
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A track with every field set to a value of its own.
    #[rustfmt::skip]
    const TRACK: [u8; 48] = [
        0, 46, 0x02, 0x04, 0, 0b0111_0101, 0b1111_0001, 0b11,
        0, 0, 0x10, 0, 0, 0, 0x20, 0, 0, 0xBA, 0x74, 0, 0, 0, 0, 32,
        0, 0, 0x30, 0, 0, 0, 0x1F, 0xFF, 0x01, 0x03, 0, 0,
        0, 4, 0, 0, 0, 5, 0, 0, 0, 6, 0, 0,
    ];

    #[test]
    fn every_field_is_where_the_recipe_says() {
        let expected = TrackInformation {
            track: TrackNumber(0x0102),
            session: SessionNumber(0x0304),
            damage: true,
            copy: true,
            track_mode: 5,
            reserved: true,
            blank: true,
            packet: true,
            fixed_packet: true,
            data_mode: DataMode::Mode1,
            layer_jump_state: 1,
            start: Lba(0x1000),
            nwa: Some(Lba(0x2000)),
            free_blocks: SectorCount(12_219_392),
            packet_size: 32,
            size: Some(SectorCount(0x3000)),
            last_recorded: Some(Lba(0x1FFF)),
            read_compatibility: Some(Lba(0x4_0000)),
            next_layer_jump: Some(Lba(0x5_0000)),
            last_layer_jump: Some(Lba(0x6_0000)),
        };
        assert_eq!(TrackInformation::parse(&TRACK), Ok(expected));
        assert_eq!(expected.emit(), TRACK);
    }

    #[test]
    fn an_address_that_is_not_valid_is_nothing() {
        let mut track = TRACK;
        track[7] = 0;
        let read = TrackInformation::parse(&track).unwrap();
        assert_eq!((read.nwa, read.last_recorded), (None, None));
    }

    #[test]
    fn a_short_answer_is_read_as_far_as_it_goes() {
        let read = TrackInformation::parse(&TRACK[..20]).unwrap();
        assert_eq!(read.track, TrackNumber(2));
        assert_eq!(read.nwa, Some(Lba(0x2000)));
        assert_eq!((read.size, read.last_recorded), (None, None));
        let mut track = TRACK;
        track[1] = 34;
        let read = TrackInformation::parse(&track).unwrap();
        assert_eq!(read.read_compatibility, None);
        assert_eq!(read.emit(), track[..36]);
    }

    #[test]
    fn each_malformed_field_is_named() {
        let named = |data: &[u8]| TrackInformation::parse(data).unwrap_err().to_string();
        assert!(named(&TRACK[..19]).contains("19 bytes, at least 20"));
        let mut track = TRACK;
        track[1] = 10;
        assert!(named(&track).contains("12 bytes, at least 20"));
    }

    #[test]
    fn the_next_address_of_a_blank_cd_may_be_negative() {
        let mut track = TRACK;
        track[12..16].copy_from_slice(&(-150i32).to_be_bytes());
        let read = TrackInformation::parse(&track).unwrap();
        assert_eq!(read.nwa, Some(Lba(-150)));
    }

    proptest! {
        #[test]
        fn what_is_read_is_written_and_read_the_same(mut data: [u8; 48]) {
            data[0] = 0;
            data[1] = 46;
            let read = TrackInformation::parse(&data).unwrap();
            prop_assert_eq!(TrackInformation::parse(&read.emit()), Ok(read));
        }
    }
}

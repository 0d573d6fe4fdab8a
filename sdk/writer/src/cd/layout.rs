//! A CD beyond one data track, as whoever makes its image describes it to a writer.
//!
//! Owns the description and what must hold in it whatever the writer. Must not know how it is written, nor how
//! the image and the cue sheet are made.

use crate::plan::BlockForm;
use pitland_mmc::Lba;
use pitland_mmc::param::{CueSheetEntry, CueSubchannel, DataForm};
use std::fmt;

/// Bytes of a CD-TEXT pack.
pub const TEXT_PACK_BYTES: usize = 18;
/// Where the program of a first session begins, by its first pregap.
const PROGRAM_START: Lba = Lba(-150);
/// The most CD-TEXT packs of a disc: eight blocks of 256.
pub const MOST_TEXT_PACKS: usize = 8 * 256;

/// How the session is written. The form of the image's blocks follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
#[non_exhaustive]
pub enum CdMode {
    /// Session at once (SAO), by a cue sheet: blocks of 2352 bytes, each from the session's first pregap on,
    /// pauses among them, up to the lead-out.
    #[default]
    SessionAtOnce,
    /// Track at once (TAO): blocks of 2352 bytes, those of one track right behind those of the one before. The
    /// drive makes pregaps and run-outs.
    TrackAtOnce,
    /// Raw: every block of lead-in, program and lead-out with its sub-channels, made by the host.
    Raw(CdSubchannel),
}

impl CdMode {
    /// The form of every block of the image.
    pub const fn block(self) -> BlockForm {
        match self {
            Self::SessionAtOnce | Self::TrackAtOnce => BlockForm::Raw2352,
            Self::Raw(CdSubchannel::Pq16) => BlockForm::Raw2368,
            Self::Raw(CdSubchannel::Raw96 | CdSubchannel::Packed96) => BlockForm::Raw2448,
        }
    }
}

impl fmt::Display for CdMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SessionAtOnce => f.write_str("session at once"),
            Self::TrackAtOnce => f.write_str("track at once"),
            Self::Raw(subchannel) => write!(f, "raw with {subchannel}"),
        }
    }
}

/// What stands behind the 2352 bytes of a raw block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CdSubchannel {
    /// P to W as they are recorded, 96 bytes.
    Raw96,
    /// P and Q, and R to W without what the drive adds to record them, 96 bytes.
    Packed96,
    /// P and Q, 16 bytes.
    Pq16,
}

impl fmt::Display for CdSubchannel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Raw96 => "raw sub-channels of 96 bytes",
            Self::Packed96 => "packed sub-channels of 96 bytes",
            Self::Pq16 => "P and Q in 16 bytes",
        })
    }
}

/// One track of a layout.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CdTrack {
    /// 1 to 99.
    pub number: u8,
    /// CTL: 4 data, 1 pre-emphasis, 2 copy permitted, 8 four channels.
    pub control: u8,
    /// What its blocks are: [`DataForm::Audio`] or the raw form of a data track, whose blocks are whole sectors.
    pub form: DataForm,
    /// Where its index 1 stands on the disc. Where the drive makes the gaps ([`CdMode::TrackAtOnce`]) it is the
    /// drive that knows, and this is not looked at.
    pub index_1: Lba,
    /// Blocks of its index 0; 0 where it has none. That of the first track begins where the session does: it has
    /// 150 at least.
    pub pregap: u32,
    /// The block of the image that its index 1 begins with.
    pub image_block: u64,
    /// Blocks from index 1 to its end.
    pub blocks: u64,
    /// The code of the recording, in ASCII.
    pub isrc: Option<[u8; 12]>,
    /// A copy that must not be copied once more (SCMS): the flag of copies alternates along the track. In raw blocks it
    /// does already.
    pub serial_copy: bool,
}

impl CdTrack {
    /// An audio track without index 0 or code.
    pub const fn audio(number: u8, index_1: Lba, image_block: u64, blocks: u64) -> Self {
        Self {
            number,
            control: 0,
            form: DataForm::Audio,
            index_1,
            pregap: 0,
            image_block,
            blocks,
            isrc: None,
            serial_copy: false,
        }
    }

    /// Whether it holds sound.
    pub fn is_audio(&self) -> bool {
        self.form == DataForm::Audio
    }
}

/// A session of a CD that is not one track of 2048-byte blocks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct CdLayout {
    /// How it is written, and so what the image is.
    pub mode: CdMode,
    /// Where the first block of the image goes: the session's first pregap (SAO; -150 on a blank disc), the first
    /// block of the lead-in (raw, as the disc's ATIP has it), or the first track (TAO).
    pub first_lba: Lba,
    /// Where the lead-out begins. Not looked at where the drive makes the gaps.
    pub lead_out: Lba,
    /// The cue sheet of a session at once; empty otherwise.
    pub cue_sheet: Vec<CueSheetEntry>,
    /// The tracks in their order.
    pub tracks: Vec<CdTrack>,
    /// The media catalogue number: 13 digits in ASCII.
    pub catalogue: Option<[u8; 13]>,
    /// CD-TEXT that the writer sends to the lead-in: whole packs of 18 bytes. In raw blocks they are part of the
    /// image, and stand here for information only.
    pub text: Vec<u8>,
}

impl CdLayout {
    /// An empty layout of that mode, whose image begins at `first_lba`.
    pub fn new(mode: CdMode, first_lba: Lba) -> Self {
        Self {
            mode,
            first_lba,
            ..Self::default()
        }
    }

    /// Where the pregap of the first track begins.
    fn first_pregap(&self) -> Lba {
        match self.mode {
            CdMode::Raw(_) => PROGRAM_START,
            _ => self.first_lba,
        }
    }

    /// Whether it can be what an image of so many blocks holds: what is true of every CD, whatever the disc and
    /// the drive.
    ///
    /// # Errors
    /// The first thing that does not hold.
    pub fn check(&self, image_blocks: u64) -> Result<(), LayoutFault> {
        if self.tracks.is_empty() || self.tracks.len() > usize::from(super::MOST_TRACKS) {
            let tracks = u32::try_from(self.tracks.len()).unwrap_or(u32::MAX);
            return Err(LayoutFault::Tracks { tracks });
        }
        if !self.text.len().is_multiple_of(TEXT_PACK_BYTES)
            || self.text.len() > MOST_TEXT_PACKS * TEXT_PACK_BYTES
        {
            return Err(LayoutFault::Text);
        }
        let mut image_end = 0u64;
        let mut disc_end = i64::from(self.first_pregap().0);
        let mut number = self.tracks.first().map_or(1, |first| first.number);
        for track in &self.tracks {
            self.check_track(track, number, image_end, disc_end)?;
            image_end = track.image_block.saturating_add(track.blocks);
            disc_end = i64::from(track.index_1.0).saturating_add_unsigned(track.blocks);
            number = number.saturating_add(1);
        }
        if matches!(self.mode, CdMode::TrackAtOnce) {
            return exact(image_end, image_blocks);
        }
        if disc_end != i64::from(self.lead_out.0) {
            return Err(LayoutFault::LeadOut);
        }
        if self.mode == CdMode::SessionAtOnce {
            self.check_sheet()?;
        }
        match self.mode {
            CdMode::Raw(_) if image_end > image_blocks => exact(image_end, image_blocks),
            CdMode::Raw(_) => Ok(()),
            _ => exact(image_end, image_blocks),
        }
    }

    fn check_track(
        &self,
        track: &CdTrack,
        number: u8,
        image_end: u64,
        disc_end: i64,
    ) -> Result<(), LayoutFault> {
        let is_data = track.control & super::CONTROL_DATA != 0;
        let whole = matches!(
            track.form,
            DataForm::Audio | DataForm::Mode1Raw | DataForm::XaRaw | DataForm::Mode2Raw
        );
        let at = track.number;
        if at != number || !(1..=99).contains(&at) {
            return Err(LayoutFault::Number { track: at });
        }
        if !whole || is_data == track.is_audio() || track.control > 0xF {
            return Err(LayoutFault::Form { track: at });
        }
        if track.blocks < super::LEAST_TRACK_BLOCKS {
            let blocks = track.blocks;
            return Err(LayoutFault::TooShort { track: at, blocks });
        }
        let placed = match self.mode {
            CdMode::TrackAtOnce => track.image_block == image_end,
            _ => {
                let into = i64::from(track.index_1.0) - i64::from(self.first_lba.0);
                let index_0 = i64::from(track.index_1.0) - i64::from(track.pregap);
                u64::try_from(into) == Ok(track.image_block) && index_0 == disc_end
            }
        };
        match placed {
            true => Ok(()),
            false => Err(LayoutFault::Place { track: at }),
        }
    }
}

impl CdLayout {
    /// Whether the cue sheet is that of the tracks: where each begins, of what form and with what flags and
    /// codes, and whether the lead-in is to hold CD-TEXT. Indexes from 2 on stand in the sheet only.
    fn check_sheet(&self) -> Result<(), LayoutFault> {
        let mut positions = Vec::new();
        let mut catalogue = Vec::<u8>::new();
        let mut codes = Vec::new();
        for entry in &self.cue_sheet {
            match entry {
                CueSheetEntry::Position(position) => positions.push(*position),
                CueSheetEntry::Mcn { characters, .. } => catalogue.extend(characters),
                CueSheetEntry::Isrc {
                    track, characters, ..
                } => codes.extend(characters.map(|character| (*track, character))),
                _ => return Err(LayoutFault::CueSheet),
            }
        }
        let [lead_in, tracks @ .., lead_out] = positions.as_slice() else {
            return Err(LayoutFault::CueSheet);
        };
        let text = match self.text.is_empty() {
            true => CueSubchannel::ByDrive,
            false => CueSubchannel::Raw,
        };
        let scms = |track: &CdTrack| u8::from(track.serial_copy) << 7;
        let told = |track: &CdTrack| (track.control, track.number, track.form, scms(track));
        let begins = self.tracks.iter().flat_map(|track| {
            let index_0 = track.index_1.0.checked_sub_unsigned(track.pregap);
            let index_0 = index_0.filter(|_| track.pregap > 0).map(Lba);
            let index_0 = index_0.map(|lba| (told(track), 0, lba.to_msf()));
            index_0
                .into_iter()
                .chain([(told(track), 1, track.index_1.to_msf())])
        });
        let in_sheet = tracks.iter().filter(|p| p.index < 2);
        let in_sheet = in_sheet.map(|p| {
            let told = (p.control, p.track, p.form, p.scms);
            (told, p.index, Some(p.start))
        });
        let of_tracks = self.tracks.iter().flat_map(|track| {
            let code = track.isrc.into_iter().flatten();
            code.map(|character| (track.number, character))
        });
        // A number of 13 digits, and a 0 behind it.
        let number = self.catalogue.into_iter().flatten();
        let number: Vec<u8> = number.chain(self.catalogue.map(|_| 0)).collect();
        let holds = lead_in.track == 0
            && lead_in.subchannel == text
            && lead_out.track == super::LEAD_OUT
            && Some(lead_out.start) == self.lead_out.to_msf()
            && tracks
                .iter()
                .all(|p| p.subchannel == CueSubchannel::ByDrive)
            && begins.eq(in_sheet)
            && catalogue == number
            && of_tracks.eq(codes);
        match holds {
            true => Ok(()),
            false => Err(LayoutFault::CueSheet),
        }
    }
}

fn exact(described: u64, image: u64) -> Result<(), LayoutFault> {
    match described == image {
        true => Ok(()),
        false => Err(LayoutFault::Blocks { described, image }),
    }
}

/// Why a layout is none: whoever made it has to mend it. Nothing was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LayoutFault {
    /// None, or more than 99.
    #[error("{tracks} tracks; a CD has 1 to 99")]
    Tracks {
        /// How many.
        tracks: u32,
    },
    /// Track numbers that do not follow one another, or the disc's.
    #[error("track {track} does not follow the one before it by its number")]
    Number {
        /// Its number.
        track: u8,
    },
    /// Blocks that are not whole sectors, or flags that contradict them.
    #[error("the flags of track {track} and the form of its blocks contradict one another")]
    Form {
        /// Its number.
        track: u8,
    },
    /// Shorter than four seconds.
    #[error("track {track} has {blocks} blocks; the shortest has 300 (4 seconds)")]
    TooShort {
        /// Its number.
        track: u8,
        /// Its blocks.
        blocks: u64,
    },
    /// The places in the image and on the disc do not agree.
    #[error("track {track} does not stand in the image where it shall on the disc")]
    Place {
        /// Its number.
        track: u8,
    },
    /// The lead-out does not follow the last track.
    #[error("the lead-out does not begin where the last track ends")]
    LeadOut,
    /// Another number of blocks.
    #[error("the tracks have {described} blocks, the image has {image}")]
    Blocks {
        /// By the tracks.
        described: u64,
        /// Of the image.
        image: u64,
    },
    /// The cue sheet is not that of the tracks.
    #[error("the cue sheet does not describe the tracks")]
    CueSheet,
    /// A cue sheet that is longer than the drive takes.
    #[error(
        "the cue sheet has {bytes} bytes, the drive takes {most}: fewer indexes or codes make it shorter"
    )]
    SheetTooLong {
        /// Its length.
        bytes: u32,
        /// The most that the drive takes.
        most: u32,
    },
    /// CD-TEXT that is no packs, or too many.
    #[error("the CD-TEXT is not whole packs of 18 bytes, or more than 2048 of them")]
    Text,
}

#[cfg(test)]
mod tests {
    use super::*;
    use pitland_mmc::Msf;
    use pitland_mmc::param::CuePosition;

    /// A sheet of audio tracks: track, index and second of each position, and the second of the lead-out.
    fn sheet(positions: &[(u8, u8, u8)], lead_out: u8) -> Vec<CueSheetEntry> {
        let entry = |track, index, form, second| {
            CueSheetEntry::Position(CuePosition {
                track,
                index,
                form,
                start: Msf::new(0, second, 0),
                ..CuePosition::default()
            })
        };
        let tracks = positions.iter();
        let tracks =
            tracks.map(|(track, index, second)| entry(*track, *index, DataForm::Audio, *second));
        [entry(0, 0, DataForm::AudioByDrive, 0)]
            .into_iter()
            .chain(tracks)
            .chain([entry(0xAA, 1, DataForm::AudioByDrive, lead_out)])
            .collect()
    }

    /// Two audio tracks of four and five seconds from the start of a blank disc, the second with a pause in it.
    fn two_tracks(mode: CdMode) -> (CdLayout, u64) {
        let (mut layout, starts) = match mode {
            CdMode::TrackAtOnce => (CdLayout::new(mode, Lba(0)), [0, 300]),
            CdMode::SessionAtOnce => (CdLayout::new(mode, Lba(-150)), [150, 600]),
            CdMode::Raw(_) => (CdLayout::new(mode, Lba(-11_625)), [11_625, 12_075]),
        };
        layout.tracks = vec![
            CdTrack::audio(1, Lba(0), starts[0], 300),
            CdTrack::audio(2, Lba(450), starts[1], 375),
        ];
        layout.tracks[0].pregap = 150;
        layout.tracks[1].pregap = 150;
        if mode == CdMode::SessionAtOnce {
            layout.cue_sheet = sheet(&[(1, 0, 0), (1, 1, 2), (2, 0, 6), (2, 1, 8)], 13);
        }
        layout.lead_out = Lba(825);
        let lead_out = u64::from(matches!(mode, CdMode::Raw(_))) * 6750;
        (layout, starts[1] + 375 + lead_out)
    }

    #[test]
    fn a_layout_of_each_mode_holds() {
        for mode in [
            CdMode::SessionAtOnce,
            CdMode::TrackAtOnce,
            CdMode::Raw(CdSubchannel::Pq16),
        ] {
            let (layout, blocks) = two_tracks(mode);
            assert_eq!(layout.check(blocks), Ok(()), "{mode}");
        }
    }

    #[test]
    fn what_does_not_hold_is_named() {
        let (good, blocks) = two_tracks(CdMode::SessionAtOnce);
        let bad = |change: fn(&mut CdLayout)| {
            let mut layout = good.clone();
            change(&mut layout);
            layout.check(blocks).unwrap_err()
        };
        assert_eq!(bad(|l| l.tracks.clear()), LayoutFault::Tracks { tracks: 0 });
        assert_eq!(
            bad(|l| l.tracks[1].number = 3),
            LayoutFault::Number { track: 3 }
        );
        assert_eq!(
            bad(|l| l.tracks[0].control = 4),
            LayoutFault::Form { track: 1 }
        );
        assert_eq!(
            bad(|l| l.tracks[0].form = DataForm::Mode1),
            LayoutFault::Form { track: 1 }
        );
        assert_eq!(
            bad(|l| l.tracks[0].blocks = 299),
            LayoutFault::TooShort {
                track: 1,
                blocks: 299
            }
        );
        assert_eq!(
            bad(|l| l.tracks[1].image_block += 1),
            LayoutFault::Place { track: 2 }
        );
        assert_eq!(
            bad(|l| l.tracks[1].pregap = 151),
            LayoutFault::Place { track: 2 }
        );
        assert_eq!(bad(|l| l.lead_out = Lba(826)), LayoutFault::LeadOut);
        assert_eq!(bad(|l| l.text = vec![0; 17]), LayoutFault::Text);
        assert_eq!(bad(|l| l.text = vec![0; 18]), LayoutFault::CueSheet);
        assert_eq!(bad(|l| l.cue_sheet.clear()), LayoutFault::CueSheet);
        assert_eq!(bad(|l| l.cue_sheet.truncate(5)), LayoutFault::CueSheet);
        assert_eq!(
            bad(|l| l.catalogue = Some(*b"4006381333931")),
            LayoutFault::CueSheet
        );
        assert_eq!(
            bad(|l| l.tracks[1].isrc = Some(*b"DEA123456789")),
            LayoutFault::CueSheet
        );
        assert_eq!(bad(|l| l.tracks[0].control = 1), LayoutFault::CueSheet);
        assert_eq!(
            bad(|l| l.cue_sheet = sheet(&[(1, 0, 0), (1, 1, 2), (2, 0, 6), (2, 1, 7)], 13)),
            LayoutFault::CueSheet
        );
        assert_eq!(
            good.check(blocks + 1),
            Err(LayoutFault::Blocks {
                described: blocks,
                image: blocks + 1
            })
        );
        let (raw, blocks) = two_tracks(CdMode::Raw(CdSubchannel::Raw96));
        assert!(raw.check(blocks - 6751).is_err());
    }

    #[test]
    fn codes_and_texts_stand_in_the_sheet_too() {
        let (mut layout, blocks) = two_tracks(CdMode::SessionAtOnce);
        layout.text = vec![0; 36];
        layout.catalogue = Some(*b"4006381333931");
        layout.tracks[1].isrc = Some(*b"DEA123456789");
        let isrc = |characters: &[u8; 6]| CueSheetEntry::Isrc {
            control: 0,
            track: 2,
            characters: *characters,
        };
        let mcn = |characters: &[u8; 7]| CueSheetEntry::Mcn {
            control: 0,
            characters: *characters,
        };
        layout
            .cue_sheet
            .splice(3..3, [isrc(b"DEA123"), isrc(b"456789")]);
        layout
            .cue_sheet
            .splice(0..0, [mcn(b"4006381"), mcn(b"333931\0")]);
        assert_eq!(layout.check(blocks), Err(LayoutFault::CueSheet));
        if let Some(CueSheetEntry::Position(lead_in)) = layout.cue_sheet.get_mut(2) {
            lead_in.subchannel = CueSubchannel::Raw;
        }
        assert_eq!(layout.check(blocks), Ok(()));
    }

    #[test]
    fn the_block_follows_from_the_mode() {
        assert_eq!(CdMode::TrackAtOnce.block().bytes(), 2352);
        assert_eq!(CdMode::Raw(CdSubchannel::Raw96).block().bytes(), 2448);
        assert_eq!(CdMode::Raw(CdSubchannel::Packed96).block().bytes(), 2448);
        assert_eq!(CdMode::Raw(CdSubchannel::Pq16).block().bytes(), 2368);
    }
}

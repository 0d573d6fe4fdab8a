//! A CD beyond one data track, as whoever makes its image describes it to a writer.
//!
//! Owns the description and what must hold in it whatever the writer. Must not know how it is written, nor how
//! the image and the cue sheet are made.

use crate::plan::BlockForm;
use pitland_mmc::Lba;
use pitland_mmc::param::{CueSheetEntry, DataForm};
use std::fmt;

/// Bytes of a CD-TEXT pack.
pub const TEXT_PACK_BYTES: usize = 18;
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
    /// Blocks of its index 0; 0 where it has none.
    pub pregap: u32,
    /// The block of the image that its index 1 begins with.
    pub image_block: u64,
    /// Blocks from index 1 to its end.
    pub blocks: u64,
    /// The code of the recording, in ASCII.
    pub isrc: Option<[u8; 12]>,
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
        let mut disc_end = i64::from(self.first_lba.0);
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
                u64::try_from(into) == Ok(track.image_block) && index_0 >= disc_end
            }
        };
        match placed {
            true => Ok(()),
            false => Err(LayoutFault::Place { track: at }),
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
    /// CD-TEXT that is no packs, or too many.
    #[error("the CD-TEXT is not whole packs of 18 bytes, or more than 2048 of them")]
    Text,
}

#[cfg(test)]
mod tests {
    use super::*;

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
        layout.tracks[1].pregap = 150;
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
    fn the_block_follows_from_the_mode() {
        assert_eq!(CdMode::TrackAtOnce.block().bytes(), 2352);
        assert_eq!(CdMode::Raw(CdSubchannel::Raw96).block().bytes(), 2448);
        assert_eq!(CdMode::Raw(CdSubchannel::Packed96).block().bytes(), 2448);
        assert_eq!(CdMode::Raw(CdSubchannel::Pq16).block().bytes(), 2368);
    }
}

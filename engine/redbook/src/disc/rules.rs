//! What the Red Book allows, checked before anything is written.

use super::{PROGRAM_START, Track};
use crate::raw::LEAD_OUT_BLOCKS;
use pitland_mmc::{Lba, Msf};

/// Frames of the shortest track: four seconds.
const SHORTEST: u32 = 4 * Msf::FRAMES_PER_SECOND;
/// Frames between one index and the next: ten, as Windows' raw image creator has it.
const INDEX_DISTANCE: u32 = 10;
/// Index numbers go up to 99, and 1 is the track's own.
const MOST_INDEXES: usize = 98;
/// Behind the last block that minutes, seconds and frames of a program can tell, 89:59:74.
const LAST_ADDRESS: i64 = 404_850;
/// The last block that a lead-out can begin with, whose minute and a half ends with the last address.
const LAST_LEAD_OUT: i64 = LAST_ADDRESS - LEAD_OUT_BLOCKS as i64;
/// The last block that can lie before the first track's index 1, for the track to have its four seconds.
const LAST_HIDDEN: i64 = LAST_LEAD_OUT - SHORTEST as i64 - 1;

/// What a disc and the caller allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Where the lead-out may begin at most, as the disc says; `None`: not known.
    pub last_lead_out: Option<Lba>,
    /// Whether the disc may be filled beyond what it says.
    pub overburn: bool,
}

impl Limits {
    /// No disc is known: what addresses can tell.
    pub const ADDRESSES: Self = Self {
        last_lead_out: None,
        overburn: false,
    };
}

/// Why tracks make no session. Nothing was written; each is the caller's to mend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LayoutError {
    /// No track.
    #[error("there is no track")]
    NoTrack,
    /// More than 99 tracks.
    #[error("{0} tracks; a disc has at most 99")]
    TooManyTracks(usize),
    /// A track of less than four seconds.
    #[error(
        "track {track} has {frames} frames; the shortest has {SHORTEST} (4 seconds): pad it, or join it with another"
    )]
    TooShort {
        /// Which one.
        track: u8,
        /// Its frames.
        frames: u32,
    },
    /// An index that does not follow the one before by ten frames, or lies behind the track's end.
    #[error(
        "index {index} of track {track} begins {start} frames after index 1: not between the index before and the track's end, ten frames from each"
    )]
    Index {
        /// Which track.
        track: u8,
        /// Which index.
        index: u8,
        /// Where it begins.
        start: u32,
    },
    /// More than 99 indexes.
    #[error("track {track} has {count} indexes; it can have 99")]
    TooManyIndexes {
        /// Which track.
        track: u8,
        /// How many, with index 1.
        count: usize,
    },
    /// A pause of less than two seconds between data and audio, where drives cannot turn from one to the other.
    #[error(
        "track {track} follows a track of another kind; it needs a pause of 150 frames (2 seconds) and has {pause}"
    )]
    Turn {
        /// Which track.
        track: u8,
        /// Its pause.
        pause: u32,
    },
    /// An ISRC, pre-emphasis or a serial copy of a data track.
    #[error("track {track} is data; ISRC, pre-emphasis, four channels and SCMS belong to audio")]
    AudioOnly {
        /// Which track.
        track: u8,
    },
    /// Sound hidden before the first track that leaves no room for the track.
    #[error(
        "the sound before track 1 ends with block {end}; the last that leaves room for the track is {limit}"
    )]
    Hidden {
        /// The last block before index 1.
        end: i64,
        /// The last that it can be.
        limit: i64,
    },
    /// Numbers that are none, or end before the tracks do.
    #[error("{tracks} tracks cannot be numbered from {first} on; the numbers are 1 to 99")]
    FirstNumber {
        /// The number of the first one.
        first: u8,
        /// How many there are.
        tracks: usize,
    },
    /// Data on a disc whose first track is not number 1.
    #[error(
        "track {track} is data; only tracks of sound are numbered from another number than 1 on"
    )]
    NumberedData {
        /// Which one, by its new number.
        track: u8,
    },
    /// It does not fit on the disc.
    #[error("the session ends at block {end}; the disc has room up to {limit}")]
    TooLong {
        /// Where the lead-out would begin.
        end: i64,
        /// Where it may begin.
        limit: i64,
    },
}

pub(super) fn check(tracks: &[Track], limits: &Limits) -> Result<(), LayoutError> {
    check_count(tracks)?;
    let mut before: Option<&Track> = None;
    for (track, number) in tracks.iter().zip(1u8..) {
        check_track(track, number)?;
        let turns = before.is_some_and(|before| before.is_data() != track.is_data());
        if turns && track.pregap() < 150 {
            return Err(LayoutError::Turn {
                track: number,
                pause: track.pregap(),
            });
        }
        before = Some(track);
    }
    // What lies before the first index 1 begins at block 0, behind the disc's own two seconds.
    let hidden = tracks.first().map_or(0, |first| i64::from(first.pregap()));
    if hidden - 1 > LAST_HIDDEN {
        return Err(LayoutError::Hidden {
            end: hidden - 1,
            limit: LAST_HIDDEN,
        });
    }
    check_size(tracks, limits)
}

fn check_count(tracks: &[Track]) -> Result<(), LayoutError> {
    match tracks.len() {
        0 => Err(LayoutError::NoTrack),
        1..=99 => Ok(()),
        many => Err(LayoutError::TooManyTracks(many)),
    }
}

/// Whether there are so many tracks, and so many blocks.
fn check_size(tracks: &[Track], limits: &Limits) -> Result<(), LayoutError> {
    let of_disc = limits.last_lead_out.filter(|_| !limits.overburn);
    let limit = of_disc.map_or(LAST_LEAD_OUT, |last| i64::from(last.0).min(LAST_LEAD_OUT));
    check_end(tracks, PROGRAM_START, limit)
}

/// Whether tracks that were read have addresses: there are discs whose lead-out is cut short for them.
pub(super) fn check_addresses(tracks: &[Track], start: i32) -> Result<(), LayoutError> {
    check_end(tracks, start, LAST_ADDRESS)
}

/// `start`: where the session's own pause of 150 frames begins.
fn check_end(tracks: &[Track], start: i32, limit: i64) -> Result<(), LayoutError> {
    check_count(tracks)?;
    let frames = tracks
        .iter()
        .map(|track| i64::from(track.pause) + i64::from(track.lead) + i64::from(track.frames));
    let end = i64::from(start) + 150 + frames.sum::<i64>();
    match end > limit {
        true => Err(LayoutError::TooLong { end, limit }),
        false => Ok(()),
    }
}

/// Whether the tracks can be numbered from `first` on.
pub(super) fn check_numbers(tracks: &[Track], first: u8) -> Result<(), LayoutError> {
    check_count_from(tracks, first)?;
    let mut numbered = tracks.iter().zip(first..);
    match numbered.find(|(track, _)| first != 1 && track.is_data()) {
        Some((_, track)) => Err(LayoutError::NumberedData { track }),
        None => Ok(()),
    }
}

/// Whether there are numbers for all of them from `first` on.
pub(super) fn check_count_from(tracks: &[Track], first: u8) -> Result<(), LayoutError> {
    match first == 0 || usize::from(first) + tracks.len() > 100 {
        true => Err(LayoutError::FirstNumber {
            first,
            tracks: tracks.len(),
        }),
        false => Ok(()),
    }
}

fn check_track(track: &Track, number: u8) -> Result<(), LayoutError> {
    if track.frames < SHORTEST {
        return Err(LayoutError::TooShort {
            track: number,
            frames: track.frames,
        });
    }
    let control = track.control;
    let of_audio =
        track.isrc.is_some() || control.pre_emphasis || control.four_channels || track.serial_copy;
    if track.is_data() && of_audio {
        return Err(LayoutError::AudioOnly { track: number });
    }
    if track.indexes.len() > MOST_INDEXES {
        return Err(LayoutError::TooManyIndexes {
            track: number,
            count: track.indexes.len() + 1,
        });
    }
    let mut before = 0u32;
    for (start, index) in track.indexes.iter().zip(2u8..) {
        let fits = *start >= before.saturating_add(INDEX_DISTANCE)
            && start.saturating_add(INDEX_DISTANCE) <= track.frames;
        if !fits {
            return Err(LayoutError::Index {
                track: number,
                index,
                start: *start,
            });
        }
        before = *start;
    }
    Ok(())
}

//! What the Red Book allows, checked before anything is written.

use super::{PROGRAM_START, Track};
use pitland_mmc::{Lba, Msf};

/// Frames of the shortest track: four seconds.
const SHORTEST: u32 = 4 * Msf::FRAMES_PER_SECOND;
/// Frames between one index and the next: ten, as Windows' raw image creator has it.
const INDEX_DISTANCE: u32 = 10;
/// Index numbers go up to 99, and 1 is the track's own.
const MOST_INDEXES: usize = 98;
/// Behind the last block that minutes, seconds and frames of a program can tell.
const LAST_ADDRESS: i64 = 404_850;

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
    /// An ISRC or pre-emphasis of a data track.
    #[error("track {track} is data; ISRC, pre-emphasis and four channels belong to audio")]
    AudioOnly {
        /// Which track.
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
pub(super) fn check_size(tracks: &[Track], limits: &Limits) -> Result<(), LayoutError> {
    check_count(tracks)?;
    let frames = tracks
        .iter()
        .map(|track| i64::from(track.pause) + i64::from(track.lead) + i64::from(track.frames));
    let end = i64::from(PROGRAM_START) + 150 + frames.sum::<i64>();
    let of_disc = limits.last_lead_out.filter(|_| !limits.overburn);
    let limit = of_disc.map_or(LAST_ADDRESS, |last| i64::from(last.0).min(LAST_ADDRESS));
    match end > limit {
        true => Err(LayoutError::TooLong { end, limit }),
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
    let of_audio = track.isrc.is_some() || control.pre_emphasis || control.four_channels;
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

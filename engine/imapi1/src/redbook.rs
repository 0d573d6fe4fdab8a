//! Audio discs: what `IRedbookDiscMaster` stages. Owns the tracks and how they fill the disc; what is recorded of them is the
//! engine's.

use crate::condition::Condition;
use crate::error::Imapi1Error;
use crate::recorder::Settings;
use crate::stash::Stored;
use pitland::MediaFacts;
use pitland::cd::{CdImage, CdMode, CdTextFrom, CdTrack, Gap};
use std::path::Path;

/// Bytes of a block of an audio disc.
pub(crate) const AUDIO_BLOCK_BYTES: u32 = 2352;
/// The most tracks of a disc.
pub(crate) const MOST_TRACKS: usize = 99;
/// Blocks of the shortest track: four seconds.
const SHORTEST: u64 = 300;
/// Blocks that a drive adds behind each track.
const RUN_OUT: u64 = 2;
/// The gap that drives make between tracks by themselves, in blocks.
const USUAL_GAP: u32 = 150;

/// The tracks that are staged.
#[derive(Debug, Default)]
pub(crate) struct RedbookStage {
    tracks: Vec<Stored>,
    open: Option<Stored>,
}

fn blocks(track: &Stored) -> u64 {
    track.length / u64::from(AUDIO_BLOCK_BYTES)
}

/// What a track costs beside its own blocks.
fn overhead(settings: &Settings) -> u64 {
    u64::from(settings.audio_gap) + RUN_OUT
}

impl RedbookStage {
    pub(crate) fn is_empty(&self) -> bool {
        self.tracks.is_empty()
    }

    pub(crate) fn open_track(&self) -> Option<Stored> {
        self.open
    }

    pub(crate) fn count(&self) -> usize {
        self.tracks.len() + usize::from(self.open.is_some())
    }

    /// Blocks of all tracks, and of the gaps before them.
    pub(crate) fn used_blocks(&self, settings: &Settings) -> u64 {
        let all = self.tracks.iter().chain(&self.open);
        all.map(|track| blocks(track) + overhead(settings)).sum()
    }

    /// Blocks that the open track, or one that is opened now, can still have on a disc of so many.
    pub(crate) fn available_blocks(&self, total: u64, settings: &Settings) -> u64 {
        let next = match self.open {
            Some(_) => 0,
            None => overhead(settings),
        };
        total
            .saturating_sub(self.used_blocks(settings))
            .saturating_sub(next)
    }

    /// Opens a track whose bytes will begin at `first`.
    pub(crate) fn create(&mut self, first: u64) -> Result<(), Imapi1Error> {
        if self.open.is_some() {
            return Err(Condition::TrackOpen.into());
        }
        if self.tracks.len() >= MOST_TRACKS {
            return Err(Condition::DiscFull.into());
        }
        self.open = Some(Stored { first, length: 0 });
        Ok(())
    }

    /// So many bytes more of the open track are in the stash.
    pub(crate) fn grow(&mut self, bytes: u64) {
        if let Some(open) = &mut self.open {
            open.length += bytes;
        }
    }

    pub(crate) fn close(&mut self) -> Result<(), Imapi1Error> {
        let open = self.open.ok_or(Condition::TrackNotOpen)?;
        if blocks(&open) < SHORTEST {
            return Err(Condition::TrackNotBigEnough.into());
        }
        self.tracks.push(open);
        self.open = None;
        Ok(())
    }

    /// The CD, of these bytes of the stash, and how it is written: track by track where the drive's own gap is what is
    /// wanted, else by a cue sheet, where gaps have any length. Opens the stash: for a thread that may wait.
    pub(crate) fn image(
        tracks: &[Stored],
        stash: &Path,
        settings: &Settings,
    ) -> Result<(CdImage, CdMode), Imapi1Error> {
        let mut builder = CdImage::builder();
        builder.text_from = CdTextFrom::None;
        builder.gap = Gap::Silence(settings.audio_gap);
        for track in tracks {
            let end = track.first + track.length;
            builder.add(CdTrack::pcm_part(stash, track.first..end));
        }
        let mode = match settings.audio_gap {
            USUAL_GAP => CdMode::TrackAtOnce,
            _ => CdMode::SessionAtOnce,
        };
        Ok((builder.finish()?, mode))
    }

    pub(crate) fn tracks(&self) -> &[Stored] {
        &self.tracks
    }
}

/// The block of the image behind each track.
pub(crate) fn track_ends(image: &CdImage, mode: CdMode) -> Vec<u64> {
    let mut before = 0;
    let ends = image.session().tracks().map(|(_, placed)| match mode {
        CdMode::TrackAtOnce => {
            before += u64::from(placed.end.0.abs_diff(placed.index_1.0));
            before
        }
        _ => u64::from(placed.end.0.abs_diff(image.sectors().first_lba().0)),
    });
    ends.collect()
}

/// Blocks of a blank disc that tracks and their gaps may fill.
pub(crate) fn total_blocks(facts: &MediaFacts) -> u64 {
    let free = facts.free_blocks().unwrap_or(0);
    let lead_out = facts.last_possible_lead_out();
    let lead_out = lead_out.and_then(|lba| u64::try_from(lba.0).ok());
    lead_out.map_or(free, |lead_out| lead_out.min(free))
}

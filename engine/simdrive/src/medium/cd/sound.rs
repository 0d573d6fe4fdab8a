//! What lies at an address of a CD for whom reads whole sectors: tracks, and the silence that a
//! drive leaves around tracks of audio (recipe 5).
//!
//! Owns which address reads, and as what. The bytes are the store's.

use super::{CdDisc, PREGAP, Track};
use crate::refusal::Refusal;

/// What a sector is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place<'a> {
    /// Of a track, as it was written.
    Recorded(&'a Track),
    /// Made by the drive: the pause before a track at once of audio, and its run-out.
    Silence(&'a Track),
}

impl<'a> Place<'a> {
    pub(crate) fn track(self) -> &'a Track {
        match self {
            Self::Recorded(track) | Self::Silence(track) => track,
        }
    }
}

impl CdDisc {
    /// What a reader of whole sectors finds at an address, or why nothing (recipe 13.2). What
    /// reads as data reads here as well.
    pub(crate) fn place(&self, lba: u32) -> Result<Place<'_>, Refusal> {
        match self.check_read(lba, 1) {
            Ok(()) => {}
            // The one reason that concerns data only.
            Err(refusal) if refusal.is(&Refusal::ILLEGAL_MODE) => {}
            Err(refusal) if refusal.is(&Refusal::READ_ERROR) && self.pause_at(lba).is_some() => {}
            Err(refusal) => return Err(refusal),
        }
        let holds = |t: &&Track| (t.first..t.end).contains(&lba);
        if let Some(track) = self.tracks.iter().find(holds) {
            return Ok(Place::Recorded(track));
        }
        let run_out = |t: &&Track| t.is_audio() && (t.end..t.close_end()).contains(&lba);
        let silent = self.tracks.iter().find(run_out);
        match silent.or(self.pause_at(lba)) {
            Some(track) => Ok(Place::Silence(track)),
            None => Err(Refusal::ILLEGAL_MODE.at(lba)),
        }
    }

    /// The track at once of audio in whose pause a block lies.
    fn pause_at(&self, lba: u32) -> Option<&Track> {
        let pause = |t: &&Track| {
            let from = t.start.saturating_sub(PREGAP);
            t.is_audio() && t.run_out && !t.lost && (from..t.start).contains(&lba)
        };
        self.tracks.iter().find(pause)
    }
}

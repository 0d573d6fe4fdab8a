//! The states that media of sequential recording share, as drives describe them.
//!
//! Owns what is answered in each. Must not know which medium it is.

use super::FactsBuilder;
use pitland_mmc::reply::{DiscStatus, SessionState, TrackInformation};
use pitland_mmc::{SectorCount, SessionNumber, TrackNumber};

/// Sessions of one track each, all alike.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sessions {
    /// How many are closed.
    pub(super) closed: u16,
    /// Blocks of each.
    pub(super) blocks: u32,
    /// Blocks from the start of one to that of the next.
    pub(super) pitch: u32,
    /// Blocks of the medium.
    pub(super) capacity: u32,
}

impl FactsBuilder {
    /// Nothing is on it.
    pub(super) fn blank(self, blocks: u32) -> Self {
        self.disc(DiscStatus::Blank, SessionState::Empty, 1, (1, 1))
            .writable_track(1, 1, 0, 0, blocks)
            .last_block(0)
    }

    /// Its first session was begun, and written up to `nwa`.
    pub(super) fn open(self, nwa: u32, blocks: u32) -> Self {
        self.disc(DiscStatus::Appendable, SessionState::Incomplete, 1, (1, 1))
            .writable_track(1, 1, 0, nwa.cast_signed(), blocks - nwa)
            .last_block(0)
    }

    /// Its first track is damaged and has no next writable address.
    pub(super) fn damaged(self, blocks: Option<u32>) -> Self {
        self.disc(DiscStatus::Appendable, SessionState::Incomplete, 1, (1, 1))
            .track(TrackInformation {
                track: TrackNumber(1),
                session: SessionNumber(1),
                damage: true,
                size: blocks.map(SectorCount),
                ..TrackInformation::default()
            })
            .last_block(0)
    }

    /// Its sessions are closed, and another one can follow.
    pub(super) fn appendable(self, sessions: Sessions) -> Self {
        let start = |n: u16| (u32::from(n) * sessions.pitch).cast_signed();
        let next = sessions.closed + 1;
        let nwa = start(sessions.closed);
        let last = nwa - (sessions.pitch - sessions.blocks).cast_signed() - 1;
        (0..sessions.closed)
            .fold(self, |disc, n| {
                disc.closed_track(n + 1, n + 1, start(n), sessions.blocks)
            })
            .disc(
                DiscStatus::Appendable,
                SessionState::Empty,
                next,
                (next, next),
            )
            .writable_track(
                next,
                next,
                nwa,
                nwa,
                sessions.capacity.saturating_sub(nwa.unsigned_abs()),
            )
            .last_block(last)
    }

    /// It is finalized, with one track.
    pub(super) fn complete(self, blocks: u32) -> Self {
        self.disc(DiscStatus::Complete, SessionState::Complete, 1, (1, 1))
            .closed_track(1, 1, 0, blocks)
            .last_block(blocks.cast_signed() - 1)
    }
}

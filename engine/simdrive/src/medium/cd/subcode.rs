//! P and Q as a recorder makes them for what it writes by itself: the position, and among it the
//! catalogue number and the recording codes (recipe 5).
//!
//! Owns what they say at each block. What a host wrote raw is not made here.

use pitland_mmc::Msf;
use pitland_redbook::subchannel::{Channels, Control, Q, QMessage, SubchannelTrack};

use super::{CdDisc, PREGAP, Track, msf};

/// Sectors among which the catalogue number and a track's code stand once each.
const CODE_EVERY: u32 = 98;
/// Where among these they stand.
const CATALOGUE_AT: u32 = 32;
const RECORDING_AT: u32 = 64;
/// Blocks before a track and before the lead-out in which P is set: two seconds.
const P_BLOCKS: u32 = 150;

impl CdDisc {
    /// The channels of a block of a track, of its pause or of its run-out; R to W are empty.
    pub(crate) fn channels(&self, track: &Track, lba: u32) -> Channels {
        let number = self.number_of(track);
        let index = track.index_at(lba);
        let relative = match index {
            // What is left of the pause: 0 in its last block.
            0 => track.start - 1 - lba,
            _ => lba - track.start,
        };
        let position = QMessage::Position {
            track: SubchannelTrack::Number(number),
            index,
            relative: Msf::from_frames(relative).unwrap_or_default(),
            absolute: address(lba),
        };
        let mut control = Control::from_bits(track.control);
        let message = self.code_at(track, lba).unwrap_or(position);
        if track.serial_copy && matches!(message, QMessage::Position { .. }) {
            // In mode 1 alone: off for four blocks, on for four (MMC, the Copy bit of page 05h).
            control.copy_permitted = (lba + PREGAP) / 4 % 2 == 1;
        }
        let q = Q { control, message };
        Channels::new(self.p_at(track, lba), q.to_bytes())
    }

    /// P: set in a pause, and for two seconds before what begins without one, through the first block
    /// of it (recipe 5). Who writes track by track does not know two seconds before that a track
    /// ends, nor what comes behind it.
    fn p_at(&self, track: &Track, lba: u32) -> bool {
        // Of its pause, or its first block.
        if lba <= track.start {
            return true;
        }
        if track.run_out || !track.ended {
            return false;
        }
        let next = self
            .tracks
            .iter()
            .filter(|other| other.session == track.session && other.start > track.start)
            .map(|other| other.start)
            .min();
        let lead_out = || {
            let session = usize::from(track.session).checked_sub(1)?;
            self.sessions.get(session).map(|session| session.lead_out)
        };
        next.or_else(lead_out)
            .is_some_and(|begins| (begins.saturating_sub(P_BLOCKS)..begins).contains(&lba))
    }

    /// The code that stands in the position's place, never where an index begins.
    fn code_at(&self, track: &Track, lba: u32) -> Option<QMessage> {
        let before = lba.checked_sub(1)?;
        if track.index_at(before) != track.index_at(lba) || lba == track.first {
            return None;
        }
        let frame = address(lba).f;
        let session = self
            .sessions
            .get(usize::from(track.session).checked_sub(1)?);
        match lba % CODE_EVERY {
            CATALOGUE_AT => session
                .and_then(|s| s.mcn)
                .map(|number| QMessage::Catalogue { number, frame }),
            RECORDING_AT => track.isrc.map(|code| QMessage::Recording { code, frame }),
            _ => None,
        }
    }
}

fn address(lba: u32) -> Msf {
    let [m, s, f] = msf(lba as i32);
    Msf::new(m, s, f)
}

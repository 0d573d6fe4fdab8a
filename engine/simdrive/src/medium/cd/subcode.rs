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
        Channels::new(index == 0, q.to_bytes())
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

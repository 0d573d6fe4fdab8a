//! What BLANK leaves of a CD-RW (recipe 5).
//!
//! Owns which kinds apply to the disc as it is, and the record after them.

use super::{CdDisc, Texts, Writing};
use crate::refusal::Refusal;

/// What is to be blanked; the field of the CDB, with its address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Blanking {
    /// Type 0: every block.
    All,
    /// Type 1: what tells of the recording.
    Minimal,
    /// Type 2: the last track of a session that is not closed.
    Track,
    /// Type 4: that track from this block on.
    Tail(u32),
    /// Type 5: lead-in and lead-out of the last session.
    Unclose,
    /// Type 6: the last session that has anything in it.
    LastSession,
}

impl CdDisc {
    /// Whether the disc can be blanked in this way, and how: type and address as the CDB has them.
    ///
    /// A track is blanked only where it is the last one of a session that is not closed, as the
    /// next track must follow it. No track of this drive is ever reserved, so that there is none
    /// to be unreserved (type 3).
    pub(crate) fn check_blank(&self, kind: u8, address: u32) -> Result<Blanking, Refusal> {
        if !self.is_rewritable() {
            return Err(Refusal::CANNOT_FORMAT_MEDIUM);
        }
        if self.in_flight() {
            return Err(Refusal::SEQUENCE);
        }
        let last_open = self.open_tracks().last();
        match kind {
            0 => Ok(Blanking::All),
            1 => Ok(Blanking::Minimal),
            2..=6 if self.half_blanked => Err(Refusal::SEQUENCE),
            2 => match u8::try_from(address) {
                Ok(number) if number + 1 == self.number_behind() && last_open.is_some() => {
                    Ok(Blanking::Track)
                }
                Ok(number) if self.track(number).is_some() => Err(Refusal::SEQUENCE),
                _ => Err(Refusal::ILLEGAL_FIELD),
            },
            4 => match last_open {
                Some(track) if (track.start..track.end).contains(&address) => {
                    Ok(Blanking::Tail(address))
                }
                Some(_) => Err(Refusal::LBA_OUT_OF_RANGE.at(address)),
                None => Err(Refusal::SEQUENCE),
            },
            5 if last_open.is_none() && !self.sessions.is_empty() => Ok(Blanking::Unclose),
            6 if !self.tracks.is_empty() => Ok(Blanking::LastSession),
            5 | 6 => Err(Refusal::SEQUENCE),
            _ => Err(Refusal::ILLEGAL_FIELD),
        }
    }

    /// Blocks that are passed over; the lead-in and what tells of the recording come on top.
    pub(crate) fn blanked_blocks(&self, blanking: Blanking) -> u32 {
        let from = |start: u32| self.written_end().saturating_sub(start);
        match blanking {
            Blanking::All => self.capacity(),
            Blanking::Minimal | Blanking::Unclose => 0,
            Blanking::Track => self.tracks.last().map_or(0, |t| from(t.start)),
            Blanking::Tail(lba) => from(lba),
            Blanking::LastSession => {
                let last = self.tracks.last().map_or(0, |t| t.session);
                from(self.tracks_of(last).next().map_or(0, |(_, t)| t.first))
            }
        }
    }

    /// A blanking begins: what tells of the whole recording goes first.
    pub(crate) fn begin_blank(&mut self, blanking: Blanking) {
        if matches!(blanking, Blanking::All | Blanking::Minimal) {
            *self = Self {
                half_blanked: true,
                ..Self::blank(self.kind, self.capacity)
            };
        }
    }

    /// It has come to its end.
    pub(crate) fn blank_by(&mut self, blanking: Blanking) {
        self.writing = Writing::Nothing;
        match blanking {
            Blanking::All | Blanking::Minimal => self.half_blanked = false,
            Blanking::Track => {
                self.tracks.pop();
            }
            Blanking::Tail(lba) => {
                self.tracks.pop_if(|t| t.start >= lba);
                if let Some(track) = self.tracks.last_mut().filter(|t| t.end > lba) {
                    track.end = lba;
                    // It ends there, with a run-out of its own.
                    (track.ended, track.run_out) = (true, true);
                }
            }
            Blanking::Unclose => {
                self.sessions.pop();
            }
            Blanking::LastSession => {
                let last = self.tracks.last().map_or(0, |t| t.session);
                self.tracks.retain(|t| t.session < last);
                self.sessions.truncate(usize::from(last).saturating_sub(1));
            }
        }
        self.complete = false;
        self.unreadable = false;
        if self.tracks.is_empty() {
            self.first_number = 1;
        }
        if self.sessions.is_empty() {
            // They stood in the first lead-in.
            self.texts = Texts::default();
        }
    }
}

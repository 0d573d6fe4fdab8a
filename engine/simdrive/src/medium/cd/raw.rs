//! Writing a CD raw: the host makes the whole session, lead-in, program and lead-out, with every
//! sub-channel (recipe 5).
//!
//! Owns where such a session begins and how far it may go, and what becomes of it. What it says
//! is read in `heard`.

use super::{CdDisc, LEAD_IN, MOST_OVERBURN, Next, PREGAP, Parameters, Session, Track, Writing};
use crate::refusal::Refusal;

/// Blocks of a lead-in behind a session that is there already.
const NEXT_LEAD_IN: i32 = 4500;
/// Blocks behind the last possible lead-out's beginning that can be written: the lead-out itself,
/// a minute and a half, and what hosts round it to.
const LEAD_OUT_ROOM: i32 = 6750 + 150;

impl CdDisc {
    /// Where a session that is written raw must begin: with its lead-in.
    pub(super) fn raw_start(&self) -> Option<i32> {
        let start = self.next_start()? as i32;
        match self.is_blank() {
            true => Some(LEAD_IN),
            // Behind tracks that are not closed there is no lead-in.
            false if self.open_tracks().next().is_some() => None,
            false => Some(start - PREGAP as i32 - NEXT_LEAD_IN),
        }
    }

    pub(super) fn check_raw(&self, lba: u32, blocks: u32, page: Parameters) -> Result<(), Refusal> {
        page.wire.ok_or(Refusal::ILLEGAL_MODE)?;
        let next = match &self.writing {
            Writing::Raw { next, .. } => *next,
            Writing::Nothing | Writing::Announced(_) => {
                self.raw_start().ok_or(Refusal::ILLEGAL_MODE)?
            }
            Writing::Track { .. } | Writing::Session { .. } => return Err(Refusal::SEQUENCE),
        };
        if i64::from(lba as i32) != i64::from(next) {
            return Err(Refusal::INVALID_WRITE_ADDRESS.at(lba));
        }
        let end = i64::from(next) + i64::from(blocks);
        let limit = i64::from(self.capacity() + page.overburn) + i64::from(LEAD_OUT_ROOM);
        match end <= limit {
            true => Ok(()),
            false => Err(Refusal::END_OF_USER_AREA.at(lba)),
        }
    }

    /// Blocks that can be written from an address on, which may be below 0.
    pub(super) fn raw_free(&self, from: i32) -> u32 {
        let end = self.capacity() as i32 + LEAD_OUT_ROOM;
        u32::try_from(end - from).unwrap_or(0)
    }

    /// Whole sectors reached the disc: what they say is heard.
    pub(crate) fn hear(&mut self, first: i32, sectors: &[u8]) {
        let raw_program = self.session_start() as i32 - PREGAP as i32;
        match &mut self.writing {
            Writing::Raw { heard, .. } => heard.hear(first, raw_program, sectors),
            Writing::Session { sheet, texts, .. } if first < sheet.program() => {
                texts.hear(sectors);
            }
            _ => {}
        }
    }

    /// All of it is on the disc. What has no table of contents does not read, and stays so.
    pub(super) fn end_raw(&mut self, heard: &super::Heard, recorded: i32) {
        let from = self.tracks.last().map_or(0, Track::close_end);
        // A disc's first track has the number that its lead-in says.
        let number = (!self.tracks.is_empty()).then(|| self.number_behind());
        let session = self.sessions.len() as u8 + 1;
        // How far the drive goes was judged when the blocks came.
        let limit = self.capacity() + MOST_OVERBURN;
        match heard.session(session, number, from, recorded, limit) {
            Some(made) => {
                if session == 1 {
                    self.texts = heard.texts.clone();
                }
                if self.tracks.is_empty() {
                    self.first_number = made.first_number;
                }
                self.tracks.extend(made.tracks);
                self.sessions.push(Session {
                    lead_out: made.lead_out,
                    next: made.next,
                    format: made.format,
                    mcn: heard.mcn,
                });
            }
            None => {
                self.unreadable = true;
                let end = (recorded.max(0) as u32).clamp(from, self.capacity());
                self.tracks.push(Track {
                    end,
                    ended: true,
                    lost: true,
                    ..Track::at(session, from, 0, super::Form::Audio)
                });
                self.sessions.push(Session {
                    lead_out: end,
                    next: Next::None,
                    format: 0,
                    mcn: None,
                });
            }
        }
        let follows = self.sessions.last().map(|s| s.next);
        self.complete = !matches!(follows, Some(Next::At(_))) || self.next_start().is_none();
    }

    /// It was cut off: what is there of it is lost.
    pub(super) fn lose_raw(&mut self, recorded: i32) {
        let from = self.tracks.last().map_or(0, Track::close_end);
        let session = self.sessions.len() as u8 + 1;
        self.tracks.push(Track {
            end: (recorded.max(0) as u32).clamp(from, self.capacity()),
            lost: true,
            ..Track::at(session, from, 0, super::Form::Audio)
        });
    }
}

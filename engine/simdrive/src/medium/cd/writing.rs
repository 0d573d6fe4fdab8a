//! How a CD is written: track at once, session at once, and what ends them (recipe 5).
//!
//! Owns the next writable address, the gaps that the drive makes by itself, and what becomes
//! of a recording that is cut off: on CD it is lost, and can only be closed (recipe 8).

use super::{
    CdDisc, CueSheet, Form, LEAST_TRACK, MOST_TRACKS, Next, PREGAP, RUN_OUT, Session, Track,
    Writing,
};
use crate::refusal::Refusal;

/// Write types of page 05h.
const TRACK_AT_ONCE: u8 = 1;
const SESSION_AT_ONCE: u8 = 2;

/// What page 05h says of a WRITE, or of a session that is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Parameters {
    /// 1 track at once, 2 session at once.
    pub(crate) write_type: u8,
    /// Control bits of the track.
    pub(crate) control: u8,
    /// `None` for what this drive keeps no blocks of.
    pub(crate) form: Option<Form>,
    /// 0 and 1: no session may follow; 3: one may.
    pub(crate) multi_session: u8,
    pub(crate) session_format: u8,
}

impl CdDisc {
    /// Where the next block must go, and how many are free from there on, a pregap not counted,
    /// for a page 05h with this write type; `None` where nothing can be written.
    pub(crate) fn writable(&self, write_type: u8) -> Option<(i32, u32)> {
        let free = |from: u32| self.capacity().saturating_sub(RUN_OUT + from);
        match &self.writing {
            Writing::Track { nwa } => Some((*nwa as i32, free(*nwa))),
            Writing::Session { sheet, next, .. } => {
                let from = (*next).max(self.session_start() as i32);
                Some((*next, (sheet.lead_out as i32 - from).max(0) as u32))
            }
            Writing::Nothing | Writing::Announced(_) => {
                let start = self.next_start()?;
                // The pregap of a blank disc is the host's business in a session at once.
                let nwa = match write_type {
                    SESSION_AT_ONCE if start == 0 => -(PREGAP as i32),
                    _ => start as i32,
                };
                Some((nwa, free(start)))
            }
        }
    }

    /// Whether the blocks may be written now (recipe 13.2).
    pub(crate) fn check_write(
        &self,
        lba: u32,
        blocks: u32,
        page: Parameters,
    ) -> Result<(), Refusal> {
        if self.is_complete() {
            return Err(Refusal::CANNOT_WRITE_MEDIUM);
        }
        if self.is_half_blanked() {
            return Err(Refusal::ERASE_FAILED);
        }
        if let Some(lost) = self.tracks.last().filter(|t| t.lost && !t.ended) {
            return Err(Refusal::LOSS_OF_STREAMING.at(lost.end));
        }
        match page.write_type {
            TRACK_AT_ONCE => self.check_track_at_once(lba, blocks, page),
            SESSION_AT_ONCE => self.check_session_at_once(lba, blocks),
            _ => Err(Refusal::ILLEGAL_MODE),
        }
    }

    fn check_track_at_once(&self, lba: u32, blocks: u32, page: Parameters) -> Result<(), Refusal> {
        let form = page.form.ok_or(Refusal::ILLEGAL_MODE)?;
        let (nwa, free) = match &self.writing {
            Writing::Track { nwa } => {
                let open = self.tracks.last();
                if open.is_some_and(|t| t.form != form || t.control != page.control) {
                    return Err(Refusal::ILLEGAL_MODE);
                }
                (*nwa, self.capacity().saturating_sub(RUN_OUT + *nwa))
            }
            Writing::Session { .. } => return Err(Refusal::SEQUENCE),
            Writing::Nothing | Writing::Announced(_) => {
                if self.tracks.len() >= MOST_TRACKS {
                    return Err(Refusal::NO_MORE_TRACKS);
                }
                let start = self.next_start().ok_or(Refusal::END_OF_USER_AREA.at(lba))?;
                (start, self.capacity().saturating_sub(RUN_OUT + start))
            }
        };
        if lba != nwa {
            return Err(Refusal::INVALID_WRITE_ADDRESS.at(lba));
        }
        match blocks <= free {
            true => Ok(()),
            false => Err(Refusal::END_OF_USER_AREA.at(lba)),
        }
    }

    fn check_session_at_once(&self, lba: u32, blocks: u32) -> Result<(), Refusal> {
        let (sheet, next) = match &self.writing {
            Writing::Announced(sheet) => (sheet, sheet.first()),
            Writing::Session { sheet, next, .. } => (sheet, *next),
            Writing::Track { .. } | Writing::Nothing => return Err(Refusal::SEQUENCE),
        };
        let (from, to) = (
            i64::from(lba as i32),
            i64::from(lba as i32) + i64::from(blocks),
        );
        if from < i64::from(sheet.first()) || to > i64::from(sheet.lead_out) {
            return Err(Refusal::ILLEGAL_FIELD);
        }
        match from == i64::from(next) {
            true => Ok(()),
            false => Err(Refusal::INVALID_WRITE_ADDRESS.at(lba)),
        }
    }

    /// Takes blocks that were checked; they are on their way to the disc.
    pub(crate) fn accept(&mut self, lba: u32, blocks: u32, page: Parameters) {
        match &mut self.writing {
            Writing::Track { nwa } => *nwa += blocks,
            Writing::Session { next, .. } => *next += blocks as i32,
            Writing::Announced(sheet) if page.write_type == SESSION_AT_ONCE => {
                let first = sheet.first();
                self.writing = Writing::Session {
                    sheet: sheet.clone(),
                    next: first + blocks as i32,
                    recorded: first,
                };
            }
            Writing::Nothing | Writing::Announced(_) => {
                self.tracks.push(Track {
                    session: self.sessions.len() as u8 + 1,
                    first: lba,
                    start: lba,
                    end: lba,
                    control: page.control,
                    form: page.form.unwrap_or(Form::Mode1),
                    ended: false,
                    lost: false,
                    run_out: false,
                });
                self.writing = Writing::Track { nwa: lba + blocks };
            }
        }
    }

    /// Blocks that were accepted are on the disc now.
    pub(crate) fn recorded(&mut self, lba: u32, blocks: u32) {
        match &mut self.writing {
            Writing::Track { .. } => {
                if let Some(track) = self.tracks.last_mut() {
                    track.end = track.end.max(lba + blocks);
                }
            }
            Writing::Session { recorded, .. } => *recorded = lba as i32 + blocks as i32,
            Writing::Nothing | Writing::Announced(_) => {}
        }
    }

    /// Blocks of zeros that the drive adds to the track that is being written, when it ends:
    /// first block and number (Pioneer's R11 command reference, 4.2: tracks of less than four
    /// seconds are padded).
    pub(crate) fn padding(&self) -> Option<(u32, u32)> {
        let Writing::Track { nwa } = self.writing else {
            return None;
        };
        let track = self.tracks.last()?;
        let least = track.start + LEAST_TRACK;
        (nwa < least).then(|| (nwa, least - nwa))
    }

    /// The whole of the announced session was taken: a synchronization ends with its lead-out.
    pub(crate) fn ends_session_at_once(&self) -> bool {
        match &self.writing {
            Writing::Session { sheet, next, .. } => *next == sheet.lead_out as i32,
            _ => false,
        }
    }

    /// All that was taken is on the disc: the track at once ends, and so does the session at
    /// once, where it is whole.
    pub(crate) fn synchronized(&mut self) {
        match std::mem::replace(&mut self.writing, Writing::Nothing) {
            Writing::Track { .. } => {
                if let Some(track) = self.tracks.last_mut() {
                    (track.ended, track.run_out) = (true, true);
                }
            }
            Writing::Session {
                sheet, recorded, ..
            } if recorded == sheet.lead_out as i32 => {
                self.push_tracks(&sheet, recorded, false);
                self.push_session(sheet.lead_out, sheet.multi_session, sheet.format);
            }
            cut_off @ Writing::Session { .. } => {
                self.writing = cut_off;
                self.interrupt();
            }
            announced => self.writing = announced,
        }
    }

    /// Nothing more comes of what is being written: what is on the disc of it is lost.
    pub(crate) fn interrupt(&mut self) {
        match std::mem::replace(&mut self.writing, Writing::Nothing) {
            Writing::Track { .. } => {
                self.tracks.pop_if(|t| t.end == t.start);
                if let Some(track) = self.tracks.last_mut().filter(|t| !t.ended) {
                    track.lost = true;
                }
            }
            Writing::Session {
                sheet, recorded, ..
            } if recorded > sheet.first() => self.push_tracks(&sheet, recorded, true),
            Writing::Session { .. } | Writing::Announced(_) | Writing::Nothing => {}
        }
    }

    /// The tracks of a session at once, as far as they are on the disc.
    fn push_tracks(&mut self, sheet: &CueSheet, recorded: i32, lost: bool) {
        let recorded = recorded.max(0) as u32;
        let session = self.sessions.len() as u8 + 1;
        let base = self.tracks.len();
        for (at, planned) in sheet.tracks.iter().enumerate() {
            let first = planned.first.max(0) as u32;
            let end = match sheet.tracks.get(at + 1) {
                Some(next) => next.first.max(0) as u32,
                None => sheet.lead_out,
            };
            if at > 0 && first >= recorded {
                break;
            }
            self.tracks.push(Track {
                session,
                first,
                start: planned.start,
                end: end.min(recorded).max(planned.start),
                control: planned.control,
                form: planned.form,
                ended: true,
                lost,
                run_out: false,
            });
        }
        if lost
            && self.tracks.len() > base
            && let Some(last) = self.tracks.last_mut()
        {
            last.ended = false;
        }
    }

    fn push_session(&mut self, lead_out: u32, multi_session: u8, format: u8) {
        self.sessions.push(Session {
            lead_out,
            next: Next::Final,
            format,
        });
        let start = self.session_start();
        let room = self.next_start().is_some();
        let next = match multi_session {
            3 if room => Next::At(start - PREGAP),
            0 => Next::None,
            _ => Next::Final,
        };
        self.complete = !matches!(next, Next::At(_));
        if let Some(session) = self.sessions.last_mut() {
            session.next = next;
        }
    }

    /// Whether the track can be closed: what SYNCHRONIZE CACHE does, for a track by its number.
    pub(crate) fn check_close_track(&self, number: u16) -> Result<(), Refusal> {
        if self.is_complete() {
            return Err(Refusal::CANNOT_WRITE_MEDIUM);
        }
        if matches!(
            self.writing,
            Writing::Session { .. } | Writing::Announced(_)
        ) {
            return Err(Refusal::SEQUENCE);
        }
        if self.is_half_blanked() {
            return Err(Refusal::SEQUENCE);
        }
        match usize::from(number) {
            0 => Err(Refusal::ILLEGAL_FIELD),
            at if at <= self.tracks.len() => Ok(()),
            at if at == self.tracks.len() + 1 => Err(Refusal::NOTHING_TO_CLOSE),
            _ => Err(Refusal::ILLEGAL_FIELD),
        }
    }

    pub(crate) fn close_track(&mut self) {
        self.synchronized();
        let capacity = self.capacity();
        if let Some(lost) = self.tracks.last_mut().filter(|t| !t.ended) {
            // A session at once may have come to the very end of the disc.
            (lost.ended, lost.run_out) = (true, lost.end + RUN_OUT <= capacity);
        }
    }

    /// Whether the session can be closed (recipes 4 and 13.2).
    pub(crate) fn check_close_session(&self) -> Result<(), Refusal> {
        if self.is_complete() {
            return Err(Refusal::CANNOT_WRITE_MEDIUM);
        }
        match &self.writing {
            Writing::Session { .. } | Writing::Announced(_) => return Err(Refusal::SEQUENCE),
            Writing::Track { .. } => return Err(Refusal::INCOMPLETE_TRACK),
            Writing::Nothing if self.is_half_blanked() => return Err(Refusal::SEQUENCE),
            Writing::Nothing => {}
        }
        match self.open_tracks().next() {
            Some(_) => Ok(()),
            None => Err(Refusal::NOTHING_TO_CLOSE),
        }
    }

    pub(crate) fn close_session(&mut self, page: Parameters) {
        self.close_track();
        let end = self.open_tracks().map(Track::close_end).max();
        if let Some(lead_out) = end {
            self.push_session(lead_out, page.multi_session, page.session_format);
        }
    }

    /// Whether a session may be announced now (recipe 5). On a disc that has one already, most
    /// drives refuse it with 5/24/00 (recipe 13.2, R3); `appends` is for those that do not.
    pub(crate) fn check_announce(&self, appends: bool) -> Result<u32, Refusal> {
        if self.is_complete() {
            return Err(Refusal::CANNOT_WRITE_MEDIUM);
        }
        if self.is_half_blanked() {
            return Err(Refusal::ERASE_FAILED);
        }
        if self.in_flight() {
            return Err(Refusal::SEQUENCE);
        }
        if self.open_tracks().next().is_some() || (!self.is_blank() && !appends) {
            return Err(Refusal::ILLEGAL_FIELD);
        }
        self.next_start().ok_or(Refusal::ILLEGAL_FIELD)
    }

    /// The session that comes next is the one of the sheet.
    pub(crate) fn announce(&mut self, sheet: CueSheet) {
        self.writing = Writing::Announced(sheet);
    }

    /// Page 05h came anew: what was announced under the old one does not count.
    pub(crate) fn forget_announced(&mut self) {
        if matches!(self.writing, Writing::Announced(_)) {
            self.writing = Writing::Nothing;
        }
    }
}

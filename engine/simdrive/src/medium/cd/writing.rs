//! How a CD is written: track at once, session at once, and what ends them (recipe 5).
//!
//! Owns the next writable address, the gaps that the drive makes by itself, and what becomes
//! of a recording that is cut off: on CD it is lost, and can only be closed (recipe 8).

use pitland_redbook::subchannel::{Isrc, Mcn};

use super::{
    CdDisc, CueSheet, Form, Heard, Kept, LEAST_TRACK, Main, Next, PREGAP, RUN_OUT, Session, Texts,
    Track, Wire, Writing,
};
use crate::refusal::Refusal;

/// Write types of page 05h.
const TRACK_AT_ONCE: u8 = 1;
const SESSION_AT_ONCE: u8 = 2;
const RAW: u8 = 3;

/// What page 05h says of a WRITE, or of a session that is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Parameters {
    /// 1 track at once, 2 session at once, 3 raw.
    pub(crate) write_type: u8,
    /// Control bits of the track.
    pub(crate) control: u8,
    /// The blocks that come, where page 05h says so: `None` in a session at once, and for what
    /// this drive does not write.
    pub(crate) wire: Option<Wire>,
    /// 0 and 1: no session may follow; 3: one may.
    pub(crate) multi_session: u8,
    pub(crate) session_format: u8,
    pub(crate) mcn: Option<Mcn>,
    pub(crate) isrc: Option<Isrc>,
    /// A copy that must not be copied once more.
    pub(crate) serial_copy: bool,
    /// Blocks behind the last possible lead-out that the drive writes.
    pub(crate) overburn: u32,
}

impl Parameters {
    /// What a track at once is.
    pub(crate) fn form(&self) -> Option<Form> {
        match self.wire?.main {
            Main::Audio => Some(Form::Audio),
            Main::Mode1 => Some(Form::Mode1),
            Main::Form1 | Main::XaMixed => Some(Form::Xa),
            Main::Mode2 => Some(Form::Mode2),
            _ => None,
        }
    }
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
            Writing::Raw { next, .. } => Some((*next, self.raw_free(*next))),
            Writing::Nothing | Writing::Announced(_) if write_type == RAW => {
                let start = self.raw_start()?;
                Some((start, self.raw_free(start)))
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
            RAW => self.check_raw(lba, blocks, page),
            _ => Err(Refusal::ILLEGAL_MODE),
        }
    }

    fn check_track_at_once(&self, lba: u32, blocks: u32, page: Parameters) -> Result<(), Refusal> {
        let form = page.form().ok_or(Refusal::ILLEGAL_MODE)?;
        let (nwa, free) = match &self.writing {
            Writing::Track { nwa } => {
                let open = self.tracks.last();
                if open.is_some_and(|t| t.form != form || t.control != page.control) {
                    return Err(Refusal::ILLEGAL_MODE);
                }
                (*nwa, self.room_of_track(*nwa, page))
            }
            Writing::Session { .. } | Writing::Raw { .. } => return Err(Refusal::SEQUENCE),
            Writing::Nothing | Writing::Announced(_) => {
                if self.is_out_of_tracks() {
                    return Err(Refusal::NO_MORE_TRACKS);
                }
                let start = self.next_start().ok_or(Refusal::END_OF_USER_AREA.at(lba))?;
                (start, self.room_of_track(start, page))
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

    /// Blocks that a track at once can have from an address on. What a drive writes behind the
    /// disc's end it writes as whole sectors.
    fn room_of_track(&self, from: u32, page: Parameters) -> u32 {
        let beyond = match page.wire {
            Some(wire) if !wire.is_plain() => page.overburn,
            _ => 0,
        };
        (self.capacity() + beyond).saturating_sub(RUN_OUT + from)
    }

    fn check_session_at_once(&self, lba: u32, blocks: u32) -> Result<(), Refusal> {
        let (sheet, next) = match &self.writing {
            Writing::Announced(sheet) => (sheet, sheet.first()),
            Writing::Session { sheet, next, .. } => (sheet, *next),
            Writing::Track { .. } | Writing::Raw { .. } | Writing::Nothing => {
                return Err(Refusal::SEQUENCE);
            }
        };
        let (from, to) = (
            i64::from(lba as i32),
            i64::from(lba as i32) + i64::from(blocks),
        );
        if from < i64::from(sheet.first()) || to > i64::from(sheet.lead_out) {
            return Err(Refusal::ILLEGAL_FIELD);
        }
        if from != i64::from(next) {
            return Err(Refusal::INVALID_WRITE_ADDRESS.at(lba));
        }
        // All blocks of a WRITE have one form.
        match sheet.wire_at(next) {
            Some((_, end)) if to <= i64::from(end) => Ok(()),
            _ => Err(Refusal::ILLEGAL_MODE.at(lba)),
        }
    }

    /// Takes blocks that were checked; they are on their way to the disc.
    pub(crate) fn accept(&mut self, lba: u32, blocks: u32, page: Parameters) {
        match &mut self.writing {
            Writing::Track { nwa } => *nwa += blocks,
            Writing::Session { next, .. } | Writing::Raw { next, .. } => *next += blocks as i32,
            Writing::Announced(sheet) if page.write_type == SESSION_AT_ONCE => {
                let first = sheet.first();
                self.writing = Writing::Session {
                    sheet: sheet.clone(),
                    next: first + blocks as i32,
                    recorded: first,
                    texts: Texts::default(),
                };
            }
            Writing::Nothing | Writing::Announced(_) if page.write_type == RAW => {
                let first = lba as i32;
                self.writing = Writing::Raw {
                    heard: Heard::default(),
                    next: first + blocks as i32,
                    recorded: first,
                };
            }
            Writing::Nothing | Writing::Announced(_) => {
                let session = self.sessions.len() as u8 + 1;
                let form = page.form().unwrap_or(Form::Mode1);
                self.tracks.push(Track {
                    kept: match page.wire.is_some_and(Wire::is_plain) {
                        true => Kept::Blocks,
                        false => Kept::Sectors,
                    },
                    isrc: page.isrc.filter(|_| form == Form::Audio),
                    serial_copy: page.serial_copy && form == Form::Audio,
                    ..Track::at(session, lba, page.control, form)
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
            Writing::Session { recorded, .. } | Writing::Raw { recorded, .. } => {
                *recorded = lba as i32 + blocks as i32;
            }
            Writing::Nothing | Writing::Announced(_) => {}
        }
    }

    /// Blocks of zeros that the drive adds to the track that is being written, when it ends:
    /// first block and number (recipe 5: tracks of less than four seconds are padded).
    pub(crate) fn padding(&self) -> Option<(u32, u32)> {
        let Writing::Track { nwa } = self.writing else {
            return None;
        };
        let track = self.tracks.last()?;
        let least = track.start + LEAST_TRACK;
        (nwa < least).then(|| (nwa, least - nwa))
    }

    /// How the blocks of the next WRITE come, at an address, for a page 05h of these parameters.
    pub(crate) fn wire_at(&self, lba: i32, page: Parameters) -> Option<Wire> {
        let sheet = match &self.writing {
            Writing::Announced(sheet) | Writing::Session { sheet, .. } => sheet,
            Writing::Nothing | Writing::Track { .. } | Writing::Raw { .. } => return page.wire,
        };
        match page.write_type {
            SESSION_AT_ONCE => sheet.wire_at(lba).map(|(wire, _)| wire),
            _ => page.wire,
        }
    }

    /// Whether the track at once that is being written is kept as whole sectors.
    pub(crate) fn is_writing_sectors(&self) -> bool {
        let open = self.tracks.last().filter(|t| !t.ended);
        open.is_some_and(|t| t.kept == Kept::Sectors)
    }

    /// Whether the store is to keep whole sectors of what is written next.
    pub(crate) fn takes_sectors(&self, page: Parameters) -> bool {
        match &self.writing {
            Writing::Announced(sheet) | Writing::Session { sheet, .. }
                if page.write_type == SESSION_AT_ONCE =>
            {
                !sheet.is_plain()
            }
            _ => page.wire.is_some_and(|wire| !wire.is_plain()),
        }
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
                sheet,
                recorded,
                texts,
                ..
            } if recorded == sheet.lead_out as i32 => {
                if self.sessions.is_empty() {
                    self.texts = texts;
                }
                self.push_tracks(&sheet, recorded, false);
                let (multi_session, format) = (sheet.multi_session, sheet.format);
                self.push_session(sheet.lead_out, multi_session, format, sheet.mcn);
            }
            Writing::Raw {
                heard, recorded, ..
            } if recorded > self.session_start() as i32 => self.end_raw(&heard, recorded),
            cut_off @ (Writing::Session { .. } | Writing::Raw { .. }) => {
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
            Writing::Raw { recorded, .. } => self.lose_raw(recorded),
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
                first,
                end: end.min(recorded).max(planned.start),
                ended: true,
                lost,
                kept: match sheet.is_plain() {
                    true => Kept::Blocks,
                    false => Kept::Sectors,
                },
                indexes: planned.indexes.clone(),
                isrc: planned.isrc,
                serial_copy: planned.serial_copy,
                ..Track::at(session, planned.start, planned.control, planned.form)
            });
        }
        if lost
            && self.tracks.len() > base
            && let Some(last) = self.tracks.last_mut()
        {
            last.ended = false;
        }
    }

    fn push_session(&mut self, lead_out: u32, multi_session: u8, format: u8, mcn: Option<Mcn>) {
        self.sessions.push(Session {
            lead_out,
            next: Next::Final,
            format,
            mcn,
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
            Writing::Session { .. } | Writing::Raw { .. } | Writing::Announced(_)
        ) {
            return Err(Refusal::SEQUENCE);
        }
        if self.is_half_blanked() {
            return Err(Refusal::SEQUENCE);
        }
        match u8::try_from(number) {
            Ok(number) if self.track(number).is_some() => Ok(()),
            Ok(number) if number == self.number_behind() => Err(Refusal::NOTHING_TO_CLOSE),
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
            Writing::Session { .. } | Writing::Raw { .. } | Writing::Announced(_) => {
                return Err(Refusal::SEQUENCE);
            }
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
            self.push_session(lead_out, page.multi_session, page.session_format, page.mcn);
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

//! What a recorder reads of a session that the host writes raw, sub-channels and all: the table
//! of contents and the texts of the lead-in, and of the program what the table does not say.
//!
//! Owns the listening, and the judgement whether it was a session. Must not know how the session
//! is written.

use std::collections::BTreeMap;

use pitland_mmc::Msf;
use pitland_redbook::subchannel::{Channels, Isrc, LeadInPoint, Mcn, Q, QMessage, SubchannelTrack};
use pitland_redbook::text::{Pack, packs_in};

use super::track::{Form, Kept, Track};
use super::wire::{SUB_BYTES, form_of};
use super::{MOST_TRACKS, Next, lba};
use crate::store::SECTOR_BYTES;

/// The packs of CD-TEXT, by block and number in it: each once, however often it came.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Texts(BTreeMap<(u8, u8), [u8; 18]>);

impl Texts {
    /// Takes the packs in the sub-channels of whole sectors.
    pub(super) fn hear(&mut self, sectors: &[u8]) {
        for sector in sectors.chunks_exact(SECTOR_BYTES) {
            if let Some(sub) = sector.last_chunk::<SUB_BYTES>() {
                self.hear_channels(&Channels::from_interleaved(sub));
            }
        }
    }

    fn hear_channels(&mut self, channels: &Channels) {
        for pack in packs_in(&channels.symbols()).filter(|pack| pack.kind().0 >= 0x80) {
            self.keep(&pack);
        }
    }

    pub(super) fn keep(&mut self, pack: &Pack) {
        let place = (pack.block(), pack.sequence());
        self.0.entry(place).or_insert(*pack.bytes());
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// In order of their blocks and numbers.
    pub(crate) fn packs(&self) -> impl ExactSizeIterator<Item = &[u8; 18]> {
        self.0.values()
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    control: u8,
    start: i32,
}

/// What was heard of a track in the program; its indexes need not be kept, as its sub-channels are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct HeardTrack {
    /// The first block of it, in its pregap or not.
    first: i32,
    form: Option<Form>,
    isrc: Option<Isrc>,
}

/// All that was heard so far.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Heard {
    pub(super) texts: Texts,
    entries: BTreeMap<u8, Entry>,
    first: Option<(u8, u8)>,
    last: Option<u8>,
    lead_out: Option<i32>,
    next: Option<i32>,
    pub(super) mcn: Option<Mcn>,
    tracks: BTreeMap<u8, HeardTrack>,
    /// The track whose blocks are coming.
    now: u8,
}

/// A session as its table of contents has it.
#[derive(Debug)]
pub(super) struct HeardSession {
    pub(super) first_number: u8,
    pub(super) tracks: Vec<Track>,
    pub(super) lead_out: u32,
    pub(super) format: u8,
    pub(super) next: Next,
}

impl Heard {
    /// Whole sectors reached the disc, from `first` on; those before `program` are the lead-in's.
    pub(super) fn hear(&mut self, first: i32, program: i32, sectors: &[u8]) {
        for (sector, lba) in sectors.chunks_exact(SECTOR_BYTES).zip(first..) {
            let Some(sub) = sector.last_chunk::<SUB_BYTES>() else {
                continue;
            };
            let channels = Channels::from_interleaved(sub);
            let q = Q::parse(&channels.q()).ok();
            if lba < program {
                self.texts.hear_channels(&channels);
                self.hear_lead_in(q);
            } else {
                self.hear_program(q, lba, form_of(sector));
            }
        }
    }

    fn hear_lead_in(&mut self, q: Option<Q>) {
        let Some(Q { control, message }) = q else {
            return;
        };
        let point = match message {
            QMessage::Contents { point, .. } => point,
            QMessage::Catalogue { number, .. } => {
                self.mcn.get_or_insert(number);
                return;
            }
            _ => return,
        };
        let address = |time: Msf| lba([time.m, time.s, time.f]);
        match point {
            LeadInPoint::Track { number, start } => {
                if let Some(start) = address(start) {
                    let control = control.bits();
                    self.entries.insert(number, Entry { control, start });
                }
            }
            LeadInPoint::First { track, kind } => self.first = Some((track, kind)),
            LeadInPoint::Last { track } => self.last = Some(track),
            LeadInPoint::LeadOut { start } => self.lead_out = address(start),
            LeadInPoint::Other {
                point: 0xB0, time, ..
            } => self.next = address(time),
            _ => {}
        }
    }

    fn hear_program(&mut self, q: Option<Q>, lba: i32, form: Option<Form>) {
        match q.map(|q| q.message) {
            Some(QMessage::Position {
                track: SubchannelTrack::Number(number),
                index,
                ..
            }) => {
                self.now = number;
                let heard = self.tracks.entry(number).or_insert(HeardTrack {
                    first: lba,
                    ..HeardTrack::default()
                });
                if index >= 1 && heard.form.is_none() {
                    heard.form = form;
                }
            }
            Some(QMessage::Position { .. }) => self.now = 0,
            Some(QMessage::Recording { code, .. }) => {
                if let Some(heard) = self.tracks.get_mut(&self.now) {
                    heard.isrc.get_or_insert(code);
                }
            }
            Some(QMessage::Catalogue { number, .. }) => {
                self.mcn.get_or_insert(number);
            }
            _ => {}
        }
    }

    /// The session of which this is all, if its table of contents is one: complete, in order, and
    /// about what was written (up to `recorded`). `number` is that of the track that must come
    /// first, where there are others before it, `from` the end of what was there before.
    pub(super) fn session(
        &self,
        session: u8,
        number: Option<u8>,
        from: u32,
        recorded: i32,
        capacity: u32,
    ) -> Option<HeardSession> {
        let ((first, format), last) = (self.first?, self.last?);
        let lead_out = u32::try_from(self.lead_out?).ok()?;
        let right = number.is_none_or(|number| first == number)
            && first > 0
            && (first..=MOST_TRACKS as u8).contains(&last)
            && i64::from(lead_out) < i64::from(recorded)
            && lead_out <= capacity
            && self.entries.len() == usize::from(last - first) + 1;
        if !right {
            return None;
        }
        let mut tracks: Vec<Track> = Vec::new();
        let mut end = from;
        for number in first..=last {
            let entry = self.entries.get(&number)?;
            let start = u32::try_from(entry.start).ok()?;
            let heard = self.tracks.get(&number);
            let pregap = heard.map_or(entry.start, |heard| heard.first.max(0));
            let first = u32::try_from(pregap)
                .unwrap_or(start)
                .clamp(end, start.max(end));
            if start < end {
                return None;
            }
            if let Some(before) = tracks.last_mut() {
                before.end = first;
            }
            let audio = entry.control & 4 == 0;
            let form = heard.and_then(|heard| heard.form);
            let form = match form {
                _ if audio => Form::Audio,
                form => form.unwrap_or(Form::Mode1),
            };
            end = start;
            tracks.push(Track {
                first,
                end: lead_out.max(start),
                ended: true,
                kept: Kept::Raw,
                isrc: heard.and_then(|heard| heard.isrc),
                ..Track::at(session, start, entry.control, form)
            });
        }
        if tracks.last().is_none_or(|last| last.start >= lead_out) {
            return None;
        }
        Some(HeardSession {
            first_number: first,
            tracks,
            lead_out,
            format,
            next: match self.next {
                Some(next) if next >= lead_out as i32 => Next::At(next as u32),
                _ => Next::None,
            },
        })
    }
}

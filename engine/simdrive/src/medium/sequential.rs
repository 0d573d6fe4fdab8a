//! Sequential write-once media: tracks that fill from their start, sessions that
//! close over them, and the one address where the next write must go.
//!
//! Shared by BD-R (SRM) and DVD+R; the sibling files say in what the families
//! differ ([`Rules`]). Must not know time, buffers or stores.

use std::ops::Range;

use super::MediumError;
use super::dvd_minus::{self, Minus};
use super::pow::Pow;
use super::state::{Reader, Writer};
use crate::refusal::Refusal;

/// Tracks on one disc at most, so that the saved state stays small.
const MAX_TRACKS: usize = 2000;

/// In what the families differ.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Rules {
    /// Blocks of one ECC block, the unit of writing.
    pub(crate) unit: u32,
    /// Blocks from the end of a session to the start of the next one, on a full-size disc.
    pub(crate) session_gap: u32,
    /// Blocks from the end of a track to the start of the next one in its session.
    pub(crate) track_gap: u32,
    /// DVD+R: a session holds one track, and the reserved ones before it.
    pub(crate) plus: bool,
    /// DVD-R and DVD-RW.
    pub(crate) minus: bool,
    pub(crate) max_sessions: u16,
    /// Reserved tracks at most: of one session on DVD+R, open at a time on BD-R.
    pub(crate) max_reserved: usize,
}

/// How BD-R was formatted before use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Spares {
    /// Clusters set aside; 0 when the drive formatted the disc by itself.
    pub(crate) clusters: u32,
}

/// What the damage bit of a track stands for (recipe 2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Damage {
    None,
    /// The last write was cut off; the track goes on at its next writable address.
    Resumable,
    /// Nothing of it reads, and it can only be closed.
    Lost,
}

impl Damage {
    fn code(self) -> u8 {
        match self {
            Self::None => 0,
            Self::Resumable => 1,
            Self::Lost => 2,
        }
    }

    fn from_code(code: u8) -> Result<Self, MediumError> {
        match code {
            0 => Ok(Self::None),
            1 => Ok(Self::Resumable),
            2 => Ok(Self::Lost),
            _ => Err(MediumError::Corrupt("unknown kind of damage")),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Track {
    pub(crate) session: u16,
    pub(crate) start: u32,
    /// Exclusive: where the reservation, or the medium, ends.
    pub(crate) end: u32,
    /// Where the next write must go; everything below was accepted by the drive.
    pub(crate) nwa: u32,
    /// Everything below is on the disc.
    pub(crate) recorded: u32,
    pub(crate) reserved: bool,
    pub(crate) closed: bool,
    pub(crate) damage: Damage,
}

impl Track {
    fn open(session: u16, start: u32, end: u32) -> Self {
        Self {
            session,
            start,
            end,
            nwa: start,
            recorded: start,
            reserved: false,
            closed: false,
            damage: Damage::None,
        }
    }

    pub(crate) fn is_blank(&self) -> bool {
        self.nwa == self.start
    }

    fn is_lost_and_open_at(&self, lba: u32) -> bool {
        !self.closed && self.damage == Damage::Lost && (self.start..self.end).contains(&lba)
    }

    pub(crate) fn writable(&self) -> bool {
        !self.closed && self.nwa < self.end && self.damage != Damage::Lost
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Session {
    /// Nothing in it yet.
    Empty,
    /// Tracks written or reserved, not closed.
    Incomplete,
    /// The disc takes no more.
    Complete,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sequential {
    pub(crate) rules: &'static Rules,
    /// Blocks that the user may write, now.
    pub(crate) capacity: u32,
    /// Blocks of the unformatted disc.
    pub(crate) raw_capacity: u32,
    pub(crate) tracks: Vec<Track>,
    pub(crate) closed_sessions: u16,
    pub(crate) complete: bool,
    pub(crate) spares: Option<Spares>,
    /// What pseudo-overwriting has spent, where the disc was formatted for it (BD-R).
    pub(crate) pow: Option<Pow>,
    /// Last block + 1 of layer 0, once fixed by the host (DVD+R DL).
    pub(crate) layer_break: Option<u32>,
    /// Written to and not synchronized since: the power may have failed.
    pub(crate) in_flight: bool,
    /// What DVD-R and DVD-RW have beside tracks.
    pub(crate) minus: Minus,
}

impl Sequential {
    pub(crate) fn blank(rules: &'static Rules, capacity: u32) -> Self {
        Self {
            rules,
            capacity,
            raw_capacity: capacity,
            tracks: vec![Track::open(1, 0, capacity)],
            closed_sessions: 0,
            complete: false,
            spares: None,
            pow: None,
            layer_break: None,
            in_flight: false,
            minus: Minus::default(),
        }
    }

    /// Nothing was ever written, reserved or closed (a format does not count).
    pub(crate) fn is_unwritten(&self) -> bool {
        !self.complete && self.closed_sessions == 0 && self.session() == Session::Empty
    }

    /// Changes the capacity of a disc that is still unwritten.
    pub(crate) fn resize(&mut self, capacity: u32) {
        self.capacity = capacity;
        self.tracks = vec![Track::open(1, 0, capacity)];
    }

    pub(crate) fn session(&self) -> Session {
        if self.complete {
            return Session::Complete;
        }
        let untouched =
            |t: &Track| t.session <= self.closed_sessions || (t.is_blank() && !t.reserved);
        if self.tracks.iter().all(untouched) {
            Session::Empty
        } else {
            Session::Incomplete
        }
    }

    /// Sessions as disc information counts them: an open or empty last one too.
    pub(crate) fn session_count(&self) -> u16 {
        self.closed_sessions + u16::from(!self.complete)
    }

    /// Numbers of the first and last track of the last session.
    pub(crate) fn last_session_tracks(&self) -> (u16, u16) {
        let session = self.session_count();
        let first = self.tracks.iter().position(|t| t.session == session);
        let last = self.tracks.len() as u16;
        (first.map_or(last, |at| at as u16 + 1), last)
    }

    /// End of the last closed session, exclusive; 0 when there is none.
    pub(crate) fn closed_end(&self) -> u32 {
        self.tracks
            .iter()
            .filter(|t| t.session <= self.closed_sessions)
            .map(|t| t.end)
            .max()
            .unwrap_or(0)
    }

    pub(crate) fn track(&self, number: u32) -> Option<&Track> {
        let at = usize::try_from(number).ok()?.checked_sub(1)?;
        self.tracks.get(at)
    }

    pub(crate) fn track_at(&self, lba: u32) -> Option<u16> {
        let at = self
            .tracks
            .iter()
            .rposition(|t| (t.start..t.end.max(t.start + 1)).contains(&lba))?;
        Some(at as u16 + 1)
    }

    /// The whole clusters that the blocks replace, in all or in part, on a disc for
    /// pseudo-overwriting: they begin where the disc was written. Whether there are spares for
    /// them is the caller's to see.
    pub(crate) fn check_overwrite(
        &self,
        lba: u32,
        blocks: u32,
    ) -> Result<Option<Range<u32>>, Refusal> {
        let written = |at: u32| self.tracks.iter().find(|t| t.start <= at && at < t.nwa);
        let Some(pow) = self
            .pow
            .filter(|_| !self.complete && blocks > 0 && written(lba).is_some())
        else {
            return Ok(None);
        };
        let unit = self.rules.unit;
        let end = lba
            .checked_add(blocks)
            .and_then(|end| end.checked_next_multiple_of(unit))
            .ok_or(Refusal::LBA_OUT_OF_RANGE.at(lba))?;
        let start = lba / unit * unit;
        let mut at = start;
        while at < end {
            // Partly over, partly beyond what is there: two writes, not one.
            at = written(at)
                .ok_or(Refusal::INVALID_WRITE_ADDRESS.at(at))?
                .nwa;
        }
        if (end - start) / unit > pow.room() {
            return Err(Refusal::NO_SPARE.at(lba));
        }
        Ok(Some(start..end))
    }

    /// Accepts blocks for the track whose next writable address this is (recipe 13.2).
    pub(crate) fn check_write(&self, lba: u32, blocks: u32) -> Result<usize, Refusal> {
        if self.complete {
            return Err(Refusal::CANNOT_WRITE_MEDIUM);
        }
        if let Some(lost) = self.tracks.iter().find(|t| t.is_lost_and_open_at(lba)) {
            return Err(Refusal::LOSS_OF_STREAMING.at(lost.recorded));
        }
        let end = lba
            .checked_add(blocks)
            .filter(|end| *end <= self.capacity)
            .ok_or(Refusal::LBA_OUT_OF_RANGE.at(lba))?;
        let Some(at) = self
            .tracks
            .iter()
            .rposition(|t| t.nwa == lba && t.writable())
        else {
            return Err(match self.tracks.last() {
                // The session's one track is closed: the session must be closed first.
                Some(t) if t.closed && t.end == lba => Refusal::SEQUENCE,
                _ => Refusal::INVALID_WRITE_ADDRESS.at(lba),
            });
        };
        if self.tracks.get(at).is_none_or(|t| end > t.end) {
            return Err(Refusal::LBA_OUT_OF_RANGE.at(lba));
        }
        Ok(at)
    }

    /// The drive pads the unit that ends behind `nwa`.
    pub(crate) fn pad(&mut self, nwa: u32, blocks: u32) {
        if let Some(track) = self
            .tracks
            .iter_mut()
            .rev()
            .find(|t| t.nwa == nwa && t.writable())
        {
            track.nwa += blocks;
        }
    }

    pub(crate) fn accept(&mut self, track: usize, blocks: u32) {
        if let Some(track) = self.tracks.get_mut(track) {
            track.nwa += blocks;
        }
    }

    /// Blocks that were accepted are on the disc now.
    pub(crate) fn recorded(&mut self, lba: u32, blocks: u32) {
        self.in_flight = true;
        let (mut at, end) = (lba, lba.saturating_add(blocks));
        let mut replaced = 0;
        // What replaces may lie in more than one track, and go over into what goes on.
        while let Some(track) = self
            .tracks
            .iter_mut()
            .rev()
            .find(|t| t.start <= at && at < t.end && at < end)
        {
            let stop = end.min(track.end);
            replaced += stop.min(track.recorded).saturating_sub(at);
            track.recorded = track.recorded.max(stop);
            at = stop;
        }
        if let Some(pow) = &mut self.pow
            && replaced > 0
        {
            pow.record(replaced.div_ceil(self.rules.unit));
        }
    }

    /// The host has what it wrote put on the disc: all is there now.
    pub(crate) fn synchronized(&mut self) {
        self.in_flight = false;
        if let Some(pow) = &mut self.pow {
            pow.update_map();
        }
    }

    /// What was accepted and is not on the disc is lost (recipe 8: the NWA is the only truth).
    pub(crate) fn forget_unrecorded(&mut self) {
        if let Some(pow) = &mut self.pow {
            pow.forget_unrecorded();
        }
        for track in &mut self.tracks {
            track.nwa = track.recorded;
        }
    }

    pub(crate) fn mark_damaged(&mut self) {
        let open = |t: &&mut Track| !t.closed && t.damage != Damage::Lost;
        if let Some(track) = self.tracks.iter_mut().rev().find(open) {
            track.damage = Damage::Resumable;
        }
    }

    /// The track that the block before `lba` was written to is lost, with all that is in it.
    pub(crate) fn lose_track_before(&mut self, lba: u32) {
        self.forget_unrecorded();
        if let Some(track) = self
            .tracks
            .iter_mut()
            .rev()
            .find(|t| !t.closed && t.start < lba && lba <= t.end)
        {
            track.damage = Damage::Lost;
        }
        self.in_flight = false;
    }

    /// Splits a reservation off the track that is still blank (recipe 13.2: after writing 5/2C/00).
    pub(crate) fn reserve(&mut self, blocks: u32) -> Result<(), Refusal> {
        if self.complete {
            return Err(Refusal::CANNOT_WRITE_MEDIUM);
        }
        // DVD+R drives raise the size to a multiple of 16 by themselves (wodim counts on it).
        let unit = self.rules.unit;
        let blocks = match self.rules.plus {
            true => blocks.checked_next_multiple_of(unit).unwrap_or(u32::MAX),
            false => blocks,
        };
        if blocks == 0 || !blocks.is_multiple_of(unit) {
            return Err(Refusal::ILLEGAL_FIELD);
        }
        if self.reservations() >= self.rules.max_reserved || self.tracks.len() + 2 > MAX_TRACKS {
            return Err(Refusal::NO_MORE_TRACKS);
        }
        let track = match self.tracks.last_mut() {
            Some(t) if !t.closed && !t.reserved && t.is_blank() => t,
            _ => return Err(Refusal::SEQUENCE),
        };
        if blocks > track.end - track.start {
            return Err(Refusal::ILLEGAL_FIELD);
        }
        let (session, medium_end) = (track.session, track.end);
        track.end = track.start + blocks;
        track.reserved = true;
        let next = track.end + self.rules.track_gap;
        if next < medium_end {
            self.tracks.push(Track::open(session, next, medium_end));
        }
        Ok(())
    }

    /// Reservations that count against the most there can be.
    fn reservations(&self) -> usize {
        let counts = |t: &&Track| {
            t.reserved && t.session > self.closed_sessions && (self.rules.plus || !t.closed)
        };
        self.tracks.iter().filter(counts).count()
    }

    /// Data lie in a track of the open session that is not closed.
    pub(crate) fn has_open_data(&self) -> bool {
        let open = |t: &Track| t.session > self.closed_sessions && !t.closed && !t.is_blank();
        self.tracks.iter().any(open)
    }

    /// Blocks that closing the track writes as padding, or why it cannot be closed.
    pub(crate) fn check_close_track(&self, number: u16) -> Result<u32, Refusal> {
        if self.complete {
            return Err(Refusal::CANNOT_WRITE_MEDIUM);
        }
        let track = self
            .track(u32::from(number))
            .ok_or(Refusal::ILLEGAL_FIELD)?;
        if track.closed {
            return Ok(0);
        }
        // A reserved track is padded to its end, also where nothing was written
        // (recipe 6).
        if track.is_blank() && !track.reserved {
            return Err(Refusal::NOTHING_TO_CLOSE);
        }
        if self.tracks.len() >= MAX_TRACKS {
            return Err(Refusal::NO_MORE_TRACKS);
        }
        Ok(if track.reserved {
            track.end - track.nwa
        } else {
            0
        })
    }

    pub(crate) fn close_track(&mut self, number: u16) {
        let medium_end = self.capacity;
        let last = usize::from(number) == self.tracks.len();
        let plus = self.rules.plus;
        let Some(track) = usize::from(number)
            .checked_sub(1)
            .and_then(|at| self.tracks.get_mut(at))
        else {
            return;
        };
        if track.closed {
            return;
        }
        if track.reserved {
            track.nwa = track.end;
            track.recorded = track.end;
        } else {
            track.end = track.recorded;
        }
        track.closed = true;
        if track.damage == Damage::Resumable {
            track.damage = Damage::None;
        }
        let (session, next) = (track.session, track.end + self.rules.track_gap);
        // Nothing comes after a recording at once, lost as it may be.
        let goes_on = !plus && self.minus.at_once.is_none();
        if last && goes_on && next < medium_end {
            self.tracks.push(Track::open(session, next, medium_end));
        }
        self.in_flight = false;
    }

    /// Whether the session, or the disc, can be closed.
    pub(crate) fn check_close_session(&self, finalize: bool) -> Result<(), Refusal> {
        match self.session() {
            Session::Complete => Err(Refusal::CANNOT_WRITE_MEDIUM),
            // An empty border is left as it is, the last one too (recipe 6, of DVD-R).
            Session::Empty if finalize && self.closed_sessions > 0 && !self.rules.minus => Ok(()),
            Session::Empty => Err(Refusal::NOTHING_TO_CLOSE),
            Session::Incomplete => {
                let open_reservation =
                    |t: &Track| t.session > self.closed_sessions && t.reserved && !t.closed;
                // A DVD-R drive closes the border only over closed tracks (recipe 6).
                let open_data = self.rules.minus && self.has_open_data();
                if open_data || self.tracks.iter().any(open_reservation) {
                    return Err(Refusal::INCOMPLETE_TRACK);
                }
                Ok(())
            }
        }
    }

    pub(crate) fn close_session(&mut self, finalize: bool) {
        if self.complete {
            return;
        }
        if self.session() == Session::Incomplete {
            if let Some(last) = self.tracks.last()
                && !last.closed
                && !last.is_blank()
            {
                self.close_track(self.tracks.len() as u16);
            }
            self.drop_blank_track();
            self.closed_sessions += 1;
            let start = self.closed_end().saturating_add(self.session_gap());
            if start < self.capacity
                && self.closed_sessions < self.rules.max_sessions
                && self.tracks.len() + 1 < MAX_TRACKS
            {
                let next = Track::open(self.closed_sessions + 1, start, self.capacity);
                self.tracks.push(next);
            } else {
                self.complete = true;
            }
        }
        if finalize {
            self.drop_blank_track();
            self.complete = true;
        }
        self.in_flight = false;
    }

    fn session_gap(&self) -> u32 {
        match self.rules.minus {
            true => dvd_minus::border_gap(self.raw_capacity),
            false => self.rules.session_gap,
        }
    }

    fn drop_blank_track(&mut self) {
        self.tracks
            .pop_if(|t| !t.closed && !t.reserved && t.is_blank());
    }

    /// The first block of the range that cannot be read, with the reason (recipe 13.2).
    pub(crate) fn check_read(&self, lba: u32, blocks: u32) -> Result<(), Refusal> {
        if lba >= self.capacity {
            return Err(Refusal::LBA_OUT_OF_RANGE.at(lba));
        }
        let mut at = lba;
        let end = lba
            .checked_add(blocks)
            .ok_or(Refusal::LBA_OUT_OF_RANGE.at(lba))?;
        while at < end {
            match self.tracks.iter().find(|t| t.start <= at && at < t.nwa) {
                Some(t) if t.damage == Damage::Lost => return Err(Refusal::READ_ERROR.at(at)),
                Some(track) => at = track.nwa,
                // All that it was formatted to is there, unless it was never written.
                None if self.pow.is_some() => return Err(Refusal::READ_ERROR.at(at)),
                None if at >= self.closed_end() => return Err(Refusal::LBA_OUT_OF_RANGE.at(at)),
                None => return Err(Refusal::READ_ERROR.at(at)),
            }
        }
        Ok(())
    }

    pub(super) fn save(&self, out: &mut Writer<'_>) {
        out.word(self.capacity);
        out.word(self.raw_capacity);
        out.half(self.closed_sessions);
        out.flag(self.complete);
        out.flag(self.in_flight);
        out.byte(match (self.spares, self.pow) {
            (None, _) => 0,
            (Some(_), None) => 1,
            (Some(_), Some(_)) => 2,
        });
        out.word(self.spares.map_or(0, |s| s.clusters));
        if let Some(pow) = &self.pow {
            pow.save(out);
        }
        out.flag(self.layer_break.is_some());
        out.word(self.layer_break.unwrap_or(0));
        out.half(self.tracks.len() as u16);
        for track in &self.tracks {
            out.half(track.session);
            out.word(track.start);
            out.word(track.end);
            out.word(track.recorded);
            out.flag(track.reserved);
            out.flag(track.closed);
            out.byte(track.damage.code());
        }
        if self.rules.minus {
            self.minus.save(out);
        }
    }

    pub(super) fn load(rules: &'static Rules, from: &mut Reader<'_>) -> Result<Self, MediumError> {
        let mut disc = Self::blank(rules, from.word()?);
        disc.raw_capacity = from.word()?;
        disc.closed_sessions = from.half()?;
        disc.complete = from.flag()?;
        disc.in_flight = from.flag()?;
        let formatted = from.byte()?;
        let clusters = from.word()?;
        disc.spares = (formatted > 0).then_some(Spares { clusters });
        disc.pow = match formatted {
            0 | 1 => None,
            2 => Some(Pow::load(from)?),
            _ => return Err(MediumError::Corrupt("unknown state of format")),
        };
        let fixed = from.flag()?;
        let layer_break = from.word()?;
        disc.layer_break = fixed.then_some(layer_break);
        let count = usize::from(from.half()?);
        if count > MAX_TRACKS {
            return Err(MediumError::Corrupt("too many tracks"));
        }
        disc.tracks.clear();
        for _ in 0..count {
            let mut track = Track::open(from.half()?, from.word()?, from.word()?);
            track.recorded = from.word()?;
            track.nwa = track.recorded;
            track.reserved = from.flag()?;
            track.closed = from.flag()?;
            track.damage = Damage::from_code(from.byte()?)?;
            disc.tracks.push(track);
        }
        if rules.minus {
            disc.minus = Minus::load(from)?;
            dvd_minus::interrupt(&mut disc);
        }
        disc.validate()?;
        Ok(disc)
    }

    /// What must hold of every disc, whoever wrote its state.
    pub(crate) fn validate(&self) -> Result<(), MediumError> {
        let wrong = |what| Err(MediumError::Corrupt(what));
        if self.capacity == 0 || self.capacity > self.raw_capacity {
            return wrong("the capacity is impossible");
        }
        if self.tracks.is_empty() {
            return wrong("there is no track");
        }
        if self.closed_sessions > self.rules.max_sessions {
            return wrong("there are too many sessions");
        }
        if self
            .layer_break
            .is_some_and(|at| at == 0 || at > self.raw_capacity || !at.is_multiple_of(16))
        {
            return wrong("the layer break lies outside the disc");
        }
        dvd_minus::validate(self)?;
        let mut from = 0;
        let mut session = 1;
        for track in &self.tracks {
            if track.start < from || track.end < track.start || track.end > self.capacity {
                return wrong("tracks overlap or leave the disc");
            }
            if track.recorded < track.start || track.recorded > track.end {
                return wrong("a track is recorded outside its bounds");
            }
            if !track.start.is_multiple_of(self.rules.unit)
                || !track.recorded.is_multiple_of(self.rules.unit)
            {
                return wrong("a track is not whole units");
            }
            if track.session != session && track.session != session + 1 {
                return wrong("the sessions are out of order");
            }
            if track.session <= self.closed_sessions && !track.closed {
                return wrong("a closed session has an open track");
            }
            if track.closed && track.recorded != track.end {
                return wrong("a closed track is not full");
            }
            session = track.session;
            from = track.end;
        }
        if session != self.session_count() || self.tracks[0].session != 1 {
            return wrong("the number of sessions is not that of the tracks");
        }
        Ok(())
    }
}

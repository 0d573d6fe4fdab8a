//! DVD-R, DVD-R DL and DVD-RW in sequential recording (profiles 0011h, 0015h, 0014h):
//! recipes 6, 13 and 13.2.
//!
//! Owns what these have beside tracks and sessions: whether they are written at once or
//! by increments, the gaps that borders leave, and what BLANK makes of a DVD-RW. What a
//! DVD-RW is in restricted overwrite lies in `dvd_rw`.

use super::sequential::{Damage, Rules, Sequential, Track};
use super::state::{Reader, Writer};
use super::{Medium, MediumError, MediumKind, Recorded};
use crate::refusal::Refusal;
use crate::store::{DiscStore, StoreError};

/// Blocks of one ECC block.
pub(crate) const UNIT: u32 = 16;
/// Blocks of a single-layer disc (recipe 13, R4).
pub(crate) const SINGLE_LAYER: u32 = 2_297_888;
/// Blocks of a dual-layer disc.
pub(crate) const DUAL_LAYER: u32 = 4_171_712;
/// Blocks between what can be recorded and where structure 10h has the lead-out (recipe 13, R4).
pub(crate) const BEFORE_LEAD_OUT: u32 = 608;

/// Blocks from the end of a border to the start of the next one, on a full-size disc
/// (recipe 13).
const BORDER_GAP: u32 = 37_792;
/// Blocks that a finished disc is recorded to at least: a radius of 30 mm (recipe 6).
const LEAD_OUT_RADIUS: u32 = 380_000;

pub(crate) static RULES: Rules = Rules {
    unit: UNIT,
    session_gap: BORDER_GAP,
    // The link between two tracks (recipe 13, R5).
    track_gap: UNIT,
    plus: false,
    minus: true,
    max_sessions: 1000,
    // Two reserved RZones beside the invisible one.
    max_reserved: 2,
};

/// A number of blocks of the full-size disc, in proportion to a smaller one, in whole units.
fn scaled(capacity: u32, blocks: u32) -> u32 {
    let part = u64::from(capacity) * u64::from(blocks) / u64::from(SINGLE_LAYER);
    (part.min(u64::from(blocks)) as u32)
        .next_multiple_of(UNIT)
        .max(UNIT)
}

/// Blocks that border-out and border-in take after a session.
pub(crate) fn border_gap(capacity: u32) -> u32 {
    scaled(capacity, BORDER_GAP)
}

/// Blocks that are recorded after the last track of a disc that ends here, up to where its
/// lead-out may begin.
pub(crate) fn padding_to_lead_out(disc: &Sequential) -> u32 {
    let end = disc.tracks.iter().map(|t| t.nwa).max().unwrap_or(0);
    scaled(disc.raw_capacity, LEAD_OUT_RADIUS).saturating_sub(end)
}

/// How page 05h has the disc written (recipe 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WriteMode {
    /// Packet or incremental.
    Incremental,
    /// Track at once: on CD.
    TrackAtOnce,
    /// Session or disc at once.
    AtOnce,
}

/// What a disc of this family has beside its tracks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Minus {
    /// Blocks that are to be recorded at once, to the block; it stays when they are recorded.
    pub(crate) at_once: Option<u32>,
    /// Blanked in the quick way: the next recording must be one at once.
    pub(crate) at_once_only: bool,
    /// A BLANK was begun and never ended: only another one, or a format, helps.
    pub(crate) half_blanked: bool,
    /// The recording was begun by layer jumps (DVD-R DL, 0016h): it reads, and takes no more
    /// here.
    pub(crate) layer_jump: bool,
}

impl Minus {
    pub(super) fn save(&self, out: &mut Writer<'_>) {
        out.flag(self.at_once.is_some());
        out.word(self.at_once.unwrap_or(0));
        out.flag(self.at_once_only);
        out.flag(self.half_blanked);
        out.flag(self.layer_jump);
    }

    pub(super) fn load(from: &mut Reader<'_>) -> Result<Self, MediumError> {
        let at_once = from.flag()?;
        let blocks = from.word()?;
        Ok(Self {
            at_once: at_once.then_some(blocks),
            at_once_only: from.flag()?,
            half_blanked: from.flag()?,
            layer_jump: from.flag()?,
        })
    }
}

/// Whether the disc, in its state, can be recorded by increments: feature 0021h (recipe 6).
pub(crate) fn takes_increments(disc: &Sequential) -> bool {
    !disc.complete && !disc.minus.at_once_only && !disc.minus.half_blanked
}

/// Accepts blocks for the track whose next writable address this is, if the disc is written in
/// this mode (recipes 6 and 13.2).
pub(crate) fn check_write(
    disc: &Sequential,
    mode: WriteMode,
    lba: u32,
    blocks: u32,
) -> Result<usize, Refusal> {
    if disc.complete {
        return Err(Refusal::CANNOT_WRITE_MEDIUM);
    }
    if disc.minus.half_blanked {
        return Err(Refusal::ERASE_FAILED);
    }
    if disc.minus.layer_jump {
        return Err(Refusal::ILLEGAL_MODE);
    }
    match (mode, disc.minus.at_once) {
        (WriteMode::AtOnce, None) if disc.is_unwritten() => Err(Refusal::SEQUENCE),
        (WriteMode::AtOnce, Some(all)) => {
            // What was reserved, to the block: the unit that it ends in is the drive's to fill.
            match lba.checked_add(blocks) {
                Some(end) if end <= all => disc.check_write(lba, blocks),
                _ => Err(Refusal::LBA_OUT_OF_RANGE.at(lba)),
            }
        }
        (WriteMode::Incremental, None) if !disc.minus.at_once_only => disc.check_write(lba, blocks),
        _ => Err(Refusal::ILLEGAL_MODE),
    }
}

/// Reserves a track in the way that page 05h has the disc written.
pub(crate) fn reserve(disc: &mut Sequential, mode: WriteMode, blocks: u32) -> Result<(), Refusal> {
    if disc.complete {
        return Err(Refusal::CANNOT_WRITE_MEDIUM);
    }
    if disc.minus.half_blanked {
        return Err(Refusal::ERASE_FAILED);
    }
    if disc.minus.layer_jump {
        return Err(Refusal::ILLEGAL_MODE);
    }
    match mode {
        WriteMode::AtOnce => reserve_at_once(disc, blocks),
        _ if disc.minus.at_once.is_some() => Err(Refusal::SEQUENCE),
        _ if disc.minus.at_once_only => Err(Refusal::ILLEGAL_MODE),
        _ => disc.reserve(blocks),
    }
}

/// The one track of a disc that is recorded at once; any number of blocks (recipe 6).
fn reserve_at_once(disc: &mut Sequential, blocks: u32) -> Result<(), Refusal> {
    if !disc.is_unwritten() {
        return Err(Refusal::SEQUENCE);
    }
    if blocks == 0 || blocks > disc.capacity {
        return Err(Refusal::ILLEGAL_FIELD);
    }
    if let Some(track) = disc.tracks.first_mut() {
        track.end = blocks.next_multiple_of(UNIT);
        track.reserved = true;
        disc.minus.at_once = Some(blocks);
    }
    Ok(())
}

/// Whether tracks and sessions of the disc are closed by command: not those of a recording at
/// once, unless it is lost (recipe 4).
pub(crate) fn check_close(disc: &Sequential) -> Result<(), Refusal> {
    let lost = disc.tracks.iter().any(|t| t.damage == Damage::Lost);
    match disc.minus {
        _ if disc.complete => Err(Refusal::CANNOT_WRITE_MEDIUM),
        Minus {
            half_blanked: true, ..
        } => Err(Refusal::ERASE_FAILED),
        Minus {
            layer_jump: true, ..
        } => Err(Refusal::ILLEGAL_MODE),
        Minus {
            at_once: Some(_), ..
        } if !lost => Err(Refusal::SEQUENCE),
        _ => Ok(()),
    }
}

/// Blocks of a recording at once were taken, and it is neither finished nor lost.
pub(crate) fn is_at_once_under_way(disc: &Sequential) -> bool {
    let begun = |t: &Track| t.nwa > t.start && !t.closed && t.damage != Damage::Lost;
    disc.minus.at_once.is_some() && disc.tracks.first().is_some_and(begun)
}

/// Whether a session that is closed now is the last one, when page 05h says no such thing: two
/// layers are one session, and so is a recording at once, be it lost (recipe 6).
pub(crate) fn is_last_session(kind: MediumKind, disc: &Sequential) -> bool {
    kind == MediumKind::DvdMinusRDl || disc.minus.at_once.is_some()
}

/// A synchronization ends a recording at once, with a lead-out (recipe 6: no CLOSE follows). That
/// it does so where not all came that was reserved is this drive's choice.
pub(crate) fn finish_at_once(disc: &mut Sequential) {
    if !is_at_once_under_way(disc) {
        return;
    }
    if let Some(track) = disc.tracks.first_mut() {
        track.end = track.recorded;
        track.nwa = track.recorded;
        track.closed = true;
    }
    disc.closed_sessions = 1;
    disc.complete = true;
}

/// The power failed, or the disc was taken out: a recording at once can not be gone on with
/// (recipe 8), and one that was only announced is forgotten, as nothing is on the disc.
pub(crate) fn interrupt(disc: &mut Sequential) {
    disc.forget_unrecorded();
    let capacity = disc.capacity;
    let Some(track) = disc.tracks.first_mut().filter(|t| !t.closed) else {
        return;
    };
    if disc.minus.at_once.is_none() {
        return;
    }
    if track.recorded > track.start {
        track.damage = Damage::Lost;
        return;
    }
    track.reserved = false;
    track.end = capacity;
    disc.minus.at_once = None;
}

impl Medium {
    /// A DVD-R DL that was begun by layer jumps (0016h), as no writer here can: its first `blocks`
    /// blocks are a closed session of zeros, and it is not finished.
    ///
    /// `capacity_blocks` as in [`Medium::blank`].
    ///
    /// # Errors
    /// The capacity is not possible, `blocks` are not whole ECC blocks of it, or the store failed.
    pub fn layer_jump(
        capacity_blocks: Option<u32>,
        blocks: u32,
        store: Box<dyn DiscStore>,
    ) -> Result<Self, MediumError> {
        let mut medium = Self::blank(MediumKind::DvdMinusRDl, capacity_blocks, store)?;
        if let Recorded::Sequential(disc) = medium.recorded_mut() {
            if let Some(track) = disc.tracks.first_mut() {
                (track.nwa, track.recorded) = (blocks, blocks);
            }
            disc.close_track(1);
            disc.close_session(false);
            disc.minus.layer_jump = true;
        }
        medium.validate()?;
        medium.save()?;
        Ok(medium)
    }

    /// Begins to blank a DVD-RW, in either mode: from here on nothing of it can be used, until
    /// the BLANK ends.
    pub(crate) fn begin_blank(&mut self) -> Result<(), StoreError> {
        let mut disc = Sequential::blank(&RULES, self.recordable());
        disc.minus.half_blanked = true;
        if let Some(track) = disc.tracks.first_mut() {
            track.damage = Damage::Lost;
        }
        *self.recorded_mut() = Recorded::Sequential(disc);
        self.save()?;
        self.store.erase()
    }
}

/// A DVD-RW as BLANK leaves it (recipe 6). `minimal`: only what tells of the recording is gone.
pub(crate) fn end_blank(disc: &mut Sequential, minimal: bool) {
    if disc.minus.half_blanked {
        *disc = Sequential::blank(disc.rules, disc.raw_capacity);
        disc.minus.at_once_only = minimal;
    }
}

/// What must hold of every disc of the family.
pub(super) fn validate(disc: &Sequential) -> Result<(), MediumError> {
    let minus = &disc.minus;
    if !disc.rules.minus {
        return match *minus == Minus::default() {
            true => Ok(()),
            false => Err(MediumError::Corrupt("not a DVD-R, and recorded like one")),
        };
    }
    if minus
        .at_once
        .is_some_and(|n| n == 0 || n > disc.raw_capacity)
    {
        return Err(MediumError::Corrupt("more is to be recorded than there is"));
    }
    if minus.at_once.is_some() && disc.tracks.len() != 1 {
        return Err(MediumError::Corrupt("a disc at once has one track"));
    }
    Ok(())
}

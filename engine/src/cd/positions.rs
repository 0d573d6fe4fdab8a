//! What Q says in the sectors of a disc: positions, and the places where they change, each found by halving; flags, and
//! codes that stand among them.
//!
//! Owns how lost frames are got over. What the disc should say is the caller's.

use crate::drive::DriveReader;
use crate::error::QueryError;
use pitland_mmc::Lba;
use pitland_redbook::subchannel::{Channels, Control, Q, QMessage, SubchannelTrack};

/// Sectors around one whose own position is not known, among which its neighbours' is looked for.
const AROUND: i32 = 2;

/// Sectors among which a flag of copies that alternates has changed, and a code does not take the place of all.
pub(super) const FLAG_SECTORS: i32 = 12;

/// Track and index; the order is that of the disc.
pub(super) type Position = (u8, u8);

/// The positions of the disc in a drive.
pub(super) struct Positions<'a>(&'a DriveReader);

impl<'a> Positions<'a> {
    pub(super) const fn new(reader: &'a DriveReader) -> Self {
        Self(reader)
    }

    /// The first block behind `from` at or behind a position that `to` has.
    pub(super) fn first_at(&self, from: i32, to: i32, wanted: Position) -> Result<i32, QueryError> {
        let (mut before, mut at) = (from, to);
        while at - before > 1 {
            let middle = before + (at - before) / 2;
            match self.at(Lba(middle))? {
                Some(position) if position < wanted => before = middle,
                _ => at = middle,
            }
        }
        Ok(at)
    }

    /// The position of a block; `None`: neither it nor those around it tell one.
    pub(super) fn at(&self, lba: Lba) -> Result<Option<Position>, QueryError> {
        let own = self.told(lba)?;
        if own.is_some() {
            return Ok(own);
        }
        // A code stands in its place, or a reading error. A code is never the first of a position: what was before goes on.
        for distance in 1..=AROUND {
            let before = lba.0 - distance;
            let told = match before < 0 {
                true => None,
                false => self.told(Lba(before))?,
            };
            if told.is_some() {
                return Ok(told);
            }
        }
        self.told(Lba(lba.0.saturating_add(1)))
    }

    fn told(&self, lba: Lba) -> Result<Option<Position>, QueryError> {
        let frames = self.frames(lba, 1)?.unwrap_or_default();
        Ok(frames.first().and_then(position_of))
    }

    /// The frames of Q of so many sectors whose checksums are right; `None`: the drive gives none of them. Where it does not
    /// give all in one go, as where sound and data meet, it is asked for each.
    pub(super) fn frames(&self, lba: Lba, count: u32) -> Result<Option<Vec<Q>>, QueryError> {
        let frames = self.piece(lba, count)?;
        if frames.is_some() || count <= 1 {
            return Ok(frames);
        }
        let mut all = None;
        for at in (lba.0..).take(count as usize) {
            if let Some(one) = self.piece(Lba(at), 1)? {
                all.get_or_insert_with(Vec::new).extend(one);
            }
        }
        Ok(all)
    }

    fn piece(&self, lba: Lba, count: u32) -> Result<Option<Vec<Q>>, QueryError> {
        let mut channels = vec![[0; 96]; count as usize];
        match self.0.read_subchannels(lba, None, &mut channels) {
            Ok(()) => {}
            Err(QueryError::Sense(_)) => return Ok(None),
            Err(error) => return Err(error),
        }
        let frames = channels.iter().map(Channels::from_interleaved);
        let frames = frames.filter_map(|sector| Q::parse(&sector.q()).ok());
        Ok(Some(frames.collect()))
    }
}

/// The flags that frames tell of a track, and whether the one of copies alternates among them.
pub(super) fn flags_of(frames: &[Q], track: u8) -> Option<(Control, bool)> {
    let own = |q: &&Q| position_of(q).is_some_and(|position| position.0 == track);
    let mut own = frames.iter().filter(own).map(|q| q.control);
    let first = own.next()?;
    let alternates = own.any(|other| other.copy_permitted != first.copy_permitted);
    Some((first, alternates))
}

/// The position that a frame tells; `None`: it is another one, or of the lead-out.
pub(super) fn position_of(q: &Q) -> Option<Position> {
    match q.message {
        QMessage::Position {
            track: SubchannelTrack::Number(track),
            index,
            ..
        } => Some((track, index)),
        _ => None,
    }
}

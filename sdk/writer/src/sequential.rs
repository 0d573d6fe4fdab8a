//! What write-once media that are written track after track have in common: where the next session
//! goes, where one that was cut off goes on, and why it may not (recipes 2.1, 2.2 and 8).
//!
//! Owns these judgements, and the order of the closing moves. Must not know what sets one medium
//! apart from another: limits, layers, and the function that finalizes it are the writer's.

use crate::facts::{MediaFacts, MediumCondition};
use crate::moves;
use crate::plan::{ExpectedMedium, Extent, Occasion, PlannedCommand};
use crate::recipe::Recipe;
use crate::refusal::{MissingFact, Refusal};
use crate::request::{BurnRequest, CloseRequest, Finish, Placement, ResumeRequest};
use crate::writer::Service;
use pitland_mmc::cdb::CloseFunction;
use pitland_mmc::reply::TrackInformation;
use pitland_mmc::{Lba, TrackNumber};

/// The place of the next session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Spot {
    /// The track that will be written.
    pub track: TrackNumber,
    /// Its next writable address.
    pub nwa: Lba,
    /// Blocks from there to the end.
    pub free_blocks: u64,
    /// Closed sessions before it.
    pub sessions: u32,
    /// Blocks of one write unit.
    pub unit: u32,
    /// Whether the medium holds nothing yet.
    pub blank: bool,
}

impl Spot {
    /// Where a burn with this placement goes.
    ///
    /// # Errors
    /// The drive does not write such media; the medium is missing, closed, damaged, not blank as wanted, or holds an open session; a
    /// write-once medium that holds something cannot be overwritten; nothing in sequential recording grows in place.
    pub fn find(facts: &MediaFacts, placement: Placement) -> Result<Self, Refusal> {
        let profile = facts.profile();
        if matches!(placement, Placement::Grow(_)) {
            return Err(Refusal::NotOffered);
        }
        let blank = match facts.condition() {
            MediumCondition::Blank => true,
            MediumCondition::Appendable => match placement {
                Placement::NewSession => false,
                Placement::Overwrite if !profile.is_rewritable() => {
                    return Err(Refusal::NotRewritable { profile });
                }
                // What can be erased is not overwritten either: not in sequential recording.
                Placement::BlankOnly | Placement::Overwrite | Placement::Grow(_) => {
                    return Err(Refusal::MediumNotBlank {
                        offer: Some(Placement::NewSession),
                    });
                }
            },
            MediumCondition::OpenSession => return Err(Refusal::SessionOpen),
            MediumCondition::Announced => return Err(Refusal::OnlyAnnounced),
            MediumCondition::Complete if profile.is_rewritable() => {
                return Err(Refusal::EraseFirst);
            }
            MediumCondition::Complete => return Err(Refusal::MediumClosed),
            MediumCondition::Damaged => return Err(Refusal::MediumDamaged),
            MediumCondition::NoMedium => return Err(Refusal::NoMedium),
            _ => return Err(missing(MissingFact::DiscInformation)),
        };
        if !facts.is_written_by_drive() {
            return Err(Refusal::DriveOnlyReads { profile });
        }
        let track = facts
            .writable_track()
            .ok_or(missing(MissingFact::TrackInformation))?;
        let nwa = facts
            .nwa()
            .ok_or(missing(MissingFact::NextWritableAddress))?;
        Ok(Self {
            track: track.track,
            nwa,
            free_blocks: facts.free_blocks().unwrap_or(0),
            sessions: facts.closed_sessions().unwrap_or(0),
            unit: profile.write_unit().unwrap_or(1),
            blank,
        })
    }

    /// Where a burn goes on that was cut off, and how many blocks of it are missing, padding included: in
    /// the open session, behind exactly the blocks that are known to be written. With none missing the
    /// session is only to be closed, whose track may be closed already.
    ///
    /// # Errors
    /// The medium is missing or damaged; it holds nothing of the burn, all of it and closed, or another
    /// number of blocks; the rest does not fit.
    pub fn where_cut_off(
        facts: &MediaFacts,
        resume: &ResumeRequest,
    ) -> Result<(Self, u64), Refusal> {
        let profile = facts.profile();
        if resume.burn.test_write {
            return Err(Refusal::NoTestWrite { profile });
        }
        let unit = profile.write_unit().unwrap_or(1);
        let missing_blocks = missing_blocks(resume, unit)?;
        match facts.condition() {
            MediumCondition::OpenSession => {}
            MediumCondition::Appendable | MediumCondition::Complete if missing_blocks == 0 => {
                return Err(Refusal::NothingToClose);
            }
            MediumCondition::Damaged => return Err(Refusal::MediumDamaged),
            MediumCondition::NoMedium => return Err(Refusal::NoMedium),
            MediumCondition::Unknown => return Err(missing(MissingFact::DiscInformation)),
            _ => return Err(Refusal::NothingToResume),
        }
        let track = data_track(facts).ok_or(missing(MissingFact::TrackInformation))?;
        let found = match track.nwa {
            Some(nwa) => nwa.max(track.start),
            // A closed track ends where it ends; only one with all blocks may be closed.
            None => end_of(track)
                .filter(|_| missing_blocks == 0)
                .ok_or(missing(MissingFact::NextWritableAddress))?,
        };
        let written = u32::try_from(resume.written_blocks);
        let expected = written
            .ok()
            .and_then(|blocks| track.start.checked_add(blocks));
        match expected {
            Some(expected) if expected == found => {}
            Some(expected) => return Err(Refusal::NotWhereCutOff { expected, found }),
            None => {
                let written_blocks = resume.written_blocks;
                return Err(Refusal::BadCheckpoint { written_blocks });
            }
        }
        let free_blocks = u64::from(track.free_blocks.0);
        if missing_blocks > free_blocks {
            return Err(Refusal::TooLarge {
                needed: missing_blocks,
                available: free_blocks,
            });
        }
        let spot = Self {
            track: track.track,
            nwa: found,
            free_blocks,
            sessions: facts.closed_sessions().unwrap_or(0),
            unit,
            blank: false,
        };
        Ok((spot, missing_blocks))
    }

    /// The offer to write here.
    pub fn service(&self) -> Service {
        Service::new(self.nwa, self.free_blocks, self.unit)
    }

    /// The same for a burn, once its size is settled.
    ///
    /// # Errors
    /// [`Refusal::TooLarge`], by the padded size.
    pub fn offer(&self, burn: &BurnRequest) -> Result<Service, Refusal> {
        if burn.blocks > 0 {
            padded(burn.blocks, self.unit, self.free_blocks)?;
        }
        Ok(self.service())
    }

    /// The image at this place, padded to whole units.
    ///
    /// # Errors
    /// [`Refusal::Empty`], and [`Refusal::TooLarge`] by the padded size.
    pub fn extent(&self, burn: &BurnRequest) -> Result<Extent, Refusal> {
        let needed = padded(burn.blocks, self.unit, self.free_blocks)?;
        Ok(Extent::image(self.nwa, needed, self.unit))
    }

    /// What is missing of an image that goes on at this place: `blocks`, in whole units; nothing where
    /// none are.
    pub fn rest(&self, blocks: u64) -> Option<Extent> {
        (blocks > 0).then(|| Extent::image(self.nwa, blocks, self.unit))
    }

    /// The closing moves of a burn: the buffer, the track, and the session or the disc, which
    /// `finalize` finalizes. A burn that is cancelled closes its session and leaves the disc
    /// appendable, because nobody asked to finalize half of it; one that the drive cut off closes
    /// nothing, so that the session can be resumed (recipe 9).
    pub fn closing(&self, finish: Finish, finalize: CloseFunction) -> Vec<PlannedCommand> {
        let mut closing = Vec::from(moves::synchronize_cache());
        closing.push(moves::close_track(self.track).only(Occasion::AfterBlocks));
        match finish {
            Finish::CloseSession => {
                closing.push(moves::close_session().only(Occasion::AfterBlocks));
            }
            Finish::FinalizeDisc => {
                closing.push(moves::finalize(finalize).only(Occasion::AfterAll));
                closing.push(moves::close_session().only(Occasion::AfterCancel));
            }
        }
        closing
    }

    /// What the medium must show after `extent` was written here and closed. A further session costs
    /// up to `border_blocks`; with less left, whether the disc stays appendable is the drive's to say.
    pub fn expected(&self, extent: &Extent, finish: Finish, border_blocks: u64) -> ExpectedMedium {
        self.expected_after(extent.blocks, finish, border_blocks)
    }

    /// As [`Spot::expected`], after this many blocks; none, where the session is only closed.
    pub fn expected_after(
        &self,
        blocks: u64,
        finish: Finish,
        border_blocks: u64,
    ) -> ExpectedMedium {
        let end = i64::from(self.nwa.0).saturating_add_unsigned(blocks);
        let left = self.free_blocks.saturating_sub(blocks);
        let appendable = match finish {
            Finish::FinalizeDisc => Some(false),
            Finish::CloseSession if left > border_blocks => Some(true),
            Finish::CloseSession => None,
        };
        ExpectedMedium {
            closed_sessions: Some(self.sessions.saturating_add(1)),
            appendable,
            blank: None,
            nwa_at_least: i32::try_from(end)
                .ok()
                .map(Lba)
                .filter(|_| appendable == Some(true)),
            capacity_at_least: u64::try_from(end).ok(),
        }
    }
}

/// What is to be closed, when someone asks for a close alone.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unclosed {
    /// The tracks of the session that was left open, which must be closed before it: other burners
    /// reserve several. None when all sessions are closed and only the disc can be finalized.
    pub open_tracks: Vec<TrackNumber>,
    /// Sessions that are closed now.
    pub sessions: u32,
}

impl Unclosed {
    /// What a close would act on: an open or damaged session, or with `finalize` an appendable disc.
    ///
    /// # Errors
    /// There is no medium, or nothing to close on it.
    pub fn find(facts: &MediaFacts, finalize: bool) -> Result<Self, Refusal> {
        let sessions = facts.closed_sessions().unwrap_or(0);
        match facts.condition() {
            MediumCondition::OpenSession | MediumCondition::Damaged => {
                let last = facts
                    .last_track()
                    .ok_or(missing(MissingFact::TrackInformation))?;
                let mut open_tracks: Vec<_> = facts
                    .tracks
                    .iter()
                    .filter(|track| track.session == last.session && is_open(track))
                    .map(|track| track.track)
                    .collect();
                if open_tracks.is_empty() {
                    open_tracks.push(last.track);
                }
                Ok(Self {
                    open_tracks,
                    sessions,
                })
            }
            MediumCondition::Appendable if finalize => Ok(Self {
                open_tracks: Vec::new(),
                sessions,
            }),
            MediumCondition::NoMedium => Err(Refusal::NoMedium),
            MediumCondition::Announced => Err(Refusal::OnlyAnnounced),
            MediumCondition::Unknown => Err(missing(MissingFact::DiscInformation)),
            _ => Err(Refusal::NothingToClose),
        }
    }

    /// The recipe of the close: of the session, or of the disc by `function` where that is asked for.
    ///
    /// # Errors
    /// As [`Unclosed::find`].
    pub fn recipe(
        facts: &MediaFacts,
        close: &CloseRequest,
        function: CloseFunction,
    ) -> Result<Recipe, Refusal> {
        let unclosed = Self::find(facts, close.finalize)?;
        Ok(Recipe::new()
            .close(unclosed.closing(close.finalize.then_some(function)))
            .expect(unclosed.expected(close.finalize)))
    }

    /// The closing moves: the open tracks, and the session or the disc.
    pub fn closing(&self, finalize: Option<CloseFunction>) -> Vec<PlannedCommand> {
        let tracks = self.open_tracks.iter().copied().map(moves::close_track);
        let last = finalize.map_or_else(moves::close_session, moves::finalize);
        tracks
            .chain([last])
            .map(|c| c.only(Occasion::AfterAll))
            .collect()
    }

    /// What the medium must show afterwards.
    pub fn expected(&self, finalize: bool) -> ExpectedMedium {
        let closes_session = u32::from(!self.open_tracks.is_empty());
        ExpectedMedium {
            closed_sessions: Some(self.sessions.saturating_add(closes_session)),
            appendable: finalize.then_some(false),
            ..ExpectedMedium::default()
        }
    }
}

/// Whether something is in the track, or shall come into it: not in the invisible one, which is blank and
/// was never reserved (recipe 2.2).
fn is_open(track: &TrackInformation) -> bool {
    let begun = track.reserved || !track.blank;
    begun && (track.nwa.is_some() || track.damage)
}

/// The track of the last session that holds what was written of it: its first, which a drive may follow
/// up with an invisible one once it is closed.
fn data_track(facts: &MediaFacts) -> Option<&TrackInformation> {
    let first = facts.disc.as_ref()?.first_track_in_last_session;
    facts.tracks.iter().find(|track| track.track == first)
}

/// The block behind a closed track.
fn end_of(track: &TrackInformation) -> Option<Lba> {
    let blocks = track.size.map(|size| size.0);
    blocks.and_then(|blocks| track.start.checked_add(blocks))
}

/// Blocks of a burn that are still to be written, padded to whole units of `unit`.
///
/// # Errors
/// [`Refusal::Empty`] for a burn of nothing, [`Refusal::NothingToResume`] when nothing is written, and
/// [`Refusal::BadCheckpoint`] when it cannot have been cut off there.
pub fn missing_blocks(resume: &ResumeRequest, unit: u32) -> Result<u64, Refusal> {
    let written_blocks = resume.written_blocks;
    let whole = padded(resume.burn.blocks, unit, u64::MAX)?;
    if written_blocks == 0 {
        return Err(Refusal::NothingToResume);
    }
    whole
        .checked_sub(written_blocks)
        .filter(|missing| missing.is_multiple_of(unit.max(1).into()))
        .ok_or(Refusal::BadCheckpoint { written_blocks })
}

/// The blocks of an image padded to whole units of `unit`, if they fit into `available`.
///
/// # Errors
/// [`Refusal::Empty`], and [`Refusal::TooLarge`] by the padded size.
pub fn padded(blocks: u64, unit: u32, available: u64) -> Result<u64, Refusal> {
    if blocks == 0 {
        return Err(Refusal::Empty);
    }
    let needed = blocks
        .checked_next_multiple_of(u64::from(unit.max(1)))
        .unwrap_or(u64::MAX);
    if needed > available {
        return Err(Refusal::TooLarge { needed, available });
    }
    Ok(needed)
}

fn missing(what: MissingFact) -> Refusal {
    Refusal::FactMissing { what }
}

//! What the medium must show after a job. A drive can accept every command and leave the disc as it was
//! (recipe 4, step 15). Owns the comparison of what was expected with what is there.

use crate::identify::MOST_TRACKS;
use crate::outcome::{MediumState, Unproven};
use pitland_mmc::{Lba, MediumFamily, Profile, TrackNumber};
use pitland_writer::{MediaFacts, MediumCondition, WritePlan};
use std::time::Duration;

/// Where the pregap of a CD's first track begins (recipe 5).
const FIRST_PREGAP: i32 = -150;

/// What the medium shows of a job that is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proven {
    /// What the plan expects.
    AsPlanned,
    /// That and more: it is complete, and should have stayed appendable.
    MoreClosed,
}

/// What a medium shows that nothing was recorded on in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Before {
    pub(crate) condition: MediumCondition,
    nwa: Option<Lba>,
    pub(crate) closed_sessions: Option<u32>,
}

impl Before {
    pub(crate) fn of(facts: &MediaFacts) -> Self {
        let condition = facts.condition();
        Self {
            condition,
            // That of a blank CD is where page 05h has it, which a test write may have changed (recipe 13).
            nwa: facts.nwa().filter(|_| condition != MediumCondition::Blank),
            closed_sessions: facts.closed_sessions(),
        }
    }
}

/// Compares the medium with what it was: after a test write nothing has moved (recipe 3).
pub(crate) fn as_before(before: &Before, facts: &MediaFacts) -> Result<Proven, Unproven> {
    let now = Before::of(facts);
    match now.condition {
        MediumCondition::NoMedium | MediumCondition::Unrecognized | MediumCondition::Unknown => {
            Err(Unproven::NotIdentified)
        }
        _ if now == *before => Ok(Proven::AsPlanned),
        _ => Err(Unproven::NotAsBefore),
    }
}

/// Compares what the plan expects with what the medium shows. A medium that is more closed than asked
/// holds what was written; one that is less closed lacks what was asked for.
pub(crate) fn proven(
    plan: &WritePlan,
    facts: &MediaFacts,
    blocks_written: u64,
) -> Result<Proven, Unproven> {
    let condition = facts.condition();
    if matches!(
        condition,
        MediumCondition::NoMedium | MediumCondition::Unrecognized | MediumCondition::Unknown
    ) {
        return Err(Unproven::NotIdentified);
    }
    let expected = &plan.expected;
    let more_closed = expected.appendable == Some(true) && condition == MediumCondition::Complete;
    let blank = matches!(
        condition,
        MediumCondition::Blank
            | MediumCondition::Unformatted
            | MediumCondition::Formatted {
                looks_empty: Some(true)
            }
    );
    match expected.blank {
        Some(true) if !blank => return Err(Unproven::NotBlank),
        None if blocks_written > 0
            && matches!(
                condition,
                MediumCondition::Blank | MediumCondition::Unformatted
            ) =>
        {
            return Err(Unproven::StillBlank);
        }
        _ => {}
    }
    // A drive may call a finished disc a pressed one, whose sessions it tells anyhow (recipe 1).
    let counts_sessions = !matches!(facts.profile(), Profile::DvdRom | Profile::BdRom);
    if let Some(sessions) = expected.closed_sessions
        && counts_sessions
    {
        let found = facts.closed_sessions();
        if found != Some(sessions) {
            return Err(Unproven::Sessions {
                expected: sessions,
                found: found.unwrap_or(0),
            });
        }
    }
    if let Some(appendable) = expected.appendable
        && !more_closed
    {
        let found = matches!(
            condition,
            MediumCondition::Appendable | MediumCondition::Formatted { .. }
        );
        if found != appendable {
            return Err(Unproven::Appendable { found });
        }
    }
    if let Some(least) = expected.nwa_at_least
        && !more_closed
    {
        let found = facts.nwa();
        if found.is_none_or(|nwa| nwa < least) {
            return Err(Unproven::NextWritableAddress {
                expected: least,
                found,
            });
        }
    }
    if let Some(least) = expected.capacity_at_least {
        let found = facts.readable_blocks().unwrap_or(0);
        if found < least {
            return Err(Unproven::Capacity {
                expected: least,
                found,
            });
        }
    }
    Ok(if more_closed {
        Proven::MoreClosed
    } else {
        Proven::AsPlanned
    })
}

/// Whether the drive tells of the disc and of each of its tracks in a way that makes sense: what the
/// shortest of verifications asks for.
pub(crate) fn plausible(facts: &MediaFacts) -> Result<(), Unproven> {
    let disc = facts.disc.as_ref().ok_or(Unproven::DiscInformation)?;
    let last = disc.last_track_in_last_session.0;
    if disc.sessions == 0 || disc.first_track_in_last_session.0 > last {
        return Err(Unproven::DiscInformation);
    }
    // A blank CD may be written from its first pregap on.
    let least_address = match facts.profile().family() {
        MediumFamily::Cd => FIRST_PREGAP,
        _ => 0,
    };
    let told = |number| {
        let track = facts.tracks.iter().find(|track| track.track.0 == number);
        track.is_some_and(|track| {
            track.nwa.is_none_or(|nwa| nwa.0 >= least_address) && track.session.0 > 0
        })
    };
    // A CD's first track may have any number.
    let first = disc.first_track.0.max(1);
    match (first..=last.min(MOST_TRACKS)).find(|number| !told(*number)) {
        Some(number) => Err(Unproven::TrackInformation {
            track: TrackNumber(number),
        }),
        None => Ok(()),
    }
}

/// The least time in which so many bytes can be written: half of what the fastest drive known takes, or
/// the fastest speed that this one offers, where that is higher. What is faster is not believed; nothing
/// that writes comes near, for the closing counts, too.
pub(crate) fn least_time(facts: &MediaFacts, bytes: u64) -> Duration {
    let profile = facts.profile();
    // In multiples of 1x: no drive on sale was ever faster.
    let fastest = match profile.family() {
        MediumFamily::Cd => 56,
        MediumFamily::Dvd => 24,
        MediumFamily::Bd => 16,
        _ => 0,
    };
    let known = profile.one_x_kb_per_s().saturating_mul(fastest);
    let offered = facts.write_speeds().into_iter().max().unwrap_or(0);
    let bytes_per_second = u64::from(known.max(offered)) * 1000;
    let milliseconds = bytes.saturating_mul(1000).checked_div(bytes_per_second * 2);
    Duration::from_millis(milliseconds.unwrap_or(0))
}

/// What a drive's answers say of the medium after a job.
pub(crate) fn medium_state(facts: &MediaFacts) -> MediumState {
    match facts.condition() {
        MediumCondition::NoMedium | MediumCondition::Unrecognized | MediumCondition::Unknown => {
            MediumState::Unknown
        }
        MediumCondition::Complete => MediumState::Closed,
        MediumCondition::OpenSession | MediumCondition::Announced | MediumCondition::Damaged => {
            MediumState::Damaged
        }
        _ => MediumState::Appendable,
    }
}

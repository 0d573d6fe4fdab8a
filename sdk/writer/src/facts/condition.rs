//! In which state a medium is, judged from the drive's answers (recipes 2.1, 2.2 and 13).
//!
//! Owns the judgement. Must not know requests: whether a state is good enough is the writer's say.

use super::MediaFacts;
use pitland_mmc::reply::{
    BackgroundFormat, CapacityKind, DiscStatus, SessionState, TrackInformation,
};
use pitland_mmc::sense::Reaction;
use pitland_mmc::{MediumFamily, Profile, SessionNumber};

/// The state of a medium, as far as the drive tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum MediumCondition {
    /// The drive holds no medium.
    NoMedium,
    /// The drive holds a medium and cannot make out what it is.
    Unrecognized,
    /// A sequential medium that holds nothing; also a BD-R that is formatted but unwritten.
    Blank,
    /// A sequential medium with closed sessions that takes a further one.
    Appendable,
    /// A sequential medium whose last session was begun and not closed.
    OpenSession,
    /// A recording at once was announced by a reserved track, and nothing of it was written: the disc is as
    /// it was, and the drive forgets the announcement once it is ejected (recipe 6).
    Announced,
    /// Finalized, full, or read-only.
    Complete,
    /// An overwritable medium that is formatted, whole or in part.
    Formatted {
        /// See [`MediaFacts::looks_empty`].
        looks_empty: Option<bool>,
    },
    /// An overwritable medium that must be formatted before anything else.
    Unformatted,
    /// The last track is damaged and has no next writable address: it can only be closed.
    Damaged,
    /// The drive did not tell enough.
    #[default]
    Unknown,
}

impl MediumCondition {
    /// Whether blocks can be written to it as it is.
    pub const fn is_writable(self) -> bool {
        matches!(
            self,
            Self::Blank | Self::Appendable | Self::OpenSession | Self::Formatted { .. }
        )
    }

    /// Whether it holds nothing that a user could miss; `None` where that is not known.
    pub const fn is_blank(self) -> Option<bool> {
        match self {
            Self::Blank | Self::Unformatted => Some(true),
            Self::Appendable
            | Self::OpenSession
            | Self::Announced
            | Self::Complete
            | Self::Damaged => Some(false),
            Self::Formatted { looks_empty } => looks_empty,
            Self::NoMedium | Self::Unrecognized | Self::Unknown => None,
        }
    }
}

/// The state of the medium that `facts` tell of.
pub(super) fn judge(facts: &MediaFacts) -> MediumCondition {
    let Some(configuration) = &facts.configuration else {
        return MediumCondition::Unknown;
    };
    match configuration.profile {
        Profile::None if is_unrecognized(facts) => MediumCondition::Unrecognized,
        Profile::None => MediumCondition::NoMedium,
        profile if profile.is_overwritable() => overwritable(facts),
        // A drive's word on the status of a read-only medium is worth nothing (recipe 1).
        Profile::CdRom | Profile::DvdRom | Profile::BdRom => MediumCondition::Complete,
        // Media that have no name here too: the disc information means the same on all of them.
        _ => sequential(facts),
    }
}

fn is_unrecognized(facts: &MediaFacts) -> bool {
    let reaction = facts.not_ready.map(|sense| sense.reaction());
    reaction == Some(Reaction::IncompatibleMedium)
}

fn sequential(facts: &MediaFacts) -> MediumCondition {
    let Some(disc) = &facts.disc else {
        return MediumCondition::Unknown;
    };
    match (disc.status, disc.last_session_state) {
        (DiscStatus::Blank, _) => MediumCondition::Blank,
        (DiscStatus::Appendable, SessionState::Empty) if disc.sessions <= 1 => {
            MediumCondition::Blank
        }
        (DiscStatus::Appendable, SessionState::Empty | SessionState::Complete) => {
            MediumCondition::Appendable
        }
        (DiscStatus::Appendable, SessionState::Incomplete) => open_session(facts),
        (DiscStatus::Appendable, _) => MediumCondition::Damaged,
        (DiscStatus::Complete, _) => MediumCondition::Complete,
        _ => MediumCondition::Unknown,
    }
}

fn open_session(facts: &MediaFacts) -> MediumCondition {
    match facts.last_track() {
        Some(track) if track.damage && track.nwa.is_none() => MediumCondition::Damaged,
        Some(last) if is_only_announced(facts, last.session) => MediumCondition::Announced,
        _ => MediumCondition::OpenSession,
    }
}

/// Whether all of a session are tracks without a block that were reserved for a recording at once: only media
/// that page 05h governs have one, and on DVD the bit of packets tells it (recipe 2.2). What was reserved for
/// another way of writing stands on the disc.
fn is_only_announced(facts: &MediaFacts, session: SessionNumber) -> bool {
    let profile = facts.profile();
    let at_once = |track: &TrackInformation| {
        track.reserved && !track.packet && track.nwa == Some(track.start)
    };
    let mut of_session = facts.tracks.iter().filter(|track| track.session == session);
    profile.family() == MediumFamily::Dvd
        && profile.takes_write_parameters()
        && of_session.all(at_once)
}

fn overwritable(facts: &MediaFacts) -> MediumCondition {
    let formatted = MediumCondition::Formatted {
        looks_empty: facts.looks_empty(),
    };
    let disc = facts.disc.as_ref();
    // An intermediate session of restricted overwrite: begun by a quick format, and not closed. Some drives
    // call the disc complete all the same (recipe 13).
    if facts.profile() == Profile::DvdMinusRwRestrictedOverwrite
        && disc.is_some_and(|disc| disc.last_session_state == SessionState::Incomplete)
    {
        return MediumCondition::OpenSession;
    }
    // A DVD+RW in the middle of its background format is usable, whatever its list says of it.
    if facts.background_format() != BackgroundFormat::None {
        return formatted;
    }
    let listed = facts
        .format_capacities
        .as_ref()
        .map(|list| list.current.kind);
    match (listed, disc.map(|disc| disc.status)) {
        (Some(CapacityKind::Unformatted), _) => MediumCondition::Unformatted,
        (Some(CapacityKind::Formatted), _) => formatted,
        (_, Some(DiscStatus::Blank)) => MediumCondition::Unformatted,
        (_, Some(DiscStatus::Complete | DiscStatus::RandomAccess)) => formatted,
        _ => MediumCondition::Unknown,
    }
}

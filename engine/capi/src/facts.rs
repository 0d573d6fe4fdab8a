//! What a drive and its disc are, as they were when they were asked. Owns the shape for C; the facts are the engine's.

use crate::border::{c_text, free, shared};
use pitland::MediaFacts;
use pitland::writer::MediumCondition;
use pitland::writer::mmc::Lba;
use pitland::writer::mmc::reply::TrackInformation;
use std::ffi::{CString, c_char};
use std::ptr;

/// What a number is that is not known.
pub const PITLAND_UNKNOWN: i64 = i64::MIN;

/// More sessions than a disc can have: the tracks of DVD and BD are counted in two bytes, those that were ever recorded are
/// fewer by far.
const MOST_SESSIONS: u16 = 4096;

/// What can be done with a disc.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum pitland_condition {
    /// The drive did not tell enough.
    Unknown = 0,
    /// There is no disc.
    NoDisc = 1,
    /// There is a disc, and the drive cannot make out what it is.
    Unrecognized = 2,
    /// It holds nothing.
    Blank = 3,
    /// It takes a further session.
    Appendable = 4,
    /// Its last session was begun and not closed.
    OpenSession = 5,
    /// A recording was announced and not begun; forgotten when the disc is ejected.
    Announced = 6,
    /// It is final, full, or read-only.
    Closed = 7,
    /// It can be overwritten.
    Formatted = 8,
    /// It must be formatted before anything else.
    Unformatted = 9,
    /// Its last track is damaged, and can only be closed.
    Damaged = 10,
}

impl From<MediumCondition> for pitland_condition {
    fn from(condition: MediumCondition) -> Self {
        match condition {
            MediumCondition::NoMedium => Self::NoDisc,
            MediumCondition::Unrecognized => Self::Unrecognized,
            MediumCondition::Blank => Self::Blank,
            MediumCondition::Appendable => Self::Appendable,
            MediumCondition::OpenSession => Self::OpenSession,
            MediumCondition::Announced => Self::Announced,
            MediumCondition::Complete => Self::Closed,
            MediumCondition::Formatted { .. } => Self::Formatted,
            MediumCondition::Unformatted => Self::Unformatted,
            MediumCondition::Damaged => Self::Damaged,
            _ => Self::Unknown,
        }
    }
}

/// What a drive and its disc are.
pub struct pitland_facts {
    vendor: CString,
    product: CString,
    revision: CString,
    medium: CString,
    profile: u32,
    condition: pitland_condition,
    capacity: i64,
    free: i64,
    next_writable: i64,
    sessions: i64,
    session_starts: Vec<i64>,
    last_session_start: i64,
    tracks: Vec<Track>,
    write_speeds: Vec<u32>,
}

/// What is in a track. Since PITLAND_ABI 2.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum pitland_track_kind {
    /// There is no such track, or nothing is in it yet.
    None = 0,
    /// Data.
    Data = 1,
    /// Sound.
    Sound = 2,
}

struct Track {
    number: u32,
    session: u32,
    first: i64,
    blocks: i64,
    kind: pitland_track_kind,
}

/// The bit of a CD's track mode that says data; the field is that of sub-channel Q.
const CONTROL_DATA: u8 = 4;

impl Track {
    fn new(track: &TrackInformation, is_cd: bool) -> Self {
        let is_data = !is_cd || track.track_mode & CONTROL_DATA != 0;
        Self {
            number: track.track.0.into(),
            session: track.session.0.into(),
            first: track.start.0.into(),
            blocks: track.size.map_or(PITLAND_UNKNOWN, |size| size.0.into()),
            kind: match (track.blank, is_data) {
                (true, _) => pitland_track_kind::None,
                (false, true) => pitland_track_kind::Data,
                (false, false) => pitland_track_kind::Sound,
            },
        }
    }
}

impl pitland_facts {
    pub(crate) fn new(facts: &MediaFacts) -> Self {
        let inquiry = facts.inquiry.as_ref();
        // Padded with spaces, and anything may stand there.
        let name = |field: Option<&[u8]>| {
            let text = String::from_utf8_lossy(field.unwrap_or_default());
            c_text(text.trim_matches([' ', '\0']))
        };
        let number = |blocks: Option<u64>| {
            blocks.map_or(PITLAND_UNKNOWN, |n| n.try_into().unwrap_or(i64::MAX))
        };
        let lba = |lba: Option<Lba>| lba.map_or(PITLAND_UNKNOWN, |lba| lba.0.into());
        let sessions = facts.closed_sessions();
        // A disc has no more of them than tracks, whatever a drive says.
        let numbers = 1..=sessions
            .and_then(|n| u16::try_from(n).ok())
            .unwrap_or(0)
            .min(MOST_SESSIONS);
        let starts = numbers.map(|number| lba(facts.closed_session_start(number)));
        let tracks = facts.tracks.iter();
        Self {
            vendor: name(inquiry.map(|inquiry| &inquiry.vendor[..])),
            product: name(inquiry.map(|inquiry| &inquiry.product[..])),
            revision: name(inquiry.map(|inquiry| &inquiry.revision[..])),
            medium: c_text(facts.profile().to_string()),
            profile: facts.profile().code().into(),
            condition: facts.condition().into(),
            capacity: number(facts.total_capacity()),
            free: number(facts.free_blocks()),
            next_writable: lba(facts.nwa()),
            sessions: number(sessions.map(u64::from)),
            session_starts: starts.collect(),
            last_session_start: lba(facts.last_closed_session_start()),
            tracks: tracks
                .map(|track| Track::new(track, facts.is_cd()))
                .collect(),
            write_speeds: facts.write_speeds(),
        }
    }
}

/// A fact; `otherwise` without facts.
unsafe fn fact<T>(
    facts: *const pitland_facts,
    otherwise: T,
    which: impl FnOnce(&pitland_facts) -> T,
) -> T {
    // SAFETY: facts or null, as everywhere.
    unsafe { shared(facts, "facts") }.map_or(otherwise, which)
}

/// The drive's vendor, at most 8 characters.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pitland_facts_vendor(facts: *const pitland_facts) -> *const c_char {
    // SAFETY: facts or null, as everywhere.
    unsafe { fact(facts, ptr::null(), |facts| facts.vendor.as_ptr()) }
}

/// The drive's product name, at most 16 characters.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pitland_facts_product(facts: *const pitland_facts) -> *const c_char {
    // SAFETY: facts or null, as everywhere.
    unsafe { fact(facts, ptr::null(), |facts| facts.product.as_ptr()) }
}

/// The revision of the drive's firmware, at most 4 characters.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pitland_facts_revision(facts: *const pitland_facts) -> *const c_char {
    // SAFETY: facts or null, as everywhere.
    unsafe { fact(facts, ptr::null(), |facts| facts.revision.as_ptr()) }
}

/// What kind of disc it is, as "BD-R SRM"; "no medium" without one.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pitland_facts_medium(facts: *const pitland_facts) -> *const c_char {
    // SAFETY: facts or null, as everywhere.
    unsafe { fact(facts, ptr::null(), |facts| facts.medium.as_ptr()) }
}

/// The same as the number of its MMC profile; 0 without a disc.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pitland_facts_profile(facts: *const pitland_facts) -> u32 {
    // SAFETY: facts or null, as everywhere.
    unsafe { fact(facts, 0, |facts| facts.profile) }
}

/// What can be done with the disc.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pitland_facts_condition(facts: *const pitland_facts) -> pitland_condition {
    // SAFETY: facts or null, as everywhere.
    unsafe { fact(facts, pitland_condition::Unknown, |facts| facts.condition) }
}

/// Blocks that the disc has in all, or PITLAND_UNKNOWN.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pitland_facts_capacity(facts: *const pitland_facts) -> i64 {
    // SAFETY: facts or null, as everywhere.
    unsafe { fact(facts, PITLAND_UNKNOWN, |facts| facts.capacity) }
}

/// Blocks that are free, or PITLAND_UNKNOWN.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pitland_facts_free_blocks(facts: *const pitland_facts) -> i64 {
    // SAFETY: facts or null, as everywhere.
    unsafe { fact(facts, PITLAND_UNKNOWN, |facts| facts.free) }
}

/// The block that would be written next, or PITLAND_UNKNOWN.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pitland_facts_next_writable(facts: *const pitland_facts) -> i64 {
    // SAFETY: facts or null, as everywhere.
    unsafe { fact(facts, PITLAND_UNKNOWN, |facts| facts.next_writable) }
}

/// Sessions that are closed, or PITLAND_UNKNOWN: the disc has no sessions, as one that is overwritten, or the drive does not
/// tell. Since PITLAND_ABI 2.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pitland_facts_sessions(facts: *const pitland_facts) -> i64 {
    // SAFETY: facts or null, as everywhere.
    unsafe { fact(facts, PITLAND_UNKNOWN, |facts| facts.sessions) }
}

/// The first block of a closed session, counted from 1, or PITLAND_UNKNOWN. Since PITLAND_ABI 2.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pitland_facts_session_start(
    facts: *const pitland_facts,
    session: u32,
) -> i64 {
    let start = |facts: &pitland_facts| {
        let index = usize::try_from(session).ok().and_then(|n| n.checked_sub(1));
        let start = index.and_then(|index| facts.session_starts.get(index));
        start.copied().unwrap_or(PITLAND_UNKNOWN)
    };
    // SAFETY: facts or null, as everywhere.
    unsafe { fact(facts, PITLAND_UNKNOWN, start) }
}

/// Where a reader looks for the volume: the first block of the last session that is closed, 0 on a disc that has no sessions,
/// or PITLAND_UNKNOWN. Since PITLAND_ABI 2.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pitland_facts_last_session_start(facts: *const pitland_facts) -> i64 {
    // SAFETY: facts or null, as everywhere.
    unsafe { fact(facts, PITLAND_UNKNOWN, |facts| facts.last_session_start) }
}

/// The number of tracks that the drive described, an open one included. Since PITLAND_ABI 2.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pitland_facts_track_count(facts: *const pitland_facts) -> usize {
    // SAFETY: facts or null, as everywhere.
    unsafe { fact(facts, 0, |facts| facts.tracks.len()) }
}

/// A fact of a track; `otherwise` where there is no such track.
unsafe fn of_track<T>(
    facts: *const pitland_facts,
    index: usize,
    otherwise: T,
    which: impl FnOnce(&Track) -> T,
) -> T {
    // SAFETY: facts or null, as everywhere.
    let facts = unsafe { shared(facts, "facts") };
    let track = facts.ok().and_then(|facts| facts.tracks.get(index));
    track.map_or(otherwise, which)
}

/// The number of the track at an index from 0; 0 where there is none. Since PITLAND_ABI 2.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pitland_facts_track_number(
    facts: *const pitland_facts,
    index: usize,
) -> u32 {
    // SAFETY: facts or null, as everywhere.
    unsafe { of_track(facts, index, 0, |track| track.number) }
}

/// The session of that track; 0 where there is none. Since PITLAND_ABI 2.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pitland_facts_track_session(
    facts: *const pitland_facts,
    index: usize,
) -> u32 {
    // SAFETY: facts or null, as everywhere.
    unsafe { of_track(facts, index, 0, |track| track.session) }
}

/// The first block of that track, or PITLAND_UNKNOWN. Since PITLAND_ABI 2.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pitland_facts_track_start(
    facts: *const pitland_facts,
    index: usize,
) -> i64 {
    // SAFETY: facts or null, as everywhere.
    unsafe { of_track(facts, index, PITLAND_UNKNOWN, |track| track.first) }
}

/// The blocks of that track, what is free in an open one included, or PITLAND_UNKNOWN. Since PITLAND_ABI 2.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pitland_facts_track_blocks(
    facts: *const pitland_facts,
    index: usize,
) -> i64 {
    // SAFETY: facts or null, as everywhere.
    unsafe { of_track(facts, index, PITLAND_UNKNOWN, |track| track.blocks) }
}

/// What is in that track. Since PITLAND_ABI 2.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pitland_facts_track_kind(
    facts: *const pitland_facts,
    index: usize,
) -> pitland_track_kind {
    // SAFETY: facts or null, as everywhere.
    unsafe { of_track(facts, index, pitland_track_kind::None, |track| track.kind) }
}

/// The number of speeds at which the drive says that it writes this disc. Since PITLAND_ABI 2.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pitland_facts_write_speed_count(facts: *const pitland_facts) -> usize {
    // SAFETY: facts or null, as everywhere.
    unsafe { fact(facts, 0, |facts| facts.write_speeds.len()) }
}

/// One of these in kB/s (1000 bytes), in the drive's order; 0 where there is no such speed. Since PITLAND_ABI 2.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pitland_facts_write_speed(
    facts: *const pitland_facts,
    index: usize,
) -> u32 {
    let speed = |facts: &pitland_facts| facts.write_speeds.get(index).copied().unwrap_or(0);
    // SAFETY: facts or null, as everywhere.
    unsafe { fact(facts, 0, speed) }
}

/// Frees facts, and their texts with them.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pitland_facts_free(facts: *mut pitland_facts) {
    // SAFETY: facts that are not freed yet, or null.
    unsafe { free(facts) };
}

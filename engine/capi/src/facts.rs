//! What a drive and its disc are, as they were when they were asked. Owns the shape for C; the facts are the engine's.

use crate::border::{c_text, free, shared};
use pitland::MediaFacts;
use pitland::writer::MediumCondition;
use std::ffi::{CString, c_char};
use std::ptr;

/// What a number is that is not known.
pub const PITLAND_UNKNOWN: i64 = i64::MIN;

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
        Self {
            vendor: name(inquiry.map(|inquiry| &inquiry.vendor[..])),
            product: name(inquiry.map(|inquiry| &inquiry.product[..])),
            revision: name(inquiry.map(|inquiry| &inquiry.revision[..])),
            medium: c_text(facts.profile().to_string()),
            profile: facts.profile().code().into(),
            condition: facts.condition().into(),
            capacity: number(facts.total_capacity()),
            free: number(facts.free_blocks()),
            next_writable: facts.nwa().map_or(PITLAND_UNKNOWN, |lba| lba.0.into()),
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

/// Frees facts, and their texts with them.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pitland_facts_free(facts: *mut pitland_facts) {
    // SAFETY: facts that are not freed yet, or null.
    unsafe { free(facts) };
}

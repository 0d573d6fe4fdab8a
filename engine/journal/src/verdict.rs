//! What can still be done with the disc of a job that was cut off.
//!
//! A verdict is reached in two steps. [`survey`] looks at what the drive tells; where that leaves something
//! to be read, it gives a [`Comparison`], which names units to read back and ends in a [`Verdict`]. Both are
//! pure. *First* is the image's first block on the medium, *planned* the blocks to write with their padding,
//! *acknowledged* what the journal says; a drive may have lost up to 64 MiB of that from its
//! buffer.
//!
//! Another disc, for certain: another profile; a capacity, a maker's structure, a number or a bar code that
//! both discs have and that differ; fewer closed sessions than before the burn, or more than one more.
//!
//! Sequential media, by closed sessions and the next writable address (NWA):
//!
//! | sessions | NWA | state | verdict |
//! | --- | --- | --- | --- |
//! | as before | at *first* | blank, appendable | nothing written; another disc where more was acknowledged than a buffer holds |
//! | as before | between | open session | if the units before it are the image's: resume there |
//! | as before | at *first* + *planned* | open session | likewise: close only |
//! | as before | elsewhere, or another state | | another disc |
//! | as before | none | open session, its track closed behind all blocks | likewise: close only |
//! | as before | none | open session, its track closed before | lost: it was closed early |
//! | as before | none | damaged | lost: it cannot be continued |
//! | one more | | readable to the end | if its units are the image's: verify only; finalize first if that was asked and it is appendable |
//! | one more | | not readable to the end | lost: it was closed early |
//!
//! An NWA between two write units is unclear, and so is a drive that does not tell enough.
//!
//! Overwritable media have no NWA. From the last acknowledged unit backwards, the first place is looked for
//! before which 64 units in a row are the image's (of a shorter image half of what was acknowledged); there it
//! is resumed. All that a buffer can lose is looked at: behind it an older version of the image may be equal.
//! Units of zeros that are found count for nothing: an empty disc has them, too. With everything
//! written, the last unit is written once more, which closes the disc as well. Where nothing was
//! acknowledged there is nothing to know the disc by: nothing written.
//!
//! Units that were compared: none is the image's: another disc. Some are and some are not: lost (a
//! write-once disc cannot be mended, a rewritable one must be burned anew). Nothing could be compared:
//! unclear. *Lost* is only ever said of a disc that was recognized.

use crate::compare::{Aim, Comparison};
use crate::journal::Journal;
use crate::record::{DiscMark, Finish};
use pitland_mmc::Profile;
use std::fmt;

/// Blocks that a drive may have acknowledged and lost: 64 MiB, more than recorders have as a buffer.
pub(crate) const MOST_LOST_BLOCKS: u64 = 32 * 1024;

/// The state of a medium, as far as the drive tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum DiscState {
    /// There is none.
    NoMedium,
    /// Sequential, and holds nothing.
    Blank,
    /// Sequential, with closed sessions, and takes a further one.
    Appendable,
    /// Sequential, and its last session was begun and not closed.
    OpenSession,
    /// Finalized, full, or read-only.
    Complete,
    /// Overwritable, and formatted.
    Formatted,
    /// Overwritable, and not formatted.
    Unformatted,
    /// Its last session can only be closed.
    Damaged,
    /// The drive did not tell enough.
    #[default]
    Unknown,
}

/// What the drive tells of its disc now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DiscNow {
    /// Which disc it may be; its closed sessions are those of now.
    pub mark: DiscMark,
    /// Its state.
    pub state: DiscState,
    /// Whether the drive told the number of closed sessions.
    pub sessions_known: bool,
    /// The next writable address, where the medium has one.
    pub nwa: Option<u32>,
    /// The block behind the first track of the last session, where that track is closed.
    pub closed_track_end: Option<u32>,
    /// Blocks that can be read, counted from block 0.
    pub readable_blocks: Option<u64>,
}

/// What can be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// The disc is as it was before: it can be burned from the start.
    NothingWritten,
    /// The blocks before this one of the image are there: the rest can be written.
    ResumeAt {
        /// Block of the image; a multiple of the medium's write unit.
        block: u64,
    },
    /// Everything is written and can be closed.
    CloseOnly {
        /// The disc is to be finalized, not only the session closed.
        finalize: bool,
    },
    /// Everything is written and closed as asked.
    VerifyOnly,
    /// It is not the job's disc.
    OtherDisc(OtherBecause),
    /// It is the job's disc, and its data cannot be completed.
    Lost(LostBecause),
    /// Neither can be said.
    Unclear(UnclearBecause),
}

/// How a disc shows that it is another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OtherBecause {
    /// Its profile.
    Profile {
        /// The job's.
        expected: Profile,
        /// This one's.
        found: Profile,
    },
    /// Its maker, number, bar code or capacity.
    Mark,
    /// Its closed sessions.
    Sessions {
        /// Before the job.
        before: u32,
        /// Now.
        found: u32,
    },
    /// It is empty, and the job had written more than a drive's buffer can lose.
    Empty,
    /// Its next writable address.
    NextWritableAddress {
        /// Where it is.
        found: u32,
    },
    /// It is finalized without the job's session.
    Finalized,
    /// It holds other data.
    Data {
        /// A block of the image that is not what is on the disc.
        block: u64,
    },
}

/// Why the job's disc cannot be completed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LostBecause {
    /// The session was closed before all was written.
    ClosedEarly {
        /// Blocks of the image that it holds.
        blocks: u64,
    },
    /// The session is open, and the drive has no address to go on at.
    CannotContinue,
    /// Something before the place to go on at is not what the image has there.
    Differs {
        /// First block of the image of the first such unit.
        block: u64,
    },
    /// Something before that place cannot be read.
    Unreadable {
        /// First block of the image of the first such unit.
        block: u64,
    },
}

/// What keeps a verdict from being reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UnclearBecause {
    /// The drive is empty.
    NoMedium,
    /// The drive does not tell the disc's state, sessions, or next writable address.
    NotTold,
    /// The next writable address is in the middle of a write unit.
    OffUnit {
        /// Where it is.
        found: u32,
    },
    /// A session is open and holds nothing to know the disc by.
    OpenAndEmpty,
    /// Too little of the image is on it to know it by.
    TooLittle,
    /// No unit could be compared: none could be read, or there is nothing to compare it with.
    NothingCompared,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NothingWritten => f.write_str("nothing is known to be written: burn it again"),
            Self::ResumeAt { block } => {
                write!(f, "the burn can go on at block {block} of its image")
            }
            Self::CloseOnly { finalize: false } => {
                f.write_str("everything is written; the session is to be closed")
            }
            Self::CloseOnly { finalize: true } => {
                f.write_str("everything is written; the disc is to be finalized")
            }
            Self::VerifyOnly => f.write_str("everything is written and closed"),
            Self::OtherDisc(because) => write!(f, "this is not the job's disc: {because}"),
            Self::Lost(because) => write!(f, "the disc is lost: {because}"),
            Self::Unclear(because) => write!(f, "the disc cannot be judged: {because}"),
        }
    }
}

impl fmt::Display for OtherBecause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Profile { expected, found } => {
                write!(f, "it is {found}, the job's is {expected}")
            }
            Self::Mark => f.write_str("its maker, number or size is another"),
            Self::Sessions { before, found } => {
                write!(
                    f,
                    "it has {found} closed sessions, and had {before} before the job"
                )
            }
            Self::Empty => f.write_str("it is empty, and much of the image had been written"),
            Self::NextWritableAddress { found } => {
                write!(f, "its next writable address {found} is not the job's")
            }
            Self::Finalized => f.write_str("it is finalized without the job's session"),
            Self::Data { block } => {
                write!(f, "it holds other data, as at block {block} of the image")
            }
        }
    }
}

impl fmt::Display for LostBecause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ClosedEarly { blocks } => {
                write!(
                    f,
                    "its session was closed after {blocks} blocks of the image"
                )
            }
            Self::CannotContinue => {
                f.write_str("its session is open, and the drive cannot write on")
            }
            Self::Differs { block } => {
                write!(
                    f,
                    "block {block} of the image is not what the disc holds there"
                )
            }
            Self::Unreadable { block } => {
                write!(f, "block {block} of the image cannot be read back")
            }
        }
    }
}

impl fmt::Display for UnclearBecause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoMedium => f.write_str("there is none in the drive"),
            Self::NotTold => f.write_str("the drive does not tell its state"),
            Self::OffUnit { found } => {
                write!(
                    f,
                    "its next writable address {found} is inside of a write unit"
                )
            }
            Self::OpenAndEmpty => f.write_str("a session is open and holds nothing"),
            Self::TooLittle => f.write_str("too little of the image is on it to know it by"),
            Self::NothingCompared => f.write_str("nothing on it could be compared"),
        }
    }
}

/// What the drive's word alone allows.
#[derive(Debug, Clone)]
pub enum Survey {
    /// The verdict.
    Settled(Verdict),
    /// Units have to be read back first.
    Compare(Box<Comparison>),
}

impl Survey {
    fn compare(journal: &Journal, aim: Aim) -> Self {
        Self::Compare(Box::new(Comparison::new(journal, aim)))
    }
}

/// Judges a disc by what its drive tells, by the rules at the top of this page.
pub fn survey(journal: &Journal, now: &DiscNow) -> Survey {
    match by_drive(journal, now) {
        Ok(aim) => Survey::compare(journal, aim),
        Err(verdict) => Survey::Settled(verdict),
    }
}

fn by_drive(journal: &Journal, now: &DiscNow) -> Result<Aim, Verdict> {
    let before = &journal.begun.disc;
    if now.state == DiscState::NoMedium {
        return Err(Verdict::Unclear(UnclearBecause::NoMedium));
    }
    if now.mark.profile != before.profile {
        return Err(Verdict::OtherDisc(OtherBecause::Profile {
            expected: before.profile,
            found: now.mark.profile,
        }));
    }
    if differ(before, &now.mark) {
        return Err(Verdict::OtherDisc(OtherBecause::Mark));
    }
    if before.profile.is_overwritable() {
        overwritable(journal, now)
    } else {
        sequential(journal, now)
    }
}

/// A fact that both discs have, and that is not the same.
fn differ(one: &DiscMark, other: &DiscMark) -> bool {
    fn differs<T: PartialEq>(one: Option<T>, other: Option<T>) -> bool {
        one.zip(other).is_some_and(|(one, other)| one != other)
    }
    differs(one.capacity, other.capacity)
        || differs(one.maker, other.maker)
        || differs(one.number, other.number)
        || differs(one.bar_code, other.bar_code)
}

fn sequential(journal: &Journal, now: &DiscNow) -> Result<Aim, Verdict> {
    if !now.sessions_known {
        return Err(Verdict::Unclear(UnclearBecause::NotTold));
    }
    let before = journal.begun.disc.closed_sessions;
    match now.mark.closed_sessions.checked_sub(before) {
        Some(0) => unclosed(journal, now),
        Some(1) => closed(journal, now),
        _ => Err(Verdict::OtherDisc(OtherBecause::Sessions {
            before,
            found: now.mark.closed_sessions,
        })),
    }
}

/// No session was closed since.
fn unclosed(journal: &Journal, now: &DiscNow) -> Result<Aim, Verdict> {
    let begun = &journal.begun;
    let open = match now.state {
        DiscState::OpenSession => true,
        DiscState::Blank | DiscState::Appendable => false,
        DiscState::Complete => return Err(Verdict::OtherDisc(OtherBecause::Finalized)),
        DiscState::Damaged => {
            return Ok(Aim::Lost {
                blocks: journal.acknowledged,
                because: LostBecause::CannotContinue,
            });
        }
        _ => return Err(Verdict::Unclear(UnclearBecause::NotTold)),
    };
    let Some(nwa) = now.nwa else {
        return closed_track(journal, now, open);
    };
    let elsewhere = Verdict::OtherDisc(OtherBecause::NextWritableAddress { found: nwa });
    let written = nwa.checked_sub(begun.first_lba).map(u64::from);
    match written.ok_or(elsewhere)? {
        0 if open => Err(Verdict::Unclear(UnclearBecause::OpenAndEmpty)),
        0 if journal.acknowledged > MOST_LOST_BLOCKS => {
            Err(Verdict::OtherDisc(OtherBecause::Empty))
        }
        0 => Err(Verdict::NothingWritten),
        written if !open || written > begun.planned_blocks => Err(elsewhere),
        written if written == begun.planned_blocks => Ok(Aim::Close {
            finalize: begun.wish.finish == Finish::FinalizeDisc,
        }),
        written if !written.is_multiple_of(u64::from(begun.write_unit)) => {
            Err(Verdict::Unclear(UnclearBecause::OffUnit { found: nwa }))
        }
        written => Ok(Aim::Resume { block: written }),
    }
}

/// The session is open, and nothing can be written to its track any more.
fn closed_track(journal: &Journal, now: &DiscNow, open: bool) -> Result<Aim, Verdict> {
    let begun = &journal.begun;
    let end = now.closed_track_end.filter(|_| open);
    let blocks = end.and_then(|end| end.checked_sub(begun.first_lba));
    match blocks.map(u64::from) {
        None | Some(0) => Err(Verdict::Unclear(UnclearBecause::NotTold)),
        Some(blocks) if blocks < begun.planned_blocks => Ok(Aim::Lost {
            blocks,
            because: LostBecause::ClosedEarly { blocks },
        }),
        Some(_) => Ok(Aim::Close {
            finalize: begun.wish.finish == Finish::FinalizeDisc,
        }),
    }
}

/// One session was closed since.
fn closed(journal: &Journal, now: &DiscNow) -> Result<Aim, Verdict> {
    let begun = &journal.begun;
    let finalize = match (now.state, begun.wish.finish) {
        (DiscState::Appendable, Finish::FinalizeDisc) => true,
        (DiscState::Appendable | DiscState::Complete, _) => false,
        _ => return Err(Verdict::Unclear(UnclearBecause::NotTold)),
    };
    let readable = now
        .readable_blocks
        .ok_or(Verdict::Unclear(UnclearBecause::NotTold))?;
    let held = readable.saturating_sub(u64::from(begun.first_lba));
    Ok(if held < begun.planned_blocks {
        Aim::Lost {
            blocks: held,
            because: LostBecause::ClosedEarly { blocks: held },
        }
    } else if finalize {
        Aim::Close { finalize: true }
    } else {
        Aim::Verify
    })
}

fn overwritable(journal: &Journal, now: &DiscNow) -> Result<Aim, Verdict> {
    match now.state {
        DiscState::Formatted if journal.acknowledged > 0 => Ok(Aim::Search),
        DiscState::Unformatted if journal.acknowledged > MOST_LOST_BLOCKS => {
            Err(Verdict::OtherDisc(OtherBecause::Empty))
        }
        DiscState::Formatted | DiscState::Unformatted => Err(Verdict::NothingWritten),
        _ => Err(Verdict::Unclear(UnclearBecause::NotTold)),
    }
}

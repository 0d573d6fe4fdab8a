//! How a job ended: what the medium is now, and who caused what.

use crate::phase::Phase;
use crate::verify::WrittenRun;
use crate::{NoAnswer, gate::PlanFault};
use pitland_mmc::cdb::CdbBytes;
use pitland_mmc::sense::Sense;
use pitland_mmc::{Lba, TrackNumber};
use pitland_writer::{Failure, MediaFacts, Move, Warning};
use std::fmt;
use std::time::Duration;

/// What is left in the drive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MediumState {
    /// As it was before.
    Untouched,
    /// Changed, readable, and open to more data (appendable, or rewritable).
    Appendable,
    /// Changed, readable, and finalized.
    Closed,
    /// Changed, and its last session is incomplete or unreadable.
    Damaged,
    /// The drive no longer tells.
    Unknown,
}

impl MediumState {
    /// A stable lower-case name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Untouched => "untouched",
            Self::Appendable => "appendable",
            Self::Closed => "closed",
            Self::Damaged => "damaged",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for MediumState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What became of the data.
///
/// | outcome | the data | what to do |
/// | --- | --- | --- |
/// | nothing written | none of the job's are on the medium | start again when the cause is gone |
/// | medium changed | the job had none | nothing |
/// | verified | all there, read back and equal | nothing |
/// | unverified | all there, by the drive's word; some or none read back | compare, where it matters |
/// | readable but open | what is there can be read; it, or its closing, is not complete | close the disc, add to it or write over it; a write-once disc does not get the rest |
/// | resumable | incomplete or not closed, and the medium waits for the rest | resume, as long as nothing else is written to it |
/// | lost | not there, or not to be relied on | take another disc, or write over a rewritable one |
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// Nothing was recorded: a rehearsal, a test write, a refusal or an early cancel.
    NothingWritten,
    /// The job recorded no data: the medium was formatted, erased or closed as asked.
    MediumChanged,
    /// Recorded, closed as asked, read back as a whole and equal.
    Verified,
    /// Recorded and closed as asked, by the state of the medium; not read back, or only in part.
    Unverified,
    /// Readable as far as it goes; the data are not complete, or what closes them is not.
    ReadableOpen,
    /// The medium waits for the rest of the data, or for what closes them: the job can be resumed, which
    /// judges anew what is on the medium. Also where the drive is gone, and what it took last is not
    /// known.
    Resumable,
    /// The data on the medium cannot be relied on.
    Lost,
}

impl Outcome {
    /// A stable lower-case name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NothingWritten => "nothing-written",
            Self::MediumChanged => "medium-changed",
            Self::Verified => "verified",
            Self::Unverified => "unverified",
            Self::ReadableOpen => "readable-but-open",
            Self::Resumable => "resumable",
            Self::Lost => "lost",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Something worth telling that did not end the job.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Note {
    /// From the plan.
    Planned(Warning),
    /// A command of the plan was refused, and the plan tolerates that.
    Tolerated {
        /// What it was for.
        purpose: Move,
        /// The drive's answer.
        sense: Sense,
    },
    /// The drive recovered from an error by itself.
    Recovered {
        /// The drive's answer.
        sense: Sense,
    },
    /// The drive refused the first block of the plan, and the writer had another one.
    Replanned {
        /// The drive's answer.
        sense: Sense,
    },
    /// The drive's buffer stayed full for unusually long.
    DriveStalled {
        /// The block that had to wait.
        lba: Lba,
    },
    /// A WRITE got no answer, and the drive's next writable address told where to go on.
    Resynchronized {
        /// Where writing went on.
        lba: Lba,
    },
    /// The door could not be locked or unlocked.
    Door {
        /// The drive's answer.
        sense: Sense,
    },
    /// A unit had to be read more than once.
    Reread {
        /// Its first block.
        lba: Lba,
    },
    /// The drive gives sound from some samples behind the place that is asked for, or before it. As many at an end of the
    /// sound cannot be read back.
    ReadOffset {
        /// How many; negative: before it.
        samples: i32,
    },
    /// The drive took a speed and says that it has another.
    SpeedNotTaken {
        /// What was set, kB/s.
        wanted: u32,
        /// What it says, kB/s.
        found: u32,
    },
    /// A command was refused with IMMED and taken without: its progress was not shown.
    WithoutImmed {
        /// What it was for.
        purpose: Move,
    },
    /// The drive told of the disc as it was before the job, until it was stopped and started.
    ProvenAfterRefresh,
    /// The disc should have stayed appendable, and the drive finalized it. What was written is there.
    MoreClosedThanAsked,
    /// The tray went out for other programs to see the medium anew, and did not come in.
    TrayLeftOut,
    /// The blocks were taken and the disc was closed faster than any such disc is written. Some of it was
    /// read back for that.
    ImplausiblyFast {
        /// What it took, by the drive's clock.
        took: Duration,
        /// What the fastest drive would take at least.
        least: Duration,
    },
    /// The disc shows nothing at the blocks where volumes start. Some of it was read back for that.
    LooksEmpty,
    /// The source fell behind, on a medium that cannot wait for it: the drive was set to a lower speed.
    SlowedDown {
        /// The new speed, kB/s.
        kilobytes_per_second: u32,
    },
    /// The drive held up the others that burn the same data, and went on by itself.
    LetGo {
        /// The block at which it stood.
        lba: Lba,
    },
    /// The drive shares its bus with others and gets no more than this.
    SpeedLimitedByBus {
        /// What it gets, kB/s.
        kilobytes_per_second: u32,
    },
    /// A volume was to grow and the job was cut off before its head was touched: the disc shows what it showed before.
    OldVolumeLeft,
    /// A volume was to grow and the job was cut off, or came to doubt, while the disc's beginning was made to show it: it
    /// shows the old volume, the new one, or neither.
    HeadInDoubt,
    /// The journal could not be written: what is cut off cannot be resumed.
    JournalLost,
    /// The disc was not taken out and in again, so that other programs of the machine see it as it was.
    HostSeesOldMedium,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Planned(warning) => warning.fmt(f),
            Self::Tolerated { purpose, sense } => write!(f, "{purpose} was answered with {sense}"),
            Self::Recovered { sense } => write!(f, "the drive recovered by itself: {sense}"),
            Self::Replanned { sense } => write!(
                f,
                "the first block was answered with {sense}: it was begun anew in another way"
            ),
            Self::DriveStalled { lba } => {
                write!(f, "the drive's buffer stayed full for long at LBA {lba}")
            }
            Self::Resynchronized { lba } => {
                write!(
                    f,
                    "a WRITE got no answer; by the drive's address it went on at LBA {lba}"
                )
            }
            Self::Door { sense } => write!(f, "the door lock was answered with {sense}"),
            Self::Reread { lba } => write!(f, "LBA {lba} had to be read more than once"),
            Self::ReadOffset { samples } => write!(
                f,
                "the drive's read offset is {samples:+} samples: as many at an end of the sound were not read back"
            ),
            Self::SpeedNotTaken { wanted, found } => {
                write!(
                    f,
                    "the drive was set to {wanted} kB/s and says {found} kB/s"
                )
            }
            Self::WithoutImmed { purpose } => {
                write!(
                    f,
                    "{purpose}: the drive tells no progress, it was waited for"
                )
            }
            Self::ProvenAfterRefresh => {
                f.write_str("the drive had to stop and start before it showed what was done")
            }
            Self::MoreClosedThanAsked => {
                f.write_str("the drive finalized the disc, which should have stayed appendable")
            }
            Self::ImplausiblyFast { took, least } => write!(
                f,
                "written in {:.1} s, where the fastest drive takes {:.1} s: a sample was read back",
                took.as_secs_f64(),
                least.as_secs_f64()
            ),
            Self::LooksEmpty => {
                f.write_str("the disc looks empty after the burn: a sample was read back")
            }
            Self::SlowedDown { kilobytes_per_second } => write!(
                f,
                "the source fell behind: the drive was set to {kilobytes_per_second} kB/s"
            ),
            Self::LetGo { lba } => write!(
                f,
                "the drive held the others up at LBA {lba}, and went on by itself"
            ),
            Self::SpeedLimitedByBus { kilobytes_per_second } => {
                write!(f, "the bus leaves {kilobytes_per_second} kB/s to the drive")
            }
            Self::OldVolumeLeft => f.write_str(
                "the disc shows the volume that it held before: nothing of it was touched",
            ),
            Self::HeadInDoubt => f.write_str(
                "the beginning of the disc was being rewritten: see which volume it shows before more is added",
            ),
            Self::JournalLost => f.write_str(
                "the journal could not be written: the burn cannot be resumed if it is cut off",
            ),
            Self::TrayLeftOut => f.write_str("the tray is out and did not come in: push it in"),
            Self::HostSeesOldMedium => f.write_str(
                "take the disc out and in again before other programs use it: they see it as it was",
            ),
        }
    }
}

/// What the medium failed to prove when it was identified anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unproven {
    /// The drive says the medium is still blank.
    #[error("the medium is still blank")]
    StillBlank,
    /// The drive says the medium is not blank after an erase.
    #[error("the medium is not blank")]
    NotBlank,
    /// The number of closed sessions.
    #[error("the medium shows {found} closed sessions, expected {expected}")]
    Sessions {
        /// What was wanted.
        expected: u32,
        /// What is there.
        found: u32,
    },
    /// Whether more can be added.
    #[error("the medium is {}", if *.found { "still appendable, expected closed" } else { "closed, expected appendable" })]
    Appendable {
        /// What is there.
        found: bool,
    },
    /// The next writable address did not move far enough.
    #[error("the next writable address did not move to {expected} or beyond")]
    NextWritableAddress {
        /// The least that was wanted.
        expected: Lba,
        /// What is there.
        found: Option<Lba>,
    },
    /// Fewer blocks can be read than were written.
    #[error("the medium counts {found} readable blocks, expected {expected}")]
    Capacity {
        /// The least that was wanted.
        expected: u64,
        /// What is there.
        found: u64,
    },
    /// A test write was to change nothing, and the medium is not as it was.
    #[error("the test write has changed the medium")]
    NotAsBefore,
    /// READ DISC INFORMATION of a finished disc brought nothing that makes sense.
    #[error("the drive tells nothing of the disc that makes sense")]
    DiscInformation,
    /// READ TRACK INFORMATION of a track of the disc brought nothing that makes sense.
    #[error("the drive tells nothing of track {} that makes sense", .track.0)]
    TrackInformation {
        /// The track.
        track: TrackNumber,
    },
    /// A track does not begin where it was written, or is of another kind.
    #[error("the disc's table of contents does not have track {track} as it was written")]
    Contents {
        /// Its number.
        track: u8,
    },
    /// The medium could not be identified anew.
    #[error("the medium could not be identified anew")]
    NotIdentified,
}

/// Bad runs that are told one by one.
pub(crate) const MOST_BAD_RUNS: usize = 64;

/// The result of reading back.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Verification {
    /// Blocks read and compared.
    pub blocks_compared: u64,
    /// Blocks that were read, and had nothing to be compared with.
    pub blocks_unchecked: u64,
    /// Blocks that are on the medium to be read back: those of the job, and of the run before it where
    /// it was resumed.
    pub blocks_written: u64,
    /// Units that differ or cannot be read: 32 blocks each, or single sectors where a CD was burned as whole sectors.
    pub bad_units: u64,
    /// First block of the first such unit.
    pub first_bad: Option<Lba>,
    /// First block of the last such unit.
    pub last_bad: Option<Lba>,
    /// The drive's answer at the first one, if it could not be read.
    pub first_sense: Option<Sense>,
    /// The bad units by their blocks, those side by side as one run; the first 64 runs.
    pub bad_runs: Vec<BadRun>,
    /// Bad units that are in none of these runs.
    pub bad_units_beyond: u64,
}

impl Verification {
    /// Takes a unit in that differs, or that was answered with a sense; in the order of the medium.
    pub fn add_bad(&mut self, first: Lba, blocks: u64, sense: Option<Sense>) {
        self.bad_units += 1;
        if self.first_bad.is_none() {
            self.first_bad = Some(first);
            self.first_sense = sense;
        }
        self.last_bad = Some(first);
        let runs = &mut self.bad_runs;
        let end = |run: &BadRun| i64::from(run.first.0).saturating_add_unsigned(run.blocks);
        let beside = |run: &&mut BadRun| end(run) == i64::from(first.0);
        let told_all = self.bad_units_beyond == 0;
        if let Some(run) = runs.last_mut().filter(beside).filter(|_| told_all) {
            run.blocks += blocks;
        } else if runs.len() < MOST_BAD_RUNS {
            runs.push(BadRun { first, blocks });
        } else {
            self.bad_units_beyond += 1;
        }
    }

    /// Whether every block that is on the medium was compared, and none is bad.
    pub fn is_complete(&self) -> bool {
        self.bad_units == 0 && self.blocks_compared == self.blocks_written
    }
}

/// Blocks side by side that differ or cannot be read, in whole units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadRun {
    /// The first.
    pub first: Lba,
    /// How many.
    pub blocks: u64,
}

/// Why a job did not do all that was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// Cancelled by the caller.
    #[error("cancelled")]
    Cancelled,
    /// Behind the locked door is not the medium that was judged. Nothing was sent to it.
    #[error("the disc is not the one that was examined")]
    AnotherMedium,
    /// The drive refused a command for good.
    #[error("{phase}: {} was answered with {sense}", pitland_mmc::pretty::describe(.cdb.as_slice(), &[]))]
    Drive {
        /// Where the job stood.
        phase: Phase,
        /// The command.
        cdb: CdbBytes,
        /// The drive's answer.
        sense: Sense,
    },
    /// The drive did not answer, or not in time.
    #[error("{phase}: {} got no answer: {cause}", pitland_mmc::pretty::describe(.cdb.as_slice(), &[]))]
    NoAnswer {
        /// Where the job stood.
        phase: Phase,
        /// The command.
        cdb: CdbBytes,
        /// Why.
        cause: NoAnswer,
    },
    /// The writer failed.
    #[error("the writer failed: {0}")]
    Writer(Failure),
    /// The writer's plan is not one that the engine carries out.
    #[error("the plan is refused: {0}")]
    Plan(#[from] PlanFault),
    /// The source of the image failed.
    #[error("the source failed")]
    Source,
    /// The drive did not say that it is in its test mode after it was set to it, and would have recorded.
    /// Nothing was written.
    #[error("the drive does not say that it only tests: nothing was sent to be written")]
    TestWriteNotTaken,
    /// The source gives its data more slowly than the drive's slowest speed needs them, and the medium
    /// cannot wait for it. Nothing was written.
    #[error("the source gives {found} kB/s; on this medium at least {needed} kB/s are needed")]
    SourceTooSlow {
        /// What it gives, kB/s.
        found: u32,
        /// What the slowest offered speed needs, kB/s.
        needed: u32,
    },
    /// Every command succeeded, and yet the medium does not show what was done.
    #[error("the medium does not show what was done: {0}")]
    NotProven(Unproven),
    /// What was read back is not what was written.
    #[error("read back: {} units differ or cannot be read, the first at LBA {}", .0.bad_units, .0.first_bad.map_or(0, |l| l.0))]
    Verification(Verification),
}

/// What a job did when it did all that was asked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Completed {
    /// Reading back, where it was asked for or had to be.
    pub verification: Option<Verification>,
    /// The job was a rehearsal and ended before its first change of the medium.
    pub rehearsed: bool,
    /// The drive went through all of it in its test mode, and nothing was recorded.
    pub test_written: bool,
}

/// The end of a job.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Ending {
    /// Done as asked, or why not.
    pub result: Result<Completed, Fault>,
    /// What is in the drive now.
    pub medium: MediumState,
    /// What became of the data.
    pub outcome: Outcome,
    /// What drive and medium say after the job, where they were asked.
    pub facts: Option<MediaFacts>,
    /// Blocks that the drive took in this job.
    pub blocks_written: u64,
    /// What is on the medium of the image by the drive's word, the run before this job included where it
    /// was resumed.
    pub written: Vec<WrittenRun>,
    /// Times that a WRITE was repeated because the drive's buffer was full.
    pub buffer_full: u64,
    /// What is worth telling besides.
    pub notes: Vec<Note>,
}

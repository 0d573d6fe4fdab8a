//! Where a job stands. Owns the names of the phases and the figures of progress.

use std::fmt;

/// A phase of a job, in the order in which jobs pass through them; a job leaves out what it does not
/// need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[non_exhaustive]
pub enum Phase {
    /// Waiting for its turn.
    #[default]
    Waiting,
    /// Reading what drive and medium are.
    Identifying,
    /// Settings and calibration; can be walked back.
    Preparing,
    /// Formatting or blanking. The medium is changed from here on.
    Formatting,
    /// Writing blocks.
    Writing,
    /// Writing out the drive's buffer, closing track, session and disc.
    Closing,
    /// Identifying anew: the medium must prove what was done.
    Proving,
    /// Reading back.
    Verifying,
    /// Ended, well or not.
    Ended,
}

impl Phase {
    /// A stable lower-case name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Identifying => "identifying",
            Self::Preparing => "preparing",
            Self::Formatting => "formatting",
            Self::Writing => "writing",
            Self::Closing => "closing",
            Self::Proving => "proving",
            Self::Verifying => "verifying",
            Self::Ended => "ended",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How far a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Progress {
    /// The phase.
    pub phase: Phase,
    /// Blocks done in this phase (writing, verifying).
    pub blocks_done: u64,
    /// Blocks to do in this phase; 0 where the phase has no such count.
    pub blocks_total: u64,
    /// How far the drive says its long operation is, in 1/65536; `None` where it does not say.
    pub drive_progress: Option<u16>,
    /// The drive's buffer, bytes in all and bytes filled; `None` where it was not asked or does not say.
    pub drive_buffer: Option<(u32, u32)>,
    /// Times that the drive's buffer was full and a WRITE was repeated.
    pub buffer_full: u64,
    /// Whether the medium has been changed: from here on a cancel is a request.
    pub committed: bool,
}

impl Progress {
    /// Forgets the figures of the phase before: the new one has no count of blocks.
    pub(crate) fn uncounted(&mut self) {
        self.blocks_done = 0;
        self.blocks_total = 0;
        self.drive_progress = None;
        self.drive_buffer = None;
    }
}

//! What is told while a job runs. Owns the struct and its call-back; the figures are the engine's.

use pitland::{JobProgress, Phase};
use std::ffi::{CStr, c_char, c_void};
use std::time::Duration;

/// Where a job stands. A job leaves out what it does not need. Further numbers may come.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum pitland_phase {
    /// Waiting for its turn.
    Waiting = 0,
    /// Reading what drive and disc are.
    Identifying = 1,
    /// Settings and calibration.
    Preparing = 2,
    /// Formatting or blanking: the disc is changed from here on.
    Formatting = 3,
    /// Writing blocks.
    Writing = 4,
    /// Closing track, session and disc.
    Closing = 5,
    /// Looking whether the disc shows what was done.
    Proving = 6,
    /// Reading back.
    Verifying = 7,
    /// Ended, well or not.
    Ended = 8,
    /// Reading a disc into a file. Since PITLAND_ABI 2.
    Reading = 9,
}

impl From<Phase> for pitland_phase {
    fn from(phase: Phase) -> Self {
        match phase {
            Phase::Waiting => Self::Waiting,
            Phase::Identifying => Self::Identifying,
            Phase::Preparing => Self::Preparing,
            Phase::Formatting => Self::Formatting,
            Phase::Writing => Self::Writing,
            Phase::Closing => Self::Closing,
            Phase::Proving => Self::Proving,
            Phase::Verifying => Self::Verifying,
            _ => Self::Ended,
        }
    }
}

/// How far a job is.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct pitland_progress {
    /// Bytes of this struct, as the library has it.
    pub size: usize,
    /// Where the job stands.
    pub phase: pitland_phase,
    /// Whether the disc has been changed: 0 or 1.
    pub committed: u32,
    /// Blocks done in this phase.
    pub done: u64,
    /// Blocks to do in this phase; 0 where it has no such count.
    pub total: u64,
    /// Bytes of a block; 0 before that is known.
    pub block_bytes: u64,
    /// Bytes per second over the last seconds.
    pub bytes_per_second: u64,
    /// Milliseconds since the job started.
    pub elapsed_ms: u64,
    /// Milliseconds that are left in this phase, or PITLAND_UNKNOWN.
    pub remaining_ms: i64,
}

impl pitland_progress {
    fn new(figures: &JobProgress) -> Self {
        Self {
            size: size_of::<Self>(),
            phase: figures.phase.into(),
            committed: figures.committed.into(),
            done: figures.blocks_done,
            total: figures.blocks_total,
            block_bytes: figures.block_bytes.into(),
            bytes_per_second: figures.bytes_per_second,
            elapsed_ms: milliseconds(figures.elapsed),
            remaining_ms: figures.remaining.map_or(crate::PITLAND_UNKNOWN, |left| {
                milliseconds(left).try_into().unwrap_or(i64::MAX)
            }),
        }
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Is told how far a job is, on the thread that began it: at each phase, and a few times a second. What it answers counts:
/// anything but 0 asks for an early end. It must return: it may not throw an exception, nor jump out.
pub type pitland_progress_fn =
    Option<unsafe extern "C" fn(progress: *const pitland_progress, user: *mut c_void) -> i32>;

/// Who is told, and what the caller wants to have with it.
#[derive(Clone, Copy)]
pub(crate) struct Listener {
    pub(crate) progress: pitland_progress_fn,
    pub(crate) user: *mut c_void,
}

impl Listener {
    /// Tells the caller how far the job is; whether it is to be ended.
    pub(crate) fn tell(&self, figures: &JobProgress) -> bool {
        self.tell_this(&pitland_progress::new(figures))
    }

    /// The same of a reading, of which `done` blocks of 2048 bytes are there.
    pub(crate) fn tell_reading(&self, done: u64, total: u64, elapsed: Duration) -> bool {
        self.tell_this(&pitland_progress {
            phase: pitland_phase::Reading,
            done,
            total,
            block_bytes: 2048,
            elapsed_ms: milliseconds(elapsed),
            ..pitland_progress::new(&JobProgress::default())
        })
    }

    fn tell_this(&self, figures: &pitland_progress) -> bool {
        match self.progress {
            // SAFETY: the caller's own, called with what its type says while the call lasts.
            Some(tell) => unsafe { tell(std::ptr::from_ref(figures), self.user) != 0 },
            None => false,
        }
    }
}

/// A lower-case name of a phase that stays the same in later versions.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub extern "C" fn pitland_phase_name(phase: u32) -> *const c_char {
    const NAMES: [&CStr; 10] = [
        c"waiting",
        c"identifying",
        c"preparing",
        c"formatting",
        c"writing",
        c"closing",
        c"proving",
        c"verifying",
        c"ended",
        c"reading",
    ];
    let name = usize::try_from(phase).ok().and_then(|at| NAMES.get(at));
    name.unwrap_or(&c"ended").as_ptr()
}

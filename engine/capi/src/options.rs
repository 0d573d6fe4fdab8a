//! How a burn is wished, and what is told while it runs: the two structs that both sides know. Owns their growth: a caller
//! of an earlier header states a smaller size, and means the defaults in what it does not know.

use crate::border::text_or;
use crate::error::Fault;
use pitland::{
    BurnOptions, Finish, JobProgress, MasterOptions, Phase, Placement, Simulate, Speed, VerifyLevel,
};
use std::ffi::{CStr, c_char, c_void};
use std::mem::size_of;
use std::num::NonZeroU32;
use std::ptr;

/// Only onto a blank disc.
pub const PITLAND_PLACE_BLANK: u32 = 0;
/// From the disc's first block, in the place of what is there.
pub const PITLAND_PLACE_OVERWRITE: u32 = 1;
/// As a further session behind the earlier ones.
pub const PITLAND_PLACE_NEW_SESSION: u32 = 2;

/// The session is closed, the disc takes further ones.
pub const PITLAND_FINISH_SESSION: u32 = 0;
/// The disc is final.
pub const PITLAND_FINISH_DISC: u32 = 1;

/// Every block is read back.
pub const PITLAND_VERIFY_FULL: u32 = 0;
/// Both ends and a sample are read back.
pub const PITLAND_VERIFY_QUICK: u32 = 1;
/// Nothing is read back but what proves that something was recorded.
pub const PITLAND_VERIFY_NONE: u32 = 2;

/// For real.
pub const PITLAND_SIMULATE_NO: u32 = 0;
/// With the drive in its test mode; refused where the disc has none.
pub const PITLAND_SIMULATE_TEST_WRITE: u32 = 1;
/// Up to the first command that would change the disc.
pub const PITLAND_SIMULATE_HOST: u32 = 2;

/// Where a job stands. A job leaves out what it does not need.
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
    pub(crate) fn new(figures: &JobProgress) -> Self {
        let milliseconds =
            |time: std::time::Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
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

/// Is told how far a job is, on the thread that began it: at each phase, and a few times a second. What it answers counts:
/// anything but 0 asks for an early end. It must return: it may not throw an exception, nor jump out.
pub type pitland_progress_fn =
    Option<unsafe extern "C" fn(progress: *const pitland_progress, user: *mut c_void) -> i32>;

/// How a burn is wished. Zeros, but for the size, are the defaults: onto a blank disc, at full speed, session closed, disc
/// left appendable, everything read back.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct pitland_burn_options {
    /// Bytes of this struct, as the caller has it: sizeof(pitland_burn_options).
    pub size: usize,
    /// The volume's name; null: "PITLAND". Of a tree only.
    pub label: *const c_char,
    /// Who holds the drive meanwhile, as others are told; null: "a C program".
    pub client: *const c_char,
    /// Is told how far the job is; may be null.
    pub progress: pitland_progress_fn,
    /// What the call-back is given.
    pub user: *mut c_void,
    /// At most so many kB/s (1000 bytes); 0: as fast as the drive offers.
    pub speed: u32,
    /// One of PITLAND_PLACE_...
    pub placement: u32,
    /// One of PITLAND_FINISH_...
    pub finish: u32,
    /// One of PITLAND_VERIFY_...
    pub verify: u32,
    /// One of PITLAND_SIMULATE_...
    pub simulate: u32,
    /// 0.
    pub reserved: u32,
}

/// The options on this side of the border.
pub(crate) struct Wish<'a> {
    pub(crate) client: &'a str,
    pub(crate) label: Option<&'a str>,
    pub(crate) burn: BurnOptions,
    pub(crate) progress: pitland_progress_fn,
    pub(crate) user: *mut c_void,
}

const DEFAULTS: pitland_burn_options = pitland_burn_options {
    size: size_of::<pitland_burn_options>(),
    label: ptr::null(),
    client: ptr::null(),
    progress: None,
    user: ptr::null_mut(),
    speed: 0,
    placement: 0,
    finish: 0,
    verify: 0,
    simulate: 0,
    reserved: 0,
};

/// More bytes than the struct will ever have.
const MOST_BYTES: usize = 4096;

/// The caller's struct as this library has it.
///
/// # Safety
/// `options` is null, or to as many bytes as its first field says.
unsafe fn grown(options: *const pitland_burn_options) -> Result<pitland_burn_options, Fault> {
    if options.is_null() {
        return Ok(DEFAULTS);
    }
    // SAFETY: not null, and the size stands at its beginning, as the caller promises.
    let size = unsafe { options.cast::<usize>().read_unaligned() };
    // What was never set is seldom a size.
    if !(size_of::<usize>()..=MOST_BYTES).contains(&size) {
        return Err(Fault::argument(format!(
            "the size of the options is {size}: it is sizeof(pitland_burn_options)"
        )));
    }
    let known = size_of::<pitland_burn_options>();
    // SAFETY: so many bytes, as the caller promises.
    let beyond = unsafe { std::slice::from_raw_parts(options.cast::<u8>(), size) };
    // What is zero is the default, in what is not known here, too.
    if beyond.iter().skip(known).any(|byte| *byte != 0) {
        return Err(Fault::argument(
            "the options have something that this version of the library does not know".into(),
        ));
    }
    let mut taken = DEFAULTS;
    // SAFETY: both have so many bytes; any of them are sound in these fields, for zeros are, and pointers and numbers are as
    // the caller has set them.
    unsafe {
        ptr::copy_nonoverlapping(
            options.cast::<u8>(),
            (&raw mut taken).cast::<u8>(),
            size.min(known),
        );
    }
    Ok(taken)
}

impl<'a> Wish<'a> {
    /// What a caller wishes.
    ///
    /// # Safety
    /// `options` is null, or to as many bytes as its first field says; its texts are null or end with a zero.
    pub(crate) unsafe fn read(options: *const pitland_burn_options) -> Result<Self, Fault> {
        // SAFETY: as the caller promises.
        let given = unsafe { grown(options) }?;
        let unknown =
            |field: &str, value: u32| Fault::argument(format!("{field} has no value {value}"));
        // SAFETY: as the caller promises.
        let client = unsafe { text_or(given.client, "client", "a C program") }?;
        // SAFETY: as the caller promises.
        let label = unsafe { text_or(given.label, "label", "") }?;
        let placement = match given.placement {
            PITLAND_PLACE_BLANK => Placement::BlankOnly,
            PITLAND_PLACE_OVERWRITE => Placement::Overwrite,
            PITLAND_PLACE_NEW_SESSION => Placement::NewSession,
            other => return Err(unknown("placement", other)),
        };
        let finish = match given.finish {
            PITLAND_FINISH_SESSION => Finish::CloseSession,
            PITLAND_FINISH_DISC => Finish::FinalizeDisc,
            other => return Err(unknown("finish", other)),
        };
        let simulate = match given.simulate {
            PITLAND_SIMULATE_NO => Simulate::No,
            PITLAND_SIMULATE_TEST_WRITE => Simulate::TestWrite,
            PITLAND_SIMULATE_HOST => Simulate::Host,
            other => return Err(unknown("simulate", other)),
        };
        if given.reserved != 0 {
            return Err(unknown("reserved", given.reserved));
        }
        let speed = NonZeroU32::new(given.speed);
        Ok(Self {
            client,
            label: (!given.label.is_null()).then_some(label),
            burn: BurnOptions::default()
                .placement(placement)
                .finish(finish)
                .simulate(simulate)
                .verify(level(given.verify)?)
                .speed(speed.map_or(Speed::Maximum, Speed::KilobytesPerSecond)),
            progress: given.progress,
            user: given.user,
        })
    }

    /// How the volume is made.
    pub(crate) fn master(&self) -> MasterOptions {
        let options = MasterOptions::default();
        match self.label {
            Some(label) => options.volume_id(label),
            None => options,
        }
    }

    /// Tells the caller how far the job is; whether it is to be ended.
    pub(crate) fn tell(&self, figures: &JobProgress) -> bool {
        let figures = pitland_progress::new(figures);
        match self.progress {
            // SAFETY: the caller's own, called with what its type says while the call lasts.
            Some(tell) => unsafe { tell(&raw const figures, self.user) != 0 },
            None => false,
        }
    }
}

fn level(verify: u32) -> Result<VerifyLevel, Fault> {
    match verify {
        PITLAND_VERIFY_FULL => Ok(VerifyLevel::Full),
        PITLAND_VERIFY_QUICK => Ok(VerifyLevel::Quick),
        PITLAND_VERIFY_NONE => Ok(VerifyLevel::None),
        other => Err(Fault::argument(format!("verify has no value {other}"))),
    }
}

/// A lower-case name of a phase that stays the same in later versions.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub extern "C" fn pitland_phase_name(phase: u32) -> *const c_char {
    const NAMES: [&CStr; 9] = [
        c"waiting",
        c"identifying",
        c"preparing",
        c"formatting",
        c"writing",
        c"closing",
        c"proving",
        c"verifying",
        c"ended",
    ];
    let name = usize::try_from(phase).ok().and_then(|at| NAMES.get(at));
    name.unwrap_or(&c"ended").as_ptr()
}

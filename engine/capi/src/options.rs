//! How burns and other jobs are wished. Owns the structs of the header for it, and what their numbers mean; how such a
//! struct grows is `growth`'s.

use crate::border::text_or;
use crate::error::Fault;
use crate::growth::{Growing, grown, unknown};
use crate::progress::{Listener, pitland_progress_fn};
use pitland::{BurnOptions, Finish, MasterOptions, Placement, Simulate, Speed, VerifyLevel};
use std::ffi::{c_char, c_void};
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

// SAFETY: its first field is the size, and zeros are its defaults.
unsafe impl Growing for pitland_burn_options {
    const NAME: &str = "pitland_burn_options";
    const DEFAULTS: Self = Self {
        size: size_of::<Self>(),
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
}

/// How a job without data is wished. Zeros, but for the size, are the defaults. Since PITLAND_ABI 2.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct pitland_job_options {
    /// Bytes of this struct, as the caller has it: sizeof(pitland_job_options).
    pub size: usize,
    /// Who holds the drive meanwhile, as others are told; null: "a C program".
    pub client: *const c_char,
    /// Is told how far the job is; may be null.
    pub progress: pitland_progress_fn,
    /// What the call-back is given.
    pub user: *mut c_void,
}

// SAFETY: its first field is the size, and zeros are its defaults.
unsafe impl Growing for pitland_job_options {
    const NAME: &str = "pitland_job_options";
    const DEFAULTS: Self = Self {
        size: size_of::<Self>(),
        client: ptr::null(),
        progress: None,
        user: ptr::null_mut(),
    };
}

/// Who has a job done.
pub(crate) struct Client<'a> {
    /// As others are told.
    pub(crate) name: &'a str,
    /// Is told how far it is.
    pub(crate) listener: Listener,
}

impl Client<'_> {
    /// A client that a caller names, or does not.
    ///
    /// # Safety
    /// `name` is null or ends with a zero.
    unsafe fn new(
        name: *const c_char,
        progress: pitland_progress_fn,
        user: *mut c_void,
    ) -> Result<Self, Fault> {
        Ok(Self {
            // SAFETY: as the caller promises.
            name: unsafe { text_or(name, "client", "a C program") }?,
            listener: Listener { progress, user },
        })
    }

    /// The client of a job without data.
    ///
    /// # Safety
    /// `options` is null, or to as many bytes as its first field says; its texts are null or end with a zero.
    pub(crate) unsafe fn read(options: *const pitland_job_options) -> Result<Self, Fault> {
        // SAFETY: as the caller promises.
        let given = unsafe { grown(options) }?;
        // SAFETY: as the caller promises.
        unsafe { Self::new(given.client, given.progress, given.user) }
    }
}

/// The options on this side of the border.
pub(crate) struct Wish<'a> {
    pub(crate) client: Client<'a>,
    pub(crate) label: Option<&'a str>,
    pub(crate) burn: BurnOptions,
}

impl<'a> Wish<'a> {
    /// What a caller wishes.
    ///
    /// # Safety
    /// `options` is null, or to as many bytes as its first field says; its texts are null or end with a zero.
    pub(crate) unsafe fn read(options: *const pitland_burn_options) -> Result<Self, Fault> {
        // SAFETY: as the caller promises.
        let given = unsafe { grown(options) }?;
        // SAFETY: as the caller promises.
        let client = unsafe { Client::new(given.client, given.progress, given.user) }?;
        // SAFETY: as the caller promises.
        let label = unsafe { text_or(given.label, "label", "") }?;
        let placement = match given.placement {
            PITLAND_PLACE_BLANK => Placement::BlankOnly,
            PITLAND_PLACE_OVERWRITE => Placement::Overwrite,
            PITLAND_PLACE_NEW_SESSION => Placement::NewSession,
            other => return Err(unknown("placement", other)),
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
                .finish(finish(given.finish)?)
                .simulate(simulate)
                .verify(level(given.verify)?)
                .speed(speed.map_or(Speed::Maximum, Speed::KilobytesPerSecond)),
        })
    }

    /// Refuses what has nothing to do with what is burned.
    pub(crate) fn is_to_have_no(&self, field: &str, is_there: bool) -> Result<(), Fault> {
        match is_there {
            false => Ok(()),
            true => Err(Fault::argument(format!("{field} has nothing to do here"))),
        }
    }

    /// How the volume is made.
    pub(crate) fn master(&self) -> MasterOptions {
        let options = MasterOptions::default();
        match self.label {
            Some(label) => options.volume_id(label),
            None => options,
        }
    }
}

/// How a disc is left.
pub(crate) fn finish(finish: u32) -> Result<Finish, Fault> {
    match finish {
        PITLAND_FINISH_SESSION => Ok(Finish::CloseSession),
        PITLAND_FINISH_DISC => Ok(Finish::FinalizeDisc),
        other => Err(unknown("finish", other)),
    }
}

fn level(verify: u32) -> Result<VerifyLevel, Fault> {
    match verify {
        PITLAND_VERIFY_FULL => Ok(VerifyLevel::Full),
        PITLAND_VERIFY_QUICK => Ok(VerifyLevel::Quick),
        PITLAND_VERIFY_NONE => Ok(VerifyLevel::None),
        other => Err(unknown("verify", other)),
    }
}

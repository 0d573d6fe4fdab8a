//! What is done to a disc without data: erasing, formatting, closing. Owns the numbers for it; what a disc can have done to it
//! is the writers' business.

use crate::border::{call, put};
use crate::drive::{drive_of, pitland_drive};
use crate::error::{Fault, pitland_error, pitland_status};
use crate::growth::{Growing, grown, unknown};
use crate::job::run;
use crate::options::{Client, finish as finish_of, pitland_job_options};
use crate::report::pitland_report;
use pitland::writer::{Certification, EraseRequest, EraseScope, FormatRequest};
use pitland::{DriveLease, Finish, Job};

/// What makes a disc look used is taken away.
pub const PITLAND_ERASE_QUICK: u32 = 0;
/// The whole surface: takes as long as writing it.
pub const PITLAND_ERASE_FULL: u32 = 1;
/// The last session alone (CD-RW).
pub const PITLAND_ERASE_LAST_SESSION: u32 = 2;

/// As the writer thinks best for the disc.
pub const PITLAND_FORMAT_AS_USUAL: u32 = 0;
/// A format of the drive's list: this number and the type, as READ FORMAT CAPACITIES numbers it from 0 to 63.
pub const PITLAND_FORMAT_TYPE: u32 = 256;

/// The surface is gone over as the writer thinks best for the disc.
pub const PITLAND_CERTIFY_AS_USUAL: u32 = 0;
/// It is not gone over.
pub const PITLAND_CERTIFY_NONE: u32 = 1;
/// A part of it (BD-RE); on DVD-RW and DVD-RAM the quick format.
pub const PITLAND_CERTIFY_QUICK: u32 = 2;
/// All of it: takes as long as writing the whole disc, or twice that.
pub const PITLAND_CERTIFY_FULL: u32 = 3;

/// The spare area is as large as usual.
pub const PITLAND_SPARE_AS_USUAL: u32 = 0;
/// The spare area has `spare_bytes`, which may be 0.
pub const PITLAND_SPARE_BYTES: u32 = 1;

/// How a disc is formatted. Zeros, but for the size, are the defaults: the writer's choice. Since PITLAND_ABI 2.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct pitland_format_options {
    /// Bytes of this struct, as the caller has it: sizeof(pitland_format_options).
    pub size: usize,
    /// PITLAND_FORMAT_AS_USUAL, or PITLAND_FORMAT_TYPE and a type.
    pub kind: u32,
    /// One of PITLAND_CERTIFY_...
    pub certify: u32,
    /// One of PITLAND_SPARE_...
    pub spare: u32,
    /// 0.
    pub reserved: u32,
    /// Bytes of spare area, with PITLAND_SPARE_BYTES.
    pub spare_bytes: u64,
}

// SAFETY: its first field is the size, and zeros are its defaults.
unsafe impl Growing for pitland_format_options {
    const NAME: &str = "pitland_format_options";
    const DEFAULTS: Self = Self {
        size: size_of::<Self>(),
        kind: 0,
        certify: 0,
        spare: 0,
        reserved: 0,
        spare_bytes: 0,
    };
}

/// The most that a type of format can be: it has six bits.
const MOST_TYPE: u8 = 63;

impl pitland_format_options {
    /// What the caller wishes.
    ///
    /// # Safety
    /// `options` is null, or to as many bytes as its first field says.
    unsafe fn read(options: *const Self) -> Result<FormatRequest, Fault> {
        // SAFETY: as the caller promises.
        let given = unsafe { grown(options) }?;
        let kind = match given.kind {
            PITLAND_FORMAT_AS_USUAL => None,
            typed => Some(
                typed
                    .checked_sub(PITLAND_FORMAT_TYPE)
                    .and_then(|kind| u8::try_from(kind).ok())
                    .filter(|kind| *kind <= MOST_TYPE)
                    .ok_or_else(|| unknown("kind", typed))?,
            ),
        };
        let spare = match (given.spare, given.spare_bytes) {
            (PITLAND_SPARE_AS_USUAL, 0) => None,
            (PITLAND_SPARE_AS_USUAL, bytes) => return Err(unknown("spare_bytes", bytes)),
            (PITLAND_SPARE_BYTES, bytes) => Some(bytes),
            (other, _) => return Err(unknown("spare", other)),
        };
        if given.reserved != 0 {
            return Err(unknown("reserved", given.reserved));
        }
        let mut format = FormatRequest::new(kind, spare);
        format.certification = match given.certify {
            PITLAND_CERTIFY_AS_USUAL => Certification::AsUsual,
            PITLAND_CERTIFY_NONE => Certification::None,
            PITLAND_CERTIFY_QUICK => Certification::Quick,
            PITLAND_CERTIFY_FULL => Certification::Full,
            other => return Err(unknown("certify", other)),
        };
        Ok(format)
    }
}

/// Changes a disc.
///
/// # Safety
/// Places, a drive and options, or null.
unsafe fn change(
    drive: *const pitland_drive,
    options: *const pitland_job_options,
    report: *mut *mut pitland_report,
    wish: Result<impl FnOnce(&DriveLease) -> Job, Fault>,
) -> Result<(), Fault> {
    // SAFETY: as the caller promises.
    unsafe { put(report, None) };
    // SAFETY: as the caller promises.
    let drive = unsafe { drive_of(drive) }?;
    // SAFETY: as the caller promises.
    let client = unsafe { Client::read(options) }?;
    // SAFETY: as the caller promises.
    unsafe { run(&drive, &client, &[], report, wish?) }
}

/// Leaves a rewritable disc empty. `how` is one of PITLAND_ERASE_... `options` may be null. `report` may be null; it is given
/// where a job was begun, also where that failed. Since PITLAND_ABI 2.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pitland_drive_erase(
    drive: *const pitland_drive,
    how: u32,
    options: *const pitland_job_options,
    report: *mut *mut pitland_report,
    error: *mut *mut pitland_error,
) -> pitland_status {
    let erase = || {
        let mut erase = EraseRequest::new(how == PITLAND_ERASE_FULL);
        erase.scope = match how {
            PITLAND_ERASE_QUICK | PITLAND_ERASE_FULL => EraseScope::Disc,
            PITLAND_ERASE_LAST_SESSION => EraseScope::LastSession,
            other => return Err(unknown("how", other)),
        };
        Ok(move |lease: &DriveLease| lease.erase_as(erase))
    };
    // SAFETY: a drive, options and places, or null, as everywhere.
    unsafe { call(error, || change(drive, options, report, erase())) }
}

/// Formats a disc. `format` and `options` may be null; `report` as with pitland_drive_erase. Since PITLAND_ABI 2.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pitland_drive_format(
    drive: *const pitland_drive,
    format: *const pitland_format_options,
    options: *const pitland_job_options,
    report: *mut *mut pitland_report,
    error: *mut *mut pitland_error,
) -> pitland_status {
    let work = || {
        // SAFETY: options or null, as everywhere.
        let wish = unsafe { pitland_format_options::read(format) };
        let start = wish.map(|format| move |lease: &DriveLease| lease.format_as(format));
        // SAFETY: a drive, options and places, or null, as everywhere.
        unsafe { change(drive, options, report, start) }
    };
    // SAFETY: a place or null, as everywhere.
    unsafe { call(error, work) }
}

/// Closes what an earlier burn left open. `finish` is one of PITLAND_FINISH_...: with PITLAND_FINISH_DISC the disc takes
/// nothing more afterwards. `options` may be null; `report` as with pitland_drive_erase. Since PITLAND_ABI 2.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pitland_drive_close(
    drive: *const pitland_drive,
    finish: u32,
    options: *const pitland_job_options,
    report: *mut *mut pitland_report,
    error: *mut *mut pitland_error,
) -> pitland_status {
    let work = || {
        let start = finish_of(finish)
            .map(|finish| move |lease: &DriveLease| lease.close(finish == Finish::FinalizeDisc));
        // SAFETY: a drive, options and places, or null, as everywhere.
        unsafe { change(drive, options, report, start) }
    };
    // SAFETY: a place or null, as everywhere.
    unsafe { call(error, work) }
}

//! Comparisons of a disc with what it was made of. Owns how a difference is told; what is compared is the engine's.

use crate::border::{call, shared, some_paths};
use crate::drive::{drive_of, pitland_drive};
use crate::error::{Fault, pitland_error, pitland_status};
use crate::job::run;
use crate::options::{Wish, pitland_burn_options};
use crate::report::pitland_report;
use pitland::{DriveLease, MasterOptions};
use std::ffi::c_char;
use std::ptr;

/// Reads back what a burn wrote, by its report, here or in another drive: all of it, or what `verify` of the options says.
/// PITLAND_STATUS_DIFFERENT: something else is there, or cannot be read.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pitland_drive_verify(
    drive: *const pitland_drive,
    written: *const pitland_report,
    options: *const pitland_burn_options,
    error: *mut *mut pitland_error,
) -> pitland_status {
    let verify = || {
        // SAFETY: a drive or null, as everywhere.
        let drive = unsafe { drive_of(drive) }?;
        // SAFETY: a report or null, as everywhere.
        let written = unsafe { shared(written, "written") }?.written();
        // SAFETY: options or null, as everywhere.
        let wish = unsafe { Wish::read(options) }?;
        let start = |lease: &DriveLease| lease.verify(written, wish.burn.verify);
        // SAFETY: null.
        unsafe { run(&drive, &wish.client, &[], ptr::null_mut(), start) }
    };
    // SAFETY: places or null, as everywhere.
    unsafe { call(error, verify) }
}

/// Compares the disc's last session with the folders and files that it came from: names, attributes, every byte. The number
/// of differences goes to `differences`, which may be null. PITLAND_STATUS_DIFFERENT: there are some, and the error names
/// the first.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pitland_drive_verify_tree(
    drive: *const pitland_drive,
    paths: *const *const c_char,
    count: usize,
    differences: *mut u64,
    error: *mut *mut pitland_error,
) -> pitland_status {
    let verify = || {
        // SAFETY: a place or null, as everywhere.
        let mut place = unsafe { differences.as_mut() };
        if let Some(place) = &mut place {
            **place = 0;
        }
        // SAFETY: a drive or null, as everywhere.
        let drive = unsafe { drive_of(drive) }?;
        // SAFETY: so many paths, as everywhere.
        let paths = unsafe { some_paths(paths, count) }?;
        let comparison = drive.handle().verify_tree(paths, MasterOptions::default());
        let found = drive.face().wait(comparison)??.differences;
        if let Some(place) = place {
            *place = found.len() as u64;
        }
        match found.first() {
            None => Ok(()),
            Some(first) => Err(Fault::different(format!(
                "{} differences; the first: {first}",
                found.len()
            ))),
        }
    };
    // SAFETY: places or null, as everywhere.
    unsafe { call(error, verify) }
}

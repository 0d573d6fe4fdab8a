//! What is done with a disc: burns, their plans, and comparisons. Owns the loop that tells a caller of a job's progress.

use crate::border::{c_text, call, paths as paths_of, put, shared, system_text};
use crate::drive::{drive_of, pitland_drive};
use crate::error::{Fault, pitland_error, pitland_status};
use crate::options::{Wish, pitland_burn_options};
use crate::report::pitland_report;
use futures::StreamExt;
use pitland::{
    BurnError, BurnReport, DriveLease, Image, Job, JobEvent, JobProgress, MasterOptions,
};
use std::ffi::c_char;
use std::path::Path;
use std::ptr;

/// Follows a job to its end.
async fn follow(
    mut job: Job,
    drive: &pitland_drive,
    wish: &Wish<'_>,
) -> Result<BurnReport, BurnError> {
    let _cancellable = drive.cancellable(job.canceller());
    let mut last = JobProgress::default();
    while let Some(event) = job.next().await {
        match event {
            JobEvent::Progress(figures) => last = figures,
            JobEvent::Phase(phase) => {
                let (elapsed, committed) = (last.elapsed, last.committed);
                last = JobProgress::default();
                (last.phase, last.elapsed, last.committed) = (phase, elapsed, committed);
            }
            _ => continue,
        }
        if wish.tell(&last) {
            job.cancel();
        }
    }
    job.report().await
}

/// Runs a job with the drive held, and hands out its report, also where it failed.
///
/// # Safety
/// Places or null.
unsafe fn run(
    drive: &pitland_drive,
    wish: &Wish<'_>,
    report: *mut *mut pitland_report,
    start: impl FnOnce(&DriveLease) -> Job,
) -> Result<(), Fault> {
    let ended = drive.face().wait(async {
        let lease = drive.handle().lease(wish.client).await?;
        follow(start(&lease), drive, wish).await
    })?;
    let (told, result) = match ended {
        Ok(done) => (Some(pitland_report::new(&done)), Ok(())),
        Err(error) => (error.report().map(pitland_report::new), Err(error.into())),
    };
    // SAFETY: as the caller promises.
    unsafe { put(report, told.map(Box::new)) };
    result
}

/// Burns the image that is made with what the caller wishes.
///
/// # Safety
/// Places, a drive and options, or null.
unsafe fn burn(
    drive: *const pitland_drive,
    options: *const pitland_burn_options,
    report: *mut *mut pitland_report,
    image: impl FnOnce(&Wish<'_>) -> Result<Image, Fault>,
) -> Result<(), Fault> {
    // SAFETY: as the caller promises.
    unsafe { put(report, None) };
    // SAFETY: as the caller promises.
    let drive = unsafe { drive_of(drive) }?;
    // SAFETY: as the caller promises.
    let wish = unsafe { Wish::read(options) }?;
    let image = image(&wish)?;
    // SAFETY: as the caller promises.
    unsafe {
        run(drive, &wish, report, |lease| {
            lease.burn(wish.burn.clone(), image)
        })
    }
}

/// What a caller names as a tree.
///
/// # Safety
/// As [`paths_of`].
unsafe fn tree_of(
    paths: *const *const c_char,
    count: usize,
    options: MasterOptions,
) -> Result<Image, Fault> {
    // SAFETY: as the caller promises.
    let paths = unsafe { paths_of(paths, count) }?;
    Ok(Image::tree(paths, options))
}

/// Burns folders and files as a new volume: of one folder what it holds, of several each under its own name. `options` may be
/// null. `report` may be null; it is given where a job was begun, also where that failed.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pitland_drive_burn_tree(
    drive: *const pitland_drive,
    paths: *const *const c_char,
    count: usize,
    options: *const pitland_burn_options,
    report: *mut *mut pitland_report,
    error: *mut *mut pitland_error,
) -> pitland_status {
    // SAFETY: so many paths, as everywhere.
    let tree = |wish: &Wish<'_>| unsafe { tree_of(paths, count, wish.master()) };
    // SAFETY: a drive, options and places, or null, as everywhere.
    unsafe { call(error, || burn(drive, options, report, tree)) }
}

/// Burns a file that is an image already (.iso, or a .cue of one track of data). `options` and `report` as with
/// pitland_drive_burn_tree.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pitland_drive_burn_image(
    drive: *const pitland_drive,
    path: *const c_char,
    options: *const pitland_burn_options,
    report: *mut *mut pitland_report,
    error: *mut *mut pitland_error,
) -> pitland_status {
    // SAFETY: a text or null, as everywhere.
    let file = |_: &Wish<'_>| {
        Ok(Image::file(Path::new(unsafe {
            system_text(path, "path")
        }?)))
    };
    // SAFETY: a drive, options and places, or null, as everywhere.
    unsafe { call(error, || burn(drive, options, report, file)) }
}

/// What pitland_drive_burn_tree would do, as a text for people: sizes, addresses, commands. Nothing that changes the drive or
/// the disc is sent. The text is freed by pitland_string_free.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pitland_drive_plan_tree(
    drive: *const pitland_drive,
    paths: *const *const c_char,
    count: usize,
    options: *const pitland_burn_options,
    text: *mut *mut c_char,
    error: *mut *mut pitland_error,
) -> pitland_status {
    let plan = || {
        if text.is_null() {
            return Err(Fault::null("text"));
        }
        // SAFETY: not null, and so a place, as everywhere.
        unsafe { text.write(ptr::null_mut()) };
        // SAFETY: a drive or null, as everywhere.
        let drive = unsafe { drive_of(drive) }?;
        // SAFETY: options or null, as everywhere.
        let wish = unsafe { Wish::read(options) }?;
        // SAFETY: so many paths, as everywhere.
        let image = unsafe { tree_of(paths, count, wish.master()) }?;
        let planned = drive.face().wait(async {
            let lease = drive.handle().lease(wish.client).await?;
            lease.plan(wish.burn.clone(), image).await
        })??;
        let words = c_text(planned.plan.to_string());
        // SAFETY: not null, and so a place, as everywhere.
        unsafe { text.write(words.into_raw()) };
        Ok(())
    };
    // SAFETY: places or null, as everywhere.
    unsafe { call(error, plan) }
}

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
        unsafe { run(drive, &wish, ptr::null_mut(), start) }
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
        let paths = unsafe { paths_of(paths, count) }?;
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

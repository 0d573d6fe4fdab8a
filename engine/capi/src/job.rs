//! What is burned, and its plan. Owns the loop that tells a caller of a job's progress, and how a job's end is handed out.

use crate::border::{c_text, call, paths as paths_of, put, some_paths, system_text};
use crate::drive::{Open, drive_of, pitland_drive};
use crate::engine::not_within;
use crate::error::{Fault, pitland_error, pitland_status};
use crate::growth::{Growing, grown, unknown, yes_or_no};
use crate::options::{Client, Wish, pitland_burn_options};
use crate::progress::Listener;
use crate::report::pitland_report;
use futures::StreamExt;
use pitland::{
    Append, BurnError, BurnReport, DriveLease, EarlierSession, Image, Job, JobEvent, JobProgress,
    MasterOptions, Placement,
};
use std::ffi::c_char;
use std::ptr;

/// Something to burn, and what could not become of what the caller named.
pub(crate) struct Source {
    pub(crate) image: Image,
    pub(crate) warnings: Vec<String>,
}

impl From<Image> for Source {
    fn from(image: Image) -> Self {
        let warnings = Vec::new();
        Self { image, warnings }
    }
}

/// Follows a job to its end.
async fn follow(mut job: Job, drive: &Open, listener: Listener) -> Result<BurnReport, BurnError> {
    let canceller = job.canceller();
    let _cancellable = drive.cancellable(move || canceller.cancel());
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
        if listener.tell(&last) {
            job.cancel();
        }
    }
    job.report().await
}

/// Runs a job with the drive held, and hands out its report with these warnings, also where it failed.
///
/// # Safety
/// A place, or null.
pub(crate) unsafe fn run(
    drive: &Open,
    client: &Client<'_>,
    warnings: &[String],
    report: *mut *mut pitland_report,
    start: impl FnOnce(&DriveLease) -> Job,
) -> Result<(), Fault> {
    let ended = drive.face().wait(async {
        let lease = drive.handle().lease(client.name).await?;
        follow(start(&lease), drive, client.listener).await
    })?;
    let told = |report| Box::new(pitland_report::new(report, warnings));
    let (report_of, result) = match ended {
        Ok(done) => (Some(told(&done)), Ok(())),
        Err(error) => (error.report().map(told), Err(error.into())),
    };
    // SAFETY: as the caller promises.
    unsafe { put(report, report_of) };
    result
}

/// Burns what is made with what the caller wishes.
///
/// # Safety
/// Places, a drive and options, or null.
pub(crate) unsafe fn burn(
    drive: *const pitland_drive,
    options: *const pitland_burn_options,
    report: *mut *mut pitland_report,
    source: impl FnOnce(&mut Wish<'_>) -> Result<Source, Fault>,
) -> Result<(), Fault> {
    // SAFETY: as the caller promises.
    unsafe { put(report, None) };
    // SAFETY: as the caller promises.
    let drive = unsafe { drive_of(drive) }?;
    // SAFETY: as the caller promises.
    let mut wish = unsafe { Wish::read(options) }?;
    // Before anything is read for it.
    not_within()?;
    let Source { image, warnings } = source(&mut wish)?;
    let start = |lease: &DriveLease| lease.burn(wish.burn.clone(), image);
    // SAFETY: as the caller promises.
    unsafe { run(&drive, &wish.client, &warnings, report, start) }
}

/// What a caller names as a tree.
///
/// # Safety
/// As [`some_paths`].
unsafe fn tree_of(
    paths: *const *const c_char,
    count: usize,
    options: MasterOptions,
) -> Result<Image, Fault> {
    // SAFETY: as the caller promises.
    let paths = unsafe { some_paths(paths, count) }?;
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
    let tree =
        |wish: &mut Wish<'_>| unsafe { tree_of(paths, count, wish.master()) }.map(Source::from);
    // SAFETY: a drive, options and places, or null, as everywhere.
    unsafe { call(error, || burn(drive, options, report, tree)) }
}

/// How a session goes on with an earlier one. Zeros, but for the size, are the defaults. Since PITLAND_ABI 2.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct pitland_append_options {
    /// Bytes of this struct, as the caller has it: sizeof(pitland_append_options).
    pub size: usize,
    /// Files and folders that the new session is not to have, a folder with all that it holds; may be null.
    pub remove: *const *const c_char,
    /// How many these are.
    pub remove_count: usize,
    /// The session that is gone on with, from 1; 0: the last that is closed.
    pub session: u32,
    /// 1: a source takes the place of what has its name. 0: that is refused.
    pub replace: u32,
}

// SAFETY: its first field is the size, and zeros are its defaults.
unsafe impl Growing for pitland_append_options {
    const NAME: &str = "pitland_append_options";
    const DEFAULTS: Self = Self {
        size: size_of::<Self>(),
        remove: ptr::null(),
        remove_count: 0,
        session: 0,
        replace: 0,
    };
}

impl pitland_append_options {
    /// What the caller wishes.
    ///
    /// # Safety
    /// `options` is null, or to as many bytes as its first field says; its paths are as counted.
    unsafe fn read(options: *const Self) -> Result<Append, Fault> {
        // SAFETY: as the caller promises.
        let given = unsafe { grown(options) }?;
        // SAFETY: as the caller promises.
        let remove = unsafe { paths_of(given.remove, given.remove_count) }?;
        let session = match u16::try_from(given.session) {
            Ok(0) => EarlierSession::Last,
            Ok(number) => EarlierSession::Number(number),
            Err(_) => return Err(unknown("session", given.session)),
        };
        Ok(Append::default()
            .session(session)
            .replace(yes_or_no("replace", given.replace)?)
            .remove(remove))
    }
}

/// Adds a session in which files and folders come to what an earlier session holds: that one's files stay where they are on
/// the disc, and its names are in the new volume, too. Without a label it keeps its name. `placement` of the options is left
/// 0: behind the earlier sessions, or in the volume that grows where a disc has no sessions. There may be no path where
/// something is removed. `how` and `options` may be null; `report` as with pitland_drive_burn_tree.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pitland_drive_append_tree(
    drive: *const pitland_drive,
    paths: *const *const c_char,
    count: usize,
    how: *const pitland_append_options,
    options: *const pitland_burn_options,
    report: *mut *mut pitland_report,
    error: *mut *mut pitland_error,
) -> pitland_status {
    let tree = |wish: &mut Wish<'_>| {
        wish.is_to_have_no("placement", wish.burn.placement != Placement::default())?;
        wish.burn.placement = Placement::NewSession;
        // SAFETY: options or null, as everywhere.
        let how = unsafe { pitland_append_options::read(how) }?;
        // SAFETY: so many paths, as everywhere.
        let paths = match how.remove.is_empty() {
            true => unsafe { some_paths(paths, count) }?,
            // SAFETY: so many paths, as everywhere.
            false => unsafe { paths_of(paths, count) }?,
        };
        let options = MasterOptions::default().volume_id(wish.label.unwrap_or_default());
        Ok(Image::tree(paths, options.append(how)).into())
    };
    // SAFETY: a drive, options and places, or null, as everywhere.
    unsafe { call(error, || burn(drive, options, report, tree)) }
}

/// Burns a file that is an image already (.iso, or a .cue of one track of data; for other sheets there is
/// pitland_drive_burn_sheet). `options` and `report` as with pitland_drive_burn_tree.
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
    let file = |_: &mut Wish<'_>| {
        let path = unsafe { system_text(path, "path") }?;
        Ok(Image::file(path).into())
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
            let lease = drive.handle().lease(wish.client.name).await?;
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

//! What became of a job. Owns the shape for C; the report is the engine's.

use crate::border::{c_text, free, shared};
use crate::error::pitland_medium;
use pitland::{BurnReport, Outcome, Written};
use std::ffi::{CString, c_char};
use std::ptr;

/// What became of the data of a job.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum pitland_outcome {
    /// Nothing was recorded.
    NothingWritten = 0,
    /// There were no data; the disc was formatted, erased or closed as asked.
    MediumChanged = 1,
    /// Recorded, closed as asked, read back as a whole and equal.
    Verified = 2,
    /// Recorded and closed as asked; not read back, or only in part.
    Unverified = 3,
    /// Readable as far as it goes; not complete, or not closed.
    ReadableOpen = 4,
    /// The disc waits for the rest.
    Resumable = 5,
    /// What is on the disc cannot be relied on.
    Lost = 6,
}

impl From<Outcome> for pitland_outcome {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::NothingWritten => Self::NothingWritten,
            Outcome::MediumChanged => Self::MediumChanged,
            Outcome::Verified => Self::Verified,
            Outcome::Unverified => Self::Unverified,
            Outcome::ReadableOpen => Self::ReadableOpen,
            Outcome::Resumable => Self::Resumable,
            // What a later engine says more is relied on least of all.
            _ => Self::Lost,
        }
    }
}

/// What became of a job.
pub struct pitland_report {
    outcome: pitland_outcome,
    medium: pitland_medium,
    writer: CString,
    first_lba: i64,
    blocks_written: u64,
    image_bytes: u64,
    elapsed_ms: u64,
    warnings: Vec<CString>,
    written: Written,
}

impl pitland_report {
    /// Of a job, with what was told before it.
    pub(crate) fn new(report: &BurnReport, warnings: &[String]) -> Self {
        let of_volume = report.volume_warnings.iter().map(ToString::to_string);
        Self {
            outcome: report.outcome.into(),
            medium: report.medium.into(),
            writer: c_text(report.writer.as_str()),
            first_lba: report.first_lba.into(),
            blocks_written: report.blocks_written,
            image_bytes: report.image_bytes,
            elapsed_ms: u64::try_from(report.elapsed.as_millis()).unwrap_or(u64::MAX),
            warnings: warnings
                .iter()
                .cloned()
                .chain(of_volume)
                .map(c_text)
                .collect(),
            written: report.written.clone(),
        }
    }

    pub(crate) fn written(&self) -> &Written {
        &self.written
    }
}

/// A part of a report; `otherwise` without one.
unsafe fn part<T>(
    report: *const pitland_report,
    otherwise: T,
    which: impl FnOnce(&pitland_report) -> T,
) -> T {
    // SAFETY: a report or null, as everywhere.
    unsafe { shared(report, "report") }.map_or(otherwise, which)
}

/// What became of the data.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pitland_report_outcome(report: *const pitland_report) -> pitland_outcome {
    // SAFETY: a report or null, as everywhere.
    unsafe {
        part(report, pitland_outcome::NothingWritten, |report| {
            report.outcome
        })
    }
}

/// What the disc is now.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pitland_report_medium(report: *const pitland_report) -> pitland_medium {
    // SAFETY: a report or null, as everywhere.
    unsafe { part(report, pitland_medium::Untouched, |report| report.medium) }
}

/// The writer that led the job. Null without a report.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pitland_report_writer(report: *const pitland_report) -> *const c_char {
    // SAFETY: a report or null, as everywhere.
    unsafe { part(report, ptr::null(), |report| report.writer.as_ptr()) }
}

/// The first block of the image on the disc.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pitland_report_first_lba(report: *const pitland_report) -> i64 {
    // SAFETY: a report or null, as everywhere.
    unsafe { part(report, 0, |report| report.first_lba) }
}

/// Blocks that the drive took, padding included.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pitland_report_blocks_written(report: *const pitland_report) -> u64 {
    // SAFETY: a report or null, as everywhere.
    unsafe { part(report, 0, |report| report.blocks_written) }
}

/// Bytes of the image.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pitland_report_image_bytes(report: *const pitland_report) -> u64 {
    // SAFETY: a report or null, as everywhere.
    unsafe { part(report, 0, |report| report.image_bytes) }
}

/// Milliseconds that the job took.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pitland_report_elapsed_ms(report: *const pitland_report) -> u64 {
    // SAFETY: a report or null, as everywhere.
    unsafe { part(report, 0, |report| report.elapsed_ms) }
}

/// The number of things that the volume, or the CD, could not hold as they are in the source.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pitland_report_warning_count(report: *const pitland_report) -> usize {
    // SAFETY: a report or null, as everywhere.
    unsafe { part(report, 0, |report| report.warnings.len()) }
}

/// One of these, in a sentence. Null where there is no such warning.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pitland_report_warning(
    report: *const pitland_report,
    index: usize,
) -> *const c_char {
    let warning = |report: &pitland_report| {
        let warning = report.warnings.get(index);
        warning.map_or(ptr::null(), |warning| warning.as_ptr())
    };
    // SAFETY: a report or null, as everywhere.
    unsafe { part(report, ptr::null(), warning) }
}

/// Frees a report, and its texts with it.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pitland_report_free(report: *mut pitland_report) {
    // SAFETY: a report that is not freed yet, or null.
    unsafe { free(report) };
}

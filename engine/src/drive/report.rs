//! The report of a job: everything that is known of it when it has ended.

use crate::drive::thread::Done;
use pitland_burn::{Completed, Fault, MediumState, Note, Outcome, Verification};
use pitland_mastering::{Layout, Owner, PlanWarning};
use pitland_writer::MediaFacts;
use std::sync::Arc;
use std::time::Duration;

/// What became of a job, of its data and of the medium.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct BurnReport {
    /// The drive, by the name it was opened under.
    pub drive: String,
    /// The writer that led the job.
    pub writer: String,
    /// What is in the drive now.
    pub medium: MediumState,
    /// What became of the data.
    pub outcome: Outcome,
    /// First block of the image on the medium.
    pub first_lba: i32,
    /// Bytes of the image.
    pub image_bytes: u64,
    /// Blocks that the drive took, padding included.
    pub blocks_written: u64,
    /// Whether the job was a rehearsal and ended before its first change of the medium.
    pub rehearsed: bool,
    /// Reading back, where it was asked for and came about.
    pub verification: Option<Verification>,
    /// The file or structure of the volume that the first bad block belongs to.
    pub first_bad_owner: Option<String>,
    /// Times that a WRITE was repeated because the drive's buffer was full.
    pub buffer_full: u64,
    /// Time by the host's clock.
    pub elapsed: Duration,
    /// Time by the drive's clock; differs from [`BurnReport::elapsed`] on a virtual one.
    pub device_time: Duration,
    /// What the volume could not hold as it is in the source.
    pub volume_warnings: Vec<PlanWarning>,
    /// What is worth telling besides.
    pub notes: Vec<Note>,
    /// What drive and medium say now, where they were asked.
    pub facts: Option<MediaFacts>,
}

/// What a report needs to know of the job besides its end.
#[derive(Debug, Clone)]
pub(crate) struct JobFacts {
    pub(crate) drive: String,
    pub(crate) writer: String,
    pub(crate) first_lba: i32,
    pub(crate) image_bytes: u64,
    pub(crate) layout: Option<Arc<Layout>>,
}

impl BurnReport {
    pub(crate) fn new(job: &JobFacts, done: &Done, elapsed: Duration) -> Self {
        let ending = &done.ending;
        let verification = match &ending.result {
            Ok(Completed { verification, .. }) => *verification,
            Err(Fault::Verification(verification)) => Some(*verification),
            Err(_) => None,
        };
        let first_bad_owner = verification
            .and_then(|v| v.first_bad)
            .and_then(|lba| u32::try_from(lba.0).ok())
            .and_then(|lba| job.layout.as_ref().and_then(|layout| layout.owner_of(lba)))
            .map(|owner| match owner {
                Owner::File { path, .. } => path.display().to_string(),
                Owner::Structure(structure) => structure.to_string(),
                _ => "the volume".into(),
            });
        Self {
            drive: job.drive.clone(),
            writer: job.writer.clone(),
            medium: ending.medium,
            outcome: ending.outcome,
            first_lba: job.first_lba,
            image_bytes: job.image_bytes,
            blocks_written: ending.blocks_written,
            rehearsed: matches!(
                &ending.result,
                Ok(Completed {
                    rehearsed: true,
                    ..
                })
            ),
            verification,
            first_bad_owner,
            buffer_full: ending.buffer_full,
            elapsed,
            device_time: done.device_time,
            volume_warnings: job
                .layout
                .as_ref()
                .map(|layout| layout.warnings().to_vec())
                .unwrap_or_default(),
            notes: ending.notes.clone(),
            facts: ending.facts.clone(),
        }
    }
}

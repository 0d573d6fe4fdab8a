//! The report of a job: everything that is known of it when it has ended.

use crate::drive::thread::Done;
use crate::pipeline::checks::Checks;
use crate::plugin_host::WriterOrigin;
use pitland_burn::{
    Completed, Ending, Fault, MediumState, Note, Outcome, Verification, WrittenRun,
};
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
    /// The writer that led the job; empty for one that only reads back.
    pub writer: String,
    /// Where that writer came from, and in which versions.
    pub led_by: Option<WriterOrigin>,
    /// What is in the drive now.
    pub medium: MediumState,
    /// What became of the data.
    pub outcome: Outcome,
    /// First block of the image on the medium.
    pub first_lba: i32,
    /// Bytes of the image.
    pub image_bytes: u64,
    /// Bytes of a block of the image: 2048, but on CD for what is more than one data track.
    pub block_bytes: u32,
    /// Blocks that the drive took, padding included.
    pub blocks_written: u64,
    /// Whether the job was a rehearsal and ended before its first change of the medium.
    pub rehearsed: bool,
    /// Whether the drive went through all of it in its test mode, so that nothing was recorded of the blocks
    /// that it took.
    pub test_written: bool,
    /// Reading back, where it was asked for and came about.
    pub verification: Option<Verification>,
    /// The file or structure of the volume that the first bad block belongs to.
    pub first_bad_owner: Option<String>,
    /// The files and structures of the volume that the bad runs of the verification belong to, each once, as
    /// many as [`BurnReport::MOST_BAD_OWNERS`].
    pub bad_owners: Vec<String>,
    /// Times that a WRITE was repeated because the drive's buffer was full.
    pub buffer_full: u64,
    /// Times that the drive found the ring empty after it had started; 0 with a source that keeps up.
    pub ring_ran_dry: u64,
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
    /// What another drive needs to verify the disc.
    pub written: Written,
}

/// What a report needs to know of the job besides its end.
#[derive(Debug, Clone)]
pub(crate) struct JobFacts {
    pub(crate) drive: String,
    pub(crate) writer: String,
    pub(crate) led_by: Option<WriterOrigin>,
    pub(crate) first_lba: i32,
    pub(crate) image_bytes: u64,
    pub(crate) block_bytes: u32,
    pub(crate) layout: Option<Arc<Layout>>,
}

/// What another drive needs to verify a disc that was burned: the checks of what was written, and where it is.
/// Cheap to clone.
#[derive(Debug, Clone)]
pub struct Written {
    pub(crate) checks: Arc<Checks>,
    pub(crate) runs: Vec<WrittenRun>,
    pub(crate) layout: Option<Arc<Layout>>,
}

impl Written {
    pub(crate) fn new(checks: Arc<Checks>, ending: &Ending, layout: Option<Arc<Layout>>) -> Self {
        Self {
            checks,
            runs: ending.written.clone(),
            layout,
        }
    }

    /// Blocks that were written.
    pub fn blocks(&self) -> u64 {
        self.runs.iter().map(|run| run.blocks).sum()
    }
}

/// The names of what lies in the bad runs.
fn bad_owners(job: &JobFacts, verification: Option<&Verification>) -> Vec<String> {
    let (Some(layout), Some(verification)) = (&job.layout, verification) else {
        return Vec::new();
    };
    let owners = verification.bad_runs.iter().flat_map(|run| {
        let first = u32::try_from(run.first.0).unwrap_or(u32::MAX);
        let blocks = u32::try_from(run.blocks).unwrap_or(u32::MAX);
        layout.owners_of(first, blocks)
    });
    let mut names: Vec<String> = Vec::new();
    for owner in owners {
        let name = match owner {
            Owner::File { path, .. } => path.display().to_string(),
            Owner::BootImage { source, .. } => source.display().to_string(),
            Owner::Structure(structure) => structure.to_string(),
            _ => continue,
        };
        // A file may reach over several runs; they come in order.
        if names.last() != Some(&name) {
            names.push(name);
        }
        if names.len() == BurnReport::MOST_BAD_OWNERS {
            break;
        }
    }
    names
}

impl BurnReport {
    /// The most names in [`BurnReport::bad_owners`].
    pub const MOST_BAD_OWNERS: usize = 100;

    pub(crate) fn new(job: &JobFacts, done: &Done, elapsed: Duration, written: Written) -> Self {
        let ending = &done.ending;
        let verification = match &ending.result {
            Ok(Completed { verification, .. }) => verification.clone(),
            Err(Fault::Verification(verification)) => Some(verification.clone()),
            Err(_) => None,
        };
        let bad_owners = bad_owners(job, verification.as_ref());
        Self {
            drive: job.drive.clone(),
            writer: job.writer.clone(),
            led_by: job.led_by.clone(),
            medium: ending.medium,
            outcome: ending.outcome,
            first_lba: job.first_lba,
            image_bytes: job.image_bytes,
            block_bytes: job.block_bytes,
            blocks_written: ending.blocks_written,
            rehearsed: matches!(
                &ending.result,
                Ok(Completed {
                    rehearsed: true,
                    ..
                })
            ),
            test_written: matches!(
                &ending.result,
                Ok(Completed {
                    test_written: true,
                    ..
                })
            ),
            verification,
            first_bad_owner: bad_owners.first().cloned(),
            bad_owners,
            buffer_full: ending.buffer_full,
            ring_ran_dry: done.ring_ran_dry,
            elapsed,
            device_time: done.device_time,
            volume_warnings: job
                .layout
                .as_ref()
                .map(|layout| layout.warnings().to_vec())
                .unwrap_or_default(),
            notes: ending.notes.clone(),
            facts: ending.facts.clone(),
            written,
        }
    }
}

//! Taking up a burn that was cut off: by its journal, its source and the disc in the drive.
//!
//! Owns the order of things: take the journal, identify the disc, read the source again from its start and
//! compare its checks with the journal's, read back from the disc what the verdict asks for, and start the job
//! that is left to do. The rules of the verdict are the journal's, writing and closing the writers'. Nothing
//! is written before all that has been done, and nothing by a guess.

mod again;
mod error;
mod mark;
mod reading;

pub use error::{ResumeError, SourceChange};
pub(crate) use mark::{Beginning, disc_now, source_mark};

use crate::drive::{DriveLease, DriveReader, Job};
use crate::pipeline::checks::{Checks, Kept};
use crate::pipeline::{Onto, Prepared};
use pitland_journal::{
    JobFile, JobFolder, JobId, Journal, JournalError, Listed, SourceMark, Survey, Verdict, survey,
};
use pitland_writer::MediaFacts;
use reading::{Expected, Reading};
use std::path::Path;
use std::sync::Arc;

/// The jobs that have a journal in a folder: those that run, those that were cut off or failed, and journals
/// that cannot be used, the oldest first. Waits for the file system.
///
/// # Errors
/// The folder cannot be used; one that is missing holds no jobs.
pub fn jobs(folder: &Path) -> Result<Vec<Listed>, JournalError> {
    match JobFolder::existing(folder)? {
        Some(folder) => folder.list(),
        None => Ok(Vec::new()),
    }
}

/// A burn that was cut off, and what can still be done with the disc in the drive. Holds the job's journal:
/// nobody else can take it up meanwhile. Nothing has been changed yet; dropping this changes nothing.
#[must_use = "nothing is done before go_on"]
pub struct Interrupted {
    lease: DriveLease,
    file: JobFile,
    journal: Journal,
    facts: MediaFacts,
    verdict: Verdict,
    /// The source as it is now; equal to what was burned, as far as that is known.
    source: Result<Prepared, ResumeError>,
    checks: Arc<Checks>,
}

impl std::fmt::Debug for Interrupted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Interrupted")
            .field("job", self.file.id())
            .field("verdict", &self.verdict)
            .finish_non_exhaustive()
    }
}

impl Interrupted {
    /// What the journal tells.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// What can be done.
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// Why the source cannot be used, where that is so. A disc that only has to be closed or read back does
    /// not need it.
    pub fn source_error(&self) -> Option<&ResumeError> {
        self.source.as_ref().err()
    }

    /// Drive and medium.
    pub fn facts(&self) -> &MediaFacts {
        &self.facts
    }

    /// Does what is left to do: burns from the start, writes the rest, closes, or reads back, with the options
    /// of the burn that was cut off. The journal is carried on, and ends with the job.
    ///
    /// # Errors
    /// Nothing can be done with this disc, or with this source; nothing was changed then. What happens
    /// afterwards is in the job's report.
    pub async fn go_on(self) -> Result<Job, ResumeError> {
        self.start().await
    }
}

impl DriveLease {
    /// Looks what can be done with a burn that was cut off and the disc in this drive. Reads the whole source,
    /// and some MB of the disc; sends nothing that changes drive or medium.
    ///
    /// # Errors
    /// The journal cannot be used, or its job runs; the drive does not answer. A disc or a source with which
    /// nothing can be done is no error here. Cancel-safe.
    pub async fn examine(
        &self,
        folder: &JobFolder,
        job: &JobId,
    ) -> Result<Interrupted, ResumeError> {
        let (folder, id) = (folder.clone(), job.clone());
        let (file, journal) = blocking(move || folder.take(&id)).await??;
        let facts = self.drive().medium().await?.facts;
        let now = mark::disc_now(&facts);
        let surveyed = survey(&journal, &now);
        let begun = &journal.begun;
        let mut checks = Checks::new(begun.planned_blocks, Kept::All);
        let written_blocks = now
            .nwa
            .and_then(|nwa| nwa.checked_sub(begun.first_lba))
            .map_or(begun.planned_blocks, u64::from)
            .min(begun.planned_blocks);
        // A disc that was found out already is not worth reading a source for.
        let is_useless = matches!(
            surveyed,
            Survey::Settled(Verdict::OtherDisc(_) | Verdict::Lost(_) | Verdict::Unclear(_))
        );
        let (source, part) = if is_useless {
            (Err(ResumeError::NotRead), None)
        } else {
            match read_source(&journal, (&facts, self.reader()), written_blocks, &checks).await {
                Ok((prepared, part)) => (Ok(prepared), part),
                Err(error) => (Err(error), None),
            }
        };
        if source.is_err() {
            // What is on the disc can still be known by what the journal kept, and by nothing of a source that
            // is another one now.
            checks = Checks::new(begun.planned_blocks, Kept::All);
            for (unit, check) in journal.checks.iter() {
                checks.put(unit, check);
            }
        }
        let expected = Expected {
            journal: &journal,
            checks: source.is_ok().then_some(&*checks),
            part,
        };
        let verdict = match surveyed {
            Survey::Settled(verdict) => verdict,
            Survey::Compare(comparison) => expected.compare(&self.reader(), comparison).await?,
        };
        Ok(Interrupted {
            lease: self.clone(),
            file,
            journal,
            facts,
            verdict,
            source,
            checks,
        })
    }
}

/// Makes the image once more and takes its checks.
async fn read_source(
    journal: &Journal,
    (facts, reader): (&MediaFacts, DriveReader),
    written_blocks: u64,
    checks: &Arc<Checks>,
) -> Result<(Prepared, Option<reading::PartOfUnit>), ResumeError> {
    let begun = &journal.begun;
    let image = mark::image(&begun.source).ok_or(ResumeError::SourceGone)?;
    let onto = Onto {
        first_lba: begun.first_lba,
        medium: begun.disc.profile.family(),
        facts: facts.clone(),
        reader,
        old: None,
    };
    let prepared = image.prepare(onto).await?;
    if let Some(change) = change(&begun.source, &prepared) {
        return Err(ResumeError::SourceChanged(change));
    }
    if prepared.bytes != begun.image_bytes {
        return Err(ResumeError::SourceChanged(SourceChange::Size));
    }
    let reading = Reading {
        source: prepared.feed.again().ok_or(ResumeError::SourceGone)?,
        image_bytes: prepared.bytes,
        planned_blocks: begun.planned_blocks,
        written_blocks,
    };
    let part = reading.take_checks(Arc::clone(checks)).await?;
    match reading::first_difference(journal, checks) {
        None => Ok((prepared, part)),
        Some(unit) => Err(ResumeError::SourceChanged(SourceChange::Content {
            block: unit * pitland_journal::UNIT_BLOCKS,
        })),
    }
}

/// What shows, before anything is read, that a source is not what it was.
fn change(mark: &SourceMark, prepared: &Prepared) -> Option<SourceChange> {
    match (mark, mark::source_mark(prepared)) {
        (
            SourceMark::Tree { fingerprint, .. },
            SourceMark::Tree {
                fingerprint: now, ..
            },
        ) => (*fingerprint != now).then_some(SourceChange::Tree),
        (SourceMark::File { stamp, .. }, SourceMark::File { stamp: now, .. }) => {
            (*stamp != now).then_some(SourceChange::File)
        }
        _ => Some(SourceChange::File),
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ResumeError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| ResumeError::Abandoned)
}

//! Starting the job that is left to do. Owns what of a burn is asked for once more; how a job is led is the
//! drive's.

use crate::drive::burning::{self, Unfinished};
use crate::drive::together::{Resumption, resume_one};
use crate::drive::{DriveLease, Job, Written};
use crate::pipeline::checks::Checks;
use crate::pipeline::{Feed, ImageSource, Origin, Prepared};
use crate::resume::{Interrupted, ResumeError, blocking, mark};
use async_trait::async_trait;
use bytes::Bytes;
use pitland_burn::verify::WrittenRun;
use pitland_journal::{Begun, JobFile, JobJournal, Journal, Placement, Verdict};
use pitland_mmc::Lba;
use pitland_writer::{CloseRequest, Request};
use std::io;
use std::sync::Arc;

impl Interrupted {
    pub(super) async fn start(self) -> Result<Job, ResumeError> {
        let planned = self.journal.begun.planned_blocks;
        match self.verdict {
            Verdict::NothingWritten => self.burn_again().await,
            Verdict::ResumeAt { block } => {
                let image = self.source?;
                let examined = mark::disc_now(&self.facts);
                let mut rest = rest(&self.journal.begun, image, block, self.checks);
                rest.examined = Some(examined);
                self.lease.take_up(rest, self.file, self.journal).await
            }
            Verdict::CloseOnly { finalize } if self.session_was_closed() => {
                let begun = &self.journal.begun;
                let options = mark::options(begun);
                let (run, image_bytes) = (run_of(begun, planned), begun.image_bytes);
                let journal = carry_on(self.file, self.journal, planned, &self.checks).await?;
                let unfinished = Unfinished {
                    request: Request::Close(CloseRequest::new(finalize)),
                    run,
                    image_bytes,
                    layout: self.source.ok().and_then(|prepared| prepared.layout()),
                    checks: self.checks,
                    journal,
                };
                Ok(burning::close_and_verify(&self.lease, options, unfinished))
            }
            Verdict::CloseOnly { .. } => {
                let bytes = self.journal.begun.image_bytes;
                // Nothing of it is missing: without its source it can be closed all the same.
                let image = self.source.unwrap_or_else(|_| NoSource::image(bytes));
                let rest = rest(&self.journal.begun, image, planned, self.checks);
                self.lease.take_up(rest, self.file, self.journal).await
            }
            Verdict::VerifyOnly => {
                let begun = &self.journal.begun;
                let written = Written {
                    checks: Arc::clone(&self.checks),
                    runs: vec![run_of(begun, planned)],
                    layout: self.source.ok().and_then(|prepared| prepared.layout()),
                };
                let level = mark::options(begun).verify;
                let journal = carry_on(self.file, self.journal, planned, &self.checks).await?;
                Ok(burning::verify(&self.lease, level, written, Some(journal)))
            }
            verdict => Err(ResumeError::Disc(verdict)),
        }
    }

    /// From the start, onto a medium that has to be blank.
    async fn burn_again(self) -> Result<Job, ResumeError> {
        let begun = &self.journal.begun;
        let is_blank = self.facts.condition().is_blank() == Some(true);
        if begun.wish.placement != Placement::BlankOnly || !is_blank {
            return Err(ResumeError::BurnAgain);
        }
        self.source?;
        let image = mark::image(&begun.source).ok_or(ResumeError::SourceGone)?;
        let options = mark::options(begun).journal(self.file.folder().path());
        // The new burn begins a journal of its own.
        let file = self.file;
        blocking(move || file.remove()).await??;
        Ok(self.lease.burn(options, image))
    }

    fn session_was_closed(&self) -> bool {
        self.facts.closed_sessions() != Some(self.journal.begun.disc.closed_sessions)
    }
}

async fn carry_on(
    file: JobFile,
    journal: Journal,
    block: u64,
    checks: &Arc<Checks>,
) -> Result<JobJournal, ResumeError> {
    let checks = Arc::clone(checks);
    let of = move |unit| checks.of(unit);
    let begun = blocking(move || JobJournal::resume(file, &journal, block, of)).await?;
    Ok(begun?)
}

fn run_of(begun: &Begun, blocks: u64) -> WrittenRun {
    WrittenRun {
        // A journal with another address is not read.
        first_lba: Lba(i32::try_from(begun.first_lba).unwrap_or(i32::MAX)),
        blocks,
        image_block: 0,
    }
}

/// What is left of a burn: the rest of its blocks; none where it only has to be closed.
fn rest(begun: &Begun, image: Prepared, written_blocks: u64, checks: Arc<Checks>) -> Resumption {
    let mut burn = burning::request(&mark::options(begun), None);
    burn.blocks = begun.image_blocks();
    Resumption {
        image,
        burn,
        written: run_of(begun, written_blocks),
        checks,
        journal: None,
        examined: None,
    }
}

impl DriveLease {
    async fn take_up(
        self,
        mut rest: Resumption,
        file: JobFile,
        journal: Journal,
    ) -> Result<Job, ResumeError> {
        let options = mark::options(&journal.begun);
        let carried = carry_on(file, journal, rest.written.blocks, &rest.checks).await?;
        rest.journal = Some(carried);
        Ok(resume_one(self, options, rest))
    }
}

/// In the place of a source that nobody will read.
struct NoSource(u64);

impl NoSource {
    fn image(bytes: u64) -> Prepared {
        Prepared::new(bytes, Feed::Once(Box::new(Self(bytes))), Origin::Stream)
    }
}

#[async_trait]
impl ImageSource for NoSource {
    fn length(&self) -> u64 {
        self.0
    }

    fn name(&self) -> String {
        "a source that is gone".into()
    }

    async fn next_piece(&mut self) -> io::Result<Option<Bytes>> {
        Err(io::ErrorKind::NotFound.into())
    }
}

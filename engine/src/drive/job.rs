//! A running job as its client sees it.

use crate::drive::report::BurnReport;
use crate::drive::thread::JobControl;
use crate::error::BurnError;
use crate::progress::{JobEvent, Told};
use futures::stream::{BoxStream, Stream, StreamExt};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::sync::oneshot;

/// A job: a stream of events that may be ignored, a way to cancel, and a report.
///
/// Dropping a job cancels it: the drive's thread leads the medium into a named state and the drive is
/// busy until then. [`Job::detach`] lets it run on.
pub struct Job {
    events: BoxStream<'static, JobEvent>,
    control: Arc<JobControl>,
    outcome: Option<oneshot::Receiver<Result<BurnReport, BurnError>>>,
    cancel_on_drop: bool,
}

impl std::fmt::Debug for Job {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Job")
            .field("cancelled", &self.control.is_cancelled())
            .finish_non_exhaustive()
    }
}

/// Cancels a job from wherever it is held.
#[derive(Debug, Clone)]
pub struct Canceller(Arc<JobControl>);

impl Canceller {
    /// See [`Job::cancel`].
    pub fn cancel(&self) {
        self.0.cancel();
    }
}

impl Job {
    pub(crate) fn new(
        told: Told,
        control: Arc<JobControl>,
        outcome: oneshot::Receiver<Result<BurnReport, BurnError>>,
    ) -> Self {
        Self {
            events: told.into_stream(),
            control,
            outcome: Some(outcome),
            cancel_on_drop: true,
        }
    }

    /// Asks for an early end. Before the medium is changed nothing more is done; from then on what is
    /// open is closed first, which may take minutes. The report tells what the medium became.
    pub fn cancel(&self) {
        self.control.cancel();
    }

    /// A handle that cancels, for another task.
    pub fn canceller(&self) -> Canceller {
        Canceller(Arc::clone(&self.control))
    }

    /// Waits for the end.
    ///
    /// # Errors
    /// What went wrong, with the report of what was done. Dropping this future cancels the job.
    pub async fn report(mut self) -> Result<BurnReport, BurnError> {
        let Some(outcome) = self.outcome.as_mut() else {
            return Err(BurnError::Abandoned);
        };
        let result = outcome.await.unwrap_or(Err(BurnError::Abandoned));
        self.cancel_on_drop = false;
        result
    }

    /// Lets the job run on with nobody looking.
    pub fn detach(mut self) {
        self.cancel_on_drop = false;
    }
}

impl Stream for Job {
    type Item = JobEvent;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<JobEvent>> {
        self.events.poll_next_unpin(context)
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        if self.cancel_on_drop {
            self.control.cancel();
        }
    }
}

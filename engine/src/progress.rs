//! What a job tells while it runs. Owns the figures that a person or a service sees, and their way out
//! of the drive's thread: the newest figures replace older ones, so that a slow reader stalls nothing.

use crate::drive::incoming::SLOT_BYTES;
use crate::pipeline::ring::Fill;
use futures::stream::{self, BoxStream, StreamExt};
use pitland_burn::{Note, Phase};
use std::num::NonZeroU32;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};

/// Figures of a running job.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub struct JobProgress {
    /// Where the job stands.
    pub phase: Phase,
    /// Bytes of a block; 0 before it is known.
    pub block_bytes: u32,
    /// Blocks done in this phase.
    pub blocks_done: u64,
    /// Blocks to do in this phase; 0 where it has no such count.
    pub blocks_total: u64,
    /// Bytes per second over the last seconds, by the host's clock; 0 before anything was done.
    pub bytes_per_second: u64,
    /// The same in multiples of the medium's nominal speed.
    pub times_nominal: f64,
    /// Slots of the ring that wait for the drive, and slots in all.
    pub ring: Option<(usize, usize)>,
    /// The drive's buffer, bytes filled and bytes in all, as last told.
    pub drive_buffer: Option<(u32, u32)>,
    /// How far the drive says its long operation is, in 1/65536.
    pub drive_progress: Option<u16>,
    /// Since the job started.
    pub elapsed: Duration,
    /// Left in this phase at the present pace; `None` while that is not known.
    pub remaining: Option<Duration>,
    /// Whether the medium has been changed: from here on a cancel is a request.
    pub committed: bool,
}

/// How a buffer is filled, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct BufferFill {
    /// What waits in it.
    pub used: u64,
    /// What else it can take.
    pub free: u64,
    /// Both together.
    pub total: u64,
}

impl BufferFill {
    fn new(used: u64, total: u64) -> Self {
        let used = used.min(total);
        Self {
            used,
            free: total - used,
            total,
        }
    }
}

impl JobProgress {
    /// The ring between source and drive, while blocks are written. A slot counts as a whole, also the last one of an image
    /// that does not fill it.
    pub fn system_buffer(&self) -> Option<BufferFill> {
        let bytes = |slots: usize| (slots as u64).saturating_mul(SLOT_BYTES);
        self.ring
            .map(|(full, slots)| BufferFill::new(bytes(full), bytes(slots)))
    }

    /// The drive's own buffer, as last told.
    pub fn drives_buffer(&self) -> Option<BufferFill> {
        self.drive_buffer
            .map(|(filled, total)| BufferFill::new(filled.into(), total.into()))
    }

    /// How much of the phase is done, 0.0 to 1.0; `None` where the phase has no such count.
    pub fn fraction(&self) -> Option<f64> {
        if self.blocks_total > 0 {
            Some((self.blocks_done as f64 / self.blocks_total as f64).min(1.0))
        } else {
            self.drive_progress.map(|p| f64::from(p) / 65536.0)
        }
    }
}

/// Something that a job tells.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum JobEvent {
    /// The job entered a phase. Every phase is told, in order.
    Phase(Phase),
    /// Something worth knowing that does not end the job.
    Note(Note),
    /// Newer figures. Older ones that nobody looked at are gone.
    Progress(JobProgress),
}

/// What a drive is doing.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Activity {
    /// Nothing.
    Idle,
    /// A job.
    Job(JobProgress),
}

/// Events that may wait for a reader: more than a job has phases and notes; beyond it they are only in
/// the report.
const WAITING_EVENTS: usize = 256;
/// The pace is that of one to two of these.
const WINDOW: Duration = Duration::from_secs(2);
/// Before the first blocks of a phase are done so long a time is waiting.
const IDLE: Duration = Duration::from_secs(1);
/// Figures are renewed no more often than this.
const RENEW: Duration = Duration::from_millis(100);
/// Figures are told at least so often while a phase goes on, whatever source and drive wait for: that a job is alive, and
/// for how long it has been, is news.
const AT_LEAST: Duration = Duration::from_millis(500);

/// The job's end of its progress.
#[derive(Debug)]
pub(crate) struct Teller {
    events: mpsc::Sender<JobEvent>,
    figures: watch::Sender<JobProgress>,
    started: Instant,
    /// Where the phase stood a few seconds ago, and then.
    past: (Instant, u64),
    recent: (Instant, u64),
    phase: Phase,
    told: Instant,
    /// Figures that came too soon behind those that were told.
    held: Option<pitland_burn::Progress>,
    nominal: u64,
    /// Bytes of a block of the image.
    block_bytes: u64,
    /// What the caller thinks of the drive's pace.
    expected: Option<Pace>,
}

/// Blocks a second at the first block and at the last, between which the pace changes evenly.
#[derive(Debug, Clone, Copy)]
struct Pace {
    first: f64,
    last: f64,
}

impl Pace {
    /// The time for what is left of so many blocks.
    fn left(self, done: u64, total: u64) -> Option<Duration> {
        let part = if total > 0 {
            (done as f64 / total as f64).min(1.0)
        } else {
            1.0
        };
        let now = self.first + (self.last - self.first) * part;
        let blocks = total.saturating_sub(done) as f64;
        Duration::try_from_secs_f64(blocks / ((now + self.last) / 2.0)).ok()
    }
}

/// The reader's end.
#[derive(Debug)]
pub(crate) struct Told {
    events: mpsc::Receiver<JobEvent>,
    figures: watch::Receiver<JobProgress>,
    started: Instant,
    /// The time that was told last.
    elapsed: Duration,
}

/// Both ends, and a view of the figures for the drive's status.
pub(crate) fn channel() -> (Teller, Told, watch::Receiver<JobProgress>) {
    let (events, events_out) = mpsc::channel(WAITING_EVENTS);
    let (figures, figures_out) = watch::channel(JobProgress::default());
    let now = Instant::now();
    let teller = Teller {
        events,
        figures,
        started: now,
        past: (now, 0),
        recent: (now, 0),
        phase: Phase::Waiting,
        told: now,
        held: None,
        nominal: 0,
        block_bytes: 2048,
        expected: None,
    };
    (
        teller,
        Told {
            events: events_out,
            figures: figures_out.clone(),
            started: now,
            elapsed: Duration::ZERO,
        },
        figures_out,
    )
}

impl Teller {
    /// States the medium's nominal speed in kB/s.
    pub(crate) fn nominal_speed(&mut self, kilobytes_per_second: u32) {
        self.nominal = u64::from(kilobytes_per_second) * 1000;
    }

    /// States the bytes of a block of the image.
    pub(crate) fn block_bytes(&mut self, bytes: u32) {
        self.block_bytes = u64::from(bytes);
    }

    /// States what the caller expects of the drive: blocks a second, at the first block and at the last.
    pub(crate) fn expects(&mut self, pace: Option<(NonZeroU32, NonZeroU32)>) {
        self.expected = pace.map(|(first, last)| Pace {
            first: first.get().into(),
            last: last.get().into(),
        });
    }

    /// Tells that a phase has begun, if it is another one, and before that how far the last one came.
    pub(crate) fn phase(&mut self, phase: Phase) {
        if phase != self.phase {
            tracing::info!(%phase, "a phase begins");
            if let Some(last) = self.held.take() {
                let ring = self.figures.borrow().ring;
                let figures = self.of(&last, Instant::now(), ring);
                let _ = self.events.try_send(JobEvent::Progress(figures));
            }
            self.phase = phase;
            self.past = (Instant::now(), 0);
            self.recent = self.past;
            // A reader that does not keep up loses events, never holds the drive.
            let _ = self.events.try_send(JobEvent::Phase(phase));
            self.figures.send_modify(|f| {
                *f = JobProgress {
                    phase,
                    elapsed: self.started.elapsed(),
                    committed: f.committed,
                    ..JobProgress::default()
                };
            });
        }
    }

    /// Tells a note.
    pub(crate) fn note(&mut self, note: Note) {
        let _ = self.events.try_send(JobEvent::Note(note));
    }

    /// Tells the machine's figures, if the last ones are old enough or the phase has changed; else when it changes.
    pub(crate) fn figures(
        &mut self,
        progress: &pitland_burn::Progress,
        ring: impl FnOnce() -> Option<Fill>,
    ) {
        let now = Instant::now();
        if progress.phase == self.phase && now.duration_since(self.told) < RENEW {
            self.held = Some(*progress);
            return;
        }
        self.phase(progress.phase);
        self.told = now;
        self.held = None;
        let ring = (progress.phase == Phase::Writing).then(ring).flatten();
        let figures = self.of(progress, now, ring.map(|fill| (fill.full, fill.slots)));
        self.figures.send_modify(|f| *f = figures);
    }

    /// The machine's figures as a job tells them.
    fn of(
        &mut self,
        progress: &pitland_burn::Progress,
        now: Instant,
        ring: Option<(usize, usize)>,
    ) -> JobProgress {
        if self.past.1 == 0 && now.duration_since(self.past.0) > IDLE {
            // The drive got ready, or calibrated its power, in its first WRITE: that is no pace.
            self.past = (now, progress.blocks_done);
            self.recent = self.past;
        }
        if now.duration_since(self.recent.0) > WINDOW {
            self.past = self.recent;
            self.recent = (now, progress.blocks_done);
        }
        let spent = now.duration_since(self.past.0);
        let bytes = progress
            .blocks_done
            .saturating_sub(self.past.1)
            .saturating_mul(self.block_bytes);
        let rate = if spent.as_millis() > 0 {
            bytes as f64 / spent.as_secs_f64()
        } else {
            0.0
        };
        let left = progress
            .blocks_total
            .saturating_sub(progress.blocks_done)
            .saturating_mul(self.block_bytes);
        JobProgress {
            phase: progress.phase,
            block_bytes: self.block_bytes as u32, // stated in 32 bits
            blocks_done: progress.blocks_done,
            blocks_total: progress.blocks_total,
            bytes_per_second: rate as u64,
            times_nominal: if self.nominal > 0 {
                rate / self.nominal as f64
            } else {
                0.0
            },
            ring,
            drive_buffer: progress.drive_buffer.map(|(total, used)| (used, total)),
            drive_progress: progress.drive_progress,
            elapsed: now.duration_since(self.started),
            remaining: match rate > 0.0 && progress.blocks_total > 0 {
                true => {
                    Some(Duration::try_from_secs_f64(left as f64 / rate).unwrap_or(Duration::MAX))
                }
                false => self
                    .expected
                    .filter(|_| progress.phase == Phase::Writing)
                    .and_then(|pace| pace.left(progress.blocks_done, progress.blocks_total)),
            },
            committed: progress.committed,
        }
    }
}

impl Told {
    /// What was told before the newest figures, or these: a phase comes before its figures.
    fn newest(&mut self) -> JobEvent {
        let figures = *self.figures.borrow_and_update();
        // Looked for behind the figures: what was told before them is there by then.
        match self.events.try_recv() {
            Ok(event) => {
                self.figures.mark_changed();
                event
            }
            Err(_) => JobEvent::Progress(figures),
        }
    }

    /// An event whose time does not go back: what the drive's thread has counted comes a moment later than it was.
    fn in_time(&mut self, event: JobEvent) -> JobEvent {
        match event {
            JobEvent::Progress(figures) => {
                self.elapsed = self.elapsed.max(figures.elapsed);
                JobEvent::Progress(JobProgress {
                    elapsed: self.elapsed,
                    ..figures
                })
            }
            other => other,
        }
    }

    /// Everything that is told, until the job has ended. Phases and notes come before figures.
    pub(crate) fn into_stream(self) -> BoxStream<'static, JobEvent> {
        stream::unfold(Some(self), |told| async move {
            let mut told = told?;
            let event = tokio::select! {
                biased;
                event = told.events.recv() => event,
                changed = told.figures.changed() => match changed {
                    Ok(()) => Some(told.newest()),
                    // The figures have ended; the last events may still wait.
                    Err(_) => told.events.recv().await,
                },
                () = tokio::time::sleep(AT_LEAST) => {
                    let now = told.started.elapsed();
                    told.elapsed = told.elapsed.max(now);
                    Some(told.newest())
                }
            };
            event.map(|event| (told.in_time(event), Some(told)))
        })
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_drive_waits_before_its_first_blocks_is_no_pace() {
        let (mut teller, _told, _figures) = channel();
        teller.phase(Phase::Writing);
        let begun = teller.past.0;
        let mut at = |seconds: u64, blocks: u64| {
            let mut progress = pitland_burn::Progress::default();
            progress.phase = Phase::Writing;
            progress.blocks_done = blocks;
            progress.blocks_total = 100_000;
            teller.of(&progress, begun + Duration::from_secs(seconds), None)
        };
        assert_eq!(at(0, 0).remaining, None);
        // Eight seconds of calibration in the first WRITE.
        let first = at(8, 32);
        assert_eq!((first.bytes_per_second, first.remaining), (0, None));
        let next = at(9, 2032);
        assert_eq!(next.bytes_per_second, 2000 * 2048);
        let left = next.remaining.unwrap();
        assert!((48..50).contains(&left.as_secs()), "{left:?}");
    }

    #[test]
    fn a_phase_that_goes_on_at_once_has_its_pace_at_once() {
        let (mut teller, _told, _figures) = channel();
        teller.phase(Phase::Writing);
        let begun = teller.past.0;
        let mut progress = pitland_burn::Progress::default();
        progress.phase = Phase::Writing;
        (progress.blocks_done, progress.blocks_total) = (500, 1000);
        let figures = teller.of(&progress, begun + Duration::from_millis(500), None);
        assert_eq!(figures.bytes_per_second, 1000 * 2048);
    }
}

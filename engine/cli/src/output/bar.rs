//! Running figures of one job: a bar on a terminal, a line for each phase elsewhere, JSON lines. Owns how
//! often something is said; the figures are the engine's, or a command's own count of bytes.

use super::Output;
use super::human;
use super::json::{FillView, Name, PhaseView, ProgressView, WarningView, seconds};
use indicatif::{ProgressBar, ProgressStyle};
use pitland::{JobEvent, JobProgress, Phase};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// JSON figures come no more often than this.
const JSON_PAUSE: Duration = Duration::from_millis(500);
/// A command's own figures are renewed no more often than this.
const BAR_PAUSE: Duration = Duration::from_millis(100);

/// What shows the progress of one job.
pub(crate) struct Watcher {
    output: Arc<Output>,
    drive: Name,
    phase: &'static str,
    bar: Option<ProgressBar>,
    started: Instant,
    phase_started: Instant,
    told: Option<Instant>,
}

impl Watcher {
    /// For a job on this drive (or whatever else is worked on).
    pub(crate) fn new(output: &Arc<Output>, drive: Name) -> Self {
        let bar = output.bars().map(|bars| {
            let bar = bars.add(ProgressBar::new(1000));
            bar.set_style(style());
            bar
        });
        let now = Instant::now();
        Self {
            output: Arc::clone(output),
            drive,
            phase: "",
            bar,
            started: now,
            phase_started: now,
            told: None,
        }
    }

    /// Takes what a job tells.
    pub(crate) fn event(&mut self, event: &JobEvent) {
        match event {
            JobEvent::Phase(phase) => self.phase(phase.name()),
            JobEvent::Note(note) => self.warn(note.to_string()),
            JobEvent::Progress(figures) => {
                self.phase(figures.phase.name());
                let view = self.view_of(figures);
                self.figures(&view);
            }
            _ => {}
        }
    }

    /// Something worth knowing.
    pub(crate) fn warn(&self, message: String) {
        self.output.event(&WarningView {
            drive: Some(self.drive.clone()),
            message,
        });
    }

    /// A phase begins, if it is another one.
    pub(crate) fn phase(&mut self, phase: &'static str) {
        if phase == self.phase {
            return;
        }
        self.phase = phase;
        self.phase_started = Instant::now();
        self.told = None;
        match &self.bar {
            Some(bar) => {
                bar.set_position(0);
                bar.set_message(format!("{phase}  {}", self.drive.escaped()));
                bar.tick();
            }
            None => self.output.event(&PhaseView {
                drive: self.drive.clone(),
                phase,
            }),
        }
    }

    /// Figures of a command that counts bytes by itself.
    pub(crate) fn bytes(&mut self, done: u64, total: u64) {
        let now = Instant::now();
        if self
            .told
            .is_some_and(|told| now.duration_since(told) < BAR_PAUSE)
        {
            return;
        }
        let spent = now.duration_since(self.phase_started).as_secs_f64();
        let rate = if spent > 0.0 {
            done as f64 / spent
        } else {
            0.0
        };
        let left = total.saturating_sub(done) as f64;
        let view = ProgressView {
            drive: self.drive.clone(),
            phase: self.phase,
            percent: percent(done, total),
            bytes_done: done,
            bytes_total: total,
            bytes_per_second: rate as u64,
            times_nominal: None,
            ring: None,
            drive_buffer: None,
            elapsed_seconds: seconds(self.started.elapsed()),
            remaining_seconds: (rate > 0.0).then(|| left / rate),
            committed: false,
        };
        self.figures(&view);
    }

    /// Takes the bar away: the job has ended.
    pub(crate) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    fn figures(&mut self, view: &ProgressView) {
        let now = Instant::now();
        if let Some(bar) = &self.bar {
            bar.set_position((view.percent.unwrap_or(0.0) * 10.0) as u64);
            // The name comes last: it is the first to go where a terminal is narrow.
            let figures = human::figures(view);
            bar.set_message(format!(
                "{} {figures}  {}",
                self.phase,
                self.drive.escaped()
            ));
            self.told = Some(now);
        } else if self.output.json()
            && view.percent.is_some()
            && self
                .told
                .is_none_or(|told| now.duration_since(told) >= JSON_PAUSE)
        {
            self.output.event(view);
            self.told = Some(now);
        }
    }

    fn view_of(&self, figures: &JobProgress) -> ProgressView {
        // In the other phases the engine's figures are those of the phase before: only the drive itself
        // knows how far a format or a closing is.
        let counted = matches!(figures.phase, Phase::Writing | Phase::Verifying);
        let writing = figures.phase == Phase::Writing;
        let fraction = if counted {
            figures.fraction()
        } else {
            figures
                .drive_progress
                .map(|progress| f64::from(progress) / 65536.0)
        };
        let each = u64::from(figures.block_bytes);
        let of = |used, total| FillView { used, total };
        ProgressView {
            drive: self.drive.clone(),
            phase: figures.phase.name(),
            percent: fraction.map(|fraction| round(fraction * 100.0)),
            bytes_done: if counted {
                figures.blocks_done.saturating_mul(each)
            } else {
                0
            },
            bytes_total: if counted {
                figures.blocks_total.saturating_mul(each)
            } else {
                0
            },
            bytes_per_second: if counted { figures.bytes_per_second } else { 0 },
            times_nominal: (counted && figures.times_nominal > 0.0)
                .then(|| round(figures.times_nominal)),
            ring: figures
                .ring
                .filter(|_| writing)
                .map(|(used, total)| of(used as u64, total as u64)),
            drive_buffer: figures
                .drive_buffer
                .filter(|_| writing)
                .map(|(used, total)| of(u64::from(used), u64::from(total))),
            elapsed_seconds: seconds(figures.elapsed),
            remaining_seconds: figures.remaining.filter(|_| counted).map(seconds),
            committed: figures.committed,
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.finish();
    }
}

fn percent(done: u64, total: u64) -> Option<f64> {
    (total > 0).then(|| round(done as f64 * 100.0 / total as f64).min(100.0))
}

fn round(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("[{bar:8}] {wide_msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("=> ")
}

//! A job of the engine, told as IMAPI 1 tells a burn. Owns the order of what is told; must not know what is recorded.

use crate::progress::Listeners;
use futures::StreamExt;
use pitland::{BurnError, BurnReport, Job, JobEvent, Phase};
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};

/// How often those who listen are asked whether to stop, where nothing happens.
const ASKED_EVERY: Duration = Duration::from_millis(250);
/// How long a CD recorder takes to get ready, in seconds: spinning up and calibrating. A guess; nobody tells it beforehand.
pub(crate) const PREPARING_SECONDS: u32 = 15;
/// How long it takes to close a session of a CD. A guess: lead-in and lead-out are two minutes and a half at 1x.
const CLOSING_SECONDS: u32 = 30;

/// What will be written.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outline {
    /// Blocks in all.
    pub(crate) blocks: u64,
    /// The block behind each audio track; none for data.
    pub(crate) track_ends: Vec<u64>,
}

/// What was told already.
struct Told<'a> {
    listeners: &'a Listeners,
    outline: Outline,
    blocks: Option<u64>,
    tracks: usize,
    is_closing: bool,
    is_cancelled: bool,
}

/// Waits for a job's end, and tells what happens until then.
pub(crate) async fn follow(
    mut job: Job,
    outline: Outline,
    listeners: &Listeners,
) -> Result<BurnReport, BurnError> {
    let mut told = Told {
        listeners,
        outline,
        blocks: None,
        tracks: 0,
        is_closing: false,
        is_cancelled: false,
    };
    let mut ticks = interval(ASKED_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            event = job.next() => match event {
                Some(event) => told.event(&event),
                None => break,
            },
            _ = ticks.tick() => {}
        }
        if listeners.want_end() {
            told.is_cancelled = true;
            job.cancel();
        }
    }
    let report = job.report().await;
    if report.is_ok() {
        told.closing();
    }
    report
}

impl Told<'_> {
    fn event(&mut self, event: &JobEvent) {
        match event {
            JobEvent::Phase(Phase::Writing) => self.written(0),
            JobEvent::Phase(Phase::Closing) => self.closing(),
            JobEvent::Progress(figures) if figures.phase == Phase::Writing => {
                self.written(figures.blocks_done);
            }
            _ => {}
        }
    }

    /// Blocks first, then the tracks that they complete.
    fn written(&mut self, blocks: u64) {
        let total = self.outline.blocks;
        // What a writer pads is no block of the image.
        let blocks = blocks.min(total);
        let tracks = self.outline.track_ends.len();
        if self.is_closing || self.blocks.is_some_and(|before| before >= blocks) {
            return;
        }
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        if self.blocks.is_none() && tracks > 0 {
            self.listeners
                .tell(|listener| listener.notify_track_progress(0, count(tracks)));
        }
        if self.blocks.is_none() && blocks > 0 {
            self.listeners
                .tell(|listener| listener.notify_block_progress(0, total));
        }
        self.blocks = Some(blocks);
        self.listeners
            .tell(|listener| listener.notify_block_progress(blocks, total));
        let done = self
            .outline
            .track_ends
            .iter()
            .filter(|end| **end <= blocks)
            .count();
        for track in self.tracks + 1..=done {
            self.listeners
                .tell(|listener| listener.notify_track_progress(count(track), count(tracks)));
        }
        self.tracks = done;
    }

    /// The last block is told, whatever figures were seen: a job tells its newest, not all. Whether it closes the disc because
    /// it is done or because a block failed, it says only at its end.
    fn closing(&mut self) {
        if !self.is_closing {
            if !self.is_cancelled {
                self.written(self.outline.blocks);
            }
            self.is_closing = true;
            self.listeners
                .tell(|listener| listener.notify_closing_disc(CLOSING_SECONDS));
        }
    }
}

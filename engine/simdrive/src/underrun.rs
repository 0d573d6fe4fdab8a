//! The buffer that runs empty while the host is still writing: noticed, counted, and
//! what becomes of the disc (recipe 14).
//!
//! A stream begins with a WRITE and ends where the host has what it wrote put on the
//! disc (a synchronization, a close, a write through the cache, a stop). Time that passes
//! within it with nothing to write is an underrun. A drive with protection links: it goes
//! on where it stopped, and what counts is that it had to. A drive without can not, and a
//! track that is written in one go is lost at that moment; media that are written anywhere
//! do not mind. Must not know what is in the buffer, nor which command came.

use std::time::Duration;

use crate::medium::Recorded;
use crate::recorder::Recorder;
use crate::refusal::Refusal;
use crate::write_parameters::rules_writing;

/// How often the buffer ran empty between two WRITEs that follow one another on the disc.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Underruns {
    /// How many times, since the drive was switched on.
    pub count: u64,
    /// The block that was missing the first time.
    pub first: Option<u32>,
    /// The block that was missing the last time.
    pub last: Option<u32>,
    /// Device time that the drive waited in all for blocks that came after all.
    pub waited: Duration,
}

/// The stream that the host is writing.
#[derive(Debug, Default)]
pub(crate) struct Stream {
    /// The block that must come next, while a stream is open.
    next: Option<u32>,
    /// Blocks of it are on the disc: before that the drive only collects.
    flows: bool,
    /// Since when there has been nothing to write, in nanoseconds since power on.
    dry_since: Option<u64>,
    underruns: Underruns,
}

impl Stream {
    fn count(&mut self, lba: u32) {
        self.underruns.count += 1;
        self.underruns.first.get_or_insert(lba);
        self.underruns.last = Some(lba);
    }
}

impl Recorder {
    /// How often the write buffer ran empty in the middle of a stream, and where. A host that
    /// has nothing more to write has not let it run empty. A drive without protection counts
    /// when the track is lost, every other one when it goes on. Nothing is counted where
    /// writing takes no time.
    pub fn underruns(&self) -> Underruns {
        self.stream.underruns
    }

    /// Blocks were taken from the host, up to the one before `next`.
    pub(crate) fn continue_stream(&mut self, lba: u32, next: u32) {
        let stream = &mut self.stream;
        if let Some(since) = stream.dry_since.take()
            && stream.next == Some(lba)
        {
            stream.count(lba);
            stream.underruns.waited += Duration::from_nanos(self.clock.saturating_sub(since));
        }
        stream.next = Some(next);
    }

    /// What the host has written is to go onto the disc now, whatever comes after it.
    pub(crate) fn end_stream(&mut self) {
        self.stream.next = None;
        self.stream.flows = false;
        self.stream.dry_since = None;
    }

    /// Blocks of the stream reached the disc.
    pub(crate) fn stream_flows(&mut self) {
        self.stream.flows = true;
    }

    /// Time passes, and there is nothing to write.
    pub(crate) fn run_dry(&mut self) {
        let Some(next) = self.stream.next.filter(|_| self.stream.flows) else {
            return;
        };
        if self.stream.dry_since.is_some() || self.model.clock_permille == 0 {
            return;
        }
        self.stream.dry_since = Some(self.clock);
        if !self.is_protected() {
            self.lose_track(next);
        }
    }

    /// The drive goes on where its buffer ran empty: where it can, and, on media that page 05h
    /// rules, where the host wants it (recipe 3, BUFE).
    fn is_protected(&self) -> bool {
        let wanted = match self.medium() {
            Some(medium) if rules_writing(medium) => {
                self.pages.write_parameters().underrun_protection()
            }
            _ => true,
        };
        self.model.underrun_protection && wanted
    }

    /// The laser is off, and the track can not be gone on with.
    fn lose_track(&mut self, at: u32) {
        // Of a test run nothing is lost but the run.
        if self.rehearsal.take().is_none() {
            let Some(medium) = self.medium_mut() else {
                return;
            };
            match medium.recorded_mut() {
                Recorded::Sequential(disc) => disc.lose_track_before(at),
                Recorded::Cd(disc) => disc.interrupt(),
                Recorded::Rewritable(_) => return,
            }
        }
        self.buffer.clear();
        self.end_stream();
        self.stream.count(at);
        self.deferred = Some(Refusal::LOSS_OF_STREAMING.at(at).deferred());
        self.save();
    }
}

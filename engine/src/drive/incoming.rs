//! The drive's end of its source: the image's bytes, piece by piece, for the write loop.
//!
//! Owns the slot that is being written, and what happens when the source fails or the drive is let go by
//! the others. Must not know commands.

use crate::drive::thread::JobControl;
use crate::error::SourceError;
use crate::pipeline::checks::{CHECK_BLOCKS, Checks};
use crate::pipeline::growing::Tail;
use crate::pipeline::pace::Pace;
use crate::pipeline::producer::{self, Pour};
use crate::pipeline::ring::{self, Fill, Gauge, Next, ReadSlot, Reader, Shape};
use crate::pipeline::{Feed, Readable};
use std::sync::Arc;
use std::time::Duration;

/// Bytes of a slot: a wake-up costs more than the copy of less (measured).
pub(crate) const SLOT_BYTES: u64 = 1 << 20;
/// The least and the most slots of a ring.
const SLOTS: std::ops::RangeInclusive<u64> = 2..=1024;
/// The ring of a drive that was let go and reads by itself.
const ALONE_BYTES: u64 = 4 << 20;

/// A source that is about to be read.
pub(crate) struct Supply {
    pub(crate) feed: Feed,
    /// Bytes of the image.
    pub(crate) bytes: u64,
    /// The image and what is behind it: zeros, and the tail.
    pub(crate) padded_bytes: u64,
    pub(crate) tail: Option<Arc<Tail>>,
    /// The first byte that is wanted.
    pub(crate) from: u64,
    /// Bytes of a block.
    pub(crate) block_bytes: u32,
    pub(crate) checks: Arc<Checks>,
    pub(crate) most_lag: Duration,
}

/// How a drive that was let go gets at the source by itself.
struct Again {
    source: Option<Readable>,
    bytes: u64,
    padded_bytes: u64,
    tail: Option<Arc<Tail>>,
    block_bytes: u32,
    checks: Arc<Checks>,
}

/// A drive's end of a source.
pub(crate) struct Incoming {
    reader: Reader<SourceError>,
    gauge: Gauge<SourceError>,
    slot: Option<ReadSlot>,
    pace: Arc<Pace>,
    again: Arc<Again>,
    failure: Option<SourceError>,
    /// Where the drive was let go by the others, until somebody has asked.
    let_go_at: Option<u64>,
}

impl Supply {
    /// Starts reading for so many drives. Without any, nothing is started.
    ///
    /// # Errors
    /// No thread could be had.
    pub(crate) fn start(
        self,
        ring_bytes: u64,
        readers: usize,
    ) -> Result<Vec<Incoming>, SourceError> {
        if readers == 0 {
            return Ok(Vec::new());
        }
        // From the start of a unit on, so that each unit is checked as a whole.
        let unit_bytes = CHECK_BLOCKS as usize * self.block_bytes as usize;
        let from = self.from - self.from % unit_bytes as u64;
        let shape = shape(ring_bytes, from, self.padded_bytes);
        let (filler, readers) = ring::ring(shape, readers);
        let pace = Arc::<Pace>::default();
        let again = Arc::new(Again {
            source: self.feed.again(),
            bytes: self.bytes,
            padded_bytes: self.padded_bytes,
            tail: self.tail.clone(),
            block_bytes: self.block_bytes,
            checks: Arc::clone(&self.checks),
        });
        let pour = Pour {
            filler,
            from,
            bytes: self.bytes,
            padded_bytes: self.padded_bytes,
            tail: self.tail,
            unit_bytes,
            checks: self.checks,
            pace: Arc::clone(&pace),
            most_lag: self.most_lag,
        };
        producer::start(self.feed, pour).map_err(|error| SourceError::Io {
            name: "the source's thread".into(),
            error: Arc::new(error),
        })?;
        let incoming = |reader: Reader<SourceError>| Incoming {
            gauge: reader.gauge(),
            reader,
            slot: None,
            pace: Arc::clone(&pace),
            again: Arc::clone(&again),
            failure: None,
            let_go_at: None,
        };
        Ok(readers.into_iter().map(incoming).collect())
    }
}

/// A ring of so many bytes, or of as many as there are to come.
fn shape(ring_bytes: u64, from: u64, end: u64) -> Shape {
    let needed = end.saturating_sub(from).div_ceil(SLOT_BYTES);
    let slots = (ring_bytes / SLOT_BYTES).min(needed);
    let slots = slots.clamp(*SLOTS.start(), *SLOTS.end()) as usize;
    Shape {
        slots,
        slot_bytes: SLOT_BYTES as usize,
        start_mark: slots.div_ceil(2),
        first_byte: from,
    }
}

impl Incoming {
    /// Waits for the start mark; `false`: the source failed before anything was written.
    pub(crate) fn is_ready(&mut self, control: &JobControl) -> bool {
        self.reader.wait_for_start(|| control.is_cancelled());
        self.failure = self.reader.early_failure(SourceError::Vanished);
        self.failure.is_none()
    }

    /// Has a cancel wake the thread where it waits here.
    pub(crate) fn heed(&self, control: &JobControl) {
        control.at_work(Some(self.gauge.clone()));
    }

    pub(crate) fn fill(&self) -> Fill {
        self.gauge.fill()
    }

    /// What the source has given, for media that cannot wait for it.
    pub(crate) fn supply(&self) -> pitland_burn::flow::Supply {
        let fill = self.gauge.fill();
        let count = |slots: usize| u32::try_from(slots).unwrap_or(u32::MAX);
        pitland_burn::flow::Supply {
            full: count(fill.full),
            slots: count(fill.slots),
            ended: self.gauge.ended(),
            kilobytes_per_second: self.pace.kilobytes_per_second(),
        }
    }

    /// Times that nothing was there when something was wanted, after the start.
    pub(crate) fn ran_dry(&self) -> u64 {
        self.gauge.starved()
    }

    /// Why the source failed, if it did.
    pub(crate) fn failure(&self) -> Option<&SourceError> {
        self.failure.as_ref()
    }

    /// Where the drive was let go since this was asked last.
    pub(crate) fn take_let_go(&mut self) -> Option<u64> {
        self.let_go_at.take()
    }

    /// Waits for the slot that holds `position`; whether it is another one than before. `None`: the source
    /// failed, or a cancel came while waiting.
    pub(crate) fn reach(&mut self, control: &JobControl, position: u64) -> Option<bool> {
        let mut another = false;
        while self
            .slot
            .as_ref()
            .is_none_or(|slot| end_of(slot) <= position)
        {
            self.slot = None;
            another = true;
            match self.reader.next(|| control.is_cancelled())? {
                Next::Slot(slot) => self.slot = Some(slot),
                Next::Failed(error) => return self.failed(error),
                Next::Complete | Next::Vanished => return self.failed(SourceError::Vanished),
                Next::LetGo { position: had } => {
                    tracing::warn!(had, "let go by the others");
                    self.go_alone(control, position)?;
                }
            }
        }
        Some(another)
    }

    /// The image's bytes from `position` on, which was reached. Never across the end of a slot: chunks and
    /// slots divide one another.
    pub(crate) fn bytes(&self, position: u64, length: usize) -> Option<&[u8]> {
        let slot = self.slot.as_ref()?;
        let at = usize::try_from(position.checked_sub(slot.position())?).ok()?;
        slot.bytes().get(at..at.checked_add(length)?)
    }

    fn failed<T>(&mut self, error: SourceError) -> Option<T> {
        self.failure = Some(error);
        None
    }

    /// The others went on without this drive: from here on it has a producer of its own.
    fn go_alone(&mut self, control: &JobControl, position: u64) -> Option<()> {
        self.let_go_at = Some(position);
        let Some(source) = self.again.source.clone() else {
            return self.failed(SourceError::LeftBehind);
        };
        let supply = Supply {
            feed: Feed::Again(source),
            bytes: self.again.bytes,
            padded_bytes: self.again.padded_bytes,
            tail: self.again.tail.clone(),
            block_bytes: self.again.block_bytes,
            from: position,
            checks: Arc::clone(&self.again.checks),
            most_lag: Duration::MAX,
        };
        match supply.start(ALONE_BYTES, 1) {
            Ok(mut alone) => {
                let alone = alone.pop()?;
                self.reader = alone.reader;
                self.gauge = alone.gauge;
                self.pace = alone.pace;
                self.heed(control);
                Some(())
            }
            Err(error) => self.failed(error),
        }
    }
}

fn end_of(slot: &ReadSlot) -> u64 {
    slot.position() + slot.bytes().len() as u64
}

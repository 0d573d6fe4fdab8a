//! Filling the ring: a thread for files and volumes, a task for async sources. Owns the reading, what is
//! behind the image's end, and the rule by which a drive that holds the others up is let go; must not know
//! what becomes of the bytes.

use crate::cd::CdBlocks;
use crate::error::SourceError;
use crate::pipeline::checks::Checks;
use crate::pipeline::growing::Tail;
use crate::pipeline::image::{Feed, ImageSource, Readable};
use crate::pipeline::image_file::ImageFile;
use crate::pipeline::pace::Pace;
use crate::pipeline::ring::{AllGone, Filler, NoSlot, Slot};
use pitland_mastering::{EmitError, Emitter, FileBytes};
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What is produced, and where it goes.
pub(crate) struct Pour {
    pub(crate) filler: Filler<SourceError>,
    /// The first byte of the image that is produced: a whole number of 64 KiB.
    pub(crate) from: u64,
    /// Bytes of the image.
    pub(crate) bytes: u64,
    /// Bytes of the image and of what is behind it.
    pub(crate) padded_bytes: u64,
    /// What is not zeros behind the image.
    pub(crate) tail: Option<Arc<Tail>>,
    /// Slots hold whole units of so many bytes.
    pub(crate) unit_bytes: usize,
    pub(crate) checks: Arc<Checks>,
    pub(crate) pace: Arc<Pace>,
    /// One drive that leaves the others without anything to write for so long is let go.
    pub(crate) most_lag: Duration,
}

/// Starts producing. Ends when all is pushed, when the source fails, or when the drives are gone.
///
/// # Errors
/// No thread could be started.
pub(crate) fn start(feed: Feed, pour: Pour) -> io::Result<()> {
    match feed {
        Feed::Again(Readable::Layout(layout)) => {
            thread(pour, move |pour| from_emitter(pour, layout.emitter()))
        }
        Feed::Again(Readable::File(file)) => thread(pour, move |pour| from_file(pour, &file)),
        Feed::Again(Readable::Cd(blocks)) => thread(pour, move |pour| from_cd(pour, &blocks)),
        Feed::Again(Readable::Given(bytes)) => thread(pour, move |pour| {
            pour.blocking(|position, out| read_given(&*bytes, position, out))
        }),
        Feed::Again(Readable::Stashed(stashed)) => thread(pour, move |pour| {
            let mut reader = stashed.reader();
            pour.blocking(|position, out| reader.read(position, out))
        }),
        Feed::Once(source) => {
            tokio::spawn(async move {
                let mut pour = pour;
                let ended = from_source(&mut pour, source).await;
                finish(pour, ended);
            });
            Ok(())
        }
    }
}

fn thread(
    mut pour: Pour,
    work: impl FnOnce(&mut Pour) -> Result<(), Stop> + Send + 'static,
) -> io::Result<()> {
    std::thread::Builder::new()
        .name("pitland-source".into())
        .spawn(move || {
            let ended = work(&mut pour);
            finish(pour, ended);
        })
        .map(drop)
}

enum Stop {
    DrivesGone,
    Failed(SourceError),
}

impl From<AllGone> for Stop {
    fn from(_: AllGone) -> Self {
        Self::DrivesGone
    }
}

fn finish(pour: Pour, ended: Result<(), Stop>) {
    match ended {
        Ok(()) => pour.filler.complete(),
        Err(Stop::Failed(error)) => pour.filler.fail(error),
        Err(Stop::DrivesGone) => {}
    }
}

impl Pour {
    /// A slot to fill. While none comes, drives that hold up others are let go.
    fn slot(&mut self) -> Result<Slot, Stop> {
        loop {
            match self.filler.free_within(self.most_lag) {
                Ok(slot) => return Ok(slot),
                Err(NoSlot::AllGone(_)) => return Err(Stop::DrivesGone),
                Err(NoSlot::Blocked { .. }) => self.let_go(),
            }
        }
    }

    async fn slot_async(&mut self) -> Result<Slot, Stop> {
        loop {
            let free = self.filler.free_async();
            // More than a century is for ever to a timer, too.
            let limit = self.most_lag.min(Duration::from_secs(u64::from(u32::MAX)));
            match tokio::time::timeout(limit, free).await {
                Ok(slot) => return Ok(slot?),
                Err(_) => self.let_go(),
            }
        }
    }

    /// The rule: the ring has been full for as long as a drive may lag, and somebody else has nothing left to
    /// write. Who holds the oldest slot goes on alone.
    fn let_go(&mut self) {
        let let_go = self.filler.let_go_of_those_who_starve_others();
        if let_go > 0 {
            tracing::warn!(let_go, "a drive that held the others up goes on alone");
        }
    }

    /// Zeros and the tail behind the image, the checks, and off it goes.
    fn push(&mut self, position: u64, mut slot: Slot, image: usize, filled: usize) {
        let space = slot.space();
        let behind = space.get_mut(image..filled).unwrap_or_default();
        behind.fill(0);
        if let Some(tail) = &self.tail {
            tail.put(position + image as u64, behind);
        }
        self.checks
            .take(position, space.get(..filled).unwrap_or_default());
        self.filler.push(slot, filled);
    }

    /// How much of a slot that starts at `position` is image, and how much is filled in all.
    fn share(&self, position: u64) -> (usize, usize) {
        let room = self.filler.slot_bytes();
        let room = room - room % self.unit_bytes.clamp(1, room.max(1));
        let within = |end: u64| {
            let left = usize::try_from(end.saturating_sub(position));
            left.unwrap_or(usize::MAX).min(room)
        };
        (within(self.bytes), within(self.padded_bytes))
    }

    /// Fills slot after slot with what `read` gives for a position.
    fn blocking(
        &mut self,
        mut read: impl FnMut(u64, &mut [u8]) -> Result<(), SourceError>,
    ) -> Result<(), Stop> {
        let mut position = self.from;
        while position < self.padded_bytes {
            let (image, filled) = self.share(position);
            let mut slot = self.slot()?;
            let began = Instant::now();
            let data = slot.space().get_mut(..image).unwrap_or_default();
            if !data.is_empty() {
                read(position, data).map_err(Stop::Failed)?;
            }
            self.pace.gave(filled as u64, began.elapsed());
            self.push(position, slot, image, filled);
            position += filled as u64;
        }
        Ok(())
    }
}

fn from_emitter(pour: &mut Pour, mut emitter: Emitter) -> Result<(), Stop> {
    pour.blocking(|position, out| {
        emitter
            .read_blocks(position / 2048, out)
            .map_err(|e: EmitError| Arc::new(e).into())
    })
}

fn from_cd(pour: &mut Pour, blocks: &CdBlocks) -> Result<(), Stop> {
    let mut reader = blocks.reader();
    pour.blocking(|position, out| reader.read_at(position, out))
}

fn from_file(pour: &mut Pour, image: &ImageFile) -> Result<(), Stop> {
    let bytes = pour.bytes;
    pour.blocking(|position, out| image.read(position, out, bytes))
}

/// Bytes of the caller's own.
pub(crate) fn read_given(
    bytes: &dyn FileBytes,
    position: u64,
    out: &mut [u8],
) -> Result<(), SourceError> {
    bytes
        .read_at(position, out)
        .map_err(|error| SourceError::Io {
            name: format!("{bytes:?}"),
            error: Arc::new(error),
        })
}

/// The next piece of a source, unless the drives go first: a source that stands still is let go of.
async fn next_piece(
    pour: &mut Pour,
    source: &mut Box<dyn ImageSource>,
) -> Result<io::Result<Option<bytes::Bytes>>, Stop> {
    tokio::select! {
        piece = source.next_piece() => Ok(piece),
        () = pour.filler.abandoned() => Err(Stop::DrivesGone),
    }
}

async fn from_source(pour: &mut Pour, mut source: Box<dyn ImageSource>) -> Result<(), Stop> {
    let name = source.name();
    let failed = |error: io::Error| {
        Stop::Failed(SourceError::Io {
            name: name.clone(),
            error: Arc::new(error),
        })
    };
    let mut piece = bytes::Bytes::new();
    let mut position = 0;
    let mut found = 0;
    while position < pour.padded_bytes {
        let (image, filled) = pour.share(position);
        let mut slot = pour.slot_async().await?;
        let began = Instant::now();
        let mut at = 0;
        while at < image {
            if piece.is_empty() {
                piece = next_piece(pour, &mut source)
                    .await?
                    .map_err(failed)?
                    .ok_or(Stop::Failed(SourceError::Short {
                        expected: pour.bytes,
                        found,
                    }))?;
                continue;
            }
            let taken = piece.split_to(piece.len().min(image - at));
            if let Some(place) = slot.space().get_mut(at..at + taken.len()) {
                place.copy_from_slice(&taken);
            }
            at += taken.len();
            found += taken.len() as u64;
        }
        pour.pace.gave(filled as u64, began.elapsed());
        let start = position;
        position += filled as u64;
        // A stream that has more to say than it said is found before its last slot goes out.
        if position >= pour.padded_bytes {
            while piece.is_empty() {
                match next_piece(pour, &mut source).await?.map_err(failed)? {
                    Some(more) => piece = more,
                    None => break,
                }
            }
            if !piece.is_empty() {
                return Err(Stop::Failed(SourceError::Long {
                    expected: pour.bytes,
                }));
            }
        }
        pour.push(start, slot, image, filled);
    }
    Ok(())
}

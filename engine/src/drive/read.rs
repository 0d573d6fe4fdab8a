//! Reading a disc as any reader would: blocks through the drive's queue. Owns what counts as readable;
//! what the blocks mean is mastering's.

use crate::drive::handle::DriveHandle;
use crate::drive::thread::Order;
use crate::error::{LeaseDenied, QueryError};
use bytes::Bytes;
use pitland_burn::NoAnswer;
use pitland_mastering::BlockSource;
use pitland_mmc::feature::FeatureCode;
use pitland_mmc::reply::TrackInformation;
use pitland_mmc::sense::Sense;
use pitland_mmc::{Lba, MediumFamily};
use pitland_transport::ClaimDenied;
use pitland_writer::MediaFacts;
use std::io;
use tokio::sync::oneshot;

/// The most blocks of one request to the thread.
pub(crate) const MOST_BLOCKS: u16 = 32;

/// Why blocks could not be read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ReadError {
    Sense(Sense),
    NoAnswer(NoAnswer),
    Denied(ClaimDenied),
}

impl From<ClaimDenied> for ReadError {
    fn from(denied: ClaimDenied) -> Self {
        Self::Denied(denied)
    }
}

/// Reads blocks of a disc. Its blocking reads are for threads of the caller's own, never for a task.
#[derive(Debug, Clone)]
pub struct DriveReader {
    drive: DriveHandle,
    /// It reads for the job that is under way, which others may not.
    for_job: bool,
}

impl DriveReader {
    pub(crate) fn new(drive: DriveHandle) -> Self {
        Self {
            drive,
            for_job: false,
        }
    }

    /// Reads for the job that is under way on the drive.
    pub(crate) fn of_job(drive: DriveHandle) -> Self {
        Self {
            drive,
            for_job: true,
        }
    }

    fn ask_blocking(&self, order: Order) -> Result<(), LeaseDenied> {
        match self.for_job {
            true => self.drive.run_job_blocking(order),
            false => self.drive.query_blocking(order),
        }
    }

    /// Reads whole blocks of 2048 bytes from `lba` on, blocking.
    ///
    /// # Errors
    /// Refused while the drive is at work; else the drive's answer.
    ///
    /// # Panics
    /// When called inside of an async task.
    pub fn read_blocks(&self, lba: Lba, out: &mut [u8]) -> Result<(), QueryError> {
        for (index, piece) in out.chunks_mut(usize::from(MOST_BLOCKS) * 2048).enumerate() {
            let offset = i32::try_from(index * usize::from(MOST_BLOCKS)).unwrap_or(i32::MAX);
            let at = Lba(lba.0.saturating_add(offset));
            let blocks = u16::try_from(piece.len() / 2048).unwrap_or(0);
            let (reply, answer) = oneshot::channel();
            self.ask_blocking(Order::Read {
                lba: at,
                blocks,
                reply,
            })?;
            let bytes = answer.blocking_recv().map_err(|_| LeaseDenied::Gone)??;
            piece.copy_from_slice(
                bytes
                    .get(..piece.len())
                    .ok_or(QueryError::NoAnswer(NoAnswer::Link))?,
            );
        }
        Ok(())
    }

    async fn read_async(&self, lba: Lba, blocks: u16) -> Result<Bytes, QueryError> {
        let (reply, answer) = oneshot::channel();
        self.drive.query(Order::Read { lba, blocks, reply }).await?;
        Ok(answer.await.map_err(|_| LeaseDenied::Gone)??)
    }

    /// Whether a track ends in the two blocks of run-out that a drive puts behind a track at once, and
    /// which do not read: no count of the drive leaves them out (recipe 5).
    pub(crate) async fn ends_in_run_out(&self, first: Lba, blocks: u64) -> bool {
        let (Ok(length), true) = (i32::try_from(blocks), blocks > RUN_OUT.into()) else {
            return false;
        };
        for back in 1..=RUN_OUT {
            let at = Lba(first.0.saturating_add(length - i32::from(back)));
            match self.read_async(at, 1).await {
                Err(QueryError::Sense(sense)) if not_of_a_track(&sense) => {}
                _ => return false,
            }
        }
        true
    }

    /// A piece of the disc, and the address behind it. With `gaps`, blocks that were never written come
    /// as zeros, and so does the run-out of tracks: single blocks are tried where a piece as a whole cannot
    /// be read.
    pub(crate) async fn read_piece(
        &self,
        lba: Lba,
        blocks: u16,
        gaps: Option<&Gaps>,
    ) -> (Lba, Result<Bytes, QueryError>) {
        let next = Lba(lba.0.saturating_add(i32::from(blocks)));
        let whole = self.read_async(lba, blocks).await;
        let (Err(QueryError::Sense(_)), Some(gaps)) = (&whole, gaps) else {
            return (next, whole);
        };
        let mut piece = vec![0u8; usize::from(blocks) * 2048];
        for (at, place) in (lba.0..).zip(piece.chunks_mut(2048)) {
            match self.read_async(Lba(at), 1).await {
                Ok(block) => {
                    if let Some(block) = block.get(..place.len()) {
                        place.copy_from_slice(block);
                    }
                }
                Err(QueryError::Sense(sense)) if gaps.explain(Lba(at), &sense) => {}
                Err(error) => return (next, Err(error)),
            }
        }
        (next, Ok(piece.into()))
    }
}

impl BlockSource for DriveReader {
    fn read_blocks(&mut self, lba: u32, out: &mut [u8]) -> io::Result<()> {
        let lba = i32::try_from(lba).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
        DriveReader::read_blocks(self, Lba(lba), out).map_err(|error| match &error {
            QueryError::Sense(sense) if not_on_disc(sense) => {
                io::Error::new(io::ErrorKind::UnexpectedEof, error)
            }
            _ => io::Error::other(error),
        })
    }

    /// Asks the drive each time.
    fn blocks(&mut self) -> Option<u32> {
        let (reply, answer) = oneshot::channel();
        self.ask_blocking(Order::Identify(reply)).ok()?;
        let facts = answer.blocking_recv().ok()?.ok()?;
        u32::try_from(whole_disc(&facts)).ok()
    }
}

/// Blocks of run-out behind a track at once on CD (recipe 5).
const RUN_OUT: u16 = 2;

/// Where a disc holds no data of anybody's, so that a block that cannot be read is no damage.
#[derive(Debug, Clone, Default)]
pub(crate) struct Gaps {
    /// First block of each track that holds something, and the block behind its data.
    tracks: Vec<(i32, i32)>,
    is_cd: bool,
    /// Any block of a track may be one that was never written.
    holes_in_tracks: bool,
}

impl Gaps {
    /// Those of a disc, by its tracks.
    pub(crate) fn of(facts: &MediaFacts) -> Self {
        let is_cd = facts.profile().family() == MediumFamily::Cd;
        let run_out = if is_cd { i32::from(RUN_OUT) } else { 0 };
        let tracks = facts.tracks.iter().filter_map(readable_blocks);
        let ends = tracks.filter_map(|(start, blocks)| {
            let end = start.0.checked_add(i32::try_from(blocks).ok()?)?;
            Some((start.0, end - run_out))
        });
        let tracks: Vec<_> = ends.collect();
        Self {
            holes_in_tracks: tracks.is_empty()
                || facts.profile().is_overwritable()
                || facts.current_feature(FeatureCode::BdRPow).is_some(),
            tracks,
            is_cd,
        }
    }

    /// Whether a drive answers so for a block at which nothing was ever written, or which it made by itself
    /// between two tracks; within the data of a track the same answer is damage (recipes 9 and 13.2).
    fn explain(&self, lba: Lba, sense: &Sense) -> bool {
        let data = |(start, end): &(i32, i32)| (*start..*end).contains(&lba.0);
        let between = !self.tracks.iter().any(data);
        match sense.triple() {
            (8, ..) => true,
            (5, 0x64, _) => self.is_cd && between,
            (5, 0x21, 0x00) | (3, 0x11, _) => between || self.holes_in_tracks,
            _ => false,
        }
    }
}

/// Answers for a block that the disc does not have, or that nobody has written.
fn not_on_disc(sense: &Sense) -> bool {
    matches!(sense.triple(), (8, ..) | (5, 0x21, _))
}

/// Answers for a block between the tracks of a CD (recipe 13.2).
fn not_of_a_track(sense: &Sense) -> bool {
    matches!(
        sense.triple(),
        (5, 0x64, _) | (5, 0x21, 0x00) | (3, 0x11, _)
    )
}

/// First block and number of readable blocks of a track; `None` for one that holds nothing.
pub(crate) fn readable_blocks(track: &TrackInformation) -> Option<(Lba, u64)> {
    if track.blank {
        return None;
    }
    let written = match track.nwa {
        Some(nwa) => u64::from(nwa.blocks_since(track.start)?.0),
        None => track.size.map_or(0, |size| u64::from(size.0)),
    };
    (written > 0).then_some((track.start, written))
}

/// Blocks from 0 to the end of what can be read.
pub(crate) fn whole_disc(facts: &MediaFacts) -> u64 {
    let by_capacity = facts.readable_blocks().unwrap_or(0);
    let by_tracks = facts
        .tracks
        .iter()
        .filter_map(readable_blocks)
        .filter_map(|(start, blocks)| u64::try_from(start.0).ok().map(|s| s + blocks))
        .max()
        .unwrap_or(0);
    by_capacity.max(by_tracks)
}

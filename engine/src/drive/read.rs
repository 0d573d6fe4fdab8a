//! Reading a disc as any reader would: blocks through the drive's queue. Owns what counts as readable, and
//! what a drive's answer means for a block; what the blocks hold is mastering's.

use crate::drive::handle::DriveHandle;
use crate::drive::reading::{EmptyBlock, ReadPiece};
use crate::drive::thread::{JobControl, Order};
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
use std::sync::Arc;
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
    /// The job with whose cancel reading ends: what it was for is over then.
    until: Option<Arc<JobControl>>,
}

impl DriveReader {
    pub(crate) fn new(drive: DriveHandle) -> Self {
        Self {
            drive,
            for_job: false,
            until: None,
        }
    }

    /// Reads for the job that is under way on the drive.
    pub(crate) fn of_job(drive: DriveHandle) -> Self {
        Self {
            drive,
            for_job: true,
            until: None,
        }
    }

    /// Ends with a job's cancel.
    pub(crate) fn until(mut self, control: &Arc<JobControl>) -> Self {
        self.until = Some(Arc::clone(control));
        self
    }

    pub(super) fn ask_blocking(&self, order: Order) -> Result<(), LeaseDenied> {
        if self.until.as_ref().is_some_and(|job| job.is_cancelled()) {
            return Err(LeaseDenied::Gone);
        }
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

    /// Blocks of one command, all or none.
    pub(crate) async fn read_whole(&self, lba: Lba, blocks: u16) -> Result<Bytes, QueryError> {
        let (reply, answer) = oneshot::channel();
        self.drive.query(Order::Read { lba, blocks, reply }).await?;
        Ok(answer.await.map_err(|_| LeaseDenied::Gone)??)
    }

    /// Where a disc holds nothing, as far as its tracks tell it and, on CD, reading their ends.
    pub(crate) async fn gaps(&self, facts: &MediaFacts) -> Gaps {
        let mut gaps = Gaps::of(facts);
        if gaps.is_cd {
            for (start, end) in &mut gaps.tracks {
                if self.ends_in_run_out(*start, *end).await {
                    *end -= RUN_OUT;
                }
            }
        }
        gaps
    }

    /// Whether a track ends in the two blocks of run-out that a drive puts behind a track at once, and
    /// which do not read: no count of the drive leaves them out (recipe 5).
    async fn ends_in_run_out(&self, start: i32, end: i32) -> bool {
        if end.saturating_sub(start) <= RUN_OUT {
            return false;
        }
        for back in 1..=RUN_OUT {
            match self.read_whole(Lba(end - back), 1).await {
                Err(QueryError::Sense(sense)) if not_of_a_track(&sense) => {}
                _ => return false,
            }
        }
        true
    }

    /// A piece of the disc. Single blocks are tried where it cannot be read as a whole; those that hold
    /// nothing come as zeros, and so do those that cannot be read, if they are to be skipped.
    pub(crate) async fn read_piece(
        &self,
        first: Lba,
        blocks: u16,
        gaps: &Gaps,
        skip_errors: bool,
    ) -> Result<ReadPiece, QueryError> {
        let mut empty = Vec::new();
        let bytes = match self.read_whole(first, blocks).await {
            Err(QueryError::Sense(_)) => {
                let mut piece = vec![0u8; usize::from(blocks) * 2048];
                for (at, place) in (first.0..).map(Lba).zip(piece.chunks_mut(2048)) {
                    empty.extend(self.read_one(at, place, gaps, skip_errors).await?);
                }
                piece.into()
            }
            whole => whole?,
        };
        Ok(ReadPiece {
            first,
            bytes,
            empty,
        })
    }

    /// One block, or why its place stays as it is.
    async fn read_one(
        &self,
        lba: Lba,
        place: &mut [u8],
        gaps: &Gaps,
        skip_errors: bool,
    ) -> Result<Option<EmptyBlock>, QueryError> {
        let sense = match self.read_whole(lba, 1).await {
            Err(QueryError::Sense(sense)) => sense,
            block => {
                let block = block?;
                let block = block.get(..place.len());
                place.copy_from_slice(block.ok_or(QueryError::NoAnswer(NoAnswer::Link))?);
                return Ok(None);
            }
        };
        match gaps.explain(lba, &sense) {
            None => Err(QueryError::Sense(sense)),
            Some(WhyEmpty::Unreadable) if !skip_errors => {
                Err(QueryError::Unreadable { lba, sense })
            }
            Some(why) => Ok(Some(EmptyBlock { lba, why, sense })),
        }
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
const RUN_OUT: i32 = 2;

/// Why a drive gave nothing for a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum WhyEmpty {
    /// There are no data: it lies between tracks, or the drive says that it was never written.
    NeverWritten,
    /// It was never written, or it is damaged: drives give the same answer for both on media that can be
    /// written anywhere, and no volume says that it was written.
    Unclear,
    /// There were data, and they cannot be read.
    Unreadable,
}

/// Where a disc holds no data of anybody's, so that a block that cannot be read is no damage.
#[derive(Debug, Clone, Default)]
pub(crate) struct Gaps {
    /// First block of each track that holds something, and the block behind its data.
    tracks: Vec<(i32, i32)>,
    is_cd: bool,
    /// Any block of a track may be one that was never written,
    holes_in_tracks: bool,
    /// but none of these: first block, and the block behind the last.
    written: Option<(i32, i32)>,
}

impl Gaps {
    /// Those of a disc, by its tracks alone.
    fn of(facts: &MediaFacts) -> Self {
        let tracks = facts.tracks.iter().filter_map(readable_blocks);
        let ends = tracks.filter_map(|(start, blocks)| {
            let end = start.0.checked_add(i32::try_from(blocks).ok()?)?;
            Some((start.0, end))
        });
        let tracks: Vec<_> = ends.collect();
        Self {
            holes_in_tracks: tracks.is_empty()
                || facts.profile().is_overwritable()
                || facts.current_feature(FeatureCode::BdRPow).is_some(),
            tracks,
            is_cd: facts.profile().family() == MediumFamily::Cd,
            written: None,
        }
    }

    /// Blocks of the track that begins there, without its run-out.
    pub(crate) fn blocks_of_track(&self, start: Lba) -> Option<u64> {
        let (start, end) = self.tracks.iter().find(|(first, _)| *first == start.0)?;
        u64::try_from(end - start).ok()
    }

    /// Whether blocks of a track may be ones that were never written.
    pub(crate) fn may_be_within_tracks(&self) -> bool {
        self.holes_in_tracks
    }

    /// Whoever wrote these blocks, first and behind the last, left out none.
    pub(crate) fn hold_written(&mut self, blocks: Option<(i32, i32)>) {
        self.written = blocks;
    }

    /// What such an answer means for a block: that nothing was ever written there, that the drive made it by
    /// itself between two tracks, or that it is damaged (recipes 9 and 13.2). `None`: the answer is not of the
    /// block.
    fn explain(&self, lba: Lba, sense: &Sense) -> Option<WhyEmpty> {
        let within = |(start, end): &(i32, i32)| (*start..*end).contains(&lba.0);
        let between = !self.tracks.iter().any(within);
        match sense.triple() {
            (8, ..) => Some(WhyEmpty::NeverWritten),
            (5, 0x64, _) if self.is_cd && between => Some(WhyEmpty::NeverWritten),
            (5, 0x21, 0x00) if between || self.holes_in_tracks => Some(WhyEmpty::NeverWritten),
            (3, 0x11, _) if between => Some(WhyEmpty::NeverWritten),
            (3, 0x11, _) if self.holes_in_tracks && !self.written.iter().any(within) => {
                Some(WhyEmpty::Unclear)
            }
            (3, ..) => Some(WhyEmpty::Unreadable),
            _ => None,
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

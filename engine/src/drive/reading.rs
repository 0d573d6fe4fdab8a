//! A disc, or one of its tracks, as a run of pieces. Owns what comes in the place of blocks that hold
//! nothing, and of blocks that cannot be read; what the blocks mean is mastering's.

use crate::drive::handle::DriveHandle;
use crate::drive::read::{DriveReader, WhyEmpty, readable_blocks, whole_disc};
use crate::error::QueryError;
use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt};
use pitland_mastering::Volume;
use pitland_mmc::Lba;
use pitland_mmc::sense::Sense;
use pitland_writer::MediaFacts;

/// Blocks of one piece: 64 KiB.
const PIECE: u64 = 32;

/// What is read of a disc, and what becomes of damage.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadOptions {
    /// Only this track; without it all from block 0 to the end.
    pub track: Option<u16>,
    /// Blocks that cannot be read come as zeros, and are told; without it the first one ends the reading.
    pub skip_errors: bool,
}

impl ReadOptions {
    /// Only this track.
    #[must_use]
    pub fn track(self, number: u16) -> Self {
        Self {
            track: Some(number),
            ..self
        }
    }

    /// Goes on behind blocks that cannot be read.
    #[must_use]
    pub fn skip_errors(self) -> Self {
        Self {
            skip_errors: true,
            ..self
        }
    }
}

/// A disc that is being read.
#[non_exhaustive]
pub struct Reading {
    /// All blocks that will come, of 2048 bytes.
    pub blocks: u64,
    /// They themselves, in the order of the disc. Ends with the first error.
    pub pieces: BoxStream<'static, Result<ReadPiece, QueryError>>,
}

impl std::fmt::Debug for Reading {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reading")
            .field("blocks", &self.blocks)
            .finish_non_exhaustive()
    }
}

/// Blocks side by side.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ReadPiece {
    /// The address of the first.
    pub first: Lba,
    /// What they hold: whole blocks of 2048 bytes.
    pub bytes: Bytes,
    /// The blocks among them that are zeros because the drive gave nothing for them, by rising address.
    pub empty: Vec<EmptyBlock>,
}

/// A block for which the drive gave no bytes.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct EmptyBlock {
    /// Its address.
    pub lba: Lba,
    /// What is known of it.
    pub why: WhyEmpty,
    /// What the drive answered.
    pub sense: Sense,
}

impl DriveHandle {
    /// The disc's blocks as a reader sees them, in pieces of 64 KiB. Blocks that hold nothing (the gaps
    /// between sessions, what was never written, the run-out behind a CD's track) come as zeros and are
    /// told; a single track is given without its run-out.
    ///
    /// # Errors
    /// Refused while the drive is at work; else the drive's answer. Of the pieces:
    /// [`QueryError::Unreadable`], unless such blocks are skipped.
    pub async fn read(&self, options: ReadOptions) -> Result<Reading, QueryError> {
        let facts = self.medium().await?.facts;
        let (first, blocks) = match options.track {
            Some(number) => facts
                .tracks
                .iter()
                .find(|t| t.track.0 == number)
                .and_then(readable_blocks)
                .ok_or(QueryError::NoSuchTrack { track: number })?,
            None => (Lba(0), whole_disc(&facts)),
        };
        if blocks == 0 {
            return Err(QueryError::NothingToRead);
        }
        let reader = self.reader();
        let mut gaps = reader.gaps(&facts).await;
        let blocks = match options.track {
            Some(_) => gaps.blocks_of_track(first).unwrap_or(blocks),
            None => blocks,
        };
        if gaps.may_be_within_tracks() {
            gaps.hold_written(volume(reader.clone(), &facts).await);
        }
        let pieces = stream::unfold((reader, first, blocks), move |(reader, lba, left)| {
            let gaps = gaps.clone();
            async move {
                if left == 0 {
                    return None;
                }
                let count = left.min(PIECE);
                let next = Lba(lba.0.saturating_add(count as i32));
                let piece = reader
                    .read_piece(lba, count as u16, &gaps, options.skip_errors)
                    .await;
                let left = if piece.is_ok() { left - count } else { 0 };
                Some((piece, (reader, next, left)))
            }
        });
        Ok(Reading {
            blocks,
            pieces: pieces.boxed(),
        })
    }
}

/// First block of the last closed session's volume, and the block behind it.
pub(super) async fn volume(reader: DriveReader, facts: &MediaFacts) -> Option<(i32, i32)> {
    let first = u32::try_from(facts.last_closed_session_start()?.0).ok()?;
    let open = move || {
        let volume = Volume::open(reader, first).ok()?;
        let end = volume.first_lba().checked_add(volume.blocks())?;
        Some((volume.first_lba().try_into().ok()?, end.try_into().ok()?))
    };
    tokio::task::spawn_blocking(open).await.ok()?
}

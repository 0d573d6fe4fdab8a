//! The members of `IRedbookDiscMaster`. Owns their order: one track is open at a time, and none grows beyond the disc.

use crate::condition::Condition;
use crate::error::Imapi1Error;
use crate::joliet::Stop;
use crate::master::{DiscMaster, Open, Stage, blocking};
use crate::redbook::{AUDIO_BLOCK_BYTES, RedbookStage, total_blocks};
use std::sync::PoisonError;

/// Blocks that are copied between two questions whether to stop.
const PIECE_BLOCKS: usize = 112;

/// The audio disc of a session.
#[derive(Debug)]
pub struct RedbookDiscMaster<'a> {
    master: &'a mut DiscMaster,
}

fn stage(open: &Open) -> Result<&RedbookStage, Imapi1Error> {
    match &open.stage {
        Stage::Redbook(stage) => Ok(stage),
        Stage::Joliet(_) => Err(Condition::WrongFormat.into()),
    }
}

fn stage_mut(open: &mut Open) -> Result<&mut RedbookStage, Imapi1Error> {
    match &mut open.stage {
        Stage::Redbook(stage) => Ok(stage),
        Stage::Joliet(_) => Err(Condition::WrongFormat.into()),
    }
}

impl<'a> RedbookDiscMaster<'a> {
    pub(crate) fn new(master: &'a mut DiscMaster) -> Self {
        Self { master }
    }

    /// Bytes of a block: 2352, 588 samples of both channels with 16 bits each, the lower byte first.
    #[must_use]
    pub fn audio_block_size(&self) -> u32 {
        AUDIO_BLOCK_BYTES
    }

    /// Tracks that are staged, the open one among them.
    ///
    /// # Errors
    /// [`Condition::NotOpened`].
    pub fn total_audio_tracks(&self) -> Result<usize, Imapi1Error> {
        Ok(stage(self.master.get()?)?.count())
    }

    /// Blocks that the disc has room for.
    ///
    /// # Errors
    /// [`Condition::NoActiveRecorder`].
    pub fn total_audio_blocks(&self) -> Result<u64, Imapi1Error> {
        Ok(total_blocks(&self.master.get()?.active()?.facts))
    }

    /// Blocks of the tracks that are staged, with the gaps between them.
    ///
    /// # Errors
    /// [`Condition::NoActiveRecorder`].
    pub fn used_audio_blocks(&self) -> Result<u64, Imapi1Error> {
        let open = self.master.get()?;
        Ok(stage(open)?.used_blocks(&open.active()?.recorder.settings()))
    }

    /// Blocks that the open track, or one that is opened now, can still have.
    ///
    /// # Errors
    /// [`Condition::NoActiveRecorder`].
    pub fn available_audio_track_blocks(&self) -> Result<u64, Imapi1Error> {
        let open = self.master.get()?;
        let active = open.active()?;
        let total = total_blocks(&active.facts);
        Ok(stage(open)?.available_blocks(total, &active.recorder.settings()))
    }

    /// Opens a track. It may become longer or shorter than `blocks` says.
    ///
    /// # Errors
    /// [`Condition::NoActiveRecorder`], [`Condition::TrackOpen`], [`Condition::DiscFull`] for a hundredth track.
    pub fn create_audio_track(&mut self, blocks: u32) -> Result<(), Imapi1Error> {
        let _ = blocks;
        let open = self.master.get_mut()?;
        open.active()?;
        let first = open.stash.length();
        stage_mut(open)?.create(first)
    }

    /// Appends samples to the open track.
    ///
    /// # Errors
    /// [`Condition::TrackNotOpen`], [`Condition::InvalidArgument`] for a part of a block, [`Condition::DiscFull`] where they
    /// are more than [`available_audio_track_blocks`](Self::available_audio_track_blocks): as many as fit are kept;
    /// [`Condition::NoRoomForStash`], [`Condition::FileAccess`] and [`Condition::UserAbort`], where some of them may be kept.
    pub async fn add_audio_track_blocks(&mut self, samples: &[u8]) -> Result<(), Imapi1Error> {
        let block = AUDIO_BLOCK_BYTES as usize;
        if stage(self.master.get()?)?.open_track().is_none() {
            return Err(Condition::TrackNotOpen.into());
        }
        if !samples.len().is_multiple_of(block) {
            return Err(Imapi1Error::argument(
                "samples come in blocks of 2352 bytes",
            ));
        }
        let available = usize::try_from(self.available_audio_track_blocks()?).unwrap_or(usize::MAX);
        let fitting = samples.len().min(available.saturating_mul(block));
        let (stop, _given_up) = Stop::new(self.master.listeners().clone());
        for piece in samples
            .get(..fitting)
            .unwrap_or_default()
            .chunks(PIECE_BLOCKS * block)
        {
            if stop.is_wanted() {
                return Err(Condition::UserAbort.into());
            }
            self.append(piece.to_vec()).await?;
        }
        match fitting == samples.len() {
            true => Ok(()),
            false => Err(Condition::DiscFull.into()),
        }
    }

    async fn append(&mut self, piece: Vec<u8>) -> Result<(), Imapi1Error> {
        let open = self.master.get()?;
        let track = stage(open)?.open_track().ok_or(Condition::TrackNotOpen)?;
        let tail = open.stash.tail();
        let bytes = piece.len() as u64;
        blocking(move || {
            let mut tail = tail.lock().unwrap_or_else(PoisonError::into_inner);
            // Behind the track, whatever a call that was given up has left there.
            tail.cut(track.first + track.length);
            tail.push(&piece).map(drop)
        })
        .await?;
        stage_mut(self.master.get_mut()?)?.grow(bytes);
        Ok(())
    }

    /// Ends the open track.
    ///
    /// # Errors
    /// [`Condition::TrackNotOpen`], [`Condition::TrackNotBigEnough`] below four seconds: the track stays open.
    pub fn close_audio_track(&mut self) -> Result<(), Imapi1Error> {
        stage_mut(self.master.get_mut()?)?.close()
    }
}

//! Whole sectors of a CD: onto the disc, and off it again, made where the store keeps user data
//! only.
//!
//! Owns the meeting of a CD's record and its store. Must not know what a host asked for.

use pitland_mmc::Lba;
use pitland_redbook::sector::Subheader;
use pitland_redbook::subchannel::Channels;
use pitland_redbook::{SectorCodec, SectorForm};

use super::cd::{Form, Kept, MAIN_BYTES, Place, form_of, is_form_2};
use super::{Medium, Recorded};
use crate::refusal::Refusal;
use crate::store::{BLOCK_BYTES, SECTOR_BYTES, StoreError};

/// What a sector of a disc is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SectorKind {
    Audio,
    Mode1,
    Mode2,
    Form1,
    Form2,
}

impl Medium {
    /// Whole sectors can be kept; otherwise a CD takes plain data only.
    pub(crate) fn keeps_sectors(&self) -> bool {
        self.store.keeps_sectors()
    }

    /// Reads whole sectors as the store has them, without a drive: for tests and comparisons.
    /// Sectors never written, and those of tracks of plain data, are zeros.
    ///
    /// # Errors
    /// The store failed, keeps none, or `out` is not whole sectors.
    pub fn read_sectors(&mut self, lba: i32, out: &mut [u8]) -> Result<(), StoreError> {
        self.store.read_sectors(lba, out)
    }

    pub(super) fn record_sectors(&mut self, lba: u32, data: &[u8]) -> Result<(), StoreError> {
        self.store.write_sectors(lba as i32, data)?;
        if let Recorded::Cd(disc) = &mut self.recorded {
            disc.hear(lba as i32, data);
        }
        self.count(lba, (data.len() / SECTOR_BYTES) as u32);
        Ok(())
    }

    /// The block is one of a track that is kept as whole sectors.
    pub(super) fn keeps_sectors_at(&self, lba: u32) -> bool {
        let holds = |t: &&super::cd::Track| (t.first..t.end).contains(&lba);
        let track = self.cd().and_then(|disc| disc.tracks.iter().find(holds));
        track.is_some_and(|track| track.kept != Kept::Blocks)
    }

    /// The first of the blocks that has other user data than 2048 bytes: one of form 2.
    pub(crate) fn first_of_form_2(&mut self, lba: u32, blocks: u32) -> Option<u32> {
        self.cd()?;
        let mut sector = [0; SECTOR_BYTES];
        (lba..lba.saturating_add(blocks)).find(|at| {
            self.keeps_sectors_at(*at)
                && self.store.read_sectors(*at as i32, &mut sector).is_ok()
                && form_of(&sector) == Some(Form::Xa)
                && is_form_2(&sector)
        })
    }

    /// User data of 2048 bytes of each of the blocks, which are zeros where a sector has none.
    pub(super) fn read_user_data(&mut self, lba: u32, out: &mut [u8]) -> Result<(), StoreError> {
        if !out.len().is_multiple_of(BLOCK_BYTES) {
            return Err(StoreError::PartBlock { len: out.len() });
        }
        let mut sector = [0; SECTOR_BYTES];
        for (block, lba) in out.chunks_exact_mut(BLOCK_BYTES).zip(lba..) {
            if !self.keeps_sectors_at(lba) {
                self.store.read(lba, block)?;
                continue;
            }
            self.store.read_sectors(lba as i32, &mut sector)?;
            let from = match form_of(&sector) {
                Some(Form::Mode1) => Some(16),
                Some(Form::Xa) if !is_form_2(&sector) => Some(24),
                _ => None,
            };
            let user = from.and_then(|from| sector.get(from..from + BLOCK_BYTES));
            match user {
                Some(user) => block.copy_from_slice(user),
                None => block.fill(0),
            }
        }
        Ok(())
    }

    /// One whole sector, sub-channels and all, and what it is.
    pub(crate) fn sector(
        &mut self,
        lba: u32,
        out: &mut [u8; SECTOR_BYTES],
    ) -> Result<SectorKind, Refusal> {
        let unreadable = Refusal::READ_ERROR.at(lba);
        let Recorded::Cd(disc) = &self.recorded else {
            return Err(Refusal::INCOMPATIBLE_MEDIUM);
        };
        let place = disc.place(lba)?;
        let track = place.track();
        let made = disc.channels(track, lba);
        let (form, kept) = (track.form, track.kept);
        let as_written = matches!(place, Place::Recorded(_)) && kept == Kept::Raw;
        match (place, kept) {
            (Place::Silence(_), _) => out.fill(0),
            (Place::Recorded(_), Kept::Sectors | Kept::Raw) => {
                let read = self.store.read_sectors(lba as i32, out);
                read.map_err(|_| unreadable)?;
            }
            (Place::Recorded(_), Kept::Blocks) => {
                let mut user = [0; BLOCK_BYTES];
                let read = self.store.read(lba, &mut user);
                read.map_err(|_| unreadable)?;
                out.fill(0);
                let form = match form {
                    Form::Xa => SectorForm::Mode2Form1(Subheader::data()),
                    _ => SectorForm::Mode1,
                };
                let main = out.first_chunk_mut::<MAIN_BYTES>();
                let main = main.ok_or(Refusal::INTERNAL)?;
                let codec = SectorCodec::new();
                let encoded = codec.encode(form, Lba(lba as i32), &user, main);
                encoded.map_err(|_| Refusal::INTERNAL)?;
            }
        }
        if !as_written && let Some(sub) = out.last_chunk_mut::<96>() {
            let symbols = Channels::from_interleaved(sub).symbols();
            *sub = made.with_symbols(&symbols).interleaved();
        }
        Ok(match form {
            Form::Audio => SectorKind::Audio,
            Form::Mode1 => SectorKind::Mode1,
            Form::Mode2 => SectorKind::Mode2,
            Form::Xa if is_form_2(out) => SectorKind::Form2,
            Form::Xa => SectorKind::Form1,
        })
    }
}

//! Sessions of an image behind its first one: each goes onto the disc by itself, once the one before it is closed.
//!
//! Owns which of them can be written, and their user data. Must not know drives.

use super::error::CdFault;
use super::sectors::{SectorReader, Sectors};
use crate::pipeline::Image;
use pitland_mastering::FileBytes;
use pitland_mmc::Lba;
use pitland_redbook::sector::SectorForm;
use pitland_writer::CdForm;
use pitland_writer::cd::RUN_OUT_BLOCKS;
use std::io;
use std::sync::Arc;

/// User bytes of a block.
const BLOCK_BYTES: usize = 2048;

/// A later session: one track of data.
#[derive(Debug, Clone)]
pub struct LaterSession {
    number: u8,
    first_lba: Lba,
    user_data: Arc<UserData>,
}

/// The user data of a track of whole sectors.
#[derive(Debug)]
struct UserData {
    sectors: Sectors,
    blocks: u32,
    form: CdForm,
}

impl LaterSession {
    /// The session of these sectors, which began at a block of the disc. Two last sectors of zeros are left to the drive: a
    /// run-out was read so that it puts there again behind a track that is written by itself.
    pub(super) fn new(number: u8, first_lba: Lba, sectors: Sectors, blocks: u32) -> Option<Self> {
        let mut reader = SectorReader::default();
        let form = match reader.form(&sectors, 0).ok()? {
            SectorForm::Mode1 => CdForm::Mode1,
            SectorForm::Mode2Form1(_) => CdForm::Mode2Form1,
            _ => return None,
        };
        let mut user_data = UserData {
            sectors,
            blocks,
            form,
        };
        let run_out = blocks.checked_sub(RUN_OUT_BLOCKS).filter(|rest| *rest > 0);
        if let Some(rest) = run_out {
            let mut last = [1; RUN_OUT_BLOCKS as usize * BLOCK_BYTES];
            let read = user_data.read_at(u64::from(rest) * BLOCK_BYTES as u64, &mut last);
            if read.is_ok() && last.iter().all(|byte| *byte == 0) {
                user_data.blocks = rest;
            }
        }
        Some(Self {
            number,
            first_lba,
            user_data: Arc::new(user_data),
        })
    }

    /// Which one, from 2 on.
    pub const fn number(&self) -> u8 {
        self.number
    }

    /// Where it began on the disc: what is in it may count on standing there again.
    pub const fn first_lba(&self) -> Lba {
        self.first_lba
    }

    /// The sectors that it is made of.
    pub fn form(&self) -> CdForm {
        self.user_data.form
    }

    /// Blocks of user data, without a run-out behind them.
    pub fn blocks(&self) -> u32 {
        self.user_data.blocks
    }

    /// The same as it is burned.
    pub(super) fn user_data(&self) -> &impl FileBytes {
        self.user_data.as_ref()
    }

    /// What is burned as a new session, in this form and track at once.
    pub fn image(&self) -> Image {
        Image::given(Arc::<UserData>::clone(&self.user_data))
    }
}

impl FileBytes for UserData {
    fn length(&self) -> u64 {
        u64::from(self.blocks) * BLOCK_BYTES as u64
    }

    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let mut reader = SectorReader::default();
        let mut sector = [0; BLOCK_BYTES];
        let mut number = offset / BLOCK_BYTES as u64;
        let mut into = (offset % BLOCK_BYTES as u64) as usize; // below a block
        let mut rest = out;
        while !rest.is_empty() {
            let form = match reader.form(&self.sectors, number)? {
                SectorForm::Mode1 => CdForm::Mode1,
                SectorForm::Mode2Form1(_) => CdForm::Mode2Form1,
                _ => CdForm::AsDisc,
            };
            if form != self.form {
                let path = self.sectors.file.path.display();
                return Err(io::Error::other(format!(
                    "{path}: sector {number} of the later session is of another form than its first one"
                )));
            }
            reader.read(&self.sectors, number, &mut sector)?;
            let there = sector.get(into..).unwrap_or_default();
            let (now, later) = rest.split_at_mut(there.len().min(rest.len()));
            now.copy_from_slice(there.get(..now.len()).unwrap_or_default());
            (rest, into) = (later, 0);
            number += 1;
        }
        Ok(())
    }
}

/// Later sessions by their numbers from 2 on, and whether each can be written.
pub(super) type Later = Arc<[Option<LaterSession>]>;

/// All of them, if they can be written.
pub(super) fn all(later: &Later) -> Result<Vec<LaterSession>, CdFault> {
    let numbered = (2..=u8::MAX).zip(later.iter());
    numbered
        .map(|(session, later)| later.clone().ok_or(CdFault::LaterSession { session }))
        .collect()
}

//! Whole sectors of a CD through the drive's queue, and the texts of its lead-in. Owns the commands; what sectors hold is
//! for whoever asked.

use crate::drive::read::DriveReader;
use crate::drive::thread::{Order, Question};
use crate::error::{LeaseDenied, QueryError};
use bytes::Bytes;
use pitland_burn::{NoAnswer, patience};
use pitland_mmc::Lba;
use pitland_mmc::cdb::{C2Selection, Cdb, CdbBytes, ReadCd, ReadTocPmaAtip, TocFormat};
use pitland_mmc::reply::CdTextPacks;
use pitland_redbook::SECTOR_BYTES;
use tokio::sync::oneshot;

/// Bytes of C2 bits behind a sector.
const C2_BYTES: usize = 294;
/// The most sectors of one command: their bytes stay below 64 KiB, C2 bits among them (recipe 2).
const MOST_SECTORS: usize = 24;
/// Room for the texts: eight languages of 256 packs do not go into the length of a reply.
const MOST_TEXT: u16 = u16::MAX;

impl DriveReader {
    /// Reads whole sectors of 2352 bytes from `lba` on, blocking: sound as it is, data with sync, header and codes. Sound
    /// comes from where the drive's read offset has it. With `c2` the drive's error bits are asked for, too: the answer is the
    /// number of sectors with any; a drive that has none refuses.
    ///
    /// # Errors
    /// Refused while the drive is at work; else the drive's answer.
    ///
    /// # Panics
    /// When called inside of an async task.
    pub fn read_sectors(&self, lba: Lba, c2: bool, out: &mut [u8]) -> Result<u32, QueryError> {
        let each = SECTOR_BYTES + if c2 { C2_BYTES } else { 0 };
        let mut flagged = 0;
        for (index, piece) in out.chunks_mut(MOST_SECTORS * SECTOR_BYTES).enumerate() {
            let sectors = piece.len() / SECTOR_BYTES;
            let offset = i32::try_from(index * MOST_SECTORS).unwrap_or(i32::MAX);
            let cdb = ReadCd {
                lba: Lba(lba.0.saturating_add(offset)),
                blocks: sectors as u32, // at most MOST_SECTORS
                sync: true,
                headers: 3,
                user_data: true,
                edc_ecc: true,
                c2: match c2 {
                    true => C2Selection::Flags,
                    false => C2Selection::None,
                },
                ..ReadCd::default()
            };
            let came = self.question(cdb.emit(), sectors * each)?;
            if came.len() < sectors * each {
                return Err(QueryError::NoAnswer(NoAnswer::Link));
            }
            let sectors = piece.chunks_exact_mut(SECTOR_BYTES);
            for (sector, whole) in sectors.zip(came.chunks_exact(each)) {
                let (main, bits) = whole.split_at(SECTOR_BYTES);
                sector.copy_from_slice(main);
                flagged += u32::from(bits.iter().any(|bits| *bits != 0));
            }
        }
        Ok(flagged)
    }

    /// The packs of CD-TEXT of 18 bytes each, blocking; none where the disc has no texts, or the drive does not read them.
    ///
    /// # Errors
    /// Refused while the drive is at work, or no answer.
    ///
    /// # Panics
    /// When called inside of an async task.
    pub fn read_cd_text(&self) -> Result<Vec<[u8; 18]>, QueryError> {
        let cdb = ReadTocPmaAtip {
            format: TocFormat::CdText,
            allocation_length: MOST_TEXT,
            ..ReadTocPmaAtip::default()
        };
        match self.question(cdb.emit(), MOST_TEXT.into()) {
            Ok(reply) => {
                Ok(CdTextPacks::parse(&reply).map_or_else(|_| Vec::new(), |text| text.packs))
            }
            Err(QueryError::Sense(_)) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    fn question(&self, cdb: CdbBytes, length: usize) -> Result<Bytes, QueryError> {
        let (reply, answer) = oneshot::channel();
        let question = Question {
            cdb,
            length,
            timeout: patience::READ,
        };
        self.ask_blocking(Order::Ask(question, reply))?;
        Ok(answer.blocking_recv().map_err(|_| LeaseDenied::Gone)??)
    }
}

//! Whether a disc holds anything, by looking at it: a disc that is overwritten says blank never again. Owns how much of it
//! is looked at.

use crate::drive::handle::DriveHandle;
use crate::drive::read::whole_disc;
use crate::drive::reading::volume;
use crate::error::QueryError;
use pitland_mmc::Lba;
use pitland_writer::MediumCondition;

/// Blocks at either end that must be zero: 2 MiB.
const LOOKED_AT: u64 = 1024;
/// Blocks of one piece: 64 KiB.
const PIECE: u64 = 32;

/// Illegal mode for this track.
const OTHER_MODE: u8 = 0x64;

impl DriveHandle {
    /// Whether the disc looks blank: it has no file system that could be mounted, and its first and last 2 MiB are zero, or
    /// were never written. The drive's own word is [`pitland_writer::MediumCondition::Blank`]; this one reads. A disc
    /// between whose ends something lies that no file system leads to looks blank all the same. `None` without a medium, and
    /// where the drive does not make it out.
    ///
    /// # Errors
    /// Refused while the drive is at work; else the drive's answer. Blocks that cannot be read are no error: they held
    /// something.
    pub async fn looks_blank(&self) -> Result<Option<bool>, QueryError> {
        let facts = self.medium().await?.facts;
        match facts.condition() {
            MediumCondition::NoMedium
            | MediumCondition::Unrecognized
            | MediumCondition::Unknown => {
                return Ok(None);
            }
            MediumCondition::Blank | MediumCondition::Unformatted => return Ok(Some(true)),
            _ => {}
        }
        let reader = self.reader();
        if volume(reader.clone(), &facts).await.is_some() {
            return Ok(Some(false));
        }
        let blocks = whole_disc(&facts);
        let gaps = reader.gaps(&facts).await;
        let ends = [
            (0, LOOKED_AT.min(blocks)),
            (blocks.saturating_sub(LOOKED_AT).max(LOOKED_AT), blocks),
        ];
        for (mut block, end) in ends {
            while block < end {
                let count = PIECE.min(end - block);
                let lba = Lba(i32::try_from(block).unwrap_or(i32::MAX));
                let count = u16::try_from(count).unwrap_or(u16::MAX);
                let is_zero = match reader.read_piece(lba, count, &gaps, false).await {
                    Ok(piece) => piece.bytes.iter().all(|byte| *byte == 0),
                    Err(QueryError::Unreadable { .. }) => false,
                    // Sound, which is read by other commands.
                    Err(QueryError::Sense(sense)) if sense.asc == OTHER_MODE => false,
                    Err(error) => return Err(error),
                };
                if !is_zero {
                    return Ok(Some(false));
                }
                block += PIECE;
            }
        }
        Ok(Some(true))
    }
}

//! The sectors of a CD as image files hold them, with or without what surrounds the 2048 bytes of user data.
//!
//! Owns where the user data lie in each form, and the check of the sum behind them; must not know cue sheets.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use crate::block::{BLOCK_SIZE, BlockSource};

/// What each raw sector begins with.
pub(super) const SYNC: [u8; 12] = [0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0];
/// Bytes of sync and header.
const HEADER_END: usize = 16;
/// Bytes of the subheader of mode 2, which is recorded twice.
const SUBHEADER: usize = 8;
/// The submode's bit that says form 2.
const FORM_2: u8 = 0x20;
/// Sectors before LBA 0, which begins two seconds into the disc.
const LEAD: u32 = 150;
/// Sectors that are read at a time.
const PIECE: usize = 32;

static EDC: crc::Crc<u32> = crc::Crc::<u32>::new(&crc::CRC_32_CD_ROM_EDC);

/// How a file holds the sectors of a data track.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SectorForm {
    /// The 2048 bytes of user data alone.
    Cooked,
    /// 2352 bytes: sync, header, user data, and what corrects errors.
    Mode1,
    /// 2352 bytes: sync, header, subheader, user data, and what corrects errors.
    Mode2,
    /// 2336 bytes: as mode 2, from the subheader on.
    Mode2WithoutHeader,
    /// As mode 1, with 96 bytes of sub-channels behind each sector.
    Mode1WithSubchannels,
    /// As mode 2, with 96 bytes of sub-channels behind each sector.
    Mode2WithSubchannels,
}

impl SectorForm {
    /// Bytes of a sector in the file.
    #[must_use]
    pub fn sector_bytes(self) -> u64 {
        self.bytes() as u64
    }

    fn bytes(self) -> usize {
        match self {
            Self::Cooked => BLOCK_SIZE,
            Self::Mode1 | Self::Mode2 => 2352,
            Self::Mode2WithoutHeader => 2336,
            Self::Mode1WithSubchannels | Self::Mode2WithSubchannels => 2448,
        }
    }

    /// The user data of a sector, or what is wrong with it.
    fn user_data(self, sector: &[u8]) -> Result<&[u8], &'static str> {
        let (covered, data) = match self {
            Self::Cooked => return Ok(sector),
            Self::Mode1 | Self::Mode1WithSubchannels => {
                check_header(sector, 1)?;
                (0, HEADER_END)
            }
            Self::Mode2 | Self::Mode2WithSubchannels => {
                check_header(sector, 2)?;
                (HEADER_END, HEADER_END + SUBHEADER)
            }
            Self::Mode2WithoutHeader => (0, SUBHEADER),
        };
        let mode_2 = data != HEADER_END;
        if mode_2 && sector.get(covered + 2).copied().unwrap_or(0) & FORM_2 != 0 {
            return Err("is of form 2, whose 2324 bytes are no block of a volume");
        }
        let end = data + BLOCK_SIZE;
        let sum = sector.get(end..end + 4).unwrap_or_default();
        let computed = EDC.checksum(sector.get(covered..end).unwrap_or_default());
        if sum != computed.to_le_bytes() {
            return Err("is damaged: its sum (EDC) is not that of its bytes");
        }
        Ok(sector.get(data..end).unwrap_or_default())
    }
}

fn check_header(sector: &[u8], mode: u8) -> Result<(), &'static str> {
    if !sector.starts_with(&SYNC) {
        return Err("does not begin as a sector does");
    }
    match sector.get(15) {
        Some(found) if *found == mode => Ok(()),
        _ => Err("is of another mode than its track"),
    }
}

/// The LBA that a raw sector's header tells; `None` where it tells none.
pub(super) fn address(sector: &[u8]) -> Option<u32> {
    let decimal = |at: usize, most: u32| {
        let byte = u32::from(*sector.get(at)?);
        let (tens, ones) = (byte >> 4, byte & 15);
        Some(tens * 10 + ones).filter(|value| tens < 10 && ones < 10 && *value <= most)
    };
    let (minutes, seconds, frames) = (decimal(12, 99)?, decimal(13, 59)?, decimal(14, 74)?);
    ((minutes * 60 + seconds) * 75 + frames).checked_sub(LEAD)
}

/// The form of a file of raw sectors by what it begins with, and the LBA of its first sector; `None` where it is none.
pub(super) fn recognise(file: &File) -> io::Result<Option<(SectorForm, u32)>> {
    let mut head = [0; HEADER_END];
    match file.read_exact_at(&mut head, 0) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    if !head.starts_with(&SYNC) {
        return Ok(None);
    }
    let length = file.metadata()?.len();
    // A file of a single sector is as long as one.
    let follows = |bytes: u64| -> io::Result<bool> {
        if length == bytes {
            return Ok(true);
        }
        let mut next = [0; SYNC.len()];
        match file.read_exact_at(&mut next, bytes) {
            Ok(()) => Ok(next == SYNC),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
            Err(error) => Err(error),
        }
    };
    let form = match head[15] {
        1 if follows(2352)? => SectorForm::Mode1,
        2 if follows(2352)? => SectorForm::Mode2,
        1 if follows(2448)? => SectorForm::Mode1WithSubchannels,
        2 if follows(2448)? => SectorForm::Mode2WithSubchannels,
        _ => return Ok(None),
    };
    Ok(Some((form, address(&head).unwrap_or(0))))
}

/// A run of sectors in a file, as the blocks of a disc. Each sector that has a sum is compared with it.
#[derive(Clone, Debug)]
pub struct Sectors {
    pub(super) file: Arc<File>,
    /// The first byte in the file.
    pub(super) offset: u64,
    pub(super) form: SectorForm,
    pub(super) first_lba: u32,
    pub(super) blocks: u32,
}

impl Sectors {
    /// How the file holds them.
    #[must_use]
    pub fn form(&self) -> SectorForm {
        self.form
    }

    /// The LBA of the first.
    #[must_use]
    pub fn first_lba(&self) -> u32 {
        self.first_lba
    }

    /// How many there are.
    #[must_use]
    pub fn blocks(&self) -> u32 {
        self.blocks
    }

    /// The file that holds them.
    #[must_use]
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Whether each has a sum with which it is compared when it is read.
    #[must_use]
    pub fn have_sums(&self) -> bool {
        self.form != SectorForm::Cooked
    }

    /// Whether a block is among them.
    pub(super) fn holds(&self, lba: u32) -> bool {
        lba.checked_sub(self.first_lba)
            .is_some_and(|at| at < self.blocks)
    }
}

impl BlockSource for Sectors {
    fn read_blocks(&mut self, lba: u32, out: &mut [u8]) -> io::Result<()> {
        let count = (out.len() / BLOCK_SIZE) as u64;
        let first = lba
            .checked_sub(self.first_lba)
            .map(u64::from)
            .filter(|first| first + count <= u64::from(self.blocks))
            .ok_or(io::ErrorKind::UnexpectedEof)?;
        let bytes = self.form.bytes();
        if self.form == SectorForm::Cooked {
            return self
                .file
                .read_exact_at(out, self.offset + first * bytes as u64);
        }
        let mut raw = vec![0; bytes * PIECE.min(out.len() / BLOCK_SIZE)];
        let mut at = first;
        for piece in out.chunks_mut(PIECE * BLOCK_SIZE) {
            let raw = raw
                .get_mut(..piece.len() / BLOCK_SIZE * bytes)
                .unwrap_or_default();
            self.file
                .read_exact_at(raw, self.offset + at * bytes as u64)?;
            for (block, sector) in piece.chunks_mut(BLOCK_SIZE).zip(raw.chunks(bytes)) {
                let data = self.form.user_data(sector).map_err(|what| {
                    let lba = u64::from(self.first_lba) + at;
                    io::Error::new(
                        io::ErrorKind::InvalidData,
                        format!("the sector of LBA {lba} {what}"),
                    )
                })?;
                block.copy_from_slice(data);
                at += 1;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_is_that_of_a_well_known_sector() {
        // The empty sector of form 2 that fills gaps of pressed discs ends in 3Fh 13h B0h BEh.
        let mut sector = [0, 0, 0x20, 0, 0, 0, 0x20, 0].to_vec();
        sector.resize(8 + 2324, 0);
        assert_eq!(
            EDC.checksum(&sector).to_le_bytes(),
            [0x3f, 0x13, 0xb0, 0xbe]
        );
    }

    #[test]
    fn a_header_tells_an_address_in_decimal_digits() {
        let mut sector = [0; 16];
        sector[12..15].copy_from_slice(&[0x74, 0x12, 0x34]);
        assert_eq!(address(&sector), Some((74 * 60 + 12) * 75 + 34 - 150));
        sector[13] = 0x1a;
        assert_eq!(address(&sector), None);
        sector[12..15].copy_from_slice(&[0, 1, 0x74]);
        assert_eq!(address(&sector), None, "before LBA 0");
    }
}

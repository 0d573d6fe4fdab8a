//! READ CD in both forms: sectors of a CD in the parts that the host wants, of the type that it
//! expects (recipe 10).
//!
//! Owns what a drive does on the way from the disc to the host: it looks whether sound goes over
//! into data, it shifts sound by its read offset, and it marks what it could not correct of it.
//! A bad place of data is not given at all (3/11/05).

use crate::cd_selection::{C2_BYTES, Selection};
use crate::dispatch::{Outcome, Request};
use crate::medium::{CD_MAIN_BYTES as MAIN_BYTES, Medium, SectorKind, cd};
use crate::reading;
use crate::recorder::{Recorder, Tray};
use crate::refusal::Refusal;
use crate::store::SECTOR_BYTES;

/// Bytes of a sample of both channels.
const SAMPLE_BYTES: i64 = 4;
/// Where in a bad sector of sound the errors are.
const BAD_BYTES: std::ops::Range<usize> = 1000..1400;

pub(crate) fn read_cd(drive: &mut Recorder, request: &Request<'_>, data_in: &mut [u8]) -> Outcome {
    let blocks = request.cdb.be32(5) & 0x00FF_FFFF;
    read(drive, request, request.cdb.be32(2), blocks, data_in)
}

pub(crate) fn read_cd_msf(
    drive: &mut Recorder,
    request: &Request<'_>,
    data_in: &mut [u8],
) -> Outcome {
    let time = |at: usize| [at, at + 1, at + 2].map(|at| request.cdb.byte(at));
    let address = |at: usize| cd::lba(time(at)).ok_or(Refusal::ILLEGAL_FIELD);
    let (from, to) = (address(3)?, address(6)?);
    // The second address is the one behind the last block.
    let blocks = u32::try_from(to - from).map_err(|_| Refusal::ILLEGAL_FIELD)?;
    read(drive, request, from as u32, blocks, data_in)
}

/// The sectors that a host expects.
#[derive(Clone, Copy)]
enum Expected {
    Any,
    Only(SectorKind),
}

impl Expected {
    fn of(code: u8) -> Result<Self, Refusal> {
        Ok(match code {
            0 => Self::Any,
            1 => Self::Only(SectorKind::Audio),
            2 => Self::Only(SectorKind::Mode1),
            3 => Self::Only(SectorKind::Mode2),
            4 => Self::Only(SectorKind::Form1),
            5 => Self::Only(SectorKind::Form2),
            _ => return Err(Refusal::ILLEGAL_FIELD),
        })
    }
}

fn read(
    drive: &mut Recorder,
    request: &Request<'_>,
    lba: u32,
    blocks: u32,
    data_in: &mut [u8],
) -> Outcome {
    let medium = drive.medium().ok_or(Refusal::INTERNAL)?;
    medium.cd().ok_or(Refusal::INCOMPATIBLE_MEDIUM)?;
    let expected = Expected::of(request.cdb.byte(1) >> 2 & 7)?;
    let selection = Selection::of(request.cdb.byte(9), request.cdb.byte(10))?;
    if selection.wants_error_flags() && drive.model.quirks.refuses_c2_pointers {
        return Err(Refusal::ILLEGAL_FIELD);
    }
    if selection.is_nothing() || blocks == 0 {
        return Ok(0);
    }
    reading::spend_on(drive, lba, blocks);
    let mut reader = Reader {
        drive,
        expected,
        sound: None,
    };
    let mut out = Vec::new();
    for at in lba..lba.saturating_add(blocks) {
        let (kind, sector, c2) = reader.sector(at)?;
        if selection.bytes(kind)? > data_in.len() - out.len() {
            return Err(Refusal::DATA_PHASE);
        }
        selection.append(kind, &sector, &c2, &mut out)?;
    }
    drive.pickup = lba.saturating_add(blocks - 1);
    let place = data_in.get_mut(..out.len()).ok_or(Refusal::DATA_PHASE)?;
    place.copy_from_slice(&out);
    Ok(out.len())
}

struct Reader<'a> {
    drive: &'a mut Recorder,
    expected: Expected,
    /// Whether the sectors before were sound.
    sound: Option<bool>,
}

type Sector = (SectorKind, [u8; SECTOR_BYTES], [u8; C2_BYTES]);

impl Reader<'_> {
    fn medium(&mut self) -> Result<&mut Medium, Refusal> {
        match &mut self.drive.tray {
            Tray::Closed(Some(medium)) => Ok(medium),
            _ => Err(Refusal::INTERNAL),
        }
    }

    /// One sector as the host gets it, with its error flags.
    fn sector(&mut self, lba: u32) -> Result<Sector, Refusal> {
        let mut sector = [0; SECTOR_BYTES];
        let mut c2 = [0; C2_BYTES];
        let kind = self.medium()?.sector(lba, &mut sector);
        let kind = kind.map_err(|refusal| reading::by_habit(self.drive, refusal))?;
        let is_sound = kind == SectorKind::Audio;
        let changes = self.sound.is_some_and(|before| before != is_sound);
        let other = matches!(self.expected, Expected::Only(expected) if expected != kind);
        if changes || other {
            return Err(Refusal::ILLEGAL_MODE.at(lba));
        }
        self.sound = Some(is_sound);
        let places = self.medium()?.check_places(lba, 1);
        if !is_sound {
            places.map_err(|refusal| reading::by_habit(self.drive, refusal))?;
            return Ok((kind, sector, c2));
        }
        self.shift(lba, &mut sector)?;
        if places.is_err() {
            for (at, byte) in sector.iter_mut().enumerate() {
                if BAD_BYTES.contains(&at) {
                    // Interpolated from what was right before it: near, and not the same.
                    *byte = 0;
                    if let Some(flags) = c2.get_mut(at / 8) {
                        *flags |= 0x80 >> (at % 8);
                    }
                }
            }
        }
        Ok((kind, sector, c2))
    }

    /// Sound as the drive's read offset has it: from a place some samples away.
    fn shift(&mut self, lba: u32, sector: &mut [u8; SECTOR_BYTES]) -> Result<(), Refusal> {
        let offset = i64::from(self.drive.model.audio_read_offset) * SAMPLE_BYTES;
        if offset == 0 {
            return Ok(());
        }
        let from = i64::from(lba) * MAIN_BYTES as i64 + offset;
        let first = from.div_euclid(MAIN_BYTES as i64);
        let into = from.rem_euclid(MAIN_BYTES as i64) as usize;
        let mut both = self.sound_at(first)?.to_vec();
        both.extend(self.sound_at(first + 1)?);
        let shifted = both.get(into..into + MAIN_BYTES);
        if let (Some(shifted), Some(main)) = (shifted, sector.first_chunk_mut::<MAIN_BYTES>()) {
            main.copy_from_slice(shifted);
        }
        Ok(())
    }

    /// The samples of a sector; silence where there is no sound.
    fn sound_at(&mut self, lba: i64) -> Result<[u8; MAIN_BYTES], Refusal> {
        let mut sector = [0; SECTOR_BYTES];
        let kind = match u32::try_from(lba) {
            Ok(lba) => self.medium()?.sector(lba, &mut sector).ok(),
            Err(_) => None,
        };
        match (kind, sector.first_chunk::<MAIN_BYTES>()) {
            (Some(SectorKind::Audio), Some(main)) => Ok(*main),
            _ => Ok([0; MAIN_BYTES]),
        }
    }
}

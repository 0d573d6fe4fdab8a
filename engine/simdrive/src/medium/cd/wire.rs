//! The blocks that a host sends for a CD: how long they are, and the whole sectors that the drive
//! makes of them (recipe 5).
//!
//! Owns the forms of recipes 3 and 5. Must not know where sectors go, nor when a form may come.

use pitland_mmc::Lba;
use pitland_redbook::sector::{SYNC_PATTERN, Subheader};
use pitland_redbook::subchannel::{Channels, Q};
use pitland_redbook::{SectorCodec, SectorForm};

use super::track::Form;
use crate::store::SECTOR_BYTES;

/// Bytes of the main channel in a sector.
pub(crate) const MAIN_BYTES: usize = 2352;
/// Bytes of the sub-channels in a sector.
pub(crate) const SUB_BYTES: usize = SECTOR_BYTES - MAIN_BYTES;
/// Where a sector's user data, or its subheader, begin: behind sync pattern and header.
const HEADER_END: usize = 16;
/// Both copies of the subheader.
const SUBHEADER_BYTES: usize = 8;

/// The main channel of a block on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Main {
    /// 2352 bytes of samples.
    Audio,
    /// 2048 bytes of user data.
    Mode1,
    /// 2352 bytes, of which the drive takes the user data and makes the rest anew.
    Mode1Sector,
    /// 2048 bytes of user data; the drive makes a subheader.
    Form1,
    /// 2336 bytes from the subheader on.
    Xa,
    /// 2332 bytes: subheader, and 2324 of data, which are filled up in form 1.
    XaMixed,
    /// 2352 bytes, of which the drive makes sync, header and codes anew.
    XaSector,
    /// 2336 bytes of user data.
    Mode2,
    /// 2352 bytes, of which the drive makes sync and header anew.
    Mode2Sector,
    /// 2352 bytes as they shall be on the disc: data are scrambled.
    Recorded,
    /// None: what comes is the sub-channel of a lead-in.
    Nothing,
}

/// The sub-channel behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sub {
    /// The drive makes it.
    ByDrive,
    /// 16 bytes: Q, of which the drive makes the checksum, and P.
    Pq16,
    /// 96 bytes: P and Q, and R to W before they are interleaved.
    Packed,
    /// 96 bytes, as they shall be on the disc.
    Raw,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wire {
    pub(crate) main: Main,
    pub(crate) sub: Sub,
}

/// The block cannot be made into a sector: no address on a CD.
#[derive(Debug)]
pub(crate) struct NoSector;

impl Wire {
    /// The packs of CD-TEXT for a lead-in, as values of six bits.
    pub(crate) const TEXT: Self = Self {
        main: Main::Nothing,
        sub: Sub::Raw,
    };

    /// Bytes of a block.
    pub(crate) const fn bytes(self) -> usize {
        let main = match self.main {
            Main::Audio
            | Main::Mode1Sector
            | Main::XaSector
            | Main::Mode2Sector
            | Main::Recorded => MAIN_BYTES,
            Main::Mode1 | Main::Form1 => 2048,
            Main::Xa | Main::Mode2 => MAIN_BYTES - HEADER_END,
            Main::XaMixed => SUBHEADER_BYTES + 2324,
            Main::Nothing => 0,
        };
        main + match self.sub {
            Sub::ByDrive => 0,
            Sub::Pq16 => 16,
            Sub::Packed | Sub::Raw => SUB_BYTES,
        }
    }

    /// Plain user data, of which a store of blocks keeps all there is.
    pub(crate) const fn is_plain(self) -> bool {
        matches!(self.main, Main::Mode1 | Main::Form1) && matches!(self.sub, Sub::ByDrive)
    }

    /// Whole sectors for blocks that go to consecutive addresses from `first` on.
    pub(crate) fn sectors(self, first: i32, blocks: &[u8]) -> Result<Vec<u8>, NoSector> {
        let codec = SectorCodec::new();
        let blocks = blocks.chunks_exact(self.bytes());
        let mut out = vec![0; blocks.len() * SECTOR_BYTES];
        for ((block, sector), lba) in blocks.zip(out.chunks_exact_mut(SECTOR_BYTES)).zip(first..) {
            let (Some(main), Some(sub)) = (
                sector.first_chunk_mut::<MAIN_BYTES>(),
                block.get(block.len() - self.sub_bytes()..),
            ) else {
                return Err(NoSector);
            };
            self.fill_main(&codec, lba, block, main)?;
            let sub = self.channels(sub);
            if let Some(place) = sector.last_chunk_mut::<SUB_BYTES>() {
                *place = sub;
            }
        }
        Ok(out)
    }

    const fn sub_bytes(self) -> usize {
        match self.sub {
            Sub::ByDrive => 0,
            Sub::Pq16 => 16,
            Sub::Packed | Sub::Raw => SUB_BYTES,
        }
    }

    fn fill_main(
        self,
        codec: &SectorCodec,
        lba: i32,
        block: &[u8],
        out: &mut [u8; MAIN_BYTES],
    ) -> Result<(), NoSector> {
        let part = |from: usize, len: usize| block.get(from..from + len).ok_or(NoSector);
        let mut encode = |form: SectorForm, user: &[u8]| {
            let made = codec.encode(form, Lba(lba), user, out);
            made.map_err(|_| NoSector)
        };
        match self.main {
            Main::Mode1 => encode(SectorForm::Mode1, part(0, 2048)?),
            Main::Mode1Sector => encode(SectorForm::Mode1, part(HEADER_END, 2048)?),
            Main::Form1 => encode(SectorForm::Mode2Form1(Subheader::data()), part(0, 2048)?),
            Main::Mode2 => encode(SectorForm::Mode2, part(0, MAIN_BYTES - HEADER_END)?),
            Main::Mode2Sector => encode(
                SectorForm::Mode2,
                part(HEADER_END, MAIN_BYTES - HEADER_END)?,
            ),
            Main::Xa | Main::XaMixed | Main::XaSector => {
                let whole = self.main == Main::XaSector;
                let at = if whole { HEADER_END } else { 0 };
                let [file, channel, submode, coding] =
                    *part(at, 4)?.first_chunk::<4>().ok_or(NoSector)?;
                let subheader = Subheader {
                    file,
                    channel,
                    submode,
                    coding,
                };
                let form = match submode & Subheader::FORM_2 {
                    0 => SectorForm::Mode2Form1(subheader),
                    _ => SectorForm::Mode2Form2(subheader),
                };
                encode(form, part(at + SUBHEADER_BYTES, form.user_bytes())?)
            }
            Main::Audio => {
                out.copy_from_slice(part(0, MAIN_BYTES)?);
                Ok(())
            }
            Main::Recorded => {
                out.copy_from_slice(part(0, MAIN_BYTES)?);
                // Kept as it reads; what has no sync pattern is sound, which is never scrambled.
                if out.starts_with(&SYNC_PATTERN) {
                    codec.scramble(out);
                }
                Ok(())
            }
            Main::Nothing => Ok(()),
        }
    }

    fn channels(self, bytes: &[u8]) -> [u8; SUB_BYTES] {
        match (
            self.sub,
            bytes.first_chunk::<16>(),
            bytes.first_chunk::<SUB_BYTES>(),
        ) {
            (Sub::Pq16, Some(sixteen), _) => {
                let mut channels = Channels::from_sixteen(sixteen);
                channels.0[1] = Q::with_checksum(channels.q());
                channels.interleaved()
            }
            (Sub::Packed | Sub::Raw, _, Some(all)) => *all,
            _ => [0; SUB_BYTES],
        }
    }
}

/// What a sector is that was kept whole, by its own words; `None` where it does not say.
pub(crate) fn form_of(sector: &[u8]) -> Option<Form> {
    if !sector.starts_with(&SYNC_PATTERN) {
        return None;
    }
    match *sector.get(15)? {
        1 => Some(Form::Mode1),
        2 if sector.get(16..20) == sector.get(20..24) => Some(Form::Xa),
        2 => Some(Form::Mode2),
        _ => None,
    }
}

/// Whether a whole sector of mode 2 with a subheader is one of form 2.
pub(crate) fn is_form_2(sector: &[u8]) -> bool {
    sector
        .get(18)
        .is_some_and(|submode| submode & Subheader::FORM_2 != 0)
}

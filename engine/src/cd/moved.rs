//! Sound that is recorded some samples later or earlier than its place, for drives that write it beside.
//!
//! Owns which samples then lie in a sector. Sub-channels and data stay where they are; must not know drives.

use super::program::ProgramReader;
use pitland_mmc::Lba;
use pitland_redbook::disc::{Session, Spot};
use pitland_redbook::raw::ProgramSource;
use pitland_redbook::{SECTOR_BYTES, SectorForm};
use std::io;

/// Bytes of a sample of both channels.
const SAMPLE: i64 = 4;

type Sector = [u8; SECTOR_BYTES];

/// Reads the sound of a session so many samples before each place; quick from sector to sector.
#[derive(Debug)]
pub(super) struct MovedSound {
    program: ProgramReader,
    /// Samples by which sound is later than its place.
    samples: i32,
    /// The sector that was read last: half of it is wanted with the next one.
    last: Option<(i32, Sector)>,
}

impl MovedSound {
    pub(super) fn new(program: ProgramReader, samples: i32) -> Self {
        Self {
            program,
            samples,
            last: None,
        }
    }

    /// Fills a sector of sound; one of something else stays as it is.
    pub(super) fn fill(&mut self, session: &Session, lba: Lba, out: &mut [u8]) -> io::Result<()> {
        let is_sound = session
            .at(lba)
            .is_some_and(|spot| spot.track.form == SectorForm::Audio);
        if !is_sound {
            return Ok(());
        }
        let each = SECTOR_BYTES as i64;
        let from = i64::from(lba.0) * each - i64::from(self.samples) * SAMPLE;
        let first = i32::try_from(from.div_euclid(each)).unwrap_or(i32::MIN);
        let into = from.rem_euclid(each) as usize; // below a sector
        let head = self.sector(session, first)?;
        let (_, begin) = head.split_at(into);
        let (to_begin, to_end) = out.split_at_mut(begin.len().min(out.len()));
        to_begin.copy_from_slice(begin.get(..to_begin.len()).unwrap_or_default());
        if into > 0 {
            let tail = self.sector(session, first.saturating_add(1))?;
            to_end.copy_from_slice(tail.get(..to_end.len()).unwrap_or_default());
        }
        Ok(())
    }

    /// A sector as it is without moving; silence where there is no sound.
    fn sector(&mut self, session: &Session, lba: i32) -> io::Result<Sector> {
        if let Some((at, sector)) = &self.last
            && *at == lba
        {
            return Ok(*sector);
        }
        let mut sector = [0; SECTOR_BYTES];
        if let Some(Spot {
            track,
            placed,
            source_frame: Some(frame),
            ..
        }) = session.at(Lba(lba))
            && track.form == SectorForm::Audio
        {
            self.program.read(placed.number, frame, &mut sector)?;
        }
        self.last = Some((lba, sector));
        Ok(sector)
    }
}

/// A source whose sound is silence: what [`MovedSound`] fills in is not read twice.
pub(super) struct DataAlone<'a>(pub(super) &'a mut ProgramReader);

impl ProgramSource for DataAlone<'_> {
    fn read(&mut self, track: u8, frame: u32, out: &mut [u8]) -> io::Result<()> {
        // User bytes of data are fewer.
        match out.len() {
            SECTOR_BYTES => out.fill(0),
            _ => self.0.read(track, frame, out)?,
        }
        Ok(())
    }

    fn subcode(&mut self, block: u32, out: &mut [u8; 96]) -> io::Result<bool> {
        self.0.subcode(block, out)
    }

    fn form(&mut self, track: u8, frame: u32, usual: SectorForm) -> io::Result<SectorForm> {
        self.0.form(track, frame, usual)
    }
}

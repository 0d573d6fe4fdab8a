//! Reading the sectors of a CD: sound moved by the drive's offset, and whatever cannot be read replaced by nothing and counted.
//!
//! Owns what stands in for an unreadable sector. Must not know what is made of sectors.

use crate::error::Complaint;
use pitland::cd::{SECTOR_BYTES, SectorCodec, SectorForm, Session, Track};
use pitland::writer::mmc::Lba;
use pitland::{DriveReader, QueryError};
use std::ops::Range;

/// Sectors that are read at a time.
pub(super) const PIECE: u32 = 24;
/// Bytes of a sample of both channels.
const SAMPLE: i64 = 4;
/// Bytes of the sub-channels of a sector.
const SUBCHANNEL_BYTES: usize = 96;
/// Sense key of a command that a drive does not know, or not so.
const ILLEGAL_REQUEST: u8 = 5;

/// What became of sectors that were read.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Told {
    /// Sectors that could not be read.
    pub(super) unreadable: u64,
    /// Sectors with C2 error bits, where the drive has any.
    pub(super) flagged: u64,
}

impl Told {
    pub(super) fn add(&mut self, other: Self) {
        self.unreadable += other.unreadable;
        self.flagged += other.flagged;
    }
}

/// Reads sectors of a disc.
pub(super) struct Sectors {
    reader: DriveReader,
    /// The blocks of the program, outside of which there is silence.
    program: Range<i32>,
    /// Samples that are read further on.
    offset: i64,
    has_c2: bool,
}

impl Sectors {
    pub(super) fn new(reader: DriveReader, program: Range<i32>, offset: i32) -> Self {
        Self {
            reader,
            program,
            offset: offset.into(),
            has_c2: true,
        }
    }

    /// Whether the drive tells of bytes that it is not sure of.
    pub(super) fn has_c2(&self) -> bool {
        self.has_c2
    }

    /// The sound of so many sectors, moved by the offset. What cannot be read is silence.
    pub(super) fn sound(&mut self, lba: Lba, count: u32) -> Result<(Vec<u8>, Told), Complaint> {
        let each = SECTOR_BYTES as i64;
        let from = i64::from(lba.0) * each + self.offset * SAMPLE;
        let (first, into) = (from.div_euclid(each), from.rem_euclid(each) as usize);
        let whole = count + u32::from(into > 0);
        let first = Lba(i32::try_from(first).unwrap_or(i32::MAX));
        let mut read = vec![0; whole as usize * SECTOR_BYTES];
        // Outside of the program there is silence, which is not asked for.
        let before = self
            .program
            .start
            .saturating_sub(first.0)
            .clamp(0, whole as i32);
        let behind = self
            .program
            .end
            .saturating_sub(first.0)
            .clamp(before, whole as i32);
        let inside = before as usize * SECTOR_BYTES..behind as usize * SECTOR_BYTES;
        let place = read.get_mut(inside).unwrap_or_default();
        let told = self.readable(Lba(first.0.saturating_add(before)), place, |_, sector| {
            sector.fill(0);
        })?;
        let length = count as usize * SECTOR_BYTES;
        let samples = read.get(into..into + length).unwrap_or_default().to_vec();
        Ok((samples, told))
    }

    /// Whole sectors of a data track. What cannot be read is a sector of zeros of the track's kind.
    pub(super) fn data(
        &mut self,
        lba: Lba,
        count: u32,
        form: SectorForm,
    ) -> Result<(Vec<u8>, Told), Complaint> {
        let codec = SectorCodec::new();
        let mut read = vec![0; count as usize * SECTOR_BYTES];
        let told = self.readable(lba, &mut read, |lba, sector| {
            let zeros = [0; SECTOR_BYTES];
            let user = zeros.get(..form.user_bytes()).unwrap_or_default();
            if codec.encode_run(form, lba, user, sector).is_err() {
                sector.fill(0);
            }
        })?;
        Ok((read, told))
    }

    /// The sub-channels of so many sectors. Where they cannot be read they are as the session says.
    pub(super) fn subchannels(
        &mut self,
        session: &Session,
        lba: Lba,
        count: u32,
    ) -> Result<Vec<[u8; SUBCHANNEL_BYTES]>, Complaint> {
        let mut channels = vec![[0; SUBCHANNEL_BYTES]; count as usize];
        match self.reader.read_subchannels(lba, None, &mut channels) {
            Ok(()) => return Ok(channels),
            Err(QueryError::Sense(_)) => {}
            Err(error) => return Err(error.into()),
        }
        let subcode = session.subcode(Lba(-4650));
        for (at, channels) in (lba.0..).zip(&mut channels) {
            let one = std::slice::from_mut(channels);
            match self.reader.read_subchannels(Lba(at), None, one) {
                Ok(()) => {}
                Err(QueryError::Sense(_)) => *channels = subcode.at(Lba(at)).interleaved(),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(channels)
    }

    fn readable(
        &mut self,
        first: Lba,
        out: &mut [u8],
        replace: impl Fn(Lba, &mut [u8; SECTOR_BYTES]),
    ) -> Result<Told, Complaint> {
        let mut told = Told::default();
        match self.read(first, out) {
            Ok(flagged) => {
                told.flagged = flagged.into();
                return Ok(told);
            }
            Err(QueryError::Sense(_)) => {}
            Err(error) => return Err(error.into()),
        }
        for (at, sector) in (first.0..).zip(out.as_chunks_mut::<SECTOR_BYTES>().0) {
            match self.read(Lba(at), sector) {
                Ok(flagged) => told.flagged += u64::from(flagged),
                Err(QueryError::Sense(_)) => {
                    replace(Lba(at), sector);
                    told.unreadable += 1;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(told)
    }

    fn read(&mut self, first: Lba, out: &mut [u8]) -> Result<u32, QueryError> {
        match self.reader.read_sectors(first, self.has_c2, out) {
            // Not every drive has error bits.
            Err(QueryError::Sense(sense)) if self.has_c2 && sense.triple().0 == ILLEGAL_REQUEST => {
                let read = self.reader.read_sectors(first, false, out)?;
                self.has_c2 = false;
                Ok(read)
            }
            other => other,
        }
    }
}

/// Whether a track is sound.
pub(super) fn is_sound(track: &Track) -> bool {
    track.form == SectorForm::Audio
}

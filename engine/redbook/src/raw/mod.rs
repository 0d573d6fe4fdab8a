//! A session as it is recorded raw: every sector of lead-in, program and lead-out, whole, with its sub-channels.
//!
//! Owns the blocks' order and their bytes. The sectors' contents come from a [`ProgramSource`]; must not know files or drives.

use std::io;

use crate::disc::{PROGRAM_START, Session, Spot, Subcode};
use crate::sector::{SECTOR_BYTES, SectorCodec, SectorForm};
use crate::subchannel::Channels;
use crate::text::{Pack, symbols_of};
use pitland_mmc::Lba;

/// Blocks of the lead-out of a first session: a minute and a half (recipe 5).
pub const LEAD_OUT_BLOCKS: u32 = 6750;
/// The fewest blocks of a lead-in: one minute (recipe 5).
pub const LEAST_LEAD_IN: u32 = 4500;

/// What stands behind the 2352 bytes of each block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SubchannelForm {
    /// 96 bytes, each with a bit of every channel; R to W as they are recorded.
    Raw96,
    /// 96 bytes, each with a bit of P and Q and a value of six bits for R to W, to which the drive adds what they are
    /// recorded with. Without texts the same bytes as [`SubchannelForm::Raw96`].
    Packed96,
    /// 16 bytes, P and Q alone.
    Pq16,
}

impl SubchannelForm {
    /// Bytes behind each sector.
    #[must_use]
    pub const fn bytes(self) -> usize {
        match self {
            Self::Raw96 | Self::Packed96 => 96,
            Self::Pq16 => 16,
        }
    }

    /// Bytes of a block.
    #[must_use]
    pub const fn block_bytes(self) -> usize {
        SECTOR_BYTES + self.bytes()
    }
}

/// Where the contents of tracks come from.
pub trait ProgramSource {
    /// Fills `out` with the user bytes of one sector of a track, all of them: 2352 of audio, else what
    /// [`SectorForm::user_bytes`] says. `frame` counts from the beginning of the track's source, its lead among it.
    ///
    /// # Errors
    /// What kept the bytes away; the image cannot be made then.
    fn read(&mut self, track: u8, frame: u32, out: &mut [u8]) -> io::Result<()>;

    /// R to W of a block of the program, from block 0 on: 96 values of six bits, as they lie behind a sector. `false` where
    /// there are none; what was put into `out` does not count then.
    ///
    /// # Errors
    /// What kept them away; the image cannot be made then.
    fn subcode(&mut self, block: u32, out: &mut [u8; 96]) -> io::Result<bool> {
        let _ = (block, out);
        Ok(false)
    }

    /// What one sector of a data track is, where the sectors of a track are not all alike: `usual` is what the track says.
    ///
    /// # Errors
    /// What kept the sector away.
    fn form(&mut self, track: u8, frame: u32, usual: SectorForm) -> io::Result<SectorForm> {
        let _ = (track, frame);
        Ok(usual)
    }
}

/// The sectors of a session's program, from the pause before the first track to the lead-out, whole and not scrambled: what
/// a drive takes in session at once where the cue sheet says [`CueSheetForm::Raw`](crate::disc::CueSheetForm::Raw).
#[derive(Debug)]
pub struct ProgramImage<'a> {
    session: &'a Session,
    codec: SectorCodec,
}

impl<'a> ProgramImage<'a> {
    /// The sectors of a session.
    #[must_use]
    pub fn new(session: &'a Session) -> Self {
        Self {
            session,
            codec: SectorCodec::new(),
        }
    }

    /// The first sector.
    #[must_use]
    pub const fn first_lba(&self) -> Lba {
        Lba(PROGRAM_START)
    }

    /// The sector behind the last one.
    #[must_use]
    pub fn end(&self) -> Lba {
        self.session.lead_out()
    }

    /// The sectors.
    #[must_use]
    pub fn blocks(&self) -> u32 {
        self.end().0.abs_diff(PROGRAM_START)
    }

    /// Fills `out`, whose length is that of whole sectors, with the sectors from `lba` on; beyond the end it stays as it is.
    /// Answers how many sectors were made.
    ///
    /// # Errors
    /// What the source says.
    pub fn read_sectors(
        &self,
        lba: Lba,
        source: &mut dyn ProgramSource,
        out: &mut [u8],
    ) -> io::Result<usize> {
        let mut made = 0;
        let (sectors, _) = out.as_chunks_mut::<SECTOR_BYTES>();
        for (sector, lba) in sectors.iter_mut().zip(lba.0..self.end().0) {
            fill_sector(self.session, &self.codec, Lba(lba), source, false, sector)?;
            made += 1;
        }
        Ok(made)
    }
}

/// A raw image of a session.
#[derive(Debug)]
pub struct RawImage<'a> {
    session: &'a Session,
    subcode: Subcode<'a>,
    form: SubchannelForm,
    text: Vec<Pack>,
    first: Lba,
    codec: SectorCodec,
}

impl<'a> RawImage<'a> {
    /// The image with a lead-in that begins at `lead_in`: a negative block before -150, as the disc's ATIP has it.
    /// Texts need a form of 96 bytes; in 16 there is no room for them, and they are left out.
    #[must_use]
    pub fn new(session: &'a Session, lead_in: Lba, form: SubchannelForm, text: Vec<Pack>) -> Self {
        let lead_in = Lba(lead_in.0.min(-151));
        Self {
            session,
            subcode: session.subcode(lead_in),
            form,
            text,
            first: lead_in,
            codec: SectorCodec::new(),
        }
    }

    /// The first block.
    #[must_use]
    pub const fn first_lba(&self) -> Lba {
        self.first
    }

    /// The block behind the last one.
    #[must_use]
    pub fn end(&self) -> Lba {
        let lead_out = self.session.lead_out();
        Lba(lead_out.0.saturating_add_unsigned(LEAD_OUT_BLOCKS))
    }

    /// The blocks.
    #[must_use]
    pub fn blocks(&self) -> u32 {
        self.end().0.abs_diff(self.first.0)
    }

    /// Fills `out`, whose length is that of whole blocks, with the blocks from `lba` on; beyond the end it stays as it is.
    /// Answers how many blocks were made.
    ///
    /// # Errors
    /// What the source says.
    pub fn read_blocks(
        &self,
        lba: Lba,
        source: &mut dyn ProgramSource,
        out: &mut [u8],
    ) -> io::Result<usize> {
        let mut made = 0;
        let blocks = out.chunks_exact_mut(self.form.block_bytes());
        for (block, lba) in blocks.zip(lba.0..self.end().0) {
            let Some((sector, subchannel)) = block.split_first_chunk_mut::<SECTOR_BYTES>() else {
                break;
            };
            fill_sector(self.session, &self.codec, Lba(lba), source, true, sector)?;
            self.fill_subchannel(Lba(lba), source, subchannel)?;
            made += 1;
        }
        Ok(made)
    }

    fn fill_subchannel(
        &self,
        lba: Lba,
        source: &mut dyn ProgramSource,
        out: &mut [u8],
    ) -> io::Result<()> {
        let channels = self.subcode.at(lba);
        match self.form {
            SubchannelForm::Raw96 | SubchannelForm::Packed96 => {
                let channels = self.with_text(lba, channels);
                let channels = self.with_subcode(lba, channels, source)?;
                out.copy_from_slice(&channels.interleaved());
            }
            SubchannelForm::Pq16 => out.copy_from_slice(&channels.sixteen()),
        }
        Ok(())
    }

    /// R to W of the program are the source's.
    fn with_subcode(
        &self,
        lba: Lba,
        channels: Channels,
        source: &mut dyn ProgramSource,
    ) -> io::Result<Channels> {
        let block = u32::try_from(lba.0).ok();
        let Some(block) = block.filter(|_| lba < self.session.lead_out()) else {
            return Ok(channels);
        };
        let mut symbols = [0; 96];
        Ok(match source.subcode(block, &mut symbols)? {
            true => channels.with_symbols(&symbols),
            false => channels,
        })
    }

    /// The lead-in repeats the texts from its first sector on.
    fn with_text(&self, lba: Lba, channels: Channels) -> Channels {
        if self.text.is_empty() || lba.0 >= -150 {
            return channels;
        }
        let sector = lba.0.abs_diff(self.first.0) as usize;
        channels.with_symbols(&symbols_of(&self.text, sector * 4))
    }
}

/// One sector of a session: of a track, of a pause, or of what lies around the program.
fn fill_sector(
    session: &Session,
    codec: &SectorCodec,
    lba: Lba,
    source: &mut dyn ProgramSource,
    scrambled: bool,
    sector: &mut [u8; SECTOR_BYTES],
) -> io::Result<()> {
    let (mut form, frame) = match session.at(lba) {
        Some(Spot {
            track,
            placed,
            source_frame,
            ..
        }) => (track.form, source_frame.map(|frame| (placed.number, frame))),
        None => (form_around(session, lba), None),
    };
    if let Some((track, frame)) = frame
        && form != SectorForm::Audio
    {
        form = source.form(track, frame, form)?;
    }
    let mut user = [0; SECTOR_BYTES];
    let user = user.get_mut(..form.user_bytes()).unwrap_or_default();
    if let Some((track, frame)) = frame {
        source.read(track, frame, user)?;
    }
    match scrambled {
        true => codec.encode_run_scrambled(form, lba, user, sector),
        false => codec.encode_run(form, lba, user, sector),
    }
    .map_err(io::Error::other)
}

/// The sectors of the lead-in are those of the first track, the lead-out's those of the last one.
fn form_around(session: &Session, lba: Lba) -> SectorForm {
    let mut tracks = session.tracks();
    let track = match lba < session.lead_out() {
        true => tracks.next(),
        false => tracks.last(),
    };
    track.map_or(SectorForm::Audio, |(track, _)| track.form)
}

#[cfg(test)]
mod tests;

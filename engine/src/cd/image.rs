//! A CD as it shall be: its session, its sources and its texts; and the blocks that a drive is given.

use super::build::CdImageBuilder;
use super::error::{CdError, CdFault, CdWarning};
use super::later::{self, Later, LaterSession};
use super::layout::runs_by_track;
use super::made::Made;
use super::moved::{DataAlone, MovedSound};
use super::program::{Piece, ProgramReader};
use super::samples::Sound;
use super::subcode::OpenSubcode;
use crate::error::SourceError;
use pitland_mmc::Lba;
use pitland_redbook::audio::Gain;
use pitland_redbook::disc::{Session, Track};
use pitland_redbook::raw::{ProgramImage, ProgramSource, RawImage, SubchannelForm};
use pitland_redbook::text::Pack;
use pitland_redbook::{SECTOR_BYTES, SectorForm};
use std::io;
use std::path::Path;
use std::sync::Arc;

/// Where the first pregap begins.
const PROGRAM_START: Lba = Lba(-150);
/// Frames of a pause in which what the sub-channels say of the sound may change.
const LEAST_PAUSE: u32 = 150;

/// A CD of which everything is known but the bytes. Cheap to clone.
#[derive(Debug, Clone)]
pub struct CdImage {
    session: Arc<Session>,
    tracks: Arc<[Vec<Piece>]>,
    text: Arc<[Pack]>,
    warnings: Arc<[CdWarning]>,
    gain: Gain,
    /// Samples by which sound is recorded behind its place.
    moved: i32,
    subcode: Option<OpenSubcode>,
    /// Its blocks, where somebody else has made them.
    made: Option<Arc<Made>>,
    /// What stands behind the first session.
    later: Later,
}

impl CdImage {
    /// For tracks that are added one by one.
    pub fn builder() -> CdImageBuilder {
        CdImageBuilder::default()
    }

    pub(super) fn new(
        session: Session,
        tracks: Vec<Vec<Piece>>,
        text: Vec<Pack>,
        mut warnings: Vec<CdWarning>,
    ) -> Self {
        warnings.extend(turns_of_emphasis(&session));
        Self {
            session: Arc::new(session),
            tracks: tracks.into(),
            text: text.into(),
            warnings: warnings.into(),
            gain: Gain::NONE,
            moved: 0,
            subcode: None,
            made: None,
            later: Arc::new([]),
        }
    }

    pub(super) fn with_subcode(self, subcode: Option<OpenSubcode>) -> Self {
        Self { subcode, ..self }
    }

    pub(super) fn with_later(self, later: Later) -> Self {
        Self { later, ..self }
    }

    pub(super) fn made_as(self, made: Made) -> Self {
        Self {
            made: Some(Arc::new(made)),
            ..self
        }
    }

    pub(super) fn with_gain(mut self, gain: Gain) -> Self {
        self.gain = gain;
        self
    }

    /// With a word on the level of its sound, of which then nothing is beyond full scale.
    pub(super) fn told_of_level(mut self, warning: CdWarning) -> Self {
        let told = self.warnings.iter().cloned();
        self.warnings = told
            .filter(|told| !matches!(told, CdWarning::Clipped { .. }))
            .chain([warning])
            .collect();
        self
    }

    /// The sounds that its tracks are made of, some more than once.
    pub(super) fn sounds(&self) -> impl Iterator<Item = &Sound> {
        self.tracks.iter().flatten().flat_map(Piece::sounds)
    }

    /// The CD as it is recorded by a drive that writes sound beside its place: each sample stands so many samples behind it,
    /// or before it where there are fewer than none. Only the main channel of sound is moved. What then comes to stand outside
    /// of the program, or among data, is lost, and the other end is silence.
    #[must_use]
    pub fn moved(mut self, samples: i32) -> Self {
        self.moved = samples;
        self
    }

    /// Its tracks and where they stand.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// The sessions that follow this one on the disc, in their order. Nothing of them is in what is made of the image itself:
    /// each is burned by itself, once the one before it is closed.
    ///
    /// # Errors
    /// [`CdFault::LaterSession`]: one that is no single track of data, which cannot be written.
    pub fn later_sessions(&self) -> Result<Vec<LaterSession>, CdError> {
        Ok(later::all(&self.later)?)
    }

    /// The packs of its CD-TEXT; none: it has none.
    pub fn text(&self) -> &[Pack] {
        &self.text
    }

    /// What is worth knowing of its sources.
    pub fn warnings(&self) -> &[CdWarning] {
        &self.warnings
    }

    /// Reads what the tracks are made of.
    pub fn program(&self) -> ProgramReader {
        ProgramReader::new(
            Arc::clone(&self.tracks),
            self.gain,
            self.session.first_track(),
            self.subcode.clone(),
        )
    }

    /// Whether a file is one of those that its tracks, or R to W, are made of. A file that is not there is none.
    pub fn is_made_of(&self, path: &Path) -> bool {
        let Ok(path) = path.canonicalize() else {
            return false;
        };
        let made = self.made.as_ref().map(|made| made.path());
        let subcode = self.subcode.as_ref().and_then(OpenSubcode::path);
        let files = self.tracks.iter().flatten().flat_map(Piece::files);
        files
            .chain(made)
            .chain(subcode)
            .any(|file| file.canonicalize().is_ok_and(|file| file == path))
    }

    /// Every block from the lead-in's first to the lead-out's last, with sub-channels, as raw disc-at-once takes them.
    /// `lead_in` is the block at which the disc's lead-in begins, below -150; -22650 (95:00:00) is the longest.
    ///
    /// # Errors
    /// [`CdFault::NoPlaceForSubcode`], where the image has R to W and the form none. Of blocks that were made by somebody
    /// else: [`CdFault::OtherForm`], and [`CdFault::LeadInTooShort`], where they begin behind `lead_in`.
    pub fn raw(&self, form: SubchannelForm, lead_in: Lba) -> Result<CdBlocks, CdError> {
        if let Some(made) = &self.made {
            return self.made_blocks(made, form, lead_in);
        }
        if let Some(subcode) = &self.subcode
            && !subcode.has_place_in(form)
        {
            return Err(CdFault::NoPlaceForSubcode.into());
        }
        Ok(CdBlocks {
            image: self.clone(),
            kind: Kind::Raw { form, lead_in },
        })
    }

    fn made_blocks(
        &self,
        made: &Arc<Made>,
        form: SubchannelForm,
        lead_in: Lba,
    ) -> Result<CdBlocks, CdError> {
        if made.form != form {
            let path = made.path().to_owned();
            return Err(CdFault::OtherForm { path }.into());
        }
        let blocks_before = |first: Lba| PROGRAM_START.0.abs_diff(first.0);
        if lead_in < made.first {
            return Err(CdFault::LeadInTooShort {
                given: blocks_before(made.first),
                needed: blocks_before(lead_in),
            }
            .into());
        }
        let first = Lba(lead_in.0.min(PROGRAM_START.0 - 1));
        Ok(CdBlocks {
            image: self.clone(),
            kind: Kind::Made {
                made: Arc::clone(made),
                first,
            },
        })
    }

    /// Refuses what has no place in blocks without sub-channels.
    pub(super) fn without_subcode(&self) -> Result<(), CdError> {
        match (&self.made, &self.subcode) {
            (Some(made), _) => Err(CdFault::OtherForm {
                path: made.path().to_owned(),
            }
            .into()),
            (None, Some(_)) => Err(CdFault::NoPlaceForSubcode.into()),
            (None, None) => Ok(()),
        }
    }

    /// Every sector from the pause before the first track to the lead-out, as session-at-once takes them.
    pub fn sectors(&self) -> CdBlocks {
        CdBlocks {
            image: self.clone(),
            kind: Kind::Sectors,
        }
    }

    /// The sectors of one track behind those of the one before, as track-at-once takes them: the drive makes the gaps.
    pub fn by_track(&self) -> CdBlocks {
        let runs = runs_by_track(&self.session).into_iter().flatten();
        CdBlocks {
            image: self.clone(),
            kind: Kind::ByTrack(runs.collect()),
        }
    }
}

/// Tracks of sound at which pre-emphasis is turned on or off without two seconds of pause, in which alone it changes (recipe
/// 5).
fn turns_of_emphasis(session: &Session) -> Vec<CdWarning> {
    let tracks: Vec<_> = session.tracks().collect();
    let turns = tracks.windows(2).filter_map(|pair| {
        let [(before, _), (track, placed)] = pair else {
            return None;
        };
        let is_sound = |track: &Track| track.form == SectorForm::Audio;
        let turns = track.control.pre_emphasis != before.control.pre_emphasis;
        let is_late = turns && track.pregap() < LEAST_PAUSE && is_sound(before) && is_sound(track);
        is_late.then(|| CdWarning::EmphasisWithoutPause {
            track: placed.number,
            pause: track.pregap(),
        })
    });
    turns.collect()
}

/// The blocks of a CD in one of the forms that drives take.
#[derive(Debug, Clone)]
pub struct CdBlocks {
    image: CdImage,
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    Raw {
        form: SubchannelForm,
        lead_in: Lba,
    },
    Sectors,
    /// Runs of the session's blocks.
    ByTrack(Arc<[(Lba, u32)]>),
    /// Blocks that somebody else has made, from where the disc's lead-in begins.
    Made {
        made: Arc<Made>,
        first: Lba,
    },
}

impl CdBlocks {
    /// The CD.
    pub fn image(&self) -> &CdImage {
        &self.image
    }

    /// Bytes of a block: 2352, 2368 or 2448.
    pub fn block_bytes(&self) -> usize {
        match &self.kind {
            Kind::Raw { form, .. } => form.block_bytes(),
            Kind::Made { made, .. } => made.form.block_bytes(),
            Kind::Sectors | Kind::ByTrack(_) => SECTOR_BYTES,
        }
    }

    /// Where the first block stands; 0 where the drive makes the gaps.
    pub fn first_lba(&self) -> Lba {
        match &self.kind {
            Kind::Raw { form, lead_in } => {
                RawImage::new(&self.image.session, *lead_in, *form, Vec::new()).first_lba()
            }
            Kind::Sectors => ProgramImage::new(&self.image.session).first_lba(),
            Kind::ByTrack(_) => Lba(0),
            Kind::Made { first, .. } => *first,
        }
    }

    /// How many there are.
    pub fn blocks(&self) -> u32 {
        match &self.kind {
            Kind::Raw { form, lead_in } => {
                RawImage::new(&self.image.session, *lead_in, *form, Vec::new()).blocks()
            }
            Kind::Sectors => ProgramImage::new(&self.image.session).blocks(),
            Kind::ByTrack(runs) => runs.iter().map(|run| run.1).sum(),
            Kind::Made { made, first } => {
                made.blocks.saturating_sub(made.first.0.abs_diff(first.0))
            }
        }
    }

    /// The sectors of blocks that somebody else has made, from number `block` on.
    fn made_sectors(&self, block: u32, out: &mut [u8]) -> io::Result<()> {
        let nothing = || io::Error::from(io::ErrorKind::UnexpectedEof);
        let made = self.image.made.as_ref().ok_or_else(nothing)?;
        let first = match &self.kind {
            Kind::Sectors => self.first_lba(),
            // Without the drive's gaps they are not what they were made for.
            _ => return Err(io::ErrorKind::Unsupported.into()),
        };
        let first = first.0.saturating_add_unsigned(block);
        for (sector, lba) in out
            .as_chunks_mut::<SECTOR_BYTES>()
            .0
            .iter_mut()
            .zip(first..)
        {
            let spot = self.image.session.at(Lba(lba)).ok_or_else(nothing)?;
            let is_data = spot.track.form != SectorForm::Audio;
            made.read_sector(Lba(lba), is_data, sector)?;
        }
        Ok(())
    }

    /// Reads them; as many readers as one likes.
    pub fn reader(&self) -> CdImageReader {
        CdImageReader {
            blocks: self.clone(),
            program: self.image.program(),
            sound: match self.image.moved {
                0 => None,
                samples => Some(MovedSound::new(self.image.program(), samples)),
            },
        }
    }

    /// The block of the disc that a block of these is; `None` behind the last one.
    pub(super) fn lba(&self, block: u32) -> Option<Lba> {
        match &self.kind {
            Kind::ByTrack(runs) => {
                let mut skip = block;
                runs.iter().find_map(|(first, blocks)| {
                    let at = skip;
                    skip = skip.saturating_sub(*blocks);
                    (at < *blocks).then(|| Lba(first.0.saturating_add_unsigned(at)))
                })
            }
            _ => Some(Lba(self.first_lba().0.saturating_add_unsigned(block))),
        }
    }
}

/// Reads the blocks of a CD, blocking. Quick where one asks for block after block.
#[derive(Debug)]
pub struct CdImageReader {
    blocks: CdBlocks,
    program: ProgramReader,
    /// Where sound is moved: all of it comes from here.
    sound: Option<MovedSound>,
}

impl CdImageReader {
    /// Fills `out`, whose length is that of whole blocks, with the blocks from number `block` on, counted from 0.
    ///
    /// # Errors
    /// What the sources say, `UnexpectedEof` where there are not so many blocks.
    pub fn read_blocks(&mut self, block: u32, out: &mut [u8]) -> io::Result<()> {
        let Self {
            blocks,
            program,
            sound,
        } = self;
        let each = blocks.block_bytes();
        let made = match sound {
            None => read(blocks, program, block, out)?,
            Some(sound) => {
                let made = read(blocks, &mut DataAlone(program), block, out)?;
                let session = &blocks.image.session;
                for (at, out) in (block..).zip(out.chunks_exact_mut(each).take(made)) {
                    let main = out.get_mut(..SECTOR_BYTES).unwrap_or_default();
                    if let Some(lba) = blocks.lba(at) {
                        sound.fill(session, lba, main)?;
                    }
                }
                made
            }
        };
        match made == out.len() / each {
            true => Ok(()),
            false => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    /// The same by bytes, which begin and end with blocks.
    pub(crate) fn read_at(&mut self, position: u64, out: &mut [u8]) -> Result<(), SourceError> {
        let block = position / self.blocks.block_bytes() as u64;
        let block = u32::try_from(block).unwrap_or(u32::MAX);
        self.read_blocks(block, out).map_err(|error| {
            // What is wrong with a file of the image is told by its name.
            match error.downcast::<SourceError>() {
                Ok(error) => error,
                Err(error) => SourceError::Io {
                    name: "the CD's sources".into(),
                    error: Arc::new(error),
                },
            }
        })
    }
}

/// Fills `out` with blocks from one on, and answers how many there were.
fn read(
    blocks: &CdBlocks,
    source: &mut dyn ProgramSource,
    block: u32,
    out: &mut [u8],
) -> io::Result<usize> {
    let lba = Lba(blocks.first_lba().0.saturating_add_unsigned(block));
    let image = &blocks.image;
    let wanted = out.len() / blocks.block_bytes();
    match &blocks.kind {
        Kind::Made { made, .. } => made.read(lba, out).map(|()| wanted),
        Kind::Sectors | Kind::ByTrack(_) if image.made.is_some() => {
            blocks.made_sectors(block, out).map(|()| wanted)
        }
        Kind::Raw { form, lead_in } => {
            RawImage::new(&image.session, *lead_in, *form, image.text.to_vec())
                .read_blocks(lba, source, out)
        }
        Kind::Sectors => ProgramImage::new(&image.session).read_sectors(lba, source, out),
        Kind::ByTrack(runs) => {
            let program = ProgramImage::new(&image.session);
            let (mut made, mut skip) = (0, block);
            let mut rest = out;
            for (first, blocks) in runs.iter() {
                if skip >= *blocks {
                    skip -= blocks;
                    continue;
                }
                let count = ((blocks - skip) as usize).min(rest.len() / SECTOR_BYTES);
                let (now, later) = rest.split_at_mut(count * SECTOR_BYTES);
                let lba = Lba(first.0.saturating_add_unsigned(skip));
                made += program.read_sectors(lba, source, now)?;
                (rest, skip) = (later, 0);
            }
            Ok(made)
        }
    }
}

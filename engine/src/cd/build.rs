//! A CD whose tracks are added one by one.
//!
//! Owns the gaps between them and which sound goes on from one to the next. What the Red Book allows is judged by `Session`.

use super::error::{CdError, CdFault, CdWarning};
use super::image::CdImage;
use super::level::hundredths;
use super::program::{From, Piece};
use super::samples::{SampleRun, Sound, bounded};
use super::sectors::Sectors;
use super::subcode::CdSubcode;
use super::text::{CdTextFrom, block_of_tags, isrc_of, packs_of, packs_of_file};
use crate::pipeline::image_file::ImageFile;
use pitland_redbook::audio::{AudioFile, AudioTags, FRAME_SAMPLES};
use pitland_redbook::cue::CueTrackKind;
use pitland_redbook::disc::{Limits, Session, Track};
use pitland_redbook::subchannel::{Control, Isrc, Mcn};
use pitland_redbook::text::{CdText, Language, Pack, TextBlock, TextKind};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Frames of the shortest track, four seconds: shorter ones can be filled up to it.
pub(super) const SHORTEST: u32 = 300;

/// What lies between a track and the one before it. The first track has the disc's own two seconds alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Gap {
    /// Nothing: sound goes on without a sample between.
    None,
    /// So many frames of silence, as index 0 of the track. The usual two seconds are 150.
    Silence(u32),
    /// The last frames of the track before, as index 0 of this one: played through it is the same as [`Gap::None`]; only
    /// who jumps to the track does not hear them, as with Windows' gapless images.
    Shared(u32),
}

/// A track to be added.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CdTrack {
    source: Source,
    hidden: Option<PathBuf>,
    /// The code of the recording; sound alone has one. Without it that of the file's tags.
    pub isrc: Option<Isrc>,
    /// Whether it may be copied, has pre-emphasis, or four channels.
    pub control: Control,
    /// It is a copy, and must not be copied once more (SCMS): the flag of copies alternates along the track, whatever
    /// `control` says of it.
    pub serial_copy: bool,
    /// What lies before it; `None`: what the builder says.
    pub gap: Option<Gap>,
    /// Where index 2 and on begin: frames from its beginning.
    pub indexes: Vec<u32>,
    /// Its texts.
    pub texts: Vec<(TextKind, String)>,
}

#[derive(Debug, Clone)]
enum Source {
    Sound(PathBuf),
    Pcm(PathBuf, Option<Range<u64>>),
    Data(PathBuf, CueTrackKind),
}

impl CdTrack {
    fn new(source: Source, control: Control) -> Self {
        Self {
            source,
            hidden: None,
            isrc: None,
            control,
            serial_copy: false,
            gap: None,
            indexes: Vec::new(),
            texts: Vec::new(),
        }
    }

    /// A sound file: WAVE, AIFF, FLAC, MP3, Ogg Vorbis, AAC. What has not the samples of a CD is converted.
    pub fn sound(path: impl Into<PathBuf>) -> Self {
        Self::new(Source::Sound(path.into()), Control::AUDIO)
    }

    /// A file of samples alone: 44100 a second, both channels, 16 bits, the lower byte first.
    pub fn pcm(path: impl Into<PathBuf>) -> Self {
        Self::new(Source::Pcm(path.into(), None), Control::AUDIO)
    }

    /// As [`CdTrack::pcm`], of these bytes of the file alone: one file may hold several tracks.
    pub fn pcm_part(path: impl Into<PathBuf>, bytes: Range<u64>) -> Self {
        Self::new(Source::Pcm(path.into(), Some(bytes)), Control::AUDIO)
    }

    /// A file of data sectors, stored in this way.
    pub fn data(path: impl Into<PathBuf>, kind: CueTrackKind) -> Self {
        Self::new(Source::Data(path.into(), kind), Control::DATA)
    }

    /// With sound hidden before the first track, of this file: it lies in the track's index 0, behind the disc's two seconds.
    /// Before other tracks it is a pause with sound.
    #[must_use]
    pub fn hiding(mut self, path: impl Into<PathBuf>) -> Self {
        self.hidden = Some(path.into());
        self
    }
}

/// Tracks, one behind the other, and what belongs to the CD as a whole.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CdImageBuilder {
    tracks: Vec<CdTrack>,
    /// What lies between two tracks that do not say it themselves. Without a word: two seconds of silence.
    pub gap: Gap,
    /// Tracks shorter than four seconds are filled up with silence; else they are refused.
    pub pad: bool,
    /// The catalogue number.
    pub catalogue: Option<Mcn>,
    /// The number of the first track, 1 to 99. Another than 1 is for sound alone, and for what is not written track by
    /// track.
    pub first_track: u8,
    /// R to W of the whole program, for graphics and the like. They have a place in raw images alone, and there not in
    /// [`SubchannelForm::Pq16`](super::SubchannelForm::Pq16).
    pub subcode: Option<CdSubcode>,
    /// Where its texts come from.
    pub text_from: CdTextFrom,
    /// Texts of the album. Where there are any, here or at a track, tags count no more.
    pub texts: Vec<(TextKind, String)>,
    /// What the disc has room for.
    pub limits: Limits,
}

impl Default for CdImageBuilder {
    fn default() -> Self {
        Self {
            tracks: Vec::new(),
            gap: Gap::Silence(150),
            pad: false,
            catalogue: None,
            first_track: 1,
            subcode: None,
            text_from: CdTextFrom::Auto,
            texts: Vec::new(),
            limits: Limits::ADDRESSES,
        }
    }
}

impl CdImageBuilder {
    /// Adds a track and answers its number, from 1 on. Nothing is opened yet.
    pub fn add(&mut self, track: CdTrack) -> usize {
        self.tracks.push(track);
        self.tracks.len()
    }

    /// The tracks that were added.
    pub fn tracks(&self) -> &[CdTrack] {
        &self.tracks
    }

    /// Opens what was added, measures it, and lays the CD out. Sound files are decoded once from end to end, so that what is
    /// damaged is found now.
    ///
    /// # Errors
    /// [`CdError`]: a file that cannot be recorded, tracks that are no session, texts that cannot be recorded.
    pub fn finish(&self) -> Result<CdImage, CdError> {
        let mut warnings = Vec::new();
        let mut laid = Laid {
            first_track: self.first_track,
            ..Laid::default()
        };
        let mut tags: Vec<(u8, AudioTags)> = Vec::new();
        for (track, number) in self.tracks.iter().zip(self.first_track..=u8::MAX) {
            let gap = track.gap.unwrap_or(self.gap);
            let isrc = match &track.source {
                Source::Data(path, kind) => {
                    laid.data(path, *kind, gap)?;
                    track.isrc
                }
                Source::Sound(path) => {
                    let sound = Sound::file(path)?;
                    let found = self.of_tags(&sound);
                    let isrc = found.and_then(|tags| isrc_of(path, tags, &mut warnings));
                    tags.extend(found.map(|tags| (number, tags.clone())));
                    laid.sound(track.hidden.as_deref(), sound, gap, self.pad)?;
                    track.isrc.or(isrc)
                }
                Source::Pcm(path, bytes) => {
                    let sound = Sound::pcm(path, bytes.clone(), false)?;
                    laid.sound(track.hidden.as_deref(), sound, gap, self.pad)?;
                    track.isrc
                }
            };
            if let Some(last) = laid.tracks.last_mut() {
                last.track.isrc = isrc;
                last.track.control = track.control;
                last.track.serial_copy = track.serial_copy;
                last.track.indexes.clone_from(&track.indexes);
            }
        }
        let tracks = laid.finish(&mut warnings)?;
        let (tracks, pieces): (Vec<_>, Vec<_>) = tracks.into_iter().unzip();
        check_digit(self.catalogue, &mut warnings);
        let session = Session::new(tracks, &self.limits)?.numbered_from(self.first_track)?;
        let session = with_catalogue(session, self.catalogue);
        let text = self.packs(&tags, session.last_track(), &mut warnings)?;
        let sectors = u32::try_from(session.lead_out().0).unwrap_or(0);
        let subcode = self.subcode.as_ref().map(|subcode| subcode.open(sectors));
        let subcode = subcode.transpose()?;
        Ok(CdImage::new(session, pieces, text, warnings).with_subcode(subcode))
    }

    /// The tags of a sound file.
    fn of_tags<'a>(&self, sound: &'a Sound) -> Option<&'a AudioTags> {
        let Sound::File(file) = sound else {
            return None;
        };
        (self.text_from == CdTextFrom::Auto).then(|| file.tags())
    }

    fn packs(
        &self,
        tags: &[(u8, AudioTags)],
        last: u8,
        warnings: &mut Vec<CdWarning>,
    ) -> Result<Vec<Pack>, CdError> {
        match &self.text_from {
            CdTextFrom::None => Ok(Vec::new()),
            CdTextFrom::File(path) => packs_of_file(path),
            CdTextFrom::Auto => {
                let tags: Vec<(u8, &AudioTags)> = tags.iter().map(|(n, tags)| (*n, tags)).collect();
                let numbers = (self.first_track, last);
                let block = self
                    .own_texts(numbers)
                    .or_else(|| block_of_tags(&tags, numbers));
                let blocks = block.into_iter().collect();
                Ok(packs_of(CdText { blocks }, warnings)?)
            }
        }
    }

    fn own_texts(&self, (first, last): (u8, u8)) -> Option<TextBlock> {
        let mut block = TextBlock::new(Language::ENGLISH, first, last);
        let of_tracks = self
            .tracks
            .iter()
            .zip(first..)
            .flat_map(|(track, number)| track.texts.iter().map(move |text| (number, text)));
        for (number, (kind, text)) in self.texts.iter().map(|text| (0, text)).chain(of_tracks) {
            block = block.with(*kind, number, text);
        }
        (!block.texts.is_empty()).then_some(block)
    }
}

pub(super) fn with_catalogue(session: Session, catalogue: Option<Mcn>) -> Session {
    match catalogue {
        Some(number) => session.with_catalogue(number),
        None => session,
    }
}

pub(super) fn check_digit(catalogue: Option<Mcn>, warnings: &mut Vec<CdWarning>) {
    if let Some(number) = catalogue.filter(|number| !number.has_check_digit()) {
        warnings.push(CdWarning::CheckDigit(number.to_string()));
    }
}

/// The sound files of a run that are not recorded bit for bit.
pub(super) fn tell_converted(run: &SampleRun, warnings: &mut Vec<CdWarning>) {
    for sound in run.sounds() {
        if let Sound::File(file) = sound {
            tell_file(file, warnings);
        }
    }
}

fn tell_file(file: &AudioFile, warnings: &mut Vec<CdWarning>) {
    if !file.is_exact() {
        warnings.push(CdWarning::Converted {
            path: file.path().to_owned(),
            rate: file.rate(),
            channels: file.channels(),
        });
    }
    let beyond = hundredths(20.0 * file.peak().log10());
    if beyond > 0 {
        warnings.push(CdWarning::Clipped {
            path: file.path().to_owned(),
            beyond,
        });
    }
}

/// Tracks that are being laid one behind the other.
#[derive(Debug, Default)]
struct Laid {
    first_track: u8,
    tracks: Vec<LaidTrack>,
    runs: Vec<SampleRun>,
}

#[derive(Debug)]
struct LaidTrack {
    track: Track,
    gap: Gap,
    parts: Vec<Part>,
    /// To be filled up to the shortest.
    pad: bool,
}

#[derive(Debug)]
enum Part {
    /// The sound of a run from this frame to where the next part of the run begins.
    Sound {
        run: usize,
        first: u32,
        is_lead: bool,
    },
    Sectors(Sectors, u32),
}

impl Laid {
    fn data(&mut self, path: &Path, kind: CueTrackKind, gap: Gap) -> Result<(), CdError> {
        let file = ImageFile::plain(path)?;
        let (bytes, each) = (file.bytes(), kind.sector_bytes());
        let path = file.path.clone();
        if bytes == 0 {
            return Err(CdFault::Empty { path }.into());
        }
        if !bytes.is_multiple_of(each as u64) {
            return Err(CdFault::Length { path, bytes, each }.into());
        }
        let frames = bounded(&path, bytes / each as u64)?;
        let sectors = Sectors {
            file: Arc::new(file),
            first_byte: 0,
            kind,
        };
        self.tracks.push(LaidTrack {
            track: Track::data(kind.form(), 0),
            gap,
            parts: vec![Part::Sectors(sectors, frames)],
            pad: false,
        });
        Ok(())
    }

    fn sound(
        &mut self,
        hidden: Option<&Path>,
        sound: Sound,
        gap: Gap,
        pad: bool,
    ) -> Result<(), CdError> {
        let hidden = hidden.map(Sound::file).transpose()?;
        let goes_on = match self.tracks.last() {
            Some(last) => {
                !last.pad
                    && !matches!(gap, Gap::Silence(1..))
                    && matches!(last.parts.last(), Some(Part::Sound { .. }))
            }
            None => false,
        };
        if !goes_on {
            self.runs.push(SampleRun::default());
        }
        let is_short = sound.samples() < u64::from(SHORTEST) * FRAME_SAMPLES;
        let run = self.runs.len().saturating_sub(1);
        let mut parts = Vec::new();
        if let Some(current) = self.runs.last_mut() {
            let mut push = |sound, is_lead| {
                let first = current.push(sound);
                parts.push(Part::Sound {
                    run,
                    first,
                    is_lead,
                });
            };
            if let Some(hidden) = hidden {
                push(hidden, true);
            }
            push(sound, false);
        }
        self.tracks.push(LaidTrack {
            track: Track::audio(0),
            gap,
            parts,
            pad: pad && is_short,
        });
        Ok(())
    }

    /// The tracks and their pieces, now that it is known where each sound ends.
    fn finish(self, warnings: &mut Vec<CdWarning>) -> Result<Vec<(Track, Vec<Piece>)>, CdError> {
        let Self {
            first_track,
            tracks,
            runs,
        } = self;
        let number_of =
            |at: usize| u8::try_from(at).map_or(u8::MAX, |at| first_track.saturating_add(at));
        let runs: Vec<Arc<SampleRun>> = runs.into_iter().map(SampleRun::finish).collect();
        for run in &runs {
            tell_converted(run, warnings);
        }
        // From the last one on, each sound ends where the next one of its run begins.
        let mut behind: Option<(usize, u32)> = None;
        let mut shared: Option<u32> = None;
        let mut done = Vec::with_capacity(tracks.len());
        for (at, laid) in tracks.into_iter().enumerate().rev() {
            let LaidTrack {
                mut track,
                gap,
                parts,
                pad,
            } = laid;
            let mut pieces = Vec::new();
            for part in parts.into_iter().rev() {
                match part {
                    Part::Sectors(sectors, frames) => {
                        track.frames = frames;
                        behind = None;
                        pieces.push(Piece {
                            from: From::Sectors { sectors, first: 0 },
                            frames,
                        });
                    }
                    Part::Sound {
                        run,
                        first,
                        is_lead,
                    } => {
                        let Some(of) = runs.get(run) else { continue };
                        let end = match behind {
                            Some((next, begins)) if next == run => begins,
                            _ => of.frames(),
                        };
                        behind = Some((run, first));
                        let mut frames = end.saturating_sub(first);
                        match is_lead {
                            true => track.lead = frames,
                            false => track.frames = frames,
                        }
                        if let Some(taken) = shared.take() {
                            track.frames = track.frames.saturating_sub(taken);
                            frames = frames.saturating_sub(taken);
                        }
                        pieces.push(Piece {
                            from: From::Samples {
                                run: Arc::clone(of),
                                first,
                            },
                            frames,
                        });
                    }
                }
            }
            pieces.reverse();
            if let Some(taken) = shared.take() {
                // Nobody of sound took it.
                let track = number_of(at + 1);
                return Err(CdFault::Shared {
                    track,
                    frames: taken,
                }
                .into());
            }
            match gap {
                Gap::Silence(frames) if at > 0 => track.pause = frames,
                Gap::Shared(frames) if at > 0 && frames > 0 => {
                    shared = Some(frames);
                    let Some(Piece {
                        from: From::Samples { first, .. },
                        frames: all,
                    }) = pieces.first_mut()
                    else {
                        let track = number_of(at);
                        return Err(CdFault::Shared { track, frames }.into());
                    };
                    *first = first.saturating_sub(frames);
                    *all = all.saturating_add(frames);
                    track.lead = track.lead.saturating_add(frames);
                }
                _ => {}
            }
            let missing = SHORTEST.saturating_sub(track.frames);
            if pad && missing > 0 {
                track.frames = SHORTEST;
                pieces.push(Piece {
                    from: From::Nothing,
                    frames: missing,
                });
                warnings.push(CdWarning::Padded {
                    track: number_of(at),
                    frames: missing,
                });
            }
            done.push((track, pieces));
        }
        done.reverse();
        Ok(done)
    }
}

//! A CD out of a cue sheet: its files, opened and measured, and what the sheet makes of them.
//!
//! Owns which files go on from one to the next, and where a track lies in a file of sectors of several lengths. The sheet's
//! text is `pitland-redbook`'s.

use super::build::{SHORTEST, tell_converted};
use super::error::{CdError, CdFault, CdWarning};
use super::image::CdImage;
use super::program::{From, Piece};
use super::samples::{SampleRun, Sound, bounded, part};
use super::sectors::Sectors;
use super::sheet::{CueOptions, Described, beside, text_of};
use crate::pipeline::image_file::ImageFile;
use pitland_redbook::SECTOR_BYTES;
use pitland_redbook::audio::AudioFile;
use pitland_redbook::cue::{
    CueFile, CueFileKind, CuePart, CueSession, CueSheet, CueTrack, CueTrackKind,
};
use std::path::Path;
use std::sync::Arc;

impl CdImage {
    /// Reads a cue sheet, and opens and measures the files that it names, beside it. Sound files are decoded once from end to
    /// end, so that what is damaged is found now.
    ///
    /// # Errors
    /// [`CdError`], with the line of the sheet: words that make no sense, missing or damaged files, times behind the end of a
    /// file, what the Red Book does not allow.
    pub fn from_cue(path: &Path, options: &CueOptions) -> Result<Self, CdError> {
        let text = text_of(path)?;
        let of_sheet = |error: pitland_redbook::cue::CueError| {
            CdError::from(error.fault).at(path, Some(error.line))
        };
        let mut sheet = CueSheet::parse(&text).map_err(of_sheet)?;
        let mut warnings = Vec::new();
        let files = Files::open(&sheet, path)?;
        if options.pad {
            let whole = sheet.session(&files.frames(&sheet).1).map_err(of_sheet)?;
            pad(&mut sheet, &whole, &mut warnings);
        }
        let (runs, frames) = files.frames(&sheet);
        let session = sheet.session(&frames).map_err(of_sheet)?;
        let runs = runs.into_runs(&mut warnings);
        let mut tracks = Vec::new();
        for (parts, track) in session.tracks.iter().zip(&sheet.tracks) {
            let mut pieces = Vec::with_capacity(parts.parts.len());
            for part in &parts.parts {
                let from = match part.file {
                    Some(file) => files.from(&sheet, track, (file, part), &runs),
                    None => Some(From::Nothing),
                };
                pieces.extend(from.map(|from| Piece {
                    from,
                    frames: part.frames,
                }));
            }
            tracks.push((parts.track.clone(), pieces, Some(track.line)));
        }
        if sheet.later_files.is_some() {
            let path = path.to_owned();
            warnings.push(CdWarning::LaterSessionsLeftOut { path });
        }
        let described = Described {
            path,
            options,
            first_track: sheet.tracks.first().map_or(1, |first| first.number),
            tracks,
            tags: files.tags(&sheet),
            catalogue: sheet.catalogue,
            text_file: sheet.cd_text_file.as_ref(),
            text: &session.text,
        };
        described.image(warnings)
    }
}

/// Gives short tracks of sound silence behind them.
fn pad(sheet: &mut CueSheet, whole: &CueSession, warnings: &mut Vec<CdWarning>) {
    for (track, parts) in sheet.tracks.iter_mut().zip(&whole.tracks) {
        // A joint may lie a frame earlier than the end of a file, but not where silence follows.
        let missing = SHORTEST.saturating_sub(parts.track.frames);
        if missing > 0 && track.kind == CueTrackKind::Audio {
            track.postgap = track.postgap.saturating_add(missing);
            warnings.push(CdWarning::Padded {
                track: track.number,
                frames: missing,
            });
        }
    }
}

/// The files of a sheet, in its order.
struct Files(Vec<Opened>);

enum Opened {
    /// No track has a part of it.
    Unused,
    Sound(Sound),
    Sectors {
        file: Arc<ImageFile>,
        /// In the order of Motorola.
        swapped: bool,
        segments: Vec<Segment>,
        frames: u32,
    },
}

/// Where sectors of one length lie in a file.
#[derive(Debug, Clone, Copy)]
struct Segment {
    track: u8,
    first_frame: u32,
    first_byte: u64,
}

/// Where sound of one file lies in a run.
struct Runs {
    runs: Vec<SampleRun>,
    /// Of each file: its run, and the frame of the run that its first frame is.
    places: Vec<Option<(usize, u32)>>,
}

impl Runs {
    /// Of each file its run, and where it lies there; and what of them is converted.
    fn into_runs(self, warnings: &mut Vec<CdWarning>) -> Vec<Option<(Arc<SampleRun>, u32)>> {
        let runs: Vec<Arc<SampleRun>> = self.runs.into_iter().map(SampleRun::finish).collect();
        for run in &runs {
            tell_converted(run, warnings);
        }
        let place = |(run, first): (usize, u32)| Some((Arc::clone(runs.get(run)?), first));
        self.places
            .into_iter()
            .map(|at| at.and_then(place))
            .collect()
    }
}

/// Tracks with a part of a file, and the frame of the file where each begins.
fn tracks_in(sheet: &CueSheet, file: usize) -> Vec<(&CueTrack, u32)> {
    let begins = |track| {
        let track: &CueTrack = track;
        let first = track.indexes.iter().find(|index| index.file == file)?;
        Some((track, first.frame))
    };
    sheet.tracks.iter().filter_map(begins).collect()
}

impl Files {
    fn open(sheet: &CueSheet, path: &Path) -> Result<Self, CdError> {
        let opened = sheet.files.iter().enumerate().map(|(number, file)| {
            let tracks = tracks_in(sheet, number);
            let opened = open(file, &beside(path, &file.name), &tracks);
            opened.map_err(|error| error.at(path, Some(file.line)))
        });
        opened.collect::<Result<_, _>>().map(Self)
    }

    /// What goes on from one file to the next, and the frames of each file then.
    fn frames(&self, sheet: &CueSheet) -> (Runs, Vec<u32>) {
        let mut runs: Vec<SampleRun> = Vec::new();
        let mut places = Vec::with_capacity(self.0.len());
        let mut frames = vec![0; self.0.len()];
        // The file whose sound may go on, and where it begins in its run.
        let mut before: Option<(usize, u32)> = None;
        for (number, opened) in self.0.iter().enumerate() {
            let mut place = None;
            match opened {
                Opened::Unused => {}
                Opened::Sectors { frames: all, .. } => {
                    before = None;
                    if let Some(frames) = frames.get_mut(number) {
                        *frames = *all;
                    }
                }
                Opened::Sound(sound) => {
                    let goes_on = before.filter(|(file, _)| !silence_between(sheet, *file, number));
                    if goes_on.is_none() {
                        runs.push(SampleRun::default());
                    }
                    let run = runs.len().saturating_sub(1);
                    if let Some(current) = runs.last_mut() {
                        let first = current.push(sound.clone());
                        if let Some((file, begins)) = goes_on
                            && let Some(frames) = frames.get_mut(file)
                        {
                            *frames = first.saturating_sub(begins);
                        }
                        if let Some(frames) = frames.get_mut(number) {
                            *frames = current.frames().saturating_sub(first);
                        }
                        before = Some((number, first));
                        place = Some((run, first));
                    }
                }
            }
            places.push(place);
        }
        (Runs { runs, places }, frames)
    }

    /// Sound files that hold one track, and that one whole.
    fn tags(&self, sheet: &CueSheet) -> Vec<(u8, &AudioFile)> {
        let mut tags = Vec::new();
        for (number, opened) in self.0.iter().enumerate() {
            let tracks = tracks_in(sheet, number);
            if let (Opened::Sound(Sound::File(file)), [(track, _)]) = (opened, tracks.as_slice())
                && track.indexes.iter().all(|index| index.file == number)
            {
                tags.push((track.number, file.as_ref()));
            }
        }
        tags
    }

    /// Where a part of a track lies.
    fn from(
        &self,
        sheet: &CueSheet,
        track: &CueTrack,
        (number, of): (usize, &CuePart),
        runs: &[Option<(Arc<SampleRun>, u32)>],
    ) -> Option<From> {
        match self.0.get(number)? {
            Opened::Unused => None,
            Opened::Sound(_) => {
                let (run, first) = runs.get(number)?.as_ref()?;
                Some(From::Samples {
                    run: Arc::clone(run),
                    first: first.saturating_add(of.first),
                })
            }
            Opened::Sectors {
                file,
                swapped,
                segments,
                ..
            } => {
                let segment = segments
                    .iter()
                    .find(|segment| segment.track == track.number)?;
                let kind = sheet
                    .tracks
                    .iter()
                    .find(|other| other.number == track.number)?
                    .kind;
                let skipped = u64::from(of.first.saturating_sub(segment.first_frame));
                let first_byte = segment.first_byte + skipped * kind.sector_bytes() as u64;
                Some(match kind {
                    CueTrackKind::Audio => From::Samples {
                        run: part(file, first_byte, of.frames, *swapped),
                        first: 0,
                    },
                    _ => From::Sectors {
                        sectors: Sectors {
                            file: Arc::clone(file),
                            first_byte,
                            kind,
                        },
                        first: 0,
                    },
                })
            }
        }
    }
}

/// Whether a sheet puts silence between the end of a file and the beginning of a later one.
fn silence_between(sheet: &CueSheet, before: usize, after: usize) -> bool {
    let (ending, beginning) = (tracks_in(sheet, before), tracks_in(sheet, after));
    match (ending.last(), beginning.first()) {
        (Some((ending, _)), Some((beginning, _))) => {
            ending.number != beginning.number && (ending.postgap > 0 || beginning.pregap > 0)
        }
        _ => true,
    }
}

fn open(file: &CueFile, path: &Path, tracks: &[(&CueTrack, u32)]) -> Result<Opened, CdError> {
    let data = tracks
        .iter()
        .find(|(track, _)| track.kind != CueTrackKind::Audio);
    match (tracks.is_empty(), data, file.kind) {
        (true, ..) => Ok(Opened::Unused),
        (_, Some((track, _)), CueFileKind::Sound) => {
            let (path, track) = (path.to_owned(), track.number);
            Err(CdFault::DataInSound { path, track }.into())
        }
        (_, None, CueFileKind::Sound) => Sound::file(path).map(Opened::Sound),
        (_, None, kind) => Sound::pcm(path, None, kind == CueFileKind::Motorola).map(Opened::Sound),
        (_, Some(_), kind) => sectors(path, kind == CueFileKind::Motorola, tracks),
    }
}

/// A file of sectors, of one length or of several: each track's are those that its kind says.
fn sectors(path: &Path, swapped: bool, tracks: &[(&CueTrack, u32)]) -> Result<Opened, CdError> {
    let file = ImageFile::plain(path)?;
    let length = file.bytes();
    let mut segments = Vec::with_capacity(tracks.len());
    let (mut byte, mut frame, mut each) = (0u64, 0u32, SECTOR_BYTES);
    for (at, (track, begins)) in tracks.iter().enumerate() {
        // What a file has before its first index belongs to the first track.
        let begins = if at == 0 { 0 } else { *begins };
        byte += u64::from(begins.saturating_sub(frame)) * each as u64;
        frame = begins;
        each = track.kind.sector_bytes();
        segments.push(Segment {
            track: track.number,
            first_frame: begins,
            first_byte: byte,
        });
    }
    let rest = length.saturating_sub(byte);
    if rest == 0 || !rest.is_multiple_of(each as u64) {
        let fault = CdFault::Length {
            path: path.to_owned(),
            bytes: rest,
            each,
        };
        return Err(fault.into());
    }
    let frames = bounded(path, u64::from(frame) + rest / each as u64)?;
    Ok(Opened::Sectors {
        file: Arc::new(file),
        swapped,
        segments,
        frames,
    })
}

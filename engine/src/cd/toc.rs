//! A CD out of a table-of-contents file of cdrdao: its files, opened and measured. Each is filled up with silence to a whole
//! frame, as cdrdao has it: sound does not go on from one to the next.
//!
//! Owns how each file is read. The file's text is `pitland-redbook`'s.

use super::build::tell_converted;
use super::error::{CdError, CdFault};
use super::image::CdImage;
use super::program::{From, Piece};
use super::samples::{SampleRun, Sound, bounded, part};
use super::sectors::Sectors;
use super::sheet::{CueOptions, Described, beside, pad, text_of};
use crate::pipeline::image_file::ImageFile;
use pitland_redbook::audio::AudioFile;
use pitland_redbook::cue::{CueFileKind, CuePart, CueTrackKind};
use pitland_redbook::toc::{TocFile, TocStart, TocTrack};
use std::path::Path;
use std::sync::Arc;

/// A file of a table of contents.
enum Opened {
    /// A sound file, and the run that it is.
    Sound(Arc<AudioFile>, Arc<SampleRun>),
    /// Sectors or samples as they are.
    Plain(Arc<ImageFile>),
}

impl CdImage {
    /// Reads a table-of-contents file of cdrdao, and opens and measures the files that it names, beside it. Sound files are
    /// decoded once from end to end, so that what is damaged is found now.
    ///
    /// # Errors
    /// [`CdError`], with the line of the file, as [`CdImage::from_cue`].
    pub fn from_toc(path: &Path, options: &CueOptions) -> Result<Self, CdError> {
        let text = text_of(path)?;
        let of_file = |error: pitland_redbook::toc::TocError| {
            CdError::from(error.fault).at(path, Some(error.line))
        };
        let toc = TocFile::parse(&text).map_err(of_file)?;
        let mut warnings = Vec::new();
        let mut files = Vec::with_capacity(toc.files.len());
        for file in &toc.files {
            let opened = open(file.kind, &beside(path, &file.name));
            files.push(opened.map_err(|error| error.at(path, Some(file.line)))?);
        }
        for opened in &files {
            if let Opened::Sound(_, run) = opened {
                tell_converted(run, &mut warnings);
            }
        }
        let frames = |file: usize, kind: CueTrackKind| match files.get(file) {
            Some(Opened::Sound(_, run)) => run.frames(),
            Some(Opened::Plain(file)) => sectors_of(file, kind),
            None => 0,
        };
        let mut session = toc.session_of(frames).map_err(of_file)?;
        if options.pad {
            pad(&mut session.tracks, &mut warnings);
        }
        let mut tracks = Vec::with_capacity(session.tracks.len());
        for (parts, track) in session.tracks.iter().zip(&toc.tracks) {
            let pieces = parts.parts.iter().map(|part| Piece {
                from: from(&toc, &files, track, part),
                frames: part.frames,
            });
            tracks.push((parts.track.clone(), pieces.collect(), Some(track.line)));
        }
        let described = Described {
            path,
            options,
            first_track: 1,
            tracks,
            tags: tags(&toc, &files),
            catalogue: toc.catalogue,
            text_file: None,
            text: &session.text,
        };
        described.image(warnings)
    }
}

fn open(kind: CueFileKind, path: &Path) -> Result<Opened, CdError> {
    if kind == CueFileKind::Sound {
        let Sound::File(file) = Sound::file(path)? else {
            let path = path.to_owned();
            return Err(CdFault::Empty { path }.into());
        };
        let mut run = SampleRun::default();
        run.push(Sound::File(Arc::clone(&file)));
        return Ok(Opened::Sound(file, run.finish()));
    }
    let file = ImageFile::plain(path)?;
    if file.bytes() == 0 {
        let path = path.to_owned();
        return Err(CdFault::Empty { path }.into());
    }
    // The shortest sectors are the most.
    bounded(path, file.bytes() / 2352)?;
    Ok(Opened::Plain(Arc::new(file)))
}

/// Whole sectors of this kind in a file.
fn sectors_of(file: &ImageFile, kind: CueTrackKind) -> u32 {
    let sectors = file.bytes() / kind.sector_bytes() as u64;
    u32::try_from(sectors).unwrap_or(u32::MAX)
}

/// Where a part of a track lies.
fn from(toc: &TocFile, files: &[Opened], track: &TocTrack, of: &CuePart) -> From {
    let opened = of.file.and_then(|at| files.get(at).zip(toc.files.get(at)));
    match opened {
        None => From::Nothing,
        Some((Opened::Sound(_, run), _)) => From::Samples {
            run: Arc::clone(run),
            first: of.first,
        },
        Some((Opened::Plain(file), named)) => {
            let first_byte = u64::from(of.first) * track.kind.sector_bytes() as u64;
            match track.kind {
                CueTrackKind::Audio => From::Samples {
                    run: part(
                        file,
                        first_byte,
                        of.frames,
                        named.kind == CueFileKind::Motorola,
                    ),
                    first: 0,
                },
                kind => From::Sectors {
                    sectors: Sectors {
                        file: Arc::clone(file),
                        first_byte,
                        kind,
                    },
                    first: 0,
                },
            }
        }
    }
}

/// Sound files that hold one track, and that one whole.
fn tags<'a>(toc: &TocFile, files: &'a [Opened]) -> Vec<(u8, &'a AudioFile)> {
    let uses = |file: usize| {
        let pieces = toc.tracks.iter().flat_map(|track| &track.pieces);
        pieces.filter(|piece| piece.file == Some(file)).count()
    };
    let mut tags = Vec::new();
    for (track, number) in toc.tracks.iter().zip(1u8..) {
        if let [piece] = track.pieces.as_slice()
            && track.start == TocStart::First
            && piece.first == 0
            && let Some(file) = piece.file
            && uses(file) == 1
            && let Some(Opened::Sound(sound, _)) = files.get(file)
        {
            tags.push((number, sound.as_ref()));
        }
    }
    tags
}

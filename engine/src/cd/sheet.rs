//! A CD out of a file that describes it, whatever kind of file: a cue sheet, a table of contents of cdrdao, a control file
//! of CloneCD.
//!
//! Owns what these have in common: how they are read, where their files are, and what becomes of what they say.

use super::build::{SHORTEST, check_digit, with_catalogue};
use super::error::{CdError, CdWarning};
use super::image::CdImage;
use super::program::Piece;
use super::text::{CdTextFrom, block_of_tags, isrc_of, packs_of, packs_of_file};
use pitland_redbook::audio::{AudioFile, AudioTags};
use pitland_redbook::cue::{CuePart, CueTrackParts};
use pitland_redbook::disc::{LayoutError, Limits, Session, Track};
use pitland_redbook::sector::SectorForm;
use pitland_redbook::subchannel::Mcn;
use pitland_redbook::text::{CdText, Pack};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// How a cue sheet, or another file that describes a disc, becomes a CD.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CueOptions {
    /// Where its texts come from.
    pub text_from: CdTextFrom,
    /// Tracks shorter than four seconds are filled up with silence; else they are refused.
    pub pad: bool,
    /// R to W of a `.sub` file are taken as they stand there, for [`SubchannelForm::Raw96`](super::SubchannelForm::Raw96):
    /// the image then has no other form. Else they are left out, which is told.
    pub subcode: bool,
    /// What the disc has room for.
    pub limits: Limits,
}

impl Default for CueOptions {
    fn default() -> Self {
        Self {
            text_from: CdTextFrom::Auto,
            pad: false,
            subcode: false,
            limits: Limits::ADDRESSES,
        }
    }
}

/// Longer files are no sheets.
const MOST_BYTES: u64 = 1 << 20;

impl CdImage {
    /// Reads a file that describes a disc, by what its name ends in: `.toc` is a table of contents of cdrdao, `.ccd` a control
    /// file of CloneCD, anything else a cue sheet. The files that it names are beside it.
    ///
    /// # Errors
    /// [`CdError`], as [`CdImage::from_cue`], [`CdImage::from_toc`] and [`CdImage::from_ccd`].
    pub fn from_sheet(path: &Path, options: &CueOptions) -> Result<Self, CdError> {
        let is = |ending| {
            path.extension()
                .is_some_and(|extension| extension.eq_ignore_ascii_case(ending))
        };
        match () {
            () if is("toc") => Self::from_toc(path, options),
            () if is("ccd") => Self::from_ccd(path, options),
            () => Self::from_cue(path, options),
        }
    }
}

/// The bytes of a sheet, or of the beginning of a file that is none.
pub(super) fn text_of(path: &Path) -> Result<Vec<u8>, CdError> {
    let mut text = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MOST_BYTES + 1).read_to_end(&mut text))
        .map_err(|error| CdError::io(path, error))?;
    Ok(text)
}

/// The file that a sheet means: names of sheets are relative to them, and may come from a system with other slashes.
pub(super) fn beside(sheet: &Path, name: &str) -> PathBuf {
    let folder = sheet.parent().unwrap_or(Path::new(""));
    let plain = folder.join(name);
    if !name.contains('\\') || plain.exists() {
        return plain;
    }
    let other = folder.join(name.replace('\\', "/"));
    if other.exists() {
        return other;
    }
    let last = name.rsplit('\\').next().unwrap_or(name);
    folder.join(last)
}

/// What a sheet says, its files opened.
pub(super) struct Described<'a> {
    pub(super) path: &'a Path,
    pub(super) options: &'a CueOptions,
    /// The number of the first track.
    pub(super) first_track: u8,
    /// The tracks, what each is made of, and the line that each begins in, where lines count.
    pub(super) tracks: Vec<(Track, Vec<Piece>, Option<u32>)>,
    /// Sound files that hold one track, and that one whole.
    pub(super) tags: Vec<(u8, &'a AudioFile)>,
    pub(super) catalogue: Option<Mcn>,
    /// The file of packs that it names, and the line.
    pub(super) text_file: Option<&'a (String, u32)>,
    pub(super) text: &'a CdText,
}

impl Described<'_> {
    pub(super) fn image(self, mut warnings: Vec<CdWarning>) -> Result<CdImage, CdError> {
        let text = self.packs(&mut warnings)?;
        check_digit(self.catalogue, &mut warnings);
        let (mut tracks, mut pieces, mut lines) = (Vec::new(), Vec::new(), Vec::new());
        for ((mut track, of, line), number) in self.tracks.into_iter().zip(self.first_track..) {
            if track.isrc.is_none() && self.options.text_from == CdTextFrom::Auto {
                let file = self.tags.iter().find(|(of, _)| *of == number);
                track.isrc =
                    file.and_then(|(_, file)| isrc_of(file.path(), file.tags(), &mut warnings));
            }
            tracks.push(track);
            pieces.push(of);
            lines.push(line);
        }
        let session = Session::new(tracks, &self.options.limits).map_err(|error| {
            let number = track_of(&error).and_then(|track| usize::from(track).checked_sub(1));
            let line = number.and_then(|at| lines.get(at).copied().flatten());
            CdError::from(error).at(self.path, line)
        })?;
        let session = session
            .numbered_from(self.first_track)
            .map_err(|error| CdError::from(error).at(self.path, None))?;
        let session = with_catalogue(session, self.catalogue);
        Ok(CdImage::new(session, pieces, text, warnings))
    }

    fn packs(&self, warnings: &mut Vec<CdWarning>) -> Result<Vec<Pack>, CdError> {
        match (&self.options.text_from, self.text_file) {
            (CdTextFrom::None, _) => Ok(Vec::new()),
            (CdTextFrom::File(file), _) => packs_of_file(file),
            (CdTextFrom::Auto, Some((name, line))) => packs_of_file(&beside(self.path, name))
                .map_err(|error| error.at(self.path, Some(*line))),
            (CdTextFrom::Auto, None) => {
                let tracks = self.tracks.len().min(99) as u8;
                let last = self.first_track.saturating_add(tracks.saturating_sub(1));
                let tags: Vec<(u8, &AudioTags)> = self
                    .tags
                    .iter()
                    .map(|(n, file)| (*n, file.tags()))
                    .collect();
                let text = match self.text.blocks.is_empty() {
                    true => CdText {
                        blocks: block_of_tags(&tags, (self.first_track, last))
                            .into_iter()
                            .collect(),
                    },
                    false => self.text.clone(),
                };
                packs_of(text, warnings).map_err(|error| CdError::from(error).at(self.path, None))
            }
        }
    }
}

/// The track that an error names.
fn track_of(error: &LayoutError) -> Option<u8> {
    match error {
        LayoutError::TooShort { track, .. }
        | LayoutError::Index { track, .. }
        | LayoutError::TooManyIndexes { track, .. }
        | LayoutError::Turn { track, .. }
        | LayoutError::AudioOnly { track }
        | LayoutError::NumberedData { track } => Some(*track),
        _ => None,
    }
}

/// Gives short tracks of sound silence behind them, where no sound goes on from one to the next.
pub(super) fn pad(tracks: &mut [CueTrackParts], warnings: &mut Vec<CdWarning>) {
    for (parts, track) in tracks.iter_mut().zip(1u8..) {
        let missing = SHORTEST.saturating_sub(parts.track.frames);
        if missing == 0 || parts.track.form != SectorForm::Audio {
            continue;
        }
        parts.track.frames = SHORTEST;
        parts.parts.push(CuePart {
            file: None,
            first: 0,
            frames: missing,
        });
        warnings.push(CdWarning::Padded {
            track,
            frames: missing,
        });
    }
}

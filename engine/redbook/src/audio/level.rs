//! How loud an album is, and how much louder or quieter its samples shall become.
//!
//! Owns the one factor for all of an album's samples, so that its tracks keep their levels beside one another. Loudness is
//! that of EBU R 128, and its measure is borrowed.

use std::fmt;
use std::path::Path;

use ebur128::{EbuR128, Mode};

use super::{AudioError, AudioFault, AudioFile, SAMPLE_RATE, Sample};

/// A factor for the samples of an album.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gain(f32);

impl Gain {
    /// The samples as they are.
    pub const NONE: Self = Self(1.0);

    /// Makes the greatest sample of all files as great as `ceiling` decibels below full scale say; `ceiling` is 0 or
    /// negative. Silence stays as it is.
    #[must_use]
    pub fn to_peak<'a>(files: impl IntoIterator<Item = &'a AudioFile>, ceiling: f64) -> Self {
        match peak(files) {
            0 => Self::NONE,
            peak => Self((FULL_SCALE * factor(ceiling.min(0.0)) / f64::from(peak)) as f32),
        }
    }

    /// Makes an album of loudness `album`, in LUFS, as loud as `target` says, but its greatest sample no greater than
    /// `ceiling` decibels below full scale say.
    #[must_use]
    pub fn to_loudness<'a>(
        files: impl IntoIterator<Item = &'a AudioFile>,
        album: f64,
        target: f64,
        ceiling: f64,
    ) -> Self {
        let Self(most) = Self::to_peak(files, ceiling);
        Self((factor(target - album) as f32).min(most))
    }

    /// What it makes of samples, in decibels; negative makes quieter.
    #[must_use]
    pub fn decibels(self) -> f64 {
        20.0 * f64::from(self.0).log10()
    }

    /// Whether samples stay as they are, bit for bit.
    #[must_use]
    pub fn is_none(self) -> bool {
        self == Self::NONE
    }

    pub(super) fn applied(self, sample: [f32; 2]) -> [f32; 2] {
        sample.map(|value| value * self.0)
    }
}

/// A sample as decoders of other kinds give it.
pub(super) fn unscaled(sample: Sample) -> [f32; 2] {
    sample.map(|value| f32::from(value) / FULL_SCALE as f32)
}

const FULL_SCALE: f64 = 32_768.0;

fn factor(decibels: f64) -> f64 {
    10f64.powf(decibels / 20.0)
}

fn peak<'a>(files: impl IntoIterator<Item = &'a AudioFile>) -> u16 {
    let peaks = files.into_iter().map(AudioFile::peak);
    peaks.max().unwrap_or(0)
}

/// What was heard of a file, from which its loudness and that of an album follow. A few kilobytes, however long it is.
pub struct Loudness(EbuR128);

impl fmt::Debug for Loudness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Loudness").field(&self.lufs()).finish()
    }
}

impl Loudness {
    /// Decodes a file once more and listens.
    ///
    /// # Errors
    /// As [`AudioFile::measure`].
    pub fn measure(file: &AudioFile) -> Result<Self, AudioError> {
        let failed = |what: ebur128::Error| listening(file.path(), &what);
        let mode = Mode::I | Mode::HISTOGRAM;
        let mut meter = EbuR128::new(2, SAMPLE_RATE, mode).map_err(failed)?;
        let mut stream = file.stream()?;
        let mut piece: Vec<Sample> = vec![[0; 2]; 1 << 14];
        loop {
            let read = stream.read(&mut piece)?;
            if read == 0 {
                return Ok(Self(meter));
            }
            let heard = piece.get(..read).unwrap_or_default().as_flattened();
            meter.add_frames_i16(heard).map_err(failed)?;
        }
    }

    /// Of the file, in LUFS; `None`: there is nothing to be heard.
    #[must_use]
    pub fn lufs(&self) -> Option<f64> {
        audible(self.0.loudness_global())
    }

    /// Of an album of such files, in LUFS; `None`: there is nothing to be heard.
    #[must_use]
    pub fn of_album<'a>(files: impl IntoIterator<Item = &'a Self>) -> Option<f64> {
        let meters = files.into_iter().map(|file| &file.0);
        audible(EbuR128::loudness_global_multiple(meters))
    }
}

fn audible(lufs: Result<f64, ebur128::Error>) -> Option<f64> {
    lufs.ok().filter(|lufs| lufs.is_finite())
}

fn listening(path: &Path, what: &ebur128::Error) -> AudioError {
    AudioError::new(path, AudioFault::NoSound(what.to_string()))
}

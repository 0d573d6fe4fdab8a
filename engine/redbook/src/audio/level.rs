//! How loud an album is, and how much louder or quieter its samples shall become.
//!
//! Owns the one factor for all of an album's samples, so that its tracks keep their levels beside one another. Loudness is
//! that of EBU R 128, and its measure is borrowed.

use std::fmt;
use std::path::Path;

use ebur128::{EbuR128, Mode};

use super::{AudioError, AudioFault, AudioFile, SAMPLE_RATE, Unrounded};

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
        match greatest(files.into_iter().map(AudioFile::peak)) {
            peak if peak > 0.0 => Self((factor(ceiling.min(0.0)) / peak) as f32),
            _ => Self::NONE,
        }
    }

    /// Makes an album of loudness `album`, in LUFS, as loud as `target` says, but so that its true peak lies no higher than
    /// `ceiling` decibels below full scale say.
    #[must_use]
    pub fn to_loudness<'a>(
        heard: impl IntoIterator<Item = &'a Loudness>,
        album: f64,
        target: f64,
        ceiling: f64,
    ) -> Self {
        let wanted = factor(target - album);
        let gain = match greatest(heard.into_iter().map(Loudness::true_peak)) {
            peak if peak > 0.0 => wanted.min(factor(ceiling.min(0.0)) / peak),
            _ => wanted,
        };
        Self(gain as f32)
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

fn factor(decibels: f64) -> f64 {
    10f64.powf(decibels / 20.0)
}

fn greatest(peaks: impl Iterator<Item = f64>) -> f64 {
    peaks.fold(0.0, f64::max)
}

/// Samples of silence that push the last ones of a file through the filter of the true peak.
const FILTER: usize = 64;

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
        let mode = Mode::I | Mode::HISTOGRAM | Mode::TRUE_PEAK;
        let mut meter = EbuR128::new(2, SAMPLE_RATE, mode).map_err(failed)?;
        let mut source = Unrounded::open(file.path(), file.joint.clone())?;
        while let Some(piece) = source.next()? {
            let heard = piece.unscaled();
            meter.add_frames_f32(heard.as_flattened()).map_err(failed)?;
        }
        // A filter looks between samples, and the last ones are still in it.
        meter.add_frames_f32(&[0.0; 2 * FILTER]).map_err(failed)?;
        Ok(Self(meter))
    }

    /// The greatest value that the sound has, between samples too; full scale is 1. It is measured as ITU-R BS.1770 has it, at
    /// four times the samples, and can fall short of the truth by some tenths of a decibel in the highest notes.
    #[must_use]
    pub fn true_peak(&self) -> f64 {
        greatest((0..2).filter_map(|channel| self.0.true_peak(channel).ok()))
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

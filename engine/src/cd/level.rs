//! How loud the sound of a CD becomes: one gain for the whole album, so that its tracks keep their levels beside one another.
//!
//! Owns what belongs to an album: every sound file that its tracks are made of. Loudness and gain are `pitland-redbook`'s.

use super::error::{CdError, CdFault, CdWarning};
use super::image::CdImage;
use super::samples::Sound;
use pitland_redbook::audio::{AudioFile, Gain, Loudness};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How loud an album becomes. A ceiling is where its peak then lies at most, in decibels below full scale: 0 or negative.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Level {
    /// As its files are.
    AsIs,
    /// So that its greatest sample is at the ceiling. Between samples the sound may rise a little higher.
    Peak {
        /// In decibels.
        ceiling: f64,
    },
    /// As loud as the target says, by EBU R 128, or less where its true peak, between samples too, would go beyond the
    /// ceiling.
    Loudness {
        /// In LUFS.
        target: f64,
        /// In decibels.
        ceiling: f64,
    },
}

impl CdImage {
    /// The CD with its sound at another level. What is made louder or quieter is no more the samples of its files, and has
    /// dither; data stay as they are. For loudness each file is decoded once more, from end to end.
    ///
    /// # Errors
    /// [`CdFault::NotLevelled`] where there is sound in files of samples alone, which are recorded as they are; or a file that
    /// cannot be read.
    pub fn levelled(self, level: Level) -> Result<Self, CdError> {
        if level == Level::AsIs {
            return Ok(self);
        }
        let files = self.sound_files()?;
        let files = || files.iter().map(Arc::as_ref);
        let (gain, loudness, limited) = match level {
            Level::AsIs => (Gain::NONE, None, false),
            Level::Peak { ceiling } => (Gain::to_peak(files(), ceiling), None, false),
            Level::Loudness { target, ceiling } => {
                let heard = files()
                    .map(Loudness::measure)
                    .collect::<Result<Vec<_>, _>>()?;
                match Loudness::of_album(&heard) {
                    None => (Gain::NONE, None, false),
                    Some(album) => {
                        let gain = Gain::to_loudness(&heard, album, target, ceiling);
                        let limited = hundredths(gain.decibels()) < hundredths(target - album);
                        (gain, Some(hundredths(album)), limited)
                    }
                }
            }
        };
        let warning = CdWarning::Levelled {
            gain: hundredths(gain.decibels()),
            loudness,
            limited,
        };
        Ok(self.with_gain(gain).told_of_level(warning))
    }

    /// Each sound file once, in an order that does not change.
    fn sound_files(&self) -> Result<Vec<Arc<AudioFile>>, CdError> {
        let mut files = BTreeMap::new();
        for sound in self.sounds() {
            match sound {
                Sound::File(file) => files.insert(file.path().to_owned(), Arc::clone(file)),
                Sound::Pcm { file, .. } => {
                    let path = file.path.clone();
                    return Err(CdFault::NotLevelled { path }.into());
                }
            };
        }
        Ok(files.into_values().collect())
    }
}

/// In hundredths, which are told.
pub(super) fn hundredths(decibels: f64) -> i32 {
    // The conversion saturates.
    (decibels * 100.0).round() as i32
}

//! Why a sound file cannot be recorded.

use std::path::{Path, PathBuf};

/// What is wrong with a sound file. It is the caller's to mend; nothing was recorded.
#[derive(Debug, thiserror::Error)]
#[error("{}: {fault}", .path.display())]
pub struct AudioError {
    /// Which file.
    pub path: PathBuf,
    /// What is wrong.
    #[source]
    pub fault: AudioFault,
}

impl AudioError {
    pub(crate) fn new(path: &Path, fault: AudioFault) -> Self {
        Self {
            path: path.to_owned(),
            fault,
        }
    }
}

/// What is wrong with it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AudioFault {
    /// What the system says.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// No file of a kind that is known.
    #[error("this is no sound file of a known kind: {0}")]
    Unknown(String),
    /// A known kind of file without sound, or with sound of an unknown kind.
    #[error("there is no sound of a known kind in it: {0}")]
    NoSound(String),
    /// It cannot be decoded from a sample on.
    #[error("it is damaged from sample {sample} on: {what}")]
    Damaged {
        /// The first sample of its own rate that cannot be had.
        sample: u64,
        /// What the decoder says.
        what: String,
    },
    /// It ends before its own end.
    #[error("it is cut short: it has {there} samples of {stated}")]
    Short {
        /// Samples that are there, at its own rate.
        there: u64,
        /// Samples that it says it has.
        stated: u64,
    },
    /// Its decoder broke off in a way that no file should make it.
    #[error("its decoder cannot cope with it: make another file of it")]
    Decoder,
    /// More than two channels, which a CD has not.
    #[error("it has {0} channels; a CD has two")]
    Channels(usize),
    /// A rate that cannot be converted.
    #[error("it has {0} samples a second, which cannot be converted")]
    Rate(u32),
    /// It has no sample.
    #[error("it is empty")]
    Empty,
}

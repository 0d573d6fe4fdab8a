//! Files of sound that are made of a CD's samples, in the format that is asked for.
//!
//! Owns which format; what stands in the bytes of each is its own module's.

use super::flac::Flac;
use crate::args::cd::SoundFormatArg;
use crate::error::Complaint;
use crate::sink::Sink;
use pitland::cd::SECTOR_BYTES;
use std::path::Path;

/// Names and values of what is known of the sound, as tags have them.
pub(super) type Tags = Vec<(&'static str, String)>;

/// A file that sound is written into.
pub(super) enum SoundFile {
    Wave(Sink),
    Flac(Box<Flac>),
}

impl SoundFormatArg {
    /// The ending of such files' names.
    pub(super) fn ending(self) -> &'static str {
        match self {
            Self::Wav => "wav",
            Self::Flac => "flac",
        }
    }
}

impl SoundFile {
    /// A file for the samples of so many sectors.
    pub(super) fn create(
        format: SoundFormatArg,
        path: &Path,
        blocks: u32,
        tags: &Tags,
    ) -> Result<Self, Complaint> {
        let mut sink = Sink::create(path, None)?;
        Ok(match format {
            SoundFormatArg::Wav => {
                sink.write(&wave_header(blocks))?;
                Self::Wave(sink)
            }
            SoundFormatArg::Flac => Self::Flac(Box::new(Flac::begin(sink, tags)?)),
        })
    }

    /// Takes whole samples of both channels, 16 bits each, the lower byte first.
    pub(super) fn write(&mut self, samples: &[u8]) -> Result<(), Complaint> {
        match self {
            Self::Wave(sink) => sink.write(samples),
            Self::Flac(flac) => flac.write(samples),
        }
    }

    /// Everything was written.
    pub(super) fn finish(self) -> Result<u64, Complaint> {
        match self {
            Self::Wave(sink) => sink.finish(),
            Self::Flac(flac) => flac.finish(),
        }
    }
}

/// The header of a WAVE file with the samples of so many sectors.
fn wave_header(blocks: u32) -> Vec<u8> {
    // A CD has less than 1 GiB.
    let bytes = blocks.saturating_mul(SECTOR_BYTES as u32);
    let mut out = b"RIFF".to_vec();
    out.extend(bytes.saturating_add(36).to_le_bytes());
    out.extend(b"WAVEfmt \x10\0\0\0\x01\0\x02\0");
    out.extend(44_100u32.to_le_bytes());
    out.extend((44_100u32 * 4).to_le_bytes());
    out.extend([4, 0, 16, 0]);
    out.extend(b"data");
    out.extend(bytes.to_le_bytes());
    out
}

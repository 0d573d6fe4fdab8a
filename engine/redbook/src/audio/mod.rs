//! Sound files as the samples of a CD: 44.1 kHz, two channels, 16 bits, sample for sample.
//!
//! Owns what a file's samples are and how many; decoders, and the conversion of other rates, are borrowed. What has the
//! samples of a CD already passes bit for bit. A file is decoded as it is read, a packet at a time. Must not know discs.

mod convert;
mod decode;
mod error;
mod level;
mod mp4;

pub use error::{AudioError, AudioFault};
pub use level::{Gain, Loudness};

use std::path::{Path, PathBuf};

use convert::Converter;
use decode::{Decoder, Piece};

/// Samples a second, of each channel.
pub const SAMPLE_RATE: u32 = 44_100;
/// Samples of each channel in a frame: a sector of a CD.
pub const FRAME_SAMPLES: u64 = 588;

/// A sample of both channels, left first.
pub type Sample = [i16; 2];

/// What a file says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct AudioTags {
    /// The track's title.
    pub title: Option<String>,
    /// Who performs it.
    pub artist: Option<String>,
    /// The album's title.
    pub album: Option<String>,
    /// Who performs the album.
    pub album_artist: Option<String>,
    /// Who wrote the music.
    pub composer: Option<String>,
    /// The recording code, as it is written there.
    pub isrc: Option<String>,
    /// The track's number.
    pub number: Option<u64>,
}

/// A sound file whose samples were counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AudioFile {
    path: PathBuf,
    rate: u32,
    channels: u8,
    exact: bool,
    samples: u64,
    peak: u16,
    tags: AudioTags,
}

impl AudioFile {
    /// Decodes a file once, from end to end, so that its length is known to the sample and what is damaged is found before
    /// anything is recorded.
    ///
    /// # Errors
    /// [`AudioError`], which names the file: no sound, unknown, damaged, more than two channels, or what the system says.
    pub fn measure(path: &Path) -> Result<Self, AudioError> {
        let mut stream = AudioStream::open(path, Gain::NONE)?;
        let mut samples = 0;
        let mut peak = 0;
        let mut piece = vec![[0; 2]; 1 << 14];
        loop {
            let read = stream.read(&mut piece)?;
            if read == 0 {
                break;
            }
            samples += read as u64;
            for sample in piece.iter().take(read).flatten() {
                peak = peak.max(sample.unsigned_abs());
            }
        }
        if samples == 0 {
            return Err(AudioError::new(path, AudioFault::Empty));
        }
        let Decoded {
            rate,
            channels,
            exact,
            tags,
        } = stream.facts;
        Ok(Self {
            path: path.to_owned(),
            rate,
            channels,
            exact,
            samples,
            peak,
            tags,
        })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Samples of each channel, at the rate of a CD.
    #[must_use]
    pub const fn samples(&self) -> u64 {
        self.samples
    }

    /// Frames that the samples take, the last one perhaps in part.
    #[must_use]
    pub const fn frames(&self) -> u64 {
        self.samples.div_ceil(FRAME_SAMPLES)
    }

    /// Samples a second in the file.
    #[must_use]
    pub const fn rate(&self) -> u32 {
        self.rate
    }

    /// Channels in the file, 1 or 2.
    #[must_use]
    pub const fn channels(&self) -> u8 {
        self.channels
    }

    /// Whether its samples are recorded bit for bit; else they were converted, with dither.
    #[must_use]
    pub const fn is_exact(&self) -> bool {
        self.exact
    }

    /// The greatest sample, 0 to 32768.
    #[must_use]
    pub const fn peak(&self) -> u16 {
        self.peak
    }

    /// What it says of itself.
    #[must_use]
    pub const fn tags(&self) -> &AudioTags {
        &self.tags
    }

    /// Its samples, from the first one.
    ///
    /// # Errors
    /// As [`AudioFile::measure`].
    pub fn stream(&self) -> Result<AudioStream, AudioError> {
        AudioStream::open(&self.path, Gain::NONE)
    }

    /// Its samples, made louder or quieter; with dither, for none is as it was then.
    ///
    /// # Errors
    /// As [`AudioFile::measure`].
    pub fn stream_at(&self, gain: Gain) -> Result<AudioStream, AudioError> {
        AudioStream::open(&self.path, gain)
    }
}

/// What the decoder found.
#[derive(Debug, Clone)]
struct Decoded {
    rate: u32,
    channels: u8,
    exact: bool,
    tags: AudioTags,
}

/// The samples of a file, one after the other.
#[derive(Debug)]
pub struct AudioStream {
    decoder: Decoder,
    /// `None` where samples pass as they are.
    converter: Option<Converter>,
    facts: Decoded,
    /// Samples that were made and not yet taken.
    ready: Vec<Sample>,
    taken: usize,
    ended: bool,
}

impl AudioStream {
    fn open(path: &Path, gain: Gain) -> Result<Self, AudioError> {
        let mut decoder = Decoder::open(path)?;
        let facts = Decoded {
            rate: decoder.rate(),
            channels: decoder.channels(),
            exact: decoder.is_exact(),
            tags: decoder.tags(),
        };
        let converter = match facts.exact && gain.is_none() {
            true => None,
            false => {
                let made = Converter::new(facts.rate, gain);
                Some(made.map_err(|fault| AudioError::new(path, fault))?)
            }
        };
        Ok(Self {
            decoder,
            converter,
            facts,
            ready: Vec::new(),
            taken: 0,
            ended: false,
        })
    }

    /// Fills `out` with the next samples and answers how many: fewer than asked for at the end alone.
    ///
    /// # Errors
    /// [`AudioError`]: damaged from here on, or what the system says.
    pub fn read(&mut self, out: &mut [Sample]) -> Result<usize, AudioError> {
        let mut filled = 0;
        while filled < out.len() {
            let ready = self.ready.get(self.taken..).unwrap_or_default();
            if ready.is_empty() {
                if self.ended {
                    break;
                }
                self.more()?;
                continue;
            }
            let rest = out.get_mut(filled..).unwrap_or_default();
            let count = ready.len().min(rest.len());
            for (to, from) in rest.iter_mut().zip(ready) {
                *to = *from;
            }
            filled += count;
            self.taken += count;
        }
        Ok(filled)
    }

    fn more(&mut self) -> Result<(), AudioError> {
        self.ready.clear();
        self.taken = 0;
        match (self.decoder.next()?, &mut self.converter) {
            (Some(Piece::Exact(samples)), None) => self.ready = samples,
            (Some(Piece::Exact(samples)), Some(converter)) => {
                let samples: Vec<_> = samples.into_iter().map(level::unscaled).collect();
                converter.convert(&samples, &mut self.ready);
            }
            (Some(Piece::Float(samples)), Some(converter)) => {
                converter.convert(&samples, &mut self.ready);
            }
            (Some(Piece::Float(_)), None) => {}
            (None, Some(converter)) => {
                converter.finish(&mut self.ready);
                self.ended = true;
            }
            (None, None) => self.ended = true,
        }
        Ok(())
    }
}

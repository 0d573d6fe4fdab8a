//! Sound files as the samples of a CD: 44.1 kHz, two channels, 16 bits, sample for sample.
//!
//! Owns what a file's samples are and how many; decoders, and the conversion of other rates, are borrowed. What has the
//! samples of a CD already passes bit for bit. A file is decoded as it is read, a packet at a time. Must not know discs.

mod convert;
mod decode;
mod error;
mod level;
mod mp4;
mod resample;

pub use error::{AudioError, AudioFault};
pub use level::{Gain, Loudness};

use std::path::{Path, PathBuf};

use convert::Output;
use decode::{Decoder, Piece};
use resample::{Ends, Joint, Resampling};

/// Samples a second, of each channel.
pub const SAMPLE_RATE: u32 = 44_100;
/// Samples of each channel in a frame: a sector of a CD.
pub const FRAME_SAMPLES: u64 = 588;

/// A sample of both channels, left first.
pub type Sample = [i16; 2];

/// What is 1 for decoders of other kinds.
const FULL_SCALE: f64 = 32_768.0;

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
#[derive(Debug, Clone, PartialEq)]
pub struct AudioFile {
    path: PathBuf,
    rate: u32,
    channels: u8,
    exact: bool,
    samples: u64,
    peak: f64,
    tags: AudioTags,
    joint: Joint,
    /// Of a file that is converted to the rate of a CD, and can be so together with others.
    ends: Option<Ends>,
}

impl AudioFile {
    /// Decodes a file once, from end to end, so that its length is known to the sample and what is damaged is found before
    /// anything is recorded.
    ///
    /// # Errors
    /// [`AudioError`], which names the file: no sound, unknown, damaged, more than two channels, or what the system says.
    pub fn measure(path: &Path) -> Result<Self, AudioError> {
        let mut stream = AudioStream::open(path, Gain::NONE, Joint::default())?;
        if let Some(resampling) = &mut stream.source.resampling {
            resampling.listen();
        }
        let mut samples = 0;
        let mut peak = 0u16;
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
        } = stream.source.facts;
        Ok(Self {
            path: path.to_owned(),
            rate,
            channels,
            exact,
            samples,
            peak: match exact {
                true => f64::from(peak) / FULL_SCALE,
                false => f64::from(stream.output.greatest()),
            },
            tags,
            joint: Joint::default(),
            ends: stream.source.resampling.as_ref().and_then(Resampling::ends),
        })
    }

    /// Makes its sound go on where that of another file ends: where both have one rate, and it is not that of a CD, they are
    /// converted as the uncut sound would be. Its length may change by a sample then, so that all together have the length of
    /// the whole. What lies behind the other one is told to that by [`lead_to`].
    ///
    /// [`lead_to`]: Self::lead_to
    pub fn go_on_from(&mut self, before: &Self) {
        let joint = match (&before.ends, &self.ends) {
            (Some(earlier), Some(own)) if earlier.is_like(own) => earlier.goes_on(&before.joint),
            _ => Joint::default(),
        };
        self.lie_at(joint);
    }

    /// Tells it what comes behind it, which has [gone on from it](Self::go_on_from): of several, the last one first. Its
    /// length stays.
    pub fn lead_to(&mut self, after: &Self) {
        let heard = match (&self.ends, &after.ends) {
            (Some(own), Some(later)) if own.is_like(later) => later.heard_before(&after.joint),
            _ => Default::default(),
        };
        self.lie_at(self.joint.with_after(heard));
    }

    fn lie_at(&mut self, joint: Joint) {
        if let Some(ends) = &self.ends
            && joint != self.joint
        {
            self.samples = ends.made(&joint);
            // What was converted once is so again.
            self.peak = ends.greatest(&joint).map_or(self.peak, f64::from);
            self.joint = joint;
        }
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

    /// The greatest sample, before it is rounded: full scale is 1. What is above, as decoders and converted rates often
    /// have it, is cut off where the file is recorded as it is.
    #[must_use]
    pub const fn peak(&self) -> f64 {
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
        AudioStream::open(&self.path, Gain::NONE, self.joint.clone())
    }

    /// Its samples, made louder or quieter; with dither, for none is as it was then.
    ///
    /// # Errors
    /// As [`AudioFile::measure`].
    pub fn stream_at(&self, gain: Gain) -> Result<AudioStream, AudioError> {
        AudioStream::open(&self.path, gain, self.joint.clone())
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

/// The samples of a file at the rate of a CD, before they are made louder and rounded.
#[derive(Debug)]
struct Unrounded {
    decoder: Decoder,
    /// `None` where the rate is that of a CD.
    resampling: Option<Resampling>,
    facts: Decoded,
    ended: bool,
}

impl Unrounded {
    fn open(path: &Path, joint: Joint) -> Result<Self, AudioError> {
        let mut decoder = Decoder::open(path)?;
        let facts = Decoded {
            rate: decoder.rate(),
            channels: decoder.channels(),
            exact: decoder.is_exact(),
            tags: decoder.tags(),
        };
        let resampling = match facts.rate {
            SAMPLE_RATE => None,
            rate => {
                let made = Resampling::new(rate, joint);
                Some(made.map_err(|fault| AudioError::new(path, fault))?)
            }
        };
        Ok(Self {
            decoder,
            resampling,
            facts,
            ended: false,
        })
    }

    /// The next samples, perhaps none; `None` at the end.
    fn next(&mut self) -> Result<Option<Piece>, AudioError> {
        if self.ended {
            return Ok(None);
        }
        let piece = self.decoder.next()?;
        self.ended = piece.is_none();
        let Some(resampling) = &mut self.resampling else {
            return Ok(piece);
        };
        let mut made = Vec::new();
        match piece {
            Some(piece) => resampling.convert(&piece.unscaled(), &mut made),
            None => resampling.finish(&mut made),
        }
        Ok(Some(Piece::Float(made)))
    }
}

/// The samples of a file, one after the other.
#[derive(Debug)]
pub struct AudioStream {
    source: Unrounded,
    output: Output,
    /// Samples of a CD pass as they are.
    passes: bool,
    /// Samples that were made and not yet taken.
    ready: Vec<Sample>,
    taken: usize,
    ended: bool,
}

impl AudioStream {
    fn open(path: &Path, gain: Gain, joint: Joint) -> Result<Self, AudioError> {
        Ok(Self {
            source: Unrounded::open(path, joint)?,
            output: Output::new(gain),
            passes: gain.is_none(),
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
        match self.source.next()? {
            None => self.ended = true,
            Some(Piece::Exact(samples)) if self.passes => self.ready = samples,
            Some(piece) => {
                let samples = piece.unscaled().into_iter();
                self.ready = samples.map(|sample| self.output.rounded(sample)).collect();
            }
        }
        Ok(())
    }
}

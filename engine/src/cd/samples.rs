//! Sound that goes on from one file to the next, as one stream of samples.
//!
//! Owns the joints: no sample is inserted or lost at one. Must not know tracks.

use super::error::{CdError, CdFault};
use crate::pipeline::image_file::ImageFile;
use pitland_redbook::SECTOR_BYTES;
use pitland_redbook::audio::{AudioFile, AudioStream, FRAME_SAMPLES, Gain, Sample};
use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// Bytes of a sample of both channels.
pub(super) const SAMPLE_BYTES: usize = 4;
/// More frames have no address on a CD.
const MOST_FRAMES: u64 = 404_850;

/// Samples of one file.
#[derive(Debug, Clone)]
pub(super) enum Sound {
    /// A sound file.
    File(Arc<AudioFile>),
    /// Samples as a CD has them, without anything else.
    Pcm {
        file: Arc<ImageFile>,
        first_byte: u64,
        samples: u64,
        /// In the order of Motorola.
        swapped: bool,
    },
}

impl Sound {
    pub(super) fn file(path: &Path) -> Result<Self, CdError> {
        let file = AudioFile::measure(path)?;
        bounded(path, file.frames())?;
        Ok(Self::File(Arc::new(file)))
    }

    /// A file of samples and nothing else; these bytes of it, or all.
    pub(super) fn pcm(
        path: &Path,
        part: Option<Range<u64>>,
        swapped: bool,
    ) -> Result<Self, CdError> {
        let file = ImageFile::plain(path)?;
        let part = part.unwrap_or(0..file.bytes());
        if part.end > file.bytes() {
            return Err(CdError::io(path, io::ErrorKind::UnexpectedEof.into()));
        }
        let bytes = part.end.saturating_sub(part.start);
        if bytes == 0 {
            let path = path.to_owned();
            return Err(CdFault::Empty { path }.into());
        }
        if !bytes.is_multiple_of(SAMPLE_BYTES as u64) {
            let fault = CdFault::Length {
                path: path.to_owned(),
                bytes,
                each: SAMPLE_BYTES,
            };
            return Err(fault.into());
        }
        let samples = bytes / SAMPLE_BYTES as u64;
        bounded(path, samples.div_ceil(FRAME_SAMPLES))?;
        Ok(Self::Pcm {
            file: Arc::new(file),
            first_byte: part.start,
            samples,
            swapped,
        })
    }

    pub(super) fn samples(&self) -> u64 {
        match self {
            Self::File(file) => file.samples(),
            Self::Pcm { samples, .. } => *samples,
        }
    }
}

/// Whether so many frames have addresses.
pub(super) fn bounded(path: &Path, frames: u64) -> Result<u32, CdError> {
    match u32::try_from(frames) {
        Ok(few) if frames < MOST_FRAMES => Ok(few),
        _ => Err(CdFault::TooLong {
            path: path.to_owned(),
            frames,
        }
        .into()),
    }
}

/// Sounds of which each goes on where the one before ends.
#[derive(Debug, Clone, Default)]
pub(super) struct SampleRun {
    /// Each with its first sample.
    sounds: Vec<(u64, Sound)>,
    samples: u64,
}

impl SampleRun {
    /// Appends a sound and answers the frame that its first sample lies in.
    pub(super) fn push(&mut self, mut sound: Sound) -> u32 {
        let first = self.samples;
        if let (Some((_, Sound::File(before))), Sound::File(file)) =
            (self.sounds.last(), &mut sound)
        {
            Arc::make_mut(file).go_on_from(before);
        }
        self.samples = first.saturating_add(sound.samples());
        self.sounds.push((first, sound));
        // Each sound is bounded, and there are few.
        u32::try_from(first / FRAME_SAMPLES).unwrap_or(u32::MAX)
    }

    /// The run, now that all its sounds are known: what is converted to the rate of a CD is so across each joint.
    pub(super) fn finish(mut self) -> Arc<Self> {
        for at in (1..self.sounds.len()).rev() {
            let (until, after) = self.sounds.split_at_mut(at);
            if let (Some((_, Sound::File(file))), Some((_, Sound::File(after)))) =
                (until.last_mut(), after.first())
            {
                Arc::make_mut(file).lead_to(after);
            }
        }
        Arc::new(self)
    }

    pub(super) fn sounds(&self) -> impl Iterator<Item = &Sound> {
        self.sounds.iter().map(|(_, sound)| sound)
    }

    pub(super) fn files(&self) -> impl Iterator<Item = &Path> {
        self.sounds().map(|sound| match sound {
            Sound::File(file) => file.path(),
            Sound::Pcm { file, .. } => file.path.as_path(),
        })
    }

    /// Frames of all, the last one perhaps in part.
    pub(super) fn frames(&self) -> u32 {
        u32::try_from(self.samples.div_ceil(FRAME_SAMPLES)).unwrap_or(u32::MAX)
    }
}

/// Reads a run. Quick where one asks for frame after frame: a sound file is decoded from its beginning where one goes back.
#[derive(Debug)]
pub(super) struct RunReader {
    /// Of all sound files.
    gain: Gain,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    /// Which sound of the run.
    sound: usize,
    stream: AudioStream,
    /// The sample of the sound that comes next.
    next: u64,
}

impl RunReader {
    pub(super) fn new(gain: Gain) -> Self {
        Self { gain, open: None }
    }

    /// Fills one frame of a run; silence behind its end.
    pub(super) fn read(
        &mut self,
        run: &SampleRun,
        frame: u32,
        out: &mut [u8; SECTOR_BYTES],
    ) -> io::Result<()> {
        let mut sample = u64::from(frame) * FRAME_SAMPLES;
        let mut rest: &mut [u8] = out;
        while !rest.is_empty() {
            let after = run.sounds.partition_point(|(first, _)| *first <= sample);
            let at = after.saturating_sub(1);
            let Some((first, sound)) = run.sounds.get(at).filter(|_| sample < run.samples) else {
                rest.fill(0);
                break;
            };
            let within = sample - first;
            let there = sound.samples() - within;
            let wanted =
                (rest.len() / SAMPLE_BYTES).min(usize::try_from(there).unwrap_or(usize::MAX));
            let (now, later) = rest.split_at_mut(wanted * SAMPLE_BYTES);
            match sound {
                Sound::File(file) => self.decode(at, file, within, now)?,
                Sound::Pcm {
                    file,
                    first_byte,
                    swapped,
                    ..
                } => {
                    let position = first_byte + within * SAMPLE_BYTES as u64;
                    file.read(position, now, file.bytes())
                        .map_err(io::Error::other)?;
                    if *swapped {
                        now.as_chunks_mut::<2>()
                            .0
                            .iter_mut()
                            .for_each(|pair| pair.reverse());
                    }
                }
            }
            sample += wanted as u64;
            rest = later;
        }
        Ok(())
    }

    fn decode(
        &mut self,
        sound: usize,
        file: &AudioFile,
        sample: u64,
        out: &mut [u8],
    ) -> io::Result<()> {
        let failed = io::Error::other;
        let changed = || {
            io::Error::other(format!(
                "{} changed while it was read",
                file.path().display()
            ))
        };
        let mut open = match self.open.take() {
            Some(open) if open.sound == sound && open.next <= sample => open,
            _ => Open {
                sound,
                stream: file.stream_at(self.gain).map_err(failed)?,
                next: 0,
            },
        };
        let mut piece: [Sample; FRAME_SAMPLES as usize] = [[0; 2]; FRAME_SAMPLES as usize];
        let mut place = out.as_chunks_mut::<SAMPLE_BYTES>().0.iter_mut();
        let end = sample + place.len() as u64;
        while open.next < end {
            let skips = open.next < sample;
            let until = if skips { sample } else { end };
            let count = usize::try_from(until - open.next).unwrap_or(usize::MAX);
            let count = count.min(piece.len());
            let wanted = piece.get_mut(..count).unwrap_or_default();
            if open.stream.read(wanted).map_err(failed)? < count {
                return Err(changed());
            }
            open.next += count as u64;
            if !skips {
                for ([left, right], to) in wanted.iter().zip(place.by_ref()) {
                    let ([a, b], [c, d]) = (left.to_le_bytes(), right.to_le_bytes());
                    *to = [a, b, c, d];
                }
            }
        }
        self.open = Some(open);
        Ok(())
    }
}

/// A run of one part of a file, from a byte on.
pub(super) fn part(
    file: &Arc<ImageFile>,
    first_byte: u64,
    frames: u32,
    swapped: bool,
) -> Arc<SampleRun> {
    let mut run = SampleRun::default();
    run.push(Sound::Pcm {
        file: Arc::clone(file),
        first_byte,
        samples: u64::from(frames) * FRAME_SAMPLES,
        swapped,
    });
    run.finish()
}

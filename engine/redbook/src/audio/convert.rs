//! Other rates and floating samples become those of a CD, with dither.
//!
//! The resampler is rubato's. The dither has a triangular distribution of two steps and a seed of its own, so that a file
//! gives the same samples each time.

use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Fft, FixedSync, Indexing, Resampler, WindowFunction};

use super::{AudioFault, Gain, SAMPLE_RATE, Sample};

/// Samples that the resampler takes at a time, at least.
const CHUNK: usize = 4096;

/// Makes another rate that of a CD.
pub(super) struct Resampling {
    resampler: Fft<f32>,
    rate: u32,
    /// What does not fill a chunk yet, interleaved.
    pending: Vec<f32>,
    made: Vec<f32>,
    /// Samples of the output that belong to what came before the first one.
    delay: u64,
    taken: u64,
    given: u64,
}

impl std::fmt::Debug for Resampling {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Resampling")
            .field("rate", &self.rate)
            .finish_non_exhaustive()
    }
}

impl Resampling {
    /// Appends what becomes of samples.
    pub(super) fn convert(&mut self, samples: &[[f32; 2]], out: &mut Vec<[f32; 2]>) {
        self.taken += samples.len() as u64;
        self.pending.extend(samples.iter().flatten());
        self.process(false);
        self.hand_out(out, u64::MAX);
    }

    /// Appends what is left behind the last sample: as many as the length in seconds asks for, rounded.
    pub(super) fn finish(&mut self, out: &mut Vec<[f32; 2]>) {
        let rate = u64::from(self.rate);
        let all = (self.taken * u64::from(SAMPLE_RATE) + rate / 2) / rate;
        while self.given < all {
            // At first the delay of the resampler is run through.
            self.process(true);
            self.hand_out(out, all);
        }
    }

    pub(super) fn new(rate: u32) -> Result<Self, AudioFault> {
        // From what telephones have to what studios have; a chunk has some samples of either rate.
        if !(4000..=768_000).contains(&rate) {
            return Err(AudioFault::Rate(rate));
        }
        let (from, to) = (rate as usize, SAMPLE_RATE as usize);
        // An even number of the shortest runs that both rates share: the filter's middle, by which the sound is late, then
        // falls on a sample.
        let even = 2 * from / greatest_common_divisor(from, to);
        let chunk = CHUNK.next_multiple_of(even);
        let window = WindowFunction::BlackmanHarris2;
        let resampler = Fft::new_custom(from, to, chunk, 1, 2, window, FixedSync::Input)
            .map_err(|_| AudioFault::Rate(rate))?;
        let delay = resampler.output_delay() as u64;
        Ok(Self {
            resampler,
            rate,
            pending: Vec::new(),
            made: Vec::new(),
            delay,
            taken: 0,
            given: 0,
        })
    }

    /// Resamples every whole chunk; `last`: one more, filled up with silence.
    fn process(&mut self, last: bool) {
        loop {
            let wanted = self.resampler.input_frames_next();
            let there = self.pending.len() / 2;
            if there < wanted && !last {
                return;
            }
            let frames = there.min(wanted);
            let mut input = self.pending.drain(..frames * 2).collect::<Vec<_>>();
            input.resize(wanted * 2, 0.0);
            let most = self.resampler.output_frames_next();
            let mut output = vec![0.0; most * 2];
            let written = {
                let (Ok(from), Ok(mut to)) = (
                    InterleavedSlice::new(&input, 2, wanted),
                    InterleavedSlice::new_mut(&mut output, 2, most),
                ) else {
                    return;
                };
                let whole: Option<&Indexing> = None;
                match self.resampler.process_into_buffer(&from, &mut to, whole) {
                    Ok((_, written)) => written,
                    Err(_) => return,
                }
            };
            output.truncate(written * 2);
            self.made.extend(output);
            if last {
                return;
            }
        }
    }

    /// Hands out what was made, but for the delay, and no more than `all` in all.
    fn hand_out(&mut self, out: &mut Vec<[f32; 2]>, all: u64) {
        for sample in self.made.as_chunks::<2>().0 {
            if self.delay > 0 {
                self.delay -= 1;
            } else if self.given < all {
                out.push(*sample);
                self.given += 1;
            }
        }
        self.made.clear();
    }
}

fn greatest_common_divisor(a: usize, b: usize) -> usize {
    match b {
        0 => a,
        _ => greatest_common_divisor(b, a % b),
    }
}

/// The last step: as loud as is wanted, and in whole numbers.
#[derive(Debug)]
pub(super) struct Output {
    gain: Gain,
    dither: Dither,
    greatest: f32,
}

impl Output {
    pub(super) const fn new(gain: Gain) -> Self {
        Self {
            gain,
            dither: Dither::new(),
            greatest: 0.0,
        }
    }

    pub(super) fn rounded(&mut self, sample: [f32; 2]) -> Sample {
        let sample = self.gain.applied(sample);
        self.greatest = sample
            .iter()
            .fold(self.greatest, |most, v| most.max(v.abs()));
        self.dither.rounded(sample)
    }

    /// The greatest sample before it was rounded; full scale is 1, and what was above it was cut off.
    pub(super) const fn greatest(&self) -> f32 {
        self.greatest
    }
}

/// Noise of a triangular distribution, from a generator of 64 bits that always begins alike.
#[derive(Debug)]
struct Dither(u64);

impl Dither {
    const fn new() -> Self {
        Self(0x9e37_79b9_7f4a_7c15)
    }

    /// Between 0 and 1.
    fn uniform(&mut self) -> f32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 40) as f32 / (1u64 << 24) as f32
    }

    fn rounded(&mut self, sample: [f32; 2]) -> Sample {
        sample.map(|value| {
            // Digital silence stays silent.
            if value == 0.0 {
                return 0;
            }
            let noise = self.uniform() - self.uniform();
            // The conversion saturates.
            (value * 32_768.0 + noise).round() as i16
        })
    }
}

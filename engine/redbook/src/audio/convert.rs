//! The last step of every conversion: as loud as is wanted, and in whole numbers, with dither.
//!
//! The dither has a triangular distribution of two steps and a seed of its own, so that a file gives the same samples each
//! time. Must not know where samples come from.

use super::{Gain, Sample};

/// Makes whole numbers of samples.
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

//! Other rates become that of a CD: a file by itself, or files whose sound goes on from each to the next as one recording.
//!
//! Owns which sample of the CD is the first of each file, and what lies on either side of a joint: a filter hears some
//! milliseconds around each sample, and behind a joint those are the next file's. The resampler is rubato's. Must not know
//! files.

use std::collections::VecDeque;
use std::sync::Arc;

use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Fft, FixedSync, Indexing, Resampler, WindowFunction};

use super::{AudioFault, SAMPLE_RATE};

/// Samples that the resampler takes at a time, at least.
const CHUNK: usize = 4096;
/// No joint is made of rates that need more samples beside it; all that are in use need fewer. It bounds what is kept of a
/// file and its neighbours: 384 KiB.
const LONGEST_REACH: usize = 12_288;

/// Samples of both channels at a file's rate.
type Heard = Arc<[[f32; 2]]>;

/// What is beside a file's sound, and where it lies in a recording that goes on from file to file.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Joint {
    /// Samples of the recording before this file, at its rate.
    first: u64,
    before: Heard,
    after: Heard,
}

/// The two ends of a file's sound at its own rate, as far as a filter hears.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Ends {
    rate: u32,
    reach: usize,
    samples: u64,
    head: Heard,
    tail: Heard,
    /// The greatest sample that neither end has a part in, at the rate of a CD.
    greatest_within: f32,
}

impl Ends {
    /// Whether one resampler could make both.
    pub(super) const fn is_like(&self, other: &Self) -> bool {
        self.rate == other.rate
    }

    /// What a file that goes on behind this one has before it.
    pub(super) fn goes_on(&self, own: &Joint) -> Joint {
        let all = own.before.iter().chain(self.tail.iter());
        let whole = self.samples == self.tail.len() as u64;
        let skipped = match whole {
            true => (own.before.len() + self.tail.len()).saturating_sub(self.reach),
            false => own.before.len(),
        };
        Joint {
            first: own.first + self.samples,
            before: all.skip(skipped).copied().collect(),
            after: Heard::default(),
        }
    }

    /// What a file has behind it whose sound goes on in this one.
    pub(super) fn heard_before(&self, own: &Joint) -> Heard {
        let all = self.head.iter().chain(own.after.iter());
        all.take(self.reach).copied().collect()
    }

    /// The greatest sample of a CD that the file becomes there; full scale is 1.
    pub(super) fn greatest(&self, joint: &Joint) -> Result<f32, AudioFault> {
        let made = |joint: Joint, heard: &[[f32; 2]]| {
            let mut resampling = Resampling::new(self.rate, joint)?;
            let mut out = Vec::new();
            resampling.convert(heard, &mut out);
            resampling.finish(&mut out);
            Ok::<_, AudioFault>(out)
        };
        let greatest = |made: &[[f32; 2]]| {
            let values = made.iter().map(greatest_of);
            values.fold(self.greatest_within, f32::max)
        };
        if self.samples <= self.reach as u64 {
            return Ok(greatest(&made(joint.clone(), &self.head)?));
        }
        let begin = made(joint.with_after(Heard::default()), &self.head)?;
        let (before, last) = self.tail.split_at(self.tail.len() / 2);
        let end = made(
            Joint {
                first: joint.first + self.samples - last.len() as u64,
                before: Heard::from(before),
                after: Arc::clone(&joint.after),
            },
            last,
        )?;
        let begin = begin.get(..edge(self.reach, self.rate)).unwrap_or(&begin);
        Ok(greatest(begin).max(greatest(&end)))
    }

    /// How many samples of a CD the file is.
    pub(super) fn made(&self, joint: &Joint) -> u64 {
        joint.made(self.samples, self.rate)
    }
}

impl Joint {
    fn made(&self, samples: u64, rate: u32) -> u64 {
        at_cd_rate(self.first + samples, rate) - at_cd_rate(self.first, rate)
    }

    /// With other sound behind it.
    pub(super) fn with_after(&self, after: Heard) -> Self {
        Self {
            after,
            ..self.clone()
        }
    }
}

/// Where a sample of another rate lies on a CD, rounded.
fn at_cd_rate(sample: u64, rate: u32) -> u64 {
    (sample * u64::from(SAMPLE_RATE) + u64::from(rate) / 2) / u64::from(rate)
}

/// How many samples of a CD at either end of a file are heard together with its neighbours, and some more.
fn edge(reach: usize, rate: u32) -> usize {
    usize::try_from(at_cd_rate(reach as u64 / 2, rate)).unwrap_or(usize::MAX)
}

fn greatest_of(sample: &[f32; 2]) -> f32 {
    sample.iter().fold(0.0, |most, value| most.max(value.abs()))
}

/// What is heard of a file while it is measured.
struct Listener {
    reach: usize,
    head: Vec<[f32; 2]>,
    tail: Vec<[f32; 2]>,
    edge: usize,
    /// Samples of the output.
    given: u64,
    /// The greatest values that were given last: as many as an edge has.
    last_given: VecDeque<f32>,
    greatest_within: f32,
}

impl Listener {
    fn new(reach: usize, rate: u32) -> Self {
        Self {
            reach,
            head: Vec::new(),
            tail: Vec::new(),
            edge: edge(reach, rate),
            given: 0,
            last_given: VecDeque::new(),
            greatest_within: 0.0,
        }
    }

    /// Takes what goes into the resampler.
    fn taken(&mut self, samples: &[[f32; 2]]) {
        let missing = self.reach.saturating_sub(self.head.len());
        self.head.extend(samples.iter().take(missing));
        let enough = samples.len().saturating_sub(self.reach);
        self.tail.extend(samples.iter().skip(enough));
        if self.tail.len() > 4 * self.reach {
            self.tail.drain(..self.tail.len() - self.reach);
        }
    }

    /// Takes what comes out of it.
    fn given(&mut self, samples: &[[f32; 2]]) {
        for sample in samples {
            self.given += 1;
            if self.given > self.edge as u64 {
                self.last_given.push_back(greatest_of(sample));
            }
            if self.last_given.len() > self.edge
                && let Some(given) = self.last_given.pop_front()
            {
                self.greatest_within = self.greatest_within.max(given);
            }
        }
    }

    fn ends(&self, rate: u32, samples: u64) -> Ends {
        let tail = self.tail.len().saturating_sub(self.reach);
        Ends {
            rate,
            reach: self.reach,
            samples,
            head: Heard::from(self.head.as_slice()),
            tail: self.tail.iter().skip(tail).copied().collect(),
            greatest_within: self.greatest_within,
        }
    }
}

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
    joint: Joint,
    /// Samples that are heard at either end.
    reach: usize,
    listener: Option<Listener>,
}

impl std::fmt::Debug for Resampling {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Resampling")
            .field("rate", &self.rate)
            .finish_non_exhaustive()
    }
}

impl Resampling {
    pub(super) fn new(rate: u32, joint: Joint) -> Result<Self, AudioFault> {
        // From what telephones have to what studios have; a chunk has some samples of either rate.
        if !(4000..=768_000).contains(&rate) {
            return Err(AudioFault::Rate(rate));
        }
        let (from, to) = (rate as usize, SAMPLE_RATE as usize);
        // An even number of the shortest runs that both rates share: the filter's middle, by which the sound is late, then
        // falls on a sample.
        let shared = greatest_common_divisor(from, to);
        let even = 2 * from / shared;
        let chunk = CHUNK.next_multiple_of(even);
        let window = WindowFunction::BlackmanHarris2;
        let resampler = Fft::new_custom(from, to, chunk, 1, 2, window, FixedSync::Input)
            .map_err(|_| AudioFault::Rate(rate))?;
        // What is before the file goes in from a sample on that both rates share.
        let before = joint.first - joint.before.len() as u64;
        let begins = before.next_multiple_of(even as u64).min(joint.first);
        let skipped = usize::try_from(begins - before).unwrap_or(usize::MAX);
        let pending = joint.before.iter().skip(skipped);
        let earlier = at_cd_rate(joint.first, rate) - at_cd_rate(begins, rate);
        Ok(Self {
            rate,
            pending: pending.flatten().copied().collect(),
            made: Vec::new(),
            delay: resampler.output_delay() as u64 + earlier,
            resampler,
            taken: 0,
            given: 0,
            joint,
            reach: chunk + even,
            listener: None,
        })
    }

    /// Appends what becomes of samples.
    pub(super) fn convert(&mut self, samples: &[[f32; 2]], out: &mut Vec<[f32; 2]>) {
        self.taken += samples.len() as u64;
        if let Some(listener) = &mut self.listener {
            listener.taken(samples);
        }
        self.pending.extend(samples.iter().flatten());
        self.process(false);
        self.hand_out(out, u64::MAX);
    }

    /// Appends what is left behind the last sample: as many as the length in seconds asks for, rounded.
    pub(super) fn finish(&mut self, out: &mut Vec<[f32; 2]>) {
        let all = self.joint.made(self.taken, self.rate);
        self.pending.extend(self.joint.after.iter().flatten());
        while self.given < all {
            // At first the delay of the resampler is run through.
            self.process(true);
            if self.made.is_empty() {
                return;
            }
            self.hand_out(out, all);
        }
    }

    /// Listens from now on, so that the file's ends are known in the end.
    pub(super) fn listen(&mut self) {
        let kept = self.reach <= LONGEST_REACH;
        self.listener = kept.then(|| Listener::new(self.reach, self.rate));
    }

    /// What was heard at either end, now that the file was read whole; `None`: nobody listened, or no joint is made of such
    /// a rate.
    pub(super) fn ends(&self) -> Option<Ends> {
        let listener = self.listener.as_ref()?;
        Some(listener.ends(self.rate, self.taken))
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
        let before = out.len();
        for sample in self.made.as_chunks::<2>().0 {
            if self.delay > 0 {
                self.delay -= 1;
            } else if self.given < all {
                out.push(*sample);
                self.given += 1;
            }
        }
        self.made.clear();
        if let Some(listener) = &mut self.listener {
            listener.given(out.get(before..).unwrap_or_default());
        }
    }
}

fn greatest_common_divisor(a: usize, b: usize) -> usize {
    match b {
        0 => a,
        _ => greatest_common_divisor(b, a % b),
    }
}

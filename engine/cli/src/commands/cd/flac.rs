//! FLAC files of a CD's samples: frames of one length, one after the other, and before them what the file is and its tags.
//!
//! Owns the file's blocks of metadata; frames are flacenc's. A frame is held in memory, no more.

use super::sound_file::Tags;
use crate::error::Complaint;
use crate::sink::Sink;
use flacenc::bitsink::ByteSink;
use flacenc::component::{BitRepr, StreamInfo};
use flacenc::config::Encoder;
use flacenc::error::{Verified, Verify};
use flacenc::source::{Context, Fill, FrameBuf};

/// Samples of each channel in a frame: seven sectors, near the 4096 of the reference encoder, and the last one has a sector.
const FRAME: usize = 7 * 588;
/// Bytes of a sample of both channels.
const SAMPLE: usize = 4;
const RATE: usize = 44_100;
const CHANNELS: usize = 2;
const BITS: usize = 16;
/// Bytes of the block that tells what the file is.
const STREAM_INFO_BYTES: usize = 34;
/// Where that block's contents begin.
const STREAM_INFO_AT: u64 = 8;
/// Kinds of blocks of metadata; the highest bit is set in the last one.
const STREAM_INFO: u8 = 0;
const VORBIS_COMMENT: u8 = 4 | 0x80;

/// A FLAC file that is being written.
pub(super) struct Flac {
    sink: Sink,
    config: Verified<Encoder>,
    info: StreamInfo,
    /// Sums up the samples.
    sums: Context,
    frame: FrameBuf,
    frames: usize,
    /// Samples that do not fill a frame yet.
    pending: Vec<u8>,
}

impl Flac {
    /// Begins a file.
    pub(super) fn begin(mut sink: Sink, tags: &Tags) -> Result<Self, Complaint> {
        let config = Encoder::default()
            .into_verified()
            .map_err(|(_, error)| failed(&error))?;
        let info = StreamInfo::new(RATE, CHANNELS, BITS).map_err(|error| failed(&error))?;
        sink.write(b"fLaC")?;
        // What the frames are is told when they are done.
        sink.write(&block(STREAM_INFO, &[0; STREAM_INFO_BYTES]))?;
        sink.write(&block(VORBIS_COMMENT, &comments(tags)))?;
        Ok(Self {
            sink,
            config,
            info,
            sums: Context::new(BITS, CHANNELS),
            frame: FrameBuf::with_size(CHANNELS, FRAME).map_err(|error| failed(&error))?,
            frames: 0,
            pending: Vec::new(),
        })
    }

    pub(super) fn write(&mut self, samples: &[u8]) -> Result<(), Complaint> {
        self.pending.extend_from_slice(samples);
        let pending = std::mem::take(&mut self.pending);
        let mut frames = pending.chunks_exact(FRAME * SAMPLE);
        for frame in frames.by_ref() {
            self.encode(frame)?;
        }
        self.pending = frames.remainder().to_vec();
        Ok(())
    }

    fn encode(&mut self, samples: &[u8]) -> Result<(), Complaint> {
        let numbers: Vec<i32> = samples
            .as_chunks::<2>()
            .0
            .iter()
            .map(|sample| i16::from_le_bytes(*sample).into())
            .collect();
        self.sums
            .fill_interleaved(&numbers)
            .map_err(|error| failed(&error))?;
        self.frame
            .fill_interleaved(&numbers)
            .map_err(|error| failed(&error))?;
        let number = self.frames;
        let frame = flacenc::encode_fixed_size_frame(&self.config, &self.frame, number, &self.info);
        let frame = frame.map_err(|error| failed(&error))?;
        self.frames += 1;
        self.info.update_frame_info(&frame);
        let mut bytes = ByteSink::new();
        frame.write(&mut bytes).map_err(|error| failed(&error))?;
        self.sink.write(bytes.as_slice())
    }

    pub(super) fn finish(mut self) -> Result<u64, Complaint> {
        let rest = std::mem::take(&mut self.pending);
        if !rest.is_empty() {
            self.encode(&rest)?;
        }
        self.info.set_md5_digest(&self.sums.md5_digest());
        let mut bytes = ByteSink::new();
        self.info
            .write(&mut bytes)
            .map_err(|error| failed(&error))?;
        let mut bytes = bytes.as_slice().to_vec();
        // Of the lengths of frames, the first two numbers, the shortest is told without the last frame.
        if self.frames > 1 {
            bytes.copy_within(2..4, 0);
        }
        self.sink.rewrite(STREAM_INFO_AT, &bytes)?;
        self.sink.finish()
    }
}

/// A block of metadata.
fn block(kind: u8, contents: &[u8]) -> Vec<u8> {
    let length = u32::try_from(contents.len()).unwrap_or(u32::MAX);
    let [_, length @ ..] = length.to_be_bytes();
    let mut out = vec![kind];
    out.extend(length);
    out.extend(contents);
    out
}

/// Tags: each text behind its length, the lower byte first.
fn comments(tags: &Tags) -> Vec<u8> {
    let texts = tags.iter().map(|(name, text)| format!("{name}={text}"));
    let mut out = Vec::new();
    let put = |out: &mut Vec<u8>, text: &str| {
        out.extend((text.len() as u32).to_le_bytes());
        out.extend(text.as_bytes());
    };
    put(&mut out, concat!("pitland ", env!("CARGO_PKG_VERSION")));
    out.extend((tags.len() as u32).to_le_bytes());
    for text in texts {
        put(&mut out, &text);
    }
    out
}

/// Samples of a CD are what the encoder takes; if it does not, the fault is in here.
fn failed(error: &dyn std::fmt::Display) -> Complaint {
    Complaint::internal(format!("the FLAC encoder: {error}"))
}

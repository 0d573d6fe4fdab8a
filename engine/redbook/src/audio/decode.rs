//! Decoding, by symphonia: packets of a file as pieces of samples, without what encoders put before and behind the sound.

use std::fmt;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use symphonia::core::audio::GenericAudioBufferRef;
use symphonia::core::codecs::audio::well_known::{
    CODEC_ID_ALAC, CODEC_ID_FLAC, CODEC_ID_MP3, CODEC_ID_VORBIS,
};
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, TrackType};
use symphonia::core::io::MediaSourceStream;
use symphonia::core::meta::{MetadataOptions, StandardTag, Tag};

use super::mp4::{self, Cut};
use super::{AudioError, AudioFault, AudioTags, FULL_SCALE, SAMPLE_RATE, Sample};

/// Decoded samples.
pub(super) enum Piece {
    /// As they are recorded.
    Exact(Vec<Sample>),
    /// Of both channels, full scale 1, at the file's rate.
    Float(Vec<[f32; 2]>),
}

impl Piece {
    /// As decoders of other kinds give it, full scale 1.
    pub(super) fn unscaled(self) -> Vec<[f32; 2]> {
        let of = |value: i16| f32::from(value) / FULL_SCALE as f32;
        match self {
            Self::Exact(samples) => samples.into_iter().map(|sample| sample.map(of)).collect(),
            Self::Float(samples) => samples,
        }
    }
}

/// A file that is being decoded.
pub(super) struct Decoder {
    path: PathBuf,
    format: Box<dyn FormatReader>,
    decoder: Box<dyn AudioDecoder>,
    track: u32,
    rate: u32,
    channels: usize,
    exact: bool,
    tags: AudioTags,
    /// What is left to be dropped and kept, where the container alone says so.
    cut: Cut,
    /// Samples that were decoded.
    decoded: u64,
    /// Samples that the file says it has, where such words are exact.
    stated: Option<u64>,
    /// Whether what its packets say of their ends is known, not guessed.
    knows_end: bool,
    /// Whether its packets say on which sample they begin.
    is_numbered: bool,
    /// On which the next one is due.
    due: Option<i64>,
    /// It panicked: what it holds may be in any state.
    broken: bool,
}

impl fmt::Debug for Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoder")
            .field("path", &self.path)
            .field("rate", &self.rate)
            .finish_non_exhaustive()
    }
}

impl Decoder {
    pub(super) fn open(path: &Path) -> Result<Self, AudioError> {
        // Decoders of others are given bytes that nobody has looked at.
        catch_unwind(|| Self::open_file(path))
            .unwrap_or_else(|_| Err(AudioError::new(path, AudioFault::Decoder)))
    }

    /// The next samples; `None` at the end. A packet may give none.
    pub(super) fn next(&mut self) -> Result<Option<Piece>, AudioError> {
        if !self.broken {
            match catch_unwind(AssertUnwindSafe(|| self.next_piece())) {
                Ok(piece) => return piece,
                Err(_) => self.broken = true,
            }
        }
        Err(AudioError::new(&self.path, AudioFault::Decoder))
    }

    fn open_file(path: &Path) -> Result<Self, AudioError> {
        let wrong = |fault: AudioFault| AudioError::new(path, fault);
        let no_sound = |what: &str| wrong(AudioFault::NoSound(what.to_owned()));
        let file = File::open(path).map_err(|error| wrong(error.into()))?;
        let meta = file.metadata().map_err(|error| wrong(error.into()))?;
        if meta.is_dir() {
            return Err(wrong(
                std::io::Error::from(std::io::ErrorKind::IsADirectory).into(),
            ));
        }
        let mut hint = Hint::new();
        if let Some(extension) = path.extension().and_then(|extension| extension.to_str()) {
            hint.with_extension(extension);
        }
        let stream = MediaSourceStream::new(Box::new(file), Default::default());
        let mut format = symphonia::default::get_probe()
            .probe(
                &hint,
                stream,
                FormatOptions::default(),
                MetadataOptions::default(),
            )
            .map_err(|error| {
                wrong(match error {
                    Error::IoError(error) if error.kind() != std::io::ErrorKind::UnexpectedEof => {
                        error.into()
                    }
                    other => AudioFault::Unknown(other.to_string()),
                })
            })?;
        let track = format
            .default_track(TrackType::Audio)
            .ok_or_else(|| no_sound("no track"))?;
        let (id, delay, stated) = (track.id, track.delay.unwrap_or(0), track.num_frames);
        let parameters = track
            .codec_params
            .as_ref()
            .and_then(|parameters| parameters.audio())
            .ok_or_else(|| no_sound("no codec"))?;
        let rate = parameters
            .sample_rate
            .ok_or_else(|| no_sound("no sample rate"))?;
        let channels = parameters.channels.as_ref().map_or(0, |c| c.count());
        // Some kinds of file say it with their first packet.
        if channels > 2 {
            return Err(wrong(AudioFault::Channels(channels)));
        }
        // What is cut off is cut off here, for not every decoder does it.
        let decoder = symphonia::default::get_codecs()
            .make_audio_decoder(parameters, &AudioDecoderOptions::default().gapless(false))
            .map_err(|error| no_sound(&error.to_string()))?;
        let bits = parameters.bits_per_sample.or_else(|| alac_bits(parameters));
        let exact = rate == SAMPLE_RATE && bits == Some(16) && is_lossless(parameters.codec);
        let is_mp3 = parameters.codec == CODEC_ID_MP3;
        // Lossy kinds often guess it, and what was written into a pipe does not know it. An encoder of MP3 that tells what it
        // put before the sound has counted its frames; some count the one with their own words among them.
        let stated = match stated {
            Some(count) if is_lossless(parameters.codec) => {
                Some(count).filter(|c| *c < MOST_STATED)
            }
            Some(count) if is_mp3 && delay > 0 => {
                Some((count + u64::from(delay)).saturating_sub(MP3_FRAME))
            }
            _ => None,
        };
        // The demuxer guesses the length of such a file by the bit rate of its first frame.
        let knows_end = !is_mp3 || delay > 0;
        let is_numbered = [CODEC_ID_FLAC, CODEC_ID_VORBIS].contains(&parameters.codec);
        let tags = tags_of(format.as_mut());
        // The demuxer of MP4 says nothing of what encoders put before and behind the sound.
        let cut = match delay {
            0 => mp4::cut_of(path).map_err(|error| wrong(error.into()))?,
            _ => Cut::default(),
        };
        Ok(Self {
            path: path.to_owned(),
            format,
            decoder,
            track: id,
            rate,
            channels: channels.max(1),
            exact,
            tags,
            cut,
            decoded: 0,
            stated,
            knows_end,
            is_numbered,
            due: None,
            broken: false,
        })
    }

    pub(super) fn rate(&self) -> u32 {
        self.rate
    }

    pub(super) fn channels(&self) -> u8 {
        self.channels as u8 // at most 2
    }

    pub(super) fn is_exact(&self) -> bool {
        self.exact
    }

    pub(super) fn tags(&mut self) -> AudioTags {
        self.tags.clone()
    }

    fn next_piece(&mut self) -> Result<Option<Piece>, AudioError> {
        loop {
            if self.cut.is_done() {
                return Ok(None);
            }
            let damaged = |path: &Path, sample: u64, error: Error| {
                let fault = match error {
                    Error::IoError(error) if error.kind() != std::io::ErrorKind::UnexpectedEof => {
                        AudioFault::Io(error)
                    }
                    other => AudioFault::Damaged {
                        sample,
                        what: other.to_string(),
                    },
                };
                AudioError::new(path, fault)
            };
            let packet = match self.format.next_packet() {
                Ok(Some(packet)) => packet,
                Ok(None) => return self.end(),
                Err(error) => return Err(damaged(&self.path, self.decoded, error)),
            };
            if packet.track_id != self.track {
                continue;
            }
            let begins = packet.pts.get();
            let missing = self.due.map_or(0, |due| begins.saturating_sub(due));
            if self.is_numbered && missing > 0 {
                let fault = AudioFault::Damaged {
                    sample: self.decoded,
                    what: format!("{missing} samples are missing"),
                };
                return Err(AudioError::new(&self.path, fault));
            }
            self.due = Some(begins.saturating_add_unsigned(packet.block_dur().get()));
            let buffer = match self.decoder.decode(&packet) {
                Ok(buffer) => buffer,
                Err(error) => return Err(damaged(&self.path, self.decoded, error)),
            };
            let channels = buffer.num_planes();
            if channels > 2 {
                return Err(AudioError::new(&self.path, AudioFault::Channels(channels)));
            }
            let frames = buffer.frames();
            self.decoded += frames as u64;
            let head = usize::try_from(packet.trim_start.get()).unwrap_or(usize::MAX);
            let tail = match self.knows_end {
                true => usize::try_from(packet.trim_end.get()).unwrap_or(usize::MAX),
                false => 0,
            };
            let kept = head.min(frames)..frames.saturating_sub(tail).max(head.min(frames));
            let kept = self.cut.keep(kept);
            return Ok(Some(piece_of(&buffer, channels, self.exact, kept)));
        }
    }

    fn end(&self) -> Result<Option<Piece>, AudioError> {
        match self.stated {
            Some(stated) if self.decoded < stated => Err(AudioError::new(
                &self.path,
                AudioFault::Short {
                    there: self.decoded,
                    stated,
                },
            )),
            _ => Ok(None),
        }
    }
}

/// Samples of a frame of MP3, at most.
const MP3_FRAME: u64 = 1152;

/// From here on a number of samples is no length: 32 bits of bytes, all set, of two channels of 16 bits.
const MOST_STATED: u64 = 0xffff_0000 / 4;

fn piece_of(
    buffer: &GenericAudioBufferRef<'_>,
    channels: usize,
    exact: bool,
    kept: std::ops::Range<usize>,
) -> Piece {
    fn both<T: Copy>(samples: &[T], channels: usize, kept: std::ops::Range<usize>) -> Vec<[T; 2]> {
        let frames = samples.chunks_exact(channels.max(1));
        let kept = frames.skip(kept.start).take(kept.len());
        // One channel sounds on both sides.
        kept.filter_map(|frame| Some([*frame.first()?, *frame.last()?]))
            .collect()
    }
    match exact {
        true => {
            let mut samples: Vec<i16> = Vec::new();
            buffer.copy_to_vec_interleaved(&mut samples);
            Piece::Exact(both(&samples, channels, kept))
        }
        false => {
            let mut samples: Vec<f32> = Vec::new();
            buffer.copy_to_vec_interleaved(&mut samples);
            Piece::Float(both(&samples, channels, kept))
        }
    }
}

/// Bits of a sample of ALAC, of which its description alone tells: behind the length of its packets and a version.
fn alac_bits(parameters: &AudioCodecParameters) -> Option<u32> {
    let is_alac = parameters.codec == CODEC_ID_ALAC;
    let description = parameters.extra_data.as_ref().filter(|_| is_alac)?;
    description.get(5).copied().map(u32::from)
}

/// Whether decoded samples are those that were encoded.
fn is_lossless(codec: symphonia::core::codecs::audio::AudioCodecId) -> bool {
    use symphonia::core::codecs::audio::well_known::{
        CODEC_ID_PCM_F32LE, CODEC_ID_PCM_S16BE, CODEC_ID_PCM_S16LE, CODEC_ID_PCM_S24BE,
        CODEC_ID_PCM_S24LE, CODEC_ID_PCM_S32LE,
    };
    [
        CODEC_ID_PCM_S16LE,
        CODEC_ID_PCM_S16BE,
        CODEC_ID_PCM_S24LE,
        CODEC_ID_PCM_S24BE,
        CODEC_ID_PCM_S32LE,
        CODEC_ID_PCM_F32LE,
        CODEC_ID_FLAC,
        CODEC_ID_ALAC,
    ]
    .contains(&codec)
}

fn tags_of(format: &mut dyn FormatReader) -> AudioTags {
    let mut tags = AudioTags::default();
    let mut metadata = format.metadata();
    let Some(newest) = metadata.skip_to_latest() else {
        return tags;
    };
    let of_tracks = newest
        .per_track
        .iter()
        .flat_map(|track| &track.metadata.tags);
    for tag in newest.media.tags.iter().chain(of_tracks) {
        take_tag(&mut tags, tag);
    }
    tags
}

fn take_tag(tags: &mut AudioTags, tag: &Tag) {
    let (place, text) = match &tag.std {
        Some(StandardTag::TrackTitle(text)) => (&mut tags.title, text),
        Some(StandardTag::Artist(text)) => (&mut tags.artist, text),
        Some(StandardTag::Album(text)) => (&mut tags.album, text),
        Some(StandardTag::AlbumArtist(text)) => (&mut tags.album_artist, text),
        Some(StandardTag::Composer(text)) => (&mut tags.composer, text),
        Some(StandardTag::IdentIsrc(text)) => (&mut tags.isrc, text),
        Some(StandardTag::TrackNumber(number)) => {
            tags.number.get_or_insert(*number);
            return;
        }
        _ => return,
    };
    place.get_or_insert_with(|| text.to_string());
}

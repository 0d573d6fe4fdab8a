//! What each track is made of, and the reading of it.
//!
//! Owns the pieces of a track, one behind the other. Must not know what they become.

use super::samples::{RunReader, SampleRun, Sound};
use super::sectors::{SectorReader, Sectors};
use super::subcode::OpenSubcode;
use pitland_redbook::audio::Gain;
use pitland_redbook::raw::ProgramSource;
use pitland_redbook::{SECTOR_BYTES, SectorForm};
use std::io;
use std::path::Path;
use std::sync::Arc;

/// Frames of a track's source that lie one behind the other somewhere.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    pub(super) from: From,
    pub(super) frames: u32,
}

impl Piece {
    /// The sounds of its run.
    pub(super) fn sounds(&self) -> impl Iterator<Item = &Sound> {
        let run = match &self.from {
            From::Samples { run, .. } => Some(run),
            _ => None,
        };
        run.into_iter().flat_map(|run| run.sounds())
    }

    /// The files that it is read from.
    pub(super) fn files(&self) -> Vec<&Path> {
        match &self.from {
            From::Samples { run, .. } => run.files().collect(),
            From::Sectors { sectors, .. } => vec![&sectors.file.path],
            From::Nothing => Vec::new(),
        }
    }
}

#[derive(Debug, Clone)]
pub(super) enum From {
    /// From this frame of a run.
    Samples { run: Arc<SampleRun>, first: u32 },
    /// From this sector on.
    Sectors { sectors: Sectors, first: u32 },
    /// Silence, or user bytes that are zero.
    Nothing,
}

/// Reads the sources of a CD's tracks; each reader opens files of its own.
#[derive(Debug)]
pub struct ProgramReader {
    tracks: Arc<[Vec<Piece>]>,
    gain: Gain,
    /// The number of the first one.
    first_track: u8,
    subcode: Option<OpenSubcode>,
    run: Option<(Arc<SampleRun>, RunReader)>,
    sectors: SectorReader,
}

impl ProgramReader {
    pub(super) fn new(
        tracks: Arc<[Vec<Piece>]>,
        gain: Gain,
        first_track: u8,
        subcode: Option<OpenSubcode>,
    ) -> Self {
        Self {
            tracks,
            gain,
            first_track,
            subcode,
            run: None,
            sectors: SectorReader::default(),
        }
    }

    fn find(&self, track: u8, frame: u32) -> Option<(From, u32)> {
        let at = track.checked_sub(self.first_track)?;
        let pieces = self.tracks.get(usize::from(at))?;
        let mut frame = frame;
        for piece in pieces {
            if frame < piece.frames {
                return Some((piece.from.clone(), frame));
            }
            frame -= piece.frames;
        }
        None
    }
}

fn beyond() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "the track has no such frame")
}

impl ProgramSource for ProgramReader {
    fn read(&mut self, track: u8, frame: u32, out: &mut [u8]) -> io::Result<()> {
        let (from, frame) = self.find(track, frame).ok_or_else(beyond)?;
        match from {
            From::Nothing => {
                out.fill(0);
                Ok(())
            }
            From::Sectors { sectors, first } => {
                self.sectors
                    .read(&sectors, u64::from(first) + u64::from(frame), out)
            }
            From::Samples { run, first } => {
                let out = <&mut [u8; SECTOR_BYTES]>::try_from(out).map_err(|_| beyond())?;
                let mut reader = match self.run.take() {
                    Some((open, reader)) if Arc::ptr_eq(&open, &run) => reader,
                    _ => RunReader::new(self.gain),
                };
                reader.read(&run, first.saturating_add(frame), out)?;
                self.run = Some((run, reader));
                Ok(())
            }
        }
    }

    fn subcode(&mut self, block: u32, out: &mut [u8; 96]) -> io::Result<bool> {
        match &self.subcode {
            Some(subcode) => subcode.read(block, out).map(|()| true),
            None => Ok(false),
        }
    }

    fn form(&mut self, track: u8, frame: u32, usual: SectorForm) -> io::Result<SectorForm> {
        match self.find(track, frame).ok_or_else(beyond)? {
            (From::Sectors { sectors, first }, frame) => self
                .sectors
                .form(&sectors, u64::from(first) + u64::from(frame)),
            _ => Ok(usual),
        }
    }
}

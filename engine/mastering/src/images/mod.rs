//! Image files of all kinds as blocks of a disc: plain ones, raw sectors of a CD, and cue sheets with their tracks.
//!
//! Must not know file systems.

mod cue;
mod sectors;

use std::fs::File;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

pub use cue::{CueError, CueFault, CueFile, CueSheet, CueTrack, TrackForm};
pub use sectors::{SectorForm, Sectors};

use crate::block::{BLOCK_BYTES, BLOCK_SIZE, BlockSource};

/// A cue sheet is text of a few hundred lines at most.
const LONGEST_SHEET: u64 = 1 << 20;

/// Why an image file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImageError {
    /// The system's answer to opening or reading it.
    #[error("{} cannot be read: {source}", .path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// The answer.
        source: io::Error,
    },
    /// The cue sheet is not one.
    #[error("{}:{}: {}", .path.display(), .error.line, .error.fault)]
    Cue {
        /// The sheet.
        path: PathBuf,
        /// The line, and what is wrong there.
        error: CueError,
    },
    /// The file is longer than cue sheets are.
    #[error("{} has {bytes} bytes, which is no cue sheet", .path.display())]
    CueTooLong {
        /// The sheet.
        path: PathBuf,
        /// Its bytes.
        bytes: u64,
    },
    /// The cue sheet names a file outside of its own folder.
    #[error("{}:{line}: {} lies outside of the sheet's folder", .path.display(), .file.display())]
    Outside {
        /// The sheet.
        path: PathBuf,
        /// The line of the name.
        line: u32,
        /// The name.
        file: PathBuf,
    },
    /// A track of data begins behind the end of its file, or at the same place as the next one.
    #[error("{}:{line}: track {track} has no sector in its file", .path.display())]
    EmptyTrack {
        /// The sheet.
        path: PathBuf,
        /// The line of the track.
        line: u32,
        /// Its number.
        track: u8,
    },
    /// A track of data stands behind a file of sound whose length is not known without decoding it.
    #[error("{}:{line}: where track {track} begins on the disc cannot be told: a file of sound stands before it", .path.display())]
    BehindSound {
        /// The sheet.
        path: PathBuf,
        /// The line of the track.
        line: u32,
        /// Its number.
        track: u8,
    },
    /// There is no track of data.
    #[error("{}: there is no track of data", .path.display())]
    NoData {
        /// The sheet.
        path: PathBuf,
    },
    /// A track of sound stands where data alone are wanted.
    #[error("{}:{line}: track {track} is sound, not data", .path.display())]
    Sound {
        /// The sheet.
        path: PathBuf,
        /// The line of the track.
        line: u32,
        /// Its number.
        track: u8,
    },
    /// Several tracks stand where one is wanted.
    #[error("{} has {tracks} tracks, not one", .path.display())]
    SeveralTracks {
        /// The sheet.
        path: PathBuf,
        /// How many.
        tracks: usize,
    },
    /// The track does not begin where the addresses in its volume begin to count.
    #[error("{}:{line}: the track begins at LBA {first_lba}, not at LBA 0", .path.display())]
    NotAtStart {
        /// The sheet.
        path: PathBuf,
        /// The line of the track.
        line: u32,
        /// Where its first index is.
        first_lba: u32,
    },
    /// The file does not end with a whole sector.
    #[error("{} has {bytes} bytes, which are no whole sectors of {sector}", .path.display())]
    NotWhole {
        /// Which file.
        path: PathBuf,
        /// Its bytes, or those of its last track.
        bytes: u64,
        /// Bytes of a sector.
        sector: u64,
    },
    /// The image has more blocks than a disc can.
    #[error("{} has more blocks than 32 bits can count", .path.display())]
    TooLarge {
        /// Which file.
        path: PathBuf,
    },
}

/// The blocks of an image file, whatever its kind.
#[derive(Clone, Debug)]
pub struct DiscImage {
    /// In the order of the disc; never empty.
    runs: Vec<Sectors>,
}

impl DiscImage {
    /// Opens an image file: a cue sheet where the name ends in `.cue`, raw sectors where it begins like one, else plain
    /// blocks from LBA 0 on.
    ///
    /// # Errors
    /// [`ImageError`].
    pub fn open(path: &Path) -> Result<Self, ImageError> {
        let cue = path
            .extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("cue"));
        if cue {
            return place(path, &read_sheet(path)?);
        }
        let file = open(path)?;
        let (length, form) = file
            .metadata()
            .and_then(|metadata| Ok((metadata.len(), sectors::recognise(&file)?)))
            .map_err(|source| unreadable(path, source))?;
        let (form, first_lba) = form.unwrap_or((SectorForm::Cooked, 0));
        let blocks = match form {
            // The last block of a plain image may be cut: there is nothing in it that could be read.
            SectorForm::Cooked => length / BLOCK_BYTES,
            _ => whole(path, length, form.sector_bytes())?,
        };
        let run = Sectors {
            file: Arc::new(file),
            offset: 0,
            form,
            first_lba,
            blocks: count(path, u64::from(first_lba), blocks)?,
        };
        Ok(Self { runs: vec![run] })
    }

    /// The track of a cue sheet that has one alone, of data and from LBA 0 on: its user data are an image by themselves.
    ///
    /// # Errors
    /// [`ImageError`]; also where there is sound, or a second track.
    pub fn only_track(sheet: &Path) -> Result<Sectors, ImageError> {
        let read = read_sheet(sheet)?;
        let path = || sheet.to_path_buf();
        let mut tracks = read.files.iter().flat_map(|file| &file.tracks);
        let sound = |track: &&CueTrack| !matches!(track.form, TrackForm::Data(_));
        if let Some(CueTrack { line, number, .. }) = tracks.clone().find(sound) {
            return Err(ImageError::Sound {
                path: path(),
                line: *line,
                track: *number,
            });
        }
        let first = tracks.next();
        let tracks = tracks.count() + 1;
        let runs = place(sheet, &read)?.runs.into_iter().next();
        let (Some(first), Some(run)) = (first, runs) else {
            return Err(ImageError::NoData { path: path() });
        };
        if tracks > 1 {
            return Err(ImageError::SeveralTracks {
                path: path(),
                tracks,
            });
        }
        if run.first_lba > 0 {
            return Err(ImageError::NotAtStart {
                path: path(),
                line: first.line,
                first_lba: run.first_lba,
            });
        }
        Ok(run)
    }

    /// The tracks of data, each a run of blocks; a plain image is one.
    #[must_use]
    pub fn tracks(&self) -> &[Sectors] {
        &self.runs
    }

    /// The block behind the last one.
    #[must_use]
    pub fn end(&self) -> u32 {
        self.runs
            .last()
            .map_or(0, |run| run.first_lba.saturating_add(run.blocks))
    }
}

impl BlockSource for DiscImage {
    fn read_blocks(&mut self, lba: u32, out: &mut [u8]) -> io::Result<()> {
        let mut at = lba;
        let mut rest = out;
        while !rest.is_empty() {
            let run = self
                .runs
                .iter_mut()
                .find(|run| run.holds(at))
                .ok_or(io::ErrorKind::UnexpectedEof)?;
            let left = run.blocks - (at - run.first_lba);
            let blocks = left.min((rest.len() / BLOCK_SIZE) as u32);
            let (piece, after) = rest.split_at_mut(blocks as usize * BLOCK_SIZE);
            if piece.is_empty() {
                return Err(io::ErrorKind::InvalidInput.into());
            }
            run.read_blocks(at, piece)?;
            at += blocks;
            rest = after;
        }
        Ok(())
    }

    fn blocks(&mut self) -> Option<u32> {
        Some(self.end())
    }
}

fn open(path: &Path) -> Result<File, ImageError> {
    File::open(path).map_err(|source| unreadable(path, source))
}

fn unreadable(path: &Path, source: io::Error) -> ImageError {
    ImageError::Unreadable {
        path: path.to_path_buf(),
        source,
    }
}

fn whole(path: &Path, bytes: u64, sector: u64) -> Result<u64, ImageError> {
    if bytes.is_multiple_of(sector) {
        return Ok(bytes / sector);
    }
    Err(ImageError::NotWhole {
        path: path.to_path_buf(),
        bytes,
        sector,
    })
}

/// Blocks from `first` on, where 32 bits can address the last.
fn count(path: &Path, first: u64, blocks: u64) -> Result<u32, ImageError> {
    let too_large = || ImageError::TooLarge {
        path: path.to_path_buf(),
    };
    if first + blocks > u64::from(u32::MAX) {
        return Err(too_large());
    }
    u32::try_from(blocks).map_err(|_| too_large())
}

fn read_sheet(path: &Path) -> Result<CueSheet, ImageError> {
    let mut text = Vec::new();
    open(path)?
        .take(LONGEST_SHEET + 1)
        .read_to_end(&mut text)
        .map_err(|source| unreadable(path, source))?;
    if text.len() as u64 > LONGEST_SHEET {
        return Err(ImageError::CueTooLong {
            path: path.to_path_buf(),
            bytes: text.len() as u64,
        });
    }
    CueSheet::parse(&text).map_err(|error| ImageError::Cue {
        path: path.to_path_buf(),
        error,
    })
}

/// Finds the sectors of a sheet's tracks.
fn place(path: &Path, sheet: &CueSheet) -> Result<DiscImage, ImageError> {
    let mut runs = Vec::new();
    // The next sector of the disc, while it is known.
    let mut disc = Some(0);
    for file in &sheet.files {
        let first_track = std::ptr::eq(file, sheet.files.first().unwrap_or(file));
        disc = place_file(path, file, first_track, disc, &mut runs)?;
    }
    if runs.is_empty() {
        return Err(ImageError::NoData {
            path: path.to_path_buf(),
        });
    }
    Ok(DiscImage { runs })
}

/// Places the tracks of a file from `disc` on, and answers the sector of the disc behind them.
fn place_file(
    sheet: &Path,
    file: &CueFile,
    first: bool,
    disc: Option<u64>,
    runs: &mut Vec<Sectors>,
) -> Result<Option<u64>, ImageError> {
    let has_data = |track: &&CueTrack| matches!(track.form, TrackForm::Data(_));
    if let Some(track) = file.tracks.iter().find(has_data)
        && (!file.binary || disc.is_none())
    {
        return Err(ImageError::BehindSound {
            path: sheet.to_path_buf(),
            line: track.line,
            track: track.number,
        });
    }
    let Some(mut disc) = disc.filter(|_| file.binary) else {
        return Ok(None);
    };
    let path = inside(sheet, file)?;
    let opened = Arc::new(open(&path)?);
    let length = opened
        .metadata()
        .map_err(|source| unreadable(&path, source))?
        .len();
    let mut offset = 0;
    for (at, track) in file.tracks.iter().enumerate() {
        let empty = || ImageError::EmptyTrack {
            path: sheet.to_path_buf(),
            line: track.line,
            track: track.number,
        };
        let sector = track.form.sector_bytes();
        let begin = if at == 0 { 0 } else { track.start };
        let sectors = match file.tracks.get(at + 1) {
            Some(next) => u64::from(next.start.saturating_sub(begin)),
            None => whole(&path, length.saturating_sub(offset), sector)?,
        };
        // The gap before the first track is that in which LBA 0 has not begun.
        if !(first && at == 0) {
            disc += u64::from(track.pregap);
        }
        // The last index of a track may stand behind the first of the next in a sheet that lies.
        let skipped = u64::from(track.index_1 - begin);
        let own = sectors.checked_sub(skipped).filter(|own| *own > 0);
        if let TrackForm::Data(form) = track.form {
            let own = own.ok_or_else(empty)?;
            if offset + sectors * sector > length {
                return Err(empty());
            }
            runs.push(Sectors {
                file: Arc::clone(&opened),
                offset: offset + skipped * sector,
                form,
                first_lba: count(&path, 0, disc + skipped)?,
                blocks: count(&path, disc + skipped, own)?,
            });
        }
        disc += sectors + u64::from(track.postgap);
        offset += sectors * sector;
    }
    Ok(Some(disc))
}

/// The path of a file that a sheet names, which must lie in the sheet's folder, links followed.
fn inside(sheet: &Path, file: &CueFile) -> Result<PathBuf, ImageError> {
    let name = Path::new(&file.name);
    let outside = || ImageError::Outside {
        path: sheet.to_path_buf(),
        line: file.line,
        file: name.to_path_buf(),
    };
    if !name
        .components()
        .all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
    {
        return Err(outside());
    }
    let folder = match sheet.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    let path = folder.join(name);
    let real = |path: &Path| path.canonicalize().map_err(|error| unreadable(path, error));
    match real(&path)?.starts_with(real(folder)?) {
        true => Ok(path),
        false => Err(outside()),
    }
}

//! Where stashed bytes are: memory, and files without a name in folders with room. One row of bytes from 0
//! on, of which the first are in memory. Owns room and its refusal; must not know what the bytes are.

use crate::error::SourceError;
use rustix::fs::FallocateFlags;
use rustix::io::Errno;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

/// Memory is taken in pieces of this size, each when its first byte comes.
const CHUNK: u64 = 1 << 20;

/// So much is left to others on each file system.
pub(crate) const LEFT_ALONE: u64 = 64 << 20;

/// A folder with less room is passed over, unless that is all that is missing.
const WORTH_A_FILE: u64 = 1 << 20;

/// There is less room in the folders than is needed. Nothing was read or written; the medium is untouched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{needed} bytes are to be stored, and there is no room for {missing} of them ({}); name a folder with \
     room, or burn without a stash",
    words(.found)
)]
pub(crate) struct NoRoom {
    needed: u64,
    missing: u64,
    found: Vec<(PathBuf, String)>,
}

/// More is to be stashed than was allowed. Nothing was read or written; the medium is untouched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{needed} bytes are to be stored in memory and files, and {quota} are allowed; allow more, or burn \
     without a stash"
)]
pub(crate) struct OverQuota {
    pub(crate) needed: u64,
    pub(crate) quota: u64,
}

fn words(found: &[(PathBuf, String)]) -> String {
    if found.is_empty() {
        return "no folder was named".into();
    }
    let words: Vec<String> = found
        .iter()
        .map(|(dir, found)| format!("{}: {found}", dir.display()))
        .collect();
    words.join(", ")
}

/// A refusal as the error of the folder that stands first.
pub(crate) fn refused(
    error: impl std::error::Error + Send + Sync + 'static,
    dirs: &[PathBuf],
) -> SourceError {
    failed(
        dirs.first().map_or(Path::new("memory"), PathBuf::as_path),
        io::Error::new(io::ErrorKind::StorageFull, error),
    )
}

fn failed(dir: &Path, error: io::Error) -> SourceError {
    SourceError::Stash {
        dir: dir.to_path_buf(),
        error: Arc::new(error),
    }
}

/// What was done with a stash when the system refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StashStep {
    /// Its folders were looked at.
    Look,
    /// A file was made.
    Open,
    /// It was written.
    Write,
    /// It was read.
    Read,
}

/// The system's answer, with what it answered.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
struct AtStep {
    step: StashStep,
    error: io::Error,
}

impl StashStep {
    fn failed(self, dir: &Path, error: io::Error) -> SourceError {
        let step = self;
        failed(dir, io::Error::new(error.kind(), AtStep { step, error }))
    }

    /// What the error of a stash answers; `None` where it is not known.
    pub(crate) fn of(error: &io::Error) -> Option<Self> {
        let at = error.get_ref()?.downcast_ref::<AtStep>()?;
        Some(at.step)
    }
}

/// A run of bytes in a file.
#[derive(Debug)]
struct Segment {
    first: u64,
    length: u64,
    file: File,
    dir: PathBuf,
}

/// The bytes of a stash. Shared by those who fill it and those who read it.
#[derive(Debug)]
pub(crate) struct Store {
    /// What lies in memory: `memory` bytes, the last chunk cut to them.
    chunks: Vec<RwLock<Vec<u8>>>,
    memory: u64,
    segments: Vec<Segment>,
}

impl Store {
    /// Room for `memory` bytes in memory and `stored` bytes in files: the first folder is filled, then the
    /// next. The room is taken at once where the file system can do that, so that nobody else gets it.
    ///
    /// # Errors
    /// [`SourceError::Stash`] with [`NoRoom`], or with what the system said.
    pub(crate) fn reserve(memory: u64, stored: u64, dirs: &[PathBuf]) -> Result<Self, SourceError> {
        Self::reserve_in(memory, stored, dirs, room_in)
    }

    fn reserve_in(
        memory: u64,
        stored: u64,
        dirs: &[PathBuf],
        room: impl Fn(&Path) -> io::Result<Room>,
    ) -> Result<Self, SourceError> {
        let mut store = Self {
            chunks: (0..memory.div_ceil(CHUNK))
                .map(|_| RwLock::default())
                .collect(),
            memory,
            segments: Vec::new(),
        };
        let mut missing = stored;
        let mut found = Vec::new();
        // Counted before any of it is taken: a stash that does not fit must not fill the folders for nothing.
        let mut counted = Vec::new();
        let mut shares = Vec::new();
        for dir in dirs {
            let free = match room(dir) {
                Ok(room) if counted.contains(&room.device) => continue,
                Ok(room) => {
                    counted.push(room.device);
                    room.free
                }
                Err(error) => {
                    found.push((dir.clone(), error.to_string()));
                    continue;
                }
            };
            found.push((dir.clone(), format!("{free} bytes")));
            if free >= missing.min(WORTH_A_FILE) && missing > 0 {
                shares.push((dir, free.min(missing)));
                missing -= free.min(missing);
            }
        }
        if missing > 0 {
            let error = NoRoom {
                needed: stored,
                missing,
                found,
            };
            // Where no folder could be looked at, it is not room that is missing.
            return Err(match dirs.first() {
                Some(dir) if counted.is_empty() => {
                    let error = io::Error::new(io::ErrorKind::NotFound, error);
                    StashStep::Look.failed(dir, error)
                }
                _ => refused(error, dirs),
            });
        }
        let mut first = memory;
        for (dir, length) in shares {
            let file =
                take_room(dir, length).map_err(|error| StashStep::Open.failed(dir, error))?;
            store.segments.push(Segment {
                first,
                length,
                file,
                dir: dir.clone(),
            });
            first += length;
        }
        Ok(store)
    }

    fn chunk(&self, position: u64) -> Option<(&RwLock<Vec<u8>>, usize)> {
        let chunk = self.chunks.get(usize::try_from(position / CHUNK).ok()?)?;
        Some((chunk, (position % CHUNK) as usize))
    }

    /// Bytes of the chunk that holds `position`.
    fn chunk_length(&self, position: u64) -> usize {
        let first = position - position % CHUNK;
        (self.memory - first).min(CHUNK) as usize
    }

    fn segment(&self, position: u64) -> Option<&Segment> {
        let after = self.segments.partition_point(|s| s.first <= position);
        let segment = self.segments.get(after.checked_sub(1)?)?;
        (position < segment.first + segment.length).then_some(segment)
    }

    /// Writes at `position`.
    ///
    /// # Errors
    /// [`SourceError::Stash`].
    pub(crate) fn write(&self, position: u64, bytes: &[u8]) -> Result<(), SourceError> {
        let mut position = position;
        let mut rest = bytes;
        while !rest.is_empty() {
            let written = if position < self.memory {
                let (chunk, at) = self.chunk(position).ok_or_else(beyond)?;
                let mut chunk = chunk.write().unwrap_or_else(PoisonError::into_inner);
                if chunk.is_empty() {
                    *chunk = vec![0; self.chunk_length(position)];
                }
                let room = chunk.get_mut(at..).unwrap_or_default();
                let length = room.len().min(rest.len());
                copy(room, rest);
                length
            } else {
                let segment = self.segment(position).ok_or_else(beyond)?;
                let at = position - segment.first;
                let length = shorter(rest.len(), segment.length - at);
                segment
                    .file
                    .write_all_at(rest.get(..length).unwrap_or_default(), at)
                    .map_err(|error| StashStep::Write.failed(&segment.dir, error))?;
                length
            };
            position += written as u64;
            rest = rest.get(written..).unwrap_or_default();
        }
        Ok(())
    }

    /// Reads what was written at `position`.
    ///
    /// # Errors
    /// [`SourceError::Stash`].
    pub(crate) fn read(&self, position: u64, out: &mut [u8]) -> Result<(), SourceError> {
        let mut position = position;
        let mut rest = out;
        while !rest.is_empty() {
            let read = if position < self.memory {
                let (chunk, at) = self.chunk(position).ok_or_else(beyond)?;
                let chunk = chunk.read().unwrap_or_else(PoisonError::into_inner);
                let there = chunk
                    .get(at..)
                    .filter(|t| !t.is_empty())
                    .ok_or_else(beyond)?;
                let length = there.len().min(rest.len());
                copy(rest, there);
                length
            } else {
                let segment = self.segment(position).ok_or_else(beyond)?;
                let at = position - segment.first;
                let length = shorter(rest.len(), segment.length - at);
                segment
                    .file
                    .read_exact_at(rest.get_mut(..length).unwrap_or_default(), at)
                    .map_err(|error| StashStep::Read.failed(&segment.dir, error))?;
                length
            };
            position += read as u64;
            rest = rest.get_mut(read..).unwrap_or_default();
        }
        Ok(())
    }

    /// Bytes that it holds, in memory and in files.
    #[cfg(test)]
    pub(crate) fn room(&self) -> (u64, u64) {
        (self.memory, self.segments.iter().map(|s| s.length).sum())
    }
}

fn copy(to: &mut [u8], from: &[u8]) {
    let length = to.len().min(from.len());
    if let (Some(to), Some(from)) = (to.get_mut(..length), from.get(..length)) {
        to.copy_from_slice(from);
    }
}

fn shorter(length: usize, room: u64) -> usize {
    usize::try_from(room).unwrap_or(usize::MAX).min(length)
}

/// Nobody asks for what was not reserved and written; if somebody does, the job ends.
fn beyond() -> SourceError {
    failed(Path::new("memory"), io::ErrorKind::UnexpectedEof.into())
}

/// What a folder has room for.
pub(super) struct Room {
    /// Folders of one file system share their room.
    device: u64,
    pub(super) free: u64,
}

pub(super) fn room_in(dir: &Path) -> io::Result<Room> {
    let stat = rustix::fs::statvfs(dir)?;
    Ok(Room {
        device: fs::metadata(dir)?.dev(),
        free: stat
            .f_bavail
            .saturating_mul(stat.f_frsize)
            .saturating_sub(LEFT_ALONE),
    })
}

/// A file without a name in `dir` that has its room already, where the file system can do that; where it
/// cannot, the room was there a moment ago.
fn take_room(dir: &Path, length: u64) -> io::Result<File> {
    let file = tempfile::tempfile_in(dir)?;
    loop {
        match rustix::fs::fallocate(&file, FallocateFlags::empty(), 0, length) {
            Ok(()) | Err(Errno::OPNOTSUPP | Errno::NOSYS) => return Ok(file),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Where stash files go if nobody says: where `TMPDIR` points, else to the folder for large temporary files,
/// for the common one is often kept in memory.
pub(crate) fn standard_dirs() -> Vec<PathBuf> {
    if std::env::var_os("TMPDIR").is_some() {
        return vec![std::env::temp_dir()];
    }
    let mut dirs = vec![PathBuf::from("/var/tmp"), std::env::temp_dir()];
    dirs.retain(|dir| dir.is_dir());
    dirs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(seed: u64, length: usize) -> Vec<u8> {
        super::super::tests::noise(seed, length)
    }

    #[test]
    fn what_fails_in_a_folder_is_told_by_what_was_done() {
        use crate::codes::{Code, Coded, imapi};
        let place = tempfile::tempdir().unwrap();
        let read_only = place.path().join("file");
        fs::write(&read_only, [0; 100]).unwrap();
        let store = Store {
            chunks: Vec::new(),
            memory: 0,
            segments: vec![Segment {
                first: 0,
                length: 1000,
                file: File::open(&read_only).unwrap(),
                dir: place.path().to_path_buf(),
            }],
        };
        let roomy = |_: &Path| {
            Ok(Room {
                device: 1,
                free: 1 << 30,
            })
        };
        let gone = [place.path().join("gone")];
        for (error, code, value) in [
            (
                Store::reserve_in(0, 1000, &gone, roomy).unwrap_err(),
                Code::StashOpen,
                imapi::IMAPI_E_STASHFILE_OPEN_FAILURE,
            ),
            (
                store.write(0, &[1; 10]).unwrap_err(),
                Code::StashWrite,
                imapi::IMAPI_E_STASHFILE_WRITE_FAILURE,
            ),
            (
                store.read(0, &mut [0; 1000]).unwrap_err(),
                Code::StashRead,
                imapi::IMAPI_E_STASHFILE_READ_FAILURE,
            ),
        ] {
            assert_eq!(error.code(), code, "{error}");
            assert_eq!(error.imapi_code(), Some(value));
            assert!(error.to_string().starts_with("the stash in "), "{error}");
        }
    }

    #[test]
    fn what_is_written_anywhere_is_read_there() {
        let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let dirs = [a.path().to_path_buf(), b.path().to_path_buf()];
        let memory = CHUNK + 1000;
        let store = Store::reserve(memory, 300_000, &dirs).unwrap();
        assert_eq!(store.room(), (memory, 300_000));
        let bytes = noise(1, (memory + 300_000) as usize);
        // Pieces that cross from chunk to chunk and from memory to file, from behind.
        let mut end = bytes.len();
        while end > 0 {
            let start = end.saturating_sub(70_001);
            store.write(start as u64, &bytes[start..end]).unwrap();
            end = start;
        }
        let mut out = vec![0; bytes.len()];
        store.read(0, &mut out).unwrap();
        assert!(out == bytes);
        for start in [
            0,
            1,
            CHUNK as usize - 1,
            memory as usize - 1,
            memory as usize,
        ] {
            let mut out = vec![0; 5000];
            store.read(start as u64, &mut out).unwrap();
            assert!(out == bytes[start..start + 5000], "{start}");
        }
        let mut beyond = [0; 2];
        assert!(store.read(bytes.len() as u64 - 1, &mut beyond).is_err());
        assert!(store.write(bytes.len() as u64 - 1, &beyond).is_err());
    }

    #[test]
    fn the_first_folder_is_filled_and_then_the_next_with_room() {
        let places: Vec<_> = (0..5).map(|_| tempfile::tempdir().unwrap()).collect();
        let dirs: Vec<_> = places.iter().map(|p| p.path().to_path_buf()).collect();
        // The second shares the room of the first, and the third has too little to be worth a file.
        let rooms = [
            (1, 2 << 20),
            (1, 2 << 20),
            (2, 1000),
            (3, 3 << 20),
            (4, 1 << 30),
        ];
        let room = |dir: &Path| {
            let at = dirs.iter().position(|d| d == dir).unwrap();
            let (device, free) = rooms[at];
            Ok(Room { device, free })
        };
        let lengths = |stored| {
            let store = Store::reserve_in(500, stored, &dirs, room).unwrap();
            let files: Vec<_> = store
                .segments
                .iter()
                .map(|s| (dirs.iter().position(|d| *d == s.dir).unwrap(), s.length))
                .collect();
            let bytes = noise(3, 500 + stored as usize);
            store.write(0, &bytes).unwrap();
            let mut out = vec![0; bytes.len()];
            store.read(0, &mut out).unwrap();
            assert!(out == bytes);
            files
        };
        assert_eq!(lengths(100), [(0, 100)]);
        assert_eq!(lengths(4 << 20), [(0, 2 << 20), (3, 2 << 20)]);
        assert_eq!(lengths(6 << 20), [(0, 2 << 20), (3, 3 << 20), (4, 1 << 20)]);
        let error = Store::reserve_in(0, 8 << 20, &dirs[..4], room).unwrap_err();
        assert!(
            error
                .to_string()
                .contains(&format!("no room for {} of them", 3 << 20)),
            "{error}"
        );
    }

    #[test]
    fn memory_that_nobody_wrote_is_not_read_as_zeros() {
        let store = Store::reserve(10, 0, &[]).unwrap();
        assert!(store.read(0, &mut [0; 1]).is_err());
    }

    #[test]
    fn stash_files_have_no_name() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::reserve(0, 100_000, &[dir.path().to_path_buf()]).unwrap();
        store.write(0, &noise(1, 100_000)).unwrap();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn no_room_is_said_with_numbers_and_folders() {
        let dir = tempfile::tempdir().unwrap();
        let missing = dir.path().join("missing");
        let dirs = [missing.clone(), dir.path().to_path_buf()];
        let needed = 1 << 60;
        let free = || room_in(dir.path()).unwrap().free;
        let before = free();
        let error = Store::reserve(0, needed, &dirs).unwrap_err().to_string();
        assert!(error.contains(&needed.to_string()), "{error}");
        assert!(error.contains(&missing.display().to_string()), "{error}");
        assert!(error.contains("burn without a stash"), "{error}");
        assert!(
            before.abs_diff(free()) < before / 2,
            "nothing was taken for it"
        );
        // A folder that cannot be used is no hindrance where another can.
        Store::reserve(0, 1000, &dirs).unwrap();
        assert!(Store::reserve(0, 1, &[]).is_err());
        Store::reserve(1000, 0, &[]).unwrap();
    }

    #[test]
    fn several_jobs_share_folders_and_none_gets_anothers_bytes() {
        let dir = tempfile::tempdir().unwrap();
        let dirs = [dir.path().to_path_buf()];
        std::thread::scope(|scope| {
            for seed in 1..=8 {
                let dirs = &dirs;
                scope.spawn(move || {
                    let store = Store::reserve(0, 200_000, dirs).unwrap();
                    let bytes = noise(seed, 200_000);
                    store.write(0, &bytes).unwrap();
                    let mut out = vec![0; bytes.len()];
                    store.read(0, &mut out).unwrap();
                    assert!(out == bytes);
                });
            }
        });
    }
}

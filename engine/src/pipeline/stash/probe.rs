//! The measured probe: how fast a file system gives its files, read as they will be read. What is in memory
//! already counts as fast, for so it will be; the samples are other ones each time, for what one probe has
//! read is in memory for the next. Decides nothing.

use super::rules::SMALL;
use pitland_mastering::ReadAhead;
use rustix::fs::OFlags;
use std::fs::File;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};

/// Threads of the probe: so many read small files ahead.
const THREADS: usize = ReadAhead::THREADS;

/// No probe takes longer, but for the read that has begun.
const LONGEST: Duration = Duration::from_millis(300);

/// Large files are sampled in so many places.
const LARGE_SAMPLES: usize = 4;

/// Of each place the first bytes are not measured: getting there is no part of reading on.
const WAY: usize = 256 << 10;

/// Bytes that are measured of each place.
const SAMPLE: usize = 2 << 20;

/// Less does not tell a rate from the time of a call.
const LEAST: u64 = 1 << 20;

/// So many small files tell the rate of all, where the time is enough for them.
const SMALL_SAMPLES: usize = 2048;

/// Numbers that are others each time.
struct Dice(u64);

impl Dice {
    fn new() -> Self {
        let now = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
        Self(now.as_nanos() as u64 | 1) // the low bits are the lively ones
    }

    /// A number below `end`; 0 where that is 0.
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.checked_rem(end).unwrap_or(0)
    }

    /// At most `most` of `all`, one of each of as many equal parts.
    fn spread<'a, T>(&mut self, all: &'a [T], most: usize) -> Vec<&'a T> {
        let part = all.len().div_ceil(most.max(1)).max(1);
        all.chunks(part)
            .filter_map(|some| some.get(self.below(some.len() as u64) as usize))
            .collect()
    }
}

/// Bytes per second from large files, each with its size; `None` where one of the samples cannot be read, or
/// all of them are too short to tell.
pub(crate) fn large_rate<T>(
    files: &[T],
    path_and_size: impl Fn(&T) -> (PathBuf, u64),
) -> Option<u64> {
    let mut dice = Dice::new();
    let mut piece = vec![0; SAMPLE];
    let mut bytes = 0;
    let mut time = Duration::ZERO;
    let began = Instant::now();
    let chosen = dice.spread(files, LARGE_SAMPLES);
    let times = LARGE_SAMPLES / chosen.len().max(1);
    for file in chosen.iter().cycle().take(chosen.len() * times) {
        let (path, size) = path_and_size(file);
        let file = open(&path)?;
        let first = dice.below(size.saturating_sub((WAY + SAMPLE) as u64)) & !0xfff;
        let way = read(&file, piece.get_mut(..WAY)?, first)?;
        let measured = Instant::now();
        bytes += read(&file, &mut piece, first + way)?;
        time += measured.elapsed();
        if began.elapsed() >= LONGEST {
            break;
        }
    }
    rate(bytes, time).filter(|_| bytes >= LEAST)
}

/// Bytes of the image per second from small files that several threads read, opening and all; `None` where
/// none can be read.
pub(crate) fn small_rate<T: Sync>(files: &[T], path: impl Fn(&T) -> PathBuf + Sync) -> Option<u64> {
    let chosen = Dice::new().spread(files, SMALL_SAMPLES);
    let next = AtomicUsize::new(0);
    let began = Instant::now();
    let work = || {
        let mut piece = vec![0; SMALL as usize];
        let mut blocks = 0;
        while began.elapsed() < LONGEST {
            let Some(file) = chosen.get(next.fetch_add(1, Ordering::Relaxed)) else {
                break;
            };
            let found = open(&path(file)).and_then(|file| file.read_at(&mut piece, 0).ok());
            blocks += found.unwrap_or(0).div_ceil(2048) as u64;
        }
        blocks
    };
    let blocks: u64 = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(work)).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or(0))
            .sum()
    });
    rate(blocks * 2048, began.elapsed())
}

fn rate(bytes: u64, time: Duration) -> Option<u64> {
    let rate = u128::from(bytes) * 1_000_000_000 / time.as_nanos().max(1);
    (bytes > 0).then(|| u64::try_from(rate).unwrap_or(u64::MAX))
}

/// Bytes read from `first` on, up to the file's end; `None` where it cannot be read.
fn read(file: &File, out: &mut [u8], first: u64) -> Option<u64> {
    let mut filled = 0;
    while let Some(rest) = out.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match file.read_at(rest, first + filled as u64).ok()? {
            0 => break,
            found => filled += found,
        }
    }
    Some(filled as u64)
}

/// A file that is a link or a fifo now is not measured.
fn open(path: &Path) -> Option<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = File::options()
        .read(true)
        .custom_flags(i32::try_from(flags.bits()).ok()?)
        .open(path)
        .ok()?;
    file.metadata().ok()?.is_file().then_some(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn files_that_can_be_read_have_a_rate_and_others_have_none() {
        let place = tempfile::tempdir().unwrap();
        let large = place.path().join("large");
        fs::write(&large, vec![1; 5 << 20]).unwrap();
        let rate_of = |paths: &[PathBuf]| large_rate(paths, |path| (path.clone(), 5 << 20));
        assert!(rate_of(std::slice::from_ref(&large)).unwrap() > 0);
        assert!(rate_of(&vec![large.clone(); 10]).unwrap() > 0);
        assert_eq!(rate_of(&[]), None);
        assert_eq!(rate_of(&[place.path().join("none")]), None);
        let link = place.path().join("link");
        std::os::unix::fs::symlink(&large, &link).unwrap();
        assert_eq!(rate_of(&[link]), None);
        // Too short to tell, or shorter than the plan says.
        fs::write(&large, vec![1; WAY + 1000]).unwrap();
        assert_eq!(rate_of(&[large]), None);

        let small = place.path().join("small");
        fs::write(&small, b"x").unwrap();
        let rate_of = |paths: &[PathBuf]| small_rate(paths, PathBuf::clone);
        assert!(rate_of(&[small, place.path().join("none")]).unwrap() > 0);
        assert_eq!(rate_of(&[place.path().join("none")]), None);
        assert_eq!(rate_of(&[]), None);
    }

    #[test]
    fn a_rate_is_bytes_per_second() {
        assert_eq!(rate(2048, Duration::from_millis(1)), Some(2_048_000));
        assert_eq!(rate(u64::MAX, Duration::ZERO), Some(u64::MAX));
        assert_eq!(rate(0, Duration::from_secs(1)), None);
    }

    #[test]
    fn samples_are_spread_over_all() {
        let all: Vec<usize> = (0..1000).collect();
        let mut dice = Dice(7);
        let chosen = dice.spread(&all, 4);
        let parts: Vec<_> = chosen.iter().map(|n| **n / 250).collect();
        assert_eq!(parts, [0, 1, 2, 3]);
        assert_ne!(chosen, dice.spread(&all, 4));
        assert_eq!(dice.spread(&all, 5000).len(), 1000);
        assert!(dice.spread(&all[..0], 5).is_empty());
    }
}

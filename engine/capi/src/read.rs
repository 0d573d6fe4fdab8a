//! A disc, or one of its tracks, into a file. Owns the file, which appears under its name when it is whole; what is read is
//! the engine's.

use crate::border::{call, system_text};
use crate::drive::{Open, drive_of, pitland_drive};
use crate::engine::not_within;
use crate::error::{Fault, pitland_error, pitland_status};
use crate::growth::{Growing, grown, unknown, yes_or_no};
use crate::progress::{Listener, pitland_progress_fn};
use futures::StreamExt;
use pitland::{DriveAddress, ReadOptions, Reading, WhyEmpty};
use std::ffi::{OsStr, c_char, c_void};
use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tempfile::NamedTempFile;

/// What is read. Zeros, but for the size, are the defaults: all of the disc. Since PITLAND_ABI 2.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct pitland_read_options {
    /// Bytes of this struct, as the caller has it: sizeof(pitland_read_options).
    pub size: usize,
    /// Is told how far the reading is; may be null.
    pub progress: pitland_progress_fn,
    /// What the call-back is given.
    pub user: *mut c_void,
    /// This track alone, by its number; 0: all from block 0 to the end.
    pub track: u32,
    /// 1: blocks that cannot be read come as zeros. 0: the first of them ends the reading.
    pub skip_errors: u32,
}

// SAFETY: its first field is the size, and zeros are its defaults.
unsafe impl Growing for pitland_read_options {
    const NAME: &str = "pitland_read_options";
    const DEFAULTS: Self = Self {
        size: size_of::<Self>(),
        progress: None,
        user: ptr::null_mut(),
        track: 0,
        skip_errors: 0,
    };
}

/// Between two calls of the call-back there is at least so much time.
const TELL_EVERY: Duration = Duration::from_millis(200);

/// A file that is not there before it is whole.
struct Output {
    file: NamedTempFile<File>,
    target: PathBuf,
}

impl Output {
    /// In the folder where it is to be. What a link points at is replaced, not the link; what is no ordinary file is
    /// refused, and so is the disc itself.
    fn create(named: &Path, disc: Option<&Path>) -> io::Result<Self> {
        let target = fs::canonicalize(named).unwrap_or_else(|_| named.to_path_buf());
        if let Ok(meta) = fs::metadata(&target) {
            let is_disc = disc
                .and_then(|disc| fs::metadata(disc).ok())
                .is_some_and(|disc| (disc.dev(), disc.ino()) == (meta.dev(), meta.ino()));
            if is_disc {
                return Err(io::Error::other("it is the disc itself"));
            }
            if !meta.is_file() {
                return Err(io::Error::other("it is no ordinary file"));
            }
        }
        let folder = target.parent().filter(|path| !path.as_os_str().is_empty());
        let mut how = tempfile::Builder::new();
        // As any new file; the process's mask is taken off.
        how.prefix(".pitland-")
            .permissions(Permissions::from_mode(0o666));
        let file = how.tempfile_in(folder.unwrap_or(Path::new(".")))?;
        Ok(Self { file, target })
    }

    fn finish(self) -> io::Result<()> {
        self.file.persist(&self.target)?;
        Ok(())
    }
}

/// What a reading ended with.
enum Ended {
    Done { unreadable: u64 },
    Cancelled,
}

async fn copy(
    drive: &Open,
    options: ReadOptions,
    listener: Listener,
    output: &mut Output,
) -> Result<Ended, Fault> {
    let stop = Arc::new(AtomicBool::new(false));
    let raised = Arc::clone(&stop);
    let _cancellable = drive.cancellable(move || raised.store(true, Ordering::Relaxed));
    let Reading {
        blocks, mut pieces, ..
    } = drive.handle().read(options).await?;
    let started = Instant::now();
    let mut told = started;
    let (mut done, mut unreadable) = (0, 0);
    let mut ends = listener.tell_reading(done, blocks, Duration::ZERO);
    while let Some(piece) = pieces.next().await {
        if ends || stop.load(Ordering::Relaxed) {
            return Ok(Ended::Cancelled);
        }
        let piece = piece?;
        let written = output.file.write_all(&piece.bytes);
        written.map_err(|error| Fault::output(&output.target, &error))?;
        done += piece.bytes.len() as u64 / 2048;
        let lost = |why: &WhyEmpty| matches!(why, WhyEmpty::Unreadable);
        unreadable += piece.empty.iter().filter(|block| lost(&block.why)).count() as u64;
        if told.elapsed() >= TELL_EVERY {
            told = Instant::now();
            ends = listener.tell_reading(done, blocks, started.elapsed());
        }
    }
    listener.tell_reading(done, blocks, started.elapsed());
    Ok(Ended::Done { unreadable })
}

/// Reads the disc, or one track, into a file: blocks of 2048 bytes as a reader sees them, those that hold nothing as zeros.
/// The file appears when it is whole, in the place of what has its name. The number of blocks that could not be read goes to
/// `unreadable`, which may be null; with `skip_errors` the file is there all the same, and the status is
/// PITLAND_STATUS_INCOMPLETE. `options` may be null. Since PITLAND_ABI 2.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pitland_drive_read(
    drive: *const pitland_drive,
    path: *const c_char,
    options: *const pitland_read_options,
    unreadable: *mut u64,
    error: *mut *mut pitland_error,
) -> pitland_status {
    let read = || {
        // SAFETY: a place or null, as everywhere.
        let mut place = unsafe { unreadable.as_mut() };
        if let Some(place) = &mut place {
            **place = 0;
        }
        // SAFETY: a drive or null, as everywhere.
        let drive = unsafe { drive_of(drive) }?;
        // SAFETY: a text or null, as everywhere.
        let path = Path::new(unsafe { system_text(path, "path") }?);
        // SAFETY: options or null, as everywhere.
        let given = unsafe { grown(options) }?;
        let mut options = ReadOptions::default();
        if given.track != 0 {
            let track = u16::try_from(given.track);
            options = options.track(track.map_err(|_| unknown("track", given.track))?);
        }
        if yes_or_no("skip_errors", given.skip_errors)? {
            options = options.skip_errors();
        }
        not_within()?;
        let disc = match DriveAddress::parse(OsStr::from_bytes(drive.address().to_bytes())) {
            Ok(DriveAddress::VirtualFile { path, .. }) => Some(path),
            _ => None,
        };
        let wrong = |error: io::Error| Fault::output(path, &error);
        let mut output = Output::create(path, disc.as_deref()).map_err(wrong)?;
        let listener = Listener {
            progress: given.progress,
            user: given.user,
        };
        let copied = copy(&drive, options, listener, &mut output);
        let unreadable = match drive.face().wait(copied)?? {
            Ended::Done { unreadable } => unreadable,
            Ended::Cancelled => return Err(Fault::cancelled()),
        };
        output.finish().map_err(wrong)?;
        if let Some(place) = place {
            *place = unreadable;
        }
        match unreadable {
            0 => Ok(()),
            blocks => Err(Fault::incomplete(blocks)),
        }
    };
    // SAFETY: places or null, as everywhere.
    unsafe { call(error, read) }
}

//! The stash selector: what is stored a second time before the laser is on. Owns the decision and the
//! spool; today the decision is made for the image as a whole.

use crate::config::StashPolicy;
use crate::drive::JobControl;
use crate::error::SourceError;
use crate::pipeline::image::{Feed, ImageFile, Prepared};
use crate::pipeline::producer;
use crate::pipeline::ring::{self, Next};
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where an image goes before it is burned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Straight through the ring.
    Straight,
    /// Into an anonymous file first.
    Spool,
}

impl Decision {
    /// In a person's words.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Straight => "streamed straight from its source",
            Self::Spool => "stashed in an anonymous file first",
        }
    }
}

/// Decides for an image. `Auto` streams: the ring alone stands between the source and the drive.
pub(crate) fn decide(policy: StashPolicy) -> Decision {
    match policy {
        StashPolicy::All => Decision::Spool,
        StashPolicy::Auto | StashPolicy::Never => Decision::Straight,
    }
}

/// Slots between the source and the spool.
const SPOOL_SLOTS: usize = 4;

/// Carries out the decision; `None` when the job was cancelled meanwhile.
pub(crate) async fn stash(
    prepared: Prepared,
    policy: StashPolicy,
    dirs: &[PathBuf],
    control: Arc<JobControl>,
) -> Result<Option<Prepared>, SourceError> {
    if decide(policy) == Decision::Straight {
        return Ok(Some(prepared));
    }
    let bytes = prepared.bytes;
    let dirs = dirs.to_vec();
    let (filler, drain, gauge) = ring::ring(SPOOL_SLOTS);
    producer::start(prepared.feed, bytes, bytes, false, filler).map_err(|error| {
        SourceError::Io {
            name: "the source's thread".into(),
            error: Arc::new(error),
        }
    })?;
    tokio::task::spawn_blocking(move || {
        let (mut file, dir) = create(&dirs, bytes)?;
        control.at_work(Some(gauge));
        loop {
            match drain.next(|| control.is_cancelled()) {
                Some(Next::Slot(slot)) => {
                    file.write_all(slot.bytes())
                        .map_err(|error| failed(&dir, error))?;
                    drain.recycle(slot);
                }
                Some(Next::Complete) => break,
                Some(Next::Failed(error)) => return Err(error),
                Some(Next::Vanished) => return Err(SourceError::Vanished),
                None => return Ok(None),
            }
        }
        let spool = ImageFile::spooled(file, &dir)?;
        Ok(Some(Prepared::new(bytes, Feed::File(spool))))
    })
    .await
    .map_err(|_| SourceError::Vanished)?
}

/// An anonymous file in the first folder that has room: a crash leaves nothing behind.
fn create(dirs: &[PathBuf], bytes: u64) -> Result<(File, PathBuf), SourceError> {
    let standard = [std::env::temp_dir()];
    let dirs = if dirs.is_empty() { &standard[..] } else { dirs };
    let mut last = None;
    for dir in dirs {
        match room(dir).and_then(|free| {
            if free < bytes {
                return Err(io::Error::new(
                    io::ErrorKind::StorageFull,
                    format!("{free} bytes free, {bytes} needed"),
                ));
            }
            tempfile::tempfile_in(dir)
        }) {
            Ok(file) => return Ok((file, dir.clone())),
            Err(error) => last = Some(failed(dir, error)),
        }
    }
    Err(last.unwrap_or(SourceError::Vanished))
}

fn room(dir: &Path) -> io::Result<u64> {
    let stat = rustix::fs::statvfs(dir)?;
    Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
}

fn failed(dir: &Path, error: io::Error) -> SourceError {
    SourceError::Stash {
        dir: dir.to_path_buf(),
        error: Arc::new(error),
    }
}

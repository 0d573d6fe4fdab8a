//! Filling the ring: a thread for files and volumes, a task for async sources. Owns the reading and the
//! zeros behind the image's end; must not know what becomes of the bytes.

use crate::error::SourceError;
use crate::pipeline::image::{Feed, ImageFile, ImageSource, Stamp};
use crate::pipeline::ring::{DriveGone, Filler, SLOT_BYTES};
use pitland_mastering::{EmitError, Layout};
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

/// Starts producing `bytes` bytes of image, followed by zeros up to `padded_bytes`. Each slot is checked
/// when `checked` says so. Ends when all is pushed, when the source fails, or when the drive is gone.
///
/// # Errors
/// No thread could be started.
pub(crate) fn start(
    feed: Feed,
    bytes: u64,
    padded_bytes: u64,
    checked: bool,
    filler: Filler<SourceError>,
) -> io::Result<()> {
    let pour = Pour {
        filler,
        bytes,
        padded_bytes,
        checked,
    };
    match feed {
        Feed::Layout(layout) => thread(move || from_layout(&pour, &layout).finish(pour)),
        Feed::File(file) => thread(move || from_file(&pour, &file).finish(pour)),
        Feed::Source(source) => {
            tokio::spawn(async move { from_source(&pour, source).await.finish(pour) });
            Ok(())
        }
    }
}

fn thread(work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    std::thread::Builder::new()
        .name("pitland-source".into())
        .spawn(work)
        .map(drop)
}

struct Pour {
    filler: Filler<SourceError>,
    bytes: u64,
    padded_bytes: u64,
    checked: bool,
}

enum Stop {
    DriveGone,
    Failed(SourceError),
}

impl From<DriveGone> for Stop {
    fn from(_: DriveGone) -> Self {
        Self::DriveGone
    }
}

trait Poured {
    fn finish(self, pour: Pour);
}

impl Poured for Result<(), Stop> {
    fn finish(self, pour: Pour) {
        match self {
            Ok(()) => pour.filler.complete(),
            Err(Stop::Failed(error)) => pour.filler.fail(error),
            Err(Stop::DriveGone) => {}
        }
    }
}

/// How much of a slot that starts at `position` is image, and how much is filled in all.
fn share(position: u64, bytes: u64, padded: u64) -> (usize, usize) {
    let within = |end: u64| {
        usize::try_from(end.saturating_sub(position))
            .unwrap_or(usize::MAX)
            .min(SLOT_BYTES)
    };
    (within(bytes), within(padded))
}

/// Fills slot after slot with what `read` gives for a position.
fn pour_blocking(
    pour: &Pour,
    mut read: impl FnMut(u64, &mut [u8]) -> Result<(), SourceError>,
) -> Result<(), Stop> {
    let mut position = 0;
    while position < pour.padded_bytes {
        let (image, filled) = share(position, pour.bytes, pour.padded_bytes);
        let mut slot = pour.filler.free()?;
        let (data, zeros) = slot.space().split_at_mut(image);
        if !data.is_empty() {
            read(position, data).map_err(Stop::Failed)?;
        }
        zeros.get_mut(..filled - image).unwrap_or_default().fill(0);
        slot.seal(filled, pour.checked);
        pour.filler.push(slot);
        position += filled as u64;
    }
    Ok(())
}

fn from_layout(pour: &Pour, layout: &Arc<Layout>) -> Result<(), Stop> {
    let mut emitter = layout.emitter();
    pour_blocking(pour, |position, out| {
        emitter
            .read_blocks(position / 2048, out)
            .map_err(|e: EmitError| Arc::new(e).into())
    })
}

fn from_file(pour: &Pour, image: &ImageFile) -> Result<(), Stop> {
    let failed = |error: io::Error| SourceError::Io {
        name: image.path.display().to_string(),
        error: Arc::new(error),
    };
    pour_blocking(pour, |position, out| {
        image
            .file
            .read_exact_at(out, position)
            .map_err(|error| match error.kind() {
                io::ErrorKind::UnexpectedEof => SourceError::Changed {
                    path: image.path.clone(),
                },
                _ => failed(error),
            })?;
        // The last piece: what was read is only good if the file is still what it was.
        if position + out.len() as u64 >= pour.bytes
            && Stamp::of(&image.file).map_err(failed)? != image.stamp
        {
            return Err(SourceError::Changed {
                path: image.path.clone(),
            });
        }
        Ok(())
    })
}

/// The next piece of a source, unless the drive goes first: a source that stands still is let go of.
async fn next_piece(
    pour: &Pour,
    source: &mut Box<dyn ImageSource>,
) -> Result<io::Result<Option<bytes::Bytes>>, Stop> {
    tokio::select! {
        piece = source.next_piece() => Ok(piece),
        () = pour.filler.abandoned() => Err(Stop::DriveGone),
    }
}

async fn from_source(pour: &Pour, mut source: Box<dyn ImageSource>) -> Result<(), Stop> {
    let name = source.name();
    let failed = |error: io::Error| {
        Stop::Failed(SourceError::Io {
            name: name.clone(),
            error: Arc::new(error),
        })
    };
    let mut piece = bytes::Bytes::new();
    let mut position = 0;
    let mut found = 0;
    while position < pour.padded_bytes {
        let (image, filled) = share(position, pour.bytes, pour.padded_bytes);
        let mut slot = pour.filler.free_async().await?;
        let mut at = 0;
        while at < image {
            if piece.is_empty() {
                piece = next_piece(pour, &mut source)
                    .await?
                    .map_err(failed)?
                    .ok_or(Stop::Failed(SourceError::Short {
                        expected: pour.bytes,
                        found,
                    }))?;
                continue;
            }
            let taken = piece.split_to(piece.len().min(image - at));
            if let Some(place) = slot.space().get_mut(at..at + taken.len()) {
                place.copy_from_slice(&taken);
            }
            at += taken.len();
            found += taken.len() as u64;
        }
        slot.space()
            .get_mut(image..filled)
            .unwrap_or_default()
            .fill(0);
        slot.seal(filled, pour.checked);
        position += filled as u64;
        // A stream that has more to say than it said is found before its last slot goes out.
        if position >= pour.padded_bytes {
            while piece.is_empty() {
                match next_piece(pour, &mut source).await?.map_err(failed)? {
                    Some(more) => piece = more,
                    None => break,
                }
            }
            if !piece.is_empty() {
                return Err(Stop::Failed(SourceError::Long {
                    expected: pour.bytes,
                }));
            }
        }
        pour.filler.push(slot);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_takes_image_first_and_then_zeros_up_to_the_padded_end() {
        let slot = SLOT_BYTES as u64;
        assert_eq!(share(0, 10, 65536), (10, 65536));
        assert_eq!(share(slot, 10, slot + 2048), (0, 2048));
        assert_eq!(share(0, 3 * slot, 3 * slot), (SLOT_BYTES, SLOT_BYTES));
    }
}

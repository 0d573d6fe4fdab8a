//! Whether an image file can be burned as it is: whole blocks, with a volume in them.
//!
//! Owns that judgement; must not know what is done with the image afterwards.

use std::path::{Path, PathBuf};

use crate::block::BLOCK_BYTES;
use crate::images::{DiscImage, ImageError, SectorForm};
use crate::read::{ReadError, Volume};

/// Why an image file is not one to be burned as it is.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadyError {
    /// There is no such file, or it is not what its name or its beginning say.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// It does not end with a whole block: it was cut short, or has something before or behind its blocks.
    #[error("{} has {bytes} bytes, which are no whole blocks of 2048", .path.display())]
    NotWhole {
        /// Which file.
        path: PathBuf,
        /// Its bytes.
        bytes: u64,
    },
    /// It holds no volume that could be read from a disc.
    #[error("{}: {source}", .path.display())]
    NoVolume {
        /// Which file.
        path: PathBuf,
        /// What was found in the place of one.
        source: ReadError,
    },
}

/// Judges an image file: its blocks are whole, and the volume at its beginning has descriptors and a root folder that can be
/// read, of ISO 9660, UDF or both. The answer is that volume. No other folder and no file is looked at; there is no limit of
/// size but that of a disc's addresses.
///
/// # Errors
/// [`ReadyError`].
pub fn validate(path: &Path) -> Result<Volume<DiscImage>, ReadyError> {
    let image = DiscImage::open(path)?;
    for track in image.tracks() {
        let length = track.file().metadata();
        let length = length.map_err(|source| ImageError::Unreadable {
            path: path.to_path_buf(),
            source,
        })?;
        // Raw sectors and the tracks of sheets were counted when they were opened.
        let plain = track.form() == SectorForm::Cooked && image.tracks().len() == 1;
        if plain && !length.len().is_multiple_of(BLOCK_BYTES) {
            return Err(ReadyError::NotWhole {
                path: path.to_path_buf(),
                bytes: length.len(),
            });
        }
    }
    let no_volume = |source| ReadyError::NoVolume {
        path: path.to_path_buf(),
        source,
    };
    let mut volume = Volume::open(image, 0).map_err(no_volume)?;
    volume.root().map_err(no_volume)?;
    Ok(volume)
}

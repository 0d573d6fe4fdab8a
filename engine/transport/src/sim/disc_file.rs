//! Virtual discs as files: making and opening one.
//!
//! Owns the meeting of a file and the disc in it. Must not know drives.

use super::disc_file_error::{Damage, DiscFileError};
use super::file_store::{Access, FileStore};
use pitland_simdrive::{DiscType, Medium};
use std::path::Path;

/// Makes a disc in a new file at `path`, as it is sold, and gives it, held for writing;
/// dropping it lets go of the file. A [`MediumKind`](super::MediumKind) is taken for the usual disc of its kind.
///
/// `blocks` are the blocks of 2048 bytes of the unformatted disc; `None` is
/// the usual size of its kind. The file takes next to no room until it is
/// written to.
///
/// # Errors
/// [`DiscFileError::Exists`] when there is anything at `path`, which stays as
/// it is; [`DiscFileError::Medium`] for a capacity that the kind cannot have;
/// [`DiscFileError::NotMade`] when the folder does not take the file. Nothing is
/// left behind.
pub fn create_disc(
    path: &Path,
    disc: impl Into<DiscType>,
    blocks: Option<u32>,
) -> Result<Medium, DiscFileError> {
    let disc = disc.into();
    let room = blocks.unwrap_or(disc.default_capacity());
    FileStore::create(path, room, disc.kind().is_cd(), |store| {
        Medium::as_sold(disc, Some(room), Box::new(store)).map_err(|source| DiscFileError::Medium {
            path: path.to_owned(),
            source,
        })
    })
}

/// Opens the disc in the file at `path`, without a drive: for exports. The
/// file is held until the disc is dropped, and not changed by opening it.
///
/// # Errors
/// A [`DiscFileError`].
pub fn open_disc(path: &Path, access: Access) -> Result<Medium, DiscFileError> {
    let store = FileStore::open(path, access)?;
    let room = store.blocks();
    judge(path, room, store)
}

/// Opens the disc of a store that holds a file of so many blocks.
pub(super) fn judge(path: &Path, room: u64, store: FileStore) -> Result<Medium, DiscFileError> {
    let medium = Medium::open(Box::new(store)).map_err(|source| DiscFileError::Medium {
        path: path.to_owned(),
        source,
    })?;
    let claimed = u64::from(medium.capacity().max(medium.blocks_end()));
    if claimed > room {
        let damage = Damage::ClaimsMoreThanFile { claimed, room };
        return Err(DiscFileError::Damaged {
            path: path.to_owned(),
            damage,
        });
    }
    Ok(medium)
}

//! The drive profile that an address names: one that comes with the program, or a file.
//!
//! Owns the way from the name to the model. Must not know what a profile may say.

use pitland_simdrive::{DriveModel, DriveProfileError};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Longest profile that is read from a file, in bytes.
const FILE_MAX: u64 = 1 << 20;

/// Why a name gives no drive profile. Nothing was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DriveProfileFileError {
    /// Neither a name of one that comes with the program, nor a file. Correct the name.
    #[error("is neither a file nor a drive that comes with the program; there are {known}")]
    Unknown {
        /// Names of those that come with the program.
        known: String,
    },
    /// The system does not let it be read. Look at the path and its permissions.
    #[error("cannot be read: {0}")]
    Io(io::Error),
    /// Longer than 1 MiB, which no profile is.
    #[error("is longer than 1 MiB: it is no drive profile")]
    TooLong,
    /// The text is no drive profile. Mend the line.
    #[error(transparent)]
    Profile(#[from] DriveProfileError),
}

/// The drive of this name: one that comes with the program, else that of the file at this path.
///
/// # Errors
/// A [`DriveProfileFileError`].
pub fn drive_profile(named: &Path) -> Result<DriveModel, DriveProfileFileError> {
    if let Some(model) = named.to_str().and_then(DriveModel::shipped) {
        return Ok(model);
    }
    let file = File::open(named).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => {
            let known: Vec<&str> = DriveModel::shipped_profiles()
                .map(|(name, _)| name)
                .collect();
            DriveProfileFileError::Unknown {
                known: known.join(", "),
            }
        }
        _ => DriveProfileFileError::Io(error),
    })?;
    let mut bytes = Vec::new();
    file.take(FILE_MAX + 1)
        .read_to_end(&mut bytes)
        .map_err(DriveProfileFileError::Io)?;
    if bytes.len() as u64 > FILE_MAX {
        return Err(DriveProfileFileError::TooLong);
    }
    Ok(DriveModel::from_profile(&String::from_utf8_lossy(&bytes))?)
}

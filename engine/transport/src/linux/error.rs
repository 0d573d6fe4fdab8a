//! Why a drive of the machine could not be opened.
//!
//! Owns the words. What a drive that is open does not answer is a
//! [`TransportError`](crate::TransportError).

use crate::Holder;
use crate::claim::by_whom;
use std::path::PathBuf;

/// Why a path could not be opened as a drive. Nothing was sent to it by us.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// Nothing has this name. Connect the drive, or name another one.
    #[error("{path:?}: there is no such drive")]
    Missing {
        /// What was named.
        path: PathBuf,
    },
    /// It is no optical drive. Name another one.
    #[error("{path:?} is {is}, no optical drive")]
    NotADrive {
        /// What was named.
        path: PathBuf,
        /// What it is.
        is: String,
    },
    /// A permission is missing.
    #[error("{node:?} may not be opened: {missing}")]
    NotPermitted {
        /// The device node.
        node: PathBuf,
        /// Which permission, group or capability is missing.
        missing: String,
    },
    /// Another program has the drive for itself. Wait until it is done.
    #[error("{node:?} is in use{}", by_whom(.holders))]
    Busy {
        /// The device node.
        node: PathBuf,
        /// Who is likely to have it, as far as can be seen.
        holders: Vec<Holder>,
    },
    /// The drive is gone though its node is there. Connect it again.
    #[error("{path:?}: the drive is gone: connect it again")]
    Gone {
        /// What was named.
        path: PathBuf,
    },
    /// The system failed.
    #[error("{path:?}: {source}")]
    System {
        /// The file that was looked at.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

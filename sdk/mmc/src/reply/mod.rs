//! Replies: the data that a drive sends for a command.
//!
//! Owns their layout, in both directions (a virtual drive emits them). Must
//! not know of commands sent, or what follows from an answer.
//!
//! `parse` is tolerant where real drives are short: a field beyond the bytes
//! that came becomes `None`.

mod capacity;
mod configuration;
mod disc;
mod event;
mod inquiry;
mod performance;
mod structure;
mod sub_channel;
mod toc;
mod track;

pub use capacity::*;
pub use configuration::*;
pub use disc::*;
pub use event::*;
pub use inquiry::*;
pub use performance::*;
pub use structure::*;
pub use sub_channel::*;
pub use toc::*;
pub use track::*;

use thiserror::Error;

/// Why bytes are not the structure they should be. Whoever sent the bytes
/// caused it: the drive for a reply, the host for a parameter list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ReplyError {
    /// The bytes end before a field that is needed.
    #[error("{structure}: {found} bytes, at least {needed} needed")]
    Short {
        /// Name of the structure.
        structure: &'static str,
        /// Bytes needed.
        needed: usize,
        /// Bytes given.
        found: usize,
    },
    /// A field has a value that makes no sense.
    #[error("{structure}: {field} is {value} ({value:#X})")]
    Invalid {
        /// Name of the structure.
        structure: &'static str,
        /// Name of the field.
        field: &'static str,
        /// Its value.
        value: u32,
    },
}

impl ReplyError {
    /// A field with a value that makes no sense.
    pub(crate) fn invalid(
        structure: &'static str,
        field: &'static str,
        value: impl Into<u32>,
    ) -> Self {
        Self::Invalid {
            structure,
            field,
            value: value.into(),
        }
    }
}

/// Demands a number of bytes.
pub(crate) fn need(structure: &'static str, data: &[u8], needed: usize) -> Result<(), ReplyError> {
    if data.len() < needed {
        return Err(ReplyError::Short {
            structure,
            needed,
            found: data.len(),
        });
    }
    Ok(())
}

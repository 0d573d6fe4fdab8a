//! The simulated recorder as a drive, and its discs in files.
//!
//! Owns how a virtual drive is put together: recorder, disc, clock. Must not
//! know MMC: every answer is the recorder's.

mod disc_file;
mod disc_file_error;
mod file_layout;
mod file_store;
mod profile;
mod virtual_drive;

pub use disc_file::{create_disc, open_disc};
pub use disc_file_error::{Damage, DiscFileError, FileKind};
pub use file_layout::{BLOCK_BYTES, MAGIC, VERSION};
pub use file_store::{Access, FileStore};
pub use pitland_simdrive::{
    Defect, DiscStore, DiscType, DriveModel, DriveProfileError, Identity, Medium, MediumError,
    MediumKind, MemoryStore, NullStore, Protection, StoreError, Underruns,
};
pub use profile::{DriveProfileFileError, drive_profile};
pub use virtual_drive::{Pace, VirtualDrive};

//! From a source to the drive's thread: producer -> stash selector -> ring. Bounded by the ring, which is
//! allocated once per job; knows nothing of commands or discs.

pub(crate) mod checks;
pub(crate) mod growing;
mod image;
pub(crate) mod image_file;
pub(crate) mod pace;
pub(crate) mod producer;
pub(crate) mod ring;
#[cfg(test)]
mod ring_tests;
pub(crate) mod sectors;
pub(crate) mod stash;
mod streamed;
mod sync;
mod wait;

pub(crate) use image::{Feed, Onto, Origin, Prepared, Readable};
pub use image::{Image, ImageSource};
pub use streamed::streamed_file;

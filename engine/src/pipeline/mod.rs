//! From a source to the drive's thread: producer -> stash selector -> ring. Bounded by the ring, which is
//! allocated once per job; knows nothing of commands or discs.

pub(crate) mod digest;
mod image;
mod producer;
pub(crate) mod ring;
pub(crate) mod stash;

pub(crate) use image::Prepared;
pub use image::{Image, ImageSource};
pub(crate) use producer::start;

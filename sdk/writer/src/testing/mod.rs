//! For the tests of writers: media as drives describe them, and a driver that plays the engine.
//!
//! Owns nothing that a burn needs. Must not know any writer, nor a drive that remembers: what a
//! medium becomes is the virtual drive's business.

pub mod album;
pub mod asked;
mod builder;
pub mod cd;
pub mod dvd_minus;
mod history;
pub mod laws;
pub mod media;
mod played;
mod states;

pub use builder::FactsBuilder;
pub use history::{HISTORY_EVENTS, all_goes_well, event_of, play, walk};
pub use played::{Played, TestJob};

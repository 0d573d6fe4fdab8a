//! What a program that knows Windows' Image Mastering API counts on, one test for each of sixty points. The numbers in the
//! names are theirs; those of its first version stand with its facade. `docs/imapi.md` says where each name is here.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

#[path = "../common/mod.rs"]
mod common;

mod appending;
mod audio;
mod data;
mod drives;
mod images;
mod logged;
mod media;
mod recorders;
mod sharing;
mod stash;
mod sub_channels;
mod volumes;

//! Whole jobs through the library: a folder goes onto a virtual disc and comes back through programs of
//! others. Each module owns one kind of story; none knows how the engine does it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

#[path = "../common/mod.rs"]
mod common;

mod bad_input;
mod built;
mod golden;
mod growing;
mod interrupted;
mod media;
mod plugin;
mod requests;
mod sessions;
mod verifying;

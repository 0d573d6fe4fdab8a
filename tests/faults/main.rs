//! Drives that fail: every command of a burn, with every answer that there is, on every medium. Whatever
//! the drive does, the job ends, its words are true to the disc, and nothing is left behind.
//!
//! A seeded sample runs by default; `PITLAND_FULL=1` runs every case, which takes long.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

#[path = "../common/mod.rs"]
mod common;

mod bench;
mod cancelled;
mod cases;
mod histories;
mod judge;
mod killed;
mod matrix;
mod media;
mod resumed;

//! What a real kernel makes of us: a Linux guest in QEMU mounts our discs, burners of others burn on our
//! virtual drive, and our program burns on a drive of others. Owns the guest and its stories; a machine
//! that cannot run one tells it by name. See `README.md` beside this file.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

#[path = "../common/mod.rs"]
mod common;

mod albums;
mod burners;
mod engine;
mod facade;
mod frames;
mod golden;
mod guest;
mod images;
mod listing;
mod program;
mod quiet;
mod served;
mod sessions;
mod sound;
mod table;
mod trials;

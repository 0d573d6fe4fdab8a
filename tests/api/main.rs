//! The public API as others see it: what may cross threads, and every name with its signature.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

#[path = "../common/outside.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    reason = "shared by tests, each of which uses a part"
)]
mod outside;

mod rendered;
mod snapshot;
mod threads;

//! What the tests of the whole house share: trees to burn, drives to burn them in, and programs of
//! others that judge the result. Knows the public API of `pitland` only.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "shared by tests, each of which uses a part"
)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

pub mod burn;
pub mod outside;
pub mod program;
pub mod seen;
pub mod tree;
pub mod watched;

/// Whether the long run is wanted: tens of thousands of files, files over 4 GiB.
pub fn full() -> bool {
    std::env::var_os("PITLAND_FULL").is_some_and(|value| value == "1")
}

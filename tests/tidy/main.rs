//! The rules of the house that no compiler knows: who imports whom, where `unsafe` may stand, how long a
//! file may be, which words are used. Reads `cargo metadata` and the tree; changes nothing.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

mod code;
mod imports;
mod sources;
mod tree;
mod words;
mod writers;

/// Fails with all that was found.
#[track_caller]
fn none(rule: &str, broken: Vec<String>) {
    assert!(
        broken.is_empty(),
        "{rule}; broken {} times:\n{}",
        broken.len(),
        broken.join("\n")
    );
}

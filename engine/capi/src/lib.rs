//! Pitland for programs that are not Rust: drives, burns with their progress, CDs of sound, further sessions, erasing and
//! formatting, reading, verification, errors.
//!
//! Owns the C names, who frees what, and that no panic leaves the library. What is done is `pitland`'s; there is no
//! decision about a disc in here. The header `include/pitland.h` is made from these sources by the test `header`; what
//! holds for every call stands at its head ([`HEAD`]).
#![allow(
    non_camel_case_types,
    reason = "the types have the names that they have in C"
)]
#![allow(unsafe_code, reason = "the pointers are another language's")]
#![allow(
    clippy::missing_safety_doc,
    reason = "what the caller of any of these must keep is said once, at the head of the header"
)]

mod audio;
mod border;
mod change;
mod drive;
mod engine;
mod error;
mod facts;
mod growth;
mod job;
mod options;
mod progress;
mod read;
mod report;
mod verify;
mod virtual_disc;

pub use audio::*;
pub use change::*;
pub use drive::*;
pub use engine::*;
pub use error::*;
pub use facts::*;
pub use job::*;
pub use options::*;
pub use progress::*;
pub use read::*;
pub use report::*;
pub use verify::*;
pub use virtual_disc::*;

/// What stands at the head of the header: the rules for all calls.
pub const HEAD: &str = "\
/* Pitland: masters and burns optical discs. The engine for programs that are not Rust.
 *
 * Made from the sources of pitland-capi; not to be edited. docs/c.md has an example.
 *
 * - A call that can fail returns a pitland_status; what it gives goes to the place that a pointer names, which is null
 *   afterwards where the call failed. Every call of that kind has a last argument for a pitland_error, which may be null.
 * - What a call gives is the caller's, and is freed once by the pitland_..._free of its type, which takes null. A text that is
 *   a const char * belongs to what it was asked of, and is valid as long as that; a char * is freed by pitland_string_free.
 * - Texts are UTF-8, those of paths as the system has them. A null pointer where none may be is told by
 *   PITLAND_STATUS_BAD_ARGUMENT; any other pointer must be what the name says.
 * - Every call waits until it is done. Engines and drives may be used from several threads at once; a drive that is at work
 *   for one refuses the others by PITLAND_STATUS_DENIED. What is freed is used by no other thread.
 * - From a call-back, pitland_drive_cancel, pitland_drive_free and what only looks into an object that is there may be
 *   called; whatever waits for a drive is refused by PITLAND_STATUS_BAD_ARGUMENT.
 * - A struct that the caller makes begins with its size in bytes, so that a later library knows how much of it there is.
 *   What is zero in it is the default.
 * - Nothing is taken away or gets another meaning: a library does all that a header with its PITLAND_ABI or a smaller one
 *   says. Numbers may come to those that a call gives.
 */
";

//! Pitland for programs that are not Rust: drives, burns with their progress, verification, errors.
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

mod border;
mod drive;
mod engine;
mod error;
mod facts;
mod job;
mod options;
mod report;

pub use drive::*;
pub use engine::*;
pub use error::*;
pub use facts::*;
pub use job::*;
pub use options::*;
pub use report::*;

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
 * - Every call waits until it is done. Engines and drives may be used from several threads at once; a drive is freed when no
 *   other thread uses it. Of a call-back's thread no call may be made but pitland_drive_cancel and those that only read.
 * - A struct that the caller makes begins with its size in bytes, so that a later library knows how much of it there is.
 *   What is zero in it is the default.
 */
";

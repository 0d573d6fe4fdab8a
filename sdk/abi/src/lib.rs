//! The plug-in ABI: records, the handshake and the export macro.
//!
//! What crosses the border between an engine and a library of writers is a sequence of [`Record`]s
//! and nothing else: no type of the SDK, no sector, no future. [`codes`] is the one table of words,
//! [`records`] says and reads every type of the SDK with them, [`module`] is the shape of the three
//! entries, [`metadata`] the handshake read before any call, [`fence`] keeps panics in their library.
//! [`entries`] is the plug-in's side, [`host`] the engine's.
//!
//! The version of this crate is the version of the ABI ([`ABI_VERSION`]) and never follows the
//! workspace. **It is frozen as version 1**: the shape of a record, of a module and of the handshake stay as
//! they are, and so does every code with all that belongs to it. What may come:
//!
//! * New words are new codes, and raise the minor version. Where a word has more to tell than in version 1.0, it
//!   does so by a flag that is set only then: each side understands the other as long as that is not used, and
//!   refuses cleanly, with the code, where it is.
//! * A new shape is version 2: a second root beside the first. A host tries the newest first and serves both.
//!
//! `codes.golden` and `tests/frozen.txt` hold the words as they were given out; `tests/plugins/frozen` is a
//! library that was written against this version without this crate, and must load for good.
//!
//! Only this crate and the engine's plug-in host name abi_stable; a plug-in needs this crate and its
//! writers:
//!
//! ```text
//! //! The bd-r writer as a loadable plug-in.
//! pitland_abi::export_writers!(pitland_bd_r::BdR);
//! ```
//!
//! A plug-in is trusted code. The fence and the checks turn mistakes into errors; they are no sandbox.
#![deny(unsafe_code)]
// What abi_stable's macros expand to on this compiler.
#![allow(non_local_definitions, non_camel_case_types)]

pub mod codes;
pub mod entries;
mod export;
pub mod fence;
pub mod host;
pub mod metadata;
pub mod module;
mod record;
pub mod records;

pub use host::{ModuleError, writers_of};
pub use metadata::{ABI_VERSION, AbiVersion, Metadata, MetadataError};
pub use module::Root;
pub use record::{MAX_BYTES, MAX_MESSAGE_BYTES, MAX_RECORDS, Message, Record};
pub use records::{Cursor, DecodeError, Words, decode, encode};

/// What the export macro expands to needs; no part of the API.
#[doc(hidden)]
pub mod __private {
    pub use crate::entries::{WriterList, root};
    pub use crate::metadata::{RUSTC, SIZE, emit};
    pub use crate::module::Root;
    pub use abi_stable::library::{
        __call_root_module_loader as call_root_module_loader, CheckTypeLayout, LibHeader,
        RootModuleResult,
    };
    pub use pitland_writer::{VERSION, WriterModule, module_of};
}

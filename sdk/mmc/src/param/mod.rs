//! Parameter lists: the data that a host sends after a command.
//!
//! Owns their layout. Must not know which command is right for a medium.

mod cue_sheet;
mod format;
mod opc;
mod streaming;

pub use cue_sheet::*;
pub use format::*;
pub use opc::*;
pub use streaming::*;

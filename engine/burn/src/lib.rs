//! How a burn proceeds, without doing it.
//!
//! The [`Machine`] takes what happened ([`Input`]) and says what to do next ([`Action`]). It owns the
//! phases, the order of things, the patience with a busy drive, the reactions to sense, cancellation,
//! the safe ending and the verification. It must not know of files, threads, clocks, tokio or the
//! plug-in ABI: time is handed in, sectors never pass through.
//!
//! Driving it is one loop: call [`Machine::next`] with [`Input::Start`], do the action, call again with
//! what came of it, until [`Action::Finished`]. [`Machine::cancel`] and [`Machine::supplied`] may be called at
//! any time between.
#![forbid(unsafe_code)]

pub mod flow;
pub mod gate;
pub mod identify;
mod immed;
mod machine;
pub mod outcome;
pub mod patience;
pub mod phase;
mod proof;
pub mod quirks;
pub mod settle;
pub mod verify;
mod writing;

pub use flow::Supply;
pub use identify::{Identify, IdentifyAction, Unusable};
pub use machine::{
    Action, BareWrite, Command, Input, Job, Machine, NoAnswer, Payload, ReadBack, ReadChunk,
    SectorsCompared, VerifyLevel,
};
pub use outcome::{
    BadRun, Completed, Ending, Fault, MediumState, Note, Outcome, Unproven, Verification,
};
pub use phase::{Phase, Progress};
pub use quirks::{Firmware, HostQuirks, QuirkRow, QuirkTable};
pub use verify::WrittenRun;
pub use writing::{Source, WriteChunk};

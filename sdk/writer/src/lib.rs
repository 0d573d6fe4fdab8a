//! The SDK of media-format writers.
//!
//! A writer decides, the engine acts. A writer is a state machine without I/O: it is shown what the
//! drive said of the medium ([`MediaFacts`]) and what is wanted ([`Request`]), answers whether it
//! serves that ([`Fit`]) and with what plan ([`WritePlan`]), and is then asked for one [`Step`] after
//! another. The engine owns the write loop, the clock, the lease and every sector.
//!
//! This crate knows nothing of the engine, of tokio, of threads, or of the plug-in ABI: a writer
//! linked in and the same writer loaded from a library are the same code.
//!
//! Calling order of a writer, for whoever drives one:
//!
//! 1. [`MediaWriter::assess`], any number of times, without consequence.
//! 2. [`MediaWriter::begin`] once; the plan is checked and may be printed. Nothing is sent yet.
//! 3. [`MediaWriter::next`] with [`Event::Begin`], then with the event that answers each step, until
//!    [`Step::Finished`] or [`Step::Failed`].
//!
//! For whoever writes one: a linear format is a table. A [`RecipeWriter`] has one for each kind of request,
//! and [`ByRecipe`] makes the writer of them; [`Recipe`] walks a table, [`moves`] are its rows, [`speed`] chooses a speed, [`streaming`] leaves the drive's verification out, [`write_parameters`] has what the pages of all media share, and [`sequential`] knows where a further session goes, and where one that was cut off
//! goes on. With the feature
//! `testing` there are media to try it on, as drives describe them.
#![forbid(unsafe_code)]

mod by_recipe;
pub mod cd;
pub mod facts;
pub mod growth;
pub mod moves;
pub mod plan;
pub mod recipe;
pub mod refusal;
pub mod request;
pub mod sequential;
pub mod speed;
pub mod step;
pub mod streaming;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod write_parameters;
mod writer;

pub use by_recipe::{ByRecipe, RecipeWriter};
pub use cd::{CdLayout, CdMode, CdSubchannel, CdTrack, LayoutFault};
pub use facts::{Answer, CdFacts, MediaFacts, MediumCondition, MediumStatus, WriteProtection};
pub use growth::{Growth, Run};
pub use pitland_mmc as mmc;
pub use plan::{
    BlockForm, Change, ExpectedMedium, Extent, Move, Occasion, Origin, PlannedCommand,
    SensePattern, Settle, Tolerance, Warning, WriteCommand, WritePlan,
};
pub use recipe::Recipe;
pub use refusal::{MissingFact, Refusal};
pub use request::{
    BurnRequest, CdForm, Certification, CloseRequest, EraseRequest, EraseScope, Finish,
    FormatRequest, Placement, Recording, Request, ResumeRequest, Speed,
};
pub use step::{Event, Failure, Step};
/// The version of this SDK, which a plug-in tells of itself. What decides whether it is loaded is the version of
/// the ABI.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

pub use writer::{ActiveWriter, Fit, MediaWriter, Service, WriterInfo, WriterModule, module_of};

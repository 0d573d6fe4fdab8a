//! Pitland: masters and burns optical discs.
//!
//! [`Engine`] holds the writers and the drives. A drive is opened by its address or brought as a
//! [`Transport`]; its [`DriveHandle`] is cheap to clone. Whoever wants to do something with the drive
//! takes a [`DriveLease`] and starts a [`Job`]: a stream of [`JobEvent`]s that may be ignored, a
//! `cancel()`, and a [`BurnReport`] in which the medium's state is always named.
//!
//! ```
//! use pitland::{BurnOptions, Engine, Image, MasterOptions, OpenMode, Outcome};
//!
//! # let folder = tempfile::tempdir()?;
//! # let disc = tempfile::tempdir()?;
//! # std::fs::write(folder.path().join("hello.txt"), "hello")?;
//! # let drive = format!("virtual:{}/disc.vdisc", disc.path().display());
//! # let folder = folder.path().to_path_buf();
//! tokio::runtime::Runtime::new()?.block_on(async {
//!     let engine = Engine::builder().build()?;
//!     let drive = engine.open_with(&drive.parse()?, OpenMode::CreateBlankBdR, |drive| drive)?;
//!     let lease = drive.lease("archive").await?;
//!     let image = Image::tree(vec![folder], MasterOptions::default());
//!     let report = lease.burn(BurnOptions::default(), image).report().await?;
//!     assert_eq!(report.outcome, Outcome::Verified);
//!     Ok::<(), Box<dyn std::error::Error>>(())
//! })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Everything here needs a tokio runtime (of either flavour, with its timers) for its tasks; drives and sources have
//! threads of their own. Dropping a future, a handle or the runtime never abandons an open track: the
//! drive's thread leads the medium into a named state first.
//!
//! Burning destroys what a rewritable medium holds. A plug-in is trusted code: it runs in this process.

pub mod cd;
pub mod codes;
pub mod plugin_host;
pub mod streams;

mod bus;
mod config;
mod discovery;
mod drive;
mod engine;
mod error;
mod inhibit;
mod pipeline;
mod progress;
mod resume;

pub use config::{
    Append, BootEmulation, BootImage, BurnOptions, EarlierSession, FileSystems, HybridImage,
    MANIFEST, MasterOptions, Simulate, StashPolicy, Udf, VolumeTexts,
};
pub use discovery::{DriveChanges, find_drives, watch_drives};
pub use drive::{
    BurnPlan, BurnReport, Canceller, CommandEffect, CommandError, CommandRefused, CommandReply,
    DriveHandle, DriveLease, DriveReader, DriveStatus, EmptyBlock, Job, LeaseOptions, MediumInfo,
    NotificationsOff, PageError, RawCommand, ReadOptions, ReadPiece, Reading, TreeError,
    TreeReport, WhyEmpty, WriteSection, Written, burn_together,
};
pub use engine::{Engine, EngineBuilder, ShutdownReport};
pub use error::{Blame, BurnError, EngineError, LeaseDenied, QueryError, SourceError};
#[cfg(feature = "inhibit")]
pub use inhibit::SleepInhibitor;
pub use pipeline::stash::{
    StashPlace, StashPlan, StashRoom, StashRow, StashTotal, StashTotals, StashWhy,
};
pub use pipeline::{Image, ImageSource, streamed_file};
pub use progress::{Activity, BufferFill, JobEvent, JobProgress};
pub use resume::{Interrupted, ResumeError, SourceChange, jobs};

pub use pitland_burn::{
    Completed, Fault, Firmware, HostQuirks, MediumState, Note, Outcome, Phase, QuirkRow,
    QuirkTable, Unproven, Unusable, Verification, VerifyLevel,
};
pub use pitland_iscsi as iscsi;
pub use pitland_journal as journal;
pub use pitland_mastering as mastering;
pub use pitland_transport as transport;
pub use pitland_transport::Transport;
pub use pitland_transport::address::{DriveAddress, OpenMode};
pub use pitland_writer as writer;
pub use pitland_writer::{Finish, MediaFacts, Placement, Refusal, Speed, Warning};

/// The examples of the README are compiled, so that they stay true.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

//! The first version of Windows' Image Mastering API, over [`pitland`]: its names, its shapes and its rules, for programs that
//! were written for it. New ones are better off with `pitland` itself.
//!
//! One [`DiscMaster`] is open on a machine at a time. A format is chosen first, Joliet for data or Redbook for audio; then a
//! [`DiscRecorder`] with its disc; then content is staged, which copies it into one stash; and at last it is recorded. Only CDs
//! are, in one drive at a time; other programs burn in other drives meanwhile. What goes wrong has the number that it has there
//! ([`Imapi1Error::code`]), and a sentence that says what to do.
//!
//! ```
//! use pitland::Engine;
//! use pitland_imapi1::{DiscMaster, DiscMasterSettings};
//! # use pitland::transport::sim::{MediumKind, create_disc};
//! # let folder = tempfile::tempdir()?;
//! # let disc = folder.path().join("disc.vdisc");
//! # drop(create_disc(&disc, MediumKind::CdR, None)?);
//! # let drive = format!("virtual:{}", disc.display());
//! # let files = folder.path().join("files");
//! # std::fs::create_dir(&files)?;
//! # std::fs::write(files.join("hello.txt"), "hello")?;
//! # let settings = DiscMasterSettings::default().lock_folder(folder.path()).stash_folder(folder.path()).stash_bytes(1 << 20);
//! tokio::runtime::Runtime::new()?.block_on(async {
//!     let engine = Engine::builder().build()?;
//!     engine.open(&drive.parse()?)?;
//!     let mut master = DiscMaster::open(engine, settings).await?;
//!     let recorders = master.enum_disc_recorders().await?;
//!     master.set_active_disc_recorder(&recorders[0]).await?;
//!     master.joliet()?.add_data(files, false).await?;
//!     master.record_disc(false, false).await?;
//!     master.close();
//!     Ok::<(), Box<dyn std::error::Error>>(())
//! })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod audio_disc;
mod condition;
mod data_disc;
mod error;
mod joliet;
mod master;
mod progress;
mod properties;
mod record;
mod recorder;
mod redbook;
mod session;
mod settings;
mod stash;
mod volume;
mod watch;

pub use audio_disc::RedbookDiscMaster;
pub use condition::Condition;
pub use data_disc::JolietDiscMaster;
pub use error::{Cause, Imapi1Error};
pub use joliet::Storage;
pub use master::{DiscMaster, DiscMasterFormat};
pub use progress::{AdviseCookie, DiscMasterProgress};
pub use properties::{Applied, PropertySet, PropertyValue};
pub use recorder::{DiscRecorder, MediaFlags, MediaInfo, MediaType, RecorderState, RecorderType};
pub use settings::DiscMasterSettings;
pub use stash::MOST_STASH_BYTES;
pub use volume::StashDoubt;

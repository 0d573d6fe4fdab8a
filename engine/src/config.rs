//! What a caller can choose. Owns defaults; knows nothing of how they are carried out.

mod boot;
mod master;
mod texts;
mod words;

pub use boot::{BootEmulation, BootImage, HybridImage};
pub(crate) use master::Files;
pub use master::{Append, EarlierSession, FileSystems, MANIFEST, MasterOptions, Udf};
pub use pitland_mastering::VolumeTexts;

use pitland_burn::VerifyLevel;
use pitland_writer::{CdForm, Finish, Placement, Recording, Speed};
use std::path::PathBuf;
use std::time::Duration;

/// How a burn is done. The default: onto a blank medium, at full speed, session closed, disc left
/// appendable, everything read back.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BurnOptions {
    /// Where the data go on a medium that holds something.
    pub placement: Placement,
    /// How the medium is left.
    pub finish: Finish,
    /// How fast.
    pub speed: Speed,
    /// The disc turns at one rate all the time (pure CAV), where the drive offers that for a speed; it is slowest at
    /// the inner edge then. What the drive does not offer is told by a warning.
    pub pure_cav: bool,
    /// How much is read back.
    pub verify: VerifyLevel,
    /// Whether nothing shall be recorded.
    pub simulate: Simulate,
    /// Whether the drive may stop and link when it runs out of data, where the medium leaves that to the
    /// host. Without it an empty buffer spoils the disc.
    pub underrun_protection: bool,
    /// Whether the drive leaves out its own verification, where it has one that can be left out.
    pub fast_write: bool,
    /// In how many goes a session is written, where the medium leaves that to the host.
    pub recording: Recording,
    /// The sectors of a CD's data track.
    pub cd_form: CdForm,
    /// Whether a CD may be filled beyond what it says it holds.
    pub overburn: bool,
    /// Whether the image ends with its own postgap, so that a CD's data track gets no padding behind it but what makes
    /// the shortest track of it. Without, a track at once gets
    /// [`READ_AHEAD_BLOCKS`](pitland_writer::cd::READ_AHEAD_BLOCKS) of zeros.
    pub postgap_in_image: bool,
    /// Whether the disc is finalized where this burn leaves 2 % of it free or less, as an appendable one would have
    /// little use. Media without sessions are as they were.
    pub finalize_when_full: bool,
    /// Whether a DVD+R and a DVD+R DL are always finalized, whatever [`BurnOptions::finish`] says: players and old drives
    /// read no other.
    pub dvd_compatibility: bool,
    /// The writer, by name; `None`: the best fit.
    pub writer: Option<String>,
    /// What is stored a second time before the laser is on.
    pub stash: StashPolicy,
    /// Where stash files go; empty: the system's folder for temporary files.
    pub stash_dirs: Vec<PathBuf>,
    /// Bytes of stash that stay in memory before stash files are made.
    pub stash_memory: u64,
    /// The most bytes of stash, in memory and files together; `None`: what the folders have room for.
    pub stash_quota: Option<u64>,
    /// Bytes of the ring between source and drive: 2 MiB to 1 GiB, in whole MiB.
    pub ring_bytes: u64,
    /// Of several drives on one source: one that lets the others run dry for so long is let go, and goes
    /// on by itself.
    pub most_lag: Duration,
    /// The folder of the journal by which a burn that is cut off can be resumed; `None`: no journal.
    pub journal: Option<PathBuf>,
    /// Nothing is read back in this drive, but the report has what another drive needs to verify the disc.
    pub verify_elsewhere: bool,
}

impl Default for BurnOptions {
    fn default() -> Self {
        Self {
            placement: Placement::default(),
            finish: Finish::default(),
            speed: Speed::default(),
            pure_cav: false,
            verify: VerifyLevel::default(),
            simulate: Simulate::default(),
            underrun_protection: true,
            fast_write: false,
            recording: Recording::default(),
            cd_form: CdForm::default(),
            overburn: false,
            postgap_in_image: false,
            finalize_when_full: false,
            dvd_compatibility: false,
            writer: None,
            stash: StashPolicy::default(),
            stash_dirs: Vec::new(),
            stash_memory: 16 << 20,
            stash_quota: None,
            ring_bytes: 8 << 20,
            most_lag: Duration::from_secs(10),
            journal: None,
            verify_elsewhere: false,
        }
    }
}

impl BurnOptions {
    /// With another placement.
    #[must_use]
    pub fn placement(mut self, placement: Placement) -> Self {
        self.placement = placement;
        self
    }

    /// With another way to leave the medium.
    #[must_use]
    pub fn finish(mut self, finish: Finish) -> Self {
        self.finish = finish;
        self
    }

    /// With the disc turning at one rate all the time.
    #[must_use]
    pub fn pure_cav(mut self) -> Self {
        self.pure_cav = true;
        self
    }

    /// With another speed.
    #[must_use]
    pub fn speed(mut self, speed: Speed) -> Self {
        self.speed = speed;
        self
    }

    /// With another level of verification.
    #[must_use]
    pub fn verify(mut self, verify: VerifyLevel) -> Self {
        self.verify = verify;
        self
    }

    /// As a simulation.
    #[must_use]
    pub fn simulate(mut self, simulate: Simulate) -> Self {
        self.simulate = simulate;
        self
    }

    /// With or without underrun protection.
    #[must_use]
    pub fn underrun_protection(mut self, protection: bool) -> Self {
        self.underrun_protection = protection;
        self
    }

    /// With or without the drive's own verification as it writes.
    #[must_use]
    pub fn fast_write(mut self, fast: bool) -> Self {
        self.fast_write = fast;
        self
    }

    /// In so many goes.
    #[must_use]
    pub fn recording(mut self, recording: Recording) -> Self {
        self.recording = recording;
        self
    }

    /// With these sectors on CD.
    #[must_use]
    pub fn cd_form(mut self, form: CdForm) -> Self {
        self.cd_form = form;
        self
    }

    /// Beyond what a CD says it holds, or not.
    #[must_use]
    pub fn overburn(mut self, overburn: bool) -> Self {
        self.overburn = overburn;
        self
    }

    /// Of an image that has its own postgap, or not.
    #[must_use]
    pub fn postgap_in_image(mut self, there: bool) -> Self {
        self.postgap_in_image = there;
        self
    }

    /// With a disc that is nearly full finalized, or not.
    #[must_use]
    pub fn finalize_when_full(mut self, finalize: bool) -> Self {
        self.finalize_when_full = finalize;
        self
    }

    /// With every DVD+R finalized, for players, or not.
    #[must_use]
    pub fn dvd_compatibility(mut self, compatible: bool) -> Self {
        self.dvd_compatibility = compatible;
        self
    }

    /// By the writer of this name.
    #[must_use]
    pub fn writer(mut self, name: impl Into<String>) -> Self {
        self.writer = Some(name.into());
        self
    }

    /// With another stash policy and its folders.
    #[must_use]
    pub fn stash(mut self, policy: StashPolicy, dirs: Vec<PathBuf>) -> Self {
        self.stash = policy;
        self.stash_dirs = dirs;
        self
    }

    /// With other bounds for the stash: bytes in memory, and bytes in all.
    #[must_use]
    pub fn stash_bounds(mut self, memory: u64, quota: Option<u64>) -> Self {
        self.stash_memory = memory;
        self.stash_quota = quota;
        self
    }

    /// With another size of the ring.
    #[must_use]
    pub fn ring_bytes(mut self, bytes: u64) -> Self {
        self.ring_bytes = bytes;
        self
    }

    /// With another patience for a drive that holds others up.
    #[must_use]
    pub fn most_lag(mut self, lag: Duration) -> Self {
        self.most_lag = lag;
        self
    }

    /// With a journal in this folder, which is made where it is missing.
    #[must_use]
    pub fn journal(mut self, folder: impl Into<PathBuf>) -> Self {
        self.journal = Some(folder.into());
        self
    }

    /// With the reading back left to another drive: see [`crate::DriveLease::verify`].
    #[must_use]
    pub fn verify_elsewhere(mut self) -> Self {
        self.verify_elsewhere = true;
        self
    }
}

/// Whether a burn is for real.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Simulate {
    /// For real.
    #[default]
    No,
    /// By the drive's test-write mode; refused where the medium has none.
    TestWrite,
    /// On the host: everything up to the first command that changes the disc.
    Host,
}

/// What is stored a second time before it is burned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum StashPolicy {
    /// File by file, by what is known of the file and of where it lies: what cannot be read twice, is slow,
    /// may vanish, or is being changed is stored a second time; what is small and scattered is read ahead;
    /// large steady files are streamed.
    #[default]
    Auto,
    /// Nothing: straight through.
    Never,
    /// Everything, before the medium is touched.
    All,
}

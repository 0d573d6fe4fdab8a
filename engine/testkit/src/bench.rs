//! Where a writer is tried: a drive, and fresh media for it.
//!
//! Owns the seam for drives of an author's own, and the virtual drive behind it. Must not know what
//! is sent.

use pitland_simdrive::{DriveModel, Medium, MediumKind, MemoryStore, Recorder, Status};
use pitland_writer::mmc::{Profile, Sense};
use std::time::Duration;

/// Blocks of a disc on the bench: enough for some sessions, few enough to fill.
const DISC_BLOCKS: u32 = 8_192;

/// A drive that exists in memory only, on a clock of its own.
pub trait SimulatedDrive {
    /// Executes a command. `data_out` is what the host sends; `data_in` the room for the answer. Both
    /// are as long as the transfer. Answers the bytes that came.
    ///
    /// # Errors
    /// The drive's sense.
    fn execute(&mut self, cdb: &[u8], data_out: &[u8], data_in: &mut [u8]) -> Result<usize, Sense>;

    /// Time on the drive's clock.
    fn now(&self) -> Duration;

    /// Lets time pass on the drive's clock.
    fn advance(&mut self, by: Duration);
}

/// A supply of drives with a fresh medium of one kind. Two of the same bench behave alike, to the
/// last answer: that is what makes a trace replay.
pub trait Bench {
    /// The profile that the drive reports.
    fn profile(&self) -> Profile;

    /// A drive, switched on, with a fresh medium in it.
    fn drive(&self) -> Box<dyn SimulatedDrive>;
}

/// The project's own virtual drive with a small disc of one kind.
#[derive(Debug, Clone)]
pub struct VirtualBench {
    kind: MediumKind,
    model: DriveModel,
}

impl VirtualBench {
    /// The bench of a profile, if the virtual drive knows the medium.
    pub fn of(profile: Profile) -> Option<Self> {
        let kind = MediumKind::ALL
            .into_iter()
            .find(|kind| kind.profile() == profile)?;
        Some(Self {
            kind,
            // Writers are held to whole units (recipe 8); other people's burners are not.
            model: DriveModel {
                refuses_part_units: true,
                ..DriveModel::default()
            },
        })
    }

    /// With a drive of other habits.
    #[must_use]
    pub fn with_model(mut self, model: DriveModel) -> Self {
        self.model = model;
        self
    }
}

impl Bench for VirtualBench {
    fn profile(&self) -> Profile {
        self.kind.profile()
    }

    fn drive(&self) -> Box<dyn SimulatedDrive> {
        let mut recorder = Recorder::new(self.model.clone());
        let store = Box::new(MemoryStore::new());
        // A capacity of whole units on a store in memory; a drive that gets no disc all the same says
        // so to whoever asks.
        if let Ok(medium) = Medium::blank(self.kind, Some(DISC_BLOCKS), store) {
            recorder.insert(medium);
        }
        Box::new(recorder)
    }
}

impl SimulatedDrive for Recorder {
    fn execute(&mut self, cdb: &[u8], data_out: &[u8], data_in: &mut [u8]) -> Result<usize, Sense> {
        let answer = Recorder::execute(self, cdb, data_out, data_in);
        match answer.status {
            Status::Good => Ok(answer.transferred),
            _ => Err(Sense::parse(&answer.sense).unwrap_or_default()),
        }
    }

    fn now(&self) -> Duration {
        Recorder::now(self)
    }

    fn advance(&mut self, by: Duration) {
        Recorder::advance(self, by);
    }
}

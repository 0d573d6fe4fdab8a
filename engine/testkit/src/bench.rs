//! Where a writer is tried: a drive, and fresh media for it.
//!
//! Owns the seam for drives of an author's own, and the virtual drive behind it. Must not know what
//! is sent.

use pitland_simdrive::{DiscType, DriveModel, Medium, MediumKind, MemoryStore, Recorder, Status};
use pitland_writer::mmc::cdb::{Blank, BlankingType, Cdb};
use pitland_writer::mmc::{Profile, Sense};
use std::time::Duration;

/// Blocks of a disc on the bench: enough for some sessions, few enough to fill.
const DISC_BLOCKS: u32 = 8_192;
/// The same of a CD, whose sessions cost 11,400 and then 6,900 blocks (recipe 5).
const CD_BLOCKS: u32 = 65_536;
/// The same of a DVD-R or DVD-RW, whose borders cost 37,792 blocks each (recipe 13).
const DVD_MINUS_BLOCKS: u32 = 131_072;

/// Times that a drive is asked which just got its disc.
const TRIES: u32 = 100;

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
    disc: DiscType,
    model: DriveModel,
    blanked_quickly: bool,
}

impl VirtualBench {
    /// The bench of a profile, if the virtual drive knows the medium: with the plainest disc that is sold
    /// under it.
    pub fn of(profile: Profile) -> Option<Self> {
        let mut discs = DiscType::ALL.into_iter();
        discs.find(|disc| disc.profile() == profile).map(Self::with)
    }

    /// The bench of a disc as it is sold.
    pub fn with(disc: DiscType) -> Self {
        Self {
            disc,
            // Writers are held to whole units (recipe 8); other people's burners are not.
            model: DriveModel {
                refuses_part_units: true,
                ..DriveModel::default()
            },
            blanked_quickly: false,
        }
    }

    /// With a drive of other habits.
    #[must_use]
    pub fn with_model(mut self, model: DriveModel) -> Self {
        self.model = model;
        self
    }

    /// With a rewritable disc that was blanked the quick way before: on some drives a DVD-RW is written at
    /// once only after that (recipe 6).
    #[must_use]
    pub fn blanked_quickly(mut self) -> Self {
        self.blanked_quickly = true;
        self
    }

    const fn disc_blocks(&self) -> u32 {
        match self.disc.kind() {
            MediumKind::CdR | MediumKind::CdRw => CD_BLOCKS,
            MediumKind::DvdMinusR | MediumKind::DvdMinusRDl => DVD_MINUS_BLOCKS,
            // In restricted overwrite it has no borders, and is filled with zeros by a full erase.
            MediumKind::DvdMinusRw => match self.disc {
                DiscType::DvdMinusRw => DVD_MINUS_BLOCKS,
                _ => DISC_BLOCKS,
            },
            _ => DISC_BLOCKS,
        }
    }
}

impl Bench for VirtualBench {
    fn profile(&self) -> Profile {
        self.disc.profile()
    }

    fn drive(&self) -> Box<dyn SimulatedDrive> {
        let mut recorder = Recorder::new(self.model.clone());
        let store = Box::new(MemoryStore::new());
        // A capacity of whole units on a store in memory; a drive that gets no disc all the same says
        // so to whoever asks.
        if let Ok(medium) = Medium::as_sold(self.disc, Some(self.disc_blocks()), store) {
            recorder.insert(medium);
        }
        if self.blanked_quickly {
            blank_quickly(&mut recorder);
        }
        Box::new(recorder)
    }
}

/// As long as it says that it is becoming ready, or has a change of its medium to tell, a drive is asked
/// again. One that never takes the command keeps its disc as it is, and the first burn shows it.
fn blank_quickly(recorder: &mut Recorder) {
    let blank = Blank {
        immed: false,
        kind: BlankingType::Minimal,
        address: 0,
    };
    for _ in 0..TRIES {
        if SimulatedDrive::execute(recorder, blank.emit().as_slice(), &[], &mut []).is_ok() {
            return;
        }
        Recorder::advance(recorder, Duration::from_secs(1));
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

//! A drive for a medium of an author's own: the kit answers what every drive is asked, and the author's
//! code what is particular to the medium.
//!
//! Owns the drive round such a medium: its name, its one profile, its clock. Must not know any medium.

use crate::bench::{Bench, SimulatedDrive};
use pitland_writer::mmc::cdb::Command;
use pitland_writer::mmc::feature::FeatureDescriptor;
use pitland_writer::mmc::reply::{
    Capacity, Configuration, DiscInformation, DiscStatus, EventStatus, InquiryData, SessionState,
    TrackInformation,
};
use pitland_writer::mmc::{Lba, Profile, SectorCount, Sense, SessionNumber, TrackNumber};
use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

/// Bytes of a block.
const BLOCK_BYTES: usize = 2048;
/// What a command takes by the drive's clock.
const COMMAND_TIME: Duration = Duration::from_millis(1);
/// INQUIRY of a CD/DVD device by SPC-3, with removable media.
const INQUIRY: [u8; 5] = [0x05, 0x80, 0x05, 0x02, 0x1F];
/// Feature "profile list" (recipe 2.4).
const PROFILE_LIST: u16 = 0x0000;

/// A command that the drive does not know.
const UNKNOWN_COMMAND: Sense = Sense::new(0x5, 0x20, 0x00);
/// A field of the command that makes no sense.
const INVALID_FIELD: Sense = Sense::new(0x5, 0x24, 0x00);
/// A block that does not exist.
const OUT_OF_RANGE: Sense = Sense::new(0x5, 0x21, 0x00);
/// A block that was never written.
const NEVER_WRITTEN: Sense = Sense::new(0x8, 0x00, 0x00);

/// A medium of an author's own, as its drive tells of it: what [`MediumBench`] puts into a drive.
///
/// It is to be as strict as the strictest drive that takes such media: a writer that is only held to what
/// it does by itself is held to nothing.
pub trait SimulatedMedium {
    /// Its profile: a number that has no name in the project, [`Profile::Other`].
    fn profile(&self) -> Profile;

    /// What the drive tells of it, as it is now.
    fn told(&self) -> Told;

    /// Reads whole blocks.
    ///
    /// # Errors
    /// The drive's sense.
    fn read(&self, lba: Lba, out: &mut [u8]) -> Result<(), Sense>;

    /// Takes whole blocks, of any WRITE.
    ///
    /// # Errors
    /// The drive's sense; nothing was taken.
    fn write(&mut self, lba: Lba, data: &[u8]) -> Result<(), Sense>;

    /// Carries out any other command that changes the medium: CLOSE TRACK/SESSION, FORMAT UNIT, BLANK,
    /// MODE SELECT, and commands of the vendor's own. What is not known is refused.
    ///
    /// # Errors
    /// The drive's sense; [`Sense`] 5/20/00 unless the medium knows the command.
    fn command(&mut self, _command: &Command, _data_out: &[u8]) -> Result<(), Sense> {
        Err(UNKNOWN_COMMAND)
    }
}

/// What a drive tells of a medium.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Told {
    /// READ DISC INFORMATION.
    pub disc: DiscInformation,
    /// READ TRACK INFORMATION for each track, the first one first.
    pub tracks: Vec<TrackInformation>,
    /// Blocks that can be read from the first on, by READ CAPACITY; 0 while no session is closed.
    pub readable_blocks: u32,
}

impl Told {
    /// What is told of a medium that is written session after session, each of one track: the blocks of the
    /// closed ones, those of the open one (empty before its first block), and what is free behind them.
    /// Without an open one the disc is finalized; without free blocks its track takes no more.
    pub fn sessions(
        closed: &[Range<i32>],
        open: Option<Range<i32>>,
        free: Option<SectorCount>,
    ) -> Self {
        let mut tracks: Vec<TrackInformation> = closed.iter().map(track).collect();
        let readable_blocks = closed.last().map_or(0, |session| session.end);
        let (status, last_session_state) = match &open {
            None => (DiscStatus::Complete, SessionState::Complete),
            Some(open) if !open.is_empty() => (DiscStatus::Appendable, SessionState::Incomplete),
            Some(_) if tracks.is_empty() => (DiscStatus::Blank, SessionState::Empty),
            Some(_) => (DiscStatus::Appendable, SessionState::Empty),
        };
        if let Some(open) = open {
            tracks.push(TrackInformation {
                blank: open.is_empty(),
                nwa: free.map(|_| Lba(open.end)),
                free_blocks: free.unwrap_or_default(),
                ..track(&open)
            });
        }
        for (number, track) in (1..).zip(&mut tracks) {
            track.track = TrackNumber(number);
            track.session = SessionNumber(number);
        }
        let last = TrackNumber(u16::try_from(tracks.len()).unwrap_or(u16::MAX));
        let disc = DiscInformation {
            status,
            last_session_state,
            sessions: last.0,
            first_track: TrackNumber(1),
            first_track_in_last_session: last,
            last_track_in_last_session: last,
            ..DiscInformation::default()
        };
        Self {
            disc,
            tracks,
            readable_blocks: u32::try_from(readable_blocks).unwrap_or(0),
        }
    }
}

fn track(blocks: &Range<i32>) -> TrackInformation {
    TrackInformation {
        start: Lba(blocks.start),
        size: Some(SectorCount(blocks.end.abs_diff(blocks.start))),
        ..TrackInformation::default()
    }
}

/// Blocks by their addresses, for a [`SimulatedMedium`] to keep its data in.
#[derive(Debug, Clone, Default)]
pub struct Blocks(BTreeMap<i32, Vec<u8>>);

impl Blocks {
    /// Keeps whole blocks from an address on.
    pub fn write(&mut self, lba: Lba, data: &[u8]) {
        for (number, block) in (lba.0..).zip(data.chunks(BLOCK_BYTES)) {
            self.0.insert(number, block.to_vec());
        }
    }

    /// Reads whole blocks from an address on.
    ///
    /// # Errors
    /// 8/00/00, where one of them was never written.
    pub fn read(&self, lba: Lba, out: &mut [u8]) -> Result<(), Sense> {
        for (number, bytes) in (lba.0..).zip(out.chunks_mut(BLOCK_BYTES)) {
            let block = self.0.get(&number).ok_or(NEVER_WRITTEN)?;
            for (byte, kept) in bytes.iter_mut().zip(block) {
                *byte = *kept;
            }
        }
        Ok(())
    }
}

/// A bench for a medium of an author's own.
#[derive(Debug, Clone, Copy)]
pub struct MediumBench<M> {
    fresh: fn() -> M,
}

impl<M: SimulatedMedium + 'static> MediumBench<M> {
    /// The bench whose drives each hold a fresh medium, as `fresh` makes it.
    pub fn new(fresh: fn() -> M) -> Self {
        Self { fresh }
    }
}

impl<M: SimulatedMedium + 'static> Bench for MediumBench<M> {
    fn profile(&self) -> Profile {
        (self.fresh)().profile()
    }

    fn drive(&self) -> Box<dyn SimulatedDrive> {
        Box::new(MediumDrive::new((self.fresh)()))
    }
}

/// A drive round a medium of an author's own.
#[derive(Debug, Clone)]
pub struct MediumDrive<M> {
    medium: M,
    now: Duration,
}

impl<M: SimulatedMedium> MediumDrive<M> {
    /// A drive with this medium in it.
    pub fn new(medium: M) -> Self {
        Self {
            medium,
            now: Duration::ZERO,
        }
    }

    /// What is in the drive.
    pub fn medium(&self) -> &M {
        &self.medium
    }

    fn inquiry() -> Vec<u8> {
        let mut inquiry = InquiryData {
            vendor: *b"TESTKIT ",
            product: *b"AUTHOR'S MEDIUM ",
            revision: *b"0001",
            ..InquiryData::parse(&INQUIRY).unwrap_or_default()
        };
        inquiry.rest.clear();
        inquiry.emit()
    }

    fn configuration(&self) -> Vec<u8> {
        let [high, low] = self.medium.profile().code().to_be_bytes();
        let profiles = FeatureDescriptor {
            code: PROFILE_LIST,
            version: 0,
            persistent: true,
            current: true,
            data: vec![high, low, 1, 0],
        };
        let configuration = Configuration {
            profile: self.medium.profile(),
            features: vec![profiles],
        };
        configuration.emit()
    }

    fn track(&self, number: u32) -> Result<Vec<u8>, Sense> {
        let told = self.medium.told();
        let track = told.tracks.iter().find(|t| u32::from(t.track.0) == number);
        track.map(TrackInformation::emit).ok_or(INVALID_FIELD)
    }

    fn capacity(&self) -> Vec<u8> {
        let last = self.medium.told().readable_blocks.saturating_sub(1);
        let capacity = Capacity {
            last_lba: Lba(i32::try_from(last).unwrap_or(i32::MAX)),
            block_length: BLOCK_BYTES as u32,
        };
        capacity.emit()
    }

    fn read(&self, lba: Lba, blocks: u32, room: usize) -> Result<Vec<u8>, Sense> {
        let end = i64::from(lba.0) + i64::from(blocks);
        let transfers = (blocks as usize).checked_mul(BLOCK_BYTES) == Some(room);
        // The length is only a number of the host's until it is that of the transfer.
        if !transfers || end > i64::from(self.medium.told().readable_blocks) {
            return Err(OUT_OF_RANGE);
        }
        let mut data = vec![0; room];
        self.medium.read(lba, &mut data)?;
        Ok(data)
    }

    fn write(&mut self, lba: Lba, blocks: u32, data: &[u8]) -> Result<Vec<u8>, Sense> {
        if data.len() != blocks as usize * BLOCK_BYTES {
            return Err(INVALID_FIELD);
        }
        self.medium.write(lba, data)?;
        Ok(Vec::new())
    }

    fn answer(&mut self, command: &Command, out: &[u8], room: usize) -> Result<Vec<u8>, Sense> {
        match command {
            Command::TestUnitReady(_)
            | Command::PreventAllowMediumRemoval(_)
            | Command::StartStopUnit(_)
            | Command::SynchronizeCache(_) => Ok(Vec::new()),
            Command::RequestSense(_) => Ok(Sense::default().emit().to_vec()),
            Command::Inquiry(c) if !c.vital_product_data => Ok(Self::inquiry()),
            Command::GetConfiguration(_) => Ok(self.configuration()),
            Command::GetEventStatusNotification(_) => Ok(EventStatus::default().emit()),
            Command::ReadDiscInformation(_) => Ok(self.medium.told().disc.emit()),
            Command::ReadTrackInformation(c) => self.track(c.address),
            Command::ReadCapacity(_) => Ok(self.capacity()),
            Command::Read10(c) => self.read(c.lba, c.blocks.into(), room),
            Command::Read12(c) => self.read(c.lba, c.blocks, room),
            Command::Write10(c) => self.write(c.lba, c.blocks.into(), out),
            Command::Write12(c) => self.write(c.lba, c.blocks, out),
            Command::WriteAndVerify10(c) => self.write(c.lba, c.blocks.into(), out),
            other => self.medium.command(other, out).map(|()| Vec::new()),
        }
    }
}

impl<M: SimulatedMedium> SimulatedDrive for MediumDrive<M> {
    fn execute(&mut self, cdb: &[u8], data_out: &[u8], data_in: &mut [u8]) -> Result<usize, Sense> {
        self.now += COMMAND_TIME;
        let command = Command::parse(cdb).map_err(|_| INVALID_FIELD)?;
        let answer = self.answer(&command, data_out, data_in.len())?;
        let came = answer.len().min(data_in.len());
        for (byte, told) in data_in.iter_mut().zip(answer) {
            *byte = told;
        }
        Ok(came)
    }

    fn now(&self) -> Duration {
        self.now
    }

    fn advance(&mut self, by: Duration) {
        self.now += by;
    }
}

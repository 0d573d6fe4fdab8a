//! A recorder behind [`Transport`]: its disc, its clock, its time limits.
//!
//! Owns how device time and real time go together. Must not know commands,
//! but for which ones change a disc that is opened for reading only, and the
//! answer that says that the buffer is full.

use super::disc_file::{create_disc, judge};
use super::disc_file_error::DiscFileError;
use super::file_store::{Access, FileStore, StorageFault};
use crate::address::{OpenMode, SpeedFactor};
use crate::{Data, DeviceClock, Exchange, Limits, Reply, Status, Transport, TransportError};
use core::time::Duration;
use pitland_mmc::{CdbBytes, Command, Sense};
use pitland_simdrive::{
    Answer, DriveModel, Identity, Medium, MediumKind, NullStore, Recorder, Underruns,
};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// Blocks of the disc of `virtual:null`: BD-R of three layers, 100 GB.
const NULL_DISC_BLOCKS: u32 = 48_878_592;

/// In real time the recorder is let catch up no more often than this, so that a drive
/// whose buffer is being filled does not go to its disc for every command.
const CATCH_UP_STEP: Duration = Duration::from_millis(1);

/// In real time a WRITE that finds the buffer full is held back no longer than this: a
/// host that wants to cancel waits for it.
const HELD_BACK_AT_MOST: Duration = Duration::from_millis(100);

/// Sense of a disc that may not be written: 7/27/00.
const WRITE_PROTECTED: Sense = Sense::new(7, 0x27, 0x00);

/// Key, ASC and ASCQ of a buffer that is full (recipe 4.2).
const BUFFER_FULL: (u8, u8, u8) = (2, 0x04, 0x08);

/// How fast device time passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Pace {
    /// As fast as it goes: time passes only when a command takes some, or by
    /// [`Transport::advance`].
    #[default]
    Virtual,
    /// With the clock on the wall, at this speed at most. Lists of speeds that
    /// the drive answers begin with it, also where the model would be slower.
    Real(SpeedFactor),
}

impl From<Option<SpeedFactor>> for Pace {
    /// Real time where a speed is named.
    fn from(speed: Option<SpeedFactor>) -> Self {
        speed.map_or(Self::Virtual, Self::Real)
    }
}

/// A simulated drive with a disc in it.
///
/// On a virtual clock it has just been switched on, and the disc is being
/// recognised; in real time that lies behind it. Either way the first commands
/// are answered with its unit attentions.
///
/// On a virtual clock a full buffer is answered at once with 2/04/08. In real time
/// the drive holds the WRITE back until half of the buffer is free, for a tenth of a
/// second at most, and then takes it or answers 2/04/08: real drives do either, and
/// a host of many drives wakes up once for each two mebibytes, not once for each
/// WRITE.
///
/// A drive that is dropped finishes what it was told, as a real one does that
/// nobody talks to: the buffer is written, the operation under way ends. A
/// process that is killed cannot do that: then what the buffer held is lost.
pub struct VirtualDrive {
    recorder: Recorder,
    hint: String,
    /// Real time: when the drive was opened.
    opened: Option<Instant>,
    /// Device time when the drive was opened.
    start: Duration,
    read_only: bool,
    fault: StorageFault,
}

impl core::fmt::Debug for VirtualDrive {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("VirtualDrive")
            .field("hint", &self.hint)
            .field("now", &self.now())
            .finish_non_exhaustive()
    }
}

impl VirtualDrive {
    /// A drive of `model` with `medium` in it. `hint` is its name for people.
    pub fn new(model: DriveModel, medium: Medium, pace: Pace, hint: String) -> Self {
        let mut recorder = Recorder::new(at_pace(model, pace));
        recorder.insert(medium);
        let opened = match pace {
            Pace::Virtual => None,
            Pace::Real(_) => {
                recorder.settle();
                Some(Instant::now())
            }
        };
        let start = recorder.now();
        Self {
            recorder,
            hint,
            opened,
            start,
            read_only: false,
            fault: StorageFault::default(),
        }
    }

    /// A drive with the disc of the file at `path`.
    ///
    /// # Errors
    /// A [`DiscFileError`]; an existing file is not changed.
    pub fn file(
        path: &Path,
        mode: OpenMode,
        pace: Pace,
        hint: String,
    ) -> Result<Self, DiscFileError> {
        Self::file_in(DriveModel::default(), path, mode, pace, hint)
    }

    /// A drive of `model` with the disc of the file at `path`. Its serial number is made from the
    /// file's name, unless the model has one of its own.
    ///
    /// # Errors
    /// A [`DiscFileError`]; an existing file is not changed.
    pub fn file_in(
        model: DriveModel,
        path: &Path,
        mode: OpenMode,
        pace: Pace,
        hint: String,
    ) -> Result<Self, DiscFileError> {
        let access = match mode {
            OpenMode::ReadOnly => Access::ReadOnly,
            OpenMode::Existing | OpenMode::CreateBlankBdR => Access::ReadWrite,
        };
        let store = match FileStore::open(path, access) {
            Err(DiscFileError::Missing { .. }) if mode == OpenMode::CreateBlankBdR => {
                drop(create_disc(path, MediumKind::BdR, None)?);
                FileStore::open(path, access)?
            }
            opened => opened?,
        };
        let fault = store.fault();
        let room = store.blocks();
        let medium = judge(path, room, store)?;
        let name = path.file_name().unwrap_or_default().as_encoded_bytes();
        let model = numbered(model, || format!("PLF{:08X}", crate::sum::crc32c(name)));
        let mut drive = Self::new(model, medium, pace, hint);
        drive.read_only = access == Access::ReadOnly;
        drive.fault = fault;
        Ok(drive)
    }

    /// A drive with a 100 GB BD-R that keeps no data, and that it writes at one speed
    /// from the first block to the last. `id` tells such drives apart in what they
    /// answer; each call makes another drive.
    ///
    /// # Errors
    /// [`DiscFileError::Medium`], should the recorder not take that size.
    pub fn null(id: u32, pace: Pace, hint: String) -> Result<Self, DiscFileError> {
        Self::null_in(DriveModel::default(), id, pace, hint)
    }

    /// As [`Self::null`], in a drive of `model`.
    ///
    /// # Errors
    /// [`DiscFileError::Medium`], should the recorder not take that size.
    pub fn null_in(
        model: DriveModel,
        id: u32,
        pace: Pace,
        hint: String,
    ) -> Result<Self, DiscFileError> {
        let medium = Medium::blank(
            MediumKind::BdR,
            Some(NULL_DISC_BLOCKS),
            Box::new(NullStore::new()),
        )
        .map_err(|source| DiscFileError::Medium {
            path: "null".into(),
            source,
        })?;
        let model = DriveModel {
            // Whoever measures wants to see the writing alone, at the speed that was named.
            calibrates_at_first_write: false,
            constant_linear_velocity: true,
            ..numbered(model, || format!("PLN{id:010}"))
        };
        Ok(Self::new(model, medium, pace, hint))
    }

    /// The recorder inside: a test presses its button or takes its disc.
    pub fn recorder(&mut self) -> &mut Recorder {
        &mut self.recorder
    }

    /// How often the drive's write buffer ran empty while it was being written, and where.
    pub fn underruns(&self) -> Underruns {
        self.recorder.underruns()
    }

    /// Lets the recorder catch up with the clock on the wall.
    fn catch_up(&mut self) {
        if let Some(opened) = self.opened {
            let behind = opened.elapsed().saturating_sub(self.device_time());
            if behind >= CATCH_UP_STEP {
                self.recorder.advance(behind);
            }
        }
    }

    /// In real time: waits until the wall's clock shows what the recorder's
    /// does, at most for `limit`.
    fn sleep_off(&self, limit: Duration) {
        if let Some(opened) = self.opened {
            let ahead = self.device_time().saturating_sub(opened.elapsed());
            if !ahead.is_zero() {
                std::thread::sleep(ahead.min(limit));
            }
        }
    }

    /// Whether the host is not to be given this answer yet.
    fn holds_back(&self, answer: &Answer) -> bool {
        self.opened.is_some() && answer.key_asc_ascq() == Some(BUFFER_FULL)
    }

    /// Waits until half of the buffer is free, or `limit` has passed.
    fn wait_for_room(&mut self, limit: Duration) {
        let limit = limit.min(HELD_BACK_AT_MOST);
        if let (Some(opened), Some(room)) = (self.opened, self.recorder.next_change()) {
            let due = self.device_time() + room;
            std::thread::sleep(due.saturating_sub(opened.elapsed()).min(limit));
            let passed = opened.elapsed().saturating_sub(self.device_time());
            self.recorder.advance(passed);
        }
    }

    fn device_time(&self) -> Duration {
        self.recorder.now().saturating_sub(self.start)
    }

    fn refuses(&self, cdb: CdbBytes) -> bool {
        self.read_only
            && match Command::parse(cdb.as_slice()) {
                Ok(Command::Unknown(_)) | Err(_) => false,
                Ok(command) => command.changes_disc(),
            }
    }
}

impl Transport for VirtualDrive {
    fn execute(&mut self, exchange: Exchange<'_>) -> Result<Reply, TransportError> {
        let Exchange { cdb, data, timeout } = exchange;
        if self.refuses(cdb) {
            return Ok(Reply::check(WRITE_PROTECTED));
        }
        self.catch_up();
        let mut before = self.recorder.now();
        let given = data.len();
        let answer = match data {
            Data::None => self.recorder.execute(cdb.as_slice(), &[], &mut []),
            Data::In(room) => self.recorder.execute(cdb.as_slice(), &[], room),
            Data::Out(bytes) | Data::Blocks { bytes, .. } => {
                let answer = self.recorder.execute(cdb.as_slice(), bytes, &mut []);
                if self.holds_back(&answer) {
                    self.wait_for_room(timeout);
                    // It was not being served while it waited.
                    before = self.recorder.now();
                    self.recorder.execute(cdb.as_slice(), bytes, &mut [])
                } else {
                    answer
                }
            }
        };
        self.sleep_off(timeout);
        if let Some(error) = self.fault.take() {
            return Err(TransportError::Storage(error));
        }
        if self.recorder.now().saturating_sub(before) > timeout {
            return Err(TransportError::TimedOut { limit: timeout });
        }
        let status = match answer.status {
            pitland_simdrive::Status::Good => Status::Good,
            pitland_simdrive::Status::CheckCondition => match Sense::parse(&answer.sense) {
                Ok(sense) => Status::CheckCondition(sense),
                Err(error) => return Err(TransportError::Foreign(Arc::new(error))),
            },
        };
        Ok(Reply {
            status,
            transferred: answer.transferred.min(given),
        })
    }

    fn limits(&self) -> Limits {
        Limits::default()
    }

    fn clock(&self) -> DeviceClock {
        match self.opened {
            Some(_) => DeviceClock::Real,
            None => DeviceClock::Virtual,
        }
    }

    fn now(&self) -> Duration {
        match self.opened {
            Some(opened) => opened.elapsed(),
            None => self.device_time(),
        }
    }

    fn advance(&mut self, by: Duration) {
        if self.opened.is_none() {
            self.recorder.advance(by);
        }
    }

    fn identity_hint(&self) -> String {
        self.hint.clone()
    }
}

impl Drop for VirtualDrive {
    fn drop(&mut self) {
        self.recorder.settle();
    }
}

/// The model with a serial number that tells its drive apart, unless it has one.
fn numbered(mut model: DriveModel, serial: impl FnOnce() -> String) -> DriveModel {
    if model.identity.serial == Identity::default().serial {
        model.identity.serial = serial();
    }
    model
}

/// The model with this speed as its fastest.
fn at_pace(mut model: DriveModel, pace: Pace) -> DriveModel {
    let Pace::Real(factor) = pace else {
        return model;
    };
    let tenths = factor.tenths();
    // 1x in kB/s: BD 4495.5, DVD 1385, CD 176.4 (recipes, preamble).
    let bd = (44_955 * tenths).div_ceil(100);
    let dvd = (1385 * tenths).div_ceil(10);
    let cd = (1764 * tenths).div_ceil(100);
    for kind in MediumKind::ALL {
        let fastest = match kind {
            kind if kind.is_bd() => bd,
            kind if kind.is_cd() => cd,
            _ => dvd,
        };
        let list = model.write_speeds.of_mut(kind);
        list.retain(|speed| *speed < fastest);
        list.insert(0, fastest);
    }
    model
}

#[cfg(test)]
mod tests {
    use super::*;
    use pitland_mmc::Lba;
    use pitland_mmc::cdb::{Cdb, TestUnitReady, Write10};

    const LIMIT: Duration = Duration::from_secs(60);
    const UNIT: usize = 32 * 2048;

    fn write(drive: &mut VirtualDrive, lba: i32, limit: Duration) -> Status {
        let cdb = Write10 {
            lba: Lba(lba),
            blocks: 32,
            fua: false,
        };
        let exchange = Exchange::blocks(cdb.emit(), &[1; UNIT], 2048, limit);
        drive.execute(exchange).unwrap().status
    }

    fn is_full(status: Status) -> bool {
        status
            .sense()
            .is_some_and(|sense| *sense == Sense::new(2, 0x04, 0x08))
    }

    /// A drive of `virtual:null` that has told its attentions.
    fn null(pace: Pace) -> VirtualDrive {
        let mut drive = VirtualDrive::null(0, pace, "null".into()).unwrap();
        let ready = TestUnitReady::default().emit();
        while drive.execute(Exchange::none(ready, LIMIT)).unwrap().status != Status::Good {
            drive.advance(Duration::from_secs(1));
        }
        drive
    }

    fn real(tenths: u32) -> Pace {
        Pace::Real(SpeedFactor::from_tenths(tenths).unwrap())
    }

    #[test]
    fn in_real_time_a_full_buffer_holds_the_write_back_and_the_disc_keeps_its_speed() {
        let mut drive = null(real(160));
        let begun = drive.now();
        for unit in 0..160 {
            assert_eq!(write(&mut drive, unit * 32, LIMIT), Status::Good);
        }
        // 10 MiB at 71.9 MB/s, but for the 4 MiB that may still be in the buffer.
        let least = Duration::from_secs_f64((160 * UNIT - (4 << 20)) as f64 / 71_928e3);
        assert!(drive.now() - begun >= least);
    }

    #[test]
    fn a_write_is_not_held_back_for_longer_than_it_may_take() {
        // 45 kB in a tenth of a second: a WRITE waits in vain, and its answer says so.
        let mut drive = null(real(1));
        let mut unit = 0;
        while !is_full(write(&mut drive, unit * 32, LIMIT)) {
            unit += 1;
            assert!(unit < 1000, "it never was full");
        }
        // An answer, not a command that is given up.
        for _ in 0..3 {
            let answer = write(&mut drive, unit * 32, Duration::from_millis(1));
            assert!(answer == Status::Good || is_full(answer), "{answer:?}");
            unit += i32::from(answer == Status::Good);
        }
    }

    #[test]
    fn on_a_virtual_clock_a_full_buffer_is_told_at_once() {
        let mut drive = null(Pace::Virtual);
        let before = drive.now();
        let refused = (0..1000).find(|unit| is_full(write(&mut drive, unit * 32, LIMIT)));
        assert_eq!(refused, Some(64), "4 MiB of it");
        assert_eq!(drive.now(), before);
    }

    /// Recipe 2.5: the nominal performance has a speed at its start and one at its end.
    #[test]
    fn a_null_drive_writes_at_the_speed_that_was_named_from_end_to_end() {
        let mut drive = null(real(160));
        let mut list = [0; 24];
        let question = [0xAC, 0x14, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0];
        let answer = drive.recorder().execute(&question, &[], &mut list);
        assert_eq!((answer.key_asc_ascq(), answer.transferred), (None, 24));
        let speed = |at: usize| {
            list[at..at + 4]
                .iter()
                .fold(0, |n, b| n << 8 | u32::from(*b))
        };
        // 16 x 4495.5 kB/s.
        assert_eq!((speed(12), speed(20)), (71_928, 71_928));
    }

    #[test]
    fn a_file_that_fails_is_told_in_the_words_of_the_system() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        drop(create_disc(&path, MediumKind::BdR, Some(64 * 32)).unwrap());
        // A store that lets nothing be written stands in for a full file system.
        let store = FileStore::open(&path, Access::ReadOnly).unwrap();
        let fault = store.fault();
        let medium = judge(&path, store.blocks(), store).unwrap();
        let mut drive = VirtualDrive::new(DriveModel::default(), medium, Pace::Virtual, "x".into());
        drive.fault = fault;
        let limit = Duration::from_secs(60);
        drive.advance(limit);
        for _ in 0..3 {
            drive
                .execute(Exchange::none(TestUnitReady::default().emit(), limit))
                .unwrap();
        }
        let cdb = Write10 {
            lba: Lba(0),
            blocks: 32,
            fua: false,
        }
        .emit();
        drive
            .execute(Exchange::blocks(cdb, &[1; 65536], 2048, limit))
            .unwrap();
        drive.advance(limit);
        let told = drive.execute(Exchange::none(TestUnitReady::default().emit(), limit));
        assert!(
            matches!(&told, Err(TransportError::Storage(error)) if error.kind() == std::io::ErrorKind::ReadOnlyFilesystem),
            "{told:?}"
        );
    }
}

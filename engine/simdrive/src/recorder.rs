//! The drive as a whole: what is in its tray, what is under way, and its clock.
//!
//! Owns the passing of time and the life of the medium. What each command does
//! lies in the files that the dispatch table names.

use std::collections::VecDeque;
use std::time::Duration;

use crate::buffer::WriteBuffer;
use crate::cd_recording;
use crate::dispatch;
use crate::events::{Event, Events};
use crate::long_operation::{Effect, Operation};
use crate::medium::cd::{Blanking, CdDisc};
use crate::medium::rewritable::Background;
use crate::medium::{Medium, Recorded, bd_r, dvd_minus, dvd_plus_rw, dvd_rw};
use crate::mode_pages::ModePages;
use crate::model::DriveModel;
use crate::refusal::{Refusal, SENSE_BYTES};
use crate::timing::{self, Task};
use crate::underrun::Stream;

/// SCSI status of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// The command did what it says.
    Good,
    /// It did not; the sense data say why. Nothing changed, unless the sense is deferred.
    CheckCondition,
}

/// What the drive answers to one command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// Good or not.
    pub status: Status,
    /// Sense data in fixed format; zeros with [`Status::Good`].
    pub sense: [u8; SENSE_BYTES],
    /// Bytes that went to `data_in`, or were taken from `data_out`.
    pub transferred: usize,
}

impl Answer {
    /// Key, ASC and ASCQ of a check condition.
    pub fn key_asc_ascq(&self) -> Option<(u8, u8, u8)> {
        (self.status == Status::CheckCondition).then_some((
            self.sense[2] & 0x0F,
            self.sense[12],
            self.sense[13],
        ))
    }
}

/// Where the medium is.
pub(crate) enum Tray {
    Closed(Option<Medium>),
    Open(Option<Medium>),
}

/// A strict MMC recorder. It does nothing by itself: commands come through
/// [`Recorder::execute`], time through [`Recorder::advance`].
///
/// The caller decides how virtual time relates to real time. A command that takes
/// time of its own (a read, or anything long without IMMED) moves the clock inside
/// `execute`: compare [`Recorder::now`] before and after. One that is refused until
/// something changes (2/04/xx) is to be sent again after `advance`; a caller in a
/// hurry advances by [`Recorder::next_change`].
pub struct Recorder {
    pub(crate) model: DriveModel,
    pub(crate) tray: Tray,
    pub(crate) locked: bool,
    pub(crate) stopped: bool,
    pub(crate) calibrated: bool,
    pub(crate) buffer: WriteBuffer,
    pub(crate) stream: Stream,
    /// The record of the disc as it would be, in a test run.
    pub(crate) rehearsal: Option<Recorded>,
    /// Blocks that the last refused WRITE wanted to bring.
    pub(crate) wanted: u32,
    pub(crate) operation: Option<Operation>,
    pub(crate) attentions: VecDeque<Refusal>,
    pub(crate) deferred: Option<Refusal>,
    pub(crate) events: Events,
    pub(crate) pages: ModePages,
    pub(crate) write_speed: u32,
    pub(crate) read_speed: u32,
    /// The last block that was read.
    pub(crate) pickup: u32,
    /// Blocks that were free before the last WRITE.
    pub(crate) free_before_write: u32,
    /// The buffer was full once since the disc was loaded.
    pub(crate) was_full: bool,
    /// A question came between two WRITEs.
    pub(crate) interrupted: bool,
    /// The drive has ceased to work until the power comes anew.
    pub(crate) wedged: bool,
    /// Nanoseconds since power on.
    pub(crate) clock: u64,
    /// Time already spent on the unit that is next to be written, or formatted.
    pub(crate) spent: u64,
}

impl Recorder {
    /// A drive without a medium, just switched on: the first answer is 6/29/00.
    pub fn new(model: DriveModel) -> Self {
        let buffer = WriteBuffer::new(model.buffer_bytes);
        Self {
            free_before_write: buffer.capacity(),
            was_full: false,
            interrupted: false,
            wedged: false,
            buffer,
            tray: Tray::Closed(None),
            locked: false,
            stopped: false,
            calibrated: false,
            stream: Stream::default(),
            wanted: 0,
            operation: None,
            attentions: VecDeque::from([Refusal::POWER_ON]),
            deferred: None,
            events: Events::default(),
            pages: ModePages::of(&model),
            rehearsal: None,
            write_speed: 0,
            read_speed: 0,
            pickup: 0,
            clock: 0,
            spent: 0,
            model,
        }
    }

    /// The model that the drive was built from.
    pub fn model(&self) -> &DriveModel {
        &self.model
    }

    /// Puts a disc in and closes the tray. A disc that was in the drive is thrown
    /// away: take it out first. The drive answers 2/04/01 until it has recognised
    /// the disc, then 6/28/00 once.
    pub fn insert(&mut self, mut medium: Medium) {
        drop(self.remove());
        medium.is_worn_by(&self.model.defects);
        self.buffer.prepare_for_disc(medium.keeps_blocks());
        self.tray = Tray::Closed(Some(medium));
        self.begin_load();
    }

    /// Takes the disc out by hand, whatever the lock says; what was in the buffer
    /// is written first, and an operation under way is cut off.
    pub fn remove(&mut self) -> Option<Medium> {
        self.drain_all();
        self.operation = None;
        self.unload();
        self.stop_background();
        self.attentions.retain(|a| *a != Refusal::MEDIUM_CHANGED);
        self.locked = false;
        let (Tray::Closed(medium) | Tray::Open(medium)) = &mut self.tray;
        let taken = medium.take();
        if taken.is_some() {
            self.events.raise(Event::MediumRemoved);
        }
        taken
    }

    /// Somebody presses the button: the drive ejects, or, when it is locked, tells
    /// the host (event 4:1).
    pub fn press_eject_button(&mut self) {
        if self.locked || self.operation.is_some() {
            self.events.raise(Event::EjectRequested);
        } else if let Tray::Closed(_) = self.tray {
            self.start(Effect::Ejected, Task::Eject);
        } else {
            self.load_tray();
        }
    }

    /// Virtual time since power on.
    pub fn now(&self) -> Duration {
        Duration::from_nanos(self.clock)
    }

    /// The medium in the drive, if the tray is closed over one.
    pub fn medium(&self) -> Option<&Medium> {
        match &self.tray {
            Tray::Closed(medium) => medium.as_ref(),
            Tray::Open(_) => None,
        }
    }

    pub(crate) fn medium_mut(&mut self) -> Option<&mut Medium> {
        match &mut self.tray {
            Tray::Closed(medium) => medium.as_mut(),
            Tray::Open(_) => None,
        }
    }

    /// Lets whatever is under way end and writes what the buffer holds, a part of a cluster
    /// included: what a drive does that nobody talks to any more. A background format stops
    /// where it is.
    pub fn settle(&mut self) {
        self.end_stream();
        self.complete_unit();
        while let Some(time) = self.next_change() {
            self.advance(time.max(Duration::from_nanos(1)));
        }
    }

    /// Executes one command. `data_out` is what the host sends, `data_in` the room
    /// for what it gets; both are as long as the transfer on the wire.
    pub fn execute(&mut self, cdb: &[u8], data_out: &[u8], data_in: &mut [u8]) -> Answer {
        match dispatch::run(self, cdb, data_out, data_in) {
            Ok(transferred) => Answer {
                status: Status::Good,
                sense: [0; SENSE_BYTES],
                transferred,
            },
            Err(refusal) => Answer {
                status: Status::CheckCondition,
                sense: self.sense_bytes(&refusal),
                transferred: 0,
            },
        }
    }

    /// The bytes of sense data, as this drive has them.
    pub(crate) fn sense_bytes(&self, refusal: &Refusal) -> [u8; SENSE_BYTES] {
        let mut bytes = refusal.emit();
        if self.model.quirks.sense_valid_bit_clear {
            bytes[0] &= 0x7F;
        }
        bytes
    }

    /// Blocks are on their way to the disc, or were since the last synchronization.
    pub(crate) fn is_writing(&self) -> bool {
        !self.buffer.is_empty()
            || self.rehearsal.is_some()
            || self.medium().is_some_and(Medium::in_flight)
    }

    /// Time until something changes by itself that a refused command waits for:
    /// the operation under way ends, or the buffer has room again (it has drained to
    /// half, or to what the refused WRITE needs, or is empty). `None`: nothing is
    /// under way. The background format of DVD+RW does not count, as the drive can
    /// be used meanwhile; see [`Recorder::background_format_left`].
    pub fn next_change(&self) -> Option<Duration> {
        let used = self.buffer.drainable();
        if let Some(operation) = &self.operation {
            let time = self.drain_time(used).saturating_add(operation.left());
            return Some(Duration::from_nanos(time));
        }
        if used == 0 {
            return None;
        }
        let half = self.buffer.capacity() / 2;
        let for_half = if used > half { used - half } else { used };
        let for_wanted = self.wanted.saturating_sub(self.buffer.free());
        let blocks = for_half.max(for_wanted).min(used);
        Some(Duration::from_nanos(self.drain_time(blocks)))
    }

    /// Idle time until the background format is complete; `None` when none runs.
    pub fn background_format_left(&self) -> Option<Duration> {
        let disc = self.medium()?.rewritable()?;
        (disc.background == Background::Running).then(|| {
            let blocks = disc.capacity - disc.formatted_to;
            Duration::from_nanos(self.scaled(timing::transfer(blocks, self.write_speed())))
        })
    }

    /// Lets virtual time pass: the buffer drains at the speed of the medium, then the
    /// operation under way goes on, then the background format.
    pub fn advance(&mut self, by: Duration) {
        let mut left = u64::try_from(by.as_nanos()).unwrap_or(u64::MAX);
        // What takes no time happens even when none passes.
        let mut instant = self.model.clock_permille == 0 && self.buffer.drainable() > 0;
        while left > 0 || instant || self.operation.is_some_and(|o| o.left() == 0) {
            instant = false;
            if self.buffer.drainable() > 0 {
                let spent = self.drain(left);
                self.clock = self.clock.saturating_add(spent);
                left -= spent.min(left);
                if self.buffer.drainable() > 0 {
                    break;
                }
                continue;
            }
            if let Some(operation) = &mut self.operation {
                let before = left;
                match operation.pass(left) {
                    Some(rest) => {
                        self.clock = self.clock.saturating_add(before - rest);
                        left = rest;
                        self.finish_operation();
                    }
                    None => {
                        self.clock = self.clock.saturating_add(before);
                        left = 0;
                    }
                }
                continue;
            }
            self.run_dry();
            self.clock = self.clock.saturating_add(left);
            self.format_in_background(left);
            left = 0;
        }
    }

    /// The power fails and comes back: what the buffer held is lost, an operation
    /// under way is cut off, the disc stays in the tray, everything else stands.
    pub fn power_loss(&mut self) {
        // What was written in test is nothing to the disc.
        let in_flight = !self.buffer.is_empty() && self.rehearsal.is_none();
        self.end_stream();
        self.buffer.clear();
        self.rehearsal = None;
        self.operation = None;
        let damages = self.model.damage_after_power_loss;
        if let Some(medium) = self.medium_mut() {
            match medium.recorded_mut() {
                Recorded::Sequential(disc) => {
                    disc.forget_unrecorded();
                    if damages && (in_flight || disc.in_flight) {
                        disc.mark_damaged();
                    }
                    dvd_minus::interrupt(disc);
                }
                Recorded::Rewritable(disc) => {
                    dvd_plus_rw::suspend(disc);
                    disc.forget_unrecorded();
                    disc.protection.until_power_down = false;
                }
                Recorded::Cd(disc) => disc.interrupt(),
            }
            self.save();
        }
        self.locked = false;
        self.wedged = false;
        self.pages = ModePages::of(&self.model);
        self.deferred = None;
        self.events = Events::default();
        self.attentions = VecDeque::from([Refusal::POWER_ON]);
        self.wanted = 0;
        self.spent = 0;
        self.forget_writing();
        self.read_speed = 0;
        self.write_speed = 0;
        if self.medium().is_some() {
            self.begin_load();
        }
    }

    // ---- time -------------------------------------------------------------

    pub(crate) fn scaled(&self, time: u64) -> u64 {
        (u128::from(time) * u128::from(self.model.clock_permille) / 1000) as u64
    }

    /// The stretch of the disc around a block that is written at one speed, when `speed` is
    /// the highest one allowed.
    pub(crate) fn zone(&self, medium: &Medium, speed: u32, lba: u32) -> timing::Zone {
        if self.model.constant_linear_velocity {
            return timing::Zone::everywhere(speed);
        }
        // The pregap of a CD lies where its program area begins.
        let lba = match medium.kind.is_cd() {
            true => (lba as i32).max(0) as u32,
            false => lba,
        };
        timing::zone(medium.kind, speed, lba, medium.capacity())
    }

    /// The highest write speed allowed now, in kB/s.
    pub(crate) fn write_speed(&self) -> u32 {
        let Some(medium) = self.medium() else {
            return self.write_speed.max(1);
        };
        let speeds = self.model.write_speeds.of(medium.kind);
        let fastest = self.fastest_write();
        if self.write_speed == 0 {
            return fastest;
        }
        // The nearest one that is not faster than what the host asked for.
        let slowest = speeds.last().copied().unwrap_or(fastest);
        speeds
            .iter()
            .copied()
            .find(|s| *s <= self.write_speed)
            .unwrap_or(slowest)
    }

    /// The highest speed that the medium can be read at, in kB/s.
    pub(crate) fn fastest_read(&self) -> u32 {
        match self.medium() {
            Some(medium) if medium.kind.is_bd() => self.model.bd_read_speed,
            // No CD turns faster (recipe 14).
            Some(medium) if medium.kind.is_cd() => {
                timing::FASTEST_CD.min(self.model.dvd_read_speed)
            }
            _ => self.model.dvd_read_speed,
        }
    }

    /// The highest speed that the medium can be written at, in kB/s.
    pub(crate) fn fastest_write(&self) -> u32 {
        let speeds = self.medium().map(|m| self.model.write_speeds.of(m.kind));
        speeds.and_then(|s| s.first()).copied().unwrap_or(4496)
    }

    pub(crate) fn read_speed(&self) -> u32 {
        let fastest = self.fastest_read();
        if self.read_speed == 0 {
            fastest
        } else {
            self.read_speed.clamp(1, fastest)
        }
    }

    // ---- operations ---------------------------------------------------------

    /// Begins an operation; it ends when enough time has passed.
    pub(crate) fn start(&mut self, effect: Effect, task: Task) {
        self.start_after(effect, task, 0);
    }

    /// As [`Self::start`], with so many blocks of padding to be written first.
    pub(crate) fn start_after(&mut self, effect: Effect, task: Task, padding: u32) {
        // What was written before it goes onto the disc first.
        self.end_stream();
        self.complete_unit();
        let Some(kind) = self.medium().map(|m| m.kind) else {
            self.operation = Some(Operation::new(effect, 0, 0));
            return;
        };
        let speed = self.write_speed();
        let time = timing::duration(task, kind, speed) + timing::transfer(padding, speed);
        let operation = Operation::new(effect, self.scaled(time), self.buffer.used());
        self.operation = Some(operation);
    }

    /// Lets the operation under way end, and moves the clock by what it takes.
    pub(crate) fn wait(&mut self) -> Result<(), Refusal> {
        while let Some(time) = self.next_change().filter(|_| self.operation.is_some()) {
            self.advance(time.max(Duration::from_nanos(1)));
        }
        match self.deferred.take() {
            // It concerns the very command that waited.
            Some(refusal) => Err(Refusal {
                deferred: false,
                ..refusal
            }),
            None => Ok(()),
        }
    }

    /// Begins an operation, and waits for its end unless the host wants to be answered at once.
    pub(crate) fn start_and(
        &mut self,
        immediate: bool,
        effect: Effect,
        task: Task,
    ) -> Result<usize, Refusal> {
        self.start(effect, task);
        self.wait_unless(immediate)
    }

    /// Waits for the end of what was begun, unless the host wants to be answered at once.
    pub(crate) fn wait_unless(&mut self, immediate: bool) -> Result<usize, Refusal> {
        if immediate {
            return Ok(0);
        }
        let implied = self
            .operation
            .is_some_and(|o| o.effect.is_format_or_close());
        if implied && self.model.quirks.implies_immediate {
            return Err(Refusal::INSUFFICIENT_TIME);
        }
        self.wait()?;
        Ok(0)
    }

    /// The effect of the operation that has just ended.
    fn finish_operation(&mut self) {
        let Some(operation) = self.operation.take() else {
            return;
        };
        match operation.effect {
            Effect::Loaded => {
                self.stopped = false;
                self.calibrated = false;
                self.attend(Refusal::MEDIUM_CHANGED);
                self.events.raise(Event::NewMedium);
            }
            Effect::SpunUp => self.stopped = false,
            Effect::SpunDown => self.stopped = true,
            Effect::Calibrated => self.calibrated = true,
            Effect::Synchronized => {
                self.free_before_write = self.buffer.capacity();
                self.change_medium(operation.effect);
            }
            Effect::Ejected => {
                self.stop_background();
                self.unload();
                if let Tray::Closed(medium) = &mut self.tray {
                    let medium = medium.take();
                    self.tray = Tray::Open(medium);
                }
                self.events.raise(Event::MediumRemoved);
            }
            effect => self.change_medium(effect),
        }
    }

    /// An attention is told once, however often its cause came.
    fn attend(&mut self, attention: Refusal) {
        if !self.attentions.contains(&attention) {
            self.attentions.push_back(attention);
        }
    }

    /// Effects on the disc itself.
    fn change_medium(&mut self, effect: Effect) {
        let page = cd_recording::parameters(self);
        let worn = self.model.quirks.minimal_blank_fails;
        if let Effect::TrackReserved { blocks, mode } = effect {
            self.keep_rehearsal();
            if let Some(Recorded::Sequential(disc)) = self.record_of_writing_mut() {
                // Checked when the command came, and nothing was let in since.
                let _ = match disc.rules.minus {
                    true => dvd_minus::reserve(disc, mode, blocks),
                    false => disc.reserve(blocks),
                };
            }
        }
        if effect == Effect::Synchronized && self.rehearsal.take().is_some() {
            return;
        }
        let Some(medium) = self.medium_mut() else {
            return;
        };
        if let Effect::TrackClosed(number) = effect {
            let places = medium.place_padding(number);
            let padded = places.and_then(|()| {
                let padded = medium.pad_track(number);
                padded.map_err(|_| Refusal::WRITE_ERROR)
            });
            if let Err(refusal) = padded {
                self.deferred = Some(refusal.deferred());
                return;
            }
        }
        let Some(medium) = self.medium_mut() else {
            return;
        };
        let prepared = match effect {
            Effect::CdBlanked(Blanking::Minimal) if worn => Err(Refusal::ERASE_FAILED),
            effect => cd_recording::prepare_end(medium, effect),
        };
        if let Err(refusal) = prepared {
            self.deferred = Some(refusal.deferred());
            return;
        }
        let closes_at_once = medium.cd().is_some_and(CdDisc::ends_session_at_once);
        let recorded = medium.recorded_mut();
        match (effect, recorded) {
            (effect, Recorded::Cd(disc)) => cd_recording::end(disc, effect, page),
            (Effect::Synchronized, Recorded::Sequential(disc)) => {
                disc.synchronized();
                dvd_minus::finish_at_once(disc);
            }
            (Effect::DvdRwFormatted(format), recorded) => dvd_rw::end_format(recorded, format),
            (Effect::Blanked { minimal }, Recorded::Sequential(disc)) => {
                dvd_minus::end_blank(disc, minimal);
            }
            (Effect::TrackClosed(number), Recorded::Sequential(disc)) => disc.close_track(number),
            (Effect::SessionClosed { finalize }, Recorded::Sequential(disc)) => {
                disc.close_session(finalize);
            }
            (Effect::SessionClosed { .. }, Recorded::Rewritable(disc)) => disc.growing = None,
            (Effect::BdRFormatted { blocks, mode }, recorded) => {
                bd_r::format(recorded, blocks, mode);
            }
            (Effect::Formatted(result), Recorded::Rewritable(disc)) if result.keeps_data => {
                disc.grow_spares(result.blocks, result.spare_units);
            }
            (Effect::Formatted(result), Recorded::Rewritable(disc)) => {
                disc.end_format(result.blocks, result.spare_units, result.wiped);
            }
            (Effect::BackgroundFormatBegun(request), Recorded::Rewritable(disc)) => {
                dvd_plus_rw::begin_background(disc, request);
            }
            (Effect::BackgroundFormatStopped, Recorded::Rewritable(disc)) => {
                dvd_plus_rw::suspend(disc);
            }
            _ => {}
        }
        if let Effect::Formatted(result) = effect
            && let Some(Err(refusal)) = self.medium_mut().map(|m| m.certify(&result))
        {
            self.deferred = Some(refusal.deferred());
        }
        self.save();
        match effect {
            Effect::Synchronized if !closes_at_once => {}
            Effect::Synchronized
            | Effect::TrackClosed(_)
            | Effect::SessionClosed { .. }
            | Effect::Blanked { .. }
            | Effect::CdBlanked(_) => {
                self.events.raise(Event::FeaturesChanged);
                if self.model.attention_after_close {
                    self.attend(Refusal::MEDIUM_CHANGED);
                }
            }
            Effect::BackgroundFormatBegun(dvd_plus_rw::Request::Restart) => {
                self.events.raise(Event::BackgroundFormatRestarted);
            }
            Effect::BdRFormatted { .. }
            | Effect::Formatted(_)
            | Effect::DvdRwFormatted(_)
            | Effect::BackgroundFormatBegun(dvd_plus_rw::Request::Fresh) => {
                self.events.raise(Event::FeaturesChanged);
                if self.model.attention_after_format {
                    self.attend(Refusal::MEDIUM_CHANGED);
                }
            }
            _ => {}
        }
    }

    /// What the drive keeps in mind of the writing so far is of no use any more.
    fn forget_writing(&mut self) {
        self.free_before_write = self.buffer.capacity();
        self.was_full = false;
        self.interrupted = false;
    }

    // ---- the tray -----------------------------------------------------------

    pub(crate) fn begin_load(&mut self) {
        self.start(Effect::Loaded, Task::Load);
    }

    /// Closes the tray over whatever lies in it.
    pub(crate) fn load_tray(&mut self) {
        if let Tray::Open(medium) = &mut self.tray {
            let medium = medium.take();
            let any = medium.is_some();
            self.tray = Tray::Closed(medium);
            if any {
                self.begin_load();
            }
        }
    }

    fn unload(&mut self) {
        self.buffer.clear();
        self.rehearsal = None;
        if let Some(Recorded::Cd(disc)) = self.medium_mut().map(Medium::recorded_mut) {
            disc.interrupt();
            self.save();
        }
        let at_once = |m: &Medium| {
            m.sequential()
                .is_some_and(|disc| disc.minus.at_once.is_some() && !disc.complete)
        };
        if self.medium().is_some_and(at_once) {
            if let Some(Recorded::Sequential(disc)) = self.medium_mut().map(Medium::recorded_mut) {
                dvd_minus::interrupt(disc);
            }
            self.save();
        }
        self.spent = 0;
        self.wanted = 0;
        self.forget_writing();
        self.calibrated = false;
        self.stopped = false;
        self.pickup = 0;
    }

    /// A background format does not run without the drive.
    pub(crate) fn stop_background(&mut self) {
        if self.background_format_left().is_some()
            && let Some(medium) = self.medium_mut()
        {
            if let Recorded::Rewritable(disc) = medium.recorded_mut() {
                dvd_plus_rw::suspend(disc);
            }
            self.save();
        }
    }
}

//! From the buffer to the disc, as time passes: speeds by zone, whole units, padding, the
//! order of blocks and state; and the background format of DVD+RW, which has the rest of it.
//!
//! Owns what a stretch of time writes. Must not know commands, nor what operations do.

use crate::events::Event;
use crate::medium::{Medium, Recorded, dvd_minus, dvd_plus_rw};
use crate::recorder::{Recorder, Tray};
use crate::refusal::Refusal;
use crate::store::BLOCK_BYTES;
use crate::timing;

impl Recorder {
    /// Blocks of the next piece at `lba`, the most that share a speed, and the time
    /// of one step of it: `(blocks, steps, nanoseconds per step)`.
    fn piece(&self, medium: &Medium, lba: u32, blocks: u32, verified: bool) -> (u32, u32, u64) {
        let unit = medium.kind.unit();
        let zone = self.zone(medium, self.write_speed(), lba);
        let mut time = self.scaled(timing::transfer_on(medium.kind, unit, zone.speed));
        if verified {
            time *= 2;
        }
        let into = lba % unit;
        if into != 0 || blocks < unit {
            // Part of an ECC block: read, modify, write.
            return (blocks.min(unit - into), 1, time * 2);
        }
        // Below 0, where only a CD has addresses, the zone is the first one.
        let from = if lba > i32::MAX as u32 { 0 } else { lba };
        let units = (blocks.min(zone.end.saturating_sub(from)) / unit).max(1);
        (units * unit, units, time)
    }

    /// Time to drain the first `blocks` blocks of the buffer.
    pub(crate) fn drain_time(&self, blocks: u32) -> u64 {
        let Some(medium) = self.medium() else {
            return 0;
        };
        let (mut left, mut time) = (blocks, 0_u64);
        for run in self.buffer.runs() {
            let (mut lba, mut run_left) = (run.lba, run.blocks);
            while left > 0 && run_left > 0 {
                let (blocks, steps, step) = self.piece(medium, lba, run_left, run.verified);
                let unit = blocks / steps;
                let needed = left.div_ceil(unit).min(steps);
                time += step * u64::from(needed);
                left = left.saturating_sub(needed * unit);
                lba = lba.wrapping_add(blocks);
                run_left -= blocks;
            }
        }
        time.saturating_sub(self.spent)
    }

    /// Writes what the time allows; gives the time that passed, all of it unless the
    /// buffer ran empty. Blocks reach the store first, the state follows once.
    pub(crate) fn drain(&mut self, time: u64) -> u64 {
        let mut left = time;
        while let Some(run) = self.buffer.front().filter(|_| self.buffer.drainable() > 0) {
            let Some(medium) = self.medium() else {
                self.buffer.clear();
                break;
            };
            let (blocks, steps, step) = self.piece(medium, run.lba, run.blocks, run.verified);
            let budget = left.saturating_add(self.spent);
            let steps_now = match budget.checked_div(step) {
                Some(n) => u32::try_from(n).unwrap_or(u32::MAX).min(steps),
                None => steps,
            };
            if steps_now == 0 {
                self.spent = budget;
                left = 0;
                break;
            }
            let cost = step * u64::from(steps_now);
            // Time spent on it earlier counts first.
            left -= cost.saturating_sub(self.spent).min(left);
            self.spent = self.spent.saturating_sub(cost);
            if !self.record_front(blocks / steps * steps_now) {
                break;
            }
        }
        if self.buffer.is_empty() {
            self.spent = 0;
        }
        self.save();
        time - left
    }

    /// Puts the first blocks of the front run on the disc; false when the store failed.
    fn record_front(&mut self, blocks: u32) -> bool {
        let Some(run) = self.buffer.front() else {
            return false;
        };
        if self.rehearsal.is_some() {
            self.buffer.pop(blocks);
            self.stream_flows();
            return true;
        }
        let Tray::Closed(Some(medium)) = &mut self.tray else {
            return false;
        };
        if let Err((bad, refusal)) = medium.place(run.lba, blocks, run.verified) {
            // What lies before the bad ECC block is written all the same.
            let unit = medium.kind.unit();
            let good = (bad / unit * unit).saturating_sub(run.lba);
            if good == 0 || self.record_front(good) {
                self.writing_failed(refusal);
            }
            return false;
        }
        let sectors = self.buffer.block_bytes() != BLOCK_BYTES;
        let result = match self.buffer.front_bytes(blocks) {
            Some((first, second)) => medium.record(run.lba, first, sectors).and_then(|()| {
                let split = run
                    .lba
                    .wrapping_add((first.len() / self.buffer.block_bytes()) as u32);
                match second {
                    [] => Ok(()),
                    second => medium.record(split, second, sectors),
                }
            }),
            None => {
                medium.count(run.lba, blocks);
                Ok(())
            }
        };
        if result.is_err() {
            self.writing_failed(Refusal::WRITE_ERROR.at(run.lba));
            return false;
        }
        self.buffer.pop(blocks);
        self.stream_flows();
        true
    }

    /// The host learns of it with its next command, and what follows cannot be
    /// written either: on a sequential disc there would be a hole before it.
    fn writing_failed(&mut self, refusal: Refusal) {
        self.deferred = Some(refusal.deferred());
        self.buffer.clear();
        if self.operation.is_some_and(|o| o.effect.needs_the_data()) {
            self.operation = None;
        }
        match self.medium_mut().map(Medium::recorded_mut) {
            Some(Recorded::Sequential(disc)) => {
                disc.forget_unrecorded();
                disc.mark_damaged();
                dvd_minus::interrupt(disc);
            }
            Some(Recorded::Cd(disc)) => disc.interrupt(),
            Some(Recorded::Rewritable(disc)) => disc.forget_unrecorded(),
            None => {}
        }
        self.end_stream();
    }

    /// Pads the unit whose beginning is held back in the buffer, with zeros.
    pub(crate) fn complete_unit(&mut self) {
        let held = self.buffer.held();
        let (Some(tail), Some(medium)) = (self.buffer.back(), self.medium()) else {
            return;
        };
        if held == 0 {
            return;
        }
        let padding = medium.kind.unit() - held;
        let at = tail.lba + tail.blocks;
        if let Some(Recorded::Sequential(disc)) = self.record_of_writing_mut() {
            disc.pad(at, padding);
        }
        let zeros = vec![0; padding as usize * BLOCK_BYTES];
        self.buffer.push(at, &zeros, tail.verified);
    }

    /// Writes all that is in the buffer; the clock moves by the time that it takes.
    pub(crate) fn drain_all(&mut self) {
        self.end_stream();
        self.complete_unit();
        if !self.buffer.is_empty() {
            let spent = self.drain(u64::MAX / 4);
            self.clock = self.clock.saturating_add(spent);
        }
    }

    /// Saves the state; a failure is told with the next command.
    pub(crate) fn save(&mut self) {
        if let Tray::Closed(Some(medium)) | Tray::Open(Some(medium)) = &mut self.tray
            && medium.save().is_err()
        {
            self.deferred = Some(Refusal::WRITE_ERROR.deferred());
        }
    }

    pub(crate) fn format_in_background(&mut self, time: u64) {
        if self.background_format_left().is_none() || self.stopped {
            return;
        }
        let step = self
            .scaled(timing::transfer(dvd_plus_rw::UNIT, self.write_speed()))
            .max(1);
        let budget = time.saturating_add(self.spent);
        let units = u32::try_from(budget / step).unwrap_or(u32::MAX / dvd_plus_rw::UNIT);
        self.spent = budget % step;
        if units == 0 {
            return;
        }
        let Some(medium) = self.medium_mut() else {
            return;
        };
        let mut complete = false;
        if let Recorded::Rewritable(disc) = medium.recorded_mut() {
            complete = dvd_plus_rw::progress(disc, units.saturating_mul(dvd_plus_rw::UNIT));
        }
        self.save();
        if complete {
            self.spent = 0;
            self.events.raise(Event::BackgroundFormatComplete);
        }
    }
}

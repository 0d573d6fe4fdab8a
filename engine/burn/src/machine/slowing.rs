//! The flow from the source, on media that cannot wait for it: the source is judged before the laser is
//! on, and the drive is slowed down in time ([`crate::flow`] decides when).
//!
//! Owns the commands of a lower speed. Must not know how full the ring is but by what it is told.

use super::*;
use pitland_writer::Speed;
use pitland_writer::speed::set_speed;
use std::num::NonZeroU32;

/// Commands that set a lower speed, of which one is out.
#[derive(Debug)]
pub(super) struct Slowing {
    kilobytes_per_second: u32,
    commands: std::vec::IntoIter<PlannedCommand>,
}

impl Machine {
    /// Whether the source is fast enough for the medium, as far as it was told.
    pub(super) fn source_keeps_up(&self) -> Result<(), Fault> {
        let Some(supply) = &self.supply else {
            return Ok(());
        };
        let extents = 0..self.job.plan.extents.len();
        let mut flows = extents.filter_map(|index| self.flow_for(index));
        let judged = flows.try_for_each(|flow| flow.keeps_up(supply));
        judged.map_err(|slow| Fault::SourceTooSlow {
            found: slow.found,
            needed: slow.needed,
        })
    }

    /// The policy for an extent; none where its blocks do not come from the source.
    pub(super) fn flow_for(&self, index: usize) -> Option<Flow> {
        let extent = self.job.plan.extents.get(index)?;
        let wanted = match &self.job.request {
            Request::Burn(burn) => burn.speed,
            Request::Resume(resume) => resume.burn.speed,
            _ => Speed::Maximum,
        };
        let facts = &self.job.facts;
        let speed = set_speed(facts, wanted).kb_per_s;
        let protected = extent.underrun_protection;
        (extent.origin == Origin::Image).then(|| Flow::new(protected, &facts.write_speeds(), speed))
    }

    /// What the flow asks for before the next WRITE. One that was sent already is not held up.
    pub(super) fn flow_turn(&mut self, writing: &Writing) -> FlowTurn {
        match (&mut self.flow, &self.supply) {
            (Some(flow), Some(supply)) if !writing.is_under_way() => flow.turn(self.now, supply),
            _ => FlowTurn::Go,
        }
    }

    pub(super) fn slow_down(&mut self, writing: Box<Writing>, kilobytes_per_second: u32) -> Action {
        let speed = NonZeroU32::new(kilobytes_per_second).map(Speed::KilobytesPerSecond);
        let choice = set_speed(&self.job.facts, speed.unwrap_or_default());
        let commands = choice.commands.into_iter();
        let slowing = Slowing {
            kilobytes_per_second,
            commands,
        };
        self.send_slowing(writing, slowing)
    }

    fn send_slowing(&mut self, writing: Box<Writing>, mut slowing: Slowing) -> Action {
        let Some(command) = slowing.commands.next() else {
            // No way to slow it down: it is written on as fast as the source gives.
            return self.send_chunk(writing);
        };
        self.pending_command = Some(command.cdb);
        self.state = State::SlowingDown(writing, slowing);
        Action::Send(Command {
            cdb: command.cdb,
            payload: Payload::carrying(&command.parameters),
            timeout: command.timeout,
        })
    }

    pub(super) fn slowing_answered(
        &mut self,
        writing: Box<Writing>,
        slowing: Slowing,
        input: Input<'_>,
    ) -> Action {
        match input {
            Input::Good(_) => {
                let kilobytes_per_second = slowing.kilobytes_per_second;
                self.notes.push(Note::SlowedDown {
                    kilobytes_per_second,
                });
                self.write_turn(writing, writing::Turn::Go)
            }
            Input::Sense(sense) if sense.key == SenseKey::IllegalRequest && !sense.deferred => {
                self.send_slowing(writing, slowing)
            }
            Input::Sense(sense) if ends_writing(&sense) => {
                self.write_turn(writing, writing::Turn::Refused(sense))
            }
            Input::NoAnswer(cause) => {
                self.keep(&writing);
                self.command_lost(cause)
            }
            // Busy, or a warning: the ring is looked at again before the next WRITE.
            _ => self.write_turn(writing, writing::Turn::Go),
        }
    }
}

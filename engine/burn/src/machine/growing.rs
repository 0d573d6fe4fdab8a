//! A volume that grows in place: its head is written when all else is on the medium, and then to its end.
//!
//! Owns these two rules, and what is told where a job was cut off on either side of them. Must not know volumes.

use super::*;
use pitland_writer::{Growth, Placement};

/// How far a head has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Head {
    /// Blocks that the drive had taken when it last wrote out what it held.
    written_out: u64,
    /// The first block of it was sent, or is about to be.
    begun: bool,
}

impl Machine {
    fn growth(&self) -> Option<&Growth> {
        match &self.job.request {
            Request::Burn(burn) => match &burn.placement {
                Placement::Grow(growth) => Some(growth),
                _ => None,
            },
            _ => None,
        }
    }

    /// The job's volume grows, and nothing of the old one was touched.
    pub(super) fn left_the_old_volume(&self) -> bool {
        self.growth().is_some() && !self.head.begun
    }

    /// Whether a cancel must wait: half of a head helps nobody, and it is a few units long.
    pub(super) fn is_in_head(&self) -> bool {
        self.head.begun && !self.all_taken()
    }

    /// A command of the plan is done: what the drive held may be on the medium now.
    pub(super) fn heed_done(&mut self, planned: Planned) {
        let command = self.command(planned);
        if command.is_some_and(|command| command.purpose == Move::SynchronizeCache) {
            self.head.written_out = self.blocks_written();
        }
    }

    /// Whether an extent may be begun: that of a head only when the drive has written out all that it took before.
    pub(super) fn may_begin(&mut self, index: usize) -> bool {
        let (Some(growth), Some(extent)) = (self.growth(), self.job.plan.extents.get(index)) else {
            return true;
        };
        if extent.first_lba >= growth.session.first_lba || self.head.begun {
            return true;
        }
        let may = self.head.written_out == self.blocks_written();
        // A cancel that has come meanwhile is heeded before the first block.
        self.head.begun = may && !self.job.rehearse && !self.cancel_requested;
        may
    }

    /// What became of the volumes of a job that did not come to its end.
    pub(super) fn tell_of_growth(&mut self) {
        if self.fault.is_none() || !self.progress.committed || self.growth().is_none() {
            return;
        }
        if !self.head.begun {
            self.notes.push(Note::OldVolumeLeft);
        } else if !(self.as_planned && self.all_taken()) {
            self.notes.push(Note::HeadInDoubt);
        }
    }
}

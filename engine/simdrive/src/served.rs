//! Which discs the drive serves at all: those that it reads, and of those the ones that it
//! writes. A drive of one age does not know the discs of the next (recipes 7 and 9).
//!
//! Owns the question and the commands that it concerns; the lists are the model's.

use crate::medium::Medium;
use crate::recorder::Recorder;
use crate::refusal::Refusal;

/// Commands that put something on a disc, or prepare for it.
const WRITING: &[u8] = &[0x04, 0x2A, 0x2E, 0x53, 0x54, 0x5B, 0x5D, 0xA1, 0xAA, 0xBF];

impl Recorder {
    /// The disc in the drive is one that it knows.
    pub(crate) fn reads(&self, medium: &Medium) -> bool {
        self.model.reads.contains(&medium.disc_type())
    }

    /// The disc is one that the drive writes.
    pub(crate) fn writes(&self, medium: &Medium) -> bool {
        self.reads(medium) && self.model.writes.contains(&medium.disc_type())
    }
}

/// Refuses what writes on a disc that the drive only reads.
pub(crate) fn check_written(drive: &Recorder, opcode: u8) -> Result<(), Refusal> {
    match drive.medium() {
        Some(medium) if WRITING.contains(&opcode) && !drive.writes(medium) => {
            Err(Refusal::CANNOT_WRITE_MEDIUM)
        }
        _ => Ok(()),
    }
}

//! Which discs the drive serves at all: those that it reads, and of those the ones that it
//! writes. A drive of one age does not know the discs of the next (recipes 7 and 9).
//!
//! Owns the question, the commands that it concerns, and the features that come with an answer; the lists are
//! the model's.

use crate::medium::{DiscType, Medium, MediumKind};
use crate::model::DriveModel;
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

impl DriveModel {
    /// It reads discs of one of these kinds.
    pub(crate) fn reads_any(&self, kinds: &[MediumKind]) -> bool {
        any(&self.reads, kinds)
    }

    /// It writes discs of one of these kinds.
    pub(crate) fn writes_any(&self, kinds: &[MediumKind]) -> bool {
        let written = |disc: &&DiscType| self.reads.contains(disc);
        let writes: Vec<_> = self.writes.iter().filter(written).copied().collect();
        any(&writes, kinds)
    }

    /// It has this feature, whatever is loaded: one that serves discs comes with them (recipe 2.4).
    pub(crate) fn lists_feature(&self, code: u16) -> bool {
        use MediumKind::{
            BdR, BdRe, CdR, CdRw, DvdMinusR, DvdMinusRDl, DvdMinusRw, DvdPlusR, DvdPlusRDl,
            DvdPlusRw, DvdPlusRwDl, DvdRam,
        };
        const CD: [MediumKind; 2] = [CdR, CdRw];
        const BD: [MediumKind; 2] = [BdR, BdRe];
        let reads_dvd = || self.reads.iter().any(|disc| disc.kind().is_dvd());
        match code {
            0x001D | 0x001E => self.reads_any(&CD),
            0x001F => reads_dvd(),
            0x0020 => {
                self.writes_any(&[BdRe, DvdPlusRw, DvdPlusRwDl, DvdRam])
                    || (self.random_recording && self.writes_any(&[BdR]))
            }
            0x0021 => self.writes_any(&[BdR, DvdMinusR, DvdMinusRDl, DvdMinusRw]),
            0x0023 => self.writes_any(&[BdR, BdRe, DvdMinusRw, DvdPlusRw, DvdPlusRwDl, DvdRam]),
            0x0024 => self.reads_any(&[BdR, BdRe, DvdRam]),
            0x0026 | 0x002C => self.writes_any(&[DvdMinusRw]),
            0x002A => self.reads_any(&[DvdPlusRw]),
            0x002B => self.reads_any(&[DvdPlusR, DvdPlusRDl]),
            0x002D | 0x002E => self.writes_any(&CD),
            0x002F => self.writes_any(&[DvdMinusR, DvdMinusRDl, DvdMinusRw]),
            0x0033 => self.reads_any(&[DvdMinusRDl]),
            0x0037 => self.writes_any(&[CdRw]),
            0x0038 => self.writes_any(&[BdR]) && self.pseudo_overwrite,
            0x003A => self.reads_any(&[DvdPlusRwDl]),
            0x003B => self.reads_any(&[DvdPlusRDl]),
            0x0040 => self.reads_any(&BD),
            0x0041 => self.writes_any(&BD),
            _ => true,
        }
    }
}

fn any(discs: &[DiscType], kinds: &[MediumKind]) -> bool {
    discs.iter().any(|disc| kinds.contains(&disc.kind()))
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

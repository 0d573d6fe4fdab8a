//! Which discs the drive serves at all: those that it reads, and of those the ones that it
//! writes. A drive of one age does not know the discs of the next (recipes 7 and 9).
//!
//! Owns the question, the commands that it concerns, and the features that come with an answer; the lists are
//! the model's.

use pitland_mmc::feature::FeatureCode;

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
        match FeatureCode::from_code(code) {
            FeatureCode::MultiRead | FeatureCode::CdRead => self.reads_any(&CD),
            FeatureCode::DvdRead => reads_dvd(),
            FeatureCode::RandomWritable => {
                self.writes_any(&[BdRe, DvdPlusRw, DvdPlusRwDl, DvdRam])
                    || (self.random_recording && self.writes_any(&[BdR]))
            }
            FeatureCode::IncrementalStreamingWritable => {
                self.writes_any(&[BdR, DvdMinusR, DvdMinusRDl, DvdMinusRw])
            }
            FeatureCode::Formattable => {
                self.writes_any(&[BdR, BdRe, DvdMinusRw, DvdPlusRw, DvdPlusRwDl, DvdRam])
            }
            FeatureCode::DefectManagement => self.reads_any(&[BdR, BdRe, DvdRam]),
            FeatureCode::RestrictedOverwrite | FeatureCode::RigidRestrictedOverwrite => {
                self.writes_any(&[DvdMinusRw])
            }
            FeatureCode::DvdPlusRw => self.reads_any(&[DvdPlusRw]),
            FeatureCode::DvdPlusR => self.reads_any(&[DvdPlusR, DvdPlusRDl]),
            FeatureCode::CdTrackAtOnce | FeatureCode::CdMastering => self.writes_any(&CD),
            FeatureCode::DvdMinusWrite => self.writes_any(&[DvdMinusR, DvdMinusRDl, DvdMinusRw]),
            FeatureCode::LayerJumpRecording => self.reads_any(&[DvdMinusRDl]),
            FeatureCode::CdRwMediaWrite => self.writes_any(&[CdRw]),
            FeatureCode::BdRPow => self.writes_any(&[BdR]) && self.pseudo_overwrite,
            FeatureCode::DvdPlusRwDl => self.reads_any(&[DvdPlusRwDl]),
            FeatureCode::DvdPlusRDl => self.reads_any(&[DvdPlusRDl]),
            FeatureCode::BdRead => self.reads_any(&BD),
            FeatureCode::BdWrite => self.writes_any(&BD),
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

//! The medium as a set of facts that hold of it side by side: what kind it is, what can be done with it now, and what
//! protects it.
//!
//! Owns how these follow from the drive's answers. One word for the whole state is [`super::MediumCondition`]'s.

use super::{MediaFacts, MediumCondition};
use crate::cd::MOST_TRACKS;
use pitland_mmc::cdb::StructureMedium;
use pitland_mmc::feature::FeatureCode;
use pitland_mmc::reply::{
    BdDiscInformation, BookType, DvdPhysical, WriteInhibitBlock, bd_format, dvd_format,
    write_protection,
};
use pitland_mmc::{MediumType, Profile, TrackNumber};

/// The most sessions on a DVD+R (recipe 6).
pub const MOST_DVD_PLUS_R_SESSIONS: u32 = 153;

/// What holds of a medium now. Nothing holds where there is none, or where the drive does not tell.
///
/// The first four say how it can be written, the others why it cannot be as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub struct MediumStatus {
    /// Any block can be written again.
    pub overwritable: bool,
    /// It holds nothing, by the drive's word.
    pub blank: bool,
    /// It takes a further session behind those it has.
    pub appendable: bool,
    /// The next session is the last one that it takes: its kind, its state or their number leaves no other.
    pub final_session: bool,
    /// What was recorded last cannot be gone on with.
    pub damaged: bool,
    /// It must be erased before it is written again.
    pub erase_required: bool,
    /// The last session was begun, and is not closed.
    pub non_empty_session: bool,
    /// See [`WriteProtection`].
    pub write_protected: bool,
    /// Nothing can be added.
    pub finalized: bool,
    /// The drive does not make it out or does not write media of its kind, or its profile has no name here. A writer
    /// that knows such a profile is not asked.
    pub unsupported: bool,
}

impl MediumStatus {
    /// As a mask with the bits of Windows' `IMAPI_FORMAT2_DATA_MEDIA_STATE`.
    pub const fn mask(self) -> u32 {
        bits(&[
            (self.overwritable, 0x1),
            (self.blank, 0x2),
            (self.appendable, 0x4),
            (self.final_session, 0x8),
            (self.damaged, 0x400),
            (self.erase_required, 0x800),
            (self.non_empty_session, 0x1000),
            (self.write_protected, 0x2000),
            (self.finalized, 0x4000),
            (self.unsupported, 0x8000),
        ])
    }

    /// Whether something of it must change before data are burned onto it: any of the mask's upper bits.
    pub const fn is_unfit(self) -> bool {
        self.mask() & 0xFC00 != 0
    }
}

/// What keeps a medium from being written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub struct WriteProtection {
    /// The drive protects it until its power goes.
    pub until_power_down: bool,
    /// The tab of its cartridge.
    pub by_cartridge: bool,
    /// A cause of the medium's own, as spare blocks that are used up.
    pub by_medium: bool,
    /// Somebody had it protected for good by a command.
    pub by_software: bool,
    /// The block of a DVD+RW that is for that.
    pub by_control_block: bool,
    /// It was made to be read only.
    pub read_only: bool,
}

impl WriteProtection {
    /// Whether anything protects it.
    pub const fn any(self) -> bool {
        self.mask() != 0
    }

    /// As a mask with the bits of Windows' `IMAPI_MEDIA_WRITE_PROTECT_STATE`.
    pub const fn mask(self) -> u32 {
        bits(&[
            (self.until_power_down, 0x1),
            (self.by_cartridge, 0x2),
            (self.by_medium, 0x4),
            (self.by_software, 0x8),
            (self.by_control_block, 0x10),
            (self.read_only, 0x4000),
        ])
    }
}

const fn bits(facts: &[(bool, u32)]) -> u32 {
    let (mut mask, mut at) = (0, 0);
    while at < facts.len() {
        if facts[at].0 {
            mask |= facts[at].1;
        }
        at += 1;
    }
    mask
}

impl MediaFacts {
    /// What holds of the medium now.
    pub fn medium_status(&self) -> MediumStatus {
        use MediumCondition as C;
        let (profile, condition) = (self.profile(), self.condition());
        let protected = self.write_protection().any();
        let by_blanking = profile.is_rewritable() && !profile.is_overwritable();
        let holds_a_medium = !matches!(condition, C::NoMedium | C::Unknown);
        let finalized = condition == C::Complete && profile != Profile::BdRRrm;
        let is_strange = matches!(profile, Profile::Other(_));
        MediumStatus {
            overwritable: profile.is_overwritable()
                || profile == Profile::BdRRrm
                || self.feature_current(FeatureCode::BdRPow.code()),
            blank: matches!(condition, C::Blank | C::Unformatted),
            appendable: condition == C::Appendable,
            final_session: self.takes_one_session_more(),
            damaged: condition == C::Damaged,
            erase_required: by_blanking && matches!(condition, C::Complete | C::Damaged),
            non_empty_session: condition == C::OpenSession,
            write_protected: protected,
            finalized,
            unsupported: holds_a_medium
                && (is_strange || !self.is_written_by_drive())
                && !protected
                && !finalized,
        }
    }

    /// What keeps the medium from being written: on DVD-RAM as the drive tells it, on DVD+RW the block that is for that where
    /// the drive reads it, on others whether it was made to be read only.
    pub fn write_protection(&self) -> WriteProtection {
        let told = self.disc_structure(StructureMedium::Dvd, dvd_format::WRITE_PROTECTION);
        let byte = told.and_then(|told| told.data.first().copied());
        let byte = byte.unwrap_or_default();
        let block = self.disc_structure(StructureMedium::Dvd, dvd_format::DISC_CONTROL_BLOCK);
        let block = block.and_then(|block| WriteInhibitBlock::parse(&block.data).ok());
        WriteProtection {
            until_power_down: byte & write_protection::UNTIL_POWER_DOWN != 0,
            by_cartridge: byte & write_protection::CARTRIDGE != 0,
            by_medium: byte & write_protection::MEDIUM_SPECIFIC != 0,
            by_software: byte & write_protection::PERSISTENT != 0,
            by_control_block: block.is_some_and(|block| block.status != 0),
            read_only: self.medium_type().is_read_only(),
        }
    }

    /// What kind of medium it is: by the profile, and where a drive shows a finished disc as one to be read only, by what
    /// the disc says of itself. A DVD that was given the book of a DVD-ROM counts as one.
    pub fn medium_type(&self) -> MediumType {
        let by_profile = self.profile().medium_type();
        let by_disc = match by_profile {
            MediumType::CdRom => self.recordable_cd(),
            MediumType::DvdRom => self.recordable_dvd(),
            MediumType::BdRom => self.recordable_bd(),
            _ => None,
        };
        by_disc.unwrap_or(by_profile)
    }

    /// Only recordable CDs have a pregroove with times.
    fn recordable_cd(&self) -> Option<MediumType> {
        let erasable = self.disc.as_ref().is_some_and(|disc| disc.erasable);
        match self.cd.atip {
            Some(atip) if atip.rewritable || erasable => Some(MediumType::CdRw),
            Some(_) => Some(MediumType::CdR),
            None if erasable => Some(MediumType::CdRw),
            None => None,
        }
    }

    fn recordable_dvd(&self) -> Option<MediumType> {
        let structure = self.disc_structure(StructureMedium::Dvd, dvd_format::PHYSICAL)?;
        let physical = DvdPhysical::parse(&structure.data).ok()?;
        Some(match (physical.book, physical.layers) {
            (BookType::DvdRam, _) => MediumType::DvdRam,
            (BookType::DvdMinusR, 0) => MediumType::DvdMinusR,
            (BookType::DvdMinusR, _) => MediumType::DvdMinusRDl,
            (BookType::DvdMinusRw, _) => MediumType::DvdMinusRw,
            (BookType::DvdPlusRw, _) => MediumType::DvdPlusRw,
            (BookType::DvdPlusR, _) => MediumType::DvdPlusR,
            (BookType::DvdPlusRwDl, _) => MediumType::DvdPlusRwDl,
            (BookType::DvdPlusRDl, _) => MediumType::DvdPlusRDl,
            _ => return None,
        })
    }

    fn recordable_bd(&self) -> Option<MediumType> {
        let structure = self.disc_structure(StructureMedium::Bd, bd_format::DISC_INFORMATION)?;
        match &BdDiscInformation::parse(&structure.data).ok()?.type_id {
            b"BDR" => Some(MediumType::BdR),
            b"BDW" => Some(MediumType::BdRe),
            _ => None,
        }
    }

    /// Whether a session can be written, and none behind it.
    fn takes_one_session_more(&self) -> bool {
        use MediumCondition as C;
        let profile = self.profile();
        let takes_one = matches!(self.condition(), C::Blank | C::Appendable);
        let only_at_once = || {
            // Without increments only a recording at once is left, which finalizes (recipes 3 and 6).
            let increments = FeatureCode::IncrementalStreamingWritable.code();
            self.feature_current(FeatureCode::DvdMinusWrite.code())
                && !self.feature_current(increments)
        };
        let last_of = |most: u32| self.closed_sessions().is_some_and(|n| n + 1 >= most);
        let last_track = TrackNumber(MOST_TRACKS);
        takes_one
            && match profile {
                Profile::DvdMinusRDlSequential => true,
                Profile::DvdMinusRSequential | Profile::DvdMinusRwSequential => only_at_once(),
                Profile::DvdPlusR | Profile::DvdPlusRDl => last_of(MOST_DVD_PLUS_R_SESSIONS),
                Profile::CdR | Profile::CdRw => self
                    .writable_track()
                    .is_some_and(|track| track.track >= last_track),
                _ => false,
            }
    }
}

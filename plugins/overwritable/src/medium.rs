//! The media, and what sets them apart.
//!
//! Owns these differences. Must not know requests or plans.

use pitland_writer::mmc::feature::FeatureCode;
use pitland_writer::mmc::param::FormatType;
use pitland_writer::mmc::reply::{BackgroundFormat, CapacityKind};
use pitland_writer::mmc::{Lba, Profile};
use pitland_writer::{MediaFacts, MediumCondition, MissingFact, Refusal};

/// A medium of this writer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Medium {
    /// Formatted in the background while it is used.
    DvdPlusRw,
    /// The same with two layers.
    DvdPlusRwDl,
    /// Written in whole units only, and growing (restricted overwrite).
    DvdMinusRw,
    /// Sold formatted; the drive verifies what it writes.
    DvdRam,
    /// Sold unformatted.
    BdRe,
}

impl Medium {
    /// All of them.
    pub(crate) const ALL: [Self; 5] = [
        Self::DvdPlusRw,
        Self::DvdPlusRwDl,
        Self::DvdMinusRw,
        Self::DvdRam,
        Self::BdRe,
    ];

    /// The medium of a profile, if it is one of these.
    pub(crate) fn of(profile: Profile) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|medium| medium.profile() == profile)
    }

    /// Its profile.
    pub(crate) const fn profile(self) -> Profile {
        match self {
            Self::DvdPlusRw => Profile::DvdPlusRw,
            Self::DvdPlusRwDl => Profile::DvdPlusRwDl,
            Self::DvdMinusRw => Profile::DvdMinusRwRestrictedOverwrite,
            Self::DvdRam => Profile::DvdRam,
            Self::BdRe => Profile::BdRe,
        }
    }

    /// Blocks of one ECC block. Less may be written, but the drive then reads, changes and writes
    /// back (recipe 8).
    pub(crate) fn unit(self) -> u32 {
        self.profile().write_unit().unwrap_or(1)
    }

    /// Whether its format goes on in the background while it is used.
    pub(crate) const fn formats_in_background(self) -> bool {
        matches!(self, Self::DvdPlusRw | Self::DvdPlusRwDl)
    }

    /// The format that makes the medium usable.
    pub(crate) const fn usual_format(self) -> FormatType {
        match self {
            Self::DvdPlusRw | Self::DvdPlusRwDl => FormatType::DvdPlusRwBasic,
            Self::DvdMinusRw => FormatType::Quick,
            Self::DvdRam | Self::BdRe => FormatType::Full,
        }
    }

    /// Whether the drive reads back what it writes: with defect management, which an unformatted
    /// BD-RE will have once it has the usual format.
    pub(crate) fn verifies(self, facts: &MediaFacts, formats_first: bool) -> bool {
        match self {
            Self::DvdPlusRw | Self::DvdPlusRwDl | Self::DvdMinusRw => false,
            Self::DvdRam => true,
            Self::BdRe => {
                formats_first || facts.feature_current(FeatureCode::DefectManagement.code())
            }
        }
    }
}

/// A medium that can be written, and what it needs before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Surface {
    /// Whether nothing is on it that could be missed; `None` where its first blocks were not read.
    pub(crate) blank: Option<bool>,
    /// Whether it must be formatted before anything else.
    pub(crate) unformatted: bool,
    /// Its background format; none but on DVD+RW.
    pub(crate) background: BackgroundFormat,
    /// Blocks that it has, or will have once it is formatted to its end.
    pub(crate) capacity: u64,
    /// Blocks that it is formatted to; `None` where the drive does not tell.
    pub(crate) formatted: Option<u64>,
    /// Where an intermediate session goes on (DVD-RW, recipe 6): the disc was formatted or grown the quick way,
    /// and must be written in order and then closed.
    pub(crate) intermediate: Option<Lba>,
}

impl Surface {
    /// Reads it from the facts.
    pub(crate) fn find(facts: &MediaFacts) -> Result<Self, Refusal> {
        let condition = facts.condition();
        let unformatted = match condition {
            MediumCondition::Unformatted => true,
            MediumCondition::Formatted { .. } | MediumCondition::OpenSession => false,
            MediumCondition::NoMedium => return Err(Refusal::NoMedium),
            _ => return Err(missing(MissingFact::DiscInformation)),
        };
        if facts.write_protection().any() {
            return Err(Refusal::WriteProtected);
        }
        // After the protection: with that, some drives show no feature of writing.
        let profile = facts.profile();
        if !facts.is_written_by_drive() {
            return Err(Refusal::DriveOnlyReads { profile });
        }
        let capacity = facts
            .total_capacity()
            .ok_or(missing(MissingFact::FormatCapacities))?;
        let current = facts.format_capacities.as_ref().map(|list| list.current);
        let next = facts.first_track().and_then(|track| track.nwa);
        Ok(Self {
            blank: condition.is_blank(),
            unformatted,
            background: facts.background_format(),
            capacity,
            formatted: current
                .filter(|current| current.kind == CapacityKind::Formatted)
                .map(|current| u64::from(current.blocks.0)),
            intermediate: (condition == MediumCondition::OpenSession)
                .then(|| next.unwrap_or(Lba(0))),
        })
    }

    /// The block behind what is formatted, where that is told.
    pub(crate) fn formatted_end(&self) -> Option<Lba> {
        i32::try_from(self.formatted?).ok().map(Lba)
    }
}

fn missing(what: MissingFact) -> Refusal {
    Refusal::FactMissing { what }
}

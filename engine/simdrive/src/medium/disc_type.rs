//! The discs that can be had, by the names that people give them: kind, size, layers, and
//! the state in which they are sold.
//!
//! Owns names and sizes only; what a disc of a kind does lies in the files of the kinds.

use core::fmt;
use core::str::FromStr;

use pitland_mmc::Profile;

use super::{Medium, MediumError, MediumKind, Recorded, bd_r};
use crate::store::DiscStore;

/// A disc as it is sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DiscType {
    /// CD-R, 80 minutes.
    CdR,
    /// CD-RW, blank.
    CdRw,
    /// DVD-R.
    DvdMinusR,
    /// DVD-RW, blank: sequential.
    DvdMinusRw,
    /// DVD-RW, formatted for restricted overwrite.
    DvdMinusRwRestrictedOverwrite,
    /// DVD-R DL.
    DvdMinusRDl,
    /// DVD+R.
    DvdPlusR,
    /// DVD+R DL.
    DvdPlusRDl,
    /// DVD+RW, unformatted.
    DvdPlusRw,
    /// DVD+RW DL, unformatted.
    DvdPlusRwDl,
    /// DVD-RAM, formatted.
    DvdRam,
    /// BD-R, blank.
    BdR,
    /// BD-R, formatted for pseudo-overwriting with the usual spares.
    BdRPow,
    /// BD-RE, unformatted.
    BdRe,
    /// BD-R of two layers, blank.
    BdRDl,
    /// BD-RE of two layers, unformatted.
    BdReDl,
    /// BD-R of three layers (BDXL), blank.
    BdRXl,
    /// BD-RE of three layers (BDXL), unformatted.
    BdReXl,
}

/// Why a text is no name of a disc: a fault of who gave it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no disc is called {given:?}; there are {}", DiscType::names())]
pub struct UnknownDisc {
    /// What was given.
    pub given: String,
}

impl DiscType {
    /// Every disc.
    pub const ALL: [Self; 18] = [
        Self::CdR,
        Self::CdRw,
        Self::DvdMinusR,
        Self::DvdMinusRw,
        Self::DvdMinusRwRestrictedOverwrite,
        Self::DvdMinusRDl,
        Self::DvdPlusR,
        Self::DvdPlusRDl,
        Self::DvdPlusRw,
        Self::DvdPlusRwDl,
        Self::DvdRam,
        Self::BdR,
        Self::BdRPow,
        Self::BdRe,
        Self::BdRDl,
        Self::BdReDl,
        Self::BdRXl,
        Self::BdReXl,
    ];

    /// Its name, as `bd-r-pow`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CdR => "cd-r",
            Self::CdRw => "cd-rw",
            Self::DvdMinusR => "dvd-r",
            Self::DvdMinusRw => "dvd-rw",
            Self::DvdMinusRwRestrictedOverwrite => "dvd-rw-ro",
            Self::DvdMinusRDl => "dvd-r-dl",
            Self::DvdPlusR => "dvd+r",
            Self::DvdPlusRDl => "dvd+r-dl",
            Self::DvdPlusRw => "dvd+rw",
            Self::DvdPlusRwDl => "dvd+rw-dl",
            Self::DvdRam => "dvd-ram",
            Self::BdR => "bd-r",
            Self::BdRPow => "bd-r-pow",
            Self::BdRe => "bd-re",
            Self::BdRDl => "bd-r-dl",
            Self::BdReDl => "bd-re-dl",
            Self::BdRXl => "bd-r-xl",
            Self::BdReXl => "bd-re-xl",
        }
    }

    /// All names in one line.
    fn names() -> String {
        Self::ALL.map(Self::name).join(", ")
    }

    /// What its recorder calls it.
    pub const fn kind(self) -> MediumKind {
        match self {
            Self::CdR => MediumKind::CdR,
            Self::CdRw => MediumKind::CdRw,
            Self::DvdMinusR => MediumKind::DvdMinusR,
            Self::DvdMinusRw | Self::DvdMinusRwRestrictedOverwrite => MediumKind::DvdMinusRw,
            Self::DvdMinusRDl => MediumKind::DvdMinusRDl,
            Self::DvdPlusR => MediumKind::DvdPlusR,
            Self::DvdPlusRDl => MediumKind::DvdPlusRDl,
            Self::DvdPlusRw => MediumKind::DvdPlusRw,
            Self::DvdPlusRwDl => MediumKind::DvdPlusRwDl,
            Self::DvdRam => MediumKind::DvdRam,
            Self::BdR | Self::BdRPow | Self::BdRDl | Self::BdRXl => MediumKind::BdR,
            Self::BdRe | Self::BdReDl | Self::BdReXl => MediumKind::BdRe,
        }
    }

    /// The profile of the disc as it is sold.
    pub const fn profile(self) -> Profile {
        match self {
            Self::DvdMinusRwRestrictedOverwrite => Profile::DvdMinusRwRestrictedOverwrite,
            other => other.kind().profile(),
        }
    }

    /// Layers that hold data.
    pub const fn layers(self) -> u8 {
        match self {
            Self::BdRXl | Self::BdReXl => 3,
            Self::BdRDl
            | Self::BdReDl
            | Self::DvdMinusRDl
            | Self::DvdPlusRDl
            | Self::DvdPlusRwDl => 2,
            _ => 1,
        }
    }

    /// Blocks of 2048 bytes of the unformatted disc of the usual size.
    pub const fn default_capacity(self) -> u32 {
        match (self.kind(), self.layers()) {
            (MediumKind::BdR | MediumKind::BdRe, 2) => bd_r::DUAL_LAYER,
            (MediumKind::BdR | MediumKind::BdRe, 3) => bd_r::TRIPLE_LAYER,
            (kind, _) => kind.default_capacity(),
        }
    }

    /// The disc of this kind and so many layers. A disc that was formatted since it was sold
    /// is still what it was sold as, but for DVD-RW and BD-R, which the format makes another.
    pub(crate) fn of(medium: &Medium) -> Self {
        let known = Self::ALL.into_iter().filter(|disc| {
            let layers = if disc.kind().is_bd() {
                disc.layers()
            } else {
                1
            };
            disc.kind() == medium.kind && layers == medium.layers
        });
        let formatted = match &medium.recorded {
            Recorded::Sequential(disc) => disc.pow.is_some(),
            Recorded::Rewritable(_) => medium.kind == MediumKind::DvdMinusRw,
            Recorded::Cd(_) => false,
        };
        let mut known = known.filter(|disc| disc.is_formatted_for_use() == formatted);
        known.next().unwrap_or(Self::BdR)
    }

    const fn is_formatted_for_use(self) -> bool {
        matches!(self, Self::BdRPow | Self::DvdMinusRwRestrictedOverwrite)
    }
}

impl From<MediumKind> for DiscType {
    /// The disc of one layer, or of DVD the kind's own two, as sold blank or (DVD-RAM) formatted.
    fn from(kind: MediumKind) -> Self {
        match kind {
            MediumKind::CdR => Self::CdR,
            MediumKind::CdRw => Self::CdRw,
            MediumKind::DvdMinusR => Self::DvdMinusR,
            MediumKind::DvdMinusRw => Self::DvdMinusRw,
            MediumKind::DvdMinusRDl => Self::DvdMinusRDl,
            MediumKind::DvdPlusR => Self::DvdPlusR,
            MediumKind::DvdPlusRDl => Self::DvdPlusRDl,
            MediumKind::DvdPlusRw => Self::DvdPlusRw,
            MediumKind::DvdPlusRwDl => Self::DvdPlusRwDl,
            MediumKind::DvdRam => Self::DvdRam,
            MediumKind::BdR => Self::BdR,
            MediumKind::BdRe => Self::BdRe,
        }
    }
}

impl fmt::Display for DiscType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for DiscType {
    type Err = UnknownDisc;

    fn from_str(given: &str) -> Result<Self, UnknownDisc> {
        let named = |disc: &Self| disc.name() == given;
        let found = Self::ALL.into_iter().find(named);
        found.ok_or_else(|| UnknownDisc {
            given: given.into(),
        })
    }
}

impl Medium {
    /// A new disc, as it is sold under this name.
    ///
    /// `capacity_blocks` as in [`Medium::blank`]: of the unformatted disc.
    ///
    /// # Errors
    /// The capacity is not possible, or the store failed.
    pub fn as_sold(
        disc: DiscType,
        capacity_blocks: Option<u32>,
        store: Box<dyn DiscStore>,
    ) -> Result<Self, MediumError> {
        let blocks = Some(capacity_blocks.unwrap_or(disc.default_capacity()));
        if disc == DiscType::DvdMinusRwRestrictedOverwrite {
            return Self::restricted_overwrite(blocks, store);
        }
        let mut medium = Self::blank(disc.kind(), blocks, store)?;
        if disc.kind().is_bd() {
            medium.layers = disc.layers();
        }
        if disc == DiscType::BdRPow {
            let raw = medium.capacity();
            let spares = bd_r::default_spare_clusters(raw);
            let blocks = raw - spares * bd_r::CLUSTER;
            bd_r::format(medium.recorded_mut(), blocks, bd_r::Mode::PseudoOverwrite);
        }
        medium.changed = true;
        medium.save()?;
        Ok(medium)
    }

    /// Under which name such a disc is sold.
    pub fn disc_type(&self) -> DiscType {
        DiscType::of(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::MemoryStore;

    #[test]
    fn each_disc_has_a_name_of_its_own_and_is_known_again_when_it_was_saved() {
        for disc in DiscType::ALL {
            assert_eq!(disc.name().parse(), Ok(disc));
            let store = MemoryStore::new();
            let medium = Medium::as_sold(disc, None, Box::new(store.clone())).unwrap();
            assert_eq!(medium.disc_type(), disc);
            drop(medium);
            let again = Medium::open(Box::new(store)).unwrap();
            assert_eq!(again.disc_type(), disc);
        }
        assert!("bd-rom".parse::<DiscType>().is_err());
    }

    #[test]
    fn discs_of_more_layers_are_larger_and_keep_a_share_of_spares() {
        let formatted = |disc| {
            let store = Box::new(MemoryStore::new());
            let medium = Medium::as_sold(disc, None, store).unwrap();
            medium.formats().first().map(|format| format.blocks)
        };
        // Twice the spares of one layer, and four times.
        assert_eq!(formatted(DiscType::BdReDl), Some(23_652_352));
        assert_eq!(formatted(DiscType::BdRe), Some(11_826_176));
        assert_eq!(DiscType::BdRXl.default_capacity(), 48_878_592);
    }
}

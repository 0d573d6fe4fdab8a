//! Profiles: what kind of medium a drive says it holds.
//!
//! The only place of profile numbers in the project. Owns what follows from
//! the number alone (recipe 1); what follows from the medium's *state* is
//! read from the drive.

use crate::medium_type::MediumType;
use core::fmt;

/// Family of a medium: which structures and which 1x speed apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum MediumFamily {
    /// Compact disc.
    Cd,
    /// DVD of either kind.
    Dvd,
    /// Blu-ray disc.
    Bd,
    /// No medium, or a profile not listed here.
    Other,
}

macro_rules! profiles {
    ($($(#[$meta:meta])* $variant:ident = $code:literal => $words:literal,)+) => {
        /// Current profile of a drive, as GET CONFIGURATION answers it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
        #[non_exhaustive]
        pub enum Profile {
            $($(#[$meta])* $variant,)+
            /// A number without a name here, kept as it came.
            Other(u16),
        }

        impl Profile {
            /// Every profile that has a name here.
            pub const KNOWN: &'static [Self] = &[$(Self::$variant),+];

            /// The profile of a number; total.
            pub const fn from_code(code: u16) -> Self {
                match code {
                    $($code => Self::$variant,)+
                    other => Self::Other(other),
                }
            }

            /// The number of the profile.
            pub const fn code(self) -> u16 {
                match self {
                    $(Self::$variant => $code,)+
                    Self::Other(code) => code,
                }
            }
        }

        impl fmt::Display for Profile {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$variant => f.pad($words),)+
                    Self::Other(code) => f.pad(&format!("profile {code:04X}h")),
                }
            }
        }
    };
}

profiles! {
    /// No medium, or a drive that is not yet sure.
    #[default]
    None = 0x0000 => "no medium",
    /// CD-ROM; also a finalized CD-R on some drives.
    CdRom = 0x0008 => "CD-ROM",
    /// CD-R.
    CdR = 0x0009 => "CD-R",
    /// CD-RW.
    CdRw = 0x000A => "CD-RW",
    /// DVD-ROM; also a finalized DVD on some drives.
    DvdRom = 0x0010 => "DVD-ROM",
    /// DVD-R, written sequentially.
    DvdMinusRSequential = 0x0011 => "DVD-R",
    /// DVD-RAM.
    DvdRam = 0x0012 => "DVD-RAM",
    /// DVD-RW formatted for restricted overwrite (units of 32 KiB).
    DvdMinusRwRestrictedOverwrite = 0x0013 => "DVD-RW restricted overwrite",
    /// DVD-RW, written sequentially.
    DvdMinusRwSequential = 0x0014 => "DVD-RW sequential",
    /// Dual-layer DVD-R, written sequentially.
    DvdMinusRDlSequential = 0x0015 => "DVD-R DL",
    /// Dual-layer DVD-R in layer-jump recording.
    DvdMinusRDlLayerJump = 0x0016 => "DVD-R DL layer jump",
    /// DVD+RW.
    DvdPlusRw = 0x001A => "DVD+RW",
    /// DVD+R.
    DvdPlusR = 0x001B => "DVD+R",
    /// Dual-layer DVD+RW.
    DvdPlusRwDl = 0x002A => "DVD+RW DL",
    /// Dual-layer DVD+R.
    DvdPlusRDl = 0x002B => "DVD+R DL",
    /// BD-ROM; also a finalized BD-R on some drives.
    BdRom = 0x0040 => "BD-ROM",
    /// BD-R in sequential recording mode.
    BdRSrm = 0x0041 => "BD-R SRM",
    /// BD-R in random recording mode.
    BdRRrm = 0x0042 => "BD-R RRM",
    /// BD-RE.
    BdRe = 0x0043 => "BD-RE",
}

impl Profile {
    /// The family of the medium.
    pub const fn family(self) -> MediumFamily {
        match self {
            Self::CdRom | Self::CdR | Self::CdRw => MediumFamily::Cd,
            Self::DvdRom
            | Self::DvdMinusRSequential
            | Self::DvdRam
            | Self::DvdMinusRwRestrictedOverwrite
            | Self::DvdMinusRwSequential
            | Self::DvdMinusRDlSequential
            | Self::DvdMinusRDlLayerJump
            | Self::DvdPlusRw
            | Self::DvdPlusR
            | Self::DvdPlusRwDl
            | Self::DvdPlusRDl => MediumFamily::Dvd,
            Self::BdRom | Self::BdRSrm | Self::BdRRrm | Self::BdRe => MediumFamily::Bd,
            Self::None | Self::Other(_) => MediumFamily::Other,
        }
    }

    /// Blocks that the medium records at once, its ECC block (recipe 1):
    /// 1 on CD, 16 on DVD, 32 on BD. `None` on media that cannot be written.
    ///
    /// Overwritable media take smaller writes too and then read, change and
    /// write back (recipe 8); [`Profile::DvdMinusRwRestrictedOverwrite`] does
    /// not.
    pub const fn write_unit(self) -> Option<u32> {
        match self {
            Self::None | Self::CdRom | Self::DvdRom | Self::BdRom | Self::Other(_) => None,
            _ => match self.family() {
                MediumFamily::Cd => Some(1),
                MediumFamily::Dvd => Some(16),
                MediumFamily::Bd => Some(32),
                MediumFamily::Other => None,
            },
        }
    }

    /// Whether what was written can be erased or written over.
    pub const fn is_rewritable(self) -> bool {
        matches!(self, Self::CdRw | Self::DvdMinusRwSequential) || self.is_overwritable()
    }

    /// Whether data must be appended at the next writable address.
    pub const fn is_sequential(self) -> bool {
        matches!(
            self,
            Self::CdR
                | Self::CdRw
                | Self::DvdMinusRSequential
                | Self::DvdMinusRwSequential
                | Self::DvdMinusRDlSequential
                | Self::DvdMinusRDlLayerJump
                | Self::DvdPlusR
                | Self::DvdPlusRDl
                | Self::BdRSrm
        )
    }

    /// Whether any block may be written again, in any order.
    pub const fn is_overwritable(self) -> bool {
        matches!(
            self,
            Self::DvdRam
                | Self::DvdMinusRwRestrictedOverwrite
                | Self::DvdPlusRw
                | Self::DvdPlusRwDl
                | Self::BdRe
        )
    }

    /// Whether a burn of the medium is governed by mode page 05h (recipe 1): what the drive tells of
    /// it then depends on that page, and so does what a close leaves behind.
    pub const fn takes_write_parameters(self) -> bool {
        matches!(
            self,
            Self::CdR
                | Self::CdRw
                | Self::DvdMinusRSequential
                | Self::DvdMinusRwRestrictedOverwrite
                | Self::DvdMinusRwSequential
                | Self::DvdMinusRDlSequential
                | Self::DvdMinusRDlLayerJump
        )
    }

    /// Whether the medium has more than one layer by its profile. Dual-layer
    /// BD shares the single-layer profile and does not show here.
    pub const fn is_dual_layer(self) -> bool {
        matches!(
            self,
            Self::DvdMinusRDlSequential
                | Self::DvdMinusRDlLayerJump
                | Self::DvdPlusRwDl
                | Self::DvdPlusRDl
        )
    }

    /// The kind of medium, as far as the profile alone tells it: a finished disc
    /// is shown as one to be read only by some drives. Media that are written
    /// by no drive of today have no profile with a name here, and a kind all
    /// the same.
    pub const fn medium_type(self) -> MediumType {
        match self {
            Self::CdRom => MediumType::CdRom,
            Self::CdR => MediumType::CdR,
            Self::CdRw => MediumType::CdRw,
            Self::DvdRom => MediumType::DvdRom,
            Self::DvdMinusRSequential => MediumType::DvdMinusR,
            Self::DvdRam => MediumType::DvdRam,
            Self::DvdMinusRwRestrictedOverwrite | Self::DvdMinusRwSequential => {
                MediumType::DvdMinusRw
            }
            Self::DvdMinusRDlSequential | Self::DvdMinusRDlLayerJump => MediumType::DvdMinusRDl,
            Self::DvdPlusRw => MediumType::DvdPlusRw,
            Self::DvdPlusR => MediumType::DvdPlusR,
            Self::DvdPlusRwDl => MediumType::DvdPlusRwDl,
            Self::DvdPlusRDl => MediumType::DvdPlusRDl,
            Self::BdRom => MediumType::BdRom,
            Self::BdRSrm | Self::BdRRrm => MediumType::BdR,
            Self::BdRe => MediumType::BdRe,
            // Removable media, and the magneto-optical ones that can be written again.
            Self::Other(0x0002 | 0x0003 | 0x0005) => MediumType::RandomlyWritable,
            Self::Other(0x0050) => MediumType::HdDvdRom,
            Self::Other(0x0051) => MediumType::HdDvdR,
            Self::Other(0x0052) => MediumType::HdDvdRam,
            Self::None | Self::Other(_) => MediumType::Unknown,
        }
    }

    /// 1x speed in kB/s of 1000 bytes, as speed commands want it: 177, 1385
    /// or 4496 (rounded up, so that the drive does not round down to the next
    /// lower speed); 0 where there is no medium or the family is unknown.
    pub const fn one_x_kb_per_s(self) -> u32 {
        match self.family() {
            MediumFamily::Cd => 177,
            MediumFamily::Dvd => 1385,
            MediumFamily::Bd => 4496,
            MediumFamily::Other => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_returns() {
        for code in 0..=u16::MAX {
            assert_eq!(Profile::from_code(code).code(), code);
        }
    }

    #[test]
    fn a_profile_is_sequential_or_overwritable_or_neither() {
        for profile in Profile::KNOWN {
            assert!(
                !(profile.is_sequential() && profile.is_overwritable()),
                "{profile}"
            );
            let writable = profile.is_sequential() || profile.is_overwritable();
            let random_write_once = *profile == Profile::BdRRrm;
            assert_eq!(
                profile.write_unit().is_some(),
                writable || random_write_once,
                "{profile}"
            );
        }
    }

    #[test]
    fn units_and_speeds_follow_the_family() {
        assert_eq!(Profile::CdR.write_unit(), Some(1));
        assert_eq!(Profile::DvdPlusRw.write_unit(), Some(16));
        assert_eq!(Profile::BdRSrm.write_unit(), Some(32));
        assert_eq!(Profile::BdRom.write_unit(), None);
        assert_eq!(Profile::Other(0x50).write_unit(), None);
        assert_eq!(Profile::CdRw.one_x_kb_per_s(), 177);
        assert_eq!(Profile::DvdRam.one_x_kb_per_s(), 1385);
        assert_eq!(Profile::BdRe.one_x_kb_per_s(), 4496);
        assert_eq!(Profile::None.one_x_kb_per_s(), 0);
    }

    #[test]
    fn the_write_parameters_govern_what_is_written_by_recordings_of_the_minus_family() {
        for profile in Profile::KNOWN {
            let name = profile.to_string();
            let governed = name.starts_with("CD-R") && *profile != Profile::CdRom
                || name.starts_with("DVD-R") && !["DVD-ROM", "DVD-RAM"].contains(&&*name);
            assert_eq!(profile.takes_write_parameters(), governed, "{profile}");
        }
    }

    #[test]
    fn names_are_the_ones_on_the_box() {
        assert_eq!(Profile::BdRSrm.to_string(), "BD-R SRM");
        assert_eq!(Profile::DvdPlusRDl.to_string(), "DVD+R DL");
        assert_eq!(Profile::Other(0x51).to_string(), "profile 0051h");
    }
}

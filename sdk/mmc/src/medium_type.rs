//! Kinds of media as they are sold, whatever state they are in.
//!
//! Owns the names. Which profile belongs to which is [`crate::profile`]'s.

use core::fmt;

macro_rules! types {
    ($($(#[$meta:meta])* $variant:ident = $code:literal => $words:literal,)+) => {
        /// What kind of medium it is. One kind can have several profiles, by its state and its format.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
        #[non_exhaustive]
        pub enum MediumType {
            $($(#[$meta])* $variant,)+
        }

        impl MediumType {
            /// All of them, by rising code.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Its number in Windows' `IMAPI_MEDIA_PHYSICAL_TYPE`.
            pub const fn code(self) -> u32 {
                match self {
                    $(Self::$variant => $code,)+
                }
            }
        }

        impl fmt::Display for MediumType {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(match self {
                    $(Self::$variant => $words,)+
                })
            }
        }
    };
}

types! {
    /// No medium, or one that is not known here.
    #[default]
    Unknown = 0 => "unknown",
    /// CD-ROM.
    CdRom = 1 => "CD-ROM",
    /// CD-R.
    CdR = 2 => "CD-R",
    /// CD-RW.
    CdRw = 3 => "CD-RW",
    /// DVD-ROM.
    DvdRom = 4 => "DVD-ROM",
    /// DVD-RAM.
    DvdRam = 5 => "DVD-RAM",
    /// DVD+R.
    DvdPlusR = 6 => "DVD+R",
    /// DVD+RW.
    DvdPlusRw = 7 => "DVD+RW",
    /// DVD+R of two layers.
    DvdPlusRDl = 8 => "DVD+R DL",
    /// DVD-R.
    DvdMinusR = 9 => "DVD-R",
    /// DVD-RW.
    DvdMinusRw = 10 => "DVD-RW",
    /// DVD-R of two layers.
    DvdMinusRDl = 11 => "DVD-R DL",
    /// Another medium of a removable kind that is written anywhere, as magneto-optical ones.
    RandomlyWritable = 12 => "randomly writable",
    /// DVD+RW of two layers.
    DvdPlusRwDl = 13 => "DVD+RW DL",
    /// HD DVD-ROM.
    HdDvdRom = 14 => "HD DVD-ROM",
    /// HD DVD-R.
    HdDvdR = 15 => "HD DVD-R",
    /// HD DVD-RAM.
    HdDvdRam = 16 => "HD DVD-RAM",
    /// BD-ROM.
    BdRom = 17 => "BD-ROM",
    /// BD-R.
    BdR = 18 => "BD-R",
    /// BD-RE.
    BdRe = 19 => "BD-RE",
}

impl MediumType {
    /// Whether nothing can be recorded on it by anybody.
    pub const fn is_read_only(self) -> bool {
        matches!(
            self,
            Self::CdRom | Self::DvdRom | Self::HdDvdRom | Self::BdRom
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twenty_kinds_have_the_numbers_from_0_on() {
        let codes: Vec<u32> = MediumType::ALL.iter().map(|kind| kind.code()).collect();
        assert_eq!(codes, (0..20).collect::<Vec<u32>>());
    }
}

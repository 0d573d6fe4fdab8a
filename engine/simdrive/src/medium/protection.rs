//! What protects a rewritable disc, as structure C0h tells it (recipe 2.4).

use super::MediumError;

/// What protects a disc.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Protection {
    /// The drive was told to, until its power goes. Not kept with the disc.
    pub until_power_down: bool,
    /// A command has protected it for good.
    pub persistent: bool,
    /// The tab of its cartridge is set.
    pub cartridge: bool,
    /// A cause of its own, as spares that are used up.
    pub medium_specific: bool,
    /// The write inhibit block of a DVD+RW says so.
    pub control_block: bool,
}

impl Protection {
    pub(crate) fn any(self) -> bool {
        self.structure() != 0 || self.control_block
    }

    /// The first byte of structure C0h.
    pub(crate) fn structure(self) -> u8 {
        u8::from(self.until_power_down)
            | u8::from(self.persistent) << 1
            | u8::from(self.cartridge) << 2
            | u8::from(self.medium_specific) << 3
    }

    /// As it is kept with the disc: 1 is the tab, which once was all.
    pub(crate) fn kept(self) -> u8 {
        u8::from(self.cartridge)
            | u8::from(self.persistent) << 1
            | u8::from(self.medium_specific) << 2
            | u8::from(self.control_block) << 3
    }

    pub(crate) fn from_kept(byte: u8) -> Result<Self, MediumError> {
        if byte > 15 {
            return Err(MediumError::Corrupt("a disc is protected by unknown means"));
        }
        Ok(Self {
            until_power_down: false,
            cartridge: byte & 1 != 0,
            persistent: byte & 2 != 0,
            medium_specific: byte & 4 != 0,
            control_block: byte & 8 != 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_again() {
        for byte in 0..16 {
            assert_eq!(Protection::from_kept(byte).unwrap().kept(), byte);
        }
        assert!(Protection::from_kept(16).is_err());
    }
}

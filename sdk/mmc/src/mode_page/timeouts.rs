//! Mode pages 1Ah and 1Dh: when the drive rests, and how long it may take.
//!
//! Owns their layouts. Must not know the host's own timeouts.

use core::fmt;

use super::check_page;
use crate::reply::ReplyError;
use crate::wire::Field;

layout! {
    /// Fields of page 1Ah, unjudged.
    PowerConditionView, PowerPut {
        /// PS: the page can be saved.
        savable: bool = Field::bit(0, 7),
        /// Page code.
        code: u8 = Field::bits(0, 5, 0),
        /// Bytes after byte 1.
        length: u8 = Field::be(1, 1),
        /// The idle timer runs.
        idle: bool = Field::bit(3, 1),
        /// The standby timer runs.
        standby: bool = Field::bit(3, 0),
        /// Idle timer, 100 ms.
        idle_timer: u32 = Field::be(4, 4),
        /// Standby timer, 100 ms.
        standby_timer: u32 = Field::be(8, 4),
    }
}

/// Page 1Ah, power condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct PowerCondition {
    /// PS, only in answers.
    pub savable: bool,
    /// The idle timer runs.
    pub idle: bool,
    /// The standby timer runs.
    pub standby: bool,
    /// Idle timer in units of 100 ms.
    pub idle_timer: u32,
    /// Standby timer in units of 100 ms.
    pub standby_timer: u32,
}

impl PowerCondition {
    /// Page code.
    pub const CODE: u8 = 0x1A;
    /// Length of the page.
    pub const LEN: usize = 12;

    /// Reads the page.
    ///
    /// # Errors
    /// Another page, or fewer than 12 bytes.
    pub fn parse(page: &[u8]) -> Result<Self, ReplyError> {
        check_page("power condition page", Self::CODE, page, Self::LEN)?;
        let view = PowerConditionView::new(page);
        Ok(Self {
            savable: view.savable().unwrap_or_default(),
            idle: view.idle().unwrap_or_default(),
            standby: view.standby().unwrap_or_default(),
            idle_timer: view.idle_timer().unwrap_or_default(),
            standby_timer: view.standby_timer().unwrap_or_default(),
        })
    }

    /// The 12 bytes.
    pub fn emit(&self) -> Vec<u8> {
        let mut page = vec![0; Self::LEN];
        PowerPut(&mut page)
            .savable(self.savable)
            .code(Self::CODE)
            .length((Self::LEN - 2) as u8)
            .idle(self.idle)
            .standby(self.standby)
            .idle_timer(self.idle_timer)
            .standby_timer(self.standby_timer);
        page
    }
}

impl fmt::Display for PowerCondition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("power condition:")?;
        for (name, on, timer) in [
            (" idle", self.idle, self.idle_timer),
            (", standby", self.standby, self.standby_timer),
        ] {
            if on {
                write!(f, "{name} after {}.{} s", timer / 10, timer % 10)?;
            } else {
                write!(f, "{name} never")?;
            }
        }
        Ok(())
    }
}

layout! {
    /// Fields of page 1Dh, unjudged.
    TimeoutsView, TimeoutsPut {
        /// PS: the page can be saved.
        savable: bool = Field::bit(0, 7),
        /// Page code.
        code: u8 = Field::bits(0, 5, 0),
        /// Bytes after byte 1.
        length: u8 = Field::be(1, 1),
        /// G3Enable.
        group3: bool = Field::bit(4, 3),
        /// TMOE: the timeouts below hold.
        enabled: bool = Field::bit(4, 2),
        /// DISP: the drive may be unavailable while it powers down.
        disable_until_power: bool = Field::bit(4, 1),
        /// SWPP: software write protect until power-off.
        write_protected: bool = Field::bit(4, 0),
        /// Group 1 minimum, seconds.
        group1: u16 = Field::be(6, 2),
        /// Group 2 minimum, seconds.
        group2: u16 = Field::be(8, 2),
    }
}

/// Page 1Dh, timeout and protect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Timeouts {
    /// PS, only in answers.
    pub savable: bool,
    /// G3Enable.
    pub group3: bool,
    /// TMOE: the timeouts hold.
    pub enabled: bool,
    /// DISP.
    pub disable_until_power: bool,
    /// SWPP: software write protect until power-off.
    pub write_protected: bool,
    /// Group 1 minimum in seconds.
    pub group1: u16,
    /// Group 2 minimum in seconds.
    pub group2: u16,
}

impl Timeouts {
    /// Page code.
    pub const CODE: u8 = 0x1D;
    /// Length of the page.
    pub const LEN: usize = 12;

    /// Reads the page.
    ///
    /// # Errors
    /// Another page, or fewer than 10 bytes.
    pub fn parse(page: &[u8]) -> Result<Self, ReplyError> {
        check_page("timeout and protect page", Self::CODE, page, 10)?;
        let view = TimeoutsView::new(page);
        Ok(Self {
            savable: view.savable().unwrap_or_default(),
            group3: view.group3().unwrap_or_default(),
            enabled: view.enabled().unwrap_or_default(),
            disable_until_power: view.disable_until_power().unwrap_or_default(),
            write_protected: view.write_protected().unwrap_or_default(),
            group1: view.group1().unwrap_or_default(),
            group2: view.group2().unwrap_or_default(),
        })
    }

    /// The 12 bytes.
    pub fn emit(&self) -> Vec<u8> {
        let mut page = vec![0; Self::LEN];
        TimeoutsPut(&mut page)
            .savable(self.savable)
            .code(Self::CODE)
            .length((Self::LEN - 2) as u8)
            .group3(self.group3)
            .enabled(self.enabled)
            .disable_until_power(self.disable_until_power)
            .write_protected(self.write_protected)
            .group1(self.group1)
            .group2(self.group2);
        page
    }
}

impl fmt::Display for Timeouts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "timeouts: group 1 {} s, group 2 {} s",
            self.group1, self.group2
        )?;
        if self.write_protected {
            f.write_str(", write protected")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_of_page_1a_is_where_it_belongs() {
        let page = [0x9A, 10, 0, 0b11, 0, 0, 0, 105, 0, 0, 1, 0];
        let read = PowerCondition::parse(&page).unwrap();
        assert!(read.savable && read.idle && read.standby);
        assert_eq!((read.idle_timer, read.standby_timer), (105, 256));
        assert_eq!(read.emit(), page);
        assert_eq!(
            read.to_string(),
            "power condition: idle after 10.5 s, standby after 25.6 s"
        );
        assert!(PowerCondition::parse(&page[..11]).is_err());
    }

    #[test]
    fn every_field_of_page_1d_is_where_it_belongs() {
        for bit in 0..4 {
            let page = [0x1D, 10, 0, 0, 1 << bit, 0, 0, 6, 1, 0, 0, 0];
            let read = Timeouts::parse(&page).unwrap();
            let bits = [
                read.write_protected,
                read.disable_until_power,
                read.enabled,
                read.group3,
            ];
            assert_eq!(bits.iter().position(|b| *b), Some(bit));
            assert_eq!((read.group1, read.group2), (6, 256));
            assert_eq!(read.emit(), page);
        }
        assert!(Timeouts::parse(&[0x1D, 2, 0, 0]).is_err());
    }
}

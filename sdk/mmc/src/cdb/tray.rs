//! Commands that move the disc or lock it in.
//!
//! Owns their layout (recipe 2). Must not know when to send them.

use super::Flag;
use crate::wire::Field;

cdb! {
    /// Locks or unlocks the tray.
    0x1E, 6, "PREVENT/ALLOW MEDIUM REMOVAL",
    PreventAllowMediumRemoval, PreventAllowMediumRemovalView {
        /// Keep the medium in until further notice.
        prevent: bool = Field::bit(4, 0),
        /// The persistent lock, under which the button raises an event.
        persistent: bool = Field::bit(4, 1),
    }
}
show!(PreventAllowMediumRemoval, |c, f| write!(
    f,
    " {}{}",
    if c.prevent { "prevent" } else { "allow" },
    Flag("persistent", c.persistent)
));

cdb! {
    /// Starts or stops the disc, ejects or loads it.
    0x1B, 6, "START/STOP UNIT", StartStopUnit, StartStopUnitView {
        /// IMMED: answer before the end. Never with load or eject.
        immed: bool = Field::bit(1, 0),
        /// Power condition; 0 leaves it to `load_eject` and `start`.
        power_condition: u8 = Field::bits(4, 7, 4),
        /// LoEj: move the tray.
        load_eject: bool = Field::bit(4, 1),
        /// Start: spin up, or with `load_eject` load.
        start: bool = Field::bit(4, 0),
    }
}
show!(StartStopUnit, |c, f| {
    match (c.power_condition, c.load_eject, c.start) {
        (0, false, false) => f.write_str(" stop")?,
        (0, false, true) => f.write_str(" start")?,
        (0, true, false) => f.write_str(" eject")?,
        (0, true, true) => f.write_str(" load")?,
        (power, ..) => write!(f, " power condition {power}")?,
    }
    write!(f, "{}", Flag("IMMED", c.immed))
});

impl StartStopUnit {
    /// Spin down.
    pub const STOP: Self = Self::action(false, false);
    /// Spin up.
    pub const START: Self = Self::action(false, true);
    /// Open the tray.
    pub const EJECT: Self = Self::action(true, false);
    /// Close the tray.
    pub const LOAD: Self = Self::action(true, true);

    const fn action(load_eject: bool, start: bool) -> Self {
        Self {
            immed: false,
            power_condition: 0,
            load_eject,
            start,
        }
    }
}

cdb! {
    /// Moves a disc between the slots of a changer and the drive.
    0xA6, 12, "LOAD/UNLOAD MEDIUM", LoadUnloadMedium, LoadUnloadMediumView {
        /// IMMED: answer before the end.
        immed: bool = Field::bit(1, 0),
        /// LoUnlo: move the disc.
        load_unload: bool = Field::bit(4, 1),
        /// Start: load.
        start: bool = Field::bit(4, 0),
        /// Slot of the changer.
        slot: u8 = Field::be(8, 1),
    }
}
show!(LoadUnloadMedium, |c, f| write!(
    f,
    " slot {} {}{}",
    c.slot,
    match (c.load_unload, c.start) {
        (true, true) => "load",
        (true, false) => "unload",
        (false, true) => "start",
        (false, false) => "stop",
    },
    Flag("IMMED", c.immed)
));

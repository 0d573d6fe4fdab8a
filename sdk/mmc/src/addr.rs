//! Addresses and counts on a disc: logical blocks, minutes-seconds-frames,
//! tracks and sessions.
//!
//! Owns the arithmetic of addresses. Must not know of commands, media or
//! bytes on the wire.

use core::fmt;

/// Address of a logical block.
///
/// Signed, because WRITE reaches into the pregap and the lead-in of a CD:
/// -150 is the first block of the pregap and travels as `FF FF FF 6A`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[repr(transparent)]
pub struct Lba(pub i32);

impl Lba {
    /// The first block of the user area.
    pub const ZERO: Self = Self(0);

    /// The address `blocks` further on; `None` beyond the last address.
    pub fn checked_add(self, blocks: u32) -> Option<Self> {
        self.0.checked_add_unsigned(blocks).map(Self)
    }

    /// The address `blocks` before; `None` below the first address.
    pub fn checked_sub(self, blocks: u32) -> Option<Self> {
        self.0.checked_sub_unsigned(blocks).map(Self)
    }

    /// The address moved by a signed distance; `None` where that leaves the
    /// range of addresses.
    pub fn checked_offset(self, distance: i32) -> Option<Self> {
        self.0.checked_add(distance).map(Self)
    }

    /// Blocks from `start` up to, not including, this address; `None` when
    /// this address lies before `start`.
    pub fn blocks_since(self, start: Self) -> Option<SectorCount> {
        u32::try_from(i64::from(self.0) - i64::from(start.0))
            .ok()
            .map(SectorCount)
    }

    /// Whether the address is a multiple of `unit` blocks. A unit of 0 or 1
    /// aligns everything.
    pub fn is_aligned(self, unit: u32) -> bool {
        unit < 2 || i64::from(self.0) % i64::from(unit) == 0
    }

    /// The address on a CD's clock; `None` outside of -45150..=404849, which
    /// is what 100 minutes can name (recipe 2.3).
    pub fn to_msf(self) -> Option<Msf> {
        let frames = match self.0 {
            -150..=404_849 => self.0 + 150,
            -45_150..=-151 => self.0 + 450_150,
            _ => return None,
        };
        Msf::from_frames(u32::try_from(frames).ok()?)
    }
}

impl fmt::Display for Lba {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<i32> for Lba {
    fn from(lba: i32) -> Self {
        Self(lba)
    }
}

/// A number of logical blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[repr(transparent)]
pub struct SectorCount(pub u32);

impl SectorCount {
    /// No block.
    pub const ZERO: Self = Self(0);

    /// Both together; `None` on overflow.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// What is left; `None` when `other` is larger.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// Rounded up to a multiple of `unit` blocks (0 and 1 change nothing);
    /// `None` on overflow.
    pub fn round_up(self, unit: u32) -> Option<Self> {
        if unit < 2 {
            return Some(self);
        }
        self.0.checked_next_multiple_of(unit).map(Self)
    }

    /// Bytes in that many blocks of `block_size` bytes.
    pub fn bytes(self, block_size: u32) -> u64 {
        u64::from(self.0) * u64::from(block_size)
    }
}

impl fmt::Display for SectorCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<u32> for SectorCount {
    fn from(blocks: u32) -> Self {
        Self(blocks)
    }
}

/// Number of a track, from 1. In READ TRACK INFORMATION, 255 asks for the
/// invisible (next writable) track (recipe 2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[repr(transparent)]
pub struct TrackNumber(pub u16);

impl TrackNumber {
    /// The invisible track: CD and DVD+R answer for their next writable one.
    pub const INVISIBLE: Self = Self(0xFF);
}

impl fmt::Display for TrackNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Number of a session, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[repr(transparent)]
pub struct SessionNumber(pub u16);

impl fmt::Display for SessionNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Minutes, seconds and frames (75 a second) on a CD, in binary.
///
/// Holds whatever a drive said; [`Msf::is_valid`] judges it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Msf {
    /// Minutes, 0 to 99.
    pub m: u8,
    /// Seconds, 0 to 59.
    pub s: u8,
    /// Frames, 0 to 74.
    pub f: u8,
}

impl Msf {
    /// Frames in a second.
    pub const FRAMES_PER_SECOND: u32 = 75;

    /// From parts, unchecked.
    pub const fn new(m: u8, s: u8, f: u8) -> Self {
        Self { m, s, f }
    }

    /// From a count of frames since 00:00:00; `None` from 100 minutes on.
    pub fn from_frames(frames: u32) -> Option<Self> {
        let m = u8::try_from(frames / (60 * 75)).ok().filter(|m| *m < 100)?;
        let s = (frames / 75 % 60) as u8;
        let f = (frames % 75) as u8;
        Some(Self { m, s, f })
    }

    /// Whether each part is in its range.
    pub fn is_valid(self) -> bool {
        self.m < 100 && self.s < 60 && self.f < 75
    }

    /// Frames since 00:00:00, also for parts out of range.
    pub fn frames(self) -> u32 {
        (u32::from(self.m) * 60 + u32::from(self.s)) * 75 + u32::from(self.f)
    }

    /// The block at that time; `None` when a part is out of its range.
    ///
    /// Minutes from 90 on lie before the program: 99:59:74 is block -151
    /// (recipe 2.3).
    pub fn to_lba(self) -> Option<Lba> {
        if !self.is_valid() {
            return None;
        }
        let frames = i32::try_from(self.frames()).ok()?;
        let offset = if self.m >= 90 { 450_150 } else { 150 };
        Some(Lba(frames - offset))
    }
}

impl fmt::Display for Msf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}:{:02}", self.m, self.s, self.f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_clock_of_a_cd_starts_150_frames_before_block_zero() {
        assert_eq!(Lba(0).to_msf(), Some(Msf::new(0, 2, 0)));
        assert_eq!(Lba(-150).to_msf(), Some(Msf::new(0, 0, 0)));
        assert_eq!(Msf::new(74, 45, 0).to_lba(), Some(Lba(336_225)));
    }

    #[test]
    fn minutes_from_90_on_lie_in_the_lead_in() {
        assert_eq!(Lba(-151).to_msf(), Some(Msf::new(99, 59, 74)));
        assert_eq!(Msf::new(97, 27, 0).to_lba(), Some(Lba(-11_625)));
        assert_eq!(Lba(-45_150).to_msf(), Some(Msf::new(90, 0, 0)));
        assert_eq!(Lba(404_849).to_msf(), Some(Msf::new(89, 59, 74)));
    }

    #[test]
    fn addresses_off_the_clock_have_no_time() {
        assert_eq!(Lba(404_850).to_msf(), None);
        assert_eq!(Lba(-45_151).to_msf(), None);
        assert_eq!(Msf::new(0, 60, 0).to_lba(), None);
        assert_eq!(Msf::new(100, 0, 0).to_lba(), None);
        assert_eq!(Msf::new(0, 0, 75).to_lba(), None);
    }

    #[test]
    fn arithmetic_ends_at_the_edges() {
        assert_eq!(Lba(i32::MAX).checked_add(1), None);
        assert_eq!(Lba(-150).checked_add(150), Some(Lba(0)));
        assert_eq!(Lba(i32::MIN).checked_sub(1), None);
        assert_eq!(Lba(10).blocks_since(Lba(-150)), Some(SectorCount(160)));
        assert_eq!(Lba(0).blocks_since(Lba(1)), None);
        assert!(Lba(-32).is_aligned(32) && !Lba(-31).is_aligned(32));
        assert_eq!(SectorCount(33).round_up(32), Some(SectorCount(64)));
        assert_eq!(SectorCount(u32::MAX).round_up(16), None);
        assert_eq!(SectorCount(2).bytes(2048), 4096);
    }

    proptest! {
        #[test]
        fn every_time_on_the_clock_returns(lba in -45_150i32..=404_849) {
            let msf = Lba(lba).to_msf().unwrap();
            prop_assert!(msf.is_valid());
            prop_assert_eq!(msf.to_lba(), Some(Lba(lba)));
        }
    }
}

//! How long things take (recipe 14), in nanoseconds of virtual time.
//!
//! Owns numbers only: speeds by zone and durations by operation. Must not know
//! buffers, commands or the state of a disc.

use crate::medium::MediumKind;
use crate::store::BLOCK_BYTES;

pub(crate) const SECOND: u64 = 1_000_000_000;

/// Bytes of a block of a CD as it passes under the laser.
const CD_BLOCK_BYTES: u64 = 2352;

/// 48x, in kB/s: what a drive of the 52x class reaches.
pub(crate) const FASTEST_CD: u32 = 8467;

/// Blocks of the lead-in and the lead-out that close a session of a CD.
const CD_LEADS: u32 = 150 * 75;

/// Zones that a constant-angular-velocity disc is cut into.
const CAV_ZONES: u32 = 64;

/// A stretch of the disc that is written at one speed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Zone {
    /// First block after the zone.
    pub(crate) end: u32,
    /// kB/s.
    pub(crate) speed: u32,
}

impl Zone {
    /// The whole disc at one speed.
    pub(crate) fn everywhere(speed: u32) -> Self {
        Self {
            end: u32::MAX,
            speed: speed.max(1),
        }
    }
}

/// The zone that a block lies in, when `speed` is the highest speed allowed.
///
/// A DVD+R DL has three fixed zones; BD from 6x, DVD from 12x and CD from 40x turn at a constant
/// rate, so that the speed grows with the radius (24 to 58 mm); all else is constant.
pub(crate) fn zone(kind: MediumKind, speed: u32, lba: u32, capacity: u32) -> Zone {
    let constant_rate = match kind {
        MediumKind::DvdPlusRDl => {
            let (end, limit) = match lba {
                0..=393_215 => (393_216, 3324),
                393_216..=1_114_111 => (1_114_112, 5540),
                _ => (u32::MAX, 8310),
            };
            return Zone {
                end,
                speed: speed.min(limit).max(1),
            };
        }
        MediumKind::BdR | MediumKind::BdRe => speed >= 26_976,
        MediumKind::CdR | MediumKind::CdRw => speed >= 7056,
        _ => speed >= 16_620,
    };
    if !constant_rate {
        return Zone::everywhere(speed);
    }
    let width = (capacity / CAV_ZONES).max(1);
    let index = (lba / width).min(CAV_ZONES - 1);
    let end = if index == CAV_ZONES - 1 {
        u32::MAX
    } else {
        (index + 1) * width
    };
    // The area written is the ring between the inner radius and this one.
    let (inner, outer) = (24.0_f64, 58.0_f64);
    let share = f64::from(index) / f64::from(CAV_ZONES - 1);
    let radius = (inner * inner + share * (outer * outer - inner * inner)).sqrt();
    Zone {
        end,
        speed: ((f64::from(speed) * radius / outer) as u32).max(1),
    }
}

/// Time for so many blocks at so many kB/s.
pub(crate) fn transfer(blocks: u32, speed: u32) -> u64 {
    u64::from(blocks) * BLOCK_BYTES as u64 * 1_000_000 / u64::from(speed.max(1))
}

/// As [`transfer`], on this kind of medium: a block of a CD has 2352 bytes, whatever of it the
/// host sees, and 1x is 75 of them a second.
pub(crate) fn transfer_on(kind: MediumKind, blocks: u32, speed: u32) -> u64 {
    match kind.is_cd() {
        true => u64::from(blocks) * CD_BLOCK_BYTES * 1_000_000 / u64::from(speed.max(1)),
        false => transfer(blocks, speed),
    }
}

/// Operations that take their time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Task {
    Load,
    SpinUp,
    SpinDown,
    Eject,
    Calibrate,
    Synchronize,
    CloseTrack,
    CloseSession,
    Finalize,
    /// A format that writes the lead-in only.
    QuickFormat,
    /// A format that passes over so many blocks twice.
    FullFormat(u32),
    /// A format or a blanking that passes over so many blocks once.
    Overwrite(u32),
    ReserveTrack,
    StopBackgroundFormat,
}

/// A believable duration, at `speed` kB/s where that matters.
pub(crate) fn duration(task: Task, kind: MediumKind, speed: u32) -> u64 {
    let bd = kind.is_bd();
    let dual = kind.is_dual_layer_dvd();
    match task {
        Task::Load if bd => 15 * SECOND,
        Task::Load if kind.is_cd() => 7 * SECOND,
        Task::Load => 10 * SECOND,
        Task::SpinUp if bd => 5 * SECOND,
        Task::SpinUp if kind.is_cd() => 3 * SECOND,
        Task::SpinUp => 4 * SECOND,
        Task::SpinDown => 2 * SECOND,
        Task::Eject => 4 * SECOND,
        Task::Calibrate if kind.is_cd() => 5 * SECOND,
        Task::Calibrate => 8 * SECOND,
        Task::Synchronize => 2 * SECOND,
        Task::CloseTrack => 4 * SECOND,
        // Lead-in and lead-out: two and a half minutes at 1x.
        Task::CloseSession | Task::Finalize if kind.is_cd() => {
            10 * SECOND + transfer_on(kind, CD_LEADS, speed)
        }
        Task::CloseSession if bd => 10 * SECOND,
        Task::CloseSession if kind == MediumKind::DvdPlusRw => 40 * SECOND,
        Task::CloseSession if kind == MediumKind::DvdPlusRwDl => 40 * SECOND,
        Task::CloseSession => 25 * SECOND,
        Task::Finalize if bd => 30 * SECOND,
        Task::Finalize if dual => 300 * SECOND,
        Task::Finalize => 90 * SECOND,
        Task::QuickFormat => match kind {
            MediumKind::BdR => 20 * SECOND,
            MediumKind::BdRe => 40 * SECOND,
            MediumKind::DvdRam => SECOND,
            kind if kind.is_cd() => 40 * SECOND,
            _ => 80 * SECOND,
        },
        Task::Overwrite(blocks) => 20 * SECOND + transfer_on(kind, blocks, speed),
        Task::FullFormat(blocks) => 20 * SECOND + 2 * transfer(blocks, speed),
        Task::ReserveTrack => 2 * SECOND,
        Task::StopBackgroundFormat => 10 * SECOND,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Recipe 14: a 16x DVD starts near 6.4x.
    #[test]
    fn a_16x_dvd_starts_near_6_4x_and_ends_at_16x() {
        let first = zone(MediumKind::DvdPlusR, 22_160, 0, 2_295_104);
        assert!((8800..9400).contains(&first.speed), "{first:?}");
        let last = zone(MediumKind::DvdPlusR, 22_160, 2_295_103, 2_295_104);
        assert_eq!(last.speed, 22_160);
    }

    /// Recipe 14: a DL disc runs 2.4x / 4x / 6x.
    #[test]
    fn a_dual_layer_disc_has_three_zones() {
        let speed = |lba| zone(MediumKind::DvdPlusRDl, 8310, lba, 4_173_824).speed;
        assert_eq!(
            (speed(393_215), speed(393_216), speed(1_114_112)),
            (3324, 5540, 8310)
        );
    }

    /// Recipe 14: a single-layer BD-R takes 95 / 47 / 24 minutes at 1 / 2 / 4x.
    #[test]
    fn a_full_bd_r_takes_as_long_as_users_report() {
        let minutes = |speed| transfer(12_219_392, speed) / SECOND / 60;
        assert!((91..=96).contains(&minutes(4496)));
        assert!((45..=48).contains(&minutes(8990)));
        assert!((22..=24).contains(&minutes(17_984)));
    }
}

//! The choice of a write speed from those that the drive offers (recipe 2.5).
//!
//! Owns the choice. Must not know how a writer orders its moves, nor how fast the drive really is.

#[cfg(test)]
mod tests;

use crate::facts::MediaFacts;
use crate::moves;
use crate::plan::{Occasion, PlannedCommand, Warning};
use crate::request::Speed;
use pitland_mmc::MediumFamily;
use pitland_mmc::param::StreamingDescriptor;
use pitland_mmc::reply::WriteSpeedDescriptor;

/// From here on an end address is a drive's way to say that it has none.
const NO_END: u32 = 1 << 31;

/// A chosen speed and how to set it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SpeedChoice {
    /// The preparing commands, in order.
    pub commands: Vec<PlannedCommand>,
    /// The speed in kB/s (1000 bytes); `None` where the drive offers no list and is told "highest".
    pub kb_per_s: Option<u32>,
    /// [`Warning::SpeedAdjusted`], when what was wanted is not offered.
    pub warning: Option<Warning>,
}

/// Chooses the speed nearest to what is wanted, at or below it where the drive offers one. It is
/// always set, because a drive keeps its setting over a change of the medium.
pub fn set_speed(facts: &MediaFacts, wanted: Speed) -> SpeedChoice {
    let limit = limit_of(facts, wanted);
    let offered = facts.write_speeds();
    let Some(chosen) = choose(&offered, limit) else {
        return SpeedChoice {
            commands: by_number(facts, limit.unwrap_or(u32::MAX)),
            kb_per_s: limit,
            warning: None,
        };
    };
    let warning = limit
        .filter(|limit| !about_equal(chosen, *limit))
        .map(|_| Warning::SpeedAdjusted { chosen });
    SpeedChoice {
        commands: commands(facts, chosen),
        kb_per_s: Some(chosen),
        warning,
    }
}

/// The most that is wanted, in kB/s; `None` for as fast as it goes.
fn limit_of(facts: &MediaFacts, wanted: Speed) -> Option<u32> {
    match wanted {
        Speed::Maximum => None,
        Speed::KilobytesPerSecond(speed) => Some(speed.get()),
        Speed::TenthsOfNominal(tenths) => {
            let one_x = u64::from(facts.profile().one_x_kb_per_s());
            let speed = u64::from(tenths.get()) * one_x / 10;
            Some(u32::try_from(speed).unwrap_or(u32::MAX)).filter(|speed| *speed > 0)
        }
    }
}

fn choose(offered: &[u32], limit: Option<u32>) -> Option<u32> {
    let within =
        |speed: &u32| limit.is_none_or(|limit| *speed <= limit || about_equal(*speed, limit));
    let at_or_below = offered.iter().copied().filter(within).max();
    at_or_below.or_else(|| offered.iter().copied().min())
}

/// Whether two speeds name the same one: drives round a multiple of 1x each in its own way, by less
/// than two percent.
fn about_equal(a: u32, b: u32) -> bool {
    u64::from(a.abs_diff(b)) * 50 < u64::from(a.max(b))
}

fn commands(facts: &MediaFacts, chosen: u32) -> Vec<PlannedCommand> {
    let descriptor = facts
        .write_speed_descriptors
        .iter()
        .find(|d| d.write_speed == chosen);
    match descriptor {
        Some(descriptor) if facts.profile().family() != MediumFamily::Cd => vec![
            moves::set_streaming(&streaming(facts, descriptor)),
            moves::set_cd_speed(chosen).only(Occasion::IfRefused),
        ],
        _ => by_number(facts, chosen),
    }
}

/// 1x of CD is 176.4 kB/s: a drive that counts in whole multiples of 177 finds less than the speed in
/// what it offers itself, and may refuse that. One multiple more is then the speed (recipe 2.5).
fn by_number(facts: &MediaFacts, speed: u32) -> Vec<PlannedCommand> {
    let profile = facts.profile();
    let above = speed.saturating_add(profile.one_x_kb_per_s());
    if profile.family() != MediumFamily::Cd || above >= u32::from(u16::MAX) {
        return vec![moves::set_cd_speed(speed)];
    }
    vec![
        moves::try_cd_speed(speed),
        moves::set_cd_speed(above).only(Occasion::IfRefused),
    ]
}

/// The offered descriptor as SET STREAMING wants it, for the whole medium. Its end address is not
/// always one: some drives say 0 or FFFFFFFFh of a blank disc, some the first block beyond.
fn streaming(facts: &MediaFacts, offered: &WriteSpeedDescriptor) -> StreamingDescriptor {
    let last = facts
        .total_capacity()
        .and_then(|blocks| u32::try_from(blocks).ok())
        .map_or(0, |blocks| blocks.saturating_sub(1));
    let believable = (1..NO_END).contains(&offered.end);
    StreamingDescriptor {
        end: if believable { offered.end } else { last },
        ..StreamingDescriptor::from_offer(offered)
    }
}

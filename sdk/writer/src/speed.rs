//! The choice of a write speed from those that the drive offers (recipe 2.5).
//!
//! Owns the choice. Must not know how a writer orders its moves, nor how fast the drive really is.

#[cfg(test)]
mod tests;

use crate::facts::MediaFacts;
use crate::moves;
use crate::plan::{Occasion, PlannedCommand, Warning};
use crate::request::{BurnRequest, Speed};
use pitland_mmc::cdb::RotationControl;
use pitland_mmc::param::StreamingDescriptor;
use pitland_mmc::reply::WriteSpeedDescriptor;
use pitland_mmc::{MediumFamily, MediumType};

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
    /// When what was wanted is not offered: [`Warning::SpeedAdjusted`], [`Warning::RotationAdjusted`] or
    /// [`Warning::SpeedAndRotationAdjusted`].
    pub warning: Option<Warning>,
}

/// A speed that a drive offers for the medium that is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct OfferedSpeed {
    /// The medium that it is for.
    pub medium: MediumType,
    /// The disc turns at one rate all the time, and this speed is reached at its end.
    pub pure_cav: bool,
    /// kB/s (1000 bytes), as the drive tells it.
    pub kb_per_s: u32,
}

impl OfferedSpeed {
    /// Blocks of user data a second: a block of a CD passes with all its 2352 bytes.
    pub fn blocks_per_second(&self) -> u32 {
        let block_bytes = match self.medium {
            MediumType::CdRom | MediumType::CdR | MediumType::CdRw => 2352,
            _ => 2048,
        };
        u32::try_from(u64::from(self.kb_per_s) * 1000 / block_bytes).unwrap_or(u32::MAX)
    }
}

impl MediaFacts {
    /// The write speeds on offer, in the drive's order, each with how the disc turns then.
    pub fn offered_speeds(&self) -> Vec<OfferedSpeed> {
        let medium = self.medium_type();
        let offer = |(kb_per_s, rotation): (u32, RotationControl)| OfferedSpeed {
            medium,
            pure_cav: rotation == RotationControl::Cav,
            kb_per_s,
        };
        offers(self).into_iter().map(offer).collect()
    }
}

/// The speeds of GET PERFORMANCE, else those of mode page 2Ah.
fn offers(facts: &MediaFacts) -> Vec<(u32, RotationControl)> {
    let told = facts.write_speed_descriptors.iter();
    let offered: Vec<_> = told
        .map(|d| (d.write_speed, d.rotation))
        .filter(|(speed, _)| *speed > 0)
        .collect();
    if !offered.is_empty() {
        return offered;
    }
    let page = facts
        .capabilities
        .iter()
        .flat_map(|page| &page.write_speeds);
    page.map(|d| (u32::from(d.speed), d.rotation))
        .filter(|(speed, _)| *speed > 0)
        .collect()
}

/// Chooses the speed nearest to what is wanted, at or below it where the drive offers one. It is
/// always set, because a drive keeps its setting over a change of the medium.
pub fn set_speed(facts: &MediaFacts, wanted: Speed) -> SpeedChoice {
    choose_speed(facts, wanted, false)
}

/// The same as a burn wants it: with the disc turning at one rate all the time, where that is wanted and offered.
pub fn set_burn_speed(facts: &MediaFacts, burn: &BurnRequest) -> SpeedChoice {
    choose_speed(facts, burn.speed, burn.pure_cav)
}

fn choose_speed(facts: &MediaFacts, wanted: Speed, pure_cav: bool) -> SpeedChoice {
    let limit = limit_of(facts, wanted);
    let offers = offers(facts);
    let with_cav = |offer: &&(u32, RotationControl)| offer.1 == RotationControl::Cav;
    let cav: Vec<u32> = offers
        .iter()
        .filter(with_cav)
        .map(|(speed, _)| *speed)
        .collect();
    let is_cav = pure_cav && !cav.is_empty();
    let all = || offers.iter().map(|(speed, _)| *speed).collect();
    let offered: Vec<u32> = if is_cav { cav } else { all() };
    let rotation = match is_cav {
        true => RotationControl::Cav,
        false => RotationControl::Default,
    };
    let Some(chosen) = choose(&offered, limit) else {
        return SpeedChoice {
            commands: by_number(facts, limit.unwrap_or(u32::MAX), rotation),
            kb_per_s: limit,
            warning: pure_cav.then_some(Warning::RotationAdjusted),
        };
    };
    let is_other = limit.is_some_and(|limit| !about_equal(chosen, limit));
    SpeedChoice {
        commands: commands(facts, chosen, rotation),
        kb_per_s: Some(chosen),
        warning: match (is_other, pure_cav && !is_cav) {
            (false, false) => None,
            (true, false) => Some(Warning::SpeedAdjusted { chosen }),
            (false, true) => Some(Warning::RotationAdjusted),
            (true, true) => Some(Warning::SpeedAndRotationAdjusted { chosen }),
        },
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

fn commands(facts: &MediaFacts, chosen: u32, rotation: RotationControl) -> Vec<PlannedCommand> {
    let is_cav = rotation == RotationControl::Cav;
    let descriptor = facts
        .write_speed_descriptors
        .iter()
        .find(|d| d.write_speed == chosen && (!is_cav || d.rotation == rotation));
    match descriptor {
        Some(descriptor) if facts.profile().family() != MediumFamily::Cd => vec![
            moves::set_streaming(&streaming(facts, descriptor)),
            moves::set_cd_speed_turning(chosen, rotation).only(Occasion::IfRefused),
        ],
        _ => by_number(facts, chosen, rotation),
    }
}

/// 1x of CD is 176.4 kB/s: a drive that counts in whole multiples of 177 finds less than the speed in
/// what it offers itself, and may refuse that. One multiple more is then the speed (recipe 2.5).
fn by_number(facts: &MediaFacts, speed: u32, rotation: RotationControl) -> Vec<PlannedCommand> {
    let profile = facts.profile();
    let above = speed.saturating_add(profile.one_x_kb_per_s());
    if profile.family() != MediumFamily::Cd || above >= u32::from(u16::MAX) {
        return vec![moves::set_cd_speed_turning(speed, rotation)];
    }
    vec![
        moves::try_cd_speed(speed, rotation),
        moves::set_cd_speed_turning(above, rotation).only(Occasion::IfRefused),
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

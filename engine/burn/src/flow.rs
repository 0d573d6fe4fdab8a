//! How the flow from the source is kept up: when writing starts, what counts as low, and what happens
//! then, by what the medium can bear (recipe 14).
//!
//! Owns the marks and the choice of a lower speed. Must not know rings, commands or threads: it is told
//! how full the ring is and how fast it fills, and answers what to do.
//!
//! With underrun protection a drive whose buffer runs empty stops and links, and nothing has to be done:
//! the drive's thread waits for the source. Without it, an empty buffer spoils the disc. Then a source
//! that cannot keep up with the slowest speed is refused before the laser is on, and one that falls
//! behind later has the drive slowed down while there is still something in the ring.

use std::time::Duration;

/// After a step down the source gets this long to fill the ring before the next one: a drive changes its
/// speed in a few seconds.
const BETWEEN_STEPS: Duration = Duration::from_secs(5);
/// What a source must give beyond what the slowest speed needs, in percent: its rate was measured over a
/// moment only.
const MARGIN_PERCENT: u64 = 10;

/// What the source has given, as whoever drives the machine sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Supply {
    /// Slots of the ring that wait for the drive.
    pub full: u32,
    /// Slots of the ring.
    pub slots: u32,
    /// The source has given all it has: what is in the ring is the rest.
    pub ended: bool,
    /// How fast the source fills free slots, in kB/s (1000 bytes), as far as that is known.
    pub kilobytes_per_second: Option<u32>,
}

/// Slots that must be full before writing starts: half of them, one at least.
pub const fn start_mark(slots: u32) -> u32 {
    slots.div_ceil(2)
}

/// With fewer slots full than this the ring counts as low: a quarter of them, one at least.
pub const fn low_water(slots: u32) -> u32 {
    slots.div_ceil(4)
}

/// What to do before the next WRITE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlowTurn {
    /// Write on. A ring that is empty is waited for, and the drive links.
    Go,
    /// Set the drive to this speed first, in kB/s.
    SlowDown {
        /// The highest offered one that the source keeps up with; the next lower one, where its rate is
        /// not known.
        kilobytes_per_second: u32,
    },
}

/// A source that the drive's slowest speed overtaxes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooSlow {
    /// What the source gives, kB/s.
    pub found: u32,
    /// What is needed, kB/s.
    pub needed: u32,
}

/// The policy for one job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow {
    protected: bool,
    /// Speeds that are left to step down to, falling, in kB/s.
    lower: Vec<u32>,
    /// The slowest speed on offer; `None` where the drive offers none.
    slowest: Option<u32>,
    stepped_at: Option<Duration>,
}

impl Flow {
    /// The policy for a medium that is `protected` against underruns or not, in a drive that offers
    /// these speeds and was set to `speed`, all in kB/s; without a speed to the fastest.
    pub fn new(protected: bool, offered: &[u32], speed: Option<u32>) -> Self {
        let mut lower: Vec<u32> = offered.iter().copied().filter(|s| *s > 0).collect();
        lower.sort_unstable_by(|a, b| b.cmp(a));
        lower.dedup();
        let slowest = lower.last().copied();
        let current = speed.or(lower.first().copied()).unwrap_or(0);
        lower.retain(|speed| *speed < current);
        Self {
            protected,
            lower,
            slowest,
            stepped_at: None,
        }
    }

    /// Whether a drive that runs out of data spoils the disc.
    pub fn is_protected(&self) -> bool {
        self.protected
    }

    /// Judges the source before the laser is on. One whose rate is not known, and one that has given
    /// all, is taken.
    ///
    /// # Errors
    /// [`TooSlow`], on media without protection only.
    pub fn keeps_up(&self, supply: &Supply) -> Result<(), TooSlow> {
        let (Some(found), Some(slowest)) = (supply.kilobytes_per_second, self.slowest) else {
            return Ok(());
        };
        let needed = needed_for(slowest);
        if self.protected || supply.ended || found >= needed {
            Ok(())
        } else {
            Err(TooSlow { found, needed })
        }
    }

    /// What to do before the next WRITE, `now` by the drive's clock. Every step down is told once.
    pub fn turn(&mut self, now: Duration, supply: &Supply) -> FlowTurn {
        let low = supply.full < low_water(supply.slots).max(1);
        if self.protected || supply.ended || !low {
            return FlowTurn::Go;
        }
        let waits = |at: Duration| now.saturating_sub(at) < BETWEEN_STEPS;
        if self.stepped_at.is_some_and(waits) || self.lower.is_empty() {
            return FlowTurn::Go;
        }
        let bearable = |rate| {
            self.lower
                .iter()
                .position(|speed| needed_for(*speed) <= rate)
        };
        let step = match supply.kilobytes_per_second {
            Some(rate) => bearable(rate).unwrap_or(self.lower.len() - 1),
            None => 0,
        };
        self.stepped_at = Some(now);
        let kilobytes_per_second = self.lower.drain(..=step).next_back().unwrap_or_default();
        FlowTurn::SlowDown {
            kilobytes_per_second,
        }
    }
}

/// What a source must give for a drive of this speed, in kB/s.
fn needed_for(speed: u32) -> u32 {
    let with_margin = u64::from(speed) * (100 + MARGIN_PERCENT) / 100;
    u32::try_from(with_margin).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const OFFERED: [u32; 3] = [22_160, 16_620, 11_080];

    fn supply(full: u32, kilobytes_per_second: Option<u32>) -> Supply {
        Supply {
            full,
            slots: 32,
            ended: false,
            kilobytes_per_second,
        }
    }

    #[test]
    fn marks_are_half_and_a_quarter_and_never_none() {
        assert_eq!((start_mark(32), low_water(32)), (16, 8));
        assert_eq!((start_mark(1), low_water(1)), (1, 1));
    }

    #[test]
    fn a_low_ring_steps_down_once_and_then_waits_for_the_source() {
        let mut flow = Flow::new(false, &OFFERED, None);
        let low = supply(7, None);
        let second = Duration::from_secs;
        assert_eq!(flow.turn(second(0), &supply(8, None)), FlowTurn::Go);
        let step = |kilobytes_per_second| FlowTurn::SlowDown {
            kilobytes_per_second,
        };
        assert_eq!(flow.turn(second(0), &low), step(16_620));
        assert_eq!(flow.turn(second(4), &low), FlowTurn::Go);
        assert_eq!(flow.turn(second(5), &low), step(11_080));
        assert_eq!(flow.turn(second(60), &low), FlowTurn::Go);
    }

    #[test]
    fn a_known_rate_leads_to_the_highest_speed_that_it_bears_at_once() {
        let turn = |rate| {
            let turn =
                Flow::new(false, &OFFERED, None).turn(Duration::ZERO, &supply(1, Some(rate)));
            match turn {
                FlowTurn::SlowDown {
                    kilobytes_per_second,
                } => kilobytes_per_second,
                FlowTurn::Go => 0,
            }
        };
        assert_eq!(
            [20_000, 18_000, 13_000, 1_000].map(turn),
            [16_620, 11_080, 11_080, 11_080]
        );
    }

    #[test]
    fn a_source_that_the_slowest_speed_overtaxes_is_refused_without_protection() {
        let slow = supply(16, Some(12_000));
        let refused = Flow::new(false, &OFFERED, None).keeps_up(&slow);
        let (found, needed) = (12_000, 12_188);
        assert_eq!(refused, Err(TooSlow { found, needed }));
        assert_eq!(Flow::new(true, &OFFERED, None).keeps_up(&slow), Ok(()));
        let fast = supply(16, Some(12_188));
        assert_eq!(Flow::new(false, &OFFERED, None).keeps_up(&fast), Ok(()));
        let all = Supply {
            ended: true,
            ..slow
        };
        assert_eq!(Flow::new(false, &OFFERED, None).keeps_up(&all), Ok(()));
    }

    proptest! {
        /// Against a drive that empties a buffer and a source that fills it: as long as the source gives
        /// what the slowest speed needs, the ring never runs empty on a medium that cannot wait.
        #[test]
        fn a_source_that_was_taken_never_lets_the_ring_run_empty(
            offered in prop::collection::vec(1_000u32..60_000, 1..8),
            spare_percent in 0u32..400,
            slots in 64u32..256,
        ) {
            let slowest = offered.iter().copied().min().unwrap_or(0);
            let rate = slowest + slowest / 10 + 1 + slowest / 100 * spare_percent;
            let mut flow = Flow::new(false, &offered, None);
            let mut speed = offered.iter().copied().max().unwrap_or(0);
            let mut kilobytes = f64::from(start_mark(slots)) * 1048.576;
            let at = |kilobytes: f64| Supply {
                full: (kilobytes / 1048.576) as u32,
                slots,
                ended: false,
                kilobytes_per_second: Some(rate),
            };
            prop_assert_eq!(flow.keeps_up(&at(kilobytes)), Ok(()));
            let mut steps = 0;
            for tenth in 0u32..6_000 {
                let now = Duration::from_millis(u64::from(tenth) * 100);
                if let FlowTurn::SlowDown { kilobytes_per_second } = flow.turn(now, &at(kilobytes)) {
                    prop_assert!(kilobytes_per_second < speed, "faster");
                    prop_assert!(offered.contains(&kilobytes_per_second));
                    speed = kilobytes_per_second;
                    steps += 1;
                }
                let gained = (f64::from(rate) - f64::from(speed)) / 10.0;
                kilobytes = (kilobytes + gained).min(f64::from(slots) * 1048.576);
                prop_assert!(steps <= offered.len());
                prop_assert!(kilobytes > 0.0 , "empty at {now:?}, {speed} kB/s, source {rate}");
            }
        }
    }
}

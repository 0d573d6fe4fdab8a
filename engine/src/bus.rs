//! The bandwidth of each bus, and who has how much of it: drives on one bus that each run at full speed would
//! make one another run dry.
//!
//! Only burns are counted, at the speed they write with: reading back, and a burn that is resumed, take what
//! there is, and underrun protection has to help the others. Owns the sum of what was given away on each bus.
//! Must not know drives or jobs.

use pitland_transport::BusShare;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// The buses of the drives of one engine.
#[derive(Debug, Default)]
pub(crate) struct Buses {
    /// Bytes a second given away, by the bus's name.
    given: Mutex<HashMap<String, u64>>,
    returned: Notify,
}

/// A part of a bus; given back when it is dropped.
#[derive(Debug)]
pub(crate) struct BusTime {
    buses: Arc<Buses>,
    bus: String,
    part: Part,
}

impl BusTime {
    /// The speed that the drive of this place is to be set to, kB/s; `None`: as was asked for.
    pub(crate) fn limit(&self, place: usize) -> Option<u32> {
        self.part.limits.get(place).copied().flatten()
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Part {
    bytes_per_second: u64,
    limits: Vec<Option<u32>>,
}

impl Buses {
    /// Takes a part of a bus for drives that work together, each with the write speeds that it offers and that
    /// were not ruled out (kB/s; none where it tells none). Waits while those that are at work leave less than
    /// the slowest speeds need. Drives that are faster than their bus at their slowest get it alone: underrun
    /// protection has to help them.
    pub(crate) async fn take(self: &Arc<Self>, bus: &BusShare, speeds: &[Vec<u32>]) -> BusTime {
        loop {
            let returned = self.returned.notified();
            tokio::pin!(returned);
            // Returns between the look and the wait are not missed.
            returned.as_mut().enable();
            if let Some(time) = self.try_take(bus, speeds) {
                return time;
            }
            returned.await;
        }
    }

    fn try_take(self: &Arc<Self>, bus: &BusShare, speeds: &[Vec<u32>]) -> Option<BusTime> {
        let mut given = self.lock();
        let used = given.entry(bus.name().to_owned()).or_default();
        let part = part(bus.bytes_per_second(), *used, speeds)?;
        *used += part.bytes_per_second;
        Some(BusTime {
            buses: Arc::clone(self),
            bus: bus.name().to_owned(),
            part,
        })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, u64>> {
        self.given.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for BusTime {
    fn drop(&mut self) {
        if let Some(used) = self.buses.lock().get_mut(&self.bus) {
            *used = used.saturating_sub(self.part.bytes_per_second);
        }
        self.buses.returned.notify_waiters();
    }
}

/// What drives that work together get of what is left of a bus: each its even part, and the slowest speed where
/// that is more. `None`: they are to wait.
fn part(rate: u64, used: u64, speeds: &[Vec<u32>]) -> Option<Part> {
    let free = rate.saturating_sub(used);
    let even = free / speeds.len().max(1) as u64;
    let bytes = |speed: u32| u64::from(speed) * 1000;
    let mut sum = 0;
    let mut limits = Vec::with_capacity(speeds.len());
    for offered in speeds {
        let within = offered.iter().copied().filter(|s| bytes(*s) <= even);
        let chosen = within.max().or(offered.iter().copied().min());
        sum += chosen.map_or(even, bytes);
        limits.push(chosen.filter(|speed| Some(*speed) < offered.iter().copied().max()));
    }
    let fits = sum <= free && free > 0;
    // Alone on the bus nobody is disturbed.
    (fits || used == 0).then_some(Part {
        bytes_per_second: sum.min(free),
        limits,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::Future;

    const SPEEDS: [u32; 3] = [8_000, 16_000, 32_000];

    fn drives(count: usize) -> Vec<Vec<u32>> {
        vec![SPEEDS.to_vec(); count]
    }

    fn of(rate: u64, used: u64, speeds: &[Vec<u32>]) -> Option<(u64, Vec<Option<u32>>)> {
        part(rate, used, speeds).map(|part| (part.bytes_per_second, part.limits))
    }

    #[test]
    fn a_lone_drive_gets_the_fastest_speed_that_the_bus_carries() {
        assert_eq!(
            of(40_000_000, 0, &drives(1)),
            Some((32_000_000, vec![None]))
        );
        assert_eq!(
            of(20_000_000, 0, &drives(1)),
            Some((16_000_000, vec![Some(16_000)]))
        );
    }

    #[test]
    fn drives_that_work_together_share_evenly() {
        assert_eq!(
            of(35_000_000, 0, &drives(2)),
            Some((32_000_000, vec![Some(16_000); 2]))
        );
    }

    #[test]
    fn drives_for_which_too_little_is_left_wait() {
        assert_eq!(of(20_000_000, 16_000_000, &drives(1)), None);
        assert_eq!(of(20_000_000, 8_000_000, &drives(2)), None);
    }

    #[test]
    fn drives_that_are_faster_than_their_bus_get_it_alone() {
        assert_eq!(
            of(10_000_000, 0, &drives(2)),
            Some((10_000_000, vec![Some(8_000); 2]))
        );
        assert_eq!(of(10_000_000, 10_000_000, &drives(1)), None);
    }

    #[test]
    fn a_drive_that_tells_no_speed_counts_with_its_even_part() {
        let speeds = [vec![], SPEEDS.to_vec()];
        assert_eq!(
            of(40_000_000, 0, &speeds),
            Some((36_000_000, vec![None, Some(16_000)]))
        );
    }

    #[tokio::test]
    async fn what_is_given_back_lets_the_next_one_go() {
        let bus: BusShare = "usb1@40MB/s".parse().unwrap();
        let buses = Arc::new(Buses::default());
        let first = buses.take(&bus, &drives(1)).await;
        let other = "usb2@40MB/s".parse().unwrap();
        let other = buses.take(&other, &drives(1)).await;
        // What is left carries the slowest speed.
        let second = buses.take(&bus, &drives(1)).await;
        let limits = [&first, &other, &second].map(|time| time.limit(0));
        assert_eq!(limits, [None, None, Some(8_000)]);
        let third_drive = drives(1);
        let third = buses.take(&bus, &third_drive);
        tokio::pin!(third);
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(third.as_mut().poll(&mut context).is_pending());
        drop(first);
        assert_eq!(third.await.limit(0), None);
    }
}

//! How fast a source gives: measured while slots are filled, not while a full ring keeps it waiting.
//!
//! Owns two sums. Must not know what is done with the rate.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Less than this tells nothing of a source.
const LEAST_BYTES: u64 = 1 << 20;

/// What a source has given, and the time that it took.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    bytes: AtomicU64,
    nanoseconds: AtomicU64,
}

impl Pace {
    /// So much came in that time.
    pub(crate) fn gave(&self, bytes: u64, within: Duration) {
        let nanoseconds = u64::try_from(within.as_nanos()).unwrap_or(u64::MAX);
        self.nanoseconds.fetch_add(nanoseconds, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Units of 1000 bytes a second; `None` before enough came.
    pub(crate) fn kilobytes_per_second(&self) -> Option<u32> {
        let bytes = self.bytes.load(Ordering::Relaxed);
        let nanoseconds = self.nanoseconds.load(Ordering::Relaxed).max(1);
        if bytes < LEAST_BYTES {
            return None;
        }
        let rate = u128::from(bytes) * 1_000_000 / u128::from(nanoseconds);
        Some(u32::try_from(rate).unwrap_or(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_what_came_in_the_time_it_took() {
        let pace = Pace::default();
        pace.gave(500_000, Duration::from_millis(50));
        assert_eq!(pace.kilobytes_per_second(), None);
        pace.gave(1_500_000, Duration::from_millis(150));
        assert_eq!(pace.kilobytes_per_second(), Some(10_000));
    }
}

//! The check of each unit of an image as data pass: a hardware CRC-32C of 64 KiB. Owns the choice of the
//! check, its unit and the table; must not know where the data come from or go to.
//!
//! One table serves all drives of a job and its journal. The producer writes it without a lock, anyone
//! reads it.

use super::sectors::SectorChecks;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// Blocks that share one check: the largest write unit (a BD cluster), and a multiple of all others.
pub(crate) const CHECK_BLOCKS: u32 = 32;
/// Bytes that share one check.
pub(crate) const CHECK_BYTES: usize = CHECK_BLOCKS as usize * 2048;
/// Units of a sample, where not all are checked.
const SAMPLE_UNITS: u64 = 32;

/// The check of a unit; a shorter one counts as filled up with zeros.
pub(crate) fn check(unit: &[u8]) -> u32 {
    static ZEROS: [u8; 4096] = [0; 4096];
    let mut crc = crc32c::crc32c(unit);
    let mut missing = CHECK_BYTES.saturating_sub(unit.len());
    while missing > 0 {
        let piece = ZEROS.get(..missing.min(ZEROS.len())).unwrap_or(&ZEROS);
        crc = crc32c::crc32c_append(crc, piece);
        missing -= piece.len();
    }
    crc
}

/// Which units' checks are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    /// All: 4 bytes and a bit for each.
    All,
    /// At most 32, both ends of the image among them.
    Sample,
    /// None.
    None,
}

/// The checks of an image's units, by the units' numbers in the whole image.
#[derive(Debug)]
pub(crate) struct Checks {
    image_bytes: u64,
    kept: Kept,
    /// The sampled units, rising.
    sample: Vec<u64>,
    /// Of each unit that is kept.
    values: Vec<AtomicU32>,
    /// A bit for each value that was taken: any value may be a check.
    taken: Vec<AtomicU64>,
    /// Those of a CD's sectors, in place of units.
    sectors: Option<SectorChecks>,
}

impl Checks {
    /// A table for an image of so many blocks of 2048 bytes.
    pub(crate) fn new(image_blocks: u64, kept: Kept) -> Arc<Self> {
        let units = image_blocks.div_ceil(u64::from(CHECK_BLOCKS));
        let sample = sample_of(units);
        let places = match kept {
            Kept::All => usize::try_from(units).unwrap_or(usize::MAX),
            Kept::Sample => sample.len(),
            Kept::None => 0,
        };
        Arc::new(Self {
            image_bytes: image_blocks.saturating_mul(2048),
            kept,
            sample,
            values: (0..places).map(|_| AtomicU32::new(0)).collect(),
            taken: (0..places.div_ceil(64))
                .map(|_| AtomicU64::new(0))
                .collect(),
            sectors: None,
        })
    }

    /// A table for the sectors of a CD, whose blocks are no units.
    pub(crate) fn of_sectors(sectors: SectorChecks) -> Arc<Self> {
        Arc::new(Self {
            image_bytes: 0,
            kept: Kept::None,
            sample: Vec::new(),
            values: Vec::new(),
            taken: Vec::new(),
            sectors: Some(sectors),
        })
    }

    /// The checks of a CD's sectors, where these are some.
    pub(crate) fn sectors(&self) -> Option<&SectorChecks> {
        self.sectors.as_ref()
    }

    /// Takes the checks of the units that are whole in `bytes`, which begin at `position` in the image;
    /// the image's last unit is whole when it reaches the image's end.
    pub(crate) fn take(&self, position: u64, bytes: &[u8]) {
        if let Some(sectors) = &self.sectors {
            sectors.take(position, bytes);
        }
        match self.kept {
            Kept::All => {
                let mut unit = position.div_ceil(CHECK_BYTES as u64);
                while self.take_unit(unit, position, bytes) {
                    unit += 1;
                }
            }
            Kept::Sample => {
                let first = position.div_ceil(CHECK_BYTES as u64);
                let at = self.sample.partition_point(|unit| *unit < first);
                let sampled = self.sample.get(at..).unwrap_or_default();
                for unit in sampled {
                    if !self.take_unit(*unit, position, bytes) {
                        break;
                    }
                }
            }
            Kept::None => {}
        }
    }

    /// Whether the unit was in the bytes.
    fn take_unit(&self, unit: u64, position: u64, bytes: &[u8]) -> bool {
        let start = unit.saturating_mul(CHECK_BYTES as u64);
        let end = (start.saturating_add(CHECK_BYTES as u64)).min(self.image_bytes);
        let within = |at: u64| usize::try_from(at.checked_sub(position)?).ok();
        let (Some(from), Some(to)) = (within(start), within(end)) else {
            return false;
        };
        let Some(unit_bytes) = bytes.get(from..to).filter(|unit| !unit.is_empty()) else {
            return false;
        };
        if self.place(unit).is_some() {
            self.put(unit, check(unit_bytes));
        }
        true
    }

    fn place(&self, unit: u64) -> Option<usize> {
        match self.kept {
            Kept::All => usize::try_from(unit).ok(),
            Kept::Sample => self.sample.binary_search(&unit).ok(),
            Kept::None => None,
        }
    }

    /// Notes the check of a unit that was taken before.
    pub(crate) fn put(&self, unit: u64, check: u32) {
        if let Some(place) = self.place(unit)
            && let (Some(value), Some(taken)) = (self.values.get(place), self.taken.get(place / 64))
        {
            value.store(check, Ordering::Relaxed);
            // Whoever sees the bit sees the value.
            taken.fetch_or(1 << (place % 64), Ordering::Release);
        }
    }

    /// The check of a unit; `None` where it was not taken.
    pub(crate) fn of(&self, unit: u64) -> Option<u32> {
        let place = self.place(unit)?;
        let taken = self.taken.get(place / 64)?.load(Ordering::Acquire);
        if taken & (1 << (place % 64)) == 0 {
            return None;
        }
        Some(self.values.get(place)?.load(Ordering::Relaxed))
    }

    /// Whether these bytes, filled up with zeros, are the unit; `None` where its check was not taken.
    pub(crate) fn matches(&self, unit: u64, bytes: &[u8]) -> Option<bool> {
        Some(self.of(unit)? == check(bytes))
    }

    /// The units of a sample of the image, rising: at most 32, both ends among them. Whether their checks
    /// were taken, [`Self::of`] tells.
    #[cfg(test)]
    pub(crate) fn sampled(&self) -> &[u64] {
        &self.sample
    }
}

fn sample_of(units: u64) -> Vec<u64> {
    let count = units.min(SAMPLE_UNITS);
    let Some(gaps) = count.checked_sub(1).filter(|gaps| *gaps > 0) else {
        return (0..count).collect();
    };
    // In 128 bits: the number of units is anyone's claim.
    (0..count)
        .map(|n| (u128::from(n) * u128::from(units - 1) / u128::from(gaps)) as u64)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(bytes: usize) -> Vec<u8> {
        (0..bytes).map(|n| (n / 511 + n) as u8).collect()
    }

    #[test]
    fn the_check_is_crc_32c() {
        // The catalogue's check value for CRC-32C (iSCSI) over "123456789".
        assert_eq!(crc32c::crc32c(b"123456789"), 0xE306_9283);
        let unit = image(CHECK_BYTES);
        assert_eq!(check(&unit), crc32c::crc32c(&unit));
    }

    #[test]
    fn a_short_unit_counts_as_filled_up_with_zeros() {
        for length in [0, 1, 2048, 61_440, CHECK_BYTES - 1] {
            let mut unit = image(length);
            let short = check(&unit);
            unit.resize(CHECK_BYTES, 0);
            assert_eq!(short, check(&unit), "{length}");
        }
    }

    #[test]
    fn every_unit_of_an_image_is_taken_however_its_pieces_are_cut() {
        let blocks = 5 * 32 + 3;
        let image = image(blocks * 2048);
        for piece in [CHECK_BYTES, 2 * CHECK_BYTES, 16 * CHECK_BYTES] {
            let checks = Checks::new(blocks as u64, Kept::All);
            for (n, bytes) in image.chunks(piece).enumerate() {
                checks.take((n * piece) as u64, bytes);
            }
            for (unit, bytes) in image.chunks(CHECK_BYTES).enumerate() {
                assert_eq!(checks.of(unit as u64), Some(check(bytes)));
                assert_eq!(checks.matches(unit as u64, bytes), Some(true));
                let mut other = bytes.to_vec();
                other[77] ^= 1;
                assert_eq!(checks.matches(unit as u64, &other), Some(false));
            }
            assert_eq!(checks.of(6), None);
        }
    }

    #[test]
    fn a_unit_that_did_not_pass_whole_is_not_taken() {
        let checks = Checks::new(64, Kept::All);
        let image = image(64 * 2048);
        checks.take(2048, &image[2048..CHECK_BYTES + 2048]);
        assert_eq!((checks.of(0), checks.of(1)), (None, None));
        assert_eq!(checks.matches(0, &image[..CHECK_BYTES]), None);
        checks.take(2048, &image[2048..]);
        assert_eq!(checks.of(0), None);
        assert_eq!(checks.matches(1, &image[CHECK_BYTES..]), Some(true));
    }

    #[test]
    fn a_unit_whose_check_is_zero_counts_as_taken() {
        // The register runs backwards from the end that gives 0, over four bytes.
        let mut wanted = u32::MAX;
        for _ in 0..32 {
            let carried = wanted >> 31;
            wanted = (wanted ^ (carried * 0x82F6_3B78)) << 1 | carried;
        }
        let mut unit = image(CHECK_BYTES);
        let (before, last) = unit.split_at_mut(CHECK_BYTES - 4);
        let register = !crc32c::crc32c(before);
        last.copy_from_slice(&(register ^ wanted).to_le_bytes());
        assert_eq!(check(&unit), 0);

        let checks = Checks::new(32, Kept::All);
        assert_eq!(checks.of(0), None);
        checks.take(0, &unit);
        assert_eq!(checks.of(0), Some(0));
    }

    #[test]
    fn a_sample_has_both_ends_and_at_most_32_units() {
        for units in [0u64, 1, 2, 3, 31, 32, 33, 1000, u64::MAX / 64] {
            let sample = sample_of(units);
            assert_eq!(sample.len() as u64, units.min(32));
            assert!(sample.is_sorted_by(|a, b| a < b), "{sample:?}");
            if units > 0 {
                assert_eq!((sample[0], sample[sample.len() - 1]), (0, units - 1));
            }
        }
    }

    #[test]
    fn only_what_is_asked_for_is_kept() {
        let blocks = 100 * 32;
        let image = image(blocks * 2048);
        let sampled = Checks::new(blocks as u64, Kept::Sample);
        let none = Checks::new(blocks as u64, Kept::None);
        for (n, bytes) in image.chunks(16 * CHECK_BYTES).enumerate() {
            sampled.take((n * 16 * CHECK_BYTES) as u64, bytes);
            none.take((n * 16 * CHECK_BYTES) as u64, bytes);
        }
        let mut kept = Vec::new();
        for (unit, bytes) in image.chunks(CHECK_BYTES).enumerate() {
            let unit = unit as u64;
            assert_eq!(none.of(unit), None);
            if sampled.of(unit).is_some() {
                assert_eq!(sampled.matches(unit, bytes), Some(true));
                kept.push(unit);
            }
        }
        assert_eq!(kept, sampled.sampled());
        assert_eq!(kept.len(), 32);
    }
}

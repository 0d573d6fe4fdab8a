//! Chance that comes from a seed, so that what failed once fails again.
//!
//! Owns the generator (SplitMix64, public domain). Must not know what is
//! decided with it.

/// A sequence of numbers that its seed determines.
#[derive(Debug, Clone)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `end`; 0 when `end` is 0. Its bias is below `end` in
    /// 2^64.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^= mixed >> 31;
        mixed.checked_rem(end).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_its_sequence_and_another_seed_another() {
        let throw = |seed| {
            let mut dice = Dice::new(seed);
            (0..32).map(|_| dice.below(1000)).collect::<Vec<_>>()
        };
        assert_eq!(throw(1), throw(1));
        assert_ne!(throw(1), throw(2));
        assert!(throw(3).iter().all(|n| *n < 1000));
        assert_eq!(Dice::new(1).below(0), 0);
    }

    #[test]
    fn the_throws_are_spread_over_the_range() {
        let mut dice = Dice::new(0);
        let mut counts = [0_u32; 8];
        for _ in 0..8000 {
            counts[dice.below(8) as usize] += 1;
        }
        assert!(counts.iter().all(|n| (800..1200).contains(n)), "{counts:?}");
    }
}

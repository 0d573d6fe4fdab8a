//! How a disc is left, where that depends on the disc: one that is nearly full, and one that players shall read.
//!
//! Owns the rule, before any plan is made. Must not know writers: they are asked for the one or the other end.

use crate::config::BurnOptions;
use pitland_mmc::Profile;
use pitland_writer::{Finish, MediaFacts};

/// A disc is nearly full when no more than one part in so many is free.
const NEARLY_FULL: u64 = 50;

/// The end of a burn of so many blocks onto this medium.
pub(super) fn finish(options: &BurnOptions, facts: &MediaFacts, blocks: u64) -> Finish {
    let profile = facts.profile();
    let for_players =
        options.dvd_compatibility && matches!(profile, Profile::DvdPlusR | Profile::DvdPlusRDl);
    let fills_up = options.finalize_when_full && is_filled_by(facts, blocks);
    match for_players || fills_up {
        true => Finish::FinalizeDisc,
        false => options.finish,
    }
}

/// Whether a session of so many blocks leaves nearly nothing. A medium without sessions has no such end, nor one
/// whose room the drive does not tell.
fn is_filled_by(facts: &MediaFacts, blocks: u64) -> bool {
    let (Some(free), Some(total)) = (facts.free_blocks(), facts.total_capacity()) else {
        return false;
    };
    let left = free.saturating_sub(blocks);
    !facts.profile().is_overwritable() && left.saturating_mul(NEARLY_FULL) <= total
}

#[cfg(test)]
mod tests {
    use super::*;
    use pitland_writer::testing::media;

    fn facts(room: u64) -> MediaFacts {
        let facts = media::bd_r_blank().build();
        assert_eq!(facts.free_blocks(), facts.total_capacity());
        assert!(facts.free_blocks() > Some(room));
        facts
    }

    #[test]
    fn a_disc_with_two_percent_left_is_full_and_one_with_a_block_more_is_not() {
        let facts = facts(100);
        let total = facts.total_capacity().unwrap();
        let two_percent = total / 50;
        let options = BurnOptions::default().finalize_when_full(true);
        let after = |left: u64| finish(&options, &facts, total - left);
        assert_eq!(after(two_percent), Finish::FinalizeDisc);
        assert_eq!(after(0), Finish::FinalizeDisc);
        assert_eq!(after(two_percent + 1), Finish::CloseSession);
        // More than there is will be refused; that is not decided here.
        assert_eq!(finish(&options, &facts, total + 9), Finish::FinalizeDisc);
        let unasked = BurnOptions::default();
        assert_eq!(finish(&unasked, &facts, total), Finish::CloseSession);
    }

    #[test]
    fn a_medium_without_sessions_is_never_full() {
        let facts = media::bd_re_formatted().build();
        let options = BurnOptions::default().finalize_when_full(true);
        assert_eq!(finish(&options, &facts, u64::MAX), Finish::CloseSession);
    }
}

//! Writing without the drive's own verification, by WRITE (12) with the streaming bit (recipe 7).
//!
//! Owns where that is possible and which part of a burn is written so. Must not know what the blocks are,
//! but that file systems have their anchors at both ends.

#[cfg(test)]
mod tests;

use crate::facts::MediaFacts;
use crate::plan::{Extent, Warning, WriteCommand};
use crate::request::BurnRequest;
use pitland_mmc::feature::{Feature, FeatureCode};
use pitland_mmc::{Lba, Profile};

/// Blocks of a streaming write, and of its place: one drive wrote junk in smaller ones.
const UNIT: u32 = 32;
/// Blocks at the front that are verified all the same: the anchors of file systems.
const ANCHORS: i32 = 2048;

/// Whether a drive that reads back what it writes on such a medium can be told not to. Without condition
/// that failed on one drive: the feature and the medium must both have it.
fn is_offered(facts: &MediaFacts) -> bool {
    let streams = matches!(
        facts.current_feature(FeatureCode::RealTimeStreaming),
        Some(Feature::RealTimeStreaming(feature)) if feature.stream_writing
    );
    let takes = matches!(
        facts.profile(),
        Profile::DvdRam | Profile::BdRSrm | Profile::BdRe
    );
    streams && takes
}

/// The blocks of an extent for a drive that reads back what it writes on this medium, or does not
/// (`verifies`), and what is to be said of that: streamed where its verification is not wanted.
pub fn written(
    facts: &MediaFacts,
    extent: Extent,
    burn: &BurnRequest,
    verifies: bool,
) -> (Vec<Extent>, Option<Warning>) {
    if !verifies {
        return (vec![extent], None);
    }
    match burn.fast_write && is_offered(facts) {
        true => (split(extent), Some(Warning::DefectsNotReplaced)),
        false => (vec![extent], Some(Warning::VerifiedByDrive)),
    }
}

/// An extent in up to three: the front with the anchors, the bulk that is streamed in whole and aligned
/// units, and what is left. One that is too short stays as it is.
fn split(extent: Extent) -> Vec<Extent> {
    let start = extent.first_lba.0;
    let parts = || {
        let end = start.checked_add_unsigned(u32::try_from(extent.blocks).ok()?)?;
        let unit = i32::try_from(UNIT).ok()?;
        let front = start.checked_add(ANCHORS + unit - 1)?;
        let bulk = front - front.rem_euclid(unit);
        let rest = end - end.rem_euclid(unit);
        (bulk < rest).then_some([(start, bulk), (bulk, rest), (rest, end)])
    };
    let Some(parts) = parts() else {
        return vec![extent];
    };
    parts
        .into_iter()
        .enumerate()
        .filter(|(_, (from, to))| from < to)
        .map(|(number, (from, to))| {
            let mut part = extent.clone();
            part.first_lba = Lba(from);
            part.blocks = u64::from(to.abs_diff(from));
            if number == 1 {
                part.command = WriteCommand::Write12Streaming;
                part.unit = UNIT;
            }
            part
        })
        .collect()
}

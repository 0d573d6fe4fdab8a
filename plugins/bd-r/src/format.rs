//! Formatting a BD-R, which can be done once, before anything is written (recipe 7).
//!
//! Owns the choice of the format. Must not know how a formatted disc is burned.

use pitland_writer::mmc::SectorCount;
use pitland_writer::mmc::param::{FormatParameterList, FormatType};
use pitland_writer::mmc::reply::{CapacityDescriptor, DiscStatus};
use pitland_writer::{
    Certification, ExpectedMedium, FormatRequest, MediaFacts, MediumCondition, MissingFact, Recipe,
    Refusal, moves,
};

/// Subtype of both format types: sequential recording without pseudo-overwrite.
const SEQUENTIAL: u8 = 1;
/// Blocks of one cluster; formatted sizes are counted in whole ones.
const CLUSTER: u64 = 32;
const BLOCK_BYTES: u64 = 2048;

/// The recipe of a format.
pub(crate) fn recipe(facts: &MediaFacts, request: &FormatRequest) -> Result<Recipe, Refusal> {
    let profile = facts.profile();
    let status = facts.disc.as_ref().map(|disc| disc.status);
    match facts.condition() {
        MediumCondition::NoMedium => return Err(Refusal::NoMedium),
        // Formatted but unwritten counts as blank too, yet a second format is refused by the drive.
        MediumCondition::Blank if status == Some(DiscStatus::Blank) => {}
        _ => return Err(Refusal::NotFormattable { profile }),
    }
    if facts.format_capacities.is_none() {
        return Err(Refusal::FactMissing {
            what: MissingFact::FormatCapacities,
        });
    }
    // Nothing of a disc that is written once is tried before.
    if matches!(
        request.certification,
        Certification::Quick | Certification::Full
    ) {
        return Err(Refusal::NoSuchCertification {
            wanted: request.certification,
        });
    }
    let chosen = choose(facts, request)?;
    let list = FormatParameterList {
        fov: true,
        immed: true,
        blocks: chosen.blocks,
        kind: chosen.kind,
        subtype: SEQUENTIAL,
        parameter: chosen.parameter,
        ..FormatParameterList::default()
    };
    let expected = ExpectedMedium::sessions(0, None);
    Ok(Recipe::new()
        .prepare([moves::format(&list)])
        .expect(expected))
}

fn choose(facts: &MediaFacts, request: &FormatRequest) -> Result<CapacityDescriptor, Refusal> {
    let wanted = match (request.kind, request.spare_bytes) {
        (None, None) => FormatType::Full,
        (None, Some(_)) => FormatType::BdRWithSpare,
        (Some(kind), _) => FormatType::from_code(kind),
    };
    let chosen = match (wanted, request.spare_bytes) {
        (FormatType::Full, None) => facts.listed_formats(wanted).next().copied(),
        (FormatType::BdRWithSpare, None) => facts.listed_formats(wanted).next().copied(),
        (FormatType::BdRWithSpare, Some(spare)) => with_spare(facts, spare),
        _ => None,
    };
    chosen.ok_or_else(|| Refusal::NoSuchFormat {
        kind: wanted.code(),
        offered: facts.offered_formats(),
    })
}

/// A format with at least that much spare area, between the smallest and the largest that the drive
/// lists. `None` where that cannot be; no spare area at all is not to be had by formatting.
fn with_spare(facts: &MediaFacts, spare_bytes: u64) -> Option<CapacityDescriptor> {
    let raw = u64::from(facts.format_capacities.as_ref()?.current.blocks.0);
    let listed = || facts.listed_formats(FormatType::BdRWithSpare);
    let smallest = listed().min_by_key(|format| format.blocks)?;
    let largest = listed().max_by_key(|format| format.blocks)?;
    let spare = spare_bytes.div_ceil(BLOCK_BYTES);
    let left = raw.checked_sub(spare).filter(|_| spare > 0)?;
    let blocks = (left / CLUSTER * CLUSTER).min(u64::from(largest.blocks.0));
    if blocks < u64::from(smallest.blocks.0) {
        return None;
    }
    let blocks = SectorCount(u32::try_from(blocks).ok()?);
    // A listed size brings its own parameter; a size in between takes the largest one's.
    let exact = listed().find(|format| format.blocks == blocks);
    Some(CapacityDescriptor {
        blocks,
        ..*exact.unwrap_or(largest)
    })
}

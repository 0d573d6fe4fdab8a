//! Incremental recording: a track and a session a burn, and the rest of one that was cut off
//! (recipe 6).
//!
//! Owns the recipes. Must not know when this way is taken.

use crate::layers::would_fit_one_layer;
use crate::{at_once, calibration, finality, page};
use pitland_writer::mmc::cdb::CloseFunction;
use pitland_writer::mmc::feature::FeatureCode;
use pitland_writer::mmc::mode_page::{MultiSession, WriteParameters};
use pitland_writer::sequential::Spot;
use pitland_writer::speed::set_burn_speed;
use pitland_writer::write_parameters::unprotected;
use pitland_writer::{
    BurnRequest, ExpectedMedium, Extent, Finish, MediaFacts, Occasion, PlannedCommand, Recipe,
    Recording, Refusal, ResumeRequest, SensePattern, moves,
};

/// Blocks that a border may cost, twice what was seen (recipe 13): with less left, whether the disc
/// stays appendable is the drive's decision.
const BORDER_BLOCKS: u64 = 2 * 37_792;
/// The answer to the first block of an incremental track on a disc that was blanked the quick way, of
/// drives that offer it all the same (recipe 6).
const ONLY_AT_ONCE: SensePattern = SensePattern::exactly(0x5, 0x64, 0x00);

/// The recipe of a burn.
pub(crate) fn recipe(
    facts: &MediaFacts,
    spot: &Spot,
    burn: &BurnRequest,
) -> Result<Recipe, Refusal> {
    let extent = spot.extent(burn)?;
    let blocks = extent.blocks;
    let recipe = track(facts, spot, burn, Some(extent)).warn(would_fit_one_layer(facts, blocks));
    // A disc that has a session was recorded incrementally before; one that is written once was never
    // blanked the quick way, and is not made final because of an answer that it should not give.
    let may_differ =
        spot.blank && burn.recording == Recording::AsUsual && facts.profile().is_rewritable();
    let other_way = may_differ.then(|| at_once::recipe(facts, spot, burn));
    Ok(match other_way {
        Some(Ok(other)) => recipe.instead(ONLY_AT_ONCE, other),
        _ => recipe,
    })
}

/// Where a burn goes on that was cut off. Only in incremental recording: one at once cannot go on, and is
/// known by its reserved track also in a drive that offers incremental recording of every disc.
pub(crate) fn cut_off(facts: &MediaFacts, resume: &ResumeRequest) -> Result<(Spot, u64), Refusal> {
    let place = Spot::where_cut_off(facts, resume)?;
    let (spot, _) = place;
    let at_once = facts
        .tracks
        .iter()
        .any(|track| track.track == spot.track && track.reserved);
    let incremental = facts.feature_current(FeatureCode::IncrementalStreamingWritable.code());
    match incremental && !at_once {
        true => Ok(place),
        false => Err(Refusal::NothingToResume),
    }
}

/// The recipe of the rest of a burn.
pub(crate) fn rest(facts: &MediaFacts, resume: &ResumeRequest) -> Result<Recipe, Refusal> {
    let (spot, missing) = cut_off(facts, resume)?;
    Ok(track(facts, &spot, &resume.burn, spot.rest(missing)).goes_on())
}

/// A track, or what is missing of one, and its end.
fn track(facts: &MediaFacts, spot: &Spot, burn: &BurnRequest, extent: Option<Extent>) -> Recipe {
    let page = page::incremental(facts, burn);
    let blocks = extent.as_ref().map_or(0, |extent| extent.blocks);
    let recipe = Recipe::new().prepare([moves::set_write_parameters(&page)]);
    let recipe = match extent {
        None => recipe,
        Some(extent) => recipe
            .at_speed(set_burn_speed(facts, burn))
            .prepare(calibration(facts, burn))
            .extent(extent.under(&page))
            .warn(unprotected(&page, burn)),
    };
    if burn.test_write {
        // A track that is closed in test write breaks the next one (recipe 3).
        return recipe.close(moves::synchronize_cache());
    }
    let last = page.multi_session == MultiSession::Final;
    let finish = if last {
        Finish::FinalizeDisc
    } else {
        Finish::CloseSession
    };
    let recipe = match last {
        true => recipe.warn(finality(spot, burn, blocks)),
        false => recipe,
    };
    recipe
        .close(closing(spot, burn.finish, &page))
        .expect(expected(spot, blocks, finish))
        .resumable()
}

fn expected(spot: &Spot, blocks: u64, finish: Finish) -> ExpectedMedium {
    spot.expected_after(blocks, finish, BORDER_BLOCKS)
}

/// The closing moves. Whether the disc is final is said by the page, also of a burn that is cancelled:
/// there it is taken back, because nobody asked to finalize half of it.
fn closing(spot: &Spot, finish: Finish, page: &WriteParameters) -> Vec<PlannedCommand> {
    let open = WriteParameters {
        multi_session: MultiSession::NextSessionAllowed,
        ..page.clone()
    };
    let mut closing = spot.closing(finish, CloseFunction::Session);
    let after_cancel = closing
        .iter()
        .position(|command| command.occasion == Occasion::AfterCancel);
    if let Some(at) = after_cancel {
        let taken_back = moves::clear_test_write(&open).only(Occasion::AfterCancel);
        closing.insert(at, taken_back);
    }
    closing
}

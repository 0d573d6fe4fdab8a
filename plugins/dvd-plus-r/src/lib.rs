//! The writer of DVD+R and DVD+R DL (recipe 6).
//!
//! Owns what is particular to +R: one track a session, at most 153 sessions, the layer break of a
//! dual-layer disc, and the functions that finalize. Must not know the engine, or any other medium.

mod layers;

use layers::Layers;
use pitland_writer::facts::MOST_DVD_PLUS_R_SESSIONS as MOST_SESSIONS;
use pitland_writer::mmc::Profile;
use pitland_writer::mmc::cdb::CloseFunction;
use pitland_writer::sequential::{Spot, Unclosed};
use pitland_writer::speed::set_burn_speed;
use pitland_writer::write_parameters::not_needed;
use pitland_writer::{
    BurnRequest, ByRecipe, CloseRequest, ExpectedMedium, Extent, Finish, MediaFacts,
    PlannedCommand, Recipe, RecipeWriter, Refusal, ResumeRequest, Service, WriterInfo, moves,
};

/// Blocks from the end of a session to the start of the next (recipe 6), and one write unit.
const BORDER_BLOCKS: u64 = 2048 + 16;

/// The writer of DVD+R and DVD+R DL.
pub type DvdPlusR = ByRecipe<Recipes>;

/// Its recipes.
#[derive(Debug)]
pub struct Recipes;

impl RecipeWriter for Recipes {
    fn info() -> WriterInfo {
        WriterInfo::new(
            "dvd-plus-r",
            "DVD+R and DVD+R DL, sequential recording",
            vec![Profile::DvdPlusR, Profile::DvdPlusRDl],
        )
    }

    fn offer(facts: &MediaFacts, burn: &BurnRequest) -> Result<Service, Refusal> {
        spot(facts, burn)?.offer(burn)
    }

    fn burn(facts: &MediaFacts, burn: &BurnRequest) -> Result<Recipe, Refusal> {
        let spot = spot(facts, burn)?;
        let extent = spot.extent(burn)?;
        let layers = Layers::plan(facts, &spot, extent.blocks, burn.finish);
        Ok(session(facts, &spot, burn, Some(extent), layers))
    }

    fn offer_rest(facts: &MediaFacts, resume: &ResumeRequest) -> Result<Service, Refusal> {
        Spot::where_cut_off(facts, resume).map(|(spot, _)| spot.service())
    }

    /// Its layer break was set when it began, or never will be.
    fn rest(facts: &MediaFacts, resume: &ResumeRequest) -> Result<Recipe, Refusal> {
        let (spot, missing) = Spot::where_cut_off(facts, resume)?;
        let layers = Layers::default();
        Ok(session(facts, &spot, &resume.burn, spot.rest(missing), layers).goes_on())
    }

    fn close(facts: &MediaFacts, close: &CloseRequest) -> Result<Recipe, Refusal> {
        Ok(Unclosed::recipe(facts, close, finalize_function(facts))?
            .prepare(announcement(close.finalize)))
    }
}

fn spot(facts: &MediaFacts, burn: &BurnRequest) -> Result<Spot, Refusal> {
    let spot = Spot::find(facts, burn.placement)?;
    if spot.sessions >= MOST_SESSIONS {
        return Err(Refusal::SessionLimit {
            limit: MOST_SESSIONS,
        });
    }
    not_needed(facts.profile(), burn)?;
    Ok(spot)
}

/// A session, or what is missing of one, and its end.
fn session(
    facts: &MediaFacts,
    spot: &Spot,
    burn: &BurnRequest,
    extent: Option<Extent>,
    layers: Layers,
) -> Recipe {
    let blocks = extent.as_ref().map_or(0, |extent| extent.blocks);
    let recipe = match extent {
        None => Recipe::new(),
        Some(extent) => Recipe::new()
            .at_speed(set_burn_speed(facts, burn))
            .prepare(layers.set_break)
            .extent(extent)
            .warn(layers.warning),
    };
    recipe
        .prepare(announcement(burn.finish == Finish::FinalizeDisc))
        .close(spot.closing(burn.finish, finalize_function(facts)))
        .expect(expected(spot, blocks, burn.finish))
        .resumable()
}

fn expected(spot: &Spot, blocks: u64, finish: Finish) -> ExpectedMedium {
    let mut expected = spot.expected_after(blocks, finish, BORDER_BLOCKS);
    if spot.sessions + 1 >= MOST_SESSIONS {
        // The last session that the disc can hold: what the drive calls it then is its own affair.
        expected.appendable = expected.appendable.filter(|appendable| !appendable);
        expected.nwa_at_least = None;
    }
    expected
}

/// What comes before a job that finalizes, for firmware that looks for it.
fn announcement(finalizes: bool) -> Option<PlannedCommand> {
    finalizes.then(moves::announce_finalize)
}

/// Dual-layer discs want the minimal radius (recipe 6); single-layer ones take the plain function.
fn finalize_function(facts: &MediaFacts) -> CloseFunction {
    match facts.profile().is_dual_layer() {
        true => CloseFunction::FinalizeMinimalRadius,
        false => CloseFunction::Finalize,
    }
}

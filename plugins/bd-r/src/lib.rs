//! The writer of BD-R in sequential recording mode (recipe 7).
//!
//! Owns what is particular to BD-R: it may be formatted once to gain spare areas, it is closed by
//! function 1 and 2 or finalized by 6, and the drive's verification can be left out. A disc that someone
//! formatted for pseudo-overwrite is written like any other, in its last track; nothing on it is written
//! over. Must not know the engine, or any other medium.

mod format;

use pitland_writer::mmc::Profile;
use pitland_writer::mmc::cdb::CloseFunction;
use pitland_writer::mmc::feature::FeatureCode;
use pitland_writer::sequential::{Spot, Unclosed};
use pitland_writer::speed::set_burn_speed;
use pitland_writer::streaming;
use pitland_writer::write_parameters::not_needed;
use pitland_writer::{
    BurnRequest, ByRecipe, CloseRequest, Extent, FormatRequest, MediaFacts, Recipe, RecipeWriter,
    Refusal, Request, ResumeRequest, Service, Warning, WriterInfo,
};

/// From this number of sessions on, further ones are likely to fail (recipe 7).
const MANY_SESSIONS: u32 = 300;
/// Blocks that the border to a further session may cost: with less left, whether the disc stays
/// appendable is the drive's decision.
const BORDER_BLOCKS: u64 = 8192;

/// The writer of BD-R in sequential recording mode.
pub type BdR = ByRecipe<Recipes>;

/// Its recipes.
#[derive(Debug)]
pub struct Recipes;

impl RecipeWriter for Recipes {
    fn info() -> WriterInfo {
        WriterInfo::new("bd-r", "BD-R, sequential recording", vec![Profile::BdRSrm])
    }

    fn takes(facts: &MediaFacts, _: &Request) -> Result<(), Refusal> {
        match facts.profile() {
            Profile::BdRSrm => Ok(()),
            profile @ Profile::BdRRrm => Err(Refusal::NoPrecedent { profile }),
            profile => Err(Refusal::NoWriter { profile }),
        }
    }

    fn offer(facts: &MediaFacts, burn: &BurnRequest) -> Result<Service, Refusal> {
        spot(facts, burn)?.offer(burn)
    }

    fn burn(facts: &MediaFacts, burn: &BurnRequest) -> Result<Recipe, Refusal> {
        let spot = spot(facts, burn)?;
        let extent = spot.extent(burn)?;
        let many = (spot.sessions >= MANY_SESSIONS).then_some(Warning::ManySessions {
            sessions: spot.sessions,
        });
        Ok(session(facts, &spot, burn, Some(extent)).warn(many))
    }

    fn offer_rest(facts: &MediaFacts, resume: &ResumeRequest) -> Result<Service, Refusal> {
        Spot::where_cut_off(facts, resume).map(|(spot, _)| spot.service())
    }

    fn rest(facts: &MediaFacts, resume: &ResumeRequest) -> Result<Recipe, Refusal> {
        let (spot, missing) = Spot::where_cut_off(facts, resume)?;
        Ok(session(facts, &spot, &resume.burn, spot.rest(missing)).goes_on())
    }

    fn close(facts: &MediaFacts, close: &CloseRequest) -> Result<Recipe, Refusal> {
        Unclosed::recipe(facts, close, CloseFunction::Finalize)
    }

    fn format(facts: &MediaFacts, format: &FormatRequest) -> Result<Recipe, Refusal> {
        format::recipe(facts, format)
    }
}

fn spot(facts: &MediaFacts, burn: &BurnRequest) -> Result<Spot, Refusal> {
    let spot = Spot::find(facts, burn.placement)?;
    not_needed(facts.profile(), burn)?;
    Ok(spot)
}

/// A session, or what is missing of one, and its end.
fn session(facts: &MediaFacts, spot: &Spot, burn: &BurnRequest, extent: Option<Extent>) -> Recipe {
    let blocks = extent.as_ref().map_or(0, |extent| extent.blocks);
    let recipe = match extent {
        None => Recipe::new(),
        Some(extent) => {
            let verifies = facts.feature_current(FeatureCode::DefectManagement.code());
            let (extents, verified) = streaming::written(facts, extent, burn, verifies);
            Recipe::new()
                .at_speed(set_burn_speed(facts, burn))
                .extents(extents)
                .warn(verified)
        }
    };
    recipe
        .close(spot.closing(burn.finish, CloseFunction::Finalize))
        .expect(spot.expected_after(blocks, burn.finish, BORDER_BLOCKS))
        .resumable()
}

//! A writer as a plug-in, for a medium that the project does not know: the Sketch disc, which is written
//! once, session after session. Copy it, and change what your medium does differently.
//!
//! A writer decides and does no I/O. Each recipe looks at what the drive said and what is wanted; its plan
//! says everything that will be sent, and the SDK walks through it, cancelled and refused steps included.

use pitland_writer::mmc::Profile;
use pitland_writer::mmc::cdb::CloseFunction;
use pitland_writer::sequential::{Spot, Unclosed};
use pitland_writer::{
    BurnRequest, ByRecipe, CloseRequest, MediaFacts, Recipe, RecipeWriter, Refusal, Service,
    WriterInfo,
};

pitland_abi::export_writers!(crate::SketchWriter);

/// The profile that drives report for a Sketch disc. No published standard gives this number a meaning.
pub const PROFILE: Profile = Profile::Other(0x5C01);
/// Blocks that its drives write at once.
pub const UNIT: u32 = 8;
/// Blocks between two sessions.
pub const GAP: u32 = 64;

/// The writer: nothing but recipes.
pub type SketchWriter = ByRecipe<Recipes>;

/// What it does with a Sketch disc. What is not here (a format, the rest of a burn that was cut off) is
/// refused.
#[derive(Debug)]
pub struct Recipes;

impl RecipeWriter for Recipes {
    fn info() -> WriterInfo {
        WriterInfo::new("sketch", "Sketch disc, from the template", vec![PROFILE])
    }

    fn offer(facts: &MediaFacts, burn: &BurnRequest) -> Result<Service, Refusal> {
        spot(facts, burn)?.offer(burn)
    }

    fn burn(facts: &MediaFacts, burn: &BurnRequest) -> Result<Recipe, Refusal> {
        let spot = spot(facts, burn)?;
        let extent = spot.extent(burn)?;
        Ok(Recipe::new()
            .expect(spot.expected(&extent, burn.finish, GAP.into()))
            .extent(extent)
            .close(spot.closing(burn.finish, CloseFunction::Finalize)))
    }

    /// What was cut off must be closable by the writer that began it.
    fn close(facts: &MediaFacts, close: &CloseRequest) -> Result<Recipe, Refusal> {
        Unclosed::recipe(facts, close, CloseFunction::Finalize)
    }
}

/// Where a burn goes.
fn spot(facts: &MediaFacts, burn: &BurnRequest) -> Result<Spot, Refusal> {
    if burn.test_write {
        return Err(Refusal::NoTestWrite { profile: PROFILE });
    }
    let mut spot = Spot::find(facts, burn.placement)?;
    spot.unit = UNIT;
    Ok(spot)
}

//! A writer as a plug-in, for a medium that the project does not know: the Sketch disc, which is written
//! once, session after session. Copy it, and change what your medium does differently.
//!
//! A writer decides and does no I/O. `assess` and `begin` look at what the drive said; the plan says
//! everything that will be sent; the recipe walks through it, cancelled and refused steps included.

use pitland_writer::mmc::cdb::CloseFunction;
use pitland_writer::mmc::{Lba, Profile};
use pitland_writer::sequential::{self, Spot, Unclosed};
use pitland_writer::{
    BurnRequest, Event, Fit, MediaFacts, MediaWriter, Recipe, Refusal, Request, Service, Step,
    WritePlan, WriterInfo,
};

pitland_abi::export_writers!(crate::SketchWriter);

/// The profile that drives report for a Sketch disc. No published standard gives this number a meaning.
pub const PROFILE: Profile = Profile::Other(0x5C01);
/// Blocks that its drives write at once.
pub const UNIT: u32 = 8;
/// Blocks between two sessions.
pub const GAP: u32 = 64;

/// The writer: nothing but a recipe.
#[derive(Debug)]
pub struct SketchWriter(Recipe);

impl MediaWriter for SketchWriter {
    fn info() -> WriterInfo {
        WriterInfo::new("sketch", "Sketch disc, from the template", vec![PROFILE])
    }

    fn assess(facts: &MediaFacts, request: &Request) -> Fit {
        match request {
            _ if facts.profile() != PROFILE => Fit::NotMine,
            Request::Burn(burn) => offer(facts, burn).into(),
            other => recipe(facts, other)
                .map(|_| Service::new(Lba(0), 0, UNIT))
                .into(),
        }
    }

    fn begin(facts: &MediaFacts, request: &Request) -> Result<(Self, WritePlan), Refusal> {
        let (recipe, plan) = recipe(facts, request)?.build();
        Ok((Self(recipe), plan))
    }

    fn next(&mut self, event: Event) -> Step {
        self.0.next(event)
    }
}

fn recipe(facts: &MediaFacts, request: &Request) -> Result<Recipe, Refusal> {
    match request {
        Request::Burn(burn) => {
            let spot = spot(facts, burn)?;
            let extent = spot.extent(burn)?;
            Ok(Recipe::new()
                .expect(spot.expected(&extent, burn.finish, GAP.into()))
                .extent(extent)
                .close(spot.closing(burn.finish, CloseFunction::Finalize)))
        }
        // What was cut off must be closable by the writer that began it.
        Request::Close(close) => {
            let unclosed = Unclosed::find(facts, close.finalize)?;
            Ok(Recipe::new()
                .close(unclosed.closing(close.finalize.then_some(CloseFunction::Finalize)))
                .expect(unclosed.expected(close.finalize)))
        }
        _ => Err(Refusal::NotOffered),
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

/// Before the image's size is settled, `blocks` is 0: then only the place is judged.
fn offer(facts: &MediaFacts, burn: &BurnRequest) -> Result<Service, Refusal> {
    let spot = spot(facts, burn)?;
    if burn.blocks > 0 {
        sequential::padded(burn.blocks, spot.unit, spot.free_blocks)?;
    }
    Ok(spot.service())
}

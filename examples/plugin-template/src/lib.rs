//! A writer as a plug-in: BD-R, one session after another. Copy it, and change what your medium does
//! differently.
//!
//! A writer decides and does no I/O. `assess` and `begin` look at what the drive said; the plan says
//! everything that will be sent; the recipe walks through it, cancelled and refused steps included.

use pitland_writer::mmc::cdb::CloseFunction;
use pitland_writer::mmc::{Lba, Profile};
use pitland_writer::sequential::{self, Spot, Unclosed};
use pitland_writer::speed::set_speed;
use pitland_writer::{
    BurnRequest, Event, Fit, MediaFacts, MediaWriter, Recipe, Refusal, Request, Service, Step,
    WritePlan, WriterInfo,
};

pitland_abi::export_writers!(crate::TemplateWriter);

/// Blocks that a border to a further session may cost.
const BORDER_BLOCKS: u64 = 8192;

/// The writer: nothing but a recipe.
#[derive(Debug)]
pub struct TemplateWriter(Recipe);

impl MediaWriter for TemplateWriter {
    fn info() -> WriterInfo {
        WriterInfo::new("template", "BD-R, from the template", vec![Profile::BdRSrm])
    }

    fn assess(facts: &MediaFacts, request: &Request) -> Fit {
        match request {
            _ if facts.profile() != Profile::BdRSrm => Fit::NotMine,
            Request::Burn(burn) => offer(facts, burn).into(),
            other => recipe(facts, other)
                .map(|_| Service::new(Lba(0), 0, 32))
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
            let speed = set_speed(facts, burn.speed);
            Ok(Recipe::new()
                .prepare(speed.commands)
                .expect(spot.expected(&extent, burn.finish, BORDER_BLOCKS))
                .extent(extent)
                .close(spot.closing(burn.finish, CloseFunction::Finalize))
                .warn(speed.warning))
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

fn spot(facts: &MediaFacts, burn: &BurnRequest) -> Result<Spot, Refusal> {
    let profile = facts.profile();
    if profile != Profile::BdRSrm {
        return Err(Refusal::NoWriter { profile });
    }
    if burn.test_write {
        return Err(Refusal::NoTestWrite { profile });
    }
    Spot::find(facts, burn.placement)
}

/// Before the image's size is settled, `blocks` is 0: then only the place is judged.
fn offer(facts: &MediaFacts, burn: &BurnRequest) -> Result<Service, Refusal> {
    let spot = spot(facts, burn)?;
    if burn.blocks > 0 {
        sequential::padded(burn.blocks, spot.unit, spot.free_blocks)?;
    }
    // Below what a builtin writer offers: this one is taken only when it is named.
    let mut service = spot.service();
    service.fitness = 10;
    Ok(service)
}

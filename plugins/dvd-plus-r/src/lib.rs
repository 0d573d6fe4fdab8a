//! The writer of DVD+R and DVD+R DL (recipe 6).
//!
//! Owns what is particular to +R: one track a session, at most 153 sessions, the layer break of a
//! dual-layer disc, and the functions that finalize. Must not know the engine, or any other medium.

mod layers;

use layers::Layers;
use pitland_writer::mmc::cdb::CloseFunction;
use pitland_writer::mmc::{Lba, Profile};
use pitland_writer::sequential::{self, Spot, Unclosed};
use pitland_writer::speed::set_speed;
use pitland_writer::write_parameters::not_needed;
use pitland_writer::{
    BurnRequest, CloseRequest, Event, ExpectedMedium, Extent, Finish, Fit, MediaFacts, MediaWriter,
    PlannedCommand, Recipe, Refusal, Request, ResumeRequest, Service, Step, WritePlan, WriterInfo,
    moves,
};

/// The most sessions on a disc (recipe 6).
const MOST_SESSIONS: u32 = 153;
/// Blocks from the end of a session to the start of the next (recipe 6), and one write unit.
const BORDER_BLOCKS: u64 = 2048 + 16;

/// The writer of DVD+R and DVD+R DL.
#[derive(Debug)]
pub struct DvdPlusR(Recipe);

impl MediaWriter for DvdPlusR {
    fn info() -> WriterInfo {
        WriterInfo::new(
            "dvd-plus-r",
            "DVD+R and DVD+R DL, sequential recording",
            vec![Profile::DvdPlusR, Profile::DvdPlusRDl],
        )
    }

    fn assess(facts: &MediaFacts, request: &Request) -> Fit {
        if !Self::info().profiles.contains(&facts.profile()) {
            return Fit::NotMine;
        }
        match request {
            Request::Burn(burn) => offer(facts, burn).into(),
            Request::Resume(resume) => Spot::where_cut_off(facts, resume)
                .map(|(spot, _)| spot.service())
                .into(),
            other => recipe(facts, other)
                .map(|_| Service::new(Lba(0), 0, 16))
                .into(),
        }
    }

    fn begin(facts: &MediaFacts, request: &Request) -> Result<(Self, WritePlan), Refusal> {
        let profile = facts.profile();
        if !Self::info().profiles.contains(&profile) {
            return Err(Refusal::NoWriter { profile });
        }
        let (recipe, plan) = recipe(facts, request)?.build();
        Ok((Self(recipe), plan))
    }

    fn next(&mut self, event: Event) -> Step {
        self.0.next(event)
    }
}

fn recipe(facts: &MediaFacts, request: &Request) -> Result<Recipe, Refusal> {
    let profile = facts.profile();
    match request {
        Request::Burn(burn) => burn_recipe(facts, burn),
        Request::Close(close) => close_recipe(facts, close),
        Request::Resume(resume) => resume_recipe(facts, resume),
        Request::Format(_) => Err(Refusal::NotFormattable { profile }),
        Request::Erase(_) => Err(Refusal::NotRewritable { profile }),
        _ => Err(Refusal::NotOffered),
    }
}

/// What is offered for a burn; its size is judged once there is one.
fn offer(facts: &MediaFacts, burn: &BurnRequest) -> Result<Service, Refusal> {
    let spot = spot(facts, burn)?;
    if burn.blocks > 0 {
        sequential::padded(burn.blocks, spot.unit, spot.free_blocks)?;
    }
    Ok(spot.service())
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

fn burn_recipe(facts: &MediaFacts, burn: &BurnRequest) -> Result<Recipe, Refusal> {
    let spot = spot(facts, burn)?;
    let extent = spot.extent(burn)?;
    let layers = Layers::plan(facts, &spot, extent.blocks, burn.finish);
    let speed = set_speed(facts, burn.speed);
    let expected = expected(&spot, extent.blocks, burn.finish);
    Ok(Recipe::new()
        .prepare(speed.commands)
        .prepare(layers.set_break)
        .prepare(announcement(burn.finish == Finish::FinalizeDisc))
        .extent(extent)
        .close(spot.closing(burn.finish, finalize_function(facts)))
        .warn(speed.warning.into_iter().chain(layers.warning))
        .expect(expected)
        .resumable())
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

/// The rest of a burn. Its layer break was set when it began, or never will be.
fn resume_recipe(facts: &MediaFacts, resume: &ResumeRequest) -> Result<Recipe, Refusal> {
    let (spot, missing) = Spot::where_cut_off(facts, resume)?;
    let finish = resume.burn.finish;
    let mut recipe = Recipe::new().goes_on().resumable();
    if missing > 0 {
        let speed = set_speed(facts, resume.burn.speed);
        recipe = recipe
            .prepare(speed.commands)
            .extent(Extent::image(spot.nwa, missing, spot.unit))
            .warn(speed.warning);
    }
    Ok(recipe
        .prepare(announcement(finish == Finish::FinalizeDisc))
        .close(spot.closing(finish, finalize_function(facts)))
        .expect(expected(&spot, missing, finish)))
}

fn close_recipe(facts: &MediaFacts, close: &CloseRequest) -> Result<Recipe, Refusal> {
    let unclosed = Unclosed::find(facts, close.finalize)?;
    Ok(Recipe::new()
        .prepare(announcement(close.finalize))
        .close(unclosed.closing(close.finalize.then(|| finalize_function(facts))))
        .expect(unclosed.expected(close.finalize)))
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

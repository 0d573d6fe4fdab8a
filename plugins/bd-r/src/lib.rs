//! The writer of BD-R in sequential recording mode (recipe 7).
//!
//! Owns what is particular to BD-R: it may be formatted once to gain spare areas, it is closed by
//! function 1 and 2 or finalized by 6, and the drive's verification can be left out. A disc that someone
//! formatted for pseudo-overwrite is written like any other, in its last track; nothing on it is written
//! over. Must not know the engine, or any other medium.

mod format;

use pitland_writer::mmc::cdb::CloseFunction;
use pitland_writer::mmc::{Lba, Profile};
use pitland_writer::sequential::{self, Spot, Unclosed};
use pitland_writer::speed::set_speed;
use pitland_writer::streaming;
use pitland_writer::write_parameters::not_needed;
use pitland_writer::{
    BurnRequest, CloseRequest, Event, Extent, Fit, MediaFacts, MediaWriter, Recipe, Refusal,
    Request, ResumeRequest, Service, Step, Warning, WritePlan, WriterInfo,
};

/// Feature "defect management".
const FEATURE_DEFECT_MANAGEMENT: u16 = 0x0024;
/// From this number of sessions on, further ones are likely to fail (recipe 7).
const MANY_SESSIONS: u32 = 300;
/// Blocks that the border to a further session may cost: with less left, whether the disc stays
/// appendable is the drive's decision.
const BORDER_BLOCKS: u64 = 8192;

/// The writer of BD-R in sequential recording mode.
#[derive(Debug)]
pub struct BdR(Recipe);

impl MediaWriter for BdR {
    fn info() -> WriterInfo {
        WriterInfo::new("bd-r", "BD-R, sequential recording", vec![Profile::BdRSrm])
    }

    fn assess(facts: &MediaFacts, request: &Request) -> Fit {
        match of_this_writer(facts) {
            Ok(()) => {}
            Err(Refusal::NoWriter { .. }) => return Fit::NotMine,
            Err(refusal) => return Fit::Refuses(refusal),
        }
        match request {
            Request::Burn(burn) => offer(facts, burn).into(),
            Request::Resume(resume) => Spot::where_cut_off(facts, resume)
                .map(|(spot, _)| spot.service())
                .into(),
            other => recipe(facts, other)
                .map(|_| Service::new(Lba(0), 0, 32))
                .into(),
        }
    }

    fn begin(facts: &MediaFacts, request: &Request) -> Result<(Self, WritePlan), Refusal> {
        of_this_writer(facts)?;
        let (recipe, plan) = recipe(facts, request)?.build();
        Ok((Self(recipe), plan))
    }

    fn next(&mut self, event: Event) -> Step {
        self.0.next(event)
    }
}

fn of_this_writer(facts: &MediaFacts) -> Result<(), Refusal> {
    match facts.profile() {
        Profile::BdRSrm => Ok(()),
        profile @ Profile::BdRRrm => Err(Refusal::NoPrecedent { profile }),
        profile => Err(Refusal::NoWriter { profile }),
    }
}

fn recipe(facts: &MediaFacts, request: &Request) -> Result<Recipe, Refusal> {
    match request {
        Request::Burn(burn) => burn_recipe(facts, burn),
        Request::Format(format) => format::recipe(facts, format),
        Request::Close(close) => close_recipe(facts, close),
        Request::Resume(resume) => resume_recipe(facts, resume),
        Request::Erase(_) => Err(Refusal::NotRewritable {
            profile: facts.profile(),
        }),
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
    not_needed(facts.profile(), burn)?;
    Ok(spot)
}

/// The blocks of an extent, streamed where the drive's verification is not wanted, and what is said of
/// that.
fn written(
    facts: &MediaFacts,
    extent: Extent,
    burn: &BurnRequest,
) -> (Vec<Extent>, Option<Warning>) {
    match facts.feature_current(FEATURE_DEFECT_MANAGEMENT) {
        true if burn.fast_write && streaming::is_offered(facts) => {
            (streaming::split(extent), Some(Warning::DefectsNotReplaced))
        }
        true => (vec![extent], Some(Warning::VerifiedByDrive)),
        false => (vec![extent], None),
    }
}

fn burn_recipe(facts: &MediaFacts, burn: &BurnRequest) -> Result<Recipe, Refusal> {
    let spot = spot(facts, burn)?;
    let extent = spot.extent(burn)?;
    let speed = set_speed(facts, burn.speed);
    let many = (spot.sessions >= MANY_SESSIONS).then_some(Warning::ManySessions {
        sessions: spot.sessions,
    });
    let expected = spot.expected(&extent, burn.finish, BORDER_BLOCKS);
    let (extents, verified) = written(facts, extent, burn);
    Ok(Recipe::new()
        .prepare(speed.commands)
        .expect(expected)
        .extents(extents)
        .close(spot.closing(burn.finish, CloseFunction::Finalize))
        .warn(speed.warning.into_iter().chain(many).chain(verified))
        .resumable())
}

fn resume_recipe(facts: &MediaFacts, resume: &ResumeRequest) -> Result<Recipe, Refusal> {
    let (spot, missing) = Spot::where_cut_off(facts, resume)?;
    let finish = resume.burn.finish;
    let mut recipe = Recipe::new().goes_on().resumable();
    if missing > 0 {
        let speed = set_speed(facts, resume.burn.speed);
        let extent = Extent::image(spot.nwa, missing, spot.unit);
        let (extents, verified) = written(facts, extent, &resume.burn);
        recipe = recipe
            .prepare(speed.commands)
            .extents(extents)
            .warn(speed.warning.into_iter().chain(verified));
    }
    Ok(recipe
        .close(spot.closing(finish, CloseFunction::Finalize))
        .expect(spot.expected_after(missing, finish, BORDER_BLOCKS)))
}

fn close_recipe(facts: &MediaFacts, close: &CloseRequest) -> Result<Recipe, Refusal> {
    let unclosed = Unclosed::find(facts, close.finalize)?;
    Ok(Recipe::new()
        .close(unclosed.closing(close.finalize.then_some(CloseFunction::Finalize)))
        .expect(unclosed.expected(close.finalize)))
}

//! The writer of BD-R in sequential recording mode (recipe 7).
//!
//! Owns what is particular to BD-R: it may be formatted once to gain spare areas, it is closed by
//! function 1 and 2 or finalized by 6, and discs in pseudo-overwrite are not served. Must not know
//! the engine, or any other medium.

mod format;

use pitland_writer::mmc::cdb::CloseFunction;
use pitland_writer::mmc::{Lba, Profile};
use pitland_writer::sequential::{self, Spot, Unclosed};
use pitland_writer::speed::set_speed;
use pitland_writer::{
    BurnRequest, CloseRequest, Event, Extent, Fit, MediaFacts, MediaWriter, Recipe, Refusal,
    Request, ResumeRequest, Service, Step, Warning, WritePlan, WriterInfo,
};

/// Feature "pseudo-overwrite" (recipe 2.4).
const FEATURE_POW: u16 = 0x0038;
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
        if facts.profile() != Profile::BdRSrm {
            return Fit::NotMine;
        }
        match request {
            Request::Burn(burn) => offer(facts, burn).into(),
            Request::Resume(resume) => cut_off(facts, resume)
                .map(|(spot, _)| spot.service())
                .into(),
            other => recipe(facts, other)
                .map(|_| Service::new(Lba(0), 0, 32))
                .into(),
        }
    }

    fn begin(facts: &MediaFacts, request: &Request) -> Result<(Self, WritePlan), Refusal> {
        let profile = facts.profile();
        if profile != Profile::BdRSrm {
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
    refuse_pseudo_overwrite(facts)?;
    let spot = Spot::find(facts, burn.placement)?;
    if burn.test_write {
        return Err(Refusal::NoTestWrite {
            profile: facts.profile(),
        });
    }
    Ok(spot)
}

fn refuse_pseudo_overwrite(facts: &MediaFacts) -> Result<(), Refusal> {
    match facts.feature_current(FEATURE_POW) {
        true => Err(Refusal::PseudoOverwrite),
        false => Ok(()),
    }
}

fn burn_recipe(facts: &MediaFacts, burn: &BurnRequest) -> Result<Recipe, Refusal> {
    let spot = spot(facts, burn)?;
    let extent = spot.extent(burn)?;
    let speed = set_speed(facts, burn.speed);
    let many = (spot.sessions >= MANY_SESSIONS).then_some(Warning::ManySessions {
        sessions: spot.sessions,
    });
    let verified = facts
        .feature_current(FEATURE_DEFECT_MANAGEMENT)
        .then_some(Warning::VerifiedByDrive);
    Ok(Recipe::new()
        .prepare(speed.commands)
        .expect(spot.expected(&extent, burn.finish, BORDER_BLOCKS))
        .extent(extent)
        .close(spot.closing(burn.finish, CloseFunction::Finalize))
        .warn(speed.warning.into_iter().chain(many).chain(verified))
        .resumable())
}

fn cut_off(facts: &MediaFacts, resume: &ResumeRequest) -> Result<(Spot, u64), Refusal> {
    refuse_pseudo_overwrite(facts)?;
    Spot::where_cut_off(facts, resume)
}

fn resume_recipe(facts: &MediaFacts, resume: &ResumeRequest) -> Result<Recipe, Refusal> {
    let (spot, missing) = cut_off(facts, resume)?;
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
        .close(spot.closing(finish, CloseFunction::Finalize))
        .expect(spot.expected_after(missing, finish, BORDER_BLOCKS)))
}

fn close_recipe(facts: &MediaFacts, close: &CloseRequest) -> Result<Recipe, Refusal> {
    refuse_pseudo_overwrite(facts)?;
    let unclosed = Unclosed::find(facts, close.finalize)?;
    Ok(Recipe::new()
        .close(unclosed.closing(close.finalize.then_some(CloseFunction::Finalize)))
        .expect(unclosed.expected(close.finalize)))
}

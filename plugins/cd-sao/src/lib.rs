//! The writer of CD-R and CD-RW that writes a session at once (recipe 5).
//!
//! Owns what is particular to it: the cue sheet, the pregap that the host writes, and the drive's
//! closing of the session by itself. Must not know the engine, or any other medium. One data track on a
//! blank disc is all that is written yet: audio, CD-TEXT and raw blocks are other recipes.

use pitland_writer::cd::{self, DataTrack};
use pitland_writer::mmc::cdb::{Cdb, CdbBytes, ReadTrackInformation, TrackAddressType};
use pitland_writer::mmc::feature::{CdMastering, Feature, FeatureCode};
use pitland_writer::mmc::mode_page::WriteParameters;
use pitland_writer::mmc::{Lba, Profile, TrackNumber};
use pitland_writer::sequential::Spot;
use pitland_writer::speed::set_speed;
use pitland_writer::{
    BurnRequest, CdForm, Event, Fit, MediaFacts, MediaWriter, Move, Recipe, Recording, Refusal,
    Request, SensePattern, Service, Step, WritePlan, WriterInfo, moves, write_parameters,
};

/// No run-out: the lead-out follows the last block.
const RUN_OUT_BLOCKS: u32 = 0;
/// Less than a writer's that leaves a disc which sessions can be added to, and a burn that can be
/// cancelled: this one is taken when it is named, or when "at once" is asked for.
const FITNESS: u8 = 80;
/// A page or a sheet that the drive does not take (recipe 5).
const REFUSED: SensePattern = SensePattern {
    key: Some(0x5),
    asc: None,
    ascq: None,
};
/// Bytes of an answer to READ TRACK INFORMATION.
const TRACK_REPLY: u16 = 36;

/// The writer of CD-R and CD-RW, session at once.
#[derive(Debug)]
pub struct CdSao {
    recipe: Recipe,
    plan: WritePlan,
    /// The step that waits for the answer to a question.
    held_back: Option<Step>,
}

impl MediaWriter for CdSao {
    fn info() -> WriterInfo {
        WriterInfo::new(
            "cd-sao",
            "CD-R and CD-RW, session at once",
            vec![Profile::CdR, Profile::CdRw],
        )
    }

    fn assess(facts: &MediaFacts, request: &Request) -> Fit {
        if !Self::info().profiles.contains(&facts.profile()) {
            return Fit::NotMine;
        }
        match request {
            Request::Burn(burn) => offer(facts, burn).into(),
            Request::Close(close) => cd::close_recipe(facts, close)
                .map(|_| service_of_fitness(Service::new(Lba(0), 0, 1), FITNESS))
                .into(),
            // All of these are the same whatever was burned, and are offered by one writer only.
            _ => Fit::NotMine,
        }
    }

    fn begin(facts: &MediaFacts, request: &Request) -> Result<(Self, WritePlan), Refusal> {
        let profile = facts.profile();
        if !Self::info().profiles.contains(&profile) {
            return Err(Refusal::NoWriter { profile });
        }
        let recipe = match request {
            Request::Burn(burn) => burn_recipe(facts, burn)?,
            Request::Close(close) => cd::close_recipe(facts, close)?,
            _ => return Err(Refusal::NotOffered),
        };
        let (recipe, plan) = recipe.build();
        let writer = Self {
            recipe,
            plan: plan.clone(),
            held_back: None,
        };
        Ok((writer, plan))
    }

    /// As the recipe says; before a cue sheet the drive is asked for its track, because one drive does
    /// not take a sheet without, and what it answers is worth nothing (recipe 5).
    fn next(&mut self, event: Event) -> Step {
        if let Some(step) = self.held_back.take()
            && matches!(event, Event::Answer(_) | Event::Refused { .. })
        {
            return step;
        }
        let step = self.recipe.next(event);
        match &step {
            Step::Replan(plan) => self.plan = plan.as_ref().clone(),
            Step::Prepare(index) if self.purpose(*index) == Some(Move::SendCueSheet) => {
                self.held_back = Some(step);
                return Step::Ask {
                    cdb: ask_for_track(),
                    length: TRACK_REPLY.into(),
                };
            }
            _ => {}
        }
        step
    }
}

impl CdSao {
    fn purpose(&self, index: u32) -> Option<Move> {
        let index = usize::try_from(index).ok()?;
        self.plan.prepare.get(index).map(|command| command.purpose)
    }
}

fn ask_for_track() -> CdbBytes {
    ReadTrackInformation {
        open: false,
        address_type: TrackAddressType::Track,
        address: TrackNumber::INVISIBLE.0.into(),
        allocation_length: TRACK_REPLY,
    }
    .emit()
}

/// What the drive says of writing sessions at once on this disc; nothing where it does not say so.
fn mastering(facts: &MediaFacts) -> CdMastering {
    match facts.current_feature(FeatureCode::CdMastering) {
        Some(Feature::CdMastering(feature)) => feature,
        _ => CdMastering::default(),
    }
}

/// What is offered for a burn; its size is judged once there is one.
fn offer(facts: &MediaFacts, burn: &BurnRequest) -> Result<Service, Refusal> {
    let spot = spot(facts, burn)?;
    let room = cd::room(facts, &spot, RUN_OUT_BLOCKS);
    if burn.blocks > 0 {
        DataTrack::fitting(burn, spot.nwa, room, 0)?;
    }
    let mut service = spot.service();
    service.free_blocks = room;
    service.test_write = mastering(facts).test_write;
    Ok(match burn.recording {
        Recording::AtOnce => service,
        _ => service_of_fitness(service, FITNESS),
    })
}

fn service_of_fitness(mut service: Service, fitness: u8) -> Service {
    service.fitness = fitness;
    service
}

/// The start of a blank disc. A further session would be possible for some drives, at addresses that
/// each takes in its own way (recipe 5): it is written track at once.
fn spot(facts: &MediaFacts, burn: &BurnRequest) -> Result<Spot, Refusal> {
    let profile = facts.profile();
    let spot = Spot::find(facts, burn.placement)?;
    if !spot.blank {
        return Err(Refusal::MediumNotBlank { offer: None });
    }
    if burn.recording == Recording::TrackByTrack || !mastering(facts).session_at_once {
        let recording = match burn.recording {
            Recording::TrackByTrack => Recording::TrackByTrack,
            _ => Recording::AtOnce,
        };
        return Err(Refusal::NoSuchRecording { profile, recording });
    }
    // At once, form 1 blocks come from the host with their sub-headers and parities.
    if cd::form(facts, burn) != CdForm::Mode1 {
        return Err(Refusal::NotOffered);
    }
    if burn.test_write && !mastering(facts).test_write {
        return Err(Refusal::NoTestWrite { profile });
    }
    Ok(spot)
}

/// The block type of the page is left to the cue sheet, or says the same, for drives that want it so.
fn burn_recipe(facts: &MediaFacts, burn: &BurnRequest) -> Result<Recipe, Refusal> {
    let spot = spot(facts, burn)?;
    let by_sheet = with_page(facts, burn, &spot, &cd::session_at_once(facts, burn))?;
    let as_data = cd::session_at_once_as_data(facts, burn);
    Ok(by_sheet.instead(REFUSED, with_page(facts, burn, &spot, &as_data)?))
}

fn with_page(
    facts: &MediaFacts,
    burn: &BurnRequest,
    spot: &Spot,
    page: &WriteParameters,
) -> Result<Recipe, Refusal> {
    let room = cd::room(facts, spot, RUN_OUT_BLOCKS);
    let track = DataTrack::fitting(burn, spot.nwa, room, 0)?;
    let too_large = || Refusal::TooLarge {
        needed: track.blocks(),
        available: room,
    };
    let sheet = cd::sheet_of_one_data_track(track.blocks()).ok_or_else(too_large)?;
    let pregap = cd::pregap(track.start, page).ok_or_else(too_large)?;
    let speed = set_speed(facts, burn.speed);
    let unprotected = write_parameters::unprotected(page, burn);
    let recipe = Recipe::new()
        .prepare([moves::set_write_parameters(page)])
        .prepare(speed.commands)
        .prepare((!burn.test_write).then(moves::calibrate_power))
        .prepare([moves::send_cue_sheet(&sheet)])
        .extent(pregap)
        .close(moves::synchronize_cache())
        .warn(speed.warning.into_iter().chain(unprotected));
    let recipe = track.extents(page).into_iter().fold(recipe, Recipe::extent);
    Ok(match burn.test_write {
        true => recipe,
        false => recipe.expect(cd::expected(spot, &track, RUN_OUT_BLOCKS, burn.finish)),
    })
}

//! The writer of CD-R and CD-RW that writes a track at once (recipe 5).
//!
//! Owns what is particular to it: one data track a session, which ends with the drive's buffer and not
//! with a close; the padding that keeps a reader away from the track's end; sessions that are added, a
//! session that a crash left open, and what erases a CD-RW. Must not know the engine, or any other
//! medium. Audio tracks are not written yet.

mod erase;

use pitland_writer::cd::{self, DataTrack, RUN_OUT_BLOCKS};
use pitland_writer::mmc::feature::{CdTrackAtOnce, Feature, FeatureCode};
use pitland_writer::mmc::{Lba, Profile};
use pitland_writer::sequential::Spot;
use pitland_writer::speed::set_speed;
use pitland_writer::{
    BurnRequest, Event, Fit, MediaFacts, MediaWriter, Recipe, Recording, Refusal, Request, Service,
    Step, WritePlan, WriterInfo, moves, write_parameters,
};

/// The writer of CD-R and CD-RW, track at once.
#[derive(Debug)]
pub struct CdTao(Recipe);

impl MediaWriter for CdTao {
    fn info() -> WriterInfo {
        WriterInfo::new(
            "cd-tao",
            "CD-R and CD-RW, track at once",
            vec![Profile::CdR, Profile::CdRw],
        )
    }

    fn assess(facts: &MediaFacts, request: &Request) -> Fit {
        if !Self::info().profiles.contains(&facts.profile()) {
            return Fit::NotMine;
        }
        match request {
            Request::Burn(burn) => offer(facts, burn).into(),
            other => recipe(facts, other)
                .map(|_| Service::new(Lba(0), 0, 1))
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
    match request {
        Request::Burn(burn) => burn_recipe(facts, burn),
        Request::Close(close) => cd::close_recipe(facts, close),
        Request::Erase(erase) => erase::recipe(facts, erase),
        Request::Format(_) => Err(Refusal::NotFormattable {
            profile: facts.profile(),
        }),
        // The buffer that is written out when a burn is cut off ends its track, and the next one starts
        // behind a gap: what is missing of the image cannot follow what is there.
        _ => Err(Refusal::NotOffered),
    }
}

/// What the drive says of writing tracks at once on this disc; nothing where it does not say so.
fn track_at_once(facts: &MediaFacts) -> CdTrackAtOnce {
    match facts.current_feature(FeatureCode::CdTrackAtOnce) {
        Some(Feature::CdTrackAtOnce(feature)) => feature,
        _ => CdTrackAtOnce::default(),
    }
}

/// What is offered for a burn; its size is judged once there is one.
fn offer(facts: &MediaFacts, burn: &BurnRequest) -> Result<Service, Refusal> {
    let place = Place::find(facts, burn)?;
    if burn.blocks > 0 {
        place.track(burn)?;
    }
    let mut service = place.spot.service();
    service.free_blocks = place.room;
    service.test_write = track_at_once(facts).test_write;
    Ok(service)
}

/// Where the track goes, and how long it can be.
struct Place {
    spot: Spot,
    room: u64,
}

impl Place {
    fn find(facts: &MediaFacts, burn: &BurnRequest) -> Result<Self, Refusal> {
        let profile = facts.profile();
        let spot = Spot::find(facts, burn.placement)?;
        if cd::is_out_of_tracks(&spot) {
            return Err(Refusal::SessionLimit {
                limit: cd::MOST_TRACKS.into(),
            });
        }
        if burn.recording == Recording::AtOnce {
            return Err(Refusal::NoSuchRecording {
                profile,
                recording: burn.recording,
            });
        }
        if burn.test_write && !track_at_once(facts).test_write {
            return Err(Refusal::NoTestWrite { profile });
        }
        Ok(Self {
            room: cd::room(facts, &spot, RUN_OUT_BLOCKS),
            spot,
        })
    }

    fn track(&self, burn: &BurnRequest) -> Result<DataTrack, Refusal> {
        DataTrack::fitting(burn, self.spot.nwa, self.room, cd::READ_AHEAD_BLOCKS)
    }
}

fn burn_recipe(facts: &MediaFacts, burn: &BurnRequest) -> Result<Recipe, Refusal> {
    let place = Place::find(facts, burn)?;
    let track = place.track(burn)?;
    let page = cd::track_at_once(facts, burn);
    let speed = set_speed(facts, burn.speed);
    let unprotected = write_parameters::unprotected(&page, burn);
    let recipe = Recipe::new()
        .prepare([moves::set_write_parameters(&page)])
        .identify(cd::nwa_as_planned)
        .prepare(speed.commands)
        .prepare((!burn.test_write).then(moves::calibrate_power))
        .close(moves::synchronize_cache())
        .warn(speed.warning.into_iter().chain(unprotected));
    let recipe = track
        .extents(&page)
        .into_iter()
        .fold(recipe, Recipe::extent);
    if burn.test_write {
        // Nothing is there to be closed, and a close spoils the next track of some drives (recipe 3).
        return Ok(recipe);
    }
    Ok(recipe
        .close(cd::closing(&page, burn.finish))
        .expect(cd::expected(
            &place.spot,
            &track,
            RUN_OUT_BLOCKS,
            burn.finish,
        )))
}

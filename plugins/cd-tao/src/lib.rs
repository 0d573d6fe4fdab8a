//! The writer of CD-R and CD-RW that writes a track at once (recipe 5).
//!
//! Owns what is particular to it: one data track a session, which ends with the drive's buffer and not
//! with a close; the padding that keeps a reader away from the track's end; sessions that are added, a
//! session that a crash left open, and what erases a CD-RW. Must not know the engine, or any other
//! medium. Sessions of several tracks, and of audio, are in `sectors`.

mod erase;
mod sectors;

use pitland_writer::cd::{self, CdMode, DataTrack, RUN_OUT_BLOCKS};
use pitland_writer::mmc::Profile;
use pitland_writer::mmc::feature::{CdTrackAtOnce, Feature, FeatureCode};
use pitland_writer::sequential::Spot;
use pitland_writer::speed::set_burn_speed;
use pitland_writer::{
    BurnRequest, ByRecipe, CloseRequest, EraseRequest, FormatRequest, MediaFacts, Recipe,
    RecipeWriter, Recording, Refusal, Service, WriterInfo, moves, write_parameters,
};

/// The writer of CD-R and CD-RW, track at once.
pub type CdTao = ByRecipe<Recipes>;

/// Its recipes. None goes on with a burn that was cut off: the buffer that is written out then ends its
/// track, and the next one starts behind a gap, so that what is missing of the image cannot follow what is
/// there.
#[derive(Debug)]
pub struct Recipes;

impl RecipeWriter for Recipes {
    fn info() -> WriterInfo {
        WriterInfo::new(
            "cd-tao",
            "CD-R and CD-RW, track at once",
            vec![Profile::CdR, Profile::CdRw],
        )
    }

    fn writes(mode: CdMode) -> bool {
        mode == CdMode::TrackAtOnce
    }

    fn offer(facts: &MediaFacts, burn: &BurnRequest) -> Result<Service, Refusal> {
        if let Some(layout) = &burn.cd {
            return sectors::offer(facts, burn, layout);
        }
        let place = Place::find(facts, burn)?;
        if burn.blocks > 0 {
            place.track(burn)?;
        }
        let mut service = place.spot.service();
        service.free_blocks = place.room;
        service.test_write = track_at_once(facts).test_write;
        Ok(service)
    }

    fn burn(facts: &MediaFacts, burn: &BurnRequest) -> Result<Recipe, Refusal> {
        if let Some(layout) = &burn.cd {
            return sectors::recipe(facts, burn, layout);
        }
        let place = Place::find(facts, burn)?;
        let track = place.track(burn)?;
        let page = cd::track_at_once(facts, burn);
        let recipe = Recipe::new()
            .prepare([moves::set_write_parameters(&page)])
            .identify(cd::nwa_as_planned)
            .at_speed(set_burn_speed(facts, burn))
            .prepare((!burn.test_write).then(moves::calibrate_power))
            .extents(track.extents(&page))
            .close(moves::synchronize_cache())
            .warn(write_parameters::unprotected(&page, burn));
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

    fn close(facts: &MediaFacts, close: &CloseRequest) -> Result<Recipe, Refusal> {
        cd::close_recipe(facts, close)
    }

    fn erase(facts: &MediaFacts, erase: &EraseRequest) -> Result<Recipe, Refusal> {
        erase::recipe(facts, erase)
    }

    fn format(facts: &MediaFacts, _: &FormatRequest) -> Result<Recipe, Refusal> {
        let profile = facts.profile();
        Err(Refusal::NotFormattable { profile })
    }
}

/// What the drive says of writing tracks at once on this disc; nothing where it does not say so.
fn track_at_once(facts: &MediaFacts) -> CdTrackAtOnce {
    match facts.current_feature(FeatureCode::CdTrackAtOnce) {
        Some(Feature::CdTrackAtOnce(feature)) => feature,
        _ => CdTrackAtOnce::default(),
    }
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
        let padding = match burn.postgap_in_image {
            true => 0,
            false => cd::READ_AHEAD_BLOCKS,
        };
        DataTrack::fitting(burn, self.spot.nwa, self.room, padding)
    }
}

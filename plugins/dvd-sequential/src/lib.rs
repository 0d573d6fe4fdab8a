//! The writer of DVD-R, DVD-R DL and DVD-RW in sequential recording (recipes 3 and 6).
//!
//! Owns what is particular to these: they are written by the write parameters, incrementally or at
//! once, what a session leaves behind is said before it is written, and a DVD-RW is emptied by BLANK.
//! Must not know the engine, nor restricted overwrite, which makes another medium of a DVD-RW.

mod at_once;
mod close;
mod erase;
mod incremental;
mod layers;
mod page;

use pitland_writer::mmc::Profile;
use pitland_writer::mmc::feature::{Feature, FeatureCode};
use pitland_writer::sequential::Spot;
use pitland_writer::{
    BurnRequest, ByRecipe, CloseRequest, EraseRequest, Finish, MediaFacts, PlannedCommand, Recipe,
    RecipeWriter, Recording, Refusal, Request, ResumeRequest, Service, Warning, WriterInfo, moves,
};

/// The media of this writer.
const PROFILES: [Profile; 3] = [
    Profile::DvdMinusRSequential,
    Profile::DvdMinusRwSequential,
    Profile::DvdMinusRDlSequential,
];
/// Blocks that a final disc is recorded to at least, a radius of 30 mm: a shorter one is filled up by
/// the drive, which takes minutes (recipe 6).
const SHORTEST: u64 = 380_000;

/// The writer of DVD-R, DVD-R DL and DVD-RW in sequential recording.
pub type DvdSequential = ByRecipe<Recipes>;

/// Its recipes.
#[derive(Debug)]
pub struct Recipes;

impl RecipeWriter for Recipes {
    fn info() -> WriterInfo {
        WriterInfo::new(
            "dvd-sequential",
            "DVD-R, DVD-R DL and DVD-RW, sequential recording",
            PROFILES.to_vec(),
        )
    }

    fn takes(facts: &MediaFacts, _: &Request) -> Result<(), Refusal> {
        match facts.profile() {
            profile if PROFILES.contains(&profile) => Ok(()),
            profile @ Profile::DvdMinusRDlLayerJump => Err(Refusal::NoPrecedent { profile }),
            profile => Err(Refusal::NoWriter { profile }),
        }
    }

    fn offer(facts: &MediaFacts, burn: &BurnRequest) -> Result<Service, Refusal> {
        let (spot, _) = place(facts, burn)?;
        let mut service = spot.offer(burn)?;
        service.test_write = has_test_write(facts);
        Ok(service)
    }

    fn burn(facts: &MediaFacts, burn: &BurnRequest) -> Result<Recipe, Refusal> {
        let (spot, way) = place(facts, burn)?;
        match way {
            Way::AtOnce => at_once::recipe(facts, &spot, burn),
            Way::Incremental => incremental::recipe(facts, &spot, burn),
        }
    }

    fn offer_rest(facts: &MediaFacts, resume: &ResumeRequest) -> Result<Service, Refusal> {
        incremental::cut_off(facts, resume).map(|(spot, _)| spot.service())
    }

    fn rest(facts: &MediaFacts, resume: &ResumeRequest) -> Result<Recipe, Refusal> {
        incremental::rest(facts, resume)
    }

    fn close(facts: &MediaFacts, close: &CloseRequest) -> Result<Recipe, Refusal> {
        close::recipe(facts, close)
    }

    fn erase(facts: &MediaFacts, erase: &EraseRequest) -> Result<Recipe, Refusal> {
        erase::recipe(facts, erase)
    }

    // A format makes a DVD-RW a medium of restricted overwrite, which is another writer's.
}

/// In how many goes a disc is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Incremental,
    AtOnce,
}

/// Where a burn goes, and in which way.
fn place(facts: &MediaFacts, burn: &BurnRequest) -> Result<(Spot, Way), Refusal> {
    let profile = facts.profile();
    let spot = Spot::find(facts, burn.placement)?;
    if burn.test_write && !has_test_write(facts) {
        return Err(Refusal::NoTestWrite { profile });
    }
    let incremental = facts.feature_current(FeatureCode::IncrementalStreamingWritable.code());
    let way = match burn.recording {
        Recording::AtOnce => Way::AtOnce,
        Recording::TrackByTrack => Way::Incremental,
        // Of the two the incremental way is the one that can be cancelled, resumed and continued by a
        // session, and a disc that is finalized after it is as readable: a player meets links only
        // where the data ran short.
        _ if incremental || !spot.blank => Way::Incremental,
        _ => Way::AtOnce,
    };
    match way {
        Way::Incremental if incremental => Ok((spot, way)),
        Way::AtOnce if spot.blank => Ok((spot, way)),
        Way::Incremental => Err(Refusal::NoSuchRecording {
            profile,
            recording: Recording::TrackByTrack,
        }),
        Way::AtOnce => Err(Refusal::NoSuchRecording {
            profile,
            recording: Recording::AtOnce,
        }),
    }
}

fn has_test_write(facts: &MediaFacts) -> bool {
    matches!(
        facts.current_feature(FeatureCode::DvdMinusWrite),
        Some(Feature::DvdMinusWrite(feature)) if feature.test_write
    )
}

/// A calibration, where the drive has no table of powers for this disc (recipe 4, step 6). A test
/// write needs none, and each spends a little of the disc.
fn calibration(facts: &MediaFacts, burn: &BurnRequest) -> Option<PlannedCommand> {
    let tables = facts.disc.as_ref().and_then(|disc| disc.opc_table_count);
    (tables == Some(0) && !burn.test_write).then(moves::calibrate_power)
}

/// What is said of a burn of `blocks` blocks whose disc is final afterwards.
fn finality(spot: &Spot, burn: &BurnRequest, blocks: u64) -> impl Iterator<Item = Warning> + use<> {
    let end = u64::try_from(spot.nwa.0)
        .unwrap_or(0)
        .saturating_add(blocks);
    let unasked = burn.finish != Finish::FinalizeDisc;
    let warnings = [
        unasked.then_some(Warning::BecomesFinal),
        (end < SHORTEST).then_some(Warning::LongLeadOut),
    ];
    let real = !burn.test_write;
    warnings.into_iter().flatten().filter(move |_| real)
}

//! The writer of CD-R and CD-RW that writes a session at once (recipe 5).
//!
//! Owns what is particular to it: the cue sheet, the pregap that the host writes, and the drive's
//! closing of the session by itself. Must not know the engine, or any other medium. Here one data track of
//! 2048-byte blocks on a blank disc; sessions of whole sectors in `sectors`.

mod sectors;

use pitland_writer::cd::sectors::{TRACK_REPLY, ask_for_track, mastering};
use pitland_writer::cd::{self, CdMode, DataTrack};
use pitland_writer::mmc::Profile;
use pitland_writer::mmc::mode_page::WriteParameters;
use pitland_writer::sequential::Spot;
use pitland_writer::speed::set_burn_speed;
use pitland_writer::{
    BurnRequest, ByRecipe, CdForm, CloseRequest, MediaFacts, Recipe, RecipeWriter, Recording,
    Refusal, Request, SensePattern, Service, WriterInfo, moves, write_parameters,
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

/// The writer of CD-R and CD-RW, session at once.
pub type CdSao = ByRecipe<Recipes>;

/// Its recipes.
#[derive(Debug)]
pub struct Recipes;

impl RecipeWriter for Recipes {
    fn info() -> WriterInfo {
        WriterInfo::new(
            "cd-sao",
            "CD-R and CD-RW, session at once",
            vec![Profile::CdR, Profile::CdRw],
        )
    }

    /// The other jobs are the same whatever was burned, and are offered by one writer only.
    fn takes(facts: &MediaFacts, request: &Request) -> Result<(), Refusal> {
        let profile = facts.profile();
        let job = matches!(request, Request::Burn(_) | Request::Close(_));
        match job && Self::info().profiles.contains(&profile) {
            true => Ok(()),
            false => Err(Refusal::NoWriter { profile }),
        }
    }

    fn fitness(request: &Request) -> u8 {
        match request {
            Request::Burn(burn) if burn.cd.is_some() => 100,
            Request::Burn(burn) if burn.recording == Recording::AtOnce => 100,
            _ => FITNESS,
        }
    }

    fn writes(mode: CdMode) -> bool {
        mode == CdMode::SessionAtOnce
    }

    fn offer(facts: &MediaFacts, burn: &BurnRequest) -> Result<Service, Refusal> {
        if let Some(layout) = &burn.cd {
            return sectors::offer(facts, burn, layout);
        }
        let spot = spot(facts, burn)?;
        let room = cd::room(facts, &spot, RUN_OUT_BLOCKS);
        if burn.blocks > 0 {
            DataTrack::fitting(burn, spot.nwa, room, 0)?;
        }
        let mut service = spot.service();
        service.free_blocks = room;
        service.test_write = mastering(facts).test_write;
        Ok(service)
    }

    /// The block type of the page is left to the cue sheet, or says the same, for drives that want it so.
    fn burn(facts: &MediaFacts, burn: &BurnRequest) -> Result<Recipe, Refusal> {
        if let Some(layout) = &burn.cd {
            return sectors::recipe(facts, burn, layout);
        }
        let spot = spot(facts, burn)?;
        let by_sheet = with_page(facts, burn, &spot, &cd::session_at_once(facts, burn))?;
        let as_data = cd::session_at_once_as_data(facts, burn);
        Ok(by_sheet.instead(REFUSED, with_page(facts, burn, &spot, &as_data)?))
    }

    fn close(facts: &MediaFacts, close: &CloseRequest) -> Result<Recipe, Refusal> {
        cd::close_recipe(facts, close)
    }
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
    // At once, form 1 blocks come from the host with their sub-headers and parities, which are not made
    // here yet.
    let form = cd::form(facts, burn);
    if form != CdForm::Mode1 {
        let recording = Recording::AtOnce;
        return Err(Refusal::NoSuchForm { form, recording });
    }
    if burn.test_write && !mastering(facts).test_write {
        return Err(Refusal::NoTestWrite { profile });
    }
    Ok(spot)
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
    let recipe = Recipe::new()
        .prepare([moves::set_write_parameters(page)])
        .at_speed(set_burn_speed(facts, burn))
        .prepare((!burn.test_write).then(moves::calibrate_power))
        .ask(ask_for_track(), TRACK_REPLY.into())
        .prepare([moves::send_cue_sheet(&sheet)])
        .extent(pregap)
        .extents(track.extents(page))
        .close(moves::synchronize_cache())
        .warn(write_parameters::unprotected(page, burn));
    Ok(match burn.test_write {
        true => recipe,
        false => recipe.expect(cd::expected(spot, &track, RUN_OUT_BLOCKS, burn.finish)),
    })
}

//! The writer of CD-R and CD-RW that writes a disc raw: lead-in, program and lead-out with their sub-channels, as
//! the host has made them (recipe 5).
//!
//! Owns what is particular to it: the start of the lead-in that the disc has, and which forms of sub-channel the
//! drive takes. Must not know the engine, or any other medium, nor what stands in the blocks.

use pitland_writer::cd::sectors::{self, SectorPlace, mastering};
use pitland_writer::cd::{CdLayout, CdMode, CdSubchannel};
use pitland_writer::mmc::mode_page::{
    DataBlockType, MultiSession, SessionFormat, WriteParameters, WriteType,
};
use pitland_writer::mmc::{Lba, Msf, Profile};
use pitland_writer::speed::set_burn_speed;
use pitland_writer::{
    BurnRequest, ByRecipe, ExpectedMedium, Finish, MediaFacts, MissingFact, Recipe, RecipeWriter,
    Refusal, Request, Service, Warning, WriterInfo, moves, write_parameters,
};

/// The lead-out follows the last block of the program.
const RUN_OUT_BLOCKS: u32 = 0;
/// The fewest blocks of a lead-in: one minute, which ends where the first pregap begins (recipe 5).
const LAST_START_OF_LEAD_IN: Lba = Lba(-4_650);

/// The writer of CD-R and CD-RW, raw.
pub type CdRaw = ByRecipe<Recipes>;

/// Its recipes.
#[derive(Debug)]
pub struct Recipes;

impl RecipeWriter for Recipes {
    fn info() -> WriterInfo {
        WriterInfo::new(
            "cd-raw",
            "CD-R and CD-RW, raw with sub-channels",
            vec![Profile::CdR, Profile::CdRw],
        )
    }

    /// What is no raw image is for other writers, and so is the close of a session: there is none to close.
    fn takes(facts: &MediaFacts, request: &Request) -> Result<(), Refusal> {
        let profile = facts.profile();
        let raw = matches!(request, Request::Burn(burn) if burn.cd.is_some());
        match raw && Self::info().profiles.contains(&profile) {
            true => Ok(()),
            false => Err(Refusal::NoWriter { profile }),
        }
    }

    fn writes(mode: CdMode) -> bool {
        matches!(mode, CdMode::Raw(_))
    }

    fn offer(facts: &MediaFacts, burn: &BurnRequest) -> Result<Service, Refusal> {
        let layout = burn.cd.as_ref().ok_or(Refusal::NotOffered)?;
        let place = place(facts, burn, layout.mode)?;
        if burn.blocks > 0 {
            judge(facts, layout, &place)?;
        }
        Ok(place.service(mastering(facts).test_write))
    }

    fn burn(facts: &MediaFacts, burn: &BurnRequest) -> Result<Recipe, Refusal> {
        let layout = burn.cd.as_ref().ok_or(Refusal::NotOffered)?;
        let place = place(facts, burn, layout.mode)?;
        let overburn = judge(facts, layout, &place)?;
        if burn.blocks == 0 {
            return Err(Refusal::Empty);
        }
        let page = WriteParameters {
            write_type: WriteType::Raw,
            data_block_type: block_type(layout.mode),
            // The lead-in says what becomes of the disc, and of what kind it is.
            multi_session: MultiSession::Final,
            session_format: SessionFormat::CdDaOrRom,
            ..write_parameters::of_burn(facts, burn)
        };
        let recipe = Recipe::new()
            .prepare([moves::set_write_parameters(&page)])
            .at_speed(set_burn_speed(facts, burn))
            .prepare((!burn.test_write).then(moves::calibrate_power))
            .extent(sectors::of_image(
                layout,
                layout.first_lba,
                burn.blocks,
                &page,
            ))
            .close(moves::synchronize_cache())
            .warn(overburn)
            .warn((burn.finish == Finish::CloseSession).then_some(Warning::BecomesFinal))
            .warn(write_parameters::unprotected(&page, burn));
        Ok(match burn.test_write {
            true => recipe,
            // Whether it can be added to, the lead-in says.
            false => recipe.expect(ExpectedMedium::sessions(1, None)),
        })
    }
}

/// The start of a blank disc, in a drive that writes it so.
fn place(facts: &MediaFacts, burn: &BurnRequest, mode: CdMode) -> Result<SectorPlace, Refusal> {
    let place = SectorPlace::find(facts, burn, RUN_OUT_BLOCKS)?;
    if !place.spot.blank {
        return Err(Refusal::MediumNotBlank { offer: None });
    }
    let drive = mastering(facts);
    let takes = match mode {
        // P and Q are all that it has.
        CdMode::Raw(CdSubchannel::Pq16) => drive.raw,
        CdMode::Raw(_) => drive.raw && drive.rw_subchannel,
        _ => false,
    };
    if !takes {
        return Err(Refusal::NoSuchMode { mode });
    }
    if burn.test_write && !drive.test_write {
        let profile = facts.profile();
        return Err(Refusal::NoTestWrite { profile });
    }
    Ok(place)
}

/// Whether the image begins where the disc's lead-in does, and ends in time.
fn judge(
    facts: &MediaFacts,
    layout: &CdLayout,
    place: &SectorPlace,
) -> Result<Option<Warning>, Refusal> {
    let told = facts.cd.atip.and_then(|atip| Msf::to_lba(atip.lead_in));
    let lead_in = told
        .filter(|lead_in| *lead_in <= LAST_START_OF_LEAD_IN)
        .ok_or(Refusal::FactMissing {
            what: MissingFact::LeadIn,
        })?;
    place.takes(facts, layout, Some(lead_in), layout.lead_out)
}

fn block_type(mode: CdMode) -> DataBlockType {
    match mode {
        CdMode::Raw(CdSubchannel::Pq16) => DataBlockType::Raw2368PQ,
        CdMode::Raw(CdSubchannel::Packed96) => DataBlockType::Raw2448Packed,
        _ => DataBlockType::Raw2448,
    }
}

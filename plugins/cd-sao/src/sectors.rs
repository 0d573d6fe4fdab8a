//! A session of whole sectors at once: audio, data beside it, CD-TEXT, by the cue sheet that the layout has.
//!
//! Owns its checks against disc and drive, and the variants of page and sheet that drives are known to want.
//! Must not know what the sectors hold.

use crate::{REFUSED, RUN_OUT_BLOCKS};
use pitland_writer::cd::sectors::{self, SectorPlace, TRACK_REPLY, ask_for_track, mastering};
use pitland_writer::cd::{CdLayout, PREGAP_BLOCKS, session_at_once_of};
use pitland_writer::mmc::mode_page::{DataBlockType, WriteParameters};
use pitland_writer::mmc::param::CueSheetEntry;
use pitland_writer::mmc::{Lba, Msf};
use pitland_writer::speed::set_burn_speed;
use pitland_writer::{
    BurnRequest, Failure, LayoutFault, MediaFacts, Recipe, Refusal, Service, Warning, WritePlan,
    moves, write_parameters,
};

/// What is offered for such a session. Before its size is settled only the place is judged.
pub(crate) fn offer(
    facts: &MediaFacts,
    burn: &BurnRequest,
    layout: &CdLayout,
) -> Result<Service, Refusal> {
    let place = place(facts, burn, layout)?;
    if burn.blocks > 0 {
        Session::judge(facts, layout, &place)?;
    }
    Ok(place.service(mastering(facts).test_write))
}

/// Its recipe: as the layout has it and, for drives that refuse that, as others have wanted it (recipe 5).
pub(crate) fn recipe(
    facts: &MediaFacts,
    burn: &BurnRequest,
    layout: &CdLayout,
) -> Result<Recipe, Refusal> {
    let place = place(facts, burn, layout)?;
    let session = Session::judge(facts, layout, &place)?;
    if burn.blocks == 0 {
        return Err(Refusal::Empty);
    }
    let page = session_at_once_of(sectors::page(facts, burn, layout));
    let mut variants = session.variants(&page).into_iter().rev();
    let build = |(page, sheet): (WriteParameters, Vec<CueSheetEntry>)| {
        session.recipe(facts, burn, &place, &page, &sheet)
    };
    let last = variants.next().map(build).unwrap_or_default();
    Ok(variants.fold(last, |instead, variant| {
        build(variant).instead(REFUSED, instead)
    }))
}

/// Where the session goes: the start of a blank disc, or behind the sessions that are there.
fn place(
    facts: &MediaFacts,
    burn: &BurnRequest,
    layout: &CdLayout,
) -> Result<SectorPlace, Refusal> {
    let place = SectorPlace::find(facts, burn, RUN_OUT_BLOCKS)?;
    let drive = mastering(facts);
    if !drive.session_at_once {
        let mode = layout.mode;
        return Err(Refusal::NoSuchMode { mode });
    }
    if burn.test_write && !drive.test_write {
        let profile = facts.profile();
        return Err(Refusal::NoTestWrite { profile });
    }
    Ok(place)
}

/// A layout that disc and drive take.
struct Session<'a> {
    layout: &'a CdLayout,
    /// Where the CD-TEXT begins, where there is some.
    lead_in: Option<Msf>,
    overburn: Option<Warning>,
}

impl<'a> Session<'a> {
    fn judge(
        facts: &MediaFacts,
        layout: &'a CdLayout,
        place: &SectorPlace,
    ) -> Result<Self, Refusal> {
        let first = place.spot.nwa.checked_sub(PREGAP_BLOCKS);
        let overburn = place.takes(facts, layout, first, layout.lead_out)?;
        let most = mastering(facts).max_cue_sheet;
        let bytes = layout.cue_sheet.len().saturating_mul(CueSheetEntry::LEN);
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        // A drive that names no limit has none to name.
        if most > 0 && bytes > most {
            return Err(LayoutFault::SheetTooLong { bytes, most }.into());
        }
        let lead_in = match layout.text.is_empty() {
            true => None,
            // Where it begins is told by the disc; only the first session's is written so (recipe 5).
            false if place.spot.blank && mastering(facts).rw_subchannel => {
                let atip = facts.cd.atip.ok_or(Refusal::NoCdText)?;
                Some(atip.lead_in)
            }
            false => return Err(Refusal::NoCdText),
        };
        Ok(Self {
            layout,
            lead_in,
            overburn,
        })
    }

    /// Pages and sheets, in the order in which they are tried.
    fn variants(&self, page: &WriteParameters) -> Vec<(WriteParameters, Vec<CueSheetEntry>)> {
        let sheet = &self.layout.cue_sheet;
        let mut variants = vec![(page.clone(), sheet.clone())];
        let plain_codes: Vec<_> = sheet.iter().copied().map(without_control).collect();
        if plain_codes != *sheet {
            variants.push((page.clone(), plain_codes));
        }
        if let Some(lead_in) = self.lead_in {
            let with_subchannel = WriteParameters {
                data_block_type: DataBlockType::Raw2448,
                ..page.clone()
            };
            variants.push((with_subchannel, sheet.clone()));
            let from_lead_in = sheet.iter().map(|entry| at_lead_in(*entry, lead_in));
            variants.push((page.clone(), from_lead_in.collect()));
        }
        variants
    }

    fn recipe(
        &self,
        facts: &MediaFacts,
        burn: &BurnRequest,
        place: &SectorPlace,
        page: &WriteParameters,
        sheet: &[CueSheetEntry],
    ) -> Recipe {
        let layout = self.layout;
        let lead_in = self.lead_in.and_then(Msf::to_lba);
        let text = lead_in.and_then(|lead_in| sectors::text_extent(layout, lead_in, page));
        let recipe = Recipe::new().prepare([moves::set_write_parameters(page)]);
        let recipe = match place.spot.blank {
            true => recipe,
            false => recipe.identify(goes_on_there),
        };
        let recipe = recipe
            .at_speed(set_burn_speed(facts, burn))
            .prepare((!burn.test_write).then(moves::calibrate_power))
            .ask(ask_for_track(), TRACK_REPLY.into())
            .prepare([moves::send_cue_sheet(sheet)])
            .extents(text)
            .extents(sectors::of_session(layout, burn.blocks, page))
            .close(moves::synchronize_cache())
            .warn(self.overburn)
            .warn(write_parameters::unprotected(page, burn));
        match burn.test_write {
            true => recipe,
            false => recipe.expect(place.expected(layout.lead_out, burn.finish)),
        }
    }
}

/// Behind other sessions the drive says, once page 05h has the session at once, where it goes on: at the pregap,
/// or at the track behind it.
fn goes_on_there(facts: &MediaFacts, plan: &WritePlan) -> Result<(), Failure> {
    let first = plan.extents.first().map(|extent| extent.first_lba);
    let track = first.and_then(|Lba(first)| first.checked_add_unsigned(PREGAP_BLOCKS));
    match facts.nwa() {
        Some(nwa) if Some(nwa) == first || Some(nwa.0) == track => Ok(()),
        _ => Err(Failure::MediumState),
    }
}

/// An entry whose ISRC has no flags of its track, as some drives want it.
fn without_control(entry: CueSheetEntry) -> CueSheetEntry {
    match entry {
        CueSheetEntry::Isrc {
            track, characters, ..
        } => CueSheetEntry::Isrc {
            control: 0,
            track,
            characters,
        },
        other => other,
    }
}

/// An entry of the lead-in that tells where it begins, as some drives want it with CD-TEXT.
fn at_lead_in(entry: CueSheetEntry, lead_in: Msf) -> CueSheetEntry {
    match entry {
        CueSheetEntry::Position(mut position) if position.track == 0 => {
            position.start = lead_in;
            CueSheetEntry::Position(position)
        }
        other => other,
    }
}

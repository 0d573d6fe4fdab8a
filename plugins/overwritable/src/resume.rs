//! Going on with a burn that was cut off: any block can be written again, so the rest is written from
//! where the caller knows that the medium holds the image (recipe 8).
//!
//! Owns the judgement and the recipe. Must not know how the caller knows.

use crate::medium::{Medium, Surface};
use crate::restricted;
use crate::write::{around, expected, lead_out};
use pitland_writer::mmc::Lba;
use pitland_writer::mmc::reply::BackgroundFormat;
use pitland_writer::sequential::missing_blocks;
use pitland_writer::write_parameters::not_needed;
use pitland_writer::{
    Extent, Finish, MediaFacts, Occasion, Recipe, Refusal, ResumeRequest, Service, moves,
};

/// Where a burn goes on.
struct Rest {
    surface: Surface,
    first_lba: Lba,
    missing: u64,
}

impl Rest {
    /// Judges whether a burn that was cut off goes on on this medium. One that was never formatted, or
    /// whose file systems' blocks are all empty, holds nothing of it.
    fn find(facts: &MediaFacts, medium: Medium, resume: &ResumeRequest) -> Result<Self, Refusal> {
        let profile = medium.profile();
        not_needed(profile, &resume.burn)?;
        let missing = missing_blocks(resume, medium.unit())?;
        let surface = Surface::find(facts)?;
        if surface.unformatted || surface.blank == Some(true) {
            return Err(Refusal::NothingToResume);
        }
        let written_blocks = resume.written_blocks;
        let needed = written_blocks.saturating_add(missing);
        if needed > surface.capacity {
            let available = surface.capacity;
            return Err(Refusal::TooLarge { needed, available });
        }
        let first_lba = i32::try_from(written_blocks)
            .map(Lba)
            .map_err(|_| Refusal::BadCheckpoint { written_blocks })?;
        // What a DVD-RW lacks was in the drive's buffer only.
        let next = match medium {
            Medium::DvdMinusRw => surface.intermediate.or_else(|| surface.formatted_end()),
            _ => None,
        };
        if let Some(found) = next.filter(|next| *next < first_lba) {
            return Err(Refusal::NotWhereCutOff {
                expected: first_lba,
                found,
            });
        }
        let open = match medium {
            Medium::DvdMinusRw => surface.intermediate.is_some(),
            medium if medium.formats_in_background() => {
                surface.background == BackgroundFormat::Running
                    || resume.burn.finish == Finish::FinalizeDisc
            }
            _ => false,
        };
        if missing == 0 && !open {
            return Err(Refusal::NothingToClose);
        }
        Ok(Self {
            surface,
            first_lba,
            missing,
        })
    }
}

/// What is offered for the rest of a burn.
pub(crate) fn offer(
    facts: &MediaFacts,
    medium: Medium,
    resume: &ResumeRequest,
) -> Result<Service, Refusal> {
    let rest = Rest::find(facts, medium, resume)?;
    let free = rest.surface.capacity - resume.written_blocks;
    Ok(Service::new(rest.first_lba, free, medium.unit()))
}

/// The recipe of the rest of a burn.
pub(crate) fn recipe(
    facts: &MediaFacts,
    medium: Medium,
    resume: &ResumeRequest,
) -> Result<Recipe, Refusal> {
    let rest = Rest::find(facts, medium, resume)?;
    let recipe = if rest.missing > 0 {
        let extent = Extent::image(rest.first_lba, rest.missing, medium.unit());
        around(facts, medium, &rest.surface, extent, &resume.burn)?
    } else if medium == Medium::DvdMinusRw {
        restricted::close(&rest.surface)?
    } else {
        let running = rest.surface.background == BackgroundFormat::Running;
        let stop = running.then(|| moves::stop_format().only(Occasion::Always));
        let last = (resume.burn.finish == Finish::FinalizeDisc).then(lead_out);
        Recipe::new().close(stop.into_iter().chain(last))
    };
    let all = resume.written_blocks.saturating_add(rest.missing);
    Ok(recipe.expect(expected(medium, all)).goes_on().resumable())
}

//! Burning, erasing and closing: what is sent around the blocks (recipes 6 and 7).
//!
//! Owns the three recipes. Must not know how a format is chosen.

use crate::format;
use crate::growing;
use crate::medium::{Medium, Surface};
use crate::restricted;
use pitland_writer::mmc::Lba;
use pitland_writer::mmc::cdb::CloseFunction;
use pitland_writer::mmc::reply::BackgroundFormat;
use pitland_writer::recipe::has_room;
use pitland_writer::sequential::padded;
use pitland_writer::speed::set_burn_speed;
use pitland_writer::streaming;
use pitland_writer::write_parameters::not_needed;
use pitland_writer::{
    BurnRequest, CloseRequest, EraseRequest, EraseScope, ExpectedMedium, Extent, Finish,
    MediaFacts, Occasion, Origin, Placement, PlannedCommand, Recipe, Refusal, Service, Warning,
    moves,
};

/// Blocks that a quick erase overwrites at least: the descriptors of every file system, the anchor
/// of UDF at 256 among them.
const DESCRIPTOR_BLOCKS: u64 = 512;

/// What is offered for a burn; its size is judged once there is one.
pub(crate) fn offer(
    facts: &MediaFacts,
    medium: Medium,
    burn: &BurnRequest,
) -> Result<Service, Refusal> {
    let surface = surface_for(facts, medium, burn)?;
    if let Placement::Grow(growth) = burn.placement {
        return growing::offer(medium, &surface, burn, &growth);
    }
    if burn.blocks > 0 {
        padded(burn.blocks, medium.unit(), surface.capacity)?;
    }
    Ok(Service::new(Lba(0), surface.capacity, medium.unit()))
}

fn surface_for(facts: &MediaFacts, medium: Medium, burn: &BurnRequest) -> Result<Surface, Refusal> {
    let profile = medium.profile();
    let surface = Surface::find(facts)?;
    if surface.intermediate.is_some_and(|next| next > Lba(0)) {
        return Err(Refusal::SessionOpen);
    }
    match burn.placement {
        Placement::Overwrite | Placement::Grow(_) => {}
        Placement::BlankOnly if surface.blank == Some(true) => {}
        // Formatted, and nothing written since.
        Placement::BlankOnly if surface.intermediate.is_some() => {}
        Placement::BlankOnly => {
            return Err(Refusal::MediumNotBlank {
                offer: Some(Placement::Overwrite),
            });
        }
        _ => return Err(Refusal::NoSessions { profile }),
    }
    not_needed(profile, burn)?;
    Ok(surface)
}

/// The recipe of a burn.
pub(crate) fn burn(
    facts: &MediaFacts,
    medium: Medium,
    burn: &BurnRequest,
) -> Result<Recipe, Refusal> {
    let surface = surface_for(facts, medium, burn)?;
    if let Placement::Grow(growth) = burn.placement {
        return growing::recipe(facts, medium, &surface, burn, &growth);
    }
    let blocks = padded(burn.blocks, medium.unit(), surface.capacity)?;
    let extent = Extent::image(Lba(0), blocks, medium.unit());
    Ok(around(facts, medium, &surface, extent, burn)?
        .expect(expected(medium, blocks))
        .resumable())
}

/// The block behind an extent; none here starts before the medium.
pub(crate) fn end_of(extent: &Extent) -> u64 {
    let first = u64::try_from(extent.first_lba.0).unwrap_or(0);
    first.saturating_add(extent.blocks)
}

/// What the medium shows after `blocks` blocks from its first one.
pub(crate) fn expected(medium: Medium, blocks: u64) -> ExpectedMedium {
    match medium {
        Medium::DvdMinusRw => restricted::expected(Some(blocks)),
        _ => ExpectedMedium::capacity(Some(blocks)),
    }
}

/// Zeros from the first block on.
pub(crate) fn zeros(blocks: u64, unit: u32) -> Extent {
    let mut extent = Extent::image(Lba(0), blocks, unit);
    extent.origin = Origin::Zeros;
    extent
}

/// The recipe of an erase. Only DVD-RW has a BLANK; zeros make the others empty. A full erase writes
/// zeros to every block, a quick one to those that make the medium look used.
pub(crate) fn erase(
    facts: &MediaFacts,
    medium: Medium,
    erase: &EraseRequest,
) -> Result<Recipe, Refusal> {
    if erase.scope != EraseScope::Disc {
        return Err(Refusal::NotOffered);
    }
    let surface = Surface::find(facts)?;
    if medium == Medium::DvdMinusRw {
        if let Some(recipe) = restricted::erase(facts, erase) {
            return Ok(recipe);
        }
        if surface.intermediate.is_some() {
            return Err(Refusal::SessionOpen);
        }
    }
    let unit = u64::from(medium.unit());
    let whole = surface.capacity / unit * unit;
    let quick = erase.volume_blocks.max(DESCRIPTOR_BLOCKS);
    let blocks = match erase.full {
        true => whole,
        false => quick
            .checked_next_multiple_of(unit)
            .unwrap_or(whole)
            .min(whole),
    };
    let extent = zeros(blocks, medium.unit());
    let expected = ExpectedMedium::blank();
    let at_full_speed = BurnRequest::new(blocks);
    Ok(around(facts, medium, &surface, extent, &at_full_speed)?.expect(expected))
}

/// Everything around an extent: format where it is needed, speed, and the end.
pub(crate) fn around(
    facts: &MediaFacts,
    medium: Medium,
    surface: &Surface,
    extent: Extent,
    burn: &BurnRequest,
) -> Result<Recipe, Refusal> {
    let (format, loses) = first_format(facts, medium, surface, &extent)?;
    let verifies = medium.verifies(facts, surface.unformatted);
    let (extents, verified) = streaming::written(facts, extent, burn, verifies);
    let mut recipe = Recipe::new();
    if medium == Medium::DvdMinusRw {
        recipe = recipe.prepare([moves::clear_test_write(&restricted::page(facts))]);
    }
    let formats = !format.is_empty();
    if formats {
        recipe = recipe.prepare(format).identify(has_room);
    }
    Ok(recipe
        // After the format: a drive may set its speed anew for it.
        .at_speed(set_burn_speed(facts, burn))
        .extents(extents)
        .close(closing(medium, surface, formats, burn.finish))
        .warn(verified.into_iter().chain(loses)))
}

/// The format that must come before the blocks, and what is to be said of it; nothing where none is
/// needed.
fn first_format(
    facts: &MediaFacts,
    medium: Medium,
    surface: &Surface,
    extent: &Extent,
) -> Result<(Vec<PlannedCommand>, Option<Warning>), Refusal> {
    if medium == Medium::DvdMinusRw {
        let (format, loses) = restricted::growth(facts, surface, extent)?;
        return Ok((format.into_iter().collect(), loses));
    }
    if surface.unformatted {
        return Ok((format::usual(facts, medium)?, None));
    }
    let suspended = surface.background == BackgroundFormat::Suspended;
    let restart = suspended && reaches_beyond(surface, end_of(extent));
    match restart {
        true => Ok((format::restart(facts, medium), None)),
        false => Ok((Vec::new(), None)),
    }
}

/// Whether a write up to `end` may reach beyond what a suspended format has covered. A list that calls the whole
/// disc formatted all the same tells nothing, and some drives do (recipe 13): then it may.
fn reaches_beyond(surface: &Surface, end: u64) -> bool {
    let covered = surface
        .formatted
        .filter(|covered| *covered < surface.capacity);
    covered.is_none_or(|covered| end > covered)
}

/// The end of a burn. On DVD-RAM and BD-RE nothing is closed, on DVD-RW an intermediate session. On DVD+RW a running format is stopped,
/// so that the disc can leave the drive, and a lead-out is written where the disc shall be final.
fn closing(
    medium: Medium,
    surface: &Surface,
    formats: bool,
    finish: Finish,
) -> Vec<PlannedCommand> {
    let mut closing = Vec::from(moves::synchronize_cache());
    if medium == Medium::DvdMinusRw {
        if formats {
            closing.push(restricted::end(Occasion::AfterFormat));
        } else if surface.intermediate.is_some() {
            closing.push(restricted::end(Occasion::AfterWriting));
        }
    }
    if !medium.formats_in_background() {
        return closing;
    }
    if formats {
        closing.push(moves::stop_format().only(Occasion::AfterFormat));
    } else if surface.background == BackgroundFormat::Running {
        closing.push(moves::stop_format().only(Occasion::AfterWriting));
    }
    if finish == Finish::FinalizeDisc {
        closing.push(lead_out());
    }
    closing
}

/// The recipe of a close without a burn: only a DVD+RW has anything to close, and a DVD-RW its intermediate
/// session.
pub(crate) fn close(
    facts: &MediaFacts,
    medium: Medium,
    close: &CloseRequest,
) -> Result<Recipe, Refusal> {
    let surface = Surface::find(facts)?;
    if medium == Medium::DvdMinusRw {
        return restricted::close(&surface);
    }
    if !medium.formats_in_background() {
        return Err(Refusal::NoSessions {
            profile: medium.profile(),
        });
    }
    let running = surface.background == BackgroundFormat::Running;
    if surface.unformatted || !(running || close.finalize) {
        return Err(Refusal::NothingToClose);
    }
    let stop = running.then(moves::stop_format);
    let last = close.finalize.then(lead_out);
    Ok(Recipe::new().close(stop.into_iter().chain(last)))
}

/// A temporary lead-out, for players that know no DVD+RW.
pub(crate) fn lead_out() -> PlannedCommand {
    moves::finalize(CloseFunction::Session).only(Occasion::AfterAll)
}

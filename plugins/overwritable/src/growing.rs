//! A volume that grows: the new session behind the old one, and when that is on the medium the head that leads to it
//! (recipe 8).
//!
//! Owns the judgement of the places that were asked for, and the recipe. Must not know volumes.

use crate::medium::{Medium, Surface};
use crate::write::{around, end_of, expected};
use pitland_writer::mmc::Lba;
use pitland_writer::{
    BurnRequest, Extent, Growth, MediaFacts, Recipe, Refusal, Run, Service, moves,
};

/// What is offered for a growth.
pub(crate) fn offer(
    medium: Medium,
    surface: &Surface,
    burn: &BurnRequest,
    growth: &Growth,
) -> Result<Service, Refusal> {
    let free = match burn.blocks {
        0 => free_from(medium, surface, growth.session.first_lba)?,
        _ => judge(medium, surface, burn, growth)?,
    };
    Ok(Service::new(growth.session.first_lba, free, medium.unit()))
}

/// Blocks from there to the end of the medium.
fn free_from(medium: Medium, surface: &Surface, first_lba: Lba) -> Result<u64, Refusal> {
    // An empty medium has nothing that grows.
    if surface.unformatted || surface.blank == Some(true) || surface.intermediate.is_some() {
        return Err(Refusal::NotOffered);
    }
    // A DVD-RW is written in order beyond what is formatted.
    let gap =
        medium == Medium::DvdMinusRw && surface.formatted_end().is_none_or(|end| first_lba > end);
    let first = u64::try_from(first_lba.0).map_err(|_| Refusal::NotOffered)?;
    match gap || !first.is_multiple_of(medium.unit().into()) {
        true => Err(Refusal::NotOffered),
        false => Ok(surface.capacity.saturating_sub(first)),
    }
}

fn judge(
    medium: Medium,
    surface: &Surface,
    burn: &BurnRequest,
    growth: &Growth,
) -> Result<u64, Refusal> {
    let available = free_from(medium, surface, growth.session.first_lba)?;
    let needed = growth.session.blocks;
    if needed > available {
        return Err(Refusal::TooLarge { needed, available });
    }
    let whole = growth.blocks() == burn.blocks && needed > 0;
    match whole && growth.is_sound(medium.unit()) {
        true => Ok(available),
        false => Err(Refusal::NotOffered),
    }
}

/// The recipe of a growth. It is not resumable: what is cut off before the head leaves the old volume as it was, and is begun
/// anew.
pub(crate) fn recipe(
    facts: &MediaFacts,
    medium: Medium,
    surface: &Surface,
    burn: &BurnRequest,
    growth: &Growth,
) -> Result<Recipe, Refusal> {
    judge(medium, surface, burn, growth)?;
    let image = |run: Run| Extent::image(run.first_lba, run.blocks, medium.unit());
    let session = image(growth.session);
    let end = end_of(&session);
    let mut head: Vec<Extent> = growth.head_runs().map(image).collect();
    if let Some(first) = head.first_mut() {
        first.before.extend(moves::synchronize_cache());
    }
    Ok(around(facts, medium, surface, session, burn)?
        .extents(head)
        .expect(expected(medium, end)))
}

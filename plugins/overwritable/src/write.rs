//! Burning, erasing and closing: what is sent around the blocks (recipes 6 and 7).
//!
//! Owns the three recipes. Must not know how a format is chosen.

use crate::format;
use crate::medium::{Medium, Surface};
use pitland_writer::mmc::Lba;
use pitland_writer::mmc::cdb::CloseFunction;
use pitland_writer::mmc::reply::{BackgroundFormat, CapacityKind};
use pitland_writer::recipe::has_room;
use pitland_writer::sequential::padded;
use pitland_writer::speed::{SpeedChoice, set_speed};
use pitland_writer::{
    BurnRequest, CloseRequest, EraseRequest, ExpectedMedium, Extent, Finish, MediaFacts, Occasion,
    Origin, Placement, PlannedCommand, Recipe, Refusal, Service, Speed, Warning, moves,
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
    if burn.blocks > 0 {
        padded(burn.blocks, medium.unit(), surface.capacity)?;
    }
    Ok(Service::new(Lba(0), surface.capacity, medium.unit()))
}

fn surface_for(facts: &MediaFacts, medium: Medium, burn: &BurnRequest) -> Result<Surface, Refusal> {
    let profile = medium.profile();
    let surface = Surface::find(facts)?;
    match burn.placement {
        Placement::Overwrite => {}
        Placement::BlankOnly if surface.blank == Some(true) => {}
        Placement::BlankOnly => {
            return Err(Refusal::MediumNotBlank {
                offer: Some(Placement::Overwrite),
            });
        }
        _ => return Err(Refusal::NoSessions { profile }),
    }
    if burn.test_write {
        return Err(Refusal::NoTestWrite { profile });
    }
    Ok(surface)
}

/// The recipe of a burn.
pub(crate) fn burn(
    facts: &MediaFacts,
    medium: Medium,
    burn: &BurnRequest,
) -> Result<Recipe, Refusal> {
    let surface = surface_for(facts, medium, burn)?;
    let blocks = padded(burn.blocks, medium.unit(), surface.capacity)?;
    let extent = Extent::image(Lba(0), blocks, medium.unit());
    let speed = set_speed(facts, burn.speed);
    let expected = ExpectedMedium::capacity(Some(blocks));
    Ok(around(facts, medium, &surface, speed, extent, burn.finish)?
        .expect(expected)
        .resumable())
}

/// The recipe of an erase: these media have no BLANK, so zeros make them empty. A full one writes
/// zeros to every block, a quick one to those that make the medium look used.
pub(crate) fn erase(
    facts: &MediaFacts,
    medium: Medium,
    erase: &EraseRequest,
) -> Result<Recipe, Refusal> {
    let surface = Surface::find(facts)?;
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
    let mut extent = Extent::image(Lba(0), blocks, medium.unit());
    extent.origin = Origin::Zeros;
    let speed = set_speed(facts, Speed::Maximum);
    let expected = ExpectedMedium::blank();
    Ok(around(facts, medium, &surface, speed, extent, Finish::CloseSession)?.expect(expected))
}

/// Everything around an extent: format where it is needed, speed, and the end.
pub(crate) fn around(
    facts: &MediaFacts,
    medium: Medium,
    surface: &Surface,
    speed: SpeedChoice,
    extent: Extent,
    finish: Finish,
) -> Result<Recipe, Refusal> {
    let end = u64::try_from(extent.first_lba.0).unwrap_or(0) + extent.blocks;
    let format = first_format(facts, medium, surface, end)?;
    let verified = medium
        .verifies(facts, surface.unformatted)
        .then_some(Warning::VerifiedByDrive);
    let mut recipe = Recipe::new();
    let formats = !format.is_empty();
    if formats {
        recipe = recipe.prepare(format).identify(has_room);
    }
    Ok(recipe
        // After the format: a drive may set its speed anew for it.
        .prepare(speed.commands)
        .extent(extent)
        .close(closing(medium, surface, formats, finish))
        .warn(speed.warning.into_iter().chain(verified)))
}

/// The format that must come before the blocks; nothing where none is needed.
fn first_format(
    facts: &MediaFacts,
    medium: Medium,
    surface: &Surface,
    end: u64,
) -> Result<Vec<PlannedCommand>, Refusal> {
    if surface.unformatted {
        return format::usual(facts, medium);
    }
    let suspended = surface.background == BackgroundFormat::Suspended;
    let restart = suspended && reaches_beyond(facts, surface, end);
    match restart {
        true => Ok(format::restart(facts)),
        false => Ok(Vec::new()),
    }
}

/// Whether a write up to `end` may reach beyond what a suspended format has covered. A list that calls the whole
/// disc formatted all the same tells nothing, and some drives do (recipe 13): then it may.
fn reaches_beyond(facts: &MediaFacts, surface: &Surface, end: u64) -> bool {
    let covered = facts
        .format_capacities
        .as_ref()
        .map(|list| list.current)
        .filter(|current| current.kind == CapacityKind::Formatted)
        .map(|current| u64::from(current.blocks.0))
        .filter(|covered| *covered < surface.capacity);
    covered.is_none_or(|covered| end > covered)
}

/// The end of a burn. On DVD-RAM and BD-RE nothing is closed. On DVD+RW a running format is stopped,
/// so that the disc can leave the drive, and a lead-out is written where the disc shall be final.
fn closing(
    medium: Medium,
    surface: &Surface,
    formats: bool,
    finish: Finish,
) -> Vec<PlannedCommand> {
    let mut closing = Vec::from(moves::synchronize_cache());
    if medium != Medium::DvdPlusRw {
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

/// The recipe of a close without a burn: only a DVD+RW has anything to close.
pub(crate) fn close(
    facts: &MediaFacts,
    medium: Medium,
    close: &CloseRequest,
) -> Result<Recipe, Refusal> {
    let surface = Surface::find(facts)?;
    if medium != Medium::DvdPlusRw {
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

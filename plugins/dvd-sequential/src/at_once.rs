//! Recording at once: one track of a length that is told before, and a final disc (recipe 6).
//!
//! Owns the recipe. Must not know when this way is taken.

use crate::layers::would_fit_one_layer;
use crate::{calibration, finality, page};
use pitland_writer::mmc::{Lba, SectorCount};
use pitland_writer::sequential::Spot;
use pitland_writer::speed::set_burn_speed;
use pitland_writer::write_parameters::unprotected;
use pitland_writer::{
    BurnRequest, ExpectedMedium, Finish, MediaFacts, MissingFact, Recipe, Refusal, moves,
};

/// The recipe, of a disc that goes on at its first block. Nothing is closed: the drive ends the disc by
/// itself, and the synchronization that waits for the whole of it is not sent (recipe 4). A burn that is
/// cut off cannot go on.
pub(crate) fn recipe(
    facts: &MediaFacts,
    spot: &Spot,
    burn: &BurnRequest,
) -> Result<Recipe, Refusal> {
    if spot.nwa != Lba(0) {
        return Err(Refusal::FactMissing {
            what: MissingFact::NextWritableAddress,
        });
    }
    let page = page::at_once(facts, burn);
    let extent = spot.extent(burn)?.under(&page);
    let blocks = extent.blocks;
    let [synchronize, _] = moves::synchronize_cache();
    let expected = match burn.test_write {
        true => ExpectedMedium::default(),
        false => spot.expected(&extent, Finish::FinalizeDisc, 0),
    };
    Ok(Recipe::new()
        .prepare([moves::set_write_parameters(&page)])
        .at_speed(set_burn_speed(facts, burn))
        .prepare(calibration(facts, burn))
        .prepare([moves::reserve_track(SectorCount(
            u32::try_from(blocks).unwrap_or(u32::MAX),
        ))])
        .extent(extent)
        .close([synchronize])
        .warn(unprotected(&page, burn))
        .warn(would_fit_one_layer(facts, blocks))
        .warn(finality(spot, burn, blocks))
        .expect(expected))
}

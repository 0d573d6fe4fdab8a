//! Whether a DVD-R DL is needed at all (recipe 6).
//!
//! Owns the reading of where its first layer ends. Must not know how it is recorded.

use pitland_writer::mmc::cdb::StructureMedium;
use pitland_writer::{MediaFacts, Warning};

/// Physical format information of the last border, or of a blank disc as it will be (recipe 2.4).
const LAST_BORDER_OUT: u8 = 0x10;

/// That the data would have fitted one layer. They are burned all the same: the drive fills the second
/// one up.
pub(crate) fn would_fit_one_layer(facts: &MediaFacts, needed: u64) -> Option<Warning> {
    let layer = facts
        .profile()
        .is_dual_layer()
        .then(|| layer_0(facts))
        .flatten()?;
    (needed <= layer).then_some(Warning::WouldFitOneLayer { needed, layer })
}

/// Blocks of the first layer: from the first sector of the data area to the last of that layer, each
/// in three bytes behind one that is zero.
fn layer_0(facts: &MediaFacts) -> Option<u64> {
    let structure = facts.disc_structure(StructureMedium::Dvd, LAST_BORDER_OUT)?;
    let sector = |at: usize| {
        let bytes: [u8; 4] = structure.data.get(at..at + 4)?.try_into().ok()?;
        Some(u64::from(u32::from_be_bytes(bytes) & 0x00FF_FFFF))
    };
    let blocks = (sector(12)? + 1).checked_sub(sector(4)?)?;
    Some(blocks).filter(|blocks| *blocks > 1)
}

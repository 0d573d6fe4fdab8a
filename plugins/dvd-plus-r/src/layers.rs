//! The two layers of a DVD+R DL: where the break goes, and whether the second layer is needed at all
//! (recipe 6).
//!
//! Owns that choice. Must not know how the disc is closed.

use pitland_writer::mmc::SectorCount;
use pitland_writer::mmc::cdb::StructureMedium;
use pitland_writer::mmc::reply::{LayerBoundary, dvd_format};
use pitland_writer::sequential::Spot;
use pitland_writer::{Finish, MediaFacts, PlannedCommand, Warning, moves};

/// What the layers ask for.
#[derive(Debug, Default)]
pub(crate) struct Layers {
    /// The command that sets the layer break, where it should be set.
    pub(crate) set_break: Option<PlannedCommand>,
    /// That the data would have fitted one layer.
    pub(crate) warning: Option<Warning>,
}

impl Layers {
    /// The layers of a burn of `blocks` blocks, padding included. Nothing on a single-layer disc, on
    /// one that holds a session already, or when the drive does not tell the first layer's capacity.
    ///
    /// The break is moved only for a burn that finalizes: the end is known then, and both layers get
    /// half of it. A disc that stays appendable keeps its full first layer.
    pub(crate) fn plan(facts: &MediaFacts, spot: &Spot, blocks: u64, finish: Finish) -> Self {
        let boundary = facts
            .disc_structure(StructureMedium::Dvd, dvd_format::LAYER_BOUNDARY)
            .and_then(|structure| LayerBoundary::parse(&structure.data).ok())
            .filter(|_| facts.profile().is_dual_layer() && spot.blank);
        let Some(boundary) = boundary else {
            return Self::default();
        };
        let layer = u64::from(boundary.layer0.0);
        if blocks <= layer {
            return Self {
                warning: Some(Warning::WouldFitOneLayer {
                    needed: blocks,
                    layer,
                }),
                set_break: None,
            };
        }
        let half = blocks
            .div_ceil(2)
            .next_multiple_of(u64::from(spot.unit.max(1)));
        let movable = finish == Finish::FinalizeDisc && !boundary.fixed && half < layer;
        Self {
            set_break: u32::try_from(half)
                .ok()
                .filter(|_| movable)
                .map(|half| moves::set_layer_break(SectorCount(half))),
            warning: None,
        }
    }
}

//! What stands behind the files: padding, appended partitions, the end of UDF, and that of a partition table.
//!
//! Owns their order; must not know what is in them.

use super::{Layout, PlanError, Planner, Region};
use crate::block::blocks_for;
use crate::hybrid::{self, ALIGNMENT, BACKUP_BLOCKS, EfiPartition};
use crate::tree::NodeId;

/// Blocks behind the last anchor of UDF where the last block is another's: it stands so far before that one.
const ANCHOR_FROM_END: u64 = 256;

impl Layout {
    pub(super) fn place_end(&mut self, planner: &mut Planner) -> Result<(), PlanError> {
        planner.region(Region::Padding, u64::from(self.options.padding_blocks))?;
        self.place_appended(planner)?;
        let has_gpt = self
            .options
            .hybrid
            .as_ref()
            .map(|hybrid| hybrid.table.has_gpt());
        let unit = if has_gpt.is_some() { ALIGNMENT } else { 1 };
        let mut used = planner.next_block()?;
        if let Some(udf) = &mut self.udf {
            let behind = match has_gpt {
                Some(true) => ANCHOR_FROM_END,
                _ => 0,
            };
            planner.end_udf(udf, behind, unit)?;
            used = planner.next_block()?;
        }
        let backup = match has_gpt {
            Some(true) => BACKUP_BLOCKS,
            _ => 0,
        };
        let end = (planner.next + backup).next_multiple_of(unit);
        planner.reserve_to(end - backup)?;
        if backup > 0 {
            planner.region(Region::PartitionTable, backup)?;
        }
        self.blocks = planner.next_block()?;
        self.hybrid = hybrid::plan(self, used)?;
        Ok(())
    }

    /// The files that become partitions of their own behind the volume's data, by the nodes that have their data.
    pub(super) fn appended(&self) -> Vec<NodeId> {
        let appended = |hybrid: &&hybrid::Hybrid| hybrid.efi == EfiPartition::Appended;
        let images = match self.options.hybrid.as_ref().filter(appended) {
            Some(_) => hybrid::efi_images(&self.options),
            None => Vec::new(),
        };
        let mut images: Vec<NodeId> = images
            .into_iter()
            .map(|image| self.tree.data_of(image))
            .filter(|image| self.tree.recorded(*image).is_none())
            .collect();
        images.dedup();
        images
    }

    fn place_appended(&mut self, planner: &mut Planner) -> Result<(), PlanError> {
        for image in self.appended() {
            planner.reserve_to(planner.next.next_multiple_of(ALIGNMENT))?;
            planner.region(Region::Data, 0)?;
            let block = planner.take(blocks_for(self.tree.size(image)))?;
            self.extents.push((block, image));
            let names: Vec<NodeId> = self
                .tree
                .nodes()
                .filter(|id| self.tree.data_of(*id) == image)
                .collect();
            for name in names {
                if let Some(place) = self.places.get_mut(name.index()) {
                    *place = block;
                }
            }
        }
        Ok(())
    }
}

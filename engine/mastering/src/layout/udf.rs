//! Where the regions of UDF stand in the image: between the descriptors of ISO 9660 and its path tables, and at the end.
//!
//! Owns the distances between descriptors; what is in them is `crate::udf`'s.

use std::path::PathBuf;

use super::{Count, PlanError, PlanWarning, Planner, Region, UdfRegion, VolumeOptions};
use crate::tree::{NodeId, Tree};
use crate::udf::UdfRevision;
use crate::udf::descriptors::{ANCHOR_BLOCK, SEQUENCE_BLOCKS};
use crate::udf::plan::{ALLOCATION_UNIT, UdfPlan};

/// Descriptors of UDF that one scratch is to spare stand this many blocks apart: in another ECC block on every disc.
const UDF_STEP: u64 = 32;
/// Blocks of a volume of UDF are a multiple of this, so that its last one, an anchor, is the last one of a track.
const UDF_UNIT: u64 = 32;

impl Planner {
    fn udf(&mut self, region: UdfRegion, blocks: u64) -> Result<u32, PlanError> {
        self.region(Region::Udf(region), blocks)
    }

    /// Zeros up to a block.
    pub(super) fn reserve_to(&mut self, block: u64) -> Result<(), PlanError> {
        let zeros = block.saturating_sub(self.next);
        if zeros > 0 {
            self.region(Region::Reserve, zeros)?;
        }
        Ok(())
    }

    /// Zeros up to where a piece of a metadata partition may begin.
    fn align_in_partition(&mut self, udf: &UdfPlan) -> Result<(), PlanError> {
        let inside = u64::from(self.first_lba) + self.next - u64::from(udf.partition);
        let aligned = inside.next_multiple_of(u64::from(ALLOCATION_UNIT));
        self.reserve_to(self.next + aligned - inside)
    }

    pub(super) fn begin_udf(&mut self, udf: &mut UdfPlan) -> Result<(), PlanError> {
        let sequence = u64::from(SEQUENCE_BLOCKS);
        self.udf(UdfRegion::Recognition, 3)?;
        self.reserve_to(UDF_STEP)?;
        udf.main_sequence = self.udf(UdfRegion::Sequence, sequence)?;
        self.reserve_to(2 * UDF_STEP)?;
        udf.integrity = self.udf(UdfRegion::Integrity, 2)?;
        self.reserve_to(3 * UDF_STEP)?;
        udf.reserve_sequence = self.udf(UdfRegion::Sequence, sequence)?;
        self.reserve_to(u64::from(ANCHOR_BLOCK))?;
        self.udf(UdfRegion::Anchor, 1)?;
        let metadata = u64::from(udf.metadata_blocks);
        if udf.revision.has_metadata_partition() {
            self.reserve_to(u64::from(ANCHOR_BLOCK) + UDF_STEP)?;
            self.begin_partition(udf)?;
            let [own, _] = &mut udf.metadata_files;
            *own = self.udf(UdfRegion::MetadataFile { mirror: false }, 1)?;
            self.align_in_partition(udf)?;
        } else {
            self.begin_partition(udf)?;
        }
        udf.metadata = self.udf(UdfRegion::Metadata, metadata)?;
        Ok(())
    }

    /// The partition begins here, or where the first file of an earlier session is: its blocks count from there.
    fn begin_partition(&mut self, udf: &mut UdfPlan) -> Result<(), PlanError> {
        let here = self.first_lba + self.next_block()?;
        udf.partition = udf.first_recorded.map_or(here, |first| first.min(here));
        Ok(())
    }

    /// Ends with an anchor, `behind` blocks before the end of the volume, which is a multiple of `unit`.
    pub(super) fn end_udf(
        &mut self,
        udf: &mut UdfPlan,
        behind: u64,
        unit: u64,
    ) -> Result<(), PlanError> {
        udf.mirror = udf.metadata;
        if udf.revision.has_metadata_partition() {
            self.align_in_partition(udf)?;
            if udf.mirrored {
                udf.mirror = self.udf(UdfRegion::Metadata, u64::from(udf.metadata_blocks))?;
            }
            let [_, mirror] = &mut udf.metadata_files;
            *mirror = self.udf(UdfRegion::MetadataFile { mirror: true }, 1)?;
        }
        let end = (self.next + 1 + behind).next_multiple_of(UDF_UNIT.max(unit));
        self.reserve_to(end - 1 - behind)?;
        udf.partition_blocks = self.first_lba + self.next_block()? - udf.partition;
        self.udf(UdfRegion::Anchor, 1)?;
        Ok(())
    }
}

pub(super) fn plan(
    tree: &Tree,
    revision: UdfRevision,
    first_lba: u32,
    options: &VolumeOptions,
    warnings: &mut Vec<PlanWarning>,
) -> Result<UdfPlan, PlanError> {
    let mut changed = Count::default();
    let udf = UdfPlan::new(tree, revision, first_lba, options, &mut changed)?;
    if let Some(first) = changed.first {
        warnings.push(PlanWarning::UdfNamesChanged {
            count: changed.count,
            first: tree.disc_path(first),
        });
    }
    let mut targets = Count::default();
    for id in tree.nodes() {
        if !crate::udf::entry::holds_target(tree, id) && udf.shown.shows(id) {
            targets.add(id);
        }
    }
    if let Some(first) = targets.first {
        warnings.push(PlanWarning::UdfTargetsChanged {
            count: targets.count,
            first: tree.disc_path(first),
        });
    }
    Ok(udf)
}

/// Tells of what files have that no file system of the volume records: named streams, and that they are for real time.
pub(super) fn check_extras(tree: &Tree, options: &VolumeOptions, warnings: &mut Vec<PlanWarning>) {
    if !tree.has_extras() {
        return;
    }
    if !options.udf.is_some_and(UdfRevision::third_edition) {
        let streams = tree.nodes().filter(|id| tree.is_stream(*id));
        warnings.extend(told(tree, streams, |count, first| {
            PlanWarning::StreamsLeftOut { count, first }
        }));
    }
    if options
        .udf
        .is_none_or(|revision| revision < UdfRevision::V2_01)
    {
        let of_real_time = |id: &NodeId| tree.extras(*id).is_some_and(|extras| extras.real_time);
        let files = tree.nodes().filter(of_real_time);
        warnings.extend(told(tree, files, |count, first| {
            PlanWarning::RealTimeUnmarked { count, first }
        }));
    }
}

fn told(
    tree: &Tree,
    nodes: impl Iterator<Item = NodeId>,
    warning: impl FnOnce(u64, PathBuf) -> PlanWarning,
) -> Option<PlanWarning> {
    let mut count = Count::default();
    nodes.for_each(|id| count.add(id));
    let first = count.first?;
    Some(warning(count.count, tree.disc_path(first)))
}

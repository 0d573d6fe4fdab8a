//! The blocks of structures: descriptors, path tables, folders.
//!
//! Made from the plan alone; must not open a file.

use std::path::Path;

use crate::block::{BLOCK_BYTES, BLOCK_SIZE, blocks_for};
use crate::el_torito;
use crate::hybrid;
use crate::iso9660::descriptor::{FILE_NAME_BYTES, VolumeDescriptor, VolumeKind, terminator};
use crate::iso9660::directory_record::{DirectoryRecord, FLAG_DIRECTORY, SELF_IDENTIFIER};
use crate::iso9660::path_table::{PathTableKind, PathTableRecord};
use crate::iso9660::rules::VolumeSize;
use crate::iso9660::stamp::{LongStamp, ShortStamp};
use crate::joliet::{self, Surrogates};
use crate::layout::records::Records;
use crate::layout::{Descriptor, Hierarchy, Layout, Namespace, Region, UdfRegion};
use crate::time::Timestamp;
use crate::tree::NodeId;
use crate::udf;
use crate::udf::plan::UdfPlan;

/// Makes blocks from `block` on into `out`, whose former content is lost: at most `most`, at most to the end of the
/// structure, at least one.
pub(super) fn make(layout: &Layout, region: Region, block: u32, most: u32, out: &mut Vec<u8>) {
    out.clear();
    match region {
        Region::Descriptor(Descriptor::Terminator) => out.extend(terminator()),
        Region::Descriptor(Descriptor::Volume { hierarchy }) => {
            if let Some(hierarchy) = layout.hierarchies.get(hierarchy) {
                out.extend(descriptor(layout, hierarchy).emit());
            }
        }
        Region::Descriptor(Descriptor::Boot) => {
            let catalogue = layout.absolute(layout.boot_catalogue());
            out.extend(el_torito::boot_record(catalogue));
        }
        Region::BootCatalogue => {
            let (first, _) = layout.region_bounds(block);
            let whole = layout.boot_catalogue_bytes();
            let skip = (block - first) as usize * BLOCK_SIZE;
            out.extend_from_slice(whole.get(skip..).unwrap_or_default());
            let (_, end) = layout.region_bounds(block);
            out.resize((end - block) as usize * BLOCK_SIZE, 0);
        }
        Region::PathTable { hierarchy, kind } => {
            let (first, _) = layout.region_bounds(block);
            if let Some(hierarchy) = layout.hierarchies.get(hierarchy) {
                path_table(layout, hierarchy, kind, block - first, most, out);
            }
        }
        Region::Directories { hierarchy } => {
            let directory = layout.directory_at(hierarchy, block);
            if let Some((hierarchy, directory)) = layout.hierarchies.get(hierarchy).zip(directory) {
                let from = block - directory.block;
                let left = directory.record_blocks + directory.continuation_blocks - from;
                out.resize(left.min(most) as usize * BLOCK_SIZE, 0);
                Records {
                    tree: &layout.tree,
                    hierarchy,
                    directory,
                }
                .emit(layout, from, out);
            }
        }
        Region::Udf(region) => {
            if let Some(plan) = &layout.udf {
                udf_region(layout, plan, region, block, most, out);
            }
        }
        Region::SystemArea | Region::PartitionTable => {
            let tables = layout.options.hybrid.as_ref().zip(layout.hybrid.as_ref());
            if let Some((options, plan)) = tables {
                let whole = match region {
                    Region::SystemArea => hybrid::system_area(options, plan),
                    _ => hybrid::backup(plan),
                };
                let (first, _) = layout.region_bounds(block);
                let skip = (block - first) as usize * BLOCK_SIZE;
                out.extend_from_slice(whole.get(skip..).unwrap_or_default());
            }
        }
        Region::EmptyFiles | Region::Reserve | Region::Data | Region::Padding => {}
    }
}

fn udf_region(
    layout: &Layout,
    plan: &UdfPlan,
    region: UdfRegion,
    block: u32,
    most: u32,
    out: &mut Vec<u8>,
) {
    use udf::{descriptors, entry};
    let (first, end) = layout.region_bounds(block);
    let whole = match region {
        UdfRegion::Metadata => {
            return udf_metadata(layout, plan, block - first, end - first, most, out);
        }
        UdfRegion::Recognition => descriptors::recognition(plan.revision),
        UdfRegion::Sequence => descriptors::sequence(layout, plan, first),
        UdfRegion::Integrity => descriptors::integrity(layout, plan),
        UdfRegion::Anchor => descriptors::anchor(layout, plan, first),
        UdfRegion::MetadataFile { mirror } => entry::metadata_file(layout, plan, mirror),
    };
    let skip = (block - first) as usize * BLOCK_SIZE;
    out.extend_from_slice(whole.get(skip..).unwrap_or_default());
}

/// File set, file entries and folders from an offset among them on. Both copies are the same: the addresses in them are
/// of the metadata partition.
fn udf_metadata(
    layout: &Layout,
    plan: &UdfPlan,
    offset: u32,
    blocks: u32,
    most: u32,
    out: &mut Vec<u8>,
) {
    let end = blocks.min(offset.saturating_add(most));
    let mut at = offset;
    while at < end {
        let before = out.len();
        match plan.node_at(at) {
            None => {
                let file_set = udf::descriptors::file_set(layout, plan);
                let rest = file_set.get(at as usize * BLOCK_SIZE..).unwrap_or_default();
                out.extend_from_slice(rest);
            }
            Some((node, from)) => {
                let left = plan.end_of(node).min(end).saturating_sub(at);
                out.extend(udf::entry::emit(layout, plan, node, from, left));
            }
        }
        let made = (out.len() - before).div_ceil(BLOCK_SIZE) as u32;
        if made == 0 {
            // Behind the last node: what fills up the last allocation unit.
            break;
        }
        at += made;
    }
    out.resize((end - offset) as usize * BLOCK_SIZE, 0);
}

fn descriptor(layout: &Layout, hierarchy: &Hierarchy) -> VolumeDescriptor {
    let options = &layout.options;
    let kind = match hierarchy.namespace {
        Namespace::Iso { .. } => VolumeKind::Primary,
        Namespace::Joliet { .. } => VolumeKind::Supplementary(joliet::escapes()),
        Namespace::Enhanced => VolumeKind::Enhanced,
    };
    let text = |text: &str, limit: usize| match hierarchy.namespace {
        Namespace::Joliet { .. } => {
            let mut units = joliet::units(text.as_bytes(), Surrogates::Keep);
            joliet::cut(&mut units, limit / 2);
            joliet::bytes(&units)
        }
        Namespace::Iso { .. } | Namespace::Enhanced => text
            .chars()
            .map(|c| {
                if matches!(c, ' '..='~') {
                    c as u8
                } else {
                    b'_'
                }
            })
            .collect(),
    };
    let file = |name: &str| {
        let node = layout.tree.find(Path::new(name));
        let node = node.filter(|id| *id != NodeId::ROOT);
        let identifier = node.map_or(&[][..], |id| hierarchy.identifier(id));
        match identifier.len() <= FILE_NAME_BYTES {
            true => identifier.to_vec(),
            false => Vec::new(),
        }
    };
    let mut root = [0; 34];
    if let Some(directory) = hierarchy.directories.first() {
        let mut bytes = Vec::with_capacity(34);
        DirectoryRecord {
            lba: layout.absolute(directory.block),
            bytes: directory.record_blocks * BLOCK_SIZE as u32,
            stamp: ShortStamp::new(layout.tree.modified(NodeId::ROOT)),
            flags: FLAG_DIRECTORY,
            identifier: SELF_IDENTIFIER,
            system_use: &[],
        }
        .emit(&mut bytes);
        root.copy_from_slice(bytes.get(..34).unwrap_or(&[0; 34]));
    }
    let stamp = |time: Option<Timestamp>| time.map_or(LongStamp::UNSPECIFIED, LongStamp::new);
    let [l, m] = hierarchy.path_tables;
    VolumeDescriptor {
        kind,
        system: text(&options.texts.system_id, 32),
        volume: text(&options.volume_id, 32),
        // The plan has refused what is larger.
        blocks: match options.volume_size {
            VolumeSize::Session => layout.blocks() as u32,
            VolumeSize::ToEnd => layout.absolute(layout.blocks() as u32),
        },
        path_table_bytes: hierarchy.path_table_bytes,
        path_table_l: layout.absolute(l),
        path_table_m: layout.absolute(m),
        root,
        volume_set: text(&options.texts.volume_set_id, 128),
        publisher: text(&options.texts.publisher, 128),
        preparer: text(&options.texts.preparer, 128),
        application: text(&options.texts.application, 128),
        copyright_file: file(&options.texts.copyright_file),
        abstract_file: file(&options.texts.abstract_file),
        bibliographic_file: file(&options.texts.bibliographic_file),
        created: LongStamp::new(options.created),
        modified: LongStamp::new(options.modified.unwrap_or(options.created)),
        expires: stamp(options.expires),
        effective: stamp(options.effective),
    }
}

/// Makes blocks of a path table. Records cross blocks freely, so a window is cut out of the run of records.
fn path_table(
    layout: &Layout,
    hierarchy: &Hierarchy,
    kind: PathTableKind,
    first: u32,
    most: u32,
    out: &mut Vec<u8>,
) {
    let left = blocks_for(u64::from(hierarchy.path_table_bytes)) as u32 - first;
    let start = u64::from(first) * BLOCK_BYTES;
    let length = left.min(most) as usize * BLOCK_SIZE;
    let mut at = 0u64;
    let mut record = Vec::with_capacity(264);
    for directory in &hierarchy.directories {
        let identifier = match directory.node {
            NodeId::ROOT => SELF_IDENTIFIER,
            node => {
                let parent = hierarchy.directories.get(directory.parent as usize);
                let folder = parent.map_or(NodeId::ROOT, |parent| parent.node);
                hierarchy.identifier_in(folder, &layout.tree, node)
            }
        };
        let end = at + PathTableRecord::length(identifier.len()) as u64;
        if end > start {
            record.clear();
            // Parents beyond what 16 bits can number: the plan has warned.
            let parent = u16::try_from(directory.parent + 1).unwrap_or(u16::MAX);
            PathTableRecord {
                identifier,
                lba: layout.absolute(directory.block),
                parent,
            }
            .emit(kind, &mut record);
            let skip = start.saturating_sub(at) as usize;
            out.extend_from_slice(record.get(skip..).unwrap_or_default());
        }
        if out.len() >= length {
            break;
        }
        at = end;
    }
    out.resize(length, 0);
}

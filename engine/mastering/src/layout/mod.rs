//! Pass 1: every structure and every file gets its blocks, before the first byte is made.
//!
//! Owns addresses and sizes; must not read the files. The order in the image is: system area, descriptors, path
//! tables, folders of ISO 9660 (each followed by its continuation areas), folders of Joliet, the boot
//! catalogue, one block that all empty files share, zeros up to block 32 where that is not passed yet, the files by
//! their weights and then in the order of the tree, a manifest, padding.
//!
//! Images that become partitions of a hybrid image may stand behind the padding; its second partition table ends it.
//!
//! With UDF its descriptors stand between those of ISO 9660 and the path tables, up to the anchor in block 256; behind it
//! the partition begins, with the file entries and folders of UDF. Behind the padding come the second copy of these, from
//! revision 2.50 on, and the other anchor, in the last block of the volume, or 256 before that where the end is a partition
//! table's.
//!
//! All addresses in the volume are absolute on the disc: a session's first LBA is added to each. The volume's size,
//! though, counts the session's own blocks alone, which is what other mastering programs write for a further session
//! and what readers expect when they look at one session.

mod boot;
mod end;
mod fingerprint;
mod hierarchy;
mod lookup;
mod options;
mod owners;
mod place;
pub(crate) mod records;
mod texts;
mod udf;

use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(crate) use hierarchy::{Count, DirectoryPlace, Hierarchy, Namespace, RockRidge};
use lookup::RecordedExtent;
pub use options::{PlanError, PlanWarning, VolumeOptions};
pub use owners::{Owner, Structure};
pub use place::Extents;
pub(crate) use place::sections;
pub use texts::VolumeTexts;

use crate::aaip;
use crate::block::{BLOCK_BYTES, BLOCK_SIZE, blocks_for};
use crate::el_torito;
use crate::emit::{AheadFiles, Digests, Emitter, FileContents, ReadAhead, SourceReader};
use crate::hybrid::{self, HybridPlan};
use crate::iso9660::SECTION_BYTES;
use crate::iso9660::path_table::PathTableKind;
use crate::iso9660::rules::{Deep, VolumeSize};
use crate::iso9660::stamp::ShortStamp;
use crate::susp::Packer;
use crate::tree::{NodeId, NodeKind, Tree};
use crate::udf::plan::UdfPlan;
use records::Records;

/// What begins at a block; in the order in which they follow one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Region {
    SystemArea,
    Descriptor(Descriptor),
    PathTable {
        hierarchy: usize,
        kind: PathTableKind,
    },
    Directories {
        hierarchy: usize,
    },
    BootCatalogue,
    EmptyFiles,
    Reserve,
    Data,
    Padding,
    /// The second one of a hybrid image.
    PartitionTable,
    Udf(UdfRegion),
}

/// A region of UDF's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UdfRegion {
    Recognition,
    Sequence,
    Integrity,
    Anchor,
    MetadataFile { mirror: bool },
    Metadata,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Descriptor {
    /// That of a hierarchy: the primary one for the first, a supplementary one for the others.
    Volume {
        hierarchy: usize,
    },
    Boot,
    Terminator,
}

/// A planned volume: where everything goes. `Send + Sync`; share it in an [`Arc`].
#[derive(Debug)]
pub struct Layout {
    pub(crate) tree: Tree,
    first_lba: u32,
    pub(crate) options: VolumeOptions,
    /// ISO 9660's first, then those of Joliet and of ISO 9660:1999, as far as they are wished; none for UDF alone.
    pub(crate) hierarchies: Vec<Hierarchy>,
    pub(crate) udf: Option<UdfPlan>,
    /// For a folder its ordinal, for everything else the block of its data.
    places: Vec<u32>,
    /// First block and node of every file that has data, in order.
    extents: Vec<(u32, NodeId)>,
    /// What stands on the disc already.
    recorded: Vec<RecordedExtent>,
    /// The checksums of these, as they become known, where a manifest lists them.
    digests: Option<Digests>,
    /// First blocks of the regions, in order.
    regions: Vec<(u32, Region)>,
    blocks: u32,
    boot_catalogue: u32,
    /// Where a hybrid image has its partitions.
    pub(crate) hybrid: Option<HybridPlan>,
    warnings: Vec<PlanWarning>,
}

/// A file in a planned volume.
#[derive(Clone, Copy, Debug)]
pub struct PlannedFile<'a> {
    layout: &'a Layout,
    node: NodeId,
}

impl<'a> PlannedFile<'a> {
    /// The node of the tree.
    #[must_use]
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// Its path in the volume, from `/`.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.layout.tree.disc_path(self.node)
    }

    /// Where its bytes come from.
    #[must_use]
    pub fn source_path(&self) -> PathBuf {
        self.layout.tree.source_path(self.node)
    }

    /// Its bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.layout.tree.size(self.node)
    }

    /// Whether it stands on the disc already, and is no part of what is written.
    #[must_use]
    pub fn is_recorded(&self) -> bool {
        self.layout.tree.recorded(self.node).is_some()
    }

    /// Whether it has the blocks of another file: a further name of it, or one with equal bytes.
    #[must_use]
    pub fn is_further_name(&self) -> bool {
        self.layout.tree.data_of(self.node) != self.node
    }

    /// Its first block, absolute on the disc. An empty file has the block of all empty files.
    #[must_use]
    pub fn first_lba(&self) -> u32 {
        self.layout.first_lba_of(self.node)
    }

    /// Blocks that its bytes take; none for an empty file.
    #[must_use]
    pub fn blocks(&self) -> u32 {
        blocks_for(self.size()) as u32 // the plan has refused what is larger
    }

    /// The extents, each of which has a record. An empty file has none.
    #[must_use]
    pub fn extents(&self) -> Extents<'a> {
        self.layout.extents_of(self.node)
    }
}

impl Layout {
    /// Places a tree in a volume whose first block will be `first_lba` of the disc: 0, or the next writable address of
    /// a further session.
    ///
    /// # Errors
    /// [`PlanError`]: a name, a file or the volume that the format cannot hold.
    pub fn plan(
        mut tree: Tree,
        first_lba: u32,
        options: &VolumeOptions,
    ) -> Result<Self, PlanError> {
        check_texts(options)?;
        check_choice(options)?;
        let mut warnings = Vec::new();
        check_nodes(&tree, options, &mut warnings)?;
        boot::check(&tree, options)?;
        boot::prepare(&mut tree, options)?;
        hybrid::check(options, first_lba)?;
        check_named_files(&tree, options)?;
        let mut ordinal = 0;
        let places: Vec<u32> = tree
            .nodes
            .iter()
            .map(|node| {
                let own = if node.kind == NodeKind::Directory {
                    ordinal
                } else {
                    0
                };
                ordinal += u32::from(node.kind == NodeKind::Directory);
                own
            })
            .collect();
        if options.iso9660 && options.joliet && options.volume_id.encode_utf16().count() > 16 {
            warnings.push(PlanWarning::JolietVolumeIdCut);
        }
        let hierarchies = Namespace::all(options)
            .into_iter()
            .map(|namespace| Hierarchy::new(&tree, namespace, &places, &mut warnings))
            .collect::<Result<Vec<_>, _>>()?;
        udf::check_extras(&tree, options, &mut warnings);
        let udf = options
            .udf
            .map(|revision| udf::plan(&tree, revision, first_lba, options, &mut warnings))
            .transpose()?;
        let mut layout = Self {
            tree,
            first_lba,
            options: options.clone(),
            hierarchies,
            udf,
            places,
            extents: Vec::new(),
            recorded: Vec::new(),
            digests: None,
            regions: Vec::new(),
            blocks: 0,
            boot_catalogue: 0,
            hybrid: None,
            warnings,
        };
        layout.place_all()?;
        layout.fill_boot_catalogue();
        Ok(layout)
    }

    fn place_all(&mut self) -> Result<(), PlanError> {
        let mut planner = Planner {
            first_lba: self.first_lba,
            next: 0,
            regions: Vec::new(),
        };
        planner.region(Region::SystemArea, 16)?;
        let boot_blocks = el_torito::catalogue_blocks(&self.options.boot)?;
        for hierarchy in 0..self.hierarchies.len() {
            let descriptor = Descriptor::Volume { hierarchy };
            planner.region(Region::Descriptor(descriptor), 1)?;
            // What starts a machine looks for it in the second block, and nowhere else.
            if hierarchy == 0 && boot_blocks > 0 {
                planner.region(Region::Descriptor(Descriptor::Boot), 1)?;
            }
        }
        let terminator = u64::from(!self.hierarchies.is_empty());
        planner.region(Region::Descriptor(Descriptor::Terminator), terminator)?;
        if let Some(udf) = &mut self.udf {
            planner.begin_udf(udf)?;
        }
        for (at, hierarchy) in self.hierarchies.iter_mut().enumerate() {
            let blocks = blocks_for(u64::from(hierarchy.path_table_bytes));
            for (place, kind) in hierarchy
                .path_tables
                .iter_mut()
                .zip([PathTableKind::L, PathTableKind::M])
            {
                *place = planner.region(
                    Region::PathTable {
                        hierarchy: at,
                        kind,
                    },
                    blocks,
                )?;
            }
        }
        for at in 0..self.hierarchies.len() {
            self.place_directories(at, &mut planner)?;
        }
        let own_blocks = match self.options.boot_catalogue {
            Some(_) => 0,
            None => boot_blocks,
        };
        self.boot_catalogue = planner.region(Region::BootCatalogue, own_blocks)?;
        self.place_files(&mut planner)?;
        self.place_end(&mut planner)?;
        self.recorded = self.recorded_extents();
        let files = self.extents.len();
        self.digests = self.tree.has_manifest().then(|| Digests::new(files));
        self.regions = planner.regions;
        let blocks = self.blocks();
        match self.options.most_blocks {
            Some(limit) if blocks > limit => Err(PlanError::ImageSizeLimit { blocks, limit }),
            _ => Ok(()),
        }
    }

    fn place_directories(&mut self, at: usize, planner: &mut Planner) -> Result<(), PlanError> {
        planner.region(Region::Directories { hierarchy: at }, 0)?;
        let mut packer = Packer::default();
        let Some(hierarchy) = self.hierarchies.get(at) else {
            return Ok(());
        };
        let mut measured = Vec::with_capacity(hierarchy.directories.len());
        let misread = self.first_lba > 0 && self.options.volume_size == VolumeSize::Session;
        let mut continued = Count::default();
        for directory in &hierarchy.directories {
            let records = Records {
                tree: &self.tree,
                hierarchy,
                directory,
            };
            let (end, checkpoints) = records.measure(&mut packer);
            let record_blocks = blocks_for(end.records);
            let continuation_blocks = blocks_for(end.continuations);
            // The length of a folder is recorded in 32 bits.
            if record_blocks * BLOCK_BYTES > u64::from(u32::MAX) {
                return Err(PlanError::TooManyFiles);
            }
            if misread && continuation_blocks > 0 {
                continued.add(directory.node);
            }
            let block = planner.take(record_blocks + continuation_blocks)?;
            measured.push((
                block,
                record_blocks as u32,
                continuation_blocks as u32,
                checkpoints,
            ));
        }
        let places = self
            .hierarchies
            .get_mut(at)
            .map(|h| h.directories.iter_mut())
            .into_iter()
            .flatten();
        for (directory, (block, record_blocks, continuation_blocks, checkpoints)) in
            places.zip(measured)
        {
            directory.block = block;
            directory.record_blocks = record_blocks;
            directory.continuation_blocks = continuation_blocks;
            directory.checkpoints = checkpoints;
        }
        if let Some(first) = continued.first {
            self.warnings.push(PlanWarning::ContinuedInSession {
                count: continued.count,
                first: self.tree.disc_path(first),
            });
        }
        Ok(())
    }

    /// The volume's exact size in blocks of 2048 bytes, padding included.
    #[must_use]
    pub fn blocks(&self) -> u64 {
        u64::from(self.blocks)
    }

    /// The LBA of the volume's first block.
    #[must_use]
    pub fn first_lba(&self) -> u32 {
        self.first_lba
    }

    /// What the volume will not show quite as the source has it.
    #[must_use]
    pub fn warnings(&self) -> &[PlanWarning] {
        &self.warnings
    }

    /// With warnings of whoever made the tree, in front of those of the plan.
    #[must_use]
    pub fn with_warnings(mut self, warnings: impl IntoIterator<Item = PlanWarning>) -> Self {
        self.warnings.splice(0..0, warnings);
        self
    }

    /// The tree that is placed.
    #[must_use]
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// The options that it was placed with.
    #[must_use]
    pub fn options(&self) -> &VolumeOptions {
        &self.options
    }

    /// Gives the tree back, to plan it anew for another first LBA.
    #[must_use]
    pub fn into_tree(self) -> Tree {
        self.tree
    }

    /// The files whose bytes are in the volume, each once, in the order of these.
    pub fn placed_files(&self) -> impl Iterator<Item = PlannedFile<'_>> {
        self.extents.iter().map(|(_, node)| PlannedFile {
            layout: self,
            node: *node,
        })
    }

    /// The files in the order of the tree, with further names and those that stand on the disc already.
    pub fn files(&self) -> impl Iterator<Item = PlannedFile<'_>> {
        self.tree
            .nodes()
            .filter(|id| self.tree.kind(*id) == NodeKind::File)
            .map(|node| PlannedFile { layout: self, node })
    }

    /// An emitter of this volume's bytes. Several may work at the same time, each on its own blocks.
    #[must_use]
    pub fn emitter(self: &Arc<Self>) -> Emitter {
        Emitter::new(Arc::clone(self), None)
    }

    /// An emitter that asks `contents` for the bytes of each file before it reads the source.
    #[must_use]
    pub fn emitter_with(self: &Arc<Self>, contents: Box<dyn FileContents>) -> Emitter {
        Emitter::new(Arc::clone(self), Some(contents))
    }

    /// An emitter that reads small files ahead of what is asked for, in threads of its own, for one who wants the whole
    /// volume from its first block to its last. The bytes and the errors are those of [`Layout::emitter`].
    #[must_use]
    pub fn emitter_ahead(self: &Arc<Self>) -> Emitter {
        let files = AheadFiles::small(self);
        if files.is_empty() {
            return self.emitter();
        }
        let contents = ReadAhead::new(Arc::clone(self), Arc::new(files));
        self.emitter_with(Box::new(contents))
    }

    /// A reader of the sources that were planned.
    #[must_use]
    pub fn sources(self: &Arc<Self>) -> SourceReader {
        SourceReader::new(Arc::clone(self))
    }

    pub(crate) fn absolute(&self, block: u32) -> u32 {
        self.first_lba + block // the plan has refused what would overflow
    }

    /// A folder's ordinal in the tree.
    pub(crate) fn ordinal(&self, id: NodeId) -> u32 {
        self.places.get(id.index()).copied().unwrap_or(0)
    }

    /// The region that holds a block, relative to the image.
    pub(crate) fn region_at(&self, block: u32) -> Option<Region> {
        if block >= self.blocks {
            return None;
        }
        let after = self.regions.partition_point(|(first, _)| *first <= block);
        self.regions
            .get(after.checked_sub(1)?)
            .map(|(_, region)| *region)
    }

    /// The folder whose records or continuation areas are in a block of its region.
    pub(crate) fn directory_at(&self, hierarchy: usize, block: u32) -> Option<&DirectoryPlace> {
        let directories = &self.hierarchies.get(hierarchy)?.directories;
        let after = directories.partition_point(|directory| directory.block <= block);
        directories.get(after.checked_sub(1)?)
    }

    /// The position in the order of files with data of the one that a block of the data region belongs to.
    pub(crate) fn extent_index(&self, block: u32) -> Option<usize> {
        self.extents
            .partition_point(|(first, _)| *first <= block)
            .checked_sub(1)
    }

    /// The block of the boot catalogue, relative to the image.
    pub(crate) fn boot_catalogue(&self) -> u32 {
        self.boot_catalogue
    }

    /// Whether a boot image has a table of addresses put into it. Further names of a file are that file.
    pub(crate) fn has_info_table(&self, id: NodeId) -> bool {
        let boot = self.options.boot.iter();
        boot.filter(|entry| entry.info_table)
            .any(|entry| self.tree.first_name(entry.image) == id)
    }

    /// The checksums of the files with data, where a manifest lists them.
    pub(crate) fn digests(&self) -> Option<&Digests> {
        self.digests.as_ref()
    }

    /// First block and node of a file with data.
    pub(crate) fn extent(&self, index: usize) -> Option<(u32, NodeId)> {
        self.extents.get(index).copied()
    }

    /// Where a region begins and where the next one does.
    pub(crate) fn region_bounds(&self, block: u32) -> (u32, u32) {
        let after = self.regions.partition_point(|(first, _)| *first <= block);
        let start = after
            .checked_sub(1)
            .and_then(|at| self.regions.get(at))
            .map_or(0, |(first, _)| *first);
        let end = self
            .regions
            .get(after)
            .map_or(self.blocks, |(first, _)| *first);
        (start, end)
    }
}

/// Hands out blocks, in a row.
struct Planner {
    first_lba: u32,
    next: u64,
    regions: Vec<(u32, Region)>,
}

impl Planner {
    fn next_block(&self) -> Result<u32, PlanError> {
        let too_large = PlanError::VolumeTooLarge {
            first_lba: self.first_lba,
            blocks: self.next,
        };
        if self.next + u64::from(self.first_lba) > u64::from(u32::MAX) {
            return Err(too_large);
        }
        u32::try_from(self.next).map_err(|_| too_large)
    }

    fn take(&mut self, blocks: u64) -> Result<u32, PlanError> {
        let first = self.next_block()?;
        self.next += blocks;
        Ok(first)
    }

    fn region(&mut self, region: Region, blocks: u64) -> Result<u32, PlanError> {
        let first = self.take(blocks)?;
        self.regions.push((first, region));
        Ok(first)
    }
}

fn check_choice(options: &VolumeOptions) -> Result<(), PlanError> {
    let conflict = match options {
        VolumeOptions {
            iso9660: true,
            deep: Deep::Relocate,
            rock_ridge: false,
            ..
        } => Some("deep folders can be moved only with Rock Ridge, which says where they belong"),
        VolumeOptions { iso9660: true, .. } => None,
        VolumeOptions { udf: None, .. } => return Err(PlanError::NoFileSystem),
        VolumeOptions { boot, .. } if !boot.is_empty() => Some(
            "boot images are found through ISO 9660's descriptors, which are not to be recorded",
        ),
        _ => None,
    };
    conflict.map_or(Ok(()), |what| Err(PlanError::Conflict { what }))
}

fn check_texts(options: &VolumeOptions) -> Result<(), PlanError> {
    let texts = [
        ("volume identifier", &options.volume_id, 32),
        ("system identifier", &options.texts.system_id, 32),
        ("volume set identifier", &options.texts.volume_set_id, 128),
        ("publisher", &options.texts.publisher, 128),
        ("preparer", &options.texts.preparer, 128),
        ("application", &options.texts.application, 128),
    ];
    for (field, text, limit) in texts {
        let length = text.chars().count();
        if length > limit {
            return Err(PlanError::TextTooLong {
                field,
                length,
                limit,
            });
        }
    }
    Ok(())
}

/// The files that the descriptors name must be there.
fn check_named_files(tree: &Tree, options: &VolumeOptions) -> Result<(), PlanError> {
    let named = [
        ("copyright file", &options.texts.copyright_file),
        ("abstract file", &options.texts.abstract_file),
        ("bibliographic file", &options.texts.bibliographic_file),
    ];
    for (field, name) in named.into_iter().filter(|(_, name)| !name.is_empty()) {
        let found = tree.find(Path::new(name));
        let file = found.filter(|id| tree.kind(*id) == NodeKind::File);
        if file.is_none_or(|id| tree.parent(id) != NodeId::ROOT) {
            return Err(PlanError::NoSuchFile {
                field,
                name: name.clone(),
            });
        }
    }
    Ok(())
}

/// Targets of links up to here are taken by all readers that were tried (xorriso 1.5.4, isoinfo of cdrkit 1.1.11).
const LONG_TARGET: usize = 1000;
/// Names up to here are whole in Linux (seen with 6.1.192), which drops the entry of a longer one that reaches beyond.
const LONG_NAME: usize = 253;

fn check_nodes(
    tree: &Tree,
    options: &VolumeOptions,
    warnings: &mut Vec<PlanWarning>,
) -> Result<(), PlanError> {
    let one_section = options.iso9660 && !options.iso_level.many_sections();
    let mut compressed = Count::default();
    let mut times = Count::default();
    let mut targets = Count::default();
    let mut names = Count::default();
    for id in tree.nodes() {
        let name = tree.name_bytes(id);
        let illegal = name.is_empty()
            || name.len() > 255
            || name.contains(&b'/')
            || name.contains(&0)
            || matches!(name, b"." | b"..");
        if illegal && id != NodeId::ROOT {
            return Err(PlanError::IllegalName {
                path: tree.disc_path(id),
            });
        }
        let size = tree.size(id);
        let hidden = tree.extras(id).map(|extras| extras.hidden_in);
        let in_iso = !hidden.is_some_and(|hidden| hidden.iso && hidden.joliet);
        let limit = match one_section && in_iso {
            true => SECTION_BYTES,
            false => u64::from(u32::MAX) * BLOCK_SIZE as u64,
        };
        if size > limit || (one_section && in_iso && sections(tree, id) > 1) {
            return Err(PlanError::FileTooLarge {
                path: tree.disc_path(id),
                size,
                limit,
            });
        }
        if let Some(extras) = tree.extras(id).filter(|_| options.rock_ridge) {
            let components = aaip::components(&extras.attributes);
            let bytes = components.iter().map(|component| component.len() + 2).sum();
            if bytes > aaip::MOST_BYTES {
                return Err(PlanError::AttributesTooLarge {
                    path: tree.disc_path(id),
                    bytes,
                    limit: aaip::MOST_BYTES,
                });
            }
        }
        if tree
            .extras(id)
            .is_some_and(|extras| extras.zisofs.is_some())
        {
            let marked = options.iso9660 && options.rock_ridge;
            let plain_in_udf = options.udf.is_some() && !hidden.is_some_and(|hidden| hidden.udf);
            if !marked || plain_in_udf {
                return Err(PlanError::Compressed {
                    path: tree.disc_path(id),
                });
            }
            compressed.add(id);
        }
        if tree
            .link_target(id)
            .is_some_and(|target| target.as_os_str().len() > LONG_TARGET)
        {
            targets.add(id);
        }
        let named = options.iso9660 && options.rock_ridge && !tree.is_stream(id);
        if named && name.len() > LONG_NAME && !hidden.is_some_and(|hidden| hidden.iso) {
            names.add(id);
        }
        if options.iso9660 && !ShortStamp::can_hold(tree.modified(id)) {
            times.add(id);
        }
    }
    if let Some(first) = targets.first {
        let first = tree.disc_path(first);
        warnings.push(PlanWarning::LongLinkTargets {
            count: targets.count,
            first,
        });
    }
    if let Some(first) = names.first {
        warnings.push(PlanWarning::LongNames {
            count: names.count,
            first: tree.disc_path(first),
        });
    }
    if let Some(first) = compressed
        .first
        .filter(|_| options.joliet || options.enhanced)
    {
        warnings.push(PlanWarning::CompressedElsewhere {
            count: compressed.count,
            first: tree.disc_path(first),
        });
    }
    if let Some(first) = times.first {
        warnings.push(PlanWarning::TimesChanged {
            count: times.count,
            first: tree.disc_path(first),
        });
    }
    Ok(())
}

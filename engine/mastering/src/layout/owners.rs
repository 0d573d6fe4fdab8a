//! Whose a block is: from an address on the disc back to files and structures.
//!
//! Answers from the plan alone.

use std::path::PathBuf;

use super::{Descriptor, Layout, Region, UdfRegion};
use crate::block::{BLOCK_BYTES, blocks_for};
use crate::iso9660::path_table::PathTableKind;
use crate::read::Names;
use crate::tree::NodeId;

/// A structure of the volume that is no file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Structure {
    /// The 16 blocks before the descriptors: zeros, or the partition table of a hybrid image.
    SystemArea,
    /// ISO 9660's volume descriptor.
    PrimaryVolumeDescriptor,
    /// The boot record of El Torito.
    BootRecord,
    /// The catalogue of boot images.
    BootCatalogue,
    /// The volume descriptor of Joliet, or of ISO 9660:1999.
    SupplementaryVolumeDescriptor {
        /// Whose.
        names: Names,
    },
    /// The last volume descriptor.
    DescriptorTerminator,
    /// A path table.
    PathTable {
        /// Of which names.
        names: Names,
        /// Its byte order.
        kind: PathTableKind,
    },
    /// The records of a folder, with their continuation areas.
    Directory {
        /// Which folder.
        path: PathBuf,
        /// By which names.
        names: Names,
    },
    /// The blocks by which UDF is recognized.
    UdfRecognition,
    /// A volume descriptor sequence of UDF.
    UdfDescriptors,
    /// The logical volume integrity sequence of UDF.
    UdfIntegrity,
    /// An anchor of UDF.
    UdfAnchor,
    /// File entries and folders of UDF, or the entry of the file that holds them.
    UdfMetadata {
        /// The second copy.
        mirror: bool,
    },
    /// The block that all empty files share.
    EmptyFiles,
    /// Zeros before the files.
    Reserve,
    /// The zeros at the end.
    Padding,
    /// The second partition table of a hybrid image.
    PartitionTable,
}

impl std::fmt::Display for Structure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::SystemArea => f.write_str("the system area"),
            Self::PrimaryVolumeDescriptor => f.write_str("the primary volume descriptor"),
            Self::BootRecord => f.write_str("the boot record"),
            Self::BootCatalogue => f.write_str("the boot catalogue"),
            Self::SupplementaryVolumeDescriptor { names } => {
                write!(f, "the {names} volume descriptor")
            }
            Self::DescriptorTerminator => f.write_str("the volume descriptor set terminator"),
            Self::PathTable { names, kind } => write!(f, "the {names} path table {kind:?}"),
            Self::Directory { path, names } => {
                write!(f, "the {names} folder {}", path.display())
            }
            Self::UdfRecognition => f.write_str("the recognition sequence of UDF"),
            Self::UdfDescriptors => f.write_str("a volume descriptor sequence of UDF"),
            Self::UdfIntegrity => f.write_str("the integrity descriptor of UDF"),
            Self::UdfAnchor => f.write_str("an anchor of UDF"),
            Self::UdfMetadata { mirror } => write!(
                f,
                "{}file entries and folders of UDF",
                if *mirror {
                    "the second copy of the "
                } else {
                    ""
                }
            ),
            Self::EmptyFiles => f.write_str("the block of the empty files"),
            Self::Reserve => f.write_str("the zeros before the files"),
            Self::PartitionTable => f.write_str("the second partition table"),
            Self::Padding => f.write_str("the padding"),
        }
    }
}

/// Whose block it is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Owner {
    /// A file's. Of a file with several names, the first.
    File {
        /// Its path in the volume.
        path: PathBuf,
        /// The byte of the file with which the block begins.
        offset: u64,
    },
    /// A boot image's that has no name in the volume.
    BootImage {
        /// Where it was taken from.
        source: PathBuf,
        /// The byte of the image with which the block begins.
        offset: u64,
    },
    /// A structure's.
    Structure(Structure),
}

impl Layout {
    /// Whose block it is; `None` outside the volume and of no file that stands on the disc already. `lba` is absolute on
    /// the disc. Of files with the same bytes the first is told; [`Layout::files_at`] tells all.
    #[must_use]
    pub fn owner_of(&self, lba: u32) -> Option<Owner> {
        let own = lba
            .checked_sub(self.first_lba)
            .and_then(|block| Some((block, self.region_at(block)?)));
        let Some((block, region)) = own else {
            let (node, offset) = self.recorded_at(lba)?;
            return Some(self.file_owner(node, offset));
        };
        let of = |hierarchy: usize| {
            let hierarchy = self.hierarchies.get(hierarchy);
            hierarchy.map_or(Names::Plain, |h| h.namespace.names())
        };
        Some(Owner::Structure(match region {
            Region::SystemArea => Structure::SystemArea,
            Region::Descriptor(Descriptor::Volume { hierarchy: 0 }) => {
                Structure::PrimaryVolumeDescriptor
            }
            Region::Descriptor(Descriptor::Volume { hierarchy }) => {
                Structure::SupplementaryVolumeDescriptor {
                    names: of(hierarchy),
                }
            }
            Region::Descriptor(Descriptor::Boot) => Structure::BootRecord,
            Region::BootCatalogue => Structure::BootCatalogue,
            Region::Descriptor(Descriptor::Terminator) => Structure::DescriptorTerminator,
            Region::PathTable { hierarchy, kind } => Structure::PathTable {
                names: of(hierarchy),
                kind,
            },
            Region::Directories { hierarchy } => {
                let directory = self.directory_at(hierarchy, block)?;
                Structure::Directory {
                    path: self.tree.disc_path(directory.node),
                    names: of(hierarchy),
                }
            }
            Region::Udf(region) => match region {
                UdfRegion::Recognition => Structure::UdfRecognition,
                UdfRegion::Sequence => Structure::UdfDescriptors,
                UdfRegion::Integrity => Structure::UdfIntegrity,
                UdfRegion::Anchor => Structure::UdfAnchor,
                UdfRegion::MetadataFile { mirror } => Structure::UdfMetadata { mirror },
                UdfRegion::Metadata => Structure::UdfMetadata {
                    mirror: self
                        .udf
                        .as_ref()
                        .is_some_and(|udf| block >= udf.mirror && udf.mirror != udf.metadata),
                },
            },
            Region::EmptyFiles => Structure::EmptyFiles,
            Region::Reserve => Structure::Reserve,
            Region::PartitionTable => Structure::PartitionTable,
            Region::Padding => Structure::Padding,
            Region::Data => {
                let (first, node) = self.extents.get(self.extent_index(block)?).copied()?;
                let offset = u64::from(block - first) * BLOCK_BYTES;
                return Some(self.file_owner(node, offset));
            }
        }))
    }

    fn file_owner(&self, node: NodeId, offset: u64) -> Owner {
        if self.tree.is_hidden(node) && !self.tree.is_stream(node) {
            return Owner::BootImage {
                source: self.tree.source_path(node),
                offset,
            };
        }
        Owner::File {
            path: self.tree.disc_path(node),
            offset,
        }
    }

    /// All owners of a run of blocks, each once, in the order of their blocks; the part of the run that lies outside the
    /// volume has none. `first_lba` is absolute on the disc. A file's offset is that of its first block in the run.
    pub fn owners_of(&self, first_lba: u32, blocks: u32) -> impl Iterator<Item = Owner> + '_ {
        let end = first_lba.saturating_add(blocks);
        let mut next = first_lba.max(self.first_lba);
        std::iter::from_fn(move || {
            if next >= end {
                return None;
            }
            let owner = self.owner_of(next)?;
            next = self.owner_end(next);
            Some(owner)
        })
    }

    /// The first address behind `lba`, which is in the volume, that has another owner.
    fn owner_end(&self, lba: u32) -> u32 {
        let block = lba - self.first_lba;
        let (_, region_end) = self.region_bounds(block);
        let end = match self.region_at(block) {
            Some(Region::Data) => self
                .extent_index(block)
                .and_then(|at| self.extent(at))
                .map(|(first, node)| first + blocks_for(self.tree.size(node)) as u32),
            Some(Region::Directories { hierarchy }) => self
                .directory_at(hierarchy, block)
                .map(|d| d.block + d.record_blocks + d.continuation_blocks),
            _ => None,
        };
        self.absolute(end.unwrap_or(region_end).max(block + 1))
    }
}

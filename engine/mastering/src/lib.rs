//! The bytes of a volume: plan a tree, then stream it.
//!
//! A [`Tree`] of files becomes an ISO 9660 volume with Joliet, Rock Ridge and UDF in two passes.
//! Pass 1, [`Layout::plan`](layout::Layout::plan), gives every structure and every file its block, so that
//! the exact size is known before the first byte. Pass 2, an [`Emitter`], makes the bytes
//! of any range of blocks, from the plan and from the files, without a temporary image.
//! [`read`] looks at a finished volume again, and [`compare()`] says what differs from the source.
//!
//! This crate must not know drives, commands, discs or the async runtime: it reads files and makes bytes.
//!
//! ```no_run
//! use std::sync::Arc;
//! use pitland_mastering::{Layout, Timestamp, Tree, VolumeOptions, WalkOptions};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let tree = Tree::scan(&["photos".into()], &WalkOptions::default())?;
//! let options = VolumeOptions::new("PHOTOS", Timestamp::now());
//! let layout = Arc::new(Layout::plan(tree, 0, &options)?);
//! let mut emitter = layout.emitter();
//! let mut blocks = vec![0; 2048 * 16];
//! emitter.read_blocks(16, &mut blocks)?;
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]

pub mod aaip;
pub mod block;
pub mod checksums;
pub mod compare;
pub mod el_torito;
pub mod emit;
pub mod extract;
pub mod grow;
pub mod hybrid;
pub mod images;
pub mod import;
pub mod iso9660;
pub mod joliet;
pub mod layout;
pub mod read;
pub mod ready;
pub mod rock_ridge;
pub mod sessions;
mod settle;
pub mod susp;
pub mod time;
pub mod tree;
mod udf;
pub mod zisofs;

pub use block::{BLOCK_SIZE, BlockSource, Extent, ImageFile};
pub use compare::{CompareOptions, Difference, compare};
pub use el_torito::{
    BootCatalogue, BootEntry, BootImageFault, CatalogueEntry, CatalogueError, Emulation, Platform,
    Selection,
};
pub use emit::{AheadFiles, EmitError, Emitter, FileContents, ReadAhead, SourceReader};
pub use extract::{ExtractOptions, extract};
pub use grow::{GrowError, Growth, grow_file, grow_file_with};
pub use hybrid::{BootCode, EfiPartition, Hybrid, HybridFault, PartitionTable};
pub use images::{DiscImage, ImageError};
pub use import::{ImportError, ImportOptions, ImportWarning, Imported, import};
pub use iso9660::rules::{Deep, IsoLevel, IsoNames, VolumeSize};
pub use joliet::Surrogates;
pub use layout::{
    Extents, Layout, Owner, PlanError, PlanWarning, PlannedFile, Structure, VolumeOptions,
    VolumeTexts,
};
pub use read::{Entry, Names, ReadError, Volume};
pub use ready::{ReadyError, validate};
pub use sessions::{DiscError, DiscId, Session, sessions};
pub use time::Timestamp;
pub use tree::{
    Attributes, ChangePoint, Clash, EditError, ExtendedAttribute, ExtentFault, Extras, FileBytes,
    GlobError, Globs, HardLinks, HiddenIn, Item, LengthFault, NameFault, NamedStream, NodeId,
    NodeKind, Origin, ScanError, SourceChange, SpecialFiles, Tree, TreeBuilder, WalkOptions,
    WeightError, Weights,
};
pub use udf::read::{UdfFacts, UdfFault, UdfVolumeFacts};
pub use udf::{UdfOptions, UdfRevision, UnknownRevision};

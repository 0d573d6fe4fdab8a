//! The options by which sources become a volume. Owns names, forms and help texts.

use super::{FsArg, TreeArgs};
use crate::values;
use clap::Args;
use pitland::BootImage;
use pitland::mastering::UdfRevision;
use std::ffi::OsString;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct VolumeArgs {
    #[command(flatten)]
    pub(crate) tree: TreeArgs,
    /// The volume's name, at most 32 characters; without it PITLAND, or that of the session that is gone on with.
    #[arg(long, value_name = "ID", value_parser = values::volume_id)]
    pub(crate) volume_id: Option<String>,
    /// The file systems, divided by commas; udf alone is possible. Without it all but udf, which comes where a
    /// file is too large for one extent of iso.
    #[arg(
        long,
        value_enum,
        value_name = "LIST",
        value_delimiter = ',',
        num_args = 1
    )]
    pub(crate) fs: Vec<FsArg>,
    /// What any reader of ISO 9660 must take; below 3 no file has 4 GiB, and at 1 names are 8.3.
    #[arg(long, value_name = "1|2|3", value_parser = clap::value_parser!(u8).range(1..=3))]
    pub(crate) iso_level: Option<u8>,
    /// With UDF of this revision: 1.02, 1.50, 2.00, 2.01, 2.50 or 2.60.
    #[arg(long, value_name = "REV", value_parser = values::udf)]
    pub(crate) udf: Option<UdfRevision>,
    /// Machines can start from the image HOST-FILE; several times: several entries, the first by default. Behind
    /// it, divided by commas: platform=bios|efi|NUMBER, emulation=none|floppy|hd, load-size=SECTORS (of 512
    /// bytes), load-segment=HEX, id=TEXT, info-table.
    #[arg(long, value_name = "HOST-FILE[,...]", value_parser = values::boot_image())]
    pub(crate) boot: Vec<BootImage>,
    /// Start from USB sticks and hard drives as well; =MBR-FILE: by a BIOS with the code in this file.
    #[arg(long, value_name = "MBR-FILE", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub(crate) isohybrid: Option<OsString>,
    /// Store files with equal bytes once.
    #[arg(long)]
    pub(crate) dedup: bool,
    /// Compress files where that saves blocks: Linux and xorriso show them as they were. Not with udf.
    #[arg(long)]
    pub(crate) zisofs: bool,
    /// Record extended attributes and access control lists, as far as they may be read; xorriso reads them.
    #[arg(long)]
    pub(crate) xattr: bool,
    /// With a file SHA256SUMS that lists the SHA-256 of each file; pitland verify DRIVE checks them.
    #[arg(long)]
    pub(crate) manifest: bool,
    /// Lines of a pattern and a weight: the larger it is, the nearer to the volume's beginning files lie.
    #[arg(long, value_name = "FILE")]
    pub(crate) sort_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) names: NameArgs,
    #[command(flatten)]
    pub(crate) texts: TextArgs,
}

/// How names stand in ISO 9660 and Joliet.
#[derive(Debug, Args)]
pub(crate) struct NameArgs {
    /// The names of ISO 9660 itself keep lower case, dots and all of ASCII, and have no version.
    #[arg(long)]
    pub(crate) relaxed: bool,
    /// One more hierarchy by ISO 9660:1999, with names up to 207 bytes.
    #[arg(long)]
    pub(crate) iso_1999: bool,
    /// Folders deeper than ISO 9660 allows move into its root; readers of Rock Ridge see them where they were.
    #[arg(long)]
    pub(crate) relocate: bool,
    /// Joliet's names up to 103 characters instead of 64.
    #[arg(long)]
    pub(crate) joliet_long: bool,
}

/// What the descriptors say beside the volume's name.
#[derive(Debug, Args)]
pub(crate) struct TextArgs {
    /// Who publishes the volume; this and the next three have at most 128 characters.
    #[arg(long, value_name = "TEXT")]
    pub(crate) publisher: Option<String>,
    /// Who prepared its data.
    #[arg(long, value_name = "TEXT")]
    pub(crate) preparer: Option<String>,
    /// By what it was made; without it PITLAND.
    #[arg(long, value_name = "TEXT")]
    pub(crate) application: Option<String>,
    /// The set of volumes to which it belongs.
    #[arg(long, value_name = "TEXT")]
    pub(crate) volume_set: Option<String>,
    /// The system for its first 16 blocks, at most 32 characters.
    #[arg(long, value_name = "TEXT")]
    pub(crate) system_id: Option<String>,
    /// The file of the volume's root that holds the copyright.
    #[arg(long, value_name = "NAME")]
    pub(crate) copyright: Option<String>,
    /// The file of the root that says what is in the volume.
    #[arg(long = "abstract", value_name = "NAME")]
    pub(crate) abstract_file: Option<String>,
    /// The file of the root with bibliographic records.
    #[arg(long, value_name = "NAME")]
    pub(crate) biblio: Option<String>,
}

//! What a caller asks of a volume, and how a plan can fail or warn.
//!
//! Holds data and words; decides nothing.

use std::path::PathBuf;

use super::texts::VolumeTexts;
use crate::el_torito::{BootEntry, BootImageFault};
use crate::hybrid::{Hybrid, HybridFault};
use crate::import::ImportWarning;
use crate::iso9660::rules::{Deep, IsoLevel, IsoNames, VolumeSize};
use crate::joliet::Surrogates;
use crate::read::Names;
use crate::time::Timestamp;
use crate::tree::NodeId;
use crate::udf::{UdfOptions, UdfRevision};

/// What a volume is to be like. Nothing in it is taken from the system: the same options give the same bytes.
#[derive(Clone, Debug)]
pub struct VolumeOptions {
    /// The volume's name: at most 32 bytes of printable ASCII in ISO 9660 (other characters become `_`), 16 units in
    /// Joliet (cut, with a warning).
    pub volume_id: String,
    /// What else it says of itself.
    pub texts: VolumeTexts,
    /// When the volume was made.
    pub created: Timestamp,
    /// When the volume was changed last; `None`: when it was made.
    pub modified: Option<Timestamp>,
    /// When what is in the volume may be taken for out of date.
    pub expires: Option<Timestamp>,
    /// From when on what is in the volume may be used.
    pub effective: Option<Timestamp>,
    /// Record ISO 9660, and with it what else is wished of it: Rock Ridge, Joliet, the names of 1999. Without it a volume
    /// has UDF alone, and none of them.
    pub iso9660: bool,
    /// What the descriptors of ISO 9660 state as the volume's size.
    pub volume_size: VolumeSize,
    /// The level of interchange of the ISO 9660 names and files. Joliet and Rock Ridge names are the same at each. Below
    /// level 3 a file is refused that has more than one section holds, whatever else is recorded.
    pub iso_level: IsoLevel,
    /// What ISO 9660 names may have beyond the standard's characters.
    pub iso_names: IsoNames,
    /// What becomes of folders that lie deeper than ISO 9660 allows.
    pub deep: Deep,
    /// Record a further hierarchy by an enhanced volume descriptor (ISO 9660:1999), with names as they are, up to 207
    /// bytes, in any depth. It holds folders and files, no links or special files.
    pub enhanced: bool,
    /// Record POSIX names, modes, links and times. Without it, links and special files are left out.
    pub rock_ridge: bool,
    /// Record access times with Rock Ridge's. They change whenever somebody reads the files, this program among them, so
    /// that an unchanged folder would give other bytes each time.
    pub access_times: bool,
    /// Record Rock Ridge's times to the hundredth of a second, in stamps of 17 bytes; else to the second, in stamps of 7. Not
    /// for volumes that Linux is to read: its driver took the long ones for short ones up to 6.1 at least, and shows
    /// wrong times.
    pub long_times: bool,
    /// Record a second hierarchy for readers without Rock Ridge. It holds folders and files, no links or special files.
    pub joliet: bool,
    /// Joliet's names have up to 103 units, beyond the 64 that its specification allows. Linux, xorriso and 7z read them.
    pub joliet_long: bool,
    /// What Joliet does with characters beyond 16 bits.
    pub surrogates: Surrogates,
    /// Record a UDF file system of this revision over the same data. It takes a block for each file and folder.
    pub udf: Option<UdfRevision>,
    /// What the UDF file system is to have.
    pub udf_options: UdfOptions,
    /// What machines can start from, by El Torito; the first entry is the default one.
    pub boot: Vec<BootEntry>,
    /// The file of the tree that is to be the boot catalogue, whatever its bytes were: for instance one that
    /// [`TreeBuilder::add_file`](crate::TreeBuilder::add_file) has added with no bytes. Without it the catalogue has no
    /// name in the volume.
    pub boot_catalogue: Option<NodeId>,
    /// Makes an image that starts from a stick or a hard drive too; for a volume that begins at LBA 0.
    pub hybrid: Option<Hybrid>,
    /// Blocks of zeros at the end, for drives whose read-ahead fails at the end of a track. Part of the volume's size.
    pub padding_blocks: u32,
    /// The most blocks that the volume may have: what the medium at hand has room for. Concerns no byte of it.
    pub most_blocks: Option<u64>,
}

impl VolumeOptions {
    /// ISO 9660 of level 3 with strict names and folders as deep as they are, Rock Ridge without access times, and Joliet
    /// with names up to 64 units, no UDF, 150 blocks of padding, made at `created`.
    #[must_use]
    pub fn new(volume_id: impl Into<String>, created: Timestamp) -> Self {
        Self {
            volume_id: volume_id.into(),
            texts: VolumeTexts::default(),
            created,
            modified: None,
            expires: None,
            effective: None,
            iso9660: true,
            volume_size: VolumeSize::Session,
            iso_level: IsoLevel::Three,
            iso_names: IsoNames::STRICT,
            deep: Deep::AsIs,
            enhanced: false,
            rock_ridge: true,
            access_times: false,
            long_times: false,
            joliet: true,
            joliet_long: false,
            surrogates: Surrogates::default(),
            udf: None,
            udf_options: UdfOptions::default(),
            boot: Vec::new(),
            boot_catalogue: None,
            hybrid: None,
            padding_blocks: 150,
            most_blocks: None,
        }
    }
}

/// Why a tree cannot become a volume. Each is the caller's to mend; nothing was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// A name that no file system of the volume can hold: empty, `.`, `..`, over 255 bytes, with a slash or a zero byte.
    #[error("{} has a name that no chosen file system can hold", .path.display())]
    IllegalName {
        /// Where.
        path: PathBuf,
    },
    /// A folder or file lies deeper than ISO 9660 allows, under [`Deep::Refuse`].
    #[error(
        "{} lies too deep for strict ISO 9660: at most {levels} levels with the root, and {path_bytes} bytes of names", .path.display()
    )]
    TooDeep {
        /// Where.
        path: PathBuf,
        /// The most levels, the root among them.
        levels: usize,
        /// The most bytes of the names on the path, as they are recorded, with one for each folder.
        path_bytes: usize,
    },
    /// A folder in a folder that a path table cannot number.
    #[error(
        "{} lies in a folder beyond the {limit} that a path table of {names} can number", .path.display()
    )]
    TooManyFolders {
        /// The first such folder.
        path: PathBuf,
        /// Whose path table.
        names: Names,
        /// The most folders that can hold others.
        limit: u16,
    },
    /// What is to start from sticks and hard drives too cannot.
    #[error("the image cannot start from a stick: {fault}")]
    Hybrid {
        /// Why not.
        fault: HybridFault,
    },
    /// The extended attributes of a file take more than a record can go on for.
    #[error("{} has {bytes} bytes of extended attributes; a file can have at most {limit}", .path.display())]
    AttributesTooLarge {
        /// Where.
        path: PathBuf,
        /// Their bytes, as they are recorded.
        bytes: usize,
        /// The most that it could have.
        limit: usize,
    },
    /// A compressed file in a volume that does not say so, for it has no Rock Ridge, or shows its bytes in UDF as well.
    #[error(
        "{} is compressed, which only Rock Ridge tells its readers; the volume has none, or UDF as well", .path.display()
    )]
    Compressed {
        /// Where.
        path: PathBuf,
    },
    /// No file system is chosen.
    #[error("neither ISO 9660 nor UDF is to be recorded: choose one of them")]
    NoFileSystem,
    /// Options that contradict one another.
    #[error("{what}")]
    Conflict {
        /// What cannot be.
        what: &'static str,
    },
    /// A file that an option names is not in the root of the tree.
    #[error("the {field} is to be {name}, and the root has no such file")]
    NoSuchFile {
        /// Which option.
        field: &'static str,
        /// The name.
        name: String,
    },
    /// A file over what 2^32 blocks hold, or over one section, below level 3 of ISO 9660.
    #[error("{} has {size} bytes; a file can have at most {limit}", .path.display())]
    FileTooLarge {
        /// Where.
        path: PathBuf,
        /// Its bytes.
        size: u64,
        /// The most that it could have.
        limit: u64,
    },
    /// The volume would end beyond block 2^32.
    #[error(
        "the volume needs {blocks} blocks from block {first_lba} on, beyond what 32 bits can address"
    )]
    VolumeTooLarge {
        /// Where it begins.
        first_lba: u32,
        /// The blocks that it needs.
        blocks: u64,
    },
    /// The volume is larger than [`VolumeOptions::most_blocks`].
    #[error("the volume needs {blocks} blocks, and there is room for {limit}")]
    ImageSizeLimit {
        /// The blocks that it needs.
        blocks: u64,
        /// The most that it may have.
        limit: u64,
    },
    /// A text for the volume descriptor is too long.
    #[error("the {field} has {length} characters; it can have at most {limit}")]
    TextTooLong {
        /// Which one.
        field: &'static str,
        /// Its length.
        length: usize,
        /// The most that it could have.
        limit: usize,
    },
    /// A boot image that cannot be what its entry says.
    #[error("{} cannot be started from: {fault}", .path.display())]
    BootImage {
        /// Which one.
        path: PathBuf,
        /// Why not.
        fault: BootImageFault,
    },
    /// The names or one folder grow beyond what 32 bits can count.
    #[error("the tree has too many files for one volume")]
    TooManyFiles,
}

/// What a volume will not show quite as the source has it. The plan stands.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PlanWarning {
    /// Names that are different in Joliet: too long, with characters that it forbids, or no UTF-8.
    JolietNamesChanged {
        /// How many.
        count: u64,
        /// The first of them.
        first: PathBuf,
    },
    /// Links and special files that Joliet leaves out.
    JolietLeavesOut {
        /// How many.
        count: u64,
        /// The first of them.
        first: PathBuf,
    },
    /// Links and special files that the volume leaves out, for it has no Rock Ridge.
    LeftOut {
        /// How many.
        count: u64,
        /// The first of them.
        first: PathBuf,
    },
    /// Times before 1900 or after 2155, which become the nearest second inside in ISO 9660.
    TimesChanged {
        /// How many.
        count: u64,
        /// The first of them.
        first: PathBuf,
    },
    /// Links whose target is longer than some readers take: xorriso loads no volume that has one, isoinfo crashes.
    LongLinkTargets {
        /// How many.
        count: u64,
        /// The first of them.
        first: PathBuf,
    },
    /// Names of 254 or 255 bytes, of which Linux shows only the beginning by Rock Ridge: such a file is not found by its
    /// name. Others show all of it.
    LongNames {
        /// How many.
        count: u64,
        /// The first of them.
        first: PathBuf,
    },
    /// Folders with names, links or attributes so long that their records go on elsewhere, in a further session with
    /// [`VolumeSize::Session`]: Linux loses what follows them. Others read it.
    ContinuedInSession {
        /// How many.
        count: u64,
        /// The first of them.
        first: PathBuf,
    },
    /// Compressed files, which readers of Joliet and of the names of 1999 see as they stand there.
    CompressedElsewhere {
        /// How many.
        count: u64,
        /// The first of them.
        first: PathBuf,
    },
    /// Names over 207 bytes, which are different in ISO 9660:1999.
    EnhancedNamesChanged {
        /// How many.
        count: u64,
        /// The first of them.
        first: PathBuf,
    },
    /// Links and special files that ISO 9660:1999 leaves out.
    EnhancedLeavesOut {
        /// How many.
        count: u64,
        /// The first of them.
        first: PathBuf,
    },
    /// The volume's name is cut to 16 units in Joliet.
    JolietVolumeIdCut,
    /// Links whose targets are different in UDF: a part has more than 254 characters of 8 bits or 127 of 16, or is no
    /// UTF-8.
    UdfTargetsChanged {
        /// How many.
        count: u64,
        /// The first of them.
        first: PathBuf,
    },
    /// Named streams that the volume leaves out: only UDF from 2.00 on has them.
    StreamsLeftOut {
        /// How many.
        count: u64,
        /// The first of them.
        first: PathBuf,
    },
    /// Files for real time that are recorded as any other: only UDF from 2.01 on marks them.
    RealTimeUnmarked {
        /// How many.
        count: u64,
        /// The first of them.
        first: PathBuf,
    },
    /// Names that are different in UDF: beyond 254 characters of 8 bits or 127 of 16, or no UTF-8.
    UdfNamesChanged {
        /// How many.
        count: u64,
        /// The first of them.
        first: PathBuf,
    },
    /// What the session that this one goes on with does not hand on.
    Earlier(ImportWarning),
    /// Entries of an earlier session's boot catalogue that this one does not have: their images were removed or replaced,
    /// or the volume has no ISO 9660.
    BootEntriesLeftOut {
        /// How many.
        count: u64,
    },
    /// A manifest of an earlier session, which is not made anew: it does not list what is new.
    EarlierManifest {
        /// Where it stands.
        path: PathBuf,
    },
}

impl std::fmt::Display for PlanWarning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::JolietNamesChanged { count, first } => {
                write!(
                    f,
                    "{count} names are different in Joliet; the first is {}",
                    first.display()
                )
            }
            Self::JolietLeavesOut { count, first } => {
                write!(
                    f,
                    "Joliet leaves out {count} links and special files; the first is {}",
                    first.display()
                )
            }
            Self::LeftOut { count, first } => write!(
                f,
                "{count} links and special files are left out without Rock Ridge; the first is {}",
                first.display()
            ),
            Self::TimesChanged { count, first } => {
                write!(
                    f,
                    "{count} times are outside 1900 to 2155; the first is of {}",
                    first.display()
                )
            }
            Self::LongLinkTargets { count, first } => write!(
                f,
                "{count} links have targets over 1000 bytes, which some readers refuse; the first is {}",
                first.display()
            ),
            Self::LongNames { count, first } => write!(
                f,
                "Linux shows only the beginning of {count} names over 253 bytes; the first is {}",
                first.display()
            ),
            Self::ContinuedInSession { count, first } => write!(
                f,
                "Linux does not see all of {count} folders with long names, links or attributes in a further session; the first is {}",
                first.display()
            ),
            Self::CompressedElsewhere { count, first } => write!(
                f,
                "readers without Rock Ridge see {count} files compressed; the first is {}",
                first.display()
            ),
            Self::EnhancedNamesChanged { count, first } => write!(
                f,
                "{count} names are different in ISO 9660:1999; the first is {}",
                first.display()
            ),
            Self::EnhancedLeavesOut { count, first } => write!(
                f,
                "ISO 9660:1999 leaves out {count} links and special files; the first is {}",
                first.display()
            ),
            Self::UdfTargetsChanged { count, first } => write!(
                f,
                "{count} links have other targets in UDF; the first is {}",
                first.display()
            ),
            Self::StreamsLeftOut { count, first } => write!(
                f,
                "{count} named streams are left out, which UDF has from 2.00 on; the first is {}",
                first.display()
            ),
            Self::RealTimeUnmarked { count, first } => write!(
                f,
                "{count} files for real time are not marked as such, which UDF has from 2.01 on; the first is {}",
                first.display()
            ),
            Self::UdfNamesChanged { count, first } => write!(
                f,
                "{count} names are different in UDF; the first is {}",
                first.display()
            ),
            Self::Earlier(warning) => warning.fmt(f),
            Self::BootEntriesLeftOut { count } => write!(
                f,
                "{count} entries of the earlier session's boot catalogue are left out: their images are not there as they were, or there is no ISO 9660"
            ),
            Self::EarlierManifest { path } => write!(
                f,
                "{} is the manifest of an earlier session, and lists what that one held",
                path.display()
            ),
            Self::JolietVolumeIdCut => {
                f.write_str("the volume's name is cut to 16 characters in Joliet")
            }
        }
    }
}

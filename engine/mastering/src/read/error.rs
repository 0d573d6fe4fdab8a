//! What can be wrong with a volume, each with the block.

use std::io;

use crate::iso9660::descriptor::DescriptorError;
use crate::iso9660::directory_record::RecordError;
use crate::rock_ridge::AttributeError;
use crate::susp::EntryLength;
use crate::udf::read::UdfFault;

/// Where a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Location {
    /// The block, absolute on the disc.
    pub lba: u32,
    /// The first byte in the block.
    pub offset: u32,
}

impl std::fmt::Display for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LBA {}, byte {}", self.lba, self.offset)
    }
}

/// Why a volume, or a part of it, cannot be read: the disc's fault, but for [`ReadError::NotAFolder`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The source of the blocks answered with an error.
    #[error("LBA {lba} cannot be read: {source}")]
    Source {
        /// The first block asked for.
        lba: u32,
        /// The answer.
        source: io::Error,
    },
    /// A compressed file is not what it says.
    #[error("the compressed file of {location} is damaged: {what}")]
    Compressed {
        /// Where its record is.
        location: Location,
        /// What is wrong.
        what: &'static str,
    },
    /// There is neither a volume descriptor of ISO 9660 nor UDF.
    #[error("there is no volume of ISO 9660 or UDF at LBA {lba}")]
    NoVolume {
        /// Where one was looked for.
        lba: u32,
    },
    /// The volume descriptors break off before their terminator.
    #[error("LBA {lba} holds no volume descriptor, and none before it was the last")]
    DescriptorSetBroken {
        /// The block.
        lba: u32,
    },
    /// A volume descriptor cannot be used.
    #[error("LBA {lba}: {source}")]
    Descriptor {
        /// The block.
        lba: u32,
        /// What is wrong.
        source: DescriptorError,
    },
    /// A volume descriptor names no root folder.
    #[error("{location}: the root folder has no record")]
    NoRoot {
        /// Where.
        location: Location,
    },
    /// A directory record cannot be used.
    #[error("{location}: {source}")]
    Record {
        /// Where.
        location: Location,
        /// What is wrong.
        source: RecordError,
    },
    /// A system use entry cannot be used.
    #[error("{location}: {source}")]
    SystemUse {
        /// The record.
        location: Location,
        /// What is wrong.
        source: EntryLength,
    },
    /// A Rock Ridge entry cannot be used.
    #[error("{location}: {source}")]
    Attribute {
        /// The record.
        location: Location,
        /// What is wrong.
        source: AttributeError,
    },
    /// A continuation area reaches beyond its block, or there are too many.
    #[error("{location}: the continuation area at LBA {lba} {what}")]
    Continuation {
        /// The record.
        location: Location,
        /// The area's block.
        lba: u32,
        /// What is wrong.
        what: &'static str,
    },
    /// A record has a name that no file system takes.
    #[error("{location}: the record's name is empty, `.` or `..`, or has a slash or a zero byte")]
    IllegalName {
        /// Where.
        location: Location,
    },
    /// A structure of UDF cannot be used.
    #[error("{location}: {source}")]
    Udf {
        /// Where.
        location: Location,
        /// What is wrong.
        source: UdfFault,
    },
    /// A file's further section has another name, or is missing.
    #[error("{location}: a file of several sections breaks off")]
    SectionMissing {
        /// Where.
        location: Location,
    },
    /// A folder's record of itself leads elsewhere.
    #[error("{location}: the folder's record of itself leads to LBA {lba}")]
    OwnRecord {
        /// Where.
        location: Location,
        /// Where it leads.
        lba: u32,
    },
    /// A folder is met a second time.
    #[error("{location}: the folder at LBA {lba} was met before")]
    DirectoryLoop {
        /// The record that leads there.
        location: Location,
        /// The folder.
        lba: u32,
    },
    /// Folders are nested deeper than the limit.
    #[error("{location}: folders are nested too deep")]
    TooDeep {
        /// The record where the limit was passed.
        location: Location,
    },
    /// The paths of all that was found are longer together than the limit.
    #[error("{location}: paths of {bytes} bytes are beyond the limit")]
    PathsTooLong {
        /// The record of the folder where the limit was passed.
        location: Location,
        /// Bytes of all paths so far.
        bytes: u64,
    },
    /// A folder, or all together, are larger than the limit.
    #[error("{location}: folders of {bytes} bytes are beyond the limit")]
    DirectoryTooLarge {
        /// The record where the limit was passed.
        location: Location,
        /// Their size.
        bytes: u64,
    },
    /// An extent reaches beyond what 32 bits can address.
    #[error("{location}: the extent ends beyond the last possible block")]
    OutOfRange {
        /// The record.
        location: Location,
    },
    /// The caller asked for the contents of what is no folder.
    #[error("{location}: the record names no folder")]
    NotAFolder {
        /// The record.
        location: Location,
    },
}

impl ReadError {
    /// The block that is at fault, or the first of several read at once.
    #[must_use]
    pub fn lba(&self) -> u32 {
        match self {
            Self::Source { lba, .. }
            | Self::NoVolume { lba }
            | Self::DescriptorSetBroken { lba }
            | Self::Descriptor { lba, .. } => *lba,
            Self::NoRoot { location }
            | Self::Compressed { location, .. }
            | Self::Record { location, .. }
            | Self::SystemUse { location, .. }
            | Self::Attribute { location, .. }
            | Self::Continuation { location, .. }
            | Self::IllegalName { location }
            | Self::Udf { location, .. }
            | Self::SectionMissing { location }
            | Self::OwnRecord { location, .. }
            | Self::DirectoryLoop { location, .. }
            | Self::TooDeep { location }
            | Self::PathsTooLong { location, .. }
            | Self::DirectoryTooLarge { location, .. }
            | Self::OutOfRange { location }
            | Self::NotAFolder { location } => location.lba,
        }
    }
}

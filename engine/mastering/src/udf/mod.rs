//! UDF, as ECMA-167 and OSTA's specification have it, beside ISO 9660 on the same blocks of data.
//!
//! Owns the structures and where they stand among themselves; must not read files. The partition is read-only: what is
//! mastered here is written once. Numbers are little-endian throughout, and every descriptor is sealed by a tag with a
//! checksum and a CRC ([`tag`]).
//!
//! Up to 2.01 file entries and folders lie in the partition itself. From 2.50 on they lie in a metadata partition, a
//! file of its own with a second copy at the other end of the volume.

pub(crate) mod allocation;
pub(crate) mod attributes;
pub(crate) mod descriptors;
pub(crate) mod directory;
pub(crate) mod entry;
pub(crate) mod field;
pub(crate) mod names;
pub(crate) mod plan;
pub(crate) mod read;
pub(crate) mod shown;
pub(crate) mod streams;
pub(crate) mod tag;

/// A revision of the UDF specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum UdfRevision {
    /// 1.02, that of DVD-Video.
    V1_02,
    /// 1.50.
    V1_50,
    /// 2.00.
    V2_00,
    /// 2.01, the newest that all systems in use read.
    V2_01,
    /// 2.50, with a metadata partition: that of Blu-ray.
    V2_50,
    /// 2.60. Its pseudo-overwrite is not used.
    V2_60,
}

impl UdfRevision {
    /// All of them, from the oldest.
    pub const ALL: [Self; 6] = [
        Self::V1_02,
        Self::V1_50,
        Self::V2_00,
        Self::V2_01,
        Self::V2_50,
        Self::V2_60,
    ];

    /// The number as descriptors have it, in binary coded decimal.
    #[must_use]
    pub const fn code(self) -> u16 {
        match self {
            Self::V1_02 => 0x0102,
            Self::V1_50 => 0x0150,
            Self::V2_00 => 0x0200,
            Self::V2_01 => 0x0201,
            Self::V2_50 => 0x0250,
            Self::V2_60 => 0x0260,
        }
    }

    /// The least revision that a reader must know. What 2.60 adds concerns pseudo-overwrite alone, so that a reader of
    /// 2.50, which Linux is, reads it.
    pub(crate) const fn least_reader(self) -> u16 {
        match self {
            Self::V2_60 => Self::V2_50.code(),
            other => other.code(),
        }
    }

    /// The edition of ECMA-167: the second up to 1.50, the third from 2.00 on.
    pub(crate) const fn third_edition(self) -> bool {
        !matches!(self, Self::V1_02 | Self::V1_50)
    }

    /// Whether file entries and folders lie in a metadata partition.
    pub(crate) const fn has_metadata_partition(self) -> bool {
        matches!(self, Self::V2_50 | Self::V2_60)
    }
}

impl std::fmt::Display for UdfRevision {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let code = self.code();
        write!(f, "{:x}.{:02x}", code >> 8, code & 0xff)
    }
}

/// What a volume of UDF is to have beyond its files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UdfOptions {
    /// A second copy of file entries and folders at the end of the volume, which a reader takes where the first is
    /// damaged. Only revisions from 2.50 on have it.
    pub mirror: bool,
}

impl Default for UdfOptions {
    fn default() -> Self {
        Self { mirror: true }
    }
}

/// No such revision.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is no revision of UDF that is written here: 1.02, 1.50, 2.00, 2.01, 2.50 or 2.60")]
pub struct UnknownRevision(pub String);

impl std::str::FromStr for UdfRevision {
    type Err = UnknownRevision;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|revision| revision.to_string() == text)
            .ok_or_else(|| UnknownRevision(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revision_is_read_as_it_is_shown() {
        for revision in UdfRevision::ALL {
            assert_eq!(revision.to_string().parse(), Ok(revision));
        }
        assert_eq!(
            "2.5".parse::<UdfRevision>(),
            Err(UnknownRevision("2.5".into()))
        );
        assert_eq!(UdfRevision::V1_02.to_string(), "1.02");
    }
}

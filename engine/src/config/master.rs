//! How a tree of files becomes a volume: what a caller can choose, and what is chosen where nothing is said. Owns the
//! defaults by medium; the volume is mastering's.

use crate::config::boot::BootImage;
use crate::error::SourceError;
use pitland_mastering::{
    IsoLevel, Layout, SpecialFiles, Tree, UdfRevision, VolumeOptions, WalkOptions,
};
use pitland_mmc::MediumFamily;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

/// How a tree of files becomes a volume.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MasterOptions {
    /// Volume identifier; at most 32 characters on ISO 9660, 16 on Joliet.
    pub volume_id: String,
    /// When the volume says it was made; `None`: the time of planning.
    pub created: Option<SystemTime>,
    /// Store what links point at instead of the links.
    pub follow_links: bool,
    /// What to do with devices, fifos and sockets inside of a tree.
    pub special: SpecialFiles,
    /// Which file systems are recorded.
    pub file_systems: FileSystems,
    /// What machines can start from; the first is the default one.
    pub boot: Vec<BootImage>,
}

/// The file systems of a volume, all over one copy of the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileSystems {
    /// ISO 9660, of which Joliet and Rock Ridge are parts. Without it there is UDF alone.
    pub iso9660: bool,
    /// What any reader of ISO 9660 must take: below level 3 no file may have more than 4 GiB.
    pub iso_level: IsoLevel,
    /// Names in Unicode, for Windows.
    pub joliet: bool,
    /// Names, modes, owners and links of POSIX.
    pub rock_ridge: bool,
    /// UDF beside it.
    pub udf: Udf,
}

/// Whether a volume has UDF.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Udf {
    /// Where a file is too large for one extent of ISO 9660, which not every reader follows beyond its first; of the
    /// revision that suits the medium. Elsewhere it would take a block for each file, and hide Rock Ridge from systems
    /// that prefer UDF.
    #[default]
    WhereNeeded,
    /// None.
    Never,
    /// Of the revision that suits the medium.
    ByMedium,
    /// Of this revision.
    Revision(UdfRevision),
}

/// From so many bytes on a file takes several extents in ISO 9660: the length of one is recorded in 32 bits, and whole
/// blocks but for the last.
const MORE_THAN_ONE_EXTENT: u64 = (1 << 32) - 2048;

impl Udf {
    /// The revision for this tree on this medium; without a medium it is an image file.
    fn revision(self, tree: &Tree, medium: Option<MediumFamily>) -> Option<UdfRevision> {
        let by_medium = match medium {
            // What players and recorders of Blu-ray know; its second copy of the folders is welcome on discs that hold
            // so much.
            Some(MediumFamily::Bd) => UdfRevision::V2_50,
            // That of DVD-Video, which every reader of UDF knows.
            _ => UdfRevision::V1_02,
        };
        match self {
            Self::Never => None,
            Self::Revision(revision) => Some(revision),
            Self::ByMedium => Some(by_medium),
            Self::WhereNeeded => tree
                .nodes()
                .any(|id| tree.size(id) > MORE_THAN_ONE_EXTENT)
                .then_some(by_medium),
        }
    }
}

impl Default for FileSystems {
    fn default() -> Self {
        Self {
            iso9660: true,
            iso_level: IsoLevel::default(),
            joliet: true,
            rock_ridge: true,
            udf: Udf::default(),
        }
    }
}

impl FileSystems {
    /// With ISO 9660, or without.
    #[must_use]
    pub fn iso9660(mut self, iso9660: bool) -> Self {
        self.iso9660 = iso9660;
        self
    }

    /// With another level of ISO 9660.
    #[must_use]
    pub fn iso_level(mut self, level: IsoLevel) -> Self {
        self.iso_level = level;
        self
    }

    /// With Joliet, or without.
    #[must_use]
    pub fn joliet(mut self, joliet: bool) -> Self {
        self.joliet = joliet;
        self
    }

    /// With Rock Ridge, or without.
    #[must_use]
    pub fn rock_ridge(mut self, rock_ridge: bool) -> Self {
        self.rock_ridge = rock_ridge;
        self
    }

    /// With UDF, or without.
    #[must_use]
    pub fn udf(mut self, udf: Udf) -> Self {
        self.udf = udf;
        self
    }
}

impl Default for MasterOptions {
    fn default() -> Self {
        Self {
            volume_id: "PITLAND".into(),
            created: None,
            follow_links: false,
            special: SpecialFiles::default(),
            file_systems: FileSystems::default(),
            boot: Vec::new(),
        }
    }
}

impl MasterOptions {
    /// With another volume identifier.
    #[must_use]
    pub fn volume_id(mut self, volume_id: impl Into<String>) -> Self {
        self.volume_id = volume_id.into();
        self
    }

    /// With a stated time of creation, for images that can be made again bit by bit.
    #[must_use]
    pub fn created(mut self, created: SystemTime) -> Self {
        self.created = Some(created);
        self
    }

    /// Following links, or not.
    #[must_use]
    pub fn follow_links(mut self, follow: bool) -> Self {
        self.follow_links = follow;
        self
    }

    /// With another treatment of devices, fifos and sockets.
    #[must_use]
    pub fn special(mut self, special: SpecialFiles) -> Self {
        self.special = special;
        self
    }

    /// With these file systems.
    #[must_use]
    pub fn file_systems(mut self, file_systems: FileSystems) -> Self {
        self.file_systems = file_systems;
        self
    }

    /// With one more image that machines can start from.
    #[must_use]
    pub fn boot(mut self, image: BootImage) -> Self {
        self.boot.push(image);
        self
    }

    /// How sources are walked.
    pub fn walk(&self) -> WalkOptions {
        WalkOptions {
            follow_links: self.follow_links,
            special: self.special,
            ..WalkOptions::default()
        }
    }

    /// Reads the sources' names and sizes, and plans their volume for a session that begins at `first_lba` of a medium;
    /// without one it is an image file. Waits for the file system.
    ///
    /// # Errors
    /// The sources cannot be read, or cannot become such a volume.
    pub fn plan(
        &self,
        sources: &[PathBuf],
        first_lba: u32,
        medium: Option<MediumFamily>,
    ) -> Result<Layout, SourceError> {
        let settled = &mut self.clone();
        settled.settle(sources, first_lba, medium)
    }

    /// As [`MasterOptions::plan`]. What depends on more than the sources is decided afterwards: the same options give the
    /// same bytes again.
    pub(crate) fn settle(
        &mut self,
        sources: &[PathBuf],
        first_lba: u32,
        medium: Option<MediumFamily>,
    ) -> Result<Layout, SourceError> {
        let created = *self.created.get_or_insert_with(SystemTime::now);
        let mut tree = Tree::scan(sources, &self.walk()).map_err(Arc::new)?;
        let udf = self.file_systems.udf.revision(&tree, medium);
        self.file_systems.udf = udf.map_or(Udf::Never, Udf::Revision);
        let mut options = VolumeOptions::new(self.volume_id.clone(), created.into());
        options.iso9660 = self.file_systems.iso9660;
        options.iso_level = self.file_systems.iso_level;
        options.joliet = self.file_systems.joliet;
        options.rock_ridge = self.file_systems.rock_ridge;
        options.udf = udf;
        for image in &self.boot {
            options.boot.push(image.entry(&mut tree)?);
        }
        Ok(Layout::plan(tree, first_lba, &options).map_err(Arc::new)?)
    }
}

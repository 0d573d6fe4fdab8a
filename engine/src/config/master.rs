//! How a tree of files becomes a volume: what a caller can choose, and what is chosen where nothing is said. Owns the
//! defaults by medium; the volume is mastering's.

use crate::config::boot::{BootImage, HybridImage};
use crate::config::texts;
use crate::error::SourceError;
use crate::pipeline::stash::standard_dirs;
use pitland_mastering::checksums::share_equal_files;
use pitland_mastering::import::{ImportOptions, Imported};
use pitland_mastering::tree::{Attributes, Clash, Globs, HiddenIn, Weights};
use pitland_mastering::zisofs::Compression;
use pitland_mastering::{
    BootEntry, Deep, IsoLevel, IsoNames, Layout, Names, Origin, PlanWarning, SpecialFiles, Tree,
    TreeBuilder, UdfRevision, VolumeOptions, VolumeSize, VolumeTexts, WalkOptions,
};
use pitland_mmc::MediumFamily;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

/// How a tree of files becomes a volume.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MasterOptions {
    /// Volume identifier; at most 32 characters on ISO 9660, 16 on Joliet. Empty: that of the session that is gone on
    /// with, else none.
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
    /// What is left out, by patterns of [`Globs`](pitland_mastering::tree::Globs).
    pub exclude: Vec<String>,
    /// What has a name in no file system, though its data are there.
    pub hide: Vec<String>,
    /// Which files lie near the volume's beginning: lines of a pattern and a weight, as
    /// [`Weights`](pitland_mastering::tree::Weights) reads them; the larger the weight the earlier.
    pub weights: Vec<String>,
    /// Start from USB sticks as well.
    pub hybrid: Option<HybridImage>,
    /// Store files with equal bytes once. All files of which another has the size are then read while it is planned.
    pub dedup: bool,
    /// Record extended attributes and access control lists of files and folders, as far as this process may see them, with
    /// Rock Ridge by AAIP. UDF has nothing of the kind.
    pub attributes: bool,
    /// Compress files where that saves blocks, as zisofs: readers of Rock Ridge under Linux, and xorriso, show them as they
    /// were, all others as they stand. All files are then read while it is planned. Without UDF, which has nothing of the kind.
    pub zisofs: bool,
    /// The folder where compressed files lie until they are recorded; `None`: the first for temporary files.
    pub spool: Option<PathBuf>,
    /// What the volume says of itself, beside its name. A text that is empty is that of the session that is gone on
    /// with, else none; one of spaces alone is none in any case.
    pub texts: VolumeTexts,
    /// With a file [`MANIFEST`] in the root that lists the SHA-256 of each file. Of files of an earlier session it has what
    /// that one's manifest lists; those that are not listed there are read while it is planned.
    pub manifest: bool,
    /// Go on with what an earlier session holds.
    pub append: Option<Append>,
}

/// The name of the manifest, as `sha256sum` writes and reads such files.
pub const MANIFEST: &str = "SHA256SUMS";

/// How a session goes on with what an earlier one holds: its files stay where they are, and their names come into the
/// new session together with those of the sources.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Append {
    /// Which session.
    pub session: EarlierSession,
    /// Files and folders of it that the new session does not have; a folder with all that it holds.
    pub remove: Vec<PathBuf>,
    /// A source takes the place of what has its name; without it that is refused.
    pub replace: bool,
}

/// A session of a disc.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum EarlierSession {
    /// The last that is closed.
    #[default]
    Last,
    /// That of this number, from 1.
    Number(u16),
    /// The one that begins at this block.
    At(u32),
}

impl Append {
    /// Without these files and folders.
    #[must_use]
    pub fn remove(mut self, paths: impl IntoIterator<Item = PathBuf>) -> Self {
        self.remove.extend(paths);
        self
    }

    /// With sources in the place of what has their names, or not.
    #[must_use]
    pub fn replace(mut self, replace: bool) -> Self {
        self.replace = replace;
        self
    }

    /// From another session.
    #[must_use]
    pub fn session(mut self, session: EarlierSession) -> Self {
        self.session = session;
        self
    }
}

/// The file systems of a volume, all over one copy of the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileSystems {
    /// ISO 9660, of which Joliet and Rock Ridge are parts. Without it there is UDF alone.
    pub iso9660: bool,
    /// What any reader of ISO 9660 must take: below level 3 no file may have more than 4 GiB.
    pub iso_level: IsoLevel,
    /// What ISO 9660's own names may have beyond the standard's characters.
    pub iso_names: IsoNames,
    /// What becomes of folders that lie deeper than ISO 9660 allows.
    pub deep: Deep,
    /// One more hierarchy with names as they are, up to 207 bytes, by ISO 9660:1999.
    pub enhanced: bool,
    /// Names in Unicode, for Windows.
    pub joliet: bool,
    /// Joliet's names have up to 103 characters instead of 64, which not every reader takes.
    pub joliet_long: bool,
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
            iso_names: IsoNames::STRICT,
            deep: Deep::default(),
            enhanced: false,
            joliet: true,
            joliet_long: false,
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

    /// With other characters in the names of ISO 9660 itself.
    #[must_use]
    pub fn iso_names(mut self, names: IsoNames) -> Self {
        self.iso_names = names;
        self
    }

    /// With another place for folders that lie too deep.
    #[must_use]
    pub fn deep(mut self, deep: Deep) -> Self {
        self.deep = deep;
        self
    }

    /// With the names of ISO 9660:1999, or without.
    #[must_use]
    pub fn enhanced(mut self, enhanced: bool) -> Self {
        self.enhanced = enhanced;
        self
    }

    /// With Joliet, or without.
    #[must_use]
    pub fn joliet(mut self, joliet: bool) -> Self {
        self.joliet = joliet;
        self
    }

    /// With long names in Joliet, or without.
    #[must_use]
    pub fn joliet_long(mut self, long: bool) -> Self {
        self.joliet_long = long;
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

/// What becomes a volume.
#[derive(Clone, Copy)]
pub(crate) enum Files<'a> {
    /// What stands at these paths of the host.
    OfHost(&'a [PathBuf]),
    /// What the caller has put together.
    Built(&'a TreeBuilder),
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
            exclude: Vec::new(),
            hide: Vec::new(),
            weights: Vec::new(),
            hybrid: None,
            dedup: false,
            attributes: false,
            zisofs: false,
            spool: None,
            texts: VolumeTexts::default(),
            manifest: false,
            append: None,
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

    /// Without what this pattern means.
    #[must_use]
    pub fn exclude(mut self, pattern: impl Into<String>) -> Self {
        self.exclude.push(pattern.into());
        self
    }

    /// With what this pattern means nameless.
    #[must_use]
    pub fn hide(mut self, pattern: impl Into<String>) -> Self {
        self.hide.push(pattern.into());
        self
    }

    /// With files in the order of these weights.
    #[must_use]
    pub fn weights(mut self, lines: impl IntoIterator<Item = String>) -> Self {
        self.weights.extend(lines);
        self
    }

    /// Starting from USB sticks as well.
    #[must_use]
    pub fn hybrid(mut self, hybrid: HybridImage) -> Self {
        self.hybrid = Some(hybrid);
        self
    }

    /// With equal files stored once, or not.
    #[must_use]
    pub fn dedup(mut self, dedup: bool) -> Self {
        self.dedup = dedup;
        self
    }

    /// With extended attributes, or without.
    #[must_use]
    pub fn attributes(mut self, attributes: bool) -> Self {
        self.attributes = attributes;
        self
    }

    /// With compressed files, or without.
    #[must_use]
    pub fn zisofs(mut self, zisofs: bool) -> Self {
        self.zisofs = zisofs;
        self
    }

    /// With another folder for compressed files.
    #[must_use]
    pub fn spool(mut self, folder: impl Into<PathBuf>) -> Self {
        self.spool = Some(folder.into());
        self
    }

    /// With these texts.
    #[must_use]
    pub fn texts(mut self, texts: VolumeTexts) -> Self {
        self.texts = texts;
        self
    }

    /// What an earlier session has to be imported with for such a volume.
    #[must_use]
    pub fn import_options(&self) -> ImportOptions {
        let mut options = ImportOptions::default();
        options.digests = self.manifest.then(|| MANIFEST.into());
        options
    }

    /// With a manifest, or without.
    #[must_use]
    pub fn manifest(mut self, manifest: bool) -> Self {
        self.manifest = manifest;
        self
    }

    /// Going on with an earlier session.
    #[must_use]
    pub fn append(mut self, append: Append) -> Self {
        self.append = Some(append);
        self
    }

    /// How sources are walked.
    ///
    /// # Errors
    /// A pattern that has no meaning.
    pub fn walk(&self) -> Result<WalkOptions, SourceError> {
        Ok(WalkOptions {
            follow_links: self.follow_links,
            special: self.special,
            exclude: Globs::new(&self.exclude)?,
            ..WalkOptions::default()
        })
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
        let files = Files::OfHost(sources);
        self.clone().settle(files, first_lba, medium, None)
    }

    /// Plans as [`MasterOptions::plan`] does, together with what an earlier session holds. There may then be no source.
    ///
    /// # Errors
    /// As [`MasterOptions::plan`]; and two of one name, or something to be removed that is not there.
    pub fn plan_with(
        &self,
        earlier: Imported,
        sources: &[PathBuf],
        first_lba: u32,
        medium: Option<MediumFamily>,
    ) -> Result<Layout, SourceError> {
        let files = Files::OfHost(sources);
        self.clone().settle(files, first_lba, medium, Some(earlier))
    }

    /// As [`MasterOptions::plan`]. What depends on more than the sources is decided afterwards: the same options give the
    /// same bytes again.
    pub(crate) fn settle(
        &mut self,
        files: Files<'_>,
        first_lba: u32,
        medium: Option<MediumFamily>,
        mut earlier: Option<Imported>,
    ) -> Result<Layout, SourceError> {
        let created = *self.created.get_or_insert_with(SystemTime::now);
        // A reader that prefers UDF would go on seeing the earlier tree.
        let had_udf = earlier
            .as_ref()
            .is_some_and(|e| e.offered.contains(&Names::Udf));
        if self.file_systems.udf == Udf::WhereNeeded {
            self.file_systems.udf = match (had_udf, self.zisofs) {
                (true, _) => Udf::ByMedium,
                // It would show the large file alone as it was.
                (false, true) => Udf::Never,
                (false, false) => Udf::WhereNeeded,
            };
        }
        if let Some(earlier) = earlier.as_ref().filter(|_| self.volume_id.is_empty()) {
            self.volume_id.clone_from(&earlier.volume.volume_id);
        }
        let mut tree = self.tree(files, earlier.as_mut())?;
        if self.attributes {
            tree.read_attributes().map_err(Arc::new)?;
        }
        if self.manifest {
            let attributes = Attributes::new(0o444, created.into());
            tree = tree
                .with_manifest(MANIFEST, &attributes)
                .map_err(Arc::new)?;
        }
        tree.hide(&Globs::new(&self.hide)?, HiddenIn::ALL);
        tree.weigh(&Weights::parse(&self.weights.join("\n"))?);
        let udf = self.file_systems.udf.revision(&tree, medium);
        self.file_systems.udf = udf.map_or(Udf::Never, Udf::Revision);
        let mut options = VolumeOptions::new(self.volume_id.clone(), created.into());
        options.iso9660 = self.file_systems.iso9660;
        options.iso_level = self.file_systems.iso_level;
        options.iso_names = self.file_systems.iso_names;
        options.deep = self.file_systems.deep;
        options.enhanced = self.file_systems.enhanced;
        options.joliet = self.file_systems.joliet;
        options.joliet_long = self.file_systems.joliet_long;
        options.rock_ridge = self.file_systems.rock_ridge;
        options.udf = udf;
        if let Some(earlier) = &earlier {
            texts::go_on(&mut self.texts, &earlier.volume, &tree);
        }
        options.texts = texts::stated(&self.texts);
        let mut warnings = Vec::new();
        if let Some(earlier) = &earlier {
            options.boot = self.earlier_boot(earlier, &tree, &mut warnings);
            self.warn_of_earlier(earlier, &tree, files, &mut warnings);
        }
        for image in &self.boot {
            options.boot.push(image.entry(&mut tree)?);
        }
        if self.zisofs {
            let how = self.compression(&options.boot);
            tree.compress(&how).map_err(Arc::new)?;
        }
        let hybrid = self.hybrid.as_ref().map(HybridImage::hybrid);
        options.hybrid = hybrid.transpose()?;
        if self.dedup {
            let changed = options.boot.iter().filter(|entry| entry.info_table);
            let apart: Vec<_> = changed.map(|entry| entry.image).collect();
            share_equal_files(&mut tree, &apart).map_err(Arc::new)?;
        }
        let layout = Layout::plan(tree, first_lba, &options).map_err(Arc::new)?;
        let is_continued =
            |warning: &PlanWarning| matches!(warning, PlanWarning::ContinuedInSession { .. });
        if !layout.warnings().iter().any(is_continued) {
            return Ok(layout.with_warnings(warnings));
        }
        // Linux would lose these names by the size that sessions commonly state. Others read both.
        options.volume_size = VolumeSize::ToEnd;
        let layout = Layout::plan(layout.into_tree(), first_lba, &options).map_err(Arc::new)?;
        Ok(layout.with_warnings(warnings))
    }

    /// What machines start from must stand in the volume as it is.
    fn compression(&self, boot: &[BootEntry]) -> Compression {
        let temporary = || standard_dirs().into_iter().next();
        Compression {
            spool: self.spool.clone().or_else(temporary),
            leave: boot.iter().map(|entry| entry.image).collect(),
            ..Compression::default()
        }
    }

    /// What starts machines from an earlier session, unless other images are to do so.
    fn earlier_boot(
        &self,
        earlier: &Imported,
        tree: &Tree,
        warnings: &mut Vec<PlanWarning>,
    ) -> Vec<BootEntry> {
        if !self.boot.is_empty() {
            return Vec::new();
        }
        let kept = match self.file_systems.iso9660 {
            true => earlier.boot_entries(tree),
            false => Vec::new(),
        };
        let lost = earlier.boot.len().saturating_sub(kept.len());
        if lost > 0 {
            let count = lost as u64;
            warnings.push(PlanWarning::BootEntriesLeftOut { count });
        }
        kept
    }

    /// Tells what of an earlier session does not come along, or is not true any more.
    fn warn_of_earlier(
        &self,
        earlier: &Imported,
        tree: &Tree,
        files: Files<'_>,
        warnings: &mut Vec<PlanWarning>,
    ) {
        let import = earlier.warnings.iter().cloned();
        warnings.splice(0..0, import.map(PlanWarning::Earlier));
        let removes = self.append.as_ref().is_some_and(|a| !a.remove.is_empty());
        let is_other = removes || !matches!(files, Files::OfHost([]));
        let manifest = Path::new("/").join(MANIFEST);
        let stays = tree
            .find(&manifest)
            .is_some_and(|id| matches!(tree.origin(id), Origin::Recorded(_)));
        if is_other && stays {
            warnings.push(PlanWarning::EarlierManifest { path: manifest });
        }
    }

    /// The sources, and what an earlier session holds.
    fn tree(&self, files: Files<'_>, earlier: Option<&mut Imported>) -> Result<Tree, SourceError> {
        let Some(earlier) = earlier else {
            return self.own_tree(files);
        };
        let append = self.append.clone().unwrap_or_default();
        let mut builder = std::mem::take(&mut earlier.builder);
        for path in &append.remove {
            let from_root = PathBuf::from("/").join(path);
            builder.remove_tree(from_root).map_err(Arc::new)?;
        }
        if !matches!(files, Files::OfHost([])) {
            let clash = match append.replace {
                true => Clash::Replace,
                false => Clash::Refuse,
            };
            let tree = self.own_tree(files)?;
            builder.graft(tree, "/", clash).map_err(Arc::new)?;
        }
        Ok(builder.finish().map_err(Arc::new)?)
    }

    fn own_tree(&self, files: Files<'_>) -> Result<Tree, SourceError> {
        Ok(match files {
            Files::OfHost(sources) => Tree::scan(sources, &self.walk()?).map_err(Arc::new)?,
            Files::Built(builder) => builder.finish().map_err(Arc::new)?,
        })
    }
}

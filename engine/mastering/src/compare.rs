//! Whether a volume holds what its source holds, and where it does not.
//!
//! Reads both sides and reports; decides nothing about the disc. File contents are compared in the order of their
//! blocks, which is the order that a drive likes.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::io;
use std::ops::ControlFlow;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use crate::block::{BLOCK_SIZE, BlockSource, runs};
use crate::iso9660::names::Rules;
use crate::iso9660::rules::{Deep, IsoLevel, IsoNames};
use crate::iso9660::stamp::ShortStamp;
use crate::joliet::{self, Surrogates};
use crate::layout::{Count, Hierarchy, Namespace, PlanError, RockRidge};
use crate::read::{Entry, Guard, Names, ReadError, Volume, shown_name};
use crate::rock_ridge::StampForm;
use crate::tree::source::{OpenError, Opener, check_unchanged};
use crate::tree::{HiddenIn, NodeId, NodeKind, SourceChange, Tree};
use crate::udf::{self, read::expected};

/// What is compared.
#[derive(Clone, Copy, Debug)]
pub struct CompareOptions {
    /// The bytes of the files.
    pub contents: bool,
    /// Modes, owners, numbers of links and modification times, where the volume has Rock Ridge or UDF.
    pub attributes: bool,
    /// The other names of the volume, too: those of UDF and Joliet and the plain ones must lead to the same bytes.
    pub all_names: bool,
    /// With which names the volume was mastered: the level of ISO 9660.
    pub iso_level: IsoLevel,
    /// What its ISO 9660 names may have beyond the standard's characters.
    pub iso_names: IsoNames,
    /// Whether its Joliet names have up to 103 units.
    pub joliet_long: bool,
    /// What Joliet did with characters beyond 16 bits.
    pub surrogates: Surrogates,
}

impl Default for CompareOptions {
    fn default() -> Self {
        Self {
            contents: true,
            attributes: true,
            all_names: true,
            iso_level: IsoLevel::default(),
            iso_names: IsoNames::STRICT,
            joliet_long: false,
            surrogates: Surrogates::default(),
        }
    }
}

/// An attribute that can differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Attribute {
    /// File type and permissions.
    Mode,
    /// The owner.
    User,
    /// The group.
    Group,
    /// The number of names.
    Links,
    /// The modification time, to the second.
    Modified,
    /// A symbolic link's target.
    Target,
    /// A device's number.
    Device,
    /// Which names are of one file, by their serial numbers.
    SameFile,
}

impl std::fmt::Display for Attribute {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Mode => "mode",
            Self::User => "owner",
            Self::Group => "group",
            Self::Links => "number of links",
            Self::Modified => "modification time",
            Self::Target => "link target",
            Self::Device => "device number",
            Self::SameFile => "file serial number",
        })
    }
}

/// One thing that differs. Paths are those of the volume.
#[derive(Debug)]
#[non_exhaustive]
pub enum Difference {
    /// The source has it, the volume has not.
    Missing {
        /// Where.
        path: PathBuf,
        /// By which names.
        names: Names,
        /// The first block of the folder in which it was looked for.
        lba: Option<u32>,
    },
    /// The volume has it, the source has not.
    Extra {
        /// Where.
        path: PathBuf,
        /// By which names.
        names: Names,
        /// The block of its record.
        lba: u32,
    },
    /// It is something else in the volume.
    Kind {
        /// Where.
        path: PathBuf,
        /// By which names.
        names: Names,
        /// The block of its record.
        lba: u32,
        /// In the volume.
        volume: NodeKind,
        /// In the source.
        source: NodeKind,
    },
    /// The file is longer or shorter in the volume.
    Size {
        /// Where.
        path: PathBuf,
        /// By which names.
        names: Names,
        /// The block of its record.
        lba: u32,
        /// In the volume.
        volume: u64,
        /// In the source.
        source: u64,
    },
    /// Bytes of the file differ.
    Content {
        /// Where.
        path: PathBuf,
        /// The block of the first byte that differs.
        lba: u32,
        /// The first byte that differs.
        offset: u64,
    },
    /// A block of the file cannot be read from the volume.
    Unreadable {
        /// Where.
        path: PathBuf,
        /// The first such block.
        lba: u32,
        /// The byte of the file with which the block begins.
        offset: u64,
        /// The answer.
        source: io::Error,
    },
    /// An attribute differs.
    Attribute {
        /// Where.
        path: PathBuf,
        /// The block of its record.
        lba: u32,
        /// Which.
        attribute: Attribute,
    },
    /// Two sets of names lead to different blocks for one file.
    Blocks {
        /// Where.
        path: PathBuf,
        /// The names that differ from the best ones.
        names: Names,
        /// The block of its record.
        lba: u32,
    },
    /// A structure of the volume is damaged; what lies below the folder was not compared by these names.
    Damaged {
        /// The folder.
        path: PathBuf,
        /// By which names.
        names: Names,
        /// What is wrong, with the block.
        error: ReadError,
    },
    /// The source changed since it was scanned, so this file was not compared.
    SourceChanged {
        /// Where, in the source.
        path: PathBuf,
        /// What changed.
        what: SourceChange,
    },
    /// The source cannot be read, so this file was not compared.
    SourceUnreadable {
        /// Where, in the source.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
}

impl Difference {
    /// The block that is at fault, where one is known.
    #[must_use]
    pub fn lba(&self) -> Option<u32> {
        match self {
            Self::Missing { lba, .. } => *lba,
            Self::Extra { lba, .. }
            | Self::Kind { lba, .. }
            | Self::Size { lba, .. }
            | Self::Content { lba, .. }
            | Self::Unreadable { lba, .. }
            | Self::Attribute { lba, .. }
            | Self::Blocks { lba, .. } => Some(*lba),
            Self::Damaged { error, .. } => Some(error.lba()),
            Self::SourceChanged { .. } | Self::SourceUnreadable { .. } => None,
        }
    }

    /// The file or folder: in the volume, or in the source where the source is at fault.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::Missing { path, .. }
            | Self::Extra { path, .. }
            | Self::Kind { path, .. }
            | Self::Size { path, .. }
            | Self::Content { path, .. }
            | Self::Unreadable { path, .. }
            | Self::Attribute { path, .. }
            | Self::Blocks { path, .. }
            | Self::Damaged { path, .. }
            | Self::SourceChanged { path, .. }
            | Self::SourceUnreadable { path, .. } => path,
        }
    }
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let path = self.path().display();
        match self {
            Self::Missing { names, .. } => write!(f, "{path} is missing in the volume ({names})"),
            Self::Extra { names, lba, .. } => {
                write!(
                    f,
                    "{path} is in the volume, but not in the source ({names}, LBA {lba})"
                )
            }
            Self::Kind {
                volume,
                source,
                lba,
                ..
            } => {
                write!(
                    f,
                    "{path} is a {volume} in the volume, a {source} in the source (LBA {lba})"
                )
            }
            Self::Size {
                volume,
                source,
                lba,
                ..
            } => {
                write!(
                    f,
                    "{path} has {volume} bytes in the volume, {source} in the source (LBA {lba})"
                )
            }
            Self::Content { lba, offset, .. } => {
                write!(f, "{path} differs at byte {offset} (LBA {lba})")
            }
            Self::Unreadable {
                lba,
                offset,
                source,
                ..
            } => {
                write!(
                    f,
                    "{path} cannot be read at byte {offset} (LBA {lba}): {source}"
                )
            }
            Self::Attribute { attribute, lba, .. } => {
                write!(
                    f,
                    "{path} has another {attribute} in the volume (LBA {lba})"
                )
            }
            Self::Blocks { names, lba, .. } => {
                write!(f, "{path} has other blocks by its {names} name (LBA {lba})")
            }
            Self::Damaged { names, error, .. } => {
                write!(f, "the {names} structures of {path} are damaged: {error}")
            }
            Self::SourceChanged { what, .. } => {
                write!(f, "{path} changed since it was scanned: {what}")
            }
            Self::SourceUnreadable { source, .. } => write!(f, "{path} cannot be read: {source}"),
        }
    }
}

/// Takes the findings as they come.
pub trait CompareObserver {
    /// Something differs.
    fn difference(&mut self, difference: Difference);

    /// So many bytes of files were compared since the last call. [`ControlFlow::Break`] ends the comparison.
    fn compared(&mut self, bytes: u64) -> ControlFlow<()> {
        let _ = bytes;
        ControlFlow::Continue(())
    }
}

/// Collects all differences.
impl CompareObserver for Vec<Difference> {
    fn difference(&mut self, difference: Difference) {
        self.push(difference);
    }
}

/// How a comparison went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CompareSummary {
    /// Names that were compared, folders among them.
    pub names: u64,
    /// Bytes of files that were compared.
    pub bytes: u64,
    /// Differences that were reported.
    pub differences: u64,
    /// The observer ended it early.
    pub stopped: bool,
}

/// Compares a volume with the tree of its source, and reports what differs.
///
/// # Errors
/// [`PlanError`], when the tree could not have become a volume at all. Whatever is wrong with the volume or the files
/// is reported as a [`Difference`].
pub fn compare<R: BlockSource>(
    volume: &mut Volume<R>,
    tree: &Tree,
    options: &CompareOptions,
    observer: &mut dyn CompareObserver,
) -> Result<CompareSummary, PlanError> {
    let best = volume.names();
    let mut comparison = Comparison {
        tree,
        options,
        observer,
        summary: CompareSummary::default(),
        files: Vec::new(),
        copies: Vec::new(),
        opener: Opener::default(),
        shown: udf::shown::Shown::of(tree),
        serials: HashMap::new(),
        serial_of: HashMap::new(),
        modified_noted: HashSet::new(),
    };
    comparison.structure(volume, best, true)?;
    if options.all_names {
        for names in volume.offered_names() {
            if names != best && volume.use_names(names) {
                comparison.structure(volume, names, false)?;
            }
        }
        volume.use_names(best);
        if let Some(error) = volume.take_udf_fault() {
            comparison.report(Difference::Damaged {
                path: "/".into(),
                names: Names::Udf,
                error,
            });
        }
    }
    if options.contents {
        comparison.contents(volume);
    }
    Ok(comparison.summary)
}

struct Comparison<'a> {
    tree: &'a Tree,
    options: &'a CompareOptions,
    observer: &'a mut dyn CompareObserver,
    summary: CompareSummary,
    /// Files whose contents are to be compared.
    files: Vec<(NodeId, Entry)>,
    /// Further copies of their contents, inside of entries of UDF.
    copies: Vec<(NodeId, Entry)>,
    opener: Opener,
    /// Which nodes have a name in UDF.
    shown: udf::shown::Shown,
    /// Which file of the source was met under which serial number, and the other way round.
    serials: HashMap<(Names, u32), NodeId>,
    serial_of: HashMap<(Names, NodeId), u32>,
    /// Whose modification time was found to differ.
    modified_noted: HashSet<NodeId>,
}

/// Bytes that are compared at a time.
const PIECE: usize = 256 * BLOCK_SIZE;

impl Comparison<'_> {
    fn report(&mut self, difference: Difference) {
        self.summary.differences += 1;
        self.observer.difference(difference);
    }

    /// Compares names, kinds, sizes and attributes. `first`: by the best names, whose files are noted for later;
    /// otherwise their blocks are compared with those noted.
    fn structure<R: BlockSource>(
        &mut self,
        volume: &mut Volume<R>,
        names: Names,
        first: bool,
    ) -> Result<(), PlanError> {
        let tree = self.tree;
        let ordinals: Vec<u32> = tree
            .nodes()
            .scan(0, |next, id| {
                let own = *next;
                *next += u32::from(tree.kind(id) == NodeKind::Directory);
                Some(own)
            })
            .collect();
        // Names of UDF, too, need no records to be settled.
        let udf_names =
            (names == Names::Udf).then(|| udf::names::Names::settle(tree, &mut Count::default()));
        let namespace = match names {
            Names::RockRidge | Names::Udf => None,
            Names::Joliet => Some(Namespace::Joliet {
                surrogates: self.options.surrogates,
                units: joliet::most_units(self.options.joliet_long),
            }),
            Names::Enhanced => Some(Namespace::Enhanced),
            // The plain names of a volume with Rock Ridge are given to links and devices, too.
            Names::Plain => Some(Namespace::Iso {
                rules: Rules {
                    level: self.options.iso_level,
                    names: self.options.iso_names,
                },
                deep: Deep::AsIs,
                rock_ridge: volume
                    .offered_names()
                    .contains(&Names::RockRidge)
                    .then_some(RockRidge {
                        access_times: false,
                        stamps: StampForm::Short,
                    }),
            }),
        };
        let hierarchy = namespace
            .map(|n| Hierarchy::new(tree, n, &ordinals, &mut Vec::new()))
            .transpose()?;
        let hidden = |id: NodeId| {
            tree.extras(id)
                .map_or_else(HiddenIn::default, |extras| extras.hidden_in)
        };
        let expected = |id: NodeId| match (&hierarchy, &udf_names) {
            (None, Some(udf_names)) if !hidden(id).udf => expected::name(&udf_names.of(tree, id)),
            (None, None) if !hidden(id).iso => Some(tree.name_bytes(id).to_vec()),
            (Some(h), _) if h.holds(id) => Some(shown_name(names, h.identifier(id))),
            _ => None,
        };
        let mut guard = Guard::new(volume.limits());
        let root = match volume.root() {
            Ok(root) => root,
            Err(error) => {
                self.report(Difference::Damaged {
                    path: "/".into(),
                    names,
                    error,
                });
                return Ok(());
            }
        };
        self.attributes(NodeId::ROOT, &root, names);
        let mut pending = vec![(NodeId::ROOT, root, 0)];
        while let Some((folder, folder_entry, depth)) = pending.pop() {
            let entries = guard
                .enter(&folder_entry, depth)
                .and_then(|()| volume.read_dir(&folder_entry));
            let mut on_disc = match entries {
                Ok(entries) => entries,
                Err(error) => {
                    self.report(Difference::Damaged {
                        path: tree.disc_path(folder),
                        names,
                        error,
                    });
                    continue;
                }
            };
            on_disc.sort_by(|a, b| a.name.cmp(&b.name));
            let mut in_source: Vec<(Vec<u8>, NodeId)> = tree
                .children(folder)
                .filter_map(|child| Some((expected(child)?, child)))
                .collect();
            in_source.sort();
            let mut on_disc = on_disc.into_iter().peekable();
            for (name, id) in in_source {
                while let Some(extra) = on_disc.next_if(|entry| entry.name < name) {
                    self.extra(folder, &extra, names);
                }
                self.summary.names += 1;
                match on_disc.next_if(|entry| entry.name == name) {
                    None => {
                        let lba = folder_entry.extents.first().map(|e| e.first_lba);
                        self.report(Difference::Missing {
                            path: tree.disc_path(id),
                            names,
                            lba,
                        });
                    }
                    Some(entry) => {
                        if self.same_shape(id, &entry, names) {
                            self.attributes(id, &entry, names);
                            match tree.kind(id) {
                                NodeKind::Directory => pending.push((id, entry, depth + 1)),
                                NodeKind::File if first => self.files.push((id, entry)),
                                NodeKind::File if entry.inline.is_some() => {
                                    self.copies.push((id, entry));
                                }
                                NodeKind::File => self.same_blocks(id, &entry, names),
                                _ => {}
                            }
                        }
                    }
                }
            }
            for extra in on_disc {
                self.extra(folder, &extra, names);
            }
        }
        if first {
            // For the look-up of `same_blocks`.
            self.files.sort_by_key(|(id, _)| *id);
        }
        Ok(())
    }

    fn extra(&mut self, folder: NodeId, entry: &Entry, names: Names) {
        let path = self
            .tree
            .disc_path(folder)
            .join(OsString::from_vec(entry.name.clone()));
        self.report(Difference::Extra {
            path,
            names,
            lba: entry.location.lba,
        });
    }

    fn same_shape(&mut self, id: NodeId, entry: &Entry, names: Names) -> bool {
        let tree = self.tree;
        let lba = entry.location.lba;
        let has_bytes = |kind| matches!(kind, NodeKind::Directory | NodeKind::File);
        let (volume, source) = (entry.kind, tree.kind(id));
        // Plain names show links and devices as empty files.
        let shown_as_file = !matches!(names, Names::RockRidge | Names::Udf)
            && volume == NodeKind::File
            && !has_bytes(source);
        if volume != source && !shown_as_file {
            self.report(Difference::Kind {
                path: tree.disc_path(id),
                names,
                lba,
                volume,
                source,
            });
            return false;
        }
        let size = tree.size(id);
        if volume == NodeKind::File && entry.size != size {
            self.report(Difference::Size {
                path: tree.disc_path(id),
                names,
                lba,
                volume: entry.size,
                source: size,
            });
            return false;
        }
        true
    }

    fn same_blocks(&mut self, id: NodeId, entry: &Entry, names: Names) {
        let position = self.files.binary_search_by_key(&id, |(id, _)| *id);
        let best = position.ok().and_then(|at| self.files.get(at));
        if best
            .is_some_and(|(_, best)| entry.size > 0 && runs(&best.extents) != runs(&entry.extents))
        {
            let path = self.tree.disc_path(id);
            self.report(Difference::Blocks {
                path,
                names,
                lba: entry.location.lba,
            });
        }
    }

    fn attributes(&mut self, id: NodeId, entry: &Entry, names: Names) {
        if !self.options.attributes {
            return;
        }
        let tree = self.tree;
        let mut differing = Vec::new();
        let mut check = |attribute, same: bool| {
            if !same {
                differing.push(attribute);
            }
        };
        // All names carry the modification time; the root's is in its own record.
        let stamp = match names {
            Names::Udf => expected::time(tree.modified(id)),
            _ => ShortStamp::new(tree.modified(id)).time(),
        };
        // One that differs by all names is told once.
        let as_noted = entry.modified == stamp || !self.modified_noted.insert(id);
        check(Attribute::Modified, as_noted);
        if matches!(names, Names::RockRidge | Names::Udf) {
            let (links, target) = match names {
                Names::Udf => (
                    expected::links(tree, &self.shown, id),
                    expected::target(tree, id),
                ),
                _ => {
                    let target = tree.link_target(id);
                    let target = target.map(|t| t.as_os_str().as_encoded_bytes().to_vec());
                    (tree.link_count(id), target)
                }
            };
            let (uid, gid) = tree.owner(id);
            let posix = entry.posix.unwrap_or_default();
            check(Attribute::Mode, posix.mode == tree.mode(id));
            check(Attribute::User, posix.uid == uid);
            check(Attribute::Group, posix.gid == gid);
            check(Attribute::Links, posix.links == links);
            check(Attribute::Target, entry.target == target);
            check(Attribute::Device, entry.device == tree.device_number(id));
            // Rock Ridge 1.10 has no serial numbers.
            if posix.serial != 0 {
                let file = tree.first_name(id);
                let same = *self.serials.entry((names, posix.serial)).or_insert(file) == file
                    && *self.serial_of.entry((names, file)).or_insert(posix.serial) == posix.serial;
                check(Attribute::SameFile, same);
            }
        }
        for attribute in differing {
            let path = self.tree.disc_path(id);
            self.report(Difference::Attribute {
                path,
                lba: entry.location.lba,
                attribute,
            });
        }
    }

    fn contents<R: BlockSource>(&mut self, volume: &mut Volume<R>) {
        let mut files = std::mem::take(&mut self.files);
        files.append(&mut self.copies);
        files.sort_by_key(|(id, entry)| (entry.extents.first().map(|e| e.first_lba), *id));
        // Further names of a file need no second look, if they lead to the same blocks.
        let mut seen = HashSet::new();
        let mut buffers = (vec![0; PIECE], vec![0; PIECE]);
        for (id, entry) in files {
            let key = (
                self.tree.first_name(id),
                entry.extents.first().map(|e| e.first_lba),
                entry.extents.len(),
            );
            if entry.size == 0 || (self.tree.link_count(id) > 1 && !seen.insert(key)) {
                continue;
            }
            if self.content(volume, id, &entry, &mut buffers).is_break() {
                self.summary.stopped = true;
                return;
            }
        }
    }

    fn content<R: BlockSource>(
        &mut self,
        volume: &mut Volume<R>,
        id: NodeId,
        entry: &Entry,
        (ours, theirs): &mut (Vec<u8>, Vec<u8>),
    ) -> ControlFlow<()> {
        let file = match self.opener.open(self.tree, id) {
            Ok(file) => file,
            Err(error) => {
                self.source_failed(id, error);
                return ControlFlow::Continue(());
            }
        };
        let mut offset = 0;
        while offset < entry.size {
            let length = (entry.size - offset).min(PIECE as u64) as usize;
            let ours = ours.get_mut(..length).unwrap_or_default();
            if let Err(error) = read_exact(&file, offset, ours) {
                self.source_failed(id, error);
                return ControlFlow::Continue(());
            }
            let whole = length.next_multiple_of(BLOCK_SIZE);
            let theirs = theirs.get_mut(..whole).unwrap_or_default();
            let found = match volume.read_file(entry, offset, theirs) {
                Ok(_) => first_difference(ours, theirs).map(|at| (at, None)),
                Err(_) => by_blocks(volume, entry, offset, ours, theirs),
            };
            if let Some((at, error)) = found {
                let at = offset + at as u64;
                // The source may have changed under the comparison: then it is the source that is reported.
                if let Err(error) = check_unchanged(&file, self.tree, id) {
                    self.source_failed(id, error);
                    return ControlFlow::Continue(());
                }
                let path = self.tree.disc_path(id);
                let lba = entry.lba_of(at).unwrap_or(entry.location.lba);
                self.report(match error {
                    Some(source) => Difference::Unreadable {
                        path,
                        lba,
                        offset: at,
                        source,
                    },
                    None => Difference::Content {
                        path,
                        lba,
                        offset: at,
                    },
                });
                return self.observer.compared(entry.size - offset);
            }
            offset += length as u64;
            self.summary.bytes += length as u64;
            self.observer.compared(length as u64)?;
        }
        if let Err(error) = check_unchanged(&file, self.tree, id) {
            self.source_failed(id, error);
        }
        ControlFlow::Continue(())
    }

    fn source_failed(&mut self, id: NodeId, error: OpenError) {
        let path = self.tree.source_path(id);
        self.report(match error {
            OpenError::Changed(what) => Difference::SourceChanged { path, what },
            OpenError::Io(source) => Difference::SourceUnreadable { path, source },
        });
    }
}

/// Looks block by block at a piece that could not be read at once: the first byte that differs, or the first block
/// that cannot be read.
fn by_blocks<R: BlockSource>(
    volume: &mut Volume<R>,
    entry: &Entry,
    offset: u64,
    ours: &[u8],
    theirs: &mut [u8],
) -> Option<(usize, Option<io::Error>)> {
    for (number, (ours, theirs)) in ours
        .chunks(BLOCK_SIZE)
        .zip(theirs.chunks_mut(BLOCK_SIZE))
        .enumerate()
    {
        let at = number * BLOCK_SIZE;
        match volume.read_file(entry, offset + at as u64, theirs) {
            Ok(_) => {
                if let Some(within) = first_difference(ours, theirs) {
                    return Some((at + within, None));
                }
            }
            Err(ReadError::Source { source, .. }) => return Some((at, Some(source))),
            Err(other) => return Some((at, Some(io::Error::other(other)))),
        }
    }
    None
}

/// The first byte of `ours` that is another in `theirs`, which is at least as long.
fn first_difference(ours: &[u8], theirs: &[u8]) -> Option<usize> {
    if theirs.get(..ours.len()) == Some(ours) {
        return None;
    }
    ours.iter()
        .zip(theirs)
        .position(|(a, b)| a != b)
        .or(Some(theirs.len()))
}

fn read_exact(file: &OwnedFd, offset: u64, out: &mut [u8]) -> Result<(), OpenError> {
    let mut filled = 0;
    while let Some(rest) = out.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match rustix::io::pread(file, rest, offset + filled as u64) {
            Ok(0) => return Err(OpenError::Changed(SourceChange::Size)),
            Ok(read) => filled += read,
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(OpenError::Io(error.into())),
        }
    }
    Ok(())
}

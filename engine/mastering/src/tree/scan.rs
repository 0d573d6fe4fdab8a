//! The walk: sources on the file system become a [`Tree`].
//!
//! Owns the policies for links, special files and names; opens no file for reading.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Access, AtFlags, Dir, Stat};
use rustix::io::Errno;

use super::source::open_directory;
use super::{Globs, Identity, Node, NodeId, NodeKind, Tree};

/// What is done with devices, fifos and sockets inside a tree. As a SOURCE they are always refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SpecialFiles {
    /// The first one ends the scan, by name.
    #[default]
    Refuse,
    /// They are stored as what they are, for Rock Ridge readers.
    Store,
    /// They are left out and counted.
    Skip,
}

/// What is done with files that have several names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HardLinks {
    /// They are one file, whose bytes stand in the volume once.
    #[default]
    Together,
    /// Each name is a file of its own, with bytes of its own.
    Apart,
}

/// How a source is walked.
#[derive(Clone, Debug, Default)]
pub struct WalkOptions {
    /// Store what symbolic links point to; otherwise the links themselves. A SOURCE that is a link is followed always.
    pub follow_links: bool,
    /// What is done with devices, fifos and sockets.
    pub special: SpecialFiles,
    /// What is done with files that have several names.
    pub hard_links: HardLinks,
    /// What is left out, by paths of the volume: a folder with all that it holds. A SOURCE is never left out.
    pub exclude: Globs,
}

/// Why a source cannot be scanned. Nothing was read or written. Each is the caller's to mend.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScanError {
    /// No source was given.
    #[error("no source was given")]
    NoSource,
    /// A source, or something in it, is not there. Inside a tree: it vanished during the scan, or a link that is to
    /// be followed points nowhere.
    #[error("{} does not exist", .path.display())]
    Missing {
        /// Where.
        path: PathBuf,
    },
    /// A file or folder cannot be read, as the system says.
    #[error("{} cannot be read: {source}", .path.display())]
    Unreadable {
        /// Where.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// A source is a device, fifo or socket.
    #[error("{} is a {kind}; a source must be a folder or a file", .path.display())]
    SpecialSource {
        /// Where.
        path: PathBuf,
        /// What it is.
        kind: NodeKind,
    },
    /// A device, fifo or socket inside a tree, under [`SpecialFiles::Refuse`].
    #[error("{} is a {kind}; store or skip special files to go on", .path.display())]
    SpecialFile {
        /// Where.
        path: PathBuf,
        /// What it is.
        kind: NodeKind,
    },
    /// A link that is to be followed leads to a folder that holds it, or to itself.
    #[error("{} is a loop: it leads back to {}", .path.display(), .to.display())]
    Loop {
        /// The link.
        path: PathBuf,
        /// The folder that it leads back to; the link itself where it leads nowhere else.
        to: PathBuf,
    },
    /// Two sources have the same name, and each should stand under it.
    #[error("{} and {} have the same name in the volume", .first.display(), .second.display())]
    SameName {
        /// One source.
        first: PathBuf,
        /// The other.
        second: PathBuf,
    },
    /// A source has no name to stand under, such as `/` among several.
    #[error("{} has no name to stand under in the volume", .path.display())]
    NoName {
        /// The source.
        path: PathBuf,
    },
    /// More than 4 Gi nodes, or 4 GiB of names.
    #[error("the tree has too many files, at {}", .path.display())]
    TooMany {
        /// Where the count was passed.
        path: PathBuf,
    },
}

fn refused(path: PathBuf, error: Errno) -> ScanError {
    match error {
        Errno::NOENT => ScanError::Missing { path },
        Errno::LOOP => ScanError::Loop {
            to: path.clone(),
            path,
        },
        other => ScanError::Unreadable {
            path,
            source: other.into(),
        },
    }
}

impl Tree {
    /// Walks the sources. One folder: its contents become the root. One file, or several sources: each stands in the
    /// root under its own name. The order is that of the names' bytes, so the same files give the same tree.
    ///
    /// Nothing is opened for reading but folders; whether files can be read is asked of the system.
    ///
    /// # Errors
    /// [`ScanError`], which names the path.
    pub fn scan(sources: &[PathBuf], options: &WalkOptions) -> Result<Self, ScanError> {
        Scan::new(options.clone()).run(sources)
    }

    /// A file to start a machine from, whose data are to be in the volume: as a file of the tree, where it is one of
    /// these, else without a name. For [`BootEntry::image`](crate::BootEntry::image).
    ///
    /// # Errors
    /// [`ScanError`], where it is not there, no file, or cannot be read.
    pub fn add_boot_image(&mut self, path: &Path) -> Result<NodeId, ScanError> {
        let path = std::path::absolute(path).map_err(|error| ScanError::Unreadable {
            path: path.to_owned(),
            source: error,
        })?;
        let stat = rustix::fs::stat(&path).map_err(|error| refused(path.clone(), error))?;
        let kind = NodeKind::from_mode(stat.st_mode);
        if kind != NodeKind::File {
            return Err(ScanError::SpecialSource { path, kind });
        }
        rustix::fs::access(&path, Access::READ_OK).map_err(|error| refused(path.clone(), error))?;
        let identity = Identity::of(&stat);
        let known = self.nodes().find(|id| {
            let node = self.node(*id);
            node.kind == NodeKind::File && node.identity == identity
        });
        if let Some(known) = known {
            return Ok(self.first_name(known));
        }
        let id = u32::try_from(self.nodes.len())
            .map_err(|_| ScanError::TooMany { path: path.clone() })?;
        let name = path
            .file_name()
            .map_or(&b"boot"[..], |name| name.as_bytes());
        let name_at = u32::try_from(self.names.len())
            .map_err(|_| ScanError::TooMany { path: path.clone() })?;
        self.names.extend_from_slice(name);
        self.nodes.push(Node {
            name_at,
            name_length: name.len() as u16, // the system has no longer ones
            kind,
            followed: true,
            parent: NodeId::ROOT.0,
            mode: stat.st_mode,
            uid: stat.st_uid,
            gid: stat.st_gid,
            first: 0,
            count: 0,
            accessed: identity.modified.seconds,
            identity,
        });
        self.data_bytes += identity.size;
        self.hidden += 1;
        self.bases.insert(id, path);
        Ok(NodeId(id))
    }
}

struct Scan {
    options: WalkOptions,
    tree: Tree,
    /// First node of each file with several names.
    seen: HashMap<(u64, u64), u32>,
}

impl Scan {
    fn new(options: WalkOptions) -> Self {
        Self {
            options,
            tree: Tree::default(),
            seen: HashMap::new(),
        }
    }

    fn run(mut self, sources: &[PathBuf]) -> Result<Tree, ScanError> {
        let mut found = Vec::with_capacity(sources.len());
        for source in sources {
            // A later change of the working directory must not move the source.
            let path = std::path::absolute(source).map_err(|error| ScanError::Unreadable {
                path: source.clone(),
                source: error,
            })?;
            let stat = rustix::fs::stat(&path).map_err(|error| refused(source.clone(), error))?;
            let kind = NodeKind::from_mode(stat.st_mode);
            if kind.is_special() {
                return Err(ScanError::SpecialSource {
                    path: source.clone(),
                    kind,
                });
            }
            if kind == NodeKind::File {
                rustix::fs::access(&path, Access::READ_OK)
                    .map_err(|error| refused(source.clone(), error))?;
            }
            found.push((path, stat, kind));
        }
        match found.as_slice() {
            [] => return Err(ScanError::NoSource),
            [(path, stat, NodeKind::Directory)] => {
                let root = self.add(0, b"", stat, NodeKind::Directory, path)?;
                self.source(root, path);
            }
            _ => self.add_each_under_its_name(&found)?,
        }
        let mut next = 0;
        while next < self.tree.nodes.len() {
            let id = next as u32; // below the limit that `add` keeps
            let listed = self
                .tree
                .nodes
                .get(next)
                .is_some_and(|n| n.kind == NodeKind::Directory && n.first == 0);
            if listed {
                self.list(id)?;
            }
            next += 1;
        }
        Ok(self.tree)
    }

    fn add_each_under_its_name(
        &mut self,
        found: &[(PathBuf, Stat, NodeKind)],
    ) -> Result<(), ScanError> {
        let mut named = Vec::with_capacity(found.len());
        for (path, stat, kind) in found {
            // `.` and `..` are named by what they are.
            let name = match path.file_name() {
                Some(name) => name.to_os_string(),
                None => std::fs::canonicalize(path)
                    .ok()
                    .and_then(|real| real.file_name().map(OsString::from))
                    .ok_or_else(|| ScanError::NoName { path: path.clone() })?,
            };
            named.push((name, path, stat, *kind));
        }
        named.sort_by(|a, b| a.0.as_bytes().cmp(b.0.as_bytes()));
        if let Some([a, b]) = named.array_windows::<2>().find(|[a, b]| a.0 == b.0) {
            return Err(ScanError::SameName {
                first: a.1.clone(),
                second: b.1.clone(),
            });
        }
        // The root is made up. Its time is the newest of what it holds, for the same sources to give the same root.
        let newest = named
            .iter()
            .map(|(_, _, stat, _)| Identity::of(stat).modified)
            .max()
            .unwrap_or_default();
        let root = Node {
            name_at: 0,
            name_length: 0,
            kind: NodeKind::Directory,
            followed: false,
            parent: 0,
            mode: 0o040_755,
            uid: 0,
            gid: 0,
            first: 1,
            count: named.len() as u32,
            accessed: newest.seconds,
            identity: Identity {
                modified: newest,
                changed: newest,
                ..Identity::default()
            },
        };
        self.tree.directory_count += 1;
        self.tree.nodes.push(root);
        for (name, path, stat, kind) in named {
            let id = self.add(0, name.as_bytes(), stat, kind, path)?;
            self.source(id, path);
        }
        Ok(())
    }

    /// Notes that a node is a SOURCE, which is followed where it is a link.
    fn source(&mut self, id: u32, path: &Path) {
        self.tree.bases.insert(id, path.to_path_buf());
        if let Some(node) = self.tree.nodes.get_mut(id as usize) {
            node.followed = true;
        }
    }

    /// Adds a node, and counts it.
    fn add(
        &mut self,
        parent: u32,
        name: &[u8],
        stat: &Stat,
        kind: NodeKind,
        path: &Path,
    ) -> Result<u32, ScanError> {
        let too_many = || ScanError::TooMany {
            path: path.to_path_buf(),
        };
        let id = u32::try_from(self.tree.nodes.len()).map_err(|_| too_many())?;
        let name_at = u32::try_from(self.tree.names.len()).map_err(|_| too_many())?;
        self.tree.names.extend_from_slice(name);
        let mut identity = Identity::of(stat);
        let mut first = 0;
        let mut count = 0;
        match kind {
            NodeKind::Directory => self.tree.count_folder(id, parent),
            NodeKind::CharacterDevice | NodeKind::BlockDevice => {
                #[allow(clippy::unnecessary_cast)] // the type differs between machines
                let number = stat.st_rdev as u64;
                first = (number >> 32) as u32;
                count = (number & u64::from(u32::MAX)) as u32;
            }
            _ => {}
        }
        if kind != NodeKind::Directory {
            self.tree.file_count += 1;
            let mut counted = kind == NodeKind::File;
            // Under followed links a file can have several names in the tree with one on its file system.
            let several = stat.st_nlink > 1 || self.options.follow_links;
            if several && self.options.hard_links == HardLinks::Together {
                let key = (identity.device, identity.inode);
                let owner = *self.seen.entry(key).or_insert(id);
                if owner != id {
                    counted = false;
                    self.tree.same_file.insert(id, owner);
                    *self.tree.links.entry(owner).or_insert(1) += 1;
                    // One file has one identity: what was seen first is what will be compared.
                    if let Some(node) = self.tree.nodes.get(owner as usize) {
                        identity = node.identity;
                    }
                }
            }
            if counted {
                self.tree.data_bytes += identity.size;
            }
        }
        #[allow(clippy::unnecessary_cast)] // the type differs between machines
        self.tree.nodes.push(Node {
            name_at,
            name_length: u16::try_from(name.len()).map_err(|_| too_many())?,
            kind,
            followed: self.options.follow_links,
            parent,
            mode: stat.st_mode as u32,
            uid: stat.st_uid,
            gid: stat.st_gid,
            first,
            count,
            accessed: stat.st_atime as i64,
            identity,
        });
        Ok(id)
    }

    /// Adds the children of a folder.
    fn list(&mut self, id: u32) -> Result<(), ScanError> {
        let folder = super::NodeId(id);
        let path = self.tree.source_path(folder);
        let unreadable = |error: io::Error| match Errno::from_io_error(&error) {
            Some(errno) => refused(path.clone(), errno),
            None => ScanError::Unreadable {
                path: path.clone(),
                source: error,
            },
        };
        let follow = self.tree.node(folder).followed;
        let directory = open_directory(&path, follow).map_err(unreadable)?;
        let mut names: Vec<Vec<u8>> = Vec::new();
        let entries = Dir::read_from(&directory).map_err(|error| refused(path.clone(), error))?;
        for entry in entries {
            let entry = entry.map_err(|error| refused(path.clone(), error))?;
            let name = entry.file_name().to_bytes();
            if name != b"." && name != b".." {
                names.push(name.to_vec());
            }
        }
        names.sort_unstable();
        let disc_path = match self.options.exclude.is_empty() {
            true => None,
            false => Some(self.tree.disc_path(folder)),
        };
        let first = self.tree.nodes.len() as u32; // below the limit that `add` keeps
        for name in names {
            let child = || path.join(OsString::from_vec(name.clone()));
            let flags = if self.options.follow_links {
                AtFlags::empty()
            } else {
                AtFlags::SYMLINK_NOFOLLOW
            };
            let stat = rustix::fs::statat(&directory, name.as_slice(), flags)
                .map_err(|error| refused(child(), error))?;
            let kind = NodeKind::from_mode(stat.st_mode);
            if let Some(folder) = &disc_path {
                let path = folder.join(OsStr::from_bytes(&name));
                if self.options.exclude.matches(&path, kind) {
                    continue;
                }
            }
            if kind.is_special() {
                match self.options.special {
                    SpecialFiles::Refuse => {
                        return Err(ScanError::SpecialFile {
                            path: child(),
                            kind,
                        });
                    }
                    SpecialFiles::Skip => {
                        self.tree.skipped += 1;
                        continue;
                    }
                    SpecialFiles::Store => {}
                }
            }
            // What everybody may read needs no further question.
            if kind == NodeKind::File && stat.st_mode & 0o444 != 0o444 {
                rustix::fs::accessat(
                    &directory,
                    name.as_slice(),
                    Access::READ_OK,
                    AtFlags::EACCESS,
                )
                .map_err(|error| refused(child(), error))?;
            }
            if kind == NodeKind::Directory && self.options.follow_links {
                self.refuse_loop(id, &stat, &child)?;
            }
            let added = self.add(id, &name, &stat, kind, &path)?;
            if kind == NodeKind::Symlink {
                let target = rustix::fs::readlinkat(&directory, name.as_slice(), Vec::new())
                    .map_err(|error| refused(child(), error))?;
                let at = self.tree.names.len();
                self.tree.names.extend_from_slice(target.to_bytes());
                let (Ok(at), Ok(length)) =
                    (u32::try_from(at), u32::try_from(target.to_bytes().len()))
                else {
                    return Err(ScanError::TooMany { path: child() });
                };
                if let Some(node) = self.tree.nodes.get_mut(added as usize) {
                    node.first = at;
                    node.count = length;
                }
            }
        }
        let count = self.tree.nodes.len() as u32 - first;
        if let Some(node) = self.tree.nodes.get_mut(id as usize) {
            node.first = first;
            node.count = count;
        }
        Ok(())
    }

    /// Refuses a folder that is one of its own parents.
    fn refuse_loop(
        &self,
        parent: u32,
        stat: &Stat,
        path: &dyn Fn() -> PathBuf,
    ) -> Result<(), ScanError> {
        let identity = Identity::of(stat);
        let mut at = super::NodeId(parent);
        loop {
            let node = self.tree.node(at);
            if (node.identity.device, node.identity.inode) == (identity.device, identity.inode) {
                return Err(ScanError::Loop {
                    path: path(),
                    to: self.tree.source_path(at),
                });
            }
            if at == super::NodeId::ROOT {
                return Ok(());
            }
            at = self.tree.parent(at);
        }
    }
}

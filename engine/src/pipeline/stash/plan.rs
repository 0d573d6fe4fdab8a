//! The plan of a stash: for every file where it goes and why. Looks at sizes, times and file systems, and
//! reads nothing but the probe's sample; copies nothing.

use super::file_systems::FileSystems;
use super::probe;
use super::rules::{
    Decision, FileFacts, FileSystemKind, MANY, RECENT, RECENT_AT_MOST, SMALL, StashPlace, StashWhy,
    SystemFacts, Terms, decide,
};
use super::store::{OverQuota, refused, room_in, standard_dirs};
use crate::config::StashPolicy;
use crate::error::SourceError;
use crate::pipeline::image::{Feed, Readable};
use crate::pipeline::image_file::ImageFile;
use pitland_mastering::{AheadFiles, Layout, NodeId, Origin, Timestamp};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// What was changed just now and is large is looked at a second time after so long.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(500);

/// What is asked of a stash.
#[derive(Debug, Clone)]
pub(crate) struct StashOptions {
    pub(crate) policy: StashPolicy,
    /// Folders for stash files; empty: the system's.
    pub(crate) dirs: Vec<PathBuf>,
    /// Bytes that are kept in memory before files are made.
    pub(crate) memory: u64,
    /// The most bytes in memory and files together.
    pub(crate) quota: Option<u64>,
    /// Bytes per second that the fastest drive takes, where that is known.
    pub(crate) drive_rate: Option<u64>,
}

/// A file of a volume, or a whole image, and where it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StashRow {
    /// The path in the volume; of a whole image that of the file, or what the stream is called.
    pub path: PathBuf,
    /// Its bytes.
    pub bytes: u64,
    /// Where it goes.
    pub place: StashPlace,
    /// Why.
    pub why: StashWhy,
}

/// How much goes to one place.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StashTotal {
    /// Files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// How much goes where, in all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StashTotals {
    /// Read while it is burned.
    pub straight: StashTotal,
    /// Read ahead while it is burned.
    pub ahead: StashTotal,
    /// Stored in memory first.
    pub memory: StashTotal,
    /// Stored in files first.
    pub file: StashTotal,
}

impl StashTotals {
    fn of(&mut self, place: StashPlace) -> &mut StashTotal {
        match place {
            StashPlace::Straight => &mut self.straight,
            StashPlace::Ahead => &mut self.ahead,
            StashPlace::Memory => &mut self.memory,
            StashPlace::File => &mut self.file,
        }
    }

    fn add(&mut self, place: StashPlace, bytes: u64) {
        let total = self.of(place);
        total.files += 1;
        total.bytes += bytes;
    }

    /// Bytes that are not stored a second time, as they would be if everything was.
    pub fn saved_bytes(&self) -> u64 {
        self.straight.bytes + self.ahead.bytes
    }

    /// Bytes that are stored a second time.
    pub fn stored_bytes(&self) -> u64 {
        self.memory.bytes + self.file.bytes
    }
}

/// A folder for stash files, and what it has room for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StashRoom {
    /// The folder.
    pub dir: PathBuf,
    /// Bytes that a stash may take there now; folders of one file system share them. `None`: the folder cannot
    /// be used.
    pub free: Option<u64>,
}

/// Where everything goes. Cheap to clone; rows are made as they are asked for.
#[derive(Debug, Clone)]
pub struct StashPlan {
    pub(super) subject: Subject,
    totals: StashTotals,
    pub(super) dirs: Vec<PathBuf>,
    quota: Option<u64>,
    pub(super) policy: StashPolicy,
}

#[derive(Debug, Clone)]
pub(super) enum Subject {
    Volume {
        layout: Arc<Layout>,
        /// Every file with data once, in the order of the data.
        files: Arc<Vec<(NodeId, Decision)>>,
    },
    Whole {
        path: PathBuf,
        bytes: u64,
        decision: Decision,
    },
}

impl StashPlan {
    /// Decides. Blocks: it asks the file systems, and under [`StashPolicy::Auto`] measures those that are not
    /// decided already, for less than a second each.
    pub(crate) fn of(feed: &Feed, bytes: u64, options: StashOptions) -> Self {
        Self::of_at(feed, bytes, options, Timestamp::now())
    }

    pub(super) fn of_at(feed: &Feed, bytes: u64, options: StashOptions, now: Timestamp) -> Self {
        let mut terms = Terms {
            policy: options.policy,
            drive_rate: options.drive_rate,
            memory_left: options.memory.min(options.quota.unwrap_or(u64::MAX)),
        };
        let mut totals = StashTotals::default();
        let subject = match feed {
            Feed::Again(Readable::Layout(layout)) => {
                let files = decide_files(layout, &mut terms, now);
                for (id, decision) in &files {
                    totals.add(decision.place, layout.tree().size(*id));
                }
                Subject::Volume {
                    layout: Arc::clone(layout),
                    files: Arc::new(files),
                }
            }
            Feed::Again(Readable::File(file)) => whole(
                file.path.clone(),
                bytes,
                decide_image(file, bytes, &terms, now),
            ),
            // Files and decoders keep up with any CD; of bytes that the caller makes nobody knows, and they come again.
            Feed::Again(Readable::Cd(_) | Readable::Given(_)) => whole(
                PathBuf::new(),
                bytes,
                decide(
                    &FileFacts {
                        size: bytes,
                        repeatable: true,
                        changing: false,
                    },
                    &LOCAL,
                    &terms,
                ),
            ),
            // It is stashed already.
            Feed::Again(Readable::Stashed(_)) => whole(
                PathBuf::new(),
                bytes,
                Decision {
                    place: StashPlace::Straight,
                    why: StashWhy::Steady,
                },
            ),
            Feed::Once(source) => {
                let file = FileFacts {
                    size: bytes,
                    repeatable: false,
                    changing: false,
                };
                whole(source.name().into(), bytes, decide(&file, &LOCAL, &terms))
            }
        };
        if let Subject::Whole { decision, .. } = &subject {
            totals.add(decision.place, bytes);
        }
        let dirs = if options.dirs.is_empty() {
            standard_dirs()
        } else {
            options.dirs
        };
        Self {
            subject,
            totals,
            dirs,
            quota: options.quota,
            policy: options.policy,
        }
    }

    /// Every file with data once, in the order of the data, and where it goes; of what is not mastered here,
    /// one row.
    pub fn rows(&self) -> impl Iterator<Item = StashRow> + '_ {
        let (layout, files, whole) = match &self.subject {
            Subject::Volume { layout, files } => (Some(layout), files.as_slice(), None),
            Subject::Whole {
                path,
                bytes,
                decision,
            } => (None, &[][..], Some((path.clone(), *bytes, *decision))),
        };
        let of_volume = layout.into_iter().flat_map(move |layout| {
            let tree = layout.tree();
            files
                .iter()
                .map(|(id, decision)| (tree.disc_path(*id), tree.size(*id), *decision))
        });
        of_volume
            .chain(whole)
            .map(|(path, bytes, decision)| StashRow {
                path,
                bytes,
                place: decision.place,
                why: decision.why,
            })
    }

    /// How much goes where.
    pub fn totals(&self) -> StashTotals {
        self.totals
    }

    /// The folders for stash files, in the order in which they are filled.
    pub fn dirs(&self) -> &[PathBuf] {
        &self.dirs
    }

    /// What the folders have room for now, in the order in which they are filled. Blocks: it asks their file
    /// systems. [`StashTotals::file`] says how much is needed in all.
    pub fn rooms(&self) -> Vec<StashRoom> {
        self.dirs
            .iter()
            .map(|dir| StashRoom {
                dir: dir.clone(),
                free: room_in(dir).ok().map(|room| room.free),
            })
            .collect()
    }

    /// Whether all that is stored is within the quota.
    ///
    /// # Errors
    /// [`SourceError::Stash`], as the burn would end with.
    pub(crate) fn allowed(&self) -> Result<(), SourceError> {
        let needed = self.totals.stored_bytes();
        match self.quota {
            Some(quota) if needed > quota => Err(refused(OverQuota { needed, quota }, &self.dirs)),
            _ => Ok(()),
        }
    }

    /// The files that are read ahead.
    pub(super) fn ahead_files(&self) -> AheadFiles {
        match &self.subject {
            Subject::Volume { layout, files } => {
                let ahead = files
                    .iter()
                    .filter(|(_, decision)| decision.place == StashPlace::Ahead);
                AheadFiles::new(layout, ahead.map(|(id, _)| *id).collect())
            }
            Subject::Whole { .. } => AheadFiles::default(),
        }
    }
}

const LOCAL: SystemFacts = SystemFacts {
    kind: FileSystemKind::Local,
    small_files: 0,
    large_rate: None,
    small_rate: None,
};

fn whole(path: PathBuf, bytes: u64, decision: Decision) -> Subject {
    Subject::Whole {
        path,
        bytes,
        decision,
    }
}

/// Whether something that carries these times was changed a moment ago.
fn is_recent(modified: Timestamp, changed: Timestamp, now: Timestamp) -> bool {
    let limit = RECENT.as_secs().cast_signed();
    [modified, changed]
        .iter()
        .any(|time| now.seconds.saturating_sub(time.seconds).abs() < limit)
}

/// What is found of one file system before its files are decided.
struct Found {
    kind: FileSystemKind,
    small: Vec<NodeId>,
    large: Vec<NodeId>,
}

/// The files that have data of their own and a source, in the order of the data.
fn files_with_data(layout: &Layout) -> impl Iterator<Item = NodeId> + '_ {
    let files = layout.placed_files().map(|file| file.node());
    // A manifest has no source; it is made as the others go by.
    files.filter(|id| !matches!(layout.tree().origin(*id), Origin::Manifest))
}

/// Those of them that are files of this machine.
fn files_of_host(layout: &Layout) -> impl Iterator<Item = NodeId> + '_ {
    files_with_data(layout).filter(|id| matches!(layout.tree().origin(*id), Origin::Host))
}

fn decide_files(
    layout: &Arc<Layout>,
    terms: &mut Terms,
    now: Timestamp,
) -> Vec<(NodeId, Decision)> {
    let auto = terms.policy == StashPolicy::Auto;
    let systems = if auto {
        facts_of_systems(layout, terms)
    } else {
        HashMap::new()
    };
    let changing = if auto {
        changing_files(layout, now)
    } else {
        Vec::new()
    };
    let tree = layout.tree();
    files_with_data(layout)
        .map(|id| {
            let size = tree.size(id);
            let file = FileFacts {
                size,
                repeatable: match tree.origin(id) {
                    Origin::Given(bytes) => bytes.repeatable(),
                    _ => true,
                },
                changing: changing.binary_search(&id).is_ok(),
            };
            let system = systems.get(&tree.inode(id).0).unwrap_or(&LOCAL);
            let decision = decide(&file, system, terms);
            if decision.place == StashPlace::Memory {
                terms.memory_left -= size;
            }
            (id, decision)
        })
        .collect()
}

fn facts_of_systems(layout: &Layout, terms: &Terms) -> HashMap<u64, SystemFacts> {
    let tree = layout.tree();
    let mounted = FileSystems::of_this_machine();
    let mut found: HashMap<u64, Found> = HashMap::new();
    for id in files_of_host(layout) {
        let (device, _) = tree.inode(id);
        let size = tree.size(id);
        let system = found.entry(device).or_insert_with(|| Found {
            kind: mounted.kind_of(device, &tree.source_path(id)),
            small: Vec::new(),
            large: Vec::new(),
        });
        let of_its_size = if size <= SMALL {
            &mut system.small
        } else {
            &mut system.large
        };
        of_its_size.push(id);
    }
    found
        .into_iter()
        .map(|(device, system)| {
            let measured = terms.drive_rate.is_some() && system.kind == FileSystemKind::Local;
            let mut facts = SystemFacts {
                kind: system.kind,
                small_files: system.small.len() as u64,
                large_rate: None,
                small_rate: None,
            };
            if measured {
                let path = |id: &NodeId| tree.source_path(*id);
                facts.large_rate =
                    probe::large_rate(&system.large, |id| (path(id), tree.size(*id)));
                if facts.small_files >= MANY {
                    facts.small_rate = probe::small_rate(&system.small, path);
                }
            }
            (device, facts)
        })
        .collect()
}

/// What was changed a moment ago, and what changes while it is looked at, in the order of the nodes.
fn changing_files(layout: &Arc<Layout>, now: Timestamp) -> Vec<NodeId> {
    let tree = layout.tree();
    let mut recent: Vec<NodeId> = files_of_host(layout)
        .filter(|id| is_recent(tree.modified(*id), tree.changed(*id), now))
        .collect();
    if recent.iter().any(|id| tree.size(*id) > RECENT_AT_MOST) {
        std::thread::sleep(LOOK_AGAIN_AFTER);
        let mut sources = layout.sources();
        recent.retain(|id| tree.size(*id) <= RECENT_AT_MOST || sources.look(*id).is_err());
    }
    // Weights may have given the data another order than the tree's; it is searched by id.
    recent.sort_unstable();
    recent
}

fn decide_image(image: &ImageFile, bytes: u64, terms: &Terms, now: Timestamp) -> Decision {
    let mut system = LOCAL;
    let mut changing = false;
    if terms.policy == StashPolicy::Auto {
        system.kind = FileSystems::of_this_machine().kind_of(image.stamp.device(), &image.path);
        if system.kind == FileSystemKind::Local && terms.drive_rate.is_some() {
            system.large_rate = probe::large_rate(&[()], |()| (image.path.clone(), bytes));
        }
        let [modified, changed] = image.stamp.times();
        changing = is_recent(modified, changed, now);
        if changing && bytes > RECENT_AT_MOST {
            std::thread::sleep(LOOK_AGAIN_AFTER);
            changing = image.has_changed().unwrap_or(true);
        }
    }
    let file = FileFacts {
        size: bytes,
        repeatable: true,
        changing,
    };
    decide(&file, &system, terms)
}

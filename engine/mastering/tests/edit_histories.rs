//! Random histories of edits against a plain map of paths, and trees of the host against what a walk finds.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests"
)]

mod support;

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use pitland_mastering::{
    Attributes, ChangePoint, Clash, Layout, NodeId, NodeKind, Origin, Timestamp, Tree, TreeBuilder,
    Volume, WalkOptions,
};
use proptest::prelude::*;
use support::{image, options, scan, write};

/// One thing in the map: what it is, which file it names, and when it was changed.
#[derive(Clone, Debug, PartialEq)]
struct Thing {
    what: What,
    time: i64,
}

#[derive(Clone, Debug, PartialEq)]
enum What {
    Folder,
    /// Which file, and its bytes.
    File(u32, Vec<u8>),
    Link(PathBuf),
}

type Model = BTreeMap<PathBuf, Thing>;

#[derive(Clone, Debug)]
enum Edit {
    AddFolder(PathBuf, i64),
    AddFolders(PathBuf, i64),
    AddFile(PathBuf, u8, i64),
    AddLink(PathBuf, PathBuf, i64),
    AddHardLink(PathBuf, PathBuf),
    Remove(PathBuf),
    RemoveTree(PathBuf),
    Rename(PathBuf, PathBuf),
    Replace(PathBuf, u8, i64),
    Touch(PathBuf, i64),
    /// The paths of files in the tree that is grafted.
    Graft(Vec<PathBuf>, PathBuf, i64, u8),
    Remember,
    RollBack(usize),
    LockIn,
}

fn path() -> impl Strategy<Value = PathBuf> {
    let name = prop::sample::select(vec!["a", "b", "Ü"]);
    prop::collection::vec(name, 1..4)
        .prop_map(|names| Path::new("/").join(names.iter().collect::<PathBuf>()))
}

fn edit() -> impl Strategy<Value = Edit> {
    let time = 1_000i64..1_000_000;
    // Mostly one that there is, so that something clashes.
    let folder = prop_oneof![3 => Just(PathBuf::from("/")), 1 => path()];
    prop_oneof![
        4 => (path(), time.clone()).prop_map(|(p, t)| Edit::AddFolder(p, t)),
        2 => (path(), time.clone()).prop_map(|(p, t)| Edit::AddFolders(p, t)),
        6 => (path(), any::<u8>(), time.clone()).prop_map(|(p, b, t)| Edit::AddFile(p, b, t)),
        1 => (path(), path(), time.clone()).prop_map(|(p, to, t)| Edit::AddLink(p, to, t)),
        2 => (path(), path()).prop_map(|(p, to)| Edit::AddHardLink(p, to)),
        2 => path().prop_map(Edit::Remove),
        1 => path().prop_map(Edit::RemoveTree),
        4 => (path(), path()).prop_map(|(p, to)| Edit::Rename(p, to)),
        2 => (path(), any::<u8>(), time.clone()).prop_map(|(p, b, t)| Edit::Replace(p, b, t)),
        2 => (path(), time.clone()).prop_map(|(p, t)| Edit::Touch(p, t)),
        6 => (prop::collection::vec(path(), 1..4), folder, time, 0u8..3)
            .prop_map(|(files, at, t, clash)| Edit::Graft(files, at, t, clash)),
        1 => Just(Edit::Remember),
        1 => (0usize..4).prop_map(Edit::RollBack),
        1 => Just(Edit::LockIn),
    ]
}

fn attributes(time: i64) -> Attributes {
    Attributes::new(0o640, Timestamp::from_seconds(time))
}

/// The map, and what an edit does to it: `false` where it is refused.
struct Map {
    things: Model,
    next_file: u32,
    points: Vec<Model>,
}

impl Map {
    fn is_folder(&self, path: &Path) -> bool {
        path == Path::new("/")
            || self
                .things
                .get(path)
                .is_some_and(|t| t.what == What::Folder)
    }

    fn free(&self, path: &Path) -> bool {
        !self.things.contains_key(path) && self.is_folder(path.parent().unwrap())
    }

    fn add(&mut self, path: &Path, what: What, time: i64) -> bool {
        let free = self.free(path);
        if free {
            self.things.insert(path.to_path_buf(), Thing { what, time });
        }
        free
    }

    fn file(&mut self, byte: u8) -> What {
        self.next_file += 1;
        What::File(self.next_file, bytes(byte))
    }

    fn below(&self, path: &Path) -> Vec<PathBuf> {
        let all = self.things.keys();
        all.filter(|p| p.starts_with(path)).cloned().collect()
    }

    fn apply(&mut self, edit: &Edit) -> bool {
        match edit {
            Edit::AddFolder(path, time) => self.add(path, What::Folder, *time),
            Edit::AddFolders(path, time) => {
                let above: Vec<&Path> = path.ancestors().collect();
                if above
                    .iter()
                    .any(|p| self.things.contains_key(*p) && !self.is_folder(p))
                {
                    return false;
                }
                for path in above.into_iter().rev().skip(1) {
                    self.add(path, What::Folder, *time);
                }
                true
            }
            Edit::AddFile(path, byte, time) => {
                let file = self.file(*byte);
                self.add(path, file, *time)
            }
            Edit::AddLink(path, to, time) => self.add(path, What::Link(to.clone()), *time),
            Edit::AddHardLink(path, to) => match self.things.get(to).cloned() {
                Some(Thing {
                    what: What::Folder, ..
                })
                | None => false,
                Some(thing) => self.add(path, thing.what, thing.time),
            },
            Edit::Remove(path) => {
                let one = self.below(path).len() == 1;
                one && self.things.remove(path).is_some()
            }
            Edit::RemoveTree(path) => {
                let below = self.below(path);
                below.iter().for_each(|path| drop(self.things.remove(path)));
                !below.is_empty()
            }
            Edit::Rename(from, to) => {
                if !self.things.contains_key(from) {
                    return false;
                }
                if from == to {
                    return true;
                }
                if to.starts_with(from) || !self.free(to) {
                    return false;
                }
                for path in self.below(from) {
                    let thing = self.things.remove(&path).unwrap();
                    let rest = path.strip_prefix(from).unwrap();
                    let moved = match rest.as_os_str().is_empty() {
                        true => to.clone(),
                        false => to.join(rest),
                    };
                    self.things.insert(moved, thing);
                }
                true
            }
            Edit::Replace(path, byte, time) => {
                let file = self.file(*byte);
                match self.things.get_mut(path) {
                    Some(thing) if matches!(thing.what, What::File(..)) => {
                        *thing = Thing {
                            what: file,
                            time: *time,
                        };
                        true
                    }
                    _ => false,
                }
            }
            Edit::Touch(path, time) => {
                let Some(thing) = self.things.get(path) else {
                    return false;
                };
                let what = thing.what.clone();
                for (other, thing) in &mut self.things {
                    // All names of a file; links have no number in this map, and none further names here.
                    let same_file = matches!(what, What::File(..)) && thing.what == what;
                    if other == path || same_file {
                        thing.time = *time;
                    }
                }
                true
            }
            Edit::Graft(files, at, time, clash) => self.graft(files, at, *time, *clash),
            Edit::Remember | Edit::RollBack(_) | Edit::LockIn => true,
        }
    }

    fn graft(&mut self, files: &[PathBuf], at: &Path, time: i64, clash: u8) -> bool {
        if !self.is_folder(at) {
            return false;
        }
        let mut coming = Map {
            things: Model::new(),
            next_file: self.next_file,
            points: Vec::new(),
        };
        for edit in grafted(files, time) {
            coming.apply(&edit);
        }
        self.next_file = coming.next_file;
        let before = self.things.clone();
        if clash == 2 && at != Path::new("/") {
            self.things.get_mut(at).unwrap().time = 0;
        }
        for (path, thing) in coming.things {
            let path = at.join(path.strip_prefix("/").unwrap());
            // Below what stayed as it was nothing comes.
            if !self.is_folder(path.parent().unwrap()) {
                continue;
            }
            match (
                self.things.get(&path).map(|old| old.what == What::Folder),
                clash,
            ) {
                (None, _) => drop(self.things.insert(path, thing)),
                (Some(true), _) if thing.what == What::Folder => {
                    if clash == 2 {
                        self.things.get_mut(&path).unwrap().time = thing.time;
                    }
                }
                (Some(_), 1) => {}
                // Nothing takes the place of a folder.
                (Some(_), 0) | (Some(true), _) => {
                    self.things = before;
                    return false;
                }
                (Some(false), _) => drop(self.things.insert(path, thing)),
            }
        }
        true
    }
}

fn bytes(byte: u8) -> Vec<u8> {
    vec![byte; usize::from(byte) * 20]
}

/// The edits that make the tree that is grafted.
fn grafted(files: &[PathBuf], time: i64) -> Vec<Edit> {
    let mut edits = Vec::new();
    for (at, file) in files.iter().enumerate() {
        edits.push(Edit::AddFolders(file.parent().unwrap().to_path_buf(), time));
        edits.push(Edit::AddFile(file.clone(), at as u8, time));
    }
    edits
}

fn apply(builder: &mut TreeBuilder, edit: &Edit) -> bool {
    let memory = |byte: u8| Origin::memory(bytes(byte));
    match edit {
        Edit::AddFolder(path, time) => builder.add_folder(path, &attributes(*time)),
        Edit::AddFolders(path, time) => builder.add_folders(path, &attributes(*time)),
        Edit::AddFile(path, byte, time) => {
            builder.add_file(path, memory(*byte), &attributes(*time))
        }
        Edit::AddLink(path, to, time) => builder.add_link(path, to, &attributes(*time)),
        Edit::AddHardLink(path, to) => builder.add_hard_link(path, to),
        Edit::Remove(path) => builder.remove(path),
        Edit::RemoveTree(path) => builder.remove_tree(path),
        Edit::Rename(from, to) => builder.rename(from, to),
        Edit::Replace(path, byte, time) => builder.replace(path, memory(*byte), &attributes(*time)),
        Edit::Touch(path, time) => builder.set_attributes(path, &attributes(*time)),
        Edit::Graft(files, at, time, clash) => {
            let mut coming = TreeBuilder::new();
            for edit in grafted(files, *time) {
                apply(&mut coming, &edit);
            }
            let clash = [Clash::Refuse, Clash::Keep, Clash::Replace][usize::from(*clash)];
            builder.graft(coming.finish().unwrap(), at, clash)
        }
        Edit::Remember | Edit::RollBack(_) | Edit::LockIn => Ok(()),
    }
    .is_ok()
}

/// Whether each folder has two names, and one for each folder in it.
fn folders_count_their_folders(tree: &Tree) -> bool {
    let is_folder = |id: &NodeId| tree.kind(*id) == NodeKind::Directory;
    tree.nodes().filter(is_folder).all(|id| {
        let inside = tree.children(id).filter(is_folder).count();
        tree.link_count(id) as usize == 2 + inside
    })
}

/// The tree as such a map, with the numbers of files by their first appearance.
fn model_of(tree: &Tree, contents: &HashMap<PathBuf, Vec<u8>>) -> Model {
    tree.nodes()
        .filter(|id| id != &NodeId::ROOT)
        .map(|id| {
            let path = tree.disc_path(id);
            let what = match tree.kind(id) {
                NodeKind::Directory => What::Folder,
                NodeKind::Symlink => What::Link(tree.link_target(id).unwrap().into()),
                _ => {
                    let first = tree.disc_path(tree.first_name(id));
                    let number = tree.nodes().position(|n| tree.disc_path(n) == first);
                    What::File(number.unwrap() as u32, contents[&path].clone())
                }
            };
            let time = tree.modified(id).seconds;
            (path, Thing { what, time })
        })
        .collect()
}

/// The same with numbers that do not matter: each file has that of its first name by the order of the paths.
fn renumbered(model: &Model) -> Model {
    let mut numbers = HashMap::new();
    let mut renumbered = model.clone();
    for thing in renumbered.values_mut() {
        if let What::File(number, _) = &mut thing.what {
            let next = numbers.len() as u32;
            *number = *numbers.entry(*number).or_insert(next);
        }
    }
    renumbered
}

fn contents(tree: Tree) -> (Tree, HashMap<PathBuf, Vec<u8>>) {
    let layout = Arc::new(Layout::plan(tree, 0, &options()).unwrap());
    let image = image(&layout);
    let mut volume = Volume::open(image.as_slice(), 0).unwrap();
    let found: Vec<_> = volume.walk().map(Result::unwrap).collect();
    let mut contents = HashMap::new();
    for (path, entry) in found {
        let mut bytes = vec![0; entry.size as usize];
        if entry.kind == NodeKind::File {
            volume.read_file(&entry, 0, &mut bytes).unwrap();
            contents.insert(path, bytes);
        }
    }
    drop(volume);
    (Arc::into_inner(layout).unwrap().into_tree(), contents)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn a_builder_does_what_a_map_does(edits in prop::collection::vec(edit(), 1..40)) {
        let mut map = Map { things: Model::new(), next_file: 0, points: Vec::new() };
        let mut builder = TreeBuilder::new();
        let mut points: Vec<ChangePoint> = Vec::new();
        // Something to begin with, so that most edits find what they ask for.
        let edits: Vec<Edit> = [
            Edit::AddFolders("/a/b".into(), 5),
            Edit::AddFile("/a/a".into(), 7, 5),
            Edit::AddFile("/a/b/a".into(), 9, 5),
            Edit::AddHardLink("/b".into(), "/a/a".into()),
        ]
        .into_iter()
        .chain(edits)
        .collect();
        for edit in &edits {
            match edit {
                Edit::Remember => {
                    points.push(builder.change_point());
                    map.points.push(map.things.clone());
                }
                Edit::RollBack(at) if *at < points.len() => {
                    builder.roll_back_to(points[*at]).unwrap();
                    map.things = map.points[*at].clone();
                    for gone in points.drain(at + 1..) {
                        prop_assert!(builder.roll_back_to(gone).is_err());
                    }
                    map.points.truncate(at + 1);
                }
                Edit::RollBack(_) => {}
                Edit::LockIn => {
                    builder.lock_in();
                    for gone in points.drain(..) {
                        prop_assert!(builder.roll_back_to(gone).is_err());
                    }
                    map.points.clear();
                }
                edit => prop_assert_eq!(
                    apply(&mut builder, edit),
                    map.apply(edit),
                    "{:?} of {:?}", edit, edits
                ),
            }
        }
        // What is walked is what is finished.
        let walked: Vec<PathBuf> = builder.walk().skip(1).map(|item| item.path().into()).collect();
        prop_assert_eq!(&walked.into_iter().collect::<std::collections::BTreeSet<_>>(), &map.things.keys().cloned().collect());
        let (tree, contents) = contents(builder.finish().unwrap());
        let found = renumbered(&model_of(&tree, &contents));
        prop_assert_eq!(found, renumbered(&map.things), "{:?}", edits);
        let files = map.things.values().filter(|thing| thing.what != What::Folder).count();
        prop_assert_eq!(tree.file_count(), files as u64);
        prop_assert!(folders_count_their_folders(&tree), "{:?}", edits);
    }

    #[test]
    fn a_tree_put_together_is_the_tree_that_is_walked(files in prop::collection::vec((path(), any::<u8>()), 1..20)) {
        // The same folders on the host, as one, and in two halves that are grafted.
        let whole = tempfile::tempdir().unwrap();
        let halves = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let mut builder = TreeBuilder::new();
        for (at, (path, byte)) in files.iter().enumerate() {
            let host = whole.path().join(path.strip_prefix("/").unwrap());
            let half = halves[at % 2].path().join(path.strip_prefix("/").unwrap());
            // Some paths are in the way of others.
            let fits = host.parent().unwrap().ancestors().all(|above| !above.is_file());
            if !fits || host.exists() {
                continue;
            }
            write(&host, &bytes(*byte));
            write(&half, &bytes(*byte));
            if *byte % 5 == 0 {
                let _ = symlink("target", host.with_extension("link"));
                let _ = symlink("target", half.with_extension("link"));
            }
        }
        for half in &halves {
            builder.graft(scan(half.path()), "/", Clash::Refuse).unwrap();
        }
        let grafted = builder.finish().unwrap();
        let scanned = scan(whole.path());
        let shape = |tree: &Tree| -> Vec<_> {
            tree.nodes()
                .map(|id| (tree.disc_path(id), tree.kind(id), tree.size(id), tree.link_target(id).map(Path::to_path_buf), tree.parent(id)))
                .collect()
        };
        prop_assert_eq!(shape(&grafted), shape(&scanned));
        prop_assert!(folders_count_their_folders(&grafted));
        prop_assert!(folders_count_their_folders(&scanned));
        // Each knows where its bytes are.
        let (_, from_grafted) = contents(grafted);
        let (_, from_scanned) = contents(scanned);
        prop_assert_eq!(from_grafted, from_scanned);
        // And the very same tree, where it is all of one folder.
        let mut whole_builder = TreeBuilder::new();
        whole_builder.add_host("x", whole.path(), &WalkOptions::default()).unwrap();
        let under_x = whole_builder.finish().unwrap();
        for id in under_x.nodes().skip(2) {
            let host = under_x.source_path(id);
            prop_assert!(fs::symlink_metadata(&host).is_ok(), "{:?}", host);
        }
    }
}

//! Histories of edits over several sessions, made at random: what xorriso finds at the end is what a model says.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use pitland_mastering::sessions::SESSION_ALIGNMENT;
use pitland_mastering::{
    Attributes, BLOCK_SIZE, DiscImage, EditError, ImportOptions, Layout, Names, Origin, Timestamp,
    TreeBuilder, UdfRevision, Volume, VolumeOptions, grow_file, import,
};
use proptest::prelude::*;
use support::*;

/// An edit; places are taken among few, so that edits meet.
#[derive(Clone, Copy, Debug)]
enum Edit {
    AddFile { at: u8, size: u16 },
    AddFolder { at: u8 },
    Replace { at: u8, size: u16 },
    Remove { at: u8 },
    Rename { from: u8, to: u8 },
    Link { from: u8, to: u8 },
}

const NAMES: [&str; 5] = ["a", "B.txt", "a longer name, with a comma.text", "ß", "c"];

/// One of twenty places, up to two folders deep.
fn place(at: u8) -> PathBuf {
    let at = usize::from(at);
    let name = NAMES[at % 5];
    match at / 5 % 4 {
        0 => Path::new("/").join(name),
        folder => Path::new("/").join(NAMES[folder - 1]).join(name),
    }
}

/// What stands at a path: a folder, or a file by its seed and size, and which file it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stands {
    Folder,
    File { seed: u64, size: u16, file: u64 },
}

type Model = BTreeMap<PathBuf, Stands>;

fn below(model: &Model, path: &Path) -> Vec<PathBuf> {
    model
        .keys()
        .filter(|other| other.starts_with(path))
        .cloned()
        .collect()
}

fn free(model: &Model, path: &Path) -> bool {
    let folder = path.parent().unwrap();
    let parent = folder == Path::new("/") || model.get(folder) == Some(&Stands::Folder);
    parent && !model.contains_key(path)
}

/// Whether the edit may be made, and the model with it.
fn edited(model: &Model, edit: Edit, seed: u64) -> Option<Model> {
    let mut next = model.clone();
    match edit {
        Edit::AddFile { at, size } => {
            let path = place(at);
            free(model, &path).then(|| {
                next.insert(
                    path,
                    Stands::File {
                        seed,
                        size,
                        file: seed,
                    },
                )
            })?;
        }
        Edit::AddFolder { at } => {
            let path = place(at);
            free(model, &path).then(|| next.insert(path, Stands::Folder))?;
        }
        Edit::Replace { at, size } => match next.get_mut(&place(at))? {
            Stands::Folder => return None,
            file => {
                *file = Stands::File {
                    seed,
                    size,
                    file: seed,
                }
            }
        },
        Edit::Remove { at } => {
            let path = place(at);
            model.get(&path)?;
            for path in below(model, &path) {
                next.remove(&path);
            }
        }
        Edit::Rename { from, to } => {
            let (from, to) = (place(from), place(to));
            model.get(&from)?;
            if from == to {
                return Some(next);
            }
            if !free(model, &to) || to.starts_with(&from) {
                return None;
            }
            for path in below(model, &from) {
                let stands = next.remove(&path)?;
                let moved = match path.strip_prefix(&from).unwrap() {
                    rest if rest == Path::new("") => to.clone(),
                    rest => to.join(rest),
                };
                next.insert(moved, stands);
            }
        }
        Edit::Link { from, to } => {
            let (from, to) = (place(from), place(to));
            let stands = *model.get(&from)?;
            if stands == Stands::Folder || !free(model, &to) {
                return None;
            }
            next.insert(to, stands);
        }
    }
    Some(next)
}

fn attributes(seed: u64) -> Attributes {
    Attributes::new(0o644, Timestamp::from_seconds(1_600_000_000 + seed as i64))
}

fn apply(builder: &mut TreeBuilder, edit: Edit, seed: u64) -> Result<(), EditError> {
    let attributes = attributes(seed);
    let bytes = |size: u16| Origin::memory(noise(seed, size.into()));
    match edit {
        Edit::AddFile { at, size } => builder.add_file(place(at), bytes(size), &attributes),
        Edit::AddFolder { at } => builder.add_folder(place(at), &attributes),
        Edit::Replace { at, size } => builder.replace(place(at), bytes(size), &attributes),
        Edit::Remove { at } => builder.remove_tree(place(at)),
        Edit::Rename { from, to } => builder.rename(place(from), place(to)),
        Edit::Link { from, to } => builder.add_hard_link(place(to), place(from)),
    }
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let size = prop_oneof![Just(0), 1..5u16, 2040..2060u16, 3000..9000u16];
    let edit = prop_oneof![
        8 => (0..20u8, size.clone()).prop_map(|(at, size)| Edit::AddFile { at, size }),
        2 => (0..5u8).prop_map(|at| Edit::AddFolder { at }),
        1 => (0..20u8, size).prop_map(|(at, size)| Edit::Replace { at, size }),
        1 => (0..20u8).prop_map(|at| Edit::Remove { at }),
        2 => (0..20u8, 0..20u8).prop_map(|(from, to)| Edit::Rename { from, to }),
        4 => (0..20u8, 0..20u8).prop_map(|(from, to)| Edit::Link { from, to }),
    ];
    proptest::collection::vec(edit, 0..25)
}

/// What a snapshot of an extracted volume must be: content, and the first name of the same file.
fn expected(model: &Model) -> BTreeMap<PathBuf, (Option<Vec<u8>>, PathBuf)> {
    let mut first: BTreeMap<u64, PathBuf> = BTreeMap::new();
    model
        .iter()
        .map(|(path, stands)| {
            let path = path.strip_prefix("/").unwrap().to_path_buf();
            match stands {
                Stands::Folder => (path.clone(), (None, path)),
                Stands::File { seed, size, file } => {
                    let same = first.entry(*file).or_insert_with(|| path.clone()).clone();
                    (path, (Some(noise(*seed, (*size).into())), same))
                }
            }
        })
        .collect()
}

fn judge(image: &Path, sbsector: Option<u32>, out: &Path, model: &Model) {
    xorriso_extract(image, sbsector, out);
    let mut found = snapshot(out);
    found.remove(Path::new(""));
    fs::remove_dir_all(out).unwrap();
    let found: BTreeMap<_, _> = found
        .into_iter()
        .map(|(path, seen)| (path, (seen.content, seen.same_as)))
        .collect();
    let expected = expected(model);
    assert_eq!(
        found.keys().collect::<Vec<_>>(),
        expected.keys().collect::<Vec<_>>()
    );
    for (path, (content, same)) in &expected {
        let (seen, first) = &found[path];
        assert!(seen == content, "{}", path.display());
        assert_eq!(first, same, "{}", path.display());
    }
}

/// The same names and bytes by all names of a volume that hold them whole.
fn judge_ourselves(image: &Path, first_lba: u32, model: &Model) {
    let mut volume = Volume::open(DiscImage::open(image).unwrap(), first_lba).unwrap();
    for names in volume.offered_names() {
        if names == Names::Plain {
            continue;
        }
        assert!(volume.use_names(names));
        let entries: Vec<_> = volume.walk().map(Result::unwrap).skip(1).collect();
        assert_eq!(entries.len(), model.len(), "{names}");
        for (path, entry) in entries {
            let content = match model.get(&path) {
                Some(Stands::Folder) => continue,
                Some(Stands::File { seed, size, .. }) => noise(*seed, (*size).into()),
                None => panic!("{names}: {}", path.display()),
            };
            let mut found = vec![0; entry.size as usize];
            volume.read_file(&entry, 0, &mut found).unwrap();
            assert!(found == content, "{names}: {}", path.display());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn three_sessions_of_edits_come_to_what_the_model_says(
        histories in proptest::collection::vec((edits(), any::<bool>(), any::<bool>()), 3),
        udf in prop_oneof![Just(None), Just(Some(UdfRevision::V1_02)), Just(Some(UdfRevision::V2_50))],
    ) {
        let test = "three_sessions_of_edits_come_to_what_the_model_says";
        let xorriso = tool(test, "xorriso").is_some();
        let dir = tempfile::tempdir().unwrap();
        let (image, out) = (dir.path().join("image.iso"), dir.path().join("out"));
        let options = VolumeOptions { udf, padding_blocks: 3, ..options() };
        let mut model = Model::new();
        let mut seed = 0;
        let mut last = 0;
        for (number, (edits, grown, by_udf)) in histories.into_iter().enumerate() {
            let mut imported = None;
            let mut builder = TreeBuilder::new();
            if number > 0 {
                let mut wanted = ImportOptions::default();
                wanted.names = (by_udf && udf.is_some()).then_some(Names::Udf);
                let found = import(DiscImage::open(&image).unwrap(), last, &wanted).unwrap();
                prop_assert!(found.warnings.is_empty(), "{:?}", found.warnings);
                builder = found.builder.clone();
                imported = Some(found);
            }
            for edit in edits {
                seed += 1;
                let next = edited(&model, edit, seed);
                let point = builder.change_point();
                let done = apply(&mut builder, edit, seed);
                prop_assert_eq!(done.is_ok(), next.is_some(), "{:?}: {:?}", edit, done);
                model = next.unwrap_or(model);
                if done.is_err() {
                    builder.roll_back_to(point).unwrap();
                }
            }
            let tree = builder.finish().unwrap();
            let Some(imported) = imported else {
                image_file(&Arc::new(Layout::plan(tree, 0, &options).unwrap()), &image);
                continue;
            };
            let file = OpenOptions::new().read(true).write(true).open(&image).unwrap();
            let blocks = (file.metadata().unwrap().len() / BLOCK_SIZE as u64) as u32;
            let end = imported.end.max(blocks);
            // Only what shows the newest at the beginning can be grown; else a further session follows.
            let first_lba = match grown && last == 0 {
                true => end.next_multiple_of(SESSION_ALIGNMENT),
                false => end + 11_400,
            };
            let layout = Arc::new(Layout::plan(tree, first_lba, &options).unwrap());
            let recorded = layout.files().filter(pitland_mastering::PlannedFile::is_recorded);
            for planned in recorded.filter(|planned| planned.size() > 0) {
                prop_assert!(planned.first_lba() < last.max(blocks));
            }
            if grown && last == 0 {
                grow_file(&file, &layout, Some(imported.disc)).unwrap();
            } else {
                write_image(&layout, &file);
                last = first_lba;
            }
        }
        judge_ourselves(&image, last, &model);
        if xorriso {
            judge(&image, (last > 0).then_some(last), &out, &model);
        }
    }
}

//! Trees that a property makes, under every combination of options that one draws: each set of names leads to every byte,
//! and xorriso, isoinfo and 7z see what the reader sees.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use pitland_mastering::tree::{Attributes, Origin};
use pitland_mastering::zisofs::Compression;
use pitland_mastering::{
    Deep, ImageFile, IsoLevel, IsoNames, Layout, Names, NodeKind, Timestamp, TreeBuilder, Volume,
    VolumeOptions,
};
use proptest::prelude::*;
use support::*;

/// Files by their paths: names of letters that clash, dots, spaces, long ones, and folders in any depth.
fn trees() -> impl Strategy<Value = BTreeMap<PathBuf, Vec<u8>>> {
    let name = prop_oneof![
        4 => "[a-cA-C]{1,3}(\\.[a-b]{1,2})?",
        2 => "[a-c .+é☃-]{1,12}[a-c]",
        1 => "[a-c]{60,70}\\.[a-c]{4}",
        1 => "[a-b]{150,240}",
    ];
    let path = proptest::collection::vec(name, 1..11);
    let bytes = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..3000),
        (0usize..20_000).prop_map(|length| vec![b'a'; length]),
    ];
    proptest::collection::vec((path, bytes), 1..14).prop_map(|files| {
        let mut tree: BTreeMap<PathBuf, Vec<u8>> = BTreeMap::new();
        for (path, bytes) in files {
            let path: PathBuf = path.iter().collect();
            // What is a file cannot be a folder too.
            let clashes = |other: &PathBuf| other.starts_with(&path) || path.starts_with(other);
            if !tree.keys().any(clashes) {
                tree.insert(path, bytes);
            }
        }
        tree
    })
}

#[derive(Clone, Debug)]
struct Choice {
    level: IsoLevel,
    names: IsoNames,
    relocate: bool,
    rock_ridge: bool,
    joliet: bool,
    joliet_long: bool,
    enhanced: bool,
    long_times: bool,
    compress: bool,
}

fn choices() -> impl Strategy<Value = Choice> {
    let level = prop_oneof![
        Just(IsoLevel::One),
        Just(IsoLevel::Two),
        Just(IsoLevel::Three)
    ];
    let names = prop_oneof![Just(IsoNames::STRICT), Just(IsoNames::RELAXED)];
    (level, names, proptest::array::uniform7(any::<bool>())).prop_map(|(level, names, flags)| {
        let [
            relocate,
            rock_ridge,
            joliet,
            joliet_long,
            enhanced,
            long_times,
            compress,
        ] = flags;
        Choice {
            level,
            names,
            relocate: relocate && rock_ridge,
            rock_ridge,
            joliet,
            joliet_long,
            enhanced,
            long_times,
            compress: compress && rock_ridge,
        }
    })
}

fn made(tree: &BTreeMap<PathBuf, Vec<u8>>, choice: &Choice) -> Arc<Layout> {
    let attributes = Attributes::new(0o644, Timestamp::from_seconds(1_600_000_000));
    let mut builder = TreeBuilder::new();
    for (path, bytes) in tree {
        let path = Path::new("/").join(path);
        builder
            .add_folders(path.parent().unwrap(), &attributes)
            .unwrap();
        builder
            .add_file(&path, Origin::memory(bytes.clone()), &attributes)
            .unwrap();
    }
    let mut tree = builder.finish().unwrap();
    if choice.compress {
        tree.compress(&Compression::default()).unwrap();
    }
    let options = VolumeOptions {
        iso_level: choice.level,
        iso_names: choice.names,
        deep: if choice.relocate {
            Deep::Relocate
        } else {
            Deep::AsIs
        },
        rock_ridge: choice.rock_ridge,
        joliet: choice.joliet,
        joliet_long: choice.joliet_long,
        enhanced: choice.enhanced,
        long_times: choice.long_times,
        padding_blocks: 150,
        ..options()
    };
    Arc::new(Layout::plan(tree, 0, &options).unwrap())
}

fn read_by(volume: &mut Volume<ImageFile>, names: Names) -> BTreeMap<PathBuf, Vec<u8>> {
    assert!(volume.use_names(names));
    let entries: Vec<_> = volume.walk().map(Result::unwrap).collect();
    let mut files = BTreeMap::new();
    for (path, entry) in entries {
        if entry.kind == NodeKind::File {
            let mut bytes = vec![0; entry.size as usize];
            assert_eq!(
                volume.read_file(&entry, 0, &mut bytes).unwrap(),
                bytes.len()
            );
            let path = path.strip_prefix("/").unwrap().to_path_buf();
            assert!(files.insert(path, bytes).is_none());
        }
    }
    files
}

fn lines(command: &mut Command) -> BTreeSet<String> {
    let output = run(command).stdout;
    let text = String::from_utf8(output).unwrap();
    text.lines()
        .map(str::to_owned)
        .filter(|line| !line.is_empty())
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]
    #[test]
    fn every_set_of_names_leads_to_every_byte(tree in trees(), choice in choices()) {
        let test = "every_set_of_names_leads_to_every_byte";
        let layout = made(&tree, &choice);
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("i.iso");
        image_file(&layout, &file);
        let mut volume = Volume::open(ImageFile::new(File::open(&file).unwrap()), 0).unwrap();
        let expected: Vec<&Vec<u8>> = {
            let mut all: Vec<_> = tree.values().collect();
            all.sort();
            all
        };
        for names in volume.offered_names() {
            // What only Rock Ridge knows to be compressed, or what stands for a folder that was moved.
            let other = choice.compress || choice.relocate && names == Names::Plain;
            let read = read_by(&mut volume, names);
            if names == Names::RockRidge {
                prop_assert!(read == tree);
            } else if !other {
                let mut all: Vec<_> = read.values().collect();
                all.sort();
                prop_assert!(all == expected, "{names}");
            }
            prop_assert!(read.len() >= tree.len(), "{}", names);
        }
        if choice.rock_ridge && tool(test, "xorriso").is_some() {
            let out = dir.path().join("o");
            xorriso_extract(&file, None, &out);
            let got: BTreeMap<PathBuf, Vec<u8>> = snapshot(&out)
                .into_iter()
                .filter_map(|(path, seen)| Some((path, seen.content?)))
                .collect();
            prop_assert!(got == tree, "xorriso: {:?}", got.keys());
        }
        if tool(test, "isoinfo").is_some() {
            // By the plain names, as far as dot and version are concerned as both show them.
            let listed = lines(Command::new("isoinfo").args(["-f", "-i"]).arg(&file));
            let shown = |line: &String| {
                let line = line.strip_suffix(";1").unwrap_or(line);
                line.strip_suffix('.').unwrap_or(line).to_owned()
            };
            let listed: BTreeSet<String> = listed.iter().map(shown).collect();
            prop_assert!(volume.use_names(Names::Plain));
            let ours: BTreeSet<String> = volume
                .walk()
                .map(|entry| entry.unwrap().0.to_str().unwrap().to_owned())
                .filter(|path| path != "/")
                .collect();
            prop_assert_eq!(listed, ours);
        }
        if choice.joliet && !choice.compress && tool(test, "7z").is_some() {
            let out = dir.path().join("o7");
            run(Command::new("7z").args(["x", "-bd", "-y", &format!("-o{}", out.display())]).arg(&file));
            let mut got: Vec<Vec<u8>> = snapshot(&out).into_values().filter_map(|seen| seen.content).collect();
            got.sort();
            prop_assert!(got.iter().collect::<Vec<_>>() == expected, "7z");
        }
    }
}

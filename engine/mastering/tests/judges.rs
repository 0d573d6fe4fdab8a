//! Trees and options of many kinds, and what programs of others make of the volumes: every reader sees the names, sizes,
//! blocks and bytes that the plan told.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use pitland_mastering::{
    Deep, Hybrid, IsoLevel, IsoNames, Layout, Names, NodeKind, UdfRevision, VolumeOptions,
};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use support::*;

/// A way to record a volume.
type Change = fn(&mut VolumeOptions);

const ROWS: [(&str, Change); 16] = [
    ("as ever", |_| {}),
    ("level 1", |o| o.iso_level = IsoLevel::One),
    ("level 2", |o| o.iso_level = IsoLevel::Two),
    ("relaxed", |o| o.iso_names = IsoNames::RELAXED),
    ("1999", |o| o.enhanced = true),
    ("long Joliet names", |o| o.joliet_long = true),
    ("no Joliet", |o| o.joliet = false),
    ("no Rock Ridge", |o| o.rock_ridge = false),
    ("plain names alone", |o| {
        o.rock_ridge = false;
        o.joliet = false;
    }),
    ("deep folders moved", |o| o.deep = Deep::Relocate),
    ("long times", |o| o.long_times = true),
    ("hybrid", |o| o.hybrid = Some(Hybrid::default())),
    ("UDF 1.02", |o| o.udf = Some(UdfRevision::V1_02)),
    ("UDF 2.01, hybrid", |o| {
        o.udf = Some(UdfRevision::V2_01);
        o.hybrid = Some(Hybrid::default());
    }),
    ("UDF 2.60", |o| o.udf = Some(UdfRevision::V2_60)),
    ("UDF 1.50 alone", |o| {
        o.udf = Some(UdfRevision::V1_50);
        o.iso9660 = false;
    }),
];

/// What stands under a name.
#[derive(Clone, Debug)]
enum Made {
    File(u64, usize),
    Link(String),
    Folder(BTreeMap<String, Made>),
}

fn name() -> impl Strategy<Value = String> {
    // No characters that a reader replaces by others on its own account, and none beyond 16 bits: libcdio 2.1 gives up a
    // folder of Joliet that has one.
    prop_oneof![
        "[a-z]{1,4}",
        "[A-Z]{1,4}\\.[A-Z]{1,3}",
        "[a-zA-Z0-9_ .!+~-]{0,20}[a-zA-Z0-9_]",
        "[äöüßéПривет日本語]{1,6}",
        "[a-c]{30,70}\\.[a-z]{3,6}",
        "[a-c]{100,250}",
    ]
    .prop_filter("a dot or two, or one that begins with a space", |name| {
        !matches!(name.as_str(), "." | "..") && !name.starts_with(' ')
    })
    .prop_map(|mut name| {
        while name.len() > 255 {
            name.pop();
        }
        name
    })
}

fn made() -> impl Strategy<Value = Made> {
    let sizes = prop_oneof![Just(0), 1usize..10, 2047usize..2050, 0usize..20_000];
    let leaf = prop_oneof![
        8 => (any::<u64>(), sizes).prop_map(|(seed, size)| Made::File(seed, size)),
        1 => "[a-z./]{1,30}".prop_map(Made::Link),
    ];
    leaf.prop_recursive(10, 60, 8, |inner| {
        proptest::collection::btree_map(name(), inner, 0..8).prop_map(Made::Folder)
    })
}

fn without_links(made: &Made) -> Option<Made> {
    match made {
        Made::File(..) => Some(made.clone()),
        Made::Link(_) => None,
        Made::Folder(children) => {
            let kept = children.iter();
            let kept = kept.filter_map(|(name, child)| Some((name.clone(), without_links(child)?)));
            Some(Made::Folder(kept.collect()))
        }
    }
}

fn build(path: &Path, made: &Made) {
    match made {
        Made::File(seed, size) => fs::write(path, noise(*seed, *size)).unwrap(),
        Made::Link(target) => symlink(target, path).unwrap(),
        Made::Folder(children) => {
            fs::create_dir_all(path).unwrap();
            for (name, child) in children {
                build(&path.join(name), child);
            }
        }
    }
}

/// Trees that are the same in every run.
fn trees(count: usize) -> Vec<Made> {
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(ProptestConfig::default(), rng);
    let root = proptest::collection::btree_map(name(), made(), 3..10);
    let mut made = || root.new_tree(&mut runner).unwrap().current();
    (0..count).map(|_| Made::Folder(made())).collect()
}

/// Every kind of volume of every tree: what it is, its plan, its image and its source.
fn each_volume(count: usize, judge: impl Fn(&str, &Layout, &Path, &Path)) {
    each_volume_of(&trees(count), judge);
}

fn each_volume_of(trees: &[Made], judge: impl Fn(&str, &Layout, &Path, &Path)) {
    for (number, tree) in trees.iter().enumerate() {
        let dir = tempfile::tempdir().unwrap();
        let source = dir.path().join("s");
        build(&source, tree);
        for (row, change) in ROWS {
            let mut options = options();
            change(&mut options);
            let layout = Arc::new(Layout::plan(scan(&source), 0, &options).unwrap());
            let image = dir.path().join("i.iso");
            image_file(&layout, &image);
            judge(&format!("tree {number}, {row}"), &layout, &image, &source);
        }
    }
}

/// First block and bytes of a file; folders have neither, and links none that count.
type What = Option<(u32, u64)>;
/// What a reader shows: a path, and what is there.
type Row = (String, What);
/// What a plan told, by paths.
type Listing = BTreeMap<String, What>;

fn told(layout: &Layout, names: Names) -> Option<Listing> {
    let tree = layout.tree();
    layout.path_in(names, tree.nodes().next()?)?;
    let mut listing = Listing::new();
    for id in tree.nodes().skip(1) {
        let Some(path) = layout.path_in(names, id) else {
            continue;
        };
        let what = match tree.kind(id) {
            NodeKind::Directory => None,
            NodeKind::Symlink if names == Names::RockRidge => Some((0, 0)),
            _ => Some((layout.first_lba_of(id), tree.size(id))),
        };
        listing.insert(path.to_str().unwrap().to_owned(), what);
    }
    Some(listing)
}

/// Whether a reader listed all that there is, and nothing else. `shown` tells whether a reader shows
/// a path as it is; those that it does not count by what they name alone.
fn assert_listed(case: &str, expected: &Listing, got: &[Row], shown: fn(&str) -> bool) {
    for (path, what) in expected {
        if shown(path) {
            let row = got.iter().find(|(other, _)| other == path);
            let seen = row.map(|(_, what)| what);
            assert_eq!(seen, Some(what), "{case}: {path}");
        }
    }
    let sorted = |mut all: Vec<What>| {
        all.sort_unstable();
        all
    };
    let expected = sorted(expected.values().copied().collect());
    let got = sorted(got.iter().map(|(_, what)| *what).collect());
    assert_eq!(expected, got, "{case}");
}

/// What `isoinfo -l` lists, in the root and below. It shows names of Joliet in a character set of its own.
fn isoinfo(image: &Path, names: &[&str]) -> Vec<Row> {
    let output = run(Command::new("isoinfo")
        .args(names)
        .arg("-l")
        .arg("-i")
        .arg(image));
    let text = String::from_utf8_lossy(&output.stdout);
    let mut rows = Vec::new();
    let mut folder = String::new();
    for line in text.lines() {
        if let Some(path) = line.strip_prefix("Directory listing of ") {
            path.clone_into(&mut folder);
            continue;
        }
        let Some((before, after)) = line.split_once('[') else {
            continue;
        };
        let (place, name) = after.split_once("]  ").unwrap();
        // A link to the root alone is shown with no target.
        let (name, link) = match name.split_once(" -> ") {
            Some((name, _)) => (name, true),
            None => (name.strip_suffix(' ').unwrap_or(name), false),
        };
        if matches!(name, "." | "..") {
            continue;
        }
        let words: Vec<&str> = before.split_whitespace().collect();
        let size: u64 = words[4].parse().unwrap();
        let lba: u32 = place.split_whitespace().next().unwrap().parse().unwrap();
        let what = match line.as_bytes()[0] {
            b'd' => None,
            _ if link => Some((0, 0)),
            _ => Some((lba, size)),
        };
        rows.push((format!("{folder}{name}"), what));
    }
    rows
}

/// A path without versions and dots at the end.
fn without_versions(path: &str) -> String {
    let parts = path.split('/').map(|part| {
        let part = part.strip_suffix(";1").unwrap_or(part);
        part.strip_suffix('.').unwrap_or(part)
    });
    parts.collect::<Vec<_>>().join("/")
}

#[test]
fn isoinfo_sees_names_blocks_and_sizes_as_planned() {
    let name = "isoinfo_sees_names_blocks_and_sizes_as_planned";
    if tool(name, "isoinfo").is_none() {
        return;
    }
    each_volume(3, |case, layout, image, _| {
        let kinds: [(Names, &[&str]); 3] = [
            (Names::RockRidge, &["-R"]),
            (Names::Joliet, &["-J"]),
            (Names::Plain, &[]),
        ];
        for (names, arguments) in kinds {
            let Some(mut expected) = told(layout, names) else {
                continue;
            };
            let mut got = isoinfo(image, arguments);
            if names != Names::RockRidge {
                let shown = expected.iter();
                expected = shown
                    .map(|(path, what)| (without_versions(path), *what))
                    .collect();
                for (path, _) in &mut got {
                    *path = without_versions(path);
                }
            }
            let case = format!("{case}, {names}");
            let shown = match names {
                Names::Joliet => str::is_ascii,
                _ => |_: &str| true,
            };
            assert_listed(&case, &expected, &got, shown);
        }
    });
}

#[test]
fn xorriso_compares_source_and_volume_as_equal() {
    let name = "xorriso_compares_source_and_volume_as_equal";
    if tool(name, "xorriso").is_none() {
        return;
    }
    each_volume(2, |case, layout, image, source| {
        if !layout.options().iso9660 || !layout.options().rock_ridge {
            return;
        }
        let output = run(Command::new("xorriso")
            .args(["-no_rc", "-abort_on", "FATAL", "-indev"])
            .arg(image)
            .arg("-compare_r")
            .arg(source)
            .arg("/"));
        let told = String::from_utf8_lossy(&output.stdout);
        let verdict = "Both file objects match";
        assert!(told.contains(verdict), "{case}: {told}");
    });
}

/// The bytes of every file below a folder, without their names: readers change those they do not like.
fn contents(root: &Path) -> Vec<Vec<u8>> {
    let mut found: Vec<Vec<u8>> = snapshot(root)
        .into_values()
        .filter_map(|seen| seen.content)
        .collect();
    found.sort();
    found
}

#[test]
fn seven_zip_takes_every_byte_out_of_each_file_system() {
    let name = "seven_zip_takes_every_byte_out_of_each_file_system";
    if tool(name, "7z").is_none() {
        return;
    }
    // To it a link makes all of UDF "Unsupported feature".
    let trees: Vec<Made> = trees(2).iter().filter_map(without_links).collect();
    each_volume_of(&trees, |case, layout, image, source| {
        let options = layout.options();
        // It knows no metadata partition.
        let udf = options
            .udf
            .filter(|revision| *revision < UdfRevision::V2_50);
        let kinds = [("-tiso", options.iso9660), ("-tudf", udf.is_some())];
        for (kind, _) in kinds.iter().filter(|(_, there)| *there) {
            let out = tempfile::tempdir().unwrap();
            run(Command::new("7z")
                .args(["x", "-bd", "-y", kind])
                .arg(format!("-o{}", out.path().display()))
                .arg(image));
            let same = contents(source) == contents(out.path());
            assert!(same, "{case}, {kind}");
        }
    });
}

#[test]
fn iso_info_sees_every_name_and_size() {
    let name = "iso_info_sees_every_name_and_size";
    if tool(name, "iso-info").is_none() {
        return;
    }
    each_volume(2, |case, layout, image, _| {
        // It takes Joliet's names where there are some.
        let names = [Names::Joliet, Names::RockRidge];
        let Some(expected) = names.iter().find_map(|names| told(layout, *names)) else {
            return;
        };
        let output = run(Command::new("iso-info")
            .args(["--no-header", "-q", "-f", "-i"])
            .arg(image)
            .env("LC_ALL", "C.UTF-8"));
        let text = String::from_utf8_lossy(&output.stdout);
        let rows: Vec<Row> = text
            .lines()
            .filter_map(|line| {
                let (size, path) = line.trim_start().split_once(" /")?;
                let path = format!("/{path}");
                let size = size.parse().ok()?;
                Some((path, Some((0, size))))
            })
            .collect();
        // It tells no blocks here, and a size for folders too.
        let folder = Some((0, 2048));
        let expected = expected.into_iter().map(|(path, what)| {
            let what = what.map(|(_, size)| (0, size)).or(folder);
            (path, what)
        });
        // It cuts names beyond ASCII short, and does not look into continuation areas.
        let shown = |path: &str| path.is_ascii() && path.split('/').all(|part| part.len() < 80);
        assert_listed(case, &expected.collect(), &rows, shown);
    });
}

#[test]
fn udfinfo_finds_every_volume_whole() {
    let name = "udfinfo_finds_every_volume_whole";
    if tool(name, "udfinfo").is_none() {
        return;
    }
    each_volume(2, |case, layout, image, _| {
        let Some(revision) = layout.options().udf else {
            return;
        };
        let output = run(Command::new("udfinfo").arg(image));
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{case}");
        let told = String::from_utf8(output.stdout).unwrap();
        let value = |name: &str| {
            let mut pairs = told.lines().filter_map(|line| line.split_once('='));
            pairs
                .find(|(other, _)| *other == name)
                .map(|(_, value)| value)
        };
        let tree = layout.tree();
        let files = tree.file_count().to_string();
        let folders = tree.directory_count().to_string();
        assert_eq!(value("numfiles"), Some(files.as_str()), "{case}");
        assert_eq!(value("numdirs"), Some(folders.as_str()), "{case}");
        assert_eq!(value("integrity"), Some("closed"), "{case}");
        if revision < UdfRevision::V2_60 {
            assert_eq!(
                value("udfrev"),
                Some(revision.to_string().as_str()),
                "{case}"
            );
        }
    });
}

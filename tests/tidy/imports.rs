//! Who imports whom: the rules of the house over `cargo metadata`, and over the sources where a crate
//! has more than one place.

use super::code::{code_of, has_word};
use super::none;
use super::tree::{files, top};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// One package of the workspace.
struct Package {
    name: String,
    /// Its folder from the top of the tree.
    folder: String,
    /// Packages that it imports, and those that only its tests import.
    normal: BTreeSet<String>,
    dev: BTreeSet<String>,
}

/// Which of our packages a package may import; a missing one may import none, and is told.
/// Recipes and their libraries follow a rule of their own.
const MAY_IMPORT: [(&str, &[&str]); 16] = [
    ("mmc", &[]),
    ("writer", &["mmc"]),
    ("abi", &["writer", "mmc"]),
    ("mastering", &[]),
    ("redbook", &["mmc"]),
    ("simdrive", &["mmc", "redbook"]),
    ("transport", &["mmc", "simdrive"]),
    ("iscsi", &["mmc", "simdrive", "transport"]),
    ("burn", &["mmc", "writer"]),
    ("journal", &["mmc"]),
    ("testkit", &["mmc", "writer", "burn", "simdrive"]),
    ("cli", &["pitland"]),
    ("capi", &["pitland"]),
    ("imapi1", &["pitland"]),
    ("hostile-plugin", &["abi", "writer"]),
    // And the recipes, where they are built in.
    (
        "pitland",
        &[
            "mmc",
            "writer",
            "abi",
            "burn",
            "transport",
            "iscsi",
            "journal",
            "mastering",
            "redbook",
        ],
    ),
];

/// What recipes' tests may import besides.
const TESTS_OF_RECIPES: [&str; 2] = ["writer", "testkit"];

/// Packages of others that stay in their places: who imports them.
const KEPT: [(&str, &[&str]); 2] = [
    ("tokio", &["pitland", "cli", "capi", "imapi1"]),
    ("abi_stable", &["abi", "pitland"]),
];

fn short(name: &str) -> &str {
    name.strip_prefix("pitland-").unwrap_or(name)
}

fn packages() -> Vec<Package> {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args([
            "metadata",
            "--no-deps",
            "--format-version",
            "1",
            "--offline",
        ])
        .current_dir(top())
        .output()
        .expect("cargo runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    read(&metadata)
}

fn read(metadata: &Value) -> Vec<Package> {
    let root = metadata["workspace_root"].as_str().unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|package| {
            let manifest = text(&package["manifest_path"]);
            let folder = manifest
                .strip_prefix(root)
                .and_then(|path| path.strip_suffix("Cargo.toml"))
                .unwrap()
                .trim_matches('/')
                .to_owned();
            let (mut normal, mut dev) = (BTreeSet::new(), BTreeSet::new());
            for dependency in package["dependencies"].as_array().unwrap() {
                let kind = if dependency["kind"] == "dev" {
                    &mut dev
                } else {
                    &mut normal
                };
                kind.insert(text(&dependency["name"]));
            }
            Package {
                name: text(&package["name"]),
                folder,
                normal,
                dev,
            }
        })
        .collect()
}

impl Package {
    fn is_recipe(&self) -> bool {
        self.folder.starts_with("plugins/") && !self.is_library()
    }

    fn is_library(&self) -> bool {
        self.folder.starts_with("plugins/") && self.folder.ends_with("/dylib")
    }
}

/// Every import between packages that the house does not allow.
fn broken(packages: &[Package]) -> Vec<String> {
    let ours: BTreeSet<&str> = packages
        .iter()
        .map(|package| package.name.as_str())
        .collect();
    let recipes: BTreeSet<&str> = packages
        .iter()
        .filter(|p| p.is_recipe())
        .map(|p| short(&p.name))
        .collect();
    let table: BTreeMap<&str, &[&str]> = MAY_IMPORT.into_iter().collect();
    let mut broken = Vec::new();
    for package in packages {
        let name = short(&package.name);
        let own_recipe = name.strip_suffix("-plugin").unwrap_or_default();
        let may = |import: &str, test: bool| -> bool {
            if package.is_recipe() {
                return import == "writer" || (test && TESTS_OF_RECIPES.contains(&import));
            }
            if package.is_library() {
                return import == "abi" || import == own_recipe;
            }
            let in_table = table.get(name).is_some_and(|may| may.contains(&import));
            // A plug-in of the tests burns on its author's own simulated medium.
            let kit = test && name == "pitland" && import == "testkit";
            // Raw images and texts for the writers of CDs.
            let sectors = test && name == "testkit" && import == "redbook";
            in_table
                || kit
                || sectors
                || (recipes.contains(import) && (name == "pitland" || (name == "testkit" && test)))
        };
        if !(package.is_recipe() || package.is_library() || table.contains_key(name)) {
            broken.push(format!("{} has no rule here", package.name));
        }
        for (imports, test) in [(&package.normal, false), (&package.dev, true)] {
            for import in imports {
                if ours.contains(import.as_str()) && !may(short(import), test) {
                    broken.push(format!("{} imports {import}", package.name));
                }
                let kept = KEPT.iter().find(|(kept, _)| kept == import);
                if kept.is_some_and(|(_, by)| !by.contains(&name)) {
                    broken.push(format!("{} imports {import}", package.name));
                }
            }
        }
        if package.is_library() && !package.dev.is_empty() {
            broken.push(format!("{} has tests of its own", package.name));
        }
    }
    broken
}

#[test]
fn packages_import_only_what_the_house_allows() {
    let packages = packages();
    assert!(packages.len() >= 16);
    none("the arrows between crates run one way", broken(&packages));
}

#[test]
fn a_loadable_writer_is_one_line() {
    let broken = files()
        .iter()
        .filter(|file| file.path.starts_with("plugins/") && file.path.contains("/dylib/src/"))
        .filter(|file| {
            let code = code_of(&file.text);
            !file.path.ends_with("/lib.rs")
                || code.lines().filter(|line| !line.trim().is_empty()).count() > 1
        })
        .map(|file| file.path.clone())
        .collect();
    none("the library of a writer is its one line of export", broken);
}

/// Words of the code, and where alone they may stand.
const PLACES: [(&str, &[&str]); 4] = [
    (
        "abi_stable",
        &[
            "sdk/abi/",
            "engine/src/plugin_host/",
            "tests/plugins/frozen/",
        ],
    ),
    (
        "tokio",
        &[
            "engine/src/",
            "engine/cli/",
            "engine/capi/",
            "engine/imapi1/",
            "examples/",
            "tests/",
            "benches/",
        ],
    ),
    ("libloading", &["engine/src/plugin_host/"]),
    (
        "async",
        &[
            "engine/src/",
            "engine/cli/",
            "engine/capi/",
            "engine/imapi1/",
            "examples/",
            "tests/",
            "benches/",
        ],
    ),
];

#[test]
fn kept_crates_are_named_in_their_places_only() {
    let mut broken = Vec::new();
    for file in files().iter().filter(|file| file.is_rust()) {
        for (number, line) in code_of(&file.text).lines().enumerate() {
            for (word, places) in PLACES {
                let here = places.iter().any(|place| file.path.starts_with(place));
                if !here && has_word(line, word) {
                    broken.push(format!("{}:{}: {word}", file.path, number + 1));
                }
            }
        }
    }
    none("each of these has its places", broken);
}

/// What the pure crates must not name: they decide, others act.
const IMPURE: [&str; 8] = [
    "std::fs",
    "std::net",
    "std::process",
    "std::thread",
    "std::env",
    "Instant::now",
    "SystemTime::now",
    "println!",
];

#[test]
fn pure_crates_have_no_io_and_no_clock() {
    let pure = [
        "sdk/mmc/src/",
        "sdk/writer/src/",
        "engine/burn/src/",
        "engine/simdrive/src/",
    ];
    let mut broken = Vec::new();
    for file in files().iter().filter(|file| file.is_source()) {
        let recipe = file.path.starts_with("plugins/");
        if !recipe && !pure.iter().any(|place| file.path.starts_with(place)) {
            continue;
        }
        for (number, line) in code_of(&file.text).lines().enumerate() {
            for word in IMPURE.iter().filter(|word| line.contains(**word)) {
                broken.push(format!("{}:{}: {word}", file.path, number + 1));
            }
        }
    }
    none("the crates that decide touch nothing", broken);
}

#[test]
fn program_and_examples_use_the_public_api_only() {
    let places = [
        "engine/cli/",
        "engine/imapi1/",
        "examples/",
        "tests/e2e/",
        "tests/common/",
    ];
    let mut broken = Vec::new();
    for file in files().iter().filter(|file| file.is_rust()) {
        let template = file.path.starts_with("examples/plugin-template/");
        if template || !places.iter().any(|place| file.path.starts_with(place)) {
            continue;
        }
        for (number, line) in code_of(&file.text).lines().enumerate() {
            // Its own tests and example use the facade.
            let of_facade = file.path.starts_with("engine/imapi1/");
            let line_of_others = match of_facade {
                true => line.replace("pitland_imapi1", ""),
                false => line.to_owned(),
            };
            if line_of_others.contains("pitland_") {
                broken.push(format!("{}:{}: {}", file.path, number + 1, line.trim()));
            }
        }
    }
    none(
        "whoever cannot do with the public API shows that it is wrong",
        broken,
    );
}

#[test]
fn a_broken_import_is_found() {
    let package = |name: &str, folder: &str, normal: &[&str], dev: &[&str]| Package {
        name: name.to_owned(),
        folder: folder.to_owned(),
        normal: normal.iter().map(|name| (*name).to_owned()).collect(),
        dev: dev.iter().map(|name| (*name).to_owned()).collect(),
    };
    let sound = || {
        vec![
            package("pitland-mmc", "sdk/mmc", &["thiserror"], &["proptest"]),
            package("pitland-writer", "sdk/writer", &["pitland-mmc"], &[]),
            package(
                "pitland-abi",
                "sdk/abi",
                &["pitland-writer", "abi_stable"],
                &[],
            ),
            package(
                "pitland-x",
                "plugins/x",
                &["pitland-writer"],
                &["pitland-writer"],
            ),
            package("pitland-y", "plugins/y", &["pitland-writer"], &[]),
            package(
                "pitland-x-plugin",
                "plugins/x/dylib",
                &["pitland-x", "pitland-abi"],
                &[],
            ),
            package("pitland-mastering", "engine/mastering", &[], &[]),
            package(
                "pitland",
                "",
                &["pitland-x", "pitland-mastering", "tokio"],
                &["tokio"],
            ),
        ]
    };
    assert_eq!(broken(&sound()), Vec::<String>::new());
    // Who, and what is imported that must not be.
    for (who, import) in [
        (0, "pitland-writer"),
        (0, "tokio"),
        (3, "pitland-mmc"),
        (3, "pitland-y"),
        (3, "abi_stable"),
        (5, "pitland-y"),
        (5, "pitland-writer"),
        (6, "pitland-mmc"),
        (6, "tokio"),
    ] {
        for test in [false, true] {
            let mut packages = sound();
            let list = if test {
                &mut packages[who].dev
            } else {
                &mut packages[who].normal
            };
            list.insert(import.to_owned());
            assert!(
                !broken(&packages).is_empty(),
                "{who} imports {import}, test: {test}"
            );
        }
    }
    let mut packages = sound();
    packages.push(package("pitland-utils", "engine/utils", &[], &[]));
    assert_eq!(broken(&packages), ["pitland-utils has no rule here"]);
}

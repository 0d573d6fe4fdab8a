//! Which words are used, and which numbers stand where.

use super::code::code_of;
use super::none;
use super::tree::{File, files};

/// Texts that are not ours to word.
fn is_foreign(file: &File) -> bool {
    file.path.starts_with("LICENSE") || file.path.ends_with("Cargo.lock")
}

/// Where the word for the other thing is right: in a file, within a phrase.
const THE_OTHER_THING: [(&str, &str); 11] = [
    ("", "hard disk"),
    ("", "/dev/disk"),
    // Programs that read partition tables.
    ("", "sgdisk"),
    ("", "fdisk"),
    ("CONTRIBUTING.md", "never"),
    // A kind of device, by SPC.
    ("sdk/mmc/src/reply/inquiry.rs", "Block device"),
    // The same, and names of the kernel.
    ("engine/transport/src/linux/nodes.rs", "\"a disk\""),
    ("engine/transport/src/linux/", "diskseq"),
    ("tests/vm/quiet.rs", "diskseq"),
    ("engine/transport/src/linux/", "DISK_"),
    // A file that pretends to be ours.
    ("engine/transport/tests/hostile_disc.rs", "VIRTUAL DISK"),
];

#[test]
fn a_disc_is_a_disc() {
    // Not to be found in itself.
    let word = ["dis", "k"].concat();
    let mut broken = Vec::new();
    for file in files().iter().filter(|file| !is_foreign(file)) {
        if file.path == "tests/tidy/words.rs" {
            continue;
        }
        for (number, line) in file.text.lines().enumerate() {
            let right = THE_OTHER_THING
                .iter()
                .any(|(path, phrase)| file.path.starts_with(path) && line.contains(phrase));
            if !right && line.to_lowercase().contains(&word) {
                broken.push(format!("{}:{}: {}", file.path, number + 1, line.trim()));
            }
        }
    }
    none("disc, never the other word", broken);
}

#[test]
fn no_path_of_a_machine_stands_in_the_tree() {
    let paths = [["/wo", "rk/"], ["/ro", "ot/"], [".cargo/", "registry"]];
    let paths: Vec<String> = paths.iter().map(|parts| parts.concat()).collect();
    let mut broken = Vec::new();
    for file in files() {
        for (number, line) in file.text.lines().enumerate() {
            for path in paths.iter().filter(|path| line.contains(path.as_str())) {
                broken.push(format!("{}:{}: {path}", file.path, number + 1));
            }
        }
    }
    none("the tree knows no machine", broken);
}

/// The profiles that MMC-6 lists, as four digits.
const PROFILES: [&str; 20] = [
    "0008", "0009", "000a", "0010", "0011", "0012", "0013", "0014", "0015", "0016", "0017", "0018",
    "001a", "001b", "002a", "002b", "0040", "0041", "0042", "0043",
];

/// Lines on which a profile stands as a number.
fn profile_numbers(file: &File) -> Vec<String> {
    code_of(&file.text)
        .lines()
        .enumerate()
        .filter(|(_, line)| {
            let line = line.to_lowercase();
            // Features have numbers of the same form, and say so beside them.
            let feature = line.contains("feature") || file.path.contains("feature");
            let has = |form: &dyn Fn(&str) -> String| {
                PROFILES.iter().any(|number| line.contains(&form(number)))
            };
            let compared = ["==", "!=", "=>", "matches!"]
                .iter()
                .any(|sign| line.contains(sign));
            (!feature && has(&|number| format!("0x{number}")))
                || (compared
                    && line.contains("profile")
                    && has(&|number| format!("0x{}", &number[2..])))
        })
        .map(|(number, line)| format!("{}:{}: {}", file.path, number + 1, line.trim()))
        .collect()
}

#[test]
fn profile_numbers_stand_in_one_place() {
    let broken = files()
        .iter()
        .filter(|file| file.is_source() && !file.path.starts_with("sdk/mmc/src/"))
        .flat_map(profile_numbers)
        .collect();
    none(
        "a profile has a name; its number is known to sdk/mmc/src/profile.rs",
        broken,
    );
}

#[test]
fn a_profile_number_is_found() {
    let file = |text: &str| File {
        path: "engine/src/x.rs".to_owned(),
        text: text.to_owned(),
    };
    for text in [
        "if profile == 0x41 {",
        "match code { 0x001B => {} }",
        "x = 0x0012;",
    ] {
        assert_eq!(profile_numbers(&file(text)).len(), 1, "{text}");
    }
    for text in [
        "// profile 0x41",
        "facts.feature_current(0x0010)",
        "cdb[0] = 0x2a;",
    ] {
        assert!(profile_numbers(&file(text)).is_empty(), "{text}");
    }
}

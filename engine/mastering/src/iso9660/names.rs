//! Identifiers that ISO 9660 can hold, made from any name, and numbered where they clash.
//!
//! The rule for one name is pure; clashes are settled folder by folder, in the byte order of the original names,
//! so the same folder always gets the same identifiers. Knows nothing of trees.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use super::rules::{IsoLevel, IsoNames};

/// Most characters of a file's name and extension together, without the dot and the version (level 2 and 3).
pub const FILE_CHARACTERS: usize = 30;
/// Most characters of a folder's identifier (level 2 and 3).
pub const DIRECTORY_CHARACTERS: usize = 31;
/// Most characters of a file's name (level 1), and of a folder's.
const STEM_LEVEL_1: usize = 8;
/// Most characters of a file's extension (level 1), and those that are kept of one that must be cut.
const EXTENSION_KEPT: usize = 3;
/// Most bytes of a name in a hierarchy of ISO 9660:1999.
pub const ENHANCED_BYTES: usize = 207;
/// Longest extension of ISO 9660:1999 that is kept whole when a name must be cut, with its dot.
const ENHANCED_EXTENSION: usize = 17;

/// How identifiers of ISO 9660 are made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rules {
    pub(crate) level: IsoLevel,
    pub(crate) names: IsoNames,
}

/// A name in two parts, in the character unit of its hierarchy (`u8` in ISO 9660, `u16` in Joliet).
/// Numbering changes the stem alone, so a clashing file keeps its type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Parts<U> {
    pub(crate) stem: Vec<U>,
    /// Without its dot.
    pub(crate) extension: Vec<U>,
    /// The most units that stem and extension may take together.
    pub(crate) limit: usize,
}

impl<U> Parts<U> {
    /// A name that is settled already.
    pub(crate) fn whole(stem: Vec<U>) -> Self {
        Self {
            limit: stem.len(),
            stem,
            extension: Vec::new(),
        }
    }
}

impl Rules {
    /// One character for each character of a name; for each byte where it is no UTF-8.
    fn characters(self, name: &[u8]) -> Vec<u8> {
        let allowed = self.names;
        let map = |c: char| match c {
            'A'..='Z' | '0'..='9' | '_' => c as u8,
            'a'..='z' if allowed.lower_case => c as u8,
            'a'..='z' => c.to_ascii_uppercase() as u8,
            '.' if allowed.dots => b'.',
            '.' | '/' | ';' => b'_',
            ' '..='~' if allowed.ascii => c as u8,
            _ => b'_',
        };
        let mut out = Vec::with_capacity(name.len());
        for chunk in name.utf8_chunks() {
            out.extend(chunk.valid().chars().map(map));
            out.extend(chunk.invalid().iter().map(|_| b'_'));
        }
        out
    }

    /// The parts of a file's identifier, with what these rules do not allow as `_`. When it must be cut, the extension
    /// keeps its first 3 characters and the stem the rest.
    pub(crate) fn file_parts(self, name: &[u8]) -> Parts<u8> {
        let (stem, extension) = match name.iter().rposition(|b| *b == b'.') {
            Some(dot) => (&name[..dot], &name[dot + 1..]),
            None => (name, &name[..0]),
        };
        let mut stem = self.characters(stem);
        let mut extension = self.characters(extension);
        let mut limit = FILE_CHARACTERS;
        if self.level == IsoLevel::One {
            extension.truncate(EXTENSION_KEPT);
            stem.truncate(STEM_LEVEL_1);
            limit = STEM_LEVEL_1 + extension.len();
        } else if stem.len() + extension.len() > limit {
            extension.truncate(EXTENSION_KEPT);
            stem.truncate(limit - extension.len());
        }
        // Dots alone would name the folder or its parent.
        if extension.is_empty() && stem.iter().all(|b| *b == b'.') {
            stem.fill(b'_');
        }
        Parts {
            stem,
            extension,
            limit,
        }
    }

    /// The parts of a folder's identifier, which has no extension.
    pub(crate) fn directory_parts(self, name: &[u8]) -> Parts<u8> {
        let mut stem = self.characters(name);
        let limit = match self.level {
            IsoLevel::One => STEM_LEVEL_1,
            _ => DIRECTORY_CHARACTERS,
        };
        stem.truncate(limit);
        Parts {
            stem,
            extension: Vec::new(),
            limit,
        }
    }

    /// A file's identifier as it is recorded, with dot and version, from its parts' [`shown`] form.
    pub(crate) fn file_identifier(self, shown: &[u8], has_extension: bool) -> Vec<u8> {
        let dot: &[u8] = match has_extension || self.names.no_final_dot {
            true => b"",
            false => b".",
        };
        let version: &[u8] = if self.names.no_version { b"" } else { b";1" };
        [shown, dot, version].concat()
    }
}

/// The parts of a name as ISO 9660:1999 has it: its bytes as they are, cut at a character's end where there are more than
/// [`ENHANCED_BYTES`]. A file keeps its extension.
pub(crate) fn enhanced_parts(name: &[u8], directory: bool) -> Parts<u8> {
    let dot = name.iter().rposition(|b| *b == b'.');
    let split = dot.filter(|dot| !directory && *dot > 0 && name.len() - dot <= ENHANCED_EXTENSION);
    let (stem, extension) = name.split_at(split.unwrap_or(name.len()));
    let mut stem = stem.to_vec();
    cut_utf8(&mut stem, ENHANCED_BYTES - extension.len());
    Parts {
        stem,
        extension: extension.to_vec(),
        limit: ENHANCED_BYTES,
    }
}

/// What is recorded of [`enhanced_parts`]: the extension carries its dot.
pub(crate) fn enhanced_identifier(parts: &Parts<u8>) -> Vec<u8> {
    [parts.stem.as_slice(), &parts.extension].concat()
}

/// Cuts to at most `limit` bytes, never inside a character of UTF-8.
pub(crate) fn cut_utf8(text: &mut Vec<u8>, limit: usize) {
    if text.len() <= limit {
        return;
    }
    text.truncate(limit);
    let begun = text.utf8_chunks().last();
    let begun = begun.map_or(0, |last| last.invalid().len());
    text.truncate(limit - begun);
}

/// What a reader shows of an identifier, and what must not clash: without version, and without the dot of a file
/// that has no extension. So a file `FOO.;1` clashes with a folder `FOO`.
pub(crate) fn shown(parts: &Parts<u8>) -> Vec<u8> {
    match parts.extension.as_slice() {
        [] => parts.stem.clone(),
        extension => [&parts.stem, b".".as_slice(), extension].concat(),
    }
}

/// The order of records: by name, then by extension, the shorter one as if filled up with spaces. The version
/// does not count, for all are of version 1. Beside the standard's characters, which are all greater than the dot,
/// this is the order of the bytes.
pub(crate) fn recorded_order(a: &[u8], b: &[u8]) -> std::cmp::Ordering {
    let padded = |a: &[u8], b: &[u8]| {
        let length = a.len().max(b.len());
        let fill = |text: &[u8]| {
            let text = text.iter().copied().chain(std::iter::repeat(b' '));
            text.take(length).collect::<Vec<u8>>()
        };
        fill(a).cmp(&fill(b))
    };
    let split = |identifier| {
        let unversioned = without_version(identifier);
        let dot = unversioned.iter().rposition(|b| *b == b'.');
        let (name, extension) = unversioned.split_at(dot.unwrap_or(unversioned.len()));
        (name, extension.get(1..).unwrap_or_default())
    };
    let ((name_a, extension_a), (name_b, extension_b)) = (split(a), split(b));
    padded(name_a, name_b).then_with(|| padded(extension_a, extension_b))
}

/// An identifier without its version.
pub(crate) fn without_version(identifier: &[u8]) -> &[u8] {
    identifier.strip_suffix(b";1").unwrap_or(identifier)
}

/// Settles the clashes of one folder. `finish` makes of parts what must not clash, `cut` shortens a stem to a number of
/// units. The first of equals keeps its identifier, the others are numbered from 1.
/// Linear in the number of names: each prefix has a counter that never goes back.
pub(crate) fn settle<U>(
    mut names: Vec<Parts<U>>,
    cut: impl Fn(&mut Vec<U>, usize),
    finish: impl Fn(&Parts<U>) -> Vec<U>,
) -> Vec<Vec<U>>
where
    U: Copy + Eq + Hash + From<u8>,
{
    let mut identifiers: Vec<Vec<U>> = names.iter().map(&finish).collect();
    let mut clashing = Vec::new();
    let mut taken: HashSet<&[U]> = HashSet::with_capacity(identifiers.len());
    for (at, identifier) in identifiers.iter().enumerate() {
        if !taken.insert(identifier) {
            clashing.push(at);
        }
    }
    if clashing.is_empty() {
        return identifiers;
    }
    let mut taken: HashSet<Vec<U>> = taken.into_iter().map(<[U]>::to_vec).collect();
    let mut counters: HashMap<(Vec<U>, Vec<U>), u64> = HashMap::new();
    for at in clashing {
        let Some(parts) = names.get_mut(at) else {
            continue;
        };
        let room = parts.limit.saturating_sub(parts.extension.len());
        cut(&mut parts.stem, room.saturating_sub(6));
        let counter = counters
            .entry((parts.stem.clone(), parts.extension.clone()))
            .or_insert(0);
        let prefix = parts.stem.clone();
        loop {
            *counter += 1;
            let digits = counter.to_string();
            parts.stem.clone_from(&prefix);
            cut(&mut parts.stem, room.saturating_sub(digits.len()));
            parts.stem.extend(digits.bytes().map(U::from));
            let candidate = finish(parts);
            if taken.insert(candidate.clone()) {
                if let Some(identifier) = identifiers.get_mut(at) {
                    *identifier = candidate;
                }
                break;
            }
        }
    }
    identifiers
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const STRICT: Rules = Rules {
        level: IsoLevel::Three,
        names: IsoNames::STRICT,
    };
    const LEVEL_1: Rules = Rules {
        level: IsoLevel::One,
        ..STRICT
    };
    const RELAXED: Rules = Rules {
        names: IsoNames::RELAXED,
        ..STRICT
    };

    fn identifier(rules: Rules, parts: &Parts<u8>) -> String {
        let bytes = rules.file_identifier(&shown(parts), !parts.extension.is_empty());
        String::from_utf8(bytes).unwrap()
    }

    fn file_by(rules: Rules, name: &str) -> String {
        identifier(rules, &rules.file_parts(name.as_bytes()))
    }

    fn file(name: &str) -> String {
        file_by(STRICT, name)
    }

    fn settle_by(rules: Rules, names: &[&str]) -> Vec<String> {
        let parts: Vec<_> = names
            .iter()
            .map(|n| rules.file_parts(n.as_bytes()))
            .collect();
        settle(parts.clone(), Vec::truncate, shown)
            .into_iter()
            .zip(parts)
            .map(|(shown, parts)| rules.file_identifier(&shown, !parts.extension.is_empty()))
            .map(|i| String::from_utf8(i).unwrap())
            .collect()
    }

    fn settle_files(names: &[&str]) -> Vec<String> {
        settle_by(STRICT, names)
    }

    #[test]
    fn names_are_mangled_as_the_readers_of_level_3_expect() {
        assert_eq!(file("readme.txt"), "README.TXT;1");
        assert_eq!(file("empty"), "EMPTY.;1");
        assert_eq!(file(".hidden"), ".HIDDEN;1");
        assert_eq!(file("a.tar.gz"), "A_TAR.GZ;1");
        assert_eq!(file("naïve ☃.txt"), "NA_VE__.TXT;1");
        assert_eq!(
            file("a-name-of-thirty-one-characters.text"),
            "A_NAME_OF_THIRTY_ONE_CHARAC.TEX;1"
        );
        let parts = STRICT.file_parts(b"\xff\xfe.bin");
        assert_eq!(identifier(STRICT, &parts), "__.BIN;1");
        assert_eq!(STRICT.directory_parts(b"dir.ext").stem, b"DIR_EXT");
        assert_eq!(STRICT.directory_parts(&[b'd'; 40]).stem.len(), 31);
    }

    #[test]
    fn level_1_has_8_characters_and_3() {
        assert_eq!(file_by(LEVEL_1, "readme-first.text"), "README_F.TEX;1");
        assert_eq!(file_by(LEVEL_1, "a.b"), "A.B;1");
        assert_eq!(LEVEL_1.directory_parts(b"documents").stem, b"DOCUMENT");
        assert_eq!(
            settle_by(
                LEVEL_1,
                &["document1.txt", "document2.txt", "document1.tex"]
            ),
            ["DOCUMENT.TXT;1", "DO1.TXT;1", "DOCUMENT.TEX;1"]
        );
    }

    #[test]
    fn each_allowance_has_one_meaning() {
        let with = |change: fn(&mut IsoNames)| {
            let mut names = IsoNames::STRICT;
            change(&mut names);
            file_by(Rules { names, ..STRICT }, "My-file v1.tar.gz")
        };
        assert_eq!(with(|_| ()), "MY_FILE_V1_TAR.GZ;1");
        assert_eq!(with(|n| n.lower_case = true), "My_file_v1_tar.gz;1");
        assert_eq!(with(|n| n.ascii = true), "MY-FILE V1_TAR.GZ;1");
        assert_eq!(with(|n| n.dots = true), "MY_FILE_V1.TAR.GZ;1");
        assert_eq!(with(|n| n.no_version = true), "MY_FILE_V1_TAR.GZ");
        assert_eq!(file_by(RELAXED, "My-file v1.tar.gz"), "My-file v1.tar.gz");
        assert_eq!(file_by(RELAXED, "a;b\tc"), "a_b_c");
        assert_eq!(file_by(RELAXED, "..."), "__");
        let names = IsoNames {
            no_final_dot: true,
            ..IsoNames::STRICT
        };
        assert_eq!(file_by(Rules { names, ..STRICT }, "x"), "X;1");
        assert_eq!(RELAXED.directory_parts(b"d.d").stem, b"d.d");
    }

    #[test]
    fn enhanced_names_are_the_bytes_up_to_207() {
        let name = |name: &[u8]| enhanced_identifier(&enhanced_parts(name, false));
        assert_eq!(name("Ærø; *?.txt".as_bytes()), "Ærø; *?.txt".as_bytes());
        assert_eq!(name(b"\xe9\xff"), b"\xe9\xff");
        let long = name(format!("{}.jpeg", "é".repeat(120)).as_bytes());
        assert_eq!(long, format!("{}.jpeg", "é".repeat(101)).into_bytes());
        let settled = settle(
            (0..3)
                .map(|n| enhanced_parts(format!("{}{n}", "é".repeat(110)).as_bytes(), true))
                .collect(),
            cut_utf8,
            enhanced_identifier,
        );
        assert_eq!(settled[1], format!("{}1", "é".repeat(100)).into_bytes());
        assert_eq!(settled[2], format!("{}2", "é".repeat(100)).into_bytes());
    }

    #[test]
    fn a_name_is_compared_before_its_extension_as_if_filled_up() {
        let mut all = [
            "A.TXT;1",
            "A-B.TXT;1",
            "A.;1",
            "A!.A;1",
            "AB.;1",
            "A .B;1",
            "a.;1",
        ];
        all.sort_by(|a, b| recorded_order(a.as_bytes(), b.as_bytes()));
        assert_eq!(
            all,
            [
                "A.;1",
                "A .B;1",
                "A.TXT;1",
                "A!.A;1",
                "A-B.TXT;1",
                "AB.;1",
                "a.;1"
            ]
        );
    }

    #[test]
    fn clashes_are_numbered_and_the_first_keeps_its_name() {
        assert_eq!(
            settle_files(&["A.txt", "a.TXT", "a.txt", "a1.txt"]),
            ["A.TXT;1", "A2.TXT;1", "A3.TXT;1", "A1.TXT;1"]
        );
    }

    #[test]
    fn a_file_without_an_extension_clashes_with_a_folder_of_its_name() {
        let parts = vec![
            STRICT.directory_parts(b"foo"),
            STRICT.file_parts(b"FOO"),
            STRICT.file_parts(b"FOO."),
        ];
        assert_eq!(
            settle(parts, Vec::truncate, shown),
            [b"FOO".as_slice(), b"FOO1", b"FOO2"]
        );
    }

    #[test]
    fn a_hundred_thousand_equal_prefixes_are_numbered_in_linear_time() {
        let names: Vec<String> = (0..100_000)
            .map(|n| format!("the same long prefix of many files {n}.dat"))
            .collect();
        let started = std::time::Instant::now();
        let settled = settle_files(&names.iter().map(String::as_str).collect::<Vec<_>>());
        assert!(
            started.elapsed().as_secs() < 20,
            "quadratic numbering would take minutes"
        );
        let distinct: HashSet<_> = settled.iter().collect();
        assert_eq!(distinct.len(), names.len());
        assert!(settled.iter().all(|name| name.len() <= 33));
    }

    proptest! {
        #[test]
        fn identifiers_are_distinct_and_legal(names in proptest::collection::hash_set("[a-c.é]{1,40}", 1..60)) {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let settled = settle_files(&names);
            let distinct: HashSet<_> = settled.iter().collect();
            prop_assert_eq!(distinct.len(), names.len());
            for name in settled.iter().map(String::as_bytes) {
                prop_assert!(name.len() <= FILE_CHARACTERS + 3);
                let body = name.strip_suffix(b";1").unwrap();
                prop_assert_eq!(body.iter().filter(|b| **b == b'.').count(), 1);
                prop_assert!(body.iter().all(|b| matches!(b, b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'.')));
            }
        }
    }
}

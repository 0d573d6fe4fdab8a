//! Identifiers that ISO 9660 can hold, made from any name, and numbered where they clash.
//!
//! The rule for one name is pure; clashes are settled folder by folder, in the byte order of the original names,
//! so the same folder always gets the same identifiers. Knows nothing of trees.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

/// Most characters of a file's name and extension together, without the dot and the version (level 2 and 3).
pub const FILE_CHARACTERS: usize = 30;
/// Most characters of a folder's identifier (level 2 and 3).
pub const DIRECTORY_CHARACTERS: usize = 31;

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

/// One character of the d-characters for each character of the name; for each byte where it is no UTF-8.
fn d_characters(name: &[u8]) -> Vec<u8> {
    let map = |c: char| match c {
        'A'..='Z' | '0'..='9' | '_' => c as u8,
        'a'..='z' => c.to_ascii_uppercase() as u8,
        _ => b'_',
    };
    let mut out = Vec::with_capacity(name.len());
    for chunk in name.utf8_chunks() {
        out.extend(chunk.valid().chars().map(map));
        out.extend(chunk.invalid().iter().map(|_| b'_'));
    }
    out
}

/// The parts of a file's identifier: upper case, foreign characters as `_`, at most 30 characters. When it must be
/// cut, the extension keeps its first 3 characters and the stem the rest.
pub(crate) fn file_parts(name: &[u8]) -> Parts<u8> {
    let (stem, extension) = match name.iter().rposition(|b| *b == b'.') {
        Some(dot) => (&name[..dot], &name[dot + 1..]),
        None => (name, &name[..0]),
    };
    let mut stem = d_characters(stem);
    let mut extension = d_characters(extension);
    if stem.len() + extension.len() > FILE_CHARACTERS {
        extension.truncate(3);
        stem.truncate(FILE_CHARACTERS - extension.len());
    }
    Parts {
        stem,
        extension,
        limit: FILE_CHARACTERS,
    }
}

/// The parts of a folder's identifier: no extension, at most 31 characters.
pub(crate) fn directory_parts(name: &[u8]) -> Parts<u8> {
    let mut stem = d_characters(name);
    stem.truncate(DIRECTORY_CHARACTERS);
    Parts {
        stem,
        extension: Vec::new(),
        limit: DIRECTORY_CHARACTERS,
    }
}

/// What a reader shows of an identifier, and what must not clash: without version, and without the dot of a file
/// that has no extension. So a file `FOO.;1` clashes with a folder `FOO`.
pub(crate) fn shown(parts: &Parts<u8>) -> Vec<u8> {
    match parts.extension.as_slice() {
        [] => parts.stem.clone(),
        extension => [&parts.stem, b".".as_slice(), extension].concat(),
    }
}

/// A file's identifier as it is recorded, with dot and version, from what is shown of it.
pub(crate) fn file_identifier(shown: &[u8]) -> Vec<u8> {
    let dot: &[u8] = if shown.contains(&b'.') { b"" } else { b"." };
    [shown, dot, b";1"].concat()
}

/// Settles the clashes of one folder. `finish` makes of parts what must not clash. The first of equals keeps its identifier, the others are numbered from 1.
/// Linear in the number of names: each prefix has a counter that never goes back.
pub(crate) fn settle<U, F>(mut names: Vec<Parts<U>>, finish: F) -> Vec<Vec<U>>
where
    U: Copy + Eq + Hash + From<u8>,
    F: Fn(&Parts<U>) -> Vec<U>,
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
        parts.stem.truncate(room.saturating_sub(6));
        let counter = counters
            .entry((parts.stem.clone(), parts.extension.clone()))
            .or_insert(0);
        let prefix = parts.stem.clone();
        loop {
            *counter += 1;
            let digits = counter.to_string();
            parts.stem.clone_from(&prefix);
            parts.stem.truncate(room.saturating_sub(digits.len()));
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

    fn file(name: &str) -> String {
        String::from_utf8(file_identifier(&shown(&file_parts(name.as_bytes())))).unwrap()
    }

    fn settle_files(names: &[&str]) -> Vec<String> {
        let parts = names.iter().map(|n| file_parts(n.as_bytes())).collect();
        settle(parts, shown)
            .into_iter()
            .map(|i| String::from_utf8(file_identifier(&i)).unwrap())
            .collect()
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
        let bytes = file_identifier(&shown(&file_parts(b"\xff\xfe.bin")));
        assert_eq!(bytes, b"__.BIN;1");
        assert_eq!(directory_parts(b"dir.ext").stem, b"DIR_EXT");
        assert_eq!(directory_parts(&[b'd'; 40]).stem.len(), 31);
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
            directory_parts(b"foo"),
            file_parts(b"FOO"),
            file_parts(b"FOO."),
        ];
        assert_eq!(settle(parts, shown), [b"FOO".as_slice(), b"FOO1", b"FOO2"]);
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
            let parts: Vec<_> = names.iter().map(|n| file_parts(n.as_bytes())).collect();
            let settled: Vec<_> = settle(parts, shown).iter().map(|i| file_identifier(i)).collect();
            let distinct: HashSet<_> = settled.iter().collect();
            prop_assert_eq!(distinct.len(), names.len());
            for name in &settled {
                prop_assert!(name.len() <= FILE_CHARACTERS + 3);
                let body = name.strip_suffix(b";1").unwrap();
                prop_assert_eq!(body.iter().filter(|b| **b == b'.').count(), 1);
                prop_assert!(body.iter().all(|b| matches!(b, b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'.')));
            }
        }
    }
}

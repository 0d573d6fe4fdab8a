//! Identifiers that ISO 9660 can hold, made from any name.
//!
//! The rule for one name is pure; which names clash is settled elsewhere. Knows nothing of trees.

use super::rules::{IsoLevel, IsoNames};
use crate::settle::Parts;

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

/// Whether a recorded name, without its version, is as short as level 1 asks for.
pub(crate) fn is_short(name: &[u8]) -> bool {
    let dot = name.iter().rposition(|byte| *byte == b'.');
    let (stem, extension) = name.split_at(dot.unwrap_or(name.len()));
    stem.len() <= STEM_LEVEL_1 && extension.len() <= EXTENSION_KEPT + 1
}

/// How identifiers of ISO 9660 are made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rules {
    pub(crate) level: IsoLevel,
    pub(crate) names: IsoNames,
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
        if extension.is_empty() {
            replace_final_dots(&mut stem);
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
        replace_final_dots(&mut stem);
        Parts {
            stem,
            extension: Vec::new(),
            limit,
        }
    }

    /// Makes a file's identifier as it is recorded of what is [`shown`] of it: with dot and version.
    pub(crate) fn end_file(self, has_extension: bool, identifier: &mut Vec<u8>) {
        if !has_extension && !self.names.no_final_dot {
            identifier.push(b'.');
        }
        if !self.names.no_version {
            identifier.extend_from_slice(b";1");
        }
    }
}

/// Readers take a dot at the end off, so that two names would be one; and dots alone name a folder or its parent.
fn replace_final_dots(stem: &mut [u8]) {
    for last in stem.iter_mut().rev().take_while(|b| **b == b'.') {
        *last = b'_';
    }
}

/// The parts of a name as ISO 9660:1999 has it: its bytes as they are, cut at a character's end where there are more than
/// [`ENHANCED_BYTES`]. A file keeps its extension, which carries its dot.
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
pub(crate) fn shown(parts: &Parts<u8>, out: &mut Vec<u8>) {
    out.extend_from_slice(&parts.stem);
    if !parts.extension.is_empty() {
        out.push(b'.');
        out.extend_from_slice(&parts.extension);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settle::settle;
    use proptest::prelude::*;
    use std::collections::HashSet;

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
        let mut bytes = Vec::new();
        shown(parts, &mut bytes);
        rules.end_file(!parts.extension.is_empty(), &mut bytes);
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
        settle(parts.len(), |at| parts[at].clone(), Vec::truncate, shown)
            .iter()
            .zip(&parts)
            .map(|(shown, parts)| {
                let mut identifier = shown.to_vec();
                rules.end_file(!parts.extension.is_empty(), &mut identifier);
                String::from_utf8(identifier).unwrap()
            })
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
        assert_eq!(RELAXED.directory_parts(b".d..").stem, b".d__");
        assert_eq!(file_by(RELAXED, "a.."), "a_");
    }

    #[test]
    fn enhanced_names_are_the_bytes_up_to_207() {
        let name = |name: &[u8]| {
            let mut whole = Vec::new();
            enhanced_parts(name, false).append_to(&mut whole);
            whole
        };
        assert_eq!(name("Ærø; *?.txt".as_bytes()), "Ærø; *?.txt".as_bytes());
        assert_eq!(name(b"\xe9\xff"), b"\xe9\xff");
        let long = name(format!("{}.jpeg", "é".repeat(120)).as_bytes());
        assert_eq!(long, format!("{}.jpeg", "é".repeat(101)).into_bytes());
        let long = |at: usize| enhanced_parts(format!("{}{at}", "é".repeat(110)).as_bytes(), true);
        let settled = settle(3, long, cut_utf8, Parts::append_to);
        let numbered = ["", "1", "2"].map(|digits| match digits {
            "" => "é".repeat(103),
            _ => format!("{}{digits}", "é".repeat(100)),
        });
        assert!(settled.iter().eq(numbered.iter().map(String::as_bytes)));
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
        let parts = [
            STRICT.directory_parts(b"foo"),
            STRICT.file_parts(b"FOO"),
            STRICT.file_parts(b"FOO."),
        ];
        let settled = settle(parts.len(), |at| parts[at].clone(), Vec::truncate, shown);
        assert!(settled.iter().eq([b"FOO".as_slice(), b"FOO1", b"FOO2"]));
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
